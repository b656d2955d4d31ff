//! `whosaw report`: reports for people, written as files.

use super::client::Client;
use super::{CliError, Ended, Server, export, show};
use crate::rpc::v1;
use clap::{Args, Subcommand, ValueEnum};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct Report {
    #[command(subcommand)]
    command: ReportCommand,
    #[command(flatten)]
    server: Server,
}

#[derive(Subcommand)]
enum ReportCommand {
    /// Which agents saw one person's data (GDPR Art. 15). Producing it is recorded in the ledger.
    Access {
        /// Whom it is about, namespace=value; several fields are separated by commas.
        #[arg(long, value_name = "PERSON")]
        subject: String,
        /// Open intervals are measured to this time, RFC 3339 [default: when the last entry was recorded].
        #[arg(long, value_name = "TIME")]
        cut_off: Option<String>,
        /// For whom it is written.
        #[arg(long, value_enum, default_value_t = Edition::Person)]
        edition: Edition,
        #[command(flatten)]
        pull: Pull,
    },
    /// Who could see what resources held, who did, and who still holds a copy. Producing it is recorded in the ledger.
    Exposure {
        /// A dataset or resource, by its name; may be given several times.
        #[arg(long, required = true, value_name = "NAME")]
        resource: Vec<String>,
        /// What is open is measured to this time, RFC 3339 [default: when the last entry was recorded].
        #[arg(long, value_name = "TIME")]
        cut_off: Option<String>,
        /// What is still to be found out, in your words; printed in the report.
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        open_questions: String,
        /// What it is in law, in your words; printed in the report.
        #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
        characterisation: String,
        #[command(flatten)]
        pull: Pull,
    },
    /// The file that an authority is notified with (GDPR Art. 33): a case, the form field by field, what is still to do.
    /// Producing it is recorded in the ledger.
    Breach {
        #[command(flatten)]
        of: OfCase,
    },
    /// Everybody concerned by a case (GDPR Art. 34): whether somebody had their data, and whether they were told. Producing
    /// it is recorded in the ledger.
    Persons {
        #[command(flatten)]
        of: OfCase,
    },
    /// What one agent did, by which instruction and authority, and for whom (GDPR Art. 28, 29). Producing it is recorded in
    /// the ledger.
    Activity {
        /// Registered name of the agent or service.
        #[arg(long, value_name = "NAME")]
        agent: String,
        /// What was recorded from this time on, RFC 3339 [default: all].
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// What was recorded before this time, RFC 3339 [default: all].
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        #[command(flatten)]
        pull: Pull,
    },
    /// The same bytes again, from the entry that recorded a report's production; with marks and an erratum where something it
    /// rests on was erased since.
    Again {
        /// Index of that entry.
        index: u64,
        #[command(flatten)]
        out: Out,
    },
}

/// What every report is asked for with.
#[derive(Args)]
struct Pull {
    /// As known at this size of the ledger; it must be the end of a commit [default: now].
    #[arg(long, value_name = "SIZE", value_parser = clap::value_parser!(u64).range(1..))]
    at_size: Option<u64>,
    /// The request or file that it answers, such as an incident's number; printed in the report.
    #[arg(long, default_value = "", hide_default_value = true)]
    reference: String,
    /// Why it is pulled; printed in the report.
    #[arg(long, default_value = "", hide_default_value = true)]
    purpose: String,
    /// Entry of an earlier report of this type that asked the same, which this one supersedes: what it says otherwise is
    /// listed.
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "ENTRY")]
    supersedes: u64,
    /// In which language it is written [default: the registered one, else en].
    #[arg(long, value_enum)]
    language: Option<Language>,
    #[command(flatten)]
    out: Out,
}

#[derive(Args)]
struct OfCase {
    /// As `whosaw breach open` printed it.
    case: String,
    /// What is open is measured to this time, RFC 3339 [default: when the last entry was recorded].
    #[arg(long, value_name = "TIME")]
    cut_off: Option<String>,
    #[command(flatten)]
    pull: Pull,
}

#[derive(Args)]
struct Out {
    /// Directory for the files; beside them stands a note, by which the ledger signed the JSON.
    #[arg(long, default_value = ".", value_name = "DIR")]
    out: PathBuf,
    /// What to write; csv is a ZIP of one file for each table [default: all].
    #[arg(long, value_enum, value_delimiter = ',')]
    format: Vec<Format>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Json,
    Html,
    Pdf,
    Xlsx,
    Csv,
}

/// Both tell the same acts.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Edition {
    /// The person whose data it is, in words for them.
    Person,
    /// Whoever has to answer the person, with what only an auditor needs.
    Lawyer,
}

