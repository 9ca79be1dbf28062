//! Member levels (LV1, LV2).

use super::edit::{Edit, Subject};
use super::list::Rows;
use super::products::typed;
use super::trial::TryRule;
use crate::domain::level::Level;
use crate::domain::money::Fen;
use crate::query::{Query, Tried};
use crate::session::Session;
use crate::ui::offer;
use crate::ui::screen::{Cx, Look, Screen};
use crate::ui::text::Say;
use crate::ui::widgets::field::{Field, Kind};
use crate::ui::widgets::form::Form;
use crate::ui::widgets::table::{Cell, Column};

/// Basis points: the whole price, and the most times points are multiplied.
const WHOLE: i64 = 10_000;
pub(in crate::ui::screens::manage) const MOST_TIMES: i64 = 100_000;

/// Longest name, digits of the rank.
const NAME_LENGTH: usize = 20;
const RANK_LENGTH: usize = 3;

/// Places in the form.
const NAME: usize = 0;
const RANK: usize = 1;
const THRESHOLD: usize = 2;
const PAID: usize = 3;
const TIMES: usize = 4;
const GOODS: usize = 5;

/// Longest name or code of goods.
const GOODS_LENGTH: usize = 40;

/// The list of levels.
#[derive(Debug)]
pub struct Levels;

impl Rows for Levels {
    type Row = Level;
    const TITLE: &'static str = "manage.levels";
    const EMPTY: &'static str = "level.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("level.name"),
        Column::fixed("level.rank", 6).right(),
        Column::fixed("level.paid", 14).right(),
        Column::fixed("level.times", 14).right(),
        Column::fixed("level.threshold", 18).right(),
    ];

    fn id(level: &Level) -> i32 {
        level.id
    }

    fn known(session: &Session) -> Vec<Level> {
        let levels = session.shop.iter().flat_map(|shop| shop.levels.clone());
        let mut levels: Vec<Level> = levels.collect();
        levels.sort_by_key(|level| level.rank);
        levels
    }

    fn cells(level: &Level, _look: &Look) -> Vec<Cell> {
        vec![
            level.name.as_str().into(),
            level.rank.to_string().into(),
            format!("{}%", short(Fen(level.paid))).into(),
            format!("x {}", short(Fen(level.multiplier / 100))).into(),
            Cell::money(level.threshold),
        ]
    }

    fn edit(row: Option<&Level>, session: &Session) -> Edit {
        let levels = session.shop.iter().flat_map(|shop| &shop.levels);
        let next = levels
            .map(|level| level.rank)
            .max()
            .map_or(1, |rank| rank + 1);
        let level = row.cloned().unwrap_or(Level {
            id: 0,
            rank: next,
            name: String::new(),
            threshold: Fen::ZERO,
            paid: WHOLE,
            multiplier: WHOLE,
            product_id: None,
            version: 0,
        });
        let shop = session.shop.as_ref();
        let goods = level.product_id.map(|id| offer::goods(shop, id));
        let goods = goods.unwrap_or_default();
        Edit::new(Draft { level, goods }, session)
    }
}

/// A level being edited.
#[derive(Debug)]
struct Draft {
    level: Level,
    /// What must be bought for it.
    goods: String,
}

impl Subject for Draft {
    fn bindings(&self) -> &'static str {
        "level"
    }

    fn title(&self) -> Say {
        Say::new(if self.level.id == 0 {
            "level.new"
        } else {
            "level.edit"
        })
    }

    fn form(&self, _session: &Session) -> Form {
        let level = &self.level;
        let amount = |amount: Fen| Field::new(Kind::Amount).with(&short(amount));
        let rank = Field::new(Kind::Digits).most(RANK_LENGTH);
        Form::new()
            .field(
                "level.name",
                Field::new(Kind::Any).most(NAME_LENGTH).with(&level.name),
            )
            .field("level.rank", rank.with(&level.rank.to_string()))
            .hint("level.rank_hint")
            .field("level.threshold", amount(level.threshold))
            .hint("level.threshold_hint")
            .field("level.paid", amount(Fen(level.paid)))
            .field("level.times", amount(Fen(level.multiplier / 100)))
            .hint("level.times_hint")
            .field(
                "level.goods",
                Field::new(Kind::Any).most(GOODS_LENGTH).with(&self.goods),
            )
            .hint("level.goods_hint")
    }

    /// A scanned code is what must be bought.
    fn scanned(&mut self, code: &str, form: &mut Form) {
        form.fill(GOODS, code);
        form.go(GOODS);
    }

    /// Says the percentage paid the way the shop does: 95 is 9.5 折.
    fn edited(&mut self, form: &mut Form) {
        let hint = match Fen::parse(form.value(PAID)) {
            Some(Fen(WHOLE)) => Say::new("level.paid_whole"),
            Some(percent) if percent.is_positive() && percent.0 < WHOLE => {
                let tenths = percent.ratio(1, 10);
                let off = Fen(WHOLE - percent.0);
                Say::new("level.paid_is")
                    .with("tenths", short(tenths))
                    .with("off", short(off))
            }
            _ => Say::new("level.paid_hint"),
        };
        form.say_hint(PAID, Some(hint));
    }

    fn tried(&mut self, form: &mut Form) -> Option<Box<dyn Screen>> {
        let level = self.read(form)?;
        Some(Box::new(TryRule::new(Tried::Level(level))))
    }

    fn save(&mut self, form: &mut Form, editor: i32, _cx: &Cx) -> Option<Query> {
        let level = self.read(form)?;
        let typed = form.value(GOODS).trim();
        let same = typed == self.goods;
        let level = Level {
            product_id: self.level.product_id.filter(|_| same),
            ..level
        };
        let product = (!same && !typed.is_empty()).then(|| typed.to_owned());
        Some(Query::SaveLevel {
            editor,
            level,
            product,
        })
    }
}

impl Draft {
    /// What the form says besides the goods; none after saying what is wrong.
    fn read(&self, form: &mut Form) -> Option<Level> {
        let name = form.need_text(NAME)?;
        let rank = form.need_text(RANK)?.parse().unwrap_or(0);
        let threshold = form.need_amount(THRESHOLD)?;
        let paid = form.need_amount(PAID)?.0;
        if !(1..=WHOLE).contains(&paid) {
            form.refuse(PAID, "level.paid_wrong");
            return None;
        }
        let multiplier = form.need_amount(TIMES)?.0 * 100;
        if multiplier > MOST_TIMES {
            form.refuse(TIMES, "level.times_wrong");
            return None;
        }
        Some(Level {
            id: self.level.id,
            rank,
            name,
            threshold,
            paid,
            multiplier,
            product_id: None,
            version: self.level.version,
        })
    }
}

/// Without zeros behind the point: 9.5, not 9.50.
pub(super) fn short(amount: Fen) -> String {
    let text = typed(amount);
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').to_owned(),
        None => text,
    }
}
