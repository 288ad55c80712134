//! Zip files: what they hold stands at their end, so that room is asked for before anything is written.

use std::io::BufReader;
use std::path::Path;

use zip::CompressionMethod;
use zip::ZipArchive;

use super::sink::{Broken, Odd, Sink, Step};
use super::{UnpackFault, kind};

/// The bits of a Unix mode that tell a file's type, and those of a link, a file and a folder.
const TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

pub(super) fn read(archive: &Path, sink: &mut Sink<'_>) -> Step {
    let file = kind::open(archive).map_err(Broken::damaged)?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(Broken::damaged)?;
    let needed = (0..zip.len()).map(|member| zip.by_index_data(member).map_or(0, |member| member.size()));
    sink.will_take(needed.fold(0, u64::saturating_add))?;
    let mut read: u64 = 0;
    for member in 0..zip.len() {
        let about = zip.by_index_data(member).map_err(Broken::damaged)?;
        let (name, packed) = (about.name_raw().to_vec(), about.compressed_size());
        let shown = || String::from_utf8_lossy(&name).into_owned();
        read = read.saturating_add(packed);
        sink.read_so_far(read);
        match about.unix_mode().map_or(0, |mode| mode & TYPE) {
            LINK => {
                sink.leave_out(&name, Odd::Link);
                continue;
            }
            0 | FILE | FOLDER => {}
            _ => {
                sink.leave_out(&name, Odd::Device);
                continue;
            }
        }
        if about.is_dir() || name.ends_with(b"/") || name.ends_with(b"\\") {
            continue;
        }
        if about.encrypted() {
            return Err(Broken::Fault(UnpackFault::Encrypted(shown())));
        }
        let method = about.compression();
        if method != CompressionMethod::Stored && method != CompressionMethod::Deflated {
            return Err(Broken::Fault(UnpackFault::Method { name: shown(), method: method.to_string() }));
        }
        let mut member = zip.by_index(member).map_err(Broken::damaged)?;
        sink.file(&name, &mut member, &|| None)?;
    }
    if sink.is_empty() { Err(Broken::Fault(UnpackFault::Empty)) } else { Ok(()) }
}
