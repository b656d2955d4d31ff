//! An agent's own signature: over its claim and over commitments to what it sent for each part.
//!
//! The signature binds ledger, action and words; it never becomes a way to guess what was erased, because each
//! commitment is keyed with random bytes that are sealed inside its part. Which keys an agent has is the registry's
//! business, and the action id stands in the sealed content: who checks must be told both.

use crate::body::AgentSignature;
use crate::hash::{Hash, hmac_sha256, sha256};
use ed25519_dalek::{Signature, VerifyingKey};
use std::fmt;

/// Why an agent's signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentError {
    /// Signature, key or commitments have not their lengths.
    Malformed,
    /// The key id is not this public key's.
    OtherKey,
    /// The signature does not match what is said to be signed.
    Forged,
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AgentError::Malformed => "the agent's signature has not its form",
            AgentError::OtherKey => "the agent's signature names another key",
            AgentError::Forged => "the agent's signature does not match what is said to be signed",
        })
    }
}

impl std::error::Error for AgentError {}

/// That the holder of `public_key` signed this claim and these commitments for this action of this ledger.
pub fn verify(
    origin_hash: &Hash,
    action_id: &[u8; 16],
    signature: &AgentSignature,
    public_key: &[u8; 32],
) -> Result<(), AgentError> {
    if !names(&signature.key_id, public_key) {
        return Err(AgentError::OtherKey);
    }
    let commitments = commitments(signature)?;
    let bytes = Signature::from_slice(&signature.signature).map_err(|_| AgentError::Malformed)?;
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| AgentError::Malformed)?;
    let message = message(origin_hash, action_id, &sha256(&[&signature.claim]), &commitments);
    key.verify_strict(&message, &bytes).map_err(|_| AgentError::Forged)
}

/// What the agent signs: label ‖ O ‖ action id ‖ SHA-256(claim) ‖ u32 parts ‖ c₀ ‖ c₁…
pub fn message(origin_hash: &Hash, action_id: &[u8; 16], claim_hash: &Hash, commitments: &[Hash]) -> Vec<u8> {
    let parts = u32::try_from(commitments.len()).expect("parts are numbered in 32 bits");
    [&b"whosaw/agent/v1\0"[..], origin_hash, action_id, claim_hash, &parts.to_be_bytes(), commitments.as_flattened()]
        .concat()
}

/// cⱼ = HMAC(rⱼ, "whosaw/agent-part/v1\0" ‖ j ‖ part as sent).
pub fn part_commitment(nonce: &Hash, ordinal: u32, as_sent: &[u8]) -> Hash {
    hmac_sha256(nonce, &[b"whosaw/agent-part/v1\0", &ordinal.to_be_bytes(), as_sent])
}

/// How a signature names its key: the first eight bytes of the key's SHA-256.
pub fn key_id(public_key: &[u8; 32]) -> [u8; 8] {
    *sha256(&[public_key]).first_chunk().expect("a hash has 32 bytes")
}

/// Whether a key id means this key: eight or more first bytes of its SHA-256, or the key itself.
pub fn names(key_id: &[u8], public_key: &[u8; 32]) -> bool {
    key_id == public_key || (key_id.len() >= 8 && sha256(&[public_key]).starts_with(key_id))
}

/// The commitments, if signature and commitments have their lengths.
pub fn commitments(signature: &AgentSignature) -> Result<Vec<Hash>, AgentError> {
    if signature.signature.len() != 64 {
        return Err(AgentError::Malformed);
    }
    let commitments = signature.commitments.iter().map(|c| c.as_slice().try_into());
    commitments.collect::<Result<_, _>>().map_err(|_| AgentError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    #[test]
    fn a_signature_holds_for_its_ledger_action_and_words_only() {
        let secret = SigningKey::from_bytes(&[4; 32]);
        let public = *secret.verifying_key().as_bytes();
        let (origin, action) = ([1; 32], [2; 16]);
        let commitments = [part_commitment(&[5; 32], 0, b"zero"), part_commitment(&[6; 32], 1, b"one")];
        let message = message(&origin, &action, &sha256(&[b"claim"]), &commitments);
        let signature = AgentSignature {
            key_id: key_id(&public).to_vec(),
            claim: b"claim".to_vec(),
            signature: secret.sign(&message).to_bytes().to_vec(),
            commitments: commitments.iter().map(|c| c.to_vec()).collect(),
        };
        assert_eq!(verify(&origin, &action, &signature, &public), Ok(()));
        assert_eq!(verify(&[9; 32], &action, &signature, &public), Err(AgentError::Forged));
        assert_eq!(verify(&origin, &[9; 16], &signature, &public), Err(AgentError::Forged));
        let other = AgentSignature { claim: b"claim!".to_vec(), ..signature.clone() };
        assert_eq!(verify(&origin, &action, &other, &public), Err(AgentError::Forged));
        let other = AgentSignature { commitments: vec![commitments[0].to_vec()], ..signature.clone() };
        assert_eq!(verify(&origin, &action, &other, &public), Err(AgentError::Forged));
        let other = AgentSignature { commitments: vec![vec![1; 31]], ..signature.clone() };
        assert_eq!(verify(&origin, &action, &other, &public), Err(AgentError::Malformed));
        let stranger = *SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes();
        assert_eq!(verify(&origin, &action, &signature, &stranger), Err(AgentError::OtherKey));
    }
}
