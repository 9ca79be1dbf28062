//! One member's year: planned by the rules of the shop, kept as the posting function would keep it.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use uuid::Uuid;

use super::World;
use super::shifts::Shift;
use super::tables::Tables;
use crate::db::demo::dice::Dice;
use crate::db::demo::person::Person;
use crate::db::demo::{basket, desk, requests};
use crate::db::ledger::fingerprint;
use crate::domain::calendar::end_of_month_after;
use crate::domain::ledger::{Account, LotKind, NewLot, OperationKind, Plan, Stamp};
use crate::domain::member::{Instalment, Lot, Member};
use crate::domain::money::Fen;
use crate::domain::refund::{self, SaleRecord, SoldLine};
use crate::domain::sale::{self, SaleRequest};
use crate::domain::top_up;
use crate::domain::{instalment, points, price};
use crate::error::{Refusal, Result};
use crate::query::EnrolRequest;

/// Visits in all: many come once or twice.
const VISITS: &[(i64, i64)] = &[(38, 1), (24, 2), (16, 3), (11, 4), (7, 6), (4, 9)];
/// Milliseconds after opening within which she comes.
const LAST: i64 = 660 * 60_000;
/// Which till members of one store meet in the other one.
const ELSEWHERE: i32 = 3;

/// What happens to a member on some day.
#[derive(Debug)]
enum Event {
    Visit,
    /// Goods of a sale come back, to the till that sold them.
    Return(Box<SaleRecord>, i32),
    /// Bonus promised for this day.
    Release,
}

/// Where a lot came from.
#[derive(Debug)]
struct Origin {
    operation: Uuid,
    store_id: i32,
    rule: Option<(i32, i32)>,
}

struct Life<'a> {
    world: &'a World,
    tables: &'a mut Tables,
    dice: Dice,
    person: Person,
    member: Member,
    /// One for each lot.
    origins: Vec<Origin>,
    /// Instalments with the operation that paid them out.
    promised: Vec<(Instalment, Option<Uuid>)>,
    coming: BTreeMap<NaiveDate, Vec<Event>>,
    /// Her last operation.
    at: DateTime<Utc>,
}

/// Lives through the year of the `no`-th member.
///
/// # Errors
/// A plan the rules refuse, which none here is.
pub fn live(world: &World, tables: &mut Tables, no: u64) -> Result<()> {
    let mut dice = Dice::of(world.demo.seed, no);
    let mut person = Person::meet(&mut dice, |_, number| number.counted(no), world.demo.today);
    person.visits_left = dice.weigh(VISITS);
    let day = dice.between(0, i64::from(world.demo.days) - 1);
    let joined_on = world.first + Days::new(u64::try_from(day).unwrap_or(0));
    let mut member = world.newcomer(i64::try_from(no).unwrap_or(i64::MAX), joined_on)?;
    member.phone.clone_from(&person.phone);
    let mut life = Life {
        world,
        tables,
        dice,
        person,
        member,
        origins: Vec::new(),
        promised: Vec::new(),
        coming: BTreeMap::new(),
        at: DateTime::UNIX_EPOCH,
    };
    life.enrol(joined_on)?;
    life.visit(joined_on)?;
    while let Some((day, events)) = life.coming.pop_first() {
        for event in events {
            match event {
                Event::Visit => life.visit(day)?,
                Event::Return(record, till) => life.take_back(&record, till, day)?,
                Event::Release => life.release(day)?,
            }
        }
    }
    life.keep();
    Ok(())
}

impl<'a> Life<'a> {
    /// Days from today on have not happened yet.
    fn expect(&mut self, day: NaiveDate, event: Event) {
        if day < self.world.demo.today {
            self.coming.entry(day).or_default().push(event);
        }
    }

    /// Somewhere in the day, and after what she did before.
    fn come(&mut self, day: NaiveDate) {
        let at = desk::opens(day) + TimeDelta::milliseconds(self.dice.between(600_000, LAST));
        self.at = self.at.max(at);
    }

