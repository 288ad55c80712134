//! The last layer fitted by itself: the optimum, the same bits however it is come by, and the run that it leaves.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use umbel::Surroundings;
use umbel::base::progress::{Event, Interrupt, Silent};
use umbel::data::{Dataset, Interpolation, PrepSpec};
use umbel::metrics::Familiarity;
use umbel::model_file::ModelFile;
use umbel::nn::{Infer, Isa, Model, OptimizerConfig, Updates};
use umbel::pipeline::{self, PrecisionChoice, TrainConfig};
use umbel::pretrained::{Tune, WeightsFrom};
use umbel::train::head::STRENGTHS;
use umbel::train::{FitOptions, HeadFit, History, fit};

use crate::trial::{Trial, inference};

use super::flowers::{self, StopWhen};
use super::pipeline::Place;
use super::pretrained::write_model;

const SMALL: &str = "mobilenetv3_small_100";

/// A network with random weights, and batch norm that has seen a few photos, so that something of a photo is left at its end.
fn awake() -> &'static Model {
    static AWAKE: OnceLock<Model> = OnceLock::new();
    AWAKE.get_or_init(|| {
        let mut model = Model::new(super::pretrained::graph(SMALL, 1000), 5).unwrap();
        let (train, _) = flowers::parts();
        let mut images = Vec::new();
        for index in 0..16 {
            images.extend(train.picture(index).unwrap().0.iter().map(|&byte| f32::from(byte)));
        }
        let mut plan = Trial::new(&model, 16, Isa::best()).unwrap();
        for _ in 0..40 {
            plan.gradients(model.weights_mut(), &images, &[0; 16], 0);
        }
        model
    })
}

fn config(place: &Place, tune: Tune) -> TrainConfig {
    let weights = place.path("weights.safetensors");
    if !weights.exists() {
        write_model(awake(), &weights);
    }
    let config = place.config();
    TrainConfig {
        model: SMALL.into(),
        pretrained: Some(WeightsFrom::File(weights)),
        tune: Some(tune),
        prep: PrepSpec { image_size: 32, ..config.prep.clone() },
        cache: Some(place.path("cache")),
        // The head's features are f32's; what follows is compared with them, and in bf16 a random network differs much.
        precision: PrecisionChoice::F32,
        fit: FitOptions { epochs: 2, learning_rate: 1e-4, ..config.fit.clone() },
        ..config
    }
}

fn train(config: &TrainConfig, out: &Path) -> pipeline::TrainOutcome {
    pipeline::train_folder(config, Some(out), &Surroundings::default(), &mut Silent, &Interrupt::default()).unwrap()
}

/// The photos that a run trained on, and the folds that judged them, as its split.csv says.
fn parts(run: &Path, config: &TrainConfig) -> (Dataset, Vec<Dataset>) {
    use umbel::data::{Cache, Index, Split, SplitOptions};
    let index = Index::scan(&config.data).unwrap();
    let options = config.cache_options(&Surroundings::default());
    let cache = Cache::open(&index, &config.prep, &options, &mut Silent, &Interrupt::default()).unwrap();
    let split = Split::with(&SplitOptions::from_file(run.join("split.csv")), &index, &cache).unwrap();
    let cache = std::sync::Arc::new(cache);
    let dataset = |positions: &Vec<usize>| Dataset::new(&index, cache.clone(), positions);
    (dataset(&split.train), split.folds.iter().map(dataset).collect())
}

fn rows_file(place: &Place) -> PathBuf {
    let entries = fs::read_dir(place.path("cache")).unwrap().flatten().map(|entry| entry.path());
    let mut rows: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "umbel-rows")).collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

