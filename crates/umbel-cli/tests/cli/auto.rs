//! `umbel train` without a recipe: from the weights inside the program, as much of them as the photos are worth.

use std::fs;

use crate::support::{Place, Ran};

/// Trains on small pictures, so that it is soon done.
fn train(place: &Place, more: &[&str]) -> Ran {
    // The place would name the tutorial's recipe.
    let mut command = place.command::<&str>(&[]);
    Ran::from(command.args(["train", "photos", "--image-size", "64"]).args(more).output().unwrap())
}

#[test]
fn few_photos_train_the_last_layer_of_the_weights_inside_and_the_same_config_gives_the_same_bits() {
    let place = Place::with_photos();
    let ran = train(&place, &["--out", "run", "--json"]);
    let start = &ran.succeeds().json()[0];
    assert_eq!((&start["recipe"], &start["tune"]), (&"auto".into(), &"head".into()), "{start}");
    assert_eq!(start["pretrained"], "EfficientNet-Lite0");
    let first = "EfficientNet-Lite0, pretrained, inside this program; 20 photos: last layer only. The tutorial's network: \
                 --recipe tutorial";
    assert_eq!(ran.err.lines().next(), Some(first), "{ran:?}");
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    for line in ["recipe = \"auto\"", "pretrained = \"inside\"", "tune = \"head\"", "model = \"tf_efficientnet_lite0\""]
    {
        assert!(config.contains(line), "{line}: {config}");
    }
    place.umbel(&["train", "--config", "run/config.toml", "--out", "again"]).succeeds();
    let model = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
    assert!(model("run") == model("again"));
    // Whose weights they are goes along.
    let weights = "EfficientNet-Lite0 (Apache-2.0; trained on ImageNet-1k)";
    let summary = place.umbel(&["summary", "run"]);
    assert!(summary.succeeds().out.contains(&format!("Started from: {weights}")), "{summary:?}");
    assert!(fs::read_to_string(place.path("run/report.html")).unwrap().contains(weights));
    let command = "umbel train ";
    assert!(fs::read_to_string(place.path("run/report.html")).unwrap().contains(command));
}

#[test]
fn photos_are_shown_larger_to_a_network_that_was_trained_on_crops_and_is_not_trained_on() {
    let place = Place::with_photos();
    let size = |out: &str, more: &[&str]| {
        let mut command = place.command::<&str>(&[]);
        Ran::from(command.args(["train", "photos", "--out", out]).args(more).output().unwrap()).succeeds();
        let config = fs::read_to_string(place.path(out).join("config.toml")).unwrap();
        config.lines().find_map(|line| line.strip_prefix("image_size = ")).unwrap().to_string()
    };
    assert_eq!(size("head", &[]), "288");
    assert_eq!(size("said", &["--image-size", "96"]), "96");
    assert_eq!(size("typed", &["--recipe", "finetune", "--pretrained", "inside", "--tune", "head"]), "288");
    assert_eq!(size("last", &["--tune", "last", "--epochs", "1"]), "224");
}

#[test]
fn a_flag_of_training_has_more_of_the_network_trained() {
    let place = Place::with_photos();
    let ran = train(&place, &["--epochs", "2", "--augment", "none", "--accumulate", "2", "--out", "run", "--json"]);
    let events = ran.succeeds().json();
    assert_eq!((&events[0]["recipe"], &events[0]["tune"]), (&"auto".into(), &"last".into()), "{ran:?}");
    assert_eq!(events.iter().filter(|event| event["event"] == "epoch").count(), 2);
    // Only what is typed refuses.
    train(&place, &["--tune", "head", "--epochs", "2"]).fails(2, "--epochs does nothing with --tune head");
}

