//! Damaged archives: what is unpacked of them stays in its folder and within its bounds.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use rawzip::CompressionMethod;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::unpack::unpack;
use umbel::data::{ArchiveKind, UnpackLimits};

use crate::allocator::Cost;
use crate::archives::zip_of;
use crate::mutate;
use crate::watch::{self, Kind};

/// A Zstandard frame may ask for a window of 100 MiB.
const LIMIT: Cost = Cost { peak: 256 << 20, largest: 128 << 20 };

fn tar() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in [("daisy/1.jpg", &b"one of them"[..]), ("roses/deep/er/2.jpg", &[7; 3000])] {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(&mut link, "roses/link", "/etc/passwd").unwrap();
    tar.into_inner().unwrap()
}

fn seeds() -> Vec<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar()).unwrap();
    let files = ["daisy/1.jpg", "roses/2.jpg"].map(|name| (name.to_string(), vec![9; 2000])).to_vec();
    let zip = zip_of(&files, CompressionMethod::DEFLATE);
    vec![tar(), gzip.finish().unwrap(), compress_to_vec(&tar()[..], CompressionLevel::Fastest), zip]
}

#[test]
fn archive() {
    let (folder, seeds) = (tempfile::tempdir().unwrap(), seeds());
    let limits = UnpackLimits { bytes: 1 << 20, files: 100, ratio: 200 };
    let read = |bytes: &[u8]| {
        let (archive, desk) = (folder.path().join("archive"), folder.path().join("desk"));
        fs::write(&archive, bytes).unwrap();
        fs::create_dir(&desk).unwrap();
        if let Ok(Some(kind)) = ArchiveKind::of(&archive) {
            let unpacked = unpack(&archive, kind, &desk.join("out"), &limits, &mut Silent, &Interrupt::default());
            // Nothing beside the folder, and nothing of it where it failed.
            let beside: Vec<_> = fs::read_dir(&desk).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert!(beside.iter().all(|name| name == "out") && beside.is_empty() == unpacked.is_err(), "{beside:?}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "beside the desk");
        }
        fs::remove_dir_all(&desk).unwrap();
    };
    let damaged = |random: &mut mutate::Random| mutate::bytes(random, &seeds);
    watch::run(&Kind { name: "archive", share: 10, damaged: &damaged, read: &read, limit: LIMIT });
}
