//! `--pretrained`: by path and by name, with every kind of file, and what `--tune head` leaves.

use std::fs;

use serde_json::Value;

use crate::support::{Place, Ran};
use crate::weights::{NETWORK, tensors, write};

/// Photos, a store with weights for a thousand classes, and a file beside it.
fn place() -> Place {
    let place = Place::with_photos();
    fs::create_dir(place.path("models")).unwrap();
    write(&place.path(format!("models/{NETWORK}.safetensors")), &tensors(NETWORK, 1000));
    place
}

fn train(place: &Place, more: &[&str]) -> Ran {
    let mut args = vec!["train", "photos", "--image-size", "64", "--batch", "8"];
    args.extend(more);
    let mut command = place.command(&args);
    Ran::from(command.env("UMBEL_MODELS", place.path("models")).output().unwrap())
}

#[test]
fn the_head_is_fitted_by_the_contract() {
    let place = place();
    let ran = train(&place, &["--pretrained", NETWORK, "--tune", "head", "--out", "run", "--json"]);
    let events = ran.succeeds().json();
    let kind = |event: &Value| event["event"].as_str().unwrap().to_string();
    assert_eq!((kind(&events[0]), kind(&events[events.len() - 1])), ("start".into(), "end".into()));
    let epochs = &events[1..events.len() - 1];
    assert!(epochs.len() > 1 && epochs.iter().all(|event| kind(event) == "epoch" && event["lr"] == 0.0), "{epochs:?}");
    let end = &events[events.len() - 1];
    let best = &epochs[end["best_epoch"].as_u64().unwrap() as usize - 1];
    assert_eq!(best["val_accuracy"], end["val_accuracy"]);
    assert!(best["val_accuracy"].as_f64().unwrap() >= 0.75, "rings and stripes are easily told apart: {best}");
    let rows = fs::read_to_string(place.path("run/history.csv")).unwrap();
    assert_eq!(rows.lines().count(), epochs.len() + 1);
    place.umbel(&["predict", "run", "photos/rings/000.png"]).succeeds();
    place.umbel(&["report", "run"]).succeeds();

    // All photos train, and what is said of that is true everywhere.
    assert_eq!((&events[0]["folds"], &end["folds"]), (&5.into(), &5.into()));
    assert_eq!((&events[0]["train_images"], &events[0]["val_images"]), (&end["judged_images"], &end["judged_images"]));
    let page = fs::read_to_string(place.path("run/report.html")).unwrap();
    for words in ["Strength of L2", "judged by a last layer that was fitted without", "strengths of L2 (kept: "] {
        assert!(page.contains(words), "{words}");
    }
    for words in ["over-fits", "validation part", "Best epoch", "0 photos for validation"] {
        assert!(!page.contains(words), "{words}");
    }
    let eval = place.umbel(&["eval", "run", "photos", "--part", "val"]);
    eval.fails(1, "folds of them judged it");
    let told = place.umbel(&["eval", "run", "photos"]);
    assert!(told.succeeds().err.contains("folds of them judged it"), "{told:?}");
    assert!(!told.err.contains("--part"), "{told:?}");
    let people = train(&place, &["--pretrained", NETWORK, "--tune", "head", "--out", "people"]);
    let (out, err) = (&people.succeeds().out, &people.err);
    assert!(out.contains("files for training, judged by 5 folds of them.") && !out.contains("validation"), "{out}");
    assert!(out.contains("Judged by 5 folds of ") && out.contains(" photos tell it to within "), "{out}");
    assert!(err.contains("L2 10 - ") && !err.contains("Epoch"), "{err}");

    // Going on with it begins again from the kept features, to the same bits.
    let model = fs::read(place.path("run/model.safetensors")).unwrap();
    let again = place.umbel(&["train", "--resume", "run"]);
    assert!(!again.succeeds().err.contains("Computing"), "{again:?}");
    assert_eq!(fs::read(place.path("run/model.safetensors")).unwrap(), model);
}

#[test]
fn everything_is_tuned_after_the_head_and_flags_override_its_settings() {
    let place = place();
    let ran = train(&place, &["--pretrained", NETWORK, "--epochs", "2", "--out", "run", "--json"]);
    let events = ran.succeeds().json();
    assert_eq!(events.iter().filter(|event| event["event"] == "epoch").count(), 2);
    assert_eq!(events[1]["lr"], 0.0);
    let config = fs::read_to_string(place.path("run/config.toml")).unwrap();
    for line in ["layer_decay = 0.8", "kind = \"adam_w\"", "epochs = 2", "kind = \"cosine\"", "label_smoothing = 0.1"] {
        assert!(config.contains(line), "{line}: {config}");
    }
    train(&place, &["--pretrained", NETWORK, "--tune", "head", "--epochs", "3"])
        .fails(2, "--epochs does nothing with --tune head");
}

