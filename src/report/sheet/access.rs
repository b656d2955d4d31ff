//! Who processed one person's data: one row for each entry, line, party, thing and reason.

use super::Sheet;
use super::columns::{Columns, Figure, counted, figures};
use super::frame::{clocks, coverage};
use crate::report::access::document::*;
use crate::report::code::{Code, Coded};
use crate::report::view::Extent;
use crate::report::view::words::Words;
use crate::report::wording::{Codes, Wording, word};

pub fn sheets(report: &AccessReport, w: &Wording) -> Vec<Sheet> {
    let told = Told { words: &Words { w, report, extent: Extent::Whole } };
    let mut sheets = vec![
        told.totals(),
        told.entries(),
        told.entry_fields(),
        told.entry_records(),
        told.lines(),
        told.agents(),
        told.principals(),
        told.recipients(),
        told.tools(),
        told.categories(),
        told.fields(),
        told.records(),
        told.purposes(),
        told.legal_bases(),
        told.policies(),
        told.authorisations(),
        told.other_parts(),
        told.undetermined(),
        told.earlier_reports(),
    ];
    if !report.involved.is_empty() {
        sheets.push(told.involved());
    }
    // Where nobody looked for readings, a sheet without rows would say that there are none.
    sheets.extend(report.ledger_reads.as_deref().map(|reads| told.ledger_reads(reads)));
    sheets.extend(coverage(w, &w.section.coverage, &report.coverage.sources, &report.coverage.downtimes));
    sheets.extend([clocks(w, &report.clock), told.completeness(), told.conversations()]);
    sheets
}

#[derive(Clone, Copy)]
struct Told<'a> {
    words: &'a Words<'a>,
}

