//! A question as of a checkpoint becomes typed facts; renderers turn facts into bytes, deterministically.
//!
//! Knows no clock, no RocksDB and no tonic: evidence, envelope and time are given. Read in this order.

pub mod evidence;

pub mod access;
pub mod activity;
pub mod breach;
pub mod exposure;

pub mod changes;
pub mod clock;
pub mod controller;
pub mod erratum;
pub mod header;
pub mod logging;
pub mod person;
pub mod question;

// How facts are written: instants, codes, one form of JSON.

pub mod canonical;

mod joined;
mod shape;

pub mod code;
pub mod instant;

// How facts are told: texts, pages and the two ways to lay them out, sheets and the two ways to write them.

pub mod edition;
pub mod language;
pub mod template;
pub mod view;
pub mod wording;

mod html;
mod pdf;
pub mod sheet;

pub use access::{AccessReport, facts};
pub use activity::ActivityReport;
pub use breach::{BreachReport, PersonsReport};
pub use exposure::ExposureReport;

use crate::model::ReportType;
use edition::Edition;
use language::Language;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use view::{Extent, View};
use whosaw_verifier::hash::{hex, sha256};
use wording::Wording;

/// What a report is rendered as. Same numbers in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Canonical JSON (RFC 8785): the report itself.
    Json,
    /// One self-contained page.
    Html,
    /// PDF/A-3a and PDF/UA-1 with the JSON attached.
    Pdf,
    /// A workbook of one sheet for each table, with every row.
    Xlsx,
    /// A ZIP of one CSV file for each sheet of the workbook.
    Csv,
}

impl Format {
    pub const ALL: &'static [Format] = &[Format::Json, Format::Html, Format::Pdf, Format::Xlsx, Format::Csv];
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub format: Format,
    pub bytes: Vec<u8>,
}

