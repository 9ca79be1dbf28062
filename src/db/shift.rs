//! Opening and closing a shift (OP1).

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::drawer;
use crate::db::ledger::fingerprint;
use crate::db::refuse::refuse;
use crate::domain::ledger::{Account, OperationKind, Stamp};
use crate::domain::money::Fen;
use crate::domain::shift::{CloseRequest, Moved, Sheet, Shift, sheet as make_sheet};
use crate::error::{Refusal, Result};

/// The open shift of a till.
///
/// # Errors
/// Offline.
pub async fn open_at(conn: &mut PgConnection, till: i32) -> Result<Option<Shift>> {
    let row = sqlx::query!(
        "select s.id, s.till_id, s.cashier_id, f.name, s.business_on, s.opened_at, s.opening_float
         from shift s join staff f on f.merchant_id = s.merchant_id and f.id = s.cashier_id
         where s.merchant_id = seat_merchant() and s.till_id = $1 and s.closed_at is null",
        till
    )
    .fetch_optional(conn)
    .await
    .map_err(refuse)?;
    Ok(row.map(|row| Shift {
        id: row.id,
        till_id: row.till_id,
        cashier_id: row.cashier_id,
        cashier: row.name,
        business_on: row.business_on,
        opened_at: row.opened_at,
        opening_float: Fen(row.opening_float),
    }))
}

/// Opens a shift with counted cash; the stamp's id becomes the shift's.
///
/// # Errors
/// `shift.open_already`; offline.
pub async fn open(conn: &mut PgConnection, stamp: &Stamp, float: Fen) -> Result<Shift> {
    sqlx::query_scalar!(
        "select open_shift($1, $2, $3, $4, $5, $6, $7)",
        stamp.id,
        stamp.till_id,
        stamp.operator_id,
        stamp.business_on,
        stamp.at,
        fingerprint(&(stamp, float)),
        float.0
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    open_at(conn, stamp.till_id)
        .await?
        .ok_or_else(|| Refusal::user("shift.not_open"))
}

/// The sheet of an open shift.
///
/// # Errors
/// `shift.not_open`; offline.
pub async fn sheet(conn: &mut PgConnection, till: i32) -> Result<Sheet> {
    let shift = open_at(conn, till)
        .await?
        .ok_or_else(|| Refusal::user("shift.not_open"))?;
    sheet_of(conn, shift).await
}

/// The sheet of the shift an operation belongs to, open or closed.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn sheet_about(conn: &mut PgConnection, operation: Uuid) -> Result<Sheet> {
    let row = sqlx::query!(
        "select s.id, s.till_id, s.cashier_id, f.name, s.business_on, s.opened_at, s.opening_float
         from operation o
         join shift s on s.merchant_id = o.merchant_id and s.id = o.shift_id
         join staff f on f.merchant_id = s.merchant_id and f.id = s.cashier_id
         where o.merchant_id = seat_merchant() and o.id = $1",
        operation
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    let shift = Shift {
        id: row.id,
        till_id: row.till_id,
        cashier_id: row.cashier_id,
        cashier: row.name,
        business_on: row.business_on,
        opened_at: row.opened_at,
        opening_float: Fen(row.opening_float),
    };
    sheet_of(conn, shift).await
}

async fn sheet_of(conn: &mut PgConnection, shift: Shift) -> Result<Sheet> {
    let rows = sqlx::query!(
        r#"select o.kind::text as "kind!", p.account::text, coalesce(sum(p.amount), 0)::bigint as "amount!", count(distinct o.id) as "operations!"
           from shift s
           join operation o on o.merchant_id = s.merchant_id and o.till_id = s.till_id and o.seq between s.first_seq and coalesce(s.last_seq, 9223372036854775807)
           left join posting p on p.merchant_id = o.merchant_id and p.operation_id = o.id
           where s.merchant_id = seat_merchant() and s.id = $1
           -- Once more without the account: how many operations of a kind there are, whatever they moved.
           group by grouping sets ((o.kind, p.account), (o.kind))"#,
        shift.id
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(refuse)?;
    let released = sqlx::query!(
        r#"select coalesce(sum((t ->> 'amount')::bigint) filter (where o.kind = 'sale'), 0)::bigint as "sales!",
                  coalesce(sum((t ->> 'amount')::bigint) filter (where o.kind = 'refund'), 0)::bigint as "refunds!"
           from shift s
           join operation o on o.merchant_id = s.merchant_id and o.till_id = s.till_id and o.seq between s.first_seq and coalesce(s.last_seq, 9223372036854775807)
            and o.kind in ('sale', 'refund') and o.extras ? 'moves'
           cross join lateral jsonb_path_query(o.document, '$.tenders[*] ? (@.kind == "deposit")') t
           where s.merchant_id = seat_merchant() and s.id = $1"#,
        shift.id
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    let drawer_count = drawer::count(conn, shift.id).await?;
    let moved: Vec<Moved> = rows
        .iter()
        .filter_map(|row| {
            let operation = OperationKind::named(&row.kind)?;
            let account = row
                .account
                .as_deref()
                .map_or(Some(Account::Points), Account::named)?;
            Some(Moved {
                operation,
                account,
                amount: row.amount,
                operations: row.operations,
            })
        })
        .collect();
    Ok(Sheet {
        drawer_count,
        ..make_sheet(shift, &moved).released(Fen(released.sales), Fen(released.refunds))
    })
}

/// Closes a shift with what was counted.
///
/// # Errors
/// `ledger.stale` when something was posted since the sheet was shown.
pub async fn close(conn: &mut PgConnection, request: &CloseRequest) -> Result<()> {
    let stamp = &request.stamp;
    sqlx::query_scalar!(
        "select close_shift($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        stamp.id,
        stamp.till_id,
        stamp.shift_id,
        stamp.operator_id,
        stamp.business_on,
        stamp.at,
        fingerprint(request),
        request.expected.0,
        request.counted.0,
        request.reason
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok(())
}

/// The operations of a shift in the ledger, those that a till's journal knows too.
///
/// # Errors
/// Offline.
pub async fn operations(conn: &mut PgConnection, shift: Uuid) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select o.id from shift s
         join operation o on o.merchant_id = s.merchant_id and o.till_id = s.till_id
          and o.seq between s.first_seq and coalesce(s.last_seq, 9223372036854775807)
         where s.merchant_id = seat_merchant() and s.id = $1 and o.kind not in ('enrol', 'instalment', 'expiry', 'shift_open', 'shift_close', 'void', 'transfer_out', 'lapse', 'level_review')
           -- What a rule gives, and what a whole segment is given, has an id that follows from what it is.
           and (o.kind <> 'gift' or not o.document ?| '{gift,batch}')
           -- The cards of one sale are one entry of the journal.
           and (o.kind <> 'top_up' or coalesce((o.document #>> '{card,no}')::int, 1) = 1)",
        shift
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)
}
