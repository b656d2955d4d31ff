//! Whom groups and keys let in, which fields each got, and where those live whose data it was: one row for each fact.

use super::super::columns::Columns;
use super::super::{Sheet, Value};
use super::Told;
use crate::report::exposure::document::*;
use crate::report::wording::word;

impl<'a> Told<'a> {
    pub fn groups(self) -> Sheet {
        let (w, t, section) = (self.w, &self.w.exposure.table, &self.w.exposure.section);
        Columns::new(w)
            .text(&t.audience, move |it: &AudienceFact| self.who(&it.who))
            .text(&w.sheet.column.kind, move |it| self.kind(&it.who))
            .texts(&t.open_to_it, |it| it.resources.clone())
            .text(&t.in_it, |it| word(&w.exposure.countable, it.count.code()).to_owned())
            .number(&w.sheet.column.members, |it| it.members.len() as u64)
            .sheet("groups", &w.sheet.name.groups, Some(("groups", &section.groups)), &self.report.audiences)
    }

    pub fn members(self) -> Sheet {
        let cut_off = self.report.header.question.cut_off;
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        Columns::new(w)
            .text(&t.audience, move |row: &(&AudienceFact, &MemberFact, &Stay)| self.who(&row.0.who))
            .text(&t.member, move |row| self.who(&row.1.who))
            .text(&c.kind, move |row| self.kind(&row.1.who))
            .yes_or_no(&c.is_certain, |row| row.2.certain)
            .bound(&t.from, |row| row.2.start.clone())
            .bound(&t.until, move |row| row.2.end(cut_off))
            .texts(&c.suppressed, move |row| self.kept_by(row.2))
            .sheet(
                "members",
                &w.sheet.name.members,
                Some(("groups", &w.exposure.section.members)),
                &self.report.memberships(),
            )
    }

    /// Orders that keep what opened or closed it from whom it is about.
    fn kept_by(self, stay: &Stay) -> Vec<String> {
        let covers = |fact: &&SuppressedFact| stay.entries().any(|entry| entry == fact.entry);
        let orders = self.report.suppressed.iter().filter(covers).map(|fact| fact.reference.clone());
        orders.collect::<std::collections::BTreeSet<String>>().into_iter().collect()
    }

    pub fn fields(self) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        Columns::new(w)
            .text(&t.who, move |row: &(&ViewerFact, &FieldsFact)| self.who(&row.0.who))
            .text(&c.kind, move |row| self.kind(&row.0.who))
            .text(&t.resource, |row| row.1.resource.clone())
            .texts(&w.table.field, |row| row.1.fields.clone())
            .texts(&c.perhaps_fields, |row| row.1.perhaps_fields.clone())
            .number(&c.successes, |row| row.1.acts)
            .number(&c.fields_not_told, |row| row.1.untold)
            .sheet(
                "fields",
                &w.sheet.name.fields,
                Some(("fields", &w.exposure.section.fields)),
                &self.report.fields_got(),
            )
    }

    pub fn protections(self) -> Sheet {
        let (w, x) = (self.w, &self.w.exposure);
        let (t, section) = (&x.table, &x.section);
        Columns::new(w)
            .text(&t.resource, |it: &ProtectionFact| it.resource.clone())
            .text(&t.what, |it| word(&x.part, it.what.code()).to_owned())
            .text(&t.protection, |it| word(&x.protection, it.state.code()).to_owned())
            .text(&t.key, |it| it.key.clone().unwrap_or_default())
            .number(&t.acts, |it| it.acts)
            .numbers(&w.table.entries, |it| it.entries.iter().map(|entry| entry.0).collect())
            .sheet("protection", &w.sheet.name.protection, Some(("keys", &section.keys)), &self.report.protections)
    }

    pub fn keys(self) -> Sheet {
        let cut_off = self.report.header.question.cut_off;
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        let users = self.report.keys.iter().flat_map(|key| key.users.iter().map(move |user| (key, user)));
        let rows: Vec<(&KeyFact, &KeyUserFact, &Stay)> =
            users.flat_map(|(key, user)| user.stays.iter().map(move |stay| (key, user, stay))).collect();
        Columns::new(w)
            .text(&t.key, |row: &(&KeyFact, &KeyUserFact, &Stay)| row.0.name.clone())
            .texts(&t.resource, |row| row.0.resources.clone())
            .text(&t.who, move |row| self.who(&row.1.who))
            .text(&c.kind, move |row| self.kind(&row.1.who))
            .text(&c.over, move |row| row.1.over.as_ref().map(|over| self.who(over)).unwrap_or_default())
            .yes_or_no(&c.is_certain, |row| row.2.certain)
            .bound(&t.from, |row| row.2.start.clone())
            .bound(&t.until, move |row| row.2.end(cut_off))
            .texts(&c.suppressed, move |row| self.kept_by(row.2))
            .sheet("keys", &w.sheet.name.keys, Some(("keys", &w.exposure.section.key_users)), &rows)
    }

    /// Where nobody knows who else was inside, the upper figure is no number: that cell stays empty, and what is on file
    /// stands beside it.
    pub fn countries(self) -> Sheet {
        let (w, t, s) = (self.w, &self.w.exposure.table, &self.w.sheet);
        let bounded = self.report.totals.is_bounded();
        let [certain, possible] =
            [&s.certain, &s.possible].map(|text| crate::report::wording::fill(text, &[("what", &t.persons)]));
        Columns::new(w)
            .text(&t.country, |it: &CountryFact| it.name.clone().unwrap_or_else(|| t.country_not_told.clone()))
            .value(&certain, |it| Value::Number(it.persons.low))
            .value(&possible, move |it| if bounded { Value::Number(it.persons.high) } else { Value::Empty })
            .number(&s.column.on_file, |it| it.persons.high)
            .sheet(
                "countries",
                &s.name.countries,
                Some(("countries", &w.exposure.section.countries)),
                &self.report.countries,
            )
    }
}
