//! What went into a tool went to whoever runs it, whatever became of the call (REPORTS 2.3, What was in it).

use super::copies::promised;
use super::*;
use std::collections::HashSet;

/// What an act put into a tool, by the registry of its time.
#[derive(Clone)]
pub(super) struct Call {
    index: u64,
    when: When,
    resource: Resource,
    verb: Verb,
    outcome: Outcome,
    despite_restriction: bool,
    pub(super) operators: Vec<Operator>,
    subjects: BTreeSet<Person>,
    /// `subjects` is everybody.
    listed: bool,
    categories: BTreeSet<Category>,
    fields: BTreeSet<u32>,
    /// These are all, as far as it says.
    fields_told: bool,
    /// It says that this went in, not only that it was about them.
    stated: bool,
    /// It says whose data it was about. Else anybody's may have gone in.
    of_somebody: bool,
}

#[derive(Clone)]
pub(super) struct Operator {
    pub(super) given: Given,
    /// How long it keeps it by contract, microseconds.
    pub(super) keeps_us: Option<u64>,
}

impl Call {
    /// By which act, and of what.
    pub(super) fn place(&self) -> (u64, Resource) {
        (self.index, self.resource)
    }

    /// Only the data of these people went in, or of others too.
    pub(super) fn only(&mut self, persons: &BTreeSet<Person>, or_others: bool) {
        self.subjects.retain(|person| persons.contains(person));
        self.listed &= !or_others;
        self.fields_told &= !or_others;
    }
}

impl Telling {
    pub(super) fn tool_called(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Resource,
        registered: &dyn Registered,
    ) {
        if let Some(call) = self.put_into_tool(action, when, resource, registered).filter(|call| call.of_somebody) {
            self.calls.push(call);
        }
    }

    /// What an act put into a tool, and who runs that; absent where it put in nothing.
    pub(super) fn put_into_tool(
        &mut self,
        action: &OpenedAction<'_>,
        when: When,
        resource: Resource,
        registered: &dyn Registered,
    ) -> Option<Call> {
        let (body, at) = (action.body, At { earliest: when.earliest, index: action.index });
        let goes_in = |group: &&PartGroup| {
            let argument = group.categories.iter().any(|used| used.direction == Direction::Argument);
            group.roles.contains(&Role::DataSubject) && (argument || group.categories.is_empty())
        };
        let groups: Vec<&PartGroup> = body.parts.iter().filter(goes_in).collect();
        let of_somebody = !groups.is_empty();
        let unsaid = determination(body) != Determination::Nobody && subjects_of(action).next().is_none();
        let tool = self.named(action, NamedField::Tool, 0, &body.tool)?;
        if !of_somebody && !unsaid {
            return None;
        }
        let name_of_tool = tool.text().unwrap_or_default().to_owned();
        let stated = groups.iter().any(|group| !group.categories.is_empty());
        let mut operators: Vec<Operator> = registered
            .operators(&name_of_tool, at)
            .into_iter()
            .map(|name| {
                let to = self.named_party(PartyKind::Organisation, Named::Registered(name.to_owned()));
                let country = registered.country(name, at).or_else(|| registered.tool_country(&name_of_tool, at));
                let country = country.unwrap_or_default().to_owned();
                let kind = registered.role(name, at).unwrap_or(RecipientKind::Undetermined);
                let given = Given { to, kind, country, certain: stated };
                Operator { given, keeps_us: registered.retention_us(name, at) }
            })
            .collect();
        if operators.is_empty() {
            // Somebody runs it all the same.
            let to = self.named_party(PartyKind::Organisation, Named::OperatorOf(Box::new(tool)));
            let country = registered.tool_country(&name_of_tool, at).unwrap_or_default().to_owned();
            let given = Given { to, kind: RecipientKind::Undetermined, country, certain: stated };
            operators.push(Operator { given, keeps_us: None });
        }
        let ordinals = groups.iter().flat_map(|group| group.first..group.first.saturating_add(group.count));
        let (fields, each_names) = self.fields(action, ordinals.clone(), |direction| direction == Direction::Argument);
        let persons: Vec<Option<Person>> = ordinals.map(|ordinal| action.persons.get(&ordinal).copied()).collect();
        let listed = determination(body) == Determination::Listed && persons.iter().all(Option::is_some);
        let used = groups.iter().flat_map(|group| &group.categories);
        let used = used.filter(|used| used.direction == Direction::Argument).flat_map(|used| &used.categories);
        Some(Call {
            index: action.index,
            when,
            resource,
            verb: body.verb,
            outcome: body.outcome,
            despite_restriction: body.legal_bases.contains(&LegalBasis::DespiteRestriction),
            operators,
            listed,
            fields,
            fields_told: listed && each_names,
            subjects: persons.into_iter().flatten().collect(),
            categories: used.copied().filter(|category| *category != Category::Unspecified).collect(),
            stated,
            of_somebody,
        })
    }

    /// Once everything was told: what went in stands among what was given, and with whoever runs the tool.
    pub(super) fn settle_operators(&mut self) {
        let mut held: HashSet<(u64, Option<Thing>)> =
            self.edges.iter().filter(|edge| edge.side == Side::Opens).map(|edge| (edge.index, edge.thing)).collect();
        let places = self.by_entry();
        for call in std::mem::take(&mut self.calls) {
            if self.never.contains(&call.index) {
                continue;
            }
            for Operator { given, keeps_us } in &call.operators {
                let thing = Thing::Holding { holder: given.to, resource: call.resource };
                if held.insert((call.index, Some(thing))) {
                    let end = keeps_us.map(|kept| promised(call.when.latest, kept));
                    let edge = Edge::of(call.index, thing, Side::Opens, call.when);
                    self.edges.push(Edge { end, doubtful: !given.certain, ..edge });
                }
            }
            let own = places.get(&call.index).and_then(|at| self.accesses.get_mut(*at));
            let own = own.filter(|own| own.only_gives && own.resource == call.resource);
            match own.filter(|own| call.subjects.is_subset(&own.subjects)) {
                Some(own) => call.operators.iter().for_each(|operator| own.give(&operator.given)),
                None => self.accesses.extend(self.handed_over(&call)),
            }
        }
    }

    /// What went in, apart from what came back.
    pub(super) fn handed_over(&self, call: &Call) -> Option<Access> {
        let act = self.acts.get(&call.index)?;
        let to: BTreeSet<Party> = call.operators.iter().map(|operator| operator.given.to).collect();
        let (given_to, perhaps_given_to) = if call.stated { (to, BTreeSet::new()) } else { (BTreeSet::new(), to) };
        let refused = matches!(call.outcome, Outcome::Denied | Outcome::Failed);
        Some(Access {
            entries: vec![call.index],
            when: call.when,
            verb: call.verb,
            outcome: call.outcome,
            chain: act.chain.clone(),
            resource: call.resource,
            subjects: call.subjects.clone(),
            listed: call.listed,
            categories: call.categories.clone(),
            fields: call.fields.clone(),
            fields_told: call.fields_told,
            given_to,
            perhaps_given_to,
            only_gives: true,
            goes_anyway: true,
            // That the tool was not to answer says nothing of whether it was to be asked.
            authorised: if refused { Authorised::NotAssessed } else { act.authorised },
            approved: act.approved.filter(|_| !refused),
            review: act.review.filter(|_| !refused),
            despite_restriction: call.despite_restriction,
            recipients: call.operators.iter().map(|operator| operator.given.clone()).collect(),
            ..Access::default()
        })
    }
}
