//! What a sealed part is, byte for byte, where it opens and where not, and that nothing of it stands in the open.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;
use whosaw_verifier::part::ContentPart;
use whosaw_verifier::seal as reference;
use whosaw_verifier::seal::SealedPartView;
use whosaw_verifier::wire::Message as _;

fn content_for(holder: Holder, text: &str) -> PlainPart {
    let content = ContentPart { arguments: text.into(), ..ContentPart::default() };
    PlainPart { holder, part: Part { content: Some(content), ..Part::default() } }
}

/// The pinned values that a script without our code produced.
fn vectors() -> HashMap<&'static str, Vec<u8>> {
    let text = include_str!("../../../verifier/tests/vectors.txt");
    let lines = text.lines().filter_map(|line| line.split_once(" = "));
    lines.filter_map(|(name, value)| Some((name, hex::decode(value).ok()?))).collect()
}

fn hash(bytes: &[u8]) -> Hash {
    bytes.try_into().expect("32 bytes")
}

fn origin_of_vectors() -> Arc<Vault> {
    let house = House::new();
    let writes = Vault::create(LedgerNumber(8), "example.com/ledger", house.custodian.as_ref()).expect("creates");
    let mut lease = house.store.acquire(LedgerNumber(8)).expect("acquires");
    write(house.store.as_ref(), &mut lease, writes);
    let custodian = Arc::clone(&house.custodian) as Arc<dyn Custodian>;
    Vault::open(house.store, LedgerNumber(8), "example.com/ledger", custodian).expect("opens")
}

#[test]
fn sealing_is_that_of_the_reference_and_of_the_vectors() {
    let (vault, vectors) = (origin_of_vectors(), vectors());
    let (k, random, b) = (hash(&vectors["k"]), hash(&vectors["random"]), hash(&vectors["body_commitment"]));
    assert_eq!(vault.origin_hash[..], vectors["origin_hash"][..]);
    let key = MacKey::new(&k);
    // Every length of content around the steps of the padding, and each place it may stand in.
    for length in (0..40).chain(180..260).chain([430, 500, 501, 502, 503, 1_010, 5_000, 262_100, MAX_CONTENT]) {
        let content = ContentPart { result: vec![0xa5; length], ..ContentPart::default() };
        let part = Part { content: Some(content), ..Part::default() };
        let ordinal = length as u32 % 5;
        let sealed = vault.seal_part(&key, &b, ordinal, &part, &random).expect("seals");
        let expected = reference::seal(&k, &random, &vault.origin_hash, &b, ordinal, &part.encode()).expect("fits");
        assert_eq!(sealed.bytes, expected, "length {length}");
        assert_eq!(sealed.leaf, reference::part_leaf(&expected));
    }
    let too_long = ContentPart { result: vec![0; MAX_CONTENT + 1], ..ContentPart::default() };
    let part = Part { content: Some(too_long), ..Part::default() };
    assert!(matches!(vault.seal_part(&key, &b, 0, &part, &random), Err(VaultError::PartTooLong { .. })));
    // The vectors' part is no message of ours, but all that is derived for it is.
    let view = SealedPartView::parse(&vectors["seal_s"]).expect("is sealed");
    assert_eq!(view.seed[..], vectors["seal_seed"][..]);
    let p = key.mac(&[b"whosaw/part/v1\0", &vault.origin_hash, view.seed]);
    assert_eq!(p[..], vectors["seal_p"][..]);
    let shares = [hash(&vectors["share_0"]), hash(&vectors["share_1"])];
    assert_eq!(reference::shared_key(&shares)[..], vectors["shared_k"][..]);
}

/// Around it stand a version, two keys, three lengths and the tags.
const MAX_CONTENT: usize = reference::MAX_PART - 8;

