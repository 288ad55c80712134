//! Steps with a place in the arena for everything that they read and write.

use umbel_kernels::{Precision, batch_norm, conv2d, dense, depthwise, grouped, layer_norm};

use super::arena::{ALIGNMENT, Place, place};
use super::lifetimes::{Asked, AskedInput, Lifetimes};
use super::shapes;
use crate::nn::layers::Activation;
use crate::nn::steps::{ConvStep, DepthwiseStep, Layout, NormStep, Op, Step, Steps, Use, Value};

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
    /// What convolutions and dense layers multiply.
    pub precision: Precision,
    /// Where gradients lie, in a program for training.
    pub layout: Layout,
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
    /// Whether the kernel is packed once for many passes.
    pub packed: bool,
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
    /// Places everything for up to `batch` images.
    pub fn new(steps: Steps, layout: Layout, precision: Precision, batch: usize) -> Self {
        let (requests, asked) = Lifetimes::new(&steps).ask();
        let Steps { list: steps, usage, .. } = steps;
        let (places, arena) = place(&requests, batch);
        // A batch that no machine can hold is refused later; the kernels' sums must not overflow over it here.
        let askable = arena <= MOST_VALUES;
        let scratch = |step: &Step| workspace_len(step, usage, batch);
        let workspace = steps.iter().filter(|_| askable).map(scratch).max();

        let (mut choice, mut prepared) = (0, 0);
        let outputs: Vec<Place> = asked.iter().map(|step| places[step.y]).collect();
        let mut place_step = |(step, asked): (Step, Asked)| {
            let facts = step.facts();
            let per_sample = if usage == Use::Inference { 0 } else { facts.choices };
            let choice_place = Place { offset: choice as usize, per_sample, fixed: 0 };
            choice += per_sample as u128 * batch as u128;
            let packed = usage == Use::Inference && precision == Precision::F32 && is_packed(&step);
            let prepared_place = Place { offset: prepared as usize, per_sample: 0, fixed: prepared_len(&step, packed) };
            prepared += prepared_place.fixed.next_multiple_of(ALIGNMENT) as u128;
            let at = |request: Option<usize>| request.map_or(Place::default(), |request| places[request]);
            let runs_backward = step.runs_backward();
            let needs = if runs_backward { (facts.reads_inputs, facts.reads_output) } else { (false, false) };
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
                packed,
                runs_backward,
            }
        };
        let steps = steps.into_iter().zip(asked).map(&mut place_step).collect();
        let workspace = workspace.unwrap_or(0) as u128;
        Program { steps, arena, choice, workspace, prepared, precision, layout }
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

/// Scratch that a step's kernels ask for.
fn workspace_len(step: &Step, usage: Use, batch: usize) -> usize {
    match &step.op {
        Op::Conv2d(conv) => match (shapes::grouped(conv, batch), usage) {
            (Some(shape), Use::Inference) => grouped::forward_workspace_len(&shape),
            (Some(shape), Use::Training | Use::Probing) => grouped::workspace_len(&shape),
            (None, Use::Inference) => 0,
            (None, Use::Training | Use::Probing) => conv2d::workspace_len(&shapes::conv2d(conv, batch)),
        },
        Op::Depthwise(conv) => match usage {
            Use::Inference => 0,
            Use::Training | Use::Probing => depthwise::workspace_len(&shapes::depthwise(conv, batch)),
        },
        Op::BatchNorm { norm, .. } => {
            batch_norm::workspace_len(&shapes::norm(norm, Activation::Linear, step.output, batch))
        }
        Op::LayerNorm(norm) => layer_norm::workspace_len(&shapes::layer_norm(norm, step.output, batch)),
        Op::Dense(dense) => dense::workspace_len(&shapes::dense(dense.inputs, step.output, batch)),
        Op::Rescale { .. }
        | Op::Pad(_)
        | Op::MaxPool(_)
        | Op::AveragePool(_)
        | Op::GlobalAverage { .. }
        | Op::Normalize(_)
        | Op::Activation { .. }
        | Op::Dropout { .. }
        | Op::StochasticDepth { .. }
        | Op::Merge(_) => 0,
    }
}

/// Whether a convolution gains from having its kernel packed once, where the weights stay for long.
fn is_packed(step: &Step) -> bool {
    matches!(&step.op, Op::Conv2d(conv) if conv.groups == 1 && conv2d::packed_len(&shapes::conv2d(conv, 0)) > 0)
}

/// Values that a step wants prepared.
fn prepared_len(step: &Step, packed: bool) -> usize {
    let norm = |folded: &Option<NormStep>| folded.as_ref().map_or(0, |norm| 2 * norm.channels);
    match &step.op {
        Op::Conv2d(conv @ ConvStep { folded, .. }) => match packed {
            true => norm(folded) + conv2d::packed_len(&shapes::conv2d(conv, 0)),
            false => folded.as_ref().map_or(0, |_| norm(folded) + conv.kernel_len()),
        },
        Op::Depthwise(conv @ DepthwiseStep { folded, .. }) => {
            folded.as_ref().map_or(0, |_| norm(folded) + conv.kernel_len())
        }
        Op::Rescale { .. }
        | Op::Pad(_)
        | Op::MaxPool(_)
        | Op::AveragePool(_)
        | Op::GlobalAverage { .. }
        | Op::BatchNorm { .. }
        | Op::Normalize(_)
        | Op::LayerNorm(_)
        | Op::Activation { .. }
        | Op::Dropout { .. }
        | Op::StochasticDepth { .. }
        | Op::Dense(_)
        | Op::Merge(_) => 0,
    }
}
