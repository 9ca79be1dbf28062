//! Reads the arguments, opens the log, and runs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::anyhow;
use clap::Parser;
use guitai::app::Parts;
use guitai::args::{Args, Command};
use guitai::config::{Config, Rest};
use guitai::log;
use guitai::start::{self, Which};
use rustix::fs::Mode;
use rustix::process::umask;

fn main() -> anyhow::Result<()> {
    // Names and balances: what guitai writes is for its own account alone.
    umask(Mode::RWXG | Mode::RWXO);
    let args = Args::parse();
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let file = args.config.as_deref();
    let mut rest = match &args.command {
        // It tells the mistakes, and checks the rest.
        Some(Command::Doctor {
            rules: false,
            write_rules: None,
        }) => Rest::load(file, env),
        _ => Rest::whole(Config::load(file, env)?),
    };
    let config = &mut rest.config;
    config.lang = args.lang.unwrap_or(config.lang);
    config.till.number = args.till.unwrap_or(config.till.number);
    let mut out = std::io::stdout();
    // Only the console insists on a log.
    let folder = log::open(env);
    let which = match args.command {
        Some(Command::Doctor { rules: true, .. }) => return start::rules(config, &mut out),
        Some(Command::Doctor {
            write_rules: Some(file),
            ..
        }) => return start::write_rules(config, &file, &mut out),
        Some(Command::Doctor { .. }) => {
            return start::doctor(rest, env, &mut out);
        }
        Some(Command::Migrate { app_password_file }) => {
            return start::migrate(config, app_password_file.as_deref(), &mut out);
        }
        Some(Command::Scan { json, learn }) => {
            return start::scan(config, json, learn, &mut out);
        }
        Some(Command::Print { drawer }) => return start::print(config, drawer, &mut out),
        Some(Command::Verify { demo, members }) => {
            return start::verify(config, Which::of(demo, members), &mut out);
        }
        Some(Command::Evidence {
            member,
            demo,
            members,
        }) => {
            let which = Which::of(demo, members);
            let answers = (chrono::Utc::now(), &mut std::io::stdin().lock());
            return start::evidence::take(config, which, &member, answers, &mut out);
        }
        Some(Command::Demo { members, seed }) => {
            start::demo(config, members, seed, &mut out)?;
            Which::Demo(members)
        }
        None => Which::Own,
    };
    let seed = uuid::Uuid::now_v7().as_u128();
    let parts = Parts::new(config, env("NO_COLOR").is_some(), seed)?;
    let folder = folder?;
    // The panic is in the log and the terminal is restored while unwinding.
    catch_unwind(AssertUnwindSafe(|| start::console(config, parts, which))).unwrap_or_else(
        |_panic| {
            Err(anyhow!(
                "guitai had to stop; the log is in {}",
                folder.display()
            ))
        },
    )
}
