//! Posting lists: for each actor, dataset, verb… the entries it stands in.
//!
//! A row for every (term, entry) would cost more than the entry itself, so the lists are cut into blocks of 65,536
//! entries and written once a block is full: a row holds the offsets of one term inside one block. The block under way
//! lives in memory and is read again from the ledger after a start, which bounds both memory and start-up work.
//!
//! | key (ledger u32 ‖ …) | value |
//! |---|---|
//! | 0x01 ‖ term kind u8 ‖ term ‖ 0x00 ‖ block u64 | offsets in the block, ascending, as delta varints |
//! | 0x02 ‖ block u64 | least and greatest recorded_at of the block, u64 each |
//! | 0x03 | format u8 ‖ number of full blocks, u64 |
//!
//! Terms are registered names, so their number is bounded and none names a person. The rows of a block and the progress
//! row are one derived write: what is lost is lost together, and folded again.

use crate::model::{determination, leaves_open};
use crate::store::{LedgerNumber, Snapshot, Store, StoreError, Table, WriteSet};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use whosaw_verifier::body::{ActionBody, Body, Fact};
use whosaw_verifier::vocabulary::{Determination, Doubt, EntryKind, FactKind, NamedField, Outcome, PartyKind, Verb};
use whosaw_verifier::wire::Varint;

/// Entries in one block.
pub const BLOCK: u64 = 65_536;
const FORMAT: u8 = 8;
const POSTINGS: u8 = 1;
const TIMES: u8 = 2;
const PROGRESS: u8 = 3;

/// What a posting list is about. Numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum TermKind {
    Actor = 1,
    Dataset = 2,
    Verb = 3,
    Outcome = 4,
    Caller = 5,
    Tool = 6,
    EntryKind = 7,
    /// Whose data it was is not, or not wholly, known: `determination ␟ tool ␟ first doubt ␟ outcome`.
    Undetermined = 8,
    Source = 9,
    /// Entries that the reports ask for and that no verb tells: see [`Term::logging`] and its neighbours.
    Mark = 10,
    /// Entries that a source gave a number in its own sequence.
    Numbered = 11,
    /// Of these the ones that begin a run: their number does not follow on that of the one before in the block.
    Run = 12,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term {
    pub kind: TermKind,
    pub name: String,
}

impl Term {
    pub fn new(kind: TermKind, name: impl Into<String>) -> Self {
        Term { kind, name: name.into() }
    }

    /// Actions that state what a source was logging, whatever their verb.
    pub fn logging() -> Self {
        Self::new(TermKind::Mark, "logging")
    }

    /// Actions by which something opens or closes: grants, memberships, content, accounts, holdings.
    pub fn opening() -> Self {
        Self::new(TermKind::Mark, "opening")
    }

    /// Actions that name a dataset or resource which is not registered, so that its name stands sealed in them.
    pub fn sealed_resource() -> Self {
        Self::new(TermKind::Mark, "sealed-resource")
    }

    /// Actions in which an agent or service stands whose name is not registered, and so sealed.
    pub fn sealed_actor() -> Self {
        Self::new(TermKind::Mark, "sealed-actor")
    }

    /// Of those the ones by which somebody gets or loses a way to data: grants, memberships, accounts.
    pub fn way() -> Self {
        Self::new(TermKind::Mark, "way")
    }

    /// Of those the ones that no name of a resource finds, and no human who stands in them: a name stands sealed, only a
    /// reference tells what ends, or a group or an agent is in a group.
    pub fn nameless_way() -> Self {
        Self::new(TermKind::Mark, "nameless-way")
    }

    /// Actions that went through a tool, registered or not.
    pub fn into_tool() -> Self {
        Self::new(TermKind::Mark, "into-tool")
    }

    /// Actions that say they tell of an act that is told of elsewhere; which, stands sealed in them.
    pub fn told_again() -> Self {
        Self::new(TermKind::Mark, "told-again")
    }

    /// Actions that correct or take back others; which, stands sealed in them.
    pub fn amending() -> Self {
        Self::new(TermKind::Mark, "amending")
    }
}

/// Entries in which every one of `terms` stands, with recorded_at possibly in `[from_us, until_us)`.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub terms: Vec<Term>,
    /// Whole blocks outside are skipped; the caller checks the entry's own time.
    pub from_us: Option<u64>,
    pub until_us: Option<u64>,
}

/// Some answers, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub indexes: Vec<u64>,
    /// First index not looked at yet; absent at the end.
    pub next: Option<u64>,
}

