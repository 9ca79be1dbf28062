//! The filter of the dormant list, worked by Tab and the arrows.

use chrono::NaiveDate;
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::money::Fen;
use crate::domain::shop::Shop;
use crate::query::DormantFilter;
use crate::ui::paint;
use crate::ui::screen::Look;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Days away to choose from; the shop's own number stands among them.
const DAYS: [i32; 7] = [15, 30, 45, 60, 90, 180, 365];

/// When the shop has not said (OR1).
const USUAL_DAYS: i32 = 30;

/// Stored balances to choose from, at least this much; the first is any, the second more than none.
const BALANCES: [Fen; 7] = [
    Fen::ZERO,
    Fen(1),
    Fen::yuan(100),
    Fen::yuan(300),
    Fen::yuan(500),
    Fen::yuan(1_000),
    Fen::yuan(3_000),
];

/// Columns of a level's name.
const LEVEL: usize = 12;

/// What Left and Right change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item {
    Days,
    Rhythm,
    Level,
    Balance,
}

const ITEMS: [Item; 4] = [Item::Days, Item::Rhythm, Item::Level, Item::Balance];

/// What is asked for, and where the arrows work.
#[derive(Debug, Clone, Default)]
pub struct Bar {
    /// More days than this away. Not used with `rhythm`.
    pub days: i32,
    /// Those past their own rhythm instead.
    pub rhythm: bool,
    level_id: Option<i32>,
    balance: Fen,
    /// The shop's own number of days.
    own_days: i32,
    focus: Option<Item>,
}

