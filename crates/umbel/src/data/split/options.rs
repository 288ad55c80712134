//! What a split can be told, and which of it goes together.

use std::ops::Bound::Excluded;

use super::{GroupBy, Index, Part, SplitMethod};
use crate::base::range::Real;
use crate::{Error, Result};

/// Shares of all photos that a part may have.
pub const PART: Real = Real { what: "a share", low: Excluded(0.0), high: Excluded(1.0), zero: None, example: "0.2" };

/// How the data are to be divided; the defaults are the tutorial's.
#[derive(Clone, Debug)]
pub struct SplitOptions {
    /// Who chooses.
    pub method: SplitMethod,
    /// Share of all photos that validates, of [`PART`].
    pub val: f64,
    /// Share of all photos that is kept for the end, of [`PART`]; `None`: none is.
    pub test: Option<f64>,
    /// Photos that this finds to be of one group stay on one side.
    pub group_by: Option<GroupBy>,
    /// Names the choice; the same seed and photos give the same split.
    pub seed: u64,
}

impl Default for SplitOptions {
    fn default() -> Self {
        SplitOptions { method: SplitMethod::Stratified, val: 0.2, test: None, group_by: None, seed: 123 }
    }
}

impl SplitOptions {
    /// Options for a split that is read back from a file.
    pub fn from_file(path: std::path::PathBuf) -> Self {
        SplitOptions { method: SplitMethod::File(path), ..SplitOptions::default() }
    }

    /// Whether these settings can be used, together and with these data.
    pub(super) fn check(&self, index: &Index) -> Result<()> {
        if matches!(self.method, SplitMethod::File(_)) {
            return self.refuse_more("a split file says itself which photo is where");
        }
        if index.comes_with(Part::Val) {
            self.refuse_keras("the data come with parts of their own")?;
            return self.refuse_more("the data come with parts of their own");
        }
        if index.comes_with(Part::Test) {
            self.refuse_test("the data come with a test part of their own")?;
        }
        if index.parts.is_some() {
            self.refuse_keras("the data come with parts of their own")?;
        }
        if index.source.has_boxes() {
            self.refuse_keras("boxes on one picture belong on one side, and Keras' split knows none")?;
        }
        if self.method == SplitMethod::Keras {
            self.refuse_more("Keras' split has no groups and two parts only")?;
        }
        check_share("the validation split", self.val)?;
        let Some(test) = self.test else { return Ok(()) };
        check_share("the test split", test)?;
        if self.val + test < 1.0 {
            return Ok(());
        }
        Err(umbel_predict::Error::Setting {
            setting: "the validation split and the test split together".to_string(),
            value: (self.val + test).to_string(),
            expected: "below 1, so that photos are left to train on".to_string(),
        }
        .into())
    }

    /// Whether these settings can be used for folds.
    pub(super) fn check_for_folds(&self, index: &Index) -> Result<()> {
        if self.method != SplitMethod::Stratified {
            return Err(refused("split", name(&self.method), "folds divide the photos themselves"));
        }
        if index.comes_with(Part::Val) {
            return Err(refused("folds", "given".into(), "the data come with a validation part of their own"));
        }
        // The share for validation means nothing to folds.
        let val = self.test.map_or(0.2, |test| (1.0 - test) / 2.0);
        SplitOptions { val, ..self.clone() }.check(index)
    }

    fn refuse_more(&self, why: &str) -> Result<()> {
        if self.group_by.is_some() {
            return Err(refused("group_by", "given".into(), why));
        }
        self.refuse_test(why)
    }

    fn refuse_test(&self, why: &str) -> Result<()> {
        self.test.map_or(Ok(()), |test| Err(refused("test_split", test.to_string(), why)))
    }

    fn refuse_keras(&self, why: &str) -> Result<()> {
        if self.method == SplitMethod::Keras { Err(refused("split", name(&self.method), why)) } else { Ok(()) }
    }

    /// What to change where a part would be empty.
    pub(super) fn way_out(&self) -> &'static str {
        match self.method {
            _ if self.group_by.is_some() => {
                "the groups are too few or too large: use a pattern that makes more of them, or add pictures of others"
            }
            SplitMethod::Stratified if self.test.is_some() => "add pictures, or choose other shares",
            SplitMethod::Stratified => "add pictures, or choose another validation split",
            SplitMethod::Keras => {
                "Keras reads .bmp, .gif, .jpeg, .jpg and .png and rounds down; add pictures, raise the validation split, or \
                 split stratified"
            }
            SplitMethod::File(_) => "name pictures of that part in the split file (parts are train, val and test)",
        }
    }
}

fn refused(setting: &str, value: String, why: &str) -> Error {
    umbel_predict::Error::Setting { setting: setting.into(), value, expected: format!("left out: {why}") }.into()
}

fn name(method: &SplitMethod) -> String {
    match method {
        SplitMethod::Stratified => "stratified".into(),
        SplitMethod::Keras => "keras".into(),
        SplitMethod::File(path) => path.display().to_string(),
    }
}

fn check_share(setting: &str, share: f64) -> Result<()> {
    if PART.contains(share) {
        return Ok(());
    }
    let (setting, value) = (setting.to_string(), share.to_string());
    Err(umbel_predict::Error::Setting { setting, value, expected: PART.expected() }.into())
}