/// How many actions of one sort have undetermined data subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndeterminedCount {
    pub determination: Determination,
    pub tool: String,
    pub doubt: Doubt,
    pub outcome: Outcome,
    pub count: u64,
    pub first: u64,
    pub last: u64,
}

/// One entry, as far as it is folded in.
#[derive(Debug, Clone, Default)]
pub struct FoldInput<'a> {
    pub kind: u8,
    pub recorded_at_us: u64,
    /// Absent where it was removed.
    pub body: Option<&'a [u8]>,
    /// What is carried forward of a body that was pruned: see [`Sort::term`].
    pub carried: Option<Term>,
}

/// In what way an action leaves open whose data it touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sort {
    pub determination: Determination,
    pub tool: String,
    /// The first reason.
    pub doubt: Doubt,
    pub outcome: Outcome,
}

impl Sort {
    /// Nothing for an action whose data subjects are all determined.
    pub fn of(action: &ActionBody) -> Option<Self> {
        leaves_open(action).then(|| Sort {
            determination: determination(action),
            tool: action.tool.clone(),
            doubt: action.doubts.first().copied().unwrap_or_default(),
            outcome: action.outcome,
        })
    }

    pub fn term(&self) -> Term {
        let name = [self.determination.code(), &self.tool, self.doubt.code(), self.outcome.code()].join("\u{1f}");
        Term::new(TermKind::Undetermined, name)
    }
}

/// Follows one ledger. Reads take a shared lock, `advance` an exclusive one.
pub struct Follower {
    store: Arc<dyn Store>,
    ledger: LedgerNumber,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    /// Entries folded in: everything below this index is reflected.
    next: u64,
    /// Postings of the block under way.
    tail: BTreeMap<Term, Vec<u16>>,
    /// The number that each source gave its last entry in it.
    numbers: BTreeMap<String, u64>,
    recorded_min: u64,
    recorded_max: u64,
}

impl State {
    /// Whether an entry begins a run, by the number that its source gave it.
    fn begins_run(&mut self, source: &str, number: u64) -> bool {
        let before = self.numbers.insert(source.to_owned(), number);
        before.and_then(|before| before.checked_add(1)) != Some(number)
    }
}

impl Follower {
    /// Opens where the stored rows end, at a block boundary; feed entries from [`Self::true_up_to`] on.
    pub fn open(store: Arc<dyn Store>, ledger: LedgerNumber) -> Result<Self, StoreError> {
        let blocks = {
            let snapshot = store.snapshot()?;
            match snapshot.get(Table::Projections, &progress_key(ledger))? {
                None => 0,
                Some(value) => match value.split_first() {
                    Some((&FORMAT, rest)) => <[u8; 8]>::try_from(rest).map(u64::from_be_bytes).map_err(|_| torn())?,
                    Some(_) => {
                        drop(snapshot);
                        store.clear_derived(ledger)?;
                        0
                    }
                    None => return Err(torn()),
                },
            }
        };
        let state = State { next: blocks * BLOCK, recorded_min: u64::MAX, ..State::default() };
        Ok(Follower { store, ledger, state: RwLock::new(state) })
    }

