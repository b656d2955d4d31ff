//! The life of a breach from outside: its steps, its deadline, what is refused, what stands sealed, and the register.

#[allow(dead_code, reason = "each test file uses its part")]
mod common;

use common::records::*;
use common::*;
use tonic::{Code, Status};
use whosaw::rpc::v1;
use whosaw::rpc::v1::case_service_client::CaseServiceClient;
use whosaw::rpc::v1::{CaseStep, RecordCaseStepRequest};

fn cases(client: &Client) -> CaseServiceClient<tonic::transport::Channel> {
    CaseServiceClient::new(client.channel.clone())
}

async fn record(client: &Client, request: RecordCaseStepRequest) -> Result<v1::RecordCaseStepResponse, Status> {
    Ok(cases(client).record_case_step(client.request(request)).await?.into_inner())
}

async fn opened(client: &Client) -> String {
    let request = RecordCaseStepRequest {
        step: CaseStep::Opened as i32,
        resources: vec!["crm".into()],
        reference: "incident 2026-7".into(),
        ..Default::default()
    };
    record(client, request).await.expect("a case").case.expect("told").case_id
}

/// A step of this case by a named human.
fn step(case_id: &str, step: CaseStep) -> RecordCaseStepRequest {
    RecordCaseStepRequest {
        case_id: case_id.into(),
        step: step as i32,
        by: Some(strong("staff", "dana the officer")),
        ..Default::default()
    }
}

fn answer(field: u32, values: &[&str]) -> v1::CaseAnswer {
    v1::CaseAnswer { field, values: values.iter().map(|value| (*value).into()).collect() }
}

async fn case(client: &Client, case_id: &str) -> v1::BreachCase {
    let request = v1::GetCaseRequest { case_id: case_id.into(), ..Default::default() };
    cases(client).get_case(client.request(request)).await.expect("a case").into_inner().case.expect("told")
}

