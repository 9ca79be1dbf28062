//! Taking money and giving it back, by keys, against books that are kept by the shop's own rules.

mod approve;
mod live;
mod operations;
mod paper;
mod points;
mod prices;
pub mod receipts;
mod refund;
mod tender;
mod top_up;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use chrono::TimeDelta;
use guitai::app::Parts;
use guitai::domain::attach;
use guitai::domain::benefit::{Benefit, Every, Instalments};
use guitai::domain::ledger::{
    Account, DocumentLine, LotKind, Plan, Posted, Reason, Reduction, Stamp,
};
use guitai::domain::member::{Lot, Member};
use guitai::domain::money::Fen;
use guitai::domain::product::ProductKind;
use guitai::domain::receipt::{Names, Receipt};
use guitai::domain::refund::{self as returns, SaleRecord, SoldLine};
use guitai::domain::sale;
use guitai::domain::scan::{Device, Scan};
use guitai::domain::shift::Shift;
use guitai::domain::shop::Shop;
use guitai::domain::staff::{Role, Staff};
use guitai::domain::tender::Rounding;
use guitai::domain::top_up::{self as loads, TopUpRecord, TopUpRule};
use guitai::error::{Refusal, Result};
use guitai::event::What;
use guitai::query::{Backend, Found, OperationRow, Query, Reply};
use guitai::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use ratatui::Frame;
use ratatui::layout::Rect;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::shop::{cashier, shop};

/// A database of one member, one sale and one top-up that keeps the rules and remembers questions.
struct Books {
    shop: Shop,
    /// As somebody else has edited it meanwhile.
    edited: RefCell<Option<Shop>>,
    member: Member,
    sale: SaleRecord,
    top_up: TopUpRecord,
    /// What the cashier loaded in this shift by herself.
    alone: Fen,
    rows: Vec<OperationRow>,
    /// The next money questions are refused with these first.
    refusals: RefCell<VecDeque<Refusal>>,
    asked: RefCell<Vec<Query>>,
}

impl Books {
    fn new() -> Self {
        Self {
            shop: the_shop(),
            edited: RefCell::default(),
            member: member(100_000, 23_400),
            sale: sale_record(),
            top_up: top_up_record(),
            alone: Fen::ZERO,
            rows: Vec::new(),
            refusals: RefCell::default(),
            asked: RefCell::default(),
        }
    }

    pub fn shop_now(&self) -> Shop {
        self.edited
            .borrow()
            .clone()
            .unwrap_or_else(|| self.shop.clone())
    }

    /// Somebody else edits the shop.
    fn edit(&self, edit: impl FnOnce(&mut Shop)) {
        let mut shop = self.shop_now();
        edit(&mut shop);
        *self.edited.borrow_mut() = Some(shop);
    }

    fn refuse(&self, refusal: Refusal) {
        self.refusals.borrow_mut().push_back(refusal);
    }

    /// The money questions so far.
    fn money(&self) -> Vec<Query> {
        let asked = self.asked.borrow();
        let money = asked.iter().filter(|query| is_money(query));
        money.cloned().collect()
    }

    fn sells(&self) -> Vec<sale::SaleRequest> {
        let sells = self.money().into_iter().filter_map(|query| match query {
            Query::Sell { request, .. } => Some(request),
            _ => None,
        });
        sells.collect()
    }
}

/// The receipt the back end makes of a posted plan.
fn posted(stamp: &Stamp, plan: &Plan) -> Reply {
    let posted = Posted {
        id: stamp.id,
        replayed: false,
        seq: 128,
        after: None,
    };
    let receipt = Receipt::of(stamp, plan, &posted, names(plan.member.is_some()));
    Reply::Receipt(Box::new(receipt))
}

fn is_money(query: &Query) -> bool {
    matches!(
        query,
        Query::Sell { .. }
            | Query::TopUp { .. }
            | Query::Refund(_)
            | Query::ReverseTopUp(_)
            | Query::Attach { .. }
    )
}

