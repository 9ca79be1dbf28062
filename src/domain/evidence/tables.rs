//! The evidence as tables for a spreadsheet.

use chrono::NaiveDate;

use super::{Pack, Taken, contracts};
use crate::domain::calendar::local;
use crate::domain::csv::{Cell, Csv};
use crate::domain::money::Fen;

/// Names of texts.
type Words<'a> = &'a dyn Fn(&str) -> String;

/// The tables: name and content.
#[must_use]
pub fn tables(pack: &Pack, taken: &Taken, words: Words) -> Vec<(&'static str, String)> {
    let mut tables = vec![
        ("statement", statement(pack, words)),
        ("receipts", receipts(pack, words)),
        ("packages", packages(pack, words)),
        ("settlements", settlements(pack, words)),
        ("terms", terms(pack, taken, words)),
    ];
    if !pack.contracts.is_empty() {
        tables.push(("contracts", contracts(pack, words)));
    }
    tables
}

/// Every stage of every contract (SV5).
fn contracts(pack: &Pack, words: Words) -> String {
    let keys = [
        "evidence.contract",
        "evidence.version",
        "evidence.signed",
        "evidence.stage",
        "evidence.due",
        "evidence.amount",
        "evidence.paid",
        "evidence.number",
        "evidence.ended",
        "evidence.reason",
    ];
    let mut csv = headed(&keys, words);
    let day = |day: Option<NaiveDate>| day.map_or_else(String::new, |day| day.to_string());
    for row in contracts::rows(pack) {
        let contract = &row.shown.contract;
        let ended = row.shown.ended_at.map(|at| local(at).date_naive());
        csv.row([
            Cell::Text(&contract.name),
            Cell::Number(contract.plan.version.into()),
            Cell::Text(&contract.signed_on.to_string()),
            Cell::Text(&format!("{} / {}", row.no, contract.stages.len())),
            Cell::Text(&day(row.day)),
            Cell::Money(row.amount),
            Cell::Text(&day(row.paid.map(|paid| paid.on))),
            Cell::Text(
                &row.paid
                    .map_or_else(String::new, |it| format!("{:06}", it.seq)),
            ),
            Cell::Text(&day(ended)),
            Cell::Text(row.shown.reason.as_deref().unwrap_or_default()),
        ]);
    }
    csv.into_text()
}

/// A table under these headings.
fn headed(keys: &[&str], words: Words) -> Csv {
    let mut csv = Csv::default();
    let names: Vec<String> = keys.iter().map(|key| words(key)).collect();
    csv.row(names.iter().map(|name| Cell::Text(name)));
    csv
}

/// Every posting.
fn statement(pack: &Pack, words: Words) -> String {
    let keys = [
        "evidence.day",
        "evidence.time",
        "evidence.store",
        "evidence.till",
        "evidence.staff",
        "evidence.approver",
        "evidence.number",
        "evidence.what",
        "evidence.account",
        "evidence.lot",
        "evidence.amount",
        "evidence.after",
        "evidence.operation",
    ];
    let mut csv = headed(&keys, words);
    for entry in pack.entries() {
        let operation = entry.operation;
        let at = local(operation.at);
        let number = |amount| {
            if matches!(entry.account, "points" | "units") {
                Cell::Number(amount)
            } else {
                Cell::Money(Fen(amount))
            }
        };
        csv.row([
            Cell::Text(&at.format("%Y-%m-%d").to_string()),
            Cell::Text(&at.format("%H:%M:%S").to_string()),
            Cell::Text(&operation.store),
            Cell::Text(&operation.till),
            Cell::Text(&operation.staff),
            Cell::Text(operation.approver.as_deref().unwrap_or_default()),
            Cell::Text(&format!("{:06}", operation.seq)),
            Cell::Text(&words(&format!("statement.{}", operation.kind))),
            Cell::Text(&words(entry.key())),
            Cell::Text(&entry.lot),
            number(entry.amount),
            entry.after.map_or(Cell::Empty, number),
            Cell::Text(&operation.id.to_string()),
        ]);
    }
    csv.into_text()
}

