//! Data that went on from one dataset into another: what came in there because of an act on here is possibly a copy of what that
//! act got, and lies there (REPORTS 2.2, `Holding` and what it is derived from). Who sees it there tells that dataset's own report.

use super::*;

impl Telling {
    pub(super) fn settle_lineage(&mut self) {
        let mut got: HashMap<u64, BTreeSet<Resource>> = HashMap::new();
        for access in self.accesses.iter().filter(|access| !access.about_nobody) {
            for entry in &access.entries {
                got.entry(*entry).or_default().insert(access.resource);
            }
        }
        let came_in = self.edges.iter().filter(|edge| edge.side == Side::Opens);
        let came_in = came_in.filter_map(|edge| match edge.thing {
            Some(Thing::Content { resource, .. }) => Some((edge.index, resource)),
            _ => None,
        });
        let mut copies: BTreeMap<(u64, Resource, Resource), When> = BTreeMap::new();
        for (index, into) in came_in.collect::<BTreeSet<_>>() {
            let Some(act) = self.acts.get(&index).filter(|_| !self.never.contains(&index)) else { continue };
            let of =
                self.acts_before(act).filter_map(|cause| got.get(&cause.index)).flatten().filter(|of| **of != into);
            copies.extend(of.map(|of| ((index, into, *of), act.when)));
        }
        for ((index, into, resource), when) in copies {
            let Some(name) = self.resources.name(into.0).cloned() else { continue };
            let holder = self.named_party(PartyKind::Unspecified, name);
            let thing = Thing::Holding { holder, resource };
            self.edges.push(Edge { doubtful: true, ..Edge::of(index, thing, Side::Opens, when) });
        }
    }
}