impl Backend for &Books {
    async fn answer(&self, query: Query) -> Result<Reply> {
        self.asked.borrow_mut().push(query.clone());
        if is_money(&query)
            && let Some(refusal) = self.refusals.borrow_mut().pop_front()
        {
            return Err(refusal);
        }
        match query {
            Query::Sell { request, member } => {
                let plan = sale::plan(&request, &self.shop_now(), member.as_deref())?;
                Ok(posted(&request.stamp, &plan))
            }
            Query::TopUp { request, member } => {
                let plan = loads::plan(&request, &self.shop_now(), &member)?;
                Ok(posted(&request.stamp, &plan))
            }
            Query::Refund(request) => {
                let member = self.sale.member_id.map(|_| &self.member);
                let plan = returns::plan(&request, &self.sale, member)?;
                Ok(posted(&request.stamp, &plan))
            }
            Query::ReverseTopUp(request) => {
                let plan = loads::plan_reversal(&request, &self.top_up, &self.shop, &self.member)?;
                Ok(posted(&request.stamp, &plan))
            }
            Query::Attach { request, member } => {
                let plan = attach::plan(&request, &self.sale, &self.shop, &member)?;
                Ok(posted(&request.stamp, &plan))
            }
            Query::ReadMember { .. } => Ok(Reply::Member(Box::new(self.member.clone()))),
            Query::ReadSale { .. } => Ok(Reply::Sale(Box::new(self.sale.clone()))),
            Query::ReadTopUp { .. } => Ok(Reply::TopUp(Box::new(self.top_up.clone()))),
            Query::Operations { before, .. } => Ok(Reply::Operations(page(&self.rows, before))),
            Query::ReadReceipt { .. } => Ok(Reply::Receipt(Box::new(receipts::sale()))),
            Query::Export { name, .. } => Ok(Reply::Exported(name)),
            Query::Scan { .. } => Ok(Reply::Found(Found::Member(Box::new(self.member.clone())))),
            Query::LoadedAlone { .. } => Ok(Reply::LoadedAlone(self.alone)),
            Query::SignIn { number, .. } => signed_in(&number),
            Query::KeepCart { .. } | Query::DrawerPulsed { .. } => Ok(Reply::Kept),
            Query::OpenDrawer { .. } => match self.refusals.borrow_mut().pop_front() {
                Some(refusal) => Err(refusal),
                None => Ok(Reply::Kept),
            },
            Query::ReadShop { .. } => Ok(Reply::Shop(Box::new(self.shop_now()), None)),
            Query::Candidates { .. } => Ok(Reply::Candidates(vec![candidate(&self.member)])),
            _ => Err(Refusal::offline()),
        }
    }
}

fn page(rows: &[OperationRow], before: Option<Uuid>) -> Vec<OperationRow> {
    let older = rows
        .iter()
        .filter(|row| before.is_none_or(|id| row.id < id));
    older.take(50).cloned().collect()
}

fn candidate(member: &Member) -> guitai::query::Candidate {
    guitai::query::Candidate::Member {
        id: member.id,
        name: member.name.clone(),
        phone: member.phone.clone(),
        level: member.level.name.clone(),
        stored_value: member.stored_value(),
        last_visit_on: None,
    }
}

/// 101 is the cashier herself, 102 another one, 201 the manager.
fn signed_in(number: &str) -> Result<Reply> {
    match number {
        "101" => Ok(Reply::SignedIn(cashier())),
        "102" => Ok(Reply::SignedIn(Staff {
            id: 102,
            ..cashier()
        })),
        "201" => Ok(Reply::SignedIn(manager())),
        _ => Err(Refusal::user("sign_in.wrong")),
    }
}

fn manager() -> Staff {
    Staff {
        id: 201,
        number: "201".into(),
        name: "赵店长".into(),
        role: Role::Manager,
        ..cashier()
    }
}

