//! The end of a run: the best model is calibrated on the validation part and measured there, remembers what known pictures
//! are like, and is measured on the test part.

use std::path::{Path, PathBuf};

use super::run_folder::RunFolder;
use super::unseen::{Unseen, known};
use crate::Result;
use crate::base::fonts::Fonts;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Judged, Observer, SmallestClass, TestRecord};
use crate::data::Dataset;
use crate::eval::views;
use crate::metrics::{
    Answers, Bin, Certainty, Doubts, Reads, Scores, SetScore, Trusted, calibrated, loss_once_calibrated, softmax,
    trusted_on,
};
use crate::model_file::ModelFile;
use crate::nn::Precision;
use crate::report::{confusion, ranking, reliability};
use crate::run::{BeforeAfter, CalibrationRecord, Metrics, Predictions, names};
use crate::train::{FitOptions, FitOutcome};

/// How good the best epoch's model is. The figures are those after calibration.
#[derive(Clone, Debug)]
pub(super) struct Validated {
    scores: Scores,
    /// Where the photos train the model, too: the folds that they were judged in.
    folds: Option<usize>,
    calibration: CalibrationRecord,
    /// What calibration did to the confidence.
    certainty: BeforeAfter,
    /// From which confidence on answers are right as often as is told.
    trusted: Vec<Trusted>,
    /// On the test part, if there is one.
    tested: Option<Tested>,
    /// What the figures come from.
    predictions: Predictions,
    /// Before and after calibration.
    bins: [Vec<Bin>; 2],
}

/// How far the model's confidence and its sets can be relied on, on photos that had no say in them.
#[derive(Clone, Debug)]
struct Tested {
    certainty: BeforeAfter,
    trusted: Vec<Trusted>,
    sets: Vec<SetScore>,
    predictions: Predictions,
}

/// metrics.json of a run that has done an epoch, but for its test part, settings and machine.
pub(super) fn metrics(fit: &FitOutcome, validated: Option<&Validated>) -> Option<Metrics> {
    let epochs = &fit.history.epochs;
    let (last, best) = (epochs.last()?, epochs.iter().find(|record| record.epoch == fit.best_epoch)?);
    let tested = validated.and_then(|validated| validated.tested.clone());
    let (test_trusted, test_sets) =
        tested.as_ref().map_or_else(Default::default, |tested| (tested.trusted.clone(), tested.sets.clone()));
    Some(Metrics {
        epochs: last.epoch,
        finished: !fit.interrupted,
        best: best.into(),
        last: last.into(),
        accuracy_gap: last.accuracy - last.val_accuracy,
        loss_gap: last.val_loss - last.loss,
        seconds: epochs.iter().map(|record| record.seconds).sum(),
        parameters: Some(fit.best.weights().count()),
        scores: validated.map(|validated| validated.scores.clone()),
        calibration: validated.map(|validated| validated.calibration),
        test_calibration: tested.map(|tested| tested.certainty),
        trusted: validated.map(|validated| validated.trusted.clone()).unwrap_or_default(),
        test_trusted,
        test_sets,
        ..Metrics::default()
    })
}

/// The parts of a run's photos.
pub(super) struct Parts<'a> {
    pub train: &'a Dataset,
    pub val: &'a Dataset,
    pub test: Option<&'a Dataset>,
}