#[test]
fn the_store_is_listed_and_what_it_lacks_is_said() {
    let place = place();
    let models = |more: &[&str]| {
        let mut command = place.command(&[&["models"], more].concat());
        Ran::from(command.env("UMBEL_MODELS", place.path("models")).output().unwrap())
    };
    let ran = models(&[]);
    let folder = place.path("models");
    assert!(ran.succeeds().out.contains(&format!("Store: {}", folder.display())), "{ran:?}");
    assert!(ran.out.contains(&format!("  {NETWORK}  ")), "{ran:?}");
    let rows = models(&["--json"]).succeeds().json();
    let row = |name: &str| rows.iter().find(|row| row["model"] == name).unwrap();
    assert_eq!(row(NETWORK)["weights"], folder.join(format!("{NETWORK}.safetensors")).display().to_string());
    assert_eq!(row("resnet18")["weights"], Value::Null);

    let ran = train(&place, &["--pretrained", "resnet18"]);
    ran.fails(1, "resnet18.safetensors");
    assert!(ran.err.contains("timm/resnet18.a1_in1k/resolve/main/model.safetensors"), "{ran:?}");
    // Only where it can.
    let told = ran.err.contains("or let umbel fetch it with --download");
    assert!(told == cfg!(feature = "net") && ran.err.contains("--download") == told, "{ran:?}");
    let ran = train(&place, &["--pretrained", "my-weights"]);
    ran.fails(1, "my-weights.safetensors");
    assert!(ran.err.contains("mobilenetv3_small_100, mobilenetv3_large_100, tf_efficientnet_lite0"), "{ran:?}");
    train(&place, &["--pretrained", "my-weights", "--download"]).fails(2, "my-weights");
    train(&place, &["--download"]).fails(2, "--pretrained");
    // A name of one's own works too.
    fs::rename(folder.join(format!("{NETWORK}.safetensors")), folder.join("mine.safetensors")).unwrap();
    train(&place, &["--pretrained", "mine", "--tune", "head", "--out", "run"]).succeeds();
}

#[cfg(not(feature = "net"))]
#[test]
fn without_the_network_the_way_out_is_said() {
    let place = place();
    let ran = train(&place, &["--pretrained", "resnet18", "--download"]);
    ran.fails(1, "with its default features");
    assert!(ran.err.contains("resnet18.safetensors"), "{ran:?}");
    // What is there needs no line.
    train(&place, &["--pretrained", NETWORK, "--download", "--tune", "head", "--out", "run"]).succeeds();
}

#[test]
fn wrong_files_are_told() {
    let place = place();
    let file = |name: &str| place.path(name).display().to_string();
    let good = fs::read(place.path(format!("models/{NETWORK}.safetensors"))).unwrap();
    let bad = |name: &str, bytes: &[u8], said: &str| {
        fs::write(place.path(name), bytes).unwrap();
        let ran = train(&place, &["--pretrained", &file(name), "--tune", "head", "--out", "never"]);
        ran.fails(1, said);
        assert!(ran.err.contains(name) && !place.path("never").exists(), "{ran:?}");
    };
    bad("cut.safetensors", &good[..good.len() / 2], "not a whole safetensors file");
    bad("empty.safetensors", &[], "not a whole safetensors file");
    bad("zip.safetensors", b"PK\x03\x04 pickles", "not a whole safetensors file");
    let mut nan = tensors(NETWORK, 1000);
    nan[2].values[0] = f32::NAN;
    write(&place.path("nan.safetensors"), &nan);
    bad("nan.safetensors", &fs::read(place.path("nan.safetensors")).unwrap(), "no finite numbers");
    train(&place, &["--pretrained", &file("nowhere.safetensors")]).fails(1, "no such file");

    // Another network's is no such file.
    let mut strange = tensors(NETWORK, 4);
    strange.iter_mut().for_each(|tensor| tensor.name.insert_str(0, "encoder."));
    write(&place.path("strange.safetensors"), &strange);
    train(&place, &["--pretrained", &file("strange.safetensors")]).fails(2, "none of the networks");
    let ran = train(&place, &["--pretrained", NETWORK, "--model", "resnet18"]);
    ran.fails(1, "missing: conv1.weight");
    assert!(
        ran.err.contains(
            "for the ready-made network mobilenetv3_small_100); choose it with --model mobilenetv3_small_100"
        ),
        "{ran:?}"
    );
}

#[test]
fn any_number_of_classes_works_or_is_told() {
    let place = place();
    // As many as the file has: its last layer is fitted anew all the same.
    write(&place.path("two.safetensors"), &tensors(NETWORK, 2));
    let two = place.path("two.safetensors").display().to_string();
    train(&place, &["--pretrained", &two, "--tune", "head", "--out", "two"]).succeeds();
    for (folder, classes, said) in [("one", &["rings"][..], "class"), ("none", &[][..], "none")] {
        fs::create_dir(place.path(folder)).unwrap();
        place.draw(folder, classes, 4);
        let mut command = place.command(&["train", folder, "--pretrained", NETWORK, "--tune", "head"]);
        let ran = Ran::from(command.env("UMBEL_MODELS", place.path("models")).output().unwrap());
        assert_ne!(ran.code, 0, "{ran:?}");
        ran.fails(ran.code, said);
    }
}
