//! Damaged pictures through the one door, under limits small enough that breaking them would show.

use umbel::base::budget::MemoryBudget;
use umbel::data::PrepSpec;
use umbel::data::decode::{Limits, Reading, decode, decode_for, origin};

use crate::allocator::{self, Cost};
use crate::mutate::{self, Random};
use crate::seeds;
use crate::watch::{self, Kind};

const LIMITS: Limits =
    Limits { max_file_bytes: 1 << 20, max_pixels: 1 << 20, max_side: 1 << 20, max_alloc_bytes: 16 << 20, memory: None };

/// Each of ten shares of a hundred.
fn fuzz(name: &'static str, seeds: &[Vec<u8>], mend: fn(&mut [u8])) {
    for seed in seeds {
        decode(seed, &LIMITS).unwrap_or_else(|error| panic!("{name}: the sound picture is refused: {error}"));
    }
    watch::run(&Kind {
        name,
        share: 10,
        damaged: &|random: &mut Random| {
            let mut bytes = mutate::bytes(random, seeds);
            if random.below(2) == 0 {
                mend(&mut bytes);
            }
            bytes
        },
        read: &|bytes| {
            if let Ok(photo) = decode(bytes, &LIMITS) {
                let pixels = u64::from(photo.width()) * u64::from(photo.height());
                assert!(pixels > 0 && pixels <= LIMITS.max_pixels, "{pixels} pixels");
            }
            let degrees = origin(bytes).latitude.unwrap_or_default();
            assert!((-90.0..=90.0).contains(&degrees), "{degrees}");
        },
        // A decoder may hold its own buffers beside the picture, and the picture in two forms.
        limit: Cost { peak: 2 * LIMITS.max_alloc_bytes as usize, largest: LIMITS.max_alloc_bytes as usize },
    });
}

fn leave(_: &mut [u8]) {}

#[test]
fn jpeg() {
    fuzz("jpeg", &seeds::jpeg(false), leave);
}

#[test]
fn progressive_jpeg() {
    fuzz("progressive jpeg", &seeds::jpeg(true), leave);
}

#[test]
fn jpeg_in_scans() {
    fuzz("jpeg in scans", &seeds::jpeg_in_scans(), leave);
}

#[test]
fn png() {
    fuzz("png", &seeds::png(), mend_png);
}

#[test]
fn gif() {
    fuzz("gif", &seeds::gif(), leave);
}

#[test]
fn bmp() {
    fuzz("bmp", &seeds::bmp(), leave);
}

#[test]
fn webp() {
    fuzz("webp", &seeds::webp(), leave);
}

#[test]
fn tiff() {
    fuzz("tiff", &seeds::tiff(), leave);
}

#[cfg(feature = "heic")]
#[test]
fn heic() {
    fuzz("heic", &seeds::golden("heic"), leave);
}

#[test]
fn pnm() {
    fuzz("pnm", &seeds::pnm(), leave);
}

#[test]
fn decoding_takes_no_more_memory_than_it_asked_for() {
    let picture = image::DynamicImage::from(seeds::drawn(1200, 900));
    let prep = PrepSpec::default();
    let mut tried = 0;
    for (name, file) in seeds::of_every_kind(&picture) {
        let memory = MemoryBudget::new(4 << 30);
        let limits = Limits::within(&memory);
        let working = |width, height| prep.working_bytes(width, height);
        let (done, cost) = allocator::measure(|| {
            decode_for(&file, &limits, Reading::default(), &working)
                .map(|decoded| prep.apply(&decoded.photo))
                .map_err(|error| error.to_string())
        });
        assert!(done.is_ok(), "{name}: {done:?}");
        assert!(cost.peak as u64 <= memory.most_taken(), "{name}: {} of {}", cost.peak, memory.most_taken());
        tried += 1;
    }
    assert!(tried > 25, "{tried}");
}

/// Makes every chunk's checksum right again, so that what is under it is reached.
fn mend_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(length) = bytes.get(at..at + 4).and_then(|length| length.try_into().ok()).map(u32::from_be_bytes) {
        let end = at + 8 + length as usize;
        let Some(sum) = bytes.get(at + 4..end).map(crc32) else { return };
        let Some(place) = bytes.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}
