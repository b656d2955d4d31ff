//! What a person's own report says otherwise than an earlier one, without betraying what an order keeps from that person.

use super::access::Produced;
use super::again::Again;
use super::exposure::SUPERSEDED_MAX;
use super::suppressed::Orders;
use super::{EngineError, OpenLedger};
use crate::model::ReportType;
use crate::report::access::document::SupersededFact;
use crate::report::evidence::AccessQuestion;
use crate::report::question::RecordedQuestion;
use crate::report::{self, AccessReport, Report, changes};

impl OpenLedger {
    /// The report with what it says otherwise than the one that it was asked to supersede, if it was. Blocks.
    pub(super) fn compared(
        &self,
        mut produced: Produced,
        question: &AccessQuestion,
        orders: &Orders,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        if let (Some(earlier), Report::Access(report)) = (question.supersedes, &mut produced.report) {
            // Whatever was said of another would say that it is there, of somebody else or under an order.
            let is_it = |entry: u64, kind: ReportType| entry == earlier && kind == ReportType::Access;
            let told = report.earlier_reports.iter().find(|told| is_it(told.entry.0, told.report_type.0));
            let told = told.map(|told| SupersededFact { report_id: told.report_id.clone(), entry: told.entry });
            let other = || EngineError::invalid("supersedes", "is not the entry of an access report on this person");
            let told = told.ok_or_else(other)?;
            let before = self.access_before(earlier, orders, progress)?;
            report.changes = Some(changes::of_access(&before, report));
            report.header.supersedes = Some(told);
        }
        Ok(produced)
    }

    /// An earlier report, as of its own size. What an order forbade to tell then was not told, and what one forbids to tell
    /// now is told by neither: so what came out from under an order is new, and what came under one is not gone.
    fn access_before(
        &self,
        index: u64,
        orders: &Orders,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<AccessReport, EngineError> {
        let refused = |text: &str| EngineError::precondition(text);
        let unreadable = || refused("the question of the report that it supersedes is of a form that is not known");
        let recorded = |index| RecordedQuestion::read(&self.recorded_question(index)?.1).ok_or_else(unreadable);
        let RecordedQuestion { question, envelope, registry, .. } = recorded(index)?;
        // Each is made again with what it supersedes itself, so the chain must not be longer than a stack is deep.
        let mut before = question.supersedes;
        for _ in 1..SUPERSEDED_MAX {
            let Some(at) = before else { break };
            before = recorded(at)?.question.supersedes;
        }
        if before.is_some() {
            return Err(EngineError::precondition(format!("more than {SUPERSEDED_MAX} reports supersede each other")));
        }
        let Produced { report, again, .. } = self.reproduce_report(index, progress)?;
        match (report, again) {
            (Report::Access(report), Again::Identical) => {
                let then = self.orders(registry, envelope.generated_at_us)?;
                if !then.is_any() && !orders.is_any() {
                    return Ok(*report);
                }
                let question = AccessQuestion { supersedes: None, ..question };
                let gathered = self.access_evidence(&question, &[&then, orders], progress)?;
                Ok(report::facts(&question, &gathered.evidence, &envelope))
            }
            (_, Again::WithMarks) => Err(refused(
                "something that the report it supersedes rests on was erased since: they cannot be compared",
            )),
            (_, Again::Identical | Again::NotKnown | Again::First) => Err(refused(
                "nothing recorded tells whether the report that it supersedes would be made again as it was",
            )),
        }
    }
}
