//! A model of one's own as a start: its network and its classes' rows, and that photos which taught it do not judge what it becomes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use umbel::base::notice::{GoingOn, Notice};
use umbel::base::progress::{Event, Interrupt, Silent};
use umbel::data::Part;
use umbel::data::split::rows;
use umbel::metrics::Reads;
use umbel::model_file::ModelFile;
use umbel::nn::layers::{Activation, Conv2d, Dense, Dropout, Flatten, GlobalAvgPool2d, Rescaling};
use umbel::nn::{Model, Sequential};
use umbel::pipeline::{self, Changes, TrainConfig, resume, train_folder};
use umbel::pretrained::{Own, Pretrained, Tune, WeightsFrom};
use umbel::train::{FitOptions, HeadFit, fit};
use umbel::{Surroundings, run};

use super::flowers::{self, StopWhen};
use super::pipeline::Place;

/// A model file whose network has a last layer for these classes, of weights that are all different.
fn saved(path: &Path, stack: Sequential, classes: &[&str]) -> ModelFile {
    let (train, _) = flowers::parts();
    let mut model = Model::new(stack, 5).unwrap();
    let values = model.weights_mut().tensors.iter_mut().flat_map(|tensor| &mut tensor.data);
    values.enumerate().for_each(|(number, value)| *value = 0.001 * number as f32);
    let file = ModelFile {
        classes: classes.iter().map(|class| class.to_string()).collect(),
        ..ModelFile::new(model, train, Default::default())
    };
    file.save(path).unwrap();
    file
}

fn stack(classes: usize) -> Sequential {
    Sequential::new((32, 32, 3))
        .add(Rescaling::new(1.0 / 255.0))
        .add(Flatten)
        .add(Dense::new(3).activation(Activation::Relu))
        .add(Dropout::new(0.3))
        .add(Dense::new(classes))
}

fn names(classes: &[&str]) -> Vec<String> {
    classes.iter().map(|class| class.to_string()).collect()
}

#[test]
fn rows_of_the_last_layer_are_kept_by_name_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.safetensors");
    let old = saved(&path, stack(3), &["a", "b", "c"]);
    let own = Own::open(&WeightsFrom::File(path)).unwrap();
    assert_eq!(own.file(), &old);
    let classes = names(&["new", "c", "newer", "a"]);
    let graph = own.graph(32, 4).unwrap();
    let fresh = Model::new(graph.clone(), 9).unwrap();
    let (model, became) = own.into_model(graph, &classes, 9).unwrap();
    assert_eq!((became.kept, became.dropped), (vec![false, true, false, true], 1));
    let all = model.weights();
    let column = |of: &Model, name: &str, class: usize, of_all: usize| -> Vec<f32> {
        of.weights().get(name).unwrap().data.iter().skip(class).step_by(of_all).copied().collect()
    };
    for name in ["dense_1/kernel", "dense_1/bias"] {
        for (class, (source, place, of_all)) in
            [(&fresh, 0, 4), (&old.model, 2, 3), (&fresh, 2, 4), (&old.model, 0, 3)].into_iter().enumerate()
        {
            assert_eq!(column(&model, name, class, 4), column(source, name, place, of_all), "{name} {class}");
        }
    }
    assert_eq!(all.get("dense/kernel").unwrap().data, old.model.weights().get("dense/kernel").unwrap().data);
}

#[test]
fn what_cannot_be_gone_on_with_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.safetensors");
    let from = WeightsFrom::File(path.clone());
    let message = |result: umbel::Result<Own>| result.unwrap_err().to_string();
    // No dense layer is the last one.
    let pooled = Sequential::new((32, 32, 3)).add(Conv2d::new(3, 3)).add(GlobalAvgPool2d);
    saved(&path, pooled, &["a", "b", "c"]);
    assert!(from.own().is_some());
    assert!(message(Own::open(&from)).contains("does not end with a dense layer without an activation"));
    // Photos of another size would need other weights.
    saved(&path, stack(2), &["a", "b"]);
    let own = Own::open(&from).unwrap();
    let graph = own.graph(64, 2).unwrap();
    let error = own.into_model(graph, &names(&["a", "b"]), 1).unwrap_err().to_string();
    assert!(error.contains("wrong shape: dense/kernel is [3072, 3] instead of [12288, 3]"), "{error}");
    // Who reads it as weights of others, or names another network, hears that it is none.
    let error = Pretrained::read(&path).unwrap_err().to_string();
    assert!(error.contains("it is umbel's own model") && error.contains("name no other"), "{error}");
    let config = TrainConfig { model: "cnn".into(), pretrained: Some(from.clone()), ..TrainConfig::default() };
    let error = config.validate().unwrap_err().to_string();
    assert!(error.contains("model is \"cnn\"") && error.contains("which brings its network"), "{error}");
    // A file of a later version, and one that is damaged.
    let bytes = fs::read(&path).unwrap();
    let mut damaged = bytes.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&path, &damaged).unwrap();
    assert!(message(Own::open(&from)).contains("damaged"));
    let key = b"\"umbel.format\":\"";
    let format = bytes.windows(key.len()).position(|window| window == key).expect("the header tells its format");
    let mut later = bytes.clone();
    later[format + key.len()] = b'9';
    fs::write(&path, &later).unwrap();
    assert!(message(Own::open(&from)).contains("made by a newer umbel"), "{}", message(Own::open(&from)));
}

