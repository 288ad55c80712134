//! `umbel models`: the ready-made networks, and the store of pretrained weights.

use serde::Serialize;
use umbel::Surroundings;
use umbel::nn::models::{self, ArchitectureOptions};
use umbel::pretrained::store::{self, Stored};
use umbel::pretrained::{Pretrained, WeightsFrom, inside};

use crate::args::ModelsArgs;
use crate::console;
use crate::exit::Outcome;

/// One network (JSON).
#[derive(Serialize)]
struct Row {
    model: &'static str,
    parameters: usize,
    /// The photos' size for pretrained weights; `null`: there are none for this network.
    pretrained_size: Option<u32>,
    about: &'static str,
    /// Its weights in the store; `null`: they are not there.
    weights: Option<String>,
    /// Whether weights for it are inside this program.
    inside: bool,
    /// Where `--download` fetches them from; `null`: there are none.
    repository: Option<&'static str>,
    /// Of the weights that are here, or else of those in the repository; `null`: it is not known.
    license: Option<String>,
}

/// Runs the command.
pub fn run(args: &ModelsArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let options = ArchitectureOptions {
        image_size: args.image_size as usize,
        classes: args.classes,
        ..ArchitectureOptions::default()
    };
    let stored = surroundings.store.list();
    let mut rows = Vec::new();
    for architecture in models::ARCHITECTURES {
        rows.push(Row {
            model: architecture.name,
            parameters: models::by_name(architecture.name, &options)?.summary()?.parameters,
            pretrained_size: architecture.pretrained_size,
            about: architecture.about,
            weights: stored
                .iter()
                .find(|stored| stored.name == architecture.name)
                .map(|s| s.path.display().to_string()),
            inside: inside::model() == Some(architecture.name),
            repository: store::origin(architecture.name).map(|origin| origin.repository),
            license: license(architecture.name, &stored),
        });
    }
    if args.json {
        for row in &rows {
            console::json(row)?;
        }
        return Ok(Outcome::Done);
    }
    console::line(format!("{:<22} {:>10}  {:<10}  {:<8}  About", "Model", "Parameters", "Pretrained", "Weights"))?;
    for Row { model, parameters, pretrained_size, about, weights, inside, .. } in &rows {
        let size = pretrained_size.map_or("-".to_string(), |size| format!("{size} x {size}"));
        let here = match (inside, weights, pretrained_size) {
            (true, ..) => "inside",
            (_, Some(_), _) => "here",
            (_, None, Some(_)) => "not here",
            (_, None, None) => "-",
        };
        console::line(format!("{model:<22} {parameters:>10}  {size:<10}  {here:<8}  {about}"))?;
    }
    console::line("")?;
    if inside::model().is_some() {
        console::line(format!("Inside this program:  {}", Pretrained::told(&WeightsFrom::Inside).line()))?;
    }
    console::line("Train one:            umbel train photos/ --model umbel_s")?;
    console::line(
        "From its weights:     umbel train photos/ --pretrained FILE.safetensors (timm's names), or a name below",
    )?;
    console::line("")?;
    console::line(format!("Store: {}", surroundings.store.folder().display()))?;
    for Stored { name, bytes, path } in &stored {
        let license = Pretrained::told(&path.clone().into()).license_words();
        console::line(format!("  {name}  {}  {license}", console::bytes(*bytes)))?;
    }
    if stored.is_empty() {
        console::line(match store::CAN_FETCH {
            true => {
                "  (empty: save timm's files there as NAME.safetensors, or fetch one by --pretrained NAME --download)"
            }
            false => "  (empty: save timm's files there as NAME.safetensors)",
        })?;
    }
    Ok(Outcome::Done)
}

/// The license of a network's weights: of those in the store where they tell it, else of those that the hub has.
fn license(name: &str, stored: &[Stored]) -> Option<String> {
    match stored.iter().find(|stored| stored.name == name) {
        Some(here) => Pretrained::told(&here.path.clone().into()).license,
        None => store::origin(name).map(|origin| origin.license.to_string()),
    }
}
