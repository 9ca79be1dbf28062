//! Points for rewards: what she can have now, a digit, Enter (PT4).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::Stamp;
use crate::domain::member::Member;
use crate::domain::money::grouped;
use crate::domain::points::spendable;
use crate::domain::promotion::Occasion;
use crate::domain::reward::{ExchangeRequest, Reward, Taken, taken_of};
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::once::Once;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// Columns inside the frame.
const COLUMNS: u16 = 56;
/// Rewards shown at once; the digits 1 to 9 take them.
const SHOWN: usize = 9;

/// A popup; pops `Outcome::Receipt`, or nothing on Esc.
#[derive(Debug)]
pub struct Exchange {
    member: Box<Member>,
    /// With how many units she can have.
    rewards: Vec<(Reward, i64)>,
    points: i64,
    place: usize,
    count: i64,
    hint: Option<Say>,
    reading: Option<Ticket>,
    marked: (usize, i64),
    once: Once<ExchangeRequest>,
}

impl Exchange {
    #[must_use]
    pub fn new(member: Box<Member>) -> Self {
        Self {
            member,
            rewards: Vec::new(),
            points: 0,
            place: 0,
            count: 1,
            hint: None,
            reading: None,
            marked: (0, 1),
            once: Once::default(),
        }
    }

    fn read(&mut self, cx: &mut Cx) {
        let member_id = self.member.id;
        self.reading = Some(cx.ask(Query::RewardsTaken { member_id }));
    }

    /// What she can have here and now, the dearest first.
    fn listed(&mut self, taken: &[Taken], cx: &Cx) {
        let now = cx.now();
        self.points = spendable(&self.member.lots, cx.session.today(now));
        let Some(shop) = &cx.session.shop else { return };
        let level = Some(self.member.level.id);
        let occasion = Occasion::at(shop, cx.session.till_id(), now, level);
        let held = shop.rewards.iter().filter(|it| it.holds(&occasion));
        let most = held.map(|it| {
            let most = it.affordable(self.points, taken_of(taken, it.rule.id));
            (it.clone(), most)
        });
        let mut rewards: Vec<(Reward, i64)> = most.filter(|(_, most)| *most > 0).collect();
        rewards.sort_by_key(|(it, _)| (std::cmp::Reverse(it.points), it.rule.id));
        self.rewards = rewards;
        self.select(0);
    }

    fn reward(&self) -> Option<&(Reward, i64)> {
        self.rewards.get(self.place)
    }

    fn select(&mut self, place: usize) {
        if place < self.rewards.len() {
            self.place = place;
            self.count = 1;
            self.hint = None;
        }
    }

    fn step(&mut self, more: bool) {
        let most = self.reward().map_or(1, |(_, most)| *most);
        let next = self.count + if more { 1 } else { -1 };
        if (1..=most).contains(&next) {
            self.count = next;
        }
    }

    fn post(&mut self, cx: &mut Cx) {
        let Some((reward, _)) = self.reward() else {
            return;
        };
        let (rule, member_id, count) = (reward.rule, self.member.id, self.count);
        let make = |stamp: Stamp| ExchangeRequest {
            stamp,
            member_id,
            reward: rule,
            count,
        };
        self.hint = None;
        let member = self.member.clone();
        self.once
            .send(cx, make, |request| Query::Exchange { request, member });
    }

