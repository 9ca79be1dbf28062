//! What selling hands to printer, drawer and display; and that it waits for none of them.

use guitai::domain::print::{Order, Progress, Shown, Waiting};
use guitai::domain::slip;
use guitai::error::{Kind, Refusal};
use guitai::event::{Effect, What};
use guitai::session::PrinterState;
use guitai::ui::screens::printer::Printer;
use guitai::ui::screens::receipt::Receipt as ReceiptScreen;
use guitai::ui::screens::refund::Refund;
use guitai::ui::screens::tender::Tender;

use super::*;

/// The till with a printer that prints everything by itself.
fn with_printer(
    books: &Books,
    screen: impl Screen + 'static,
    auto: bool,
) -> (Console<&Books>, Got) {
    let mut parts = parts();
    sign_in(&mut parts, books);
    let printing = &mut parts.session.printing;
    printing.is_there = true;
    printing.has_drawer = true;
    printing.columns = slip::NARROW;
    if auto {
        use guitai::domain::ledger::OperationKind as Kind;
        printing.auto = vec![Kind::Sale, Kind::TopUp, Kind::Refund, Kind::ShiftClose];
    }
    let got = Got::default();
    let base = Base {
        first: Some(Box::new(screen)),
        got: got.clone(),
    };
    let mut console = Console::with(books, parts, base);
    console.event(What::Wake);
    (console, got)
}

fn orders(console: &Console<&Books>) -> Vec<Order> {
    let all = console.handed_out().into_iter();
    all.filter_map(|effect| match effect {
        Effect::Print(order) => Some(order.clone()),
        _ => None,
    })
    .collect()
}

fn shown(console: &Console<&Books>) -> Vec<Shown> {
    let all = console.handed_out().into_iter();
    all.filter_map(|effect| match effect {
        Effect::Show(shown) => Some(*shown),
        _ => None,
    })
    .collect()
}

fn sale() -> Tender {
    Tender::new(vec![line("剪发", 1, 6_800, 0)], None)
}

fn broken() -> PrinterState {
    PrinterState {
        trouble: Some(Refusal::new(Kind::Device, "printer.paper").with("place", "usb")),
        jobs: vec![
            Waiting {
                id: 4,
                title: "销售单 000127".to_owned(),
                at: morning(),
                progress: Progress::Unsure,
            },
            Waiting {
                id: 5,
                title: "充值单 000128".to_owned(),
                at: morning(),
                progress: Progress::Waiting,
            },
        ],
    }
}

#[tokio::test]
async fn cash_opens_the_drawer_and_the_receipt_follows() {
    let books = Books::new();
    let (mut console, got) = with_printer(&books, sale(), true);
    // The printer is dead: nobody at the till waits for it.
    console.event(What::Printer(broken()));
    console.keys("100<Enter>").settle().await;
    let orders = orders(&console);
    let [Order::Kick, Order::Print(job)] = &orders[..] else {
        panic!("{orders:?}")
    };
    assert_eq!(job.title, "销售单 000128");
    let printed = slip::text(&job.lines, slip::NARROW);
    // Exactly what the screen shows.
    let receipt = receipt(&got);
    let (mut preview, _) = with_printer(&books, ReceiptScreen::new(Box::new(receipt)), true);
    let screen = preview.size(34, 60).size(80, 60).screen();
    for line in printed.lines().filter(|line| !line.trim().is_empty()) {
        assert!(screen.contains(line.trim_end()), "{line}: {screen}");
    }
    assert_eq!(
        shown(&console),
        [
            Shown::Total(Fen(6_800)),
            Shown::Received(Fen(10_000)),
            Shown::Change(Fen(3_200))
        ]
    );
    assert!(console.screen().contains("[打印机 2]"));
}

#[tokio::test]
async fn without_cash_the_drawer_stays_shut_and_nothing_is_printed_unasked() {
    let books = Books::new();
    let (mut console, _) = with_printer(&books, sale(), false);
    console.keys("<Down><Enter>").settle().await;
    assert_eq!(books.sells().len(), 1);
    assert_eq!(orders(&console), []);
}

