//! `whosaw list` and `whosaw watch`.

use super::client::Client;
use super::{CliError, Ended, Server, show};
use crate::model::{EntryKind, Outcome};
use crate::rpc::v1;
use clap::Args;
use std::io::Write as _;

#[derive(Args)]
pub struct List {
    /// Entries with a part of this person, written namespace=value.
    #[arg(long, value_name = "PERSON")]
    subject: Option<String>,
    /// Entries of which this matter keeps parts although the person was erased; --open shows them.
    #[arg(long, value_name = "MATTER", conflicts_with = "subject")]
    matter: Option<String>,
    /// Registered agent, service, group or organisation among the actors.
    #[arg(long, default_value = "", hide_default_value = true)]
    actor: String,
    /// Registered dataset.
    #[arg(long, default_value = "", hide_default_value = true)]
    dataset: String,
    /// Verb code, such as data.read.
    #[arg(long, default_value = "", hide_default_value = true)]
    verb: String,
    /// Registered tool.
    #[arg(long, default_value = "", hide_default_value = true)]
    tool: String,
    /// Registered source.
    #[arg(long, default_value = "", hide_default_value = true)]
    source: String,
    /// succeeded, denied, failed, partial or unknown.
    #[arg(long)]
    outcome: Option<String>,
    /// Kind of entry, such as action, registry or report_produced.
    #[arg(long)]
    kind: Option<String>,
    /// Recorded at or after this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Recorded before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Open sealed parts. That is recorded in the ledger. Implies --json.
    #[arg(long)]
    open: bool,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    server: Server,
}

impl List {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let code =
            |what: &str, found: Option<i32>| found.ok_or_else(|| CliError::usage(format!("there is no such {what}")));
        let filter = v1::EntryFilter {
            data_subject: self.subject.as_deref().map(show::identity).transpose()?.as_ref().map(show::wire_identity),
            matter: self.matter.as_deref().map(super::person::matter).transpose()?.unwrap_or_default(),
            actor: self.actor,
            dataset: self.dataset,
            verb: self.verb,
            tool: self.tool,
            source: self.source,
            recorded_from: self.from.as_deref().map(show::read_time).transpose()?,
            recorded_until: self.until.as_deref().map(show::read_time).transpose()?,
            kind: match self.kind.as_deref() {
                None => 0,
                Some(text) => code("kind", EntryKind::from_code(text).map(|kind| kind as i32))?,
            },
            outcome: match self.outcome.as_deref() {
                None => 0,
                Some(text) => code("outcome", Outcome::from_code(text).map(|outcome| outcome as i32))?,
            },
        };
        let (mut left, mut page_token, mut out) = (self.limit, String::new(), std::io::stdout().lock());
        while left > 0 {
            let request = client.request(v1::ListEntriesRequest {
                ledger: client.ledger.clone(),
                filter: Some(filter.clone()),
                page_size: left.min(1_000) as u32,
                page_token,
                open_parts: self.open,
            });
            let page = client.audit().list_entries(request).await?.into_inner();
            left -= page.entries.len().min(left);
            for entry in &page.entries {
                let line =
                    if self.server.json || self.open { show::json_line("Entry", entry)? } else { show::entry(entry) };
                writeln!(out, "{line}")?;
            }
            page_token = page.next_page_token;
            if page.removed > 0 && (page_token.is_empty() || left == 0) && !self.server.json {
                let n = show::grouped(page.removed);
                eprintln!(
                    "{n} entries whose content was removed may pass the filter as well; nobody can tell any more"
                );
            }
            if page_token.is_empty() {
                return Ok(0);
            }
        }
        if !self.server.json {
            eprintln!("there are more; raise --limit to see them");
        }
        Ok(0)
    }
}

#[derive(Args)]
pub struct Watch {
    /// First index; without it only what is new is shown. To resume, give the last index seen plus one.
    #[arg(long, value_name = "INDEX")]
    from: Option<u64>,
    #[command(flatten)]
    server: Server,
}

impl Watch {
    pub async fn run(self) -> Ended {
        let client = Client::connect(&self.server).await?;
        let from_index = match self.from {
            Some(from) => from,
            None => {
                let request = client.request(v1::GetCheckpointRequest { ledger: client.ledger.clone(), tree_size: 0 });
                let head = client.audit().get_checkpoint(request).await?.into_inner().checkpoint;
                head.map(|head| head.tree_size).unwrap_or_default()
            }
        };
        let request = client.request(v1::WatchEntriesRequest { ledger: client.ledger.clone(), from_index });
        let mut entries = client.audit().watch_entries(request).await?.into_inner();
        while let Some(some) = entries.message().await? {
            let mut out = std::io::stdout().lock();
            for entry in &some.entries {
                let line = if self.server.json { show::json_line("Entry", entry)? } else { show::entry(entry) };
                writeln!(out, "{line}")?;
            }
            out.flush()?;
        }
        Ok(0)
    }
}
