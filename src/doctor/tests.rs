#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]
use std::path::{Path, PathBuf};

use super::machine::Folder;
use super::*;
use crate::device::printer::Patience;
use crate::device::trouble::Trouble;
use crate::ui::theme::Borders;

fn folder() -> Folder {
    Folder {
        path: PathBuf::from("/var/lib/guitai"),
        there: PathBuf::from("/var/lib"),
        free: Ok(9_000_000_000),
        is_folder: true,
        is_writable: true,
    }
}

fn world() -> World {
    World {
        now: "2026-03-09T02:32:00Z".parse().unwrap(),
        mistakes: Vec::new(),
        database: Some(Ok(())),
        folders: vec![folder()],
        no_folder: None,
        scanners: vec![News::Ready {
            device: "back".to_owned(),
        }],
        has_usb: true,
        others: Vec::new(),
        terminal: Some(terminal()),
        paper: Vec::new(),
    }
}

fn terminal() -> terminal::Seen {
    terminal::Seen {
        name: "foot".to_owned(),
        colours: String::new(),
        is_utf8: true,
        size: Some((80, 24)),
        widths: Some((2, 1)),
    }
}

/// Whether nothing fails, and the lines of the checks.
fn report_of(config: &Config, world: &World) -> (bool, Vec<String>) {
    let mut out = Vec::new();
    let good = report(config, world, &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    let (_, checks) = said.split_once("# checks\n").unwrap();
    (good, checks.lines().map(str::to_owned).collect())
}

fn english() -> Config {
    Config {
        lang: Lang::En,
        ..Config::default()
    }
}

/// The one line for `what`, and whether all is good.
fn line(world: &World, what: &str) -> (bool, String) {
    let (good, lines) = report_of(&english(), world);
    let begins = |line: &&String| line.get(6..).is_some_and(|rest| rest.starts_with(what));
    let mut found = lines.iter().filter(begins);
    let line = found.next().unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(found.next(), None, "{what} stands twice: {lines:#?}");
    (good, line.clone())
}

fn fails(world: &World, what: &str, remedy: &str) {
    let (good, line) = line(world, what);
    assert!(!good && line.starts_with("FAIL  "), "{line}");
    assert!(line.contains(remedy), "{line}");
}

fn passes(world: &World, what: &str) {
    let (good, line) = line(world, what);
    assert!(good && line.starts_with("ok    "), "{line}");
}

#[test]
fn a_machine_in_order_has_no_failures_and_every_check_a_line() {
    let (good, lines) = report_of(&english(), &world());
    assert!(good, "{lines:#?}");
    for what in [
        "configuration",
        "texts",
        "keymap",
        "theme",
        "clock: 2026-03-09 10:32",
        "terminal: 80 x 24",
        "terminal Chinese",
        "terminal borders",
        "terminal colours",
        "disk /var/lib/guitai: 9000 MB free",
        "permissions /var/lib/guitai",
        "database",
        "scanner back",
        "templates",
    ] {
        let line = format!("ok    {what}");
        assert!(lines.contains(&line), "{line}: {lines:#?}");
    }
}

#[test]
fn it_speaks_chinese_first() {
    let ill = World {
        now: "1970-01-01T00:00:09Z".parse().unwrap(),
        ..world()
    };
    let mut out = Vec::new();
    report(&Config::default(), &ill, &mut out).unwrap();
    let said = String::from_utf8(out).unwrap();
    let (_, checks) = said.split_once("# 检查\n").unwrap();
    let lines: Vec<String> = checks.lines().map(str::to_owned).collect();
    let clock = "FAIL  时钟: 现在是 1970-01-01,不对。请校准,例如 sudo timedatectl set-ntp true";
    assert!(lines.iter().any(|line| line == clock), "{lines:#?}");
    assert!(lines.contains(&"ok    数据库".to_owned()), "{lines:#?}");
}

#[test]
fn a_clock_that_was_never_set() {
    let ill = World {
        now: "1970-01-01T00:00:09Z".parse().unwrap(),
        ..world()
    };
    fails(
        &ill,
        "clock",
        "1970-01-01: set it, as with sudo timedatectl",
    );
    passes(&world(), "clock");
}

#[test]
fn a_disk_that_is_full() {
    for (free, remedy) in [
        (Ok(499_999_999), "499 MB free: make room"),
        (Err("gone".to_owned()), "(gone): check this disk"),
    ] {
        let folders = vec![Folder { free, ..folder() }];
        fails(&World { folders, ..world() }, "disk", remedy);
    }
    let folders = vec![Folder {
        free: Ok(500_000_000),
        ..folder()
    }];
    passes(&World { folders, ..world() }, "disk");
}

#[test]
fn a_folder_that_cannot_be_written() {
    let denied = Folder {
        is_writable: false,
        ..folder()
    };
    let file = Folder {
        is_folder: false,
        ..folder()
    };
    for (ill, remedy) in [(denied, "(chown)"), (file, "move it away")] {
        let ill = World {
            folders: vec![ill],
            ..world()
        };
        fails(&ill, "permissions", remedy);
        fails(&ill, "permissions", "/var/lib ");
    }
    // As it is found on a disk.
    let here = Folder::seen(&std::env::temp_dir().join("nowhere/yet"));
    assert_eq!(here.there, std::env::temp_dir());
    assert!(here.is_folder && here.free.is_ok_and(|free| free > 0));
    assert!(!Folder::seen(Path::new("/dev/null")).is_folder);
}

#[test]
fn no_place_for_the_data() {
    let ill = World {
        no_folder: Some("ground.no_folder".into()),
        ..world()
    };
    fails(&ill, "data folder", "GUITAI_DATA");
}

#[test]
fn a_database_that_does_not_answer() {
    let ill = World {
        database: Some(Err(Say::new("doctor.wrong").with("why", "start it"))),
        ..world()
    };
    fails(&ill, "database", "start it");
    passes(&world(), "database");
    let unknown = World {
        database: None,
        ..world()
    };
    let (good, said) = line(&unknown, "database");
    assert!(good && said.starts_with("note"), "{said}");
}

#[test]
fn a_mistake_in_the_configuration_is_one_line_and_the_rest_is_checked() {
    let ill = World {
        mistakes: vec!["shop.toml: [printer] columns = 40:\n32 or 48".to_owned()],
        ..world()
    };
    fails(&ill, "configuration", "[printer] columns = 40: 32 or 48.");
    let (_, lines) = report_of(&english(), &ill);
    assert!(lines.contains(&"ok    database".to_owned()), "{lines:#?}");
}

#[test]
fn a_theme_and_templates_with_mistakes() {
    let mut config = english();
    config.theme.insert("focus".to_owned(), "purpel".to_owned());
    config.printer.templates = Some(PathBuf::from("/nowhere"));
    let (good, lines) = report_of(&config, &world());
    assert!(!good);
    for (what, why) in [("theme", "purpel"), ("templates", "no such folder")] {
        let line = lines.iter().find(|line| line.contains(what)).unwrap();
        assert!(line.starts_with("FAIL") && line.contains(why), "{line}");
    }
}

#[test]
fn scanners_with_their_remedy() {
    let device = || "front".to_owned();
    let of = |trouble| World {
        scanners: vec![News::Trouble(trouble)],
        ..world()
    };
    let denied = of(Trouble::Denied {
        device: device(),
        rule: "THE RULE".to_owned(),
    });
    fails(&denied, "scanner front", "sudo guitai doctor --write-rules");
    let (_, lines) = report_of(&english(), &denied);
    assert!(lines.contains(&"      THE RULE".to_owned()), "{lines:#?}");
    let busy = |holder: Option<&str>| {
        of(Trouble::Busy {
            device: device(),
            holder: holder.map(str::to_owned),
        })
    };
    fails(&busy(Some("8 (other)")), "scanner: front", "8 (other)");
    passes(
        &busy(Some("7 (guitai)")),
        "scanner front: read by the console (7 (guitai))",
    );
    let gone = of(Trouble::Gone { device: device() });
    fails(&gone, "scanner: front", "Check its plug");
}

#[test]
fn no_scanner_is_no_failure() {
    let none = World {
        scanners: Vec::new(),
        others: vec!["Voyager".to_owned()],
        ..world()
    };
    let (good, said) = line(&none, "scanner:");
    assert!(
        good && said.starts_with("note") && said.contains("plug one in"),
        "{said}"
    );
    let (_, said) = line(&none, "scanner Voyager");
    assert!(
        said.starts_with("note") && said.contains("teach it"),
        "{said}"
    );
    let no_usb = World {
        has_usb: false,
        ..none
    };
    let (good, said) = line(&no_usb, "scanner:");
    assert!(
        good && said.starts_with("note") && said.contains("no USB"),
        "{said}"
    );
}

#[test]
fn what_a_terminal_cannot_do() {
    let of = |seen| World {
        terminal: Some(seen),
        ..world()
    };
    let small = |columns, rows| terminal::Seen {
        size: Some((columns, rows)),
        ..terminal()
    };
    fails(&of(small(39, 24)), "terminal:", "at least 40 x 12");
    fails(&of(small(80, 11)), "terminal:", "at least 40 x 12");
    passes(&of(small(40, 12)), "terminal:");
    let seen = terminal::Seen {
        is_utf8: false,
        ..terminal()
    };
    fails(&of(seen), "terminal:", "export LANG=C.UTF-8");
    let seen = |name: &str, han| terminal::Seen {
        name: name.to_owned(),
        widths: Some((han, 1)),
        ..terminal()
    };
    fails(&of(seen("linux", 2)), "terminal Chinese", "cage and foot");
    fails(&of(seen("foot", 1)), "terminal Chinese", "takes 1 columns");
    fails(&of(seen("dumb", 2)), "terminal colours", "export TERM");
    fails(&of(seen("", 2)), "terminal colours", "export TERM");
    let silent = of(terminal::Seen {
        widths: None,
        ..terminal()
    });
    let (good, said) = line(&silent, "terminal Chinese");
    assert!(good && said.starts_with("note"), "{said}");
}

#[test]
fn rules_of_two_columns_and_colours_nobody_shows() {
    let wide = World {
        terminal: Some(terminal::Seen {
            widths: Some((2, 2)),
            ..terminal()
        }),
        ..world()
    };
    fails(&wide, "terminal borders", "borders = \"ascii\"");
    let mut config = english();
    config.terminal.borders = Borders::Ascii;
    let (good, lines) = report_of(&config, &wide);
    assert!(good, "{lines:#?}");
    config.terminal.truecolor = true;
    let (good, lines) = report_of(&config, &wide);
    let said = lines.iter().any(|line| line.contains("COLORTERM"));
    assert!(!good && said, "{lines:#?}");
}

#[test]
fn into_a_pipe_the_terminal_is_a_note() {
    let piped = World {
        terminal: None,
        ..world()
    };
    let (good, said) = line(&piped, "terminal");
    assert!(good && said.starts_with("note"), "{said}");
}

/// The lines for printer, drawer and display.
fn paper(config: &Config) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let tried = paper::tried(config, Patience::default());
    let texts = Text::load().unwrap();
    let checks = runtime.unwrap().block_on(tried);
    let lines = checks.iter().map(|check| check.line(&texts, Lang::En));
    lines.collect()
}

