//! One action about very many persons: it arrives in pieces, becomes one entry, and takes no more memory than was set
//! aside for it.

use crate::common::records::*;
use crate::common::*;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use whosaw::rpc::v1::append_large_request::Piece;
use whosaw::rpc::v1::*;

const PERSONS: usize = 100_000;
/// What 100,000 persons may take on top of what the server held before, whatever the allocator keeps.
const MEMORY: u64 = 1_200 << 20;

fn head(action: Action) -> Piece {
    Piece::Head(AppendRequest { ledger: String::new(), record: Some(action.record()) })
}

/// Pieces of at most a mebibyte each.
fn pieces(subjects: impl Iterator<Item = Subject>) -> Vec<Piece> {
    let (mut pieces, mut piece, mut bytes) = (Vec::new(), SubjectPiece::default(), 0);
    for subject in subjects {
        let more = prost::Message::encoded_len(&subject) + 8;
        if bytes + more > (1 << 20) - 64 {
            pieces.push(Piece::Subjects(std::mem::take(&mut piece)));
            bytes = 0;
        }
        bytes += more;
        piece.subjects.push(subject);
    }
    pieces.push(Piece::Subjects(piece));
    pieces
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_about_a_hundred_thousand_persons_becomes_one_entry() {
    let mut server = TestServer::new();
    let client = server.client().await;
    let size = client.size().await;
    let before = server.resident();
    let action = Action {
        determination: Determination::Listed as i32,
        subjects_delivered: Some(Quantity { precision: Precision::Exact as i32, count: PERSONS as u64 }),
        ..plain()
    };
    let customer = |number: usize| subject(&format!("customer-{number}"));
    let messages: Vec<Piece> = [head(action)].into_iter().chain(pieces((0..PERSONS).map(customer))).collect();
    let start = Instant::now();
    let receipt = client.large(messages.clone()).await.expect("it is recorded");
    let took = start.elapsed();
    let (peak, after) = (server.resident_peak(), server.resident());
    println!(
        "{PERSONS} persons in {} pieces: {took:.1?}; resident {} MiB before, {} at most, {} after",
        messages.len() - 1,
        before >> 20,
        peak >> 20,
        after >> 20
    );
    assert_eq!((receipt.index, client.size().await), (size, size + 1), "one entry");
    assert!(peak < before + MEMORY, "it took {} MiB more", (peak - before) >> 20);
    let key = client.key().await;
    let verified = judge::receipt(&receipt, &key);
    assert_eq!(verified.header.parts as usize, PERSONS + 1, "a part for each, and the content");
    let body = <ActionBody as prost::Message>::decode(receipt.body.as_slice()).expect("an action");
    assert_eq!(body.parts.len(), 2, "persons that are alike in public stand in one group");

    // Each of them is found again, and the action is found by each.
    for number in [0, 1, PERSONS / 2, PERSONS - 1] {
        let one = strong("customer", &format!("customer-{number}"));
        let filter = EntryFilter { data_subject: Some(one), ..Default::default() };
        assert_eq!(client.list(&filter, 10).await, [size], "customer-{number}");
    }
    let again = client.large(messages.clone()).await.expect("it was recorded");
    assert!(again.replayed && again.index == size);
    // A second time it takes no more than the first.
    client.large(messages).await.expect("it was recorded");
    let peak_again = server.resident_peak();
    println!("after two more: {} MiB at most", peak_again >> 20);
    assert!(peak_again < before + MEMORY, "it took {} MiB more", (peak_again - before) >> 20);
    judge::check(&client, &key).await;
    assert_eq!(server.stop().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn content_longer_than_a_part_comes_back_whole() {
    let server = TestServer::new();
    let client = server.client().await;
    let bytes = |seed: u32, length: usize| -> Vec<u8> {
        (0..length as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 ^ seed as u8).collect()
    };
    for (name, action) in [
        ("nobody", plain()),
        ("one", about("anna")),
        ("two", Action { subjects: vec![subject("anna"), subject("ben")], ..about("anna") }),
    ] {
        let (arguments, result) = (bytes(1, 3 << 20), bytes(2, (2 << 20) + 17));
        let mut messages = vec![head(action)];
        messages.extend(arguments.chunks(1 << 20).map(|chunk| Piece::Arguments(chunk[..chunk.len() - 1].to_vec())));
        messages.extend(arguments.chunks(1 << 20).map(|chunk| Piece::Result(chunk[chunk.len() - 1..].to_vec())));
        messages.extend(result.chunks(1 << 19).map(|chunk| Piece::Result(chunk.to_vec())));
        let expected_arguments: Vec<u8> = arguments.chunks(1 << 20).flat_map(|c| &c[..c.len() - 1]).copied().collect();
        let expected_result: Vec<u8> =
            arguments.chunks(1 << 20).map(|c| c[c.len() - 1]).chain(result.iter().copied()).collect();
        let receipt = client.large(messages).await.unwrap_or_else(|status| panic!("{name}: {status:?}"));
        let opened = client.opened(receipt.index).await;
        let mut pieces: Vec<(u32, Vec<u8>)> = opened
            .parts
            .iter()
            .filter_map(|part| part.part.as_ref())
            .filter(|part| !part.piece_bytes.is_empty())
            .map(|part| (part.piece, part.piece_bytes.clone()))
            .collect();
        pieces.sort();
        assert!(pieces.len() >= 5, "{name}: it was cut");
        let whole: Vec<u8> = pieces.into_iter().flat_map(|(_, bytes)| bytes).collect();
        let content = <ContentPart as prost::Message>::decode(whole.as_slice()).expect("content");
        assert!(content.arguments == expected_arguments && content.result == expected_result, "{name}: it came back");
    }
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_even_in_pieces_is_refused_by_its_name() {
    // More persons than the usual budget is for, so that something else is what is wrong.
    let server = Setup::default().env("WHOSAW_LARGE_BYTES", (4u64 << 30).to_string()).start();
    let client = server.client().await;
    let size = client.size().await;
    let chunk = || vec![b'x'; 1 << 20];
    for (name, pieces, field) in [
        ("arguments", (0..17).map(|_| Piece::Arguments(chunk())).collect::<Vec<_>>(), "action.arguments"),
        ("a result", (0..17).map(|_| Piece::Result(chunk())).collect(), "action.result"),
    ] {
        let messages = std::iter::once(head(about("anna"))).chain(pieces).collect();
        let status = client.large(messages).await.expect_err(name);
        assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec![field.to_owned()]), "{name}");
    }
    // Each of very many persons would need a share of each of many parts.
    let mut messages = vec![head(about("anna"))];
    messages.extend(pieces((0..260_000).map(|n| subject(&format!("p{n}")))));
    messages.extend((0..8).map(|_| Piece::Result(chunk())));
    let status = client.large(messages).await.expect_err("too many shares");
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec!["action".to_owned()]));
    // Somebody who is named very often is looked at once for each time, not once for each pair.
    let named = |n: u32| {
        let nickname =
            Identity { namespace: "nickname".into(), fields: vec![n.to_string()], strength: Strength::Weak as i32 };
        let mut subject = subject("anna");
        subject.identities.push(nickname);
        subject
    };
    let begun = Instant::now();
    let mut messages = vec![head(about("anna"))];
    messages.extend(self::pieces((0..120_000).map(named)));
    let status = client.large(messages).await.expect_err("more than a part holds");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    println!("refused after {:?}", begun.elapsed());
    assert_eq!(client.size().await, size, "nothing was written");
}

