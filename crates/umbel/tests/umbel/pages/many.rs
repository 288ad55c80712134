//! Pages of few and of very many classes and photos, and of names in any script and of any length: bounded, and readable.

use std::path::PathBuf;
use std::sync::LazyLock;

use tempfile::tempdir;
use umbel::base::fonts::Fonts;
use umbel::data::Part;
use umbel::metrics::Confusion;
use umbel::report::compare::{compare_records, read};
use umbel::report::page::{self, Facts};
use umbel::report::{compare_page, confusion};
use umbel::run::RunRecords;

use super::records::MadeUp;

const ARABIC: &str = "وردة حمراء";
static LONG: LazyLock<String> = LazyLock::new(|| "long".repeat(50));

/// In Chinese, in Arabic, of 200 characters without a place to break, and of signs that mean something in a page.
fn odd() -> [&'static str; 5] {
    ["玫瑰与郁金香", ARABIC, &LONG, "<b>tulips</b>", "أزهار (7) x"]
}

fn numbered(classes: usize) -> Vec<String> {
    (0..classes).map(|class| format!("class {class:04}")).collect()
}

fn records(classes: &[&str], photos: usize) -> RunRecords {
    let folder = tempdir().unwrap();
    let made_up = MadeUp { classes, photos, accuracy: 0.7, seed: 6 };
    made_up.write(&folder.path().join("run"), &folder.path().join("none"))
}

fn rendered(records: &RunRecords) -> String {
    page::render(records, &Facts::default()).unwrap()
}

fn strs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// What stands under a heading.
fn section<'a>(html: &'a str, id: &str) -> &'a str {
    let start = html.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no section {id}"));
    &html[start..start + html[start..].find("</section>").unwrap()]
}

/// Without what opens.
fn open_part(section: &str) -> &str {
    section.split("<details>").next().unwrap()
}

#[test]
fn pages_of_few_and_of_very_many_classes_and_photos_are_bounded() {
    let (few, many) = (numbered(5), numbered(1000));
    for (classes, photos, most) in
        [(&few, 50, 250_000), (&few, 5000, 700_000), (&many, 50, 1_000_000), (&many, 5000, 1_300_000)]
    {
        let html = rendered(&records(&strs(classes), photos));
        assert!(html.len() < most, "{} classes, {photos} photos: {} bytes", classes.len(), html.len());
        let (mistakes, by_class, data) =
            (section(&html, "mistakes"), section(&html, "classes"), section(&html, "data"));
        if classes.len() == 5 {
            assert_eq!(mistakes.matches("<th scope=\"row\"").count(), 5, "the whole table");
            assert_eq!(by_class.matches("<tr>").count(), 1 + 5 + 2);
            continue;
        }
        assert!(mistakes.contains("A table of 1,000 by 1,000 classes would be too large"));
        let listed = mistakes.matches("<button").count();
        assert!((1..=50).contains(&listed), "{listed} mistakes are listed");
        assert!(open_part(by_class).contains("weakest of 1,000 classes, by recall:"));
        assert_eq!(open_part(by_class).matches("<tr>").count(), 1 + 20 + 2, "the others open");
        assert_eq!(by_class.matches(">class 0999<").count(), 1, "all of them can be looked up");
        assert!(by_class.contains("the 60 weakest of 1,000 classes"), "the legend of the curves");
        assert!(open_part(data).matches("<tr>").count() <= 1 + 20 + 1);
        // Only the photos of mistakes that can be pressed are carried along.
        let carried = html.split("id=\"photos\"").nth(1).unwrap().matches(".jpg").count();
        assert!(carried <= listed * 60 && carried < 1000, "{carried} photos");
    }
}

#[test]
fn the_weakest_classes_come_first_and_a_class_without_photos_is_none_of_them() {
    let names = numbered(40);
    let mut records = records(&strs(&names), 400);
    let predictions = records.predictions.as_mut().unwrap();
    // Every photo of one class is taken for another, and one class has no photo.
    for (label, row) in predictions.labels.iter_mut().zip(predictions.probabilities.chunks_mut(40)) {
        if *label == 7 {
            row.fill(0.0);
            row[9] = 1.0;
        }
        if *label == 11 {
            *label = 12;
        }
    }
    let html = rendered(&records);
    let open = open_part(section(&html, "classes"));
    let first = open.find("class 0007").expect("the weakest");
    assert!(!open[..first].contains("class 00"), "the weakest comes first");
    assert!(!open.contains("class 0011"), "of which nothing is known");
}

