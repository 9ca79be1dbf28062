//! Who stands at which till: what every screen may know without asking.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate, Offset, Utc};

use crate::domain::calendar::business_date;
use crate::domain::gear::{Gear, Learning, Tallies};
use crate::domain::ledger::Stamp;
use crate::domain::print::{Printing, Waiting};
use crate::domain::reader::Readers;
use crate::domain::shift::Shift;
use crate::domain::shop::{Shop, Store, Till};
use crate::domain::slip::Slips;
use crate::domain::staff::{Limit, Staff};
use crate::error::Refusal;
use crate::query::{By, Cart, Opening};
use uuid::Uuid;

/// How the database answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Connection {
    #[default]
    Online,
    Slow,
    Offline,
    /// A payment was sent and its answer never came: being resolved by its id.
    Unknown {
        /// The short code of the operation, for example `7F3A`.
        code: String,
    },
}

/// What the header says of the scanner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ScannerSign {
    /// None was ever seen: nothing is shown.
    #[default]
    None,
    Ready,
    Trouble,
}

/// How the printer is, and what waits for it.
#[derive(Debug, Clone, Default)]
pub struct PrinterState {
    /// Why it does not print.
    pub trouble: Option<Refusal>,
    pub jobs: Vec<Waiting>,
}

/// What every screen may read, and the sign-in and shift screens change.
#[derive(Debug, Clone)]
pub struct Session {
    /// The till's number in the configuration, and what the database knows of it.
    pub till_number: u16,
    pub shop: Option<Shop>,
    pub store: Option<Store>,
    pub till: Option<Till>,
    pub staff: Option<Staff>,
    pub shift: Option<Shift>,
    /// The sale that was on the screen when the console ended; the counter takes it.
    pub cart: Option<Cart>,
    /// There was one, and it is lost; the counter says so.
    pub cart_broken: bool,
    /// The forms this till's readers print cards in.
    pub readers: Readers,
    pub connection: Connection,
    pub scanner: ScannerSign,
    /// The devices that are plugged in, what each has read, and how far learning a new one is.
    pub gear: Vec<Gear>,
    pub tallies: Tallies,
    pub learning: Learning,
    /// What this till prints, with which templates, and how the printer is.
    pub printing: Printing,
    pub slips: Arc<Slips>,
    pub printer: PrinterState,
    /// The shop's time: +08:00 (OP2).
    pub offset: FixedOffset,
}

impl Session {
    /// Nobody signed in yet.
    #[must_use]
    pub fn new(till_number: u16) -> Self {
        Self {
            till_number,
            shop: None,
            store: None,
            till: None,
            staff: None,
            shift: None,
            cart: None,
            cart_broken: false,
            readers: Readers::default(),
            connection: Connection::default(),
            scanner: ScannerSign::default(),
            gear: Vec::new(),
            tallies: Tallies::default(),
            learning: Learning::default(),
            printing: Printing::default(),
            slips: Arc::default(),
            printer: PrinterState::default(),
            offset: shanghai(),
        }
    }

    /// What the till learnt from the database.
    pub fn open(&mut self, opening: Opening) {
        self.shop = Some(opening.shop);
        self.store = Some(opening.store);
        self.till = Some(opening.till);
        self.shift = opening.shift;
        self.cart = opening.cart;
        self.cart_broken |= opening.cart_broken;
        self.readers = opening.readers;
    }

    /// The shop after somebody else's edit; this till and its store with it.
    pub fn renew(&mut self, shop: Shop) {
        if let Some(till) = &mut self.till
            && let Some(now) = shop.tills.iter().find(|now| now.id == till.id)
        {
            *till = now.clone();
        }
        let here = self.till.as_ref().map(|till| till.store_id);
        if let Some(store) = shop.stores.iter().find(|store| Some(store.id) == here) {
            self.store = Some(store.clone());
        }
        self.shop = Some(shop);
    }

    /// What the person who is signed in may do by herself.
    #[must_use]
    pub fn limit(&self) -> Option<&Limit> {
        self.shop.as_ref()?.limit(self.staff.as_ref()?.role)
    }

    /// The till's id in the database.
    #[must_use]
    pub fn till_id(&self) -> i32 {
        let till = self.till.as_ref();
        till.map_or_else(|| i32::from(self.till_number), |till| till.id)
    }

    /// Who works here, for what is written down.
    #[must_use]
    pub fn by(&self) -> By {
        By {
            staff_id: self.staff.as_ref().map_or(0, |staff| staff.id),
            till_id: self.till_id(),
        }
    }

    /// The business date of the store (OP2).
    #[must_use]
    pub fn today(&self, at: DateTime<Utc>) -> NaiveDate {
        let cutoff = self.store.as_ref().map(|store| store.day_cutoff);
        business_date(at, cutoff.unwrap_or_default())
    }

    /// Who, where and when, for an operation with this id.
    #[must_use]
    pub fn stamp(&self, id: Uuid, at: DateTime<Utc>) -> Stamp {
        Stamp {
            id,
            till_id: i32::from(self.till_number),
            shift_id: self.shift.as_ref().map(|shift| shift.id),
            operator_id: self.staff.as_ref().map_or(0, |staff| staff.id),
            approver_id: None,
            business_on: self.today(at),
            at,
        }
    }

    /// `at` on the shop's clock, `09:02`.
    #[must_use]
    pub fn clock(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.offset).format("%H:%M").to_string()
    }
}

/// Asia/Shanghai: +08:00 all year since 1991.
fn shanghai() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| Utc.fix())
}
