//! What an erasure entry commits to: the places whose content is gone, and the tokens of those who asked for it.

use crate::hash::{Hash, sha256};
use crate::merkle::{self, Frontier};

/// The ordinal that stands for an entry's salt and body. So the last part an entry can have is the one before.
pub const BODY: u32 = u32::MAX;

/// A place as it stands in a list, and as a leaf under `covers_root`: such bytes sort as the places do.
pub const PLACE_BYTES: usize = 12;

/// index u64 ‖ ordinal u32, big-endian.
pub fn place(index: u64, ordinal: u32) -> [u8; PLACE_BYTES] {
    let mut bytes = [0; PLACE_BYTES];
    bytes[..8].copy_from_slice(&index.to_be_bytes());
    bytes[8..].copy_from_slice(&ordinal.to_be_bytes());
    bytes
}

/// The index and ordinal of a place.
pub fn read_place(bytes: &[u8; PLACE_BYTES]) -> (u64, u32) {
    let (index, ordinal) = bytes.split_first_chunk::<8>().expect("a place has 12 bytes");
    (u64::from_be_bytes(*index), u32::from_be_bytes(ordinal.try_into().expect("four bytes follow the index")))
}

/// RFC 6962 root over places, which the caller gives in ascending order, each once.
pub fn covers_root(places: impl IntoIterator<Item = (u64, u32)>) -> Hash {
    let mut tree = Frontier::new();
    places.into_iter().for_each(|(index, ordinal)| tree.push(merkle::leaf_hash(&place(index, ordinal))));
    tree.root()
}

/// By this an erasure entry names a request; whoever asked holds the token itself.
pub fn token_hash(token: &[u8; 32]) -> Hash {
    sha256(&[b"whosaw/erasure-token/v1\0", token])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::EMPTY_ROOT;

    #[test]
    fn places_sort_as_their_bytes() {
        let places = [(0, 0), (0, 1), (0, BODY), (1, 0), (255, 256), (256, 255), (u64::MAX, BODY)];
        for (i, (index, ordinal)) in places.into_iter().enumerate() {
            assert_eq!(read_place(&place(index, ordinal)), (index, ordinal));
            assert!(places[..i].iter().all(|(i, o)| place(*i, *o) < place(index, ordinal)));
        }
        assert_eq!(covers_root([]), EMPTY_ROOT);
        assert_eq!(covers_root([(1, 2)]), merkle::leaf_hash(&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2]));
    }
}
