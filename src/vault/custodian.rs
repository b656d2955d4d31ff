//! Who keeps the root keys: a trait, and the key directory that is the default.
//!
//! The directory holds `lookup.key` (stable: identifiers are placed in shards with it) and `root-<epoch>.key`, each 32
//! random bytes in hexadecimal, mode 0600, in a directory of mode 0700 outside the database. A deleted file is not proof
//! of destruction, so this custodian never claims more than *inaccessible*.

use super::crypto::{self, MacKey, Secret};
use crate::model::CustodianClass;
use crate::store::NewFile;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use whosaw_verifier::hash::{Hash, hex};
use zeroize::Zeroizing;

/// Keeps root keys and uses them; whether they can leave it is its own affair.
pub trait Custodian: Send + Sync + 'static {
    fn class(&self) -> CustodianClass;
    /// What may be said of a destroyed root at most.
    fn strongest_claim(&self) -> Claim;
    /// What that claim rests on, and why it is not a stronger one.
    fn reason(&self) -> &'static str;
    /// A cheap look at whether the keys can be used now.
    fn healthy(&self) -> Result<(), CustodianError>;
    /// Durable before it returns.
    fn create_root(&self, epoch: u64) -> Result<(), CustodianError>;
    /// Durable before it returns; destroying what is not there is fine, so that an interrupted destruction can be done
    /// again.
    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError>;
    fn epochs(&self) -> Result<Vec<u64>, CustodianError>;
    /// The root of `epoch` at work: fetched once, and let go of when it is dropped.
    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError>;
    /// HMAC-SHA-256 under the stable key L.
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError>;
}

/// How reports name a class.
pub fn class_words(class: CustodianClass) -> &'static str {
    match class {
        CustodianClass::KeyDirectory => "key directory",
        CustodianClass::Pkcs11 => "PKCS#11 token",
        CustodianClass::Unspecified => "unknown",
    }
}

/// What may be said of data whose root was destroyed; the later, the stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Nobody reaches it through this service any more.
    Inaccessible,
    /// Nobody can bring it back, on the word of the custodian.
    Irrecoverable,
}

/// AES-256-GCM under one root: nonce ‖ ciphertext ‖ tag.
pub trait Root {
    fn wrap(&self, aad: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, CustodianError>;
    fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError>;
}

#[derive(Debug, thiserror::Error)]
pub enum CustodianError {
    /// Keys cannot be had now; with luck they can later.
    #[error("{what}: {reason}")]
    Unavailable { what: String, reason: String },
    #[error("{key} cannot be destroyed: {reason}")]
    NotDestroyed { key: String, reason: String },
    #[error("{path} has mode {mode:03o}, so others could read or replace keys; make it {wanted:03o}")]
    Permissions { path: PathBuf, mode: u32, wanted: u32 },
    #[error("the key directory {path} must not lie inside the database directory")]
    InsideDatabase { path: PathBuf },
    #[error("{path} is not a key")]
    NotAKey { path: PathBuf },
    #[error("there is a key already: {key}")]
    Exists { key: String },
    /// A key that others can copy cannot be destroyed.
    #[error("the key {key} on the PKCS#11 token {token} can leave it, or could once: it is of no use as a root")]
    Extractable { key: String, token: String },
    #[error("the keys of {path} are kept by the custodian \"{custodian}\", and the settings name another")]
    OtherCustodian { path: PathBuf, custodian: &'static str },
    #[error("no randomness can be had")]
    NoRandomness,
    #[error("the root key of epoch {epoch} is not here")]
    NoRoot { epoch: u64 },
    #[error("a wrapped key does not open under the root of epoch {epoch}: these keys are not this ledger's")]
    WrongKey { epoch: u64 },
}

pub struct KeyDirectory {
    path: PathBuf,
    lookup: MacKey,
}

/// What an interrupted making of a key left: perhaps a second name of a root, which its destruction would miss.
pub(super) fn forget_interrupted(path: &Path) -> Result<(), CustodianError> {
    let failed = |e: std::io::Error| unavailable(path, &e);
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(&file).map_err(failed)?;
        }
    }
    Ok(())
}

