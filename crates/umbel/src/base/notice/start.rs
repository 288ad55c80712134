//! The words about what training starts from.

/// So many photos train random weights; on so many of flowers these two shares of others were named right.
pub(super) fn from_nothing(photos: usize, measured_on: usize, [random, pretrained]: [f64; 2]) -> String {
    format!(
        "The network starts from random weights, and {photos} photos are few for that. From pretrained weights it would probably be \
         right more often: on {measured_on} photos of flowers, the tutorial's network learned to name {:.0} % of others right, and \
         pretrained weights gave {:.1} %.",
        100.0 * random,
        100.0 * pretrained
    )
}

/// Nothing tells how photos were prepared for these weights.
pub(super) fn preparation_assumed(from: &str, mean: &[f64; 3], deviation: &[f64; 3]) -> String {
    let list = |values: &[f64; 3]| values.map(|value| format!("{value:.3}")).join(", ");
    format!(
        "Nothing tells how photos were prepared for {from}, so it is assumed as usual: mean {}, deviation {}. The config.json that timm \
         keeps beside its weights would tell.",
        list(mean),
        list(deviation)
    )
}
