//! HEIC through `heic-decoder`, whose own limit is a hundred times what we allow: what it will take is worked out before.

use heic_decoder::{ChromaUpsampling, HeifError, RgbOptions};
use image::{DynamicImage, RgbImage, RgbaImage};
use memchr::memmem;

use crate::base::problem::ProblemKind;
use crate::decode::claim::Claim;
use crate::decode::{CUT_SHORT, DecodeError, check_pixels, damaged, too_large, too_much_memory};

/// Decodes the main picture, upright; rotation and mirroring are the container's, which phones mean when they write both this and
/// EXIF.
pub(in crate::decode) fn decode(bytes: &[u8], claim: &mut Claim<'_>) -> Result<DynamicImage, DecodeError> {
    let limits = claim.limits;
    let info = heic_decoder::probe(bytes).map_err(map_error)?;
    check_pixels(info.width as u64, info.height as u64, limits)?;
    check_pixels(info.coded_width as u64, info.coded_height as u64, limits)?;
    let in_pieces = memmem::find_iter(bytes, b"grid").count();
    if info.alpha_bit_depth.is_some() && in_pieces > 1 {
        return Err(unsupported("transparency that is itself cut into pieces"));
    }
    // All pieces are held, and the picture that they make in two forms, in planes of 32 bits.
    let planes_bytes = match info.chroma_format_idc {
        0 => 4,
        1 => 6,
        2 => 8,
        _ => 12,
    };
    let pieces = if in_pieces > 0 { memmem::find_iter(bytes, b"hvc1").count().max(1) } else { 2 };
    let coded = (info.coded_width as u64).saturating_mul(info.coded_height as u64);
    let piece = largest_piece(bytes).unwrap_or(coded);
    let pixels = coded.saturating_mul(2).saturating_add(piece.saturating_mul(pieces as u64));
    let needed = pixels.saturating_mul(planes_bytes);
    if needed > limits.max_alloc_bytes {
        return Err(too_much_memory(limits));
    }
    // And the picture in color, with its transparency.
    claim.take(info.width as u32, info.height as u32, needed.saturating_add(coded.saturating_mul(7)))?;
    let mut picture = heic_decoder::decode(bytes).map_err(map_error)?;
    // Where colors are of fewer pixels, each is that of all its pixels, as libheif has it.
    let sampling = &mut picture.chroma_sampling;
    let middle = |pixels: u32| pixels.saturating_sub(1) as f32 / 2.0;
    (sampling.origin_x, sampling.origin_y) = (middle(sampling.sub_x), middle(sampling.sub_y));
    let options = RgbOptions { color: None, upsampling: ChromaUpsampling::Nearest };
    let (width, height) = (picture.width as u32, picture.height as u32);
    let photo = if picture.alpha.is_none() {
        let rgb = picture.to_rgb8_with_options(&options).map_err(map_error)?;
        RgbImage::from_raw(width, height, rgb.data).map(DynamicImage::from)
    } else {
        let mut rgba = picture.to_rgba8_with_options(&options).map_err(map_error)?;
        if rgba.premultiplied {
            over_white(&mut rgba.data);
        }
        RgbaImage::from_raw(width, height, rgba.data).map(DynamicImage::from)
    };
    photo.ok_or_else(|| damaged("HEIC", "fewer pixels in it than its header says"))
}

/// The EXIF of the main picture.
pub(in crate::decode) fn exif(bytes: &[u8]) -> Option<Vec<u8>> {
    heic_decoder::read_metadata(bytes).ok()?.exif
}

/// Lays colors that are multiplied by their opacity already over white.
fn over_white(rgba: &mut [u8]) {
    for [red, green, blue, alpha] in rgba.as_chunks_mut().0 {
        for color in [red, green, blue] {
            *color = color.saturating_add(255 - *alpha);
        }
        *alpha = 255;
    }
}

fn map_error(error: HeifError) -> DecodeError {
    match error {
        HeifError::Truncated { .. } => damaged("HEIC", CUT_SHORT),
        HeifError::Unsupported(what) => unsupported(what),
        HeifError::LimitExceeded(what) => too_large(format!("a HEIC that is too large to decode ({what})")),
        HeifError::NotHeif(reason)
        | HeifError::MalformedBox(reason)
        | HeifError::MalformedHevc(reason)
        | HeifError::CabacDesync(reason) => damaged("HEIC", reason),
    }
}

fn unsupported(what: &str) -> DecodeError {
    let detail = format!("a HEIC of a kind that is not read here ({what}); save it as JPEG or PNG");
    DecodeError { kind: ProblemKind::Unsupported, detail }
}

/// Pixels of the largest picture that any of the settings in the file announces. `None` where none can be found.
fn largest_piece(bytes: &[u8]) -> Option<u64> {
    let boxes = memmem::find_iter(bytes, b"hvcC");
    boxes.flat_map(|at| parameter_sets(&bytes[at + 4..])).filter_map(pixels).max()
}

/// The sequence parameter sets of a decoder configuration (ISO/IEC 14496-15, 8.3.3.1).
fn parameter_sets(configuration: &[u8]) -> Vec<&[u8]> {
    const SPS: u8 = 33;
    let mut found = Vec::new();
    let mut rest = configuration.get(22..).unwrap_or_default();
    let Some((arrays, behind)) = rest.split_first() else { return found };
    rest = behind;
    for _ in 0..*arrays {
        let &[kind, high, low, ref behind @ ..] = rest else { break };
        rest = behind;
        for _ in 0..u16::from_be_bytes([high, low]) {
            let &[high, low, ref behind @ ..] = rest else { return found };
            let Some((unit, behind)) = behind.split_at_checked(u16::from_be_bytes([high, low]).into()) else {
                return found;
            };
            if kind & 63 == SPS {
                found.push(unit);
            }
            rest = behind;
        }
    }
    found
}

/// Width times height of a sequence parameter set (Rec. ITU-T H.265, 7.3.2.2).
fn pixels(unit: &[u8]) -> Option<u64> {
    let mut bytes = Vec::with_capacity(unit.len().min(256));
    for byte in unit.get(2..)?.iter().take(256) {
        // A 3 behind two zeros is there only so that no start code comes about.
        if !(*byte == 3 && bytes.ends_with(&[0, 0])) {
            bytes.push(*byte);
        }
    }
    let mut bits = Bits { bytes: &bytes, at: 0 };
    bits.read(4)?;
    let layers = bits.read(3)?;
    bits.read(1)?;
    // The general profile, tier and level; then the same of sub-layers, where they are said.
    bits.at += 96;
    let flags: Vec<(u64, u64)> = (0..layers).map(|_| Some((bits.read(1)?, bits.read(1)?))).collect::<Option<_>>()?;
    if layers > 0 {
        bits.at += 2 * (8 - layers as usize);
    }
    for (profile, level) in flags {
        bits.at += 88 * profile as usize + 8 * level as usize;
    }
    bits.exponential()?;
    if bits.exponential()? == 3 {
        bits.read(1)?;
    }
    bits.exponential()?.checked_mul(bits.exponential()?)
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn read(&mut self, count: usize) -> Option<u64> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// A number of Exp-Golomb's code.
    fn exponential(&mut self) -> Option<u64> {
        let mut zeros = 0;
        while self.read(1)? == 0 {
            zeros += 1;
            if zeros > 32 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.read(zeros)?)
    }
}
