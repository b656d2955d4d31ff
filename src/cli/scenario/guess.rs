//! Whoever has an export and a list of candidates hashes them all, and looks for what is stored (REPORTS 3: a hash of an
//! identifier is personal data).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::collections::HashSet;
use std::path::Path;
use whosaw_verifier::hash::{hex, sha256};

/// What a hash would be known by: its first bytes, wherever they stand; of one in hexadecimal twice as many.
const KNOWN_BY: usize = 8;
/// Lengths of what could be a salt or a key.
const SALTS: [usize; 2] = [16, 32];

/// Candidates of which something is stored in the files below a directory: a hash, plain or in hexadecimal, without a salt,
/// or with any stored value as salt or key. With salts only those in `suspects` are tried, because only whoever is recorded
/// can be found by them.
pub fn found(directory: &Path, suspects: &[String], others: u64) -> std::io::Result<Vec<String>> {
    let mut texts = Vec::new();
    read(directory, &mut texts)?;
    let (mut raw, mut written) = (HashSet::new(), HashSet::new());
    for text in &texts {
        raw.extend(text.windows(KNOWN_BY));
        written.extend(text.windows(2 * KNOWN_BY).filter(|window| window.iter().all(u8::is_ascii_hexdigit)));
    }
    let is_stored = |hash: &[u8; 32]| {
        let digits = hex(&hash[..KNOWN_BY]);
        raw.contains(&hash[..KNOWN_BY]) || written.contains(digits.as_bytes())
    };
    let mut found = HashSet::new();
    let candidates = suspects.iter().cloned().chain((0..others).map(|number| format!("user{number}@example.org")));
    for candidate in candidates {
        if spellings(&candidate).iter().any(|spelling| is_stored(&sha256(&[spelling]))) {
            found.insert(candidate);
        }
    }
    let salts: HashSet<&[u8]> =
        texts.iter().flat_map(|text| SALTS.into_iter().flat_map(|of| text.windows(of))).collect();
    for suspect in suspects {
        let spellings = spellings(suspect);
        let salted = |salt: &&[u8]| {
            spellings.iter().any(|spelling| {
                // Any length is a key.
                let keyed = Hmac::<Sha256>::new_from_slice(salt).is_ok_and(|mut mac| {
                    mac.update(spelling);
                    is_stored(&mac.finalize().into_bytes().into())
                });
                keyed || is_stored(&sha256(&[salt, spelling])) || is_stored(&sha256(&[spelling, salt]))
            })
        };
        if salts.iter().any(salted) {
            found.insert(suspect.clone());
        }
    }
    let mut found: Vec<String> = found.into_iter().collect();
    found.sort();
    Ok(found)
}

/// An identifier in the forms in which somebody might hash it.
fn spellings(candidate: &str) -> Vec<Vec<u8>> {
    let prefixed = |text: &str| [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat();
    let of = |namespace: &str| {
        let both = [prefixed(namespace), prefixed(candidate)].concat();
        [format!("{namespace}={candidate}").into_bytes(), format!("{namespace}\0{candidate}").into_bytes(), both]
    };
    std::iter::once(candidate.as_bytes().to_vec()).chain(["subject", "staff"].into_iter().flat_map(of)).collect()
}

fn read(directory: &Path, texts: &mut Vec<Vec<u8>>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        match path.is_dir() {
            true => read(&path, texts)?,
            false => texts.push(std::fs::read(&path)?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_that_is_stored_is_found_however_it_was_made() {
        let ann = "ann@example.org".to_owned();
        let salt = [7; 16];
        let mut mac = Hmac::<Sha256>::new_from_slice(&salt).expect("any length");
        mac.update(ann.as_bytes());
        let keyed = [&salt[..], mac.finalize().into_bytes().as_slice()].concat();
        let salted = [&salt[..], &sha256(&[&salt, b"subject=ann@example.org"])].concat();
        let cases = [
            (sha256(&[ann.as_bytes()]).to_vec(), true),
            (hex(&sha256(&[b"subject\0ann@example.org"])).into_bytes(), true),
            (keyed, true),
            (salted, true),
            (sha256(&[b"somebody@example.org"]).to_vec(), false),
        ];
        for (stored, is_found) in cases {
            let directory = tempfile::tempdir().expect("a directory");
            let below = directory.path().join("below");
            std::fs::create_dir(&below).expect("a directory");
            std::fs::write(below.join("file"), [b"before".to_vec(), stored].concat()).expect("a file");
            let told = found(directory.path(), std::slice::from_ref(&ann), 10).expect("it reads");
            assert_eq!(!told.is_empty(), is_found, "{told:?}");
        }
    }
}
