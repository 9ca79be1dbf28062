//! What a template may name, document by document.

use crate::domain::ledger::OperationKind;

/// A document with a template of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What stands on top of all the others.
    Head,
    Sale,
    TopUp,
    TopUpReversal,
    Refund,
    /// Of a shift.
    Sheet,
    /// Sessions of a package used up (PK2).
    Redemption,
    /// What was paid beforehand goes back (RF5).
    Settlement,
    /// Coupons, given by hand (PR4).
    Gift,
    /// The code of a gift card (SV10).
    GiftCard,
    /// A prepayment for one order (SV6).
    Deposit,
    /// An order that was called off, and what of its prepayment is kept.
    Forfeit,
    /// For a new member: her own code.
    Welcome,
    /// The drawer was opened without a payment.
    Drawer,
    /// What moved on a member's account.
    Statement,
    /// To try the printer.
    Test,
    Other,
}

/// On every document.
const COMMON: &[&str] = &[
    "shop", "store", "till", "copy", "title", "number", "at", "cashier", "member", "phone", "level",
];

/// After it, on documents of a member.
const BALANCE: &[&str] = &[
    "balance",
    "balance_principal",
    "balance_bonus",
    "balance_points",
];

/// Of each way to pay.
const TENDERS: (&str, &[&str]) = ("tenders", &["way", "given", "change"]);

/// Of each coupon that came with it.
const COUPONS: (&str, &[&str]) = ("coupons", &["coupon", "from", "day"]);
/// Of each line of a statement.
const MOVED: (&str, &[&str]) = (
    "rows",
    &[
        "at",
        "number",
        "store",
        "what",
        "principal",
        "bonus",
        "points",
        "after",
    ],
);
/// Of the sheet of a shift.
const SHEET: &[&str] = &[
    "since",
    "opener",
    "sale_count",
    "top_up_count",
    "deposit_count",
    "refund_count",
    "enrol_count",
    "drawer_count",
    "expired_count",
    "expired_points",
    "expired_bonus",
    "lapsed_count",
    "lapsed",
    "off",
    "rounding",
    "float",
    "paid_out",
    "expected_cash",
    "counted",
    "verdict",
    "difference",
    "reason",
];

/// Of a payment in advance that is settled (RF5).
const PREPAID: &[&str] = &[
    "name",
    "paid",
    "of_principal",
    "of_bonus",
    "at",
    "store",
    "staff",
    "version",
    "uses",
];

/// What has no document of its own.
const OTHER: &[&str] = &[
    "seq",
    "reward",
    "streak",
    "points_paid",
    "points_back",
    "amount",
    "bonus",
    "points",
];

/// Of a top-up, and of a gift card.
const TOP_UP: &[&str] = &[
    "rule",
    "cards",
    "contract",
    "stage",
    "next_on",
    "next_amount",
    "amount",
    "bonus",
    "bonus_later",
    "day",
    "points",
    "version",
    "terms",
    "spend_order",
];

type Places = (
    &'static [&'static str],
    &'static [(&'static str, &'static [&'static str])],
);

impl Kind {
    /// All of them with the names of their files.
    pub const ALL: [(Self, &'static str, &'static str); 17] = [
        (
            Self::Head,
            "head",
            include_str!("../../../assets/slip/head.slip"),
        ),
        (
            Self::Sale,
            "sale",
            include_str!("../../../assets/slip/sale.slip"),
        ),
        (
            Self::TopUp,
            "top_up",
            include_str!("../../../assets/slip/top_up.slip"),
        ),
        (
            Self::TopUpReversal,
            "top_up_reversal",
            include_str!("../../../assets/slip/top_up_reversal.slip"),
        ),
        (
            Self::Refund,
            "refund",
            include_str!("../../../assets/slip/refund.slip"),
        ),
        (
            Self::Sheet,
            "sheet",
            include_str!("../../../assets/slip/sheet.slip"),
        ),
        (
            Self::Redemption,
            "redemption",
            include_str!("../../../assets/slip/redemption.slip"),
        ),
        (
            Self::Settlement,
            "settlement",
            include_str!("../../../assets/slip/settlement.slip"),
        ),
        (
            Self::Gift,
            "gift",
            include_str!("../../../assets/slip/gift.slip"),
        ),
        (
            Self::GiftCard,
            "gift_card",
            include_str!("../../../assets/slip/gift_card.slip"),
        ),
        (
            Self::Deposit,
            "deposit",
            include_str!("../../../assets/slip/deposit.slip"),
        ),
        (
            Self::Forfeit,
            "forfeit",
            include_str!("../../../assets/slip/forfeit.slip"),
        ),
        (
            Self::Welcome,
            "welcome",
            include_str!("../../../assets/slip/welcome.slip"),
        ),
        (
            Self::Drawer,
            "drawer",
            include_str!("../../../assets/slip/drawer.slip"),
        ),
        (
            Self::Statement,
            "statement",
            include_str!("../../../assets/slip/statement.slip"),
        ),
        (
            Self::Test,
            "test",
            include_str!("../../../assets/slip/test.slip"),
        ),
        (
            Self::Other,
            "other",
            include_str!("../../../assets/slip/other.slip"),
        ),
    ];

