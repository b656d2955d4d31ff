//! What a report says, by key, in one language. Texts stand in `reports/wording/`, never in code.
//!
//! Every key is a field here, so that a missing or superfluous one fails when the file is read, and a wrong one when this
//! is compiled.

use super::instant::{Instant, Zone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One form for a count of one, another for all others. Enough for English and German.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plural {
    pub one: String,
    pub other: String,
}

/// Codes of a closed list, as words.
pub type Codes = BTreeMap<String, String>;

macro_rules! sections {
    ($($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident : $type:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fmeta])* pub $field: $type,)* }
    )*};
}

sections! {
    Wording {
        /// In which times are told: the report's, never the file's.
        #[serde(skip)] zone: Zone,
        number: Number, time: Time, title: Title, missing: Missing, answer: Answer, count: Count, party: Party, verdict: Verdict,
        limit: Codes, figure: Figure, section: Section, intro: Intro, class: Codes, class_meaning: Codes, data: Data,
        table: Table, fact: Fact, profile: Codes, clock: Clock, times: Times, mark: Mark, authorisation: Codes, basis: Codes,
        gap: Gap, coverage: Coverage, provision: Provision, field: Codes, notice: BTreeMap<String, Plural>,
        verification: Verification, timeline: Timeline, strength: Codes, outcome: Codes, assurance: Codes,
        recipient_kind: Codes, category: Codes, direction: Codes, legal_basis: Codes, policy_decision: Codes,
        approval: Codes, determination: Codes, doubt: Codes, content_kind: Codes, role: Codes, scope: Codes, report_type: Codes,
        provenance: Codes, verb: Codes, declared: Declared, request: Request, erratum: Erratum, staff: Staff, exposure: Exposure, breach: Breach, activity: Activity, sheet: Sheet,
    }

    Number { group: String, decimal: String, range: String, list_and: String, list_comma: String, chain: String, more: String }
    Time { date: String, clock: String, short: String, instant: String, zoned: String, span: String, none: String }
    Title { report: String, subtitle: String, running: String, page: String, footer: String, language: String, attachment: String,  }
    Missing { value: String, controller: String, contact: String, not_stated: String, closed: String, unregistered: String, nobody: String, in_person: String }

    Answer {
        heading: String, processed: String, possible: String, no_agent: String, arguments_only: String, attempts: String, attempts_into_tools: String, nothing: String,
        on_behalf: String, behalf_item: String, no_humans: String, only_this_person: String, humans: String,
        humans_possible: String, taken: String, disclosed: String, disclosed_possible: String, clauses: String,
        who: AnswerWho,
    }
    AnswerWho { agents: Plural, services: Plural, others: Plural }
    Count { times: Plural, acts: Plural, entries: Plural }

    Party {
        this_person: String, other_person: String, other_persons: String, some_human: String, public: String,
        unnamed: String, named: String, kind: Codes,
    }

    Verdict {
        heading: String, data: String, beyond: String, humans: String, accessed: String, none_complete: String,
        none_incomplete: String, not_determinable: String, because: String, gap: String, ledger: String,
    }

    Figure {
        processed: String, processed_note: String, humans: String, humans_note: String, arguments_only: String,
        arguments_only_note: String, attempts: String, attempts_note: String, undetermined: String,
        undetermined_note: String, possible: String, possible_note: String,
    }

    Section {
        facts: String, how_to_read: String, lines: String, timeline: String, agents: String,
        principals: String, recipients: String, tools: String, data: String, fields: String, records: String,
        policies: String, conversations: String, why: String, other_parts: String, undetermined: String, reports: String, coverage: String, clock: String, completeness: String, declared: String, requests: String, staff: String,
        verification: String, annex: String, checkpoint: String,
    }

    Intro {
        how_to_read: String, rungs: String, lines: String, timeline: String, agents: String, principals: String,
        recipients: String, tools: String, data: String, why: String, other_parts: String,
        other_parts_undetermined: String, undetermined: String, possible: String, reports: String,
        reads_unknown: String, coverage: String, clock: String, completeness: String, restriction: String, declared: String, requests: String, staff: String,
        verification: String, verify_command: String, verify_hint: String, not_proved_here: String, as_amended: String, annex: String, annex_cut: String,
        list_cut: String, substituted: String, legal: String, nothing_here: String,
    }

    /// What one agent did.
    Activity {
        title: ActivityTitle, answer: ActivityAnswer, verdict: ActivityVerdict, count: ActivityCount, figure: ActivityFigure,
        notice: ActivityNotice, fact: ActivityFact, section: ActivitySection, intro: ActivitySection, table: ActivityTable,
        instructed: Codes, declared: Codes,
    }
    ActivityTitle { report: String, subtitle: String, running: String }
    ActivityAnswer { did: String, did_closed: String, nothing: String, unknown: String, unauthorised: Plural, outside: Plural }
    ActivityVerdict {
        instructed: String, not_instructed: Plural, all_instructed: String, instructed_as_far: String, authorised: String,
        unauthorised: Plural, not_all_assessed: String, all_authorised: String, tools: String, tools_unknown: String,
        tools_outside: Plural, tools_inside: String, beyond: String,
        beyond_complete: String, beyond_incomplete: String, beyond_unknown: String,
    }
    ActivityCount { actions: Plural, days: Plural, seconds: Plural }
    ActivityFigure {
        actions: String, actions_note: String, persons: String, persons_note: String, without: String, without_note: String,
        unauthorised: String, unauthorised_note: String, attempts: String, attempts_note: String, by_others: String,
        by_others_note: String,
    }
    ActivityNotice { unknown: String, closed: String, pruned: String, perhaps: String, amending: String }
    ActivityFact {
        agent: String, owner: String, model: String, vendor: String, tools: String, charter: String, memory: String,
        session: String, period: String, period_value: String, from_the_first: String, to_the_last: String,
    }
    ActivitySection { lines: String, instructions: String, principals: String, others: String, tools: String, models: String }
    ActivityTable {
        with: String, authority: String, number: String, recorded: String, about_persons: String, entries: String,
        instruction: String, declared: String, model: String, vendor: String, region: String,
    }

    /// What is gone since a report was made first.
    Erratum {
        title: String, notice: String, first: String, first_unknown: String, others: String, erasures: String, marks: String,
        entry: String, erased_at: String, covers: String, marked: String, role: String, what: String, gone: Codes,
    }
    Staff {
        named: String, erased: String, gone: String, acts_in: String, decision: String, who: String, decided_by: String,
        reasons: String, interest: String,
    }
    Request {
        received: String, verified: String, due: String, outcome: String, by_entry: String, none: String,
        counted: String, counted_by_default: String, extended: String, extended_late: String,
        answered: String, refused: String, remedies: String, state: Codes, ground: Codes,
    }
    /// What the controller declares.
    Declared {
        observed: String, not_observed: String, months: Plural, transfer: String, storage: String, recipients: String,
        source: String, rights: String, complaint: String, contact: String,
    }

    Data {
        into_tool: String, returned: String, returned_possible: String, shown: String, unstated: String,
        incomplete: String, error_text: String, shown_to: String, humans_given: String, audience: String,
    }

    Table {
        what: String, who: String, class: String, behalf: String, data: String, count: String, when: String, time: String, why: String,
        agent: String, delegated: String, on_behalf_of: String, principal: String,
        persons: String, recipient: String, kind: String, country: String, categories: String, basis: String,
        acts: String, tool: String, operator: String, given: String, category: String, into_tool: String,
        returned: String, shown: String, field: String, direction: String, record: String, dataset: String,
        entries: String, purpose: String, legal_basis: String, policy: String, authorisation: String, role: String,
        verb: String, reason: String, outcome: String, determination: String, report: String, caller: String,
        recorded: String, entry: String, as_known_at: String, source: String, states: String, complete: String,
        gaps: String, unstated: String, number: String, asked: String, state: String, details: String, reading: String,
        range: String, conversation: String, who_and_what: String, data_and_details: String,
    }

    Fact {
        person: String, report_id: String, template: String, template_value: String, legal_snapshot: String,
        controller: String, joint_controller: String, dpo: String, authority: String, legal_profile: String,
        legal_profile_value: String, registry: String, registry_value: String, representative_value: String,
        requester: String, reference: String, generated_at: String, times: String, query: String,
        query_value: String, period: String, as_known_at: String, as_known_at_value: String, earlier_value: String, root: String,
        verifier_key: String, custodian: String, custodian_value: String, redaction: String, supersedes: String,
        supersedes_none: String, supersedes_value: String, signature: String, signature_value: String, identity: String, identity_weak: String,
    }

    Clock {
        claimed: String, replayed: String, unknown: String, clamped: String, not_synchronised: String, late: String,
        late_max: String, skew_max: String, seconds: String,
    }

    Times {
        agent_clock: String, gateway: String, both: String, replay: String, replay_order: String, unknown: String, unknown_order: String, recorded: String,
        claimed: String, doubtful: String, widened: String, without: String,
    }

    Mark {
        clamped: String, not_synchronised: String, content_closed: String, corrects: String, corrected_by: String, retracted_by: String,
        break_glass: String, encrypted: String, pseudonymised: String, agent_signed: String, records_unowned: Plural,
        act: String, policy: String, policy_version: String, approval: String, purpose: String, basis: String,
        recipients: String, recipient: String, recipient_country: String, source: String, reported: String,
        reported_nobody: String, call_id: String, fields: String, not_kept: String, cut: String, records: String, record: String,
        record_conversation: String, leaf: String, model: String, vendor: String, version: String, region: String,
        as_kind: String, roles: String, determination: String, doubts: String,
        not_a_recipient: String, all_pseudonymised: String, of_agent: String, special: String, in_conversation: String, report_again: String,
    }

    Gap { sampled: String, down: String, refused: String, unknown: String, ledger: String, line: String, line_refused: String }

    Coverage {
        unregistered: String, unregistered_sources: String, statements: Plural, heartbeats: Plural, refused: Plural,
        nothing: String, downtimes: String, no_sources: String,
    }

    Provision { provided: String, partly: String, not_provided: String, not_applicable: String, summary: String }
    Verification { counted: Plural, proved: Plural, tried: Plural, no_keys: String }

    Timeline {
        heading_time: String, heading_order: String, alt_time: String, alt_order: String, lane: String,
        conversation: String, cut: String, crowd: String, none: String, lane_name: TimelineLanes,
    }
    TimelineLanes { shown: String }

    /// Texts of the exposure report that no other report has.
    Exposure {
        title: ExposureTitle, answer: ExposureAnswer, claim: Codes, count: ExposureCount, duration: Duration,
        verdict: ExposureVerdict, figure: ExposureFigure, notice: ExposureNotice, fact: ExposureFact, section: ExposureSection,
        intro: ExposureIntro, table: ExposureTable, known: Codes, rung: Codes, oddity: Codes, standing: Codes,
        approved: Codes,
        reviewed: Codes, relation: Codes, lost: Codes, recovery: Codes, form: Codes,
    }
    ExposureTitle { report: String, subtitle: String, running: String }
    ExposureAnswer {
        sentence: String, open: String, never: String, could: String, could_and_others: String, saw: String, given: String,
        machines: String, holds: String,
    }
    ExposureCount { people: Plural, machines: Plural, copies: Plural, accesses: Plural, losses: Plural, persons: Plural, proved: Plural }
    Duration { moment: String, seconds: String, minutes: String, hours: String, days: String }
    ExposureVerdict { could: String, seen: String, mishandled: String, beyond: String }
    ExposureFigure {
        open: String, open_note: String, could: String, uncountable: String, saw: String, saw_note: String, machines: String,
        machines_note: String, holds: String, holds_note: String, subjects: String, subjects_note: String, at_least: String,
    }
    ExposureNotice {
        unknown_resource: String, undetermined: String, closed: String, pruned: String, odd: String, as_told: String,
        cause: String,
    }
    ExposureFact { resources: String, cut_off: String, completeness: String }
    ExposureSection {
        how_to_read: String, windows: String, paths: String, timeline: String, people: String, accesses: String,
        holdings: String, disclosures: String, losses: String, subjects: String, causes: String, amendments: String,
        changes: String, odd: String, coverage: String, verification: String,
    }
    ExposureIntro {
        how_to_read: String, windows: String, timeline: String, timeline_alt: String, people: String, accesses: String,
        holdings: String, disclosures: String, losses: String, subjects: String, causes: String, amendments: String,
        changes: String, odd: String, verification: String,
    }
    ExposureTable {
        resource: String, from: String, until: String, duration: String, path: String, authorisation: String, who: String,
        could: String, excess_only: String, did: String, over: String, excess: String, when: String, what: String,
        subjects: String, possible: String, holder: String, person: String, open: String, categories: String, perhaps_categories: String,
        ongoing: String, by_entry: String, anyone: String, named: String, given_to: String, perhaps_given_to: String, one_of: String, unidentified: String,
        recipient: String, acts: String, act: String, led_to: String, instruction: String, review_until: String,
        after_restriction: String, kept_from: String, kept_from_until: String, recovery: String, recoverable_until: String, restored_by: String, amends: String,
        standing: String, by: String, no_country: String, before: String, after: String,
    }

    /// Texts of the workbook and the CSV files.
    Sheet {
        yes: String, no: String, certain: String, possible: String, certain_seconds: String, possible_seconds: String,
        in_words: String, seconds: String, from: String, until: String, earliest: String, latest: String,
        known: String, by_entry: String, rows_cut: String, cell_cut: String,
        group: SheetGroup, level: Codes, name: SheetName, column: SheetColumn,
    }
    SheetGroup { figures: String, notices: String }
    SheetName {
        report: String, notes: String, figures: String, entries: String, entry_fields: String, entry_records: String,
        lines: String, agents: String, principals: String, recipients: String, tools: String, categories: String,
        fields: String, records: String, purposes: String, legal_bases: String, policies: String,
        authorisations: String, other_parts: String, undetermined: String, earlier_reports: String,
        ledger_reads: String, clocks: String, article_15: String, conversations: String, resources: String,
        windows: String, paths: String, people: String, accesses: String, holdings: String, subjects: String,
        oddities: String, coverage: String, coverage_times: String,
        form: String, steps: String, awareness: String, severity: String, erased: String, phases: String, answers_changed: String, facts_changed: String, register: String, concerned: String, attempts: String,
    }
    SheetColumn {
        group: String, item: String, value: String, note: String, section: String, act: String, all_listed: String,
        approval: String, assurance: String, attempts: String, break_glass: String, by_agent_clock: String,
        after_restriction: String, exceptional_justified: String, form: String, losses: String, review: String,
        unauthorised_losses: String, by_agents: String, by_gateway: String, by_humans_in_person: String, by_services: String, call: String,
        categories_unstated: String, claimed: String, corrected_by: String, corrects: String,
        count_or_seconds: String, cut: String, cut_off: String, decision: String, delivery_delay: String,
        denied: String, doubtful: String, error_text: String, exceptional_accesses: String, failed: String,
        first: String, first_entry: String, gaps: String, given_to: String, given_to_humans: String, happened: String,
        heartbeats: String, highest: String, in_person: String, into_tool: String, is_certain: String,
        kind: String, kind_of_time: String, known_here: String, last: String, last_entry: String, leaf: String, model: String,
        not_assessed_accesses: String, not_kept: String, of: String, one_of: String, open: String,
        open_seconds: String, open_to_anyone: String, order: String, over: String, people_given: String,
        perhaps_categories: String, perhaps_given_to: String, perhaps_more: String, period: String, provenance: String, recipient_in_law: String, recorded: String,
        records_unowned: String, refused: String, region: String, registered: String, replayed: String,
        retracted_by: String, scope: String, shown_to: String, size: String, special: String, statements: String,
        subjects: String, successes: String, time_unknown: String, times: String, to_audience: String,
        to_humans: String, to_humans_directly: String, to_machines: String, to_recipients: String,
        to_this_person: String, to_whoever_acted: String, unauthorised_accesses: String, unauthorised_seconds: String,
        undetermined: String, unidentified: String, vendor: String, verdict: String, version: String,
        english: String, visible: String, required_here: String, codes: String, proposal_codes: String, proposal: String, not_taken: String, can_know: String, answered_in: String, stated: String, answered: String, people_named: String, people_erased: String, deadline: String, counts: String, level: String, figure: String, figure_level: String, figure_context: String, figure_identification: String, figure_confidentiality: String, figure_integrity: String, figure_availability: String, figure_malicious: String, entries_erased: String, steps_erased: String, compared_with: String, answers_changed: String, facts_changed: String, incomplete: String, notification: String, handle: String, contact_kind: String, contact_reference: String, language: String, vulnerable: String, holdings_open: String, copies: String, message: String, sent_at: String, channel: String, delivered: String, reason_not_told: String, not_gone: String,
    }
}