/// Rounds cash to the jiao; a rule at once, a rule in instalments.
fn the_shop() -> Shop {
    let rule = |id: i32, yuan: i64, benefits: Vec<Benefit>| TopUpRule {
        id,
        version: 3,
        name: format!("充{yuan}送礼"),
        amount: Fen::yuan(yuan),
        benefits,
        levels: None,
        stores: None,
        valid_from: None,
        valid_to: None,
        active: true,
    };
    let bonus = |yuan: i64, instalments: Option<Instalments>| Benefit::Bonus {
        fen: Fen::yuan(yuan),
        instalments,
        valid_days: None,
    };
    let monthly = Instalments {
        count: 5,
        every: Every::Month,
    };
    Shop {
        rounding: Rounding::Jiao,
        terms: "本卡记名,可在本店各门店使用;遗失可挂失补办,余额不变。".into(),
        terms_version: 2,
        rules: vec![
            rule(1, 500, vec![bonus(50, None)]),
            rule(
                2,
                1_000,
                vec![bonus(200, None), Benefit::Points { points: 500 }],
            ),
            rule(
                3,
                2_000,
                vec![
                    bonus(500, Some(monthly)),
                    Benefit::Points { points: 1_000 },
                    Benefit::Level { level_id: 2 },
                ],
            ),
        ],
        ..shop()
    }
}

fn member(principal: i64, bonus: i64) -> Member {
    Member {
        contracts: vec![],
        occasions: guitai::domain::gift::rule::Occasions::default(),
        given: std::collections::BTreeMap::new(),
        merged: None,
        checked_in: None,
        grants: Vec::new(),
        family: Vec::new(),
        is_bearer: false,
        id: 7,
        version: 3,
        edition: 1,
        name: "王晓明".into(),
        phone: Some("138****1380".into()),
        level: shop().levels[0].clone(),
        principal: Fen(principal),
        bonus: Fen(bonus),
        points: 2_310,
        visits: 12,
        first_visit_on: None,
        last_visit_on: None,
        due_on: None,
        spend: Fen::ZERO,
        spend_year: Fen::ZERO,
        birth_year: None,
        birth_month: None,
        birth_day: None,
        gender: None,
        notes: String::new(),
        joined_on: morning().date_naive(),
        lots: vec![
            lot(1, LotKind::StoredValue, principal, bonus, 0),
            lot(2, LotKind::Points, 0, 0, 2_310),
        ],
        instalments: Vec::new(),
    }
}

fn lot(id: u128, kind: LotKind, principal: i64, bonus: i64, points: i64) -> Lot {
    Lot {
        id: Uuid::from_u128(id),
        kind,
        opened_at: morning() - TimeDelta::days(40),
        expires_on: None,
        principal: Fen(principal),
        bonus: Fen(bonus),
        points,
        spend_order: None,
    }
}

fn line(name: &str, quantity: i64, price: i64, off: i64) -> DocumentLine {
    let list = Fen(price * quantity);
    let reduction = Reduction {
        reason: Reason::Level,
        fen: Fen(off),
        rule: None,
    };
    DocumentLine {
        served: None,
        ordered: None,
        prepaid: Fen::ZERO,
        package: None,
        product_id: Some(1),
        name: name.into(),
        kind: ProductKind::Piece,
        quantity,
        price: Fen(price),
        list,
        net: list - Fen(off),
        reductions: (off > 0).then_some(reduction).into_iter().collect(),
    }
}

fn names(member: bool) -> Names {
    let of_member = |text: &str| member.then(|| text.to_owned());
    Names {
        shop: "云裳理发".into(),
        store: "总店".into(),
        till: "一号台".into(),
        cashier: "李敏".into(),
        member: of_member("王晓明"),
        phone: of_member("138****1380"),
        level: of_member("金卡"),
    }
}