#[test]
fn no_printer_and_no_display_are_notes() {
    let lines = paper(&english());
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(
        lines.iter().all(|line| line.starts_with("note")),
        "{lines:#?}"
    );
    assert!(lines.concat().contains("[printer]"), "{lines:#?}");
}

#[test]
fn a_printer_that_is_gone_is_named_once_and_its_drawer_is_not_good() {
    let mut config = english();
    config.printer.to = "/nowhere/lp0".to_owned();
    config.printer.logo = Some(PathBuf::from("/nowhere/logo.png"));
    config.display.path = "/nowhere/ttyUSB0".to_owned();
    let lines = paper(&config);
    let expected = [
        "FAIL  printer: /nowhere/lp0: not there. Check power and cable.",
        "note  drawer: hangs on the printer: mend that first, its key opens it meanwhile",
        "FAIL  logo: ",
        "FAIL  customer display /nowhere/ttyUSB0: not there",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, begins) in lines.iter().zip(expected) {
        assert!(line.starts_with(begins), "{line}");
    }
}

#[test]
fn a_printer_that_is_there() {
    let folder = std::env::temp_dir().join(format!("guitai-doctor-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut config = english();
    config.printer.to = format!("file:{}", folder.join("bytes").display());
    config.printer.drawer_pin = 5;
    config.display.path = folder.join("display").display().to_string();
    std::fs::write(&config.display.path, "").unwrap();
    let lines = paper(&config);
    config.printer.drawer = false;
    let without = paper(&config);
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(
        lines.iter().all(|line| line.starts_with("ok")),
        "{lines:#?}"
    );
    assert!(lines.concat().contains("on pin 5"), "{lines:#?}");
    assert!(
        without.concat().contains("note  drawer: none"),
        "{without:#?}"
    );
}

#[test]
fn passwords_are_not_shown() {
    let url = "postgres://shop:s3cr@et@db/guitai";
    assert_eq!(without_password(url), "postgres://shop@db/guitai");
}
