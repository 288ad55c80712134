//! Tests of `model_file`: round trips, mutations, versions, and every cause of refusal.

use std::fs;
use std::path::Path;

use umbel::PredictError;
use umbel::base::error::FileFault;
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::random::{Purpose, Stream};
use umbel::data::decode::{Depth, Raw};
use umbel::data::{Interpolation, PrepSpec, Resize};
use umbel::eval::{EvalOptions, evaluate_folder};
use umbel::explain::Explainer;
use umbel::metrics::{Calibration, Doubts, FeatureSpace, KnownPictures, Memory, Moments, Trusted};
use umbel::model_file::container::{self, Origin, StoredTensor, TensorRef, Values};
use umbel::model_file::{Metrics, ModelFile, StartedFrom};
use umbel::nn::layers::{Activation, BatchNorm, Conv2d, Dense, Flatten, Rescaling};
use umbel::nn::{Model, NUMERICS, Sequential};
use umbel::predict::Predictor;

fn sample() -> ModelFile {
    let stack = Sequential::new((32, 32, 3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(BatchNorm::new())
        .add(Conv2d::new(2, 3).stride(8))
        .add(Flatten)
        .add(Dense::new(2).activation(Activation::Relu))
        .add(Dense::new(3));
    ModelFile {
        model: Model::new(stack, 5).unwrap(),
        classes: vec!["daisy".into(), "rosé \"quoted\"".into(), "tulip".into()],
        prep: PrepSpec { image_size: 32, ..PrepSpec::default() },
        metrics: Metrics { epoch: 3, val_accuracy: 1.0 / 3.0, val_loss: 0.30000000000000004 },
        calibration: Some(Calibration { temperature: 1.0 / 0.7, images: 734 }),
        known: known(),
        doubts: Doubts::new(3, &[0.5, 0.25, 0.25, 0.1, 0.9, 0.0, 0.2, 0.2, 0.6], &[0, 1, 1]),
        trusted: vec![Trusted { asked: 0.95, confidence: 0.7, right: 0.97, answered: 1.0 / 3.0 }],
        views: Some(umbel::data::Tta::Flips),
        started_from: Some(StartedFrom {
            name: "Lite".into(),
            license: Some("Apache-2.0".into()),
            ..StartedFrom::default()
        }),
        numerics: NUMERICS,
    }
}

/// What the last layer of [`sample`] reads.
const INPUTS: usize = 2;

/// Of three training pictures and two for validation.
fn known() -> Option<KnownPictures> {
    let features: Vec<f32> = (0..3 * INPUTS).map(|k| (k * k % 7) as f32).collect();
    let val_features: Vec<f32> = (0..2 * INPUTS).map(|k| (k % 5) as f32).collect();
    let val_logits = [1.0, 0.5, 0.0, 0.0, 0.2, 2.0];
    let known = KnownPictures::measure(3, (INPUTS, &features), (&val_logits, &val_features)).unwrap();
    Some(KnownPictures { confidence: Moments::of(&[0.5, 0.8]), ..known })
}

fn fault(path: &Path) -> FileFault {
    let fault = match ModelFile::load(path).unwrap_err() {
        PredictError::ModelFile { fault, .. } => fault,
        other => panic!("another error than expected: {other}"),
    };
    if let Ok(bytes) = fs::read(path) {
        assert_eq!(ModelFile::from_bytes(&bytes).unwrap_err(), fault, "the bytes have another fault than their file");
    }
    fault
}

/// The bytes of a safetensors file taken apart: header text and tensor bytes.
fn take_apart(bytes: &[u8]) -> (String, Vec<u8>) {
    let size = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (String::from_utf8(bytes[8..8 + size].to_vec()).unwrap(), bytes[8 + size..].to_vec())
}

fn put_together(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn a_model_reads_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let file = sample();
    file.save(&path).unwrap();
    assert_eq!(ModelFile::load(&path).unwrap(), file);
    assert_eq!(ModelFile::load(folder.path()).unwrap(), file, "a run folder will do");
    let first = fs::read(&path).unwrap();
    file.save(&path).unwrap();
    assert_eq!(first, fs::read(&path).unwrap(), "the same model gives the same bytes");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no scratch file is left");
}

#[test]
fn a_model_needs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let file = sample();
    file.save(&path).unwrap();
    let bytes = file.to_bytes().unwrap();
    assert_eq!(bytes, fs::read(&path).unwrap());
    assert_eq!(ModelFile::from_bytes(&bytes).unwrap(), file);
}

#[test]
fn other_programs_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let file = sample();
    file.save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    // And two for what known pictures are like.
    assert_eq!(tensors.len(), file.model.weights().tensors.len() + 2);
    for expected in &file.model.weights().tensors {
        let tensor = tensors.tensor(&expected.name).unwrap();
        assert_eq!(tensor.shape(), expected.shape);
        let values: Vec<f32> =
            tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
        assert_eq!(values, expected.data);
    }
}

