//! From what is said about a run to its settings: a recipe or a saved config, what comes with pretrained weights, and what
//! the user gives, laid over each other once.

use toml::Table;

use super::{Recipe, TrainConfig};
use crate::base::choice::Choice;
use crate::base::toml_words::toml_words;
use crate::pretrained::Tune;
use crate::settings::{self, Given, Refusal, Stage};

/// The settings that these come to. `file` is the text of a saved config.toml, in whose place a recipe stands otherwise: the
/// one that is given, or the one that goes with what is. `brought` gives way to `given`.
///
/// A recipe, and a saved config, may say more than a stage of training looks at; then the recipe's settings are kept, and
/// nothing is done with them. What was given for this run, or stands in a file that asks for the stage itself, is refused.
///
/// # Errors
/// [`Refusal`], where these cannot be used together.
pub fn merged(file: Option<&str>, brought: &Given, given: &Given) -> Result<TrainConfig, Refusal> {
    let file = file.map(settings::checked_file).transpose()?;
    let recipe = recipe(file.as_ref(), given)?;
    let mut table = recipe.table();
    if let Some(file) = &file {
        // A saved config has all settings: what it leaves out is at its default, and not as its recipe has it.
        table = Recipe::default().table();
        settings::lay(&mut table, file);
    }
    for (row, value) in brought.iter().chain(given.iter()) {
        row.put(&mut table, value.cloned());
    }
    settings::settle(&mut table);
    if is_head(&table) {
        given.check_for(Stage::Head)?;
    }
    given.check_together(&table)?;
    if is_head(&table) {
        as_in_recipe(&mut table, &recipe.table(), file.filter(is_head))?;
    }
    let config: TrainConfig = table.try_into().map_err(|error: toml::de::Error| Refusal::Merged(toml_words(&error)))?;
    check_sizes(&config, given)?;
    Ok(config)
}

fn recipe(file: Option<&Table>, given: &Given) -> Result<Recipe, Refusal> {
    let named = |value: &toml::Value| value.as_str().and_then(Recipe::named);
    match (given.get("recipe").and_then(named), file) {
        (Some(_), Some(_)) => Err(Refusal::RecipeOverFile),
        (Some(recipe), None) => Ok(recipe),
        (None, Some(file)) => Ok(file.get("recipe").and_then(named).unwrap_or_default()),
        (None, None) if given.has("pretrained") => Ok(Recipe::Finetune),
        (None, None) => Ok(Recipe::Tutorial),
    }
}

fn is_head(table: &Table) -> bool {
    table.get("tune").and_then(toml::Value::as_str) == Some(Tune::Head.name())
}

/// Puts what the last layer alone has no use for back to what the recipe has; `file` is one that asks for it and should
/// not say otherwise.
fn as_in_recipe(table: &mut Table, recipe: &Table, file: Option<Table>) -> Result<(), Refusal> {
    for row in settings::rows().filter(|row| row.never_used_at(Stage::Head)) {
        let usual = row.get_or_usual(recipe);
        if let Some(said) = file.as_ref().and_then(|file| row.get(file))
            && usual.as_ref() != Some(&said)
        {
            return Err(Refusal::unused(row, &said, Stage::Head));
        }
        row.put(table, usual);
    }
    settings::settle(table);
    Ok(())
}

/// A recipe's sizes give way to smaller photos; sizes that were given are meant.
fn check_sizes(config: &TrainConfig, given: &Given) -> Result<(), Refusal> {
    let own = config.prep.image_size;
    let key = "fit.train_sizes";
    let larger = config.fit.train_sizes.iter().find(|size| **size > own);
    match (settings::find(key), larger.filter(|_| given.has(key))) {
        (Some(row), Some(size)) => Err(Refusal::TooLarge { row, size: *size, own }),
        _ => Ok(()),
    }
}
