//! Whether a story that can be read line by line can mean anything as a whole: names that nothing else speaks of are most
//! likely mistyped, and what is expected of one would hold whatever the report says.

use super::language::{Aside, Kind, Question, Scenario, Step, What};
use super::words::{BETWEEN, meant, nearest};
use std::collections::{BTreeMap, BTreeSet};

/// What a name stands for in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    /// Whoever acts, or may: declared, or a person.
    Party,
    Resource,
    /// Whose data it is.
    Subject,
    /// An act, a matter, a key: whatever else may have a name. It may be spoken of before it is there, or never be.
    Other,
}

/// The line of what a declaration says of others.
const DECLARED: usize = usize::MAX;
/// Everybody, declared by nobody.
const ANYBODY: &str = "anybody";
/// Words that data subjects are not named nearly like: each says how an act went, and is easily mistyped.
const TOLD_OF_ACTS: [&str; 6] = ["authorised", "unauthorised", "emergency", "denied", "failed", "perhaps"];

/// Resources of which the story tells which categories they hold, and which they show in lists and searches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    pub holds: BTreeSet<String>,
    pub lists: BTreeSet<String>,
}

impl Contents {
    pub fn of(scenario: &Scenario) -> Self {
        let lists = scenario.listings.keys().cloned().collect();
        let mut all = Contents { lists, ..Contents::default() };
        for step in &scenario.steps {
            match &step.what {
                What::Inside { resource, .. } if !step.how.categories.is_empty() => {
                    all.holds.insert(resource.clone());
                }
                What::Listing { resource, .. } => {
                    all.lists.insert(resource.clone());
                }
                _ => {}
            }
        }
        all
    }
}

/// The first line that makes no sense, and why.
pub fn check(scenario: &Scenario) -> Result<(), String> {
    let story = Story::of(scenario);
    for step in &scenario.steps {
        story.step(step).map_err(|what| format!("line {}: {what}", step.line))?;
    }
    let (mut any_before, mut on_before) = (false, BTreeSet::new());
    for question in &scenario.questions {
        let had = match &question.person {
            Some(person) => !on_before.insert(person),
            None if question.aside.is_some() => true,
            None => std::mem::replace(&mut any_before, true),
        };
        let asked = if question.again && !had { Err(NONE_BEFORE.to_owned()) } else { story.question(question) };
        asked.map_err(|what| format!("line {}: {what}", question.line))?;
        for (line, words) in &question.expected {
            let text: Vec<&str> = words.iter().map(String::as_str).collect();
            let of = question.aside.is_none() && question.person.is_none();
            let expected = match expected_of(&text).filter(|_| of) {
                Some(name) => story.is_spoken_of(name),
                None if text.is_empty() => Err("expects nothing".into()),
                None if of && !question.again && text.contains(&"changed") => Err(NOT_AGAIN.to_owned()),
                None => Ok(()),
            };
            expected.map_err(|what| format!("line {line}: expect {}: {what}", words.join(" ")))?;
        }
    }
    Ok(())
}

const NONE_BEFORE: &str = "again: there is no report before that it could supersede";
const NOT_AGAIN: &str = "what changed is told by a report that is made again: `HH:MM report RESOURCE again`";

struct Story<'a> {
    scenario: &'a Scenario,
    /// In which lines each name stands.
    spoken: BTreeMap<&'a str, BTreeSet<usize>>,
}

