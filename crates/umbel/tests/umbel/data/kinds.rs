//! Depths that are guessed, camera raws, and what stands in the place of a picture.

use std::path::Path;

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage};
use tempfile::TempDir;
use umbel::base::budget::MemoryBudget;
use umbel::base::progress::{Interrupt, Silent};
use umbel::check::{FindingKind, check, check_within};
use umbel::data::decode::{Decoded, Depth, Limits, Raw, Reading, decode, decode_as, facts};
use umbel::data::{Cache, CacheOptions, Index, PrepSpec, ProblemKind};

use super::pictures::{drawn, encoded, small, write};

fn taken(bytes: &[u8], reading: Reading) -> Decoded {
    decode_as(bytes, &Limits::default(), reading).unwrap()
}

fn depth(depth: Depth) -> Reading {
    Reading { depth, ..Reading::default() }
}

fn refused(bytes: &[u8], reading: Reading) -> (ProblemKind, String) {
    let error = decode_as(bytes, &Limits::default(), reading).unwrap_err();
    (error.kind, error.detail)
}

/// A picture of 16 bits of which the numbers end at `white`.
fn shallow(picture: &RgbImage, white: u32) -> ImageBuffer<Rgb<u16>, Vec<u16>> {
    let number = |value: u8| ((u32::from(value) * white + 127) / 255) as u16;
    ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| Rgb(picture.get_pixel(x, y).0.map(number)))
}

/// The same in grey.
fn shallow_grey(picture: &GrayImage, white: u32) -> ImageBuffer<Luma<u16>, Vec<u16>> {
    let number = |value: u8| ((u32::from(value) * white + 127) / 255) as u16;
    ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| Luma([number(picture.get_pixel(x, y).0[0])]))
}

#[test]
fn sixteen_bits_of_which_ten_are_used_are_doubted_and_can_be_said() {
    let picture = drawn(40, 30, 3);
    for (white, given) in [(255, Depth::Eight), (1023, Depth::Ten), (4095, Depth::Twelve)] {
        for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Pnm] {
            let bytes = encoded(DynamicImage::from(shallow(&picture, white)), format);
            let doubt = taken(&bytes, Reading::default()).doubt.unwrap();
            assert_eq!((doubt.looks_like(), doubt.white), (given, 65535.0), "{format:?}");
            let told = taken(&bytes, depth(given));
            assert_eq!((told.photo, told.doubt), (picture.clone(), None), "{format:?} {white}");
            assert_eq!(taken(&bytes, depth(Depth::Sixteen)).doubt, None, "what was said is not doubted");
        }
    }
    let whole = encoded(DynamicImage::from(picture.clone()).into_rgb16(), ImageFormat::Png);
    for given in [Depth::Auto, Depth::Sixteen, Depth::Float] {
        assert_eq!(taken(&whole, depth(given)), Decoded { photo: picture.clone(), doubt: None });
    }
    // Eight bits are eight bits, and a PNM tells its white itself.
    let eight = encoded(picture.clone(), ImageFormat::Png);
    assert_eq!(taken(&eight, depth(Depth::Twelve)).photo, picture);
    let pnm = b"P5 2 1 1023\n\x00\x00\x03\xff";
    for given in [Depth::Auto, Depth::Ten, Depth::Twelve] {
        assert_eq!(taken(pnm, depth(given)).photo.as_raw(), &[0, 0, 0, 255, 255, 255]);
    }
}

/// A folder of two classes, each of pictures of 16 bits of which twelve are used.
fn twelve_bits() -> TempDir {
    let root = TempDir::new().unwrap();
    for i in 0..12 {
        let picture = shallow(&drawn(40, 36, i), 4095);
        let class = ["a", "b"][i as usize % 2];
        write(root.path(), &format!("{class}/{i}.png"), &encoded(DynamicImage::from(picture), ImageFormat::Png));
    }
    root
}

