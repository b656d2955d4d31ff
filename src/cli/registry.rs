//! `whosaw registry`: who is responsible, under which law, and what only the controller knows.

use super::client::Client;
use super::{CliError, Ended, Server, show};
use crate::rpc::v1;
use clap::{Args, Subcommand};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

#[derive(Args)]
pub struct Registry {
    #[command(subcommand)]
    command: RegistryCommand,
    #[command(flatten)]
    server: Server,
}

#[derive(Subcommand)]
enum RegistryCommand {
    /// Show what a registry would change, and put it in force once that is agreed to. Names of parties, resources, agents,
    /// purposes and policies become public for ever; everything else stands sealed.
    Apply {
        /// TOML file; or YAML, where its name ends in .yaml or .yml.
        file: PathBuf,
        /// Agree without being asked.
        #[arg(long)]
        yes: bool,
    },
    /// Print the one in force. That it was read is recorded: it names people.
    Show {
        /// As of this size of the ledger.
        #[arg(long, value_name = "SIZE", value_parser = clap::value_parser!(u64).range(1..))]
        at: Option<u64>,
    },
}

impl Registry {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        match self.command {
            RegistryCommand::Apply { file, yes } => {
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| CliError::usage(format!("{} cannot be read: {error}", file.display())))?;
                let is_yaml = file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
                let text = if is_yaml {
                    as_toml(&text).map_err(|wrong| CliError::usage(format!("{} {wrong}", file.display())))?
                } else {
                    text
                };
                let applied = apply(&client, text, yes, self.server.json).await;
                // Lines that are counted in what the file was turned into are nobody's.
                applied.map_err(|error| if is_yaml { CliError::new(without_lines(&error.to_string())) } else { error })
            }
            RegistryCommand::Show { at } => show_at(&client, at.unwrap_or_default(), self.server.json).await,
        }
    }
}

async fn apply(client: &Client, registry: String, yes: bool, json: bool) -> Ended {
    let ask = |dry_run, diff_digest| {
        let (ledger, registry) = (client.ledger.clone(), registry.clone());
        client.request(v1::ApplyRegistryRequest { ledger, registry, dry_run, diff_digest })
    };
    let would = client.registry().apply_registry(ask(true, Vec::new())).await?.into_inner();
    if json {
        println!("{}", show::json_line("ApplyRegistryResponse", &would)?);
    } else {
        for change in &would.changes {
            println!("{}", change_line(change));
        }
    }
    // Where nothing is to be changed there is nothing to be agreed to.
    if !would.changes.is_empty() && !yes && !agreed(&would.version)? {
        return Err(CliError::new("nothing was changed"));
    }
    let applied = client.registry().apply_registry(ask(false, would.diff_digest)).await?.into_inner();
    if json {
        println!("{}", show::json_line("ApplyRegistryResponse", &applied)?);
        return Ok(0);
    }
    match &applied.receipt {
        Some(receipt) => println!("registry {} is in force since entry {}", applied.version, receipt.index),
        None => println!("registry {} was in force already", applied.version),
    }
    Ok(0)
}

/// The same registry in TOML, which is what the ledger records. Only `true` and `false` are booleans, so that the country NO
/// stays one.
fn as_toml(text: &str) -> Result<String, String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let table: toml::Table = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let told = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
        format!("is no YAML of a registry: {}", told.lines().next().unwrap_or_default().trim_start_matches("error: "))
    })?;
    toml::to_string_pretty(&table).map_err(|error| format!("has no form in TOML: {error}"))
}

/// A field that is wrong, without the number of its line.
fn without_lines(told: &str) -> String {
    let line = |text: &str| {
        let (field, rest) = text.split_once(" line ")?;
        let (number, wrong) = rest.split_once(": ")?;
        number.bytes().all(|digit| digit.is_ascii_digit()).then(|| format!("{field} {wrong}"))
    };
    told.lines().map(|text| line(text).unwrap_or_else(|| text.to_owned())).collect::<Vec<_>>().join("\n")
}

/// Whether whoever sits there agrees.
fn agreed(version: &str) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        return Err(CliError::usage("nobody is there to agree to these changes: look at them, and say --yes"));
    }
    eprint!("put registry {version} in force? [y/N] ");
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn change_line(change: &v1::RegistryChange) -> String {
    let (path, before, after) = (&change.path, on_one_line(&change.before), on_one_line(&change.after));
    match (before.is_empty(), after.is_empty()) {
        (true, _) => format!("+ {path}: {after}"),
        (false, true) => format!("- {path}: {before}"),
        (false, false) => format!("~ {path}: {before} -> {after}"),
    }
}

/// No text of the file may look like a line of its own.
fn on_one_line(text: &str) -> String {
    text.split('\n').collect::<Vec<_>>().join(" / ")
}

async fn show_at(client: &Client, tree_size: u64, json: bool) -> Ended {
    let request = client.request(v1::GetRegistryRequest { ledger: client.ledger.clone(), tree_size });
    let response = client.registry().get_registry(request).await?.into_inner();
    if json {
        println!("{}", show::json_line("GetRegistryResponse", &response)?);
    } else if response.registry.is_empty() {
        println!("no registry is in force: reports print what only the controller knows as NOT PROVIDED");
    } else {
        print!("{}", response.registry);
    }
    Ok(0)
}