#[test]
fn no_mutation_passes_for_the_model_or_panics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let file = sample();
    file.save(&path).unwrap();
    let good = fs::read(&path).unwrap();
    let (header, _) = take_apart(&good);
    let mut random = Stream::new(1, Purpose::Demo, 0, 0);
    let check = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        if let Ok(read) = ModelFile::load(&path) {
            assert_eq!(read, file, "{what}");
        }
    };
    for round in 0..1500 {
        let mut bytes = good.clone();
        // Two thirds of the mutations hit the header, where the parsers are.
        let at = if round % 3 == 0 { random.below(bytes.len()) } else { random.below(8 + header.len()) };
        match round % 5 {
            0 => bytes.truncate(at),
            1 | 2 => bytes[at] ^= 1 << random.below(8),
            3 => bytes[at] = random.next_u64() as u8,
            _ => {
                let end = (at + random.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        check(&bytes, &format!("round {round}, at {at}"));
    }
    for length in 0..32 {
        check(&good[..length], "short");
    }
    let mut longer = good.clone();
    longer.push(0);
    check(&longer, "longer");
}

#[test]
fn damage_in_a_weight_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    sample().save(&path).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() - 10;
    bytes[middle] ^= 0x10;
    fs::write(&path, bytes).unwrap();
    assert_eq!(fault(&path), FileFault::Damaged);
}

#[test]
fn a_future_version_asks_for_an_update() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    sample().save(&path).unwrap();
    let (header, data) = take_apart(&fs::read(&path).unwrap());
    let future = header.replace("\"umbel.format\":\"3\"", "\"umbel.format\":\"5\"");
    assert_ne!(future, header);
    fs::write(&path, put_together(&future, &data)).unwrap();
    assert!(matches!(fault(&path), FileFault::Newer { format: 5, reads: 4, .. }));
    let text = ModelFile::load(&path).unwrap_err().to_string();
    assert!(["format 5", "up to 4", "update umbel"].iter().all(|part| text.contains(part)), "{text}");
}

#[test]
fn what_older_programs_know_is_written_in_the_format_that_they_know() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for resize in [Resize::Stretch, Resize::Crop, Resize::Letterbox] {
        for interpolation in [Interpolation::Bilinear, Interpolation::BilinearAntialias] {
            let prep = PrepSpec { image_size: 32, resize, interpolation, ..PrepSpec::default() };
            ModelFile { prep: prep.clone(), known: None, ..sample() }.save(&path).unwrap();
            let (header, _) = take_apart(&fs::read(&path).unwrap());
            assert!(header.contains(r#""umbel.format":"1""#), "{header}");
            assert_eq!(ModelFile::load(&path).unwrap().prep, prep);
        }
    }
}

#[test]
fn a_depth_that_was_said_asks_for_a_program_that_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for (depth, raw) in [(Depth::Ten, Raw::Refuse), (Depth::Float, Raw::Refuse), (Depth::Auto, Raw::Preview)] {
        let prep = PrepSpec { image_size: 32, depth, raw, ..PrepSpec::default() };
        ModelFile { prep: prep.clone(), known: None, ..sample() }.save(&path).unwrap();
        let (header, _) = take_apart(&fs::read(&path).unwrap());
        assert!(header.contains(r#""umbel.format":"2""#), "{header}");
        assert_eq!(ModelFile::load(&path).unwrap().prep, prep);
    }
}

#[test]
fn a_model_tells_by_which_arithmetic_it_was_trained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let file = ModelFile { numerics: 41, ..sample() };
    file.save(&path).unwrap();
    assert_eq!(ModelFile::load(&path).unwrap(), file, "and can be used whichever that was");
}

#[test]
fn each_cause_has_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    assert_eq!(fault(&path), FileFault::NotFound);
    assert_eq!(fault(folder.path()), FileFault::NoModel);
    fs::write(&path, "").unwrap();
    assert!(matches!(fault(&path), FileFault::NotSafetensors(_)));
    fs::write(&path, "not a model, but long enough to look like a header of some kind").unwrap();
    assert!(matches!(fault(&path), FileFault::NotSafetensors(_)));
    fs::write(&path, put_together("{}", &[])).unwrap();
    assert!(matches!(fault(&path), FileFault::Foreign("umbel.format")));
    sample().save(&path).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    assert!(matches!(fault(&path), FileFault::NotSafetensors(_)));
}