#[test]
fn photos_prepared_as_another_depth_are_not_taken_from_the_cache() {
    let (root, cache_folder) = (twelve_bits(), TempDir::new().unwrap());
    let options = CacheOptions::within(cache_folder.path().to_owned(), &MemoryBudget::default());
    let index = Index::scan(root.path()).unwrap();
    let open = |prep: &PrepSpec| Cache::open(&index, prep, &options, &mut Silent, &Interrupt::default()).unwrap();
    let twelve = PrepSpec { depth: Depth::Twelve, ..small() };
    let brightest = |cache: &Cache| cache.image(0).unwrap().unwrap().into_iter().max().unwrap();
    for _ in 0..2 {
        let (auto, told) = (open(&small()), open(&twelve));
        assert!(brightest(&auto) < 20 && brightest(&told) > 200);
        // A pack that is found again tells it, too.
        let doubt = auto.doubtful_depth().unwrap();
        assert_eq!((doubt.photos, doubt.looks_like(), doubt.example.as_str()), (12, Depth::Twelve, "a/0.png"));
        assert_eq!(told.doubtful_depth(), None);
    }
}

#[test]
fn check_finds_a_doubtful_depth_and_does_not_call_it_blank() {
    let root = twelve_bits();
    let grey = shallow_grey(&DynamicImage::from(drawn(40, 36, 99)).into_luma8(), 200);
    write(root.path(), "a/grey.png", &encoded(DynamicImage::from(grey), ImageFormat::Png));
    let index = Index::scan(root.path()).unwrap();
    let (observer, interrupt) = (&mut Silent, Interrupt::default());
    let report = check(&index, None, observer, &interrupt).unwrap();
    let found = |kind| report.problems.iter().filter(|finding| finding.kind == kind).count();
    assert_eq!((found(FindingKind::DoubtfulDepth), found(FindingKind::Blank)), (13, 0));
    let detail = &report.problems.iter().find(|finding| finding.kind == FindingKind::DoubtfulDepth).unwrap().detail;
    assert!(detail.contains("65535 is taken for white") && detail.contains("12 bits"), "{detail}");
    let report =
        check_within(&MemoryBudget::default(), depth(Depth::Twelve), &index, None, observer, &interrupt).unwrap();
    assert!(report.problems.iter().all(|finding| finding.kind != FindingKind::DoubtfulDepth));
}

/// A TIFF of little endian, whose tags hold one number each, or text; with `data` behind its directory at `{data}`.
fn tiff(tags: &[(u16, u32)], texts: &[(u16, &[u8])], data: &[u8]) -> Vec<u8> {
    let count = tags.len() + texts.len();
    let behind = 8 + 2 + 12 * count + 4;
    let texts_end = behind + texts.iter().map(|(_, text)| text.len()).sum::<usize>();
    let mut entries: Vec<(u16, Vec<u8>)> = tags
        .iter()
        .map(|(tag, value)| {
            let value = if *value == DATA { texts_end as u32 } else { *value };
            (*tag, [&tag.to_le_bytes()[..], &4u16.to_le_bytes(), &1u32.to_le_bytes(), &value.to_le_bytes()].concat())
        })
        .collect();
    let mut at = behind;
    for (tag, text) in texts {
        let (length, place) = ((text.len() as u32).to_le_bytes(), (at as u32).to_le_bytes());
        entries.push((*tag, [&tag.to_le_bytes()[..], &2u16.to_le_bytes(), &length, &place].concat()));
        at += text.len();
    }
    entries.sort();
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    bytes.extend((count as u16).to_le_bytes());
    entries.iter().for_each(|(_, entry)| bytes.extend(entry));
    bytes.extend([0; 4]);
    texts.iter().for_each(|(_, text)| bytes.extend(*text));
    [&bytes, data].concat()
}

/// Stands for where the data lie.
const DATA: u32 = u32::MAX;

