//! A shop that answers the counter, and doors behind which small screens stand.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use chrono::{NaiveDate, TimeDelta};
use guitai::app::Parts;
use guitai::domain::contract::Contract;
use guitai::domain::grant::Grant;
use guitai::domain::ledger::{Balances, DocumentLine, LotKind, OperationKind};
use guitai::domain::member::{Instalment, Lot, Member};
use guitai::domain::money::Fen;
use guitai::domain::price::CartLine;
use guitai::domain::product::{Product, ProductKind};
use guitai::domain::receipt::{Document, Names, Receipt};
use guitai::domain::shift::Shift;
use guitai::domain::shop::Shop;
use guitai::domain::staff::Staff;
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::{Refusal, Result};
use guitai::query::{Backend, Candidate, Cart, Found, HeldSale, Query, Reply};
use guitai::ui::keymap::Action;
use guitai::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use guitai::ui::screens::counter::Counter;
use guitai::ui::screens::counter::doors::Doors;
use guitai::ui::text::Say;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::shop::{cashier, shop};

/// Answers, and remembers what it was asked.
#[derive(Debug, Default)]
pub struct Desk {
    asked: RefCell<Vec<Query>>,
    held: RefCell<VecDeque<HeldSale>>,
    products: RefCell<Vec<Product>>,
    name: RefCell<Option<String>>,
    offline: Cell<bool>,
    /// People a search finds, when not five.
    pub crowd: Cell<Option<i64>>,
    /// Given to the next attachment of a sale instead of an answer.
    refusal: RefCell<Option<Refusal>>,
    promises: Cell<bool>,
    /// One more card of the member's.
    card: RefCell<Option<String>>,
    /// What she may claim, and the coupon of every receipt.
    pub grants: RefCell<Vec<Grant>>,
    /// The contracts she pays.
    pub contracts: RefCell<Vec<Contract>>,
    pub coupon: RefCell<Option<Grant>>,
    /// The gifts she has once what is hers was given.
    pub gifts: RefCell<Vec<(i32, String)>>,
    /// As somebody else has edited it.
    edited: RefCell<Option<Shop>>,
    /// Who is signed in, as somebody else has edited her.
    pub staff: RefCell<Option<Staff>>,
}

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// 王晓明, 7: gold, 1,234.00 of which 234.00 is bonus.
pub fn member() -> Member {
    let lot = |id: u128, kind: LotKind, fen: (i64, i64), points: i64, end: Option<&str>| Lot {
        id: Uuid::from_u128(id),
        kind,
        opened_at: morning() - TimeDelta::days(90),
        expires_on: end.map(day),
        principal: Fen(fen.0),
        bonus: Fen(fen.1),
        points,
        spend_order: None,
    };
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
        name: "王晓明".to_owned(),
        phone: Some("138****8000".to_owned()),
        level: shop().level(2).unwrap().clone(),
        principal: Fen(100_000),
        bonus: Fen(23_400),
        points: 2_310,
        visits: 12,
        first_visit_on: Some(day("2025-05-01")),
        last_visit_on: Some(day("2026-01-20")),
        due_on: None,
        spend: Fen(320_000),
        spend_year: Fen(320_000),
        birth_year: None,
        birth_month: Some(3),
        birth_day: Some(14),
        gender: None,
        notes: "对氨水过敏,剪发要留鬓角;上次说想试试短一点的样子".to_owned(),
        joined_on: day("2025-05-01"),
        lots: vec![
            lot(
                1,
                LotKind::StoredValue,
                (100_000, 23_400),
                0,
                Some("2026-03-28"),
            ),
            lot(2, LotKind::Points, (0, 0), 2_310, Some("2026-12-31")),
        ],
        instalments: Vec::new(),
    }
}

fn product(id: i32, code: &str, name: &str, kind: ProductKind, price: i64) -> Product {
    Product {
        package: None,
        id,
        code: Some(code.to_owned()),
        name: name.to_owned(),
        category_id: None,
        kind,
        price: Fen(price),
        member_price: None,
        active: true,
        version: 1,
    }
}

pub fn line(name: &str) -> CartLine {
    CartLine::of(&product(1, "1", name, ProductKind::Piece, 12_800), 1)
}

