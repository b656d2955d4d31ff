//! `whosaw`: an audit ledger for AI agents.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    whosaw::cli::main()
}
