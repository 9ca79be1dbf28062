//! How paying looks: the customer reads the due amount and the change from the other side.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::{Job, Load, NOTE_KEYS, Tender};
use crate::domain::money::{Fen, grouped};
use crate::domain::slip;
use crate::domain::tender::{Tender as Tendered, TenderKind};
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Look, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::money;
use crate::ui::width;

/// Columns of a label and of a field.
const LABEL: u16 = 12;
const FIELD: u16 = 12;

/// The row of the hint below the amount: the change stands between.
const HINT: u16 = 6;

/// Columns of the list of tenders.
const LIST: u16 = 38;

/// What a top-up gives: principal, bonus, points.
fn gets(load: &Load, look: &Look) -> String {
    let mut says = vec![Say::new("tender.load_gets").with("principal", load.amount)];
    if load.bonus.is_positive() {
        says.push(Say::new("tender.load_bonus").with("bonus", load.bonus));
    }
    if load.bonus_later.is_positive() {
        says.push(Say::new("tender.load_later").with("bonus", load.bonus_later));
    }
    if load.points > 0 {
        says.push(Say::new("tender.load_points").with("points", grouped(load.points)));
    }
    let texts: Vec<String> = says.iter().map(|say| look.say(say)).collect();
    texts.join(" + ")
}

impl Tender {
    pub(super) fn draw(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let narrow = is_narrow(area);
        // What she gets, and what her points pay, is long.
        let who = self.who(look);
        let head = if width::columns(&who) > inside.width {
            5
        } else {
            4
        };
        self.draw_due(frame, inside, &who, look);
        paint::rule(frame, area, head, look);
        let rest = paint::below(inside, head + 1);
        let rows = u16::try_from(self.kinds.len()).unwrap_or(0);
        let left = Rect {
            width: if narrow {
                rest.width
            } else {
                LIST.min(rest.width)
            },
            ..rest
        };
        self.draw_kinds(frame, left, look);
        let parts = u16::try_from(self.bill.parts().len()).unwrap_or(0)
            + u16::from(self.deposits().is_positive());
        let below = if narrow {
            self.draw_parts(frame, paint::below(rest, rows), look);
            rows + parts
        } else {
            let right = Rect {
                x: rest.x + left.width + 2,
                width: rest.width.saturating_sub(left.width + 2),
                ..rest
            };
            self.draw_parts(frame, right, look);
            rows.max(parts)
        };
        self.draw_amount(frame, paint::below(rest, below + 1), look);
    }

    /// The member, what her points pay or could pay (PT5), and what she gets.
    fn who(&self, look: &Look) -> String {
        let Some(member) = &self.member else {
            return String::new();
        };
        let phone = member.phone.as_deref().unwrap_or_default();
        let name = match member.name.as_str() {
            "" => phone,
            name => name,
        };
        let name = width::fit(name, 20);
        if let Job::Deposit(it) = &self.job {
            let say = Say::new("deposit.for")
                .with("name", &it.name)
                .with("price", it.price);
            return format!("{name}  {}", look.say(&say));
        }
        if let Job::TopUp(load) = &self.job {
            return format!("{name}  {}", gets(load, look));
        }
        let (say, points) = match self.points_paid() {
            Some(paid) => ("tender.points_pay", Some(paid)),
            None => ("tender.points_offer", self.points_on_offer(look)),
        };
        let Some((points, fen)) = points else {
            return name.into_owned();
        };
        let key = look
            .keymap
            .bindings("tender")
            .find(|binding| binding.action == Action::Points);
        let key = key.map(|binding| binding.key.to_string());
        let say = Say::new(say)
            .with("key", key.unwrap_or_default())
            .with("points", grouped(points))
            .with("fen", fen);
        format!("{name}  {}", look.say(&say))
    }

    fn draw_due(&self, frame: &mut Frame, area: Rect, who: &str, look: &Look) {
        let kind = self.kind();
        let due = match &self.closing {
            Some((before, _)) => before.due(kind),
            None => self.bill.due(kind),
        };
        let whole = self.bill.parts().is_empty() || self.closing.is_some();
        let label = match (&self.job, whole) {
            (Job::Deposit(_), true) => "deposit.due",
            (Job::TopUp(_), true) => "tender.load_due",
            (Job::TopUp(_), false) => "tender.load_left",
            (Job::Sale(_), true) => "tender.due",
            (Job::Sale(_) | Job::Deposit(_), false) => "tender.left",
        };
        paint::line(frame, area, 0, look.text(label), look.style(Role::Title));
        let off = match &self.closing {
            Some((before, _)) => before.off(kind),
            None => self.bill.off(kind),
        };
        let small = |row, key, amount: Fen, frame: &mut Frame| {
            let text = format!("{} {amount}", look.text(key));
            paint::line(frame, area, row, &text, look.style(Role::Dim));
        };
        if due != self.bill.total() {
            small(1, "tender.total", self.bill.total(), frame);
        }
        if let Some(usual) = self.usual_total() {
            small(2, "tender.stored_price", usual, frame);
        } else if off.is_positive() {
            small(2, "slip.rounding", -off, frame);
        }
        for (row, line) in (3..).zip(width::wrap(who, area.width.into()).iter().take(2)) {
            paint::line(frame, area, row, line, look.style(Role::Text));
        }
        money::large(frame, area, due, look);
    }