impl Edition {
    pub(super) fn wire(self) -> i32 {
        match self {
            Edition::Person => v1::AccessReportEdition::Person as i32,
            Edition::Lawyer => v1::AccessReportEdition::Lawyer as i32,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Language {
    /// English.
    En,
    /// German.
    De,
}

impl Language {
    /// As the server is asked; nothing leaves it to the registry.
    pub(super) fn asked(language: Option<Self>) -> String {
        language.map(Self::code).unwrap_or_default().to_owned()
    }

    pub(super) fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::De => "de",
        }
    }
}

/// Takes what a stream says, whichever of the reports it brings.
macro_rules! receive {
    ($files:ident, $answer:expr, $module:ident) => {{
        use v1::$module::Piece;
        let mut pieces = $answer.await?.into_inner();
        while let Some(message) = pieces.message().await? {
            match message.piece {
                Some(Piece::Progress(progress)) => $files.progress(&progress),
                Some(Piece::File(file)) => $files.take(file),
                Some(Piece::Produced(produced)) => $files.produced = Some(produced),
                None => {}
            }
        }
    }};
}

impl Report {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let mut files = match &self.command {
            ReportCommand::Access { pull, .. }
            | ReportCommand::Exposure { pull, .. }
            | ReportCommand::Breach { of: OfCase { pull, .. } }
            | ReportCommand::Persons { of: OfCase { pull, .. } }
            | ReportCommand::Activity { pull, .. } => Files::new(&pull.out)?,
            ReportCommand::Again { out, .. } => Files::new(out)?,
        };
        match self.command {
            ReportCommand::Access { subject, cut_off, edition, pull } => {
                let subject = show::wire_identity(&show::identity(&subject)?);
                let request = client.request(v1::ProduceAccessReportRequest {
                    ledger: client.ledger.clone(),
                    subject: Some(subject),
                    tree_size: pull.at_size.unwrap_or_default(),
                    cut_off: cut_off.as_deref().map(show::read_time).transpose()?,
                    formats: pull.out.formats(),
                    reference: pull.reference,
                    purpose: pull.purpose,
                    supersedes: pull.supersedes,
                    language: Language::asked(pull.language),
                    edition: edition.wire(),
                });
                receive!(files, client.reports().produce_access_report(request), produce_access_report_response);
            }
            ReportCommand::Exposure { resource, cut_off, open_questions, characterisation, pull } => {
                let request = client.request(v1::ProduceExposureReportRequest {
                    ledger: client.ledger.clone(),
                    resources: resource,
                    tree_size: pull.at_size.unwrap_or_default(),
                    cut_off: cut_off.as_deref().map(show::read_time).transpose()?,
                    formats: pull.out.formats(),
                    reference: pull.reference,
                    purpose: pull.purpose,
                    supersedes: pull.supersedes,
                    open_questions,
                    characterisation,
                    language: Language::asked(pull.language),
                });
                receive!(files, client.reports().produce_exposure_report(request), produce_exposure_report_response);
            }
            ReportCommand::Breach { of: OfCase { case, cut_off, pull } } => {
                let request = client.request(v1::ProduceBreachReportRequest {
                    ledger: client.ledger.clone(),
                    case_id: case,
                    tree_size: pull.at_size.unwrap_or_default(),
                    cut_off: cut_off.as_deref().map(show::read_time).transpose()?,
                    formats: pull.out.formats(),
                    reference: pull.reference,
                    purpose: pull.purpose,
                    supersedes: pull.supersedes,
                    language: Language::asked(pull.language),
                });
                receive!(files, client.reports().produce_breach_report(request), produce_breach_report_response);
            }
            ReportCommand::Persons { of: OfCase { case, cut_off, pull } } => {
                let request = client.request(v1::ProducePersonsReportRequest {
                    ledger: client.ledger.clone(),
                    case_id: case,
                    tree_size: pull.at_size.unwrap_or_default(),
                    cut_off: cut_off.as_deref().map(show::read_time).transpose()?,
                    formats: pull.out.formats(),
                    reference: pull.reference,
                    purpose: pull.purpose,
                    supersedes: pull.supersedes,
                    language: Language::asked(pull.language),
                });
                receive!(files, client.reports().produce_persons_report(request), produce_persons_report_response);
            }
            ReportCommand::Activity { agent, from, until, pull } => {
                let request = client.request(v1::ProduceActivityReportRequest {
                    ledger: client.ledger.clone(),
                    agent,
                    tree_size: pull.at_size.unwrap_or_default(),
                    from: from.as_deref().map(show::read_time).transpose()?,
                    until: until.as_deref().map(show::read_time).transpose()?,
                    formats: pull.out.formats(),
                    reference: pull.reference,
                    purpose: pull.purpose,
                    supersedes: pull.supersedes,
                    language: Language::asked(pull.language),
                });
                receive!(files, client.reports().produce_activity_report(request), produce_activity_report_response);
            }
            ReportCommand::Again { index, out } => {
                let request = client.request(v1::ReproduceReportRequest {
                    ledger: client.ledger.clone(),
                    index,
                    formats: out.formats(),
                });
                receive!(files, client.reports().reproduce_report(request), reproduce_report_response);
            }
        }
        files.write(self.server.json)
    }
}

