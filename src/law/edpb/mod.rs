//! The EDPB's common breach-notification template, version 1.0 (adopted 8 June 2026, consultation closed 5 August 2026):
//! its 100 fields by their stable numbers, what each may say, when it is shown, and who can know it.
//!
//! The table is our own, in our own short words; it was held against the cell-level extraction by Nicola Franchetto and
//! Martim Taborda Barata (`NicklawAI/edpb-breach-notification-assistant`, CC BY 4.0), and departs from it where that or the
//! template is mistaken:
//!
//! | field | there | here |
//! |---|---|---|
//! | 49, reasons for lateness | shown while awareness + 72 h lies in the future | shown where it has passed |
//! | 53, comments on the timeline | required "if 41a", an option that no field has | never required |
//! | 83, consequences for availability | hangs on integrity (55 b) | hangs on availability (55 c) |
//! | 89, outcome of the assessment | three options, the third with a fourth inside it | four |
//! | 95, measures in the future | a date | a text |
//! | 97, whether people were told | "b" and "b1" in one option | two |

mod rules;
mod table;

pub use rules::{
    Answers, Circumstances, Violation, is_required, is_visible, lies_ahead, only_incomplete, problem, violations,
};
pub use table::FIELDS;

/// Version of the template that the table follows.
pub const VERSION: &str = "1.0";

/// One field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub number: u8,
    /// In our own words.
    pub title: &'static str,
    pub need: Need,
    pub kind: Kind,
    pub origin: Origin,
    pub visible: When,
    /// Code and meaning; none for what is not a choice.
    pub options: &'static [(&'static str, &'static str)],
}

/// Whether it must be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Wherever it is shown.
    Mandatory,
    /// Conditional, and required as soon as its condition shows it.
    IfVisible,
    /// Conditional on something that the form does not know, such as national law.
    IfApplicable,
    Optional,
}

/// What an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One option.
    One,
    /// One option or more.
    Many,
    Text,
    /// One text for each of several.
    Texts,
    /// RFC 3339.
    Instant,
    /// Year, month, day.
    Date,
    Number,
    /// `yes` or `no`.
    YesNo,
    /// ISO 3166-1 alpha-2.
    Countries,
    /// `DE=12` for each country.
    PerCountry,
}

/// Who can know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Computed from the ledger.
    Ledger,
    /// The ledger proposes, a person confirms.
    Proposal,
    /// The controller's registry.
    Registry,
    /// A person must say.
    Person,
}

impl Origin {
    pub fn code(self) -> &'static str {
        match self {
            Origin::Ledger => "ledger",
            Origin::Proposal => "proposal",
            Origin::Registry => "registry",
            Origin::Person => "person",
        }
    }
}

/// When a field is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// This field has one of these answers.
    Is(u8, &'static [&'static str]),
    /// This field is answered with none of these, or not answered.
    IsNot(u8, &'static [&'static str]),
    /// This field has some answer.
    Answered(u8),
    All(&'static [When]),
    Any(&'static [When]),
    /// The hours from awareness have passed.
    Late,
    /// The controller is established in the EEA, or that is not known.
    InEea,
    /// It is not, or that is not known.
    OutsideEea,
    /// It is known not to be.
    SurelyOutsideEea,
}

/// The parts of the form, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    Notification,
    Controller,
    Parties,
    Timeline,
    Nature,
    Concerned,
    InPlace,
    Consequences,
    Actions,
    Informed,
    Authorities,
    Attachments,
}

impl Block {
    pub const ALL: [Block; 12] = [
        Block::Notification,
        Block::Controller,
        Block::Parties,
        Block::Timeline,
        Block::Nature,
        Block::Concerned,
        Block::InPlace,
        Block::Consequences,
        Block::Actions,
        Block::Informed,
        Block::Authorities,
        Block::Attachments,
    ];

    pub fn of(field: u8) -> Self {
        match field {
            0..=7 => Block::Notification,
            8..=36 => Block::Controller,
            37..=42 => Block::Parties,
            43..=53 => Block::Timeline,
            54..=63 => Block::Nature,
            64..=73 => Block::Concerned,
            74..=77 => Block::InPlace,
            78..=90 => Block::Consequences,
            91..=95 => Block::Actions,
            96..=106 => Block::Informed,
            107..=123 => Block::Authorities,
            124.. => Block::Attachments,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Block::Notification => "notification",
            Block::Controller => "controller",
            Block::Parties => "parties",
            Block::Timeline => "timeline",
            Block::Nature => "nature",
            Block::Concerned => "concerned",
            Block::InPlace => "in_place",
            Block::Consequences => "consequences",
            Block::Actions => "actions",
            Block::Informed => "informed",
            Block::Authorities => "authorities",
            Block::Attachments => "attachments",
        }
    }
}

/// States of the European Economic Area, ISO 3166-1 alpha-2.
const EEA: [&str; 30] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

pub fn is_in_eea(country: &str) -> bool {
    EEA.contains(&country)
}

/// Measures of field 75 by name, as a registry says them, and the options that they are.
pub const MEASURES: [(&str, &str); 12] = [
    ("pseudonymisation", "a"),
    ("backup", "b"),
    ("encryption", "c"),
    ("policies", "d"),
    ("training", "e"),
    ("incident_log", "f"),
    ("levels_of_access", "g"),
    ("logical_access_control", "h"),
    ("audits", "i"),
    ("physical_access_control", "j"),
    ("up_to_date_systems", "k"),
    ("other", "l"),
];

/// The field of this number.
pub fn field(number: u8) -> Option<&'static Field> {
    FIELDS.binary_search_by_key(&number, |field| field.number).ok().map(|at| &FIELDS[at])
}

impl Field {
    /// What an option's code means.
    pub fn option(&self, code: &str) -> Option<&'static str> {
        self.options.iter().find(|(known, _)| *known == code).map(|(_, meaning)| *meaning)
    }
}

#[cfg(test)]
mod tests;
