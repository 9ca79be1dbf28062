//! What every screen shares: signing in, refusals, help, languages, notices, locking, leaving.

use std::cell::RefCell;

use chrono::TimeDelta;
use guitai::domain::money::Fen;
use guitai::domain::scan::{Device, Scan};
use guitai::domain::shift::Shift;
use guitai::error::{Refusal, Result};
use guitai::event::What;
use guitai::query::{Backend, Opening, Query, Reply, Ticket};
use guitai::session::{Connection, ScannerSign};
use guitai::ui::keymap::Action;
use guitai::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use guitai::ui::screens::confirm::Confirm;
use guitai::ui::screens::sign_in::SignIn;
use guitai::ui::text::Say;
use guitai::ui::widgets::field::{Field, Kind};
use guitai::ui::widgets::notice::Tone;
use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::office;
use crate::support::shop::{cashier, opening};

/// Knows 李敏, 101 with the PIN 2468; remembers what it was asked.
#[derive(Debug, Default)]
struct Shop {
    asked: RefCell<Vec<String>>,
}

impl Backend for &Shop {
    async fn answer(&self, query: Query) -> Result<Reply> {
        self.asked.borrow_mut().push(format!("{query:?}"));
        match query {
            Query::SignIn { number, pin } if number == "101" && pin.0 == "2468" => {
                Ok(Reply::SignedIn(cashier()))
            }
            Query::Opening => Ok(Reply::Opening(Box::new(Opening {
                shift: Some(office::shift()),
                ..opening()
            }))),
            _ => Err(Refusal::offline()),
        }
    }
}

/// A screen with one field that records what reached it.
#[derive(Debug)]
struct Desk {
    field: Field,
    heard: String,
    first: Option<Ticket>,
    leaving: Option<Ticket>,
}

impl Desk {
    fn new() -> Self {
        Self {
            field: Field::new(Kind::Any),
            heard: String::new(),
            first: None,
            leaving: None,
        }
    }
}

