//! Every check of a field, with the path at which a caller finds it.
//!
//! Paths are `format_args!`: they become text only when something is wrong.

use super::Limits;
use crate::model::*;
use std::fmt::Display;
use whosaw_verifier::hash::Hash;

/// Violations that are told at once; more would only be more of the same.
const VIOLATIONS_MAX: usize = 32;
/// What an agent says in the open stays in the open, and in every copy of the ledger.
const CLAIM_MAX: usize = 16 << 10;
/// The part as an agent sent it stands sealed beside what we made of it, in one part.
pub const AGENT_PART_MAX: usize = 256 << 10;
/// 9999-12-31, the last day that a date can be written for.
const LATEST_US: i64 = 253_402_300_799_999_999;
/// No clock is further off that anybody would believe.
const SKEW_MAX_US: u64 = 366 * 86_400_000_000;

pub struct Checker<'a> {
    limits: &'a Limits,
    violations: Vec<Violation>,
}

/// What text codes of an action mean, looked up once.
pub struct Codes {
    pub verb: Verb,
    pub legal_bases: Vec<LegalBasis>,
    pub recipients: Vec<RecipientKind>,
    /// For each subject, for each of its category uses.
    pub subjects: Vec<Vec<Vec<Category>>>,
    /// For each subject, for each of its fields.
    pub fields: Vec<Vec<Category>>,
    pub fact_rights: Vec<Vec<Verb>>,
    pub fact_categories: Vec<Vec<Category>>,
}

impl Codes {
    pub fn read(action: &Action, checker: &mut Checker<'_>) -> Self {
        let verb = checker.code("action.verb", "verb", &action.verb, Verb::from_code);
        let legal_bases =
            checker.codes("action.legal_bases", "legal basis", &action.legal_bases, LegalBasis::from_code);
        let recipients = action
            .recipients
            .iter()
            .enumerate()
            .map(|(i, r)| {
                checker.code(
                    format_args!("action.recipients[{i}].kind"),
                    "recipient kind",
                    &r.kind,
                    RecipientKind::from_code,
                )
            })
            .collect();
        let subjects = action
            .subjects
            .iter()
            .enumerate()
            .map(|(i, subject)| {
                let uses = subject.categories.iter().enumerate();
                uses.map(|(j, used)| {
                    let field = format_args!("action.subjects[{i}].categories[{j}].categories");
                    let mut categories = checker.codes(field, "data category", &used.categories, Category::from_code);
                    categories.sort_unstable();
                    categories.dedup();
                    categories
                })
                .collect()
            })
            .collect();
        let fields = action
            .subjects
            .iter()
            .enumerate()
            .map(|(i, subject)| {
                let fields = subject.fields.iter().enumerate();
                fields
                    .map(|(j, used)| {
                        let field = format_args!("action.subjects[{i}].fields[{j}].category");
                        checker.code(field, "data category", &used.category, Category::from_code)
                    })
                    .collect()
            })
            .collect();
        let facts = |checker: &mut Checker<'_>| {
            let mut rights = Vec::new();
            let mut categories = Vec::new();
            for (i, fact) in action.facts.iter().enumerate() {
                rights.push(checker.codes(
                    format_args!("action.facts[{i}].rights"),
                    "verb",
                    &fact.rights,
                    Verb::from_code,
                ));
                let field = format_args!("action.facts[{i}].categories");
                categories.push(checker.codes(field, "data category", &fact.categories, Category::from_code));
            }
            (rights, categories)
        };
        let (fact_rights, fact_categories) = facts(checker);
        Codes { verb, legal_bases, recipients, subjects, fields, fact_rights, fact_categories }
    }
}

