//! The invariants of `src/lib.rs`, read from the sources; and that keymap, texts and help are
//! complete.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use guitai::config::{Config, SHIPPED};
use guitai::ui::keymap::{Action, GLOBAL, Keymap};
use guitai::ui::screens::help::PAGES;
use guitai::ui::text::{FILES, Text};
use unicode_width::UnicodeWidthStr;

/// Longest file, in lines.
const MOST_LINES: usize = 600;

/// Who must not name whom: the dependencies point one way.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "domain",
        &[
            "db", "device", "ui", "app", "run", "event", "query", "session", "ids", "config",
        ],
    ),
    (
        "query",
        &["db", "device", "ui", "app", "run", "event", "config"],
    ),
    (
        "session",
        &["db", "device", "ui", "app", "run", "event", "config"],
    ),
    ("db", &["ui", "device", "app", "run", "event"]),
    ("device", &["ui", "db", "app", "run"]),
    ("ui", &["db", "device", "app", "run", "event", "config"]),
    ("app", &["db", "run"]),
];

/// What `domain` must not know: time, chance and the world.
const IMPURE: &[&str] = &[
    "tokio",
    "sqlx",
    "ratatui",
    "crossterm",
    "nusb",
    "tracing",
    "now()",
    "now_v7",
    "new_v4",
    "SystemTime",
    "Instant",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
];

/// Screens that explain themselves.
const WITHOUT_HELP: &[&str] = &[GLOBAL, "help"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with this ending, with its path from the root.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().unwrap().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
                found.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The source without comments and without what only tests see.
fn code(source: &str) -> String {
    let end = source.find("#[cfg(test)]").unwrap_or(source.len());
    let lines = source[..end].lines();
    let kept = lines.filter(|line| !line.trim_start().starts_with("//"));
    kept.collect::<Vec<_>>().join("\n")
}

fn is_in(path: &str, area: &str) -> bool {
    path == format!("src/{area}.rs") || path.starts_with(&format!("src/{area}/"))
}

#[test]
fn dependencies_point_one_way() {
    for (path, source) in files("src", ".rs") {
        let code = code(&source);
        for (area, forbidden) in FORBIDDEN.iter().filter(|(area, _)| is_in(&path, area)) {
            for other in *forbidden {
                for named in ["::", ";", "}", ",", " as "] {
                    let name = format!("crate::{other}{named}");
                    assert!(
                        !code.contains(&name),
                        "{path}: {area} must not name {other}"
                    );
                }
            }
            assert!(
                !code.contains("use crate::{"),
                "{path}: name one module per use"
            );
        }
    }
}

#[test]
fn domain_is_pure() {
    for (path, source) in files("src/domain", ".rs") {
        let code = code(&source);
        for word in IMPURE {
            assert!(!code.contains(word), "{path}: {word}");
        }
    }
}

#[test]
fn only_the_loop_waits_spawns_and_knows_the_time() {
    for (path, source) in files("src", ".rs") {
        let code = code(&source);
        let words: &[&str] = if is_in(&path, "ui") || is_in(&path, "app") {
            &[
                ".await",
                "async fn",
                "spawn",
                "Utc::now",
                "process::exit",
                "thread::sleep",
            ]
        } else if is_in(&path, "run") || path == "src/main.rs" {
            &["process::exit", "thread::sleep", "Local::now"]
        } else {
            &[
                "process::exit",
                "thread::sleep",
                "Local::now",
                "SystemTime::now",
            ]
        };
        for word in words {
            assert!(!code.contains(word), "{path}: {word}");
        }
    }
}

#[test]
fn nothing_prints_and_no_sql_leaves_the_database() {
    for (path, source) in files("src", ".rs") {
        let code = code(&source);
        for word in [
            "println!",
            "eprint!",
            "print!(",
            "dbg!",
            "ratatui::init",
            "ratatui::restore",
        ] {
            assert!(!code.contains(word), "{path}: {word}");
        }
        let database = is_in(&path, "db") || path == "src/main.rs";
        assert!(
            database || !code.contains("sqlx"),
            "{path}: SQL lives in src/db"
        );
    }
}

/// `{:<10}` counts characters; Chinese ones are two columns. `ui::width` pads.
#[test]
fn text_is_padded_by_display_width() {
    for (path, source) in files("src/ui", ".rs") {
        for (place, _) in source.match_indices('{') {
            let inside = source[place + 1..]
                .split(['}', '{', '\n', '"'])
                .next()
                .unwrap();
            let padded = inside
                .split_once(':')
                .is_some_and(|(_, how)| how.starts_with(['<', '>', '^']));
            assert!(!padded, "{path}: {{{inside}}}");
        }
    }
}

#[test]
fn files_are_short() {
    for (path, source) in files("src", ".rs").into_iter().chain(files("tests", ".rs")) {
        let lines = source.lines().count();
        assert!(lines <= MOST_LINES, "{path}: {lines} lines");
    }
}

#[test]
fn no_folder_has_a_mod_file() {
    let mut found = files("src", "mod.rs");
    found.extend(files("tests", "mod.rs"));
    let names: Vec<String> = found.into_iter().map(|(path, _)| path).collect();
    assert!(
        names.is_empty(),
        "name them after their folder, beside it: {names:?}"
    );
}

#[test]
fn the_shipped_configuration_is_the_default() {
    let shipped = Config::parse(SHIPPED, Path::new("config.toml")).unwrap();
    assert_eq!(shipped, Config::default());
}

#[test]
fn every_text_file_is_read() {
    let listed: BTreeSet<String> = FILES.iter().map(|(noun, _)| (*noun).to_owned()).collect();
    let there: BTreeSet<String> = files("assets/text", ".toml")
        .into_iter()
        .map(|(path, _)| {
            Path::new(&path)
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(listed, there);
}

fn places(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0))
        .collect()
}

#[test]
fn every_text_says_the_same_in_both_languages() {
    let texts = Text::load().unwrap();
    for key in texts.keys() {
        let (zh, en) = texts.both(key).unwrap();
        assert!(!zh.is_empty() && !en.is_empty(), "{key} lacks a language");
        assert_eq!(places(zh), places(en), "{key} has other places");
        for text in [zh, en] {
            let plain = text.width() == text.width_cjk();
            assert!(
                plain,
                "{key}: a glyph that is two columns on some terminals: {text}"
            );
        }
    }
}

/// Literals of the sources that look like a key: `"noun.key"` of a noun that exists.
fn used_keys() -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (_, source) in files("src", ".rs") {
        for literal in source.split('"') {
            let is_key = literal.split_once('.').is_some_and(|(noun, key)| {
                let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
                FILES.iter().any(|(known, _)| *known == noun)
                    && !key.is_empty()
                    && key.chars().all(plain)
                    && key != "toml"
            });
            if is_key {
                used.insert(literal.to_owned());
            }
        }
    }
    for (_, template) in files("assets/slip", ".slip") {
        let places = places(&template).into_iter().map(str::to_owned);
        used.extend(places.filter(|place| place.contains('.')));
    }
    used.extend(
        Action::ALL
            .iter()
            .map(|(_, action)| action.label().to_owned()),
    );
    used
}

