//! Members: found, enrolled, edited (MB1, MB2, MB7).

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::ledger::fingerprint;
use crate::db::refuse::refuse;
use crate::domain::calendar::end_of_month_after;
use crate::domain::member::Member;
use crate::domain::reader::Near;
use crate::domain::shop::Shop;
use crate::domain::spelling;
use crate::error::{Refusal, Result};
use crate::query::{By, Credential, CredentialState, EnrolRequest, Found, Person};

/// Whose code this is, in any of its spellings, with everything the counter shows: one round trip. `near`: what
/// else the card may stand in the books as.
///
/// # Errors
/// Offline.
pub async fn scan(conn: &mut PgConnection, codes: &[String], near: &Near) -> Result<Found> {
    let found = sqlx::query_scalar!(
        r#"select scan($1, $2, $3, $4, $5) as "found: Json<Found>""#,
        codes,
        &near.sure,
        &near.forms,
        near.low,
        near.is_low_sure
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok(found.map_or(Found::Nothing, |Json(found)| found))
}

/// The member card.
///
/// # Errors
/// `refusal.not_found`; offline.
pub async fn read(conn: &mut PgConnection, id: i64) -> Result<Member> {
    // Read as it arrives: whoever owns much has a long card.
    let found = sqlx::query_scalar!(r#"select read_member($1) as "member: Json<Member>""#, id)
        .fetch_one(conn)
        .await
        .map_err(refuse)?;
    let missing = || Refusal::user("refusal.not_found");
    found.map(|Json(member)| member).ok_or_else(missing)
}

/// Enrols, or finds who is enrolled already (MB1); the welcome gift comes with it, once (MB2).
/// `true` when she was a member before.
///
/// # Errors
/// `ledger.stale` when another till enrolled the same phone at this moment: ask again.
pub async fn enrol(
    conn: &mut PgConnection,
    request: &EnrolRequest,
    shop: &Shop,
) -> Result<(i64, bool)> {
    let stamp = &request.stamp;
    let level = shop
        .first_level()
        .ok_or_else(|| Refusal::user("level.none"))?;
    let expires_on = shop
        .points_valid_months
        .and_then(|months| end_of_month_after(stamp.business_on, months));
    let answer = sqlx::query!(
        r#"select member_id as "member_id!", existing as "existing!" from enrol($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"#,
        stamp.id,
        stamp.till_id,
        stamp.shift_id,
        stamp.operator_id,
        stamp.business_on,
        stamp.at,
        fingerprint(request),
        request.phone,
        request.card,
        request.code,
        newcomer(request),
        level.id,
        shop.welcome_points,
        Uuid::new_v5(&stamp.id, b"points"),
        expires_on,
        &request.consents,
        shop.terms_version,
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)?;
    Ok((answer.member_id, answer.existing))
}

/// The particulars of a new member, and who brought her (OR6).
fn newcomer(request: &EnrolRequest) -> serde_json::Value {
    let mut document = person(&request.person);
    if let (Some(referrer), Some(parts)) = (&request.referrer, document.as_object_mut()) {
        parts.insert("referrer".to_owned(), referrer.as_str().into());
    }
    document
}

/// The person's particulars with the search keys of her name.
fn person(person: &Person) -> serde_json::Value {
    let keys = spelling::keys_of_person(&person.name);
    serde_json::json!({
        "name": keys.name,
        "initials": keys.initials.first(),
        "spelling": keys.full.first(),
        "grams": keys.grams,
        "birth_year": person.birth_year,
        "birth_month": person.birth_month,
        "birth_day": person.birth_day,
        "gender": person.gender,
        "notes": person.notes,
    })
}

/// Changes what is known of a person; what she owns is untouched. Who changed what is kept.
///
/// # Errors
/// `manage.changed` when `edition` is old by now; `refusal.not_found`; `staff.no_right`; offline.
pub async fn edit(
    conn: &mut PgConnection,
    id: i64,
    edition: i32,
    by: By,
    about: &Person,
) -> Result<Member> {
    let done = sqlx::query_scalar!(
        r#"select edit_member($1, $2, $3, $4, $5) as "done!""#,
        id,
        edition,
        by.staff_id,
        by.till_id,
        person(about)
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    if !done {
        return Err(Refusal::user("refusal.not_found"));
    }
    read(conn, id).await
}

/// Adds a card; who did it is kept.
///
/// # Errors
/// `member.card_taken` when it belongs to somebody; `staff.no_right`; offline.
pub async fn add_card(conn: &mut PgConnection, id: i64, by: By, card: &str) -> Result<Member> {
    let done = sqlx::query_scalar!(
        r#"select add_credential($1, 'card', $2, $3, $4) as "done!""#,
        id,
        card,
        by.staff_id,
        by.till_id
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(refuse)?;
    if !done {
        return Err(Refusal::user("member.card_taken"));
    }
    read(conn, id).await
}

/// What opens a member's account besides her phone (MB5).
///
/// # Errors
/// Offline.
pub async fn credentials(conn: &mut PgConnection, id: i64) -> Result<Vec<Credential>> {
    let rows = sqlx::query!(
        r#"select key as "key!", kind::text as "kind!", tail as "tail!", state::text as "state!" from credentials_of($1)"#,
        id
    )
    .fetch_all(conn)
    .await
    .map_err(refuse)?;
    let credential = |key, kind: &str, tail, state: &str| Credential {
        key,
        is_card: kind == "card",
        tail,
        state: match state {
            "active" => CredentialState::Active,
            "pending" => CredentialState::Pending,
            "blocked" => CredentialState::Blocked,
            _ => CredentialState::Closed,
        },
    };
    Ok(rows
        .into_iter()
        .map(|row| credential(row.key, &row.kind, row.tail, &row.state))
        .collect())
}

/// Blocks a lost card, or frees one that was found (MB5). `false` when somebody else was faster.
///
/// # Errors
/// `approval.needed` for freeing one; offline.
pub async fn set_credential(
    conn: &mut PgConnection,
    id: i64,
    key: &str,
    blocked: bool,
    by: By,
    approver: Option<i32>,
) -> Result<bool> {
    let state = if blocked { "blocked" } else { "active" };
    sqlx::query_scalar!(
        r#"select set_credential($1, $2, $3::text::credential_state, $4, $5, $6) as "done!""#,
        id,
        key,
        state,
        by.staff_id,
        approver,
        by.till_id
    )
    .fetch_one(conn)
    .await
    .map_err(refuse)
}
