//! How long and on what is trained, what counts as the best, and what keeps a network from learning the photos by heart.

use crate::base::augmentation::Balance;
use crate::data::Tta;
use crate::data::prep::IMAGE_SIZES;
use crate::settings::Monitor;
use crate::settings::kind::{
    ANY_SHARE, BATCHES, COUNT, COUNT_OR_NONE, FROM_ZERO, Kind, SHARE_BELOW_ONE, SMALLER, names,
};
use crate::settings::row::{BLANK, HEAD, RANGE_TEST, Reproduce, Row};

const TRAINING: Row = Row { heading: "Training", unused: &[HEAD], ..BLANK };
const WHOLE_RUN: Row = Row { unused: &[HEAD, RANGE_TEST], ..TRAINING };

const STOPPING: &[(&str, &[&str])] = &[("fit.early_stopping.patience", &[])];
const PLATEAU: &[(&str, &[&str])] = &[("fit.reduce_on_plateau.patience", &[])];

/// What stands before the optimizer.
pub const FIRST: &[Row] = &[
    Row {
        key: "fit.epochs",
        flag: Some("epochs"),
        kind: Kind::Whole(COUNT),
        value_name: "N",
        default: "15",
        help: "Passes over the training photos; of a pretrained network, the first is the last layer's",
        reproduce: Reproduce::Always,
        on_resume: true,
        brief: "Passes over the photos",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.least_steps",
        kind: Kind::Whole(COUNT_OR_NONE),
        value_name: "N",
        default: "0",
        help: "Train on for more epochs where these make fewer steps than N: few photos make few steps",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.batch",
        flag: Some("batch"),
        kind: Kind::Whole(BATCHES),
        value_name: "N",
        default: "32",
        help: "Photos per step, 1 to 512",
        unused: &[],
        brief: "Photos per step",
        ..TRAINING
    },
];

pub const ROWS: &[Row] = &[
    Row {
        key: "fit.monitor",
        flag: Some("monitor"),
        kind: Kind::Name(names::<Monitor>),
        default: "val_accuracy",
        help: "The figure that decides which epoch is the best; between equals, the loss does. Where classes are balanced, the \
               accuracy is its mean over them. The last layer alone is chosen by its loss",
        unused: &[RANGE_TEST],
        ..TRAINING
    },
    Row {
        key: "fit.views",
        kind: Kind::Name(names::<Tta>),
        or: "one look",
        help: "Looks at each photo whose mean an answer is (with its mirror image, with crops), where that is better on the validation \
               part",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.best_from",
        kind: Kind::Real(SHARE_BELOW_ONE),
        value_name: "SHARE",
        default: "0",
        help: "Share of the epochs that cannot be the best (the first can): while the rate is high, one that looks good on few photos \
               does so by chance",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.early_stopping.patience",
        flag: Some("early-stopping"),
        kind: Kind::Whole(COUNT_OR_NONE),
        value_name: "N",
        default: "0",
        help: "Stop when that figure has not improved for N epochs; 0: never",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.early_stopping.min_delta",
        kind: Kind::Real(FROM_ZERO),
        value_name: "D",
        or: "0",
        help: "By how much more than this the figure must improve to count",
        needs: STOPPING,
        ..WHOLE_RUN
    },
    Row {
        key: "fit.reduce_on_plateau.patience",
        flag: Some("reduce-on-plateau"),
        kind: Kind::Whole(COUNT_OR_NONE),
        value_name: "N",
        default: "0",
        help: "Divide the rate by ten when that figure has not improved for N epochs; 0: never",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.reduce_on_plateau.factor",
        kind: Kind::Real(SMALLER),
        value_name: "F",
        or: "0.1",
        help: "What the rate is multiplied by then, instead",
        needs: PLATEAU,
        ..WHOLE_RUN
    },
    Row {
        key: "fit.reduce_on_plateau.min_lr",
        kind: Kind::Real(FROM_ZERO),
        value_name: "RATE",
        or: "0",
        help: "Below this, the rate is left alone",
        needs: PLATEAU,
        ..WHOLE_RUN
    },
    Row {
        key: "fit.label_smoothing",
        flag: Some("label-smoothing"),
        kind: Kind::Real(SHARE_BELOW_ONE),
        value_name: "SHARE",
        default: "0",
        help: "Share of every label that is spread over all classes",
        ..TRAINING
    },
    Row {
        key: "fit.mixing.mixup",
        flag: Some("mixup"),
        kind: Kind::Real(FROM_ZERO),
        value_name: "ALPHA",
        default: "0",
        help: "Mix photos and labels by a weight from Beta(ALPHA, ALPHA); 0: off",
        ..TRAINING
    },
    Row {
        key: "fit.mixing.cutmix",
        flag: Some("cutmix"),
        kind: Kind::Real(FROM_ZERO),
        value_name: "ALPHA",
        default: "0",
        help: "Paste a part of one photo onto another, its area from Beta(ALPHA, ALPHA); 0: off",
        ..TRAINING
    },
    Row {
        key: "fit.mixing.probability",
        flag: Some("mix-probability"),
        kind: Kind::Real(ANY_SHARE),
        value_name: "SHARE",
        default: "1",
        help: "Share of the photos that mixup and cutmix mix; with both, each takes half of them",
        needs: &[("fit.mixing.mixup", &[]), ("fit.mixing.cutmix", &[])],
        ..TRAINING
    },
    Row {
        key: "fit.balance",
        flag: Some("balance"),
        kind: Kind::Name(names::<Balance>),
        default: "none",
        help: "Let every class count the same: by its weight in the loss, or by how often it is shown; where the last layer alone \
               is fitted, both take out of it how common each class was. Confidence is then that of photos of which each class is as \
               common",
        unused: &[],
        ..TRAINING
    },
    Row {
        key: "fit.ema_momentum",
        flag: Some("ema"),
        kind: Kind::Real(SHARE_BELOW_ONE),
        value_name: "MOMENTUM",
        default: "0",
        help: "Validate and keep a moving average of the weights with this momentum; 0: off",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.global_clipnorm",
        flag: Some("clip"),
        kind: Kind::Real(FROM_ZERO),
        value_name: "LENGTH",
        default: "0",
        help: "Shorten gradients that are longer than this, all taken together; 0: never",
        ..TRAINING
    },
    Row {
        key: "fit.gradient_accumulation_steps",
        flag: Some("accumulate"),
        kind: Kind::Whole(COUNT),
        value_name: "N",
        default: "1",
        help: "Batches whose mean gradient makes one update; batch norm sees each by itself",
        ..WHOLE_RUN
    },
    Row {
        key: "fit.train_sizes",
        flag: Some("train-sizes"),
        kind: Kind::Numbers(IMAGE_SIZES),
        value_name: "PIXELS,..|none",
        default: "none",
        help: "Train on smaller photos first, in equal shares of the epochs, and validate on the full size",
        ..TRAINING
    },
];
