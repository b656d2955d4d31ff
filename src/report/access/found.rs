//! The entries of the person, and the acts they make up: what every count is made from.

use super::acts::{acts, amended, conversations, times};
use super::document::*;
use super::entry::{Material, People, materials};
use crate::model::*;
use crate::report::clock::ClockFacts;
use crate::report::code::Code;
use crate::report::evidence::{AccessQuestion, Amendment, Evidence, JudgedAct, Observation};
use crate::report::exposure::approval;
use crate::report::instant::Instant;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::entry::{CLOCK_NOT_SYNCHRONISED, TIME_CLAMPED};
use whosaw_verifier::hash::hex;

pub struct Found {
    /// Entries in which the person certainly has a part, ascending.
    pub entries: Vec<Entry>,
    /// By number, from 1.
    pub acts: Vec<Act>,
    /// Acts that only weakly linked parts speak of.
    pub weak: Vec<Act>,
    pub weak_entries: u64,
    pub conversations: Vec<ConversationFact>,
    /// Entries with a part of the person that the body does not describe.
    pub undescribed: u64,
    pub clock: ClockFacts,
    /// The person was asked for by a weak identity, which two people may share: nothing is certain of either.
    pub is_weak: bool,
    /// Entries that were corrected or taken back, by amendments that hold.
    pub replaced: BTreeSet<u64>,
    /// Other people by entry and part, counted from 1.
    pub numbers: BTreeMap<(EntryIndex, u32), PersonNumber>,
}

/// One act: its entries, and the union of what they say.
pub struct Act {
    pub class: Class,
    pub exposure: Exposure,
    /// The same if weakly linked parts in it are this person's too.
    pub class_at_most: Class,
    pub exposure_at_most: Exposure,
    /// Positions in [`Found::entries`]; none for an act that only weak parts speak of.
    pub entries: Vec<usize>,
    /// Position of the entry that says most; the first of these.
    pub speaker: usize,
    /// Who acted, by every certain entry.
    pub actors: BTreeSet<Party>,
    /// By weakly linked parts too: counted and not told.
    pub actors_at_most: BTreeSet<Party>,
    pub is_attempt_denied: bool,
}

impl Found {
    /// `evidence`: what else is known of these; of its observations those count that are given, below the size.
    pub fn of<'a>(
        certain: impl Iterator<Item = &'a Observation>,
        weak: impl Iterator<Item = &'a Observation>,
        amendments: &[Amendment],
        question: &AccessQuestion,
        evidence: &'a Evidence,
    ) -> Self {
        let is_weak = question.subject.strength == Strength::Weak;
        let mut all = materials(certain, if is_weak { Level::Possible } else { Level::Certain });
        let firm = all.len();
        all.extend(materials(weak, Level::Certain));
        let amended = amended(&all[..firm], amendments);
        for (at, corrects) in amended.corrects.iter().enumerate().filter(|(_, corrects)| !corrects.is_empty()) {
            let before = corrects.iter().map(|at| all[*at].exposure());
            all[at].told_before = before.fold(Exposure::NONE, |union, other| union.union(&other));
        }
        let numbers = acts(&all);
        let (certain, weak) = all.split_at(firm);
        let (belongs, conversations) = conversations(certain);
        let times = times(certain, &belongs, &evidence.history);
        let namings = evidence.namings.iter().filter(|naming| naming.index < question.size);
        let named = namings.flat_map(|naming| naming.rows.iter().copied()).collect();
        let mut people = People::of(&evidence.others, named);
        let mut entries = Vec::with_capacity(firm);
        let links = amended.corrected_by.into_iter().zip(amended.retracted_by).zip(amended.corrects);
        for (at, (((material, time), ((corrected, retracted), corrects)), conversation)) in
            certain.iter().zip(times).zip(links).zip(belongs).enumerate()
        {
            let act = ActNumber(numbers[at] as u64 + 1);
            let judged = evidence.judged.get(&material.index.0);
            let mut entry = entry(material, act, time, judged, &mut people);
            entry.conversation = conversation;
            (entry.corrected_by, entry.retracted_by) = (corrected, retracted);
            entry.corrects = corrects.into_iter().map(|at| certain[at].index).collect();
            entries.push(entry);
        }
        let own: BTreeSet<EntryIndex> = certain.iter().map(|material| material.index).collect();
        let mut made: Vec<Act> = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            add(&mut made, numbers[at], &all[at], entry.class, Some(at), entry.actors.first().map(|a| &a.party));
        }
        let mut strangers = People::default();
        for (at, material) in weak.iter().enumerate() {
            let actor = weak_actor(material, &mut strangers);
            add(&mut made, numbers[firm + at], material, material.class(), None, actor.as_ref());
        }
        let (acts, weak_acts) = made.into_iter().partition(|act| !act.entries.is_empty());
        Found {
            acts,
            weak: weak_acts,
            weak_entries: weak.iter().filter(|material| !own.contains(&material.index)).count() as u64,
            conversations,
            undescribed: certain.iter().filter(|material| material.undescribed).count() as u64,
            clock: clock(certain),
            is_weak,
            replaced: amended.replaced,
            numbers: people.into_numbers(),
            entries,
        }
    }

    /// The entries of an act.
    pub fn of_act<'a>(&'a self, act: &'a Act) -> impl Iterator<Item = &'a Entry> {
        act.entries.iter().map(|at| &self.entries[*at])
    }

    /// The entry that speaks for an act in merged lines.
    pub fn speaker(&self, act: &Act) -> &Entry {
        &self.entries[act.speaker]
    }

    /// When acts happened, all together. At least one act.
    pub fn times<'a>(&self, acts: impl IntoIterator<Item = &'a Act>) -> Option<Times> {
        let mut times: Option<Times> = None;
        for act in acts {
            let (mut claimed, mut gateway, mut replayed) = (None::<Span>, false, false);
            let mut recorded: Option<Span> = None;
            for entry in self.of_act(act) {
                let at = Span { from: entry.recorded_at, until: entry.recorded_at };
                recorded = Some(recorded.map_or(at.clone(), |known| Span::hull(&known, &at)));
                match &entry.time {
                    ActTime::Claimed { bounded, clock, .. } => {
                        claimed = Some(claimed.map_or(bounded.clone(), |known| Span::hull(&known, bounded)));
                        gateway |= clock.0 == TimeSource::Gateway;
                    }
                    ActTime::Replay { .. } => replayed = true,
                    ActTime::Unknown { .. } => {}
                }
            }
            let Some(recorded) = recorded else { continue };
            let known = times.get_or_insert_with(|| Times {
                occurred: None,
                recorded: recorded.clone(),
                gateway: 0,
                agent_clock: 0,
                replayed: 0,
                unknown: 0,
            });
            known.recorded = Span::hull(&known.recorded, &recorded);
            *match (claimed.is_some(), gateway, replayed) {
                (true, true, _) => &mut known.gateway,
                (true, false, _) => &mut known.agent_clock,
                (false, _, true) => &mut known.replayed,
                (false, _, false) => &mut known.unknown,
            } += 1;
            if let Some(span) = claimed {
                known.occurred = Some(known.occurred.as_ref().map_or(span.clone(), |known| Span::hull(known, &span)));
            }
        }
        times
    }
}