/// The bytes of a whole file whose contents were changed before it was sealed, as another program could do.
fn forged(change: impl FnOnce(&mut container::Contents)) -> Vec<u8> {
    let mut contents = container::read_bytes(&sample().to_bytes().unwrap(), "model").unwrap();
    change(&mut contents);
    let tensors: Vec<TensorRef<'_>> = contents
        .tensors
        .iter()
        .map(|(name, tensor)| TensorRef { name: name.clone(), shape: &tensor.shape, data: Values::F32(&tensor.data) })
        .collect();
    let rough = contents.rough.iter();
    let tensors: Vec<TensorRef<'_>> = tensors
        .into_iter()
        .chain(rough.map(|(name, tensor)| TensorRef {
            name: name.clone(),
            shape: &tensor.shape,
            data: Values::I8(&tensor.data),
        }))
        .collect();
    let origin = Origin { kind: "model", format: 1, numerics: NUMERICS };
    let mut bytes = Vec::new();
    container::Sealed::new(origin, contents.fields, &tensors).write(&mut bytes).unwrap();
    bytes
}

/// What is wrong with a file one of whose fields was changed.
fn of_field(field: &str, json: &str) -> FileFault {
    let put = |contents: &mut container::Contents| drop(contents.fields.insert(field.into(), json.into()));
    ModelFile::from_bytes(&forged(put)).unwrap_err()
}

/// A field's JSON, as the sample has it.
fn file_field(field: &str) -> String {
    container::read_bytes(&sample().to_bytes().unwrap(), "model").unwrap().fields[field].clone()
}