/// The directory's own lookup key.
pub(super) const LOOKUP: &str = "lookup.key";
/// Where a directory says that its keys are on a token, and which ones they are.
pub(super) const ON_TOKEN: &str = "pkcs11.label";

impl KeyDirectory {
    /// Makes the directory and the lookup key; goes on where an interrupted `create` stopped.
    pub fn create(path: &Path, database: &Path) -> Result<Self, CustodianError> {
        make_directory(path, database)?;
        refuse_token(path)?;
        let lookup = path.join(LOOKUP);
        if !lookup.exists() {
            write_key(&lookup)?;
        }
        Self::open(path, database)
    }

    pub fn open(path: &Path, database: &Path) -> Result<Self, CustodianError> {
        check_directory(path, database)?;
        refuse_token(path)?;
        forget_interrupted(path)?;
        let lookup = MacKey::new(&*read_key(&path.join(LOOKUP))?);
        Ok(KeyDirectory { path: path.to_owned(), lookup })
    }

    fn root_path(&self, epoch: u64) -> PathBuf {
        self.path.join(format!("root-{epoch}.key"))
    }

    /// Every name that a root may have here: its own, that of an interrupted making, copies beside it, and other names of
    /// the same file. Its own comes last: as long as it is there, an interrupted destruction is seen and done again.
    fn names_of(&self, epoch: u64) -> Result<Vec<PathBuf>, CustodianError> {
        let failed = |e: std::io::Error| unavailable(&self.path, &e);
        let own = self.root_path(epoch);
        let file = fs::metadata(&own).ok().map(|it| (it.dev(), it.ino()));
        let beside = format!("root-{epoch}.");
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let same = fs::metadata(entry.path()).is_ok_and(|it| file == Some((it.dev(), it.ino())));
            if (same || entry.file_name().as_encoded_bytes().starts_with(beside.as_bytes())) && entry.path() != own {
                names.push(entry.path());
            }
        }
        names.push(own);
        Ok(names)
    }
}

/// A root that was read from its file; wiped when it is dropped.
struct RootFile {
    epoch: u64,
    key: Secret,
}

impl Root for RootFile {
    fn wrap(&self, aad: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, CustodianError> {
        crypto::wrap(&self.key, aad, key).map_err(|_| CustodianError::NoRandomness)
    }

    fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError> {
        crypto::unwrap_key(&self.key, aad, wrapped).ok_or(CustodianError::WrongKey { epoch: self.epoch })
    }
}

impl Custodian for KeyDirectory {
    fn class(&self) -> CustodianClass {
        CustodianClass::KeyDirectory
    }

    fn strongest_claim(&self) -> Claim {
        Claim::Inaccessible
    }

    fn reason(&self) -> &'static str {
        "the root was a file: it was overwritten and deleted, but a disk, a snapshot or a backup may have kept what stood \
         in it, and a deleted file is not proof"
    }

    fn healthy(&self) -> Result<(), CustodianError> {
        check_mode(&self.path)?;
        read_key(&self.path.join(LOOKUP))?;
        for epoch in self.epochs()? {
            read_key(&self.root_path(epoch))?;
        }
        Ok(())
    }

    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        write_key(&self.root_path(epoch))
    }

    fn destroy_root(&self, epoch: u64) -> Result<(), CustodianError> {
        for path in self.names_of(epoch)? {
            let failed = |e: std::io::Error| CustodianError::NotDestroyed {
                key: path.display().to_string(),
                reason: e.to_string(),
            };
            match overwrite(&path).and_then(|()| fs::remove_file(&path)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        // Also where nothing was found: the names may have gone in an attempt that did not get as far as here.
        File::open(&self.path).and_then(|directory| directory.sync_all()).map_err(|e| unavailable(&self.path, &e))
    }

    fn epochs(&self) -> Result<Vec<u64>, CustodianError> {
        let entries = fs::read_dir(&self.path).map_err(|e| unavailable(&self.path, &e))?;
        let mut epochs: Vec<u64> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("root-")?.strip_suffix(".key")?.parse().ok())
            .collect();
        epochs.sort_unstable();
        Ok(epochs)
    }

    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError> {
        let path = self.root_path(epoch);
        if !path.exists() {
            return Err(CustodianError::NoRoot { epoch });
        }
        Ok(Box::new(RootFile { epoch, key: read_key(&path)? }))
    }

    /// Not once the directory is gone: whoever were recorded then would be gone with this process, receipts and all.
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        let lookup = self.path.join(LOOKUP);
        fs::metadata(&lookup).map_err(|e| unavailable(&lookup, &e))?;
        Ok(self.lookup.mac(&[message]))
    }
}