type Held = (mpsc::Sender<AppendLargeRequest>, JoinHandle<Result<tonic::Response<AppendLargeResponse>, Status>>);

/// A large action that takes most of a mebibyte, and does not end until its sender is dropped.
async fn hold(client: &Client) -> Held {
    let (send, receive) = mpsc::channel(4);
    for piece in [head(about("anna")), Piece::Arguments(vec![b'x'; 700 << 10])] {
        send.send(AppendLargeRequest { piece: Some(piece) }).await.expect("it is taken");
    }
    let client = client.clone();
    let under_way =
        tokio::spawn(async move { client.ledgers().append_large(client.request(ReceiverStream::new(receive))).await });
    (send, under_way)
}

#[tokio::test(flavor = "multi_thread")]
async fn large_actions_beyond_the_memory_set_aside_are_told_to_wait() {
    let server = Setup::default().env("WHOSAW_LARGE_BYTES", (1 << 20).to_string()).start();
    let client = server.client().await;
    let other = || vec![head(plain()), Piece::Arguments(vec![b'y'; 700 << 10])];
    let (mut send, mut slow) = hold(&client).await;
    // Until the first has arrived there is room for the second; and where they meet the first may be the one refused.
    let end = Instant::now() + PATIENCE;
    let status = loop {
        match client.large(other()).await {
            Ok(_) => assert!(Instant::now() < end, "the budget never fills"),
            Err(status) => break status,
        }
        if slow.is_finished() {
            (send, slow) = hold(&client).await;
        }
    };
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()), "it says when");
    assert!(status.metadata().get_bin("google.rpc.retryinfo-bin").is_some());
    drop(send);
    slow.await.expect("it ran").expect("the first is recorded");
    client.large(other()).await.expect("there is room again");
    // One that stops half-way leaves nothing and gives its room back.
    let (send, cut_off) = hold(&client).await;
    cut_off.abort();
    let size = client.size().await;
    drop(send);
    until("the room to come back", || async { client.large(other()).await.is_ok() }).await;
    let anna = EntryFilter { data_subject: Some(strong("customer", "anna")), ..Default::default() };
    assert_eq!(client.list(&anna, 10).await.len(), 1, "nothing of it was written");
    assert_eq!(client.size().await, size + 1);
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn persons_are_charged_for_what_they_cost_and_not_for_what_they_are_on_the_wire() {
    let server = Setup::default().env("WHOSAW_LARGE_BYTES", (1 << 20).to_string()).start();
    let client = server.client().await;
    let of = |persons: usize| -> Vec<Piece> {
        std::iter::once(head(about("anna"))).chain(pieces((0..persons).map(|n| subject(&format!("p{n}"))))).collect()
    };
    for _ in 0..3 {
        client.large(of(100)).await.expect("it fits, and gives back what it took");
    }
    // Less than 20 KiB on the wire. Waiting would not help, so nobody is told to.
    let size = client.size().await;
    let status = client.large(of(200)).await.expect_err("more than there is for all of them");
    assert_eq!((status.code(), wrong_fields(&status)), (Code::InvalidArgument, vec!["subjects".to_owned()]));
    assert!(status.message().contains("large_bytes"), "{status:?}");
    let named = |n: usize| strong("alias", &n.to_string());
    let named_often = Subject { identities: (0..250).map(named).collect(), ..subject("x") };
    let many = vec![named_often.clone(), named_often.clone(), named_often];
    let status = client.large(vec![head(plain()), Piece::Subjects(SubjectPiece { subjects: many })]).await;
    assert_eq!(wrong_fields(&status.expect_err("750 identities")), ["subjects"]);
    let record = DataRecord { id: "r".into(), scope: RecordScope::System as i32, ..Default::default() };
    let records = RecordPiece { records: vec![record; 5_000] };
    let status = client.large(vec![head(plain()), Piece::Records(records)]).await;
    assert_eq!(wrong_fields(&status.expect_err("5,000 records")), ["records"]);
    assert_eq!(client.size().await, size, "nothing was written");
    client.large(of(100)).await.expect("what was refused gave its room back too");
}

/// Takes the minute that a silent sender is given.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_action_whose_sender_falls_silent_is_ended_and_gives_its_room_back() {
    let server = Setup::default().env("WHOSAW_LARGE_BYTES", (1 << 20).to_string()).start();
    let client = server.client().await;
    let size = client.size().await;
    let begun = Instant::now();
    let (send, silent) = hold(&client).await;
    let ended = tokio::time::timeout(2 * PATIENCE, silent).await.expect("it is ended").expect("it ran");
    let status = ended.expect_err("it never said that it was done");
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    assert!(
        begun.elapsed() > std::time::Duration::from_secs(30),
        "slow senders are not cut off: {:?}",
        begun.elapsed()
    );
    assert_eq!(client.size().await, size, "nothing of it was written");
    client.large(vec![head(plain()), Piece::Arguments(vec![b'y'; 700 << 10])]).await.expect("there is room again");
    drop(send);
    judge::check(&client, &client.key().await).await;
}
