//! Small files beside the database that are there whole or as they were before, and that nobody else can read.

use crate::store::NewFile;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Replaces a file: written under another name, synced, given its name, and the directory synced. Mode 0600.
pub fn replace<T>(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<T>) -> io::Result<T> {
    let mut new = NewFile::open(path)?;
    let mut out = BufWriter::with_capacity(1 << 16, &mut new.file);
    let written = write(&mut out).and_then(|written| out.flush().map(|()| written));
    // What was not flushed is not to be written when this is dropped.
    drop(out.into_parts());
    match written {
        Ok(written) => new.replace().map(|()| written),
        Err(error) => {
            new.throw_away();
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    #[test]
    fn a_file_is_replaced_whole_or_stays_as_it_was() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        replace(&path, |out| out.write_all(b"first")).expect("writes");
        fs::write(directory.path().join("file.new"), "left by a crash").expect("writes");
        replace(&path, |out| out.write_all(b"second")).expect("writes");
        let failed = replace(&path, |out| {
            out.write_all(b"third")?;
            Err::<(), _>(io::Error::other("stopped"))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).expect("reads"), b"second");
        assert_eq!(fs::metadata(&path).expect("is there").mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).expect("reads").count(), 1, "nothing else is left");
    }
}
