//! `whosaw-verify`: checks an exported ledger, a single receipt or a report, offline, without the server.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use whosaw_verifier::entry::Header;
use whosaw_verifier::export::present::{excerpt, grouped, instant, json_text, printable};
use whosaw_verifier::export::{self, Problem, Report};
use whosaw_verifier::hash::hex;
use whosaw_verifier::note::{MAX_NOTE_BYTES, VerifierKey};
use whosaw_verifier::policy::Policy;
use whosaw_verifier::receipt::{self, Content, Receipt, VerifiedReceipt};
use whosaw_verifier::report::{self, Made};
use whosaw_verifier::tiles::MAX_BODY;

const HELP: &str = "\
whosaw-verify checks what a whosaw ledger gave you, without asking the ledger.

USAGE
  whosaw-verify export DIR   [--vkey KEY]... [--policy FILE] [--at SIZE] [--json]
  whosaw-verify receipt FILE  --vkey KEY...  [--body FILE] [--policy FILE] [--json]
  whosaw-verify report JSON NOTE  --vkey KEY...  [--json]
  whosaw-verify erasure --export DIR --token HEX [--vkey KEY]... [--policy FILE] [--json]

EXPORT
  DIR is what `whosaw export` wrote: checkpoint, tile/, and perhaps content/, openings/,
  erasures/ and vkeys. Checked are the signature of the checkpoint, the Merkle root over
  all entries, the chain from entry to entry, indexes, times, flags, commit boundaries and
  hash tiles; with content, that bodies and sealed parts are those the entries commit
  to, and what bodies say of their parts; with openings, that each disclosed key opens
  its part.
  Content that is gone is redacted where an entry of this ledger says that it was erased
  or pruned, and that entry is named; otherwise it is missing, and the export does not
  hold. What an erasure covers is read from erasures/ and held against the root that its
  entry has signed; if that list is missing or another, it explains nothing. Content that
  is still there although it was erased is remarked on, and no fault.
  If something is wrong, you learn which entry, what, and which checkpoint before it was
  last good. Nothing but regular files inside DIR is read: copy the export first if it
  holds symbolic links.

RECEIPT
  FILE is a .tlog-proof as an append returned it. Checked are the signature, that the
  entry stands in the signed ledger, and that the checkpoint stands at the end of a
  commit. With --body (32 bytes of salt, then the body) also that this is what the
  entry says, and that it fits the entry.

REPORT
  JSON is a report's JSON as the server gave it, to the byte, NOTE what stands beside it (and,
  in a PDF, is attached beside the JSON). Checked is that the ledger's key signed exactly this
  JSON, as which report, as known at how many entries, and which entry records that it was
  made. A report that was made again after an erasure is another text, and its note says so.
  What the report states of the ledger is checked with an export.

ERASURE
  For whoever asked that data be erased and was given a token. The export, with content,
  is checked as above; then you learn which erasure entry carries the token, under which
  checkpoint, and what that entry claims: whether content is inaccessible, who kept the
  keys, until when a backup may still hold them, and whether a later entry says that it
  is irrecoverable. A token that no entry carries is answered with exit code 1.

OPTIONS
  --vkey KEY      A verifier key, name+id+base64, that you trust. May be repeated. Without
                  it an export is checked with the keys in its own vkeys file, and the
                  answer says so: that proves consistency, not who signed.
  --policy FILE   A C2SP tlog-policy: trusted logs, witnesses, and the quorum of them
                  that must have cosigned.
  --at SIZE       Also print the root of the first SIZE entries of the export: what a
                  report or a checkpoint of that size must state. The export is judged as
                  a whole all the same: an erasure after SIZE explains what is gone before.
  --token HEX     An erasure token: 32 bytes, as 64 hexadecimal digits.
  --export DIR    The export to look for the token in.
  --body FILE     Salt and body of a receipt's entry.
  --json          Answer in JSON.
  --help          This page.
  --version       The version.

EXIT CODE
  0  it holds
  1  it does not: something is not as it was signed, or is missing
  2  wrong usage
  3  structure holds, but part of it is from a later vocabulary: meaning unknown
  4  it cannot be read
";

/// How it ends when there is no verdict.
enum Failure {
    Usage(String),
    Unreadable(String),
}

