//! Points pay for a part, by one key (PT5).

use guitai::domain::ledger::LotKind;
use guitai::domain::member::{Lot, Member};
use guitai::domain::money::Fen;
use guitai::domain::points::Exchange;
use guitai::domain::price::{CartLine, Terms, price};
use guitai::domain::promotion::Occasion;
use guitai::error::Refusal;
use guitai::query::Cart;
use guitai::ui::screens::tender::{Prices, Tender};
use uuid::Uuid;

use super::{Books, member, receipt, till};
use crate::support::console::morning;

fn her() -> Member {
    let mut her = member(0, 0);
    her.lots.retain(|lot| lot.kind == LotKind::StoredValue);
    her.lots.push(Lot {
        id: Uuid::from_u128(77),
        kind: LotKind::Points,
        opened_at: morning(),
        expires_on: None,
        principal: Fen::ZERO,
        bonus: Fen::ZERO,
        points: 2_310,
        spend_order: None,
    });
    her.points = 2_310;
    her
}

/// 100.00 to be paid; 100 points are 1.00, for 20 percent at most.
fn books() -> Books {
    let mut books = Books::new();
    books.shop.points_exchange = Some(Exchange {
        points: 100,
        fen: Fen(100),
        cap: 2_000,
        least: 100,
    });
    books.member = her();
    books
}

fn sale(books: &Books) -> Tender {
    let lines = vec![CartLine::quick("消费".to_owned(), Fen(10_000))];
    let her = her();
    let shop = books.shop_now();
    let occasion = Occasion::at(&shop, 1, morning(), Some(her.level.id));
    let usual = price(&lines, &Terms::of(&shop, Some(&her.level), Some(occasion))).lines;
    let prices = Prices {
        usual,
        coupons: vec![],
        stored_coupons: vec![],
        stored: None,
        at: morning(),
    };
    let cart = Cart {
        member_id: Some(7),
        lines,
        ..Cart::default()
    };
    Tender::of(prices, Some(Box::new(her))).keeping(cart)
}

#[tokio::test]
async fn one_key_takes_as_many_as_the_shop_allows() {
    let books = books();
    let (mut console, got) = till(&books, sale(&books));
    insta::assert_snapshot!("points_offer", console.screen());
    console.keys("<F4>");
    insta::assert_snapshot!("points_pay", console.screen());
    insta::assert_snapshot!("points_pay_45", console.size(45, 30).screen());
    console.size(80, 24).keys("<Ctrl-y>");
    let screen = console.screen();
    assert!(screen.contains("每 100 积分抵 1.00,最多抵 20%"), "{screen}");
    console.keys("<Esc><Enter>").settle().await;
    let receipt = receipt(&got);
    assert_eq!(
        (receipt.net(), receipt.document.points_paid),
        (Fen(8_000), 2_000)
    );
    assert_eq!(books.sells()[0].points, 2_000);
}

#[tokio::test]
async fn a_typed_number_takes_fewer_and_the_key_again_none() {
    let books = books();
    let (mut console, got) = till(&books, sale(&books));
    for (keys, says) in [
        ("50<F4>", "一次至少用 100"),
        ("<Ctrl-u>1.5<F4>", "请输整数"),
        ("<Ctrl-u>2311<F4>", "现在可用 2,310"),
        ("<Ctrl-u>550<F4>", "550 积分抵 5.50"),
        ("<F4>", "不用积分了"),
        ("1000<F4>", "1,000 积分抵 10.00"),
    ] {
        let screen = console.keys(keys).screen();
        assert!(screen.contains(says), "{keys}: {screen}");
    }
    // Once something is paid it stays.
    console.keys("40<Enter><F4>");
    assert!(
        console.screen().contains("1,000 积分抵 10.00"),
        "{}",
        console.screen()
    );
    console.keys("<Enter>").settle().await;
    assert_eq!(receipt(&got).net(), Fen(9_000));
}

/// Another till was faster: it is said, the sale stands there without points, nothing was posted.
#[tokio::test]
async fn points_that_are_gone_are_said() {
    let books = books();
    let (mut console, got) = till(&books, sale(&books));
    let gone = Refusal::user("points.short");
    books.refuse(gone.with("points", 2_000).with("have", 10));
    console.keys("<F4><Enter>").settle().await;
    assert!(
        console.screen().contains("积分不够"),
        "{}",
        console.screen()
    );
    console.keys("<Enter>");
    assert!(got.borrow().is_empty() && books.sells().len() == 1);
}
