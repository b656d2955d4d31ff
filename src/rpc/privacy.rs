//! PrivacyService: what is asked for a person and done about them.

use super::caller::caller;
use super::{convert, present, status, v1};
use crate::admit;
use crate::engine::{Asked, Engine, EngineError, ErasureStatus, KeptFor, NamingAsked, PlannedClass, Ran, RequestAsked};
use crate::model::*;
use crate::report::access::document::RequestState;
use std::sync::Arc;
use tonic::{Request, Response, Status};
use whosaw_verifier::body;
use whosaw_verifier::part::HoldScope;

pub struct PrivacyRpc(pub Arc<Engine>);

/// A case's own number, and who ordered it; bytes.
const SHORT: usize = 256;
/// Why; bytes.
const LONG: usize = 4_096;

#[tonic::async_trait]
impl v1::privacy_service_server::PrivacyService for PrivacyRpc {
    async fn look_up_person(
        &self,
        request: Request<v1::LookUpPersonRequest>,
    ) -> Result<Response<v1::LookUpPersonResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = Case::read(request.about, Needs::Nothing)?;
        let found = open.person_status(&asked, &caller).await?;
        Ok(Response::new(v1::LookUpPersonResponse {
            identities: found.identities.iter().map(present::identity).collect(),
            possible: found.possible.iter().map(present::identity).collect(),
            parts: found.parts,
            restricted_since: found.restricted.as_ref().map(|it| present::timestamp(it.since_us)),
            restricted_ground: found.restricted.map_or(0, |it| it.ground as i32),
            erasure_requested: found.erasure_asked_us.map(present::timestamp),
            erasure_blocked: found.erasure_blocked,
            matters: found.matters.iter().map(|matter| matter.to_vec()).collect(),
        }))
    }

    async fn link_identities(
        &self,
        request: Request<v1::LinkIdentitiesRequest>,
    ) -> Result<Response<v1::LinkIdentitiesResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = Case::read(request.about, Needs::Nothing)?;
        let other = Case::other(request.other)?;
        let mut reader = convert::Reader::default();
        let strength: Strength = reader.number(request.strength, || "strength".into());
        let strength = reader.finish(strength).map_err(status::invalid)?;
        if strength == Strength::Unspecified {
            return Err(EngineError::invalid("strength", "is missing: strong, or weak").into());
        }
        let receipt = open.link(&asked, &other, strength, &caller).await?;
        Ok(Response::new(v1::LinkIdentitiesResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn unlink_identities(
        &self,
        request: Request<v1::UnlinkIdentitiesRequest>,
    ) -> Result<Response<v1::UnlinkIdentitiesResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = Case::read(request.about, Needs::Nothing)?;
        let other = Case::other(request.other)?;
        let (receipt, still_linked) = open.unlink(&asked, &other, &caller).await?;
        let receipt = Some(present::receipt(receipt));
        Ok(Response::new(v1::UnlinkIdentitiesResponse { receipt, still_linked }))
    }

    async fn restrict_processing(
        &self,
        request: Request<v1::RestrictProcessingRequest>,
    ) -> Result<Response<v1::RestrictProcessingResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = Case::read(request.about, Needs::Restriction)?;
        let receipt = open.restrict(&asked, &caller).await?;
        Ok(Response::new(v1::RestrictProcessingResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn lift_restriction(
        &self,
        request: Request<v1::LiftRestrictionRequest>,
    ) -> Result<Response<v1::LiftRestrictionResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = Case::read(request.about, Needs::Nothing)?;
        let receipt = open.lift_restriction(&asked, &caller).await?;
        Ok(Response::new(v1::LiftRestrictionResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn record_request_step(
        &self,
        request: Request<v1::RecordRequestStepRequest>,
    ) -> Result<Response<v1::RecordRequestStepResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = request_asked(request)?;
        let (receipt, fact) = open.record_request_step(asked, &caller).await?;
        let extension = fact.extension.filter(|extension| extension.in_time);
        Ok(Response::new(v1::RecordRequestStepResponse {
            receipt: Some(present::receipt(receipt)),
            request: fact.entry.0,
            received: Some(present::timestamp(fact.received.us())),
            extended: extension.is_some(),
            due: extension.and_then(|extension| extension.due).or(fact.due).unwrap_or_default(),
            late: matches!(fact.state, RequestState::Late | RequestState::Overdue),
        }))
    }

    async fn name_staff(
        &self,
        request: Request<v1::NameStaffRequest>,
    ) -> Result<Response<v1::NameStaffResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = naming_asked(request)?;
        let (receipt, entries) = open.name_staff(asked, &caller).await?;
        Ok(Response::new(v1::NameStaffResponse { receipt: Some(present::receipt(receipt)), entries }))
    }

    async fn take_back_naming(
        &self,
        request: Request<v1::TakeBackNamingRequest>,
    ) -> Result<Response<v1::TakeBackNamingResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        if request.about.as_ref().is_none_or(|about| about.statement.trim().is_empty()) {
            return Err(EngineError::invalid("about.statement", "is missing: why they are to be named no more").into());
        }
        let (about, by) = (Case::read(request.about, Needs::Nothing)?, Case::person(request.by, "by")?);
        let receipt = open.take_back_naming(about, by, request.decision, &caller).await?;
        Ok(Response::new(v1::TakeBackNamingResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn place_hold(
        &self,
        request: Request<v1::PlaceHoldRequest>,
    ) -> Result<Response<v1::PlaceHoldResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let mut reader = convert::Reader::default();
        let exemption: Exemption = reader.number(request.exemption, || "exemption".into());
        let scope = request.scope.unwrap_or_default();
        let mut persons = Vec::with_capacity(scope.persons.len());
        for (i, identity) in scope.persons.into_iter().enumerate() {
            persons.push(reader.identity(identity, || format!("scope.persons[{i}]")));
        }
        let from_us = reader.micros(scope.recorded_from, || "scope.recorded_from".into());
        let until_us = reader.micros(scope.recorded_until, || "scope.recorded_until".into());
        let mut violations = reader.finish(()).err().unwrap_or_default();
        let mut refuse = |field: &str, what: &str| {
            violations.push(Violation { field: field.into(), description: what.into() });
        };
        if exemption == Exemption::Unspecified {
            refuse("exemption", "is missing: say on which ground of Art. 17(3) it may be kept");
        }
        if until_us != 0 && until_us <= from_us {
            refuse("scope.recorded_until", "is not after recorded_from");
        }
        if from_us < 0 || until_us < 0 {
            refuse("scope", "lies before 1970");
        }
        if persons.len() > 4_096 {
            refuse("scope.persons", "has more than 4,096 persons");
        }
        let names = open.names();
        for (field, kind, list) in [
            ("scope.datasets", RegistryKind::Dataset, &scope.datasets),
            ("scope.agents", RegistryKind::Agent, &scope.agents),
        ] {
            if list.iter().any(|name| !names.registry.contains(kind, name)) {
                refuse(field, "holds a name that is not registered");
            }
        }
        let texts = Texts { reference: request.reference, authority: request.authority, statement: request.statement };
        violations.extend(texts.wrong(""));
        let named: Vec<(String, Identity)> =
            persons.iter().enumerate().map(|(i, it)| (format!("scope.persons[{i}]"), it.clone())).collect();
        let named: Vec<(&str, &Identity)> = named.iter().map(|(field, it)| (field.as_str(), it)).collect();
        violations.extend(admit::person_case(&named, &[], &admit::Limits::default()));
        if !violations.is_empty() {
            return Err(status::invalid(violations));
        }
        let scope = HoldScope {
            persons: persons.iter().map(crate::engine::part_identity).collect(),
            datasets: scope.datasets,
            agents: scope.agents,
            from_us: from_us.unsigned_abs(),
            until_us: until_us.unsigned_abs(),
        };
        let asked = Asked { exemption, ..texts.into_asked() };
        let (receipt, matter) = open.place_hold(&asked, &scope, &caller).await?;
        let receipt = Some(present::receipt(receipt));
        Ok(Response::new(v1::PlaceHoldResponse { receipt, matter: matter.to_vec() }))
    }

    async fn release_hold(
        &self,
        request: Request<v1::ReleaseHoldRequest>,
    ) -> Result<Response<v1::ReleaseHoldResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let matter = request.matter.try_into().map_err(|_| EngineError::invalid("matter", "is not 16 bytes long"))?;
        let texts = Texts { reference: request.reference, authority: request.authority, statement: request.statement };
        let violations = texts.wrong("");
        if !violations.is_empty() {
            return Err(status::invalid(violations));
        }
        let receipt = open.release_hold(matter, &texts.into_asked(), &caller).await?;
        Ok(Response::new(v1::ReleaseHoldResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn list_holds(
        &self,
        request: Request<v1::ListHoldsRequest>,
    ) -> Result<Response<v1::ListHoldsResponse>, Status> {
        let caller = caller(request.metadata())?;
        let open = Arc::clone(self.0.ledger(&request.into_inner().ledger)?);
        open.record_call(PersonAct::ListHolds, Ground::Unspecified, Decision::Done, &caller).await?;
        let holds = super::audit::blocking_value(move || open.holds_with_parts()).await?;
        let time = |us: u64| (us != 0).then(|| present::timestamp(us));
        let summary = |(matter, hold, kept): ([u8; 16], crate::engine::Hold, u64)| v1::HoldSummary {
            matter: matter.to_vec(),
            persons: hold.persons.len() as u32,
            datasets: hold.datasets,
            agents: hold.agents,
            recorded_from: time(hold.from_us),
            recorded_until: time(hold.until_us),
            exemption: hold.exemption as i32,
            since: time(hold.since_us),
            kept,
        };
        Ok(Response::new(v1::ListHoldsResponse { holds: holds.into_iter().map(summary).collect() }))
    }

    async fn request_erasure(
        &self,
        request: Request<v1::RequestErasureRequest>,
    ) -> Result<Response<v1::RequestErasureResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = Case::read(request.about, Needs::Erasure)?;
        let done = open.request_erasure(&asked, &caller).await?;
        let (receipt, token, blocked) = (Some(present::receipt(done.receipt)), done.token.to_vec(), done.blocked);
        Ok(Response::new(v1::RequestErasureResponse { receipt, token, blocked }))
    }

    async fn withdraw_erasure(
        &self,
        request: Request<v1::WithdrawErasureRequest>,
    ) -> Result<Response<v1::WithdrawErasureResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let asked = Case::read(request.about, Needs::Nothing)?;
        let receipt = open.withdraw_erasure(&asked, &caller).await?;
        Ok(Response::new(v1::WithdrawErasureResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn get_erasure_status(
        &self,
        request: Request<v1::GetErasureStatusRequest>,
    ) -> Result<Response<v1::GetErasureStatusResponse>, Status> {
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let token: [u8; 32] =
            request.token.try_into().map_err(|_| EngineError::invalid("token", "is not 32 bytes long"))?;
        let found = super::audit::blocking_value(move || open.erasure_status(&token)).await?;
        Ok(Response::new(match found {
            ErasureStatus::Unknown => {
                return Err(EngineError::not_found("this ledger knows no erasure of this token").into());
            }
            ErasureStatus::Waiting { asked_us, blocked } => v1::GetErasureStatusResponse {
                requested: Some(present::timestamp(asked_us)),
                blocked,
                ..v1::GetErasureStatusResponse::default()
            },
            ErasureStatus::Done { inaccessible, irrecoverable, custodian, kept, copies } => {
                v1::GetErasureStatusResponse {
                    inaccessible_by: inaccessible.index,
                    inaccessible_at: Some(present::timestamp(inaccessible.at_us)),
                    irrecoverable_by: irrecoverable.map_or(0, |later| later.index),
                    irrecoverable_at: irrecoverable.map(|later| present::timestamp(later.at_us)),
                    custodian: custodian as i32,
                    kept: kept.iter().map(kept_for).collect(),
                    copies: copies.map(|count| v1::CopiesLeft { count }),
                    ..v1::GetErasureStatusResponse::default()
                }
            }
        }))
    }

    async fn set_retention(
        &self,
        request: Request<v1::SetRetentionRequest>,
    ) -> Result<Response<v1::SetRetentionResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = self.0.ledger(&request.ledger)?;
        let mut reader = convert::Reader::default();
        let mut rules = Vec::with_capacity(request.rules.len());
        for (i, rule) in request.rules.into_iter().enumerate() {
            rules.push(body::RetentionRule {
                class: reader.number(rule.class, || format!("rules[{i}].class")),
                months: rule.months,
                basis: reader.number(rule.basis, || format!("rules[{i}].basis")),
            });
        }
        let rules = reader.finish(rules).map_err(status::invalid)?;
        let receipt = open.set_retention(rules, &caller).await?;
        Ok(Response::new(v1::SetRetentionResponse { receipt: Some(present::receipt(receipt)) }))
    }

    async fn plan_retention(
        &self,
        request: Request<v1::PlanRetentionRequest>,
    ) -> Result<Response<v1::PlanRetentionResponse>, Status> {
        let caller = caller(request.metadata())?;
        let open = Arc::clone(self.0.ledger(&request.into_inner().ledger)?);
        open.record_call(PersonAct::PlanRetention, Ground::Unspecified, Decision::Done, &caller).await?;
        let plan = super::audit::blocking_value(move || open.retention_plan()).await?;
        let planned = |class: &PlannedClass| v1::PlannedRetention {
            rule: Some(present::rule(class.rule)),
            kept_from: present::month(class.kept_from_month),
            keys: class.keys,
            parts: class.parts,
            held: class.held,
            open: class.open,
            ..Default::default()
        };
        let mut classes: Vec<v1::PlannedRetention> = plan.classes.iter().map(planned).collect();
        classes.extend(plan.bodies.as_ref().map(present::planned_bodies));
        let pruned = plan.pruned.into_iter().map(|(by, pruned)| present::pruned(by, pruned)).collect();
        Ok(Response::new(v1::PlanRetentionResponse { classes, more: plan.more, pruned }))
    }

    async fn run_erasures(
        &self,
        request: Request<v1::RunErasuresRequest>,
    ) -> Result<Response<v1::RunErasuresResponse>, Status> {
        let caller = caller(request.metadata())?;
        let request = request.into_inner();
        let open = Arc::clone(self.0.ledger(&request.ledger)?);
        let ground = if request.with_retention { Ground::RetentionEnded } else { Ground::Unspecified };
        open.record_call(PersonAct::RunErasures, ground, Decision::Received, &caller).await?;
        // Not dropped with the connection: a batch that has begun is better ended now than at the next start.
        let done = tokio::spawn(async move { open.run_due(request.with_retention).await }).await;
        let Ran { erased, pruned } = done.map_err(|_| EngineError::internal("the batch stopped"))??;
        let erased = erased.map_or_else(v1::RunErasuresResponse::default, |done| v1::RunErasuresResponse {
            index: done.index,
            requests: done.requests,
            covers: done.covers,
            generation: done.generation,
            shards: done.moved.shards,
            moved: done.moved.keys + done.moved.lookups + done.moved.readers,
            irrecoverable_by: done.irrecoverable.unwrap_or_default(),
            batches: done.batches,
            ..Default::default()
        });
        let (pruned, pruned_by) = pruned.map_or((0, 0), |done| (done.bodies, done.index));
        Ok(Response::new(v1::RunErasuresResponse { pruned, pruned_by, ..erased }))
    }
}

fn kept_for(kept: &KeptFor) -> v1::KeptParts {
    v1::KeptParts {
        matter: kept.matter.to_vec(),
        exemption: kept.exemption as i32,
        parts: kept.parts,
        released: kept.released,
    }
}

/// Which grounds a call takes.
#[derive(PartialEq, Eq)]
enum Needs {
    Nothing,
    /// GDPR Art. 18(1).
    Restriction,
    /// GDPR Art. 17(1).
    Erasure,
    /// GDPR Art. 12(2) and (5).
    Refusal,
}

/// A step of a request, with what has to be said of it.
fn request_asked(request: v1::RecordRequestStepRequest) -> Result<RequestAsked, Status> {
    let mut reader = convert::Reader::default();
    let act: PersonAct = reader.number(request.step, || "step".into());
    let at_us = reader.micros(request.at, || "at".into());
    let mut violations = reader.finish(()).err().unwrap_or_default();
    let mut refuse = |field: &str, what: &str| {
        violations.push(Violation { field: field.into(), description: what.into() });
    };
    let (needs_words, needs) = match act {
        PersonAct::ReceiveRequest | PersonAct::AnswerRequest => (false, Needs::Nothing),
        PersonAct::VerifyRequest | PersonAct::ExtendRequest => (true, Needs::Nothing),
        PersonAct::RefuseRequest => (true, Needs::Refusal),
        _ => {
            refuse("step", "is no step of a request: receive, verify, extend, answer or refuse");
            (false, Needs::Nothing)
        }
    };
    if needs_words && request.about.as_ref().is_none_or(|about| about.statement.trim().is_empty()) {
        refuse("about.statement", "is missing: how the identity was verified, or the reasons");
    }
    if at_us < 0 {
        refuse("at", "lies before 1970");
    }
    if !violations.is_empty() {
        return Err(status::invalid(violations));
    }
    let about = Case::read(request.about, needs)?;
    let at_us = Some(at_us.unsigned_abs()).filter(|us| *us > 0);
    Ok(RequestAsked { about, act, at_us, request: Some(request.request).filter(|index| *index > 0) })
}

/// A decision to name somebody, with all that has to be said of it.
fn naming_asked(request: v1::NameStaffRequest) -> Result<NamingAsked, Status> {
    let missing = |text: &str| text.trim().is_empty();
    let mut violations = Vec::new();
    let mut refuse = |field: &str, what: &str| {
        violations.push(Violation { field: field.into(), description: what.into() });
    };
    if request.about.as_ref().is_none_or(|about| missing(&about.statement)) {
        refuse("about.statement", "is missing: why the name is essential to the person");
    }
    if missing(&request.interest) {
        refuse("interest", "is missing: what speaks against it for whoever is named, and how it was weighed");
    }
    if request.interest.len() > LONG || request.interest.chars().any(|c| c.is_control() && c != '\n') {
        refuse("interest", "has more than 4,096 bytes, or a control character");
    }
    if request.entries.len() > 4_096 {
        refuse("entries", "has more than 4,096 entries");
    }
    if !violations.is_empty() {
        return Err(status::invalid(violations));
    }
    let about = Case::read(request.about, Needs::Nothing)?;
    let (staff, by) = (Case::person(request.staff, "staff")?, Case::person(request.by, "by")?);
    Ok(NamingAsked { about, staff, by, interest: request.interest, entries: request.entries })
}

/// The sealed words beside a call.
struct Texts {
    reference: String,
    authority: String,
    statement: String,
}

impl Texts {
    fn wrong(&self, of: &str) -> Vec<Violation> {
        let mut violations = Vec::new();
        for (field, text, most) in [
            ("reference", &self.reference, SHORT),
            ("authority", &self.authority, SHORT),
            ("statement", &self.statement, LONG),
        ] {
            let control = |c: char| c.is_control() && (field != "statement" || c != '\n');
            if text.len() > most || text.chars().any(control) {
                let description = format!("has more than {most} bytes, or a control character");
                violations.push(Violation { field: format!("{of}{field}"), description });
            }
        }
        violations
    }

    fn into_asked(self) -> Asked {
        let Texts { reference, authority, statement } = self;
        Asked { reference, authority, statement, ..Asked::default() }
    }
}

struct Case;

impl Case {
    fn read(about: Option<v1::PersonCase>, needs: Needs) -> Result<Asked, Status> {
        let about = about.unwrap_or_default();
        let mut reader = convert::Reader::default();
        let subject = strong_unless_said(about.subject);
        let subject = reader.identity(subject, || "about.subject".into());
        let ground: Ground = reader.number(about.ground, || "about.ground".into());
        let mut violations = reader.finish(()).err().unwrap_or_default();
        let texts = Texts { reference: about.reference, authority: about.authority, statement: about.statement };
        violations.extend(texts.wrong("about."));
        let limits = admit::Limits::default();
        violations.extend(admit::person_case(&[("about.subject", &subject)], &[], &limits));
        let number = ground as i32;
        let (fits, which) = match needs {
            Needs::Nothing => (true, ""),
            Needs::Restriction => ((10..20).contains(&number), "must be one of gdpr:18.1.a to gdpr:18.1.d"),
            Needs::Refusal => ((30..40).contains(&number), "must be one of gdpr:12.2, gdpr:12.5.a and gdpr:12.5.b"),
            Needs::Erasure => ((1..10).contains(&number), "must be one of gdpr:17.1.a to gdpr:17.1.f"),
        };
        if !fits {
            violations.push(Violation { field: "about.ground".into(), description: which.into() });
        }
        if !violations.is_empty() {
            return Err(status::invalid(violations));
        }
        Ok(Asked { subject, ground, ..texts.into_asked() })
    }

    fn other(other: Option<v1::Identity>) -> Result<Identity, Status> {
        Case::person(other, "other")
    }

    fn person(person: Option<v1::Identity>, field: &str) -> Result<Identity, Status> {
        let mut reader = convert::Reader::default();
        let other = reader.identity(strong_unless_said(person), || field.into());
        let mut violations = reader.finish(()).err().unwrap_or_default();
        violations.extend(admit::person_case(&[(field, &other)], &[], &admit::Limits::default()));
        if violations.is_empty() { Ok(other) } else { Err(status::invalid(violations)) }
    }
}

/// Whoever asks for a person need not know how sure an identifier is: it is found in either strength.
fn strong_unless_said(identity: Option<v1::Identity>) -> v1::Identity {
    let mut identity = identity.unwrap_or_default();
    if identity.strength == 0 {
        identity.strength = v1::Strength::Strong as i32;
    }
    identity
}
