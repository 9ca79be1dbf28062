//! What the terminal can do: size, Chinese, width of ambiguous glyphs, colours.

use std::io::{self, IsTerminal, Read, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcgetwinsize, tcsetattr};

use super::Checked;
use crate::config::Terminal;
use crate::ui::theme::Borders;

/// The console needs this many columns and rows.
const SMALLEST: (u16, u16) = (40, 12);
/// How long a terminal may take to say where its cursor is.
const ANSWER: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 400_000_000,
};
/// Bytes of an answer.
const MOST: usize = 64;

/// What the environment says of the terminal, and what it says itself.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// `TERM` and `COLORTERM`.
    pub name: String,
    pub colours: String,
    /// The person's locale says UTF-8.
    pub is_utf8: bool,
    /// Columns of a Chinese character and of a rule; `None` when it does not answer.
    pub widths: Option<(u16, u16)>,
}

/// A line for each of them.
pub(super) fn checks(seen: &Seen, config: &Terminal) -> Vec<Checked> {
    let mut all = vec![("terminal".to_owned(), size(seen.is_utf8))];
    if let Some((han, rule)) = seen.widths {
        all.push(("terminal Chinese".to_owned(), chinese(han, &seen.name)));
        let is_wide = rule > 1 && config.borders == Borders::Line;
        let borders = if is_wide {
            Err(
                "rules are two columns wide here: put borders = \"ascii\" under [terminal]"
                    .to_owned(),
            )
        } else {
            Ok(())
        };
        all.push(("terminal borders".to_owned(), borders));
    }
    let says_truecolor = ["truecolor", "24bit"].contains(&seen.colours.as_str());
    let colours = if seen.name.is_empty() || seen.name == "dumb" {
        Err("TERM names no terminal: export TERM as it is, as xterm-256color".to_owned())
    } else if config.truecolor && !says_truecolor {
        Err(
            "truecolor = true, but COLORTERM does not say that this terminal can: put false"
                .to_owned(),
        )
    } else {
        Ok(())
    };
    all.push(("terminal colours".to_owned(), colours));
    all
}

fn size(is_utf8: bool) -> Result<(), String> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Err("standard input and output are no terminal: start guitai in one".to_owned());
    }
    if !is_utf8 {
        return Err("the locale is not UTF-8: export LANG=C.UTF-8".to_owned());
    }
    let (columns, rows) = SMALLEST;
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col < columns || size.ws_row < rows => Err(format!(
            "{} x {} is too small: make it at least {columns} x {rows}",
            size.ws_col, size.ws_row
        )),
        _ => Ok(()),
    }
}

fn chinese(columns: u16, name: &str) -> Result<(), String> {
    if name == "linux" {
        return Err("the Linux console has no Chinese: start guitai in cage and foot".to_owned());
    }
    if columns == 2 {
        return Ok(());
    }
    Err(format!(
        "a Chinese character takes {columns} columns here, not two: take another terminal or a font with Chinese"
    ))
}

/// Draws a Chinese character and a rule and asks where the cursor is after each.
#[must_use]
pub fn widths() -> Option<(u16, u16)> {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    if !(stdin.is_terminal() && stdout.is_terminal()) {
        return None;
    }
    let before = tcgetattr(&stdin).ok()?;
    let mut raw = before.clone();
    raw.make_raw();
    tcsetattr(&stdin, OptionalActions::Now, &raw).ok()?;
    let ask = |glyph: &str| {
        let mut out = stdout.lock();
        out.write_all(format!("\r{glyph}\x1b[6n").as_bytes()).ok()?;
        out.flush().ok()?;
        let column = column(&answer()?)?;
        column.checked_sub(1)
    };
    let widths = ask("中").and_then(|han| Some((han, ask("─")?)));
    let mut out = stdout.lock();
    // The line is wiped and the terminal as before, whatever it said.
    let _ = out.write_all(b"\r\x1b[K").and_then(|()| out.flush());
    let _ = tcsetattr(&stdin, OptionalActions::Now, &before);
    widths
}

/// What comes until the `R` that ends a cursor report.
fn answer() -> Option<Vec<u8>> {
    let stdin = io::stdin();
    let mut said = Vec::new();
    while said.len() < MOST {
        let mut line = [PollFd::new(&stdin, PollFlags::IN)];
        if poll(&mut line, Some(&ANSWER)) != Ok(1) {
            return None;
        }
        let mut byte = [0];
        stdin.lock().read_exact(&mut byte).ok()?;
        said.extend(byte);
        if byte == *b"R" {
            return Some(said);
        }
    }
    None
}

/// `ESC [ row ; column R`.
fn column(said: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(said).ok()?;
    let (_, column) = text.strip_suffix('R')?.rsplit_once(';')?;
    column.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_says_its_column() {
        assert_eq!(column(b"\x1b[24;3R"), Some(3));
        for bad in ["", "R", "\u{1b}[24R", "\u{1b}[24;xR", "\u{1b}[24;3"] {
            assert_eq!(column(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn what_a_terminal_cannot_do_comes_with_its_remedy() {
        let seen = Seen {
            name: "linux".to_owned(),
            widths: Some((1, 2)),
            ..Seen::default()
        };
        let config = Terminal {
            truecolor: true,
            ..Terminal::default()
        };
        let all = checks(&seen, &config);
        for (what, remedy) in [
            ("terminal Chinese", "cage and foot"),
            ("terminal borders", "borders = \"ascii\""),
            ("terminal colours", "COLORTERM"),
        ] {
            let found = all.iter().find(|(name, _)| name == what);
            let error = found.and_then(|(_, result)| result.as_ref().err());
            assert!(
                error.is_some_and(|error| error.contains(remedy)),
                "{what}: {error:?}"
            );
        }
        assert!(chinese(2, "foot").is_ok() && chinese(1, "foot").is_err());
    }
}
