//! Who comes to the demo shop: particulars and habits.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate};

use super::dice::Dice;
use super::names;
use crate::domain::member::Gender;
use crate::domain::money::Fen;
use crate::domain::tender::TenderKind;
use crate::domain::token::{Bearer, Token};
use crate::query::Person as Particulars;

/// Prefixes that are given to no operator: nobody's real number.
const PREFIXES: &[&str] = &["154", "161", "163", "164", "168", "169", "179", "194"];

const NOTES: &[&str] = &[
    "对氨水过敏",
    "喜欢安静,不推销",
    "头皮敏感,水温低一点",
    "只要 2 号技师",
    "刘海留长",
    "下班后来,七点以后",
    "带孩子一起来",
    "染发色号 6.3",
    "左侧头旋,注意分线",
    "开发票",
    "介绍人:隔壁花店",
    "喝菊花茶",
];

/// Days between visits, by weight.
const RHYTHMS: &[(i64, i64)] = &[(8, 10), (15, 18), (25, 25), (25, 33), (17, 45), (10, 60)];
const PURSES: &[(i64, i64)] = &[
    (25, 300),
    (30, 500),
    (28, 1_000),
    (10, 2_000),
    (5, 3_000),
    (2, 3_800),
];
const PAYS: &[(i64, TenderKind)] = &[
    (55, TenderKind::Wechat),
    (25, TenderKind::Alipay),
    (13, TenderKind::Cash),
    (7, TenderKind::BankCard),
];

/// A member with her habits.
#[derive(Debug)]
pub struct Person {
    /// None until she is enrolled.
    pub id: Option<i64>,
    pub particulars: Particulars,
    pub phone: Option<String>,
    pub card: Option<String>,
    pub code: String,
    pub marketing: bool,
    pub till_id: i32,
    rhythm: i64,
    /// Visits until she stays away for good; none is a faithful one.
    pub visits_left: Option<i64>,
    /// What she loads when her balance runs out; none for those who never do.
    pub purse: Option<Fen>,
    pub pays: TenderKind,
}

impl Person {
    /// A person nobody has met. `give` gives out phones and cards that nobody has.
    pub fn meet(
        dice: &mut Dice,
        mut give: impl FnMut(&mut Dice, Number) -> String,
        today: NaiveDate,
    ) -> Self {
        let (name, gender) = names::name(dice);
        let by_card = dice.chance(6);
        let carries_card = by_card || dice.chance(12);
        Self {
            id: None,
            particulars: particulars(dice, name, gender, today),
            phone: (!by_card).then(|| give(dice, Number::Phone)),
            card: carries_card.then(|| give(dice, Number::Card)),
            code: Token::mint(Bearer::Member, dice.bytes()).to_string(),
            marketing: dice.chance(70),
            till_id: dice.weigh(&[(38, 1), (27, 2), (35, 3)]).unwrap_or(1),
            rhythm: dice.weigh(RHYTHMS).unwrap_or(30),
            visits_left: dice.chance(38).then(|| dice.between(1, 8)),
            purse: dice
                .chance(62)
                .then(|| Fen::yuan(dice.weigh(PURSES).unwrap_or(500))),
            pays: dice.weigh(PAYS).unwrap_or(TenderKind::Wechat),
        }
    }

    /// When she comes again after a visit on `day`; none when that was the last time.
    pub fn next(&mut self, dice: &mut Dice, day: NaiveDate) -> Option<NaiveDate> {
        if let Some(left) = &mut self.visits_left {
            *left -= 1;
            if *left <= 0 {
                return None;
            }
        }
        let days = (self.rhythm * dice.between(60, 150) / 100).max(4);
        day.checked_add_days(Days::new(u64::try_from(days).unwrap_or(30)))
    }

    pub fn is_female(&self) -> bool {
        self.particulars.gender == Some(Gender::Female)
    }
}

fn particulars(dice: &mut Dice, name: String, gender: Gender, today: NaiveDate) -> Particulars {
    let born = dice.chance(70).then(|| {
        let days = dice.between(18 * 365, 66 * 365);
        today.checked_sub_days(Days::new(u64::try_from(days).unwrap_or(0)))
    });
    let born = born.flatten();
    Particulars {
        name,
        birth_year: born.filter(|_| dice.chance(80)).map(|day| day.year()),
        birth_month: born.map(|day| day.month()),
        birth_day: born.map(|day| day.day()),
        gender: Some(gender),
        notes: if dice.chance(22) {
            dice.pick(NOTES).unwrap_or_default().to_owned()
        } else {
            String::new()
        },
    }
}

/// What identifies a member and must be hers alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    Phone,
    Card,
}

impl Number {
    /// One that is not `taken` yet. Cards share the set with phones, which are longer.
    pub fn unused(self, dice: &mut Dice, taken: &mut BTreeSet<String>) -> String {
        loop {
            let number = match self {
                Self::Phone => {
                    let prefix = dice.pick(PREFIXES).unwrap_or("154");
                    format!("{prefix}{:08}", dice.between(0, 99_999_999))
                }
                Self::Card => format!("80{:06}", dice.between(100_000, 999_999)),
            };
            if taken.insert(number.clone()) {
                return number;
            }
        }
    }

    /// The number of the `no`-th of very many members: nobody else's without looking.
    pub fn counted(self, no: u64) -> String {
        match self {
            Self::Phone => {
                // Times a number without common factors: every member another one.
                let n = no.wrapping_mul(387_420_489) % 800_000_000;
                let place = usize::try_from(n / 100_000_000).unwrap_or(0);
                let prefix = PREFIXES.get(place).unwrap_or(&"154");
                format!("{prefix}{:08}", n % 100_000_000)
            }
            Self::Card => format!("80{no:08}"),
        }
    }
}
