//! Who goes down a level at the review, seen before it is posted (LV1).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::level::{Reviewed, downgrade};
use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::table::{Cell, Column, Table};

const COLUMNS: &[Column] = &[
    Column::rest("level_review.member"),
    Column::fixed("level_review.from", 8),
    Column::fixed("level_review.to", 8),
    Column::fixed("level_review.spend", 12).right(),
];

/// The screen; Esc goes back.
#[derive(Debug)]
pub struct LevelReview {
    table: Table<Reviewed>,
    reading: Option<Ticket>,
    posting: Option<Ticket>,
}

impl Default for LevelReview {
    fn default() -> Self {
        Self {
            table: Table::new(COLUMNS, "level_review.none"),
            reading: None,
            posting: None,
        }
    }
}

impl LevelReview {
    fn read(&mut self, cx: &mut Cx) {
        let today = cx.session.today(cx.now());
        self.reading = Some(cx.ask(Query::LevelsDue { today }));
    }

    fn post(&mut self, cx: &mut Cx) {
        let id = cx.new_id();
        let stamp = cx.session.stamp(id, cx.now());
        let members = self.table.rows().to_vec();
        self.posting = Some(cx.ask(Query::ReviewLevels { stamp, members }));
    }

    fn answered(&mut self, ticket: Ticket, answer: Result<Reply>, cx: &mut Cx) -> Step {
        let mine = self.reading == Some(ticket) || self.posting == Some(ticket);
        match answer {
            Ok(Reply::LevelsDue(due)) if self.reading == Some(ticket) => {
                self.reading = None;
                self.table.set(due, true);
            }
            Ok(Reply::LevelsReviewed(count)) if self.posting == Some(ticket) => {
                self.posting = None;
                let say = Say::new("level_review.done").with("count", count);
                cx.notice(Tone::Good, say);
                self.read(cx);
            }
            Err(refusal) if mine => {
                self.reading = None;
                // What was posted before it stays; the list says who is left.
                if self.posting.take().is_some() {
                    self.read(cx);
                }
                return cx.refuse(refusal);
            }
            _ => {}
        }
        Step::Stay
    }
}

impl Screen for LevelReview {
    fn bindings(&self) -> &'static str {
        "level_review"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.table.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Opened | Input::Action(Action::Reload) => self.read(cx),
            Input::Reply(ticket, answer) => return self.answered(ticket, answer, cx),
            Input::Action(Action::Save) => {
                let count = self.table.rows().len();
                let question = Say::new("level_review.sure").with("count", count);
                return Step::push(Confirm::new(question).careful());
            }
            Input::Outcome(Outcome::Yes) => self.post(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = self.posting.is_none();
        match action {
            Action::Save => is_free && self.reading.is_none() && !self.table.rows().is_empty(),
            Action::Back | Action::Reload => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let shop = look.session.shop.as_ref();
        let day = shop.and_then(|shop| shop.level_review);
        let day = day.and_then(|day| day.last(look.session.today(look.now)));
        let title = look.text("level_review.title");
        let right = match day {
            Some(day) => Say::new("level_review.on").with("day", day),
            None => Say::new("level_review.off"),
        };
        paint::title(frame, area, title, Some(&look.say(&right)), look);
        let levels = shop.map_or(&[][..], |shop| &shop.levels);
        let name = |id: i32| {
            let known = levels.iter().find(|level| level.id == id);
            known.map_or("", |level| level.name.as_str())
        };
        let cells = |her: &Reviewed, _: &Look| {
            let who = match (her.name.as_str(), &her.phone) {
                ("", phone) => phone.clone().unwrap_or_default(),
                (name, Some(phone)) => format!("{name} {phone}"),
                (name, None) => name.to_owned(),
            };
            let to = downgrade(levels, her).map_or("", &name);
            vec![
                Cell::from(who),
                Cell::from(name(her.level_id)).role(Role::Dim),
                Cell::from(to),
                Cell::money(her.spend.max(her.spend_now)),
            ]
        };
        self.table.view(frame, paint::below(area, 2), look, cells);
    }
}
