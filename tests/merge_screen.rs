//! Merging two members, undoing it, consents and a new code, by keys (MB4, MB5, PV1).

use std::cell::RefCell;

use guitai::app::Parts;
use guitai::domain::ledger::LotKind;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::staff::{Role, Staff};
use guitai::domain::transfer::{self, Days, MergeRecord, Pair, TransferRequest, What};
use guitai::error::Result;
use guitai::query::{
    Backend, Candidate, Consent, Credential, CredentialState, Purpose, Query, Reply,
};
use guitai::ui::screens::member::MemberCard;
use insta::assert_snapshot;
use uuid::Uuid;

use crate::support::console::{Console, morning, parts};
use crate::support::member::member;
use crate::support::office;
use crate::support::shop::{cashier, opening, shop};

/// 周店长, 201.
fn manager() -> Staff {
    Staff {
        role: Role::Manager,
        number: "201".to_owned(),
        name: "周店长".to_owned(),
        id: 2,
        ..cashier()
    }
}

/// The same woman under another phone.
fn other() -> Member {
    let mut her = Member {
        id: 8,
        name: "王小明".to_owned(),
        phone: Some("139****1390".to_owned()),
        principal: Fen::yuan(4_200),
        bonus: Fen::ZERO,
        points: 50,
        spend: Fen::yuan(1_500),
        spend_year: Fen::yuan(1_500),
        visits: 3,
        instalments: vec![],
        ..member()
    };
    her.lots.retain(|lot| lot.kind == LotKind::StoredValue);
    her.lots.truncate(1);
    her.lots[0].id = Uuid::from_u128(81);
    (her.lots[0].principal, her.lots[0].bonus) = (Fen::yuan(4_200), Fen::ZERO);
    let mut points = member().lots[2].clone();
    points.id = Uuid::from_u128(82);
    points.points = 50;
    her.lots.push(points);
    her
}

fn pair(from: Member, to: Member) -> Pair {
    Pair {
        lots: from.lots.iter().map(|lot| lot.id).collect(),
        from,
        to,
        from_merged: None,
        to_merged: None,
        grants: vec![],
        together: Days {
            visits: 14,
            ..Days::default()
        },
        from_alone: Days::default(),
        to_alone: Days::default(),
    }
}

fn merge_request(stamp: guitai::domain::ledger::Stamp) -> TransferRequest {
    TransferRequest {
        stamp,
        what: What::Merge {
            from_id: 8,
            to_id: 7,
        },
    }
}

/// The merge as it was posted.
fn record() -> MergeRecord {
    let stamp = in_shift(cashier())
        .session
        .stamp(Uuid::from_u128(5), morning());
    let halves = transfer::plan(
        &merge_request(stamp),
        &pair(other(), member()),
        None,
        &shop().levels,
    );
    MergeRecord {
        id: Uuid::from_u128(5),
        seq: 41,
        at: morning(),
        carried: halves.unwrap().carried,
        is_undone: false,
    }
}

fn in_shift(staff: Staff) -> Parts {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(staff);
    parts.session.shift = Some(office::shift());
    parts
}

#[derive(Default)]
struct Books {
    asked: RefCell<Vec<TransferRequest>>,
    heard: RefCell<Vec<String>>,
    merged: bool,
}

impl Backend for &Books {
    async fn answer(&self, query: Query) -> Result<Reply> {
        Ok(match query {
            Query::ReadMember { id } => {
                let mut her = if id == 8 && !self.merged {
                    other()
                } else {
                    member()
                };
                her.merged = self.merged.then(|| Uuid::from_u128(5));
                Reply::Member(Box::new(her))
            }
            Query::Candidates { .. } => Reply::Candidates(
                [member(), other()]
                    .map(|her| Candidate::Member {
                        id: her.id,
                        name: her.name,
                        phone: her.phone,
                        level: her.level.name,
                        stored_value: her.principal,
                        last_visit_on: None,
                    })
                    .to_vec(),
            ),
            Query::ReadTransfer { from_id: 8, .. } => {
                Reply::Pair(Box::new(pair(other(), member())))
            }
            Query::ReadTransfer { .. } if self.merged => {
                let mut one = member();
                one.lots.push(other().lots[0].clone());
                one.lots[2].points += 20;
                let mut back = pair(one, other());
                back.to_merged = Some(7);
                Reply::Pair(Box::new(back))
            }
            Query::ReadTransfer { .. } => Reply::Pair(Box::new(pair(member(), other()))),
            Query::ReadMerge { .. } => Reply::Merge(Box::new(record())),
            Query::Transfer(request) => {
                self.asked.borrow_mut().push(request);
                Reply::Member(Box::new(member()))
            }
            Query::SignIn { .. } => Reply::SignedIn(manager()),
            Query::Consents { .. } => Reply::Consents(vec![agreed(Purpose::Membership, true)]),
            Query::RecordConsent {
                purpose, is_given, ..
            } => {
                let heard = format!("{} {is_given}", purpose.name());
                self.heard.borrow_mut().push(heard);
                Reply::Consents(vec![
                    agreed(Purpose::Membership, true),
                    agreed(purpose, is_given),
                ])
            }
            Query::Credentials { .. } => Reply::Credentials(vec![code("1a2b")]),
            Query::NewCode { code: new, .. } => {
                self.heard.borrow_mut().push(new);
                Reply::Credentials(vec![code("1a2b"), code("3c4d")])
            }
            Query::EraseMember { approver_id, .. } => {
                self.heard.borrow_mut().push(format!("{approver_id:?}"));
                Reply::Kept
            }
            _ => Reply::Kept,
        })
    }
}

