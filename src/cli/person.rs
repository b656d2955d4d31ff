//! `whosaw person`: what is asked for a person and done about them.

use super::client::Client;
use super::{CliError, Ended, Server, show};
use crate::model::{Exemption, Ground, Strength};
use crate::rpc::v1;
use clap::{Args, Subcommand};

#[derive(Args)]
pub struct Person {
    #[command(subcommand)]
    command: PersonCommand,
    #[command(flatten)]
    server: Server,
}

/// What a call about a person says beside whom it is about. All of it is sealed but the ground.
#[derive(Args)]
struct Case {
    /// The person, written namespace=value.
    #[arg(value_name = "PERSON")]
    subject: String,
    #[command(flatten)]
    words: Words,
}

/// What is said beside it.
#[derive(Args)]
struct Words {
    /// The case's or matter's own number or name.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    reference: String,
    /// Who ordered it, such as a court.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    authority: String,
    /// Why, in words; for a link, how it is known.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    statement: String,
}

#[derive(Subcommand)]
enum PersonCommand {
    /// Show how a person stands. That you looked is recorded.
    Show(Case),
    /// Record that two identifiers mean one person.
    Link {
        #[command(flatten)]
        case: Case,
        /// The other identifier.
        #[arg(value_name = "OTHER")]
        other: String,
        /// They only may be one person: widens what reports call possible, and discloses nothing.
        #[arg(long)]
        weak: bool,
    },
    /// Record that two identifiers do not mean one person, and undo their link.
    Unlink {
        #[command(flatten)]
        case: Case,
        /// The other identifier.
        #[arg(value_name = "OTHER")]
        other: String,
    },
    /// Restrict processing (GDPR Art. 18): what is sealed for the person is stored and not opened.
    Restrict {
        #[command(flatten)]
        case: Case,
        /// gdpr:18.1.a (accuracy contested), b (unlawful but kept), c (needed for claims) or d (objection pending).
        #[arg(long)]
        ground: String,
    },
    /// Lift a restriction.
    Lift(Case),
    /// Ask for erasure (GDPR Art. 17): restricted at once, erased with the next batch. Prints the person's token, once.
    Erase {
        #[command(flatten)]
        case: Case,
        /// gdpr:17.1.a (no longer necessary), b (consent withdrawn), c (objection), d (unlawful), e (legal obligation)
        /// or f (services to a child).
        #[arg(long)]
        ground: String,
    },
    /// Take back a request for erasure that no batch has done.
    Withdraw(Case),
    /// Record what happens to a person's request for access (GDPR Art. 15). Prints its last day by the legal profile.
    Request {
        #[command(subcommand)]
        step: RequestStep,
    },
    /// Record the decision that somebody who acted on the person's data is named in the person's reports (C-579/21); why the
    /// name is essential to them, in --statement.
    NameStaff {
        #[command(flatten)]
        case: Case,
        /// Who is named, written namespace=value.
        #[arg(long, value_name = "PERSON")]
        staff: String,
        /// The human who decides, written namespace=value.
        #[arg(long, value_name = "PERSON")]
        by: String,
        /// What speaks against it for whoever is named, and how it was weighed.
        #[arg(long, value_name = "TEXT")]
        interest: String,
        /// In this entry alone; may be repeated [default: wherever they act on the person's data].
        #[arg(long = "entry", value_name = "ENTRY")]
        entries: Vec<u64>,
    },
    /// Take back a decision that somebody is named in the person's reports; why, in --statement. Reports of before stand.
    TakeBackNaming {
        #[command(flatten)]
        case: Case,
        /// The entry of the decision, as `whosaw person name-staff` printed it.
        #[arg(long, value_name = "INDEX")]
        decision: u64,
        /// The human who takes it back, written namespace=value.
        #[arg(long, value_name = "PERSON")]
        by: String,
    },
    /// Tell what became of an erasure, by the person's token.
    Status {
        /// As `whosaw person erase` printed it.
        token: String,
    },
    /// Do the erasures that are due now, without waiting for the daily batch.
    RunErasures {
        /// Also what retention periods say is over, although months went by since they were last looked at.
        #[arg(long)]
        retention: bool,
    },
    /// Keep persons or entries from erasure and retention until the matter is released. Prints the matter. With persons
    /// alone their erasure waits; with datasets, agents or times it is done, and these entries' parts stay for the matter.
    Hold {
        /// This person, under all their identifiers; may be repeated.
        #[arg(long = "person", value_name = "PERSON")]
        persons: Vec<String>,
        /// Entries about this registered dataset; may be repeated.
        #[arg(long = "dataset", value_name = "NAME")]
        datasets: Vec<String>,
        /// Entries in which this registered agent acted; may be repeated.
        #[arg(long = "agent", value_name = "NAME")]
        agents: Vec<String>,
        /// Entries recorded at or after this time (RFC 3339).
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// Entries recorded before this time (RFC 3339).
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// gdpr:17.3.a (expression), b (legal obligation), c (public health), d (archiving) or e (legal claims).
        #[arg(long)]
        exemption: String,
        #[command(flatten)]
        words: Words,
    },
    /// Release a matter: erasures that only it blocked are due again, and what only it kept goes with the next batch.
    Release {
        /// As `whosaw person hold` printed it.
        matter: String,
        #[command(flatten)]
        words: Words,
    },
    /// Show the holds in force.
    Holds,
}

