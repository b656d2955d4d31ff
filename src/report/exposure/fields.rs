//! Which fields each of them got, as the accesses name them (REPORTS 1.2, 9).

use super::document::FieldsFact;
use super::facts::Found;
use crate::exposure::calculus::exposure::{Rung, Viewer};
use crate::exposure::calculus::fact::Party;
use crate::exposure::telling::Telling;
use std::collections::BTreeSet;

/// Of what one party got of a resource; nothing where that is nothing. What an access does not name, it may have shown.
pub(super) fn of(found: &Found<'_>, party: Party, viewer: &Viewer, told: &Telling) -> Option<FieldsFact> {
    let (mut surely, mut possibly, mut acts, mut untold) = (BTreeSet::new(), BTreeSet::new(), 0, 0);
    for (position, _) in viewer.did.iter().filter(|(_, rung)| **rung != Rung::Tried) {
        let judged = &found.exposure.accesses[*position];
        let access = &found.accesses[judged.access];
        let certain = judged.certain && !access.perhaps_given_to.contains(&party);
        if certain { &mut surely } else { &mut possibly }.extend(&access.fields);
        acts += 1;
        untold += u64::from(!access.fields_told);
    }
    let names = |fields: &mut dyn Iterator<Item = &u32>| -> Vec<String> {
        let names: BTreeSet<&String> = fields.filter_map(|field| told.pointers.name(*field)).collect();
        names.into_iter().cloned().collect()
    };
    (acts > 0).then(|| FieldsFact {
        resource: found.name.to_owned(),
        fields: names(&mut surely.iter()),
        perhaps_fields: names(&mut possibly.difference(&surely)),
        acts,
        untold,
    })
}
