//! The settings of a run as flags, made from the table of settings: a flag for each row that has one, and `--set` for all; and
//! those of them that a look at the photos shows.

use clap::builder::ValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueHint};
use toml::Value;
use umbel::settings::{Given, Kind, Refusal, Row, Shown, find, rows};

use super::values;
use crate::exit::usage;

/// The row that is said by no flag but by its place.
const PHOTOS: &str = "data";
const SET: &str = "set";

/// What was said about settings, and how.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Each setting once.
    pub given: Given,
    /// Those of them that were said by key.
    by_key: Vec<&'static str>,
}

impl Settings {
    /// What to call a setting when speaking with whoever gave these.
    pub fn name(&self, row: &Row) -> String {
        match row.flag.filter(|_| !self.by_key.contains(&row.key)) {
            Some(flag) => format!("--{flag}"),
            None => row.key.to_string(),
        }
    }

    /// A refusal in the words of the command line.
    pub fn refused(&self, refusal: &Refusal) -> anyhow::Error {
        usage(refusal.text(&|row| self.name(row)))
    }
}

impl Args for Settings {
    fn augment_args(command: Command) -> Command {
        let command = rows().fold(command, |command, row| match flag(row) {
            Some(flag) => command.arg(flag),
            None => command,
        });
        command.arg(
            Arg::new(SET)
                .long("set")
                .value_name("KEY=VALUE")
                .help("Any setting by its key, see `umbel help settings`")
                .long_help(
                    "Any setting by its key in config.toml, also those without a flag, as `umbel help settings` lists \
                     them; may be given several times. KEY= takes back what a recipe or a config says",
                )
                .action(ArgAction::Append)
                .value_parser(ValueParser::new(set))
                .help_heading("Running"),
        )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut settings = Settings::default();
        settings.take_flags(matches, rows().filter(|row| row.flag.is_some() || row.key == PHOTOS))?;
        for (row, value) in matches.get_many::<(&'static Row, Option<Value>)>(SET).into_iter().flatten() {
            settings.take(row, value.clone())?;
            settings.by_key.push(row.key);
        }
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Settings {
    fn take_flags(&mut self, matches: &ArgMatches, rows: impl Iterator<Item = &'static Row>) -> Result<(), Error> {
        for row in rows.filter(|row| matches.value_source(row.key) == Some(ValueSource::CommandLine)) {
            let is_switch = matches!(row.kind, Kind::Switch);
            let value = if is_switch { Some(Value::Boolean(true)) } else { matches.get_one::<Value>(row.key).cloned() };
            // A flag that may stand without a value says nothing of the setting then.
            if value.is_some() {
                self.take(row, value)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, row: &'static Row, value: Option<Value>) -> Result<(), Error> {
        let taken = self.given.put(row, value);
        taken.map_err(|refusal| {
            Error::raw(ErrorKind::ArgumentConflict, format!("{}\n", refusal.text(&|row| self.name(row))))
        })
    }
}

/// What was said about settings that can be seen on photos.
#[derive(Clone, Debug, Default)]
pub struct ShownSettings {
    pub settings: Settings,
    /// Whether photos are to be shown as they are changed in training: any flag of that says so, `--augment` also without a value.
    pub augmented: bool,
}

/// The row whose flag may stand without a value here.
const AUGMENT: &str = "augment";

fn shown_rows() -> impl Iterator<Item = &'static Row> {
    rows().filter(|row| row.flag.is_some() && row.shown != Shown::Nothing)
}

impl Args for ShownSettings {
    fn augment_args(command: Command) -> Command {
        shown_rows().fold(command, |command, row| match flag(row) {
            Some(flag) if row.key == AUGMENT => command.arg(
                flag.num_args(0..=1)
                    .hide_short_help(false)
                    .help("Nine versions of one photo, as training would see it")
                    .long_help(
                        "Nine versions of one photo, as training with these settings would see it. With a value, the random flips, \
                         turns and zooms are the tutorial's, flips alone, or none, as for `umbel train`",
                    ),
            ),
            Some(flag) => command.arg(flag),
            None => command,
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ShownSettings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut settings = Settings::default();
        settings.take_flags(matches, shown_rows())?;
        let said = |row: &Row| matches.value_source(row.key) == Some(ValueSource::CommandLine);
        let augmented = shown_rows().any(|row| row.shown == Shown::Augmentation && said(row));
        Ok(ShownSettings { settings, augmented })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Reads `KEY=VALUE`.
fn set(text: &str) -> Result<(&'static Row, Option<Value>), String> {
    let Some((key, word)) = text.split_once('=') else {
        return Err("expected KEY=VALUE, for instance fit.label_smoothing=0.1".into());
    };
    let mut given = Given::default();
    given.say(key.trim(), word.trim()).map_err(|refusal| refusal.to_string())?;
    let row = find(key.trim()).expect("it was just said");
    Ok((row, given.get(row.key).cloned()))
}

/// The flag of a row.
fn flag(row: &'static Row) -> Option<Arg> {
    let help = with_default(row.help, &row.default_words());
    let arg = match row.brief {
        "" => Arg::new(row.key).help(help).hide_short_help(true),
        // What a default depends on takes more words than there are.
        brief => Arg::new(row.key)
            .help(with_default(brief, if row.or.is_empty() { row.default } else { "" }))
            .long_help(help),
    };
    if row.key == PHOTOS {
        let others = ["resume", "config"];
        let arg = arg.value_name(row.value_name).value_parser(values::of(row)).value_hint(ValueHint::AnyPath);
        return Some(arg.required_unless_present_any(others));
    }
    let arg = arg.long(row.flag?).help_heading(row.heading);
    Some(match row.kind {
        Kind::Switch => arg.action(ArgAction::SetTrue),
        Kind::Path | Kind::Split => valued(arg, row).value_hint(ValueHint::AnyPath),
        Kind::Whole(_) | Kind::Real(_) | Kind::Numbers(_) | Kind::Name(_) | Kind::Text => valued(arg, row),
    })
}

fn with_default(help: &str, default: &str) -> String {
    if default.is_empty() { help.to_string() } else { format!("{help} [default: {default}]") }
}

fn valued(arg: Arg, row: &'static Row) -> Arg {
    arg.value_name(row.value_name()).value_parser(values::of(row)).hide_possible_values(true)
}
