//! Tables of settings laid over each other, and the few settings that do not simply lie at their key.

use toml::{Table, Value};

use super::row::{Place, Row};
use super::{OptimizerName, Refusal, find, rows, table};
use crate::base::choice::Choice;
use crate::base::toml_words::toml_words;
use crate::nn::OptimizerConfig;

/// What marks a table that is one of several kinds: it replaces another one whole.
const KIND: &str = "kind";
/// PyTorch's and Keras' examples use it; Keras' own default is none at all, which is rarely what one wants from sgd.
const MOMENTUM: f32 = 0.9;

/// The value at a dotted key.
pub(super) fn at<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((first, rest)) => at(table.get(first)?.as_table()?, rest),
    }
}

fn put_at(table: &mut Table, key: &str, value: Value) {
    let Some((first, rest)) = key.split_once('.') else {
        table.insert(key.into(), value);
        return;
    };
    let below = table.entry(first).or_insert_with(|| Table::new().into());
    if !below.is_table() {
        *below = Table::new().into();
    }
    put_at(below.as_table_mut().expect("it was made one"), rest, value);
}

fn remove_at(table: &mut Table, key: &str) {
    match key.split_once('.') {
        None => drop(table.remove(key)),
        Some((first, rest)) => {
            if let Some(Value::Table(below)) = table.get_mut(first) {
                remove_at(below, rest);
            }
        }
    }
}

/// Lays a table over another one, value by value.
pub fn lay(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Table(under)), Value::Table(over)) if !over.contains_key(KIND) => lay(under, over),
            (_, value) => drop(under.insert(key.clone(), value.clone())),
        }
    }
}

/// Reads the text of a config.toml: only known keys, with values in their ranges.
///
/// # Errors
/// [`Refusal::Toml`], [`Refusal::Unknown`] and [`Refusal::Value`].
pub fn checked_file(text: &str) -> Result<Table, Refusal> {
    let file: Table = toml::from_str(text).map_err(|error| Refusal::Toml(toml_words(&error)))?;
    check_keys(&file, "")?;
    Ok(file)
}

fn check_keys(table: &Table, above: &str) -> Result<(), Refusal> {
    for (name, value) in table {
        let key = format!("{above}{name}");
        match (find(&key), value) {
            (Some(row), value) if row.kind.allows(value) => {}
            (Some(row), value) => return Err(Refusal::value(row, row.kind.word(value))),
            (None, Value::Table(below)) => check_keys(below, &format!("{key}."))?,
            (None, _) => return Err(Refusal::unknown(&key)),
        }
    }
    Ok(())
}

/// Tables whose rows are all there or none.
const WHOLE: [&str; 3] = ["fit.schedule", "fit.early_stopping", "fit.reduce_on_plateau"];

/// Gives what is half said its other half: what belongs to a patience or to a schedule of steps is as usual where it is not
/// said. A patience of 0 is none.
pub fn settle(table: &mut Table) {
    for parent in WHOLE {
        if at(table, &format!("{parent}.patience")).and_then(Value::as_integer) == Some(0) {
            remove_at(table, parent);
        }
    }
    for row in rows() {
        let belongs = row.key.rsplit_once('.').is_some_and(|(above, _)| WHOLE.contains(&above));
        if belongs && !row.needs.is_empty() && row.met(table) && at(table, row.key).is_none() {
            row.kind.parse(row.or).into_iter().for_each(|usual| put_at(table, row.key, usual));
        }
    }
}

impl Row {
    /// Its value in a table of settings, as [`Kind::word`](super::Kind::word) takes it.
    pub fn get(&self, table: &Table) -> Option<Value> {
        let value = at(table, self.key)?;
        Some(match self.place {
            Place::Plain | Place::Schedule => value.clone(),
            Place::Optimizer => {
                let nesterov = at(table, "fit.optimizer.nesterov").and_then(Value::as_bool) == Some(true);
                let name = OptimizerName::named(value.as_str()?)?;
                let name = if name == OptimizerName::Sgd && nesterov { OptimizerName::Nesterov } else { name };
                name.name().into()
            }
            Place::Split => value.get("file").unwrap_or(value).clone(),
        })
    }

    /// Its value in a table of settings; where that says nothing, what it is by default.
    pub fn get_or_usual(&self, table: &Table) -> Option<Value> {
        self.get(table).or_else(|| self.usual())
    }

    /// What it is where nothing is said about it.
    fn usual(&self) -> Option<Value> {
        self.kind.parse(self.default)
    }

    /// Puts its value into a table of settings; `None` takes out what is there.
    pub fn put(&self, table: &mut Table, value: Option<Value>) {
        let Some(value) = value.or_else(|| self.usual()) else { return remove_at(table, self.key) };
        match (self.place, value) {
            (Place::Plain, value) => put_at(table, self.key, value),
            (Place::Optimizer, name) => put_at(table, "fit.optimizer", optimizer(&name)),
            (Place::Schedule, name) => put_at(table, "fit.schedule", Table::from_iter([(KIND.into(), name)]).into()),
            (Place::Split, Value::String(path)) if !super::kind::SPLITS.contains(&path.as_str()) => {
                put_at(table, self.key, Table::from_iter([("file".into(), path.into())]).into());
            }
            (Place::Split, name) => put_at(table, self.key, name),
        }
    }

    /// Whether one of the settings that it needs is on.
    pub(super) fn met(&self, table: &Table) -> bool {
        self.needs.is_empty()
            || self.needs.iter().any(|(key, values)| {
                let row = find(key).expect("a row needs rows that there are");
                let Some(value) = row.get(table) else { return false };
                let word = row.kind.word(&value);
                if values.is_empty() { word != "0" } else { values.contains(&word.as_str()) }
            })
    }
}

/// The settings of an optimizer of this name.
fn optimizer(name: &Value) -> Value {
    let config = match name.as_str().and_then(OptimizerName::named) {
        None => return Table::from_iter([(KIND.into(), name.clone())]).into(),
        Some(OptimizerName::Adam) => OptimizerConfig::adam(),
        Some(OptimizerName::AdamW) => OptimizerConfig::adam_w(),
        Some(OptimizerName::Sgd) => OptimizerConfig::sgd(MOMENTUM),
        Some(OptimizerName::Nesterov) => OptimizerConfig::Sgd { momentum: MOMENTUM, nesterov: true, weight_decay: 0.0 },
    };
    table(&config).expect("an optimizer is a table of numbers").into()
}