#[tokio::test]
async fn a_return_in_cash_opens_the_drawer_and_prints_its_arithmetic() {
    let books = Books::new();
    let (mut console, _) = with_printer(&books, Refund::new(Uuid::from_u128(1)), true);
    console.settle().await.keys("<F5><Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    let orders = orders(&console);
    let printed = orders.iter().find_map(|order| match order {
        Order::Print(job) => Some(slip::text(&job.lines, slip::NARROW)),
        _ => None,
    });
    assert!(
        printed.is_some_and(|text| text.contains("退款")),
        "{orders:?}"
    );
}

#[tokio::test]
async fn printing_from_the_receipt_says_copy_when_it_is_one() {
    let books = Books::new();
    let copies = |console: &Console<&Books>| -> Vec<bool> {
        let jobs = orders(console).into_iter().filter_map(|order| match order {
            Order::Print(job) => Some(slip::text(&job.lines, slip::NARROW).contains("补打")),
            _ => None,
        });
        jobs.collect()
    };
    let document = || Box::new(receipts::sale());
    let (mut console, _) = with_printer(&books, ReceiptScreen::new(document()), false);
    console.keys("<F5><F5>");
    assert_eq!(copies(&console), [false, true]);
    let (mut console, _) = with_printer(&books, ReceiptScreen::new(document()), true);
    console.keys("<F5>");
    assert_eq!(copies(&console), [true]);
    let (mut console, _) = with_printer(&books, ReceiptScreen::again(document()), false);
    console.keys("<F5>");
    assert_eq!(copies(&console), [true]);
    let (mut console, _) = till(&books, ReceiptScreen::new(document()));
    assert!(console.keys("<F5>").screen().contains("没有设置打印机"));
    assert_eq!(orders(&console), []);
}

#[tokio::test]
async fn the_list_of_jobs() {
    let books = Books::new();
    let (mut console, _) = with_printer(&books, Printer::new(), true);
    console.event(What::Printer(broken()));
    insta::assert_snapshot!("printer", console.screen());
    insta::assert_snapshot!("printer_45", console.size(45, 30).keys("<F12>").screen());
    console.size(80, 24).keys("<F12><Enter><Down><Del>");
    assert!(console.screen().contains("不再打印 充值单 000128"));
    console.keys("y").settle().await;
    assert_eq!(orders(&console)[..1], [Order::Again(4)]);
    console.wait(TimeDelta::seconds(1));
    assert_eq!(orders(&console), [Order::Again(4), Order::Drop(5)]);
    console.event(What::Printer(PrinterState::default()));
    insta::assert_snapshot!("printer_empty", console.screen());
    // Nothing to print again, nothing to drop.
    console.keys("<Enter><Del>");
    assert_eq!(orders(&console).len(), 2);
    console.keys("<F6>");
    assert!(matches!(orders(&console)[2], Order::Print(_)));
}

fn openings(books: &Books) -> Vec<Query> {
    let asked = books.asked.borrow();
    let all = asked.iter();
    all.filter(|query| matches!(query, Query::OpenDrawer { .. }))
        .cloned()
        .collect()
}

/// OP3: the cashier needs somebody with the right; who, and why, is written down, and stands on the slip.
#[tokio::test]
async fn the_drawer_without_a_payment_needs_a_right_and_leaves_a_trace() {
    let books = Books::new();
    let (mut console, _) = with_printer(&books, Printer::new(), true);
    console.keys("<F4>").settle().await;
    assert_eq!(orders(&console), []);
    console.keys("201<Enter>135790<Enter>").settle().await;
    assert_eq!(orders(&console), []);
    // It stays shut, and nobody leaves, until it is written down. Twice F4 is once.
    console.keys("<Enter><F4><Esc>");
    assert_eq!(orders(&console), []);
    console.settle().await;
    let asked = openings(&books);
    let [
        Query::OpenDrawer {
            by,
            approver_id,
            reason,
            key,
        },
    ] = &asked[..]
    else {
        panic!("{asked:?}")
    };
    assert_eq!((by.staff_id, by.till_id), (cashier().id, 1));
    assert_eq!((*approver_id, reason.as_str()), (Some(201), "换零钱"));
    let orders = orders(&console);
    let [Order::Kick, Order::Print(job)] = &orders[..] else {
        panic!("{orders:?}: {}", console.screen())
    };
    let text = slip::text(&job.lines, slip::NARROW);
    for part in ["打开钱箱", "李敏", "授权人", "换零钱"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // The log says that it was opened.
    console.settle().await;
    let asked = books.asked.borrow();
    let pulsed = |query: &Query| matches!(query, Query::DrawerPulsed { key: opened, till_id: 1 } if opened == key);
    assert_eq!(asked.iter().filter(|query| pulsed(query)).count(), 1);
}

/// An answer that comes when nobody stands there any more opens nothing.
#[tokio::test]
async fn a_drawer_that_is_written_down_too_late_stays_shut() {
    let books = Books::new();
    let (mut console, _) = with_printer(&books, Printer::new(), true);
    console.keys("<F4>").settle().await;
    console.keys("201<Enter>135790<Enter>").settle().await;
    console.keys("<Enter>").wait(TimeDelta::seconds(16));
    console.settle().await;
    assert_eq!(openings(&books).len(), 1);
    assert_eq!(orders(&console), []);
    let screen = console.screen();
    assert!(screen.contains("答得太晚"), "{screen}");
}

/// What cannot be written down does not open.
#[tokio::test]
async fn a_drawer_nobody_can_write_down_stays_shut() {
    let books = Books::new();
    let (mut console, _) = with_printer(&books, Printer::new(), true);
    for (refusal, said) in [
        (Refusal::offline(), "不知道开钱箱"),
        (Refusal::user("approval.beyond"), "也超出这位批准人的权限"),
    ] {
        books.refuse(refusal);
        console.keys("<F4>").settle().await;
        console
            .keys("201<Enter>135790<Enter>")
            .settle()
            .await
            .keys("<Enter>")
            .settle()
            .await;
        let screen = console.screen();
        assert!(screen.contains(said), "{screen}");
        assert_eq!(orders(&console), []);
        console.keys("<Enter>");
    }
    assert_eq!(openings(&books).len(), 2);
    // When it answers again the drawer opens again.
    console.keys("<F4>").settle().await;
    console.keys("201<Enter>135790<Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    assert!(matches!(
        orders(&console)[..],
        [Order::Kick, Order::Print(_)]
    ));
}
