//! Tests of `report` and `preview`: what a person sees of a run and of a folder.

use std::path::{Path, PathBuf};

use tempfile::tempdir;
use umbel::base::augmentation::AugmentLayer;
use umbel::base::fonts::Fonts;
use umbel::base::progress::EpochRecord;
use umbel::data::{Index, PrepSpec};
use umbel::report::compare::{ComparedRun, Comparison, compare, compare_histories};
use umbel::report::curves::{self, NamedCurves};
use umbel::report::grid::{self, Cell};
use umbel::train::History;
use umbel::{Error, PredictError, data, report, run};
use umbel::{demo, preview};

fn record(epoch: usize, (loss, accuracy): (f64, f64), (val_loss, val_accuracy): (f64, f64)) -> EpochRecord {
    EpochRecord { epoch, loss, accuracy, val_loss, val_accuracy, lr: 0.001, seconds: 2.5, ..EpochRecord::default() }
}

/// What the tutorial shows first: training goes on getting better, validation turns.
fn overfitting() -> Vec<EpochRecord> {
    vec![
        record(1, (1.3, 0.45), (1.10, 0.55)),
        record(2, (0.9, 0.65), (0.95, 0.62)),
        record(3, (0.5, 0.82), (1.05, 0.66)),
        record(4, (0.1, 0.98), (1.60, 0.65)),
    ]
}

fn sound() -> Vec<EpochRecord> {
    vec![
        record(1, (1.3, 0.45), (1.15, 0.52)),
        record(2, (1.0, 0.60), (0.95, 0.62)),
        record(3, (0.8, 0.70), (0.82, 0.69)),
    ]
}

fn picture(path: &Path) -> image::RgbImage {
    image::open(path).unwrap().to_rgb8()
}

/// How many pixels are closer to `color` than anti-aliasing and nearby colors would be.
fn pixels_of(picture: &image::RgbImage, color: [u8; 3]) -> usize {
    picture.pixels().filter(|pixel| pixel.0.iter().zip(color).all(|(a, b)| a.abs_diff(b) < 12)).count()
}

const BLUE: [u8; 3] = [0x00, 0x72, 0xb2];
const VERMILION: [u8; 3] = [0xd5, 0x5e, 0x00];
const INK: [u8; 3] = [0x22; 3];

#[test]
fn one_run_gives_the_tutorials_figure_as_svg_and_png() {
    let folder = tempdir().unwrap();
    let epochs = overfitting();
    let paths = curves::write(folder.path(), "curves", &[NamedCurves { name: "run", epochs: &epochs }]).unwrap();
    assert_eq!(paths, [folder.path().join("curves.svg"), folder.path().join("curves.png")]);

    let svg = std::fs::read_to_string(&paths[0]).unwrap();
    for words in [
        "Training and Validation Accuracy",
        "Training and Validation Loss",
        "Epoch",
        "Accuracy",
        "Loss",
        "\nTraining\n",
        "\nValidation\n",
        "font-family=\"sans-serif\"",
        "width=\"1200\"",
    ] {
        assert!(svg.contains(words), "{words:?} is missing");
    }
    for tick in ["\n1\n", "\n2\n", "\n3\n", "\n4\n", "\n0.0\n", "\n1.0\n"] {
        assert!(svg.contains(tick), "the tick {tick:?} is missing");
    }

    let png = picture(&paths[1]);
    assert_eq!(png.dimensions(), (1200, 490));
    assert_eq!(png.get_pixel(0, 0).0, [255; 3]);
    for color in [BLUE, VERMILION, INK] {
        assert!(pixels_of(&png, color) > 200, "{color:?}: {}", pixels_of(&png, color));
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let (one, two) = (tempdir().unwrap(), tempdir().unwrap());
    let epochs = sound();
    let runs = [NamedCurves { name: "run", epochs: &epochs }];
    let (first, second) =
        (curves::write(one.path(), "c", &runs).unwrap(), curves::write(two.path(), "c", &runs).unwrap());
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(std::fs::read(a).unwrap(), std::fs::read(b).unwrap());
    }
}