/// The gradient of the regularized loss at the run's last layer, computed here in f64 from the definition.
fn gradient(model: &Model, train: &Dataset, strength: f64) -> Vec<f64> {
    let body = model.architecture().without_head().unwrap().unwrap();
    let body = Model::from_weights(
        body.clone(),
        umbel::nn::Weights {
            tensors: Model::new(body, 0)
                .unwrap()
                .weights()
                .tensors
                .iter()
                .map(|tensor| model.weights().get(&tensor.name).unwrap().clone())
                .collect(),
        },
    )
    .unwrap();
    let mut plan = inference(&body, 1, Isa::best()).unwrap();
    let mut rows: Vec<(Vec<f64>, usize)> = Vec::new();
    for index in 0..train.len() {
        let (pixels, label) = train.picture(index).unwrap();
        let image: Vec<f32> = pixels.iter().map(|&byte| f32::from(byte)).collect();
        rows.push((plan.infer(body.weights(), &image).iter().map(|&value| f64::from(value)).collect(), label));
    }
    let n = rows.len() as f64;
    let inputs = rows[0].0.len();
    let mean: Vec<f64> = (0..inputs).map(|j| rows.iter().map(|(row, _)| row[j]).sum::<f64>() / n).collect();
    let squares = |row: &[f64]| -> f64 { row.iter().zip(&mean).map(|(x, mean)| (x - mean).powi(2)).sum() };
    let deviation = (rows.iter().map(|(row, _)| squares(row)).sum::<f64>() / (n * inputs as f64)).sqrt();
    let kernel = &model.weights().get("classifier/kernel").unwrap().data;
    let bias = &model.weights().get("classifier/bias").unwrap().data;
    let classes = bias.len();
    let mut gradient = vec![0.0; (inputs + 1) * classes];
    for (row, label) in &rows {
        let logit = |k: usize| -> f64 {
            row.iter().enumerate().map(|(j, x)| x * f64::from(kernel[j * classes + k])).sum::<f64>()
                + f64::from(bias[k])
        };
        let logits: Vec<f64> = (0..classes).map(logit).collect();
        let largest = logits.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = logits.iter().map(|logit| (logit - largest).exp()).sum();
        for k in 0..classes {
            let residual = ((logits[k] - largest).exp() / sum - f64::from(u8::from(k == *label))) / n;
            for j in 0..inputs {
                gradient[j * classes + k] += residual * (row[j] - mean[j]) / deviation;
            }
            gradient[inputs * classes + k] += residual;
        }
    }
    for j in 0..inputs {
        for k in 0..classes {
            gradient[j * classes + k] += strength * f64::from(kernel[j * classes + k]) * deviation;
        }
    }
    gradient
}

#[test]
fn the_head_is_the_optimum_and_nothing_else_has_changed() {
    let place = Place::new();
    let config = config(&place, Tune::Head);
    let run = place.path("run");
    let outcome = train(&config, &run);
    let file = ModelFile::load(&run).unwrap();
    let history = History::read(&run.join("history.csv")).unwrap();
    let best = &history.epochs[outcome.end.best_epoch - 1];
    assert!(history.epochs.len() > 1 && history.epochs.len() <= STRENGTHS.len());
    assert!(history.epochs.iter().all(|record| record.lr == 0.0));
    let strengths: Vec<f64> = history.epochs.iter().map(|record| record.l2.unwrap()).collect();
    assert_eq!(strengths, STRENGTHS[..strengths.len()]);
    // The less is held back, the closer it fits.
    assert!(history.epochs.windows(2).all(|two| two[1].loss < two[0].loss), "{history:?}");
    assert!(best.accuracy > 0.5, "{best:?}");

    // All photos train; each is told as a layer judged it that had not seen it.
    let (train_part, folds) = parts(&run, &config);
    assert_eq!((train_part.len(), folds.len()), (40, 5));
    let predictions = umbel::run::Predictions::read(&run.join("predictions.csv")).unwrap();
    let answers = predictions.answers().unwrap();
    assert_eq!(predictions.paths.len(), folds.iter().map(Dataset::len).sum::<usize>());
    assert_eq!((answers.top_k_accuracy(1), answers.loss()), (best.val_accuracy, best.val_loss));
    assert_eq!((outcome.end.val_accuracy, outcome.end.val_loss), (best.val_accuracy, best.val_loss));
    let judged = outcome.end.judged.unwrap();
    assert_eq!((judged.folds, judged.judged_images), (Some(5), predictions.paths.len()));
    let steepest = gradient(&file.model, &train_part, STRENGTHS[best.epoch - 1]);
    let steepest = steepest.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    assert!(steepest < 1e-3, "{steepest}");

    let began = awake();
    for tensor in file.model.weights().tensors.iter().filter(|tensor| !tensor.name.starts_with("classifier/")) {
        assert_eq!(tensor.data, began.weights().get(&tensor.name).unwrap().data, "{}", tensor.name);
    }
    for name in ["metrics.json", "predictions.csv", "report.html", "plots/curves.svg"] {
        assert!(run.join(name).is_file(), "{name}");
    }
}

