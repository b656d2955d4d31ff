//! What holds in force keep from erasure and retention. A hold over persons alone, or over everything, keeps persons whole:
//! their erasure is blocked. Any other keeps single parts: the erasure is done, and these parts stay under the matter's key.

use super::read::join_content;
use super::{EngineError, Kind, OpenLedger};
use crate::ledger::StoredEntry;
use crate::model::*;
use crate::report::evidence::KeptApart;
use crate::vault::{
    Fate, Hold, Kept, OpenError, PartPlace, PersonId, Secret, StandingId, conversation_hash, identity_of,
};
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::body::{Body, ErasureBody};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::part::Part;

/// Holds in force, and whom and what they reach.
pub(super) struct Held {
    holds: Vec<HeldBy>,
    /// Whom those of whole persons name.
    pub everybody: BTreeSet<PersonId>,
    /// Entries in which one of these shares content: it opens with all sharers' keys together, so none of them can go.
    shared: BTreeSet<u64>,
}

struct HeldBy {
    matter: StandingId,
    hold: Hold,
    persons: BTreeSet<PersonId>,
    /// Hashes of those in which they stood: of one that was erased nothing else is left in what is kept.
    conversations: BTreeSet<Hash>,
}

/// The requests for which persons go, by what the erasure entry has of each.
pub(super) type Tokens = BTreeMap<PersonId, BTreeSet<Vec<u8>>>;

impl Held {
    pub fn is_empty(&self) -> bool {
        self.holds.is_empty()
    }

    fn of_whole_persons(&self) -> impl Iterator<Item = &HeldBy> {
        self.holds.iter().filter(|held| held.hold.is_of_whole_persons())
    }

    /// Why these ids of one person must not be erased, where a hold of whole persons covers any of them, or content in one
    /// of these entries, in which the person stands.
    pub fn over(&self, whole: &[PersonId], indexes: &BTreeSet<u64>) -> Option<Exemption> {
        let shares = !indexes.is_disjoint(&self.shared);
        let covers = |held: &HeldBy| {
            held.persons.is_empty() || shares || whole.iter().any(|person| held.persons.contains(person))
        };
        self.of_whole_persons().find(|held| covers(held)).map(|held| held.hold.exemption)
    }
}

impl HeldBy {
    fn of(matter: StandingId, hold: Hold) -> Result<Self, EngineError> {
        let persons = hold.persons()?.into_iter().collect();
        Ok(HeldBy { matter, hold, persons, conversations: BTreeSet::new() })
    }

    /// Whether it reaches these persons, or this conversation, as far as it names any.
    fn reaches(&self, persons: &BTreeSet<PersonId>, conversation: Option<&Hash>) -> bool {
        self.persons.is_empty()
            || !self.persons.is_disjoint(persons)
            || conversation.is_some_and(|hash| self.conversations.contains(hash))
    }
}

impl OpenLedger {
    /// All holds in force, with what has to be looked up of them once.
    pub(super) fn held(&self) -> Result<Held, EngineError> {
        let holds = self.holds().into_iter().map(|(matter, hold)| self.held_by(matter, hold));
        let mut held =
            Held { holds: holds.collect::<Result<_, _>>()?, everybody: BTreeSet::new(), shared: BTreeSet::new() };
        held.everybody = held.of_whole_persons().flat_map(|held| held.persons.iter().copied()).collect();
        let mut indexes = BTreeSet::new();
        for person in &held.everybody {
            indexes.extend(self.indexes_of(std::slice::from_ref(person))?);
        }
        let indexes: Vec<u64> = indexes.into_iter().collect();
        for chunk in indexes.chunks(256) {
            for entry in self.entries_at(chunk)? {
                let body = entry.body();
                if let Some(Ok(body)) = body
                    && body.parts().iter().any(|group| !group.shared_by.is_empty())
                {
                    held.shared.insert(entry.header.index);
                }
            }
        }
        Ok(held)
    }

    /// A hold with everybody whom it names by now: whoever was linked since, too, and the conversations they stood in, which
    /// content that names nobody is sealed for.
    fn held_by(&self, matter: StandingId, hold: Hold) -> Result<HeldBy, EngineError> {
        let mut held = HeldBy::of(matter, hold)?;
        for named in held.persons.clone() {
            held.persons.extend(self.vault.linked(named)?);
        }
        let named: Vec<PersonId> = held.persons.iter().copied().collect();
        for conversation in self.conversations_of(&named)? {
            held.persons.extend(self.conversation_holder(&conversation)?);
            held.conversations.insert(conversation_hash(&conversation));
        }
        Ok(held)
    }

