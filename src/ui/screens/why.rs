//! Why a price is what it is: each line with what was taken off and by which rule, and what the next rung needs (LG7).

use std::borrow::Cow;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::{DocumentLine, Reason, Reduction};
use crate::domain::money::{Fen, grouped};
use crate::domain::points::{Exchange, ONE, Share, Source};
use crate::domain::price::next::{Brings, Missing, Next};
use crate::domain::product::ProductKind;
use crate::domain::promotion::{Promotion, RuleRef};
use crate::domain::shop::Shop;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::{offer, paint, width};

/// Columns of an amount.
const AMOUNT: u16 = 11;

/// A row of the explanation.
struct Row {
    text: String,
    amount: Option<Fen>,
    role: Role,
}

/// The screen; Esc goes back.
#[derive(Debug)]
pub struct Why {
    lines: Vec<DocumentLine>,
    next: Vec<Next>,
    stored: Option<Fen>,
    /// Points that paid for a part, and what they were worth (PT5).
    points: Option<(i64, Exchange)>,
    /// What earns points, and by which multiplier (PT2).
    shares: Vec<Share>,
    /// Rules that were edited since, as they were.
    old: Vec<Promotion>,
    asked: Option<Ticket>,
    offset: usize,
    page: usize,
}

impl Why {
    /// Explains these lines.
    #[must_use]
    pub const fn new(lines: Vec<DocumentLine>) -> Self {
        Self {
            lines,
            next: Vec::new(),
            stored: None,
            points: None,
            shares: Vec::new(),
            old: Vec::new(),
            asked: None,
            offset: 0,
            page: 1,
        }
    }

    /// With what is missing for more.
    #[must_use]
    pub fn next(mut self, next: Vec<Next>) -> Self {
        self.next = next;
        self
    }

    /// With what it would be, fen, if all were paid from stored value (SV9).
    #[must_use]
    pub const fn or_by_stored_value(mut self, total: Option<Fen>) -> Self {
        self.stored = total;
        self
    }

    /// With the points that paid for a part, and what they are worth (PT5).
    #[must_use]
    pub fn points(mut self, points: i64, value: Option<Exchange>) -> Self {
        self.points = value.map(|value| (points, value));
        self
    }

    /// With what earns points, and by which multiplier (PT2).
    #[must_use]
    pub fn earns(mut self, shares: Vec<Share>) -> Self {
        self.shares = shares;
        self
    }

    /// What earns points more than once, and which of the multipliers it was: the largest (PT2).
    fn earned(&self, rows: &mut Vec<Row>, look: &Look) {
        let counts_more = self.shares.iter().any(|share| share.multiplier != ONE);
        for share in self.shares.iter().filter(|_| counts_more) {
            let shop = look.session.shop.as_ref();
            let given = share.rule.filter(|_| share.by == Source::Multiplier);
            let rule = given.and_then(|rule| shop?.coupon(rule.id));
            let by = match share.by {
                Source::Level => look.text("why.by_level"),
                Source::StoredValue => look.text("why.by_stored_value"),
                Source::Multiplier => rule.map_or("", |rule| &rule.name),
            };
            let say = Say::new("why.earns")
                .with("fen", share.fen)
                .with("times", offer::times_of(share.multiplier))
                .with("by", by);
            let row = |text, role| Row {
                text,
                amount: None,
                role,
            };
            rows.push(row(look.say(&say), Role::Text));
            if let Some(rule) = share.rule {
                let version = Say::new("why.version").with("version", rule.version);
                rows.push(row(format!("    {}", look.say(&version)), Role::Dim));
            }
        }
    }

    /// Asks for the rules that are not in force any more.
    fn open(&mut self, cx: &mut Cx) {
        let known = |rule: &RuleRef| {
            let shop = cx.session.shop.as_ref();
            shop.is_some_and(|shop| shop.promotion(*rule).is_some())
        };
        let all = self.lines.iter().flat_map(|line| &line.reductions);
        let mut rules: Vec<RuleRef> = all
            .filter_map(Reduction::promotion)
            .filter(|rule| !known(rule))
            .collect();
        rules.sort_unstable();
        rules.dedup();
        if !rules.is_empty() {
            self.asked = Some(cx.ask(Query::ReadPromotions { rules }));
        }
    }

