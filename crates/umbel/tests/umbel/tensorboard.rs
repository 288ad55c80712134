//! Event files, read back by a reader of these tests' own: framing, checksums and protocol buffers from their
//! specifications. The real TensorBoard reads them in `e2e/tensorboard`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use umbel::base::progress::EpochRecord;
use umbel::report::tensorboard::{Curve, Picture, TensorBoard};

/// CRC-32C bit by bit (reflected polynomial 0x82F63B78), masked as TFRecord wants it.
fn masked_crc32c(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_left(17).wrapping_add(0xa282_ead8)
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82F6_3B78 } else { crc >> 1 })
    })
}

/// The records of a file, and how many bytes at its end are none.
fn records(bytes: &[u8]) -> (Vec<&[u8]>, usize) {
    let (mut found, mut at) = (Vec::new(), 0);
    let u32_at = |at: usize| bytes.get(at..at + 4).map(|four| u32::from_le_bytes(four.try_into().unwrap()));
    while let Some(header) = bytes.get(at..at + 8) {
        let length = u64::from_le_bytes(header.try_into().unwrap()) as usize;
        let Some(data) = bytes.get(at + 12..at + 12 + length) else { break };
        let Some(crc) = u32_at(at + 12 + length) else { break };
        assert_eq!(u32_at(at + 8), Some(masked_crc32c(header)));
        assert_eq!(crc, masked_crc32c(data));
        found.push(data);
        at += 16 + length;
    }
    (found, bytes.len() - at)
}

/// The length-delimited and other fields of a message: number, and its bytes (numbers as eight bytes).
fn fields(mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (byte, rest) = bytes.split_first().unwrap();
            *bytes = rest;
            value |= u64::from(byte & 127) << shift;
            if byte & 128 == 0 {
                break;
            }
        }
        value
    }
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let value = match key % 8 {
            0 => varint(&mut bytes).to_le_bytes().to_vec(),
            kind => {
                let length = if kind == 1 { 8 } else { varint(&mut bytes) as usize };
                assert!(kind < 3, "an unexpected kind of field: {kind}");
                let (value, rest) = bytes.split_at(length);
                bytes = rest;
                value.to_vec()
            }
        };
        found.push((key / 8, value));
    }
    found
}

fn field(message: &[u8], number: u64) -> Vec<u8> {
    fields(message).into_iter().find(|(found, _)| *found == number).map(|(_, value)| value).unwrap_or_default()
}

/// A value that was read: tag, step, plugin, and the tensor.
#[derive(Clone, Debug)]
struct Read {
    tag: String,
    step: u64,
    plugin: String,
    tensor: Vec<u8>,
}

fn event_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every value in a folder's files, in TensorBoard's order: by name, then as they stand.
fn read(folder: &Path) -> Vec<Read> {
    let mut found = Vec::new();
    for path in event_files(folder) {
        let bytes = fs::read(path).unwrap();
        for (number, record) in records(&bytes).0.into_iter().enumerate() {
            let wall_time = f64::from_le_bytes(field(record, 1).try_into().unwrap());
            assert!(wall_time > 1.7e9 && wall_time < 1e11, "seconds since 1970: {wall_time}");
            if number == 0 {
                assert_eq!(field(record, 3), b"brain.Event:2");
                continue;
            }
            let value = field(&field(record, 5), 1);
            let step = field(record, 2);
            found.push(Read {
                tag: String::from_utf8(field(&value, 1)).unwrap(),
                step: u64::from_le_bytes(step.try_into().unwrap()),
                plugin: String::from_utf8(field(&field(&field(&value, 9), 1), 1)).unwrap(),
                tensor: field(&value, 8),
            });
        }
    }
    found
}

/// The steps and values of every tag.
fn scalars(folder: &Path) -> BTreeMap<String, Vec<(u64, f32)>> {
    let mut found: BTreeMap<String, Vec<(u64, f32)>> = BTreeMap::new();
    for read in read(folder).into_iter().filter(|read| read.plugin == "scalars") {
        assert_eq!(field(&read.tensor, 1), 1u64.to_le_bytes(), "DT_FLOAT");
        let value = f32::from_le_bytes(field(&read.tensor, 4).try_into().unwrap());
        found.entry(read.tag).or_default().push((read.step, value));
    }
    found
}

fn record(epoch: usize) -> EpochRecord {
    let x = epoch as f64;
    EpochRecord {
        epoch,
        loss: 1.0 / x,
        accuracy: 1.0 - 0.7 / x,
        val_loss: 1.5 / x,
        val_accuracy: 1.0 - 0.8 / x,
        lr: 0.001 / x,
        seconds: 1.0,
        images_per_second: 10.0,
        ..EpochRecord::default()
    }
}

fn expected(epochs: usize, figure: fn(&EpochRecord) -> f64) -> Vec<(u64, f32)> {
    (1..=epochs).map(|epoch| (epoch as u64 - 1, figure(&record(epoch)) as f32)).collect()
}