    /// Somebody else was faster, or the rule is another: read again, and say so.
    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        match self.once.done(answer, &mut self.hint, cx) {
            Ok(step) => step,
            Err(refusal) => {
                self.read(cx);
                cx.refuse(refusal)
            }
        }
    }

    fn action(&mut self, action: Action, cx: &mut Cx) -> Step {
        match action {
            Action::Accept => self.post(cx),
            Action::Back if self.once.is_unknown() => {
                return Step::push(Confirm::new("tender.leave_unknown").careful());
            }
            Action::Back => return Step::Pop(None),
            _ if self.once.is_unknown() => {}
            Action::Up => self.select(self.place.saturating_sub(1)),
            Action::Down => self.select(self.place + 1),
            Action::Left => self.step(false),
            Action::Right => self.step(true),
            _ => {}
        }
        Step::Stay
    }

    fn rows(&self, frame: &mut Frame, area: Rect, look: &Look) -> u16 {
        let first = self.place.saturating_sub(SHOWN - 1);
        let mut row = 0;
        for (place, (reward, _)) in self.rewards.iter().enumerate().skip(first).take(SHOWN) {
            let key = if place < SHOWN {
                (place + 1).to_string()
            } else {
                " ".to_owned()
            };
            let points = Say::new("exchange.points").with("points", grouped(reward.points));
            let right = look.say(&points);
            let room = usize::from(area.width.saturating_sub(width::columns(&right) + 1));
            let name = width::left(&format!(" {key} {}", reward.name), room);
            let text = width::left(&format!("{name} {right}"), area.width.into());
            let role = if place == self.place {
                Role::Selected
            } else {
                Role::Text
            };
            paint::line(frame, area, row, &text, look.style(role));
            row += 1;
        }
        row
    }

    /// The selected reward, what it costs and what is left then.
    fn details(&self, look: &Look) -> Vec<(String, Role)> {
        let has = Say::new("exchange.has").with("points", grouped(self.points));
        let Some((reward, most)) = self.reward() else {
            let say = if self.reading.is_some() {
                "exchange.reading"
            } else {
                "exchange.none"
            };
            return vec![
                (look.text(say).to_owned(), Role::Warn),
                (look.say(&has), Role::Dim),
            ];
        };
        let cost = reward.points * self.count;
        let now = Say::new("exchange.now")
            .with("name", &reward.name)
            .with("count", self.count)
            .with("points", grouped(cost));
        let left = Say::new("exchange.left")
            .with("points", grouped(self.points - cost))
            .with("most", *most);
        let mut lines = vec![(look.say(&now), Role::Title), (look.say(&left), Role::Dim)];
        if self.once.is_under_way() {
            lines.push((look.text("tender.posting").to_owned(), Role::Warn));
        } else if let Some(hint) = &self.hint {
            lines.push((look.say(hint), Role::Warn));
        }
        lines
    }
}

impl Screen for Exchange {
    fn bindings(&self) -> &'static str {
        "exchange"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.read(cx),
            Input::Reply(ticket, answer) => {
                if self.once.took(ticket, &answer) {
                    return self.answered(answer, cx);
                }
                if self.reading == Some(ticket) {
                    self.reading = None;
                    match answer {
                        Ok(Reply::RewardsTaken(taken)) => self.listed(&taken, cx),
                        Ok(_) => {}
                        Err(refusal) => return cx.refuse(refusal),
                    }
                }
            }
            Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Text(glyph) if !self.once.is_unknown() => {
                let place = glyph.to_digit(10).filter(|digit| *digit > 0);
                if let Some(place) = place {
                    self.select(place as usize - 1);
                }
            }
            Input::Mark => self.marked = (self.place, self.count),
            Input::Rollback => (self.place, self.count) = self.marked,
            Input::Scan(_) => cx.notice(Tone::Warn, "redeem.scan"),
            Input::Action(action) => return self.action(action, cx),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = !self.once.is_under_way();
        match action {
            Action::Accept => is_free && self.reward().is_some(),
            Action::Back => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let mut below = Vec::new();
        for (text, role) in &self.details(look) {
            let lines = width::wrap(text, columns.into());
            below.extend(lines.into_iter().map(|line| (line, *role)));
        }
        let rows = self.rewards.len().min(SHOWN) + 1 + below.len();
        let name = if self.member.name.is_empty() {
            look.text("counter.nameless")
        } else {
            &self.member.name
        };
        let title = look.say(&Say::new("exchange.title").with("name", name));
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        let inside = paint::popup(frame, area, (columns, rows), &title, look);
        let taken = self.rows(frame, inside, look);
        for (row, (text, role)) in (taken + 1..).zip(below) {
            paint::line(frame, inside, row, &text, look.style(role));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
