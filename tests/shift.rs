//! Opening and closing a shift, and cash paid out (OP1).

use guitai::domain::expiry::{Expired, Round};
use guitai::domain::money::Fen;
use guitai::domain::scan::{Device, Scan};
use guitai::error::Refusal;
use guitai::event::What;
use guitai::query::{Differences, Query};
use guitai::ui::screens::close_shift::CloseShift;
use guitai::ui::screens::manage::Manage;
use guitai::ui::screens::open_shift::OpenShift;
use guitai::ui::screens::pay_out::PayOut;
use uuid::Uuid;

use crate::support::console::Console;
use crate::support::office::{Office, in_shift, signed_in};

fn closing(office: &Office) -> Console<&Office> {
    office.expected.set(189_000);
    Console::with(office, in_shift(), CloseShift::new())
}

#[tokio::test]
async fn the_float_piece_by_piece() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), OpenShift::new());
    insta::assert_snapshot!("open", console.screen());
    console.keys("<Enter>3<Enter>2<Down><Down>15");
    insta::assert_snapshot!("open_pieces", console.screen());
    insta::assert_snapshot!("open_pieces_45", console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!("open_pieces_en", console.screen());
    console.keys("<F2><F2>").settle().await;
    assert_eq!(office.count(), 1);
    let Query::OpenShift { stamp, float } = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!((float, stamp.operator_id), (Fen::yuan(550), 1));
    assert_eq!(console.session().shift.as_ref().unwrap().id, stamp.id);
}

#[tokio::test]
async fn a_count_is_asked_for_and_a_lost_answer_asks_the_same_again() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), OpenShift::new());
    assert!(console.keys("<F2>").screen().contains("请先点钱"));
    office.cut();
    console.keys("0<Enter>").settle().await;
    assert!(console.keys("<Enter>").screen().contains("没有收到答复"));
    console.keys("77<Enter>").settle().await;
    let asked = office.asked.borrow();
    let sent: Vec<(Uuid, Fen)> = asked
        .iter()
        .map(|query| match query {
            Query::OpenShift { stamp, float } => (stamp.id, *float),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
}

#[tokio::test]
async fn leaving_a_count_asks_first() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), OpenShift::new());
    console.keys("12<Esc>");
    assert!(console.screen().contains("已点的数会丢失"));
    console.keys("<Enter>");
    assert!(console.screen().contains("12"));
}

#[tokio::test]
async fn a_right_count_closes_with_two_enters() {
    let office = Office::default();
    let mut console = closing(&office);
    insta::assert_snapshot!("close_blind", console.screen());
    assert!(!console.screen().contains("1,890.00"));
    console.keys("1890<Enter>").settle().await;
    insta::assert_snapshot!("close_right", console.screen());
    console.keys("<Enter><Enter>").settle().await;
    let asked = office.asked.borrow();
    let [
        Query::Sheet { .. },
        Query::Expire { .. },
        Query::CloseShift(request),
    ] = asked.as_slice()
    else {
        panic!("{asked:?}");
    };
    assert_eq!(
        (request.expected, request.counted),
        (Fen(189_000), Fen(189_000))
    );
    assert_eq!(request.reason, "");
    drop(asked);
    assert_eq!(console.session().shift, None);
    // The sheet stays to be read; Enter goes to the next person.
    let screen = console.screen();
    assert!(
        screen.contains("已交班") && screen.contains("1,890.00"),
        "{screen}"
    );
    let left = console.keys("<Enter>").screen();
    assert!(!left.contains("1,890.00"), "{left}");
}

#[tokio::test]
async fn a_difference_needs_a_reason_and_the_first_count_stays_on_record() {
    let office = Office::default();
    let mut console = closing(&office);
    console.keys("1800<Enter>").settle().await;
    console.keys("<Enter>");
    insta::assert_snapshot!("close_short", console.screen());
    // A recount finds fifty more.
    console.keys("<Esc>1850<Enter>").settle().await;
    console.keys("找错零钱<Enter>").settle().await;
    let Query::CloseShift(request) = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(request.counted, Fen::yuan(1_850));
    assert_eq!(request.reason, "初点 1,800.00; 找错零钱");
}

