//! The evidence of a member: the page and the tables, and `guitai evidence` as it is run (RF5, PV2, LG7).

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use guitai::db::open::APP;
use guitai::domain::evidence::page::page;
use guitai::domain::evidence::tables::tables;
use guitai::domain::evidence::{Pack, Taken};
use guitai::domain::money::Fen;
use guitai::domain::settlement::{OwnTerms, Reason};
use guitai::query::{Backend, Query, Reply};
use guitai::ui::text::{Lang, Text};
use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use crate::killed::quick_hash;
use crate::package::{buy, card, redeem, uses};
use crate::settlement::{read, send, settle};
use crate::support::books::{Counter, MANAGER, OWNER, books};
use crate::support::cluster::{Cluster, Database};
use crate::support::folder::Folder;

/// A small member: 500 + 50 loaded, 100 spent, ten cuts bought and one used; with a hostile name.
fn pack() -> Pack {
    let id = |n: u128| Uuid::from_u128(n);
    let operation = |n: u128, kind: &str, postings: serde_json::Value| {
        json!({
            "id": id(n), "kind": kind, "seq": n, "at": format!("2026-03-0{n}T02:30:00Z"), "business_on": format!("2026-03-0{n}"),
            "store": "总店", "till": "1号台", "staff": "李敏", "approver": null, "about": null, "lines": [], "document": {},
            "postings": postings,
        })
    };
    let mut load = operation(
        1,
        "top_up",
        json!([
            { "account": "wechat", "lot": null, "amount": -50_000 },
            { "account": "principal", "lot": id(1), "amount": 50_000 },
            { "account": "bonus", "lot": id(1), "amount": 5_000 },
        ]),
    );
    load["document"] = json!({ "terms_version": 1, "amount": 50_000 });
    let spend = operation(
        2,
        "sale",
        json!([
            { "account": "principal", "lot": id(1), "amount": -9_091 },
            { "account": "bonus", "lot": id(1), "amount": -909 },
            { "account": "units", "lot": id(9), "amount": 10 },
        ]),
    );
    let mut used = operation(
        3,
        "redemption",
        json!([{ "account": "units", "lot": id(9), "amount": -1 }]),
    );
    used["lines"] = json!([{
        "product_id": 1, "name": "剪发", "kind": "service", "quantity": 1, "price": 3_800, "list": 3_800, "net": 1_000,
        "reductions": [], "prepaid": 1_000, "served": { "staff_id": 4, "name": "阿强", "is_asked_for": true },
    }]);
    serde_json::from_value(json!({
        "shop": "云裳理发",
        "member": {
            "id": 7, "name": "<script>alert(\"1\")</script>&'", "phone": "138****1380", "level": "金卡", "store": "总店",
            "joined_on": "2026-03-01", "principal": 40_909, "bonus": 4_091, "points": 0,
        },
        "operations": [load, spend, used],
        "lots": [{
            "id": id(1), "kind": "stored_value", "seq": 1, "opened_at": "2026-03-01T02:30:00Z", "expires_on": null,
            "principal": 40_909, "bonus": 4_091, "points": 0,
        }],
        "grants": [{
            "id": id(9), "operation_id": id(2), "opened_at": "2026-03-02T02:30:00Z", "expires_on": "2027-03-02", "quantity": 9,
            "value": 9_000, "terms": { "name": "剪发", "of": "=十次卡", "quantity": 10 },
        }],
        "consents": [{ "purpose": "membership", "version": 1, "channel": "counter", "at": "2026-03-01T02:29:00Z", "given": true }],
        "terms": [{ "version": 1, "since": "2026-01-01T00:00:00Z", "text": "一、不得拒退。\n二、</pre><b>", "own": { "fee": 550, "pays_bonus": true } }],
    }))
    .unwrap()
}

fn taken() -> Taken {
    Taken {
        at: "2026-03-09T02:32:00Z".parse().unwrap(),
        by: "1001 陈芳".to_owned(),
        reason: "消费者协会调解".to_owned(),
    }
}

fn words(key: &str) -> String {
    Text::load().unwrap().get(Lang::Zh, key).to_owned()
}

#[test]
fn every_posting_has_the_balance_after_it() {
    let pack = pack();
    pack.check().unwrap();
    let entries = pack.entries();
    let told: Vec<_> = entries
        .iter()
        .map(|it| (it.account, it.amount, it.after, it.lot.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("wechat", 50_000, None, ""),
            ("principal", 50_000, Some(50_000), "L1 No.000001"),
            ("bonus", 5_000, Some(5_000), "L1 No.000001"),
            ("principal", -9_091, Some(40_909), "L1 No.000001"),
            ("bonus", -909, Some(4_091), "L1 No.000001"),
            ("units", 10, Some(10), "剪发"),
            ("units", -1, Some(9), "剪发"),
        ]
    );
    let uses: Vec<_> = pack.uses(&pack.grants[0]).collect();
    assert_eq!((uses.len(), uses[0].1, uses[0].0.by()), (1, -1, "阿强"));
}

/// What does not add up is shown to nobody.
#[test]
fn sums_are_balances() {
    let change: [fn(&mut Pack); 5] = [
        |pack| pack.member.principal += Fen(1),
        |pack| pack.member.points = 1,
        |pack| pack.lots[0].bonus += Fen(1),
        |pack| pack.grants[0].quantity = Some(10),
        |pack| drop(pack.operations.pop()),
    ];
    for change in change {
        let mut pack = pack();
        change(&mut pack);
        assert_eq!(pack.check().unwrap_err().hint, "evidence.differs");
    }
}

