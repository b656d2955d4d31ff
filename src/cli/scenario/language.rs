//! What a scenario file says, line by line. A line that is not understood is an error that names it; none is skipped.

use super::sense;
use super::words::{VERBS, listed, meant, not_understood, nothing_left, said, words_of};
use crate::model::{Category, is_registry_name};
use crate::rpc::v1::{CaseStep, PersonAct};
use std::collections::BTreeMap;

/// Microseconds of one minute, and of a day.
const MINUTE: u64 = 60_000_000;
const DAY: u64 = 1_440 * MINUTE;

#[derive(Debug, Default, PartialEq)]
pub struct Scenario {
    pub title: String,
    /// Midnight of its day, Unix microseconds.
    pub day_us: u64,
    pub kinds: BTreeMap<String, Kind>,
    /// What the registry says of names: attributes.
    pub manners: BTreeMap<String, Vec<(String, String)>>,
    /// Who may correct or review.
    pub roles: Vec<(String, String)>,
    /// Which source logs reads of which resource.
    pub logged_by: Vec<(String, String)>,
    /// What allows that data goes abroad.
    pub transfers: Vec<Transfer>,
    /// Which categories lists and searches of which resource show.
    pub listings: BTreeMap<String, Vec<String>>,
    /// Where those live whose data a resource holds, as the registry says.
    pub countries: BTreeMap<String, Vec<String>>,
    /// Of which resources the story tells somewhere which categories they have.
    pub contents: sense::Contents,
    /// What policies say of approvals.
    pub policies: BTreeMap<String, Policy>,
    /// Within how many hours an emergency access is reviewed.
    pub review_h: Option<u64>,
    pub steps: Vec<Step>,
    pub questions: Vec<Question>,
}

/// A transfer to another country, and by what it is allowed: a code of Chapter V of the GDPR.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    pub to: String,
    pub country: String,
    pub safeguard: String,
}

/// What a policy says of the approvals that are given under it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    pub approvers: Vec<String>,
    pub valid_for_s: Option<u64>,
    pub repeats: bool,
}

/// An order of secrecy (GDPR Art. 23).
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub name: String,
    /// What they do is not told.
    pub keeps: String,
    /// To whom it is not told.
    pub from: String,
    /// First day on which it is over.
    pub until: Option<String>,
}

/// What a name is. One that nothing declares is a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Group,
    Account,
    Agent,
    Organisation,
    Tool,
    Source,
    Resource,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Line of the file.
    pub line: usize,
    /// Its time and words: two lines that share both, and their name, are one act that was sent twice.
    pub text: String,
    /// When it happened, and when it was recorded; Unix microseconds.
    pub at_us: u64,
    pub recorded_us: u64,
    pub what: What,
    pub how: How,
}

