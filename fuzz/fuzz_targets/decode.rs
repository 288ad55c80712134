//! Pictures through the one door, under small limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbel::data::decode::{Limits, decode};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_file_bytes: 1 << 20, max_pixels: 1 << 20, max_alloc_bytes: 16 << 20, ..Limits::default() };
    match decode(bytes, &limits) {
        Ok(photo) => assert!(u64::from(photo.width()) * u64::from(photo.height()) <= limits.max_pixels),
        // The door catches what its decoders throw; here that is what is looked for.
        Err(error) => assert!(!error.detail.contains("its decoder gave up on it"), "a decoder panics"),
    }
});