/// Case 34: detected on Friday 2026-03-06 at 16:30, reasonable certainty at 18:10.
#[tokio::test(flavor = "multi_thread")]
async fn the_seventy_two_hours_run_from_the_awareness_that_a_human_states() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let detected = RecordCaseStepRequest { stated_at: time(1_772_814_600), ..step(&id, CaseStep::Detected) };
    let case = record(&client, detected).await.expect("recorded").case.expect("told");
    assert_eq!(case.deadline, None, "a signal is not awareness");
    let aware = RecordCaseStepRequest { stated_at: time(1_772_820_600), ..step(&id, CaseStep::Aware) };
    let case = record(&client, aware).await.expect("recorded").case.expect("told");
    let deadline = case.deadline.expect("aware");
    assert_eq!((deadline.strict, deadline.reading), (time(1_773_079_800), time(1_773_082_800)));
    assert_eq!((deadline.hours, deadline.default_of_the_template, deadline.missed), (72, true, true));
    assert_eq!((case.detected_at, case.aware_at), (time(1_772_814_600), time(1_772_820_600)));
    let submitted = RecordCaseStepRequest {
        stated_at: time(1_773_079_800),
        reference: "LDA-1234".into(),
        ..step(&id, CaseStep::Submitted)
    };
    let case = record(&client, submitted).await.expect("recorded").case.expect("told");
    assert_eq!(case.state(), v1::CaseState::Submitted);
    assert_eq!(case.submissions[0].reference, "LDA-1234");
    assert!(!case.deadline.expect("aware").missed, "it was in time, to the second");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_step_lacks_or_must_not_have_is_named_and_nothing_is_recorded() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let size = client.size().await;
    let of = |step: CaseStep| RecordCaseStepRequest { by: None, ..self::step(&id, step) };
    let named = |step: CaseStep| self::step(&id, step);
    let answering = |answers: Vec<v1::CaseAnswer>| RecordCaseStepRequest { answers, ..named(CaseStep::Answered) };
    let why = || "because".to_owned();
    for (request, fields) in [
        (of(CaseStep::Aware), vec!["by", "stated_at"]),
        (RecordCaseStepRequest { case_id: String::new(), ..named(CaseStep::Closed) }, vec!["case_id", "statement"]),
        (RecordCaseStepRequest { case_id: "7".into(), ..named(CaseStep::Closed) }, vec!["case_id"]),
        (RecordCaseStepRequest { stated_at: time(4_000_000_000), ..named(CaseStep::Aware) }, vec!["stated_at"]),
        (of(CaseStep::Read), vec!["step"]),
        (of(CaseStep::Detected), vec!["stated_at"]),
        (named(CaseStep::NotNotified), vec!["statement"]),
        (named(CaseStep::Answered), vec!["answers"]),
        (RecordCaseStepRequest { level: "sev-2".into(), ..answering(vec![answer(62, &["x"])]) }, vec!["level"]),
        (RecordCaseStepRequest { level: "sev-9".into(), statement: why(), ..named(CaseStep::Severity) }, vec!["level"]),
        (RecordCaseStepRequest { statement: why(), ..named(CaseStep::Severity) }, vec!["level"]),
        (
            RecordCaseStepRequest {
                figure: Some(v1::SeverityFigure { context: 3, identification: 60, ..Default::default() }),
                statement: why(),
                ..named(CaseStep::Severity)
            },
            vec!["figure.identification"],
        ),
        (of(CaseStep::Informed), vec!["stated_at", "channel", "delivery", "told"]),
        (
            RecordCaseStepRequest {
                told: vec![strong("customer", "anna"), strong("customer", "anna")],
                channel: v1::Channel::Individual as i32,
                delivery: v1::Delivery::Failed as i32,
                message: vec![1; 31],
                ..of(CaseStep::Informed)
            },
            vec!["statement", "told", "message"],
        ),
        (answering(vec![answer(8, &["x"])]), vec!["answers[0].field"]),
        (answering(vec![answer(300, &["x"])]), vec!["answers[0].field"]),
        (answering(vec![answer(62, &["x"]), answer(55, &["z"])]), vec!["answers[1].values"]),
        (answering(vec![answer(4, &["a"]), answer(44, &["e"])]), vec!["answers (field 44)"]),
        (RecordCaseStepRequest { report: 1, stated_at: time(1), ..named(CaseStep::Submitted) }, vec!["report"]),
        (RecordCaseStepRequest { channel: 77, ..named(CaseStep::Informed) }, vec!["channel"]),
        (of(CaseStep::Retracted), vec!["by", "statement", "retracts"]),
        (RecordCaseStepRequest { retracts: 1, statement: why(), ..named(CaseStep::Retracted) }, vec!["retracts"]),
        // The opening itself: what is over is closed.
        (
            RecordCaseStepRequest { retracts: size - 1, statement: why(), ..named(CaseStep::Retracted) },
            vec!["retracts"],
        ),
        (
            RecordCaseStepRequest { stated_at: time(1), retracts: 1, statement: why(), ..named(CaseStep::Retracted) },
            vec!["stated_at", "retracts"],
        ),
        (RecordCaseStepRequest { retracts: 1, statement: why(), ..named(CaseStep::Closed) }, vec!["retracts"]),
    ] {
        let said = format!("{request:?}");
        let refused = record(&client, request).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument, "{said}: {refused:?}");
        assert_eq!(wrong_fields(&refused), fields, "{said}");
    }
    let opening = RecordCaseStepRequest { step: CaseStep::Opened as i32, ..Default::default() };
    assert_eq!(wrong_fields(&record(&client, opening).await.expect_err("refused")), ["resources"]);
    let other = RecordCaseStepRequest { statement: why(), ..step(&uuid(7), CaseStep::Closed) };
    assert_eq!(record(&client, other).await.expect_err("refused").code(), Code::NotFound);
    assert_eq!(client.size().await, size, "nothing was recorded");
}

