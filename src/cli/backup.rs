//! `whosaw backup`, `whosaw verify-backup` and `whosaw restore`.

use super::client::Client;
use super::serve::{Place, check_origin, wrong};
use super::verify::trusted;
use super::{CliError, Ended, Server, export, show};
use crate::app::backup::{BackupError, VerifiedBackup, verify_backup};
use crate::app::restore::{self, Fate, Restored};
use crate::config::{self, Mistakes};
use crate::rpc::v1;
use clap::Args;
use std::path::PathBuf;
use whosaw_verifier::export::present::instant;

#[derive(Args)]
pub struct Backup {
    /// Directory on the server's machine, of mode 0700; made where it is not there.
    dir: PathBuf,
    /// Of more backups than this the oldest go; without it all stay.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    #[command(flatten)]
    server: Server,
}

impl Backup {
    pub async fn run(self) -> Ended {
        let directory = std::path::absolute(&self.dir)?.display().to_string();
        let client = Client::connect(&self.server).await?;
        let request = client.request(v1::BackupRequest { directory, keep: self.keep.unwrap_or_default() });
        let mut progress = client.registry().backup(request).await?.into_inner();
        let bar = export::bar(0, "bytes");
        let mut made = None;
        while let Some(at) = progress.message().await? {
            bar.set_length(at.bytes_total.max(at.bytes_done));
            bar.set_position(at.bytes_done);
            made = at.summary.or(made);
        }
        bar.finish_and_clear();
        let made = made.ok_or_else(|| CliError::new("the server stopped before the backup was complete"))?;
        if self.server.json {
            println!("{}", show::json_line("BackupSummary", &made)?);
            return Ok(0);
        }
        let (bytes, new_bytes) = (show::grouped(made.bytes), show::grouped(made.new_bytes));
        println!("backup {} in {}: {bytes} bytes, {new_bytes} of them new", made.number, self.dir.display());
        for ledger in &made.ledgers {
            let size = show::grouped(ledger.tree_size);
            println!("  {}: {size} entries, keys of generation {}", ledger.origin, ledger.generation);
        }
        println!(
            "Signing keys, the custodian's keys and the guard are not in it: back up the keys apart, the guard never.\n\
             check it: whosaw verify-backup {}",
            self.dir.display()
        );
        Ok(0)
    }
}