#[test]
fn models_that_contradict_themselves_are_refused() {
    assert_eq!(ModelFile::from_bytes(&forged(|_| {})).unwrap(), sample());
    assert_eq!(of_field("umbel.classes", r#"["a","b"]"#), FileFault::Classes { names: 2, outputs: 3 });
    for classes in [r#"["a","b","a"]"#, r#"["a","","c"]"#] {
        assert!(
            matches!(of_field("umbel.classes", classes), FileFault::Field { field: "umbel.classes", .. }),
            "{classes}"
        );
    }
    let prep = r#"{"image_size":64,"resize":"stretch","interpolation":"bilinear"}"#;
    assert!(matches!(of_field("umbel.prep", prep), FileFault::Input { .. }));
    let weight = |name: &'static str, value: f32| {
        move |contents: &mut container::Contents| contents.tensors.get_mut(name).unwrap().data[0] = value
    };
    let fault = |bytes: &[u8]| ModelFile::from_bytes(bytes).unwrap_err();
    assert!(matches!(fault(&forged(weight("dense/kernel", f32::NAN))), FileFault::NotFinite(_)));
    let negative = fault(&forged(weight("batch_normalization/moving_variance", -1e-3)));
    assert!(negative.to_string().contains("variance below 0"), "{negative}");
    let stranger = forged(|contents| {
        let tensor = contents.tensors.remove("dense/kernel").unwrap();
        contents.tensors.insert("stranger/kernel".into(), tensor);
    });
    assert!(matches!(fault(&stranger), FileFault::Weights(_)), "{}", fault(&stranger));
}

/// What was public to change panicked later, or gave silent nonsense.
#[test]
fn a_model_file_that_is_changed_in_code_is_refused_wherever_it_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let wide: Vec<f32> = (0..18).map(|k| (k * k % 7) as f32).collect();
    let wide = KnownPictures::measure(3, (3, &wide), (&[1.0, 0.5, 0.0], &[0.0; 3]));
    type Change<'a> = &'a dyn Fn(&mut ModelFile);
    let changes: [(&str, Change<'_>); 11] = [
        ("a class more", &|file| file.classes.push("extra".into())),
        ("a class less", &|file| drop(file.classes.pop())),
        ("a class twice", &|file| file.classes[1] = file.classes[0].clone()),
        ("a class without a name", &|file| file.classes[1].clear()),
        ("other photos", &|file| file.prep.image_size = 64),
        ("no photos", &|file| file.prep.image_size = 0),
        ("other known pictures", &|file| file.known.clone_from(&wide)),
        ("doubts of other classes", &|file| file.doubts = Doubts::new(2, &[0.5, 0.5], &[0])),
        ("no share of answers", &|file| file.trusted[0].right = f64::NAN),
        ("a temperature of 0", &|file| file.calibration = Some(Calibration { temperature: 0.0, images: 1 })),
        ("no weights", &|file| drop(file.model.take())),
    ];
    for (what, change) in changes {
        let mut file = sample();
        change(&mut file);
        let fault = file.check().expect_err(what);
        assert_eq!(file.to_bytes().unwrap_err(), fault, "{what}");
        assert!(matches!(file.save(&path), Err(PredictError::ModelFile { .. })), "{what}");
        assert!(!path.exists(), "{what}");
        assert!(matches!(Explainer::open(&file), Err(PredictError::Model(_))), "{what}");
        let options = EvalOptions::default();
        let evaluated = evaluate_folder(&file, folder.path(), &options, &mut Silent, &Interrupt::default());
        assert!(matches!(evaluated, Err(umbel::Error::Predict(PredictError::Model(_)))), "{what}");
        assert!(matches!(Predictor::new(file, 1, 5), Err(PredictError::Model(_))), "{what}");
    }
}

#[test]
fn more_tensors_than_any_network_has_are_refused() {
    let tensors: Vec<TensorRef<'_>> =
        (0..70_000).map(|k| TensorRef { name: format!("t{k}"), shape: &[0], data: Values::F32(&[]) }).collect();
    let origin = Origin { kind: "model", format: 1, numerics: NUMERICS };
    let mut bytes = Vec::new();
    container::Sealed::new(origin, Default::default(), &tensors).write(&mut bytes).unwrap();
    assert!(matches!(ModelFile::from_bytes(&bytes), Err(FileFault::TooMany { count: 70_000, .. })));
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = sample().save(&folder.path().join("none/model.safetensors")).unwrap_err();
    assert!(matches!(error, PredictError::Io { .. }), "{error}");
}

#[test]
fn a_file_without_a_calibration_is_one_of_temperature_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut file = sample();
    file.calibration = None;
    file.save(&path).unwrap();
    let (header, _) = take_apart(&fs::read(&path).unwrap());
    assert!(!header.contains("calibration"), "as files of before there was any: {header}");
    let read = ModelFile::load(&path).unwrap();
    assert_eq!(read, file);
    assert_eq!(read.temperature(), 1.0);
}

