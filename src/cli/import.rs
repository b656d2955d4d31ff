//! `whosaw import`: tool calls out of files of past conversations.

use super::client::Client;
use super::{CliError, Ended, Server, export, names, show};
use crate::intake::{Catalogue, Conversations, import, interpret};
use crate::model::*;
use crate::rpc::{v1, wire};
use clap::{Args, Subcommand};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use whosaw_verifier::body::Body;

#[derive(Args)]
pub struct Import {
    #[command(subcommand)]
    command: ImportCommand,
    #[command(flatten)]
    server: Server,
}

#[derive(Subcommand)]
enum ImportCommand {
    /// Tool calls, one JSON object a line; the catalogue's [import] table says where in it things stand. Importing a
    /// file twice records it once.
    ToolCalls {
        /// Tool catalogue (TOML); it is put in force.
        #[arg(long, value_name = "FILE")]
        catalogue: PathBuf,
        /// JSON lines.
        file: PathBuf,
    },
}

/// Calls sent in one batch.
const BATCH: usize = 500;

impl Import {
    pub async fn run(self) -> Ended {
        let ImportCommand::ToolCalls { catalogue, file } = self.command;
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path)
                .map_err(|error| CliError::usage(format!("{} cannot be read: {error}", path.display())))
        };
        let text = read(&catalogue)?;
        let catalogue = Catalogue::parse(&text).map_err(|error| CliError::usage(error.to_string()))?;
        let rules = catalogue.import.clone();
        let rules = rules.ok_or_else(|| CliError::usage("the catalogue has no [import] table"))?;
        let lines = read(&file)?;
        let calls = lines
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| import::line(number + 1, line, &rules))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| CliError::usage(error.to_string()))?;
        let shown = Shown::by(&calls, &catalogue);
        let client = Client::connect(&self.server).await?;
        let applied = names::apply(&client, text).await?;
        if !self.server.json {
            println!("{}", names::applied_line(&applied));
        }
        let bar = export::bar(calls.len() as u64, "calls");
        let (mut ranges, mut checkpoint) = (Vec::new(), None);
        let mut calls = calls.into_iter().peekable();
        while calls.peek().is_some() {
            let records = calls
                .by_ref()
                .take(BATCH)
                .map(|call| v1::Record { kind: Some(v1::record::Kind::ToolCall(Box::new(wire::tool_call(call)))) });
            let records: Vec<_> = records.collect();
            bar.inc(records.len() as u64);
            let request = client.request(v1::AppendBatchRequest { ledger: client.ledger.clone(), records });
            let response = client.ledgers().append_batch(request).await?.into_inner();
            ranges.extend(response.ranges);
            checkpoint = response.checkpoint;
        }
        bar.finish_and_clear();
        let recorded = Recorded::read(&client, &ranges).await?;
        if self.server.json {
            println!("{}", recorded.json(&shown));
            return Ok(0);
        }
        recorded.tell(&shown);
        if let Some(checkpoint) = checkpoint {
            println!("the ledger has {} entries now", show::grouped(checkpoint.tree_size));
        }
        Ok(0)
    }
}

/// What the ledger holds of this import, read back from it.
#[derive(Default)]
struct Recorded {
    entries: u64,
    replayed: u64,
    failed: u64,
    unknown: u64,
    succeeded: u64,
    listed: u64,
    incomplete: u64,
    undetermined: u64,
    nobody: u64,
}

impl Recorded {
    async fn read(client: &Client, ranges: &[v1::IndexRange]) -> Result<Self, CliError> {
        let mut recorded = Recorded::default();
        for range in ranges {
            recorded.replayed += if range.replayed { range.count } else { 0 };
            let (mut next, end) = (range.first_index, range.first_index + range.count);
            let request = client
                .request(v1::WatchEntriesRequest { ledger: client.ledger.clone(), from_index: range.first_index });
            let mut entries = client.audit().watch_entries(request).await?.into_inner();
            while next < end {
                let Some(some) = entries.message().await? else { break };
                for entry in some.entries.iter().filter(|entry| (next..end).contains(&entry.index)) {
                    recorded.count(entry);
                }
                next += some.entries.len() as u64;
            }
        }
        Ok(recorded)
    }

