//! What the entries with parts of one person say of them: acts, links, steps of requests, decisions to name, and content that
//! was sealed anew.

use super::EngineError;
use super::involved::{in_case, in_naming, in_naming_taken_back, looked_up};
use super::read::join_content;
use super::suppressed::OrdersOver;
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::access::document::Involvement;
use crate::report::evidence::{Involved, Observation, ObservedBody, RequestStep};
use crate::report::person::{KnownThen, StatedLink};
use crate::vault;
use std::collections::BTreeMap;
use whosaw_verifier::body::{ActionBody, Body, PersonActBody};
use whosaw_verifier::entry::Header;
use whosaw_verifier::part::{ContentPart, NamedRow, Part, PersonActPart, PersonPart};

/// What entries with parts of one person say.
#[derive(Default)]
pub(super) struct Observed {
    pub(super) observations: Vec<Observation>,
    pub(super) links: Vec<StatedLink>,
    /// What the person asked for.
    pub(super) requests: Vec<RequestStep>,
    /// Decisions to name somebody to the person: entry, to whom, and where.
    pub(super) namings: Vec<(u64, Identity, Vec<NamedRow>)>,
    /// That such a decision was taken back: entry, to whom they were named, and the decision.
    pub(super) taken_back: Vec<(u64, Identity, u64)>,
    /// Steps and decisions in which the person stands.
    pub(super) involved: Vec<Involved>,
    /// Content that was sealed anew when somebody with whom it was shared was erased, by the entry it stood in.
    pub(super) resealed: BTreeMap<u64, ContentPart>,
}

impl Observed {
    pub(super) fn take(&mut self, entry: &StoredEntry, opened: Vec<(u32, Part)>) -> Result<(), EngineError> {
        let body = entry.body();
        match body {
            Some(Ok(Body::Person(body))) => {
                let act = join_content(opened.iter().map(|(_, part)| part)).and_then(|content| content.act);
                let identity = vault::identity_of;
                if body.act == PersonAct::NameStaff {
                    // The reasons stand in a part of their own.
                    let mut acts = opened.iter().filter_map(|(_, part)| part.content.as_ref()?.act.as_ref());
                    let told =
                        acts.find_map(|act| Some((act.asked.as_ref().filter(|_| !act.rows.is_empty())?, &act.rows)));
                    let naming =
                        |(told_to, rows): (_, &Vec<NamedRow>)| (entry.header.index, identity(told_to), rows.clone());
                    self.namings.extend(told.map(naming));
                    self.involved.extend(in_naming(entry, &opened));
                }
                if body.act == PersonAct::LookUp {
                    let asked = act.as_ref().and_then(|act| act.asked.as_ref());
                    self.involved.extend(asked.map(|asked| looked_up(entry, identity(asked))));
                }
                if body.act == PersonAct::TakeBackNaming {
                    self.involved.extend(in_naming_taken_back(entry, &opened));
                    let mut acts = opened.iter().filter_map(|(_, part)| part.content.as_ref()?.act.as_ref());
                    let told = acts.find_map(|act| Some((act.asked.as_ref().filter(|_| act.naming > 0)?, act.naming)));
                    self.taken_back.extend(told.map(|(to, decision)| (entry.header.index, identity(to), decision)));
                }
                self.requests.extend(act.as_ref().and_then(|act| request_step(&entry.header, &body, act)));
                if let Some(PersonActPart { asked: Some(one), other: Some(other), .. }) = act {
                    self.links.push(StatedLink {
                        index: entry.header.index,
                        one: identity(&one),
                        other: identity(&other),
                        strength: body.strength,
                        undone: body.act == PersonAct::Unlink,
                    });
                }
            }
            Some(Ok(Body::Case(body))) => self.involved.extend(in_case(entry, &body, &opened)),
            Some(Ok(Body::Erasure(body))) => {
                let content = join_content(opened.iter().map(|(_, part)| part));
                if let (Some(content), Some(place)) = (content, body.cites.first()) {
                    self.resealed.insert(place.index, content);
                }
            }
            _ => self.observations.extend(observations_of(entry, opened)?),
        }
        Ok(())
    }

    pub(super) fn of_actions(&self) -> Vec<Observation> {
        let mut observations = self.observations.clone();
        for observation in observations.iter_mut().filter(|observation| observation.content.is_none()) {
            observation.content = self.resealed.get(&observation.index).cloned();
        }
        observations
    }
}