#[derive(Debug, Clone, PartialEq)]
pub enum What {
    Grant {
        actor: String,
        resource: String,
        to: String,
        until_us: Option<u64>,
    },
    Revoke {
        actor: String,
        resource: String,
        from: String,
    },
    RevokeNamed {
        actor: String,
        name: String,
    },
    Member {
        who: String,
        whole: String,
        joins: bool,
    },
    Inside {
        subjects: Vec<String>,
        resource: String,
        enters: bool,
    },
    Suspension {
        account: String,
        begins: bool,
    },
    Logging {
        source: String,
        on: bool,
    },
    /// A source says that it is there.
    Heartbeat {
        source: String,
    },
    Act {
        actor: String,
        verb: &'static str,
        resource: String,
    },
    /// One approves, or refuses, that another does something.
    Approve {
        by: String,
        whom: String,
        verb: &'static str,
        resource: String,
        until_us: Option<u64>,
        refuses: bool,
    },
    Review {
        by: String,
        act: String,
        justified: bool,
    },
    /// A correction says in `How::about` whose data it was.
    Amend {
        by: String,
        act: String,
        retracts: bool,
        reason: String,
    },
    Key {
        who: String,
        key: String,
        gets: bool,
    },
    Restrict {
        subject: String,
        begins: bool,
    },
    /// Nothing of this person may be erased while the matter lasts.
    Hold {
        matter: String,
        on: String,
    },
    Release {
        matter: String,
    },
    /// Somebody asks that their data be erased.
    Erase {
        subject: String,
    },
    /// They take that back before it is done.
    Withdraw {
        subject: String,
    },
    /// What is due to be erased is.
    RunErasures,
    /// A step of somebody's request for access.
    Request {
        subject: String,
        step: PersonAct,
        /// When it was taken, where that was on an earlier day.
        day_us: Option<u64>,
        statement: String,
    },
    /// From then on an order keeps from somebody what somebody does, or does so no more.
    Order(Order),
    OrderOver {
        name: String,
    },
    /// A step of a personal data breach.
    Case {
        case: String,
        said: CaseStep,
        by: Option<String>,
        resources: Vec<String>,
    },
    /// Somebody answers a field of the authority's form.
    Answer {
        case: String,
        by: String,
        field: u32,
        values: Vec<String>,
    },
    /// Somebody decides that a person is told who of the staff it was (CJEU C-579/21).
    Name {
        by: String,
        staff: String,
        subject: String,
        reason: String,
    },
    /// The last statement of awareness of a case that stands is taken back.
    TakeBackAwareness {
        case: String,
        by: String,
    },
    /// The registry says something else of a name from then on.
    Register {
        name: String,
        key: &'static str,
        value: String,
    },
    /// The registry says otherwise what lists and searches show.
    Listing {
        resource: String,
        categories: Vec<String>,
    },
    /// Somebody may correct or review from then on, or no more.
    Role {
        who: String,
        may: String,
        begins: bool,
    },
    Link {
        one: String,
        other: String,
        weak: bool,
        links: bool,
    },
}

/// What a line adds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct How {
    pub about: Vec<String>,
    pub categories: Vec<String>,
    pub on_behalf_of: Vec<String>,
    pub showing: Vec<String>,
    /// Recipients.
    pub giving: Vec<String>,
    pub emergency: bool,
    pub outcome: Option<&'static str>,
    pub authorised: Option<bool>,
    /// Name of the act, and of the grant's or approval's reference.
    pub name: Option<String>,
    /// Names of acts.
    pub because_of: Vec<String>,
    pub within: Vec<String>,
    pub same_act_as: Vec<String>,
    /// Name of an approval.
    pub approved_by: Option<String>,
    pub instruction: Option<String>,
    /// Pseudonymised; this key undoes it.
    pub key: Option<String>,
    /// It was encrypted instead.
    pub encrypted: bool,
    /// Fields that it names, as JSON pointers, of each whose data it was.
    pub fields: Vec<String>,
    pub despite_restriction: bool,
    /// The conversation it belongs to.
    pub session: Option<String>,
    /// Who reports it: an id of theirs is another's, too.
    pub told_by: Option<String>,
    pub policy: Option<String>,
    /// When what is granted or approved is meant to end.
    pub until_us: Option<u64>,
    /// How many people's data and records it delivered.
    pub people: Option<u64>,
    pub records: Option<u64>,
    /// The tool that it went through.
    pub tool: Option<String>,
    /// Who runs the model of whoever acts, as the act says.
    pub vendor: Option<String>,
    /// The source that reports it, and its place in that one's own sequence.
    pub logged_by: Option<String>,
    pub place: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    pub line: usize,
    pub at_us: u64,
    pub resources: Vec<String>,
    /// Asks about this person instead.
    pub person: Option<String>,
    /// Supersedes the report before it.
    pub again: bool,
    /// Asks for something that is no report.
    pub aside: Option<Aside>,
    pub expected: Vec<(usize, Vec<String>)>,
}

/// What is asked beside reports.
#[derive(Debug, Clone, PartialEq)]
pub enum Aside {
    /// What became of an erasure that was asked for under this name.
    Status(String),
    /// How a case stands.
    Case(String),
    /// What the authority's form would say of it.
    Breach(String),
    /// Whether an export verifies, perhaps after somebody did something to an entry.
    Verify(Option<(Harm, String)>),
    /// Whether an export holds a hash of any of these, or of so many others.
    Guess { suspects: Vec<String>, others: u64 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    Altered,
    TakenOut,
}

impl Scenario {
    pub fn read(text: &str) -> Result<Self, String> {
        let mut scenario = Scenario { day_us: day("2026-03-10").unwrap_or_default(), ..Scenario::default() };
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            scenario.line(number, line).map_err(|what| format!("line {number}: {what}"))?;
        }
        if scenario.questions.is_empty() {
            return Err("it asks for no report: `HH:MM report RESOURCE`".into());
        }
        sense::check(&scenario)?;
        scenario.contents = sense::Contents::of(&scenario);
        Ok(scenario)
    }

