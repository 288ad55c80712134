//! Damaged files of umbel's own: models, checkpoints, splits, settings, networks, histories and caches. Where a digest
//! guards the contents, half of the cases are sealed anew, so that what lies behind the digest is reached.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::{Cache, CacheOptions, Index, PrepSpec, Split, SplitMethod};
use umbel::model_file::ModelFile;
use umbel::nn::{Cpu, Graph, Model, OptimizerConfig, TrainingEngine, Updates};
use umbel::pipeline::{TrainConfig, train_folder};
use umbel::predict::Predictor;
use umbel::pretrained::Pretrained;
use umbel::train::checkpoint::Checkpoint;
use umbel::train::{FitOptions, History};

use crate::allocator::Cost;
use crate::mutate::{self, Random};
use crate::seeds;
use crate::watch::{self, Kind};

/// None of the small files here may cost more, whatever its numbers say.
const LIMIT: Cost = Cost { peak: 64 << 20, largest: 32 << 20 };

const NETWORKS: [&str; 3] = [
    r#"
[[layer]]
kind = "random_flip"
mode = "horizontal"
[[layer]]
kind = "random_rotation"
factor = 0.1
[[layer]]
kind = "rescaling"
scale = 0.003921569
[[layer]]
kind = "conv2d"
filters = 4
kernel = 3
padding = "same"
activation = "relu"
[[layer]]
kind = "max_pool2d"
[[layer]]
kind = "dropout"
rate = 0.2
[[layer]]
kind = "flatten"
[[layer]]
kind = "dense"
units = 5
"#,
    r#"
[[layer]]
kind = "conv2d"
filters = 6
kernel = [3, 2]
stride = 2
padding = "valid"
[[layer]]
kind = "batch_norm"
[[layer]]
kind = "avg_pool2d"
pool = 2
[[layer]]
kind = "global_avg_pool2d"
[[layer]]
kind = "dense"
units = 5
activation = "gelu"
"#,
    r#"
[[layer]]
kind = "conv2d"
name = "stem"
filters = 4
kernel = 3
stride = 2
padding = "symmetric"
trainable = false
[[layer]]
kind = "depthwise_conv2d"
kernel = 3
padding = "same"
activation = "hard_swish"
[[layer]]
kind = "global_avg_pool2d"
[[layer]]
kind = "dense"
units = 4
[[layer]]
kind = "multiply"
inputs = ["depthwise_conv2d", "dense"]
[[layer]]
kind = "stochastic_depth"
rate = 0.1
[[layer]]
kind = "add"
inputs = ["stochastic_depth", "stem"]
[[layer]]
kind = "concatenate"
inputs = ["add", "stem", "multiply"]
[[layer]]
kind = "flatten"
[[layer]]
kind = "dense"
units = 5
"#,
];

/// A finished run on a few flowers.
struct Run {
    folder: tempfile::TempDir,
    index: Index,
}

fn prep() -> PrepSpec {
    PrepSpec { image_size: 32, ..PrepSpec::default() }
}

fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        umbel::demo::write_folder(&path("photos"), 2, 32, 1).unwrap();
        fs::write(path("net.toml"), NETWORKS[0]).unwrap();
        let config = TrainConfig {
            data: path("photos"),
            model: path("net.toml").to_str().unwrap().to_string(),
            prep: prep(),
            cache: Some(path("cache")),
            val_split: 0.4,
            fit: FitOptions { epochs: 2, batch: 4, ..FitOptions::default() },
            ..TrainConfig::default()
        };
        train_folder(&config, Some(&path("run")), &Default::default(), &mut Silent, &Interrupt::default()).unwrap();
        let index = Index::scan(&config.data).unwrap();
        Run { folder, index }
    })
}

impl Run {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.file(name)).unwrap()
    }

    fn cache(&self, folder: &Path) -> umbel::Result<Cache> {
        let options = CacheOptions { folder: folder.to_owned(), max_bytes: u64::MAX, ..CacheOptions::default() };
        Cache::open(&self.index, &prep(), &options, &mut Silent, &Interrupt::default())
    }
}

