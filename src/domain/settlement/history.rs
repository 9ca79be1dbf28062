//! What a member paid beforehand and what she had for it, told from her operations.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::terms::Terms;
use crate::domain::calendar::local;
use crate::domain::grant::{Grant, GrantKind};
use crate::domain::ledger::{DocumentLine, OperationKind, Reason, ReturnedLine};
use crate::domain::member::Member;
use crate::domain::money::Fen;
use crate::domain::refund::SoldGrant;
use crate::domain::tender::Tender;

/// An operation that loaded, used or gave back what was paid beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub id: Uuid,
    pub kind: OperationKind,
    pub about: Option<Uuid>,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub store: String,
    pub staff: String,
    /// The lots it moved, and what each gained or lost, fen.
    pub lots: Vec<Uuid>,
    pub principals: Vec<Fen>,
    pub bonuses: Vec<Fen>,
    pub lines: Vec<DocumentLine>,
    /// Of a return: which lines of the sale came back.
    pub returned: Vec<ReturnedLine>,
    /// The claims it used.
    pub grants: Vec<Uuid>,
    pub tenders: Vec<Tender>,
    pub terms_version: Option<i32>,
}

impl Event {
    /// Lot, principal and bonus of each move.
    fn moves(&self) -> impl Iterator<Item = (Uuid, Fen, Fen)> {
        let parts = self.principals.iter().zip(&self.bonuses);
        let moves = self.lots.iter().zip(parts);
        moves.map(|(lot, (principal, bonus))| (*lot, *principal, *bonus))
    }

    fn what(&self) -> String {
        let names: Vec<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        names.join(" ")
    }

    /// Who did it for her: whoever served, else whoever took the money.
    fn by(&self) -> String {
        let mut served = self.lines.iter().filter_map(|line| line.served.as_ref());
        served.next().map_or(&self.staff, |it| &it.name).clone()
    }
}

/// Everything a settlement is made of: one reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub member: Member,
    /// The oldest first.
    pub events: Vec<Event>,
    /// All claims of the packages of which something is left, used-up ones too.
    pub grants: Vec<SoldGrant>,
    /// The shop's own terms, those in force and those she paid under.
    #[serde(default)]
    pub terms: Terms,
}

/// One use: the evidence of it, and what it cost (RF2, RF3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    pub operation_id: Uuid,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub store: String,
    pub staff: String,
    pub what: String,
    /// What was taken for it at the price she paid, and at the list's before member discount, fen.
    pub paid: Fen,
    pub list: Fen,
}

/// A payment in advance: a top-up, or a package. What it was worth and what was had of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepaid {
    pub operation_id: Uuid,
    /// The line of a package; none of a top-up.
    pub no: Option<i16>,
    pub name: String,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub store: String,
    pub staff: String,
    pub tenders: Vec<Tender>,
    /// The terms she was given with it.
    pub terms_version: Option<i32>,
    /// Money paid, and what was given on top, fen: P and B.
    pub paid: Fen,
    pub bonus: Fen,
    /// Of a package: what of it was paid from stored value, as principal and as bonus, fen (SV7).
    #[serde(default)]
    pub stored: (Fen, Fen),
    /// Of both, what was used at the price she paid, and at list price, fen.
    pub used: Fen,
    pub used_list: Fen,
    pub uses: Vec<Used>,
    /// Of a card by time.
    pub period: Option<Period>,
    /// Of a top-up that was settled: what she had paid and not got back, fen. What comes back to it is hers up to that, so
    /// that no odd fen goes out twice.
    #[serde(skip)]
    pub room: Fen,
    #[serde(skip)]
    pub lots: Vec<Uuid>,
    #[serde(skip)]
    pub grants: Vec<Grant>,
}

/// The days of a card by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub left: i64,
    pub total: i64,
    /// What of `paid` it is, and what of `used`, fen.
    pub paid: Fen,
    pub used: Fen,
    /// What its time costs at list price before member discount, fen.
    pub list: Fen,
}

impl Prepaid {
    /// Paid within seven days, the day of payment not counted (RF1).
    #[must_use]
    pub fn is_recent(&self, now: DateTime<Utc>) -> bool {
        (local(now).date_naive() - local(self.at).date_naive()).num_days() <= 7
    }

