//! Archives: every kind of them, and every way to make one that does harm.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use rawzip::CompressionMethod;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use tempfile::TempDir;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::unpack::{free_bytes, unpack};
use umbel::data::{self, ArchiveKind, UnpackFault, UnpackLimits, Unpacked};
use umbel::{Error, ErrorKind};

use super::archives::zip_with;

/// Name, type and bytes of a member.
type Member<'a> = (&'a [u8], tar::EntryType, &'a [u8]);

const FILE: tar::EntryType = tar::EntryType::Regular;

/// A tar as nobody's library would write it: names are taken as they are.
fn tar_of(members: &[Member<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o4777);
        if matches!(kind, tar::EntryType::Symlink | tar::EntryType::Link) {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let members: Vec<_> = members.iter().map(|(name, bytes)| (*name, *bytes, 0o104_777)).collect();
    zip_with(&members, CompressionMethod::DEFLATE)
}

/// A folder for an archive and for what becomes of it.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn unpack(&self, bytes: &[u8]) -> Result<Unpacked, Error> {
        self.unpack_within(bytes, &UnpackLimits::default())
    }

    fn unpack_within(&self, bytes: &[u8], limits: &UnpackLimits) -> Result<Unpacked, Error> {
        // The name tells nothing.
        let archive = self.path("archive.dat");
        fs::write(&archive, bytes).unwrap();
        let kind = ArchiveKind::of(&archive).unwrap().expect("it is an archive");
        unpack(&archive, kind, &self.path("out"), limits, &mut Silent, &Interrupt::default())
    }

    /// What lies in the desk, without the archive: nothing comes to lie beside the folder.
    fn found(&self) -> Vec<String> {
        fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                assert!(!path.is_symlink(), "{}", path.display());
                if path.is_dir() {
                    walk(root, &path, found)
                } else {
                    found.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
                }
            }
        }
        let mut found = Vec::new();
        walk(self.folder.path(), self.folder.path(), &mut found);
        found.retain(|name| name != "archive.dat");
        found.sort();
        found
    }
}

