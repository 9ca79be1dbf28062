//! What services take from the shelf: set, and looked at, by keys (PK2).

use guitai::domain::money::Fen;
use guitai::domain::package::wording::Service;
use guitai::domain::recipe::{Material, MaterialUnit, Recipe};
use guitai::error::Refusal;
use guitai::query::Query;
use guitai::ui::screens::manage::Manage;

use super::{open, picture};
use crate::support::console::Console;
use crate::support::office::{Office, signed_in};

fn material(product_id: i32, name: &str, quantity: i64, unit: MaterialUnit) -> Material {
    Material {
        product_id,
        name: name.to_owned(),
        quantity,
        unit,
    }
}

#[tokio::test]
async fn what_a_service_takes() {
    let office = Office::default();
    let mut parts = signed_in();
    let shop = parts.session.shop.as_mut().unwrap();
    let service = |id, name: &str| Service {
        id,
        name: name.to_owned(),
        price: Fen(10_000),
    };
    shop.services = vec![
        service(9, "剪发"),
        service(10, "总监精致染发挑染全套(含护理)"),
        service(11, "染发"),
    ];
    shop.recipes = vec![Recipe {
        service_id: 11,
        version: 3,
        items: vec![
            material(21, "染膏", 60, MaterialUnit::Gram),
            material(22, "一次性毛巾", 1, MaterialUnit::Piece),
        ],
    }];
    let mut console = Console::with(&office, parts, Manage::new());
    console.menu("13").await;
    picture(&mut console, "recipes");
    console.keys("<Enter>");
    console.keys("<Down><Down>双氧乳<F2>");
    assert!(
        console.screen().contains("空格后写用量"),
        "{}",
        console.screen()
    );
    console.keys(" 90克");
    picture(&mut console, "recipe");
    console.keys("<F2>").settle().await;
    let asked = office.asked.borrow();
    let saved = asked.iter().find_map(|query| match query {
        Query::SaveRecipe { recipe, .. } => Some(recipe.clone()),
        _ => None,
    });
    let saved = saved.unwrap();
    assert_eq!((saved.service_id, saved.version), (11, 3));
    // What was there keeps its number, whatever it is called by now.
    let ids: Vec<_> = saved.items.iter().map(|it| it.product_id).collect();
    assert_eq!(ids, [21, 22, 0]);
}

#[tokio::test]
async fn what_was_used() {
    let office = Office::default();
    let mut console = open(&office, "63").await;
    picture(&mut console, "materials");
    assert!(
        console.screen().contains("2026-03-01 至 2026-03-31"),
        "{}",
        console.screen()
    );
    // Later than today there is nothing to see.
    let asked = office.count();
    console.keys("<Right>").settle().await;
    assert_eq!(office.count(), asked);
    console.keys("<Left>").settle().await;
    assert!(console.screen().contains("2026-02-01 至 2026-02-28"));
    console.keys("<Tab>").settle().await;
    assert!(
        console.screen().contains("耗材用量 2026-02-28"),
        "{}",
        console.screen()
    );
    console.keys("<Enter>").settle().await;
    picture(&mut console, "material_uses");
    *office.refuse.borrow_mut() = Some(Refusal::user("refusal.not_found"));
    console.keys("<Enter>").settle().await;
    let asked = office.asked.borrow();
    assert!(matches!(asked.last(), Some(Query::ReadReceipt { .. })));
}
