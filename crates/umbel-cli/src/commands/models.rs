//! `umbel models`: the ready-made networks, and the store of pretrained weights.

use serde::Serialize;
use umbel::Surroundings;
use umbel::nn::models::{self, ArchitectureOptions};
use umbel::pretrained::store::{self, Stored};

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
    /// Where `--download` fetches them from; `null`: there are none.
    repository: Option<&'static str>,
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
            repository: store::origin(architecture.name).map(|origin| origin.repository),
        });
    }
    if args.json {
        for row in &rows {
            console::json(row)?;
        }
        return Ok(Outcome::Done);
    }
    console::line(format!("{:<22} {:>10}  {:<10}  {:<8}  About", "Model", "Parameters", "Pretrained", "Weights"))?;
    for Row { model, parameters, pretrained_size, about, weights, .. } in &rows {
        let size = pretrained_size.map_or("-".to_string(), |size| format!("{size} x {size}"));
        let here = match (weights, pretrained_size) {
            (Some(_), _) => "here",
            (None, Some(_)) => "not here",
            (None, None) => "-",
        };
        console::line(format!("{model:<22} {parameters:>10}  {size:<10}  {here:<8}  {about}"))?;
    }
    console::line("")?;
    console::line("Train one:            umbel train photos/ --model umbel_s")?;
    console::line(
        "From its weights:     umbel train photos/ --pretrained FILE.safetensors (timm's names), or a name below",
    )?;
    console::line("")?;
    console::line(format!("Store: {}", surroundings.store.folder().display()))?;
    for Stored { name, bytes, .. } in &stored {
        console::line(format!("  {name}  {}", console::bytes(*bytes)))?;
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
