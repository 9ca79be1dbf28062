//! Codes that are scanned while an amount is due: a wallet's, or a member's.

use super::{Asking, Tender};
use crate::domain::code::{Meaning, Origin, Situation, meanings};
use crate::domain::payment_code::{Wallet, wipe};
use crate::domain::reader::known_by;
use crate::domain::scan::Device;
use crate::domain::tender::TenderKind;
use crate::query::{Found, Query};
use crate::ui::screen::{Cx, Outcome, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;

impl Tender {
    /// A code while an amount is due: a wallet's, or a member's.
    pub(super) fn code(
        &mut self,
        mut code: String,
        from: Option<&Device>,
        origin: Origin,
        cx: &mut Cx,
    ) -> Step {
        let all = meanings(&code, origin, Situation::Tendering, &[]);
        let readers = &cx.session.readers;
        let reader = from.and_then(|device| readers.of_code(device, &code));
        let reader = reader.cloned();
        // The sale is priced again with it, as long as nothing is paid.
        if all.first() == Some(&Meaning::OwnCoupon) && self.is_sale() && !self.once.is_unknown() {
            if self.bill.parts().is_empty() {
                return Step::Pop(Some(Outcome::Code(code)));
            }
            self.hint = Some(Say::new("coupon.paid_in_part"));
            return Step::Stay;
        }
        wipe(&mut code);
        match all.first() {
            Some(Meaning::Payment(wallet)) => self.wallet(*wallet),
            Some(Meaning::BankCard) => self.hint = Some(Say::new("tender.no_stripe")),
            Some(Meaning::Amount(amount)) => self.amount.set(&amount.to_string().replace(',', "")),
            Some(_) if origin == Origin::Typed => {}
            Some(_) if self.is_sale() && self.member.is_none() => {
                let (codes, near) = known_by(&all, reader.as_ref());
                let near = near.certain();
                self.finding = Some(cx.ask(Query::Scan { codes, near }));
            }
            _ => self.hint = Some(Say::new("tender.not_now")),
        }
        Step::Stay
    }

    /// Sets the tender; the money itself moves on the shop's own device, so Enter is the cashier's
    /// word that it came. The code is not kept.
    pub(super) fn wallet(&mut self, wallet: Wallet) {
        let (kind, hint) = match wallet {
            Wallet::WeChat => (TenderKind::Wechat, "tender.code_wechat"),
            Wallet::Alipay => (TenderKind::Alipay, "tender.code_alipay"),
            Wallet::UnionPay => (TenderKind::BankCard, "tender.code_card"),
            Wallet::ECny => (self.kind(), "tender.code_other"),
        };
        self.choose(kind);
        self.amount.clear();
        self.hint = Some(Say::new(hint).with("due", self.bill.due(kind)));
    }

    pub(super) fn found(&mut self, found: Found, cx: &Cx) -> Step {
        match found {
            // It pays as far as it goes, at the same prices: nothing to ask, nothing to price again (SV10).
            Found::Member(card) if card.is_bearer => {
                if let Some(cart) = &mut self.cart {
                    cart.member_id = Some(card.id);
                }
                self.member = Some(card);
                self.weigh(cx);
            }
            Found::Member(member) => {
                let question = Say::new("tender.offer_member").with("name", &member.name);
                self.asking = Some(Asking::Member(member));
                return Step::push(Confirm::new(question));
            }
            Found::Product(_) => self.hint = Some(Say::new("tender.no_goods")),
            _ => self.hint = Some(Say::new("tender.not_now")),
        }
        Step::Stay
    }
}
