//! The local store of pretrained weights: a folder of safetensors files, found by name, and filled by hand or, where it is
//! asked for, from the Hugging Face hub (`crate::get`, if it is built in).

use std::path::{Path, PathBuf};

use crate::{Result, pretrained};

/// Whether this umbel can fill it.
pub const CAN_FETCH: bool = cfg!(feature = "net");

/// The end of every file's name in the store.
const EXTENSION: &str = "safetensors";

/// Where the hub has the weights of a ready-made network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Origin {
    /// The network, and the weights' name in the store.
    pub name: &'static str,
    pub repository: &'static str,
    /// By its SPDX name, as the repository tells it.
    pub license: &'static str,
}

/// The hub's file, in every repository.
pub const FILE: &str = "model.safetensors";

/// timm's own weights, by the name of their network; all trained on ImageNet.
pub const ORIGINS: &[Origin] = &[
    timm("mobilenetv3_small_100", "timm/mobilenetv3_small_100.lamb_in1k"),
    timm("mobilenetv3_large_100", "timm/mobilenetv3_large_100.ra_in1k"),
    timm("tf_efficientnet_lite0", "timm/tf_efficientnet_lite0.in1k"),
    timm("tf_efficientnet_lite1", "timm/tf_efficientnet_lite1.in1k"),
    timm("tf_efficientnet_lite2", "timm/tf_efficientnet_lite2.in1k"),
    timm("tf_efficientnet_lite3", "timm/tf_efficientnet_lite3.in1k"),
    timm("tf_efficientnet_lite4", "timm/tf_efficientnet_lite4.in1k"),
    timm("resnet18", "timm/resnet18.a1_in1k"),
    timm("resnet50", "timm/resnet50.a1_in1k"),
];

const fn timm(name: &'static str, repository: &'static str) -> Origin {
    Origin { name, repository, license: "Apache-2.0" }
}

/// The hub, unless another or a mirror is named.
const HUB: &str = "https://huggingface.co";

/// The weights of that name at the hub.
pub fn origin(name: &str) -> Option<&'static Origin> {
    ORIGINS.iter().find(|origin| origin.name == name)
}

/// Weights in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stored {
    /// What they are asked for by: the file's name without its end.
    pub name: String,
    pub path: PathBuf,
    pub bytes: u64,
}

/// A store: its folder, and the hub that it is filled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
    hub: String,
}

impl Store {
    /// In this folder, which need not be there yet.
    pub fn new(folder: PathBuf) -> Self {
        Store { folder, hub: HUB.to_string() }
    }

    /// With another hub, or a mirror, at this address.
    pub fn with_hub(mut self, address: &str) -> Self {
        self.hub = address.trim_end_matches('/').to_string();
        self
    }

    /// The address of the hub.
    pub fn hub(&self) -> &str {
        &self.hub
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The address of a file at the hub.
    pub fn url(&self, origin: &Origin) -> String {
        format!("{}/{}/resolve/main/{FILE}", self.hub, origin.repository)
    }

    /// The address of what the hub tells of the weights.
    pub fn config_url(&self, origin: &Origin) -> String {
        format!("{}/{}/resolve/main/config.json", self.hub, origin.repository)
    }

    /// Everything in it, by name. A store that is not there is empty.
    pub fn list(&self) -> Vec<Stored> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let stored = |entry: std::fs::DirEntry| {
            let path = entry.path();
            let data = std::fs::metadata(&path).ok()?;
            let name = path.file_stem()?.to_str()?.to_string();
            let is_weights =
                data.is_file() && path.extension().is_some_and(|end| end == EXTENSION) && !name.starts_with('.');
            is_weights.then(|| Stored { name, bytes: data.len(), path: path.clone() })
        };
        let mut all: Vec<Stored> = entries.filter_map(stored).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// The place of the weights of that name, whether they are there or not.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }

    /// The file of the weights of that name.
    ///
    /// # Errors
    /// [`pretrained::Error::NotInStore`] with the way out: which file belongs where.
    pub fn find(&self, name: &str) -> Result<PathBuf> {
        let path = self.path_of(name);
        if path.is_file() {
            return Ok(path);
        }
        let way_out = match origin(name) {
            Some(origin) if CAN_FETCH => format!("get {} and save it there, or let umbel fetch it", self.url(origin)),
            Some(origin) => format!("get {} and save it there", self.url(origin)),
            None => {
                let known: Vec<&str> = ORIGINS.iter().map(|origin| origin.name).collect();
                format!("save it there, give a file's path, or take one that the hub has: {}", known.join(", "))
            }
        };
        Err(pretrained::Error::NotInStore { name: name.to_string(), path, way_out }.into())
    }
}

/// Whether what was given for pretrained weights is a name, and not a file's path.
pub fn is_name(given: &Path) -> bool {
    let plain = given.components().count() == 1 && given.extension().is_none_or(|end| end != EXTENSION);
    plain && given.to_str().is_some_and(|name| !name.is_empty() && !name.starts_with('.')) && !given.exists()
}
