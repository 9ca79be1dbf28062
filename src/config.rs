//! `config.toml`: what a shop may change without us. Arguments come before the environment, that
//! before the file, and the shipped file is the default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

mod paper;
mod rest;

pub use paper::{Display, Printer};
pub use rest::Rest;

use crate::device::remember::Remembered;
use crate::ui::text::Lang;
use crate::ui::theme::Borders;

/// The shipped file; equal to [`Config::default`].
pub const SHIPPED: &str = include_str!("../config.toml");

/// The system-wide file.
const SYSTEM: &str = "/etc/guitai/config.toml";

/// Pauses a keyboard scanner may be given, in milliseconds.
const BURST_GAP_MS: std::ops::RangeInclusive<u64> = 30..=250;

/// What the environment may replace: section (empty at the top) and key.
const OVERRIDES: &[(&str, &str)] = &[
    ("", "lang"),
    ("", "idle_lock_minutes"),
    ("database", "url"),
    ("terminal", "borders"),
    ("terminal", "truecolor"),
    ("till", "number"),
    ("scanner", "burst_gap_ms"),
    ("printer", "to"),
    ("printer", "columns"),
    ("display", "path"),
];

/// Everything a shop may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub lang: Lang,
    /// 0 never locks.
    pub idle_lock_minutes: u32,
    pub database: Database,
    pub terminal: Terminal,
    /// Role to style words, read by `ui::theme`.
    pub theme: BTreeMap<String, String>,
    pub till: Till,
    pub scanner: Scanner,
    pub printer: Printer,
    pub display: Display,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `None`: a Postgres of our own on this machine.
    pub url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Terminal {
    pub borders: Borders,
    pub truecolor: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Till {
    /// Which of the shop's tills this machine is.
    pub number: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scanner {
    pub burst_gap_ms: u64,
    /// Keyboards that are scanners: the only ones that are claimed.
    pub keyboards: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lang: Lang::Zh,
            idle_lock_minutes: 10,
            database: Database::default(),
            terminal: Terminal::default(),
            theme: BTreeMap::new(),
            till: Till::default(),
            scanner: Scanner::default(),
            printer: Printer::default(),
            display: Display::default(),
        }
    }
}

impl Default for Till {
    fn default() -> Self {
        Self { number: 1 }
    }
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            burst_gap_ms: 100,
            keyboards: Vec::new(),
        }
    }
}

impl Config {
    /// The effective configuration. `file` is the argument; `env` looks up the environment.
    ///
    /// # Errors
    /// Names the file, the line and what to do.
    pub fn load(file: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let mut config = match find(file, &env) {
            Some(path) => {
                let content = std::fs::read_to_string(&path).with_context(|| {
                    format!("cannot read {}: check that it exists", path.display())
                })?;
                Self::parse(&content, &path)?
            }
            None => Self::default(),
        };
        config.overlay(env)?;
        config.check()?;
        Ok(config)
    }

