//! The whole UI framework: a stack of [`Screen`]s.
//!
//! The top one gets the input; a popup is a screen that draws over the one below. A screen is a
//! struct with what it shows and what it waits for. It does three things:
//!
//! 1. [`Screen::on`] receives one [`Input`], changes itself, asks the back end through
//!    [`Cx::ask`], and says with a [`Step`] where to go. It cannot wait, fail or read a clock.
//! 2. [`Screen::view`] draws itself with the words, colours and clock of [`Look`].
//! 3. [`Screen::bindings`] names its section of `assets/keymap.toml`, which also makes the footer
//!    and the help.
//!
//! # A screen to copy
//!
//! ```
//! use guitai::domain::money::Fen;
//! use guitai::query::{Query, Reply, Ticket};
//! use guitai::ui::keymap::Action;
//! use guitai::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
//! use guitai::ui::widgets::field::{Field, Kind};
//! use ratatui::{Frame, layout::Rect};
//!
//! #[derive(Debug)]
//! struct Amount {
//!     amount: Field,
//!     asked: Option<Ticket>,
//! }
//!
//! impl Screen for Amount {
//!     fn bindings(&self) -> &'static str {
//!         "amount" // [amount] in assets/keymap.toml
//!     }
//!
//!     fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
//!         if self.amount.on(&input) {
//!             return Step::Stay; // typing, pasting, a scanner's digits and their way back
//!         }
//!         match input {
//!             Input::Action(Action::Accept) => self.asked = Some(cx.ask(Query::Opening)),
//!             Input::Action(Action::Back) => return Step::Pop(None),
//!             Input::Reply(ticket, answer) if self.asked == Some(ticket) => match answer {
//!                 Ok(_) => return Step::Pop(self.amount.amount().map(Outcome::Amount)),
//!                 Err(refusal) => return cx.refuse(refusal),
//!             },
//!             _ => {}
//!         }
//!         Step::Stay
//!     }
//!
//!     fn can(&self, action: Action) -> bool {
//!         action != Action::Accept || self.asked.is_none()
//!     }
//!
//!     fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
//!         self.amount.view(frame, area, true, look);
//!     }
//! }
//! ```
//!
//! # To add one
//!
//! `ui/screens/<noun>.rs`; its section in `assets/keymap.toml` (new actions in `ui::keymap`); its
//! words in `assets/text/<noun>.toml` (listed in `ui::text::FILES`); two pages of help (listed in
//! `ui::screens::help::PAGES`). `tests/architecture.rs` names whatever is missing.
//!
//! Widgets: `Field` (one line), `Form` (labelled fields), `Table` (rows), `Tiles` (a choice),
//! `money` (amounts), `Confirm` and [`Cx::refuse`] (popups), [`Cx::notice`] (a passing line).
//! `ui::paint` puts text into an area, `ui::width` measures it; nothing else does.
//!
//! # The contract
//!
//! - **Characters never execute.** They edit a field or move a selection; everything else is a key
//!   of the keymap. Only a lone digit in a numbered menu and y or n in a question act, after a silence
//!   that no scanner leaves ([`crate::ui::single`]). A keyboard scanner types faster than the console can know it is a scanner:
//!   before a possible burst comes [`Input::Mark`], and if it was a scan, [`Input::Rollback`] and
//!   then [`Input::Scan`]. `Field` and `Tiles` take their state back; hand them every input.
//! - A step of a screen that is not the top one closes what it had opened above itself, but never
//!   the lock or the help.
//! - **Replies may be late.** Keep the [`Ticket`] of the last question and compare. A reply whose
//!   screen has gone is dropped before it reaches anyone.
//! - **Esc goes back one step** and never discards work silently: push a `Confirm`.
//! - A popup answers with `Step::Pop(Some(outcome))`; the screen below gets it as
//!   [`Input::Outcome`].
//! - `view` may change only scroll offsets.

use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use uuid::Uuid;

use crate::domain::gear::Wish;
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::price::CartLine;
use crate::domain::print::{Order, Shown};
use crate::domain::product::Product;
use crate::domain::receipt::Receipt;
use crate::domain::scan::Scan;
use crate::domain::staff::Staff;
use crate::error::{Refusal, Result};
use crate::ids::Ids;
use crate::query::{Cart, Noun, Query, Reply, Ticket};
use crate::session::Session;
use crate::ui::keymap::{Action, Keymap};
use crate::ui::screens::message::Message;
use crate::ui::text::{Lang, Say, Text};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::notice::{Notice, Tone};

