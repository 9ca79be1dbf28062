//! `config.toml`: what a shop may change without us. Arguments come before the environment, that
//! before the file, and the shipped file is the default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::ui::text::Lang;
use crate::ui::theme::Borders;

/// The shipped file; equal to [`Config::default`].
pub const SHIPPED: &str = include_str!("../config.toml");

/// The system-wide file.
const SYSTEM: &str = "/etc/guitai/config.toml";

/// Pauses a keyboard scanner may be given, in milliseconds.
const BURST_GAP_MS: std::ops::RangeInclusive<u64> = 30..=250;

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
    pub name: String,
    pub number: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scanner {
    pub burst_gap_ms: u64,
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
        }
    }
}

impl Default for Till {
    fn default() -> Self {
        Self {
            name: "一号台".to_owned(),
            number: 1,
        }
    }
}

impl Default for Scanner {
    fn default() -> Self {
        Self { burst_gap_ms: 100 }
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

    fn overlay(&mut self, env: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
        if let Some(lang) = env("GUITAI_LANG") {
            self.lang = match lang.as_str() {
                "zh" => Lang::Zh,
                "en" => Lang::En,
                _ => bail!("GUITAI_LANG={lang}: set it to zh or en"),
            };
        }
        if let Some(url) = env("GUITAI_DATABASE_URL") {
            self.database.url = Some(url);
        }
        if let Some(name) = env("GUITAI_TILL_NAME") {
            self.till.name = name;
        }
        if let Some(number) = env("GUITAI_TILL_NUMBER") {
            self.till.number = number
                .parse()
                .with_context(|| format!("GUITAI_TILL_NUMBER={number}: set it to 1 to 65535"))?;
        }
        Ok(())
    }

    fn check(&self) -> anyhow::Result<()> {
        let gap = self.scanner.burst_gap_ms;
        if !BURST_GAP_MS.contains(&gap) {
            bail!("[scanner] burst_gap_ms = {gap}: choose 30 to 250");
        }
        if self.till.number == 0 {
            bail!("[till] number = 0: the first till is 1");
        }
        Ok(())
    }
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
            _ => None,
        };
        let config = Config::load(None, env).unwrap();
        assert_eq!((config.lang, config.till.number), (Lang::En, 3));
        assert!(Config::load(None, |name| (name == "GUITAI_LANG").then(|| "fr".into())).is_err());
    }
}
