//! What a story does and asks beside reports: erasures and holds, a case and its deadline, an export and its verification.

use super::super::CliError;
use super::super::client::Client;
use super::super::export::write;
use super::guess;
use super::language::{Aside, Harm, Scenario, Step, What};
use super::play::{Acts, identity_of, timestamp};
use crate::rpc::v1;
use serde_json::{Value, json};
use std::path::Path;
use whosaw_verifier::export;

/// Bytes of a header, and of the hash before a part.
const HEADER: usize = 120;
const LEAF: usize = 32;
/// Where a header says when it was recorded, and how many parts it has.
const RECORDED: usize = 10;
const PARTS: usize = 52;
/// Microseconds from midnight.
const NOON: u64 = 43_200_000_000;
/// Entries that one file of an export holds.
const BUNDLE: u64 = 256;

/// Records a step that is about a person or a case rather than an act; false for any other.
pub async fn record(client: &Client, scenario: &Scenario, step: &Step, acts: &mut Acts) -> Result<bool, CliError> {
    let ledger = client.ledger.clone();
    match &step.what {
        What::Hold { matter, on } => {
            let scope = v1::HoldScopes { persons: vec![identity_of(scenario, on)], ..Default::default() };
            let request = v1::PlaceHoldRequest {
                ledger,
                scope: Some(scope),
                exemption: v1::Exemption::LegalClaims as i32,
                reference: matter.clone(),
                ..Default::default()
            };
            let placed = client.privacy().place_hold(client.request(request)).await?.into_inner();
            acts.matters.insert(matter.clone(), placed.matter);
        }
        What::Release { matter } => {
            let known = acts.matters.get(matter).cloned();
            let known = known.ok_or_else(|| CliError::usage(format!("nothing is held as {matter}")))?;
            let request = v1::ReleaseHoldRequest { ledger, matter: known, ..Default::default() };
            client.privacy().release_hold(client.request(request)).await?;
        }
        What::Erase { subject } => {
            let about = v1::PersonCase {
                subject: Some(identity_of(scenario, subject)),
                ground: v1::Ground::ConsentWithdrawn as i32,
                reference: "scenario".into(),
                ..Default::default()
            };
            let request = v1::RequestErasureRequest { ledger, about: Some(about) };
            let asked = client.privacy().request_erasure(client.request(request)).await?.into_inner();
            let name = step.how.name.as_ref().unwrap_or(subject);
            acts.tokens.insert(name.clone(), asked.token);
        }
        What::Withdraw { subject } => {
            let about = v1::PersonCase { subject: Some(identity_of(scenario, subject)), ..Default::default() };
            let request = v1::WithdrawErasureRequest { ledger, about: Some(about) };
            client.privacy().withdraw_erasure(client.request(request)).await?;
        }
        What::RunErasures => {
            let request = v1::RunErasuresRequest { ledger, with_retention: false };
            client.privacy().run_erasures(client.request(request)).await?;
        }
        What::Request { subject, step: act, day_us, statement } => {
            let ground = match act {
                v1::PersonAct::RequestRefuse => v1::Ground::UnfoundedOrExcessive,
                _ => v1::Ground::Unspecified,
            };
            let about = v1::PersonCase {
                subject: Some(identity_of(scenario, subject)),
                ground: ground as i32,
                reference: "scenario".into(),
                statement: statement.clone(),
                ..Default::default()
            };
            // At noon, which is the same day wherever the profile's zone is.
            let at = timestamp(day_us.map_or(step.at_us, |day_us| step.at_us.min(day_us + NOON)));
            let request =
                v1::RecordRequestStepRequest { ledger, about: Some(about), step: *act as i32, at, request: 0 };
            client.privacy().record_request_step(client.request(request)).await?;
        }
        What::Case { case, said, by, resources } => {
            let happened = *said != v1::CaseStep::Opened;
            let request = v1::RecordCaseStepRequest {
                ledger,
                case_id: acts.cases.get(case).cloned().unwrap_or_default(),
                step: *said as i32,
                stated_at: if happened { timestamp(step.at_us) } else { None },
                by: by.as_ref().map(|who| identity_of(scenario, who)),
                resources: resources.clone(),
                ..Default::default()
            };
            let recorded = client.cases().record_case_step(client.request(request)).await?.into_inner();
            acts.cases.insert(case.clone(), recorded.case.unwrap_or_default().case_id);
        }
        What::Answer { case, by, field, values } => {
            let case_id = acts.cases.get(case).cloned();
            let request = v1::RecordCaseStepRequest {
                ledger,
                case_id: case_id.ok_or_else(|| CliError::usage(format!("no case was opened as {case}")))?,
                step: v1::CaseStep::Answered as i32,
                by: Some(identity_of(scenario, by)),
                answers: vec![v1::CaseAnswer { field: *field, values: values.clone() }],
                ..Default::default()
            };
            client.cases().record_case_step(client.request(request)).await?;
        }
        What::Name { by, staff, subject, reason } => {
            let said = if reason.is_empty() { "scenario" } else { reason.as_str() };
            let about = v1::PersonCase {
                subject: Some(identity_of(scenario, subject)),
                reference: "scenario".into(),
                statement: said.to_owned(),
                ..Default::default()
            };
            let request = v1::NameStaffRequest {
                ledger,
                about: Some(about),
                staff: Some(identity_of(scenario, staff)),
                by: Some(identity_of(scenario, by)),
                interest: "scenario".into(),
                entries: Vec::new(),
            };
            client.privacy().name_staff(client.request(request)).await?;
        }
        What::TakeBackAwareness { case, by } => {
            let case_id = acts.cases.get(case).cloned();
            let case_id = case_id.ok_or_else(|| CliError::usage(format!("no case was opened as {case}")))?;
            let request = v1::GetCaseRequest { ledger: ledger.clone(), case_id: case_id.clone(), ..Default::default() };
            let known = client.cases().get_case(client.request(request)).await?.into_inner().case.unwrap_or_default();
            let last = known.awareness.iter().rev().find(|aware| aware.retracted_by == 0);
            let last = last.ok_or_else(|| CliError::usage(format!("nobody is aware of case {case}")))?;
            let request = v1::RecordCaseStepRequest {
                ledger,
                case_id,
                step: v1::CaseStep::Retracted as i32,
                by: Some(identity_of(scenario, by)),
                statement: "scenario".into(),
                retracts: last.index,
                ..Default::default()
            };
            client.cases().record_case_step(client.request(request)).await?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// What is answered, as expectations read it.
pub async fn asked(client: &Client, acts: &Acts, aside: &Aside) -> Result<Value, CliError> {
    let ledger = client.ledger.clone();
    match aside {
        Aside::Status(name) => {
            let token = acts.tokens.get(name).cloned();
            let token = token.ok_or_else(|| CliError::usage(format!("no erasure was asked for as {name}")))?;
            let request = v1::GetErasureStatusRequest { ledger, token };
            let status = client.privacy().get_erasure_status(client.request(request)).await?.into_inner();
            let state = match &status {
                status if status.irrecoverable_by > 0 => "irrecoverable",
                status if status.inaccessible_by > 0 => "inaccessible",
                status if status.blocked => "blocked",
                _ => "requested",
            };
            Ok(json!({ "state": state, "copies": status.copies.map(|left| left.count) }))
        }
        Aside::Case(name) => {
            let case_id = acts.cases.get(name).cloned();
            let case_id = case_id.ok_or_else(|| CliError::usage(format!("no case was opened as {name}")))?;
            let request = v1::GetCaseRequest { ledger, case_id, ..Default::default() };
            let case = client.cases().get_case(client.request(request)).await?.into_inner().case.unwrap_or_default();
            let state = case.state().as_str_name().trim_start_matches("CASE_STATE_").to_lowercase();
            let deadline = case.deadline.unwrap_or_default();
            let us =
                |at: Option<prost_types::Timestamp>| at.map(|at| at.seconds * 1_000_000 + i64::from(at.nanos) / 1_000);
            let (strict, reading) = (us(deadline.strict), us(deadline.reading));
            let gone = case.retracted_deadline.unwrap_or_default();
            Ok(json!({
                "state": state,
                "deadline": strict,
                "reading": reading,
                "missed": deadline.missed,
                "taken_back": us(gone.strict),
                "missed_by_it": gone.missed,
            }))
        }
        Aside::Breach(name) => {
            let case_id = acts.cases.get(name).cloned();
            let case_id = case_id.ok_or_else(|| CliError::usage(format!("no case was opened as {name}")))?;
            let formats = vec![v1::ReportFormat::Json as i32];
            let request = v1::ProduceBreachReportRequest { ledger, case_id, formats, ..Default::default() };
            let mut pieces = client.reports().produce_breach_report(client.request(request)).await?.into_inner();
            let mut json = Vec::new();
            while let Some(message) = pieces.message().await? {
                if let Some(v1::produce_breach_report_response::Piece::File(file)) = message.piece {
                    json.extend(file.data);
                }
            }
            serde_json::from_slice(&json).map_err(|error| CliError::new(error.to_string()))
        }
        Aside::Guess { suspects, others } => {
            let directory = tempfile::tempdir().map_err(|error| CliError::new(error.to_string()))?;
            exported(client, directory.path()).await?;
            let found = guess::found(directory.path(), suspects, *others);
            Ok(json!({ "matches": found.map_err(|error| CliError::new(error.to_string()))? }))
        }
        Aside::Verify(harm) => {
            let directory = tempfile::tempdir().map_err(|error| CliError::new(error.to_string()))?;
            exported(client, directory.path()).await?;
            if let Some((harm, name)) = harm {
                let entry = acts.entry(name).ok_or_else(|| CliError::usage(format!("nothing is named {name}")))?;
                damaged(directory.path(), *harm, entry)?;
            }
            let report = export::verify(directory.path(), &[]).map_err(|error| CliError::new(error.to_string()))?;
            let broken_at = report.first_problem.as_ref().and_then(|problem| problem.index);
            Ok(json!({
                "holds": report.first_problem.is_none(),
                "broken_at": broken_at,
                "redacted": report.bodies.redacted + report.parts.redacted,
                "missing": report.bodies.missing + report.parts.missing,
            }))
        }
    }
}

/// Why an expectation does not hold; nothing where it does.
pub fn check(scenario: &Scenario, acts: &Acts, found: &Value, words: &[String]) -> Result<(), String> {
    let text: Vec<&str> = words.iter().map(String::as_str).collect();
    let same = |holds: bool| if holds { Ok(()) } else { Err(format!("found {found}")) };
    match text.as_slice() {
        [key @ ("deadline" | "reading"), at] => {
            let at = scenario.clock(at).ok_or("a deadline is a time")?;
            same(found[*key] == at)
        }
        ["field", number, rest @ ..] => {
            let number: u64 = number.parse().map_err(|_| "a field has a number")?;
            let fields = found["fields"].as_array().cloned().unwrap_or_default();
            let field = fields.into_iter().find(|field| field["number"] == number).ok_or("is no field of the form")?;
            // What a person said, what the ledger says, and what it proposes.
            let said = |code: &str| [&field["values"], &field["ledger_values"]].iter().any(|all| holds(all, code));
            let holds = match rest {
                ["empty"] => [&field["values"], &field["ledger_values"]].iter().all(|all| *all == &json!([])),
                ["not", code] => !said(code),
                [code] => said(code),
                _ => return Err("field 44 c, field 44 not c, or field 44 empty".into()),
            };
            if holds { Ok(()) } else { Err(format!("found {field}")) }
        }
        ["follow-up", "needed"] => same(follow_up(found)),
        ["no", "follow-up"] => same(!follow_up(found)),
        ["broken", "at", name] => {
            let entry = acts.entry(name).ok_or("names no act of this story")?;
            same(found["broken_at"] == entry)
        }
        ["nothing", "matches"] => same(found["matches"] == json!([])),
        [name, "matches"] => same(found["matches"].as_array().is_some_and(|all| all.contains(&json!(name)))),
        ["holds"] => same(found["holds"] == true),
        ["no", "deadline"] => same(found["deadline"].is_null()),
        ["would", "have", "been", at] => {
            let at = scenario.clock(at).ok_or("a deadline is a time")?;
            same(found["taken_back"].as_u64() == Some(at))
        }
        ["missed", "by", "it"] => same(found["missed_by_it"] == true),
        ["missed"] => same(found["missed"] == true),
        ["in", "time"] => same(found["missed"] == false),
        ["copies", "not", "determined"] => same(found["copies"].is_null()),
        [key @ ("redacted" | "missing" | "copies"), count] => {
            same(count.parse::<u64>().is_ok_and(|count| found[*key] == count))
        }
        [state] => same(found["state"] == **state),
        _ => Err("is not something that can be expected of it; `whosaw scenario run --help` says what can".into()),
    }
}

fn holds(all: &Value, code: &str) -> bool {
    all.as_array().is_some_and(|all| all.iter().any(|one| one == code))
}

/// Whether the authority has to hear more than the last notification said.
fn follow_up(breach: &Value) -> bool {
    breach["phases"].as_array().is_some_and(|all| all.iter().any(|phase| phase["follow_up_needed"] == true))
}

async fn exported(client: &Client, directory: &Path) -> Result<(), CliError> {
    let request = v1::ExportRequest { ledger: client.ledger.clone(), content: true, disclose: None };
    let mut pieces = client.audit().export(client.request(request)).await?.into_inner();
    while let Some(piece) = pieces.message().await? {
        write(directory, &piece.path, &piece.data)?;
    }
    Ok(())
}

/// What somebody might do to an export, or to a database, who has no key.
fn damaged(directory: &Path, harm: Harm, entry: u64) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::new(format!("the export cannot be changed: {error}"));
    let file = |below: &str| {
        let partial = directory.join(format!("{below}/000.p"));
        let first = std::fs::read_dir(&partial).ok().and_then(|mut files| files.next()?.ok());
        first.map_or_else(|| directory.join(format!("{below}/000")), |file| file.path())
    };
    if entry >= BUNDLE {
        return Err(CliError::usage("a story that damages an entry has fewer than 256 before it"));
    }
    let (headers, contents) = (file("tile/entries"), file("content"));
    let mut header_bytes = std::fs::read(&headers).map_err(failed)?;
    let place = |entry: u64| entry as usize * (HEADER + 2) + 2;
    match harm {
        Harm::Altered => {
            header_bytes[place(entry) + RECORDED + 7] ^= 1;
            std::fs::write(&headers, header_bytes).map_err(failed)
        }
        Harm::TakenOut => {
            let bytes = std::fs::read(&contents).map_err(failed)?;
            let (mut at, mut kept) = (0, Vec::new());
            let number = |bytes: &[u8]| bytes.iter().fold(0usize, |all, byte| all << 8 | usize::from(*byte));
            for index in 0..(header_bytes.len() / (HEADER + 2)) as u64 {
                let parts = number(&header_bytes[place(index) + PARTS..place(index) + PARTS + 4]);
                let mut piece = |before: usize, takes: bool| {
                    kept.extend_from_slice(&bytes[at..at + before]);
                    let length = number(&bytes[at + before..at + before + 4]);
                    let end = at + before + 4 + length;
                    let whole = if takes { &[0; 4][..] } else { &bytes[at + before..end] };
                    kept.extend_from_slice(whole);
                    at = end;
                };
                piece(0, false);
                (0..parts).for_each(|_| piece(LEAF, index == entry));
            }
            std::fs::write(&contents, kept).map_err(failed)
        }
    }
}
