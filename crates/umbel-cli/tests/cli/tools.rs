//! `umbel summary`, `models`, `preview`, `compare`, `bench` and `doctor`.

use std::fs;

use crate::support::{Place, keys, tiny_training};

#[test]
fn summary_has_kerass_figures() {
    let place = Place::new();
    let args = ["summary", "--model", "cnn", "--classes", "5", "--image-size", "180"];
    let table = place.umbel(&args);
    table.succeeds();
    assert!(table.out.contains("3,989,285"), "{}", table.out);
    let memory = table.out.lines().last().unwrap();
    assert!(memory.starts_with("One training step of 32 photos needs ") && memory.ends_with("MB."), "{memory}");

    let json = place.umbel(&[&args[..], &["--json"]].concat()).json();
    assert_eq!(json.len(), 1);
    assert_eq!(keys(&json[0]), ["layers", "parameters", "trainable"]);
    assert_eq!((json[0]["parameters"].as_u64(), json[0]["trainable"].as_u64()), (Some(3_989_285), Some(3_989_285)));
    let layers = json[0]["layers"].as_array().unwrap();
    for layer in layers {
        assert_eq!(keys(layer), ["kind", "name", "output", "parameters"]);
    }
    let counts: Vec<u64> = layers.iter().filter_map(|l| l["parameters"].as_u64()).filter(|n| *n > 0).collect();
    assert_eq!(counts, [448, 4640, 18_496, 3_965_056, 645]);
    assert_eq!(layers.last().unwrap()["output"], serde_json::json!([5]));
}

#[test]
fn summary_of_a_run_is_that_of_its_network() {
    let place = Place::with_run();
    let of_run = place.umbel(&["summary", "run", "--json"]).json();
    let of_file = place.umbel(&["summary", "--model", "tiny.toml", "--image-size", "32", "--json"]).json();
    assert_eq!(of_run[0]["parameters"], 2162);
    assert_eq!(of_run, of_file);
}

#[test]
fn models_lists_what_train_and_summary_take() {
    let place = Place::new();
    let rows = place.umbel(&["models", "--json"]).json();
    assert_eq!(rows.len(), 11);
    let table = place.umbel(&["models"]);
    table.succeeds();
    for row in &rows {
        assert_eq!(
            keys(row),
            ["about", "inside", "license", "model", "parameters", "pretrained_size", "repository", "weights"]
        );
        let name = row["model"].as_str().unwrap();
        assert!(table.out.contains(&format!("\n{name} ")), "{}", table.out);
        let summary = place.umbel(&["summary", "--model", name, "--json"]).json();
        assert_eq!(summary[0]["parameters"], row["parameters"], "{name}");
    }
}

#[test]
fn summary_of_a_graph_says_what_reads_what() {
    let place = Place::new();
    let args = ["summary", "--model", "mobilenetv3_small_100", "--image-size", "64", "--batch", "1"];
    let table = place.umbel(&args);
    table.succeeds();
    assert!(table.out.contains("Connected to"), "{}", table.out);
    assert!(table.out.contains(" blocks.1.1.bn3, blocks.1.0.bn3 "), "{}", table.out);
    let json = place.umbel(&[&args[..], &["--json"]].concat()).json();
    let layers = json[0]["layers"].as_array().unwrap();
    let add = layers.iter().find(|layer| layer["name"] == "blocks.1.1.add").unwrap();
    assert_eq!(add["inputs"], serde_json::json!(["blocks.1.1.bn3", "blocks.1.0.bn3"]));
}

#[test]
fn preview_writes_a_picture_and_never_over_another() {
    let place = Place::with_photos();
    let before = place.contents("photos");
    for name in ["preview.png", "preview-2.png"] {
        let ran = place.umbel(&["preview", "photos"]);
        ran.succeeds();
        assert!(ran.out.contains(name), "{}", ran.out);
        let picture = image::open(place.path(name)).unwrap();
        assert!(picture.width() > 300 && picture.height() > 300);
    }
    // What was named was written over.
    for name in ["augmented.png", "augmented-2.png"] {
        let ran = place.umbel(&["preview", "photos", "--augment", "--image-size", "64", "--out", "augmented.png"]);
        assert!(ran.succeeds().out.ends_with(&format!("Wrote {name}\n")), "{ran:?}");
        assert!(image::open(place.path(name)).is_ok());
    }
    assert_eq!(place.contents("photos"), before, "the user's folder is as it was");
}

