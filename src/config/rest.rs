//! What is left of a configuration with mistakes in it: whoever looks for the mistake wants all of them, and the
//! rest checked.

use std::path::Path;

use anyhow::Context;
use toml::{Table, Value};

use super::{Config, OVERRIDES, find, in_environment};

/// A configuration as far as it is right.
#[derive(Debug)]
pub struct Rest {
    pub config: Config,
    /// Each value that is not is left at its default, and named here with what is wrong.
    pub mistakes: Vec<String>,
    /// Whether what stands of the database is all that was meant to.
    pub is_database_known: bool,
}

impl Rest {
    /// Of the same places as [`Config::load`].
    #[must_use]
    pub fn load(file: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> Self {
        let mut rest = Self::whole(Config::default());
        if let Some(path) = find(file, &env) {
            match std::fs::read_to_string(&path) {
                Ok(content) => rest.take(&content, &path),
                Err(error) => rest.unread(&path, &error),
            }
        }
        for (section, key) in OVERRIDES {
            let name = in_environment(section, key);
            let Some(text) = env(&name) else { continue };
            let better = rest.config.replaced(section, key, &text);
            match better.and_then(Config::checked) {
                Ok(better) => rest.config = better,
                Err(error) => rest.mistakes.push(format!("{name}={text}: {error:#}")),
            }
        }
        rest
    }

    /// Without a mistake.
    #[must_use]
    pub const fn whole(config: Config) -> Self {
        Self {
            config,
            mistakes: Vec::new(),
            is_database_known: true,
        }
    }

    fn unread(&mut self, path: &Path, error: &impl std::fmt::Display) {
        self.mistakes.push(format!("{}: {error}", path.display()));
        self.is_database_known = false;
    }

    fn take(&mut self, content: &str, path: &Path) {
        let all: Table = match content.parse() {
            Ok(all) => all,
            Err(error) => return self.unread(path, &error),
        };
        for (name, value) in all {
            let parts: Vec<(&str, &str, Value)> = match &value {
                Value::Table(inside) => {
                    let inside = inside.iter();
                    inside
                        .map(|(key, value)| (name.as_str(), key.as_str(), value.clone()))
                        .collect()
                }
                other => vec![("", name.as_str(), other.clone())],
            };
            for (section, key, value) in parts {
                let named = match section {
                    "" => key.to_owned(),
                    section => format!("[{section}] {key}"),
                };
                // The value is not said: it may be a password.
                let better = self.config.with(section, key, value).context(named);
                match better.and_then(Config::checked) {
                    Ok(better) => self.config = better,
                    Err(error) => {
                        let mistake = format!("{}: {error:#}", path.display());
                        self.mistakes.push(mistake);
                        self.is_database_known &= section != "database" && key != "database";
                    }
                }
            }
        }
    }
}

impl Config {
    fn with(&self, section: &str, key: &str, value: Value) -> anyhow::Result<Self> {
        let mut whole = Table::try_from(self)?;
        let table = match section {
            "" => &mut whole,
            section => whole
                .get_mut(section)
                .and_then(Value::as_table_mut)
                .context("no such section")?,
        };
        table.insert(key.to_owned(), value);
        Ok(whole.try_into()?)
    }

    fn checked(self) -> anyhow::Result<Self> {
        self.check()?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(content: &str) -> Rest {
        let mut rest = Rest::whole(Config::default());
        rest.take(content, Path::new("shop.toml"));
        rest
    }

    #[test]
    fn one_mistake_leaves_the_rest_as_it_is() {
        let rest = taken(
            "lang = \"en\"\nlangg = 1\n[printer]\nto = \"tcp:h:9100\"\ncolumns = 40\n\
             [scanner]\nkeyboards = [\"x\"]\n[scaner]\nburst_gap_ms = 60\n[theme]\nfocus = \"red\"",
        );
        let (config, mistakes) = (&rest.config, &rest.mistakes);
        assert_eq!(config.printer.to, "tcp:h:9100");
        assert_eq!(config.printer.columns, Config::default().printer.columns);
        assert_eq!(config.theme.len(), 1);
        assert_eq!(config.lang, crate::ui::text::Lang::En);
        assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
        for said in [
            "langg",
            "[printer] columns = 40",
            "[scanner] keyboards",
            "[scaner]",
        ] {
            assert!(
                mistakes.iter().any(|one| one.contains(said)),
                "{mistakes:#?}"
            );
        }
        assert!(rest.is_database_known);
    }

    /// Nobody makes a database because the name of the shop's was mistyped.
    #[test]
    fn a_mistake_about_the_database_is_known() {
        for content in [
            "lang = \n[",
            "database = \"x\"",
            "[database]\nurll = \"postgres://shop:secret@db/guitai\"",
        ] {
            let rest = taken(content);
            assert_eq!(rest.mistakes.len(), 1, "{:#?}", rest.mistakes);
            assert!(!rest.is_database_known, "{content}");
            assert!(!rest.mistakes.concat().contains("secret"));
        }
    }

    #[test]
    fn a_file_that_is_not_there_and_a_bad_environment() {
        let env = |name: &str| match name {
            "GUITAI_TILL_NUMBER" => Some("0".to_owned()),
            "GUITAI_LANG" => Some("en".to_owned()),
            _ => None,
        };
        let rest = Rest::load(Some(Path::new("/nowhere/shop.toml")), env);
        assert_eq!(rest.config.till.number, 1);
        assert_eq!(rest.mistakes.len(), 2, "{:#?}", rest.mistakes);
        let is_named = |one: &String| one.contains("GUITAI_TILL_NUMBER=0");
        assert!(rest.mistakes.iter().any(is_named));
        assert!(!rest.is_database_known);
    }
}
