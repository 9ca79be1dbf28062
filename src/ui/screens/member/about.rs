//! The upper part of the card: the person, her level, her visits, what needs a word at the counter.

use ratatui::Frame;
use ratatui::layout::Rect;
use rust_decimal::Decimal;

use crate::domain::beneficiary::near;
use crate::domain::birthday::Birthday;
use crate::domain::dormant::Visits;
use crate::domain::level::Level;
use crate::domain::member::{Gender, Member};
use crate::domain::money::{Fen, grouped};
use crate::domain::phone::Phone;
use crate::query::Consent;
use crate::ui::paint;
use crate::ui::screen::{Look, is_narrow};
use crate::ui::screens::counter::{birthday_of, stage_of};
use crate::ui::text::{Lang, Say};
use crate::ui::theme::Role;
use crate::ui::width;

use super::consents;

/// Expiring within this many days is worth a word (OR2).
pub const SOON_DAYS: i64 = 30;

/// Columns of the left half in the wide form.
const LEFT: u16 = 36;

/// Rows of notes that are shown; all of them stand in the form.
const MOST_NOTES: usize = 2;

/// Contracts that are shown; all of them stand behind F10.
const MOST_CONTRACTS: usize = 2;

/// No discount and single points, basis points.
const WHOLE: i64 = 10_000;

type Line = (String, Role);

/// What the upper part shows.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub member: &'a Member,
    /// The whole number, once it was asked for.
    pub phone: Option<&'a Phone>,
    pub may_reveal: bool,
    /// The last word on each purpose.
    pub consents: &'a [Consent],
}

