//! Opening the back end: the server, the schema, the till's own disk, and the day.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use crate::db::connect::connect;
use crate::db::desk::{Desk, Left};
use crate::db::embedded::{DATABASE, Embedded, OWNER};
use crate::db::journal::{Fate, Journal};
use crate::db::link::{ANSWER_WITHIN, Link};
use crate::db::refuse::refuse;
use crate::db::{Db, member, scram, set_up, shift, shop, staff};
use crate::domain::ledger::Stamp;
use crate::domain::money::Fen;
use crate::domain::shift::{CloseRequest, Shift};
use crate::domain::staff::{Pin, Staff};
use crate::error::{Kind, Refusal, Result};
use crate::query::{Cart, Differences, EnrolRequest, Opening, Reply, SetUp};
use crate::session::Connection;

/// The role the application works as; it owns nothing.
pub const APP: &str = "guitai_app";

/// The schema, in order.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// A big shop's tables may have to be rewritten.
const MIGRATE_WITHIN: Duration = Duration::from_hours(1);

/// Tries to enrol while another till enrols the same phone.
const ENROL_TRIES: u32 = 3;

/// Brings the schema up to date; needs the owner's role.
///
/// # Errors
/// Offline; `link.other_version` when another version made the schema; internal when a migration fails.
pub async fn migrate(options: &PgConnectOptions) -> Result<()> {
    let mut conn = connect(options).await?;
    let work = async {
        MIGRATIONS.run(&mut conn).await.map_err(not_ours)?;
        conn.close().await.map_err(refuse)
    };
    timeout(MIGRATE_WITHIN, work)
        .await
        .unwrap_or_else(|_elapsed| Err(Refusal::offline()))
}

/// A schema of another version is the user's to sort out.
fn not_ours(error: MigrateError) -> Refusal {
    let other = matches!(
        error,
        MigrateError::VersionMismatch(_) | MigrateError::VersionMissing(_)
    );
    let refusal = Refusal::internal(error);
    if other {
        return Refusal {
            kind: Kind::User,
            hint: "link.other_version",
            ..refusal
        };
    }
    refusal
}

/// Gives the application's role a password, which the server never sees; needs the owner's role.
///
/// # Errors
/// Offline; internal without the right to.
pub async fn set_app_password(options: &PgConnectOptions, password: &str) -> Result<()> {
    let mut conn = connect(options).await?;
    let work = async {
        // Digits, letters and the signs of base64: nothing to quote.
        let verifier = scram::verifier(password)?;
        let statement = format!("alter role {APP} password '{verifier}'");
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut conn)
            .await
            .map_err(refuse)?;
        conn.close().await.map_err(refuse)
    };
    timeout(ANSWER_WITHIN, work)
        .await
        .unwrap_or_else(|_elapsed| Err(Refusal::offline()))
}

impl Db {
    /// The back end over an existing server. `folder` is the till's own; without its journal (another
    /// console has the till) everything but money works.
    ///
    /// # Errors
    /// `desk.unwritable`, `journal.busy`.
    pub fn open(
        options: PgConnectOptions,
        till: i32,
        folder: &Path,
        news: Box<dyn Fn(Connection)>,
    ) -> Result<Self> {
        let desk = Desk::open(folder)?;
        let journal = Journal::open(&desk.journal())?;
        Ok(Self {
            link: Link::new(options),
            till,
            journal: RefCell::new(Some(journal)),
            desk,
            shop: RefCell::new(None),
            forgotten: Cell::new(0),
            cashier: RefCell::new(HashMap::new()),
            embedded: RefCell::new(None),
            slow: Cell::new(false),
            offline: Cell::new(true),
            link_turned: Notify::new(),
            unknown: Cell::new(false),
            news,
        })
    }

    /// The back end over this machine's private server, which it keeps alive.
    ///
    /// # Errors
    /// As [`Db::open`]; offline when the schema cannot be brought up to date.
    pub async fn open_private(
        embedded: Embedded,
        till: i32,
        folder: &Path,
        news: Box<dyn Fn(Connection)>,
    ) -> Result<Self> {
        let opened = match migrate(&embedded.options(OWNER, DATABASE)).await {
            Ok(()) => Self::open(embedded.options(APP, DATABASE), till, folder, news),
            Err(refusal) => Err(refusal),
        };
        match opened {
            Ok(db) => {
                db.embedded.replace(Some(Rc::new(embedded)));
                Ok(db)
            }
            Err(refusal) => {
                embedded.leave().await;
                Err(refusal)
            }
        }
    }

    /// Brings a private server back that was killed under us.
    pub(super) async fn revive(&self) {
        let embedded = self.embedded.borrow().clone();
        if let Some(embedded) = embedded
            && let Err(error) = embedded.revive().await
        {
            tracing::warn!(%error, "the private server does not come back");
        }
    }

    /// Closes connections; the last console stops the private server.
    pub async fn close(self) {
        self.link.close().await;
        if let Some(embedded) = self.embedded.take().and_then(Rc::into_inner) {
            embedded.leave().await;
        }
    }