fn fuzz(name: &'static str, share: usize, damaged: &dyn Fn(&mut Random) -> Vec<u8>, read: &dyn Fn(&[u8])) {
    watch::run(&Kind { name, share, damaged, read, limit: LIMIT });
}

/// Reads by path what the library reads by path.
fn through_a_file(read: impl Fn(&Path)) -> impl Fn(&[u8]) {
    let folder = tempfile::tempdir().unwrap();
    move |bytes| {
        let path = folder.path().join("file");
        fs::write(&path, bytes).unwrap();
        read(&path);
    }
}

#[test]
fn model_file() {
    let seeds = [run().bytes("run/model.safetensors")];
    let mut photo = std::io::Cursor::new(Vec::new());
    seeds::drawn(32, 32).write_to(&mut photo, image::ImageFormat::Png).unwrap();
    let photo = [photo.into_inner()];
    let read = through_a_file(|path| {
        if let Ok(file) = ModelFile::load(path) {
            file.model.summary();
            if let Ok(predictor) = Predictor::new(file, 1, 3) {
                let _ = predictor.predict(&photo);
            }
        }
    });
    fuzz("model file", 5, &|random| damaged_container(random, &seeds), &read);
}

#[test]
fn checkpoint() {
    let seeds = [run().bytes("run/last.ckpt")];
    let network = Graph::from_toml(NETWORKS[0], (32, 32, 3)).unwrap();
    let fresh = Model::new(network, 1).unwrap();
    let read = through_a_file(|path| {
        if let Ok(Some(found)) = Checkpoint::read(path) {
            let updates = Updates::by(OptimizerConfig::adam());
            let mut training = Cpu::best().train(fresh.clone(), 1, &updates).unwrap();
            let _ = found.restore(path, &mut *training);
        }
    });
    fuzz("checkpoint", 4, &|random| damaged_container(random, &seeds), &read);
}

#[test]
fn split_file() {
    let run = run();
    let cache = run.cache(&run.file("cache")).unwrap();
    let seeds = [run.bytes("run/split.csv")];
    let read = through_a_file(|path| {
        if let Ok(split) = Split::make(&SplitMethod::File(path.to_owned()), &run.index, &cache, 0.2, 1) {
            assert!(split.train.iter().chain(&split.val).all(|&position| position < run.index.photos.len()));
        }
    });
    fuzz("split.csv", 3, &|random| mutate::text(random, &seeds), &read);
}

#[test]
fn settings() {
    let seeds = [run().bytes("run/config.toml")];
    let read = |bytes: &[u8]| {
        let config = std::str::from_utf8(bytes).ok().and_then(|text| toml::from_str::<TrainConfig>(text).ok());
        if let Some(config) = config {
            let _ = config.validate();
        }
    };
    fuzz("config.toml", 3, &|random| mutate::text(random, &seeds), &read);
}

#[test]
fn pretrained() {
    let seeds = [run().bytes("run/model.safetensors")];
    let network = Graph::from_toml(NETWORKS[2], (32, 32, 3)).unwrap();
    let read = through_a_file(|path| {
        if let Ok(weights) = Pretrained::read(path) {
            let _ = weights.into_model(network.clone(), 1);
        }
    });
    fuzz("pretrained", 4, &|random| damaged_container(random, &seeds), &read);
}

#[test]
fn network() {
    let seeds = NETWORKS.map(|text| text.as_bytes().to_vec());
    let read = |bytes: &[u8]| {
        let stack = std::str::from_utf8(bytes).ok().and_then(|text| Graph::from_toml(text, (32, 32, 3)).ok());
        let Some(stack) = stack else { return };
        let _ = stack.classes();
        // What a user asks for may be large; it is the summary that says so before anything is allocated.
        if stack.summary().is_ok_and(|summary| summary.parameters < 20_000)
            && let Ok(model) = Model::new(stack, 1)
        {
            let _ = Cpu::best().train(model, 1, &Updates::by(OptimizerConfig::adam()));
        }
    };
    fuzz("network", 3, &|random| mutate::text(random, &seeds), &read);
}

