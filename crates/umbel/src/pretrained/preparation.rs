//! What photos must be like for pretrained weights. It belongs to the weights and not to their network: there are files of the
//! same names and shapes that were trained on photos of different scales.

use std::path::Path;

use serde::Deserialize;

use super::known;
use crate::Result;
use crate::base::regular;
use crate::nn::Graph;
use crate::nn::layers::{Layer, Normalization, Rescaling};

/// Mean and deviation that were taken from the photos' channels, as shares of white.
#[derive(Clone, Debug, PartialEq)]
pub struct Preparation {
    /// Red, green, blue.
    pub mean: [f64; 3],
    /// Each above 0.
    pub deviation: [f64; 3],
    /// Height and width, where it is told.
    pub image_size: Option<u32>,
}

/// Whether a preparation is known.
#[derive(Clone, Debug, PartialEq)]
pub enum Certainty {
    /// By a file beside the weights, by their digest, or by whose names they have.
    Told,
    /// It is the usual one of the network; weights of other makers may want another.
    Assumed(Option<Preparation>),
}

/// What stands beside the weights, or is known of them.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub preparation: Option<Preparation>,
    pub license: Option<String>,
}

/// timm's config.json, as far as it is looked at.
#[derive(Deserialize)]
struct Config {
    pretrained_cfg: Cfg,
}

#[derive(Deserialize)]
struct Cfg {
    mean: Option<[f64; 3]>,
    std: Option<[f64; 3]>,
    input_size: Option<[u32; 3]>,
    license: Option<String>,
}

/// A config.json is some kilobytes.
const MOST_BYTES: usize = 1 << 20;

/// Looks for `NAME.json` beside `NAME.safetensors`, and for `config.json` beside a `model.safetensors`, which is what the hub
/// calls them. What cannot be read as one tells nothing; then a file may be one that is known.
pub(super) fn beside(weights: &Path) -> Beside {
    let hub = weights.file_stem().is_some_and(|name| name == "model" || name == "pytorch_model");
    let candidates = [Some(weights.with_extension("json")), hub.then(|| weights.with_file_name("config.json"))];
    let read = |path: &Path| regular::read_text(path).ok().filter(|text| text.len() <= MOST_BYTES);
    let found: Beside = candidates.iter().flatten().find_map(|path| told(&read(path)?)).unwrap_or_default();
    if found.preparation.is_some() {
        return found;
    }
    match known::file(weights) {
        Some(known) => Beside {
            preparation: Some(known.preparation()),
            license: found.license.or_else(|| Some(known.license.to_string())),
        },
        None => found,
    }
}

fn told(json: &str) -> Option<Beside> {
    let Cfg { mean, std, input_size, license } = serde_json::from_str::<Config>(json).ok()?.pretrained_cfg;
    let sound = |(mean, deviation): &([f64; 3], [f64; 3])| {
        mean.iter().all(|mean| mean.is_finite()) && deviation.iter().all(|d| d.is_finite() && *d > 1e-6)
    };
    let image_size = input_size.map(|[_, height, _]| height);
    let preparation = mean.zip(std).filter(sound).map(|(mean, deviation)| Preparation { mean, deviation, image_size });
    Some(Beside { preparation, license })
}

impl Preparation {
    /// (x − 127) / 128, as Google's EfficientNet-Lite has it.
    pub const EFFICIENTNET_LITE: Preparation =
        Preparation { mean: [127.0 / 255.0; 3], deviation: [128.0 / 255.0; 3], image_size: None };

    /// What a network does to the photos first; `None` where that is something else.
    pub(super) fn of(graph: &Graph) -> Result<Option<Self>> {
        let resolved = graph.resolve()?;
        let first = resolved.iter().find_map(|layer| match layer.layer {
            Layer::Rescaling(Rescaling { scale, offset }) => {
                let deviation = 1.0 / (f64::from(*scale) * WHITE);
                let mean = -f64::from(*offset) * deviation;
                Some(Preparation { mean: [mean; 3], deviation: [deviation; 3], image_size: None })
            }
            Layer::Normalization(Normalization { mean, variance }) => {
                let channels = |values: &[f32], of: fn(f64) -> f64| -> Option<[f64; 3]> {
                    let values: Vec<f64> = values.iter().map(|value| of(f64::from(*value)) / WHITE).collect();
                    values.try_into().ok()
                };
                let (mean, deviation) = (channels(mean, |mean| mean)?, channels(variance, f64::sqrt)?);
                Some(Preparation { mean, deviation, image_size: None })
            }
            _ => None,
        });
        Ok(first)
    }

