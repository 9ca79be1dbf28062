//! The devices screen and teaching a scanner, driven by keys.

use guitai::domain::gear::{Gear, GearKind, GearState, Learning, Wish};
use guitai::domain::scan::{Device, Scan};
use guitai::error::{Refusal, Result};
use guitai::event::What;
use guitai::query::{Backend, Query, Reply};
use guitai::ui::screens::devices::Devices;
use ratatui::buffer::Buffer;

use crate::support::console::{Console, parts};

/// Nobody behind the counter: the devices need none.
struct Nobody;

impl Backend for Nobody {
    async fn answer(&self, _query: Query) -> Result<Reply> {
        Err(Refusal::offline())
    }
}

fn gear(name: &str, kind: GearKind, state: GearState) -> Gear {
    Gear {
        id: format!("001/{}/0", name.len()),
        name: name.to_owned(),
        numbers: "0c2e:0b61".to_owned(),
        port: "1-2.3".to_owned(),
        kind,
        can_beep: kind == GearKind::Pos,
        is_learnt: false,
        state,
    }
}

fn all() -> Vec<Gear> {
    let trouble = GearState::Trouble {
        hint: "scanner.denied",
        with: vec![("device", "后台枪".to_owned())],
    };
    vec![
        gear("前台枪", GearKind::Pos, GearState::Ready),
        gear("后台枪 2", GearKind::Pos, trouble),
        gear("USB Keyboard", GearKind::Keyboard, GearState::Left),
    ]
}

fn scan(code: &str) -> What {
    What::Scan(Scan::read(code, Device::Usb("前台枪".to_owned()), 0).unwrap())
}

/// The form of a reader's card numbers is shown, and forgotten when told.
#[tokio::test]
async fn the_form_of_a_reader_is_shown_and_forgotten() {
    let mut parts = parts();
    let readers = &mut parts.session.readers;
    assert!(readers.learn(
        &Device::Usb("前台枪".to_owned()),
        "2706081563",
        "0461851553"
    ));
    assert!(readers.learn(&Device::Terminal, "07302202", "0040856634"));
    let mut console = Console::with(Nobody, parts, Devices::new());
    console.event(What::Gear(all()));
    let screen = console.screen();
    assert!(
        screen.contains("卡号格式 8H10D 字节倒序,卡片记作 8H10D"),
        "{screen}"
    );
    assert!(
        screen.contains("终端键盘:卡号格式 6H8D,卡片记作 8H10D"),
        "{screen}"
    );
    let screen = console.keys("<F8>").screen();
    assert!(!screen.contains("字节倒序"), "{screen}");
    let screen = console.keys("<F8>").screen();
    assert!(!screen.contains("卡号格式 6H8D"), "{screen}");
}

/// Without a device there is nothing to beep or to forget: no key is offered for it.
#[tokio::test]
async fn an_empty_list_offers_no_keys_for_its_rows() {
    let mut console = Console::with(Nobody, parts(), Devices::new());
    let screen = console.screen();
    let foot = screen.lines().last().unwrap();
    assert!(foot.contains("F3") && foot.contains("F4"), "{foot}");
    for key in ["F5", "F6", "F8"] {
        assert!(!foot.contains(key), "{foot}");
    }
    console.keys("<F5><F6><F8>");
    assert_eq!(console.wishes(), []);
    console.event(What::Gear(all()));
    let screen = console.screen();
    for key in ["F5", "F6", "F8"] {
        assert!(screen.lines().last().unwrap().contains(key), "{screen}");
    }
}

/// What is learnt of the terminal's reader can be forgotten at once, also where no device hangs.
#[tokio::test]
async fn what_was_just_learnt_can_be_forgotten() {
    let mut console = Console::with(Till, parts(), Devices::new());
    console.keys("<F4>").burst("2706081563").burst("<Enter>");
    console.keys("0461851553<Enter>").settle().await;
    let screen = console.screen();
    let foot = screen.lines().last().unwrap();
    assert!(
        screen.contains("卡号格式 8H10D") && foot.contains("F8"),
        "{screen}"
    );
    let screen = console.keys("<F8>").screen();
    assert!(!screen.contains("8H10D"), "{screen}");
}

/// Keeps what is learnt.
struct Till;

impl Backend for Till {
    async fn answer(&self, query: Query) -> Result<Reply> {
        match query {
            Query::KeepReaders(_) => Ok(Reply::Kept),
            other => panic!("{other:?}"),
        }
    }
}