/// Characters by which a text shows in another order than it is written in, and so may be read as another one.
fn turns_text_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl<'a> Checker<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Checker { limits, violations: Vec::new() }
    }

    pub fn finish(self) -> Vec<Violation> {
        self.violations
    }

    pub fn refuse(&mut self, field: impl Display, description: impl Display) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { field: field.to_string(), description: description.to_string() });
        }
    }

    /// All of an action but its codes; answers its id.
    pub fn action(&mut self, action: &Action) -> Option<[u8; 16]> {
        let id = self.uuid("action.action_id", &action.action_id);
        if action.outcome == Outcome::Unspecified {
            self.refuse("action.outcome", "is missing");
        }
        if let Some(occurred) = &action.occurred {
            self.occurred(occurred);
        }
        if action.actors.is_empty() {
            self.refuse("action.actors", "is missing: say who acted");
        }
        self.length("action.actors", action.actors.len());
        for (i, actor) in action.actors.iter().enumerate() {
            self.actor(format_args!("action.actors[{i}]"), actor);
        }
        for (field, text) in [
            ("action.conversation", &action.conversation),
            ("action.session", &action.session),
            ("action.call_id", &action.call_id),
            ("action.instruction", &action.instruction),
            ("action.break_glass_reason", &action.break_glass_reason),
        ] {
            self.text(field, text);
        }
        for (field, name) in
            [("action.tool", &action.tool), ("action.dataset", &action.dataset), ("action.purpose", &action.purpose)]
        {
            self.name(field, name);
        }
        self.length("action.doubts", action.doubts.len());
        for (i, _) in action.doubts.iter().enumerate().filter(|(_, doubt)| **doubt == Doubt::Unspecified) {
            self.refuse(format_args!("action.doubts[{i}]"), "is not a doubt of the closed list");
        }
        self.context(action);
        self.links(&action.links);
        self.length("action.recipients", action.recipients.len());
        for (i, recipient) in action.recipients.iter().enumerate() {
            self.recipient(format_args!("action.recipients[{i}]"), recipient);
        }
        self.records("action.records", &action.records);
        self.subjects(action);
        self.facts(action);
        for (field, bytes) in [
            ("action.arguments", action.arguments.len()),
            ("action.result", action.result.len()),
            ("action.error", action.error.len()),
        ] {
            if bytes > self.limits.content {
                self.refuse(field, format_args!("has {bytes} bytes; at most {} are taken", self.limits.content));
            }
        }
        id
    }

    fn context(&mut self, action: &Action) {
        if let Some(source) = &action.source {
            self.required_name("action.source.name", &source.name);
            if source.previous_hash.len() > 64 {
                self.refuse("action.source.previous_hash", "has more than 64 bytes");
            }
            self.instant("action.source.clock", source.clock_us, true);
            if source.skew_us.unsigned_abs() > SKEW_MAX_US {
                self.refuse("action.source.skew_us", "is more than a year");
            }
        }
        if let Some(policy) = &action.policy {
            self.required_name("action.policy.id", &policy.id);
            self.name("action.policy.version", &policy.version);
            if policy.decision == PolicyDecision::Unspecified {
                self.refuse("action.policy.decision", "is missing");
            }
        }
        if let Some(approval) = &action.approval {
            self.text("action.approval.reference", &approval.reference);
            if approval.result == ApprovalResult::Unspecified {
                self.refuse("action.approval.result", "is missing");
            }
        }
        if let Some(protection) = &action.protection {
            self.name("action.protection.key_id", &protection.key_id);
        }
        if let Some(catalogue) = &action.catalogue {
            self.required_name("action.catalogue.version", &catalogue.version);
            if catalogue.digest.len() != 32 {
                self.refuse("action.catalogue.digest", "is not 32 bytes long");
            }
        }
        for (field, quantity) in [
            ("action.records_asked", &action.records_asked),
            ("action.records_delivered", &action.records_delivered),
            ("action.subjects_asked", &action.subjects_asked),
            ("action.subjects_delivered", &action.subjects_delivered),
        ] {
            let Some(quantity) = quantity else { continue };
            match quantity.precision {
                Precision::Unspecified => self.refuse(format_args!("{field}.precision"), "is missing"),
                Precision::Unknown if quantity.count != 0 => {
                    self.refuse(format_args!("{field}.count"), "stands beside the precision 'unknown'");
                }
                _ => {}
            }
        }
    }

    fn occurred(&mut self, occurred: &Occurred) {
        if occurred.earliest_us == 0 && occurred.latest_us == 0 {
            if occurred.source != TimeSource::Unknown {
                self.refuse(
                    "action.occurred.earliest",
                    "is missing: say when, or that the source of the time is unknown",
                );
            }
            return;
        }
        self.instant("action.occurred.earliest", occurred.earliest_us, false);
        self.instant("action.occurred.latest", occurred.latest_us, false);
        if occurred.latest_us < occurred.earliest_us {
            self.refuse("action.occurred.latest", "is before earliest");
        }
        if occurred.source == TimeSource::Unspecified {
            self.refuse("action.occurred.source", "is missing: say whose clock it was");
        }
    }

    /// However far off a clock is, it is recorded as told, and reports say so.
    fn instant(&mut self, field: impl Display + Copy, us: i64, may_be_absent: bool) {
        if may_be_absent && us == 0 {
            return;
        }
        self.writable(field, us);
    }

    /// What no date can be written for, or no body has room for.
    fn writable(&mut self, field: impl Display + Copy, us: i64) {
        if us < 1 {
            self.refuse(field, "lies before the year 1970");
        } else if us > LATEST_US {
            self.refuse(field, "lies after the year 9999");
        }
    }

    fn actor(&mut self, field: impl Display + Copy, actor: &Actor) {
        self.party(field, "kind", actor.kind, &actor.name, &actor.identities);
        for (name, value) in
            [("version", &actor.version), ("model", &actor.model), ("vendor", &actor.vendor), ("region", &actor.region)]
        {
            self.name(format_args!("{field}.{name}"), value);
        }
    }

    /// A natural person is told by identities, everybody else by a name.
    fn party(
        &mut self,
        field: impl Display + Copy,
        its_kind: &str,
        kind: PartyKind,
        name: &str,
        identities: &[Identity],
    ) {
        let identities_field = format_args!("{field}.identities");
        match kind {
            PartyKind::Unspecified => self.refuse(format_args!("{field}.{its_kind}"), "is missing"),
            PartyKind::Human if identities.is_empty() => {
                self.refuse(identities_field, "is missing: a human is named by identities, which are sealed");
            }
            PartyKind::Human => {}
            _ if !identities.is_empty() => self.refuse(identities_field, "is for humans only"),
            _ => {}
        }
        let name_field = format_args!("{field}.name");
        match kind {
            PartyKind::Human if !name.is_empty() => {
                self.refuse(name_field, "must be empty for a human: names of people are never public");
            }
            PartyKind::Human | PartyKind::Public => self.name(name_field, name),
            _ => self.required_name(name_field, name),
        }
        self.identities(identities_field, identities);
    }

    pub fn identities(&mut self, field: impl Display + Copy, identities: &[Identity]) {
        self.length(field, identities.len());
        for (i, identity) in identities.iter().enumerate() {
            self.identity(format_args!("{field}[{i}]"), identity);
        }
    }

    pub fn identity(&mut self, field: impl Display + Copy, identity: &Identity) {
        self.required_name(format_args!("{field}.namespace"), &identity.namespace);
        if identity.namespace.get(..7).is_some_and(|front| front.eq_ignore_ascii_case("whosaw:")) {
            self.refuse(format_args!("{field}.namespace"), "is reserved");
        }
        if identity.fields.is_empty() || identity.fields.iter().all(|field| field.trim().is_empty()) {
            self.refuse(format_args!("{field}.fields"), "is missing");
        }
        if identity.fields.len() > 16 {
            self.refuse(format_args!("{field}.fields"), "has more than 16 fields");
        }
        for (j, value) in identity.fields.iter().enumerate() {
            self.text(format_args!("{field}.fields[{j}]"), value);
        }
        if identity.strength == Strength::Unspecified {
            self.refuse(format_args!("{field}.strength"), "is missing");
        }
    }

    fn recipient(&mut self, field: impl Display + Copy, recipient: &Recipient) {
        self.party(field, "party", recipient.party, &recipient.name, &recipient.identities);
        if !recipient.country.is_empty() && !is_country(&recipient.country) {
            self.refuse(format_args!("{field}.country"), "is not an ISO 3166-1 alpha-2 code in capitals");
        }
    }

    fn records(&mut self, field: impl Display + Copy, records: &[Record]) {
        if records.len() > self.limits.subjects {
            self.refuse(field, "has too many records");
        }
        for (i, record) in records.iter().enumerate() {
            if self.violations.len() >= VIOLATIONS_MAX {
                return;
            }
            let field = format_args!("{field}[{i}]");
            if record.id.is_empty() {
                self.refuse(format_args!("{field}.id"), "is missing");
            }
            self.text(format_args!("{field}.id"), &record.id);
            self.name(format_args!("{field}.dataset"), &record.dataset);
            if record.scope == RecordScope::Unspecified {
                self.refuse(format_args!("{field}.scope"), "is missing");
            }
        }
    }

    fn subjects(&mut self, action: &Action) {
        if action.subjects.len() > self.limits.subjects {
            self.refuse("action.subjects", format_args!("has more than {} persons", self.limits.subjects));
            return;
        }
        match action.determination {
            Determination::Unspecified => {
                self.refuse("action.determination", "is missing: say whether the data subjects are known")
            }
            Determination::Nobody | Determination::Undetermined if !action.subjects.is_empty() => {
                self.refuse("action.determination", "says that no subjects are listed, but some are");
            }
            Determination::Listed | Determination::ListedIncomplete if action.subjects.is_empty() => {
                self.refuse("action.determination", "says that subjects are listed, but none is");
            }
            _ => {}
        }
        let (actors, recipients) = (action.actors.len(), action.recipients.len());
        for (i, subject) in action.subjects.iter().enumerate() {
            if self.violations.len() >= VIOLATIONS_MAX {
                return;
            }
            let field = format_args!("action.subjects[{i}]");
            self.name(format_args!("{field}.kind"), &subject.kind);
            if subject.identities.is_empty() {
                self.refuse(format_args!("{field}.identities"), "is missing");
            }
            self.identities(format_args!("{field}.identities"), &subject.identities);
            self.records(format_args!("{field}.records"), &subject.records);
            self.length(format_args!("{field}.categories"), subject.categories.len());
            if subject.fields.len() > self.limits.subjects {
                self.refuse(format_args!("{field}.fields"), "has too many fields");
            }
            for (j, used) in subject.categories.iter().enumerate() {
                let field = format_args!("{field}.categories[{j}]");
                if used.direction == Direction::Unspecified {
                    self.refuse(format_args!("{field}.direction"), "is missing");
                }
                if (used.direction == Direction::Rendered) == used.rendered_to.is_empty() {
                    self.refuse(
                        format_args!("{field}.rendered_to"),
                        "belongs to, and only to, the direction 'rendered'",
                    );
                }
                self.eyes(format_args!("{field}.rendered_to"), used.rendered_to.len());
                for eyes in &used.rendered_to {
                    let outside = match eyes {
                        Eyes::Recipient(position) => *position as usize >= recipients,
                        Eyes::Actor(position) => *position as usize >= actors,
                    };
                    if outside {
                        self.refuse(format_args!("{field}.rendered_to"), "points at nobody");
                    }
                }
            }
            for (j, used) in subject.fields.iter().enumerate() {
                self.text(format_args!("{field}.fields[{j}].pointer"), &used.pointer);
                if !used.pointer.is_empty() && !used.pointer.starts_with('/') {
                    self.refuse(
                        format_args!("{field}.fields[{j}].pointer"),
                        "is not a JSON pointer: it begins with '/'",
                    );
                }
                if used.direction == Direction::Unspecified {
                    self.refuse(format_args!("{field}.fields[{j}].direction"), "is missing");
                }
            }
        }
    }

    fn facts(&mut self, action: &Action) {
        self.length("action.facts", action.facts.len());
        for (i, fact) in action.facts.iter().enumerate() {
            let field = format_args!("action.facts[{i}]");
            if fact.kind == FactKind::Unspecified {
                self.refuse(format_args!("{field}.kind"), "is missing");
            }
            if fact.edge == Edge::Unspecified {
                self.refuse(format_args!("{field}.edge"), "is missing");
            }
            if fact.party != PartyKind::Unspecified {
                self.party(field, "party", fact.party, &fact.name, &fact.identities);
            } else if !fact.name.is_empty() || !fact.identities.is_empty() {
                self.refuse(format_args!("{field}.party"), "is missing beside a name");
            }
            for (name, value) in
                [("resource", &fact.resource), ("source", &fact.source), ("reference", &fact.reference)]
            {
                self.text(format_args!("{field}.{name}"), value);
            }
            // An end may be planned, so that it may lie far ahead.
            for (name, value) in [
                ("end_earliest", fact.end_earliest_us),
                ("end_latest", fact.end_latest_us),
                ("recoverable_until", fact.recoverable_until_us),
            ] {
                if value != 0 {
                    self.writable(format_args!("{field}.{name}"), value);
                }
            }
            if fact.end_latest_us != 0 && fact.end_latest_us < fact.end_earliest_us {
                self.refuse(format_args!("{field}.end_latest"), "is before end_earliest");
            }
            if fact.subjects.iter().any(|position| *position as usize >= action.subjects.len()) {
                self.refuse(format_args!("{field}.subjects"), "points at a subject that is not listed");
            }
            super::fact::check(fact, action, field, self);
        }
    }

    /// What names itself, or leads into a circle, is recorded as it is told: reports flag it, and go by none of it.
    fn links(&mut self, links: &Links) {
        for (name, ids) in [
            ("parents", &links.parents),
            ("caused_by", &links.caused_by),
            ("same_act_as", &links.same_act_as),
            ("corrects", &links.corrects),
            ("retracts", &links.retracts),
        ] {
            self.length(format_args!("action.links.{name}"), ids.len());
            for (i, id) in ids.iter().enumerate() {
                self.uuid(format_args!("action.links.{name}[{i}]"), id);
            }
        }
    }

    fn uuid(&mut self, field: impl Display + Copy, bytes: &[u8]) -> Option<[u8; 16]> {
        if bytes.is_empty() {
            self.refuse(field, "is missing");
            return None;
        }
        let id: Option<[u8; 16]> = bytes.try_into().ok();
        let fits = id.is_some_and(|id| id[8] >> 6 == 0b10 && (1..=8).contains(&(id[6] >> 4)));
        if !fits {
            self.refuse(field, "is not a UUID (RFC 9562)");
        }
        id.filter(|_| fits)
    }

    fn code<T: Default>(
        &mut self,
        field: impl Display + Copy,
        what: &str,
        code: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> T {
        match read(code) {
            Some(value) => value,
            None if code.is_empty() => {
                self.refuse(field, "is missing");
                T::default()
            }
            None => {
                self.refuse(field, format_args!("is not a {what} of the closed list"));
                T::default()
            }
        }
    }

    fn codes<T: Default>(
        &mut self,
        field: impl Display + Copy,
        what: &str,
        codes: &[String],
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        self.length(field, codes.len());
        codes.iter().enumerate().map(|(i, code)| self.code(format_args!("{field}[{i}]"), what, code, &read)).collect()
    }

    fn required_name(&mut self, field: impl Display + Copy, name: &str) {
        if name.is_empty() {
            self.refuse(field, "is missing");
        }
        self.name(field, name);
    }

    fn name(&mut self, field: impl Display + Copy, name: &str) {
        self.bounded(field, name, self.limits.name);
    }

    pub fn text(&mut self, field: impl Display + Copy, text: &str) {
        self.bounded(field, text, self.limits.text);
    }

    fn bounded(&mut self, field: impl Display + Copy, text: &str, limit: usize) {
        if text.len() > limit {
            self.refuse(field, format_args!("has {} bytes; at most {limit} are taken", text.len()));
        }
        let control = if text.is_ascii() {
            text.bytes().any(|byte| byte < b' ' || byte == 0x7f)
        } else {
            text.chars().any(|c| c.is_control() || turns_text_around(c))
        };
        if control {
            self.refuse(field, "has a control character");
        }
    }

    /// Every actor and every recipient at most.
    fn eyes(&mut self, field: impl Display + Copy, length: usize) {
        if length > 2 * self.limits.list {
            self.refuse(field, format_args!("has {length} elements; at most {} are taken", 2 * self.limits.list));
        }
    }

    pub fn length(&mut self, field: impl Display + Copy, length: usize) {
        if length > self.limits.list {
            self.refuse(field, format_args!("has {length} elements; at most {} are taken", self.limits.list));
        }
    }
}

