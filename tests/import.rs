//! Real agent conversations through the catalogues, held to what is known to be true of the files.
//!
//! The data is not part of the repository: `WHOSAW_TEST_DATA` says where it is.

use std::collections::{BTreeMap, BTreeSet};
use whosaw::intake::{Catalogue, Conversations, import, interpret};
use whosaw::model::*;

fn actions(catalogue: &str, file: &str) -> Option<Vec<Action>> {
    let Ok(data) = std::env::var("WHOSAW_TEST_DATA") else {
        println!("skipped: WHOSAW_TEST_DATA is not set, {file} was not read");
        return None;
    };
    let text = std::fs::read_to_string(catalogue).expect("the catalogue is in the repository");
    let catalogue = Catalogue::parse(&text).expect("a good catalogue");
    let rules = catalogue.import.clone().expect("an import table");
    let lines = std::fs::read_to_string(format!("{data}/tau-bench/{file}")).expect("the data is there");
    let conversations = Conversations::default();
    // Conversation and sequence identify a call.
    let mut places = BTreeSet::new();
    let read = lines.lines().enumerate().map(|(number, line)| {
        let call = import::line(number + 1, line, &rules).expect("a tool call");
        assert!(call.action_id.is_empty() && places.insert((call.conversation.clone(), call.sequence.clone())));
        interpret(call, &catalogue, &conversations)
    });
    Some(read.collect())
}

fn shown<'a>(action: &'a Action, namespace: &'a str) -> impl Iterator<Item = &'a Identity> {
    let in_result = |subject: &&Subject| subject.categories.iter().any(|used| used.direction == Direction::Result);
    action.subjects.iter().filter(in_result).flat_map(|s| &s.identities).filter(move |i| i.namespace == namespace)
}

fn is_success(action: &&Action) -> bool {
    action.outcome == Outcome::Succeeded
}

#[test]
fn airline_conversations_come_out_as_they_are() {
    let Some(actions) = actions("reports/catalogues/airline.toml", "airline_tool_calls.jsonl") else { return };
    assert_eq!(actions.len(), 1_164);
    assert_eq!(actions.iter().filter(|action| action.outcome == Outcome::Failed).count(), 73);
    let count =
        |test: &dyn Fn(&Action) -> bool| actions.iter().filter(is_success).filter(|action| test(action)).count();
    let shows =
        |action: &Action| shown(action, "customer").next().is_some() || shown(action, "person").next().is_some();
    assert_eq!(count(&|action| action.determination == Determination::Listed && shows(action)), 666);
    assert_eq!(count(&|action| action.determination == Determination::Listed && !shows(action)), 8);
    assert_eq!(count(&|action| action.determination == Determination::Undetermined), 140);
    assert_eq!(count(&|action| action.determination == Determination::Nobody), 277);
    let customers: BTreeSet<_> =
        actions.iter().filter(is_success).flat_map(|action| shown(action, "customer")).collect();
    assert_eq!(customers.len(), 34);
    let persons: BTreeSet<_> = actions.iter().filter(is_success).flat_map(|action| shown(action, "person")).collect();
    assert_eq!(persons.len(), 130);
    let mut tools = BTreeMap::new();
    for action in actions.iter().filter(is_success) {
        if shown(action, "customer").any(|identity| identity.fields == ["mia_li_3668"]) {
            *tools.entry(action.tool.as_str()).or_insert(0) += 1;
        }
    }
    let expected = [("book_reservation", 6), ("cancel_reservation", 1), ("get_user_details", 4)];
    assert_eq!(tools, BTreeMap::from(expected));
    let undetermined: BTreeSet<_> = actions
        .iter()
        .filter(is_success)
        .filter(|action| action.determination == Determination::Undetermined)
        .map(|action| action.tool.as_str())
        .collect();
    assert_eq!(undetermined, BTreeSet::from(["think", "transfer_to_human_agents"]));
}

#[test]
fn retail_actions_come_out_as_they_are() {
    let Some(actions) = actions("reports/catalogues/retail.toml", "retail_gold_actions.jsonl") else { return };
    assert_eq!(actions.len(), 1_350);
    assert_eq!(actions.iter().filter(|action| action.outcome == Outcome::Failed).count(), 44);
    let customers: BTreeSet<_> = actions
        .iter()
        .filter(is_success)
        .flat_map(|action| action.subjects.iter().flat_map(|subject| &subject.identities))
        .filter(|identity| identity.namespace == "customer")
        .collect();
    assert_eq!(customers.len(), 278);
    let bare = |action: &&Action| action.tool.starts_with("find_user_id");
    let bare: Vec<_> = actions.iter().filter(is_success).filter(bare).collect();
    assert_eq!(bare.len(), 67);
    assert!(bare.iter().all(|action| shown(action, "customer").count() == 1));
}
