//! Recipes: settings that go well together, by name. They stand in `recipes.toml`, where people can read them.

use super::{TrainConfig, Undecided};
use crate::base::choice::Choice;
use crate::pretrained::{Pretrained, WeightsFrom, inside};
use crate::settings;
pub use crate::settings::Recipe;

/// The table of recipes, as TOML: for each one its settings, in the form of a config.toml.
pub const RECIPES: &str = include_str!("recipes.toml");

/// Names the recipe that another one is laid over.
const LIKE: &str = "like";

impl Recipe {
    /// The recipe's settings, without photos. Where it starts from the weights inside the program, the network and the photos'
    /// size are theirs.
    pub fn config(self) -> TrainConfig {
        let config: TrainConfig = self.written().try_into().expect("a recipe names settings that there are");
        let mut config = TrainConfig { recipe: self, ..config };
        if let (Some(WeightsFrom::Inside), Some(model)) = (&config.pretrained, inside::model()) {
            let usual = config.prep.image_size;
            config.prep.image_size = Pretrained::trained_size(&WeightsFrom::Inside, model).unwrap_or(usual);
            config.model = model.to_string();
        }
        config.undecided = self.goes_by_photos().then(Undecided::default);
        config
    }

    /// Whether it leaves some settings to be decided once the photos are known.
    pub fn goes_by_photos(self) -> bool {
        match self {
            Recipe::Auto | Recipe::Best => true,
            Recipe::Tutorial | Recipe::Quick | Recipe::Scratch | Recipe::Finetune => false,
        }
    }

    /// Whether it chooses among the pretrained weights that are here.
    pub fn compares_weights(self) -> bool {
        self == Recipe::Best
    }

    /// What the table says, with the recipe that it is like below.
    fn written(self) -> toml::Table {
        let table: toml::Table = toml::from_str(RECIPES).expect("the table that is built in is TOML");
        let own = table.get(self.name()).and_then(toml::Value::as_table).cloned();
        let mut own = own.expect("every recipe is in the table");
        let Some(like) = own.remove(LIKE) else { return own };
        let mut below = like.as_str().and_then(Recipe::named).expect("a recipe is like one that there is").written();
        settings::lay(&mut below, &own);
        below
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
            config.tune = None;
            config.validate().unwrap();
            assert_eq!(config.recipe, recipe);
        }
    }
}
