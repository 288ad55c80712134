//! Zip files: what they hold stands at their end, so that room is asked for before anything is written.

use std::io::{BufReader, Read};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder};

use super::sink::{Broken, Odd, Sink, Step};
use super::{UnpackFault, kind};

/// The bits of a Unix mode that tell a file's type, and those of a link and a file.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_000;

/// A member, as the list at the end of the file tells it.
struct Member {
    name: Vec<u8>,
    /// Of a Unix mode; 0 where none is told.
    kind: u32,
    is_folder: bool,
    is_encrypted: bool,
    method: CompressionMethod,
    size: u64,
    packed: u64,
    place: ZipArchiveEntryWayfinder,
}

pub(super) fn read(archive: &Path, sink: &mut Sink<'_>) -> Step {
    let file = kind::open(archive).map_err(Broken::damaged)?;
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let zip = ZipArchive::from_file(file, &mut buffer).map_err(Broken::damaged)?;
    let (mut members, mut entries) = (Vec::new(), zip.entries(&mut buffer));
    while let Some(entry) = entries.next_entry().map_err(Broken::damaged)? {
        members.push(Member {
            name: entry.file_path().as_bytes().to_vec(),
            kind: entry.mode().value() & TYPE,
            is_folder: entry.is_dir(),
            is_encrypted: entry.flags().is_encrypted(),
            method: entry.compression_method(),
            size: entry.uncompressed_size_hint(),
            packed: entry.compressed_size_hint(),
            place: entry.wayfinder(),
        });
    }
    sink.will_take(members.iter().map(|member| member.size).fold(0, u64::saturating_add))?;
    let mut read: u64 = 0;
    for Member { name, kind, is_folder, is_encrypted, method, packed, place, .. } in members {
        let shown = || String::from_utf8_lossy(&name).into_owned();
        read = read.saturating_add(packed);
        sink.read_so_far(read);
        if is_folder || name.ends_with(b"/") || name.ends_with(b"\\") {
            continue;
        }
        match kind {
            LINK => {
                sink.leave_out(&name, Odd::Link);
                continue;
            }
            0 | FILE => {}
            _ => {
                sink.leave_out(&name, Odd::Device);
                continue;
            }
        }
        if is_encrypted {
            return Err(Broken::Fault(UnpackFault::Encrypted(shown())));
        }
        let member = zip.get_entry(place).map_err(Broken::damaged)?;
        let mut bytes: Box<dyn Read + '_> = match method {
            CompressionMethod::STORE => Box::new(member.verifying_reader(member.reader())),
            CompressionMethod::DEFLATE => {
                Box::new(member.verifying_reader(DeflateDecoder::new(BufReader::new(member.reader()))))
            }
            _ => {
                return Err(Broken::Fault(UnpackFault::Method { name: shown(), method: format!("{method:?}") }));
            }
        };
        sink.file(&name, &mut bytes, &|| None)?;
    }
    if sink.is_empty() { Err(Broken::Fault(UnpackFault::Empty)) } else { Ok(()) }
}
