//! What is left of a configuration with mistakes in it: whoever looks for the mistake wants all of them, and the
//! rest checked.

use std::path::Path;

use anyhow::Context;
use toml::{Table, Value};

use super::{Config, OVERRIDES, find, in_environment};

impl Config {
    /// The configuration as far as it is right. Each value that is not is left at its default, and named
    /// with what is wrong.
    #[must_use]
    pub fn rest(file: Option<&Path>, env: impl Fn(&str) -> Option<String>) -> (Self, Vec<String>) {
        let mut config = Self::default();
        let mut wrong = Vec::new();
        if let Some(path) = find(file, &env) {
            match std::fs::read_to_string(&path) {
                Ok(content) => config.take(&content, &path, &mut wrong),
                Err(error) => wrong.push(format!("{}: {error}", path.display())),
            }
        }
        for (section, key) in OVERRIDES {
            let name = in_environment(section, key);
            let Some(text) = env(&name) else { continue };
            match config.replaced(section, key, &text).and_then(Self::checked) {
                Ok(better) => config = better,
                Err(error) => wrong.push(format!("{name}={text}: {error:#}")),
            }
        }
        (config, wrong)
    }

    fn take(&mut self, content: &str, path: &Path, wrong: &mut Vec<String>) {
        let all: Table = match content.parse() {
            Ok(all) => all,
            Err(error) => {
                wrong.push(format!("{}: {error}", path.display()));
                return;
            }
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
                let better = self.with(section, key, value).context(named);
                match better.and_then(Self::checked) {
                    Ok(better) => *self = better,
                    Err(error) => wrong.push(format!("{}: {error:#}", path.display())),
                }
            }
        }
    }

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

    #[test]
    fn one_mistake_leaves_the_rest_as_it_is() {
        let mut config = Config::default();
        let mut wrong = Vec::new();
        let content = "lang = \"en\"\nlangg = 1\n[printer]\nto = \"tcp:h:9100\"\ncolumns = 40\n\
                       [scanner]\nkeyboards = [\"x\"]\n[scaner]\nburst_gap_ms = 60\n[theme]\nfocus = \"red\"";
        config.take(content, Path::new("shop.toml"), &mut wrong);
        assert_eq!(config.printer.to, "tcp:h:9100");
        assert_eq!(config.printer.columns, Config::default().printer.columns);
        assert_eq!(config.theme.len(), 1);
        assert_eq!(config.lang, crate::ui::text::Lang::En);
        assert_eq!(wrong.len(), 4, "{wrong:#?}");
        for said in [
            "langg",
            "[printer] columns = 40",
            "[scanner] keyboards",
            "[scaner]",
        ] {
            assert!(wrong.iter().any(|one| one.contains(said)), "{wrong:#?}");
        }
    }

    #[test]
    fn what_cannot_be_read_at_all_is_one_mistake() {
        let mut wrong = Vec::new();
        Config::default().take("lang = \n[", Path::new("shop.toml"), &mut wrong);
        assert_eq!(wrong.len(), 1);
        let env = |name: &str| match name {
            "GUITAI_TILL_NUMBER" => Some("0".to_owned()),
            "GUITAI_LANG" => Some("en".to_owned()),
            _ => None,
        };
        let (config, wrong) = Config::rest(Some(Path::new("/nowhere/shop.toml")), env);
        assert_eq!(config.till.number, 1);
        assert_eq!(wrong.len(), 2, "{wrong:#?}");
        assert!(wrong.iter().any(|one| one.contains("GUITAI_TILL_NUMBER=0")));
    }
}
