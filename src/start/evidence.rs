//! `guitai evidence MEMBER`: her account as files that can be printed and looked through.

use std::io::{BufRead, IsTerminal, Write, stdin};

use super::{Which, books, runtime, words};
use crate::config::Config;
use crate::db::desk::Desk;
use crate::db::evidence::{Wanted, take_from};
use crate::domain::calendar::local;
use crate::domain::code::{Origin, Situation, known_as, meanings};
use crate::domain::evidence::Taken;
use crate::domain::evidence::page::page;
use crate::domain::evidence::tables::tables;
use crate::domain::staff::Pin;
use crate::error::Refusal;
use crate::ui::text::{Lang, Text};
use anyhow::anyhow;
use chrono::{DateTime, Utc};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// What the folder and the page are called.
const NAME: &str = "evidence";

/// Who takes it and why, as answered.
struct Answers {
    number: String,
    pin: Pin,
    reason: String,
}

/// Asks who takes it, signs her in, writes down that it leaves, and writes the files.
///
/// # Errors
/// A wrong PIN, no right, nobody of that name; the postings do not add up; the folder is there already.
pub fn take(
    config: &Config,
    which: Which,
    member: &str,
    (now, input): (DateTime<Utc>, &mut impl BufRead),
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let texts = Text::load().map_err(anyhow::Error::msg)?;
    let lang = config.lang;
    let say = |key: &str| texts.get(lang, key).to_owned();
    let refuse = |refusal: Refusal| words(&refusal, lang);
    let (books, home) = books(config, which).map_err(refuse)?;
    let answers = ask(&say, input, out)?;
    let till = config.till.number;
    let desk = Desk::open(&home.join(format!("till-{till}"))).map_err(refuse)?;
    let situation = Situation::Counter { member: false };
    let mut codes = known_as(&meanings(member, Origin::Typed, situation, &[]));
    codes.push(member.trim().to_owned());
    let wanted = Wanted {
        codes,
        id: member.trim().parse().ok(),
        number: answers.number,
        pin: answers.pin,
        till: till.into(),
        what: say("evidence.what_taken"),
        reason: answers.reason.clone(),
    };
    let name = |id| format!("{NAME}-{id}-{}", local(now).format("%Y%m%d-%H%M%S"));
    let is_free = |id: i64| desk.place(&name(id)).map(drop);
    let (who, pack) = runtime()?
        .block_on(take_from(&books, &wanted, &is_free))
        .map_err(refuse)?;
    pack.check().map_err(refuse)?;
    let taken = Taken {
        at: now,
        by: format!("{} {}", who.number, who.name),
        reason: answers.reason,
    };
    let tag = match lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    };
    let mut files = vec![(format!("{NAME}.html"), page(&pack, &taken, tag, &say))];
    let tables = tables(&pack, &taken, &say).into_iter();
    files.extend(tables.map(|(name, text)| (format!("{name}.csv"), text)));
    let name = name(pack.member.id);
    let path = desk.export_all(&name, &files).map_err(refuse)?;
    Ok(writeln!(
        out,
        "{}",
        say("evidence.written").replace("{path}", &path)
    )?)
}

/// Number, PIN and reason: typed, or from the lines of a script.
fn ask(
    say: &dyn Fn(&str) -> String,
    input: &mut impl BufRead,
    out: &mut impl Write,
) -> anyhow::Result<Answers> {
    let mut line = |key: &str, out: &mut dyn Write| -> anyhow::Result<String> {
        write!(out, "{}", say(key))?;
        out.flush()?;
        let mut line = String::new();
        input.read_line(&mut line)?;
        let line = line.trim().to_owned();
        if line.is_empty() {
            return Err(anyhow!("{}", say("evidence.no_answer")));
        }
        Ok(line)
    };
    let number = line("evidence.ask_number", out)?;
    let hidden = Hidden::new();
    let pin = line("evidence.ask_pin", out)?;
    drop(hidden);
    writeln!(out)?;
    let reason = line("evidence.ask_reason", out)?;
    Ok(Answers {
        number,
        pin: Pin(pin),
        reason,
    })
}

/// While it lives, a terminal does not show what is typed.
struct Hidden(Option<Termios>);

impl Hidden {
    fn new() -> Self {
        let stdin = stdin();
        let before = stdin
            .is_terminal()
            .then(|| tcgetattr(&stdin).ok())
            .flatten();
        if let Some(before) = &before {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHO);
            // Where it cannot be hidden it is seen: the person is there to see that.
            let _ = tcsetattr(&stdin, OptionalActions::Flush, &quiet);
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(stdin(), OptionalActions::Flush, before);
        }
    }
}