/// The tags of a picture of 4 x 2 pixels of so many bits.
fn picture_of(photometric: u32, bits: u32, more: &[(u16, u32)]) -> Vec<(u16, u32)> {
    let plain = [(256, 4), (257, 2), (258, bits), (262, photometric), (273, DATA), (278, 2), (279, bits)];
    plain.iter().chain(more).copied().collect()
}

#[test]
fn tiffs_that_are_not_read_are_refused_in_words() {
    for (photometric, bits, more, words) in [
        (1, 8, vec![(259, 3)], "fax compression (group 3)"),
        (1, 8, vec![(259, 6)], "JPEG compression of the old kind"),
        (1, 8, vec![(259, 34887)], "LERC compression"),
        (1, 8, vec![(259, 50000)], "Zstandard compression"),
        (1, 8, vec![(259, 34712)], "JPEG 2000 compression"),
        (1, 8, vec![(259, 12345)], "(12345)"),
        (1, 24, vec![(339, 3)], "24-bit floating point"),
        (1, 12, vec![(339, 2)], "signed 12-bit values"),
        (1, 40, vec![], "40-bit values"),
        (1, 64, vec![(339, 6)], "complex numbers"),
        (8, 8, vec![(277, 3)], "CIELAB colors"),
        (9, 8, vec![(277, 3)], "ICC Lab colors"),
        (32845, 16, vec![(277, 3)], "LogLuv colors"),
        (4, 1, vec![], "a mask"),
        (5, 8, vec![(277, 5), (332, 2)], "inks other than"),
        (1, 8, vec![(277, 200)], "200 values a pixel"),
        (1, 12, vec![(317, 2)], "differences of 12-bit values"),
    ] {
        let (kind, detail) = refused(&tiff(&picture_of(photometric, bits, &more), &[], &[0; 64]), Reading::default());
        assert_eq!(kind, ProblemKind::Unsupported, "{detail}");
        assert!(detail.contains(words) && detail.contains("save it as"), "{words}: {detail}");
        assert!(!detail.contains("Unknown"), "{detail}");
    }
    let cut = tiff(&picture_of(1, 32, &[(339, 3)]), &[], &[0; 31]);
    assert_eq!(refused(&cut, Reading::default()).0, ProblemKind::Damaged);
}

#[test]
fn a_tiff_cannot_ask_for_more_memory_than_the_limit() {
    let mut tags = picture_of(1, 32, &[(339, 3)]);
    (tags[0].1, tags[1].1, tags[5].1) = (13_000, 13_000, 13_000);
    assert_eq!(refused(&tiff(&tags, &[], &[0; 64]), Reading::default()).0, ProblemKind::TooLarge);
    let tiled =
        [(256, 4), (257, 2), (258, 32), (262, 1), (322, 1 << 20), (323, 1 << 20), (324, DATA), (325, 8), (339, 3)];
    assert_eq!(refused(&tiff(&tiled, &[], &[0; 64]), Reading::default()).0, ProblemKind::TooLarge);
}

#[test]
fn a_tiff_that_leaves_out_what_it_means_is_taken_as_others_take_it() {
    let without: Vec<(u16, u32)> = picture_of(1, 8, &[]).into_iter().filter(|(tag, _)| *tag != 262).collect();
    for tags in [without, picture_of(1, 8, &[(339, 4)])] {
        let photo = taken(&tiff(&tags, &[], &[7; 8]), Reading::default()).photo;
        assert_eq!(photo, RgbImage::from_pixel(4, 2, Rgb([7; 3])));
    }
}

#[test]
fn a_tiff_of_pieces_without_number_is_refused_at_once() {
    let start = std::time::Instant::now();
    let tiled =
        [(256, 14_000), (257, 14_000), (258, 32), (262, 1), (322, 1), (323, 1), (324, DATA), (325, 4), (339, 3)];
    let (kind, detail) = refused(&tiff(&tiled, &[], &[0; 64]), Reading::default());
    assert_eq!(kind, ProblemKind::Unsupported);
    assert!(detail.contains("more than a million pieces"), "{detail}");
    assert!(start.elapsed().as_secs() < 2);
}

