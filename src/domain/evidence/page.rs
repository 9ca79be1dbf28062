//! The evidence as one printable page of HTML: nothing in it points elsewhere, and no name can be anything but text.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Pack, Taken, contracts};
use crate::domain::calendar::local;
use crate::domain::money::{Fen, grouped};
use crate::domain::package::wording;
use crate::domain::settlement::{Settlement, Variant, What};

/// Names of texts.
type Words<'a> = &'a dyn Fn(&str) -> String;

const STYLE: &str = "body{font:14px/1.5 sans-serif;color:#000;margin:2em auto;max-width:60em}\
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid}\
table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:2px 6px;text-align:left;vertical-align:top}\
td.n,th.n{text-align:right;white-space:nowrap}tr{break-inside:avoid}pre{white-space:pre-wrap;font:inherit}\
@page{size:A4;margin:15mm}@media print{body{margin:0;max-width:none;font-size:11px}}";

/// The whole page.
#[must_use]
pub fn page(pack: &Pack, taken: &Taken, lang: &str, words: Words) -> String {
    let title = words("evidence.title");
    let mut page = Page {
        html: String::new(),
        words,
    };
    let style = STYLE;
    page.raw(&format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>{style}</style>\n</head>\n<body>\n<h1>{} {}</h1>\n",
        escaped(&title),
        escaped(&pack.shop),
        escaped(&title)
    ));
    page.who(pack, taken);
    page.statement(pack);
    page.lots(pack);
    page.packages(pack);
    page.contracts(pack);
    page.settlements(pack);
    page.terms(pack);
    page.consents(pack);
    page.raw("</body>\n</html>\n");
    page.html
}

/// The name of a variant, with the version of the shop's own terms.
#[must_use]
pub fn rule(variant: &Variant, settlement: &Settlement, words: Words) -> String {
    let version = settlement.terms_version.map(|version| version.to_string());
    words(variant.rule.key()).replace("{version}", &version.unwrap_or_default())
}

/// A text as text: what would end it or turn its direction is gone.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for glyph in text.chars() {
        match glyph {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' => safe.push('\n'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            glyph if glyph.is_control() => safe.push(' '),
            glyph => safe.push(glyph),
        }
    }
    safe
}

fn when(at: DateTime<Utc>) -> String {
    local(at).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A page as it grows.
struct Page<'a> {
    html: String,
    words: Words<'a>,
}