    /// What of the money paid is used: `used * P / (P + B)`, floored, in her favour.
    #[must_use]
    pub fn used_of_paid(&self) -> Fen {
        let all = self.paid + self.bonus;
        self.used.ratio(self.paid.0, all.0).min(self.paid)
    }
}

/// Money spent from top-ups on a sale: what of it she had paid herself.
struct Own {
    sale: Uuid,
    fen: Fen,
}

/// Top-ups, told from the events.
#[derive(Default)]
struct Telling {
    top_ups: Vec<Prepaid>,
    own: Vec<Own>,
}

impl Telling {
    fn of_lot(&mut self, lot: Uuid) -> Option<&mut Prepaid> {
        self.top_ups.iter_mut().find(|it| it.lots.contains(&lot))
    }

    fn tell(&mut self, event: &Event) {
        match event.kind {
            OperationKind::TopUp => self.loaded(event),
            OperationKind::TopUpReversal => {
                let gone = |it: &Prepaid| Some(it.operation_id) == event.about;
                self.top_ups.retain(|it| !gone(it));
            }
            OperationKind::Instalment => {
                let mut all = self.top_ups.iter_mut();
                if let Some(top_up) = all.find(|it| Some(it.operation_id) == event.about) {
                    for (lot, _, bonus) in event.moves() {
                        top_up.bonus += bonus;
                        top_up.lots.push(lot);
                    }
                }
            }
            OperationKind::Sale | OperationKind::Redemption => self.spent(event),
            OperationKind::Refund | OperationKind::RedemptionReversal => self.came_back(event),
            OperationKind::Settlement => {
                for (lot, ..) in event.moves() {
                    self.close(lot);
                }
            }
            _ => {}
        }
    }

    fn loaded(&mut self, event: &Event) {
        let held = event.moves().filter(|(_, p, b)| *p + *b > Fen::ZERO);
        let held: Vec<_> = held.collect();
        self.top_ups.push(Prepaid {
            paid: held.iter().map(|(_, p, _)| *p).sum(),
            bonus: held.iter().map(|(_, _, b)| *b).sum(),
            lots: held.iter().map(|(lot, ..)| *lot).collect(),
            ..begun(event, None, String::new())
        });
    }

    fn spent(&mut self, event: &Event) {
        for (lot, principal, bonus) in event.moves() {
            let Some(top_up) = self.of_lot(lot) else {
                continue;
            };
            let paid = -(principal + bonus);
            let known = top_up.uses.iter_mut();
            match known.into_iter().find(|it| it.operation_id == event.id) {
                Some(used) => used.paid += paid,
                None => top_up.uses.push(used(event, paid)),
            }
        }
    }

    /// What comes back of a use is not used. Of a use before a settlement it is new stored value.
    fn came_back(&mut self, event: &Event) {
        for (lot, principal, bonus) in event.moves() {
            let Some(top_up) = self.of_lot(lot) else {
                continue;
            };
            let mut known = top_up.uses.iter_mut();
            if let Some(used) = known.find(|it| Some(it.operation_id) == event.about) {
                used.paid -= principal + bonus;
            } else {
                let hers = principal.min(top_up.room);
                top_up.room -= hers;
                top_up.paid += hers;
                top_up.bonus += principal - hers + bonus;
            }
        }
    }

    fn close(&mut self, lot: Uuid) {
        let Some(place) = self.top_ups.iter().position(|it| it.lots.contains(&lot)) else {
            return;
        };
        self.keep_own(place);
        if let Some(top_up) = self.top_ups.get_mut(place) {
            top_up.used = top_up.uses.iter().map(|it| it.paid).sum();
            top_up.room += top_up.used_of_paid();
            top_up.paid = Fen::ZERO;
            top_up.bonus = Fen::ZERO;
            top_up.uses.clear();
        }
    }

    /// What of each use was her own money, by the ratio of the whole top-up.
    fn keep_own(&mut self, place: usize) {
        let Some(top_up) = self.top_ups.get(place) else {
            return;
        };
        let all = top_up.paid + top_up.bonus;
        let of = |used: &Used| Own {
            sale: used.operation_id,
            fen: used.paid.ratio(top_up.paid.0, all.0),
        };
        self.own.extend(top_up.uses.iter().map(of));
    }
}

fn used(event: &Event, paid: Fen) -> Used {
    Used {
        operation_id: event.id,
        seq: event.seq,
        at: event.at,
        store: event.store.clone(),
        staff: event.by(),
        what: event.what(),
        paid,
        list: Fen::ZERO,
    }
}

