//! Layers that read several others: sums, products and concatenation.

use serde::{Deserialize, Serialize};

use super::{Mistake, Rules, Shape, form};

/// The sum of two or more inputs of one shape (Keras' `Add`): the end of a residual branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "form::Nothing")]
pub struct Add;

/// The product of two or more inputs of one shape (Keras' `Multiply`). After a picture, a vector with one value for each
/// of its channels scales them: the end of squeeze-and-excitation (Hu et al. 2018).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "form::Nothing")]
pub struct Multiply;

/// The inputs' channels one behind another (Keras' `Concatenate`, along the last axis).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "form::Nothing")]
pub struct Concatenate;

impl Rules for Add {
    fn names(&self) -> (&'static str, &'static str) {
        ("add", "Add")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        self.merged(&[input])
    }

    fn merged(&self, inputs: &[Shape]) -> Result<Shape, Mistake> {
        let first = several(inputs)?;
        same(&inputs[1..], first, format!("{first} like its first"))?;
        Ok(first)
    }
}

impl Rules for Multiply {
    fn names(&self) -> (&'static str, &'static str) {
        ("multiply", "Multiply")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        self.merged(&[input])
    }

    fn merged(&self, inputs: &[Shape]) -> Result<Shape, Mistake> {
        let first = several(inputs)?;
        if let [Shape::Picture { channels, .. }, Shape::Vector { length }] = inputs
            && channels == length
        {
            return Ok(first);
        }
        let or = match first {
            Shape::Picture { channels, .. } => format!(", or one vector of {channels}, which scales its channels"),
            Shape::Vector { .. } => String::new(),
        };
        same(&inputs[1..], first, format!("{first} like its first{or}"))?;
        Ok(first)
    }
}

impl Rules for Concatenate {
    fn names(&self) -> (&'static str, &'static str) {
        ("concatenate", "Concatenate")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        self.merged(&[input])
    }

    fn merged(&self, inputs: &[Shape]) -> Result<Shape, Mistake> {
        let first = several(inputs)?;
        let sum = inputs.iter().fold(0usize, |sum, input| sum.saturating_add(input.channels()));
        match first {
            Shape::Vector { .. } => match inputs.iter().find(|input| matches!(input, Shape::Picture { .. })) {
                None => Ok(Shape::Vector { length: sum }),
                Some(other) => Err(Mistake::new("one of its inputs", other, "a vector like its first")),
            },
            Shape::Picture { height, width, .. } => {
                let size = |shape: &Shape| match *shape {
                    Shape::Picture { height, width, .. } => Some((height, width)),
                    Shape::Vector { .. } => None,
                };
                let fits = |input: &&Shape| size(input) == Some((height, width));
                match inputs.iter().find(|input| !fits(input)) {
                    None => Ok(Shape::Picture { height, width, channels: sum }),
                    Some(other) => {
                        let expected = format!("a picture of {height} x {width} like its first");
                        Err(Mistake::new("one of its inputs", other, expected))
                    }
                }
            }
        }
    }
}

/// The first of two or more.
fn several(inputs: &[Shape]) -> Result<Shape, Mistake> {
    match inputs {
        [first, _, ..] => Ok(*first),
        _ => {
            let expected = "2 or more: name them, inputs = [\"...\", \"...\"]";
            Err(Mistake::new("the number of its inputs", inputs.len(), expected))
        }
    }
}

fn same(others: &[Shape], first: Shape, expected: String) -> Result<(), Mistake> {
    match others.iter().find(|other| **other != first) {
        None => Ok(()),
        Some(other) => Err(Mistake::new("one of its inputs", other, expected)),
    }
}
