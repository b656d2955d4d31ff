//! Names that entries speak of, and the numbers they have here.

use std::collections::HashMap;

/// A name, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Named {
    Registered(String),
    /// Outside the registry; it stood sealed.
    Sealed(String),
    /// Sealed, and does not open: by entry and position, so that two are not taken for one.
    Closed(u64, u32),
    /// Whoever got what this entry sent, of whom nothing was said.
    ReceiverOf(u64),
    /// Whoever runs this tool, of whom nothing was said.
    OperatorOf(Box<Named>),
}

impl Named {
    /// Whether it is this name; registered or not, a name is a name.
    pub(super) fn key(&self) -> Named {
        match self {
            Named::Sealed(name) => Named::Registered(name.clone()),
            Named::OperatorOf(tool) => Named::OperatorOf(Box::new(tool.key())),
            other => other.clone(),
        }
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Named::Registered(name) | Named::Sealed(name) => Some(name),
            Named::Closed(..) | Named::ReceiverOf(_) | Named::OperatorOf(_) => None,
        }
    }
}

/// Things that entries speak of, by the numbers they have here.
#[derive(Clone)]
pub struct Numbered<T> {
    names: Vec<T>,
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { names: Vec::new(), numbers: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    pub(super) fn number(&mut self, key: T, name: T) -> u32 {
        let next = self.names.len() as u32;
        let number = *self.numbers.entry(key.clone()).or_insert(next);
        match self.names.get_mut(number as usize) {
            // A name is told as registered once anything tells it so.
            Some(known) if name == key => *known = name,
            Some(_) => {}
            None => self.names.push(name),
        }
        number
    }

    pub fn name(&self, number: u32) -> Option<&T> {
        self.names.get(number as usize)
    }

    pub fn all(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(&self.names)
    }

    pub fn find(&self, key: &T) -> Option<u32> {
        self.numbers.get(key).copied()
    }
}
