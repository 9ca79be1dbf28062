//! The member card, its form, cards and statement.

use std::cell::RefCell;

use guitai::domain::grant::{Moved, Unit};
use guitai::domain::ledger::{LotKind, OperationKind};
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::receipt::{Document, Names, Receipt};
use guitai::domain::scan::{Device, Scan};
use guitai::domain::staff::{Role, Staff};
use guitai::error::{Refusal, Result};
use guitai::event::What;
use guitai::query::{Backend, Consent, Found, Noun, Person, Purpose, Query, Reply, StatementRow};
use guitai::ui::screens::member::MemberCard;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::member::member;
use crate::support::shop::cashier;

/// What she said of it a month ago.
fn agreed(purpose: Purpose, is_given: bool) -> Consent {
    Consent {
        purpose,
        is_given,
        version: 2,
        at: morning() - chrono::TimeDelta::days(30),
        staff: "李敏".to_owned(),
    }
}

/// Knows one member and so many operations of hers.
struct Shop {
    member: RefCell<Member>,
    operations: u128,
    heard: RefCell<Vec<String>>,
    saved: RefCell<Vec<Person>>,
    pages: RefCell<Vec<Option<Uuid>>>,
}

impl Shop {
    fn new(member: Member) -> Self {
        Self {
            member: RefCell::new(member),
            operations: 0,
            heard: RefCell::default(),
            saved: RefCell::default(),
            pages: RefCell::default(),
        }
    }

    fn member(&self) -> Reply {
        Reply::Member(Box::new(self.member.borrow().clone()))
    }

    /// Every fourth operation moves only points.
    fn page(&self, before: Option<Uuid>, limit: i32) -> Vec<StatementRow> {
        let newest = before.map_or(self.operations, |id| id.as_u128() - 1);
        let limit = usize::try_from(limit).unwrap();
        let ids = (1..=newest).rev().take(limit);
        ids.map(|n| StatementRow {
            operation_id: Uuid::from_u128(n),
            kind: if n == 1 {
                OperationKind::TopUp
            } else {
                OperationKind::Sale
            },
            at: morning(),
            store: "总店".to_owned(),
            seq: i64::try_from(n).unwrap(),
            principal: Fen(if n % 4 == 0 { 0 } else { -6_800 }),
            bonus: Fen(if n == 1 { 20_000 } else { 0 }),
            points: if n == 1 { 0 } else { 68 },
            principal_after: Fen::yuan(1_000),
            bonus_after: Fen::yuan(234),
            points_after: 2_310,
            units: if n == 128 {
                vec![Moved {
                    name: "剪发".to_owned(),
                    unit: Unit::Session,
                    quantity: Some(-1),
                }]
            } else {
                Vec::new()
            },
        })
        .collect()
    }
}

fn receipt(id: Uuid) -> Receipt {
    Receipt {
        till_id: 1,
        id,
        kind: OperationKind::TopUp,
        seq: 42,
        at: morning(),
        business_on: "2026-03-09".parse().unwrap(),
        names: Names {
            cashier: "李敏".to_owned(),
            ..Names::default()
        },
        lines: Vec::new(),
        document: Document {
            amount: Fen::yuan(1_000),
            ..Document::default()
        },
        after: None,
    }
}

