//! Nothing that was declared is lost, and nothing that must not stand in the open does.

use super::*;
use proptest::prelude::*;
use whosaw_verifier::body::{ActionBody, PartGroup};
use whosaw_verifier::part::{ContentPart, Part};

/// What every text that must stay sealed contains; no registered name does.
const CANARY: &str = "SECRET";

/// An entry as somebody with every key reads it.
struct Opened {
    body: ActionBody,
    bytes: Vec<u8>,
    parts: Vec<Part>,
    content: ContentPart,
}

impl Opened {
    fn of(admitted: &Admitted) -> Self {
        let body = ActionBody::decode(&admitted.body).expect("a body in the strict profile");
        let parts: Vec<Part> = admitted.parts.iter().map(|plain| plain.part.clone()).collect();
        for part in &parts {
            let encoded = part.encode();
            assert!(encoded.len() <= whosaw_verifier::seal::MAX_PART);
            assert_eq!(Part::decode(&encoded).as_ref(), Ok(part));
        }
        let whole = parts.iter().find_map(|part| part.content.clone());
        let pieces: Vec<_> = parts.iter().filter(|part| !part.piece_bytes.is_empty()).collect();
        assert!(pieces.iter().enumerate().all(|(i, part)| part.piece as usize == i), "pieces stand in their order");
        let joined: Vec<u8> = pieces.iter().flat_map(|part| part.piece_bytes.iter().copied()).collect();
        let content = whole.unwrap_or_else(|| ContentPart::decode(&joined).expect("pieces make a content"));
        Opened { body, bytes: admitted.body.clone(), parts, content }
    }

    /// A name wherever it stands.
    fn name(&self, open: &str, field: NamedField, position: usize) -> String {
        let sealed = self.content.names.iter().find(|it| it.field == field && it.position as usize == position);
        match sealed {
            None => open.to_owned(),
            Some(name) => {
                assert!(open.is_empty(), "{field:?} stands twice");
                assert!(self.body.sealed_names.contains(&field), "{field:?} is not marked");
                name.value.clone()
            }
        }
    }

    fn group(&self, ordinal: usize) -> &PartGroup {
        let holds = |group: &&PartGroup| (group.first..group.first + group.count).contains(&(ordinal as u32));
        let mut groups = self.body.parts.iter().filter(holds);
        let group = groups.next().expect("every part has a group");
        assert!(groups.next().is_none(), "and one only");
        group
    }
}

