//! How what a model remembers of known pictures lies in its file: a field of text, and tensors whose names no layer's weights have.

use serde::{Deserialize, Serialize};

use super::KNOWN;
use super::container::{Contents, Values};
use crate::base::error::FileFault;
use crate::metrics::{Familiarity, FeatureSpace, KnownPictures, KnownScores, Memory, Moments, Prototypes, Standard};

const WHITENING: &str = "umbel.known/whitening";
const MEANS: &str = "umbel.known/means";
const PROTOTYPES: &str = "umbel.known/prototypes";
const SCALES: &str = "umbel.known/scales";

/// The first format that knows [`Familiarity::EnergyAndLikeness`].
const WITH_PROTOTYPES: u64 = 3;

/// The field; what it needs beside lies among the tensors. What files of before do not have is left out where there is none.
#[derive(Serialize, Deserialize)]
struct Field {
    familiarity: Familiarity,
    scores: KnownScores,
    /// Of the energy and of the likeness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standards: Option<[Standard; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    confidence: Option<Moments>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    from_scratch: bool,
}

/// The lowest format that a file with these known pictures can have.
pub fn format(known: Option<&KnownPictures>) -> u64 {
    match known.map(|known| known.familiarity) {
        None | Some(Familiarity::MaxProbability | Familiarity::Energy | Familiarity::Mahalanobis) => 1,
        Some(Familiarity::EnergyAndLikeness) => WITH_PROTOTYPES,
    }
}

/// The field.
pub fn to_json(known: &KnownPictures) -> serde_json::Result<String> {
    let KnownPictures { familiarity, scores, memory, confidence, from_scratch } = known;
    let standards = match memory {
        Memory::Prototypes(_, standards) => Some(*standards),
        Memory::Space(_) | Memory::Nothing => None,
    };
    serde_json::to_string(&Field {
        familiarity: *familiarity,
        scores: scores.clone(),
        standards,
        confidence: *confidence,
        from_scratch: *from_scratch,
    })
}

/// A tensor's name, its shape and its numbers.
type Part<'a> = (&'static str, Vec<usize>, Values<'a>);

/// The tensors.
pub fn parts(known: &KnownPictures) -> Vec<Part<'_>> {
    match &known.memory {
        Memory::Nothing => Vec::new(),
        Memory::Space(space) => {
            let (n, (whitening, means)) = (space.features(), space.parts());
            let means = (MEANS, vec![means.len() / n, n], Values::F32(means));
            vec![(WHITENING, vec![n, n], Values::F32(whitening)), means]
        }
        Memory::Prototypes(prototypes, _) => {
            let (pictures, (values, scales)) = (prototypes.pictures(), prototypes.parts());
            let values = (PROTOTYPES, vec![pictures, prototypes.inputs()], Values::I8(values));
            // Bytes come last: what is behind an odd number of them would lie askew.
            vec![(SCALES, vec![pictures], Values::F32(scales)), values]
        }
    }
}

/// Takes it out of a file's contents; `None` where there is none, as in the oldest files.
pub fn take(contents: &mut Contents) -> Result<Option<KnownPictures>, FileFault> {
    if !contents.fields.contains_key(KNOWN) {
        return Ok(None);
    }
    let bad = |detail: &str| FileFault::Field { field: KNOWN, detail: detail.into() };
    let Field { familiarity, scores, standards, confidence, from_scratch } = contents.field(KNOWN)?;
    let space = (contents.tensors.remove(WHITENING), contents.tensors.remove(MEANS));
    let prototypes = (contents.rough.remove(PROTOTYPES), contents.tensors.remove(SCALES));
    let memory = match (space, prototypes) {
        ((Some(whitening), Some(means)), _) => {
            let features = whitening.shape.first().copied().unwrap_or(0);
            let space = FeatureSpace::from_parts(features, whitening.data, means.data);
            Memory::Space(space.ok_or_else(|| bad("its matrices do not fit each other"))?)
        }
        (_, (Some(values), Some(scales))) => {
            let inputs = values.shape.last().copied().unwrap_or(0);
            let prototypes = Prototypes::from_parts(inputs, values.data, scales.data);
            let standards = standards.ok_or_else(|| bad("its prototypes need standards that are not there"))?;
            Memory::Prototypes(prototypes.ok_or_else(|| bad("its prototypes do not fit their scales"))?, standards)
        }
        _ => Memory::Nothing,
    };
    Ok(Some(KnownPictures { familiarity, scores, memory, confidence, from_scratch }))
}