#[test]
fn awkward_curves_still_give_a_figure() {
    let folder = tempdir().unwrap();
    let nan = f64::NAN;
    let cases: [Vec<EpochRecord>; 6] = [
        vec![record(1, (1.0, 0.5), (1.1, 0.4))],
        vec![record(1, (nan, nan), (nan, nan))],
        vec![record(1, (1.0, 0.5), (nan, nan)), record(2, (f64::INFINITY, 0.5), (-1.0, 2.0))],
        (1..=100).map(|e| record(e, (1.0 / e as f64, 0.9), (0.5, 0.8))).collect(),
        vec![record(usize::MAX, (1e300, 1.0), (1e-300, 0.0)), record(0, (0.0, 0.0), (0.0, 0.0))],
        vec![record(7, (0.0, 1.0), (0.0, 1.0)), record(7, (0.0, 1.0), (0.0, 1.0))],
    ];
    for (index, epochs) in cases.iter().enumerate() {
        let paths =
            curves::write(folder.path(), &format!("case-{index}"), &[NamedCurves { name: "", epochs }]).unwrap();
        assert!(pixels_of(&picture(&paths[1]), INK) > 200, "case {index}");
    }
    // One epoch is drawn as dots, which are as visible as lines.
    assert!(pixels_of(&picture(&folder.path().join("case-0.png")), BLUE) > 100);
}

#[test]
fn losses_far_off_the_scale_are_cut_and_told() {
    let folder = tempdir().unwrap();
    let mut epochs: Vec<EpochRecord> = (1..=20).map(|e| record(e, (1.0, 0.5), (1.2, 0.5))).collect();
    epochs[2].val_loss = 4000.0;
    let paths = curves::write(folder.path(), "spike", &[NamedCurves { name: "run", epochs: &epochs }]).unwrap();
    assert!(std::fs::read_to_string(&paths[0]).unwrap().contains("off the scale: up to 4000"));
}

#[test]
fn curves_without_an_epoch_are_refused() {
    let folder = tempdir().unwrap();
    let error = curves::write(folder.path(), "none", &[NamedCurves { name: "run", epochs: &[] }]).unwrap_err();
    assert!(matches!(error, Error::Run(run::Error::NoEpochs { .. })), "{error}");
    let error = curves::write(&folder.path().join("missing"), "c", &[NamedCurves { name: "run", epochs: &sound() }]);
    assert!(matches!(error.unwrap_err(), Error::Predict(PredictError::Io { .. })));
}

/// A run folder with these records.
fn run(parent: &Path, name: &str, epochs: &[EpochRecord]) -> PathBuf {
    let folder = parent.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    History { epochs: epochs.to_vec() }.write(&folder.join("history.csv")).unwrap();
    folder
}

#[test]
fn comparing_tells_the_run_that_overfits_from_the_one_that_does_not() {
    let folder = tempdir().unwrap();
    let runs = [run(folder.path(), "plain", &overfitting()), run(folder.path(), "regularized", &sound())];
    let out = folder.path().join("new/comparison");
    let comparison = compare(&runs, &out, &Fonts::default()).unwrap();

    let plain = &comparison.runs[0];
    assert_eq!((plain.run.as_str(), plain.epochs, plain.best_epoch), ("plain", 4, 3));
    assert_eq!((plain.best_val_accuracy, plain.lowest_val_loss, plain.lowest_val_loss_epoch), (0.66, 0.95, 2));
    assert!((plain.accuracy_gap - 0.33).abs() < 1e-12 && (plain.loss_gap - 1.5).abs() < 1e-12);
    assert!((plain.seconds - 10.0).abs() < 1e-12);
    assert!(plain.overfits && !comparison.runs[1].overfits);

    let text = comparison.to_string();
    let verdicts: Vec<&str> = text.lines().filter(|line| line.contains("over-fits")).collect();
    assert_eq!(
        verdicts,
        [
            "plain over-fits: it is right on 98.0 % of the photos it was trained on, but only on 65.0 % of those it has not \
          seen, and its validation loss has risen from 0.950 (epoch 2) to 1.600."
        ]
    );
    assert_eq!(comparison.pictures, [out.join("compare.svg"), out.join("compare.png")]);
    let svg = std::fs::read_to_string(&comparison.pictures[0]).unwrap();
    for words in ["\nplain\n", "\nregularized\n", "\ntraining\n", "\nvalidation\n"] {
        assert!(svg.contains(words), "{words:?} is missing from the legend");
    }
    assert!(serde_json::to_string(&comparison).unwrap().contains("\"accuracy_gap\""));
}