impl Backend for &Shop {
    async fn answer(&self, query: Query) -> Result<Reply> {
        match query {
            Query::ReadMember { id: 7 } => Ok(self.member()),
            Query::ReadShop { .. } => Ok(Reply::Shop(Box::new(crate::support::shop::shop()), None)),
            Query::RevealPhone {
                member_id,
                staff_id,
                till_id,
                reason,
            } => {
                let heard = format!("{staff_id} at {till_id} looked at {member_id}: {reason}");
                self.heard.borrow_mut().push(heard);
                Ok(Reply::Phone(Some("13800001380".to_owned())))
            }
            Query::EditMember {
                id: 7,
                person,
                edition,
                by,
            } => {
                let mut member = self.member.borrow_mut();
                if edition != member.edition {
                    return Err(Refusal::conflict("manage.changed"));
                }
                let heard = format!("{} at {} edited {}", by.staff_id, by.till_id, member.id);
                self.heard.borrow_mut().push(heard);
                member.edition += 1;
                member.name.clone_from(&person.name);
                drop(member);
                self.saved.borrow_mut().push(person);
                Ok(self.member())
            }
            Query::Scan { near, .. } => {
                let has = |code: &str| near.forms.iter().any(|form| form == code);
                let mut member = self.member.borrow().clone();
                let hers = has("0040856634");
                if !hers {
                    (member.id, member.name) = (8, "李红".to_owned());
                }
                let card = if hers { "0040856634" } else { "0461851553" };
                Ok(Reply::Found(if has(card) {
                    Found::Like {
                        member: Box::new(member),
                        card: card.to_owned(),
                    }
                } else {
                    Found::Nothing
                }))
            }
            Query::AddCard {
                member_id: 7, card, ..
            } if card == "8800000000000013" => Err(Refusal::user("member.card_taken")),
            Query::AddCard {
                member_id: 7, card, ..
            } => {
                self.heard.borrow_mut().push(card);
                Ok(self.member())
            }
            Query::Consents { .. } => Ok(Reply::Consents(vec![
                agreed(Purpose::Membership, true),
                agreed(Purpose::Marketing, false),
            ])),
            Query::KeepReaders(_) => Ok(Reply::Kept),
            Query::Statement { before, limit, .. } => {
                self.pages.borrow_mut().push(before);
                Ok(Reply::Statement(self.page(before, limit)))
            }
            Query::ReadReceipt { id } => Ok(Reply::Receipt(Box::new(receipt(id)))),
            other => panic!("{other:?}"),
        }
    }
}

async fn open_as(shop: &Shop, role: Role) -> Console<&Shop> {
    let mut parts = parts();
    parts.session.staff = Some(Staff { role, ..cashier() });
    let mut console = Console::with(shop, parts, MemberCard::new(7));
    console.size(80, 24).settle().await;
    console
}

async fn open(shop: &Shop) -> Console<&Shop> {
    open_as(shop, Role::Manager).await
}

fn scan(code: &str) -> What {
    What::Scan(Scan::read(code, Device::Terminal, 0).unwrap())
}

#[tokio::test]
async fn all_about_one_member() {
    let shop = Shop::new(member());
    let mut console = open(&shop).await;
    insta::assert_snapshot!("card_80", console.screen());
    insta::assert_snapshot!("card_80_en", console.keys("<F12>").screen());
    console.keys("<F12>");
    insta::assert_snapshot!("card_45", console.size(45, 30).screen());
    insta::assert_snapshot!("card_120", console.size(120, 40).screen());
}

#[tokio::test]
async fn a_newcomer_of_whom_nothing_is_known() {
    let mut nobody = member();
    nobody.name.clear();
    nobody.notes.clear();
    nobody.phone = None;
    nobody.gender = None;
    nobody.birth_month = None;
    nobody.first_visit_on = None;
    nobody.last_visit_on = None;
    nobody.due_on = None;
    nobody.visits = 0;
    nobody.lots.clear();
    nobody.instalments.clear();
    nobody.level.id = 2;
    nobody.level.rank = 2;
    let shop = Shop::new(nobody);
    insta::assert_snapshot!("newcomer", open(&shop).await.screen());
}

#[tokio::test]
async fn long_names_many_lots_and_a_debt() {
    let mut long = member();
    long.name = "买买提艾力江阿布都热合曼,\"老板\"的朋友".to_owned();
    long.notes = "对氨水过敏;只要三号技师;周末不接电话。".repeat(8);
    let lot = long.lots[1].clone();
    long.lots.extend(std::iter::repeat_n(lot, 40));
    long.lots[2].kind = LotKind::PointsDebt;
    long.lots[2].points = -1_200;
    long.lots[0].expires_on = Some("2026-03-01".parse().unwrap());
    let shop = Shop::new(long);
    let mut console = open(&shop).await;
    insta::assert_snapshot!("long_80", console.screen());
    console.keys("<End>");
    assert!(console.screen().contains("退货欠分"));
    insta::assert_snapshot!("long_45", console.keys("<Home>").size(45, 30).screen());
}