fn uuid(byte: u8) -> String {
    [byte; 16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whoever was notified before anybody was aware was notified of nothing.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_submitted_before_somebody_is_aware() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let submit = |at: i64| RecordCaseStepRequest { stated_at: time(at), ..step(&id, CaseStep::Submitted) };
    let early = record(&client, submit(1_773_000_000)).await.expect_err("nobody is aware");
    assert_eq!(early.code(), Code::FailedPrecondition);
    let aware = |at: i64| RecordCaseStepRequest { stated_at: time(at), ..step(&id, CaseStep::Aware) };
    record(&client, aware(1_772_820_600)).await.expect("recorded");
    let before = record(&client, submit(1_772_820_599)).await.expect_err("it lies before");
    assert_eq!(wrong_fields(&before), ["stated_at"]);
    // A second statement does not hide the first, and moves nothing on.
    let case = record(&client, aware(1_772_900_000)).await.expect("recorded").case.expect("told");
    assert_eq!((case.aware_at, case.awareness_moved_later), (time(1_772_820_600), true));
    let counts: Vec<bool> = case.awareness.iter().map(|aware| aware.counts).collect();
    assert_eq!(counts, [true, false]);
    assert_eq!(case.awareness[1].strict, time(1_773_159_200));
    let deadline = case.deadline.expect("aware");
    assert_eq!((deadline.strict, deadline.index), (time(1_773_079_800), case.awareness[0].index));
}

/// What was stated by mistake is taken back by a named human with a reason; it stays told, and so does the deadline it gave.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_was_taken_back_counts_no_more_and_stays_told() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let aware = |at: i64| RecordCaseStepRequest { stated_at: time(at), ..step(&id, CaseStep::Aware) };
    let take_back = |entry: u64| RecordCaseStepRequest {
        retracts: entry,
        statement: "the wrong year".into(),
        ..step(&id, CaseStep::Retracted)
    };
    let wrong = record(&client, aware(1_741_284_600)).await.expect("recorded").case.expect("told");
    let (wrong, gave) = (wrong.awareness[0].index, wrong.deadline.expect("it runs").strict);
    let taken = record(&client, take_back(wrong)).await.expect("recorded").case.expect("told");
    assert_eq!((taken.aware_at, &taken.deadline), (None, &None), "nobody is aware");
    let gone = taken.retracted_deadline.expect("it does not go unseen");
    assert_eq!((gone.index, gone.strict, gone.hours), (wrong, gave, 72));
    assert!(gone.passed_before && gone.missed, "it had passed when it was taken back");
    let submit = RecordCaseStepRequest { stated_at: time(1_773_079_800), ..step(&id, CaseStep::Submitted) };
    let early = record(&client, submit.clone()).await.expect_err("nobody is aware any more");
    assert_eq!(early.code(), Code::FailedPrecondition);
    record(&client, aware(1_772_820_600)).await.expect("recorded");
    record(&client, submit).await.expect("submitted");
    let case = self::case(&client, &id).await;
    let deadline = case.deadline.expect("it runs");
    assert_eq!((deadline.strict, deadline.missed), (time(1_773_079_800), false), "from the statement that stands");
    let gone = case.retracted_deadline.expect("told for good");
    assert!(gone.missed, "by the statement that was taken back it was late");
    let told: Vec<(u64, bool)> = case.awareness.iter().map(|it| (it.retracted_by, it.counts)).collect();
    assert_eq!(told, [(gone.retracted_by, false), (0, true)]);
    let step = case.steps.iter().find(|step| step.index == gone.retracted_by).expect("a step");
    assert_eq!((step.step(), step.retracts, step.by.len()), (CaseStep::Retracted, wrong, 1));
    assert_eq!(step.part.as_ref().map(|part| part.statement.as_str()), Some("the wrong year"));
    assert_eq!(case.steps.iter().find(|step| step.index == wrong).map(|step| step.retracted_by), Some(step.index));
    let twice = record(&client, take_back(wrong)).await.expect_err("it is taken back");
    assert_eq!(wrong_fields(&twice), ["retracts"]);
    // The authority's number was wrong: the submission is taken back and recorded anew.
    let submitted = case.submissions[0].index;
    let taken = record(&client, take_back(submitted)).await.expect("recorded").case.expect("told");
    assert_eq!((taken.state(), taken.submissions.len()), (v1::CaseState::Open, 0));
    assert!(taken.deadline.expect("it runs").missed, "nothing was submitted by now");
    let last = client.size().await - 1;
    let again = record(&client, take_back(last)).await.expect("recorded").case.expect("told");
    assert_eq!(
        (again.state(), again.submissions.len()),
        (v1::CaseState::Submitted, 1),
        "the retraction was the mistake"
    );
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn later_answers_stand_in_the_place_of_earlier_ones_and_are_judged_together() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let answering = |answers: Vec<v1::CaseAnswer>| RecordCaseStepRequest { answers, ..step(&id, CaseStep::Answered) };
    let first = answering(vec![answer(3, &["a"]), answer(4, &["b"]), answer(67, &["d"])]);
    record(&client, first).await.expect("incomplete for now");
    // Complete it cannot be while a number is still to be determined.
    let complete = record(&client, answering(vec![answer(4, &["a"])])).await.expect_err("refused");
    assert_eq!(wrong_fields(&complete), ["answers (field 67)"]);
    let both = answering(vec![answer(4, &["a"]), answer(67, &["a"]), answer(68, &["3"])]);
    record(&client, both).await.expect("complete");
    record(&client, answering(vec![answer(68, &[])])).await.expect("taken back");
    let case = case(&client, &id).await;
    let expected = [answer(3, &["a"]), answer(4, &["a"]), answer(67, &["a"])];
    assert_eq!(case.answers, expected);
    let by = &case.steps[1].by;
    assert_eq!((by[0].namespace.as_str(), by[0].fields[0].as_str()), ("staff", "dana the officer"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_case_takes_no_step_before_it_is_opened_again() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let why = |request: RecordCaseStepRequest| RecordCaseStepRequest { statement: "no risk".into(), ..request };
    let again = || RecordCaseStepRequest { by: None, ..why(step(&id, CaseStep::Opened)) };
    assert_eq!(record(&client, again()).await.expect_err("it is open").code(), Code::FailedPrecondition);
    record(&client, why(step(&id, CaseStep::NotNotified))).await.expect("decided");
    let closed = record(&client, why(step(&id, CaseStep::Closed))).await.expect("closed").case.expect("told");
    assert_eq!((closed.state(), closed.not_notified_because.as_str()), (v1::CaseState::Closed, "no risk"));
    let late = why(step(&id, CaseStep::NotNotified));
    assert_eq!(record(&client, late).await.expect_err("it is closed").code(), Code::FailedPrecondition);
    let open = record(&client, again()).await.expect("opened again").case.expect("told");
    assert_eq!(open.state(), v1::CaseState::NotNotified);
}

/// Page one and the register would else say both that it was notified and that it need not be, and the reason nowhere.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_notified_is_not_decided_to_need_no_notification_before_that_is_taken_back() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let at = |step: CaseStep| RecordCaseStepRequest { stated_at: time(1_772_820_600), ..self::step(&id, step) };
    record(&client, at(CaseStep::Aware)).await.expect("aware");
    let sent = record(&client, RecordCaseStepRequest { reference: "LDA-9".into(), ..at(CaseStep::Submitted) });
    let sent = sent.await.expect("notified").receipt.expect("a receipt").index;
    let not_due =
        || RecordCaseStepRequest { statement: "a risk is unlikely".into(), ..step(&id, CaseStep::NotNotified) };
    let refused = record(&client, not_due()).await.expect_err("it was notified");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains(&format!("as entry {sent} says")), "{}", refused.message());
    let back =
        RecordCaseStepRequest { retracts: sent, statement: "sent to nobody".into(), ..step(&id, CaseStep::Retracted) };
    record(&client, back).await.expect("taken back");
    let decided = record(&client, not_due()).await.expect("decided").case.expect("told");
    assert_eq!(
        (decided.state(), decided.not_notified_because.as_str()),
        (v1::CaseState::NotNotified, "a risk is unlikely")
    );
}

