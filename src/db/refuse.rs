//! What Postgres says, in the shop's words: the one place where its errors become refusals.

use sqlx::Error;
use sqlx::postgres::PgDatabaseError;

use crate::error::{Kind, Refusal};

/// Hint of a plan made on a snapshot that is old by now.
pub const STALE: &str = "ledger.stale";

/// Whether reading again and planning again may help.
#[must_use]
pub fn is_stale(refusal: &Refusal) -> bool {
    refusal.kind == Kind::Conflict && refusal.hint == STALE
}

/// Whether the id of an operation was known: its first answer can be asked for.
#[must_use]
pub fn is_known(error: &Error) -> bool {
    let Error::Database(database) = error else {
        return false;
    };
    database.code().as_deref() == Some("GT020") || database.constraint() == Some("operation_pkey")
}

/// A failed statement as a refusal. A dead connection, a server that shuts down and a statement that
/// took too long are all "offline": nobody knows whether it was done.
#[must_use]
pub fn refuse(error: Error) -> Refusal {
    let Error::Database(database) = &error else {
        return match error {
            Error::Io(_)
            | Error::Protocol(_)
            | Error::Tls(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed => Refusal::offline(),
            Error::RowNotFound => Refusal::user("refusal.not_found"),
            other => Refusal::internal(other),
        };
    };
    let code = database.code().unwrap_or_default();
    let constraint = database
        .try_downcast_ref::<PgDatabaseError>()
        .and_then(PgDatabaseError::constraint)
        .unwrap_or_default();
    match (code.as_ref(), constraint) {
        ("GT001" | "40001" | "40P01", _)
        | ("23514", "balance_floor")
        | ("23505", "operation_seq_key" | "lot_points_expiry" | "credential_pkey") => {
            Refusal::conflict(STALE)
        }
        ("23505", "operation_about") => Refusal::user("ledger.done_already"),
        ("GT003", _) => Refusal::user("ledger.no_seat"),
        ("GT005", _) => Refusal::user("shift.not_open"),
        ("GT006", _) => Refusal::user("approval.needed"),
        ("GT007", _) | ("23514", "returned_quantity" | "returned_net") => {
            Refusal::user("refund.too_much")
        }
        ("GT008", _) => Refusal::user("refusal.not_found"),
        ("GT009", _) | ("23505", "shift_one_open") => Refusal::user("shift.open_already"),
        ("GT010", _) => Refusal::user("set_up.done_already"),
        ("GT011", _) => Refusal::user("staff.no_right"),
        ("GT012", _) => Refusal::user("staff.last_owner"),
        // Read again, the plan knows that there are none left.
        ("GT022", _) => Refusal::conflict(STALE),
        ("GT045", _) => Refusal::user("recipe.wrong_goods"),
        ("GT026", _) => Refusal::user("reward.wrong_goods"),
        ("GT024", _) => Refusal::user("enrol.no_referrer"),
        ("GT021", _) => Refusal::conflict("package.changed"),
        ("GT023", _) => Refusal::user("erase.holds_money"),
        ("GT035", _) => Refusal::user("deposit.over_kept"),
        ("GT040", _) => Refusal::user("family.needs_guardian"),
        ("GT041", _) => Refusal::user("family.too_many"),
        ("GT030", _) => Refusal::user("hand.not_allowed"),
        // Whoever is late reads again, and hears what became of it.
        ("GT031", _) => Refusal::user("hand.used"),
        ("GT032", _) => Refusal::user("redemption.not_shared"),
        ("GT050", _) => Refusal::user("gift_card.taken"),
        ("GT051", _) => Refusal::user("gift_card.over_limit"),
        ("GT060", _) => Refusal::user("contract.not_last"),
        ("GT061", _) => Refusal::user("contract.over"),
        ("GT018", _) => Refusal::user("attach.not_this_shift"),
        ("GT019", _) => Refusal::user("shift.reason_missing"),
        ("GT016", _) => Refusal::user("approval.beyond"),
        ("GT013", _) => Refusal::conflict("manage.changed"),
        ("GT014", _) => Refusal::user("till.has_operations"),
        ("GT015", _) => Refusal::user("disclosure.reason_missing"),
        ("23514", "approval_maker_checker" | "drawer_opening_maker_checker") => {
            Refusal::user("approval.yourself")
        }
        ("23505", "product_code_key") => Refusal::user("product.code_taken"),
        ("23505", "staff_number_key" | "staff_badge_key") => Refusal::user("staff.number_taken"),
        ("23505", "label_rule_prefix_key") => Refusal::user("label.taken"),
        ("23505", "level_name_key" | "level_rank_key") => Refusal::user("level.taken"),
        // A function or table of another version of the program.
        ("42P01" | "42883", _) => Refusal::new(Kind::Offline, "link.not_migrated"),
        ("55P03" | "53300" | "55006", _) => Refusal::conflict("refusal.busy"),
        (code, _)
            if code == "57014"
                || code.starts_with("57P")
                || code.starts_with("08")
                || code.starts_with("53")
                || code.starts_with("58") =>
        {
            Refusal::offline()
        }
        _ => Refusal::internal(error),
    }
}
