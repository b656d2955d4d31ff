//! C2SP signed notes and verifier keys, with Ed25519 (type 0x01).
//!
//! What a note's text means is [`crate::checkpoint`]'s business; witnesses' signatures, which cover more than the text,
//! are [`crate::cosignature`]'s. No private key is handled here: signing takes a closure.

use crate::hash::sha256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey};
use std::fmt;

/// More signature lines than any honest note has; what is longer is refused before anything is verified.
const MAX_SIGNATURES: usize = 128;
pub const MAX_NOTE_BYTES: usize = 1 << 20;

/// Why a note, or a key, is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteError {
    /// Not a signed note at all.
    Malformed(&'static str),
    /// Not a verifier key.
    Key(&'static str),
    KeyType(u8),
    /// A known key's signature does not match the text: the text or the signature was changed.
    Forged {
        name: String,
    },
    /// Well-formed, but signed by no key that was given.
    NoKnownSignature,
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoteError::Malformed(what) => write!(f, "not a signed note: {what}"),
            NoteError::Key(what) => write!(f, "not a verifier key: {what}"),
            NoteError::KeyType(kind) => write!(f, "verifier key of type {kind:#04x} is not supported"),
            NoteError::Forged { name } => write!(f, "the signature of {name} does not match the text"),
            NoteError::NoKnownSignature => f.write_str("no signature by a given key"),
        }
    }
}

impl std::error::Error for NoteError {}

/// What a key signs, and how its signature lines are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum KeyKind {
    /// Signs the text of a note.
    Ed25519 = 0x01,
    /// A witness: signs a time and the text.
    Cosignature = 0x04,
}

/// A public key with the name it signs under: a C2SP vkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    id: u32,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Fails for a name that cannot stand in a note, and for bytes that are no (or a weak) Ed25519 key.
    pub fn new(name: &str, kind: KeyKind, public_key: &[u8; 32]) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Key("the name is empty or has a space or a plus sign"));
        }
        let key = VerifyingKey::from_bytes(public_key).map_err(|_| NoteError::Key("not an Ed25519 key"))?;
        if key.is_weak() {
            return Err(NoteError::Key("a weak Ed25519 key"));
        }
        Ok(VerifierKey { name: name.to_owned(), kind, id: key_id(name, kind as u8, public_key), key })
    }

    /// Reads `name+hhhhhhhh+base64`.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let mut pieces = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (pieces.next(), pieces.next(), pieces.next()) else {
            return Err(NoteError::Key("it has not three pieces joined by plus signs"));
        };
        let bytes = BASE64.decode(key).map_err(|_| NoteError::Key("the key is not base64"))?;
        let (kind, public_key) = bytes.split_first().ok_or(NoteError::Key("the key is empty"))?;
        let kind = match kind {
            0x01 => KeyKind::Ed25519,
            0x04 => KeyKind::Cosignature,
            other => return Err(NoteError::KeyType(*other)),
        };
        let public_key = public_key.try_into().map_err(|_| NoteError::Key("an Ed25519 key has 32 bytes"))?;
        let verifier = VerifierKey::new(name, kind, public_key)?;
        if id != format!("{:08x}", verifier.id) {
            return Err(NoteError::Key("the key id does not fit name and key"));
        }
        Ok(verifier)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether this line claims to be by this key.
    pub fn made(&self, signature: &Signature) -> bool {
        self.id == signature.id && self.name == signature.name
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        Ed25519Signature::from_slice(signature)
            .and_then(|signature| self.key.verify_strict(message, &signature))
            .map_err(|_| NoteError::Forged { name: self.name.clone() })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind as u8], &self.public_key()[..]].concat();
        write!(f, "{}+{:08x}+{}", self.name, self.id, BASE64.encode(key))
    }
}

/// First four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key).
pub fn key_id(name: &str, kind: u8, public_key: &[u8]) -> u32 {
    let hash = sha256(&[name.as_bytes(), b"\n", &[kind], public_key]);
    u32::from_be_bytes(*hash.first_chunk().expect("a hash has 32 bytes"))
}

/// Whether a name can stand in a signature line and in a verifier key.
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub id: u32,
    /// What follows the key id.
    pub bytes: Vec<u8>,
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&self.id.to_be_bytes()[..], &self.bytes].concat();
        writeln!(f, "\u{2014} {} {}", self.name, BASE64.encode(blob))
    }
}

/// A text and who says to have signed it. Parsing verifies nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Malformed("it is longer than 1 MiB"));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Malformed("it is not UTF-8"))?;
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Malformed("it has control characters"));
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Malformed("the last line is not ended"))?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NoteError::Malformed("it has too many signatures"));
        }
        let signatures = lines.split('\n').map(signature).collect::<Result<_, _>>()?;
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// The signed text, its last line end included.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The keys among `keys` that signed the text; at least one. Unknown signatures are ignored, a false one by a
    /// known key fails the whole note. Witness keys are not looked at.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signers: Vec<&VerifierKey> = Vec::new();
        for signature in &self.signatures {
            for key in keys.iter().filter(|key| key.kind == KeyKind::Ed25519 && key.made(signature)) {
                key.verify(self.text.as_bytes(), &signature.bytes)?;
                if !signers.contains(&key) {
                    signers.push(key);
                }
            }
        }
        if signers.is_empty() { Err(NoteError::NoKnownSignature) } else { Ok(signers) }
    }
}

