//! Where the system has few threads to give: an answer in words, or the work with fewer; rayon and the loader panicked.

use crate::support::{Place, tiny_training};

#[test]
fn too_few_threads_panicked() {
    let place = Place::with_run();
    if !place.open_to_nobody() {
        return;
    }
    let mut refused = 0;
    for processes in [1, 2, 3, 4, 5, 8] {
        let out = format!("out/{processes}");
        let (preview, demo, page) = (format!("{out}.png"), format!("{out}-demo"), format!("{out}.html"));
        let train = tiny_training(&["--epochs", "1", "--out", &out]);
        let commands: [&[&str]; 9] = [
            &["predict", "run", "photos/rings/000.png"],
            &["explain", "run", "photos/rings/000.png", "--json"],
            &["check", "photos"],
            &["eval", "run", "photos"],
            &["doctor"],
            &["preview", "photos", "--out", &preview],
            &["demo", "--out", &demo, "--images", "10", "--epochs", "1"],
            &["report", "run", "--out", &page],
            &train,
        ];
        for args in commands {
            let ran = place.umbel_as_nobody(processes, args).unwrap();
            assert!(!ran.err.contains("panicked"), "{processes}: {args:?}: {ran:#?}");
            assert!(ran.code == 0 || ran.code == 1 && ran.err.contains("error: "), "{processes}: {args:?}: {ran:#?}");
            refused += ran.code;
        }
    }
    assert!(refused > 0, "some of these limits leave no thread at all");
}
