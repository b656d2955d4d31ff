//! Which entries are one act, and what follows from their links.
//!
//! One act by an equal action id of one caller or a recorded `same_act_as`, never by likeness: two reads that look the same
//! are two, and so are two that different callers gave one id.

use super::document::*;
use super::entry::Material;
use super::ids::Ids;
use crate::exposure::telling::At;
use crate::model::TimeSource;
use crate::report::clock::{is_claimed, skew};
use crate::report::code::Code;
use crate::report::evidence::{Amendment, ToldBy};
use crate::report::exposure::registered::History;
use crate::report::instant::Instant;
use crate::report::joined::Joined;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// For each material the number of its act, from 0 in the order of first appearance.
pub fn acts(materials: &[Material<'_>]) -> Vec<usize> {
    let mut joined = Joined::of(materials.len());
    let (mut ids, mut entries) = (Ids::default(), HashMap::new());
    for (at, material) in materials.iter().enumerate() {
        // A certain and a weak part may stand in the same entry.
        joined.join(at, *entries.entry(material.index).or_insert(at));
        if let Some(content) = material.content {
            ids.give(&content.action_id, &material.told_by(), at);
        }
    }
    // Acts of which this person has nothing: whoever names the same one twice tells of one act.
    let mut elsewhere: HashMap<(ToldBy, &[u8]), usize> = HashMap::new();
    for (at, material) in materials.iter().enumerate() {
        let Some(content) = material.content else { continue };
        let own = std::iter::once(&content.action_id).filter(|id| !id.is_empty());
        let by = material.told_by();
        for id in own.chain(&content.same_act_as) {
            let meant = ids.meant(id, &by);
            match meant.acts.first() {
                Some(other) if !meant.ambiguous => joined.join(at, *other),
                Some(_) => {}
                None => joined.join(at, *elsewhere.entry((by.clone(), id)).or_insert(at)),
            }
        }
    }
    let mut numbers = HashMap::new();
    (0..materials.len())
        .map(|at| {
            let next = numbers.len();
            *numbers.entry(joined.root(at)).or_insert(next)
        })
        .collect()
}

/// How entries of the person are corrected and taken back. All stay counted: whether an amendment comes from a role that
/// may narrow the record is for people to judge.
pub struct Amended {
    /// For each material, by which entries.
    pub corrected_by: Vec<Vec<EntryIndex>>,
    pub retracted_by: Vec<Vec<EntryIndex>>,
    /// For each material, which other ones it corrects.
    pub corrects: Vec<Vec<usize>>,
    /// Entries that no longer speak if amendments hold that were not themselves taken back.
    pub replaced: BTreeSet<u64>,
}

pub fn amended(materials: &[Material<'_>], others: &[Amendment]) -> Amended {
    let (mut ids, mut of_amendments) = (Ids::default(), Ids::default());
    let mut amendments: BTreeMap<u64, Amendment> = others.iter().map(|other| (other.index, other.clone())).collect();
    for (at, material) in materials.iter().enumerate() {
        let Some(content) = material.content else { continue };
        ids.give(&content.action_id, &material.told_by(), at);
        amendments.extend(Amendment::of(material.index.0, material.body, content).map(|own| (own.index, own)));
    }
    let amendments: Vec<Amendment> = amendments.into_values().collect();
    for (at, amendment) in amendments.iter().enumerate() {
        of_amendments.give(&amendment.action_id, &amendment.told_by, at);
    }
    let mut taken_back: HashSet<usize> = HashSet::new();
    for amendment in &amendments {
        let meant = amendment.retracts.iter().map(|id| of_amendments.meant(id, &amendment.told_by));
        taken_back.extend(meant.filter(|meant| !meant.ambiguous).flat_map(|meant| meant.acts));
    }
    let none = || vec![Vec::new(); materials.len()];
    let (mut corrected_by, mut retracted_by, mut corrects) = (none(), none(), vec![Vec::new(); materials.len()]);
    let mut replaced = BTreeSet::new();
    let places: HashMap<u64, usize> = materials.iter().enumerate().map(|(at, found)| (found.index.0, at)).collect();
    for (number, amendment) in amendments.iter().enumerate() {
        let holds = !taken_back.contains(&number);
        let own = places.get(&amendment.index).copied();
        for (named, by) in [(&amendment.corrects, &mut corrected_by), (&amendment.retracts, &mut retracted_by)] {
            for meant in named.iter().map(|id| ids.meant(id, &amendment.told_by)) {
                for at in meant.acts.iter().copied().filter(|at| Some(*at) != own) {
                    if by[at].last() != Some(&EntryIndex(amendment.index)) {
                        by[at].push(EntryIndex(amendment.index));
                    }
                    // What may mean several takes out none of them.
                    if holds && !meant.ambiguous {
                        replaced.insert(materials[at].index.0);
                    }
                }
            }
        }
        let Some(own) = own else { continue };
        let targets = amendment.corrects.iter().flat_map(|id| ids.meant(id, &amendment.told_by).acts);
        corrects[own] = targets.filter(|at| *at != own).collect();
    }
    Amended { corrected_by, retracted_by, corrects, replaced }
}

/// The person's conversations, numbered, and for each entry which it belongs to.
pub fn conversations(materials: &[Material<'_>]) -> (Vec<Option<ConversationNumber>>, Vec<ConversationFact>) {
    let mut numbers: HashMap<&str, ConversationNumber> = HashMap::new();
    let mut facts: Vec<ConversationFact> = Vec::new();
    let belongs = materials
        .iter()
        .map(|material| {
            let id = conversation(material)?;
            let number = *numbers.entry(id).or_insert_with(|| {
                let number = ConversationNumber(facts.len() as u64 + 1);
                facts.push(ConversationFact { number, id: id.to_owned(), entries: 0 });
                number
            });
            facts[number.0 as usize - 1].entries += 1;
            Some(number)
        })
        .collect();
    (belongs, facts)
}

fn conversation<'a>(material: &Material<'a>) -> Option<&'a str> {
    material.content.map(|content| content.conversation.as_str()).filter(|id| !id.is_empty())
}

/// When each entry happened, as far as its claim can be true.
pub fn times(
    materials: &[Material<'_>],
    conversations: &[Option<ConversationNumber>],
    history: &History,
) -> Vec<ActTime> {
    let places = places(materials, conversations);
    let bounds = bounds(materials, history);
    let each = materials.iter().zip(places).zip(bounds);
    each.map(|((material, place), bounded)| match (&material.body.occurred, bounded) {
        (Some(occurred), _) if occurred.source == TimeSource::Replay => ActTime::Replay { place },
        (Some(occurred), Some(bounded)) => ActTime::Claimed {
            clock: Code(occurred.source),
            claimed: Span { from: Instant::new(occurred.earliest_us), until: Instant::new(occurred.latest_us) },
            bounded: bounded.span,
            skew_us: skew(material.body),
            doubtful: bounded.doubtful,
        },
        _ => ActTime::Unknown { place },
    })
    .collect()
}

/// Where entries without a claimed time stand in their conversations: in the order of the replay's clock, or in that of
/// their recording where even such a clock is missing.
fn places(
    materials: &[Material<'_>],
    conversations: &[Option<ConversationNumber>],
) -> Vec<Option<PlaceInConversation>> {
    type Member = (Option<(u64, u64)>, usize);
    let mut members: BTreeMap<ConversationNumber, Vec<Member>> = BTreeMap::new();
    for (at, (material, conversation)) in materials.iter().zip(conversations).enumerate() {
        let clock = match &material.body.occurred {
            Some(occurred) if occurred.source == TimeSource::Replay => Some((occurred.earliest_us, occurred.latest_us)),
            Some(occurred) if is_claimed(occurred) => continue,
            _ => None,
        };
        if let Some(conversation) = conversation {
            members.entry(*conversation).or_default().push((clock, at));
        }
    }
    let mut places = vec![None; materials.len()];
    for (conversation, mut entries) in members {
        if entries.iter().all(|(clock, _)| clock.is_some()) {
            entries.sort_unstable();
        }
        let of = entries.len() as u64;
        for (order, (_, at)) in (1..).zip(entries) {
            places[at] = Some(PlaceInConversation { conversation, order, of });
        }
    }
    places
}

struct Bounded {
    span: Span,
    doubtful: bool,
}

/// The claim, widened by the source's stated skew, at most until it was recorded and not before what caused it
/// (REPORTS 2.3). If nothing remains, the recording bounds it, less the source's registered delay.
fn bounds(materials: &[Material<'_>], history: &History) -> Vec<Option<Bounded>> {
    let claims: Vec<Option<(u64, u64)>> = materials
        .iter()
        .map(|material| {
            let occurred = material.body.occurred.as_ref()?;
            if !is_claimed(occurred) {
                return None;
            }
            let skew = skew(material.body);
            let latest = occurred.latest_us.saturating_add(skew).min(material.first.recorded_at_us);
            Some((occurred.earliest_us.saturating_sub(skew), latest))
        })
        .collect();
    let earliest = after_causes(materials, &claims);
    materials
        .iter()
        .zip(claims)
        .zip(earliest)
        .map(|((material, claim), earliest)| {
            let ((_, latest), recorded) = (claim?, material.first.recorded_at_us);
            let doubtful = earliest > latest;
            let (from, until) = match doubtful {
                true => (recorded.saturating_sub(delivery_delay_us(material, history)), recorded),
                false => (earliest, latest),
            };
            Some(Bounded { span: Span { from: Instant::new(from), until: Instant::new(until) }, doubtful })
        })
        .collect()
}

/// The earliest time of each entry, raised to that of its parents and their parents. From the latest downwards, so that
/// each entry is settled once and a ring of causes comes to an end.
fn after_causes(materials: &[Material<'_>], claims: &[Option<(u64, u64)>]) -> Vec<u64> {
    let mut ids = Ids::default();
    for (at, material) in materials.iter().enumerate() {
        if let Some(content) = material.content {
            ids.give(&content.action_id, &material.told_by(), at);
        }
    }
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); materials.len()];
    for (at, material) in materials.iter().enumerate() {
        let parents = material.content.map(|content| content.parents.as_slice()).unwrap_or_default();
        for meant in parents.iter().map(|id| ids.meant(id, &material.told_by())) {
            // Of several that may be meant none bounds it.
            if let Some(parent) = meant.acts.first().filter(|_| !meant.ambiguous) {
                children[*parent].push(at);
            }
        }
    }
    let mut earliest: Vec<u64> = claims.iter().map(|claim| claim.map_or(0, |(earliest, _)| earliest)).collect();
    let mut order: Vec<usize> = (0..materials.len()).collect();
    order.sort_unstable_by_key(|at| std::cmp::Reverse(earliest[*at]));
    let mut settled = vec![false; materials.len()];
    for start in order {
        let bound = earliest[start];
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut settled[at], true) {
                continue;
            }
            earliest[at] = earliest[at].max(bound);
            open.extend(&children[at]);
        }
    }
    earliest
}

fn delivery_delay_us(material: &Material<'_>, history: &History) -> u64 {
    let at = At { earliest: material.first.recorded_at_us, index: material.index.0 };
    material.body.source.as_ref().map_or(0, |source| history.delivery_delay_us(&source.name, at))
}
