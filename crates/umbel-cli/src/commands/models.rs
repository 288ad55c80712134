//! `umbel models`: the ready-made networks.

use serde::Serialize;
use umbel::nn::models::{self, ArchitectureOptions};

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
}

/// Runs the command.
pub fn run(args: &ModelsArgs) -> anyhow::Result<Outcome> {
    let options = ArchitectureOptions {
        image_size: args.image_size as usize,
        classes: args.classes,
        ..ArchitectureOptions::default()
    };
    let mut rows = Vec::new();
    for architecture in models::ARCHITECTURES {
        rows.push(Row {
            model: architecture.name,
            parameters: models::by_name(architecture.name, &options)?.summary()?.parameters,
            pretrained_size: architecture.pretrained_size,
            about: architecture.about,
        });
    }
    if args.json {
        for row in &rows {
            console::json(row)?;
        }
        return Ok(Outcome::Done);
    }
    console::line(format!("{:<22} {:>10}  {:<10}  About", "Model", "Parameters", "Pretrained"))?;
    for Row { model, parameters, pretrained_size, about } in &rows {
        let size = pretrained_size.map_or("-".to_string(), |size| format!("{size} x {size}"));
        console::line(format!("{model:<22} {parameters:>10}  {size:<10}  {about}"))?;
    }
    console::line("")?;
    console::line("Train one:            umbel train photos/ --model umbel_s")?;
    console::line("From its weights:     umbel train photos/ --pretrained FILE.safetensors (timm's names)")?;
    Ok(Outcome::Done)
}
