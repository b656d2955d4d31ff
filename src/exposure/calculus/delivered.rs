//! What was given to somebody, or what they took, lies with them, and can be seen there until it is removed there: closing the
//! way to where it came from, or deleting it there, ends none of it (REPORTS 2.3, Rungs and durations). A copy that a person
//! took is theirs alone: by it the resource stands open to nobody, and its own time is that of ways and of what was given away.

use super::audience::Audience;
use super::content::Content;
use super::exposure::{Exposure, Inside, Manner};
use super::fact::{Access, Authorised, Party, Resource, Thing};
use super::interval::{Bound, Interval, Known};
use super::joined::{self, Entrance};
use super::times::{Instant, TimeSet, Times};
use super::ways::Ways;
use std::collections::{BTreeMap, HashMap};
use whosaw_verifier::vocabulary::PartyKind;

/// Copies by the entries that tell of their beginning.
pub struct Copies(HashMap<u64, Vec<Interval>>);

/// What one act gave to one receiver.
pub struct Delivery {
    /// The entry that tells of the copy.
    entry: u64,
    /// Whose data it was: position among the accesses that were told.
    access: usize,
    holder: Party,
    /// Nobody gave it to them: they took it.
    taken: bool,
    /// As long as it lies there.
    times: Times,
    /// When others than whoever took it could see it there: what a person took stands open to nobody else.
    opens: Times,
    authorised: Authorised,
    /// It went there without authority, if whoever gave it, and does not open, had none.
    perhaps_without: bool,
    /// Who is or was in the receiver, and possibly could see it there when.
    members: BTreeMap<Party, TimeSet>,
}

impl Copies {
    pub fn of(held: &[Interval]) -> Self {
        let mut copies: HashMap<u64, Vec<Interval>> = HashMap::new();
        for interval in held {
            if let Some(entry) = interval.start.entry {
                copies.entry(entry).or_default().push(interval.clone());
            }
        }
        Copies(copies)
    }

    /// What an act gave to people: what a machine or an organisation was given is a copy, and nobody is counted by it.
    pub fn deliveries(
        &self,
        (position, access): (usize, &Access),
        (authorised, perhaps_without): (Authorised, bool),
        audience: &Audience,
        manner: Manner,
        always: &Times,
    ) -> Vec<Delivery> {
        let copies = access.entries.iter().filter_map(|entry| Some((*entry, self.0.get(entry)?)));
        let copies = copies.flat_map(|(entry, copies)| copies.iter().map(move |copy| (entry, copy)));
        let delivery = |(entry, copy): (u64, &Interval)| {
            let Thing::Holding { holder, .. } = copy.thing else { return None };
            let given = access.given_to.contains(&holder);
            let taken = !given && !access.perhaps_given_to.contains(&holder);
            // What somebody took who is anybody, not everybody has.
            if taken && holder == Party::Anyone || !is_of_people(holder, audience) {
                return None;
            }
            // A machine has it, unless it is somebody's account.
            let surely = (given || taken) && !audience.is_only_perhaps_account(holder);
            let times = copy.times().intersect(always);
            let times = if surely && !holder.is_unknown() { times } else { times.only_possible() };
            let members = members_of(holder, audience, always).into_iter().map(|(party, over)| {
                let then = |times: &Times| times.possible.meets(access.when.earliest, access.when.latest);
                let could = over.iter().map(|entrance| {
                    let late = entrance.joined.as_ref().is_some_and(|joined| !then(joined));
                    // Whoever was in it then may have it although they left; whoever joined later may see what came before.
                    match then(&entrance.within) {
                        true => times.possible.clone(),
                        false if late && manner.hides_history => TimeSet::empty(),
                        false => times.possible.intersect(&entrance.within.possible),
                    }
                });
                (party, TimeSet::all(&could.collect::<Vec<_>>()))
            });
            let members: BTreeMap<Party, TimeSet> = members.filter(|(_, could)| !could.is_empty()).collect();
            let opens = match taken {
                true => Times { certain: TimeSet::empty(), possible: TimeSet::all(members.values()) },
                false => times.clone(),
            };
            Some(Delivery {
                entry,
                access: position,
                holder,
                taken,
                times,
                opens,
                authorised,
                perhaps_without,
                members,
            })
        };
        copies.filter_map(delivery).collect()
    }
}

/// Everybody who is or was in it, itself not.
fn members_of(whole: Party, audience: &Audience, always: &Times) -> BTreeMap<Party, Vec<Entrance>> {
    if whole.has_members() { joined::entrances(audience, whole, always, true) } else { BTreeMap::new() }
}

fn is_of_people(holder: Party, audience: &Audience) -> bool {
    match holder {
        Party::Person(_) | Party::Unknown(..) | Party::Anyone | Party::Named(PartyKind::Group, _) => true,
        Party::Named(PartyKind::Organisation | PartyKind::Service, _) => audience.may_have_members(holder),
        // Nobody says that it is none.
        Party::Named(..) => holder.is_unknown(),
    }
}

