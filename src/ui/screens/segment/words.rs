//! A segment, and what became of it, in the shop's words.

use crate::domain::segment::{Left, Remind, Segment, Without};
use crate::ui::screen::Look;
use crate::ui::text::Say;

/// The criterion: `久未到店 > 45 天; 金卡; 储值 >= 100.00`.
pub fn list(segment: &Segment, look: &Look) -> String {
    match *segment {
        Segment::Dormant {
            days,
            rhythm,
            level_id,
            balance,
            ..
        } => {
            let mut words = vec![if rhythm {
                look.text("dormant.by_rhythm").to_owned()
            } else {
                let days = look.say(&Say::new("dormant.days").with("days", days));
                format!("{} > {days}", look.text("dormant.by_days"))
            }];
            let shop = look.session.shop.as_ref();
            let level = level_id.and_then(|id| shop?.level(id));
            words.extend(level.map(|level| level.name.clone()));
            words.extend(
                balance.map(|balance| format!("{} >= {balance}", look.text("dormant.by_balance"))),
            );
            look.say(&Say::new("segment.dormant").with("what", words.join("; ")))
        }
        Segment::Reminder { kind } => {
            let what = look.text(match kind {
                Remind::Month => "reminders.month",
                Remind::Week => "reminders.week",
                Remind::Day => "reminders.one_day",
                Remind::Low => "reminders.low",
                Remind::Due => "reminders.due",
                Remind::Stage => "reminders.stage",
            });
            look.say(&Say::new("segment.reminder").with("what", what))
        }
    }
}

/// Who got none, a line for each reason.
pub fn without(left: &Left, look: &Look) -> Vec<String> {
    let line = |(why, count): (&Without, &usize)| {
        let key = match why {
            Without::Done => "segment.done",
            Without::Gone => "segment.gone",
            Without::Level => "segment.level",
            Without::Full => "segment.full",
            Without::NoneLeft => "segment.none_left",
        };
        look.say(&Say::new(key).with("count", *count))
    };
    left.iter().map(line).collect()
}