fn main() -> ExitCode {
    let words: Result<Vec<String>, _> = std::env::args_os().skip(1).map(|word| word.into_string()).collect();
    let ended = words.map_err(|_| Failure::Usage("an argument is not UTF-8".into())).and_then(run);
    let (code, text, error) = match ended {
        Ok((code, text)) => (code, text, String::new()),
        Err(Failure::Usage(what)) => (2, String::new(), format!("{}\nTry `whosaw-verify --help`.\n", printable(&what))),
        Err(Failure::Unreadable(what)) => (4, String::new(), format!("CANNOT BE READ: {}\n", printable(&what))),
    };
    // A reader that went away (a closed pipe) does not change the verdict.
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stderr().write_all(error.as_bytes());
    ExitCode::from(code)
}

fn run(words: Vec<String>) -> Result<(u8, String), Failure> {
    if words.is_empty() || words.iter().any(|word| word == "--help" || word == "-h" || word == "help") {
        return Ok((if words.is_empty() { 2 } else { 0 }, HELP.into()));
    }
    if words.iter().any(|word| word == "--version") {
        return Ok((0, format!("whosaw-verify {}\n", env!("CARGO_PKG_VERSION"))));
    }
    let request = Request::parse(words)?;
    match request.command.as_str() {
        "export" => export(&request),
        "receipt" => receipt(&request),
        "report" => report(&request),
        "erasure" => erasure(&request),
        other => Err(Failure::Usage(format!("there is no command {other}"))),
    }
}

#[derive(Default)]
struct Request {
    command: String,
    path: PathBuf,
    /// Of a report: the note beside it.
    note: Option<PathBuf>,
    keys: Vec<VerifierKey>,
    policy: Option<Policy>,
    body: Option<PathBuf>,
    at: Option<u64>,
    token: Option<[u8; 32]>,
    json: bool,
}

impl Request {
    fn parse(words: Vec<String>) -> Result<Self, Failure> {
        let mut request = Request::default();
        let mut plain = Vec::new();
        let mut export = None;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| Failure::Usage(format!("{word} needs a value")));
            match word.as_str() {
                "--json" => request.json = true,
                "--at" => {
                    let size = value()?.parse();
                    request.at = Some(size.map_err(|_| Failure::Usage("--at needs a number of entries".into()))?);
                }
                "--export" => export = Some(value()?),
                "--token" => {
                    let token = unhex(&value()?);
                    request.token =
                        Some(token.ok_or_else(|| Failure::Usage("--token needs 64 hexadecimal digits".into()))?);
                }
                "--body" => request.body = Some(value()?.into()),
                "--vkey" => {
                    let key = VerifierKey::parse(&value()?).map_err(|error| Failure::Usage(error.to_string()))?;
                    request.keys.push(key);
                }
                "--policy" => {
                    let path = PathBuf::from(value()?);
                    let text = String::from_utf8(read(&path, MAX_POLICY_BYTES)?)
                        .map_err(|_| Failure::Usage("the policy is not UTF-8".into()))?;
                    let policy =
                        Policy::parse(&text).map_err(|error| Failure::Usage(format!("the policy: {error}")))?;
                    request.policy = Some(policy);
                }
                option if option.starts_with('-') => {
                    return Err(Failure::Usage(format!("there is no option {option}")));
                }
                _ => plain.push(word),
            }
        }
        if export.is_some() && plain.first().is_none_or(|command| command != "erasure") {
            return Err(Failure::Usage("--export belongs to an erasure".into()));
        }
        plain.extend(export);
        let note = (plain.len() == 3 && plain[0] == "report").then(|| plain.pop()).flatten().map(PathBuf::from);
        let [command, path] =
            plain.try_into().map_err(|_| Failure::Usage("a command and one path are needed".into()))?;
        if command == "report" && note.is_none() {
            return Err(Failure::Usage("a report is checked with the note beside it: report JSON NOTE".into()));
        }
        request.keys.extend(request.policy.iter().flat_map(|policy| policy.keys().iter().cloned()));
        Ok(Request { command, path: path.into(), note, ..request })
    }
}

fn export(request: &Request) -> Result<(u8, String), Failure> {
    if request.body.is_some() {
        return Err(Failure::Usage("--body belongs to a receipt".into()));
    }
    if request.token.is_some() {
        return Err(Failure::Usage("--token belongs to an erasure".into()));
    }
    let mut report = export::verify(&request.path, &request.keys).map_err(unreadable)?;
    hold_to_policy(request, &mut report);
    let mut text = if request.json { report.to_json() } else { report.to_text() };
    // Of an export that does not hold, no root is worth anything.
    if let Some(size) = request.at.filter(|_| report.problems == 0) {
        let root = export::root_at(&request.path, report.size, size).map_err(unreadable)?;
        let root = root.ok_or_else(|| Failure::Usage("--at lies beyond the entries of this export".into()))?;
        if request.json {
            let end = text.trim_end().len().saturating_sub(1);
            text.replace_range(end.., &format!(",\"at\":{{\"size\":{size},\"root\":{}}}}}\n", json_text(&hex(&root))));
        } else {
            text.push_str(&format!("Of the first {} entries the root is {}\n", grouped(size), hex(&root)));
        }
    }
    Ok((report.verdict().exit_code(), text))
}

