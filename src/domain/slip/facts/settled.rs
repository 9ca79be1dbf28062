//! A settlement: the variants with their arithmetic, the one that applies, and the evidence (RF5).

use super::{Facts, tenders};
use crate::domain::calendar::local;
use crate::domain::receipt::Receipt;
use crate::domain::settlement::{Prepaid, Variant, What};
use crate::domain::slip::Layout;

pub(super) fn settled(facts: Facts, receipt: &Receipt, layout: Layout) -> Facts {
    let document = &receipt.document;
    let Some(settlement) = &document.settlement else {
        return facts;
    };
    let variants = settlement.shown();
    let variants =
        variants.map(|(it, applies)| variant(it, applies, settlement.terms_version, layout));
    let variants = variants.collect();
    let prepaid = settlement.prepaid.iter().map(|it| prepaid(it, layout));
    let prepaid = prepaid.collect();
    let facts = facts
        .one("reason", (layout.words)(settlement.reason.key()))
        .one("amount", document.amount)
        .money("bonus", -document.bonus.max_zero())
        .each("variants", variants)
        .each("prepaid", prepaid);
    tenders(facts, receipt, layout)
}

fn variant(it: &Variant, applies: bool, version: Option<i32>, layout: Layout) -> Facts {
    let lines = it.lines.iter().map(|line| {
        Facts::new()
            .one("line", words(&line.what, layout))
            .one("part", line.fen)
    });
    let version = version.map_or_else(String::new, |version| version.to_string());
    let name = (layout.words)(it.rule.key()).replace("{version}", &version);
    let rule = if it.is_entitled {
        name
    } else {
        format!("{name} ({})", (layout.words)("settlement.not_entitled"))
    };
    Facts::new()
        .one("mark", if applies { "* " } else { "  " })
        .one("rule", rule)
        .one("sum", it.amount)
        .each("lines", lines.collect())
}

/// The words of a line of the arithmetic, their places filled.
fn words(what: &What, layout: Layout) -> String {
    let text = (layout.words)(what.key());
    let places = what.places().into_iter();
    places.fold(text, |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &value)
    })
}

fn prepaid(it: &Prepaid, layout: Layout) -> Facts {
    let when = |at| local(at).format("%Y-%m-%d %H:%M");
    let paid = What::Paid {
        name: it.name.clone(),
        seq: it.seq,
        on: local(it.at).date_naive().to_string(),
    };
    let uses = it.uses.iter().map(|used| {
        Facts::new()
            .one("at", when(used.at))
            .one("what", &used.what)
            .one("used", used.paid)
            .one("store", &used.store)
            .one("staff", &used.staff)
    });
    Facts::new()
        .one("name", words(&paid, layout))
        .one("paid", it.paid)
        .money("of_principal", it.stored.0)
        .money("of_bonus", it.stored.1)
        .one("at", when(it.at))
        .one("store", &it.store)
        .one("staff", &it.staff)
        .maybe("version", it.terms_version)
        .each("uses", uses.collect())
}
