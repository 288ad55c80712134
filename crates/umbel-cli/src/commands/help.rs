//! `umbel help`: about a command, the recipes in words, or the reference of all settings, from the table of settings.

use umbel::pipeline::{RECIPES, Recipe, TrainConfig, arguments};
use umbel::settings::{Row, Stage, Unused, rows};

use crate::args::{self, HelpArgs};
use crate::console;
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &HelpArgs) -> anyhow::Result<Outcome> {
    match args.topic.as_deref() {
        Some("recipes") => console::lines(recipes().trim_end())?,
        Some("settings") => console::lines(settings().trim_end())?,
        command => {
            let words = ["umbel"].into_iter().chain(command).chain(["--help"]);
            // Prints, and leaves.
            args::command().get_matches_from(words);
        }
    }
    Ok(Outcome::Done)
}

/// Every recipe in words: what the table says of it, and each of its settings.
fn recipes() -> String {
    let mut text =
        "Recipes: settings that go well together, for `umbel train --recipe NAME`. Every flag overrides.\n".to_string();
    for recipe in Recipe::ALL {
        text += &format!("\n{}: {}\n", recipe.name(), about(recipe));
        let config = TrainConfig { data: "DIR".into(), recipe: Recipe::Tutorial, ..recipe.config() };
        let words = arguments(&config).unwrap_or_default();
        for (name, value) in said(&words) {
            let Some(row) = rows().find(|row| row.flag == Some(name) && row.default != value) else { continue };
            let line = format!("--{name} {value}");
            text += &format!("  {line:28} {}\n", row.help);
        }
    }
    text + "\nWithout --recipe, it is tutorial; with --pretrained, finetune.\n"
}

/// What stands behind its name in the table.
fn about(recipe: Recipe) -> &'static str {
    let heading = format!("[{}]", recipe.name());
    let line = RECIPES.lines().find_map(|line| line.strip_prefix(heading.as_str()));
    line.and_then(|line| line.split_once('#')).map_or("", |(_, words)| words.trim())
}

/// The flags of a command line with their values.
fn said(words: &[String]) -> impl Iterator<Item = (&str, &str)> {
    words.windows(2).filter_map(|pair| Some((pair[0].strip_prefix("--")?, pair[1].as_str())))
}

/// docs/settings.md.
fn settings() -> String {
    let mut text = "\
# Settings

Every setting of a run, as `umbel help settings` writes it. The key is its place in a `config.toml` and in a recipe, and what
`--set KEY=VALUE` of `umbel train` and `umbel lr-find` takes; the flag says the same. A recipe (or a saved config) comes first,
flags and `--set` override it. `--set KEY=` takes back what a recipe or a config says. A value out of its range is refused
wherever it comes from.
"
    .to_string();
    let mut heading = "";
    for row in rows() {
        if row.heading != heading {
            heading = row.heading;
            text += &format!("\n## {heading}\n\n| key | flag | value | default | what |\n|---|---|---|---|---|\n");
        }
        let flag = row.flag.map(|flag| format!("`--{flag}`")).unwrap_or_default();
        let cells = [format!("`{}`", row.key), flag, row.kind.expected(), row.default_words(), what(row)];
        text += &format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    text
}

fn what(row: &Row) -> String {
    let mut words = format!("{}.", row.help);
    let needs: Vec<String> = row.needs.iter().map(|(key, values)| format!("`{key}` {}", values.join(", "))).collect();
    if !needs.is_empty() {
        words += &format!(" Belongs to {}.", needs.iter().map(|need| need.trim()).collect::<Vec<_>>().join(" or "));
    }
    if let Some(other) = row.excludes {
        words += &format!(" Not beside `{other}`.");
    }
    let stage = |unused: &Unused| match unused.stage {
        Stage::Head => "with `tune = \"head\"`",
        Stage::RangeTest => "in `umbel lr-find`",
    };
    let stages: Vec<&str> = row.unused.iter().map(stage).collect();
    if let Some(first) = row.unused.first() {
        let what = if first.values.is_empty() {
            "Refused".to_string()
        } else {
            format!("{} is refused", first.values.join(", "))
        };
        words += &format!(" {what} {}, where it does nothing.", stages.join(" and "));
    }
    if row.on_resume {
        words += " May change on `--resume`.";
    }
    words
}