    /// The document of an operation.
    #[must_use]
    pub const fn of(kind: OperationKind) -> Self {
        match kind {
            OperationKind::Sale => Self::Sale,
            OperationKind::Redemption => Self::Redemption,
            OperationKind::Settlement => Self::Settlement,
            OperationKind::Gift => Self::Gift,
            OperationKind::Deposit => Self::Deposit,
            OperationKind::Forfeit => Self::Forfeit,
            OperationKind::TopUp => Self::TopUp,
            OperationKind::TopUpReversal => Self::TopUpReversal,
            OperationKind::Refund => Self::Refund,
            OperationKind::ShiftClose => Self::Sheet,
            _ => Self::Other,
        }
    }

    /// Names of its own, and its lists with the names in each.
    const fn own(self) -> Places {
        match self {
            Self::Head => (&[], &[]),
            Self::Sale => (
                &[
                    "list",
                    "off",
                    "rounding",
                    "total",
                    "points_paid",
                    "points",
                    "code",
                ],
                &[
                    COUPONS,
                    (
                        "lines",
                        &["name", "quantity", "list", "contents", "day", "reductions"],
                    ),
                    ("contents", &["item"]),
                    ("reductions", &["why", "off"]),
                    TENDERS,
                ],
            ),
            Self::TopUp => (TOP_UP, &[("instalments", &["due_on", "part"]), TENDERS]),
            Self::TopUpReversal => (&["amount", "bonus", "points"], &[TENDERS]),
            Self::Refund => (
                &[
                    "seq",
                    "list",
                    "off",
                    "rounding",
                    "amount",
                    "points_back",
                    "points",
                ],
                &[("lines", &["name", "quantity", "list", "off"]), TENDERS],
            ),
            Self::Sheet => (
                SHEET,
                &[(
                    "ways",
                    &["way", "net", "sales", "top_ups", "deposits", "refunds"],
                )],
            ),
            Self::Redemption => (
                &["package", "whom"],
                &[
                    ("services", &["name", "quantity", "left", "staff", "day"]),
                    TENDERS,
                ],
            ),
            Self::Settlement => (
                &["reason", "amount", "bonus"],
                &[
                    ("variants", &["mark", "rule", "sum", "lines"]),
                    ("lines", &["line", "part"]),
                    ("prepaid", PREPAID),
                    ("uses", &["at", "what", "used", "store", "staff"]),
                    TENDERS,
                ],
            ),
            Self::Deposit => (
                &[
                    "order",
                    "price",
                    "amount",
                    "still_due",
                    "due_on",
                    "nature",
                    "terms",
                ],
                &[TENDERS],
            ),
            Self::Forfeit => (
                &["seq", "order", "price", "kept", "amount", "reason"],
                &[TENDERS],
            ),
            Self::Welcome => (&["points", "code"], &[]),
            Self::GiftCard => (&["amount", "code"], &[]),
            Self::Drawer => (&["approver", "reason"], &[]),
            Self::Statement => (&[], &[MOVED]),
            Self::Test => (&["ruler", "code", "digits"], &[]),
            Self::Gift => (&["code"], &[COUPONS]),
            Self::Other => (
                OTHER,
                &[
                    ("expired", &["bonus", "points", "day"]),
                    ("left", &["name", "of", "quantity", "day"]),
                ],
            ),
        }
    }

    /// Whether a template of this document may name it; `inside` is the list around it.
    #[must_use]
    pub fn knows(self, name: &str, inside: &[&str]) -> bool {
        let (own, lists) = self.own();
        let mut named = lists.iter().filter(|(list, _)| inside.contains(list));
        [COMMON, BALANCE, own].iter().any(|all| all.contains(&name))
            || named.any(|(_, places)| places.contains(&name))
    }

    /// Whether the document has this list.
    #[must_use]
    pub fn lists(self, name: &str) -> bool {
        self.own().1.iter().any(|(list, _)| *list == name)
    }
}
