//! The access report: finds every entry that concerns one person, proves each, and records that the report was made.

use super::again::{Again, made};
use super::exposure::said;
use super::judged::Judging;
use super::observed::{Observed, involved_of, is_one_of, requests_of};
use super::proving::Proving;
use super::read::join_content;
use super::suppressed::{Orders, OrdersOver};
use super::{EngineError, Kind, OpenLedger, PartState, Statements};
use crate::admit::events;
use crate::exposure::{BLOCK, Filter, Term, TermKind};
use crate::ledger::{Published, StoredEntry};
use crate::model::*;
use crate::report::edition::Edition;
use crate::report::evidence::{
    AccessQuestion, Amendment, Coverage, Downtime, Envelope, Evidence, Head, LedgerRead, Naming, Observation, Removed,
    Search, Undetermined,
};
use crate::report::language::Language;
use crate::report::logging::statements;
use crate::report::person::{KnownThen, known_then, stated_then, strength_of};
use crate::report::question::{RecordedQuestion, cut_off_violation};
use crate::report::{self, Report};
use crate::vault::{self, DataKey, OpenError, PartPlace, PersonId};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;
use whosaw_verifier::body::{Body, LedgerAccessBody, PrunedBodies, ReportBody};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::{self, verify_inclusion};
use whosaw_verifier::part::{ContentPart, Part};

/// A report waits so long for projections to be complete up to its size; then it is refused rather than incomplete.
const PROJECTIONS: Duration = Duration::from_secs(60);

impl OpenLedger {
    /// The question with its defaults filled in: the size now, and when the last entry below it was recorded.
    pub fn access_question(
        &self,
        subject: Identity,
        size: u64,
        cut_off_us: Option<u64>,
        edition: Edition,
    ) -> Result<AccessQuestion, EngineError> {
        let (size, cut_off_us) = self.as_of(size, cut_off_us)?;
        // Once, here: everything that was recorded is in this form already.
        let subject = vault::normal(&subject);
        let person = self.vault.find(&subject)?;
        let known = person.map(|person| self.vault.identities(person)).transpose()?.unwrap_or_default();
        let subject = Identity { strength: strength_of(&subject, &known), ..subject };
        Ok(AccessQuestion { subject, size, cut_off_us, supersedes: None, edition, statements: Statements::default() })
    }

    /// The size and cut-off of a question, with what was left out filled in.
    pub(super) fn as_of(&self, size: u64, cut_off_us: Option<u64>) -> Result<(u64, u64), EngineError> {
        let published = self.ledger.published().size;
        if size > published {
            let text = format!("tree_size lies outside the ledger, which has {published} entries");
            return Err(EngineError::new(Kind::OutOfRange, text));
        }
        let size = if size == 0 { published } else { size };
        let head = self.head(size)?;
        let cut_off_us = cut_off_us.unwrap_or(head.recorded_at_us);
        match cut_off_violation(cut_off_us, &head) {
            Some(wrong) => Err(EngineError::invalid("cut_off", wrong)),
            None => Ok((size, cut_off_us)),
        }
    }

    /// The head of a size, once the projections reach it.
    pub(super) fn projected_head(&self, size: u64) -> Result<Proving, EngineError> {
        let head = self.head(size)?;
        self.wait_for_projections(head.size)?;
        Ok(Proving::under(head))
    }

    /// Refused rather than incomplete, where the projections do not come so far. Blocks.
    pub(super) fn wait_for_projections(&self, size: u64) -> Result<(), EngineError> {
        if self.follow.wait_for(size, PROJECTIONS) >= size {
            return Ok(());
        }
        if let Some(failed) = self.follow.failed() {
            let text = format!("the projections no longer follow the ledger ({failed}); nothing is told from them");
            return Err(EngineError::new(Kind::Corrupt, text));
        }
        Err(EngineError::precondition("the projections do not reach this size yet; try again, or rebuild them"))
    }

