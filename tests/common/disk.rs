//! A disk that stalls, fails, writes short and forgets what was not synced, and a clock that is wrong.
//!
//! `disk.c` is compiled here and preloaded into the server; `Disk` says what it shall do, and `lose_power` takes away
//! what no sync had vouched for, which a killed process alone never loses: the kernel keeps its pages.

use super::{Setup, until};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use tempfile::TempDir;

/// Controls of one server's disk and clock.
pub struct Disk(TempDir);

impl Disk {
    /// Nothing where no C compiler is at hand; says so.
    pub fn new() -> Option<Self> {
        library()?;
        let directory = tempfile::Builder::new().prefix("whosaw-disk-").tempdir().expect("a temporary directory");
        fs::create_dir(directory.path().join("content")).expect("a directory");
        Some(Disk(directory))
    }

    /// A server on this disk.
    pub fn under(&self, setup: Setup) -> Setup {
        let library = library().expect("there is a disk, so there is a library");
        let control = self.0.path().to_str().expect("a plain path").to_owned();
        setup.env("LD_PRELOAD", library.to_str().expect("a plain path")).env("DISK_CONTROL", control)
    }

    /// From here on `what` (see disk.c) concerns files whose path holds `piece`.
    pub fn set(&self, what: &str, piece: &str) {
        // In one step, so that no half-written control is ever read.
        let next = self.0.path().join("control");
        fs::write(&next, piece).expect("a control can be written");
        fs::rename(next, self.0.path().join(what)).expect("a control can be put in place");
    }

    pub fn clear(&self, what: &str) {
        fs::remove_file(self.0.path().join(what)).expect("the control is there");
        let _ = fs::remove_file(self.0.path().join("stalled"));
    }

    /// Waits until a sync hangs.
    pub async fn stalled(&self) {
        until("a sync that stalls", || async { self.0.path().join("stalled").exists() }).await;
    }

    /// Length of each file at the last sync that was answered.
    pub fn synced(&self) -> BTreeMap<PathBuf, u64> {
        let book = fs::read_to_string(self.0.path().join("synced")).unwrap_or_default();
        let lines = book.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(length, path)| (PathBuf::from(path), length.parse().expect("a length"))).collect()
    }

    /// Starts the books anew: whatever lies on the disk now counts as synced.
    pub fn begin(&self, data: &Path) {
        let mut book = String::new();
        let database = fs::canonicalize(data.join("db")).expect("a database");
        for file in fs::read_dir(&database).expect("a directory").flatten() {
            book += &format!("{} {}\n", file.metadata().expect("it is there").len(), file.path().display());
        }
        fs::write(self.0.path().join("synced"), book).expect("the books can be written");
    }

    /// What a power failure at this moment may leave of a stopped server: of files that only grow (logs, tables,
    /// manifests) no byte that was not synced, and the guard as it was synced. Answers how many bytes went.
    pub fn lose_power(&self, data: &Path) -> u64 {
        let (synced, mut lost) = (self.synced(), 0);
        let database = fs::canonicalize(data.join("db")).expect("a database");
        for file in fs::read_dir(&database).expect("a directory").flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if !(name.ends_with(".log") || name.ends_with(".sst") || name.starts_with("MANIFEST-")) {
                continue;
            }
            let length = file.metadata().expect("it is there").len();
            let kept = synced.get(&file.path()).copied().unwrap_or(0).min(length);
            let open = File::options().write(true).open(file.path()).expect("a file");
            open.set_len(kept).expect("a file can be cut");
            lost += length - kept;
        }
        for file in fs::read_dir(self.0.path().join("content")).expect("a directory").flatten() {
            let path = PathBuf::from(file.file_name().to_string_lossy().replace('%', "/"));
            fs::copy(file.path(), path).expect("the guard can be put back");
        }
        lost
    }
}

/// disk.c, compiled once for this process.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let made = LIBRARY.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("disk.so");
        let next = library.with_extension(std::process::id().to_string());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/disk.c");
        match Command::new("cc").args(["-shared", "-fPIC", "-O1", "-Wall", "-o"]).args([&next, &source]).output() {
            Ok(output) if output.status.success() => {
                // In one step: other tests may be starting servers on the one that is there.
                fs::rename(next, &library).expect("the library can be put in place");
                Some(library)
            }
            Ok(output) => panic!("disk.c does not compile:\n{}", String::from_utf8_lossy(&output.stderr)),
            Err(_) => None,
        }
    });
    if made.is_none() {
        println!("skipped: there is no C compiler (cc), so no bad disk can be put under a server");
    }
    made.as_deref()
}
