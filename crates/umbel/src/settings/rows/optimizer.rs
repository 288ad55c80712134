//! The optimizer, and how its rate changes over a run.

use crate::base::range::Real;
use crate::settings::kind::{COUNT, FACTOR, FROM_ZERO, Kind, MOMENTUM, RATE, names};
use crate::settings::row::{BLANK, HEAD, Place, RANGE_TEST, Row};
use crate::settings::{OptimizerName, ScheduleName};

const OPTIMIZER: Row = Row { heading: "Training", unused: &[HEAD], ..BLANK };
const SCHEDULE: Row = Row { heading: "Training", unused: &[HEAD, RANGE_TEST], ..BLANK };

const KIND: &str = "fit.optimizer.kind";
const SGD: &[(&str, &[&str])] = &[(KIND, &["sgd", "nesterov"])];
const ADAM: &[(&str, &[&str])] = &[(KIND, &["adam", "adamw"])];
const STEP: &[(&str, &[&str])] = &[("fit.schedule.kind", &["step"])];

pub const ROWS: &[Row] = &[
    Row {
        key: "fit.learning_rate",
        flag: Some("lr"),
        kind: Kind::Real(RATE),
        value_name: "RATE",
        default: "0.001",
        help: "Learning rate",
        brief: "Learning rate",
        ..SCHEDULE
    },
    Row {
        key: KIND,
        flag: Some("optimizer"),
        kind: Kind::Name(names::<OptimizerName>),
        default: "adam",
        help: "Optimizer, with Keras' defaults; nesterov is sgd with Nesterov's momentum",
        place: Place::Optimizer,
        brief: "Optimizer",
        ..OPTIMIZER
    },
    Row {
        key: "fit.optimizer.momentum",
        flag: Some("momentum"),
        kind: Kind::Real(MOMENTUM),
        value_name: "M",
        or: "0.9",
        help: "Momentum, for sgd and nesterov",
        needs: SGD,
        ..OPTIMIZER
    },
    Row {
        key: "fit.optimizer.nesterov",
        kind: Kind::Switch,
        help: "Whether sgd looks ahead by its momentum; the optimizer nesterov does",
        needs: SGD,
        ..OPTIMIZER
    },
    Row {
        key: "fit.optimizer.weight_decay",
        flag: Some("weight-decay"),
        kind: Kind::Real(Real { example: "0.004", ..FROM_ZERO }),
        value_name: "D",
        or: "0.004 for adamw, 0 for sgd and nesterov",
        help: "Weight decay of kernels, never of biases and batch norm",
        needs: &[(KIND, &["adamw", "sgd", "nesterov"])],
        ..OPTIMIZER
    },
    Row {
        key: "fit.optimizer.beta_1",
        kind: Kind::Real(MOMENTUM),
        value_name: "B",
        default: "0.9",
        help: "What adam and adamw keep of the gradients' mean in each step",
        needs: ADAM,
        ..OPTIMIZER
    },
    Row {
        key: "fit.optimizer.beta_2",
        kind: Kind::Real(Real { example: "0.999", ..MOMENTUM }),
        value_name: "B",
        default: "0.999",
        help: "What adam and adamw keep of the squared gradients' mean in each step",
        needs: ADAM,
        ..OPTIMIZER
    },
    Row {
        key: "fit.optimizer.epsilon",
        kind: Kind::Real(Real { example: "1e-7", ..FROM_ZERO }),
        value_name: "E",
        default: "0.0000001",
        help: "What adam and adamw add to what they divide by",
        needs: ADAM,
        ..OPTIMIZER
    },
    Row {
        key: "fit.schedule.kind",
        flag: Some("schedule"),
        kind: Kind::Name(names::<ScheduleName>),
        default: "constant",
        help: "How the rate changes over the run",
        place: Place::Schedule,
        ..SCHEDULE
    },
    Row {
        key: "fit.schedule.every",
        flag: Some("step-every"),
        kind: Kind::Whole(COUNT),
        value_name: "N",
        or: "10",
        help: "Epochs between two steps of the step schedule",
        needs: STEP,
        ..SCHEDULE
    },
    Row {
        key: "fit.schedule.factor",
        flag: Some("step-factor"),
        kind: Kind::Real(FACTOR),
        value_name: "F",
        or: "0.1",
        help: "What the step schedule multiplies the rate by",
        needs: STEP,
        ..SCHEDULE
    },
    Row {
        key: "fit.warmup_epochs",
        flag: Some("warmup"),
        kind: Kind::Real(Real { what: "a number of epochs", example: "1 or 0.5", ..FROM_ZERO }),
        value_name: "EPOCHS",
        default: "0",
        help: "Epochs over which the rate rises from zero, fractions allowed",
        ..SCHEDULE
    },
    Row {
        key: "fit.layer_decay",
        flag: Some("layer-decay"),
        kind: Kind::Real(Real { example: "0.8", ..FACTOR }),
        value_name: "F",
        default: "1",
        help: "Factor of the rate from one stage of a network to the one below it, 1 for none",
        ..OPTIMIZER
    },
];
