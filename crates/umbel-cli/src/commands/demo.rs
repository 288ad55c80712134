//! `umbel demo`: the whole tour on flowers that umbel draws itself: the tutorial's network, and, where pretrained weights are inside, the
//! same photos by transfer.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use umbel::Surroundings;
use umbel::base::augmentation::AugmentLayer;
use umbel::base::fonts::Fonts;
use umbel::base::notice::Notice;
use umbel::base::progress::{Event, Interrupt, Observer, Silent};
use umbel::data::{CacheOptions, Index, PrepSpec};
use umbel::demo;
use umbel::eval::{EvalOptions, evaluate_folder};
use umbel::model_file::ModelFile;
use umbel::pipeline::{self, AugmentChoice, Recipe, TrainConfig, TrainOutcome};
use umbel::predict::{Prediction, Predictor};
use umbel::pretrained::{Tune, inside};
use umbel::preview::{pick_photo, preview_augmented, preview_folder};
use umbel::run::free_name::next_free;
use umbel::run::names;
use umbel::train::FitOptions;

use super::train::where_things_lie;
use crate::args::DemoArgs;
use crate::console::{self, Format, TrainConsole, sentences};
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
/// So many times fewer of them than of those that are trained on.
const NEW_PER: usize = 5;

/// Runs the command.
pub fn run(args: &DemoArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let tour = Tour::new(args)?;
    tour.draw()?;
    tour.look()?;
    let interrupt = signals::interrupt_on_signals()?;
    let tutorial = tour.train(surroundings, &interrupt)?;
    if tutorial.interrupted {
        return Ok(stopped(&tutorial));
    }
    tour.show_curves(&tutorial)?;
    let transfer = tour.transfer(surroundings, &interrupt)?;
    if let Some(transfer) = transfer.as_ref().filter(|transfer| transfer.interrupted) {
        return Ok(stopped(transfer));
    }
    tour.ask(&tutorial, transfer.as_ref(), surroundings)?;
    tour.say_where(&tutorial, transfer.as_ref())?;
    Ok(Outcome::Done)
}