    fn rule<'a>(&'a self, rule: RuleRef, shop: Option<&'a Shop>) -> Option<&'a Promotion> {
        let old = self.old.iter().find(|known| known.rule == rule);
        old.or_else(|| shop?.promotion(rule))
    }

    /// A reduction, and under it the rule's version, hours and conditions.
    fn reduction(&self, of: &Reduction, rows: &mut Vec<Row>, look: &Look) {
        let key = match of.reason {
            Reason::Override => "slip.price_set",
            Reason::MemberPrice => "slip.member_price",
            Reason::Level => "slip.level_discount",
            Reason::Promotion => "slip.promotion",
            Reason::Order => "slip.order_promotion",
            Reason::Gift => "slip.gift",
            Reason::Coupon => "slip.coupon",
            Reason::Points => "slip.points_paid",
            Reason::Exchange => "slip.exchanged",
        };
        let shop = look.session.shop.as_ref();
        let coupon = of.rule.filter(|_| of.reason == Reason::Coupon);
        let coupon = coupon.and_then(|rule| Some((rule, shop?.coupon(rule.id)?)));
        let promotion = of.promotion();
        let rule = promotion.and_then(|rule| self.rule(rule, shop));
        let mut text = look.text(key).to_owned();
        let name = rule.map(|rule| &rule.name);
        if let Some(name) = name.or(coupon.map(|(_, known)| &known.name)) {
            text = format!("{text}: {name}");
        }
        rows.push(Row {
            text: format!("  {text}"),
            amount: Some(-of.fen),
            role: Role::Text,
        });
        let below = |text: String| Row {
            text: format!("    {text}"),
            amount: None,
            role: Role::Dim,
        };
        if let Some((rule, known)) = coupon {
            if known.rule == rule {
                rows.push(below(offer::coupon(known, look)));
            }
            let version = Say::new("why.version").with("version", rule.version);
            rows.push(below(look.say(&version)));
            return;
        }
        if let Some(level) = of.rule.filter(|_| of.reason == Reason::Level) {
            rows.push(below(level_said(level, look)));
            return;
        }
        match (rule, promotion) {
            (Some(rule), _) => {
                rows.push(below(offer::gives(&rule.offer, look)));
                let version = Say::new("why.version").with("version", rule.rule.version);
                let texts = [
                    look.say(&version),
                    offer::validity(&rule.when, look),
                    offer::conditions(rule, look),
                ];
                let texts: Vec<String> = texts.into_iter().filter(|t| !t.is_empty()).collect();
                rows.push(below(texts.join("  ")));
            }
            (None, Some(_)) => rows.push(below(look.text("why.reading").to_owned())),
            (None, None) => {}
        }
        if let (Some((points, value)), Reason::Points) = (self.points, of.reason) {
            let say = Say::new("why.points")
                .with("points", grouped(points))
                .with("per", grouped(value.points))
                .with("fen", value.fen)
                .with("cap", offer::percent(value.cap));
            rows.push(below(look.say(&say)));
        }
    }

    fn rows(&self, look: &Look) -> Vec<Row> {
        let mut rows = Vec::new();
        for line in &self.lines {
            let kilos = matches!(line.kind, ProductKind::Weight);
            let say = Say::new(if kilos { "why.grams" } else { "why.pieces" });
            let say = say
                .with("name", &line.name)
                .with("quantity", line.quantity)
                .with("price", line.price);
            rows.push(Row {
                text: look.say(&say),
                amount: Some(line.list),
                role: Role::Title,
            });
            for reduction in &line.reductions {
                self.reduction(reduction, &mut rows, look);
            }
            if line.reductions.is_empty() {
                rows.push(Row {
                    text: format!("  {}", look.text("why.nothing_off")),
                    amount: None,
                    role: Role::Dim,
                });
            } else {
                rows.push(Row {
                    text: format!("  {}", look.text("why.net")),
                    amount: Some(line.net),
                    role: Role::Money,
                });
            }
        }
        self.earned(&mut rows, look);
        if let Some(stored) = self.stored {
            rows.push(Row {
                text: look.text("counter.stored_price").to_owned(),
                amount: Some(stored),
                role: Role::Good,
            });
        }
        let shop = look.session.shop.as_ref();
        for next in &self.next {
            let name = self.rule(next.rule, shop).map_or("", |rule| &rule.name);
            rows.push(Row {
                text: look.say(&step(next, shop, look).with("name", name)),
                amount: None,
                role: Role::Good,
            });
        }
        rows
    }
}

