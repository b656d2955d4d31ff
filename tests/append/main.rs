//! Recording from outside: the four ways in, what their receipts prove, what is refused and how, and that the same
//! request is recorded once whatever happens in between.
//!
//! Every test ends at the door of `judge::check`: the whole ledger, exported with its content, holds.

#[allow(dead_code, reason = "each test file uses its part")]
#[path = "../common/mod.rs"]
mod common;
mod fields;
mod large;
mod minimised;
mod refused;
mod signed;

use common::records::*;
use common::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use tonic::Code;
use tonic_types::StatusExt as _;
use whosaw::rpc::v1;
use whosaw::rpc::v1::append_stream_response::Result as Answer;
use whosaw_verifier::body::Body;

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_answers_with_receipts_that_hold() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let key = client.key().await;
    let size = client.size().await;

    let mut receipts =
        vec![client.append(plain()).await.expect("unary"), client.append(about("anna")).await.expect("unary")];
    let batch =
        client.batch(vec![plain().record(), about("ben").record(), about("anna").record()]).await.expect("a batch");
    assert_eq!(indexes(&batch.ranges), [size + 2, size + 3, size + 4]);
    assert_eq!(batch.ranges.len(), 1, "all new: one range");
    let head = judge::checkpoint(&batch.checkpoint.expect("a head"), &key);
    assert!(head.checkpoint().size >= size + 5, "the head covers the batch");

    let answers = client
        .stream(vec![plain().record(), about("cleo").record()], v1::AppendDetail::Receipt)
        .await
        .expect("a stream");
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!((answer.first_message, answer.messages), (number as u64, 1));
        let Some(Answer::Receipt(receipt)) = answer.result else { panic!("{:?}", answer.result) };
        receipts.push(receipt);
    }
    let head = v1::AppendRequest { ledger: String::new(), record: Some(about("anna").record()) };
    let more = v1::SubjectPiece { subjects: vec![subject("dora"), subject("emil")] };
    let pieces = vec![
        v1::append_large_request::Piece::Head(head),
        v1::append_large_request::Piece::Subjects(more),
        v1::append_large_request::Piece::Arguments(b"{\"a\":".to_vec()),
        v1::append_large_request::Piece::Arguments(b"1}".to_vec()),
        v1::append_large_request::Piece::Result(b"text".to_vec()),
        v1::append_large_request::Piece::Records(v1::RecordPiece { records: vec![record("r-1")] }),
    ];
    receipts.push(client.large(pieces).await.expect("a large one"));

    let found: Vec<u64> = receipts.iter().map(|receipt| receipt.index).collect();
    assert_eq!(found, [size, size + 1, size + 5, size + 6, size + 7], "each has the next place");
    for receipt in &receipts {
        assert!(!receipt.replayed && !receipt.unchecked);
        let verified = judge::receipt(receipt, &key);
        let entry = client.entry(receipt.index).await;
        assert_eq!(
            (entry.leaf_hash, entry.body, entry.salt),
            (receipt.leaf_hash.clone(), receipt.body.clone(), receipt.salt.clone())
        );
        assert_eq!(entry.header, verified.header.encode());
    }
    let large = client.opened(size + 7).await;
    let content = content_of(&large);
    assert_eq!((content.arguments.as_slice(), content.result.as_slice()), (&b"{\"a\":1}"[..], &b"text"[..]));
    assert_eq!(content.records.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["r-1"]);
    let persons: BTreeSet<_> = large
        .parts
        .iter()
        .flat_map(|p| &p.part.as_ref().expect("opens").person)
        .map(|p| p.identities[0].fields[0].as_str())
        .collect();
    assert_eq!(persons, BTreeSet::from(["anna", "dora", "emil"]));

    judge::check(&client, &key).await;
    assert_eq!(server.stop().code(), Some(0));
}

fn record(id: &str) -> v1::DataRecord {
    v1::DataRecord { dataset: "orders".into(), id: id.into(), scope: v1::RecordScope::System as i32 }
}

