//! The custodian on a PKCS#11 token: L and the roots are token objects that cannot leave it.
//!
//! | object | label | used with |
//! |---|---|---|
//! | L | `<prefix>-lookup` | CKM_SHA256_HMAC, a generic secret of 32 bytes |
//! | root of an epoch | `<prefix>-root-<epoch>` | CKM_AES_GCM by encrypting: not every token wraps with it |
//!
//! The prefix is random and stands in `pkcs11.label` in the ledger's key directory, so that ledgers that share a token, or
//! are called the same, never share a key. A destroyed object is gone on the token's word; SoftHSM's token is files, and
//! its word is worth what a deleted file is worth.
//!
//! A token can be lost at any time. Each call is tried once more over a new login; what still fails is *unavailable*.
//! Finding nothing proves nothing: SoftHSM finds nothing when its files are gone, and so does a session that was logged
//! out. So nothing is believed to be missing unless L is found beside it.
//!
//! A module may also never return from a call: whoever must not wait for it asks through [`super::in_time`].

use super::crypto::{self, Secret};
use super::custodian::{self as directory, Claim, Custodian, CustodianError, ON_TOKEN, Root};
use crate::model::CustodianClass;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::c_ulong;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};
use whosaw_verifier::hash::{Hash, hex};
use zeroize::Zeroizing;

/// Modules that this process has loaded: one may be initialised once only, whoever uses it.
static MODULES: Mutex<Vec<Arc<Module>>> = Mutex::new(Vec::new());

/// Sessions that look identifiers up at the same time; tokens have few, and most do one thing after the other anyway.
const SESSIONS: usize = 8;
/// Between two attempts to start a module anew, which disturbs every token that it serves.
const RESTART: Duration = Duration::from_secs(5);
const NONCE: usize = 12;
const TAG: usize = 16;
const TAG_BITS: c_ulong = 128;
const KEY: usize = 32;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A loaded module. Calls go through the gate, so that none is under way while it is started anew.
struct Module {
    path: PathBuf,
    library: Pkcs11,
    gate: RwLock<Gate>,
}

struct Gate {
    /// Sessions of an earlier one are void, and their numbers may be somebody else's by now.
    generation: u64,
    restarted: Option<Instant>,
}

impl Module {
    fn load(path: &Path) -> Result<Arc<Module>, String> {
        let path = path.canonicalize().map_err(|error| error.to_string())?;
        let mut modules = lock(&MODULES);
        if let Some(module) = modules.iter().find(|module| module.path == path) {
            return Ok(Arc::clone(module));
        }
        let library = Pkcs11::new(&path).map_err(|error| said(&error))?;
        start(&library).map_err(|error| said(&error))?;
        let gate = RwLock::new(Gate { generation: 0, restarted: None });
        let module = Arc::new(Module { path, library, gate });
        modules.push(Arc::clone(&module));
        Ok(module)
    }

    fn generation(&self) -> std::sync::RwLockReadGuard<'_, Gate> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some modules do not see a token that came back before they are started anew. Not done too often; answers whether
    /// it was done.
    fn restart(&self) -> bool {
        let mut gate = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        if gate.restarted.is_some_and(|at| at.elapsed() < RESTART) {
            return false;
        }
        gate.generation += 1;
        gate.restarted = Some(Instant::now());
        // What goes wrong here is told by whoever connects next.
        let _ = self.library.clone().finalize();
        let _ = start(&self.library);
        true
    }
}

fn start(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}

/// How errors say that a token of this label does not do what it is asked.
pub fn of_no_use(label: &str) -> String {
    format!("the PKCS#11 token {label} cannot be used")
}

/// The user's PIN of a token. Has no text form.
pub struct Pin(AuthPin);

impl Pin {
    /// From a file that nobody else can read; a line end behind it does not count.
    pub fn from_file(path: &Path) -> Result<Self, CustodianError> {
        let failed = |reason: String| CustodianError::Unavailable {
            what: format!("the PIN file {} cannot be used", path.display()),
            reason,
        };
        let text = directory::read_private(path, |error| failed(error.to_string()))?;
        Self::new(&text).ok_or_else(|| failed("it is empty".into()))
    }

