//! Promotions (PR1, PR3, SV9). Like a top-up rule one is never changed: saving makes a new version, and receipts keep
//! naming the one that made them.

mod draft;
mod layout;
mod trial;

use super::edit::Edit;
use super::list::Rows;
use crate::domain::promotion::{Promotion, State};
use crate::session::Session;
use crate::ui::offer;
use crate::ui::screen::Look;
use crate::ui::theme::Role;
use crate::ui::widgets::table::{Cell, Column};
use draft::Draft;

/// The list of promotions.
#[derive(Debug)]
pub struct Promotions;

impl Rows for Promotions {
    type Row = Promotion;
    const TITLE: &'static str = "manage.promotions";
    const EMPTY: &'static str = "promotion.none";
    const COLUMNS: &'static [Column] = &[
        Column::rest("promotion.name"),
        Column::rest("promotion.does"),
        Column::fixed("promotion.version_short", 5),
        Column::fixed("promotion.state", 7),
    ];

    fn id(rule: &Promotion) -> i32 {
        rule.rule.id
    }

    fn known(session: &Session) -> Vec<Promotion> {
        let rules = session.shop.iter().flat_map(|shop| shop.promotions.clone());
        let mut rules: Vec<Promotion> = rules.collect();
        // What is switched on stands first; whether it is over follows from the day it is drawn on.
        rules.sort_by_key(|rule| (!rule.active, rule.when.from, rule.rule.id));
        rules
    }

    fn cells(rule: &Promotion, look: &Look) -> Vec<Cell> {
        let state = rule.state(look.session.today(look.now));
        let (word, paint) = match state {
            State::Running => ("promotion.running", Role::Good),
            State::Coming => ("promotion.coming", Role::Warn),
            State::Over => ("promotion.over", Role::Dim),
            State::Off => ("manage.off", Role::Dim),
        };
        let plain = match state {
            State::Running | State::Coming => Role::Text,
            State::Over | State::Off => Role::Dim,
        };
        let texts = [
            offer::gives(&rule.offer, look),
            offer::validity(&rule.when, look),
            offer::conditions(rule, look),
        ];
        let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        vec![
            Cell::from(rule.name.as_str()).role(plain),
            Cell::from(texts.join("  ")).role(Role::Dim),
            Cell::from(format!("v{}", rule.rule.version)).role(Role::Dim),
            Cell::from(look.text(word)).role(paint),
        ]
    }

    fn edit(row: Option<&Promotion>, session: &Session) -> Edit {
        Edit::new(Draft::new(row, session), session)
    }
}
