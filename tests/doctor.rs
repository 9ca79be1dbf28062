//! `guitai doctor` as it is run: in a terminal, which it asks, and in a script, which reads lines and the exit code.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::books::books;
use crate::support::cluster::Cluster;
use crate::support::folder::Folder;
use crate::support::pty::Pty;

const NOWHERE: &str = "postgres://guitai_app@localhost/none?host=/nowhere";

/// In a script: no terminal anywhere.
fn run(home: &Path, url: &str, config: &str) -> Output {
    let file = home.join("shop.toml");
    fs::write(&file, config).unwrap();
    Command::new(env!("CARGO_BIN_EXE_guitai"))
        .args(["--lang", "en", "doctor"])
        .env_clear()
        .env("HOME", home)
        .env("GUITAI_DATA", home.join("data"))
        .env("GUITAI_DATABASE_URL", url)
        .env("GUITAI_CONFIG", file)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn checks(output: &Output) -> Vec<String> {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let (_, checks) = said.split_once("# checks\n").unwrap();
    let lines: Vec<String> = checks.lines().map(str::to_owned).collect();
    let marks = ["ok    ", "note  ", "FAIL  "];
    for line in &lines {
        let is_check = marks.iter().any(|mark| line.starts_with(mark));
        assert!(is_check, "{line}");
    }
    lines
}

#[tokio::test]
async fn a_script_reads_lines_and_the_exit_code() {
    let database = books().await;
    let folder = Cluster::get().await.folder();
    let url = format!(
        "postgres://guitai_app@localhost/{}?host={}",
        database.name,
        folder.display()
    );
    let home = Folder::new("doctor");
    let well = run(home.path(), &url, "");
    let lines = checks(&well);
    // Whatever hangs on the machine of the test.
    let failed = |line: &&String| line.starts_with("FAIL");
    let is_scanner = |line: &&String| line.starts_with("FAIL  scanner");
    assert_eq!(
        lines.iter().filter(failed).count(),
        lines.iter().filter(is_scanner).count(),
        "{lines:#?}"
    );
    assert_eq!(well.status.success(), !lines.iter().any(|l| failed(&l)));
    assert!(lines.contains(&"ok    database".to_owned()), "{lines:#?}");
    // Neither a terminal nor a printer is a failure in a script.
    for what in ["terminal", "printer", "customer display"] {
        let note = format!("note  {what}: ");
        assert!(
            lines.iter().any(|line| line.starts_with(&note)),
            "{lines:#?}"
        );
    }
    let ill = run(home.path(), NOWHERE, "");
    let lines = checks(&ill);
    assert_eq!(ill.status.code(), Some(1), "{lines:#?}");
    let database = |line: &String| line.starts_with("FAIL  database: ");
    assert!(lines.iter().any(database), "{lines:#?}");
}

#[test]
fn a_mistake_in_the_configuration_stops_no_other_check() {
    let home = Folder::new("doctor-config");
    for (config, said) in [
        (
            "[printer]\ncolumns = 40",
            "[printer] columns = 40: 32 or 48",
        ),
        ("[scanner]\nkeyboards = [\"x\"]", "[scanner] keyboards"),
        ("[scanner]\nburst_gap_ms = 5", "burst_gap_ms = 5"),
        ("nothing = 1", "nothing"),
        ("[display]\nbaud = \"fast\"", "[display] baud"),
        ("lang = ", "shop.toml: TOML parse error at line 1"),
    ] {
        let ill = run(home.path(), NOWHERE, config);
        assert_eq!(ill.status.code(), Some(1));
        let lines = checks(&ill);
        let of = |line: &&String| line.starts_with("FAIL  configuration: ");
        let told: Vec<_> = lines.iter().filter(of).collect();
        assert!(
            told.len() == 1 && told[0].contains(said),
            "{config}: {lines:#?}"
        );
        for what in [
            "keymap",
            "clock",
            "disk",
            "database",
            "printer",
            "templates",
        ] {
            let stands = lines.iter().any(|line| line[6..].starts_with(what));
            assert!(stands, "{config}: no {what} in {lines:#?}");
        }
    }
}

/// The terminal is asked how wide a Chinese character and a rule are; its answers are read as they come.
#[test]
fn a_terminal_says_how_wide_its_glyphs_are() {
    for (rule, said) in [
        (2, "ok    终端的边框"),
        (3, "FAIL  终端的边框: 线条在这里占两列"),
    ] {
        let home = Folder::new("doctor-terminal");
        let variables = [("GUITAI_DATABASE_URL", NOWHERE), ("LANG", "C.UTF-8")];
        let mut pty = Pty::run(&["doctor"], home.path(), &variables, (120, 80));
        for column in [3, rule] {
            pty.until_bytes(b"\x1b[6n");
            pty.mark();
            pty.send(&format!("\x1b[1;{column}R"));
        }
        assert_eq!(pty.exit().exit_code(), 1);
        let screen = pty.screen();
        for line in ["ok    终端: 120 x 80", "ok    终端的汉字", said] {
            assert!(screen.contains(line), "{line}: {screen}");
        }
        assert!(pty.is_cooked());
    }
}
