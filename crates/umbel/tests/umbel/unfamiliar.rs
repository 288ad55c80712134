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

/// Inputs of three classes: noise around three directions.
fn inputs(n: usize) -> Vec<f32> {
    let mut random = Stream::new(3, Purpose::Demo, 0, 0);
    let row = |k: usize| {
        let mut row = [0.0; 3];
        row[k % 3] = 5.0;
        row.map(|value: f32| value + random.range(0.0, 1.0))
    };
    (0..n).flat_map(row).collect()
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
    let known = KnownPictures::measure_distances(3, (3, &rows, &labels), (&logits, &rows)).unwrap();
    assert_eq!((known.familiarity, known.scores.images), (Familiarity::Mahalanobis, 60));
    assert!(known.score(&[0.0; 3], &rows[..3]) > known.score(&[9.0; 3], &[500.0, -500.0, 0.0]));
    let wide = MOST_FEATURES + 1;
    let many = vec![1.0; 60 * wide];
    let known = KnownPictures::measure_distances(3, (wide, &many, &labels), (&logits, &many)).unwrap();
    assert_eq!(known.familiarity, Familiarity::Energy);
    near(known.score(&[1.0, 2.0, 3.0], &many[..wide]), negative_energy(&[1.0, 2.0, 3.0]));
    assert!(KnownPictures::measure_distances(3, (3, &rows, &labels), (&[], &[])).is_none());
}

#[test]
fn drift_needs_to_know_what_confidence_was() {
    let (rows, labels) = features(60);
    let logits: Vec<f32> = (0..60).flat_map(|k| [k as f32 / 60.0, 0.0, 1.0]).collect();
    let known = KnownPictures::measure_distances(3, (3, &rows, &labels), (&logits, &rows)).unwrap();
    assert!(known.is_short_sighted() && known.reads() == Reads::ChannelMeans);
    assert!(known.drift(&[-9.0; 100], &[0.5; 100]).is_none(), "files of before do not tell");
    let known = KnownPictures { confidence: Moments::of(&[0.5, 0.6]), ..known };
    assert!(known.drift(&[-900.0; 100], &[0.5; 100]).unwrap().unlike);
}

#[test]
fn prototypes_are_near_what_they_are_of() {
    let rows = inputs(60);
    let prototypes = Prototypes::new(3, &rows).unwrap();
    assert_eq!((prototypes.inputs(), prototypes.pictures()), (3, 60));
    for row in rows.chunks(3) {
        // Longer or shorter is as near.
        let longer: Vec<f32> = row.iter().map(|value| 3.0 * value).collect();
        near(prototypes.likeness(row), prototypes.likeness(&longer));
        assert!(prototypes.likeness(row) > 0.98);
    }
    assert!(prototypes.likeness(&[-5.0, -5.0, -5.0]) < -0.5);
    near(prototypes.likeness(&[0.0; 3]), 0.0);
    assert!(prototypes.likeness(&[f32::NAN, 1.0, 1.0]).is_nan());
    // A single one, worked out by hand; a byte's steps are coarse.
    let one = Prototypes::new(2, &[3.0, 4.0]).unwrap();
    assert!((one.likeness(&[1.0, 0.0]) - 0.6).abs() < 0.005);
    let (values, scales) = one.parts();
    assert_eq!(values, [95, 127]);
    assert_eq!(Prototypes::from_parts(2, values.to_vec(), scales.to_vec()).unwrap(), one);
    // Wider than what is summed at a time, against plain sums.
    let mut random = Stream::new(4, Purpose::Demo, 0, 0);
    let wide: Vec<f32> = (0..37).map(|_| random.range(-1.0, 1.0)).collect();
    let one = Prototypes::new(37, &wide).unwrap();
    let (values, scales) = one.parts();
    let length = wide.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    let products = wide.iter().zip(values).map(|(value, byte)| f64::from(*value) * f64::from(*byte));
    let plain = products.sum::<f64>() * f64::from(scales[0]) / length;
    assert!((one.likeness(&wide) - plain).abs() < 1e-6 && (plain - 1.0).abs() < 0.01);
}

