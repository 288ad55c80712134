//! A look at a WebP's frames before it is decoded: each has a size of its own, and the decoder makes room for it before it
//! finds that the picture as a whole is said to be smaller, so that a file of a few hundred bytes could ask for 400 MiB.

use std::borrow::Cow;

use super::Limits;

/// Whether a frame is larger than the limits leave room for, at three bytes a pixel. What cannot be followed is left to the
/// decoder, which says what is wrong with it.
pub(super) fn asks_for_too_much(bytes: &[u8], limits: &Limits) -> bool {
    largest_frame(bytes, 12) > limits.max_alloc_bytes / 3
}

/// The flags of the extended header that promise EXIF and XMP.
const EXIF: u8 = 8;
const XMP: u8 = 4;

/// The file with these promises taken back where no such chunk came: the decoder would refuse the picture for it.
pub(super) fn without_false_promises(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut bytes = Cow::from(bytes);
    let Some(flags) = bytes.get(20).copied().filter(|_| bytes.get(12..16) == Some(b"VP8X")) else {
        return bytes;
    };
    let has = |name: &[u8; 4]| chunks(&bytes, 12).any(|(found, _)| found == *name);
    let broken = [(EXIF, b"EXIF"), (XMP, b"XMP ")].iter().filter(|(flag, name)| flags & flag != 0 && !has(name));
    let broken = broken.fold(0, |all, (flag, _)| all | flag);
    if broken != 0 {
        bytes.to_mut()[20] &= !broken;
    }
    bytes
}

/// The EXIF chunk.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    chunks(bytes, 12).find(|(name, _)| name == b"EXIF").map(|(_, chunk)| chunk)
}

/// The chunks from `at` on, each with its name; the last may be cut short.
fn chunks(bytes: &[u8], mut at: usize) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let &[a, b, c, d, s0, s1, s2, s3] = bytes.get(at..).and_then(|rest| rest.first_chunk())?;
        let start = at + 8;
        let end = start.saturating_add(u32::from_le_bytes([s0, s1, s2, s3]) as usize).min(bytes.len());
        at = end + end % 2;
        Some(([a, b, c, d], &bytes[start..end]))
    })
}

/// Pixels of the largest frame among the chunks from `at` on.
fn largest_frame(bytes: &[u8], at: usize) -> u64 {
    let pixels = |(name, chunk): ([u8; 4], &[u8])| match &name {
        b"VP8 " => lossy(chunk),
        b"VP8L" => lossless(chunk),
        // Sixteen bytes of where and how long, then chunks again.
        b"ANMF" => Some(largest_frame(chunk, 16)),
        _ => None,
    };
    chunks(bytes, at).filter_map(pixels).max().unwrap_or(0)
}

/// RFC 6386, 9.1: three bytes of tag, three of start code, then 14 bits each for width and height.
fn lossy(chunk: &[u8]) -> Option<u64> {
    let &[w0, w1, h0, h1] = chunk.get(6..10)?.first_chunk()?;
    let side = |bytes| u64::from(u16::from_le_bytes(bytes) & 0x3fff);
    Some(side([w0, w1]) * side([h0, h1]))
}

/// RFC 9649, 3.4: a byte of signature, then 14 bits each for width and height less one.
fn lossless(chunk: &[u8]) -> Option<u64> {
    let bits = u64::from(u32::from_le_bytes(*chunk.get(1..5)?.first_chunk()?));
    Some(((bits & 0x3fff) + 1) * ((bits >> 14 & 0x3fff) + 1))
}
