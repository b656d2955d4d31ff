//! The keys that every language has, as types: what is left out in one, or is too much, does not read.
//!
//! Types only; the build reads the wording into them too.

use super::Zone;
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
        table: Table, fact: Fact, profile: Codes, clock: Clock, times: Times, mark: Mark, authorisation: Codes, basis: Codes, involved: Codes,
        gap: Gap, coverage: Coverage, provision: Provision, field: Codes, notice: BTreeMap<String, Plural>,
        verification: Verification, timeline: Timeline, strength: Codes, outcome: Codes, assurance: Codes,
        recipient_kind: Codes, category: Codes, direction: Codes, legal_basis: Codes, policy_decision: Codes,
        approval: Codes, determination: Codes, doubt: Codes, content_kind: Codes, role: Codes, scope: Codes, report_type: Codes,
        provenance: Codes, verb: Codes, declared: Declared, request: Request, erratum: Erratum, own: Own, staff: Staff, exposure: Exposure, breach: Breach, activity: Activity, sheet: Sheet,
    }

    Number { group: String, decimal: String, range: String, list_and: String, list_comma: String, chain: String, more: String }
    Time { date: String, clock: String, short: String, instant: String, zoned: String, span: String, none: String }
    Title { report: String, subtitle: String, running: String, page: String, footer: String, language: String, attachment: String, note: String,  }
    Missing { value: String, controller: String, contact: String, not_stated: String, closed: String, unregistered: String, nobody: String, in_person: String }

    Answer {
        heading: String, processed: String, possible: String, no_agent: String, arguments_only: String, attempts: String, attempts_into_tools: String, nothing: String,
        on_behalf: String, behalf_item: String, no_humans: String, only_this_person: String, humans: String,
        humans_possible: String, taken: String, disclosed: String, disclosed_possible: String, further: Plural, in_country: String, clauses: String,
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
        processed_one: String, humans_one: String, arguments_only_one: String, attempts_one: String, undetermined_one: String,
        possible_one: String,
    }

    Section {
        facts: String, how_to_read: String, lines: String, timeline: String, agents: String,
        principals: String, recipients: String, tools: String, data: String, fields: String, records: String,
        policies: String, conversations: String, why: String, other_parts: String, involved: String, undetermined: String, reports: String, coverage: String, clock: String, completeness: String, declared: String, requests: String, staff: String,
        verification: String, annex: String, checkpoint: String,
    }

    Intro {
        how_to_read: String, rungs: String, lines: String, timeline: String, agents: String, principals: String,
        recipients: String, tools: String, data: String, why: String, other_parts: String,
        other_parts_undetermined: String, undetermined: String, possible: String, reports: String,
        reads_unknown: String, coverage: String, clock: String, clocks: String, completeness: String, restriction: String, declared: String, requests: String, staff: String,
        verification: String, verify_command: String, verify_hint: String, not_proved_here: String, as_amended: String, annex: String, annex_cut: String,
        list_cut: String, substituted: String, legal: String, nothing_here: String, nothing_reached: String,
    }

    /// What one agent did.
    Activity {
        title: ActivityTitle, answer: ActivityAnswer, verdict: ActivityVerdict, count: ActivityCount, figure: ActivityFigure,
        notice: ActivityNotice, fact: ActivityFact, section: ActivitySection, intro: ActivitySection, table: ActivityTable,
        instructed: Codes, declared: Codes,
    }
    ActivityTitle { report: String, subtitle: String, running: String }
    ActivityAnswer {
        did: String, did_closed: String, nothing: String, nothing_recorded: String, unknown: String, unauthorised: Plural,
        not_assessed: Plural, settled_elsewhere: String, outside: Plural, by_recording: String, recorded_outside: Plural, occurred_outside: Plural,
    }
    ActivityVerdict {
        instructed: String, not_instructed: Plural, all_instructed: String, instructed_as_far: String, authorised: String,
        unauthorised: Plural, not_assessed: Plural, not_all_assessed: String, all_authorised: String, tools: String, tools_unknown: String,
        tools_outside: Plural, tools_inside: String, beyond: String,
        beyond_complete: String, beyond_incomplete: String, beyond_unknown: String,
    }
    ActivityCount { actions: Plural, days: Plural, seconds: Plural }
    ActivityFigure {
        actions: String, actions_one: String, actions_note: String, persons: String, persons_note: String, without: String, without_note: String,
        unauthorised: String, unauthorised_note: String, attempts: String, attempts_note: String, by_others: String,
        by_others_note: String,
    }
    ActivityNotice { unknown: String, closed: String, pruned: String, perhaps: String, amending: String }
    ActivityFact {
        agent: String, owner: String, model: String, vendor: String, vendor_during: String, tools: String, charter: String, memory: String,
        session: String, period: String, period_value: String, from_the_first: String, to_the_last: String,
    }
    ActivitySection { lines: String, instructions: String, principals: String, others: String, tools: String, models: String }
    ActivityTable {
        with: String, authority: String, number: String, recorded: String, about_persons: String, entries: String,
        instruction: String, declared: String, model: String, vendor: String, region: String,
    }

    /// What only the report for the person says.
    Own { section: OwnSection, intro: OwnIntro, text: OwnText }
    OwnSection {
        purposes: String, storage: String, source: String, decisions: String, rights: String, withheld: String,
    }
    OwnIntro {
        purposes: String, data: String, agents: String, recipients: String, storage: String, source: String, withheld: String,
    }
    OwnText {
        undeclared: String, undeclared_data: String, without_purpose: Plural, declared_for: String, will: String, safeguard: String, why_unnamed: String, withheld: String, who_runs: String,
        decisions: Plural, logic: String, unauthorised: Plural, exceptional: Plural, other_people: String, word_for_word: String, word_for_word_value: String,
        undetermined: String, undetermined_value: Plural, possible: String, restriction: String, times: String, vendor: String,
        also: String, attempts: String, had_others: String,
    }

    /// What is gone since a report was made first.
    Erratum {
        title: String, notice: String, first: String, first_unknown: String, others: String, erasures: String, marks: String,
        entry: String, erased_at: String, covers: String, marked: String, role: String, what: String, gone: Codes,
    }
    Staff {
        named: String, role: String, erased: String, taken_back: String, gone: String, acts_in: String, decision: String, who: String, decided_by: String,
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
        source: String, rights: String, complaint: String, contact: String, until: String, kept: String, kept_note: String, kept_line: String,
        by_contract: String, by_contract_as: String, works_for: String, said: String,
        class: Codes,
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
        requester: String, reference: String, pulled_for: String, generated_at: String, times: String, query: String,
        query_value: String, period: String, as_known_at: String, as_known_at_value: String, clocks: String, clocks_value: String, earlier_value: String, root: String,
        verifier_key: String, custodian: String, custodian_value: String, custodian_class: Codes, redaction: String, supersedes: String,
        supersedes_none: String, supersedes_earlier: String, supersedes_value: String, json_digest: String, signature: String, signature_value: String, identity: String, identity_weak: String,
    }

    Clock {
        claimed: String, replayed: String, unknown: String, of_no_clock: String, clamped: String, not_synchronised: String, late: String,
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
        not_a_recipient: String, since: String, all_pseudonymised: String, of_agent: String, special: String, in_conversation: String, report_again: String,
    }

    Gap { sampled: String, down: String, refused: String, unknown: String, silent: String, skipped: String, ledger: String, line: String, line_refused: String }

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
        countable: Codes, part: Codes, protection: Codes,
        lane: ExposureLane, lag: ExposureLag, reviewed: Codes, relation: Codes, lost: Codes, recovery: Codes, form: Codes,
    }
    ExposureTitle { report: String, subtitle: String, running: String }
    ExposureAnswer {
        did: String, sentence: String, open: String, open_assumed: String, without_authority: String, never: String, could: String, could_and_others: String, saw: String, given: String,
        saw_and_others: String, saw_uncounted: String, people_and_others: String, given_and_others: String, shown_uncounted: String,
        shown_to_uncounted: String, machines: String, holds: String, promised: String, elsewhere: String,
        perhaps_made_available: String,
        copies_elsewhere: String, model_unknown: String, to_unknown_model: String, uncounted: String, unknown: String,
    }
    ExposureCount { people: Plural, machines: Plural, copies: Plural, accesses: Plural, losses: Plural, persons: Plural, proved: Plural }
    Duration { moment: String, seconds: String, minutes: String, hours: String, days: String }
    ExposureVerdict { could: String, seen: String, mishandled: String, beyond: String }
    ExposureFigure {
        open: String, open_note: String, could: String, uncountable: String, saw: String, saw_note: String, saw_uncountable: String, machines: String,
        machines_note: String, holds: String, holds_note: String, holds_promised: String, subjects: String, subjects_note: String, at_least: String, without_authority: String, people_without_authority: String, about: String, not_known: String,
        not_countable: String, not_countable_note: String, could_one: String, saw_one: String, machines_one: String,
        holds_one: String, subjects_one: String,
    }
    ExposureNotice {
        unknown_resource: String, undetermined: String, records: String, records_of_some: String, closed: String, pruned: String, odd: String, as_told: String,
        cause: String, special: String, special_category: String,
    }
    ExposureLag {
        so_far: String, at_least: String, as_planned: String, by_case: String, by_act: String, recorded: String, before: String,
        several: String, after_opening: String, revoked: String, not_revoked: String, decided: String, after_revoking: String,
        after_deciding: String, after_detection: String, ended_before: String,
    }
    ExposureFact { detection_lag: String, revocation_lag: String, resources: String, cut_off: String, completeness: String, open_questions: String, characterisation: String }
    ExposureSection {
        how_to_read: String, windows: String, paths: String, lags: String, timeline: String, people: String, accesses: String,
        holdings: String, disclosures: String, losses: String, subjects: String, causes: String, policies: String, amendments: String,
        changes: String, odd: String, coverage: String, verification: String, approvals: String, human: String,
        groups: String, members: String, fields: String, keys: String, key_users: String, countries: String,
    }
    ExposureIntro {
        how_to_read: String, windows: String, lags: String, timeline: String, timeline_alt: String, people: String, accesses: String,
        holdings: String, disclosures: String, losses: String, subjects: String, causes: String, policies: String, amendments: String,
        changes: String, changes_erased: Plural, odd: String, verification: String, approvals: String, human: String,
        groups: String, fields: String, keys: String, countries: String,
    }
    ExposureTable {
        resource: String, from: String, until: String, duration: String, path: String, authorisation: String, who: String,
        opened: String, detected: String, revoked: String, really_closed: String,
        could: String, excess_only: String, did: String, over: String, excess: String, when: String, what: String,
        subjects: String, possible: String, holder: String, person: String, open: String, categories: String, perhaps_categories: String,
        ongoing: String, by_entry: String, anyone: String, unknown_recipient: String, unknown_operator: String, named: String, given_to: String, perhaps_given_to: String, counted: String, records: String, about_records: String, at_least_records: String, whose_not_known: String, one_of: String, unidentified: String,
        recipient: String, acts: String, act: String, led_to: String, instruction: String, review_until: String,
        after_restriction: String, after_restriction_of_erased: String, kept_from: String, kept_from_until: String, recovery: String, recoverable_until: String, restored_by: String, amends: String,
        standing: String, by: String, no_country: String, before: String, after: String,
        approval: String, for_whom: String, used_by: String, refused: String, under_policy: String, no_end: String,
        only_for: String, by_members: String,
        no_policy: String, decided: String, permitted: String, denied: String, undecided: String,
        permitted_unauthorised: String, permitted_not_assessed: String, denied_done: String,
        audience: String, open_to_it: String, in_it: String, on_file: String, member: String, fields_not_told: String,
        protection: String, key: String, key_not_told: String, key_not_on_file: String, country: String, persons: String,
        country_not_told: String, by_copy: String, perhaps_unauthorised: String,
    }
    ExposureLane { without_authority: String, approvals: String, gaps: String, more: Plural }

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
        authorisations: String, other_parts: String, involved: String, undetermined: String, earlier_reports: String,
        ledger_reads: String, clocks: String, article_15: String, conversations: String, resources: String,
        windows: String, paths: String, lags: String, people: String, accesses: String, holdings: String, subjects: String,
        groups: String, members: String, protection: String, keys: String, countries: String,
        oddities: String, coverage: String, coverage_times: String,
        form: String, steps: String, awareness: String, severity: String, erased: String, counted: String, reported: String, phases: String, answers_changed: String, facts_changed: String, register: String, concerned: String, message: String, attempts: String,
    }
    SheetColumn {
        categories_into_tool: String, group: String, item: String, value: String, note: String, section: String, act: String, all_listed: String,
        approval: String, assurance: String, attempts: String, break_glass: String, by_agent_clock: String,
        after_restriction: String, after_restriction_of_erased: String, exceptional_justified: String, form: String, losses: String, review: String,
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
        subjects: String, subjects_counted: String, records_delivered: String, successes: String, time_unknown: String, times: String, to_audience: String,
        to_humans: String, to_humans_directly: String, to_machines: String, to_recipients: String,
        to_this_person: String, to_whoever_acted: String, unauthorised_accesses: String, unauthorised_seconds: String,
        undetermined: String, unidentified: String, vendor: String, verdict: String, version: String,
        detected_in: String, detected_case: String, first_detected: String, last_detected: String, opened_to_detected: String,
        decided: String, decided_in: String, revoked_in: String, revoked_to_closed: String, how_known: String, decided_to_closed: String,
        detected_to_closed: String, ended_before_detection: String, rights: String, by_members: String, by_copy: String, perhaps_unauthorised: String,
        permitted_unauthorised_in: String, permitted_not_assessed_in: String, denied_done_in: String,
        members: String, suppressed: String, perhaps_fields: String, fields_not_told: String, on_file: String,
        english: String, visible: String, required_here: String, codes: String, proposal_codes: String, proposal: String, not_taken: String, can_know: String, answered_in: String, stated: String, signed: String, takes_back: String, taken_back_by: String, answered: String, people_named: String, people_erased: String, deadline: String, counts: String, level: String, figure: String, figure_level: String, figure_thresholds: String, figure_context: String, figure_identification: String, figure_confidentiality: String, figure_integrity: String, figure_availability: String, figure_malicious: String, entries_erased: String, entries_perhaps_erased: String, steps_erased: String, compared_with: String, uncompared: String, uncompared_by: String, answers_changed: String, facts_changed: String, incomplete: String, notification: String, handle: String, contact_kind: String, contact_reference: String, language: String, vulnerable: String, holdings_open: String, copies: String, message: String, sent_at: String, channel: String, delivered: String, reason_not_told: String, not_gone: String,
    }
}

