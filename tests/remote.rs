//! A server in another room: it must prove who it is, the owner makes the schema, the tills get in by
//! password and can do nothing else.

use std::process::{Command, Output};

use guitai::db::Db;
use guitai::db::books::Books;
use guitai::db::open::APP;
use guitai::error::{Kind, Refusal};
use guitai::query::{Backend, Query, Reply};
use guitai::ui::text::{Lang, Say, Text};
use tokio::net::{TcpListener, UnixStream};

use crate::support::books::news;
use crate::support::cluster::Cluster;
use crate::support::folder::Folder;
use crate::support::pty::Pty;
use crate::support::tls::{Answers, HOST, MISNAMED, OWNER_PASSWORD, SHOP_OWNER, TlsServer};

const PASSWORD: &str = "0123456789abcdef._~-";

async fn open(url: &str, folder: &Folder) -> Db {
    let books = Books::on_server(url).unwrap();
    books.open(1, folder.path(), news().1).await.unwrap()
}

/// What a till with this URL hears first.
async fn opening(url: &str) -> Result<Reply, Refusal> {
    let folder = Folder::new("remote");
    open(url, &folder).await.answer(Query::Opening).await
}

/// Runs a command of the real program with this URL.
fn run(folder: &Folder, url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_guitai"))
        .args(arguments)
        .env_clear()
        .env("HOME", folder.path())
        .env("GUITAI_DATA", folder.path())
        .env("GUITAI_DATABASE_URL", url)
        .output()
        .unwrap()
}

/// A database made ready by its owner, for the tills to use.
async fn migrated(name: &str) -> &'static TlsServer {
    let server = TlsServer::get().await;
    server.database(name).await;
    let _alone = server.migrating.lock().await;
    let books = Books::on_server(&server.trusted(SHOP_OWNER, OWNER_PASSWORD, name)).unwrap();
    books.migrate(Some(PASSWORD)).await.unwrap();
    server
}

#[tokio::test]
async fn a_server_elsewhere_must_prove_who_it_is() {
    let server = migrated("proves").await;
    let url = |host, more: &str| server.url(APP, PASSWORD, host, "proves") + more;
    let ca = |path: &std::path::Path| format!("?sslrootcert={}", path.display());
    let right = ca(&server.ca);
    for fine in [
        url(HOST, &right),
        // Relaxed by the URL: encrypted, and whoever it is.
        url(HOST, "?sslmode=require"),
        url(MISNAMED, "?sslmode=require"),
        url(MISNAMED, &format!("{right}&sslmode=verify-ca")),
        // This machine needs no proof.
        url("localhost", ""),
        url("127.0.0.1", ""),
        url("localhost", &format!("{right}&sslmode=verify-full")),
    ] {
        let answer = opening(&fine).await;
        assert!(matches!(answer, Ok(Reply::Empty)), "{fine}: {answer:?}");
    }
    for (refused, hint) in [
        (url(HOST, ""), "link.unknown_ca"),
        (url(HOST, &ca(&server.other_ca)), "link.unknown_ca"),
        (url(HOST, "?sslmode=verify-ca"), "link.unknown_ca"),
        (url(HOST, "?sslrootcert=/nowhere/ca.pem"), "link.ca_file"),
        (url(MISNAMED, &right), "link.wrong_name"),
        (
            url("127.0.0.1", &format!("{right}&sslmode=verify-full")),
            "link.wrong_name",
        ),
        // The server wants TLS.
        (url(HOST, "?sslmode=disable"), "link.not_allowed"),
    ] {
        let refusal = opening(&refused).await.unwrap_err();
        assert_eq!(refusal.hint, hint, "{refused}: {refusal:?}");
        assert_eq!(refusal.kind, Kind::Offline);
    }
}

#[tokio::test]
async fn a_refused_log_in_says_what_to_do() {
    let server = migrated("logs_in").await;
    let say = |refusal: &Refusal, lang| Text::load().unwrap().say(lang, &Say::from(refusal));
    for (url, hint, zh, en) in [
        (
            server.trusted(APP, "another password", "logs_in"),
            "link.password",
            "guitai_app 的数据库密码不对",
            "--app-password-file",
        ),
        (
            server.trusted(APP, PASSWORD, "nothing_here"),
            "link.no_database",
            "没有数据库 nothing_here",
            "no database nothing_here on 127.0.0.2",
        ),
        (
            server.trusted(SHOP_OWNER, OWNER_PASSWORD, "postgres"),
            "link.not_migrated",
            "guitai migrate",
            "guitai migrate",
        ),
        (
            server.url(APP, PASSWORD, HOST, "logs_in"),
            "link.unknown_ca",
            "?sslrootcert=",
            "end [database] url with ?sslrootcert=/path/ca.pem",
        ),
    ] {
        let refusal = opening(&url).await.unwrap_err();
        assert_eq!(
            (refusal.hint, refusal.kind),
            (hint, Kind::Offline),
            "{refusal:?}"
        );
        let (said, meant) = (say(&refusal, Lang::Zh), say(&refusal, Lang::En));
        assert!(said.contains(zh), "{said}");
        assert!(meant.contains(en), "{meant}");
        assert!(
            !said.contains('{') && !meant.contains('{'),
            "{said} {meant}"
        );
        assert!(!format!("{refusal:?}{said}{meant}").contains(PASSWORD));
    }
}

