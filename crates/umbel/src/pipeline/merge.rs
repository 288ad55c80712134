//! From what is said about a run to its settings: a recipe or a saved config, what comes with pretrained weights, and what
//! the user gives, laid over each other once.

use toml::Table;

use super::{Recipe, TrainConfig, Undecided};
use crate::base::choice::Choice;
use crate::base::toml_words::toml_words;
use crate::data::prep::IMAGE_SIZES;
use crate::pretrained::{Tune, inside};
use crate::settings::{self, Given, Refusal, Stage};

const TRAIN_SIZES: &str = "fit.train_sizes";
pub(super) const EPOCHS: &str = "fit.epochs";
const LEAST_STEPS: &str = "fit.least_steps";

/// Epochs that were said are as many as that, however few steps they make.
pub(super) fn epochs_are_meant(table: &mut Table) {
    settings::find(LEAST_STEPS).into_iter().for_each(|row| row.put(table, None));
}

/// The settings that these come to. `usual` is the recipe where nothing is said. `file` is the text of a saved config.toml, in whose place a recipe stands otherwise: the
/// one that is given, or the one that goes with what is. `brought` gives way to `given`.
///
/// A recipe, and a saved config, may say more than a stage of training looks at; then the recipe's settings are kept, and
/// nothing is done with them. What was given for this run is refused.
///
/// # Errors
/// [`Refusal`], where these cannot be used together.
pub fn merged(usual: Recipe, file: Option<&str>, brought: &Given, given: &Given) -> Result<TrainConfig, Refusal> {
    let file = file.map(settings::checked_file).transpose()?;
    let (recipe, file_is_none) = (recipe(usual, file.as_ref(), given)?, file.is_none());
    let mut table = recipe.table();
    if let Some(file) = &file {
        // A saved config has all settings: what it leaves out is at its default, and not as its recipe has it.
        table = Recipe::default().table();
        settings::lay(&mut table, file);
    }
    for (row, value) in brought.iter().chain(given.iter()) {
        row.put(&mut table, value.cloned());
    }
    if given.has(EPOCHS) && !given.has(LEAST_STEPS) {
        epochs_are_meant(&mut table);
    }
    settings::settle(&mut table);
    if is_head(&table) {
        given.check_for(Stage::Head)?;
    }
    given.check_together(&table)?;
    // What a saved config says beside it, it says as its own version's recipe did.
    if is_head(&table) && !file.as_ref().is_some_and(is_head) {
        as_in_recipe(&mut table, &recipe.table());
    }
    let follows = file_is_none && !given.has(TRAIN_SIZES) && !is_head(&table);
    let mut config: TrainConfig =
        table.try_into().map_err(|error: toml::de::Error| Refusal::Merged(toml_words(&error)))?;
    if follows {
        config.fit.train_sizes = shares(&recipe.config(), config.prep.image_size);
    }
    check_sizes(&config, given)?;
    if file_is_none && recipe.goes_by_photos() {
        let said = given.iter().map(|(row, _)| row.key).filter(|key| *key != "recipe").collect();
        config.undecided = Some(Undecided { said, seconds: None });
    }
    Ok(config)
}

/// The recipe that goes with what is said about a run, where none is named: `usual`, or its next of kin.
fn recipe(usual: Recipe, file: Option<&Table>, given: &Given) -> Result<Recipe, Refusal> {
    let named = |value: &toml::Value| value.as_str().and_then(Recipe::named);
    match (given.get("recipe").and_then(named), file) {
        (Some(_), Some(_)) => Err(Refusal::RecipeOverFile),
        (Some(recipe), None) => Ok(recipe),
        (None, Some(file)) => Ok(file.get("recipe").and_then(named).unwrap_or_default()),
        (None, None) if usual.goes_by_photos() => {
            let model = given.get("model").and_then(toml::Value::as_str);
            // Another network than that of the weights inside has none to start from.
            let from_inside = inside::model().is_some_and(|own| model.is_none_or(|model| model == own));
            Ok(if from_inside || given.has("pretrained") { usual } else { Recipe::Tutorial })
        }
        (None, None) if given.has("pretrained") => Ok(Recipe::Finetune),
        (None, None) => Ok(usual),
    }
}

fn is_head(table: &Table) -> bool {
    table.get("tune").and_then(toml::Value::as_str) == Some(Tune::Head.name())
}

/// Puts what the last layer alone has no use for back to what the recipe has.
fn as_in_recipe(table: &mut Table, recipe: &Table) {
    for row in settings::rows().filter(|row| row.never_used_at(Stage::Head)) {
        row.put(table, row.get_or_usual(recipe));
    }
    settings::settle(table);
}

/// A recipe's growing sizes, as shares of its photos' size, for photos of another: multiples of 8, as most networks halve a photo
/// thrice at least.
fn shares(recipe: &TrainConfig, own: u32) -> Vec<u32> {
    let usual = recipe.prep.image_size;
    let share = |&size: &u32| match own == usual {
        true => size,
        false => (f64::from(size * own) / f64::from(usual) / 8.0).round() as u32 * 8,
    };
    let least = u32::try_from(IMAGE_SIZES.low).unwrap_or(own).min(own);
    recipe.fit.train_sizes.iter().map(share).map(|size| size.clamp(least, own)).collect()
}

/// A recipe's sizes give way to smaller photos; sizes that were given are meant.
fn check_sizes(config: &TrainConfig, given: &Given) -> Result<(), Refusal> {
    let own = config.prep.image_size;
    let key = TRAIN_SIZES;
    let larger = config.fit.train_sizes.iter().find(|size| **size > own);
    match (settings::find(key), larger.filter(|_| given.has(key))) {
        (Some(row), Some(size)) => Err(Refusal::TooLarge { row, size: *size, own }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_sizes_are_shares_of_the_photos_size() {
        let of = |recipe: Recipe, own| shares(&recipe.config(), own);
        assert_eq!(of(Recipe::Scratch, 144), [96, 112, 128]);
        assert_eq!(of(Recipe::Scratch, 64), [40, 48, 56]);
        assert_eq!(of(Recipe::Quick, 224), [152, 184]);
        assert_eq!(of(Recipe::Quick, 32), [32, 32]);
        assert!(of(Recipe::Tutorial, 64).is_empty());
    }
}
