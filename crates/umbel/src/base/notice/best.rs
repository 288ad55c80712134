//! The words about what was compared to find the best.

/// How a last layer did on the features of pretrained weights, on photos that it had not seen.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ComparedWeights {
    pub name: String,
    pub accuracy: f64,
    pub loss: f64,
}

/// All of them, and which are taken.
pub(super) fn compared(compared: &[ComparedWeights], chosen: &str) -> String {
    let each: Vec<String> = compared
        .iter()
        .map(|ComparedWeights { name, accuracy, loss }| format!("{name} {accuracy:.4} (loss {loss:.4})"))
        .collect();
    format!("By folds of the last layer: {}; {chosen} has the lowest loss and is taken.", each.join(", "))
}

/// The mean over so many looks: figures with one and with all of them.
pub(super) fn views(looks: usize, [one, all]: [f64; 2], [loss, loss_of_all]: [f64; 2], kept: bool) -> String {
    let points = 100.0 * (all - one);
    let kept =
        if kept { "answers are that mean from now on" } else { "that is not better, and answers go by one look" };
    format!(
        "Mean over {looks} looks at a photo, on the validation part: accuracy {all:.4} instead of {one:.4} ({points:+.1} points), loss \
         {loss_of_all:.4} instead of {loss:.4}; {kept}."
    )
}
