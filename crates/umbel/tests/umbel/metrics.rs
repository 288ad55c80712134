//! The metrics on cases that can be worked out by hand, their intervals, and the temperature.

use umbel::base::random::{Purpose, Stream};
use umbel::metrics::{
    Answers, Confusion, LEAST_MISTAKES, TEMPERATURES, balanced_calibrated_loss, calibrated_loss,
    fit_balanced_temperature, fit_temperature, holm, intervals, macro_precision_recall, macro_roc, mcnemar,
    paired_difference, softmax, wilson,
};

/// Six photos of three classes: of class 0 two right and one taken for 1; of class 1 one right and one taken for 0; of
/// class 2 none right.
const LABELS: [u32; 6] = [0, 0, 0, 1, 1, 2];
const PROBABILITIES: [f64; 18] = [
    0.8, 0.1, 0.1, //
    0.6, 0.3, 0.1, //
    0.3, 0.5, 0.2, //
    0.2, 0.7, 0.1, //
    0.5, 0.4, 0.1, //
    0.1, 0.6, 0.3,
];

fn near(ours: f64, expected: f64) {
    assert!((ours - expected).abs() < 1e-12, "{ours} instead of {expected}");
}

#[test]
fn figures_worked_out_by_hand() {
    let answers = Answers::new(&LABELS, &PROBABILITIES, 3).unwrap();
    let confusion = Confusion::new(&answers);
    assert_eq!(confusion.rows(), [[2, 1, 0], [1, 1, 0], [0, 1, 0]]);
    near(confusion.accuracy(), 0.5);
    near(confusion.balanced_accuracy(), (2.0 / 3.0 + 0.5 + 0.0) / 3.0);
    // Agreement by chance: (3·3 + 2·3 + 1·0) / 36.
    near(confusion.kappa(), (0.5 - 15.0 / 36.0) / (1.0 - 15.0 / 36.0));
    let classes = confusion.classes();
    near(classes[1].precision, 1.0 / 3.0);
    near(classes[1].recall, 0.5);
    near(classes[1].f1, 0.4);
    assert_eq!((classes[2].precision, classes[2].f1, classes[2].support), (0.0, 0.0, 1), "0 where it is 0 of 0");
    near(answers.top_k_accuracy(1), 0.5);
    near(answers.top_k_accuracy(2), 1.0);
    near(answers.loss(), -(0.8f64 * 0.6 * 0.3 * 0.7 * 0.4 * 0.3).ln() / 6.0);
    let brier = [0.06, 0.26, 0.78, 0.14, 0.62, 0.86];
    near(answers.brier(), brier.iter().sum::<f64>() / 6.0);
    // Each bin of 1/15: 0.8 right; 0.6 right and 0.6 wrong; 0.5 wrong twice; 0.7 right.
    near(answers.ece(), (0.2 + (1.2 - 1.0) + 1.0 + 0.3) / 6.0);
    // Class 2: its one photo has the highest probability of all. Class 1: 0.7 and 0.4 among 0.1, 0.3, 0.5, 0.6.
    let auc = answers.roc_auc();
    near(auc[2], 1.0);
    near(auc[1], 6.0 / 8.0);
    near(answers.average_precision()[1], (1.0 + 2.0 / 4.0) / 2.0);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let refused = |labels: &[u32], probabilities: &[f64], n_classes, thing: &str| {
        let text = Answers::new(labels, probabilities, n_classes).unwrap_err().to_string();
        assert!(text.contains(thing), "{text}");
    };
    refused(&[], &[], 2, "0 photos");
    refused(&[0], &[], 0, "0 classes");
    refused(&[0], &[0.5], 2, "1 rows of 2");
    refused(&[2], &[0.5, 0.5], 2, "below 2");
    refused(&[0], &[f64::NAN, 0.5], 2, "from 0 to 1");
}

