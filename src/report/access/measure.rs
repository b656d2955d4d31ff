//! How acts are counted: ranges from what is certain to what is possible, classes, and what an act exposed.

use super::document::{Class, Counts, Exposure, Level, Range, Span};

impl Range {
    pub fn exactly(count: u64) -> Self {
        Range { low: count, high: count }
    }

    /// Counts one more: certain ones from both ends, possible ones from above.
    pub fn add(&mut self, level: Level) {
        match level {
            Level::None => {}
            Level::Possible => self.high += 1,
            Level::Certain => {
                self.low += 1;
                self.high += 1;
            }
        }
    }
}

impl Counts {
    pub const ZERO: Counts = Counts { processed: 0, possible: 0, arguments_only: 0, attempt: 0, other_part: 0 };

    pub fn add(&mut self, class: Class) {
        *match class {
            Class::Processed => &mut self.processed,
            Class::Possible => &mut self.possible,
            Class::ArgumentsOnly => &mut self.arguments_only,
            Class::Attempt => &mut self.attempt,
            Class::OtherPart => &mut self.other_part,
        } += 1;
    }

    pub fn all(&self) -> u64 {
        self.processed + self.possible + self.arguments_only + self.attempt + self.other_part
    }

    /// Those that moved data, or would have.
    pub fn but_other_parts(&self) -> u64 {
        self.all() - self.other_part
    }

    pub fn of(&self, class: Class) -> u64 {
        match class {
            Class::Processed => self.processed,
            Class::Possible => self.possible,
            Class::ArgumentsOnly => self.arguments_only,
            Class::Attempt => self.attempt,
            Class::OtherPart => self.other_part,
        }
    }
}

impl Span {
    pub fn hull(a: &Span, b: &Span) -> Span {
        Span { from: a.from.min(b.from), until: a.until.max(b.until) }
    }
}

impl Exposure {
    pub const NONE: Exposure = Exposure {
        arguments: Level::None,
        result: Level::None,
        humans: Level::None,
        humans_directly: Level::None,
        this_person: Level::None,
        machines: Level::None,
        humans_given: Level::None,
        audience: Level::None,
        recipients: Level::None,
        unstated: false,
        incomplete: false,
        error_text: false,
    };

    /// The union over entries that are one act.
    pub fn union(&self, other: &Exposure) -> Exposure {
        Exposure {
            arguments: self.arguments.max(other.arguments),
            result: self.result.max(other.result),
            humans: self.humans.max(other.humans),
            humans_directly: self.humans_directly.max(other.humans_directly),
            this_person: self.this_person.max(other.this_person),
            machines: self.machines.max(other.machines),
            humans_given: self.humans_given.max(other.humans_given),
            audience: self.audience.max(other.audience),
            recipients: self.recipients.max(other.recipients),
            unstated: self.unstated || other.unstated,
            incomplete: self.incomplete || other.incomplete,
            error_text: self.error_text || other.error_text,
        }
    }

    /// All of it, for telling lines apart.
    pub fn key(&self) -> [u8; 12] {
        [
            self.arguments as u8,
            self.result as u8,
            self.humans as u8,
            self.humans_directly as u8,
            self.this_person as u8,
            self.machines as u8,
            self.humans_given as u8,
            self.audience as u8,
            self.recipients as u8,
            u8::from(self.unstated),
            u8::from(self.incomplete),
            u8::from(self.error_text),
        ]
    }

    /// How surely another human saw them, by a record of it or among those who may have looked.
    pub fn seen_by_humans(&self) -> Level {
        self.humans.max(self.audience)
    }

    /// How surely data of the person came back or were shown to anybody.
    pub fn received(&self) -> Level {
        self.result.max(self.humans).max(self.this_person).max(self.machines)
    }
}
