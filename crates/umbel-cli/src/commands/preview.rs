//! `umbel preview`: a look at the data, before any training.

use std::path::{Path, PathBuf};

use umbel::Surroundings;
use umbel::base::augmentation::AugmentLayer;
use umbel::data::{Index, PrepSpec};
use umbel::preview::{pick_photo, preview_augmented, preview_folder};
use umbel::run::free_name::next_free;

use crate::args::PreviewArgs;
use crate::console;
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &PreviewArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let out: PathBuf = args.out.clone().unwrap_or_else(|| next_free(Path::new("preview.png")));
    let prep = PrepSpec { image_size: args.image_size, depth: args.depth, raw: args.raw, ..PrepSpec::default() };
    let index = Index::scan(&args.dir)?;
    if args.augment {
        let photo = pick_photo(&index, &prep, args.seed)?;
        preview_augmented(&photo, &prep, &AugmentLayer::tutorial(), args.seed, &out)?;
        console::line(format!("Nine augmented versions of {}", photo.display()))?;
    } else {
        preview_folder(&index, &prep, args.seed, &out, &surroundings.fonts)?;
        console::numbered(surroundings.fonts.numbered(&index.classes));
    }
    console::line(format!("Wrote {}", out.display()))?;
    Ok(Outcome::Done)
}
