//! How much of what came with an action its entry keeps.

use super::ContentKind;

/// How much is kept of what came by one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Who is in it, and which categories of their data: without that nobody could ask what became of their data.
    Nothing,
    /// Also ids of records, and which fields of a person there were.
    References,
    /// Also what came itself: the first so many bytes of it.
    Content { at_most: usize },
}

impl Default for Kept {
    fn default() -> Self {
        Kept::Content { at_most: usize::MAX }
    }
}

/// The same of everything that may come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keeping {
    pub arguments: Kept,
    pub result: Kept,
    pub error: Kept,
    /// Whoever made the action left ids of records out of it already, knowing where they came from.
    pub records_left_out: bool,
}

impl Keeping {
    fn all(&self) -> [Kept; 3] {
        [self.arguments, self.result, self.error]
    }

    /// What a part as the agent signed it is held to: nobody can tell which of the three it holds, so the strictest counts.
    pub fn signed_parts(&self) -> Kept {
        let strictness = |kept: &Kept| match kept {
            Kept::Nothing | Kept::References => 0,
            Kept::Content { at_most } => *at_most,
        };
        self.all().into_iter().min_by_key(strictness).unwrap_or_default()
    }
}

/// What the keeping of an action took from it, each ascending.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub not_kept: Vec<ContentKind>,
    pub cut: Vec<ContentKind>,
}