/// A card that is read, and the number printed on it, teach a reader's form: nobody has to be known for that.
#[tokio::test]
async fn a_reader_is_taught_by_the_number_printed_on_a_card() {
    let mut console = Console::with(Till, parts(), Devices::new());
    console.event(What::Gear(all())).keys("<F4>");
    insta::assert_snapshot!("card_form", console.screen());
    // Neither goods nor money are cards.
    for code in ["6901234567892", "135112298638468293"] {
        let screen = console.event(scan(code)).screen();
        assert!(screen.contains("这不是芯片卡的号码"), "{screen}");
    }
    console.event(What::Paste("135112298638468293".to_owned()));
    let screen = console.screen();
    assert!(screen.contains("付款码"), "{screen}");
    assert!(!screen.contains("135112298638468293"), "{screen}");
    assert!(!console.debug().contains("135112298638468293"));
    console.event(scan("2706081563"));
    let screen = console.keys("0461851554<Enter>").screen();
    assert!(screen.contains("对不上"), "{screen}");
    console.size(45, 30).keys("<Ctrl-u>0461851553");
    insta::assert_snapshot!("card_form_45", console.screen());
    console.keys("<Enter>").settle().await;
    let screen = console.size(80, 24).screen();
    assert!(screen.contains("记住了 前台枪 的卡号格式"), "{screen}");
    assert!(
        screen.contains("卡号格式 8H10D 字节倒序,卡片记作 8H10D"),
        "{screen}"
    );
    // Once more: there is nothing new in it.
    console.keys("<F4>").event(scan("2706081563"));
    let screen = console.keys("0461851553<Enter>").screen();
    assert!(screen.contains("没有变化"), "{screen}");
}

#[tokio::test]
async fn the_devices_are_shown_live_and_never_a_payment_code() {
    let mut console = Console::with(Nobody, parts(), Devices::new());
    console.event(What::Gear(all()));
    console.event(scan("]E06901234567892"));
    console.event(scan("135112298638468293"));
    console.event(What::Garbled("前台枪".to_owned()));
    insta::assert_snapshot!(console.screen());
    let said = console.keys("<Down>").screen();
    assert!(said.contains("guitai doctor"), "{said}");
    let said = console.keys("<Down>").screen();
    assert!(said.contains("F3"), "{said}");
    for shown in [console.screen(), console.debug()] {
        assert!(!shown.contains("135112298638468293"));
    }
    // The selection stays with its device when another one goes.
    console.event(What::Gear(all().split_off(1)));
    let said = console.screen();
    assert!(said.contains("F3"), "{said}");
    insta::assert_snapshot!(console.keys("<F12>").size(45, 24).screen());
}

#[tokio::test]
async fn a_scanner_is_asked_to_beep_and_one_that_was_taught_is_forgotten() {
    let mut console = Console::with(Nobody, parts(), Devices::new());
    let mut taught = gear("Wedge", GearKind::Keyboard, GearState::Ready);
    taught.is_learnt = true;
    console.event(What::Gear(vec![all().swap_remove(0), taught]));
    console.keys("<F8><F5><F6><Down><F5><F8>");
    let id = |name: &str| format!("001/{}/0", name.len());
    let expected = [
        Wish::Beep {
            id: id("前台枪")
        },
        Wish::Trigger {
            id: id("前台枪")
        },
        Wish::Forget { id: id("Wedge") },
    ];
    assert_eq!(console.wishes(), expected);
}

#[tokio::test]
async fn a_scanner_is_taught_by_the_code_on_the_screen() {
    let mut console = Console::with(Nobody, parts(), Devices::new());
    console.keys("<F3>");
    let orders = console.wishes();
    let [Wish::Learn { code }] = orders.as_slice() else {
        panic!("{orders:?}");
    };
    assert!(code.starts_with("GTL"), "{code}");
    console.event(What::Learning(Learning::Listening {
        heard: 2,
        claimed: Some("USB Keyboard".to_owned()),
        denied: Vec::new(),
    }));
    insta::assert_snapshot!(console.screen());
    assert_eq!(read_back(console.buffer()), *code);
    // It types into the terminal as well: that goes nowhere.
    console.burst("6901234567892<Enter>");
    assert!(console.screen().contains("USB Keyboard"));
    let name = "Wedge".to_owned();
    console.event(What::Learning(Learning::Found { name, kept: true }));
    let said = console.screen();
    assert!(said.contains("认到了:Wedge"), "{said}");
    assert!(console.keys("<Enter>").screen().contains("没有 USB 扫码枪"));
}

