//! A shop with tills that sell through the real back end.

use std::cell::RefCell;
use std::rc::Rc;

use chrono::{DateTime, TimeDelta, Utc};
use guitai::db::Db;
use guitai::db::set_up::make;
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::preset;
use guitai::domain::price::{CartLine, quote};
use guitai::domain::receipt::Receipt;
use guitai::domain::sale::SaleRequest;
use guitai::domain::set_up::{NewShop, NewStaff, NewStore};
use guitai::domain::shift::Shift;
use guitai::domain::shop::Shop;
use guitai::domain::staff::Role;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::domain::top_up::{TopUpRequest, reached};
use guitai::error::Result;
use guitai::query::{Backend, EnrolRequest, Person, Query, Reply};
use guitai::session::{Connection, Session};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::cluster::{Cluster, Database};
use super::console::morning;
use super::folder::Folder;

/// Tills of the shop; enough for a crowd.
pub const TILLS: u16 = 8;

pub const CASHIER: i32 = 1;
pub const MANAGER: i32 = 2;
pub const OWNER: i32 = 3;

/// A salon with eight tills, a cashier and a manager; nobody can sign in.
pub async fn books() -> Database {
    let database = Cluster::database().await;
    stock(&mut database.owner().await).await;
    database
}

/// Makes the shop of [`books`] in an empty database.
pub async fn stock(owner: &mut PgConnection) {
    let preset = preset::named("salon").unwrap();
    let staff = |number: &str, role| NewStaff {
        number: number.to_owned(),
        name: format!("员工{number}"),
        role,
        store_id: 1,
        badge: None,
        pin_hash: String::new(),
    };
    let new = NewShop {
        name: "云裳理发",
        industry: "salon",
        preset: &preset,
        english: false,
        stores: &[NewStore {
            name: "总店".to_owned(),
            tills: (1..=TILLS).map(|n| format!("{n}号台")).collect(),
        }],
        staff: &[
            staff("101", Role::Cashier),
            staff("201", Role::Manager),
            staff("1", Role::Owner),
        ],
    };
    make(owner, &new).await.unwrap();
}

/// What the header was told, in order.
pub type Told = Rc<RefCell<Vec<Connection>>>;

/// What the header was told, and whom to tell.
pub fn news() -> (Told, Box<dyn Fn(Connection)>) {
    let told = Rc::new(RefCell::new(Vec::new()));
    let heard = Rc::clone(&told);
    (
        told,
        Box::new(move |connection| heard.borrow_mut().push(connection)),
    )
}

/// A till with an open shift.
pub struct Counter {
    pub db: Db,
    pub shop: Shop,
    pub shift: Shift,
    pub session: Session,
    pub folder: Rc<Folder>,
    /// What the header was told.
    pub told: Told,
    count: RefCell<u32>,
}

impl Counter {
    /// Till `number` over `options`, with a shift opened at 0 yuan.
    pub async fn open(options: PgConnectOptions, number: u16) -> Self {
        Self::open_in(options, number, Rc::new(Folder::new("till"))).await
    }

    /// A console of till `number` with what an earlier one left in `folder`.
    pub async fn open_in(options: PgConnectOptions, number: u16, folder: Rc<Folder>) -> Self {
        let (told, news) = news();
        let db = Db::open(options, number.into(), folder.path(), news).unwrap();
        Self::over(db, told, number, folder).await
    }

    /// A console of till `number` over a back end that tells [`news`].
    pub async fn over(db: Db, told: Told, number: u16, folder: Rc<Folder>) -> Self {
        let mut session = Session::new(number);
        let Reply::Opening(opening) = db.answer(Query::Opening).await.unwrap() else {
            panic!("no shop")
        };
        let (shop, open) = (opening.shop.clone(), opening.shift.clone());
        session.open(*opening);
        session.shift = open.clone();
        let mut counter = Self {
            db,
            shop,
            shift: Shift {
                id: Uuid::nil(),
                till_id: number.into(),
                cashier_id: CASHIER,
                cashier: String::new(),
                business_on: session.today(morning()),
                opened_at: morning(),
                opening_float: Fen::ZERO,
            },
            session,
            folder,
            told,
            count: RefCell::new(0),
        };
        counter.shift = match open {
            Some(shift) => shift,
            None => counter.open_shift(Fen::ZERO).await,
        };
        counter.session.shift = Some(counter.shift.clone());
        counter
    }

