//! `guitai doctor`: the effective configuration, and whether what it names is there and works. Every
//! line that fails says what to do.

pub mod machine;
pub mod paper;
mod scanner;
pub mod terminal;

use std::io::{self, Write};

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::run::scanners::News;
use crate::ui::keymap::Keymap;
use crate::ui::text::{Lang, Say, Text};
use crate::ui::theme::Theme;

/// What the caller found out.
#[derive(Debug)]
pub struct World {
    pub now: DateTime<Utc>,
    /// What of the configuration had to be left out.
    pub mistakes: Vec<String>,
    /// Whether the database answers, and what to do when not; `None`: where it is is not known.
    pub database: Option<Result<(), Say>>,
    /// Where guitai keeps its own: data and log.
    pub folders: Vec<machine::Folder>,
    /// No place for them can be told, and what to do.
    pub no_folder: Option<Say>,
    /// What happened when every scanner was tried.
    pub scanners: Vec<News>,
    /// Whether this machine has USB at all.
    pub has_usb: bool,
    /// Keyboards and serial lines nobody taught, by name.
    pub others: Vec<String>,
    /// `None`: nobody looks, it goes to a script.
    pub terminal: Option<terminal::Seen>,
    /// Printer, drawer, display.
    pub paper: Vec<Check>,
}

/// One line of the report: what was looked at, and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    what: Say,
    found: Found,
}

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Good(Option<Say>),
    /// Nothing is wrong, and there is something to know.
    Note(Say),
    /// With the remedy.
    Bad(Say),
}

impl Check {
    fn good(what: impl Into<Say>) -> Self {
        let found = Found::Good(None);
        Self {
            what: what.into(),
            found,
        }
    }

    fn told(what: impl Into<Say>, how: impl Into<Say>) -> Self {
        let found = Found::Good(Some(how.into()));
        Self {
            what: what.into(),
            found,
        }
    }

    fn note(what: impl Into<Say>, how: impl Into<Say>) -> Self {
        let found = Found::Note(how.into());
        Self {
            what: what.into(),
            found,
        }
    }

    fn bad(what: impl Into<Say>, remedy: impl Into<Say>) -> Self {
        let found = Found::Bad(remedy.into());
        Self {
            what: what.into(),
            found,
        }
    }

    /// Good, or what the mistake says of itself.
    fn of<T, E: std::fmt::Display>(what: impl Into<Say>, result: Result<T, E>) -> Self {
        match result {
            Ok(_) => Self::good(what),
            Err(why) => Self::bad(what, Say::new("doctor.wrong").with("why", one_line(&why))),
        }
    }

    fn line(&self, texts: &Text, lang: Lang) -> String {
        let (mark, how) = match &self.found {
            Found::Good(how) => ("ok  ", how.as_ref()),
            Found::Note(how) => ("note", Some(how)),
            Found::Bad(remedy) => ("FAIL", Some(remedy)),
        };
        let what = texts.say(lang, &self.what);
        match how {
            None => format!("{mark}  {what}"),
            // What goes on stands below, so that every line with a mark is a check.
            Some(how) => {
                let how = texts.say(lang, how).replace('\n', "\n      ");
                format!("{mark}  {what}: {how}")
            }
        }
    }
}

/// Writes the report; `false` when something fails.
///
/// # Errors
/// Standard output is gone.
pub fn report(config: &Config, world: &World, out: &mut impl Write) -> io::Result<bool> {
    let mut shown = config.clone();
    if let Some(url) = &mut shown.database.url {
        *url = without_password(url);
    }
    let loaded = Text::load();
    let texts = loaded.as_ref().ok();
    let none = Text::default();
    let texts = texts.unwrap_or(&none);
    let lang = config.lang;
    writeln!(out, "{}", texts.get(lang, "doctor.configuration"))?;
    writeln!(out, "{shown:#?}")?;
    writeln!(out, "{}", texts.get(lang, "doctor.checks"))?;
    let all = checks(config, world, &loaded);
    for check in &all {
        writeln!(out, "{}", check.line(texts, lang))?;
    }
    let is_good = |check: &Check| !matches!(check.found, Found::Bad(_));
    Ok(all.iter().all(is_good))
}

fn checks(config: &Config, world: &World, texts: &Result<Text, String>) -> Vec<Check> {
    let theme = Theme::new(
        &config.theme,
        config.terminal.borders,
        config.terminal.truecolor,
        false,
    );
    let mistakes = world.mistakes.iter().map(|why| {
        let say = Say::new("doctor.config_wrong").with("why", one_line(why));
        Check::bad("doctor.config", say)
    });
    let mut all: Vec<Check> = mistakes.collect();
    if all.is_empty() {
        all.push(Check::good("doctor.config"));
    }
    all.extend([
        Check::of("doctor.texts", texts.as_ref()),
        Check::of("doctor.keymap", Keymap::load()),
        Check::of("doctor.theme", theme),
        machine::clock(world.now),
    ]);
    all.extend(terminal::checks(world.terminal.as_ref(), &config.terminal));
    let nowhere = world.no_folder.clone();
    all.extend(nowhere.map(|say| Check::bad("doctor.folder", say)));
    all.extend(world.folders.iter().flat_map(machine::Folder::checks));
    all.push(match &world.database {
        None => Check::note("doctor.database", "doctor.database_unknown"),
        Some(Ok(())) => Check::good("doctor.database"),
        Some(Err(remedy)) => Check::bad("doctor.database", remedy.clone()),
    });
    all.extend(scanner::checks(world));
    all.extend(world.paper.iter().cloned());
    let slips = match texts {
        Ok(texts) => config.slips(texts).map(drop).map_err(|e| format!("{e:#}")),
        Err(error) => Err(error.clone()),
    };
    all.push(Check::of("doctor.templates", slips));
    all
}

/// A message that has several lines, in one.
fn one_line(why: &impl std::fmt::Display) -> String {
    let why = why.to_string();
    let lines = why.lines().map(str::trim).filter(|line| !line.is_empty());
    let text = lines.collect::<Vec<_>>().join(" ");
    text.trim_end_matches('.').to_owned()
}

/// `postgres://name:secret@host/db` without the secret.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((login, host)) => {
            let name = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
