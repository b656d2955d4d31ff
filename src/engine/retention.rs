//! How long what is kept, by class: data keys whose time is over go with the day's erasures, and nobody can tell the two
//! apart. Bodies follow them: see `prune`.

use super::erase::TurnBound;
use super::held::Held;
use super::prune::PlannedBodies;
use super::{EngineError, OpenLedger, Receipt};
use crate::admit::events;
use crate::model::*;
use crate::vault::{Change, KeyName, PartPlace, PersonId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use whosaw_verifier::body::{Body, PrunedBodies, RetentionBody, RetentionRule};

/// Keys read at a time.
const PAGE: usize = 4_096;

/// What the rules would destroy now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetentionPlan {
    /// By class, with the first month that is kept (months since January 1970).
    pub classes: Vec<PlannedClass>,
    /// More than one batch does.
    pub more: bool,
    /// Nothing where no rule is about bodies.
    pub bodies: Option<PlannedBodies>,
    /// What was pruned, by the entries that record it, with what they carry forward.
    pub pruned: Vec<(u64, PrunedBodies)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedClass {
    pub rule: (RetentionClass, u32, LegalBasis),
    pub kept_from_month: u16,
    /// Data keys that go.
    pub keys: u64,
    /// Sealed parts that nobody can open any more then.
    pub parts: u64,
    /// Keys that a hold of whole persons keeps. Of others, single parts may stay for a matter.
    pub held: u64,
    /// Keys that stay because an opening event stands under them: an exposure may still be open.
    pub open: u64,
}

/// Keys whose time is over, and what becomes of them.
#[derive(Debug, Default)]
pub(super) struct Over {
    pub due: BTreeSet<(PersonId, KeyName)>,
    /// Of these keys, also what stays for matters.
    places: usize,
    pub plan: RetentionPlan,
}

impl OpenLedger {
    pub fn retention_rules(&self) -> Vec<RetentionRule> {
        self.vault.standing().rules.clone()
    }

    /// Puts rules in force; they replace all before. A class that none names is kept.
    pub async fn set_retention(
        self: &Arc<Self>,
        rules: Vec<RetentionRule>,
        caller: &Caller,
    ) -> Result<Receipt, EngineError> {
        let mut seen = BTreeSet::new();
        for (i, rule) in rules.iter().enumerate() {
            let wrong = |field: &str, what: &str| EngineError::invalid(format!("rules[{i}].{field}"), what);
            match rule.class {
                RetentionClass::Subject | RetentionClass::Staff | RetentionClass::Content | RetentionClass::Body => {}
                RetentionClass::Unspecified => {
                    return Err(wrong("class", "is missing: subject, staff, content or body"));
                }
            }
            if !seen.insert(rule.class) {
                return Err(wrong("class", "stands twice"));
            }
            if !(1..=1_200).contains(&rule.months) {
                return Err(wrong("months", "is not 1 to 1,200"));
            }
        }
        let body = RetentionBody { rules: rules.clone(), ..RetentionBody::default() };
        let registry = &self.names().registry;
        let admitted = events::retention(body, caller.clone(), registry);
        let mut changes = vec![Change::Rules(rules)];
        // The first rules begin the calendar; later ones must not make a leap of the clock believed.
        if self.vault.standing().rules.is_empty() {
            changes.push(Change::Looked(self.ledger_month()));
        }
        let gate = self.sealing.read().await;
        self.record_with(admitted, changes, gate).await
    }

    /// By the ledger's own time, which is held back where a clock runs away.
    fn ledger_month(&self) -> u16 {
        UnixMicros(self.ledger.published().recorded_at_us).month()
    }

    /// Whether it may be destroyed by the calendar alone. A machine that boots with a clock years ahead must not take that
    /// for years gone by: where more than one month has passed since the rules were last looked at, somebody has to ask.
    pub(super) fn calendar_is_believed(&self) -> bool {
        if self.vault.standing().rules.is_empty() {
            return true;
        }
        let (looked, month) = (self.vault.standing().looked, self.ledger_month());
        let believed = month <= looked.saturating_add(1);
        if !believed {
            tracing::error!(
                months = month - looked,
                "retention was not looked at for months, or the clock leapt: look at `whosaw retention plan`, then \
                 `whosaw person run-erasures --retention`"
            );
        }
        believed
    }

    /// The rules were looked at this month.
    pub(super) async fn looked(&self) -> Result<(), EngineError> {
        let month = self.ledger_month();
        if self.vault.standing().rules.is_empty() || self.vault.standing().looked == month {
            return Ok(());
        }
        let changes = [Change::Looked(month)];
        self.write_rows(self.vault.rows_of(&changes)?).await?;
        self.vault.changed(&changes);
        Ok(())
    }

    /// What the next batch would destroy by the rules, before it does. Blocks, and waits for a batch that is under way.
    pub fn retention_plan(&self) -> Result<RetentionPlan, EngineError> {
        let _no_batch = self.erasing.blocking_lock();
        let plan = self.over(self.turn_bound)?.plan;
        Ok(RetentionPlan { bodies: self.plan_bodies()?, pruned: self.ledger.pruned(None)?, ..plan })
    }

    /// The first month that a rule keeps.
    pub(super) fn first_kept(&self, rule: &RetentionRule) -> u16 {
        self.ledger_month().saturating_sub(rule.months.min(u32::from(u16::MAX)) as u16)
    }

    /// Keys whose time is over, as many as there is room for. Blocks.
    pub(super) fn over(&self, room: TurnBound) -> Result<Over, EngineError> {
        let mut rules = self.retention_rules();
        // No data key is of bodies.
        rules.retain(|rule| rule.class != RetentionClass::Body);
        let first_kept = |rule: &RetentionRule| self.first_kept(rule);
        let before: BTreeMap<u8, u16> = rules.iter().map(|rule| (rule.class as u8, first_kept(rule))).collect();
        let mut over = Over::default();
        if rules.is_empty() {
            return Ok(over);
        }
        let planned = |rule: &RetentionRule| PlannedClass {
            rule: (rule.class, rule.months, rule.basis),
            kept_from_month: first_kept(rule),
            keys: 0,
            parts: 0,
            held: 0,
            open: 0,
        };
        let mut classes: BTreeMap<RetentionClass, PlannedClass> =
            rules.iter().map(|rule| (rule.class, planned(rule))).collect();
        let held = self.held()?;
        let mut after = None;
        loop {
            let keys = self.vault.keys_before(&before, after, PAGE)?;
            let Some(last) = keys.last() else { break };
            after = Some(*last);
            for (person, name) in keys {
                if over.due.len() >= room.keys || over.places >= room.places {
                    over.plan.more = true;
                    break;
                }
                self.judge(person, name, &held, &mut classes, &mut over)?;
            }
            if over.plan.more {
                break;
            }
        }
        over.plan.classes = classes.into_values().collect();
        Ok(over)
    }

    fn judge(
        &self,
        person: PersonId,
        name: KeyName,
        held: &Held,
        classes: &mut BTreeMap<RetentionClass, PlannedClass>,
        over: &mut Over,
    ) -> Result<(), EngineError> {
        let Some(class) = classes.get_mut(&name.retention_class()) else { return Ok(()) };
        let places = self.vault.places_of(person, name)?;
        let indexes: BTreeSet<u64> = places.iter().map(|place| place.index).collect();
        let whole = self.vault.linked(person)?;
        if held.over(&whole, &indexes).is_some() {
            class.held += 1;
        } else if self.opens_something(&indexes)? || self.restricts(&whole, &indexes)? {
            class.open += 1;
        } else {
            let kept = self.kept_of(&places, &whole.into_iter().collect(), held)?;
            (class.keys, class.parts) = (class.keys + 1, class.parts + places.len() as u64 - kept);
            over.places += places.len();
            over.due.insert((person, name));
        }
        Ok(())
    }

    /// How many of a person's parts stay for matters when their key goes.
    fn kept_of(&self, places: &[PartPlace], whole: &BTreeSet<PersonId>, held: &Held) -> Result<u64, EngineError> {
        let mut kept = 0;
        if held.is_empty() {
            return Ok(kept);
        }
        for place in places {
            if let Some(entry) = self.ledger.entry(place.index)? {
                kept += u64::from(!self.keeping(held, &entry, whole, None)?.is_empty());
            }
        }
        Ok(kept)
    }

    /// Whether one of these entries says that data of these may only be stored, while that is so: uses of it would not be
    /// known as such any more.
    fn restricts(&self, whole: &[PersonId], indexes: &BTreeSet<u64>) -> Result<bool, EngineError> {
        let standing = self.vault.standing();
        if !whole.iter().any(|id| standing.restricted.contains_key(id)) {
            return Ok(false);
        }
        drop(standing);
        let indexes: Vec<u64> = indexes.iter().copied().collect();
        for chunk in indexes.chunks(256) {
            for entry in self.entries_at(chunk)? {
                let body = entry.body();
                if let Some(Ok(Body::Person(body))) = body
                    && matches!(body.act, PersonAct::Restrict | PersonAct::Erase)
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether one of these entries opens an interval. Which closing ends it stands sealed, so all of them are kept.
    fn opens_something(&self, indexes: &BTreeSet<u64>) -> Result<bool, EngineError> {
        let indexes: Vec<u64> = indexes.iter().copied().collect();
        for chunk in indexes.chunks(256) {
            for entry in self.entries_at(chunk)? {
                if let Some(action) = entry.action()
                    && action.facts.iter().any(|fact| fact.edge == Edge::Open)
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
