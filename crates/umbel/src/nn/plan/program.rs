//! Steps with a place in the arena for everything that they read and write.

use umbel_kernels::batch_norm::BatchNormShape;
use umbel_kernels::conv2d::Conv2dShape;
use umbel_kernels::dense::DenseShape;
use umbel_kernels::{FusedActivation, batch_norm, conv2d, dense};

use super::arena::{Place, Request, place};
use super::compile::{ConvStep, NormStep, Op, Step, Use};

/// More `f32` values than any machine can address (2^47 bytes).
pub(super) const MOST_VALUES: u128 = 1 << 45;

/// What a plan runs, forward and, if it is for training, backward.
#[derive(Debug)]
pub(super) struct Program {
    pub steps: Vec<PlacedStep>,
    /// The first step with weights, or the one after the step that is looked at: the backward pass ends there. The number
    /// of steps where there is none.
    pub first_trained: usize,
    /// `f32` values that all places take up.
    pub arena: u128,
    /// Bytes of the choices of maxima.
    pub choice: u128,
    /// `f32` values of scratch.
    pub workspace: u128,
}

/// A step and its places. A place that is not needed is the default one.
#[derive(Debug)]
pub(super) struct PlacedStep {
    pub op: Op,
    /// Not there in the first step, which reads the images.
    pub x: Place,
    pub y: Place,
    /// Batch norm's mean and deviation of the batch; a convolution's folded weights.
    pub extra: Place,
    /// In the choice buffer.
    pub choice: Place,
    /// What the backward pass reads again.
    pub kept_x: Place,
    pub kept_y: Place,
    /// Gradient of the output.
    pub dy: Place,
    /// Gradient of the input, where the step before needs it (or the kernel cannot do without).
    pub dx: Place,
}

impl Program {
    /// Places everything for up to `batch` samples.
    pub fn new(steps: Vec<Step>, usage: Use, batch: usize) -> Self {
        let n = steps.len();
        let first_trained = match usage {
            Use::Inference => n,
            Use::Training => steps.iter().position(|step| step.op.is_trained()).unwrap_or(n),
            Use::Probing(step) => step + 1,
        };
        let probes = matches!(usage, Use::Probing(_));
        let lifetimes = Lifetimes { n, first_trained, probes };
        let requests: Vec<[Option<Request>; 4]> = (0..n).map(|index| lifetimes.requests(&steps, index)).collect();
        let flat: Vec<Request> = requests.iter().flatten().flatten().copied().collect();
        let (places, arena) = place(&flat, batch);
        let mut places = places.into_iter();
        let placed: Vec<[Place; 4]> = requests
            .iter()
            .map(|step| step.map(|request| request.and_then(|_| places.next()).unwrap_or_default()))
            .collect();

        // A batch that no machine can hold is refused later; the kernels' sums must not overflow over it here.
        let askable = arena <= MOST_VALUES;
        let scratch = |step: &Step| workspace_len(step, usage, batch);
        let workspace = steps.iter().filter(|_| askable).map(scratch).max();
        let mut choice = 0;
        let mut place_step = |(index, step): (usize, Step)| {
            let [y, dy, extra, scratch] = placed[index];
            let x = if index > 0 { placed[index - 1][0] } else { Place::default() };
            let before = if index > first_trained { placed[index - 1][1] } else { scratch };
            let needs = if index >= first_trained { step.op.backward_needs() } else { (false, false) };
            let per_sample = if usage == Use::Inference { 0 } else { choices(&step) };
            let choice_place = Place { offset: choice as usize, per_sample, fixed: 0 };
            choice += per_sample as u128 * batch as u128;
            PlacedStep {
                op: step.op,
                x,
                y,
                extra,
                choice: choice_place,
                kept_x: if needs.0 { x } else { Place::default() },
                kept_y: if needs.1 { y } else { Place::default() },
                dy,
                dx: before,
            }
        };
        let steps = steps.into_iter().enumerate().map(&mut place_step).collect();
        let workspace = workspace.unwrap_or(0) as u128;
        Program { steps, first_trained, arena, choice, workspace }
    }

    /// Where the last step's output lies.
    pub fn output(&self) -> Place {
        self.steps.last().map_or(Place::default(), |step| step.y)
    }

