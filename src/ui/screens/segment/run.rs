//! Who would get one, what it may cost, and then giving it, a round at a time. It can be stopped; what was given stays
//! given, and the same press goes on with the rest.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;

use super::words;
use crate::domain::coupon::CouponRule;
use crate::domain::ledger::Stamp;
use crate::domain::segment::{Batch, Begun, Left, Preview, ROUND, Request, Round, most_off};
use crate::domain::staff::Act;
use crate::error::{Refusal, Result};
use crate::query::{Query, Reply, Ticket};
use crate::ui::keymap::Action;
use crate::ui::screen::{Cx, Input, Look, Outcome, Screen, Step};
use crate::ui::screens::approve::Approve;
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::{offer, paint, width};

/// How far it is.
#[derive(Debug, Default)]
struct Progress {
    /// Who is still to get one.
    queue: VecDeque<i64>,
    of: usize,
    given: usize,
    without: Left,
    asked: Option<Ticket>,
    stopped: bool,
}

/// The page; Esc stops what runs, then goes back.
#[derive(Debug)]
pub struct Run {
    batch: Batch,
    rule: CouponRule,
    reason: String,
    preview: Option<Preview>,
    reading: Option<Ticket>,
    /// Somebody with the right said yes to so many.
    approved: Option<(i32, usize)>,
    progress: Option<Progress>,
}

impl Run {
    pub fn new(batch: Batch, rule: CouponRule, reason: String) -> Self {
        Self {
            batch,
            rule,
            reason,
            preview: None,
            reading: None,
            approved: None,
            progress: None,
        }
    }

    fn is_running(&self) -> bool {
        let progress = self.progress.as_ref();
        progress.is_some_and(|progress| progress.asked.is_some())
    }

    /// How many would get one.
    fn gets(&self) -> usize {
        let open = self.preview.as_ref().filter(|preview| !preview.cut);
        open.map_or(0, |preview| preview.gets.len())
    }

    fn read(&mut self, cx: &mut Cx) {
        self.reading = Some(cx.ask(Query::Segment(self.batch)));
    }

    /// Gives, or asks for an approval first: one for all of them.
    fn accept(&mut self, cx: &mut Cx) -> Step {
        let limit = cx.session.limit();
        let may = limit.is_some_and(|limit| limit.allows(Act::GiveCoupon));
        let count = self.gets();
        let approved = self.approved.is_some_and(|(_, most)| count <= most);
        if !may && !approved {
            return self.approve();
        }
        let gets = self.preview.as_ref().map(|preview| preview.gets.clone());
        self.progress = Some(Progress {
            queue: gets.unwrap_or_default().into(),
            of: count,
            ..Progress::default()
        });
        self.next(cx);
        Step::Stay
    }

    fn approve(&self) -> Step {
        let why = Say::new("segment.needs_approval")
            .with("name", &self.rule.name)
            .with("count", self.gets())
            .with("reason", &self.reason);
        Step::push(Approve::new(why, Act::GiveCoupon))
    }

    /// The next round, or the end.
    fn next(&mut self, cx: &mut Cx) {
        let approver_id = self.approved.map(|(id, _)| id);
        let Some(progress) = &mut self.progress else {
            return;
        };
        let count = progress.queue.len().min(ROUND);
        if count == 0 || progress.stopped {
            let key = if count == 0 {
                "segment.finished"
            } else {
                "segment.stopped"
            };
            let say = Say::new(key).with("given", progress.given);
            cx.notice(Tone::Good, say.with("left", progress.queue.len()));
            self.read(cx);
            return;
        }
        let id = cx.new_id();
        let stamp = Stamp {
            approver_id,
            ..cx.session.stamp(id, cx.now())
        };
        let request = Box::new(Request {
            stamp,
            batch: self.batch,
            reason: self.reason.clone(),
            members: progress.queue.drain(..count).collect(),
        });
        progress.asked = Some(cx.ask(Query::GiveSegment(request)));
    }

    fn gave(&mut self, answer: Result<Reply>, cx: &mut Cx) -> Step {
        let Some(progress) = &mut self.progress else {
            return Step::Stay;
        };
        progress.asked = None;
        match answer {
            Ok(Reply::SegmentGiven(Round { given, without })) => {
                progress.given += given;
                for (why, count) in without {
                    *progress.without.entry(why).or_default() += count;
                }
                self.next(cx);
                Step::Stay
            }
            Ok(_) => Step::Stay,
            Err(refusal) => {
                // What is left is counted anew; the round that was refused may have been given.
                progress.queue.clear();
                self.preview = None;
                self.refused(refusal, cx)
            }
        }
    }

    fn refused(&mut self, refusal: Refusal, cx: &mut Cx) -> Step {
        if refusal.hint == "approval.needed" {
            self.approved = None;
            self.read(cx);
        }
        cx.refuse(refusal)
    }

    fn answered(&mut self, answer: Result<Reply>, cx: &Cx) -> Step {
        self.reading = None;
        match answer {
            Ok(Reply::Segment(preview)) => self.preview = Some(*preview),
            Ok(_) => {}
            Err(refusal) => {
                self.preview = None;
                return cx.refuse(refusal);
            }
        }
        Step::Stay
    }

