//! What follows from a verb alone, where a record says no more.

use super::Verb;

/// Verbs about authority, cases and the log: unless they state categories, they move no data of a subject.
pub fn is_administrative(verb: Verb) -> bool {
    let code = verb.code();
    let families = [
        "access.",
        "group.",
        "approval.",
        "oversight.",
        "instruction.",
        "policy.",
        "breakglass.",
        "incident.",
        "notify.",
        "request.",
        "hold.",
        "log.",
        "report.",
        "coverage.",
        "event.",
    ];
    families.iter().any(|family| code.starts_with(family)) && !tells(verb)
}

/// Verbs by which somebody is told of the person whom they list: a notice, a question to an approver, an answer; and a
/// correction, which tells of an act again. What they told, if they do not say it, may be anything.
pub fn tells(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::NotifyAuthority
            | Verb::NotifySubject
            | Verb::NotifyRecipient
            | Verb::ApprovalRequest
            | Verb::RequestAnswer
            | Verb::EventCorrect
    )
}

/// Verbs that end something: unless they state categories, nothing is given to whoever acts.
pub fn gives_nothing(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::DataDelete
            | Verb::DataErase
            | Verb::DataUnshare
            | Verb::DataRestrict
            | Verb::DataUnrestrict
            | Verb::ContextClose
            | Verb::MemoryErase
    )
}

/// Verbs by which somebody else has it afterwards.
pub fn passes_on(verb: Verb) -> bool {
    matches!(verb, Verb::DataSend | Verb::DataTransfer | Verb::DataShare | Verb::DataPublish)
}

/// Verbs by which somebody else has it in their hands or before their eyes afterwards.
pub fn passes_on_or_shows(verb: Verb) -> bool {
    passes_on(verb) || matches!(verb, Verb::DataView | Verb::DataPreview)
}

/// Verbs by which what an agent has before it gets to somebody whom the act names.
pub fn passes_from_an_agent(verb: Verb) -> bool {
    passes_on_or_shows(verb) || matches!(verb, Verb::AgentDelegate | Verb::AgentReturn | Verb::ToolCall)
}

/// Verbs by which an agent writes down what it had before it, under whatever name.
pub fn is_kept_by_an_agent(verb: Verb) -> bool {
    matches!(verb, Verb::MemoryWrite | Verb::DataDerive)
}

/// Verbs that ask a question, to which nothing may be the answer.
pub fn is_query(verb: Verb) -> bool {
    matches!(verb, Verb::DataSearch | Verb::DataList)
}

/// What a human does who acts in person and gets data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HumanUse {
    /// Has them before their eyes.
    Reads,
    /// Gets them, and perhaps before their eyes.
    Unclear,
    /// Gets them, as a download or a copy: whether they were looked at is another act.
    Takes,
}

pub fn human_use(verb: Verb) -> HumanUse {
    match verb {
        Verb::DataRead
        | Verb::DataView
        | Verb::DataList
        | Verb::DataSearch
        | Verb::DataPreview
        | Verb::MemoryRead
        | Verb::ToolResult => HumanUse::Reads,
        Verb::ToolCall | Verb::ModelInfer | Verb::DecisionMake | Verb::DataReidentify | Verb::Unspecified => {
            HumanUse::Unclear
        }
        _ => HumanUse::Takes,
    }
}
