//! One thing edited in a form and saved: goods, staff, levels, top-up rules, terms.

use std::fmt::Debug;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::error::Result;
use crate::query::{Query, Reply, Ticket};
use crate::session::Session;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::confirm::Confirm;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::form::{Did, Form};
use crate::ui::widgets::notice::Tone;
use crate::ui::width;

/// What is edited.
pub trait Subject: Debug {
    /// Its section of `assets/keymap.toml`.
    fn bindings(&self) -> &'static str;

    /// Above the form.
    fn title(&self) -> Say;

    /// One line below the title, when there is something to know before editing.
    fn about(&self) -> Option<&'static str> {
        None
    }

    /// The form, filled with what is there.
    fn form(&self, session: &Session) -> Form;

    /// The place of a field whose text is longer than a line; it is shown whole while typing goes there.
    fn long(&self) -> Option<usize> {
        None
    }

    /// After every edit: what the entries come to, said beside them.
    fn edited(&mut self, _form: &mut Form) {}

    /// A scanned code; any other is for nothing here.
    fn scanned(&mut self, _code: &str, _form: &mut Form) {}

    /// The screen that shows what it would have done; none after saying in the form what is wrong.
    fn tried(&mut self, _form: &mut Form) -> Option<Box<dyn Screen>> {
        None
    }

    /// The question that saves it; none after saying in the form what is wrong.
    fn save(&mut self, form: &mut Form, editor: i32, cx: &Cx) -> Option<Query>;
}

/// The screen around it; pops `Outcome::Yes` when it was saved.
#[derive(Debug)]
pub struct Edit {
    subject: Box<dyn Subject>,
    form: Form,
    asked: Option<Ticket>,
    /// Lines of the long text that are scrolled away, and lines of it that are seen.
    offset: usize,
    page: usize,
}

impl Edit {
    #[must_use]
    pub fn new(subject: impl Subject + 'static, session: &Session) -> Self {
        let mut subject = subject;
        let mut form = subject.form(session);
        subject.edited(&mut form);
        Self {
            subject: Box::new(subject),
            form,
            asked: None,
            offset: 0,
            page: 1,
        }
    }

    /// The page keys scroll the long text while typing goes there. Returns whether they did.
    fn scrolls(&mut self, input: &Input) -> bool {
        if self.subject.long() != Some(self.form.focus()) {
            return false;
        }
        match input {
            Input::Action(Action::PageDown) => self.offset += self.page,
            Input::Action(Action::PageUp) => self.offset = self.offset.saturating_sub(self.page),
            _ => return false,
        }
        true
    }

    /// The long text over the foot of `area`, while typing goes there. Gives the rows it took.
    fn view_long(&mut self, frame: &mut Frame, area: Rect, look: &Look) -> u16 {
        let place = self.subject.long().filter(|at| *at == self.form.focus());
        let Some(text) = place.map(|place| self.form.value(place)) else {
            return 0;
        };
        let lines = width::wrap(text, area.width.into());
        let most = area.height / 2;
        let rows = u16::try_from(lines.len()).unwrap_or(most).min(most);
        if lines.len() < 2 || rows == 0 {
            return 0;
        }
        let foot = paint::below(area, area.height - rows);
        self.page = usize::from(rows).saturating_sub(1).max(1);
        let cut = lines.len() > usize::from(rows);
        let seen = if cut { self.page } else { lines.len() };
        self.offset = self.offset.min(lines.len().saturating_sub(seen));
        for (row, line) in (0..).zip(lines.iter().skip(self.offset).take(seen)) {
            paint::line(frame, foot, row, line, look.style(Role::Text));
        }
        if cut {
            let below = lines.len() - self.offset - seen;
            let say = if below > 0 {
                Say::new("manage.more_lines").with("lines", below)
            } else {
                Say::new("manage.all_lines")
            };
            paint::line_right(
                frame,
                foot,
                rows - 1,
                &look.say(&say),
                look.style(Role::Dim),
            );
        }
        rows + 1
    }

    fn save(&mut self, cx: &mut Cx) {
        let editor = cx.session.staff.as_ref().map_or(0, |staff| staff.id);
        if let Some(query) = self.subject.save(&mut self.form, editor, cx) {
            self.asked = Some(cx.ask(query));
        }
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        match answer {
            Ok(reply) => {
                if let Reply::Saved(shop) = reply {
                    cx.session.renew(*shop);
                }
                cx.notice(Tone::Good, "manage.saved");
                Step::Pop(Some(Outcome::Yes))
            }
            // What was typed stays in the form.
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

impl Screen for Edit {
    fn bindings(&self) -> &'static str {
        self.subject.bindings()
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            _ if self.asked.is_some() && !matches!(input, Input::Mark | Input::Rollback) => {}
            Input::Action(Action::Back) if self.form.is_dirty() => {
                return Step::push(Confirm::new("manage.discard").careful());
            }
            Input::Action(Action::Back) | Input::Outcome(Outcome::Yes) => return Step::Pop(None),
            Input::Scan(scan) => {
                self.subject.scanned(&scan.code, &mut self.form);
                self.subject.edited(&mut self.form);
            }
            Input::Action(Action::Try) => {
                if let Some(screen) = self.subject.tried(&mut self.form) {
                    return Step::Push(screen);
                }
            }
            _ if self.scrolls(&input) => {}
            _ => match self.form.on(&input) {
                Did::Save => self.save(cx),
                Did::Edited => self.subject.edited(&mut self.form),
                Did::Nothing => {}
            },
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        self.asked.is_none() || !matches!(action, Action::Accept | Action::Save | Action::Back)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let title = look.say(&self.subject.title());
        let state = self.asked.map(|_| look.text("manage.saving"));
        paint::title(frame, area, &title, state, look);
        let mut row = 1;
        let about = self.subject.about().map_or("", |key| look.text(key));
        for text in width::wrap(about, area.width.into()) {
            paint::line(frame, area, row, &text, look.style(Role::Dim));
            row += 1;
        }
        let rest = paint::below(area, row + 1);
        let long = self.view_long(frame, rest, look);
        let form = Rect {
            height: rest.height.saturating_sub(long),
            ..rest
        };
        self.form.view(frame, form, look);
    }
}