sections! {
    /// Texts of the breach file and of the list of persons concerned.
    Breach {
        title: BreachTitle, answer: BreachAnswer, verdict: BreachVerdict, figure: BreachFigure, notice: BreachNotice,
        fact: BreachFact, section: BreachSection, intro: BreachIntro, case: BreachCase, reported: BreachReported, event: BreachEvent, phase: BreachPhase,
        table: BreachTable, basis_text: BreachBasis, standing: Codes, block: Codes, state: Codes, todo: Codes, figure_level: Codes, seen: Codes, told: Codes, message: Codes,
        channel: Codes, delivery: Codes, basis: Codes, recovery: Codes, audience: Codes, register: Codes, contradiction: Codes, step: Codes, origin: Codes,
        form: BTreeMap<String, BreachField>, count: BreachCount, list: BreachList,
    }
    /// What was counted of a breach when it was closed or notified.
    BreachCount {
        counted: String, carried: String, at_least: String, records: Plural, no_records: String, ways: Plural, could: String, uncountable: String,
        saw: String, accesses: Plural, losses: Plural, people_column: String, all_column: String, records_column: String,
        ways_column: String, open_column: String, could_column: String, uncountable_column: String, saw_column: String,
        accesses_column: String, losses_column: String,
    }
    /// A case and the register as a client prints them.
    BreachList {
        none: String, case: String, reference: String, about: String, opened: String, detected: String, processor: String,
        processor_aware: String, aware: String, counts: String, other: String, taken_back: String, deadline: String, strict: String,
        strict_default: String, missed: String, reading: String, gone_after: String, gone_before: String, missed_by_it: String,
        submitted: String, stated: String, from_size: String, number: String, because: String, severity: String, people: String,
        people_told: String, times: Plural, not_taken: String, register: String, missing: String, as_stated: String, unknown: String, ruled_out: String,
    }
    /// A field of the authority's form, by its number: what it is called, and what its options mean.
    BreachField { title: String, #[serde(default)] options: Codes }
    BreachBasis {
        to: String, at_least: String, possible: String, had: String, perhaps_had: String,
        lost: String, since: String, complete: String, incomplete: String,
    }
    BreachTitle {
        breach: String, breach_subtitle: String, breach_running: String, persons: String, persons_subtitle: String,
        persons_running: String,
    }
    BreachAnswer {
        not_aware: String, aware_no_more: String, notified: String, was_missed: String, was_met: String, was_decided: String, was_not_over: String, deadline: String, missed: String, in_time: String, in_time_stated: String, need_not: String, need_not_in_time: String,
        need_not_late: String, need_not_stated: String, form: String, form_provided: Plural, form_confirm: Plural, form_missing: Plural, late: String, persons: String, persons_at_least: String, persons_counted: String, persons_gone: String,
    }
    BreachVerdict { deadline: String, standing: String, follow_up: String, logging: String }
    BreachFigure {
        required: String, required_note: String, provided: String, provided_note: String, to_confirm: String,
        to_confirm_note: String, not_provided: String, not_provided_note: String, persons: String, persons_note: String,
        accessed: String, accessed_note: String, not_excluded: String, not_excluded_note: String, told: String,
        told_note: String, not_told: String, not_told_note: String, holds_note: String,
    }
    BreachNotice { retracted: String, retracted_passed: String, retracted_missed: String, moved_later: String, erased: String, erased_acts: Plural, erased_steps: Plural, erased_perhaps: String, table: String, undetermined: String, told_erased: String, public: String }
    BreachFact { case: String }
    /// What acts tell beside the steps of a case, and what does not fit a statement of awareness.
    BreachReported {
        awareness: String, missed: String, life: String, would: String, of_something_else: String, contested: String,
        flagged: String, before_breach: String, before_detection: String, before_ledger: String, after_notification: String,
    }
    BreachSection {
        life: String, todo: String, form: String, severity: String, phases: String, register: String, persons: String, holdings: String,
        message: String, others_told: String,
    }
    BreachIntro {
        todo: String, form: String, hidden: String, severity: String, phases: String, register: String, verification: String, persons: String,
        holdings: String, message: String, others_told: String,
    }
    BreachCase {
        occurred: String, opened: String, detected: String, processor_aware: String, aware: String, submitted: String,
        not_notified: String, closed: String, delay: String, recorded: String, by_erased: String, signed: String, not_signed: String, by_ledger: String,
        profile: String, default_profile: String, days: Plural, aware_counts: String, aware_other: String, retracts: String, taken_back: String, stated: String,
        detected_before: String,
    }
    BreachEvent {
        opened: String, given: String, all_given: String, got: String, perhaps_got: String, all_got: String, gone: String, ended: String, act: String, lost: String, detected: String, processor_aware: String, aware: String, place: String,
        no_place: String, registered: String,
    }
    BreachPhase {
        none: String, heading: String, heading_stated: String, needed: String, needed_by_facts: String, not_needed: String, incomplete: String, followed: String,
        before_case: String, facts: String, left_not_needed: String, left_needed_by_facts: String, not_on_file: String, needed_since: String, uncompared: String, uncompared_facts: String, uncompared_perhaps: String,
    }
    BreachTable {
        step: String, when: String, by: String, statement: String, field: String, title: String, todo: String, value: String,
        origin: String, ledger_says: String, contradicts: String, refused: String, entries: Plural, answered_in: String, level: String,
        figure: String, method: String, thresholds: String, thresholds_set: String, thresholds_default: String, proposed_cb: String, report: String, then: String, now: String, next: String, told: String,
        told_line: String, proposes: String, unanswered: String, basis: String, not_known: String, no_more: String, number: String,
        column: String, entry: String, reason: String, copies: String, whose: String, anybody: String,
        register_missing: Plural, left: String, told_before: String,
    }
}