#[test]
fn every_text_that_is_used_exists_and_the_other_way_round() {
    let texts = Text::load().unwrap();
    let defined: BTreeSet<String> = texts.keys().map(str::to_owned).collect();
    let used = used_keys();
    let missing: Vec<_> = used.difference(&defined).collect();
    assert!(missing.is_empty(), "not in assets/text: {missing:?}");
    let idle: Vec<_> = defined.difference(&used).collect();
    assert!(idle.is_empty(), "nobody says: {idle:?}");
}

/// The sections that screens name.
fn sections_of_screens() -> BTreeSet<String> {
    let screens = files("src/ui/screens", ".rs");
    let named = screens.iter().flat_map(|(_, source)| {
        let after = source.split("fn bindings(&self) -> &'static str").skip(1);
        let logs = source.split("const BINDINGS: &'static str =").skip(1);
        let logs = logs.map(|rest| rest.split_once(';').unwrap_or_default().0);
        after
            .chain(logs)
            .filter_map(|rest| Some(rest.split('}').next()?.split('"').nth(1)?.to_owned()))
    });
    named.collect()
}

#[test]
fn every_screen_has_its_keys_and_every_section_its_screen() {
    let keymap = Keymap::load().unwrap();
    let mut sections: BTreeSet<String> = keymap.sections().map(str::to_owned).collect();
    sections.remove(GLOBAL);
    assert_eq!(sections, sections_of_screens());
}

#[test]
fn every_screen_explains_itself_in_both_languages() {
    let keymap = Keymap::load().unwrap();
    for section in keymap
        .sections()
        .filter(|name| !WITHOUT_HELP.contains(name))
    {
        let page = PAGES.iter().find(|(name, ..)| *name == section);
        let (_, zh, en) = page.unwrap_or_else(|| panic!("{section} has no page of help"));
        assert!(
            zh.starts_with("# ") && en.starts_with("# "),
            "{section} has no title"
        );
    }
    assert_eq!(files("assets/help", ".md").len(), PAGES.len() * 2);
}

/// The README's table of keys is the counter's section of the keymap.
#[test]
fn the_readme_knows_the_keys_of_the_counter() {
    let keymap: toml::Table = fs::read_to_string(root().join("assets/keymap.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let texts = Text::load().unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for list in ["footer", "quiet"] {
        for pair in keymap["counter"][list].as_array().unwrap() {
            let (key, action) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
            let action = format!("action.{action}");
            let name = texts.get(guitai::ui::text::Lang::Zh, &action);
            let row = format!("| {key} | {name} |");
            assert!(readme.contains(&row), "README.md lacks the row {row}");
        }
    }
}