#[test]
fn preview_knew_the_tutorials_augmentation_alone() {
    let place = Place::with_photos();
    // Pictures beside each other, and a picture that they are all equal to, if they are.
    let of = |args: &[&str]| {
        let ran = place.umbel(&[&["preview", "photos"], args].concat());
        let name = ran.succeeds().out.trim_end().rsplit(' ').next().unwrap().to_string();
        (ran.out, ran.err, image::open(place.path(&name)).unwrap().to_rgb8())
    };
    let nine = |size: u32| 3 * size + 4 * 14;
    // As a training of so few photos without a recipe: the last layer alone, on photos as they are.
    let (out, err, picture) = of(&["--augment"]);
    assert!(out.contains("where only the last layer is trained, photos are not changed"), "{out}");
    assert!(err.contains("20 photos: last layer only"), "{err}");
    assert_eq!(picture.width(), 288 + 2 * 14);
    // The photos of all come as that training has them.
    assert_eq!(of(&[]).2.width(), nine(288));
    assert_eq!(of(&["--recipe", "tutorial"]).2.width(), nine(180));
    // A flag that changes photos asks for more than the last layer, here as there.
    let (out, err, picture) = of(&["--random-crop", "0.3"]);
    assert!(out.contains("Nine augmented versions") && err.contains("last stage of layers"), "{out}{err}");
    assert_eq!(picture.width(), nine(224));

    let tutorial = of(&["--recipe", "tutorial", "--augment"]).2;
    assert_eq!(tutorial.width(), nine(180));
    let size = ["--image-size", "180"];
    for other in [&["--recipe", "scratch", "--augment"][..], &["--recipe", "tutorial", "--rand-augment", "0.9"]] {
        let (out, _, picture) = of(&[other, &size].concat());
        assert!(out.contains("Nine augmented versions"), "{out}");
        assert_eq!(picture.dimensions(), tutorial.dimensions());
        assert!(picture != tutorial, "{other:?}");
    }
    let (out, _, picture) = of(&["--recipe", "tutorial", "--augment", "none"]);
    assert!(out.contains("photos are not changed"), "{out}");
    assert_eq!(picture.width(), 180 + 2 * 14);
    let refused = place.umbel(&["preview", "photos", "--tune", "head", "--random-crop", "0.3"]);
    refused.fails(2, "--random-crop does nothing with --tune head");
}

#[test]
fn compare_shows_the_gap() {
    let place = Place::with_run();
    place.umbel(&tiny_training(&["--epochs", "2", "--augment", "none", "--out", "bare"])).succeeds();
    let table = place.umbel(&["compare", "run", "bare", "--out", "side-by-side"]);
    table.succeeds();
    assert!(table.out.contains("run") && table.out.contains("bare"), "{}", table.out);
    for file in ["compare.png", "compare.svg", "compare.html"] {
        assert!(fs::metadata(place.path("side-by-side").join(file)).unwrap().len() > 500, "{file}");
    }
    let json = place.umbel(&["compare", "run", "bare", "--json"]).json();
    assert_eq!(json[0]["runs"].as_array().unwrap().len(), 2);
    assert!(json[0]["runs"][1]["accuracy_gap"].is_number());
    assert_eq!(json[0]["differences"][0]["images"], 4, "paired on the validation photos");
    let settings: Vec<_> = json[0]["settings"].as_array().unwrap().iter().map(|setting| &setting["setting"]).collect();
    assert_eq!(settings, ["fit.epochs", "augment"]);
    place.umbel(&["compare", "run", "bare", "--out", "again", "--html", "page.html"]).succeeds();
    assert!(place.path("page.html").is_file() && !place.path("again/compare.html").exists());
    assert!(place.path("umbel-compare").is_dir());
    place.umbel(&["compare", "run", "nowhere"]).fails(1, "nowhere");
}

#[test]
fn a_run_leaves_a_report_which_can_be_made_again() {
    let place = Place::with_run();
    let own = fs::read_to_string(place.path("run/report.html")).unwrap();
    assert!(own.contains("where the network looked"), "the galleries show what the network looked at");
    assert!(own.starts_with("<!DOCTYPE html>") && own.contains("data:image/jpeg;base64,"));
    assert!(own.contains("model.toml --seed 123 --image-size 32 --epochs 1 --batch 8"), "the command");
    for file in ["predictions.csv", "plots/roc-pr.png", "plots/roc-pr.svg", "plots/reliability.png"] {
        assert!(place.path("run").join(file).is_file(), "{file}");
    }
    fs::remove_file(place.path("run/report.html")).unwrap();
    let ran = place.umbel(&["report", "run"]);
    assert!(ran.succeeds().out.contains("Wrote run/report.html"), "{}", ran.out);
    assert_eq!(fs::read_to_string(place.path("run/report.html")).unwrap(), own);

    fs::rename(place.path("photos"), place.path("moved")).unwrap();
    place.umbel(&["report", "run", "--out", "page.html"]).succeeds();
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("no longer where they were") && !page.contains("data:image/jpeg"));
    place.umbel(&["report", "photos"]).fails(1, "history.csv");
    place.umbel(&["report", "nowhere"]).fails(1, "nowhere");
    place.umbel(&["report", "run", "--out", "nowhere/page.html"]).fails(1, "nowhere");
}

