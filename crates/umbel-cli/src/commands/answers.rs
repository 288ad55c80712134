//! Prints the answers of `umbel predict`, one a photo or a box, for people or as JSON.

use std::io;
use std::path::Path;

use serde::Serialize;
use umbel::base::lang::Lang;
use umbel::base::shown::{cell, column};
use umbel::data::decode::Origin;
use umbel::predict::Prediction;

use super::photos;
use crate::args::PredictArgs;
use crate::console::{self, Format, sentences};
use crate::exit::Outcome;

/// Prints the answers and keeps count.
pub struct Answers {
    format: Format,
    lang: Lang,
    show_top: bool,
    /// Whether there is but one photo, which need not be named.
    pub one_photo: bool,
    pub predicted: usize,
    pub failed: usize,
}

/// An answer, as it is told.
#[derive(Serialize)]
pub struct Answer<'a> {
    pub path: &'a str,
    #[serde(flatten)]
    pub prediction: &'a Prediction,
    /// Whether it is sure enough, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sure: Option<bool>,
    #[serde(flatten)]
    pub origin: &'a Origin,
    /// Of a box: what a detector said of it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub found: Option<FoundAs<'a>>,
}

/// What a detector said of a box.
#[derive(Clone, Copy, Serialize)]
pub struct FoundAs<'a> {
    /// Left, top, width and height, in shares of the picture's sides.
    #[serde(rename = "box")]
    pub area: [f64; 4],
    pub detected: &'a str,
    pub detection_confidence: f64,
}

#[derive(Serialize)]
struct Failure<'a> {
    path: &'a str,
    error: &'a str,
}

impl Answers {
    /// As the flags have them.
    pub fn new(args: &PredictArgs, lang: Lang) -> Self {
        Answers {
            format: Format::from_flag(args.json),
            lang,
            show_top: args.top.is_some(),
            one_photo: false,
            predicted: 0,
            failed: 0,
        }
    }

    /// Tells an answer.
    pub fn success(&mut self, answer: &Answer<'_>) -> io::Result<()> {
        self.predicted += 1;
        if self.format == Format::Json {
            return console::json(answer);
        }
        let Answer { path, prediction, sure, .. } = answer;
        let before = if self.one_photo { String::new() } else { format!("{path}: ") };
        let doubt = if *sure == Some(false) { self.lang.say(" That is not sure enough.") } else { "" };
        console::line(format!("{before}{}{doubt}", sentences::answer(self.lang, prediction)))?;
        if self.show_top {
            let width = column(prediction.top.iter().map(|top| top.class.as_str()), 0);
            for top in &prediction.top {
                console::line(format!("  {}  {:6.2} %", cell(&top.class, width), 100.0 * top.probability))?;
            }
        }
        Ok(())
    }

    /// Tells why there is none.
    pub fn failure(&mut self, path: &Path, reason: &str) -> io::Result<()> {
        self.failed += 1;
        let path = path.to_string_lossy();
        if self.format == Format::Json {
            return console::json(&Failure { path: &path, error: reason });
        }
        console::error(&photos::complaint(&path, reason));
        Ok(())
    }

    /// Whether there were answers, and for all.
    pub fn outcome(&self) -> Outcome {
        match (self.predicted, self.failed) {
            (_, 0) => Outcome::Done,
            (0, _) => Outcome::NotDone,
            _ => Outcome::SomeUnusable,
        }
    }
}
