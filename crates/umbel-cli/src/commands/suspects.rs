//! What `umbel check` has judged by a network: labels that are probably wrong, and photos that look like none of the classes.

use umbel::Surroundings;
use umbel::base::error::with_causes;
use umbel::base::lang::Lang;
use umbel::base::progress::{Event, Interrupt, Observer};
use umbel::data::decode::Reading;
use umbel::data::{Index, Margin};
use umbel::pipeline::{self, DisputeOptions, Disputes, TrainConfig};

use crate::args::{CheckArgs, Labels};
use crate::console::{self, Format, TrainConsole};

/// Labels of more photos are judged only where that is asked for: it takes minutes.
const MOST: usize = 20_000;
/// Among fewer photos, chance alone makes suspects.
const FEWEST: usize = 50;
/// Where the networks agree with fewer labels, they know too little of these classes.
const LEAST_SKILL: f64 = 0.7;

/// What became of the search.
pub enum Judged {
    Whole(Disputes),
    /// By the user. What the check itself found is told all the same.
    Stopped,
}

/// Looks for suspects: by the network of a run, or, unless the user says otherwise, by the one inside this program. `None`: nobody was
/// asked.
pub fn look_for(
    run: Option<(TrainConfig, Option<String>)>,
    index: &Index,
    reading: Reading,
    args: &CheckArgs,
    surroundings: &Surroundings,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Judged>> {
    if let Some(run) = run {
        return judge(&run, index, args, surroundings, interrupt).map(Some);
    }
    if args.labels == Some(Labels::None) {
        return Ok(None);
    }
    let Some(mut config) = pipeline::inside_settings() else {
        console::note(
            "No labels were judged: there is no network inside this program. --run RUN judges them by a run's.",
        );
        return Ok(None);
    };
    let photos = index.photos.len();
    if args.labels.is_none() && photos > MOST {
        console::note(format!(
            "No labels were judged: {photos} photos are more than {MOST}. --labels judges them, in minutes."
        ));
        return Ok(None);
    }
    if args.labels.is_none() && photos < FEWEST {
        return Ok(None);
    }
    (config.prep.depth, config.prep.raw) = (reading.depth, reading.raw);
    config.prep.crop_margin = args.crop_margin.and_then(Margin::new).unwrap_or_default();
    match judge(&(config, None), index, args, surroundings, interrupt) {
        // Nobody has asked: what else was found counts.
        Err(error) if args.labels.is_none() => {
            let error =
                error.downcast_ref::<umbel::Error>().map_or_else(|| error.to_string(), |error| with_causes(error));
            console::note(format!("No labels were judged: {error}"));
            Ok(None)
        }
        judged => judged.map(Some),
    }
}

fn judge(
    settings: &(TrainConfig, Option<String>),
    index: &Index,
    args: &CheckArgs,
    surroundings: &Surroundings,
    interrupt: &Interrupt,
) -> anyhow::Result<Judged> {
    let options = DisputeOptions { folds: args.folds, epochs: args.epochs, image_size: args.image_size };
    let mut progress = Progress::new(surroundings.lang, args.folds, args.epochs.unwrap_or(settings.0.fit.epochs));
    let outcome = pipeline::disputed_labels(settings, index, &options, surroundings, &mut progress, interrupt);
    progress.console.clear();
    match outcome {
        Ok(disputes) => Ok(Judged::Whole(disputes)),
        Err(umbel::Error::Interrupted) => Ok(Judged::Stopped),
        Err(error) => Err(error.into()),
    }
}

/// `Judged 2933 labels in 12 s: ...`
pub fn line(disputes: &Disputes) -> String {
    let Disputes { labels, unlike, judged, accuracy, seconds } = disputes;
    let unsure =
        if *accuracy < LEAST_SKILL { " They know little of these classes: expect many false suspects." } else { "" };
    let unlike = match unlike.len() {
        0 => String::new(),
        1 => "; 1 photo is like none of the classes".to_string(),
        several => format!("; {several} photos are like none of the classes"),
    };
    format!(
        "Judged {} labels in {seconds:.0} s by networks that had not seen the photos and agree with {:.1} % of them; {} {} \
         disputed{unlike}.{unsure}",
        judged.len(),
        100.0 * accuracy,
        labels.len(),
        if labels.len() == 1 { "is" } else { "are" },
    )
}

/// The training of the folds on standard error, whatever standard output carries: its epochs, and how long it will take.
struct Progress {
    console: TrainConsole,
    folds: usize,
    epochs: usize,
    told: bool,
}

impl Progress {
    fn new(lang: Lang, folds: usize, epochs: usize) -> Self {
        Progress { console: TrainConsole::new(Format::Human, lang), folds, epochs, told: false }
    }
}

impl Observer for Progress {
    fn event(&mut self, event: &Event<'_>) {
        match *event {
            // Said by the check itself.
            Event::Found { .. } | Event::Skipped { .. } => {}
            // Strengths of a last layer, in a blink.
            Event::Epoch { record, .. } if record.l2.is_some() => {}
            Event::Fold { fold, folds } => {
                self.console.clear();
                console::note(format!("Fold {fold} of {folds}, for the labels"));
            }
            Event::Epoch { record, .. } => {
                self.console.event(event);
                if !std::mem::replace(&mut self.told, true) {
                    let minutes = record.seconds * (self.folds * self.epochs) as f64 / 60.0;
                    console::note(format!("All {} folds will take {}", self.folds, duration(minutes)));
                }
            }
            _ => self.console.event(event),
        }
    }
}

fn duration(minutes: f64) -> String {
    match minutes.round() {
        0.0 => "less than a minute".to_string(),
        1.0 => "about a minute".to_string(),
        minutes => format!("about {minutes:.0} minutes"),
    }
}
