//! Telling pictures that are unlike all known ones, and choosing the photos that are worth a look.

use umbel::base::random::{Purpose, Stream};
use umbel::metrics::*;

fn near(ours: f64, expected: f64) {
    assert!((ours - expected).abs() < 1e-5 * expected.abs().max(1.0), "{ours} instead of {expected}");
}

#[test]
fn scores_worked_out_by_hand() {
    near(max_probability(&[0.2, 0.7, 0.1]), 0.7);
    near(negative_energy(&[0.0, 0.0]), 2f64.ln());
    near(negative_energy(&[1000.0, 999.0]), 1000.0 + (1.0 + (-1f64).exp()).ln());
    near(auroc(&[3.0, 2.0], &[1.0, 0.0]), 1.0);
    near(auroc(&[0.0, 1.0], &[2.0]), 0.0);
    // Of four pairs two are won, and one is a tie.
    near(auroc(&[3.0, 1.0], &[1.0, 2.0]), 2.5 / 4.0);
    assert!(auroc(&[], &[1.0]).is_nan());
}

#[test]
fn a_threshold_keeps_the_share_that_was_asked_for() {
    let mut random = Stream::new(1, Purpose::Demo, 0, 0);
    for images in [1usize, 2, 40, 3000] {
        let scores: Vec<f64> = (0..images).map(|_| f64::from(random.uniform())).collect();
        let known = KnownScores::new(&scores).unwrap();
        assert_eq!(known.images, images);
        for keep in [0.5, 0.9, 0.95, 1.0] {
            let threshold = known.threshold(keep);
            let kept = scores.iter().filter(|score| **score >= threshold).count() as f64 / images as f64;
            assert!(kept >= keep - 1.0 / images as f64 - 2e-3, "{kept} of {images} kept where {keep} was asked for");
            assert!(kept <= keep + 1.0 / images as f64 + 2e-3 || images == 1, "{kept} of {images} for {keep}");
        }
    }
    assert!(KnownScores::new(&[]).is_none() && KnownScores::new(&[1.0, f64::NAN]).is_none());
}

/// Features of three classes: correlated noise around means on a line.
fn features(n: usize) -> (Vec<f32>, Vec<u32>) {
    let mut random = Stream::new(3, Purpose::Demo, 0, 0);
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for k in 0..n {
        let class = k % 3;
        let (a, b) = (random.range(-1.0, 1.0), random.range(-1.0, 1.0));
        features.extend([10.0 * class as f32 + a, 5.0 + a + 0.1 * b, 0.0]);
        labels.push(class as u32);
    }
    (features, labels)
}

#[test]
fn distances_know_directions_and_classes() {
    let (rows, labels) = features(600);
    let space = FeatureSpace::fit(3, &rows, &labels, 4).unwrap();
    let own: f64 = rows.chunks(3).map(|row| space.distance(row)).sum::<f64>() / 600.0;
    assert!((0.4..1.1).contains(&own), "{own}: about one for known pictures, less where a feature never varies");
    // Along the noise's own direction it is near; across it, the same step is far; between the classes, too.
    let (along, across) = (space.distance(&[10.8, 5.8, 0.0]), space.distance(&[10.8, 4.2, 0.0]));
    assert!(across > 5.0 * along, "{along} {across}");
    assert!(space.distance(&[15.0, 5.0, 0.0]) > 5.0 * own);
    assert!(space.distance(&[10.0, 5.0, 3.0]) > 5.0 * own, "what never varied must not vary");
    let (whitening, means) = space.parts();
    let again = FeatureSpace::from_parts(3, whitening.to_vec(), means.to_vec()).unwrap();
    assert_eq!(again, space);
    assert_eq!(means.len(), 3 * 3, "the class without a picture has no mean");
}

#[test]
fn features_that_cannot_be_used_are_refused() {
    assert!(FeatureSpace::fit(0, &[], &[], 2).is_none());
    assert!(FeatureSpace::fit(2, &[1.0, 2.0, 3.0], &[0], 2).is_none());
    assert!(FeatureSpace::fit(1, &[f32::NAN], &[0], 2).is_none());
    assert!(FeatureSpace::fit(1, &[1.0], &[2], 2).is_none());
    let many = MOST_FEATURES + 1;
    assert!(FeatureSpace::fit(many, &vec![0.0; many], &[0], 1).is_none());
    // Fewer pictures than features, and all alike: still a space.
    assert!(FeatureSpace::fit(3, &[1.0, 2.0, 3.0, 1.0, 2.0, 3.0], &[0, 0], 1).is_some());
    assert!(FeatureSpace::from_parts(2, vec![0.0; 3], vec![0.0; 2]).is_none());
}

#[test]
fn known_pictures_are_scored_by_distance_or_by_energy() {
    let (rows, labels) = features(60);
    let logits: Vec<f32> = (0..60).flat_map(|k| [k as f32 / 60.0, 0.0, 1.0]).collect();
    let known = KnownPictures::measure(3, (3, &rows, &labels), (&logits, &rows)).unwrap();
    assert_eq!((known.familiarity, known.scores.images), (Familiarity::Mahalanobis, 60));
    assert!(known.score(&[0.0; 3], &rows[..3]) > known.score(&[9.0; 3], &[500.0, -500.0, 0.0]));
    let wide = MOST_FEATURES + 1;
    let many = vec![1.0; 60 * wide];
    let known = KnownPictures::measure(3, (wide, &many, &labels), (&logits, &many)).unwrap();
    assert_eq!(known.familiarity, Familiarity::Energy);
    near(known.score(&[1.0, 2.0, 3.0], &many[..wide]), negative_energy(&[1.0, 2.0, 3.0]));
    assert!(KnownPictures::measure(3, (3, &rows, &labels), (&[], &[])).is_none());
}

#[test]
fn galleries_pick_what_is_worth_a_look() {
    let labels = [0, 0, 1, 1, 0, 1];
    let probabilities = [
        0.9, 0.1, // right, the surest of class 0
        0.2, 0.8, // wrong, the worst but one
        0.45, 0.55, // right, the least sure
        0.95, 0.05, // wrong, the worst
        0.6, 0.4, // right
        0.1, 0.9, // right
    ];
    let answers = Answers::new(&labels, &probabilities, 2).unwrap();
    assert_eq!(answers.worst_mistakes(10), [3, 1]);
    assert_eq!(answers.worst_mistakes(1), [3]);
    assert_eq!(answers.least_sure(3), [2, 4, 1]);
    assert_eq!(answers.most_typical(0, 10), [0, 4]);
    assert_eq!(answers.most_typical(1, 1), [5]);
    assert!(answers.most_typical(7, 3).is_empty());
    let one_class = Answers::new(&[0], &[1.0], 1).unwrap();
    assert!(one_class.least_sure(3).is_empty() && one_class.worst_mistakes(3).is_empty());
    let equal = Answers::new(&[0, 0], &[0.5, 0.5, 0.5, 0.5], 2).unwrap();
    assert_eq!(equal.least_sure(2), [0, 1], "of equals, in their order");
}
