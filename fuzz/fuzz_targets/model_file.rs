//! Model files and checkpoints.
#![no_main]

use libfuzzer_sys::fuzz_target;
use umbel::model_file::ModelFile;
use umbel::train::checkpoint::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).expect("a file in it");
    let _ = ModelFile::load(&path);
    let _ = Checkpoint::read(&path);
});
