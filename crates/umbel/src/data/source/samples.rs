//! Shards as WebDataset has them: tars in which a picture and what is told of it share a key (`0042.jpg` and `0042.cls` or
//! `0042.json`), the name up to its first dot. See <https://github.com/webdataset/webdataset>.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde_json::Value;

use super::members::{Member, Members};
use crate::base::problem::{Problem, ProblemKind};
use crate::data::Part;
use crate::data::decode;
use crate::data::index::is_label;

/// The end of the file that tells a sample's class, as text.
pub const CLASS: &str = ".cls";
/// The end of the file that may tell it among other things.
const JSON: &str = ".json";
/// No class needs more, nor what is told beside it.
const MOST_TEXT: u64 = 1 << 20;

/// The photos that shards hold, with what is told of each.
#[derive(Debug, Default)]
pub struct Samples {
    pub found: Vec<Sample>,
    pub problems: Vec<Problem>,
}

/// A photo of a shard.
#[derive(Debug)]
pub struct Sample {
    pub path: String,
    pub class: String,
    pub part: Option<Part>,
}

/// The files of one key.
#[derive(Default)]
struct Key<'a> {
    pictures: Vec<(&'a str, &'a Member)>,
    class: Option<&'a Member>,
    json: Option<&'a Member>,
}

/// The samples of these members; `None` where they are no samples.
pub fn of(members: &Members) -> Option<Samples> {
    if !members.are_samples {
        return None;
    }
    if !members.told.is_empty() {
        return Some(told(members));
    }
    let mut keys: BTreeMap<&str, Key<'_>> = BTreeMap::new();
    for (path, member) in members.iter() {
        let Some((key, end)) = parted(path) else { continue };
        let of = keys.entry(key).or_default();
        match end {
            CLASS => of.class = Some(member),
            JSON => of.json = Some(member),
            _ if decode::named_as_picture(Path::new(path)) => of.pictures.push((path, member)),
            _ => {}
        }
    }
    let mut samples = Samples::default();
    for key in keys.values() {
        let Some((path, member)) = key.pictures.first() else { continue };
        match class(members, key) {
            Ok(class) => {
                let part = members.container(member).part;
                samples.found.push(Sample { path: path.to_string(), class, part });
            }
            Err(detail) => {
                samples.problems.push(Problem { path: path.to_string(), kind: ProblemKind::NoLabel, detail })
            }
        }
        for (path, _) in &key.pictures[1..] {
            let detail = "another picture of the same key, of which the first is taken".to_string();
            samples.problems.push(Problem { path: path.to_string(), kind: ProblemKind::Twice, detail });
        }
    }
    Some(samples)
}

/// The samples whose classes archives tell themselves.
fn told(members: &Members) -> Samples {
    let mut samples = Samples::default();
    for (path, member) in members.iter() {
        match members.told.get(path) {
            Some(class) => {
                let part = members.container(member).part;
                samples.found.push(Sample { path: path.to_string(), class: class.clone(), part });
            }
            None => {
                let detail = "nothing tells its class".to_string();
                samples.problems.push(Problem { path: path.to_string(), kind: ProblemKind::NoLabel, detail });
            }
        }
    }
    samples
}

/// Whether the first picture that has a JSON beside it is told its class there.
pub fn are_told_in_json<'a>(members: &Members, mut all: impl Iterator<Item = &'a (String, Member)> + Clone) -> bool {
    let is_json = |path: &str| parted(path).is_some_and(|(_, end)| end == JSON);
    // Most archives have none, and may have a million pictures.
    if !all.clone().any(|(path, _)| is_json(path)) {
        return false;
    }
    let is_picture = |path: &str| decode::named_as_picture(Path::new(path));
    let pictures: HashSet<&str> =
        all.clone().filter(|(path, _)| is_picture(path)).filter_map(|(path, _)| Some(parted(path)?.0)).collect();
    let beside =
        |(path, _): &&(String, Member)| parted(path).is_some_and(|(key, end)| end == JSON && pictures.contains(key));
    all.find(beside).is_some_and(|(_, member)| in_json(members, member).is_ok())
}

/// A path as key and end: what is before the first dot of the name, and the rest with the dot.
fn parted(path: &str) -> Option<(&str, &str)> {
    let name = path.rfind('/').map_or(0, |slash| slash + 1);
    let dot = name + path[name..].find('.')?;
    (dot > name).then(|| path.split_at(dot))
}

/// What a sample is told to be.
fn class(members: &Members, key: &Key<'_>) -> Result<String, String> {
    match (key.class, key.json) {
        (Some(member), _) => {
            let text =
                members.text(member, MOST_TEXT).map_err(|error| format!("its {CLASS} cannot be read: {error}"))?;
            let text = String::from_utf8(text).map_err(|_| format!("its {CLASS} is no text"))?;
            match text.trim() {
                "" => Err(format!("its {CLASS} is empty")),
                // A name says more than its number.
                class if class.bytes().all(|digit| digit.is_ascii_digit()) => {
                    let named = key.json.and_then(|member| in_json(members, member).ok());
                    Ok(named.unwrap_or_else(|| class.to_string()))
                }
                class => Ok(class.to_string()),
            }
        }
        (None, Some(member)) => in_json(members, member),
        (None, None) => Err(format!("nothing tells its class: no {CLASS} or {JSON} of its key is there")),
    }
}

fn in_json(members: &Members, member: &Member) -> Result<String, String> {
    let text = members.text(member, MOST_TEXT).map_err(|error| format!("its {JSON} cannot be read: {error}"))?;
    let read: Value =
        serde_json::from_slice(&text).map_err(|error| format!("its {JSON} is not understood: {error}"))?;
    let fields = read.as_object().into_iter().flatten();
    let told = fields.filter(|(name, _)| is_label(name) || *name == &CLASS[1..]).find_map(|(_, value)| match value {
        Value::String(class) if !class.trim().is_empty() => Some(class.trim().to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    told.ok_or_else(|| format!("its {JSON} tells no class: a text or a number as label, class or the like"))
}
