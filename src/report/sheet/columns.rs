//! What the columns of a sheet hold, by the kind of fact: a range has two, a duration stands in seconds beside its words.

use super::{SEPARATOR, Sheet, Value};
use crate::report::access::document::{Class, Counts, Exposure, Level, Range, Span, Times};
use crate::report::exposure::answer::duration_range;
use crate::report::exposure::document::Bound;
use crate::report::instant::{Instant, Zone};
use crate::report::wording::{Wording, fill, word};

type Cells<'a, T> = Box<dyn Fn(&T) -> Vec<Value> + 'a>;

/// Columns of a sheet whose rows are made from `T`.
pub struct Columns<'a, T> {
    w: &'a Wording,
    labels: Vec<String>,
    cells: Vec<Cells<'a, T>>,
}

impl<'a, T> Columns<'a, T> {
    pub fn new(w: &'a Wording) -> Self {
        Columns { w, labels: Vec::new(), cells: Vec::new() }
    }

    fn with(mut self, labels: impl IntoIterator<Item = String>, cells: impl Fn(&T) -> Vec<Value> + 'a) -> Self {
        self.labels.extend(labels);
        self.cells.push(Box::new(cells));
        self
    }

    fn labelled(&self, pattern: &str, what: &str) -> String {
        fill(pattern, &[("what", what)])
    }

    pub fn text(self, label: &str, text: impl Fn(&T) -> String + 'a) -> Self {
        self.with([label.to_owned()], move |row| vec![Value::text(text(row))])
    }

    pub fn value(self, label: &str, value: impl Fn(&T) -> Value + 'a) -> Self {
        self.with([label.to_owned()], move |row| vec![value(row)])
    }

    /// Several things in one cell, all of them.
    pub fn texts(self, label: &str, texts: impl Fn(&T) -> Vec<String> + 'a) -> Self {
        self.with([label.to_owned()], move |row| vec![Value::text(texts(row).join(SEPARATOR))])
    }

    pub fn number(self, label: &str, number: impl Fn(&T) -> u64 + 'a) -> Self {
        self.with([label.to_owned()], move |row| vec![Value::Number(number(row))])
    }

    pub fn number_if_any(self, label: &str, number: impl Fn(&T) -> Option<u64> + 'a) -> Self {
        self.with([label.to_owned()], move |row| vec![number(row).map_or(Value::Empty, Value::Number)])
    }

    /// One stands as a number, several as a text.
    pub fn numbers(self, label: &str, numbers: impl Fn(&T) -> Vec<u64> + 'a) -> Self {
        self.with([label.to_owned()], move |row| match numbers(row).as_slice() {
            [one] => vec![Value::Number(*one)],
            many => vec![Value::text(many.iter().map(u64::to_string).collect::<Vec<_>>().join(SEPARATOR))],
        })
    }

    pub fn yes_or_no(self, label: &str, is: impl Fn(&T) -> bool + 'a) -> Self {
        let (yes, no) = (&self.w.sheet.yes, &self.w.sheet.no);
        self.with([label.to_owned()], move |row| vec![Value::text(if is(row) { yes.as_str() } else { no.as_str() })])
    }

    /// What is certain, and what is possible.
    pub fn range(self, label: &str, range: impl Fn(&T) -> Range + 'a) -> Self {
        let s = &self.w.sheet;
        let labels = [&s.certain, &s.possible].map(|pattern| self.labelled(pattern, label));
        self.with(labels, move |row| {
            let Range { low, high } = range(row);
            vec![Value::Number(low), Value::Number(high)]
        })
    }

    /// Microseconds: certain and possible in seconds, and both in words.
    pub fn duration(self, label: &str, range: impl Fn(&T) -> Range + 'a) -> Self {
        self.duration_if_any(label, move |row| Some(range(row)))
    }