/// Runs were asked for the part that their last layer has by settings that say nothing of it, and all were taken for runs from scratch.
#[test]
fn a_run_from_pretrained_weights_remembers_what_its_last_layer_reads() {
    let place = Place::new();
    let run = place.path("run");
    train(&config(&place, Tune::Head), &run);
    let known = ModelFile::load(&run).unwrap().known.unwrap();
    assert_eq!((known.familiarity, known.from_scratch), (Familiarity::EnergyAndLikeness, false));
    assert!(known.confidence.is_some() && !known.is_short_sighted());
}

/// Where the CPU trains faster in bf16, runs of the last layer alone were once said to be bf16's.
#[test]
fn a_run_of_the_head_records_that_it_computed_in_f32() {
    let place = Place::new();
    let config = TrainConfig { precision: PrecisionChoice::Auto, ..config(&place, Tune::Head) };
    train(&config, &place.path("run"));
    let metrics = fs::read_to_string(place.path("run").join("metrics.json")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(&metrics).unwrap();
    let computed = umbel::nn::Engine::computes(&umbel::nn::Cpu::best(), umbel::nn::Precision::F32);
    assert_eq!(metrics["machine"]["precision"], "f32");
    assert_eq!(metrics["machine"]["isa"], computed.device);
}

/// By hand: a layer is fitted without each fold in turn, and judges it. The sums are what the run tells.
#[test]
fn what_is_told_is_what_layers_say_of_photos_that_they_were_not_fitted_on() {
    let place = Place::new();
    let config = config(&place, Tune::Head);
    let run = place.path("run");
    train(&config, &run);
    let (all, folds) = parts(&run, &config);
    let start = ModelFile::load(&run).unwrap().model;
    let mut hits = vec![0.0; STRENGTHS.len()];
    let mut rows = STRENGTHS.len();
    for fold in &folds {
        let held: Vec<usize> = fold.samples.iter().map(|(position, _)| *position).collect();
        let samples = all.samples.iter().filter(|(position, _)| !held.contains(position)).copied().collect();
        let others = Dataset { samples, ..all.clone() };
        let options = FitOptions { head: HeadFit::Only, ..FitOptions::default() };
        let fitted = fit(&mut start.clone(), &others, fold, &options, &mut Silent, &Interrupt::default())
            .unwrap()
            .history
            .epochs;
        rows = rows.min(fitted.len());
        for (hits, row) in hits.iter_mut().zip(&fitted) {
            *hits += row.val_accuracy * fold.len() as f64;
        }
    }
    let judged = folds.iter().map(Dataset::len).sum::<usize>() as f64;
    let history = History::read(&run.join("history.csv")).unwrap().epochs;
    assert!(rows > 4 && history.len() > 4);
    for (told, hits) in history.iter().zip(&hits).take(rows) {
        assert!((told.val_accuracy * judged - hits).abs() < 1e-9, "{told:?}: {hits}");
    }
}

/// Where somebody chose who validates, that part does, and does not train.
#[test]
fn a_validation_part_that_was_given_judges_the_head() {
    let place = Place::new();
    let mut config = config(&place, Tune::Head);
    train(&TrainConfig { tune: Some(Tune::All), ..config.clone() }, &place.path("all"));
    config.split = umbel::data::SplitMethod::File(place.path("all").join("split.csv"));
    let outcome = train(&config, &place.path("head"));
    assert_eq!(outcome.end.judged.unwrap().folds, None);
    let split = |run: &str| fs::read_to_string(place.path(run).join("split.csv")).unwrap();
    assert_eq!(split("head"), split("all"));
    // And a split that has folds in place of such a part is of no use to who needs one.
    train(&TrainConfig { split: Default::default(), ..config.clone() }, &place.path("folds"));
    config.split = umbel::data::SplitMethod::File(place.path("folds").join("split.csv"));
    config.tune = Some(Tune::All);
    let out = place.path("never");
    let error =
        pipeline::train_folder(&config, Some(&out), &Surroundings::default(), &mut Silent, &Interrupt::default());
    assert_eq!(error.unwrap_err().to_string(), "the validation part is empty, but must be one photo or more");
}

/// Eight photos of one class against three of another: `balance` did nothing for the last layer, and what is rare was never found.
#[test]
fn a_balanced_head_does_not_mind_how_common_a_class_is() {
    let place = Place::new();
    let folder = place.path("uneven");
    for (class, photos) in [("roses", 8), ("tulips", 3)] {
        fs::create_dir_all(folder.join(class)).unwrap();
        let mut all: Vec<PathBuf> =
            fs::read_dir(flowers::folder().join(class)).unwrap().flatten().map(|entry| entry.path()).collect();
        all.sort();
        for photo in &all[..photos] {
            fs::copy(photo, folder.join(class).join(photo.file_name().unwrap())).unwrap();
        }
    }
    let mut config = TrainConfig { data: folder, ..config(&place, Tune::Head) };
    train(&config, &place.path("plain"));
    config.fit.balance = umbel::base::augmentation::Balance::Loss;
    let outcome = train(&config, &place.path("balanced"));
    let uneven = outcome.end.judged.unwrap().smallest_class.unwrap();
    assert_eq!((uneven.class.as_str(), uneven.images), ("tulips", 3));
    let history = History::read(&place.path("balanced").join("history.csv")).unwrap().epochs;
    assert!(history.iter().all(|row| row.val_balanced_accuracy.is_some()), "{history:?}");
    // The optimum without the layer's own idea of how common each is: without it, the gradient vanishes.
    let (all, _) = parts(&place.path("balanced"), &config);
    let file = ModelFile::load(&place.path("balanced")).unwrap();
    let mut fitted = file.model.clone();
    let bias = fitted.weights_mut().tensors.iter_mut().find(|tensor| tensor.name == "classifier/bias").unwrap();
    bias.data.iter_mut().zip([8f32 / 11.0, 3.0 / 11.0]).for_each(|(bias, share)| *bias += share.ln());
    let steepest = gradient(&fitted, &all, STRENGTHS[file.metrics.epoch - 1]);
    let steepest = steepest.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    assert!(steepest < 1e-3, "{steepest}");
}

#[test]
fn threads_stops_and_damaged_features_change_no_bit() {
    let place = Place::new();
    let mut config = config(&place, Tune::Head);
    config.threads = 1;
    let first = place.path("first");
    train(&config, &first);
    let weights = |run: &Path| ModelFile::load(run).unwrap().model;
    let rows = rows_file(&place);
    let whole = fs::read(&rows).unwrap();

    let stopped = place.path("stopped");
    let mut observer = StopWhen::new(|event| matches!(event, Event::Epoch { .. }));
    let interrupt = observer.interrupt.clone();
    config.threads = 3;
    let outcome =
        pipeline::train_folder(&config, Some(&stopped), &Surroundings::default(), &mut observer, &interrupt).unwrap();
    drop(observer);
    assert!(outcome.interrupted && !stopped.join("model.safetensors").exists());
    pipeline::resume(
        &stopped,
        &pipeline::Changes::default(),
        &Surroundings::default(),
        &mut Silent,
        &Interrupt::default(),
    )
    .unwrap();
    assert_eq!(weights(&stopped), weights(&first));

    let mut damaged = whole.clone();
    damaged[5000] ^= 1;
    for (name, bytes) in [("damaged", &damaged[..]), ("short", &whole[..whole.len() - 4]), ("empty", &[])] {
        fs::write(&rows, bytes).unwrap();
        train(&config, &place.path(name));
        assert_eq!(weights(&place.path(name)), weights(&first), "{name}");
        assert_eq!(fs::read(&rows).unwrap(), whole, "made anew");
    }
    // Kept features are taken, not computed again.
    let mut computed = 0;
    let mut observer = StopWhen::new(|event| {
        computed += usize::from(matches!(event, Event::Features { .. }));
        false
    });
    let again = place.path("again");
    pipeline::train_folder(&config, Some(&again), &Surroundings::default(), &mut observer, &Interrupt::default())
        .unwrap();
    drop(observer);
    assert_eq!((computed, weights(&again)), (0, weights(&first)));
}

#[test]
fn other_weights_or_another_preparation_have_features_of_their_own() {
    let place = Place::new();
    let mut config = config(&place, Tune::Head);
    train(&config, &place.path("one"));
    let rows = rows_file(&place);
    config.prep.interpolation = Interpolation::Bilinear;
    train(&config, &place.path("two"));
    let count = || {
        let entries = fs::read_dir(place.path("cache")).unwrap().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "umbel-rows")).count()
    };
    assert_eq!(count(), 2);
    let mut other = awake().clone();
    other.weights_mut().tensors[0].data[3] += 0.5;
    write_model(&other, config.pretrained.as_ref().unwrap().as_path());
    train(&config, &place.path("three"));
    assert_eq!(count(), 3);
    assert!(rows.exists());
}