fn fault(error: Error) -> UnpackFault {
    match error {
        Error::Data(data::Error::Unpack { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_kind_is_told_by_its_bytes_and_unpacked() {
    let tar =
        tar_of(&[(b"a/1.jpg", FILE, b"one"), (b"a/b/2.jpg", FILE, b"two"), (b"c/", tar::EntryType::Directory, b"")]);
    let zip = zip_of(&[("a/1.jpg", b"one"), ("a/b/2.jpg", b"two"), ("c/", b"")]);
    // Two frames, and one that holds nothing between them, as pzstd writes; two members, as pigz does.
    let (first, last) = tar.split_at(700);
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let frames = [zstd(first), skipped, zstd(last)].concat();
    let members = [gzip(first), gzip(last)].concat();
    for (what, bytes) in [
        ("tar", tar.clone()),
        ("tar.gz", gzip(&tar)),
        ("tar.gz in two", members),
        ("tar.zst", zstd(&tar)),
        ("tar.zst in frames", frames),
        ("zip", zip),
    ] {
        let desk = Desk::new();
        let unpacked = desk.unpack(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!((unpacked.files, unpacked.bytes, unpacked.oddities()), (2, 6, None), "{what}");
        assert_eq!(desk.found(), ["out/a/1.jpg", "out/a/b/2.jpg"], "{what}");
        assert_eq!(fs::read(desk.path("out/a/b/2.jpg")).unwrap(), b"two", "{what}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(desk.path("out/a/1.jpg")).unwrap().permissions().mode();
            assert_eq!(mode & 0o7111, 0, "{what}: nothing can be run, and nobody becomes another by it");
            assert_eq!(fs::metadata(desk.path("out")).unwrap().permissions().mode() & 0o7055, 0o055, "{what}");
        }
    }
}

#[test]
fn what_is_no_archive_is_none() {
    let desk = Desk::new();
    let kind = |bytes: &[u8]| {
        fs::write(desk.path("x.zip"), bytes).unwrap();
        ArchiveKind::of(&desk.path("x.zip")).unwrap()
    };
    for bytes in [&b""[..], b"<html>", &[0xff, 0xd8, 0xff], &gzip(b"no tar in it"), &zstd(&[7; 4000]), &[b'a'; 600]] {
        assert_eq!(kind(bytes), None, "{bytes:?}");
    }
    assert_eq!(kind(&zip_of(&[])), Some(ArchiveKind::Zip));
    assert!(ArchiveKind::of(&desk.path("nowhere")).is_err());
}

#[test]
fn nothing_escapes_the_folder() {
    use tar::EntryType::{Block, Char, Fifo, Link, Symlink};
    let members: &[Member<'_>] = &[
        (b"../up.jpg", FILE, b"x"),
        (b"a/../../up.jpg", FILE, b"x"),
        (b"/abs.jpg", FILE, b"x"),
        (b"C:\\drive.jpg", FILE, b"x"),
        (b"..\\up.jpg", FILE, b"x"),
        (b"link", Symlink, b""),
        (b"link/through.jpg", FILE, b"x"),
        (b"hard", Link, b""),
        (b"char", Char, b""),
        (b"block", Block, b""),
        (b"pipe", Fifo, b""),
        (b"caf\xe9.jpg", FILE, b"x"),
        (b"./good/1.jpg", FILE, b"good"),
    ];
    for bytes in [tar_of(members), gzip(&tar_of(members))] {
        let desk = Desk::new();
        let unpacked = desk.unpack(&bytes).unwrap();
        // A link is never made, so that a name that leads through one is an ordinary folder's.
        assert_eq!(desk.found(), ["out/good/1.jpg", "out/link/through.jpg"]);
        assert_eq!((unpacked.outside, unpacked.links, unpacked.devices, unpacked.not_utf8), (5, 2, 3, 1));
        assert_eq!(unpacked.example.as_deref(), Some("../up.jpg"));
        assert!(unpacked.oddities().unwrap().contains("2 links"), "{:?}", unpacked.oddities());
    }
    let desk = Desk::new();
    let unpacked = desk.unpack(&zip_of(&[("../up.jpg", b"x"), ("/abs.jpg", b"x"), ("a\\b.jpg", b"x")])).unwrap();
    assert_eq!((unpacked.outside, desk.found()), (2, vec!["out/a/b.jpg".to_string()]));
}

#[test]
fn links_in_a_zip_are_left_out() {
    let zip = zip_with(&[("link", b"/etc/passwd", 0o120_777), ("a/1.jpg", b"1", 0o100_644)], CompressionMethod::STORE);
    let desk = Desk::new();
    let unpacked = desk.unpack(&zip).unwrap();
    assert_eq!((unpacked.links, unpacked.files, desk.found()), (1, 1, vec!["out/a/1.jpg".to_string()]));
}

#[test]
fn names_that_are_one_on_some_systems_are_told() {
    let desk = Desk::new();
    let tar = tar_of(&[(b"Rose/1.jpg", FILE, b"1"), (b"rose/1.JPG", FILE, b"2"), (b"rose/2.jpg", FILE, b"3")]);
    let unpacked = desk.unpack(&tar).unwrap();
    assert_eq!((unpacked.clashes, unpacked.example.as_deref()), (1, Some("rose/1.JPG")));
    // The same name again counts, as in any tar; a file in a folder's place does not.
    let desk = Desk::new();
    let tar = tar_of(&[(b"a/1", FILE, b"old"), (b"a/1", FILE, b"newer"), (b"a", FILE, b"x"), (b"a/1/2", FILE, b"x")]);
    let unpacked = desk.unpack(&tar).unwrap();
    assert_eq!((unpacked.files, unpacked.clashes, desk.found()), (1, 2, vec!["out/a/1".to_string()]));
    assert_eq!(fs::read(desk.path("out/a/1")).unwrap(), b"newer");
}

#[test]
fn bombs_are_bounded_and_leave_nothing() {
    let zeros = vec![0; 100 << 20];
    let one = tar_of(&[(b"a/1.bmp", FILE, &zeros)]);
    for bytes in [gzip(&one), zstd(&one), zip_of(&[("a/1.bmp", &zeros)])] {
        let desk = Desk::new();
        let error = fault(desk.unpack(&bytes).unwrap_err());
        assert!(matches!(error, UnpackFault::Swells { ratio: 200 }), "{error}");
        assert!(desk.found().is_empty(), "{:?}", desk.found());
        let wide = UnpackLimits { ratio: 1 << 20, ..UnpackLimits::default() };
        assert_eq!(desk.unpack_within(&bytes, &wide).unwrap().bytes, 100 << 20);
        let desk = Desk::new();
        let small = UnpackLimits { bytes: 1 << 20, ..wide };
        assert!(matches!(fault(desk.unpack_within(&bytes, &small).unwrap_err()), UnpackFault::TooLarge { .. }));
        assert!(desk.found().is_empty());
    }
    // What stands behind the last member of a tar is read for its checksum, and may swell as well.
    let behind = gzip(&[tar_of(&[(b"a/1.jpg", FILE, b"1")]), zeros].concat());
    assert!(matches!(fault(Desk::new().unpack(&behind).unwrap_err()), UnpackFault::Swells { .. }));
    let few = UnpackLimits { files: 2, ..UnpackLimits::default() };
    let many = tar_of(&[(b"1", FILE, b""), (b"2", FILE, b""), (b"3", FILE, b"")]);
    assert!(matches!(
        fault(Desk::new().unpack_within(&many, &few).unwrap_err()),
        UnpackFault::TooManyFiles { most: 2 }
    ));
}

#[test]
fn what_is_cut_or_garbled_is_told_and_leaves_nothing() {
    let bytes: Vec<u8> = (0..50_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let tar = tar_of(&[(b"a/1.jpg", FILE, &bytes), (b"b/2.jpg", FILE, &bytes)]);
    for whole in [tar.clone(), gzip(&tar), zstd(&tar), zip_of(&[("a/1.jpg", &bytes), ("b/2.jpg", &bytes)])] {
        for cut in [whole.len() / 2, whole.len() * 3 / 4] {
            let desk = Desk::new();
            let error = fault(desk.unpack(&whole[..cut]).unwrap_err());
            assert!(matches!(error, UnpackFault::Damaged(_)), "{error}");
            assert!(desk.found().is_empty());
        }
    }
    // A byte of a picture that has changed, where there is a checksum.
    for mut whole in [gzip(&tar), zip_of(&[("a/1.jpg", &bytes)])] {
        let middle = whole.len() / 2;
        whole[middle] ^= 0x10;
        let error = fault(Desk::new().unpack(&whole).unwrap_err());
        assert!(matches!(error, UnpackFault::Damaged(_)), "{error}");
    }
    assert!(matches!(fault(Desk::new().unpack(&tar_of(&[])).unwrap_err()), UnpackFault::Empty));
}

#[test]
fn a_folder_that_is_there_is_not_written_to() {
    let desk = Desk::new();
    fs::create_dir(desk.path("out")).unwrap();
    let tar = tar_of(&[(b"a/1.jpg", FILE, b"1")]);
    desk.unpack(&tar).unwrap();
    let error = desk.unpack(&tar).unwrap_err();
    assert!(matches!(error, Error::FolderNotEmpty { .. }), "{error}");
    assert!(free_bytes(&desk.path("not/there/yet")).is_some_and(|free| free > 0));
}

#[test]
fn unpacking_can_be_stopped() {
    let desk = Desk::new();
    let archive = desk.path("archive.dat");
    fs::write(&archive, tar_of(&[(b"a/1.jpg", FILE, b"1")])).unwrap();
    let interrupt = Interrupt::default();
    interrupt.request();
    let (out, limits) = (desk.path("out"), UnpackLimits::default());
    let stopped = unpack(&archive, ArchiveKind::Tar, &out, &limits, &mut Silent, &interrupt).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Interrupted);
    assert!(desk.found().is_empty());
}
