//! C2SP cosignatures: a witness says at what time a checkpoint was the largest consistent one it had seen.
//!
//! Ed25519 (type 0x04) only. How many witnesses suffice is [`crate::policy`]'s question.

use crate::note::{KeyKind, Note, NoteError, Signature, VerifierKey};

/// A valid cosignature. Comes from [`verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    pub key: VerifierKey,
    /// POSIX seconds, as the witness says.
    pub at_s: u64,
}

/// All cosignatures on `note` by the witness keys among `keys`. A false one by a known witness fails the note; one
/// witness counts once, with its latest time.
pub fn verify(note: &Note, keys: &[VerifierKey]) -> Result<Vec<Cosignature>, NoteError> {
    let mut found: Vec<Cosignature> = Vec::new();
    for signature in note.signatures() {
        for key in keys.iter().filter(|key| key.kind() == KeyKind::Cosignature && key.made(signature)) {
            let forged = || NoteError::Forged { name: key.name().to_owned() };
            let (at_s, bytes) = signature.bytes.split_first_chunk::<8>().ok_or_else(forged)?;
            let at_s = u64::from_be_bytes(*at_s);
            if at_s > i64::MAX as u64 {
                return Err(forged());
            }
            key.verify(message(at_s, note.text()).as_bytes(), bytes)?;
            match found.iter_mut().find(|cosignature| cosignature.key == *key) {
                Some(cosignature) => cosignature.at_s = cosignature.at_s.max(at_s),
                None => found.push(Cosignature { key: key.clone(), at_s }),
            }
        }
    }
    Ok(found)
}

/// What a witness signs: a time and the checkpoint's text.
pub fn message(at_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {at_s}\n{text}")
}

/// Makes a witness's signature line over a checkpoint's text.
pub fn signature_line(text: &str, key: &VerifierKey, at_s: u64, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
    let bytes = [&at_s.to_be_bytes()[..], &sign(message(at_s, text).as_bytes())].concat();
    Signature { name: key.name().to_owned(), id: key.id(), bytes }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn a_witness_signs_time_and_text() {
        let secret = SigningKey::from_bytes(&[9; 32]);
        let witness = VerifierKey::new("w.example", KeyKind::Cosignature, secret.verifying_key().as_bytes()).unwrap();
        let log = VerifierKey::new("log.example", KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        assert_eq!(VerifierKey::parse(&witness.to_string()), Ok(witness.clone()));

        let text = "log.example\n1\nAAAA\n";
        let log_line = note::sign(text, &log, |message| secret.sign(message).to_bytes());
        let line = |at_s| signature_line(text, &witness, at_s, |message| secret.sign(message).to_bytes());
        let note = Note::parse(format!("{log_line}{}{}", line(1_679_315_147), line(1_000)).as_bytes()).unwrap();
        let keys = [log, witness.clone()];
        assert_eq!(verify(&note, &keys), Ok(vec![Cosignature { key: witness.clone(), at_s: 1_679_315_147 }]));

        let moved = Note::parse(format!("{log_line}{}", line(5)).replace("\n1\n", "\n2\n").as_bytes()).unwrap();
        assert_eq!(verify(&moved, &keys), Err(NoteError::Forged { name: "w.example".into() }));
    }
}