/// Makes it, closed to others, where it is not there.
pub(super) fn make_directory(path: &Path, database: &Path) -> Result<(), CustodianError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| unavailable(path, &e))?;
    check_directory(path, database)
}

fn refuse_token(path: &Path) -> Result<(), CustodianError> {
    if !path.join(ON_TOKEN).exists() {
        return Ok(());
    }
    Err(CustodianError::OtherCustodian { path: path.to_owned(), custodian: "pkcs11" })
}

fn check_mode(path: &Path) -> Result<(), CustodianError> {
    let mode = fs::metadata(path).map_err(|e| unavailable(path, &e))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CustodianError::Permissions { path: path.to_owned(), mode, wanted: 0o700 });
    }
    Ok(())
}

pub(super) fn check_directory(path: &Path, database: &Path) -> Result<(), CustodianError> {
    check_mode(path)?;
    // Who may write above it may put another in its place.
    let above = fs::canonicalize(path).ok().and_then(|real| real.parent().map(Path::to_owned));
    if let Some(above) = above {
        let mode = fs::metadata(&above).map_err(|e| unavailable(&above, &e))?.mode() & 0o1777;
        if mode & 0o022 != 0 && mode & 0o1000 == 0 {
            return Err(CustodianError::Permissions { path: above, mode, wanted: 0o700 });
        }
    }
    // Compared as real paths: a link into the database would put the keys into its backups.
    let inside = match (fs::canonicalize(path), fs::canonicalize(database)) {
        (Ok(path), Ok(database)) => path.starts_with(database),
        _ => path.starts_with(database),
    };
    if inside { Err(CustodianError::InsideDatabase { path: path.to_owned() }) } else { Ok(()) }
}

fn write_key(path: &Path) -> Result<(), CustodianError> {
    let key = Secret::random().map_err(|_| CustodianError::NoRandomness)?;
    write_new(path, &Zeroizing::new(hex(&key[..])))
}

/// A file that is there whole or not at all; refuses where there is one.
pub(super) fn write_new(path: &Path, text: &str) -> Result<(), CustodianError> {
    let failed = |e: std::io::Error| unavailable(path, &e);
    let mut new = NewFile::open(path).map_err(failed)?;
    new.file.write_all(text.as_bytes()).map_err(failed)?;
    new.put_in_place().map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => CustodianError::Exists { key: path.display().to_string() },
        _ => failed(e),
    })
}

/// Zeros over what stands there, in place and on the disk: after a mere unlink the blocks would keep it.
fn overwrite(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX).min(OVERWRITTEN_MAX);
    file.write_all(&vec![0; length])?;
    file.sync_all()
}

/// A key has 64 bytes; whatever else has its name is not worth more memory than this.
const OVERWRITTEN_MAX: usize = 1 << 20;

/// The text of a file that nobody else can read.
pub(super) fn read_private(
    path: &Path,
    failed: impl Fn(&std::io::Error) -> CustodianError,
) -> Result<Zeroizing<String>, CustodianError> {
    let mut file = File::open(path).map_err(|e| failed(&e))?;
    let mode = file.metadata().map_err(|e| failed(&e))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CustodianError::Permissions { path: path.to_owned(), mode, wanted: 0o600 });
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(|e| failed(&e))?;
    Ok(text)
}

fn read_key(path: &Path) -> Result<Secret, CustodianError> {
    let text = read_private(path, |e| unavailable(path, e))?;
    let mut key = Secret::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut key[..]).map_err(|_| CustodianError::NotAKey { path: path.to_owned() })?;
    Ok(key)
}

