//! Of the exposure report: how the data was protected, who could use which key, and where those live whose data it was.

use super::exposure::{LISTED, Said};
use super::*;
use crate::report::exposure::document::*;
use crate::report::wording::word;

impl Said<'_> {
    pub(super) fn protections(&self) -> Vec<Block> {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let protection = |of: &ProtectionFact| {
            let told = !matches!(of.state, Protection::NotTold);
            let state =
                (word(&x.protection, of.state.code()).to_owned(), if told { Style::Plain } else { Style::Missing });
            let key = match (&of.key, of.state) {
                (Some(key), _) => cell([(key.clone(), Style::Code)]),
                (None, Protection::Neither | Protection::NotTold) => plain(""),
                (None, _) => cell([(t.key_not_told.clone(), Style::Missing)]),
            };
            let entries: Vec<String> = of.entries.iter().map(|entry| w.number(entry.0)).collect();
            let entries = match entries.is_empty() {
                true => String::new(),
                false => fill(&t.by_entry, &[("n", &w.list(&entries, LISTED))]),
            };
            row([
                cell([(of.resource.clone(), Style::Strong), (word(&x.part, of.what.code()).to_owned(), Style::Note)]),
                cell([state]),
                key,
                cell([(w.number(of.acts), Style::Plain), (entries, Style::Note)]),
            ])
        };
        let columns = vec![column(&t.resource, 32), column(&t.protection, 26), column(&t.key, 22), column(&t.acts, 20)];
        let all = self.report.protections.iter().map(protection);
        let mut blocks = vec![self.rows(&x.section.keys, columns, all)];
        if !self.report.keys.is_empty() {
            blocks.push(sections::heading(&x.section.key_users));
            blocks.push(self.key_users());
        }
        blocks
    }

    fn key_users(&self) -> Block {
        let x = &self.w.exposure;
        let t = &x.table;
        let rows = self.report.keys.iter().flat_map(|key| {
            let users = key.users.iter().flat_map(|user| user.stays.iter().map(move |stay| Some((user, stay))));
            let users: Vec<Option<(&KeyUserFact, &Stay)>> = users.collect();
            // That nobody is on file says of nobody that they do not have it.
            let users = if users.is_empty() { vec![None] } else { users };
            users.into_iter().map(move |user| (key, user))
        });
        let rows: Vec<(&KeyFact, Option<(&KeyUserFact, &Stay)>)> = rows.collect();
        let row_of = |(key, user): (&KeyFact, Option<(&KeyUserFact, &Stay)>)| {
            let name = plain(&key.name);
            let Some((user, stay)) = user else {
                return row([name, cell([(t.key_not_on_file.clone(), Style::Missing)]), plain(""), plain("")]);
            };
            let over = user.over.as_ref().map(|over| fill(&t.over, &[("list", &self.who(over))]));
            row([
                name,
                cell([
                    (self.who(&user.who), Style::Strong),
                    (over.unwrap_or_default(), Style::Note),
                    (self.perhaps(stay), Style::Note),
                    (self.kept_by(stay), Style::Warning),
                ]),
                self.bound(&stay.start),
                self.bound(&stay.end(self.report.header.question.cut_off)),
            ])
        };
        let columns = vec![column(&t.key, 22), column(&t.who, 26), column(&t.from, 26), column(&t.until, 26)];
        self.rows(&x.section.key_users, columns, rows.into_iter().map(row_of))
    }

    pub(super) fn countries(&self) -> Vec<Block> {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let country = |fact: &CountryFact| {
            let name = match &fact.name {
                Some(name) => (name.clone(), Style::Strong),
                None => (t.country_not_told.clone(), Style::Missing),
            };
            let range = w.range(fact.persons.low, fact.persons.high);
            let persons = match self.report.totals.is_bounded() {
                true => cell([(range, Style::Plain)]),
                false => cell([
                    (fill(&x.figure.at_least, &[("n", &w.number(fact.persons.low))]), Style::Plain),
                    (fill(&t.on_file, &[("n", &range)]), Style::Note),
                ]),
            };
            row([cell([name]), persons])
        };
        let columns = vec![column(&t.country, 60), number_column(&t.persons, 40)];
        vec![self.rows(&x.section.countries, columns, self.report.countries.iter().map(country))]
    }
}
