//! Measures what comes after a run's last epoch, but for the network's own answers and the decoding of photos:
//! `cargo run --release --example end_of_run -- [CLASSES] [PHOTOS] [FOLDER]`.
//!
//! Draws logits of PHOTOS validation photos of CLASSES classes (fixed seed), and makes of them what a run makes: temperature, sets,
//! scores with their intervals, the run's tables and plots, its page, and a comparison with a second such run. Tells the seconds of
//! each (by the clock, and of the processor), and the sizes of the files, which stay in FOLDER where one is given.

use std::path::{Path, PathBuf};
use std::time::Instant;

use umbel::base::augmentation::Balance;
use umbel::base::fonts::Fonts;
use umbel::base::progress::EpochRecord;
use umbel::base::random::{Purpose, Stream};
use umbel::metrics::{Answers, Bin, Certainty, Doubts, SetScore, Trusted, calibrated, softmax};
use umbel::report::page::{self, Facts};
use umbel::report::{compare, compare_page, confusion, ranking, reliability};
use umbel::run::{CalibrationRecord, Figures, History, Metrics, Predictions, RunRecords, names};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let classes = args.next().map_or(Ok(1000), |text| text.parse::<usize>())?;
    let photos = args.next().map_or(Ok(5000), |text| text.parse::<usize>())?;
    let scratch = tempfile::tempdir()?;
    let folder = args.next().map_or(scratch.path().to_owned(), PathBuf::from);
    println!("{classes} classes, {photos} validation photos");
    let processor = processor_seconds();
    let whole = end(&folder.join("one"), classes, photos, 1)?;
    println!("{whole:8.3} {:8.2}  all of it, with the drawing of logits", processor_seconds() - processor);
    end_quietly(&folder.join("two"), classes, photos, 2)?;
    let runs = [folder.join("one"), folder.join("two")];
    let records = compare::read(&runs)?;
    let comparison =
        timed("compare: figures, tests, curves", || compare::compare_records(&records, &folder, &Fonts::built_in()))?.1;
    timed("compare: page", || compare_page::write(&comparison, &records, &folder.join(compare_page::FILE_NAME)))?;
    for file in ["metrics.json", "predictions.csv", "report.html", "plots/confusion.svg", "plots/roc-pr.svg"] {
        let bytes = std::fs::metadata(runs[0].join(file)).map_or(0, |about| about.len());
        println!("{:8.2} {:8}  MB of {file}", bytes as f64 / 1e6, "");
    }
    Ok(())
}

/// Does it and says how long it took.
fn timed<T, E: Into<Box<dyn std::error::Error>>>(what: &str, work: impl FnOnce() -> Result<T, E>) -> Outcome<(f64, T)> {
    let (start, processor) = (Instant::now(), processor_seconds());
    let made = work().map_err(Into::into)?;
    let (seconds, processor) = (start.elapsed().as_secs_f64(), processor_seconds() - processor);
    println!("{seconds:8.3} {processor:8.2}  {what}");
    Ok((seconds, made))
}

/// What all threads took so far, to a hundredth, which tells the same on a busy machine; 0 where Linux is not what runs.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |field: usize| fields.get(field).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// What was drawn.
struct Drawn {
    predictions: Predictions,
    logits: Vec<f32>,
}

/// Photos of which two in three are right, and the others mostly taken for a neighbor.
fn drawn(classes: usize, photos: usize, seed: u64) -> Drawn {
    let mut random = Stream::new(seed, Purpose::Demo, 0, 0);
    let names = (0..classes).map(|class| format!("class {class:04}")).collect();
    let mut all = Drawn { predictions: Predictions { classes: names, ..Predictions::default() }, logits: Vec::new() };
    for photo in 0..photos {
        let label = photo % classes;
        let said = match random.uniform() {
            share if share < 0.66 => label,
            share if share < 0.9 => (label + 1) % classes,
            _ => random.below(classes),
        };
        let row = all.logits.len();
        all.logits.extend((0..classes).map(|_| random.range(-3.0, 3.0)));
        all.logits[row + label] += 3.0;
        all.logits[row + said] += random.range(2.0, 9.0);
        all.predictions.paths.push(format!("class {label:04}/{photo:05}.jpg"));
        all.predictions.labels.push(label as u32);
    }
    all
}

fn end_quietly(run: &Path, classes: usize, photos: usize, seed: u64) -> Outcome<()> {
    let mut drawn = drawn(classes, photos, seed);
    drawn.predictions.probabilities = softmax(classes, &drawn.logits, 1.0);
    begin(run, &drawn.predictions, seed)?;
    Ok(drawn.predictions.write(&run.join(names::PREDICTIONS))?)
}