    /// The same of what is not known of every row.
    pub fn duration_if_any(self, label: &str, range: impl Fn(&T) -> Option<Range> + 'a) -> Self {
        let (w, s) = (self.w, &self.w.sheet);
        let labels =
            [&s.certain_seconds, &s.possible_seconds, &s.in_words].map(|pattern| self.labelled(pattern, label));
        self.with(labels, move |row| match range(row) {
            Some(range) => {
                let words = Value::text(duration_range(w, &range));
                vec![Value::Seconds(range.low), Value::Seconds(range.high), words]
            }
            None => vec![Value::Empty; 3],
        })
    }

    /// Microseconds, in seconds.
    pub fn seconds(self, label: &str, us: impl Fn(&T) -> u64 + 'a) -> Self {
        let label = self.labelled(&self.w.sheet.seconds, label);
        self.with([label], move |row| vec![Value::Seconds(us(row))])
    }

    pub fn instant(self, label: &str, at: impl Fn(&T) -> Option<Instant> + 'a) -> Self {
        let zone = &self.w.zone;
        self.with([label.to_owned()], move |row| vec![instant(zone, at(row))])
    }

    pub fn span(self, label: &str, span: impl Fn(&T) -> Option<Span> + 'a) -> Self {
        let (s, zone) = (&self.w.sheet, &self.w.zone);
        let labels = [&s.from, &s.until].map(|pattern| self.labelled(pattern, label));
        self.with(labels, move |row| {
            let span = span(row);
            let at = |at| instant(zone, at);
            vec![at(span.as_ref().map(|span| span.from)), at(span.map(|span| span.until))]
        })
    }

    /// Several spans in one cell, each as ISO 8601 writes an interval.
    pub fn spans(self, label: &str, spans: impl Fn(&T) -> &[Span] + 'a) -> Self {
        let zone = &self.w.zone;
        self.texts(label, move |row| {
            let text = |span: &Span| format!("{}/{}", span.from.in_zone(zone), span.until.in_zone(zone));
            spans(row).iter().map(text).collect()
        })
    }

    /// An end of an interval: not before, not after, how well it is known, and by which entry.
    pub fn bound(self, label: &str, bound: impl Fn(&T) -> Bound + 'a) -> Self {
        let (w, s) = (self.w, &self.w.sheet);
        let labels = [&s.earliest, &s.latest, &s.known, &s.by_entry].map(|pattern| self.labelled(pattern, label));
        self.with(labels, move |row| {
            let bound = bound(row);
            let known = word(&w.exposure.known, bound.known.code());
            let entry = bound.entry.map_or(Value::Empty, |entry| Value::Number(entry.0));
            let at = |at| instant(&w.zone, Some(at));
            vec![at(bound.earliest), at(bound.latest), Value::text(known), entry]
        })
    }

    /// Acts by class.
    pub fn counts(self, counts: impl Fn(&T) -> Counts + 'a) -> Self {
        let labels: Vec<String> = Class::ALL.iter().map(|class| word(&self.w.class, class.code()).to_owned()).collect();
        self.with(labels, move |row| {
            let counts = counts(row);
            Class::ALL.iter().map(|class| Value::Number(counts.of(*class))).collect()
        })
    }

    /// When acts happened and were recorded, and by whose clock how many of them.
    pub fn times(self, times: impl Fn(&T) -> Option<Times> + 'a) -> Self {
        let (c, s, zone) = (&self.w.sheet.column, &self.w.sheet, &self.w.zone);
        let spans = [&c.happened, &c.recorded]
            .into_iter()
            .flat_map(|what| [&s.from, &s.until].map(|pattern| self.labelled(pattern, what)));
        let clocks = [&c.by_gateway, &c.by_agent_clock, &c.replayed, &c.time_unknown].map(String::clone);
        let labels: Vec<String> = spans.chain(clocks).collect();
        let width = labels.len();
        self.with(labels, move |row| {
            let Some(times) = times(row) else { return vec![Value::Empty; width] };
            let occurred = times.occurred.as_ref();
            let at = |at| instant(zone, at);
            let mut cells = vec![
                at(occurred.map(|span| span.from)),
                at(occurred.map(|span| span.until)),
                at(Some(times.recorded.from)),
                at(Some(times.recorded.until)),
            ];
            cells.extend([times.gateway, times.agent_clock, times.replayed, times.unknown].map(Value::Number));
            cells
        })
    }