/// Field by field: what `action` says is found again. Taking it apart so that no field is forgotten.
fn check(action: &Action, admitted: &Admitted) {
    let opened = Opened::of(admitted);
    let (body, content) = (&opened.body, &opened.content);
    let Action {
        action_id,
        verb,
        outcome,
        occurred,
        actors,
        conversation,
        session,
        call_id,
        source,
        tool,
        dataset,
        purpose,
        legal_bases,
        policy,
        approval,
        break_glass_reason,
        instruction,
        links,
        recipients,
        records,
        records_asked,
        records_delivered,
        subjects,
        subjects_asked,
        subjects_delivered,
        determination,
        doubts,
        protection,
        arguments,
        result,
        error,
        catalogue,
        facts,
        agent_signature,
        provenance,
    } = action;
    assert_eq!(&content.action_id, action_id);
    assert_eq!(admitted.action_id.as_ref().map(|id| id.to_vec()).as_ref(), Some(action_id));
    assert_eq!((body.verb.code(), body.outcome), (verb.as_str(), *outcome));
    let claim = body.occurred.as_ref().map(|it| (it.earliest_us as i64, it.latest_us as i64, it.source));
    assert_eq!(claim, occurred.as_ref().map(|it| (it.earliest_us, it.latest_us, it.source)));
    let caller_body = body.caller.as_ref().expect("says who called");
    assert_eq!(opened.name(&caller_body.name, NamedField::CallerName, 0), admitted.caller.name);
    assert_eq!(caller_body.assurance, admitted.caller.assurance);

    assert_eq!(body.actors.len(), actors.len());
    for (i, (told, said)) in body.actors.iter().zip(actors).enumerate() {
        let Actor { kind, name, version, model, vendor, region, identities } = said;
        assert_eq!(told.kind, *kind);
        assert_eq!(&opened.name(&told.name, NamedField::ActorName, i), name);
        assert_eq!(&opened.name(&told.version, NamedField::ActorVersion, i), version);
        assert_eq!(&opened.name(&told.model, NamedField::ActorModel, i), model);
        assert_eq!(&opened.name(&told.vendor, NamedField::ActorVendor, i), vendor);
        assert_eq!(&opened.name(&told.region, NamedField::ActorRegion, i), region);
        check_person(&opened, told.part, identities, None);
    }
    assert_eq!(&content.conversation, conversation);
    assert_eq!((&content.session, &content.call_id), (session, call_id));
    assert_eq!(body.source.is_some(), source.is_some());
    if let (Some(told), Some(Source { name, sequence, previous_hash, clock_us, skew_us })) = (&body.source, source) {
        assert_eq!(&opened.name(&told.name, NamedField::SourceName, 0), name);
        assert_eq!((told.sequence, told.clock_us as i64, told.skew_us), (*sequence, *clock_us, *skew_us));
        assert_eq!((&content.source_previous_hash, told.chained), (previous_hash, !previous_hash.is_empty()));
    }
    assert_eq!(&opened.name(&body.tool, NamedField::Tool, 0), tool);
    assert_eq!(&opened.name(&body.dataset, NamedField::Dataset, 0), dataset);
    assert_eq!(&opened.name(&body.purpose, NamedField::Purpose, 0), purpose);
    assert_eq!(&codes(&body.legal_bases, LegalBasis::code), legal_bases);
    assert_eq!(body.policy.is_some(), policy.is_some());
    if let (Some(told), Some(Policy { id, version, decision })) = (&body.policy, policy) {
        assert_eq!(&opened.name(&told.id, NamedField::PolicyId, 0), id);
        assert_eq!(&opened.name(&told.version, NamedField::PolicyVersion, 0), version);
        assert_eq!(told.decision, *decision);
    }
    let Approval { result: approved, reference } = approval.clone().unwrap_or_default();
    assert_eq!((body.approval, &content.approval_reference), (approved, &reference));
    assert_eq!((&content.break_glass_reason, body.break_glass), (break_glass_reason, !break_glass_reason.is_empty()));
    assert_eq!(&content.instruction, instruction);
    let Links { parents, caused_by, same_act_as, corrects, retracts } = links;
    let told = body.links.clone().unwrap_or_default();
    for (sealed, count, said) in [
        (&content.parents, told.parents, parents),
        (&content.caused_by, told.caused_by, caused_by),
        (&content.same_act_as, told.same_act_as, same_act_as),
        (&content.corrects, told.corrects, corrects),
        (&content.retracts, told.retracts, retracts),
    ] {
        assert_eq!((sealed, count as usize), (said, said.len()));
    }
    assert_eq!(body.recipients.len(), recipients.len());
    for (i, (told, said)) in body.recipients.iter().zip(recipients).enumerate() {
        let Recipient { kind, party, name, country, identities } = said;
        assert_eq!((told.kind.code(), told.party, &told.country), (kind.as_str(), *party, country));
        assert_eq!(&opened.name(&told.name, NamedField::RecipientName, i), name);
        check_person(&opened, told.part, identities, None);
    }
    let plain = |record: &whosaw_verifier::part::Record| Record {
        dataset: record.dataset.clone(),
        id: record.id.clone(),
        scope: record.scope,
    };
    assert_eq!(&content.records.iter().map(plain).collect::<Vec<_>>(), records);
    for (told, said) in [
        (&body.records_asked, records_asked),
        (&body.records_delivered, records_delivered),
        (&body.subjects_asked, subjects_asked),
        (&body.subjects_delivered, subjects_delivered),
    ] {
        let told = told.as_ref().map(|it| Quantity { precision: it.precision, count: it.count });
        assert_eq!(&told, said);
    }
    let people = super::super::people::People::of(action);
    for (i, (said, ordinal)) in subjects.iter().zip(&people.subjects).enumerate() {
        check_person(&opened, ordinal + 1, &said.identities, Some((i, said)));
    }
    let named_persons = opened.parts.iter().filter(|part| part.person.is_some()).count();
    assert_eq!(named_persons, people.persons.len(), "one part a person");
    assert_eq!(body.determination, *determination);
    let mut expected = doubts.clone();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(body.doubts, expected);
    assert_eq!(body.protection.is_some(), protection.is_some());
    if let (Some(told), Some(Protection { encrypted, pseudonymised, key_id })) = (&body.protection, protection) {
        assert_eq!((told.encrypted, told.pseudonymised), (*encrypted, *pseudonymised));
        assert_eq!(&opened.name(&told.key_id, NamedField::KeyId, 0), key_id);
    }
    assert_eq!((&content.arguments, &content.result, &content.error), (arguments, result, error));
    assert_eq!(body.catalogue.is_some(), catalogue.is_some());
    if let (Some(told), Some(CatalogueRef { version, digest })) = (&body.catalogue, catalogue) {
        assert_eq!(&opened.name(&told.version, NamedField::CatalogueVersion, 0), version);
        assert_eq!(&told.digest, digest);
    }
    check_facts(&opened, facts, &people.subjects);
    assert_eq!(body.agent_signature.is_some(), agent_signature.is_some());
    if let (Some(told), Some(AgentSignature { key_id, claim, signature, parts })) =
        (&body.agent_signature, agent_signature)
    {
        assert_eq!((&told.key_id, &told.claim, &told.signature), (key_id, claim, signature));
        assert_eq!(told.commitments.len(), parts.len());
        for (j, (commitment, AgentSignedPart { nonce, as_sent })) in told.commitments.iter().zip(parts).enumerate() {
            let sealed = opened.parts[j].agent_part.as_ref().expect("what opens commitment j stands in part j");
            assert_eq!((&sealed.nonce, &sealed.as_sent), (nonce, as_sent));
            let nonce = nonce.as_slice().try_into().expect("32 bytes");
            let opening = whosaw_verifier::agent::part_commitment(nonce, j as u32, as_sent);
            assert_eq!(commitment, &opening);
        }
    }
    assert_eq!(body.provenance, *provenance);

    let open = String::from_utf8_lossy(&opened.bytes);
    assert!(!open.contains(CANARY), "in the open: {body:?}");
    for part in 0..opened.parts.len() {
        opened.group(part);
    }
}

