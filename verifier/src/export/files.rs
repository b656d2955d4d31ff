//! The files of an export. Reads; judges nothing but whether it can read.
//!
//! Whoever made the export may wish us ill: a pipe would be waited on for ever, a device read without end, a symbolic
//! link would lead out of the export. So only regular files are opened, in real directories, and of each no more is read
//! than can be expected at its place. That nobody changes the export meanwhile is for the caller to see to.

use super::Unreadable;
use crate::hash::Hash;
use crate::note::VerifierKey;
use std::collections::BTreeSet;
use std::fs::{self, File, FileType};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Some thousand keys: more than anybody compares with keys that came another way.
const MAX_KEYS_BYTES: usize = 1 << 20;

pub struct Directory {
    root: PathBuf,
}

impl Directory {
    pub fn new(root: &Path) -> Self {
        Directory { root: root.to_owned() }
    }

    /// Whether there is such a directory.
    pub fn has(&self, path: &str) -> Result<bool, Unreadable> {
        match self.stands(path)? {
            None => Ok(false),
            Some(kind) if kind.is_dir() => Ok(true),
            Some(_) => Err(refused(path, "it is not a directory")),
        }
    }

    pub fn required(&self, path: &str, most: usize) -> Result<Vec<u8>, Unreadable> {
        self.optional(path, most)?.ok_or_else(|| refused(path, "there is no such file"))
    }

    /// Nothing if there is no such file. Of one that is longer than `most` a single byte more is read, by which it shows.
    pub fn optional(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, Unreadable> {
        let Some(file) = self.open(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        file.take(most as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
        Ok(Some(bytes))
    }

    /// For a file of any length, whose reader bounds its memory.
    pub fn stream(&self, path: &str) -> Result<Option<BufReader<File>>, Unreadable> {
        Ok(self.open(path)?.map(|file| BufReader::with_capacity(1 << 16, file)))
    }

    fn open(&self, path: &str) -> Result<Option<File>, Unreadable> {
        match self.stands(path)? {
            None => Ok(None),
            Some(kind) if kind.is_file() => {
                File::open(self.root.join(path)).map(Some).map_err(|error| unreadable(path, &error))
            }
            Some(_) => Err(refused(path, "it is not a regular file")),
        }
    }

    /// What stands at a path, if anything. No symbolic link is followed, not on the way either.
    fn stands(&self, path: &str) -> Result<Option<FileType>, Unreadable> {
        let (mut at, mut found) = (self.root.clone(), None::<FileType>);
        for name in path.split('/') {
            if found.is_some_and(|kind| !kind.is_dir()) {
                return Err(refused(path, "what it stands in is not a directory"));
            }
            at.push(name);
            match fs::symlink_metadata(&at) {
                Ok(metadata) => found = Some(metadata.file_type()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(unreadable(path, &error)),
            }
        }
        Ok(found)
    }

    pub fn verifier_keys(&self) -> Result<Vec<VerifierKey>, Unreadable> {
        let path = "vkeys";
        let bytes = self.required(path, MAX_KEYS_BYTES)?;
        if bytes.len() > MAX_KEYS_BYTES {
            return Err(refused(path, "it is longer than 1 MiB"));
        }
        let text = String::from_utf8(bytes).map_err(|_| refused(path, "it is not UTF-8"))?;
        let lines = text.lines().filter(|line| !line.is_empty());
        lines.map(|line| VerifierKey::parse(line).map_err(|error| refused(path, &error.to_string()))).collect()
    }

    /// Which parts have a disclosed key.
    pub fn openings(&self) -> Result<Openings, Unreadable> {
        let named = |name: &str| {
            let (index, ordinal) = name.split_once('.')?;
            let place = (index.parse().ok()?, ordinal.parse().ok()?);
            (format!("{}.{}", place.0, place.1) == name).then_some(place)
        };
        Ok(Openings { places: self.listing("openings", "an index and an ordinal", named)? })
    }

    /// Which entries have a list of what they erased.
    pub fn erasures(&self) -> Result<BTreeSet<u64>, Unreadable> {
        let named = |name: &str| name.parse().ok().filter(|index: &u64| index.to_string() == name);
        self.listing("erasures", "an index", named)
    }

    /// What the names of files in a directory mean, if there is such a directory.
    fn listing<T: Ord>(
        &self,
        path: &str,
        expected: &str,
        named: impl Fn(&str) -> Option<T>,
    ) -> Result<BTreeSet<T>, Unreadable> {
        if !self.has(path)? {
            return Ok(BTreeSet::new());
        }
        let listing = fs::read_dir(self.root.join(path)).map_err(|error| unreadable(path, &error))?;
        let mut found = BTreeSet::new();
        for file in listing {
            let name = file.map_err(|error| unreadable(path, &error))?.file_name();
            let meant = name.to_str().and_then(&named);
            let refused =
                || refused(&format!("{path}/{}", name.to_string_lossy()), &format!("its name is not {expected}"));
            found.insert(meant.ok_or_else(refused)?);
        }
        Ok(found)
    }
}

/// (index, ordinal) of the parts whose key is disclosed.
#[derive(Debug, Default)]
pub struct Openings {
    places: BTreeSet<(u64, u32)>,
}

impl Openings {
    pub fn has(&self, index: u64, ordinal: u32) -> bool {
        self.places.contains(&(index, ordinal))
    }

    /// The first disclosed ordinal of an entry at or beyond `parts`.
    pub fn beyond(&self, index: u64, parts: u32) -> Option<u32> {
        self.places.range((index, parts)..=(index, u32::MAX)).next().map(|(_, ordinal)| *ordinal)
    }

    /// Those that no entry of the export can use.
    pub fn outside(&self, size: u64, has_content: bool) -> impl Iterator<Item = (u64, u32)> {
        self.places.iter().copied().filter(move |(index, _)| *index >= size || !has_content)
    }

    pub fn path(index: u64, ordinal: u32) -> String {
        format!("openings/{index}.{ordinal}")
    }

    /// A disclosed key; nothing if the file has not its length.
    pub fn key(files: &Directory, index: u64, ordinal: u32) -> Result<Option<Hash>, Unreadable> {
        Ok(files.required(&Openings::path(index, ordinal), size_of::<Hash>())?.try_into().ok())
    }
}

fn unreadable(path: &str, error: &io::Error) -> Unreadable {
    refused(path, &error.to_string())
}

fn refused(path: &str, what: &str) -> Unreadable {
    Unreadable { path: path.into(), what: what.into() }
}