#[test]
fn bench_by_contract() {
    let place = Place::new();
    let cases: [(&[&str], &str); 4] = [
        (&["bench", "step", "--threads", "1", "--precision", "f32"], "f32"),
        (&["bench", "infer", "--precision", "bf16"], "bf16"),
        (&["bench", "step", "--augment", "--precision", "bf16"], "bf16"),
        (&["bench", "step", "--model", "umbel_s", "--tune", "last", "--precision", "f32"], "f32"),
    ];
    for (case, precision) in cases {
        let small = ["--batch", "4", "--image-size", "32", "--seconds", "0.05"];
        let ran = place.umbel(&[case, &small[..]].concat());
        ran.succeeds();
        let figures = &ran.json()[0];
        let expected = ["batch", "images_per_second", "isa", "ms_median", "ms_p99", "precision", "threads", "what"];
        assert_eq!(keys(figures), expected);
        assert_eq!(figures["what"], case[1]);
        assert_eq!((figures["batch"].as_u64(), figures["precision"].as_str()), (Some(4), Some(precision)));
        assert!(figures["images_per_second"].as_f64().unwrap() > 0.0);
        assert!(figures["ms_p99"].as_f64().unwrap() >= figures["ms_median"].as_f64().unwrap());
        if case.contains(&"--threads") {
            assert_eq!(figures["threads"], 1);
        }
    }
}

#[test]
fn a_profile_tells_where_the_time_goes() {
    let place = Place::new();
    let small = ["--model", "cnn", "--batch", "4", "--image-size", "32", "--seconds", "0.05", "--profile"];
    let ran = place.umbel(&[&["bench", "step", "--json"], &small[..]].concat());
    ran.succeeds();
    let table = &ran.json()[0];
    assert_eq!((table["what"].as_str(), table["batch"].as_u64()), (Some("step"), Some(4)));
    let rows = table["steps"].as_array().unwrap();
    let of = |phase: &str| rows.iter().filter(|row| row["phase"] == phase).count();
    // Rescaling, three convolutions, dropout and two dense layers; nothing is trained before the first convolution.
    assert_eq!([of("forward"), of("loss"), of("backward"), of("update")], [7, 1, 6, 1]);
    let sum: f64 = rows.iter().map(|row| row["share"].as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    for row in rows {
        let computes = ["conv2d", "dense"].iter().any(|kind| row["step"].as_str().unwrap().starts_with(kind));
        assert_eq!(row["gflops"].is_null(), !computes, "{row}");
        assert!(row["megabytes"].as_f64().unwrap() > 0.0 && row["of_bandwidth"].as_f64().unwrap() > 0.0, "{row}");
    }
    assert!(table["peak_gflops"].as_f64().unwrap() > 0.0);

    let ran = place.umbel(&[&["bench", "infer", "--precision", "bf16"], &small[..]].concat());
    ran.succeeds();
    for word in ["4 photos in bf16", "of peak", "GB/s", "conv2d 3x3, 3 to 16, 32x32, relu, max-pooled", "Measured here"]
    {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert!(!ran.out.contains("backward"), "{}", ran.out);
    place.umbel(&["bench", "step", "--profile", "--augment"]).fails(2, "--augment");
}

#[test]
fn bench_decodes_a_folder() {
    let place = Place::with_photos();
    let ran = place.umbel(&["bench", "decode", "--data", "photos", "--threads", "1", "--seconds", "0.05"]);
    ran.succeeds();
    let figures = &ran.json()[0];
    assert_eq!(keys(figures), ["images", "images_per_second", "threads", "what"]);
    assert_eq!((figures["images"].as_u64(), figures["threads"].as_u64()), (Some(20), Some(1)));
    assert!(figures["images_per_second"].as_f64().unwrap() > 0.0);
    place.umbel(&["bench", "decode"]).fails(2, "--data");
    place.umbel(&["bench", "decode", "--data", "nowhere"]).fails(1, "nowhere");
}

#[test]
fn doctor_tells_what_it_uses() {
    let place = Place::new();
    let list = place.umbel(&["doctor"]);
    list.succeeds();
    for word in ["umbel", "CPU", "cores", "instruction sets", "cache"] {
        assert!(list.out.contains(word), "{word}: {}", list.out);
    }
    let output = place.command(&["doctor", "--json"]).env("UMBEL_ISA", "scalar").output().unwrap();
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(findings["isa"], "scalar");
    assert_eq!(findings["version"], env!("CARGO_PKG_VERSION"));
    assert!(findings["usable_isas"].as_array().unwrap().contains(&"scalar".into()));
}