    pub async fn open_shift(&self, float: Fen) -> Shift {
        let query = Query::OpenShift {
            stamp: self.stamp(),
            float,
        };
        let Reply::ShiftOpened(shift) = self.db.answer(query).await.unwrap() else {
            panic!()
        };
        shift
    }

    fn now(&self) -> DateTime<Utc> {
        *self.count.borrow_mut() += 1;
        morning() + TimeDelta::seconds(i64::from(*self.count.borrow()))
    }

    /// Fresh, by the cashier.
    pub fn stamp(&self) -> Stamp {
        let stamp = self.session.stamp(Uuid::now_v7(), self.now());
        Stamp {
            operator_id: CASHIER,
            ..stamp
        }
    }

    pub async fn enrol(&self, phone: &str) -> Member {
        let stamp = self.stamp();
        let request = EnrolRequest {
            referrer: None,
            code: format!("GT{}", stamp.id.simple()),
            stamp,
            phone: Some(phone.to_owned()),
            card: None,
            person: Person {
                name: "王晓明".to_owned(),
                ..Person::default()
            },
            consents: vec!["membership".to_owned()],
        };
        let Reply::Enrolled { member, .. } = self
            .db
            .answer(Query::Enrol(Box::new(request)))
            .await
            .unwrap()
        else {
            panic!()
        };
        *member
    }

    /// The owner changes the terms.
    pub async fn edit_terms(&self, edit: impl FnOnce(&mut Shop)) -> Shop {
        let query = Query::ReadShop { staff_id: None };
        let Reply::Shop(mut shop, _) = self.db.answer(query).await.unwrap() else {
            panic!()
        };
        edit(&mut shop);
        let editor = OWNER;
        let Reply::Saved(shop) = self
            .db
            .answer(Query::SaveTerms { editor, shop })
            .await
            .unwrap()
        else {
            panic!()
        };
        *shop
    }

    pub async fn member(&self, id: i64) -> Member {
        let Reply::Member(member) = self.db.answer(Query::ReadMember { id }).await.unwrap() else {
            panic!()
        };
        *member
    }

    pub fn top_up_request(&self, member: &Member, yuan: i64, kind: TenderKind) -> TopUpRequest {
        let stamp = self.stamp();
        let amount = Fen::yuan(yuan);
        let rule = reached(&self.shop.rules, amount, member.level.id, 1, stamp.at);
        TopUpRequest {
            rule: rule.map(|rule| (rule.id, rule.version)),
            stamp,
            member_id: member.id,
            store_id: 1,
            amount,
            contract: None,
            tenders: vec![Tender::exact(kind, amount)],
        }
    }

    pub async fn top_up(&self, member: &Member, yuan: i64) -> Result<Receipt> {
        let request = self.top_up_request(member, yuan, TenderKind::Cash);
        self.receipt(Query::TopUp {
            request,
            member: Box::new(member.clone()),
        })
        .await
    }

    /// A quick sale of `fen` at list price, paid by `kind`.
    pub fn sale(&self, member: Option<&Member>, fen: i64, kind: TenderKind) -> SaleRequest {
        let cart = [CartLine::quick("快速消费".to_owned(), Fen(fen))];
        let quote = quote(&cart, None, &self.shop);
        SaleRequest {
            bearers: vec![],
            coupons: vec![],
            basket: None,
            stamp: self.stamp(),
            member_id: member.map(|member| member.id),
            lines: quote.lines,
            rounding: Fen::ZERO,
            points: 0,
            tenders: vec![Tender::exact(kind, quote.total)],
        }
    }

    pub async fn sell(
        &self,
        member: Option<&Member>,
        fen: i64,
        kind: TenderKind,
    ) -> Result<Receipt> {
        let request = self.sale(member, fen, kind);
        self.send_sale(request, member).await
    }

    pub async fn send_sale(
        &self,
        request: SaleRequest,
        member: Option<&Member>,
    ) -> Result<Receipt> {
        let member = member.cloned().map(Box::new);
        self.receipt(Query::Sell { request, member }).await
    }

    pub async fn receipt(&self, query: Query) -> Result<Receipt> {
        match self.db.answer(query).await? {
            Reply::Receipt(receipt) => Ok(*receipt),
            other => panic!("{other:?}"),
        }
    }
}

/// How many operations of one kind there are.
pub async fn count(conn: &mut PgConnection, kind: &str) -> i64 {
    sqlx::query_scalar("select count(*) from operation where kind::text = $1")
        .bind(kind)
        .fetch_one(conn)
        .await
        .unwrap()
}
