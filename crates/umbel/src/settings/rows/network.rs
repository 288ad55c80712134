//! The network, the weights it starts from, and what it is shown.

use crate::pretrained::Tune;
use crate::settings::kind::{ANY_SHARE, CROP, Kind, SHARE_BELOW_ONE, names};
use crate::settings::row::{BLANK, HEAD, Row, Shown};
use crate::settings::{AugmentChoice, Recipe};

const NETWORK: Row = Row { heading: "Network", ..BLANK };

pub const ROWS: &[Row] = &[
    Row {
        key: "recipe",
        flag: Some("recipe"),
        kind: Kind::Name(names::<Recipe>),
        value_name: "NAME",
        default: "tutorial",
        or: "in a training by the program: auto",
        help: "Settings that go well together, by name: tutorial, quick, scratch, finetune, auto or best. Every other flag overrides them",
        brief: "Settings that go well together",
        shown: Shown::Photo,
        ..NETWORK
    },
    Row {
        key: "model",
        flag: Some("model"),
        kind: Kind::Text,
        value_name: "NAME|FILE.toml",
        default: "cnn",
        or: "with pretrained weights: what they are for",
        help: "Network: a ready-made one by name, or a TOML file with its layers",
        brief: "Network, by name or as a file",
        shown: Shown::Photo,
        ..NETWORK
    },
    Row {
        key: "pretrained",
        flag: Some("pretrained"),
        kind: Kind::Path,
        value_name: "FILE|NAME|RUN",
        or: "with the recipe auto: inside",
        help: "Start from these weights: a file in timm's names or lukemelas' (EfficientNet), a name from the store, those inside \
               the program, or a run or model of umbel's own. The network, the photos' size and how they are prepared come with \
               them; the last layer is new, but for classes that a model of one's own knows by name",
        brief: "Weights to start from",
        shown: Shown::Photo,
        ..NETWORK
    },
    Row {
        key: "tune",
        flag: Some("tune"),
        kind: Kind::Name(names::<Tune>),
        or: "all; with the recipe auto: what the number of photos is worth",
        help: "What is trained of a pretrained network: its last layer (fitted in seconds), its last stage too, or all, lower \
               stages slower. Batch norm stays as it came",
        needs: &[("pretrained", &[])],
        brief: "What of a pretrained network is trained",
        shown: Shown::Photo,
        ..NETWORK
    },
    Row {
        key: "augment",
        flag: Some("augment"),
        kind: Kind::Name(names::<AugmentChoice>),
        or: "tutorial, or what a network of your own says",
        help: "Random flips, turns and zooms in training: the tutorial's, flips alone, or none",
        unused: &[HEAD],
        brief: "Random changes of the photos",
        shown: Shown::Augmentation,
        ..NETWORK
    },
    Row {
        key: "random_crop",
        flag: Some("random-crop"),
        kind: Kind::Real(CROP),
        value_name: "SHARE",
        default: "0",
        help: "Show random parts of the photos, enlarged, of at least this share of the area; 0: whole photos",
        unused: &[HEAD],
        shown: Shown::Augmentation,
        ..NETWORK
    },
    Row {
        key: "rand_augment",
        flag: Some("rand-augment"),
        kind: Kind::Real(ANY_SHARE),
        value_name: "STRENGTH",
        default: "0",
        help: "RandAugment: two random changes of geometry or color, of this strength up to 1; 0: none",
        unused: &[HEAD],
        shown: Shown::Augmentation,
        ..NETWORK
    },
    Row {
        key: "random_erasing",
        flag: Some("random-erasing"),
        kind: Kind::Real(ANY_SHARE),
        value_name: "SHARE",
        default: "0",
        help: "Erase a random rectangle in this share of the photos",
        unused: &[HEAD],
        shown: Shown::Augmentation,
        ..NETWORK
    },
    Row {
        key: "dropout",
        flag: Some("dropout"),
        kind: Kind::Real(SHARE_BELOW_ONE),
        value_name: "SHARE",
        or: "the network's own, 0.2",
        help: "Share of values dropped before the dense layers; 0 leaves dropout out",
        unused: &[HEAD],
        ..NETWORK
    },
];