    fn shift(&self, till: i32, day: NaiveDate) -> Result<&'a Shift> {
        self.world.shift(till, day)
    }

    fn stamp(&mut self, shift: &Shift) -> Stamp {
        self.at += TimeDelta::milliseconds(self.dice.between(9_000, 80_000));
        shift.stamp(&mut self.dice, self.at)
    }

    /// Does to the member what the posting function does.
    fn post(&mut self, shift: &Shift, stamp: &Stamp, plan: &Plan, request: &impl serde::Serialize) {
        shift.posted(plan);
        let spend_order = self.world.shop.spend_order;
        let member = &mut self.member;
        member.version += 1;
        for new in &plan.new_lots {
            member.lots.push(Lot {
                id: new.id,
                kind: new.kind,
                opened_at: stamp.at,
                expires_on: new.expires_on,
                principal: Fen::ZERO,
                bonus: Fen::ZERO,
                points: 0,
                spend_order: (new.kind == LotKind::StoredValue).then_some(spend_order),
            });
            self.origins.push(Origin {
                operation: stamp.id,
                store_id: shift.store_id,
                rule: new.rule_id.zip(new.rule_version),
            });
        }
        for posting in &plan.postings {
            let lot = member.lots.iter_mut().find(|l| Some(l.id) == posting.lot);
            let Some(lot) = lot else { continue };
            match posting.account {
                Account::Principal => lot.principal += Fen(posting.amount),
                Account::Bonus => lot.bonus += Fen(posting.amount),
                _ => lot.points += posting.amount,
            }
        }
        member.principal += Fen(plan.total(Account::Principal));
        member.bonus += Fen(plan.total(Account::Bonus));
        member.points += plan.total(Account::Points);
        member.spend += plan.spend;
        member.spend_year += plan.spend;
        if plan.visit {
            member.visits += i32::from(member.last_visit_on.is_none_or(|day| day < shift.day));
            member.first_visit_on = member.first_visit_on.or(Some(shift.day));
            member.last_visit_on = Some(shift.day);
        }
        self.keep_extras(stamp, plan);
        let member = &self.member;
        self.tables
            .stage(stamp, plan, &fingerprint(request), Some(member));
    }

    fn keep_extras(&mut self, stamp: &Stamp, plan: &Plan) {
        let (merchant, member) = (self.world.shop.merchant_id, &mut self.member);
        if let Some(level) = plan.level.and_then(|id| self.world.shop.level(id)) {
            let row = self.tables.level_change.plain(merchant).plain(stamp.id);
            row.plain(member.id)
                .plain(member.level.id)
                .plain(level.id)
                .end();
            member.level = level.clone();
        }
        if let Some(approver) = stamp.approver_id {
            let row = self.tables.approval.plain(merchant).plain(stamp.id);
            row.plain(approver)
                .plain(stamp.operator_id)
                .plain(stamp.till_id)
                .plain(stamp.at)
                .end();
        }
        for new in &plan.extras.instalments {
            let promised = Instalment {
                operation_id: stamp.id,
                no: new.no,
                lot_id: new.lot_id,
                due_on: new.due_on,
                bonus: new.bonus,
                valid_days: new.valid_days,
            };
            self.promised.push((promised, None));
            self.expect(new.due_on, Event::Release);
        }
    }

    fn enrol(&mut self, day: NaiveDate) -> Result<()> {
        self.come(day);
        let (shop, shift) = (&self.world.shop, self.shift(self.person.till_id, day)?);
        let marketing = self.person.marketing.then(|| "marketing".to_owned());
        let request = EnrolRequest {
            referrer: None,
            stamp: self.stamp(shift),
            phone: self.person.phone.clone(),
            card: self.person.card.clone(),
            code: self.person.code.clone(),
            person: self.person.particulars.clone(),
            consents: std::iter::once("membership".to_owned())
                .chain(marketing)
                .collect(),
        };
        let stamp = &request.stamp;
        let mut plan = Plan::new(OperationKind::Enrol);
        plan.member = Some((self.member.id, 0));
        if shop.welcome_points > 0 {
            let lot = Uuid::new_v5(&stamp.id, b"points");
            plan.post(Account::Points, Some(lot), shop.welcome_points);
            plan.post(Account::PointsGranted, None, -shop.welcome_points);
            let months = shop.points_valid_months;
            plan.new_lots.push(NewLot {
                id: lot,
                kind: LotKind::Points,
                expires_on: months.and_then(|months| end_of_month_after(day, months)),
                rule_id: None,
                rule_version: None,
            });
        }
        plan.document = serde_json::json!({ "welcome_points": shop.welcome_points, "level_id": self.member.level.id });
        self.post(shift, stamp, &plan, &request);
        self.world
            .keep_person(self.tables, self.member.id, shift, &request);
        Ok(())
    }

    fn visit(&mut self, day: NaiveDate) -> Result<()> {
        let is_first = self.member.visits == 0;
        let elsewhere = !is_first && self.dice.chance(8);
        let till = if elsewhere {
            ELSEWHERE
        } else {
            self.person.till_id
        };
        if !is_first {
            self.come(day);
        }
        let shift = self.shift(till, day)?;
        let shop = &self.world.shop;
        let lines = basket::fill(
            &mut self.dice,
            &self.world.products,
            self.person.is_female(),
        );
        let total = price::quote(&lines, Some(&self.member.level), shop).total;
        if let Some(purse) = requests::purse(&mut self.dice, &self.person, &self.member, total, day)
        {
            self.load(shift, purse)?;
        }
        let quote = price::quote(&lines, Some(&self.member.level), shop);
        let stamp = self.stamp(shift);
        let (her, pays) = (Some(&self.member), self.person.pays);
        let request = requests::sale(&mut self.dice, stamp, shop, quote, her, pays);
        let plan = sale::plan(&request, shop, her)?;
        self.post(shift, &request.stamp, &plan, &request);
        if let Some(days) = requests::comes_back(&mut self.dice, &request) {
            let record = Box::new(recorded(&request, &plan));
            self.expect(day + Days::new(days), Event::Return(record, till));
        }
        if let Some(next) = self.person.next(&mut self.dice, day) {
            self.expect(next, Event::Visit);
        }
        Ok(())
    }

    fn load(&mut self, shift: &Shift, amount: Fen) -> Result<()> {
        let shop = &self.world.shop;
        let stamp = self.stamp(shift);
        let (store, pays) = (shift.store_id, self.person.pays);
        let request = requests::top_up(stamp, shop, &self.member, store, amount, pays);
        let plan = top_up::plan(&request, shop, &self.member)?;
        self.post(shift, &request.stamp, &plan, &request);
        Ok(())
    }

    fn release(&mut self, day: NaiveDate) -> Result<()> {
        self.come(day);
        let shift = self.shift(self.person.till_id, day)?;
        let due = |(i, by): &&mut (Instalment, Option<Uuid>)| by.is_none() && i.due_on <= day;
        let Some((instalment, by)) = self.promised.iter_mut().find(due) else {
            return Ok(());
        };
        let plan = instalment::plan(&self.member, instalment, day);
        self.at += TimeDelta::milliseconds(self.dice.between(9_000, 80_000));
        let stamp = shift.stamp(&mut self.dice, self.at);
        *by = Some(stamp.id);
        self.post(shift, &stamp, &plan, &stamp);
        Ok(())
    }

    fn take_back(&mut self, record: &SaleRecord, till: i32, day: NaiveDate) -> Result<()> {
        self.come(day);
        let shift = self.shift(till, day)?;
        let stamp = self.stamp(shift);
        let her = Some(self.member.id);
        let request = requests::refund(stamp, &self.world.shop, record, shift.approver, her);
        let plan = refund::plan(&request, record, Some(&self.member))?;
        self.post(shift, &request.stamp, &plan, &request);
        for back in &plan.extras.returned {
            let Some(sold) = record.lines.iter().find(|l| l.no == back.no) else {
                continue;
            };
            let row = &mut self.tables.returned;
            row.plain(self.world.shop.merchant_id)
                .plain(record.id)
                .plain(back.no)
                .plain(sold.line.quantity)
                .plain(sold.line.net.0)
                .plain(back.quantity)
                .plain(back.net.0)
                .end();
        }
        Ok(())
    }

    /// What she holds at the end.
    fn keep(self) {
        let merchant = self.world.shop.merchant_id;
        let member = &self.member;
        let row = &mut self.tables.holding;
        row.plain(merchant)
            .plain(member.id)
            .plain(member.version)
            .plain(member.principal.0)
            .plain(member.bonus.0)
            .plain(member.points)
            .plain(member.level.id)
            .plain(member.visits)
            .maybe(member.first_visit_on)
            .maybe(member.last_visit_on)
            .plain(member.spend.0)
            .end();
        for (lot, origin) in member.lots.iter().zip(&self.origins) {
            let kind = match lot.kind {
                LotKind::StoredValue => "stored_value",
                LotKind::Points => "points",
                LotKind::PointsDebt => "points_debt",
            };
            let row = &mut self.tables.lot;
            row.plain(merchant)
                .plain(lot.id)
                .plain(member.id)
                .plain(kind)
                .plain(origin.operation)
                .plain(lot.opened_at)
                .maybe(lot.expires_on)
                .maybe(
                    lot.expires_on
                        .filter(|_| lot.bonus.is_positive() || lot.points > 0),
                )
                .maybe(origin.rule.map(|(id, _)| id))
                .maybe(origin.rule.map(|(_, version)| version))
                .plain(origin.store_id)
                .plain(lot.principal.0)
                .plain(lot.bonus.0)
                .plain(lot.points)
                .end();
        }
        for (promised, by) in &self.promised {
            let row = &mut self.tables.instalment;
            row.plain(merchant)
                .plain(promised.operation_id)
                .plain(promised.no)
                .plain(member.id)
                .plain(promised.lot_id)
                .plain(promised.due_on)
                .plain(promised.bonus.0)
                .maybe(promised.valid_days)
                .maybe(*by)
                .end();
        }
    }
}

