//! Indexes and foreign keys of the big tables: away while rows come in, and made again as they were.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use futures::future::try_join_all;
use sqlx::{AssertSqlSafe, Executor, PgConnection};

use crate::db::refuse::refuse;
use crate::error::Result;

/// The tables, those first whose indexes take longest.
const TABLES: [&str; 10] = [
    "operation",
    "member",
    "credential",
    "lot",
    "holding",
    "consent",
    "instalment",
    "level_change",
    "returned",
    "approval",
];

/// How to make again what was dropped.
#[derive(Debug)]
pub struct Keys {
    /// By table, in the order they were made.
    indexes: Vec<Vec<String>>,
    /// Foreign keys as not yet checked, and how to check them.
    references: Vec<(String, String)>,
}

/// Drops them, and remembers how they were.
///
/// # Errors
/// Offline.
pub async fn drop_all(conn: &mut PgConnection) -> Result<Keys> {
    let references = sqlx::query!(
        r#"select conrelid::regclass::text as "on_table!", conname::text as "name!", pg_get_constraintdef(oid) as "is!" from pg_constraint
           where contype = 'f' and (conrelid = any ($1::text[]::regclass[]) or confrelid = any ($1::text[]::regclass[]))
           order by conrelid, conname"#,
        &TABLES as &[&str]
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(refuse)?;
    for key in &references {
        run(
            conn,
            format!("alter table {} drop constraint {}", key.on_table, key.name),
        )
        .await?;
    }
    let mut indexes = Vec::new();
    for table in TABLES {
        indexes.push(drop_indexes(conn, table).await?);
    }
    let again = |table: &str, name: &str, is: &str| {
        (
            format!("alter table {table} add constraint {name} {is} not valid"),
            format!("alter table {table} validate constraint {name}"),
        )
    };
    Ok(Keys {
        indexes,
        references: references
            .iter()
            .map(|key| again(&key.on_table, &key.name, &key.is))
            .collect(),
    })
}

async fn drop_indexes(conn: &mut PgConnection, table: &str) -> Result<Vec<String>> {
    let found = sqlx::query!(
        r#"select i.indexrelid::regclass::text as "name!", c.conname is not null as "is_constraint!",
                  coalesce(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid)) as "is!"
             from pg_index i left join pg_constraint c on c.conindid = i.indexrelid and c.contype in ('p', 'u')
            where i.indrelid = $1::text::regclass order by i.indexrelid"#,
        table
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(refuse)?;
    let mut again = Vec::new();
    for index in found {
        let name = &index.name;
        if index.is_constraint {
            run(conn, format!("alter table {table} drop constraint {name}")).await?;
            again.push(format!(
                "alter table {table} add constraint {name} {}",
                index.is
            ));
        } else {
            run(conn, format!("drop index {name}")).await?;
            again.push(index.is);
        }
    }
    Ok(again)
}

impl Keys {
    /// Makes all of them again, on several connections at once. `progress` hears each step.
    ///
    /// # Errors
    /// What was written does not satisfy one of them; offline.
    pub async fn make_again(
        self,
        conn: &mut PgConnection,
        lanes: &mut [PgConnection],
        progress: &impl Fn(&str),
    ) -> Result<()> {
        all(lanes, self.indexes, "索引 indexes", progress).await?;
        let (make, check): (Vec<_>, Vec<_>) = self.references.into_iter().unzip();
        for statement in make {
            run(conn, statement).await?;
        }
        let check = check.into_iter().map(|statement| vec![statement]).collect();
        all(lanes, check, "关联 references", progress).await
    }
}

/// Runs lists of statements, each in its order, as many lists at once as there are lanes.
async fn all(
    lanes: &mut [PgConnection],
    lists: Vec<Vec<String>>,
    what: &str,
    progress: &impl Fn(&str),
) -> Result<()> {
    let (count, done) = (lists.len(), Cell::new(0));
    let lists = RefCell::new(VecDeque::from(lists));
    let next = || lists.borrow_mut().pop_front();
    let work = lanes.iter_mut().map(async |lane| {
        run(lane, "set maintenance_work_mem = '256MB'".to_owned()).await?;
        while let Some(list) = next() {
            for statement in list {
                run(lane, statement).await?;
            }
            done.set(done.get() + 1);
            progress(&format!("{what} {}/{count}", done.get()));
        }
        Ok(())
    });
    try_join_all(work).await.map(drop)
}

/// The statements are made of names that Postgres quoted itself.
async fn run(conn: &mut PgConnection, statement: String) -> Result<()> {
    conn.execute(AssertSqlSafe(statement))
        .await
        .map_err(refuse)?;
    Ok(())
}