#[tokio::test]
async fn the_full_number_needs_a_right_and_the_look_is_kept() {
    let shop = Shop::new(member());
    let mut console = open_as(&shop, Role::Cashier).await;
    console.keys("<F4>").settle().await;
    assert!(shop.heard.borrow().is_empty());
    assert!(!console.screen().contains("看全号会留记录"));
    let mut console = open(&shop).await;
    assert!(console.screen().contains("F4 看全号会留记录"));
    console.keys("<F4>");
    insta::assert_snapshot!("reveal_80", console.screen());
    console.keys("<Esc>").settle().await;
    assert!(shop.heard.borrow().is_empty());
    console.keys("<F4><Down><Enter><F4>").settle().await;
    assert!(console.screen().contains("13800001380  本次查看已记录"));
    console.event(What::Changed(Noun::All)).settle().await;
    assert!(console.screen().contains("13800001380"));
    assert_eq!(*shop.heard.borrow(), ["101 at 1 looked at 7: 核对身份"]);
}

#[tokio::test]
async fn particulars_are_edited() {
    let shop = Shop::new(member());
    let mut console = open(&shop).await;
    console.keys("<F2>");
    insta::assert_snapshot!("edit_80", console.screen());
    insta::assert_snapshot!("edit_45_en", console.keys("<F12>").size(45, 30).screen());
    console.keys("<F12><Down><Ctrl-u>0230<F2>").settle().await;
    assert!(console.screen().contains("请写成 03-14"));
    assert!(shop.saved.borrow().is_empty());
    console.keys("<Ctrl-u>0229<Down><Right><Up><Up>红<F2>");
    assert!(console.screen().contains("正在保存"));
    console.keys("x<F2><Esc>").settle().await;
    assert!(console.screen().contains("王晓明红"));
    let saved = shop.saved.borrow();
    assert_eq!(saved.len(), 1, "sent once");
    assert_eq!(
        (saved[0].birth_month, saved[0].birth_day),
        (Some(2), Some(29))
    );
    assert_eq!(saved[0].birth_year, None);
    assert_eq!(saved[0].notes, "对氨水过敏");
    assert_eq!(*shop.heard.borrow(), ["101 at 1 edited 7"]);
}

#[tokio::test]
async fn an_edit_that_came_too_late_is_not_saved() {
    let shop = Shop::new(member());
    let mut console = open(&shop).await;
    console.keys("<F2>x");
    shop.member.borrow_mut().edition += 1;
    console.keys("<F2>").settle().await;
    assert!(console.screen().contains("已被别人修改,没有保存"));
    console.keys("<Enter><Esc><Left><Enter><F2>y<F2>");
    console.settle().await;
    let names: Vec<_> = shop.saved.borrow().iter().map(|p| p.name.clone()).collect();
    assert_eq!(names, ["王晓明y"], "{}", console.screen());
}

#[tokio::test]
async fn edits_are_not_lost_without_a_question() {
    let shop = Shop::new(member());
    let mut console = open(&shop).await;
    console.keys("<F2><Esc>");
    assert!(console.screen().contains("138****1380"));
    console.keys("<F2>x<Esc>");
    assert!(console.screen().contains("不保存修改?"));
    console.keys("<Enter>");
    assert!(console.screen().contains("王晓明x"));
    console.keys("<Esc><Left><Enter>");
    assert!(!console.screen().contains("王晓明x"));
}

