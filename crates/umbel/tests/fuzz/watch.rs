//! Runs the cases of one kind and watches over them: panics, time, memory.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once, Weak};
use std::time::{Duration, Instant};

use crate::allocator::{self, Cost};
use crate::mutate::Random;

/// In all, over the kinds.
const DEFAULT_CASES: usize = 5_000;
/// A case takes a millisecond or so; on a busy machine it may take a thousand times as long.
const PATIENCE: Duration = Duration::from_secs(5);
/// A case that is not over by then never will be.
const HANGS: Duration = Duration::from_secs(60);

/// One kind of file.
pub struct Kind<'a> {
    pub name: &'static str,
    /// So many of a hundred cases are of this kind.
    pub share: usize,
    pub damaged: &'a dyn Fn(&mut Random) -> Vec<u8>,
    /// Reads the bytes, whatever comes of it.
    pub read: &'a dyn Fn(&[u8]),
    pub limit: Cost,
}

thread_local! {
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Runs the kind's share of the cases; fails with a list of all that went wrong.
pub fn run(kind: &Kind<'_>) {
    note_panics();
    let case_now = Arc::new(AtomicUsize::new(0));
    watch_for_hangs(kind.name, Arc::downgrade(&case_now));
    let mut faults = BTreeSet::new();
    for case in 0..cases() * kind.share / 100 {
        case_now.store(case + 1, Ordering::Relaxed);
        let bytes = (kind.damaged)(&mut Random::new(kind.name, case));
        PANICS.with_borrow_mut(Vec::clear);
        let start = Instant::now();
        let (ended, cost) = allocator::measure(|| catch_unwind(AssertUnwindSafe(|| (kind.read)(&bytes))));
        let took = start.elapsed();
        let mut found: Vec<String> = PANICS.take();
        if ended.is_err() && found.is_empty() {
            found.push("a panic in another thread".to_string());
        }
        if took > PATIENCE {
            found.push(format!("took {took:?}"));
        }
        if cost.largest > kind.limit.largest || cost.peak > kind.limit.peak {
            found.push(format!("allocated more than {:?}", kind.limit));
            println!("case {case}: {cost:?}");
        }
        for fault in found {
            if faults.insert(fault.clone()) {
                println!(
                    "{} case {case}: {fault}; the bytes are in {}",
                    kind.name,
                    keep(kind.name, case, &bytes).display()
                );
            }
        }
    }
    assert!(faults.is_empty(), "{}: {faults:#?}", kind.name);
}

fn cases() -> usize {
    let asked = std::env::var("UMBEL_FUZZ_CASES").ok();
    asked.map_or(DEFAULT_CASES, |text| text.parse().expect("UMBEL_FUZZ_CASES is a number"))
}

/// Also those panics that the code under test catches itself.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.to_string();
            // What this binary itself asserts is for the test's log.
            if info.location().is_some_and(|place| place.file().contains("tests/fuzz/")) {
                usual(info);
            }
            PANICS.with_borrow_mut(|panics| panics.push(text));
        }));
    });
}

fn watch_for_hangs(name: &'static str, case_now: Weak<AtomicUsize>) {
    std::thread::spawn(move || {
        let mut seen = (usize::MAX, Instant::now());
        while let Some(case) = case_now.upgrade().map(|case| case.load(Ordering::Relaxed)) {
            if case != seen.0 {
                seen = (case, Instant::now());
            } else if seen.1.elapsed() > HANGS {
                eprintln!("{name} case {} hangs", case - 1);
                std::process::exit(101);
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    });
}

fn keep(name: &str, case: usize, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}-{case}", name.replace(' ', "-")));
    std::fs::write(&path, bytes).expect("the case can be kept");
    path
}
