//! From the last report of a code to the event in the console's queue: decoder and channels, as the console has
//! them. Promised: under 1 ms.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    dead_code,
    reason = "a bench stops at the first surprise and prints its figures"
)]

#[path = "support/clock.rs"]
mod clock;

use std::time::Instant;

use clock::Times;
use guitai::device::descriptor::ScanReport;
use guitai::device::heard::Heard;
use guitai::device::pos::Pos;
use guitai::device::source::Source;
use guitai::event::{Event, What};
use guitai::run::scanners::News;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

const CODES: usize = 10_000;

fn report(text: &str) -> Vec<u8> {
    let mut all = vec![2, u8::try_from(text.len()).unwrap()];
    all.extend(b"]E0");
    all.extend(text.bytes());
    all.resize(64, 0);
    all
}

async fn measure() -> Times {
    let form = ScanReport {
        page: 0x8C,
        id: Some(2),
        data: 5..61,
        count: Some(1),
        aim: Some(2),
        continued: Some((63, 0)),
    };
    // Device to reader, reader to station, station to console.
    let (wire, mut reports) = mpsc::channel::<Vec<u8>>(4);
    let (said, mut news) = mpsc::channel(256);
    let (sent, mut events) = mpsc::channel(256);
    spawn_local(async move {
        let mut decoder = Pos::new(form, "front".to_owned());
        while let Some(report) = reports.recv().await {
            for heard in decoder.feed(report, 0) {
                if let Heard::Scan(scan) = heard {
                    said.send(News::Scan(scan)).await.unwrap();
                }
            }
        }
    });
    spawn_local(async move {
        while let Some(News::Scan(scan)) = news.recv().await {
            let at = chrono::Utc::now();
            let what = What::Scan(scan);
            sent.send(Event { at, what }).await.unwrap();
        }
    });
    let mut times = Times::default();
    for number in 0..CODES {
        let report = report(&format!("{number:013}"));
        let began = Instant::now();
        wire.send(report).await.unwrap();
        events.recv().await.unwrap();
        times.push(began.elapsed());
    }
    times
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let times = runtime.block_on(LocalSet::new().run_until(measure()));
    println!(
        "{CODES} codes, last report to event, milliseconds: p50 {:.4}, p99 {:.4}, worst {:.4}; promised: under 1",
        times.p50(),
        times.p99(),
        times.at(1.0)
    );
}
