//! `guitai doctor`: the effective configuration, and whether what it names is there and works. Every
//! line that fails says what to do.

pub mod terminal;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rustix::fs::{Access, access, statvfs};

use crate::config::Config;
use crate::device::trouble::Trouble;
use crate::run::scanners::News;
use crate::ui::keymap::Keymap;
use crate::ui::text::{Say, Text};
use crate::ui::theme::Theme;

/// Less room on the disk than this is too little, bytes.
const ROOM: u64 = 500_000_000;
/// A clock before this year was never set: a small box without a battery starts in 1970.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// What the caller found out.
#[derive(Debug)]
pub struct World {
    pub now: DateTime<Utc>,
    /// Whether the database answers, and what to do when not.
    pub database: Result<(), String>,
    /// Where guitai keeps its own: data and log.
    pub folders: Vec<PathBuf>,
    /// What happened when every scanner was tried.
    pub scanners: Vec<News>,
    /// Whether this machine has USB at all.
    pub has_usb: bool,
    /// Keyboards and serial lines nobody taught, by name.
    pub others: Vec<String>,
    pub terminal: terminal::Seen,
    /// Printer, drawer, display: what was tried, and what to do when it failed.
    pub devices: Vec<Checked>,
}

/// What was checked, and what to do when it fails.
type Checked = (String, Result<(), String>);

/// Writes the report; `false` when something fails.
///
/// # Errors
/// Standard output is gone.
pub fn report(config: &Config, world: &World, out: &mut impl Write) -> io::Result<bool> {
    let mut shown = config.clone();
    if let Some(url) = &mut shown.database.url {
        *url = without_password(url);
    }
    writeln!(out, "# configuration")?;
    writeln!(out, "{shown:#?}")?;
    writeln!(out, "# checks")?;
    let theme = Theme::new(
        &config.theme,
        config.terminal.borders,
        config.terminal.truecolor,
        false,
    );
    let mut checks = vec![
        ("texts".to_owned(), Text::load().map(drop)),
        ("keymap".to_owned(), Keymap::load().map(drop)),
        ("theme".to_owned(), theme.map(drop)),
        ("clock".to_owned(), clock(world.now)),
        ("database".to_owned(), world.database.clone()),
    ];
    checks.extend(terminal::checks(&world.terminal, &config.terminal));
    for folder in &world.folders {
        let name = folder.display();
        checks.push((format!("disk {name}"), disk(folder)));
        checks.push((format!("permissions {name}"), permissions(folder)));
    }
    checks.extend(scanners(config, world));
    checks.extend(world.devices.iter().cloned());
    let slips = Text::load().map(|texts| config.slips(&texts).map(drop));
    let slips = slips.and_then(|slips| slips.map_err(|error| error.to_string()));
    checks.push(("templates".to_owned(), slips));
    for (what, result) in &checks {
        match result {
            Ok(()) => writeln!(out, "ok    {what}")?,
            Err(error) => writeln!(out, "FAIL  {what}: {error}")?,
        }
    }
    if !world.has_usb {
        writeln!(
            out,
            "note  no USB on this machine: a scanner that types into the terminal works all the same"
        )?;
    }
    for name in &world.others {
        writeln!(
            out,
            "note  {name}: left alone; if it is a scanner, teach it: Ctrl-d at the counter, or guitai scan --learn"
        )?;
    }
    Ok(checks.iter().all(|(_, result)| result.is_ok()))
}

fn clock(now: DateTime<Utc>) -> Result<(), String> {
    let earliest = EARLIEST.parse::<DateTime<Utc>>();
    if earliest.is_ok_and(|earliest| now < earliest) {
        return Err(format!(
            "it says {}: set it, as with timedatectl set-ntp true",
            now.date_naive()
        ));
    }
    Ok(())
}

/// The folder, or what is there of the way to it.
fn nearest(folder: &Path) -> &Path {
    let mut ways = folder.ancestors();
    ways.find(|way| way.exists()).unwrap_or(folder)
}

