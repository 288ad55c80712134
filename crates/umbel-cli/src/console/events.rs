//! Turns a run's events into what the user sees: the tutorial's lines or JSON on standard output, progress on standard
//! error.

use serde::Serialize;
use umbel::base::lang::Lang;
use umbel::base::progress::{EndRecord, EpochRecord, Event, FoldsRecord, Observer, StartRecord};
use umbel::data::Problem;

use super::Format;
use super::chosen;
use super::display::Display;
use super::notices;
use super::sentences;

/// How many of the photos that cannot be used are shown; all are in problems.csv.
const PROBLEMS_SHOWN: usize = 10;

/// The observer of `umbel train`.
pub struct TrainConsole {
    format: Format,
    lang: Lang,
    display: Box<dyn Display>,
}

/// The contract's JSON events.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum JsonEvent<'a> {
    Start(&'a StartRecord),
    Epoch(&'a EpochRecord),
    End(&'a EndRecord),
    Fold { fold: usize, folds: usize },
    Folds(&'a FoldsRecord),
}

impl TrainConsole {
    /// With a live view where standard error is a terminal.
    pub fn new(format: Format, lang: Lang) -> Self {
        TrainConsole { format, lang, display: chosen::for_stderr() }
    }

    /// A line for people: on standard output, or on standard error where that carries JSON.
    pub fn say(&mut self, text: impl AsRef<str>) {
        self.display.clear();
        match self.format {
            // A run is not stopped because nobody reads its messages any more.
            Format::Human => drop(super::line(text)),
            Format::Json => super::note(text),
        }
    }

    /// Takes the live view off the screen.
    pub fn clear(&mut self) {
        self.display.clear();
    }

    fn json(&mut self, event: &JsonEvent<'_>) {
        if self.format == Format::Json {
            self.display.clear();
            drop(super::json(event));
        }
    }

    fn skipped(&mut self, problems: &[Problem]) {
        if problems.is_empty() {
            return;
        }
        let files = if problems.len() == 1 { "file" } else { "files" };
        self.say(format!("{} {files} cannot be used:", problems.len()));
        for problem in problems.iter().take(PROBLEMS_SHOWN) {
            self.say(format!("  {}: {}", problem.path, problem.detail));
        }
        if problems.len() > PROBLEMS_SHOWN {
            self.say(format!("  … and {} more, see problems.csv", problems.len() - PROBLEMS_SHOWN));
        }
    }
}

impl Observer for TrainConsole {
    fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Found { files, classes } => {
                self.say(sentences::found(self.lang, files, classes.len()));
            }
            Event::Listing { entries } => self.display.listing(entries),
            Event::Preparing { done, total } => self.display.preparing(done, total),
            Event::Downloading { done, bytes } => self.display.downloading(done, bytes),
            Event::Unpacking { done, bytes } => self.display.unpacking(done, bytes),
            Event::Features { done, total } => self.display.features(done, total),
            Event::Skipped { problems } => self.skipped(problems),
            Event::Fold { fold, folds } => {
                self.say(format!("Fold {fold} of {folds}"));
                self.display.fold((fold, folds));
                self.json(&JsonEvent::Fold { fold, folds });
            }
            Event::Using { train, val, test, folds, classes } => {
                let lang = self.lang;
                if folds > 0 {
                    let values: [(&str, &dyn std::fmt::Display); 2] = [("files", &train), ("folds", &folds)];
                    self.say(lang.tell("Using {files} files for training, judged by {folds} folds of them.", &values));
                } else {
                    self.say(lang.tell("Using {files} files for training.", &[("files", &train)]));
                    self.say(lang.tell("Using {files} files for validation.", &[("files", &val)]));
                }
                if test > 0 {
                    self.say(lang.tell("Using {files} files for testing.", &[("files", &test)]));
                }
                self.say(lang.tell("Class names: {classes}", &[("classes", &super::class_list(classes))]));
            }
            Event::Start(record) => {
                self.display.start(record.train_images);
                self.json(&JsonEvent::Start(record));
            }
            Event::Resumed { history, best_epoch } => self.display.resumed(history, best_epoch),
            Event::Step { epoch, epochs, step, steps, figures } => {
                self.display.step((epoch, epochs), (step, steps), figures);
            }
            Event::Validating { .. } => self.display.validating(),
            Event::Reporting => self.display.reporting(),
            Event::Epoch { epochs, record, best_epoch } => {
                self.display.epoch(epochs, record, best_epoch);
                self.json(&JsonEvent::Epoch(record));
            }
            Event::Notice(notice) => super::note(notices::sentence(notice)),
            Event::End(record) => {
                self.display.clear();
                self.json(&JsonEvent::End(record));
            }
            Event::Folds(record) => self.json(&JsonEvent::Folds(record)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_events_carry_their_name() {
        let record = EndRecord {
            best_epoch: 2,
            val_accuracy: 0.5,
            val_loss: 1.0,
            seconds: 3.0,
            peak_rss_bytes: 7,
            run: "r".into(),
            test: None,
            judged: None,
        };
        let text = serde_json::to_string(&JsonEvent::End(&record)).unwrap();
        assert!(text.starts_with(r#"{"event":"end","best_epoch":2,"#), "{text}");
    }
}
