//! Times, and whether a promise was kept.

use std::time::Duration;

/// Times of one thing, sorted.
#[derive(Debug, Clone, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The time that `share` of them (0 to 1) do not pass, milliseconds.
    pub fn at(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len() as f64 * share).ceil() as usize;
        millis(sorted[place.clamp(1, sorted.len()) - 1])
    }

    pub fn p50(&self) -> f64 {
        self.at(0.5)
    }

    pub fn p99(&self) -> f64 {
        self.at(0.99)
    }
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The middle one of several runs.
pub fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

/// The word behind a figure.
pub fn verdict(kept: bool) -> &'static str {
    if kept { "kept" } else { "MISSED" }
}

/// How busy the machine is, to be printed with the figures.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace()
        .take(3)
        .collect::<Vec<_>>()
        .join(" ")
}
