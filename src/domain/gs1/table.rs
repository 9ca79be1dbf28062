//! The application identifiers of GS1 and the forms of their values.
//!
//! Facts from the GS1 Syntax Dictionary, release 2026-01-27 (Apache License 2.0, © GS1 AISBL).

use super::SEPARATOR;

/// The form of a value: so many characters, digits only or any printable ones.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    least: usize,
    most: usize,
    digits: bool,
}

impl Form {
    /// Whether a value has this form.
    pub fn takes(self, value: &str) -> bool {
        let plain = if self.digits {
            value.bytes().all(|byte| byte.is_ascii_digit())
        } else {
            value.bytes().all(|byte| byte.is_ascii_graphic())
        };
        plain && (self.least..=self.most).contains(&value.len())
    }
}

/// Beginning of the identifier, digits of it that follow, fewest and most characters of its value,
/// and whether they are digits.
type Row = (&'static str, usize, usize, usize, bool);

const N: bool = true;
const X: bool = false;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("00", 0, 18, 18, N), ("01", 0, 14, 14, N), ("02", 0, 14, 14, N), ("03", 0, 14, 14, N),
    ("10", 0, 1, 20, X), ("11", 0, 6, 6, N), ("12", 0, 6, 6, N), ("13", 0, 6, 6, N), ("15", 0, 6, 6, N),
    ("16", 0, 6, 6, N), ("17", 0, 6, 6, N), ("20", 0, 2, 2, N), ("21", 0, 1, 20, X), ("22", 0, 1, 20, X),
    ("235", 0, 1, 28, X), ("240", 0, 1, 30, X), ("241", 0, 1, 30, X), ("242", 0, 1, 6, N), ("243", 0, 1, 20, X),
    ("250", 0, 1, 30, X), ("251", 0, 1, 30, X), ("253", 0, 13, 30, X), ("254", 0, 1, 20, X), ("255", 0, 13, 25, N),
    ("30", 0, 1, 8, N),
    ("310", 1, 6, 6, N), ("311", 1, 6, 6, N), ("312", 1, 6, 6, N), ("313", 1, 6, 6, N), ("314", 1, 6, 6, N),
    ("315", 1, 6, 6, N), ("316", 1, 6, 6, N), ("32", 2, 6, 6, N), ("33", 2, 6, 6, N), ("34", 2, 6, 6, N),
    ("35", 2, 6, 6, N), ("36", 2, 6, 6, N), ("37", 0, 1, 8, N),
    ("390", 1, 1, 15, N), ("391", 1, 4, 18, N), ("392", 1, 1, 15, N), ("393", 1, 4, 18, N), ("394", 1, 4, 4, N),
    ("395", 1, 6, 6, N),
    ("400", 0, 1, 30, X), ("401", 0, 1, 30, X), ("402", 0, 17, 17, N), ("403", 0, 1, 30, X),
    ("41", 1, 13, 13, N), ("420", 0, 1, 20, X), ("421", 0, 4, 12, X), ("422", 0, 3, 3, N), ("423", 0, 3, 15, N),
    ("424", 0, 3, 3, N), ("425", 0, 3, 15, N), ("426", 0, 3, 3, N), ("427", 0, 1, 3, X),
    ("430", 1, 1, 70, X), ("431", 1, 1, 70, X), ("432", 1, 1, 70, X), ("433", 1, 6, 7, X),
    ("7001", 0, 13, 13, N), ("7002", 0, 1, 30, X), ("7003", 0, 10, 10, N), ("7004", 0, 1, 4, N), ("7005", 0, 1, 12, X),
    ("7006", 0, 6, 6, N), ("7007", 0, 6, 12, N), ("7008", 0, 1, 3, X), ("7009", 0, 1, 10, X), ("7010", 0, 1, 2, X),
    ("7011", 0, 6, 10, N), ("702", 1, 1, 30, X), ("703", 1, 4, 30, X), ("7040", 0, 4, 4, X), ("7041", 0, 1, 4, X),
    ("71", 1, 1, 20, X), ("723", 1, 3, 30, X), ("7240", 0, 1, 20, X), ("7241", 0, 2, 2, N), ("7242", 0, 1, 25, X),
    ("725", 1, 1, 90, X),
    ("8001", 0, 14, 14, N), ("8002", 0, 1, 20, X), ("8003", 0, 14, 30, X), ("8004", 0, 1, 30, X), ("8005", 0, 6, 6, N),
    ("8006", 0, 18, 18, N), ("8007", 0, 1, 34, X), ("8008", 0, 8, 12, N), ("8009", 0, 1, 50, X), ("8010", 0, 1, 30, X),
    ("8011", 0, 1, 12, N), ("8012", 0, 1, 20, X), ("8013", 0, 1, 25, X), ("8014", 0, 1, 25, X), ("8017", 0, 18, 18, N),
    ("8018", 0, 18, 18, N), ("8019", 0, 1, 10, N), ("8020", 0, 1, 25, X), ("8026", 0, 18, 18, N), ("8030", 0, 1, 90, X),
    ("8110", 0, 1, 70, X), ("8111", 0, 4, 4, N), ("8112", 0, 1, 70, X), ("8200", 0, 1, 70, X),
    ("90", 0, 1, 30, X), ("91", 0, 1, 90, X), ("92", 0, 1, 90, X), ("93", 0, 1, 90, X), ("94", 0, 1, 90, X),
    ("95", 0, 1, 90, X), ("96", 0, 1, 90, X), ("97", 0, 1, 90, X), ("98", 0, 1, 90, X), ("99", 0, 1, 90, X),
];

/// Identifiers that begin so have values of one length and need no separator behind them.
const FIXED: &[&str] = &[
    "00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "31",
    "32", "33", "34", "35", "36", "41",
];

/// The identifier a text begins with, and the form of its value.
pub fn form(text: &str) -> Option<(&str, Form)> {
    let (begin, more, least, most, digits) =
        *ROWS.iter().find(|(begin, ..)| text.starts_with(begin))?;
    let ai = text.get(..begin.len() + more)?;
    let form = Form {
        least,
        most,
        digits,
    };
    ai.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some((ai, form))
}

/// Splits an element string into identifiers and values; the second is what is left from the first
/// element on that cannot be right.
pub fn split(text: &str) -> (Vec<(&str, &str)>, Option<&str>) {
    let mut elements = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some((element, after)) = first(rest) else {
            return (elements, Some(rest));
        };
        elements.push(element);
        rest = after.trim_start_matches(SEPARATOR);
    }
    (elements, None)
}

fn first(text: &str) -> Option<((&str, &str), &str)> {
    let (ai, form) = form(text)?;
    let body = text.get(ai.len()..)?;
    let end = if FIXED.iter().any(|fixed| ai.starts_with(fixed)) {
        form.most
    } else {
        body.find(SEPARATOR).unwrap_or(body.len())
    };
    let (value, after) = body.split_at_checked(end)?;
    form.takes(value).then_some(((ai, value), after))
}
