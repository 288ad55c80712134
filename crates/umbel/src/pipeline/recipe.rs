//! Recipes: settings that go well together, by name. They stand in `recipes.toml`, where people can read them.

use serde::{Deserialize, Serialize};

use super::TrainConfig;

/// The table of recipes, as TOML: for each one its settings, in the form of a config.toml.
pub const RECIPES: &str = include_str!("recipes.toml");

/// Which settings a run begins with, before anything else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipe {
    /// The flower tutorial's: every setting's default.
    #[default]
    Tutorial,
    /// A first look in little time.
    Quick,
    /// The best that is known from random weights.
    Scratch,
    /// From pretrained weights.
    Finetune,
}

impl Recipe {
    /// All of them, in the table's order.
    pub const ALL: [Recipe; 4] = [Recipe::Tutorial, Recipe::Quick, Recipe::Scratch, Recipe::Finetune];

    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Recipe::Tutorial => "tutorial",
            Recipe::Quick => "quick",
            Recipe::Scratch => "scratch",
            Recipe::Finetune => "finetune",
        }
    }

    /// The recipe's settings, without photos.
    pub fn config(self) -> TrainConfig {
        let table: toml::Table = toml::from_str(RECIPES).expect("the table that is built in is TOML");
        let settings = table.get(self.name()).cloned().expect("every recipe is in the table");
        let config: TrainConfig = settings.try_into().expect("a recipe names settings that there are");
        TrainConfig { recipe: self, ..config }
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