/// Each step is an entry. What is said is sealed for the person; that there was a step is not.
#[derive(Subcommand)]
enum RequestStep {
    /// It was received. The person need not be known to the ledger.
    Receive(RequestCase),
    /// Their identity was verified; how, in --statement.
    Verify(RequestCase),
    /// The person was told that it takes longer; why, in --statement. Counts only within the first month.
    Extend(RequestCase),
    /// It was answered.
    Answer(RequestCase),
    /// It was refused; why, in --statement.
    Refuse {
        #[command(flatten)]
        case: RequestCase,
        /// gdpr:12.2 (not identifiable), gdpr:12.5.a (fee not paid) or gdpr:12.5.b (manifestly unfounded or excessive).
        #[arg(long)]
        ground: String,
    },
}

#[derive(Args)]
struct RequestCase {
    #[command(flatten)]
    case: Case,
    /// When, RFC 3339 [default: now].
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// The entry that says that it was received [default: the newest that waits for an answer].
    #[arg(long, default_value_t = 0, hide_default_value = true, value_name = "ENTRY")]
    request: u64,
}

impl RequestStep {
    fn request(self, ledger: String) -> Result<v1::RecordRequestStepRequest, CliError> {
        use v1::PersonAct as Act;
        let (step, RequestCase { case, at, request }, ground) = match self {
            RequestStep::Receive(case) => (Act::RequestReceive, case, None),
            RequestStep::Verify(case) => (Act::RequestVerify, case, None),
            RequestStep::Extend(case) => (Act::RequestExtend, case, None),
            RequestStep::Answer(case) => (Act::RequestAnswer, case, None),
            RequestStep::Refuse { case, ground } => (Act::RequestRefuse, case, Some(ground)),
        };
        let (about, at) = (case.about(ground.as_deref())?, at.as_deref().map(show::read_time).transpose()?);
        Ok(v1::RecordRequestStepRequest { ledger, about, step: step as i32, at, request })
    }
}

fn request_lines(done: &v1::RecordRequestStepResponse) -> String {
    let extended = if done.extended { ", extended" } else { "" };
    let late = if done.late { "; late" } else { "" };
    let received = show::time(done.received.as_ref());
    format!(
        "{}\nrequest   entry {}, received {received}\ndue       {}{extended}{late}",
        recorded(&done.receipt),
        done.request,
        done.due
    )
}

impl Case {
    fn about(self, ground: Option<&str>) -> Result<Option<v1::PersonCase>, CliError> {
        let code = |text: &str| {
            Ground::from_code(text).ok_or_else(|| CliError::usage(format!("there is no ground {text:?}; see --help")))
        };
        Ok(Some(v1::PersonCase {
            subject: Some(person(&self.subject)?),
            ground: ground.map(code).transpose()?.unwrap_or_default() as i32,
            reference: self.words.reference,
            authority: self.words.authority,
            statement: self.words.statement,
        }))
    }
}

fn person(text: &str) -> Result<v1::Identity, CliError> {
    Ok(show::wire_identity(&show::identity(text)?))
}

