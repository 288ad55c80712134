//! `umbel explain`: where on a photo the model saw what speaks for a class, as pictures.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use umbel::Surroundings;
use umbel::base::fonts::Fonts;
use umbel::base::listed::listed;
use umbel::explain::{ExplainOptions, Explainer, Heatmap, Method, RgbImage, write_panel};
use umbel::run::free_name::next_free;

use super::photos::Reader;
use super::{model, photos};
use crate::args::ExplainArgs;
use crate::console::{self, Format};
use crate::exit::{Outcome, usage};

/// Runs the command.
pub fn run(args: &ExplainArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let file = model::load(&args.model, "umbel explain MODEL PHOTO...", &args.paths)?;
    let method = args.method;
    let options = ExplainOptions { method, layer: args.layer.clone() };
    let explainer = Explainer::on(surroundings.engine.share_for_inference(), &file, &options)?;
    let class = args.class.as_deref().map(|name| class(&file.classes, name)).transpose()?;
    let mut run = Run {
        args,
        format: Format::from_flag(args.json),
        method,
        explainer,
        class,
        reader: Reader::of(surroundings),
        fonts: &surroundings.fonts,
        explained: 0,
        failed: 0,
    };
    let (inputs, archives) = photos::inputs(&args.paths, surroundings, |path, reason| {
        run.failed += 1;
        failure(run.format, path, reason)
    })?;
    run.reader = run.reader.with_archives(archives);
    let out = folder(args)?;
    for path in &inputs {
        if let Err(reason) = run.explain(path, out.as_deref())? {
            run.failed += 1;
            failure(run.format, path, &reason)?;
        }
    }
    if run.format == Format::Human && run.explained > 0 {
        let layer = run.explainer.layer();
        console::line(format!(
            "Looked at the layer {layer}. Yellow: speaks most for the class; the photo's own colors: does not."
        ))?;
    }
    if out.is_some() && run.explained > 0 {
        console::numbered(run.fonts.numbered(run.explainer.classes()));
    }
    Ok(match (run.explained, run.failed) {
        (_, 0) => Outcome::Done,
        (0, _) => Outcome::NotDone,
        _ => Outcome::SomeUnusable,
    })
}

fn class(classes: &[String], name: &str) -> anyhow::Result<usize> {
    let found = classes.iter().position(|class| class == name);
    found.ok_or_else(|| usage(format!("the model has no class {name:?}; its classes are {}", listed(classes))))
}

/// The folder for the pictures, made where it isn't there; `None` with --json alone.
fn folder(args: &ExplainArgs) -> anyhow::Result<Option<PathBuf>> {
    let folder = match (&args.out, args.json) {
        (Some(out), _) => out.clone(),
        (None, true) => return Ok(None),
        (None, false) => next_free(Path::new("explained")),
    };
    let io = |source| umbel::PredictError::Io { action: "create the folder", path: folder.clone(), source };
    std::fs::create_dir_all(&folder).map_err(io)?;
    Ok(Some(folder))
}

struct Run<'a> {
    args: &'a ExplainArgs,
    format: Format,
    method: Method,
    explainer: Explainer,
    /// The one class that was asked for.
    class: Option<usize>,
    reader: Reader<'a>,
    fonts: &'a Fonts,
    explained: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Explanation<'a> {
    path: &'a str,
    class: &'a str,
    confidence: f64,
    layer: &'a str,
    method: Method,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    maps: Vec<Map<'a>>,
}

#[derive(Serialize)]
struct Map<'a> {
    class: &'a str,
    probability: f64,
    height: usize,
    width: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'a [f32]>,
}

#[derive(Serialize)]
struct Failure<'a> {
    path: &'a str,
    error: &'a str,
}

impl Run<'_> {
    /// Explains one photo; the inner error says why it cannot be used.
    fn explain(&mut self, path: &Path, out: Option<&Path>) -> anyhow::Result<Result<(), String>> {
        let photo = self
            .reader
            .read(path)
            .and_then(|bytes| self.explainer.prep().decode_for(bytes.as_ref(), &self.reader.limits, &|_, _| 0));
        let photo = match &photo {
            Ok(decoded) => &decoded.photo,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let probabilities = match self.explainer.probabilities(photo) {
            Err(error @ umbel::PredictError::NoAnswer { .. }) => {
                return Ok(Err(format!("{error} (this one is {})", self.args.model.display())));
            }
            answer => answer?,
        };
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        // The sort keeps equals in the order of the classes.
        order.sort_by(|a, b| probabilities[*b].total_cmp(&probabilities[*a]));
        let best = order[0];
        let asked = self.class.map_or(order[..self.args.top.min(order.len())].to_vec(), |class| vec![class]);
        let mut maps = Vec::new();
        for class in asked {
            maps.push((class, self.explainer.explain(photo, class)?));
        }
        let picture = out.map(|out| self.draw(path, photo, &maps, &probabilities, out)).transpose()?;
        self.tell(path, (best, probabilities[best]), &maps, &probabilities, picture.as_deref())?;
        self.explained += 1;
        Ok(Ok(()))
    }

    /// Draws into a file that is not there yet, so that nobody's picture is lost.
    fn draw(
        &self,
        path: &Path,
        photo: &RgbImage,
        maps: &[(usize, Heatmap)],
        probabilities: &[f64],
        out: &Path,
    ) -> anyhow::Result<PathBuf> {
        let stem = if path == Path::new(photos::STDIN) { "stdin".into() } else { stem(path) };
        let target = next_free(&out.join(format!("{stem}-explained.png")));
        let caption = |class: usize| {
            let name = self.fonts.label("class", class, &self.explainer.classes()[class]);
            format!("{name} {:.1} %", 100.0 * probabilities[class])
        };
        let maps: Vec<(String, Heatmap)> = maps.iter().map(|(class, map)| (caption(*class), map.clone())).collect();
        write_panel(&target, photo, &stem, &maps, self.fonts)?;
        Ok(target)
    }

    fn tell(
        &self,
        path: &Path,
        (best, confidence): (usize, f64),
        maps: &[(usize, Heatmap)],
        probabilities: &[f64],
        picture: Option<&Path>,
    ) -> io::Result<()> {
        let classes = self.explainer.classes();
        let path = path.to_string_lossy();
        let picture = picture.map(|picture| picture.display().to_string());
        if self.format == Format::Human {
            let wrote = picture.map_or(String::new(), |picture| format!(" -> {picture}"));
            return console::line(format!("{path}: {} {:.2} %{wrote}", classes[best], 100.0 * confidence));
        }
        let map = |(class, map): &(usize, Heatmap)| (*class, map.size());
        let maps = maps.iter().map(|entry| {
            let (class, (height, width)) = map(entry);
            let values = self.args.values.then(|| entry.1.values());
            Map { class: &classes[class], probability: probabilities[class], height, width, values }
        });
        console::json(&Explanation {
            path: &path,
            class: &classes[best],
            confidence,
            layer: self.explainer.layer(),
            method: self.method,
            picture,
            maps: maps.collect(),
        })
    }
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn failure(format: Format, path: &Path, reason: &str) -> io::Result<()> {
    let path = path.to_string_lossy();
    if format == Format::Json {
        return console::json(&Failure { path: &path, error: reason });
    }
    console::error(&photos::complaint(&path, reason));
    Ok(())
}