    /// Why these ids of one person must not be erased, if a hold is in the way.
    pub(super) fn hold_over(&self, held: &Held, whole: &[PersonId]) -> Result<Option<Exemption>, EngineError> {
        if held.is_empty() {
            return Ok(None);
        }
        Ok(held.over(whole, &self.indexes_of(whole)?))
    }

    /// The same, if a hold or an open case is in the way. Blocks.
    pub(super) fn holds_over(&self, held: &Held, whole: &[PersonId]) -> Result<Option<Exemption>, EngineError> {
        if let Some(exemption) = self.hold_over(held, whole)? {
            return Ok(Some(exemption));
        }
        // To document a breach is what the law asks of the controller (GDPR Art. 33(5)).
        Ok(self.is_needed_by_cases(whole)?.then_some(Exemption::LegalObligation))
    }

    /// Entries with parts of these ids.
    fn indexes_of(&self, whole: &[PersonId]) -> Result<BTreeSet<u64>, EngineError> {
        let mut indexes = BTreeSet::new();
        for id in whole {
            indexes.extend(self.vault.occurrences(*id)?.into_iter().map(|place| place.index));
        }
        Ok(indexes)
    }

    /// Matters that keep a part of these persons, or of this conversation, in this entry.
    pub(super) fn keeping(
        &self,
        held: &Held,
        entry: &StoredEntry,
        persons: &BTreeSet<PersonId>,
        conversation: Option<&Hash>,
    ) -> Result<BTreeSet<StandingId>, EngineError> {
        let mut matters = BTreeSet::new();
        for held in held.holds.iter().filter(|held| held.reaches(persons, conversation)) {
            if self.is_within(&held.hold, entry)? {
                matters.insert(held.matter);
            }
        }
        Ok(matters)
    }

    /// Whether a hold keeps an entry's body. Where it names persons, their parts stay, and a body outlives every part.
    pub(super) fn keeps_body(&self, held: &Held, entry: &StoredEntry) -> Result<bool, EngineError> {
        Ok(held.shared.contains(&entry.header.index) || !self.keeping(held, entry, &BTreeSet::new(), None)?.is_empty())
    }

    /// Whether an entry is within a hold's datasets, agents and time. Content that was sealed anew is where it stood first.
    fn is_within(&self, hold: &Hold, entry: &StoredEntry) -> Result<bool, EngineError> {
        let body = entry.body();
        if let Some(Ok(Body::Erasure(erasure))) = &body {
            let cited: BTreeSet<u64> = erasure.cites.iter().map(|place| place.index).collect();
            // Below this entry only, so that it ends whatever a body says.
            for index in cited.range(..entry.header.index) {
                if let Some(cited) = self.ledger.entry(*index)?
                    && self.is_within(hold, &cited)?
                {
                    return Ok(true);
                }
            }
        }
        let at = entry.header.recorded_at_us;
        if at < hold.from_us || (hold.until_us != 0 && at >= hold.until_us) {
            return Ok(false);
        }
        Ok(match body {
            Some(Ok(Body::Action(action))) => {
                let fits = |list: &[String], name: &str| list.is_empty() || list.iter().any(|held| held == name);
                // A name that was not registered when this was recorded stands sealed, and may be the one that is held.
                let sealed = |field: NamedField| action.sealed_names.contains(&field);
                let of_datasets = [NamedField::Dataset, NamedField::FactResource, NamedField::RecordDataset];
                (hold.datasets.is_empty()
                    || of_datasets.into_iter().any(sealed)
                    || action.datasets().any(|name| fits(&hold.datasets, name)))
                    && (hold.agents.is_empty()
                        || sealed(NamedField::ActorName)
                        || action.actors.iter().any(|actor| fits(&hold.agents, &actor.name)))
            }
            // What cannot be read is held rather than lost.
            Some(Err(_)) | None => true,
            Some(Ok(_)) => hold.datasets.is_empty() && hold.agents.is_empty(),
        })
    }

    /// How many rows of matters in force are about each person. They are written anew where the person asks to be erased.
    pub(super) fn kept_by_person(&self, held: &Held) -> Result<BTreeMap<PersonId, usize>, EngineError> {
        let mut counts = BTreeMap::new();
        for by in &held.holds {
            for person in self.vault.kept_by(&by.matter)?.into_iter().flat_map(|kept| kept.persons) {
                *counts.entry(person).or_default() += 1;
            }
        }
        Ok(counts)
    }

