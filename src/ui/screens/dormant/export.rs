//! The whole list as a file: page after page, then one writing.

use crate::domain::calendar::local;
use crate::domain::csv::{Cell, Csv};
use crate::domain::money::Fen;
use crate::error::Result;
use crate::query::{DormantFilter, DormantRow, ListFile, Query, Reply, Ticket};
use crate::ui::screen::Cx;
use crate::ui::text::Say;

use super::rows::{Usual, away, usual};

/// Rows of one page.
const PAGE: usize = 500;

/// Rows of a file at most.
pub const MOST_EXPORTED: usize = 10_000;

/// Titles of the columns.
const TITLES: [&str; 11] = [
    "dormant.name",
    "dormant.phone",
    "dormant.level",
    "dormant.last_visit",
    "dormant.away_days",
    "dormant.usual_days",
    "dormant.visits",
    "member.principal",
    "member.bonus",
    "dormant.stored",
    "dormant.at_risk",
];

/// A file on its way. Its filter stays as it was, whatever the screen shows meanwhile.
#[derive(Debug)]
pub struct Export {
    filter: DormantFilter,
    /// Which list it is, and why it is taken (PV2).
    what: String,
    reason: String,
    csv: Csv,
    rows: usize,
    /// The list went on behind the last row that is written.
    cut: bool,
    writing: bool,
    asked: Ticket,
}

/// What an answer led to.
pub enum Next {
    More(Box<Export>),
    Done(Say),
}

impl Export {
    /// Asks for the first page.
    pub fn start(filter: DormantFilter, reason: String, cx: &mut Cx) -> Self {
        let mut csv = Csv::default();
        csv.row(TITLES.map(|title| Cell::Text(cx.text(title))));
        let asked = page(filter, None, 0, cx);
        Self {
            filter,
            what: what(&filter, cx),
            reason,
            csv,
            rows: 0,
            cut: false,
            writing: false,
            asked,
        }
    }

    pub fn waits_for(&self, ticket: Ticket) -> bool {
        self.asked == ticket
    }

    /// Whether it is too late to stop it.
    pub const fn is_writing(&self) -> bool {
        self.writing
    }

    /// How far it is.
    pub fn says(&self) -> Say {
        let key = if self.writing {
            "dormant.writing"
        } else {
            "dormant.exporting"
        };
        Say::new(key).with("count", self.rows)
    }

    /// Takes an answer: asks for the next page, writes the file, or says where it lies.
    pub fn take(mut self, answer: Result<Reply>, cx: &mut Cx) -> Result<Next> {
        match answer? {
            Reply::Dormant(rows) if !self.writing => self.page(&rows, cx),
            Reply::Exported(path) => {
                let key = if self.cut {
                    "dormant.exported_cut"
                } else {
                    "dormant.exported"
                };
                let say = Say::new(key).with("count", self.rows).with("path", path);
                return Ok(Next::Done(say));
            }
            _ => {}
        }
        Ok(Next::More(Box::new(self)))
    }

    fn page(&mut self, rows: &[DormantRow], cx: &mut Cx) {
        let room = MOST_EXPORTED - self.rows;
        let more = rows.len() >= limit(self.rows);
        self.cut = rows.len() > room;
        for row in rows.iter().take(room) {
            self.row(row);
        }
        self.rows += rows.len().min(room);
        match rows.last() {
            Some(last) if more && !self.cut => {
                let after = Some((last.at_risk, last.member_id));
                self.asked = page(self.filter, after, self.rows, cx);
            }
            _ => self.write(cx),
        }
    }

    fn row(&mut self, row: &DormantRow) {
        let day = row.last_visit_on.map(|day| day.to_string());
        let away = away(row, self.filter.today);
        let under;
        let gap = match usual(row) {
            Some(Usual::Every(gap)) => Cell::Number(gap),
            Some(Usual::Under(gap)) => {
                under = format!("<{gap}");
                Cell::Text(&under)
            }
            None => Cell::Empty,
        };
        self.csv.row([
            Cell::Text(&row.name),
            Cell::Text(row.phone.as_deref().unwrap_or_default()),
            Cell::Text(&row.level),
            Cell::Text(day.as_deref().unwrap_or_default()),
            away.map_or(Cell::Empty, Cell::Number),
            gap,
            Cell::Number(row.visits.into()),
            Cell::Money(row.principal),
            Cell::Money(row.bonus),
            Cell::Money(row.principal + row.bonus),
            Cell::Money(row.at_risk),
        ]);
    }

    fn write(&mut self, cx: &mut Cx) {
        let at = local(cx.now()).format("%Y%m%d-%H%M%S");
        self.writing = true;
        self.asked = cx.ask(Query::ExportList(Box::new(ListFile {
            staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
            till_id: cx.session.till_id(),
            what: self.what.clone(),
            rows: i32::try_from(self.rows).unwrap_or(i32::MAX),
            reason: self.reason.clone(),
            name: format!("dormant-{at}.csv"),
            text: std::mem::take(&mut self.csv).into_text(),
        })));
    }
}

/// The list and what narrows it, in words, for the log.
fn what(filter: &DormantFilter, cx: &Cx) -> String {
    let mut words = vec![if filter.rhythm {
        cx.text("dormant.by_rhythm").to_owned()
    } else {
        let days = cx.say(&Say::new("dormant.days").with("days", filter.days));
        format!("{} > {days}", cx.text("dormant.by_days"))
    }];
    let shop = cx.session.shop.as_ref();
    let level = filter.level_id.and_then(|id| shop?.level(id));
    words.extend(level.map(|level| level.name.clone()));
    words.extend(filter.balance.map(|balance| {
        let stored = cx.text("dormant.by_balance");
        format!("{stored} >= {balance}")
    }));
    words.join("; ")
}

/// Rows to ask for behind so many: at the end one more than may be written, to know whether the
/// list goes on.
fn limit(rows: usize) -> usize {
    PAGE.min(MOST_EXPORTED + 1 - rows)
}

fn page(filter: DormantFilter, after: Option<(Fen, i64)>, rows: usize, cx: &mut Cx) -> Ticket {
    cx.ask(Query::Dormant {
        filter,
        after,
        limit: i32::try_from(limit(rows)).unwrap_or(i32::MAX),
    })
}