#[test]
fn neither_sign_of_overfitting_is_enough_alone() {
    let folder = tempdir().unwrap();
    let gap_only = vec![record(1, (1.0, 0.6), (1.0, 0.5)), record(2, (0.5, 0.9), (0.9, 0.6))];
    let rise_only = vec![record(1, (1.0, 0.6), (1.0, 0.6)), record(2, (0.9, 0.65), (1.4, 0.6))];
    let runs = [("gap".to_string(), History { epochs: gap_only }), ("rise".to_string(), History { epochs: rise_only })];
    let comparison = compare_histories(&runs, folder.path(), &Fonts::default()).unwrap();
    assert!(comparison.runs.iter().all(|run| !run.overfits));
    assert!(!comparison.to_string().contains("over-fits"));
}

#[test]
fn the_table_is_aligned_whatever_the_names_and_numbers() {
    let mut row = ComparedRun {
        run: "größer".to_string(),
        epochs: 15,
        best_epoch: 9,
        best_val_accuracy: 0.7512,
        accuracy: 0.99,
        val_accuracy: 0.74,
        accuracy_gap: 0.25,
        loss: 0.01,
        val_loss: 12.5,
        loss_gap: 12.49,
        lowest_val_loss_epoch: 3,
        lowest_val_loss: 0.8,
        seconds: 3725.0,
        l2: None,
        overfits: false,
        val_leaks: None,
    };
    let first = row.clone();
    row.run = "a".to_string();
    row.val_loss = f64::NAN;
    row.seconds = 61.0;
    let comparison = Comparison { runs: vec![first, row], ..Comparison::default() };
    let text = comparison.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 5, "{text}");
    // The time is the last column and right-aligned: all lines end at the same place.
    let widths: Vec<usize> = lines[1..].iter().map(|line| line.chars().count()).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    assert!(lines[3].ends_with("1 h 02 min") && lines[4].ends_with("1 min 01 s"), "{text}");
    assert!(lines[4].contains(" - "), "{text}");
}

#[test]
fn runs_of_the_same_name_are_told_apart_by_their_folders() {
    let folder = tempdir().unwrap();
    let (a, b) = (folder.path().join("monday"), folder.path().join("tuesday"));
    let runs = [run(&a, "flowers", &sound()), run(&b, "flowers", &sound()), run(&b, "trees", &sound())];
    let comparison = compare(&runs, folder.path(), &Fonts::default()).unwrap();
    let names: Vec<&str> = comparison.runs.iter().map(|run| run.run.as_str()).collect();
    assert_eq!(names, ["monday/flowers", "tuesday/flowers", "trees"]);
    let twice = compare(&[runs[2].clone(), runs[2].clone()], folder.path(), &Fonts::default()).unwrap();
    assert_eq!((twice.runs[0].run.as_str(), twice.runs[1].run.as_str()), ("trees", "trees (2)"));
}