#[test]
fn the_page() {
    let page = page(&pack(), &taken(), "zh-CN", &words);
    assert!(!page.contains("<script") && !page.contains("</pre><b>"));
    assert!(!page.contains("src=") && !page.contains("href="));
    insta::assert_snapshot!(page);
}

#[test]
fn the_tables() {
    let tables = tables(&pack(), &taken(), &words);
    for (_, text) in &tables {
        assert!(text.starts_with('\u{feff}') && !text.contains("\"="));
    }
    let all = tables.iter().map(|(name, text)| format!("{name}\n{text}"));
    insta::assert_snapshot!(all.collect::<Vec<_>>().join("\n").replace('\u{feff}', ""));
}

/// `guitai evidence` in a script: number, PIN and reason are its lines.
fn run(url: &str, home: &Path, member: &str, answers: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_guitai"))
        .args(["evidence", member])
        .env_clear()
        .env("HOME", home)
        .env("GUITAI_DATA", home.join("data"))
        .env("GUITAI_DATABASE_URL", url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(answers.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The folders that were written.
fn written(home: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(home.join("data/till-1/export")) else {
        return Vec::new();
    };
    found.map(|it| it.unwrap().path()).collect()
}

/// A member who loaded, bought a package, used it and settled, under two versions of the terms.
async fn settled(database: &Database) -> i64 {
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    till.top_up(&her, 500).await.unwrap();
    let (package, cut, _) = card(&till).await;
    let loaded = till.member(her.id).await;
    buy(&till, &loaded, &package).await.unwrap();
    let now = till.member(her.id).await;
    redeem(&till, uses(&till, &now, cut, 1), &now)
        .await
        .unwrap();
    let statement = Query::Statement {
        member_id: her.id,
        before: None,
        limit: 10,
    };
    let Reply::Statement(rows) = till.db.answer(statement).await.unwrap() else {
        panic!()
    };
    let moved: Vec<_> = rows[..2]
        .iter()
        .map(|row| row.units.iter().map(|it| it.quantity).collect())
        .collect::<Vec<Vec<_>>>();
    assert_eq!(moved, [vec![Some(-1)], vec![Some(10), Some(2)]]);
    till.edit_terms(|shop| {
        shop.own_refund = Some(OwnTerms {
            fee: 100,
            pays_bonus: false,
        });
        "第二版条款全文".clone_into(&mut shop.terms);
    })
    .await;
    let request = settle(&till, &read(&till, &her).await, Reason::Shop);
    send(&till, &request).await.unwrap();
    her.id
}

/// The files have all of it, are for their owner alone, and who took them is written down; who has no right gets nothing.
#[tokio::test]
async fn the_command() {
    let database = books().await;
    let id = Box::pin(settled(&database)).await;
    let mut owner = database.owner().await;
    sqlx::query("update staff set pin_hash = $1")
        .bind(quick_hash("135790"))
        .execute(&mut owner)
        .await
        .unwrap();
    let url = format!(
        "postgres://{APP}@localhost/{}?host={}",
        database.name,
        Cluster::get().await.folder().display()
    );
    let home = Folder::new("evidence");
    let home = home.path();
    for (member, answers, said) in [
        ("13800001380", "201\n135791\n投诉\n", "工号"),
        ("13800001380", "101\n135790\n投诉\n", "没有这项权限"),
        ("13800009999", "201\n135790\n投诉\n", "没有找到这位会员"),
        ("13800001380", "201\n135790\n\n", "没有回答"),
        ("13800001380", "", "没有回答"),
    ] {
        let output = run(&url, home, member, answers);
        assert!(!output.status.success());
        let error = text(&output.stderr);
        assert!(error.contains(said), "{error}");
        assert!(written(home).is_empty());
    }
    let logged = async |owner: &mut sqlx::PgConnection| {
        let rows = sqlx::query("select staff_id, member_id, kind::text, reason from disclosure")
            .fetch_all(owner)
            .await
            .unwrap();
        let rows = rows.iter();
        let rows = rows.map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)));
        rows.collect::<Vec<(i32, i64, String, String)>>()
    };
    assert!(logged(&mut owner).await.is_empty());
    let output = run(&url, home, "13800001380", "201\n135790\n消协调解\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let why = "消协调解".to_owned();
    let expected = (MANAGER, id, "export".to_owned(), why);
    assert_eq!(logged(&mut owner).await, [expected]);
    let folders = written(home);
    let [folder] = folders.as_slice() else {
        panic!("{folders:?}")
    };
    assert!(text(&output.stdout).contains(&folder.display().to_string()));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let file = |name: &str| {
        assert_eq!(mode(&folder.join(name)), 0o600);
        fs::read_to_string(folder.join(name)).unwrap()
    };
    let page = file("evidence.html");
    for part in [
        "138****1380",
        "第二版条款全文",
        "储值是预付款",
        "本店约定 第2版",
        "核销 No.",
        "消协调解",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("13800001380"));
    assert!(file("statement.csv").contains("\"核销\",\"次数\",\"测试剪发\",-1,9,"));
    assert!(file("packages.csv").contains("测试剪发"));
    assert!(file("settlements.csv").contains("\"适用\""));
    assert!(file("receipts.csv").contains("测试"));
    assert!(file("terms.csv").contains("第二版条款全文"));
    // By her number, too.
    let till = run(&url, home, &id.to_string(), "1\n135790\n再次\n");
    assert!(till.status.success() || text(&till.stderr).contains("不会覆盖"));
    assert_eq!(logged(&mut owner).await[0].0, MANAGER);
    assert_ne!(MANAGER, OWNER);
}