/// An agent's signature must be by a key that is registered for the agent that acted.
pub fn agent_signature(
    signature: &AgentSignature,
    action: &Action,
    action_id: Option<[u8; 16]>,
    registry: &Registry,
    origin_hash: &Hash,
    checker: &mut Checker<'_>,
) {
    use whosaw_verifier::agent;
    let field = "action.agent_signature";
    let name = action.actors.first().map(|actor| actor.name.as_str()).unwrap_or_default();
    let Some(key) = registry.get(RegistryKind::Agent, name).and_then(|agent| agent.public_key) else {
        return checker.refuse(field, "is by an agent that has no registered key");
    };
    if !agent::names(&signature.key_id, &key) {
        return checker.refuse(format_args!("{field}.key_id"), "is not the agent's registered key");
    }
    if signature.claim.len() > CLAIM_MAX {
        return checker.refuse(format_args!("{field}.claim"), format_args!("has more than {CLAIM_MAX} bytes"));
    }
    if signature.parts.len() > checker.limits.subjects {
        return checker.refuse(format_args!("{field}.parts"), "has too many parts");
    }
    let mut commitments = Vec::with_capacity(signature.parts.len());
    for (j, part) in signature.parts.iter().enumerate() {
        let Ok(nonce) = <[u8; 32]>::try_from(part.nonce.as_slice()) else {
            return checker.refuse(format_args!("{field}.parts[{j}].nonce"), "is not 32 bytes long");
        };
        if part.as_sent.len() > AGENT_PART_MAX {
            let too_long = format_args!("has more than {AGENT_PART_MAX} bytes");
            return checker.refuse(format_args!("{field}.parts[{j}].as_sent"), too_long);
        }
        commitments.push(agent::part_commitment(&nonce, j as u32, &part.as_sent));
    }
    let Some(action_id) = action_id else { return };
    let claim_hash = whosaw_verifier::hash::sha256(&[&signature.claim]);
    let message = agent::message(origin_hash, &action_id, &claim_hash, &commitments);
    let verified = ed25519_dalek::VerifyingKey::from_bytes(&key)
        .ok()
        .zip(ed25519_dalek::Signature::from_slice(&signature.signature).ok())
        .is_some_and(|(key, signature)| key.verify_strict(&message, &signature).is_ok());
    if !verified {
        checker.refuse(format_args!("{field}.signature"), "does not verify");
    }
}
