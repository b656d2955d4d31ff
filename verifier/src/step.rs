//! A human's own signature of a step in the life of a breach: over all that the step says in their name.
//!
//! The signature and its key stand in the part of whoever signed, so that both go with them. Whose key it is says the
//! controller's registry, as of the step's entry: who checks must be told that.

use crate::hash::{Hash, sha256};
use crate::part::Identity;
use crate::vocabulary::CaseStep;
use crate::wire::Message as _;
use ed25519_dalek::{Signature, VerifyingKey};

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct SignedStep<'a> {
    /// UUID of the case.
    pub case: &'a [u8; 16],
    pub step: CaseStep,
    /// Who signs, as the step names them: texts in NFC.
    pub by: &'a Identity,
    /// When it happened, Unix microseconds; 0: not stated.
    pub stated_us: u64,
    /// The entry that records the production of the report that the step is about; 0: none.
    pub report: u64,
    pub statement: &'a str,
    pub reference: &'a str,
    pub resources: &'a [String],
}

impl SignedStep<'_> {
    /// label ‖ O ‖ case ‖ u8 step ‖ SHA-256(who) ‖ u64 stated ‖ u64 report ‖ SHA-256(statement) ‖ SHA-256(reference) ‖
    /// SHA-256(resource)…
    pub fn message(&self, origin_hash: &Hash) -> Vec<u8> {
        let who = sha256(&[&self.by.encode()]);
        let mut bytes = [&b"whosaw/case-step/v1\0"[..], origin_hash, self.case, &[self.step as u8], &who].concat();
        bytes.extend_from_slice(&self.stated_us.to_be_bytes());
        bytes.extend_from_slice(&self.report.to_be_bytes());
        for text in [self.statement, self.reference].into_iter().chain(self.resources.iter().map(String::as_str)) {
            bytes.extend_from_slice(&sha256(&[text.as_bytes()]));
        }
        bytes
    }

    /// Whether the holder of the key signed it for this ledger.
    pub fn is_signed(&self, origin_hash: &Hash, signature: &[u8], public_key: &[u8; 32]) -> bool {
        let key = VerifyingKey::from_bytes(public_key).ok().zip(Signature::from_slice(signature).ok());
        key.is_some_and(|(key, signature)| key.verify_strict(&self.message(origin_hash), &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::Strength;
    use ed25519_dalek::{Signer as _, SigningKey};

    #[test]
    fn a_signature_holds_for_its_ledger_case_step_person_and_words_only() {
        let secret = SigningKey::from_bytes(&[4; 32]);
        let public = *secret.verifying_key().as_bytes();
        let who =
            |name: &str| Identity { namespace: "staff".into(), fields: vec![name.into()], strength: Strength::Strong };
        let (dana, erin, resources) = (who("dana"), who("erin"), ["crm".to_owned(), "mail".to_owned()]);
        let said = SignedStep {
            case: &[2; 16],
            step: CaseStep::Aware,
            by: &dana,
            stated_us: 7,
            report: 0,
            statement: "as told",
            reference: "I-7",
            resources: &resources,
        };
        let signature = secret.sign(&said.message(&[1; 32])).to_bytes();
        let holds = |said: SignedStep<'_>| said.is_signed(&[1; 32], &signature, &public);
        assert!(holds(said) && !said.is_signed(&[9; 32], &signature, &public));
        assert!(!said.is_signed(&[1; 32], &signature[1..], &public));
        let stranger = *SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes();
        assert!(!said.is_signed(&[1; 32], &signature, &stranger));
        for other in [
            SignedStep { case: &[9; 16], ..said },
            SignedStep { step: CaseStep::Submitted, ..said },
            SignedStep { by: &erin, ..said },
            SignedStep { stated_us: 8, ..said },
            SignedStep { report: 3, ..said },
            SignedStep { statement: "as told!", ..said },
            SignedStep { statement: "I-7", reference: "as told", ..said },
            SignedStep { resources: &resources[..1], ..said },
        ] {
            assert!(!holds(other), "{other:?}");
        }
    }
}
