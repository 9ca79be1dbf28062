//! What expired, and what its last day was (PT3).

use super::Paper;
use crate::domain::receipt::Receipt;

pub(super) fn body(paper: &mut Paper, receipt: &Receipt) {
    let document = &receipt.document;
    for lot in &document.expired {
        if lot.bonus.is_positive() {
            paper.money("slip.bonus_expired", -lot.bonus);
        }
        if lot.points > 0 {
            paper.count("slip.points_expired", -lot.points);
        }
        paper.say("slip.valid_until", &[("day", lot.expires_on.to_string())]);
    }
}
