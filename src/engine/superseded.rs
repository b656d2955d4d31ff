//! What a report says otherwise than an earlier one of its type. The earlier one is made again as of its own size: to the byte,
//! or without what was erased since, so that nothing comes back by a comparison that no report tells any more. Of a person's own
//! report besides without what an order keeps from that person.

use super::access::Produced;
use super::again::Again;
use super::suppressed::Orders;
use super::{EngineError, Kind, OpenLedger};
use crate::model::ReportType;
use crate::report::access::document::{EntryIndex, SupersededFact};
use crate::report::evidence::{AccessQuestion, Envelope};
use crate::report::question::RecordedQuestion;
use crate::report::{self, Report, changes};

/// Reports that may supersede each other in a chain.
const SUPERSEDED_MAX: usize = 32;

/// What an earlier question asked, as far as a later one has to know.
pub(super) struct Earlier {
    pub is_same: bool,
    pub supersedes: Option<u64>,
}

/// Which report is superseded, by one of which size and type.
pub(super) struct Which<'a> {
    pub index: u64,
    pub size: u64,
    pub report_type: ReportType,
    /// Reads a recorded question; nothing where it is of a form that is not known.
    pub asked: &'a dyn Fn(&[u8]) -> Option<Earlier>,
}

fn refused(text: &str) -> EngineError {
    EngineError::precondition(text)
}

impl OpenLedger {
    /// Says in a report what it says otherwise than an earlier one. Blocks.
    pub(super) fn supersede(
        &self,
        report: &mut Report,
        which: &Which<'_>,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<(), EngineError> {
        let wrong = |what: &str| EngineError::invalid("supersedes", what);
        if which.index >= which.size {
            return Err(wrong("is an entry that this report does not know"));
        }
        match self.report_entry(which.index) {
            Ok((_, body)) if body.report_type == which.report_type => {}
            Err(removed) if removed.kind == Kind::FailedPrecondition => return Err(removed),
            Ok(_) | Err(_) => return Err(wrong("is not the entry of a report of this type")),
        }
        if !self.earlier(which.index, which.asked)?.is_same {
            return Err(wrong("is a report on something else: other resources, another case, another agent or time"));
        }
        self.is_no_long_chain(which.index, which.asked)?;
        let Produced { report: before, again, .. } = self.made_again(which.index, progress)?;
        let erased = match again {
            Again::Identical => None,
            Again::WithMarks => match before.erratum().map_or(0, |erratum| erratum.marks.len()) {
                0 => {
                    return Err(refused(
                        "the report that it supersedes would be made otherwise now, and not because of an \
                         erasure of what it rests on: they cannot be compared",
                    ));
                }
                erased => Some(erased as u64),
            },
            Again::NotKnown | Again::First => return Err(not_known()),
        };
        let told = SupersededFact { report_id: before.report_id().to_owned(), entry: EntryIndex(which.index), erased };
        changes::supersede(report, &before, told);
        Ok(())
    }

    fn earlier(&self, index: u64, asked: &dyn Fn(&[u8]) -> Option<Earlier>) -> Result<Earlier, EngineError> {
        asked(&self.recorded_question(index)?.1).ok_or_else(unreadable)
    }

    /// Each is made again with what it supersedes itself, so the chain must not be longer than a stack is deep.
    fn is_no_long_chain(&self, index: u64, asked: &dyn Fn(&[u8]) -> Option<Earlier>) -> Result<(), EngineError> {
        let mut before = Some(index);
        for _ in 0..SUPERSEDED_MAX {
            let Some(at) = before else { return Ok(()) };
            before = self.earlier(at, asked)?.supersedes;
        }
        match before {
            Some(_) => {
                Err(EngineError::precondition(format!("more than {SUPERSEDED_MAX} reports supersede each other")))
            }
            None => Ok(()),
        }
    }

    /// The same of a person's own report, if it was asked to supersede one. Blocks.
    pub(super) fn compared(
        &self,
        mut produced: Produced,
        asked: &RecordedQuestion,
        orders: &Orders,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<Produced, EngineError> {
        if let (Some(earlier), Report::Access(report)) = (asked.question.supersedes, &produced.report) {
            // Whatever was said of another would say that it is there, of somebody else or under an order.
            let is_it = |entry: u64, kind: ReportType| entry == earlier && kind == ReportType::Access;
            let told = report.earlier_reports.iter().find(|told| is_it(told.entry.0, told.report_type.0));
            let other = || EngineError::invalid("supersedes", "is not the entry of an access report on this person");
            let (report_id, entry) = told.map(|told| (told.report_id.clone(), told.entry)).ok_or_else(other)?;
            let (before, erased) = self.access_before(earlier, orders, asked, progress)?;
            changes::supersede(&mut produced.report, &before, SupersededFact { report_id, entry, erased });
        }
        Ok(produced)
    }

    /// An earlier report, as of its own size, and how many places of it were erased since. What an order forbade to tell then
    /// was not told, and what one forbids to tell now is told by neither: so what came out from under an order is new, and what
    /// came under one is not gone, nor erased.
    fn access_before(
        &self,
        index: u64,
        orders: &Orders,
        asked: &RecordedQuestion,
        progress: &(dyn Fn(u64, u64) + Sync),
    ) -> Result<(Report, Option<u64>), EngineError> {
        let (edition, language) = (asked.question.edition, asked.envelope.language);
        let asked = |bytes: &[u8]| {
            let supersedes = RecordedQuestion::read(bytes)?.question.supersedes;
            Some(Earlier { is_same: true, supersedes })
        };
        self.is_no_long_chain(index, &asked)?;
        let recorded = RecordedQuestion::read(&self.recorded_question(index)?.1).ok_or_else(unreadable)?;
        let RecordedQuestion { question, envelope, registry, made, .. } = recorded;
        let Produced { report, again, .. } = self.made_again(index, progress)?;
        if !matches!(again, Again::Identical | Again::WithMarks) {
            return Err(not_known());
        }
        let then = self.orders(registry, envelope.generated_at_us)?;
        // In another edition or language texts differ where nothing that they tell does.
        let is_told_alike = question.edition == edition && envelope.language == language;
        let report = if then.is_any() || orders.is_any() || !is_told_alike {
            let envelope = Envelope { language, ..envelope };
            let question = AccessQuestion { supersedes: None, edition, ..question };
            let gathered = self.access_evidence(&question, &[&then, orders], progress)?;
            Report::Access(Box::new(report::facts(&question, &gathered.evidence, &envelope)))
        } else {
            report
        };
        let erased = match again {
            // Of what is compared, and of nothing that an order covers.
            Again::WithMarks => {
                self.erratum(&report, made.as_ref(), index, question.size)?.map(|erratum| erratum.marks.len())
            }
            _ => None,
        };
        Ok((report, erased.map(|erased| erased as u64).filter(|erased| *erased > 0)))
    }
}

fn unreadable() -> EngineError {
    refused("the question of the report that it supersedes is of a form that is not known")
}

fn not_known() -> EngineError {
    refused("nothing recorded tells whether the report that it supersedes would be made again as it was")
}