/// Three shampoos and a comb, 60 by stored value and the rest in cash with 0.05 dropped.
fn sale_record() -> SaleRecord {
    let lines = [
        line("修护洗发水 500毫升", 3, 3_335, 0),
        line("气垫梳", 1, 5_900, 590),
    ];
    let sold = (1..).zip(lines).map(|(no, line)| SoldLine {
        no,
        line,
        returned: 0,
        returned_net: Fen::ZERO,
    });
    let paid = |account: Account, lot: Option<u128>, amount| guitai::domain::ledger::Posting {
        account,
        lot: lot.map(Uuid::from_u128),
        amount,
    };
    SaleRecord {
        coupons: vec![],
        grace_days: 7,
        grants: Vec::new(),
        id: Uuid::from_u128(900),
        seq: 121,
        at: morning() - TimeDelta::hours(1),
        shift_id: Some(Uuid::from_u128(50)),
        member_id: Some(7),
        lines: sold.collect(),
        rounding: Fen(5),
        left: vec![
            paid(Account::Principal, Some(1), -5_000),
            paid(Account::Bonus, Some(1), -1_000),
            paid(Account::Cash, None, -9_310),
        ],
        points: 153,
        points_back: 0,
        points_spent: Vec::new(),
        points_returned: 0,
        points_lots: Vec::new(),
        returned_before: Fen::ZERO,
        base: Fen(15_315),
    }
}

fn top_up_record() -> TopUpRecord {
    TopUpRecord {
        claims: vec![],
        id: Uuid::from_u128(901),
        seq: 119,
        member_id: 7,
        at: morning() - TimeDelta::minutes(30),
        shift_id: Some(Uuid::from_u128(50)),
        amount: Fen(10_000),
        lot_id: Uuid::from_u128(1),
        bonus: Fen(2_000),
        parts: Vec::new(),
        points: 100,
        points_lots: Vec::new(),
        level_before: Some(1),
        level_after: Some(2),
        tenders: vec![guitai::domain::tender::Tender::exact(
            guitai::domain::tender::TenderKind::Wechat,
            Fen(10_000),
        )],
        reversed: false,
        is_followed: false,
    }
}

/// What the screens below the tested one got.
type Got = Rc<RefCell<Vec<Outcome>>>;

/// The counter: opens the tested screen and keeps what comes back.
#[derive(Debug)]
struct Base {
    first: Option<Box<dyn Screen>>,
    got: Got,
}

impl Screen for Base {
    fn bindings(&self) -> &'static str {
        "message"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        match input {
            Input::Opened => {}
            Input::Outcome(outcome) => self.got.borrow_mut().push(outcome),
            _ => return Step::Stay,
        }
        self.first.take().map_or(Step::Stay, Step::Push)
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let style = look.style(guitai::ui::theme::Role::Text);
        guitai::ui::paint::line(frame, area, 0, "the counter", style);
    }
}

/// A till with a cashier, an open shift and this screen on top.
fn till(books: &Books, screen: impl Screen + 'static) -> (Console<&Books>, Got) {
    let mut parts = parts();
    sign_in(&mut parts, books);
    let got = Got::default();
    let base = Base {
        first: Some(Box::new(screen)),
        got: got.clone(),
    };
    let mut console = Console::with(books, parts, base);
    // What the screen asked when it was opened is under way now.
    console.event(What::Wake);
    (console, got)
}

fn sign_in(parts: &mut Parts, books: &Books) {
    parts.session.shop = Some(books.shop.clone());
    parts.session.staff = Some(cashier());
    parts.session.shift = Some(Shift {
        id: Uuid::from_u128(50),
        till_id: 1,
        cashier_id: 101,
        cashier: "李敏".into(),
        business_on: parts.session.today(morning()),
        opened_at: morning() - TimeDelta::minutes(90),
        opening_float: Fen::ZERO,
    });
}

fn scan(console: &mut Console<&Books>, code: &str) {
    let scan = Scan::read(code, Device::Terminal, 0).unwrap();
    console.event(What::Scan(scan));
}

/// The receipt that reached the counter.
fn receipt(got: &Got) -> Receipt {
    let got = got.borrow();
    let [Outcome::Receipt(receipt)] = &got[..] else {
        panic!("one receipt, not {got:?}");
    };
    (**receipt).clone()
}
