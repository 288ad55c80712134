//! What the live view looks like, line by line, for states that were thought up.

use umbel::base::progress::{EpochRecord, StepFigures};

use super::chart::Chart;
use super::layout::{Size, preparing, training};
use super::paint::Paint;
use super::state::{Current, Phase, State};
use crate::console::screen;

const PLAIN: Paint = Paint { colors: false, unicode: true };
const COLORS: Paint = Paint { colors: true, unicode: true };
const ASCII: Paint = Paint { colors: false, unicode: false };

/// A run of `epochs` that has done `over`, with curves that a formula gives.
fn state(over: usize, epochs: usize) -> State {
    let record = |epoch: usize| {
        let x = epoch as f64;
        EpochRecord {
            epoch,
            loss: 1.6 / (1.0 + 0.3 * x),
            accuracy: 1.0 - 0.8 / (1.0 + 0.2 * x),
            val_loss: 1.5 / (1.0 + 0.2 * x) + 0.02 * x,
            val_accuracy: 0.8 - 0.6 / (1.0 + 0.4 * x),
            lr: 0.001,
            seconds: 10.0,
            images_per_second: 345.0,
            ..EpochRecord::default()
        }
    };
    let figures = StepFigures { loss: 0.80461, accuracy: 0.68741, lr: 0.0009755282581475769, seconds_per_step: 0.1 };
    State {
        fold: None,
        train_images: 2936,
        history: (1..=over).map(record).collect(),
        best_epoch: over,
        current: Current { epoch: over + 1, epochs, step: 57, steps: 92, figures, phase: Phase::Training },
        memory: 412_300_000,
    }
}

fn at(state: &State, columns: usize, rows: usize, paint: Paint) -> Vec<String> {
    training(state, Size { columns, rows }, paint)
}

#[track_caller]
fn shows(lines: &[String], expected: &str) {
    let expected: Vec<&str> = expected.trim_start_matches('\n').lines().collect();
    assert!(lines == expected, "it shows\n{}\nbut expected was\n{}", lines.join("\n"), expected.join("\n"));
}

#[test]
fn an_ordinary_terminal() {
    shows(
        &at(&state(7, 15), 80, 24, PLAIN),
        "
Epoch  8/15 ━━━━━━━━━━━━━━━━━━━━━━━━━━━╸────────────────────────── 1m 20s left
Step  57/92 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──────────────────── 319 images/s
accuracy: 0.6874 - loss: 0.8046 - lr: 0.0009755 - memory: 412.3 MB
best: epoch 7 - val_accuracy: 0.6421 - val_loss: 0.7650
       accuracy                                loss
  0.70┤          ⢀⣀⠤⡄                      1.3┤⢆⢀
      │     ⣀⢠⠴⠒⠚⠁⠉                           │ ⠣⡁⠠⠄
      │   ⢔⡨⠊⠁                                │  ⠈⠒⢄⠈⠂⠠⡀⢀
      │ ⡪⠊⠁                                   │     ⠑⠢⣀  ⠁⠉⠂
  0.30┤⠋                                   0.5┤        ⠉⠉⠒⠢⢄⡀
      └1────────────────────────────15        └1────────────────────────────15
       ⠤⠤ training  ⠄⠄ validation",
    );
}

#[test]
fn the_first_epoch_has_no_curves_yet() {
    let mut first = state(0, 15);
    shows(
        &at(&first, 80, 24, PLAIN),
        "
Epoch  1/15 ━━╸─────────────────────────────────────────────────── 2m 13s left
Step  57/92 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──────────────────── 319 images/s
accuracy: 0.6874 - loss: 0.8046 - lr: 0.0009755 - memory: 412.3 MB",
    );
    first.current = Current { step: 92, phase: Phase::Validating, ..first.current };
    first.fold = Some((2, 5));
    shows(
        &at(&first, 80, 24, PLAIN),
        "
Epoch  1/15 ━━╸─────────────────────────────────────── 9m 03s left, fold 2 of 5
Step  92/92 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━ validating
accuracy: 0.6874 - loss: 0.8046 - lr: 0.0009755 - memory: 412.3 MB",
    );
    // At the end there is no time left to tell, but something is still done.
    first.current = Current { epoch: 15, phase: Phase::Reporting, ..first.current };
    let shown = at(&first, 80, 24, PLAIN).join("\n");
    assert!(shown.contains("making the report") && !shown.contains("left"), "{shown}");
}