#[test]
fn everything_is_tuned_from_a_fitted_head_on_and_stops_where_it_likes() {
    let place = Place::new();
    for tune in [Tune::Last, Tune::All] {
        let mut config = config(&place, tune);
        config.fit.epochs = 3;
        // So low that what follows the head hardly moves it.
        config.fit.learning_rate = 1e-8;
        let name = format!("{tune:?}");
        let whole = place.path(&name);
        train(&config, &whole);
        let history = History::read(&whole.join("history.csv")).unwrap();
        assert_eq!(history.epochs.len(), 3);
        assert_eq!(history.epochs[0].lr, 0.0);
        assert!(history.epochs[0].accuracy > 0.5 && history.epochs[1].lr > 0.0, "{history:?}");
        let (head, next) = (&history.epochs[0], &history.epochs[1]);
        assert!((head.val_loss - next.val_loss).abs() < 0.1, "{history:?}");

        // Stopped in the head's epoch, and in the one after it.
        let stopped = place.path(&format!("{name}-stopped"));
        for at in 0..2 {
            let mut observer = StopWhen::new(|event| {
                matches!(event, Event::Step { step: 2, .. }) || at == 0 && matches!(event, Event::Start(_))
            });
            let interrupt = observer.interrupt.clone();
            let outcome = match at {
                0 => {
                    pipeline::train_folder(&config, Some(&stopped), &Surroundings::default(), &mut observer, &interrupt)
                }
                _ => pipeline::resume(
                    &stopped,
                    &pipeline::Changes::default(),
                    &Surroundings::default(),
                    &mut observer,
                    &interrupt,
                ),
            };
            assert!(outcome.unwrap().interrupted);
        }
        pipeline::resume(
            &stopped,
            &pipeline::Changes::default(),
            &Surroundings::default(),
            &mut Silent,
            &Interrupt::default(),
        )
        .unwrap();
        let bits = |run: &Path| ModelFile::load(run).unwrap().model;
        assert_eq!(bits(&stopped), bits(&whole), "{tune:?}");
    }
}

