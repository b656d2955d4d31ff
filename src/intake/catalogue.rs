//! The tool catalogue: for each tool, what it does, to which dataset, and whose data its arguments and results are.
//!
//! A TOML file. Pointers are JSON pointers (RFC 6901) into the call, a document with `/arguments` and `/result`; `*` stands
//! for every element of a list or value of an object. Inside a subject they are relative to the node that `each` selects,
//! so that the fields of one identity always come from one node. What is kept of a call is said by `keep` tables.

use super::keep::Keep;
use super::tool_call::recipients;
use crate::model::*;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use whosaw_verifier::hash::sha256;

#[derive(Debug, Clone)]
pub struct Catalogue {
    pub version: String,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    pub tools: BTreeMap<String, Tool>,
    pub import: Option<Import>,
    /// What an entry keeps of a call, where its tool says nothing else.
    pub keep: Keep,
}

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("not a tool catalogue: {0}")]
    Syntax(String),
    /// All mistakes at once.
    #[error("the tool catalogue has mistakes:\n{}", .0.join("\n"))]
    Mistakes(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: String,
    /// Namespaces that never identify a person, such as payment ids.
    #[serde(default)]
    never_identities: Vec<String>,
    #[serde(default)]
    tools: BTreeMap<String, Tool>,
    import: Option<Import>,
    #[serde(default)]
    keep: Keep,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub verb: String,
    #[serde(default)]
    pub dataset: String,
    #[serde(default)]
    pub purpose: String,
    #[serde(default)]
    pub legal_bases: Vec<String>,
    pub result: ResultForm,
    pub persons: Persons,
    /// Where text stands that may name anybody.
    #[serde(default)]
    pub free_text: Vec<String>,
    #[serde(default)]
    pub records: Vec<RecordRule>,
    #[serde(default)]
    pub subjects: Vec<SubjectRule>,
    #[serde(default)]
    pub recipients: Vec<RecipientRule>,
    #[serde(default)]
    pub keep: Keep,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultForm {
    Json,
    Text,
    None,
}

/// Whether the catalogue can say whose data a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persons {
    Listed,
    None,
    Undetermined,
}

