//! What a frozen network makes of every photo, once and for all: what its last layer reads. Computed from the photos as they
//! are, without augmentation, and kept in the cache.

use super::super::Outputs;
use crate::Result;
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::{Cache, Dataset, Loader, LoaderOptions, Rows};
use crate::metrics::MOST_INPUTS;
use crate::nn::{Computed, Graph, Infer, Model, NUMERICS, Precision, SharedEngine, Tensor, Weights};

/// Photos in hand while features are computed.
const BATCH: usize = 16;

/// The features of all usable photos of a cache.
#[derive(Debug)]
pub struct Features {
    rows: Rows,
    /// Values that the last layer reads.
    inputs: usize,
    engine: SharedEngine,
}

impl Features {
    /// Takes them from the cache of `dataset`, or computes them for all of its usable photos and keeps them there. `None`
    /// where the user asked to stop.
    ///
    /// # Errors
    /// [`umbel_predict::Error::Setting`] where the model does not end with a dense layer; those of [`Engine::infer`](crate::nn::Engine::infer) and the cache.
    pub fn of(
        engine: &SharedEngine,
        model: &Model,
        dataset: &Dataset,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Option<Self>> {
        let body = body(model)?;
        let inputs = body.architecture().classes()?;
        let cache = &dataset.cache;
        let mut infer = engine.infer(&body, BATCH.min(cache.usable().len().max(1)), Precision::F32)?;
        let kind = kind(&body, &engine.computes(Precision::F32), NUMERICS);
        if let Some(rows) = cache.rows(&kind, inputs) {
            return Ok(Some(Features { rows, inputs, engine: engine.clone() }));
        }
        let rows = compute(&body, &mut *infer, (cache, dataset), (&kind, inputs), (observer, interrupt))?;
        Ok(rows.map(|rows| Features { rows, inputs, engine: engine.clone() }))
    }

    /// Who computed them.
    pub fn engine(&self) -> &SharedEngine {
        &self.engine
    }

    /// Values that the last layer reads.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// What the last layer reads of the photo at `position` of the index, into `out`.
    ///
    /// # Errors
    /// Those of [`Rows::read`].
    pub fn read(&self, position: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(position, 0, out)
    }

    /// What `model`, which has been changed in its last layer only, says about each photo of a dataset.
    ///
    /// # Errors
    /// Those of [`Engine::infer`](crate::nn::Engine::infer).
    pub fn outputs(&self, model: &Model, dataset: &Dataset, batch: usize) -> Result<Outputs> {
        let head = head(model, self.inputs)?;
        let mut infer = self.engine.infer(&head, batch.min(dataset.len().max(1)), Precision::F32)?;
        let mut outputs = Outputs::default();
        let mut inputs = vec![0.0; infer.batch() * self.inputs];
        for samples in dataset.samples.chunks(infer.batch()) {
            let inputs = &mut inputs[..samples.len() * self.inputs];
            for (&(position, _), row) in samples.iter().zip(inputs.chunks_exact_mut(self.inputs)) {
                self.read(position, row)?;
            }
            if self.inputs <= MOST_INPUTS {
                outputs.features.extend_from_slice(inputs);
            }
            outputs.logits.extend_from_slice(infer.infer(head.weights(), inputs));
        }
        Ok(outputs)
    }
}

/// All but the last layer, with the model's weights.
fn body(model: &Model) -> Result<Model> {
    let Some(graph) = model.architecture().without_head()? else {
        return Err(umbel_predict::Error::Setting {
            setting: "the model's last layer".into(),
            value: "none that can be fitted by itself".into(),
            expected: "Dense without an activation, behind other layers".into(),
        }
        .into());
    };
    let kept = Model::new(graph.clone(), 0)?;
    let is_kept = |tensor: &&Tensor| kept.weights().get(&tensor.name).is_some();
    let tensors = model.weights().tensors.iter().filter(is_kept).cloned().collect();
    Ok(Model::from_weights(graph, Weights { tensors })?)
}

/// The last layer alone, for what it reads.
pub(super) fn head(model: &Model, inputs: usize) -> Result<Model> {
    use crate::nn::layers::{Flatten, Layer};
    let resolved = model.architecture().resolve()?;
    let Some((last, Layer::Dense(dense))) = resolved.last().map(|last| (last, last.layer)) else {
        unreachable!("without_head has found a dense layer");
    };
    let mut graph = Graph::new((1, 1, inputs));
    let vector = graph.layer(Flatten, graph.last());
    graph.named(last.name.clone(), dense.clone(), vector);
    let of_last = |tensor: &&Tensor| tensor.name.rsplit_once('/').is_some_and(|(layer, _)| layer == last.name);
    let tensors = model.weights().tensors.iter().filter(of_last).cloned().collect();
    Ok(Model::from_weights(graph, Weights { tensors })?)
}

/// Names all that the features depend on, beside the photos.
fn kind(body: &Model, computed: &Computed, numerics: u32) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&serde_json::to_vec(body.architecture()).unwrap_or_default());
    for tensor in &body.weights().tensors {
        hasher.update(tensor.name.as_bytes());
        let bytes: Vec<u8> = tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect();
        hasher.update(&bytes);
    }
    format!("inputs by arithmetic {numerics}, {}, {}", computed.device, hasher.finalize().to_hex())
}

fn compute(
    body: &Model,
    infer: &mut dyn Infer,
    (cache, dataset): (&Cache, &Dataset),
    (kind, width): (&str, usize),
    (observer, interrupt): (&mut dyn Observer, &Interrupt),
) -> Result<Option<Rows>> {
    let all = Dataset { samples: cache.usable().iter().map(|&position| (position, 0)).collect(), ..dataset.clone() };
    observer.event(&Event::Notice(&Notice::Features { photos: all.len() }));
    let options = LoaderOptions { batch: infer.batch(), ..LoaderOptions::default() };
    let mut writer = cache.write_rows(kind, width)?;
    let mut loader = Loader::new(&all, options);
    let mut done = 0;
    while let Some(batch) = loader.next() {
        if interrupt.requested() {
            return Ok(None);
        }
        let batch = batch?;
        let n = batch.labels.len();
        writer.push(infer.infer(body.weights(), &batch.images))?;
        done += n;
        observer.event(&Event::Features { done, total: all.len() });
        loader.recycle(batch);
    }
    writer.finish().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Sequential;
    use crate::nn::layers::{Dense, Flatten};

    #[test]
    fn rows_go_by_all_that_made_them() {
        let model = |seed| Model::new(Sequential::new((2, 2, 3)).add(Flatten).add(Dense::new(4)), seed).unwrap();
        let by = |device: &str| Computed { device: device.into(), precision: Precision::F32 };
        let own = kind(&model(1), &by("scalar"), 1);
        assert_eq!(own, kind(&model(1), &by("scalar"), 1));
        let others =
            [kind(&model(2), &by("scalar"), 1), kind(&model(1), &by("avx2"), 1), kind(&model(1), &by("scalar"), 2)];
        for other in others {
            assert_ne!(own, other);
        }
    }
}
