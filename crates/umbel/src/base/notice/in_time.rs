//! The words about a run that is to end in time.

/// What the first number of seconds is enough for, and that it will take the second one.
pub(super) fn words([asked, foreseen]: [f64; 2], epochs: Option<usize>, trained: Option<&'static str>) -> String {
    let fits = foreseen <= asked;
    let (asked, foreseen) = (duration(asked), duration(foreseen));
    let epochs = epochs.map(|epochs| if epochs == 1 { "1 epoch".into() } else { format!("{epochs} epochs") });
    let what = match (epochs, trained) {
        (Some(epochs), Some(trained)) => format!("{epochs} of {trained}"),
        (Some(epochs), None) => epochs,
        (None, trained) => trained.unwrap_or_default().to_string(),
    };
    match fits {
        true => format!("In {asked}: {what}; that will take about {foreseen}."),
        false => format!("{asked} are too short: {what} will take about {foreseen}."),
    }
}

/// `45 s`, `5 min` or `4 min 10 s`.
fn duration(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
