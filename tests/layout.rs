//! Frame A, then frame B over it, must look like a fresh frame B: on the bytes a real terminal
//! gets, with Chinese text under popups.

use chrono::TimeDelta;
use guitai::app::App;
use guitai::event::{Event, What};
use guitai::ui::keymap::Action;
use guitai::ui::paint;
use guitai::ui::screen::{Cx, Input, Look, Screen, Step};
use guitai::ui::screens::message::Message;
use guitai::ui::theme::Role;
use proptest::prelude::*;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use crate::support::console::{morning, parts};

type Out = Terminal<CrosstermBackend<Bytes>>;

/// What the terminal would have received.
#[derive(Debug, Clone, Default)]
struct Bytes(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl std::io::Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Fills the screen with one line of text, shifted by a column per row.
#[derive(Debug)]
struct Wall {
    text: String,
    refusal: guitai::error::Refusal,
}

impl Screen for Wall {
    fn bindings(&self) -> &'static str {
        "sign_in"
    }

    fn on(&mut self, input: Input, _cx: &mut Cx) -> Step {
        match input {
            Input::Action(Action::Down) => Step::push(Message::new(self.refusal.clone())),
            Input::Text(glyph) => {
                self.text.insert(0, glyph);
                Step::Stay
            }
            _ => Step::Stay,
        }
    }

    fn view(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        for row in 0..area.height {
            let text = format!("{}{}", " ".repeat(usize::from(row % 3)), self.text);
            paint::line(frame, area, row, &text, look.style(Role::Text));
        }
    }
}

fn app(text: &str) -> App {
    let wall = Wall {
        text: text.to_owned(),
        refusal: guitai::error::Refusal::offline(),
    };
    App::new(parts(), Box::new(wall), morning())
}

fn terminal(columns: u16, rows: u16) -> (Out, Bytes) {
    let bytes = Bytes::default();
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    let options = TerminalOptions { viewport };
    let out = Terminal::with_options(CrosstermBackend::new(bytes.clone()), options);
    (out.unwrap(), bytes)
}

/// What stands on the terminal, cell by cell with colours, and as text.
fn shown(bytes: &Bytes, columns: u16, rows: u16) -> (Vec<String>, String) {
    let mut parser = vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0);
    parser.process(&bytes.0.borrow());
    let screen = parser.screen();
    let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let cells = cells.map(|(row, column)| {
        let cell = screen.cell(row, column).unwrap();
        // The foreground of a blank cannot be seen.
        let glyph = match cell.contents() {
            "" | " " => " ".to_owned(),
            text => format!("{text} {:?}", cell.fgcolor()),
        };
        let ground = (cell.bgcolor(), cell.inverse(), cell.underline());
        format!("{row},{column} {glyph} {ground:?}")
    });
    (cells.collect(), screen.contents())
}

fn press(app: &mut App, code: crossterm::event::KeyCode) {
    let what = What::Key(code.into());
    let at = morning() + TimeDelta::seconds(1);
    app.update(Event { at, what });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_frame_over_another_looks_fresh(
        text in "[王晓明储值余额a-c1-3 ]{0,60}",
        keys in prop::collection::vec(prop::sample::select(vec!['x', '云', 'D', 'E', '1', '2']), 1..12),
        columns in 41_u16..100,
        rows in 12_u16..30,
    ) {
        use crossterm::event::KeyCode;
        let mut app = app(&text);
        let (mut out, bytes) = terminal(columns, rows);
        for key in keys {
            let code = match key {
                'D' => KeyCode::Down,
                'E' => KeyCode::Esc,
                '1' => KeyCode::F(1),
                '2' => KeyCode::F(12),
                glyph => KeyCode::Char(glyph),
            };
            out.draw(|frame| app.view(frame)).unwrap();
            press(&mut app, code);
        }
        out.draw(|frame| app.view(frame)).unwrap();
        let (mut fresh, fresh_bytes) = terminal(columns, rows);
        fresh.draw(|frame| app.view(frame)).unwrap();
        let (over, fresh) = (shown(&bytes, columns, rows), shown(&fresh_bytes, columns, rows));
        let differences: Vec<_> = over.0.iter().zip(&fresh.0).filter(|(a, b)| a != b).collect();
        prop_assert!(differences.is_empty(), "{:#?}", differences);
    }

    #[test]
    fn a_popup_keeps_its_left_border(shift in 0_usize..4, columns in 41_u16..100) {
        let mut app = app(&format!("{}{}", " ".repeat(shift), "储值余额".repeat(12)));
        press(&mut app, crossterm::event::KeyCode::Down);
        let (mut out, bytes) = terminal(columns, 24);
        out.draw(|frame| app.view(frame)).unwrap();
        let (_, screen) = shown(&bytes, columns, 24);
        let corners = screen.matches('┌').count() + screen.matches('└').count();
        prop_assert_eq!(corners, 2);
        let inside = screen.lines().filter(|line| line.matches('│').count() == 2).count();
        prop_assert!(inside > 0, "{}", screen);
    }
}
