//! A back end for the screens of the owner: it remembers what it was asked, and refuses when told.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use chrono::TimeDelta;
use guitai::domain::benefit::Benefit;
use guitai::domain::expiry::{Expired, Round};
use guitai::domain::ledger::Posted;
use guitai::domain::level::Reviewed;
use guitai::domain::money::Fen;
use guitai::domain::package::wording::Service;
use guitai::domain::price;
use guitai::domain::price::trial::Trial;
use guitai::domain::product::{Product, ProductKind};
use guitai::domain::recipe::MaterialUnit;
use guitai::domain::shift::{Sheet, Shift, TenderRow};
use guitai::domain::shop::{Category, Shop};
use guitai::domain::staff::{Limit, Role, Staff};
use guitai::domain::tender::TenderKind;
use guitai::domain::top_up::TopUpRule;
use guitai::domain::trial::{Gain, Outlook, Touched};
use guitai::error::{Refusal, Result};
use guitai::query::{
    Backend, Differences, Disclosure, DisclosureKind, DrawerOpening, Found, MaterialUse,
    MaterialUsed, Opening, Query, Reply, Tried,
};
use uuid::Uuid;

use super::console::{morning, parts};
use super::shop;
use guitai::app::Parts;

/// Answers as a small shop would.
#[derive(Debug, Default)]
pub struct Office {
    pub asked: RefCell<Vec<Query>>,
    /// Given to the next question instead of an answer.
    pub refuse: RefCell<Option<Refusal>>,
    /// There is no shop until it is set up.
    pub empty: Cell<bool>,
    pub expected: Cell<i64>,
    pub differences: RefCell<Differences>,
    /// What the rounds of expiry do, in turn; then nothing is due.
    pub rounds: RefCell<VecDeque<Round>>,
    /// How often the drawer was opened without a payment.
    pub drawer_count: Cell<i64>,
}

impl Office {
    pub fn refuse(&self, hint: &'static str) {
        *self.refuse.borrow_mut() = Some(Refusal::user(hint));
    }

    pub fn cut(&self) {
        *self.refuse.borrow_mut() = Some(Refusal::offline());
    }

    pub fn count(&self) -> usize {
        self.asked.borrow().len()
    }

    pub fn last(&self) -> Query {
        self.asked.borrow().last().unwrap().clone()
    }
}

/// Somebody who spent too little for the second level.
fn reviewed() -> Reviewed {
    Reviewed {
        id: 7,
        version: 3,
        name: "王晓明".to_owned(),
        phone: Some("138****1380".to_owned()),
        level_id: 2,
        spend: Fen(120_000),
        spend_now: Fen(130_050),
        granted: vec![],
    }
}

