//! The table of settings: a row for each field, each with the default that it says, and files of every version.

use serde::Deserialize;
use serde::de::{Deserializer, Visitor, value};
use toml::{Table, Value};
use umbel::base::augmentation::Mixing;
use umbel::data::{Detections, PrepSpec};
use umbel::nn::{OptimizerConfig, ScheduleKind};
use umbel::pipeline::{Recipe, TrainConfig, merged};
use umbel::settings::{Given, Kind, Reproduce, Stage, find, rows, table};
use umbel::train::{EarlyStopping, FitOptions, ReduceOnPlateau};
use umbel::{Error, PredictError};

/// Asks a type for the names of its fields.
struct Names(&'static [&'static str]);

impl<'de> Deserializer<'de> for &mut Names {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(serde::de::Error::custom("a struct of named fields"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
        seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn fields<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut names = Names(&[]);
    assert!(T::deserialize(&mut names).is_err());
    names.0
}

/// The keys of a table, dotted.
fn keys(table: &Table, above: &str) -> Vec<String> {
    let below = |(name, value): (&String, &Value)| match value {
        Value::Table(below) if find(&format!("{above}{name}")).is_none() => keys(below, &format!("{above}{name}.")),
        _ => vec![format!("{above}{name}")],
    };
    table.iter().flat_map(below).collect()
}

#[test]
fn every_field_has_a_row_and_every_row_a_field() {
    let mut all = Vec::new();
    let inner = [
        ("", fields::<TrainConfig>()),
        ("prep.", fields::<PrepSpec>()),
        ("detections.", fields::<Detections>()),
        ("fit.", fields::<FitOptions>()),
        ("fit.mixing.", fields::<Mixing>()),
        ("fit.early_stopping.", fields::<EarlyStopping>()),
        ("fit.reduce_on_plateau.", fields::<ReduceOnPlateau>()),
    ];
    for (above, names) in inner {
        all.extend(names.iter().map(|name| format!("{above}{name}")));
    }
    for optimizer in [OptimizerConfig::adam(), OptimizerConfig::adam_w(), OptimizerConfig::sgd(0.5)] {
        all.extend(keys(&table(&optimizer).unwrap(), "fit.optimizer."));
    }
    all.extend(keys(&table(&ScheduleKind::Step { every: 1, factor: 0.5 }).unwrap(), "fit.schedule."));
    for key in &all {
        let is_table = rows().any(|row| row.key.starts_with(&format!("{key}.")));
        assert!(find(key).is_some() || is_table, "{key} has no row");
    }
    for row in rows() {
        assert!(all.iter().any(|key| key == row.key), "{} is no field", row.key);
    }
}

#[test]
fn every_row_says_the_default_that_there_is() {
    let default = TrainConfig::default();
    let usual = table(&default).unwrap();
    for row in rows() {
        match row.kind.parse(row.default) {
            Some(value) => {
                assert_eq!(row.kind.word(&value), row.default, "{}", row.key);
                let mut changed = usual.clone();
                row.put(&mut changed, Some(value));
                umbel::settings::settle(&mut changed);
                assert_eq!(changed.try_into::<TrainConfig>().unwrap(), default, "{}", row.key);
            }
            None => assert!(
                row.default.is_empty() && row.get(&usual).is_none_or(|value| value.as_str() == Some("")),
                "{}",
                row.key
            ),
        }
    }
}

#[test]
fn rows_are_told_apart_and_say_what_they_are() {
    for row in rows() {
        assert_eq!(rows().filter(|other| other.key == row.key).count(), 1, "{}", row.key);
        assert!(row.flag.is_none() || rows().filter(|other| other.flag == row.flag).count() == 1, "{}", row.key);
        assert!(!row.help.is_empty() && !row.heading.is_empty() && !row.help.contains("--"), "{}", row.key);
        assert_eq!(row.value_name().is_empty(), matches!(row.kind, Kind::Switch), "{}", row.key);
        let others = row.needs.iter().map(|(key, _)| *key).chain(row.excludes);
        for other in others {
            assert!(find(other).is_some(), "{}: {other}", row.key);
        }
    }
    let on_resume: Vec<&str> = rows().filter(|row| row.on_resume).map(|row| row.key).collect();
    // Where the photos are, as long as they are the same.
    assert_eq!(on_resume, ["data", "fit.epochs"], "a run that goes on would end with other weights");
    assert!(rows().any(|row| row.reproduce == Reproduce::Never && row.key == "threads"));
}

/// Written by the program as it was before there was a table.
const EARLIER: [&str; 3] =
    [include_str!("settings/full.toml"), include_str!("settings/quick.toml"), include_str!("settings/head.toml")];

#[test]
fn files_of_earlier_versions_are_read_and_written_as_they_were() {
    for text in EARLIER {
        let config: TrainConfig = toml::from_str(text).unwrap();
        config.validate().unwrap();
        // metrics.json has a digest of this text.
        assert_eq!(toml::to_string(&config).unwrap(), text);
        assert_eq!(merged(Recipe::Tutorial, Some(text), &Given::default(), &Given::default()).unwrap(), config);
    }
}

#[test]
fn recipes_and_files_and_what_is_given_are_overlays_of_the_same_keys() {
    let given = |pairs: &[(&str, &str)]| {
        let mut given = Given::default();
        pairs.iter().for_each(|(key, word)| given.say(key, word).unwrap());
        given
    };
    let none = Given::default();
    for recipe in Recipe::ALL {
        assert_eq!(
            merged(Recipe::Tutorial, None, &none, &given(&[("recipe", recipe.name())])).unwrap(),
            recipe.config()
        );
    }
    let config =
        merged(Recipe::Tutorial, None, &given(&[("model", "cnn"), ("threads", "3")]), &given(&[("model", "umbel_s")]))
            .unwrap();
    assert_eq!((config.model.as_str(), config.threads), ("umbel_s", 3), "what is given goes over what comes along");
    // A key that is given with nothing takes back what a recipe says.
    let config = merged(
        Recipe::Tutorial,
        None,
        &none,
        &given(&[("recipe", "quick"), ("augment", ""), ("fit.optimizer.kind", "")]),
    )
    .unwrap();
    assert_eq!((config.augment, config.fit.optimizer), (None, OptimizerConfig::adam()));
    assert_eq!(config.fit.label_smoothing, 0.1);
    // An optimizer brings its own settings, and what is given of them counts.
    let sgd = given(&[("fit.optimizer.weight_decay", "0.5"), ("fit.optimizer.kind", "nesterov")]);
    let expected = OptimizerConfig::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.5 };
    assert_eq!(merged(Recipe::Tutorial, None, &none, &sgd).unwrap().fit.optimizer, expected);
    let step = merged(Recipe::Tutorial, Some("fit.schedule = { kind = \"step\", every = 3 }"), &none, &none)
        .unwrap()
        .fit
        .schedule;
    assert_eq!(step, ScheduleKind::Step { every: 3, factor: 0.1 });
    let off = merged(Recipe::Tutorial, Some("fit.early_stopping = { patience = 0 }"), &none, &none).unwrap();
    assert_eq!(off.fit.early_stopping, None);
}

#[test]
fn a_value_out_of_its_range_is_told_alike_wherever_it_stands() {
    let expected = "must be a share from 0 to below 1, for instance 0.1";
    let said = Given::default().say("fit.label_smoothing", "2").unwrap_err().to_string();
    let file = merged(Recipe::Tutorial, Some("fit.label_smoothing = 2"), &Given::default(), &Given::default())
        .unwrap_err()
        .to_string();
    let fit = FitOptions { label_smoothing: 2.0, ..FitOptions::default() };
    let settings = TrainConfig { fit: fit.clone(), ..TrainConfig::default() }.validate().unwrap_err().to_string();
    for told in [said, file, settings] {
        assert_eq!(told, format!("fit.label_smoothing is 2, but {expected}"));
    }
    assert_eq!(fit.validate().unwrap_err().to_string(), format!("label_smoothing is 2, but {expected}"));
    for (key, bad) in [("fit.batch", "513"), ("threads", "4097"), ("prep.image_size", "31"), ("fit.epochs", "0")] {
        let error = Given::default().say(key, bad).unwrap_err().to_string();
        let mut settings = table(&TrainConfig::default()).unwrap();
        find(key).unwrap().put(&mut settings, Some(Value::Integer(bad.parse().unwrap())));
        let settings: TrainConfig = settings.try_into().unwrap();
        assert_eq!(settings.validate().unwrap_err().to_string(), error);
    }
    let nan = FitOptions { optimizer: OptimizerConfig::sgd(f32::NAN), ..FitOptions::default() };
    assert!(
        matches!(nan.validate(), Err(Error::Predict(PredictError::Setting { setting, .. })) if setting == "optimizer.momentum")
    );
    let never =
        FitOptions { early_stopping: Some(EarlyStopping { patience: 0, min_delta: 0.0 }), ..FitOptions::default() };
    assert!(never.validate().is_err());
}

#[test]
fn an_unknown_key_is_told_with_those_that_are_near() {
    let nearest = |key: &str| Given::default().say(key, "1").unwrap_err().to_string();
    for (key, near) in [
        ("label_smoothing", "fit.label_smoothing"),
        ("fit.label_smoothin", "fit.label_smoothing"),
        ("lr", "fit.learning_rate"),
        ("early-stopping", "fit.early_stopping.patience"),
        ("epochen", "fit.epochs"),
        ("fit.optimiser.kind", "fit.optimizer.kind"),
        ("fit.optimizer.decay", "fit.optimizer"),
    ] {
        let told = nearest(key);
        assert!(told.starts_with(&format!("there is no setting {key}; the nearest ")) && told.contains(near), "{told}");
    }
    let file = merged(Recipe::Tutorial, Some("[fit]\nepochen = 3"), &Given::default(), &Given::default())
        .unwrap_err()
        .to_string();
    assert!(file.contains("fit.epochen") && file.contains("fit.epochs"), "{file}");
}

#[test]
fn what_a_stage_has_no_use_for_is_told_by_name() {
    for row in rows() {
        for unused in row.unused {
            let word = unused.values.first().map_or_else(|| row.default.to_string(), ToString::to_string);
            let mut given = Given::default();
            given.put(row, row.kind.parse(&word)).unwrap();
            let refused = given.check_for(unused.stage).unwrap_err().to_string();
            assert!(refused.starts_with(row.key) && refused.contains(unused.why), "{refused}");
        }
        let mut given = Given::default();
        given.put(row, None).unwrap();
        assert_eq!(given.check_for_resume().is_ok(), row.on_resume, "{}", row.key);
    }
    assert!(rows().filter(|row| row.never_used_at(Stage::RangeTest)).count() > 10);
}
