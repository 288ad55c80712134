//! Reads the golden files and gathers errors against them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use safetensors::{Dtype, SafeTensors};

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden").join(file)
}

/// Text of a file of the golden folder.
pub fn text(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|e| panic!("golden/{file}: {e}"))
}

/// The bytes of a file of the golden folder.
pub fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(path(file)).unwrap_or_else(|e| panic!("golden/{file}: {e}"))
}

/// A JSON file of the golden folder.
pub fn json<T: serde::de::DeserializeOwned>(file: &str) -> T {
    serde_json::from_str(&text(file)).unwrap_or_else(|e| panic!("golden/{file}: {e}"))
}

/// The tensors of one golden file, by name.
pub struct Golden(BTreeMap<String, Vec<f64>>);

impl Golden {
    /// Reads golden/data/`file`.
    pub fn read(file: &str) -> Self {
        let bytes = std::fs::read(path("data").join(file)).unwrap_or_else(|e| panic!("golden/data/{file}: {e}"));
        let file = SafeTensors::deserialize(&bytes).unwrap();
        Golden(file.iter().map(|(name, view)| (name.to_owned(), numbers(view.dtype(), view.data()))).collect())
    }
    pub fn get(&self, name: &str) -> &[f64] {
        self.find(name).unwrap_or_else(|| panic!("the golden file has no {name}"))
    }
    pub fn find(&self, name: &str) -> Option<&[f64]> {
        self.0.get(name).map(Vec::as_slice)
    }
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[f64])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }
}

fn numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    match dtype {
        Dtype::F64 => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        Dtype::F32 => bytes.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
        Dtype::U16 => bytes.as_chunks().0.iter().map(|b| f64::from(u16::from_le_bytes(*b))).collect(),
        other => panic!("golden files hold no {other:?}"),
    }
}

/// Largest |ours − theirs|.
pub fn largest_difference(ours: impl IntoIterator<Item = f64>, theirs: &[f64]) -> f64 {
    let mut ours = ours.into_iter();
    let largest = theirs.iter().map(|theirs| {
        let ours = ours.next().expect("as many values as Keras gives");
        // A NaN must not slip through a maximum.
        let difference = (ours - theirs).abs();
        if difference.is_nan() { f64::INFINITY } else { difference }
    });
    let largest = largest.fold(0.0, f64::max);
    assert!(ours.next().is_none(), "more values than the {} that Keras gives", theirs.len());
    largest
}

/// Errors with their tolerances, gathered so that a failure shows them all.
#[derive(Default)]
pub struct Verdict {
    rows: Vec<Row>,
}

struct Row {
    what: String,
    error: f64,
    tolerance: f64,
    /// What the same comparison gives for them in single precision.
    theirs: Option<f64>,
}

impl Verdict {
    pub fn add(&mut self, what: impl Into<String>, error: f64, tolerance: f64, theirs: Option<f64>) {
        self.rows.push(Row { what: what.into(), error, tolerance, theirs });
    }

    /// Panics with the table if one error is over its tolerance; prints the largest one of each group otherwise, a group
    /// being what stands before the first `/` of its name.
    pub fn finish(mut self, title: &str) {
        self.rows.sort_by(|a, b| (b.error / b.tolerance).total_cmp(&(a.error / a.tolerance)));
        let n_over = self.rows.iter().filter(|r| r.error > r.tolerance).count();
        let mut table = format!("{title}: {} comparisons, {n_over} over their tolerance\n", self.rows.len());
        let mut groups: Vec<&str> = Vec::new();
        for row in &self.rows {
            let group = row.what.split('/').next().unwrap();
            if row.error > row.tolerance || !groups.contains(&group) {
                groups.push(group);
                let theirs = row.theirs.map_or(String::new(), |k| format!("  (their own float32: {k:.1e})"));
                writeln!(table, "  {:<60} {:.2e} of {:.0e}{theirs}", row.what, row.error, row.tolerance).unwrap();
            }
        }
        println!("{table}");
        assert!(n_over == 0, "{table}");
    }
}