impl Backend for &Office {
    async fn answer(&self, query: Query) -> Result<Reply> {
        self.asked.borrow_mut().push(query.clone());
        if let Some(refusal) = self.refuse.borrow_mut().take() {
            return Err(refusal);
        }
        Ok(match query {
            Query::Opening if self.empty.get() => Reply::Empty,
            Query::Opening => Reply::Opening(Box::new(opening())),
            Query::SetUp(_) => {
                self.empty.set(false);
                Reply::Opening(Box::new(opening()))
            }
            Query::SignIn { .. } => Reply::SignedIn(owner()),
            Query::OpenShift { stamp, float } => Reply::ShiftOpened(Shift {
                id: stamp.id,
                opening_float: float,
                ..shift()
            }),
            Query::Sheet { .. } => Reply::Sheet(
                Box::new(Sheet {
                    drawer_count: self.drawer_count.get(),
                    ..sheet(self.expected.get())
                }),
                self.differences.borrow().clone(),
            ),
            Query::Expire { .. } => {
                Reply::Expired(self.rounds.borrow_mut().pop_front().unwrap_or_default())
            }
            Query::CloseShift(_) => Reply::ShiftClosed,
            Query::PayOut { stamp, .. } => Reply::Posted(Posted {
                id: stamp.id,
                replayed: false,
                seq: 7,
                after: None,
            }),
            Query::Scan { codes, .. }
                if codes.iter().any(|code| code.contains("6990000300016")) =>
            {
                Reply::Found(Found::Product(products().remove(0)))
            }
            Query::Scan { .. } => Reply::Found(Found::Nothing),
            Query::Products { search, .. } => {
                let mut found = products();
                found.retain(|product| product.name.contains(&search));
                Reply::Products(found)
            }
            Query::StaffList => Reply::Staff(vec![owner(), shop::cashier()]),
            Query::SaveTerms { shop, .. } => Reply::Saved(shop),
            Query::SaveLevel { level, .. } => {
                let mut shop = full_shop();
                shop.levels.retain(|known| known.id != level.id);
                shop.levels.push(level);
                Reply::Saved(Box::new(shop))
            }
            Query::SaveRule { rule, .. } => {
                let mut shop = full_shop();
                shop.rules.push(*rule);
                Reply::Saved(Box::new(shop))
            }
            Query::TryPromotion { day, .. } => {
                Reply::Tried(if day == "2026-03-08".parse().unwrap() {
                    trial()
                } else {
                    Trial {
                        complete: true,
                        ..Trial::default()
                    }
                })
            }
            Query::TryRule { rule, from, to } => {
                Reply::RuleTried(Box::new(outlook(&rule, from == to)))
            }
            Query::SavePromotion { .. }
            | Query::SaveCoupon { .. }
            | Query::SaveGift { .. }
            | Query::SaveContractPlan { .. }
            | Query::Give { .. }
            | Query::SaveReward { .. }
            | Query::SaveRecipe { .. }
            | Query::SaveCheckIn { .. }
            | Query::SaveProduct { .. }
            | Query::SaveStaff { .. }
            | Query::SaveStore { .. }
            | Query::SaveTill { .. }
            | Query::SaveLabel { .. }
            | Query::SaveLimit { .. } => Reply::Saved(Box::new(full_shop())),
            Query::LevelsDue { .. } => Reply::LevelsDue(vec![reviewed()]),
            Query::ReviewLevels { members, .. } => {
                Reply::LevelsReviewed(i64::try_from(members.len()).unwrap())
            }
            Query::ReadShop { .. } => Reply::Shop(Box::new(full_shop()), Some(owner())),
            Query::SellCards(_) | Query::TopUp { .. } => Reply::Kept,
            Query::LoadedAlone { .. } => Reply::LoadedAlone(Fen::ZERO),
            Query::EndContract { .. } => Reply::Member(Box::new(super::member::member())),
            other => logged(&other),
        })
    }
}

/// Logs and figures, one page of them.
fn logged(query: &Query) -> Reply {
    match query {
        Query::Disclosures { before, .. } => Reply::Disclosures(if before.is_none() {
            disclosures()
        } else {
            Vec::new()
        }),
        Query::DrawerOpenings { before, .. } => Reply::DrawerOpenings(if before.is_none() {
            openings()
        } else {
            Vec::new()
        }),
        Query::Materials(_) => Reply::Materials(used()),
        Query::MaterialUses { .. } => Reply::MaterialUses(uses()),
        other => panic!("{other:?}"),
    }
}

/// Three materials, one with a long name.
fn used() -> Vec<MaterialUsed> {
    let used =
        |id, name: &str, unit, quantity, returned, services: &[(&str, i64, i64)]| MaterialUsed {
            product_id: id,
            name: name.to_owned(),
            unit,
            quantity,
            uses: services.iter().map(|it| it.1).sum(),
            returned,
            services: services
                .iter()
                .map(|it| (it.0.to_owned(), it.1, it.2))
                .collect(),
        };
    let (gram, piece) = (MaterialUnit::Gram, MaterialUnit::Piece);
    vec![
        used(
            22,
            "一次性毛巾",
            piece,
            412,
            0,
            &[("洗吹", 318, 318), ("染发", 94, 94)],
        ),
        used(
            21,
            "染膏",
            gram,
            6_420,
            2,
            &[("染发", 94, 5_640), ("补染发根", 26, 780)],
        ),
        used(
            23,
            "进口无氨植物染发膏(深栗棕色加护理油)",
            gram,
            12_345_678,
            0,
            &[("染发", 3, 12_345_678)],
        ),
    ]
}

fn uses() -> Vec<MaterialUse> {
    let used = |no: i64, member: Option<&str>, uses: i64, returned: i64| MaterialUse {
        receipt_id: Uuid::from_u128(9),
        seq: 100 + no,
        at: morning() - TimeDelta::hours(20 + no),
        till: "一号台".to_owned(),
        member: member.map(str::to_owned),
        service: "染发".to_owned(),
        served: member.map(|_| "小吴".to_owned()),
        uses,
        returned,
        quantity: 60 * uses,
    };
    vec![
        used(1, Some("阿卜杜热合曼·买买提艾力·依明江"), 1, 0),
        used(2, None, 2, 1),
        used(3, Some("王芳"), 1, 0),
    ]
}

