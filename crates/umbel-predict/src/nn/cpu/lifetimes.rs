//! Who reads what until when: from this every buffer gets its place.
//!
//! Time is counted in ticks: step i runs forward at i, the loss is taken at n, step i runs backward at 2n − i. A tensor
//! that several steps read has one gradient: the reader that comes first in the backward pass writes it, the others add
//! to it one after another, always in that order.

use super::arena::Request;
use super::needs::Needs;
use crate::nn::steps::{Facts, Step, Value};

/// The requests (by their numbers) of one step.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub y: usize,
    pub extra: Option<usize>,
    pub dy: Option<usize>,
    pub scratch: Option<usize>,
    pub inputs: Vec<AskedInput>,
}

/// See [`super::program::Input`].
#[derive(Clone, Debug, Default)]
pub(super) struct AskedInput {
    pub dx: Option<usize>,
    pub sum: Option<usize>,
}

/// The steps, seen over time.
pub(super) struct Lifetimes<'a> {
    steps: &'a [Step],
    facts: Vec<Facts>,
    needs: &'a [Needs],
    requests: Vec<Request>,
}

impl<'a> Lifetimes<'a> {
    /// Of these steps, and what each needs.
    pub fn new(steps: &'a [Step], needs: &'a [Needs]) -> Self {
        let facts = steps.iter().map(Step::facts).collect();
        Lifetimes { steps, facts, needs, requests: Vec::new() }
    }

    /// Everything that has to lie somewhere, and for each step which of it is whose.
    pub fn ask(mut self) -> (Vec<Request>, Vec<Asked>) {
        let mut asked = Vec::with_capacity(self.steps.len());
        for index in 0..self.steps.len() {
            let (y, dy) = self.outputs(index);
            asked.push(Asked { y, dy, ..Asked::default() });
        }
        let mut written = vec![false; self.steps.len()];
        // In the order of the backward pass, in which the first reader of a tensor is the one that writes.
        for index in (0..self.steps.len()).rev() {
            asked[index].extra = self.extra(index);
            asked[index].scratch = self.scratch(index);
            for value in &self.steps[index].inputs {
                let mut input = AskedInput::default();
                if let Value::Step(source) = *value
                    && let Some(gradient) = asked[source].dy
                {
                    let adds = std::mem::replace(&mut written[source], true);
                    if !adds {
                        input.dx = Some(gradient);
                    } else {
                        input.sum = Some(gradient);
                        if !self.facts[index].accumulates {
                            let (tick, count) = (self.backward(index), self.steps[source].output);
                            input.dx = Some(self.request(count, 0, tick, tick));
                        }
                    }
                }
                asked[index].inputs.push(input);
            }
        }
        (self.requests, asked)
    }

    fn backward(&self, index: usize) -> usize {
        2 * self.steps.len() - index
    }

    fn request(&mut self, per_sample: usize, fixed: usize, born: usize, dies: usize) -> usize {
        self.requests.push(Request { per_sample, fixed, born, dies });
        self.requests.len() - 1
    }

    /// The output and its gradient.
    fn outputs(&mut self, index: usize) -> (usize, Option<usize>) {
        let step = &self.steps[index];
        // The loss reads the last one.
        let mut dies = if index + 1 == self.steps.len() { self.steps.len() } else { index };
        let mut first_reader = index;
        for (reader, step) in self.steps.iter().enumerate().skip(index + 1) {
            if step.inputs.contains(&Value::Step(index)) {
                first_reader = reader;
                dies = dies.max(reader);
                if step.runs_backward() && self.facts[reader].reads_inputs {
                    dies = dies.max(self.backward(reader));
                }
            }
        }
        // Nothing comes after the backward pass of step 0, which is at 2n.
        let end = if step.is_probed { self.backward(0) } else { self.backward(index) };
        if step.is_probed || step.runs_backward() && self.facts[index].reads_output {
            dies = dies.max(end);
        }
        let (count, needs_gradient) = (step.output, step.needs_gradient);
        let y = self.request(count, 0, index, dies);
        let born = if first_reader == index { self.steps.len() } else { self.backward(first_reader) };
        let dy = needs_gradient.then(|| self.request(count, 0, born, end));
        (y, dy)
    }

    /// What is kept for the way back.
    fn extra(&mut self, index: usize) -> Option<usize> {
        let (per_sample, fixed) = self.facts[index].kept;
        (per_sample + fixed > 0).then(|| self.request(per_sample, fixed, index, self.backward(index)))
    }

    /// What the backward pass of a step needs beside its inputs and outputs.
    fn scratch(&mut self, index: usize) -> Option<usize> {
        let (per_sample, fixed) = self.needs[index].scratch;
        let tick = self.backward(index);
        let is_asked = self.steps[index].runs_backward() && per_sample + fixed > 0;
        is_asked.then(|| self.request(per_sample, fixed, tick, tick))
    }
}
