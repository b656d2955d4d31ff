//! What the registry said of names, and when: an act is told by what was in force at its time.
//!
//! Of an act's time everything counts that was in force between the earliest instant at which it may have happened and its
//! own entry; where nothing was then, what came first after it. Where that is more than one value, the one that understates
//! least.

use crate::exposure::calculus::interval::Frame;
use crate::exposure::telling::{self, At};
use crate::model::{Category, RecipientKind, RegistryKind};
use crate::registry::{Document, Party};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use whosaw_verifier::body::RegistryBody;

/// Microseconds of a day, and of a second.
const DAY_US: u64 = 86_400_000_000;
const SECOND_US: u64 = 1_000_000;

/// All that was ever said of names, and all files, in the order of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    names: HashMap<(RegistryKind, String), Vec<Said>>,
    files: Vec<Filed>,
}

/// What one of the controller's files says that is not public of names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Filed {
    index: u64,
    at_us: u64,
    /// What lists and searches show, by resource.
    listings: BTreeMap<String, BTreeSet<Category>>,
    /// As what a party gets data.
    roles: BTreeMap<String, RecipientKind>,
    /// By what data may go to whom: recipient, country (none: wherever they are), code.
    safeguards: BTreeSet<(String, Option<String>, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    index: u64,
    at_us: u64,
    attributes: BTreeMap<String, String>,
}

impl History {
    /// Folds in what one entry made known.
    pub fn record(&mut self, index: u64, at_us: u64, body: &RegistryBody) {
        for record in &body.records {
            let said = self.names.entry((record.kind, record.name.clone())).or_default();
            let mut attributes = BTreeMap::new();
            for attribute in &record.attributes {
                attributes.entry(attribute.key.clone()).or_insert_with(|| attribute.value.clone());
            }
            // What is retired is what it was.
            if record.retired && attributes.is_empty() {
                attributes = said.last().map(|said| said.attributes.clone()).unwrap_or_default();
            }
            said.push(Said { index, at_us, attributes });
        }
    }

    /// Folds in a file of the controller's registry.
    pub fn file(&mut self, index: u64, at_us: u64, document: &Document) {
        let categories = |codes: &[String]| codes.iter().filter_map(|code| Category::from_code(code)).collect();
        let listed = document.resources.iter().filter(|resource| !resource.listing_categories.is_empty());
        let listings = listed.map(|resource| (resource.name.clone(), categories(&resource.listing_categories)));
        let role = |party: &Party| Some((party.name.clone(), RecipientKind::from_code(&party.role)?));
        let roles = document.parties.iter().filter_map(role).collect();
        let transfers = document.activities.iter().flat_map(|activity| &activity.transfers);
        let safeguards = transfers.map(|it| (it.recipient.clone(), Some(it.country.clone()), it.safeguard.clone()));
        let own = document.parties.iter().filter_map(|it| Some((it.name.clone(), None, it.safeguard.clone()?)));
        let safeguards = safeguards.chain(own).collect();
        self.files.push(Filed { index, at_us, listings: listings.collect(), roles, safeguards });
    }

    /// What was in force at any time of an act.
    fn at(&self, kind: RegistryKind, name: &str, key: &str, at: At) -> Vec<Option<&str>> {
        let before = |said: &Said| said.index < at.index;
        self.in_force(kind, name, key, at.earliest, &before)
    }

    /// What was in force at any time of a report's period.
    fn within(&self, kind: RegistryKind, name: &str, key: &str, frame: Frame) -> Vec<Option<&str>> {
        let before = |said: &Said| said.at_us <= frame.cut_off;
        self.in_force(kind, name, key, frame.from, &before)
    }

    fn in_force(
        &self,
        kind: RegistryKind,
        name: &str,
        key: &str,
        from: u64,
        before: &dyn Fn(&Said) -> bool,
    ) -> Vec<Option<&str>> {
        let Some(all) = self.names.get(&(kind, name.to_owned())) else { return Vec::new() };
        then(all, from, before, &|said| said.at_us)
            .iter()
            .map(|said| said.attributes.get(key).map(String::as_str))
            .collect()
    }

