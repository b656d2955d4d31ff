//! What a report says of itself: what it replaces, how it was searched, how it can be checked.

use crate::sample::*;
use whosaw::model::*;
use whosaw::report::access::document::*;
use whosaw::report::evidence::*;
use whosaw::report::language::Language;
use whosaw::report::question::cut_off_violation;
use whosaw::report::view::{Block, Extent, Piece, View};
use whosaw::report::{AccessReport, facts};
use whosaw_verifier::body::{self, LedgerAccessBody};

fn report(evidence: &Evidence) -> AccessReport {
    facts(&question(), evidence, &envelope())
}

fn fact(report: &AccessReport, label: &str) -> String {
    let view = View::of(Language::En.wording(), report, Extent::Pages);
    let pair = view.facts.iter().find(|pair| pair.label == label).expect("it is told");
    pair.value.iter().map(|piece: &Piece| piece.text.clone()).collect::<Vec<_>>().join(" ")
}

fn section(report: &AccessReport, id: &str) -> String {
    let view = View::of(Language::En.wording(), report, Extent::Pages);
    let section = view.sections.into_iter().find(|section| section.id == id).expect("there is such a section");
    let mut said = section.intro;
    for block in section.blocks {
        match block {
            Block::Text { text } | Block::Note { text } | Block::Code { text } => said.push(text),
            Block::Table(table) => {
                let cells = table.rows.into_iter().flat_map(|row| row.cells);
                said.extend(cells.flat_map(|cell| cell.pieces).map(|piece| piece.text));
            }
            _ => {}
        }
    }
    said.join("\n")
}

#[test]
fn a_report_names_the_newest_before_it_and_replaces_none_unless_it_is_compared() {
    let none = report(&nothing());
    assert_eq!(none.header.supersedes, None);
    assert_eq!(
        fact(&none, "Supersedes"),
        "none recorded: below 4,096 entries there is no access report on this person"
    );
    let again = report(&everything());
    let newest = again.earlier_reports.last().expect("there is one");
    assert_eq!((&again.header.supersedes, &again.changes), (&None, &None), "nobody asked what is otherwise");
    let told = fact(&again, "Supersedes");
    let how = format!("--supersedes {}", newest.entry.0);
    assert!(told.starts_with("none. An earlier") && told.contains(&newest.report_id) && told.contains(&how), "{told}");
}

#[test]
fn a_cut_off_lies_inside_the_ledger() {
    let head = nothing().head;
    assert_eq!(cut_off_violation(head.recorded_at_us, &head), None);
    assert_eq!(cut_off_violation(head.opened_at_us, &head), None);
    assert!(cut_off_violation(head.recorded_at_us + 1, &head).is_some());
    assert!(cut_off_violation(head.opened_at_us - 1, &head).is_some());
    let asked = fact(&report(&nothing()), "Question");
    assert!(asked.contains("all entries below 4,096; open intervals are measured to"), "{asked}");
}

#[test]
fn the_search_is_told_as_it_was() {
    let said = |search: Search| {
        let mut evidence = nothing();
        evidence.search = search;
        let report = report(&evidence);
        let notices: Vec<Notice> = report.notices.iter().map(|fact| fact.notice).collect();
        (section(&report, "verification"), notices, report.coverage.limits.contains(&Limit::NotSearched))
    };
    let whole = nothing().search;
    let (text, notices, limits) = said(Search { has_keys: false, ..whole });
    assert!(text.contains("holds nothing of this person, so there are no keys"), "{text}");
    assert!(notices.is_empty() && !limits, "nothing was left untried");
    let (text, notices, limits) = said(Search { parts_tried: 0, ..whole });
    assert!(text.contains("0 sealed parts of the ledger were tried"), "{text}");
    assert!(notices.is_empty() && !limits, "a ledger without parts hides none");
    let (text, notices, limits) = said(Search { searched: false, ..whole });
    assert!(text.contains("were not tried") && notices == [Notice::NotSearched] && limits);
    assert!(text.contains("Not proved here"), "lists of the server are not said to be proved");
}

#[test]
fn a_report_that_is_read_again_is_told_as_that() {
    let mut evidence = everything();
    evidence.ledger_reads.get_or_insert_default().push(LedgerRead {
        index: 3_200,
        recorded_at_us: DAY + 17 * HOUR,
        body: LedgerAccessBody {
            caller: Some(body::Caller { name: "auditor".into(), assurance: Assurance::MutualTls }),
            verb: Verb::ReportProduce,
            first_index: 700,
            count: 1,
            parts: Vec::new(),
        },
    });
    let said = section(&report(&evidence), "earlier-reports");
    assert!(said.contains("read a report again"), "{said}");
}

/// What is printed works as it is printed, and the key is one piece.
#[test]
fn the_printed_check_names_the_ledger_the_size_and_the_key_whole() {
    let mut evidence = nothing();
    evidence.head.origin = "ledger.example/it's".into();
    let report = report(&evidence);
    let command = &report.header.as_known_at.verify_command;
    assert_eq!(
        command.lines().collect::<Vec<_>>(),
        [
            r"whosaw export ledger-export --content --ledger 'ledger.example/it'\''s'",
            r"whosaw-verify export ledger-export --at 4096 --vkey \",
            &format!("'{}'", evidence.head.verifier_key),
        ]
    );
    let said = section(&report, "verification");
    assert!(said.contains(command.as_str()) && said.contains(&report.header.as_known_at.root), "{said}");
    assert!(!said.contains("without the server"), "an export asks the server");
}
