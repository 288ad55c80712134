//! The golden run: the same bits in every version that has the same number.

use std::fs;

use sha2::{Digest, Sha256};
use umbel::model_file::ModelFile;
use umbel::nn::Isa;
use umbel::nn::numerics::{GOLDEN_RUN, NUMERICS};
use umbel::run::names;

use crate::kept::{self, COMPUTED_ALIKE};
use crate::support::Place;

/// The start of a digest over all weights.
fn digest(file: &ModelFile) -> String {
    let mut hasher = Sha256::new();
    for tensor in &file.model.weights().tensors {
        hasher.update(format!("{} {:?}\n", tensor.name, tensor.shape));
        tensor.data.iter().for_each(|value| hasher.update(value.to_le_bytes()));
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The run of which a version's files were kept, as this version computes it.
fn trained(isa: &str, precision: &str) -> ModelFile {
    let place = Place::new();
    kept::put_photos(&place);
    fs::copy(kept::path("v1/run").join(names::MODEL_TOML), place.path("model.toml")).unwrap();
    let ran = place
        .command(&["train", "photos", "--model", "model.toml", "--image-size", "32", "--batch", "8", "--epochs", "2"])
        .args(["--test-split", "0.2", "--val-split", "0.3", "--lr", "0.004", "--precision", precision, "--out", "run"])
        .env("UMBEL_ISA", isa)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(3), "{ran:?}");
    ModelFile::load(&place.path("run")).unwrap()
}

#[test]
fn the_golden_run_comes_to_the_same_weights_or_the_number_has_gone_up() {
    let usable: Vec<&str> = Isa::usable().into_iter().map(Isa::name).collect();
    let mut rows = Vec::new();
    for (isa, precision, expected) in GOLDEN_RUN {
        if usable.contains(&isa) && (isa != "scalar" || COMPUTED_ALIKE) {
            let came = digest(&trained(isa, precision));
            rows.push((isa, precision, expected, came));
        }
    }
    let changed: Vec<String> = rows
        .iter()
        .filter(|(_, _, expected, came)| came != expected)
        .map(|(isa, precision, _, came)| format!("    ({isa:?}, {precision:?}, {came:?}),"))
        .collect();
    assert!(
        changed.is_empty(),
        "The golden run comes to other weights than before. If that is not meant, something is broken. If it is: raise \
         umbel::nn::NUMERICS, which is {NUMERICS}, put these digests in the place of those beside it, and say in \
         CHANGELOG.md that runs that were begun before cannot be resumed:\n{}",
        changed.join("\n")
    );
}

#[test]
fn other_digests_have_another_number() {
    // Whoever changes the digests and leaves the number as it is meets the model that was trained under it.
    let golden = GOLDEN_RUN[0].2;
    for version in kept::VERSIONS {
        let file = ModelFile::load(&kept::path(version).join("run")).unwrap();
        assert!(
            file.numerics != NUMERICS || digest(&file) == golden,
            "{version} has other weights under {NUMERICS}, too"
        );
    }
}
