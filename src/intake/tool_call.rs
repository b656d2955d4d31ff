//! One raw tool call becomes an action.

use super::catalogue::{Catalogue, Persons, ResultForm, Side, SubjectRule, Tool};
use super::document::{select, text};
use crate::model::*;
use serde_json::{Map, Value};
use std::collections::{HashMap, VecDeque};

/// Conversations whose record owners are remembered.
const CONVERSATIONS_MAX: usize = 16_384;
/// Records remembered in one conversation.
const RECORDS_MAX: usize = 4_096;

/// Which record belongs to whom, learnt from results and valid inside one conversation only. In memory and bounded: what
/// is forgotten makes a later call *not determined*, never wrong.
#[derive(Debug, Default)]
pub struct Conversations {
    owners: HashMap<String, HashMap<RecordKey, Owner>>,
    order: VecDeque<String>,
}

/// Dataset and id.
type RecordKey = (String, String);
/// Kind and identities.
type Owner = (String, Vec<Identity>);

impl Conversations {
    fn learn(&mut self, conversation: &str, record: RecordKey, owner: Owner) {
        if conversation.is_empty() {
            return;
        }
        if !self.owners.contains_key(conversation) {
            if self.order.len() == CONVERSATIONS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.owners.remove(&oldest);
            }
            self.order.push_back(conversation.to_owned());
        }
        let owners = self.owners.entry(conversation.to_owned()).or_default();
        if owners.len() < RECORDS_MAX || owners.contains_key(&record) {
            owners.insert(record, owner);
        }
    }

    fn owner(&self, conversation: &str, record: &RecordKey) -> Option<&Owner> {
        self.owners.get(conversation)?.get(record)
    }
}

/// Makes sense of a call as far as the catalogue goes. Always answers an action.
pub fn interpret(call: ToolCall, catalogue: &Catalogue, conversations: &mut Conversations) -> Action {
    let mut action = frame(&call, catalogue);
    let Some(tool) = catalogue.tool(&call.tool) else {
        action.verb = Verb::ToolCall.code().to_owned();
        action.determination = Determination::Undetermined;
        action.doubts = vec![Doubt::ToolNotInCatalogue];
        return action;
    };
    action.verb.clone_from(&tool.verb);
    action.dataset.clone_from(&tool.dataset);
    action.legal_bases.clone_from(&tool.legal_bases);
    if action.purpose.is_empty() {
        action.purpose.clone_from(&tool.purpose);
    }
    action.recipients = tool
        .recipients
        .iter()
        .map(|rule| Recipient {
            kind: rule.kind.clone(),
            party: PartyKind::from_code(&rule.party).unwrap_or_default(),
            name: rule.name.clone(),
            country: rule.country.clone(),
            identities: Vec::new(),
        })
        .collect();
    Reader { tool, conversations, doubts: Vec::new() }.read(&call, &mut action);
    action
}

/// What a call says whether or not the catalogue knows the tool.
fn frame(call: &ToolCall, catalogue: &Catalogue) -> Action {
    let mut actors = vec![call.agent.clone()];
    actors.extend(call.principal.clone());
    Action {
        action_id: call.action_id.clone(),
        outcome: call.outcome,
        occurred: call.occurred.clone(),
        actors,
        conversation: call.conversation.clone(),
        session: call.session.clone(),
        call_id: call.call_id.clone(),
        source: call.source.clone(),
        tool: call.tool.clone(),
        purpose: call.purpose.clone(),
        policy: call.policy.clone(),
        approval: call.approval.clone(),
        links: call.links.clone(),
        arguments: call.arguments.clone(),
        result: call.result.clone(),
        error: call.error.clone(),
        catalogue: (!catalogue.version.is_empty())
            .then(|| CatalogueRef { version: catalogue.version.clone(), digest: catalogue.digest.to_vec() }),
        provenance: match call.provenance {
            Provenance::Unspecified => Provenance::ToolCall,
            stated => stated,
        },
        ..Action::default()
    }
}

struct Reader<'a> {
    tool: &'a Tool,
    conversations: &'a mut Conversations,
    doubts: Vec<Doubt>,
}

