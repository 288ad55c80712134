//! What a user says about settings, one by one.

use toml::{Table, Value};

use super::row::{Row, Stage};
use super::{Refusal, find, rows};

/// Settings that were given, each once, in the table's order.
#[derive(Clone, Debug, Default)]
pub struct Given(Vec<(&'static Row, Option<Value>)>);

impl Given {
    /// Takes `key=value`, the value as a flag takes it; without a value, what is said elsewhere is taken back and the
    /// default counts.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Value`] and [`Refusal::Twice`].
    pub fn say(&mut self, key: &str, word: &str) -> Result<(), Refusal> {
        let row = find(key).ok_or_else(|| Refusal::unknown(key))?;
        let value = match word {
            "" => None,
            word => Some(row.kind.parse(word).ok_or_else(|| Refusal::value(row, word.into()))?),
        };
        self.put(row, value)
    }

    /// Takes a value that was read already.
    ///
    /// # Errors
    /// [`Refusal::Twice`].
    pub fn put(&mut self, row: &'static Row, value: Option<Value>) -> Result<(), Refusal> {
        if self.has(row.key) {
            return Err(Refusal::Twice { row });
        }
        self.0.push((row, value));
        self.0.sort_by_key(|(given, _)| rows().position(|row| row.key == given.key));
        Ok(())
    }

    /// Puts another value in the place of one that was given.
    pub fn replace(&mut self, key: &str, value: Value) {
        let given = self.0.iter_mut().filter(|(row, _)| row.key == key);
        given.for_each(|(_, old)| *old = Some(value.clone()));
    }

    /// Whether this was given.
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(row, _)| row.key == key)
    }

    /// The value of this, where one was given.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(row, _)| row.key == key).and_then(|(_, value)| value.as_ref())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Row, Option<&Value>)> {
        self.0.iter().map(|(row, value)| (*row, value.as_ref()))
    }

    /// Refuses what a run that goes on cannot change.
    ///
    /// # Errors
    /// [`Refusal::Kept`].
    pub fn check_for_resume(&self) -> Result<(), Refusal> {
        match self.iter().find(|(row, _)| !row.on_resume) {
            Some((row, _)) => Err(Refusal::Kept { row }),
            None => Ok(()),
        }
    }

    /// Refuses what does nothing beside the others, or without what it belongs to; `all` is what all settings come to.
    ///
    /// # Errors
    /// [`Refusal::Alone`] and [`Refusal::Beside`].
    pub fn check_together(&self, all: &Table) -> Result<(), Refusal> {
        for (row, value) in self.iter() {
            if let Some(other) = row.excludes.filter(|other| self.has(other)).and_then(find) {
                return Err(Refusal::Beside { row, other });
            }
            if value.is_some() && !row.met(all) {
                return Err(Refusal::Alone { row });
            }
        }
        Ok(())
    }

    /// Refuses what does nothing at a stage.
    ///
    /// # Errors
    /// [`Refusal::Unused`].
    pub fn check_for(&self, stage: Stage) -> Result<(), Refusal> {
        for (row, value) in self.iter() {
            let value = value.map(|value| row.kind.word(value)).unwrap_or_default();
            if let Some(unused) = row.unused_at(stage, &value) {
                return Err(Refusal::Unused { row, value, unused });
            }
        }
        Ok(())
    }
}