impl Person {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let (ledger, json) = (client.ledger.clone(), self.server.json);
        let mut privacy = client.privacy();
        match self.command {
            PersonCommand::Show(case) => {
                let request = client.request(v1::LookUpPersonRequest { ledger, about: case.about(None)? });
                let found = privacy.look_up_person(request).await?.into_inner();
                answer(json, "LookUpPersonResponse", &found, || status_lines(&found))
            }
            PersonCommand::Link { case, other, weak } => {
                // From then on a report on either tells what is held on both.
                if !weak && case.words.statement.trim().is_empty() {
                    return Err(CliError::usage("say how it is known that they are one person: --statement TEXT"));
                }
                let strength = if weak { Strength::Weak } else { Strength::Strong } as i32;
                let (about, other) = (case.about(None)?, Some(person(&other)?));
                let request = client.request(v1::LinkIdentitiesRequest { ledger, about, other, strength });
                let done = privacy.link_identities(request).await?.into_inner();
                answer(json, "LinkIdentitiesResponse", &done, || recorded(&done.receipt))
            }
            PersonCommand::Unlink { case, other } => {
                let (about, other) = (case.about(None)?, Some(person(&other)?));
                let request = client.request(v1::UnlinkIdentitiesRequest { ledger, about, other });
                let done = privacy.unlink_identities(request).await?.into_inner();
                answer(json, "UnlinkIdentitiesResponse", &done, || {
                    let still = if done.still_linked { "; other entries still show them as one person" } else { "" };
                    recorded(&done.receipt) + still
                })
            }
            PersonCommand::Restrict { case, ground } => {
                let about = case.about(Some(&ground))?;
                let request = client.request(v1::RestrictProcessingRequest { ledger, about });
                let done = privacy.restrict_processing(request).await?.into_inner();
                answer(json, "RestrictProcessingResponse", &done, || recorded(&done.receipt))
            }
            PersonCommand::Lift(case) => {
                let request = client.request(v1::LiftRestrictionRequest { ledger, about: case.about(None)? });
                let done = privacy.lift_restriction(request).await?.into_inner();
                answer(json, "LiftRestrictionResponse", &done, || recorded(&done.receipt))
            }
            PersonCommand::Erase { case, ground } => {
                let request = client.request(v1::RequestErasureRequest { ledger, about: case.about(Some(&ground))? });
                let done = privacy.request_erasure(request).await?.into_inner();
                answer(json, "RequestErasureResponse", &done, || {
                    let state = match done.blocked {
                        true => {
                            "restricted; a hold or an open case is in the way of the erasure, which is done when that is over"
                        }
                        false => "restricted; erased with the next batch",
                    };
                    format!("{}\n{state}\ntoken  {}", recorded(&done.receipt), hex::encode(&done.token))
                })
            }
            PersonCommand::Withdraw(case) => {
                let request = client.request(v1::WithdrawErasureRequest { ledger, about: case.about(None)? });
                let done = privacy.withdraw_erasure(request).await?.into_inner();
                answer(json, "WithdrawErasureResponse", &done, || recorded(&done.receipt))
            }
            PersonCommand::Request { step } => {
                let request = client.request(step.request(ledger)?);
                let done = privacy.record_request_step(request).await?.into_inner();
                answer(json, "RecordRequestStepResponse", &done, || request_lines(&done))
            }
            PersonCommand::NameStaff { case, staff, by, interest, entries } => {
                let about = case.about(None)?;
                let (staff, by) = (Some(person(&staff)?), Some(person(&by)?));
                let request = v1::NameStaffRequest { ledger, about, staff, by, interest, entries };
                let done = privacy.name_staff(client.request(request)).await?.into_inner();
                answer(json, "NameStaffResponse", &done, || {
                    let entries: Vec<String> = done.entries.iter().map(u64::to_string).collect();
                    format!("{}\nnamed in  entries {}", recorded(&done.receipt), entries.join(", "))
                })
            }
            PersonCommand::TakeBackNaming { case, decision, by } => {
                let (about, by) = (case.about(None)?, Some(person(&by)?));
                let request = v1::TakeBackNamingRequest { ledger, about, by, decision };
                let done = privacy.take_back_naming(client.request(request)).await?.into_inner();
                answer(json, "TakeBackNamingResponse", &done, || recorded(&done.receipt))
            }
            PersonCommand::Status { token } => {
                let token = bytes(&token, 32, "a token is 64 hexadecimal digits")?;
                let request = client.request(v1::GetErasureStatusRequest { ledger, token });
                let found = privacy.get_erasure_status(request).await?.into_inner();
                answer(json, "GetErasureStatusResponse", &found, || erasure_line(&found))
            }
            PersonCommand::RunErasures { retention } => {
                let request = v1::RunErasuresRequest { ledger, with_retention: retention };
                let done = privacy.run_erasures(client.request(request)).await?.into_inner();
                answer(json, "RunErasuresResponse", &done, || batch_lines(&done))
            }
            PersonCommand::Hold {
                persons,
                datasets,
                agents,
                from,
                until,
                exemption,
                words: Words { reference, authority, statement },
            } => {
                let wrong = || CliError::usage(format!("there is no exemption {exemption:?}; see --help"));
                let exemption = Exemption::from_code(&exemption).ok_or_else(wrong)? as i32;
                let scope = v1::HoldScopes {
                    persons: persons.iter().map(|text| person(text)).collect::<Result<_, _>>()?,
                    datasets,
                    agents,
                    recorded_from: from.as_deref().map(show::read_time).transpose()?,
                    recorded_until: until.as_deref().map(show::read_time).transpose()?,
                };
                let scope = Some(scope);
                let request = v1::PlaceHoldRequest { ledger, scope, exemption, reference, authority, statement };
                let done = privacy.place_hold(client.request(request)).await?.into_inner();
                answer(json, "PlaceHoldResponse", &done, || {
                    format!("{}\nmatter  {}", recorded(&done.receipt), hex::encode(&done.matter))
                })
            }
            PersonCommand::Release { matter, words: Words { reference, authority, statement } } => {
                let matter = self::matter(&matter)?;
                let request = v1::ReleaseHoldRequest { ledger, matter, reference, authority, statement };
                let done = privacy.release_hold(client.request(request)).await?.into_inner();
                answer(json, "ReleaseHoldResponse", &done, || recorded(&done.receipt))
            }
            PersonCommand::Holds => {
                let found = privacy.list_holds(client.request(v1::ListHoldsRequest { ledger })).await?.into_inner();
                answer(json, "ListHoldsResponse", &found, || hold_lines(&found))
            }
        }
    }
}

