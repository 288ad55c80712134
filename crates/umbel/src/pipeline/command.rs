//! The command line that asks for a run's settings: every flag that is not as its recipe has it, quoted for a shell.

use super::TrainConfig;
use super::merge::{EPOCHS, epochs_are_meant};
use crate::base::shell::quote;
use crate::pretrained::Tune;
use crate::settings::{Kind, Reproduce, Row, Stage, rows, settle, table};

/// `umbel train ...` for these settings; `None` where no command can say them, as with paths that are not UTF-8. Left out is
/// what has no say in the result: threads and the cache.
pub fn command_line(config: &TrainConfig) -> Option<String> {
    Some(arguments(config)?.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "))
}

/// The words of [`command_line`], unquoted.
pub fn arguments(config: &TrainConfig) -> Option<Vec<String>> {
    let own = table(config).ok()?;
    let mut words = vec!["umbel".to_string(), "train".to_string(), config.data.to_str()?.to_string()];
    words.extend(["--recipe".to_string(), config.recipe.name().to_string()]);
    // What the words so far come to.
    let mut said = config.recipe.table();
    for row in rows().filter(|row| is_to_say(row, config)) {
        let value = row.get_or_usual(&own);
        if value == row.get_or_usual(&said) && row.reproduce != Reproduce::Always {
            continue;
        }
        let word = value.as_ref().map(|value| row.kind.word(value)).unwrap_or_default();
        match (row.flag, row.kind, word.as_str()) {
            (Some(flag), Kind::Switch, "true") => words.push(format!("--{flag}")),
            (None, ..) | (_, Kind::Switch, _) | (_, _, "") => {
                words.extend(["--set".to_string(), format!("{}={word}", row.key)])
            }
            (Some(flag), ..) => words.extend([format!("--{flag}"), word]),
        }
        row.put(&mut said, value);
        if row.key == EPOCHS {
            epochs_are_meant(&mut said);
        }
        settle(&mut said);
    }
    Some(words)
}

fn is_to_say(row: &Row, config: &TrainConfig) -> bool {
    let head = config.tune == Some(Tune::Head);
    let unused = head && row.never_used_at(Stage::Head);
    let beside = row.excludes == Some("folds") && config.folds.is_some();
    !["data", "recipe"].contains(&row.key) && row.reproduce != Reproduce::Never && !unused && !beside
}
