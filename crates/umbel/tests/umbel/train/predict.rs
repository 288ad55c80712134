//! Predictions: the same figures as evaluation, ties, bad photos in their place, and the listing of files.

use std::fs;
use std::path::PathBuf;

use super::flowers::{dataset_options, folder, model, network, options, parts, quiet_fit};
use umbel::PredictError;
use umbel::base::augmentation::AugmentLayer;
use umbel::base::budget::MemoryBudget;
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::random::{Purpose, Stream};
use umbel::data::decode::{Limits, decode};
use umbel::data::{CacheOptions, DatasetOptions, PrepSpec, Tta, Views, image_dataset_from_directory};
use umbel::eval::{EvalOptions, evaluate_folder};
use umbel::metrics::{Familiarity, KnownPictures, Moments, Reads, max_probability, softmax};
use umbel::model_file::{Metrics, ModelFile};
use umbel::nn::{Cpu, Infer, Isa, Model};
use umbel::predict::{Predictor, expand_paths, search};
use umbel::train::{FitOptions, evaluate, outputs};

use crate::trial::inference;

fn trained() -> ModelFile {
    let mut model = model();
    quiet_fit(&mut model, &FitOptions { epochs: 2, ..options() }).unwrap();
    ModelFile::new(model, parts().0, Metrics::default())
}

#[test]
fn predictions_agree_with_evaluation() {
    let file = trained();
    let (_, val) = parts();
    let expected = evaluate(&Cpu::best(), &file.model, val, 8, 5).unwrap();
    let photos: Vec<Vec<u8>> = val.paths.iter().map(|path| fs::read(folder().join(path)).unwrap()).collect();
    for batch in [1, 3, 32] {
        let predictor = Predictor::new(file.clone(), batch, 5).unwrap();
        let (mut correct, mut loss) = (0, 0.0);
        for (answer, (_, label)) in predictor.predict(&photos).into_iter().zip(val.samples.iter()) {
            let answer = answer.unwrap();
            let truth = &val.class_names()[*label as usize];
            correct += usize::from(answer.class == *truth);
            loss -= answer.top.iter().find(|entry| entry.class == *truth).unwrap().probability.ln();
            assert_eq!(answer.top.len(), 5);
            assert_eq!(answer.confidence, answer.top[0].probability);
            assert!(answer.top.windows(2).all(|pair| pair[0].probability >= pair[1].probability));
            let sum: f64 = answer.top.iter().map(|entry| entry.probability).sum();
            assert!((sum - 1.0).abs() < 1e-5);
        }
        assert_eq!(correct, expected.correct);
        assert!((loss - expected.loss).abs() < 1e-4 * expected.loss, "{loss} {}", expected.loss);
    }
}

#[test]
fn equal_probabilities_stand_in_the_order_of_the_classes() {
    let mut model = Model::new(network(), 1).unwrap();
    for tensor in &mut model.weights_mut().tensors {
        tensor.data.fill(0.0);
    }
    let file = ModelFile::new(model, parts().0, Metrics::default());
    let classes = file.classes.clone();
    let photo = fs::read(folder().join(&parts().0.paths[0])).unwrap();
    let answer = Predictor::new(file, 4, 3).unwrap().predict(&[photo]).remove(0).unwrap();
    let named: Vec<&String> = answer.top.iter().map(|entry| &entry.class).collect();
    assert_eq!(named, [&classes[0], &classes[1], &classes[2]]);
    assert_eq!(
        answer.to_string(),
        format!("This image most likely belongs to {} with a 20.00 percent confidence.", classes[0])
    );
}

#[test]
fn a_bad_photo_has_its_own_answer() {
    let photo = fs::read(folder().join(&parts().0.paths[0])).unwrap();
    let photos = [photo.clone(), b"no picture".to_vec(), photo[..photo.len() / 2].to_vec(), photo, Vec::new()];
    let predictor = Predictor::new(trained(), 2, 99).unwrap();
    let answers = predictor.predict(&photos);
    let good: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, false, true, false]);
    assert_eq!(answers[0], answers[3]);
    assert!(predictor.predict::<Vec<u8>>(&[]).is_empty());
    assert_eq!(predictor.predict(&[b"bad".to_vec()]).len(), 1);
}