#[test]
fn a_network_without_a_dense_layer_at_its_end_says_so() {
    let (train, val) = flowers::parts();
    let mut model = Model::new(
        umbel::nn::Graph::from_toml(
            "[[layer]]\nkind = \"conv2d\"\nfilters = 5\nkernel = 3\n[[layer]]\nkind = \"global_avg_pool2d\"\n",
            (flowers::SIZE as usize, flowers::SIZE as usize, 3),
        )
        .unwrap(),
        1,
    )
    .unwrap();
    let options = FitOptions { head: HeadFit::Only, ..FitOptions::default() };
    let error = fit(&mut model, train, val, &options, &mut Silent, &Interrupt::default()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the model's last layer is none that can be fitted by itself, but must be Dense without an activation, behind other layers"
    );
}

#[test]
fn every_tensor_has_a_rate_of_its_own() {
    let (train, _) = flowers::parts();
    let (pixels, label) = train.picture(0).unwrap();
    let image: Vec<f32> = pixels.iter().map(|&byte| f32::from(byte)).collect();
    let step = |rates: Vec<f64>| {
        let mut model = flowers::model();
        let updates = Updates { rates, ..Updates::by(OptimizerConfig::sgd(0.0)) };
        let mut plan = Trial::with(&model, 1, Isa::best(), &updates).unwrap();
        plan.train_step(model.weights_mut(), 0.01, &image, &[label as u32], 1);
        model
    };
    let (before, whole, halved) = (flowers::model(), step(Vec::new()), step(vec![0.5, 0.0, 1.0, 1.0]));
    for (index, rate) in [0.5f32, 0.0, 1.0, 1.0].into_iter().enumerate() {
        let data = |model: &Model| model.weights().tensors[index].data.clone();
        let moved = |model: &Model| -> Vec<f32> {
            data(model).iter().zip(data(&before)).map(|(after, before)| after - before).collect()
        };
        assert!(moved(&whole).iter().any(|value| value.abs() > 1e-4), "tensor {index}");
        for (own, whole) in moved(&halved).iter().zip(moved(&whole)) {
            assert!((own - rate * whole).abs() < 1e-6, "tensor {index}: {own} of {whole}");
        }
    }
}