/// A real Postgres that answers "no" when TLS is asked for.
#[tokio::test]
async fn a_server_without_tls_is_used_only_when_the_url_says_so() {
    let database = Cluster::database().await;
    let listener = TcpListener::bind((HOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = Cluster::get().await.folder().join(".s.PGSQL.5432");
    let bridge = async {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut server = UnixStream::connect(&socket).await.unwrap();
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    };
    let url = format!("postgres://{APP}@{HOST}:{port}/{}", database.name);
    let both = async {
        let refusal = opening(&url).await.unwrap_err();
        assert_eq!((refusal.hint, refusal.kind), ("link.no_tls", Kind::Offline));
        for mode in ["require", "verify-ca"] {
            let refusal = opening(&format!("{url}?sslmode={mode}")).await.unwrap_err();
            assert_eq!(refusal.hint, "link.no_tls", "{mode}");
        }
        for mode in ["disable", "prefer"] {
            let answer = opening(&format!("{url}?sslmode={mode}")).await;
            assert!(matches!(answer, Ok(Reply::Empty)), "{mode}: {answer:?}");
        }
    };
    tokio::select! {
        () = both => {}
        () = bridge => {}
    }
}

/// A certificate whose time is not now, and something behind the port that speaks no TLS at all.
#[tokio::test]
async fn a_certificate_out_of_date_and_no_tls_at_all_are_told_apart() {
    for (answers, hint, says) in [
        (Answers::expired(), "link.expired", "核对本机的日期和时间"),
        (Answers::not_yet_valid(), "link.expired", "还没有生效"),
        (Answers::nonsense(), "link.tls", "加密连接没有建立"),
    ] {
        let refusal = opening(&answers.url()).await.unwrap_err();
        assert_eq!(
            (refusal.hint, refusal.kind),
            (hint, Kind::Offline),
            "{refusal:?}"
        );
        let said = Text::load().unwrap().say(Lang::Zh, &Say::from(&refusal));
        assert!(said.contains(says) && !said.contains('{'), "{said}");
    }
}

/// The whole way of an owner with a server: make the schema, give the tills a password, start a till.
#[tokio::test]
async fn from_migrate_to_the_first_till() {
    let server = TlsServer::get().await;
    server.database("whole_way").await;
    let alone = server.migrating.lock().await;
    let folder = Folder::new("remote");
    let owner = server.trusted(SHOP_OWNER, OWNER_PASSWORD, "whole_way");
    let first = run(&folder, &owner, &["migrate"]);
    let said = String::from_utf8(first.stdout).unwrap();
    let complained = String::from_utf8(first.stderr).unwrap();
    assert!(first.status.success(), "{said}{complained}");
    // In a new home too: the folder of the log is not there yet.
    assert_eq!(complained, "");
    assert!(said.starts_with("ok\n"), "{said}");
    assert!(
        said.contains("guitai migrate --app-password-file"),
        "{said}"
    );

    let file = folder.path().join("password");
    let named = file.to_str().unwrap();
    let migrate = ["migrate", "--app-password-file", named, "--lang", "en"];
    for bad in ["", "short", "has'a quote in it, and spaces"] {
        std::fs::write(&file, bad).unwrap();
        let refused = run(&folder, &owner, &migrate);
        assert!(!refused.status.success(), "{bad}");
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains("No usable password in"), "{said}");
    }
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let second = run(&folder, &owner, &migrate);
    let said = String::from_utf8(second.stdout).unwrap();
    assert!(second.status.success(), "{said}");
    drop(alone);
    assert!(
        !said.contains(PASSWORD) && !said.contains(OWNER_PASSWORD),
        "{said}"
    );

    // The printed URL works once the password is in its place, and that role is the least there is.
    let url = said
        .split('"')
        .nth(1)
        .unwrap()
        .replace("PASSWORD", PASSWORD);
    assert_eq!(url, server.trusted(APP, PASSWORD, "whole_way"));
    let mut superuser = server.owner("whole_way").await;
    let stored: String = sqlx::query_scalar("select rolpassword from pg_authid where rolname = $1")
        .bind(APP)
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert!(stored.starts_with("SCRAM-SHA-256$"));
    let log = server.log();
    assert!(log.contains("alter role guitai_app password 'SCRAM-SHA-256$4096:"));
    assert!(!log.contains(PASSWORD), "the server was told the password");
    let refused = run(&folder, &url, &["migrate"]);
    assert!(
        !refused.status.success(),
        "the tills' role migrates nothing"
    );
    let mut pty = Pty::start_with(folder.path(), &[("GUITAI_DATABASE_URL", &url)], 80, 24);
    pty.until("[在线]");
    pty.until("开一家店");
}
