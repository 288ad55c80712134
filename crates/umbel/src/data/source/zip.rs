//! Lists a zip by the directory at its end.

use std::path::Path;

use rawzip::{CompressionMethod, ZipArchive};

use super::archive::ArchiveFault;
use super::listed::{Listed, Stopped};
use super::members::{Member, Packing};
use crate::base::problem::ProblemKind;
use crate::base::regular;

/// What the mode of a member has where it is a link.
const LINK: u32 = 0o12;

/// Lists the members of the zip at `path`.
pub fn list(path: &Path, listed: &mut Listed<'_>) -> Result<(), Stopped> {
    let damaged = |error: rawzip::Error| Stopped::from(ArchiveFault::Damaged(error.to_string()));
    let file = regular::open(path).map_err(ArchiveFault::from)?;
    let bytes = file.metadata().map_err(ArchiveFault::from)?.len();
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipArchive::from_file(file, &mut buffer).map_err(damaged)?;
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        if entry.is_dir() {
            continue;
        }
        // The standard has slashes; some programs of Windows write their own.
        let raw = entry.file_path();
        let name: Vec<u8> = raw.as_bytes().iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect();
        let packing = match entry.compression_method() {
            CompressionMethod::STORE => Packing::Stored,
            CompressionMethod::DEFLATE => Packing::Deflated,
            _ => {
                let detail = "compressed in a way that is not read; pack it anew, or unpack it";
                listed.unusable(&name, ProblemKind::Unsupported, detail);
                continue;
            }
        };
        if entry.flags().is_encrypted() {
            listed.unusable(&name, ProblemKind::Unsupported, "encrypted in the archive; unpack it");
            continue;
        }
        if entry.mode().value() >> 12 == LINK {
            listed.unusable(&name, ProblemKind::Unreadable, "a link, which is not followed in an archive");
            continue;
        }
        let (size, crc) = (entry.uncompressed_size_hint(), Some(entry.crc32()));
        let place = archive.get_entry(entry.wayfinder()).map(|entry| entry.compressed_data_range());
        match place {
            Ok((start, end)) if start <= end && end <= bytes => {
                let member = Member { container: 0, offset: start, stored: end - start, size, packing, crc };
                listed.member(&name, member)?;
            }
            Ok(_) => listed.unusable(&name, ProblemKind::Damaged, "it lies beyond the end of the archive"),
            Err(error) => {
                listed.unusable(&name, ProblemKind::Damaged, &format!("it is damaged in the archive: {error}"))
            }
        }
    }
    Ok(())
}
