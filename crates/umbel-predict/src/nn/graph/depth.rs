//! How far below the last layer a weight lies, counted in stages: the blocks that a ready-made network names together.

use super::Graph;
use crate::Result;

impl Graph {
    /// For every trainable tensor in order, the stages between it and the photo's class: 0 for the last layer, 1 for the last
    /// stage below it, and so on. Neighbors that belong to no stage count as one.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn depths(&self) -> Result<Vec<usize>> {
        let resolved = self.resolve()?;
        let mut depths = Vec::new();
        let (mut depth, mut above) = (0, None);
        for layer in resolved.iter().rev().filter(|layer| !layer.parameters.is_empty()) {
            let stage = stage(&layer.name);
            depth += usize::from(above.is_some_and(|above| depth == 0 || above != stage));
            above = Some(stage);
            depths.extend(layer.parameters.iter().filter(|parameter| parameter.trainable).map(|_| depth));
        }
        depths.reverse();
        Ok(depths)
    }
}

/// The stage that a layer of a block belongs to: `blocks.6` of `blocks.6.0.conv_pw`, `layer4` of `layer4.1.conv2`.
pub fn stage(name: &str) -> Option<&str> {
    let mut dots = name.match_indices('.').map(|(at, _)| at);
    if name.starts_with("blocks.") {
        return dots.nth(1).map(|at| &name[..at]);
    }
    if name.starts_with("layer") { dots.next().map(|at| &name[..at]) } else { None }
}

#[cfg(test)]
mod tests {
    use crate::nn::models::{ArchitectureOptions, by_name};
    use crate::nn::weights::TensorSpec;

    #[test]
    fn depths_rise_from_the_head_to_the_stem() {
        for (name, stem, deepest) in [
            ("tf_efficientnet_lite0", "conv_stem/kernel", 9),
            ("resnet18", "conv1/kernel", 5),
            ("cnn", "conv2d/kernel", 1),
        ] {
            let graph = by_name(name, &ArchitectureOptions::default()).unwrap();
            let specs = TensorSpec::of(&graph).unwrap();
            let names = specs.iter().filter(|spec| spec.trainable).map(|spec| spec.name.as_str());
            let depths: Vec<(&str, usize)> = names.zip(graph.depths().unwrap()).collect();
            assert_eq!(depths.len(), graph.depths().unwrap().len());
            assert_eq!(depths[0], (stem, deepest));
            assert_eq!(depths[depths.len() - 1].1, 0, "the last layer's bias");
            assert_eq!(depths[depths.len() - 2].1, 0, "the last layer's kernel");
            assert_eq!(depths[depths.len() - 3].1, 1, "what stands below it");
            assert!(depths.windows(2).all(|two| two[0].1 >= two[1].1), "{depths:?}");
        }
    }
}