fn codes<T: Copy>(values: &[T], code: impl Fn(T) -> &'static str) -> Vec<String> {
    values.iter().map(|value| code(*value).to_owned()).collect()
}

/// `part` is one more than the ordinal, or 0 where nobody is named.
fn check_person(opened: &Opened, part: u32, identities: &[Identity], subject: Option<(usize, &Subject)>) {
    let Some(ordinal) = part.checked_sub(1) else { return assert_eq!(identities, []) };
    let person = opened.parts[ordinal as usize].person.as_ref().expect("a person's part");
    let group = opened.group(ordinal as usize);
    assert_eq!(group.roles, person.roles);
    for said in identities {
        let told = person
            .identities
            .iter()
            .any(|it| (&it.namespace, &it.fields, it.strength) == (&said.namespace, &said.fields, said.strength));
        assert!(told, "{said:?} is not in {person:?}");
    }
    let weak = person.identities.iter().all(|identity| identity.strength == Strength::Weak);
    assert_eq!(group.strength, if weak { Strength::Weak } else { Strength::Strong });
    let Some((position, Subject { kind, identities: _, categories, fields, records })) = subject else { return };
    assert!(group.roles.contains(&Role::DataSubject));
    assert!(group.kind.is_empty() || group.kind == person.kind);
    assert!(group.kind == person.kind || opened.body.sealed_names.contains(&NamedField::SubjectKind));
    let other =
        opened.content.names.iter().any(|name| {
            name.field == NamedField::SubjectKind && name.position as usize == position && name.value == *kind
        });
    assert!(kind.is_empty() || *kind == person.kind || other, "{kind} is lost");
    for said in records {
        let told =
            person.records.iter().any(|it| (&it.dataset, &it.id, it.scope) == (&said.dataset, &said.id, said.scope));
        assert!(told, "{said:?} is lost");
    }
    for said in fields {
        let told = person.fields.iter().any(|it| {
            (&it.pointer, it.category.code(), it.direction) == (&said.pointer, said.category.as_str(), said.direction)
        });
        assert!(told, "{said:?} is lost");
    }
    for CategoryUse { direction, categories, rendered_to } in categories {
        let eyes: Vec<u32> = rendered_to
            .iter()
            .map(|eyes| match eyes {
                Eyes::Recipient(position) => position + 1,
                Eyes::Actor(position) => (1 << 16) + position + 1,
            })
            .collect();
        let told = group.categories.iter().find(|it| it.direction == *direction && it.rendered_to == eyes);
        let told = codes(&told.expect("a use of that direction and those eyes").categories, Category::code);
        // No category means every one, which no list may narrow.
        let narrowed = categories.is_empty() && !told.is_empty();
        assert!(!narrowed && (told.is_empty() || categories.iter().all(|it| told.contains(it))), "{categories:?}");
    }
}

