//! The files of an export. Reads; judges nothing but whether it can read.

use super::Unreadable;
use crate::hash::Hash;
use crate::note::VerifierKey;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

pub struct Directory {
    root: PathBuf,
}

impl Directory {
    pub fn new(root: &Path) -> Self {
        Directory { root: root.to_owned() }
    }

    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    pub fn required(&self, path: &str) -> Result<Vec<u8>, Unreadable> {
        fs::read(self.root.join(path)).map_err(|error| unreadable(path, &error))
    }

    /// Nothing if there is no such file.
    pub fn optional(&self, path: &str) -> Result<Option<Vec<u8>>, Unreadable> {
        found(path, fs::read(self.root.join(path)))
    }

    pub fn stream(&self, path: &str) -> Result<Option<BufReader<File>>, Unreadable> {
        Ok(found(path, File::open(self.root.join(path)))?.map(|file| BufReader::with_capacity(1 << 16, file)))
    }

    pub fn verifier_keys(&self) -> Result<Vec<VerifierKey>, Unreadable> {
        let path = "vkeys";
        let text = String::from_utf8(self.required(path)?)
            .map_err(|_| Unreadable { path: path.into(), what: "it is not UTF-8".into() })?;
        let lines = text.lines().filter(|line| !line.is_empty());
        let keys = lines.map(|line| {
            VerifierKey::parse(line).map_err(|error| Unreadable { path: path.into(), what: error.to_string() })
        });
        keys.collect()
    }

    /// Which parts have a disclosed key.
    pub fn openings(&self) -> Result<Openings, Unreadable> {
        let path = "openings";
        let Some(listing) = found(path, fs::read_dir(self.root.join(path)))? else { return Ok(Openings::default()) };
        let mut places = BTreeSet::new();
        for file in listing {
            let name = file.map_err(|error| unreadable(path, &error))?.file_name();
            let place = name.to_str().and_then(|name| {
                let (index, ordinal) = name.split_once('.')?;
                let place = (index.parse().ok()?, ordinal.parse().ok()?);
                (format!("{}.{}", place.0, place.1) == name).then_some(place)
            });
            places.insert(place.ok_or_else(|| Unreadable {
                path: format!("{path}/{}", name.to_string_lossy()),
                what: "its name is not an index and an ordinal".into(),
            })?);
        }
        Ok(Openings { places })
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
        Ok(files.required(&Openings::path(index, ordinal))?.try_into().ok())
    }
}

fn found<T>(path: &str, result: io::Result<T>) -> Result<Option<T>, Unreadable> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &str, error: &io::Error) -> Unreadable {
    Unreadable { path: path.into(), what: error.to_string() }
}