/// How long a notice stays.
const NOTICE_SECONDS: i64 = 6;

/// Below this many columns a screen draws its narrow form (a manager's phone has 45).
pub const NARROW_BELOW: u16 = 60;

/// One thing the console shows and takes input for.
pub trait Screen: Debug {
    /// Its section of `assets/keymap.toml`; also names its help files.
    fn bindings(&self) -> &'static str;

    /// Takes one input and says where to go.
    fn on(&mut self, input: Input, cx: &mut Cx) -> Step;

    /// Whether an action makes sense now: greys footer and help, and is enforced.
    fn can(&self, _action: Action) -> bool {
        true
    }

    /// Whether an action exists here at all: what does not is in no footer.
    fn has(&self, _action: Action) -> bool {
        true
    }

    /// Why an action makes no sense now, where that is not plain to see: said when its key is pressed.
    fn why_not(&self, _action: Action) -> Option<Say> {
        None
    }

    /// Draws itself. May change only its scroll offsets.
    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look);

    /// Whether the screen below stays visible around this one.
    fn is_popup(&self) -> bool {
        false
    }

    /// When it wants an [`Input::Tick`].
    fn deadline(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// What a screen can receive.
#[derive(Debug, Clone)]
pub enum Input {
    /// It was just put on the stack: ask the first question.
    Opened,
    /// A key of the keymap, allowed by [`Screen::can`].
    Action(Action),
    /// A character.
    Text(char),
    /// A bracketed paste. May hold anything, line ends included.
    Paste(String),
    /// A scanner may have begun to type: remember what a character can change.
    Mark,
    /// It was a scanner: forget what was typed since the last [`Input::Mark`].
    Rollback,
    /// A code, whole.
    Scan(Scan),
    /// The answer to [`Cx::ask`].
    Reply(Ticket, Result<Reply>),
    /// What the screen that was above decided.
    Outcome(Outcome),
    /// Somebody else changed the database: ask again for what is visible, and leave alone what is being
    /// typed. Every screen gets it; the session has the new shop already.
    Changed(Noun),
    /// The session knows something new of the devices. Every screen gets it.
    Devices,
    /// Its [`Screen::deadline`] has come.
    Tick,
}

/// Where to go after an input.
#[derive(Debug)]
pub enum Step {
    Stay,
    /// On top of this one.
    Push(Box<dyn Screen>),
    /// In place of this one.
    Replace(Box<dyn Screen>),
    /// Back to the one below, perhaps with an answer for it.
    Pop(Option<Outcome>),
    /// The same, and the code somebody scanned goes on to the one below.
    PassOn(Option<Outcome>, Scan),
    /// Back to the lowest screen, which gets [`Input::Opened`] again.
    Home,
    /// Lock the till: whoever signs in next goes on, or takes over.
    Lock,
    /// End the program.
    Quit,
}

impl Step {
    /// [`Step::Push`] without the box.
    #[must_use]
    pub fn push(screen: impl Screen + 'static) -> Self {
        Self::Push(Box::new(screen))
    }

    /// [`Step::Replace`] without the box.
    #[must_use]
    pub fn replace(screen: impl Screen + 'static) -> Self {
        Self::Replace(Box::new(screen))
    }
}

/// What a popup hands to the screen below it. Add a variant when none fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Yes,
    No,
    /// The place of a choice in the list the popup was given.
    Chosen(usize),
    Text(String),
    Amount(Fen),
    Id(Uuid),
    /// Money moved, or a receipt was chosen.
    Receipt(Box<Receipt>),
    /// A member as she is now.
    Member(Box<Member>),
    /// Somebody with the right to approve, by her PIN.
    Approved(Staff),
    /// The shop's rules make another price of the sale by now: the total that is due.
    Repriced(String),
    /// A code that is somebody else's business: a coupon's, at the payment.
    Code(String),
    /// A coupon, or an order, of the sale counts no more: the hint, and its name where that is known.
    Gone(&'static str, String),
    /// A sale taken up again.
    Cart(Box<Cart>),
    Product(Product),
    Line(CartLine),
    /// An order of hers that is fetched now (SV6).
    Order(Box<Member>, Uuid),
    /// Somebody whose PIN was just checked.
    SignedIn(Staff),
    /// What was edited shall go.
    Removed,
}

/// What a screen may reach while it takes an input.
#[derive(Debug)]
pub struct Cx<'a> {
    /// Who is signed in, which till, which shift.
    pub session: &'a mut Session,
    pub lang: Lang,
    pub(crate) now: DateTime<Utc>,
    pub(crate) texts: &'a Text,
    pub(crate) ids: &'a mut Ids,
    pub(crate) outbox: &'a mut Outbox,
}