sections! {
    /// Texts of the breach file and of the list of persons concerned.
    Breach {
        title: BreachTitle, answer: BreachAnswer, verdict: BreachVerdict, figure: BreachFigure, notice: BreachNotice,
        fact: BreachFact, section: BreachSection, intro: BreachIntro, case: BreachCase, event: BreachEvent, phase: BreachPhase,
        table: BreachTable, basis_text: BreachBasis, standing: Codes, block: Codes, state: Codes, todo: Codes, figure_level: Codes, seen: Codes, told: Codes,
        channel: Codes, delivery: Codes, basis: Codes, recovery: Codes, audience: Codes, register: Codes, step: Codes, origin: Codes,
        form: BTreeMap<String, BreachField>,
    }
    /// A field of the authority's form, by its number: what it is called, and what its options mean.
    BreachField { title: String, #[serde(default)] options: Codes }
    BreachBasis {
        to: String, at_least: String, possible: String, had: String, perhaps_had: String, had_not: String,
        lost: String, since: String, complete: String, incomplete: String,
    }
    BreachTitle {
        breach: String, breach_subtitle: String, breach_running: String, persons: String, persons_subtitle: String,
        persons_running: String,
    }
    BreachAnswer {
        not_aware: String, deadline: String, missed: String, in_time: String, need_not: String, form: String, persons: String, persons_at_least: String,
    }
    BreachVerdict { deadline: String, standing: String, follow_up: String, logging: String }
    BreachFigure {
        required: String, required_note: String, provided: String, provided_note: String, to_confirm: String,
        to_confirm_note: String, not_provided: String, not_provided_note: String, persons: String, persons_note: String,
        accessed: String, accessed_note: String, not_excluded: String, not_excluded_note: String, told: String,
        told_note: String, not_told: String, not_told_note: String, holds_note: String,
    }
    BreachNotice { moved_later: String, erased: String, table: String, undetermined: String, told_erased: String, public: String }
    BreachFact { case: String }
    BreachSection {
        life: String, todo: String, form: String, severity: String, phases: String, register: String, persons: String, holdings: String,
        others_told: String,
    }
    BreachIntro {
        todo: String, form: String, hidden: String, severity: String, phases: String, register: String, verification: String, persons: String,
        holdings: String, others_told: String,
    }
    BreachCase {
        occurred: String, opened: String, detected: String, processor_aware: String, aware: String, submitted: String,
        not_notified: String, closed: String, delay: String, recorded: String, by_erased: String, by_ledger: String,
        profile: String, default_profile: String, aware_counts: String, aware_other: String,
    }
    BreachEvent {
        opened: String, ended: String, act: String, lost: String, detected: String, processor_aware: String, aware: String, place: String,
        no_place: String,
    }
    BreachPhase {
        none: String, heading: String, needed: String, needed_by_facts: String, not_needed: String, incomplete: String, followed: String,
        before_case: String, facts: String,
    }
    BreachTable {
        step: String, when: String, by: String, statement: String, field: String, title: String, todo: String, value: String,
        origin: String, ledger_says: String, refused: String, entries: String, answered_in: String, level: String,
        figure: String, method: String, proposed_cb: String, report: String, then: String, now: String, next: String, told: String,
        told_line: String, proposes: String, unanswered: String, basis: String, not_known: String, no_more: String, number: String,
        column: String, entry: String, reason: String, copies: String, whose: String, anybody: String,
    }
}

/// Fills `{name}` in.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    // One pass, so that a value that looks like a placeholder stays what it is.
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, behind)) => {
                match values.iter().find(|(known, _)| *known == name) {
                    Some((_, value)) => out.push_str(value),
                    // Visible on the page, so that a test and a reader find it.
                    None => out.push_str(&text[text.len() - after.len() - 1..text.len() - behind.len()]),
                }
                rest = behind;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

impl Wording {
    /// 1234567 as 1,234,567, or as the language groups it.
    pub fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push_str(&self.number.group);
            }
            out.push(digit);
        }
        out
    }

    /// "11", or "11 to 13".
    pub fn range(&self, low: u64, high: u64) -> String {
        if low == high {
            return self.number(low);
        }
        fill(&self.number.range, &[("low", &self.number(low)), ("high", &self.number(high))])
    }

    pub fn plural(&self, plural: &Plural, count: u64) -> String {
        self.plural_range(plural, count, count)
    }

    pub fn plural_range(&self, plural: &Plural, low: u64, high: u64) -> String {
        let form = if (low, high) == (1, 1) { &plural.one } else { &plural.other };
        fill(form, &[("n", &self.range(low, high))])
    }

    /// "a, b and c"; beyond `most`, "a, b and 5 more".
    pub fn list(&self, items: &[String], most: usize) -> String {
        let cut = items.len() > most;
        let shown = if cut { &items[..most.max(1) - 1] } else { items };
        let more = cut.then(|| fill(&self.number.more, &[("n", &self.number((items.len() - shown.len()) as u64))]));
        match (shown, more) {
            ([], None) => String::new(),
            (shown, Some(more)) => format!("{} {more}", shown.join(&self.number.list_comma)),
            ([one], None) => one.clone(),
            ([most @ .., last], None) => {
                format!("{}{}{last}", most.join(&self.number.list_comma), self.number.list_and)
            }
        }
    }

    /// `2026-03-10`, or as the language writes a day.
    pub fn date(&self, at: Instant) -> String {
        let (year, month, day, ..) = at.civil(&self.zone);
        self.day_of(&format!("{year:04}"), &format!("{month:02}"), &format!("{day:02}"))
    }

    /// A day that is told as `2026-03-10`; what is not told so stays as it is.
    pub fn day(&self, text: &str) -> String {
        match text.split('-').collect::<Vec<_>>().as_slice() {
            [year, month, day] => self.day_of(year, month, day),
            _ => text.to_owned(),
        }
    }

    fn day_of(&self, year: &str, month: &str, day: &str) -> String {
        fill(&self.time.date, &[("year", year), ("month", month), ("day", day)])
    }

    /// `09:30:00`.
    pub fn clock(&self, at: Instant) -> String {
        self.clock_of(&self.time.clock, at)
    }

    /// `09:30`.
    pub fn short_clock(&self, at: Instant) -> String {
        self.clock_of(&self.time.short, at)
    }

    fn clock_of(&self, pattern: &str, at: Instant) -> String {
        let (.., hour, minute, second) = at.civil(&self.zone);
        let [hour, minute, second] = [hour, minute, second].map(|part| format!("{part:02}"));
        fill(pattern, &[("hour", &hour), ("minute", &minute), ("second", &second)])
    }

    /// With the microseconds, where there are any.
    fn exact_clock(&self, at: Instant) -> String {
        let fraction = at.us() % 1_000_000;
        let text = self.clock(at);
        if fraction == 0 { text } else { format!("{text}{}{fraction:06}", self.number.decimal) }
    }

    fn at(&self, at: Instant, clock: &str) -> String {
        fill(&self.time.instant, &[("date", &self.date(at)), ("clock", clock)])
    }

    fn zoned(&self, text: &str, offset: &str) -> String {
        fill(&self.time.zoned, &[("at", text), ("offset", offset)])
    }

    /// To the second: `2026-03-10 10:30:00 +01:00`.
    pub fn instant(&self, at: Instant) -> String {
        self.zoned(&self.at(at, &self.clock(at)), &at.offset(&self.zone))
    }

    /// To the microsecond, where there are any.
    pub fn exact(&self, at: Instant) -> String {
        self.zoned(&self.at(at, &self.exact_clock(at)), &at.offset(&self.zone))
    }

    /// A value out of a report's JSON: an instant as people read it, all else as it stands.
    pub fn told(&self, value: &str) -> String {
        // As short as RFC 3339 can be; a day alone is no instant.
        let instant = (value.len() >= "2026-03-10T09:30:00Z".len()).then(|| value.parse().ok()).flatten();
        instant.map_or_else(|| value.to_owned(), |at| self.exact(at))
    }

    pub fn span(&self, from: Instant, until: Instant) -> String {
        self.span_of([from, until], [self.clock(from), self.clock(until)])
    }

    pub fn exact_span(&self, from: Instant, until: Instant) -> String {
        self.span_of([from, until], [self.exact_clock(from), self.exact_clock(until)])
    }

    /// A day that both ends share is written once, and so is what the clocks are ahead.
    fn span_of(&self, [from, until]: [Instant; 2], [opens, closes]: [String; 2]) -> String {
        let [ahead, ahead_then] = [from, until].map(|at| at.offset(&self.zone));
        let same_offset = ahead == ahead_then;
        let same_day = same_offset && self.date(from) == self.date(until);
        let first = self.at(from, &opens);
        if same_day && opens == closes {
            return self.zoned(&first, &ahead);
        }
        let last = if same_day { closes } else { self.at(until, &closes) };
        let span = |first: &str, last: &str| fill(&self.time.span, &[("from", first), ("until", last)]);
        match same_offset {
            true => self.zoned(&span(&first, &last), &ahead),
            false => span(&self.zoned(&first, &ahead), &self.zoned(&last, &ahead_then)),
        }
    }

    /// "a, b, c".
    pub fn comma(&self, items: &[String]) -> String {
        items.join(&self.number.list_comma)
    }
}