/// A level in the version that did it: its name, and what it says when that is the one in force.
fn level_said(rule: RuleRef, look: &Look) -> String {
    let known = look
        .session
        .shop
        .as_ref()
        .and_then(|shop| shop.level(rule.id));
    let said = known.map(|level| {
        if level.version != rule.version {
            return level.name.clone();
        }
        let say = Say::new("counter.level_price").with("level", &level.name);
        let say = say.with("tenths", offer::tenths(level.paid));
        look.say(&say.with("percent", offer::percent(10_000 - level.paid)))
    });
    let version = look.say(&Say::new("why.version").with("version", rule.version));
    let texts: Vec<String> = said.into_iter().chain([version]).collect();
    texts.join("  ")
}

/// What is missing, and what it brings.
fn step(next: &Next, shop: Option<&Shop>, look: &Look) -> Say {
    let brings = match next.brings {
        Brings::Off(off) => Say::new("why.brings_off").with("off", off),
        Brings::Nth(n, paid) => Say::new("promotion.gives_nth")
            .with("n", n)
            .with("share", offer::share(paid, look)),
        Brings::Free(count) => Say::new("why.brings_free").with("count", count),
        Brings::Gift(gift) => Say::new("why.brings_gift")
            .with("goods", offer::goods(shop, gift.product_id))
            .with("count", gift.quantity),
    };
    let say = match next.missing {
        Missing::Fen(fen) => Say::new("why.next_fen").with("missing", fen),
        Missing::Pieces(count) => Say::new("why.next_pieces").with("missing", count),
    };
    say.with("brings", look.say(&brings))
}

impl Screen for Why {
    fn bindings(&self) -> &'static str {
        "why"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.open(cx),
            Input::Action(Action::Accept | Action::Back | Action::Why) => return Step::Pop(None),
            Input::Action(Action::Up) => self.offset = self.offset.saturating_sub(1),
            Input::Action(Action::Down) => self.offset += 1,
            Input::Action(Action::PageUp) => self.offset = self.offset.saturating_sub(self.page),
            Input::Action(Action::PageDown) => self.offset += self.page,
            Input::Action(Action::Home) => self.offset = 0,
            Input::Action(Action::End) => self.offset = usize::MAX,
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::Promotions(rules)) => self.old = rules,
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let list: Fen = self.lines.iter().map(|line| line.list).sum();
        let net: Fen = self.lines.iter().map(|line| line.net).sum();
        let sum = Say::new("why.sum").with("list", list).with("net", net);
        paint::title(
            frame,
            area,
            look.text("why.title"),
            Some(&look.say(&sum)),
            look,
        );
        let body = paint::below(area, 2);
        // A long name or a long rule goes on in the next row; its amount stands in the first.
        let room = usize::from(body.width.saturating_sub(AMOUNT + 1)).max(1);
        let mut rows: Vec<Row> = Vec::new();
        for row in self.rows(look) {
            let indent = row.text.chars().take_while(|glyph| *glyph == ' ').count();
            let texts = width::wrap(row.text.trim_start(), room.saturating_sub(indent).max(1));
            let mut amount = row.amount;
            for text in texts {
                rows.push(Row {
                    text: format!("{}{text}", " ".repeat(indent)),
                    amount: amount.take(),
                    role: row.role,
                });
            }
        }
        self.page = usize::from(body.height).saturating_sub(1).max(1);
        let fits = rows.len() <= usize::from(body.height);
        let page = if fits { rows.len() } else { self.page };
        self.offset = self.offset.min(rows.len().saturating_sub(page));
        for (at, row) in (0..).zip(rows.iter().skip(self.offset).take(page)) {
            paint::line(frame, body, at, &row.text, look.style(row.role));
            if let Some(amount) = row.amount {
                let text: Cow<str> = amount.to_string().into();
                paint::line_right(frame, body, at, &text, look.style(row.role));
            }
        }
        if !fits {
            let foot = paint::below(body, body.height.saturating_sub(1));
            let below = rows.len().saturating_sub(self.offset + page);
            paint::more(frame, foot, self.offset, below, look);
        }
    }
}
