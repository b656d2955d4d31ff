//! `whosaw keys`: what to verify with, and keys for agents and people that sign.

use super::client::Client;
use super::{CliError, Ended, Server, show};
use crate::rpc::v1;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use whosaw_verifier::hash::hex;
use zeroize::Zeroizing;

#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    command: KeysCommand,
    #[command(flatten)]
    server: Server,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Print each ledger's verifier key (vkey). Compare it with one that you got otherwise before you trust it.
    Show,
    /// Make an Ed25519 key for an agent that signs its own actions; prints the public key to register.
    Agent(NewKey),
    /// Make an Ed25519 key for a person who signs steps of a breach; prints the public key to register.
    Person(NewKey),
}

#[derive(Args)]
struct NewKey {
    /// Where the private key goes; must not exist. 32 bytes, base64, mode 0600.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Keys {
    pub async fn run(self) -> Ended {
        match self.command {
            KeysCommand::Show => {
                let client = Client::connect(&self.server).await?;
                let request = client.request(v1::ListLedgersRequest {});
                for ledger in client.audit().list_ledgers(request).await?.into_inner().ledgers {
                    if self.server.json {
                        println!("{}", show::json_line("LedgerInfo", &ledger)?);
                    } else {
                        println!("{}", ledger.verifier_key);
                    }
                }
                Ok(0)
            }
            KeysCommand::Agent(key) | KeysCommand::Person(key) => make_agent_key(key.out),
        }
    }
}

/// A private key as it is made here.
pub fn read(file: &Path) -> Result<SigningKey, CliError> {
    let wrong = |what: &dyn std::fmt::Display| CliError::usage(format!("{}: {what}", file.display()));
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(|error| wrong(&error))?);
    let seed = STANDARD.decode(text.trim()).map(Zeroizing::new).ok();
    let seed = seed.as_ref().and_then(|seed| seed.as_slice().try_into().ok());
    seed.map(SigningKey::from_bytes).ok_or_else(|| wrong(&"is no private key: 32 bytes in base64"))
}

fn make_agent_key(out: PathBuf) -> Ended {
    let mut seed = Zeroizing::new([0u8; 32]);
    getrandom::fill(&mut seed[..]).map_err(|error| CliError::new(format!("no randomness: {error}")))?;
    let key = SigningKey::from_bytes(&seed);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&out)
        .map_err(|error| CliError::new(format!("cannot make {}: {error}", out.display())))?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(&seed[..])));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    println!("{}", hex(key.verifying_key().as_bytes()));
    Ok(0)
}
