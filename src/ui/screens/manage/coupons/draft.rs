//! A coupon's rule being edited. After kind and name come the entries of the kind, then those that all kinds have.

use crate::domain::coupon::{CouponRule, Gives};
use crate::domain::money::Fen;
use crate::domain::points::ONE;
use crate::domain::promotion::{RuleRef, Scope};
use crate::query::{CouponEdit, Query, Tried};
use crate::session::Session;
use crate::ui::screen::{Cx, Screen};
use crate::ui::screens::manage::conditions::{self, Names, Typed};
use crate::ui::screens::manage::edit::Subject;
use crate::ui::screens::manage::levels::{MOST_TIMES, short};
use crate::ui::screens::manage::trial::TryRule;
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;

/// Kinds in the order they are offered.
const KINDS: [&str; 5] = [
    "coupon.kind_amount",
    "coupon.kind_percent",
    "coupon.kind_free",
    "coupon.kind_right",
    "coupon.kind_multiply",
];

/// Places of kind and name, and of the first entry of the kind.
const KIND: usize = 0;
const NAME: usize = 1;
const FIRST: usize = 2;

/// Places of the entries all kinds have, after those of the kind.
const ACTIVE: usize = 0;
const FROM: usize = 1;
const DAYS: usize = 2;
const PER_MEMBER: usize = 3;
const TOTAL: usize = 4;
const ON_RECEIPT: usize = 5;
const STACK: usize = 6;
const TRANSFERABLE: usize = 7;
const CONDITIONS: usize = 8;

/// Longest name and group; digits of counts and days.
const NAME_LENGTH: usize = 30;
const STACK_LENGTH: usize = 12;
const COUNT_LENGTH: usize = 6;

/// What stands in the entries all kinds have, while the kind changes.
#[derive(Debug, Clone, Default)]
struct Common {
    active: bool,
    from: String,
    days: String,
    per_member: String,
    total: String,
    on_receipt: String,
    stack: String,
    transferable: bool,
    conditions: Typed,
}

/// The subject of the editor.
#[derive(Debug)]
pub(super) struct Draft {
    rule: Option<CouponRule>,
    kind: usize,
    names: Names,
}

const fn kind_of(gives: &Gives) -> usize {
    match gives {
        Gives::Amount { .. } => 0,
        Gives::Percent { .. } => 1,
        Gives::Free { .. } => 2,
        Gives::Right => 3,
        Gives::Multiply { .. } => 4,
    }
}

/// Where the entries all kinds have begin.
const fn common(kind: usize) -> usize {
    FIRST + if kind == 1 { 2 } else { 1 }
}

fn count_text(count: Option<i64>) -> String {
    count.map(|count| count.to_string()).unwrap_or_default()
}

impl Draft {
    pub(super) fn new(rule: Option<&CouponRule>, session: &Session) -> Self {
        Self {
            rule: rule.cloned(),
            kind: rule.map_or(0, |rule| kind_of(&rule.gives)),
            names: Names::of(session),
        }
    }

    /// What the rule says; a new one is given from now on, for thirty days.
    fn common(&self) -> Common {
        let Some(rule) = &self.rule else {
            return Common {
                active: true,
                days: "30".to_owned(),
                ..Common::default()
            };
        };
        let from = Some(rule.from).filter(|from| from.is_positive());
        Common {
            active: rule.active,
            from: from.map(short).unwrap_or_default(),
            days: rule
                .valid_days
                .map(|days| days.to_string())
                .unwrap_or_default(),
            per_member: count_text(rule.per_member),
            total: count_text(rule.total),
            on_receipt: rule.on_receipt.map(short).unwrap_or_default(),
            stack: rule.stack.clone().unwrap_or_default(),
            transferable: rule.transferable,
            conditions: self.names.write(&rule.when, &rule.who, &rule.scope),
        }
    }

