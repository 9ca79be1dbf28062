//! A shop with very many members and visits, on a private Postgres of its own as a shop has it, in
//! `target/bench`. It is made once and used again until a migration or its size changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{NaiveDate, Utc};
use guitai::db::embedded::{DATABASE, Embedded, OWNER};
use guitai::db::open::{APP, migrate};
use guitai::db::pin;
use guitai::db::set_up::make;
use guitai::domain::calendar::local;
use guitai::domain::preset;
use guitai::domain::set_up::{NewShop, NewStaff, NewStore};
use guitai::domain::spelling;
use guitai::domain::staff::{Pin, Role};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

const SEED: &str = include_str!("shop.sql");

/// What one part of [`SEED`] is separated by from the next.
const PART: &str = "\n-- == ";

/// Tables that are filled without their indexes, which are made anew afterwards.
const BULK: [&str; 5] = ["member", "credential", "holding", "lot", "operation"];

/// Different names; members share them.
const NAMES: u64 = 100_000;

const SURNAMES: &str = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";

const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文晓春梅海燕雪佳怡欣雨桐子涵梦瑶诗思宇轩浩然俊豪博文嘉琪安若曦语嫣美玲淑芬可馨一诺萍慧冰瑾瑜天佑哲栋鹏远泽斌家金龙树旭东毅承恩振锐皓炜彤婷珊莹倩雯颖蕾薇";

/// Staff of the shop: a cashier who may do everything.
pub const NUMBER: &str = "1";
pub const PIN: &str = "135790";

pub struct Shop {
    pub embedded: Embedded,
    /// The day the shop was made: its visits end here.
    pub today: NaiveDate,
    pub members: i64,
    pub visits: i64,
}

impl Shop {
    /// The shop, made when it is not there yet: some minutes at full size.
    pub async fn open() -> Self {
        let (members, visits) = (
            size("GUITAI_BENCH_MEMBERS", 1_000_000),
            size("GUITAI_BENCH_VISITS", 20_000_000),
        );
        let home = home();
        let stamp = home.join("stamp");
        let wanted = wanted(members, visits);
        let found = fs::read_to_string(&stamp).unwrap_or_default();
        let today = found
            .strip_prefix(&wanted)
            .and_then(|day| day.trim().parse().ok());
        if let Some(today) = today {
            let embedded = Embedded::open(&home).await.unwrap();
            return Self {
                embedded,
                today,
                members,
                visits,
            };
        }
        if home.exists() {
            fs::remove_dir_all(&home).unwrap();
        }
        fs::create_dir_all(&home).unwrap();
        let embedded = Embedded::open(&home).await.unwrap();
        let shop = Self {
            embedded,
            today: local(Utc::now()).date_naive(),
            members,
            visits,
        };
        shop.fill().await;
        fs::write(&stamp, format!("{wanted}{}\n", shop.today)).unwrap();
        shop
    }

    pub fn app(&self) -> PgConnectOptions {
        self.embedded.options(APP, DATABASE)
    }

    pub fn owner(&self) -> PgConnectOptions {
        self.embedded.options(OWNER, DATABASE)
    }

    /// The folder of a till that is this bench's own.
    pub fn till(name: &str) -> PathBuf {
        home().join(name)
    }

    async fn fill(&self) {
        println!(
            "making a shop of {} members and {} visits, once",
            self.members, self.visits
        );
        migrate(&self.owner()).await.unwrap();
        let mut conn = self.fast().await;
        found(&mut conn).await;
        names(&mut conn).await;
        for table in BULK {
            run(
                &mut conn,
                format!(
                    "update pg_index set indisready = false where indrelid = '{table}'::regclass"
                ),
            )
            .await;
        }
        for (name, value) in [
            ("members", self.members.to_string()),
            ("visits", self.visits.to_string()),
            ("today", self.today.to_string()),
        ] {
            run(&mut conn, format!("set bench.{name} = '{value}'")).await;
        }
        for part in SEED.split(PART).skip(1) {
            let (title, statements) = part.split_once('\n').unwrap();
            let began = Instant::now();
            run(&mut conn, statements.to_owned()).await;
            println!("  {title}: {} s", began.elapsed().as_secs());
        }
        for table in BULK {
            let began = Instant::now();
            run(&mut conn, format!("reindex table {table}")).await;
            println!("  indexes of {table}: {} s", began.elapsed().as_secs());
        }
        let began = Instant::now();
        run(&mut conn, "vacuum (analyze)".to_owned()).await;
        // A day's visits since: what an index alone could say of them is to be looked up again.
        run(
            &mut conn,
            "update holding set version = version + 1 where hashint8(member_id) % 50 = 0"
                .to_owned(),
        )
        .await;
        run(&mut conn, "alter system reset all".to_owned()).await;
        run(&mut conn, "select pg_reload_conf()".to_owned()).await;
        run(&mut conn, "checkpoint".to_owned()).await;
        println!("  the rest: {} s", began.elapsed().as_secs());
    }

