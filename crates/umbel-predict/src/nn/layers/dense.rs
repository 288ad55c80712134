//! Fully connected layers.

use serde::{Deserialize, Serialize};

use super::form;
use super::{Activation, Initializer, Mistake, Parameter, Rules, Shape};

/// Every output is a weighted sum of every input (Keras' `Dense`). Takes a vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Number of outputs.
    pub units: usize,
    /// Applied to the output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether a bias is added to every output.
    #[serde(default = "form::yes")]
    pub bias: bool,
}

impl Dense {
    /// A dense layer with `units` outputs: no activation, with a bias.
    pub fn new(units: usize) -> Self {
        Dense { units, activation: Activation::Linear, bias: true }
    }

    set! { activation, bias }
}

impl Rules for Dense {
    fn names(&self) -> (&'static str, &'static str) {
        ("dense", "Dense")
    }

    fn output(&self, input: Shape) -> Result<Shape, Mistake> {
        Mistake::unless_positive("units", self.units)?;
        match input {
            Shape::Vector { .. } => Ok(Shape::Vector { length: self.units }),
            Shape::Picture { .. } => Err(Mistake::new(
                "the input",
                input,
                "a vector: put a Flatten or a GlobalAvgPool2d layer before this one",
            )),
        }
    }

    fn parameters(&self, input: Shape) -> Vec<Parameter> {
        let inputs = input.channels();
        let glorot = Initializer::GlorotUniform { fan_in: inputs, fan_out: self.units };
        let mut parameters = vec![Parameter::trained("kernel", vec![inputs, self.units], glorot)];
        if self.bias {
            parameters.push(Parameter::trained("bias", vec![self.units], Initializer::Zeros));
        }
        parameters
    }
}