impl Act {
    /// Whether it moved data of the person, as far as is certain or possible.
    pub fn processed(&self) -> Level {
        match self.class {
            Class::Processed => Level::Certain,
            _ if matches!(self.class_at_most, Class::Processed | Class::Possible) => Level::Possible,
            _ => Level::None,
        }
    }
}

fn weak_actor(material: &Material<'_>, people: &mut People<'_>) -> Option<Party> {
    let actor = material.body.actors.first()?;
    let name = material.name(&actor.name, NamedField::ActorName, 0);
    Some(people.party(material, actor.kind, actor.part, name))
}

/// Adds what a material says to its act. Certain materials come first, and in ascending order.
fn add(
    acts: &mut Vec<Act>,
    number: usize,
    material: &Material<'_>,
    class: Class,
    entry: Option<usize>,
    actor: Option<&Party>,
) {
    let exposure = material.exposure();
    let certain = if entry.is_some() { exposure.clone() } else { Exposure::NONE };
    if number == acts.len() {
        acts.push(Act {
            // What only weak parts say is certain of nothing.
            class: if entry.is_some() { class } else { Class::OtherPart },
            exposure: certain,
            class_at_most: class,
            exposure_at_most: exposure,
            entries: entry.into_iter().collect(),
            speaker: entry.unwrap_or_default(),
            actors: actor.filter(|_| entry.is_some()).cloned().into_iter().collect(),
            actors_at_most: actor.cloned().into_iter().collect(),
            is_attempt_denied: material.body.outcome == Outcome::Denied,
        });
        return;
    }
    let act = &mut acts[number];
    act.class_at_most = act.class_at_most.min(class);
    act.exposure_at_most = act.exposure_at_most.union(&exposure);
    act.actors_at_most.extend(actor.cloned());
    let Some(at) = entry else { return };
    act.exposure = act.exposure.union(&certain);
    act.actors.extend(actor.cloned());
    act.entries.push(at);
    if class < act.class {
        (act.class, act.speaker) = (class, at);
        act.is_attempt_denied = material.body.outcome == Outcome::Denied;
    }
}