#[test]
fn a_batch_or_a_top_of_zero_is_refused() {
    let file = ModelFile::new(model(), parts().0, Metrics::default());
    assert!(Predictor::new(file.clone(), 0, 1).is_err());
    assert!(Predictor::new(file, 1, 0).is_err());
}

#[test]
fn folders_are_searched_for_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let png = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R'];
    fs::create_dir_all(root.join("b/c")).unwrap();
    fs::write(root.join("b/c/2.jpg"), b"named like a picture").unwrap();
    fs::write(root.join("b/notes.txt"), b"no picture").unwrap();
    fs::write(root.join("b/without_extension"), png).unwrap();
    fs::write(root.join("a.png"), png).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(root, root.join("b/loop")).unwrap();
    let found = expand_paths(&[root.to_owned(), root.join("b/notes.txt")]).unwrap();
    let expected = ["a.png", "b/c/2.jpg", "b/without_extension", "b/notes.txt"].map(|name| root.join(name));
    assert_eq!(found, expected);
    let error = expand_paths(&[PathBuf::from("not/there.jpg")]).unwrap_err().to_string();
    assert!(error.contains("not/there.jpg"), "{error}");
}

#[test]
fn what_systems_put_beside_photos_is_not_searched_for_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for path in
        ["1.jpg", "._1.jpg", ".hidden.png", ".notes", "@eaDir/1.jpg/small.jpg", "__MACOSX/._1.jpg", ".thumbs/1.jpg"]
    {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), b"named like a picture").unwrap();
    }
    let found = search(root).unwrap();
    assert_eq!((found.files, found.left_out), (vec![root.join("1.jpg")], 5));
    // What is named itself is wanted.
    let named = search(&root.join(".thumbs")).unwrap();
    assert_eq!(named.files, [root.join(".thumbs/1.jpg")]);
    assert_eq!(search(&root.join("._1.jpg")).unwrap().files, [root.join("._1.jpg")]);
}

#[test]
fn views_are_the_photo_its_crops_and_their_mirror_images() {
    let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
    let photo: Vec<u8> = (0..32 * 32).flat_map(|k| [(k % 32 * 8) as u8, (k / 32 * 8) as u8, 7]).collect();
    let plain =
        Views::new(Tta::FlipsAndCrops, &[AugmentLayer::RandomRotation { factor: (0.0, 0.1) }]).of(&prep, &photo);
    let both = Views::new(Tta::FlipsAndCrops, &AugmentLayer::tutorial());
    let views = both.of(&prep, &photo);
    assert_eq!((plain.len(), views.len(), both.count()), (6, 12, 12));
    let flips = Views::new(Tta::Flips, &AugmentLayer::tutorial());
    assert_eq!((flips.count(), flips.of(&prep, &photo)), (2, vec![views[0].clone(), views[6].clone()]));
    assert_eq!((Views::new(Tta::Flips, &[]).count(), Views::new(Tta::Flips, &[]).of(&prep, &photo).len()), (1, 1));
    assert_eq!((&views[0], &views[..6]), (&photo, plain.as_slice()));
    assert_eq!(&views[6][..3], &photo[31 * 3..32 * 3], "the mirrored one begins with the end of the first row");
    let corner = |view: usize| (plain[view][0], plain[view][1]);
    assert!(corner(2).0 < 5 && corner(2).1 < 5, "top left: {:?}", corner(2));
    assert!((28..40).contains(&corner(3).0) && corner(3).1 < 5, "top right: {:?}", corner(3));
    assert!(corner(4).0 < 5 && (28..40).contains(&corner(4).1), "bottom left: {:?}", corner(4));
    assert!(views.iter().all(|view| view.chunks(3).all(|pixel| pixel[2] == 7)));
}

