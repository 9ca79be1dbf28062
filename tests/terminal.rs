//! The real binary in a real terminal: it starts, resizes, is quiet, and goes away properly.

use std::time::Duration;

use chrono::{Timelike, Utc};
use guitai::db::embedded::{DATABASE, Embedded, OWNER};
use guitai::db::open::migrate;
use guitai::db::pin;
use guitai::db::verify::verify;
use guitai::domain::staff::Pin;
use rustix::process::Signal;
use sqlx::{Connection as _, PgConnection};

use crate::support::books::books;
use crate::support::cluster::Cluster;
use crate::support::folder::Folder;
use crate::support::pty::{Pty, typed};

/// Stands in the header once the first question was answered: from there nothing is under way.
const ANSWERED: &str = "[离线]";

#[test]
fn it_starts_resizes_and_leaves() {
    let mut pty = Pty::start("starts", 80, 24);
    pty.until("登录");
    assert!(pty.is_alternate() && !pty.is_cooked());
    pty.mark();
    pty.resize(120, 40);
    pty.until("登录");
    pty.mark();
    pty.resize(20, 5);
    pty.until("窗口太小");
    pty.mark();
    pty.resize(45, 30);
    pty.until("登录");
    pty.mark();
    pty.send("\x11");
    pty.until("退出柜台?");
    pty.send("\r");
    assert!(pty.exit().success());
    assert!(!pty.is_alternate() && pty.is_cooked());
}

/// The first start takes seconds: the terminal is the console's own by then, and drops what is typed.
#[test]
fn keys_typed_while_the_books_are_made_are_dropped() {
    let folder = Folder::new("first");
    let mut pty = Pty::start_with(folder.path(), &[], 80, 24);
    pty.until("正在准备账本");
    assert!(pty.is_alternate() && !pty.is_cooked());
    pty.send("777");
    pty.until("店名");
    assert!(!pty.screen().contains("777"), "{}", pty.screen());
    pty.send("\x11");
    pty.until("退出柜台?");
    pty.send("\r");
    assert!(pty.exit().success());
}

/// A start that fails says why in a terminal given back, logs it, and leaves no server behind.
#[tokio::test]
async fn books_of_another_version_are_named() {
    let folder = Folder::new("other");
    let data = folder.path().join("data");
    let embedded = Embedded::open(&data).await.unwrap();
    let owner = embedded.options(OWNER, DATABASE);
    migrate(&owner).await.unwrap();
    let mut conn = PgConnection::connect_with(&owner).await.unwrap();
    sqlx::query("update _sqlx_migrations set checksum = '\\x00' where version = 1")
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
    embedded.close().await.unwrap();
    let mut pty = Pty::start_with(folder.path(), &[], 80, 24);
    assert!(!pty.exit().success());
    assert!(!pty.is_alternate() && pty.is_cooked());
    assert!(pty.screen().contains("另一版本"), "{}", pty.screen());
    assert!(!data.join("postgres/data/postmaster.pid").exists());
    let state = folder.path().join(".local/state/guitai");
    let logs = std::fs::read_dir(state).unwrap().flatten();
    let log: String = logs
        .map(|file| std::fs::read_to_string(file.path()).unwrap())
        .collect();
    assert!(log.contains("has been modified"), "{log}");
}

#[test]
fn it_is_quiet_when_nothing_happens() {
    let mut pty = Pty::start("quiet", 80, 24);
    pty.until(ANSWERED);
    let minute = Utc::now().minute();
    let mut bytes = pty.listen(Duration::from_secs(3));
    if minute != Utc::now().minute() {
        bytes = pty.listen(Duration::from_secs(3));
    }
    assert_eq!(bytes, 0);
}

#[test]
fn one_digit_is_a_few_bytes() {
    let mut pty = Pty::start("digit", 80, 24);
    pty.until(ANSWERED);
    let mut most = 0;
    for number in ["1", "13", "138"] {
        pty.mark();
        pty.send(&number[number.len() - 1..]);
        pty.until(number);
        most = most.max(pty.bytes.len());
    }
    assert!(
        most <= 64,
        "{most} bytes: {:?}",
        String::from_utf8_lossy(&pty.bytes)
    );
}

