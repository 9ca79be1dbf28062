//! Teaching a scanner that plays a keyboard: the person scans the code on the screen, or any on
//! paper, and the device that sent it is remembered.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::gear::{Learning, RULES_FILE, Wish};
use crate::domain::scan::Device;
use crate::ui::keymap::Action;
use crate::ui::paint;
use crate::ui::screen::{Cx, Input, Look, Screen, Step, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::widgets::notice::Tone;
use crate::ui::widgets::qr::Qr;
use crate::ui::width;

/// Columns between the words and the code.
const GAP: u16 = 2;

/// The screen.
#[derive(Debug, Default)]
pub struct Learn {
    qr: Option<Qr>,
    state: Learning,
}

impl Learn {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A code that is on no product: letters of ours, and digits that are other ones every time.
    fn start(&mut self, cx: &mut Cx) {
        let chance = cx.new_id().as_u128() % 100_000_000;
        let code = format!("GTL{chance:08}");
        self.qr = Qr::new(&code);
        self.state = Learning::Off;
        cx.wish(Wish::Learn { code });
    }

    const fn is_over(&self) -> bool {
        matches!(
            self.state,
            Learning::Found { .. } | Learning::TimedOut | Learning::NoCandidate
        )
    }

    fn words(&self, look: &Look) -> Vec<(String, Role)> {
        let text = |key| (look.text(key).to_owned(), Role::Text);
        let say = |say: Say, role| (look.say(&say), role);
        match &self.state {
            Learning::Off => vec![text("learn.scan")],
            Learning::Listening {
                heard,
                claimed,
                denied,
            } => {
                let mut words = vec![text("learn.scan"), text("learn.paper")];
                if *heard > 0 {
                    words.push(say(Say::new("learn.heard").with("count", heard), Role::Dim));
                }
                if let Some(name) = claimed {
                    words.push(say(
                        Say::new("learn.claimed").with("device", name),
                        Role::Warn,
                    ));
                }
                for (name, rule) in denied {
                    let denied = Say::new("learn.denied").with("device", name);
                    words.push(say(denied.with("file", RULES_FILE), Role::Warn));
                    words.push((rule.clone(), Role::Dim));
                }
                words
            }
            Learning::Found { name, kept } => {
                let key = if *kept {
                    "learn.found"
                } else {
                    "learn.found_brief"
                };
                vec![
                    say(Say::new(key).with("device", name), Role::Good),
                    text("learn.done"),
                ]
            }
            Learning::TimedOut => vec![text("learn.timed_out")],
            Learning::NoCandidate => vec![text("learn.no_candidate")],
        }
    }
}

impl Screen for Learn {
    fn bindings(&self) -> &'static str {
        "learn"
    }

    fn on(&mut self, input: Input, cx: &mut Cx) -> Step {
        match input {
            Input::Opened => self.start(cx),
            Input::Devices => self.state = cx.session.learning.clone(),
            Input::Action(Action::Accept) => match self.state {
                Learning::Found { .. } => return Step::Pop(None),
                Learning::TimedOut | Learning::NoCandidate => self.start(cx),
                _ => {}
            },
            Input::Action(Action::Back) => {
                cx.wish(Wish::EndLearning);
                return Step::Pop(None);
            }
            // What types into the terminal is what is being looked for; it goes nowhere else.
            Input::Scan(scan) => match &scan.device {
                Device::Usb(name) => {
                    cx.notice(Tone::Plain, Say::new("learn.already").with("device", name));
                }
                Device::Terminal if self.state == Learning::NoCandidate => {
                    cx.notice(Tone::Plain, "learn.works");
                }
                Device::Terminal => {}
            },
            _ => {}
        }
        Step::Stay
    }

    fn can(&self, action: Action) -> bool {
        action != Action::Accept || self.is_over()
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let inside = paint::inset(area, 1, 0);
        let title = look.text("learn.title");
        paint::line(frame, inside, 0, title, look.style(Role::Title));
        let body = paint::below(inside, 2);
        let qr = self.qr.as_ref().filter(|_| !self.is_over());
        let (columns, _) = qr.map_or((0, 0), Qr::size);
        let is_beside = !is_narrow(area) && qr.is_some();
        let wide = if is_beside {
            body.width.saturating_sub(columns + GAP)
        } else {
            body.width
        };
        let words = self.words(look);
        let broken = words.iter().flat_map(|(text, role)| {
            let broken = width::wrap(text, wide.into());
            broken.into_iter().map(|text| (text, *role))
        });
        let mut row = 0;
        for (text, role) in broken {
            paint::line(
                frame,
                Rect {
                    width: wide,
                    ..body
                },
                row,
                &text,
                look.style(role),
            );
            row += 1;
        }
        let place = if is_beside {
            Rect {
                x: body.x + wide + GAP,
                width: body.width - wide - GAP,
                ..body
            }
        } else {
            paint::below(body, row + 1)
        };
        if let Some(qr) = qr
            && !qr.view(frame, place, look)
        {
            let say = look.text("learn.no_room");
            paint::line(
                frame,
                paint::below(body, row),
                0,
                say,
                look.style(Role::Warn),
            );
        }
    }
}