/// What was there before the run's last epoch ended.
fn begin(run: &Path, predictions: &Predictions, seed: u64) -> Outcome<()> {
    std::fs::create_dir_all(run.join(names::PLOTS))?;
    let mut split = String::from("path,class,part\n");
    for (path, label) in predictions.paths.iter().zip(&predictions.labels) {
        let class = &predictions.classes[*label as usize];
        split += &format!("{path},{class},val\n");
        (0..4).for_each(|k| split += &format!("{path}.{k}.jpg,{class},train\n"));
    }
    std::fs::write(run.join(names::SPLIT), split)?;
    std::fs::write(run.join(names::CONFIG), format!("data = \"/nowhere\"\nmodel = \"cnn\"\n[fit]\nseed = {seed}\n"))?;
    let epochs = (1..=10).map(|epoch| EpochRecord {
        epoch,
        loss: 5.0 / epoch as f64,
        accuracy: 0.08 * epoch as f64,
        val_loss: 2.0,
        val_accuracy: 0.06 * epoch as f64,
        ..EpochRecord::default()
    });
    Ok(History { epochs: epochs.collect() }.write(&run.join(names::HISTORY))?)
}

fn end(run: &Path, classes: usize, photos: usize, seed: u64) -> Outcome<f64> {
    let Drawn { mut predictions, logits } = drawn(classes, photos, seed);
    begin(run, &predictions, seed)?;
    let labels = predictions.labels.clone();
    let mut whole = 0.0;
    let (seconds, calibration) =
        timed("temperature", || Ok::<_, umbel::Error>(calibrated(classes, &logits, &labels, Balance::None)))?;
    whole += seconds;
    let temperature = calibration.map_or(1.0, |calibration| calibration.temperature);
    let (seconds, [after, before]) = timed("probabilities, before and after", || {
        Ok::<_, umbel::Error>([temperature, 1.0].map(|temperature| softmax(classes, &logits, temperature)))
    })?;
    whole += seconds;
    let (seconds, (certainty, bins)) = timed("certainty, before and after", || {
        let both = [Answers::new(&labels, &before, classes)?, Answers::new(&labels, &after, classes)?];
        let bins: [Vec<Bin>; 2] = both.map(|answers| answers.bins());
        Ok::<_, umbel::Error>((both.map(|answers| Certainty::new(&answers)), bins))
    })?;
    whole += seconds;
    let (seconds, doubts) = timed("sets: doubts", || Ok::<_, umbel::Error>(Doubts::new(classes, &after, &labels)))?;
    whole += seconds;
    let (seconds, trusted) =
        timed("when to trust", || Ok::<_, umbel::Error>(Trusted::measure(classes, &after, &labels)))?;
    whole += seconds;
    let (seconds, _) = timed("sets: measured (as on a test part)", || {
        let answers = Answers::new(&labels, &after, classes)?;
        Ok::<_, umbel::Error>(doubts.as_ref().map(|doubts| SetScore::measure(doubts, &answers)))
    })?;
    whole += seconds;
    predictions.probabilities = after;
    let answers = predictions.answers()?;
    let (seconds, scores) = timed("scores and their intervals", || {
        Ok::<_, umbel::Error>(umbel::metrics::Scores::new(&answers, &predictions.classes, seed))
    })?;
    whole += seconds;
    let (seconds, ()) = timed("predictions.csv", || predictions.write(&run.join(names::PREDICTIONS)))?;
    whole += seconds;
    let plots = run.join(names::PLOTS);
    let (seconds, _) = timed("plots: confusion matrix", || {
        confusion::write(&plots, names::CONFUSION, &predictions.classes, &scores.confusion, &Fonts::built_in())
    })?;
    whole += seconds;
    let (seconds, _) = timed("plots: ROC", || {
        ranking::write(&plots, names::RANKING, &predictions.classes, &answers, &Fonts::built_in())
    })?;
    whole += seconds;
    let (seconds, _) = timed("plots: reliability", || {
        let panels = reliability::panels(true, [certainty[0].ece, certainty[1].ece], &bins);
        reliability::write(&plots, names::RELIABILITY, &panels)
    })?;
    whole += seconds;
    let metrics = Metrics {
        epochs: 10,
        finished: true,
        best: Figures { epoch: 10, ..Figures::default() },
        scores: Some(scores),
        calibration: Some(CalibrationRecord { temperature, images: photos, certainty: None }),
        trusted,
        ..Metrics::default()
    };
    let (seconds, ()) = timed("metrics.json", || metrics.write(&run.join(names::METRICS)))?;
    whole += seconds;
    let (seconds, records) = timed("the records read back", || RunRecords::read(run))?;
    whole += seconds;
    let (seconds, ()) = timed("report.html", || page::write(&records, &Facts::default(), &run.join(names::REPORT)))?;
    Ok(whole + seconds)
}