/// What is public says that a step was taken, and nothing of whom or what it was about.
#[tokio::test(flavor = "multi_thread")]
async fn texts_answers_and_people_stand_sealed_and_every_reading_is_recorded() {
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let request = RecordCaseStepRequest {
        answers: vec![answer(62, &["a secret of Anna"])],
        statement: "why it was".into(),
        ..step(&id, CaseStep::Answered)
    };
    record(&client, request).await.expect("recorded");
    let told = RecordCaseStepRequest {
        told: vec![strong("customer", "anna"), strong("customer", "ben")],
        channel: v1::Channel::Individual as i32,
        delivery: v1::Delivery::Delivered as i32,
        message: vec![9; 32],
        stated_at: time(1_773_079_800),
        by: None,
        ..step(&id, CaseStep::Informed)
    };
    record(&client, told).await.expect("recorded");
    let before = client.size().await;
    let shown = case(&client, &id).await;
    assert_eq!((shown.told, shown.steps[2].told.len(), shown.reference.as_str()), (2, 2, "incident 2026-7"));
    let listed = cases(&client).list_cases(client.request(v1::ListCasesRequest::default())).await.expect("a register");
    let listed = listed.into_inner().cases;
    assert_eq!((listed.len(), listed[0].case_id.as_str(), listed[0].steps.len()), (1, id.as_str(), 0));
    assert_eq!(client.size().await, before + 2, "both readings are entries");
    for index in 0..before + 2 {
        let entry = client.entry(index).await;
        let public = String::from_utf8_lossy(&entry.body).into_owned();
        for secret in ["dana", "anna", "ben", "secret", "why it was", "crm", "2026-7"] {
            assert!(!public.contains(secret), "{secret} stands in the open of entry {index}");
        }
    }
    let last = client.entry(before + 1).await;
    let Some(v1::entry::Content::Case(body)) = last.content else { panic!("a step") };
    assert_eq!((body.step(), body.case.len()), (CaseStep::Read, 0));
    judge::check(&client, &client.key().await).await;
}