    /// Forgets everything; the next `advance` begins at entry 0.
    pub fn clear(&self) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.store.clear_derived(self.ledger)?;
        *state = State { recorded_min: u64::MAX, ..State::default() };
        Ok(())
    }

    /// Every entry below this index is reflected in the answers.
    pub fn true_up_to(&self) -> u64 {
        self.state.read().unwrap_or_else(PoisonError::into_inner).next
    }

    /// Folds in consecutive entries, the first of which is entry `true_up_to()`. Bodies whose meaning is unknown, and
    /// those that are gone, stand under their entry kind alone, and under what is carried forward.
    pub fn advance<'a>(&self, entries: impl IntoIterator<Item = FoldInput<'a>>) -> Result<u64, StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        for FoldInput { kind, recorded_at_us, body, carried } in entries {
            let offset = (state.next % BLOCK) as u16;
            let (terms, numbered) = stands_under(kind, body);
            let begins = numbered.filter(|(source, number)| state.begins_run(source, *number));
            let begins = begins.map(|(source, _)| Term::new(TermKind::Run, source));
            for term in terms.into_iter().chain(begins).chain(carried) {
                let postings = state.tail.entry(term).or_default();
                if postings.last() != Some(&offset) {
                    postings.push(offset);
                }
            }
            state.recorded_min = state.recorded_min.min(recorded_at_us);
            state.recorded_max = state.recorded_max.max(recorded_at_us);
            state.next += 1;
            if state.next.is_multiple_of(BLOCK) {
                self.write_block(&mut state)?;
            }
        }
        Ok(state.next)
    }

    fn write_block(&self, state: &mut State) -> Result<(), StoreError> {
        let block = state.next / BLOCK - 1;
        let mut writes = WriteSet::default();
        for (term, offsets) in &state.tail {
            writes.put(Table::Projections, posting_key(self.ledger, term, block), encode_offsets(offsets));
        }
        let mut times = state.recorded_min.to_be_bytes().to_vec();
        times.extend_from_slice(&state.recorded_max.to_be_bytes());
        writes.put(Table::Projections, times_key(self.ledger, block), times);
        let mut progress = vec![FORMAT];
        progress.extend_from_slice(&(block + 1).to_be_bytes());
        writes.put(Table::Projections, progress_key(self.ledger), progress);
        // Whether it lands or not, the tail is not what answers this block any more: where it does not land, nothing at or
        // after the block's beginning is answered for.
        let applied = self.store.apply_derived(writes);
        let next = if applied.is_ok() { state.next } else { block * BLOCK };
        *state = State { next, recorded_min: u64::MAX, ..State::default() };
        applied
    }

    /// Takes away what entries stood under by bodies that are gone now, but for their kind and what is carried forward. An
    /// entry that was not folded in yet is passed over: `advance` meets it without its body.
    pub fn forget<'a>(&self, entries: impl IntoIterator<Item = (u64, u8, &'a [u8])>) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let mut gone: BTreeMap<(u64, Term), Vec<u16>> = BTreeMap::new();
        for (index, kind, body) in entries.into_iter().filter(|(index, ..)| *index < state.next) {
            let kept = |term: &Term| matches!(term.kind, TermKind::EntryKind | TermKind::Undetermined);
            let (terms, numbered) = stands_under(kind, Some(body));
            let begins = numbered.map(|(source, _)| Term::new(TermKind::Run, source));
            for term in terms.into_iter().chain(begins).filter(|term| !kept(term)) {
                gone.entry((index / BLOCK, term)).or_default().push((index % BLOCK) as u16);
            }
        }
        let under_way = state.next / BLOCK;
        let mut writes = WriteSet::default();
        let snapshot = self.store.snapshot()?;
        for ((block, term), offsets) in gone {
            if block == under_way {
                if let Some(postings) = state.tail.get_mut(&term) {
                    postings.retain(|offset| offsets.binary_search(offset).is_err());
                }
                continue;
            }
            let row = posting_key(self.ledger, &term, block);
            let Some(value) = snapshot.get(Table::Projections, &row)? else { continue };
            let mut postings = decode_offsets(&value)?;
            postings.retain(|offset| offsets.binary_search(offset).is_err());
            if postings.is_empty() {
                writes.delete(Table::Projections, row);
            } else {
                writes.put(Table::Projections, row, encode_offsets(&postings));
            }
        }
        if writes.is_empty() { Ok(()) } else { self.store.apply_derived(writes) }
    }

    /// The first `limit` entries at or after `from`, below `size`, that pass the filter's terms.
    pub fn query(&self, filter: &Filter, from: u64, size: u64, limit: usize) -> Result<Page, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let size = size.min(state.next);
        let snapshot = self.store.snapshot()?;
        let mut indexes = Vec::new();
        let mut at = from;
        while at < size {
            let block = at / BLOCK;
            let end = ((block + 1) * BLOCK).min(size);
            if self.block_overlaps(&state, snapshot.as_ref(), block, filter)? {
                for offset in self.intersect(&state, snapshot.as_ref(), block, &filter.terms)? {
                    let index = block * BLOCK + u64::from(offset);
                    if index < at || index >= end {
                        continue;
                    }
                    if indexes.len() == limit {
                        return Ok(Page { indexes, next: Some(index) });
                    }
                    indexes.push(index);
                }
            }
            at = end;
        }
        Ok(Page { indexes, next: None })
    }

    /// Whose data is not determined, by sort, among the entries below `size`.
    pub fn undetermined(&self, size: u64) -> Result<Vec<UndeterminedCount>, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let size = size.min(state.next);
        let mut found: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
        let mut add = |name: &str, block: u64, offsets: &[u16]| {
            for offset in offsets {
                let index = block * BLOCK + u64::from(*offset);
                if index < size {
                    let slot = found.entry(name.to_owned()).or_insert((0, index, index));
                    slot.0 += 1;
                    slot.2 = index;
                }
            }
        };
        let snapshot = self.store.snapshot()?;
        let mut from = kind_prefix(self.ledger, TermKind::Undetermined);
        let mut until = from.clone();
        *until.last_mut().expect("a prefix is never empty") += 1;
        let skip = from.len();
        loop {
            let rows = snapshot.scan(Table::Projections, &from, &until, 1_024)?;
            let Some((last, _)) = rows.last() else { break };
            from = last.clone();
            from.push(0);
            for (key, value) in &rows {
                let (name, block) = key
                    .len()
                    .checked_sub(9)
                    .filter(|end| *end >= skip)
                    .and_then(|end| Some((&key[skip..end], u64::from_be_bytes(key[end + 1..].try_into().ok()?))))
                    .ok_or_else(torn)?;
                add(&String::from_utf8_lossy(name), block, &decode_offsets(value)?);
            }
        }
        for (term, offsets) in &state.tail {
            if term.kind == TermKind::Undetermined {
                add(&term.name, state.next / BLOCK, offsets);
            }
        }
        found.into_iter().map(|(name, (count, first, last))| undetermined_count(&name, count, first, last)).collect()
    }

    fn block_overlaps(
        &self,
        state: &State,
        snapshot: &dyn Snapshot,
        block: u64,
        filter: &Filter,
    ) -> Result<bool, StoreError> {
        if filter.from_us.is_none() && filter.until_us.is_none() {
            return Ok(true);
        }
        let (min, max) = if block == state.next / BLOCK {
            (state.recorded_min, state.recorded_max)
        } else {
            let row = snapshot.get(Table::Projections, &times_key(self.ledger, block))?.ok_or_else(torn)?;
            let row = <[u8; 16]>::try_from(row.as_slice()).map_err(|_| torn())?;
            let (min, max) = row.split_at(8);
            (
                u64::from_be_bytes(min.try_into().expect("half of 16 bytes")),
                u64::from_be_bytes(max.try_into().expect("half of 16 bytes")),
            )
        };
        Ok(filter.from_us.is_none_or(|from| max >= from) && filter.until_us.is_none_or(|until| min < until))
    }

    fn intersect(
        &self,
        state: &State,
        snapshot: &dyn Snapshot,
        block: u64,
        terms: &[Term],
    ) -> Result<Vec<u16>, StoreError> {
        let mut result: Option<Vec<u16>> = None;
        for term in terms {
            let offsets = if block == state.next / BLOCK {
                state.tail.get(term).cloned().unwrap_or_default()
            } else {
                match snapshot.get(Table::Projections, &posting_key(self.ledger, term, block))? {
                    Some(row) => decode_offsets(&row)?,
                    None => Vec::new(),
                }
            };
            result = Some(match result {
                None => offsets,
                Some(before) => before.into_iter().filter(|o| offsets.binary_search(o).is_ok()).collect(),
            });
        }
        Ok(result.unwrap_or_else(|| (0..=u16::MAX).collect()))
    }
}