    /// What the rule is: what it does, until when, where.
    fn about(&self, look: &Look) -> Vec<String> {
        let today = look.session.today(look.now);
        let until = self.rule.expires_on(today).map_or_else(
            || look.text("member.for_ever").to_owned(),
            |day| look.say(&Say::new("member.to_day").with("day", day)),
        );
        let mut texts = vec![
            format!("{}  {until}", offer::coupon(&self.rule, look)),
            words::list(&self.batch.segment, look),
        ];
        let shop = look.session.shop.as_ref();
        let stores = shop.into_iter().flat_map(|shop| &shop.stores);
        let stores = stores.filter(|store| self.rule.who.stores.contains(&store.id));
        let stores: Vec<&str> = stores.map(|store| store.name.as_str()).collect();
        if !stores.is_empty() {
            texts.push(look.say(&Say::new("segment.stores").with("stores", stores.join(", "))));
        }
        texts
    }

    /// Who would get one, who would not, and what it costs.
    fn figures(&self, preview: &Preview, look: &Look) -> Vec<(String, Role)> {
        let members = Say::new("segment.members").with("count", preview.members);
        let mut texts = vec![(look.say(&members), Role::Text)];
        if preview.cut {
            let say = Say::new("segment.cut").with("most", preview.members);
            texts.push((look.say(&say), Role::Bad));
            return texts;
        }
        let gets = Say::new("segment.gets").with("count", preview.gets.len());
        texts.push((look.say(&gets), Role::Money));
        let without = words::without(&preview.without, look);
        texts.extend(without.into_iter().map(|text| (text, Role::Dim)));
        if !preview.gets.is_empty() {
            let cost = match most_off(&self.rule, preview.gets.len()) {
                Some(most) => look.say(&Say::new("segment.most").with("most", most)),
                None => look.text("segment.unsaid").to_owned(),
            };
            texts.push((cost, Role::Text));
        }
        texts
    }

    /// How far it is, or how far it came.
    fn says(&self, look: &Look) -> Vec<(String, Role)> {
        let Some(progress) = &self.progress else {
            return Vec::new();
        };
        let key = match (self.is_running(), progress.stopped) {
            (true, false) => "segment.giving",
            (true, true) => "segment.stopping",
            (false, _) => "segment.given",
        };
        let say = Say::new(key)
            .with("given", progress.given)
            .with("of", progress.of);
        let mut texts = vec![(look.say(&say), Role::Good)];
        let without = words::without(&progress.without, look);
        texts.extend(without.into_iter().map(|text| (text, Role::Warn)));
        texts
    }
}

/// A batch before this one: `2026-03-01 赵店长 发了 120 张 (好久不见)`.
fn begun(batch: &Begun, look: &Look) -> String {
    let say = Say::new("segment.before")
        .with("day", look.session.today(batch.at))
        .with("staff", &batch.staff)
        .with("count", batch.given)
        .with("reason", &batch.reason)
        .with("list", words::list(&batch.segment, look));
    look.say(&say)
}

impl Screen for Run {
    fn bindings(&self) -> &'static str {
        "segment_run"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened | Input::Action(Action::Reload) => self.read(cx),
            Input::Action(Action::GiveAll) => return self.accept(cx),
            Input::Outcome(Outcome::Approved(staff)) => {
                self.approved = Some((staff.id, self.gets()));
                return self.accept(cx);
            }
            Input::Action(Action::Back) => match &mut self.progress {
                Some(progress) if progress.asked.is_some() => progress.stopped = true,
                _ => return Step::Pop(None),
            },
            Input::Reply(ticket, answer) => {
                if self.reading == Some(ticket) {
                    return self.answered(answer, cx);
                }
                let asked = self.progress.as_ref().and_then(|progress| progress.asked);
                if asked == Some(ticket) {
                    return self.gave(answer, cx);
                }
            }
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        let is_free = self.reading.is_none() && !self.is_running();
        match action {
            Action::GiveAll => is_free && self.gets() > 0,
            Action::Reload => is_free,
            _ => true,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let area = paint::inset(area, 1, 0);
        let title = Say::new("segment.run").with("name", &self.rule.name);
        let state = self.reading.map(|_| look.text("dormant.reading"));
        paint::title(frame, area, &look.say(&title), state, look);
        let about = self.about(look).into_iter();
        let mut blocks = vec![about.map(|text| (text, Role::Dim)).collect::<Vec<_>>()];
        let preview = self.preview.as_ref();
        blocks.extend(preview.map(|preview| self.figures(preview, look)));
        blocks.push(self.says(look));
        blocks.extend(preview.map(|preview| {
            let before = preview.batches.iter();
            before.map(|it| (begun(it, look), Role::Dim)).collect()
        }));
        let mut row = 1;
        for block in blocks.into_iter().filter(|block| !block.is_empty()) {
            row += 1;
            for (text, role) in block {
                for line in width::wrap(&text, area.width.into()) {
                    if row < area.height {
                        paint::line(frame, area, row, &line, look.style(role));
                    }
                    row += 1;
                }
            }
        }
    }
}
