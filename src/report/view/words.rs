//! Facts put into words, in one place, so that the same fact reads the same everywhere.

use super::{Extent, Style, Tone};
use crate::model::Direction;
use crate::report::access::answer::{identity_text, name_text, party_text, verdict_text};
use crate::report::access::document::*;
use crate::report::code::{Code, Coded};
use crate::report::instant::Instant;
use crate::report::wording::{Codes, Wording, fill, word};

/// Most things in a list inside a cell.
pub const LISTED: usize = 12;

pub struct Words<'a> {
    pub w: &'a Wording,
    pub report: &'a AccessReport,
    pub extent: Extent,
}

impl Words<'_> {
    pub fn number(&self, number: u64) -> String {
        self.w.number(number)
    }

    pub fn range(&self, range: &Range) -> String {
        self.w.range(range.low, range.high)
    }

    /// A number as it stands in a column where most are nothing.
    pub fn count(&self, number: u64) -> String {
        if number == 0 { self.w.time.none.clone() } else { self.number(number) }
    }

    pub fn count_range(&self, range: &Range) -> String {
        if range.high == 0 { self.w.time.none.clone() } else { self.range(range) }
    }

    pub fn code<T: Coded>(&self, codes: &Codes, code: Code<T>) -> String {
        word(codes, code.text()).to_owned()
    }

    /// Another human by number, and by name where a recorded decision gives it.
    pub fn party(&self, party: &Party) -> String {
        let plain = party_text(self.w, party);
        let Party::OtherPerson { number: Some(number) } = party else { return plain };
        let role = self.report.staff_roles.binary_search_by_key(number, |role| role.number);
        let plain = match role.ok().and_then(|at| self.report.staff_roles.get(at)) {
            Some(role) => fill(&self.w.staff.role, &[("party", &plain), ("role", &self.w.list(&role.roles, LISTED))]),
            None => plain,
        };
        let Some(fact) = self.report.staff.iter().find(|fact| fact.number == *number) else { return plain };
        let decision = self.number(fact.decision.0);
        match (fact.names.as_slice(), fact.erased_by) {
            ([], Some(by)) => fill(&self.w.staff.erased, &[("party", &plain), ("n", &self.number(by.0))]),
            ([], None) => plain,
            (names, _) => {
                let names: Vec<String> = names.iter().map(|name| identity_text(self.w, name)).collect();
                let name = self.w.list(&names, LISTED);
                fill(&self.w.staff.named, &[("party", &plain), ("name", &name), ("n", &decision)])
            }
        }
    }

    pub fn name(&self, name: &Name) -> String {
        name_text(self.w, name)
    }

    pub fn name_or_not_stated(&self, name: Option<&Name>) -> String {
        name.map_or_else(|| self.w.missing.not_stated.clone(), |name| self.name(name))
    }

    pub fn names(&self, names: &[Name]) -> String {
        let names: Vec<String> = names.iter().map(|name| self.name(name)).collect();
        self.w.list(&names, LISTED)
    }

    pub fn parties(&self, parties: &[Party]) -> String {
        let parties: Vec<String> = parties.iter().map(|party| self.party(party)).collect();
        self.w.list(&parties, LISTED)
    }

    /// The chain is told nearest first.
    pub fn behalf(&self, chain: &[Party]) -> String {
        if chain.is_empty() {
            return String::new();
        }
        let chain: Vec<String> = chain.iter().map(|party| self.party(party)).collect();
        fill(&self.w.table.behalf, &[("list", &chain.join(&self.w.number.chain))])
    }

    pub fn categories(&self, categories: &[Code<crate::model::Category>]) -> String {
        let words: Vec<String> = categories.iter().map(|code| self.code(&self.w.category, *code)).collect();
        self.w.list(&words, LISTED)
    }

    pub fn instant(&self, at: Instant) -> String {
        self.w.instant(at)
    }

    pub fn exact(&self, at: Instant) -> String {
        self.w.exact(at)
    }

    pub fn span(&self, span: &Span) -> String {
        self.w.span(span.from, span.until)
    }

    pub fn exact_span(&self, span: &Span) -> String {
        self.w.exact_span(span.from, span.until)
    }

    pub fn seconds(&self, us: u64) -> String {
        self.w.seconds(us)
    }

    /// When several acts happened: the span of what is claimed, else that no time is known.
    pub fn times(&self, times: &Times) -> Vec<(String, Style)> {
        let mut pieces = Vec::new();
        let recorded = || fill(&self.w.times.recorded, &[("at", &self.span(&times.recorded))]);
        match &times.occurred {
            Some(span) => {
                let clock = match (times.gateway, times.agent_clock) {
                    (_, 0) => &self.w.times.gateway,
                    (0, _) => &self.w.times.agent_clock,
                    (_, _) => &self.w.times.both,
                };
                pieces.push((self.span(span), Style::Plain));
                pieces.push((clock.clone(), Style::Note));
                let without = times.replayed + times.unknown;
                if without > 0 {
                    pieces.push((fill(&self.w.times.without, &[("n", &self.number(without))]), Style::Note));
                    pieces.push((recorded(), Style::Note));
                }
            }
            None => {
                let label = if times.replayed > 0 { &self.w.times.replay } else { &self.w.times.unknown };
                pieces.push((label.clone(), Style::Plain));
                pieces.push((recorded(), Style::Note));
            }
        }
        pieces
    }

    /// What moved which way.
    pub fn moved(
        &self,
        into_tool: &[Code<crate::model::Category>],
        returned: &[Code<crate::model::Category>],
        shown: &[Code<crate::model::Category>],
        exposure: &Exposure,
    ) -> Vec<(String, Style)> {
        let w = self.w;
        let returned_label = match exposure.result {
            Level::Certain => &w.data.returned,
            Level::Possible | Level::None => &w.data.returned_possible,
        };
        let mut pieces = Vec::new();
        for (label, categories) in [(returned_label, returned), (&w.data.shown, shown), (&w.data.into_tool, into_tool)]
        {
            if !categories.is_empty() {
                pieces.push((format!("{label}: {}", self.categories(categories)), Style::Plain));
            }
        }
        for (when, text) in [
            (exposure.humans_given != Level::None, &w.data.humans_given),
            (exposure.audience != Level::None, &w.data.audience),
            (exposure.unstated, &w.data.unstated),
            (exposure.incomplete, &w.data.incomplete),
            (exposure.error_text, &w.data.error_text),
        ] {
            if when {
                pieces.push((text.clone(), Style::Note));
            }
        }
        pieces
    }

    pub fn identity(&self, identity: &PersonIdentity) -> String {
        identity_text(self.w, identity)
    }

    pub fn direction(&self, direction: Code<Direction>) -> String {
        self.code(&self.w.direction, direction)
    }

    pub fn entries(&self, first: EntryIndex, last: EntryIndex) -> String {
        if first == last {
            return self.number(first.0);
        }
        fill(&self.w.time.span, &[("from", &self.number(first.0)), ("until", &self.number(last.0))])
    }

    pub fn class(&self, class: Class) -> String {
        word(&self.w.class, class.code()).to_owned()
    }

    pub fn authorisation(&self, value: Authorisation) -> (String, Style) {
        let text = word(&self.w.authorisation, value.code()).to_owned();
        let warns = matches!(value, Authorisation::Unauthorised | Authorisation::Exceptional);
        (text, if warns { Style::Warning } else { Style::Plain })
    }

    pub fn verdict(&self, verdict: Verdict) -> (String, Tone) {
        let tone = match verdict {
            Verdict::Accessed => Tone::Processed,
            Verdict::NoneComplete => Tone::Plain,
            Verdict::NoneIncomplete | Verdict::NotDeterminable => Tone::Warning,
        };
        (verdict_text(self.w, verdict, &self.report.coverage.sources, &self.report.coverage.downtimes), tone)
    }

    pub fn gap(&self, gap: &Gap) -> String {
        let kind = match gap.kind {
            GapKind::Sampled => &self.w.gap.sampled,
            GapKind::Down => &self.w.gap.down,
            GapKind::Refused => &self.w.gap.refused,
            GapKind::Unknown => &self.w.gap.unknown,
            GapKind::Silent => &self.w.gap.silent,
            GapKind::Skipped => &self.w.gap.skipped,
            GapKind::Ledger => &self.w.gap.ledger,
        };
        let text = if gap.refused > 0 { &self.w.gap.line_refused } else { &self.w.gap.line };
        fill(text, &[("kind", kind), ("span", &self.span(&gap.span)), ("n", &self.number(gap.refused))])
    }
}

impl From<Class> for Tone {
    fn from(class: Class) -> Self {
        match class {
            Class::Processed => Tone::Processed,
            Class::Possible => Tone::Possible,
            Class::ArgumentsOnly => Tone::ArgumentsOnly,
            Class::Attempt => Tone::Attempt,
            Class::OtherPart => Tone::OtherPart,
        }
    }
}
