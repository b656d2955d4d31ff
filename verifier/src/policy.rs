//! C2SP tlog-policy: which logs one trusts, and which witnesses must have seen a checkpoint.

use crate::checkpoint::VerifiedCheckpoint;
use crate::note::{KeyKind, NoteError, VerifierKey};
use std::collections::HashMap;
use std::fmt;

/// A line a policy cannot have, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    pub line: usize,
    pub what: String,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for PolicyError {}

/// Logs, witnesses, groups of witnesses, and the quorum a checkpoint needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    keys: Vec<VerifierKey>,
    /// Nothing when the quorum is `none`.
    quorum: Option<Rule>,
}

/// What must be true of the witnesses that cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Witness(VerifierKey),
    AtLeast(usize, Vec<Rule>),
}

impl Policy {
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut reading = Reading::default();
        for (i, line) in text.lines().enumerate() {
            reading.line(line).map_err(|what| PolicyError { line: i + 1, what })?;
        }
        let line = text.lines().count();
        let quorum = reading.quorum.ok_or(PolicyError { line, what: "the policy has no quorum".into() })?;
        Ok(Policy { keys: reading.keys, quorum })
    }

    /// Log and witness keys, to open a checkpoint with.
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }

    /// Whether enough witnesses cosigned; the log's own signature is what made the checkpoint verified.
    pub fn satisfied_by(&self, checkpoint: &VerifiedCheckpoint) -> bool {
        let cosigned = |key: &VerifierKey| checkpoint.cosignatures().iter().any(|cosignature| cosignature.key == *key);
        self.quorum.as_ref().is_none_or(|rule| rule.holds(&cosigned))
    }
}

impl Rule {
    fn holds(&self, cosigned: &impl Fn(&VerifierKey) -> bool) -> bool {
        match self {
            Rule::Witness(key) => cosigned(key),
            Rule::AtLeast(k, members) => members.iter().filter(|member| member.holds(cosigned)).count() >= *k,
        }
    }
}

#[derive(Default)]
struct Reading {
    keys: Vec<VerifierKey>,
    /// Each name may become a member of one group, or the quorum, once: taking removes it.
    rules: HashMap<String, Option<Rule>>,
    quorum: Option<Option<Rule>>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", vkey] | ["log", vkey, _] => self.key(vkey, KeyKind::Ed25519).map(|_| ()),
            ["witness", name, vkey] | ["witness", name, vkey, _] => {
                let key = self.key(vkey, KeyKind::Cosignature)?;
                self.define(name, Rule::Witness(key))
            }
            ["group", name, threshold, members @ ..] if !members.is_empty() => {
                let k = match *threshold {
                    "all" => members.len(),
                    "any" => 1,
                    number => number.parse().map_err(|_| "a group needs all, any or a number".to_owned())?,
                };
                if k == 0 || k > members.len() {
                    return Err("a group cannot need none, or more than it has".into());
                }
                let members = members.iter().map(|member| self.take(member)).collect::<Result<_, _>>()?;
                self.define(name, Rule::AtLeast(k, members))
            }
            ["quorum", _] if self.quorum.is_some() => Err("there is a second quorum".into()),
            ["quorum", "none"] => {
                self.quorum = Some(None);
                Ok(())
            }
            ["quorum", name] => {
                self.quorum = Some(Some(self.take(name)?));
                Ok(())
            }
            _ => Err("not a line of a policy".into()),
        }
    }

    fn key(&mut self, vkey: &str, kind: KeyKind) -> Result<VerifierKey, String> {
        let key = VerifierKey::parse(vkey).map_err(|error: NoteError| error.to_string())?;
        if key.kind() != kind {
            return Err("the key is of the wrong type".into());
        }
        if self.keys.iter().any(|known| known.public_key() == key.public_key()) {
            return Err("the key is there twice".into());
        }
        self.keys.push(key.clone());
        Ok(key)
    }

    fn define(&mut self, name: &str, rule: Rule) -> Result<(), String> {
        if name == "none" || self.rules.contains_key(name) {
            return Err(format!("the name {name} is taken"));
        }
        self.rules.insert(name.to_owned(), Some(rule));
        Ok(())
    }

    fn take(&mut self, name: &str) -> Result<Rule, String> {
        let rule = self.rules.get_mut(name).ok_or_else(|| format!("{name} is not defined before"))?;
        rule.take().ok_or_else(|| format!("{name} is a member already"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{self, Checkpoint};
    use crate::cosignature;
    use ed25519_dalek::{Signer, SigningKey};

    fn key(name: &str, seed: u8, kind: KeyKind) -> (SigningKey, VerifierKey) {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let key = VerifierKey::new(name, kind, secret.verifying_key().as_bytes()).unwrap();
        (secret, key)
    }

    /// Two of three groups' members; each subset of witnesses is tried.
    #[test]
    fn a_quorum_counts_witnesses_by_group() {
        let (log_secret, log) = key("log.example", 1, KeyKind::Ed25519);
        let witnesses: Vec<_> = (0..3).map(|i| key(&format!("w{i}.example"), 2 + i, KeyKind::Cosignature)).collect();
        let policy = Policy::parse(&format!(
            "# trusted\nlog {log} https://log.example/\n\nwitness a {}\nwitness b {}\nwitness c {} https://c.example\n\
             group either any a b\ngroup both 2 either c\nquorum both\n",
            witnesses[0].1, witnesses[1].1, witnesses[2].1
        ))
        .unwrap();
        let head = Checkpoint { origin: "log.example".into(), size: 0, root: crate::merkle::EMPTY_ROOT };
        for subset in 0..8u8 {
            let mut note = head.sign(&log, |message| log_secret.sign(message).to_bytes());
            for (i, (secret, witness)) in witnesses.iter().enumerate() {
                if subset >> i & 1 == 1 {
                    let sign = |message: &[u8]| secret.sign(message).to_bytes();
                    note += &cosignature::signature_line(&head.encode(), witness, 7, sign);
                }
            }
            let opened = checkpoint::open(note.as_bytes(), policy.keys()).unwrap();
            let expected = subset & 3 != 0 && subset & 4 != 0;
            assert_eq!(policy.satisfied_by(&opened), expected, "witnesses {subset:03b}");
        }
    }

    #[test]
    fn policies_that_contradict_themselves_are_refused() {
        let witness = key("w.example", 2, KeyKind::Cosignature).1;
        let log = key("log.example", 1, KeyKind::Ed25519).1;
        let check = |text: &str, line: usize| assert_eq!(Policy::parse(text).unwrap_err().line, line, "{text}");
        check("", 0);
        check("quorum none\nquorum none\n", 2);
        check("quorum a\n", 1);
        check(&format!("witness a {witness}\nwitness b {witness}\n"), 2);
        check(&format!("witness a {log}\n"), 1);
        check(&format!("log {witness}\n"), 1);
        check(&format!("witness a {witness}\ngroup g 2 a\n"), 2);
        check(&format!("witness a {witness}\ngroup g any a\ngroup h any a\n"), 3);
        check("log nonsense\n", 1);
        check("hello\n", 1);
        assert!(Policy::parse(&format!("log {log}\nquorum none")).is_ok());
    }
}
