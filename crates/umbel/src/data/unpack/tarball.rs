//! Tars, plain and compressed: read from the first byte to the last, as they cannot be read otherwise.

use std::cell::Cell;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use super::frames::Frames;
use super::sink::{Broken, Odd, Sink, Step};
use super::{ArchiveKind, Counted, UnpackFault, kind};

pub(super) fn read(archive: &Path, kind: ArchiveKind, sink: &mut Sink<'_>) -> Step {
    let file = kind::open(archive).map_err(Broken::damaged)?;
    sink.will_take(file.metadata().map_or(0, |about| about.len()))?;
    let read = Cell::new(0);
    let buffered = BufReader::with_capacity(1 << 16, Counted { inner: file, read: &read });
    let stream: Box<dyn Read + '_> = match kind {
        ArchiveKind::Tar | ArchiveKind::Zip => Box::new(buffered),
        ArchiveKind::TarGz => Box::new(MultiGzDecoder::new(buffered)),
        ArchiveKind::TarZst => Box::new(Frames::new(buffered)),
    };
    let consumed = || Some(read.get());
    let mut tar = tar::Archive::new(stream);
    for entry in tar.entries().map_err(Broken::damaged)? {
        let mut entry = entry.map_err(Broken::damaged)?;
        sink.read_so_far(read.get());
        let name = entry.path_bytes().into_owned();
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                sink.file(&name, &mut entry, &consumed)?;
            }
            EntryType::Link | EntryType::Symlink => sink.leave_out(&name, Odd::Link),
            EntryType::Char | EntryType::Block | EntryType::Fifo => sink.leave_out(&name, Odd::Device),
            // Folders are made where files lie in them; the others tell of the members behind them, and the crate has read them.
            EntryType::Directory
            | EntryType::GNULongName
            | EntryType::GNULongLink
            | EntryType::XGlobalHeader
            | EntryType::XHeader => {}
            // Letters that no standard knows: POSIX has them read as files, but for nobody knows what.
            _ => sink.leave_out(&name, Odd::Device),
        }
    }
    sink.drain(&mut tar.into_inner(), &consumed)?;
    if sink.is_empty() { Err(Broken::Fault(UnpackFault::Empty)) } else { Ok(()) }
}
