//! Training by the oracle.

use umbel::nn::engine::{Seen, Slice, Targets, Train, TrainState, Updates, Watch};
use umbel::nn::steps::Layout;
use umbel::nn::{LossSum, Model, Tensor, Weights};
use umbel_kernels::loss;

use super::network::{Given, Network, Trace};
use super::update::State;
use super::{Kinks, Result, backward, forward, narrow, widen};

/// [`LossSum::correct_top_k`] counts the labels among so many of the highest outputs.
const TOP_K: usize = 5;

#[derive(Debug)]
pub struct Training {
    updates: Updates,
    network: Network,
    model: Model,
    state: State,
    average: Option<Weights>,
    kinks: Kinks,
    trace: Trace,
    /// What is handed out.
    flat: Vec<f32>,
    logits: Vec<f32>,
}

impl Training {
    pub fn new(model: Model, batch: usize, updates: Updates, kinks: Kinks) -> Result<Self> {
        let network = Network::new(model.architecture(), batch)?;
        let state = State::new(&updates.optimizer, model.weights());
        let average = (updates.ema_momentum > 0.0).then(|| model.weights().clone());
        let flat = vec![0.0; network.layout.len()];
        Ok(Training {
            updates,
            network,
            model,
            state,
            average,
            kinks,
            trace: Trace::default(),
            flat,
            logits: Vec::new(),
        })
    }
}

/// Sums of loss and hits, and the gradient of the mean loss.
fn loss_of(targets: Targets<'_>, classes: usize, logits: &[f64]) -> (LossSum, Vec<f64>) {
    let mut gradient = vec![0.0; logits.len()];
    let loss = match targets {
        Targets::Labels(labels) => {
            loss::scalar::sparse_categorical_crossentropy(classes, logits, labels, &mut gradient)
        }
        Targets::Shares(shares) => {
            loss::scalar::categorical_crossentropy(classes, logits, &widen(shares), &mut gradient)
        }
    };
    // Whoever counts hits sees what is handed out.
    let hits = targets.loss(classes, &narrow(logits), TOP_K.min(classes), None);
    (LossSum { loss, ..hits }, gradient)
}

impl Train for Training {
    fn batch(&self) -> usize {
        self.network.batch
    }

    fn layout(&self) -> &Layout {
        &self.network.layout
    }

    fn backward_watched(&mut self, slice: Slice<'_>, watch: &mut Watch<'_>) -> LossSum {
        let Slice { images, targets, key } = slice;
        let Training { network, model, trace, kinks, .. } = self;
        let (weights, classes) = (model.weights(), network.classes);
        let n = network.count(weights, images);
        targets.check(n, classes);
        assert!(n > 0, "a training step needs at least one picture");
        trace.flat = vec![0.0; network.layout.len()];
        for (tensor, place) in network.layout.statistics() {
            trace.flat[place.clone()].copy_from_slice(&widen(&weights.tensors[*tensor].data));
        }
        let (steps, layout) = (&network.training, &network.layout);
        let given = Given { steps, layout, weights, images, n, key: Some(key), kinks };
        forward::run(given, trace, watch);
        let (loss, gradient) = loss_of(targets, classes, trace.outputs.last().expect("there is a step"));
        watch(Seen::Loss);
        backward::run(given, trace, gradient, watch);
        self.flat = narrow(&trace.flat);
        loss
    }

    fn gradients(&mut self) -> &mut [f32] {
        &mut self.flat
    }

    fn update(&mut self, learning_rate: f64) {
        let Training { updates, network, model, state, average, flat, .. } = self;
        let (layout, weights) = (&network.layout, model.weights_mut());
        for (tensor, place) in layout.statistics() {
            weights.tensors[*tensor].data.copy_from_slice(&flat[place.clone()]);
        }
        state.update(updates, learning_rate, weights, layout, &mut widen(flat));
        if let Some(average) = average {
            state.blend(updates.ema_momentum, model.weights(), average);
        }
    }

    fn judge(&mut self, images: &[f32]) -> &[f32] {
        let weights = self.average.as_ref().unwrap_or(self.model.weights());
        self.logits = self.network.logits(weights, images, &self.kinks, &mut self.trace, &mut |_| {});
        &self.logits
    }

    fn weights(&self) -> &Weights {
        self.model.weights()
    }

    fn average(&self) -> Option<&Weights> {
        self.average.as_ref()
    }

    fn moments(&self) -> (u64, &[Tensor]) {
        (self.state.updates, &self.state.tensors)
    }

    fn restore(&mut self, state: TrainState) -> Result<()> {
        let TrainState { weights, updates, moments, average } = state;
        let graph = || self.model.architecture().clone();
        let model = Model::from_weights(graph(), weights)?;
        let average = average.map(|average| Model::from_weights(graph(), average)).transpose()?;
        self.state.restore(updates, moments)?;
        self.model = model;
        if let (Some(own), Some(average)) = (&mut self.average, average) {
            *own = average.into_weights();
        }
        Ok(())
    }

    fn load(&mut self, weights: &Weights) {
        self.model = self.model.with(weights.clone());
        if let Some(average) = &mut self.average {
            average.clone_from(weights);
        }
    }

    fn resize(&mut self, size: usize) -> Result<()> {
        self.model = self.model.with_input_size(size)?;
        self.network = Network::new(self.model.architecture(), self.network.batch)?;
        Ok(())
    }

    fn into_weights(self: Box<Self>) -> Weights {
        self.model.into_weights()
    }

    fn memory_bytes(&self) -> usize {
        self.network.bytes(&self.network.training) as usize
    }
}
