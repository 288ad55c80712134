//! What versions of before have left, kept in the folder beside this file (whose script says how it was made): every later
//! version opens all of it. The program's own tests have it report, compare, predict and go on with the run.

use std::fs;
use std::path::{Path, PathBuf};

use umbel::base::progress::{Event, Interrupt, Observer};
use umbel::data::{Cache, CacheOptions, Index, Part, PrepSpec, ProblemKind, Split};
use umbel::metrics::softmax;
use umbel::model_file::ModelFile;
use umbel::nn::{Cpu, Infer, Isa, NUMERICS, Precision};
use umbel::pipeline::TrainConfig;
use umbel::run::{Metrics, RunRecords, names};
use umbel::train::checkpoint::Checkpoint;

const VERSIONS: [&str; 1] = ["v1"];

fn kept(what: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/umbel/kept").join(what)
}

/// The photos, where the test may prepare them, and the files of every version.
fn each_version(test: impl Fn(&Index, &Path)) {
    let index = Index::scan(&kept("photos")).unwrap();
    for version in VERSIONS {
        test(&index, &kept(version));
    }
}

#[test]
fn a_kept_run_is_read_whole() {
    each_version(|index, version| {
        let run = RunRecords::read(&version.join("run")).unwrap();
        assert_eq!(run.history.epochs.len(), 2);
        let last = &run.history.epochs[1];
        let Metrics { epochs, finished, best, test, scores, calibration, test_calibration, .. } = &run.metrics;
        assert_eq!((*epochs, *finished, best.epoch, best.val_loss), (2, true, 2, last.val_loss));
        assert_eq!(test.unwrap().test_images, 6);
        assert_eq!((calibration.unwrap().images, test_calibration.is_some()), (9, true));
        assert_eq!(run.metrics.machine.as_ref().unwrap().isa, "scalar");
        assert_eq!(run.problems.len(), 1);
        assert_eq!((run.problems[0].kind, run.problems[0].path.as_str()), (ProblemKind::Damaged, "rings/broken.png"));
        let predictions = run.predictions.as_ref().unwrap();
        let answers = predictions.answers().unwrap();
        let scores = scores.as_ref().unwrap();
        assert_eq!((answers.images(), answers.top_k_accuracy(1)), (9, scores.accuracy));
        let parts = Part::ALL.map(|part| run.split.iter().filter(|row| row.part == part).count());
        assert_eq!(parts, [15, 9, 6]);

        let config = fs::read_to_string(version.join("run").join(names::CONFIG)).unwrap();
        let config: TrainConfig = toml::from_str(&config).unwrap();
        config.validate().unwrap();
        assert_eq!((config.fit.epochs, config.fit.learning_rate, config.test_split), (2, 0.004, Some(0.2)));

        let split = Split::read(&version.join("run").join(names::SPLIT), index).unwrap();
        assert_eq!([split.train.len(), split.val.len(), split.test.len()], parts);
    });
}

#[test]
fn a_kept_runs_files_are_written_again_to_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    each_version(|index, version| {
        let same = |name: &str, written: &Path| {
            let text = |path: &Path| fs::read_to_string(path).unwrap();
            assert_eq!(text(written), text(&version.join("run").join(name)), "{name}");
        };
        let run = RunRecords::read(&version.join("run")).unwrap();
        let out = folder.path().join("out");
        run.metrics.write(&out).unwrap();
        same(names::METRICS, &out);
        run.history.write(&out).unwrap();
        same(names::HISTORY, &out);
        run.predictions.as_ref().unwrap().write(&out).unwrap();
        same(names::PREDICTIONS, &out);
        umbel::run::write_problems(&out, &run.problems).unwrap();
        same(names::PROBLEMS, &out);
        Split::read(&version.join("run").join(names::SPLIT), index).unwrap().write(&out, index).unwrap();
        same(names::SPLIT, &out);
    });
}

#[test]
fn a_kept_model_predicts_what_it_did() {
    each_version(|index, version| {
        let file = ModelFile::load(&version.join("run")).unwrap();
        let run = RunRecords::read(&version.join("run")).unwrap();
        assert!(file.calibration.is_some() && file.known.is_some());
        let predictions = run.predictions.as_ref().unwrap();
        assert_eq!(file.classes, predictions.classes);
        for isa in Isa::usable() {
            // Made by portable code; the exponentials are the system's.
            let most = if isa == Isa::scalar() { 1e-9 } else { 1e-3 };
            let mut infer = Cpu::from(isa).inference(&file.model, 1, Precision::F32).unwrap();
            for (path, expected) in predictions.paths.iter().zip(predictions.probabilities.chunks_exact(3)) {
                let photo = image::open(index.root().join(path)).unwrap().into_rgb8();
                let pixels: Vec<f32> = file.prep.apply(&photo).into_iter().map(f32::from).collect();
                let logits = infer.infer(file.model.weights(), &pixels);
                for (p, expected) in softmax(3, logits, file.temperature()).into_iter().zip(expected) {
                    assert!((p - expected).abs() < most, "{path} by {}: {p}, but it was {expected}", isa.name());
                }
            }
        }
    });
}

#[test]
fn a_kept_checkpoint_is_read_or_refused_by_its_number() {
    each_version(|_, version| {
        let number = ModelFile::load(&version.join("run")).unwrap().numerics;
        match Checkpoint::read(&version.join("run").join(names::CHECKPOINT)) {
            Ok(checkpoint) => {
                assert_eq!(number, NUMERICS);
                let progress = checkpoint.unwrap().progress;
                assert_eq!((progress.epoch, progress.step, progress.history.len()), (2, 0, 2));
                assert_eq!((progress.isa.as_str(), progress.optimizer_steps), ("scalar", 4));
            }
            Err(error) => {
                assert_ne!(number, NUMERICS);
                assert!(error.to_string().contains("arithmetic number"), "{error}");
            }
        }
    });
}

#[test]
fn a_kept_pack_is_read_and_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    each_version(|index, version| {
        let options =
            CacheOptions { folder: folder.path().join("cache"), max_bytes: u64::MAX, ..CacheOptions::default() };
        let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
        let open = || {
            let mut told = Prepared(0);
            let cache = Cache::open(index, &prep, &options, &mut told, &Interrupt::default()).unwrap();
            (cache, told.0)
        };
        let (fresh, prepared) = open();
        assert!(prepared > 0, "the first look makes a pack");
        let pack = fs::read_dir(&options.folder).unwrap().next().unwrap().unwrap().path();
        // A pack goes by its name, which tells of the folder and of the photos' times.
        let bytes = fs::read(version.join("pack")).unwrap();
        fs::write(&pack, &bytes).unwrap();
        let (cache, prepared) = open();
        assert_eq!(prepared, 0, "the pack is used");
        assert_eq!(cache.usable(), fresh.usable());
        assert_eq!(cache.problems(), fresh.problems());
        for &position in cache.usable() {
            assert_eq!(cache.image(position).unwrap(), fresh.image(position).unwrap());
            assert_eq!(cache.digest(position), fresh.digest(position));
            assert_eq!(cache.fingerprint(position).unwrap(), fresh.fingerprint(position).unwrap());
        }
        assert!(fs::read(&pack).unwrap() == bytes);
        fs::remove_file(pack).unwrap();
    });
}

/// How often it was told that photos are prepared.
struct Prepared(usize);

impl Observer for Prepared {
    fn event(&mut self, event: &Event<'_>) {
        self.0 += usize::from(matches!(event, Event::Preparing { .. }));
    }
}