#[test]
fn what_cannot_be_compared_is_named() {
    let folder = tempdir().unwrap();
    assert!(matches!(
        compare(&[], folder.path(), &Fonts::default()),
        Err(Error::Report(report::Error::NothingToCompare))
    ));
    let missing = folder.path().join("missing");
    match compare(std::slice::from_ref(&missing), folder.path(), &Fonts::default()) {
        Err(Error::Run(run::Error::NoHistory { run })) => assert_eq!(run, missing),
        other => panic!("{other:?}"),
    }
    let empty = run(folder.path(), "empty", &[]);
    match compare(std::slice::from_ref(&empty), folder.path(), &Fonts::default()) {
        Err(Error::Run(run::Error::NoEpochs { run })) => assert_eq!(run, empty),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_without_a_single_number_can_be_compared() {
    let folder = tempdir().unwrap();
    let nan = vec![record(1, (f64::NAN, f64::NAN), (f64::NAN, f64::NAN))];
    let comparison =
        compare_histories(&[("lost".to_string(), History { epochs: nan })], folder.path(), &Fonts::default()).unwrap();
    assert_eq!(comparison.runs[0].best_epoch, 1);
    assert!(!comparison.runs[0].overfits);
    comparison.to_string();
}

fn cell(caption: &str, size: usize, value: u8) -> Cell {
    Cell { caption: caption.to_string(), size, pixels: vec![value; size * size * 3] }
}

#[test]
fn a_grid_has_its_pictures_and_captions_in_place() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("grid.png");
    let mut cells: Vec<Cell> = (0..9).map(|k| cell("daisy", 180, 100 + 10 * k)).collect();
    grid::write_png(&path, 3, &cells, &Fonts::default()).unwrap();
    let picture_of_nine = picture(&path);
    assert_eq!(picture_of_nine.dimensions(), (3 * 194 + 14, 3 * (194 + 26) + 14));
    assert_eq!(picture_of_nine.get_pixel(14 + 90, 14 + 26 + 90).0, [100; 3]);
    assert_eq!(picture_of_nine.get_pixel(14 + 2 * 194 + 179, 14 + 26 + 2 * 220 + 179).0, [180; 3]);
    assert_eq!(picture_of_nine.get_pixel(5, 5).0, [255; 3]);
    let inks = pixels_of(&picture_of_nine, INK);
    assert!(inks > 9 * 20, "{inks}");

    cells.iter_mut().for_each(|cell| cell.caption.clear());
    grid::write_png(&path, 9, &cells, &Fonts::default()).unwrap();
    assert_eq!(picture(&path).dimensions(), (9 * 194 + 14, 194 + 14));
    assert_eq!(pixels_of(&picture(&path), INK), 0);
}

#[test]
fn weird_captions_are_drawn_and_stay_over_their_picture() {
    let folder = tempdir().unwrap();
    let long = "x".repeat(1_000_000);
    let captions = ["", " ", "a\n\tb\0", "цветок", "花", "🌻", "e\u{301}", "\u{202e}abc", "ﷺ", "…", long.as_str()];
    for (index, caption) in captions.iter().enumerate() {
        let path = folder.path().join(format!("{index}.png"));
        grid::write_png(&path, 2, &[cell(caption, 64, 200), cell("", 64, 200)], &Fonts::default()).unwrap();
        let drawn = picture(&path);
        let right = image::imageops::crop_imm(&drawn, 14 + 180, 0, drawn.width() - 194, drawn.height()).to_image();
        assert_eq!(
            pixels_of(&right, INK),
            0,
            "{:?} runs into its neighbor",
            caption.chars().take(9).collect::<String>()
        );
    }
    // A script that the font has is drawn in its own letters, not as the box that stands for a missing one.
    let ink = |index: usize| pixels_of(&picture(&folder.path().join(format!("{index}.png"))), INK);
    assert!(ink(3) > ink(4));
}

#[test]
fn small_pictures_are_enlarged_and_large_ones_reduced() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("grid.png");
    for (size, side) in [(1, 180), (32, 180), (100, 180), (224, 224), (700, 512)] {
        grid::write_png(&path, 1, &[cell("", size, 77)], &Fonts::default()).unwrap();
        let drawn = picture(&path);
        assert_eq!(drawn.dimensions(), (side + 28, side + 28));
        assert_eq!(drawn.get_pixel(14 + side / 2, 14 + side / 2).0, [77; 3]);
    }
}

