//! Requests of the person as their steps tell them, and by when they have to be answered (GDPR Art. 12(3) and (4), counted
//! by Regulation 1182/71).
//!
//! Pure. Doubt about an identity stops no clock here: where an authority accepts that it did, a person has to say so.

use super::document::*;
use crate::law::calendar::{self, Months};
use crate::law::{Profile, calendar::end_of_day};
use crate::model::{Ground, PersonAct};
use crate::report::code::Code;
use crate::report::evidence::RequestStep;
use crate::report::instant::Instant;
use crate::report::shape::given;
use jiff::civil::Date;

/// The requests that these steps tell of, measured to the cut-off.
pub fn log(steps: &[RequestStep], profile: &Profile, cut_off_us: u64) -> RequestLog {
    let received = steps.iter().filter(|step| step.act == PersonAct::ReceiveRequest);
    RequestLog {
        zone: profile.zone_name.clone(),
        holidays: profile.holidays.len() as u64,
        default_profile: profile.is_default,
        log: received.map(|receipt| fact(receipt, steps, profile, cut_off_us)).collect(),
    }
}

fn fact(receipt: &RequestStep, steps: &[RequestStep], profile: &Profile, cut_off_us: u64) -> RequestFact {
    let of = |act: PersonAct| steps.iter().filter(move |step| step.act == act && step.request == receipt.index);
    let deadline = calendar::request_deadline(receipt.at_us, profile).ok();
    // Whoever was told in time stays told: a second extension takes nothing away.
    let in_time = |step: &&RequestStep| is_by(step.at_us, deadline.map(|months| months.due), profile);
    let extended = of(PersonAct::ExtendRequest).find(in_time).or_else(|| of(PersonAct::ExtendRequest).next());
    let extension = extended.map(|step| extension(step, in_time(&step), deadline));
    let moves = extension.as_ref().is_some_and(|extension| extension.in_time);
    let (answered, refused) = (of(PersonAct::AnswerRequest).next(), of(PersonAct::RefuseRequest).next());
    let end = deadline.map(|months| if moves { months.extended } else { months.due });
    // Reasons for not acting are owed within the first month, whatever was extended: Art. 12(4).
    let by = |step: &RequestStep| if step.act == PersonAct::RefuseRequest { deadline.map(|it| it.due) } else { end };
    let first = [answered, refused].into_iter().flatten().min_by_key(|step| (step.at_us, step.index));
    let state = match first {
        Some(step) if is_by(step.at_us, by(step), profile) => RequestState::InTime,
        Some(_) => RequestState::Late,
        None if is_over(end, cut_off_us, profile) => RequestState::Overdue,
        None => RequestState::Open,
    };
    RequestFact {
        entry: EntryIndex(receipt.index),
        reference: given(&receipt.reference),
        received: Instant::new(receipt.at_us),
        verified: of(PersonAct::VerifyRequest).next_back().map(step_fact),
        due: deadline.map(|months| months.due.to_string()),
        extension,
        answered: answered.map(step_fact),
        refused: refused.map(refusal),
        state,
    }
}

/// Done on the last day or before; never where no calendar holds that day.
fn is_by(at_us: u64, last: Option<Date>, profile: &Profile) -> bool {
    let day = calendar::day_of(at_us, profile).ok();
    day.zip(last).is_some_and(|(day, last)| day <= last)
}

fn is_over(last: Option<Date>, cut_off_us: u64, profile: &Profile) -> bool {
    last.and_then(|last| end_of_day(last, profile).ok()).is_some_and(|end| end <= cut_off_us)
}

fn extension(step: &RequestStep, in_time: bool, deadline: Option<Months>) -> ExtensionFact {
    ExtensionFact {
        entry: EntryIndex(step.index),
        at: Instant::new(step.at_us),
        reasons: given(&step.statement),
        due: deadline.map(|months| months.extended.to_string()),
        in_time,
    }
}

fn refusal(step: &RequestStep) -> RefusalFact {
    RefusalFact {
        entry: EntryIndex(step.index),
        at: Instant::new(step.at_us),
        ground: (step.ground != Ground::Unspecified).then_some(Code(step.ground)),
        reasons: given(&step.statement),
    }
}

fn step_fact(step: &RequestStep) -> RequestStepFact {
    RequestStepFact { entry: EntryIndex(step.index), at: Instant::new(step.at_us), statement: given(&step.statement) }
}

impl RequestLog {
    /// Field 14: a request that is on file, and how its identity was verified.
    pub fn log_provided(&self) -> Provision {
        match self.log.as_slice() {
            [] => Provision::NotProvided,
            log if log.iter().all(|request| request.verified.is_some()) => Provision::Provided,
            _ => Provision::Partly,
        }
    }

