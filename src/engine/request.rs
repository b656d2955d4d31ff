//! A person's request for access (GDPR Art. 15): received, verified, extended, answered or refused. Each step is an entry that
//! says in the open that it was taken, and sealed whose request it is, when, and why.

use super::observed::request_step;
use super::person::{act_of, body_of};
use super::proving::Proving;
use super::read::join_content;
use super::{Asked, EngineError, Kind, OpenLedger, Receipt};
use crate::admit::events;
use crate::model::*;
use crate::report::access::document::RequestFact;
use crate::report::access::request;
use crate::report::evidence::RequestStep;
use std::sync::Arc;
use whosaw_verifier::body::Body;
use whosaw_verifier::part::PersonActPart;

/// A step to be recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestAsked {
    pub about: Asked,
    /// One of `request.receive`, `.verify`, `.extend`, `.answer` and `.refuse`.
    pub act: PersonAct,
    /// Absent: now.
    pub at_us: Option<u64>,
    /// The entry by which the request was received; absent: the newest that waits for an answer.
    pub request: Option<u64>,
}

impl OpenLedger {
    /// Records a step. Answers with the request as it stands after it.
    pub async fn record_request_step(
        self: &Arc<Self>,
        asked: RequestAsked,
        caller: &Caller,
    ) -> Result<(Receipt, RequestFact), EngineError> {
        let (act, about) = (asked.act, asked.about.clone());
        let done = self.step_taken(asked, caller).await;
        self.or_judged(done, EntryKind::Request, act, &about, caller).await
    }

    async fn step_taken(
        self: &Arc<Self>,
        asked: RequestAsked,
        caller: &Caller,
    ) -> Result<(Receipt, RequestFact), EngineError> {
        let _one_at_a_time = self.acting.about_anybody().await;
        let gate = self.sealing.read().await;
        let RequestAsked { about, act, at_us, request, .. } = asked;
        let now = self.clock.now().0;
        let at_us = at_us.unwrap_or(now);
        if at_us > now {
            return Err(EngineError::invalid("at", "lies in the future"));
        }
        // Whoever asks need not be known: that nothing is on file is an answer too.
        let identity = match self.person_of(&about.subject) {
            Ok(found) => found.identity,
            Err(error) if error.kind == Kind::NotFound && act == PersonAct::ReceiveRequest => {
                crate::vault::normal(&about.subject)
            }
            Err(error) => return Err(error),
        };
        let subject = identity.clone();
        let steps = self.blocking(move |open| open.request_steps(&subject)).await?;
        let request = match act {
            PersonAct::ReceiveRequest => 0,
            _ => fitting(&steps, act, at_us, request)?,
        };
        let decision = match act {
            PersonAct::ReceiveRequest => Decision::Received,
            PersonAct::RefuseRequest => Decision::Refused,
            _ => Decision::Done,
        };
        let body = body_of(act, decision, &about);
        let asked = Some(crate::vault::part_identity(&identity));
        let part = PersonActPart { asked, at_us, request, ..act_of(&about) };
        let registry = &self.names().registry;
        let acts = vec![(identity.clone(), part)];
        let admitted = events::person_act(EntryKind::Request, body, acts, None, caller, registry);
        let receipt = self.record_with(admitted, Vec::new(), gate).await?;
        let (index, profile) = (if request == 0 { receipt.index } else { request }, self.profile()?);
        let steps = self.blocking(move |open| open.request_steps(&identity)).await?;
        let log = request::log(&steps, &profile, now).log;
        let fact = log.into_iter().find(|fact| fact.entry.0 == index);
        Ok((receipt, fact.ok_or_else(|| EngineError::internal("the step that was recorded is not found"))?))
    }

    /// All steps of the person's requests, in the order of the ledger. Blocks.
    fn request_steps(&self, subject: &Identity) -> Result<Vec<RequestStep>, EngineError> {
        let size = self.ledger.published().size;
        self.wait_for_projections(size)?;
        let Some(person) = self.vault.find(subject)? else { return Ok(Vec::new()) };
        let head = Proving::under(self.head(size)?);
        let mut steps = Vec::new();
        for id in self.vault.linked(person)? {
            for place in self.vault.occurrences(id)?.into_iter().filter(|place| place.index < size) {
                let Some(entry) = self.ledger.entry(place.index)? else { continue };
                if entry.header.kind != EntryKind::Request as u8 {
                    continue;
                }
                let body = entry.body();
                let Some(Ok(Body::Person(body))) = body else { continue };
                let opened = self.open_proved(&entry, &[place.ordinal], &head)?;
                let act = join_content(opened.iter().map(|(_, part)| part)).and_then(|content| content.act);
                steps.extend(act.and_then(|act| request_step(&entry.header, &body, &act)));
            }
        }
        steps.sort_by_key(|step| step.index);
        steps.dedup();
        Ok(steps)
    }
}

/// The request that a later step is of: the one named, or the newest that waits for an answer.
fn fitting(steps: &[RequestStep], act: PersonAct, at_us: u64, named: Option<u64>) -> Result<u64, EngineError> {
    let ended = |receipt: &RequestStep| {
        let ends = |step: &&RequestStep| matches!(step.act, PersonAct::AnswerRequest | PersonAct::RefuseRequest);
        steps.iter().filter(ends).any(|step| step.request == receipt.index)
    };
    let mut receipts = steps.iter().filter(|step| step.act == PersonAct::ReceiveRequest);
    let receipt = match named {
        Some(index) => {
            let known = receipts.find(|step| step.index == index);
            known
                .ok_or_else(|| EngineError::invalid("request", "is no entry by which this person's request came in"))?
        }
        None => receipts.rfind(|step| !ended(step)).ok_or_else(|| {
            EngineError::precondition(
                "no request of this person waits for an answer: record first that it was received",
            )
        })?,
    };
    if ended(receipt) {
        return Err(EngineError::precondition("this request was answered or refused before"));
    }
    if at_us < receipt.at_us {
        return Err(EngineError::invalid("at", "lies before the request was received"));
    }
    let again = |step: &RequestStep| step.act == act && step.request == receipt.index;
    if act == PersonAct::ExtendRequest && steps.iter().any(again) {
        return Err(EngineError::precondition("this request was extended before, and can be once (GDPR Art. 12(3))"));
    }
    Ok(receipt.index)
}
