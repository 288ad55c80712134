//! A look at a TIFF's directory before it is decoded: the decoder reads the directory under limits of its own, before it
//! can be told ours, and makes room for 32 bytes a value, so that a file of a hundred bytes could ask for 256 MiB.

use crate::decode::Limits;

/// What a value takes in the decoder's memory.
const VALUE_BYTES: u64 = 32;

/// Whether an entry of the first directory, the one that is decoded, has more values than the limits leave room for. What
/// cannot be followed is left to the decoder, which says what is wrong with it.
pub(in crate::decode) fn asks_for_too_much(bytes: &[u8], limits: &Limits) -> bool {
    values(bytes).is_some_and(|values| values > limits.max_alloc_bytes / VALUE_BYTES)
}

/// The largest number of values that an entry says it has.
fn values(bytes: &[u8]) -> Option<u64> {
    let big_endian = bytes.starts_with(b"MM");
    let number = |at: usize, width: usize| -> Option<u64> {
        let bytes = bytes.get(at..at.checked_add(width)?)?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) })
    };
    // BigTIFF has the same fields in twice the width.
    let big = number(2, 2)? == 43;
    let (start, counter, width, entry) = if big { (number(8, 8)?, 8, 8, 20) } else { (number(4, 4)?, 2, 4, 12) };
    let start = usize::try_from(start).ok()?;
    let entries = number(start, counter)?.min(u64::from(u16::MAX)) as usize;
    let first = start.checked_add(counter)?;
    (0..entries).map_while(|place| number(first.checked_add(place * entry + 4)?, width)).max()
}