#[test]
fn a_temperature_out_of_range_is_refused() {
    for temperature in ["0.0", "-1.0", "1e9"] {
        let fault = of_field("umbel.calibration", &format!(r#"{{"temperature":{temperature},"images":3}}"#));
        assert!(matches!(fault, FileFault::Field { field: "umbel.calibration", .. }), "{temperature}");
    }
}

#[test]
fn what_is_promised_of_answers_is_checked_and_need_not_be_there() {
    let json = file_field("umbel.doubts");
    for (from, to) in [
        (r#""images":3"#, r#""images":4"#),
        (r#""images":3"#, r#""images":18446744073709551615"#),
        (r#""images":3"#, r#""images":-3"#),
        (r#""images":1"#, r#""images":18446744073709551615"#),
        ("800000", "1000001"),
        ("800000", "NaN"),
        ("800000,500000", "500000,800000"),
        (r#""classes":["#, r#""classes":[{"images":0,"doubts":[]},"#),
        (r#""all""#, r#""most""#),
    ] {
        assert!(json.contains(from), "{json}");
        let fault = of_field("umbel.doubts", &json.replacen(from, to, 1));
        assert!(matches!(fault, FileFault::Field { field: "umbel.doubts", .. }), "{to}: {fault}");
    }
    let json = file_field("umbel.trusted");
    let many = format!("[{}]", vec![json.trim_matches(['[', ']']); 17].join(","));
    for wrong in [json.replace("0.7", "1.5"), json.replace("0.97", "null"), json.replace("0.95", "-0.95"), many] {
        let fault = of_field("umbel.trusted", &wrong);
        assert!(matches!(fault, FileFault::Field { field: "umbel.trusted", .. }), "{wrong}: {fault}");
    }
    let before = ModelFile { doubts: None, trusted: Vec::new(), ..sample() };
    let bytes = before.to_bytes().unwrap();
    let fields = container::read_bytes(&bytes, "model").unwrap().fields;
    assert!(!fields.contains_key("umbel.doubts") && !fields.contains_key("umbel.trusted"), "{fields:?}");
    assert_eq!(ModelFile::from_bytes(&bytes).unwrap(), before, "files of before they were there");
}

#[test]
fn what_known_pictures_are_like_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut file = sample();
    file.save(&path).unwrap();
    assert_eq!(ModelFile::load(&path).unwrap().known, known());
    // A score without what it needs, as a later hand might write it.
    let whole = file.known.clone().unwrap();
    let bare = ModelFile::from_bytes(&forged(|contents| contents.rough.clear()));
    assert!(bare.as_ref().unwrap_err().to_string().contains("prototypes"), "{bare:?}");
    let json = file_field("umbel.known");
    for (from, to) in [
        (r#""familiarity":"energy_and_likeness""#, r#""familiarity":"mahalanobis""#),
        (r#""familiarity":"energy_and_likeness""#, r#""familiarity":"energy""#),
        (r#""standards":["#, r#""standard":["#),
        (r#""spread":"#, r#""spread":-"#),
        (r#""spread":"#, r#""spread":1e99"#),
        (r#""deviation":"#, r#""deviation":-"#),
    ] {
        assert!(json.contains(from), "{json}");
        let fault = of_field("umbel.known", &json.replacen(from, to, 1));
        assert!(matches!(fault, FileFault::Field { field: "umbel.known", .. }), "{to}: {fault}");
    }
    let numbers = |name: &'static str, value: f32| {
        forged(move |contents| contents.tensors.get_mut(name).unwrap().data[0] = value)
    };
    for value in [f32::NAN, -1.0, 1e9] {
        assert!(ModelFile::from_bytes(&numbers("umbel.known/scales", value)).is_err(), "{value}");
    }
    let lacking = forged(|contents| {
        contents.rough.get_mut("umbel.known/prototypes").unwrap().data.pop();
    });
    assert!(ModelFile::from_bytes(&lacking).is_err(), "a number less than the shape says");
    let stranger = forged(|contents| {
        contents.rough.insert("dense/kernel".into(), StoredTensor { shape: vec![1], data: vec![1] });
        contents.tensors.remove("dense/kernel");
    });
    assert!(matches!(ModelFile::from_bytes(&stranger), Err(FileFault::Weights(_))), "weights are no bytes");
    let space = FeatureSpace::from_parts(2, vec![0.0; 4], vec![0.0; 2]).unwrap();
    file.known = Some(KnownPictures { memory: Memory::Space(space), ..whole.clone() });
    assert!(file.check().unwrap_err().to_string().contains("prototypes"), "the score is not made of that");
    let (familiarity, memory) = (umbel::metrics::Familiarity::Energy, Memory::Nothing);
    let energy = KnownPictures { familiarity, memory, ..whole };
    file.known = Some(energy.clone());
    file.save(&path).unwrap();
    assert_eq!(ModelFile::load(&path).unwrap().known, Some(energy));
    file.known = None;
    file.save(&path).unwrap();
    assert_eq!(ModelFile::load(&path).unwrap(), file, "files of before it was there");
}
