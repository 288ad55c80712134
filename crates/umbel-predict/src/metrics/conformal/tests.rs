//! Held to values by hand, and to drawn photos, of which the promise must be kept.

use super::*;

/// SplitMix64 (Steele et al., 2014).
struct Stream(u64);

impl Stream {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Photos of two classes whose true class was given so much, each other one the rest.
fn doubts(true_class: &[f64]) -> Doubts {
    let rows: Vec<f64> = true_class.iter().flat_map(|p| [*p, 1.0 - p]).collect();
    Doubts::new(2, &rows, &vec![0; true_class.len()]).unwrap()
}

#[test]
fn the_ranks_are_those_by_hand() {
    // ceil(1000 * 0.95) = 950 of 999: the 50th from above.
    assert_eq!(lowest_rank(999, 0.95, CERTAINTY), Some(50));
    assert_eq!(lowest_rank(999, 0.9995, CERTAINTY), None);
    // 0.95^45 = 0.0994, and 0.95^44 = 0.1047.
    assert_eq!(lowest_rank(45, 0.95, CERTAINTY), Some(1));
    assert_eq!(lowest_rank(44, 0.95, CERTAINTY), None);
    assert_eq!(lowest_rank(44, 0.95, 0.89), Some(1));
    // R's 1 - pbinom(0, 100, 0.05) is 0.99408, 1 - pbinom(1, ...) 0.96292, 1 - pbinom(2, ...) 0.88174.
    assert_eq!(lowest_rank(100, 0.95, CERTAINTY), Some(2));
    assert!((certain(100, 0.95, 1) - 0.994_079).abs() < 1e-6, "{}", certain(100, 0.95, 1));
    assert!((certain(100, 0.95, 2) - 0.962_919).abs() < 1e-6, "{}", certain(100, 0.95, 2));
    assert!((certain(100, 0.95, 3) - 0.881_737).abs() < 1e-6, "{}", certain(100, 0.95, 3));
    assert_eq!(lowest_rank(0, 0.5, CERTAINTY), None);
}

#[test]
fn a_set_holds_what_is_doubted_no_more_than_the_limit() {
    // 100 photos: doubts of 0.01, 0.02, ..., 1.00. Of the second highest, 0.99.
    let ladder: Vec<f64> = (1..=100).map(|k| 1.0 - f64::from(k) / 100.0).collect();
    let rule = doubts(&ladder).rule(0.95, CERTAINTY).unwrap();
    assert_eq!(rule.promise.images, 100);
    assert!((rule.promise.certainty.unwrap() - 0.962_919).abs() < 1e-6);
    assert!(rule.holds(0, 0.010_000_1) && rule.holds(1, 0.01) && !rule.holds(0, 0.009_9));
    assert_eq!(rule.set(&[0.005, 0.995]), [1]);
    assert_eq!(rule.set(&[0.02, 0.98]), [1, 0]);
    assert_eq!(rule.set(&[0.5, 0.5]), [0, 1], "equals in the order of the classes");
    let sharp = doubts(&vec![1.0; 300]).rule(0.9, CERTAINTY).unwrap();
    assert_eq!(sharp.set(&[0.4, 0.6]), [1], "never empty");
    assert_eq!(sharp.promise.certainty, None, "of many, the mean");
}

#[test]
fn too_few_photos_name_what_they_promise() {
    let few = doubts(&[0.9; 20]);
    let TooFew { images, most } = few.rule(0.95, CERTAINTY).unwrap_err();
    assert!(images == 20 && (most - 0.1f64.powf(0.05)).abs() < 1e-12, "{most}");
    few.rule(most - 1e-9, CERTAINTY).unwrap();
    few.rule(most + 1e-9, CERTAINTY).unwrap_err();
    let many = doubts(&[0.9; 500]);
    let TooFew { most, .. } = many.rule(0.9999, CERTAINTY).unwrap_err();
    many.rule(most, CERTAINTY).unwrap();
}

#[test]
fn a_class_of_few_photos_has_the_wider_limit() {
    // Ninety photos of one class, doubted by 0.1, and three of another, by 0.6.
    let rows: Vec<f64> = [[0.9, 0.1]; 90].into_iter().chain([[0.6, 0.4]; 3]).flatten().collect();
    let labels: Vec<u32> = [0; 90].into_iter().chain([1; 3]).collect();
    let rule = Doubts::new(2, &rows, &labels).unwrap().rule_by_class(0.9, CERTAINTY).unwrap();
    assert_eq!(rule.too_few, [(1, 3)]);
    assert!(rule.holds(0, 0.9) && !rule.holds(0, 0.89));
    assert!(rule.holds(1, 0.4) && !rule.holds(1, 0.39));
    let none = Doubts::new(3, &[0.9, 0.1, 0.0].repeat(90), &[0; 90]).unwrap();
    let rule = none.rule_by_class(0.9, CERTAINTY).unwrap();
    assert_eq!(rule.too_few, [(1, 0), (2, 0)], "no photo at all");
    assert!(rule.holds(2, 0.9) && !rule.holds(2, 0.89), "as of all photos");
}

#[test]
fn what_is_kept_is_small_and_serves_any_level() {
    for images in [1usize, 63, 65, 1_000, 50_000] {
        let all: Vec<f64> = (0..images).map(|k| k as f64 / images as f64).collect();
        let doubts = doubts(&all);
        assert!(doubts.is_sound(2));
        assert!(serde_json::to_string(&doubts).unwrap().len() < 4_000, "{images}");
        for level in [0.01, 0.5, 0.9, 0.95, 0.99] {
            let Ok(rule) = doubts.rule(level, CERTAINTY) else { continue };
            let held = all.iter().filter(|p| rule.holds(0, **p)).count() as f64 / images as f64;
            let most = if images < ENOUGH_FOR_THE_MEAN { 1.0 } else { level + (1.0 - level) / FINENESS as f64 + 0.002 };
            assert!((level..=most).contains(&held), "{level} of {images}: {held}");
        }
    }
}

#[test]
fn other_numbers_are_not_sound() {
    let good = doubts(&[0.2, 0.4, 0.9]);
    assert!(good.is_sound(2) && !good.is_sound(3));
    let wrong = |change: &dyn Fn(&mut Doubts)| {
        let mut other = good.clone();
        change(&mut other);
        assert!(!other.is_sound(2), "{other:?}");
    };
    wrong(&|d| d.all.images = 4);
    wrong(&|d| d.all.images = usize::MAX);
    wrong(&|d| d.all.doubts.reverse());
    wrong(&|d| d.all.doubts[0] = 1_000_001);
    wrong(&|d| d.classes[1] = d.classes[0].clone());
    wrong(&|d| d.classes[0].doubts.clear());
    wrong(&|d| d.classes[0].images = usize::MAX);
    for (labels, rows) in [(vec![], vec![]), (vec![2], vec![0.5, 0.5]), (vec![0], vec![0.5]), (vec![0], vec![1.5, 0.5])]
    {
        assert!(Doubts::new(2, &rows, &labels).is_none(), "{labels:?} {rows:?}");
    }
    assert!(Doubts::new(1, &[f64::NAN], &[0]).is_none());
}

/// A photo of one of three classes, and what a model makes of it that is mostly right, and too sure.
fn photo(random: &mut Stream) -> (u32, [f64; 3]) {
    let mut uniform = || random.uniform().max(1e-12);
    let label = (uniform() * 3.0) as u32 % 3;
    let mut row =
        [0.0; 3].map(|_: f64| 1.5 * (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos());
    row[label as usize] += 2.0;
    let sum: f64 = row.iter().map(|z| (2.0 * z).exp()).sum();
    (label, row.map(|z| ((2.0 * z).exp() / sum).min(1.0)))
}

fn photos(count: usize, random: &mut Stream) -> (Vec<u32>, Vec<f64>) {
    let all: Vec<_> = (0..count).map(|_| photo(random)).collect();
    (all.iter().map(|(label, _)| *label).collect(), all.iter().flat_map(|(_, row)| *row).collect())
}

/// The share of fresh photos whose set holds the right class (the most likely one does not count for it by itself), for each of so many
/// draws of photos that were measured.
fn coverages(images: usize, draws: u64, by_class: bool) -> Vec<[f64; 4]> {
    let of_draw = |seed: u64| {
        let mut random = Stream(seed << 32 | images as u64);
        let (labels, rows) = photos(images, &mut random);
        let doubts = Doubts::new(3, &rows, &labels).unwrap();
        let rule = if by_class { doubts.rule_by_class(0.95, CERTAINTY) } else { doubts.rule(0.95, CERTAINTY) };
        let rule = rule.unwrap();
        let (labels, rows) = photos(2_000, &mut random);
        let mut counts = [[0.0; 2]; 4];
        for (label, row) in labels.iter().zip(rows.chunks_exact(3)) {
            let held = f64::from(rule.holds(*label as usize, row[*label as usize]));
            for place in [0, 1 + *label as usize] {
                counts[place][0] += held;
                counts[place][1] += 1.0;
            }
        }
        counts.map(|[held, all]| held / all)
    };
    (0..draws).map(of_draw).collect()
}

#[test]
fn drawn_photos_are_held_as_often_as_was_asked() {
    let of_draws = coverages(300, 200, false);
    let mean = of_draws.iter().map(|shares| shares[0]).sum::<f64>() / of_draws.len() as f64;
    // A hair's breadth above, by the ranks that are not kept.
    assert!((mean - 0.95).abs() < 0.005, "{mean}");
}

#[test]
fn few_photos_keep_their_promise_as_certainly_as_it_is_told() {
    for images in [45, 60, 120, 199] {
        let of_draws = coverages(images, 400, false);
        let kept = of_draws.iter().filter(|shares| shares[0] >= 0.95).count() as f64 / of_draws.len() as f64;
        let (labels, rows) = photos(images, &mut Stream(8));
        let told = Doubts::new(3, &rows, &labels).unwrap().rule(0.95, CERTAINTY).unwrap().promise.certainty.unwrap();
        assert!(told >= CERTAINTY, "{told}");
        // Three standard errors of 400 draws; those of 2,000 photos each blur the edge further.
        assert!((kept - told).abs() < 0.05, "{images}: kept {kept}, told {told}");
    }
}

#[test]
fn every_class_is_held_as_often_as_was_asked_by_class() {
    let of_draws = coverages(1_200, 100, true);
    for class in 1..4 {
        let mean = of_draws.iter().map(|shares| shares[class]).sum::<f64>() / of_draws.len() as f64;
        assert!((0.945..0.965).contains(&mean), "{class}: {mean}");
    }
}