    /// Everything that answers the question, as known at its size. Blocks; `progress` hears how many sealed parts of how
    /// many were tried against the person's keys. What any of the orders covers is not among it.
    pub(super) fn access_evidence(
        &self,
        question: &AccessQuestion,
        orders: &[&Orders],
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Gathered, EngineError> {
        let head = self.projected_head(question.size)?;
        let person = self.vault.find(&question.subject)?;
        let certain = person.map(|person| self.vault.linked(person)).transpose()?.unwrap_or_default();
        let mut weak: Vec<PersonId> = Vec::new();
        for found in person.map(|person| self.vault.weakly_linked(person)).transpose()?.unwrap_or_default() {
            // Who may be this person is so with everything that is theirs.
            for other in self.vault.linked(found)? {
                if !certain.contains(&other) && !weak.contains(&other) {
                    weak.push(other);
                }
            }
        }
        let certain = self.also_linked_then(certain, &head)?;
        self.refuse_if_anothers(&question.subject, &certain)?;
        weak.retain(|id| !certain.contains(id));
        let orders = orders.iter().map(|orders| self.orders_over(orders, &question.subject, &certain, &weak));
        let orders = orders.collect::<Result<Vec<_>, _>>()?;
        let whole = certain.clone();
        let (certain, weak) = (self.places(&certain, head.size)?, self.places(&weak, head.size)?);
        let keys: Vec<Arc<DataKey>> = certain.keys.iter().chain(&weak.keys).cloned().collect();
        let scan = self.vault.scan_parts(&keys, head.size, progress)?;
        let (mut certain_places, mut weak_places, mut rows_missing) = (certain.places, weak.places, 0);
        for found in &scan.found {
            let places = if found.key < certain.keys.len() { &mut certain_places } else { &mut weak_places };
            rows_missing += u64::from(places.insert(found.place));
        }
        let resealed = self.resealed_since(&whole, &head)?;
        let mut certain = self.observe(&certain_places, &head)?;
        certain.resealed.extend(resealed);
        let mut weak = self.observe(&weak_places, &head)?;
        // Before anything is counted, numbered or asked of it.
        let mut untold = BTreeSet::new();
        for orders in &orders {
            let hidden = self.hidden(orders, &certain.observations, &weak.observations, &head)?;
            certain.observations.retain(|observation| !hidden.certain.contains(&observation.index));
            weak.observations.retain(|observation| !hidden.weak.contains(&observation.index));
            untold.extend(hidden.certain.into_iter().chain(hidden.weak));
            // That they were looked up, or linked with another identifier, by whom the order keeps from them.
            let looks = certain.links.iter().map(|link| link.index).chain(certain.involved.iter().map(|one| one.index));
            let looks = self.looks_untold(orders, looks.collect::<BTreeSet<_>>().into_iter(), &head)?;
            certain.links.retain(|link| !looks.contains(&link.index));
            certain.involved.retain(|one| !looks.contains(&one.index));
        }
        let known = known_then(&question.subject, certain.of_actions(), weak.of_actions(), &certain.links);
        let requests = requests_of(&certain.requests, &question.subject, &known.identities);
        let mut namings = Vec::new();
        let taken_back = std::mem::take(&mut certain.taken_back).into_iter();
        let taken_back = taken_back.filter(|(_, told_to, _)| is_one_of(told_to, &known.identities, &question.subject));
        let taken_back: BTreeMap<u64, u64> = taken_back.map(|(index, _, decision)| (decision, index)).collect();
        for (index, told_to, rows) in std::mem::take(&mut certain.namings) {
            if is_one_of(&told_to, &known.identities, &question.subject) {
                let by = taken_back.get(&index).map(|by| self.taken_back_by(*by, &head)).transpose()?;
                let naming = self.naming(index, rows, &head)?;
                namings.extend(naming.map(|naming| Naming { taken_back: by, ..naming }));
            }
        }
        let involved = involved_of(std::mem::take(&mut certain.involved), &question.subject, &known, &orders);
        let involved_in: BTreeSet<u64> = involved.iter().map(|one| one.index).collect();
        // Every observation was proved before it came to be one. Only what belongs is counted, so that links that are made
        // later do not change what a report of this size says.
        let mut entries_proved = known.entries() + involved_in.len() as u64;
        // Of somebody of whom nothing belongs nothing tells, either, that there are keys.
        let parts_tried = if entries_proved > 0 { scan.tried } else { 0 };
        let has_keys = entries_proved > 0;
        let KnownThen { observations, identities, possible } = known;
        // Of what nobody can open nobody can say that no order covers it.
        let kept = match orders.iter().any(OrdersOver::is_any) {
            true => Vec::new(),
            false => self.kept_apart(&self.known_as(&question.subject, &identities)?, head.size)?,
        };
        let amendments = self.amendments(&head)?;
        let staff_roles = self.staff_roles(&observations, head.size)?;
        let versions = self.versions(head.size)?;
        let history = self.history(head.size, &versions)?;
        let (registry, coverage) = (self.registry_at(head.size)?, self.relied_coverage(&head, &amendments)?);
        let downtimes = self.downtimes(head.size)?;
        let cut_off_us = question.cut_off_us;
        let by = Judging { head: &head, versions: &versions, history: &history, cut_off_us, hidden: &untold };
        let judged = self.judged_acts(&observations, &by)?;
        let mut resource_reports = self.reports_on_resources_of(&observations, &head)?;
        for orders in &orders {
            let untold = self.looks_untold(orders, resource_reports.iter().map(|report| report.index), &head)?;
            resource_reports.retain(|report| !untold.contains(&report.index));
        }
        entries_proved += resource_reports.len() as u64;
        // Who read a report or a step in which they stand opened what it says of them.
        let stood_in = observations.iter().map(|observation| observation.index);
        let stood_in = stood_in.chain(resource_reports.iter().map(|report| report.index)).chain(involved_in);
        let mut ledger_reads = self.ledger_reads(&stood_in.collect(), head.size)?;
        for orders in &orders {
            ledger_reads = self.readings_told(orders, ledger_reads, &head)?;
        }
        let search = Search { searched: true, has_keys, parts_tried, entries_proved };
        let evidence = Evidence {
            judged,
            involved,
            resource_reports,
            others: self.others_in(&observations)?,
            undetermined: self.undetermined(head.size)?,
            heard: self.heard(&coverage, &registry, &history, &head.head, &downtimes)?,
            coverage,
            amendments: amendments_of(&observations, amendments),
            downtimes,
            removed: self.removed_below(head.size)?,
            kept,
            ledger_reads: Some(ledger_reads),
            registry,
            controller: self.known_registry(head.size)?,
            profile: self.profile_at(head.size)?,
            requests,
            namings,
            staff_roles,
            history,
            identities,
            observations,
            possible,
            search,
            head: head.head,
        };
        Ok(Gathered { evidence, rows_missing })
    }

    /// Answers an access question: gathers, states the facts, and records that a report left the house, before it does.
    pub async fn produce_access_report(
        self: &Arc<Self>,
        asked: AccessAsked,
        caller: &Caller,
        progress: impl Fn(u64, u64) + Send + Sync + 'static,
    ) -> Result<Produced, EngineError> {
        let (open, generated_by) = (Arc::clone(self), caller.name.clone());
        let gathered = tokio::task::spawn_blocking(move || {
            let question = open.access_question(asked.subject, asked.size, asked.cut_off_us, asked.edition)?;
            let (supersedes, statements) = (asked.supersedes, asked.statements);
            said(&statements.each())?;
            let question = AccessQuestion { supersedes, statements, ..question };
            let envelope = open.new_envelope(generated_by, asked.pull)?;
            // Those of now, whatever size is asked for: an order holds for what it forbids to tell, since when ever.
            let registry = open.names().versions.newest();
            let orders = open.orders(registry, envelope.generated_at_us)?;
            let gathered = open.access_evidence(&question, &[&orders], &progress)?;
            let (language, parts_tried) = (envelope.language, Some(gathered.evidence.search.parts_tried));
            let recorded = RecordedQuestion { question, envelope, registry, parts_tried, made: None };
            let produced = Produced::of(&recorded, &gathered, 0);
            let produced = open.compared(produced, &recorded, &orders, &progress)?;
            let made = Some(made(&produced, language)?);
            Ok::<_, EngineError>((RecordedQuestion { made, ..recorded }, gathered.evidence.head, produced))
        });
        let (recorded, head, produced) = gathered.await.map_err(|_| EngineError::internal("the search stopped"))??;
        if self.names().versions.newest() != recorded.registry {
            let text = "the controller's registry was changed while the report was made: ask again";
            return Err(EngineError::new(Kind::Aborted, text));
        }
        let index = self.record_access_report(&recorded, &head, caller).await?;
        self.signed(Produced { index, ..produced })
    }

    /// Records that a report is read again, which opens the person's parts again.
    pub async fn record_report_again(self: &Arc<Self>, index: u64, caller: &Caller) -> Result<(), EngineError> {
        let registry = &self.names().registry;
        let admitted = events::ledger_access(Verb::ReportProduce, index, 1, None, caller.clone(), registry);
        self.record(admitted).await.map(drop)
    }

    /// Of a report that is made now.
    pub(super) fn new_envelope(&self, generated_by: String, pull: Pull) -> Result<Envelope, EngineError> {
        let Pull { reference, purpose, language } = pull;
        let language = match language {
            Some(language) => language,
            None => self.registered_language()?,
        };
        let report_id = uuid::Uuid::new_v4().into_bytes();
        Ok(Envelope { report_id, generated_at_us: self.clock.now().0, generated_by, reference, purpose, language })
    }

    /// The language that is asked for, else the registered one.
    pub fn told_in(&self, asked: Option<Language>) -> Result<Language, EngineError> {
        asked.map_or_else(|| self.registered_language(), Ok)
    }

    /// In which the controller has reports written: as the newest registry says, whatever size is asked for, because whoever
    /// asks reads it now. English where none says.
    fn registered_language(&self) -> Result<Language, EngineError> {
        let in_force = self.registry_document_at(self.ledger.published().size)?;
        let profile = in_force.as_ref().and_then(|known| known.document.profile.as_ref());
        let Some(code) = profile.and_then(|profile| profile.language.as_deref()) else {
            return Ok(Language::default());
        };
        // One that was put in force before this was asked of a file.
        Language::from_code(code).ok_or_else(|| {
            EngineError::precondition(
                "the controller's registry says a language in which no report is written: name one",
            )
        })
    }

    async fn record_access_report(
        &self,
        recorded: &RecordedQuestion,
        head: &Head,
        caller: &Caller,
    ) -> Result<u64, EngineError> {
        let body = body_of(ReportType::Access, &recorded.envelope, recorded.question.cut_off_us);
        self.record_report(body, recorded.write()?, Some(recorded.question.subject.clone()), head, caller).await
    }

    /// Records that a report left the house: sealed for the person it was about, or for the ledger where it was about
    /// nobody in particular. Answers the entry's index.
    pub(super) async fn record_report(
        &self,
        body: ReportBody,
        question: Vec<u8>,
        subject: Option<Identity>,
        head: &Head,
        caller: &Caller,
    ) -> Result<u64, EngineError> {
        let generation = head.vault_generation;
        let body = ReportBody { size: head.size, root: head.root.to_vec(), generation, ..body };
        let registry = &self.names().registry;
        let admitted = events::report_produced(body, question, subject, caller.clone(), registry);
        Ok(self.record(admitted).await?.index)
    }

    /// The entry that records a report's production, and what it says in the open; opens nothing.
    pub fn report_entry(&self, index: u64) -> Result<(StoredEntry, ReportBody), EngineError> {
        let not_a_report = || EngineError::invalid("index", "is not an entry that records the production of a report");
        let entry = self
            .ledger
            .entry(index)?
            .ok_or_else(|| EngineError::new(Kind::OutOfRange, "index: the ledger has no such entry"))?;
        if entry.content.is_none() && entry.header.kind == EntryKind::ReportProduced as u8 {
            return Err(EngineError::precondition("what this report was asked was removed with its entry's content"));
        }
        let body = entry.body();
        let Some(Ok(Body::ReportProduced(body))) = body else { return Err(not_a_report()) };
        Ok((entry, body))
    }

    pub(super) fn recorded_question(&self, index: u64) -> Result<(ReportBody, Vec<u8>), EngineError> {
        let (entry, body) = self.report_entry(index)?;
        let parts = entry.header.parts;
        let opened = self.open_all(entry)?;
        let open = opened.parts.iter().filter_map(|part| match &part.state {
            PartState::Open(part) => Some(&**part),
            PartState::Removed | PartState::NoKey | PartState::Held | PartState::Restricted => None,
        });
        let question = join_content(open).map(|content| content.question).filter(|question| !question.is_empty());
        if let Some(question) = question {
            return Ok((body, question));
        }
        for ordinal in 0..parts {
            if let Some(batch) = self.erased_by((index, ordinal))? {
                let text = format!(
                    "the report of entry {index} is on somebody who was erased: what was asked went with entry {batch}, and it \
                     cannot be made again"
                );
                return Err(EngineError::precondition(text));
            }
        }
        Err(EngineError::precondition("the question of this report can no longer be opened"))
    }

    pub(super) fn head(&self, size: u64) -> Result<Head, EngineError> {
        let published: Arc<Published> = self.ledger.checkpoint(size)?;
        Ok(Head {
            origin: self.origin().to_owned(),
            verifier_key: self.ledger.verifier_key().to_owned(),
            size: published.size,
            root: published.root,
            checkpoint: published.checkpoint.to_string(),
            opened_at_us: self.ledger.entry(0)?.map_or(0, |genesis| genesis.header.recorded_at_us),
            recorded_at_us: published.recorded_at_us,
            vault_generation: self.vault.generation(),
            custodian: self.vault.custodian_class().to_owned(),
        })
    }

    /// Where all parts of one person stand below `size`, whether or not their index rows are there. Blocks.
    pub(super) fn every_place(&self, subject: &Identity, size: u64) -> Result<BTreeSet<PartPlace>, EngineError> {
        let Some(person) = self.vault.find(subject)? else { return Ok(BTreeSet::new()) };
        let Places { keys, mut places } = self.places(&self.vault.linked(person)?, size)?;
        let scan = self.vault.scan_parts(&keys, size, &|_, _| {})?;
        places.extend(scan.found.into_iter().map(|found| found.place));
        Ok(places)
    }

    fn places(&self, persons: &[PersonId], size: u64) -> Result<Places, EngineError> {
        let (mut keys, mut places) = (Vec::new(), BTreeSet::new());
        for person in persons {
            keys.extend(self.vault.keys_of(*person)?);
            places.extend(self.vault.occurrences(*person)?.into_iter().filter(|place| place.index < size));
        }
        Ok(Places { keys, places })
    }

    /// Content of entries below the head's size that was sealed anew after it, because somebody who shared it was erased: it
    /// says what it said.
    fn resealed_since(&self, persons: &[PersonId], head: &Proving) -> Result<BTreeMap<u64, ContentPart>, EngineError> {
        let mut places = BTreeSet::new();
        for person in persons {
            places.extend(self.vault.occurrences(*person)?.into_iter().filter(|place| place.index >= head.size));
        }
        let mut later = BTreeSet::new();
        for place in places {
            let entry = self.ledger.entry(place.index)?;
            if entry.is_some_and(|entry| entry.header.kind == EntryKind::Erasure as u8) {
                later.insert(place);
            }
        }
        if later.is_empty() {
            return Ok(BTreeMap::new());
        }
        let now = Proving::under(self.head(self.ledger.published().size)?);
        let mut resealed = self.observe(&later, &now)?.resealed;
        resealed.retain(|index, _| *index < head.size);
        Ok(resealed)
    }

    /// As whom the vault knows this person by what was known of them at the size, so that later links change nothing. Nobody
    /// where a weak identity asks: two people may share it. Nobody for the erased either: they are answered as strangers.
    fn known_as(&self, subject: &Identity, identities: &[Identity]) -> Result<BTreeSet<PersonId>, EngineError> {
        let mut ids = BTreeSet::new();
        if subject.strength == Strength::Weak {
            return Ok(ids);
        }
        for identity in identities.iter().chain([subject]).filter(|identity| identity.strength != Strength::Weak) {
            ids.extend(self.vault.find(identity)?);
        }
        Ok(ids)
    }

    /// Persons who were linked by an entry then and are not any more: a report that is made again has to find them.
    fn also_linked_then(&self, mut certain: Vec<PersonId>, head: &Proving) -> Result<Vec<PersonId>, EngineError> {
        let stating = self.entries_under(Term::new(TermKind::EntryKind, EntryKind::SubjectLink.code()), head.size)?;
        let stating: BTreeSet<u64> = stating.iter().map(|entry| entry.header.index).collect();
        if stating.is_empty() {
            return Ok(certain);
        }
        loop {
            let mut links = Vec::new();
            for id in &certain {
                let places = self.vault.occurrences(*id)?.into_iter();
                let places = places.filter(|place| stating.contains(&place.index)).collect();
                links.extend(self.observe(&places, head)?.links);
            }
            let mut found = Vec::new();
            for identity in stated_then(&links).into_iter().flat_map(|(one, other)| [one, other]) {
                if let Some(person) = self.vault.find(identity)? {
                    let whole = self.vault.linked(person)?;
                    found.extend(whole.into_iter().filter(|id| !certain.contains(id)));
                }
            }
            if found.is_empty() {
                return Ok(certain);
            }
            certain.extend(found);
            let mut seen = HashSet::new();
            certain.retain(|id| seen.insert(*id));
        }
    }

    /// Opens the person's parts, entry by entry, and proves each entry before it counts.
    fn observe(&self, places: &BTreeSet<PartPlace>, head: &Proving) -> Result<Observed, EngineError> {
        let mut by_entry: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for place in places {
            by_entry.entry(place.index).or_default().push(place.ordinal);
        }
        let indexes: Vec<u64> = by_entry.keys().copied().collect();
        let mut observed = Observed::default();
        for chunk in indexes.chunks(256) {
            for entry in self.entries_at(chunk)? {
                let ordinals = &by_entry[&entry.header.index];
                let opened = self.open_proved(&entry, ordinals, head)?;
                observed.take(&entry, opened)?;
            }
        }
        // What was sealed anew more than once stands for what it said first.
        for (index, content) in std::mem::take(&mut observed.resealed) {
            observed.resealed.insert(self.resealed_for(index)?, content);
        }
        Ok(observed)
    }

    /// The parts at `ordinals`, opened, after the entry was proved to stand in the head's tree with this very content.
    pub(super) fn open_proved(
        &self,
        entry: &StoredEntry,
        ordinals: &[u32],
        head: &Proving,
    ) -> Result<Vec<(u32, Part)>, EngineError> {
        let index = entry.header.index;
        let broken =
            |what: &str| EngineError::new(Kind::Corrupt, format!("entry {index} {what}; no report can be made"));
        let proof = self.ledger.inclusion_proof_among(&head.tiles, index, head.size)?;
        verify_inclusion(&entry.leaf, index, head.size, &proof, &head.root)
            .map_err(|_| broken("does not stand in the signed tree"))?;
        if !entry.body_holds(self.ledger.origin_hash()) {
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
                // Only matters keep it, or it went meanwhile: what is left of the entry still says that there was an access.
                Err(OpenError::NoKey) => drop(self.closed_by_right(place)?),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(opened)
    }

    pub(super) fn undetermined(&self, size: u64) -> Result<Vec<Undetermined>, EngineError> {
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

    /// All corrections and retractions. They may name nobody and stand sealed for a conversation, so that no key of the
    /// person's finds them.
    pub(super) fn amendments(&self, head: &Proving) -> Result<Vec<Amendment>, EngineError> {
        let mut all = Vec::new();
        for entry in self.entries_under(Term::amending(), head.size)? {
            let Some(action) = entry.action() else { continue };
            let holding = action.parts.iter().filter(|group| group.holds_content);
            let ordinals: Vec<u32> =
                holding.flat_map(|group| group.first..group.first.saturating_add(group.count)).collect();
            let opened = self.open_proved(&entry, &ordinals, head)?;
            let content = join_content(opened.iter().map(|(_, part)| part));
            all.extend(content.and_then(|content| Amendment::of(entry.header.index, &action, &content)));
        }
        Ok(all)
    }

    /// What sources were logging, as they said, and what was refused to them.
    pub(super) fn coverage(&self, size: u64) -> Result<Vec<Coverage>, EngineError> {
        let mut found = Vec::new();
        let own = Term::new(TermKind::EntryKind, EntryKind::Coverage.code());
        for term in [Term::logging(), own] {
            for entry in self.entries_under(term, size)? {
                let header = &entry.header;
                let body = entry.body();
                if let Some(Ok(body)) = body {
                    found.extend(statements(header.index, header.recorded_at_us, &body));
                }
            }
        }
        found.sort_by_key(|coverage| coverage.index);
        Ok(found)
    }

    /// Entries whose bodies were pruned, as known at this size: what was pruned later changes no report of before.
    pub(super) fn removed_below(&self, size: u64) -> Result<Vec<Removed>, EngineError> {
        let pruned = self.ledger.pruned(None)?.into_iter().filter(|(by, _)| *by < size);
        let removed = |(by, pruned): (u64, PrunedBodies)| Removed {
            by,
            entries: pruned.bodies,
            first: pruned.first,
            last: pruned.last,
        };
        Ok(pruned.map(removed).collect())
    }

    pub(super) fn downtimes(&self, size: u64) -> Result<Vec<Downtime>, EngineError> {
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

    /// Readers who opened or took away a range in which one of these entries stands.
    fn ledger_reads(&self, entries_of: &BTreeSet<u64>, size: u64) -> Result<Vec<LedgerRead>, EngineError> {
        let entries = self.entries_under(Term::new(TermKind::EntryKind, EntryKind::LedgerAccess.code()), size)?;
        let stands_in = |body: &LedgerAccessBody| {
            let first = entries_of.range(body.first_index..).next();
            first.is_some_and(|first| first - body.first_index < body.count)
        };
        Ok(entries
            .into_iter()
            .filter_map(|entry| {
                let (_, body) = entry.content.as_ref()?;
                let Ok(Body::LedgerAccess(body)) = Body::decode(entry.header.kind, body) else { return None };
                let (index, recorded_at_us) = (entry.header.index, entry.header.recorded_at_us);
                stands_in(&body).then_some(LedgerRead { index, recorded_at_us, body })
            })
            .collect())
    }

    pub(super) fn entries_under(&self, term: Term, size: u64) -> Result<Vec<StoredEntry>, EngineError> {
        self.entries_matching(&Filter { terms: vec![term], ..Filter::default() }, size)
    }

    pub(super) fn entries_matching(&self, filter: &Filter, size: u64) -> Result<Vec<StoredEntry>, EngineError> {
        let mut entries = Vec::new();
        for page in self.pages_matching(filter, 0, size, 4_096) {
            entries.extend(self.entries_at(&page?)?);
        }
        Ok(entries)
    }

    /// Indexes below the size that a filter finds, ascending.
    pub(super) fn indexes_matching(&self, filter: &Filter, size: u64) -> Result<Vec<u64>, EngineError> {
        let mut indexes = Vec::new();
        // Whole blocks: each page reads the postings of its block anew.
        for page in self.pages_matching(filter, 0, size, BLOCK as usize) {
            indexes.extend(page?);
        }
        Ok(indexes)
    }

    /// Indexes below the size that a filter finds from an entry on, ascending, at most `max` in a page.
    pub(super) fn pages_matching<'a>(
        &'a self,
        filter: &'a Filter,
        from: u64,
        size: u64,
        max: usize,
    ) -> impl Iterator<Item = Result<Vec<u64>, EngineError>> + 'a {
        let mut from = Some(from);
        std::iter::from_fn(move || {
            let page = self.follow.follower().query(filter, from.take()?, size, max);
            Some(page.map_err(EngineError::from).map(|page| {
                from = page.next;
                page.indexes
            }))
        })
    }
}

/// Those of the observations, and of each other.
fn amendments_of(observations: &[Observation], mut all: Vec<Amendment>) -> Vec<Amendment> {
    let contents = observations.iter().filter_map(|observation| observation.content.as_ref());
    let mut wanted: HashSet<Vec<u8>> = contents.map(|content| content.action_id.clone()).collect();
    wanted.remove(&Vec::new());
    // An amendment may be amended, and so on.
    loop {
        let known = wanted.len();
        let touching = all.iter().filter(|amendment| amendment.targets().any(|id| wanted.contains(id)));
        let ids: Vec<Vec<u8>> = touching.map(|amendment| amendment.action_id.clone()).collect();
        wanted.extend(ids.into_iter().filter(|id| !id.is_empty()));
        if wanted.len() == known {
            break;
        }
    }
    all.retain(|amendment| amendment.targets().any(|id| wanted.contains(id)));
    all
}

/// What an entry says in the open of a report's production; the head is filled in when it is recorded.
pub(super) fn body_of(report_type: ReportType, envelope: &Envelope, cut_off_us: u64) -> ReportBody {
    ReportBody { report_type, report_id: envelope.report_id.to_vec(), cut_off_us, ..ReportBody::default() }
}

/// What whoever pulls a report says of that, whatever it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pull {
    /// The request or file that it answers; may be empty.
    pub reference: String,
    /// Why; may be empty.
    pub purpose: String,
    /// Absent: the one that the controller's registry says.
    pub language: Option<Language>,
}

impl Pull {
    /// Of facts that are looked at and not written.
    pub(super) fn in_english() -> Self {
        Pull { language: Some(Language::En), ..Pull::default() }
    }
}

/// What is asked for; what is left out is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessAsked {
    pub subject: Identity,
    /// 0: the size now.
    pub size: u64,
    /// Absent: when the last entry below the size was recorded.
    pub cut_off_us: Option<u64>,
    pub pull: Pull,
    /// The entry of an earlier report on the person, which this one supersedes.
    pub supersedes: Option<u64>,
    pub edition: Edition,
    pub statements: Statements,
}

