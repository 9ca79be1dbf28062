//! From the configuration to a running console, and the one-shot commands.

pub mod evidence;

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, anyhow};
use chrono::Utc;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::Sender;

use crate::app::{App, Parts};
use crate::config::{Config, Rest};
use crate::db::books::Books;
use crate::db::demo::{self, Demo, MEMBERS};
use crate::db::embedded::data_folder;
use crate::db::open::APP;
use crate::device::escpos;
use crate::device::printer::{self, Fault, Patience, Target};
use crate::device::remember::Memory;
use crate::device::rules;
use crate::device::usb;
use crate::doctor::machine::Folder;
use crate::doctor::{self, World};
use crate::domain::calendar::local;
use crate::domain::slip::{self, Layout};
use crate::error::{Kind, Refusal};
use crate::event::{Event, What};
use crate::log;
use crate::run;
use crate::run::paper::Devices;
use crate::session::Connection;
use crate::ui::screens::counter::Counter;
use crate::ui::screens::printer::test_facts;
use crate::ui::screens::sign_in::SignIn;
use crate::ui::terminal::Terminal;
use crate::ui::text::{Lang, Say, Text};

/// Which books a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those the configuration names.
    Own,
    /// The demo shop of so many members: always private, apart from the real one.
    Demo(u32),
}

impl Which {
    #[must_use]
    pub const fn of(demo: bool, members: u32) -> Self {
        if demo { Self::Demo(members) } else { Self::Own }
    }
}

/// Characters of the password of the tills' role.
const PASSWORD_LENGTH: std::ops::RangeInclusive<usize> = 16..=128;

/// Books, and the folder where tills keep what is their own.
fn books(config: &Config, which: Which) -> Result<(Books, PathBuf), Refusal> {
    let home = data_folder()?;
    let name = match which {
        Which::Demo(MEMBERS) => "demo".to_owned(),
        Which::Demo(members) => format!("demo-{members}"),
        Which::Own => {
            return Ok(match &config.database.url {
                Some(url) => (Books::on_server(url)?, home),
                None => (Books::Private(home.clone()), home),
            });
        }
    };
    let home = home.join(name);
    Ok((Books::Private(home.clone()), home))
}

/// A refusal for standard error, where no screen shows it: what it is and what to do next. The log gets
/// what is behind it.
fn words(refusal: &Refusal, lang: Lang) -> anyhow::Error {
    let refusal = &told(refusal);
    match Text::load() {
        Ok(texts) => anyhow!("{}", texts.say(lang, &Say::from(refusal))),
        Err(_) => anyhow!("{refusal}"),
    }
}

/// A refusal that is about to be told: the log has what is behind it.
fn told(refusal: &Refusal) -> Refusal {
    let refusal = run::log(refusal.clone());
    if refusal.kind != Kind::Internal {
        tracing::warn!(cause = run::chain(&refusal), "refused");
    }
    refusal
}

/// One thread for everything that waits.
fn runtime() -> anyhow::Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// The keyboards and lines that are scanners: those the configuration names, and those somebody
/// taught on this machine, whatever shop is open.
fn memory(config: &Config) -> anyhow::Result<Memory> {
    let home = data_folder().map_err(|refusal| words(&refusal, config.lang))?;
    Ok(Memory::load(config.keyboards()?, home.join("scanners")))
}

