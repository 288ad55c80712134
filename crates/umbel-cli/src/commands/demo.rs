//! `umbel demo`: the whole tour on flowers that umbel draws itself.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use umbel::Surroundings;
use umbel::base::augmentation::AugmentLayer;
use umbel::data::{Index, PrepSpec};
use umbel::demo;
use umbel::model_file::ModelFile;
use umbel::pipeline::{self, AugmentChoice, TrainConfig, TrainOutcome};
use umbel::predict::Predictor;
use umbel::preview::{pick_photo, preview_augmented, preview_folder};
use umbel::run::free_name::next_free;
use umbel::run::names;
use umbel::train::FitOptions;

use super::train::where_things_lie;
use crate::args::DemoArgs;
use crate::console::{self, Format, TrainConsole};
use crate::exit::{Outcome, usage};
use crate::hints::word;
use crate::signals;

/// Pictures of all kinds together.
const IMAGES: usize = 1000;
/// They are drawn larger than the network sees them, as photos are.
const DRAWN_PIXELS: u32 = 128;
const IMAGE_SIZE: u32 = 64;
/// Over six seeds the best epoch reached 0.955 to 0.975 validation accuracy.
const EPOCHS: usize = 15;
/// New pictures are drawn from another seed, so none of them is in the training folder.
const NEW_SEED_OFFSET: u64 = 1_000_003;

/// Runs the command.
pub fn run(args: &DemoArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let tour = Tour::new(args)?;
    tour.draw()?;
    tour.look()?;
    let outcome = tour.train(surroundings)?;
    if outcome.interrupted {
        console::note(format!("Stopped. Go on with: umbel train --resume {}", word(&outcome.run)));
        return Ok(Outcome::NotDone);
    }
    tour.show_curves(&outcome)?;
    tour.ask(&outcome)?;
    tour.say_where(&outcome)?;
    Ok(Outcome::Done)
}

/// What the demo does and where.
struct Tour {
    folder: PathBuf,
    per_class: usize,
    epochs: usize,
    seed: u64,
}

impl Tour {
    fn new(args: &DemoArgs) -> anyhow::Result<Self> {
        let per_class = args.images.unwrap_or(IMAGES).div_ceil(demo::CLASSES.len());
        if per_class < 2 {
            let least = demo::CLASSES.len() + 1;
            return Err(usage(format!("--images must be {least} or more: a class needs a picture on each side")));
        }
        let folder = match &args.out {
            Some(out) if out.symlink_metadata().is_ok() => {
                bail!("{} exists already; name another folder with --out", out.display());
            }
            Some(out) => out.clone(),
            None => next_free(Path::new("umbel-demo")),
        };
        Ok(Tour { folder, per_class, epochs: args.epochs.unwrap_or(EPOCHS), seed: args.seed })
    }

    fn photos(&self) -> PathBuf {
        self.folder.join("photos")
    }

    fn draw(&self) -> anyhow::Result<()> {
        let total = self.per_class * demo::CLASSES.len();
        step(1, &format!("Draw {total} pictures of {} kinds of flower", demo::CLASSES.len()))?;
        demo::write_folder(&self.photos(), self.per_class, DRAWN_PIXELS, self.seed)?;
        let index = Index::scan(&self.photos())?;
        for (class, name) in index.classes.iter().enumerate() {
            let count = index.photos.iter().filter(|photo| photo.class as usize == class).count();
            console::line(format!("{name:12} {count} pictures"))?;
        }
        console::line(format!("{} problems found in {}", index.problems.len(), self.photos().display()))?;
        Ok(())
    }

    fn look(&self) -> anyhow::Result<()> {
        step(2, "Look at nine of them, and at one augmented nine times")?;
        let index = Index::scan(&self.photos())?;
        let prep = PrepSpec { image_size: DRAWN_PIXELS, ..PrepSpec::default() };
        let (nine, augmented) = (self.folder.join("preview.png"), self.folder.join("augmented.png"));
        preview_folder(&index, &prep, self.seed, &nine)?;
        let photo = pick_photo(&index, &prep, self.seed)?;
        preview_augmented(&photo, &prep, &AugmentLayer::tutorial(), self.seed, &augmented)?;
        for picture in [nine, augmented] {
            console::line(format!("Wrote {}", picture.display()))?;
        }
        Ok(())
    }

    fn train(&self, surroundings: &Surroundings) -> anyhow::Result<TrainOutcome> {
        step(3, "Train the tutorial's network, with augmentation and dropout")?;
        let config = TrainConfig {
            data: self.photos(),
            prep: PrepSpec { image_size: IMAGE_SIZE, ..PrepSpec::default() },
            augment: Some(AugmentChoice::Tutorial),
            fit: FitOptions { epochs: self.epochs, seed: self.seed, ..FitOptions::default() },
            ..TrainConfig::default()
        };
        let mut console = TrainConsole::new(Format::Human);
        let interrupt = signals::interrupt_on_signals()?;
        let run = self.folder.join("run");
        Ok(pipeline::train_folder(&config, Some(&run), surroundings, &mut console, &interrupt)?)
    }

    fn show_curves(&self, outcome: &TrainOutcome) -> anyhow::Result<()> {
        step(4, "The curves")?;
        console::line(format!("{}", names::plot(&outcome.run, names::CURVES).display()))?;
        Ok(())
    }

    /// Draws one new flower of each kind and asks the network what it is.
    fn ask(&self, outcome: &TrainOutcome) -> anyhow::Result<()> {
        step(5, "Ask it about new pictures that it never saw")?;
        let folder = self.folder.join("new");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let predictor = Predictor::new(ModelFile::load(&outcome.run)?, demo::CLASSES.len(), 1)?;
        let mut photos = Vec::new();
        for (class, name) in demo::CLASSES.iter().enumerate() {
            let path = folder.join(format!("{name}.png"));
            let picture = demo::draw(class, self.seed.wrapping_add(NEW_SEED_OFFSET), 0, DRAWN_PIXELS);
            picture.save(&path).with_context(|| format!("cannot write {}", path.display()))?;
            photos.push(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        }
        for (name, answer) in demo::CLASSES.iter().zip(predictor.predict(&photos)) {
            console::line(format!("{name}.png: {}", answer?))?;
        }
        Ok(())
    }

    fn say_where(&self, outcome: &TrainOutcome) -> anyhow::Result<()> {
        step(6, "Where everything lies")?;
        console::line(format!("Pictures: {}", self.photos().display()))?;
        for line in where_things_lie(&outcome.run, outcome) {
            console::line(line)?;
        }
        Ok(())
    }
}

fn step(number: usize, title: &str) -> std::io::Result<()> {
    console::line("")?;
    console::line(format!("{number}. {title}"))
}
