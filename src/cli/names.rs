//! `whosaw names`, `catalogue`, `rebuild`, `accept-clock`: what an operator does to a ledger.

use super::client::Client;
use super::{CliError, Ended, Server, show};
use crate::model::RegistryKind;
use crate::rpc::v1;
use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use std::path::PathBuf;

#[derive(Args)]
pub struct Names {
    #[command(subcommand)]
    command: NamesCommand,
    #[command(flatten)]
    server: Server,
}

#[derive(Subcommand)]
enum NamesCommand {
    /// Make names known, or say more of them: what is known of a name stays unless it is given anew. Names become public for
    /// ever, so never register the name of a person.
    Add {
        /// agent, tool, source, dataset, term or party.
        kind: String,
        /// Letters, digits and . _ : / -; terms are written field/value, such as purpose/customer-service.
        #[arg(required = true)]
        names: Vec<String>,
        /// An agent's Ed25519 public key in hexadecimal, as `whosaw keys agent` prints it.
        #[arg(long, value_name = "HEX")]
        public_key: Option<String>,
        /// A fact about the names, key=value; may be repeated. An empty value takes it away.
        #[arg(long = "attribute", value_name = "KEY=VALUE")]
        attributes: Vec<String>,
    },
    /// Take names out of use; what was recorded under them stays, and what is known of them, but no agent's key.
    Retire {
        /// agent, tool, source, dataset, term or party.
        kind: String,
        /// Which.
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Show the names that are known.
    List {
        /// Only of this kind.
        kind: Option<String>,
    },
}

fn kind(code: &str) -> Result<RegistryKind, CliError> {
    RegistryKind::from_code(code).ok_or_else(|| {
        CliError::usage("the kind is one of agent, tool, source, dataset, term, party, catalogue, controller")
    })
}

impl Names {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let names = match self.command {
            NamesCommand::List { kind: wanted } => return list(&client, wanted, self.server.json).await,
            NamesCommand::Retire { kind: of, names } => {
                let of = kind(&of)?;
                let retired = |name| v1::Name { kind: of as i32, name, retired: true, ..v1::Name::default() };
                names.into_iter().map(retired).collect()
            }
            NamesCommand::Add { kind: of, names, public_key, attributes } => {
                let of = kind(&of)?;
                let public_key = public_key.map(hex::decode).transpose();
                let public_key = public_key.map_err(|_| CliError::usage("--public-key takes 64 hexadecimal digits"))?;
                let attributes: Option<Vec<v1::NameAttribute>> = attributes
                    .iter()
                    .map(|attribute| {
                        let (key, value) = attribute.split_once('=')?;
                        Some(v1::NameAttribute { key: key.to_owned(), value: value.to_owned() })
                    })
                    .collect();
                let attributes = attributes.ok_or_else(|| CliError::usage("--attribute takes key=value"))?;
                let public_key = public_key.unwrap_or_default();
                let named = |name| v1::Name {
                    kind: of as i32,
                    name,
                    attributes: attributes.clone(),
                    public_key: public_key.clone(),
                    retired: false,
                };
                names.into_iter().map(named).collect::<Vec<_>>()
            }
        };
        let count = names.len();
        let request = client.request(v1::RegisterNamesRequest { ledger: client.ledger.clone(), names });
        let response = client.registry().register_names(request).await?.into_inner();
        if self.server.json {
            println!("{}", show::json_line("RegisterNamesResponse", &response)?);
        } else {
            println!("entry {}: {count} names", response.receipt.map(|receipt| receipt.index).unwrap_or_default());
        }
        Ok(0)
    }
}

async fn list(client: &Client, wanted: Option<String>, json: bool) -> Ended {
    let kind = wanted.as_deref().map(kind).transpose()?.unwrap_or_default();
    let request = client.request(v1::ListNamesRequest { ledger: client.ledger.clone(), kind: kind as i32 });
    for name in client.registry().list_names(request).await?.into_inner().names {
        if json {
            println!("{}", show::json_line("Name", &name)?);
            continue;
        }
        let kind = RegistryKind::ALL.iter().find(|kind| **kind as i32 == name.kind).map_or("", |kind| kind.code());
        let retired = if name.retired { " (retired)" } else { "" };
        println!("{kind:<10} {}{retired}", name.name);
    }
    Ok(0)
}

#[derive(Args)]
pub struct Catalogue {
    #[command(subcommand)]
    command: CatalogueCommand,
    #[command(flatten)]
    server: Server,
}

#[derive(Subcommand)]
enum CatalogueCommand {
    /// Put a tool catalogue in force and make every name in it known.
    Apply {
        /// TOML file.
        file: PathBuf,
    },
    /// Print the one in force.
    Show,
}

impl Catalogue {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        match self.command {
            CatalogueCommand::Apply { file } => {
                let text = std::fs::read_to_string(&file)
                    .map_err(|error| CliError::usage(format!("{} cannot be read: {error}", file.display())))?;
                let applied = apply(&client, text).await?;
                if self.server.json {
                    println!("{}", show::json_line("ApplyCatalogueResponse", &applied)?);
                } else {
                    println!("{}", applied_line(&applied));
                }
            }
            CatalogueCommand::Show => {
                let request = client.request(v1::GetCatalogueRequest { ledger: client.ledger.clone() });
                let response = client.registry().get_catalogue(request).await?.into_inner();
                if self.server.json {
                    println!("{}", show::json_line("GetCatalogueResponse", &response)?);
                } else if response.catalogue.is_empty() {
                    println!("no tool catalogue is in force: raw tool calls are recorded as not determined");
                } else {
                    print!("{}", response.catalogue);
                }
            }
        }
        Ok(0)
    }
}

/// Puts a catalogue in force.
pub async fn apply(client: &Client, catalogue: String) -> Result<v1::ApplyCatalogueResponse, CliError> {
    let request = client.request(v1::ApplyCatalogueRequest { ledger: client.ledger.clone(), catalogue });
    Ok(client.registry().apply_catalogue(request).await?.into_inner())
}

pub fn applied_line(applied: &v1::ApplyCatalogueResponse) -> String {
    match &applied.receipt {
        Some(receipt) => format!(
            "catalogue {} is in force since entry {}; {} names were new",
            applied.version, receipt.index, applied.new_names
        ),
        None => format!("catalogue {} was in force already", applied.version),
    }
}

#[derive(Args)]
pub struct Rebuild {
    #[command(flatten)]
    server: Server,
}

impl Rebuild {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let request = client.request(v1::RebuildProjectionsRequest { ledger: client.ledger.clone() });
        let mut progress = client.registry().rebuild_projections(request).await?.into_inner();
        let bar = ProgressBar::new(0);
        let mut last = v1::RebuildProjectionsResponse::default();
        while let Some(at) = progress.message().await? {
            bar.set_length(at.tree_size);
            bar.set_position(at.projected_size);
            last = at;
        }
        bar.finish_and_clear();
        if self.server.json {
            println!("{}", show::json_line("RebuildProjectionsResponse", &last)?);
        } else {
            println!("projections are made anew from {} entries", show::grouped(last.projected_size));
        }
        Ok(0)
    }
}

#[derive(Args)]
pub struct AcceptClock {
    #[command(flatten)]
    server: Server,
}

impl AcceptClock {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let request = client.request(v1::AcceptClockRequest { ledger: client.ledger.clone() });
        let response = client.registry().accept_clock(request).await?.into_inner();
        if self.server.json {
            println!("{}", show::json_line("AcceptClockResponse", &response)?);
        } else {
            println!("entry {}: the machine's clock is taken at its word from here on", response.index);
        }
        Ok(0)
    }
}