/// A report and the entry that records its production.
pub struct Produced {
    pub report: Report,
    pub report_id: [u8; 16],
    pub index: u64,
    pub size: u64,
    pub rows_missing: u64,
    pub again: Again,
    /// What leaves the house: its canonical JSON, and the ledger's signature over that. Empty until it was recorded.
    pub json: Vec<u8>,
    pub note: String,
}

impl Produced {
    pub(super) fn of(recorded: &RecordedQuestion, gathered: &Gathered, index: u64) -> Self {
        if gathered.rows_missing > 0 {
            tracing::error!(
                rows = gathered.rows_missing,
                "index rows were missing; the report found the parts all the same, but somebody removed rows"
            );
        }
        Produced {
            report: Report::Access(Box::new(report::facts(&recorded.question, &gathered.evidence, &recorded.envelope))),
            report_id: recorded.envelope.report_id,
            index,
            size: recorded.question.size,
            rows_missing: gathered.rows_missing,
            again: Again::First,
            json: Vec::new(),
            note: String::new(),
        }
    }
}

/// Evidence, and what the search says of the database rather than of the person.
pub struct Gathered {
    pub evidence: Evidence,
    /// Parts that only the trial of keys found: index rows that were missing.
    pub rows_missing: u64,
}

struct Places {
    keys: Vec<Arc<DataKey>>,
    places: BTreeSet<PartPlace>,
}