/// Every line of every receipt.
fn receipts(pack: &Pack, words: Words) -> String {
    let keys = [
        "evidence.when",
        "evidence.store",
        "evidence.served",
        "evidence.number",
        "evidence.what",
        "evidence.goods",
        "evidence.quantity",
        "evidence.list",
        "evidence.net",
    ];
    let mut csv = headed(&keys, words);
    for operation in &pack.operations {
        let at = local(operation.at).format("%Y-%m-%d %H:%M:%S").to_string();
        for line in &operation.lines {
            let served = line.served.as_ref().map_or(&operation.staff, |it| &it.name);
            csv.row([
                Cell::Text(&at),
                Cell::Text(&operation.store),
                Cell::Text(served),
                Cell::Text(&format!("{:06}", operation.seq)),
                Cell::Text(&words(&format!("statement.{}", operation.kind))),
                Cell::Text(&line.name),
                Cell::Number(line.quantity),
                Cell::Money(line.list),
                Cell::Money(line.net),
            ]);
        }
    }
    csv.into_text()
}

/// Every claim, and every use of it.
fn packages(pack: &Pack, words: Words) -> String {
    let keys = [
        "evidence.package",
        "evidence.goods",
        "evidence.what",
        "evidence.when",
        "evidence.store",
        "evidence.served",
        "evidence.number",
        "evidence.quantity",
        "evidence.left",
        "evidence.expires",
    ];
    let mut csv = headed(&keys, words);
    for claim in &pack.grants {
        let expires = claim.expires_on.map(|day| day.to_string());
        let mut row = |what: &str, at, store: &str, by: &str, seq: &str, quantity, left| {
            let when = local(at).format("%Y-%m-%d %H:%M:%S").to_string();
            csv.row([
                Cell::Text(&claim.terms.of),
                Cell::Text(&claim.terms.name),
                Cell::Text(what),
                Cell::Text(&when),
                Cell::Text(store),
                Cell::Text(by),
                Cell::Text(seq),
                quantity,
                left,
                Cell::Text(expires.as_deref().unwrap_or_default()),
            ]);
        };
        let count = |units: Option<i64>| units.map_or(Cell::Empty, Cell::Number);
        let left = count(claim.quantity);
        let granted = words("evidence.granted");
        let all = count(claim.terms.quantity);
        row(&granted, claim.opened_at, "", "", "", all, left);
        if let Some(stored) = claim.stored(words) {
            row(
                &stored,
                claim.opened_at,
                "",
                "",
                "",
                Cell::Empty,
                Cell::Empty,
            );
        }
        for (operation, units) in pack.uses(claim) {
            let what = words(&format!("statement.{}", operation.kind));
            let seq = format!("{:06}", operation.seq);
            let by = operation.by();
            let units = Cell::Number(units);
            row(
                &what,
                operation.at,
                &operation.store,
                by,
                &seq,
                units,
                Cell::Empty,
            );
        }
    }
    csv.into_text()
}

/// Every variant of every settlement.
fn settlements(pack: &Pack, words: Words) -> String {
    let keys = [
        "evidence.when",
        "evidence.number",
        "evidence.reason",
        "evidence.rule",
        "evidence.applies",
        "evidence.amount",
        "evidence.version",
    ];
    let mut csv = headed(&keys, words);
    for operation in &pack.operations {
        let Some(settlement) = &operation.document.settlement else {
            continue;
        };
        let at = local(operation.at).format("%Y-%m-%d %H:%M:%S").to_string();
        for (variant, applies) in settlement.shown() {
            let mark = if applies {
                words("settlement.applies")
            } else {
                String::new()
            };
            csv.row([
                Cell::Text(&at),
                Cell::Text(&format!("{:06}", operation.seq)),
                Cell::Text(&words(settlement.reason.key())),
                Cell::Text(&super::page::rule(variant, settlement, words)),
                Cell::Text(&mark),
                Cell::Money(variant.amount),
                settlement
                    .terms_version
                    .map_or(Cell::Empty, |version| Cell::Number(version.into())),
            ]);
        }
    }
    csv.into_text()
}

/// The versions of the terms in full.
fn terms(pack: &Pack, taken: &Taken, words: Words) -> String {
    let keys = [
        "evidence.version",
        "evidence.since",
        "evidence.text",
        "evidence.accepted",
        "evidence.taken",
    ];
    let mut csv = headed(&keys, words);
    let made = local(taken.at).format("%Y-%m-%d %H:%M:%S").to_string();
    for terms in &pack.terms {
        let numbers: Vec<String> = pack
            .accepted(terms.version)
            .map(|operation| format!("No.{:06}", operation.seq))
            .collect();
        csv.row([
            Cell::Number(terms.version.into()),
            Cell::Text(&local(terms.since).format("%Y-%m-%d %H:%M:%S").to_string()),
            Cell::Text(&terms.text),
            Cell::Text(&numbers.join(" ")),
            Cell::Text(&made),
        ]);
    }
    csv.into_text()
}
