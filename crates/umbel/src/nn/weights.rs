//! Named weights.

/// One tensor, row-major. Names are `<layer>/<weight>`, for instance `conv2d_1/kernel`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
    /// Whether the optimiser changes it (batch norm's moving statistics are not trained).
    pub trainable: bool,
}

/// The weights of a model, in the order of its layers.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Weights {
    pub tensors: Vec<Tensor>,
}

impl Weights {
    /// Number of values, trained or not.
    pub fn count(&self) -> usize {
        self.tensors.iter().map(|t| t.data.len()).sum()
    }
    /// Number of trained values.
    pub fn trainable_count(&self) -> usize {
        self.tensors.iter().filter(|t| t.trainable).map(|t| t.data.len()).sum()
    }
    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|t| t.name == name)
    }
}