impl Out {
    fn formats(&self) -> Vec<i32> {
        let number = |format: &Format| match format {
            Format::Json => v1::ReportFormat::Json as i32,
            Format::Html => v1::ReportFormat::Html as i32,
            Format::Pdf => v1::ReportFormat::Pdf as i32,
            Format::Xlsx => v1::ReportFormat::Xlsx as i32,
            Format::Csv => v1::ReportFormat::Csv as i32,
        };
        self.format.iter().map(number).collect()
    }
}

/// Files as they arrive; nothing is written before all are there.
struct Files {
    dir: PathBuf,
    bar: indicatif::ProgressBar,
    files: Vec<(&'static str, Vec<u8>)>,
    produced: Option<v1::ReportProduced>,
}

impl Files {
    fn new(out: &Out) -> Result<Self, CliError> {
        fs::create_dir_all(&out.out).map_err(|error| unwritten(&out.out, &error))?;
        Ok(Files { dir: out.out.clone(), bar: export::bar(0, "searched"), files: Vec::new(), produced: None })
    }

    fn progress(&self, progress: &v1::ReportProgress) {
        self.bar.set_length(progress.parts_total);
        self.bar.set_position(progress.parts_done);
    }

    fn take(&mut self, piece: v1::ReportFile) {
        let ending = match piece.format() {
            v1::ReportFormat::Html => "html",
            v1::ReportFormat::Pdf => "pdf",
            v1::ReportFormat::Xlsx => "xlsx",
            v1::ReportFormat::Csv => "csv.zip",
            v1::ReportFormat::Json | v1::ReportFormat::Unspecified => "json",
        };
        match self.files.iter_mut().find(|(known, _)| *known == ending) {
            Some((_, bytes)) => bytes.extend(piece.data),
            None => self.files.push((ending, piece.data)),
        }
    }

    /// File names carry the report's id, never the person's.
    fn write(self, json: bool) -> Ended {
        self.bar.finish_and_clear();
        let produced = self.produced.ok_or_else(|| CliError::new("the server ended before the report was complete"))?;
        let kind = match produced.report_type() {
            v1::ReportType::Exposure => "exposure",
            v1::ReportType::Breach => "breach",
            v1::ReportType::Persons => "persons",
            v1::ReportType::Activity => "activity",
            v1::ReportType::Access | v1::ReportType::Unspecified => "access",
        };
        let paths = self.files.iter().map(|(ending, bytes)| {
            let path = self.dir.join(format!("{kind}-{}.{ending}", produced.report_id));
            write_private(&path, bytes).map(|()| path.display().to_string())
        });
        let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
        let note = self.dir.join(format!("{kind}-{}.note", produced.report_id));
        write_private(&note, produced.note.as_bytes())?;
        paths.push(note.display().to_string());
        if json {
            let mut line =
                crate::rpc::json::write("ReportProduced", &produced).map_err(|e| CliError::new(e.to_string()))?;
            line["files"] = paths.into();
            println!("{line}");
            return Ok(0);
        }
        println!("{}", produced.answer);
        println!("as known at {} entries; recorded as entry {}", show::grouped(produced.tree_size), produced.index);
        match produced.reproduction() {
            v1::Reproduction::Unspecified => {}
            v1::Reproduction::Identical => println!("the same as the recorded report, to the byte"),
            v1::Reproduction::WithMarks => {
                println!(
                    "NOT the recorded report to the byte: what was erased since is marked, and its erratum says by what"
                );
            }
            v1::Reproduction::NotKnown => {
                println!(
                    "whether this is the recorded report to the byte is not known: its digest was not recorded then"
                );
            }
        }
        if produced.rows_missing > 0 {
            println!("WARNING: {} index rows were missing; the report is complete all the same", produced.rows_missing);
        }
        for path in paths {
            println!("  {path}");
        }
        Ok(0)
    }
}

/// A report is personal data: only its owner may read it.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|error| unwritten(path, &error))
}

fn unwritten(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(format!("{} cannot be written: {error}", path.display()))
}
