//! Loading stored value: the shop's offers, what each gives, and then the payment (SV4, SV10).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::contract::{Due, Paying};
use crate::domain::ledger::{Account, LotKind, NewLot, OperationKind, Plan};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::shop::{LimitsProfile, Shop};
use crate::domain::staff::Act;
use crate::domain::tender::{Tender as Part, TenderKind};
use crate::domain::top_up::{
    self, TopUpRequest, TopUpRule, limits_exceeded, needs_approval, reached,
};
use crate::error::{Refusal, Result};
use crate::query::{Noun, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step, is_narrow};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::contracts::{Contracts, has_any};
use crate::ui::screens::tender::{Load, Tender};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::money;
use crate::ui::widgets::tiles::{Tile, Tiles};
use crate::ui::width;

/// Instalments listed by date; the others are counted.
const DATES: usize = 3;

/// Columns of the label before the amount.
const LABEL: u16 = 12;

/// A stage of a contract that is paid, instead of an offer (SV5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaysStage {
    pub paying: Paying,
    /// Of the plan.
    pub name: String,
    pub due: Due,
}

/// Pops `Outcome::Receipt` when paid, nothing on Esc.
#[derive(Debug)]
pub struct TopUp {
    member: Box<Member>,
    stage: Option<PaysStage>,
    /// She pays contracts, or could sign one.
    has_contracts: bool,
    amount: Field,
    rules: Vec<TopUpRule>,
    tiles: Tiles,
    preview: Option<Plan>,
    hint: Option<Say>,
    approver: Option<i32>,
    /// What she loaded for this member in this shift by herself (OP3), and whether that is being asked.
    alone: Fen,
    asked: Option<Ticket>,
    /// Goes on as soon as that is known.
    accepts: bool,
    /// The limits of SV10 were shown and taken.
    warned: bool,
}