#[test]
fn names_of_any_script_and_length_stay_by_themselves() {
    let mut records = records(&odd(), 500);
    // Classes of one size would not be named under the data.
    records.split.pop();
    let html = rendered(&records);
    assert!(!html.contains("<b>tulips"), "names are text");
    for name in [ARABIC, odd()[4], odd()[0]] {
        for id in ["mistakes", "classes", "data"] {
            let section = section(&html, id);
            let mut found = 0;
            for (place, _) in section.match_indices(name) {
                let (before, after) = (&section[..place], &section[place + name.len()..]);
                // Paths begin with a class; a title has nothing beside the name.
                if after.starts_with('/') || before.ends_with("title=\"") {
                    continue;
                }
                let tag = &before[before.rfind('<').unwrap()..];
                let is_own_element = tag == "<bdi>" || tag.ends_with('>') && tag.contains(" dir=\"auto\"");
                assert!(is_own_element || tag.ends_with('\u{2068}'), "{id}: {tag}{name}");
                found += 1;
            }
            assert!(found > 0, "{name} is missing under {id}");
        }
    }
}

#[test]
fn classes_of_one_size_are_told_in_a_line_and_others_in_bars() {
    let names = numbered(5);
    let mut records = records(&strs(&names), 500);
    let html = rendered(&records);
    let told = "5 classes of 125 photos each, 625 in all: 25 for training, 100 for validation.";
    assert!(section(&html, "data").contains(told), "{}", &section(&html, "data")[..600]);
    assert!(!section(&html, "data").contains("class=\"counts\""), "no bars that are all the same");
    let place = records.split.iter().position(|row| row.part == Part::Train).unwrap();
    records.split.remove(place);
    let html = rendered(&records);
    let data = section(&html, "data");
    assert!(!data.contains("photos each"));
    // In each of the five bars a piece for each part, as long as its share of the largest class.
    assert_eq!(data.matches("--c:var(--c0);width:").count(), 5);
    assert_eq!(data.matches("--c:var(--c4);width:80.0%").count(), 5);
    assert_eq!(data.matches("--c:var(--c0);width:19.2%").count(), 1, "24 of 125");
}

#[test]
fn a_picture_of_a_thousand_classes_shows_those_that_are_mistaken() {
    let folder = tempdir().unwrap();
    let names = numbered(1000);
    // Class 500 is taken for 700 again and again; all else is right.
    let (mut labels, mut rows) = (Vec::new(), Vec::new());
    for (label, said) in (0..1000).map(|class| (class, class)).chain([(500, 700); 9]) {
        labels.push(label as u32);
        rows.extend((0..1000).map(|class| f64::from(u8::from(class == said))));
    }
    let answers = umbel::metrics::Answers::new(&labels, &rows, 1000).unwrap();
    let paths =
        confusion::write(folder.path(), "confusion", &names, &Confusion::new(&answers), &Fonts::built_in()).unwrap();
    let svg = std::fs::read_to_string(&paths[0]).unwrap();
    for words in ["the 30 classes most often mistaken, of 1000", "class 0500", "class 0700", "\n9\n", "\n90\n"] {
        assert!(svg.contains(words), "{words}");
    }
    assert!(!svg.contains("class 0028") && svg.len() < 400_000, "{} bytes", svg.len());
}

#[test]
fn twelve_runs_with_long_names_are_compared_without_saying_anything_twelve_times() {
    let folder = tempdir().unwrap();
    let runs: Vec<PathBuf> = (0..12)
        .map(|k| {
            let run = folder.path().join(format!("run-{k:02}-{}", "with-a-name-that-goes-on".repeat(4)));
            let accuracy = 0.5 + 0.03 * k as f32;
            MadeUp { classes: &["a", "b", "c"], photos: 90, accuracy, seed: k }
                .write(&run, &folder.path().join("none"));
            run
        })
        .collect();
    let records = read(&runs).unwrap();
    let comparison = compare_records(&records, &folder.path().join("out"), &Fonts::built_in()).unwrap();
    let html = compare_page::render(&comparison, &records).unwrap();
    assert_eq!(html.matches("taken for over-fitting").count(), 1);
    assert_eq!(html.matches("a gap of more than 10 points").count(), 1);
    let over_fitting = html.split("<h2>Over-fitting</h2>").nth(1).unwrap().split("</section>").next().unwrap();
    let sentence = over_fitting.split("</table>").nth(1).unwrap();
    assert!((0..12).all(|k| sentence.contains(&format!("run-{k:02}-"))), "{sentence}");
    let title = html.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
    assert!(title.ends_with(" and 8 more"), "{title}");
    assert_eq!(html.matches("class=\"verdict\"").count(), 3);
    assert!(html.contains("The surest 3 of 66 differences") && html.contains("The other 36 pairs"));
}