#[tokio::test]
async fn a_card_is_scanned_looked_at_and_added() {
    let shop = Shop::new(member());
    let mut console = open(&shop).await;
    console.keys("<F6><Enter>").settle().await;
    insta::assert_snapshot!("add_card", console.screen());
    for (code, says) in [
        ("135112298638468293", "付款码"),
        ("13800001380", "手机号"),
        ("6901234567892", "可能是商品条码"),
    ] {
        console.event(scan(code)).settle().await;
        assert!(console.screen().contains(says), "{code}");
    }
    console.event(scan("8800000000000013")).settle().await;
    console.keys("<Enter>").settle().await;
    assert!(console.screen().contains("另一位会员"));
    console.keys("<Enter>");
    console.event(scan("8800000000000021")).settle().await;
    insta::assert_snapshot!("add_card_45", console.size(45, 30).screen());
    console.keys("<Enter><Enter>").settle().await;
    assert_eq!(*shop.heard.borrow(), ["8800000000000021"]);
    assert!(console.screen().contains("卡已加上"));
}

/// The number printed on the card, typed after it was read, teaches the reader's form; the card is kept as it is printed.
#[tokio::test]
async fn the_number_on_the_card_teaches_the_reader() {
    let front = Device::Usb("front".to_owned());
    let read =
        |code: &str| What::Scan(Scan::read(code, Device::Usb("front".to_owned()), 0).unwrap());
    let shop = Shop::new(member());
    let mut console = open(&shop).await;
    console.keys("<F6>").settle().await;
    console.event(read("3473408")).settle().await;
    assert!(!console.screen().contains("可教会读卡器"), "no chip");
    console.event(read("0000000258")).settle().await;
    let screen = console.screen();
    assert!(screen.contains("可教会读卡器"), "{screen}");
    let screen = console.keys("0000000259").screen();
    assert!(screen.contains("只加填的这个号码"), "{screen}");
    console.keys("<Ctrl-u>0033619968");
    let screen = console.screen();
    assert!(screen.contains("并记住读卡器的格式"), "{screen}");
    insta::assert_snapshot!("add_card_taught_45", console.size(45, 30).screen());
    console.keys("<Enter>").settle().await;
    assert_eq!(*shop.heard.borrow(), ["0033619968"]);
    let screen = console.screen();
    assert!(screen.contains("格式也记住了"), "{screen}");
    let form = console.session().readers.of(&front).unwrap().form;
    assert!(form.turned && form.shape.name() == "8H10D");
    // The next one needs no typing: it is kept in the same way.
    console.keys("<F6>").settle().await;
    console.event(read("0000000514")).settle().await;
    console.keys("<Enter>").settle().await;
    assert_eq!(shop.heard.borrow()[1], "0033685504");
    // A card typed behind another teaches nothing.
    console.keys("<F6>").settle().await;
    console.event(read("0000000770")).settle().await;
    console.keys("0000000771<Enter>").settle().await;
    assert_eq!(shop.heard.borrow()[2], "0000000771");
    assert!(console.session().readers.of(&front).unwrap().form.turned);
}

/// A scanner of goods behind the terminal is no reader of cards: what was learnt of one is not laid on the other's.
#[tokio::test]
async fn the_terminals_form_is_not_for_barcodes() {
    let shop = Shop::new(member());
    let mut parts = parts();
    parts.session.staff = Some(cashier());
    let readers = &mut parts.session.readers;
    assert!(readers.learn(&Device::Terminal, "2706081563", "0461851553"));
    let mut console = Console::with(&shop, parts, MemberCard::new(7));
    console.settle().await;
    // A chip in that form; no form of that length; a right EAN-8 and UPC-A.
    for (code, kept) in [
        ("0000000514", "0033685504"),
        ("00623,27707", "00623,27707"),
        ("96385074", "96385074"),
        ("012345678905", "012345678905"),
    ] {
        console.keys("<F6>").settle().await;
        console.event(scan(code)).settle().await;
        console.keys("<Enter>").settle().await;
        assert_eq!(shop.heard.borrow().last().unwrap(), kept);
    }
}

