//! The access report: finds every entry that concerns one person, proves each, and records that the report was made.

use super::read::join_content;
use super::{EngineError, Kind, OpenLedger};
use crate::admit::events;
use crate::exposure::{Filter, Term, TermKind};
use crate::ledger::{Published, StoredEntry};
use crate::model::*;
use crate::report::evidence::{
    AccessQuestion, Coverage, Downtime, Envelope, Evidence, Head, Observation, ObservedBody, Search, Undetermined,
};
use crate::vault::{DataKey, OpenError, PartPlace, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use whosaw_verifier::body::{Body, ReportBody};
use whosaw_verifier::entry::body_commitment;
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::{self, verify_inclusion};
use whosaw_verifier::part::Part;

/// A report waits so long for projections to be complete up to its size; then it is refused rather than incomplete.
const PROJECTIONS: Duration = Duration::from_secs(60);

impl OpenLedger {
    /// The question with its defaults filled in: the size now, and when the last entry below it was recorded.
    pub fn access_question(
        &self,
        subject: Identity,
        size: u64,
        cut_off_us: Option<u64>,
    ) -> Result<AccessQuestion, EngineError> {
        let size = if size == 0 { self.ledger.published().size } else { size };
        let head = self.head(size)?;
        Ok(AccessQuestion { subject, size, cut_off_us: cut_off_us.unwrap_or(head.recorded_at_us) })
    }

    /// Everything that answers the question. Blocks; `progress` hears how many sealed parts of how many were tried.
    pub fn access_evidence(
        &self,
        question: &AccessQuestion,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Evidence, EngineError> {
        let head = self.head(question.size)?;
        if self.follow.wait_for(head.size, PROJECTIONS) < head.size {
            return Err(EngineError::precondition("the projections do not reach this size yet; try again, or rebuild them"));
        }
        let person = self.vault.find(&question.subject)?;
        let certain = person.map(|person| self.vault.linked(person)).transpose()?.unwrap_or_default();
        let weak = person.map(|person| self.vault.weakly_linked(person)).transpose()?.unwrap_or_default();
        let mut identities: Vec<Identity> = Vec::new();
        for person in &certain {
            for identity in self.vault.identities(*person)? {
                if !identities.contains(&identity) {
                    identities.push(identity);
                }
            }
        }
        identities.sort_unstable();
        let (certain, possible) = (self.places(&certain, head.size)?, self.places(&weak, head.size)?);
        let keys: Vec<Arc<DataKey>> = certain.keys.iter().chain(&possible.keys).cloned().collect();
        let scan = self.vault.scan_parts(&keys, head.size, progress)?;
        let mut search = Search { parts_tried: scan.tried, rows_missing: 0, entries_proved: 0 };
        let mut certain_places = certain.places;
        let mut possible_places = possible.places;
        for found in scan.found {
            let places = if found.key < certain.keys.len() { &mut certain_places } else { &mut possible_places };
            search.rows_missing += u64::from(places.insert(found.place));
        }
        let observations = self.observe(&certain_places, &head, &mut search)?;
        let possible = self.observe(&possible_places, &head, &mut search)?;
        Ok(Evidence {
            identities,
            observations,
            possible,
            undetermined: self.undetermined(head.size)?,
            coverage: self.coverage(head.size)?,
            downtimes: self.downtimes(head.size)?,
            search,
            registry: self.registry_at(head.size)?,
            head,
        })
    }

    /// Records that a report left the house: sealed for the person it was about. Answers the entry's index.
    pub async fn record_report(
        &self,
        question: &AccessQuestion,
        question_json: Vec<u8>,
        envelope: &Envelope,
        head: &Head,
        caller: &Caller,
    ) -> Result<u64, EngineError> {
        let body = ReportBody {
            report_type: ReportType::Access,
            report_id: envelope.report_id.to_vec(),
            size: head.size,
            root: head.root.to_vec(),
            cut_off_us: question.cut_off_us,
            generation: head.vault_generation,
            ..ReportBody::default()
        };
        let registry = &self.names().registry;
        let admitted =
            events::report_produced(body, question_json, question.subject.clone(), caller.clone(), registry);
        Ok(self.record(admitted).await?.index)
    }

    /// The question and envelope, as canonical JSON, that the entry at `index` recorded when a report was produced.
    pub fn recorded_question(&self, index: u64) -> Result<(ReportBody, Vec<u8>), EngineError> {
        let not_a_report = || EngineError::invalid("index", "is not an entry that records the production of a report");
        let entry = self.ledger.entry(index)?.ok_or_else(|| EngineError::new(Kind::OutOfRange, "no such entry"))?;
        let body = entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body));
        let Some(Ok(Body::ReportProduced(body))) = body else { return Err(not_a_report()) };
        let opened = self.open_entry(entry)?;
        let parts = opened.parts.iter().filter_map(|part| match &part.state {
            super::PartState::Open(part) => Some(&**part),
            _ => None,
        });
        match join_content(parts).map(|content| content.question) {
            Some(question) if !question.is_empty() => Ok((body, question)),
            _ => Err(EngineError::precondition("the question of this report can no longer be opened")),
        }
    }

    fn head(&self, size: u64) -> Result<Head, EngineError> {
        let published: Arc<Published> = self.ledger.checkpoint(size)?;
        Ok(Head {
            origin: self.origin().to_owned(),
            verifier_key: self.ledger.verifier_key().to_owned(),
            size: published.size,
            root: published.root,
            checkpoint: published.checkpoint.to_string(),
            recorded_at_us: published.recorded_at_us,
            vault_generation: self.vault.generation(),
            custodian: self.vault.custodian_class().to_owned(),
        })
    }

    fn places(&self, persons: &[PersonId], size: u64) -> Result<Places, EngineError> {
        let (mut keys, mut places) = (Vec::new(), BTreeSet::new());
        for person in persons {
            keys.extend(self.vault.keys_of(*person)?);
            places.extend(self.vault.occurrences(*person)?.into_iter().filter(|place| place.index < size));
        }
        Ok(Places { keys, places })
    }

    /// Opens the person's parts, entry by entry, and proves each entry before it counts.
    fn observe(
        &self,
        places: &BTreeSet<PartPlace>,
        head: &Head,
        search: &mut Search,
    ) -> Result<Vec<Observation>, EngineError> {
        let mut by_entry: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for place in places {
            by_entry.entry(place.index).or_default().push(place.ordinal);
        }
        let indexes: Vec<u64> = by_entry.keys().copied().collect();
        let mut observations = Vec::with_capacity(by_entry.len());
        for chunk in indexes.chunks(256) {
            for entry in self.entries_at(chunk)? {
                let ordinals = &by_entry[&entry.header.index];
                let opened = self.open_proved(&entry, ordinals, head)?;
                search.entries_proved += 1;
                observations.extend(observation(&entry, opened)?);
            }
        }
        Ok(observations)
    }

    /// The parts at `ordinals`, opened, after the entry was proved to stand in the head's tree with this very content.
    fn open_proved(
        &self,
        entry: &StoredEntry,
        ordinals: &[u32],
        head: &Head,
    ) -> Result<Vec<(u32, Part)>, EngineError> {
        let index = entry.header.index;
        let broken = |what: &str| EngineError::new(Kind::Corrupt, format!("entry {index} {what}; no report can be made"));
        let proof = self.ledger.inclusion_proof(index, head.size)?;
        verify_inclusion(&entry.leaf, index, head.size, &proof, &head.root)
            .map_err(|_| broken("does not stand in the signed tree"))?;
        if let Some((salt, body)) = &entry.content
            && body_commitment(self.ledger.origin_hash(), salt, body) != entry.header.body_commitment
        {
            return Err(broken("has a body that is not the one it commits to"));
        }
        let parts = self.ledger.parts(index, entry.header.parts)?;
        let leaves: Vec<Hash> = parts.iter().map(|part| part.leaf).collect();
        if merkle::root(&leaves) != entry.header.parts_root {
            return Err(broken("has parts that are not those it commits to"));
        }
        let mut opened = Vec::with_capacity(ordinals.len());
        for ordinal in ordinals {
            let Some(sealed) = parts.get(*ordinal as usize).and_then(|part| part.sealed.as_ref()) else { continue };
            if whosaw_verifier::seal::part_leaf(sealed) != leaves[*ordinal as usize] {
                return Err(broken("has a part that was altered"));
            }
            let place = PartPlace { index, ordinal: *ordinal };
            match self.vault.open_part(place, &entry.header.body_commitment, sealed) {
                Ok(part) => opened.push((*ordinal, part)),
                // Shared with somebody who was erased: what is left of the entry still says that there was an access.
                Err(OpenError::NoKey) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(opened)
    }

    fn undetermined(&self, size: u64) -> Result<Vec<Undetermined>, EngineError> {
        let counts = self.follow.follower().undetermined(size)?;
        Ok(counts
            .into_iter()
            .map(|count| Undetermined {
                determination: count.determination,
                tool: count.tool,
                doubt: count.doubt,
                outcome: count.outcome,
                count: count.count,
                first: count.first,
                last: count.last,
            })
            .collect())
    }

    /// What sources were logging, as they said, and what was refused to them.
    fn coverage(&self, size: u64) -> Result<Vec<Coverage>, EngineError> {
        let mut found = Vec::new();
        let verbs = [Verb::CoverageStart, Verb::CoverageStop, Verb::CoverageHeartbeat];
        let terms = verbs.map(|verb| Term::new(TermKind::Verb, verb.code()));
        for term in terms.into_iter().chain([Term::new(TermKind::EntryKind, EntryKind::Coverage.code())]) {
            for entry in self.entries_under(term, size)? {
                let index = entry.header.index;
                match entry.content.as_ref().map(|(_, body)| Body::decode(entry.header.kind, body)) {
                    Some(Ok(Body::Coverage(body))) => found.push(Coverage {
                        index,
                        source: body.source,
                        state: body.state,
                        from_us: body.from_us,
                        until_us: body.until_us,
                        refused: body.refused,
                    }),
                    Some(Ok(Body::Action(action))) => {
                        let claimed = action.occurred.as_ref().map_or(0, |occurred| occurred.earliest_us);
                        let facts = action.facts.iter().filter(|fact| fact.kind == FactKind::Coverage);
                        found.extend(facts.map(|fact| Coverage {
                            index,
                            source: fact.source.clone(),
                            state: fact.coverage,
                            from_us: claimed,
                            until_us: fact.end_latest_us,
                            refused: 0,
                        }));
                    }
                    _ => {}
                }
            }
        }
        found.sort_unstable_by_key(|coverage| coverage.index);
        Ok(found)
    }

    fn downtimes(&self, size: u64) -> Result<Vec<Downtime>, EngineError> {
        let entries = self.entries_under(Term::new(TermKind::EntryKind, EntryKind::WriterEpoch.code()), size)?;
        Ok(entries
            .into_iter()
            .filter_map(|entry| {
                let (_, body) = entry.content.as_ref()?;
                let Ok(Body::WriterEpoch(epoch)) = Body::decode(entry.header.kind, body) else { return None };
                let (from_us, until_us) = (epoch.last_recorded_us, entry.header.recorded_at_us);
                // The first start follows the genesis entry: nothing was running before.
                (epoch.epoch > 2).then_some(Downtime { index: entry.header.index, from_us, until_us })
            })
            .collect())
    }

    fn entries_under(&self, term: Term, size: u64) -> Result<Vec<StoredEntry>, EngineError> {
        let filter = Filter { terms: vec![term], ..Filter::default() };
        let (mut entries, mut from) = (Vec::new(), Some(0));
        while let Some(at) = from {
            let page = self.follow.follower().query(&filter, at, size, 4_096)?;
            entries.extend(self.entries_at(&page.indexes)?);
            from = page.next;
        }
        Ok(entries)
    }
}

struct Places {
    keys: Vec<Arc<DataKey>>,
    places: BTreeSet<PartPlace>,
}

/// One observation of an entry: the person's own part, and the content if it opened.
fn observation(entry: &StoredEntry, opened: Vec<(u32, Part)>) -> Result<Option<Observation>, EngineError> {
    let header = &entry.header;
    let body = match entry.content.as_ref().map(|(_, body)| Body::decode(header.kind, body)) {
        Some(Ok(Body::Action(action))) => ObservedBody::Action(action),
        Some(Ok(Body::ReportProduced(report))) => ObservedBody::Report(report),
        // A request to read this person's entries, and other events of the ledger's own, are not accesses to data.
        Some(Ok(_)) | None => return Ok(None),
        Some(Err(error)) => {
            let text = format!("entry {} says something this version does not know: {error}", header.index);
            return Err(EngineError::precondition(text));
        }
    };
    let content = join_content(opened.iter().map(|(_, part)| part));
    let own = opened.iter().find(|(_, part)| part.person.is_some()).or(opened.first());
    Ok(Some(Observation {
        index: header.index,
        ordinal: own.map_or(0, |(ordinal, _)| *ordinal),
        leaf: entry.leaf,
        recorded_at_us: header.recorded_at_us,
        flags: header.flags,
        body,
        person: own.and_then(|(_, part)| part.person.clone()),
        content,
    }))
}