#[track_caller]
fn holds_epochs(folder: &Path, epochs: usize) {
    let training = scalars(&folder.join("train"));
    assert_eq!(training.keys().collect::<Vec<_>>(), ["epoch_accuracy", "epoch_learning_rate", "epoch_loss"]);
    assert_eq!(training["epoch_loss"], expected(epochs, |r| r.loss));
    assert_eq!(training["epoch_accuracy"], expected(epochs, |r| r.accuracy));
    assert_eq!(training["epoch_learning_rate"], expected(epochs, |r| r.lr));
    let validation = scalars(&folder.join("validation"));
    assert_eq!(validation.keys().collect::<Vec<_>>(), ["epoch_accuracy", "epoch_loss"]);
    assert_eq!(validation["epoch_loss"], expected(epochs, |r| r.val_loss));
    assert_eq!(validation["epoch_accuracy"], expected(epochs, |r| r.val_accuracy));
}

#[test]
fn the_reader_of_these_tests_reads_by_the_book() {
    assert_eq!(crc32c(b"123456789"), 0xE306_9283, "the check value of the catalogue of CRCs");
    // RFC 3720, B.4: 32 bytes of zeros.
    assert_eq!(crc32c(&[0; 32]), 0x8A91_36AA);
    // A tf.train.Example writer's record of no bytes: length 0, its masked checksum, no data, the checksum of nothing.
    assert_eq!(masked_crc32c(&[]), 0xa282_ead8);
}

#[test]
fn every_epoch_is_there_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::open(folder.path()).unwrap();
    for epoch in 1..=3 {
        board.epoch(&record(epoch)).unwrap();
        // It can be read while it grows.
        holds_epochs(folder.path(), epoch);
        board.epoch(&record(epoch)).unwrap();
    }
    holds_epochs(folder.path(), 3);
    drop(board);
    for _ in 0..2 {
        // Resumed twice at once: the names still tell the order.
        let mut board = TensorBoard::open(folder.path()).unwrap();
        (1..=5).for_each(|epoch| board.epoch(&record(epoch)).unwrap());
    }
    holds_epochs(folder.path(), 5);
    assert_eq!(event_files(&folder.path().join("train")).len(), 2);
    let (_, rest) = records(&fs::read(&event_files(&folder.path().join("train"))[0]).unwrap());
    assert_eq!(rest, 0);
}

#[test]
fn a_file_that_is_cut_anywhere_loses_and_doubles_nothing() {
    let whole = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::open(whole.path()).unwrap();
    (1..=2).for_each(|epoch| board.epoch(&record(epoch)).unwrap());
    let file = event_files(&whole.path().join("train")).remove(0);
    let bytes = fs::read(&file).unwrap();
    for length in 0..=bytes.len() {
        let cut = tempfile::tempdir().unwrap();
        fs::create_dir(cut.path().join("train")).unwrap();
        fs::write(cut.path().join("train").join(file.file_name().unwrap()), &bytes[..length]).unwrap();
        let mut board = TensorBoard::open(cut.path()).unwrap();
        (1..=3).for_each(|epoch| board.epoch(&record(epoch)).unwrap());
        holds_epochs(cut.path(), 3);
    }
}

#[test]
fn damaged_and_foreign_files_do_no_harm() {
    let whole = tempfile::tempdir().unwrap();
    TensorBoard::open(whole.path()).unwrap().epoch(&record(1)).unwrap();
    let file = event_files(&whole.path().join("train")).remove(0);
    let bytes = fs::read(&file).unwrap();
    for at in 0..bytes.len() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("train")).unwrap();
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        fs::write(folder.path().join("train").join(file.file_name().unwrap()), damaged).unwrap();
        TensorBoard::open(folder.path()).unwrap().epoch(&record(1)).unwrap();
    }
    let train = whole.path().join("train");
    fs::write(train.join("events.out.tfevents.99999999999999999999.x"), [0xff; 100]).unwrap();
    fs::write(train.join("events.out.tfevents."), b"").unwrap();
    fs::write(train.join("notes.txt"), b"mine").unwrap();
    TensorBoard::open(whole.path()).unwrap().epoch(&record(2)).unwrap();
    assert_eq!(fs::read(train.join("notes.txt")).unwrap(), b"mine");
}

#[test]
fn pictures_are_written_once_with_their_size() {
    let folder = tempfile::tempdir().unwrap();
    let mut png = Vec::new();
    let picture = image::RgbImage::from_pixel(7, 3, image::Rgb([1, 2, 3]));
    picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
    for _ in 0..2 {
        let mut board = TensorBoard::open(folder.path()).unwrap();
        let picture = Picture { tag: "confusion_matrix", description: "What it shows.", step: 4, png: &png };
        board.picture(Curve::Validation, &picture).unwrap();
        board.picture(Curve::Validation, &picture).unwrap();
    }
    let found = read(&folder.path().join("validation"));
    let [one] = found.as_slice() else { panic!("one picture: {found:?}") };
    assert_eq!((one.tag.as_str(), one.step, one.plugin.as_str()), ("confusion_matrix", 4, "images"));
    let parts: Vec<Vec<u8>> =
        fields(&one.tensor).into_iter().filter(|(n, _)| *n == 8).map(|(_, value)| value).collect();
    assert_eq!(parts, [b"7".to_vec(), b"3".to_vec(), png]);
}