/// Runs the console until it ends.
///
/// # Errors
/// No terminal, no database program, another console at the same till.
pub fn console(config: &Config, parts: Parts, which: Which) -> anyhow::Result<()> {
    let (books, home) = books(config, which).map_err(|refusal| words(&refusal, config.lang))?;
    let till = config.till.number;
    let memory = memory(config)?;
    runtime()?.block_on(async {
        let (sender, receiver) = run::channel();
        let mut first = SignIn::new(Some(|| Box::new(Counter::new())));
        if let Which::Demo(_) = which {
            first = first.hinting("sign_in.demo");
        }
        let app = App::new(parts, Box::new(first), Utc::now());
        // Before the books: what is typed meanwhile is neither echoed nor taken.
        let mut terminal = Terminal::open().context("guitai needs a terminal: start it in one")?;
        terminal.draw(|frame| app.view_preparing(frame))?;
        let folder = home.join(format!("till-{till}"));
        let devices = Devices::of(config, &folder)?;
        let opening = books.open(till, &folder, news(sender.clone()));
        let opened = tokio::select! {
            opened = opening => opened,
            stopped = run::stopped() => return Ok(stopped?),
        };
        let db = match opened {
            Ok(db) => Rc::new(db),
            Err(refusal) => {
                drop(terminal);
                return Err(words(&refusal, config.lang));
            }
        };
        terminal.forget_typed();
        let events = (sender, receiver);
        let ended = Box::pin(run::run(
            app,
            terminal,
            Rc::clone(&db),
            events,
            memory,
            devices,
        ))
        .await;
        if let Some(db) = Rc::into_inner(db) {
            db.close().await;
        }
        Ok(ended?)
    })
}

/// Brings the header up to date from inside the back end. A full channel drops the news: the next one counts.
fn news(sender: Sender<Event>) -> Box<dyn Fn(Connection)> {
    Box::new(move |connection| {
        let event = Event {
            at: Utc::now(),
            what: What::Connection(connection),
        };
        let _ = sender.try_send(event);
    })
}

/// `guitai migrate`: the schema, and on a server how the tills get in.
///
/// # Errors
/// No usable password in the file; the database does not answer, or a migration fails.
pub fn migrate(
    config: &Config,
    app_password: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let say = |refusal: Refusal| words(&refusal, config.lang);
    let password = app_password.map(password_in).transpose().map_err(say)?;
    let (books, _) = books(config, Which::Own).map_err(say)?;
    runtime()?
        .block_on(books.migrate(password.as_deref()))
        .map_err(say)?;
    writeln!(out, "ok")?;
    if let Some(url) = config.database.url.as_deref().and_then(of_the_tills) {
        let hint = match password {
            Some(_) => "link.app_ready",
            None => "link.app_password",
        };
        let next = Say::new(hint).with("user", APP).with("url", url);
        let texts = Text::load().map_err(|error| anyhow!(error))?;
        writeln!(out, "\n{}", texts.say(config.lang, &next))?;
    }
    Ok(())
}

/// The password in a file: one line, of characters that need no quoting in a URL.
fn password_in(file: &Path) -> Result<String, Refusal> {
    let bad = || Refusal::user("link.password_file").with("path", file.display());
    let text = std::fs::read_to_string(file).map_err(|_error| bad())?;
    let password = text.trim_end_matches(['\r', '\n']);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._~-".contains(c);
    if PASSWORD_LENGTH.contains(&password.len()) && password.chars().all(plain) {
        Ok(password.to_owned())
    } else {
        Err(bad())
    }
}

/// The owner's URL as the tills need it; none for a socket, where the server knows the account.
fn of_the_tills(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (rest, asked) = rest
        .split_once('?')
        .map_or((rest, None), |(a, b)| (a, Some(b)));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let given = |word: &&str| {
        !["user=", "password="]
            .iter()
            .any(|own| word.starts_with(own))
    };
    let asked: Vec<&str> = asked
        .into_iter()
        .flat_map(|a| a.split('&'))
        .filter(given)
        .collect();
    if asked.iter().any(|word| word.starts_with("host=/")) {
        return None;
    }
    let asked = match asked.join("&") {
        none if none.is_empty() => none,
        some => format!("?{some}"),
    };
    Some(format!("{scheme}://{APP}:PASSWORD@{place}{asked}"))
}

