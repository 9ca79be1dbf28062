//! A QR code in half blocks: two modules in one cell, light ones drawn, so that it is right on a dark
//! terminal without colours too.

use qrcode::{Color, EcLevel, QrCode};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color as Paint, Style};

use crate::ui::paint;
use crate::ui::screen::Look;
use crate::ui::theme::Borders;

/// Light modules around the code that readers need.
const QUIET: usize = 4;

/// A code that is drawn again and again.
#[derive(Debug, Clone)]
pub struct Qr {
    /// Whether a module is dark, row by row.
    dark: Vec<Vec<bool>>,
}

impl Qr {
    /// `None`: the text is too long for any.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
        let modules = code.to_colors();
        let rows = modules.chunks(code.width().max(1));
        let dark = rows.map(|row| row.iter().map(|one| *one == Color::Dark).collect());
        Some(Self {
            dark: dark.collect(),
        })
    }

    /// Columns and rows with its quiet zone.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        let modules = self.dark.len() + 2 * QUIET;
        let count = |many: usize| u16::try_from(many).unwrap_or(u16::MAX);
        (count(modules), count(modules.div_ceil(2)))
    }

    /// Draws it at the top left of `area`, or nothing: when it does not fit whole, or the terminal
    /// makes half blocks two columns wide.
    pub fn view(&self, frame: &mut Frame, area: Rect, look: &Look) -> bool {
        let (columns, rows) = self.size();
        let fits = columns <= area.width && rows <= area.height;
        if !fits || look.theme.borders == Borders::Ascii {
            return false;
        }
        let style = Style::new().fg(Paint::White).bg(Paint::Black);
        for row in 0..rows {
            let text = self.row(row.into());
            paint::line(frame, area, row, &text, style);
        }
        true
    }

    /// One row of cells.
    fn row(&self, row: usize) -> String {
        let modules = self.dark.len() + 2 * QUIET;
        let cell = |column| match (
            self.is_light(row * 2, column),
            self.is_light(row * 2 + 1, column),
        ) {
            (true, true) => '█',
            (true, false) => '▀',
            (false, true) => '▄',
            (false, false) => ' ',
        };
        (0..modules).map(cell).collect()
    }

    /// Below an odd number of rows there is nothing: light as well.
    fn is_light(&self, row: usize, column: usize) -> bool {
        let inside = row.checked_sub(QUIET).zip(column.checked_sub(QUIET));
        let dark = inside.and_then(|(row, column)| self.dark.get(row)?.get(column));
        !dark.copied().unwrap_or(false)
    }
}
