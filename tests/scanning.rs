//! A scanner that plays a keyboard: whatever has the focus, a burst of keys is one scan.

use std::cell::RefCell;
use std::rc::Rc;

use chrono::TimeDelta;
use guitai::error::{Refusal, Result};
use guitai::event::What;
use guitai::query::{Backend, Query, Reply};
use guitai::ui::keymap::Action;
use guitai::ui::screen::{Cx, Input, Look, Screen, Step};
use guitai::ui::screens::confirm::Confirm;
use guitai::ui::screens::sign_in::SignIn;
use guitai::ui::widgets::field::{Field, Kind};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::support::console::{BETWEEN_KEYS, Console, parts};

/// Nobody answers.
#[derive(Debug, Clone, Copy)]
struct Silence;

impl Backend for Silence {
    async fn answer(&self, _query: Query) -> Result<Reply> {
        Err(Refusal::offline())
    }
}

/// A screen with one field that writes down what reaches it.
#[derive(Debug)]
struct Paper {
    field: Field,
    heard: Rc<RefCell<Vec<String>>>,
    /// Opens another one like itself in the middle of a burst.
    opens: bool,
}

impl Paper {
    fn new(heard: &Rc<RefCell<Vec<String>>>) -> Self {
        Self {
            field: Field::new(Kind::Any),
            heard: Rc::clone(heard),
            opens: false,
        }
    }
}

impl Screen for Paper {
    fn bindings(&self) -> &'static str {
        "confirm"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        let took = self.field.on(&input);
        match input {
            Input::Scan(scan) => self.heard.borrow_mut().push(format!("scan {}", scan.code)),
            Input::Action(action) if !took => {
                self.heard.borrow_mut().push(format!("{action:?}"));
            }
            Input::Opened if self.opens => {
                cx.ask(Query::Opening);
            }
            Input::Reply(..) => return Step::push(Self::new(&self.heard)),
            _ => {}
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        self.field.view(frame, area, true, look);
    }
}

fn paper() -> (Console<Silence>, Rc<RefCell<Vec<String>>>) {
    let heard = Rc::default();
    let console = Console::with(Silence, parts(), Paper::new(&heard));
    (console, heard)
}

fn field(console: &mut Console<Silence>) -> String {
    console.screen().lines().nth(2).unwrap().to_owned()
}

#[test]
fn a_burst_is_one_scan_and_leaves_nothing_in_the_field() {
    let (mut console, heard) = paper();
    console.keys("3*").wait(TimeDelta::seconds(1));
    console
        .burst("6901234567892<Enter>")
        .wait(TimeDelta::seconds(1));
    assert_eq!(*heard.borrow(), ["scan 6901234567892"]);
    assert_eq!(field(&mut console), "3*");
}

#[test]
fn a_code_without_a_terminator_ends_in_silence() {
    let (mut console, heard) = paper();
    console.burst("6901234567892");
    assert!(heard.borrow().is_empty());
    console.wait(TimeDelta::milliseconds(200));
    assert_eq!(*heard.borrow(), ["scan 6901234567892"]);
    assert_eq!(field(&mut console), "");
}

#[test]
fn a_scan_reaches_whatever_has_the_focus() {
    let mut console = Console::with(Silence, parts(), SignIn::new(None));
    let before = console.screen();
    console
        .burst("6901234567892<Enter>")
        .wait(TimeDelta::seconds(1));
    assert_eq!(console.screen(), before);
    console.keys("<Ctrl-q>");
    assert_ne!(console.screen(), before);
    console
        .burst("6901234567892<Enter>")
        .wait(TimeDelta::seconds(1));
    assert_eq!(console.screen(), before);
    assert!(!console.has_quit());
}

/// Asks something as soon as it opens, and writes down what it hears.
#[derive(Debug)]
struct Asking {
    heard: Rc<RefCell<Vec<String>>>,
}

impl Screen for Asking {
    fn bindings(&self) -> &'static str {
        "confirm"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        match input {
            Input::Opened => return Step::push(Confirm::new("counter.clear")),
            Input::Scan(scan) => self.heard.borrow_mut().push(format!("scan {}", scan.code)),
            Input::Outcome(outcome) => self.heard.borrow_mut().push(format!("{outcome:?}")),
            _ => {}
        }
        Step::Stay
    }

    fn view(&mut self, _frame: &mut Frame, _area: Rect, _look: &Look) {}
}

#[test]
fn a_scan_answers_a_question_with_no_and_goes_on() {
    let heard: Rc<RefCell<Vec<String>>> = Rc::default();
    let asking = Asking {
        heard: Rc::clone(&heard),
    };
    let mut console = Console::with(Silence, parts(), asking);
    console
        .burst("6901234567892<Enter>")
        .wait(TimeDelta::seconds(1));
    assert_eq!(*heard.borrow(), ["No", "scan 6901234567892"]);
}

#[tokio::test]
async fn a_screen_that_opens_in_the_middle_of_a_burst_forgets_it_too() {
    let heard = Rc::default();
    let mut first = Paper::new(&heard);
    first.opens = true;
    let mut console = Console::with(Silence, parts(), first);
    console.burst("690123");
    console.settle().await;
    console.burst("4567892<Enter>").wait(TimeDelta::seconds(1));
    assert_eq!(*heard.borrow(), ["scan 6901234567892"]);
    assert_eq!(field(&mut console), "");
}

#[test]
fn a_person_is_neither_delayed_nor_altered() {
    let (mut console, heard) = paper();
    for (typed, seen) in [("1", "1"), ("3", "13"), ("王", "13王"), ("<Left>", "13王")] {
        console.keys(typed);
        assert_eq!(field(&mut console), seen);
    }
    console.keys("<Enter>");
    assert_eq!(*heard.borrow(), [format!("{:?}", Action::Accept)]);
    // As fast as people get.
    console.press("13800138000<Enter>", TimeDelta::milliseconds(65));
    assert_eq!(field(&mut console), "1313800138000王");
    assert_eq!(heard.borrow().len(), 2);
    console.wait(BETWEEN_KEYS);
    assert_eq!(field(&mut console), "1313800138000王");
}

#[test]
fn a_flood_of_garbage_changes_nothing_and_says_so() {
    let (mut console, heard) = paper();
    console.keys("王").wait(TimeDelta::seconds(1));
    let mut flood = String::new();
    for round in 0..1_000 {
        flood.push_str("a0<F2><Esc><Tab><Ctrl-q>");
        flood.push(char::from(b' ' + u8::try_from(round % 90).unwrap()));
        flood.push_str("9<Enter><F5>");
    }
    assert!(flood.len() > 10_000);
    // Two of its characters together name no key.
    console.burst(&format!("xxxxxxx{}", flood.replace("<9", "9")));
    console.wait(TimeDelta::seconds(1));
    let heard = heard.borrow();
    assert!(heard.is_empty(), "{heard:?}");
    assert_eq!(field(&mut console), "王");
    assert!(console.screen().contains("没有录入任何内容"));
    assert!(!console.has_quit());
}

#[test]
fn a_pasted_file_is_one_line() {
    let (mut console, heard) = paper();
    console.event(What::Paste("x\r\n\u{1b}[2J".repeat(5_000)));
    assert_eq!(field(&mut console).len(), 64);
    assert!(heard.borrow().is_empty());
}