/// A slip of the finger is asked about before it closes.
#[tokio::test]
async fn a_count_far_off_is_asked_about() {
    let office = Office::default();
    let mut console = closing(&office);
    console.keys("1<Enter>").settle().await;
    console.keys("少钱<Enter>").settle().await;
    assert!(console.screen().contains("相差很大"));
    console.keys("<Enter>").settle().await;
    assert!(!matches!(office.last(), Query::CloseShift(_)));
    console.keys("<Enter><Right><Enter>").settle().await;
    let Query::CloseShift(request) = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(request.counted, Fen::yuan(1));
}

#[tokio::test]
async fn what_was_posted_meanwhile_is_read_again() {
    let office = Office::default();
    let mut console = closing(&office);
    console.keys("1890<Enter>").settle().await;
    *office.refuse.borrow_mut() = Some(Refusal::conflict("ledger.stale"));
    office.expected.set(195_800);
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("短款"));
    assert!(console.screen().contains("报表已重读"));
    console.keys("漏点一张<Enter>").settle().await;
    let Query::CloseShift(request) = office.last() else {
        panic!("{:?}", office.last());
    };
    assert_eq!(request.expected, Fen(195_800));
}

#[tokio::test]
async fn journal_and_ledger_that_disagree_are_shown_and_asked_about() {
    let office = Office::default();
    *office.differences.borrow_mut() = Differences {
        only_journal: vec![Uuid::from_u128(0x7f3a), Uuid::from_u128(0x81c2)],
        only_ledger: vec![Uuid::from_u128(0x0b5d)],
    };
    let mut console = closing(&office);
    console.keys("1900<Enter>").settle().await;
    console.keys("多收");
    insta::assert_snapshot!("close_differs", console.screen());
    insta::assert_snapshot!("close_differs_45", console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!("close_differs_en", console.screen());
    console.keys("<Enter><Enter>").settle().await;
    assert!(matches!(office.last(), Query::Expire { .. }));
    console.keys("<Enter><Right><Enter>").settle().await;
    assert!(matches!(office.last(), Query::CloseShift(_)));
    assert_eq!(console.session().shift, None);
}

#[tokio::test]
async fn an_unanswered_close_is_sent_again_as_it_was() {
    let office = Office::default();
    let mut console = closing(&office);
    console.keys("1890<Enter>").settle().await;
    office.cut();
    console.keys("<Enter>").settle().await;
    console.keys("<Enter><Enter>").settle().await;
    let asked = office.asked.borrow();
    let closes: Vec<_> = asked
        .iter()
        .filter_map(|query| match query {
            Query::CloseShift(request) => Some(request.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(closes.len(), 2);
    assert_eq!(closes[0], closes[1]);
}

#[tokio::test]
async fn cash_paid_out() {
    let office = Office::default();
    let mut console = Console::with(&office, in_shift(), PayOut::new());
    console.keys("<Enter><F2>");
    insta::assert_snapshot!("pay_out", console.screen());
    let scan = Scan::read("6901234567892", Device::Terminal, 0).unwrap();
    console.event(What::Scan(scan));
    console.keys("30<Enter><F2>");
    assert_eq!(office.count(), 0);
    office.cut();
    console.keys("买水<Enter>").settle().await;
    console.keys("<Enter>再写<Enter>").settle().await;
    let asked = office.asked.borrow();
    let sent: Vec<String> = asked.iter().map(|query| format!("{query:?}")).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0], sent[1]);
    let Query::PayOut { amount, reason, .. } = &asked[1] else {
        panic!("{asked:?}");
    };
    assert_eq!((*amount, reason.as_str()), (Fen::yuan(30), "买水"));
    drop(asked);
    insta::assert_snapshot!("pay_out_45_en", console.keys("<F12>").size(45, 30).screen());
}

#[tokio::test]
async fn without_a_shift_there_is_nothing_to_close() {
    let office = Office::default();
    let mut console = Console::with(&office, signed_in(), Manage::new());
    console.settle().await;
    let mut closing = Console::with(&office, signed_in(), CloseShift::new());
    assert!(closing.screen().contains("没有开班"));
    let mut paying = Console::with(&office, signed_in(), PayOut::new());
    assert!(paying.screen().contains("没有开班"));
    assert!(console.screen().contains("店铺设置"));
}

/// A round of one office day: members with 100 points and 12.50 yuan each.
fn round(members: i64, left: i64) -> Round {
    let expired = Expired {
        members,
        points: members * 100,
        bonus: Fen(members * 1_250),
        ..Expired::default()
    };
    Round { expired, left }
}

/// OP3: how often the drawer opened without a payment; nothing where it never did.
#[tokio::test]
async fn the_drawer_stands_on_the_sheet() {
    let office = Office::default();
    office.drawer_count.set(2);
    let mut console = closing(&office);
    assert!(!console.screen().contains("打开钱箱"));
    console.keys("1890<Enter>").settle().await;
    for (columns, rows) in [(80, 24), (45, 30)] {
        let screen = console.size(columns, rows).screen();
        assert!(screen.contains("! 没有收款打开钱箱 2 次"), "{screen}");
        assert!(screen.contains("1,890.00"), "{screen}");
    }
    let english = console.keys("<F12>").size(45, 30).screen();
    assert!(english.contains("without a payment: 2"), "{english}");
    let office = Office::default();
    let mut console = closing(&office);
    console.keys("1890<Enter>").settle().await;
    assert!(!console.screen().contains("打开钱箱"));
}

/// PT3: round after round while the sheet is read; then it says what went.
#[tokio::test]
async fn what_expired_stands_on_the_sheet() {
    let office = Office::default();
    let rounds = [round(50, 62), round(50, 12), round(12, 0)];
    office.rounds.borrow_mut().extend(rounds);
    let mut console = closing(&office);
    console.keys("1890<Enter>").settle().await;
    assert_eq!(office.count(), 4);
    insta::assert_snapshot!("close_expired", console.screen());
    insta::assert_snapshot!("close_expired_45", console.size(45, 30).screen());
    console.keys("<F12>").size(80, 24);
    insta::assert_snapshot!("close_expired_en", console.screen());
    console.keys("<Enter>").settle().await;
    assert_eq!(console.session().shift, None);
}

/// A close that is confirmed waits for the rest, and Esc ends the waiting.
#[tokio::test]
async fn a_close_waits_for_expiry_and_esc_ends_that() {
    let office = Office::default();
    let rounds = (1..=400).map(|n| round(50, (400 - n) * 50));
    office.rounds.borrow_mut().extend(rounds);
    let mut console = closing(&office);
    console.keys("1890<Enter>");
    console
        .answer_one()
        .await
        .answer_one()
        .await
        .answer_one()
        .await;
    insta::assert_snapshot!("close_expiring", console.screen());
    console.keys("<Enter>").answer_one().await;
    insta::assert_snapshot!("close_waits", console.screen());
    console.keys("<Esc>").settle().await;
    let asked = office.count();
    assert!(console.screen().contains("余 19800 位下次交班处理"));
    console.keys("<Enter>").settle().await;
    assert_eq!(office.count(), asked + 1);
    assert!(matches!(office.last(), Query::CloseShift(_)));
    assert_eq!(console.session().shift, None);
}

/// The close goes out by itself when the last round is answered.
#[tokio::test]
async fn a_confirmed_close_goes_out_after_the_last_round() {
    let office = Office::default();
    office
        .rounds
        .borrow_mut()
        .extend([round(50, 1), round(1, 0)]);
    let mut console = closing(&office);
    console.keys("1890<Enter>").answer_one().await;
    console.keys("<Enter>").settle().await;
    assert!(matches!(office.last(), Query::CloseShift(_)));
    assert_eq!((office.count(), console.session().shift.clone()), (4, None));
}

/// Nothing that goes wrong with it keeps the shift open.
#[tokio::test]
async fn expiry_that_fails_holds_nobody_up() {
    let office = Office::default();
    let mut console = closing(&office);
    console.keys("1890<Enter>").answer_one().await;
    office.cut();
    console.settle().await;
    assert!(console.screen().contains("过期处理没有完成"));
    console.keys("<Enter>").settle().await;
    assert_eq!(console.session().shift, None);
}
