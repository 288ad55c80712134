//! The one look at each photo: read, digest, decode, fingerprint. What is decoded is dropped at once, so memory stays
//! bounded by what the cores hold in hand.

use std::path::Path;

use rayon::prelude::*;

use super::finding::{Finding, FindingKind};
use crate::base::progress::{Counter, Interrupt, Observer};
use crate::data::decode::{self, DecodeError, Decoded, Depth, Doubt, Facts, Limits, Reading};
use crate::data::likeness::Fingerprint;
use crate::data::{Index, Photo};
use crate::{Error, Result};

/// Pictures whose short side is below this show next to nothing.
const TINY: u32 = 32;
/// Longer by more than this than high, or the reverse, and what is on a picture is lost in a square.
const ASPECT: f64 = 3.0;

/// What is kept of a photo.
pub(super) struct Look {
    pub digest: [u8; 32],
    pub width: u32,
    pub height: u32,
    pub facts: Option<Facts>,
    pub print: Fingerprint,
    pub doubt: Option<Doubt>,
}

/// Looks at every photo, on all cores; the results stand as the photos do.
pub(super) fn look_at_all(
    index: &Index,
    (limits, reading): (&Limits, Reading),
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Vec<std::result::Result<Look, DecodeError>>> {
    let progress = Counter::start(observer, index.photos.len());
    index
        .photos
        .par_iter()
        .map(|photo| {
            if interrupt.requested() {
                return Err(Error::Interrupted);
            }
            let look = look_at(index, photo, limits, reading);
            progress.one_more();
            Ok(look)
        })
        .collect()
}

fn look_at(index: &Index, photo: &Photo, limits: &Limits, reading: Reading) -> std::result::Result<Look, DecodeError> {
    let bytes = index.source.read(&photo.path, limits)?;
    let decoded = decode::decode_for(&bytes, limits, reading, &Fingerprint::working_bytes)?;
    let Decoded { photo, doubt } = &*decoded;
    Ok(Look {
        digest: *blake3::hash(bytes.as_ref()).as_bytes(),
        width: photo.width(),
        height: photo.height(),
        facts: decode::facts(&bytes),
        print: Fingerprint::of(photo),
        doubt: *doubt,
    })
}

/// What is odd about a photo by itself.
pub(super) fn findings(index: &Index, photo: &Photo, look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |kind, detail: String| found.push(Finding::new(&photo.path, kind, detail));
    if let Some(facts) = look.facts {
        // What is cut out of a picture is of no format that its path could tell.
        let is_file = index.source.picture_of(&photo.path) == photo.path;
        if let Some(detail) = wrong_extension(&photo.path, &facts).filter(|_| is_file) {
            add(FindingKind::WrongExtension, detail);
        }
        if facts.animated {
            let what = match facts.format {
                "TIFF" => "a TIFF of several pages".to_string(),
                format => format!("an animated {format}"),
            };
            add(FindingKind::Animated, format!("{what}; only its first picture is used"));
        }
    }
    if let Some(doubt) = look.doubt {
        add(FindingKind::DoubtfulDepth, format!("{doubt}; it looks like {}", like(doubt)));
    } else if look.print.blank {
        add(FindingKind::Blank, "one color all over, nothing is to be seen".to_string());
    }
    let (width, height) = (look.width, look.height);
    if width.min(height) < TINY {
        add(FindingKind::Tiny, format!("{width} x {height} pixels"));
    }
    let (longer, shorter) = (f64::from(width.max(height)), f64::from(width.min(height)));
    if longer > ASPECT * shorter {
        add(
            FindingKind::ExtremeAspect,
            format!("{width} x {height} pixels, one side {:.1} times the other", longer / shorter),
        );
    }
    found
}

/// A depth in words.
fn like(doubt: Doubt) -> String {
    match doubt.looks_like() {
        Depth::Float | Depth::Auto => "floating point whose range is its own".to_string(),
        bits @ (Depth::Eight | Depth::Ten | Depth::Twelve | Depth::Sixteen) => format!("{} bits", bits.name()),
    }
}

fn wrong_extension(path: &str, facts: &Facts) -> Option<String> {
    let given = Path::new(path).extension().and_then(|extension| extension.to_str());
    let Some(given) = given else {
        return Some(format!("a {} without an extension; .{} is expected", facts.format, facts.extensions[0]));
    };
    let fits = facts.extensions.iter().any(|expected| expected.eq_ignore_ascii_case(given));
    (!fits)
        .then(|| format!("named .{given}, but its content is {}; .{} is expected", facts.format, facts.extensions[0]))
}
