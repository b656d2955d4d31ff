//! What a way was opened for, where its opening says so: by which verbs, and to what of the content. One that says nothing
//! of it is open for anything.

use super::content::Content;
use super::fact::Access;
use super::interval::Interval;
use super::times::TimeSet;
use std::borrow::Cow;
use std::collections::BTreeSet;
use whosaw_verifier::vocabulary::{Category, Verb};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    pub rights: BTreeSet<Verb>,
    pub categories: BTreeSet<Category>,
}

impl Scope {
    pub fn of(grant: &Interval) -> Scope {
        Scope { rights: grant.rights.clone(), categories: grant.categories.clone() }
    }

    /// Whether everything that was inside could surely be seen by it.
    pub fn shows_all(&self, content: &Content) -> bool {
        let is_within = |inside: &BTreeSet<Category>| inside.is_subset(&self.categories);
        self.is_to_see() && (self.categories.is_empty() || content.categories.as_ref().is_some_and(is_within))
    }

    /// When anything that was inside could surely be seen by it: what nobody told of, or has other categories besides, takes
    /// nothing from what is told to be of its categories.
    pub fn shows<'a>(&self, content: &'a Content) -> Cow<'a, TimeSet> {
        if self.shows_all(content) {
            return Cow::Borrowed(&content.any.certain);
        }
        Cow::Owned(if self.is_to_see() { content.surely_within(&self.categories) } else { TimeSet::empty() })
    }

    fn is_to_see(&self) -> bool {
        self.rights.is_empty() || self.rights.iter().copied().any(sees)
    }

    /// Whoever may read or take content may have it shown in any form; taking it, or changing it, has to be said.
    fn allows(&self, verb: Verb) -> bool {
        let shown =
            matches!(verb, Verb::DataList | Verb::DataSearch | Verb::DataPreview | Verb::DataRead | Verb::DataView)
                || !verb.code().starts_with("data.");
        self.rights.is_empty() || self.rights.contains(&verb) || shown && self.rights.iter().copied().any(sees)
    }
}

/// Verbs by which content is seen. What a list or a search shows of it, or what somebody sees who may change it, is not said.
fn sees(right: Verb) -> bool {
    matches!(
        right,
        Verb::DataRead
            | Verb::DataView
            | Verb::DataDownload
            | Verb::DataExport
            | Verb::DataCopy
            | Verb::ContextLoad
            | Verb::MemoryRead
    )
}

/// Whether an access surely was within what these together were opened for.
pub fn allow<'a>(scopes: impl IntoIterator<Item = &'a Scope>, access: &Access) -> bool {
    within(scopes, access, |categories| {
        let all: BTreeSet<Category> = access.categories.union(&access.perhaps_categories).copied().collect();
        !access.perhaps_all && !all.is_empty() && all.is_subset(categories)
    })
}

/// Whether it may have been: what it does not say that it showed may have been anything.
pub fn may_allow<'a>(scopes: impl IntoIterator<Item = &'a Scope>, access: &Access) -> bool {
    within(scopes, access, |categories| access.categories.is_subset(categories))
}

/// Whether these may have led whoever has them to what an access got, by whatever act of their own.
pub fn may_lead<'a>(scopes: impl IntoIterator<Item = &'a Scope>, access: &Access) -> bool {
    let by_right = |scope: &&Scope| scope.allows(access.verb) || scope.rights.iter().copied().any(sees);
    let leading: Vec<&Scope> = scopes.into_iter().filter(by_right).collect();
    let categories: BTreeSet<Category> = leading.iter().flat_map(|scope| &scope.categories).copied().collect();
    leading.iter().any(|scope| scope.categories.is_empty())
        || !leading.is_empty() && access.categories.is_subset(&categories)
}

fn within<'a>(
    scopes: impl IntoIterator<Item = &'a Scope>,
    access: &Access,
    are: impl Fn(&BTreeSet<Category>) -> bool,
) -> bool {
    let by_right: Vec<&Scope> = scopes.into_iter().filter(|scope| scope.allows(access.verb)).collect();
    let categories = by_right.iter().flat_map(|scope| &scope.categories).copied().collect();
    by_right.iter().any(|scope| scope.categories.is_empty()) || !by_right.is_empty() && are(&categories)
}
