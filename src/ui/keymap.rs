//! Keys are data: `assets/keymap.toml`, one section per screen plus `[global]`, checked at load.
//!
//! Only keys that every terminal, SSH client and serial console delivers are allowed, and never
//! a printable one: those edit a field or move a selection, and a keyboard scanner presses them.

use std::collections::BTreeMap;
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::Deserialize;

/// The shipped keymap.
pub const SHIPPED: &str = include_str!("../../assets/keymap.toml");

/// The section whose keys work on every screen.
pub const GLOBAL: &str = "global";

/// Declares [`Action`] with the names `assets/keymap.toml` uses.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)*) => {
        /// What a key means. `action.<name>` in `assets/text/action.toml` is its label.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($(#[$doc])* $action,)* }

        impl Action {
            /// Every action with its name in the keymap.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($name, Self::$action),)*];

            /// The key of its label in the texts.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self { $(Self::$action => concat!("action.", $name),)* }
            }
        }
    };
}

actions! {
    /// Take what is selected, answer with the default, go on.
    Accept = "accept",
    /// One step back. Never discards work silently.
    Back = "back",
    /// Explain this screen.
    Help = "help",
    /// The other language.
    Language = "language",
    /// Leave the program, after a question.
    Quit = "quit",
    /// Keep what was edited.
    Save = "save",
    /// Make a new one.
    New = "new",
    Next = "next",
    Previous = "previous",
    Up = "up",
    Down = "down",
    Left = "left",
    Right = "right",
    Home = "home",
    End = "end",
    PageUp = "page_up",
    PageDown = "page_down",
    /// Delete the character before the caret.
    Erase = "erase",
    /// Delete the character at the caret.
    Delete = "delete",
    EraseWord = "erase_word",
    EraseLine = "erase_line",
    /// Why a price is what it is.
    Why = "why",
    DayBefore = "day_before",
    DayAfter = "day_after",
    /// Further back in time, and nearer.
    Earlier = "earlier",
    Later = "later",
    /// How long a time is looked at.
    Span = "span",
    /// See what it would have done.
    Try = "try",
    /// Ask the back end again.
    Reload = "reload",
    /// To what narrows the list.
    Filter = "filter",
    /// Write the list to a file.
    Export = "export",
    /// On paper.
    Print = "print",
    /// Open the drawer without a payment.
    Drawer = "drawer",
    /// A page that shows whether the printer prints.
    TestPage = "test_page",
    /// Change what is known of somebody.
    Edit = "edit",
    AddCard = "add_card",
    /// Her cards: lost and found.
    Cards = "cards",
    TopUp = "top_up",
    /// Money paid beforehand in stages.
    Contracts = "contracts",
    EndContract = "end_contract",
    Points = "points",
    Exchange = "exchange",
    CheckIn = "check_in",
    /// The full phone number; the look is logged.
    RevealPhone = "reveal_phone",
    /// The postings behind a balance.
    Statement = "statement",
    /// The other unit of a statement.
    Unit = "unit",
    /// A note or coin the customer hands over, the shop's largest first.
    Note1 = "note_1",
    Note2 = "note_2",
    Note3 = "note_3",
    Note4 = "note_4",
    /// Give money back: return a sale, reverse a top-up.
    GiveBack = "give_back",
    /// Put an anonymous sale under a member's name.
    Attach = "attach",
    /// Whether she uses her coupons; all of them.
    Coupons = "coupons",
    /// Give everybody of a list theirs.
    GiveAll = "give_all",
    /// Use what was paid for beforehand.
    Redeem = "redeem",
    /// Who served the customer.
    Served = "served",
    /// Whether the customer asked for her.
    AskedFor = "asked_for",
    /// Whom else the account is for.
    Family = "family",
    /// Who is served, when it is not the holder.
    Whom = "whom",
    /// Settle what was paid beforehand.
    Settle = "settle",
    /// Her orders that are not fetched yet.
    Orders = "orders",
    /// The order is not wanted any more.
    CallOff = "call_off",
    /// Its reason.
    Cause = "cause",
    /// What of it.
    What = "what",
    /// Which way the money goes.
    Way = "way",
    /// The other of two.
    Swap = "swap",
    /// Choose everything there is.
    All = "all",
    Pay = "pay",
    MemberCard = "member_card",
    /// Put the sale aside.
    Hold = "hold",
    /// Take up a sale that was put aside.
    TakeUp = "take_up",
    /// Edit the selected line.
    Line = "line",
    Operations = "operations",
    Dormant = "dormant",
    More = "more",
    /// Take the line out of the sale.
    Remove = "remove",
    /// Print a waiting document now.
    Reprint = "reprint",
    /// Never print it.
    Drop = "drop",
    /// The scanners of this machine.
    Devices = "devices",
    /// Teach a scanner that plays a keyboard.
    Learn = "learn",
    /// Teach the form in which a reader prints card numbers.
    CardForm = "card_form",
    /// Leave a taught scanner to its person again.
    Forget = "forget",
    /// Have a scanner beep: which one is it.
    Beep = "beep",
    /// Have a scanner read without its trigger.
    Trigger = "trigger",
}