/// The officer's name can go; what the officer decided stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_case_outlives_the_erasure_of_those_in_it() {
    use v1::privacy_service_client::PrivacyServiceClient;
    let server = TestServer::new();
    let client = server.client_as("desk").await;
    let id = opened(&client).await;
    let aware = RecordCaseStepRequest {
        stated_at: time(1_773_079_800),
        statement: "certain by then".into(),
        ..step(&id, CaseStep::Aware)
    };
    record(&client, aware).await.expect("recorded");
    let mut privacy = PrivacyServiceClient::new(client.channel.clone());
    let about = v1::PersonCase {
        subject: Some(strong("staff", "dana the officer")),
        ground: v1::Ground::ConsentWithdrawn as i32,
        ..Default::default()
    };
    let request = v1::RequestErasureRequest { about: Some(about), ..Default::default() };
    let asked = privacy.request_erasure(client.request(request)).await.expect("asked").into_inner();
    assert!(asked.blocked, "whoever acted in an open case waits for its end");
    let batch = || client.request(v1::RunErasuresRequest::default());
    privacy.run_erasures(batch()).await.expect("a batch runs");
    assert!(!case(&client, &id).await.steps[1].by.is_empty(), "it waits");
    let closed = RecordCaseStepRequest {
        statement: "done".into(),
        by: Some(strong("staff", "carl")),
        ..step(&id, CaseStep::Closed)
    };
    record(&client, closed).await.expect("closed");
    privacy.run_erasures(batch()).await.expect("a batch runs");
    let case = case(&client, &id).await;
    let aware = &case.steps[1];
    assert!(aware.by.is_empty() && aware.by_erased);
    assert_eq!(aware.part.as_ref().map(|part| part.statement.as_str()), Some("certain by then"));
    assert_eq!(case.aware_at, time(1_773_079_800));
    let checked = judge::holds(&client, &client.key().await).await;
    assert_eq!(checked.report.parts.removed, 2, "of the step, and of the request itself");
}

#[test]
fn the_command_line_walks_a_case_from_signal_to_register() {
    let server = TestServer::new();
    let said = run(&mut server.client_command(&["breach", "open", "--resource", "crm", "--reference", "I-7"]), 0).out;
    let id = said.split_whitespace().skip_while(|word| *word != "case").nth(1).expect("an id").to_owned();
    let dana = ["--by", "staff=dana"];
    let walk = |words: &[&str]| run(server.client_command(&["breach"]).args(words), 0).out;
    let aware = walk(&[&["aware", &id, "--at", "2026-03-06T18:10:00Z"][..], &dana].concat());
    assert!(aware.contains("deadline  2026-03-09 18:10:00 UTC  (72 h, default of the template, MISSED)"), "{aware}");
    assert!(aware.contains("2026-03-09 19:00:00 UTC  (Reg. 1182/71, Europe/Berlin, for information)"), "{aware}");
    walk(&[&["answer", &id, "--set", "55=a", "--set", "55=c", "--set", "62=as told"][..], &dana].concat());
    let enisa = ["--level", "sev-2", "--dpc", "3", "--ei", "0.75", "--confidentiality", "0.25", "--malicious"];
    walk(&[&["severity", &id, "--statement", "many people"][..], &enisa, &dana].concat());
    let show = walk(&["show", &id]);
    for words in
        ["severity  sev-2", "ENISA     3.00", "EDPB 55   a; c", "by staff=dana", "answers given", "reference I-7"]
    {
        assert!(show.contains(words), "{words:?} is not in: {show}");
    }
    let entries = run(&mut server.client_command(&["list", "--kind", "case"]), 0).out;
    assert!(entries.contains(&format!("answered {id}")) && entries.contains(&format!("read {id}")), "{entries}");
    let list = walk(&["list"]);
    assert!(list.contains(&id) && !list.contains("staff=dana"), "{list}");
    let refused = run(server.client_command(&["breach", "answer", &id, "--set", "55=z"]).args(dana), 1).err;
    assert!(refused.contains("(field 55) has a code that is none of its options"), "{refused}");
}
