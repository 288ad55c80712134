//! Tests of `train`, `pipeline` and `predict`: short runs of small networks on drawn flowers.

mod callbacks;
mod engine;
mod example;
mod fit;
mod flowers;
mod going_on;
mod head;
mod history;
mod pipeline;
mod predict;
mod pretrained;
mod recorder;
mod slices;
mod splits;
