//! One raw tool call becomes an action.

use super::catalogue::{Catalogue, Persons, RecipientRule, ResultForm, Side, SubjectRule, Tool};
use super::document::{holds_text, select, select_there, text};
use super::keep;
use crate::model::json::unambiguous;
use crate::model::*;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Conversations whose record owners are remembered.
const CONVERSATIONS_MAX: usize = 16_384;
/// Records remembered in one conversation.
const RECORDS_MAX: usize = 4_096;

/// Which record belongs to whom, learnt from results and valid inside one conversation only. In memory and bounded: what
/// is forgotten makes a later call *not determined*, never wrong.
///
/// Locked for each look only: a call's result may take long to read, and others must not wait for it.
#[derive(Debug, Default)]
pub struct Conversations(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    owners: HashMap<String, HashMap<RecordKey, Owner>>,
    order: VecDeque<String>,
}

/// Dataset and id.
type RecordKey = (String, String);
/// Kind and identities.
type Owner = (String, Vec<Identity>);

impl Conversations {
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, conversation: &str, record: RecordKey, owner: Owner) {
        if !conversation.is_empty() {
            self.remembered().learn(conversation, record, owner);
        }
    }

    /// Believes what an admitted call taught.
    pub fn take_in(&self, lesson: Lesson) {
        for (conversation, record, owner) in lesson.0 {
            self.learn(&conversation, record, owner);
        }
    }

    /// Somebody who stood in these conversations was erased.
    pub fn forget(&self, conversations: &BTreeSet<String>) {
        let mut remembered = self.remembered();
        remembered.owners.retain(|conversation, _| !conversations.contains(conversation));
        remembered.order.retain(|conversation| !conversations.contains(conversation));
    }

    fn owner(&self, conversation: &str, record: &RecordKey) -> Option<Owner> {
        self.remembered().owners.get(conversation)?.get(record).cloned()
    }
}

impl Remembered {
    fn learn(&mut self, conversation: &str, record: RecordKey, owner: Owner) {
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
}

/// Makes sense of a call as far as the catalogue goes. Always answers an action.
pub fn interpret(call: ToolCall, catalogue: &Catalogue, conversations: &Conversations) -> Action {
    let Interpreted { action, lesson, keeping: _ } = interpret_only(call, catalogue, conversations);
    conversations.take_in(lesson);
    action
}

/// What a catalogue makes of a call. The action still has all that came with it: how much an entry keeps is for admission.
#[derive(Debug)]
pub struct Interpreted {
    pub action: Action,
    pub lesson: Lesson,
    pub keeping: Keeping,
}

/// What a call taught of whose records are whose, to be believed once the call is admitted.
#[derive(Debug, Default)]
pub struct Lesson(Vec<(String, RecordKey, Owner)>);

/// The same, without learning from it.
pub fn interpret_only(call: ToolCall, catalogue: &Catalogue, conversations: &Conversations) -> Interpreted {
    let mut action = frame(&call, catalogue);
    let keeping = catalogue.keeping(&call.tool);
    let Some(tool) = catalogue.tool(&call.tool) else {
        action.verb = Verb::ToolCall.code().to_owned();
        action.determination = Determination::Undetermined;
        action.doubts = vec![Doubt::ToolNotInCatalogue];
        return Interpreted { action, lesson: Lesson::default(), keeping };
    };
    action.verb.clone_from(&tool.verb);
    action.dataset.clone_from(&tool.dataset);
    action.legal_bases.clone_from(&tool.legal_bases);
    if action.purpose.is_empty() {
        action.purpose.clone_from(&tool.purpose);
    }
    action.recipients = recipients(tool);
    let mut reader = Reader { tool, conversations, keeping, doubts: Vec::new(), lesson: Lesson::default() };
    reader.read(&call, &mut action);
    Interpreted { action, lesson: reader.lesson, keeping: reader.keeping }
}

/// Who receives data by any call of a tool.
pub fn recipients(tool: &Tool) -> Vec<Recipient> {
    let recipient = |rule: &RecipientRule| Recipient {
        kind: rule.kind.clone(),
        party: PartyKind::from_code(&rule.party).unwrap_or_default(),
        name: rule.name.clone(),
        country: rule.country.clone(),
        identities: Vec::new(),
    };
    tool.recipients.iter().map(recipient).collect()
}

/// The one person of the owner's namespace. Where a call names several, whose record it is is not known.
fn only_owner<'a>(subjects: &'a mut [Subject], namespace: &str) -> Option<&'a mut Subject> {
    let named = |subject: &Subject| subject.identities.iter().position(|identity| identity.namespace == namespace);
    let mut owners = subjects.iter().enumerate().filter_map(|(i, subject)| Some((i, named(subject)?)));
    let (first, identity) = owners.next()?;
    let is_first =
        |(i, j): (usize, usize)| subjects[i].identities[j].fields == subjects[first].identities[identity].fields;
    owners.all(is_first).then(|| &mut subjects[first])
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
    conversations: &'a Conversations,
    keeping: Keeping,
    doubts: Vec<Doubt>,
    lesson: Lesson,
}