#[test]
fn answers_over_several_views_are_means() {
    let file = trained();
    let photo = fs::read(folder().join(&parts().0.paths[0])).unwrap();
    let predictor = Predictor::new(file.clone(), 4, 5).unwrap().with_views(Tta::FlipsAndCrops);
    let answer = predictor.predict(std::slice::from_ref(&photo)).remove(0).unwrap();
    let picture = decode(&photo, &Limits::default()).unwrap();
    let views = Views::new(Tta::FlipsAndCrops, &file.model.architecture().augmentation());
    let views = views.of(&file.prep, &file.prep.apply(&picture));
    let mut plan = inference(&file.model, views.len(), Isa::best()).unwrap();
    let images: Vec<f32> = views.iter().flatten().map(|value| f32::from(*value)).collect();
    let rows = softmax(5, plan.infer(file.model.weights(), &images), file.temperature());
    for (class, name) in file.classes.iter().enumerate() {
        let mean = rows.chunks(5).map(|row| row[class]).sum::<f64>() / views.len() as f64;
        let said = answer.top.iter().find(|top| top.class == *name).unwrap().probability;
        assert!((said - mean).abs() < 1e-6, "{name}: {said} {mean}");
    }
    assert_ne!(answer, Predictor::new(file, 4, 5).unwrap().predict(&[photo]).remove(0).unwrap());
}

#[test]
fn what_is_unlike_all_known_pictures_is_unknown() {
    let mut file = trained();
    let (train, val) = parts();
    let refused = Predictor::new(file.clone(), 4, 1).unwrap().keep(0.9).unwrap_err();
    assert!(matches!(refused, PredictError::NoKnownPictures), "{refused}");
    let interrupt = Interrupt::default();
    let seen = outputs(&Cpu::best(), &file.model, train, (8, Reads::LastInput), &interrupt).unwrap().unwrap();
    let tested = outputs(&Cpu::best(), &file.model, val, (8, Reads::LastInput), &interrupt).unwrap().unwrap();
    let width = seen.features.len() / train.len();
    file.known = KnownPictures::measure(5, (width, &seen.features), (&tested.logits, &tested.features));
    assert_eq!(file.known.as_ref().unwrap().familiarity, Familiarity::EnergyAndLikeness);
    let photos: Vec<Vec<u8>> = val.paths.iter().map(|path| fs::read(folder().join(path)).unwrap()).collect();
    for share in [0.5, 0.9, 1.0] {
        let predictor = Predictor::new(file.clone(), 3, 2).unwrap().keep(share).unwrap();
        let answers = predictor.predict(&photos);
        let mut kept = 0;
        for answer in answers {
            let answer = answer.unwrap();
            let familiar = answer.familiarity.clone().unwrap();
            kept += usize::from(!familiar.unknown);
            assert_eq!(familiar.unknown, familiar.score < familiar.threshold);
            assert_eq!((answer.class == "unknown", answer.top[0].class.clone()), (familiar.unknown, familiar.nearest));
            assert_eq!(answer.confidence, answer.top[0].probability);
            assert_eq!(answer.to_string().contains("unlike"), familiar.unknown);
        }
        let kept = kept as f64 / photos.len() as f64;
        assert!((kept - share).abs() < 1.5 / photos.len() as f64 + 0.01, "{kept} kept of {share}");
    }
    for share in [0.0, 1.1, f64::NAN] {
        assert!(Predictor::new(file.clone(), 3, 2).unwrap().keep(share).is_err(), "{share}");
    }
}

