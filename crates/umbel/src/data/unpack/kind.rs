//! What kind of archive a file is: its first bytes tell, whatever its name says.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::frames::Frames;
use crate::base::caught::caught;
use crate::base::regular;

/// The kinds of archives that are unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveKind {
    /// `.tar`
    Tar,
    /// `.tar.gz`, `.tgz`
    TarGz,
    /// `.tar.zst`
    TarZst,
    /// `.zip`
    Zip,
}

/// The ends that names of archives have.
pub const ENDS: [&str; 6] = [".tar.gz", ".tar.zst", ".tgz", ".tzst", ".tar", ".zip"];

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Of a file with members, and of one without.
const ZIP: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// Of a tar's header.
const BLOCK: usize = 512;

impl ArchiveKind {
    /// By the first bytes of the file; `None` where it is no archive of these kinds. (What is compressed is so if there is a tar in it.)
    ///
    /// # Errors
    /// The system's, where the file cannot be read.
    pub fn of(path: &Path) -> std::io::Result<Option<Self>> {
        let mut file = regular::open(path)?;
        let first = beginning(&mut file)?;
        if ZIP.iter().any(|magic| first.starts_with(magic)) {
            return Ok(Some(ArchiveKind::Zip));
        }
        file.rewind()?;
        // Whatever goes wrong inside is told when it is unpacked.
        let within = |mut inside: Box<dyn Read>| match caught(|| beginning(&mut inside)) {
            Some(Ok(first)) => is_tar(&first),
            Some(Err(_)) | None => true,
        };
        Ok(if first.starts_with(&GZIP) {
            within(Box::new(MultiGzDecoder::new(BufReader::new(file)))).then_some(ArchiveKind::TarGz)
        } else if first.starts_with(&ZSTD) {
            within(Box::new(Frames::new(BufReader::new(file)))).then_some(ArchiveKind::TarZst)
        } else {
            is_tar(&first).then_some(ArchiveKind::Tar)
        })
    }

    /// `name` without the end that names of archives have; `None` where it has none.
    pub fn stem(name: &str) -> Option<&str> {
        let ends_so = |end: &&str| {
            let at = name.len().checked_sub(end.len()).filter(|at| *at > 0)?;
            name.get(at..)?.eq_ignore_ascii_case(end).then(|| &name[..at])
        };
        ENDS.iter().find_map(ends_so)
    }
}

fn beginning(from: &mut (impl Read + ?Sized)) -> std::io::Result<Vec<u8>> {
    let mut first = Vec::with_capacity(BLOCK);
    from.take(BLOCK as u64).read_to_end(&mut first)?;
    Ok(first)
}

/// A header whose checksum is right: tars of before 1988 have no magic number. An empty one is all zeros.
fn is_tar(first: &[u8]) -> bool {
    let Ok(block) = <&[u8; BLOCK]>::try_from(first) else { return false };
    if block.iter().all(|byte| *byte == 0) {
        return true;
    }
    let header = tar::Header::from_byte_slice(block);
    let sum: u32 =
        block.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u32::from(*byte) }).sum();
    header.cksum().is_ok_and(|told| told == sum)
}

/// The file at its beginning, for what reads it.
pub(super) fn open(path: &Path) -> std::io::Result<File> {
    regular::open(path)
}
