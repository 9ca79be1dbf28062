//! What the owner sets: goods, staff, levels, top-up rules, promotions, terms, stores, tills, limits, scale labels. Enough to run
//! a shop without touching the database.

use chrono::{DateTime, Utc};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::staff::Limit;
use crate::error::Refusal;
use crate::session::Session;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step, is_narrow};
use crate::ui::screens::level_review::LevelReview;
use crate::ui::screens::message::Message;
use crate::ui::single::Single;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column, Table};

pub mod check_ins;
mod conditions;
pub mod contracts;
pub mod coupons;
pub mod disclosures;
pub mod drawer;
pub mod dues;
pub mod edit;
pub mod gifts;
mod gives;
pub mod labels;
pub mod level_rule;
pub mod levels;
pub mod limits;
pub mod list;
pub mod log;
pub mod materials;
pub mod own_terms;
pub mod packages;
pub mod products;
pub mod promotions;
pub mod recipes;
pub mod rewards;
pub mod rules;
pub mod staff_list;
pub mod stores;
pub mod terms;
pub mod tills;
pub mod trial;

pub use gives::said;

const COLUMNS: &[Column] = &[Column::fixed("", 22), Column::rest("")];

/// One line of the menu: what it is called, and what stands behind it.
#[derive(Debug, Clone, Copy)]
struct Place {
    title: &'static str,
    about: &'static str,
    open: fn(&Session) -> Box<dyn Screen>,
}

/// The menu: groups of places, each with a digit of its own.
const GROUPS: &[Place] = &[
    Place {
        title: "manage.goods",
        about: "manage.goods_about",
        open: |_| Box::new(Manage::of("manage.goods", GOODS)),
    },
    Place {
        title: "manage.members",
        about: "manage.members_about",
        open: |_| Box::new(Manage::of("manage.members", MEMBERS)),
    },
    Place {
        title: "manage.offers",
        about: "manage.offers_about",
        open: |_| Box::new(Manage::of("manage.offers", OFFERS)),
    },
    Place {
        title: "manage.promises",
        about: "manage.promises_about",
        open: |_| Box::new(Manage::of("manage.promises", PROMISES)),
    },
    Place {
        title: "manage.people",
        about: "manage.people_about",
        open: |_| Box::new(Manage::of("manage.people", PEOPLE)),
    },
    Place {
        title: "manage.records",
        about: "manage.records_about",
        open: |_| Box::new(Manage::of("manage.records", RECORDS)),
    },
];

const GOODS: &[Place] = &[
    Place {
        title: "manage.products",
        about: "manage.products_about",
        open: |_| Box::new(list::List::<products::Products>::new()),
    },
    Place {
        title: "manage.packages",
        about: "manage.packages_about",
        open: |_| Box::new(list::List::<packages::Packages>::new()),
    },
    Place {
        title: "manage.recipes",
        about: "manage.recipes_about",
        open: |_| Box::new(list::List::<recipes::Recipes>::new()),
    },
    Place {
        title: "manage.labels",
        about: "manage.labels_about",
        open: |_| Box::new(list::List::<labels::Labels>::new()),
    },
];

const MEMBERS: &[Place] = &[
    Place {
        title: "manage.levels",
        about: "manage.levels_about",
        open: |_| Box::new(list::List::<levels::Levels>::new()),
    },
    Place {
        title: "manage.level_rule",
        about: "manage.level_rule_about",
        open: |session| Box::new(level_rule::edit(session)),
    },
    Place {
        title: "manage.level_review",
        about: "manage.level_review_about",
        open: |_| Box::new(LevelReview::default()),
    },
    Place {
        title: "manage.rewards",
        about: "manage.rewards_about",
        open: |_| Box::new(list::List::<rewards::Rewards>::new()),
    },
    Place {
        title: "manage.check_in",
        about: "manage.check_in_about",
        open: |session| Box::new(check_ins::edit(session)),
    },
];

const OFFERS: &[Place] = &[
    Place {
        title: "manage.rules",
        about: "manage.rules_about",
        open: |_| Box::new(list::List::<rules::Rules>::new()),
    },
    Place {
        title: "manage.promotions",
        about: "manage.promotions_about",
        open: |_| Box::new(list::List::<promotions::Promotions>::new()),
    },
    Place {
        title: "manage.coupons",
        about: "manage.coupons_about",
        open: |_| Box::new(list::List::<coupons::Coupons>::new()),
    },
    Place {
        title: "manage.gifts",
        about: "manage.gifts_about",
        open: |_| Box::new(list::List::<gifts::Gifts>::new()),
    },
    Place {
        title: "manage.contracts",
        about: "manage.contracts_about",
        open: |_| Box::new(list::List::<contracts::Contracts>::new()),
    },
];