#[test]
fn a_paste_is_one_frame_and_no_command() {
    let mut pty = Pty::start("paste", 80, 24);
    pty.until(ANSWERED);
    pty.mark();
    pty.send("\x1b[200~10\r\x1112\x1b[201~");
    pty.until("1012");
    assert_eq!(
        pty.bytes
            .windows(8)
            .filter(|end| *end == b"\x1b[?2026l")
            .count(),
        1
    );
}

/// A code with an escape sequence in it, typed by a scanner: some readers wait for the rest of it for ever.
#[test]
fn no_sequence_makes_it_deaf() {
    for (number, hostile) in ["\x1b[?1049l", "\x1b[<0;1;1", "\x1b[12;"]
        .into_iter()
        .enumerate()
    {
        let mut pty = Pty::start(&format!("deaf{number}"), 80, 24);
        pty.until(ANSWERED);
        pty.send(hostile);
        pty.mark();
        pty.send("\x1b[21~");
        pty.send("\x11");
        pty.until("退出柜台?");
    }
}

#[test]
fn signals_end_it_cleanly() {
    for (name, signal) in [
        ("hup", Signal::HUP),
        ("term", Signal::TERM),
        ("int", Signal::INT),
    ] {
        let mut pty = Pty::start(name, 80, 24);
        pty.until("登录");
        pty.signal(signal);
        assert!(pty.exit().success(), "{name}");
        assert!(!pty.is_alternate() && pty.is_cooked(), "{name}");
    }
}

#[test]
fn a_terminal_that_goes_away_ends_it() {
    let mut pty = Pty::start("gone", 80, 24);
    pty.until("登录");
    pty.close();
    assert!(pty.exit().success());
}

#[test]
fn a_question_and_its_answer_pass_the_loop() {
    let mut pty = Pty::start("answer", 80, 24);
    pty.until("登录");
    // Pasted: typed in one breath it would be a scanner's.
    pty.send("\x1b[200~101\x1b[201~\r\x1b[200~2468\x1b[201~\r");
    pty.until("连不上数据库");
    pty.send("\x1b");
    pty.until("工号");
}

/// From signing in to the first customer's money, through the real binary and a real database.
#[tokio::test]
async fn a_customer_is_served() {
    let database = books().await;
    let mut owner = database.owner().await;
    let hash = pin::hash(&Pin("135790".to_owned())).unwrap();
    sqlx::query("update staff set pin_hash = $1")
        .bind(hash)
        .execute(&mut owner)
        .await
        .unwrap();
    let folder = Cluster::get().await.folder().display();
    let url = format!(
        "postgres://guitai_app@localhost/{}?host={folder}",
        database.name
    );
    let mut pty = Pty::start_at(&url, "customer", 80, 24);
    pty.until("[在线]");
    pty.send(&(typed("101") + "\r" + &typed("135790") + "\r"));
    pty.until("备用金");
    pty.send(&(typed("500") + "\r\r"));
    pty.until("找会员");
    pty.send(&(typed("13800001380") + "\r"));
    pty.until("开卡");
    pty.send("\r");
    pty.until("138****1380");
    pty.send(&(typed("68") + "\r"));
    pty.until("应收");
    pty.until("现金");
    pty.send("\r");
    pty.until("已收 68.00");
    pty.send("\x11");
    pty.until("退出柜台?");
    pty.send("\r");
    assert!(pty.exit().success());
    let (members, cash): (i64, i64) = sqlx::query_as(
        "select (select count(*) from member), (select sum(amount)::bigint from posting where account = 'cash')",
    )
    .fetch_one(&mut owner)
    .await
    .unwrap();
    assert_eq!((members, cash), (1, -50_000 - 6_800));
    assert!(verify(&mut owner).await.unwrap().holds());
}
