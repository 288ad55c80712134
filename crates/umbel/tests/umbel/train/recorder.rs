//! An engine around the CPU's that keeps what it is asked for, so that a run can be played again by hand.

use std::sync::{Arc, Mutex, PoisonError};

use umbel::PredictError;
use umbel::nn::engine::Watch;
use umbel::nn::steps::Layout;
use umbel::nn::{
    Computed, Cpu, Engine, Infer, LossSum, Model, Precision, Probe, Slice, Targets, Tensor, Train, TrainState,
    TrainingEngine, Updates, Weights,
};

/// What training was asked for.
#[derive(Clone, Debug)]
pub enum Asked {
    Slice { images: Vec<f32>, labels: Vec<u32>, key: u64 },
    Update(f64),
}

#[derive(Clone, Debug, Default)]
pub struct Recorder {
    tape: Arc<Mutex<Vec<Asked>>>,
    updates: Arc<Mutex<Option<Updates>>>,
}

impl Recorder {
    pub fn tape(&self) -> Vec<Asked> {
        self.tape.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How the run updates its weights.
    pub fn updates(&self) -> Updates {
        self.updates.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("a run began")
    }
}

impl Engine for Recorder {
    fn computes(&self, precision: Precision) -> Computed {
        Cpu::best().computes(precision)
    }

    fn fastest_precision(&self) -> Precision {
        Cpu::best().fastest_precision()
    }

    fn infer(&self, model: &Model, batch: usize, precision: Precision) -> Result<Box<dyn Infer>, PredictError> {
        Cpu::best().infer(model, batch, precision)
    }

    fn probe(&self, model: &Model, layer: Option<&str>) -> Result<Box<dyn Probe>, PredictError> {
        Cpu::best().probe(model, layer)
    }
}

impl TrainingEngine for Recorder {
    fn train(&self, model: Model, batch: usize, updates: &Updates) -> Result<Box<dyn Train>, PredictError> {
        *self.updates.lock().unwrap() = Some(updates.clone());
        Ok(Box::new(Recording { tape: self.tape.clone(), train: Cpu::best().train(model, batch, updates)? }))
    }

    fn foreseen_bytes(&self, model: &Model, batch: usize) -> Result<u128, PredictError> {
        Cpu::best().foreseen_bytes(model, batch)
    }

    fn foreseen_inference_bytes(&self, model: &Model, batch: usize) -> Result<u128, PredictError> {
        Cpu::best().foreseen_inference_bytes(model, batch)
    }
}

#[derive(Debug)]
struct Recording {
    tape: Arc<Mutex<Vec<Asked>>>,
    train: Box<dyn Train>,
}

impl Train for Recording {
    fn batch(&self) -> usize {
        self.train.batch()
    }

    fn layout(&self) -> &Layout {
        self.train.layout()
    }

    fn backward_watched(&mut self, slice: Slice<'_>, watch: &mut Watch<'_>) -> LossSum {
        let Targets::Labels(labels) = slice.targets else { panic!("only runs with labels are recorded") };
        let (images, labels) = (slice.images.to_vec(), labels.to_vec());
        self.tape.lock().unwrap().push(Asked::Slice { images, labels, key: slice.key });
        self.train.backward_watched(slice, watch)
    }

    fn gradients(&mut self) -> &mut [f32] {
        self.train.gradients()
    }

    fn update(&mut self, learning_rate: f64) {
        self.tape.lock().unwrap().push(Asked::Update(learning_rate));
        self.train.update(learning_rate);
    }

    fn judge(&mut self, images: &[f32]) -> &[f32] {
        self.train.judge(images)
    }

    fn weights(&self) -> &Weights {
        self.train.weights()
    }

    fn average(&self) -> Option<&Weights> {
        self.train.average()
    }

    fn moments(&self) -> (u64, &[Tensor]) {
        self.train.moments()
    }

    fn restore(&mut self, state: TrainState) -> Result<(), PredictError> {
        self.train.restore(state)
    }

    fn load(&mut self, weights: &Weights) {
        self.train.load(weights);
    }

    fn resize(&mut self, size: usize) -> Result<(), PredictError> {
        self.train.resize(size)
    }

    fn into_weights(self: Box<Self>) -> Weights {
        self.train.into_weights()
    }

    fn memory_bytes(&self) -> usize {
        self.train.memory_bytes()
    }
}