    /// Nothing where there is none.
    pub fn new(text: &str) -> Option<Self> {
        let pin = text.trim_end_matches(['\r', '\n']);
        (!pin.is_empty()).then(|| Pin(AuthPin::from(pin)))
    }
}

/// A token and how to log in to it; shared by all ledgers whose keys it keeps.
pub struct Token {
    module: Arc<Module>,
    label: String,
    pin: AuthPin,
    /// A wrong PIN is tried once: a few more times would lock the token.
    pin_refused: AtomicBool,
}

impl Token {
    /// Loads the module, looks for the token and logs in once, so that what is wrong is told now.
    pub fn open(module: &Path, label: &str, pin: Pin) -> Result<Arc<Self>, CustodianError> {
        let module = Module::load(module).map_err(|reason| CustodianError::Unavailable {
            what: format!("the PKCS#11 module {} cannot be used", module.display()),
            reason,
        })?;
        let token = Token { module, label: label.to_owned(), pin: pin.0, pin_refused: AtomicBool::new(false) };
        let token = Arc::new(token);
        token.connect(false)?;
        Ok(token)
    }

    fn unavailable(&self, reason: impl Into<String>) -> CustodianError {
        CustodianError::Unavailable { what: of_no_use(&self.label), reason: reason.into() }
    }

    fn failed(&self, error: &Error) -> CustodianError {
        self.unavailable(said(error))
    }

    /// Looked for each time: a token that was taken out may come back in another slot.
    fn slot(&self) -> Result<Slot, CustodianError> {
        let library = &self.module.library;
        let slots = library.get_slots_with_token().map_err(|error| self.failed(&error))?;
        let mut ours = slots.into_iter().filter(|slot| {
            library.get_token_info(*slot).is_ok_and(|token| token.token_initialized() && token.label() == self.label)
        });
        match (ours.next(), ours.next()) {
            (Some(slot), None) => Ok(slot),
            (None, _) => Err(self.unavailable("the module has no token of this label")),
            (Some(_), Some(_)) => Err(self.unavailable("the module has more than one token of this label")),
        }
    }

    /// A new session that is logged in.
    fn connect(self: &Arc<Self>, writes: bool) -> Result<Connection, CustodianError> {
        if self.pin_refused.load(Ordering::Relaxed) {
            return Err(self.unavailable("it refused the PIN, which is not tried again: start anew with the right one"));
        }
        let connection = {
            let gate = self.module.generation();
            let (slot, library) = (self.slot()?, &self.module.library);
            // Not closed by themselves: after a restart of the module their numbers are no longer theirs.
            let session =
                if writes { library.open_rw_session_no_drop(slot) } else { library.open_ro_session_no_drop(slot) };
            let session = Some(session.map_err(|error| self.failed(&error))?);
            Connection { session, token: Arc::clone(self), generation: gate.generation }
        };
        match connection.call(|session| session.login(UserType::User, Some(&self.pin))) {
            // A login counts for all sessions of the process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(connection),
            Err(error) => {
                if is_refusal(&error) {
                    self.pin_refused.store(true, Ordering::Relaxed);
                }
                Err(self.failed(&error))
            }
        }
    }
}

/// One session; closed when it is dropped.
struct Connection {
    session: Option<Session>,
    token: Arc<Token>,
    generation: u64,
}

impl Connection {
    fn call<T>(&self, ask: impl FnOnce(&Session) -> Result<T, Error>) -> Result<T, Error> {
        let gate = self.token.module.generation();
        match &self.session {
            Some(session) if gate.generation == self.generation => ask(session),
            _ => Err(Error::Pkcs11(RvError::SessionHandleInvalid, Function::GetSessionInfo)),
        }
    }

    /// Keys of this label. That there are none is only said by a session that is logged in: another sees no private key.
    fn find(&self, label: &str) -> Result<Vec<ObjectHandle>, Error> {
        let template = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::Token(true),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        self.call(|session| {
            let found = session.find_objects(&template)?;
            is_logged_in(session).map(|()| found)
        })
    }

