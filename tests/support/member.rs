//! Members for screens that have no database behind them.

use chrono::NaiveDate;
use guitai::domain::ledger::LotKind;
use guitai::domain::level::Level;
use guitai::domain::member::{Gender, Instalment, Lot, Member};
use guitai::domain::money::Fen;
use guitai::query::DormantRow;
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn lot(n: u128, kind: LotKind, opened: &str, until: Option<&str>, held: (i64, i64, i64)) -> Lot {
    Lot {
        id: Uuid::from_u128(n),
        kind,
        opened_at: format!("{opened}T06:00:00Z").parse().unwrap(),
        expires_on: until.map(day),
        principal: Fen::yuan(held.0),
        bonus: Fen::yuan(held.1),
        points: held.2,
        spend_order: None,
    }
}

/// 王晓明: gold, two top-ups, an instalment to come, points on two days, 42 days away.
pub fn member() -> Member {
    Member {
        contracts: vec![],
        occasions: guitai::domain::gift::rule::Occasions::default(),
        given: std::collections::BTreeMap::new(),
        checked_in: None,
        grants: Vec::new(),
        merged: None,
        family: Vec::new(),
        is_bearer: false,
        id: 7,
        version: 3,
        edition: 1,
        name: "王晓明".to_owned(),
        phone: Some("138****1380".to_owned()),
        level: Level {
            product_id: None,
            id: 1,
            rank: 1,
            name: "普卡".to_owned(),
            threshold: Fen::ZERO,
            paid: 9_500,
            multiplier: 15_000,
            version: 1,
        },
        principal: Fen::yuan(1_000),
        bonus: Fen::yuan(234),
        points: 2_310,
        visits: 12,
        first_visit_on: Some(day("2025-08-25")),
        last_visit_on: Some(day("2026-01-26")),
        due_on: Some(day("2026-02-23")),
        spend: Fen::yuan(1_800),
        spend_year: Fen::yuan(1_800),
        birth_year: None,
        birth_month: Some(3),
        birth_day: Some(14),
        gender: Some(Gender::Female),
        notes: "对氨水过敏".to_owned(),
        joined_on: day("2025-03-09"),
        lots: vec![
            lot(
                1,
                LotKind::StoredValue,
                "2025-11-11",
                Some("2026-03-31"),
                (200, 34, 0),
            ),
            lot(2, LotKind::StoredValue, "2026-01-05", None, (800, 200, 0)),
            lot(
                3,
                LotKind::Points,
                "2025-03-09",
                Some("2026-03-31"),
                (0, 0, 310),
            ),
            lot(
                4,
                LotKind::Points,
                "2025-12-01",
                Some("2026-12-31"),
                (0, 0, 2_000),
            ),
        ],
        instalments: vec![Instalment {
            operation_id: Uuid::from_u128(77),
            no: 2,
            lot_id: Uuid::from_u128(2),
            due_on: day("2026-04-05"),
            bonus: Fen::yuan(100),
            valid_days: None,
        }],
    }
}

/// The dormant member at this place of a long list, most at risk first.
pub fn dormant(place: i64) -> DormantRow {
    let names = [
        "王晓明",
        "欧阳锋-名字很长很长很长",
        "=cmd|'/c',\"x\"",
        "Zoë",
    ];
    let turn = usize::try_from(place % 4).unwrap();
    DormantRow {
        member_id: 1_000 + place,
        name: names[turn].to_owned(),
        phone: (turn != 3).then(|| "138****1380".to_owned()),
        level: ["金卡", "普卡", "普卡", "钻石卡会员"][turn].to_owned(),
        last_visit_on: Some(day("2026-01-06")),
        due_on: [
            Some("2026-02-03"),
            None,
            Some("2026-01-13"),
            Some("2026-05-01"),
        ][turn]
            .map(day),
        principal: Fen(500_000 - place / 2),
        bonus: Fen(1_234),
        // Two neighbours share a value: only the member tells them apart.
        at_risk: Fen(800_000 - place / 2),
        visits: 12,
    }
}
