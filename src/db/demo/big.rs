//! A shop with very many members, written in bulk by Postgres itself.

use chrono::Days;
use sqlx::{Executor, PgConnection};

use super::dice::Dice;
use super::{Demo, names};
use crate::db::refuse::refuse;
use crate::domain::member::Gender;
use crate::domain::spelling;
use crate::error::Result;

/// Different names; members share them.
const NAMES: i32 = 5_000;

/// Writes day after day. The statements name objects of this session, which no macro can check when it
/// compiles: the test of a big demo runs them all.
pub async fn write(conn: &mut PgConnection, demo: Demo, progress: impl Fn(&str)) -> Result<()> {
    conn.execute(include_str!("big.sql"))
        .await
        .map_err(refuse)?;
    fill_names(conn, demo).await?;
    let days = i32::try_from(demo.days).unwrap_or(i32::MAX);
    let members = i32::try_from(demo.members).unwrap_or(i32::MAX);
    let seed = i64::from_ne_bytes(demo.seed.to_ne_bytes());
    let first = demo.today - Days::new(u64::from(demo.days));
    for (no, day) in (0..days).zip(first.iter_days()) {
        sqlx::query("select pg_temp.write_day($1, $2, $3, $4, $5)")
            .bind(seed)
            .bind(day)
            .bind(no)
            .bind(days)
            .bind(members)
            .execute(&mut *conn)
            .await
            .map_err(refuse)?;
        // Plans made while the tables were small are bad ones soon.
        if no.count_ones() == 1 {
            conn.execute(
                "analyze member, credential, holding, operation, lot, consent, shift, till",
            )
            .await
            .map_err(refuse)?;
        }
        let done = i64::from(demo.members) * (i64::from(no) + 1) / i64::from(days.max(1));
        progress(&format!("{day} {done}/{members}"));
    }
    // The next member enrols after the last of these, and the planner learns what is there.
    conn.execute(
        "select setval(pg_get_serial_sequence('member', 'id'), (select max(id) from member)); analyze",
    )
    .await
    .map_err(refuse)?;
    Ok(())
}

async fn fill_names(conn: &mut PgConnection, demo: Demo) -> Result<()> {
    let mut dice = Dice::new(demo.seed);
    let rows: Vec<serde_json::Value> = (0..NAMES)
        .map(|no| {
            let (name, gender) = names::name(&mut dice);
            let keys = spelling::keys_of_person(&name);
            serde_json::json!({
                "no": no,
                "name": keys.name,
                "initials": keys.initials.first().map_or("", String::as_str),
                "spelling": keys.full.first().map_or("", String::as_str),
                "grams": keys.grams,
                "gender": if gender == Gender::Female { "female" } else { "male" },
            })
        })
        .collect();
    sqlx::query(
        "insert into name_pool select * from jsonb_populate_recordset(null::name_pool, $1)",
    )
    .bind(serde_json::Value::from(rows))
    .execute(conn)
    .await
    .map_err(refuse)?;
    Ok(())
}