/// `guitai doctor`: checks what the configuration names.
///
/// # Errors
/// Something fails; the report says what to do.
pub fn doctor(
    rest: Rest,
    env: impl Fn(&str) -> Option<String>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let config = &rest.config;
    let say = |refusal: Refusal| Say::from(&told(&refusal));
    let home = data_folder();
    let memory = memory(config).unwrap_or_default();
    let others = usb::list(&memory).map(|listing| listing.others);
    let tried = tokio::task::LocalSet::new();
    let (database, scanners, paper) = runtime()?.block_on(async {
        // To ask makes one where there is none.
        let database = match books(config, Which::Own) {
            _ if !rest.is_database_known => None,
            Ok((books, _)) => Some(books.greet().await),
            Err(refusal) => Some(Err(refusal)),
        };
        let scanners = tried.run_until(run::scan::try_all(memory)).await;
        let paper = doctor::paper::tried(config, Patience::default()).await;
        (database, scanners, paper)
    });
    let folders = home.iter().cloned().chain(log::folder(&env));
    let folders: Vec<_> = folders.map(|path| Folder::seen(&path)).collect();
    let world = World {
        now: Utc::now(),
        mistakes: rest.mistakes,
        database: database.map(|answer| answer.map_err(say)),
        folders,
        no_folder: home.err().map(say),
        scanners,
        has_usb: others.is_some(),
        others: others
            .iter()
            .flatten()
            .map(|one| one.name.clone())
            .collect(),
        terminal: doctor::terminal::Seen::now(&env),
        paper,
    };
    if doctor::report(config, &world, out)? {
        return Ok(());
    }
    let texts = Text::load().map_err(anyhow::Error::msg)?;
    Err(anyhow!("{}", texts.get(config.lang, "doctor.failed")))
}

/// `guitai doctor --rules`: what gives a person the scanners that are plugged in, and nothing else.
///
/// # Errors
/// Standard output is gone.
pub fn rules(config: &Config, out: &mut impl Write) -> anyhow::Result<()> {
    for rule in rules::lines(&usb::list(&memory(config)?).unwrap_or_default()) {
        writeln!(out, "{rule}")?;
    }
    Ok(())
}

/// `guitai doctor --write-rules`: writes them where udev reads them.
///
/// # Errors
/// The file cannot be written: says how it can.
pub fn write_rules(config: &Config, file: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let rules = rules::lines(&usb::list(&memory(config)?).unwrap_or_default());
    if rules.is_empty() {
        writeln!(
            out,
            "no scanner is plugged in that needs a rule: plug it in, or teach it first"
        )?;
        return Ok(());
    }
    let path = file.display();
    let told = rules::write(file, &rules).with_context(|| {
        format!("cannot write {path}: guitai doctor --rules | sudo tee -a {path}")
    })?;
    writeln!(out, "{path} gives the group plugdev these scanners:")?;
    for rule in &rules {
        writeln!(out, "  {rule}")?;
    }
    if !told {
        writeln!(out, "udev did not answer: plug them in again")?;
    }
    Ok(())
}

/// `guitai scan`: prints what the scanners of this machine read, until a signal or a closed pipe.
///
/// # Errors
/// Signals cannot be watched.
pub fn scan(config: &Config, json: bool, learns: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let texts = Text::load().map_err(anyhow::Error::msg)?;
    let memory = memory(config)?;
    let work = run::scan::scan(memory, learns, |news| {
        let line = if json {
            run::scan::json(news, Utc::now(), config.lang, &texts)
        } else {
            run::scan::plain(news, config.lang, &texts)
        };
        line.map_or(Ok(()), |line| {
            writeln!(out, "{line}").and_then(|()| out.flush())
        })
    });
    Ok(runtime()?.block_on(tokio::task::LocalSet::new().run_until(work))?)
}

/// Whether a till was opened on this machine: from then on what it does is on record.
fn has_till(home: &Path) -> bool {
    let inside = std::fs::read_dir(home).into_iter().flatten().flatten();
    let mut names = inside.filter_map(|entry| entry.file_name().into_string().ok());
    names.any(|name| name.starts_with("till-"))
}

