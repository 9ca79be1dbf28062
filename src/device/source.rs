//! `Source`: anything that turns raw input into scans, without a clock of its own.

/// A decoder between a device and the event queue, as a pure state machine: a task feeds it what
/// was read with the time of reading, sleeps until [`Source::deadline`], and forwards the outputs.
///
/// The terminal needs it because a burst may end in silence; a HID reader because a chain of
/// reports may end without its last one (scanner.md 1.2). Both replay recorded input in tests.
pub trait Source {
    /// One unit of input: a key for the terminal, a report for a HID scanner.
    type Input;
    /// What comes out, in order.
    type Output;

    /// Takes one input read at `at_ms`: milliseconds on a monotonic clock, any origin. A time
    /// before the last one counts as the last one.
    fn feed(&mut self, input: Self::Input, at_ms: u64) -> Vec<Self::Output>;

    /// When `tick` must be called if nothing is fed before; `None` is "never".
    fn deadline(&self) -> Option<u64>;

    /// Tells the time. Before the deadline it does nothing.
    fn tick(&mut self, at_ms: u64) -> Vec<Self::Output>;
}
