//! Of the exposure report: to which groups and accounts something was open, who was in them, and which fields each got.

use super::exposure::{LISTED, Said};
use super::*;
use crate::report::exposure::document::*;
use crate::report::wording::word;

impl Said<'_> {
    pub(super) fn groups(&self) -> Vec<Block> {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let audience = |audience: &AudienceFact| {
            let on_file = match audience.members.len() {
                0 => String::new(),
                many => fill(&t.on_file, &[("n", &w.number(many as u64))]),
            };
            row([
                cell([(self.who(&audience.who), Style::Strong)]),
                plain(w.list(&audience.resources, LISTED)),
                cell([
                    (word(&x.countable, audience.count.code()).to_owned(), self.counts(audience.count)),
                    (on_file, Style::Note),
                ]),
            ])
        };
        let columns = vec![column(&t.audience, 32), column(&t.open_to_it, 32), column(&t.in_it, 36)];
        let all = self.report.audiences.iter().map(audience);
        let mut blocks = vec![self.rows(&x.section.groups, columns, all)];
        let stays = self.report.memberships();
        if !stays.is_empty() {
            let member = |(whole, member, stay): (&AudienceFact, &MemberFact, &Stay)| {
                row([
                    plain(self.who(&whole.who)),
                    cell([
                        (self.who(&member.who), Style::Strong),
                        (self.perhaps(stay), Style::Note),
                        (self.kept_by(stay), Style::Warning),
                    ]),
                    self.bound(&stay.start),
                    self.bound(&stay.end(self.report.header.question.cut_off)),
                ])
            };
            let columns =
                vec![column(&t.audience, 22), column(&t.member, 26), column(&t.from, 26), column(&t.until, 26)];
            blocks.push(sections::heading(&x.section.members));
            blocks.push(self.rows(&x.section.members, columns, stays.into_iter().map(member)));
        }
        blocks
    }

    fn counts(&self, count: Countable) -> Style {
        if matches!(count, Countable::Fed | Countable::OnFile) { Style::Plain } else { Style::Warning }
    }

    pub(super) fn perhaps(&self, stay: &Stay) -> String {
        if stay.certain { String::new() } else { self.w.exposure.table.possible.clone() }
    }

    /// By which order what opened or closed it is not to be told to whom it is about; nothing where none covers it.
    pub(super) fn kept_by(&self, stay: &Stay) -> String {
        self.kept_from_them(&stay.entries().collect::<Vec<_>>())
    }

    pub(super) fn fields(&self) -> Block {
        let (w, x) = (self.w, &self.w.exposure);
        let t = &x.table;
        let fields = |(viewer, got): (&ViewerFact, &FieldsFact)| {
            let perhaps = match got.perhaps_fields.is_empty() {
                true => String::new(),
                false => fill(&t.perhaps_categories, &[("list", &w.list(&got.perhaps_fields, LISTED))]),
            };
            let (n, acts) = (w.number(got.untold), w.number(got.acts));
            let untold = match got.untold {
                0 => (String::new(), Style::Note),
                _ => (fill(&t.fields_not_told, &[("n", &n), ("acts", &acts)]), Style::Missing),
            };
            row([
                cell([(self.who(&viewer.who), Style::Strong)]),
                plain(&got.resource),
                cell([(w.list(&got.fields, LISTED), Style::Code), (perhaps, Style::Note), untold]),
            ])
        };
        let columns = vec![column(&t.who, 32), column(&t.resource, 26), column(&w.table.field, 42)];
        self.rows(&x.section.fields, columns, self.report.fields_got().into_iter().map(fields))
    }

    /// A table of which only those rows are made that a page holds.
    pub(super) fn rows(&self, caption: &str, columns: Vec<Column>, rows: impl ExactSizeIterator<Item = Row>) -> Block {
        sections::table((self.w, self.extent), TableStyle::Plain, caption, columns, rows, ROWS_MAX)
    }
}
