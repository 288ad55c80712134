//! `umbel bench`: how many photos a second this computer trains on, classifies or decodes. One JSON object by the contract.

mod decode;
mod pictures;
mod profile;

use std::time::{Duration, Instant};

use serde::Serialize;
use umbel::nn::{Arithmetic, Model, Optimizer, OptimizerConfig, Plan};
use umbel::pipeline::PrecisionChoice;

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
pub fn run(args: &BenchArgs) -> anyhow::Result<Outcome> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    if args.what == BenchWhat::Decode {
        console::json(&pool.install(|| decode::measure(args))?)?;
        return Ok(Outcome::Done);
    }
    if args.profile {
        let table = pool.install(|| profiled(args))?;
        if args.json {
            console::json(&table)?;
        } else {
            table.print()?;
        }
        return Ok(Outcome::Done);
    }
    let figures = pool.install(|| measure(args))?;
    console::json(&figures)?;
    Ok(Outcome::Done)
}

/// The contract's object.
#[derive(Debug, Serialize)]
struct Figures {
    what: &'static str,
    batch: usize,
    precision: &'static str,
    isa: &'static str,
    threads: usize,
    /// Over all samples, waiting for the loader included.
    images_per_second: f64,
    ms_median: f64,
    ms_p99: f64,
}

/// The network, and how it is to compute.
fn engine(args: &BenchArgs) -> anyhow::Result<(Model, Arithmetic)> {
    let isa = network::isa()?;
    let precision = PrecisionChoice::from(args.precision).resolve(isa);
    let model = network::untrained(&args.model, args.image_size as usize, args.classes, SEED)?;
    let model = network::tuned(model, args.tune.map(Into::into))?;
    Ok((model, Arithmetic { isa: isa.for_precision(precision), precision }))
}

fn measure(args: &BenchArgs) -> anyhow::Result<Figures> {
    let (model, arithmetic) = engine(args)?;
    let mut pictures = Pictures::new(args, model.architecture().augmentation())?;
    let (what, samples) = match args.what {
        BenchWhat::Step => ("step", sample(args.seconds, training(model, args.batch, arithmetic, &mut pictures)?)?),
        BenchWhat::Infer => ("infer", sample(args.seconds, inference(model, args.batch, arithmetic, &mut pictures)?)?),
        BenchWhat::Decode => unreachable!("photos are decoded without a network"),
    };
    let total: f64 = samples.iter().map(Duration::as_secs_f64).sum();
    Ok(Figures {
        what,
        batch: args.batch,
        precision: arithmetic.precision.name(),
        isa: arithmetic.isa.name(),
        threads: rayon::current_num_threads(),
        images_per_second: (args.batch * samples.len()) as f64 / total,
        ms_median: milliseconds(&samples, 0.5),
        ms_p99: milliseconds(&samples, 0.99),
    })
}

/// Where the time goes.
fn profiled(args: &BenchArgs) -> anyhow::Result<Table> {
    let (mut model, arithmetic) = engine(args)?;
    let batch = Pictures::new(args, Vec::new())?.take()?;
    let trains = args.what == BenchWhat::Step;
    let mut plan = match trains {
        true => Plan::training(&model, args.batch, arithmetic)?,
        false => Plan::inference(&model, args.batch, arithmetic)?,
    };
    let mut optimizer = Optimizer::new(OptimizerConfig::adam(), model.weights());
    plan.start_profile(trains.then_some(&optimizer));
    sample(args.seconds, || {
        if trains {
            let weights = model.weights_mut();
            plan.train_step(weights, &mut optimizer, LEARNING_RATE, &batch.images, &batch.labels, 1);
        } else {
            std::hint::black_box(plan.infer(model.weights(), &batch.images));
        }
        Ok(())
    })?;
    let profile = plan.take_profile().expect("it was started");
    let what = if trains { "step" } else { "infer" };
    Ok(Table::new(what, args.batch, arithmetic, &profile))
}

fn training<'a>(
    mut model: Model,
    batch: usize,
    arithmetic: Arithmetic,
    pictures: &'a mut Pictures,
) -> anyhow::Result<impl FnMut() -> umbel::Result<()> + 'a> {
    let mut plan = Plan::training(&model, batch, arithmetic)?;
    let mut optimizer = Optimizer::new(OptimizerConfig::adam(), model.weights());
    let mut step = 0;
    Ok(move || {
        let batch = pictures.take()?;
        step += 1;
        let weights = model.weights_mut();
        plan.train_step(weights, &mut optimizer, LEARNING_RATE, &batch.images, &batch.labels, step);
        pictures.give_back(batch);
        Ok(())
    })
}

fn inference<'a>(
    model: Model,
    batch: usize,
    arithmetic: Arithmetic,
    pictures: &'a mut Pictures,
) -> anyhow::Result<impl FnMut() -> umbel::Result<()> + 'a> {
    let mut plan = Plan::inference(&model, batch, arithmetic)?;
    Ok(move || {
        let batch = pictures.take()?;
        std::hint::black_box(plan.infer(model.weights(), &batch.images));
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