impl Screen for Desk {
    fn bindings(&self) -> &'static str {
        "confirm"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if self.field.on(&input) {
            return Step::Stay;
        }
        match input {
            Input::Scan(scan) => self.heard = scan.code,
            Input::Outcome(Outcome::Yes) => cx.notice(Tone::Good, "confirm.yes"),
            Input::Action(Action::Accept) => {
                let question = Say::new("sign_in.title");
                return Step::push(Confirm::new(question));
            }
            Input::Action(Action::Down) => {
                self.first = Some(cx.ask(Query::Opening));
                self.first = Some(cx.ask(Query::Opening));
            }
            Input::Action(Action::Up) => self.leaving = Some(cx.ask(Query::Opening)),
            Input::Reply(ticket, Ok(_)) if self.leaving == Some(ticket) => {
                return Step::Pop(None);
            }
            Input::Reply(ticket, Ok(_)) if self.first == Some(ticket) => {
                self.heard.push_str("answer");
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Back
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        self.field.view(frame, area, true, look);
        let below = guitai::ui::paint::below(area, 1);
        guitai::ui::paint::line(frame, below, 0, &self.heard, ratatui::style::Style::new());
    }
}

fn desk(shop: &Shop) -> Console<&Shop> {
    Console::with(shop, parts(), Desk::new())
}

#[tokio::test]
async fn signing_in() {
    let shop = Shop::default();
    let mut console = Console::open(&shop);
    insta::assert_snapshot!("sign_in", console.screen());
    console.keys("101<Enter>2468<Enter>").settle().await;
    assert_eq!(console.session().staff.as_ref().unwrap().name, "李敏");
    let asked = shop.asked.borrow().join("");
    assert!(asked.contains("Pin(****)") && !asked.contains("2468"));
}

#[tokio::test]
async fn a_refused_sign_in_says_why_and_forgets_the_pin() {
    let shop = Shop::default();
    let mut console = Console::open(&shop);
    console.keys("101<Enter>1111<Enter>").settle().await;
    assert_eq!(console.session().connection, Connection::Offline);
    insta::assert_snapshot!("refused", console.screen());
    console.keys("<Esc>2468<Enter>").settle().await;
    assert_eq!(console.session().connection, Connection::Online);
    assert!(console.session().staff.is_some());
}

/// A popup asks one thing: its keys come first.
#[tokio::test]
async fn help_over_a_question_begins_with_its_keys() {
    let shop = Shop::default();
    let mut console = Console::open(&shop);
    console.keys("101<Enter>1111<Enter>").settle().await;
    let screen = console.keys("<F1>").screen();
    let row = |text: &str| {
        let rows = screen.lines();
        let mut found = rows.enumerate().filter(|(_, line)| line.contains(text));
        found.next().unwrap_or_else(|| panic!("{text}: {screen}")).0
    };
    assert!(row("│ 提示") < row("│ Enter  "), "{screen}");
    assert!(row("│ Enter  ") < row("说明发生了什么"), "{screen}");
    assert!(row("说明发生了什么") < row("其他按键"), "{screen}");
}

#[tokio::test]
async fn help_in_the_other_language() {
    let shop = Shop::default();
    let mut console = Console::open(&shop);
    insta::assert_snapshot!("help_en", console.keys("<F12><F1>").screen());
    insta::assert_snapshot!("help_zh_45", console.keys("<F12>").size(45, 30).screen());
    assert_eq!(
        console.keys("<F1>").size(120, 40).screen().lines().count(),
        40
    );
}

#[tokio::test]
async fn a_small_terminal_says_so() {
    let shop = Shop::default();
    let mut console = Console::open(&shop);
    let screen = console.size(20, 5).screen();
    assert_eq!(screen.trim(), "窗口太小,至少 40 x\n12");
    console.size(1, 1).screen();
}

#[tokio::test]
async fn the_header_tells_who_where_and_how() {
    let shop = Shop::default();
    let mut parts = parts();
    parts.session.staff = Some(cashier());
    parts.session.shift = Some(Shift {
        id: Uuid::from_u128(1),
        till_id: 1,
        cashier_id: 101,
        cashier: cashier().name,
        business_on: parts.session.today(morning()),
        opened_at: morning() - TimeDelta::minutes(90),
        opening_float: Fen::ZERO,
    });
    let mut console = Console::with(&shop, parts, Desk::new());
    console.event(What::Scanner(ScannerSign::Ready));
    let unknown = Connection::Unknown {
        code: "7F3A".to_owned(),
    };
    console.event(What::Connection(unknown));
    let wide = console.screen().lines().next().unwrap().to_owned();
    assert_eq!(
        wide,
        " 云裳理发 一号台  李敏 09:02 开班                     [扫] [待确认 7F3A]  10:32"
    );
    let narrow = console.size(45, 30).screen();
    assert_eq!(
        narrow.lines().next().unwrap(),
        " 云裳理发 一号台  李..  [待确认 7F3A]  10:32"
    );
}

/// Online, slow, offline and unknown, in both languages; what nobody knows is not covered by anything else.
#[tokio::test]
async fn the_header_knows_four_states_of_the_link() {
    let shop = Shop::default();
    let mut console = desk(&shop);
    let unknown = || Connection::Unknown {
        code: "7F3A".to_owned(),
    };
    for (state, zh, en) in [
        (Connection::Online, "[在线]", "[online]"),
        (Connection::Slow, "[网络慢]", "[slow]"),
        (Connection::Offline, "[离线]", "[offline]"),
        (unknown(), "[待确认 7F3A]", "[checking 7F3A]"),
    ] {
        console.event(What::Connection(state));
        assert!(header(&mut console).contains(zh));
        assert!(header(console.keys("<F12>")).contains(en));
        console.keys("<F12>");
    }
    let no_answer = || What::Reply(Ticket(99), Err(Refusal::offline()));
    assert!(header(console.event(no_answer())).contains("[待确认 7F3A]"));
    let answer = || What::Reply(Ticket(99), Ok(Reply::Kept));
    assert!(header(console.event(answer())).contains("[待确认 7F3A]"));
    console.event(What::Connection(Connection::Online));
    assert!(header(console.event(no_answer())).contains("[离线]"));
    assert!(header(console.event(answer())).contains("[在线]"));
}

fn header(console: &mut Console<&Shop>) -> String {
    console.screen().lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn a_question_hands_its_answer_down_and_a_notice_goes_away() {
    let shop = Shop::default();
    let mut console = desk(&shop);
    insta::assert_snapshot!("confirm", console.keys("<Enter>").screen());
    console.keys("<Enter>");
    assert!(console.screen().contains(" + 是 "));
    console.wait(TimeDelta::seconds(7));
    assert!(!console.screen().contains(" + 是 "));
    console.keys("<Enter><Right><Enter>");
    assert!(!console.screen().contains(" + 是 "));
}

#[tokio::test]
async fn only_the_last_question_counts_and_none_after_leaving() {
    let shop = Shop::default();
    let mut console = desk(&shop);
    console.keys("<Down>").settle().await;
    assert_eq!(console.screen().matches("answer").count(), 1);
    console.event(What::Reply(
        Ticket(99),
        Ok(Reply::Opening(Box::new(opening()))),
    ));
    assert_eq!(console.screen().matches("answer").count(), 1);
}

#[tokio::test]
async fn scans_and_pastes_reach_the_screen() {
    let shop = Shop::default();
    let mut console = desk(&shop);
    let scan = Scan::read("6901234567892", Device::Terminal, 0).unwrap();
    console.event(What::Scan(scan));
    console.event(What::Paste("王晓明\n\u{1b}[31m".to_owned()));
    let screen = console.screen();
    assert!(
        screen.contains("\n王晓明 [31m\n6901234567892\n"),
        "{screen}"
    );
}

#[tokio::test]
async fn what_a_screen_cannot_do_is_not_done() {
    let shop = Shop::default();
    let mut console = desk(&shop);
    let before = console.screen();
    assert_eq!(before, console.keys("<Esc>").screen());
}

#[tokio::test]
async fn leaving_is_asked_first() {
    let shop = Shop::default();
    let mut console = Console::open(&shop);
    console.keys("<Ctrl-q><Ctrl-q><F1><Esc>");
    assert!(!console.has_quit());
    assert!(!console.screen().contains("退出柜台?"));
    console.keys("<Ctrl-q><Enter>");
    assert!(console.has_quit());
    let mut console = Console::open(&shop);
    assert!(console.event(What::Hangup).has_quit());
}

#[tokio::test]
async fn a_till_left_alone_locks_and_opens_where_it_was() {
    let shop = Shop::default();
    let first = SignIn::new(Some(|| Box::new(Desk::new())));
    let mut console = Console::with(&shop, parts(), first);
    console.keys("101<Enter>2468<Enter>").settle().await;
    console.keys("half a word");
    console.wait(TimeDelta::minutes(11));
    let locked = console.screen();
    assert!(locked.contains("已锁定") && !locked.contains("half"));
    console.keys("2468<Enter>").settle().await;
    assert!(console.screen().contains("half a word"));
}

#[tokio::test]
async fn a_late_answer_does_not_unlock() {
    let shop = Shop::default();
    let first = SignIn::new(Some(|| Box::new(Desk::new())));
    let mut console = Console::with(&shop, parts(), first);
    console.keys("101<Enter>2468<Enter>").settle().await;
    console.keys("<Up>").wait(TimeDelta::minutes(11));
    console.settle().await;
    assert!(console.screen().contains("已锁定"));
    console.keys("2468<Enter>").settle().await;
    let screen = console.screen();
    assert!(
        screen.contains("登录") && !screen.contains("已锁定"),
        "{screen}"
    );
}

#[tokio::test]
async fn another_person_takes_a_locked_till_after_a_question() {
    let shop = Shop::default();
    let first = SignIn::new(Some(|| Box::new(Desk::new())));
    let mut console = Console::with(&shop, parts(), first);
    console.keys("101<Enter>2468<Enter>").settle().await;
    console.keys("half").wait(TimeDelta::minutes(11));
    console.keys("<Esc>");
    assert!(console.screen().contains("让 李敏 退出?"));
    console.keys("<Enter>");
    assert!(console.screen().contains("已锁定"));
    console.keys("<Esc><Left><Enter>").settle().await;
    assert!(console.session().staff.is_none());
    console.keys("101<Enter>2468<Enter>").settle().await;
    assert!(!console.screen().contains("half"));
}

#[tokio::test]
async fn a_machine_that_slept_wakes_up_locked() {
    let shop = Shop::default();
    let first = SignIn::new(Some(|| Box::new(Desk::new())));
    let mut console = Console::with(&shop, parts(), first);
    console.keys("101<Enter>2468<Enter>").settle().await;
    console.sleep(TimeDelta::hours(9)).keys("x");
    assert!(console.screen().contains("已锁定"));
}

/// The demo shop tells a newcomer how to get in, also after somebody signed out.
#[tokio::test]
async fn the_demo_says_how_to_get_in() {
    let shop = Shop::default();
    let mut console = Console::with(&shop, parts(), SignIn::new(None).hinting("sign_in.demo"));
    console.settle().await;
    assert!(console.screen().contains("135790"));
    let mut own = Console::open(&shop);
    own.settle().await;
    assert!(!own.screen().contains("135790"));
}
