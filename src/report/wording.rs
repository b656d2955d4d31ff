//! What a report says, by key, in one language. Texts stand in `reports/wording/`, never in code.
//!
//! Every key is a field of [`keys`], into which the build reads every language: a missing or superfluous one fails there, and a
//! wrong one when this is compiled.

mod keys;

pub use keys::*;

use super::instant::{Instant, Zone};

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

    /// Hundredths, as the language writes a fraction.
    pub fn hundredths(&self, hundredths: u64) -> String {
        format!("{}{}{:02}", self.number(hundredths / 100), self.number.decimal, hundredths % 100)
    }

    /// A list of things under a word that says whether it is one.
    pub fn listed(&self, plural: &Plural, count: usize, list: &str) -> String {
        fill(if count == 1 { &plural.one } else { &plural.other }, &[("n", list)])
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

    pub fn seconds(&self, us: u64) -> String {
        let text = match us % 1_000_000 {
            0 => self.number(us / 1_000_000),
            fraction => {
                let fraction = format!("{fraction:06}");
                format!("{}{}{}", self.number(us / 1_000_000), self.number.decimal, fraction.trim_end_matches('0'))
            }
        };
        fill(&self.clock.seconds, &[("n", &text)])
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
    use crate::report::edition::Edition;
    use crate::report::language::Language;
    use crate::report::{activity, breach, exposure};
    use std::collections::BTreeMap;

    fn check(name: &str, codes: &Codes, expected: Vec<&str>) {
        let known: Vec<&str> = codes.keys().map(String::as_str).collect();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(known, expected, "{name}");
    }

    /// Every code of every closed list has its words, and no words are left over.
    #[test]
    fn every_wording_is_complete() {
        let editions = || Edition::ALL.iter().map(|edition| (*edition, Zone::default()));
        let all = Language::ALL
            .iter()
            .flat_map(|language| editions().map(|(edition, zone)| language.wording_of(edition, &zone)));
        all.for_each(|wording| complete(&wording));
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
            class: Class, class_meaning: Class, limit: Limit, authorisation: Authorisation, basis: RecipientBasis,
            involved: Involvement
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
        check("profile", &wording.profile, vec!["counsel", "instructing", "lawyer", "person"]);
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
            reviewed: Reviewed, relation: Relation, lost: Lost, recovery: Recovery, form: Form, countable: Countable, part: Part, protection: Protection);
        macro_rules! of_breach {
            ($($section:ident : $list:ident),*) => {$(
                let codes = breach::document::$list::ALL.iter().map(|choice| choice.code()).collect();
                check(stringify!($section), &wording.breach.$section, codes);
            )*};
        }
        of_breach!(standing: CaseStanding, origin: FieldOrigin, state: FieldState, todo: Todo, seen: Seen, told: Notice, basis: Basis,
            audience: AudienceKind, register: RegisterColumn, message: MessagePart, contradiction: Contradiction);
        check(
            "recovery",
            &wording.breach.recovery,
            exposure::document::Recovery::ALL.iter().map(|it| it.code()).collect(),
        );
        of_form(wording);
        let stated = |codes: Vec<&'static str>| codes.into_iter().chain([NOT_STATED]).collect();
        let channels = Channel::ALL.iter().map(|channel| channel.code()).collect();
        check("channel", &wording.breach.channel, stated(channels));
        check("declared.class", &wording.declared.class, RetentionClass::ALL.iter().map(|it| it.code()).collect());
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
        texts_of(language.text())
    }

    fn texts_of(text: &str) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        let table: toml::Table = toml::from_str(text).expect("TOML");
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

    /// What an edition says in the place of another text tells the same facts.
    #[test]
    fn an_edition_fills_the_same_values_into_the_texts_that_it_replaces() {
        for language in Language::ALL {
            let all = texts(*language);
            let own = texts_of(language.text_of(Edition::Person));
            assert!(own.len() > 100, "{language:?}");
            for (key, text) in &own {
                let mut filled = placeholders(&all[key]);
                if key == ".fact.supersedes_earlier" {
                    // By which switch it is made is nothing to the person.
                    filled.retain(|name| *name != "n");
                }
                assert_eq!(placeholders(text), filled, "{language:?} {key}");
                assert_ne!(text, &all[key], "{language:?} {key} replaces nothing");
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
        // What a client prints of a case is told by its own room.
        let mut directories = vec![std::path::PathBuf::from("src/report"), std::path::PathBuf::from("src/rpc")];
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
                                ".involved",
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
                                ".exposure.countable",
                                ".exposure.part",
                                ".exposure.protection",
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
                                ".breach.contradiction",
                                ".breach.step",
                                ".breach.form",
                                ".breach.origin",
                                ".request.state",
                                ".request.ground",
                                ".erratum.gone",
                                ".fact.custodian_class",
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
