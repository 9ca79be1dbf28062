//! The demo shop lives through its days: people come, buy, load, bring things back, and some stay away.

mod prepaid;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::desk::Desk;
use super::dice::Dice;
use super::person::Person;
use super::{Demo, basket, requests, shop};
use crate::db::ledger::{self, fingerprint};
use crate::db::refuse::refuse;
use crate::db::{member, receipt};
use crate::domain::attach::{self, AttachRequest};
use crate::domain::ledger::{Account, OperationKind, Plan, Posted, Stamp};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::product::Product;
use crate::domain::refund;
use crate::domain::sale;
use crate::domain::shop::Shop;
use crate::domain::tender::TenderKind;
use crate::domain::top_up::{self, ReversalRequest};
use crate::domain::{instalment, price};
use crate::error::{Kind, Refusal, Result};
use crate::query::EnrolRequest;

/// Minutes from opening within which people come.
const LAST_MINUTE: i64 = 660;

/// What happens on some day.
#[derive(Debug)]
enum Event {
    Visit(Box<Person>),
    WalkIn,
    /// Goods of a sale come back.
    Return {
        sale: Uuid,
        member: Option<i64>,
    },
    Reverse {
        top_up: Uuid,
        member: i64,
    },
    /// Bonus promised for this day.
    Release {
        member: i64,
    },
    PayOut,
}

struct Year {
    dice: Dice,
    shop: Shop,
    products: Vec<Product>,
    desks: Vec<Desk>,
    /// By day: till and event.
    coming: BTreeMap<NaiveDate, Vec<(i32, Event)>>,
    /// What each member spent and when. The database counts a year back from the real today.
    spent: BTreeMap<i64, Vec<(NaiveDate, Fen)>>,
}

/// Days after the first on which the tables are counted.
const WEIGHED: [u64; 4] = [3, 10, 40, 120];

/// Makes the shop and lives through all its days. `owner` may count the tables.
///
/// # Errors
/// `set_up.done_already`; offline.
pub async fn live(
    conn: &mut PgConnection,
    owner: &mut PgConnection,
    demo: Demo,
    progress: impl Fn(&str),
) -> Result<()> {
    let mut dice = Dice::new(demo.seed);
    shop::make(conn, &mut dice).await?;
    let (terms, products) = shop::read(conn).await?;
    let desks = shop::SEATS.into_iter().map(|seat| {
        let till = terms.tills.iter().find(|till| till.id == seat.till_id);
        Desk::new(seat, till.map_or(1, |till| till.store_id))
    });
    let mut year = Year {
        dice,
        desks: desks.collect(),
        shop: terms,
        products,
        coming: BTreeMap::new(),
        spent: BTreeMap::new(),
    };
    let Some(mut day) = demo.today.checked_sub_days(Days::new(u64::from(demo.days))) else {
        return Ok(());
    };
    year.invite(demo, day);
    while day < demo.today {
        if WEIGHED.contains(&(demo.today - day).num_days().abs_diff(i64::from(demo.days))) {
            // A year in seconds: the server's own statistics would come too late, and plans made on empty
            // tables would stay.
            sqlx::query!("analyze")
                .execute(&mut *owner)
                .await
                .map_err(refuse)?;
        }
        if day.day() == 1 {
            progress(&day.format("%Y-%m").to_string());
        }
        year.day(conn, day).await?;
        let Some(next) = day.succ_opt() else { break };
        day = next;
    }
    Ok(())
}

impl Year {
    /// Half of the members join in the first quarter, the others over the year.
    fn invite(&mut self, demo: Demo, first: NaiveDate) {
        let mut taken = BTreeSet::new();
        for _ in 0..demo.members {
            let person = Person::meet(
                &mut self.dice,
                |dice, number| number.unused(dice, &mut taken),
                demo.today,
            );
            let last = i64::from(demo.days) - 1;
            let within = if self.dice.chance(50) { last / 4 } else { last };
            let joins = self.dice.between(0, within.max(0));
            let day = first + Days::new(u64::try_from(joins).unwrap_or(0));
            self.expect(day, person.till_id, Event::Visit(Box::new(person)));
        }
    }