fn check_facts(opened: &Opened, facts: &[Fact], ordinals: &[u32]) {
    assert_eq!(opened.body.facts.len(), facts.len());
    for (i, (told, said)) in opened.body.facts.iter().zip(facts).enumerate() {
        let Fact {
            kind,
            edge,
            resource,
            party,
            name,
            identities,
            rights,
            categories,
            end,
            end_earliest_us,
            end_latest_us,
            coverage,
            source,
            subjects,
            recoverable_until_us,
            reference,
        } = said;
        assert_eq!((told.kind, told.edge, told.party, told.end), (*kind, *edge, *party, *end));
        assert_eq!(&opened.name(&told.resource, NamedField::FactResource, i), resource);
        assert_eq!(&opened.name(&told.name, NamedField::FactName, i), name);
        assert_eq!(&opened.name(&told.source, NamedField::SourceName, i + 1), source);
        check_person(opened, told.part, identities, None);
        assert_eq!(&codes(&told.rights, Verb::code), rights);
        assert_eq!(&codes(&told.categories, Category::code), categories);
        let times = (told.end_earliest_us as i64, told.end_latest_us as i64, told.recoverable_until_us as i64);
        assert_eq!(times, (*end_earliest_us, *end_latest_us, *recoverable_until_us));
        assert_eq!(told.coverage, *coverage);
        let mut expected: Vec<u32> = subjects.iter().map(|position| ordinals[*position as usize]).collect();
        expected.sort_unstable();
        expected.dedup();
        let told: Vec<u32> = told.subjects.iter().flat_map(|run| run.first..run.first + run.count).collect();
        assert_eq!(told, expected);
        let sealed = opened.content.facts.iter().find(|it| it.position as usize == i);
        assert_eq!(&sealed.map(|it| it.reference.clone()).unwrap_or_default(), reference);
    }
}

#[test]
fn an_action_that_says_everything_is_found_again_in_body_and_parts() {
    for known in [registry(), Registry::default()] {
        let action = Action { agent_signature: None, ..full() };
        let admitted = admit_with(action.clone(), &known).expect("is fine");
        check(&action, &admitted);
    }
    check(&full(), &admit_with(full(), &registry()).expect("is fine"));
}

/// Circular input is recorded as told: what it is worth is for reports to say.
#[test]
fn an_action_that_names_itself_is_kept_as_it_says() {
    let own = || vec![uuid(1)];
    let links = Links { parents: own(), caused_by: own(), same_act_as: own(), corrects: own(), retracts: own() };
    let action = Action { agent_signature: None, links, ..full() };
    check(&action, &admit_with(action.clone(), &registry()).expect("is fine"));
}

#[test]
fn what_the_registry_does_not_know_stands_sealed_and_marked() {
    let admitted = admit_with(Action { agent_signature: None, ..full() }, &Registry::default()).expect("is fine");
    let opened = Opened::of(&admitted);
    let all: Vec<NamedField> = NamedField::ALL.to_vec();
    let mut marked = opened.body.sealed_names.clone();
    marked.push(NamedField::FactName);
    marked.sort_unstable();
    assert_eq!(marked, all, "a human's grant has no name; everything else is there to be sealed");
    for open in ["gpt", "support", "get_customer", "customers", "vendor-one", "eu", "p-1", "gateway", "proxy"] {
        let text = String::from_utf8_lossy(&opened.bytes);
        assert!(!text.contains(open), "{open} stands in the open");
    }
}

