//! One predictor and one explainer for many threads, photos as bytes and as pictures, features.

use std::io::Cursor;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use image::RgbImage;
use rayon::prelude::*;
use umbel_predict::Error;
use umbel_predict::base::augmentation::AugmentLayer;
use umbel_predict::base::problem::ProblemKind;
use umbel_predict::decode::{DecodeError, Limits};
use umbel_predict::explain::Explainer;
use umbel_predict::model_file::{Metrics, ModelFile, TrainedOn};
use umbel_predict::nn::layers::{Activation, Conv2d, Dense, GlobalAvgPool2d, MaxPool2d, Rescaling};
use umbel_predict::nn::{Graph, Model};
use umbel_predict::predict::{Picture, Predictor};
use umbel_predict::prepare::PrepSpec;
use umbel_predict::views::Tta;

const SIZE: u32 = 32;

struct Photos {
    classes: Vec<String>,
    prep: PrepSpec,
}

impl TrainedOn for Photos {
    fn class_names(&self) -> &[String] {
        &self.classes
    }

    fn prep(&self) -> &PrepSpec {
        &self.prep
    }
}

/// Never trained: what it says means nothing, but must be the same.
fn file() -> ModelFile {
    let mut graph = Graph::new((SIZE as usize, SIZE as usize, 3));
    for layer in AugmentLayer::tutorial() {
        graph.layer(layer, graph.last());
    }
    graph.layer(Rescaling::new(1.0 / 255.0), graph.last());
    graph.layer(Conv2d::new(8, 3).activation(Activation::Relu), graph.last());
    graph.layer(MaxPool2d::default(), graph.last());
    graph.layer(Conv2d::new(16, 3).activation(Activation::Relu), graph.last());
    graph.layer(GlobalAvgPool2d, graph.last());
    graph.layer(Dense::new(3), graph.last());
    let classes = ["circle", "cross", "square"].map(String::from).to_vec();
    let photos = Photos { classes, prep: PrepSpec { image_size: SIZE, ..PrepSpec::default() } };
    ModelFile::new(Model::new(graph, 7).unwrap(), &photos, Metrics::default())
}

/// Of several sizes and colors.
fn pictures() -> Vec<RgbImage> {
    let draw = |k: u32| {
        RgbImage::from_fn(20 + 7 * k, 45 - 2 * k, |x, y| {
            image::Rgb([(x * (k + 3)) as u8, (y * (9 - k)) as u8, ((x ^ y) * k) as u8])
        })
    };
    (0..7).map(draw).collect()
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut png = Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

fn in_memory(picture: &RgbImage) -> Picture<'_> {
    Picture { rgb: picture.as_raw(), width: picture.width(), height: picture.height() }
}

#[test]
fn threads_that_share_a_predictor_get_the_same_bits() {
    let photos: Vec<Vec<u8>> = pictures().iter().map(png).collect();
    for tta in [None, Some(Tta::FlipsAndCrops)] {
        let predictor = Predictor::new(file(), 3, 3).unwrap();
        let predictor = &tta.into_iter().fold(predictor, Predictor::with_views);
        let expected = predictor.predict(&photos);
        assert!(expected.iter().all(Result::is_ok));
        assert_ne!(expected[0], expected[1]);
        thread::scope(|scope| {
            let work = || (0..5).all(|_| predictor.predict(&photos) == expected);
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
            assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
        });
        // In a pool of threads that steal each other's work, a call can begin within another's.
        let alike = |k: usize| predictor.predict(&photos[k % 7..=k % 7])[0] == expected[k % 7];
        assert!((0..70).into_par_iter().all(alike));
    }
}

#[test]
fn threads_that_share_an_explainer_get_the_same_bits() {
    let pictures = pictures();
    let explainer = &Explainer::open(&file()).unwrap();
    let look = |picture: &RgbImage| (explainer.probabilities(picture).unwrap(), explainer.explain(picture, 1).unwrap());
    let expected: Vec<_> = pictures.iter().map(look).collect();
    thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| pictures.iter().map(look).collect::<Vec<_>>() == expected)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
    assert!((0..70).into_par_iter().all(|k| look(&pictures[k % 7]) == expected[k % 7]));
}

