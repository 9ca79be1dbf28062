//! Roles by meaning. Sixteen ANSI colours unless the configuration says otherwise, and none at
//! all under `NO_COLOR`: bold, reverse and underline carry the meaning then.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

/// What a piece of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Text,
    /// Labels, hints, what can be skipped.
    Dim,
    Title,
    /// Where typing goes.
    Focus,
    /// The row or choice Enter takes.
    Selected,
    Good,
    Warn,
    Bad,
    Money,
    /// Rules and borders.
    Frame,
}

/// Roles, their names in the configuration, and the shipped look of each.
const ROLES: [(&str, Role, &str); 10] = [
    ("text", Role::Text, ""),
    ("dim", Role::Dim, "bright-black"),
    ("title", Role::Title, "bold"),
    ("focus", Role::Focus, "cyan underline"),
    ("selected", Role::Selected, "reverse"),
    ("good", Role::Good, "green"),
    ("warn", Role::Warn, "yellow bold"),
    ("bad", Role::Bad, "red bold reverse"),
    ("money", Role::Money, "bold"),
    ("frame", Role::Frame, "bright-black"),
];

/// Which glyphs draw rules and borders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Borders {
    /// `─│┌`: one column on most terminals.
    #[default]
    Line,
    /// `-|+`: one column on all of them.
    Ascii,
}

/// The style of every role.
#[derive(Debug, Clone)]
pub struct Theme {
    styles: [Style; 10],
    pub borders: Borders,
}

impl Theme {
    /// The shipped theme with `overrides` (role name to style words).
    ///
    /// # Errors
    /// An unknown role, an unknown word, or `#rrggbb` without `truecolor`.
    pub fn new(
        overrides: &BTreeMap<String, String>,
        borders: Borders,
        truecolor: bool,
        no_color: bool,
    ) -> Result<Self, String> {
        if let Some(name) = overrides.keys().find(|name| !is_role(name)) {
            let known: Vec<&str> = ROLES.iter().map(|(name, ..)| *name).collect();
            return Err(format!(
                "[theme] {name}: no such role; there are {}",
                known.join(", ")
            ));
        }
        let mut styles = [Style::new(); 10];
        for (style, (name, _, shipped)) in styles.iter_mut().zip(ROLES) {
            let words = overrides.get(name).map_or(shipped, String::as_str);
            *style = parse(words, truecolor).map_err(|error| format!("[theme] {name}: {error}"))?;
            if no_color {
                style.fg = None;
                style.bg = None;
            }
        }
        Ok(Self { styles, borders })
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let place = ROLES.iter().position(|(_, known, _)| *known == role);
        place
            .and_then(|place| self.styles.get(place))
            .copied()
            .unwrap_or_default()
    }
}

fn is_role(name: &str) -> bool {
    ROLES.iter().any(|(known, ..)| *known == name)
}

/// Reads `cyan on black bold`: a colour, `on` and a colour, and attributes.
fn parse(words: &str, truecolor: bool) -> Result<Style, String> {
    let mut style = Style::new();
    let mut ground = false;
    for word in words.split_whitespace() {
        match word {
            "on" => ground = true,
            "bold" => style = style.add_modifier(Modifier::BOLD),
            "reverse" => style = style.add_modifier(Modifier::REVERSED),
            "underline" => style = style.add_modifier(Modifier::UNDERLINED),
            "dim" => style = style.add_modifier(Modifier::DIM),
            colour => {
                let colour = parse_colour(colour, truecolor)?;
                style = if ground {
                    style.bg(colour)
                } else {
                    style.fg(colour)
                };
                ground = false;
            }
        }
    }
    Ok(style)
}

fn parse_colour(word: &str, truecolor: bool) -> Result<Color, String> {
    if word.starts_with('#') && !truecolor {
        return Err(format!("{word} needs truecolor = true under [terminal]"));
    }
    let name = word.replace("bright-", "light");
    let name = if name == "lightblack" {
        "darkgray"
    } else {
        &name
    };
    name.parse::<Color>().map_err(|_error| {
        format!("{word} is no colour: use red, bright-red .. white, #rrggbb, bold, reverse, underline, dim")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn with(role: &str, words: &str) -> Result<Theme, String> {
        let overrides = BTreeMap::from([(role.to_owned(), words.to_owned())]);
        Theme::new(&overrides, Borders::Line, false, false)
    }

    #[test]
    fn overrides_replace_a_role() {
        let theme = with("focus", "black on bright-red bold").unwrap();
        let style = theme.style(Role::Focus);
        assert_eq!(
            (style.fg, style.bg),
            (Some(Color::Black), Some(Color::LightRed))
        );
    }

    #[test]
    fn mistakes_are_named() {
        assert!(with("focuss", "red").unwrap_err().contains("no such role"));
        assert!(with("focus", "rainbow").unwrap_err().contains("rainbow"));
        assert!(with("focus", "#ff0000").unwrap_err().contains("truecolor"));
    }

    #[test]
    fn without_colour_meaning_remains() {
        let theme = Theme::new(&BTreeMap::new(), Borders::Line, false, true).unwrap();
        for role in [
            Role::Focus,
            Role::Selected,
            Role::Warn,
            Role::Bad,
            Role::Title,
        ] {
            let style = theme.style(role);
            assert_eq!((style.fg, style.bg), (None, None));
            assert!(!style.add_modifier.is_empty(), "{role:?}");
        }
    }
}
