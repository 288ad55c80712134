//! Camera raws, told by content. Many are TIFFs whose first picture is a thumbnail, which would be taken for the photo. What a
//! camera saw is not made a picture of here, but the JPEG that it put beside it can be taken.

use image::metadata::Orientation;
use memchr::memmem;

use super::tiff::{self, Tiff};
use crate::base::choice::choices;

/// What is done with a camera raw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Raw {
    /// It is refused, in words that tell the way out.
    #[default]
    Refuse,
    /// The largest JPEG in it is taken for the photo.
    Preview,
}

choices! { Raw: Refuse = "refuse", Preview = "preview" }

/// Which camera's raw it is, if it is one.
pub(super) fn camera(bytes: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(usize, &[u8], &str); 9] = [
        (0, b"FUJIFILMCCD-RAW", "Fujifilm RAF"),
        (4, b"ftypcrx ", "Canon CR3"),
        (6, b"HEAPCCDR", "Canon CRW"),
        (0, b"IIRO", "Olympus ORF"),
        (0, b"IIRS", "Olympus ORF"),
        (0, b"MMOR", "Olympus ORF"),
        (0, b"IIU\0", "Panasonic RW2"),
        (0, b"FOVb", "Sigma X3F"),
        (0, b"\0MRM", "Minolta MRW"),
    ];
    let starts = |at: usize, signature: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(signature));
    let known = SIGNATURES.iter().find(|(at, signature, _)| starts(*at, signature)).map(|(.., name)| *name);
    known.or_else(|| in_a_tiff(bytes))
}

/// A TIFF that is a raw by its tags.
fn in_a_tiff(bytes: &[u8]) -> Option<&'static str> {
    const NEW_SUBFILE_TYPE: u16 = 254;
    const PHOTOMETRIC: u16 = 262;
    const MAKE: u16 = 271;
    const DNG_VERSION: u16 = 50706;
    const SUB_IFDS: u16 = 330;
    let file = Tiff::open(bytes)?;
    if bytes.get(8..10) == Some(b"CR") {
        return Some("Canon CR2");
    }
    let first = file.first()?;
    if first.has(DNG_VERSION) {
        return Some("DNG");
    }
    // The values of a sensor, one color a pixel or three.
    if matches!(first.number(PHOTOMETRIC), Some(32803 | 34892)) {
        return Some("raw");
    }
    // A smaller copy comes first: the picture itself lies elsewhere.
    if first.number(NEW_SUBFILE_TYPE)? & 1 == 0 {
        return None;
    }
    first.bytes(MAKE).or_else(|| first.has(SUB_IFDS).then_some(&[][..])).map(|make| {
        let is = |name: &str| make.len() >= name.len() && make[..name.len()].eq_ignore_ascii_case(name.as_bytes());
        const MAKES: [(&str, &str); 6] = [
            ("nikon", "Nikon NEF"),
            ("sony", "Sony ARW"),
            ("pentax", "Pentax PEF"),
            ("ricoh", "Pentax PEF"),
            ("samsung", "Samsung SRW"),
            ("hasselblad", "Hasselblad 3FR"),
        ];
        MAKES.iter().find(|(name, _)| is(name)).map_or("raw", |(_, name)| name)
    })
}

/// What there is to say of one that is not read.
pub(super) fn refusal(camera: &str) -> String {
    format!("a camera raw ({camera}): export it as JPEG, or have the setting raw (preview) take the JPEG inside it")
}

/// Starts of a JPEG that are looked at; there are a handful in a real file.
const MAX_STARTS: usize = 1000;

/// The largest JPEG inside, and how the raw says that it lies, which counts where the JPEG itself does not say it.
pub(super) fn preview(bytes: &[u8]) -> Option<(&[u8], Orientation)> {
    let mut largest: Option<(u64, &[u8])> = None;
    let mut at = 0;
    for _ in 0..MAX_STARTS {
        let Some(found) = memmem::find(&bytes[at..], b"\xff\xd8\xff") else { break };
        let start = at + found;
        match frame(&bytes[start..]) {
            Some((pixels, behind)) => {
                if largest.is_none_or(|(most, _)| pixels > most) {
                    largest = Some((pixels, &bytes[start..]));
                }
                // Past the frame's header: thumbnails in the EXIF of this one lie before it.
                at = start + behind;
            }
            None => at = start + 3,
        }
    }
    largest.map(|(_, jpeg)| (jpeg, orientation(bytes)))
}

/// Pixels of a JPEG that can be a photo (8 bits, not lossless), and where its frame's header ends. `None` where none begins here.
fn frame(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut at = 2;
    // More segments than this before the frame, no camera writes.
    for _ in 0..64 {
        let &[0xFF, marker, high, low] = bytes.get(at..at + 4)? else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        match marker {
            0xC0..=0xC2 => {
                let &[8, h1, h0, w1, w0, ..] = bytes.get(at + 4..at + 4 + 6)? else { return None };
                let side = |bytes| u64::from(u16::from_be_bytes(bytes));
                return Some((side([h1, h0]) * side([w1, w0]), at + 2 + length));
            }
            // Tables, what programs put in, comments; anything else is no photo.
            0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE => at += 2 + length.max(2),
            _ => return None,
        }
    }
    None
}

/// How the raw lies: of a TIFF, or in the one that CR3 has in a box of its own.
fn orientation(bytes: &[u8]) -> Orientation {
    let inner = || memmem::find(&bytes[..bytes.len().min(1 << 16)], b"CMT1").map(|at| &bytes[at + 4..]);
    let file = Tiff::open(bytes).or_else(|| Tiff::open(inner()?));
    file.and_then(|file| file.first()).map_or(Orientation::NoTransforms, |first| tiff::orientation(&first))
}