    /// Takes out of a fate what matters keep: those in force, and of those that are over the ones whose turn this is not, so
    /// that each place is covered once. Blocks.
    pub(super) fn keep_held(
        &self,
        mut fate: Fate,
        tokens: &Tokens,
        over: &BTreeSet<StandingId>,
    ) -> Result<Fate, EngineError> {
        let held = self.held()?;
        if held.is_empty() && fate.kept.values().all(|(_, matters)| matters.is_subset(over)) {
            return Ok(fate);
        }
        let looked_at = fate.places.clone();
        let mut by_entry: BTreeMap<u64, Vec<PartPlace>> = BTreeMap::new();
        for place in &fate.places {
            by_entry.entry(place.index).or_default().push(*place);
        }
        let indexes: Vec<u64> = by_entry.keys().copied().collect();
        for chunk in indexes.chunks(256) {
            for entry in self.entries_at(chunk)? {
                for place in &by_entry[&entry.header.index] {
                    self.keep_place(&entry, *place, &held, (tokens, over), &mut fate)?;
                }
            }
        }
        self.tell_of_earlier(&held, tokens, &looked_at, &mut fate)?;
        Ok(fate)
    }

    /// Who goes now learns by their token also of what matters have kept of them since an earlier batch, or a purge.
    fn tell_of_earlier(
        &self,
        held: &Held,
        tokens: &Tokens,
        looked_at: &BTreeSet<PartPlace>,
        fate: &mut Fate,
    ) -> Result<(), EngineError> {
        if tokens.is_empty() {
            return Ok(());
        }
        for by in &held.holds {
            for mut kept in self.vault.kept_by(&by.matter)? {
                let known = kept.tokens.len();
                kept.tokens.extend(kept.persons.iter().filter_map(|person| tokens.get(person)).flatten().cloned());
                if kept.tokens.len() > known && !looked_at.contains(&kept.place) {
                    fate.keep(&kept, &BTreeSet::from([by.matter]));
                }
            }
        }
        Ok(())
    }

    fn keep_place(
        &self,
        entry: &StoredEntry,
        place: PartPlace,
        held: &Held,
        (tokens, over): (&Tokens, &BTreeSet<StandingId>),
        fate: &mut Fate,
    ) -> Result<(), EngineError> {
        let (known, mut matters) = match fate.kept.get(&place) {
            Some((kept, by)) => (Some(kept.clone()), by.clone()),
            None => (None, BTreeSet::new()),
        };
        matters.retain(|matter| !over.contains(matter));
        let mut persons = known.as_ref().map(|kept| kept.persons.clone()).unwrap_or_default();
        let mut conversation = known.as_ref().and_then(|kept| kept.conversation);
        for reader in self.vault.readers_of(place)? {
            persons.extend(self.vault.linked(reader)?);
            if conversation.is_none() {
                conversation = self.conversation_of(reader)?.map(|name| conversation_hash(&name));
            }
        }
        matters.extend(self.keeping(held, entry, &persons, conversation.as_ref())?);
        if matters.is_empty() {
            return Ok(());
        }
        let mut kept = match known {
            Some(kept) => kept,
            None => match self.secret_of(entry, place)? {
                Some(p) => {
                    let (persons, tokens) = (BTreeSet::new(), BTreeSet::new());
                    Kept { place, p, persons, tokens, conversation, since: self.vault.next_generation() }
                }
                None => return Ok(()),
            },
        };
        kept.tokens.extend(persons.iter().filter_map(|person| tokens.get(person)).flatten().cloned());
        kept.persons = persons;
        fate.keep(&kept, &matters);
        Ok(())
    }