#[test]
fn one_epoch_is_a_point() {
    shows(
        &at(&state(1, 3), 60, 15, PLAIN),
        "
Epoch   2/3 ━━━━━━━━━━━━━━━━━━╸─────────────── 16s left
Step  57/92 ━━━━━━━━━━━━━━━━━━━━━╸──────────── 319 images/s
accuracy: 0.6874 - loss: 0.8046 - lr: 0.0009755
best: epoch 1 - val_accuracy: 0.3714 - val_loss: 1.2700
memory: 412.3 MB
       accuracy                      loss
 0.375┤⠄                       1.270┤⠁
      │                             │
      │                             │
      │                             │
 0.330┤⠄                       1.230┤⡀
      └1───────────────────3        └1───────────────────3
       ⠤⠤ training  ⠄⠄ validation",
    );
}

#[test]
fn a_thousand_epochs_fill_the_chart() {
    shows(
        &at(&state(999, 1000), 60, 15, PLAIN),
        "
Epoch 1000/1000 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸ 5s left
Step      57/92 ━━━━━━━━━━━━━━━━━━╸─────────── 319 images/s
accuracy: 0.6874 - loss: 0.8046 - lr: 0.0009755
best: epoch 999 - val_accuracy: 0.7985 - val_loss: 19.9875
memory: 412.3 MB
       accuracy                      loss
   1.0┤⢀⡴⠒⠒⠚⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉      20┤                ⢀⣀⡤⠖⠋
      │⣼⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠴⠒⠒⠒⠒⠒⠒⠒⠒⠒        │            ⢀⣠⠴⠚⠉
      │⡏                            │        ⣀⡤⠔⠚⠉
      │⡇                            │   ⢀⣀⡤⠖⠋⠁
   0.3┤⠇                           0┤⣤⣴⣚⣉⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
      └1─────────────────999        └1─────────────────999
       ⠤⠤ training  ⠄⠄ validation",
    );
}

#[test]
fn small_terminals_show_bars_only() {
    shows(
        &at(&state(7, 15), 59, 24, PLAIN),
        "
Epoch  8/15 ━━━━━━━━━━━━━━━━╸──────────────── 1m 20s left
Step  57/92 ━━━━━━━━━━━━━━━━━━━━╸──────────── 319 images/s",
    );
    shows(
        &at(&state(7, 15), 80, 14, PLAIN),
        "
Epoch  8/15 ━━━━━━━━━━━━━━━━━━━━━━━━━━━╸────────────────────────── 1m 20s left
Step  57/92 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╸──────────────────── 319 images/s",
    );
    shows(
        &at(&state(7, 15), 24, 3, PLAIN),
        "
Epoch  8/15 1m 20s left
Step  57/92 319 images/",
    );
    shows(
        &at(&state(7, 15), 10, 2, PLAIN),
        "
Epoch  8/",
    );
}

#[test]
fn without_unicode_there_are_bars_in_ascii() {
    let lines = at(&state(7, 15), 70, 24, ASCII);
    assert!(lines.iter().all(|line| line.is_ascii()), "{lines:?}");
    shows(
        &lines,
        "
Epoch  8/15 ======================>--------------------- 1m 20s left
Step  57/92 ===========================>---------------- 319 images/s
accuracy: 0.6874 - loss: 0.8046 - lr: 0.0009755 - memory: 412.3 MB
best: epoch 7 - val_accuracy: 0.6421 - val_loss: 0.7650",
    );
}

