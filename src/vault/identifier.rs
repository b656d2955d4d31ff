//! Identities in the one form in which they are looked up.

use crate::model::{Identity, Strength, nfc};
use whosaw_verifier::part;

/// What persons are kept by in memory: strength u8 ‖ u16-length-prefixed namespace and fields, NFC. The same identifier
/// may have been called strong once and weak another time, and then means two persons.
pub type Identifier = Vec<u8>;

const STRONG: u8 = 1;
pub const WEAK: u8 = 2;

/// Nothing for a text that no row can hold; admit takes far shorter ones only.
pub fn identifier(identity: &Identity) -> Option<Identifier> {
    let length = 3 + identity.namespace.len() + identity.fields.iter().map(|field| 2 + field.len()).sum::<usize>();
    let mut bytes = Vec::with_capacity(length);
    bytes.push(if is_weak(identity) { WEAK } else { STRONG });
    for piece in std::iter::once(&identity.namespace).chain(&identity.fields) {
        let piece = nfc(piece);
        bytes.extend_from_slice(&u16::try_from(piece.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(piece.as_bytes());
    }
    Some(bytes)
}

/// The part of an identifier that row keys are made from: without its strength.
pub fn encoding(identifier: &[u8]) -> &[u8] {
    identifier.get(1..).unwrap_or_default()
}

/// The same identifier in the other strength.
pub fn twin(identifier: &[u8]) -> Identifier {
    let mut twin = identifier.to_vec();
    if let Some(strength) = twin.first_mut() {
        *strength = STRONG + WEAK - *strength;
    }
    twin
}

pub fn is_weak(identity: &Identity) -> bool {
    identity.strength == Strength::Weak
}

/// A whole node of a record: all that one person showed at once.
pub fn node_key(identifiers: &[Identifier]) -> Vec<u8> {
    let mut key = Vec::with_capacity(identifiers.iter().map(|identifier| 4 + identifier.len()).sum());
    for identifier in identifiers {
        key.extend_from_slice(&(identifier.len() as u32).to_be_bytes());
        key.extend_from_slice(identifier);
    }
    key
}

pub fn to_part(identity: &Identity) -> part::Identity {
    part::Identity {
        namespace: nfc(&identity.namespace).into_owned(),
        fields: identity.fields.iter().map(|field| nfc(field).into_owned()).collect(),
        strength: identity.strength,
    }
}

/// The same identity as everything recorded writes it: NFC.
pub fn normal(identity: &Identity) -> Identity {
    from_part(&to_part(identity))
}

pub fn from_part(identity: &part::Identity) -> Identity {
    Identity { namespace: identity.namespace.clone(), fields: identity.fields.clone(), strength: identity.strength }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(namespace: &str, fields: &[&str], strength: Strength) -> Option<Identifier> {
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        identifier(&Identity { namespace: namespace.to_owned(), fields, strength })
    }

    #[test]
    fn no_two_identities_share_an_identifier_unless_unicode_says_they_are_the_same() {
        let strong = |namespace, fields: &[&str]| of(namespace, fields, Strength::Strong);
        assert_eq!(strong("name", &["Ame\u{301}lie"]), strong("name", &["Am\u{e9}lie"]));
        assert_ne!(strong("name", &["ab", "c"]), strong("name", &["a", "bc"]));
        assert_ne!(strong("name", &["ab"]), strong("namea", &["b"]));
        assert_ne!(strong("name", &["a", ""]), strong("name", &["a"]));
        assert_ne!(strong("name", &["a"]), of("name", &["a"], Strength::Weak));
        assert_eq!(strong("name", &["a"]).map(|it| twin(&it)), of("name", &["a"], Strength::Weak));
        // Two long texts with the same beginning are not one person: neither is anybody.
        assert_eq!(strong("name", &["x".repeat(65_536).as_str()]), None);
        assert!(strong("name", &["x".repeat(65_535).as_str()]).is_some());
    }

    #[test]
    fn the_normal_form_is_that_of_parts() {
        let asked =
            |text: &str| Identity { namespace: "customer".into(), fields: vec![text.into()], strength: Strength::Weak };
        assert_eq!(normal(&asked("Rene\u{301}")), asked("Ren\u{e9}"));
        assert_eq!(from_part(&to_part(&asked("Rene\u{301}"))), asked("Ren\u{e9}"));
    }

    #[test]
    fn a_node_is_all_its_identifiers_in_order() {
        let it = |field: &str| of("n", &[field], Strength::Strong).expect("is short");
        assert_ne!(node_key(&[it("a"), it("b")]), node_key(&[it("b"), it("a")]));
        assert_ne!(node_key(&[it("a"), it("b")]), node_key(&[it("a")]));
        assert_ne!(
            node_key(&[of("n", &["a", "n", "b"], Strength::Strong).expect("is short")]),
            node_key(&[it("a"), it("b")])
        );
    }
}
