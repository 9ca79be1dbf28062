//! What screens do with paper, drawer and the customer's display: said once, then forgotten. The
//! sale goes on; whoever prints it has its own time.

use crate::domain::calendar::local;
use crate::domain::print::{Job, Order, Shown, moves_cash};
use crate::domain::receipt::Receipt;
use crate::domain::slip::{self, Facts, Form, Kind, Layout, Line};
use crate::ui::screen::{Cx, Look};
use crate::ui::width;

impl Cx<'_> {
    /// After money moved: the drawer for cash, and the document where it is printed unasked.
    pub fn hand_out(&mut self, receipt: &Receipt) {
        if moves_cash(receipt) {
            self.kick();
        }
        if self.session.printing.auto.contains(&receipt.kind) {
            let copies = self.session.printing.copies;
            self.print(receipt, false, copies);
        }
    }

    /// Opens the drawer, where there is one.
    pub fn kick(&mut self) {
        if self.session.printing.has_drawer {
            self.outbox.orders.push(Order::Kick);
        }
    }

    /// The document as it is printed here, or as it would be on 80 mm, and its columns.
    #[must_use]
    pub fn slip(&self, receipt: &Receipt, copy: bool) -> (Vec<Line>, usize) {
        let words = |key: &str| self.text(key).to_owned();
        let layout = Layout {
            columns: self.session.printing.columns,
            copy,
            words: &words,
            slips: &self.session.slips,
        };
        let lines = slip::receipt(receipt, self.session.shop.as_ref(), layout);
        (lines, layout.columns)
    }

    /// Prints a document; `copy`: it says that it is one.
    pub fn print(&mut self, receipt: &Receipt, copy: bool, copies: u8) {
        let (lines, _) = self.slip(receipt, copy);
        let title = format!(
            "{} {:06}",
            self.text(slip::title(receipt.kind)),
            receipt.seq
        );
        self.put(title, lines, copies, !copy);
    }

    /// Prints what is no operation: figures for a template of its own.
    pub fn print_facts(&mut self, kind: Kind, title: &'static str, facts: Facts) {
        let session = &self.session;
        let name = |name: Option<&String>| name.cloned().unwrap_or_default();
        let facts = facts
            .one("shop", name(session.shop.as_ref().map(|shop| &shop.name)))
            .one(
                "store",
                name(session.store.as_ref().map(|store| &store.name)),
            )
            .one("till", name(session.till.as_ref().map(|till| &till.name)))
            .one("title", self.text(title))
            .one("at", local(self.now()).format("%Y-%m-%d %H:%M"))
            .one(
                "cashier",
                name(session.staff.as_ref().map(|staff| &staff.name)),
            );
        let words = |key: &str| self.text(key).to_owned();
        let layout = Layout {
            columns: session.printing.columns,
            copy: false,
            words: &words,
            slips: &session.slips,
        };
        let lines = slip::fill(kind, &facts, layout);
        let title = self.text(title).to_owned();
        self.put(title, lines, 1, true);
    }

    fn put(&mut self, title: String, lines: Vec<Line>, copies: u8, is_first: bool) {
        if !self.session.printing.is_there {
            return;
        }
        let again = is_first.then(|| {
            let text = self.text("slip.copy").to_owned();
            let room = self
                .session
                .printing
                .columns
                .saturating_sub(width::width(&text));
            Line {
                text: format!("{}{text}", " ".repeat(room / 2)),
                form: Form::Plain,
            }
        });
        let job = Job {
            title,
            at: self.now(),
            lines,
            copies,
            again,
        };
        self.outbox.orders.push(Order::Print(Box::new(job)));
    }

    /// A waiting job: print it now, or forget it.
    pub fn order(&mut self, order: Order) {
        self.outbox.orders.push(order);
    }

    /// Shows something to the customer.
    pub const fn show(&mut self, shown: Shown) {
        self.outbox.shown = Some(shown);
    }
}

impl Look<'_> {
    /// The document as it is printed here, or as it would be on 80 mm; narrower where the screen is.
    #[must_use]
    pub fn slip(&self, receipt: &Receipt, copy: bool, room: usize) -> (Vec<Line>, usize) {
        let words = |key: &str| self.text(key).to_owned();
        let layout = Layout {
            columns: self.session.printing.columns.min(room),
            copy,
            words: &words,
            slips: &self.session.slips,
        };
        let lines = slip::receipt(receipt, self.session.shop.as_ref(), layout);
        (lines, layout.columns)
    }
}