    /// Has the network do this first, in place of what it does of itself.
    pub(super) fn put_into(&self, graph: &mut Graph) -> Result<()> {
        let resolved = graph.resolve()?;
        let is_first = |layer: &Layer| matches!(layer, Layer::Rescaling(_) | Layer::Normalization(_));
        let Some(name) = resolved.iter().find(|layer| is_first(layer.layer)).map(|layer| layer.name.clone()) else {
            return Ok(());
        };
        let (mean, deviation) = (self.mean, self.deviation);
        let layer: Layer = if mean == [mean[0]; 3] && deviation == [deviation[0]; 3] {
            let scale = 1.0 / (WHITE * deviation[0]);
            Rescaling::new(scale as f32).offset((-mean[0] / deviation[0]) as f32).into()
        } else {
            let mean = mean.map(|mean| WHITE as f32 * mean as f32);
            let variance = deviation.map(|deviation| (WHITE as f32 * deviation as f32).powi(2));
            Normalization::new(mean, variance).into()
        };
        Ok(graph.replace_layer(&name, layer)?)
    }
}

const WHITE: f64 = 255.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::models::{ArchitectureOptions, by_name};

    fn graph(name: &str) -> Graph {
        by_name(name, &ArchitectureOptions { image_size: 64, augment: Vec::new(), ..Default::default() }).unwrap()
    }

    fn first(graph: &Graph) -> Layer {
        graph.resolve().unwrap()[0].layer.clone()
    }

    #[test]
    fn lites_own_preparation_is_the_one_that_was_always_put_there() {
        let mut lite0 = graph("tf_efficientnet_lite0");
        Preparation::EFFICIENTNET_LITE.put_into(&mut lite0).unwrap();
        assert_eq!(first(&lite0), Rescaling::new(1.0 / 128.0).offset(-127.0 / 128.0).into());
    }

    #[test]
    fn weights_of_one_name_and_two_scales_are_told_apart_by_the_file_beside_them() {
        let folder = tempfile::tempdir().unwrap();
        let weights = folder.path().join("mobilenetv3_large_100.safetensors");
        assert!(beside(&weights).preparation.is_none());
        let config = r#"{"architecture": "mobilenetv3_large_100", "pretrained_cfg": {"input_size": [3, 224, 224],
            "mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0], "license": "cc-by-nc-4.0"}}"#;
        std::fs::write(weights.with_extension("json"), config).unwrap();
        let Beside { preparation, license } = beside(&weights);
        assert_eq!(license.as_deref(), Some("cc-by-nc-4.0"));
        let (own, mut network) = (preparation.unwrap(), graph("mobilenetv3_large_100"));
        assert_eq!(own.image_size, Some(224));
        own.put_into(&mut network).unwrap();
        assert_eq!(first(&network), Rescaling::new(1.0 / 255.0).into());
        // The usual one of the network, said in full, changes nothing.
        let usual = graph("mobilenetv3_large_100");
        let said = Preparation::of(&usual).unwrap().unwrap();
        assert!((said.mean[0] - 0.485).abs() < 1e-6 && (said.deviation[2] - 0.225).abs() < 1e-6, "{said:?}");
        let imagenet = Preparation { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225], image_size: None };
        imagenet.put_into(&mut network).unwrap();
        assert_eq!(first(&network), first(&usual));
    }

    #[test]
    fn a_file_beside_the_weights_that_is_no_config_tells_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let weights = folder.path().join("model.safetensors");
        for text in
            ["", "{", "{}", r#"{"pretrained_cfg": {"mean": [0.5]}}"#, r#"{"pretrained_cfg": {"mean": [0, 0, 0]}}"#]
        {
            std::fs::write(folder.path().join("config.json"), text).unwrap();
            assert!(beside(&weights).preparation.is_none(), "{text}");
        }
        let zero = r#"{"pretrained_cfg": {"mean": [0, 0, 0], "std": [0, 1, 1]}}"#;
        std::fs::write(folder.path().join("config.json"), zero).unwrap();
        assert!(beside(&weights).preparation.is_none());
    }
}
