//! How fast two threads verify an export: `cargo bench --profile release -p whosaw-verifier`.

#[path = "../tests/common/mod.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod common;

use common::TestLedger;
use std::time::Instant;
use whosaw_verifier::body::CoverageBody;
use whosaw_verifier::entry::LAST_OF_COMMIT;
use whosaw_verifier::export::verify;
use whosaw_verifier::vocabulary::EntryKind;
use whosaw_verifier::wire::Message as _;

const ENTRIES: u32 = 2_000_000;

fn main() {
    let mut ledger = TestLedger::new();
    let body = CoverageBody { source: "rate".into(), ..CoverageBody::default() }.encode();
    for _ in 1..ENTRIES {
        ledger.append(EntryKind::Coverage, &body, &[], LAST_OF_COMMIT);
    }
    for (what, export) in [("entries", ledger.write_without_content()), ("entries and bodies", ledger.write())] {
        for _ in 0..3 {
            let start = Instant::now();
            let report = verify(&export.path, std::slice::from_ref(&ledger.key)).expect("the export is readable");
            assert_eq!(report.first_problem, None);
            println!("{what}: {:.2} million a second", f64::from(ENTRIES) / 1e6 / start.elapsed().as_secs_f64());
        }
    }
}
