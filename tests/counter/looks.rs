//! How the counter looks, at every size and with every name.

use chrono::TimeDelta;
use guitai::domain::money::Fen;
use guitai::query::Cart;

use super::OIL;
use super::desk::{self, Desk, counter, open};
use crate::support::console::Console;

#[tokio::test]
async fn names_of_any_length_and_many_lines() {
    let desk = Desk::new();
    for (name, lines) in [("", 0), ("王", 1), ("阿卜杜热合曼·买买提艾力·依明江", 200)]
    {
        desk.rename(name);
        let mut parts = desk::parts_on_shift();
        let line = desk::line(&format!("{name}专用的护发精油大瓶装"));
        parts.session.cart = Some(Cart {
            coupons: guitai::domain::coupon::Presented::default(),
            member_id: Some(7),
            lines: vec![line; lines],
        });
        let mut console = open(&desk, parts);
        console.settle().await;
        for (columns, rows) in [(80, 24), (45, 30), (120, 40), (200, 60), (40, 12)] {
            let screen = console.size(columns, rows).screen();
            let widest = screen.lines().map(guitai::ui::width::width).max();
            assert!(widest <= Some(columns.into()), "{screen}");
            console.keys("<Home><PgDn><Down><End>");
        }
        let total = Fen(12_800 * 9 / 10 * i64::try_from(lines).unwrap());
        let screen = console.keys("<Home>").size(40, 12).screen();
        assert!(screen.contains(&total.to_string()), "{screen}");
    }
}

async fn busy(console: &mut Console<&Desk>) {
    console.burst("0088001<Enter>").settle().await;
    console.wait(TimeDelta::seconds(1));
    console.burst("6911111111117<Enter>").settle().await;
    console
        .wait(TimeDelta::seconds(1))
        .keys("2*")
        .wait(TimeDelta::seconds(1));
    console.burst(OIL).burst("<Enter>").settle().await;
}

#[tokio::test]
async fn how_it_looks() {
    let desk = Desk::new();
    let mut console = counter(&desk);
    insta::assert_snapshot!("empty", console.screen());
    insta::assert_snapshot!("empty_45", console.size(45, 30).screen());
    console.size(80, 24);
    busy(&mut console).await;
    insta::assert_snapshot!("busy", console.screen());
    insta::assert_snapshot!("busy_45", console.size(45, 30).screen());
    insta::assert_snapshot!("busy_120", console.size(120, 40).screen());
    insta::assert_snapshot!("busy_en", console.keys("<F12>").size(80, 24).screen());
    insta::assert_snapshot!("more_en", console.keys("<F10>").screen());
    console.keys("<Esc><F12><F1>");
    insta::assert_snapshot!("help", console.screen());
    console
        .keys("<Esc>wang")
        .wait(TimeDelta::seconds(1))
        .settle()
        .await;
    insta::assert_snapshot!("candidates_45", console.size(45, 30).screen());
}