/// `guitai print`: a test page, or the drawer while nothing is sold here: later it opens in the console
/// alone, which writes down who and why (OP3).
///
/// # Errors
/// There is no printer, or it does not print: what to do. There is a till.
pub fn print(config: &Config, drawer: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let texts = Text::load().map_err(anyhow::Error::msg)?;
    let words = |key: &str| texts.get(config.lang, key).to_owned();
    let target = config
        .target()?
        .ok_or_else(|| anyhow!("{}", words("receipt.no_printer")))?;
    if drawer {
        let home = data_folder().map_err(|refusal| self::words(&refusal, config.lang))?;
        // Nobody could say who it was.
        if has_till(&home) {
            return Err(anyhow!("{}", words("printer.drawer_in_console")));
        }
    }
    let setup = config.paper()?;
    let slips = config.slips(&texts)?;
    let layout = Layout {
        columns: setup.columns,
        copy: false,
        words: &words,
        slips: &slips,
    };
    let now = local(Utc::now()).format("%Y-%m-%d %H:%M");
    let facts = test_facts(setup.columns)
        .one("at", now)
        .one("cashier", "guitai");
    let lines = slip::fill(slip::Kind::Test, &facts, layout);
    let patience = Patience::default();
    let done = runtime()?.block_on(async {
        if drawer {
            printer::kick(&target, &escpos::kick(setup.pulse), patience).await
        } else {
            let bytes = escpos::document(&lines, &setup);
            let printed = printer::print(&target, &bytes, patience).await;
            printed.map_err(|failure| failure.fault)
        }
    });
    match done {
        Ok(()) => Ok(writeln!(out, "ok")?),
        Err(fault) => Err(words_of(&fault, &target, config.lang)),
    }
}

fn words_of(fault: &Fault, target: &Target, lang: Lang) -> anyhow::Error {
    words(&fault.refusal(&target.to_string()), lang)
}

/// `guitai demo`: makes the demo shop when it is not there yet.
///
/// # Errors
/// No Postgres, no room on the disk.
pub fn demo(config: &Config, members: u32, seed: u64, out: &mut impl Write) -> anyhow::Result<()> {
    let say_no = |refusal: Refusal| words(&refusal, config.lang);
    let (_, home) = books(config, Which::Demo(members)).map_err(say_no)?;
    let out = RefCell::new(out);
    let say = |line: &str| {
        // A closed pipe must not stop the shop from being made.
        let _ = writeln!(out.borrow_mut(), "{line}");
    };
    let demo = Demo {
        seed,
        ..Demo::year(members, local(Utc::now()).date_naive())
    };
    runtime()?
        .block_on(demo::make(&home, demo, say))
        .map_err(say_no)
}

/// `guitai verify`: recomputes everything from the postings and names the first difference (LG6).
///
/// # Errors
/// A difference; the database does not answer.
pub fn verify(config: &Config, which: Which, out: &mut impl Write) -> anyhow::Result<()> {
    let say = |refusal: Refusal| words(&refusal, config.lang);
    let (books, _) = books(config, which).map_err(say)?;
    let verdict = runtime()?.block_on(books.verify()).map_err(say)?;
    let counts = verdict.counts;
    writeln!(
        out,
        "{} tills, {} operations, {} postings, {} members, {} lots, {} shifts",
        counts.tills,
        counts.operations,
        counts.postings,
        counts.members,
        counts.lots,
        counts.shifts
    )?;
    match verdict.difference {
        None => Ok(writeln!(out, "ok")?),
        Some(found) => {
            let refusal = Refusal {
                with: found.with,
                ..Refusal::user(found.hint)
            };
            Err(words(&refusal, config.lang))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    #[test]
    fn a_till_that_was_opened_is_known_by_its_folder() {
        let home = std::env::temp_dir().join(format!("guitai-tills-{}", std::process::id()));
        std::fs::create_dir_all(home.join("postgres")).unwrap();
        assert!(!has_till(&home) && !has_till(&home.join("nowhere")));
        std::fs::create_dir_all(home.join("till-2")).unwrap();
        assert!(has_till(&home));
        std::fs::remove_dir_all(&home).unwrap();
    }
}
