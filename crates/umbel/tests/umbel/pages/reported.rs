//! The page of a run.

use std::fs;

use image::{Rgb, RgbImage};
use tempfile::tempdir;
use umbel::base::augmentation::AugmentLayer;
use umbel::base::lang::Lang;
use umbel::data::Part;
use umbel::metrics::{SetScore, Trusted};
use umbel::report::page::{self, Facts};
use umbel::run::Predictions;
use umbel::run::RunRecords;
use umbel::{Error, run};

use super::records::{MadeUp, noise, photos_of};

const FIVE: [&str; 5] = ["daisy", "dandelion", "roses", "sunflowers", "tulips"];
const HEADINGS: [&str; 8] = [
    "The data",
    "How training went",
    "What is taken for what",
    "Class by class",
    "How sure it is",
    "Photos worth a look",
    "How to get this again",
    "Model card",
];

fn heading(html: &str, words: &str) -> bool {
    html.contains(&format!(">{words}</h2>"))
}

#[test]
fn a_page_of_five_thousand_photos_has_everything_and_stays_below_ten_megabytes() {
    let folder = tempdir().unwrap();
    let (data, run) = (folder.path().join("photos"), folder.path().join("run"));
    let records = MadeUp { classes: &FIVE, photos: 5000, accuracy: 0.7, seed: 1 }.write(&run, &data);
    photos_of(&records, &data, &noise(folder.path()));
    let facts = Facts {
        command: "umbel train 'my photos'".into(),
        augment: AugmentLayer::tutorial(),
        overlay: None,
        lang: Lang::English,
        source: None,
    };
    let html = page::render(&records, &facts).unwrap();
    assert!(html.len() < 10_000_000, "{} bytes", html.len());
    let pictures = html.matches("data:image/jpeg;base64,").count();
    assert!(pictures > 200 && html.len() > 6_000_000, "{pictures} pictures of noise, which fill the budget");
    for words in HEADINGS {
        assert!(heading(&html, words), "{words}");
    }
    assert!(html.contains("my photos") && html.contains("123,456 parameters") && html.contains("cut &lt;short&gt;"));
    let scores = records.scores().unwrap().unwrap();
    assert!(html.contains(&format!("{:.1}\u{a0}%", 100.0 * scores.accuracy)), "the accuracy");
    assert_eq!(html.matches("<svg").count(), 6, "two curves, ROC, precision and recall, two reliability diagrams");
    assert!(!html.contains("fill=\"#") && !html.contains("stroke=\"#"), "every color of a figure has a name");
}

#[test]
fn a_page_begins_with_how_good_the_model_is_where_it_is_weakest_and_what_to_do() {
    let folder = tempdir().unwrap();
    let made_up = MadeUp { classes: &FIVE, photos: 500, accuracy: 0.7, seed: 3 };
    let mut records = made_up.write(&folder.path().join("run"), &folder.path().join("none"));
    let page = |records: &RunRecords| page::render(records, &Facts::default()).unwrap().replace('\u{a0}', " ");
    let verdict = |html: &str| {
        let words = html.split("<p class=\"verdict\">").nth(1).expect("a verdict").split("</p>").next().unwrap();
        words.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text)).collect::<String>()
    };
    let scores = records.scores().unwrap().unwrap();
    let right = (scores.accuracy * scores.images as f64).round();
    let told = verdict(&page(&records));
    let begin = format!("Right on {right} of {} photos that it had not learned from, ", scores.images);
    assert!(told.starts_with(&begin), "{told}");
    let weakest = scores.classes.iter().min_by(|a, b| a.score.recall.total_cmp(&b.score.recall)).unwrap();
    assert!(told.contains(&format!("Weakest: {}, taken for ", weakest.class)), "{told}");
    assert!(told.ends_with(", since some may be wrong labels."), "{told}");

    // A class that has hardly anything to learn from comes before its mistakes.
    let few = records.split.iter_mut().filter(|row| row.class == FIVE[1] && row.part == Part::Train);
    few.skip(3).for_each(|row| row.part = Part::Val);
    assert!(
        verdict(&page(&records))
            .ends_with(&format!("Next: more photos of {}, which has 3 photos to learn from.", FIVE[1]))
    );

    // The test part had no say in anything, so the page tells of it.
    let mut tested = records.predictions.clone().unwrap();
    let kept = 40;
    tested.paths.truncate(kept);
    tested.labels.truncate(kept);
    tested.probabilities.truncate(kept * FIVE.len());
    records.tested = Some(tested);
    let html = page(&records);
    let told = verdict(&html);
    assert!(told.contains(" of 40 photos that had no say in anything, "), "{told}");
    assert!(html.contains("are of the test part (40 photos)"));
}

