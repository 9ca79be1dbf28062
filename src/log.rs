//! The log: one file a day in the state folder of the person. Never stdout, never stderr.

use std::path::PathBuf;

use anyhow::Context;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use crate::db::embedded::data_folder;

/// Days of log that are kept.
const DAYS: usize = 30;

/// Opens the log and sends panics there. Gives its folder: the state folder, or one beside the data without HOME.
///
/// # Errors
/// The folder cannot be made or written.
pub fn open(env: impl Fn(&str) -> Option<String>) -> anyhow::Result<PathBuf> {
    // A service may have no HOME.
    let folder = folder(&env)
        .or_else(|| Some(data_folder().ok()?.join("log")))
        .context("no HOME: set HOME or XDG_STATE_HOME")?;
    let unwritable = || format!("cannot write the log in {}", folder.display());
    // Else the appender says on stderr that it finds no old logs in it.
    std::fs::create_dir_all(&folder).with_context(unwritable)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("guitai")
        .filename_suffix("log")
        .max_log_files(DAYS)
        .build(&folder)
        .with_context(unwritable)?;
    let filter = env("GUITAI_LOG").unwrap_or_else(|| "info".to_owned());
    tracing_subscriber::fmt()
        .with_writer(file)
        .with_ansi(false)
        .with_env_filter(EnvFilter::new(filter))
        .try_init()
        .map_err(|error| anyhow::anyhow!("cannot open the log: {error}"))?;
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Ok(folder)
}

/// `$XDG_STATE_HOME/guitai` or `~/.local/state/guitai`.
#[must_use]
pub fn folder(env: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let home = || env("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = env("XDG_STATE_HOME").map(PathBuf::from).or_else(home)?;
    Some(state.join("guitai"))
}