impl Bar {
    /// The shop's own number of days, every level, any balance.
    #[must_use]
    pub fn new(shop: Option<&Shop>) -> Self {
        let own = shop.and_then(|shop| i32::try_from(shop.dormancy_days).ok());
        let days = own.filter(|days| *days > 0).unwrap_or(USUAL_DAYS);
        Self {
            days,
            own_days: days,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn filter(&self, today: NaiveDate) -> DormantFilter {
        DormantFilter {
            today,
            days: self.days,
            rhythm: self.rhythm,
            max_days: None,
            level_id: self.level_id,
            balance: Some(self.balance).filter(|balance| balance.is_positive()),
        }
    }

    #[must_use]
    pub const fn is_focused(&self) -> bool {
        self.focus.is_some()
    }

    /// Whether more than the days narrows the list.
    #[must_use]
    pub const fn is_narrowed(&self) -> bool {
        self.level_id.is_some() || self.balance.is_positive()
    }

    /// Back to the list.
    pub const fn leave(&mut self) {
        self.focus = None;
    }

    /// To the next item; behind the last one is the list. The days are passed over while the
    /// rhythm decides.
    pub fn go(&mut self, forward: bool) {
        let items: Vec<Item> = self.items().collect();
        let place = self
            .focus
            .and_then(|at| items.iter().position(|item| *item == at));
        let next = match (place, forward) {
            (None, true) => Some(0),
            (None, false) => items.len().checked_sub(1),
            (Some(place), true) => place.checked_add(1),
            (Some(place), false) => place.checked_sub(1),
        };
        self.focus = next.and_then(|place| items.get(place).copied());
    }

    fn items(&self) -> impl Iterator<Item = Item> {
        let rhythm = self.rhythm;
        let used = move |item: &Item| !(rhythm && *item == Item::Days);
        ITEMS.into_iter().filter(used)
    }

    /// Changes the item at the focus. Returns whether there is something else to ask for.
    pub fn turn(&mut self, up: bool, shop: Option<&Shop>) -> bool {
        match self.focus {
            None => false,
            Some(Item::Days) => {
                let mut days = DAYS.to_vec();
                days.push(self.own_days);
                days.sort_unstable();
                step(&mut self.days, &days, up)
            }
            Some(Item::Rhythm) => step(&mut self.rhythm, &[false, true], up),
            Some(Item::Level) => {
                let mut levels: Vec<_> = shop.iter().flat_map(|shop| &shop.levels).collect();
                levels.sort_by_key(|level| level.rank);
                let ids = levels.into_iter().map(|level| Some(level.id));
                let options: Vec<Option<i32>> = std::iter::once(None).chain(ids).collect();
                step(&mut self.level_id, &options, up)
            }
            Some(Item::Balance) => step(&mut self.balance, &BALANCES, up),
        }
    }

    /// Draws the items, as many in a row as fit; gives the rows it took.
    pub fn view(&self, frame: &mut Frame, area: Rect, look: &Look) -> u16 {
        let mut row = 0;
        let mut rest = area;
        for item in ITEMS {
            let label = format!("{} ", look.text(label(item)));
            let value = format!("< {} >", self.value(item, look));
            let needed = width::columns(&label) + width::columns(&value);
            if needed > rest.width && rest.width < area.width {
                row += 1;
                rest = area;
            }
            let unused = self.rhythm && item == Item::Days;
            let role = match (self.focus == Some(item), unused) {
                (true, _) => Role::Selected,
                (_, true) => Role::Dim,
                _ => Role::Text,
            };
            for (text, role) in [
                (label, Role::Dim),
                (value, role),
                ("  ".to_owned(), Role::Text),
            ] {
                let taken = paint::line(frame, rest, row, &text, look.style(role));
                rest.x += taken;
                rest.width -= taken;
            }
        }
        row + 1
    }

    fn value(&self, item: Item, look: &Look) -> String {
        match item {
            Item::Days if self.rhythm => "-".to_owned(),
            Item::Days => look.say(&Say::new("dormant.days").with("days", self.days)),
            Item::Rhythm if self.rhythm => look.text("dormant.on").to_owned(),
            Item::Rhythm => look.text("dormant.off").to_owned(),
            Item::Level => {
                let shop = look.session.shop.as_ref();
                let level = self.level_id.and_then(|id| shop?.level(id));
                let name = level.map_or(look.text("dormant.all_levels"), |level| &level.name);
                width::fit(name, LEVEL).into_owned()
            }
            Item::Balance => match self.balance {
                Fen::ZERO => look.text("dormant.any_balance").to_owned(),
                Fen(1) => look.text("dormant.some_balance").to_owned(),
                Fen(fen) => look.say(&Say::new("dormant.at_least").with("yuan", fen / 100)),
            },
        }
    }
}

const fn label(item: Item) -> &'static str {
    match item {
        Item::Days => "dormant.by_days",
        Item::Rhythm => "dormant.by_rhythm",
        Item::Level => "dormant.by_level",
        Item::Balance => "dormant.by_balance",
    }
}

/// The option beside `value`: the next one up or down, in order; stays at the ends.
fn step<T: Copy + PartialEq>(value: &mut T, options: &[T], up: bool) -> bool {
    let before = *value;
    let place = options.iter().position(|option| *option == before);
    let next = if up {
        let last = options.iter().rposition(|option| *option == before);
        last.and_then(|place| options.get(place + 1))
    } else {
        place.and_then(|place| options.get(place.checked_sub(1)?))
    };
    *value = next.copied().unwrap_or(before);
    *value != before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shops_own_days_stand_among_the_others() {
        let mut bar = Bar {
            days: 20,
            own_days: 20,
            ..Bar::default()
        };
        bar.go(true);
        assert!(bar.turn(true, None));
        assert_eq!(bar.days, 30);
        assert!(bar.turn(false, None) && bar.turn(false, None));
        assert_eq!(bar.days, 15);
        assert!(!bar.turn(false, None));
        bar.own_days = 30;
        assert!(bar.turn(true, None) && bar.turn(true, None));
        assert_eq!(bar.days, 45);
    }

    #[test]
    fn tab_goes_round_and_passes_over_what_is_not_used() {
        let mut bar = Bar::new(None);
        bar.go(true);
        assert_eq!(bar.focus, Some(Item::Days));
        bar.go(true);
        assert!(bar.turn(true, None) && bar.rhythm);
        bar.go(false);
        assert_eq!(bar.focus, None);
        bar.go(true);
        assert_eq!(bar.focus, Some(Item::Rhythm));
        bar.go(true);
        bar.go(true);
        bar.go(true);
        assert_eq!(bar.focus, None);
        bar.go(false);
        assert_eq!(bar.focus, Some(Item::Balance));
    }
}
