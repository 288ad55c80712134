//! How a run is carried out.

use crate::settings::PrecisionChoice;
use crate::settings::kind::{Kind, THREADS, names};
use crate::settings::row::{BLANK, RANGE_TEST, Reproduce, Row, Stage, Unused};

const RUNNING: Row = Row { heading: "Running", ..BLANK };

/// Nothing but the last layer is computed, and that in single precision.
const F32: Unused = Unused { stage: Stage::Head, values: &["bf16"], why: "it computes in single precision" };

pub const ROWS: &[Row] = &[
    Row {
        key: "precision",
        flag: Some("precision"),
        kind: Kind::Name(names::<PrecisionChoice>),
        default: "auto",
        help: "What is multiplied; auto takes bf16 where the CPU trains faster with it",
        unused: &[F32],
        brief: "What is multiplied",
        ..RUNNING
    },
    Row {
        key: "threads",
        flag: Some("threads"),
        kind: Kind::Whole(THREADS),
        value_name: "N",
        default: "0",
        help: "Threads; 0 is one per core. The weights do not depend on it",
        reproduce: Reproduce::Never,
        ..RUNNING
    },
    Row {
        key: "tensorboard",
        flag: Some("tensorboard"),
        kind: Kind::Switch,
        default: "false",
        help: "Write event files for TensorBoard, too, into the run folder",
        unused: &[RANGE_TEST],
        ..RUNNING
    },
];