fn begun(event: &Event, no: Option<i16>, name: String) -> Prepaid {
    Prepaid {
        operation_id: event.id,
        no,
        name,
        seq: event.seq,
        at: event.at,
        store: event.store.clone(),
        staff: event.staff.clone(),
        tenders: event.tenders.clone(),
        terms_version: event.terms_version,
        paid: Fen::ZERO,
        bonus: Fen::ZERO,
        stored: (Fen::ZERO, Fen::ZERO),
        used: Fen::ZERO,
        used_list: Fen::ZERO,
        uses: Vec::new(),
        period: None,
        room: Fen::ZERO,
        lots: Vec::new(),
        grants: Vec::new(),
    }
}

/// What a line cost before member discount, fen: a price set by hand, or for everybody, stays (RF3).
fn before_discount(line: &DocumentLine) -> Fen {
    let members = |reason: Reason| matches!(reason, Reason::MemberPrice | Reason::Level);
    let off = line.reductions.iter().filter(|it| members(it.reason));
    line.net + off.map(|it| it.fen).sum()
}

impl History {
    /// Her top-ups of which something is left, and then her packages.
    #[must_use]
    pub fn prepaid(&self, today: NaiveDate) -> Vec<Prepaid> {
        let mut telling = Telling::default();
        for event in &self.events {
            telling.tell(event);
        }
        for place in 0..telling.top_ups.len() {
            telling.keep_own(place);
        }
        let Telling { top_ups, own } = telling;
        let open = top_ups.into_iter().filter(|it| self.is_open(it, today));
        let mut all: Vec<Prepaid> = open.map(|it| self.weighed(it)).collect();
        all.extend(self.packages(&own, today));
        all
    }

    /// Whether something is left that she could spend.
    fn is_open(&self, top_up: &Prepaid, today: NaiveDate) -> bool {
        let mut lots = self.member.lots.iter();
        lots.any(|lot| {
            let bonus = lot.bonus.is_positive() && !lot.is_past(today);
            top_up.lots.contains(&lot.id) && (lot.principal.is_positive() || bonus)
        })
    }

    fn weighed(&self, mut top_up: Prepaid) -> Prepaid {
        top_up.uses.retain(|used| used.paid.is_positive());
        for used in &mut top_up.uses {
            used.list = self.at_list(used);
        }
        top_up.used = top_up.uses.iter().map(|it| it.paid).sum();
        top_up.used_list = top_up.uses.iter().map(|it| it.list).sum();
        top_up
    }

    /// A use at list price before member discount: its share of what was kept of the sale, floored. Of a redemption it
    /// is what it cost besides.
    fn at_list(&self, used: &Used) -> Fen {
        let mut events = self.events.iter();
        let Some(sale) = events.find(|it| it.id == used.operation_id) else {
            return used.paid;
        };
        if sale.kind != OperationKind::Sale {
            return used.paid;
        }
        let back = |no: i16| -> i64 {
            let returns = self.events.iter().filter(|it| it.about == Some(sale.id));
            let lines = returns.flat_map(|it| &it.returned);
            lines.filter(|it| it.no == no).map(|it| it.quantity).sum()
        };
        let (mut net, mut list) = (Fen::ZERO, Fen::ZERO);
        for (no, line) in (1..).zip(&sale.lines) {
            let kept = line.quantity - back(no);
            net += line.net.ratio(kept, line.quantity);
            list += before_discount(line).ratio(kept, line.quantity);
        }
        if net.is_positive() {
            list.ratio(used.paid.0, net.0)
        } else {
            used.paid
        }
    }

    /// Her packages of which something is left.
    fn packages(&self, own: &[Own], today: NaiveDate) -> Vec<Prepaid> {
        let mut all: Vec<Prepaid> = Vec::new();
        for sold in self.grants.iter().filter(|it| it.grant.is_open()) {
            let key = (sold.grant.operation_id, Some(sold.no));
            if !all.iter().any(|it| (it.operation_id, it.no) == key) {
                all.extend(self.package(sold, own, today));
            }
        }
        all
    }

