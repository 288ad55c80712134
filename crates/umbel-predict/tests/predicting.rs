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
use umbel_predict::metrics::{Calibration, Doubts, KnownPictures};
use umbel_predict::model_file::{Metrics, ModelFile, TrainedOn};
use umbel_predict::nn::layers::{Activation, Conv2d, Dense, GlobalAvgPool2d, MaxPool2d, Rescaling};
use umbel_predict::nn::{Graph, Model};
use umbel_predict::predict::{Picture, Prediction, Predictor, SureSet};
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

/// Another network of the same classes in another order, which sees photos otherwise.
fn other() -> ModelFile {
    let size = SIZE + 8;
    let mut graph = Graph::new((size as usize, size as usize, 3));
    graph.layer(Rescaling::new(1.0 / 255.0), graph.last());
    graph.layer(Conv2d::new(4, 5).activation(Activation::Relu), graph.last());
    graph.layer(GlobalAvgPool2d, graph.last());
    graph.layer(Dense::new(3), graph.last());
    let classes = ["square", "circle", "cross"].map(String::from).to_vec();
    let photos = Photos { classes, prep: PrepSpec { image_size: size, ..PrepSpec::default() } };
    let model = Model::new(graph, 11).unwrap();
    let calibration = Some(Calibration { temperature: 0.5, images: 60 });
    ModelFile { calibration, ..ModelFile::new(model, &photos, Metrics::default()) }
}

/// The probability that an answer gives to a class.
fn given(answer: &Prediction, class: &str) -> f64 {
    answer.top.iter().find(|top| top.class == class).unwrap().probability
}

#[test]
fn several_models_answer_with_the_mean_of_each() {
    let drawn = pictures();
    let photos: Vec<Picture<'_>> = drawn.iter().map(in_memory).collect();
    let answers = |predictor: Predictor| -> Vec<Prediction> {
        predictor.predict_pictures(&photos).into_iter().map(Result::unwrap).collect()
    };
    let of = |file: ModelFile| answers(Predictor::new(file, 4, 3).unwrap());
    let (one, two) = (of(file()), of(other()));
    assert_eq!(answers(Predictor::together(vec![file()], 4, 3).unwrap()), one, "the same bits");
    for (first, second) in [(file(), other()), (other(), file())] {
        let both = Predictor::together(vec![first.clone(), second], 4, 3).unwrap();
        assert_eq!((both.models(), both.classes()), (2, first.classes.as_slice()));
        for ((both, one), two) in answers(both).iter().zip(&one).zip(&two) {
            for class in ["circle", "cross", "square"] {
                let mean = (given(one, class) + given(two, class)) / 2.0;
                assert!((given(both, class) - mean).abs() < 1e-12, "{both:?}");
            }
            assert_eq!(both.top[0].class, both.class);
        }
    }
    let mut lacking = other();
    lacking.classes[1] = "hexagon".into();
    let refused = Predictor::together(vec![file(), other(), lacking], 4, 3).unwrap_err();
    let told = refused.to_string();
    assert!(told.contains("model 3") && told.contains("lacks circle") && told.contains("hexagon"), "{told}");
    assert!(matches!(refused, Error::OtherClasses { model: 3, .. }));
    assert!(Predictor::together(Vec::new(), 4, 3).is_err());
}

/// Of 300 photos, of which every class was given `p` where it was right.
fn doubts(p: f64) -> Option<Doubts> {
    let row = |k: usize| (0..3).map(move |class| if class == k % 3 { p } else { (1.0 - p) / 2.0 });
    let labels: Vec<u32> = (0..300).map(|k| k % 3).collect();
    Doubts::new(3, &(0..300).flat_map(row).collect::<Vec<f64>>(), &labels)
}

