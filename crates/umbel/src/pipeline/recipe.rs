//! Recipes: settings that go well together, by name. They stand in `recipes.toml`, where people can read them.

use super::TrainConfig;
use crate::settings;
pub use crate::settings::Recipe;

/// The table of recipes, as TOML: for each one its settings, in the form of a config.toml.
pub const RECIPES: &str = include_str!("recipes.toml");

impl Recipe {
    /// The recipe's settings, without photos.
    pub fn config(self) -> TrainConfig {
        let table: toml::Table = toml::from_str(RECIPES).expect("the table that is built in is TOML");
        let settings = table.get(self.name()).cloned().expect("every recipe is in the table");
        let config: TrainConfig = settings.try_into().expect("a recipe names settings that there are");
        TrainConfig { recipe: self, ..config }
    }

    /// The same as a table, see [`settings::table`](crate::settings::table()).
    pub(super) fn table(self) -> toml::Table {
        settings::table(&self.config()).expect("a recipe is what TOML holds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_holds_and_the_first_is_the_default() {
        assert_eq!(Recipe::Tutorial.config(), TrainConfig::default());
        let table: toml::Table = toml::from_str(RECIPES).unwrap();
        assert_eq!(table.len(), Recipe::ALL.len(), "a recipe without a name");
        for recipe in Recipe::ALL {
            let mut config = recipe.config();
            config.pretrained = None;
            config.validate().unwrap();
            assert_eq!(config.recipe, recipe);
        }
    }
}
