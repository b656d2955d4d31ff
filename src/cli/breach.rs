//! `whosaw breach`: a personal data breach from the first signal to its end, and the register of all of them.

use super::client::Client;
use super::person::{answer, recorded};
use super::report::Language;
use super::{CliError, Ended, Server, show};
use crate::app::SystemClock;
use crate::model::time::Clock as _;
use crate::model::{CaseStep, Channel, Delivery, Strength, nfc};
use crate::rpc::casebook::{Casebook, Format};
use crate::rpc::v1;
use clap::{Args, Subcommand, ValueEnum};
use ed25519_dalek::Signer as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use whosaw_verifier::entry::origin_hash;
use whosaw_verifier::hash::sha256;
use whosaw_verifier::part::Identity;
use whosaw_verifier::step::SignedStep;

#[derive(Args)]
pub struct Breach {
    #[command(subcommand)]
    command: BreachCommand,
    #[command(flatten)]
    server: Server,
}

/// What every step may say. Texts and the human are sealed.
#[derive(Args)]
struct Words {
    /// The human who acts, written namespace=value.
    #[arg(long, value_name = "PERSON")]
    by: Option<String>,
    /// When it happened, RFC 3339; it may lie before now, and never after.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The house's own number; of a submission the authority's.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    reference: String,
    /// Why, or what happened, in words.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    statement: String,
    /// Decided from this size of the ledger; it must be the end of a commit [default: now].
    #[arg(long, value_name = "SIZE", value_parser = clap::value_parser!(u64).range(1..))]
    at_size: Option<u64>,
}

#[derive(Args)]
struct Step {
    /// As `whosaw breach open` printed it.
    #[arg(value_name = "CASE")]
    case: String,
    #[command(flatten)]
    words: Words,
    /// A further dataset or resource that it is about; may be given several times.
    #[arg(long, value_name = "NAME")]
    resource: Vec<String>,
}

#[derive(Args, Clone)]
struct Signer {
    /// The private key of whoever --by names, as `whosaw keys person` makes it: signs what the step says. The controller's
    /// registry has the public one, as `public_key` of a person in a role that may `sign` [default: not signed].
    #[arg(long, value_name = "FILE", requires = "by")]
    sign_key: Option<PathBuf>,
}

