//! What the terminal can do: size, Chinese, width of ambiguous glyphs, colours.

use std::io::{self, IsTerminal, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, tcgetattr, tcgetwinsize, tcsetattr};

use super::Check;
use crate::config::Terminal;
use crate::ui::terminal::SMALLEST;
use crate::ui::text::Say;
use crate::ui::theme::Borders;

/// How long a terminal may take to say where its cursor is.
const ANSWER: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
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
    /// Columns and rows; `None` when it does not say.
    pub size: Option<(u16, u16)>,
    /// Columns of a Chinese character and of a rule; `None` when it does not answer.
    pub widths: Option<(u16, u16)>,
}

impl Seen {
    /// Looks at it; `None` when standard input or output is none.
    #[must_use]
    pub fn now(env: &impl Fn(&str) -> Option<String>) -> Option<Self> {
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return None;
        }
        let mut names = ["LC_ALL", "LC_CTYPE", "LANG"].iter();
        let locale = names.find_map(|name| env(name)).unwrap_or_default();
        let locale = locale.to_lowercase();
        let size = tcgetwinsize(io::stdout()).ok();
        let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
        Some(Self {
            name: env("TERM").unwrap_or_default(),
            colours: env("COLORTERM").unwrap_or_default(),
            is_utf8: locale.contains("utf-8") || locale.contains("utf8"),
            size: size.map(|size| (size.ws_col, size.ws_row)),
            widths: widths(),
        })
    }
}

/// A line for each of them.
pub(super) fn checks(seen: Option<&Seen>, config: &Terminal) -> Vec<Check> {
    let Some(seen) = seen else {
        return vec![Check::note("doctor.terminal", "doctor.no_terminal")];
    };
    let mut all = vec![size(seen)];
    if let Some((han, rule)) = seen.widths {
        all.push(chinese(han, &seen.name));
        all.push(if rule > 1 && config.borders == Borders::Line {
            Check::bad("doctor.borders", "doctor.wide_rules")
        } else {
            Check::good("doctor.borders")
        });
    } else {
        all.push(Check::note("doctor.chinese", "doctor.silent"));
    }
    let says_truecolor = ["truecolor", "24bit"].contains(&seen.colours.as_str());
    all.push(if seen.name.is_empty() || seen.name == "dumb" {
        Check::bad("doctor.colours", "doctor.no_name")
    } else if config.truecolor && !says_truecolor {
        Check::bad("doctor.colours", "doctor.no_truecolor")
    } else {
        Check::good("doctor.colours")
    });
    all
}

fn size(seen: &Seen) -> Check {
    if !seen.is_utf8 {
        return Check::bad("doctor.terminal", "doctor.not_utf8");
    }
    let Some((columns, rows)) = seen.size else {
        return Check::good("doctor.terminal");
    };
    let of = |key| Say::new(key).with("columns", columns).with("rows", rows);
    let (least_columns, least_rows) = SMALLEST;
    if columns < least_columns || rows < least_rows {
        let least = format!("{least_columns} x {least_rows}");
        return Check::bad(
            "doctor.terminal",
            of("doctor.too_small").with("least", least),
        );
    }
    Check::told("doctor.terminal", of("doctor.size"))
}

fn chinese(columns: u16, name: &str) -> Check {
    if name == "linux" {
        return Check::bad("doctor.chinese", "doctor.linux_console");
    }
    if columns == 2 {
        return Check::good("doctor.chinese");
    }
    let say = Say::new("doctor.chinese_width").with("columns", columns);
    Check::bad("doctor.chinese", say)
}

/// Draws a Chinese character and a rule and asks where the cursor is after each.
fn widths() -> Option<(u16, u16)> {
    let (stdin, stdout) = (io::stdin(), io::stdout());
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
        // Not by way of the library's buffer: what waits in that one `poll` does not see.
        if rustix::io::read(&stdin, &mut byte).ok()? == 0 {
            return None;
        }
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
}