/// The word for a code; the code itself should a list have grown without its words (a test holds them together).
pub fn word<'a>(codes: &'a Codes, code: &'a str) -> &'a str {
    codes.get(code).map_or(code, String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::*;
    use crate::report::access::{completeness, document};
    use crate::report::code::NOT_STATED;
    use crate::report::language::Language;
    use crate::report::{activity, breach, exposure};

    fn check(name: &str, codes: &Codes, expected: Vec<&str>) {
        let known: Vec<&str> = codes.keys().map(String::as_str).collect();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(known, expected, "{name}");
    }

    /// Every code of every closed list has its words, and no words are left over.
    #[test]
    fn every_wording_is_complete() {
        Language::ALL.iter().for_each(|language| complete(language.wording()));
    }

    fn complete(wording: &Wording) {
        macro_rules! vocabularies {
            ($($section:ident : $list:ident),*) => {$(
                let codes = $list::ALL.iter().map(|term| term.code()).chain([NOT_STATED]).collect();
                check(stringify!($section), &wording.$section, codes);
            )*};
        }
        vocabularies!(
            strength: Strength, outcome: Outcome, assurance: Assurance, recipient_kind: RecipientKind, category: Category,
            direction: Direction, legal_basis: LegalBasis, policy_decision: PolicyDecision, approval: ApprovalResult,
            determination: Determination, doubt: Doubt, content_kind: ContentKind, role: Role, scope: RecordScope, report_type: ReportType,
            provenance: Provenance, verb: Verb
        );
        check(
            "party.kind",
            &wording.party.kind,
            PartyKind::ALL.iter().map(|kind| kind.code()).chain([NOT_STATED]).collect(),
        );
        macro_rules! choices {
            ($($section:ident : $list:ident),*) => {$(
                check(
                    stringify!($section),
                    &wording.$section,
                    document::$list::ALL.iter().map(|choice| choice.code()).collect(),
                );
            )*};
        }
        choices!(
            class: Class, class_meaning: Class, limit: Limit, authorisation: Authorisation, basis: RecipientBasis
        );
        let notices: Vec<&str> = wording.notice.keys().map(String::as_str).collect();
        let mut expected: Vec<&str> = document::Notice::ALL.iter().map(|notice| notice.code()).collect();
        expected.sort_unstable();
        assert_eq!(notices, expected);
        check("field", &wording.field, completeness::FIELDS.to_vec());
        let instructed = activity::document::Instructed::ALL.iter().map(|choice| choice.code()).collect();
        check("activity.instructed", &wording.activity.instructed, instructed);
        let declared = activity::document::Declared::ALL.iter().map(|choice| choice.code()).collect();
        check("activity.declared", &wording.activity.declared, declared);
        check("profile", &wording.profile, vec!["counsel", "instructing", "lawyer"]);
        let states = document::RequestState::ALL.iter().map(|state| state.code()).collect();
        check("request.state", &wording.request.state, states);
        let gone = crate::report::erratum::Gone::ALL.iter().map(|gone| gone.code()).collect();
        check("erratum.gone", &wording.erratum.gone, gone);
        let refusals = Ground::ALL.iter().filter(|ground| **ground as i32 >= 30).map(|ground| ground.code());
        check("request.ground", &wording.request.ground, refusals.collect());
        macro_rules! of_exposure {
            ($($section:ident : $list:ident),*) => {$(
                let codes = exposure::document::$list::ALL.iter().map(|choice| choice.code()).collect();
                check(stringify!($section), &wording.exposure.$section, codes);
            )*};
        }
        of_exposure!(claim: Claim, known: Known, rung: Rung, oddity: Oddity, standing: Standing, approved: Approval,
            reviewed: Reviewed, relation: Relation, lost: Lost, recovery: Recovery, form: Form);
        macro_rules! of_breach {
            ($($section:ident : $list:ident),*) => {$(
                let codes = breach::document::$list::ALL.iter().map(|choice| choice.code()).collect();
                check(stringify!($section), &wording.breach.$section, codes);
            )*};
        }
        of_breach!(standing: CaseStanding, origin: FieldOrigin, state: FieldState, todo: Todo, seen: Seen, told: Notice, basis: Basis,
            audience: AudienceKind, register: RegisterColumn);
        check(
            "recovery",
            &wording.breach.recovery,
            exposure::document::Recovery::ALL.iter().map(|it| it.code()).collect(),
        );
        of_form(wording);
        let stated = |codes: Vec<&'static str>| codes.into_iter().chain([NOT_STATED]).collect();
        let channels = Channel::ALL.iter().map(|channel| channel.code()).collect();
        check("channel", &wording.breach.channel, stated(channels));
        check("step", &wording.breach.step, stated(CaseStep::ALL.iter().map(|step| step.code()).collect()));
        let deliveries = Delivery::ALL.iter().map(|delivery| delivery.code()).collect();
        check("delivery", &wording.breach.delivery, stated(deliveries));
        let blocks = crate::law::edpb::Block::ALL.iter().map(|block| block.code()).collect();
        check("block", &wording.breach.block, blocks);
        check("figure_level", &wording.breach.figure_level, vec!["low", "medium", "high", "very_high"]);
        check("sheet.level", &wording.sheet.level, document::Level::ALL.iter().map(|level| level.code()).collect());
    }

    /// Every field of the authority's form has a title, and every option its meaning, and there are no others.
    fn of_form(wording: &Wording) {
        use crate::law::edpb::FIELDS;
        let known: BTreeMap<u8, &BreachField> = wording
            .breach
            .form
            .iter()
            .map(|(number, words)| (number.parse().expect("the number of a field"), words))
            .collect();
        assert!(known.keys().copied().eq(FIELDS.iter().map(|field| field.number)));
        for field in FIELDS {
            check(
                &field.number.to_string(),
                &known[&field.number].options,
                field.options.iter().map(|it| it.0).collect(),
            );
        }
    }

    /// The table's English is the wording's.
    #[test]
    fn the_form_reads_in_english_as_its_table() {
        for field in crate::law::edpb::FIELDS {
            let words = &Language::En.wording().breach.form[&field.number.to_string()];
            assert_eq!(words.title, field.title);
            for (code, meaning) in field.options {
                assert_eq!(words.options[*code], *meaning, "{} {code}", field.number);
            }
        }
    }

    /// Texts by key, plurals in two.
    fn texts(language: Language) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        let table: toml::Table = toml::from_str(language.text()).expect("TOML");
        let mut tables = vec![(String::new(), table)];
        while let Some((path, table)) = tables.pop() {
            for (key, value) in table {
                let here = format!("{path}.{key}");
                match value {
                    toml::Value::Table(inner) => tables.push((here, inner)),
                    toml::Value::String(text) => drop(texts.insert(here, text)),
                    _ => panic!("{here} is no text"),
                }
            }
        }
        texts
    }

    fn placeholders(text: &str) -> Vec<&str> {
        let mut found: Vec<&str> = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        found.sort_unstable();
        found
    }

    /// A value that a translation forgets is a fact that the report does not tell.
    #[test]
    fn every_language_fills_the_same_values_into_the_same_keys() {
        let english = texts(Language::En);
        for language in Language::ALL {
            let other = texts(*language);
            assert!(english.keys().eq(other.keys()), "{language:?}");
            for (key, text) in &english {
                assert_eq!(placeholders(text), placeholders(&other[key]), "{language:?} {key}");
                assert_eq!(text.is_empty(), other[key].is_empty(), "{language:?} {key}");
            }
        }
    }

    /// What was copied and not yet translated would stand in English among German sentences.
    #[test]
    fn no_sentence_is_left_in_english() {
        let english = texts(Language::En);
        let same: Vec<_> = texts(Language::De).into_iter().filter(|(key, text)| english[key] == *text).collect();
        // Signs of units are the same in every language.
        let is_word = |word: &&str| word.len() > 3 && word.chars().all(char::is_alphabetic);
        let left: Vec<_> = same.iter().filter(|(_, text)| text.split(' ').filter(is_word).count() > 1).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// Excel refuses a workbook with a longer name, with one of these marks, or with the same name twice.
    #[test]
    fn names_of_sheets_are_names_that_excel_takes() {
        for language in Language::ALL {
            let names: BTreeMap<String, String> =
                texts(*language).into_iter().filter(|(key, _)| key.starts_with(".sheet.name.")).collect();
            for (key, name) in &names {
                let units = name.encode_utf16().count();
                assert!(
                    (1..=31).contains(&units) && !name.contains(['[', ']', ':', '*', '?', '/', '\\', '\'']),
                    "{key}"
                );
            }
        }
    }

    /// A sentence that nothing says is a sentence that nobody checks.
    #[test]
    fn every_sentence_is_said_somewhere() {
        let mut sources = String::new();
        let mut directories = vec![std::path::PathBuf::from("src/report")];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).expect("the room is readable").flatten() {
                match entry.path() {
                    path if path.is_dir() => directories.push(path),
                    path => {
                        let source = std::fs::read_to_string(path).expect("a source is readable");
                        sources.push_str(source.split("#[cfg(test)]").next().unwrap_or_default());
                    }
                }
            }
        }
        let said = |key: &str| {
            sources
                .match_indices(&format!(".{key}"))
                .any(|(at, found)| !sources[at + found.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        let mut silent = Vec::new();
        let mut tables: Vec<(String, toml::Table)> =
            vec![(String::new(), toml::from_str(Language::En.text()).expect("TOML"))];
        while let Some((path, table)) = tables.pop() {
            for (key, value) in table {
                let here = format!("{path}.{key}");
                match value {
                    // Plurals are one sentence, closed lists are looked up by code.
                    toml::Value::Table(inner) if inner.contains_key("one") => {
                        silent.extend((!said(&key) && !here.starts_with(".notice")).then_some(here));
                    }
                    toml::Value::Table(inner) => {
                        let codes = inner.contains_key(NOT_STATED)
                            || [
                                ".limit",
                                ".class",
                                ".class_meaning",
                                ".authorisation",
                                ".basis",
                                ".field",
                                ".profile",
                                ".exposure.claim",
                                ".exposure.known",
                                ".exposure.rung",
                                ".exposure.oddity",
                                ".exposure.standing",
                                ".exposure.approved",
                                ".exposure.reviewed",
                                ".exposure.relation",
                                ".exposure.lost",
                                ".exposure.recovery",
                                ".exposure.form",
                                ".sheet.level",
                                ".activity.instructed",
                                ".activity.declared",
                                ".breach.standing",
                                ".breach.block",
                                ".breach.state",
                                ".breach.todo",
                                ".breach.figure_level",
                                ".breach.seen",
                                ".breach.told",
                                ".breach.channel",
                                ".breach.delivery",
                                ".breach.basis",
                                ".breach.recovery",
                                ".breach.audience",
                                ".breach.register",
                                ".breach.step",
                                ".breach.form",
                                ".breach.origin",
                                ".request.state",
                                ".request.ground",
                                ".erratum.gone",
                            ]
                            .contains(&here.as_str());
                        // `missing.not_stated` is a sentence like others.
                        if !codes || here == ".missing" {
                            tables.push((here, inner));
                        }
                    }
                    _ if !said(&key) && !["one", "other"].contains(&key.as_str()) => silent.push(here),
                    _ => {}
                }
            }
        }
        assert!(silent.is_empty(), "never said: {silent:?}");
    }

    #[test]
    fn values_are_filled_in_once() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(fill("an open { brace", &[]), "an open { brace");
        assert_eq!(fill("no {value} here", &[("other", "x")]), "no {value} here");
    }

    #[test]
    fn numbers_ranges_and_lists_read_as_english() {
        let wording = Language::En.wording();
        assert_eq!(wording.number(1_234_567), "1,234,567");
        assert_eq!(wording.number(123), "123");
        assert_eq!(wording.range(11, 13), "11 to 13");
        assert_eq!(wording.plural_range(&wording.count.times, 1, 1), "1 time");
        assert_eq!(wording.plural_range(&wording.count.times, 0, 1), "0 to 1 times");
        let items: Vec<String> = ["a", "b", "c", "d"].map(String::from).to_vec();
        assert_eq!(wording.list(&items[..1], 9), "a");
        assert_eq!(wording.list(&items[..3], 9), "a, b and c");
        assert_eq!(wording.list(&items, 3), "a, b and 2 more");
        assert_eq!(wording.list(&[], 3), "");
    }

    #[test]
    fn numbers_and_times_read_as_german() {
        let wording = Language::De.wording();
        assert_eq!(wording.number(1_234_567), "1.234.567");
        assert_eq!(wording.range(11, 13), "11 bis 13");
        let at = Instant::new(1_773_135_000_000_001);
        assert_eq!((wording.date(at), wording.day("2026-11-05")), ("10.03.2026".into(), "05.11.2026".into()));
        assert_eq!(wording.instant(at), "10.03.2026 09:30:00 UTC");
        assert_eq!(wording.exact(at), "10.03.2026 09:30:00,000001 UTC");
        let later = Instant::new(at.us() + 3_600_000_000);
        assert_eq!(wording.span(at, later), "10.03.2026 09:30:00 – 10:30:00 UTC");
        assert_eq!(wording.exact_span(at, at), "10.03.2026 09:30:00,000001 UTC");
        let next = Instant::new(at.us() + 86_400_000_000);
        assert_eq!(wording.span(at, next), "10.03.2026 09:30:00 – 11.03.2026 09:30:00 UTC");
        assert_eq!(wording.list(&["a".into(), "b".into(), "c".into()], 3), "a, b und c");
    }

    /// In the zone of the legal profile, with how far its clocks are ahead: days are those of that zone.
    #[test]
    fn times_are_those_of_the_zone_and_say_how_far_it_is_ahead() {
        let w = Language::En.wording_in(&Zone::named(Some("Europe/Berlin")));
        let at = |text: &str| text.parse::<Instant>().expect("an instant");
        let late = at("2026-03-10T23:20:00Z");
        assert_eq!((w.instant(late), w.date(late)), ("2026-03-11 00:20:00 +01:00".into(), "2026-03-11".into()));
        assert_eq!(w.span(late, at("2026-03-11T01:00:00Z")), "2026-03-11 00:20:00 – 02:00:00 +01:00");
        // Clocks go forward: each end has its own, and an hour on the clock may be none that passed.
        let (before, after) = (at("2026-03-29T00:30:00Z"), at("2026-03-29T01:30:00Z"));
        assert_eq!(w.span(before, after), "2026-03-29 01:30:00 +01:00 – 2026-03-29 03:30:00 +02:00");
        // They go back: the same time on the clock twice is no instant.
        let (once, again) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
        assert_eq!(w.span(once, again), "2026-10-25 02:30:00 +02:00 – 2026-10-25 02:30:00 +01:00");
        assert_eq!(w.told("2026-03-10T23:20:00.000000Z"), "2026-03-11 00:20:00 +01:00");
        assert_eq!((w.told("2026-03-10"), w.told("crm")), ("2026-03-10".into(), "crm".into()));
    }
}
