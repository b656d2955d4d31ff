//! `whosaw scenario`: a story in a file is recorded in a ledger of its own, and its reports are held against what the file
//! expects of them.

mod aside;
mod expect;
mod guess;
mod language;
mod play;
mod sense;
mod words;

use super::client::Client;
use super::report::{Edition, Language};
use super::{CliError, Ended, Server};
use crate::app::rehearsal::Rehearsal;
use crate::rpc::v1;
use clap::{Args, Subcommand};
use expect::Asked;
use language::{Question, Scenario, Step};
use play::Acts;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Args)]
pub struct ScenarioCommand {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    // Its help, which is the whole language, stands with what it takes.
    Run(Run),
}

/// Run scenario files, each on a new ledger, the way a real record goes: append, projection, report.
///
/// A file has one statement a line; # begins a comment. Times are UTC; +1d09:30 is the next day, and
/// -1d09:30 the one before. Members of a list have a comma or "and" between them. What is not
/// declared to be something else is a person, one under each name, whether their data is told of or they
/// look. A word or name that nothing makes sense of is an error,
/// as is an expectation that would hold of anybody. An act that is spoken of may be one that nobody
/// recorded, unless its name is nearly another's. A file that expects nothing has its answers printed
/// and does not count as passed, unless --show or --keep asked for just that. One that cannot be read
/// or run is told with its line, and the others go on.
///
/// {n}What is so from the beginning of the day:{n}
///   title TEXT                          day 2026-03-10{n}
///   R holds s1, s2 [with contact]       eng is e1, e2{n}
///   svc is an account of a, b           bot is an agent{n}
///   V is an organisation [in US [under gdpr:46.2.c]]    (by what a transfer to it is allowed){n}
///   V keeps for 30 days{n}
///   bot uses V                          bot sessions last 24 h{n}
///   R caches permissions for 300 s      R hides history{n}
///   R recovers for 30 days              proxy logs{n}
///   proxy heartbeats every 60 s{n}
///   people of R live in DE, FR          (as the registry says){n}
///   R is logged by proxy                R lists basic           (the categories that lists and searches show){n}
///   W runs search                       (what goes into this tool goes to W){n}
///   dana may correct                    erin may review{n}
///   emergencies are reviewed within 72 h{n}
///   policy p1 is approved by carol      policy p1 approvals last 300 s, or approvals repeat{n}
/// {n}What happens ([recorded HH:MM] at the end says when it was recorded, if later; never before the lines above it):{n}
///   09:00 bob grants R to eng [until 10:00] [unauthorised] [as g1]{n}
///   11:00 bob revokes R from eng        11:00 bob revokes g1{n}
///   10:00 e4 joins eng, e4 uses svc     10:00 s1 enters R, or leaves it{n}
///   10:00 svc is suspended              10:30 svc works again{n}
///   09:40 proxy is down                 10:10 proxy logs again{n}
///   09:41 proxy heartbeats{n}
///   09:30 e1 reads R [about s1] [for u1, or on behalf of u1] [showing u1] [giving V] [denied] [authorised] [emergency]{n}
///   [with basic] (which categories; where it says none, all that R holds or lists are possible, and where
///   nothing says what these are, it is contact){n}
///   (reads, views, lists, searches, previews, downloads, exports, copies, sends, posts, loads, closes,
///   infers, heartbeats, remembers, recalls, forgets, delegates, derives, deletes, erases, restores, alters, detects,
///   orders;
///   denied, failed or perhaps; "anybody" is the public){n}
///   An act can have a name, and speak of others: [as x1] [because of x0] [within x0] [same act as x0]
///   [approved by a1] [instructed by i1] [[encrypted] under key k1] [naming /email, /phone] [despite restriction] [policy p1] [in session c1]
///   [through TOOL, what it is about going into it] [run by V, who runs the model, as the act says]{n}
///   [delivering 500 people] [delivering 700 records] (how many, where nobody lists them){n}
///   [logged by proxy [number 12]] (the source that reports it, and the place in its own sequence){n}
///   [told by CALLER] (whose id it is then; another's act of this name is x1/CALLER){n}
///   09:06 bot calls its model, or closes its session [in session c1]{n}
///   09:50 carol approves e1 reads R [until 10:00] [about s1] [with basic] as a1, or refuses{n}
///   09:00 carol reviews x1 as justified, or as unjustified{n}
///   13:00 dana corrects x1 to s2 [as c1] [saying WHY]     13:00 dana retracts x1 [saying WHY]{n}
///   10:00 W gets key k1                 11:00 W loses key k1{n}
///   10:00 s1 restricts                  11:00 s1 is unrestricted{n}
///   14:00 s1 is linked to s9 [weakly]   15:00 s1 is unlinked from s9{n}
///   10:00 bot uses W, W runs search, V keeps for 7 days, R lists basic, dana may correct [no more]   (the registry says so from then on){n}
///   10:00 order O keeps V from s1 [until 2026-06-01]     10:00 order O is over{n}
///   (s1 is not told what V does, until then to the end of that day; the registry says so from then on){n}
///   09:00 s1 asks for access [received 2026-02-10]{n}
///   09:10 access of s1 is verified [saying HOW], extended [saying WHY], answered, or refused [saying WHY]{n}
///   10:00 hold H on s1                  13:00 release H{n}
///   11:00 dana answers 4 of case C with b      (a field of the authority's form){n}
///   11:00 dana names e1 to s1 [saying WHY]     (a decision that this person is told who of the staff it was){n}
///   11:00 s1 asks for erasure as e1     11:30 s1 withdraws that     12:00 erasures are run{n}
///   16:30 case C opens on R             16:31 case C is detected{n}
///   18:10 dana is aware of case C       19:00 dana takes back awareness of case C{n}
///   19:10 dana submits case C{n}
/// {n}What is asked, and what the answer must be:{n}
///   12:00 report R                      (who could see it, who did, who holds a copy){n}
///   14:00 report R again                (supersedes the report before, and says what is otherwise){n}
///   expect open 2h00 [to 2h05]          expect window 09:00 to 11:00..11:05 [bounded]{n}
///   expect e1 first 09:30, e1 last 10:15, paths 2{n}
///   expect e1 could 2h00                expect e1 did 1, e1 surely 1, e1 tried 1, e1 saw, e1 verdict CODE{n}
///   expect people could 3, people without authority 1, people saw 1, machines 1, subjects 3, attempts 1, copies 1{n}
///   expect records 700, records at least 700, records unknown, subjects counted   (numbers without ids){n}
///   expect s1 inside 45min, s1 reached 0 to 1 (times)   expect unauthorised 1, not assessed 1, uncountable,
///   saw uncountable (others may have, who cannot be counted), unsettled 1{n}
///   expect V holds 09:05 to +30d09:05 [assumed], V holds 09:30 on, V holds pseudonymised, V holds nothing{n}
///   expect eng had e1 09:00 to 10:30 [exact], eng had e1 perhaps 09:00 on, eng had members 3   (and when they were in it){n}
///   expect eng counted on_file, eng counted nobody_on_file          (whether its members are all on file){n}
///   expect W could use k1 10:00 to 11:00 [exact], W could use k1 never told   (a key){n}
///   expect data of R was pseudonymised 2, data of R was not_told 1          (acts that say so){n}
///   expect e1 got field /email, e1 got perhaps field /email, e1 got no field, e1 got fields not told 1 (accesses){n}
///   expect country DE 1 to 2, country not told 0 to 1               (people whose data was inside){n}
///   expect recipient V got 500 to 520, got at least 2, got unknown (whose data), x1 lost 1 to 2000{n}
///   expect recipient V in US            expect losses 1, loss R temporary, unauthorised losses 1{n}
///   expect x1 authorised, x1 approval expired, x1 review pending, x1 shows 1, x1 led to it{n}
///   expect x1 shows category CODE, x1 shows no category{n}
///   expect x1 by policy P permit, policy P permitted 2, denied 1, permitted but unauthorised 1, no policy 1{n}
///   expect x1 perhaps shows category CODE, x1 perhaps shows 2 categories{n}
///   expect x1 at 09:30, x1 at 09:30..09:31, x1 one of a, b{n}
///   expect x1 after restriction, after restriction 1{n}
///   expect x1 perhaps after restriction, perhaps after restriction 1   (of whoever was erased since){n}
///   expect amended 1, nothing corrected, not corrected (no figures of before), x1 was retracted, x1 was retracted saying WHY, c1 does count, c1 does not count: rival, as told people saw 2{n}
///   expect R detected after 2h00, R not detected, R really closed 3min to 5min after revoking (or deciding, or detection),
///   R really closed at least 2h00 after revoking, R not revoked, R ended before detection   (or g1, for the way that g1 opened){n}
///   expect odd CODE, nothing odd        expect claim CODE, logging CODE, beyond CODE{n}
///   expect changed totals.people_saw, nothing changed{n}
///   expect x1 suppressed [until 2026-06-01], x1 not suppressed   (an order keeps it from whom it is about){n}
///   12:00 report on s1                  (who processed this person's data){n}
///   14:00 report on s1 again            (supersedes the report on s1 before, and says what is otherwise){n}
///   expect processed 1, shown to people 1, read by people 1, into tools 1, attempts 1, disclosed 1{n}
///   expect reports 1, logging CODE, mentions TEXT, no mention of TEXT{n}
///   expect safeguards provided, safeguards not provided   (for transfers){n}
///   expect due 2026-03-10, extended to 2026-05-11, not extended, request open, request overdue, request in time, request late{n}
///   expect changed entries, unchanged totals.processed{n}
///   12:30 status of e1                  (what became of an erasure){n}
///   expect requested, blocked, inaccessible, irrecoverable{n}
///   expect copies 1, copies not determined   (that are not known to be gone){n}
///   18:30 case C                        (until when the authority is to be notified){n}
///   expect deadline +3d18:10, reading +3d19:00, open, in time, missed{n}
///   expect no deadline, would have been +3d18:10, missed by it{n}
///   18:40 breach file of C              (what the authority's form would say, by its fields){n}
///   expect field 44 c, field 56 not c, field 47 empty, follow-up needed, no follow-up{n}
///   14:00 verify [with x1 altered, or taken out]   (an export, by the verifier){n}
///   expect holds, broken at x1, redacted 2, missing 1{n}
///   10:00 guess s1, e1 among 10000 others          (by hashing candidates, with whatever an export holds as salt){n}
///   expect nothing matches, s1 matches
#[derive(Args)]
#[command(verbatim_doc_comment)]
struct Run {
    /// Scenario files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print each report's answer too.
    #[arg(long)]
    show: bool,
    /// Make each report again at the end: it has to be what it was, to the byte, unless keys have gone since.
    #[arg(long)]
    again: bool,
    /// Write each report to this directory too: FILE-LINE.json and FILE-LINE.html, by the line that asks for it.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// In which language reports are written.
    #[arg(long, value_enum, default_value_t = Language::En)]
    language: Language,
    /// For whom reports on a person are written.
    #[arg(long, value_enum, default_value_t = Edition::Lawyer)]
    edition: Edition,
}