    /// Whole numbers above 0, times a unit; what is no number says nothing.
    fn times<'a>(said: &'a [Option<&'a str>], unit_us: u64) -> impl Iterator<Item = u64> + 'a {
        let number = |text: &Option<&str>| text.and_then(|text| text.parse::<u64>().ok());
        said.iter().filter_map(number).map(move |number| number.saturating_mul(unit_us)).filter(|us| *us > 0)
    }

    /// How long records of a source may take to arrive.
    pub fn delivery_delay_us(&self, source: &str, at: At) -> u64 {
        let said = self.at(RegistryKind::Source, source, "delivery-delay-s", at);
        Self::times(&said, SECOND_US).max().unwrap_or_default()
    }

    /// How long a source is silent at most, by what was in force at any time of a span: of several values the shortest. Absent
    /// where nothing is registered of it.
    pub fn heartbeat_us(&self, source: &str, span: Frame) -> Option<u64> {
        let said = self.within(RegistryKind::Source, source, "heartbeat-s", span);
        Self::times(&said, SECOND_US).min()
    }

    /// Files that were in force at any time of an act.
    fn files_at(&self, at: At) -> &[Filed] {
        then(&self.files, at.earliest, &|file: &Filed| file.index < at.index, &|file| file.at_us)
    }

    /// As what a party got data, by the controller's files: absent where they say nothing of it, or several things.
    pub fn role(&self, party: &str, at: At) -> Option<RecipientKind> {
        let mut said = self.files_at(at).iter().map(|file| file.roles.get(party).copied());
        let first = said.next()??;
        said.all(|other| other == Some(first)).then_some(first)
    }

    /// Where a party was first said to be, and as what it was first said to get data, each with the entry and when: for what
    /// it got before anything was said of that.
    pub fn first_country(&self, party: &str) -> Option<(&str, u64, u64)> {
        let all = self.names.get(&(RegistryKind::Party, party.to_owned()))?;
        all.iter().find_map(|said| Some((said.attributes.get("country")?.as_str(), said.index, said.at_us)))
    }

    pub fn first_role(&self, party: &str) -> Option<(RecipientKind, u64, u64)> {
        self.files.iter().find_map(|file| Some((*file.roles.get(party)?, file.index, file.at_us)))
    }

    /// Since which entry, and when, each file has said that data may go there by this.
    pub fn safeguard_since(&self, party: &str, country: &str, code: &str) -> Option<(u64, u64)> {
        let says = |file: &&Filed| {
            let at = |place: Option<&str>| (party.to_owned(), place.map(str::to_owned), code.to_owned());
            file.safeguards.contains(&at(Some(country))) || file.safeguards.contains(&at(None))
        };
        self.files.iter().rev().take_while(says).last().map(|file| (file.index, file.at_us))
    }

    /// Who ran a tool.
    pub fn operators(&self, tool: &str, at: At) -> Vec<&str> {
        distinct(self.at(RegistryKind::Tool, tool, "operator", at))
    }

    /// Who was registered as running an agent's model at any time of a period, one after another: each with since when, where
    /// that was not from the beginning of the period, and until when, where it was not to its end. What came first was so from
    /// the beginning.
    pub fn vendors_within(&self, agent: &str, frame: Frame) -> Vec<(&str, Option<u64>, Option<u64>)> {
        let Some(all) = self.names.get(&(RegistryKind::Agent, agent.to_owned())) else { return Vec::new() };
        let said = then(all, frame.from, &|said: &Said| said.at_us <= frame.cut_off, &|said| said.at_us);
        let mut found: Vec<(&str, Option<u64>, Option<u64>)> = Vec::new();
        let mut before = None;
        for (number, said) in said.iter().enumerate() {
            let vendor = said.attributes.get("vendor").map(String::as_str);
            let since = Some(said.at_us).filter(|_| number > 0);
            if vendor != before {
                if let Some(last) = found.last_mut().filter(|last| last.2.is_none() && before.is_some()) {
                    last.2 = since;
                }
                found.extend(vendor.map(|vendor| (vendor, since, None)));
            }
            before = vendor;
        }
        found
    }

    /// Where a tool ran: the country of whoever ran it, else its own.
    pub fn tool_country(&self, tool: &str, operator: Option<&str>, at: At) -> Option<&str> {
        let own = || self.at(RegistryKind::Tool, tool, "country", at).into_iter().flatten().next_back();
        operator.and_then(|operator| telling::Registered::country(self, operator, at)).or_else(own)
    }

    /// How long a permission may go on working, the longest that was in force.
    pub fn permission_cache_us(&self, resource: &str, frame: Frame) -> u64 {
        let said = self.within(RegistryKind::Dataset, resource, "permission-cache-s", frame);
        Self::times(&said, SECOND_US).max().unwrap_or_default()
    }

    /// How long a permission may ever have gone on working anywhere.
    pub fn longest_cache_us(&self) -> u64 {
        let all = self.names.values().flatten();
        let said: Vec<Option<&str>> =
            all.map(|said| said.attributes.get("permission-cache-s").map(String::as_str)).collect();
        Self::times(&said, SECOND_US).max().unwrap_or_default()
    }

    /// Whether whoever joins later did not see what was there before: all the time, and at times.
    pub fn hides_history(&self, resource: &str, frame: Frame) -> (bool, bool) {
        let said = self.within(RegistryKind::Dataset, resource, "history", frame);
        let hidden = |said: &Option<&str>| *said == Some("hidden");
        (!said.is_empty() && said.iter().all(hidden), said.iter().any(hidden))
    }
}

fn distinct(said: Vec<Option<&str>>) -> Vec<&str> {
    said.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
}

/// Of what was said one after the other, what was in force at any time since `from`; what came first where nothing was yet.
fn then<'a, T>(all: &'a [T], from: u64, before: &dyn Fn(&T) -> bool, at_us: &dyn Fn(&T) -> u64) -> &'a [T] {
    let until = all.iter().take_while(|said| before(said)).count().max(1).min(all.len());
    let begun = all[..until].iter().rposition(|said| at_us(said) <= from).unwrap_or_default();
    &all[begun..until]
}

