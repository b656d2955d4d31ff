//! The custodian on a token, without a server: its promises, and what happens when the token goes away.

use crate::softhsm::{LABEL, PIN, SoftHsm, on_token};
use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use whosaw::model::CustodianClass;
use whosaw::vault::pkcs11::{Pin, Token, TokenKeys};
use whosaw::vault::{Claim, Custodian, CustodianError, KeyDirectory};

fn token(hsm: &SoftHsm) -> Arc<Token> {
    Token::open(&hsm.module, LABEL, Pin::from_file(&hsm.pin_file()).expect("a PIN")).expect("opens")
}

fn places(hsm: &SoftHsm, name: &str) -> (PathBuf, PathBuf) {
    (hsm.place.join(name), hsm.place.join("db"))
}

fn create(hsm: &SoftHsm, name: &str) -> TokenKeys {
    let (keys, database) = places(hsm, name);
    TokenKeys::create(token(hsm), &keys, &database).expect("creates")
}

fn reopen(hsm: &SoftHsm, name: &str) -> Result<TokenKeys, CustodianError> {
    let (keys, database) = places(hsm, name);
    TokenKeys::open(token(hsm), &keys, &database)
}

/// Somebody else at the same token, in this process.
fn stranger(hsm: &SoftHsm) -> Session {
    let library = Pkcs11::new(&hsm.module).expect("loads");
    let is_ours = |slot: &cryptoki::slot::Slot| library.get_token_info(*slot).is_ok_and(|it| it.label() == LABEL);
    let slot = library.get_slots_with_token().expect("lists").into_iter().find(is_ours).expect("is there");
    let session = library.open_rw_session(slot).expect("opens");
    let _ = session.login(UserType::User, Some(&AuthPin::from(PIN)));
    session
}

fn prefix(hsm: &SoftHsm, name: &str) -> String {
    let text = std::fs::read_to_string(hsm.place.join(name).join("pkcs11.label")).expect("reads");
    text.trim().to_owned()
}

fn is_unavailable<T>(result: &Result<T, CustodianError>) -> bool {
    matches!(result, Err(CustodianError::Unavailable { .. }))
}

/// Every file below.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("lists").flatten() {
        if entry.path().is_dir() { found.extend(files(&entry.path())) } else { found.push(entry.path()) }
    }
    found
}

#[test]
fn a_token_keeps_roots_and_uses_them() {
    on_token("token::a_token_keeps_roots_and_uses_them", |hsm| {
        let custodian = create(hsm, "keys");
        assert_eq!(custodian.class(), CustodianClass::Pkcs11);
        assert_eq!(custodian.strongest_claim(), Claim::Irrecoverable);
        assert!(custodian.reason().contains("the token's own promise"), "{}", custodian.reason());
        assert_eq!(custodian.epochs().expect("lists"), [0; 0]);
        for epoch in [1, 2, 12] {
            custodian.create_root(epoch).expect("creates");
        }
        assert!(matches!(custodian.create_root(1), Err(CustodianError::Exists { .. })));
        assert_eq!(custodian.epochs().expect("lists"), [1, 2, 12]);
        let root = custodian.root(1).expect("is there");
        let wrapped = root.wrap(b"place", &[5; 32]).expect("wraps");
        assert_eq!(wrapped.len(), 12 + 32 + 16);
        assert_ne!(root.wrap(b"place", &[5; 32]).expect("wraps")[..12], wrapped[..12], "a nonce was used twice");
        assert_eq!(*root.unwrap(b"place", &wrapped).expect("unwraps"), [5; 32]);
        let mut bent = wrapped.clone();
        bent[20] ^= 1;
        let mut other_nonce = wrapped.clone();
        other_nonce[0] ^= 1;
        for (aad, wrapped) in [
            (&b"other"[..], &wrapped[..]),
            (b"", &wrapped),
            (b"place", &bent),
            (b"place", &other_nonce),
            (b"place", &wrapped[1..]),
            (b"place", b""),
        ] {
            assert!(matches!(root.unwrap(aad, wrapped), Err(CustodianError::WrongKey { epoch: 1 })));
        }
        assert_eq!(*root.unwrap(b"place", &wrapped).expect("still unwraps"), [5; 32]);
        assert!(matches!(
            custodian.root(2).expect("is there").unwrap(b"place", &wrapped),
            Err(CustodianError::WrongKey { epoch: 2 })
        ));
        assert!(matches!(custodian.root(3).err(), Some(CustodianError::NoRoot { epoch: 3 })));

        // The same keys in a new process, other ones for another ledger on the same token.
        let again = reopen(hsm, "keys").expect("opens");
        let mac = custodian.lookup_mac(b"somebody").expect("works");
        assert_eq!(again.lookup_mac(b"somebody").expect("works"), mac);
        assert_eq!(*again.root(1).expect("is there").unwrap(b"place", &wrapped).expect("unwraps"), [5; 32]);
        let other = create(hsm, "others");
        assert_ne!(other.lookup_mac(b"somebody").expect("works"), mac);
        assert_eq!(other.epochs().expect("lists"), [0; 0]);
        // An interrupted `create` goes on with what is there.
        assert_eq!(create(hsm, "keys").lookup_mac(b"somebody").expect("works"), mac);
    });
}