#[test]
fn figures_that_are_not_defined_are_not_numbers() {
    let answers = Answers::new(&[1, 1], &[0.2, 0.8, 0.4, 0.6], 2).unwrap();
    assert!(answers.roc_auc().iter().all(|auc| auc.is_nan()));
    assert!(answers.average_precision()[0].is_nan());
    assert!(Confusion::new(&answers).kappa().is_nan());
    near(Confusion::new(&answers).balanced_accuracy(), 1.0);
    near(Confusion::new(&answers).macro_means().f1, 1.0);
    assert!(Answers::new(&[0], &[0.0, 1.0], 2).unwrap().loss() > 700.0, "large, but a number");
}

#[test]
fn intervals_hold_the_figure_and_come_again_with_the_seed() {
    let (labels, logits) = drawn(400, 3, 1.0);
    let probabilities = softmax(3, &logits, 1.0);
    let answers = Answers::new(&labels, &probabilities, 3).unwrap();
    let first = intervals(&answers, 7);
    assert_eq!(first, intervals(&answers, 7));
    assert_ne!(first, intervals(&answers, 8));
    let confusion = Confusion::new(&answers);
    let accuracy = confusion.accuracy();
    for (interval, figure) in [
        (first.accuracy, accuracy),
        (first.balanced_accuracy, confusion.balanced_accuracy()),
        (first.macro_f1, confusion.macro_means().f1),
        (first.loss, answers.loss()),
    ] {
        assert!(interval[0] < figure && figure < interval[1], "{interval:?} {figure}");
    }
    // The normal approximation of a proportion's interval.
    let half = 1.96 * (accuracy * (1.0 - accuracy) / 400.0).sqrt();
    let ours = (first.accuracy[1] - first.accuracy[0]) / 2.0;
    assert!((ours / half - 1.0).abs() < 0.15, "{ours} {half}");
}