/// Makes the whole note of a text (which ends in a line end), signed by the key whose private half `sign` uses.
pub fn sign(text: &str, key: &VerifierKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
    format!("{text}\n{}", signature_line(text, key, sign))
}

/// Makes the signature line over a text.
pub fn signature_line(text: &str, key: &VerifierKey, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> String {
    let bytes = sign(text.as_bytes()).to_vec();
    Signature { name: key.name.clone(), id: key.id, bytes }.to_string()
}

fn signature(line: &str) -> Result<Signature, NoteError> {
    let (name, blob) = line
        .strip_prefix("\u{2014} ")
        .and_then(|rest| rest.split_once(' '))
        .ok_or(NoteError::Malformed("a signature line has not its form"))?;
    if !is_key_name(name) {
        return Err(NoteError::Malformed("a signature line has no proper name"));
    }
    let blob = BASE64.decode(blob).map_err(|_| NoteError::Malformed("a signature is not base64"))?;
    let (id, bytes) = blob
        .split_first_chunk::<4>()
        .filter(|(_, bytes)| !bytes.is_empty())
        .ok_or(NoteError::Malformed("a signature is too short"))?;
    Ok(Signature { name: name.to_owned(), id: u32::from_be_bytes(*id), bytes: bytes.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    const EXAMPLE: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    fn signer(name: &str, seed: u8) -> (SigningKey, VerifierKey) {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let key = VerifierKey::new(name, KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
        (secret, key)
    }

    #[test]
    fn the_specifications_key_is_read_and_written() {
        let key = VerifierKey::parse(EXAMPLE).unwrap();
        assert_eq!((key.name(), key.id(), key.kind()), ("example.com/foo", 0x530d903a, KeyKind::Ed25519));
        assert_eq!(key.to_string(), EXAMPLE);
    }

    #[test]
    fn the_specifications_note_is_verified() {
        let note = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONnc\
                    AlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        let key = VerifierKey::parse(EXAMPLE).unwrap();
        let parsed = Note::parse(note.as_bytes()).unwrap();
        assert_eq!(parsed.verify(std::slice::from_ref(&key)), Ok(vec![&key]));
        assert_eq!(format!("{}\n{}", parsed.text(), parsed.signatures()[0]), note);
    }

    #[test]
    fn keys_that_contradict_themselves_are_refused() {
        let refused = |vkey: &str| assert!(VerifierKey::parse(vkey).is_err(), "{vkey}");
        refused("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
        refused("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
        refused("example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k");
        refused("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2");
        refused("example.com/foo+530d903a");
        refused("");
        assert!(VerifierKey::new("a b", KeyKind::Ed25519, &[1; 32]).is_err());
        let weak = [&[1u8][..], &[0; 31]].concat();
        assert!(VerifierKey::new("a", KeyKind::Ed25519, weak.as_slice().try_into().unwrap()).is_err());
    }

    #[test]
    fn a_note_is_believed_only_with_a_known_signature() {
        let text = "a\n\nb\n";
        let (secret, key) = signer("example.com/a", 1);
        let (other_secret, other) = signer("example.com/b", 2);
        let mut note = sign(text, &key, |message| secret.sign(message).to_bytes());
        note += &signature_line(text, &other, |message| other_secret.sign(message).to_bytes());

        let parsed = Note::parse(note.as_bytes()).unwrap();
        assert_eq!(parsed.text(), text);
        assert_eq!(parsed.verify(std::slice::from_ref(&key)), Ok(vec![&key]));
        assert_eq!(parsed.verify(&[other.clone(), key.clone()]).unwrap().len(), 2);
        assert_eq!(parsed.verify(&[]), Err(NoteError::NoKnownSignature));
        assert_eq!(parsed.verify(&[signer("example.com/a", 3).1]), Err(NoteError::NoKnownSignature));

        let forged = Note::parse(note.replace("b\n", "c\n").as_bytes()).unwrap();
        assert_eq!(forged.verify(&[key]), Err(NoteError::Forged { name: "example.com/a".into() }));
    }

    #[test]
    fn what_is_not_a_note_is_refused() {
        let (secret, key) = signer("example.com/a", 1);
        let good = sign("text\n", &key, |message| secret.sign(message).to_bytes());
        assert!(Note::parse(good.as_bytes()).is_ok());
        let refused = |note: &str| assert!(Note::parse(note.as_bytes()).is_err(), "{note:?}");
        refused("");
        refused("text\n");
        refused("text\n\n");
        refused("text\n\n\n");
        refused(good.trim_end());
        refused(&good.replace("text", "te\txt"));
        refused(&good.replace('\u{2014}', "-"));
        refused(&good.replace("example.com/a", "example.com+a"));
        refused(&good.replace("example.com/a ", ""));
        assert!(Note::parse(b"\xff\n\n\xff\n").is_err());
    }
}