pub fn answer<M: prost::Message>(json: bool, name: &str, message: &M, text: impl FnOnce() -> String) -> Ended {
    println!("{}", if json { show::json_line(name, message)? } else { text() });
    Ok(0)
}

fn bytes(text: &str, length: usize, wrong: &str) -> Result<Vec<u8>, CliError> {
    hex::decode(text.trim()).ok().filter(|bytes| bytes.len() == length).ok_or_else(|| CliError::usage(wrong))
}

pub fn matter(text: &str) -> Result<Vec<u8>, CliError> {
    bytes(text, 16, "a matter is 32 hexadecimal digits")
}

pub fn recorded(receipt: &Option<v1::Receipt>) -> String {
    format!("recorded as entry {}", receipt.as_ref().map_or(0, |receipt| receipt.index))
}

fn status_lines(found: &v1::LookUpPersonResponse) -> String {
    let mut lines = Vec::new();
    let name = |identity: &v1::Identity| format!("{}={}", identity.namespace, identity.fields.join(","));
    lines.extend(found.identities.iter().map(|identity| format!("is        {}", name(identity))));
    lines.extend(found.possible.iter().map(|identity| format!("may be    {}", name(identity))));
    lines.push(format!("parts     {}", found.parts));
    let ground = |number: i32| {
        Ground::ALL.iter().find(|ground| **ground as i32 == number).map_or("no stated ground", |ground| ground.code())
    };
    if let Some(since) = &found.restricted_since {
        lines.push(format!("restricted since {}, {}", show::time(Some(since)), ground(found.restricted_ground)));
    }
    if let Some(asked) = &found.erasure_requested {
        let blocked = if found.erasure_blocked { "; a hold or an open case is in the way" } else { "" };
        lines.push(format!("erasure asked for {}{blocked}", show::time(Some(asked))));
    }
    lines.extend(found.matters.iter().map(|matter| format!("held by   {}", hex::encode(matter))));
    lines.join("\n")
}