/// What screens have asked for and the application has yet to do.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub last_ticket: u64,
    pub asked: Vec<(Ticket, Query)>,
    pub wishes: Vec<Wish>,
    pub orders: Vec<Order>,
    pub shown: Option<Shown>,
    pub notice: Option<Notice>,
    /// The last question asked in the event of the notice.
    pub notice_ticket: u64,
}

impl Outbox {
    pub fn notify(&mut self, tone: Tone, say: Say, now: DateTime<Utc>) {
        let until = now + TimeDelta::seconds(NOTICE_SECONDS);
        self.notice = Some(Notice { say, tone, until });
        self.notice_ticket = self.last_ticket;
    }

    /// Drops a complaint that is older than this event: what came since made it untrue.
    pub fn drop_older(&mut self, now: DateTime<Utc>) {
        if !self.is_fresh(now) {
            self.notice
                .take_if(|notice| matches!(notice.tone, Tone::Warn | Tone::Bad));
        }
    }

    /// Whether the notice was made in this event.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        let until = now + TimeDelta::seconds(NOTICE_SECONDS);
        self.notice
            .as_ref()
            .is_some_and(|notice| notice.until >= until)
    }
}

impl Cx<'_> {
    /// The time of the event: the only clock.
    #[must_use]
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Asks the back end; the answer comes as [`Input::Reply`] with this ticket.
    pub fn ask(&mut self, query: Query) -> Ticket {
        self.outbox.last_ticket += 1;
        let ticket = Ticket(self.outbox.last_ticket);
        self.outbox.asked.push((ticket, query));
        ticket
    }

    /// Asks something of the devices; the session learns what comes of it.
    pub fn wish(&mut self, wish: Wish) {
        self.outbox.wishes.push(wish);
    }

    /// A new id (`UUIDv7`), for example the idempotency key of a payment (LG2).
    pub fn new_id(&mut self) -> Uuid {
        self.ids.next(self.now)
    }

    /// One line that goes away by itself: what happened and what to do next.
    pub fn notice(&mut self, tone: Tone, say: impl Into<Say>) {
        self.outbox.notify(tone, say.into(), self.now);
    }

    /// Shows a refusal as a popup.
    #[must_use]
    pub fn refuse(&self, refusal: Refusal) -> Step {
        Step::push(Message::new(refusal))
    }

    /// A text in the language of the screen. Prefer to keep a [`Say`] and draw it in `view`:
    /// the language may change.
    #[must_use]
    pub fn text<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(self.lang, key)
    }

    /// [`Cx::text`] with its places filled: for what becomes a value, such as a proposed name.
    #[must_use]
    pub fn say(&self, say: &Say) -> String {
        self.texts.say(self.lang, say)
    }
}

/// What a screen draws with.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    pub theme: &'a Theme,
    pub texts: &'a Text,
    pub keymap: &'a Keymap,
    pub session: &'a Session,
    pub lang: Lang,
    /// The time of the last event.
    pub now: DateTime<Utc>,
    /// Whether this screen is the top one: only that one shows a caret.
    pub active: bool,
}

impl<'a> Look<'a> {
    /// A text in the language of the screen.
    #[must_use]
    pub fn text(&self, key: &'a str) -> &'a str {
        self.texts.get(self.lang, key)
    }

    /// A text with its places filled.
    #[must_use]
    pub fn say(&self, say: &Say) -> String {
        self.texts.say(self.lang, say)
    }

    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

/// Whether `area` wants the narrow form.
#[must_use]
pub const fn is_narrow(area: Rect) -> bool {
    area.width < NARROW_BELOW
}