#[test]
fn index_rows_shares_and_digests_are_those_of_the_vectors() {
    let (house, vectors) = (House::new(), vectors());
    let [k, other] = ["k", "other_k"].map(|name| {
        let person = PersonId { id: [1; 16], shard: 1 };
        house.vault.data_key(Secret::new(hash(&vectors[name])), person, KeyName { class: 1, month: 1 }, 41, None)
    });
    let (o, b) = (hash(&vectors["origin_hash"]), hash(&vectors["body_commitment"]));
    let mut writes = WriteSet::default();
    k.put_index_row(123_456_789, 3, vectors["row_r"].as_slice().try_into().expect("8 bytes"), &mut writes);
    let key = row_key(LEDGER, &[&vectors["row_key"]]);
    let mut expected = WriteSet::default();
    expected.put(Table::SubjectIndex, key, vectors["row_value"].clone());
    assert_eq!(writes, expected);
    assert_eq!(k.share(&o, &b, 2)[..], vectors["share_0"][..]);
    assert_eq!(other.share(&o, &b, 2)[..], vectors["share_1"][..]);
    assert!(k.commits(&o, &vectors["seal_s"]) && !other.commits(&o, &vectors["seal_s"]));
    let request = hash(&vectors["request"]);
    assert_eq!(super::super::seal::request_digest(&k, &o, &b, &request)[..], vectors["request_digest"][..]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_part_is_sealed_as_the_reference_seals_it(
        k: [u8; 32], random: [u8; 32], b: [u8; 32], ordinal: u32,
        text in "\\PC{0,900}", bytes in prop::collection::vec(any::<u8>(), 0..700),
    ) {
        static HOUSE: OnceLock<Arc<Vault>> = OnceLock::new();
        let vault = HOUSE.get_or_init(|| House::new().vault);
        let content = ContentPart { session: text, result: bytes, ..ContentPart::default() };
        let part = Part { content: Some(content), ..Part::default() };
        let sealed = vault.seal_part(&MacKey::new(&k), &b, ordinal, &part, &random).expect("seals");
        let expected = reference::seal(&k, &random, &vault.origin_hash, &b, ordinal, &part.encode());
        prop_assert_eq!(Some(sealed.bytes), expected);
    }
}

#[test]
fn a_part_opens_in_its_own_place_and_nowhere_else() {
    let mut house = House::new();
    let (one, two) = (strong("customer", "1"), strong("customer", "2"));
    let batch = [
        house.seal(vec![part_of(std::slice::from_ref(&one)), part_of(std::slice::from_ref(&two))]).expect("seals"),
        house.seal(vec![part_of(std::slice::from_ref(&one)), part_of(std::slice::from_ref(&two))]).expect("seals"),
    ];
    let first = house.commit(&batch);
    for _ in 0..2 {
        let open = |index: u64, ordinal: u32, of: usize, part: usize| {
            let place = PartPlace { index, ordinal };
            house.vault.open_part(place, &batch[of].body_commitment, &batch[of].parts[part].bytes)
        };
        for (of, sealed) in batch.iter().enumerate() {
            for (ordinal, identity) in [&one, &two].into_iter().enumerate() {
                let part = open(first + of as u64, ordinal as u32, of, ordinal).expect("opens");
                let person = part.person.expect("a person's");
                assert_eq!(person.identities, [identifier::to_part(identity)]);
                assert_eq!(sealed.parts[ordinal].bytes[0], 1);
            }
        }
        // Another entry, another ordinal, another body; the same person's and another's.
        assert!(open(first + 1, 0, 0, 0).is_ok(), "the index is bound by the leaf, not by the seal");
        assert!(matches!(open(first, 1, 0, 0), Err(OpenError::Forged)));
        assert!(matches!(open(first, 0, 0, 1), Err(OpenError::Forged)));
        let place = PartPlace { index: first, ordinal: 0 };
        let wrong_body = house.vault.open_part(place, &batch[1].body_commitment, &batch[0].parts[0].bytes);
        assert!(matches!(wrong_body, Err(OpenError::Forged)));
        for at in [0, 1, 40, 70, batch[0].parts[0].bytes.len() - 1] {
            let mut altered = batch[0].parts[0].bytes.clone();
            altered[at] ^= 1;
            let opened = house.vault.open_part(place, &batch[0].body_commitment, &altered);
            assert!(matches!(opened, Err(OpenError::Forged)), "byte {at}");
        }
        let nowhere = PartPlace { index: 77, ordinal: 0 };
        let opened = house.vault.open_part(nowhere, &batch[0].body_commitment, &batch[0].parts[0].bytes);
        assert!(matches!(opened, Err(OpenError::NoKey)));
        house.reopen();
    }
}

#[test]
fn a_disclosed_key_opens_one_part_for_anybody_and_no_other() {
    let mut house = House::new();
    let one = [strong("customer", "1")];
    let batch: Vec<Sealed> = (0..3).map(|_| house.seal(vec![part_of(&one), part_of(&one)]).expect("seals")).collect();
    let first = house.commit(&batch);
    let place = PartPlace { index: first + 1, ordinal: 1 };
    let p = house.vault.disclose(place, &batch[1].body_commitment, &batch[1].parts[1].bytes).expect("discloses");
    for (i, sealed) in batch.iter().enumerate() {
        for (ordinal, part) in sealed.parts.iter().enumerate() {
            let opened = reference::open_with_p(
                &p,
                &house.vault.origin_hash,
                &sealed.body_commitment,
                ordinal as u32,
                &part.bytes,
            );
            assert_eq!(opened.is_ok(), (i, ordinal) == (1, 1), "part {ordinal} of entry {i}");
        }
    }
}

#[test]
fn shared_content_opens_only_with_the_keys_of_all() {
    let mut house = House::new();
    let three: Vec<Identity> = ["1", "2", "3"].iter().map(|name| strong("customer", name)).collect();
    let mut parts: Vec<PlainPart> = three.iter().map(|one| part_of(std::slice::from_ref(one))).collect();
    parts.push(content_for(Holder::Shared { by: vec![0, 1, 2] }, "of all three"));
    parts.push(content_for(Holder::Shared { by: vec![0, 2] }, "of two"));
    let sealed = house.seal(parts).expect("seals");
    let b = sealed.body_commitment;
    let bytes: Vec<Vec<u8>> = sealed.parts.iter().map(|part| part.bytes.clone()).collect();
    let index = house.commit(&[sealed]);
    house.reopen();
    let keys: Vec<_> = three.iter().flat_map(|one| house.vault.keys_of(house.person(one)).expect("reads")).collect();
    let belongs = |keys: &[&Arc<DataKey>], ordinal: u32| {
        let keys: Vec<_> = keys.iter().map(|key| Arc::clone(key)).collect();
        house.vault.belongs_to_all(&keys, &b, ordinal, &bytes[ordinal as usize])
    };
    assert!(belongs(&[&keys[0], &keys[1], &keys[2]], 3));
    assert!(belongs(&[&keys[0], &keys[2]], 4));
    for some in [&[&keys[0], &keys[1]][..], &[&keys[2], &keys[1], &keys[0]], &[&keys[0]], &[]] {
        assert!(!belongs(some, 3), "{} of them", some.len());
    }
    assert!(!house.vault.belongs(&keys, &bytes[3]), "nobody's own key opens it");
    assert_eq!(house.places(&three[1]), [(index, 1), (index, 3)]);
    assert_eq!(house.places(&three[2]), [(index, 2), (index, 3), (index, 4)]);
    let open = |house: &House, ordinal: u32| -> Result<Vec<u8>, OpenError> {
        let part = house.vault.open_part(PartPlace { index, ordinal }, &b, &bytes[ordinal as usize])?;
        Ok(part.content.expect("content").arguments)
    };
    assert_eq!(open(&house, 3).expect("opens"), b"of all three");
    assert_eq!(open(&house, 4).expect("opens"), b"of two");

    // One of the three is erased: their key row is gone.
    let snapshot = house.store.snapshot().expect("reads");
    let gone = house.person(&three[1]);
    let from = row_key(LEDGER, &[&gone.shard.to_be_bytes(), &gone.id]);
    let mut writes = WriteSet::default();
    for (row, _) in snapshot.scan(Table::DataKeys, &from, &[&from[..], &[0xff; 4]].concat(), 9).expect("reads") {
        writes.delete(Table::DataKeys, row);
    }
    drop(snapshot);
    write(house.store.as_ref(), &mut house.lease, writes);
    house.reopen();
    assert!(matches!(open(&house, 3), Err(OpenError::NoKey)));
    assert_eq!(open(&house, 4).expect("the other two still share this"), b"of two");
}

#[test]
fn sharers_must_have_a_part_of_their_own_before() {
    let house = House::new();
    for by in [vec![0], vec![1], vec![u32::MAX]] {
        let parts = vec![content_for(Holder::Shared { by }, "x"), part_of(&[strong("customer", "1")])];
        assert!(matches!(house.seal(parts), Err(VaultError::Sealing)));
    }
    let parts =
        vec![PlainPart { holder: Holder::Person { identities: vec![], class: RetentionClass::Staff }, ..part_of(&[]) }];
    assert!(matches!(house.seal(parts), Err(VaultError::Sealing)));
}

/// Texts that would be seen by anybody who holds a copy of the database.
#[test]
fn no_row_of_any_table_shows_what_was_sealed() {
    let canaries = ["Canary-One", "canary@example.org", "1990-04-05", "conversation-77", "what was said"];
    let mut house = House::new();
    let person = [strong("customer", canaries[0]), strong("mail", canaries[1]), weak("born", canaries[2])];
    let conversation = Holder::Person {
        identities: vec![strong(crate::model::CONVERSATION, canaries[3])],
        class: RetentionClass::Content,
    };
    let sealed = house.seal(vec![
        part_of(&person),
        part_of(&person[2..]),
        content_for(conversation, canaries[4]),
        content_for(Holder::Ledger, canaries[4]),
        content_for(Holder::Shared { by: vec![0, 1] }, canaries[4]),
    ]);
    let sealed = sealed.expect("seals");
    house.commit(&[sealed]);
    let rows = house.all_rows();
    assert!(rows.len() > usize::from(SHARDS) + 20);
    let shows = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    for (table, key, value) in &rows {
        for canary in canaries {
            assert!(!shows(key, canary) && !shows(value, canary), "{canary} stands in {table:?}");
        }
    }
    // Nor can a row be found again by hashing what one guesses: nothing is a digest without a key.
    let guessed = identifier::identifier(&person[0]).expect("is short");
    for digest in [whosaw_verifier::hash::sha256(&[&guessed]), whosaw_verifier::hash::sha256(&[&guessed[1..]])] {
        for (table, key, value) in &rows {
            let found = key.windows(16).chain(value.windows(16)).any(|window| window == &digest[..16]);
            assert!(!found, "{table:?}");
        }
    }
    assert_eq!(format!("{:?}", house.person(&person[0])), "PersonId(..)");
}

#[test]
fn without_the_custodian_nothing_about_a_new_person_is_sealed() {
    let mut house = House::new();
    house.record(&[strong("customer", "known")]);
    house.custodian.gone.store(true, Ordering::SeqCst);
    let error = house.seal(vec![part_of(&[strong("customer", "new")])]).err();
    assert!(matches!(error, Some(VaultError::Custodian(_))), "{error:?}");
    let error = house.seal(vec![part_of(&[strong("customer", "known"), weak("born", "new")])]).err();
    assert!(matches!(error, Some(VaultError::Custodian(_))), "{error:?}");
    let custodian = Arc::clone(&house.custodian) as Arc<dyn Custodian>;
    let error = Vault::open(Arc::clone(&house.store), LEDGER, ORIGIN, custodian).err();
    assert!(matches!(error, Some(VaultError::Custodian(_))), "{error:?}");
    let before = house.all_rows().len();
    house.custodian.gone.store(false, Ordering::SeqCst);
    house.record(&[strong("customer", "new")]);
    assert!(house.all_rows().len() > before);
}