/// The terms an entry stands under, and the number that its source gave it.
fn stands_under(kind: u8, body: Option<&[u8]>) -> (Vec<Term>, Option<(String, u64)>) {
    let entry_kind = EntryKind::from_varint(0, u64::from(kind)).map(EntryKind::code).unwrap_or("unknown");
    let mut terms = vec![Term::new(TermKind::EntryKind, entry_kind)];
    let mut numbered = None;
    match body.map(|bytes| Body::decode(kind, bytes)) {
        Some(Ok(Body::Action(action))) => {
            action_terms(&action, &mut terms);
            numbered = action.source.filter(|source| source.sequence > 0).map(|source| (source.name, source.sequence));
        }
        Some(Ok(Body::Coverage(coverage))) => terms.push(Term::new(TermKind::Source, coverage.source)),
        Some(Ok(_) | Err(_)) | None => {}
    }
    (terms, numbered)
}

fn action_terms(action: &ActionBody, terms: &mut Vec<Term>) {
    let mut add = |kind, name: &str| {
        if !name.is_empty() {
            terms.push(Term::new(kind, name));
        }
    };
    for actor in &action.actors {
        add(TermKind::Actor, &actor.name);
    }
    for name in action.datasets() {
        add(TermKind::Dataset, name);
    }
    if action.verb != Verb::Unspecified {
        add(TermKind::Verb, action.verb.code());
    }
    add(TermKind::Outcome, action.outcome.code());
    add(TermKind::Tool, &action.tool);
    if let Some(caller) = &action.caller {
        add(TermKind::Caller, &caller.name);
    }
    if let Some(source) = &action.source {
        add(TermKind::Source, &source.name);
        if source.sequence > 0 {
            add(TermKind::Numbered, &source.name);
        }
    }
    terms.extend(Sort::of(action).map(|sort| sort.term()));
    if states_logging(action) {
        terms.push(Term::logging());
    }
    if action.facts.iter().any(|fact| fact.kind != FactKind::Coverage) {
        terms.push(Term::opening());
    }
    let sealed = |field: &NamedField| action.sealed_names.contains(field);
    if [NamedField::Dataset, NamedField::FactResource, NamedField::RecordDataset].iter().any(sealed) {
        terms.push(Term::sealed_resource());
    }
    if !action.tool.is_empty() || sealed(&NamedField::Tool) {
        terms.push(Term::into_tool());
    }
    let mut ways = action.facts.iter().filter(|fact| opens_way(fact.kind)).peekable();
    if ways.peek().is_some() {
        terms.push(Term::way());
        let found_by_none = |fact: &Fact| match fact.kind {
            FactKind::Grant => fact.resource.is_empty() && action.dataset.is_empty(),
            _ => fact.resource.is_empty() || fact.party != PartyKind::Human,
        };
        let fields = [NamedField::Dataset, NamedField::FactResource, NamedField::FactName];
        if fields.iter().any(sealed) || ways.any(found_by_none) {
            terms.push(Term::nameless_way());
        }
    }
    if action.links.as_ref().is_some_and(|links| links.same_act_as > 0) {
        terms.push(Term::told_again());
    }
    if action.sealed_names.contains(&NamedField::ActorName) {
        terms.push(Term::sealed_actor());
    }
    if action.links.as_ref().is_some_and(|links| links.corrects > 0 || links.retracts > 0) {
        terms.push(Term::amending());
    }
}