#[test]
fn history() {
    let seeds = [run().bytes("run/history.csv")];
    let read = through_a_file(|path| {
        if let Ok(history) = History::read(path) {
            assert!(history.epochs.iter().enumerate().all(|(at, record)| record.epoch == at + 1));
        }
    });
    fuzz("history.csv", 1, &|random| mutate::text(random, &seeds), &read);
}

#[test]
fn cache_pack() {
    let run = run();
    let folder = tempfile::tempdir().unwrap();
    let sound = run.cache(folder.path()).unwrap();
    let pack = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    let seeds = [fs::read(&pack).unwrap()];
    let damaged = |random: &mut Random| {
        let mut bytes = mutate::bytes(random, &seeds);
        if random.below(2) == 0 {
            seal_pack(&mut bytes, run.index.photos.len());
        }
        bytes
    };
    let read = |bytes: &[u8]| {
        // As a new file: umbel never changes a pack in its place.
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
        let cache = run.cache(folder.path()).expect("a damaged pack is made anew");
        for &position in cache.usable() {
            let [came, expected] = [&cache, &sound].map(|cache| cache.image(position).unwrap());
            assert!(came == expected, "another picture came out of the cache");
        }
    };
    fuzz("cache pack", 1, &damaged, &read);
}

/// A safetensors file with its header's text changed, or damaged like any other bytes; sealed anew, or not.
fn damaged_container(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    if random.below(3) == 0 {
        return mutate::bytes(random, seeds);
    }
    let seed = random.pick(seeds);
    let size = u64::from_le_bytes(seed[..8].try_into().unwrap()) as usize;
    let (header, data) = seed[8..].split_at(size);
    let header = mutate::change_word(random, header);
    let header = if random.below(3) > 0 { sealed(&header, data).unwrap_or(header) } else { header };
    [&(header.len() as u64).to_le_bytes()[..], &header, data].concat()
}

/// The header with a digest that agrees with it: over the text fields and the tensors, each part after its length.
fn sealed(header: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut header: Value = serde_json::from_slice(header).ok()?;
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for (key, value) in header.get("__metadata__")?.as_object()? {
        if key != "umbel.digest" {
            part(key.as_bytes());
            part(value.as_str()?.as_bytes());
        }
    }
    for (name, tensor) in header.as_object()?.iter().filter(|(name, _)| *name != "__metadata__") {
        let shape: Vec<u64> = tensor.get("shape")?.as_array()?.iter().filter_map(Value::as_u64).collect();
        let offset = |at: usize| Some(tensor.get("data_offsets")?.get(at)?.as_u64()? as usize);
        part(name.as_bytes());
        part(&(shape.len() as u64).to_le_bytes());
        for size in shape {
            part(&size.to_le_bytes());
        }
        part(blake3::hash(data.get(offset(0)?..offset(1)?)?).as_bytes());
    }
    let digest = hasher.finalize().to_hex().to_string();
    header.get_mut("__metadata__")?.as_object_mut()?.insert("umbel.digest".into(), digest.into());
    serde_json::to_vec(&header).ok()
}

/// Makes the digest over the numbers in a pack's header and what follows its slots right again.
fn seal_pack(bytes: &mut [u8], photos: usize) {
    const FIELDS: usize = 32;
    let tail = 4096 + photos * prep().bytes();
    let Some(digest) = bytes
        .get(tail..)
        .map(|tail| *blake3::Hasher::new().update(&bytes[..FIELDS]).update(tail).finalize().as_bytes())
    else {
        return;
    };
    bytes[FIELDS..FIELDS + 32].copy_from_slice(&digest);
}

#[test]
fn sealing_anew_gives_the_seal_that_was_there() {
    for name in ["run/model.safetensors", "run/last.ckpt"] {
        let bytes = run().bytes(name);
        let size = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let (header, data) = bytes[8..].split_at(size);
        let of =
            |header: &[u8]| serde_json::from_slice::<Value>(header).unwrap()["__metadata__"]["umbel.digest"].clone();
        assert_eq!(of(header), of(&sealed(header, data).unwrap()), "{name}");
    }
}
