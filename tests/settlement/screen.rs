//! The screen of a settlement, by keys.

use std::cell::RefCell;

use guitai::app::Parts;
use guitai::domain::ledger::{Balances, LotKind, OperationKind, Posted};
use guitai::domain::member::Lot;
use guitai::domain::money::Fen;
use guitai::domain::receipt::{Names, Receipt};
use guitai::domain::settlement::{
    self, Event, History, OwnTerms, OwnVersion, SettlementRequest, Terms,
};
use guitai::domain::staff::{Role, Staff};
use guitai::domain::tender::{Tender, TenderKind};
use guitai::error::Result;
use guitai::query::{Backend, Query, Reply};
use guitai::ui::screens::settlement::Settlement;
use insta::assert_snapshot;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::office;
use crate::support::shop::{cashier, opening};

fn manager() -> Staff {
    Staff {
        role: Role::Manager,
        number: "201".to_owned(),
        name: "周店长".to_owned(),
        id: 2,
        ..cashier()
    }
}

fn in_shift() -> Parts {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(cashier());
    parts.session.shift = Some(office::shift());
    parts
}

/// 1000 + 200 loaded, 300 of it used.
fn history() -> History {
    let id = Uuid::from_u128(1);
    let event = |n: u128, kind, principal, bonus| Event {
        id: Uuid::from_u128(n),
        kind,
        about: None,
        seq: n.try_into().unwrap(),
        at: morning() - chrono::TimeDelta::days(40),
        store: "总店".to_owned(),
        staff: cashier().name,
        lots: vec![id],
        principals: vec![Fen(principal)],
        bonuses: vec![Fen(bonus)],
        lines: vec![],
        returned: vec![],
        grants: vec![],
        tenders: vec![Tender::exact(TenderKind::Wechat, Fen(principal.max(0)))],
        terms_version: Some(1),
    };
    let mut member = crate::support::member::member();
    member.lots = vec![Lot {
        id,
        kind: LotKind::StoredValue,
        opened_at: morning(),
        expires_on: None,
        principal: Fen(75_000),
        bonus: Fen(15_000),
        points: 0,
        spend_order: None,
    }];
    member.principal = Fen(75_000);
    member.bonus = Fen(15_000);
    History {
        member,
        events: vec![
            event(1, OperationKind::TopUp, 100_000, 20_000),
            event(2, OperationKind::Sale, -25_000, -5_000),
        ],
        grants: vec![],
        terms: Terms {
            version: 3,
            own: vec![OwnVersion {
                version: 3,
                own: OwnTerms {
                    fee: 1_000,
                    pays_bonus: false,
                },
            }],
        },
    }
}

#[derive(Default)]
struct Books {
    asked: RefCell<Vec<SettlementRequest>>,
}

impl Backend for &Books {
    async fn answer(&self, query: Query) -> Result<Reply> {
        Ok(match query {
            Query::ReadSettlement { .. } => Reply::History(Box::new(history())),
            Query::SignIn { .. } => Reply::SignedIn(manager()),
            Query::Settle(request) => {
                self.asked.borrow_mut().push(request.clone());
                let plan = settlement::plan(&request, &history())?;
                let posted = Posted {
                    id: request.stamp.id,
                    replayed: false,
                    seq: 7,
                    after: Some(Balances {
                        version: 4,
                        principal: Fen::ZERO,
                        bonus: Fen::ZERO,
                        points: 0,
                    }),
                };
                let names = Names::default();
                Reply::Receipt(Box::new(Receipt::of(&request.stamp, &plan, &posted, names)))
            }
            _ => Reply::Kept,
        })
    }
}

/// RF5: the variants side by side with their arithmetic, and the one that applies; the reason changes it.
#[tokio::test]
async fn the_variants_stand_side_by_side() {
    for (columns, rows) in [(80, 24), (120, 40), (45, 30)] {
        let books = Books::default();
        let mut console = Console::with(&books, in_shift(), Settlement::new(7));
        console.size(columns, rows).settle().await;
        assert_snapshot!(format!("settlement_{columns}"), console.screen());
    }
    let books = Books::default();
    let mut console = Console::with(&books, in_shift(), Settlement::new(7));
    console.size(80, 24).settle().await;
    assert_snapshot!("settlement_80_en", console.keys("<F12>").screen());
    console.keys("<F2>").settle().await;
    console.keys("2").settle().await;
    console.keys("<Enter>").settle().await;
    assert_snapshot!("settlement_80_en_shop", console.screen());
}

/// OP3: Enter asks for somebody else; her yes posts exactly what was shown.
#[tokio::test]
async fn somebody_else_says_yes() {
    let books = Books::default();
    let mut console = Console::with(&books, in_shift(), Settlement::new(7));
    console.size(80, 24).settle().await;
    console.keys("<Enter>").settle().await;
    assert!(books.asked.borrow().is_empty());
    console.keys("201<Enter>135790<Enter>").settle().await;
    let asked = books.asked.borrow();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        (asked[0].amount, asked[0].way, asked[0].stamp.approver_id),
        (Fen(70_000), TenderKind::Wechat, Some(2))
    );
}

/// RF5: the sheet has the arithmetic, the terms and every use.
#[test]
fn the_sheet() {
    use guitai::domain::settlement::{Reason, Scope};
    let session = in_shift().session;
    let stamp = session.stamp(Uuid::from_u128(9), morning());
    let stamp = guitai::domain::ledger::Stamp {
        approver_id: Some(2),
        ..stamp
    };
    let request = SettlementRequest {
        stamp,
        member_id: 7,
        scope: Scope::All,
        reason: Reason::Shop,
        way: TenderKind::Wechat,
        amount: Fen(75_000),
    };
    let plan = settlement::plan(&request, &history()).unwrap();
    let posted = Posted {
        id: request.stamp.id,
        replayed: false,
        seq: 7,
        after: None,
    };
    let receipt = Receipt::of(&request.stamp, &plan, &posted, Names::default());
    let texts = guitai::ui::text::Text::load().unwrap();
    let words = |key: &str| texts.get(guitai::ui::text::Lang::Zh, key).to_owned();
    let slips = crate::support::shop::slips();
    for columns in [guitai::domain::slip::NARROW, guitai::domain::slip::WIDE] {
        let layout = guitai::domain::slip::Layout {
            columns,
            copy: false,
            words: &words,
            slips: &slips,
        };
        let lines = guitai::domain::slip::receipt(&receipt, None, layout);
        let text = guitai::domain::slip::text(&lines, columns);
        assert_snapshot!(format!("settlement_slip_{columns}"), text);
    }
}