/// Drawn flowers in a folder of the test's own: `n` of each class, numbered from `first`.
fn photos(folder: &Path, n: usize, seed: u64) {
    umbel::demo::write_folder(folder, n, 48, seed).unwrap();
}

fn config(place: &Place, data: &Path) -> TrainConfig {
    let config = place.config();
    TrainConfig { data: data.to_owned(), cache: Some(place.path("cache")), ..config }
}

/// The settings for going on from a run.
fn going_on(place: &Place, data: &Path, run: &Path) -> TrainConfig {
    TrainConfig {
        model: run.to_str().unwrap().into(),
        pretrained: Some(WeightsFrom::File(run.to_owned())),
        ..config(place, data)
    }
}

fn train(config: &TrainConfig, out: &Path) -> Vec<Notice> {
    let mut observer = StopWhen::new(|_| false);
    train_folder(config, Some(out), &Surroundings::default(), &mut observer, &Interrupt::default()).unwrap();
    observer.notices
}

/// The part of each photo of a run, by its content.
fn parts(run: &Path, data: &Path) -> BTreeMap<Vec<u8>, Part> {
    let rows = rows(&run.join(run::names::SPLIT)).unwrap();
    rows.into_iter().map(|row| (fs::read(data.join(row.path)).unwrap(), row.part)).collect()
}

fn copy(from: &Path, to: &Path, called: impl Fn(&str) -> String) {
    for class in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(class.file_name());
        fs::create_dir_all(&target).unwrap();
        for file in fs::read_dir(class.path()).unwrap().flatten() {
            fs::copy(file.path(), target.join(called(file.file_name().to_str().unwrap()))).unwrap();
        }
    }
}

#[test]
fn photos_that_taught_the_old_model_never_judge_the_new_one_under_whatever_name() {
    let place = Place::new();
    let (data, moved, run) = (place.path("data"), place.path("moved"), place.path("run"));
    photos(&data, 8, 1);
    train(&config(&place, &data), &run);
    let old = parts(&run, &data);

    // Photos are added beside them.
    let added = place.path("added");
    photos(&added, 5, 2);
    copy(&added, &data, |name| format!("added-{name}"));
    // And copies of some that were there.
    let before = rows(&run.join(run::names::SPLIT)).unwrap();
    let copied = |path: &str| path.replacen('/', "/copy-", 1);
    for row in before.iter().step_by(7) {
        fs::copy(data.join(&row.path), data.join(copied(&row.path))).unwrap();
    }
    let next = place.path("next");
    let notices = train(&going_on(&place, &data, &run), &next);
    assert!(notices.contains(&Notice::GoingOn(GoingOn::Classes {
        from: run.display().to_string(),
        kept: 5,
        new: 0,
        dropped: 0
    })));
    let known = |known, new| Notice::GoingOn(GoingOn::KnownPhotos { from: run.display().to_string(), known, new });
    let copies = before.iter().step_by(7).count();
    assert!(notices.contains(&known(40, 25 + copies)), "{notices:?}");
    let after = rows(&next.join(run::names::SPLIT)).unwrap();
    for row in before.iter().step_by(7) {
        let part = after.iter().find(|after| after.path == copied(&row.path)).map(|after| after.part);
        assert_eq!(part, Some(row.part), "{}", row.path);
    }
    let new = parts(&next, &data);
    assert!(old.iter().all(|(photo, part)| new[photo] == *part));
    let of = |part| new.iter().filter(|(photo, of)| !old.contains_key(*photo) && **of == part).count();
    assert_eq!((of(Part::Train), of(Part::Val)), (20, 5), "a fifth of the new ones validates");

    // The same under other names, in another place, the old ones still there.
    copy(&data, &moved, |name| format!("moved-{name}"));
    let third = place.path("third");
    assert!(train(&going_on(&place, &moved, &run), &third).contains(&known(40 + copies, 25)));
    let new = parts(&third, &moved);
    assert!(old.iter().all(|(photo, part)| new[photo] == *part));
}