    /// The entries of the kind, filled when the rule is of that kind.
    fn kind_entries(&self, form: Form) -> Form {
        let rule = self
            .rule
            .as_ref()
            .filter(|rule| kind_of(&rule.gives) == self.kind);
        let amount =
            |fen: Option<Fen>| Field::new(Kind::Amount).with(&fen.map(short).unwrap_or_default());
        let count = |count: i64| Field::new(Kind::Digits).most(3).with(&count.to_string());
        match (self.kind, rule.map(|rule| &rule.gives)) {
            (0, Some(Gives::Amount { off })) => form.field("coupon.off", amount(Some(*off))),
            (0, _) => form.field("coupon.off", amount(None)),
            (1, gives) => {
                let (paid, cap) = match gives {
                    Some(Gives::Percent { paid, cap }) => (Some(Fen(*paid)), *cap),
                    _ => (None, None),
                };
                form.field("promotion.paid", amount(paid))
                    .field("promotion.cap", amount(cap))
                    .hint("promotion.cap_hint")
            }
            (2, Some(Gives::Free { quantity })) => form
                .field("coupon.pieces", count(*quantity))
                .hint("coupon.pieces_hint"),
            (2, _) => form
                .field("coupon.pieces", count(1))
                .hint("coupon.pieces_hint"),
            (4, gives) => {
                let times = match gives {
                    Some(Gives::Multiply { times }) => *times,
                    _ => 2 * ONE,
                };
                form.field("coupon.times", amount(Some(Fen(times / 100))))
                    .hint("coupon.times_hint")
            }
            _ => form
                .field("coupon.uses", count(rule.map_or(1, |rule| rule.uses)))
                .hint("coupon.uses_hint"),
        }
    }

    fn build(&self, name: &str, common: &Common) -> Form {
        let amount = |text: &str| Field::new(Kind::Amount).with(text);
        let count = |text: &str| Field::new(Kind::Digits).most(COUNT_LENGTH).with(text);
        let form = Form::new()
            .choice("promotion.kind", KINDS.to_vec(), self.kind)
            .hint("promotion.kind_hint")
            .field(
                "promotion.name",
                Field::new(Kind::Any).most(NAME_LENGTH).with(name),
            )
            .hint("coupon.name_hint");
        let form = self
            .kind_entries(form)
            .yes_no("coupon.active", common.active)
            .field("promotion.from", amount(&common.from))
            .hint("coupon.from_hint")
            .field("coupon.valid_days", count(&common.days))
            .hint("coupon.valid_days_hint")
            .field("coupon.per_member", count(&common.per_member))
            .hint("coupon.limit_hint")
            .field("coupon.total", count(&common.total))
            .hint("coupon.limit_hint")
            .field("coupon.on_receipt", amount(&common.on_receipt))
            .hint("coupon.on_receipt_hint")
            .field(
                "coupon.stack",
                Field::new(Kind::Any).most(STACK_LENGTH).with(&common.stack),
            )
            .hint("coupon.stack_hint")
            .yes_no("coupon.transferable", common.transferable)
            .hint("coupon.transferable_hint");
        self.names.entries(form, &common.conditions)
    }

    /// What stands in the form now.
    fn typed(&self, form: &Form) -> Common {
        let base = common(self.kind);
        let text = |place: usize| form.value(base + place).to_owned();
        Common {
            active: form.is_yes(base + ACTIVE),
            from: text(FROM),
            days: text(DAYS),
            per_member: text(PER_MEMBER),
            total: text(TOTAL),
            on_receipt: text(ON_RECEIPT),
            stack: text(STACK),
            transferable: form.is_yes(base + TRANSFERABLE),
            conditions: Names::typed(form, base + CONDITIONS),
        }
    }

    /// What it gives, and how often; none after saying what is wrong.
    fn gives(&self, form: &mut Form) -> Option<(Gives, i64)> {
        let whole = |form: &mut Form| {
            let count = form.value(FIRST).parse().unwrap_or(0);
            if count == 0 {
                form.refuse(FIRST, "promotion.count_wrong");
                return None;
            }
            Some(count)
        };
        match self.kind {
            0 => {
                let off = form.need_amount(FIRST)?;
                if !off.is_positive() {
                    form.refuse(FIRST, "coupon.off_wrong");
                    return None;
                }
                Some((Gives::Amount { off }, 1))
            }
            1 => {
                let paid = form.need_amount(FIRST)?.0;
                if paid >= 10_000 {
                    form.refuse(FIRST, "promotion.paid_wrong");
                    return None;
                }
                let cap = optional(form, FIRST + 1)?;
                Some((
                    Gives::Percent {
                        paid,
                        cap: cap.filter(|cap| cap.is_positive()),
                    },
                    1,
                ))
            }
            2 => {
                let quantity: i64 = whole(form)?;
                if quantity > 99 {
                    form.refuse(FIRST, "promotion.count_wrong");
                    return None;
                }
                Some((Gives::Free { quantity }, 1))
            }
            3 => Some((Gives::Right, whole(form)?)),
            _ => {
                let times = form.need_amount(FIRST)?.0.saturating_mul(100);
                if !(ONE + 1..=MOST_TIMES).contains(&times) {
                    form.refuse(FIRST, "coupon.times_wrong");
                    return None;
                }
                Some((Gives::Multiply { times }, 1))
            }
        }
    }

