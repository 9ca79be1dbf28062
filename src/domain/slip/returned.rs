//! A return with its arithmetic: list price, the share of the reductions, the share of the
//! rounding, what went back and how (RF5, RF6).

use super::Paper;
use super::sale::quantity;
use crate::domain::money::Fen;
use crate::domain::receipt::Receipt;

pub(super) fn body(paper: &mut Paper, receipt: &Receipt) {
    super::about(paper, receipt);
    for line in &receipt.lines {
        paper.item(&line.name, &format!("{}  {}", quantity(line), line.list));
        if line.list != line.net {
            let label = paper.word("slip.off_share");
            let off = line.net - line.list;
            paper.between(&format!("  {label}"), &off.to_string());
        }
    }
    paper.rule();
    let list: Fen = receipt.lines.iter().map(|line| line.list).sum();
    let net = receipt.net();
    let document = &receipt.document;
    if list != document.amount {
        paper.money("slip.list", list);
    }
    if list != net {
        paper.money("slip.off_share", net - list);
    }
    if net != document.amount {
        paper.money("slip.rounding_share", document.amount - net);
    }
    paper.loud("slip.went_back", document.amount);
    super::tenders(paper, receipt);
    if document.points > 0 {
        paper.count("slip.points_taken", -document.points);
    }
}
