//! Agents that nobody names in an act and that possibly had before them what it got: behind an account that acted, in a group
//! or an account that it was given or shown to, and those for whom it was got (REPORTS 2.3, direction rule).
//!
//! Of each what its model was given is possible, and so is what it sent on: never certain, since it may have been another.

use super::contexts::Put;
use super::*;
use crate::exposure::calculus::audience::Audience;
use crate::exposure::calculus::giving::{sends, takes_a_copy};
use crate::exposure::calculus::interval::{Frame, intervals};
use crate::exposure::calculus::times::{TimeSet, Times};

/// An agent that possibly had before it what an act got, and that the act does not name for that.
pub(super) struct Unnamed {
    pub index: u64,
    pub when: When,
    pub resource: Resource,
    pub agent: Party,
}

/// After this nothing is asked for.
const EVER: Instant = Instant::MAX - 1;

/// Which agents are behind groups and accounts, each looked up once.
struct Behind {
    /// Of memberships that agents have, and groups and accounts in others; absent where no agent is in anything.
    audience: Option<Audience>,
    always: Times,
    known: HashMap<Party, Vec<(Party, TimeSet)>>,
}

impl Behind {
    fn of(told: &Telling, lag_us: u64) -> Self {
        let always = Times::exactly(TimeSet::span(0, EVER));
        let agents = told.edges.iter().any(|edge| match edge.thing {
            Some(Thing::Membership { member, .. }) => member.is_agent(),
            _ => false,
        });
        // There may be very many people in groups, and who they are decides nothing here.
        let leads_to_agents = |edge: &&Edge| match (edge.thing, edge.side) {
            (Some(Thing::Membership { member, .. }), _) => member.is_agent() || member.has_members(),
            (None, Side::Closes) => true,
            _ => false,
        };
        let audience = agents.then(|| {
            let edges: Vec<Edge> = told.edges.iter().filter(leads_to_agents).cloned().collect();
            let (found, _) = intervals(&edges, Frame { from: 0, cut_off: EVER }, &|_| lag_us);
            Audience::of(&found)
        });
        Behind { audience, always, known: HashMap::new() }
    }

    /// The agents that were possibly in a party then; itself, if it is one.
    fn agents(&mut self, party: Party, when: When) -> Vec<Party> {
        if party.is_agent() {
            return vec![party];
        }
        let Some(audience) = self.audience.as_ref().filter(|_| party.has_members()) else { return Vec::new() };
        let known = self.known.entry(party).or_insert_with(|| {
            let members = audience.reach_of_acting(party, &self.always).into_iter();
            members.filter(|(it, _)| it.is_agent()).map(|(agent, times)| (agent, times.possible)).collect()
        });
        let then = known.iter().filter(|(_, times)| times.meets(when.earliest, when.latest));
        then.map(|(agent, _)| *agent).collect()
    }
}

impl Telling {
    /// What possibly was before agents that no act names as who acted or got it. Call when all of it was amended.
    pub(super) fn before_unnamed(&mut self, lag_us: u64) -> Vec<Put> {
        let had = self.unnamed_agents(lag_us, &|_| true);
        had.into_iter().filter_map(|had| self.perhaps_before(&had)).collect()
    }

    /// The agents that no act names, of some resources.
    pub(super) fn unnamed_agents(&self, lag_us: u64, is_asked: &dyn Fn(Resource) -> bool) -> Vec<Unnamed> {
        let mut behind = Behind::of(self, lag_us);
        let mut had = Vec::new();
        for access in self.accesses.iter().filter(|access| is_asked(access.resource)) {
            let (Some(index), Some(actor)) = (access.entries.first(), access.chain.first()) else { continue };
            let refused = matches!(access.outcome, Outcome::Denied | Outcome::Failed);
            let happened = access.goes_anyway || !refused;
            if access.about_nobody || !happened && !access.tells_in_error {
                continue;
            }
            let acted = !access.only_gives || sends(access) || takes_a_copy(access);
            // Whoever acted, and whom it names as a receiver, is told of by that.
            let whole = Some(actor).filter(|actor| acted && !actor.is_agent());
            let got = access.shown_to.iter().chain(&access.given_to).chain(&access.perhaps_given_to);
            let got = got.filter(|party| happened && !party.is_agent());
            let told = |party: &&Party| {
                happened
                    && !access.shown_to.contains(party)
                    && !matches!(party, Party::Named(PartyKind::Organisation, _))
            };
            let told = access.chain.iter().skip(1).filter(told);
            let named = |agent: &Party| agent == actor || access.given_to.contains(agent);
            let parties = whole.into_iter().chain(got).chain(told).copied();
            let agents: BTreeSet<Party> = parties.flat_map(|party| behind.agents(party, access.when)).collect();
            let agents = agents.into_iter().filter(|agent| !named(agent));
            let (index, when, resource) = (*index, access.when, access.resource);
            had.extend(agents.map(|agent| Unnamed { index, when, resource, agent }));
        }
        had
    }

    fn perhaps_before(&mut self, had: &Unnamed) -> Option<Put> {
        let Unnamed { index, when, resource, agent } = *had;
        let Party::Named(_, number) = agent else { return None };
        let name = self.parties.name(number).map(|(_, name)| name.clone())?;
        let reference = self.context(agent, None, resource);
        let (session, vendor, loads, given, kept, source) = (None, None, false, true, None, index);
        Some(Put { index, agent, session, resource, when, name, vendor, loads, given, kept, source, reference })
    }
}
