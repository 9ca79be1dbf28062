//! What a receipt printer can print: GB18030, of which printers carry the glyphs of one and two bytes.
//!
//! On paper one byte is one column and two are two. A character that would be another width there
//! than on the screen, or that has no glyph, is replaced where it can be seen, so that columns hold
//! and the preview is what is printed.

use encoding_rs::GB18030;
use unicode_normalization::UnicodeNormalization;
use unicode_width::UnicodeWidthChar;

/// In place of a glyph of two columns; printers' own sign for a missing one.
const WIDE_GAP: char = '〓';
/// In place of a glyph of one column.
const GAP: char = '?';

/// Glyphs of one column that are two on paper, and what stands for them.
const ALIKE: [(char, char); 14] = [
    ('×', 'x'),
    ('·', '.'),
    ('•', '.'),
    ('—', '-'),
    ('–', '-'),
    ('…', '.'),
    ('“', '"'),
    ('”', '"'),
    ('‘', '\''),
    ('’', '\''),
    ('¥', 'Y'),
    ('℃', 'C'),
    ('\u{a0}', ' '),
    ('−', '-'),
];

/// The bytes of one character that is [`printable`].
fn bytes(glyph: char) -> Vec<u8> {
    let mut buffer = [0; 4];
    let (bytes, _, unmappable) = GB18030.encode(glyph.encode_utf8(&mut buffer));
    if unmappable {
        vec![b'?']
    } else {
        bytes.into_owned()
    }
}

/// Columns on paper; none without a glyph.
fn on_paper(glyph: char) -> Option<usize> {
    if glyph.is_control() {
        return None;
    }
    Some(bytes(glyph).len()).filter(|length| *length <= 2)
}

/// `text` with everything replaced that paper cannot show in the same width. Line ends stay, other
/// control characters do not: no name of a product commands the printer.
#[must_use]
pub fn printable(text: &str) -> String {
    let plain = |glyph: char| glyph == '\n' || (' '..='~').contains(&glyph);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    text.nfc().filter_map(replaced).collect()
}

fn replaced(glyph: char) -> Option<char> {
    if glyph == '\n' {
        return Some(glyph);
    }
    if glyph.is_control() {
        return Some(GAP);
    }
    let width = glyph.width().unwrap_or(0);
    if width == 0 {
        // A mark on the glyph before it: that one stands.
        return None;
    }
    if on_paper(glyph) == Some(width) {
        return Some(glyph);
    }
    if let Some((_, other)) = ALIKE.iter().find(|(known, _)| *known == glyph) {
        return Some(*other);
    }
    let base = std::iter::once(glyph).nfkd().next();
    let base = base.filter(|base| base.is_ascii_graphic() && width == 1);
    Some(base.unwrap_or(if width == 2 { WIDE_GAP } else { GAP }))
}

/// GB18030 of a text; what is not [`printable`] is replaced here too.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    printable(text).chars().flat_map(bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::columns;

    #[test]
    fn what_paper_lacks_is_replaced_in_its_width() {
        assert_eq!(printable("农夫山泉 550ml"), "农夫山泉 550ml");
        assert_eq!(printable("Café × 2 · “好” …"), "Cafe x 2 . \"好\" .");
        assert_eq!(printable("🍎 苹果 € Ж"), "〓 苹果 ? ?");
        assert_eq!(printable("\u{1b}@ 名\t字"), "?@ 名?字");
        assert_eq!(printable("①龘㐀"), "1龘〓");
    }

    #[test]
    fn every_character_is_as_wide_on_paper_as_on_the_screen() {
        for glyph in (' '..='\u{ffff}').chain('\u{1f300}'..'\u{1f6ff}') {
            let shown = printable(&glyph.to_string());
            assert_eq!(encode(&shown).len(), columns::width(&shown), "{glyph:?}");
            assert_eq!(printable(&shown), shown, "{glyph:?}");
        }
    }
}