    fn count(&mut self, entry: &v1::Entry) {
        self.entries += 1;
        let Ok(Body::Action(action)) = Body::decode(entry.kind as u8, &entry.body) else { return };
        match action.outcome {
            Outcome::Failed | Outcome::Denied => self.failed += 1,
            Outcome::Unknown | Outcome::Unspecified => self.unknown += 1,
            _ => {
                self.succeeded += 1;
                match action.determination {
                    Determination::Listed => self.listed += 1,
                    Determination::ListedIncomplete => self.incomplete += 1,
                    Determination::Nobody => self.nobody += 1,
                    Determination::Undetermined | Determination::Unspecified => self.undetermined += 1,
                }
            }
        }
    }

    fn tell(&self, shown: &Shown) {
        let n = show::grouped;
        println!("{} entries, {} failed", n(self.entries), n(self.failed));
        if self.unknown > 0 {
            println!("  whether {} of them succeeded is not known", n(self.unknown));
        }
        if self.replayed > 0 {
            println!("  {} of them had been recorded before", n(self.replayed));
        }
        println!(
            "  of {} that succeeded: {} name persons, {} name some of perhaps more, {} are not determined, {} are about nobody",
            n(self.succeeded),
            n(self.listed),
            n(self.incomplete),
            n(self.undetermined),
            n(self.nobody)
        );
        println!("  {} calls showed persons to the agent: {}", n(shown.calls), shown.sentence());
        println!("  the file has no times: the ledger knows only when it recorded them");
    }

    fn json(&self, shown: &Shown) -> String {
        serde_json::json!({
            "entries": self.entries, "replayed": self.replayed, "failed": self.failed, "succeeded": self.succeeded,
            "listed": self.listed, "listed_incomplete": self.incomplete, "undetermined": self.undetermined,
            "nobody": self.nobody, "calls_that_showed_persons": shown.calls,
            "strong_identities_shown": shown.strong.len(), "weak_identities_shown": shown.weak.len(),
            "persons_at_least": shown.persons().0, "persons_at_most": shown.persons().1,
        })
        .to_string()
    }
}

/// Whom successful calls showed to the agent, as the catalogue reads them.
#[derive(Default)]
struct Shown {
    calls: u64,
    /// Strong identities, each with the number of its person: those that stand in one node are one person's.
    strong: BTreeMap<Identity, usize>,
    weak: BTreeSet<Identity>,
    /// Weak identities that stood in one node with a strong one.
    linked: BTreeSet<Identity>,
}

impl Shown {
    fn by(calls: &[ToolCall], catalogue: &Catalogue) -> Self {
        let (mut shown, conversations) = (Shown::default(), Conversations::default());
        for call in calls {
            let action = interpret(call.clone(), catalogue, &conversations);
            if matches!(action.outcome, Outcome::Failed | Outcome::Denied) {
                continue;
            }
            let in_result =
                |subject: &&Subject| subject.categories.iter().any(|used| used.direction == Direction::Result);
            let mut any = false;
            for subject in action.subjects.iter().filter(in_result) {
                any = true;
                shown.add(&subject.identities);
            }
            shown.calls += u64::from(any);
        }
        shown
    }

    fn add(&mut self, identities: &[Identity]) {
        let (strong, weak): (Vec<_>, Vec<_>) =
            identities.iter().partition(|identity| identity.strength == Strength::Strong);
        let known: Vec<usize> = strong.iter().filter_map(|identity| self.strong.get(*identity).copied()).collect();
        let person = known.first().copied().unwrap_or(self.strong.len());
        for number in self.strong.values_mut().filter(|number| known.contains(number)) {
            *number = person;
        }
        for identity in &strong {
            self.strong.insert((*identity).clone(), person);
        }
        for identity in weak {
            self.weak.insert(identity.clone());
            if !strong.is_empty() {
                self.linked.insert(identity.clone());
            }
        }
    }

    /// At least and at most so many persons. A weak identity that stood beside a strong one is that person's; any other
    /// may be a person of its own, or one of those.
    fn persons(&self) -> (usize, usize) {
        let certain = self.strong.values().collect::<BTreeSet<_>>().len();
        let alone = self.weak.len() - self.linked.len();
        (certain.max(self.weak.len().min(1)), certain + alone)
    }

    fn sentence(&self) -> String {
        let (low, high) = self.persons();
        let persons = if low == high { low.to_string() } else { format!("{low} to {high}") };
        format!(
            "{} strong identities, {} weak ones (such as name and birth date), {persons} persons",
            self.strong.len(),
            self.weak.len()
        )
    }
}