    fn expect(&mut self, day: NaiveDate, till: i32, event: Event) {
        self.coming.entry(day).or_default().push((till, event));
    }

    async fn day(&mut self, conn: &mut PgConnection, day: NaiveDate) -> Result<()> {
        // Nothing else writes to a demo while it is made, so a day is one transaction.
        let mut day_of_work = conn.begin().await.map_err(refuse)?;
        let conn = &mut *day_of_work;
        for desk in &mut self.desks {
            desk.open(conn, &mut self.dice, day).await?;
        }
        let mut today = self.coming.remove(&day).unwrap_or_default();
        let weekend = day.weekday().num_days_from_monday() >= 5;
        for desk in &self.desks {
            for _ in 0..self.dice.between(0, if weekend { 5 } else { 3 }) {
                today.push((desk.till_id(), Event::WalkIn));
            }
            if self.dice.chance(4) {
                today.push((desk.till_id(), Event::PayOut));
            }
        }
        let mut timed: Vec<(i64, i32, Event)> = today
            .into_iter()
            .map(|(till, event)| match event {
                // What is promised comes in the morning.
                Event::Release { .. } => (0, till, event),
                _ => (self.dice.between(10, LAST_MINUTE), till, event),
            })
            .collect();
        timed.sort_by_key(|(minute, till, _)| (*minute, *till));
        for (minute, till, event) in timed {
            self.desk(till)?.wait_until(minute);
            self.happen(conn, till, event).await?;
        }
        for desk in &mut self.desks {
            desk.close(conn, &mut self.dice).await?;
        }
        day_of_work.commit().await.map_err(refuse)
    }

    async fn happen(&mut self, conn: &mut PgConnection, till: i32, event: Event) -> Result<()> {
        match event {
            Event::Visit(person) => self.visit(conn, till, person).await,
            Event::WalkIn => self.walk_in(conn, till).await,
            Event::Return { sale, member } => self.take_back(conn, till, sale, member).await,
            Event::Reverse { top_up, member } => self.reverse(conn, till, top_up, member).await,
            Event::Release { member } => self.release(conn, till, member).await,
            Event::PayOut => self.pay_out(conn, till).await,
        }
    }

    fn desk(&mut self, till: i32) -> Result<&mut Desk> {
        let desk = self.desks.iter_mut().find(|desk| desk.till_id() == till);
        desk.ok_or_else(|| Refusal::user("ledger.no_seat"))
    }

    fn stamp(&mut self, till: i32) -> Result<Stamp> {
        let desk = self.desks.iter_mut().find(|desk| desk.till_id() == till);
        let desk = desk.ok_or_else(|| Refusal::user("ledger.no_seat"))?;
        Ok(desk.stamp(&mut self.dice))
    }

    async fn post(
        &mut self,
        conn: &mut PgConnection,
        stamp: &Stamp,
        plan: &Plan,
        request: &impl serde::Serialize,
    ) -> Result<Posted> {
        let posted = ledger::post(conn, stamp, plan, &fingerprint(request)).await?;
        self.desk(stamp.till_id)?.posted(plan);
        if let Some((member, _)) = plan.member {
            self.spent
                .entry(member)
                .or_default()
                .push((stamp.business_on, plan.spend));
        }
        Ok(posted)
    }

    async fn read(&self, conn: &mut PgConnection, id: i64, day: NaiveDate) -> Result<Member> {
        let mut member = member::read(conn, id).await?;
        let since = day.checked_sub_months(Months::new(12)).unwrap_or(day);
        let spent = self.spent.get(&id).into_iter().flatten();
        member.spend_year = spent
            .filter(|(on, _)| *on > since)
            .map(|(_, fen)| *fen)
            .sum();
        Ok(member)
    }

