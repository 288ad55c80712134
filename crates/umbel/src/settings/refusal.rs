//! Why settings cannot be used as they were given. The words are made with the names that the reader knows: keys, or flags.

use super::row::{Row, Stage, Unused};
use super::{find, rows};

/// Why not.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub enum Refusal {
    /// The text is no TOML.
    Toml(String),
    /// No setting has this key; these come nearest.
    Unknown { key: String, nearest: Vec<&'static str> },
    /// The value is not what is expected.
    Value { row: &'static Row, value: String },
    /// It was given more than once.
    Twice { row: &'static Row },
    /// None of the settings that it belongs to is on.
    Alone { row: &'static Row },
    /// It means nothing beside the other.
    Beside { row: &'static Row, other: &'static Row },
    /// It does nothing at this stage.
    Unused { row: &'static Row, value: String, unused: &'static Unused },
    /// A run that goes on keeps what it has.
    Kept { row: &'static Row },
    /// A size that is trained on is larger than the photos are made.
    TooLarge { row: &'static Row, size: u32, own: u32 },
    /// A recipe cannot be laid over a saved config, which has all settings.
    RecipeOverFile,
    /// What came of laying all over each other cannot be read.
    Merged(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text(&|row| row.key.to_string()))
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    pub(super) fn value(row: &'static Row, value: String) -> Self {
        Refusal::Value { row, value }
    }

    pub(super) fn unknown(key: &str) -> Self {
        Refusal::Unknown { key: key.into(), nearest: nearest(key) }
    }

    /// In words, with what `name` calls a setting.
    pub fn text(&self, name: &dyn Fn(&Row) -> String) -> String {
        match self {
            Refusal::Toml(error) | Refusal::Merged(error) => error.trim_end().to_string(),
            Refusal::RecipeOverFile => {
                let recipe = find("recipe").map(name).unwrap_or_default();
                format!("{recipe} cannot be laid over a saved config, which has all settings")
            }
            Refusal::Unknown { key, nearest } => {
                let are = if nearest.len() == 1 { "is" } else { "are" };
                format!("there is no setting {key}; the nearest {are} {}", nearest.join(", "))
            }
            Refusal::Value { row, value } => {
                format!("{} is {value}, but must be {}", name(row), row.kind.expected())
            }
            Refusal::Twice { row } => format!("{} is given twice", name(row)),
            Refusal::Alone { row } => {
                let needed: Vec<String> = row.needs.iter().map(|need| needed(need, name)).collect();
                format!("{} belongs to {}", name(row), needed.join(" or "))
            }
            Refusal::Beside { row, other } => format!("{} does nothing beside {}", name(row), name(other)),
            Refusal::Unused { row, value, unused } => {
                let with = match unused.stage {
                    Stage::Head => format!("with {} head", find("tune").map(name).unwrap_or_default()),
                    Stage::RangeTest => "in a range test".to_string(),
                };
                let value = if unused.values.is_empty() { String::new() } else { format!(" {value}") };
                format!("{}{value} does nothing {with}: {}", name(row), unused.why)
            }
            Refusal::Kept { row } => {
                let may: Vec<String> = rows().filter(|row| row.on_resume).map(name).collect();
                let may = may.join(" and ");
                format!("a run that goes on keeps its settings: {} cannot change, only {may} can", name(row))
            }
            Refusal::TooLarge { row, size, own } => {
                let own_name = find("prep.image_size").map(name).unwrap_or_default();
                format!("{} {size} is larger than the photos are made ({own_name} {own})", name(row))
            }
        }
    }
}

/// "fit.optimizer.kind sgd or nesterov".
fn needed((key, values): &(&str, &[&str]), name: &dyn Fn(&Row) -> String) -> String {
    let key = find(key).map_or_else(|| (*key).to_string(), name);
    match values {
        [] => key,
        [value] => format!("{key} {value}"),
        [most @ .., last] => format!("{key} {} or {last}", most.join(", ")),
    }
}

/// The keys that are most like what was written.
fn nearest(written: &str) -> Vec<&'static str> {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_string();
    let written = written.replace('-', "_");
    let far = |row: &Row| {
        let flag = row.flag.map(|flag| distance(&flag.replace('-', "_"), &last(&written)));
        let whole = distance(row.key, &written);
        whole.min(distance(&last(row.key), &last(&written))).min(flag.unwrap_or(usize::MAX))
    };
    let mut keys: Vec<(usize, &'static str)> = rows().map(|row| (far(row), row.key)).collect();
    keys.sort_by_key(|(far, _)| *far);
    let close = keys[0].0;
    keys.into_iter().take(3).take_while(|(far, _)| *far <= close + 1).map(|(_, key)| key).collect()
}

/// Letters to change, add or leave out (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let change = corner + usize::from(left != *right);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