    /// Where the backward pass takes the output's gradient from; not there where nothing is trained.
    pub fn output_gradient(&self) -> Place {
        self.steps.last().map_or(Place::default(), |step| step.dy)
    }
}

impl Op {
    /// Whether the backward pass reads the input and the output again.
    fn backward_needs(&self) -> (bool, bool) {
        match self {
            Op::Conv2d(ConvStep { activation, pool, .. }) => (true, !pool && *activation != FusedActivation::Linear),
            Op::Dense { .. } | Op::Activation { .. } => (true, true),
            Op::BatchNorm { .. } => (true, false),
            Op::Rescale { .. }
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::GlobalAverage { .. }
            | Op::Dropout { .. } => (false, false),
        }
    }
}

/// Time is counted in ticks: step i runs forward at i, the loss is taken at n, step i runs backward at 2n − i.
struct Lifetimes {
    n: usize,
    first_trained: usize,
    /// The step before the first trained one is looked at: its output and that output's gradient outlive all.
    probes: bool,
}

impl Lifetimes {
    fn backward(&self, index: usize) -> usize {
        2 * self.n - index
    }

    /// Output, gradient of the output, extra buffer, and a gradient of the input that no step reads.
    fn requests(&self, steps: &[Step], index: usize) -> [Option<Request>; 4] {
        let step = &steps[index];
        let trains = |index: usize| index >= self.first_trained;
        let mut dies = index + 1; // read by the next step, or by the loss
        if trains(index) && step.op.backward_needs().1 {
            dies = self.backward(index);
        }
        let next = index + 1;
        if next < self.n && trains(next) && steps[next].op.backward_needs().0 {
            dies = dies.max(self.backward(next));
        }
        if self.probes && next == self.first_trained {
            dies = 2 * self.n;
        }
        let per_sample = |per_sample, born, dies| Request { per_sample, fixed: 0, born, dies };
        let y = per_sample(step.output, index, dies);
        let end = self.backward(index);
        let dy = trains(index).then(|| per_sample(step.output, end - 1, end));
        let extra = self.extra(&step.op, index);
        // Batch norm's kernel always writes the gradient of its input.
        let wanted = index == self.first_trained && (self.probes || matches!(step.op, Op::BatchNorm { .. }));
        let dx = wanted.then(|| per_sample(step.input, end, end));
        [Some(y), dy, extra, dx]
    }

    fn extra(&self, op: &Op, index: usize) -> Option<Request> {
        let fixed = |fixed, dies| Some(Request { per_sample: 0, fixed, born: index, dies });
        match op {
            Op::BatchNorm { norm, .. } if self.first_trained < self.n => fixed(2 * norm.channels, self.backward(index)),
            Op::Conv2d(ConvStep { shape, folded: Some(_), .. }) => fixed(kernel_len(shape) + shape.channels_out, index),
            _ => None,
        }
    }
}

/// Values of a convolution's kernel.
pub(super) fn kernel_len(shape: &Conv2dShape) -> usize {
    shape.kernel.0 * shape.kernel.1 * shape.channels_in * shape.channels_out
}

/// Bytes of choices that a step keeps for one sample.
fn choices(step: &Step) -> usize {
    match &step.op {
        Op::Conv2d(ConvStep { pool: true, .. }) | Op::MaxPool(_) => step.output,
        _ => 0,
    }
}

/// Scratch that a step's kernels ask for.
fn workspace_len(step: &Step, usage: Use, batch: usize) -> usize {
    match &step.op {
        Op::Conv2d(conv) if usage != Use::Inference => conv2d::workspace_len(&Conv2dShape { batch, ..conv.shape }),
        Op::BatchNorm { norm, .. } if usage != Use::Inference => {
            batch_norm::workspace_len(&norm_shape(norm, step.output, batch))
        }
        Op::Dense { .. } => dense::workspace_len(&DenseShape { batch, inputs: step.input, outputs: step.output }),
        _ => 0,
    }
}

/// Batch norm's shape for `n` samples of `count` values.
pub(super) fn norm_shape(norm: &NormStep, count: usize, n: usize) -> BatchNormShape {
    let NormStep { channels, epsilon, .. } = *norm;
    BatchNormShape { rows: n * (count / channels), channels, epsilon }
}