fn erasure(request: &Request) -> Result<(u8, String), Failure> {
    if request.body.is_some() || request.at.is_some() {
        return Err(Failure::Usage("--body belongs to a receipt, and --at to an export".into()));
    }
    let token = request.token.ok_or_else(|| Failure::Usage("the token is needed: --token HEX".into()))?;
    let mut report = export::verify_erasure(&request.path, &request.keys, &token).map_err(unreadable)?;
    hold_to_policy(request, &mut report);
    if report.problems == 0 && !report.has_content {
        let what = "content: it is not in this export, and without it no entry says which tokens it carries";
        return Err(Failure::Unreadable(what.into()));
    }
    Ok(export::claim::answer(&report, request.json))
}

fn hold_to_policy(request: &Request, report: &mut Report) {
    if let Some(policy) = &request.policy
        && let Some(head) = &report.head
        && !policy.satisfied_by(head)
    {
        report.problems += 1;
        report.first_problem.get_or_insert(Problem { index: None, what: NO_QUORUM.into() });
    }
}

fn unreadable(error: export::Unreadable) -> Failure {
    Failure::Unreadable(error.to_string())
}

/// 32 bytes from 64 hexadecimal digits.
fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let digit = |c: u8| char::from(c).to_digit(16);
        *byte = (digit(*high)? << 4 | digit(*low)?) as u8;
    }
    Some(bytes)
}

/// A note and 64 hashes are far less than twice the longest note.
const MAX_RECEIPT_BYTES: usize = 2 * MAX_NOTE_BYTES;
const MAX_POLICY_BYTES: usize = 1 << 20;
const NO_QUORUM: &str = "the checkpoint lacks the policy's quorum of witnesses";

fn receipt(request: &Request) -> Result<(u8, String), Failure> {
    if request.at.is_some() {
        return Err(Failure::Usage("--at belongs to an export".into()));
    }
    if request.token.is_some() {
        return Err(Failure::Usage("--token belongs to an erasure".into()));
    }
    if request.keys.is_empty() {
        return Err(Failure::Usage("a receipt carries no keys: give the ledger's with --vkey".into()));
    }
    let bytes = read(&request.path, MAX_RECEIPT_BYTES)?;
    let body = request.body.as_deref().map(|path| read(path, 32 + MAX_BODY)).transpose()?;
    let content = match &body {
        None => None,
        Some(bytes) => Some(
            bytes
                .split_first_chunk::<32>()
                .ok_or_else(|| Failure::Unreadable("the body file is shorter than its salt".into()))?,
        ),
    };
    let receipt = Receipt::parse(&bytes).map_err(|error| Failure::Unreadable(error.to_string()))?;
    let judged =
        receipt::verify(&receipt, &request.keys, content).map_err(|error| error.to_string()).and_then(|verified| {
            match &request.policy {
                Some(policy) if !policy.satisfied_by(&verified.checkpoint) => Err(NO_QUORUM.to_owned()),
                _ => Ok(verified),
            }
        });
    let code = match &judged {
        Err(_) => 1,
        Ok(verified) if verified.unknown_meaning().is_some() => 3,
        Ok(_) => 0,
    };
    Ok((code, if request.json { receipt_json(&judged) } else { receipt_text(&judged) }))
}

/// Everything that a report can say of the entries of a large ledger, and more.
const MAX_REPORT_BYTES: usize = 1 << 30;