    /// What shop this is; settles first what an earlier console of this till left unsettled.
    pub(super) async fn opening(&self) -> Result<Reply> {
        let shop = match self.shop().await {
            Ok(shop) => shop,
            Err(refusal) if refusal.hint == "ledger.no_seat" && self.is_empty().await? => {
                return Ok(Reply::Empty);
            }
            Err(refusal) => return Err(refusal),
        };
        self.settle_old().await;
        let till = shop.tills.iter().find(|till| till.id == self.till).cloned();
        let till = till.ok_or_else(|| Refusal::user("ledger.no_seat"))?;
        let store = shop
            .stores
            .iter()
            .find(|store| store.id == till.store_id)
            .cloned();
        let store = store.ok_or_else(|| Refusal::user("ledger.no_seat"))?;
        let open = self
            .link
            .read(async |c: &mut PgConnection| shift::open_at(c, self.till).await)
            .await?;
        self.know(open.as_ref());
        let (cart, cart_broken) = self.cart_left();
        Ok(Reply::Opening(Box::new(Opening {
            shop: (*shop).clone(),
            store,
            till,
            shift: open,
            cart,
            cart_broken,
            readers: self.desk.readers(),
        })))
    }

    async fn is_empty(&self) -> Result<bool> {
        let exists = async |c: &mut PgConnection| shop::exists(c).await;
        Ok(!self.link.read(exists).await?)
    }

    /// Asks for every operation that was begun and never heard of again.
    async fn settle_old(&self) {
        let pending = self
            .journal
            .borrow()
            .as_ref()
            .map(Journal::pending)
            .unwrap_or_default();
        for entry in pending {
            let posted = self.resume(&entry).await;
            if let Err(refusal) = &posted {
                tracing::warn!(id = %entry.id, %refusal, "an unsettled operation was refused");
            }
        }
    }

    /// The sale that was on the screen when the console ended, none when it has been posted; and whether
    /// there was one that cannot be read.
    fn cart_left(&self) -> (Option<Cart>, bool) {
        let kept = match self.desk.kept() {
            Left::Nothing => return (None, false),
            Left::Broken => return (None, true),
            Left::Sale(kept) => kept,
        };
        let journal = self.journal.borrow();
        let item = kept.sending.and_then(|id| journal.as_ref()?.item(id));
        let posted = item.is_some_and(|item| item.fate == Fate::Acked);
        ((!posted).then_some(kept.cart), false)
    }

    fn know(&self, open: Option<&Shift>) {
        if let Some(shift) = open {
            self.cashier
                .borrow_mut()
                .insert(shift.cashier_id, shift.cashier.clone());
        }
    }

    pub(super) async fn set_up(&self, answers: SetUp) -> Result<Reply> {
        let set_up = async |c: &mut PgConnection| set_up::set_up(c, &answers).await;
        self.link.call(set_up).await?;
        // There is something to listen for now.
        self.link_turned.notify_one();
        self.opening().await
    }

    pub(super) async fn sign_in(&self, number: &str, pin: &Pin) -> Result<Staff> {
        let who = self
            .link
            .call(async |c: &mut PgConnection| staff::sign_in(c, number, pin).await)
            .await?;
        self.cashier.borrow_mut().insert(who.id, who.name.clone());
        Ok(who)
    }

    pub(super) async fn open_shift(&self, stamp: &Stamp, float: Fen) -> Result<Shift> {
        let open = self
            .link
            .read(async |c: &mut PgConnection| shift::open(c, stamp, float).await)
            .await?;
        self.know(Some(&open));
        Ok(open)
    }

    /// The sheet, and where journal and ledger differ, both ways.
    pub(super) async fn sheet(&self, id: Uuid) -> Result<Reply> {
        let (sheet, ledger) = self
            .link
            .read(async |c: &mut PgConnection| {
                Ok((
                    shift::sheet(&mut *c, self.till).await?,
                    shift::operations(c, id).await?,
                ))
            })
            .await?;
        let journal: HashSet<Uuid> =
            self.journal
                .borrow()
                .as_ref()
                .map_or_else(HashSet::new, |journal| {
                    let posted = journal
                        .of_shift(id)
                        .filter(|item| !matches!(item.fate, Fate::Refused(_)));
                    posted.map(|item| item.entry.id).collect()
                });
        let ledger: HashSet<Uuid> = ledger.into_iter().collect();
        let differences = Differences {
            only_journal: journal.difference(&ledger).copied().collect(),
            only_ledger: ledger.difference(&journal).copied().collect(),
        };
        Ok(Reply::Sheet(Box::new(sheet), differences))
    }

    pub(super) async fn close_shift(&self, request: &CloseRequest) -> Result<()> {
        self.link
            .read(async |c: &mut PgConnection| shift::close(c, request).await)
            .await?;
        if let Some(journal) = self.journal.borrow_mut().as_mut()
            && let Err(error) = journal.rotate()
        {
            tracing::warn!(%error, "the journal was not rotated");
        }
        Ok(())
    }

    pub(super) async fn enrol(&self, request: &EnrolRequest) -> Result<Reply> {
        let shop = self.shop().await?;
        let mut tries = 0;
        let (id, existing) = loop {
            let answer = self
                .link
                .read(async |c: &mut PgConnection| member::enrol(c, request, &shop).await)
                .await;
            tries += 1;
            match answer {
                Err(refusal) if refusal.kind == Kind::Conflict && tries < ENROL_TRIES => {}
                answer => break answer?,
            }
        };
        let member = self
            .link
            .read(async |c: &mut PgConnection| member::read(c, id).await)
            .await?;
        Ok(Reply::Enrolled {
            member: Box::new(member),
            existing,
        })
    }
}