/// What an edited rule would have given, differently for each kind; on more days than one everything stays as it was.
fn outlook(rule: &Tried, is_day: bool) -> Outlook {
    let gain = |bonus: i64, points: i64| Gain {
        bonus: Fen(bonus),
        points,
        ..Gain::default()
    };
    let sold = |off: i64, coupons: i64| Gain {
        off: Fen(off),
        coupons,
        ..Gain::default()
    };
    let (before, after) = match rule {
        Tried::TopUp(_) => (gain(150_000, 2_000), gain(165_000, 3_200)),
        Tried::Coupon(_) => (sold(38_000, 12), sold(57_000, 31)),
        Tried::Gift(_) => (Gain::default(), gain(0, 1_500)),
        Tried::Level(_) => (
            sold(120_000, 0),
            Gain {
                points: -310,
                ..sold(96_050, 0)
            },
        ),
    };
    let touched = |who: &str, amount: i64, after: Gain| Touched {
        id: (!matches!(rule, Tried::Gift(_))).then(|| Uuid::from_u128(9)),
        on: "2026-03-08".parse().unwrap(),
        who: who.to_owned(),
        amount: (!matches!(rule, Tried::Gift(_))).then_some(Fen(amount)),
        before: Gain::default(),
        after,
    };
    Outlook {
        events: 41,
        touched: if is_day { 2 } else { 0 },
        got: matches!(rule, Tried::TopUp(_)).then(|| gain(148_000, 2_000)),
        before,
        after: if is_day { after } else { before },
        biggest: if is_day {
            vec![
                touched("阿卜杜热合曼·买买提艾力·依明江", 1_280_000, after - before),
                touched("", 50_000, gain(5_000, 30)),
            ]
        } else {
            vec![]
        },
        complete: is_day,
    }
}

/// Three of forty sales of the day before, one of them by somebody with a long name.
fn trial() -> Trial {
    let touched = |no: i64, member: Option<&str>, before: i64, off: i64| price::trial::Touched {
        id: Uuid::from_u128(9),
        seq: no,
        at: morning() - TimeDelta::hours(20 + no % 5),
        till: "一号台".to_owned(),
        member: member.map(str::to_owned),
        before: Fen(before),
        after: Fen(before - off),
    };
    Trial {
        receipts: 40,
        touched: 3,
        off: Fen(11_200),
        gifts: 0,
        biggest: vec![
            touched(
                1_283,
                Some("阿卜杜热合曼·买买提艾力·依明江"),
                1_280_000,
                7_000,
            ),
            touched(1_270, None, 26_800, 3_000),
            touched(1_266, Some("王晓明"), 20_000, 1_200),
        ],
        complete: true,
    }
}

/// One while no shift was open, one approved, one of which the till had no answer.
fn openings() -> Vec<DrawerOpening> {
    let opening = |id: i64, approver: Option<&str>, in_shift, reason: &str| DrawerOpening {
        id,
        at: morning() - TimeDelta::minutes(100 - id),
        staff: approver.map_or("赵店长", |_| "李敏").to_owned(),
        approver: approver.map(str::to_owned),
        till: "一号台".to_owned(),
        in_shift,
        is_sure: id != 1,
        reason: reason.to_owned(),
    };
    vec![
        opening(3, None, false, "盘点"),
        opening(
            2,
            Some("赵店长"),
            true,
            "顾客要换五十元零钱,找的是昨天那张二十的",
        ),
        opening(1, None, true, "试钱箱"),
    ]
}

/// An export and two looks.
fn disclosures() -> Vec<Disclosure> {
    let disclosure = |id: i64, kind, member: Option<&str>, rows, reason: &str| Disclosure {
        id,
        at: morning() - TimeDelta::minutes(100 - id),
        kind,
        staff: "赵店长".to_owned(),
        till: "一号台".to_owned(),
        member: member.map(|name| (7, name.to_owned())),
        what: if member.is_none() {
            "未到店 > 45 天; 金卡; 储值 >= 100.00".to_owned()
        } else {
            String::new()
        },
        rows,
        reason: reason.to_owned(),
    };
    vec![
        disclosure(
            3,
            DisclosureKind::Export,
            None,
            1_203,
            "中秋前按名单逐个打电话,问问为什么好久没来,并告诉她们卡里还有多少余额",
        ),
        disclosure(
            2,
            DisclosureKind::Reveal,
            Some("王晓明"),
            1,
            "打电话联系本人",
        ),
        disclosure(1, DisclosureKind::Reveal, Some("欧阳娜娜"), 1, "核对身份"),
    ]
}