fn report(request: &Request) -> Result<(u8, String), Failure> {
    if request.at.is_some() || request.token.is_some() || request.body.is_some() || request.policy.is_some() {
        return Err(Failure::Usage("a report takes --vkey and --json, and nothing else".into()));
    }
    if request.keys.is_empty() {
        return Err(Failure::Usage("a report is worth its ledger's key: give that with --vkey".into()));
    }
    let note = request.note.as_deref().map(|path| read(path, MAX_NOTE_BYTES)).transpose()?.unwrap_or_default();
    let json = read(&request.path, MAX_REPORT_BYTES)?;
    let judged = report::verify(&json, &note, &request.keys).map_err(|error| error.to_string());
    let code = if judged.is_ok() { 0 } else { 1 };
    let text = match (judged, request.json) {
        (Err(what), true) => format!("{{\"verdict\":\"lie\",\"problem\":{}}}\n", json_text(&what)),
        (Err(what), false) => format!("DOES NOT HOLD: {}\n", printable(&what)),
        (Ok(said), true) => format!(
            "{{\"verdict\":\"holds\",\"origin\":{},\"report\":{},\"type\":{},\"sha256\":\"{}\",\"bytes\":{},\"size\":{},\
             \"entry\":{},\"made\":\"{}\"}}\n",
            json_text(&said.origin),
            json_text(&said.report_id),
            json_text(said.report_type.code()),
            hex(&said.sha256),
            said.bytes,
            said.size,
            said.entry,
            said.made.code(),
        ),
        (Ok(said), false) => {
            let made = match said.made {
                Made::First => "it is the report that this entry records",
                Made::Again => "it was made again later, and is not known to be the one that this entry records",
            };
            format!(
                "Report from {}\n\n  report       {}, {}\n  sha256       {}, {} bytes\n  known at     {} entries\n  \
                 recorded     as entry {}; {made}\n\nHOLDS: the ledger's key signed exactly this JSON.\n",
                excerpt(&said.origin),
                said.report_type.code(),
                said.report_id,
                hex(&said.sha256),
                grouped(said.bytes),
                grouped(said.size),
                grouped(said.entry),
            )
        }
    };
    Ok((code, text))
}

fn receipt_text(judged: &Result<VerifiedReceipt, String>) -> String {
    let verified = match judged {
        Ok(verified) => verified,
        Err(what) => return format!("DOES NOT HOLD: {}\n", printable(what)),
    };
    let (head, header) = (verified.checkpoint.checkpoint(), &verified.header);
    let said = match &verified.content {
        Content::NotGiven => match verified.unknown_meaning() {
            Some(unknown) => format!("not given, and of a later version: {unknown}"),
            None => "not given: what the entry says was not checked".into(),
        },
        Content::Meant(_) => "is what the entry commits to".into(),
        Content::Unknown(error) => format!("is what the entry commits to; {error}"),
    };
    let verdict = match verified.unknown_meaning() {
        Some(_) => "STRUCTURE HOLDS, MEANING UNKNOWN: the entry stands in the signed ledger.",
        None => "HOLDS: the entry stands in the signed ledger.",
    };
    format!(
        "Receipt from {}\n\n  entry        {}, kind {}, {} sealed parts\n  recorded     {}\n  leaf         {}\n  \
         checkpoint   {} entries, root {}\n  signed by    {}\n  body         {said}\n\n{verdict}\n",
        excerpt(&head.origin),
        grouped(header.index),
        kind(header),
        grouped(header.parts.into()),
        instant(header.recorded_at_us),
        hex(&verified.leaf),
        grouped(head.size),
        hex(&head.root),
        verified.checkpoint.signers().iter().map(|key| excerpt(&key.to_string())).collect::<Vec<_>>().join(", "),
    )
}

fn receipt_json(judged: &Result<VerifiedReceipt, String>) -> String {
    let verified = match judged {
        Ok(verified) => verified,
        Err(what) => return format!("{{\"verdict\":\"lie\",\"problem\":{}}}\n", json_text(what)),
    };
    let verdict = if verified.unknown_meaning().is_some() { "meaning_unknown" } else { "holds" };
    let body = match &verified.content {
        Content::NotGiven => "not_given",
        Content::Meant(_) => "intact",
        Content::Unknown(_) => "unknown",
    };
    let (head, header) = (verified.checkpoint.checkpoint(), &verified.header);
    format!(
        "{{\"verdict\":\"{verdict}\",\"origin\":{},\"index\":{},\"kind\":{},\"recorded_at_us\":{},\"parts\":{},\
         \"leaf\":\"{}\",\"size\":{},\"root\":\"{}\",\"body\":\"{body}\"}}\n",
        json_text(&head.origin),
        header.index,
        json_text(&kind(header)),
        header.recorded_at_us,
        header.parts,
        hex(&verified.leaf),
        head.size,
        hex(&head.root),
    )
}

fn kind(header: &Header) -> String {
    use whosaw_verifier::vocabulary::EntryKind;
    let known = EntryKind::ALL.iter().find(|kind| **kind as u8 == header.kind);
    known.map_or_else(|| header.kind.to_string(), |kind| kind.code().to_owned())
}

/// A file named on the command line, which may well be a pipe; what is longer than it can be is not read to its end.
fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let unreadable = |what: &dyn std::fmt::Display| Failure::Unreadable(format!("{}: {what}", path.display()));
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    if bytes.len() > most {
        return Err(unreadable(&format_args!("it is longer than {} bytes", grouped(most as u64))));
    }
    Ok(bytes)
}
