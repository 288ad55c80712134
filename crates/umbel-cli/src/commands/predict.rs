//! `umbel predict`: class and confidence of photos given as files, folders, or on standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Serialize;
use umbel::data::decode::Limits;
use umbel::model_file::ModelFile;
use umbel::predict::{Prediction, Predictor, expand_paths};

use crate::args::PredictArgs;
use crate::console::{self, Format};
use crate::exit::Outcome;

/// Photos computed at a time.
const BATCH: usize = 16;
/// Classes that `top` holds in JSON unless --top says otherwise.
const TOP_IN_JSON: usize = 5;

/// Runs the command.
pub fn run(args: &PredictArgs) -> anyhow::Result<Outcome> {
    let model = ModelFile::load(&args.model)?;
    let top_k = args.top.unwrap_or(TOP_IN_JSON).min(model.classes.len());
    let mut predictor = Predictor::new(model, BATCH, top_k)?;
    let mut answers = Answers::new(args);
    let inputs = inputs(&args.paths, &mut answers)?;
    answers.one_photo = inputs.len() == 1 && answers.failed == 0;
    for chunk in inputs.chunks(BATCH) {
        answer(chunk, &mut predictor, &mut answers)?;
    }
    Ok(answers.outcome())
}

/// Every photo that the given paths lead to. A path that leads nowhere is reported, and the others go on.
fn inputs(paths: &[PathBuf], answers: &mut Answers) -> anyhow::Result<Vec<PathBuf>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(path.clone());
            continue;
        }
        match expand_paths(std::slice::from_ref(path)) {
            Ok(found) if found.is_empty() => answers.failure(path, "there are no photos in this folder")?,
            Ok(found) => inputs.extend(found),
            Err(error) => answers.failure(path, &crate::exit::message(&error.into()))?,
        }
    }
    Ok(inputs)
}

fn answer(paths: &[PathBuf], predictor: &mut Predictor, answers: &mut Answers) -> anyhow::Result<()> {
    let mut photos = Vec::new();
    let mut unread = Vec::new();
    for path in paths {
        match read(path) {
            Ok(bytes) => {
                photos.push(bytes);
                unread.push(None);
            }
            Err(error) => unread.push(Some(error)),
        }
    }
    let mut predictions = predictor.predict(&photos).into_iter();
    for (path, unread) in paths.iter().zip(unread) {
        match unread {
            Some(error) => answers.failure(path, &format!("cannot be read: {error}"))?,
            None => match predictions.next().expect("one answer for each photo") {
                Ok(prediction) => answers.success(path, &prediction)?,
                Err(error) => answers.failure(path, &error.to_string())?,
            },
        }
    }
    Ok(())
}

/// One byte more than the limit is enough for the decoder to see that a file is too large.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let most = Limits::default().max_file_bytes + 1;
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// Prints the answers and keeps count.
struct Answers {
    format: Format,
    show_top: bool,
    one_photo: bool,
    predicted: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Answer<'a> {
    path: &'a str,
    #[serde(flatten)]
    prediction: &'a Prediction,
}

#[derive(Serialize)]
struct Failure<'a> {
    path: &'a str,
    error: &'a str,
}

impl Answers {
    fn new(args: &PredictArgs) -> Self {
        Answers {
            format: Format::from_flag(args.json),
            show_top: args.top.is_some(),
            one_photo: false,
            predicted: 0,
            failed: 0,
        }
    }

    fn success(&mut self, path: &Path, prediction: &Prediction) -> io::Result<()> {
        self.predicted += 1;
        let path = path.to_string_lossy();
        if self.format == Format::Json {
            return console::json(&Answer { path: &path, prediction });
        }
        let before = if self.one_photo { String::new() } else { format!("{path}: ") };
        console::line(format!("{before}{prediction}"))?;
        if self.show_top {
            let width = prediction.top.iter().map(|t| t.class.chars().count()).max().unwrap_or(0);
            for top in &prediction.top {
                console::line(format!("  {:width$}  {:6.2} %", top.class, 100.0 * top.probability))?;
            }
        }
        Ok(())
    }

    fn failure(&mut self, path: &Path, reason: &str) -> io::Result<()> {
        self.failed += 1;
        let path = path.to_string_lossy();
        if self.format == Format::Json {
            return console::json(&Failure { path: &path, error: reason });
        }
        // The library's own messages name the path already.
        let text = if reason.contains(&*path) { reason.to_string() } else { format!("{path}: {reason}") };
        console::error(&text);
        Ok(())
    }

    fn outcome(&self) -> Outcome {
        match (self.predicted, self.failed) {
            (_, 0) => Outcome::Done,
            (0, _) => Outcome::NotDone,
            _ => Outcome::SomeUnusable,
        }
    }
}