fn clock(materials: &[Material<'_>]) -> ClockFacts {
    let mut clock = ClockFacts::default();
    for material in materials {
        clock.recorded(material.first.flags);
        clock.told(material.first.recorded_at_us, material.body);
    }
    clock
}

fn entry(
    material: &Material<'_>,
    act: ActNumber,
    time: ActTime,
    judged: Option<&JudgedAct>,
    people: &mut People<'_>,
) -> Entry {
    let (body, observation) = (material.body, material.first);
    let exposure = material.exposure();
    let actors: Vec<ActorFact> = body
        .actors
        .iter()
        .enumerate()
        .map(|(i, actor)| ActorFact {
            party: people.party(material, actor.kind, actor.part, material.name(&actor.name, NamedField::ActorName, i)),
            version: material.name(&actor.version, NamedField::ActorVersion, i),
            model: material.name(&actor.model, NamedField::ActorModel, i),
            vendor: material.name(&actor.vendor, NamedField::ActorVendor, i),
            region: material.name(&actor.region, NamedField::ActorRegion, i),
        })
        .collect();
    let recipients: Vec<EntryRecipient> = body
        .recipients
        .iter()
        .enumerate()
        .map(|(i, recipient)| EntryRecipient {
            kind: Code(recipient.kind),
            party: people.party(
                material,
                recipient.party,
                recipient.part,
                material.name(&recipient.name, NamedField::RecipientName, i),
            ),
            country: Some(recipient.country.clone()).filter(|country| !country.is_empty()),
        })
        .collect();
    let shown_to = material.shown_to().filter_map(|at| match at {
        Eyes::Actor(at) => actors.get(at as usize).map(|actor| actor.party.clone()),
        Eyes::Recipient(at) => recipients.get(at as usize).map(|recipient| recipient.party.clone()),
    });
    let codes = |categories: BTreeSet<Category>| categories.into_iter().map(Code).collect::<Vec<_>>();
    let came_back = exposure.result != Level::None;
    let policy = body.policy.as_ref().and_then(|policy| {
        Some(EntryPolicy {
            id: material.name(&policy.id, NamedField::PolicyId, 0)?,
            version: material.name(&policy.version, NamedField::PolicyVersion, 0),
            decision: Code(policy.decision),
        })
    });
    Entry {
        index: material.index,
        act,
        leaf: hex(&observation.leaf),
        recorded_at: Instant::new(observation.recorded_at_us),
        class: material.class(),
        roles: material.roles().into_iter().map(Code).collect(),
        subject_kind: material.persons.iter().map(|person| person.kind.clone()).find(|kind| !kind.is_empty()),
        verb: Code(body.verb),
        outcome: Code(body.outcome),
        time,
        shown_to: shown_to.collect::<BTreeSet<_>>().into_iter().collect(),
        actors,
        recipients,
        tool: material.tool(),
        dataset: material.name(&body.dataset, NamedField::Dataset, 0),
        into_tool: codes(material.categories(Direction::Argument)),
        returned: if came_back { codes(material.categories(Direction::Result)) } else { Vec::new() },
        shown: codes(material.categories(Direction::Rendered)),
        fields: fields(material, came_back),
        records: records(material),
        records_unowned: material.content.map_or(0, |content| content.records.len() as u64),
        not_kept: body.not_kept.iter().copied().map(Code).collect(),
        cut: body.cut.iter().copied().map(Code).collect(),
        purpose: material.name(&body.purpose, NamedField::Purpose, 0),
        legal_bases: body.legal_bases.iter().copied().map(Code).collect(),
        policy,
        approval: (body.approval != ApprovalResult::Unspecified).then_some(Code(body.approval)),
        approved: judged.and_then(|judged| judged.approved).map(approval),
        break_glass: body.break_glass,
        authorisation: material.authorisation(judged),
        encrypted: body.protection.as_ref().is_some_and(|protection| protection.encrypted),
        pseudonymised: body.protection.as_ref().is_some_and(|protection| protection.pseudonymised),
        source: body.source.as_ref().and_then(|s| material.name(&s.name, NamedField::SourceName, 0)),
        caller: body.caller.as_ref().and_then(|caller| material.name(&caller.name, NamedField::CallerName, 0)),
        assurance: Code(body.caller.as_ref().map(|caller| caller.assurance).unwrap_or_default()),
        provenance: Code(body.provenance),
        agent_signed: body.agent_signature.is_some(),
        conversation: None,
        call_id: material.content.map(|content| content.call_id.clone()).filter(|id| !id.is_empty()),
        determination: Code(determination(body)),
        doubts: body.doubts.iter().copied().map(Code).collect(),
        clamped: observation.flags & TIME_CLAMPED != 0,
        not_synchronised: observation.flags & CLOCK_NOT_SYNCHRONISED != 0,
        content_closed: material.content_closed(),
        corrects: Vec::new(),
        corrected_by: Vec::new(),
        retracted_by: Vec::new(),
        exposure,
    }
}

fn fields(material: &Material<'_>, came_back: bool) -> Vec<EntryField> {
    let mut found: Vec<EntryField> = Vec::new();
    for field in material.persons.iter().flat_map(|person| &person.fields) {
        let field = EntryField {
            pointer: field.pointer.clone(),
            category: Code(field.category),
            direction: Code(field.direction),
        };
        if (came_back || field.direction.0 != Direction::Result) && !found.contains(&field) {
            found.push(field);
        }
    }
    found
}

fn records(material: &Material<'_>) -> Vec<EntryRecord> {
    let mut found: Vec<EntryRecord> = Vec::new();
    for record in material.persons.iter().flat_map(|person| &person.records) {
        let record = EntryRecord { dataset: record.dataset.clone(), id: record.id.clone(), scope: Code(record.scope) };
        if !found.contains(&record) {
            found.push(record);
        }
    }
    found
}