#[test]
fn keys_on_a_token_cannot_leave_it() {
    on_token("token::keys_on_a_token_cannot_leave_it", |hsm| {
        let custodian = create(hsm, "keys");
        custodian.create_root(1).expect("creates");
        let session = stranger(hsm);
        let all = session.find_objects(&[Attribute::Class(ObjectClass::SECRET_KEY)]).expect("lists");
        assert_eq!(all.len(), 2);
        for key in all {
            let asked = [AttributeType::Sensitive, AttributeType::Extractable, AttributeType::NeverExtractable];
            let told = session.get_attributes(key, &asked).expect("tells");
            let wanted = [Attribute::Sensitive(true), Attribute::Extractable(false), Attribute::NeverExtractable(true)];
            assert!(wanted.iter().all(|wanted| told.contains(wanted)), "{told:?}");
            // The value of such a key is no attribute that is there.
            assert_eq!(session.get_attributes(key, &[AttributeType::Value]).expect("tells"), []);
            assert!(session.copy_object(key, &[Attribute::Extractable(true)]).is_err());
            assert!(session.update_attributes(key, &[Attribute::Label(b"mine".to_vec())]).is_err());
        }
        // Neither a key that could leave, nor a second one of the same name, is taken for a root.
        let make = |label: String, extractable: bool| {
            let template = [
                Attribute::Token(true),
                Attribute::Private(true),
                Attribute::Sensitive(true),
                Attribute::Extractable(extractable),
                Attribute::ValueLen(32.into()),
                Attribute::Label(label.into_bytes()),
            ];
            session.generate_key(&Mechanism::AesKeyGen, &template).expect("makes")
        };
        let prefix = prefix(hsm, "keys");
        make(format!("{prefix}-root-7"), true);
        assert!(matches!(custodian.root(7).err(), Some(CustodianError::Extractable { .. })));
        make(format!("{prefix}-root-1"), false);
        let error = custodian.root(1).err().expect("is refused").to_string();
        assert!(error.contains("more than one key"), "{error}");
        // All of that name are destroyed.
        custodian.destroy_root(1).expect("destroys");
        assert_eq!(custodian.epochs().expect("lists"), [7]);
    });
}

#[test]
fn a_destroyed_root_opens_nothing() {
    on_token("token::a_destroyed_root_opens_nothing", |hsm| {
        let custodian = create(hsm, "keys");
        custodian.create_root(1).expect("creates");
        let before = files(&hsm.files()).len();
        custodian.create_root(2).expect("creates");
        let root = custodian.root(2).expect("is there");
        let wrapped = root.wrap(b"place", &[5; 32]).expect("wraps");
        custodian.destroy_root(2).expect("destroys");
        // Also for whoever had it at hand, and for whoever comes anew.
        assert!(matches!(root.unwrap(b"place", &wrapped), Err(CustodianError::NoRoot { epoch: 2 })));
        assert!(matches!(root.wrap(b"place", &[5; 32]), Err(CustodianError::NoRoot { epoch: 2 })));
        assert!(matches!(reopen(hsm, "keys").expect("opens").root(2).err(), Some(CustodianError::NoRoot { epoch: 2 })));
        assert_eq!(custodian.epochs().expect("lists"), [1]);
        assert_eq!(files(&hsm.files()).len(), before, "the token still holds a file for it");
        custodian.destroy_root(2).expect("again");
        custodian.destroy_root(77).expect("what was never there");
        custodian.root(1).expect("the other is there");
        custodian.healthy().expect("is well");
        // One that is lost cannot say that it destroyed anything, nor what it holds.
        hsm.take_out();
        assert!(is_unavailable(&custodian.destroy_root(1)));
        assert!(is_unavailable(&custodian.destroy_root(77)));
        assert!(is_unavailable(&custodian.epochs()));
        assert!(is_unavailable(&custodian.create_root(3)));
    });
}