impl Reader<'_> {
    fn read(&mut self, call: &ToolCall, action: &mut Action) {
        let delivered = matches!(call.outcome, Outcome::Succeeded | Outcome::Partial | Outcome::Unknown);
        let document = self.document(call, delivered);
        for rule in &self.tool.subjects {
            if rule.from == Side::Arguments || delivered {
                action.subjects.extend(self.subjects(rule, &document));
            }
        }
        self.records(call, delivered, &document, action);
        for pointer in &self.tool.free_text {
            if select_there(&document, pointer).0.into_iter().any(holds_text) {
                self.doubts.push(Doubt::FreeText);
            }
        }
        // What a failure says is free text too, whatever the tool's results are.
        if !delivered && !call.error.trim().is_empty() {
            self.doubts.push(Doubt::FreeText);
        }
        if call.outcome == Outcome::Unknown {
            self.doubts.push(Doubt::OutcomeUnknown);
        }
        action.determination = self.determination(action);
        let count = action.subjects.len() as u64;
        if self.tool.persons == Persons::Listed && action.determination == Determination::Listed && delivered {
            let shown = |subject: &&Subject| subject.categories.iter().any(|used| used.direction == Direction::Result);
            let mut shown: Vec<&[Identity]> =
                action.subjects.iter().filter(shown).map(|subject| subject.identities.as_slice()).collect();
            let weak = |identities: &&[Identity]| identities.iter().all(|identity| identity.strength == Strength::Weak);
            let precision = match count {
                0 => Precision::Unknown,
                // Somebody who is only known by name and birth date may be one of the others.
                _ if shown.iter().any(weak) => Precision::Approximate,
                _ => Precision::Exact,
            };
            shown.sort_unstable();
            shown.dedup();
            let shown = shown.len() as u64;
            action.subjects_delivered = Some(Quantity { precision, count: shown });
        }
        self.doubts.sort_unstable();
        self.doubts.dedup();
        action.doubts = std::mem::take(&mut self.doubts);
    }

    /// The call as one document. What cannot be read is left out and doubted.
    fn document(&mut self, call: &ToolCall, delivered: bool) -> Value {
        let mut document = Map::new();
        if !call.arguments.is_empty() {
            match unambiguous(&call.arguments) {
                Ok(arguments) => drop(document.insert("arguments".into(), arguments)),
                Err(_) => self.doubts.push(Doubt::ArgumentsNotParsed),
            }
        }
        if delivered {
            match self.tool.result {
                ResultForm::Json => match unambiguous(&call.result) {
                    Ok(result) => drop(document.insert("result".into(), result)),
                    Err(_) => self.doubts.push(Doubt::ResultNotParsed),
                },
                ResultForm::Text => match std::str::from_utf8(&call.result) {
                    Ok(result) => drop(document.insert("result".into(), result.into())),
                    Err(_) => self.doubts.push(Doubt::ResultNotParsed),
                },
                // The catalogue says that nothing comes back, and something did.
                ResultForm::None if !call.result.trim_ascii().is_empty() && call.result.trim_ascii() != b"null" => {
                    self.doubts.push(Doubt::ResultNotParsed);
                }
                ResultForm::None => {}
            }
        }
        Value::Object(document)
    }

    fn subjects(&mut self, rule: &SubjectRule, document: &Value) -> Vec<Subject> {
        let (nodes, missing) = select_there(document, &rule.each);
        if missing && !rule.optional {
            self.doubts.push(Doubt::FieldMissing);
        }
        nodes.into_iter().filter_map(|node| self.subject(rule, node)).collect()
    }

    fn subject(&mut self, rule: &SubjectRule, node: &Value) -> Option<Subject> {
        let mut identities = Vec::new();
        for identity in &rule.identities {
            let fields: Option<Vec<String>> = identity.fields.iter().map(|pointer| text(node, pointer)).collect();
            match fields {
                Some(fields) => identities.push(identity.identity(fields)),
                None if rule.optional => {}
                None => self.doubts.push(Doubt::FieldMissing),
            }
        }
        if identities.is_empty() {
            // Somebody whose data are there, but not who it is.
            let has_data = |pointer: &String| select_there(node, pointer).0.into_iter().any(|value| !value.is_null());
            if rule.optional && rule.categories.keys().any(has_data) {
                self.doubts.push(Doubt::FieldMissing);
            }
            return None;
        }
        if identities.iter().all(|identity| identity.strength == Strength::Weak) {
            self.doubts.push(Doubt::WeakIdentity);
        }
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
        let direction = rule.direction();
        let fields = present.into_iter().map(|(pointer, category)| rule.field(pointer, category));
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
            let is_kept = keep::by(rule.from, &self.keeping) != Kept::Nothing;
            let (ids, missing) = select_there(document, &rule.id);
            if missing && !ids.is_empty() {
                self.doubts.push(Doubt::FieldMissing);
            }
            for value in ids {
                let Some(id) = text(value, "") else {
                    // A record that is there and has no usable id leaves a gap; one that is absent does not.
                    if !value.is_null() {
                        self.doubts.push(Doubt::FieldMissing);
                    }
                    continue;
                };
                let record = rule.record(&self.tool.dataset, id.clone());
                let key = (record.dataset.clone(), id);
                self.keeping.records_left_out |= !is_kept;
                let record = is_kept.then_some(record);
                if let Some(owner) = only_owner(&mut action.subjects, &rule.owner) {
                    if delivered {
                        let owner = (owner.kind.clone(), owner.identities.clone());
                        self.lesson.0.push((call.conversation.clone(), key, owner));
                    }
                    owner.records.extend(record.filter(|record| !owner.records.contains(record)));
                } else if let Some((kind, identities)) = self.conversations.owner(&call.conversation, &key) {
                    action.subjects.push(Subject {
                        kind,
                        identities,
                        categories: vec![CategoryUse {
                            direction: Direction::Argument,
                            categories: vec![Category::Identification.code().to_owned()],
                            rendered_to: Vec::new(),
                        }],
                        fields: Vec::new(),
                        records: record.into_iter().collect(),
                    });
                } else {
                    if !rule.owner.is_empty() {
                        self.doubts.push(Doubt::OwnerUnknown);
                    }
                    action.records.extend(record);
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

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"
version = "test-1"
[tools.notes]
verb = "data.read"
dataset = "notes"
result = "json"
persons = "none"
free_text = ["/result/*/text", "/result/*/more"]
[tools.quiet]
verb = "data.update"
dataset = "notes"
result = "none"
persons = "none"
[tools.orders]
verb = "data.read"
dataset = "orders"
result = "json"
persons = "listed"
[[tools.orders.subjects]]
kind = "customer"
from = "result"
each = "/result/*"
identities = [{ namespace = "customer", fields = ["/user"] }]
categories = { "/phone" = "contact" }
[[tools.orders.records]]
from = "result"
id = "/result/*/order"
scope = "conversation"
owner = "customer"
"#;

    fn of(tool: &str, outcome: Outcome, result: &str, error: &str) -> Action {
        let catalogue = Catalogue::parse(CATALOGUE).expect("a good catalogue");
        let call = ToolCall {
            tool: tool.into(),
            outcome,
            result: result.as_bytes().to_vec(),
            error: error.into(),
            conversation: "talk".into(),
            ..ToolCall::default()
        };
        interpret(call, &catalogue, &Conversations::default())
    }

    #[test]
    fn whoever_may_be_named_somewhere_is_never_counted_as_nobody() {
        let determined =
            |tool: &str, outcome, result: &str, error: &str| of(tool, outcome, result, error).determination;
        let ok = Outcome::Succeeded;
        assert_eq!(determined("notes", ok, r#"[{"text":"Alice is ill"},{"id":2}]"#, ""), Determination::Undetermined);
        assert_eq!(determined("notes", ok, r#"[{"more":["", {"by":"Alice"}]}]"#, ""), Determination::Undetermined);
        assert_eq!(determined("notes", ok, r#"[{"text":" "},{"id":2}]"#, ""), Determination::Nobody);
        assert_eq!(determined("quiet", ok, r#"{"owner":"Alice"}"#, ""), Determination::Undetermined);
        assert_eq!(determined("quiet", ok, "null", ""), Determination::Nobody);
        let failed = determined("orders", Outcome::Failed, "", "Alice Smith, born 1990, is locked");
        assert_eq!(failed, Determination::Undetermined);
        assert_eq!(determined("notes", Outcome::Denied, "", ""), Determination::Nobody);
    }

    #[test]
    fn one_missing_element_does_not_hide_the_others() {
        let action = of("orders", Outcome::Succeeded, r#"[{"user":"alice","order":"O1"},{"order":"O2"}]"#, "");
        assert_eq!(action.determination, Determination::ListedIncomplete);
        assert_eq!(action.subjects.len(), 1);
        assert!(action.doubts.contains(&Doubt::FieldMissing));
    }

    #[test]
    fn a_record_of_several_possible_owners_is_nobodys_until_somebody_tells() {
        let result = r#"[{"user":"alice","order":"O1"},{"user":"bob","order":"O2"}]"#;
        let action = of("orders", Outcome::Succeeded, result, "");
        assert!(action.subjects.iter().all(|subject| subject.records.is_empty()));
        assert_eq!((action.records.len(), action.doubts.contains(&Doubt::OwnerUnknown)), (2, true));
        let one = of("orders", Outcome::Succeeded, r#"[{"user":"alice","order":"O1"}]"#, "");
        assert_eq!(one.subjects[0].records.len(), 1);
    }

    #[test]
    fn a_number_that_was_rounded_names_nobody() {
        let action = of("orders", Outcome::Succeeded, r#"[{"user":89490200001234567890123,"order":"O1"}]"#, "");
        assert_eq!((action.subjects.len(), action.determination), (0, Determination::Undetermined));
    }
}
