//! Steps with a place in the arena for everything that they read and write.

use umbel_kernels::Precision;

use super::arena::{ALIGNMENT, Place, place};
use super::lifetimes::{Asked, AskedInput, Lifetimes};
use super::needs::Needs;
use crate::nn::steps::{Layout, Op, Step, Steps, Use, Value};

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
        // A batch that no machine can hold is refused later; the kernels' sums must not overflow over it here.
        let largest = steps.list.iter().map(|step| step.output).fold(steps.images, usize::max);
        let askable = if largest as u128 * batch as u128 <= MOST_VALUES { batch } else { 0 };
        let needs = |step| Needs::of(&steps, step, precision, askable);
        let needs: Vec<Needs> = steps.list.iter().map(needs).collect();
        let (requests, asked) = Lifetimes::new(&steps.list, &needs).ask();
        let workspace = needs.iter().map(|needs| needs.workspace).max().unwrap_or(0) as u128;
        let Steps { list: steps, usage, .. } = steps;
        let (places, arena) = place(&requests, batch);

        let (mut choice, mut prepared) = (0, 0);
        let outputs: Vec<Place> = asked.iter().map(|step| places[step.y]).collect();
        let mut place_step = |((step, asked), needs): ((Step, Asked), Needs)| {
            let facts = step.facts();
            let per_sample = if usage == Use::Inference { 0 } else { facts.choices };
            let choice_place = Place { offset: choice as usize, per_sample, fixed: 0 };
            choice += per_sample as u128 * batch as u128;
            let prepared_place = Place { offset: prepared as usize, per_sample: 0, fixed: needs.prepared };
            prepared += prepared_place.fixed.next_multiple_of(ALIGNMENT) as u128;
            let at = |request: Option<usize>| request.map_or(Place::default(), |request| places[request]);
            let runs_backward = step.runs_backward();
            let reads = if runs_backward { (facts.reads_inputs, facts.reads_output) } else { (false, false) };
            let input = |(value, asked): (&Value, &AskedInput)| {
                let x = match *value {
                    Value::Images => None,
                    Value::Step(index) => Some(outputs[index]),
                };
                let kept_x = if reads.0 { x.unwrap_or_default() } else { Place::default() };
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
                kept_y: if reads.1 { y } else { Place::default() },
                scratch: at(asked.scratch),
                packed: needs.packed,
                runs_backward,
            }
        };
        let steps = steps.into_iter().zip(asked).zip(needs).map(&mut place_step).collect();
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