#[test]
fn a_lost_login_is_made_anew() {
    on_token("token::a_lost_login_is_made_anew", |hsm| {
        let custodian = create(hsm, "keys");
        custodian.create_root(1).expect("creates");
        let root = custodian.root(1).expect("is there");
        let (mac, wrapped) = (custodian.lookup_mac(b"x").expect("works"), root.wrap(b"a", &[1; 32]).expect("wraps"));
        let log_out = || stranger(hsm).logout().expect("a logout is for all sessions of the process");
        log_out();
        assert_eq!(custodian.lookup_mac(b"x").expect("works again"), mac);
        log_out();
        assert_eq!(*root.unwrap(b"a", &wrapped).expect("works again"), [1; 32]);
        log_out();
        root.wrap(b"a", &[1; 32]).expect("works again");
        log_out();
        assert_eq!(custodian.epochs().expect("works again"), [1]);
        log_out();
        custodian.healthy().expect("is well again");
        // Sessions that are gone altogether, and their numbers with them.
        let library = Pkcs11::new(&hsm.module).expect("loads");
        library.finalize().expect("ends");
        assert!(is_unavailable(&custodian.lookup_mac(b"x")));
        custodian.healthy().expect("starts the module anew");
        assert_eq!(custodian.lookup_mac(b"x").expect("works again"), mac);
        assert_eq!(*root.unwrap(b"a", &wrapped).expect("works again"), [1; 32]);
    });
}