/// The sale as a return reads it. Its number is not known yet and fills no plan but the document, where it
/// is put in when all operations are there.
fn recorded(request: &SaleRequest, plan: &Plan) -> SaleRecord {
    let taken = |account: Account| {
        !account.counts_points()
            && !matches!(
                account,
                Account::Revenue | Account::Discount | Account::Rounding
            )
    };
    let numbered = (1_i16..).zip(&plan.lines);
    SaleRecord {
        id: request.stamp.id,
        seq: 0,
        at: request.stamp.at,
        shift_id: request.stamp.shift_id,
        member_id: request.member_id,
        lines: numbered
            .map(|(no, line)| SoldLine {
                no,
                line: line.clone(),
                returned: 0,
                returned_net: Fen::ZERO,
            })
            .collect(),
        rounding: request.rounding,
        left: plan
            .postings
            .iter()
            .filter(|p| taken(p.account))
            .cloned()
            .collect(),
        points: plan.total(Account::Points),
        points_back: 0,
        points_spent: Vec::new(),
        points_returned: 0,
        points_lots: plan
            .postings
            .iter()
            .filter(|p| p.account == Account::Points)
            .filter_map(|p| p.lot)
            .collect(),
        returned_before: Fen::ZERO,
        base: points::base_of(&plan.document),
        grants: Vec::new(),
        coupons: Vec::new(),
        grace_days: 0,
    }
}

/// Nobody yet knows her.
impl World {
    fn newcomer(&self, id: i64, joined_on: NaiveDate) -> Result<Member> {
        let level = self.shop.first_level().cloned();
        Ok(Member {
            contracts: vec![],
            occasions: crate::domain::gift::rule::Occasions::default(),
            id,
            version: 0,
            edition: 1,
            name: String::new(),
            phone: None,
            level: level.ok_or_else(|| Refusal::user("level.none"))?,
            principal: Fen::ZERO,
            bonus: Fen::ZERO,
            points: 0,
            visits: 0,
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
            joined_on,
            lots: Vec::new(),
            instalments: Vec::new(),
            checked_in: None,
            grants: Vec::new(),
            given: std::collections::BTreeMap::new(),
            merged: None,
            family: Vec::new(),
            is_bearer: false,
        })
    }
}
