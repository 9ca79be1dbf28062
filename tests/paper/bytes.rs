//! Documents as bytes.

use std::io::Write;
use std::process::{Command, Stdio};

use encoding_rs::GB18030;
use escpos::driver::Driver;
use escpos::printer::Printer as Independent;
use escpos::utils::{JustifyMode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption};
use guitai::device::bitmap::Bitmap;
use guitai::device::escpos::{Pulse, Setup, document, kick};
use guitai::domain::slip::{self, Facts, Form, Kind, Layout, Line, Slips};
use guitai::domain::token::{Bearer, Token};
use guitai::ui::screens::printer::test_facts;
use guitai::ui::text::{Lang, Text};

use super::printer::{Dots, Paper, print};
use crate::paying::receipts;
use crate::support::shop;

pub fn setup(columns: usize) -> Setup {
    Setup {
        columns,
        logo: None,
        cut: true,
        pulse: Pulse {
            pin: 2,
            on_ms: 50,
            off_ms: 240,
        },
    }
}

fn laid_out(kind: Kind, facts: &Facts, columns: usize, slips: &Slips) -> Vec<Line> {
    let texts = Text::load().unwrap();
    let words = |key: &str| texts.get(Lang::Zh, key).to_owned();
    let layout = Layout {
        columns,
        copy: false,
        words: &words,
        slips,
    };
    slip::fill(kind, facts, layout)
}

fn named(facts: Facts) -> Facts {
    facts
        .one("shop", "云裳理发")
        .one("store", "总店")
        .one("till", "一号台")
        .one("number", "000131")
        .one("at", "2026-03-09 10:32")
        .one("cashier", "李敏")
        .one("member", "王晓明")
        .one("phone", "138****1380")
}

/// Documents whose operations are yet to come, by example.
fn samples(columns: usize) -> Vec<(Kind, Facts)> {
    let service = |name: &str, left: &str| {
        Facts::new()
            .one("name", name)
            .one("quantity", "1 次")
            .one("left", left)
            .one("staff", "周师傅(点客)")
            .one("day", "2026-12-31")
    };
    let cash = |given: &str| Facts::new().one("way", "现金").one("given", given);
    let redemption = named(Facts::new())
        .one("title", "核销单")
        .one("package", "头皮护理十次卡 2026 春季新客体验装")
        .each(
            "services",
            vec![
                service("头皮护理", "7 次"),
                service("肩颈放松 30 分钟", "2 次"),
            ],
        );
    let deposit = named(Facts::new())
        .one("title", "预付款单")
        .one("order", "定制旗袍 真丝 墨绿")
        .one("price", "3,280.00")
        .one("amount", "1,000.00")
        .one("still_due", "2,280.00")
        .one("due_on", "2026-04-02")
        .one("terms", "预付款用于本订单;本店原因不能交货的全额退还。")
        .each("tenders", vec![cash("1,000.00")]);
    let drawer = named(Facts::new())
        .one("title", "打开钱箱")
        .one("approver", "陈店长")
        .one("reason", "换零钱");
    let welcome = named(Facts::new())
        .one("title", "开卡")
        .one("level", "普通")
        .one("points", 100)
        .one("code", Token::mint(Bearer::Member, [7; 10]));
    let moved = |what: &str| {
        Facts::new()
            .one("at", "2026-03-09 10:32")
            .one("number", "000123")
            .one("store", "总店")
            .one("what", what)
            .one("after", "1,234.00")
    };
    let statement = named(Facts::new())
        .one("title", "储值明细")
        .one("balance", "1,234.00")
        .each(
            "rows",
            vec![
                moved("核销 头皮护理 -1次 肩颈放松 30 分钟 -1次"),
                moved("消费")
                    .one("principal", "-90.91")
                    .one("bonus", "-9.09"),
            ],
        );
    let test = named(test_facts(columns));
    vec![
        (Kind::Redemption, redemption),
        (Kind::Deposit, deposit),
        (Kind::Welcome, welcome),
        (Kind::Drawer, drawer),
        (Kind::Statement, statement),
        (Kind::Test, test),
    ]
}

/// Every document, laid out.
fn documents(columns: usize) -> Vec<Vec<Line>> {
    let slips = shop::slips();
    let texts = Text::load().unwrap();
    let mut all = Vec::new();
    for lang in [Lang::Zh, Lang::En] {
        let words = |key: &str| texts.get(lang, key).to_owned();
        for copy in [false, true] {
            let layout = Layout {
                columns,
                copy,
                words: &words,
                slips: &slips,
            };
            for receipt in receipts::all() {
                all.push(slip::receipt(&receipt, Some(&shop::shop()), layout));
            }
        }
    }
    let samples = samples(columns).into_iter();
    all.extend(samples.map(|(kind, facts)| laid_out(kind, &facts, columns, &slips)));
    all
}