    fn package(&self, first: &SoldGrant, own: &[Own], today: NaiveDate) -> Option<Prepaid> {
        let id = first.grant.operation_id;
        let sale = self.events.iter().find(|it| it.id == id)?;
        if first.grant.kind == GrantKind::Deposit {
            return Some(ordered(sale, first));
        }
        let line = usize::try_from(first.no - 1).ok();
        let line = line.and_then(|place| sale.lines.get(place))?;
        let mut package = begun(sale, Some(first.no), line.name.clone());
        let net: Fen = sale.lines.iter().map(|it| it.net).sum();
        // What of the sale was her own money: other tenders, and of stored value what she had paid of it.
        let stored: Fen = sale.moves().map(|(_, p, b)| -(p + b)).sum();
        let hers = own.iter().filter(|it| it.sale == id).map(|it| it.fen);
        let given = (stored - hers.sum()).max_zero();
        package.bonus = given.ratio(line.net.0, net.0).min(line.net);
        package.paid = line.net - package.bonus;
        let grants = self.grants.iter();
        let grants = grants.filter(|it| it.grant.operation_id == id && it.no == first.no);
        package.grants = grants.map(|it| it.grant.clone()).collect();
        let terms = || package.grants.iter().map(|it| &it.terms);
        package.stored = (
            terms().map(|it| it.principal).sum(),
            terms().map(|it| it.bonus).sum(),
        );
        package.weigh(before_discount(line), today);
        let ids: Vec<Uuid> = package.grants.iter().map(|it| it.id).collect();
        let back = |event: &Event| self.events.iter().any(|it| it.about == Some(event.id));
        let uses = self.events.iter().filter(|event| {
            event.kind == OperationKind::Redemption
                && event.grants.iter().any(|it| ids.contains(it))
                && !back(event)
        });
        package.uses = uses.map(used_service).collect();
        Some(package)
    }
}

/// An order that is not delivered: all that was paid for it, and nothing had of it (SV6).
fn ordered(event: &Event, first: &SoldGrant) -> Prepaid {
    Prepaid {
        paid: first.grant.value,
        grants: vec![first.grant.clone()],
        ..begun(event, Some(first.no), first.grant.terms.name.clone())
    }
}

fn used_service(event: &Event) -> Used {
    let paid: Fen = event.lines.iter().map(|line| line.prepaid).sum();
    let lines = event.lines.iter();
    let list = lines.map(|line| line.price.times(line.quantity).max(line.prepaid));
    Used {
        list: list.sum(),
        ..used(event, paid)
    }
}

impl Prepaid {
    /// What was used of its claims: by their value, and at the price of one without a package. Gifts cost nothing. `list`
    /// is the package's own price before member discount: that of its time.
    fn weigh(&mut self, list: Fen, today: NaiveDate) {
        let net = self.paid + self.bonus;
        for grant in &self.grants {
            let terms = &grant.terms;
            let whole_past = grant.quantity.is_none() && grant.is_past(today);
            let left = if whole_past { Fen::ZERO } else { grant.value };
            let used = (terms.value - left).max_zero();
            self.used += used;
            match (terms.quantity, grant.quantity) {
                (Some(all), Some(left)) if terms.value.is_positive() => {
                    self.used_list += terms.price.times(all - left);
                }
                (None, _) if grant.is_open() => {
                    let of = |whole: Fen| whole.ratio(terms.value.0, net.0);
                    let (left, total) = days(grant, today);
                    let elapsed = of(list).ratio(total - left, total);
                    self.used_list += elapsed;
                    let period = self.period.get_or_insert(Period {
                        left,
                        total,
                        paid: Fen::ZERO,
                        used: Fen::ZERO,
                        list: Fen::ZERO,
                    });
                    period.paid += of(self.paid);
                    period.used += used;
                    period.list += of(list);
                }
                _ => self.used_list += used,
            }
        }
    }
}

/// Days of a card by time that are left, today among them unless it was used today, and days in all. One whose time has
/// not begun has all of it.
fn days(grant: &Grant, today: NaiveDate) -> (i64, i64) {
    let begun = local(grant.opened_at).date_naive();
    let Some(last) = grant.expires_on else {
        return (1, 1);
    };
    let begun = grant.terms.valid_days.map_or(begun, |days| {
        last.checked_sub_days(chrono::Days::new(days.into()))
            .unwrap_or(begun)
    });
    let total = ((last - begun).num_days() + 1).max(1);
    let today_left = i64::from(grant.used_on != Some(today));
    let left = (last - today).num_days() + today_left;
    (left.clamp(0, total), total)
}