    fn line(&mut self, number: usize, line: &str) -> Result<(), String> {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        let known = self.kinds.len();
        match first {
            "title" => self.title = rest.trim().to_owned(),
            "day" if !self.steps.is_empty() || !self.questions.is_empty() => {
                return Err("a story has one day, and says it first; what is on the next is +1d09:30".into());
            }
            "day" => self.day_us = day(rest.trim()).ok_or("a day is written 2026-03-10")?,
            "expect" => {
                let question = self.questions.last_mut().ok_or("expects something before a report was asked for")?;
                question.expected.push((number, said(rest).0));
            }
            _ => match self.clock(first) {
                Some(at_us) => self.timed(number, at_us, rest)?,
                None if first.contains(':') && first.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c)) => {
                    return Err(format!(
                        "{first} is no time: it is written 09:30, 24:00, or +1d09:30 for the next day"
                    ));
                }
                None => self.declared(number, line)?,
            },
        }
        let unfit = |name: &&String| !is_registry_name(name);
        match self.kinds.keys().find(unfit).filter(|_| self.kinds.len() > known) {
            Some(name) => Err(format!("{name} is no name: it has letters, digits and . _ : / - only")),
            None => Ok(()),
        }
    }

    /// `09:30`, `09:30:05`, the next day's as `+1d09:30`, and that of the day before as `-1d09:30`.
    pub fn clock(&self, text: &str) -> Option<u64> {
        let (day_us, text) = match text.split_once('d') {
            Some((days, text)) => {
                let days = days.strip_prefix('+').or(days.strip_prefix('-').and(Some(days)))?.parse::<i64>().ok()?;
                let away = days.checked_mul(DAY as i64).filter(|_| (-10_000..10_000).contains(&days))?;
                (self.day_us.checked_add_signed(away)?, text)
            }
            None => (self.day_us, text),
        };
        let mut pieces = text.split(':');
        let hour: u64 = pieces.next()?.parse().ok()?;
        let minute: u64 = pieces.next()?.parse().ok()?;
        let second: u64 = pieces.next().map_or(Some(0), |text| text.parse().ok())?;
        let in_a_day = hour < 24 || (hour, minute, second) == (24, 0, 0);
        let fits = text.contains(':') && in_a_day && minute < 60 && second < 60 && pieces.next().is_none();
        fits.then(|| day_us + (hour * 60 + minute) * MINUTE + second * 1_000_000)
    }

    /// What is so from the beginning of the day.
    fn declared(&mut self, line: usize, text: &str) -> Result<(), String> {
        let (words, joined) = said(text);
        let text: Vec<&str> = words.iter().map(String::as_str).collect();
        match text.as_slice() {
            [name, "is", kind @ ("agent" | "organisation" | "group" | "account")] => {
                return Err(format!("{name} is what? It is written: {name} is an {kind}"));
            }
            [name, "is", "an" | "a", kind] => {
                let kind = match *kind {
                    "agent" => Kind::Agent,
                    "organisation" => Kind::Organisation,
                    "group" => Kind::Group,
                    "account" => Kind::Account,
                    other => return Err(format!("{other} is not agent, organisation, group or account")),
                };
                self.kinds.insert((*name).to_owned(), kind);
            }
            ["people", "of", resource, "live", "in", countries @ ..] if !countries.is_empty() => {
                self.kinds.insert((*resource).to_owned(), Kind::Resource);
                listed(countries, &joined)?;
                let countries = countries.iter().map(|country| (*country).to_owned()).collect();
                self.countries.insert((*resource).to_owned(), countries);
            }
            [resource, "is", "logged", "by", source] => {
                self.kinds.insert((*resource).to_owned(), Kind::Resource);
                self.logged_by.push(((*resource).to_owned(), (*source).to_owned()));
            }
            [name, "is", "an" | "a", "organisation", "in", country] => {
                self.attribute(name, Kind::Organisation, "country", country);
            }
            [name, "is", "an" | "a", "organisation", "in", country, "under", safeguard] => {
                self.attribute(name, Kind::Organisation, "country", country);
                let [name, country, safeguard] = [name, country, safeguard].map(|word| (*word).to_owned());
                self.transfers.push(Transfer { to: name, country, safeguard });
            }
            [party, "keeps", "for", days, "days"] => {
                self.attribute(party, Kind::Organisation, "retention-days", number(days)?);
            }
            [agent, "uses", vendor] => {
                self.kinds.insert((*vendor).to_owned(), Kind::Organisation);
                self.attribute(agent, Kind::Agent, "vendor", vendor);
            }
            [operator, "runs", tool] => {
                self.kinds.insert((*operator).to_owned(), Kind::Organisation);
                self.attribute(tool, Kind::Tool, "operator", operator);
            }
            [agent, "sessions", "last", hours, "h"] => {
                let seconds = number(hours)?.parse::<u64>().unwrap_or_default().saturating_mul(3_600);
                self.attribute(agent, Kind::Agent, "session-max-s", &seconds.to_string());
            }
            [source, "heartbeats", "every", seconds, "s"] => {
                self.attribute(source, Kind::Source, "heartbeat-s", number(seconds)?);
            }
            [resource, "recovers", "for", days, "days"] => {
                self.attribute(resource, Kind::Resource, "recoverable-days", number(days)?);
            }
            ["policy", id, "is", "approved", "by", people @ ..] if !people.is_empty() => {
                listed(people, &joined)?;
                let approvers = people.iter().map(|who| (*who).to_owned());
                self.policies.entry((*id).to_owned()).or_default().approvers.extend(approvers);
            }
            ["policy", id, "approvals", "last", seconds, "s"] => {
                let seconds = number(seconds)?.parse().map_err(|_| "a validity is a number of seconds")?;
                self.policies.entry((*id).to_owned()).or_default().valid_for_s = Some(seconds);
            }
            ["policy", id, "approvals", "repeat"] => {
                self.policies.entry((*id).to_owned()).or_default().repeats = true;
            }
            [who, "may", what @ ("correct" | "review")] => self.roles.push(((*who).to_owned(), (*what).to_owned())),
            ["emergencies", "are", "reviewed", "within", hours, "h"] => {
                self.review_h = Some(number(hours)?.parse().map_err(|_| "a period is a number of hours")?);
            }
            [name, "is", "an", "account", "of", people @ ..] => {
                listed(people, &joined)?;
                self.whole(line, name, Kind::Account, people)?;
            }
            [name, "is", people @ ..] if !people.is_empty() => {
                listed(people, &joined)?;
                self.whole(line, name, Kind::Group, people)?;
            }
            [resource, "caches", "permissions", "for", seconds, "s"] => {
                self.attribute(resource, Kind::Resource, "permission-cache-s", number(seconds)?);
            }
            [resource, "hides", "history"] => self.attribute(resource, Kind::Resource, "history", "hidden"),
            [resource, "holds", rest @ ..] if !rest.is_empty() => {
                self.kinds.insert((*resource).to_owned(), Kind::Resource);
                let (subjects, how) = self.how(rest, &joined)?;
                let what = What::Inside { subjects, resource: (*resource).to_owned(), enters: true };
                self.step(line, self.day_us, None, what, how);
            }
            [resource, "lists", categories @ ..] if !categories.is_empty() => {
                self.kinds.insert((*resource).to_owned(), Kind::Resource);
                listed(categories, &joined)?;
                let categories = categories.iter().map(|text| category(text)).collect::<Result<_, _>>()?;
                self.listings.insert((*resource).to_owned(), categories);
            }
            [source, "logs", rest @ ..] => {
                self.kinds.insert((*source).to_owned(), Kind::Source);
                let what = What::Logging { source: (*source).to_owned(), on: true };
                let (left, how) = self.how(rest, &joined)?;
                nothing_left(&left)?;
                self.step(line, self.day_us, None, what, how);
            }
            _ => return Err(not_understood(text.get(1))),
        }
        Ok(())
    }

    fn whole(&mut self, line: usize, name: &str, kind: Kind, people: &[&str]) -> Result<(), String> {
        self.kinds.insert(name.to_owned(), kind);
        for who in people {
            let what = What::Member { who: (*who).to_owned(), whole: name.to_owned(), joins: true };
            self.step(line, self.day_us, None, what, How::default());
        }
        Ok(())
    }

    fn attribute(&mut self, name: &str, kind: Kind, key: &str, value: &str) {
        self.kinds.entry(name.to_owned()).or_insert(kind);
        self.manners.entry(name.to_owned()).or_default().push((key.to_owned(), value.to_owned()));
    }

    fn timed(&mut self, line: usize, at_us: u64, text: &str) -> Result<(), String> {
        let (text, reason) = text.split_once(" saying ").unwrap_or((text, ""));
        let ((mut words, mut joined), mut recorded) = (said(text), None);
        if let Some(place) = words.iter().position(|word| word == "recorded") {
            let when = words.get(place + 1).and_then(|text| self.clock(text)).ok_or("recorded needs a time")?;
            recorded = Some(when);
            words.drain(place..place + 2);
            joined.drain(place..place + 2);
        }
        let text: Vec<&str> = words.iter().map(String::as_str).collect();
        let owned = |text: &str| text.to_owned();
        let (what, rest): (What, &[&str]) = match text.as_slice() {
            ["report", "on", person, again @ ..] if matches!(again, [] | ["again"]) => {
                let (person, again) = (Some(owned(person)), !again.is_empty());
                self.questions.push(Question { line, at_us, person, again, ..Question::default() });
                return Ok(());
            }
            ["report", resources @ .., "again"] if !resources.is_empty() => {
                listed(resources, &joined[..joined.len() - 1])?;
                let resources = resources.iter().map(|name| owned(name)).collect();
                self.questions.push(Question { line, at_us, resources, again: true, ..Question::default() });
                return Ok(());
            }
            ["report", resources @ ..] if !resources.is_empty() => {
                listed(resources, &joined)?;
                let resources = resources.iter().map(|name| owned(name)).collect();
                self.questions.push(Question { line, at_us, resources, ..Question::default() });
                return Ok(());
            }
            ["guess", suspects @ .., "among", others, "others"] if !suspects.is_empty() => {
                let others = number(others)?.parse().map_err(|_| "others are a number")?;
                listed(suspects, &joined[..joined.len() - 3])?;
                let suspects = suspects.iter().map(|name| owned(name)).collect();
                return self.asks_aside(line, at_us, Aside::Guess { suspects, others });
            }
            ["status", "of", name] => return self.asks_aside(line, at_us, Aside::Status(owned(name))),
            ["case", name] => return self.asks_aside(line, at_us, Aside::Case(owned(name))),
            ["breach", "file", "of", name] => return self.asks_aside(line, at_us, Aside::Breach(owned(name))),
            ["verify"] => return self.asks_aside(line, at_us, Aside::Verify(None)),
            ["verify", "with", name, "altered"] => {
                return self.asks_aside(line, at_us, Aside::Verify(Some((Harm::Altered, owned(name)))));
            }
            ["verify", "with", name, "taken", "out"] => {
                return self.asks_aside(line, at_us, Aside::Verify(Some((Harm::TakenOut, owned(name)))));
            }
            ["hold", matter, "on", on] => (What::Hold { matter: owned(matter), on: owned(on) }, &[]),
            ["release", matter] => (What::Release { matter: owned(matter) }, &[]),
            [subject, "asks", "for", "erasure", rest @ ..] => (What::Erase { subject: owned(subject) }, rest),
            [subject, "withdraws", "that"] => (What::Withdraw { subject: owned(subject) }, &[]),
            ["erasures", "are", "run"] => (What::RunErasures, &[]),
            [subject, "asks", "for", "access", received @ ..] => {
                let day_us = match received {
                    [] => None,
                    ["received", text] => Some(day(text).ok_or("a day is written 2026-03-10")?),
                    _ => return Err("asks for access [received 2026-03-10]".into()),
                };
                let (subject, step, statement) = (owned(subject), PersonAct::RequestReceive, String::new());
                (What::Request { subject, step, day_us, statement }, &[])
            }
            ["access", "of", subject, "is", step] => {
                let step = match *step {
                    "verified" => PersonAct::RequestVerify,
                    "extended" => PersonAct::RequestExtend,
                    "answered" => PersonAct::RequestAnswer,
                    "refused" => PersonAct::RequestRefuse,
                    other => return Err(format!("{other} is not verified, extended, answered or refused")),
                };
                (What::Request { subject: owned(subject), step, day_us: None, statement: owned(reason) }, &[])
            }
            ["order", name, "keeps", keeps, "from", from, until @ ..] => {
                let until = match until {
                    [] => None,
                    ["until", text] if day(text).is_some() => Some(owned(text)),
                    _ => return Err("an order lasts [until 2026-03-10]".into()),
                };
                let (name, keeps, from) = (owned(name), owned(keeps), owned(from));
                (What::Order(Order { name, keeps, from, until }), &[])
            }
            ["order", name, "is", "over"] => (What::OrderOver { name: owned(name) }, &[]),
            ["case", case, "opens", "on", resources @ ..] if !resources.is_empty() => {
                listed(resources, &joined)?;
                let resources = resources.iter().map(|name| owned(name)).collect();
                (What::Case { case: owned(case), said: CaseStep::Opened, by: None, resources }, &[])
            }
            ["case", case, "is", "detected"] => {
                let (by, resources) = (None, Vec::new());
                (What::Case { case: owned(case), said: CaseStep::Detected, by, resources }, &[])
            }
            [who, "is", "aware", "of", "case", case] => {
                let (by, resources) = (Some(owned(who)), Vec::new());
                (What::Case { case: owned(case), said: CaseStep::Aware, by, resources }, &[])
            }
            [who, "takes", "back", "awareness", "of", "case", case] => {
                (What::TakeBackAwareness { case: owned(case), by: owned(who) }, &[])
            }
            [by, "answers", field, "of", "case", case, "with", values @ ..] if !values.is_empty() => {
                listed(values, &joined)?;
                let field = number(field)?.parse().map_err(|_| format!("the form has no field {field}"))?;
                let values = values.iter().map(|value| owned(value)).collect();
                (What::Answer { case: owned(case), by: owned(by), field, values }, &[])
            }
            [by, "names", staff, "to", subject] => {
                let (by, staff, subject, reason) = (owned(by), owned(staff), owned(subject), owned(reason));
                (What::Name { by, staff, subject, reason }, &[])
            }
            [who, "submits", "case", case] => {
                let (by, resources) = (Some(owned(who)), Vec::new());
                (What::Case { case: owned(case), said: CaseStep::Submitted, by, resources }, &[])
            }
            [actor, "grants", resource, "to", to, rest @ ..] => {
                self.kinds.insert(owned(resource), Kind::Resource);
                (What::Grant { actor: owned(actor), resource: owned(resource), to: owned(to), until_us: None }, rest)
            }
            [by, says @ ("approves" | "refuses"), whom, verb, resource, rest @ ..] => {
                self.kinds.insert(owned(resource), Kind::Resource);
                let (by, whom, refuses) = (owned(by), owned(whom), *says == "refuses");
                let verb = if *verb == "grants" { "access.grant" } else { verb_of(verb)? };
                (What::Approve { by, whom, verb, resource: owned(resource), until_us: None, refuses }, rest)
            }
            [by, "reviews", act, "as", found @ ("justified" | "unjustified")] => {
                let justified = *found == "justified";
                (What::Review { by: owned(by), act: owned(act), justified }, &[])
            }
            [by, "retracts", act, rest @ ..] => {
                (What::Amend { by: owned(by), act: owned(act), retracts: true, reason: owned(reason) }, rest)
            }
            [by, "corrects", act, rest @ ..] => {
                (What::Amend { by: owned(by), act: owned(act), retracts: false, reason: owned(reason) }, rest)
            }
            [who, does @ ("gets" | "loses"), "key", key, rest @ ..] => {
                (What::Key { who: owned(who), key: owned(key), gets: *does == "gets" }, rest)
            }
            [operator, "runs", tool] => {
                self.kinds.insert(owned(operator), Kind::Organisation);
                self.kinds.insert(owned(tool), Kind::Tool);
                (What::Register { name: owned(tool), key: "operator", value: owned(operator) }, &[])
            }
            [party, "keeps", "for", days, "days"] => {
                let value = number(days)?.to_owned();
                (What::Register { name: owned(party), key: "retention-days", value }, &[])
            }
            // What acts is no resource, and what is declared to hold something does not act.
            [resource, "lists", categories @ ..]
                if self.kinds.get(*resource) == Some(&Kind::Resource) && !categories.is_empty() =>
            {
                listed(categories, &joined)?;
                let categories = categories.iter().map(|text| category(text)).collect::<Result<_, _>>()?;
                (What::Listing { resource: owned(resource), categories }, &[])
            }
            [agent, "uses", vendor] if !self.is_whole(vendor) => {
                self.kinds.insert(owned(vendor), Kind::Organisation);
                (What::Register { name: owned(agent), key: "vendor", value: owned(vendor) }, &[])
            }
            [who, "may", what @ ("correct" | "review"), rest @ ..] if matches!(rest, [] | ["no", "more"]) => {
                (What::Role { who: owned(who), may: owned(what), begins: rest.is_empty() }, &[])
            }
            [actor, "calls", "its", "model", rest @ ..] => {
                (What::Act { actor: owned(actor), verb: "model.infer", resource: String::new() }, rest)
            }
            [actor, "closes", "its", "session", rest @ ..] => {
                (What::Act { actor: owned(actor), verb: "context.close", resource: String::new() }, rest)
            }
            [subject, "restricts"] => (What::Restrict { subject: owned(subject), begins: true }, &[]),
            [subject, "is", "unrestricted"] => (What::Restrict { subject: owned(subject), begins: false }, &[]),
            [one, "is", "linked", "to", other, weak @ ..] if matches!(weak, [] | ["weakly"]) => {
                (What::Link { one: owned(one), other: owned(other), weak: !weak.is_empty(), links: true }, &[])
            }
            [one, "is", "unlinked", "from", other] => {
                (What::Link { one: owned(one), other: owned(other), weak: false, links: false }, &[])
            }
            [actor, "revokes", resource, "from", from, rest @ ..] => {
                self.kinds.insert(owned(resource), Kind::Resource);
                (What::Revoke { actor: owned(actor), resource: owned(resource), from: owned(from) }, rest)
            }
            [actor, "revokes", name, rest @ ..] => (What::RevokeNamed { actor: owned(actor), name: owned(name) }, rest),
            [who, joins @ ("joins" | "uses" | "leaves"), whole, rest @ ..] if self.is_whole(whole) => {
                (What::Member { who: owned(who), whole: owned(whole), joins: *joins != "leaves" }, rest)
            }
            [_, "joins", whole, ..] => {
                let wholes = self.kinds.iter().filter(|(_, kind)| matches!(kind, Kind::Group | Kind::Account));
                let meant = meant(whole, wholes.map(|(name, _)| name.as_str()));
                return Err(format!("{whole} is no group or account that was declared before{meant}"));
            }
            [subject, enters @ ("enters" | "leaves"), resource, rest @ ..] => {
                self.kinds.insert(owned(resource), Kind::Resource);
                let subjects = vec![owned(subject)];
                (What::Inside { subjects, resource: owned(resource), enters: *enters == "enters" }, rest)
            }
            [account, "is", "suspended", rest @ ..] => {
                (What::Suspension { account: owned(account), begins: true }, rest)
            }
            [account, "works", "again", rest @ ..] => {
                (What::Suspension { account: owned(account), begins: false }, rest)
            }
            [source, "heartbeats", "every", seconds, "s"] => {
                let value = number(seconds)?.to_owned();
                (What::Register { name: owned(source), key: "heartbeat-s", value }, &[])
            }
            [source, "heartbeats", rest @ ..] if self.kinds.get(*source) == Some(&Kind::Source) => {
                (What::Heartbeat { source: owned(source) }, rest)
            }
            [source, "is", "down", rest @ ..] => (What::Logging { source: owned(source), on: false }, rest),
            [source, "logs", "again", rest @ ..] | [source, "logs", rest @ ..] => {
                self.kinds.insert(owned(source), Kind::Source);
                (What::Logging { source: owned(source), on: true }, rest)
            }
            [actor, verb, resource, rest @ ..] => {
                let verb = verb_of(verb)?;
                self.kinds.insert(owned(resource), Kind::Resource);
                (What::Act { actor: owned(actor), verb, resource: owned(resource) }, rest)
            }
            _ => return Err(not_understood(text.get(1))),
        };
        let (left, how) = self.how(rest, &joined)?;
        nothing_left(&left)?;
        let what = match (what, how.until_us) {
            (What::Grant { actor, resource, to, .. }, until_us) => What::Grant { actor, resource, to, until_us },
            (What::Approve { by, whom, verb, resource, refuses, .. }, until_us) => {
                What::Approve { by, whom, verb, resource, until_us, refuses }
            }
            (_, Some(_)) => return Err("until belongs to what is granted or approved".into()),
            (what, None) => what,
        };
        self.step(line, at_us, recorded, what, how);
        if let Some(step) = self.steps.last_mut() {
            step.text = format!("{at_us} {}", text.join(" "));
        }
        Ok(())
    }

    /// How much it expects.
    pub fn expected(&self) -> usize {
        self.questions.iter().map(|question| question.expected.len()).sum()
    }

    fn asks_aside(&mut self, line: usize, at_us: u64, aside: Aside) -> Result<(), String> {
        self.questions.push(Question { line, at_us, aside: Some(aside), ..Question::default() });
        Ok(())
    }

    /// Whether data of this name is spoken of anywhere, rather than what it does.
    pub fn is_subject(&self, name: &str) -> bool {
        let told = |step: &Step| match &step.what {
            What::Inside { subjects, .. } => subjects.iter().any(|subject| subject == name),
            _ => step.how.about.iter().any(|subject| subject == name),
        };
        self.steps.iter().any(told)
    }

    fn is_whole(&self, name: &str) -> bool {
        matches!(self.kinds.get(name), Some(Kind::Group | Kind::Account))
    }

    fn step(&mut self, line: usize, at_us: u64, recorded: Option<u64>, what: What, how: How) {
        let recorded_us = recorded.unwrap_or(at_us);
        self.steps.push(Step { line, text: String::new(), at_us, recorded_us, what, how });
    }
}

