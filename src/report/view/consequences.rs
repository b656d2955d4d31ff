//! Of the exposure report: by what authority, to whom it was passed on, what was lost, what led to it, what was corrected.

use super::cover::pair;
use super::exposure::{LISTED, Said};
use super::*;
use crate::report::access::document::{Authorisation, EntryIndex, Span};
use crate::report::exposure::answer::{duration_range, name_text, people, policy_text};
use crate::report::exposure::document::*;
use crate::report::wording::word;

impl Said<'_> {
    /// The figures before anything was corrected.
    pub(super) fn as_told(&self) -> Option<String> {
        let (w, totals) = (self.w, self.report.as_told.as_ref()?);
        let values = [
            ("could", people(w, &totals.people_could)),
            ("saw", people(w, &totals.people_saw)),
            ("duration", duration_range(w, &totals.open_us)),
        ];
        Some(fill(&w.exposure.notice.as_told, &values.each_ref().map(|(name, text)| (*name, text.as_str()))))
    }

    /// Whether an access was authorised, and what that hangs on.
    pub(super) fn authority(&self, access: &AccessFact) -> Cell {
        let (w, x) = (self.w, &self.w.exposure);
        let approval = access.approval.map(|code| word(&x.approved, code.code()).to_owned()).unwrap_or_default();
        let review = access.review.as_ref().map(|review| {
            let until = review.until.map(|at| fill(&x.table.review_until, &[("at", &w.instant(at))]));
            [Some(word(&x.reviewed, review.state.code()).to_owned()), until].into_iter().flatten().collect::<Vec<_>>()
        });
        let restricted = self.restricted(access.after_restriction, access.after_restriction_of_erased);
        let style = if access.authorisation == Authorisation::Authorised { Style::Plain } else { Style::Warning };
        let perhaps = if access.perhaps_unauthorised { x.table.perhaps_unauthorised.as_str() } else { "" };
        cell([
            (word(&w.authorisation, access.authorisation.code()).to_owned(), style),
            (perhaps.to_owned(), Style::Warning),
            (approval, Style::Note),
            (self.decided(&access.policies), Style::Note),
            (review.unwrap_or_default().join(" "), Style::Note),
            (restricted.unwrap_or_default(), Style::Warning),
        ])
    }

    /// What policies decided of an act.
    fn decided(&self, policies: &[PolicyFact]) -> String {
        policies.iter().map(|policy| policy_text(self.w, policy)).collect::<Vec<_>>().join("; ")
    }

    /// What each policy decided, and what came of it.
    pub(super) fn policies(&self) -> Block {
        let (w, t) = (self.w, &self.w.exposure.table);
        let those = |entries: &[EntryIndex]| {
            let numbers: Vec<String> = entries.iter().map(|entry| w.number(entry.0)).collect();
            match numbers.is_empty() {
                true => plain(w.number(0)),
                false => cell([
                    (w.number(numbers.len() as u64), Style::Warning),
                    (fill(&t.by_entry, &[("n", &w.list(&numbers, LISTED))]), Style::Note),
                ]),
            }
        };
        let row_of = |line: &PolicyComparison| {
            let id = line.id.as_ref().map_or_else(|| t.no_policy.clone(), |id| name_text(w, id));
            let version = line.version.as_ref().map(|version| name_text(w, version)).unwrap_or_default();
            let decided = [(&t.permitted, line.permitted), (&t.denied, line.denied), (&t.undecided, line.undecided)];
            let decided = decided.into_iter().filter(|(_, n)| *n > 0);
            let decided = decided.map(|(label, n)| (format!("{label}: {}", w.number(n)), Style::Plain));
            let counts = [(w.plural(&w.count.acts, line.acts), Style::Note)];
            let of_policy = |entries: &[EntryIndex]| if line.id.is_some() { those(entries) } else { plain("") };
            row([
                cell([(id, Style::Strong), (version, Style::Note)]),
                cell(decided.chain(counts)),
                of_policy(&line.permitted_unauthorised),
                of_policy(&line.permitted_not_assessed),
                of_policy(&line.denied_done),
            ])
        };
        let rows = self.report.policies.iter().map(row_of).collect();
        let columns = vec![
            column(&w.table.policy, 24),
            column(&t.decided, 19),
            column(&t.permitted_unauthorised, 19),
            column(&t.permitted_not_assessed, 19),
            column(&t.denied_done, 19),
        ];
        self.table(&self.w.exposure.section.policies, columns, rows)
    }

    /// That data might only be stored then, of so many persons, or of somebody who is not known any more.
    fn restricted(&self, persons: u64, of_erased: bool) -> Option<String> {
        let (w, x) = (self.w, &self.w.exposure);
        let persons = (persons > 0).then(|| w.plural(&x.count.persons, persons));
        let known = persons.map(|persons| fill(&x.table.after_restriction, &[("persons", &persons)]));
        let erased = of_erased.then(|| x.table.after_restriction_of_erased.clone());
        Some(known.into_iter().chain(erased).collect::<Vec<_>>().join(" ")).filter(|text| !text.is_empty())
    }

    pub(super) fn disclosures(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let row_of = |given: &DisclosureFact| {
            let categories: Vec<String> =
                given.categories.iter().map(|code| word(&w.category, code.text()).to_owned()).collect();
            let country = given.country.clone().map(|country| (country, Style::Plain));
            let possible = if given.certain { String::new() } else { t.possible.clone() };
            row([
                cell([
                    (self.who(&given.to), Style::Strong),
                    (given.resource.clone(), Style::Note),
                    (possible, Style::Note),
                ]),
                cell([
                    (word(&w.recipient_kind, given.kind.text()).to_owned(), Style::Plain),
                    country.unwrap_or_else(|| (t.no_country.clone(), Style::Warning)),
                ]),
                cell([
                    (w.plural(&w.count.acts, given.acts), Style::Plain),
                    (w.span(given.first, given.last), Style::Note),
                ]),
                cell([
                    (self.of_people(given.subjects, given.not_listed.as_ref()), Style::Plain),
                    (w.list(&categories, LISTED), Style::Note),
                ]),
            ])
        };
        let rows = self.report.disclosures.iter().map(row_of).collect();
        let columns =
            vec![column(&t.recipient, 28), column(&w.table.kind, 24), column(&t.acts, 26), column(&t.subjects, 22)];
        self.table(&x.section.disclosures, columns, rows)
    }

    /// Of how many people data was: never 0 where not all are named.
    fn of_people(&self, named: u64, not_listed: Option<&NotListed>) -> String {
        let (w, x) = (self.w, &self.w.exposure);
        let persons = &x.count.persons;
        // As sure as that number is.
        let so = |n: u64, how: &str| {
            let number = fill(how, &[("n", &w.number(n))]);
            fill(if n == 1 { &persons.one } else { &persons.other }, &[("n", &number)])
        };
        let some = |text: String| fill(&x.table.counted, &[("n", &text)]);
        match not_listed {
            None => w.plural(persons, named),
            Some(NotListed { at_least: 0, at_most: Some(at_most) }) => some(so(*at_most, &x.figure.about)),
            Some(NotListed { at_least, at_most: Some(at_most) }) => some(w.plural_range(persons, *at_least, *at_most)),
            Some(NotListed { at_least: 0, at_most: None }) => x.table.whose_not_known.clone(),
            Some(NotListed { at_least, at_most: None }) => so(*at_least, &x.figure.at_least),
        }
    }

    /// A number of records, as it was told.
    pub(super) fn records_of(&self, told: &CountFact) -> String {
        let t = &self.w.exposure.table;
        let text = match (told.exact, told.is_cut()) {
            (true, _) => &t.records,
            (false, true) => &t.at_least_records,
            (false, false) => &t.about_records,
        };
        fill(text, &[("n", &self.w.number(told.count))])
    }

    pub(super) fn losses(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let row_of = |loss: &LossFact| {
            let until = loss.recoverable_until.map(|at| fill(&t.recoverable_until, &[("at", &w.instant(at))]));
            let restored = loss.restored_by.map(|entry| fill(&t.restored_by, &[("n", &w.number(entry.0))]));
            let subjects = self.of_people(loss.subjects, loss.not_listed.as_ref());
            let records = loss.records.as_ref().map(|told| self.records_of(told));
            let also: Vec<String> = loss.also.iter().map(|entry| w.number(entry.0)).collect();
            let also = (!also.is_empty()).then(|| fill(&t.by_entry, &[("n", &w.comma(&also))]));
            row([
                self.act(loss.when.clone(), loss.entry, also),
                self.doer(&loss.who, &[], loss.instruction.as_deref()),
                cell([
                    (word(&x.lost, loss.lost.code()).to_owned(), Style::Plain),
                    (loss.resource.clone(), Style::Note),
                    (subjects, Style::Note),
                    (records.unwrap_or_default(), Style::Note),
                    (
                        self.restricted(loss.after_restriction, loss.after_restriction_of_erased).unwrap_or_default(),
                        Style::Warning,
                    ),
                ]),
                cell([
                    (word(&x.recovery, loss.recovery.code()).to_owned(), Style::Plain),
                    (until.unwrap_or_default(), Style::Note),
                    (restored.unwrap_or_default(), Style::Note),
                ]),
                self.by_authority(loss.authorisation, loss.approval, &loss.policies),
            ])
        };
        let rows = self.report.losses.iter().map(row_of).collect();
        let columns = vec![
            column(&t.when, 20),
            column(&t.who, 24),
            column(&t.what, 20),
            column(&t.recovery, 20),
            column(&t.authorisation, 16),
        ];
        self.table(&x.section.losses, columns, rows)
    }

    pub(super) fn causes(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let row_of = |cause: &CauseFact| {
            let led_to = cause.led_to.map(|entry| fill(&t.led_to, &[("n", &w.number(entry.0))])).unwrap_or_default();
            row([
                self.act(cause.when.clone(), cause.entry, Some(led_to)),
                self.doer(&cause.who, &cause.on_behalf_of, cause.instruction.as_deref()),
                cell([
                    (word(&w.verb, cause.verb.text()).to_owned(), Style::Plain),
                    (word(&x.relation, cause.relation.code()).to_owned(), Style::Note),
                    (cause.resource.clone(), Style::Note),
                ]),
                self.by_authority(cause.authorisation, cause.approval, &[]),
            ])
        };
        let rows = self.report.causes.iter().map(row_of).collect();
        let columns = vec![column(&t.when, 24), column(&t.who, 32), column(&t.what, 22), column(&t.authorisation, 22)];
        self.table(&x.section.causes, columns, rows)
    }

    pub(super) fn approvals(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let names = |list: &[Who]| w.list(&list.iter().map(|who| self.who(who)).collect::<Vec<_>>(), LISTED);
        let row_of = |approval: &ApprovalFact| {
            let policy = approval.policy.as_ref().map(|policy| fill(&t.under_policy, &[("policy", policy)]));
            let used: Vec<String> = approval.used_by.iter().map(|entry| w.number(entry.0)).collect();
            let used = (!used.is_empty()).then(|| fill(&t.used_by, &[("list", &w.comma(&used))]));
            let refused = if approval.refused { t.refused.clone() } else { String::new() };
            let until = approval
                .until
                .map_or_else(|| t.no_end.clone(), |at| fill(&t.recoverable_until, &[("at", &w.instant(at))]));
            row([
                cell([
                    (approval.reference.clone(), Style::Strong),
                    (fill(&t.by_entry, &[("n", &w.number(approval.entry.0))]), Style::Note),
                    (refused, Style::Warning),
                ]),
                cell([(names(&approval.by), Style::Plain), (policy.unwrap_or_default(), Style::Note)]),
                cell([
                    (approval.to.as_ref().map(|who| self.who(who)).unwrap_or_default(), Style::Plain),
                    (used.unwrap_or_default(), Style::Note),
                ]),
                cell([(w.span(approval.from.from, approval.from.until), Style::Plain), (until, Style::Note)]),
            ])
        };
        let rows = self.report.approvals.iter().map(row_of).collect();
        let columns = vec![column(&t.approval, 26), column(&t.who, 24), column(&t.for_whom, 26), column(&t.when, 24)];
        self.table(&x.section.approvals, columns, rows)
    }

    /// What the law protects more, with the article.
    pub(super) fn special(&self) -> Option<String> {
        let (w, notice) = (self.w, &self.w.exposure.notice);
        let of = |fact: &SpecialFact| {
            let category = word(&w.category, fact.category.text());
            fill(&notice.special_category, &[("category", category), ("article", &fact.article)])
        };
        let list: Vec<String> = self.report.special.iter().map(of).collect();
        (!list.is_empty()).then(|| fill(&notice.special, &[("list", &w.list(&list, usize::MAX))]))
    }

    /// What only a human can say.
    pub(super) fn human(&self) -> Block {
        let (f, missing) = (&self.w.exposure.fact, &self.w.missing.controller);
        let of = |label: &String, text: &Option<String>| match text {
            Some(text) => pair(label, text.clone(), Style::Plain),
            None => pair(label, missing.clone(), Style::Missing),
        };
        Block::Pairs {
            pairs: vec![
                of(&f.open_questions, &self.report.open_questions),
                of(&f.characterisation, &self.report.characterisation),
            ],
        }
    }

    pub(super) fn amendments(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let row_of = |amendment: &AmendmentFact| {
            let (entry, target) = (w.number(amendment.entry.0), w.number(amendment.target.0));
            let by = amendment.by.as_ref().map(|who| fill(&t.by, &[("who", &self.who(who))])).unwrap_or_default();
            let counts = amendment.standing == Standing::Counts;
            row([
                cell([
                    (fill(&t.amends, &[("entry", &entry), ("target", &target)]), Style::Strong),
                    (by, Style::Note),
                    (amendment.reason.clone().unwrap_or_default(), Style::Note),
                ]),
                cell([
                    (self.who(&amendment.who), Style::Plain),
                    (word(&w.verb, amendment.verb.text()).to_owned(), Style::Plain),
                    (w.span(amendment.when.from, amendment.when.until), Style::Note),
                ]),
                cell([(
                    word(&x.standing, amendment.standing.code()).to_owned(),
                    if counts { Style::Plain } else { Style::Warning },
                )]),
            ])
        };
        let rows = self.report.amendments.iter().map(row_of).collect();
        let columns = vec![column(&x.section.amendments, 40), column(&t.act, 32), column(&t.standing, 28)];
        self.table(&x.section.amendments, columns, rows)
    }

    fn act(&self, when: Span, entry: EntryIndex, also: Option<String>) -> Cell {
        let (w, t) = (self.w, &self.w.exposure.table);
        cell([
            (w.span(when.from, when.until), Style::Plain),
            (fill(&t.by_entry, &[("n", &w.number(entry.0))]), Style::Note),
            (also.unwrap_or_default(), Style::Note),
        ])
    }

    fn doer(&self, who: &Who, on_behalf_of: &[Who], instruction: Option<&str>) -> Cell {
        let (w, t) = (self.w, &self.w.exposure.table);
        let behalf: Vec<String> = on_behalf_of.iter().map(|who| self.who(who)).collect();
        let behalf = (!behalf.is_empty()).then(|| fill(&w.table.behalf, &[("list", &behalf.join(&w.number.chain))]));
        let instruction = instruction.map(|text| fill(&t.instruction, &[("text", text)]));
        cell([
            (self.who(who), Style::Strong),
            (behalf.unwrap_or_default(), Style::Note),
            (instruction.unwrap_or_default(), Style::Note),
        ])
    }

    fn by_authority(&self, authorisation: Authorisation, approval: Option<Approval>, by: &[PolicyFact]) -> Cell {
        let (w, x) = (self.w, &self.w.exposure);
        let approval = approval.map(|code| word(&x.approved, code.code()).to_owned()).unwrap_or_default();
        let style = if authorisation == Authorisation::Authorised { Style::Plain } else { Style::Warning };
        let authorisation = word(&w.authorisation, authorisation.code()).to_owned();
        cell([(authorisation, style), (approval, Style::Note), (self.decided(by), Style::Note)])
    }
}
