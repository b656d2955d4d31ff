//! The tile tree of C2SP tlog-tiles: paths, entry bundles, and our content bundles beside them.
//!
//! Encoding and decoding only; where the bytes come from and whether they are true is for others to say.

use crate::hash::Hash;
use crate::seal::{MAX_PADDED, OVERHEAD};
use std::fmt;
use std::io::{self, Read};

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Far above any body admission lets in; keeps a false length from taking the memory.
pub const MAX_BODY: usize = 16 << 20;
const MAX_SEALED: usize = MAX_PADDED + OVERHEAD;

/// `tile/<L>/<N>`, with `.p/<W>` for a width below 256.
pub fn tile_path(level: u8, number: u64, width: u64) -> String {
    format!("tile/{level}/{}", numbered(number, width))
}

/// `tile/entries/<N>[.p/<W>]`.
pub fn entries_path(number: u64, width: u64) -> String {
    format!("tile/entries/{}", numbered(number, width))
}

/// `content/<N>[.p/<W>]`.
pub fn content_path(number: u64, width: u64) -> String {
    format!("content/{}", numbered(number, width))
}

/// Width of tile `number` at `level` in a tree of `size` leaves: 256 if full, 0 if there is none.
pub fn width(level: u8, number: u64, size: u64) -> u64 {
    let hashes = size.checked_shr(8 * u32::from(level)).unwrap_or(0);
    hashes.saturating_sub(number.saturating_mul(TILE_WIDTH)).min(TILE_WIDTH)
}

/// Number in groups of three digits, all but the last prefixed with x: 1234067 is x001/x234/067.
fn numbered(number: u64, width: u64) -> String {
    let mut path = format!("{:03}", number % 1000);
    let mut rest = number / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE_WIDTH {
        path += &format!(".p/{width}");
    }
    path
}

/// Appends one entry to an entry bundle: u16 length ‖ bytes. An entry has at most 65,535 bytes (ours have 120).
pub fn put_entry(entry: &[u8], out: &mut Vec<u8>) {
    let length = u16::try_from(entry.len()).expect("an entry is far below 65,536 bytes");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(entry);
}

/// The entries of a bundle, in order; `None` if it is cut short.
pub fn entries(bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = bundle;
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    Some(entries)
}