    /// Labels of all keys that begin like this.
    fn labels(&self, prefix: &str) -> Result<BTreeSet<String>, Error> {
        let template = [Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Token(true)];
        self.call(|session| {
            let mut labels = BTreeSet::new();
            for object in session.find_objects(&template)? {
                for attribute in session.get_attributes(object, &[AttributeType::Label])? {
                    if let Attribute::Label(label) = attribute
                        && let Ok(label) = String::from_utf8(label)
                        && label.starts_with(prefix)
                    {
                        labels.insert(label);
                    }
                }
            }
            is_logged_in(session).map(|()| labels)
        })
    }

    /// The one key of this label, which must be unable to leave the token.
    fn key(&self, label: &str) -> Result<Option<ObjectHandle>, CustodianError> {
        let token = &self.token;
        let found = self.find(label).map_err(|error| token.failed(&error))?;
        let (Some(key), 1) = (found.first().copied(), found.len()) else {
            return match found.len() {
                0 => Ok(None),
                _ => Err(token.unavailable(format!("it holds more than one key {label}"))),
            };
        };
        let asked = [AttributeType::Sensitive, AttributeType::Extractable, AttributeType::NeverExtractable];
        let said = self.call(|session| session.get_attributes(key, &asked)).map_err(|error| token.failed(&error))?;
        let wanted = [Attribute::Sensitive(true), Attribute::Extractable(false), Attribute::NeverExtractable(true)];
        if !wanted.iter().all(|wanted| said.contains(wanted)) {
            return Err(CustodianError::Extractable { key: label.to_owned(), token: token.label.clone() });
        }
        Ok(Some(key))
    }

    fn mac(&self, lookup: ObjectHandle, message: &[u8]) -> Result<Hash, Error> {
        let mac = self.call(|session| session.sign(&Mechanism::Sha256Hmac, lookup, message))?;
        mac.try_into().map_err(|_| Error::InvalidValue)
    }

    fn encrypt(&self, root: ObjectHandle, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut nonce = crypto::random::<NONCE>().map_err(|_| Error::InvalidValue)?;
        let sealed = {
            let mechanism = Mechanism::AesGcm(GcmParams::new(&mut nonce, aad, TAG_BITS.into())?);
            self.call(|session| session.encrypt(&mechanism, root, plain))?
        };
        // Read only now: some tokens put a nonce of their own in the place of the one they were given.
        let wrapped = [&nonce[..], &sealed].concat();
        if wrapped.len() == NONCE + plain.len() + TAG { Ok(wrapped) } else { Err(Error::InvalidValue) }
    }

    fn decrypt(&self, root: ObjectHandle, aad: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE>().ok_or(Error::InvalidValue)?;
        let mut nonce = *nonce;
        let mechanism = Mechanism::AesGcm(GcmParams::new(&mut nonce, aad, TAG_BITS.into())?);
        self.call(|session| session.decrypt(&mechanism, root, sealed)).map(Zeroizing::new)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let gate = self.token.module.generation();
        if let Some(session) = self.session.take().filter(|_| gate.generation == self.generation) {
            // A session that is lost cannot be closed either.
            let _ = session.close();
        }
    }
}

fn is_logged_in(session: &Session) -> Result<(), Error> {
    match session.get_session_info()?.session_state() {
        SessionState::RoUser | SessionState::RwUser => Ok(()),
        _ => Err(Error::Pkcs11(RvError::UserNotLoggedIn, Function::FindObjects)),
    }
}

/// By the standard's names; its explanations run to a page.
fn said(error: &Error) -> String {
    match error {
        Error::Pkcs11(answer, function) => format!("C_{function:?} answered {answer:?}"),
        other => other.to_string(),
    }
}

fn is_refusal(error: &Error) -> bool {
    use RvError::*;
    let Error::Pkcs11(answer, Function::Login) = error else { return false };
    matches!(answer, PinIncorrect | PinInvalid | PinLenRange | PinExpired | PinLocked | UserPinNotInitialized)
}

