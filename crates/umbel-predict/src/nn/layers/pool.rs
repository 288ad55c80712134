//! Max, average and global average pooling.

use serde::{Deserialize, Serialize};

use super::form;
use super::pair::{self, IntoPair};
use super::{Mistake, Padding, Rules, Shape, windows};

/// The kernels note a maximum's place in a window in one byte.
const LARGEST_WINDOW: usize = 15;

macro_rules! pooling {
    ($(#[$docs:meta])* $name:ident, $automatic:literal, $class:literal) => {
        $(#[$docs])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// Height and width of the window, 1 to 15 each.
            #[serde(deserialize_with = "pair::pair")]
            pub pool: (usize, usize),
            /// Steps down and right from one window to the next; `None` is the window's own size.
            #[serde(deserialize_with = "pair::some_pair", skip_serializing_if = "Option::is_none")]
            pub stride: Option<(usize, usize)>,
            /// What happens at the edges.
            pub padding: Padding,
        }

        impl Default for $name {
            /// Windows of 2 x 2 side by side, whole ones only.
            fn default() -> Self {
                $name { pool: (2, 2), stride: None, padding: Padding::Valid }
            }
        }

        impl $name {
            /// Windows of `pool` (one size, or height and width) side by side, whole ones only.
            pub fn new(pool: impl IntoPair) -> Self {
                $name { pool: pool.into_pair(), ..Self::default() }
            }

            /// Sets the stride.
            pub fn stride(mut self, stride: impl IntoPair) -> Self {
                self.stride = Some(stride.into_pair());
                self
            }

            /// Sets the padding. Padded pixels never win a maximum and do not count in an average.
            pub fn padding(mut self, padding: Padding) -> Self {
                self.padding = padding;
                self
            }

            /// The stride in force: the one set, or the window's size.
            pub fn effective_stride(&self) -> (usize, usize) {
                self.stride.unwrap_or(self.pool)
            }
        }

        impl Rules for $name {
            fn names(&self) -> (&'static str, &'static str) {
                ($automatic, $class)
            }

            fn output(&self, input: Shape) -> Result<Shape, Mistake> {
                pooled(input, self.pool, self.effective_stride(), self.padding)
            }
        }
    };
}

pooling! {
    /// The largest value of each window (Keras' `MaxPooling2D`).
    MaxPool2d, "max_pooling2d", "MaxPooling2D"
}

pooling! {
    /// The mean of each window (Keras' `AveragePooling2D`).
    AvgPool2d, "average_pooling2d", "AveragePooling2D"
}

/// The mean of each channel over the whole picture (Keras' `GlobalAveragePooling2D`): a picture becomes a vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "form::Nothing")]
pub struct GlobalAvgPool2d;

impl Rules for GlobalAvgPool2d {
    fn names(&self) -> (&'static str, &'static str) {
        ("global_average_pooling2d", "GlobalAveragePooling2D")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        let (_, _, channels) = Mistake::unless_picture(input)?;
        Ok(Shape::Vector { length: channels })
    }
}

fn pooled(input: Shape, pool: (usize, usize), stride: (usize, usize), padding: Padding) -> Result<Shape, Mistake> {
    let (height, width, channels) = Mistake::unless_picture(input)?;
    let windows = windows("the window", (height, width), pool, stride, padding)?;
    if pool.0.max(pool.1) > LARGEST_WINDOW {
        let window = format!("{} x {}", pool.0, pool.1);
        let expected = format!("at most {LARGEST_WINDOW} x {LARGEST_WINDOW}");
        return Err(Mistake::new("the window", window, expected));
    }
    let (height, width) = windows.out;
    Ok(Shape::Picture { height, width, channels })
}
