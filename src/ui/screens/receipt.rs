//! A receipt as it goes on paper, to be read, and kept as a file.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::slip;
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::screens::why::Why;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;

/// Shows a document; scrolls.
#[derive(Debug)]
pub struct Receipt {
    document: Box<crate::domain::receipt::Receipt>,
    copy: bool,
    /// Printed from this screen.
    printed: bool,
    offset: usize,
    page: usize,
    asked: Option<Ticket>,
}

impl Receipt {
    /// The receipt of what was just done.
    #[must_use]
    pub const fn new(document: Box<crate::domain::receipt::Receipt>) -> Self {
        Self {
            document,
            copy: false,
            printed: false,
            offset: 0,
            page: 1,
            asked: None,
        }
    }

    /// A receipt that is shown again: it says so.
    #[must_use]
    pub const fn again(document: Box<crate::domain::receipt::Receipt>) -> Self {
        let mut screen = Self::new(document);
        screen.copy = true;
        screen
    }

    fn export(&mut self, cx: &mut Cx) {
        let (lines, columns) = cx.slip(&self.document, self.copy);
        let day = self.document.business_on;
        let query = Query::Export {
            name: format!("{day}-{:06}.txt", self.document.seq),
            text: slip::text(&lines, columns),
        };
        self.asked = Some(cx.ask(query));
    }

    /// One on demand: that of what was just done and not printed yet, or a copy of it.
    fn print(&mut self, cx: &mut Cx) {
        let auto = &cx.session.printing.auto;
        let was_printed = self.printed || self.copy || auto.contains(&self.document.kind);
        cx.print(&self.document, was_printed, 1);
        self.printed = true;
        cx.notice(Tone::Good, "receipt.printing");
    }
}

impl Screen for Receipt {
    fn bindings(&self) -> &'static str {
        "receipt"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Accept | Action::Back) => return Step::Pop(None),
            Input::Action(Action::Export) => self.export(cx),
            Input::Action(Action::Why) => {
                let document = &self.document.document;
                let why = Why::new(self.document.lines.clone());
                let why = why.points(document.points_paid, document.points_value);
                return Step::push(why.earns(document.shares.clone()));
            }
            Input::Action(Action::Print) if cx.session.printing.is_there => self.print(cx),
            Input::Action(Action::Print) => cx.notice(Tone::Warn, "receipt.no_printer"),
            Input::Action(Action::Up) => self.offset = self.offset.saturating_sub(1),
            Input::Action(Action::Down) => self.offset += 1,
            Input::Action(Action::PageUp) => self.offset = self.offset.saturating_sub(self.page),
            Input::Action(Action::PageDown) => self.offset += self.page,
            Input::Action(Action::Home) => self.offset = 0,
            Input::Action(Action::End) => self.offset = usize::MAX,
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                match answer {
                    Ok(Reply::Exported(path)) => {
                        cx.notice(Tone::Good, Say::new("receipt.exported").with("path", path));
                    }
                    Ok(_) => {}
                    Err(refusal) => return cx.refuse(refusal),
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Export => self.asked.is_none(),
            Action::Why => !self.document.lines.is_empty(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let room = usize::from(area.width.saturating_sub(2));
        let (lines, columns) = look.slip(&self.document, self.copy, room);
        let shown = lines
            .iter()
            .map(|line| (line.shown(columns), line.is_strong()));
        let lines: Vec<_> = shown.collect();
        let columns = u16::try_from(columns).unwrap_or(area.width);
        let middle = paint::inset(area, area.width.saturating_sub(columns) / 2, 0);
        self.page = usize::from(area.height).max(1);
        self.offset = self.offset.min(lines.len().saturating_sub(self.page));
        for (row, (text, strong)) in (0..area.height).zip(lines.iter().skip(self.offset)) {
            let role = if *strong { Role::Title } else { Role::Text };
            paint::line(frame, middle, row, text, look.style(role));
        }
        let below = lines.len().saturating_sub(self.offset + self.page);
        if below > 0 {
            let text = look.say(&Say::new("receipt.more").with("lines", below));
            let last = area.height.saturating_sub(1);
            paint::line_right(frame, area, last, &text, look.style(Role::Dim));
        }
    }
}