/// The custodian of one ledger.
pub struct TokenKeys {
    token: Arc<Token>,
    prefix: String,
    /// What L answers to a fixed message. A token that came back with another L would make everybody somebody new.
    lookup_check: Hash,
    pool: Mutex<Pool>,
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Lookup>,
    busy: usize,
}

/// A session with L at hand.
struct Lookup {
    connection: Connection,
    key: ObjectHandle,
}

impl Lookup {
    fn mac(&self, message: &[u8]) -> Result<Hash, Error> {
        self.connection.mac(self.key, message)
    }
}

const LOOKUP_CHECK: &[u8] = b"whosaw/pkcs11/lookup-check/v1\0";

impl TokenKeys {
    /// Makes L; goes on where an interrupted `create` stopped. `path` is the ledger's key directory.
    pub fn create(token: Arc<Token>, path: &Path, database: &Path) -> Result<Self, CustodianError> {
        directory::make_directory(path, database)?;
        refuse_directory(path)?;
        let file = path.join(ON_TOKEN);
        if !file.exists() {
            // Before any key is made, so that an interruption leaves no key that nobody knows of.
            let random = crypto::random::<8>().map_err(|_| CustodianError::NoRandomness)?;
            directory::write_new(&file, &format!("whosaw-{}\n", hex(&random)))?;
        }
        let (prefix, connection) = (read_prefix(&file)?, token.connect(true)?);
        let label = lookup_label(&prefix);
        if connection.key(&label)?.is_none() {
            let mut template = template(&label, KeyType::GENERIC_SECRET);
            template.extend([Attribute::Sign(true), Attribute::Encrypt(false), Attribute::Decrypt(false)]);
            connection
                .call(|session| session.generate_key(&Mechanism::GenericSecretKeyGen, &template))
                .map_err(|error| token.failed(&error))?;
        }
        drop(connection);
        Self::open(token, path, database)
    }

    pub fn open(token: Arc<Token>, path: &Path, database: &Path) -> Result<Self, CustodianError> {
        directory::check_directory(path, database)?;
        refuse_directory(path)?;
        directory::forget_interrupted(path)?;
        let prefix = read_prefix(&path.join(ON_TOKEN))?;
        let (pool, freed) = (Mutex::new(Pool::default()), Condvar::new());
        let mut keys = TokenKeys { token, prefix, lookup_check: [0; 32], pool, freed };
        let lookup = keys.connect(false)?;
        keys.lookup_check = lookup.mac(LOOKUP_CHECK).map_err(|error| keys.token.failed(&error))?;
        lock(&keys.pool).idle.push(lookup);
        Ok(keys)
    }

    fn root_label(&self, epoch: u64) -> String {
        format!("{}{epoch}", root_labels(&self.prefix))
    }

    /// A new session that sees L.
    fn connect(&self, writes: bool) -> Result<Lookup, CustodianError> {
        let (connection, label) = (self.token.connect(writes)?, lookup_label(&self.prefix));
        match connection.key(&label)? {
            Some(key) => Ok(Lookup { connection, key }),
            None => Err(self.token.unavailable(format!("it does not hold the key {label}"))),
        }
    }

    /// A new session that sees the same L as the first one did.
    fn reconnect(&self) -> Result<Lookup, CustodianError> {
        let lookup = self.connect(false)?;
        let check = lookup.mac(LOOKUP_CHECK).map_err(|error| self.token.failed(&error))?;
        if check == self.lookup_check {
            Ok(lookup)
        } else {
            Err(self.token.unavailable("it came back with other keys"))
        }
    }

    fn connect_root(&self, epoch: u64) -> Result<(Connection, ObjectHandle), CustodianError> {
        let Lookup { connection, .. } = self.connect(false)?;
        let root = connection.key(&self.root_label(epoch))?.ok_or(CustodianError::NoRoot { epoch })?;
        Ok((connection, root))
    }