    /// Reads one file's content; `path` is for the message.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(content: &str, path: &Path) -> anyhow::Result<Self> {
        toml::from_str(content).map_err(|error| {
            anyhow::anyhow!(
                "{}: {}\nCorrect that line, or delete it to get the default \
                 (the shipped config.toml shows them all).",
                path.display(),
                error.to_string().trim_end()
            )
        })
    }

    /// The idle lock as a span; `None` never locks.
    #[must_use]
    pub fn idle_lock(&self) -> Option<TimeDelta> {
        (self.idle_lock_minutes > 0).then(|| TimeDelta::minutes(self.idle_lock_minutes.into()))
    }

    /// The keyboards that are scanners.
    ///
    /// # Errors
    /// Names the entry that is none.
    pub fn keyboards(&self) -> anyhow::Result<Vec<Remembered>> {
        let all = self.scanner.keyboards.iter();
        all.map(|text| {
            Remembered::parse(text).with_context(|| {
                format!(
                    "[scanner] keyboards: \"{text}\" is no device: write \"0c2e:0b61\", as \
                     guitai doctor lists them"
                )
            })
        })
        .collect()
    }

    /// `GUITAI_<SECTION>_<KEY>` replaces what the file says.
    fn overlay(&mut self, env: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
        for (section, key) in OVERRIDES {
            let name = in_environment(section, key);
            if let Some(text) = env(&name) {
                *self = self.replaced(section, key, &text).with_context(|| {
                    format!("{name}={text} in the environment: correct or unset it")
                })?;
            }
        }
        Ok(())
    }

    fn replaced(&self, section: &str, key: &str, text: &str) -> anyhow::Result<Self> {
        let mut whole = Table::try_from(self)?;
        let table = match whole.get_mut(section) {
            Some(Value::Table(table)) => table,
            _ => &mut whole,
        };
        let value = match table.get(key) {
            Some(Value::Integer(_)) => Value::Integer(text.parse()?),
            Some(Value::Boolean(_)) => Value::Boolean(text.parse()?),
            _ => Value::String(text.to_owned()),
        };
        table.insert(key.to_owned(), value);
        Ok(whole.try_into()?)
    }

    fn check(&self) -> anyhow::Result<()> {
        let gap = self.scanner.burst_gap_ms;
        if !BURST_GAP_MS.contains(&gap) {
            bail!("[scanner] burst_gap_ms = {gap}: choose 30 to 250");
        }
        self.keyboards()?;
        self.check_paper()?;
        if self.till.number == 0 {
            bail!("[till] number = 0: the first till is 1");
        }
        Ok(())
    }
}

/// The variable that replaces a value.
fn in_environment(section: &str, key: &str) -> String {
    let name = ["GUITAI", section, key].join("_").replace("__", "_");
    name.to_ascii_uppercase()
}

/// The file to read: the argument, `$GUITAI_CONFIG`, the person's, the system's.
fn find(file: Option<&Path>, env: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if let Some(path) = file {
        return Some(path.to_owned());
    }
    if let Some(path) = env("GUITAI_CONFIG") {
        return Some(path.into());
    }
    let home = env("HOME").map(|home| PathBuf::from(home).join(".config"));
    let own = env("XDG_CONFIG_HOME").map(PathBuf::from).or(home);
    own.map(|folder| folder.join("guitai/config.toml"))
        .into_iter()
        .chain([PathBuf::from(SYSTEM)])
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_shipped_file_is_the_default() {
        let shipped = Config::parse(SHIPPED, Path::new("config.toml")).unwrap();
        assert_eq!(shipped, Config::default());
    }

    #[test]
    fn a_mistake_names_file_line_and_remedy() {
        let error = Config::parse("lang = \"zh\"\nlangg = 1\n", Path::new("shop.toml"))
            .unwrap_err()
            .to_string();
        for word in ["shop.toml", "line 2", "langg", "Correct that line"] {
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn the_environment_comes_before_the_file() {
        let env = |name: &str| match name {
            "GUITAI_LANG" => Some("en".to_owned()),
            "GUITAI_TILL_NUMBER" => Some("3".to_owned()),
            "GUITAI_DATABASE_URL" => Some("postgres://till@db/shop".to_owned()),
            "GUITAI_TERMINAL_TRUECOLOR" => Some("true".to_owned()),
            _ => None,
        };
        let config = Config::load(None, env).unwrap();
        assert_eq!((config.lang, config.till.number), (Lang::En, 3));
        assert_eq!(config.database.url.unwrap(), "postgres://till@db/shop");
        assert!(config.terminal.truecolor);
    }

    #[test]
    fn a_bad_environment_is_named() {
        for (bad, text) in [
            ("GUITAI_LANG", "fr"),
            ("GUITAI_TILL_NUMBER", "one"),
            ("GUITAI_SCANNER_BURST_GAP_MS", "5"),
        ] {
            let env = |name: &str| (name == bad).then(|| text.to_owned());
            let error = format!("{:#}", Config::load(None, env).unwrap_err());
            assert!(error.contains(text), "{error}");
        }
    }
}
