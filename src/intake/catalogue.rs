//! The tool catalogue: for each tool, what it does, to which dataset, and whose data its arguments and results are.
//!
//! A TOML file. Pointers are JSON pointers (RFC 6901) into the call, a document with `/arguments` and `/result`; `*` stands
//! for every element of a list or value of an object. Inside a subject they are relative to the node that `each` selects,
//! so that the fields of one identity always come from one node.

use crate::model::{Category, Determination, LegalBasis, PartyKind, RecipientKind, RecordScope, Strength, Verb};
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
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        let file: File = toml::from_str(text).map_err(|error| CatalogueError::Syntax(error.to_string()))?;
        let mistakes = mistakes(&file);
        if !mistakes.is_empty() {
            return Err(CatalogueError::Mistakes(mistakes));
        }
        let digest = sha256(&[text.as_bytes()]);
        Ok(Catalogue { version: file.version, digest, tools: file.tools, import: file.import })
    }

    /// Knows no tool, so that every call comes out as *not determined*.
    pub fn empty() -> Self {
        Catalogue { version: String::new(), digest: [0; 32], tools: BTreeMap::new(), import: None }
    }

    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.get(name)
    }

    /// Registry terms and names that must be known so that entries can speak of them in the open: (kind code, name).
    pub fn names(&self) -> BTreeSet<(&'static str, String)> {
        let mut names = BTreeSet::from([("catalogue", self.version.clone())]);
        for (name, tool) in &self.tools {
            names.insert(("tool", name.clone()));
            let datasets = tool.records.iter().map(|record| &record.dataset).chain([&tool.dataset]);
            names.extend(datasets.filter(|dataset| !dataset.is_empty()).map(|dataset| ("dataset", dataset.clone())));
            names.extend(tool.subjects.iter().map(|subject| ("term", format!("kind/{}", subject.kind))));
            names.extend(tool.recipients.iter().map(|recipient| ("party", recipient.name.clone())));
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
    found
}

fn check_pointer(pointer: &str, what: &str, wrong: &mut impl FnMut(String)) {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        wrong(format!("{what} {pointer:?} is not a JSON pointer: it must begin with '/'"));
    }
}