fn verb_of(said: &str) -> Result<&'static str, String> {
    let known = VERBS.iter().find(|(word, _)| *word == said);
    if known.is_none() && words_of().any(|word| word == said) {
        return Err(not_understood(Some(&said)));
    }
    let meant = || meant(said, words_of());
    known.map(|(_, verb)| *verb).ok_or_else(|| format!("{said} is not something that is done here{}", meant()))
}

/// A whole number, as it is written.
fn number(text: &str) -> Result<&str, String> {
    text.parse::<u64>().map(|_| text).map_err(|_| format!("{text} is not a whole number"))
}

fn category(text: &str) -> Result<String, String> {
    let known = || Category::ALL.iter().map(|category| category.code());
    match Category::from_code(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(format!("{text} is no category of data{}", meant(text, known()))),
    }
}

/// Midnight of a day, UTC, Unix microseconds.
fn day(text: &str) -> Option<u64> {
    let midnight = format!("{text}T00:00:00Z").parse::<jiff::Timestamp>().ok()?;
    u64::try_from(midnight.as_microsecond()).ok()
}

/// `2h00`, `45min` or `30s` as microseconds.
pub fn duration(text: &str) -> Option<u64> {
    let number = |text: &str| text.parse::<u64>().ok();
    if let Some((hours, minutes)) = text.split_once('h') {
        let minutes = if minutes.is_empty() { 0 } else { number(minutes)? };
        return Some((number(hours)? * 60 + minutes) * MINUTE);
    }
    if let Some(minutes) = text.strip_suffix("min") {
        return Some(number(minutes)? * MINUTE);
    }
    Some(number(text.strip_suffix('s')?)? * 1_000_000)
}

mod how;

#[cfg(test)]
mod tests;