    async fn visit(
        &mut self,
        conn: &mut PgConnection,
        till: i32,
        mut person: Box<Person>,
    ) -> Result<()> {
        let id = match person.id {
            Some(id) => id,
            None => self.enrol(conn, till, &mut person).await?,
        };
        let day = self.desk(till)?.day;
        let mut member = self.read(conn, id, day).await?;
        if self.redeem(conn, till, &member).await? {
            self.comes_again(person, day);
            return Ok(());
        }
        let mut lines = basket::fill(&mut self.dice, &self.products, person.is_female());
        lines.extend(self.wants_package(&member));
        let total = price::quote(&lines, Some(&member.level), &self.shop).total;
        if let Some(purse) = requests::purse(&mut self.dice, &person, &member, total, day) {
            self.load(conn, till, &member, purse, person.pays).await?;
            member = self.read(conn, id, day).await?;
        }
        let quote = price::quote(&lines, Some(&member.level), &self.shop);
        self.sell(conn, till, quote, Some(&member), person.pays)
            .await?;
        // Somebody who never loads is talked into it, and thinks better of it at home.
        if person.purse.is_none() && self.dice.chance(1) {
            member = self.read(conn, id, day).await?;
            let posted = self
                .load(conn, till, &member, Fen::yuan(500), person.pays)
                .await?;
            let back = day + Days::new(2);
            self.expect(
                back,
                till,
                Event::Reverse {
                    top_up: posted.id,
                    member: id,
                },
            );
        }
        self.comes_again(person, day);
        Ok(())
    }

    /// Her next visit, mostly where she always goes.
    fn comes_again(&mut self, mut person: Box<Person>, day: NaiveDate) {
        if let Some(next) = person.next(&mut self.dice, day) {
            let till = if self.dice.chance(8) {
                3
            } else {
                person.till_id
            };
            self.expect(next, till, Event::Visit(person));
        }
    }

    async fn enrol(
        &mut self,
        conn: &mut PgConnection,
        till: i32,
        person: &mut Person,
    ) -> Result<i64> {
        let mut consents = vec!["membership".to_owned()];
        if person.marketing {
            consents.push("marketing".to_owned());
        }
        let request = EnrolRequest {
            referrer: None,
            stamp: self.stamp(till)?,
            phone: person.phone.clone(),
            card: person.card.clone(),
            code: person.code.clone(),
            person: person.particulars.clone(),
            consents,
        };
        let (id, _) = member::enrol(conn, &request, &self.shop).await?;
        person.id = Some(id);
        self.spent.insert(id, Vec::new());
        Ok(id)
    }

    async fn load(
        &mut self,
        conn: &mut PgConnection,
        till: i32,
        member: &Member,
        amount: Fen,
        pays: TenderKind,
    ) -> Result<Posted> {
        let store_id = self.desk(till)?.store_id;
        let stamp = self.stamp(till)?;
        let request = requests::top_up(stamp, &self.shop, member, store_id, amount, pays);
        let plan = top_up::plan(&request, &self.shop, member)?;
        let posted = self.post(conn, &request.stamp, &plan, &request).await?;
        for promised in &plan.extras.instalments {
            self.expect(promised.due_on, till, Event::Release { member: member.id });
        }
        Ok(posted)
    }

    async fn sell(
        &mut self,
        conn: &mut PgConnection,
        till: i32,
        quote: price::Quote,
        member: Option<&Member>,
        pays: TenderKind,
    ) -> Result<Posted> {
        let stamp = self.stamp(till)?;
        let request = requests::sale(&mut self.dice, stamp, &self.shop, quote, member, pays);
        let plan = sale::plan(&request, &self.shop, member)?;
        let posted = self.post(conn, &request.stamp, &plan, &request).await?;
        if let Some(days) = requests::comes_back(&mut self.dice, &request) {
            let back = request.stamp.business_on + Days::new(days);
            self.expect(
                back,
                till,
                Event::Return {
                    sale: posted.id,
                    member: request.member_id,
                },
            );
        }
        Ok(posted)
    }

