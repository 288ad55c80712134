//! Lays files into a tar before any of their bytes are there: each has its place by the sizes of those before it, so that they may come in
//! any order, several at once.

use tar::{EntryType, Header};

const BLOCK: u64 = 512;
/// What the header holds of a name; a longer one lies in front of it.
const SHORT: usize = 100;
/// The tar ends with so many empty blocks.
const END: u64 = 2 * BLOCK;

/// A kind of entry that is the maker's own, by POSIX, and nobody else's.
const PASSED_OVER: u8 = b'Z';

/// A tar in the making.
#[derive(Default)]
pub struct Layout {
    /// Headers, and where each lies.
    pub heads: Vec<(u64, Vec<u8>)>,
    end: u64,
}

impl Layout {
    /// Makes room for a file, and gives where its bytes come to lie.
    pub fn add(&mut self, path: &str, size: u64) -> u64 {
        let head = head(path, size);
        let at = self.end + head.len() as u64;
        self.heads.push((self.end, head));
        self.end = at + size.next_multiple_of(BLOCK);
        at
    }

    /// Bytes of the whole tar.
    pub fn bytes(&self) -> u64 {
        self.end + END
    }
}

/// A header of what is passed over, whatever it is, in the place of one that [`Layout`] made.
pub fn void(head: &[u8]) -> Vec<u8> {
    let (before, own) = head.split_at(head.len() - BLOCK as usize);
    let mut header = Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(own);
    header.set_entry_type(EntryType::new(PASSED_OVER));
    header.set_cksum();
    [before, header.as_bytes()].concat()
}

fn head(path: &str, size: u64) -> Vec<u8> {
    let mut head = Vec::new();
    if path.len() >= SHORT {
        head.extend_from_slice(header(b"././@LongLink", path.len() as u64 + 1, EntryType::GNULongName).as_bytes());
        head.extend_from_slice(path.as_bytes());
        head.resize(head.len() + 1, 0);
        head.resize(head.len().next_multiple_of(BLOCK as usize), 0);
    }
    head.extend_from_slice(header(path.as_bytes(), size, EntryType::Regular).as_bytes());
    head
}

fn header(name: &[u8], size: u64, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    let short = &name[..name.len().min(SHORT)];
    header.as_old_mut().name[..short.len()].copy_from_slice(short);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_mtime(0);
    header.set_cksum();
    header
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_tar_that_was_laid_out_is_read_by_everybody() {
        let long = format!("{}/{}.jpg", "rose".repeat(40), "ü".repeat(60));
        let files = [
            ("a/1.jpg", "one"),
            ("a/empty", ""),
            (long.as_str(), "long"),
            (&"x".repeat(100), "hundred"),
            (&"y".repeat(99), "less"),
        ];
        let (mut layout, mut bytes) = (Layout::default(), Vec::new());
        let places: Vec<u64> = files.iter().map(|(path, text)| layout.add(path, text.len() as u64)).collect();
        bytes.resize(layout.bytes() as usize, 0);
        let texts = files.iter().zip(&places).map(|((_, text), at)| (*at, text.as_bytes()));
        for (at, part) in layout.heads.iter().map(|(at, head)| (*at, head.as_slice())).chain(texts) {
            bytes[at as usize..at as usize + part.len()].copy_from_slice(part);
        }
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut read = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            read.push((String::from_utf8(entry.path_bytes().into_owned()).unwrap(), text));
        }
        let expected: Vec<(String, String)> =
            files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
        assert_eq!(read, expected);
    }
}