/// Two reports of one act tell of one copy, unless they tell of it otherwise.
pub fn distinct(held: &mut Vec<Interval>, accesses: &[Access]) {
    let first = |access: &Access| access.entries.first().copied().unwrap_or_default();
    let several = accesses.iter().filter(|access| access.entries.len() > 1);
    let act_of: HashMap<u64, u64> =
        several.flat_map(|access| access.entries.iter().map(move |entry| (*entry, first(access)))).collect();
    let mut known: BTreeMap<(Thing, u64), (u64, Bound)> = BTreeMap::new();
    held.retain(|copy| {
        let Some(entry) = copy.start.entry else { return true };
        let Some(act) = act_of.get(&entry) else { return true };
        let (teller, end) = *known.entry((copy.thing, *act)).or_insert((entry, copy.end));
        teller == entry || end != copy.end
    });
}

impl Exposure {
    /// Who could see what was given to them or to what they are in.
    pub(super) fn take_deliveries(&mut self, deliveries: &[Delivery], ways: &mut Ways) {
        for delivery in deliveries {
            let Delivery { holder, taken, times, opens, authorised, perhaps_without, members, .. } = delivery;
            self.open = self.open.union(opens);
            if *authorised == Authorised::No {
                self.unauthorised = self.unauthorised.union(opens);
            } else if *perhaps_without {
                self.unauthorised.possible = self.unauthorised.possible.union(&opens.possible);
                let of_members = members.iter().map(|(party, could)| (*party, could));
                for (party, could) in of_members.chain([(*holder, &times.possible)]) {
                    let excess = &mut self.viewers.entry(party).or_default().excess.possible;
                    *excess = excess.union(could);
                }
            }
            if *holder == Party::Anyone {
                self.to_anyone = self.to_anyone.union(times);
            }
            // That it lies with a group, or in an account, makes it certain of nobody in it.
            let own = if holder.has_members() { times.only_possible() } else { times.clone() };
            match (taken, authorised) {
                // What they were allowed to take of it is no way to the rest: it excuses none that nobody allowed.
                (true, Authorised::Yes | Authorised::Exceptional | Authorised::NotAssessed) => {
                    self.could_see(*holder, None, &own);
                }
                _ => self.let_in(*holder, None, &own, *authorised, ways),
            }
            for (party, possible) in members {
                let could = Times { certain: TimeSet::empty(), possible: possible.clone() };
                self.let_in(*party, Some(*holder), &could, *authorised, ways);
            }
        }
    }

    /// Whose data stood open there: whom the act names, and where it does not name everybody, whoever was inside then.
    pub(super) fn take_delivered_data(&mut self, deliveries: &[Delivery], accesses: &[Access], content: &Content) {
        for delivery in deliveries.iter().filter(|delivery| !delivery.opens.is_never()) {
            let access = &accesses[delivery.access];
            let mut stands_open = |person, times: &Times| {
                let inside: &mut Inside = self.subjects.entry(person).or_default();
                inside.open = inside.open.union(times);
                inside.categories.extend(&access.categories);
            };
            for person in &access.subjects {
                stands_open(*person, &delivery.opens);
            }
            if access.listed {
                continue;
            }
            let was_inside = |times: &Times| times.possible.meets(access.when.earliest, access.when.latest);
            let others = content.of.iter().filter(|(person, _)| !access.subjects.contains(person));
            for (person, _) in others.filter(|(_, (times, _))| was_inside(times)) {
                stands_open(*person, &delivery.opens.only_possible());
            }
        }
    }
}

/// Where a copy that others could see begins and ends, as far as the time that is asked for goes.
pub fn bounds(deliveries: &[Delivery], held: &[Interval], cut_off: Instant) -> Vec<(Bound, Bound)> {
    let is_delivered = |copy: &&Interval| {
        let Thing::Holding { holder, .. } = copy.thing else { return false };
        let is_of = |delivery: &&Delivery| Some(delivery.entry) == copy.start.entry && delivery.holder == holder;
        deliveries.iter().filter(is_of).any(|delivery| !delivery.opens.is_never())
    };
    let within = |copy: &Interval| {
        let end = match copy.end.latest > cut_off {
            true => Bound { earliest: copy.end.earliest.min(cut_off), latest: cut_off, known: Known::Open, ..copy.end },
            false => copy.end,
        };
        (copy.start, end)
    };
    held.iter().filter(is_delivered).map(within).collect()
}

/// Whether this copy may be held by one of these parties at the time of an act.
pub fn has_copy(held: &[Interval], parties: &[Party], access: &Access, resource: Resource) -> bool {
    held.iter().any(|copy| match copy.thing {
        Thing::Holding { holder, resource: of } => {
            let other = copy.start.entry.is_none_or(|entry| !access.entries.contains(&entry));
            let then = copy.times().possible.meets(access.when.earliest.saturating_sub(1), access.when.latest);
            of == resource && other && then && parties.contains(&holder)
        }
        _ => false,
    })
}
