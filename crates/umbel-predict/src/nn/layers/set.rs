//! The methods by which several kinds of layers are set.

/// Writes those that are named into an `impl`.
macro_rules! set {
    ($($name:ident),*) => { $(set! { @$name })* };
    (@stride) => {
        /// Sets the stride.
        pub fn stride(mut self, stride: impl super::IntoPair) -> Self {
            self.stride = stride.into_pair();
            self
        }
    };
    (@padding) => {
        /// Sets the padding.
        pub fn padding(mut self, padding: super::Padding) -> Self {
            self.padding = padding;
            self
        }
    };
    (@activation) => {
        /// Sets the activation.
        pub fn activation(mut self, activation: super::Activation) -> Self {
            self.activation = activation;
            self
        }
    };
    (@bias) => {
        /// Whether to add a bias.
        pub fn bias(mut self, bias: bool) -> Self {
            self.bias = bias;
            self
        }
    };
}
