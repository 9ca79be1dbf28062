//! `guitai scan`: what the scanners read, as lines for a person or a script.

use std::io;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use crate::device::remember::Memory;
use crate::device::rules;
use crate::domain::gear::{Learning, Wish};
use crate::domain::scan::{Device, Scan};
use crate::run::scanners::{News, Scanners};
use crate::ui::text::{Lang, Say, Text};

/// How long a scanner may take to be ready.
const TRYING: Duration = Duration::from_secs(1);

/// Hands on what the scanners say until a signal comes or `print` fails, which is a normal end;
/// then gives the scanners back. `learns`: the first keyboard that sends a code is remembered.
///
/// # Errors
/// Signals cannot be watched.
pub async fn scan(
    memory: Memory,
    learns: bool,
    mut print: impl FnMut(&News) -> io::Result<()>,
) -> io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (scanners, mut news) = Scanners::start(memory);
    if learns {
        scanners.order(Wish::Learn {
            code: String::new(),
        });
    }
    loop {
        let next = tokio::select! {
            _ = hangup.recv() => None,
            _ = terminate.recv() => None,
            _ = interrupt.recv() => None,
            next = news.recv() => next,
        };
        let Some(next) = next else { break };
        if print(&next).is_err() {
            break;
        }
    }
    // Whoever still wants to say something must not wait for us.
    drop(news);
    scanners.close().await;
    Ok(())
}

/// Tries every scanner that is plugged in, gives it back, and tells what happened.
pub async fn try_all(memory: Memory) -> Vec<News> {
    let (scanners, mut news) = Scanners::start(memory);
    let mut heard = Vec::new();
    let collect = async {
        while let Some(next) = news.recv().await {
            heard.push(next);
        }
    };
    // Time is up, or there is no USB: either way that is all.
    let _ = timeout(TRYING, collect).await;
    drop(news);
    scanners.close().await;
    heard
}

/// One line of `guitai scan --json`.
#[derive(Serialize)]
struct Line<'a> {
    event: &'static str,
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbology: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    say: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<usize>,
}

/// The line for a script: `event` is `ready`, `scan`, `refused`, `trouble`, `count`, `no_usb`, `listening`
/// (a lesson), `learnt` or `unlearnt` (a lesson in vain). `at` is now, `when` of a scan the moment
/// its last report came.
#[must_use]
pub fn json(news: &News, at: DateTime<Utc>, lang: Lang, texts: &Text) -> Option<String> {
    let mut line = Line {
        event: "count",
        at: time(at),
        device: None,
        symbology: None,
        code: None,
        when: None,
        say: None,
        ready: None,
        trouble: None,
    };
    match news {
        News::Ready { device } => {
            line.event = "ready";
            line.device = Some(device);
        }
        News::Scan(scan) => {
            line.event = "scan";
            line.device = Some(name(scan));
            line.symbology = scan.symbology.map(|one| format!("{one:?}").to_lowercase());
            line.code = Some(&scan.code);
            line.when = Some(time(scan.when));
        }
        News::Refused { device } => {
            line.event = "refused";
            line.device = Some(device);
        }
        News::NoUsb => line.event = "no_usb",
        News::Gear(_) | News::Learning(Learning::Off) => return None,
        News::Learning(Learning::Listening { claimed, .. }) => {
            line.event = "listening";
            line.device = claimed.as_deref();
        }
        News::Learning(Learning::Found { name, .. }) => {
            line.event = "learnt";
            line.device = Some(name);
        }
        News::Learning(Learning::TimedOut | Learning::NoCandidate) => line.event = "unlearnt",
        News::Trouble(trouble) => {
            line.event = "trouble";
            line.say = Some(texts.say(lang, &Say::from(&trouble.refusal())));
        }
        News::Count { ready, trouble } => {
            line.ready = Some(*ready);
            line.trouble = Some(*trouble);
        }
    }
    serde_json::to_string(&line).ok()
}

/// The line for a person; `None` when there is nothing to say.
#[must_use]
pub fn plain(news: &News, lang: Lang, texts: &Text) -> Option<String> {
    let say = match news {
        News::Ready { device } => Say::new("scanner.ready").with("device", device),
        News::Scan(scan) => return Some(scan.code.replace('\u{1d}', "<GS>")),
        News::Refused { .. } => Say::new("app.garbled"),
        News::Learning(learning) => return learnt(learning, lang, texts),
        News::Trouble(trouble) => {
            let mut lines = vec![texts.say(lang, &Say::from(&trouble.refusal()))];
            let remedy = trouble.remedy();
            lines.extend(remedy.map(|remedy| texts.say(lang, &Say::from(&remedy))));
            return Some(lines.join("\n"));
        }
        News::Count {
            ready: 0,
            trouble: 0,
        } => Say::new("scanner.none"),
        News::NoUsb => Say::new("scanner.no_usb"),
        News::Count { .. } | News::Gear(_) => return None,
    };
    Some(texts.say(lang, &say))
}