impl TopUp {
    /// A top-up of this member.
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        Self {
            member,
            stage: None,
            has_contracts: false,
            amount: Field::new(Kind::Amount).most(10),
            rules: Vec::new(),
            tiles: Tiles::new(Vec::new()),
            preview: None,
            hint: None,
            approver: None,
            alone: Fen::ZERO,
            asked: None,
            accepts: false,
            warned: false,
        }
    }

    /// A stage of a contract of this member: nothing to choose.
    #[must_use]
    pub fn stage(member: Box<Member>, stage: PaysStage) -> Self {
        Self {
            stage: Some(stage),
            ..Self::new(member)
        }
    }

    /// What counts towards her limit besides this top-up (OP3).
    fn ask_alone(&mut self, cx: &mut Cx) {
        let shift = cx.session.shift.as_ref().map(|shift| shift.id);
        let (Some(shift_id), Some(staff)) = (shift, &cx.session.staff) else {
            return;
        };
        let (member_id, staff_id) = (self.member.id, staff.id);
        self.asked = Some(cx.ask(Query::LoadedAlone {
            member_id,
            shift_id,
            staff_id,
        }));
    }

    /// Without an answer the database still refuses what needs an approval.
    fn learnt(&mut self, answer: &Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        if let Ok(Reply::LoadedAlone(alone)) = answer {
            self.alone = *alone;
        }
        if std::mem::take(&mut self.accepts) {
            return self.accept(cx);
        }
        Step::Stay
    }

    fn open(&mut self, cx: &Cx) {
        let (Some(shop), Some(store)) = (&cx.session.shop, &cx.session.store) else {
            return;
        };
        let level = self.member.level.id;
        self.has_contracts = has_any(&self.member, cx);
        // A gift card takes money and nothing on top (SV10).
        let none = self.member.is_bearer || self.stage.is_some();
        let open = |rule: &&TopUpRule| !none && rule.open_to(level, store.id, cx.now());
        self.rules = shop.rules.iter().filter(open).cloned().collect();
        self.rules.sort_by_key(|rule| (rule.amount, rule.id));
        let tile = |rule: &TopUpRule| Tile {
            label: rule.amount.to_string(),
            note: rule.name.clone(),
        };
        self.tiles = Tiles::new(self.rules.iter().map(tile).collect()).without_signs();
        self.weigh(cx);
    }

    /// What is loaded now: what is typed, else the tile.
    fn chosen(&self) -> Option<Fen> {
        if let Some(stage) = &self.stage {
            return Some(stage.due.amount);
        }
        if !self.amount.is_empty() {
            return self.amount.amount().filter(|amount| amount.is_positive());
        }
        self.tile().map(|rule| rule.amount)
    }

    fn tile(&self) -> Option<&TopUpRule> {
        self.rules.get(self.tiles.selected()?)
    }

    /// The offer that counts: of what is typed the highest it reaches (SV4), else the tile's own,
    /// whatever others there are for the same amount.
    fn rule(&self, cx: &Cx) -> Option<(i32, i32)> {
        let rule = if self.amount.is_empty() {
            self.tile()
        } else {
            let store = cx.session.store.as_ref()?.id;
            let level = self.member.level.id;
            reached(&self.rules, self.chosen()?, level, store, cx.now())
        };
        rule.map(|rule| (rule.id, rule.version))
    }

    /// Plans it as the ledger will, to show what it gives.
    fn weigh(&mut self, cx: &Cx) {
        self.preview = None;
        let (Some(amount), Some(shop)) = (self.chosen(), &cx.session.shop) else {
            return;
        };
        let rule = self.rule(cx);
        if let Some(place) = self
            .rules
            .iter()
            .position(|r| Some((r.id, r.version)) == rule)
        {
            self.tiles.select(place);
        }
        let request = TopUpRequest {
            // Only a look at it: this stamp is never sent.
            stamp: cx.session.stamp(uuid::Uuid::nil(), cx.now()),
            member_id: self.member.id,
            store_id: cx.session.store.as_ref().map_or(0, |store| store.id),
            amount,
            rule,
            contract: self.stage.as_ref().map(|stage| stage.paying),
            tenders: vec![Part::exact(TenderKind::Wechat, amount)],
        };
        match top_up::plan(&request, shop, &self.member) {
            Ok(plan) => self.preview = Some(plan),
            Err(refusal) => self.hint = Some(Say::from(&refusal)),
        }
    }

    /// Limits, then approval, then the payment: each asks at most once.
    fn accept(&mut self, cx: &mut Cx) -> Step {
        let Some(amount) = self.chosen() else {
            self.hint = Some(Say::new("field.amount"));
            return Step::Stay;
        };
        let profile = cx.session.shop.as_ref().map(|shop| shop.limits_profile);
        let profile = profile.unwrap_or_default();
        let over = limits_exceeded(
            profile,
            self.member.is_registered(),
            self.member.principal,
            amount,
            Fen::ZERO,
        );
        if let Some(hint) = over.first() {
            if profile == LimitsProfile::Enforce {
                return cx.refuse(Refusal::user(hint));
            }
            if !self.warned {
                let ask = match *hint {
                    "top_up.needs_identification" => "top_up.identification_ask",
                    "top_up.over_unregistered_limit" => "top_up.over_unregistered_ask",
                    _ => "top_up.over_card_ask",
                };
                return Step::push(Confirm::new(ask).careful());
            }
        }
        if self.asked.is_some() {
            self.accepts = true;
            return Step::Stay;
        }
        if self.approver.is_none() && needs_approval(cx.session.limit(), self.alone, amount) {
            return Step::push(Approve::new(
                self.why(amount, cx),
                Act::TopUp(self.alone + amount),
            ));
        }
        let total = |account| self.preview.as_ref().map_or(0, |plan| plan.total(account));
        let parts = self
            .preview
            .iter()
            .flat_map(|plan| &plan.extras.instalments);
        Step::push(Tender::top_up(Load {
            member: self.member.clone(),
            store_id: cx.session.store.as_ref().map_or(0, |store| store.id),
            amount,
            rule: self.rule(cx),
            contract: self.stage.as_ref().map(|stage| stage.paying),
            bonus: Fen(total(Account::Bonus)),
            bonus_later: parts.map(|part| part.bonus).sum(),
            points: total(Account::Points),
            approver_id: self.approver,
        }))
    }

    /// What whoever approves it reads.
    fn why(&self, amount: Fen, cx: &Cx) -> Say {
        let most = cx.session.limit().map(|limit| limit.top_up_max);
        let key = if self.alone.is_positive() {
            "top_up.needs_approval_sum"
        } else {
            "top_up.needs_approval"
        };
        Say::new(key)
            .with("amount", amount)
            .with("alone", self.alone)
            .with("most", most.unwrap_or_default())
    }

    /// The shop's offers are others now: what is typed stays, and so does the chosen tile where its offer
    /// is still there.
    fn renewed(&mut self, cx: &mut Cx) {
        let amount = self.chosen();
        let id = self.tile().map(|rule| rule.id);
        let before = self.rule(cx);
        self.open(cx);
        if let Some(place) = self.rules.iter().position(|rule| Some(rule.id) == id) {
            self.tiles.select(place);
        }
        if before != self.rule(cx) || amount != self.chosen() {
            self.changed(cx);
            self.hint = Some(Say::new("top_up.offers_changed"));
        } else {
            self.weigh(cx);
        }
    }

    /// Another amount needs its own warning and its own approval.
    fn changed(&mut self, cx: &Cx) {
        self.accepts = false;
        self.warned = false;
        self.approver = None;
        self.hint = None;
        self.weigh(cx);
    }

    fn draw_benefits(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let Some(plan) = &self.preview else {
            return;
        };
        let mut row = 0;
        let principal = Fen(plan.total(Account::Principal));
        money::line(
            frame,
            area,
            row,
            look.text("slip.principal"),
            principal,
            look,
        );
        row += 1;
        let bonus = Fen(plan.total(Account::Bonus));
        if bonus.is_positive() {
            money::line(frame, area, row, look.text("slip.bonus_now"), bonus, look);
            row += 1;
            row += draw_end(plan, frame, area, row, look);
        }
        let parts = &plan.extras.instalments;
        if !parts.is_empty() {
            let later: Fen = parts.iter().map(|part| part.bonus).sum();
            money::line(frame, area, row, look.text("slip.bonus_later"), later, look);
            row += 1;
            row += draw_end(plan, frame, area, row, look);
            for part in parts.iter().take(DATES) {
                let day = format!("  {}", part.due_on);
                money::line(frame, area, row, &day, part.bonus, look);
                row += 1;
            }
            let last = parts.last().filter(|_| parts.len() > DATES);
            if let Some(last) = last {
                let more = Say::new("top_up.more_dates")
                    .with("count", parts.len() - DATES)
                    .with("last", last.due_on);
                let text = format!("  {}", look.say(&more));
                paint::line(frame, area, row, &text, look.style(Role::Dim));
                row += 1;
            }
        }
        let points = plan.total(Account::Points);
        if points > 0 {
            let text = look.text("slip.points_got");
            paint::line(frame, area, row, text, look.style(Role::Text));
            paint::line_right(
                frame,
                area,
                row,
                &points.to_string(),
                look.style(Role::Money),
            );
            row += 1;
        }
        let level = |shop: &Shop| Some(shop.level(plan.level?)?.name.clone());
        if let Some(name) = look.session.shop.as_ref().and_then(level) {
            let text = look.say(&Say::new("top_up.level_up").with("level", name));
            paint::line(frame, area, row, &text, look.style(Role::Good));
            row += 1;
        }
        for (name, count) in things(plan) {
            let count = format!("x{count}");
            let taken = paint::line_right(frame, area, row, &count, look.style(Role::Text));
            let room = area.width.saturating_sub(taken + 1);
            let room = Rect {
                width: room,
                ..area
            };
            paint::line(frame, room, row, name, look.style(Role::Good));
            row += 1;
        }
    }

    fn draw_amount(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let label = width::left(look.text("top_up.amount"), LABEL.into());
        paint::line(frame, area, 0, &label, look.style(Role::Dim));
        let field = Rect {
            x: area.x + LABEL.min(area.width),
            width: 12.min(area.width.saturating_sub(LABEL)),
            ..area
        };
        self.amount.view(frame, field, true, look);
    }
}