    fn draw_kinds(&self, frame: &mut Frame, area: Rect, look: &Look) {
        for (row, (place, kind)) in (0..).zip(self.kinds.iter().enumerate()) {
            let selected = place == self.selected;
            let sign = if selected { ">" } else { " " };
            let name = width::left(look.text(slip::tender(*kind)), LABEL.into());
            let note = if *kind == TenderKind::StoredValue {
                format!("{} {}", look.text("tender.balance"), self.spendable())
            } else {
                String::new()
            };
            let text = format!("{sign} {name} {note}");
            let role = if selected { Role::Selected } else { Role::Text };
            let text = width::left(&text, area.width.into());
            paint::line(frame, area, row, &text, look.style(role));
        }
    }

    fn draw_parts(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let deposit = Some(Tendered::exact(TenderKind::Deposit, self.deposits()));
        let deposit = deposit.filter(|it| it.amount.is_positive());
        for (row, part) in (0..).zip(deposit.iter().chain(self.bill.parts())) {
            let name = look.text(slip::tender(part.kind));
            money::line(frame, area, row, name, part.given, look);
        }
    }

    fn draw_amount(&self, frame: &mut Frame, area: Rect, look: &Look) {
        if self.once.is_under_way() {
            let text = look.text("tender.posting");
            paint::line(frame, area, 0, text, look.style(Role::Warn));
            return;
        }
        let label = width::left(look.text("tender.amount"), LABEL.into());
        paint::line(frame, area, 0, &label, look.style(Role::Dim));
        let field = Rect {
            x: area.x + LABEL.min(area.width),
            width: FIELD.min(area.width.saturating_sub(LABEL)),
            ..area
        };
        self.amount
            .view(frame, field, !self.once.is_unknown(), look);
        let after = LABEL + FIELD + 2;
        let right = Rect {
            x: area.x + after.min(area.width),
            width: area.width.saturating_sub(after),
            ..area
        };
        let narrow = is_narrow(area);
        let notes = if narrow { paint::below(area, 1) } else { right };
        paint::line(
            frame,
            notes,
            0,
            &self.note_keys(look),
            look.style(Role::Dim),
        );
        self.draw_change(frame, paint::below(area, 2), look);
        // In a low window it stands where the change would.
        let row = if area.height > HINT { HINT } else { 2 };
        self.draw_hint(frame, paint::below(area, row), look);
    }

    /// What is the matter, else what Enter does next.
    fn draw_hint(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let (text, role) = match &self.hint {
            Some(hint) => (look.say(hint), Role::Warn),
            None if self.amount.is_empty() => {
                let say = Say::new("tender.how")
                    .with("way", look.text(slip::tender(self.kind())))
                    .with("due", self.bill.due(self.kind()));
                (look.say(&say), Role::Dim)
            }
            None => return,
        };
        for (row, line) in (0..).zip(width::wrap(&text, area.width.into())) {
            paint::line(frame, area, row, &line, look.style(role));
        }
    }

    /// `F5 +100  F6 +50`: whole yuan without decimals.
    fn note_keys(&self, look: &Look) -> String {
        let keys = NOTE_KEYS
            .iter()
            .zip(&self.notes)
            .filter_map(|(action, note)| {
                let mut bindings = look.keymap.bindings("tender");
                let binding = bindings.find(|binding| binding.action == *action)?;
                let amount = note.to_string();
                let amount = amount.strip_suffix(".00").unwrap_or(&amount);
                Some(format!("{} +{amount}", binding.key))
            });
        keys.collect::<Vec<_>>().join("  ")
    }

    /// What goes back, before Enter says so.
    fn draw_change(&self, frame: &mut Frame, area: Rect, look: &Look) {
        let typed = self.amount.amount().unwrap_or_default();
        let change = typed - self.bill.due(TenderKind::Cash);
        if self.kind() == TenderKind::Cash && change.is_positive() {
            let label = look.text("tender.change");
            paint::line(frame, area, 1, label, look.style(Role::Title));
            money::large(frame, area, change, look);
        }
    }
}