impl telling::Registered for History {
    fn listing(&self, resource: &str, at: At) -> Option<BTreeSet<Category>> {
        // Under one that says nothing of it, it may have shown anything.
        let said: Option<Vec<&BTreeSet<Category>>> =
            self.files_at(at).iter().map(|file| file.listings.get(resource)).collect();
        said.filter(|said| !said.is_empty()).map(|said| said.into_iter().flatten().copied().collect())
    }

    fn vendors(&self, agent: &str, at: At) -> Vec<&str> {
        distinct(self.at(RegistryKind::Agent, agent, "vendor", at))
    }

    fn operators(&self, tool: &str, at: At) -> Vec<&str> {
        let mut all: Vec<&str> = self.at(RegistryKind::Tool, tool, "operator", at).into_iter().flatten().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn tool_country(&self, tool: &str, at: At) -> Option<&str> {
        self.at(RegistryKind::Tool, tool, "country", at).into_iter().flatten().next_back()
    }

    fn session_max_us(&self, agent: &str, at: At) -> Option<u64> {
        let said = self.at(RegistryKind::Agent, agent, "session-max-s", at);
        // At a time without a limit it may have lasted for ever.
        if said.contains(&None) { None } else { Self::times(&said, SECOND_US).max() }
    }

    fn retention_us(&self, party: &str, at: At) -> Option<u64> {
        let said = self.at(RegistryKind::Party, party, "retention-days", at);
        if said.contains(&None) { None } else { Self::times(&said, DAY_US).max() }
    }

    fn recoverable_us(&self, resource: &str, at: At) -> Option<u64> {
        let said = self.at(RegistryKind::Dataset, resource, "recoverable-days", at);
        if said.contains(&None) { None } else { Self::times(&said, DAY_US).min() }
    }

    fn approvals_repeat(&self, policy: &str, at: At) -> bool {
        let said = self.at(RegistryKind::Term, &format!("policy/{policy}"), "single-use", at);
        !said.is_empty() && said.iter().all(|said| *said == Some("no"))
    }

    fn country(&self, party: &str, at: At) -> Option<&str> {
        self.at(RegistryKind::Party, party, "country", at).into_iter().flatten().next_back()
    }

    fn role(&self, party: &str, at: At) -> Option<RecipientKind> {
        History::role(self, party, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposure::telling::Registered;
    use whosaw_verifier::body::{Attribute, RegistryRecord};

    fn said(history: &mut History, index: u64, (kind, name): (RegistryKind, &str), key: &str, value: &str) {
        let attributes = vec![Attribute { key: key.into(), value: value.into() }];
        let record = RegistryRecord { kind, name: name.into(), attributes, ..RegistryRecord::default() };
        history.record(index, index * 10, &RegistryBody { records: vec![record], ..RegistryBody::default() });
    }

    #[test]
    fn an_act_is_told_by_what_was_in_force_at_its_time() {
        let mut history = History::default();
        let (bot, vendor) = ((RegistryKind::Agent, "bot"), (RegistryKind::Party, "V"));
        said(&mut history, 10, bot, "vendor", "V");
        said(&mut history, 20, bot, "vendor", "W");
        said(&mut history, 10, vendor, "retention-days", "30");
        said(&mut history, 30, vendor, "retention-days", "7");
        let at = |earliest, index| At { earliest, index };
        assert_eq!(history.vendors("bot", at(110, 12)), ["V"]);
        assert_eq!(history.vendors("bot", at(210, 22)), ["W"]);
        assert_eq!(history.vendors("bot", at(110, 22)), ["V", "W"], "it may have happened under either");
        assert_eq!(history.vendors("bot", at(10, 2)), ["V"], "nothing was registered yet: what came first");
        assert_eq!(history.retention_us("V", at(110, 12)), Some(30 * DAY_US));
        assert_eq!(history.retention_us("V", at(310, 32)), Some(7 * DAY_US));
        assert_eq!(history.retention_us("V", at(110, 32)), Some(30 * DAY_US), "the longer of both");
        assert_eq!(history.retention_us("X", at(110, 32)), None);
    }

    #[test]
    fn vendors_of_a_period_stand_one_after_another() {
        let mut history = History::default();
        let bot = (RegistryKind::Agent, "bot");
        for (index, vendor) in [(10, "V"), (20, "V"), (30, "W"), (50, "X")] {
            said(&mut history, index, bot, "vendor", vendor);
        }
        said(&mut history, 40, bot, "model", "none says who runs it");
        history.names.values_mut().for_each(|said| said.sort_by_key(|said| said.index));
        let within = |from, cut_off| history.vendors_within("bot", Frame { from, cut_off });
        assert_eq!(within(0, 600), [("V", None, Some(300)), ("W", Some(300), Some(400)), ("X", Some(500), None)]);
        assert_eq!(within(210, 290), [("V", None, None)]);
        assert_eq!(within(310, 450), [("W", None, Some(400))]);
        assert_eq!(within(0, 50), [("V", None, None)], "what came first was so before");
    }

    #[test]
    fn what_is_retired_is_what_it_was() {
        let mut history = History::default();
        said(&mut history, 10, (RegistryKind::Agent, "bot"), "vendor", "V");
        let record =
            RegistryRecord { kind: RegistryKind::Agent, name: "bot".into(), retired: true, ..Default::default() };
        history.record(20, 200, &RegistryBody { records: vec![record], ..RegistryBody::default() });
        assert_eq!(history.vendors("bot", At { earliest: 210, index: 21 }), ["V"]);
    }
}