const PROMISES: &[Place] = &[
    Place {
        title: "manage.terms",
        about: "manage.terms_about",
        open: |session| Box::new(terms::edit(session)),
    },
    Place {
        title: "manage.own_terms",
        about: "manage.own_terms_about",
        open: |session| Box::new(own_terms::edit(session)),
    },
    Place {
        title: "manage.dues",
        about: "manage.dues_about",
        open: |_| Box::new(dues::Dues::new()),
    },
];

const PEOPLE: &[Place] = &[
    Place {
        title: "manage.stores",
        about: "manage.stores_about",
        open: |_| Box::new(list::List::<stores::Stores>::new()),
    },
    Place {
        title: "manage.tills",
        about: "manage.tills_about",
        open: |_| Box::new(list::List::<tills::Tills>::new()),
    },
    Place {
        title: "manage.staff",
        about: "manage.staff_about",
        open: |_| Box::new(list::List::<staff_list::StaffList>::new()),
    },
    Place {
        title: "manage.limits",
        about: "manage.limits_about",
        open: |_| Box::new(list::List::<limits::Limits>::new()),
    },
];

const RECORDS: &[Place] = &[
    Place {
        title: "manage.disclosures",
        about: "manage.disclosures_about",
        open: |_| Box::new(log::Log::<disclosures::Disclosures>::new()),
    },
    Place {
        title: "manage.drawer",
        about: "manage.drawer_about",
        open: |_| Box::new(log::Log::<drawer::Openings>::new()),
    },
    Place {
        title: "manage.materials",
        about: "manage.materials_about",
        open: |_| Box::new(materials::Materials::new()),
    },
];

/// The menu. Whoever has no right to manage is told so instead.
#[derive(Debug)]
pub struct Manage {
    title: &'static str,
    places: &'static [Place],
    table: Table<Place>,
    marked: usize,
    single: Single,
}

impl Default for Manage {
    fn default() -> Self {
        Self::new()
    }
}

impl Manage {
    #[must_use]
    pub fn new() -> Self {
        Self::of("manage.title", GROUPS)
    }

    fn of(title: &'static str, places: &'static [Place]) -> Self {
        let mut table = Table::new(COLUMNS, "");
        table.set(places.to_vec(), true);
        Self {
            title,
            places,
            table,
            marked: 0,
            single: Single::default(),
        }
    }
}

impl Manage {
    fn open(&self, cx: &Cx) -> Step {
        let place = self.table.selected();
        place.map_or(Step::Stay, |place| Step::Push((place.open)(cx.session)))
    }
}

impl Screen for Manage {
    fn bindings(&self) -> &'static str {
        "manage"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        if matches!(input, Input::Action(_) | Input::Rollback) {
            self.single.forget();
        }
        match input {
            Input::Opened if !cx.session.limit().is_some_and(|limit: &Limit| limit.manage) => {
                return Step::replace(Message::new(Refusal::user("staff.no_right")));
            }
            Input::Action(Action::Accept) => return self.open(cx),
            Input::Tick if self.single.acts(cx.now()) => return self.open(cx),
            Input::Action(Action::Back) => return Step::Pop(None),
            Input::Text(glyph) => {
                let digit = glyph.to_digit(10).map(|digit| digit as usize);
                let place = digit.and_then(|digit| digit.checked_sub(1));
                let place = place.filter(|place| *place < self.places.len());
                self.single.typed(place.is_some(), cx.now());
                if let Some(place) = place {
                    self.table.select(place);
                }
            }
            Input::Mark => self.marked = self.table.place(),
            Input::Rollback => self.table.select(self.marked),
            _ => {
                self.table.on(&input);
            }
        }
        Step::Stay
    }

    fn deadline(&self) -> Option<DateTime<Utc>> {
        self.single.deadline()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        paint::line(
            frame,
            area,
            0,
            look.text(self.title),
            look.style(Role::Title),
        );
        let (narrow, places) = (is_narrow(area), self.places);
        let place = |place: &Place, look: &Look| {
            let mut places = places.iter();
            let at = places.position(|other| other.title == place.title);
            let number = at.map_or(0, |at| at + 1);
            let title = format!(" {number} {}", look.text(place.title)).into();
            let about = look.text(place.about);
            if narrow {
                return vec![title, format!(" {about}").into(), "".into()];
            }
            vec![title, Cell::from(about).role(Role::Dim)]
        };
        self.table.view(frame, paint::below(area, 2), look, place);
    }
}
