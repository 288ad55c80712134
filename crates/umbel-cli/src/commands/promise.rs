//! What `--sure` promises, where that is not plain.

use umbel::base::listed::first;
use umbel::base::shown::shown;
use umbel::metrics::SetRule;
use umbel::predict::Predictor;

use crate::console;

/// Of more classes, the first are named.
const NAMED: usize = 6;

/// Says how certain a promise by few photos is, and of which classes none can be made.
pub fn explain(predictor: &Predictor) {
    let promises = predictor.set_rules().map(|rule| rule.promise);
    let fewest = promises.filter(|own| own.certainty.is_some()).min_by_key(|own| own.images);
    if let Some((own, certainty)) = fewest.and_then(|own| Some((own, own.certainty?))) {
        let (images, level, certainty) = (own.images, percent(own.level), floored(certainty));
        let of_models = if predictor.models() > 1 { ", for that one of the models" } else { "" };
        console::note(format!(
            "Sets are as large as it takes to promise by {images} photos, with a certainty of {certainty} %, that they hold the right \
             class of {level} % of photos{of_models}."
        ));
    }
    for rule in predictor.set_rules() {
        tell_too_few(rule, predictor.classes());
    }
}

fn tell_too_few(rule: &SetRule, classes: &[String]) {
    let name = |(class, images): &(usize, usize)| format!("{} ({images})", shown(&classes[*class]));
    let names: Vec<String> = rule.too_few.iter().map(name).collect();
    if !names.is_empty() {
        console::note(format!(
            "Too few photos of some classes judged the model to promise as much of each by itself: {}. They are in a set where those of \
             all classes would be, and where they are doubted no more than one of their own.",
            first(&names, NAMED)
        ));
    }
}

/// Without the zeros behind it.
fn percent(share: f64) -> f64 {
    (share * 1e8).round() / 1e6
}

/// To a tenth of a percent, and never more than it is.
fn floored(share: f64) -> f64 {
    (share * 1000.0).floor() / 10.0
}