impl ScenarioCommand {
    /// Exit code 0 where every file holds, 2 where one cannot be read, else 1.
    pub async fn run(self) -> Ended {
        let Command::Run(run) = self.command;
        let mut scenarios = Vec::with_capacity(run.files.len());
        for file in &run.files {
            let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"));
            match text.and_then(|text| Scenario::read(&text)) {
                Ok(scenario) => scenarios.push((file, scenario)),
                Err(wrong) => eprintln!("whosaw: {}: {wrong}", file.display()),
            }
        }
        let unread = run.files.len() - scenarios.len();
        if scenarios.is_empty() {
            return Ok(2);
        }
        let starts = scenarios.iter().map(|(_, scenario)| scenario.day_us).collect::<Vec<_>>();
        let rehearsal = Rehearsal::start(&starts).await.map_err(|error| CliError::new(error.to_string()))?;
        let (mut held, mut failed, mut silent, mut broken) = (0, 0, 0, 0);
        for (number, (file, scenario)) in scenarios.iter().enumerate() {
            let wrong = match played(&rehearsal, number, (*file, scenario), &run).await {
                Ok(wrong) => wrong,
                Err(error) => {
                    eprintln!("whosaw: {}: {error}", file.display());
                    broken += 1;
                    continue;
                }
            };
            let expected: usize = scenario.expected();
            held += expected - wrong.len();
            failed += wrong.len();
            silent += usize::from(expected == 0);
            let verdict = match (expected, wrong.len()) {
                (0, _) => "nothing was expected",
                (_, 0) => "as expected",
                _ => "NOT AS EXPECTED",
            };
            println!("{}: {} ({expected} expectations): {verdict}", file.display(), scenario.title);
            for line in wrong {
                println!("  {line}");
            }
        }
        rehearsal.stop().await;
        println!("{} scenarios, {held} expectations held, {failed} did not", run.files.len());
        for (count, what) in [(silent, "expected nothing"), (broken, "could not be run"), (unread, "could not be read")]
        {
            if count > 0 {
                println!("{count} {what}");
            }
        }
        let is_passed = failed + broken == 0 && (silent == 0 || run.prints());
        Ok(if unread > 0 { 2 } else { u8::from(!is_passed) })
    }
}

