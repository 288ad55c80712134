//! What a network may cost at most, whatever a few bytes of a file ask for: layers without weights cost nothing to write down.

use super::super::layers::{Mistake, Shape};
use crate::{Error, Result};

/// The deepest networks that are told of have some three thousand.
const MOST_LAYERS: usize = 5_000;
/// Layers that one may merge. The densest networks merge some dozens.
const MOST_INPUTS: usize = 1_000;
/// Numbers that all layers give for one picture, together; 4 GiB. The largest networks of today give a quarter of it.
const MOST_VALUES: usize = 1 << 30;
/// Pixels by which a picture may grow on its way, beside becoming twice as large as it came in.
const GROWTH: usize = 64;

pub(super) fn check_layers(count: usize) -> Result<()> {
    if count <= MOST_LAYERS {
        return Ok(());
    }
    Err(Error::Setting {
        setting: "the number of the model's layers".into(),
        value: count.to_string(),
        expected: format!("at most {MOST_LAYERS}"),
    })
}

pub(super) fn check_inputs(count: usize) -> std::result::Result<(), Mistake> {
    if count <= MOST_INPUTS {
        return Ok(());
    }
    Err(Mistake::new("the number of its inputs", count, format!("at most {MOST_INPUTS}")))
}

/// Whether a picture that came in with the size of `input` has not grown beyond what padding is for.
pub(super) fn check_growth(input: (usize, usize, usize), output: Shape) -> std::result::Result<(), Mistake> {
    let Shape::Picture { height, width, .. } = output else { return Ok(()) };
    let most = |size: usize| size.saturating_mul(2).saturating_add(GROWTH);
    let (rows, columns) = (most(input.0), most(input.1));
    if height <= rows && width <= columns {
        return Ok(());
    }
    let expected = format!("a picture of at most {rows} x {columns}, twice what the network takes and {GROWTH} more");
    Err(Mistake::new("the output", output, expected))
}

/// Whether the layers so far give no more numbers than can be computed in bearable time.
pub(super) fn check_values(values: usize) -> std::result::Result<(), Mistake> {
    if values <= MOST_VALUES {
        return Ok(());
    }
    let expected = format!("at most {MOST_VALUES} for one picture: use smaller pictures or fewer channels");
    Err(Mistake::new("the numbers that all layers give, with this one,", values, expected))
}