#[test]
fn photos_that_were_moved_to_another_class_stay_in_their_part() {
    let place = Place::new();
    let (data, run, next) = (place.path("data"), place.path("run"), place.path("next"));
    photos(&data, 8, 1);
    let classes: Vec<PathBuf> = fs::read_dir(&data).unwrap().flatten().map(|entry| entry.path()).collect();
    for (number, class) in classes.iter().enumerate() {
        for file in fs::read_dir(class).unwrap().flatten() {
            let name = format!("{number}-{}", file.file_name().to_str().unwrap());
            fs::rename(file.path(), class.join(name)).unwrap();
        }
    }
    train(&config(&place, &data), &run);
    let old = parts(&run, &data);
    let file = fs::read_dir(&classes[0]).unwrap().flatten().next().unwrap();
    fs::rename(file.path(), classes[1].join(file.file_name())).unwrap();
    fs::rename(&classes[2], data.join("renamed")).unwrap();
    let notices = train(&going_on(&place, &data, &run), &next);
    assert!(
        notices.contains(&Notice::GoingOn(GoingOn::KnownPhotos { from: run.display().to_string(), known: 40, new: 0 })),
        "{notices:?}"
    );
    assert!(notices.contains(&Notice::GoingOn(GoingOn::Classes {
        from: run.display().to_string(),
        kept: 4,
        new: 1,
        dropped: 1
    })));
    let new = parts(&next, &data);
    assert!(old.iter().all(|(photo, part)| new[photo] == *part));
}

#[test]
fn runs_before_the_last_one_count_too_and_what_is_not_known_is_said() {
    let place = Place::new();
    let [first, second] = ["first", "second"].map(|name| place.path(name));
    photos(&first, 8, 1);
    photos(&second, 5, 2);
    let [a, b, c] = ["a", "b", "c"].map(|name| place.path(name));
    train(&config(&place, &first), &a);
    let notices = train(&going_on(&place, &second, &a), &b);
    assert!(
        notices.contains(&Notice::GoingOn(GoingOn::KnownPhotos { from: a.display().to_string(), known: 0, new: 25 })),
        "{notices:?}"
    );
    let both = place.path("both");
    copy(&first, &both, |name| format!("1-{name}"));
    copy(&second, &both, |name| format!("2-{name}"));
    let notices = train(&going_on(&place, &both, &b), &c);
    assert!(
        notices.contains(&Notice::GoingOn(GoingOn::KnownPhotos { from: b.display().to_string(), known: 65, new: 0 })),
        "{notices:?}"
    );
    let new = parts(&c, &both);
    for (run, data) in [(&a, &first), (&b, &second)] {
        assert!(parts(run, data).iter().all(|(photo, part)| new[photo] == *part));
    }
    let about = ModelFile::load(&c).unwrap().started_from.unwrap();
    assert!(about.from_scratch && about.name == "a" && about.through == ["b"], "{about:?}");

    // A model file by itself tells none of it.
    let alone = place.path("alone.safetensors");
    fs::copy(a.join("model.safetensors"), &alone).unwrap();
    let notices = train(&going_on(&place, &first, &alone), &place.path("from-alone"));
    assert!(
        notices.contains(&Notice::GoingOn(GoingOn::UnknownPhotos { from: alone.display().to_string() })),
        "{notices:?}"
    );
    assert!(!notices.iter().any(|notice| matches!(notice, Notice::GoingOn(GoingOn::KnownPhotos { .. }))));

    // Who divides the photos himself is warned, and folds are refused.
    let mut keras = going_on(&place, &first, &a);
    keras.split = umbel::data::SplitMethod::Keras;
    keras.fit.seed = 5;
    let notices = train(&keras, &place.path("keras"));
    assert!(
        notices.iter().any(|n| matches!(n, Notice::GoingOn(GoingOn::TaughtBefore { photos, .. }) if *photos > 0)),
        "{notices:?}"
    );
    let folds = TrainConfig { folds: Some(3), ..going_on(&place, &first, &a) };
    let out = place.path("folds");
    let error = pipeline::train_folds(&folds, Some(&out), &Surroundings::default(), &mut Silent, &Interrupt::default());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("40 of these photos are known to the model"), "{error}");
    assert!(!out.exists());
}

