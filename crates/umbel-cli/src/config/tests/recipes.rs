//! Which recipe a training begins with, and what overrides it.

use umbel::pipeline::Recipe;
use umbel::pretrained::{Tune, WeightsFrom, inside};

use super::{TrainConfig, config, pretrained};

#[test]
fn without_flags_it_starts_from_the_weights_inside_as_the_photos_ask() {
    let own = config(&["photos"]).unwrap();
    let Some(model) = inside::model() else {
        let expected = TrainConfig { data: "photos".into(), ..TrainConfig::default() };
        return assert_eq!(own, expected, "without weights it is the tutorial");
    };
    assert_eq!((own.recipe, own.model.as_str(), own.tune), (Recipe::Auto, model, None));
    assert_eq!((own.pretrained.clone(), own.prep.image_size), (Some(WeightsFrom::Inside), 224));
    assert!(own.undecided.is_some_and(|undecided| undecided.said == ["data"]));
    // What is said is not decided.
    let said = config(&["photos", "--tune", "all", "--epochs", "3"]).unwrap();
    assert_eq!((said.tune, said.fit.epochs), (Some(Tune::All), 3));
    assert_eq!(said.undecided.unwrap().said, ["tune", "data", "fit.epochs"]);
}

#[test]
fn another_network_and_the_recipe_by_name_are_the_tutorials_settings() {
    let tutorial = TrainConfig { data: "photos".into(), ..TrainConfig::default() };
    assert_eq!(config(&["photos", "--recipe", "tutorial"]).unwrap(), tutorial);
    let small = TrainConfig { model: "umbel_s".into(), ..tutorial.clone() };
    assert_eq!(config(&["photos", "--model", "umbel_s"]).unwrap(), small);
    let own = TrainConfig { model: "mine.toml".into(), ..tutorial };
    assert_eq!(config(&["photos", "--model", "mine.toml"]).unwrap(), own);
    let error = config(&["photos", "--model", "umbel_s", "--tune", "head"]).unwrap_err().to_string();
    assert_eq!(error, "--tune belongs to --pretrained");
}

#[test]
fn flags_override_a_recipe() {
    let given = config(&["photos", "--recipe", "scratch", "--ema", "0", "--epochs", "3"]).unwrap();
    let scratch = Recipe::Scratch.config();
    assert_eq!((given.recipe, given.fit.ema_momentum, given.fit.epochs), (Recipe::Scratch, 0.0, 3));
    assert_eq!((given.model, given.fit.schedule), (scratch.model, scratch.fit.schedule));
    assert_eq!(pretrained(&[]).unwrap().recipe, Recipe::Auto);
    assert_eq!(pretrained(&["--recipe", "tutorial"]).unwrap().recipe, Recipe::Tutorial);
}