#[derive(Subcommand)]
enum BreachCommand {
    /// Open a case, or one again that was closed. Prints its id.
    Open {
        /// A closed case, to be opened again.
        #[arg(long, default_value = "", hide_default_value = true, value_name = "CASE")]
        again: String,
        /// A dataset or resource that it is about; may be given several times.
        #[arg(long, value_name = "NAME")]
        resource: Vec<String>,
        #[command(flatten)]
        words: Words,
    },
    /// Record when the breach was detected.
    #[command(mut_arg("at", needed))]
    Detect(Step),
    /// Record when the processor became aware (GDPR Art. 33(2)).
    #[command(mut_arg("at", needed))]
    ProcessorAware(Step),
    /// Record that the controller became aware: a named human's act, which starts the 72 hours (GDPR Art. 33(1)). Of
    /// several statements the earliest counts.
    #[command(mut_arg("at", needed), mut_arg("by", needed))]
    Aware {
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        signer: Signer,
    },
    /// Answer fields of the breach-notification template.
    #[command(mut_arg("by", needed))]
    Answer {
        #[command(flatten)]
        step: Step,
        /// NUMBER=VALUE: an option's code, or the value itself. Several values: give the field several times.
        #[arg(long, value_name = "NUMBER=VALUE")]
        set: Vec<String>,
        /// Take the answer to this field back.
        #[arg(long, value_name = "NUMBER")]
        clear: Vec<u32>,
    },
    /// Set the house's own level of severity, ENISA's figure, or both; --statement says why.
    #[command(mut_arg("by", needed), mut_arg("statement", needed))]
    Severity {
        #[command(flatten)]
        step: Step,
        /// A level of the profile's scale.
        #[arg(long, default_value = "", hide_default_value = true, value_name = "LEVEL")]
        level: String,
        /// ENISA: data processing context, 1 to 4.
        #[arg(long, value_name = "1-4", requires = "ei")]
        dpc: Option<u32>,
        /// ENISA: ease of identification, 0.25, 0.5, 0.75 or 1.
        #[arg(long, value_name = "SHARE", requires = "dpc")]
        ei: Option<String>,
        /// ENISA: loss of confidentiality, 0, 0.25 or 0.5.
        #[arg(long, value_name = "SHARE", default_value = "0", requires = "dpc")]
        confidentiality: String,
        /// ENISA: loss of integrity.
        #[arg(long, value_name = "SHARE", default_value = "0", requires = "dpc")]
        integrity: String,
        /// ENISA: loss of availability.
        #[arg(long, value_name = "SHARE", default_value = "0", requires = "dpc")]
        availability: String,
        /// ENISA: malicious intent.
        #[arg(long, requires = "dpc")]
        malicious: bool,
    },
    /// Record that the authority was notified; somebody has to be aware first. Without --report, --at says when.
    #[command(mut_arg("by", needed), mut_arg("at", |at| at.required_unless_present("report")))]
    Submit {
        #[command(flatten)]
        step: Step,
        /// The entry that records the production of the breach file of this case that was submitted. It was not sent
        /// before it was made, so an earlier --at is refused.
        #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "INDEX")]
        report: u64,
        #[command(flatten)]
        signer: Signer,
    },
    /// Record that the authority is not notified; --statement says why (GDPR Art. 33(1), 33(5)).
    #[command(mut_arg("by", needed), mut_arg("statement", needed))]
    NotNotified {
        #[command(flatten)]
        step: Step,
        /// The entry that records the production of the report that this was decided from.
        #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "INDEX")]
        report: u64,
    },
    /// Record that data subjects were told, or could not be (GDPR Art. 34). Of what was delivered --at says when, of what was
    /// not --statement says why.
    #[command(
        mut_arg("at", |at| at.required_if_eq("delivery", "delivered")),
        mut_arg("statement", |why| why.required_if_eq_any([("delivery", "failed"), ("delivery", "not_possible")]))
    )]
    Tell {
        #[command(flatten)]
        step: Step,
        /// Who, written namespace=value; may be given several times.
        #[arg(long, value_name = "PERSON")]
        to: Vec<String>,
        /// A file with one of them a line.
        #[arg(long, value_name = "FILE")]
        to_file: Option<PathBuf>,
        /// individual, public or other.
        #[arg(long)]
        channel: String,
        /// delivered, failed or not_possible.
        #[arg(long)]
        delivery: String,
        /// The message they were given; its SHA-256 is recorded.
        #[arg(long, value_name = "FILE")]
        message: Option<PathBuf>,
    },
    /// Take back a step that was recorded by mistake, such as an awareness; --by says who does, --statement why. Both stay,
    /// and the deadline is counted from what stands. An answer is taken back by `answer --clear`.
    #[command(mut_arg("by", needed), mut_arg("statement", needed))]
    Retract {
        #[command(flatten)]
        step: Step,
        /// The entry of the step, as `whosaw breach show` prints it.
        #[arg(long, value_name = "INDEX")]
        entry: u64,
    },
    /// Close a case; --statement says why.
    #[command(mut_arg("by", needed), mut_arg("statement", needed))]
    Close(Step),
    /// Show a case with all its steps. That you looked is recorded.
    Show {
        /// As `whosaw breach open` printed it.
        case: String,
        /// In which language it is told [default: the registered one, else en].
        #[arg(long, value_enum)]
        language: Option<Language>,
    },
    /// Show the register of all cases (GDPR Art. 33(5)) in its fourteen columns, or write it to files. That you looked is
    /// recorded.
    List {
        /// In which language it is told [default: the registered one, else en].
        #[arg(long, value_enum)]
        language: Option<Language>,
        /// Directory for register.csv (a row for each breach), register.xlsx (the single lines too) and register.json.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Only these of them: csv, xlsx or json.
        #[arg(long, value_enum, value_delimiter = ',', requires = "out")]
        format: Vec<RegisterFormat>,
    },
}