/// Coupons, rights and services that come with it, by name and how many.
fn things(plan: &Plan) -> Vec<(&str, usize)> {
    let mut things: Vec<(&str, usize)> = Vec::new();
    for grant in &plan.extras.grants {
        let name = grant.terms.name.as_str();
        match things.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => things.push((name, 1)),
        }
    }
    things
}

/// Which stage of which plan it is, and its day.
fn draw_stage(stage: &PaysStage, frame: &mut Frame, area: Rect, look: &Look) {
    let due = stage.due;
    let says = [
        Say::new("contract.of_plan").with("name", &stage.name),
        Say::new("contract.pays")
            .with("no", due.no)
            .with("of", due.of)
            .with("day", due.on),
    ];
    let mut row = 0;
    for (say, role) in says.iter().zip([Role::Title, Role::Text]) {
        for text in width::wrap(&look.say(say), area.width.into()) {
            paint::line(frame, area, row, &text, look.style(role));
            row += 1;
        }
    }
}

/// The last day of the bonus above, when it has one. Gives the rows it took.
fn draw_end(plan: &Plan, frame: &mut Frame, area: Rect, row: u16, look: &Look) -> u16 {
    let is_load = |lot: &&NewLot| lot.kind == LotKind::StoredValue;
    let lot = plan.new_lots.iter().find(is_load);
    let Some(day) = lot.and_then(|lot| lot.expires_on) else {
        return 0;
    };
    let text = look.say(&Say::new("slip.valid_until").with("day", day));
    paint::line(frame, area, row, &text, look.style(Role::Dim));
    1
}