/// Ends with 0 if all of it holds, 1 if something is damaged, missing or not as it was signed, 4 if it cannot be read.
#[derive(Args)]
pub struct VerifyBackup {
    /// What `whosaw backup` wrote.
    dir: PathBuf,
    /// A verifier key that you trust; may be repeated. Without it the backup's own key is used, and the answer says so.
    #[arg(long, value_name = "KEY")]
    vkey: Vec<String>,
    /// Where there is room for a copy of the backup while it is checked [default: the backup's directory].
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl VerifyBackup {
    pub fn run(self) -> Ended {
        let keys = trusted(&self.vkey)?;
        let scratch = self.scratch.as_ref().unwrap_or(&self.dir);
        let found = export::under_bar("entries", |progress| verify_backup(&self.dir, &keys, scratch, progress));
        match found {
            Ok(found) => {
                if self.json {
                    println!("{}", json(&found));
                } else {
                    tell(&found);
                }
                Ok(0)
            }
            Err(BackupError::Lie(what)) => {
                if self.json {
                    println!("{}", serde_json::json!({"verdict": "lie", "problem": what}));
                } else {
                    println!("DOES NOT HOLD: {what}");
                }
                Ok(1)
            }
            Err(BackupError::Unreadable(what)) => {
                eprintln!("CANNOT BE READ: {what}");
                Ok(4)
            }
        }
    }
}

fn tell(found: &VerifiedBackup) {
    println!("Backup {}, made {}, {} bytes", found.number, instant(made_us(found)), show::grouped(found.bytes));
    for ledger in &found.ledgers {
        println!("\n  ledger       {}", ledger.origin);
        println!(
            "  entries      {}, {} of them under its checkpoint",
            show::grouped(ledger.size),
            show::grouped(ledger.signed_size)
        );
        println!("  recorded     until {}", instant(ledger.last_recorded_us));
        println!("  keys         generation {}", ledger.generation);
        println!("  erased       {} contents", show::grouped(ledger.erased));
        let trust = if ledger.key_was_given { "" } else { " (as the backup says: compare it)" };
        println!("  signed by    {}{trust}", ledger.verifier_key);
    }
    println!("\nHOLDS: every file, every entry and every commitment is as it was signed.");
}

fn json(found: &VerifiedBackup) -> serde_json::Value {
    let ledger = |ledger: &crate::app::backup::VerifiedLedger| {
        serde_json::json!({
            "origin": ledger.origin,
            "size": ledger.size,
            "signed_size": ledger.signed_size,
            "generation": ledger.generation,
            "last_recorded_us": ledger.last_recorded_us,
            "erased": ledger.erased,
            "verifier_key": ledger.verifier_key,
            "key_was_given": ledger.key_was_given,
        })
    };
    serde_json::json!({
        "verdict": "holds",
        "number": found.number,
        "made_at": found.made_at,
        "bytes": found.bytes,
        "ledgers": found.ledgers.iter().map(ledger).collect::<Vec<_>>(),
    })
}

fn made_us(found: &VerifiedBackup) -> u64 {
    found.made_at.saturating_mul(1_000_000)
}

/// Works where `whosaw serve` would, with keys and guard as they are, and without a database. Nothing is put in place
/// before all of it fits: entries that were signed since the backup come from an export, and what was decided since from
/// the journal beside the guard.
#[derive(Args)]
pub struct Restore {
    #[command(flatten)]
    place: Place,
    /// What `whosaw backup` wrote.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// What `whosaw export --content` wrote since, with the entries that the backup lacks; may be repeated, for several
    /// ledgers.
    #[arg(long, value_name = "DIR")]
    entries: Vec<PathBuf>,
    /// Where signed entries are lost: close the ledger for ever, and open one of this name whose first entry carries both
    /// heads.
    #[arg(long, value_name = "NAME")]
    successor: Option<String>,
    /// Answer in JSON, one value a ledger.
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub fn run(self) -> Ended {
        let settings = match config::read(self.place.config.as_deref(), &self.place.flags()?) {
            Ok(settings) => settings,
            Err(Mistakes(mistakes)) => return wrong(&mistakes),
        };
        if let Some(successor) = &self.successor {
            check_origin("--successor", successor)?;
        }
        let asked = restore::Restore { from: self.from, exports: self.entries, successor: self.successor };
        let done = export::under_bar("entries", |progress| restore::restore(&settings, &asked, progress));
        for fate in done.map_err(|error| CliError::new(error.to_string()))? {
            match (self.json, fate) {
                (true, fate) => println!("{}", fate_json(&fate)),
                (false, Fate::GoesOn { origin, restored }) => tell_restored(&origin, &restored),
                (false, Fate::Succeeded { origin, successor, signed, held }) => {
                    println!("ledger {origin} is closed: {held} entries are here, {signed} were signed.");
                    println!("  They stay in the database, and this version serves them no more.");
                    println!("  Persons recorded there are not known to its successor.");
                    println!("ledger {successor} is made; its first entry carries both heads.");
                }
            }
        }
        if !self.json {
            println!("Next: whosaw serve");
        }
        Ok(0)
    }
}

fn tell_restored(origin: &str, restored: &Restored) {
    let body = &restored.body;
    let recovered = body.recovered_size - body.backup_size;
    println!("ledger {origin} goes on from {} entries.", show::grouped(body.recovered_size));
    println!("  backup        {} entries", show::grouped(body.backup_size));
    println!("  recovered     {} entries from an export", show::grouped(recovered));
    if recovered > 0 {
        println!("  their parts   {} open, {} stay closed", restored.parts.found, restored.parts.closed);
        println!("                which ids their requests had is not known: sent again, they are recorded again");
    }
    println!("  keys          generation {}", restored.generation);
    println!("  in force      {} holds, restrictions and waiting erasures", restored.standing);
    println!("  erased again  {} contents that the backup still had", show::grouped(restored.erased_again));
}

fn fate_json(fate: &Fate) -> serde_json::Value {
    match fate {
        Fate::GoesOn { origin, restored } => serde_json::json!({
            "origin": origin,
            "backup_size": restored.body.backup_size,
            "recovered_size": restored.body.recovered_size,
            "generation": restored.generation,
            "standing": restored.standing,
            "erased_again": restored.erased_again,
            "parts_open": restored.parts.found,
            "parts_closed": restored.parts.closed,
        }),
        Fate::Succeeded { origin, successor, signed, held } => serde_json::json!({
            "origin": origin,
            "successor": successor,
            "signed_size": signed,
            "backup_size": held,
        }),
    }
}