/// An option that the step cannot do without, though others can.
fn needed(option: clap::Arg) -> clap::Arg {
    option.default_value(clap::builder::Resettable::Reset).required(true)
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RegisterFormat {
    Csv,
    Xlsx,
    Json,
}

/// Writes the register; it is personal data, so that only its owner may read the files.
fn write_register(found: &v1::ListCasesResponse, to: &Path, asked: &[RegisterFormat]) -> Result<Vec<String>, CliError> {
    let failed = |error: std::io::Error| CliError::new(format!("{} cannot be made: {error}", to.display()));
    std::fs::create_dir_all(to).map_err(failed)?;
    let made_us = SystemClock::new().now().0;
    let mut paths = Vec::new();
    for format in [RegisterFormat::Csv, RegisterFormat::Xlsx, RegisterFormat::Json] {
        if !asked.is_empty() && !asked.contains(&format) {
            continue;
        }
        let of = |format| Casebook::register_file(found, format, made_us);
        let (name, bytes) = match format {
            RegisterFormat::Csv => ("register.csv", of(Format::Csv)),
            RegisterFormat::Xlsx => ("register.xlsx", of(Format::Xlsx)),
            RegisterFormat::Json => ("register.json", Some(show::json_line("ListCasesResponse", found)?.into_bytes())),
        };
        let bytes = bytes.ok_or_else(|| CliError::new(format!("{name} cannot be written")))?;
        let path = to.join(name);
        super::report::write_private(&path, &bytes)?;
        paths.push(path.display().to_string());
    }
    Ok(paths)
}

impl Step {
    fn request(self, step: CaseStep) -> Result<v1::RecordCaseStepRequest, CliError> {
        let request = self.words.request(step)?;
        Ok(v1::RecordCaseStepRequest { case_id: self.case, resources: self.resource, ..request })
    }
}

impl Words {
    fn request(self, step: CaseStep) -> Result<v1::RecordCaseStepRequest, CliError> {
        Ok(v1::RecordCaseStepRequest {
            step: step as i32,
            stated_at: self.at.as_deref().map(show::read_time).transpose()?,
            by: self.by.as_deref().map(person).transpose()?,
            reference: self.reference,
            statement: self.statement,
            tree_size: self.at_size.unwrap_or_default(),
            ..Default::default()
        })
    }
}

fn person(text: &str) -> Result<v1::Identity, CliError> {
    Ok(show::wire_identity(&show::identity(text)?))
}

impl Signer {
    /// With the signature over what the request says, see `RecordCaseStepRequest.signature`.
    async fn sign(
        &self,
        step: CaseStep,
        request: v1::RecordCaseStepRequest,
        client: &Client,
    ) -> Result<v1::RecordCaseStepRequest, CliError> {
        let (Some(file), Some(by)) = (&self.sign_key, &request.by) else { return Ok(request) };
        let key = super::keys::read(file)?;
        let case = uuid::Uuid::parse_str(&request.case_id).map_err(|_| CliError::usage("CASE is no UUID"))?;
        let origin = client.origin().await?;
        let by = Identity {
            namespace: nfc(&by.namespace).into_owned(),
            fields: by.fields.iter().map(|field| nfc(field).into_owned()).collect(),
            strength: Strength::Strong,
        };
        let said = SignedStep {
            case: case.as_bytes(),
            step,
            by: &by,
            stated_us: request.stated_at.as_ref().map_or(0, micros),
            report: request.report,
            statement: &request.statement,
            reference: &request.reference,
            resources: &request.resources,
        };
        let signature = key.sign(&said.message(&origin_hash(&origin))).to_bytes().to_vec();
        Ok(v1::RecordCaseStepRequest { signature, ..request })
    }
}

/// As the server reads it: 0 stands for no time, and what lies before 1970 is refused.
fn micros(at: &prost_types::Timestamp) -> u64 {
    let us = at.seconds.saturating_mul(1_000_000).saturating_add(i64::from(at.nanos) / 1_000);
    u64::try_from(us).unwrap_or(0).max(1)
}

impl BreachCommand {
    /// Of a step that can be signed: which it is, and by whose key.
    fn signer(&self) -> Option<(CaseStep, Signer)> {
        match self {
            BreachCommand::Aware { signer, .. } => Some((CaseStep::Aware, signer.clone())),
            BreachCommand::Submit { signer, .. } => Some((CaseStep::Submitted, signer.clone())),
            _ => None,
        }
    }

    /// The step that a command records; nothing where it only reads.
    fn request(self) -> Result<v1::RecordCaseStepRequest, CliError> {
        Ok(match self {
            BreachCommand::Open { again, resource, words } => {
                let request = words.request(CaseStep::Opened)?;
                v1::RecordCaseStepRequest { case_id: again, resources: resource, ..request }
            }
            BreachCommand::Detect(step) => step.request(CaseStep::Detected)?,
            BreachCommand::ProcessorAware(step) => step.request(CaseStep::ProcessorAware)?,
            BreachCommand::Aware { step, .. } => step.request(CaseStep::Aware)?,
            BreachCommand::Close(step) => step.request(CaseStep::Closed)?,
            BreachCommand::Answer { step, set, clear } => {
                let answers = answers(&set, &clear)?;
                v1::RecordCaseStepRequest { answers, ..step.request(CaseStep::Answered)? }
            }
            BreachCommand::Severity { step, level, dpc, ei, confidentiality, integrity, availability, malicious } => {
                let figure = dpc.zip(ei).map(|(context, identification)| {
                    Ok::<_, CliError>(v1::SeverityFigure {
                        context,
                        identification: hundredths(&identification)?,
                        confidentiality: hundredths(&confidentiality)?,
                        integrity: hundredths(&integrity)?,
                        availability: hundredths(&availability)?,
                        malicious,
                    })
                });
                let figure = figure.transpose()?;
                v1::RecordCaseStepRequest { level, figure, ..step.request(CaseStep::Severity)? }
            }
            BreachCommand::Submit { step, report, .. } => {
                v1::RecordCaseStepRequest { report, ..step.request(CaseStep::Submitted)? }
            }
            BreachCommand::NotNotified { step, report } => {
                v1::RecordCaseStepRequest { report, ..step.request(CaseStep::NotNotified)? }
            }
            BreachCommand::Retract { step, entry } => {
                v1::RecordCaseStepRequest { retracts: entry, ..step.request(CaseStep::Retracted)? }
            }
            BreachCommand::Tell { step, to, to_file, channel, delivery, message } => {
                let lines = to_file.as_deref().map(read).transpose()?.unwrap_or_default();
                let lines = String::from_utf8(lines).map_err(|_| CliError::usage("--to-file holds no UTF-8 text"))?;
                let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
                let told = to.iter().map(String::as_str).chain(lines).map(person).collect::<Result<_, _>>()?;
                let wrong = |what: &str| CliError::usage(format!("there is no such {what}; see --help"));
                v1::RecordCaseStepRequest {
                    told,
                    channel: Channel::from_code(&channel).ok_or_else(|| wrong("channel"))? as i32,
                    delivery: Delivery::from_code(&delivery).ok_or_else(|| wrong("delivery"))? as i32,
                    message: message
                        .as_deref()
                        .map(read)
                        .transpose()?
                        .map_or(Vec::new(), |text| sha256(&[&text]).into()),
                    ..step.request(CaseStep::Informed)?
                }
            }
            BreachCommand::Show { .. } | BreachCommand::List { .. } => v1::RecordCaseStepRequest::default(),
        })
    }
}

/// What the server says of fields of its request, in the words of this command.
const FLAGS: [(&str, &str); 22] = [
    ("signature", "--sign-key"),
    ("report", "--report"),
    ("case_id", "CASE"),
    ("by", "--by"),
    ("stated_at", "--at"),
    ("statement", "--statement"),
    ("reference", "--reference"),
    ("resources", "--resource"),
    ("answers", "--set"),
    ("channel", "--channel"),
    ("delivery", "--delivery"),
    ("told", "--to"),
    ("message", "--message"),
    ("level", "--level"),
    ("figure", "--dpc"),
    ("figure.context", "--dpc"),
    ("figure.identification", "--ei"),
    ("figure.confidentiality", "--confidentiality"),
    ("figure.integrity", "--integrity"),
    ("figure.availability", "--availability"),
    ("retracts", "--entry"),
    ("tree_size", "--at-size"),
];

/// The commands that record a step.
const COMMANDS: [(&str, &str); 11] = [
    ("aware", "aware"),
    ("severity", "severity"),
    ("opened", "open"),
    ("detected", "detect"),
    ("processor_aware", "processor-aware"),
    ("answered", "answer"),
    ("submitted", "submit"),
    ("informed", "tell"),
    ("not_notified", "not-notified"),
    ("closed", "close"),
    ("retracted", "retract"),
];

fn in_flags(status: &tonic::Status) -> CliError {
    let flag = |line: &str| {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        let field = text.split(' ').next().unwrap_or_default();
        // `answers[0].values` and `told[1]` are of the flag, too.
        let name = field.split_once('[').map_or(field, |(name, _)| name);
        let known = FLAGS.iter().find(|(known, _)| *known == name);
        let text = known.map_or(text.to_owned(), |(_, flag)| format!("{flag}{}", &text[field.len()..]));
        let told = COMMANDS.iter().fold(text, |text, (step, command)| {
            text.replace(&format!("the step `{step}`"), &format!("`breach {command}`"))
        });
        format!("{indent}{told}")
    };
    CliError::new(show::status(status).lines().map(flag).collect::<Vec<_>>().join("\n"))
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(path).map_err(|error| CliError::usage(format!("{} cannot be read: {error}", path.display())))
}

/// `NUMBER=VALUE`, values of one field gathered; cleared fields have none.
fn answers(set: &[String], clear: &[u32]) -> Result<Vec<v1::CaseAnswer>, CliError> {
    let mut all: BTreeMap<u32, Vec<String>> = clear.iter().map(|field| (*field, Vec::new())).collect();
    for text in set {
        let wrong = || CliError::usage("an answer is written NUMBER=VALUE, such as 55=a");
        let (number, value) = text.split_once('=').ok_or_else(wrong)?;
        let number: u32 = number.trim().parse().map_err(|_| wrong())?;
        if clear.contains(&number) {
            return Err(CliError::usage(format!("field {number} is both set and cleared")));
        }
        all.entry(number).or_default().push(value.to_owned());
    }
    Ok(all.into_iter().map(|(field, values)| v1::CaseAnswer { field, values }).collect())
}

/// `0.75` as 75. What has more digits is left to nobody's rounding.
fn hundredths(text: &str) -> Result<u32, CliError> {
    let wrong = || CliError::usage(format!("{text:?} is no share such as 0.25"));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit());
    if whole.len() != 1 || fraction.len() > 2 || !digits(whole) || !digits(fraction) {
        return Err(wrong());
    }
    format!("{whole}{fraction:0<2}").parse().map_err(|_| wrong())
}

