//! GS1 Digital Link: `https://any.host/any/01/<item>/10/<lot>?17=<date>`.

use super::{Gs1, of, table};
use crate::domain::gtin::Gtin;

/// Reads a link; its scheme is all small or all capital letters. The last `/01/` with an item counts. Keys nobody
/// knows, and values that are no good, are passed over: a link carries much that is no business of a till.
pub fn read(uri: &str) -> Option<Gs1> {
    let schemes = ["https://", "http://", "HTTPS://", "HTTP://"];
    let rest = schemes.iter().find_map(|scheme| uri.strip_prefix(scheme))?;
    let rest = rest.split('#').next()?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut segments: Vec<&str> = path.split('/').skip(1).collect();
    segments.pop_if(|last| last.is_empty());
    let at = (0..segments.len().saturating_sub(1)).rev().find(|at| {
        segments.get(*at) == Some(&"01") && segments.get(at + 1).is_some_and(|item| is_item(item))
    })?;
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in segments.get(at..)?.chunks(2) {
        if let [ai, value] = pair {
            pairs.extend(element(ai, value));
        }
    }
    for pair in query.split(['&', ';']) {
        let pair = pair.split_once('=');
        pairs.extend(pair.and_then(|(ai, value)| element(ai, value)));
    }
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(ai, v)| (ai.as_str(), v.as_str()))
        .collect();
    of(&pairs, None)
}

fn is_item(segment: &str) -> bool {
    padded(segment).is_some_and(|item| Gtin::parse(&item).is_some())
}

/// GTIN-8, 12 and 13 are as good as 14 digits here.
fn padded(item: &str) -> Option<String> {
    let digits = item.bytes().all(|byte| byte.is_ascii_digit());
    (digits && matches!(item.len(), 8 | 12 | 13 | 14)).then(|| format!("{item:0>14}"))
}

fn element(ai: &str, value: &str) -> Option<(String, String)> {
    let value = decoded(value)?;
    let value = if matches!(ai, "01" | "02") {
        padded(&value)?
    } else {
        value
    };
    let (known, form) = table::form(ai)?;
    (known.len() == ai.len() && form.takes(&value)).then(|| (ai.to_owned(), value))
}

/// Percent-decoding; `None` when it is broken or no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let high = char::from(bytes.next()?).to_digit(16)?;
        let low = char::from(bytes.next()?).to_digit(16)?;
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}