#[test]
fn a_tiff_of_several_pages_is_said_like_other_animations() {
    let page = tiff(&picture_of(1, 8, &[]), &[], &[7; 8]);
    let shown = |bytes: &[u8]| facts(bytes).unwrap().animated;
    assert!(!shown(&page));
    // The second directory is the first one once more, which leads on to itself.
    let entries = usize::from(page[8]);
    let mut pages = page.clone();
    pages[10 + 12 * entries] = 8;
    assert!(shown(&pages));
    let mut smaller = tiff(&picture_of(1, 8, &[(254, 1)]), &[], &[7; 8]);
    smaller[10 + 12 * (entries + 1)] = 8;
    assert!(!shown(&smaller), "smaller copies are no pages");
}

/// A thumbnail in grey, and two JPEGs behind it, as cameras put them.
fn raw(tags: &[(u16, u32)], texts: &[(u16, &[u8])], largest: &RgbImage) -> Vec<u8> {
    let jpegs = [encoded(drawn(16, 12, 1), ImageFormat::Jpeg), encoded(largest.clone(), ImageFormat::Jpeg)].concat();
    tiff(&picture_of(1, 8, tags), texts, &[&[9; 8][..], &jpegs].concat())
}

#[test]
fn camera_raws_are_told_by_content_and_give_their_largest_jpeg_where_that_is_asked_for() {
    let preview = Reading { raw: Raw::Preview, ..Reading::default() };
    let largest = drawn(64, 40, 5);
    let shown = decode(&encoded(largest.clone(), ImageFormat::Jpeg), &Limits::default()).unwrap();
    let cr2 = {
        let mut bytes = raw(&[], &[], &largest);
        // What lies at byte 8 is free: its directory is moved behind everything.
        let directory = bytes[8..8 + 2 + 12 * 7 + 4].to_vec();
        let at = bytes.len() as u32;
        bytes.extend(directory);
        bytes[4..8].copy_from_slice(&at.to_le_bytes());
        bytes[8..12].copy_from_slice(b"CR\x02\0");
        bytes
    };
    let jpeg = encoded(largest.clone(), ImageFormat::Jpeg);
    for (name, bytes) in [
        ("DNG", raw(&[(50706, 0x401)], &[], &largest)),
        ("Nikon NEF", raw(&[(254, 1)], &[(271, b"NIKON CORPORATION\0")], &largest)),
        ("Sony ARW", raw(&[(254, 1)], &[(271, b"SONY\0")], &largest)),
        ("Canon CR2", cr2),
        ("Fujifilm RAF", [&b"FUJIFILMCCD-RAW 0201FF383501X-T2"[..], &jpeg].concat()),
        ("Canon CR3", [&b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom"[..], &jpeg].concat()),
        ("Olympus ORF", [&b"IIRO\x08\0\0\0"[..], &jpeg].concat()),
        ("Panasonic RW2", [&b"IIU\0\x08\0\0\0"[..], &jpeg].concat()),
    ] {
        let (kind, detail) = refused(&bytes, Reading::default());
        assert_eq!(kind, ProblemKind::Unsupported, "{name}");
        assert!(detail.contains(&format!("a camera raw ({name})")) && detail.contains("export it as JPEG"), "{detail}");
        assert_eq!(taken(&bytes, preview).photo, shown, "{name}");
    }
    // It lies as the raw says, where the JPEG says nothing.
    let turned = raw(&[(50706, 0x401), (274, 6)], &[], &largest);
    assert_eq!(taken(&turned, preview).photo, image::imageops::rotate90(&shown));
    let (_, detail) = refused(&tiff(&picture_of(1, 8, &[(50706, 1)]), &[], &[9; 8]), preview);
    assert!(detail.contains("without a JPEG inside"), "{detail}");
    // A scanner's TIFF with its maker in it is none.
    let scanned = tiff(&picture_of(1, 8, &[]), &[(271, b"EPSON\0")], &[9; 8]);
    assert_eq!(taken(&scanned, Reading::default()).photo, RgbImage::from_pixel(4, 2, Rgb([9; 3])));
}

#[test]
fn what_stands_in_the_place_of_a_picture_is_told_with_the_way_out() {
    let text = |bytes: &[u8]| refused(bytes, Reading::default());
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12345\n";
    for (bytes, kind, words) in [
        (&lfs[..], ProblemKind::NotAPicture, ["a Git LFS pointer", "git lfs pull"]),
        (b"\n<!DOCTYPE html><html>404</html>", ProblemKind::NotAPicture, ["a web page", "fetch the picture"]),
        (b"\xef\xbb\xbf<HTML><body>", ProblemKind::NotAPicture, ["a web page", "fetch the picture"]),
        (b"<?xml version='1.0'?><Error/>", ProblemKind::NotAPicture, ["an XML text", "fetch the picture"]),
        (b"<?xml version='1.0'?><svg/>", ProblemKind::Unsupported, ["SVG", "mogrify -format jpg *.svg"]),
        (b"{\"error\":403}", ProblemKind::NotAPicture, ["a JSON text", "fetch the picture"]),
        (b"\x1f\x8b\x08\0\0\0", ProblemKind::NotAPicture, ["gzip", "gunzip"]),
        (b"PK\x03\x04\x14\0", ProblemKind::NotAPicture, ["a ZIP archive", "unpack it"]),
        (b"%PDF-1.7\n", ProblemKind::Unsupported, ["PDF", "mogrify -format jpg *.pdf"]),
        (b"\0\0\0\x20ftypisom\0\0", ProblemKind::NotAPicture, ["a video", "ffmpeg"]),
        (b"\0\0\0\x20ftypavif\0\0\0\0", ProblemKind::Unsupported, ["AVIF", "mogrify -format jpg *.avif"]),
        (b"\0\0\0\x0cjP  \r\n\x87\n", ProblemKind::Unsupported, ["JPEG 2000", "mogrify -format jpg *.jp2"]),
        (b"\0\0\0\x0cJXL \r\n\x87\n", ProblemKind::Unsupported, ["JPEG XL", "mogrify -format jpg *.jxl"]),
        (&[0; 500], ProblemKind::NotAPicture, ["nothing but zeros", "fetch it again"]),
        (b"\0\x05\x16\x07\0\x02\0\0", ProblemKind::NotAPicture, ["AppleDouble", "leave it out"]),
        (b"Just words.", ProblemKind::NotAPicture, ["not a picture", "expected JPEG"]),
    ] {
        let (came, detail) = text(bytes);
        assert_eq!(came, kind, "{detail}");
        assert!(words.iter().all(|word| detail.contains(word)), "{words:?}: {detail}");
    }
}

#[test]
fn raws_lie_among_the_photos_whatever_their_name() {
    let root = TempDir::new().unwrap();
    let plain = encoded(drawn(20, 10, 1), ImageFormat::Png);
    for (path, bytes) in [
        ("a/1.png", &plain[..]),
        ("b/1.png", &plain),
        ("a/2.RAF", b"FUJIFILMCCD-RAW 0201"),
        ("b/2.cr3", b"\0\0\0\x18ftypcrx "),
    ] {
        write(root.path(), path, bytes);
    }
    let index = Index::scan(root.path()).unwrap();
    let names: Vec<&Path> = index.photos.iter().map(|photo| Path::new(&photo.path)).collect();
    assert_eq!(names, ["a/1.png", "a/2.RAF", "b/1.png", "b/2.cr3"].map(Path::new));
}