impl Breach {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let (json, ledger) = (self.server.json, client.ledger.clone());
        match self.command {
            BreachCommand::Show { case: case_id, language } => {
                let language = Language::asked(language);
                let request = client.request(v1::GetCaseRequest { ledger, case_id, language });
                let found = client.cases().get_case(request).await.map_err(|status| in_flags(&status))?.into_inner();
                answer(json, "GetCaseResponse", &found, || {
                    found.case.as_ref().map_or_else(String::new, |case| Casebook::of(case).steps())
                })
            }
            BreachCommand::List { language, out, format } => {
                let language = Language::asked(language);
                let request = client.request(v1::ListCasesRequest { ledger, language });
                let found = client.cases().list_cases(request).await.map_err(|status| in_flags(&status))?.into_inner();
                if let Some(to) = out {
                    let paths = write_register(&found, &to, &format)?;
                    println!(
                        "{}",
                        if json { serde_json::json!({ "files": paths }).to_string() } else { paths.join("\n") }
                    );
                    return Ok(0);
                }
                answer(json, "ListCasesResponse", &found, || match found.cases.as_slice() {
                    [] => Casebook::none(&found.language),
                    cases => cases.iter().map(|case| Casebook::of(case).register()).collect::<Vec<_>>().join("\n\n"),
                })
            }
            command => {
                let signer = command.signer();
                let request = v1::RecordCaseStepRequest { ledger, ..command.request()? };
                let request = match signer {
                    Some((step, signer)) => signer.sign(step, request, &client).await?,
                    None => request,
                };
                let done = client.cases().record_case_step(client.request(request)).await;
                let done = done.map_err(|status| in_flags(&status))?.into_inner();
                answer(json, "RecordCaseStepResponse", &done, || {
                    let case = done.case.as_ref().map(Casebook::of);
                    let unknown = case.as_ref().and_then(|case| case.unknown(&done.unknown_resources));
                    let ruled_out = case.as_ref().and_then(Casebook::ruled_out);
                    let lines = [Some(recorded(&done.receipt)), case.map(|case| case.head()), unknown, ruled_out];
                    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_without_rounding() {
        let read = |text: &str| hundredths(text).ok();
        assert_eq!([read("0.25"), read("0.5"), read("1"), read("0")], [Some(25), Some(50), Some(100), Some(0)]);
        for wrong in ["", ".5", "0.255", "-1", "1e2", "0,5"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_of_flags() {
        let told = |text: &str| in_flags(&tonic::Status::invalid_argument(text)).to_string();
        assert_eq!(told("retracts is no step of this case"), "--entry is no step of this case");
        let missing = told("stated_at is missing: the step `informed` needs it");
        assert_eq!(missing, "--at is missing: `breach tell` needs it");
        assert_eq!(told("told[1].namespace is empty"), "--to is empty");
        assert_eq!(told("answers[0].values (field 55) has a value twice"), "--set (field 55) has a value twice");
        assert_eq!(told("this case is closed; open it again first"), "this case is closed; open it again first");
    }

    #[test]
    fn answers_to_one_field_are_gathered() {
        let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let read = answers(&text(&["55=a", "62=x = y", "55=c"]), &[49]).expect("they are answers");
        let read: Vec<(u32, Vec<String>)> = read.into_iter().map(|answer| (answer.field, answer.values)).collect();
        assert_eq!(read, [(49, vec![]), (55, text(&["a", "c"])), (62, text(&["x = y"]))]);
        assert!(answers(&text(&["55=a"]), &[55]).is_err());
        assert!(answers(&text(&["55"]), &[]).is_err());
    }
}