impl Validated {
    /// Fits the temperature, puts it and what known pictures are like into the run's model file, and measures; also on the
    /// test part. The same run gives the same bits, stopped and resumed or not. `None` where the user asked to stop;
    /// resuming the run then comes back to it.
    ///
    /// A run whose epochs were validated in another precision than that of every answer is measured anew here, and these figures
    /// take the place of its best epoch's: one thing has one figure.
    pub fn measure(
        run: &RunFolder,
        fit: &mut FitOutcome,
        parts: &Parts<'_>,
        options: &FitOptions,
        (observer, interrupt): (&mut dyn Observer, &Interrupt),
    ) -> Result<Option<(Self, Option<TestRecord>)>> {
        let Some(unseen) = Unseen::of(fit, parts, options, interrupt)? else { return Ok(None) };
        let n_classes = parts.train.class_names().len();
        let Unseen { photos, outputs, .. } = &unseen;
        let val_labels = photos.labels();
        let mut file = ModelFile::load(run.path())?;
        let before = (file.calibration, file.known.take(), file.metrics.clone());
        let promised = (file.doubts.take(), std::mem::take(&mut file.trusted));
        file.calibration = calibrated(n_classes, &outputs.logits, &val_labels, options.balance);
        let temperature = file.temperature();
        let Some(known) = known(fit, parts, (&unseen, temperature, options), interrupt)? else { return Ok(None) };
        file.known = known;
        let once = [file.temperature(), 1.0].map(|temperature| softmax(n_classes, &outputs.logits, temperature));
        let had_views = file.views.take();
        file.views = options.views.filter(|_| fit.out_of_fold.is_none());
        let [calibrated, plain] = match looked_at(&mut file, photos, &once, options, (observer, interrupt)) {
            Err(crate::Error::Interrupted) => return Ok(None),
            looked => looked?,
        };
        let uncalibrated = Answers::new(&val_labels, &plain, n_classes)?;
        let answers = Answers::new(&val_labels, &calibrated, n_classes)?;
        file.doubts = Doubts::new(n_classes, &calibrated, &val_labels);
        file.trusted = Trusted::measure(n_classes, &calibrated, &val_labels);
        let bins = [uncalibrated.bins(), answers.bins()];
        let test = parts.test.map(|test| Tested::on(test, &file, fit, options, interrupt)).transpose();
        let test = match test {
            Err(crate::Error::Interrupted) => return Ok(None),
            test => test?,
        };
        let certainty = BeforeAfter { before: Certainty::new(&uncalibrated), after: Certainty::new(&answers) };
        let scores = Scores::new(&answers, parts.train.class_names(), options.seed);
        if fit.computed.precision != Precision::F32 || file.views.is_some() {
            file.metrics.val_accuracy = scores.accuracy;
            file.metrics.val_loss = certainty.before.loss;
            let calibrated = loss_once_calibrated(n_classes, &outputs.logits, &val_labels, options.balance);
            correct(run, fit, &scores, (certainty.before.loss, calibrated))?;
        }
        let is_new = (file.calibration, &file.known, &file.metrics) != (before.0, &before.1, &before.2);
        if is_new || (&file.doubts, &file.trusted, file.views) != (&promised.0, &promised.1, had_views) {
            file.save(&run.path().join(names::MODEL))?;
        }
        let (tested, record) = test.unzip();
        let validated = Validated {
            scores,
            folds: fit.out_of_fold.as_ref().map(|judged| judged.folds.len()),
            calibration: CalibrationRecord {
                temperature: file.temperature(),
                images: file.calibration.map_or(0, |calibration| calibration.images),
                certainty: Some(certainty),
            },
            certainty,
            trusted: file.trusted,
            tested,
            predictions: Predictions {
                classes: parts.train.class_names().to_vec(),
                paths: photos.paths.to_vec(),
                labels: val_labels,
                probabilities: calibrated,
            },
            bins,
        };
        Ok(Some((validated, record)))
    }

    /// What the told figures rest on.
    pub fn judged(&self) -> Judged {
        let Scores { images, balanced_accuracy, intervals, .. } = self.scores;
        let sizes = || self.scores.classes.iter().filter(|class| class.score.support > 0);
        let most = sizes().map(|class| class.score.support).max().unwrap_or(0) as f64;
        let smallest = sizes().min_by_key(|class| class.score.support);
        let smallest = smallest.filter(|class| most >= Judged::UNEVEN * class.score.support as f64);
        Judged {
            judged_images: images,
            folds: self.folds,
            val_accuracy_interval: intervals.accuracy,
            val_balanced_accuracy: balanced_accuracy,
            smallest_class: smallest.map(|class| SmallestClass {
                class: class.class.clone(),
                images: class.score.support as usize,
                recall: class.score.recall,
            }),
            most_mistaken: self.scores.most_mistaken(),
        }
    }