#[test]
fn long_content_is_cut_and_whole_again() {
    for (arguments, subjects) in [(3 << 20, 1), (3 << 20, 2), (3 << 20, 0), (1_040_000, 1), (16 << 20, 1)] {
        let mut action = full();
        action.agent_signature = None;
        action.facts.clear();
        action.actors.truncate(1);
        action.recipients.truncate(1);
        action.subjects[0].categories.truncate(1);
        action.arguments = vec![b'x'; arguments];
        let subject = action.subjects.pop().expect("has one");
        let other = Subject { identities: vec![identity("customer", "other")], ..subject.clone() };
        action.subjects = [subject, other].into_iter().take(subjects).collect();
        if subjects == 0 {
            action.determination = Determination::Undetermined;
        }
        let admitted = admit_with(action.clone(), &registry()).expect("is fine");
        assert!(admitted.parts.len() > arguments / (1 << 20), "{}", admitted.parts.len());
        check(&action, &admitted);
    }
}

#[test]
fn an_agent_may_sign_more_parts_than_there_are_persons() {
    for subjects in [0, 1, 2] {
        let mut action = full();
        action.subjects.truncate(subjects);
        action.facts.clear();
        action.actors.truncate(subjects.min(1) + 1);
        action.recipients.truncate(1);
        action.subjects.iter_mut().for_each(|subject| subject.categories.truncate(1));
        if subjects == 0 {
            action.determination = Determination::Nobody;
        }
        action.agent_signature = Some(signature_over(b"claim", &uuid(1), 5));
        let admitted = admit_with(action.clone(), &registry()).expect("is fine");
        check(&action, &admitted);
    }
}

/// Each word is one identity, `namespace=field`; weak with a tilde before it.
fn shown(node: &str) -> Vec<Identity> {
    let one = |word: &str| {
        let (namespace, field) = word.trim_start_matches('~').split_once('=').expect("namespace=field");
        let strength = if word.starts_with('~') { Strength::Weak } else { Strength::Strong };
        Identity { strength, ..identity(namespace, field) }
    };
    node.split(' ').map(one).collect()
}

#[test]
fn people_are_grouped_by_what_cannot_be_two_peoples() {
    let cases: [(&[&str], &[u32]); 9] = [
        (&["customer=1", "customer=1", "customer=2"], &[0, 0, 1]),
        (&["customer=1 mail=m", "customer=2 mail=m"], &[0, 1]),
        (&["customer=1", "mail=m", "customer=1 mail=m"], &[0, 0, 0]),
        (&["customer=1 phone=5", "phone=5 mail=m", "mail=m customer=2"], &[0, 0, 1]),
        (&["customer=1 ~born=x", "~born=x", "customer=2 ~born=x", "~born=x"], &[0, 1, 2, 1]),
        (&["~born=x ~born=y", "~born=y"], &[0, 0]),
        (&["customer=1 customer=2", "customer=1", "customer=2"], &[0, 1, 2]),
        (&["name=Ame\u{301}lie", "name=Am\u{e9}lie"], &[0, 0]),
        (&["~customer=1", "customer=1"], &[0, 1]),
    ];
    for (nodes, expected) in cases {
        let subject = |node: &&str| Subject { identities: shown(node), ..Subject::default() };
        let action = Action { subjects: nodes.iter().map(subject).collect(), ..Action::default() };
        assert_eq!(super::super::people::People::of(&action).subjects, expected, "{nodes:?}");
    }
}

#[test]
fn listing_somebody_twice_loses_neither_kind_nor_width() {
    let mut action = full();
    action.agent_signature = None;
    let mut again = action.subjects[0].clone();
    again.kind = "patient".into();
    again.categories[0].categories.clear();
    action.subjects.push(again);
    check(&action, &admit_with(action.clone(), &registry()).expect("is fine"));
}

/// A random action: valid, and with the canary in every text that may not stand in the open.
struct Maker(u64);