    /// Somebody without a membership, who may show her phone only after paying (MB3).
    async fn walk_in(&mut self, conn: &mut PgConnection, till: i32) -> Result<()> {
        let is_female = self.dice.chance(55);
        let lines = basket::fill(&mut self.dice, &self.products, is_female);
        let quote = price::quote(&lines, None, &self.shop);
        let pays = self.dice.pick(&[
            TenderKind::Wechat,
            TenderKind::Wechat,
            TenderKind::Alipay,
            TenderKind::Cash,
        ]);
        let posted = self
            .sell(conn, till, quote, None, pays.unwrap_or(TenderKind::Cash))
            .await?;
        if !self.dice.chance(3) {
            return Ok(());
        }
        let known: Vec<i64> = self.spent.keys().copied().collect();
        let Some(member_id) = self.dice.pick(&known) else {
            return Ok(());
        };
        let stamp = self.stamp(till)?;
        let member = self.read(conn, member_id, stamp.business_on).await?;
        let record = receipt::read_sale(conn, posted.id).await?;
        let request = AttachRequest {
            stamp,
            sale_id: posted.id,
            member_id,
        };
        let plan = attach::plan(&request, &record, &self.shop, &member)?;
        self.post(conn, &request.stamp, &plan, &request).await?;
        // A return of it would be hers.
        for (_, event) in self.coming.values_mut().flatten() {
            if let Event::Return { sale, member } = event
                && *sale == posted.id
            {
                *member = Some(member_id);
            }
        }
        Ok(())
    }

    /// The goods of a sale come back; above the cashier's limit a manager approves (OP3).
    async fn take_back(
        &mut self,
        conn: &mut PgConnection,
        till: i32,
        sale: Uuid,
        member: Option<i64>,
    ) -> Result<()> {
        let record = receipt::read_sale(conn, sale).await?;
        let stamp = self.stamp(till)?;
        let approver = self.desk(till)?.approver();
        let member = match member {
            Some(id) => Some(self.read(conn, id, stamp.business_on).await?),
            None => None,
        };
        let id = member.as_ref().map(|m| m.id);
        let request = requests::refund(stamp, &self.shop, &record, approver, id);
        let plan = refund::plan(&request, &record, member.as_ref())?;
        self.post(conn, &request.stamp, &plan, &request)
            .await
            .map(drop)
    }

    /// RF1, as long as nothing of it was spent.
    async fn reverse(
        &mut self,
        conn: &mut PgConnection,
        till: i32,
        top_up_id: Uuid,
        member_id: i64,
    ) -> Result<()> {
        let record = receipt::read_top_up(conn, top_up_id).await?;
        let mut stamp = self.stamp(till)?;
        stamp.approver_id = Some(self.desk(till)?.approver());
        let member = self.read(conn, member_id, stamp.business_on).await?;
        let request = ReversalRequest {
            stamp,
            top_up_id,
            member_id,
        };
        match top_up::plan_reversal(&request, &record, &self.shop, &member) {
            Ok(plan) => self
                .post(conn, &request.stamp, &plan, &request)
                .await
                .map(drop),
            Err(refusal) if refusal.kind == Kind::User => Ok(()),
            Err(refusal) => Err(refusal),
        }
    }

    async fn release(&mut self, conn: &mut PgConnection, till: i32, member_id: i64) -> Result<()> {
        loop {
            let day = self.desk(till)?.day;
            let member = self.read(conn, member_id, day).await?;
            let Some(due) = member.instalments.iter().find(|i| i.due_on <= day) else {
                return Ok(());
            };
            let stamp = self.stamp(till)?;
            let plan = instalment::plan(&member, due, day);
            self.post(conn, &stamp, &plan, &stamp).await?;
        }
    }

    async fn pay_out(&mut self, conn: &mut PgConnection, till: i32) -> Result<()> {
        let amount = Fen::yuan(self.dice.between(12, 90));
        if self.desk(till)?.cash() < amount {
            return Ok(());
        }
        let reason = self
            .dice
            .pick(&["桶装水", "快递费", "清洁用品", "午餐", "毛巾送洗"]);
        let stamp = self.stamp(till)?;
        let mut plan = Plan::new(OperationKind::PaidOut);
        plan.post_fen(Account::Cash, None, amount);
        plan.post_fen(Account::PaidOut, None, -amount);
        plan.document = serde_json::json!({ "amount": amount, "reason": reason });
        self.post(conn, &stamp, &plan, &(&stamp, amount))
            .await
            .map(drop)
    }
}
