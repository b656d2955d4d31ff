//! How answers look on a terminal.

use super::CliError;
use crate::model::{
    CaseStep, Decision, Determination, EntryKind, ErasureState, Identity, Outcome, PartyKind, PersonAct, ReportType,
    Role, Strength, Verb,
};
use crate::rpc::{json, v1};
use prost::Message;
use tonic::Status;
use tonic_types::StatusExt as _;

/// A status with every field that was wrong.
pub fn status(status: &Status) -> String {
    let mut text = status.message().to_owned();
    if let Some(bad_request) = status.get_details_bad_request()
        && bad_request.field_violations.len() > 1
    {
        for violation in bad_request.field_violations {
            text += &format!("\n  {} {}", violation.field, violation.description);
        }
    }
    if text.is_empty() { format!("{:?}", status.code()) } else { text }
}

/// One line of canonical JSON.
pub fn json_line<M: Message>(name: &str, message: &M) -> Result<String, CliError> {
    json::write(name, message).map(|value| value.to_string()).map_err(|error| CliError::new(error.to_string()))
}

/// `namespace=field,field…`; a comma inside a field is written `\,`.
pub fn identity(text: &str) -> Result<Identity, CliError> {
    let wrong = || CliError::usage("a person is written namespace=value, or namespace=field,field for several fields");
    let (namespace, rest) = text.split_once('=').filter(|(namespace, _)| !namespace.is_empty()).ok_or_else(wrong)?;
    let (mut fields, mut field, mut escaped) = (Vec::new(), String::new(), false);
    for c in rest.chars() {
        match c {
            _ if escaped => {
                field.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            ',' => fields.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    fields.push(field);
    if escaped || fields.iter().all(String::is_empty) {
        return Err(wrong());
    }
    Ok(Identity { namespace: namespace.to_owned(), fields, strength: Strength::Strong })
}

pub fn wire_identity(identity: &Identity) -> v1::Identity {
    v1::Identity {
        namespace: identity.namespace.clone(),
        fields: identity.fields.clone(),
        strength: identity.strength as i32,
    }
}

/// A time as people write it.
pub fn read_time(text: &str) -> Result<prost_types::Timestamp, CliError> {
    let wrong = "a time is written as in RFC 3339, such as 2026-03-10T09:00:00Z, and lies before 9999-12-30T22:00:00Z";
    let stamp: jiff::Timestamp = text.parse().map_err(|_| CliError::usage(format!("{text:?}: {wrong}")))?;
    Ok(prost_types::Timestamp { seconds: stamp.as_second(), nanos: stamp.subsec_nanosecond() })
}

pub fn time(time: Option<&prost_types::Timestamp>) -> String {
    let stamp = time.and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok());
    stamp.map_or_else(|| "-".into(), |stamp| format!("{stamp:.3}"))
}

/// One line about an entry: what stands in the open.
pub fn entry(entry: &v1::Entry) -> String {
    let time = time(entry.recorded_at.as_ref());
    let what = match &entry.content {
        Some(v1::entry::Content::Action(action)) => action_line(action),
        Some(v1::entry::Content::Registry(registry)) => format!("{} names", registry.records.len()),
        Some(v1::entry::Content::Coverage(coverage)) => format!("{} {} refused", coverage.source, coverage.refused),
        Some(v1::entry::Content::Genesis(genesis)) => genesis.origin.clone(),
        Some(v1::entry::Content::WriterEpoch(epoch)) => format!("epoch {} {}", epoch.epoch, epoch.software),
        Some(v1::entry::Content::Case(case)) => {
            let step = known::<CaseStep>(case.step).map_or("", CaseStep::code);
            let id = uuid::Uuid::from_slice(&case.case).map(|id| id.to_string());
            format!("{step} {}", id.unwrap_or_else(|_| "all cases".into()))
        }
        Some(v1::entry::Content::PersonAct(act)) => {
            let what = known::<PersonAct>(act.act).map_or("", PersonAct::code);
            let decision = known::<Decision>(act.decision).map_or("", Decision::code);
            format!("{what:<18} {decision:<9} {}", caller(act.caller.as_ref()))
        }
        Some(v1::entry::Content::ReportProduced(report)) => {
            let of = known::<ReportType>(report.report_type).map_or("", ReportType::code);
            format!("{of:<9} as known at {} {}", grouped(report.size), caller(report.caller.as_ref()))
        }
        Some(v1::entry::Content::LedgerAccess(access)) => {
            let verb = known::<Verb>(access.verb).map_or("", Verb::code);
            let reach = format!("{} from {}", grouped(access.count), access.first_index);
            format!("{verb:<14} {reach} {}", caller(access.caller.as_ref()))
        }
        Some(v1::entry::Content::Erasure(erasure)) => {
            let state = known::<ErasureState>(erasure.state).map_or("", ErasureState::code);
            format!("{state:<14} covers {}", grouped(erasure.covers))
        }
        None if entry.removed_by > 0 => format!("content removed, authorised by entry {}", entry.removed_by),
        None if entry.salt.is_empty() => "content removed".into(),
        _ => String::new(),
    };
    let kind = known::<EntryKind>(entry.kind).map_or("unknown", EntryKind::code);
    format!("{:>8}  {time}  {kind:<16} {what}", entry.index)
}

/// Whoever is not registered stands sealed.
fn caller(caller: Option<&v1::BodyCaller>) -> String {
    caller.filter(|caller| !caller.name.is_empty()).map_or_else(String::new, |caller| format!("by {}", caller.name))
}

fn action_line(action: &v1::ActionBody) -> String {
    let verb = known::<Verb>(action.verb).map_or("", Verb::code);
    let outcome = known::<Outcome>(action.outcome).map_or("", Outcome::code);
    let actors: Vec<String> = action.actors.iter().map(actor).collect();
    let subjects = action.parts.iter().filter(|group| group.roles.contains(&(Role::DataSubject as i32)));
    let subjects: u32 = subjects.map(|group| group.count).sum();
    let whose = match known::<Determination>(action.determination) {
        Some(Determination::Listed) => format!("{subjects} data subjects"),
        Some(Determination::ListedIncomplete) => format!("{subjects} data subjects or more"),
        Some(Determination::Nobody) => "nobody's data".into(),
        _ => "data subjects not determined".into(),
    };
    let on = if action.dataset.is_empty() { &action.tool } else { &action.dataset };
    format!("{verb:<14} {outcome:<9} {:<28} {on:<24} {whose}", actors.join(" for "))
}

fn actor(actor: &v1::BodyActor) -> String {
    match known::<PartyKind>(actor.kind) {
        Some(PartyKind::Human) => format!("part {}", actor.part.saturating_sub(1)),
        _ if actor.name.is_empty() => "(sealed name)".into(),
        _ => actor.name.clone(),
    }
}

fn known<T: whosaw_verifier::wire::Varint>(number: i32) -> Option<T> {
    u64::try_from(number).ok().and_then(|number| T::from_varint(0, number).ok())
}

/// 1234567 as 1,234,567.
pub fn grouped(number: u64) -> String {
    whosaw_verifier::export::present::grouped(number)
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn persons_are_written_with_their_fields() {
        let read = |text: &str| identity(text).map(|identity| (identity.namespace, identity.fields)).ok();
        assert_eq!(read("customer=mia_li_3668"), Some(("customer".into(), vec!["mia_li_3668".into()])));
        assert_eq!(read("person=Mia,Li,1990-04-05").map(|(_, fields)| fields.len()), Some(3));
        assert_eq!(read(r"person=Li\, Mia,x").map(|(_, fields)| fields), Some(vec!["Li, Mia".into(), "x".into()]));
        for wrong in ["", "customer", "=x", "customer=", "a=b\\"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
