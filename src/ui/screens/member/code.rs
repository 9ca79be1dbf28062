//! A new code for somebody who is a member already: shown once, and printed like that of a new member (MB5).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::qr::Qr;
use crate::ui::width;

/// The popup; pops nothing.
pub struct NewCode {
    title: &'static str,
    how: &'static str,
    name: String,
    code: String,
    qr: Option<Qr>,
    /// Codes that come after this one, with their names, the last one first.
    others: Vec<(String, String)>,
}

/// Whoever knows it opens her account.
impl std::fmt::Debug for NewCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewCode")
    }
}

impl NewCode {
    #[must_use]
    pub fn new(code: &str, name: &str) -> Self {
        Self {
            title: "card.code_title",
            how: "card.code_how",
            name: name.to_owned(),
            code: code.to_owned(),
            qr: Qr::new(code),
            others: Vec::new(),
        }
    }

    /// The codes of gift cards, one after the other; none of none.
    #[must_use]
    pub fn gift_cards(mut codes: Vec<(String, String)>) -> Option<Self> {
        codes.reverse();
        let (code, name) = codes.pop()?;
        Some(Self {
            title: "gift_card.code_title",
            how: "gift_card.code_how",
            others: codes,
            ..Self::new(&code, &name)
        })
    }
}

impl Screen for NewCode {
    fn bindings(&self) -> &'static str {
        "new_code"
    }

    fn on(&mut self, input: Input, _: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Accept | Action::Back) => {
                let Some((code, name)) = self.others.pop() else {
                    return Step::Pop(None);
                };
                self.qr = Qr::new(&code);
                self.code = code;
                self.name = name;
                Step::Stay
            }
            _ => Step::Stay,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let (columns, rows) = self.qr.as_ref().map_or((0, 0), Qr::size);
        let wide = columns.max(38).min(area.width.saturating_sub(4));
        let words = width::wrap(look.text(self.how), wide.into());
        let most = area.height.saturating_sub(4);
        let above = u16::try_from(words.len()).unwrap_or(1);
        let size = (wide, (rows + above).min(most));
        let title = look.say(&Say::new(self.title).with("name", &self.name));
        let inside = paint::popup(frame, area, size, &title, look);
        let mut row = 0;
        for text in &words {
            paint::line(frame, inside, row, text, look.style(Role::Text));
            row += 1;
        }
        let place = paint::below(inside, row);
        let drawn = self
            .qr
            .as_ref()
            .is_some_and(|qr| qr.view(frame, place, look));
        if !drawn {
            let text = look.text("card.code_no_room");
            paint::line(frame, place, 0, text, look.style(Role::Warn));
            // Better typed than lost.
            paint::line(frame, place, 1, &self.code, look.style(Role::Text));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
