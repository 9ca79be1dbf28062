//! The whole list of a kind as a file: page after page, then one writing.

use chrono::NaiveDate;

use crate::domain::calendar::local;
use crate::domain::csv::{Cell, Csv};
use crate::domain::money::Fen;
use crate::domain::package::wording;
use crate::error::Result;
use crate::query::{ListFile, Query, Remind, ReminderRow, Reply, Ticket};
use crate::ui::screen::Cx;
use crate::ui::text::Say;

use super::{page, title};

/// Rows of one page.
const PAGE: usize = 500;

/// Rows of a file at most.
pub const MOST_EXPORTED: usize = 10_000;

/// Titles of the columns.
const TITLES: [&str; 8] = [
    "reminders.name",
    "reminders.phone",
    "reminders.service",
    "reminders.package",
    "reminders.left",
    "reminders.unit",
    "reminders.last_day",
    "reminders.used",
];

/// A file on its way. Its kind stays as it was, whatever the screen shows meanwhile.
#[derive(Debug)]
pub struct Export {
    kind: Remind,
    today: NaiveDate,
    /// Why it is taken (PV2).
    reason: String,
    csv: Csv,
    rows: usize,
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
    pub fn start(kind: Remind, reason: String, cx: &mut Cx) -> Self {
        let mut csv = Csv::default();
        csv.row(TITLES.map(|title| Cell::Text(cx.text(title))));
        let today = cx.session.today(cx.now());
        Self {
            kind,
            today,
            reason,
            csv,
            rows: 0,
            cut: false,
            writing: false,
            asked: page(kind, today, None, PAGE, cx),
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
        Say::new("reminders.exporting").with("count", self.rows)
    }

    /// Takes an answer: asks for the next page, writes the file, or says where it lies.
    pub fn take(mut self, answer: Result<Reply>, cx: &mut Cx) -> Result<Next> {
        match answer? {
            Reply::Reminders(rows) if !self.writing => self.page(&rows, cx),
            Reply::Exported(path) => {
                let key = if self.cut {
                    "reminders.exported_cut"
                } else {
                    "reminders.exported"
                };
                let say = Say::new(key).with("count", self.rows).with("path", path);
                return Ok(Next::Done(say));
            }
            _ => {}
        }
        Ok(Next::More(Box::new(self)))
    }

    fn page(&mut self, rows: &[ReminderRow], cx: &mut Cx) {
        let room = MOST_EXPORTED - self.rows;
        self.cut = rows.len() > room;
        for row in rows.iter().take(room) {
            self.row(row);
        }
        self.rows += rows.len().min(room);
        match rows.last() {
            Some(last) if rows.len() >= PAGE && !self.cut => {
                self.asked = page(self.kind, self.today, Some(last), PAGE, cx);
            }
            _ => self.write(cx),
        }
    }

    fn row(&mut self, row: &ReminderRow) {
        let text = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        // The day of a stage is what it is about.
        let (last, unit, left): (_, _, fn(i64) -> Cell<'static>) = match self.kind {
            Remind::Stage => (text(Some(row.day)), "", |fen| Cell::Money(Fen(fen))),
            _ => (text(row.expires_on), wording::unit(row.unit), Cell::Number),
        };
        let used = text(row.used_on);
        self.csv.row([
            Cell::Text(&row.name),
            Cell::Text(row.phone.as_deref().unwrap_or_default()),
            Cell::Text(&row.service),
            Cell::Text(&row.of),
            row.left.map_or(Cell::Empty, left),
            Cell::Text(unit),
            Cell::Text(&last),
            Cell::Text(&used),
        ]);
    }

    fn write(&mut self, cx: &mut Cx) {
        let at = local(cx.now()).format("%Y%m%d-%H%M%S");
        self.writing = true;
        let what = format!(
            "{}: {}",
            cx.text("reminders.title"),
            cx.text(title(self.kind))
        );
        self.asked = cx.ask(Query::ExportList(Box::new(ListFile {
            staff_id: cx.session.staff.as_ref().map_or(0, |staff| staff.id),
            till_id: cx.session.till_id(),
            what,
            rows: i32::try_from(self.rows).unwrap_or(i32::MAX),
            reason: self.reason.clone(),
            name: format!("reminders-{at}.csv"),
            text: std::mem::take(&mut self.csv).into_text(),
        })));
    }
}
