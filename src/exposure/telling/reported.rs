//! Which sources told of what: whether they are registered, and which tell of what a machine does.

use super::*;

#[derive(Clone, Default)]
pub struct Reported {
    /// Resources of which sources told that are not registered: nobody states what they log.
    pub unregistered: BTreeSet<Resource>,
    /// Of agents and services, by name, the registered sources that told of acts of theirs.
    pub logged: BTreeMap<String, BTreeSet<String>>,
}

impl Reported {
    pub(super) fn take(&mut self, body: &ActionBody, resource: Option<Resource>) {
        if body.sealed_names.contains(&NamedField::SourceName) {
            self.unregistered.extend(resource);
        }
        let (Some(actor), Some(source)) = (body.actors.first(), &body.source) else { return };
        let is_machine = matches!(actor.kind, PartyKind::Agent | PartyKind::Service) && !actor.name.is_empty();
        if is_machine && !source.name.is_empty() {
            self.logged.entry(actor.name.clone()).or_default().insert(source.name.clone());
        }
    }
}
