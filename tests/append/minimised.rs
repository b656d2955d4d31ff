//! What the tool catalogue does not keep is nowhere, what it keeps is found, and the entry says which is which.

use crate::common::records::*;
use crate::common::*;
use whosaw::rpc::v1::*;

/// Nobody may find these where they are not kept.
const ARGUMENT: &str = "argument-canary";
const RESULT: &str = "result-canary";

const TOOLS: &str = r#"
[tools.get_user]
verb = "data.read"
dataset = "crm"
result = "json"
persons = "listed"
[[tools.get_user.subjects]]
kind = "customer"
from = "result"
each = "/result/*"
identities = [{ namespace = "customer", fields = ["/id"] }]
categories = { "/mail" = "contact" }
[[tools.get_user.records]]
from = "result"
id = "/result/*/order"
scope = "system"
owner = "customer"
[tools.get_user.keep]
"#;

fn catalogue(version: &str, general: &str, of_tool: &str) -> String {
    format!("version = \"{version}\"\n[keep]\n{general}{TOOLS}{of_tool}")
}

fn get_user(id: &str) -> ToolCall {
    let arguments = format!(r#"{{"words":"{ARGUMENT}"}}"#);
    let result = format!(r#"[{{"id":"{id}","order":"{id}-order","mail":"{RESULT}"}}]"#);
    ToolCall { conversation: format!("about {id}"), ..call("get_user", &arguments, &result) }
}

fn body(receipt: &Receipt) -> ActionBody {
    <ActionBody as prost::Message>::decode(receipt.body.as_slice()).expect("an action")
}

fn kinds(kinds: &[ContentKind]) -> Vec<i32> {
    kinds.iter().map(|kind| *kind as i32).collect()
}

/// The one person and the content of an entry.
async fn opened(client: &Client, receipt: &Receipt) -> (PersonPart, ContentPart) {
    let parts: Vec<_> = client.opened(receipt.index).await.parts.into_iter().filter_map(|part| part.part).collect();
    let person = parts.iter().find_map(|part| part.person.clone()).unwrap_or_default();
    (person, parts.iter().find_map(|part| part.content.clone()).unwrap_or_default())
}

async fn index_of(client: &Client, customer: &str) -> Vec<u64> {
    let filter = EntryFilter { data_subject: Some(strong("customer", customer)), ..Default::default() };
    client.list(&filter, 10).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_read_whole_and_kept_as_far_as_its_tool_says() {
    let server = TestServer::new();
    let client = server.client().await;
    let text = |words: &[u8]| String::from_utf8(words.to_vec()).expect("text");
    let (all, nothing) = ("arguments = \"content\"\n", "arguments = \"nothing\"\nresult = \"nothing\"\n");
    use ContentKind::{Arguments, Fields, Records, Result};
    let mut first = None;
    for (version, general, of_tool, not_kept) in [
        ("all", "", "", &[][..]),
        ("references", all, "result = \"references\"\n", &[Result]),
        ("general", nothing, "arguments = \"content\"\n", &[Result, Records, Fields]),
        ("nothing", all, nothing, &[Arguments, Result, Records, Fields]),
    ] {
        client.apply_catalogue(&catalogue(version, general, of_tool)).await.expect("a good one");
        let sent = get_user(version);
        let receipt = client.append(sent.clone()).await.expect("recorded");
        let (person, content) = opened(&client, &receipt).await;
        let body = body(&receipt);
        assert_eq!((&body.not_kept, &body.cut), (&kinds(not_kept), &vec![]), "{version}");
        assert_eq!((body.determination, body.doubts.as_slice()), (Determination::Listed as i32, &[][..]), "{version}");
        assert_eq!(body.subjects_delivered.as_ref().map(|delivered| delivered.count), Some(1), "{version}");
        // Who it is and what sort of data it was always stand there: by that they are found.
        assert_eq!(person.identities[0].fields, [version]);
        assert_eq!(index_of(&client, version).await, [receipt.index], "{version}");
        assert!(body.parts.iter().any(|group| !group.categories.is_empty()), "{version}");
        let kept = |kind: ContentKind| !not_kept.contains(&kind);
        assert_eq!(content.arguments, if kept(Arguments) { sent.arguments.clone() } else { vec![] }, "{version}");
        assert_eq!(content.result, if kept(Result) { sent.result.clone() } else { vec![] }, "{version}");
        assert_eq!(
            (person.records.len(), person.fields.len()),
            (kept(Records).into(), kept(Fields).into()),
            "{version}"
        );
        first.get_or_insert((sent, receipt));
    }
    // The same request has the same answer, whatever is kept by now; another one under its id is refused.
    let (sent, receipt) = first.expect("there was one");
    let again = client.append(sent.clone()).await.expect("the same request");
    assert!(again.replayed && !again.unchecked && again.index == receipt.index);
    let other = ToolCall { arguments: b"{}".to_vec(), ..sent };
    assert_eq!(client.append(other).await.expect_err("another").code(), tonic::Code::AlreadyExists);

    // A failure's text, and a tool that the catalogue does not list.
    let general = "error = \"nothing\"\nresult = \"references\"\narguments_at_most = 16\n";
    client.apply_catalogue(&catalogue("errors", general, "")).await.expect("a good one");
    let failed = ToolCall { outcome: Outcome::Failed as i32, error: RESULT.into(), result: vec![], ..get_user("e") };
    let receipt = client.append(failed).await.expect("recorded");
    let (_, content) = opened(&client, &receipt).await;
    assert_eq!(content.error, "");
    assert_eq!(body(&receipt).not_kept, kinds(&[ContentKind::Error]));
    assert!(body(&receipt).doubts.contains(&(Doubt::FreeText as i32)), "what it may have named stays doubtful");
    let unknown = client.append(call("no_such_tool", "0123456789abcde\u{e9}", RESULT)).await.expect("recorded");
    let (_, content) = opened(&client, &unknown).await;
    assert_eq!((text(&content.arguments), text(&content.result)), ("0123456789abcde".into(), String::new()));
    let body = body(&unknown);
    assert_eq!((body.not_kept, body.cut), (kinds(&[Result]), kinds(&[Arguments])));
    let doubts = [Doubt::ToolNotInCatalogue as i32, Doubt::ContentTruncated as i32];
    assert_eq!(body.doubts, doubts);
    judge::check(&client, &client.key().await).await;
}

/// What is kept is the ledger's rule, so that it holds whichever way a call comes in.
#[tokio::test(flavor = "multi_thread")]
async fn a_described_action_is_held_to_the_catalogue_in_force() {
    let server = TestServer::new();
    let client = server.client().await;
    let nothing = "arguments = \"nothing\"\nresult = \"nothing\"\n";
    client.apply_catalogue(&catalogue("one", "result_at_most = 8\n", nothing)).await.expect("a good one");
    let described = |tool: &str| Action {
        tool: tool.into(),
        arguments: ARGUMENT.into(),
        result: RESULT.into(),
        records: vec![DataRecord { dataset: "crm".into(), id: "order-1".into(), scope: RecordScope::System as i32 }],
        ..about("anna")
    };
    let listed = client.append(described("get_user")).await.expect("recorded");
    let (person, content) = opened(&client, &listed).await;
    assert_eq!(person.identities[0].fields, ["anna"]);
    assert_eq!((content.arguments.len(), content.result.len(), content.records.len()), (0, 0, 0));
    use ContentKind::{Arguments, Records, Result};
    assert_eq!(body(&listed).not_kept, kinds(&[Arguments, Result, Records]));
    let unlisted = described("no_such_tool");
    let catalogue_ref = Some(CatalogueRef { version: "of-old".into(), digest: vec![1; 32] });
    let cited = Action { catalogue: catalogue_ref, ..described("") };
    for action in [unlisted.clone(), cited] {
        let receipt = client.append(action).await.expect("recorded");
        let (_, content) = opened(&client, &receipt).await;
        assert_eq!((content.arguments.as_slice(), content.result.as_slice()), (ARGUMENT.as_bytes(), &b"result-c"[..]));
        assert_eq!((body(&receipt).not_kept, body(&receipt).cut), (vec![], kinds(&[Result])));
        assert_eq!(body(&receipt).doubts, [Doubt::ContentTruncated as i32]);
    }
    let of_no_tool = client.append(described("")).await.expect("recorded");
    assert_eq!(opened(&client, &of_no_tool).await.1.result, RESULT.as_bytes());

    client.apply_catalogue(&catalogue("two", nothing, "")).await.expect("a good one");
    let again = client.append(Action { action_id: new_id(), ..unlisted.clone() }).await.expect("recorded");
    assert_eq!(body(&again).not_kept, kinds(&[Arguments, Result, Records]));
    let of_before =
        client.append(Action { action_id: unlisted.action_id.clone(), ..unlisted }).await.expect("the same");
    assert!(of_before.replayed && !of_before.unchecked);
    judge::check(&client, &client.key().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keep_table_that_makes_no_sense_is_refused() {
    let server = TestServer::new();
    let client = server.client().await;
    for (general, of_tool, words) in [
        ("arguments = \"some\"\n", "", "unknown variant"),
        ("results = \"nothing\"\n", "", "unknown field"),
        ("error_at_most = -1\n", "", "invalid value"),
        ("result_at_most = 0\n", "", "keep.result_at_most is 0"),
        ("", "error = \"references\"\nerror_at_most = 5\n", "tools.get_user: keep.error_at_most limits content"),
    ] {
        let status = client.apply_catalogue(&catalogue("v", general, of_tool)).await.expect_err(words);
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        let said = format!("{status:?}");
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
}
