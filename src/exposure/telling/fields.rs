//! Which fields of whose data moved, as an act names them.

use super::*;

impl Telling {
    /// The fields that these parts name of what moved so, by their numbers, and whether each part names any: of one that does
    /// not, any may have.
    pub(super) fn fields(
        &mut self,
        action: &OpenedAction<'_>,
        parts: impl Iterator<Item = u32>,
        moved: impl Fn(Direction) -> bool,
    ) -> (BTreeSet<u32>, bool) {
        let (mut all, mut each_names) = (BTreeSet::new(), true);
        for ordinal in parts {
            let named = action.fields.get(&ordinal).into_iter().flatten();
            let mut named = named.filter(|field| moved(field.direction) && !field.pointer.is_empty()).peekable();
            each_names &= named.peek().is_some();
            all.extend(named.map(|field| self.pointers.number(field.pointer.clone(), field.pointer.clone())));
        }
        (all, each_names)
    }
}