#[tokio::test]
async fn a_card_that_looks_like_somebody_elses_is_said_and_the_cashier_decides() {
    let shop = Shop::new(member());
    let mut console = open(&shop).await;
    console.keys("<F6>").settle().await;
    console.event(scan("2706081563")).settle().await;
    let screen = console.screen();
    assert!(screen.contains("像是 李红 的卡 0461851553"), "{screen}");
    assert!(shop.heard.borrow().is_empty());
    console.keys("<Enter>").settle().await;
    assert_eq!(*shop.heard.borrow(), ["2706081563"]);
    // Typed: it is said before anything is added.
    console.keys("<F6>2706081563<Enter>").settle().await;
    assert!(console.screen().contains("像是 李红 的卡"));
    assert_eq!(shop.heard.borrow().len(), 1);
    console.keys("<Enter>").settle().await;
    assert_eq!(shop.heard.borrow().len(), 2);
    // Her own card by another reader is simply hers.
    console.keys("<F6>").settle().await;
    console.event(scan("07302202")).settle().await;
    assert!(!console.screen().contains("像是"));
    console.keys("<Enter>").settle().await;
    assert_eq!(shop.heard.borrow().len(), 3);
}

#[tokio::test]
async fn a_balance_opens_its_postings_and_a_posting_its_receipt() {
    let mut shop = Shop::new(member());
    shop.operations = 130;
    let mut console = open(&shop).await;
    console.keys("<Enter>").settle().await;
    insta::assert_snapshot!("statement_80", console.screen());
    insta::assert_snapshot!("statement_80_en", console.keys("<F12>").screen());
    console.keys("<F12>");
    insta::assert_snapshot!("statement_45", console.size(45, 30).screen());
    insta::assert_snapshot!("statement_120", console.size(120, 40).screen());
    console.size(80, 24);
    for _ in 0..4 {
        console.keys("<End>").settle().await;
    }
    let pages: Vec<_> = shop
        .pages
        .borrow()
        .iter()
        .map(|id| id.map(|id| id.as_u128()))
        .collect();
    assert_eq!(pages, [None, Some(81), Some(31)]);
    assert!(console.screen().contains("充值 总店"));
    console.keys("<Enter>").settle().await;
    let screen = console.screen();
    assert!(screen.contains("42") && screen.contains("李敏"), "{screen}");
    console.keys("<Esc>");
    console.keys("<Tab>").settle().await;
    assert!(console.screen().contains("王晓明 积分明细"));
    assert!(console.screen().contains("+68"));
    console
        .keys("<Esc><Down><Down><Down><Enter>")
        .settle()
        .await;
    assert!(
        console.screen().contains("42") && console.screen().contains("李敏"),
        "the promised bonus opens its top-up"
    );
    console.keys("<Esc><Down><Enter>").settle().await;
    assert!(console.screen().contains("王晓明 积分明细"));
}

#[tokio::test]
async fn a_statement_reads_on_over_pages_without_a_movement() {
    let mut shop = Shop::new(member());
    shop.operations = 1;
    let mut console = open(&shop).await;
    console.keys("<F7><Tab>").settle().await;
    assert!(console.screen().contains("还没有变动"));
    assert_eq!(shop.pages.borrow().len(), 2);
}

/// What is shown goes on paper, 58 and 80 mm, uses of packages as units.
#[tokio::test]
async fn a_statement_is_printed() {
    use guitai::domain::print::Order;
    use guitai::domain::slip;
    use guitai::event::Effect;
    for columns in [slip::NARROW, slip::WIDE] {
        let mut shop = Shop::new(member());
        shop.operations = 130;
        let mut parts = parts();
        parts.session.staff = Some(cashier());
        parts.session.printing.is_there = true;
        parts.session.printing.columns = columns;
        let mut console = Console::with(&shop, parts, MemberCard::new(7));
        console.settle().await;
        console.keys("<F7>").settle().await;
        console.keys("<F8>");
        let orders: Vec<_> = console
            .handed_out()
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Print(Order::Print(job)) => Some(job.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(orders.len(), 1);
        let text = slip::text(&orders[0].lines, columns);
        let head: Vec<&str> = text.lines().take(26).collect();
        insta::assert_snapshot!(format!("statement_slip_{columns}"), head.join("\n"));
        assert!(text.contains("剪发 -1次"));
    }
}