/// 陈芳, owner, 1.
pub fn owner() -> Staff {
    Staff {
        id: 1,
        number: "1".to_owned(),
        name: "陈芳".to_owned(),
        role: Role::Owner,
        home_store_id: 1,
        badge: None,
        active: true,
        version: 1,
    }
}

/// The small shop with a rule, a category and rights for the owner.
pub fn full_shop() -> Shop {
    let mut shop = shop::shop();
    shop.categories.push(Category {
        id: 1,
        name: "洗护产品".to_owned(),
    });
    shop.rules.push(TopUpRule {
        id: 1,
        version: 2,
        name: "充 1000 送 200".to_owned(),
        amount: Fen::yuan(1_000),
        benefits: vec![
            Benefit::Bonus {
                fen: Fen::yuan(200),
                instalments: None,
                valid_days: None,
            },
            Benefit::Points { points: 500 },
            Benefit::Level { level_id: 2 },
        ],
        levels: None,
        stores: None,
        valid_from: None,
        valid_to: None,
        active: true,
    });
    shop.services = vec![Service {
        id: 2,
        name: "剪发".to_owned(),
        price: Fen(6_800),
    }];
    shop.limits.push(Limit {
        role: Role::Owner,
        ..shop.limits[1].clone()
    });
    shop
}

pub fn opening() -> Opening {
    Opening {
        shop: full_shop(),
        ..shop::opening()
    }
}

pub fn products() -> Vec<Product> {
    let product = |id, name: &str, code: Option<&str>, price| Product {
        package: None,
        id,
        code: code.map(str::to_owned),
        name: name.to_owned(),
        category_id: Some(1),
        kind: ProductKind::Piece,
        price: Fen(price),
        member_price: None,
        active: true,
        version: 1,
    };
    vec![
        Product {
            member_price: Some(Fen(11_500)),
            ..product(1, "护发精油 100毫升", Some("06990000300016"), 12_800)
        },
        Product {
            kind: ProductKind::Service,
            category_id: None,
            ..product(2, "剪发", None, 6_800)
        },
        Product {
            active: false,
            ..product(3, "一款名字特别长的进口护发修护洗发水家庭装", None, 123_456)
        },
    ]
}

pub fn shift() -> Shift {
    Shift {
        id: Uuid::from_u128(1),
        till_id: 1,
        cashier_id: 101,
        cashier: "李敏".to_owned(),
        business_on: "2026-03-09".parse().unwrap(),
        opened_at: morning(),
        opening_float: Fen::yuan(500),
    }
}

fn sheet(expected: i64) -> Sheet {
    let row = |sales, top_ups, refunds| TenderRow {
        sales: Fen::yuan(sales),
        top_ups: Fen::yuan(top_ups),
        deposits: Fen::ZERO,
        refunds: Fen::yuan(refunds),
    };
    Sheet {
        deposit_count: 0,
        redemption_count: 0,
        shift: shift(),
        tenders: vec![
            (TenderKind::StoredValue, row(1_376, 0, 68)),
            (TenderKind::Cash, row(420, 1_000, 0)),
            (TenderKind::Wechat, row(888, 3_000, 0)),
            (TenderKind::Alipay, row(0, 0, 0)),
            (TenderKind::BankCard, row(0, 5_000, 0)),
        ],
        sale_count: 23,
        top_up_count: 4,
        refund_count: 1,
        enrol_count: 2,
        drawer_count: 0,
        rounding: Fen(80),
        discount: Fen(19_600),
        points_granted: 2_310,
        expired: Expired::default(),
        paid_out: Fen::yuan(30),
        expected_cash: Fen(expected),
    }
}

/// A console whose owner is signed in.
pub fn signed_in() -> Parts {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(owner());
    parts
}

/// The same with an open shift.
pub fn in_shift() -> Parts {
    let mut parts = signed_in();
    parts.session.shift = Some(shift());
    parts
}