#[test]
fn what_is_not_a_number_leaves_a_gap() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    let chart = |training: &[f64], validation: &[f64]| {
        Chart { title: "loss", training, validation, epochs: 6 }.lines(30, 4, PLAIN)
    };
    shows(
        &chart(&[nan, 3.0, 2.0, nan, inf, 1.0], &[nan; 6]),
        "
       loss
   3.0┤    ⠈⠢⡀                
      │      ⠈⠑⢄              
      │         ⠁             
   1.0┤                      ⢀
      └1─────────────────────6",
    );
    shows(
        &chart(&[nan, nan], &[nan, -inf]),
        "
       loss
      │                       
      │                       
      │                       
      │                       
      └1─────────────────────6",
    );
    shows(
        &chart(&[0.5; 6], &[]),
        "
       loss
  0.51┤                       
      │                       
      │                       
  0.50┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
      └1─────────────────────6",
    );
}

#[test]
fn scales_run_from_round_number_to_round_number() {
    let ends = |values: &[f64]| {
        let lines = Chart { title: "", training: values, validation: &[], epochs: 1 }.lines(20, 4, PLAIN);
        [&lines[1], &lines[4]].map(|line| line.split('┤').next().unwrap_or_default().trim().to_string())
    };
    assert_eq!(ends(&[0.31, 0.97]), ["1.0", "0.3"]);
    assert_eq!(ends(&[1.0, 0.9975]), ["1.0000", "0.9975"]);
    assert_eq!(ends(&[0.0, 25_000_000.0]), ["2e7", "0"]);
}

/// At whatever size: no line is as wide as the terminal (it would wrap), and a row stays free.
#[test]
fn it_fits_every_terminal() {
    for over in [0, 1, 2, 7, 200] {
        for paint in [PLAIN, COLORS, ASCII] {
            for columns in (0..100).chain([200, 500]) {
                for rows in [0, 1, 2, 3, 5, 14, 15, 16, 24, 50, 300] {
                    let lines = at(&state(over, 300), columns, rows, paint);
                    assert!(lines.len() < rows.max(1), "{} lines at {columns}x{rows}", lines.len());
                    for line in &lines {
                        let width = console::measure_text_width(line);
                        assert!(width < columns.max(1), "{width} at {columns}x{rows}: {line}");
                    }
                }
            }
        }
    }
}

/// Of a terminal that is made half as wide, rows went off the screen before they could be wiped.
#[test]
fn made_half_as_wide_it_still_stands_on_the_screen() {
    for over in [1, 7, 14, 29] {
        for (columns, rows) in [(80, 24), (100, 24), (120, 30), (132, 43), (200, 50)] {
            let lines = at(&state(over, 30), columns, rows, COLORS);
            assert!(lines.len() > 10, "{} lines at {columns}x{rows}", lines.len());
            let wrapped = screen::rows(&lines, columns / 2);
            assert!(wrapped < rows, "{wrapped} rows at {columns}x{rows}:\n{}", lines.join("\n"));
        }
    }
}

#[test]
fn colors_change_nothing_else() {
    for (columns, rows) in [(80, 24), (200, 50), (40, 10), (12, 4)] {
        let colored = at(&state(7, 15), columns, rows, COLORS);
        assert!(colored.iter().any(|line| line.contains('\u{1b}')) || columns < 30, "{colored:?}");
        let stripped: Vec<String> =
            colored.iter().map(|line| console::strip_ansi_codes(line).trim_end().to_string()).collect();
        assert_eq!(stripped, at(&state(7, 15), columns, rows, PLAIN));
    }
}

#[test]
fn preparing_has_a_bar_of_its_own() {
    let size = Size { columns: 70, rows: 24 };
    shows(
        &preparing((0, 1000), 0.0, size, PLAIN),
        "
Preparing photos 0/1000 ╸───────────────────────────────────────────",
    );
    shows(
        &preparing((250, 1000), 30.0, size, PLAIN),
        "
Preparing photos 250/1000 ━━━━━━━╸─────────────────────── 1m 30s left",
    );
    shows(
        &preparing((1000, 1000), 120.0, Size { columns: 30, rows: 24 }, PLAIN),
        "
Preparing photos 1000/1000 0s",
    );
}