fn disk(folder: &Path) -> Result<(), String> {
    let room = statvfs(nearest(folder)).map_err(|error| error.to_string())?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    if free < ROOM {
        return Err(format!(
            "{} MB free: make room, guitai needs {} MB",
            free / 1_000_000,
            ROOM / 1_000_000
        ));
    }
    Ok(())
}

fn permissions(folder: &Path) -> Result<(), String> {
    let there = nearest(folder);
    access(there, Access::WRITE_OK).map_err(|_denied| {
        format!(
            "{} cannot be written: give it to the account guitai runs as (chown)",
            there.display()
        )
    })
}

fn scanners(config: &Config, world: &World) -> Vec<Checked> {
    let texts = Text::load();
    let say = |say: &Say| match &texts {
        Ok(texts) => texts.say(config.lang, say),
        Err(_) => say.key.to_owned(),
    };
    let line = |news: &News| match news {
        News::Ready { device } => Some((format!("scanner {device}"), Ok(()))),
        // The console that is running.
        News::Trouble(Trouble::Busy {
            device,
            holder: Some(holder),
        }) if holder.ends_with("(guitai)") => {
            Some((format!("scanner {device}, read by {holder}"), Ok(())))
        }
        News::Trouble(trouble) => {
            let remedy = trouble.remedy();
            let what = remedy.unwrap_or_else(|| trouble.refusal());
            Some((
                format!("scanner {}", trouble.device()),
                Err(say(&Say::from(&what))),
            ))
        }
        News::Scan(_)
        | News::Refused { .. }
        | News::Count { .. }
        | News::Gear(_)
        | News::Learning(_) => None,
    };
    world.scanners.iter().filter_map(line).collect()
}

/// `postgres://name:secret@host/db` without the secret.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((login, host)) => {
            let name = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;

    fn world() -> World {
        World {
            now: "2026-03-09T02:32:00Z".parse().unwrap(),
            database: Ok(()),
            folders: vec![std::env::temp_dir()],
            scanners: Vec::new(),
            has_usb: true,
            others: Vec::new(),
            terminal: terminal::Seen::default(),
            devices: Vec::new(),
        }
    }

    fn lines(world: &World) -> Vec<String> {
        let mut out = Vec::new();
        report(&Config::default(), world, &mut out).unwrap();
        let said = String::from_utf8(out).unwrap();
        let checks = said.split_once("# checks\n").unwrap().1;
        checks.lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_is_wrong_comes_with_its_remedy() {
        let device = "front".to_owned();
        let ill = World {
            now: "1970-01-01T00:00:09Z".parse().unwrap(),
            database: Err("start it".to_owned()),
            scanners: vec![
                News::Ready {
                    device: "back".to_owned(),
                },
                News::Trouble(Trouble::Denied {
                    device,
                    rule: "THE RULE".to_owned(),
                }),
                News::Trouble(Trouble::Busy {
                    device: "desk".to_owned(),
                    holder: Some("7 (guitai)".to_owned()),
                }),
            ],
            others: vec!["Voyager".to_owned()],
            ..world()
        };
        let said = lines(&ill);
        for line in [
            "FAIL  clock: it says 1970-01-01: set it, as with timedatectl set-ntp true",
            "FAIL  database: start it",
            "ok    scanner back",
            "THE RULE",
            "ok    scanner desk, read by 7 (guitai)",
            "note  Voyager: left alone; if it is a scanner, teach it: Ctrl-d at the counter, or guitai scan --learn",
        ] {
            assert!(said.iter().any(|one| one == line), "{line}: {said:#?}");
        }
        assert!(lines(&world()).contains(&"ok    clock".to_owned()));
    }

    #[test]
    fn passwords_are_not_shown() {
        let url = "postgres://shop:s3cr@et@db/guitai";
        assert_eq!(without_password(url), "postgres://shop@db/guitai");
    }
}
