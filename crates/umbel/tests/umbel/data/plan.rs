//! Plans: what a person has decided about single photos.

use std::fs;
use std::path::Path;

use umbel::base::progress::{Interrupt, Silent};
use umbel::check::check;
use umbel::data::plan::Action;
use umbel::data::{Index, Plan, PlanRow};
use umbel::{Error, data};

use super::pictures::{folder, write};

fn row(action: Action, path: &str, class: &str) -> PlanRow {
    PlanRow { action, path: path.into(), class: class.into(), reason: String::new() }
}

fn classes_of(index: &Index) -> Vec<(&str, &str)> {
    index.photos.iter().map(|photo| (photo.path.as_str(), index.classes[photo.class as usize].as_str())).collect()
}

#[test]
fn a_plan_leaves_out_and_relabels_and_touches_nothing() {
    let root = folder(&[3, 2]);
    let plan = Plan {
        rows: vec![
            row(Action::LeaveOut, "a/000.png", "a"),
            row(Action::Relabel, "a/001.png", "b"),
            row(Action::Relabel, "b/000.png", "new"),
            row(Action::Keep, "b/001.png", "whatever"),
        ],
    };
    let file = root.path().join("../plan-of-the-test.csv");
    plan.write(&file).unwrap();
    assert_eq!(Plan::read(&file).unwrap(), plan);
    fs::remove_file(&file).unwrap();
    let index = plan.apply(Index::scan(root.path()).unwrap(), Path::new("plan.csv")).unwrap();
    assert_eq!(index.classes, ["a", "b", "new"]);
    let expected = [("a/002.png", "a"), ("a/001.png", "b"), ("b/001.png", "b"), ("b/000.png", "new")];
    assert_eq!(classes_of(&index), expected);
    assert_eq!(Index::scan(root.path()).unwrap().photos.len(), 5);
}

#[test]
fn a_plan_that_does_not_fit_is_refused_by_what_it_names() {
    let root = folder(&[2, 2]);
    for (rows, said) in [
        (vec![row(Action::LeaveOut, "a/nowhere.png", "a")], "names a/nowhere.png, and there is no such photo"),
        (vec![row(Action::Keep, "a/000.png", ""), row(Action::LeaveOut, "a/000.png", "")], "names a/000.png twice"),
        (vec![row(Action::Relabel, "a/000.png", "")], "says no class"),
        (vec![row(Action::LeaveOut, "a/000.png", ""), row(Action::LeaveOut, "a/001.png", "")], "1 class(es)"),
    ] {
        let index = Index::scan(root.path()).unwrap();
        let error = Plan { rows }.apply(index, Path::new("plan.csv")).unwrap_err();
        assert!(matches!(error, Error::Data(data::Error::Plan { .. })) && error.to_string().contains(said), "{error}");
    }
    let file = root.path().join("plan.csv");
    fs::write(&file, "action,path,class\ndrop,a/000.png,a\n").unwrap();
    let error = Plan::read(&file).unwrap_err().to_string();
    assert!(error.contains("drop") && error.contains("leave-out"), "{error}");
}

#[test]
fn a_check_proposes_what_its_plan_then_mends() {
    let root = folder(&[4, 4]);
    let copy = fs::read(root.path().join("a/000.png")).unwrap();
    write(root.path(), "a/copy.png", &copy);
    let other = fs::read(root.path().join("b/000.png")).unwrap();
    write(root.path(), "a/wrong.png", &other);
    let index = Index::scan(root.path()).unwrap();
    let report = check(&index, None, &mut Silent, &Interrupt::default()).unwrap();
    let plan = report.plan(&index, None);
    let told: Vec<(Action, &str)> = plan.rows.iter().map(|row| (row.action, row.path.as_str())).collect();
    let expected = [
        (Action::Keep, "a/000.png"),
        (Action::LeaveOut, "a/copy.png"),
        (Action::LeaveOut, "a/wrong.png"),
        (Action::LeaveOut, "b/000.png"),
    ];
    assert_eq!(told, expected, "{:?}", plan.rows);
    assert!(plan.rows[2].reason.contains("a and b"), "{:?}", plan.rows[2]);
    let mended = plan.apply(index, Path::new("plan.csv")).unwrap();
    let report = check(&mended, None, &mut Silent, &Interrupt::default()).unwrap();
    assert!(report.duplicates.is_empty());
}