fn stopped(outcome: &TrainOutcome) -> Outcome {
    console::note(format!("Stopped. Go on with: umbel train --resume {}", word(&outcome.run)));
    Outcome::NotDone
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
        preview_folder(&index, &prep, self.seed, &nine, &Fonts::built_in())?;
        let (_, photo) = pick_photo(&index, &prep, self.seed)?;
        preview_augmented(&photo, &prep, &AugmentLayer::tutorial(), self.seed, &augmented)?;
        for picture in [nine, augmented] {
            console::line(format!("Wrote {}", picture.display()))?;
        }
        Ok(())
    }

    /// New pictures, that no training had.
    fn new_photos(&self) -> PathBuf {
        self.folder.join("test")
    }

    fn train(&self, surroundings: &Surroundings, interrupt: &Interrupt) -> anyhow::Result<TrainOutcome> {
        step(3, "Train the tutorial's network, with augmentation and dropout")?;
        let config = TrainConfig {
            data: self.photos(),
            prep: PrepSpec { image_size: IMAGE_SIZE, ..PrepSpec::default() },
            augment: Some(AugmentChoice::Tutorial),
            fit: FitOptions { epochs: self.epochs, seed: self.seed, ..FitOptions::default() },
            ..TrainConfig::default()
        };
        let mut console = Told(TrainConsole::new(Format::Human, surroundings.lang));
        let run = self.folder.join("run");
        Ok(pipeline::train_folder(&config, Some(&run), surroundings, &mut console, interrupt)?)
    }

    fn show_curves(&self, outcome: &TrainOutcome) -> anyhow::Result<()> {
        step(4, "The curves")?;
        console::line(format!("{}", names::plot(&outcome.run, names::CURVES).display()))?;
        Ok(())
    }

    /// Trains the last layer of the network inside the program, where there is one.
    fn transfer(&self, surroundings: &Surroundings, interrupt: &Interrupt) -> anyhow::Result<Option<TrainOutcome>> {
        step(
            5,
            "The same pictures, by a network that has seen photos of a thousand things: its last layer is trained anew",
        )?;
        if inside::model().is_none() {
            console::line("Left out: this program was built without pretrained weights.")?;
            return Ok(None);
        }
        let recipe = Recipe::Auto.config();
        let config = TrainConfig {
            data: self.photos(),
            // Enlarging them, as the network's photos were larger, gives nothing and takes three times as long.
            prep: PrepSpec { image_size: DRAWN_PIXELS, ..recipe.prep.clone() },
            tune: Some(Tune::Head),
            fit: FitOptions { seed: self.seed, ..recipe.fit.clone() },
            ..recipe
        };
        let mut console = Told(TrainConsole::new(Format::Human, surroundings.lang));
        let run = self.folder.join("transfer");
        let outcome = pipeline::train_folder(&config, Some(&run), surroundings, &mut console, interrupt)?;
        if !outcome.interrupted {
            console::line(format!("That took {:.0} seconds.", outcome.end.seconds.ceil()))?;
        }
        Ok(Some(outcome))
    }

    /// Draws new flowers, measures the networks on them, and asks what one of each kind is.
    fn ask(
        &self,
        tutorial: &TrainOutcome,
        transfer: Option<&TrainOutcome>,
        surroundings: &Surroundings,
    ) -> anyhow::Result<()> {
        let whom =
            if transfer.is_some() { "both about new pictures that they" } else { "it about new pictures that it" };
        step(6, &format!("Ask {whom} never saw"))?;
        let new = self.per_class.div_ceil(NEW_PER);
        demo::write_folder(&self.new_photos(), new, DRAWN_PIXELS, self.seed.wrapping_add(NEW_SEED_OFFSET))?;
        let mut right = format!(
            "Right about {} of {} new ones: the tutorial's network",
            self.percent_right(tutorial, surroundings)?,
            new * demo::CLASSES.len()
        );
        if let Some(transfer) = transfer {
            right += &format!("; {}: by transfer", self.percent_right(transfer, surroundings)?);
        }
        console::line(right)?;
        let folder = self.folder.join("new");
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
        let mut photos = Vec::new();
        for (class, name) in demo::CLASSES.iter().enumerate() {
            let path = folder.join(format!("{name}.png"));
            let picture = demo::draw(class, self.seed.wrapping_add(NEW_SEED_OFFSET), 0, DRAWN_PIXELS);
            picture.save(&path).with_context(|| format!("cannot write {}", path.display()))?;
            photos.push(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
        }
        let mut by_transfer = transfer.map(|transfer| answers(transfer, &photos)).transpose()?.map(Vec::into_iter);
        for (name, answer) in demo::CLASSES.iter().zip(answers(tutorial, &photos)?) {
            let other = by_transfer.as_mut().and_then(Iterator::next);
            let other = other.map_or(String::new(), |other| {
                format!(" (By transfer: {}, {:.2} percent.)", other.class, 100.0 * other.confidence)
            });
            console::line(format!("{name}.png: {}{other}", sentences::answer(surroundings.lang, &answer)))?;
        }
        Ok(())
    }

    /// As `umbel eval` measures it on the new pictures.
    fn percent_right(&self, outcome: &TrainOutcome, surroundings: &Surroundings) -> anyhow::Result<String> {
        let options = EvalOptions {
            cache: CacheOptions::within(surroundings.cache.clone(), &surroundings.memory),
            engine: surroundings.engine.clone(),
            ..EvalOptions::default()
        };
        let model = ModelFile::load(&outcome.run)?;
        let measured = evaluate_folder(&model, &self.new_photos(), &options, &mut Silent, &Interrupt::default())?;
        Ok(format!("{:.1} %", 100.0 * measured.scores.accuracy))
    }

    fn say_where(&self, tutorial: &TrainOutcome, transfer: Option<&TrainOutcome>) -> anyhow::Result<()> {
        step(7, "Where everything lies")?;
        console::line(format!("Pictures: {} and {}", self.photos().display(), self.new_photos().display()))?;
        for line in where_things_lie(&tutorial.run, tutorial) {
            console::line(line)?;
        }
        if let Some(transfer) = transfer {
            console::line(format!("By transfer: {}", transfer.run.display()))?;
        }
        console::line("")?;
        console::line(format!(
            "Open {} in a browser. Now your own photos, a folder for each class:  umbel train photos/",
            tutorial.run.join(names::REPORT).display()
        ))?;
        Ok(())
    }
}

/// What a run's network says of these photos.
fn answers(outcome: &TrainOutcome, photos: &[Vec<u8>]) -> anyhow::Result<Vec<Prediction>> {
    let predictor = Predictor::new(ModelFile::load(&outcome.run)?, photos.len(), 1)?;
    Ok(predictor.predict(photos).into_iter().collect::<Result<_, _>>()?)
}

/// Shows a training but for what the tour itself shows next: what pretrained weights give.
struct Told(TrainConsole);

impl Observer for Told {
    fn event(&mut self, event: &Event<'_>) {
        if !matches!(event, Event::Notice(Notice::FromNothing { .. })) {
            self.0.event(event);
        }
    }
}

fn step(number: usize, title: &str) -> std::io::Result<()> {
    console::line("")?;
    console::line(format!("{number}. {title}"))
}