    /// What reached whom, and how surely.
    pub fn exposure(self, exposure: impl Fn(&T) -> Exposure + 'a) -> Self {
        let (w, c) = (self.w, &self.w.sheet.column);
        let labels = [
            &c.into_tool,
            &c.to_whoever_acted,
            &c.to_humans,
            &c.to_humans_directly,
            &c.to_this_person,
            &c.to_machines,
            &c.given_to_humans,
            &c.to_audience,
            &c.to_recipients,
            &c.categories_unstated,
            &c.perhaps_more,
            &c.error_text,
        ];
        self.with(labels.map(String::clone), move |row| {
            let e = exposure(row);
            let level = |level: Level| Value::text(word(&w.sheet.level, level.code()));
            let yes = |is: bool| Value::text(if is { w.sheet.yes.as_str() } else { w.sheet.no.as_str() });
            vec![
                level(e.arguments),
                level(e.result),
                level(e.humans),
                level(e.humans_directly),
                level(e.this_person),
                level(e.machines),
                level(e.humans_given),
                level(e.audience),
                level(e.recipients),
                yes(e.unstated),
                yes(e.incomplete),
                yes(e.error_text),
            ]
        })
    }

    /// The sheet of these rows. `stands_for` names the table of the view that it tells in more columns.
    pub fn sheet(self, id: &str, name: &str, stands_for: Option<(&'static str, &str)>, rows: &[T]) -> Sheet {
        let made = rows.iter().map(|row| self.cells.iter().flat_map(|cells| cells(row)).collect());
        Sheet {
            id: id.to_owned(),
            name: name.to_owned(),
            rows: made.collect(),
            columns: self.labels,
            prose: false,
            stands_for: stands_for.map(|(section, caption)| (section, caption.to_owned())),
        }
    }
}

/// A figure, and what is to be known of it: that it is no more than a lower end, approximate, or nobody's to count.
pub struct Figure<'a> {
    pub item: &'a String,
    pub value: [Value; 2],
    pub note: String,
}

impl<'a> Figure<'a> {
    pub fn of(item: &'a String, value: [Value; 2]) -> Self {
        Figure { item, value, note: String::new() }
    }

    /// What is certain is known, what is possible is not: that cell stays empty, because a number would be one too small.
    pub fn from(item: &'a String, low: u64, note: String) -> Self {
        Figure { item, value: [Value::Number(low), Value::Empty], note }
    }

    pub fn noted(self, note: String) -> Self {
        Figure { note, ..self }
    }
}

/// Figures by what they say: certain, and possible.
pub fn figures(w: &Wording, rows: &[Figure<'_>]) -> Sheet {
    by_item(w).sheet("figures", &w.sheet.name.figures, None, rows)
}

/// The same where not all of them are countable.
pub fn figures_noted(w: &Wording, rows: &[Figure<'_>]) -> Sheet {
    let noted = by_item(w).text(&w.sheet.column.note, |row| row.note.clone());
    noted.sheet("figures", &w.sheet.name.figures, None, rows)
}

fn by_item<'a>(w: &'a Wording) -> Columns<'a, Figure<'a>> {
    let s = &w.sheet;
    let [certain, possible] = [&s.certain, &s.possible].map(|pattern| fill(pattern, &[("what", &s.column.value)]));
    Columns::new(w)
        .text(&s.column.item, |row: &Figure<'_>| row.item.clone())
        .value(&certain, |row| row.value[0].clone())
        .value(&possible, |row| row.value[1].clone())
}

pub fn counted(range: Range) -> [Value; 2] {
    [Value::Number(range.low), Value::Number(range.high)]
}

pub fn measured(range: Range) -> [Value; 2] {
    [Value::Seconds(range.low), Value::Seconds(range.high)]
}

/// ISO 8601 with microseconds, in the report's zone and with how far that is ahead of UTC.
pub fn instant(zone: &Zone, at: Option<Instant>) -> Value {
    at.map_or(Value::Empty, |at| Value::Text(at.in_zone(zone)))
}