#[test]
fn prototypes_that_cannot_be_are_refused() {
    for (inputs, rows) in [(0, vec![]), (2, vec![]), (2, vec![1.0; 3]), (1, vec![f32::NAN]), (1, vec![f32::INFINITY])] {
        assert!(Prototypes::new(inputs, &rows).is_none(), "{inputs} {rows:?}");
    }
    let wide = MOST_INPUTS + 1;
    assert!(Prototypes::new(wide, &vec![1.0; wide]).is_none());
    assert!(Prototypes::new(1, &vec![1.0; MOST_PROTOTYPES + 1]).is_none());
    let parts = |values: &[i8], scales: &[f32]| Prototypes::from_parts(2, values.to_vec(), scales.to_vec());
    assert!(parts(&[1, 2], &[0.01]).is_some());
    for (values, scales) in [
        (&[1i8, 2][..], &[][..]),
        (&[], &[]),
        (&[1], &[0.01]),
        (&[1, 2], &[0.01, 0.01]),
        (&[1, 2], &[-0.01]),
        (&[1, 2], &[f32::NAN]),
        (&[1, 2], &[1e30]),
    ] {
        assert!(parts(values, scales).is_none(), "{values:?} {scales:?}");
    }
}

#[test]
fn known_pictures_are_scored_by_energy_and_likeness_or_by_energy() {
    let rows = inputs(60);
    let logits: Vec<f32> = rows.iter().map(|value| value - 1.0).collect();
    let known = KnownPictures::measure(3, (3, &rows), (&logits, &rows)).unwrap();
    assert_eq!((known.familiarity, known.scores.images), (Familiarity::EnergyAndLikeness, 60));
    assert_eq!(known.reads(), Reads::LastInput);
    let own = known.score(&logits[..3], &rows[..3]);
    assert!(own > known.score(&[0.0; 3], &rows[..3]), "an answer less sure");
    assert!(own > known.score(&logits[..3], &[5.0; 3]), "inputs unlike all");
    for (inputs, val) in [(MOST_INPUTS + 1, vec![]), (0, vec![]), (3, vec![1.0; 5])] {
        let remembered = vec![1.0; 60 * inputs];
        let known = KnownPictures::measure(3, (inputs, &remembered), (&logits, &val)).unwrap();
        assert_eq!((known.familiarity, known.reads()), (Familiarity::Energy, Reads::Logits));
        near(known.score(&[1.0, 2.0, 3.0], &[]), negative_energy(&[1.0, 2.0, 3.0]));
    }
    assert!(KnownPictures::measure(3, (3, &rows), (&[], &[])).is_none());
    // Pictures that are all alike have no deviation.
    let same = KnownPictures::measure(3, (3, &rows), (&[1.0; 6], &[1.0; 6])).unwrap();
    assert!(same.score(&[1.0; 3], &[1.0; 3]).is_finite());
}

/// Scores and confidences of pictures like the known ones, or less familiar by `shift` deviations.
fn drawn(n: usize, seed: u64, shift: f32) -> (Vec<f64>, Vec<f64>) {
    let mut random = Stream::new(seed, Purpose::Demo, 0, 0);
    let mut sum = || (0..12).map(|_| random.uniform()).sum::<f32>() - 6.0 - shift;
    let scores: Vec<f64> = (0..n).map(|_| f64::from(sum())).collect();
    let confidences = scores.iter().map(|score| 1.0 / (1.0 + (-score - 2.0).exp())).collect();
    (scores, confidences)
}

#[test]
fn drift_is_told_of_unlike_pictures_and_not_by_chance() {
    let (scores, confidences) = drawn(400, 0, 0.0);
    let known = KnownPictures {
        familiarity: Familiarity::Energy,
        scores: KnownScores::new(&scores).unwrap(),
        memory: Memory::Nothing,
        confidence: Moments::of(&confidences),
        from_scratch: false,
    };
    let unlike = |n, shift| {
        let tell = |seed| {
            let (scores, confidences) = drawn(n, seed, shift);
            known.drift(&scores, &confidences).unwrap().unlike
        };
        (1..=200).filter(|seed| tell(*seed)).count()
    };
    assert!(unlike(50, 0.0) <= 4 && unlike(500, 0.0) <= 4, "{} {}", unlike(50, 0.0), unlike(500, 0.0));
    assert!(unlike(500, -1.0) == 0, "more familiar than the known ones is no drift");
    assert!(unlike(50, 1.0) > 180 && unlike(500, 0.5) > 195, "{} {}", unlike(50, 1.0), unlike(500, 0.5));
    let (few, certain) = drawn(29, 1, 5.0);
    assert!(known.drift(&few, &certain).is_none(), "too few to tell");
    let told = known.drift(&[f64::NAN; 40], &[0.5; 40]).unwrap();
    assert_eq!((told.images, told.unfamiliar, told.unlike), (40, 1.0, true), "no number is not familiar");
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