fn content_of(entry: &v1::Entry) -> v1::ContentPart {
    entry.parts.iter().find_map(|part| part.part.as_ref()?.content.clone()).expect("the content opens")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_on_a_stream_belongs_to_its_message_and_the_stream_goes_on() {
    let server = TestServer::new();
    let client = server.client().await;
    let size = client.size().await;
    let wrong = || v1::Action { verb: "data.peek".into(), ..plain() };
    let taken = plain();
    client.append(taken.clone()).await.expect("recorded");
    let conflict = v1::Action { action_id: taken.action_id.clone(), ..about("anna") };
    let records = || -> Vec<v1::Record> {
        vec![
            plain().record(),
            wrong().record(),
            plain().record(),
            conflict.clone().record(),
            plain().record(),
            taken.clone().record(),
        ]
    };
    let answers = client.stream(records(), v1::AppendDetail::Receipt).await.expect("a stream");
    let said: Vec<_> = answers
        .into_iter()
        .map(|answer| match answer.result.expect("an answer") {
            Answer::Receipt(receipt) => (answer.first_message, receipt.index, receipt.replayed, Code::Ok),
            Answer::Error(status) => (answer.first_message, 0, false, Code::from(status.code)),
            Answer::Places(_) => panic!("receipts were asked for"),
        })
        .collect();
    assert_eq!(
        said,
        [
            (0, size + 1, false, Code::Ok),
            (1, 0, false, Code::InvalidArgument),
            (2, size + 2, false, Code::Ok),
            (3, 0, false, Code::AlreadyExists),
            (4, size + 3, false, Code::Ok),
            (5, size, true, Code::Ok),
        ]
    );
    // The same with places: the answers cover every message once, in order, whatever stands together.
    let answers = client.stream(records(), v1::AppendDetail::Place).await.expect("a stream");
    let (mut next, mut places) = (0, Vec::new());
    for answer in answers {
        assert_eq!(answer.first_message, next, "in order, without gaps");
        next += u64::from(answer.messages);
        match answer.result.expect("an answer") {
            Answer::Places(answered) => {
                let some = indexes(&answered.ranges);
                assert_eq!(some.len() as u32, answer.messages);
                let head = judge::checkpoint(&answered.checkpoint.expect("a head"), &client.key().await);
                assert!(some.iter().all(|index| *index < head.checkpoint().size));
                places.extend(some);
            }
            Answer::Error(status) => {
                assert!([1, 3].contains(&answer.first_message), "{status:?}");
                let details = prost::Message::encode_to_vec(&status);
                let status = tonic::Status::with_details(Code::from(status.code), status.message, details.into());
                assert_eq!(wrong_fields(&status).is_empty(), answer.first_message == 3, "details come along");
            }
            Answer::Receipt(_) => panic!("places were asked for"),
        }
    }
    assert_eq!((next, places), (6, vec![size + 4, size + 5, size + 6, size]));
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_says_so_and_keeps_what_it_acknowledged() {
    let server = TestServer::new();
    let client = server.client().await;
    let too_large = v1::Action { arguments: vec![b'x'; 33 << 20], ..plain() };
    let (first, never) = (plain(), plain());
    let records = vec![first.clone().record(), too_large.record(), never.clone().record()];
    let ended = client.stream(records, v1::AppendDetail::Receipt).await;
    let status = ended.expect_err("a stream that lost a message must not end as if it were complete");
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec!["message".into()]));
    assert!(client.append(first).await.expect("recorded").replayed, "what came before was recorded");
    assert!(!client.append(never).await.expect("recorded").replayed, "what came after was not");
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_an_id_is_known_again_by_its_place_in_its_conversation() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let at = |conversation: &str, sequence: &str| v1::ToolCall {
        action_id: String::new(),
        conversation: conversation.into(),
        sequence: sequence.into(),
        ..call("lookup", "{}", "{}")
    };
    // Where one text ends and the next begins makes a difference.
    let places = [("c-1", "1"), ("c-1", "2"), ("c-", "11"), ("caf\u{e9}", "1")];
    let mut first = Vec::new();
    for (conversation, sequence) in places {
        let receipt = client.append(at(conversation, sequence)).await.expect("recorded");
        assert!(!receipt.replayed, "{conversation} {sequence}");
        first.push(receipt.index);
    }
    let id_of = |entry: &v1::Entry| content_of(entry).action_id;
    let mut ids = BTreeSet::new();
    for index in &first {
        let id: [u8; 16] = id_of(&client.opened(*index).await).try_into().expect("a UUID");
        assert_eq!((id[6] >> 4, id[8] >> 6), (8, 0b10), "of version 8");
        ids.insert(id);
    }
    assert_eq!(ids.len(), places.len());
    server.restart();
    let client = server.client().await;
    let size = client.size().await;
    let again = places.map(|(conversation, sequence)| at(conversation, sequence)).to_vec();
    let batch = client.batch(again).await.expect("recorded before");
    assert_eq!(indexes(&batch.ranges), first);
    assert!(batch.ranges.iter().all(|range| range.replayed));
    let conflict = v1::ToolCall { result: b"else".to_vec(), ..at("c-1", "1") };
    assert_eq!(client.append(conflict).await.expect_err("other content").code(), Code::AlreadyExists);
    assert_eq!(client.size().await, size, "nothing was written");
    // The place is the caller's own, and the secret the ledger's.
    let receipt = server.client_as("another").await.append(at("c-1", "1")).await.expect("recorded");
    assert!(!receipt.replayed);
    assert!(!ids.contains(&id_of(&client.opened(receipt.index).await)[..]), "an id of its own");
    let elsewhere = TestServer::new();
    let there = elsewhere.client().await;
    let index = there.append(at("c-1", "1")).await.expect("recorded").index;
    assert!(!ids.contains(&id_of(&there.opened(index).await)[..]), "another ledger's secret");
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_recorded_once_and_another_under_its_id_not_at_all() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let key = client.key().await;
    let (nobody, person) = (plain(), about("anna"));
    let tool_call = call("lookup", "{\"id\":7}", "not json");
    let requests: [v1::Record; 3] = [nobody.clone().record(), person.clone().record(), tool_call.clone().record()];
    let mut first = Vec::new();
    for request in &requests {
        first.push(client.append(request.clone()).await.expect("recorded"));
    }
    let others: [v1::Record; 3] = [
        v1::Action { verb: "data.list".into(), ..nobody.clone() }.record(),
        v1::Action { subjects: vec![subject("ben")], ..person.clone() }.record(),
        v1::ToolCall { arguments: b"{\"id\":8}".to_vec(), ..tool_call.clone() }.record(),
    ];
    // In this life, in the next after an ordinary stop, and in the one after a kill.
    for life in ["the same", "a restarted", "a killed"] {
        match life {
            "a restarted" => server.restart(),
            "a killed" => {
                server.kill();
                server.start();
            }
            _ => {}
        }
        let client = server.client().await;
        let size = client.size().await;
        for ((request, other), first) in requests.iter().zip(&others).zip(&first) {
            let again = client.append(request.clone()).await.expect("recorded before");
            assert!(again.replayed && !again.unchecked, "in {life} server");
            assert_eq!((again.index, &again.leaf_hash, &again.body), (first.index, &first.leaf_hash, &first.body));
            judge::receipt(&again, &key);
            let status = client.append(other.clone()).await.expect_err("other content under the same id");
            assert_eq!(status.code(), Code::AlreadyExists, "in {life} server: {status}");
        }
        assert_eq!(client.size().await, size, "nothing was written in {life} server");
    }
    let stranger = server.client_as("another-gateway").await;
    let theirs = stranger.append(requests[0].clone()).await.expect("an id belongs to its caller");
    assert!(!theirs.replayed && theirs.index != first[0].index);
    judge::check(&stranger, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_all_or_nothing_and_gives_known_ids_their_old_places() {
    let server = TestServer::new();
    let client = server.client().await;
    let size = client.size().await;
    let (a, b) = (plain(), about("anna"));
    client.batch(vec![a.clone().record(), b.clone().record()]).await.expect("recorded");
    let (c, d) = (plain(), plain());
    let records: Vec<v1::Record> = [&c, &a, &d, &b].map(|action| action.clone().record()).to_vec();
    let mixed = client.batch(records).await.expect("recorded");
    let ranges: Vec<_> = mixed.ranges.iter().map(|r| (r.first_index, r.count, r.replayed)).collect();
    assert_eq!(ranges, [(size + 2, 1, false), (size, 1, true), (size + 3, 1, false), (size + 1, 1, true)]);

    let size = client.size().await;
    let other = v1::Action { verb: "data.list".into(), ..a.clone() };
    let fresh = plain();
    let status = client.batch(vec![fresh.clone().record(), other.record()]).await.expect_err("one differs");
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(client.size().await, size, "one that differs fails all");
    assert!(!client.append(fresh).await.expect("recorded").replayed);

    let size = client.size().await;
    let twice = about("ben");
    let shared =
        client.batch(vec![twice.clone().record(), plain().record(), twice.clone().record()]).await.expect("recorded");
    assert_eq!(indexes(&shared.ranges), [size, size + 1, size], "the same request twice shares an entry");
    let size = client.size().await;
    let e = plain();
    let differs = v1::Action { verb: "data.list".into(), ..e.clone() };
    let status =
        client.batch(vec![e.record(), plain().record(), differs.record()]).await.expect_err("twice, not the same");
    assert_eq!(
        (status.code(), wrong_fields(&status)),
        (Code::InvalidArgument, vec!["records[2].action_id".to_owned()])
    );
    assert_eq!(client.size().await, size);

    for (records, field) in [(Vec::new(), "records"), (vec![plain().record(); 8_193], "records")] {
        let status = client.batch(records).await.expect_err("too few or too many");
        assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    assert_eq!(client.size().await, size);
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_that_race_with_one_request_share_one_entry() {
    let server = TestServer::new();
    let clients = Arc::new([server.client().await, server.client().await, server.client().await]);
    let size = clients[0].size().await;
    for round in 0..20 {
        let same = if round % 2 == 0 { plain() } else { about("anna") };
        let racing: Vec<_> = (0..24)
            .map(|number| {
                let (clients, same) = (Arc::clone(&clients), same.clone());
                tokio::spawn(async move { clients[number % 3].append(same).await })
            })
            .collect();
        let (mut places, mut new) = (BTreeSet::new(), 0);
        for one in racing {
            let receipt = one.await.expect("it ran").expect("recorded");
            new += u32::from(!receipt.replayed);
            places.insert((receipt.index, receipt.leaf_hash));
        }
        assert_eq!((places.len(), new), (1, 1), "one entry, new for one of them");
    }
    assert_eq!(clients[0].size().await, size + 20);
    for _ in 0..20 {
        let id = new_id();
        let racing: Vec<_> = (0..12)
            .map(|number| {
                let (clients, id) = (Arc::clone(&clients), id.clone());
                let verb = if number % 2 == 0 { "data.read" } else { "data.list" };
                let action = v1::Action { action_id: id, verb: verb.into(), ..plain() };
                tokio::spawn(async move { (number % 2, clients[number % 3].append(action).await) })
            })
            .collect();
        let mut outcomes = BTreeSet::new();
        for one in racing {
            let (content, answer) = one.await.expect("it ran");
            outcomes.insert((content, answer.map(|receipt| receipt.index).map_err(|status| status.code() as i32)));
        }
        let won: Vec<_> = outcomes.iter().filter(|(_, answer)| answer.is_ok()).collect();
        assert_eq!((won.len(), outcomes.len()), (1, 2), "one content has the id, the other is told: {outcomes:?}");
        assert!(outcomes.iter().any(|(_, answer)| *answer == Err(Code::AlreadyExists as i32)), "{outcomes:?}");
    }
    assert_eq!(clients[0].size().await, size + 40);
    judge::check(&clients[0], &clients[0].key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ledgers_of_one_server_do_not_mix() {
    const OTHER: &str = "ledger.example/other";
    let server = Setup::default().origins(&[ORIGIN, OTHER]).start();
    let client = server.client().await;
    let (one, two) = (client.clone().of_ledger(ORIGIN), client.clone().of_ledger(OTHER));
    let status = client.append(plain()).await.expect_err("which ledger?");
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec!["ledger".to_owned()]));
    let status = client.clone().of_ledger("ledger.example/none").append(plain()).await.expect_err("there is none");
    assert_eq!(status.code(), Code::NotFound);

    let (first_one, first_two) = (one.size().await, two.size().await);
    let same = about("anna");
    let in_one = one.append(same.clone()).await.expect("recorded");
    let in_two = two.append(same.clone()).await.expect("recorded");
    assert!(!in_two.replayed, "the id is another ledger's");
    let (key_one, key_two) = (one.key().await, two.key().await);
    assert_ne!(key_one.to_string(), key_two.to_string());
    judge::receipt(&in_one, &key_one);
    judge::receipt(&in_two, &key_two);
    let parsed = whosaw_verifier::receipt::Receipt::parse(in_one.tlog_proof.as_bytes()).expect("a receipt");
    assert!(
        whosaw_verifier::receipt::verify(&parsed, std::slice::from_ref(&key_two), None).is_err(),
        "it proves nothing there"
    );
    one.append(plain()).await.expect("recorded");
    assert_eq!((one.size().await, two.size().await), (first_one + 2, first_two + 1));
    let anna = v1::EntryFilter { data_subject: Some(strong("customer", "anna")), ..Default::default() };
    assert_eq!((one.list(&anna, 10).await, two.list(&anna, 10).await), (vec![in_one.index], vec![in_two.index]));
    judge::check(&one, &key_one).await;
    judge::check(&two, &key_two).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_is_recorded_as_it_says_and_marked_as_unproven() {
    let server = TestServer::new();
    let known = server.client_as("gateway-1").await;
    known.register(v1::RegistryKind::Source, &["gateway-1"]).await;
    for (caller, public, sealed) in
        [("", "", None), ("gateway-1", "gateway-1", None), ("stranger", "", Some("stranger"))]
    {
        let client = server.client_as(caller).await;
        let receipt = client.append(plain()).await.expect("recorded");
        let Ok(Body::Action(body)) = Body::decode(1, &receipt.body) else { panic!("an action") };
        let said = body.caller.as_ref().expect("a caller");
        assert_eq!((said.name.as_str(), said.assurance), (public, whosaw::model::Assurance::SelfAsserted));
        let opened = client.opened(receipt.index).await;
        let names =
            opened.parts.iter().flat_map(|part| part.part.iter().flat_map(|p| &p.content)).flat_map(|c| &c.names);
        let caller_name = v1::NamedField::CallerName as i32;
        let hidden: Vec<_> = names.filter(|name| name.field == caller_name).map(|name| name.value.as_str()).collect();
        assert_eq!(hidden, sealed.into_iter().collect::<Vec<_>>(), "for the caller {caller:?}");
    }
    let mut request = tonic::Request::new(v1::AppendRequest { ledger: String::new(), record: Some(plain().record()) });
    request.metadata_mut().insert(whosaw::rpc::CALLER, "x".repeat(129).parse().expect("ASCII"));
    let status = known.ledgers().append(request).await.expect_err("too long a name");
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec!["whosaw-caller".to_owned()]));
    judge::check(&known, &known.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_to_a_registered_source_become_one_coverage_entry() {
    let mut server = TestServer::new();
    let client = server.client().await;
    client.register(v1::RegistryKind::Source, &["gateway-1", "gateway-2", "gateway-3", "gateway-4"]).await;
    let wrong = |source: &str| v1::Action {
        verb: "data.peek".into(),
        source: Some(v1::Source { name: source.into(), ..Default::default() }),
        ..plain()
    };
    let size = client.size().await;
    for _ in 0..3 {
        client.append(wrong("gateway-1")).await.expect_err("refused");
    }
    client.append(wrong("nobody-knows")).await.expect_err("refused");
    let as_source = server.client_as("gateway-2").await;
    as_source.append(v1::Action { verb: String::new(), ..plain() }).await.expect_err("refused");
    client
        .stream(vec![wrong("gateway-3").record(), plain().record()], v1::AppendDetail::Receipt)
        .await
        .expect("a stream");
    client.batch(vec![wrong("gateway-3").record()]).await.expect_err("refused");
    // Of a batch nothing is recorded, so that it is a gap of everybody in it, and of each once.
    let good = v1::Action { verb: "data.read".into(), ..wrong("gateway-4") };
    let batch = vec![plain(), good.clone(), wrong("gateway-1"), wrong("nobody-knows"), good];
    client.batch(batch).await.expect_err("refused");
    assert_eq!(client.size().await, size + 1, "a refusal writes nothing at once");
    server.restart();
    let client = server.client().await;
    let mut found = Vec::new();
    for index in client.of_kind(v1::EntryKind::Coverage).await {
        let Some(v1::entry::Content::Coverage(coverage)) = client.entry(index).await.content else {
            panic!("coverage")
        };
        assert!(coverage.from_us > 0 && coverage.from_us < coverage.until_us, "{coverage:?}");
        assert_eq!(
            (coverage.state, coverage.reason),
            (v1::CoverageState::Refused as i32, Code::InvalidArgument as u32)
        );
        found.push((coverage.source, coverage.refused));
    }
    let expected = [("gateway-1", 4), ("gateway-2", 1), ("gateway-3", 2), ("gateway-4", 1)];
    assert_eq!(found, expected.map(|(source, count)| (source.to_owned(), count)));
    server.restart();
    let client = server.client().await;
    assert_eq!(client.of_kind(v1::EntryKind::Coverage).await.len(), 4, "told once");
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_says_when_to_come_again() {
    let Some(disk) = disk::Disk::new() else { return };
    let setup = disk.under(Setup::default().env("WHOSAW_WAITING_ENTRIES", "8"));
    let server = setup.start();
    let client = server.client().await;
    disk.set("stall", ".log");
    let waiting: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.append(plain()).await })
        })
        .collect();
    disk.stalled().await;
    let mut busy = None;
    until("the pool to be full", || {
        let client = client.clone();
        async move { tokio::time::timeout(std::time::Duration::from_millis(20), client.append(plain())).await.is_ok() }
    })
    .await;
    disk.clear("stall");
    let mut recorded = 0;
    for one in waiting {
        match one.await.expect("it ran") {
            Ok(_) => recorded += 1,
            Err(status) => busy = Some(status),
        }
    }
    let busy = busy.expect("64 do not fit where 8 may wait");
    assert_eq!(busy.code(), Code::ResourceExhausted);
    let delay = busy.get_details_retry_info().and_then(|info| info.retry_delay).expect("a delay");
    assert!(delay.as_secs() < 3);
    assert!(busy.metadata().get_bin("google.rpc.retryinfo-bin").is_some(), "also where other clients look for it");
    assert!(recorded >= 8, "{recorded} were recorded");
    // Appends that were given up above may still wait.
    until("the pool to have room", || async { client.append(plain()).await.is_ok() }).await;
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_teaches_nobody_who_is_whom() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let first = v1::Action { action_id: id(1), ..about("mia") };
    client.append(first.clone()).await.expect("recorded");
    let mut other = first;
    other.subjects[0].identities.push(strong("email", "victim@example.com"));
    for _ in 0..2 {
        let status = client.append(other.clone()).await.expect_err("other content");
        assert_eq!(status.code(), Code::AlreadyExists);
        let status = client.batch(vec![plain(), other.clone()]).await.expect_err("other content");
        assert_eq!(status.code(), Code::AlreadyExists);
        client.append(about("mia")).await.expect("recorded");
        let victim =
            v1::EntryFilter { data_subject: Some(strong("email", "victim@example.com")), ..v1::EntryFilter::default() };
        assert_eq!(client.list(&victim, 100).await, Vec::<u64>::new(), "an entry under an identifier that none holds");
    }
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_name_is_nowhere_on_the_disk() {
    const CALLER: &str = "alice.smith@corp.example";
    let mut server = TestServer::new();
    let client = server.client_as(CALLER).await;
    let action = v1::Action { action_id: id(7), ..about("mia") };
    let receipt = client.append(action.clone()).await.expect("recorded");
    assert_eq!(server.stop().code(), Some(0));
    server.start();
    let again = server.client_as(CALLER).await.append(action.clone()).await.expect("the same request");
    assert_eq!((again.index, again.replayed), (receipt.index, true), "the caller is known again");
    let other = server.client_as("bob").await.append(action).await.expect("somebody else's request");
    assert!(!other.replayed && other.index > receipt.index);
    assert_eq!(server.stop().code(), Some(0));
    let mut directories = vec![server.data()];
    let mut files = 0;
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if entry.file_name() != "ballast" {
                let bytes = std::fs::read(&path).expect("a file");
                let found = bytes.windows(CALLER.len()).any(|window| window == CALLER.as_bytes());
                assert!(!found, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 10, "{files} files were looked at");
}