/// Drawn flowers, and the same with another camera: little contrast, a cast and noise.
#[test]
fn drift_is_told_of_another_source_and_not_of_photos_like_those_measured() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    for (name, seed) in [("known", 5), ("same", 6), ("more", 7)] {
        umbel::demo::write_folder(&place(name), 12, 48, seed).unwrap();
    }
    let mut random = Stream::new(1, Purpose::Demo, 0, 0);
    for path in expand_paths(&[place("same")]).unwrap() {
        let mut picture = image::open(&path).unwrap().into_rgb8();
        for pixel in picture.pixels_mut() {
            let [r, g, b] = pixel.0.map(f32::from);
            let noise = random.range(-40.0, 40.0);
            pixel.0 = [120.0 + 0.3 * r + noise, 60.0 + 0.3 * g + noise, 0.3 * b + noise].map(|v| v as u8);
        }
        let other = place("other").join(path.strip_prefix(place("same")).unwrap());
        fs::create_dir_all(other.parent().unwrap()).unwrap();
        picture.save(other).unwrap();
    }
    let mut file = trained();
    let cache = tempfile::tempdir().unwrap();
    let known = image_dataset_from_directory(
        &place("known"),
        &DatasetOptions { validation_split: 0.9, ..dataset_options(cache.path()) },
    );
    let (train, val) = known.unwrap();
    let interrupt = Interrupt::default();
    let look =
        |dataset| outputs(&Cpu::best(), &file.model, dataset, (8, Reads::LastInput), &interrupt).unwrap().unwrap();
    let (seen, tested) = (look(&train), look(&val));
    let known = KnownPictures::measure(5, (16, &seen.features), (&tested.logits, &tested.features)).unwrap();
    let confidences: Vec<f64> = softmax(5, &tested.logits, 1.0).chunks(5).map(max_probability).collect();
    file.known = Some(KnownPictures { confidence: Moments::of(&confidences), ..known });
    let options = EvalOptions {
        cache: CacheOptions::within(cache.path().to_owned(), &MemoryBudget::default()),
        ..EvalOptions::default()
    };
    let drift = |name| {
        let told = evaluate_folder(&file, &place(name), &options, &mut Silent, &interrupt).unwrap().drift.unwrap();
        let photos: Vec<Vec<u8>> =
            expand_paths(&[place(name)]).unwrap().into_iter().map(|path| fs::read(path).unwrap()).collect();
        let answers = Predictor::new(file.clone(), 8, 1).unwrap().scored().predict(&photos);
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| answer.familiarity.is_none()), "none is called unknown unasked");
        let scores: Vec<f64> = answers.iter().map(|answer| answer.score.unwrap()).collect();
        let confidences: Vec<f64> = answers.iter().map(|answer| answer.confidence).collect();
        let again = file.known.as_ref().unwrap().drift(&scores, &confidences).unwrap();
        assert_eq!((told.images, told.unfamiliar, told.unlike), (again.images, again.unfamiliar, again.unlike));
        told
    };
    for name in ["same", "more"] {
        assert!(!drift(name).unlike, "{name}: {}", drift(name));
    }
    assert!(drift("other").unlike, "{}", drift("other"));
    assert!(drift("other").to_string().contains("unlike those"));
}

/// Every figure of it was NaN, and nothing said why.
#[test]
fn an_evaluation_of_a_model_that_overflows_names_the_photo() {
    let mut model = Model::new(network(), 1).unwrap();
    for tensor in &mut model.weights_mut().tensors {
        tensor.data.iter_mut().for_each(|value| *value = value.signum() * 3e38);
    }
    let file = ModelFile::new(model, parts().0, Metrics::default());
    let cache = tempfile::tempdir().unwrap();
    for tta in [None, Some(Tta::Flips)] {
        let options = EvalOptions {
            cache: CacheOptions::within(cache.path().to_owned(), &MemoryBudget::default()),
            tta,
            ..EvalOptions::default()
        };
        let evaluated = evaluate_folder(&file, folder(), &options, &mut Silent, &Interrupt::default());
        let error = evaluated.map(drop).expect_err("no figures");
        assert!(
            matches!(&error, umbel::Error::Predict(PredictError::NoAnswer { photo: Some(photo) }) if photo.contains('/')),
            "{error}"
        );
    }
}
