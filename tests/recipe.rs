//! What services take from the shelf, counted from the receipts by the recipe of the time (PK2, LG7).

use futures::future::join_all;
use guitai::domain::grant::Unit;
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::package::{Item, Package};
use guitai::domain::price::{CartLine, quote};
use guitai::domain::product::{Product, ProductKind};
use guitai::domain::receipt::Receipt;
use guitai::domain::recipe::{Material, MaterialUnit, Recipe, read};
use guitai::domain::redemption::UndoRequest;
use guitai::domain::refund::RefundRequest;
use guitai::domain::sale::SaleRequest;
use guitai::domain::shop::Shop;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::Result;
use guitai::query::{Backend, Days, MaterialUse, MaterialUsed, Query, Reply};

use crate::package::{buy, goods, redeem, save, till, uses};
use crate::support::books::{CASHIER, Counter, OWNER, books};

/// Two services in a card, what they take, and a member who bought the card.
struct Salon {
    till: Counter,
    dye: Product,
    colour: Product,
    massage: Product,
    her: Member,
    database: crate::support::cluster::Database,
}

async fn set(till: &Counter, editor: i32, recipe: Recipe) -> Result<Shop> {
    match till.db.answer(Query::SaveRecipe { editor, recipe }).await? {
        Reply::Saved(shop) => Ok(*shop),
        other => panic!("{other:?}"),
    }
}

fn recipe(service: &Product, version: i32, lines: &[&str]) -> Recipe {
    Recipe {
        service_id: service.id,
        version,
        items: lines.iter().map(|line| read(line).unwrap()).collect(),
    }
}

async fn salon() -> Salon {
    let database = books().await;
    let till = till(&database, 1).await;
    let dye = save(&till, goods("测试染膏", ProductKind::Weight, 30_000, None)).await;
    save(&till, goods("测试毛巾", ProductKind::Piece, 100, None)).await;
    let colour = save(&till, goods("测试染发", ProductKind::Service, 30_000, None)).await;
    let massage = save(&till, goods("测试按摩", ProductKind::Service, 200, None)).await;
    let item = |product: &Product, quantity, unit| Item {
        product_id: product.id,
        name: product.name.clone(),
        unit,
        quantity: Some(quantity),
        price: product.price,
        is_gift: false,
        copay: Fen::ZERO,
        cycle_days: None,
    };
    let package = Package {
        items: vec![
            item(&colour, 10, Unit::Session),
            item(&massage, 600, Unit::Minute),
        ],
        ..Package::default()
    };
    let card = save(
        &till,
        goods("测试年卡", ProductKind::Package, 200_000, Some(package)),
    )
    .await;
    let her = till.enrol("13800001380").await;
    buy(&till, &her, &card).await.unwrap();
    let her = till.member(her.id).await;
    set(
        &till,
        OWNER,
        recipe(&colour, 0, &["测试染膏 60克", "测试毛巾 1"]),
    )
    .await
    .unwrap();
    set(&till, OWNER, recipe(&massage, 0, &["测试毛巾 2个"]))
        .await
        .unwrap();
    Salon {
        till,
        dye,
        colour,
        massage,
        her,
        database,
    }
}

impl Salon {
    fn days(&self) -> Days {
        let day = self.till.shift.business_on;
        Days { from: day, to: day }
    }

    async fn used(&self) -> Vec<MaterialUsed> {
        match self
            .till
            .db
            .answer(Query::Materials(self.days()))
            .await
            .unwrap()
        {
            Reply::Materials(used) => used,
            other => panic!("{other:?}"),
        }
    }

    /// Name, pieces or grams, uses, those repaid.
    async fn figures(&self) -> Vec<(String, i64, i64, i64)> {
        let used = self.used().await.into_iter();
        used.map(|it| (it.name, it.quantity, it.uses, it.returned))
            .collect()
    }

    async fn uses_of(&self, product: &Product) -> Vec<MaterialUse> {
        let query = Query::MaterialUses {
            product_id: product.id,
            days: self.days(),
        };
        match self.till.db.answer(query).await.unwrap() {
            Reply::MaterialUses(uses) => uses,
            other => panic!("{other:?}"),
        }
    }

    async fn use_up(&self, service: &Product, quantity: i64) -> Receipt {
        let her = self.till.member(self.her.id).await;
        redeem(
            &self.till,
            uses(&self.till, &her, service.id, quantity),
            &her,
        )
        .await
        .unwrap()
    }

    async fn sell(&self, service: &Product, quantity: i64) -> Receipt {
        let lines = quote(&[CartLine::of(service, quantity)], None, &self.till.shop).lines;
        let total: Fen = lines.iter().map(|line| line.net).sum();
        let request = SaleRequest {
            bearers: vec![],
            coupons: vec![],
            basket: None,
            stamp: self.till.stamp(),
            member_id: None,
            lines,
            rounding: Fen::ZERO,
            points: 0,
            tenders: vec![Tender::exact(TenderKind::Wechat, total)],
        };
        self.till.send_sale(request, None).await.unwrap()
    }
}

fn row(name: &str, quantity: i64, uses: i64, returned: i64) -> (String, i64, i64, i64) {
    (name.to_owned(), quantity, uses, returned)
}