    fn mac_over(&self, idle: Option<Lookup>, message: &[u8]) -> Result<(Hash, Lookup), CustodianError> {
        if let Some(lookup) = idle
            && let Ok(mac) = lookup.mac(message)
        {
            return Ok((mac, lookup));
        }
        let lookup = self.reconnect()?;
        let mac = lookup.mac(message).map_err(|error| self.token.failed(&error))?;
        Ok((mac, lookup))
    }

    /// Whether the root does what a root is for, by a key of our own: seals, opens, and refuses another place.
    fn tries(&self, connection: &Connection, root: ObjectHandle) -> Result<(), String> {
        let key = Secret::random().map_err(|error| error.to_string())?;
        let wrapped = connection.encrypt(root, b"whosaw/trial\0here", &key[..]).map_err(|error| said(&error))?;
        let opened = connection.decrypt(root, b"whosaw/trial\0here", &wrapped).map_err(|error| said(&error))?;
        if opened[..] != key[..] {
            return Err("its AES-GCM does not open what it sealed".into());
        }
        match connection.decrypt(root, b"whosaw/trial\0there", &wrapped) {
            Ok(_) => Err("its AES-GCM does not look at additional data".into()),
            Err(_) => Ok(()),
        }
    }

    fn use_all(&self) -> Result<(), CustodianError> {
        self.lookup_mac(LOOKUP_CHECK)?;
        self.epochs().map(drop)
    }
}

impl Custodian for TokenKeys {
    fn class(&self) -> CustodianClass {
        CustodianClass::Pkcs11
    }

    fn strongest_claim(&self) -> Claim {
        Claim::Irrecoverable
    }

    fn reason(&self) -> &'static str {
        "the root was made in a PKCS#11 token, could never leave it, and was destroyed there. This rests on the token's own \
         promise and on there being no backup of the token; a software token such as SoftHSM is a file, and promises no \
         more than a deleted file"
    }

    fn healthy(&self) -> Result<(), CustodianError> {
        self.use_all().or_else(|error| {
            let refused = self.token.pin_refused.load(Ordering::Relaxed);
            if refused || !self.token.module.restart() { Err(error) } else { self.use_all() }
        })
    }

    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        let (Lookup { connection, .. }, label) = (self.connect(true)?, self.root_label(epoch));
        if !connection.find(&label).map_err(|error| self.token.failed(&error))?.is_empty() {
            return Err(CustodianError::Exists { key: label });
        }
        let mut template = template(&label, KeyType::AES);
        template.extend([Attribute::Encrypt(true), Attribute::Decrypt(true), Attribute::Sign(false)]);
        let made = connection.call(|session| session.generate_key(&Mechanism::AesKeyGen, &template));
        let root = made.map_err(|error| self.token.failed(&error))?;
        self.tries(&connection, root).map_err(|reason| {
            let _ = connection.call(|session| session.destroy_object(root));
            self.token.unavailable(reason)
        })
    }

    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError> {
        let (Lookup { connection, .. }, label) = (self.connect(true)?, self.root_label(epoch));
        let failed = |error: Error| CustodianError::NotDestroyed { key: label.clone(), reason: said(&error) };
        for object in connection.find(&label).map_err(failed)? {
            connection.call(|session| session.destroy_object(object)).map_err(failed)?;
        }
        // Looked for again, and over a new session with L beside it: a token that was lost meanwhile shows nothing at all.
        let Lookup { connection, .. } = self.connect(false)?;
        if connection.find(&label).map_err(failed)?.is_empty() {
            return Ok(());
        }
        Err(CustodianError::NotDestroyed { key: label, reason: "the token still holds it".into() })
    }

    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        let Lookup { connection, .. } = self.connect(false)?;
        let labels = connection.labels(&self.prefix).map_err(|error| self.token.failed(&error))?;
        if !labels.contains(&lookup_label(&self.prefix)) {
            return Err(self.token.unavailable("its keys went while they were being listed"));
        }
        let roots = root_labels(&self.prefix);
        let mut epochs: Vec<u64> =
            labels.iter().filter_map(|label| label.strip_prefix(roots.as_str())?.parse().ok()).collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError> {
        let at = RefCell::new(self.connect_root(epoch)?);
        Ok(Box::new(TokenRoot { keys: self, epoch, at }))
    }

    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        let idle = {
            let mut pool = lock(&self.pool);
            while pool.busy == SESSIONS {
                pool = self.freed.wait(pool).unwrap_or_else(PoisonError::into_inner);
            }
            pool.busy += 1;
            pool.idle.pop()
        };
        let result = self.mac_over(idle, message);
        let mut pool = lock(&self.pool);
        pool.busy -= 1;
        let (result, stale) = match result {
            Ok((mac, lookup)) => {
                pool.idle.push(lookup);
                (Ok(mac), Vec::new())
            }
            // The others are as dead as this one.
            Err(error) => (Err(error), std::mem::take(&mut pool.idle)),
        };
        drop(pool);
        self.freed.notify_one();
        drop(stale);
        result
    }
}