pub(super) fn unavailable(path: &Path, error: &std::io::Error) -> CustodianError {
    let what = format!("the key directory {} is missing or unreadable", path.display());
    CustodianError::Unavailable { what, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn keys_open_only_for_their_owner_and_never_inside_the_database() {
        let directory = tempfile::tempdir().expect("a directory");
        let (keys, database) = (directory.path().join("keys"), directory.path().join("db"));
        let custodian = KeyDirectory::create(&keys, &database).expect("creates");
        custodian.create_root(1).expect("creates");
        assert!(matches!(custodian.create_root(1), Err(CustodianError::Exists { .. })));
        let root = custodian.root(1).expect("reads");
        let wrapped = root.wrap(b"place", &[5; 32]).expect("wraps");
        assert_eq!(*root.unwrap(b"place", &wrapped).expect("unwraps"), [5; 32]);
        assert!(matches!(root.unwrap(b"other", &wrapped), Err(CustodianError::WrongKey { epoch: 1 })));
        assert!(matches!(root.unwrap(b"place", &wrapped[1..]), Err(CustodianError::WrongKey { epoch: 1 })));
        assert!(matches!(custodian.root(2).err(), Some(CustodianError::NoRoot { epoch: 2 })));
        assert_eq!(custodian.epochs().expect("lists"), [1]);
        fs::copy(keys.join("root-1.key"), keys.join("root-1.new")).expect("copies");
        KeyDirectory::open(&keys, &database).expect("opens");
        assert!(!keys.join("root-1.new").exists(), "a second name of a root was left");
        for (file, mode) in [("root-1.key", 0o600), ("lookup.key", 0o600), ("", 0o700)] {
            assert_eq!(fs::metadata(keys.join(file)).expect("is there").mode() & 0o777, mode, "{file}");
        }
        fs::set_permissions(keys.join("root-1.key"), fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(matches!(custodian.root(1).err(), Some(CustodianError::Permissions { .. })));
        fs::set_permissions(&keys, fs::Permissions::from_mode(0o750)).expect("chmod");
        assert!(matches!(KeyDirectory::open(&keys, &database), Err(CustodianError::Permissions { .. })));
        let inside = database.join("keys");
        assert!(matches!(KeyDirectory::create(&inside, &database), Err(CustodianError::InsideDatabase { .. })));
    }

    #[test]
    fn a_destroyed_root_is_nowhere_in_the_directory() {
        let directory = tempfile::tempdir().expect("a directory");
        let (keys, database) = (directory.path().join("keys"), directory.path().join("db"));
        let custodian = KeyDirectory::create(&keys, &database).expect("creates");
        for epoch in [1, 2, 12] {
            custodian.create_root(epoch).expect("creates");
        }
        let path = |name: &str| keys.join(name);
        let root = fs::read(path("root-1.key")).expect("reads");
        let kept = fs::read(path("root-12.key")).expect("reads");
        let outside = directory.path().join("other-name");
        // What an interrupted making leaves, a copy, another name inside and one that the directory cannot know of.
        fs::hard_link(path("root-1.key"), path("root-1.new")).expect("links");
        fs::copy(path("root-1.key"), path("root-1.key.bak")).expect("copies");
        fs::hard_link(path("root-1.key"), path("elsewhere")).expect("links");
        fs::hard_link(path("root-1.key"), &outside).expect("links");
        let held = File::open(path("root-1.key.bak")).expect("opens");
        custodian.destroy_root(1).expect("destroys");
        let mut names: Vec<_> = fs::read_dir(&keys).expect("lists").flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        assert_eq!(names, ["lookup.key", "root-12.key", "root-2.key"]);
        for name in &names {
            assert_ne!(fs::read(keys.join(name)).expect("reads"), root, "{name:?}");
        }
        assert_eq!(fs::read(path("root-12.key")).expect("reads"), kept);
        // The bytes are gone and not only the names.
        let mut copy = Vec::new();
        (&held).read_to_end(&mut copy).expect("reads");
        assert_eq!((copy, fs::read(&outside).expect("reads")), (vec![0; 64], vec![0; 64]));
        assert!(matches!(custodian.root(1).err(), Some(CustodianError::NoRoot { epoch: 1 })));
        assert_eq!(custodian.epochs().expect("lists"), [2, 12]);
        custodian.destroy_root(1).expect("again");
        custodian.destroy_root(77).expect("what was never there");
        custodian.root(2).expect("the others still work");
        // A root that cannot be destroyed is told, and stays listed.
        fs::remove_file(path("root-2.key")).expect("removes");
        fs::create_dir(path("root-2.key")).expect("makes");
        let error = custodian.destroy_root(2).expect_err("is no file").to_string();
        assert!(error.contains("root-2.key cannot be destroyed"), "{error}");
        assert_eq!(custodian.epochs().expect("lists"), [2, 12]);
        fs::remove_dir_all(&keys).expect("removes");
        assert!(matches!(custodian.destroy_root(12), Err(CustodianError::Unavailable { .. })));
    }

    #[test]
    fn the_directory_claims_no_more_than_it_can_know() {
        let directory = tempfile::tempdir().expect("a directory");
        let custodian = KeyDirectory::create(&directory.path().join("keys"), &directory.path().join("db"));
        let custodian = custodian.expect("creates");
        assert_eq!(class_words(custodian.class()), "key directory");
        assert_eq!(custodian.strongest_claim(), Claim::Inaccessible);
        assert!(Claim::Inaccessible < Claim::Irrecoverable);
        assert!(custodian.reason().ends_with("a deleted file is not proof"), "{}", custodian.reason());
    }

    #[test]
    fn a_directory_that_others_could_put_another_in_the_place_of_is_not_used() {
        let directory = tempfile::tempdir().expect("a directory");
        let (above, database) = (directory.path().join("above"), directory.path().join("db"));
        let keys = above.join("keys");
        KeyDirectory::create(&keys, &database).expect("creates");
        for (mode, is_used) in [(0o755, true), (0o775, false), (0o777, false), (0o1777, true), (0o700, true)] {
            fs::set_permissions(&above, fs::Permissions::from_mode(mode)).expect("chmod");
            assert_eq!(KeyDirectory::open(&keys, &database).is_ok(), is_used, "{mode:o}");
        }
    }

    #[test]
    fn without_its_file_no_identifier_is_looked_up() {
        let directory = tempfile::tempdir().expect("a directory");
        let keys = directory.path().join("keys");
        let custodian = KeyDirectory::create(&keys, &directory.path().join("db")).expect("creates");
        let before = custodian.lookup_mac(b"anna").expect("is there");
        fs::rename(&keys, directory.path().join("aside")).expect("renames");
        assert!(matches!(custodian.lookup_mac(b"anna"), Err(CustodianError::Unavailable { .. })));
        fs::rename(directory.path().join("aside"), &keys).expect("renames");
        assert_eq!(custodian.lookup_mac(b"anna").expect("is back"), before);
    }

    #[test]
    fn keys_that_cannot_be_used_are_unhealthy() {
        let directory = tempfile::tempdir().expect("a directory");
        let keys = directory.path().join("keys");
        let custodian = KeyDirectory::create(&keys, &directory.path().join("db")).expect("creates");
        custodian.create_root(1).expect("creates");
        custodian.healthy().expect("is well");
        let chmod = |name: &str, mode| {
            fs::set_permissions(keys.join(name), fs::Permissions::from_mode(mode)).expect("chmod");
        };
        for (name, good) in [("", 0o700), ("lookup.key", 0o600), ("root-1.key", 0o600)] {
            chmod(name, good | 0o040);
            assert!(matches!(custodian.healthy(), Err(CustodianError::Permissions { .. })), "{name}");
            chmod(name, good);
            custodian.healthy().expect("is well again");
        }
        fs::write(keys.join("root-1.key"), [0; 64]).expect("writes");
        assert!(matches!(custodian.healthy(), Err(CustodianError::NotAKey { .. })));
        custodian.destroy_root(1).expect("destroys");
        custodian.healthy().expect("is well without it");
        fs::remove_file(keys.join("lookup.key")).expect("removes");
        assert!(matches!(custodian.healthy(), Err(CustodianError::Unavailable { .. })));
        fs::remove_dir_all(&keys).expect("removes");
        assert!(matches!(custodian.healthy(), Err(CustodianError::Unavailable { .. })));
    }
}