/// What was used beforehand and what was sold at once both count; time is one use however many minutes.
#[tokio::test]
async fn uses_and_sales_take_from_the_shelf() {
    let salon = salon().await;
    assert_eq!(salon.used().await, []);
    salon.use_up(&salon.colour, 2).await;
    salon.use_up(&salon.massage, 90).await;
    let sold = salon.sell(&salon.colour, 1).await;
    assert_eq!(
        salon.figures().await,
        [row("测试染膏", 180, 3, 0), row("测试毛巾", 5, 4, 0)]
    );
    let used = salon.used().await;
    assert_eq!(used[0].unit, MaterialUnit::Gram);
    assert_eq!(
        used[1].services,
        [("测试染发".to_owned(), 3, 3), ("测试按摩".to_owned(), 1, 2)]
    );
    // LG7: each figure leads to its receipts, who served and whom.
    let receipts = salon.uses_of(&salon.dye).await;
    let told: Vec<_> = receipts
        .iter()
        .map(|it| {
            (
                it.uses,
                it.quantity,
                it.served.as_deref(),
                it.member.is_some(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [(1, 60, None, false), (2, 120, Some("员工101"), true)]
    );
    assert_eq!(
        (receipts[0].receipt_id, receipts[0].seq),
        (sold.id, sold.seq)
    );
    // Another day has none of it.
    let before = salon.till.shift.business_on.pred_opt().unwrap();
    let query = Query::Materials(Days {
        from: before,
        to: before,
    });
    let Reply::Materials(used) = salon.till.db.answer(query).await.unwrap() else {
        panic!()
    };
    assert_eq!(used, []);
}

/// A use that was a mistake took nothing; a service whose money came back had been had, and is told apart.
#[tokio::test]
async fn mistakes_do_not_count_and_returns_do() {
    let salon = salon().await;
    let mistake = salon.use_up(&salon.colour, 3).await;
    salon.use_up(&salon.colour, 1).await;
    let undo = Query::UndoRedemption(UndoRequest {
        stamp: salon.till.stamp(),
        redemption_id: mistake.id,
        member_id: salon.her.id,
    });
    salon.till.receipt(undo).await.unwrap();
    assert_eq!(salon.figures().await[0], row("测试染膏", 60, 1, 0));
    let sold = salon.sell(&salon.colour, 2).await;
    let back = Query::Refund(RefundRequest {
        stamp: Stamp {
            approver_id: Some(OWNER),
            ..salon.till.stamp()
        },
        sale_id: sold.id,
        member_id: None,
        lines: vec![(1, 1)],
        amount: Fen(30_000),
    });
    salon.till.receipt(back).await.unwrap();
    assert_eq!(salon.figures().await[0], row("测试染膏", 180, 3, 1));
    assert_eq!(salon.uses_of(&salon.dye).await[0].returned, 1);
}

/// An edit counts from when it is saved: what was used before stays as it was.
#[tokio::test]
async fn an_edit_changes_nothing_that_was() {
    let salon = salon().await;
    salon.use_up(&salon.colour, 1).await;
    let shop = set(
        &salon.till,
        OWNER,
        recipe(&salon.colour, 1, &["测试染膏 80克"]),
    )
    .await
    .unwrap();
    assert_eq!(shop.recipe(salon.colour.id).unwrap().version, 2);
    salon.use_up(&salon.colour, 1).await;
    set(&salon.till, OWNER, recipe(&salon.colour, 2, &[]))
        .await
        .unwrap();
    salon.use_up(&salon.colour, 1).await;
    assert_eq!(
        salon.figures().await,
        [row("测试染膏", 140, 2, 0), row("测试毛巾", 1, 1, 0)]
    );
}

/// Grams are of goods by weight, pieces of others; services are no material; a name must be one of the shop's.
#[tokio::test]
async fn what_a_service_cannot_take() {
    let salon = salon().await;
    let mut ids = recipe(&salon.massage, 1, &["测试染膏 60克"]);
    ids.items[0] = Material {
        product_id: salon.colour.id,
        ..ids.items[0].clone()
    };
    for (editor, wrong, hint) in [
        (
            OWNER,
            recipe(&salon.massage, 1, &["测试染膏 60"]),
            "recipe.wrong_goods",
        ),
        (
            OWNER,
            recipe(&salon.massage, 1, &["测试毛巾 60克"]),
            "recipe.wrong_goods",
        ),
        (OWNER, ids, "recipe.wrong_goods"),
        (
            OWNER,
            recipe(&salon.dye, 0, &["测试毛巾 1"]),
            "recipe.wrong_goods",
        ),
        (
            OWNER,
            recipe(&salon.massage, 1, &["没有这种 1"]),
            "promotion.no_goods",
        ),
        (
            OWNER,
            recipe(&salon.massage, 1, &["测试毛巾 1", "测试毛巾 2"]),
            "recipe.twice",
        ),
        (
            OWNER,
            recipe(&salon.massage, 0, &["测试毛巾 1"]),
            "manage.changed",
        ),
        (
            CASHIER,
            recipe(&salon.massage, 1, &["测试毛巾 1"]),
            "staff.no_right",
        ),
    ] {
        let said = set(&salon.till, editor, wrong.clone()).await.unwrap_err();
        assert_eq!(said.hint, hint, "{wrong:?}");
    }
}

/// LG4: two who edit it at once: one saves, the other hears that it was changed.
#[tokio::test]
async fn two_editors_at_once() {
    let salon = salon().await;
    let edits = [30, 40].map(|grams| recipe(&salon.colour, 1, &[&format!("测试染膏 {grams}克")]));
    let other = till(&salon.database, 2).await;
    let saved = join_all(
        edits
            .into_iter()
            .zip([&salon.till, &other])
            .map(|(edit, till)| set(till, OWNER, edit)),
    )
    .await;
    let hints: Vec<_> = saved
        .iter()
        .filter_map(|it| it.as_ref().err())
        .map(|it| it.hint)
        .collect();
    assert_eq!(hints, ["manage.changed"]);
}
