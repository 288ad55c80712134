//! What is worth a line while a run goes: facts, each with the figures that it tells. Their `Display` is a sentence that
//! names no flag and no command; a program that has such adds the way on.

mod best;
mod drawn;
mod going_on;
mod head;
mod in_time;
mod start;

use std::fmt;
use std::path::PathBuf;

pub use self::best::ComparedWeights;
pub use self::going_on::GoingOn;
pub use self::head::Head;
use super::part::Part;
use super::remark::{self, Remark};

/// A fact that is worth a line. What goes on all the time (steps, epochs, photos prepared) is an
/// [`Event`](super::progress::Event) of its own.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Notice {
    /// Something about the folder or its classes.
    Data(Remark),
    /// There are so many more of such; a check of the data tells all.
    MoreRemarks { untold: usize, data: PathBuf },
    /// Classes with so few usable photos that they can hardly be learned: how many each, fewest first.
    SmallClasses { classes: Vec<(String, usize)> },
    /// A class has many times more usable photos than another.
    UnevenClasses { most: (String, usize), fewest: (String, usize) },
    /// So many photos are of one color all over.
    Blank { photos: usize, example: String },
    /// A plan leaves photos out, and takes others for another class than their folder says.
    Planned { left_out: usize, relabeled: usize },
    /// The run is written into the folder of the photos.
    RunInData { run: PathBuf },
    /// The data come divided, and the split that was asked for is not made.
    PartsTaken,
    /// Photos of one group, of so many, are on one side.
    Groups { groups: usize },
    /// A part that has photos has none of this class.
    ClassMissing { class: String, part: Part },
    /// The class has too few photos to validate in every fold.
    ClassInFewFolds { class: String, measured: usize, folds: usize },
    /// Pictures call classes by these numbers, for want of a font that draws their names.
    NamesNotDrawn { names: Vec<(usize, String)> },
    /// Photos that show the same were found, and each group of them is on one side.
    KeptTogether { photos: usize, groups: usize },
    /// So many photos of a class look alike that they are divided like any others.
    LookAlike { photos: usize, example: String, class: String },
    /// So many photos of a later part show the same as one of an earlier part.
    Leaks { photos: usize, data: PathBuf, divided_by: Divider },
    /// So many photos hold numbers that hardly can be meant as they were taken, where none said what stands for white. What
    /// they look like is the name of a depth.
    DoubtfulDepth { photos: usize, example: String, low: f64, high: f64, white: f64, looks_like: &'static str },
    /// What a run needs, before it starts. What is free is not known everywhere.
    Memory { needed_bytes: u64, available_bytes: Option<u64>, cache_bytes: u64 },
    /// Training starts from these weights; the license is what they tell.
    Starting { from: String, head: Head, license: Option<String> },
    /// Training goes on from a model of one's own.
    GoingOn(GoingOn),
    /// The recipe goes by the photos: so many may train, and this much of the network is trained.
    Decided { weights: String, inside: bool, photos: usize, trained: &'static str, balanced: bool },
    /// The run is to end within so many seconds: what that is enough for (`epochs`: `None` where the last layer alone is fitted), and how
    /// long it will take as far as the first steps tell.
    InTime { seconds: f64, foreseen: f64, epochs: Option<usize>, trained: Option<&'static str> },
    /// The network starts from random weights and has few photos to train on, where pretrained weights are at hand. What those
    /// gave where it was measured: on so many photos of flowers, the share of unseen photos that was named right.
    FromNothing { photos: usize, measured_on: usize, random: f64, pretrained: f64 },
    /// Of these pretrained weights, those of this name are taken.
    WeightsCompared { compared: Vec<ComparedWeights>, chosen: String },
    /// Answers that are means over several looks at a photo: what that changes on the validation part, and whether it is kept.
    Views { looks: usize, accuracy: [f64; 2], loss: [f64; 2], kept: bool },
    /// The license of the weights forbids commercial use, of the trained model too.
    NonCommercial { weights: String },
    /// Nothing tells how photos were prepared for these weights, so the network's usual mean and deviation (shares of white) are
    /// taken off.
    PreparationAssumed { from: String, mean: [f64; 3], deviation: [f64; 3] },
    /// A range test begins.
    RangeTest { low: f64, high: f64, steps: usize, batch: usize, photos: usize },
    /// What the last layer of a frozen network reads is computed, for so many photos.
    Features { photos: usize },
    /// Of so many strengths of L2 regularization that were tried, from the strongest on, this one (counted from 1) was the best:
    /// by so many folds, or by the validation part.
    HeadChosen { number: usize, tried: usize, strength: f64, folds: Option<usize> },
    /// The run was begun with other instructions than those that it goes on with.
    ContinuedElsewhere { from: String, to: String },
    /// Another number of epochs stretches the cosine over all of them.
    ScheduleStretched { from: usize, to: usize },
    /// Another number of epochs spreads the photos' sizes over all of them.
    SizesSpread { from: usize, to: usize },
    /// Early stopping has ended the run that was to go on.
    EndedEarly { epochs: usize },
    /// The run that was to go on has done all its epochs.
    EpochsDone { epochs: usize },
    /// The fold (from 1) that was to go on is finished.
    FoldFinished { fold: usize },
    /// Early stopping ends the run after `epoch`; `figure` is what it watches, by its name in history.csv.
    EarlyStopped { figure: &'static str, waited: usize, epoch: usize },
    /// The learning rate is lowered, since `figure` has not improved for so many epochs.
    ReducedRate { figure: &'static str, waited: usize, from: f64, to: f64 },
    /// Event files for TensorBoard cannot be written; the run goes on without them.
    TensorboardStopped { error: String },
    /// The page of a run that has ended could not be made. All else of it is whole.
    ReportNotMade { error: String, run: PathBuf },
    /// A data set or weights are on their way; of how many bytes, where that was told.
    Fetching { url: String, bytes: Option<u64> },
    /// They came, and lie there.
    Saved { path: PathBuf },
}

/// Who divided photos that umbel did not divide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divider {
    /// The data come with their parts.
    Data,
    /// The split that was asked for: a file's, or Keras' shuffle.
    Split,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Data(remark) => remark.fmt(f),
            Notice::MoreRemarks { untold, .. } => write!(f, "{untold} more of such are not told here."),
            Notice::SmallClasses { classes } => {
                let each: Vec<String> = classes.iter().map(|(class, photos)| format!("{class} {photos}")).collect();
                let (noun, they) = if classes.len() == 1 { ("class has", "it") } else { ("classes have", "they") };
                write!(
                    f,
                    "{} {noun} few photos ({}): {they} can hardly be learned and measured.",
                    classes.len(),
                    remark::listed(&each)
                )
            }
            Notice::UnevenClasses { most, fewest } => write!(
                f,
                "The classes are uneven: {} has {} photos, and {} {}; what is rare is easily neglected.",
                most.0, most.1, fewest.0, fewest.1
            ),
            Notice::Blank { photos, example } => {
                let (noun, are) = if *photos == 1 { ("photo", "is") } else { ("photos", "are") };
                write!(f, "{photos} {noun}, such as {example}, {are} of one color all over.")
            }
            Notice::Planned { left_out, relabeled } => {
                write!(
                    f,
                    "By the plan, {left_out} photos are left out and {relabeled} are of another class than their folder."
                )
            }
            Notice::RunInData { run } => write!(
                f,
                "The run folder {} lies among the photos. It is not taken for a class, but other programs may: a place \
                 outside is better.",
                run.display()
            ),
            Notice::PartsTaken => f.write_str(
                "The data come divided: their parts are taken as they are, and the validation split is not used.",
            ),
            Notice::Groups { groups } => write!(f, "Found {groups} groups; each is on one side."),
            Notice::ClassMissing { class, part } => {
                let so = match part {
                    Part::Train => "it cannot be learned",
                    Part::Val | Part::Test => "it is not measured there",
                };
                write!(f, "The {} part has no photo of the class {class:?}: {so}.", part.noun())
            }
            Notice::ClassInFewFolds { class, measured, folds } => write!(
                f,
                "The class {class:?} is measured in {measured} of {folds} folds: it has too few photos for more."
            ),
            Notice::NamesNotDrawn { names } => f.write_str(&drawn::by_number(names)),
            Notice::KeptTogether { photos, groups } => {
                let (noun, each) = match groups {
                    1 => ("group", "they are on one side"),
                    _ => ("groups", "each group is on one side"),
                };
                write!(f, "Kept {photos} photos together that show the same as another ({groups} {noun}); {each}.")
            }
            Notice::LookAlike { photos, example, class } => write!(
                f,
                "{photos} photos, such as {example} of the class {class:?}, look alike: too many to be copies, so they are \
                 divided like any others."
            ),
            Notice::Leaks { photos, .. } => {
                let (noun, they) = if *photos == 1 { ("photo", "it is") } else { ("photos", "they are") };
                write!(
                    f,
                    "Warning: {photos} {noun} of the validation or test part show the same as one of an earlier part, so \
                     {they} no fair measure."
                )
            }
            Notice::DoubtfulDepth { photos, example, low, high, white, looks_like } => {
                let (noun, hold) = if *photos == 1 { ("photo", "holds") } else { ("photos", "hold") };
                let looks_like = match *looks_like {
                    "float" => "floating point whose range is its own".to_string(),
                    bits => format!("{bits} bits"),
                };
                write!(
                    f,
                    "Warning: {photos} {noun}, such as {example}, {hold} numbers from {low} to {high} where {white} is taken \
                     for white. That looks like {looks_like}: say so, or save them anew with 8 bits."
                )
            }
            Notice::Memory { needed_bytes, available_bytes, cache_bytes } => {
                write!(f, "Training needs {} of memory", size(*needed_bytes))?;
                if let Some(bytes) = available_bytes {
                    write!(f, " (of {} free)", size(*bytes))?;
                }
                write!(f, "; the prepared photos take {} of the cache.", size(*cache_bytes))
            }
            Notice::Starting { from, head, license } => {
                let license = license.as_ref().map_or(String::new(), |license| format!(" License: {license}."));
                write!(f, "Starting from {from}, {head}.{license}")
            }
            Notice::GoingOn(going_on) => going_on.fmt(f),
            Notice::Decided { weights, inside, photos, trained, balanced } => {
                let inside = if *inside { ", inside this program" } else { "" };
                let balanced = if *balanced { ", all classes counting alike" } else { "" };
                write!(f, "{weights}, pretrained{inside}; {photos} photos: {trained}{balanced}.")
            }
            Notice::InTime { seconds, foreseen, epochs, trained } => {
                f.write_str(&in_time::words([*seconds, *foreseen], *epochs, *trained))
            }
            Notice::FromNothing { photos, measured_on, random, pretrained } => {
                f.write_str(&start::from_nothing(*photos, *measured_on, [*random, *pretrained]))
            }
            Notice::WeightsCompared { compared, chosen } => f.write_str(&best::compared(compared, chosen)),
            Notice::Views { looks, accuracy, loss, kept } => f.write_str(&best::views(*looks, *accuracy, *loss, *kept)),
            Notice::NonCommercial { weights } => {
                write!(
                    f,
                    "Warning: the weights allow no commercial use, and neither does what is made of them: {weights}."
                )
            }
            Notice::PreparationAssumed { from, mean, deviation } => {
                f.write_str(&start::preparation_assumed(from, mean, deviation))
            }
            Notice::RangeTest { low, high, steps, batch, photos } => write!(
                f,
                "Testing rates from {low:e} to {high:e} in {steps} steps of {batch} of the {photos} training photos."
            ),
            Notice::Features { photos } => write!(f, "Computing the features of {photos} photos, once."),
            Notice::HeadChosen { number, tried, strength, folds } => {
                let who = folds.map_or("the validation part".to_string(), |folds| format!("{folds} folds"));
                write!(
                    f,
                    "Of {tried} strengths of L2 regularization, {who} chose number {number}: {strength}. (Weaker ones are tried \
                     for as long as the loss may still fall.)"
                )
            }
            Notice::ContinuedElsewhere { from, to } => write!(
                f,
                "The run was begun with {from} and goes on with {to}: the weights will differ in their last digits."
            ),
            Notice::ScheduleStretched { from, to } => {
                write!(f, "The cosine schedule was planned for {from} epochs and is now stretched to {to}.")
            }
            Notice::SizesSpread { from, to } => {
                write!(f, "The photos' sizes were planned for {from} epochs and are now spread over {to}.")
            }
            Notice::EndedEarly { epochs } => {
                write!(f, "The run was ended by early stopping after {epochs} epochs: there is nothing left to do.")
            }
            Notice::EpochsDone { epochs } => {
                write!(f, "The run has done its {epochs} epochs already: ask for more to train on.")
            }
            Notice::FoldFinished { fold } => write!(f, "Fold {fold} is finished already."),
            Notice::EarlyStopped { figure, waited, epoch } => {
                write!(f, "{figure} has not improved for {waited} epochs: stopping early after epoch {epoch}.")
            }
            Notice::ReducedRate { figure, waited, from, to } => {
                write!(f, "{figure} has not improved for {waited} epochs: the learning rate goes from {from} to {to}.")
            }
            Notice::TensorboardStopped { error } => {
                write!(f, "The run goes on without files for TensorBoard: {error}")
            }
            Notice::ReportNotMade { error, .. } => write!(f, "report.html was not made: {error}."),
            Notice::Fetching { url, bytes: Some(bytes) } => {
                write!(f, "Fetching {url} ({:.1} MB).", *bytes as f64 / 1e6)
            }
            Notice::Fetching { url, bytes: None } => write!(f, "Fetching {url}."),
            Notice::Saved { path } => write!(f, "Saved as {}.", path.display()),
        }
    }
}

fn size(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        megabytes if megabytes < 999.5 => format!("{:.0} MB", megabytes.ceil()),
        megabytes => format!("{:.1} GB", megabytes / 1000.0),
    }
}

#[cfg(test)]
mod tests;
