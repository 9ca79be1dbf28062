//! F10 of the card: what is seldom done for a member (MB4, PV1).

use crate::domain::staff::Act;
use crate::query::Query;
use crate::ui::screen::{Cx, Outcome, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::screens::choose::Choose;
use crate::ui::screens::confirm::Confirm;
use crate::ui::screens::contracts::Contracts;
use crate::ui::screens::merge::Merge;
use crate::ui::screens::merge::undo::UndoMerge;
use crate::ui::screens::reason::Reason;
use crate::ui::text::Say;
use crate::ui::widgets::notice::Tone;

use super::MemberCard;
use super::consents::Consents;
use super::hand::Hand;

/// Which question the popup above asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    More,
    Reveal,
    Export,
    Erase,
}

#[derive(Debug, Clone, Copy)]
enum More {
    Hand,
    Contracts,
    Merge,
    UndoMerge,
    Consents,
    Export,
    Erase,
}

const MORE: &[(&str, More)] = &[
    ("member.more_merge", More::Merge),
    ("member.more_undo_merge", More::UndoMerge),
    ("member.more_consents", More::Consents),
    ("member.more_export", More::Export),
    ("member.more_erase", More::Erase),
    ("member.more_hand", More::Hand),
    ("member.more_contracts", More::Contracts),
];

impl MemberCard {
    pub(super) fn more(&mut self) -> Step {
        self.asking = Some(Asking::More);
        let options = MORE.iter().map(|(key, _)| Say::new(key)).collect();
        Step::push(Choose::new("member.more", options))
    }

    fn chosen(&mut self, place: usize, cx: &mut Cx) -> Step {
        let Some(member) = &self.member else {
            return Step::Stay;
        };
        match MORE.get(place).map(|(_, more)| *more) {
            Some(More::Hand) => Step::push(Hand::new(member.clone())),
            Some(More::Contracts) => Step::push(Contracts::new(member.clone())),
            Some(More::Merge) => Step::push(Merge::new(member.id)),
            Some(More::UndoMerge) => {
                if let Some(id) = member.merged {
                    return Step::push(UndoMerge::new(id));
                }
                cx.notice(Tone::Warn, "merge.none");
                Step::Stay
            }
            Some(More::Consents) => Step::push(Consents::new(member.id, &member.name)),
            Some(More::Export) if !cx.session.limit().is_some_and(|it| it.export) => {
                cx.notice(Tone::Warn, "erase.no_export");
                Step::Stay
            }
            Some(More::Export) => {
                self.asking = Some(Asking::Export);
                Step::push(Reason::person())
            }
            Some(More::Erase) => {
                self.asking = Some(Asking::Erase);
                let ask = Say::new("erase.ask").with("name", &member.name);
                Step::push(Confirm::new(ask).careful())
            }
            None => Step::Stay,
        }
    }

    /// What the popup above decided.
    pub(super) fn decided(&mut self, outcome: Outcome, cx: &mut Cx) -> Step {
        match (self.asking.take(), outcome) {
            (Some(Asking::More), Outcome::Chosen(place)) => return self.chosen(place, cx),
            (Some(Asking::Reveal), Outcome::Text(reason)) => self.reveal(reason, cx),
            (Some(Asking::Export), Outcome::Text(reason)) => {
                self.writing = Some(cx.ask(Query::ExportMember {
                    member_id: self.id,
                    by: cx.session.by(),
                    reason,
                }));
            }
            (Some(Asking::Erase), Outcome::Yes) => {
                self.asking = Some(Asking::Erase);
                return Step::push(Approve::new(Say::new("erase.why"), Act::Erase));
            }
            (Some(Asking::Erase), Outcome::Approved(staff)) => {
                self.writing = Some(cx.ask(Query::EraseMember {
                    member_id: self.id,
                    by: cx.session.by(),
                    approver_id: Some(staff.id),
                }));
            }
            // An order of hers is fetched: the sale below takes it.
            (_, Outcome::Order(member, claim)) => {
                return Step::Pop(Some(Outcome::Order(member, claim)));
            }
            // A merge was made or undone: somebody else may be on the card now.
            (_, Outcome::Member(member)) => {
                self.id = member.id;
                self.show(member);
            }
            (_, Outcome::Yes | Outcome::Receipt(_)) => self.read(cx),
            _ => {}
        }
        Step::Stay
    }
}
