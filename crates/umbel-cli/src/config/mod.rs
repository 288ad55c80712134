//! From the command line of `umbel train` to the library's `TrainConfig`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use toml::Value;
use umbel::base::regular;
use umbel::base::shell::quote;
use umbel::data::PrepSpec;
use umbel::pipeline::{Changes, Recipe, TrainConfig, merged};
use umbel::pretrained::{Own, Pretrained, Tune, WeightsFrom};
use umbel::settings::{Given, Refusal};

use crate::args::{Settings, TrainArgs};
use crate::exit::usage;

/// Builds the configuration of a new run, which begins with the recipe `usual` where nothing else is said.
pub fn train_config(args: &TrainArgs, usual: Recipe) -> anyhow::Result<TrainConfig> {
    let settings = &args.settings;
    let file = args.config.as_deref().map(read).transpose()?;
    let brought = match settings.given.get("pretrained").and_then(Value::as_str) {
        // Those inside bring their network with the recipe, too.
        Some(weights) if file.is_none() => brought(&weights.into(), &settings.given)?,
        _ => Given::default(),
    };
    let mut config = merged(usual, file.as_deref(), &brought, &settings.given).map_err(|refusal| {
        match (&refusal, &args.config) {
            // What stands in the file is called as it is called there.
            (refusal, Some(path)) if is_of_file(refusal) => {
                usage(format!("the config {} cannot be used: {refusal}", path.display()))
            }
            _ => settings.refused(&refusal),
        }
    })?;
    if let Some(seconds) = args.time {
        let epochs = ["fit.epochs", "fit.least_steps"].into_iter().find(|key| settings.given.has(key));
        if epochs.is_some() {
            return Err(usage("--time decides how many epochs there are, and they were given; leave one of both out"));
        }
        config.undecided.get_or_insert_default().seconds = Some(seconds);
    }
    if config.data.as_os_str().is_empty() {
        return Err(usage("the config names no folder of photos; give one: umbel train DIR --config FILE"));
    }
    Ok(config)
}

/// The epochs that a run is to go on to, and where its photos are now, as far as these were given; nothing else can be.
pub fn changes_to_resume(settings: &Settings) -> anyhow::Result<Changes> {
    settings.given.check_for_resume().map_err(|refusal| settings.refused(&refusal))?;
    let epochs = settings.given.get("fit.epochs").and_then(Value::as_integer);
    Ok(Changes {
        epochs: epochs.and_then(|epochs| epochs.try_into().ok()),
        data: settings.given.get("data").and_then(Value::as_str).map(PathBuf::from),
    })
}

/// What comes with pretrained weights: the network and the photos' size; with a model of one's own, all of their preparation.
fn brought(from: &WeightsFrom, given: &Given) -> anyhow::Result<Given> {
    let mut brought = Given::default();
    if from.own().is_some() {
        let own = Own::open(from)?;
        let path = from.as_path().to_str().unwrap_or_default();
        if given.get("model").is_some_and(|model| model.as_str() != Some(path)) {
            return Err(usage(format!(
                "--model is to be left out with --pretrained {}: that is a model of umbel's own, which brings its network",
                quote(path)
            )));
        }
        if !given.has("model") {
            brought.say("model", path)?;
        }
        let PrepSpec { image_size, resize, interpolation, depth, raw, crop_margin } = &own.file().prep;
        for (key, word) in [
            ("prep.image_size", image_size.to_string().as_str()),
            ("prep.resize", resize.name()),
            ("prep.interpolation", interpolation.name()),
            ("prep.depth", depth.name()),
            ("prep.raw", raw.name()),
            ("prep.crop_margin", crop_margin.share().to_string().as_str()),
        ] {
            brought.say(key, word)?;
        }
        return Ok(brought);
    }
    let model = match given.get("model").and_then(Value::as_str) {
        Some(model) => model.to_string(),
        None => {
            let Some(model) = Pretrained::open(from)?.architecture() else {
                return Err(usage(format!(
                    "the weights {} are for none of the networks that umbel knows; name one with --model to see what differs",
                    from.as_path().display()
                )));
            };
            brought.say("model", model)?;
            model.to_string()
        }
    };
    let head = given.get("tune").and_then(Value::as_str) == Some(Tune::Head.name());
    let size = if head { Pretrained::photo_size(from, &model) } else { Pretrained::trained_size(from, &model) };
    if let Some(size) = size {
        brought.say("prep.image_size", &size.to_string())?;
    }
    Ok(brought)
}

fn read(path: &Path) -> anyhow::Result<String> {
    regular::read_text(path)
        .with_context(|| format!("cannot read the config {}; every run folder holds one, config.toml", path.display()))
}

/// Whether a refusal is about a saved config, and not about what was typed.
fn is_of_file(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::Toml(_) | Refusal::Unknown { .. } | Refusal::Value { .. } | Refusal::Merged(_) => true,
        Refusal::Unused { .. }
        | Refusal::Twice { .. }
        | Refusal::Alone { .. }
        | Refusal::Beside { .. }
        | Refusal::Kept { .. }
        | Refusal::TooLarge { .. }
        | Refusal::RecipeOverFile => false,
    }
}

#[cfg(test)]
mod tests;