#[test]
fn curves_worked_out_by_hand() {
    let answers = Answers::new(&LABELS, &PROBABILITIES, 3).unwrap();
    // Class 1 by falling probability: 0.7 (own), 0.6, 0.5, 0.4 (own), 0.3, 0.1.
    let points: Vec<_> = answers.operating_points(1).iter().map(|point| (point.hits, point.false_alarms)).collect();
    assert_eq!(points, [(0, 0), (1, 0), (1, 1), (1, 2), (2, 2), (2, 3), (2, 4)]);
    let roc = answers.roc_curves();
    assert_eq!(roc[1].as_ref().unwrap()[4], (0.5, 1.0));
    let precision_recall = answers.precision_recall_curves();
    let expected = [(0.0, 1.0), (0.5, 1.0), (0.5, 0.5), (0.5, 1.0 / 3.0), (1.0, 0.5), (1.0, 0.4), (1.0, 2.0 / 6.0)];
    assert_eq!(precision_recall[1].as_ref().unwrap(), &expected);
    for (curve, start, end) in [
        (macro_roc(&roc).unwrap(), (0.0, 0.0), (1.0, 1.0)),
        (macro_precision_recall(&precision_recall).unwrap(), (0.0, 1.0), (1.0, (3.0 + 2.0 + 1.0) / 18.0)),
    ] {
        assert_eq!(curve[0], start);
        let last = curve[curve.len() - 1];
        assert!((last.0 - end.0).abs() < 1e-12 && (last.1 - end.1).abs() < 1e-12, "{last:?}");
        assert!(curve.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{curve:?}");
    }
    let one_class = Answers::new(&[1, 1], &[0.2, 0.8, 0.4, 0.6], 2).unwrap();
    assert!(one_class.roc_curves().iter().all(Option::is_none) && macro_roc(&one_class.roc_curves()).is_none());
    assert!(one_class.precision_recall_curves()[0].is_none());
}

#[test]
fn a_difference_is_told_from_chance() {
    let (labels, logits) = drawn(600, 3, 1.0);
    // The same answers, but for some that are turned to the next class.
    let spoiled = |every: usize| -> Vec<f64> {
        let rows = logits.chunks_exact(3).enumerate();
        let logits: Vec<f32> = rows
            .flat_map(|(k, row)| if k % every == 0 { [row[2], row[0], row[1]] } else { [row[0], row[1], row[2]] })
            .collect();
        softmax(3, &logits, 1.0)
    };
    let (good, poor, alike) = (softmax(3, &logits, 1.0), spoiled(3), spoiled(150));
    let answers = |probabilities| Answers::new(&labels, probabilities, 3).unwrap();
    let far = paired_difference(&answers(&good), &answers(&poor), 7).unwrap();
    assert!(far.p < 0.001 && far.accuracy_interval[1] < 0.0 && far.loss_interval[0] > 0.0, "{far:?}");
    let [low, high] = far.accuracy_interval;
    assert!(low < far.accuracy && far.accuracy < high, "{far:?}");
    let accuracy = |probabilities| Confusion::new(&answers(probabilities)).accuracy();
    near(far.accuracy, accuracy(&poor) - accuracy(&good));
    near(far.accuracy, (far.only_second as f64 - far.only_first as f64) / 600.0);
    near(far.loss, answers(&poor).loss() - answers(&good).loss());
    assert_eq!(far, paired_difference(&answers(&good), &answers(&poor), 7).unwrap());

    let back = paired_difference(&answers(&poor), &answers(&good), 7).unwrap();
    assert_eq!((back.only_first, back.only_second), (far.only_second, far.only_first));
    let near_by = paired_difference(&answers(&good), &answers(&alike), 7).unwrap();
    assert!(near_by.p > 0.05, "four photos of 600 prove nothing: {near_by:?}");
    let other = vec![0; labels.len()];
    let other = Answers::new(&other, &good, 3).unwrap();
    assert!(paired_difference(&answers(&good), &other, 7).is_err(), "other photos");
}

#[test]
fn p_values_worked_out_by_hand() {
    near(mcnemar(0, 0), 1.0);
    near(mcnemar(0, 5), 2.0 / 32.0);
    near(mcnemar(1, 4), 2.0 * 6.0 / 32.0);
    assert!(mcnemar(0, 100_000) >= 0.0 && mcnemar(50_000, 50_001) <= 1.0);
    let corrected = holm(&[0.04, 0.01, 0.03]);
    for (ours, expected) in corrected.into_iter().zip([0.06, 0.03, 0.06]) {
        near(ours, expected);
    }
    assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
    assert!(holm(&[]).is_empty());
}

#[test]
fn the_temperature_undoes_what_the_logits_were_multiplied_by() {
    for factor in [0.25f32, 1.0, 3.0] {
        let (labels, logits) = drawn(40_000, 4, factor);
        let found = fit_temperature(4, &logits, &labels).unwrap();
        assert_eq!(found.images, 40_000);
        assert!((found.temperature / f64::from(factor) - 1.0).abs() < 0.1, "{found:?} for {factor}");
        let loss = |temperature: f64| Answers::new(&labels, &softmax(4, &logits, temperature), 4).unwrap().loss();
        let best = loss(found.temperature);
        // But for the prior around 1, which forty thousand photos hardly hear.
        assert!(best < loss(found.temperature * 1.01) && best < loss(found.temperature / 1.01), "{found:?}");
        assert_eq!(found, fit_temperature(4, &logits, &labels).unwrap());
        let likely = |temperature| {
            let probabilities = softmax(4, &logits, temperature);
            Answers::new(&labels, &probabilities, 4).unwrap().predicted().collect::<Vec<_>>()
        };
        assert_eq!(likely(1.0), likely(found.temperature), "who is most likely stays");
    }
}

/// Ten photos with one mistake once gave a temperature of 0.05, and a model that guessed said so with 96 to 100 %.
#[test]
fn there_is_no_temperature_of_fewer_than_ten_mistakes() {
    assert_eq!(fit_temperature(2, &[], &[]), None);
    let photos = |right: usize, wrong: usize| {
        let labels: Vec<u32> = [vec![0; right], vec![1; wrong]].concat();
        fit_temperature(2, &[2.0, 1.0].repeat(labels.len()), &labels)
    };
    assert_eq!((photos(9, 1), photos(500, LEAST_MISTAKES - 1)), (None, None));
    assert!(photos(40, LEAST_MISTAKES).is_some() && photos(39, LEAST_MISTAKES).is_none());
    assert_eq!(fit_temperature(2, &[2.0, f32::NAN].repeat(60), &[0; 60]), None);
    assert_eq!(fit_temperature(2, &[2.0; 119], &[0; 60]), None);
    let hottest = photos(0, 4000).unwrap().temperature;
    assert!(hottest > 10.0 && hottest <= TEMPERATURES.1, "all wrong: nearly as unsure as can be: {hottest}");
}

/// The few photos of a small run say little, and what they say is believed as little: many that say the same are believed.
#[test]
fn a_temperature_is_believed_as_far_as_photos_speak_for_it() {
    let fitted = |n: usize| {
        let (labels, logits) = drawn(n, 4, 4.0);
        fit_temperature(4, &logits, &labels).unwrap().temperature
    };
    let (few, some, many) = (fitted(60), fitted(300), fitted(20_000));
    assert!(1.0 < few && few < some && some < many && (many / 4.0 - 1.0).abs() < 0.05, "{few} {some} {many}");
}

/// Of classes that are to be equally common, the few photos of a rare one count as much as the many of another.
#[test]
fn a_balanced_temperature_is_that_of_equally_many_photos_of_each_class() {
    let (labels, logits) = drawn(6_000, 4, 2.5);
    // Three of every four photos of the first class left out; and the others taken as often as they are too many.
    let mut seen = 0;
    let kept: Vec<usize> = (0..labels.len())
        .filter(|&photo| {
            seen += usize::from(labels[photo] == 0);
            labels[photo] != 0 || seen % 4 == 0
        })
        .collect();
    let of = |photos: &[usize]| -> (Vec<u32>, Vec<f32>) {
        (
            photos.iter().map(|&photo| labels[photo]).collect(),
            photos.iter().flat_map(|&photo| logits[photo * 4..][..4].to_vec()).collect(),
        )
    };
    let (few_labels, few_logits) = of(&kept);
    let balanced = fit_balanced_temperature(4, &few_logits, &few_labels).unwrap().temperature;
    let counts: Vec<usize> = (0..4).map(|class| few_labels.iter().filter(|label| **label == class).count()).collect();
    let times = |photo: usize| (20_000.0 / counts[labels[photo] as usize] as f64).round() as usize;
    let repeated: Vec<usize> = kept.iter().flat_map(|&photo| std::iter::repeat_n(photo, times(photo))).collect();
    let (even_labels, even_logits) = of(&repeated);
    let even = fit_temperature(4, &even_logits, &even_labels).unwrap().temperature;
    // The repeated photos speak louder against the prior, and no other way.
    assert!((balanced / even - 1.0).abs() < 0.03, "{balanced} {even}");
}

/// All of ten right was told as 100 to 100 %.
#[test]
fn ten_of_ten_leave_room_for_mistakes() {
    let near = |[low, high]: [f64; 2], expected: [f64; 2]| {
        assert!((low - expected[0]).abs() < 5e-4 && (high - expected[1]).abs() < 5e-4, "{low} {high}");
    };
    // Wilson's intervals as R's binom.confint(method = "wilson") gives them.
    near(wilson(1.0, 10.0), [0.7225, 1.0]);
    near(wilson(0.0, 10.0), [0.0, 0.2775]);
    near(wilson(0.9, 50.0), [0.7864, 0.9565]);
    let labels: Vec<u32> = (0..10).map(|photo| photo % 2).collect();
    let sure: Vec<f64> = labels.iter().flat_map(|&label| [1.0 - f64::from(label), f64::from(label)]).collect();
    let own = intervals(&Answers::new(&labels, &sure, 2).unwrap(), 1);
    for interval in [own.accuracy, own.balanced_accuracy, own.macro_f1] {
        near(interval, [0.7225, 1.0]);
    }
    // A class of one photo tells little of the mean over the classes, however many the others are.
    let labels: Vec<u32> = (0..100).map(|photo| u32::from(photo == 0)).collect();
    let sure: Vec<f64> = labels.iter().flat_map(|&label| [1.0 - f64::from(label), f64::from(label)]).collect();
    let own = intervals(&Answers::new(&labels, &sure, 2).unwrap(), 1);
    assert!(own.accuracy[0] > 0.95 && own.balanced_accuracy[0] < 0.55, "{own:?}");
}

/// Photos whose classes are drawn by the softmax of their logits, which are then multiplied.
fn drawn(n: usize, n_classes: usize, factor: f32) -> (Vec<u32>, Vec<f32>) {
    let mut random = Stream::new(5, Purpose::Demo, 0, 0);
    let (mut labels, mut all) = (Vec::new(), Vec::new());
    for _ in 0..n {
        let logits: Vec<f32> = (0..n_classes).map(|_| random.range(-2.0, 2.0)).collect();
        let mut left = f64::from(random.uniform());
        let probabilities = softmax(n_classes, &logits, 1.0);
        let label = probabilities.iter().position(|p| {
            left -= p;
            left < 0.0
        });
        labels.push(label.unwrap_or(n_classes - 1) as u32);
        all.extend(logits.iter().map(|z| z * factor));
    }
    (labels, all)
}

#[test]
fn labels_are_disputed_as_worked_out_by_hand() {
    // Class means of their own probability: 0.5, 0.7, 0.5. Confident of another class than its own: row 2 of class 0 (1 of 3), row 5 of
    // class 2 (1 of 2).
    let labels = [0, 0, 0, 1, 1, 2, 2];
    let probabilities = [
        0.80, 0.10, 0.10, // agrees
        0.60, 0.20, 0.20, // agrees
        0.10, 0.85, 0.05, // disputed: rather 1
        0.10, 0.80, 0.10, // agrees
        0.30, 0.60, 0.10, // agrees, if below its own class's mean
        0.52, 0.08, 0.40, // disputed, less surely: rather 0
        0.20, 0.20, 0.60, // agrees
    ];
    let found = Answers::new(&labels, &probabilities, 3).unwrap().disputes();
    let short: Vec<_> = found.iter().map(|dispute| (dispute.row, dispute.given, dispute.suggested)).collect();
    assert_eq!(short, [(2, 0, 1), (5, 2, 0)]);
    near(found[0].given_probability, 0.10);
    near(found[1].suggested_probability, 0.52);
    // Not as sure as photos of class 1 are of it: no dispute, however much likelier than the given class.
    let unsure = [0.35, 0.65, 0.0, 0.1, 0.9, 0.0];
    assert!(Answers::new(&[0, 1], &unsure, 3).unwrap().disputes().is_empty());
}

#[test]
fn the_loss_once_calibrated_does_not_go_by_how_sure_answers_are() {
    // 200 answers, 40 of them wrong, some surer than others.
    let labels: Vec<u32> = (0..200).map(|k| k % 2).collect();
    let sharp = |factor: f32| -> Vec<f32> {
        (0..200u32)
            .flat_map(|k| {
                let own = (1.0 + (k % 7) as f32 / 4.0) * if k % 5 == 0 { -0.4 } else { 1.0 };
                let own = own * factor;
                if k % 2 == 0 { [own, 0.0] } else { [0.0, own] }
            })
            .collect()
    };
    let loss = |factor: f32| calibrated_loss(2, &sharp(factor), &labels).unwrap();
    let (timid, fair, bold) = (loss(0.5), loss(1.0), loss(2.0));
    assert!((timid - fair).abs() < 0.01 && (bold - fair).abs() < 0.01, "{timid} {fair} {bold}");
    // It is that of the temperature that would be kept.
    let logits = sharp(2.0);
    let temperature = fit_temperature(2, &logits, &labels).unwrap().temperature;
    let probabilities = softmax(2, &logits, temperature);
    near(Answers::new(&labels, &probabilities, 2).unwrap().loss(), bold);
    // Even classes weigh as they are.
    near(balanced_calibrated_loss(2, &logits, &labels).unwrap(), bold);
    assert_eq!(calibrated_loss(2, &[], &[]), None);
    assert_eq!(calibrated_loss(2, &[0.0, f32::NAN], &[0]), None);
}
