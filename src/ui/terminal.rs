//! The real terminal, opened and restored by hand: nothing here prints, and a dead terminal or a
//! dead stderr is an error value, never a panic.
//!
//! A frame is made in memory and leaves in one write between Begin and End of a synchronized
//! update, so that no terminal shows half of it.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use crossterm::cursor::{Hide, Show};
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    BeginSynchronizedUpdate, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{Command, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, TerminalOptions, Viewport};

/// The smallest terminal that can be worked with, in columns and rows.
pub const SMALLEST: (u16, u16) = (40, 12);

/// What a terminal that does not know its size is taken for.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// How ratatui ends a frame: default foreground, background, underline colour; then all at once.
const RESETS: &[u8] = b"\x1b[39m\x1b[49m\x1b[59m\x1b[0m";

/// Length of the last one.
const RESET_ALL: usize = 4;

/// Bytes on their way to the terminal. Writing here cannot fail.
#[derive(Debug, Clone, Default)]
struct Bytes(Rc<RefCell<Vec<u8>>>);

impl Bytes {
    fn command(&self, command: impl Command) -> io::Result<()> {
        queue!(self.0.borrow_mut(), command)
    }

    /// Leaves out what the last reset of a frame does anyway: 15 bytes of some 70.
    fn shorten(&self) {
        let mut bytes = self.0.borrow_mut();
        let mut places = bytes.windows(RESETS.len());
        if let Some(place) = places.rposition(|window| window == RESETS) {
            bytes.drain(place..place + RESETS.len() - RESET_ALL);
        }
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal while the console has it; dropping it gives it back.
#[derive(Debug)]
pub struct Terminal {
    out: File,
    bytes: Bytes,
    inner: ratatui::Terminal<CrosstermBackend<Bytes>>,
}

impl Terminal {
    /// Takes the terminal of standard output: raw mode, alternate screen, bracketed paste.
    ///
    /// # Errors
    /// Standard output is no terminal, or is gone.
    pub fn open() -> io::Result<Self> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let (columns, rows) = size(&out)?;
        let bytes = Bytes::default();
        let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
        let inner = ratatui::Terminal::with_options(
            CrosstermBackend::new(bytes.clone()),
            TerminalOptions { viewport },
        )?;
        enable_raw_mode()?;
        let mut terminal = Self { out, bytes, inner };
        terminal.bytes.command(EnterAlternateScreen)?;
        terminal.bytes.command(EnableBracketedPaste)?;
        terminal.bytes.command(DisableLineWrap)?;
        terminal.bytes.command(Hide)?;
        terminal.send()?;
        Ok(terminal)
    }

    /// Draws one frame.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.bytes.command(BeginSynchronizedUpdate)?;
        self.inner.draw(view)?;
        self.bytes.shorten();
        self.bytes.command(EndSynchronizedUpdate)?;
        self.send()
    }

    /// Reads the size again: it may have changed before anybody watched it.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn measure(&mut self) -> io::Result<()> {
        let (columns, rows) = size(&self.out)?;
        self.resize(columns, rows)
    }

    /// Takes over a new size; the next frame is drawn whole.
    ///
    /// # Errors
    /// Never in practice: it only prepares bytes.
    pub fn resize(&mut self, columns: u16, rows: u16) -> io::Result<()> {
        self.inner.resize(Rect::new(0, 0, columns, rows))
    }

    /// Drops what was typed and not yet read.
    pub fn forget_typed(&self) {
        // A terminal that is gone is noticed by the next frame.
        let _ = rustix::termios::tcflush(&self.out, rustix::termios::QueueSelector::IFlush);
    }

    fn send(&mut self) -> io::Result<()> {
        self.out.write_all(&self.bytes.take())
    }

    fn restore(&mut self) -> io::Result<()> {
        self.bytes.take();
        self.bytes.command(EndSynchronizedUpdate)?;
        self.bytes.command(ResetColor)?;
        self.bytes.command(DisableBracketedPaste)?;
        self.bytes.command(EnableLineWrap)?;
        self.bytes.command(LeaveAlternateScreen)?;
        self.bytes.command(Show)?;
        self.send()
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.out.as_fd()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Nobody is left to tell when this fails: the terminal is gone.
        let _ = self.restore();
        let _ = disable_raw_mode();
    }
}

/// Columns and rows of a terminal.
fn size(out: &File) -> io::Result<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(out)?;
    if size.ws_col == 0 || size.ws_row == 0 {
        return Ok(USUAL_SIZE);
    }
    Ok((size.ws_col, size.ws_row))
}
