//! Everything the console says, as data: `assets/text/<noun>.toml`, key-major, both languages
//! side by side. `{name}` marks a place that is filled at run time. Chinese is the fallback.
//!
//! ```toml
//! # assets/text/sale.toml
//! paid = { zh = "已收 {amount}", en = "Paid {amount}" }
//! ```
//! is the key `sale.paid`.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Refusal;

/// A text file per noun, by its name.
macro_rules! files {
    ($($noun:literal),+ $(,)?) => {
        &[$(($noun, include_str!(concat!("../../assets/text/", $noun, ".toml")))),+]
    };
}

/// Every text file: the first part of its keys, and its content.
pub const FILES: &[(&str, &str)] = files![
    "action",
    "app",
    "approval",
    "attach",
    "card",
    "card_form",
    "cash",
    "check_in",
    "confirm",
    "consent",
    "contract",
    "counter",
    "coupon",
    "deposit",
    "desk",
    "devices",
    "disclosure",
    "doctor",
    "dormant",
    "drawer",
    "dues",
    "enrol",
    "erase",
    "evidence",
    "exchange",
    "family",
    "field",
    "forfeit",
    "gift",
    "gift_card",
    "ground",
    "hand",
    "header",
    "held",
    "help",
    "journal",
    "label",
    "learn",
    "ledger",
    "level",
    "level_review",
    "level_rule",
    "limit",
    "line",
    "link",
    "manage",
    "material",
    "member",
    "merge",
    "message",
    "new_product",
    "operations",
    "orders",
    "own_terms",
    "package",
    "points",
    "printer",
    "product",
    "promotion",
    "reason",
    "receipt",
    "recipe",
    "redeem",
    "redemption",
    "refund",
    "refusal",
    "reminders",
    "reversal",
    "reward",
    "rule",
    "sale",
    "scanner",
    "segment",
    "set_up",
    "settlement",
    "shift",
    "sign_in",
    "slip",
    "staff",
    "statement",
    "store",
    "stored_value",
    "tender",
    "terms",
    "till",
    "top_up",
    "transfer",
    "trial",
    "undo_deposit",
    "undo_exchange",
    "undo_redemption",
    "verify",
    "why",
];

/// The language of the screen. Switchable while running.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Zh,
    En,
}

impl Lang {
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }
}

/// One text in both languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    zh: String,
    en: String,
}

/// All texts, read once at the start.
#[derive(Debug, Default)]
pub struct Text {
    entries: BTreeMap<String, Entry>,
}

impl Text {
    /// Reads [`FILES`].
    ///
    /// # Errors
    /// A file that is not TOML or lacks a language: names the file and the line.
    pub fn load() -> Result<Self, String> {
        let mut entries = BTreeMap::new();
        for (noun, content) in FILES {
            let file: BTreeMap<String, Entry> = toml::from_str(content)
                .map_err(|error| format!("assets/text/{noun}.toml: {error}"))?;
            entries.extend(
                file.into_iter()
                    .map(|(key, entry)| (format!("{noun}.{key}"), entry)),
            );
        }
        Ok(Self { entries })
    }

    /// The text of `key`; an unknown key shows itself (and `tests/architecture.rs` fails).
    #[must_use]
    pub fn get<'a>(&'a self, lang: Lang, key: &'a str) -> &'a str {
        self.entries.get(key).map_or(key, |entry| match lang {
            Lang::En if !entry.en.is_empty() => &entry.en,
            _ => &entry.zh,
        })
    }

    /// The text of a [`Say`] with its places filled.
    #[must_use]
    pub fn say(&self, lang: Lang, say: &Say) -> String {
        let mut text = self.get(lang, say.key).to_owned();
        for (name, value) in &say.with {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }

    /// Every key that exists, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// `key` in both languages, `None` for an unknown key.
    #[must_use]
    pub fn both(&self, key: &str) -> Option<(&str, &str)> {
        let entry = self.entries.get(key)?;
        Some((&entry.zh, &entry.en))
    }
}

/// Something to say: a key and what fills its places. Kept instead of the finished text, so
/// that it changes with the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    pub key: &'static str,
    pub with: Vec<(&'static str, String)>,
}

impl Say {
    #[must_use]
    pub const fn new(key: &'static str) -> Self {
        Self {
            key,
            with: Vec::new(),
        }
    }

    /// Fills the place `{name}`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.with.push((name, value.to_string()));
        self
    }
}

impl From<&'static str> for Say {
    fn from(key: &'static str) -> Self {
        Self::new(key)
    }
}

impl From<&Refusal> for Say {
    fn from(refusal: &Refusal) -> Self {
        Self {
            key: refusal.hint,
            with: refusal.with.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn places_are_filled_in_both_languages() {
        let text = Text::load().unwrap();
        let say = Say::new("refusal.internal").with("code", "7F3A");
        assert!(text.say(Lang::Zh, &say).contains("7F3A"));
        assert!(text.say(Lang::En, &say).contains("7F3A"));
    }

    #[test]
    fn an_unknown_key_shows_itself() {
        let text = Text::load().unwrap();
        assert_eq!(text.get(Lang::En, "no.such"), "no.such");
    }
}