    /// The owner, while nothing needs to survive a power cut.
    async fn fast(&self) -> PgConnection {
        let mut conn = PgConnection::connect_with(&self.owner()).await.unwrap();
        for setting in [
            "fsync = off",
            "full_page_writes = off",
            "max_wal_size = '8GB'",
            "autovacuum = off",
        ] {
            run(&mut conn, format!("alter system set {setting}")).await;
        }
        for statement in [
            "select pg_reload_conf()",
            "set session_replication_role = replica",
            "set allow_system_table_mods = on",
            "set work_mem = '512MB'",
            "set maintenance_work_mem = '512MB'",
            "set synchronous_commit = off",
        ] {
            run(&mut conn, statement.to_owned()).await;
        }
        conn
    }
}

async fn run(conn: &mut PgConnection, statement: String) {
    conn.execute(AssertSqlSafe(statement)).await.unwrap();
}

pub fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("bench")
}

fn size(name: &str, usual: i64) -> i64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// Names everything the shop is made of.
fn wanted(members: i64, visits: i64) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let mut all: Vec<u8> = SEED.into();
    for file in files {
        all.extend(fs::read(file).unwrap());
    }
    let hash = Uuid::new_v5(&Uuid::NAMESPACE_OID, &all);
    format!("{members} members\n{visits} visits\n{hash}\n")
}

/// A salon with three tills and somebody who may do everything.
async fn found(conn: &mut PgConnection) {
    let preset = preset::named("salon").unwrap();
    let new = NewShop {
        name: "云裳理发",
        industry: "salon",
        preset: &preset,
        english: false,
        stores: &[NewStore {
            name: "总店".to_owned(),
            tills: (1..=3).map(|n| format!("{n}号台")).collect(),
        }],
        staff: &[NewStaff {
            number: NUMBER.to_owned(),
            name: "李敏".to_owned(),
            role: Role::Owner,
            store_id: 1,
            badge: None,
            pin_hash: pin::hash(&Pin(PIN.to_owned())).unwrap(),
        }],
    };
    make(conn, &new).await.unwrap();
}

/// Fills `name_pool`: common surnames are common, and two given names in three have two characters.
async fn names(conn: &mut PgConnection) {
    run(conn, "create temp table name_pool (no int primary key, name text, initials text, spelling text, grams text[])".to_owned()).await;
    let (surnames, given): (Vec<char>, Vec<char>) =
        (SURNAMES.chars().collect(), GIVEN.chars().collect());
    let mut dice = 7_u64;
    let mut below = |end: usize| {
        dice = dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((dice >> 33) % end as u64).unwrap()
    };
    let mut rows = Vec::new();
    for no in 0..NAMES {
        let most = 1 + below(surnames.len());
        let mut name = String::from(surnames[below(most)]);
        name.push(given[below(given.len())]);
        if below(3) > 0 {
            name.push(given[below(given.len())]);
        }
        let keys = spelling::keys(&name);
        rows.push(serde_json::json!({
            "no": no, "name": keys.name, "initials": keys.initials[0], "spelling": keys.full[0], "grams": keys.grams,
        }));
    }
    for rows in rows.chunks(10_000) {
        sqlx::query(
            "insert into name_pool select * from jsonb_populate_recordset(null::name_pool, $1)",
        )
        .bind(serde_json::Value::from(rows))
        .execute(&mut *conn)
        .await
        .unwrap();
    }
}