    /// Field 15: of a refusal its reasons; the rest stands in the controller's words on the right to complain.
    pub fn refusal_provided(&self, complaint: bool) -> Provision {
        let mut refused = self.log.iter().filter_map(|request| request.refused.as_ref()).peekable();
        match (self.log.is_empty(), refused.peek().is_some()) {
            (true, _) => Provision::NotProvided,
            (false, false) => Provision::NotApplicable,
            (false, true) if !refused.all(|refusal| refusal.reasons.is_some()) => Provision::NotProvided,
            (false, true) if complaint => Provision::Provided,
            (false, true) => Provision::Partly,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Identity, Strength};
    use std::collections::BTreeSet;

    fn us(text: &str) -> u64 {
        text.parse::<Instant>().expect("an instant").us()
    }

    fn step(index: u64, act: PersonAct, at: &str) -> RequestStep {
        let subject = Identity { namespace: "customer".into(), fields: vec!["C-1".into()], strength: Strength::Strong };
        RequestStep {
            index,
            recorded_at_us: us(at),
            act,
            ground: Ground::default(),
            at_us: us(at),
            request: 1,
            subject,
            reference: String::new(),
            statement: "because".into(),
        }
    }

    fn one(steps: &[RequestStep], cut_off: &str) -> RequestFact {
        let mut profile = Profile::default();
        profile.holidays = BTreeSet::from(["2026-04-03", "2026-04-06"].map(|day| day.parse().expect("a day")));
        let mut log = log(steps, &profile, us(cut_off)).log;
        assert_eq!(log.len(), 1);
        log.remove(0)
    }

    /// Case 35; a count of thirty days would give 12 and 2 March.
    #[test]
    fn a_request_is_due_on_the_same_day_of_the_next_month_or_the_next_working_day() {
        for (received, due) in [
            ("2026-02-10T09:00:00Z", "2026-03-10"),
            ("2026-01-31T09:00:00Z", "2026-03-02"),
            ("2026-03-03T09:00:00Z", "2026-04-07"),
            // Late in the evening in UTC it is the next day in the profile's zone.
            ("2026-02-09T23:30:00Z", "2026-03-10"),
        ] {
            let request = one(&[step(1, PersonAct::ReceiveRequest, received)], "2026-03-01T00:00:00Z");
            assert_eq!((request.due.as_deref(), request.state), (Some(due), RequestState::Open), "{received}");
        }
    }

    #[test]
    fn a_request_is_late_from_the_end_of_its_last_day_on() {
        let received = step(1, PersonAct::ReceiveRequest, "2026-02-10T09:00:00Z");
        let state = |cut_off: &str| one(std::slice::from_ref(&received), cut_off).state;
        // Midnight in Berlin.
        assert_eq!(state("2026-03-10T22:59:59Z"), RequestState::Open);
        assert_eq!(state("2026-03-10T23:00:00Z"), RequestState::Overdue);
        let answered =
            |at: &str| one(&[received.clone(), step(2, PersonAct::AnswerRequest, at)], "2026-06-01T00:00:00Z");
        assert_eq!(answered("2026-03-10T22:59:59Z").state, RequestState::InTime);
        assert_eq!(answered("2026-03-10T23:00:00Z").state, RequestState::Late, "the day after");
    }

    #[test]
    fn only_an_extension_that_was_told_in_time_moves_the_end_and_it_moves_no_refusal() {
        let received = step(1, PersonAct::ReceiveRequest, "2026-02-10T09:00:00Z");
        let with = |extended: &str, act, at: &str| {
            let steps = [received.clone(), step(2, PersonAct::ExtendRequest, extended), step(3, act, at)];
            one(&steps, "2026-06-01T00:00:00Z")
        };
        let request = with("2026-03-09T09:00:00Z", PersonAct::AnswerRequest, "2026-05-11T09:00:00Z");
        let extension = request.extension.expect("it is on file");
        assert_eq!((request.state, extension.in_time), (RequestState::InTime, true));
        assert_eq!((extension.due.as_deref(), extension.reasons.as_deref()), (Some("2026-05-11"), Some("because")));
        let late = with("2026-03-11T09:00:00Z", PersonAct::AnswerRequest, "2026-03-12T09:00:00Z");
        assert_eq!((late.state, late.extension.map(|it| it.in_time)), (RequestState::Late, Some(false)));
        let refused = with("2026-03-09T09:00:00Z", PersonAct::RefuseRequest, "2026-03-12T09:00:00Z");
        assert_eq!(refused.state, RequestState::Late, "reasons for not acting are owed within the first month");
    }

    #[test]
    fn steps_belong_to_the_request_that_they_name() {
        let mut other = step(3, PersonAct::ReceiveRequest, "2026-05-01T09:00:00Z");
        other.request = 3;
        let steps = [
            step(1, PersonAct::ReceiveRequest, "2026-02-10T09:00:00Z"),
            step(2, PersonAct::VerifyRequest, "2026-02-11T09:00:00Z"),
            other,
            step(4, PersonAct::AnswerRequest, "2026-03-01T09:00:00Z"),
        ];
        let log = log(&steps, &Profile::default(), us("2026-05-02T00:00:00Z"));
        let states: Vec<_> = log.log.iter().map(|request| (request.state, request.verified.is_some())).collect();
        assert_eq!(states, [(RequestState::InTime, true), (RequestState::Open, false)]);
        assert_eq!(log.log_provided(), Provision::Partly, "one was never verified");
        assert_eq!(log.refusal_provided(true), Provision::NotApplicable);
        assert_eq!(super::log(&[], &Profile::default(), 0).log_provided(), Provision::NotProvided);
    }
}