#[test]
fn another_network_and_its_own_name_choose_the_recipe() {
    let place = Place::with_photos();
    let recipe = |more: &[&str]| {
        let ran = train(&place, &[&["--epochs", "1", "--json"], more].concat());
        ran.succeeds().json()[0]["recipe"].as_str().unwrap().to_string()
    };
    assert_eq!(recipe(&["--model", "umbel_s"]), "tutorial");
    assert_eq!(recipe(&["--recipe", "tutorial"]), "tutorial");
    assert_eq!(recipe(&["--model", "tf_efficientnet_lite0"]), "auto");
    assert_eq!(recipe(&["--pretrained", "tf_efficientnet_lite0"]), "auto", "what is inside goes by its name, too");
    let ran = train(&place, &["--pretrained", "inside", "--model", "resnet18"]);
    ran.fails(2, "pretrained is inside, but must be left out for the model resnet18");
}

#[test]
fn labels_were_judged_by_random_weights_where_the_run_had_pretrained_ones() {
    let place = Place::with_photos();
    train(&place, &["--out", "run"]).succeeds();
    let ran = place.umbel(&["check", "photos", "--run", "run"]);
    let right = ran.out.split("agree with ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
    // Rings and stripes are told apart at first sight by whoever has seen anything.
    assert!(right.is_some_and(|percent| percent > 85.0), "{ran:?}");
}

#[test]
fn uneven_classes_count_alike_unless_something_else_is_said() {
    let place = Place::new();
    place.draw("photos", &["rings", "stripes"], 12);
    (4..12).for_each(|number| fs::remove_file(place.path(format!("photos/stripes/{number:03}.png"))).unwrap());
    let balance = |out: &str, more: &[&str]| {
        let ran = train(&place, &[&["--out", out], more].concat());
        let told = ran
            .succeeds()
            .err
            .lines()
            .next()
            .unwrap()
            .contains("16 photos: last layer only, all classes counting alike.");
        let config = fs::read_to_string(place.path(out).join("config.toml")).unwrap();
        assert_eq!(config.contains("balance = \"loss\""), told, "{ran:?}");
        told
    };
    assert!(balance("run", &[]));
    assert!(!balance("said", &["--balance", "none"]));
}

#[test]
fn a_time_becomes_epochs_that_are_saved_and_never_measured_again() {
    let place = Place::with_photos();
    let tiny = ["--recipe", "tutorial", "--model", "tiny.toml", "--batch", "8"];
    let ran = train(&place, &[&tiny[..], &["--time", "20s", "--out", "run", "--json"]].concat());
    let epochs = ran.succeeds().json().iter().filter(|event| event["event"] == "epoch").count();
    // A tiny network on twenty pictures: as many epochs as are ever taken.
    assert_eq!(epochs, 45, "{ran:?}");
    assert!(ran.err.contains("In 20 s: 45 epochs; that will take about "), "{ran:?}");
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains("epochs = 45"), "{config}");
    let again = place.umbel(&["train", "--config", "run/config.toml", "--out", "again"]);
    assert!(!again.succeeds().err.contains("that will take"), "{again:?}");
    let model = |run: &str| fs::read(place.path(run).join("model.safetensors")).unwrap();
    assert!(model("run") == model("again"));

    // Where the time is too short for more, the last layer alone is trained, and what it takes is said.
    let ran = train(&place, &["--balance", "none", "--time", "1s", "--out", "short", "--json"]);
    assert_eq!(ran.succeeds().json()[0]["tune"], "head");
    assert!(ran.err.contains("last layer only will take about "), "{ran:?}");
    train(&place, &["--time", "5m", "--epochs", "3"]).fails(2, "--time decides how many epochs there are");
    train(&place, &["--time", "5"]).fails(2, "for instance 30s, 5m or 1h");
}

