//! `whosaw verify`: the same checks as `whosaw-verify export`, with a progress bar.

use super::{CliError, Ended, export};
use clap::Args;
use std::path::PathBuf;
use whosaw_verifier::export::verify_with_progress;
use whosaw_verifier::note::VerifierKey;

/// Ends with 0 if it holds, 1 if something is not as it was signed, 3 if part of it is from a later vocabulary, 4 if it
/// cannot be read.
#[derive(Args)]
pub struct Verify {
    /// What `whosaw export` wrote.
    dir: PathBuf,
    /// A verifier key that you trust; may be repeated. Without it the export's own keys are used, and the answer says so.
    #[arg(long, value_name = "KEY")]
    vkey: Vec<String>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// The keys given as `--vkey`.
pub fn trusted(vkey: &[String]) -> Result<Vec<VerifierKey>, CliError> {
    let keys = vkey.iter().map(|key| VerifierKey::parse(key)).collect::<Result<_, _>>();
    keys.map_err(|error| CliError::usage(format!("--vkey: {error}")))
}

impl Verify {
    pub fn run(self) -> Ended {
        let keys = trusted(&self.vkey)?;
        let report = export::under_bar("entries", |progress| verify_with_progress(&self.dir, &keys, progress));
        match report {
            Ok(report) => {
                print!("{}", if self.json { report.to_json() } else { report.to_text() });
                Ok(report.verdict().exit_code())
            }
            Err(unreadable) => {
                eprintln!("CANNOT BE READ: {unreadable}");
                Ok(4)
            }
        }
    }
}