impl About<'_> {
    /// Draws it; gives the rows it took.
    pub fn view(&self, frame: &mut Frame, area: Rect, look: &Look) -> u16 {
        let left = [
            self.name(look),
            self.phone(look),
            self.birthday(look),
            self.joined(look),
        ];
        let right = [
            self.level(look),
            self.next_level(look),
            self.last_visit(look),
            self.rhythm(look),
        ];
        let put = |frame: &mut Frame, area: Rect, row: u16, (text, role): &Line| {
            paint::line(frame, area, row, text, look.style(*role));
        };
        let mut row = 0;
        if is_narrow(area) {
            let [name, phone, birthday, joined] = left;
            let [level, next, last, rhythm] = right;
            for line in [name, level, next, phone, last, rhythm, birthday, joined] {
                put(frame, area, row, &line);
                row += 1;
            }
        } else {
            let first = Rect {
                width: LEFT,
                ..area
            };
            let second = Rect {
                x: area.x + LEFT + 2,
                width: area.width.saturating_sub(LEFT + 2),
                ..area
            };
            for (left, right) in left.iter().zip(&right) {
                put(frame, first, row, left);
                put(frame, second, row, right);
                row += 1;
            }
        }
        for line in self.below(area.width, look) {
            put(frame, area, row, &line);
            row += 1;
        }
        row
    }

    /// Lines over the whole width: what expires, and the notes.
    fn below(&self, columns: u16, look: &Look) -> Vec<Line> {
        let mut lines = Vec::new();
        lines.extend(self.expiring(look));
        lines.extend(self.stages(look));
        lines.extend(self.consents(look));
        lines.extend(self.family(look));
        if !self.member.notes.is_empty() {
            let notes = format!("{} {}", look.text("member.notes"), self.member.notes);
            let mut wrapped = width::wrap(&notes, columns.into());
            let cut = wrapped.len() > MOST_NOTES;
            wrapped.truncate(MOST_NOTES);
            if cut && let Some(last) = wrapped.last_mut() {
                *last = width::fit(
                    &format!("{last}{}", " ".repeat(columns.into())),
                    columns.into(),
                )
                .into_owned();
            }
            lines.extend(wrapped.into_iter().map(|text| (text, Role::Text)));
        }
        lines
    }

    fn name(&self, look: &Look) -> Line {
        let name = match self.member.name.as_str() {
            "" => look.text("member.nameless"),
            name => name,
        };
        let gender = match self.member.gender {
            Some(Gender::Female) => look.text("member.female"),
            Some(Gender::Male) => look.text("member.male"),
            None => "",
        };
        // The gender stays visible beside a long name.
        let room = usize::from(LEFT).saturating_sub(width::width(gender) + 2);
        (format!("{}  {gender}", width::fit(name, room)), Role::Title)
    }

    fn phone(&self, look: &Look) -> Line {
        if let Some(phone) = self.phone {
            let say = Say::new("member.revealed").with("phone", phone.digits());
            return (look.say(&say), Role::Warn);
        }
        let key = match &self.member.phone {
            None => return (look.text("member.no_phone").to_owned(), Role::Dim),
            Some(_) if self.may_reveal => "member.phone_hidden",
            Some(_) => "member.phone",
        };
        let phone = self.member.phone.as_deref().unwrap_or_default();
        (look.say(&Say::new(key).with("phone", phone)), Role::Text)
    }

    fn birthday(&self, look: &Look) -> Line {
        let member = self.member;
        let (Some(month), Some(day)) = (member.birth_month, member.birth_day) else {
            return (look.text("member.no_birthday").to_owned(), Role::Dim);
        };
        let year = member.birth_year;
        let birthday = Birthday { year, month, day };
        let today = look.session.today(look.now);
        let say = match member.days_to_birthday(today) {
            Some(0) => Say::new("member.birthday_today"),
            Some(days) => Say::new("member.birthday").with("days", days),
            None => return (birthday.to_string(), Role::Text),
        };
        let near = member.days_to_birthday(today).is_some_and(|days| days <= 7);
        let role = if near { Role::Good } else { Role::Text };
        (look.say(&say.with("day", birthday)), role)
    }

    fn joined(&self, look: &Look) -> Line {
        let say = Say::new("member.joined")
            .with("day", self.member.joined_on)
            .with("visits", self.member.visits);
        (look.say(&say), Role::Dim)
    }

    /// LV2: what the level gives.
    fn level(&self, look: &Look) -> Line {
        let level = &self.member.level;
        let mut text = width::fit(&level.name, 14).into_owned();
        if level.paid < WHOLE {
            // Nine tenths to pay in Chinese are ten percent off in English.
            let rate = match look.lang {
                Lang::Zh => Decimal::new(level.paid, 3),
                Lang::En => Decimal::new(WHOLE - level.paid, 2),
            };
            let say = Say::new("member.discount").with("rate", rate.normalize());
            text = format!("{text}  {}", look.say(&say));
        }
        if level.multiplier != WHOLE {
            let times = Decimal::new(level.multiplier, 4).normalize();
            let say = Say::new("member.multiplier").with("times", times);
            text = format!("{text}  {}", look.say(&say));
        }
        (text, Role::Title)
    }

    /// LV1: how much spend of the last twelve months is missing to the next level.
    fn next_level(&self, look: &Look) -> Line {
        let member = self.member;
        let levels = look.session.shop.iter().flat_map(|shop| &shop.levels);
        let higher =
            |level: &&Level| level.rank > member.level.rank && level.threshold.is_positive();
        let spend = member.spend_year;
        let say = match levels.filter(higher).min_by_key(|level| level.rank) {
            None => Say::new("member.top_level"),
            Some(next) if next.threshold <= spend => {
                Say::new("member.level_reached").with("level", &next.name)
            }
            Some(next) => Say::new("member.level_missing")
                .with("level", width::fit(&next.name, 12))
                .with("missing", next.threshold - spend),
        };
        (look.say(&say.with("spend", spend)), Role::Text)
    }

    fn last_visit(&self, look: &Look) -> Line {
        let today = look.session.today(look.now);
        let say = match (self.member.last_visit_on, self.member.days_away(today)) {
            (Some(_), Some(days)) if days <= 0 => Say::new("member.here_today"),
            (Some(day), Some(days)) => Say::new("member.last_visit")
                .with("day", day)
                .with("days", days),
            _ => return (look.text("member.never_here").to_owned(), Role::Dim),
        };
        (look.say(&say), Role::Text)
    }

    /// OR1: how often she comes, and whether she is overdue by it.
    fn rhythm(&self, look: &Look) -> Line {
        let member = self.member;
        let (Some(first), Some(last)) = (member.first_visit_on, member.last_visit_on) else {
            return (String::new(), Role::Dim);
        };
        let visits = Visits {
            first,
            last,
            days: member.visits.into(),
            spent: Fen::ZERO,
        };
        let Some(gap) = visits.mean_gap_days() else {
            return (look.text("member.no_rhythm").to_owned(), Role::Dim);
        };
        let overdue = member
            .due_on
            .is_some_and(|due| due < look.session.today(look.now));
        let (key, role) = if overdue {
            ("member.rhythm_overdue", Role::Warn)
        } else {
            ("member.rhythm", Role::Text)
        };
        (look.say(&Say::new(key).with("days", gap)), role)
    }

    /// PV1: what she agreed to, and what no longer.
    fn consents(&self, look: &Look) -> Option<Line> {
        let said = self.consents.iter().map(|it| {
            let key = if it.is_given {
                "consent.yes"
            } else {
                "consent.no"
            };
            let what = look.text(consents::key(it.purpose));
            look.say(&Say::new(key).with("what", what))
        });
        let said: Vec<String> = said.collect();
        let text = format!("{} {}", look.text("consent.line"), said.join("  "));
        (!said.is_empty()).then_some((text, Role::Dim))
    }

    /// Whom else the account is for, and the birthdays that are near (MB6).
    fn family(&self, look: &Look) -> Option<Line> {
        let family = &self.member.family;
        let today = look.session.today(look.now);
        let near = near(family, today, SOON_DAYS);
        let role = if near.is_empty() {
            Role::Text
        } else {
            Role::Good
        };
        let named = near.iter();
        let named = named.map(|(one, days)| look.say(&birthday_of(one, *days)));
        let others = family.iter();
        let others = others.filter(|one| !near.iter().any(|(it, _)| it.id == one.id));
        let all: Vec<String> = named.chain(others.map(|one| one.name.clone())).collect();
        let text = format!("{} {}", look.text("family.label"), all.join(", "));
        (!all.is_empty()).then_some((text, role))
    }

    /// The next stage of each contract she pays, loud when it is near or overdue (SV5).
    fn stages(&self, look: &Look) -> Vec<Line> {
        let today = look.session.today(look.now);
        let due = self.member.contracts.iter();
        let due = due.filter_map(|contract| Some((contract, contract.due()?)));
        let lines = due.map(|(contract, due)| {
            let role = if due.is_near(today) {
                Role::Warn
            } else {
                Role::Text
            };
            let label = look.text("counter.stage");
            let text = look.say(&stage_of(contract, due, today));
            (format!("{label} {text}"), role)
        });
        lines.take(MOST_CONTRACTS).collect()
    }

    fn expiring(&self, look: &Look) -> Option<Line> {
        let today = look.session.today(look.now);
        let (day, bonus, points) = self.member.expiring(today, SOON_DAYS)?;
        let key = match (bonus.is_positive(), points > 0) {
            (true, true) => "member.expiring_both",
            (true, false) => "member.expiring_bonus",
            _ => "member.expiring_points",
        };
        let mut say = Say::new(key).with("day", day).with("days", SOON_DAYS);
        if bonus.is_positive() {
            say = say.with("bonus", bonus);
        }
        if points > 0 {
            say = say.with("points", grouped(points));
        }
        Some((format!("! {}", look.say(&say)), Role::Warn))
    }
}