impl<'a> Story<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        let mut spoken: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let mut speaks = |name: &'a str, line: usize| spoken.entry(name).or_default().extend([line]);
        scenario.kinds.keys().for_each(|name| speaks(name, 0));
        scenario.logged_by.iter().for_each(|(_, source)| speaks(source, DECLARED));
        scenario.countries.keys().for_each(|resource| speaks(resource, DECLARED));
        scenario.roles.iter().for_each(|(who, _)| speaks(who, DECLARED));
        scenario.policies.values().flat_map(|policy| &policy.approvers).for_each(|who| speaks(who, DECLARED));
        for step in &scenario.steps {
            names(step).into_iter().for_each(|(name, _)| speaks(name, step.line));
        }
        for question in &scenario.questions {
            asked_of(question).into_iter().for_each(|name| speaks(name, question.line));
        }
        Story { scenario, spoken }
    }

    fn step(&self, step: &Step) -> Result<(), String> {
        for (name, is) in names(step) {
            if is != As::Other && (BETWEEN.contains(&name) || self.scenario.clock(name).is_some()) {
                return Err(format!("{name} is a word of the language, and no name"));
            }
            if is == As::Subject {
                self.is_subject(name)?;
            }
        }
        for name in spoken_of(step) {
            self.is_no_slip(name, step.line)?;
        }
        let (name, of) = match &step.what {
            What::Revoke { from, .. } => (from, As::Party),
            What::Suspension { account, .. } => (account, As::Party),
            What::Logging { source, .. } | What::Heartbeat { source } => (source, As::Party),
            What::Inside { resource, .. } => (resource, As::Resource),
            _ => return Ok(()),
        };
        // A declaration stands for itself.
        let declares = matches!(&step.what, What::Logging { on: true, .. } | What::Inside { enters: true, .. });
        if declares && step.at_us == self.scenario.day_us || name == ANYBODY {
            return Ok(());
        }
        let is_expected = self.expected().any(|word| word == name);
        let declared = self.scenario.kinds.get(name).is_some_and(|kind| of == As::Party || *kind != Kind::Resource);
        if self.is_elsewhere(name, step.line) || is_expected || declared {
            return Ok(());
        }
        Err(format!("nothing else speaks of {name}{}", self.meant(name, step.line)))
    }

    fn question(&self, question: &Question) -> Result<(), String> {
        // Of one among several that were spoken of it may be asked whether nothing is said.
        let before = |name: &&String| {
            self.is_elsewhere(name, question.line) || self.scenario.kinds.get(*name) == Some(&Kind::Resource)
        };
        let known = question.resources.iter().filter(before).count();
        for name in question.resources.iter().filter(|name| !before(name)) {
            let meant = self.meant(name, question.line);
            if known == 0 || !meant.is_empty() && name.chars().count() > 1 {
                return Err(format!("nothing else speaks of {name}{meant}"));
            }
        }
        Ok(())
    }

    /// Whose data it is is a person, and neither what was declared to be something else nor a mistyped word.
    fn is_subject(&self, name: &str) -> Result<(), String> {
        if let Some(kind) = self.scenario.kinds.get(name) {
            let is = format!("{kind:?}").to_lowercase();
            return Err(format!("{name} was declared as another thing ({is}), so it is nobody whose data it could be"));
        }
        // Denise is somebody; denyed is nobody.
        match nearest(name, TOLD_OF_ACTS.into_iter()) {
            Some((word, far)) if far <= (word.len() - 1) / 4 => {
                Err(format!("{name} is not understood there (perhaps {word} is meant)"))
            }
            _ => Ok(()),
        }
    }

    /// An act may be spoken of that nobody recorded; one that is named nearly like another is mistyped.
    fn is_no_slip(&self, name: &str, line: usize) -> Result<(), String> {
        let name = name.split('/').next().unwrap_or(name);
        if self.is_elsewhere(name, line)
            || self.scenario.steps.iter().any(|step| step.how.name.as_deref() == Some(name))
        {
            return Ok(());
        }
        let others = self.spoken.iter().filter(|(_, lines)| lines.iter().any(|other| *other != line));
        match nearest(name, others.map(|(known, _)| *known).filter(|known| *known != name)) {
            Some((known, far)) if far <= (known.len().saturating_sub(1)) / 4 => {
                Err(format!("nothing is named {name} (perhaps {known} is meant)"))
            }
            _ => Ok(()),
        }
    }

    fn is_spoken_of(&self, name: &str) -> Result<(), String> {
        if self.spoken.contains_key(name) || name == ANYBODY {
            return Ok(());
        }
        Err(format!("nothing speaks of {name}{}", self.meant(name, 0)))
    }

    fn is_elsewhere(&self, name: &str, line: usize) -> bool {
        self.spoken.get(name).is_some_and(|lines| lines.iter().any(|other| *other > 0 && *other != line))
    }

    fn expected(&self) -> impl Iterator<Item = &str> {
        self.scenario
            .questions
            .iter()
            .flat_map(|asked| &asked.expected)
            .flat_map(|(_, words)| words)
            .map(String::as_str)
    }

    /// Which name of another line it was meant to be.
    fn meant(&self, name: &str, line: usize) -> String {
        let others = self.spoken.iter().filter(|(_, lines)| lines.iter().any(|other| *other != line));
        meant(name, others.map(|(known, _)| *known).filter(|known| *known != name))
    }
}

/// Of whom an expectation speaks that would hold of anybody whom the report does not name.
fn expected_of<'a>(words: &[&'a str]) -> Option<&'a str> {
    match words {
        ["as", "told", rest @ ..] => expected_of(rest),
        ["recipient", who, ..] | ["loss", who, ..] | ["data", "of", who, ..] => Some(who),
        ["people" | "nothing" | "country" | "subjects", ..] => None,
        [
            who,
            "could" | "surely" | "did" | "tried" | "saw" | "processed" | "given" | "verdict" | "inside" | "reached"
            | "holds" | "had" | "counted" | "got",
            ..,
        ] => Some(who),
        _ => None,
    }
}