#[test]
fn pictures_in_memory_are_what_their_files_are() {
    let drawn = pictures();
    let photos: Vec<Vec<u8>> = drawn.iter().map(png).collect();
    let lent: Vec<&[u8]> = photos.iter().map(Vec::as_slice).collect();
    let drawn: Vec<Picture<'_>> = drawn.iter().map(in_memory).collect();
    let predictor = Predictor::new(file(), 4, 3).unwrap();
    let expected = predictor.predict(&photos);
    assert_eq!(predictor.predict(&lent), expected);
    assert_eq!(predictor.predict_pictures(&drawn), expected);
    let features = predictor.features(&photos);
    assert_eq!(predictor.features_of_pictures(&drawn), features);
    // One for each channel of the two convolutions.
    assert!(features.iter().all(|features| features.as_ref().unwrap().len() == 8 + 16));
    assert_ne!(features[0], features[1]);
    let one_by_one: Vec<_> = photos.iter().flat_map(|photo| predictor.features(&[photo])).collect();
    assert_eq!(one_by_one, features);
}

/// A file in memory that knows how many there are.
struct Counted<'a>(Vec<u8>, &'a AtomicUsize);

impl AsRef<[u8]> for Counted<'_> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn no_more_files_are_in_memory_than_are_worked_on() {
    let photos: Vec<Vec<u8>> = pictures().iter().map(png).collect();
    let predictor = Predictor::new(file(), 16, 3).unwrap();
    let expected = predictor.predict(&photos);
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let read = |k: &usize| {
        if *k == 40 {
            return Err(DecodeError { kind: ProblemKind::Unreadable, detail: "taken away".to_string() });
        }
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Ok(Counted(photos[k % 7].clone(), &now))
    };
    let sources: Vec<usize> = (0..70).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    let answers = pool.install(|| predictor.predict_from(&sources, read));
    for (k, answer) in answers.iter().enumerate() {
        match answer {
            Err(error) => assert!(k == 40 && error.detail == "taken away"),
            answer => assert_eq!(answer, &expected[k % 7]),
        }
    }
    assert!(answers[40].is_err() && now.into_inner() == 0 && (1..=3).contains(&most.into_inner()));
}

#[test]
fn pictures_whose_sizes_do_not_hold_are_refused_in_their_place() {
    let limits = Limits { max_pixels: 100, ..Limits::default() };
    let predictor = Predictor::new(file(), 4, 3).unwrap().with_limits(limits);
    let bytes = [9; 3 * 101];
    let of = |length: usize, width: u32, height: u32| Picture { rgb: &bytes[..length], width, height };
    let cases = [
        (of(300, 10, 10), None),
        (of(299, 10, 10), Some(ProblemKind::Damaged)),
        (of(301, 10, 10), Some(ProblemKind::Damaged)),
        (of(0, 0, 10), Some(ProblemKind::Damaged)),
        (of(0, 10, 0), Some(ProblemKind::Damaged)),
        (of(303, 101, 1), Some(ProblemKind::TooLarge)),
        (of(300, u32::MAX, u32::MAX), Some(ProblemKind::TooLarge)),
        (of(300, 1, 100), None),
    ];
    let answers = predictor.predict_pictures(&cases.map(|(picture, _)| picture));
    assert_eq!(answers.len(), cases.len());
    for (answer, (picture, kind)) in answers.into_iter().zip(cases) {
        assert_eq!(answer.err().map(|error| error.kind), kind, "{} x {}", picture.width, picture.height);
    }
    let error = predictor.predict_pictures(&[of(299, 10, 10)]).remove(0).unwrap_err().to_string();
    assert_eq!(error, "299 bytes for 10 x 10 pixels, but 300 (three each) were expected");
}

/// Finite weights whose sums are not: the answer was "NaN percent", and with known pictures "unknown" for sure.
#[test]
fn an_answer_that_is_no_number_is_an_error() {
    let mut file = file();
    for tensor in &mut file.model.weights_mut().tensors {
        tensor.data.iter_mut().for_each(|value| *value = value.signum() * 3e38);
    }
    let photos: Vec<Vec<u8>> = pictures().iter().map(png).chain([b"no picture".to_vec()]).collect();
    let explainer = Explainer::open(&file).unwrap();
    for tta in [None, Some(Tta::Flips)] {
        let predictor = tta.into_iter().fold(Predictor::new(file.clone(), 3, 3).unwrap(), Predictor::with_views);
        let kinds = |errors: Vec<ProblemKind>| {
            let (last, all) = errors.split_last().unwrap();
            assert!(
                all.iter().all(|kind| *kind == ProblemKind::NoAnswer) && *last == ProblemKind::NotAPicture,
                "{errors:?}"
            );
        };
        kinds(predictor.predict(&photos).into_iter().map(|answer| answer.unwrap_err().kind).collect());
        kinds(predictor.features(&photos).into_iter().map(|answer| answer.unwrap_err().kind).collect());
    }
    let error = explainer.probabilities(&pictures()[0]).unwrap_err();
    assert!(matches!(error, Error::NoAnswer { photo: None }), "{error}");
}
