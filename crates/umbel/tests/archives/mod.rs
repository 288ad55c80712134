//! Archives of files that tests have in memory.

use std::io::Write;

use rawzip::{CompressionMethod, ZipArchiveWriter};

/// Paths and bytes.
pub type Files = Vec<(String, Vec<u8>)>;

pub fn tar_of(files: &Files) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap()
}

pub fn zip_of(files: &Files, method: CompressionMethod) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut zip = ZipArchiveWriter::new(&mut bytes);
    for (path, content) in files {
        let (mut entry, config) = zip.new_file(path).compression_method(method).start().unwrap();
        let descriptor = if method == CompressionMethod::STORE {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        } else {
            let mut writer =
                config.wrap(flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::default()));
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        };
        entry.finish(descriptor).unwrap();
    }
    zip.finish().unwrap();
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

/// As WebDataset has them: the class beside each picture, as text or in JSON.
pub fn samples(files: &Files, json: bool) -> Files {
    let sample = |(path, bytes): &(String, Vec<u8>)| {
        let (key, class) = (path.strip_suffix(".png").unwrap(), path.split('/').next().unwrap());
        let told = match json {
            true => (format!("{key}.json"), format!("{{\"width\": 12, \"label\": \"{class}\"}}").into_bytes()),
            false => (format!("{key}.cls"), format!("{class}\n").into_bytes()),
        };
        [(path.clone(), bytes.clone()), told]
    };
    files.iter().flat_map(sample).collect()
}
