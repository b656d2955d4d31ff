//! What an erasure entry claims, for whoever asked for an erasure and holds the token of the request.

use super::present::{TRUST_ON_FIRST_USE, excerpt, grouped, instant, json_text};
use super::{Report, Verdict};
use crate::body::ErasureBody;
use crate::entry::Header;
use crate::hash::{Hash, hex};
use crate::vocabulary::{CustodianClass, ErasureState};
use std::fmt::Write;

/// The public words of an erasure entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub index: u64,
    pub leaf: Hash,
    pub recorded_at_us: u64,
    pub state: ErasureState,
    pub covers: u64,
    pub generation: u64,
    /// How many requests stand in the batch.
    pub tokens: u64,
    pub custodian: CustodianClass,
    /// For `irrecoverable`: the entry that made it inaccessible.
    pub batch: u64,
    pub backups_until_us: u64,
    /// Whether it carries the token that was looked for.
    pub carries: bool,
}

impl Claim {
    pub fn of(header: &Header, body: &ErasureBody, token: Option<Hash>) -> Self {
        Claim {
            index: header.index,
            leaf: header.leaf_hash(),
            recorded_at_us: header.recorded_at_us,
            state: body.state,
            covers: body.covers,
            generation: body.generation,
            tokens: body.tokens.len() as u64,
            custodian: body.custodian,
            batch: body.batch,
            backups_until_us: body.backups_until_us,
            carries: token.is_some_and(|token| body.tokens.iter().any(|carried| carried[..] == token)),
        }
    }

    fn sentence(&self) -> String {
        let of_batch = match (self.carries, self.state) {
            (false, ErasureState::Irrecoverable) => format!(", about entry {}", self.batch),
            _ => String::new(),
        };
        let mut text = format!(
            "  entry {}{of_batch}\n    recorded   {}\n    leaf       {}\n    state      {}\n",
            grouped(self.index),
            instant(self.recorded_at_us),
            hex(&self.leaf),
            or_not_stated(self.state.code()),
        );
        let mut line = |label: &str, said: String| {
            writeln!(text, "    {label:<10} {said}").expect("a string takes any text");
        };
        if self.covers > 0 {
            line("covers", format!("{} bodies and sealed parts", grouped(self.covers)));
        }
        if self.carries {
            line("requests", format!("{} in this batch, yours among them", grouped(self.tokens)));
        }
        line("custodian", or_not_stated(self.custodian.code()).into());
        line("generation", grouped(self.generation));
        line(
            "backups",
            match self.backups_until_us {
                // Nobody tells the ledger how long backups are kept, and it cannot know of copies.
                0 if self.custodian == CustodianClass::KeyDirectory => {
                    "not stated; a copy of the old root key would open copies of what was erased".into()
                }
                0 => "not stated".into(),
                until_us => format!("the last that could hold old keys ends {}", instant(until_us)),
            },
        );
        text
    }

    fn json(&self) -> String {
        format!(
            "{{\"index\":{},\"leaf\":\"{}\",\"recorded_at_us\":{},\"state\":{},\"covers\":{},\"requests\":{},\
             \"custodian\":{},\"generation\":{},\"batch\":{},\"backups_until_us\":{}}}",
            self.index,
            hex(&self.leaf),
            self.recorded_at_us,
            json_text(self.state.code()),
            self.covers,
            self.tokens,
            json_text(self.custodian.code()),
            self.generation,
            self.batch,
            self.backups_until_us,
        )
    }
}

fn or_not_stated(code: &str) -> &str {
    if code.is_empty() { "not stated" } else { code }
}

/// The answer to a token: exit code and words. Only an export that holds proves an entry.
pub fn answer(report: &Report, json: bool) -> (u8, String) {
    let (carriers, later): (Vec<&Claim>, Vec<&Claim>) = report.claims.iter().partition(|claim| claim.carries);
    let verdict = report.verdict();
    let code = match verdict {
        Verdict::Holds if carriers.is_empty() => Verdict::Lie.exit_code(),
        other => other.exit_code(),
    };
    if json {
        let list = |claims: &[&Claim]| claims.iter().map(|claim| claim.json()).collect::<Vec<_>>().join(",");
        // What does not hold proves nothing: no claim of it is passed on.
        let (carriers, later) = match verdict {
            Verdict::Lie => (String::new(), String::new()),
            _ => (list(&carriers), list(&later)),
        };
        let end = format!(",\"erasures\":[{carriers}],\"irrecoverable\":[{later}]}}\n");
        let whole = report.to_json();
        return (code, whole.trim_end().strip_suffix('}').unwrap_or_default().to_owned() + &end);
    }
    if verdict == Verdict::Lie {
        return (code, report.conclusion() + "\n");
    }
    if carriers.is_empty() {
        let unread = match report.bodies.removed + report.unknown_meanings {
            0 => String::new(),
            _ => format!(
                " It may stand in one of the {} bodies that are gone, or in one of the {} entries from a later vocabulary.",
                grouped(report.bodies.removed),
                grouped(report.unknown_meanings)
            ),
        };
        let head = format!("the first {} entries", grouped(report.size));
        return (code, format!("NOT FOUND: no erasure among {head} carries this token.{unread}\n"));
    }
    let mut text = String::from("Erasures that carry this token\n\n");
    carriers.iter().for_each(|claim| text.push_str(&claim.sentence()));
    if !later.is_empty() {
        text.push_str("\nWhat became of its keys since\n\n");
        later.iter().for_each(|claim| text.push_str(&claim.sentence()));
    }
    let checkpoint = format!("{} entries, root {}", grouped(report.size), hex(&report.root));
    let signers: Vec<String> = report.signers.iter().map(|signer| excerpt(signer)).collect();
    text.push_str(&format!("\nUnder the checkpoint of {checkpoint}, signed by {}.\n", signers.join(", ")));
    if report.keys_from_export {
        text.push_str(TRUST_ON_FIRST_USE);
        text.push('\n');
    }
    (code, format!("{text}{}\n", report.conclusion()))
}