#[test]
fn a_start_from_random_weights_on_few_photos_says_what_pretrained_ones_gave() {
    let place = Place::with_photos();
    let said = "The network starts from random weights, and 16 photos are few for that.";
    let tiny = ["--recipe", "tutorial", "--model", "tiny.toml", "--epochs", "1"];
    let ran = train(&place, &[&tiny[..], &["--json"]].concat());
    assert_eq!(ran.succeeds().err.matches(said).count(), usize::from(cfg!(feature = "weights")), "{ran:?}");
    assert!(ran.json().iter().all(|event| !event.to_string().contains("random weights")), "{ran:?}");
    // Once, however many folds there are, and not again for a run that goes on.
    let ran = train(&place, &[&tiny[..], &["--folds", "2", "--out", "folds"]].concat());
    assert_eq!(ran.succeeds().err.matches("random weights").count(), usize::from(cfg!(feature = "weights")), "{ran:?}");
    let ran = place.umbel(&["train", "--resume", "folds"]);
    assert!(!ran.succeeds().err.contains("random weights"), "{ran:?}");
    let ran = train(&place, &["--out", "run"]);
    assert!(!cfg!(feature = "weights") || !ran.succeeds().err.contains("random weights"), "{ran:?}");
}

#[test]
fn a_class_for_what_is_of_no_class_is_said_at_training_and_is_no_fault() {
    let place = Place::new();
    place.draw("photos", &["None", "rings"], 10);
    let ran = train(&place, &["--recipe", "tutorial", "--model", "tiny.toml", "--epochs", "1"]);
    let said = "The class \"None\" is learned like any other: ";
    assert!(ran.succeeds().err.contains(said) && ran.err.contains(" (umbel predict --keep)."), "{ran:?}");
    let check = place.umbel(&["check", "photos", "--json"]);
    let found = check.succeeds().json();
    let kinds: Vec<_> = found[0]["problems"].as_array().unwrap().iter().map(|found| found["kind"].clone()).collect();
    assert!(kinds.contains(&"class-for-the-rest".into()), "{check:?}");
}

#[test]
fn the_best_compares_the_weights_that_are_here_and_says_what_mirror_images_gain() {
    let place = Place::with_photos();
    // The same weights under another name: there is a choice, and of equals the first is taken.
    fs::create_dir_all(place.path("store")).unwrap();
    let inside = concat!(env!("CARGO_MANIFEST_DIR"), "/../umbel-weights/efficientnet_lite0.safetensors");
    fs::copy(inside, place.path("store/another.safetensors")).unwrap();
    let mut command = place.command::<&str>(&[]);
    let args = ["train", "photos", "--recipe", "best", "--tune", "last", "--set", "fit.least_steps=4", "--out", "run"];
    let ran = Ran::from(command.args(args).env("UMBEL_MODELS", place.path("store")).output().unwrap());
    let compared = "By folds of the last layer: EfficientNet-Lite0 1.0000 (loss ";
    assert!(ran.succeeds().err.contains(compared) || ran.out.contains(compared), "{ran:?}");
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    assert!(config.contains("pretrained = \"inside\"") && config.contains("views = \"flips\""), "{config}");
    let told = [ran.out.as_str(), &ran.err].concat();
    let line =
        told.lines().find(|line| line.starts_with("Mean over 2 looks at a photo, on the validation part")).unwrap();
    let kept = line.contains("answers are that mean from now on");
    let eval = place.umbel(&["eval", "run", "photos"]);
    assert_eq!(eval.succeeds().out.contains("means over 2 looks"), kept, "{line} {eval:?}");
    // What the run says of its validation photos is what is answered.
    let table = fs::read_to_string(place.path("run/predictions.csv")).unwrap();
    let row: Vec<&str> = table.lines().nth(1).unwrap().split(',').collect();
    let answer = place.umbel(&["predict", "run", &format!("photos/{}", row[0]), "--json"]);
    let confidence = answer.succeeds().json()[0]["confidence"].as_f64().unwrap();
    assert!(row.iter().any(|cell| cell.parse() == Ok(confidence)), "{confidence}: {row:?}");
    // Where the weights were given, nothing is compared.
    let given = ["train", "photos", "--recipe", "best", "--pretrained", "inside", "--tune", "head", "--out", "given"];
    let mut command = place.command::<&str>(&[]);
    let ran = Ran::from(command.args(given).env("UMBEL_MODELS", place.path("store")).output().unwrap());
    assert!(!ran.succeeds().err.contains("By folds"), "{ran:?}");
}