/// So many people called 王.
pub fn people(count: i64) -> Vec<Candidate> {
    let names = [
        "王晓明",
        "王小敏",
        "欧阳娜娜",
        "",
        "王阿卜杜热合曼·买买提艾力",
        "王五",
    ];
    let people = (0..count)
        .zip(names.into_iter().cycle())
        .map(|(place, name)| Candidate::Member {
            id: 7 + place,
            name: name.to_owned(),
            phone: Some("138****8000".to_owned()),
            level: "金卡".to_owned(),
            stored_value: Fen(123_400 * place),
            last_visit_on: (place > 0).then(|| day("2026-01-20") + TimeDelta::days(place)),
        });
    people.collect()
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self::default();
        desk.products.borrow_mut().extend([
            product(1, "06901234567892", "护发精油", ProductKind::Piece, 12_800),
            product(3, "330100", "散装红枣", ProductKind::Weight, 3_980),
            product(2, "06911111111117", "剪发", ProductKind::Service, 6_800),
        ]);
        desk
    }

    pub fn asked(&self) -> Vec<Query> {
        self.asked.borrow().clone()
    }

    /// Questions that are about the customer in front of the till.
    pub fn presses(&self) -> usize {
        let asked = self.asked.borrow();
        let looks = |query: &&Query| {
            matches!(
                query,
                Query::Scan { .. } | Query::Goods { .. } | Query::Sell { .. }
            )
        };
        asked.iter().filter(looks).count()
    }

    pub fn carts(&self) -> Vec<Option<Cart>> {
        let asked = self.asked.borrow();
        let carts = asked.iter().filter_map(|query| match query {
            Query::KeepCart { cart, .. } => Some(cart.clone()),
            _ => None,
        });
        carts.collect()
    }

    pub fn offline(&self, offline: bool) {
        self.offline.set(offline);
    }

    /// Refuses the next attachment of a sale.
    pub fn refuse(&self, refusal: Refusal) {
        *self.refusal.borrow_mut() = Some(refusal);
    }

    pub fn rename(&self, name: &str) {
        *self.name.borrow_mut() = Some(name.to_owned());
    }

    /// Somebody else edits the shop.
    pub fn edit(&self, edit: impl FnOnce(&mut Shop)) {
        let mut shop = self.shop();
        edit(&mut shop);
        *self.edited.borrow_mut() = Some(shop);
    }

    fn shop(&self) -> Shop {
        self.edited.borrow().clone().unwrap_or_else(shop)
    }

    /// A bonus of 50.00 is due to the member.
    pub fn promise(&self) {
        self.promises.set(true);
    }

    /// The number is a card of the member's.
    pub fn bind(&self, number: &str) {
        *self.card.borrow_mut() = Some(number.to_owned());
    }

    fn member(&self) -> Box<Member> {
        let mut member = member();
        let level = self.shop().level(member.level.id).cloned();
        member.level = level.unwrap();
        if let Some(name) = self.name.borrow().as_ref() {
            member.name.clone_from(name);
        }
        member.grants.clone_from(&self.grants.borrow());
        member.contracts.clone_from(&self.contracts.borrow());
        if self.promises.get() {
            member.instalments.push(Instalment {
                operation_id: Uuid::from_u128(5),
                no: 1,
                lot_id: Uuid::from_u128(1),
                due_on: day("2026-03-01"),
                bonus: Fen(5_000),
                valid_days: None,
            });
        }
        Box::new(member)
    }

    fn scan(&self, codes: &[String]) -> Found {
        let has = |code: &str| codes.iter().any(|known| known == code);
        let products = self.products.borrow();
        let product = products
            .iter()
            .find(|product| product.code.as_deref().is_some_and(has));
        let is_hers = self.card.borrow().as_deref().is_some_and(has);
        match product {
            _ if is_hers || has("0088001") || has("0461851553") || has("13800138000") => {
                Found::Member(self.member())
            }
            _ if has("0099102") => Found::Staff("102".to_owned()),
            Some(product) => Found::Product(product.clone()),
            None => Found::Nothing,
        }
    }

    fn save(&self, name: &str, code: Option<&str>, price: Fen) -> Reply {
        let mut products = self.products.borrow_mut();
        let code = code.unwrap_or_default();
        products.push(product(9, code, name, ProductKind::Piece, price.0));
        Reply::Saved(Box::new(shop()))
    }

    fn find(&self, query: Query) -> Reply {
        match query {
            Query::Scan { codes, near } => Reply::Found(match self.scan(&codes) {
                Found::Nothing if near.sure.iter().any(|code| code == "0040856634") => {
                    Found::Member(self.member())
                }
                Found::Nothing if near.forms.iter().any(|code| code == "0040856634") => {
                    Found::Like {
                        member: self.member(),
                        card: "0040856634".to_owned(),
                    }
                }
                found => found,
            }),
            Query::ReadCoupon(_) => Reply::Coupon(self.coupon.borrow().clone().map(Box::new)),
            Query::Goods { codes } => Reply::Found(self.scan(&codes)),
            Query::Candidates { limit, .. } => {
                Reply::Candidates(people(self.crowd.get().unwrap_or(5).min(limit.into())))
            }
            Query::ReadMember { .. } | Query::AddCard { .. } => Reply::Member(self.member()),
            Query::Release { .. } => {
                let mut member = self.member();
                member.instalments.clear();
                member.bonus += Fen(5_000);
                member.occasions.given.clone_from(&self.gifts.borrow());
                Reply::Member(member)
            }
            Query::Enrol(request) if request.phone.as_deref() == Some("13800138000") => {
                Reply::Enrolled {
                    member: self.member(),
                    existing: true,
                }
            }
            Query::Enrol(_) => {
                let mut member = self.member();
                member.name = String::new();
                member.phone = Some("139****5678".to_owned());
                Reply::Enrolled {
                    member,
                    existing: false,
                }
            }
            Query::KeepCart { .. } | Query::KeepReaders(_) => Reply::Kept,
            Query::ReadShop { .. } => {
                Reply::Shop(Box::new(self.shop()), self.staff.borrow().clone())
            }
            Query::Hold(held) => {
                self.held.borrow_mut().push_back(*held);
                Reply::Kept
            }
            Query::HeldSales { .. } => Reply::Held(self.held.borrow().iter().cloned().collect()),
            Query::TakeHeld { .. } => {
                let held = self.held.borrow_mut().pop_front();
                Reply::Taken(held.map(|held| Box::new(held.cart)))
            }
            Query::SaveProduct { edit, .. } => {
                self.save(&edit.name, edit.code.as_deref(), edit.price)
            }
            Query::Attach { request, .. } => {
                let lines = Vec::new();
                let mut receipt = receipt(request.stamp.id, lines, Some(&member()));
                receipt.kind = OperationKind::Attach;
                receipt.document.points = 68;
                Reply::Receipt(Box::new(receipt))
            }
            Query::Consents { .. } => Reply::Consents(Vec::new()),
            other => panic!("the counter does not ask {other:?}"),
        }
    }
}

