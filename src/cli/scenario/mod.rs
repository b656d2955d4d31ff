//! `whosaw scenario`: a story in a file is recorded in a ledger of its own, and its reports are held against what the file
//! expects of them.

mod expect;
mod language;
mod play;

use super::client::Client;
use super::{CliError, Ended, Server};
use crate::app::rehearsal::Rehearsal;
use crate::rpc::v1;
use clap::{Args, Subcommand};
use expect::Asked;
use language::{Question, Scenario};
use play::Acts;
use serde_json::Value;
use std::path::PathBuf;
use v1::produce_exposure_report_response::Piece;

#[derive(Args)]
pub struct ScenarioCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run scenario files, each on a new ledger, the way a real record goes: append, projection, report.
    Run(Run),
}

/// A file has one statement a line; # begins a comment. Times are UTC.
///
/// {n}What is so from the beginning of the day:{n}
///   title TEXT                          day 2026-03-10{n}
///   R holds s1, s2 [with contact]       eng is e1, e2{n}
///   svc is an account of a, b           bot is an agent{n}
///   R caches permissions for 300 s      R hides history{n}
///   proxy logs{n}
/// {n}What happens ([recorded HH:MM] at the end says when it was recorded, if later):{n}
///   09:00 bob grants R to eng [until 10:00] [unauthorised] [as g1]{n}
///   11:00 bob revokes R from eng        11:00 bob revokes g1{n}
///   10:00 e4 joins eng                  10:00 s1 enters R, or leaves it{n}
///   10:00 svc is suspended              10:30 svc works again{n}
///   09:40 proxy is down                 10:10 proxy logs again{n}
///   09:30 e1 reads R [about s1] [for u1] [showing u1] [giving V] [denied] [authorised] [emergency]{n}
///   (reads, views, lists, searches, previews, downloads, exports, copies, sends, loads, closes;
///   denied, failed or perhaps; "anybody" is the public){n}
/// {n}What is asked, and what the answer must be:{n}
///   12:00 report R{n}
///   expect open 2h00 [to 2h05]          expect window 09:00 to 11:00..11:05 [bounded]{n}
///   expect e1 could 2h00                expect e1 did 1, e1 surely 1, e1 tried 1, e1 saw, e1 verdict CODE{n}
///   expect people could 3, people saw 1, machines 1, subjects 3, attempts 1, copies 1{n}
///   expect s1 inside 45min              expect unauthorised 1, not assessed 1, uncountable{n}
///   expect odd CODE, nothing odd        expect claim CODE, logging CODE
#[derive(Args)]
#[command(verbatim_doc_comment)]
struct Run {
    /// Scenario files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print each report's answer too.
    #[arg(long)]
    show: bool,
}

impl ScenarioCommand {
    pub async fn run(self) -> Ended {
        let Command::Run(run) = self.command;
        let mut scenarios = Vec::with_capacity(run.files.len());
        for file in &run.files {
            let wrong = |what: String| CliError::usage(format!("{}: {what}", file.display()));
            let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
            scenarios.push((file, Scenario::read(&text).map_err(wrong)?));
        }
        let starts = scenarios.iter().map(|(_, scenario)| scenario.day_us).collect::<Vec<_>>();
        let rehearsal = Rehearsal::start(&starts).await.map_err(|error| CliError::new(error.to_string()))?;
        let (mut held, mut failed) = (0, 0);
        for (number, (file, scenario)) in scenarios.iter().enumerate() {
            let wrong = played(&rehearsal, number, scenario, run.show).await?;
            let expected: usize = scenario.questions.iter().map(|question| question.expected.len()).sum();
            held += expected - wrong.len();
            failed += wrong.len();
            let verdict = if wrong.is_empty() { "as expected" } else { "NOT AS EXPECTED" };
            println!("{}: {} ({expected} expectations): {verdict}", file.display(), scenario.title);
            for line in wrong {
                println!("  {line}");
            }
        }
        rehearsal.stop().await;
        println!("{} scenarios, {held} expectations held, {failed} did not", scenarios.len());
        Ok(u8::from(failed > 0))
    }
}

/// What is not as the file expects.
async fn played(
    rehearsal: &Rehearsal,
    number: usize,
    scenario: &Scenario,
    show: bool,
) -> Result<Vec<String>, CliError> {
    let server = Server {
        server: format!("http://{}", rehearsal.address()),
        ca: None,
        ledger: Rehearsal::origin(number),
        caller: String::new(),
        json: false,
    };
    let client = Client::connect(&server).await?;
    let names = v1::RegisterNamesRequest { ledger: client.ledger.clone(), names: play::names(scenario) };
    client.registry().register_names(client.request(names)).await?;
    let mut wrong = Vec::new();
    let mut asked = scenario.questions.iter().peekable();
    let (mut now_us, mut acts) = (scenario.day_us, Acts::default());
    for step in &scenario.steps {
        // A report is asked for when everything before it in the file was recorded.
        while let Some(question) = asked.next_if(|question| question.line < step.line) {
            now_us = now_us.max(question.at_us);
            wrong.extend(answered(rehearsal, number, scenario, question, &client, &acts, now_us, show).await?);
        }
        now_us = now_us.max(step.recorded_us);
        rehearsal.set_clock(number, now_us);
        let recorded = play::record(&client, scenario, step, &mut acts).await;
        recorded.map_err(|error| CliError::new(format!("line {}: {error}", step.line)))?;
    }
    for question in asked {
        now_us = now_us.max(question.at_us);
        wrong.extend(answered(rehearsal, number, scenario, question, &client, &acts, now_us, show).await?);
    }
    Ok(wrong)
}

#[expect(clippy::too_many_arguments, reason = "all that one question is asked with")]
async fn answered(
    rehearsal: &Rehearsal,
    number: usize,
    scenario: &Scenario,
    question: &Question,
    client: &Client,
    acts: &Acts,
    now_us: u64,
    show: bool,
) -> Result<Vec<String>, CliError> {
    rehearsal.set_clock(number, now_us);
    // What is open is measured to the time of the question, and a ledger knows nothing of times after its last entry.
    let tick = v1::Name { kind: v1::RegistryKind::Term as i32, name: "scenario/asked".into(), ..Default::default() };
    let names = v1::RegisterNamesRequest { ledger: client.ledger.clone(), names: vec![tick] };
    client.registry().register_names(client.request(names)).await?;
    let request = v1::ProduceExposureReportRequest {
        ledger: client.ledger.clone(),
        resources: question.resources.clone(),
        cut_off: play::timestamp(question.at_us),
        formats: vec![v1::ReportFormat::Json as i32],
        ..Default::default()
    };
    let mut pieces = client.reports().produce_exposure_report(client.request(request)).await?.into_inner();
    let (mut json, mut answer) = (Vec::new(), String::new());
    while let Some(message) = pieces.message().await? {
        match message.piece {
            Some(Piece::File(file)) => json.extend(file.data),
            Some(Piece::Produced(produced)) => answer = produced.answer,
            Some(Piece::Progress(_)) | None => {}
        }
    }
    let report: Value = serde_json::from_slice(&json).map_err(|error| CliError::new(error.to_string()))?;
    if show {
        println!("{answer}");
    }
    let told = |(line, words): &(usize, Vec<String>)| {
        let error = expect::check(&Asked { scenario, acts, report: &report }, words).err()?;
        Some(format!("line {line}: expect {}: {error}", words.join(" ")))
    };
    Ok(question.expected.iter().filter_map(told).collect())
}