#[test]
fn a_token_that_was_taken_out_is_missed_and_found_again() {
    on_token("token::a_token_that_was_taken_out_is_missed_and_found_again", |hsm| {
        let custodian = create(hsm, "keys");
        custodian.create_root(1).expect("creates");
        let root = custodian.root(1).expect("is there");
        let (mac, wrapped) = (custodian.lookup_mac(b"x").expect("works"), root.wrap(b"a", &[1; 32]).expect("wraps"));
        hsm.take_out();
        assert!(is_unavailable(&custodian.healthy()));
        assert!(is_unavailable(&custodian.lookup_mac(b"x")));
        assert!(is_unavailable(&root.unwrap(b"a", &wrapped)));
        assert!(is_unavailable(&root.wrap(b"a", &[1; 32])));
        assert!(is_unavailable(&custodian.root(1).map(drop)));
        let error = custodian.lookup_mac(b"x").expect_err("is away").to_string();
        assert!(error.starts_with(&format!("the PKCS#11 token {LABEL} cannot be used: ")), "{error}");
        assert!(!error.contains(PIN), "{error}");
        hsm.put_back();
        let end = Instant::now() + Duration::from_secs(30);
        while let Err(error) = custodian.healthy() {
            assert!(Instant::now() < end, "{error}");
            std::thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(custodian.lookup_mac(b"x").expect("works again"), mac);
        assert_eq!(*root.unwrap(b"a", &wrapped).expect("works again"), [1; 32]);
    });
}

#[test]
fn a_token_that_comes_back_with_another_lookup_key_is_not_used() {
    on_token("token::a_token_that_comes_back_with_another_lookup_key_is_not_used", |hsm| {
        let custodian = create(hsm, "keys");
        let session = stranger(hsm);
        let label = format!("{}-lookup", prefix(hsm, "keys"));
        for key in session.find_objects(&[Attribute::Label(label.into_bytes())]).expect("lists") {
            session.destroy_object(key).expect("destroys");
        }
        let error = custodian.lookup_mac(b"x").expect_err("is gone").to_string();
        assert!(error.contains("does not hold the key"), "{error}");
        assert!(reopen(hsm, "keys").is_err());
        create(hsm, "keys");
        let error = custodian.lookup_mac(b"x").expect_err("is another").to_string();
        assert!(error.ends_with("it came back with other keys"), "{error}");
    });
}

#[test]
fn a_refused_pin_is_tried_once() {
    on_token("token::a_refused_pin_is_tried_once", |hsm| {
        let custodian = create(hsm, "keys");
        // Another PIN from here on, and a logout: the next login fails.
        let session = stranger(hsm);
        session.set_pin(&AuthPin::from(PIN), &AuthPin::from("another-pin")).expect("sets");
        session.logout().expect("logs out");
        let error = custodian.lookup_mac(b"x").expect_err("is refused").to_string();
        assert!(error.ends_with("C_Login answered PinIncorrect"), "{error}");
        // Right or wrong, it is not tried again.
        session.login(UserType::User, Some(&AuthPin::from("another-pin"))).expect("logs in");
        session.set_pin(&AuthPin::from("another-pin"), &AuthPin::from(PIN)).expect("sets");
        session.logout().expect("logs out");
        for _ in 0..2 {
            let error = custodian.healthy().expect_err("is refused").to_string();
            assert!(error.contains("which is not tried again"), "{error}");
        }
        reopen(hsm, "keys").expect("starts anew with the right one");
    });
}

#[test]
fn what_is_wrong_with_a_token_is_said() {
    on_token("token::what_is_wrong_with_a_token_is_said", |hsm| {
        use std::os::unix::fs::PermissionsExt as _;
        // SoftHSM sees the tokens that are there when it is started.
        hsm.init_token("twin");
        hsm.init_token("twin");
        let pin = || Pin::new(PIN).expect("a PIN");
        let refused = |result: Result<Arc<Token>, CustodianError>| result.err().expect("is refused").to_string();
        let error = refused(Token::open(Path::new("/nowhere.so"), LABEL, pin()));
        assert!(error.starts_with("the PKCS#11 module /nowhere.so cannot be used: "), "{error}");
        let error = refused(Token::open(&hsm.conf(), LABEL, pin()));
        assert!(error.contains("softhsm2.conf cannot be used: "), "{error}");
        let error = refused(Token::open(&hsm.module, "nobody's", pin()));
        assert_eq!(error, "the PKCS#11 token nobody's cannot be used: the module has no token of this label");
        let error = refused(Token::open(&hsm.module, LABEL, Pin::new("wrong").expect("a PIN")));
        assert!(error.contains("PinIncorrect") && !error.contains("wrong"), "{error}");
        let error = refused(Token::open(&hsm.module, "twin", pin()));
        assert!(error.ends_with("has more than one token of this label"), "{error}");

        assert!(Pin::new("\n").is_none());
        let unreadable = |result: Result<Pin, CustodianError>| result.err().expect("is refused").to_string();
        std::fs::set_permissions(hsm.pin_file(), std::fs::Permissions::from_mode(0o640)).expect("chmod");
        assert!(unreadable(Pin::from_file(&hsm.pin_file())).contains("pin has mode 640"));
        hsm.write_pin("");
        assert!(unreadable(Pin::from_file(&hsm.pin_file())).ends_with("pin cannot be used: it is empty"));
        assert!(unreadable(Pin::from_file(&hsm.place.join("none"))).contains("the PIN file"));
        hsm.write_pin(PIN);

        // A key directory and a token do not take each other's ledgers.
        let (keys, database) = places(hsm, "on-token");
        create(hsm, "on-token");
        let error = KeyDirectory::open(&keys, &database).err().expect("is refused").to_string();
        assert!(error.contains("are kept by the custodian \"pkcs11\""), "{error}");
        assert!(KeyDirectory::create(&keys, &database).is_err());
        let (keys, database) = places(hsm, "in-directory");
        KeyDirectory::create(&keys, &database).expect("creates");
        let error = reopen(hsm, "in-directory").err().expect("is refused").to_string();
        assert!(error.contains("are kept by the custodian \"directory\""), "{error}");
        assert!(TokenKeys::create(token(hsm), &keys, &database).is_err());
        let (keys, _) = places(hsm, "on-token");
        std::fs::write(keys.join("pkcs11.label"), "no such\nlabel").expect("writes");
        let error = reopen(hsm, "on-token").err().expect("is refused").to_string();
        assert!(error.ends_with("pkcs11.label is not a key"), "{error}");
    });
}

#[test]
fn many_threads_look_up_at_once() {
    on_token("token::many_threads_look_up_at_once", |hsm| {
        let custodian = create(hsm, "keys");
        let wanted = custodian.lookup_mac(b"x").expect("works");
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        assert_eq!(custodian.lookup_mac(b"x").expect("works"), wanted);
                    }
                });
            }
        });
    });
}