impl Run {
    /// Whether answers are asked for, whatever was expected of them.
    fn prints(&self) -> bool {
        self.show || self.keep.is_some()
    }
}

/// What is not as the file expects.
async fn played(
    rehearsal: &Rehearsal,
    number: usize,
    (file, scenario): (&Path, &Scenario),
    run: &Run,
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
    let declared = |error: CliError| CliError::new(format!("what is so from the beginning: {error}"));
    client.registry().register_names(client.request(names)).await.map_err(|status| declared(status.into()))?;
    let in_force = play::put_in_force(&client, scenario, &scenario.roles, &scenario.listings, &[], "scenario").await;
    in_force.map_err(declared)?;
    let (now_us, acts) = (scenario.day_us, Acts::default());
    let (last, last_on, reports) = (0, BTreeMap::new(), Vec::new());
    let mut playing = Playing { rehearsal, number, file, scenario, run, client, acts, now_us, last, last_on, reports };
    let mut wrong = Vec::new();
    let mut asked = scenario.questions.iter().peekable();
    let mut steps = scenario.steps.as_slice();
    while let Some((step, later)) = steps.split_first() {
        // A report is asked for when everything before it in the file was recorded.
        while let Some(question) = asked.next_if(|question| question.line < step.line) {
            wrong.extend(playing.answered(question).await?);
        }
        playing.clock_shows(step.recorded_us);
        let before = asked.peek().map_or(usize::MAX, |question| question.line);
        steps = match playing.recorded_together(steps, before).await? {
            0 => {
                let recorded = play::record(&playing.client, scenario, step, &mut playing.acts).await;
                recorded.map_err(|error| CliError::new(format!("line {}: {error}", step.line)))?;
                later
            }
            many => &steps[many..],
        };
    }
    for question in asked {
        wrong.extend(playing.answered(question).await?);
    }
    if run.again {
        wrong.extend(playing.made_again().await?);
    }
    Ok(wrong)
}

