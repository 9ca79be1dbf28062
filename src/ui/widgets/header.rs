//! The first line: shop, till, who since when, scanner, printer, connection, time.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::session::{Connection, ScannerSign, Session};
use crate::ui::paint;
use crate::ui::screen::{Look, is_narrow};
use crate::ui::text::Say;
use crate::ui::theme::Role;
use crate::ui::width;

/// Draws the header over the first row of `area`. When it is too narrow for all, the signs on
/// the right stay whole and the left is cut.
pub fn view(frame: &mut Frame, area: Rect, look: &Look) {
    let mut rest = area;
    let clock = format!(" {} ", look.session.clock(look.now));
    rest.width -= paint::line_right(frame, rest, 0, &clock, look.style(Role::Title));
    for (sign, role) in signs(area, look).into_iter().rev() {
        let text = format!("[{sign}] ");
        if width::columns(&text) < rest.width {
            rest.width -= paint::line_right(frame, rest, 0, &text, look.style(role));
        }
    }
    rest.width = rest.width.saturating_sub(1);
    let taken = paint::line(frame, rest, 0, &place(look), look.style(Role::Title));
    let after = Rect {
        x: rest.x + taken,
        width: rest.width - taken,
        ..rest
    };
    paint::line(frame, after, 0, &person(look), look.style(Role::Text));
}

fn place(look: &Look) -> String {
    let Session { shop, till, .. } = look.session;
    let product = look.text("header.product");
    let shop = shop.as_ref().map_or(product, |shop| shop.name.as_str());
    let till = till.as_ref().map_or("", |till| till.name.as_str());
    format!(" {shop} {till}  ")
}

fn person(look: &Look) -> String {
    let name = look.session.staff.as_ref().map(|staff| staff.name.as_str());
    let since = look.session.shift.as_ref().map(|shift| {
        let time = look.session.clock(shift.opened_at);
        look.say(&Say::new("header.shift_since").with("time", time))
    });
    [
        name.unwrap_or_default(),
        since.as_deref().unwrap_or_default(),
    ]
    .join(" ")
}

fn signs(area: Rect, look: &Look) -> Vec<(String, Role)> {
    let mut signs = Vec::new();
    match look.session.scanner {
        ScannerSign::None => {}
        ScannerSign::Ready if is_narrow(area) => {}
        ScannerSign::Ready => {
            signs.push((look.text("header.scanner_ready").to_owned(), Role::Good));
        }
        ScannerSign::Trouble => {
            signs.push((look.text("header.scanner_trouble").to_owned(), Role::Warn));
        }
    }
    let printer = &look.session.printer;
    if printer.trouble.is_some() || !printer.jobs.is_empty() {
        let say = Say::new("header.printer").with("jobs", printer.jobs.len());
        signs.push((look.say(&say), Role::Warn));
    }
    signs.push(match &look.session.connection {
        Connection::Online => (look.text("header.online").to_owned(), Role::Good),
        Connection::Slow => (look.text("header.slow").to_owned(), Role::Warn),
        Connection::Offline => (look.text("header.offline").to_owned(), Role::Bad),
        Connection::Unknown { code } => (
            look.say(&Say::new("header.unknown").with("code", code)),
            Role::Bad,
        ),
    });
    signs
}