fn erasure_line(found: &v1::GetErasureStatusResponse) -> String {
    match (&found.requested, found.inaccessible_by, found.irrecoverable_by) {
        (Some(asked), ..) => {
            let state = if found.blocked { "a hold or an open case is in the way" } else { "waits for the next batch" };
            format!("asked for {}; restricted; {state}", show::time(Some(asked)))
        }
        (None, by, later) => {
            let more = match (later, found.custodian()) {
                (0, v1::CustodianClass::KeyDirectory) => {
                    "; no more is claimed, because the root key was a file, of which the disk or a copy may hold the bytes"
                        .to_owned()
                }
                (0, _) => "; not claimed to be irrecoverable yet".to_owned(),
                (later, _) => {
                    format!("; irrecoverable by entry {later}, {}", show::time(found.irrecoverable_at.as_ref()))
                }
            };
            let at = show::time(found.inaccessible_at.as_ref());
            format!("inaccessible by entry {by}, {at}{more}")
                + &copies_line(found.copies.map(|left| left.count))
                + &kept_lines(&found.kept)
        }
    }
}

/// What lies elsewhere the ledger's keys do not reach.
fn copies_line(copies: Option<u64>) -> String {
    match copies {
        None => "\ncopies    not determined".to_owned(),
        Some(0) => String::new(),
        Some(1) => "\ncopies    incomplete: 1 derived copy is not known to be gone".to_owned(),
        Some(n) => format!("\ncopies    incomplete: {n} derived copies are not known to be gone"),
    }
}

fn kept_lines(kept: &[v1::KeptParts]) -> String {
    let line = |kept: &v1::KeptParts| {
        let until = if kept.released { "until the next batch" } else { "until it is released" };
        let (parts, matter) = (kept.parts, hex::encode(&kept.matter));
        format!("\n{parts} parts stay for matter {matter}, {}, {until}", exemption(kept.exemption))
    };
    kept.iter().map(line).collect()
}

fn exemption(number: i32) -> &'static str {
    Exemption::ALL.iter().find(|it| **it as i32 == number).map_or("", |it| it.code())
}

fn batch_lines(done: &v1::RunErasuresResponse) -> String {
    let pruned = format!("bodies    {} pruned, the last of them by entry {}", done.pruned, done.pruned_by);
    match (done.index, done.pruned) {
        (0, 0) => "nothing is due".into(),
        (0, _) => pruned,
        (_, 0) => erased_lines(done),
        _ => format!("{}\n{pruned}", erased_lines(done)),
    }
}

fn erased_lines(done: &v1::RunErasuresResponse) -> String {
    let claim = match done.irrecoverable_by {
        0 => "inaccessible; this custodian of keys does not allow more to be claimed".into(),
        by => format!("irrecoverable by entry {by}"),
    };
    let last = if done.batches > 1 { format!(", the last of {} batches", done.batches) } else { String::new() };
    format!(
        "recorded as entry {}{last}\nrequests  {}\nparts     {} without content\nshards    {} with new keys, {} rows moved\n{claim}",
        done.index, done.requests, done.covers, done.shards, done.moved
    )
}

fn hold_lines(found: &v1::ListHoldsResponse) -> String {
    if found.holds.is_empty() {
        return "no hold is in force".into();
    }
    let line = |hold: &v1::HoldSummary| {
        let mut scope = Vec::new();
        if hold.persons > 0 {
            scope.push(format!("{} persons", hold.persons));
        }
        scope.extend(hold.datasets.iter().map(|name| format!("dataset {name}")));
        scope.extend(hold.agents.iter().map(|name| format!("agent {name}")));
        scope.extend(hold.recorded_from.iter().map(|from| format!("from {}", show::time(Some(from)))));
        scope.extend(hold.recorded_until.iter().map(|until| format!("until {}", show::time(Some(until)))));
        let scope = if scope.is_empty() { "everything".to_owned() } else { scope.join(", ") };
        let kept = if hold.kept == 0 { String::new() } else { format!("  keeps {} parts of the erased", hold.kept) };
        let (exemption, since) = (exemption(hold.exemption), show::time(hold.since.as_ref()));
        format!("{}  {exemption}  since {since}  {scope}{kept}", hex::encode(&hold.matter))
    };
    found.holds.iter().map(line).collect::<Vec<_>>().join("\n")
}
