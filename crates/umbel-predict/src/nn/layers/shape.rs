//! Shapes of what flows between layers, the arithmetic of sliding windows, and what can be wrong with them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// More values than this in one sample's tensor or in one weight are refused (8 GiB of `f32`).
pub(crate) const MAX_VALUES: usize = i32::MAX as usize;

/// The shape of one sample between two layers, without the batch axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shape {
    /// Channels last.
    Picture { height: usize, width: usize, channels: usize },
    /// What [`Flatten`](super::Flatten), [`GlobalAvgPool2d`](super::GlobalAvgPool2d) and [`Dense`](super::Dense) give.
    Vector { length: usize },
}

impl Shape {
    /// The axes, as Keras prints them after `None`.
    pub fn axes(&self) -> Vec<usize> {
        match *self {
            Shape::Picture { height, width, channels } => vec![height, width, channels],
            Shape::Vector { length } => vec![length],
        }
    }

    /// Number of values, saturating.
    pub fn count(&self) -> usize {
        self.axes().iter().fold(1, |product: usize, &axis| product.saturating_mul(axis))
    }

    /// Length of the last axis.
    pub fn channels(&self) -> usize {
        match *self {
            Shape::Picture { channels, .. } => channels,
            Shape::Vector { length } => length,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Picture { height, width, channels } => {
                write!(f, "a picture of {height} x {width} x {channels}")
            }
            Shape::Vector { length } => write!(f, "a vector of {length}"),
        }
    }
}

/// `same` keeps the size (divided by the stride, rounded up; TensorFlow's rule: the odd pixel goes below and right),
/// `valid` uses whole windows only, and `symmetric` adds half of the window (rounded down) on every side, as PyTorch's
/// networks do (`padding = kernel_size // 2`): for odd windows the size of `same`, but at a stride of 2 another place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Padding {
    Same,
    #[default]
    Valid,
    Symmetric,
}

/// What is wrong with a layer, where it stands: "{what} is {value}, but must be {expected}".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub what: &'static str,
    pub value: String,
    pub expected: String,
}

impl Mistake {
    pub fn new(what: &'static str, value: impl fmt::Display, expected: impl Into<String>) -> Mistake {
        Mistake { what, value: value.to_string(), expected: expected.into() }
    }

    /// A setting that has to be one or more.
    pub fn unless_positive(what: &'static str, value: usize) -> Result<(), Mistake> {
        if value > 0 { Ok(()) } else { Err(Mistake::new(what, value, "1 or more")) }
    }

    /// What is added to a variance.
    pub fn unless_small_positive(what: &'static str, value: f32) -> Result<(), Mistake> {
        if value > 0.0 && value.is_finite() {
            return Ok(());
        }
        Err(Mistake::new(what, value, "a small number above 0"))
    }

    /// The picture that a layer needs, or why there is none.
    pub fn unless_picture(input: Shape) -> Result<(usize, usize, usize), Mistake> {
        match input {
            Shape::Picture { height, width, channels } => Ok((height, width, channels)),
            Shape::Vector { .. } => Err(Mistake::new(
                "the input",
                input,
                "a picture (height x width x channels): move the layer before what makes a vector of it",
            )),
        }
    }
}

/// How windows lie along both axes of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    pub out: (usize, usize),
    /// Rows above, columns left.
    pub pad: (usize, usize),
}

/// Slides a window over a picture of `size` (height, width).
pub(crate) fn windows(
    what: &'static str,
    size: (usize, usize),
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
) -> Result<Windows, Mistake> {
    Mistake::unless_positive(what, window.0.min(window.1))?;
    Mistake::unless_positive("the stride", stride.0.min(stride.1))?;
    if padding == Padding::Valid && (window.0 > size.0 || window.1 > size.1) {
        return Err(Mistake::new(
            what,
            format!("{} x {}", window.0, window.1),
            format!("at most the input's {} x {}: make it smaller, or use padding \"same\"", size.0, size.1),
        ));
    }
    // A window far larger than the picture is only ever a slip, and would overflow the sums below.
    if window.0.max(window.1).max(stride.0).max(stride.1) > u16::MAX as usize {
        let largest = format!("{} x {} at a stride of {} x {}", window.0, window.1, stride.0, stride.1);
        return Err(Mistake::new(what, largest, format!("at most {}", u16::MAX)));
    }
    let (rows, above) = axis(size.0, window.0, stride.0, padding);
    let (columns, left) = axis(size.1, window.1, stride.1, padding);
    Ok(Windows { out: (rows, columns), pad: (above, left) })
}

/// Output size and padding before, along one axis (Keras' and TensorFlow's rule).
fn axis(size: usize, window: usize, stride: usize, padding: Padding) -> (usize, usize) {
    match padding {
        Padding::Valid => ((size - window) / stride + 1, 0),
        Padding::Same => {
            let out = size.div_ceil(stride);
            let total = ((out - 1) * stride + window).saturating_sub(size);
            (out, total / 2)
        }
        Padding::Symmetric => {
            let before = window / 2;
            ((size + 2 * before - window) / stride + 1, before)
        }
    }
}