/// One root over one session, which is made anew when the token was lost.
struct TokenRoot<'a> {
    keys: &'a TokenKeys,
    epoch: u64,
    at: RefCell<(Connection, ObjectHandle)>,
}

impl TokenRoot<'_> {
    fn again(&self) -> Result<(), CustodianError> {
        let again = self.keys.connect_root(self.epoch)?;
        *self.at.borrow_mut() = again;
        Ok(())
    }
}

impl Root for TokenRoot<'_> {
    fn wrap(&self, aad: &[u8], key: &[u8; KEY]) -> Result<Vec<u8>, CustodianError> {
        let wrap = || {
            let at = self.at.borrow();
            at.0.encrypt(at.1, aad, key)
        };
        if let Ok(wrapped) = wrap() {
            return Ok(wrapped);
        }
        self.again()?;
        wrap().map_err(|error| self.keys.token.failed(&error))
    }

    fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError> {
        let wrong = || CustodianError::WrongKey { epoch: self.epoch };
        if wrapped.len() != NONCE + KEY + TAG {
            return Err(wrong());
        }
        let unwrap = || {
            let at = self.at.borrow();
            at.0.decrypt(at.1, aad, wrapped)
        };
        let opened = match unwrap() {
            Ok(opened) => opened,
            Err(_) => {
                self.again()?;
                let at = self.at.borrow();
                match at.0.decrypt(at.1, aad, wrapped) {
                    Ok(opened) => opened,
                    // Tokens have no common word for bytes that do not open, and some use that for their own troubles:
                    // what still opens other bytes is well, and these are the wrong ones.
                    Err(_) => match self.keys.tries(&at.0, at.1) {
                        Ok(()) => return Err(wrong()),
                        Err(reason) => return Err(self.keys.token.unavailable(reason)),
                    },
                }
            }
        };
        let mut key = Secret::new([0; KEY]);
        if opened.len() != KEY {
            return Err(wrong());
        }
        key.copy_from_slice(&opened);
        Ok(key)
    }
}

/// What every key of ours is: on the token, private, never to leave it, be copied, be renamed, or used for other keys.
fn template(label: &str, kind: KeyType) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(kind),
        Attribute::ValueLen((KEY as c_ulong).into()),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Copyable(false),
        Attribute::Modifiable(false),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
        Attribute::Derive(false),
        Attribute::Verify(false),
    ]
}

fn lookup_label(prefix: &str) -> String {
    format!("{prefix}-lookup")
}

fn root_labels(prefix: &str) -> String {
    format!("{prefix}-root-")
}

fn read_prefix(file: &Path) -> Result<String, CustodianError> {
    let text = std::fs::read_to_string(file).map_err(|error| directory::unavailable(file, &error))?;
    let prefix = text.trim();
    let sound = (8..=64).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if sound { Ok(prefix.to_owned()) } else { Err(CustodianError::NotAKey { path: file.to_owned() }) }
}

fn refuse_directory(path: &Path) -> Result<(), CustodianError> {
    if !path.join(directory::LOOKUP).exists() {
        return Ok(());
    }
    Err(CustodianError::OtherCustodian { path: path.to_owned(), custodian: "directory" })
}
