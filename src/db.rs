//! Postgres: the only place with SQL. [`Db::ask`] is the table of contents of the back end.

pub mod books;
pub mod connect;
pub mod consent;
pub mod contract;
pub mod coupon;
pub mod demo;
pub mod deposit;
pub mod desk;
pub mod disclosure;
pub mod drawer;
pub mod dues;
pub mod edit;
pub mod embedded;
pub mod evidence;
pub mod expiry;
pub mod family;
pub mod gift_card;
pub mod hold;
pub mod journal;
pub mod json;
pub mod known;
pub mod lapse;
pub mod ledger;
pub mod level_review;
pub mod link;
pub mod list;
pub mod listen;
pub mod member;
pub mod open;
pub mod pin;
pub mod promotion;
pub mod receipt;
pub mod recipe;
pub mod redemption;
pub mod refuse;
pub mod release;
pub mod reminder;
pub mod reward;
pub mod sale;
pub mod scram;
pub mod search;
pub mod segment;
pub mod set_up;
pub mod settle;
pub mod settlement;
pub mod shift;
pub mod shop;
pub mod staff;
pub mod transfer;
pub mod trial;
pub mod verify;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::db::desk::Desk;
use crate::db::embedded::Embedded;
use crate::db::journal::Journal;
use crate::db::link::Link;
use crate::db::settle::Knowledge::Fresh;
use crate::domain::shop::Shop;
use crate::error::{Kind, Result};
use crate::query::{Backend, Noun, Query, Reply};
use crate::session::Connection;

/// From here on the header says that the link is slow.
const SLOW: Duration = Duration::from_millis(800);

/// The back end of one till.
pub struct Db {
    link: Link,
    till: i32,
    journal: RefCell<Option<Journal>>,
    desk: Desk,
    shop: RefCell<Option<Rc<Shop>>>,
    /// Counts how often the shop was forgotten: a reading that began before is old.
    forgotten: Cell<u64>,
    /// Names for receipts, by staff number.
    cashier: RefCell<HashMap<i32, String>>,
    embedded: RefCell<Option<Rc<Embedded>>>,
    slow: Cell<bool>,
    /// Whether the last answer was that nobody answers; and so at the start.
    offline: Cell<bool>,
    /// Somebody answers again, or no longer.
    link_turned: Notify,
    /// An operation's fate is being found out: the header says nothing else until it is.
    unknown: Cell<bool>,
    news: Box<dyn Fn(Connection)>,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db")
            .field("till", &self.till)
            .finish_non_exhaustive()
    }
}

impl Backend for Db {
    async fn answer(&self, query: Query) -> Result<Reply> {
        let began = Instant::now();
        let local = matches!(query, Query::KeepCart { .. } | Query::KeepReaders(_));
        // The answers to all questions are one large future: on the heap, once a question.
        let answer = Box::pin(self.ask(query)).await;
        let offline = answer
            .as_ref()
            .is_err_and(|refusal| refusal.kind == Kind::Offline);
        let slow = began.elapsed() >= SLOW && !offline;
        if slow != self.slow.replace(slow) && !self.unknown.get() {
            (self.news)(if slow {
                Connection::Slow
            } else {
                Connection::Online
            });
        }
        if offline {
            self.revive().await;
        }
        if !local && offline != self.offline.replace(offline) {
            self.link_turned.notify_one();
        }
        answer
    }

    async fn listen(&self, changed: impl AsyncFn(Noun)) {
        self.hear(changed).await;
    }
}