impl Page<'_> {
    fn raw(&mut self, html: &str) {
        self.html.push_str(html);
    }

    fn say(&self, key: &str) -> String {
        (self.words)(key)
    }

    fn heading(&mut self, key: &str) {
        let text = escaped(&self.say(key));
        // Writing to a string cannot fail.
        let _ = writeln!(self.html, "<h2>{text}</h2>");
    }

    fn text(&mut self, text: &str) {
        let _ = writeln!(self.html, "<p>{}</p>", escaped(text));
    }

    /// A table; headings that begin with `>` are of figures, on the right.
    fn table(&mut self, keys: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            let none = self.say("evidence.none");
            return self.text(&none);
        }
        self.raw("<table>\n<thead><tr>");
        for key in keys {
            let text = escaped(&self.say(key.trim_start_matches('>')));
            let _ = write!(self.html, "<th{}>{text}</th>", side(key));
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            for (cell, key) in row.iter().zip(keys) {
                let _ = write!(self.html, "<td{}>{}</td>", side(key), escaped(cell));
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n");
    }

    fn who(&mut self, pack: &Pack, taken: &Taken) {
        let her = &pack.member;
        let rows = [
            ("evidence.member", format!("{} ({})", her.name, her.id)),
            ("evidence.phone", her.phone.clone().unwrap_or_default()),
            ("evidence.level", her.level.clone()),
            (
                "evidence.joined",
                format!("{} {}", her.joined_on, her.store),
            ),
            ("evidence.principal", her.principal.to_string()),
            ("evidence.bonus", her.bonus.to_string()),
            ("evidence.points", grouped(her.points)),
            ("evidence.made", when(taken.at)),
            ("evidence.by", taken.by.clone()),
            ("evidence.reason", taken.reason.clone()),
        ];
        self.raw("<table>\n<tbody>\n");
        for (key, value) in rows {
            let name = escaped(&self.say(key));
            let value = escaped(&value);
            let _ = writeln!(self.html, "<tr><th>{name}</th><td>{value}</td></tr>");
        }
        self.raw("</tbody>\n</table>\n");
        let about = self.say("evidence.about");
        self.text(&about);
    }

    fn statement(&mut self, pack: &Pack) {
        self.heading("evidence.statement");
        let entries = pack.entries();
        let rows = entries.iter().map(|entry| {
            let operation = entry.operation;
            vec![
                when(operation.at),
                format!("{} {}", operation.store, operation.till),
                operation.staff.clone(),
                format!("{:06}", operation.seq),
                self.say(&format!("statement.{}", operation.kind)),
                self.say(entry.key()),
                entry.lot.clone(),
                entry.write(entry.amount),
                entry
                    .after
                    .map_or_else(String::new, |after| entry.write(after)),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        self.table(
            &[
                "evidence.when",
                "evidence.place",
                "evidence.staff",
                "evidence.number",
                "evidence.what",
                "evidence.account",
                "evidence.lot",
                ">evidence.amount",
                ">evidence.after",
            ],
            &rows,
        );
    }

    fn lots(&mut self, pack: &Pack) {
        self.heading("evidence.lots");
        let rows = (1..).zip(&pack.lots).map(|(place, lot): (i32, _)| {
            vec![
                format!("L{place}"),
                when(lot.opened_at),
                format!("{:06}", lot.seq),
                lot.expires_on
                    .map_or_else(String::new, |day| day.to_string()),
                lot.principal.to_string(),
                lot.bonus.to_string(),
                grouped(lot.points),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        self.table(
            &[
                "evidence.lot",
                "evidence.when",
                "evidence.number",
                "evidence.expires",
                ">evidence.principal",
                ">evidence.bonus",
                ">evidence.points",
            ],
            &rows,
        );
    }

    fn packages(&mut self, pack: &Pack) {
        self.heading("evidence.packages");
        let mut rows = Vec::new();
        for claim in &pack.grants {
            let unit = claim.terms.unit;
            let count = |units: Option<i64>| {
                let words = |n| wording::count(unit, n);
                units.map_or_else(|| self.say("evidence.endless"), words)
            };
            let name = format!("{} {}", claim.terms.of, claim.terms.name);
            rows.push(vec![
                name.trim().to_owned(),
                self.say("evidence.granted"),
                when(claim.opened_at),
                String::new(),
                String::new(),
                count(claim.terms.quantity),
                count(claim.quantity),
            ]);
            if let Some(stored) = claim.stored(self.words) {
                let blank = String::new;
                rows.push(vec![
                    blank(),
                    stored,
                    blank(),
                    blank(),
                    blank(),
                    blank(),
                    blank(),
                ]);
            }
            for (operation, units) in pack.uses(claim) {
                rows.push(vec![
                    String::new(),
                    format!(
                        "{} No.{:06}",
                        self.say(&format!("statement.{}", operation.kind)),
                        operation.seq
                    ),
                    when(operation.at),
                    operation.store.clone(),
                    operation.by().to_owned(),
                    wording::count(unit, units),
                    String::new(),
                ]);
            }
        }
        self.table(
            &[
                "evidence.package",
                "evidence.what",
                "evidence.when",
                "evidence.store",
                "evidence.served",
                ">evidence.quantity",
                ">evidence.left",
            ],
            &rows,
        );
    }

    fn contracts(&mut self, pack: &Pack) {
        if pack.contracts.is_empty() {
            return;
        }
        self.heading("evidence.contracts");
        let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
        let rows = contracts::rows(pack).into_iter().map(|row| {
            let contract = &row.shown.contract;
            vec![
                format!("{} v{}", contract.name, contract.plan.version),
                contract.signed_on.to_string(),
                format!("{}/{}", row.no, contract.stages.len()),
                day(row.day),
                row.amount.to_string(),
                day(row.paid.map(|paid| paid.on)),
                row.paid
                    .map_or_else(String::new, |paid| format!("{:06}", paid.seq)),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        self.table(
            &[
                "evidence.contract",
                "evidence.signed",
                "evidence.stage",
                "evidence.due",
                ">evidence.amount",
                "evidence.paid",
                "evidence.number",
            ],
            &rows,
        );
        for shown in &pack.contracts {
            if let (Some(at), Some(reason)) = (shown.ended_at, &shown.reason) {
                let by = shown.ended_by.as_deref().unwrap_or_default();
                let ended = self.say("evidence.ended");
                let name = &shown.contract.name;
                self.text(&format!("{name} {ended} {} {by}: {reason}", when(at)));
            }
        }
    }

    fn settlements(&mut self, pack: &Pack) {
        self.heading("evidence.settlements");
        let mut rows = Vec::new();
        for operation in &pack.operations {
            let Some(settlement) = &operation.document.settlement else {
                continue;
            };
            let reason = self.say(settlement.reason.key());
            rows.push(vec![
                format!("{} No.{:06} {reason}", when(operation.at), operation.seq),
                settlement.amount.to_string(),
            ]);
            for (variant, applies) in settlement.shown() {
                let mark = if applies { "* " } else { "  " };
                let name = rule(variant, settlement, self.words);
                rows.push(vec![format!("{mark}{name}"), variant.amount.to_string()]);
                for line in &variant.lines {
                    let words = self.arithmetic(&line.what);
                    rows.push(vec![format!("  - {words}"), line.fen.to_string()]);
                }
            }
        }
        self.table(&["evidence.settlement", ">evidence.amount"], &rows);
    }

    /// The words of a line of the arithmetic, their places filled.
    fn arithmetic(&self, what: &What) -> String {
        let places = what.places().into_iter();
        places.fold(self.say(what.key()), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), &value)
        })
    }

    fn terms(&mut self, pack: &Pack) {
        self.heading("evidence.terms");
        for terms in &pack.terms {
            let version = terms.version.to_string();
            let head = self
                .say("evidence.of_version")
                .replace("{version}", &version);
            let head = format!("{head} {}", when(terms.since));
            let _ = writeln!(self.html, "<h3>{}</h3>", escaped(&head));
            let numbers: Vec<String> = pack
                .accepted(terms.version)
                .map(|it| format!("{} No.{:06}", when(it.at), it.seq))
                .collect();
            if !numbers.is_empty() {
                let accepted = self.say("evidence.accepted");
                self.text(&format!("{accepted}: {}", numbers.join(", ")));
            }
            let _ = writeln!(self.html, "<pre>{}</pre>", escaped(&terms.text));
            if let Some(own) = terms.own {
                let bonus = if own.pays_bonus {
                    "evidence.with_bonus"
                } else {
                    "evidence.without_bonus"
                };
                let fee = self.say("evidence.fee");
                // Basis points are percent with two decimals.
                let fee = fee.replace("{rate}", &Fen(own.fee).to_string());
                let bonus = self.say(bonus);
                self.text(&format!("{fee} {bonus}"));
            }
        }
    }

    fn consents(&mut self, pack: &Pack) {
        self.heading("evidence.consents");
        let rows = pack.consents.iter().map(|consent| {
            vec![
                consent.purpose.clone(),
                self.say(if consent.given {
                    "evidence.given"
                } else {
                    "evidence.withdrawn"
                }),
                consent.version.to_string(),
                consent.channel.clone(),
                when(consent.at),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        self.table(
            &[
                "evidence.purpose",
                "evidence.consent",
                "evidence.version",
                "evidence.channel",
                "evidence.when",
            ],
            &rows,
        );
    }
}

/// Figures stand on the right.
fn side(key: &str) -> &'static str {
    if key.starts_with('>') {
        " class=\"n\""
    } else {
        ""
    }
}
