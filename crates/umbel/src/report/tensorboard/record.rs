//! TFRecord, the framing of event files: length, checksum of the length, data, checksum of the data. The checksums are
//! CRC-32C, rotated and shifted ("masked"), all numbers little-endian.
//! <https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details>

use crc::{CRC_32_ISCSI, Crc};

/// CRC-32C goes by the name of iSCSI in the catalogue of checksums.
const CRC_32C: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
const MASK_DELTA: u32 = 0xa282_ead8;

/// A record of `data`, framed.
pub fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend(length);
    record.extend(masked_crc(&length).to_le_bytes());
    record.extend(data);
    record.extend(masked_crc(data).to_le_bytes());
    record
}

/// The data of the records in a file's bytes, up to the first that is cut or damaged.
pub fn records(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let Some((data, rest)) = first(bytes) {
        found.push(data);
        bytes = rest;
    }
    found
}

fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = checked(bytes, 8)?;
    let length = u64::from_le_bytes(length.try_into().ok()?);
    checked(rest, usize::try_from(length).ok()?)
}

/// So many bytes whose checksum follows them, and what comes after.
fn checked(bytes: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (data, rest) = bytes.split_at_checked(length)?;
    let (crc, rest) = rest.split_at_checked(4)?;
    (crc == masked_crc(data).to_le_bytes()).then_some((data, rest))
}

fn masked_crc(data: &[u8]) -> u32 {
    CRC_32C.checksum(data).rotate_right(15).wrapping_add(MASK_DELTA)
}
