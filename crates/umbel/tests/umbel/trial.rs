//! The CPU engine at work on weights that a test holds.

use umbel::PredictError;
use umbel::nn::{
    Cpu, Inference, Isa, LossSum, Model, OptimizerConfig, Precision, Slice, Targets, Train, Training, Updates, Weights,
};

/// For inference in `f32`.
pub fn inference(model: &Model, batch: usize, isa: Isa) -> Result<Inference, PredictError> {
    Cpu::from(isa).inference(model, batch, Precision::F32)
}

/// For training, whose weights are set before everything that it does.
pub struct Trial {
    pub training: Training,
}

impl Trial {
    /// In `f32`, by Adam.
    pub fn new(model: &Model, batch: usize, isa: Isa) -> Result<Self, PredictError> {
        Self::by(model, batch, isa, OptimizerConfig::adam())
    }

    /// In `f32`, by this optimizer.
    pub fn by(model: &Model, batch: usize, isa: Isa, optimizer: OptimizerConfig) -> Result<Self, PredictError> {
        Self::with(model, batch, isa, &Updates::by(optimizer))
    }

    pub fn with(model: &Model, batch: usize, isa: Isa, updates: &Updates) -> Result<Self, PredictError> {
        Ok(Trial { training: Cpu::from(isa).training(model.clone(), batch, updates)? })
    }

    /// Loss and gradients; moving statistics move.
    pub fn gradients<'t>(
        &mut self,
        weights: &mut Weights,
        images: &[f32],
        targets: impl Into<Targets<'t>>,
        key: u64,
    ) -> (LossSum, Vec<Vec<f32>>) {
        self.training.load(weights);
        let loss = self.training.backward(Slice { images, targets: targets.into(), key });
        for (tensor, place) in self.training.layout().statistics().to_vec() {
            weights.tensors[tensor].data.copy_from_slice(&self.training.gradients()[place]);
        }
        (loss, self.training.gradient_of_each())
    }

    /// One update.
    pub fn train_step<'t>(
        &mut self,
        weights: &mut Weights,
        rate: f64,
        images: &[f32],
        targets: impl Into<Targets<'t>>,
        key: u64,
    ) -> LossSum {
        self.training.load(weights);
        let loss = self.training.backward(Slice { images, targets: targets.into(), key });
        self.training.update(rate);
        weights.clone_from(self.training.weights());
        loss
    }

    pub fn infer(&mut self, weights: &Weights, images: &[f32]) -> &[f32] {
        self.training.load(weights);
        self.training.judge(images)
    }

    pub fn evaluate(&mut self, weights: &Weights, images: &[f32], labels: &[u32]) -> LossSum {
        self.training.load(weights);
        self.training.evaluate(images, labels)
    }

    pub fn memory_bytes(&self) -> usize {
        self.training.memory_bytes()
    }
}