#[tokio::test]
async fn teaching_says_what_is_wrong_and_ends_with_esc() {
    let mut console = Console::with(Nobody, parts(), Devices::new());
    console.keys("<F3>");
    console.event(What::Learning(Learning::Listening {
        heard: 0,
        claimed: None,
        denied: vec![("Wedge".to_owned(), "THE RULE".to_owned())],
    }));
    let said = console.screen();
    assert!(
        said.contains("Wedge:没有权限") && said.contains("THE RULE"),
        "{said}"
    );
    console.event(What::Learning(Learning::NoCandidate));
    let said = console.burst("6901234567892<Enter>").screen();
    assert!(
        said.contains("没有插着") && said.contains("不用认,直接扫就行"),
        "{said}"
    );
    console
        .event(What::Learning(Learning::TimedOut))
        .keys("<Enter><Esc>");
    let orders = console.wishes();
    let kinds: Vec<bool> = orders.iter().map(|one| *one == Wish::EndLearning).collect();
    assert_eq!(kinds, [false, false, true]);
}

/// Reads the QR code off the screen: half blocks to modules, and a decoder of this size alone.
fn read_back(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let mut light: Vec<Vec<bool>> = Vec::new();
    for row in buffer.content().chunks(width) {
        let half = |upper: bool| {
            let cells = row.iter().map(move |cell| match cell.symbol() {
                "█" => true,
                "▀" => upper,
                "▄" => !upper,
                _ => false,
            });
            cells.collect::<Vec<bool>>()
        };
        light.push(half(true));
        light.push(half(false));
    }
    // The quiet zone is the first and longest light row.
    let is_quiet = |row: &Vec<bool>| row.iter().filter(|one| **one).count() == 29;
    let top = light.iter().position(is_quiet).unwrap() + 4;
    let left = light[top - 1].iter().position(|one| *one).unwrap() + 4;
    let drawn: Vec<Vec<bool>> = light[top..top + 21]
        .iter()
        .map(|row| row[left..left + 21].iter().map(|one| !one).collect())
        .collect();
    // Nobody else's code looks like this one: the only eight digits that make these modules.
    decode(&drawn)
}

/// Version 1, level M, alphanumeric: unmasks and reads the data codewords, without correction.
fn decode(dark: &[Vec<bool>]) -> String {
    let mask = (0..3).fold(0, |mask, bit| mask << 1 | u8::from(dark[8][2 + bit]));
    let mask = mask ^ 0b101;
    let is_masked = |row: usize, column: usize| match mask {
        0 => (row + column).is_multiple_of(2),
        1 => row.is_multiple_of(2),
        2 => column.is_multiple_of(3),
        3 => (row + column).is_multiple_of(3),
        4 => (row / 2 + column / 3).is_multiple_of(2),
        5 => row * column % 2 + row * column % 3 == 0,
        6 => (row * column % 2 + row * column % 3).is_multiple_of(2),
        _ => ((row + column) % 2 + row * column % 3).is_multiple_of(2),
    };
    let is_function = |row: usize, column: usize| {
        (row < 9 && !(9..13).contains(&column))
            || (row >= 13 && column < 9)
            || row == 6
            || column == 6
    };
    let mut bits = Vec::new();
    let mut upwards = true;
    let mut right = 20_usize;
    loop {
        for step in 0..21 {
            let row = if upwards { 20 - step } else { step };
            for column in [right, right - 1] {
                if !is_function(row, column) {
                    bits.push(dark[row][column] ^ is_masked(row, column));
                }
            }
        }
        upwards = !upwards;
        right = match right {
            2 | 1 => break,
            8 => 5,
            other => other - 2,
        };
        if right < 1 {
            break;
        }
    }
    let mut bits = bits.into_iter();
    let mut take = |count: usize| {
        let taken = bits.by_ref().take(count);
        taken.fold(0_usize, |value, bit| value << 1 | usize::from(bit))
    };
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut text = String::new();
    loop {
        match take(4) {
            2 => {
                let count = take(9);
                for _ in 0..count / 2 {
                    let pair = take(11);
                    text.push(char::from(letters[pair / 45]));
                    text.push(char::from(letters[pair % 45]));
                }
                if count % 2 == 1 {
                    text.push(char::from(letters[take(6)]));
                }
            }
            1 => {
                let count = take(10);
                for _ in 0..count / 3 {
                    text.extend(format!("{:03}", take(10)).chars());
                }
                match count % 3 {
                    1 => text.extend(format!("{}", take(4)).chars()),
                    2 => text.extend(format!("{:02}", take(7)).chars()),
                    _ => {}
                }
            }
            _ => return text,
        }
    }
}