impl Persons {
    pub fn determination(self) -> Determination {
        match self {
            Persons::Listed => Determination::Listed,
            Persons::None => Determination::Nobody,
            Persons::Undetermined => Determination::Undetermined,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Applies whatever the outcome.
    Arguments,
    /// Applies when the call succeeded, wholly or in part.
    Result,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordRule {
    pub from: Side,
    pub id: String,
    #[serde(default)]
    pub dataset: String,
    pub scope: Scope,
    /// The identity, among the subjects of this call, that owns the record: learnt for the rest of the conversation.
    #[serde(default)]
    pub owner: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    System,
    Conversation,
}

impl From<Scope> for RecordScope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::System => RecordScope::System,
            Scope::Conversation => RecordScope::Conversation,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectRule {
    pub kind: String,
    pub from: Side,
    /// Selects the nodes, one person each; empty: the whole call is one node.
    #[serde(default)]
    pub each: String,
    pub identities: Vec<IdentityRule>,
    /// Pointer inside the node → data category.
    #[serde(default)]
    pub categories: BTreeMap<String, String>,
    /// A call without the node is fine.
    #[serde(default)]
    pub optional: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityRule {
    pub namespace: String,
    pub fields: Vec<String>,
    #[serde(default)]
    pub strength: StrengthRule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrengthRule {
    #[default]
    Strong,
    Weak,
}

impl From<StrengthRule> for Strength {
    fn from(strength: StrengthRule) -> Self {
        match strength {
            StrengthRule::Strong => Strength::Strong,
            StrengthRule::Weak => Strength::Weak,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientRule {
    pub kind: String,
    pub party: String,
    pub name: String,
    #[serde(default)]
    pub country: String,
}

/// How lines of a file become tool calls: pointers into each line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    pub conversation: String,
    pub sequence: String,
    pub tool: String,
    pub arguments: String,
    pub result: String,
    pub outcome: String,
    pub succeeded: Vec<String>,
    pub failed: Vec<String>,
    #[serde(default)]
    pub call_id: String,
    pub agent: String,
    #[serde(default)]
    pub agent_model: String,
    #[serde(default)]
    pub agent_vendor: String,
    #[serde(default)]
    pub principal: String,
    #[serde(default)]
    pub principal_namespace: String,
}

impl Catalogue {
    /// Reads a catalogue that is to be put in force, and holds it against everything that can be wrong with it.
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let file = File::read(text)?;
        let mistakes = mistakes(&file);
        if mistakes.is_empty() { Ok(file.catalogue(text)) } else { Err(CatalogueError::Mistakes(mistakes)) }
    }

    /// Reads one that is in force already. What is asked of catalogues today it need not keep: a ledger must open with the
    /// one it has.
    pub fn parse_in_force(text: &str) -> Result<Self, CatalogueError> {
        Ok(File::read(text)?.catalogue(text))
    }

    /// Knows no tool, so that every call comes out as *not determined*.
    pub fn empty() -> Self {
        Catalogue {
            version: String::new(),
            digest: [0; 32],
            tools: BTreeMap::new(),
            import: None,
            keep: Keep::default(),
        }
    }

    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    /// For each tool, and for the import, an action with all that the catalogue itself says of it and something short for
    /// what a call says: what is refused of this action is refused of every action of the tool.
    pub fn samples(&self) -> Vec<(String, Action)> {
        let agent = |name: &str| Actor { kind: PartyKind::Agent, name: name.to_owned(), ..Actor::default() };
        let tools = self.tools.iter().map(|(name, tool)| {
            let mut action = sample(tool.persons.determination(), vec![agent("agent")]);
            action.tool.clone_from(name);
            action.verb.clone_from(&tool.verb);
            action.dataset.clone_from(&tool.dataset);
            action.purpose.clone_from(&tool.purpose);
            action.legal_bases.clone_from(&tool.legal_bases);
            action.recipients = recipients(tool);
            action.records = tool.records.iter().map(|rule| rule.record(&tool.dataset, SHORT.to_owned())).collect();
            if tool.persons == Persons::Listed {
                action.subjects = tool.subjects.iter().map(SubjectRule::sample).collect();
            }
            (format!("tools.{name}"), action)
        });
        let import = self.import.iter().map(|import| {
            let mut actors = vec![import.agent()];
            if !import.principal.is_empty() {
                actors.push(import.principal(SHORT.to_owned()));
            }
            let mut action = sample(Determination::Undetermined, actors);
            action.verb = Verb::ToolCall.code().to_owned();
            ("import".to_owned(), action)
        });
        tools.chain(import).collect()
    }

    /// Registry terms and names that must be known so that entries can speak of them in the open: (kind code, name).
    pub fn names(&self) -> BTreeSet<(&'static str, String)> {
        let mut names = BTreeSet::from([("catalogue", self.version.clone())]);
        for (name, tool) in &self.tools {
            names.insert(("tool", name.clone()));
            let datasets = tool.records.iter().map(|record| &record.dataset).chain([&tool.dataset]);
            names.extend(datasets.filter(|dataset| !dataset.is_empty()).map(|dataset| ("dataset", dataset.clone())));
            let kinds = tool.subjects.iter().map(|subject| &subject.kind).filter(|kind| !kind.is_empty());
            names.extend(kinds.map(|kind| ("term", format!("kind/{kind}"))));
            // The public has no name.
            let recipients = tool.recipients.iter().map(|recipient| &recipient.name).filter(|name| !name.is_empty());
            names.extend(recipients.map(|name| ("party", name.clone())));
            if !tool.purpose.is_empty() {
                names.insert(("term", format!("purpose/{}", tool.purpose)));
            }
        }
        if let Some(import) = &self.import {
            names.insert(("agent", import.agent.clone()));
            for (term, value) in [("model", &import.agent_model), ("vendor", &import.agent_vendor)] {
                if !value.is_empty() {
                    names.insert(("term", format!("{term}/{value}")));
                }
            }
        }
        names
    }
}

/// Stands for whatever a call says.
const SHORT: &str = "x";

fn sample(determination: Determination, actors: Vec<Actor>) -> Action {
    Action {
        action_id: uuid::Builder::from_custom_bytes([0; 16]).into_uuid().into_bytes().to_vec(),
        outcome: Outcome::Succeeded,
        actors,
        determination,
        provenance: Provenance::ToolCall,
        ..Action::default()
    }
}

impl File {
    fn read(text: &str) -> Result<Self, CatalogueError> {
        toml::from_str(text).map_err(|error| CatalogueError::Syntax(error.to_string()))
    }

    fn catalogue(self, text: &str) -> Catalogue {
        let digest = sha256(&[text.as_bytes()]);
        Catalogue { version: self.version, digest, tools: self.tools, import: self.import, keep: self.keep }
    }
}

impl RecordRule {
    /// One of its records; the tool's own dataset where the rule names none.
    pub fn record(&self, of_tool: &str, id: String) -> Record {
        let dataset = if self.dataset.is_empty() { of_tool } else { &self.dataset };
        Record { dataset: dataset.to_owned(), id, scope: self.scope.into() }
    }
}

impl SubjectRule {
    pub fn direction(&self) -> Direction {
        match self.from {
            Side::Arguments => Direction::Argument,
            Side::Result => Direction::Result,
        }
    }

    pub fn field(&self, pointer: &str, category: &str) -> FieldUse {
        let pointer = format!("{}{pointer}", self.each);
        FieldUse { pointer, category: category.to_owned(), direction: self.direction() }
    }

    /// A person of whom a call shows everything that this rule can find.
    fn sample(&self) -> Subject {
        let identity = |rule: &IdentityRule| rule.identity(vec![SHORT.to_owned(); rule.fields.len()]);
        let categories = self.categories.values().cloned().collect();
        Subject {
            kind: self.kind.clone(),
            identities: self.identities.iter().map(identity).collect(),
            categories: vec![CategoryUse { direction: self.direction(), categories, rendered_to: Vec::new() }],
            fields: self.categories.iter().map(|(pointer, category)| self.field(pointer, category)).collect(),
            records: Vec::new(),
        }
    }
}

impl IdentityRule {
    pub fn identity(&self, fields: Vec<String>) -> Identity {
        Identity { namespace: self.namespace.clone(), fields, strength: self.strength.into() }
    }
}

impl Import {
    pub fn agent(&self) -> Actor {
        Actor {
            kind: PartyKind::Agent,
            name: self.agent.clone(),
            model: self.agent_model.clone(),
            vendor: self.agent_vendor.clone(),
            ..Actor::default()
        }
    }

    pub fn principal(&self, id: String) -> Actor {
        let namespace = self.principal_namespace.clone();
        let identities = vec![Identity { namespace, fields: vec![id], strength: Strength::Strong }];
        Actor { kind: PartyKind::Human, identities, ..Actor::default() }
    }
}

fn mistakes(file: &File) -> Vec<String> {
    let mut found = Vec::new();
    if file.version.is_empty() {
        found.push("version: is missing".to_owned());
    }
    for (name, tool) in &file.tools {
        let mut wrong = |what: String| found.push(format!("tools.{name}: {what}"));
        if Verb::from_code(&tool.verb).is_none() {
            wrong(format!("verb {:?} is not in the closed list", tool.verb));
        }
        for basis in tool.legal_bases.iter().filter(|basis| LegalBasis::from_code(basis).is_none()) {
            wrong(format!("legal basis {basis:?} is not in the closed list"));
        }
        tool.keep.mistakes(&mut wrong);
        for pointer in &tool.free_text {
            check_pointer(pointer, "free_text", &mut wrong);
        }
        for record in &tool.records {
            check_pointer(&record.id, "records.id", &mut wrong);
        }
        if (tool.persons == Persons::Listed) == tool.subjects.is_empty() {
            wrong("persons = \"listed\" goes with, and only with, subjects".into());
        }
        for subject in &tool.subjects {
            check_pointer(&subject.each, "subjects.each", &mut wrong);
            let result = |pointer: &String| pointer.starts_with("/result");
            let reads_result = result(&subject.each)
                || (subject.each.is_empty() && subject.identities.iter().flat_map(|i| &i.fields).any(result));
            if subject.from == Side::Arguments && reads_result {
                wrong("a subject from arguments points into the result".into());
            }
            if subject.identities.is_empty() {
                wrong("a subject has no identities".into());
            }
            for identity in &subject.identities {
                if identity.namespace.is_empty() || identity.fields.is_empty() {
                    wrong("an identity needs a namespace and fields".into());
                }
                if file.never_identities.contains(&identity.namespace) {
                    wrong(format!("{:?} never identifies a person", identity.namespace));
                }
                for field in &identity.fields {
                    check_pointer(field, "identities.fields", &mut wrong);
                    if field.contains('*') {
                        wrong(format!(
                            "identity field {field:?} has a wildcard: use `each`, or fields of different persons mix"
                        ));
                    }
                }
            }
            for (pointer, category) in &subject.categories {
                check_pointer(pointer, "categories", &mut wrong);
                if Category::from_code(category).is_none() {
                    wrong(format!("category {category:?} is not in the closed list"));
                }
            }
        }
        let names = [("tool name", name), ("dataset", &tool.dataset)].into_iter();
        let names = names.chain(tool.records.iter().map(|record| ("records.dataset", &record.dataset)));
        let names = names.chain(tool.recipients.iter().map(|recipient| ("recipient name", &recipient.name)));
        let terms = [("purpose", "purpose", &tool.purpose)].into_iter();
        let terms = terms.chain(tool.subjects.iter().map(|subject| ("subject kind", "kind", &subject.kind)));
        check_names(names, terms, &mut wrong);
        for recipient in &tool.recipients {
            if RecipientKind::from_code(&recipient.kind).is_none() {
                wrong(format!("recipient kind {:?} is not in the closed list", recipient.kind));
            }
            if PartyKind::from_code(&recipient.party).is_none_or(|party| party == PartyKind::Human) {
                wrong(format!(
                    "recipient party {:?} is not a kind of party that a catalogue may name",
                    recipient.party
                ));
            }
        }
    }
    let mut wrong = |what: String| found.push(what);
    file.keep.mistakes(&mut wrong);
    check_names([("version", &file.version)].into_iter(), std::iter::empty(), &mut wrong);
    if let Some(import) = &file.import {
        import_mistakes(import, &file.never_identities, &mut |what| wrong(format!("import.{what}")));
    }
    found
}

fn import_mistakes(import: &Import, never_identities: &[String], wrong: &mut impl FnMut(String)) {
    for (what, pointer) in [
        ("conversation", &import.conversation),
        ("sequence", &import.sequence),
        ("tool", &import.tool),
        ("arguments", &import.arguments),
        ("result", &import.result),
        ("outcome", &import.outcome),
        ("call_id", &import.call_id),
        ("principal", &import.principal),
    ] {
        check_pointer(pointer, what, wrong);
    }
    if import.agent.is_empty() {
        wrong("agent is missing: say which agent called".into());
    }
    if import.principal.is_empty() != import.principal_namespace.is_empty() {
        wrong("principal and principal_namespace stand together or not at all".into());
    }
    if never_identities.contains(&import.principal_namespace) {
        wrong(format!("principal_namespace {:?} never identifies a person", import.principal_namespace));
    }
    let terms = [("agent_model", "model", &import.agent_model), ("agent_vendor", "vendor", &import.agent_vendor)];
    check_names([("agent", &import.agent)].into_iter(), terms.into_iter(), wrong);
}

/// Every name of a catalogue is made known with it, so each must be one that may stand in the open for ever. Given are
/// (what it is, name), and for terms (what it is, field, value).
fn check_names<'a>(
    names: impl Iterator<Item = (&'a str, &'a String)>,
    terms: impl Iterator<Item = (&'a str, &'a str, &'a String)>,
    wrong: &mut impl FnMut(String),
) {
    let names = names.map(|(what, name)| (what, name, is_registry_name(name)));
    let terms = terms.map(|(what, field, value)| (what, value, is_registry_name(&format!("{field}/{value}"))));
    for (what, name, _) in names.chain(terms).filter(|(_, name, fits)| !name.is_empty() && !fits) {
        wrong(format!(
            "{what} {name:?} cannot be made known: names are 1 to 128 of a–z, A–Z, 0–9, '.', '_', ':', '/', '-', and \
             begin with a letter or digit"
        ));
    }
}

fn check_pointer(pointer: &str, what: &str, wrong: &mut impl FnMut(String)) {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        wrong(format!("{what} {pointer:?} is not a JSON pointer: it must begin with '/'"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_in_force_is_read_even_if_it_would_not_be_taken_today() {
        let text = "version = \"of old\"\n[tools.t]\nverb = \"data.read\"\nresult = \"none\"\npersons = \"none\"\n";
        let Err(CatalogueError::Mistakes(mistakes)) = Catalogue::parse(text) else { panic!("it has a mistake") };
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        let read = Catalogue::parse_in_force(text).expect("it is read all the same");
        assert_eq!((read.version.as_str(), read.digest), ("of old", sha256(&[text.as_bytes()])));
    }
}