fn asked_of(question: &Question) -> Vec<&str> {
    let mut names: Vec<&str> = question.resources.iter().chain(&question.person).map(String::as_str).collect();
    match &question.aside {
        Some(Aside::Guess { suspects, .. }) => names.extend(suspects.iter().map(String::as_str)),
        Some(Aside::Status(name) | Aside::Case(name) | Aside::Breach(name) | Aside::Verify(Some((_, name)))) => {
            names.push(name);
        }
        Some(Aside::Verify(None)) | None => {}
    }
    names
}

/// Acts that a step speaks of.
fn spoken_of(step: &Step) -> Vec<&str> {
    let how = &step.how;
    let named = how.because_of.iter().chain(&how.within).chain(&how.same_act_as).chain(&how.approved_by);
    let of = match &step.what {
        What::RevokeNamed { name: act, .. } | What::Review { act, .. } | What::Amend { act, .. } => Some(act),
        _ => None,
    };
    named.chain(of).map(String::as_str).collect()
}

/// Every name in a step, and what it stands for there.
fn names(step: &Step) -> Vec<(&str, As)> {
    use As::{Other, Party, Resource, Subject};
    let mut names: Vec<(&str, As)> = match &step.what {
        What::Grant { actor, resource, to, .. } => vec![(actor, Party), (resource, Resource), (to, Party)],
        What::Revoke { actor, resource, from } => vec![(actor, Party), (resource, Resource), (from, Party)],
        What::RevokeNamed { actor, name } => vec![(actor, Party), (name, Other)],
        What::Member { who, whole, .. } => vec![(who, Party), (whole, Party)],
        What::Inside { subjects, resource, .. } => {
            let subjects = subjects.iter().map(|subject| (subject, Subject));
            std::iter::once((resource, Resource)).chain(subjects).collect()
        }
        What::Suspension { account, .. } => vec![(account, Party)],
        What::Logging { source, .. } | What::Heartbeat { source } => vec![(source, Party)],
        What::Act { actor, resource, .. } => vec![(actor, Party), (resource, Resource)],
        What::Approve { by, whom, resource, .. } => vec![(by, Party), (whom, Party), (resource, Resource)],
        What::Review { by, act, .. } | What::Amend { by, act, .. } => vec![(by, Party), (act, Other)],
        What::Key { who, key, .. } => vec![(who, Party), (key, Other)],
        What::Restrict { subject, .. } | What::Request { subject, .. } => vec![(subject, Party)],
        What::Erase { subject } | What::Withdraw { subject } => vec![(subject, Party)],
        What::Hold { matter, on } => vec![(matter, Other), (on, Party)],
        What::Release { matter } => vec![(matter, Other)],
        What::RunErasures => Vec::new(),
        What::Order(order) => vec![(&order.name, Other), (&order.keeps, Party), (&order.from, Party)],
        What::OrderOver { name } => vec![(name, Other)],
        What::Case { case, by, resources, .. } => {
            let others = by.iter().map(|who| (who, Party)).chain(resources.iter().map(|name| (name, Resource)));
            std::iter::once((case, Other)).chain(others).collect()
        }
        What::Answer { case, by, .. } => vec![(case, Other), (by, Party)],
        What::Name { by, staff, subject, .. } => vec![(by, Party), (staff, Party), (subject, Party)],
        What::TakeBackAwareness { case, by } => vec![(case, Other), (by, Party)],
        What::Register { name, .. } => vec![(name, Party)],
        What::Listing { resource, .. } => vec![(resource, Resource)],
        What::Role { who, .. } => vec![(who, Party)],
        What::Link { one, other, .. } => vec![(one, Party), (other, Party)],
    }
    .into_iter()
    .map(|(name, is): (&String, As)| (name.as_str(), is))
    .filter(|(name, _)| !name.is_empty())
    .collect();
    let how = &step.how;
    names.extend(how.about.iter().map(|name| (name.as_str(), Subject)));
    let parties = how.on_behalf_of.iter().chain(&how.showing).chain(&how.giving).chain(&how.told_by).chain(&how.vendor);
    names.extend(parties.map(|name| (name.as_str(), Party)));
    let others = how.because_of.iter().chain(&how.within).chain(&how.same_act_as).chain(&how.approved_by);
    let others = others.chain(&how.name).chain(&how.instruction).chain(&how.key).chain(&how.session).chain(&how.policy);
    names.extend(others.map(|name| (name.as_str(), Other)));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORY: &str =
        "eng is e1, e2\nR holds s1\n09:00 bob grants R to eng unauthorised\n09:30 e1 reads R about s1 as x1\n";

    #[test]
    fn what_means_nothing_is_told_with_its_line_its_word_and_what_is_near() {
        for (more, told) in [
            (
                "09:40 e1 reads R about s1 unauthorized\n12:00 report R",
                "line 5: unauthorized is not understood there (perhaps unauthorised is meant)",
            ),
            ("09:40 e1 reads R about denyed\n12:00 report R", "line 5: denyed is not understood there (perhaps denied"),
            ("09:40 e1 reads R about s1, emergancy\n12:00 report R", "line 5: emergancy"),
            ("09:40 e1 reads R about s1 loudly\n12:00 report R", "line 5: loudly is not understood there"),
            ("09:40 e1 reads R about eng\n12:00 report R", "line 5: eng was declared as another thing (group)"),
            ("09:40 e1 reads R about until\n12:00 report R", "line 5: until needs a time"),
            ("09:40 e1 reads R about s1 until 10:00\n12:00 report R", "line 5: until belongs to"),
            ("09:40 e1 reads R about s1 on monday\n12:00 report R", "line 5: on needs: behalf of"),
            ("09:40 e2 leaves enng\n12:00 report R", "line 5: nothing else speaks of enng (perhaps eng is meant)"),
            (
                "09:40 e2 joins enng\n12:00 report R",
                "line 5: enng is no group or account that was declared before (perhaps eng",
            ),
            ("11:00 bob revokes R from enng\n12:00 report R", "line 5: nothing else speaks of enng (perhaps eng"),
            ("11:00 proxxy is down\n12:00 report R", "line 5: nothing else speaks of proxxy"),
            (
                "S holds s2 with contakt\n12:00 report R",
                "line 5: contakt is no category of data (perhaps contact is meant)",
            ),
            ("12:00 report RR", "line 5: nothing else speaks of RR (perhaps R is meant)"),
            ("12:00 report R again", "line 5: again: there is no report before"),
            ("12:00 report on s1\n13:00 report R again", "line 6: again: there is no report before"),
            ("12:00 report R\nexpect nothing changed", "line 6: expect nothing changed: what changed is told"),
            ("12:00 report R\nexpect el did 0", "line 6: expect el did 0: nothing speaks of el (perhaps e1 is meant)"),
            ("12:00 report R\nexpect Q holds nothing", "line 6: expect Q holds nothing: nothing speaks of Q"),
            ("12:00 report R\nexpect", "line 6: expect : expects nothing"),
            (
                "09:40 e1 reads R about s1 as second\n10:00 dana retracts secnd\n12:00 report R",
                "line 6: nothing is named secnd (perhaps second is meant)",
            ),
            (
                "09:40 e1 reads R about s1 as second\n10:00 e2 reads R because of secondd\n12:00 report R",
                "line 6: nothing is named secondd (perhaps second is meant)",
            ),
            ("day 2026-03-11\n12:00 report R", "line 5: a story has one day"),
            ("24:59 bob revokes R from eng\n12:00 report R", "line 5: "),
            ("b@d is an agent\n12:00 report R", "line 5: b@d is no name"),
            ("bot is agent\n12:00 report R", "line 5: bot is what?"),
            ("T hold s1\n12:00 report R", "line 5: "),
        ] {
            let error = Scenario::read(&format!("{STORY}{more}\n")).expect_err(more);
            assert!(error.starts_with(told), "{more}: {error}");
        }
    }

    #[test]
    fn what_can_be_meant_is_taken() {
        for more in [
            "09:40 e1 reads R about s1 on behalf of e2\n12:00 report R\nexpect e2 did 0",
            "09:40 carol approves e1 reads R about s1 until 10:00 as a1\n12:00 report R\nexpect carol could 0s",
            "09:40 e1 reads R about s1 because of x9 as x2\n12:00 report R, S\n13:00 report R again\nexpect nothing changed",
            "11:00 bob revokes R from e9\n12:00 report R\nexpect e9 could 0s",
            "09:40 e1 reads R about denise\n24:00 report R\nexpect anybody could 0s",
        ] {
            Scenario::read(&format!("{STORY}{more}\n")).unwrap_or_else(|error| panic!("{more}: {error}"));
        }
    }
}
