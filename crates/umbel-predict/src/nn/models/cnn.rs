//! The flower tutorial's network.

use super::ArchitectureOptions;
use crate::nn::Sequential;
use crate::nn::layers::{Activation, Conv2d, Dense, Dropout, Flatten, MaxPool2d, Padding, Rescaling};

/// Three convolutions with 16, 32 and 64 channels, each followed by max-pooling, and two dense layers: the network of
/// TensorFlow's image classification tutorial. 3,989,285 parameters for five classes at 180 x 180.
pub fn cnn(options: &ArchitectureOptions) -> Sequential {
    let mut stack = Sequential::new((options.image_size, options.image_size, 3));
    for layer in &options.augment {
        stack = stack.add(*layer);
    }
    stack = stack.add(Rescaling::new(1.0 / 255.0));
    for filters in [16, 32, 64] {
        let convolution = Conv2d::new(filters, 3).padding(Padding::Same).activation(Activation::Relu);
        stack = stack.add(convolution).add(MaxPool2d::default());
    }
    if options.dropout != 0.0 {
        stack = stack.add(Dropout::new(options.dropout));
    }
    stack.add(Flatten).add(Dense::new(128).activation(Activation::Relu)).add(Dense::new(options.classes))
}