impl Reader<'_> {
    fn read(mut self, call: &ToolCall, action: &mut Action) {
        let delivered = matches!(call.outcome, Outcome::Succeeded | Outcome::Partial | Outcome::Unknown);
        let document = self.document(call, delivered);
        for rule in &self.tool.subjects {
            if rule.from == Side::Arguments || delivered {
                action.subjects.extend(self.subjects(rule, &document));
            }
        }
        self.records(call, delivered, &document, action);
        for pointer in &self.tool.free_text {
            let present = select(&document, pointer).unwrap_or_default();
            if present.iter().any(|value| value.as_str().is_some_and(|text| !text.trim().is_empty())) {
                self.doubts.push(Doubt::FreeText);
            }
        }
        if call.outcome == Outcome::Unknown {
            self.doubts.push(Doubt::OutcomeUnknown);
        }
        action.determination = self.determination(action);
        let count = action.subjects.len() as u64;
        if self.tool.persons == Persons::Listed && action.determination == Determination::Listed && delivered {
            let shown = |subject: &&Subject| subject.categories.iter().any(|used| used.direction == Direction::Result);
            let shown = action.subjects.iter().filter(shown).count() as u64;
            let precision = if count == 0 { Precision::Unknown } else { Precision::Exact };
            action.subjects_delivered = Some(Quantity { precision, count: shown });
        }
        self.doubts.sort_unstable();
        self.doubts.dedup();
        action.doubts = self.doubts;
    }

    /// The call as one document. What cannot be read is left out and doubted.
    fn document(&mut self, call: &ToolCall, delivered: bool) -> Value {
        let mut document = Map::new();
        if !call.arguments.is_empty() {
            match serde_json::from_slice(&call.arguments) {
                Ok(arguments) => drop(document.insert("arguments".into(), arguments)),
                Err(_) => self.doubts.push(Doubt::ArgumentsNotParsed),
            }
        }
        if delivered {
            match self.tool.result {
                ResultForm::Json => match serde_json::from_slice(&call.result) {
                    Ok(result) => drop(document.insert("result".into(), result)),
                    Err(_) => self.doubts.push(Doubt::ResultNotParsed),
                },
                ResultForm::Text => match std::str::from_utf8(&call.result) {
                    Ok(result) => drop(document.insert("result".into(), result.into())),
                    Err(_) => self.doubts.push(Doubt::ResultNotParsed),
                },
                ResultForm::None => {}
            }
        }
        Value::Object(document)
    }

    fn subjects(&mut self, rule: &SubjectRule, document: &Value) -> Vec<Subject> {
        let Some(nodes) = select(document, &rule.each) else {
            if !rule.optional {
                self.doubts.push(Doubt::FieldMissing);
            }
            return Vec::new();
        };
        nodes.into_iter().filter_map(|node| self.subject(rule, node)).collect()
    }

    fn subject(&mut self, rule: &SubjectRule, node: &Value) -> Option<Subject> {
        let mut identities = Vec::new();
        for identity in &rule.identities {
            let fields: Option<Vec<String>> = identity.fields.iter().map(|pointer| text(node, pointer)).collect();
            match fields {
                Some(fields) => identities.push(Identity {
                    namespace: identity.namespace.clone(),
                    fields,
                    strength: identity.strength.into(),
                }),
                None if rule.optional => {}
                None => self.doubts.push(Doubt::FieldMissing),
            }
        }
        if identities.is_empty() {
            return None;
        }
        if identities.iter().all(|identity| identity.strength == Strength::Weak) {
            self.doubts.push(Doubt::WeakIdentity);
        }
        let direction = match rule.from {
            Side::Arguments => Direction::Argument,
            Side::Result => Direction::Result,
        };
        let present: Vec<(&String, &String)> = rule
            .categories
            .iter()
            .filter(|(pointer, _)| {
                select(node, pointer).is_some_and(|values| values.iter().any(|value| !value.is_null()))
            })
            .collect();
        let mut categories: Vec<String> = present.iter().map(|(_, category)| (*category).clone()).collect();
        categories.sort_unstable();
        categories.dedup();
        let fields = present.into_iter().map(|(pointer, category)| FieldUse {
            pointer: format!("{}{pointer}", rule.each),
            category: category.clone(),
            direction,
        });
        Some(Subject {
            kind: rule.kind.clone(),
            identities,
            fields: fields.collect(),
            categories: vec![CategoryUse { direction, categories, rendered_to: Vec::new() }],
            records: Vec::new(),
        })
    }

    /// Record ids, whose they are, and what the conversation has taught us of that before.
    fn records(&mut self, call: &ToolCall, delivered: bool, document: &Value, action: &mut Action) {
        for rule in &self.tool.records {
            if rule.from == Side::Result && !delivered {
                continue;
            }
            for value in select(document, &rule.id).unwrap_or_default() {
                let Some(id) = text(value, "") else {
                    // A record that is there and has no usable id leaves a gap; one that is absent does not.
                    if !value.is_null() {
                        self.doubts.push(Doubt::FieldMissing);
                    }
                    continue;
                };
                let dataset = if rule.dataset.is_empty() { &self.tool.dataset } else { &rule.dataset };
                let record = Record { dataset: dataset.clone(), id: id.clone(), scope: rule.scope.into() };
                let key = (dataset.clone(), id);
                let owns =
                    |subject: &&mut Subject| subject.identities.iter().any(|identity| identity.namespace == rule.owner);
                if let Some(owner) = action.subjects.iter_mut().find(owns) {
                    if delivered {
                        self.conversations.learn(
                            &call.conversation,
                            key,
                            (owner.kind.clone(), owner.identities.clone()),
                        );
                    }
                    if !owner.records.contains(&record) {
                        owner.records.push(record);
                    }
                } else if let Some((kind, identities)) = self.conversations.owner(&call.conversation, &key) {
                    action.subjects.push(Subject {
                        kind: kind.clone(),
                        identities: identities.clone(),
                        categories: vec![CategoryUse {
                            direction: Direction::Argument,
                            categories: vec![Category::Identification.code().to_owned()],
                            rendered_to: Vec::new(),
                        }],
                        fields: Vec::new(),
                        records: vec![record],
                    });
                } else {
                    if !rule.owner.is_empty() {
                        self.doubts.push(Doubt::OwnerUnknown);
                    }
                    action.records.push(record);
                }
            }
        }
    }

    fn determination(&self, action: &Action) -> Determination {
        let clouded = self.doubts.iter().any(|doubt| !matches!(doubt, Doubt::WeakIdentity));
        match (self.tool.persons, action.subjects.is_empty()) {
            (Persons::Undetermined, _) => Determination::Undetermined,
            (Persons::None, _) if clouded => Determination::Undetermined,
            (Persons::None, _) => Determination::Nobody,
            (Persons::Listed, false) if clouded => Determination::ListedIncomplete,
            (Persons::Listed, false) => Determination::Listed,
            (Persons::Listed, true) if clouded => Determination::Undetermined,
            // Every list was there and empty: nobody was in it.
            (Persons::Listed, true) => Determination::Nobody,
        }
    }
}
