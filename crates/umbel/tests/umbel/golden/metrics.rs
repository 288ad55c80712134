//! The metrics against scikit-learn's: `golden/data/metrics.json`, made by `golden/sklearn_golden.py`.

use serde::Deserialize;
use umbel::metrics::{Answers, Confusion, Means, Point, Scores, macro_precision_recall, macro_roc, mcnemar, softmax};

use super::files::{self, Verdict, largest_difference};

#[derive(Deserialize)]
struct Case {
    name: String,
    n_classes: usize,
    labels: Vec<u32>,
    logits: Vec<f32>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    accuracy: f64,
    top2_accuracy: Option<f64>,
    loss: f64,
    balanced_accuracy: f64,
    kappa: f64,
    confusion: Vec<Vec<u64>>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<u64>,
    brier: f64,
    ece: f64,
    roc_auc: Vec<Option<f64>>,
    average_precision: Vec<Option<f64>>,
    #[serde(rename = "macro")]
    macro_means: [f64; 3],
    weighted: [f64; 3],
    /// Of each class: false and true positive rates, by falling threshold.
    roc: Option<Vec<Option<[Vec<f64>; 2]>>>,
    /// Of each class: recalls and precisions, by rising threshold.
    precision_recall: Option<Vec<Option<[Vec<f64>; 2]>>>,
}

#[test]
fn metrics_agree_with_scikit_learn() {
    let mut verdict = Verdict::default();
    for case in files::json::<Vec<Case>>("data/metrics.json") {
        let expected = &case.expected;
        let probabilities = softmax(case.n_classes, &case.logits, 1.0);
        let answers = Answers::new(&case.labels, &probabilities, case.n_classes).unwrap();
        let ours = Scores::new(&answers, &[], 1);
        assert_eq!(Confusion::new(&answers).rows(), expected.confusion, "{}", case.name);
        assert_eq!(ours.classes.iter().map(|class| class.score.support).collect::<Vec<_>>(), expected.support);
        let means = |means: Means| [means.precision, means.recall, means.f1];
        let class = |value: fn(&umbel::metrics::NamedScore) -> f64| ours.classes.iter().map(value).collect::<Vec<_>>();
        let mut compare = |what: &str, ours: Vec<f64>, theirs: &[f64]| {
            verdict.add(format!("{what}/{}", case.name), largest_difference(ours, theirs), 1e-12, None);
        };
        compare("accuracy", vec![ours.accuracy], &[expected.accuracy]);
        compare("loss", vec![ours.loss], &[expected.loss]);
        compare("balanced accuracy", vec![ours.balanced_accuracy], &[expected.balanced_accuracy]);
        compare("kappa", vec![ours.kappa], &[expected.kappa]);
        compare("brier", vec![ours.brier], &[expected.brier]);
        compare("ece", vec![ours.ece], &[expected.ece]);
        compare("macro", means(ours.macro_means).into(), &expected.macro_means);
        compare("weighted", means(ours.weighted_means).into(), &expected.weighted);
        compare("precision", class(|class| class.score.precision), &expected.precision);
        compare("recall", class(|class| class.score.recall), &expected.recall);
        compare("f1", class(|class| class.score.f1), &expected.f1);
        for (what, ours, theirs) in [
            ("roc auc", class(|class| class.roc_auc), &expected.roc_auc),
            ("average precision", class(|class| class.average_precision), &expected.average_precision),
        ] {
            let defined: Vec<Option<f64>> = ours.iter().map(|value| value.is_finite().then_some(*value)).collect();
            assert_eq!(
                defined.iter().map(Option::is_some).collect::<Vec<_>>(),
                theirs.iter().map(Option::is_some).collect::<Vec<_>>(),
                "{what} is defined for the same classes"
            );
            compare(
                what,
                defined.into_iter().flatten().collect(),
                &theirs.iter().flatten().copied().collect::<Vec<_>>(),
            );
        }
        let (roc, precision_recall) = (answers.roc_curves(), answers.precision_recall_curves());
        for (what, ours, theirs) in [
            ("roc curve", roc.clone(), &expected.roc),
            ("precision-recall curve", turned_around(precision_recall.clone()), &expected.precision_recall),
        ] {
            for (class, (ours, theirs)) in ours.iter().zip(theirs.iter().flatten()).enumerate() {
                let (Some(ours), Some(theirs)) = (ours, theirs) else {
                    assert_eq!(ours.is_some(), theirs.is_some(), "{what} of class {class} of {}", case.name);
                    continue;
                };
                compare(what, ours.iter().map(|point| point.0).collect(), &theirs[0]);
                compare(what, ours.iter().map(|point| point.1).collect(), &theirs[1]);
            }
        }
        // The areas below the mean curves are the means of the areas.
        let straight = |a: (f64, f64), b: (f64, f64)| (b.0 - a.0) * (a.1 + b.1) / 2.0;
        let step = |a: (f64, f64), b: (f64, f64)| (b.0 - a.0) * b.1;
        compare("area of the mean roc", vec![area(&macro_roc(&roc).unwrap(), straight)], &[ours.roc_auc]);
        let mean = macro_precision_recall(&precision_recall).unwrap();
        compare("area of the mean precision-recall", vec![area(&mean, step)], &[ours.average_precision]);
        if let Some(theirs) = expected.top2_accuracy {
            compare("top 2", vec![answers.top_k_accuracy(2)], &[theirs]);
        }
    }
    verdict.finish("metrics against scikit-learn");
}

/// scikit-learn begins at the lowest threshold.
fn turned_around(mut curves: Vec<Option<Vec<Point>>>) -> Vec<Option<Vec<Point>>> {
    curves.iter_mut().flatten().for_each(|curve| curve.reverse());
    curves
}

fn area(curve: &[Point], piece: impl Fn(Point, Point) -> f64) -> f64 {
    curve.windows(2).map(|pair| piece(pair[0], pair[1])).sum()
}

#[test]
fn mcnemar_agrees_with_scipys_binomial_test() {
    for (first, second, theirs) in files::json::<Vec<(u64, u64, f64)>>("data/paired.json") {
        let ours = mcnemar(first, second);
        assert!((ours / theirs - 1.0).abs() < 1e-10, "{first} {second}: {ours} instead of {theirs}");
    }
}

/// Made by `golden/cleanlab_golden.py`.
#[test]
fn labels_are_disputed_as_cleanlab_disputes_them() {
    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        n_classes: usize,
        labels: Vec<u32>,
        probabilities: Vec<f64>,
        disputed: Vec<usize>,
    }
    let cases = files::json::<Vec<Case>>("data/disputes.json");
    assert!(cases.len() > 5 && cases.iter().any(|case| case.disputed.len() > 20));
    for case in cases {
        let found = Answers::new(&case.labels, &case.probabilities, case.n_classes).unwrap().disputes();
        let rows: Vec<usize> = found.iter().map(|dispute| dispute.row).collect();
        assert_eq!(rows, case.disputed, "{}", case.name);
    }
}
