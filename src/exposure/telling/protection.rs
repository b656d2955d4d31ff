//! How data was protected when it moved, as an act says.

use super::*;

/// What protected it: at least one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Protected {
    pub encrypted: bool,
    pub pseudonymised: bool,
    /// Which key undoes it, by a number; absent where it is not told.
    pub key: Option<u32>,
}

impl Telling {
    pub(super) fn protection(&mut self, action: &OpenedAction<'_>) {
        let Some(protection) = &action.body.protection else { return };
        let (encrypted, pseudonymised) = (protection.encrypted, protection.pseudonymised);
        if !encrypted && !pseudonymised {
            self.unprotected.insert(action.index);
            return;
        }
        let key = self.named(action, NamedField::KeyId, 0, &protection.key_id);
        let key = key.and_then(|name| name.text().map(str::to_owned)).map(|name| self.keys.number(name.clone(), name));
        self.protected.insert(action.index, Protected { encrypted, pseudonymised, key });
    }

    /// What a key is called.
    pub fn key_name(&self, key: u32) -> Option<&str> {
        self.keys.name(key).map(String::as_str)
    }
}
