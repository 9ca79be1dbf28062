//! The whole list as a file, with the notice for each member: page after page, then one writing.

use crate::domain::calendar::local;
use crate::domain::csv::{Cell, Csv};
use crate::error::Result;
use crate::query::{DueRow, ListFile, Query, Reply, Ticket};
use crate::ui::screen::Cx;
use crate::ui::text::Say;

use super::{Notice, page};

/// Rows of one page.
const PAGE: usize = 200;

/// Rows of a file at most.
pub const MOST_EXPORTED: usize = 100_000;

/// Titles of the columns.
const TITLES: [&str; 10] = [
    "dues.number",
    "dues.name",
    "dues.phone",
    "dues.last_visit",
    "dues.principal",
    "dues.bonus",
    "dues.unearned",
    "dues.points",
    "dues.refundable",
    "dues.notice",
];

/// A file on its way.
#[derive(Debug)]
pub struct Export {
    notice: Notice,
    /// Why it is taken (PV2).
    reason: String,
    csv: Csv,
    rows: usize,
    asked: Ticket,
}

/// What an answer led to.
pub enum Next {
    More(Box<Export>),
    Done(Say),
}

impl Export {
    /// Asks for the first page.
    pub fn start(notice: Notice, reason: String, cx: &mut Cx) -> Self {
        let mut csv = Csv::default();
        csv.row(TITLES.map(|title| Cell::Text(cx.text(title))));
        Self {
            notice,
            reason,
            csv,
            rows: 0,
            asked: page(None, PAGE, cx),
        }
    }

    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked == ticket
    }

    /// How far it is.
    pub fn says(&self) -> Say {
        Say::new("dues.exporting").with("count", self.rows)
    }

    /// Takes an answer: asks for the next page, writes the file, or says where it lies.
    pub fn take(mut self, answer: Result<Reply>, cx: &mut Cx) -> Result<Next> {
        match answer? {
            Reply::Dues(rows, _) => {
                for row in &rows {
                    self.row(row, cx);
                }
                self.rows += rows.len();
                let last = rows.last().filter(|_| rows.len() >= PAGE);
                match last.filter(|_| self.rows < MOST_EXPORTED) {
                    Some(last) => self.asked = page(Some(last), PAGE, cx),
                    None => self.write(cx),
                }
            }
            Reply::Exported(path) => {
                let key = if self.rows < MOST_EXPORTED {
                    "dormant.exported"
                } else {
                    "dormant.exported_cut"
                };
                let say = Say::new(key);
                return Ok(Next::Done(say.with("count", self.rows).with("path", path)));
            }
            _ => {}
        }
        Ok(Next::More(Box::new(self)))
    }

    fn row(&mut self, row: &DueRow, cx: &Cx) {
        let day = row.last_visit_on.map(|day| day.to_string());
        let shop = cx.session.shop.as_ref().map_or("", |shop| &shop.name);
        let notice = cx.say(&self.notice.say(row, shop));
        self.csv.row([
            Cell::Number(row.member_id),
            Cell::Text(&row.name),
            Cell::Text(row.phone.as_deref().unwrap_or_default()),
            Cell::Text(day.as_deref().unwrap_or_default()),
            Cell::Money(row.principal),
            Cell::Money(row.bonus),
            Cell::Money(row.unearned),
            Cell::Number(row.points),
            Cell::Money(row.refundable),
            Cell::Text(&notice),
        ]);
    }

    fn write(&mut self, cx: &mut Cx) {
        let at = local(cx.now()).format("%Y%m%d-%H%M%S");
        let name = format!("balances-due-{at}.csv");
        let what = cx.text("dues.what").to_owned();
        self.asked = cx.ask(Query::ExportList(Box::new(ListFile {
            staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
            till_id: cx.session.till_id(),
            what,
            rows: i32::try_from(self.rows).unwrap_or(i32::MAX),
            reason: self.reason.clone(),
            name,
            text: std::mem::take(&mut self.csv).into_text(),
        })));
    }
}
