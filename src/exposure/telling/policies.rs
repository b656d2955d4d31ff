//! What policies decided of acts, and what an act was by that (REPORTS 2.2).

use super::*;

/// What one policy said of an act when that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decided {
    pub id: Named,
    pub version: Option<Named>,
    pub decision: PolicyDecision,
}

impl Telling {
    pub(super) fn decided(&mut self, action: &OpenedAction<'_>) {
        let Some(policy) = &action.body.policy else { return };
        // Where nothing was said of which policy it was, that one is not told.
        let id = self.named(action, NamedField::PolicyId, 0, &policy.id);
        let version = self.named(action, NamedField::PolicyVersion, 0, &policy.version);
        let decided = id.map(|id| Decided { id, version, decision: policy.decision });
        self.decided.extend(decided.map(|decided| (action.index, decided)));
    }
}

/// Of an act, by what it says of policy and approval.
pub fn authorised(body: &ActionBody) -> Authorised {
    let decision = body.policy.as_ref().map(|policy| policy.decision);
    match (body.break_glass, decision, body.approval) {
        (true, ..) => Authorised::Exceptional,
        (_, Some(PolicyDecision::Deny), _) => Authorised::No,
        (
            _,
            _,
            ApprovalResult::Missing
            | ApprovalResult::Expired
            | ApprovalResult::Mismatched
            | ApprovalResult::Denied
            | ApprovalResult::AlreadyUsed,
        ) => Authorised::No,
        (
            _,
            Some(PolicyDecision::Permit),
            ApprovalResult::NotRequired | ApprovalResult::Matched | ApprovalResult::Unspecified,
        ) => Authorised::Yes,
        // A claimed approval, a policy that did not decide, or none: nobody assessed it.
        _ => Authorised::NotAssessed,
    }
}