/// Why a report could not be rendered. Says nothing of what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    #[error("the report cannot be written as canonical JSON: {0}")]
    Json(#[from] canonical::CanonicalError),
    #[error("the report's own JSON does not read back")]
    Unreadable,
    #[error("the page template could not be filled in")]
    Html,
    #[error("the PDF could not be made: {0}")]
    Pdf(#[from] pdf::PdfError),
    #[error(transparent)]
    Xlsx(#[from] sheet::xlsx::Unwritable),
    #[error(transparent)]
    Csv(#[from] sheet::csv::Unwritable),
}

/// A report of any type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Report {
    Access(Box<AccessReport>),
    Exposure(Box<ExposureReport>),
    Breach(Box<BreachReport>),
    Persons(Box<PersonsReport>),
    Activity(Box<ActivityReport>),
}

impl Report {
    /// In one sentence.
    pub fn answer(&self) -> &str {
        match self {
            Report::Access(report) => &report.answer.text,
            Report::Exposure(report) => &report.answer.text,
            Report::Breach(report) => &report.answer.text,
            Report::Persons(report) => &report.answer.text,
            Report::Activity(report) => &report.answer.text,
        }
    }

    pub fn report_type(&self) -> ReportType {
        match self {
            Report::Access(_) => ReportType::Access,
            Report::Exposure(_) => ReportType::Exposure,
            Report::Breach(_) => ReportType::Breach,
            Report::Persons(_) => ReportType::Persons,
            Report::Activity(_) => ReportType::Activity,
        }
    }

    fn read(json: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Format {
            format: String,
        }
        let Format { format } = serde_json::from_slice(json).ok()?;
        match format.as_str() {
            access::FORMAT => serde_json::from_slice(json).ok().map(|report| Report::Access(Box::new(report))),
            exposure::FORMAT => serde_json::from_slice(json).ok().map(|report| Report::Exposure(Box::new(report))),
            breach::FORMAT => serde_json::from_slice(json).ok().map(|report| Report::Breach(Box::new(report))),
            breach::PERSONS_FORMAT => serde_json::from_slice(json).ok().map(|report| Report::Persons(Box::new(report))),
            activity::FORMAT => serde_json::from_slice(json).ok().map(|report| Report::Activity(Box::new(report))),
            _ => None,
        }
    }

    pub fn report_id(&self) -> &str {
        match self {
            Report::Access(report) => &report.header.report_id,
            Report::Exposure(report) => &report.header.report_id,
            Report::Breach(report) => &report.header.report_id,
            Report::Persons(report) => &report.header.report_id,
            Report::Activity(report) => &report.header.report_id,
        }
    }

    /// In which it was made; nothing where this program does not write it.
    fn language(&self) -> Option<Language> {
        Language::from_code(match self {
            Report::Access(report) => &report.header.template.language,
            Report::Exposure(report) => &report.header.template.language,
            Report::Breach(report) => &report.header.template.language,
            Report::Persons(report) => &report.header.template.language,
            Report::Activity(report) => &report.header.template.language,
        })
    }

    /// For whom it is written: all but a person's own are the lawyer's.
    pub fn edition(&self) -> Edition {
        match self {
            Report::Access(report) => report.edition(),
            Report::Exposure(_) | Report::Breach(_) | Report::Persons(_) | Report::Activity(_) => Edition::Lawyer,
        }
    }

    /// In which it tells times.
    fn zone(&self) -> instant::Zone {
        match self {
            Report::Access(report) => report.header.template.zone(),
            Report::Exposure(report) => report.header.template.zone(),
            Report::Breach(report) => report.header.template.zone(),
            Report::Persons(report) => report.header.template.zone(),
            Report::Activity(report) => report.header.template.zone(),
        }
    }

    fn view(&self, w: &Wording, extent: Extent) -> View {
        let view = match self {
            Report::Access(report) => View::of(w, report, extent),
            Report::Exposure(report) => View::of_exposure(w, report, extent),
            Report::Breach(report) => View::of_breach(w, report, extent),
            Report::Persons(report) => View::of_persons(w, report, extent),
            Report::Activity(report) => View::of_activity(w, report, extent),
        };
        view.with_erratum(w, extent, self.erratum())
    }

    /// What is gone since it was made first, where it was made again after an erasure.
    pub fn erratum(&self) -> Option<&erratum::ErratumFact> {
        match self {
            Report::Access(report) => report.erratum.as_ref(),
            Report::Exposure(report) => report.erratum.as_ref(),
            Report::Breach(report) => report.erratum.as_ref(),
            Report::Persons(report) => report.erratum.as_ref(),
            Report::Activity(report) => report.erratum.as_ref(),
        }
    }

    pub fn set_erratum(&mut self, mut erratum: erratum::ErratumFact) {
        if self.edition() == Edition::Person {
            erratum.withhold();
        }
        *match self {
            Report::Access(report) => &mut report.erratum,
            Report::Exposure(report) => &mut report.erratum,
            Report::Breach(report) => &mut report.erratum,
            Report::Persons(report) => &mut report.erratum,
            Report::Activity(report) => &mut report.erratum,
        } = Some(erratum);
    }

    /// The vault's generation that it states: of a report that is made again the one of then.
    pub fn set_generation(&mut self, generation: u64) {
        match self {
            Report::Access(report) => &mut report.header.as_known_at,
            Report::Exposure(report) => &mut report.header.as_known_at,
            Report::Breach(report) => &mut report.header.as_known_at,
            Report::Persons(report) => &mut report.header.as_known_at,
            Report::Activity(report) => &mut report.header.as_known_at,
        }
        .vault_generation = generation;
    }

    /// The head that it states.
    fn head(&self) -> &access::document::HeadFact {
        match self {
            Report::Access(report) => &report.header.as_known_at,
            Report::Exposure(report) => &report.header.as_known_at,
            Report::Breach(report) => &report.header.as_known_at,
            Report::Persons(report) => &report.header.as_known_at,
            Report::Activity(report) => &report.header.as_known_at,
        }
    }

    /// Name of its files, without the ending.
    pub fn file_name(&self) -> String {
        format!("{}-{}", self.report_type().code(), self.report_id())
    }

    fn generated_at(&self) -> instant::Instant {
        match self {
            Report::Access(report) => report.header.generated_at,
            Report::Exposure(report) => report.header.generated_at,
            Report::Breach(report) => report.header.generated_at,
            Report::Persons(report) => report.header.generated_at,
            Report::Activity(report) => report.header.generated_at,
        }
    }
}

/// The report in the formats asked for, in that order. The same report always gives the same bytes.
pub fn render(report: &impl Serialize, formats: &[Format]) -> Result<Vec<Rendered>, RenderError> {
    render_json(&canonical::of(report)?, formats)
}

/// The same from a report's JSON alone: pages say what the JSON says, and can be made again from it by anyone.
pub fn render_json(json: &[u8], formats: &[Format]) -> Result<Vec<Rendered>, RenderError> {
    render_signed(json, None, formats)
}

/// The same with the note by which the ledger signed the JSON: a PDF carries both.
pub fn render_signed(json: &[u8], note: Option<&str>, formats: &[Format]) -> Result<Vec<Rendered>, RenderError> {
    let report = Report::read(json).ok_or(RenderError::Unreadable)?;
    let language = report.language().ok_or(RenderError::Unreadable)?;
    let w = &language.wording_of(report.edition(), &report.zone());
    let digest = hex(&sha256(&[json]));
    let view = |extent| report.view(w, extent).with_signature(w, &report, &digest);
    let pages = OnceCell::new();
    let pages = || pages.get_or_init(|| view(Extent::Pages));
    let made = OnceCell::new();
    let book = || made.get_or_init(|| sheet::Book::of(&report, &view(Extent::Whole), w));
    formats
        .iter()
        .map(|format| {
            let bytes = match format {
                Format::Json => json.to_vec(),
                Format::Html => {
                    let view = pages().made_visible(w, |_| true).map_err(|_| RenderError::Html)?;
                    html::page(&view).map_err(|_| RenderError::Html)?.into_bytes()
                }
                Format::Pdf => {
                    let produced = report.generated_at().civil(&instant::Zone::default());
                    pdf::document(pages(), language, &pdf::Attached { json, note }, produced)?
                }
                Format::Xlsx => sheet::xlsx::workbook(book(), w)?,
                Format::Csv => sheet::csv::archive(book())?,
            };
            Ok(Rendered { format: *format, bytes })
        })
        .collect()
}
