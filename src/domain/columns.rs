//! Display columns: the only place that knows how wide text is, on the screen and on paper. Chinese is two columns.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Ends text that was cut. ASCII, because `…` is two columns on some terminals.
const CUT: &str = "..";

/// Display columns of `text`.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// Display columns as a screen coordinate.
#[must_use]
pub fn columns(text: &str) -> u16 {
    u16::try_from(width(text)).unwrap_or(u16::MAX)
}

/// `text` in at most `columns` columns; what was cut ends in `..`.
#[must_use]
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(CUT.len());
    let mut cut = head(text, room).to_owned();
    cut.push_str(CUT.get(..columns.min(CUT.len())).unwrap_or_default());
    Cow::Owned(cut)
}

/// The longest beginning of `text` that takes at most `columns` columns.
fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, glyph) in text.char_indices() {
        used += glyph.width().unwrap_or(0);
        if used > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// `text` cut or filled on the right to exactly `columns` columns.
#[must_use]
pub fn left(text: &str, columns: usize) -> String {
    let mut padded = fit(text, columns).into_owned();
    let missing = columns.saturating_sub(width(&padded));
    padded.extend(std::iter::repeat_n(' ', missing));
    padded
}

/// `text` cut or filled on the left to exactly `columns` columns.
#[must_use]
pub fn right(text: &str, columns: usize) -> String {
    let fitted = fit(text, columns);
    let missing = columns.saturating_sub(width(&fitted));
    let mut padded = " ".repeat(missing);
    padded.push_str(&fitted);
    padded
}

/// Breaks `text` into lines of at most `columns` columns: at line ends, at spaces where there
/// are any, and between Chinese characters anywhere.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    text.lines()
        .flat_map(|line| wrap_line(line, columns))
        .collect()
}

/// What belongs to the glyph before it.
const CLOSING: [char; 14] = [
    '。', ',', '、', ';', ':', '!', '?', ')', '」', '》', '”', ',', ';', ')',
];

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = line.trim_end();
    while width(rest) > columns {
        let full = head(rest, columns);
        let after = rest.get(full.len()..).unwrap_or_default();
        let taken = match full.rfind(' ') {
            Some(space)
                if !after.starts_with(' ') && space > 0 && in_word(full.get(space..), after) =>
            {
                space
            }
            // No line begins with a full stop: the glyph before it goes along.
            _ if after.starts_with(CLOSING) => {
                let last = full.char_indices().next_back();
                last.map_or(0, |(at, _)| at)
            }
            _ => full.len(),
        };
        let taken = if taken == 0 { full.len() } else { taken };
        lines.push(rest.get(..taken).unwrap_or_default().trim_end().to_owned());
        rest = rest.get(taken..).unwrap_or_default().trim_start();
    }
    lines.push(rest.to_owned());
    lines
}

/// Whether breaking here would tear a Latin word in two.
fn in_word(before: Option<&str>, after: &str) -> bool {
    let last = before.and_then(|text| text.chars().next_back());
    let next = after.chars().next();
    last.is_some_and(|glyph| glyph.is_ascii_graphic())
        && next.is_some_and(|glyph| glyph.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_begins_with_a_full_stop() {
        assert_eq!(wrap("先找会员。", 8), ["先找会", "员。"]);
        assert_eq!(wrap("先找,会员", 4), ["先", "找,", "会员"]);
        assert_eq!(wrap("。。。", 2), ["。", "。", "。"]);
    }

    #[test]
    fn chinese_is_two_columns() {
        assert_eq!(width("柜台 7"), 6);
        assert_eq!(left("柜台", 6), "柜台  ");
        assert_eq!(right("柜台", 6), "  柜台");
    }

    #[test]
    fn cut_text_never_passes_its_columns() {
        assert_eq!(fit("护发精油", 8), "护发精油");
        assert_eq!(fit("护发精油", 7), "护发..");
        assert_eq!(left("护发精油", 7), "护发.. ");
        assert_eq!(fit("护发精油", 1), ".");
        assert_eq!(fit("护发精油", 0), "");
    }

    #[test]
    fn lines_break_at_spaces_or_between_chinese() {
        assert_eq!(wrap("press Enter to pay", 12), ["press Enter", "to pay"]);
        assert_eq!(wrap("余额不足,差 12.40", 8), ["余额不", "足,差", "12.40"]);
        assert_eq!(wrap("", 8), Vec::<String>::new());
    }
}
