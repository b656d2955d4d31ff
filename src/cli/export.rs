//! `whosaw export`: a ledger as files.

use super::client::Client;
use super::{CliError, Ended, Server, show};
use crate::rpc::v1;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

#[derive(Args)]
pub struct Export {
    /// Where to; must be empty or not there yet.
    dir: PathBuf,
    /// With bodies and sealed parts. That is recorded in the ledger.
    #[arg(long)]
    content: bool,
    /// With the keys that open the parts of this person (namespace=value), and no others; implies --content. Whoever
    /// gets the export can read these parts for ever.
    #[arg(long, value_name = "PERSON")]
    disclose: Option<String>,
    #[command(flatten)]
    server: Server,
}

impl Export {
    pub async fn run(self) -> Ended {
        if fs::read_dir(&self.dir).is_ok_and(|mut entries| entries.next().is_some()) {
            return Err(CliError::usage(format!("{} is not empty", self.dir.display())));
        }
        let client = Client::connect(&self.server).await?;
        let disclose = self.disclose.as_deref().map(show::identity).transpose()?.as_ref().map(show::wire_identity);
        let request = client.request(v1::ExportRequest {
            ledger: client.ledger.clone(),
            content: self.content || disclose.is_some(),
            disclose,
        });
        let mut pieces = client.audit().export(request).await?.into_inner();
        let bar = bar(0, "entries");
        let (mut bytes, mut entries) = (0u64, 0u64);
        while let Some(piece) = pieces.message().await? {
            bar.set_length(piece.entries_total);
            bar.set_position(piece.entries_done);
            bytes += piece.data.len() as u64;
            entries = piece.entries_total;
            write(&self.dir, &piece.path, &piece.data)?;
        }
        bar.finish_and_clear();
        if !self.dir.join("checkpoint").exists() {
            return Err(CliError::new("the export was cut off before its checkpoint; it is not complete"));
        }
        let dir = self.dir.display();
        if self.server.json {
            println!("{}", serde_json::json!({"directory": dir.to_string(), "entries": entries, "bytes": bytes}));
        } else {
            println!("{} entries, {} bytes in {dir}", show::grouped(entries), show::grouped(bytes));
            println!("check them: whosaw-verify export {dir} --vkey KEY, with a key that you got otherwise");
        }
        Ok(0)
    }
}

/// Appends a piece. A path from a server is not trusted: it stays below the directory.
pub fn write(dir: &Path, path: &str, data: &[u8]) -> Result<(), CliError> {
    let relative = Path::new(path);
    if path.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(CliError::new("the server sent a path that leads out of the export"));
    }
    let target = dir.join(relative);
    let failed = |error: std::io::Error| CliError::new(format!("cannot write {}: {error}", target.display()));
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(&target).map_err(failed)?;
    file.write_all(data).map_err(failed)
}

/// Does what can say how far it is, under a bar that goes when it ends.
pub fn under_bar<T>(unit: &str, work: impl FnOnce(&mut dyn FnMut(u64, u64)) -> T) -> T {
    let bar = bar(0, unit);
    let done = work(&mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    done
}

/// A bar on a terminal, nothing elsewhere.
pub fn bar(length: u64, unit: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(&format!("{{bar:40}} {{human_pos}} of {{human_len}} {unit}  {{eta}}"));
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
