//! Who could see, who did, who holds, and whose data: one row for each fact.

mod reach;

use super::columns::{Columns, Figure, counted, figures_noted, measured};
use super::frame::{clocks, coverage};
use super::{Sheet, Value};
use crate::model::{Category, PartyKind};
use crate::report::access::answer as access;
use crate::report::access::document::{EntryIndex, Name, PersonIdentity, Range};
use crate::report::code::Code;
use crate::report::exposure::answer::{name_text, policy_text, who_text};
use crate::report::exposure::document::*;
use crate::report::wording::{Wording, fill, word};

pub fn sheets(report: &ExposureReport, w: &Wording) -> Vec<Sheet> {
    let told = Told { w, report };
    let mut sheets = vec![
        told.totals(),
        told.resources(),
        told.windows(),
        told.paths(),
        told.lags(),
        told.groups(),
        told.members(),
        told.people(),
        told.fields(),
        told.accesses(),
        told.holdings(),
        told.protections(),
        told.keys(),
        told.subjects(),
        told.countries(),
        told.policies(),
        told.oddities(),
    ];
    let known = &report.coverage;
    sheets.extend(coverage(w, &w.exposure.section.coverage, &known.sources, &known.downtimes));
    sheets.extend(report.clock.iter().map(|clock| clocks(w, clock)));
    sheets
}

#[derive(Clone, Copy)]
struct Told<'a> {
    w: &'a Wording,
    report: &'a ExposureReport,
}

impl<'a> Told<'a> {
    fn who(self, who: &Who) -> String {
        who_text(self.w, who)
    }

    /// Human, agent, or whatever else.
    fn kind(self, who: &Who) -> String {
        let kind = match who {
            Who::Person { .. } | Who::UnknownHuman { .. } => PartyKind::Human.code(),
            Who::Named { kind, .. } => kind.text(),
            Who::Anyone => PartyKind::Public.code(),
            Who::UnknownRecipient { .. } => Code(PartyKind::Unspecified).text(),
            Who::UnknownOperator { .. } => PartyKind::Organisation.code(),
        };
        word(&self.w.party.kind, kind).to_owned()
    }

    fn everybody(self, list: &[Who]) -> Vec<String> {
        list.iter().map(|who| self.who(who)).collect()
    }

    fn categories(self, codes: &[Code<Category>]) -> Vec<String> {
        codes.iter().map(|code| word(&self.w.category, code.text()).to_owned()).collect()
    }

    fn verdict(self, verdict: crate::report::access::document::Verdict) -> String {
        let known = &self.report.coverage;
        access::verdict_text(self.w, verdict, &known.sources, &known.downtimes)
    }

    fn totals(self) -> Sheet {
        let (f, c, totals) = (&self.w.exposure.figure, &self.w.sheet.column, &self.report.totals);
        let range = |item, range: Range| Figure::of(item, counted(range));
        let exactly = |item, count: u64| range(item, Range::exactly(count));
        let rows = [
            self.could(),
            self.saw(),
            range(&c.people_given, totals.people_given),
            range(&f.machines, totals.machines),
            self.holds(),
            self.inside(),
            self.records(),
            exactly(&c.successes, totals.successes),
            exactly(&c.attempts, totals.attempts),
            range(&c.unauthorised_accesses, totals.unauthorised_accesses),
            exactly(&c.not_assessed_accesses, totals.not_assessed_accesses),
            exactly(&c.exceptional_accesses, totals.exceptional_accesses),
            exactly(&c.exceptional_justified, totals.exceptional_justified),
            exactly(&c.after_restriction, totals.after_restriction),
            range(&c.after_restriction_of_erased, Range { low: 0, high: totals.after_restriction_of_erased }),
            exactly(&c.losses, totals.losses),
            exactly(&c.unauthorised_losses, totals.unauthorised_losses),
            Figure::of(&c.open_seconds, measured(totals.open_us)),
            Figure::of(&c.unauthorised_seconds, measured(totals.unauthorised_us)),
        ];
        figures_noted(self.w, &rows)
    }

