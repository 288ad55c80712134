//! Steps with a place in the arena for everything that they read and write.

use umbel_kernels::FusedActivation;
use umbel_kernels::batch_norm::BatchNormShape;
use umbel_kernels::conv2d::Conv2dShape;
use umbel_kernels::dense::DenseShape;
use umbel_kernels::depthwise::DepthwiseShape;
use umbel_kernels::{batch_norm, conv2d, dense, depthwise, grouped};

use super::arena::{ALIGNMENT, Place, place};
use super::lifetimes::{Asked, AskedInput, Lifetimes};
use super::prepared::prepared_len;
use super::step::{ConvStep, DenseStep, NormStep, Op, Step, Use, Value};

/// More `f32` values than any machine can address (2^47 bytes).
pub(super) const MOST_VALUES: u128 = 1 << 45;

/// What a plan runs, forward and, if it is for training, backward.
#[derive(Debug)]
pub(super) struct Program {
    pub steps: Vec<PlacedStep>,
    /// `f32` values that all places take up.
    pub arena: u128,
    /// Bytes of the choices of maxima.
    pub choice: u128,
    /// `f32` values of scratch.
    pub workspace: u128,
    /// `f32` values that are made of the weights before the first step, see [`super::prepared`].
    pub prepared: u128,
}

/// A step and its places. A place that is not needed is the default one.
#[derive(Debug)]
pub(super) struct PlacedStep {
    pub op: Op,
    pub inputs: Vec<Input>,
    pub y: Place,
    /// Batch norm's mean and deviation of the batch; stochastic depth's factors.
    pub extra: Place,
    /// Among what is prepared.
    pub prepared: Place,
    /// In the choice buffer.
    pub choice: Place,
    /// Gradient of the output; not there where the backward pass does not come.
    pub dy: Place,
    /// The output, where the backward pass reads it again.
    pub kept_y: Place,
    /// Of the backward pass: gradients that a kernel insists on writing and nobody reads; factors.
    pub scratch: Place,
    pub runs_backward: bool,
}

/// What a step reads, and where its gradient goes.
#[derive(Debug)]
pub(super) struct Input {
    /// `None`: the images.
    pub x: Option<Place>,
    /// The same, where the backward pass reads it again.
    pub kept_x: Place,
    /// Where this step writes the gradient; not there where nobody needs it.
    pub dx: Place,
    /// Where readers that ran before have left their share of the gradient, to which this step's is added.
    pub sum: Place,
}

impl Program {
    /// Places everything for up to `batch` images of so many values.
    pub fn new(images: usize, steps: Vec<Step>, usage: Use, batch: usize) -> Self {
        let (requests, asked) = Lifetimes::new(images, &steps).ask();
        let (places, arena) = place(&requests, batch);
        // A batch that no machine can hold is refused later; the kernels' sums must not overflow over it here.
        let askable = arena <= MOST_VALUES;
        let scratch = |step: &Step| workspace_len(step, usage, batch);
        let workspace = steps.iter().filter(|_| askable).map(scratch).max();

        let (mut choice, mut prepared) = (0, 0);
        let outputs: Vec<Place> = asked.iter().map(|step| places[step.y]).collect();
        let mut place_step = |(step, asked): (Step, Asked)| {
            let per_sample = if usage == Use::Inference { 0 } else { choices(&step) };
            let choice_place = Place { offset: choice as usize, per_sample, fixed: 0 };
            choice += per_sample as u128 * batch as u128;
            let prepared_place = Place { offset: prepared as usize, per_sample: 0, fixed: prepared_len(&step) };
            prepared += prepared_place.fixed.next_multiple_of(ALIGNMENT) as u128;
            let at = |request: Option<usize>| request.map_or(Place::default(), |request| places[request]);
            let runs_backward = step.runs_backward();
            let needs = if runs_backward { step.op.backward_needs() } else { (false, false) };
            let input = |(value, asked): (&Value, &AskedInput)| {
                let x = match *value {
                    Value::Images => None,
                    Value::Step(index) => Some(outputs[index]),
                };
                let kept_x = if needs.0 { x.unwrap_or_default() } else { Place::default() };
                Input { x, kept_x, dx: at(asked.dx), sum: at(asked.sum) }
            };
            let y = places[asked.y];
            PlacedStep {
                inputs: step.inputs.iter().zip(&asked.inputs).map(input).collect(),
                op: step.op,
                y,
                extra: at(asked.extra),
                prepared: prepared_place,
                choice: choice_place,
                dy: at(asked.dy),
                kept_y: if needs.1 { y } else { Place::default() },
                scratch: at(asked.scratch),
                runs_backward,
            }
        };
        let steps = steps.into_iter().zip(asked).map(&mut place_step).collect();
        let workspace = workspace.unwrap_or(0) as u128;
        Program { steps, arena, choice, workspace, prepared }
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

/// Values of a convolution's kernel.
pub(super) fn kernel_len(conv: &ConvStep) -> usize {
    let shape = &conv.shape;
    shape.kernel.0 * shape.kernel.1 * (shape.channels_in / conv.groups) * shape.channels_out
}

/// Values of a depthwise convolution's kernel.
pub(super) fn depthwise_len(shape: &DepthwiseShape) -> usize {
    shape.kernel.0 * shape.kernel.1 * shape.channels
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
        Op::Conv2d(conv) if conv.groups > 1 => conv.grouped(batch).map_or(0, |shape| match usage {
            Use::Inference => grouped::forward_workspace_len(&shape),
            Use::Training | Use::Probing => grouped::workspace_len(&shape),
        }),
        Op::Conv2d(conv) if usage != Use::Inference => conv2d::workspace_len(&Conv2dShape { batch, ..conv.shape }),
        Op::Depthwise(conv) if usage != Use::Inference => {
            depthwise::workspace_len(&DepthwiseShape { batch, ..conv.shape })
        }
        Op::BatchNorm { norm, .. } => {
            batch_norm::workspace_len(&norm_shape(norm, FusedActivation::Linear, step.output, batch))
        }
        Op::Dense(DenseStep { inputs, .. }) => {
            dense::workspace_len(&DenseShape { batch, inputs: *inputs, outputs: step.output })
        }
        _ => 0,
    }
}

/// Batch norm's shape for `n` samples of `count` values.
pub(super) fn norm_shape(norm: &NormStep, activation: FusedActivation, count: usize, n: usize) -> BatchNormShape {
    let NormStep { channels, epsilon, .. } = *norm;
    BatchNormShape { rows: n * (count / channels), channels, epsilon, activation }
}