impl Action {
    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find_map(|(known, action)| (*known == name).then_some(*action))
    }
}

/// A key that is not a character: Enter, an arrow, F1 to F12, Ctrl and a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
}

/// Keys with a name, in the spelling of the keymap and of the footer.
const NAMED: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("BackTab", KeyCode::BackTab),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
    ("Ins", KeyCode::Insert),
    ("Del", KeyCode::Delete),
    ("Backspace", KeyCode::Backspace),
];

/// Ctrl and these letters are another key on the wire (Backspace, Tab, Enter) or start a
/// sequence; C is what a scanner's ETX suffix arrives as.
const NOT_WITH_CTRL: &[char] = &['c', 'h', 'i', 'j', 'm', '['];

impl Key {
    /// Reads the keymap's spelling: `Enter`, `F2`, `Ctrl-u`.
    ///
    /// # Errors
    /// A key that not every terminal delivers, or that types a character.
    pub fn parse(name: &str) -> Result<Self, String> {
        if let Some((_, code)) = NAMED.iter().find(|(known, _)| *known == name) {
            return Ok(Self {
                code: *code,
                ctrl: false,
            });
        }
        let mut letters = name.strip_prefix("Ctrl-").unwrap_or_default().chars();
        if let (Some(letter), None) = (letters.next(), letters.next()) {
            if letter.is_ascii_lowercase() && !NOT_WITH_CTRL.contains(&letter) {
                return Ok(Self {
                    code: KeyCode::Char(letter),
                    ctrl: true,
                });
            }
            return Err(format!("the key {name} does not reach every terminal"));
        }
        match name
            .strip_prefix('F')
            .and_then(|number| number.parse().ok())
        {
            Some(number @ 1..=12) => Ok(Self {
                code: KeyCode::F(number),
                ctrl: false,
            }),
            _ => Err(format!(
                "the key {name} is not portable (or types a character)"
            )),
        }
    }

    /// The key of a terminal event; `None` for a character or a key nobody can bind.
    #[must_use]
    pub fn pressed(event: &KeyEvent) -> Option<Self> {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        match event.code {
            KeyCode::Char(letter) if ctrl => Some(Self {
                code: KeyCode::Char(letter.to_ascii_lowercase()),
                ctrl,
            }),
            KeyCode::Char(_) | KeyCode::Null => None,
            code => Some(Self { code, ctrl: false }),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            KeyCode::F(number) => write!(f, "F{number}"),
            KeyCode::Char(letter) => write!(f, "Ctrl-{letter}"),
            code => {
                let named = NAMED.iter().find(|(_, known)| *known == code);
                f.write_str(named.map_or("?", |(name, _)| *name))
            }
        }
    }
}