impl Maker {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.roll(3) > 0).then(|| make(self))
    }

    fn list<T>(&mut self, most: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.roll(most + 1)).map(|_| make(self)).collect()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.roll(all.len() as u64) as usize]
    }

    /// Sealed always.
    fn text(&mut self) -> String {
        let rare = self.of(&["", "é", "\u{10348}", "\"\\", "  "]);
        format!("{CANARY}-{}{rare}", self.roll(40))
    }

    fn any_text(&mut self) -> String {
        self.maybe(Self::text).unwrap_or_default()
    }

    /// Registered, or sealed.
    fn name(&mut self, registered: &str) -> String {
        if self.roll(2) == 0 { registered.to_owned() } else { self.text() }
    }

    fn any_name(&mut self, registered: &str) -> String {
        self.maybe(|m| m.name(registered)).unwrap_or_default()
    }

    fn bytes(&mut self) -> Vec<u8> {
        self.any_text().into_bytes()
    }

    fn identities(&mut self) -> Vec<Identity> {
        let mut identities = self.list(2, Self::identity);
        identities.push(self.identity());
        identities
    }

    fn identity(&mut self) -> Identity {
        let mut fields = self.list(2, Self::any_text);
        fields.push(self.text());
        let namespace = self.of(&["customer", "email", "name"]).to_owned();
        Identity { namespace, fields, strength: self.of(Strength::ALL) }
    }

    /// Kind, name and identities that fit each other.
    fn party(&mut self) -> (PartyKind, String, Vec<Identity>) {
        match self.of(PartyKind::ALL) {
            PartyKind::Human => (PartyKind::Human, String::new(), self.identities()),
            kind => (kind, self.name("vendor-one"), Vec::new()),
        }
    }

    fn quantity(&mut self) -> Quantity {
        let precision = self.of(Precision::ALL);
        Quantity { precision, count: if precision == Precision::Unknown { 0 } else { self.roll(1 << 30) } }
    }

    fn record(&mut self) -> Record {
        Record { dataset: self.any_text(), id: self.text(), scope: self.of(RecordScope::ALL) }
    }

    fn code<T: Copy>(&mut self, all: &[T], code: impl Fn(T) -> &'static str) -> String {
        code(self.of(all)).to_owned()
    }

    fn action(&mut self) -> Action {
        let t = NOW_US - self.roll(1 << 40) as i64;
        let mut actors = self.list(3, Self::actor);
        actors.push(self.actor());
        let recipients = self.list(3, |m| {
            let (party, name, identities) = m.party();
            let country = m.of(&["", "DE", "US", "XK"]).to_owned();
            Recipient { kind: m.code(RecipientKind::ALL, RecipientKind::code), party, name, country, identities }
        });
        let (eyes_actors, eyes_recipients) = (actors.len() as u64, recipients.len() as u64);
        let subjects = self.list(4, |m| m.subject(eyes_actors, eyes_recipients));
        let listed = subjects.len() as u64;
        let determination = match listed {
            0 => self.of(&[Determination::Nobody, Determination::Undetermined]),
            _ => self.of(&[Determination::Listed, Determination::ListedIncomplete]),
        };
        // Each once, and never the action's own.
        let ids = |m: &mut Self| {
            let mut ids = m.list(2, |m| uuid(m.roll(200) as u8));
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        Action {
            action_id: uuid(200 + self.roll(50) as u8),
            verb: self.code(Verb::ALL, Verb::code),
            outcome: self.of(Outcome::ALL),
            occurred: self.maybe(|m| Occurred {
                earliest_us: t,
                latest_us: t + m.roll(1_000) as i64,
                source: m.of(TimeSource::ALL),
            }),
            actors,
            conversation: self.any_text(),
            session: self.any_text(),
            call_id: self.any_text(),
            source: self.maybe(|m| Source {
                name: m.name("gateway"),
                sequence: m.roll(1 << 31),
                previous_hash: m.bytes(),
                clock_us: if m.roll(2) == 0 { 0 } else { t },
                skew_us: m.roll(1 << 31) as i64 - (1 << 30),
            }),
            tool: self.any_name("get_customer"),
            dataset: self.any_name("customers"),
            purpose: self.any_name("support"),
            legal_bases: self.list(2, |m| m.code(LegalBasis::ALL, LegalBasis::code)),
            policy: self.maybe(|m| Policy {
                id: m.name("p-1"),
                version: m.any_name("v3"),
                decision: m.of(PolicyDecision::ALL),
            }),
            approval: self.maybe(|m| Approval { result: m.of(ApprovalResult::ALL), reference: m.any_text() }),
            break_glass_reason: self.any_text(),
            instruction: self.any_text(),
            links: Links {
                parents: ids(self),
                caused_by: ids(self),
                same_act_as: ids(self),
                corrects: ids(self),
                retracts: ids(self),
            },
            recipients,
            records: self.list(3, Self::record),
            records_asked: self.maybe(Self::quantity),
            records_delivered: self.maybe(Self::quantity),
            subjects,
            subjects_asked: self.maybe(Self::quantity),
            subjects_delivered: self.maybe(Self::quantity),
            determination,
            doubts: self.list(4, |m| m.of(Doubt::ALL)),
            protection: self.maybe(|m| Protection {
                encrypted: m.roll(2) == 0,
                pseudonymised: m.roll(2) == 0,
                key_id: m.any_name("key-1"),
            }),
            arguments: self.bytes(),
            result: self.bytes(),
            error: self.any_text(),
            catalogue: self.maybe(|m| CatalogueRef { version: m.name("catalogue-4"), digest: vec![9; 32] }),
            facts: self.list(3, |m| m.fact(t, listed)),
            agent_signature: None,
            provenance: self.of(Provenance::ALL),
        }
    }

    fn actor(&mut self) -> Actor {
        let (kind, name, identities) = self.party();
        Actor {
            kind,
            name,
            version: self.any_name("1.2"),
            model: self.any_name("gpt"),
            vendor: self.any_name("vendor-one"),
            region: self.any_name("eu"),
            identities,
        }
    }

    fn subject(&mut self, actors: u64, recipients: u64) -> Subject {
        Subject {
            kind: self.any_name("customer"),
            identities: self.identities(),
            categories: self.list(3, |m| {
                let direction = m.of(Direction::ALL);
                let rendered_to = match direction {
                    Direction::Rendered if recipients > 0 => vec![Eyes::Recipient(m.roll(recipients) as u32)],
                    Direction::Rendered => vec![Eyes::Actor(m.roll(actors) as u32)],
                    _ => Vec::new(),
                };
                CategoryUse { direction, categories: m.list(3, |m| m.code(Category::ALL, Category::code)), rendered_to }
            }),
            fields: self.list(2, |m| FieldUse {
                pointer: format!("/{}", m.any_text()),
                category: m.code(Category::ALL, Category::code),
                direction: m.of(Direction::ALL),
            }),
            records: self.list(2, Self::record),
        }
    }

    fn fact(&mut self, t: i64, listed: u64) -> Fact {
        let kind = self.of(FactKind::ALL);
        // What a fact of this kind may not lack is always there.
        let may_lack_party = matches!(kind, FactKind::Content | FactKind::Coverage);
        let party = if may_lack_party { self.maybe(Self::party) } else { Some(self.party()) };
        let (party, name, identities) = party.unwrap_or_default();
        let is_coverage = kind == FactKind::Coverage;
        Fact {
            kind,
            edge: self.of(Edge::ALL),
            resource: if is_coverage { self.any_name("customers") } else { self.name("customers") },
            party,
            name,
            identities,
            rights: self.list(2, |m| m.code(Verb::ALL, Verb::code)),
            categories: self.list(2, |m| m.code(Category::ALL, Category::code)),
            end: self.of(EndKind::ALL),
            end_earliest_us: if self.roll(2) == 0 { 0 } else { t },
            end_latest_us: if self.roll(2) == 0 { 0 } else { t + 9 },
            coverage: self.of(CoverageState::ALL),
            source: if is_coverage { self.name("gateway") } else { self.any_name("gateway") },
            subjects: if listed == 0 { Vec::new() } else { self.list(4, |m| m.roll(listed) as u32) },
            recoverable_until_us: if self.roll(2) == 0 { 0 } else { t + 99 },
            reference: self.any_text(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_declared_is_kept_and_only_registered_names_stand_in_the_open(seed: u64) {
        let action = Maker(seed).action();
        match admit_with(action.clone(), &registry()) {
            Ok(admitted) => check(&action, &admitted),
            Err(violations) => panic!("{violations:?}"),
        }
    }
}
