//! The demo shop: a hairdresser with two stores, three tills and six people.

use chrono::{Datelike, NaiveDate};
use sqlx::PgConnection;

use super::PIN;
use super::dice::Dice;
use crate::db::{pin, promotion, set_up, shop as shops};
use crate::domain::preset;
use crate::domain::product::Product;
use crate::domain::set_up::{NewShop, NewStaff, NewStore};
use crate::domain::shop::Shop;
use crate::domain::staff::{Pin, Role};
use crate::domain::token::{Bearer, Token};
use crate::error::{Refusal, Result};

/// A place where a cashier works.
#[derive(Debug, Clone, Copy)]
pub struct Seat {
    pub till_id: i32,
    /// Who sits here, who stands in one day a week, and who approves.
    pub cashier: i32,
    stand_in: i32,
    approver: i32,
}

impl Seat {
    /// Who works here on a day: once a week somebody stands in.
    pub fn on_duty(self, day: NaiveDate) -> i32 {
        let free = u32::try_from(self.till_id).unwrap_or(0);
        if day.weekday().num_days_from_monday() == free {
            self.stand_in
        } else {
            self.cashier
        }
    }

    /// Somebody with more rights than `cashier`, who works here.
    pub const fn approver(self, cashier: i32) -> i32 {
        if cashier == self.approver {
            OWNER
        } else {
            self.approver
        }
    }
}

pub const OWNER: i32 = 1;
pub const SEATS: [Seat; 3] = [
    Seat {
        till_id: 1,
        cashier: 4,
        stand_in: 2,
        approver: 2,
    },
    Seat {
        till_id: 2,
        cashier: 5,
        stand_in: 2,
        approver: 2,
    },
    Seat {
        till_id: 3,
        cashier: 6,
        stand_in: 3,
        approver: 3,
    },
];

/// Who serves, by number and name.
pub const STAFF: [(i32, &str); 4] = [(3, "陈志强"), (4, "王小雨"), (5, "李娜"), (6, "赵欣然")];

/// More than the preset has.
const GOODS: i32 = 1_000;

/// Makes the shop; everybody's PIN is [`PIN`].
///
/// # Errors
/// `set_up.done_already` where there is a shop; offline.
pub async fn make(conn: &mut PgConnection, dice: &mut Dice) -> Result<()> {
    let preset = preset::named("salon").ok_or_else(|| Refusal::user("set_up.no_preset"))?;
    let pin_hash = pin::hash(&Pin(PIN.to_owned()))?;
    let people = [
        ("林悦", Role::Owner, 1),
        ("周敏", Role::Manager, 1),
        ("陈志强", Role::Manager, 2),
        ("王小雨", Role::Cashier, 1),
        ("李娜", Role::Cashier, 1),
        ("赵欣然", Role::Cashier, 2),
    ];
    let staff: Vec<NewStaff> = (1001..)
        .zip(people)
        .map(|(number, (name, role, store_id)): (i32, _)| NewStaff {
            number: number.to_string(),
            name: name.to_owned(),
            role,
            store_id,
            badge: Some(Token::mint(Bearer::Staff, dice.bytes()).to_string()),
            pin_hash: pin_hash.clone(),
        })
        .collect();
    let store = |name: &str, tills: &[&str]| NewStore {
        name: name.to_owned(),
        tills: tills.iter().map(|&till| till.to_owned()).collect(),
    };
    let new = NewShop {
        name: "半夏美发",
        industry: "salon",
        preset: &preset,
        english: false,
        stores: &[
            store("河西店", &["一号台", "二号台"]),
            store("老城店", &["三号台"]),
        ],
        staff: &staff,
    };
    set_up::make(&mut *conn, &new).await?;
    switch_on(conn).await
}

/// The order promotions of the preset: the counter shows what they look like. The year before had none.
async fn switch_on(conn: &mut PgConnection) -> Result<()> {
    let shop = shops::read(&mut *conn, 1).await?;
    let rules = shop.into_iter().flat_map(|shop| shop.promotions);
    for mut rule in rules.filter(|rule| !rule.offer.is_of_line()) {
        rule.active = true;
        promotion::save(&mut *conn, OWNER, &rule.into()).await?;
    }
    Ok(())
}

/// The shop's terms and its goods and services.
///
/// # Errors
/// Offline.
pub async fn read(conn: &mut PgConnection) -> Result<(Shop, Vec<Product>)> {
    let shop = shops::read(&mut *conn, 1)
        .await?
        .ok_or_else(|| Refusal::user("ledger.no_seat"))?;
    let mut products = shops::products(conn, "", None, GOODS, None).await?;
    products.sort_by_key(|product| product.id);
    Ok((shop, products))
}
