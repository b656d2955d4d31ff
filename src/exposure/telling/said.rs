//! What an action says of whose data it was about, how many they were, and what of them it showed.

use super::takers::goes_to_nobody_named;
use super::*;
use crate::model::verbs::passes_on;

/// What a list or a search shows, as the registry says of then.
pub(super) fn listing(
    action: &OpenedAction<'_>,
    when: When,
    registered: &dyn Registered,
) -> Option<BTreeSet<Category>> {
    let lists = matches!(action.body.verb, Verb::DataList | Verb::DataSearch);
    let at = At { earliest: when.earliest, index: action.index };
    Some(&action.body.dataset).filter(|_| lists).and_then(|resource| registered.listing(resource, at))
}

/// The categories that an act touched at most, whichever way they went; none where it does not say.
pub(super) fn touched(action: &OpenedAction<'_>, listing: Option<BTreeSet<Category>>) -> Option<BTreeSet<Category>> {
    let body = action.body;
    let of_subjects = || body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    let states = |group: &PartGroup| group.categories.iter().any(|used| stated(&used.categories).next().is_some());
    let all_state = of_subjects().all(states) && of_subjects().next().is_some();
    let nothing = determination(body) == Determination::Nobody;
    let unstated = if all_state || nothing { Some(BTreeSet::new()) } else { listing };
    unstated.map(|unstated| said_of_subjects(body).chain(unstated).collect())
}

pub(super) fn said_of_subjects(body: &ActionBody) -> impl Iterator<Item = Category> {
    let groups = body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    groups.flat_map(|group| &group.categories).flat_map(|used| stated(&used.categories))
}

pub(super) fn stated(categories: &[Category]) -> impl Iterator<Item = Category> {
    categories.iter().copied().filter(|category| *category != Category::Unspecified)
}

/// Whether an act failed and said something, or nothing tells any more whether it did: an error may repeat what was asked for.
pub(super) fn may_tell_in_error(action: &OpenedAction<'_>) -> bool {
    let body = action.body;
    let closed = || body.parts.iter().any(|group| group.holds_content);
    let says = action.content.map_or_else(closed, |content| !content.error.is_empty());
    body.outcome == Outcome::Failed && (says || body.not_kept.contains(&ContentKind::Error))
}

/// Whether data came to whoever acted, as far as it is not said that they only went the other way. Of a mail that does not say
/// whose data was in it no more comes back than of one that does.
pub(super) fn comes_back(body: &ActionBody) -> bool {
    let mut of_subjects = body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject)).peekable();
    let to_others = || body.recipients.iter().any(|recipient| recipient.kind != RecipientKind::DataSubject);
    match of_subjects.peek() {
        Some(_) => of_subjects.any(part_comes_back),
        None => !(passes_on(body.verb) && (to_others() || goes_to_nobody_named(body))),
    }
}

pub(super) fn part_comes_back(group: &PartGroup) -> bool {
    group.categories.is_empty() || group.categories.iter().any(|used| used.direction != Direction::Argument)
}

/// Whether an act was denied, or failed and told nothing by that.
pub(super) fn came_to_nothing(action: &OpenedAction<'_>) -> bool {
    match action.body.outcome {
        Outcome::Denied => true,
        Outcome::Failed => !may_tell_in_error(action),
        _ => false,
    }
}

/// A number that somebody told.
pub(super) fn counted(quantity: &Option<body::Quantity>) -> Option<Told> {
    let known = quantity.as_ref().filter(|told| matches!(told.precision, Precision::Exact | Precision::Approximate));
    known.map(|told| Told { count: told.count, exact: told.precision == Precision::Exact })
}

/// Parts of those whose data an action was about.
pub(super) fn subjects_of<'a>(action: &OpenedAction<'a>) -> impl Iterator<Item = u32> + use<'a> {
    let groups = action.body.parts.iter().filter(|group| group.roles.contains(&Role::DataSubject));
    groups.flat_map(|group| group.first..group.first.saturating_add(group.count))
}

/// Whose data it says it was about, as far as their parts open, and whether that is everybody.
pub(super) fn listed_by(action: &OpenedAction<'_>) -> (BTreeSet<Person>, bool) {
    let all: Vec<Option<Person>> = subjects_of(action).map(|ordinal| action.persons.get(&ordinal).copied()).collect();
    let listed = determination(action.body) == Determination::Listed && all.iter().all(Option::is_some);
    (all.into_iter().flatten().collect(), listed)
}

/// Why something was corrected or taken back, where it says so as that: the text `reason` of its arguments. Whatever else
/// stands there is an argument, and stays sealed.
pub(super) fn reason_of(arguments: &[u8]) -> String {
    let read = serde_json::from_slice::<serde_json::Value>(arguments).ok();
    read.and_then(|read| Some(read.get("reason")?.as_str()?.to_owned())).unwrap_or_default()
}
