//! `umbel bench`: how many photos a second this computer trains on, classifies or decodes. One JSON object by the contract.

mod decode;
mod pictures;
mod profile;

use std::time::{Duration, Instant};

use serde::Serialize;
use umbel::Surroundings;
use umbel::nn::cpu::Profile;
use umbel::nn::{Computed, Cpu, Engine, Infer, Model, OptimizerConfig, Precision, Slice, Train, Updates};

use super::network;
use crate::args::{BenchArgs, BenchWhat};
use crate::console;
use crate::exit::Outcome;
use pictures::Pictures;
use profile::Table;

/// Steps that are not counted: caches fill, the CPU's clock settles.
const WARM_UP: usize = 3;
/// However short the time, the figures stand on so many steps.
const FEWEST_SAMPLES: usize = 10;
const SEED: u64 = 123;
const LEARNING_RATE: f64 = 0.001;

/// Runs the command.
pub fn run(args: &BenchArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    if args.what == BenchWhat::Decode {
        console::json(&pool.install(|| decode::measure(args))?)?;
        return Ok(Outcome::Done);
    }
    if args.profile {
        let table = pool.install(|| profiled(args, surroundings))?;
        if args.json {
            console::json(&table)?;
        } else {
            table.print()?;
        }
        return Ok(Outcome::Done);
    }
    let figures = pool.install(|| measure(args, surroundings))?;
    console::json(&figures)?;
    Ok(Outcome::Done)
}

/// The contract's object.
#[derive(Debug, Serialize)]
struct Figures {
    what: &'static str,
    batch: usize,
    precision: &'static str,
    isa: String,
    threads: usize,
    /// Over all samples, waiting for the loader included.
    images_per_second: f64,
    ms_median: f64,
    ms_p99: f64,
}

/// What is measured: the network, and who computes it in which precision.
struct Bench {
    model: Model,
    cpu: Cpu,
    precision: Precision,
}

impl Bench {
    fn new(args: &BenchArgs, surroundings: &Surroundings) -> anyhow::Result<Self> {
        let cpu = surroundings.isa.as_deref().map_or_else(|| Ok(Cpu::best()), Cpu::named)?;
        let precision = args.precision.resolve(&cpu);
        let model = network::untrained(&args.model, args.image_size as usize, args.classes, SEED)?;
        Ok(Bench { model: network::tuned(model, args.tune)?, cpu, precision })
    }

    fn computed(&self) -> Computed {
        self.cpu.computes(self.precision)
    }

    fn updates(&self) -> Updates {
        Updates { precision: self.precision, ..Updates::by(OptimizerConfig::adam()) }
    }
}

fn measure(args: &BenchArgs, surroundings: &Surroundings) -> anyhow::Result<Figures> {
    let bench = Bench::new(args, surroundings)?;
    let computed = bench.computed();
    let mut pictures = Pictures::new(args, bench.model.architecture().augmentation())?;
    let (what, samples) = match args.what {
        BenchWhat::Step => ("step", sample(args.seconds, training(bench, args.batch, &mut pictures)?)?),
        BenchWhat::Infer => ("infer", sample(args.seconds, inference(bench, args.batch, &mut pictures)?)?),
        BenchWhat::Decode => unreachable!("photos are decoded without a network"),
    };
    let total: f64 = samples.iter().map(Duration::as_secs_f64).sum();
    Ok(Figures {
        what,
        batch: args.batch,
        precision: computed.precision.name(),
        isa: computed.device,
        threads: rayon::current_num_threads(),
        images_per_second: (args.batch * samples.len()) as f64 / total,
        ms_median: milliseconds(&samples, 0.5),
        ms_p99: milliseconds(&samples, 0.99),
    })
}

/// Where the time goes.
fn profiled(args: &BenchArgs, surroundings: &Surroundings) -> anyhow::Result<Table> {
    let bench = Bench::new(args, surroundings)?;
    let batch = Pictures::new(args, Vec::new())?.take()?;
    let (what, profile) = match args.what {
        BenchWhat::Step => {
            let mut training = bench.cpu.training(bench.model.clone(), args.batch, &bench.updates())?;
            let mut profile = Profile::of_training(&training);
            let slice = Slice { images: &batch.images, targets: (&batch.labels).into(), key: 1 };
            sample(args.seconds, || {
                profile.step(&mut training, slice, LEARNING_RATE);
                Ok(())
            })?;
            ("step", profile)
        }
        BenchWhat::Infer => {
            let mut inference = bench.cpu.inference(&bench.model, args.batch, bench.precision)?;
            let mut profile = Profile::of_inference(&inference);
            sample(args.seconds, || {
                std::hint::black_box(profile.infer(&mut inference, bench.model.weights(), &batch.images));
                Ok(())
            })?;
            ("infer", profile)
        }
        BenchWhat::Decode => unreachable!("photos are decoded without a network"),
    };
    Ok(Table::new(what, args.batch, &bench.cpu, bench.computed(), &profile))
}

fn training<'a>(
    bench: Bench,
    batch: usize,
    pictures: &'a mut Pictures,
) -> anyhow::Result<impl FnMut() -> umbel::Result<()> + 'a> {
    let updates = bench.updates();
    let mut training = bench.cpu.training(bench.model, batch, &updates)?;
    let mut step = 0;
    Ok(move || {
        let batch = pictures.take()?;
        step += 1;
        training.backward(Slice { images: &batch.images, targets: (&batch.labels).into(), key: step });
        training.update(LEARNING_RATE);
        pictures.give_back(batch);
        Ok(())
    })
}

fn inference<'a>(
    bench: Bench,
    batch: usize,
    pictures: &'a mut Pictures,
) -> anyhow::Result<impl FnMut() -> umbel::Result<()> + 'a> {
    let Bench { model, cpu, precision } = bench;
    let mut inference = cpu.inference(&model, batch, precision)?;
    Ok(move || {
        let batch = pictures.take()?;
        std::hint::black_box(inference.infer(model.weights(), &batch.images));
        pictures.give_back(batch);
        Ok(())
    })
}

fn sample(seconds: f64, mut step: impl FnMut() -> umbel::Result<()>) -> umbel::Result<Vec<Duration>> {
    for _ in 0..WARM_UP {
        step()?;
    }
    let start = Instant::now();
    let mut samples = Vec::new();
    while samples.len() < FEWEST_SAMPLES || start.elapsed().as_secs_f64() < seconds {
        let began = Instant::now();
        step()?;
        samples.push(began.elapsed());
    }
    samples.sort_unstable();
    Ok(samples)
}

/// The nearest-rank quantile of sorted samples.
fn milliseconds(sorted: &[Duration], quantile: f64) -> f64 {
    let rank = (quantile * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1].as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_nearest_rank() {
        let samples: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(milliseconds(&samples, 0.5), 50.0);
        assert_eq!(milliseconds(&samples, 0.99), 99.0);
        assert_eq!(milliseconds(&samples[..1], 0.99), 1.0);
    }
}