/// A story under way.
struct Playing<'a> {
    rehearsal: &'a Rehearsal,
    number: usize,
    file: &'a Path,
    scenario: &'a Scenario,
    run: &'a Run,
    client: Client,
    acts: Acts,
    now_us: u64,
    /// Entry of the last report on resources, and of the last one on a person.
    last: u64,
    last_on: BTreeMap<String, u64>,
    /// By the entries that record them.
    reports: Vec<(usize, u64, Vec<u8>)>,
}

impl Playing<'_> {
    /// It never goes back.
    fn clock_shows(&mut self, us: u64) {
        self.now_us = self.now_us.max(us);
        self.rehearsal.set_clock(self.number, self.now_us);
    }

    /// Records the first steps before a line in one request where they are recorded at the same time, as the clock goes;
    /// answers how many.
    async fn recorded_together(&self, steps: &[Step], before: usize) -> Result<usize, CliError> {
        let fits = |step: &&Step| step.recorded_us <= self.now_us && step.line < before && play::is_plain(step);
        let many = steps.iter().take(play::AT_ONCE).take_while(fits).count();
        let Some(first) = steps.first().filter(|_| many > 1) else { return Ok(0) };
        let recorded = play::record_together(&self.client, self.scenario, &steps[..many], &self.acts).await;
        recorded.map_err(|error| CliError::new(format!("line {}: {error}", first.line)))
    }

    /// What of one report is not as expected.
    async fn answered(&mut self, question: &Question) -> Result<Vec<String>, CliError> {
        self.clock_shows(question.at_us);
        // What is open is measured to the time of the question, and a ledger knows nothing of times after its last entry.
        let tick =
            v1::Name { kind: v1::RegistryKind::Term as i32, name: "scenario/asked".into(), ..Default::default() };
        let names = v1::RegisterNamesRequest { ledger: self.client.ledger.clone(), names: vec![tick] };
        self.client.registry().register_names(self.client.request(names)).await?;
        let wrong = |error| CliError::new(format!("line {}: {error}", question.line));
        if let Some(aside) = &question.aside {
            let found = aside::asked(&self.client, &self.acts, aside).await.map_err(wrong)?;
            let told = |(line, words): &(usize, Vec<String>)| {
                let checked = aside::check(self.scenario, &self.acts, &found, words);
                Some(format!("line {line}: expect {}: {}", words.join(" "), checked.err()?))
            };
            return Ok(question.expected.iter().filter_map(told).collect());
        }
        let asked = self.asked(question).await;
        let (files, answer, index) = asked.map_err(wrong)?;
        let json = files.get(&(v1::ReportFormat::Json as i32)).map_or(&[][..], Vec::as_slice);
        match &question.person {
            Some(person) => drop(self.last_on.insert(person.clone(), index)),
            None => self.last = index,
        }
        let report: Value = serde_json::from_slice(json).map_err(|error| CliError::new(error.to_string()))?;
        if self.run.show || self.scenario.expected() == 0 {
            println!("{answer}");
        }
        self.kept(question, &files)?;
        if self.run.again {
            self.reports.push((question.line, index, json.to_vec()));
        }
        let asked = Asked { scenario: self.scenario, acts: &self.acts, report: &report };
        let told = |(line, words): &(usize, Vec<String>)| {
            let checked = match question.person {
                Some(_) => expect::check_person(&asked, words),
                None => expect::check(&asked, words),
            };
            Some(format!("line {line}: expect {}: {}", words.join(" "), checked.err()?))
        };
        Ok(question.expected.iter().filter_map(told).collect())
    }

    /// Which reports are otherwise when they are made again.
    async fn made_again(&self) -> Result<Vec<String>, CliError> {
        let mut wrong = Vec::new();
        for (line, index, first) in &self.reports {
            let formats = vec![v1::ReportFormat::Json as i32];
            let request = v1::ReproduceReportRequest { ledger: self.client.ledger.clone(), index: *index, formats };
            let called = self.client.reports().reproduce_report(self.client.request(request)).await;
            let (mut json, mut produced) = (Vec::new(), None);
            let told = match called {
                Ok(pieces) => {
                    let mut pieces = pieces.into_inner();
                    loop {
                        match pieces.message().await {
                            Ok(Some(message)) => match message.piece {
                                Some(v1::reproduce_report_response::Piece::File(file)) => json.extend(file.data),
                                Some(v1::reproduce_report_response::Piece::Produced(done)) => produced = Some(done),
                                Some(v1::reproduce_report_response::Piece::Progress(_)) | None => {}
                            },
                            Ok(None) => break None,
                            Err(status) => break Some(status),
                        }
                    }
                }
                Err(status) => Some(status),
            };
            match told {
                // Persons were linked since, or what it superseded comes with marks.
                Some(status) if status.code() == tonic::Code::FailedPrecondition => {}
                Some(status) => wrong.push(format!("line {line}: cannot be made again: {}", status.message())),
                None => {
                    let again = produced.map(|produced| produced.reproduction()).unwrap_or_default();
                    if again != v1::Reproduction::WithMarks && json != *first {
                        wrong.push(format!("line {line}: the report is another when it is made again"));
                    }
                }
            }
        }
        Ok(wrong)
    }

    fn kept(&self, question: &Question, files: &BTreeMap<i32, Vec<u8>>) -> Result<(), CliError> {
        let Some(directory) = &self.run.keep else { return Ok(()) };
        let wrong = |error| CliError::new(format!("{}: {error}", directory.display()));
        std::fs::create_dir_all(directory).map_err(wrong)?;
        let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
        for (format, bytes) in files {
            let ending = if *format == v1::ReportFormat::Json as i32 { "json" } else { "html" };
            std::fs::write(directory.join(format!("{stem}-{}.{ending}", question.line)), bytes).map_err(wrong)?;
        }
        Ok(())
    }

    /// The report's files by format, its answer in one sentence, and the entry that records it.
    async fn asked(&self, question: &Question) -> Result<(BTreeMap<i32, Vec<u8>>, String, u64), CliError> {
        let (client, ledger) = (&self.client, self.client.ledger.clone());
        let page = self.run.keep.as_ref().map(|_| v1::ReportFormat::Html as i32);
        let formats = std::iter::once(v1::ReportFormat::Json as i32).chain(page).collect();
        let cut_off = play::timestamp(question.at_us);
        let (mut files, mut answer, mut index) = (BTreeMap::<i32, Vec<u8>>::new(), String::new(), 0);
        macro_rules! receive {
            ($call:expr, $module:ident) => {
                let mut pieces = $call.await?.into_inner();
                while let Some(message) = pieces.message().await? {
                    match message.piece {
                        Some(v1::$module::Piece::File(file)) => files.entry(file.format).or_default().extend(file.data),
                        Some(v1::$module::Piece::Produced(produced)) => {
                            (answer, index) = (produced.answer, produced.index)
                        }
                        Some(v1::$module::Piece::Progress(_)) | None => {}
                    }
                }
            };
        }
        match &question.person {
            Some(person) => {
                let subject = Some(play::identity_of(self.scenario, person));
                let last = self.last_on.get(person).copied().unwrap_or_default();
                let request = v1::ProduceAccessReportRequest {
                    ledger,
                    subject,
                    cut_off,
                    formats,
                    supersedes: if question.again { last } else { 0 },
                    language: self.run.language.code().to_owned(),
                    edition: self.run.edition.wire(),
                    ..Default::default()
                };
                receive!(
                    client.reports().produce_access_report(client.request(request)),
                    produce_access_report_response
                );
            }
            None => {
                let resources = question.resources.clone();
                let supersedes = if question.again { self.last } else { 0 };
                let request = v1::ProduceExposureReportRequest {
                    ledger,
                    resources,
                    cut_off,
                    formats,
                    supersedes,
                    language: self.run.language.code().to_owned(),
                    ..Default::default()
                };
                receive!(
                    client.reports().produce_exposure_report(client.request(request)),
                    produce_exposure_report_response
                );
            }
        }
        Ok((files, answer, index))
    }
}