/// Appends an entry's public content to a content bundle: u32 n ‖ salt ‖ body, or a zero when it was removed.
/// Its parts follow by [`put_part`].
pub fn put_body(content: Option<SaltAndBody<'_>>, out: &mut Vec<u8>) {
    let (salt, body): (&[u8], &[u8]) = match content {
        Some((salt, body)) => (salt, body),
        None => (&[], &[]),
    };
    let length = u32::try_from(salt.len() + body.len()).expect("a body is far below 4 GiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(salt);
    out.extend_from_slice(body);
}

/// Appends one part: its leaf hash ‖ u32 m ‖ S, or a zero when S was removed.
pub fn put_part(leaf: &Hash, sealed: Option<&[u8]>, out: &mut Vec<u8>) {
    let sealed = sealed.unwrap_or_default();
    let length = u32::try_from(sealed.len()).expect("a sealed part is about 1 MiB at most");
    out.extend_from_slice(leaf);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(sealed);
}

pub type SaltAndBody<'a> = (&'a [u8; 32], &'a [u8]);

/// Why a content bundle cannot be read on.
#[derive(Debug)]
pub enum ContentError {
    Io(io::Error),
    Malformed(&'static str),
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContentError::Io(error) => error.fmt(f),
            ContentError::Malformed(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ContentError {}

/// Walks a content bundle with the memory of one body or part. The caller knows from the headers how many parts each
/// entry has, and asks in order: body, its parts, next body…
pub struct ContentReader<R> {
    source: R,
    buffer: Vec<u8>,
}

impl<R: Read> ContentReader<R> {
    pub fn new(source: R) -> Self {
        ContentReader { source, buffer: Vec::new() }
    }

    /// Salt and body of the next entry; `None` when they were removed.
    pub fn body(&mut self) -> Result<Option<SaltAndBody<'_>>, ContentError> {
        let length = self.length(MAX_BODY, "a body's length exceeds all bounds")?;
        if length == 0 {
            return Ok(None);
        }
        self.fill(length)?;
        match self.buffer.split_first_chunk() {
            Some(salt_and_body) => Ok(Some(salt_and_body)),
            None => Err(ContentError::Malformed("a body has less than its salt")),
        }
    }

    /// Leaf hash and S of the next part; no S when it was removed.
    pub fn part(&mut self) -> Result<(Hash, Option<&[u8]>), ContentError> {
        let mut leaf = [0; 32];
        self.exactly(&mut leaf)?;
        let length = self.length(MAX_SEALED, "a sealed part's length exceeds all bounds")?;
        self.fill(length)?;
        Ok((leaf, (length > 0).then_some(&self.buffer[..])))
    }

    /// That nothing follows.
    pub fn end(mut self) -> Result<(), ContentError> {
        match self.source.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(ContentError::Malformed("bytes follow the last entry's content")),
            Err(error) => Err(ContentError::Io(error)),
        }
    }

    fn length(&mut self, max: usize, what: &'static str) -> Result<usize, ContentError> {
        let mut length = [0; 4];
        self.exactly(&mut length)?;
        usize::try_from(u32::from_be_bytes(length)).ok().filter(|n| *n <= max).ok_or(ContentError::Malformed(what))
    }

    fn fill(&mut self, length: usize) -> Result<(), ContentError> {
        self.buffer.resize(length, 0);
        let mut buffer = std::mem::take(&mut self.buffer);
        let filled = self.exactly(&mut buffer);
        self.buffer = buffer;
        filled
    }

    fn exactly(&mut self, bytes: &mut [u8]) -> Result<(), ContentError> {
        self.source.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ContentError::Malformed("the content is cut short"),
            _ => ContentError::Io(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile_path(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(tile_path(2, 0, 1), "tile/2/000.p/1");
        assert_eq!(entries_path(273, 112), "tile/entries/273.p/112");
        assert_eq!(content_path(1000, 256), "content/x001/000");
    }

    /// The example of the specification: a tree of 70,000, and one of 256.
    #[test]
    fn widths_are_those_of_the_specification() {
        assert_eq!(width(0, 272, 70_000), 256);
        assert_eq!(width(0, 273, 70_000), 112);
        assert_eq!(width(0, 274, 70_000), 0);
        assert_eq!((width(1, 0, 70_000), width(1, 1, 70_000)), (256, 17));
        assert_eq!((width(2, 0, 70_000), width(3, 0, 70_000)), (1, 0));
        assert_eq!((width(0, 0, 256), width(1, 0, 256)), (256, 1));
        assert_eq!(width(8, 0, u64::MAX), 0);
    }

    #[test]
    fn content_is_read_as_it_was_written() {
        let mut bundle = Vec::new();
        put_body(Some((&[7; 32], b"body")), &mut bundle);
        put_part(&[1; 32], Some(b"sealed"), &mut bundle);
        put_part(&[2; 32], None, &mut bundle);
        put_body(None, &mut bundle);

        let mut reader = ContentReader::new(&bundle[..]);
        assert_eq!(reader.body().unwrap(), Some((&[7; 32], &b"body"[..])));
        assert_eq!(reader.part().unwrap(), ([1; 32], Some(&b"sealed"[..])));
        assert_eq!(reader.part().unwrap(), ([2; 32], None));
        assert_eq!(reader.body().unwrap(), None);
        assert!(reader.end().is_ok());

        let mut reader = ContentReader::new(&bundle[..bundle.len() - 5]);
        assert!(reader.body().is_ok() && reader.part().is_ok());
        assert!(matches!(reader.part(), Err(ContentError::Malformed("the content is cut short"))));
        let mut reader = ContentReader::new(&[0, 0, 0, 31, 0][..]);
        assert!(reader.body().is_err());
        let mut reader = ContentReader::new(&[255, 0, 0, 31, 0][..]);
        assert!(reader.body().is_err());
    }

    #[test]
    fn bundles_are_read_as_they_were_written() {
        let mut bundle = Vec::new();
        put_entry(b"one", &mut bundle);
        put_entry(b"", &mut bundle);
        assert_eq!(entries(&bundle), Some(vec![&b"one"[..], b""]));
        assert_eq!(entries(&bundle[..bundle.len() - 1]), None);
        assert_eq!(entries(&bundle[..4]), None);
    }
}
