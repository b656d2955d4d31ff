//! Who keeps the root keys: a trait, and the key directory that is the default.
//!
//! The directory holds `lookup.key` (stable: identifiers are placed in shards with it) and `root-<epoch>.key`, each 32
//! random bytes in hexadecimal, mode 0600, in a directory of mode 0700 outside the database. A deleted file is not proof
//! of destruction, so this custodian never claims more than *inaccessible*.

use super::crypto::{self, MacKey, Secret};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use whosaw_verifier::hash::{Hash, hex};
use zeroize::Zeroizing;

/// Keeps root keys and uses them; whether they can leave it is its own affair.
pub trait Custodian: Send + Sync + 'static {
    /// What a report may say of it.
    fn class(&self) -> &'static str;
    /// Durable before it returns.
    fn create_root(&self, epoch: u64) -> Result<(), CustodianError>;
    fn epochs(&self) -> Result<Vec<u64>, CustodianError>;
    /// The root of `epoch` at work: fetched once, and let go of when it is dropped.
    fn root(&self, epoch: u64) -> Result<Box<dyn Root + '_>, CustodianError>;
    /// HMAC-SHA-256 under the stable key L.
    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError>;
}

/// AES-256-GCM under one root: nonce ‖ ciphertext ‖ tag.
pub trait Root {
    fn wrap(&self, aad: &[u8], key: &[u8; 32]) -> Result<Vec<u8>, CustodianError>;
    fn unwrap(&self, aad: &[u8], wrapped: &[u8]) -> Result<Secret, CustodianError>;
}

#[derive(Debug, thiserror::Error)]
pub enum CustodianError {
    #[error("the key directory {path} is missing or unreadable: {reason}")]
    Unavailable { path: PathBuf, reason: String },
    #[error("{path} has mode {mode:03o}, so others could read keys; make it {wanted:03o}")]
    Permissions { path: PathBuf, mode: u32, wanted: u32 },
    #[error("the key directory {path} must not lie inside the database directory")]
    InsideDatabase { path: PathBuf },
    #[error("{path} is not a key")]
    NotAKey { path: PathBuf },
    #[error("there is a key already: {path}")]
    Exists { path: PathBuf },
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
fn forget_interrupted(path: &Path) -> Result<(), CustodianError> {
    let failed = |e: std::io::Error| unavailable(path, &e);
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        if file.extension().is_some_and(|extension| extension == "new") {
            fs::remove_file(&file).map_err(failed)?;
        }
    }
    Ok(())
}

impl KeyDirectory {
    /// Makes the directory and the lookup key; goes on where an interrupted `create` stopped.
    pub fn create(path: &Path, database: &Path) -> Result<Self, CustodianError> {
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| unavailable(path, &e))?;
        check_directory(path, database)?;
        let lookup = path.join("lookup.key");
        if !lookup.exists() {
            write_key(&lookup)?;
        }
        Self::open(path, database)
    }

    pub fn open(path: &Path, database: &Path) -> Result<Self, CustodianError> {
        check_directory(path, database)?;
        forget_interrupted(path)?;
        let lookup = MacKey::new(&*read_key(&path.join("lookup.key"))?);
        Ok(KeyDirectory { path: path.to_owned(), lookup })
    }

    fn root_path(&self, epoch: u64) -> PathBuf {
        self.path.join(format!("root-{epoch}.key"))
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
    fn class(&self) -> &'static str {
        "key directory"
    }

    fn create_root(&self, epoch: u64) -> Result<(), CustodianError> {
        write_key(&self.root_path(epoch))
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

    fn lookup_mac(&self, message: &[u8]) -> Result<Hash, CustodianError> {
        Ok(self.lookup.mac(&[message]))
    }
}

fn check_directory(path: &Path, database: &Path) -> Result<(), CustodianError> {
    let metadata = fs::metadata(path).map_err(|e| unavailable(path, &e))?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CustodianError::Permissions { path: path.to_owned(), mode, wanted: 0o700 });
    }
    // Compared as real paths: a link into the database would put the keys into its backups.
    let inside = match (fs::canonicalize(path), fs::canonicalize(database)) {
        (Ok(path), Ok(database)) => path.starts_with(database),
        _ => path.starts_with(database),
    };
    if inside { Err(CustodianError::InsideDatabase { path: path.to_owned() }) } else { Ok(()) }
}

/// Temporary file, sync, link into place (fails where there is one), sync of the directory.
fn write_key(path: &Path) -> Result<(), CustodianError> {
    let key = Secret::random().map_err(|_| CustodianError::NoRandomness)?;
    let failed = |e: std::io::Error| unavailable(path, &e);
    let temporary = path.with_extension("new");
    let _ = fs::remove_file(&temporary);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary).map_err(failed)?;
    let text = Zeroizing::new(hex(&key[..]));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::hard_link(&temporary, path).map_err(|e| {
        if e.kind() == std::io::ErrorKind::AlreadyExists {
            CustodianError::Exists { path: path.to_owned() }
        } else {
            failed(e)
        }
    })?;
    fs::remove_file(&temporary).map_err(failed)?;
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory).and_then(|d| d.sync_all()).map_err(failed)
}

fn read_key(path: &Path) -> Result<Secret, CustodianError> {
    let mut file = File::open(path).map_err(|e| unavailable(path, &e))?;
    let mode = file.metadata().map_err(|e| unavailable(path, &e))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(CustodianError::Permissions { path: path.to_owned(), mode, wanted: 0o600 });
    }
    let mut text = Zeroizing::new(String::new());
    file.read_to_string(&mut text).map_err(|e| unavailable(path, &e))?;
    let mut key = Secret::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut key[..]).map_err(|_| CustodianError::NotAKey { path: path.to_owned() })?;
    Ok(key)
}

fn unavailable(path: &Path, error: &std::io::Error) -> CustodianError {
    CustodianError::Unavailable { path: path.to_owned(), reason: error.to_string() }
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
}