fn opens_way(kind: FactKind) -> bool {
    matches!(kind, FactKind::Grant | FactKind::Membership | FactKind::Account | FactKind::AccountState)
}

/// Whether an action says what a source was logging.
pub fn states_logging(action: &ActionBody) -> bool {
    let says = matches!(action.verb, Verb::CoverageStop | Verb::CoverageHeartbeat);
    says || action.facts.iter().any(|fact| fact.kind == FactKind::Coverage)
}

fn undetermined_count(name: &str, count: u64, first: u64, last: u64) -> Result<UndeterminedCount, StoreError> {
    let mut pieces = name.split('\u{1f}');
    let mut piece = || pieces.next().ok_or_else(torn);
    Ok(UndeterminedCount {
        determination: Determination::from_code(piece()?).ok_or_else(torn)?,
        tool: piece()?.to_owned(),
        doubt: Doubt::from_code(piece()?).unwrap_or_default(),
        outcome: Outcome::from_code(piece()?).unwrap_or_default(),
        count,
        first,
        last,
    })
}

fn kind_prefix(ledger: LedgerNumber, kind: TermKind) -> Vec<u8> {
    let mut key = ledger.0.to_be_bytes().to_vec();
    key.push(POSTINGS);
    key.push(kind as u8);
    key
}

fn posting_key(ledger: LedgerNumber, term: &Term, block: u64) -> Vec<u8> {
    let mut key = kind_prefix(ledger, term.kind);
    key.extend_from_slice(term.name.as_bytes());
    key.push(0);
    key.extend_from_slice(&block.to_be_bytes());
    key
}

fn times_key(ledger: LedgerNumber, block: u64) -> Vec<u8> {
    let mut key = ledger.0.to_be_bytes().to_vec();
    key.push(TIMES);
    key.extend_from_slice(&block.to_be_bytes());
    key
}

fn progress_key(ledger: LedgerNumber) -> Vec<u8> {
    let mut key = ledger.0.to_be_bytes().to_vec();
    key.push(PROGRESS);
    key
}

fn encode_offsets(offsets: &[u16]) -> Vec<u8> {
    let mut out = Vec::with_capacity(offsets.len());
    let mut last = 0;
    for offset in offsets {
        whosaw_verifier::wire::put_varint(u64::from(offset - last), &mut out);
        last = *offset;
    }
    out
}

fn decode_offsets(mut bytes: &[u8]) -> Result<Vec<u16>, StoreError> {
    let mut offsets = Vec::new();
    let mut last = 0u16;
    while !bytes.is_empty() {
        let mut delta = 0u32;
        let mut shift = 0;
        loop {
            let (byte, rest) = bytes.split_first().ok_or_else(torn)?;
            bytes = rest;
            delta |= u32::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > 14 {
                return Err(torn());
            }
        }
        last = u16::try_from(delta).ok().and_then(|d| last.checked_add(d)).ok_or_else(torn)?;
        offsets.push(last);
    }
    Ok(offsets)
}

fn torn() -> StoreError {
    StoreError::Corrupt("a projection row is torn; `whosaw rebuild` makes projections anew".into())
}