#[test]
fn impossible_grids_are_refused() {
    let path = Path::new("never-written.png");
    let torn = Cell { pixels: vec![0; 11], ..cell("", 2, 0) };
    let vast = Cell { caption: String::new(), size: usize::MAX, pixels: Vec::new() };
    for (columns, cells) in
        [(0, vec![cell("", 8, 0)]), (3, vec![]), (3, vec![torn]), (1, vec![vast]), (1, vec![cell("", 0, 0)])]
    {
        let error = grid::write_png(path, columns, &cells, &Fonts::default()).unwrap_err();
        assert!(matches!(error, Error::Predict(PredictError::Setting { .. })), "{error}");
    }
    assert!(!path.exists());
}

#[test]
fn a_preview_shows_nine_photos_of_the_folder_and_skips_what_cannot_be_read() {
    let folder = tempdir().unwrap();
    let photos = folder.path().join("photos");
    demo::write_folder(&photos, 2, 40, 5).unwrap();
    std::fs::write(photos.join("daisy/broken.jpg"), b"\xff\xd8\xff\xe0 and no more").unwrap();
    let index = Index::scan(&photos).unwrap();
    let prep = PrepSpec { image_size: 64, ..PrepSpec::default() };
    let (first, second) = (folder.path().join("first.png"), folder.path().join("second.png"));
    let shown = preview::preview_folder(&index, &prep, 1, &first, &Fonts::default()).unwrap();
    assert_eq!(shown.len(), 9);
    assert!(!shown.contains(&"daisy/broken.jpg".to_string()));
    assert_eq!(picture(&first).dimensions(), (3 * 194 + 14, 3 * 220 + 14));
    assert_eq!(preview::preview_folder(&index, &prep, 1, &second, &Fonts::default()).unwrap(), shown);
    assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());
    assert_ne!(preview::preview_folder(&index, &prep, 2, &second, &Fonts::default()).unwrap(), shown);
}

#[test]
fn an_augmented_preview_shows_nine_different_versions() {
    let folder = tempdir().unwrap();
    let photos = folder.path().join("photos");
    demo::write_folder(&photos, 1, 64, 5).unwrap();
    let index = Index::scan(&photos).unwrap();
    let prep = PrepSpec { image_size: 64, ..PrepSpec::default() };
    let (_, photo) = preview::pick_photo(&index, &PrepSpec::default(), 1).unwrap();
    let out = folder.path().join("augmented.png");
    preview::preview_augmented(&photo, &prep, &AugmentLayer::tutorial(), 1, &out).unwrap();
    let drawn = picture(&out);
    assert_eq!(drawn.dimensions(), (3 * 194 + 14, 3 * 194 + 14));
    let version = |k: u32| image::imageops::crop_imm(&drawn, 14 + k % 3 * 194, 14 + k / 3 * 194, 180, 180).to_image();
    for k in 1..9 {
        assert!(version(k) != version(0), "version {k} is the first again");
    }
}

#[test]
fn a_folder_of_unreadable_photos_has_no_preview() {
    let folder = tempdir().unwrap();
    for class in ["a", "b"] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        std::fs::write(folder.path().join(class).join("x.jpg"), b"\xff\xd8\xff\xe0 and no more").unwrap();
    }
    let index = Index::scan(folder.path()).unwrap();
    let out = folder.path().join("preview.png");
    let error = preview::preview_folder(&index, &PrepSpec::default(), 1, &out, &Fonts::default()).unwrap_err();
    assert!(matches!(error, Error::Data(data::Error::NothingUsable { photos: 2, .. })), "{error}");
    assert!(!out.exists());
    assert!(preview::pick_photo(&index, &PrepSpec::default(), 1).is_err());
}