#[test]
fn only_the_last_layer_tuned_is_judged_by_the_part_that_did_not_teach_the_network() {
    let place = Place::new();
    let (data, run, next) = (place.path("data"), place.path("run"), place.path("next"));
    photos(&data, 8, 1);
    let convolution =
        "[[layer]]\nkind = \"conv2d\"\nfilters = 4\nkernel = 3\nactivation = \"relu\"\n[[layer]]\nkind = \"flatten\"\n";
    let toml = format!("{convolution}[[layer]]\nkind = \"dense\"\nunits = 5\n");
    fs::write(place.path("net.toml"), toml).unwrap();
    train(&config(&place, &data), &run);
    let head = TrainConfig { tune: Some(Tune::Head), ..going_on(&place, &data, &run) };
    train(&head, &next);
    assert!(rows(&next.join(run::names::SPLIT)).unwrap().iter().all(|row| row.fold.is_none()));
    assert_eq!(parts(&next, &data), parts(&run, &data));
    // It began from nothing, so what tells unknown pictures is what does after that.
    let [before, after] = [&run, &next].map(|run| ModelFile::load(run).unwrap().known.unwrap());
    assert_eq!((before.reads(), after.reads()), (Reads::ChannelMeans, Reads::ChannelMeans));
    assert!(after.from_scratch);
    // The network below is the same, and so are the means of its channels.
    let channels = [0.5, 0.1, 0.7, 0.2];
    assert_eq!(before.score(&[0.0; 5], &channels), after.score(&[0.0; 5], &channels));
}

#[test]
fn a_run_that_goes_on_from_a_model_gives_the_same_bits_whoever_computes_and_stops() {
    let place = Place::new();
    let (data, run) = (place.path("data"), place.path("run"));
    photos(&data, 8, 1);
    train(&config(&place, &data), &run);
    // A class more.
    fs::create_dir(data.join("another")).unwrap();
    for file in fs::read_dir(data.join("daisy")).unwrap().flatten().take(6) {
        let mut picture = image::open(file.path()).unwrap();
        picture.invert();
        picture.save(data.join("another").join(file.file_name())).unwrap();
    }
    let settings = going_on(&place, &data, &run);
    let whole = place.path("whole");
    let notices = train(&TrainConfig { threads: 1, ..settings.clone() }, &whole);
    assert!(notices.contains(&Notice::GoingOn(GoingOn::Classes {
        from: run.display().to_string(),
        kept: 5,
        new: 1,
        dropped: 0
    })));
    let halves = place.path("halves");
    let mut observer = StopWhen::new(|event| matches!(event, Event::Step { epoch: 2, step: 2, .. }));
    let interrupt = observer.interrupt.clone();
    let two = TrainConfig { threads: 2, ..settings };
    assert!(
        train_folder(&two, Some(&halves), &Surroundings::default(), &mut observer, &interrupt).unwrap().interrupted
    );
    resume(&halves, &Changes::default(), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap();
    let model = |run: &Path| fs::read(run.join("model.safetensors")).unwrap();
    assert!(model(&whole) == model(&halves));
    assert_eq!(ModelFile::load(&whole).unwrap().classes.len(), 6);
}

#[test]
fn few_photos_lean_on_the_rows_that_were_kept() {
    let (train, val) = flowers::parts();
    let mut model = flowers::model();
    let options = FitOptions { epochs: 6, ..flowers::options() };
    fit(&mut model, train, val, &options, &mut Silent, &Interrupt::default()).unwrap();
    // One photo of each class is all that there is now.
    let mut seen = [false; 5];
    let first = |(_, label): &&(usize, u32)| !std::mem::replace(&mut seen[*label as usize], true);
    let samples: Vec<(usize, u32)> = train.samples.iter().filter(first).copied().collect();
    let few = umbel::data::Dataset { samples: samples.into(), ..train.clone() };
    let loss = |kept: Vec<bool>| {
        let options = FitOptions { head: HeadFit::Only, kept, ..flowers::options() };
        let mut model = model.clone();
        let outcome = fit(&mut model, &few, val, &options, &mut Silent, &Interrupt::default()).unwrap();
        outcome.history.epochs[outcome.best_epoch - 1].val_loss
    };
    let (leaning, anew) = (loss(vec![true; 5]), loss(Vec::new()));
    assert!(leaning < anew, "{leaning} {anew}");
}
