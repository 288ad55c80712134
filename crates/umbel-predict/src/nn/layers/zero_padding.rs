//! Zeros around a picture.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Mistake, Rules, Shape};

/// Adds rows and columns of zeros around a picture (Keras' `ZeroPadding2D`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ZeroPadding2d {
    /// ((above, below), (left, right)). In TOML also one number for all sides, or two: [above and below, left and right].
    #[serde(deserialize_with = "margins")]
    pub padding: Margins,
}

/// ((above, below), (left, right)).
type Margins = ((usize, usize), (usize, usize));

/// Rows or columns on one side: more is only ever a slip.
const MOST: usize = u16::MAX as usize;

impl Default for ZeroPadding2d {
    /// One on every side, as in Keras.
    fn default() -> Self {
        ZeroPadding2d { padding: 1usize.into_margins() }
    }
}

impl ZeroPadding2d {
    /// Zeros around: one number for all sides, (above and below, left and right), or ((above, below), (left, right)).
    pub fn new(padding: impl IntoMargins) -> Self {
        ZeroPadding2d { padding: padding.into_margins() }
    }
}

/// Margins around a picture: `1`, `(1, 2)` for (above and below, left and right), or `((0, 1), (0, 1))`.
pub trait IntoMargins {
    /// ((above, below), (left, right)).
    fn into_margins(self) -> ((usize, usize), (usize, usize));
}

impl IntoMargins for usize {
    fn into_margins(self) -> Margins {
        ((self, self), (self, self))
    }
}

impl IntoMargins for (usize, usize) {
    fn into_margins(self) -> Margins {
        ((self.0, self.0), (self.1, self.1))
    }
}

impl IntoMargins for ((usize, usize), (usize, usize)) {
    fn into_margins(self) -> Margins {
        self
    }
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected a whole number, two: [height, width], or four: [[above, below], [left, right]]"
)]
enum MarginsForm {
    All(usize),
    Each(usize, usize),
    Sides((usize, usize), (usize, usize)),
}

fn margins<'de, D: Deserializer<'de>>(from: D) -> Result<Margins, D::Error> {
    Ok(match MarginsForm::deserialize(from)? {
        MarginsForm::All(all) => all.into_margins(),
        MarginsForm::Each(height, width) => (height, width).into_margins(),
        MarginsForm::Sides(height, width) => (height, width),
    })
}

impl Rules for ZeroPadding2d {
    fn names(&self) -> (&'static str, &'static str) {
        ("zero_padding2d", "ZeroPadding2D")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        let (height, width, channels) = Mistake::unless_picture(input)?;
        let ((above, below), (left, right)) = self.padding;
        if let Some(margin) = [above, below, left, right].into_iter().find(|margin| *margin > MOST) {
            return Err(Mistake::new("padding", margin, format!("at most {MOST}")));
        }
        Ok(Shape::Picture { height: height + above + below, width: width + left + right, channels })
    }
}