    /// What opens this part alone; nothing where nobody can open it by now.
    fn secret_of(&self, entry: &StoredEntry, place: PartPlace) -> Result<Option<Secret>, EngineError> {
        let Some(sealed) = self.ledger.part(place.index, place.ordinal)?.and_then(|part| part.sealed) else {
            return Ok(None);
        };
        match self.vault.disclose(place, &entry.header.body_commitment, &sealed) {
            Ok(p) => Ok(Some(Secret::new(p))),
            Err(OpenError::NoKey) => Ok(None),
            Err(error @ (OpenError::Forged | OpenError::Unreadable)) => {
                let PartPlace { index, ordinal } = place;
                tracing::error!(index, ordinal, %error, "a part that a matter keeps cannot be read; it goes");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Of what other matters keep already, what this one keeps too; of those that are over until their batch runs. Blocks.
    pub(super) fn kept_too(&self, matter: StandingId, hold: &Hold) -> Result<Vec<Kept>, EngineError> {
        let mut by = self.held_by(matter, hold.clone())?;
        let others = self.matters();
        let mut all: BTreeMap<PartPlace, (StandingId, Kept)> = BTreeMap::new();
        for other in others {
            all.extend(self.vault.kept_by(&other)?.into_iter().map(|kept| (kept.place, (other, kept))));
        }
        self.follow_kept(&mut by, &all)?;
        let held = Held { holds: vec![by], everybody: BTreeSet::new(), shared: BTreeSet::new() };
        let mut found = Vec::new();
        for (place, (_, kept)) in all {
            let Some(entry) = self.ledger.entry(place.index)? else { continue };
            if !self.keeping(&held, &entry, &kept.persons, kept.conversation.as_ref())?.is_empty() {
                found.push(kept);
            }
        }
        Ok(found)
    }

    /// Matters in force, and those that are over until their batch runs.
    fn matters(&self) -> Vec<StandingId> {
        let standing = self.vault.standing();
        standing.holds.keys().chain(standing.released.keys()).copied().collect()
    }

    /// What only kept parts tell of the persons whom a matter names: as whom they were known before they were erased, and of
    /// content that they shared with somebody who is gone, in which conversation they stood.
    fn follow_kept(&self, by: &mut HeldBy, all: &BTreeMap<PartPlace, (StandingId, Kept)>) -> Result<(), EngineError> {
        let mut named = BTreeSet::new();
        for person in &by.persons {
            named.extend(self.vault.identities(*person)?.into_iter().filter(|it| it.strength == Strength::Strong));
        }
        if named.is_empty() {
            return Ok(());
        }
        let mut contents: BTreeMap<u64, Vec<(&Kept, Part)>> = BTreeMap::new();
        for (place, (other, kept)) in all {
            let PartPlace { index, ordinal } = *place;
            let (Some(entry), Some(part)) = (self.ledger.entry(index)?, self.ledger.part(index, ordinal)?) else {
                continue;
            };
            let Some(sealed) = part.sealed else { continue };
            match self.vault.open_kept(other, *place, &entry.header.body_commitment, &sealed) {
                Ok(part) => {
                    let identities = part.person.iter().flat_map(|person| &person.identities);
                    if identities.map(identity_of).any(|identity| named.contains(&identity)) {
                        by.persons.extend(&kept.persons);
                    }
                    contents.entry(index).or_default().push((kept, part));
                }
                Err(error @ (OpenError::Forged | OpenError::Unreadable | OpenError::NoKey)) => {
                    tracing::error!(index, ordinal, %error, "what a matter keeps cannot be read, nor whom it is about");
                }
                Err(error) => return Err(error.into()),
            }
        }
        for parts in contents.values() {
            let theirs = parts.iter().filter(|(kept, _)| !by.persons.is_disjoint(&kept.persons));
            let content = join_content(theirs.map(|(_, part)| part));
            let name = content.map(|content| content.conversation).filter(|name| !name.is_empty());
            by.conversations.extend(name.map(|name| conversation_hash(&name)));
        }
        Ok(())
    }

    /// How many parts of these persons below this size only matters keep, by the erasure entry that closed them. Which they
    /// are changes with the vault's generation alone: a later matter keeps what is kept, and what was released goes with a
    /// batch. Blocks.
    pub(super) fn kept_apart(&self, persons: &BTreeSet<PersonId>, size: u64) -> Result<Vec<KeptApart>, EngineError> {
        let matters = self.matters();
        let mut since: BTreeMap<PartPlace, u64> = BTreeMap::new();
        for matter in matters {
            let kept = self.vault.kept_by(&matter)?.into_iter();
            let theirs = kept.filter(|kept| kept.place.index < size && !kept.persons.is_disjoint(persons));
            since.extend(theirs.map(|kept| (kept.place, kept.since)));
        }
        let mut found: BTreeMap<u64, u64> = BTreeMap::new();
        if since.is_empty() {
            return Ok(Vec::new());
        }
        let entries = self.erasure_entries()?;
        for generation in since.into_values() {
            let turn = |body: &ErasureBody| body.state == ErasureState::Inaccessible && body.generation == generation;
            let entry = entries.iter().find(|(_, body)| turn(body)).map(|(index, _)| *index);
            let missing = || EngineError::new(Kind::Corrupt, "no erasure entry is of the generation of a kept part");
            *found.entry(entry.ok_or_else(missing)?).or_default() += 1;
        }
        Ok(found.into_iter().map(|(by, parts)| KeptApart { by, parts }).collect())
    }

    /// The conversation that this holder is, if it is one.
    fn conversation_of(&self, holder: PersonId) -> Result<Option<String>, EngineError> {
        let mut names = self.vault.identities(holder)?.into_iter().filter(|it| it.namespace == CONVERSATION);
        Ok(names.next().and_then(|mut holder| holder.fields.pop()))
    }
}
