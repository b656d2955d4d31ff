//! Other people's implementations of the same formats as judges: `signed_note`, `tlog_tiles`, `ct-merkle`.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use ed25519_dalek::{Signer, SigningKey};
use signed_note::{StandardVerifier, Verifier, VerifierList};
use whosaw_verifier::checkpoint::{self, Checkpoint};
use whosaw_verifier::hash::Hash;
use whosaw_verifier::merkle::{self, Frontier};
use whosaw_verifier::note::{KeyKind, VerifierKey};
use whosaw_verifier::tiles;

fn key() -> (SigningKey, VerifierKey) {
    let secret = SigningKey::from_bytes(&[5; 32]);
    let key = VerifierKey::new("example.com/ledger", KeyKind::Ed25519, secret.verifying_key().as_bytes()).unwrap();
    (secret, key)
}

/// Roots and both kinds of proof, against a tree of another make.
#[test]
fn ct_merkle_agrees_on_roots_and_proofs() {
    let mut theirs: MemoryBackedTree<sha2::Sha256, Vec<u8>> = MemoryBackedTree::new();
    let mut leaves: Vec<Hash> = Vec::new();
    let mut roots = vec![merkle::EMPTY_ROOT];
    let mut frontier = Frontier::new();
    for i in 0..130u64 {
        theirs.push(i.to_be_bytes().to_vec());
        leaves.push(merkle::leaf_hash(&i.to_be_bytes()));
        frontier.push(leaves[i as usize]);
        let root: Hash = theirs.root().as_bytes().as_slice().try_into().unwrap();
        assert_eq!((merkle::root(&leaves), frontier.root()), (root, root));
        roots.push(root);
    }
    let hashes = |bytes: &[u8]| bytes.as_chunks::<32>().0.to_vec();
    for index in 0..130 {
        let proof = hashes(theirs.prove_inclusion(index).as_bytes());
        assert_eq!(proof, merkle::inclusion_proof(&leaves, index));
        assert_eq!(merkle::verify_inclusion(&leaves[index], index as u64, 130, &proof, &roots[130]), Ok(()));
    }
    for old in 1..130 {
        let proof = hashes(theirs.prove_consistency(130 - old).as_bytes());
        assert_eq!(proof, merkle::consistency_proof(&leaves, old));
        assert_eq!(merkle::verify_consistency(old as u64, 130, &proof, &roots[old], &roots[130]), Ok(()));
    }
}

#[test]
fn signed_note_verifies_what_we_sign() {
    let (secret, key) = key();
    let head = Checkpoint { origin: "example.com/ledger".into(), size: 42, root: [7; 32] };
    let note = head.sign(&key, |message| secret.sign(message).to_bytes());

    let verifier = StandardVerifier::new(&key.to_string()).unwrap();
    assert_eq!((verifier.name(), verifier.key_id()), (key.name(), key.id()));
    let theirs = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
    let (verified, unknown) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), unknown.len()), (1, 0));
    assert_eq!(theirs.text(), head.encode().as_bytes());
}

#[test]
fn we_verify_what_signed_note_signs() {
    let (secret, key) = key();
    let head = Checkpoint { origin: "example.com/ledger".into(), size: 42, root: [7; 32] };
    use base64::Engine;
    let private = base64::engine::general_purpose::STANDARD.encode([&[1u8][..], &secret.to_bytes()].concat());
    let signer = signed_note::StandardSigner::new(&format!("PRIVATE+KEY+{}+{:08x}+{private}", key.name(), key.id()));
    let mut note = signed_note::Note::new(head.encode().as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer.unwrap()]).unwrap();
    let opened = checkpoint::open(&note.to_bytes(), std::slice::from_ref(&key)).unwrap();
    assert_eq!(opened.checkpoint(), &head);
}

/// `tlog_tiles` names the height in its paths and says `data` for bundles; the specification does neither.
#[test]
fn tlog_tiles_names_the_same_tiles() {
    for number in [0, 1, 255, 999, 1_000, 1_234_067, 999_999_999] {
        for (level, width) in [(0, 256), (0, 1), (1, 17), (5, 255)] {
            let tile = tlog_tiles::tile::Tile::new(8, level, number, width, false);
            assert_eq!(tile.path().replace("tile/8/", "tile/"), tiles::tile_path(level, number, width.into()));
            let bundle = tlog_tiles::tile::Tile::new(8, 0, number, width, true);
            assert_eq!(
                bundle.path().replace("tile/8/data/", "tile/entries/"),
                tiles::entries_path(number, width.into())
            );
        }
    }
}

#[test]
fn tlog_tiles_asks_for_the_same_tiles() {
    for size in [1, 255, 256, 257, 65_535, 65_536, 70_000] {
        for tile in tlog_tiles::tile::Tile::new_tiles(8, 0, size) {
            let ours = tiles::width(tile.level(), tile.level_index(), size);
            assert_eq!(u64::from(tile.width()), ours, "{} of {size}", tile.path());
        }
    }
}

#[test]
fn tlog_tiles_reads_our_checkpoints() {
    let head = Checkpoint { origin: "example.com/ledger".into(), size: 70_000, root: [9; 32] };
    let theirs = tlog_tiles::checkpoint::Checkpoint::from_bytes(head.encode().as_bytes()).unwrap();
    assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (head.origin.as_str(), head.size, head.root));
    assert_eq!(theirs.to_bytes(), head.encode().as_bytes());
}