impl<'a> Told<'a> {
    fn w(self) -> &'a Wording {
        self.words.w
    }

    fn report(self) -> &'a AccessReport {
        self.words.report
    }

    fn name(self, name: &Option<Name>) -> String {
        name.as_ref().map(|name| self.words.name(name)).unwrap_or_default()
    }

    fn names(self, names: &[Name]) -> Vec<String> {
        names.iter().map(|name| self.words.name(name)).collect()
    }

    fn parties(self, parties: &[Party]) -> Vec<String> {
        parties.iter().map(|party| self.words.party(party)).collect()
    }

    fn codes<T: Coded>(self, words: &Codes, codes: &[Code<T>]) -> Vec<String> {
        codes.iter().map(|code| word(words, code.text()).to_owned()).collect()
    }

    fn principal(self, principal: &PrincipalFact) -> String {
        match &principal.party {
            Some(party) => self.words.party(party),
            None => self.w().missing.nobody.clone(),
        }
    }

    fn totals(self) -> Sheet {
        let (w, f, c) = (self.w(), &self.w().figure, &self.w().sheet.column);
        let (report, totals) = (self.report(), &self.report().totals);
        let exactly = |count: u64| counted(Range::exactly(count));
        let rows = [
            (&f.processed, counted(totals.processed)),
            (&f.humans, counted(totals.shown_to_humans)),
            (&f.arguments_only, counted(totals.arguments_only)),
            (&f.attempts, counted(totals.attempts)),
            (&f.undetermined, exactly(report.undetermined.actions)),
            (&f.possible, exactly(report.possible.acts)),
            (&w.table.entries, exactly(totals.entries)),
            (&w.table.acts, exactly(totals.acts)),
            (&c.by_agents, counted(totals.processed_by.agents.acts)),
            (&c.by_services, counted(totals.processed_by.services.acts)),
            (&c.by_humans_in_person, counted(totals.processed_by.in_person)),
            (&c.to_humans_directly, counted(totals.read_by_humans)),
            (&c.to_this_person, counted(totals.shown_to_this_person)),
            (&c.given_to_humans, counted(totals.given_to_humans)),
            (&c.to_recipients, counted(totals.disclosed)),
            (&c.into_tool, counted(totals.into_tools)),
            (&c.denied, exactly(totals.attempts_denied)),
            (&c.failed, exactly(totals.attempts_failed)),
        ];
        figures(w, &rows.map(|(item, value)| Figure::of(item, value)))
    }

    fn entries(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        let indexes = |list: &[EntryIndex]| -> Vec<u64> { list.iter().map(|entry| entry.0).collect() };
        let claimed = |e: &Entry| match &e.time {
            ActTime::Claimed { claimed, .. } => Some(claimed.clone()),
            ActTime::Replay { .. } | ActTime::Unknown { .. } => None,
        };
        let bounded = |e: &Entry| match &e.time {
            ActTime::Claimed { bounded, .. } => Some(bounded.clone()),
            ActTime::Replay { .. } | ActTime::Unknown { .. } => None,
        };
        let order = |e: &Entry| match &e.time {
            ActTime::Replay { place } | ActTime::Unknown { place } => place.as_ref().map(|place| place.order),
            ActTime::Claimed { .. } => None,
        };
        let kind = move |e: &Entry| match &e.time {
            ActTime::Claimed { clock, .. } if clock.0 == crate::model::TimeSource::Gateway => w.times.gateway.clone(),
            ActTime::Claimed { .. } => w.times.agent_clock.clone(),
            ActTime::Replay { .. } => w.times.replay.clone(),
            ActTime::Unknown { .. } => w.times.unknown.clone(),
        };
        let doubtful = |e: &Entry| matches!(&e.time, ActTime::Claimed { doubtful: true, .. });
        let actors = |e: &Entry| e.actors.iter().map(|actor| actor.party.clone()).collect::<Vec<_>>();
        Columns::new(w)
            .number(&t.entry, |e: &Entry| e.index.0)
            .number(&c.act, |e| e.act.0)
            .text(&t.class, move |e| self.words.class(e.class))
            .instant(&t.recorded, |e| Some(e.recorded_at))
            .text(&c.kind_of_time, kind)
            .span(&c.happened, bounded)
            .span(&c.claimed, claimed)
            .yes_or_no(&c.doubtful, doubtful)
            .number_if_any(&c.order, order)
            .number_if_any(&t.conversation, |e| e.conversation.map(|number| number.0))
            .text(&t.who, move |e| actors(e).first().map(|actor| self.words.party(actor)).unwrap_or_default())
            .texts(&t.on_behalf_of, move |e| self.parties(actors(e).get(1..).unwrap_or_default()))
            .text(&t.verb, move |e| self.words.code(&w.verb, e.verb))
            .text(&t.tool, move |e| self.name(&e.tool))
            .text(&t.dataset, move |e| self.name(&e.dataset))
            .text(&t.outcome, move |e| self.words.code(&w.outcome, e.outcome))
            .texts(&c.categories_into_tool, move |e| self.codes(&w.category, &e.into_tool))
            .texts(&t.returned, move |e| self.codes(&w.category, &e.returned))
            .texts(&t.shown, move |e| self.codes(&w.category, &e.shown))
            .texts(&c.shown_to, move |e| self.parties(&e.shown_to))
            .exposure(|e| e.exposure.clone())
            .texts(&t.recipient, move |e| {
                let recipient = |r: &EntryRecipient| {
                    let kind = self.words.code(&w.recipient_kind, r.kind);
                    let country = r.country.as_ref().map(|country| format!(", {country}")).unwrap_or_default();
                    format!("{} ({kind}{country})", self.words.party(&r.party))
                };
                e.recipients.iter().map(recipient).collect()
            })
            .texts(&t.role, move |e| self.codes(&w.role, &e.roles))
            .text(&t.purpose, move |e| self.name(&e.purpose))
            .texts(&t.legal_basis, move |e| self.codes(&w.legal_basis, &e.legal_bases))
            .text(&t.policy, move |e| e.policy.as_ref().map(|p| self.policy(&p.id, &p.version)).unwrap_or_default())
            .text(&c.decision, move |e| {
                e.policy.as_ref().map(|p| self.words.code(&w.policy_decision, p.decision)).unwrap_or_default()
            })
            .text(&c.approval, move |e| match e.approved {
                Some(approved) => word(&w.exposure.approved, approved.code()).to_owned(),
                None => e.approval.map(|a| self.words.code(&w.approval, a)).unwrap_or_default(),
            })
            .text(&t.authorisation, move |e| {
                e.authorisation.map(|value| self.words.authorisation(value).0).unwrap_or_default()
            })
            .yes_or_no(&c.break_glass, |e| e.break_glass)
            .text(&t.determination, move |e| self.words.code(&w.determination, e.determination))
            .texts(&t.reason, move |e| self.codes(&w.doubt, &e.doubts))
            .number(&c.records_unowned, |e| e.records_unowned)
            .texts(&c.not_kept, move |e| self.codes(&w.content_kind, &e.not_kept))
            .texts(&c.cut, move |e| self.codes(&w.content_kind, &e.cut))
            .text(&t.source, move |e| self.name(&e.source))
            .text(&t.caller, move |e| self.name(&e.caller))
            .text(&c.assurance, move |e| self.words.code(&w.assurance, e.assurance))
            .text(&c.provenance, move |e| self.words.code(&w.provenance, e.provenance))
            .text(&c.call, |e| e.call_id.clone().unwrap_or_default())
            .yes_or_no(&w.mark.agent_signed, |e| e.agent_signed)
            .yes_or_no(&w.mark.encrypted, |e| e.encrypted)
            .yes_or_no(&w.mark.pseudonymised, |e| e.pseudonymised)
            .yes_or_no(&w.mark.content_closed, |e| e.content_closed)
            .yes_or_no(&w.mark.clamped, |e| e.clamped)
            .yes_or_no(&w.mark.not_synchronised, |e| e.not_synchronised)
            .numbers(&c.corrects, move |e| indexes(&e.corrects))
            .numbers(&c.corrected_by, move |e| indexes(&e.corrected_by))
            .numbers(&c.retracted_by, move |e| indexes(&e.retracted_by))
            .text(&c.leaf, |e| e.leaf.clone())
            .sheet("entries", &w.sheet.name.entries, Some(("annex-a", &w.section.annex)), &self.report().entries)
    }

    fn entry_fields(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        let entries = self.report().entries.iter();
        let rows: Vec<_> = entries.flat_map(|e| e.fields.iter().map(|field| (e.index.0, field))).collect();
        Columns::new(w)
            .number(&t.entry, |row: &(u64, &EntryField)| row.0)
            .text(&t.field, |row| row.1.pointer.clone())
            .text(&t.direction, move |row| self.words.direction(row.1.direction))
            .text(&t.category, move |row| self.words.code(&w.category, row.1.category))
            .sheet("entry-fields", &w.sheet.name.entry_fields, None, &rows)
    }

    fn entry_records(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        let entries = self.report().entries.iter();
        let rows: Vec<_> = entries.flat_map(|e| e.records.iter().map(|record| (e.index.0, record))).collect();
        Columns::new(w)
            .number(&t.entry, |row: &(u64, &EntryRecord)| row.0)
            .text(&t.dataset, |row| row.1.dataset.clone())
            .text(&t.record, |row| row.1.id.clone())
            .text(&w.sheet.column.scope, move |row| self.words.code(&w.scope, row.1.scope))
            .sheet("entry-records", &w.sheet.name.entry_records, None, &rows)
    }

    fn lines(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .text(&t.class, move |l: &Line| self.words.class(l.class))
            .text(&t.who, move |l| self.words.party(&l.actor))
            .texts(&t.on_behalf_of, move |l| self.parties(&l.on_behalf_of))
            .text(&t.verb, move |l| self.words.code(&w.verb, l.verb))
            .text(&t.tool, move |l| self.name(&l.tool))
            .text(&t.dataset, move |l| self.name(&l.dataset))
            .text(&t.outcome, move |l| self.words.code(&w.outcome, l.outcome))
            .texts(&c.categories_into_tool, move |l| self.codes(&w.category, &l.into_tool))
            .texts(&t.returned, move |l| self.codes(&w.category, &l.returned))
            .texts(&t.shown, move |l| self.codes(&w.category, &l.shown))
            .exposure(|l| l.exposure.clone())
            .text(&t.purpose, move |l| self.name(&l.purpose))
            .text(&t.authorisation, move |l| {
                l.authorisation.map(|value| self.words.authorisation(value).0).unwrap_or_default()
            })
            .number(&t.acts, |l| l.acts)
            .number(&t.entries, |l| l.entries)
            .number(&c.first_entry, |l| l.first.0)
            .number(&c.last_entry, |l| l.last.0)
            .times(|l| Some(l.times.clone()))
            .sheet("lines", &w.sheet.name.lines, Some(("accesses", &w.section.lines)), &self.report().lines)
    }

    fn agents(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .text(&t.agent, move |a: &AgentFact| self.words.party(&a.agent))
            .texts(&c.version, move |a| self.names(&a.versions))
            .texts(&c.model, move |a| self.names(&a.models))
            .texts(&c.vendor, move |a| self.names(&a.vendors))
            .texts(&c.region, move |a| self.names(&a.regions))
            .texts(&t.on_behalf_of, move |a| a.on_behalf_of.iter().map(|fact| self.principal(fact)).collect())
            .counts(|a| a.acted.clone())
            .number(&t.delegated, |a| a.delegated.all())
            .times(|a| a.times.clone())
            .sheet("agents", &w.sheet.name.agents, Some(("agents", &w.section.agents)), &self.report().agents)
    }

    fn principals(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .text(&t.principal, move |p: &PrincipalFact| self.principal(p))
            .yes_or_no(&c.in_person, |p| p.in_person)
            .range(&t.persons, |p| p.persons)
            .counts(|p| p.counts.clone())
            .sheet(
                "principals",
                &w.sheet.name.principals,
                Some(("principals", &w.section.principals)),
                &self.report().principals,
            )
    }

    fn recipients(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .text(&t.recipient, move |r: &RecipientFact| self.words.party(&r.party))
            .text(&t.kind, move |r| self.words.code(&w.recipient_kind, r.kind))
            .yes_or_no(&c.recipient_in_law, |r| r.recipient_in_law)
            .text(&t.country, |r| r.country.clone().unwrap_or_else(|| w.missing.value.clone()))
            .texts(&t.basis, |r| {
                let further = r.further.iter().map(|way| way.basis);
                std::iter::once(r.basis).chain(further).map(|basis| word(&w.basis, basis.code()).to_owned()).collect()
            })
            .texts(&c.of, move |r| {
                std::iter::once(&r.of).chain(r.further.iter().map(|way| &way.of)).map(|of| self.name(of)).collect()
            })
            .texts(&t.categories, move |r| self.codes(&w.category, &r.categories))
            .number(&c.categories_unstated, |r| r.categories_unstated)
            .range(&t.acts, |r| r.acts)
            .number(&w.mark.pseudonymised, |r| r.pseudonymised)
            .times(|r| Some(r.times.clone()))
            .sheet(
                "recipients",
                &w.sheet.name.recipients,
                Some(("recipients", &w.section.recipients)),
                &self.report().recipients,
            )
    }

    fn tools(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        let stated = |text: String| if text.is_empty() { w.missing.value.clone() } else { text };
        Columns::new(w)
            .text(&t.tool, move |tool: &ToolFact| self.words.name(&tool.tool))
            .text(&t.operator, move |tool| stated(self.name(&tool.operator)))
            .text(&t.country, move |tool| stated(tool.country.clone().unwrap_or_default()))
            .number(&t.given, |tool| tool.given)
            .texts(&t.into_tool, move |tool| self.codes(&w.category, &tool.categories))
            .counts(|tool| tool.counts.clone())
            .sheet("tools", &w.sheet.name.tools, Some(("recipients", &w.section.tools)), &self.report().tools)
    }

    fn categories(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        let report = self.report();
        let of = |fact: &CategoryFact| {
            let special = fact.special.clone().unwrap_or_default();
            (word(&w.category, fact.category.text()), special, fact.into_tool, fact.received, fact.shown_to_humans)
        };
        let mut rows: Vec<_> = report.categories.iter().map(of).collect();
        rows.extend(
            report.unstated.as_ref().map(|it| {
                (w.data.unstated.as_str(), String::new(), it.into_tool.high, it.received, it.shown_to_humans)
            }),
        );
        Columns::new(w)
            .text(&t.category, |row: &(&str, String, u64, Range, Range)| row.0.to_owned())
            .text(&w.sheet.column.special, |row| row.1.clone())
            .number(&t.into_tool, |row| row.2)
            .range(&t.returned, |row| row.3)
            .range(&t.shown, |row| row.4)
            .sheet("categories", &w.sheet.name.categories, Some(("data", &t.categories)), &rows)
    }

    fn fields(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        Columns::new(w)
            .text(&t.field, |f: &FieldFact| f.pointer.clone())
            .text(&t.direction, move |f| self.words.direction(f.direction))
            .text(&t.category, move |f| self.words.code(&w.category, f.category))
            .number(&t.acts, |f| f.acts)
            .sheet("fields", &w.sheet.name.fields, Some(("data", &w.section.fields)), &self.report().fields)
    }

    fn records(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .text(&t.record, |r: &RecordFact| r.id.clone())
            .text(&t.dataset, |r| r.dataset.clone())
            .text(&c.scope, move |r| self.words.code(&w.scope, r.scope))
            .number_if_any(&t.conversation, |r| r.conversation.map(|number| number.0))
            .number(&t.acts, |r| r.acts)
            .number(&c.first_entry, |r| r.first.0)
            .number(&c.last_entry, |r| r.last.0)
            .sheet("records", &w.sheet.name.records, Some(("data", &w.section.records)), &self.report().records)
    }

    fn purposes(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        Columns::new(w)
            .text(&t.purpose, move |p: &PurposeFact| self.words.name_or_not_stated(p.purpose.as_ref()))
            .counts(|p| p.counts.clone())
            .sheet("purposes", &w.sheet.name.purposes, Some(("why", &t.purpose)), &self.report().purposes)
    }

    fn legal_bases(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        let basis = move |fact: &LegalBasisFact| match fact.basis {
            Some(basis) => self.words.code(&w.legal_basis, basis),
            None => w.missing.not_stated.clone(),
        };
        Columns::new(w).text(&t.legal_basis, basis).counts(|fact| fact.counts.clone()).sheet(
            "legal-bases",
            &w.sheet.name.legal_bases,
            Some(("why", &t.legal_basis)),
            &self.report().legal_bases,
        )
    }

    /// The policy and its version, without what it decided.
    fn policy(self, id: &Name, version: &Option<Name>) -> String {
        let id = self.words.name(id);
        match version {
            Some(version) => format!("{id} ({})", self.words.name(version)),
            None => id,
        }
    }

    fn policies(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        Columns::new(w)
            .text(&t.policy, move |p: &PolicyFact| self.policy(&p.id, &p.version))
            .text(&w.sheet.column.decision, move |p| self.words.code(&w.policy_decision, p.decision))
            .counts(|p| p.counts.clone())
            .sheet("policies", &w.sheet.name.policies, Some(("why", &w.section.policies)), &self.report().policies)
    }

    fn authorisations(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        Columns::new(w)
            .text(&t.authorisation, move |fact: &AuthorisationFact| self.words.authorisation(fact.value).0)
            .number(&t.acts, |fact| fact.acts)
            .sheet(
                "authorisations",
                &w.sheet.name.authorisations,
                Some(("why", &t.authorisation)),
                &self.report().authorisations,
            )
    }

    fn other_parts(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .texts(&t.role, move |fact: &OtherPartFact| self.codes(&w.role, &fact.roles))
            .text(&t.verb, move |fact| self.words.code(&w.verb, fact.verb))
            .yes_or_no(&c.undetermined, |fact| fact.undetermined)
            .number(&t.acts, |fact| fact.acts)
            .number(&c.first_entry, |fact| fact.first.0)
            .number(&c.last_entry, |fact| fact.last.0)
            .sheet(
                "other-parts",
                &w.sheet.name.other_parts,
                Some(("other-parts", &w.section.other_parts)),
                &self.report().other_parts,
            )
    }

    fn undetermined(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .text(&t.tool, |fact: &UndeterminedFact| fact.tool.clone().unwrap_or_else(|| w.missing.closed.clone()))
            .text(&t.determination, move |fact| self.words.code(&w.determination, fact.determination))
            .text(&t.reason, move |fact| self.words.code(&w.doubt, fact.reason))
            .text(&t.outcome, move |fact| self.words.code(&w.outcome, fact.outcome))
            .number(&t.acts, |fact| fact.count)
            .number(&c.first_entry, |fact| fact.first.0)
            .number(&c.last_entry, |fact| fact.last.0)
            .sheet(
                "undetermined",
                &w.sheet.name.undetermined,
                Some(("undetermined", &w.section.undetermined)),
                &self.report().undetermined.kinds,
            )
    }

    fn involved(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .number(&t.entry, |fact: &InvolvedFact| fact.entry.0)
            .text(&t.verb, move |fact| word(&w.involved, fact.what.code()).to_owned())
            .text(&t.kind, move |fact| fact.step.map(|step| self.words.code(&w.breach.step, step)).unwrap_or_default())
            .instant(&t.when, |fact| Some(fact.at))
            .instant(&t.recorded, |fact| Some(fact.recorded_at))
            .text(&c.leaf, |fact| fact.leaf.clone())
            .sheet(
                "involved",
                &w.sheet.name.involved,
                Some(("other-parts", &w.section.involved)),
                &self.report().involved,
            )
    }

    fn earlier_reports(self) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .number(&t.entry, |r: &EarlierReport| r.entry.0)
            .text(&t.kind, move |r| self.words.code(&w.report_type, r.report_type))
            .text(&t.report, |r| r.report_id.clone())
            .text(&t.caller, move |r| self.words.name_or_not_stated(r.caller.as_ref()))
            .text(&c.assurance, move |r| self.words.code(&w.assurance, r.assurance))
            .instant(&t.recorded, |r| Some(r.recorded_at))
            .number(&c.size, |r| r.size)
            .instant(&c.cut_off, |r| Some(r.cut_off))
            .text(&c.leaf, |r| r.leaf.clone())
            .sheet(
                "earlier-reports",
                &w.sheet.name.earlier_reports,
                Some(("earlier-reports", &w.section.reports)),
                &self.report().earlier_reports,
            )
    }

    fn ledger_reads(self, reads: &[LedgerReadFact]) -> Sheet {
        let (w, t, c) = (self.w(), &self.w().table, &self.w().sheet.column);
        Columns::new(w)
            .number(&t.entry, |r: &LedgerReadFact| r.entry.0)
            .text(&t.reading, move |r| match r.verb.0 {
                crate::model::Verb::ReportProduce => w.mark.report_again.clone(),
                _ => self.words.code(&w.verb, r.verb),
            })
            .text(&t.caller, move |r| self.words.name_or_not_stated(r.caller.as_ref()))
            .text(&c.assurance, move |r| self.words.code(&w.assurance, r.assurance))
            .instant(&t.recorded, |r| Some(r.recorded_at))
            .number(&c.first_entry, |r| r.first.0)
            .number(&t.entries, |r| r.count)
            .sheet("ledger-reads", &w.sheet.name.ledger_reads, Some(("earlier-reports", &t.reading)), reads)
    }

    fn completeness(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        let state = |fact: &ProvisionFact| match fact.provision {
            Provision::Provided => w.provision.provided.clone(),
            Provision::Partly => w.provision.partly.clone(),
            Provision::NotProvided => w.provision.not_provided.clone(),
            Provision::NotApplicable => w.provision.not_applicable.clone(),
        };
        Columns::new(w)
            .text(&t.number, |fact: &ProvisionFact| fact.field.clone())
            .text(&t.asked, |fact| word(&w.field, &fact.field).to_owned())
            .text(&t.state, state)
            .sheet(
                "article-15",
                &w.sheet.name.article_15,
                Some(("article-15", &w.section.completeness)),
                &self.report().completeness.fields,
            )
    }

    fn conversations(self) -> Sheet {
        let (w, t) = (self.w(), &self.w().table);
        Columns::new(w)
            .number(&t.number, |fact: &ConversationFact| fact.number.0)
            .text(&t.conversation, |fact| fact.id.clone())
            .number(&t.entries, |fact| fact.entries)
            .sheet(
                "conversations",
                &w.sheet.name.conversations,
                Some(("annex-a", &w.section.conversations)),
                &self.report().conversations,
            )
    }
}