fn code(tail: &str) -> Credential {
    Credential {
        key: tail.to_owned(),
        is_card: false,
        tail: tail.to_owned(),
        state: CredentialState::Active,
    }
}

fn agreed(purpose: Purpose, is_given: bool) -> Consent {
    Consent {
        purpose,
        is_given,
        version: 2,
        at: morning(),
        staff: "李敏".to_owned(),
    }
}

fn open(books: &Books, staff: Staff) -> Console<&Books> {
    Console::with(books, in_shift(staff), MemberCard::new(7))
}

#[tokio::test]
async fn side_by_side() {
    let books = Books::default();
    let mut console = open(&books, manager());
    console.settle().await;
    console.keys("<F10>").settle().await;
    assert_snapshot!("more", console.screen());
    console.keys("<Enter>").settle().await;
    console.keys("139").settle().await;
    assert_snapshot!("merge_find", console.screen());
    // She herself is no other.
    console.keys("<Enter>").settle().await;
    assert!(
        console.screen().contains("同一位会员"),
        "{}",
        console.screen()
    );
    console.keys("<Down><Enter>").settle().await;
    assert_snapshot!("merge", console.screen());
    assert_snapshot!("merge_45", console.size(45, 30).screen());
    assert_snapshot!("merge_en", console.keys("<F12>").size(80, 24).screen());
    console.keys("<F12><Tab>").settle().await;
    assert!(console.screen().contains("4,200.00"));
    console.keys("<Tab>").settle().await;
    // No is what Enter says; only y merges.
    console.keys("<Enter><Enter>").settle().await;
    assert!(books.asked.borrow().is_empty());
    console.keys("<Enter>y").settle().await;
    console.wait(chrono::TimeDelta::seconds(1)).settle().await;
    let asked = books.asked.borrow();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].what, merge_request(asked[0].stamp.clone()).what);
    assert!(console.screen().contains("已合并"), "{}", console.screen());
}

/// OP3: a cashier asks a manager.
#[tokio::test]
async fn a_cashier_asks() {
    let books = Books::default();
    let mut console = open(&books, cashier());
    console.settle().await;
    console.keys("<F10>").settle().await;
    console.keys("<Enter>").settle().await;
    console.keys("139").settle().await;
    console.keys("<Down><Enter>").settle().await;
    console.keys("<Enter>").settle().await;
    console.keys("201<Enter>135790<Enter>").settle().await;
    let asked = books.asked.borrow();
    assert_eq!(asked[0].stamp.approver_id, Some(2));
}

/// The card of somebody who was merged opens the one she is now; from there it is undone.
#[tokio::test]
async fn undone_from_the_card() {
    let books = Books {
        merged: true,
        ..Books::default()
    };
    let mut console = Console::with(&books, in_shift(manager()), MemberCard::new(8));
    console.settle().await;
    assert!(
        console.screen().contains("已并入这位会员"),
        "{}",
        console.screen()
    );
    console.keys("<F10>").settle().await;
    console.keys("<Down><Enter>").settle().await;
    assert_snapshot!("undo_merge", console.screen());
    assert_snapshot!("undo_merge_45", console.size(45, 30).screen());
    console.keys("<Enter>").settle().await;
    let asked = books.asked.borrow();
    let undo = What::Undo {
        from_id: 7,
        to_id: 8,
        merge_id: Uuid::from_u128(5),
    };
    assert_eq!(asked[0].what, undo);
}

#[tokio::test]
async fn consents_are_written_down() {
    let books = Books::default();
    let mut console = open(&books, cashier());
    console.settle().await;
    console.keys("<F10>").settle().await;
    console.keys("<Down><Down><Enter>").settle().await;
    assert_snapshot!("consents", console.screen());
    assert_snapshot!("consents_45", console.size(45, 30).screen());
    console.keys("<Down><Enter>y").settle().await;
    console.wait(chrono::TimeDelta::seconds(1)).settle().await;
    assert_eq!(*books.heard.borrow(), ["marketing true"]);
    console.keys("<Enter>y").settle().await;
    console.wait(chrono::TimeDelta::seconds(1)).settle().await;
    assert_eq!(books.heard.borrow().last().unwrap(), "marketing false");
}

#[tokio::test]
async fn forgetting_is_asked_and_approved() {
    let books = Books::default();
    let mut console = open(&books, cashier());
    console.settle().await;
    console.keys("<F10>").settle().await;
    console
        .keys("<Down><Down><Down><Down><Enter>")
        .settle()
        .await;
    assert!(
        console.screen().contains("注销 王晓明"),
        "{}",
        console.screen()
    );
    console.keys("y").settle().await;
    console.wait(chrono::TimeDelta::seconds(1)).settle().await;
    console.keys("201<Enter>135790<Enter>").settle().await;
    assert_eq!(*books.heard.borrow(), ["Some(2)"]);
}

#[tokio::test]
async fn a_new_code_is_shown_once() {
    let books = Books::default();
    let mut console = open(&books, cashier());
    console.settle().await;
    console.keys("<F8>").settle().await;
    console.keys("<F2>").settle().await;
    console.keys("<Enter>").settle().await;
    assert_eq!(books.heard.borrow().len(), 1);
    assert!(
        console.screen().contains("请顾客拍下来"),
        "{}",
        console.screen()
    );
    assert!(!console.debug().contains(&books.heard.borrow()[0]));
    assert!(console.screen().contains('█') || console.screen().contains('▀'));
    console.keys("<Esc>").settle().await;
    assert!(console.screen().contains("3c4d"));
}
