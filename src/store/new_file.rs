//! Files beside the database that are there whole or not at all: a crash in the middle of making one must not leave what
//! nothing can open.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// A file under another name until it is complete; mode 0600.
pub struct NewFile {
    pub file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl NewFile {
    /// What an interrupted attempt left under the temporary name is thrown away.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".new");
        let temporary = path.with_file_name(name);
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&temporary)?;
        Ok(NewFile { file, temporary, path: path.to_owned() })
    }

    /// Syncs it and gives it its name; refuses where something has that name.
    pub fn put_in_place(self) -> io::Result<()> {
        self.file.sync_all()?;
        let linked = fs::hard_link(&self.temporary, &self.path);
        fs::remove_file(&self.temporary)?;
        linked?;
        self.sync_directory()
    }

    /// The same, over whatever has that name.
    pub fn replace(self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        self.sync_directory()
    }

    /// What was begun is not wanted.
    pub fn throw_away(self) {
        let _ = fs::remove_file(&self.temporary);
    }

    fn sync_directory(&self) -> io::Result<()> {
        match self.path.parent() {
            Some(directory) => File::open(directory)?.sync_all(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn what_was_interrupted_is_made_anew_and_what_is_there_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key");
        fs::write(directory.path().join("key.new"), "half").expect("writes");
        let mut new = NewFile::open(&path).expect("opens");
        new.file.write_all(b"whole").expect("writes");
        assert!(!path.exists());
        new.put_in_place().expect("is complete");
        assert_eq!(fs::read(&path).expect("reads"), b"whole");
        let again = NewFile::open(&path).expect("opens").put_in_place();
        assert_eq!(again.expect_err("there is one").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).expect("reads"), b"whole");
        assert_eq!(fs::read_dir(directory.path()).expect("reads").count(), 1, "nothing else is left");
    }
}