#[test]
fn sets_hold_what_was_doubted_no_more() {
    let drawn = pictures();
    let photos: Vec<Picture<'_>> = drawn.iter().map(in_memory).collect();
    assert!(matches!(Predictor::new(file(), 4, 3).unwrap().sure(0.9), Err(Error::NoDoubts)));
    // What the model gives to the class that comes second on the first photo.
    let plain = Predictor::new(file(), 4, 3).unwrap().predict_pictures(&photos);
    let limit = plain[0].as_ref().unwrap().top[1].probability;
    let file = ModelFile { doubts: doubts(limit), ..file() };
    for share in [0.0, 1.0, f64::NAN] {
        assert!(Predictor::new(file.clone(), 4, 3).unwrap().sure(share).is_err(), "{share}");
    }
    let too_much = Predictor::new(file.clone(), 4, 3).unwrap().sure(0.9999).unwrap_err();
    assert!(matches!(too_much, Error::TooFewJudged { images: 300, .. }), "{too_much}");
    for by_class in [false, true] {
        let predictor = Predictor::new(file.clone(), 4, 1).unwrap();
        let predictor = if by_class { predictor.sure_by_class(0.9) } else { predictor.sure(0.9) }.unwrap();
        assert_eq!(predictor.set_rules().count(), 1);
        for (answer, plain) in predictor.predict_pictures(&photos).into_iter().zip(&plain) {
            let (answer, plain) = (answer.unwrap(), plain.as_ref().unwrap());
            let held = plain.top.iter().filter(|top| top.probability >= limit || top.class == plain.class);
            let expected: Vec<String> = held.map(|top| top.class.clone()).collect();
            let sure = answer.sure.as_ref().unwrap();
            assert_eq!(sure.set, expected);
            assert!(answer.to_string().ends_with(&format!(" It is {sure}.")), "{answer}");
            let json = serde_json::to_value(&answer).unwrap();
            assert_eq!(json["set"], serde_json::json!(expected));
        }
    }
    let two = SureSet { set: vec!["roses".into(), "tulips".into()], level: 0.95 };
    assert_eq!(two.to_string(), "roses or tulips (95 % sure it is one of these)");
    let one = SureSet { set: vec!["roses".into()], level: 0.975 };
    assert_eq!(one.to_string(), "roses (97.5 % sure)");
    let many = SureSet { set: (0..9).map(|k| k.to_string()).collect(), level: 0.9 };
    assert_eq!(many.to_string(), "0, 1, 2, 3, 4 or 4 others (90 % sure it is one of these)");
}

#[test]
fn of_several_models_more_than_half_must_hold_a_class() {
    let drawn = pictures();
    let photos: Vec<Picture<'_>> = drawn.iter().map(in_memory).collect();
    // What holds everything, and what holds next to nothing but the most likely class.
    let wide = |file: ModelFile| ModelFile { doubts: doubts(0.0), ..file };
    let narrow = |file: ModelFile| ModelFile { doubts: doubts(1.0), ..file };
    let sizes = |files: Vec<ModelFile>| -> Vec<usize> {
        let predictor = Predictor::together(files, 4, 3).unwrap().sure(0.9).unwrap();
        let sure =
            predictor.predict_pictures(&photos).into_iter().map(|answer| answer.unwrap().sure.unwrap().set.len());
        sure.collect()
    };
    assert_eq!(sizes(vec![wide(file()), wide(other())]), [3; 7]);
    assert_eq!(sizes(vec![wide(file()), narrow(other())]), [1; 7], "one of two is not more than half");
    assert_eq!(sizes(vec![wide(file()), wide(other()), narrow(file())]), [3; 7]);
    // 300 photos promise 0.9934 of two models, of each of which half as many may miss.
    let predictor = |level: f64| Predictor::together(vec![wide(file()), wide(other())], 4, 3).unwrap().sure(level);
    assert!(predictor(0.993).is_ok());
    let Err(Error::TooFewJudged { most, .. }) = predictor(0.995) else { panic!("too much") };
    assert!((most - (1.0 - 2.0 / 301.0)).abs() < 1e-12, "{most}");
}

#[test]
fn several_models_tell_unknown_pictures_by_the_mean_of_their_shares() {
    let drawn = pictures();
    let photos: Vec<Picture<'_>> = drawn.iter().map(in_memory).collect();
    let known = |file: ModelFile, logits: [f32; 9]| {
        let known = KnownPictures::measure(3, (0, &[]), (&logits, &[]));
        assert!(known.is_some());
        ModelFile { known, ..file }
    };
    // Of one, all pictures are more familiar than its own; of the other, less.
    let far_below = [-90.0, -90.0, -90.0, -80.0, -80.0, -80.0, -70.0, -70.0, -70.0];
    let (below, above) = (known(file(), far_below), known(other(), far_below.map(|z| -z)));
    let refused = Predictor::together(vec![below.clone(), other()], 4, 3).unwrap().keep(0.9);
    assert!(matches!(refused, Err(Error::NoKnownPictures)));
    let scores = |files: Vec<ModelFile>, keep: f64| -> Vec<(f64, f64, bool)> {
        let predictor = Predictor::together(files, 4, 3).unwrap().keep(keep).unwrap();
        let answers = predictor.predict_pictures(&photos);
        answers
            .into_iter()
            .map(|answer| answer.unwrap().familiarity.unwrap())
            .map(|f| (f.score, f.threshold, f.unknown))
            .collect()
    };
    assert_eq!(scores(vec![below.clone(), above.clone()], 0.75), [(0.5, 0.25, false); 7]);
    assert_eq!(scores(vec![below, above.clone()], 0.25), [(0.5, 0.75, true); 7]);
    assert_eq!(scores(vec![above.clone(), above], 0.75), [(0.0, 0.25, true); 7]);
}