/// The words of what is printed are those of the preview, line by line; nothing is wrapped by the
/// printer, nothing lost, and each document is cut once.
#[test]
fn every_document_is_printed_as_it_is_shown() {
    for columns in [slip::NARROW, slip::WIDE] {
        for lines in documents(columns) {
            let paper = print(&document(&lines, &setup(columns)), columns);
            let words = |line: &&Line| !matches!(line.form, Form::Qr | Form::Code128 | Form::Logo);
            let shown: Vec<Line> = lines.iter().filter(words).cloned().collect();
            let printed = paper.text(columns);
            // What has two sizes has the middle of its own.
            let shown = slip::text(&shown, columns);
            assert_eq!(printed, shown);
            assert_eq!((paper.cuts, paper.kicks.len()), (1, 0));
            for (row, line) in paper.rows.iter().zip(lines.iter().filter(words)) {
                assert_eq!(row.bold, line.is_strong(), "{}", row.text);
                let size = match line.form {
                    Form::Tall => (1, 2),
                    Form::Big => (2, 2),
                    _ => (1, 1),
                };
                assert_eq!(row.size, size, "{}", row.text);
            }
        }
    }
}

#[test]
fn documents_of_packages_and_orders_have_their_templates() {
    let slips = shop::slips();
    for columns in [slip::NARROW, slip::WIDE] {
        for (kind, facts) in samples(columns) {
            let lines = laid_out(kind, &facts, columns, &slips);
            insta::assert_snapshot!(format!("{kind:?}_{columns}"), slip::text(&lines, columns));
        }
    }
}

/// The ruler of the test page is as wide as the paper, so that a wrong number of columns is seen on it.
#[test]
fn the_ruler_is_as_wide_as_the_paper() {
    for columns in [slip::NARROW, slip::WIDE] {
        let lines = laid_out(Kind::Test, &test_facts(columns), columns, &shop::slips());
        let ruler = lines
            .iter()
            .find(|line| line.text.starts_with("1234567890"));
        assert_eq!(ruler.unwrap().text.len(), columns);
    }
}

fn line(text: &str, form: Form) -> Line {
    Line {
        text: text.to_owned(),
        form,
    }
}