impl Screen for TopUp {
    fn bindings(&self) -> &'static str {
        "top_up"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let before = (self.chosen(), self.rule(cx));
        let takes = match &input {
            // A stage is what it is.
            Input::Paste(_) | Input::Text(_) if self.stage.is_some() => false,
            Input::Mark | Input::Rollback => {
                self.tiles.on(&input);
                self.amount.on(&input);
                true
            }
            // A paste is a code more often than an amount.
            Input::Paste(_) => true,
            Input::Text(_) => self.amount.on(&input),
            Input::Action(_) if !self.amount.is_empty() && self.amount.on(&input) => true,
            Input::Action(_) if self.tiles.on(&input) => {
                self.amount.clear();
                true
            }
            _ => false,
        };
        if takes {
            if before != (self.chosen(), self.rule(cx)) || self.preview.is_none() {
                self.changed(cx);
            }
            return Step::Stay;
        }
        match input {
            Input::Opened => {
                self.open(cx);
                self.ask_alone(cx);
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.learnt(&answer, cx);
            }
            Input::Changed(noun) if Noun::Shop.meets(noun) => self.renewed(cx),
            Input::Action(Action::Accept) => return self.accept(cx),
            Input::Action(Action::Contracts) if self.has(Action::Contracts) => {
                return Step::push(Contracts::new(self.member.clone()));
            }
            // A contract was ended above.
            Input::Outcome(Outcome::Member(member)) => {
                self.member = member;
                self.weigh(cx);
            }
            Input::Action(Action::Back) if !self.amount.is_empty() => {
                self.amount.clear();
                self.changed(cx);
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Outcome(Outcome::Yes) => {
                self.warned = true;
                return self.accept(cx);
            }
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approver = Some(staff.id);
                return self.accept(cx);
            }
            Input::Outcome(Outcome::Receipt(receipt)) if receipt.kind == OperationKind::TopUp => {
                return Step::Pop(Some(Outcome::Receipt(receipt)));
            }
            _ => {}
        }
        Step::Stay
    }

    /// A stage leads to no other contract.
    fn has(&self, action: Action) -> bool {
        action != Action::Contracts || (self.has_contracts && self.stage.is_none())
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let member = &self.member;
        let name = match member.name.as_str() {
            "" => member.phone.as_deref().unwrap_or_default(),
            name => name,
        };
        let title = format!(
            "{}  {name}  {}  {}",
            look.text("top_up.title"),
            member.level.name,
            look.text("counter.stored")
        );
        let today = look.session.today(look.now);
        let held = member.principal + member.bonus_on(today);
        money::line(frame, inside, 0, &title, held, look);
        paint::rule(frame, area, 1, look);
        let rest = paint::below(inside, 3);
        match &self.stage {
            Some(stage) => draw_stage(stage, frame, paint::below(inside, 2), look),
            None => self.draw_amount(frame, paint::below(inside, 2), look),
        }
        let narrow = is_narrow(area);
        let tiles = if narrow {
            Rect {
                height: rest.height / 2,
                ..paint::below(rest, 1)
            }
        } else {
            Rect {
                width: rest.width.saturating_sub(30),
                ..paint::below(rest, 1)
            }
        };
        if self.stage.is_some() {
            // Nothing to choose.
        } else if self.rules.is_empty() {
            let text = look.text("top_up.no_rules");
            for (row, line) in (0..).zip(width::wrap(text, tiles.width.into())) {
                paint::line(frame, tiles, row, &line, look.style(Role::Dim));
            }
        } else {
            self.tiles.view(frame, tiles, look);
        }
        let benefits = if self.stage.is_some() {
            paint::below(rest, 3)
        } else if narrow {
            paint::below(rest, rest.height / 2 + 1)
        } else {
            Rect {
                x: rest.x + rest.width.saturating_sub(28),
                width: 28.min(rest.width),
                ..paint::below(rest, 1)
            }
        };
        self.draw_benefits(frame, benefits, look);
        if let Some(hint) = &self.hint {
            let last = inside.height.saturating_sub(2);
            for (row, line) in (last..).zip(width::wrap(&look.say(hint), inside.width.into())) {
                paint::line(frame, inside, row, &line, look.style(Role::Warn));
            }
        }
    }
}
