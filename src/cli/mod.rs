//! The command line: every command is a client of a running server, but for `serve`, `init`, `verify`, `verify-backup`,
//! `restore` and `keys agent`.
//!
//! Knows how to ask and how to show; decides nothing of the domain.

mod append;
mod backup;
mod bench;
mod breach;
mod client;
mod export;
mod import;
mod keys;
mod names;
mod person;
mod read;
mod registry;
mod report;
mod retention;
mod scenario;
mod serve;
mod show;
mod verify;

use clap::{Args, CommandFactory as _, Parser, Subcommand};
use std::any::Any;
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

/// An audit ledger for AI agents: who saw what data, provable to people who do not trust whoever runs it.
///
/// Start with `whosaw init --origin ledger.example/agents` and `whosaw serve`; then append actions, list them, verify
/// them offline, and pull reports.
#[derive(Parser)]
#[command(name = "whosaw", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server until SIGTERM.
    Serve(serve::Serve),
    /// Make a ledger: its keys, its guard and its first entry. The server must not be running.
    Init(serve::Init),
    /// Show the ledgers' verifier keys, or make a signing key for an agent.
    Keys(keys::Keys),
    /// Make names known to a ledger, so that entries may speak of them in the open.
    Names(names::Names),
    /// Put a tool catalogue in force, or show the one that is.
    Catalogue(names::Catalogue),
    /// Put the controller's registry in force, or show what was at a size of the ledger.
    Registry(registry::Registry),
    /// Record actions or tool calls from a file of JSON lines or TOML.
    Append(append::Append),
    /// Record tool calls from a file of an agent's past conversations.
    Import(import::Import),
    /// List entries, filtered by person, actor, dataset, verb, outcome, kind or time.
    List(read::List),
    /// Show entries as they are recorded.
    Watch(read::Watch),
    /// Make a report for people, or make an earlier one again.
    Report(report::Report),
    /// Run stories in files through a ledger of their own, and hold its reports against what they expect.
    Scenario(scenario::ScenarioCommand),
    /// Look a person up, link, restrict, hold, erase.
    Person(person::Person),
    /// A personal data breach: its life, its deadline, the register of all of them.
    Breach(breach::Breach),
    /// Set how long what is kept, or show what would go.
    Retention(retention::Retention),
    /// Write a ledger as files that `whosaw-verify` and C2SP tools check offline.
    Export(export::Export),
    /// Check an export offline, as `whosaw-verify export` does.
    Verify(verify::Verify),
    /// Back up all ledgers of a running server, online; only what is new since the last time is written.
    Backup(backup::Backup),
    /// Check a backup to its last byte, and say what it holds.
    VerifyBackup(backup::VerifyBackup),
    /// Put a backup back where the database was lost. The server must not be running.
    Restore(backup::Restore),
    /// Measure a running server: rate, latency, CPU, beside a bare gRPC echo.
    Bench(bench::Bench),
    /// Delete the projections that lists are made from, and make them anew from the ledger.
    Rebuild(names::Rebuild),
    /// Take the machine's word for the time after its clock was set, so that times are no longer held back.
    AcceptClock(names::AcceptClock),
    /// Print completions for a shell.
    Completions {
        /// bash, elvish, fish, powershell or zsh.
        shell: clap_complete::Shell,
    },
}

/// How to reach a server.
#[derive(Args, Clone)]
pub struct Server {
    /// Address of the server.
    #[arg(long, env = "WHOSAW_SERVER", default_value = "http://127.0.0.1:7411", global = true, value_name = "URL")]
    pub server: String,
    /// Certificate authority (PEM) of a server with TLS.
    #[arg(long, env = "WHOSAW_CA", global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Origin of the ledger; may be left out where the server holds one only.
    #[arg(
        long,
        env = "WHOSAW_LEDGER",
        default_value = "",
        hide_default_value = true,
        global = true,
        value_name = "ORIGIN"
    )]
    pub ledger: String,
    /// Who you say you are; recorded as self-asserted.
    #[arg(
        long,
        env = "WHOSAW_CALLER",
        default_value = "",
        hide_default_value = true,
        global = true,
        value_name = "NAME"
    )]
    pub caller: String,
    /// Answer in JSON, one value a line.
    #[arg(long, global = true)]
    pub json: bool,
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CliError {
    message: String,
    code: u8,
}

impl CliError {
    pub fn new(message: impl Into<String>) -> Self {
        CliError { message: message.into(), code: 1 }
    }

    /// Wrong usage.
    pub fn usage(message: impl Into<String>) -> Self {
        CliError { message: message.into(), code: 2 }
    }
}

impl From<tonic::Status> for CliError {
    fn from(status: tonic::Status) -> Self {
        CliError::new(show::status(&status))
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        // A reader that went away, such as `head`, has seen what it wanted.
        let code = u8::from(error.kind() != std::io::ErrorKind::BrokenPipe);
        CliError { message: error.to_string(), code }
    }
}

/// Exit code 0 on success.
pub type Ended = Result<u8, CliError>;

/// A reader that went away, such as `head`, is no failure of ours: `println!` panics where other programs just end.
fn nobody_reads(panic: &(dyn Any + Send)) -> bool {
    let text = panic.downcast_ref::<String>().map_or("", String::as_str);
    text.starts_with("failed printing to stdout") && text.contains("os error 32")
}

/// Where nobody reads, whatever is open is closed as at any other end: to leave from inside the panic would take the ground
/// from under the store's threads, and a scenario's directory would stay.
pub fn main() -> ExitCode {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !nobody_reads(panic.payload()) {
            told(panic);
        }
    }));
    let ended = panic::catch_unwind(|| run(Cli::parse()));
    match ended {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(error)) => {
            if error.code != 0 {
                eprintln!("whosaw: {error}");
            }
            ExitCode::from(error.code)
        }
        Err(panic) if nobody_reads(panic.as_ref()) => ExitCode::SUCCESS,
        Err(panic) => panic::resume_unwind(panic),
    }
}

fn run(cli: Cli) -> Ended {
    match cli.command {
        Command::Serve(command) => command.run(),
        Command::Init(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::VerifyBackup(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Completions { shell } => {
            // Made first and written then: the maker of completions panics where nobody reads on.
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "whosaw", &mut text);
            std::io::Write::write_all(&mut std::io::stdout(), &text)?;
            Ok(0)
        }
        Command::Bench(command) => command.run(),
        command => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(async {
                match command {
                    Command::Keys(command) => command.run().await,
                    Command::Names(command) => command.run().await,
                    Command::Catalogue(command) => command.run().await,
                    Command::Registry(command) => command.run().await,
                    Command::Append(command) => command.run().await,
                    Command::Import(command) => command.run().await,
                    Command::List(command) => command.run().await,
                    Command::Watch(command) => command.run().await,
                    Command::Report(command) => command.run().await,
                    Command::Scenario(command) => command.run().await,
                    Command::Export(command) => command.run().await,
                    Command::Person(command) => command.run().await,
                    Command::Breach(command) => command.run().await,
                    Command::Retention(command) => command.run().await,
                    Command::Backup(command) => command.run().await,
                    Command::Rebuild(command) => command.run().await,
                    Command::AcceptClock(command) => command.run().await,
                    Command::Serve(_)
                    | Command::Init(_)
                    | Command::Verify(_)
                    | Command::VerifyBackup(_)
                    | Command::Restore(_)
                    | Command::Bench(_)
                    | Command::Completions { .. } => Ok(2),
                }
            })
        }
    }
}