#[derive(Clone, Default)]
struct Memory(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl Driver for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn write(&self, data: &[u8]) -> escpos::errors::Result<()> {
        self.0.borrow_mut().extend(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> escpos::errors::Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> escpos::errors::Result<()> {
        Ok(())
    }
}

/// The commands both know, from an encoder that is not ours. It has no Chinese mode and no code 128.
#[test]
fn the_bytes_are_those_of_an_independent_encoder() {
    let lines = [
        line("柜台 Guitai 68.00", Form::Plain),
        line("合计                        68.00", Form::Strong),
        line("应收 68.00", Form::Tall),
        line("云裳理发", Form::Big),
        line("https://shop.example/join", Form::Qr),
    ];
    let ours = document(&lines, &setup(slip::WIDE));
    let memory = Memory::default();
    let options = escpos::printer_options::PrinterOptions::default();
    let mut theirs = Independent::new(memory.clone(), Protocol::default(), Some(options));
    let gb = |text: &str| {
        let mut bytes = GB18030.encode(text).0.into_owned();
        bytes.push(b'\n');
        bytes
    };
    let code = QRCodeOption::new(QRCodeModel::Model2, 6, QRCodeCorrectionLevel::M);
    // The printer's own reset also sets a page and a size: only ESC @ is wanted.
    theirs
        .custom(&[0x1B, 0x40])
        .and_then(|p| p.custom(&[0x1C, 0x26]))
        .and_then(|p| p.custom(&gb(&lines[0].text)))
        .and_then(|p| p.bold(true))
        .and_then(|p| p.custom(&gb(&lines[1].text)))
        .and_then(|p| p.bold(false))
        .and_then(|p| p.bold(true))
        .and_then(|p| p.size(1, 2))
        .and_then(|p| p.custom(&gb(&lines[2].text)))
        .and_then(|p| p.size(1, 1))
        .and_then(|p| p.bold(false))
        .and_then(|p| p.justify(JustifyMode::CENTER))
        .and_then(|p| p.bold(true))
        .and_then(|p| p.size(2, 2))
        .and_then(|p| p.custom(&gb(&lines[3].text)))
        .and_then(|p| p.size(1, 1))
        .and_then(|p| p.bold(false))
        .and_then(|p| p.justify(JustifyMode::LEFT))
        .and_then(|p| p.justify(JustifyMode::CENTER))
        .and_then(|p| p.qrcode_option(&lines[4].text, code))
        .and_then(|p| p.custom(b"\n"))
        .and_then(|p| p.justify(JustifyMode::LEFT))
        .and_then(|p| p.feeds(3))
        .and_then(|p| p.custom(&[0x1D, 0x56, 66, 0]))
        .and_then(|p| p.custom(&[0x1C, 0x2E]))
        .and_then(|p| p.print())
        .unwrap();
    assert_eq!(ours, *memory.0.borrow());
}

#[test]
fn the_drawer_gets_both_times() {
    let pulse = setup(48).pulse;
    assert_eq!(kick(pulse), [0x1B, 0x70, 0, 25, 120]);
    let other = Pulse {
        pin: 5,
        on_ms: 100,
        off_ms: 510,
    };
    assert_eq!(kick(other), [0x1B, 0x70, 1, 50, 255]);
    assert_eq!(print(&kick(other), 48).kicks, [(1, 50, 255)]);
}

#[test]
fn the_logo_is_printed_dot_by_dot() {
    let dots: Vec<Vec<bool>> = (0..300)
        .map(|y| (0..200).map(|x| (x * 7 + y * 3) % 5 == 0).collect())
        .collect();
    let with_logo = Setup {
        logo: Some(Bitmap::of(&dots)),
        ..setup(32)
    };
    let paper = print(&document(&[line("", Form::Logo)], &with_logo), 32);
    assert_eq!(paper.pictures, [Dots(dots)]);
    assert!(paper.rows.is_empty());
}

/// What a camera reads of a picture; none where there is no reader. In CI there has to be one.
fn seen(dots: &Dots) -> Option<String> {
    let started = Command::new("zbarimg")
        .args(["--quiet", "--raw", "--set", "binary", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut reader) = started else {
        assert!(
            std::env::var_os("CI").is_none(),
            "zbarimg is missing: apt-get install zbar-tools"
        );
        let said = "#### THE CODES ON RECEIPTS WERE NOT READ BACK: apt-get install zbar-tools\n";
        std::io::stderr().write_all(said.as_bytes()).unwrap();
        return None;
    };
    let mut stdin = reader.stdin.take().unwrap();
    stdin.write_all(dots.pbm().as_bytes()).unwrap();
    drop(stdin);
    let output = reader.wait_with_output().unwrap();
    Some(
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned(),
    )
}

fn codes(lines: &[Line], columns: usize) -> Paper {
    print(&document(lines, &setup(columns)), columns)
}

#[test]
fn codes_are_read_back() {
    let long = "https://shop.example/r/".to_owned() + &"0123456789".repeat(17);
    let member = Token::mint(Bearer::Member, [7; 10]).to_string();
    let cases = [
        (Form::Qr, member.as_str()),
        (Form::Qr, "https://shop.example/join?id=42"),
        (Form::Qr, "柜台 000128"),
        (Form::Qr, &long),
        (Form::Code128, "20260309000128"),
        (Form::Code128, "T1-000128"),
        (Form::Code128, "a{b}~"),
    ];
    for columns in [slip::NARROW, slip::WIDE] {
        for (form, text) in cases {
            let paper = codes(&[line(text, form)], columns);
            let [picture] = &paper.pictures[..] else {
                panic!("{text} has no picture")
            };
            if let Some(read) = seen(picture) {
                assert_eq!(read, text);
            }
        }
    }
}

/// What does not fit as a code stands there as text.
#[test]
fn a_code_that_does_not_fit_is_text() {
    for (form, text) in [
        (Form::Qr, "x".repeat(201)),
        (Form::Code128, "A".repeat(30)),
        (Form::Code128, "柜台".to_owned()),
    ] {
        let paper = codes(&[line(&text, form)], slip::NARROW);
        assert!(paper.pictures.is_empty());
        assert!(paper.rows[0].text.trim_start().starts_with('['), "{text}");
    }
}

#[test]
fn a_name_commands_no_printer() {
    let facts = named(Facts::new()).one("order", "\u{1b}p\u{0}\u{19}x \u{1d}V\u{0} 礼盒🎁 Café ×2");
    let lines = laid_out(Kind::Deposit, &facts, 32, &shop::slips());
    let paper = print(&document(&lines, &setup(32)), 32);
    assert_eq!((paper.kicks.len(), paper.cuts), (0, 1));
    assert!(
        paper.text(32).contains("?p??x ?V? 礼盒〓 Cafe x2"),
        "{}",
        paper.text(32)
    );
}