/// One key of one section.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub key: Key,
    pub action: Action,
    /// Whether the footer shows it; help shows all.
    pub in_footer: bool,
}

/// A section as it stands in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Section {
    footer: Vec<(String, String)>,
    quiet: Vec<(String, String)>,
}

/// All sections, in the file's order within each.
#[derive(Debug, Default)]
pub struct Keymap {
    sections: BTreeMap<String, Vec<Binding>>,
}

impl Keymap {
    /// The keymap that ships with the program.
    ///
    /// # Errors
    /// As [`Keymap::parse`].
    pub fn load() -> Result<Self, String> {
        Self::parse(SHIPPED)
    }

    /// Reads a keymap.
    ///
    /// # Errors
    /// Not TOML, an unknown action, a key twice in a section, a key that is not portable.
    pub fn parse(content: &str) -> Result<Self, String> {
        let file: BTreeMap<String, Section> =
            toml::from_str(content).map_err(|error| format!("assets/keymap.toml: {error}"))?;
        let mut sections = BTreeMap::new();
        for (name, section) in file {
            let bindings = Self::section(&section)
                .map_err(|error| format!("assets/keymap.toml: [{name}]: {error}"))?;
            sections.insert(name, bindings);
        }
        Ok(Self { sections })
    }

    fn section(section: &Section) -> Result<Vec<Binding>, String> {
        let mut bindings: Vec<Binding> = Vec::new();
        let shown = section.footer.iter().map(|pair| (pair, true));
        let quiet = section.quiet.iter().map(|pair| (pair, false));
        for ((key, action), in_footer) in shown.chain(quiet) {
            let key = Key::parse(key)?;
            let action = Action::named(action).ok_or_else(|| format!("unknown action {action}"))?;
            if bindings.iter().any(|known| known.key == key) {
                return Err(format!("the key {key} stands twice"));
            }
            bindings.push(Binding {
                key,
                action,
                in_footer,
            });
        }
        Ok(bindings)
    }

    /// What `key` means on the screen with this section; the section comes before `[global]`.
    #[must_use]
    pub fn action(&self, section: &str, key: Key) -> Option<Action> {
        self.bindings(section)
            .find_map(|binding| (binding.key == key).then_some(binding.action))
    }

    /// The keys of a section, then the global ones it does not use itself.
    pub fn bindings<'a>(&'a self, section: &str) -> impl Iterator<Item = &'a Binding> {
        let own = self.own(section);
        let global = self.own(GLOBAL);
        own.iter().chain(
            global
                .iter()
                .filter(move |binding| !own.iter().any(|mine| mine.key == binding.key)),
        )
    }

    /// The keys of a section that are its own.
    pub fn own_bindings(&self, section: &str) -> impl Iterator<Item = &Binding> {
        self.own(section).iter()
    }

    /// Names of all sections.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    fn own(&self, section: &str) -> &[Binding] {
        self.sections.get(section).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_shipped_keymap_loads() {
        let keymap = Keymap::load().unwrap();
        let f1 = Key::parse("F1").unwrap();
        assert_eq!(keymap.action("sign_in", f1), Some(Action::Help));
    }

    #[test]
    fn bad_keymaps_are_refused_by_name() {
        for (content, says) in [
            (
                "[a]\nfooter = [[\"F1\", \"dance\"]]",
                "unknown action dance",
            ),
            (
                "[a]\nfooter = [[\"F1\", \"help\"], [\"F1\", \"back\"]]",
                "F1 stands twice",
            ),
            ("[a]\nquiet = [[\"x\", \"help\"]]", "not portable"),
            ("[a]\nquiet = [[\"Ctrl-m\", \"help\"]]", "does not reach"),
            ("[a]\nquiet = [[\"Alt-x\", \"help\"]]", "not portable"),
            ("[a]\nloud = []", "unknown field"),
        ] {
            let error = Keymap::parse(content).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
