//! Her cards and her own code: one that is lost opens nothing any more (MB5).

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::ledger::OperationKind;
use crate::domain::slip::{Facts, Kind as Slip};
use crate::domain::staff::Act;
use crate::error::Result;
use crate::query::{By, Credential, CredentialState, Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::enrol::member_code;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

use super::code::NewCode;

/// Columns inside the frame.
const COLUMNS: u16 = 44;
/// Cards shown at once.
const SHOWN: usize = 8;

/// The popup; pops nothing.
#[derive(Debug)]
pub struct Cards {
    member_id: i64,
    name: String,
    all: Option<Vec<Credential>>,
    place: usize,
    asked: Option<Ticket>,
    /// A new code on its way: known here until it is shown, and to nobody afterwards.
    code: Option<Code>,
    is_new: bool,
}

/// Never shown by `Debug`.
struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(****)")
    }
}

impl Cards {
    #[must_use]
    pub fn new(member_id: i64, name: &str) -> Self {
        Self {
            member_id,
            name: name.to_owned(),
            all: None,
            place: 0,
            asked: None,
            code: None,
            is_new: false,
        }
    }

    fn selected(&self) -> Option<&Credential> {
        self.all.as_ref()?.get(self.place)
    }

    fn select(&mut self, place: usize) {
        if self.all.as_ref().is_some_and(|all| place < all.len()) {
            self.place = place;
        }
    }

    /// Blocking asks once; freeing asks for the right to.
    fn accept(&mut self, cx: &mut Cx) -> Step {
        let Some(card) = self.selected() else {
            return Step::Stay;
        };
        let may = cx
            .session
            .limit()
            .is_some_and(|it| it.allows(Act::FreeCard));
        match card.state {
            CredentialState::Active => return Step::push(Confirm::new("card.block_ask").careful()),
            CredentialState::Blocked if may => self.set(false, None, cx),
            CredentialState::Blocked => {
                let why = Say::new("card.free_why").with("card", cx.say(&named(card)));
                return Step::push(Approve::new(why, Act::FreeCard));
            }
            CredentialState::Pending | CredentialState::Closed => {}
        }
        Step::Stay
    }

    fn set(&mut self, blocked: bool, approver_id: Option<i32>, cx: &mut Cx) {
        let Some(key) = self.selected().map(|card| card.key.clone()) else {
            return;
        };
        let by = By {
            staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
            till_id: cx.session.till_id(),
        };
        self.asked = Some(cx.ask(Query::SetCredential {
            member_id: self.member_id,
            key,
            blocked,
            by,
            approver_id,
        }));
    }

    /// MB5: her own code is made anew; the old one stays as it is, lost or in use.
    fn renew(&mut self, cx: &mut Cx) {
        let code = member_code(cx);
        self.asked = Some(cx.ask(Query::NewCode {
            member_id: self.member_id,
            code: code.clone(),
            by: cx.session.by(),
        }));
        self.code = Some(Code(code));
    }

    /// The new code on the screen, and on paper where the code of a new member is printed.
    fn hand_out(&self, code: &str, cx: &mut Cx) -> Step {
        if cx.session.printing.auto.contains(&OperationKind::Enrol) {
            let facts = Facts::new().one("member", &self.name).one("code", code);
            let facts = ["phone", "level", "points"]
                .into_iter()
                .fold(facts, |facts, name| facts.maybe(name, None::<String>));
            cx.print_facts(Slip::Welcome, "card.code_slip", facts);
        }
        Step::push(NewCode::new(code, &self.name))
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        self.asked = None;
        let code = self.code.take();
        match answer {
            Ok(Reply::Credentials(cards)) => {
                let key = self.selected().map(|card| card.key.clone());
                let place = cards
                    .iter()
                    .position(|card| Some(&card.key) == key.as_ref());
                self.place = place.unwrap_or(0);
                self.all = Some(cards);
                code.map_or(Step::Stay, |code| self.hand_out(&code.0, cx))
            }
            Ok(_) => Step::Stay,
            Err(refusal) => cx.refuse(refusal),
        }
    }
}

fn named(card: &Credential) -> Say {
    let key = if card.is_card {
        "card.plain"
    } else {
        "card.own"
    };
    Say::new(key).with("tail", &card.tail)
}

impl Screen for Cards {
    fn bindings(&self) -> &'static str {
        "cards"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {
                let member_id = self.member_id;
                self.asked = Some(cx.ask(Query::Credentials { member_id }));
            }
            Input::Reply(ticket, answer) if self.asked == Some(ticket) => {
                return self.answered(answer, cx);
            }
            Input::Outcome(Outcome::Yes) if self.is_new => {
                self.is_new = false;
                self.renew(cx);
            }
            Input::Outcome(Outcome::No) => self.is_new = false,
            Input::Outcome(Outcome::Yes) => self.set(true, None, cx),
            Input::Outcome(Outcome::Approved(staff)) => self.set(false, Some(staff.id), cx),
            Input::Action(Action::Up) => self.select(self.place.saturating_sub(1)),
            Input::Action(Action::Down) => self.select(self.place + 1),
            Input::Action(Action::Accept) => {
                self.is_new = false;
                return self.accept(cx);
            }
            Input::Action(Action::New) => {
                self.is_new = true;
                return Step::push(Confirm::new("card.code_ask"));
            }
            Input::Action(Action::Back) => return Step::Pop(None),
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let changes = |card: &Credential| {
            matches!(
                card.state,
                CredentialState::Active | CredentialState::Blocked
            )
        };
        match action {
            Action::Accept => self.asked.is_none() && self.selected().is_some_and(changes),
            Action::New => self.asked.is_none() && self.all.is_some(),
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let columns = COLUMNS.min(area.width.saturating_sub(4));
        let cards: &[Credential] = self.all.as_deref().unwrap_or_default();
        let below = match (&self.all, self.asked) {
            (_, Some(_)) => "card.lost_busy",
            (Some(cards), None) if cards.is_empty() => "card.no_cards",
            _ => "card.lost_how",
        };
        let below = width::wrap(look.text(below), columns.into());
        let rows = cards.len().min(SHOWN) + 1 + below.len();
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        let name = if self.name.is_empty() {
            look.text("counter.nameless")
        } else {
            &self.name
        };
        let title = look.say(&Say::new("card.lost_title").with("name", name));
        let inside = paint::popup(frame, area, (columns, rows), &title, look);
        let first = (self.place + 1).saturating_sub(SHOWN);
        let mut row = 0;
        for (place, card) in cards.iter().enumerate().skip(first).take(SHOWN) {
            let state = look.text(match card.state {
                CredentialState::Active => "card.is_active",
                CredentialState::Pending => "card.is_pending",
                CredentialState::Blocked => "card.is_blocked",
                CredentialState::Closed => "card.is_closed",
            });
            let room = usize::from(inside.width.saturating_sub(width::columns(state) + 2));
            let name = width::left(&format!(" {}", look.say(&named(card))), room);
            let text = width::left(&format!("{name} {state} "), inside.width.into());
            let role = match (place == self.place, card.state) {
                (true, _) => Role::Selected,
                (false, CredentialState::Blocked) => Role::Warn,
                (false, _) => Role::Text,
            };
            paint::line(frame, inside, row, &text, look.style(role));
            row += 1;
        }
        for (row, text) in (row + 1..).zip(&below) {
            paint::line(frame, inside, row, text, look.style(Role::Dim));
        }
    }

    fn is_popup(&self) -> bool {
        true
    }
}