    /// What the form says; none after saying what is wrong.
    fn read(&self, form: &mut Form) -> Option<CouponEdit> {
        let name = form.need_text(NAME)?;
        let (gives, uses) = self.gives(form)?;
        let base = common(self.kind);
        let typed = self.typed(form);
        let from = optional(form, base + FROM)?.unwrap_or(Fen::ZERO);
        let on_receipt = optional(form, base + ON_RECEIPT)?;
        let conditions = self.names.read(form, base + CONDITIONS)?;
        let count = |text: &str| text.parse::<i64>().ok().filter(|count| *count > 0);
        let valid_days = typed.days.parse::<u32>().ok();
        if valid_days.is_some_and(|days| days > 3_660) {
            form.refuse(base + DAYS, "coupon.days_wrong");
            return None;
        }
        let rule = CouponRule {
            rule: self
                .rule
                .as_ref()
                .map_or(RuleRef { id: 0, version: 0 }, |rule| rule.rule),
            name,
            active: typed.active,
            when: conditions.when,
            who: conditions.who,
            scope: conditions.scope,
            from,
            gives,
            stack: Some(typed.stack.trim().to_owned()).filter(|group| !group.is_empty()),
            transferable: typed.transferable,
            valid_days,
            uses,
            per_member: count(&typed.per_member),
            total: count(&typed.total),
            on_receipt,
            given: 0,
        };
        // PT2: it is for the whole sale, never stacks and is nobody else's.
        let plain = rule.stack.is_none() && !rule.transferable;
        let goods = rule.scope != Scope::default() || !conditions.products.is_empty();
        if matches!(rule.gives, Gives::Multiply { .. }) && (goods || !plain) {
            form.refuse(base + STACK, "coupon.multiplier_plain");
            return None;
        }
        let free = matches!(rule.gives, Gives::Free { .. });
        if free && rule.scope == Scope::default() && conditions.products.is_empty() {
            form.refuse(
                base + CONDITIONS + conditions::GOODS,
                "coupon.goods_missing",
            );
            return None;
        }
        Some(CouponEdit {
            rule,
            products: conditions.products,
        })
    }
}

/// An amount that may be missing; none after saying what is wrong.
#[expect(clippy::option_option, reason = "nothing typed is an answer")]
fn optional(form: &mut Form, place: usize) -> Option<Option<Fen>> {
    match form.value(place) {
        "" => Some(None),
        _ => Some(Some(form.need_amount(place)?)),
    }
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "coupon"
    }

    fn title(&self) -> Say {
        match &self.rule {
            None => Say::new("coupon.new"),
            Some(rule) => Say::new("coupon.edit")
                .with("version", rule.rule.version)
                .with("next", rule.rule.version + 1),
        }
    }

    fn about(&self) -> Option<&'static str> {
        Some("coupon.about")
    }

    fn form(&self, _session: &Session) -> Form {
        let name = self.rule.as_ref().map_or("", |rule| &rule.name);
        self.build(name, &self.common())
    }

    /// Another kind has other entries.
    fn edited(&mut self, form: &mut Form) {
        let kind = form.chosen(KIND);
        if kind != self.kind {
            let (name, common) = (form.value(NAME).to_owned(), self.typed(form));
            self.kind = kind;
            *form = self.build(&name, &common);
            form.touch();
        }
    }

    /// A scanned code is one more of the goods it is for.
    fn scanned(&mut self, code: &str, form: &mut Form) {
        let goods = common(self.kind) + CONDITIONS + conditions::GOODS;
        conditions::add_code(form, goods, code);
    }

    fn tried(&mut self, form: &mut Form) -> Option<Box<dyn Screen>> {
        let edit = self.read(form)?;
        Some(Box::new(TryRule::new(Tried::Coupon(Box::new(edit)))))
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let rule = Box::new(self.read(form)?);
        Some(Query::SaveCoupon { editor, rule })
    }
}
