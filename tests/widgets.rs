//! How the parts of screens look at 80 columns and on a manager's phone.

use guitai::domain::money::Fen;
use guitai::error::Result;
use guitai::query::{Backend, Query, Reply};
use guitai::ui::keymap::Action;
use guitai::ui::paint;
use guitai::ui::screen::{Cx, Input, Look, Screen, Step};
use guitai::ui::theme::Role;
use guitai::ui::widgets::field::{Field, Kind};
use guitai::ui::widgets::form::{Did, Form};
use guitai::ui::widgets::money;
use guitai::ui::widgets::table::{Cell, Column, Table};
use guitai::ui::widgets::tiles::{Tile, Tiles};
use ratatui::Frame;
use ratatui::layout::Rect;

use crate::support::console::{Console, parts};

/// Nobody asks anything here.
struct Nobody;

impl Backend for Nobody {
    async fn answer(&self, query: Query) -> Result<Reply> {
        panic!("{query:?}");
    }
}

const COLUMNS: &[Column] = &[
    Column::rest("sign_in.title"),
    Column::fixed("sign_in.number", 14),
    Column::fixed("header.online", 8),
    Column::fixed("header.slow", 12).right(),
];

/// Name, phone, level, balance.
#[derive(Debug)]
struct Members(Table<(&'static str, &'static str, &'static str, i64)>);

impl Screen for Members {
    fn bindings(&self) -> &'static str {
        "sign_in"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        self.0.on(&input);
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        self.0.view(frame, area, look, |row, _look| {
            let balance = Cell::money(Fen(row.3));
            vec![
                row.0.into(),
                row.1.into(),
                Cell::from(row.2).role(Role::Dim),
                balance,
            ]
        });
    }
}

fn members() -> Members {
    let mut table = Table::new(COLUMNS, "field.empty");
    let row = |place: i64| match place % 3 {
        0 => ("王晓明", "138****1380", "金卡", 123_400 + place),
        1 => (
            "欧阳锋-名字很长很长很长很长很长很长",
            "186****1380",
            "普卡",
            0,
        ),
        _ => ("Zoë", "", "钻石卡会员", -1_960),
    };
    table.set((0..30).map(row).collect(), true);
    Members(table)
}

#[test]
fn a_table_in_both_widths() {
    let mut console = Console::with(Nobody, parts(), members());
    insta::assert_snapshot!("table_80", console.keys("<Down><PgDn><PgDn>").screen());
    insta::assert_snapshot!("table_45", console.size(45, 30).keys("<Home>").screen());
}

#[test]
fn an_empty_table_teaches() {
    let empty = Members(Table::new(COLUMNS, "field.amount"));
    let mut console = Console::with(Nobody, parts(), empty);
    assert!(console.screen().contains("请输入金额"));
}

/// An amount due in large digits, tenders, and a form.
#[derive(Debug)]
struct Till {
    tiles: Tiles,
    form: Form,
    editing: bool,
}

impl Screen for Till {
    fn bindings(&self) -> &'static str {
        "sign_in"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        if let Input::Action(Action::End) = input {
            self.editing = true;
        } else if self.editing {
            if self.form.on(&input) == Did::Save {
                for place in 0..2 {
                    if let Some(wrong) = self.form.get(place).and_then(Field::complaint) {
                        self.form.refuse(place, wrong);
                        break;
                    }
                }
            }
        } else {
            self.tiles.on(&input);
        }
        Step::Stay
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        money::large(frame, area, Fen(123_456_789), look);
        money::line(
            frame,
            area,
            3,
            look.text("sign_in.title"),
            Fen(-1_960),
            look,
        );
        let middle = Rect {
            height: 6,
            ..paint::below(area, 5)
        };
        self.tiles.view(frame, middle, look);
        self.form.view(frame, paint::below(area, 12), look);
    }
}

fn till() -> Till {
    let labels = ["储值", "现金", "微信", "支付宝", "银行卡"];
    let tiles = labels.map(|label| Tile {
        label: label.to_owned(),
        note: "1,234.00".to_owned(),
    });
    let levels = ["普卡", "金卡"].map(str::to_owned).to_vec();
    let form = Form::new()
        .field("sign_in.number", Field::new(Kind::Any))
        .field("sign_in.pin", Field::new(Kind::Amount).with("68.5"))
        .choice("sign_in.title", levels, 1);
    Till {
        tiles: Tiles::new(tiles.to_vec()),
        form,
        editing: false,
    }
}

#[test]
fn money_tiles_and_a_form_in_both_widths() {
    let mut console = Console::with(Nobody, parts(), till());
    console.keys("4<End><Down><Down><Left><Enter>");
    insta::assert_snapshot!("till_80", console.screen());
    insta::assert_snapshot!("till_45", console.size(45, 30).screen());
    console.keys("陈");
    assert!(!console.screen().contains("请填写"));
}