impl Db {
    #[expect(
        clippy::too_many_lines,
        reason = "one arm per question: a table of contents"
    )]
    async fn ask(&self, query: Query) -> Result<Reply> {
        let link = &self.link;
        match query {
            Query::Opening => self.opening().await,
            Query::SetUp(answers) => self.set_up(*answers).await,
            Query::SignIn { number, pin } => self.sign_in(&number, &pin).await.map(Reply::SignedIn),
            Query::OpenShift { stamp, float } => {
                self.open_shift(&stamp, float).await.map(Reply::ShiftOpened)
            }
            Query::Sheet { shift_id } => self.sheet(shift_id).await,
            Query::Expire { stamp } => self.expire(&stamp).await.map(Reply::Expired),
            Query::CloseShift(request) => self
                .close_shift(&request)
                .await
                .map(|()| Reply::ShiftClosed),
            Query::PayOut {
                stamp,
                amount,
                reason,
            } => self
                .pay_out(
                    &sale::PayOut {
                        stamp,
                        amount,
                        reason,
                    },
                    Fresh,
                )
                .await
                .map(Reply::Posted),
            Query::Scan { codes, near } => link
                .read(async |c: &mut PgConnection| member::scan(c, &codes, &near).await)
                .await
                .map(Reply::Found),
            Query::Goods { codes } => link
                .read(async |c: &mut PgConnection| shop::goods(c, &codes).await)
                .await
                .map(Reply::Found),
            Query::Candidates { typed, limit } => link
                .read(async |c: &mut PgConnection| search::candidates(c, &typed, limit).await)
                .await
                .map(Reply::Candidates),
            Query::ReadMember { id } => link
                .read(async |c: &mut PgConnection| member::read(c, id).await)
                .await
                .map(|m| Reply::Member(Box::new(m))),
            Query::ReadProduct { id } => link
                .read(async |c: &mut PgConnection| shop::read_product(c, id).await)
                .await
                .map(Reply::Product),
            Query::Enrol(request) => self.enrol(&request).await,
            Query::EditMember {
                id,
                edition,
                by,
                person,
            } => link
                .call(async |c: &mut PgConnection| member::edit(c, id, edition, by, &person).await)
                .await
                .map(|m| Reply::Member(Box::new(m))),
            Query::AddCard {
                member_id,
                by,
                card,
            } => link
                .call(async |c: &mut PgConnection| member::add_card(c, member_id, by, &card).await)
                .await
                .map(|m| Reply::Member(Box::new(m))),
            Query::Credentials { member_id } => link
                .read(async |c: &mut PgConnection| member::credentials(c, member_id).await)
                .await
                .map(Reply::Credentials),
            Query::SetCredential {
                member_id,
                key,
                blocked,
                by,
                approver_id,
            } => link
                .call(async |c: &mut PgConnection| {
                    member::set_credential(c, member_id, &key, blocked, by, approver_id).await?;
                    member::credentials(c, member_id).await
                })
                .await
                .map(Reply::Credentials),
            Query::NewCode {
                member_id,
                code,
                by,
            } => link
                .call(async |c: &mut PgConnection| {
                    consent::new_code(c, member_id, &code, by).await?;
                    member::credentials(c, member_id).await
                })
                .await
                .map(Reply::Credentials),
            Query::Consents { member_id } => link
                .read(async |c: &mut PgConnection| consent::read(c, member_id).await)
                .await
                .map(Reply::Consents),
            Query::RecordConsent {
                member_id,
                purpose,
                is_given,
                about,
                by,
            } => link
                .call(async |c: &mut PgConnection| {
                    consent::record(c, member_id, purpose, is_given, &about, by).await?;
                    consent::read(c, member_id).await
                })
                .await
                .map(Reply::Consents),
            Query::ExportMember {
                member_id,
                by,
                reason,
            } => {
                let read =
                    async |c: &mut PgConnection| consent::export(c, member_id, by, &reason).await;
                let text = Box::pin(link.call(read)).await?;
                let written = self.desk.export(&format!("member-{member_id}.json"), &text);
                written.map(Reply::Exported)
            }
            Query::EraseMember {
                member_id,
                by,
                approver_id,
            } => link
                .call(async |c: &mut PgConnection| {
                    consent::erase(c, member_id, by, approver_id).await
                })
                .await
                .map(|()| Reply::Kept),
            Query::SaveBeneficiary {
                member_id,
                by,
                edit,
            } => link
                .call(async |c: &mut PgConnection| family::save(c, member_id, by, &edit).await)
                .await
                .map(|m| Reply::Member(Box::new(m))),
            Query::RemoveBeneficiary { member_id, id, by } => link
                .call(async |c: &mut PgConnection| family::remove(c, member_id, id, by).await)
                .await
                .map(|m| Reply::Member(Box::new(m))),
            Query::RevealPhone {
                member_id,
                staff_id,
                till_id,
                reason,
            } => link
                .call(async |c: &mut PgConnection| {
                    disclosure::reveal_phone(c, member_id, staff_id, till_id, &reason).await
                })
                .await
                .map(Reply::Phone),
            Query::Sell { request, member } => {
                Box::pin(self.sell(&request, member.as_deref(), Fresh))
                    .await
                    .map(receipt)
            }
            Query::Attach { request, member } => self
                .attach(&request, Some(&member), Fresh)
                .await
                .map(receipt),
            Query::TopUp { request, member } => self
                .top_up(&request, Some(&member), Fresh)
                .await
                .map(receipt),
            Query::EndContract {
                contract_id,
                by,
                approver_id,
                reason,
            } => {
                let end = async |c: &mut PgConnection| {
                    contract::end(c, contract_id, by, approver_id, &reason).await
                };
                let member = Box::pin(link.call(end)).await?;
                Ok(Reply::Member(Box::new(member)))
            }
            Query::SellCards(request) => Box::pin(self.sell_cards(&request)).await.map(receipt),
            Query::TakeDeposit { request, member } => {
                Box::pin(self.take_deposit(&request, Some(&member), Fresh))
                    .await
                    .map(receipt)
            }
            Query::UndoDeposit(request) => Box::pin(self.undo_deposit(&request, Fresh))
                .await
                .map(receipt),
            Query::Forfeit(request) => Box::pin(self.forfeit(&request, Fresh)).await.map(receipt),
            Query::ReadDeposit { id } => link
                .read(async |c: &mut PgConnection| deposit::read(c, id).await)
                .await
                .map(|it| Reply::Deposit(Box::new(it))),
            Query::ReverseTopUp(request) => self.reverse_top_up(&request, Fresh).await.map(receipt),
            Query::Refund(request) => self.refund(&request, Fresh).await.map(receipt),
            Query::Redeem { request, member } => {
                Box::pin(self.redeem(&request, Some(&member), Fresh))
                    .await
                    .map(receipt)
            }
            Query::UndoRedemption(request) => Box::pin(self.undo_redemption(&request, Fresh))
                .await
                .map(receipt),
            Query::Give { request, member } => Box::pin(self.give(&request, Some(&member), Fresh))
                .await
                .map(receipt),
            Query::ReadCoupon(number) => link
                .read(async |c: &mut PgConnection| coupon::read(c, number).await)
                .await
                .map(|grant| Reply::Coupon(grant.map(Box::new))),
            Query::Exchange { request, member } => {
                Box::pin(self.exchange(&request, Some(&member), Fresh))
                    .await
                    .map(receipt)
            }
            Query::UndoExchange(request) => Box::pin(self.undo_exchange(&request, Fresh))
                .await
                .map(receipt),
            Query::CheckIn { request, member } => {
                Box::pin(self.check_in(&request, Some(&member), Fresh))
                    .await
                    .map(receipt)
            }
            Query::RewardsTaken { member_id } => {
                let taken = async |c: &mut PgConnection| reward::taken(c, member_id).await;
                Box::pin(link.read(taken)).await.map(Reply::RewardsTaken)
            }
            Query::ReadExchange { id } => {
                let read = async |c: &mut PgConnection| reward::read(c, id).await;
                let read = Box::pin(link.read(read)).await;
                read.map(|r| Reply::Exchange(Box::new(r)))
            }
            Query::LevelsDue { today } => {
                Box::pin(self.levels_due(today)).await.map(Reply::LevelsDue)
            }
            Query::ReviewLevels { stamp, members } => {
                Box::pin(self.review_levels(&stamp, &members))
                    .await
                    .map(Reply::LevelsReviewed)
            }
            Query::Settle(request) => Box::pin(self.settle_up(&request, Fresh)).await.map(receipt),
            Query::Transfer(request) => Box::pin(self.transfer(&request, Fresh)).await,
            Query::ReadTransfer { from_id, to_id } => link
                .read(async |c: &mut PgConnection| transfer::read(c, from_id, to_id).await)
                .await
                .map(|pair| Reply::Pair(Box::new(pair))),
            Query::ReadMerge { id } => link
                .read(async |c: &mut PgConnection| transfer::read_merge(c, id).await)
                .await
                .map(|merge| Reply::Merge(Box::new(merge))),
            Query::Release { stamp, member_id } => self
                .release(&stamp, member_id)
                .await
                .map(|m| Reply::Member(Box::new(m))),
            Query::ReadSale { id } => link
                .read(async |c: &mut PgConnection| receipt::read_sale(c, id).await)
                .await
                .map(|r| Reply::Sale(Box::new(r))),
            Query::ReadTopUp { id } => link
                .read(async |c: &mut PgConnection| receipt::read_top_up(c, id).await)
                .await
                .map(|r| Reply::TopUp(Box::new(r))),
            Query::ReadRedemption { id } => link
                .read(async |c: &mut PgConnection| redemption::read(c, id).await)
                .await
                .map(|r| Reply::Redemption(Box::new(r))),
            Query::ReadSettlement { member_id } => link
                .read(async |c: &mut PgConnection| settlement::read(c, member_id).await)
                .await
                .map(|h| Reply::History(Box::new(h))),
            Query::LoadedAlone {
                member_id,
                shift_id,
                staff_id,
            } => link
                .read(async |c: &mut PgConnection| {
                    receipt::loaded_alone(c, member_id, shift_id, staff_id).await
                })
                .await
                .map(Reply::LoadedAlone),
            Query::ReadReceipt { id } => link
                .read(async |c: &mut PgConnection| receipt::read(c, id).await)
                .await
                .map(receipt),
            Query::Hold(held) => link
                .call(async |c: &mut PgConnection| hold::hold(c, &held).await)
                .await
                .map(|()| Reply::Kept),
            Query::HeldSales { store_id } => link
                .read(async |c: &mut PgConnection| hold::held(c, store_id).await)
                .await
                .map(Reply::Held),
            Query::TakeHeld { id } => link
                .call(async |c: &mut PgConnection| hold::take(c, id).await)
                .await
                .map(|cart| Reply::Taken(cart.map(Box::new))),
            Query::KeepCart { cart, sending } => {
                self.desk.keep(cart, sending).map(|()| Reply::Kept)
            }
            Query::KeepReaders(readers) => self.desk.keep_readers(&readers).map(|()| Reply::Kept),
            Query::Export { name, text } => self.desk.export(&name, &text).map(Reply::Exported),
            Query::ExportList(list) => {
                link.call(async |c: &mut PgConnection| disclosure::export(c, &list).await)
                    .await?;
                let written = self.desk.export(&list.name, &list.text);
                written.map(Reply::Exported)
            }
            // By its key it does nothing twice.
            Query::OpenDrawer {
                key,
                by,
                approver_id,
                reason,
            } => link
                .read(async |c: &mut PgConnection| {
                    drawer::open(c, key, by, approver_id, &reason).await
                })
                .await
                .map(|()| Reply::Kept),
            Query::DrawerPulsed { key, till_id } => link
                .read(async |c: &mut PgConnection| drawer::pulsed(c, key, till_id).await)
                .await
                .map(|()| Reply::Kept),
            Query::ReadShop { staff_id } => self.read_shop(staff_id).await,
            edit @ (Query::SaveProduct { .. }
            | Query::SaveStaff { .. }
            | Query::SaveLevel { .. }
            | Query::SaveRule { .. }
            | Query::SavePromotion { .. }
            | Query::SaveCoupon { .. }
            | Query::SaveGift { .. }
            | Query::SaveContractPlan { .. }
            | Query::SaveReward { .. }
            | Query::SaveRecipe { .. }
            | Query::SaveCheckIn { .. }
            | Query::SaveTerms { .. }
            | Query::SaveStore { .. }
            | Query::SaveLabel { .. }
            | Query::SaveTill { .. }
            | Query::SaveLimit { .. }) => Box::pin(self.edit(edit)).await,
            Query::TryPromotion {
                promotion: rule,
                day,
            } => {
                let shop = self.shop().await?;
                let tried =
                    async |c: &mut PgConnection| promotion::tried(c, &shop, &rule, day).await;
                Box::pin(link.read(tried)).await.map(Reply::Tried)
            }
            Query::Segment(batch) => Box::pin(self.segment(&batch))
                .await
                .map(|preview| Reply::Segment(Box::new(preview))),
            Query::GiveSegment(request) => Box::pin(self.give_segment(&request))
                .await
                .map(Reply::SegmentGiven),
            Query::TryRule { rule, from, to } => {
                let shop = self.shop().await?;
                let days = (from, to);
                let tried = async |c: &mut PgConnection| trial::tried(c, &shop, &rule, days).await;
                let tried = Box::pin(link.read(tried)).await;
                tried.map(|outlook| Reply::RuleTried(Box::new(outlook)))
            }
            list @ (Query::Operations { .. }
            | Query::Dormant { .. }
            | Query::Reminders { .. }
            | Query::Dues { .. }
            | Query::Statement { .. }
            | Query::Disclosures { .. }
            | Query::DrawerOpenings { .. }
            | Query::Materials(_)
            | Query::MaterialUses { .. }
            | Query::Products { .. }
            | Query::StaffList
            | Query::ReadPromotions { .. }) => Box::pin(self.list(list)).await,
        }
    }
}

fn receipt(receipt: crate::domain::receipt::Receipt) -> Reply {
    Reply::Receipt(Box::new(receipt))
}