    /// Writes predictions.csv into the run folder, and the pictures into that of its plots; the confusion matrix'
    /// files.
    pub fn write(&self, folder: &Path, plots: &Path, fonts: &Fonts) -> Result<Vec<PathBuf>> {
        let Predictions { classes, .. } = &self.predictions;
        self.predictions.write(&folder.join(names::PREDICTIONS))?;
        if let Some(tested) = &self.tested {
            tested.predictions.write(&folder.join(names::TEST_PREDICTIONS))?;
        }
        let written = confusion::write(plots, names::CONFUSION, classes, &self.scores.confusion, fonts)?;
        ranking::write(plots, names::RANKING, classes, &self.predictions.answers()?, fonts)?;
        let (BeforeAfter { before, after }, is_fitted) = (self.certainty, self.calibration.images > 0);
        let panels = reliability::panels(is_fitted, [before.ece, after.ece], &self.bins);
        reliability::write(plots, names::RELIABILITY, &panels)?;
        Ok(written)
    }
}

/// Puts the figures as every answer is computed in the place of those of the best epoch.
fn correct(
    run: &RunFolder,
    fit: &mut FitOutcome,
    scores: &Scores,
    (loss, calibrated): (f64, Option<f64>),
) -> Result<()> {
    let best = fit.history.epochs.iter_mut().find(|record| record.epoch == fit.best_epoch);
    if let Some(best) = best {
        (best.val_accuracy, best.val_loss) = (scores.accuracy, loss);
        best.val_balanced_accuracy = best.val_balanced_accuracy.map(|_| scores.balanced_accuracy);
        best.val_calibrated_loss = best.val_calibrated_loss.and(calibrated);
    }
    fit.history.write(&run.path().join(names::HISTORY))
}

impl Tested {
    /// By what the model's file says.
    fn on(
        photos: &Dataset,
        file: &ModelFile,
        fit: &FitOutcome,
        options: &FitOptions,
        interrupt: &Interrupt,
    ) -> Result<(Self, TestRecord)> {
        let (n_classes, labels) = (file.classes.len(), photos.labels());
        let [after, before] = match file.views {
            Some(tta) => {
                let engine = fit.engine.for_inference();
                views::probabilities(engine, file, photos, (tta, options.batch), interrupt)?
            }
            None => {
                let outputs = fit.outputs(photos, (options.batch, Reads::Logits), interrupt)?;
                let logits = outputs.ok_or(crate::Error::Interrupted)?.logits;
                [file.temperature(), 1.0].map(|temperature| softmax(n_classes, &logits, temperature))
            }
        };
        let (plain, said) = (Answers::new(&labels, &before, n_classes)?, Answers::new(&labels, &after, n_classes)?);
        let certainty = BeforeAfter { before: Certainty::new(&plain), after: Certainty::new(&said) };
        let record = TestRecord {
            // The temperature has no say in which class is the most likely of one look.
            test_accuracy: said.top_k_accuracy(1),
            test_loss: certainty.after.loss,
            test_images: labels.len(),
        };
        let trusted = trusted_on(&file.trusted, &said);
        let sets = file.doubts.as_ref().map(|doubts| SetScore::measure(doubts, &said)).unwrap_or_default();
        let (classes, paths) = (file.classes.clone(), photos.paths.to_vec());
        let predictions = Predictions { classes, paths, labels, probabilities: after };
        Ok((Tested { certainty, trusted, sets, predictions }, record))
    }
}

/// Probabilities as the model is to answer, with its temperature and without one: means over several looks, if the file asks for them and
/// they lower the loss of `once`; else it asks for them no more.
fn looked_at(
    file: &mut ModelFile,
    photos: &Dataset,
    once: &[Vec<f64>; 2],
    options: &FitOptions,
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<[Vec<f64>; 2]> {
    let Some(tta) = file.views else { return Ok(once.clone()) };
    let engine = options.engine.for_inference();
    let looked = views::probabilities(engine, file, photos, (tta, options.batch), interrupt)?;
    let labels = photos.labels();
    let [before, after] =
        [Answers::new(&labels, &once[0], file.classes.len())?, Answers::new(&labels, &looked[0], file.classes.len())?];
    let (accuracy, loss) = ([&before, &after].map(|answers| answers.top_k_accuracy(1)), [before.loss(), after.loss()]);
    let kept = loss[1] < loss[0];
    let looks = views::of(file, tta).count();
    observer.event(&Event::Notice(&Notice::Views { looks, accuracy, loss, kept }));
    file.views = Some(tta).filter(|_| kept);
    Ok(if kept { looked } else { once.clone() })
}