/// The words for how far a lesson is.
fn learnt(learning: &Learning, lang: Lang, texts: &Text) -> Option<String> {
    let say = match learning {
        Learning::Off
        | Learning::Listening {
            claimed: Some(_), ..
        } => return None,
        Learning::Listening { denied, .. } => {
            let mut lines = vec![texts.say(lang, &"learn.scan".into())];
            lines.extend(denied.iter().map(|(device, rule)| {
                let say = Say::new("learn.denied").with("device", device);
                let say = say.with("file", rules::FILE);
                format!("{}\n{rule}", texts.say(lang, &say))
            }));
            return Some(lines.join("\n"));
        }
        Learning::Found { name, kept } => {
            let key = if *kept {
                "learn.found"
            } else {
                "learn.found_brief"
            };
            Say::new(key).with("device", name)
        }
        Learning::TimedOut => Say::new("learn.timed_out"),
        Learning::NoCandidate => Say::new("learn.no_candidate"),
    };
    Some(texts.say(lang, &say))
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn name(scan: &Scan) -> &str {
    match &scan.device {
        Device::Usb(name) => name,
        Device::Terminal => "terminal",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
    use super::*;
    use crate::device::trouble::Trouble;

    fn at() -> DateTime<Utc> {
        "2026-03-09T02:32:00.5Z".parse().unwrap()
    }

    #[test]
    fn a_script_reads_one_object_a_line() {
        let texts = Text::load().unwrap();
        let line = |news: News| json(&news, at(), Lang::En, &texts).unwrap();
        let scan = Scan::read(
            "]E06901234567892\r",
            Device::Usb("front".to_owned()),
            1_773_023_519_875,
        );
        assert_eq!(
            line(News::Scan(scan.unwrap())),
            r#"{"event":"scan","at":"2026-03-09T02:32:00.500000Z","device":"front","symbology":"ean13","code":"6901234567892","when":"2026-03-09T02:31:59.875000Z"}"#
        );
        let device = "front".to_owned();
        assert_eq!(
            line(News::Trouble(Trouble::Gone { device })),
            r#"{"event":"trouble","at":"2026-03-09T02:32:00.500000Z","say":"front: gone. Check its plug and cable."}"#
        );
        assert_eq!(
            line(News::Count {
                ready: 2,
                trouble: 0
            }),
            r#"{"event":"count","at":"2026-03-09T02:32:00.500000Z","ready":2,"trouble":0}"#
        );
    }

    #[test]
    fn a_lesson_says_who_may_not_be_listened_to() {
        let texts = Text::load().unwrap();
        let learning = News::Learning(Learning::Listening {
            heard: 0,
            claimed: None,
            denied: vec![("front".to_owned(), "THE RULE".to_owned())],
        });
        for lang in [Lang::Zh, Lang::En] {
            let said = plain(&learning, lang, &texts).unwrap();
            for part in ["front", rules::FILE, "guitai doctor --write-rules"] {
                assert!(said.contains(part), "{said}");
            }
            assert!(said.ends_with("\nTHE RULE"), "{said}");
        }
    }

    #[test]
    fn a_machine_without_usb_is_named() {
        let texts = Text::load().unwrap();
        assert_eq!(
            plain(&News::NoUsb, Lang::En, &texts).unwrap(),
            "This machine has no USB. A scanner that types into the terminal works in the console all the same."
        );
        let line = json(&News::NoUsb, at(), Lang::En, &texts).unwrap();
        assert_eq!(
            line,
            r#"{"event":"no_usb","at":"2026-03-09T02:32:00.500000Z"}"#
        );
    }

    #[test]
    fn a_person_reads_the_code_and_what_to_do() {
        let texts = Text::load().unwrap();
        let scan = Scan::read("10A\u{1d}21B", Device::Usb("front".to_owned()), 0);
        let news = News::Scan(scan.unwrap());
        assert_eq!(plain(&news, Lang::En, &texts).unwrap(), "10A<GS>21B");
        let denied = News::Trouble(Trouble::Denied {
            device: "front".to_owned(),
            rule: "THE RULE".to_owned(),
        });
        let said = plain(&denied, Lang::En, &texts).unwrap();
        assert!(said.starts_with("front: no permission"), "{said}");
        assert!(said.ends_with("\nTHE RULE"), "{said}");
    }
}