#[test]
fn no_photo_of_a_gallery_is_shown_twice() {
    let folder = tempdir().unwrap();
    let (data, run) = (folder.path().join("photos"), folder.path().join("run"));
    let records = MadeUp { classes: &FIVE, photos: 60, accuracy: 0.4, seed: 4 }.write(&run, &data);
    photos_of(&records, &data, &noise(folder.path()));
    let html = page::render(&records, &Facts::default()).unwrap();
    let gallery = html.split("<section id=\"gallery\"").nth(1).unwrap().split("<h3>").collect::<Vec<_>>();
    let shown = |part: &str| -> Vec<String> {
        part.split(" data-photo=\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_string()).collect()
    };
    let (worst, unsure) = (shown(gallery[1]), shown(gallery[2]));
    assert!(worst.len() == 12 && !unsure.is_empty(), "{worst:?} {unsure:?}");
    assert!(unsure.iter().all(|photo| !worst.contains(photo)), "{worst:?} {unsure:?}");
}

#[test]
fn a_page_in_another_language_has_no_english_sentence_left() {
    let folder = tempdir().unwrap();
    let made_up = MadeUp { classes: &["向日葵", "鬱金香", "玫瑰"], photos: 200, accuracy: 0.7, seed: 3 };
    let mut records = made_up.write(&folder.path().join("run"), &folder.path().join("none"));
    records.metrics.trusted = vec![Trusted { asked: 0.95, confidence: 0.83, right: 0.982, answered: 0.884 }];
    records.metrics.test_sets = vec![SetScore { level: 0.95, coverage: 0.951, mean_size: 1.23 }];
    let page = |lang: Lang| page::render(&records, &Facts { lang, ..Facts::default() }).unwrap();
    let (english, chinese) = (page(Lang::English), page(Lang::TraditionalChinese));
    assert!(chinese.contains("<html lang=\"zh-TW\">") && english.contains("<html lang=\"en\">"));
    assert!(chinese.contains("在沒有用來學習的照片中，答對 ") && chinese.contains(">模型卡</h2>"));
    // Names of settings, commands, and words that are the same in both; what is shown of a problem is the library's own message.
    let body = |html: &str| html.split("<body>").nth(1).unwrap().split("<script").next().unwrap().to_string();
    let body = body(&chinese);
    let told = body.split("<td class=\"path\">").map(|own| own.split_once("</td>").map_or(own, |own| own.1));
    let told: String = told
        .collect::<String>()
        .split("<code>")
        .map(|own| own.split_once("</code>").map_or(own, |own| own.1))
        .collect();
    let words = regex::Regex::new("[a-z]+(?: [a-z]+){2,}").unwrap();
    let text: String =
        told.split('<').map(|own| own.split_once('>').map_or("", |own| own.1)).collect::<Vec<_>>().join("|");
    let left: Vec<&str> = words.find_iter(&text).map(|found| found.as_str()).collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn the_list_of_contents_leads_to_every_part() {
    let folder = tempdir().unwrap();
    let made_up = MadeUp { classes: &FIVE, photos: 100, accuracy: 0.5, seed: 2 };
    let records = made_up.write(&folder.path().join("run"), &folder.path().join("none"));
    let html = page::render(&records, &Facts::default()).unwrap();
    let nav = html.split("<nav").nth(1).unwrap().split("</nav>").next().unwrap();
    let links: Vec<&str> = nav.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(links.len(), html.matches("<section id=").count());
    links.iter().for_each(|id| assert!(html.contains(&format!("<section id=\"{id}\"")), "{id}"));
    // A section once had the name of what the script reads, which then found the section.
    let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let once: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(once.len(), ids.len(), "every name once: {ids:?}");
}

#[test]
fn what_can_be_relied_on_is_told_where_it_was_measured() {
    let folder = tempdir().unwrap();
    let made_up = MadeUp { classes: &FIVE, photos: 90, accuracy: 0.5, seed: 2 };
    let mut records = made_up.write(&folder.path().join("run"), &folder.path().join("none"));
    let page = |records: &RunRecords| page::render(records, &Facts::default()).unwrap();
    assert!(!page(&records).contains("When to rely on it"), "a run of before");
    let mistaken = records.scores().unwrap().unwrap().most_mistaken();
    let named = page(&records).replace("<bdi>", "").replace("</bdi>", "");
    assert!(named.contains(&format!("Most often mistaken: {}", mistaken[0])), "{mistaken:?}");
    records.metrics.trusted = vec![Trusted { asked: 0.95, confidence: 0.83, right: 0.982, answered: 0.884 }];
    records.metrics.test_trusted = vec![Trusted { right: 0.971, answered: 0.86, ..records.metrics.trusted[0] }];
    records.metrics.test_sets = vec![SetScore { level: 0.98, coverage: 0.9776, mean_size: 1.234 }];
    let told = page(&records).replace('\u{a0}', " ");
    for words in [
        "Of answers with at least 83.0 % confidence, 98.2 % are right; that is 88.4 % of the photos that validated.",
        "On the test part: 97.1 % of such answers, which 86.0 % of its photos have.",
        "of 98 % of photos",
        "97.8 %",
        "1.23",
    ] {
        assert!(told.contains(words), "{words}");
    }
}

#[test]
fn names_are_text_wherever_they_stand() {
    let folder = tempdir().unwrap();
    let classes = ["</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "a&b'c"];
    let made_up = MadeUp { classes: &classes, photos: 90, accuracy: 0.5, seed: 2 };
    let records = made_up.write(&folder.path().join("<i>run"), &folder.path().join("none"));
    let html = page::render(&records, &Facts { command: "umbel train '<b>'".into(), ..Facts::default() }).unwrap();
    for raw in ["<script>alert", "<img src=x", "<i>run", "<b>", "cut <short>"] {
        assert!(!html.contains(raw), "{raw}");
    }
    assert!(html.contains("&lt;/script&gt;&lt;script&gt;alert(1)") && html.contains("\\u003c/script>"));
    assert!(html.contains("&lt;i&gt;run") && html.contains("a&amp;b"));
    // One for the data, one for the program; each is closed once, by the page.
    assert_eq!((html.matches("<script").count(), html.matches("</script").count()), (2, 2));
    let start = html.find("id=\"photos\">").unwrap() + "id=\"photos\">".len();
    let json = &html[start..start + html[start..].find("</script>").unwrap()];
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(value["classes"]["0"], classes[0], "the page's script gets the names as they are");
    assert_eq!(value["photos"].as_array().unwrap().len(), 90);
}

#[test]
fn a_page_asks_nothing_of_the_network_and_runs_no_other_script() {
    let folder = tempdir().unwrap();
    let made_up = MadeUp { classes: &FIVE, photos: 50, accuracy: 0.5, seed: 2 };
    let records = made_up.write(&folder.path().join("run"), &folder.path().join("none"));
    let html = page::render(&records, &Facts::default()).unwrap();
    let links = html.replace("http://www.w3.org/2000/svg", "");
    assert!(!links.contains("://") && !html.contains("<link") && !html.contains("@import") && !html.contains("url("));
    let policy = html.split("content=\"default-src 'none'").nth(1).expect("a policy");
    let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(html.contains(&format!("<script nonce=\"{nonce}\">")));
    assert!(html.contains("prefers-color-scheme:dark") && html.contains("@media print"));
}

#[test]
fn a_page_lives_with_what_there_is() {
    let folder = tempdir().unwrap();
    let run = folder.path().join("run");
    let made_up = MadeUp { classes: &FIVE, photos: 100, accuracy: 0.5, seed: 2 };
    let records = made_up.write(&run, &folder.path().join("gone"));
    let html = page::render(&records, &Facts::default()).unwrap();
    assert!(html.contains("no longer where they were") && !html.contains("<img "), "no photo, and said so");

    // As an older version left it.
    for file in ["predictions.csv", "split.csv", "problems.csv"] {
        fs::remove_file(run.join(file)).unwrap();
    }
    let html = page::render(&RunRecords::read(&run).unwrap(), &Facts::default()).unwrap();
    assert!(html.contains("no predictions.csv") && html.contains("no split.csv"));
    assert!(heading(&html, "How training went") && !heading(&html, "What is taken for what"));

    fs::remove_file(run.join("metrics.json")).unwrap();
    fs::remove_file(run.join("config.toml")).unwrap();
    let html = page::render(&RunRecords::read(&run).unwrap(), &Facts::default()).unwrap();
    assert!(html.contains("This run has not ended") && html.contains("umbel train --resume "));

    fs::write(run.join("predictions.csv"), "path,class\n").unwrap();
    assert!(matches!(RunRecords::read(&run), Err(Error::Run(run::Error::Malformed { .. }))));
    fs::remove_file(run.join("history.csv")).unwrap();
    assert!(matches!(RunRecords::read(&run), Err(Error::Run(run::Error::NoHistory { .. }))));
}

#[test]
fn leaks_are_told_by_part_with_a_few_names() {
    let folder = tempdir().unwrap();
    let run = folder.path().join("run");
    MadeUp { classes: &FIVE, photos: 100, accuracy: 0.5, seed: 2 }.write(&run, &folder.path().join("gone"));
    let rows = |rows: &[(&str, &str)]| {
        let rows = rows.iter().enumerate().map(|(k, (part, of))| format!("roses/<b>{k}.jpg,{part},'=a/{k}.jpg,{of}\n"));
        fs::write(run.join("leaks.csv"), "path,part,same_as,same_as_part\n".to_string() + &rows.collect::<String>())
            .unwrap();
        // Paths may break behind their signs.
        page::render(&RunRecords::read(&run).unwrap(), &Facts::default()).unwrap().replace("<wbr>", "")
    };
    let html = rows(&[("val", "train"); 7]);
    assert!(html.contains("7 validation photos (7.0\u{a0}%) show the same as a training photo."), "{html}");
    assert_eq!(html.matches("shows the same as <span").count(), 5);
    assert!(
        html.contains("… and 2 more, in leaks.csv.")
            && html.contains("roses/&lt;b&gt;0.jpg")
            && html.contains(">=a/0.jpg")
    );
    let html = rows(&[("val", "train"), ("test", "val"), ("test", "train")]);
    let said = "1 validation photo (1.0\u{a0}%) and 2 test photos show the same as a photo of an earlier part.";
    assert!(html.contains(said) && !html.contains("more, in leaks.csv"), "{html}");
    let html = rows(&[]);
    assert!(
        html.contains("No photo that is measured on shows the same") && !html.contains("better than they should be")
    );
}

#[test]
fn paths_do_not_lead_out_of_the_data_folder() {
    let folder = tempdir().unwrap();
    let (data, run) = (folder.path().join("photos"), folder.path().join("run"));
    fs::create_dir_all(&data).unwrap();
    noise(folder.path());
    let made_up = MadeUp { classes: &["a", "b"], photos: 10, accuracy: 0.5, seed: 2 };
    made_up.write(&run, &data);
    let mut predictions = Predictions::read(&run.join("predictions.csv")).unwrap();
    predictions.paths[0] = "../noise.jpg".into();
    predictions.paths[1] = folder.path().join("noise.jpg").to_str().unwrap().into();
    predictions.write(&run.join("predictions.csv")).unwrap();
    let html = page::render(&RunRecords::read(&run).unwrap(), &Facts::default()).unwrap();
    assert!(!html.contains("data:image"));
}

#[test]
fn an_overlay_stands_beside_the_photos_of_the_galleries() {
    let folder = tempdir().unwrap();
    let (data, run) = (folder.path().join("photos"), folder.path().join("run"));
    let records = MadeUp { classes: &["a", "b"], photos: 40, accuracy: 0.5, seed: 2 }.write(&run, &data);
    photos_of(&records, &data, &noise(folder.path()));
    let overlay = |path: &str, class: &str| {
        (path.starts_with("a/") && class == "b").then(|| RgbImage::from_pixel(32, 32, Rgb([200, 0, 0])))
    };
    let html = page::render(&records, &Facts { overlay: Some(&overlay), ..Facts::default() }).unwrap();
    assert!(html.contains("where the network looked"));
    let plain = page::render(&records, &Facts::default()).unwrap();
    assert!(plain.contains("data:image/jpeg") && !plain.contains("where the network looked"));
    assert_eq!(plain, page::render(&records, &Facts::default()).unwrap(), "the same page again");
}

#[test]
fn many_classes_and_few_photos_give_a_page_too() {
    let folder = tempdir().unwrap();
    let many: Vec<String> = (0..120).map(|k| format!("class {k}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let made_up = MadeUp { classes: &many, photos: 600, accuracy: 0.6, seed: 4 };
    let records = made_up.write(&folder.path().join("many"), &folder.path().join("none"));
    let html = page::render(&records, &Facts::default()).unwrap();
    assert!(
        html.contains("A table of 120 by 120 classes would be too large") && html.len() < 2_000_000,
        "{}",
        html.len()
    );
    let two = MadeUp { classes: &["a", "b"], photos: 1, accuracy: 1.0, seed: 4 };
    let records = two.write(&folder.path().join("two"), &folder.path().join("none"));
    let html = page::render(&records, &Facts::default()).unwrap();
    assert!(heading(&html, "Class by class"), "curves that are not defined are left out");
}

#[test]
fn predictions_come_back_to_the_same_bits() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("predictions.csv");
    let predictions = MadeUp { classes: &["a,\"b\"", "c\nd"], photos: 30, accuracy: 0.5, seed: 9 }.predictions();
    predictions.write(&path).unwrap();
    assert_eq!(Predictions::read(&path).unwrap(), predictions);
    for (text, thing) in [
        ("a,b\n", "its columns"),
        ("path,class,predicted,confidence\n", "a class each"),
        ("path,class,predicted,confidence,a\nx,b,a,1,1\n", "no column"),
        ("path,class,predicted,confidence,a\nx,a,a,1,two\n", "not a number"),
        ("path,class,predicted,confidence,a\nx,a,a,1,NaN\n", "not a number"),
        ("path,class,predicted,confidence,a\nx,a\n", "fields"),
    ] {
        fs::write(&path, text).unwrap();
        let error = Predictions::read(&path).unwrap_err().to_string();
        assert!(error.contains(thing), "{error}");
    }
}

#[test]
fn what_was_calibrated_can_be_undone() {
    let logits = [2.0f32, -1.0, 0.5, 0.0, 3.0, 2.9];
    let softmax = |temperature| umbel::metrics::softmax(3, &logits, temperature);
    let predictions = Predictions {
        classes: ["a", "b", "c"].map(String::from).to_vec(),
        paths: vec!["1".into(), "2".into()],
        labels: vec![0, 1],
        probabilities: softmax(1.7),
    };
    for (ours, plain) in predictions.uncalibrated(1.7).into_iter().zip(softmax(1.0)) {
        assert!((ours - plain).abs() < 1e-12, "{ours} {plain}");
    }
}