/// A step of a request, as its entry tells it.
pub(super) fn request_step(header: &Header, body: &PersonActBody, act: &PersonActPart) -> Option<RequestStep> {
    let is_receipt = body.act == PersonAct::ReceiveRequest;
    let later =
        [PersonAct::VerifyRequest, PersonAct::ExtendRequest, PersonAct::AnswerRequest, PersonAct::RefuseRequest];
    if !is_receipt && !later.contains(&body.act) {
        return None;
    }
    let (index, recorded_at_us) = (header.index, header.recorded_at_us);
    Some(RequestStep {
        index,
        recorded_at_us,
        act: body.act,
        ground: body.ground,
        at_us: if act.at_us == 0 { recorded_at_us } else { act.at_us },
        request: if is_receipt { index } else { act.request },
        subject: vault::identity_of(act.asked.as_ref()?),
        reference: act.reference.clone(),
        statement: act.statement.clone(),
    })
}

/// Of all that is linked today what belonged to the person then. Of somebody whom two may share it nothing is certain, and
/// under an order nobody learns that others were to learn of them.
pub(super) fn involved_of(
    all: Vec<Involved>,
    asked: &Identity,
    known: &KnownThen,
    orders: &[OrdersOver<'_>],
) -> Vec<Involved> {
    let ordered = orders.iter().any(OrdersOver::is_any);
    let mut involved = all;
    involved.retain(|one| {
        asked.strength != Strength::Weak
            && !(ordered && matches!(one.what, Involvement::NamedToSomebody | Involvement::NamingTakenBack))
            && one.identities.iter().any(|identity| is_one_of(identity, &known.identities, asked))
    });
    involved.sort_by_key(|one| (one.index, one.what));
    involved.dedup_by_key(|one| (one.index, one.what));
    involved
}

pub(super) fn is_one_of(identity: &Identity, known: &[Identity], asked: &Identity) -> bool {
    let same = |other: &Identity| identity.namespace == other.namespace && identity.fields == other.fields;
    known.iter().chain([asked]).any(same)
}

/// Of all that is linked today what belonged to the person then: steps of requests under an identifier that was theirs.
pub(super) fn requests_of(all: &[RequestStep], asked: &Identity, known: &[Identity]) -> Vec<RequestStep> {
    let is_theirs = |step: &&RequestStep| is_one_of(&step.subject, known, asked);
    let mut steps: Vec<RequestStep> = all.iter().filter(is_theirs).cloned().collect();
    steps.sort_by_key(|step| step.index);
    steps.dedup();
    steps
}

/// What an entry says of the person: one observation for each of their parts, because a person may stand in one entry under
/// two identifiers that are linked, and of content alone where they have no part of their own.
fn observations_of(entry: &StoredEntry, opened: Vec<(u32, Part)>) -> Result<Vec<Observation>, EngineError> {
    let header = &entry.header;
    let body = match entry.body() {
        Some(Ok(Body::Action(action))) => ObservedBody::Action(action),
        Some(Ok(Body::ReportProduced(report))) => ObservedBody::Report(report),
        // What it said is gone, and a part of the person is not: it may have been anything.
        None if header.kind == EntryKind::Action as u8 => ObservedBody::Action(Box::<ActionBody>::default()),
        // A request to read this person's entries, and other events of the ledger's own, are not accesses to data.
        Some(Ok(_)) | None => return Ok(Vec::new()),
        Some(Err(error)) => {
            let text = format!("entry {} says something this version does not know: {error}", header.index);
            return Err(EngineError::precondition(text));
        }
    };
    let content = join_content(opened.iter().map(|(_, part)| part));
    let one = |(ordinal, person): (u32, Option<PersonPart>)| Observation {
        index: header.index,
        ordinal,
        leaf: entry.leaf,
        recorded_at_us: header.recorded_at_us,
        flags: header.flags,
        body: body.clone(),
        person,
        content: content.clone(),
    };
    let first = opened.first().map_or(0, |(ordinal, _)| *ordinal);
    let mut own: Vec<_> = opened.into_iter().filter(|(_, part)| part.person.is_some()).collect();
    if own.is_empty() {
        return Ok(vec![one((first, None))]);
    }
    Ok(own.drain(..).map(|(ordinal, part)| one((ordinal, part.person))).collect())
}
