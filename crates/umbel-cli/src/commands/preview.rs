//! `umbel preview`: a look at the data, before any training.

use std::path::{Path, PathBuf};

use toml::Value;
use umbel::Surroundings;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::{Index, Listing};
use umbel::pipeline::{Look, Recipe, TrainConfig, look};
use umbel::preview::{pick_photo, preview_augmented, preview_folder};
use umbel::run::free_name::next_free;
use umbel::settings::find;

use super::fetched::{folder_alone, place};
use super::train::with_weights;
use crate::args::{PreviewArgs, TrainArgs};
use crate::config;
use crate::console::{self, Format, TrainConsole};
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &PreviewArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let args = &PreviewArgs { dir: folder_alone(&args.dir, surroundings)?, ..args.clone() };
    let config = settings(args, surroundings)?;
    let out: PathBuf = next_free(args.out.as_deref().unwrap_or(Path::new("preview.png")));
    let source = place(&args.dir, &config.cache_options(surroundings), surroundings)?;
    let source = source.with_detections(&config.detections).cropped_as(&config.prep);
    let index = Index::list(source, Listing::Photos, &mut Silent, &Interrupt::default())?;
    let seed = config.fit.seed;
    if args.shown.augmented {
        let shown = look(&config, &index, &mut TrainConsole::new(Format::Human, surroundings.lang))?;
        let (photo, picture) = pick_photo(&index, &shown.prep, seed)?;
        preview_augmented(&picture, &shown.prep, &shown.augmentation, seed, &out)?;
        console::line(words(&shown, &photo))?;
    } else {
        let shown = look(&config, &index, &mut Silent)?;
        preview_folder(&index, &shown.prep, seed, &out, &surroundings.fonts)?;
        console::numbered(surroundings.fonts.numbered(&index.classes));
    }
    console::line(format!("Wrote {}", out.display()))?;
    Ok(Outcome::Done)
}

/// What `umbel train` would train with on the same flags.
fn settings(args: &PreviewArgs, surroundings: &Surroundings) -> anyhow::Result<TrainConfig> {
    let mut train = TrainArgs { settings: args.shown.settings.clone(), ..TrainArgs::default() };
    if let Some(data) = find("data") {
        train.settings.given.put(data, Some(Value::String(args.dir.to_string_lossy().into_owned())))?;
    }
    // Nothing is fetched, and so there is nothing to stop.
    let mut console = TrainConsole::new(Format::Human, surroundings.lang);
    let train = with_weights(&train, surroundings, &mut console, &Interrupt::default())?;
    Ok(TrainConfig { data: args.dir.clone(), ..config::train_config(&train, Recipe::Auto)? })
}

fn words(shown: &Look, photo: &Path) -> String {
    let photo = photo.display();
    match (shown.last_layer_alone, shown.augmentation.is_empty()) {
        (true, _) => format!(
            "{photo} as it is: where only the last layer is trained, photos are not changed. --tune all, or a recipe such as \
             --recipe tutorial, would change them."
        ),
        (false, true) => format!("{photo} as it is: with these settings, photos are not changed."),
        (false, false) => format!("Nine augmented versions of {photo}"),
    }
}
