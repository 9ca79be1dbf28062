//! Reads the arguments, opens log and terminal, and runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use anyhow::{Context, anyhow, bail};
use chrono::Utc;
use clap::Parser;
use guitai::app::{App, Parts};
use guitai::args::{Args, Command};
use guitai::config::Config;
use guitai::ui::screens::sign_in::SignIn;
use guitai::ui::terminal::Terminal;
use guitai::{db, doctor, log, run};

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = Config::load(args.config.as_deref(), env)?;
    config.lang = args.lang.unwrap_or(config.lang);
    match args.command {
        Some(Command::Demo { .. } | Command::Verify | Command::Migrate) => {
            bail!("there is no database in this build yet")
        }
        Some(Command::Doctor) => Ok(doctor::report(&config, &mut std::io::stdout())?),
        None => {
            let seed = uuid::Uuid::now_v7().as_u128();
            let parts = Parts::new(&config, env("NO_COLOR").is_some(), seed)?;
            let folder = log::open(env)?;
            // The panic is in the log and the terminal is restored while unwinding.
            catch_unwind(AssertUnwindSafe(|| console(parts))).unwrap_or_else(|_panic| {
                Err(anyhow!(
                    "guitai had to stop; the log is in {}",
                    folder.display()
                ))
            })
        }
    }
}

fn console(parts: Parts) -> anyhow::Result<()> {
    let app = App::new(parts, Box::new(SignIn::new(None)), Utc::now());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let terminal = Terminal::open().context("guitai needs a terminal: start it in one")?;
    let backend = Rc::new(db::Unconnected);
    runtime.block_on(run::run(app, terminal, backend, run::channel()))?;
    Ok(())
}
