//! guitai (柜台): a keyboard-driven store console for shops that live on regular customers.
//!
//! The map, in the order of dependence (`domain <- db, device, ui <- app <- run <- main`),
//! and the invariants `tests/architecture.rs` holds the code to:
//!
//! 1. Dependencies point one way, as above.
//! 2. `domain` is pure: no tokio, sqlx, ratatui, no clock, no randomness.
//! 3. `ui` never names `db`; `db` never names `ui`; `device` names neither.
//! 4. Only `run` awaits, spawns, draws or exits. `App::update` cannot fail and cannot wait.
//! 5. Nothing prints: stdout belongs to the terminal, stderr may be dead.
//! 6. State changes only on an `Event`: the same events give the same screens.
//! 7. Every queue, list, retry and wait has a limit in a named constant.
//! 8. The ledger is append-only.

/// Money, members, prices: the rules of the shop, pure.
pub mod domain;

/// `Refusal`: everything a person can act on.
pub mod error;

/// Ids that are the same in a test every time.
pub mod ids;

/// `Query` and `Reply`: the words between console and back end.
pub mod query;

/// Who stands at which till.
pub mod session;

/// Postgres.
pub mod db;

/// Scanners, printers, drawers.
pub mod device;

/// What a person sees and presses. Start reading at `ui::screen`.
pub mod ui;

/// `Event` and `Effect`: all that can happen, all that can be asked for.
pub mod event;

/// The command line.
pub mod args;

/// `config.toml`.
pub mod config;

/// The daily log file.
pub mod log;

/// `guitai doctor`.
pub mod doctor;

/// Session and stack of screens: `update(Event)`.
pub mod app;

/// From the configuration to a running console.
pub mod start;

/// The loop: wait, update, perform effects, draw if changed.
pub mod run;
