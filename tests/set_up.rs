//! A new shop out of a preset.

use guitai::db::set_up::set_up;
use guitai::db::{json, pin};
use guitai::domain::benefit::Benefit;
use guitai::domain::money::Fen;
use guitai::domain::preset;
use guitai::domain::set_up::terms;
use guitai::domain::shop::Shop;
use guitai::domain::staff::{Pin, Role};
use guitai::domain::stored_value::SpendOrder;
use guitai::query::SetUp;
use sqlx::{Connection, PgConnection};

use crate::support::cluster::Cluster;

fn answers(preset: &str, english: bool) -> SetUp {
    SetUp {
        shop: "半夏".into(),
        store: "河西店".into(),
        preset: preset.into(),
        owner: "林悦".into(),
        number: "1001".into(),
        pin: Pin("135790".into()),
        english,
    }
}

async fn shop(conn: &mut PgConnection) -> Shop {
    let shop = sqlx::query_scalar!("select shop(1)")
        .fetch_one(conn)
        .await
        .unwrap();
    json::read(shop).unwrap()
}

#[tokio::test]
async fn a_shop_is_there_once() {
    let database = Cluster::database().await;
    let mut conn = PgConnection::connect_with(&database.options("guitai_app"))
        .await
        .unwrap();
    set_up(&mut conn, &answers("salon", false)).await.unwrap();
    let shop = shop(&mut conn).await;
    assert_eq!(
        (shop.name.as_str(), shop.industry.as_str()),
        ("半夏", "salon")
    );
    assert_eq!(shop.terms, terms(SpendOrder::ProRata, false));
    assert_eq!(shop.denominations, [100, 50, 20, 10].map(Fen::yuan));
    assert_eq!(
        (shop.levels[2].paid, shop.levels[2].multiplier),
        (9_500, 15_000)
    );
    let limit = shop.limit(Role::Cashier).unwrap();
    assert_eq!(
        (limit.refund_max, limit.top_up_max),
        (Fen::yuan(200), Fen::yuan(5_000))
    );
    let gold = shop
        .rules
        .iter()
        .find(|r| r.amount == Fen::yuan(2_000))
        .unwrap();
    assert!(gold.benefits.contains(&Benefit::Level { level_id: 3 }));
    assert_eq!(gold.bonus(), Fen::yuan(500));

    let found = sqlx::query!("select staff_id, pin_hash from try_pin('1001', null)")
        .fetch_one(&mut conn)
        .await
        .unwrap();
    assert!(pin::matches(
        &Pin("135790".into()),
        &found.pin_hash.unwrap()
    ));

    let again = set_up(&mut conn, &answers("salon", false)).await;
    assert_eq!(again.unwrap_err().hint, "set_up.done_already");
    let none = set_up(&mut conn, &answers("bank", false)).await;
    assert_eq!(none.unwrap_err().hint, "set_up.no_preset");
}

#[tokio::test]
async fn every_preset_fits_the_tables() {
    for (id, preset) in preset::all() {
        let database = Cluster::database().await;
        let mut conn = PgConnection::connect_with(&database.options("guitai_app"))
            .await
            .unwrap();
        set_up(&mut conn, &answers(id, true)).await.unwrap();
        let shop = shop(&mut conn).await;
        assert_eq!(shop.levels[0].name, preset.levels[0].name.en);
        let products = sqlx::query_scalar!(r#"select count(*) as "n!" from product"#)
            .fetch_one(&mut conn)
            .await
            .unwrap();
        assert_eq!(
            usize::try_from(products).unwrap(),
            preset.items().count() + preset.packages.len(),
            "{id}"
        );
    }
}
