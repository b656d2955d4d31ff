//! Random histories through the real server: recorded, linked, held, released, restricted, erased, killed. Whoever is erased
//! never returns, whoever is held never goes, the chain verifies at every step, and every act has its entry.

use super::*;
use common::chance::Chance;
use common::judge;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::note::VerifierKey;

/// What should be so.
#[derive(Default)]
struct Model {
    /// Persons who are known, with the entries they stand in.
    known: BTreeMap<u64, BTreeSet<u64>>,
    gone: BTreeSet<u64>,
    restricted: BTreeSet<u64>,
    linked: BTreeSet<u64>,
    asked: BTreeSet<u64>,
    /// Matters in force, and whom each holds.
    holds: Vec<(Vec<u8>, u64)>,
    next: u64,
    /// Entries of holds, links and requests for erasure that there must be.
    acts: BTreeMap<i32, usize>,
}

impl Model {
    /// A hold keeps its person, and whoever shares content with them.
    fn is_held(&self, person: u64) -> bool {
        let entries = &self.known[&person];
        self.holds.iter().any(|(_, held)| *held == person || !self.known[held].is_disjoint(entries))
    }

    fn act(&mut self, kind: v1::EntryKind) {
        *self.acts.entry(kind as i32).or_default() += 1;
    }

    fn living(&self) -> Vec<u64> {
        self.known.keys().copied().collect()
    }
}

fn customer(person: u64) -> v1::Identity {
    strong("customer", &format!("C-{person}"))
}

fn case(person: u64, ground: v1::Ground) -> Option<v1::PersonCase> {
    about(customer(person), ground)
}

async fn step(chance: &mut Chance, model: &mut Model, client: &Client) {
    let living = model.living();
    match chance.below(11) {
        0..=3 => {
            let mut persons: BTreeSet<u64> = (0..chance.below(3)).filter_map(|_| chance.any(&living)).collect();
            persons.retain(|person| !model.asked.contains(person));
            if persons.is_empty() {
                persons.insert(model.next);
                model.next += 1;
            }
            let mut action = common::records::about("nobody");
            action.subjects = persons.iter().map(|person| subject(&format!("C-{person}"))).collect();
            action.conversation = format!("conversation {}", action.action_id);
            let index = client.append(action).await.expect("recorded").index;
            for person in persons {
                model.known.entry(person).or_default().insert(index);
            }
        }
        4 => {
            let Some(person) = chance.any(&living) else { return };
            let scope = v1::HoldScopes { persons: vec![customer(person)], ..Default::default() };
            model.holds.push((hold(client, scope).await, person));
            model.act(v1::EntryKind::Hold);
        }
        5 => {
            if !model.holds.is_empty() {
                let place = chance.below(model.holds.len());
                let (matter, _) = model.holds.swap_remove(place);
                release(client, matter).await;
                model.act(v1::EntryKind::Hold);
            }
        }
        6 => {
            let Some(person) = chance.any(&living).filter(|person| !model.asked.contains(person)) else { return };
            if model.restricted.remove(&person) {
                let lift =
                    v1::LiftRestrictionRequest { about: case(person, v1::Ground::Unspecified), ..Default::default() };
                privacy(client).lift_restriction(client.request(lift)).await.expect("is lifted");
            } else {
                let about = case(person, v1::Ground::AccuracyContested);
                let restrict = v1::RestrictProcessingRequest { about, ..Default::default() };
                privacy(client).restrict_processing(client.request(restrict)).await.expect("is restricted");
                model.restricted.insert(person);
            }
            model.act(v1::EntryKind::Restriction);
        }
        7 => {
            let Some(person) = chance.any(&living).filter(|person| !model.linked.contains(person)) else { return };
            let link = v1::LinkIdentitiesRequest {
                about: case(person, v1::Ground::Unspecified),
                other: Some(strong("email", &format!("c{person}@example.org"))),
                strength: v1::Strength::Strong as i32,
                ..Default::default()
            };
            privacy(client).link_identities(client.request(link)).await.expect("linked");
            model.linked.insert(person);
            model.act(v1::EntryKind::SubjectLink);
        }
        8 => {
            let Some(person) = chance.any(&living).filter(|person| !model.asked.contains(person)) else { return };
            let by = if model.linked.contains(&person) && chance.below(2) == 0 {
                strong("email", &format!("c{person}@example.org"))
            } else {
                customer(person)
            };
            let answered = erase(client, by).await.expect("recorded");
            assert_eq!(answered.blocked, model.is_held(person), "C-{person}");
            model.asked.insert(person);
        }
        _ => {
            let due: Vec<u64> = model.asked.iter().copied().filter(|person| !model.is_held(*person)).collect();
            let done = run(client).await;
            assert_eq!(done.requests, due.len() as u64, "{due:?}");
            for person in due {
                model.asked.remove(&person);
                model.restricted.remove(&person);
                model.known.remove(&person);
                model.gone.insert(person);
            }
        }
    }
}

async fn check(model: &Model, client: &Client, key: &VerifierKey) {
    for (person, entries) in &model.known {
        let found = list(client, customer(*person)).await;
        let actions = found.iter().filter(|entry| entry.kind == v1::EntryKind::Action as i32);
        let indexes: BTreeSet<u64> = actions.map(|entry| entry.index).collect();
        assert_eq!(&indexes, entries, "C-{person}");
    }
    for person in &model.gone {
        let status = look_up(client, customer(*person)).await.expect_err("is nobody");
        assert_eq!(status.code(), tonic::Code::NotFound, "C-{person}");
        assert_eq!(list(client, customer(*person)).await.len(), 0, "C-{person}");
    }
    for (kind, expected) in &model.acts {
        let kind = v1::EntryKind::try_from(*kind).expect("a kind");
        assert!(client.of_kind(kind).await.len() >= *expected, "{kind:?}");
    }
    judge::holds(client, key).await;
}

async fn history(seed: u64) {
    let (mut server, mut client) = server().await;
    let key = client.key().await;
    let (mut chance, mut model) = (Chance(seed), Model::default());
    for round in 0..6 {
        for _ in 0..12 {
            step(&mut chance, &mut model, &client).await;
        }
        match round % 3 {
            0 => server.kill(),
            1 => drop(server.stop()),
            _ => {
                check(&model, &client, &key).await;
                continue;
            }
        }
        server.start();
        client = server.client_as("tester").await;
        check(&model, &client, &key).await;
    }
    // In the end nothing is held any more, and everybody who asked is gone.
    for (matter, _) in std::mem::take(&mut model.holds) {
        release(&client, matter).await;
    }
    run(&client).await;
    for person in std::mem::take(&mut model.asked) {
        model.known.remove(&person);
        model.gone.insert(person);
    }
    assert!(!model.gone.is_empty(), "a history in which nobody goes shows nothing");
    check(&model, &client, &key).await;
}

#[tokio::test]
async fn nobody_returns_nobody_held_goes_and_the_chain_verifies() {
    for seed in [0x2026_1126, 0x5eed, 0xdead_beef_0000_0001] {
        history(seed).await;
    }
}