    /// Beside whoever is counted there are others, so that nobody can say how many there were at most.
    fn could(self) -> Figure<'a> {
        let (f, totals) = (&self.w.exposure.figure, &self.report.totals);
        let Range { low, high } = totals.people_could;
        match (totals.uncountable, high) {
            (false, _) => Figure::of(&f.could, counted(totals.people_could)),
            (true, 0) => {
                let note = [f.not_countable.as_str(), &f.not_countable_note].join(": ");
                Figure { item: &f.could, value: [Value::Empty, Value::Empty], note }
            }
            (true, _) => Figure::from(&f.could, low, format!("{} {}", self.w.range(low, high), f.uncountable)),
        }
    }

    fn saw(self) -> Figure<'a> {
        let (f, totals) = (&self.w.exposure.figure, &self.report.totals);
        let Range { low, high } = totals.people_saw;
        match (totals.saw_uncountable, high) {
            (false, _) => Figure::of(&f.saw, counted(totals.people_saw)),
            (true, 0) => {
                let note = [f.not_countable.as_str(), &f.saw_uncountable].join(": ");
                Figure { item: &f.saw, value: [Value::Empty, Value::Empty], note }
            }
            (true, _) => Figure::from(&f.saw, low, format!("{} {}", self.w.range(low, high), f.saw_uncountable)),
        }
    }

    fn holds(self) -> Figure<'a> {
        let (f, totals) = (&self.w.exposure.figure, &self.report.totals);
        let held = Figure::of(&f.holds, counted(totals.copies_open()));
        let Range { low, high } = totals.copies_promised();
        match high {
            0 => held,
            _ => held.noted(fill(&f.holds_promised, &[("n", &self.w.range(low, high))])),
        }
    }

    fn inside(self) -> Figure<'a> {
        let (f, totals) = (&self.w.exposure.figure, &self.report.totals);
        let inside = Figure::of(&f.subjects, counted(totals.subjects));
        match (totals.subjects_determined, totals.subjects_counted) {
            (true, _) => inside,
            (false, true) => inside.noted(fill(&f.about, &[("n", &self.w.number(totals.subjects.high))])),
            (false, false) if totals.subjects.low == 0 => Figure::from(&f.subjects, 0, f.not_known.clone()),
            (false, false) => {
                let low = totals.subjects.low;
                Figure::from(&f.subjects, low, fill(&f.at_least, &[("n", &self.w.number(low))]))
            }
        }
    }

    fn records(self) -> Figure<'a> {
        let (f, c, totals) = (&self.w.exposure.figure, &self.w.sheet.column, &self.report.totals);
        let known = totals.records.unwrap_or_default();
        match (totals.records_incomplete, totals.records) {
            (false, _) => Figure::of(&c.records_delivered, counted(known)),
            (true, Some(Range { low: 1.., .. })) => {
                let note = fill(&f.at_least, &[("n", &self.w.number(known.low))]);
                Figure::from(&c.records_delivered, known.low, note)
            }
            (true, _) => {
                Figure { item: &c.records_delivered, value: [Value::Empty, Value::Empty], note: f.not_known.clone() }
            }
        }
    }

    fn resources(self) -> Sheet {
        let (t, c) = (&self.w.exposure.table, &self.w.sheet.column);
        Columns::new(self.w)
            .text(&t.resource, |r: &ResourceFact| r.name.clone())
            .yes_or_no(&c.known_here, |r| r.known)
            .number(&c.subjects, |r| r.subjects)
            .yes_or_no(&c.all_listed, |r| r.determined)
            .duration(&c.open_to_anyone, |r| r.to_anyone_us)
            .sheet("resources", &self.w.sheet.name.resources, None, &self.report.resources)
    }

    fn windows(self) -> Sheet {
        let (t, c, section) = (&self.w.exposure.table, &self.w.sheet.column, &self.w.exposure.section);
        let resources = self.report.resources.iter();
        let rows: Vec<_> = resources.flat_map(|r| r.windows.iter().map(move |window| (r, window))).collect();
        Columns::new(self.w)
            .text(&t.resource, |row: &(&ResourceFact, &Window)| row.0.name.clone())
            .bound(&t.from, |row| row.1.start.clone())
            .bound(&t.until, |row| row.1.end.clone())
            .duration(&c.open, |row| Range { low: row.1.certain_us, high: row.1.possible_us })
            .sheet("windows", &self.w.sheet.name.windows, Some(("windows", &section.windows)), &rows)
    }

    fn paths(self) -> Sheet {
        let (w, t, section) = (self.w, &self.w.exposure.table, &self.w.exposure.section);
        let c = &w.sheet.column;
        let resources = self.report.resources.iter();
        let rows: Vec<_> = resources.flat_map(|r| r.paths.iter().map(move |path| (r, path))).collect();
        Columns::new(w)
            .text(&t.resource, |row: &(&ResourceFact, &PathFact)| row.0.name.clone())
            .text(&t.path, move |row| self.who(&row.1.audience))
            .bound(&t.from, |row| row.1.start.clone())
            .bound(&t.until, |row| row.1.end.clone())
            .text(&t.authorisation, |row| word(&w.authorisation, row.1.authorisation.code()).to_owned())
            .texts(&c.rights, |row| row.1.rights.iter().map(|right| word(&w.verb, right.text()).to_owned()).collect())
            .texts(&t.categories, move |row| self.categories(&row.1.categories))
            .sheet("paths", &w.sheet.name.paths, Some(("windows", &section.paths)), &rows)
    }

    fn lags(self) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        let us = |lag: &Option<Lag>| lag.as_ref().map(|lag| lag.us);
        let known = |lag: &Option<Lag>| {
            lag.as_ref().map(|lag| word(&w.exposure.known, lag.known.code()).to_owned()).unwrap_or_default()
        };
        Columns::new(w)
            .text(&t.resource, |lag: &LagFact| lag.resource.clone())
            .text(&t.path, move |lag| self.who(&lag.audience))
            .bound(&t.opened, |lag| lag.opened.clone())
            .numbers(&c.detected_in, |lag| lag.detected.iter().map(|fact| fact.entry.0).collect())
            .texts(&c.detected_case, |lag| lag.detected.iter().filter_map(|fact| fact.case.clone()).collect())
            .instant(&c.first_detected, |lag| lag.detected.first().map(|fact| fact.at.from))
            .instant(&c.last_detected, |lag| lag.detected.iter().map(|fact| fact.at.until).max())
            .duration_if_any(&c.opened_to_detected, move |lag| us(&lag.opened_to_detected))
            .span(&c.decided, |lag| lag.decided.as_ref().map(|act| act.when.clone()))
            .number_if_any(&c.decided_in, |lag| lag.decided.as_ref().map(|act| act.entry.0))
            .span(&t.revoked, |lag| lag.revoked.as_ref().map(|act| act.when.clone()))
            .number_if_any(&c.revoked_in, |lag| lag.revoked.as_ref().map(|act| act.entry.0))
            .bound(&t.really_closed, |lag| lag.closed.clone())
            .duration_if_any(&c.revoked_to_closed, move |lag| us(&lag.revoked_to_closed))
            .text(&c.how_known, move |lag| known(&lag.revoked_to_closed))
            .duration_if_any(&c.decided_to_closed, move |lag| us(&lag.decided_to_closed))
            .duration_if_any(&c.detected_to_closed, move |lag| us(&lag.detected_to_closed))
            .yes_or_no(&c.ended_before_detection, |lag| lag.ended_before_detection)
            .sheet("lags", &w.sheet.name.lags, Some(("lags", &w.exposure.section.lags)), &self.report.lags)
    }

    fn people(self) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        Columns::new(w)
            .text(&t.who, move |v: &ViewerFact| self.who(&v.who))
            .text(&c.kind, move |v| self.kind(&v.who))
            .texts(&c.over, move |v| self.everybody(&v.over))
            .yes_or_no(&c.by_copy, |v| v.by_copy)
            .duration(&t.could, |v| v.could_us)
            .duration(&t.excess_only, |v| v.excess_us)
            .spans(&c.times, |v| &v.times)
            .text(&c.verdict, move |v| self.verdict(v.verdict))
            .text(&c.highest, |v| {
                v.highest.map(|rung| word(&w.exposure.rung, rung.code()).to_owned()).unwrap_or_default()
            })
            .range(&c.successes, |v| Range { low: v.surely, high: v.did })
            .number(&c.by_members, |v| v.by_members)
            .number(&c.attempts, |v| v.tried)
            .instant(&c.first, |v| v.first)
            .instant(&c.last, |v| v.last)
            .sheet("people", &w.sheet.name.people, Some(("people", &w.exposure.section.people)), &self.report.viewers)
    }

    fn accesses(self) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        Columns::new(w)
            .numbers(&w.table.entries, |a: &AccessFact| a.entries.iter().map(|entry| entry.0).collect())
            .text(&t.resource, |a| a.resource.clone())
            .span(&c.happened, |a| Some(a.when.clone()))
            .text(&t.who, move |a| self.who(&a.who))
            .text(&c.kind, move |a| self.kind(&a.who))
            .texts(&c.one_of, move |a| self.everybody(&a.one_of))
            .yes_or_no(&c.unidentified, |a| a.unidentified)
            .texts(&w.table.on_behalf_of, move |a| self.everybody(&a.on_behalf_of))
            .texts(&c.shown_to, move |a| self.everybody(&a.shown_to))
            .texts(&c.given_to, move |a| self.everybody(&a.given_to))
            .texts(&c.perhaps_given_to, move |a| self.everybody(&a.perhaps_given_to))
            .text(&w.table.verb, |a| word(&w.verb, a.verb.text()).to_owned())
            .text(&w.table.outcome, |a| word(&w.outcome, a.outcome.text()).to_owned())
            .text(&t.what, |a| word(&w.exposure.rung, a.rung.code()).to_owned())
            .yes_or_no(&c.is_certain, |a| a.certain)
            .text(&t.authorisation, |a| word(&w.authorisation, a.authorisation.code()).to_owned())
            .yes_or_no(&c.perhaps_unauthorised, |a| a.perhaps_unauthorised)
            .text(&c.approval, |a| {
                a.approval.map(|code| word(&w.exposure.approved, code.code()).to_owned()).unwrap_or_default()
            })
            .texts(&w.table.policy, move |a| self.decided(&a.policies))
            .text(&c.review, |a| {
                let review = a.review.as_ref().map(|review| word(&w.exposure.reviewed, review.state.code()).to_owned());
                review.unwrap_or_default()
            })
            .number(&c.after_restriction, |a| a.after_restriction)
            .yes_or_no(&c.after_restriction_of_erased, |a| a.after_restriction_of_erased)
            .number(&c.subjects, |a| a.subjects)
            .yes_or_no(&c.all_listed, |a| a.listed)
            .number_if_any(&c.subjects_counted, |a| a.subjects_counted.as_ref().map(|told| told.count))
            .number_if_any(&c.records_delivered, |a| a.records.as_ref().map(|told| told.count))
            .texts(&t.categories, move |a| self.categories(&a.categories))
            .texts(&c.perhaps_categories, move |a| self.categories(&a.perhaps_categories))
            .sheet(
                "accesses",
                &w.sheet.name.accesses,
                Some(("accesses", &w.exposure.section.accesses)),
                &self.report.accesses,
            )
    }

    /// Each policy in its version, and what it decided.
    fn decided(self, policies: &[PolicyFact]) -> Vec<String> {
        policies.iter().map(|policy| policy_text(self.w, policy)).collect()
    }

    fn policies(self) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        let entries = |entries: &[EntryIndex]| entries.iter().map(|entry| entry.0).collect::<Vec<_>>();
        let name = move |name: &Option<Name>| name.as_ref().map(|name| name_text(w, name)).unwrap_or_default();
        Columns::new(w)
            .text(&w.table.policy, move |p: &PolicyComparison| match &p.id {
                Some(_) => name(&p.id),
                None => t.no_policy.clone(),
            })
            .text(&c.version, move |p| name(&p.version))
            .number(&w.table.acts, |p| p.acts)
            .number(&t.permitted, |p| p.permitted)
            .number(&t.denied, |p| p.denied)
            .number(&t.undecided, |p| p.undecided)
            .number(&t.permitted_unauthorised, |p| p.permitted_unauthorised.len() as u64)
            .numbers(&c.permitted_unauthorised_in, move |p| entries(&p.permitted_unauthorised))
            .number(&t.permitted_not_assessed, |p| p.permitted_not_assessed.len() as u64)
            .numbers(&c.permitted_not_assessed_in, move |p| entries(&p.permitted_not_assessed))
            .number(&t.denied_done, |p| p.denied_done.len() as u64)
            .numbers(&c.denied_done_in, move |p| entries(&p.denied_done))
            .sheet(
                "policies",
                &w.sheet.name.policies,
                Some(("policies", &w.exposure.section.policies)),
                &self.report.policies,
            )
    }

    fn holdings(self) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        Columns::new(w)
            .text(&t.holder, move |h: &HoldingFact| self.who(&h.holder))
            .text(&c.kind, move |h| self.kind(&h.holder))
            .text(&t.resource, |h| h.resource.clone())
            .yes_or_no(&c.is_certain, |h| h.certain)
            .bound(&t.from, |h| h.start.clone())
            .bound(&t.until, |h| h.end.clone())
            .text(&c.form, |h| word(&w.exposure.form, h.form.code()).to_owned())
            .sheet(
                "holdings",
                &w.sheet.name.holdings,
                Some(("holdings", &w.exposure.section.holdings)),
                &self.report.holdings,
            )
    }

    fn subjects(self) -> Sheet {
        let (w, t, c) = (self.w, &self.w.exposure.table, &self.w.sheet.column);
        let identities = move |list: &[PersonIdentity]| -> Vec<String> {
            list.iter().map(|identity| access::identity_text(w, identity)).collect()
        };
        Columns::new(w)
            .texts(&t.person, move |s: &SubjectFact| identities(&s.identities))
            .duration(&c.open, |s| s.open_us)
            .texts(&t.categories, move |s| self.categories(&s.categories))
            .range(&c.successes, |s| s.accesses)
            .text(&c.verdict, move |s| self.verdict(s.verdict))
            .sheet(
                "subjects",
                &w.sheet.name.subjects,
                Some(("subjects", &w.exposure.section.subjects)),
                &self.report.subjects,
            )
    }

    fn oddities(self) -> Sheet {
        let (w, t) = (self.w, &self.w.table);
        Columns::new(w)
            .number_if_any(&t.entry, |odd: &OddityFact| odd.entry.map(|entry| entry.0))
            .text(&t.details, |odd| word(&w.exposure.oddity, odd.what.code()).to_owned())
            .sheet("oddities", &w.sheet.name.oddities, Some(("odd", &w.exposure.section.odd)), &self.report.oddities)
    }
}