impl Backend for &Desk {
    async fn answer(&self, query: Query) -> Result<Reply> {
        self.asked.borrow_mut().push(query.clone());
        if self.offline.get() {
            return Err(Refusal::offline());
        }
        if matches!(query, Query::Attach { .. })
            && let Some(refusal) = self.refusal.take()
        {
            return Err(refusal);
        }
        Ok(self.find(query))
    }
}

fn receipt(id: Uuid, lines: Vec<DocumentLine>, member: Option<&Member>) -> Receipt {
    let net: Fen = lines.iter().map(|line| line.net).sum();
    Receipt {
        till_id: 1,
        id,
        kind: OperationKind::Sale,
        seq: 12,
        at: morning(),
        business_on: day("2026-03-09"),
        names: Names {
            member: member.map(|member| member.name.clone()),
            ..Names::default()
        },
        lines,
        document: Document {
            tenders: vec![Tender::exact(TenderKind::StoredValue, net)],
            ..Document::default()
        },
        after: member.map(|member| Balances {
            version: 4,
            principal: member.principal - net,
            bonus: member.bonus,
            points: member.points + net.0 / 100,
        }),
    }
}

/// Says what it is in the middle of the screen; Enter gives its outcome.
#[derive(Debug)]
struct Plain {
    says: String,
    outcome: Option<Outcome>,
}

impl Screen for Plain {
    fn bindings(&self) -> &'static str {
        "confirm"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Accept) => Step::Pop(self.outcome.take()),
            Input::Action(Action::Back) => Step::Pop(None),
            _ => Step::Stay,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, _look: &Look) {
        guitai::ui::paint::line(frame, area, 0, &self.says, Style::new());
    }
}

fn plain(says: String, outcome: Option<Outcome>) -> Box<dyn Screen> {
    Box::new(Plain { says, outcome })
}

fn doors() -> Doors {
    Doors {
        tender: |prices, member, approver, _cart| {
            let lines = prices.usual;
            let net: Fen = lines.iter().map(|line| line.net).sum();
            let name = member.as_ref().map_or("-", |member| &member.name);
            let approver = approver.map_or_else(String::new, |id| id.to_string());
            let says = format!("TENDER {net} {name} {approver}");
            let receipt = receipt(Uuid::from_u128(77), lines, member.as_deref());
            plain(says, Some(Outcome::Receipt(Box::new(receipt))))
        },
        approve: |why: Say, _| {
            let texts = guitai::ui::text::Text::load().unwrap();
            let why = texts.say(guitai::ui::text::Lang::Zh, &why);
            let mut manager = cashier();
            manager.id = 1;
            plain(format!("APPROVE {why}"), Some(Outcome::Approved(manager)))
        },
        open_shift: || plain("OPEN SHIFT".to_owned(), None),
        ..Doors::default()
    }
}

/// A counter whose payment is the real one.
pub fn paying(desk: &Desk, parts: Parts) -> Console<&Desk> {
    let doors = Doors {
        tender: Doors::default().tender,
        ..doors()
    };
    Console::with(desk, parts, Counter::with(doors))
}

pub fn parts_on_shift() -> Parts {
    let mut parts = parts();
    parts.session.staff = Some(cashier());
    parts.session.shift = Some(Shift {
        id: Uuid::from_u128(1),
        till_id: 1,
        cashier_id: 101,
        cashier: cashier().name,
        business_on: day("2026-03-09"),
        opened_at: morning() - TimeDelta::minutes(90),
        opening_float: Fen::ZERO,
    });
    parts
}

pub fn open(desk: &Desk, parts: Parts) -> Console<&Desk> {
    Console::with(desk, parts, Counter::with(doors()))
}

/// A counter on an open shift.
pub fn counter(desk: &Desk) -> Console<&Desk> {
    open(desk, parts_on_shift())
}
