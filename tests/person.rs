//! What a member agreed to, all that is known of her, and that she is forgotten (PV1, PV2, MB5).

use std::fs;
use std::os::unix::fs::PermissionsExt;

use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::ledger::Stamp;
use guitai::domain::member::Member;
use guitai::domain::money::Fen;
use guitai::domain::reader::Near;
use guitai::domain::settlement::{Reason, Scope, Settlement, SettlementRequest};
use guitai::domain::tender::TenderKind;
use guitai::domain::transfer::{TransferRequest, What};
use guitai::error::Result;
use guitai::query::{
    Backend, By, Candidate, Consent, EnrolRequest, Found, Person, Purpose, Query, Reply, Typed,
};
use sqlx::{Connection, Executor, PgConnection};

use crate::support::books::{CASHIER, Counter, MANAGER, OWNER, books};
use crate::support::cluster::Database;

const BY: By = By {
    staff_id: CASHIER,
    till_id: 1,
};

async fn holds(database: &Database) {
    let mut conn = PgConnection::connect_with(&database.options(APP))
        .await
        .unwrap();
    assert_eq!(verify(&mut conn).await.unwrap().difference, None);
}

async fn consents(till: &Counter, member_id: i64) -> Vec<Consent> {
    let Reply::Consents(all) = till.db.answer(Query::Consents { member_id }).await.unwrap() else {
        panic!()
    };
    all
}

async fn say(till: &Counter, member_id: i64, purpose: Purpose, is_given: bool) -> Vec<Consent> {
    let query = Query::RecordConsent {
        member_id,
        purpose,
        is_given,
        about: "小宝".to_owned(),
        by: BY,
    };
    let Reply::Consents(all) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    all
}

/// Everything of hers there can be: name, birthday, notes, phone, card.
async fn enrol(till: &Counter) -> Member {
    let stamp = till.stamp();
    let request = EnrolRequest {
        referrer: None,
        code: "M0SECRET".to_owned(),
        stamp,
        phone: Some("13800001380".to_owned()),
        card: Some("0088001".to_owned()),
        person: Person {
            name: "欧阳晓明".to_owned(),
            birth_year: Some(1990),
            birth_month: Some(3),
            birth_day: Some(14),
            gender: None,
            notes: "对氨水过敏".to_owned(),
        },
        consents: vec!["membership".to_owned()],
    };
    let query = Query::Enrol(Box::new(request));
    let Reply::Enrolled { member, .. } = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    *member
}

/// PV1: each word is a row of its own and the last one counts; nobody changes one.
#[tokio::test]
async fn consents_are_given_and_withdrawn() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = till.enrol("13800001380").await;
    let all = consents(&till, her.id).await;
    assert_eq!((all.len(), all[0].purpose), (1, Purpose::Membership));
    assert!(all[0].is_given);
    assert_eq!((all[0].version, all[0].staff.as_str()), (1, "员工101"));
    say(&till, her.id, Purpose::Marketing, true).await;
    let shop = till
        .edit_terms(|shop| shop.terms = "新条款".to_owned())
        .await;
    assert_eq!(shop.terms_version, 2);
    let all = say(&till, her.id, Purpose::Marketing, false).await;
    let marketing = all.iter().find(|it| it.purpose == Purpose::Marketing);
    let marketing = marketing.unwrap();
    assert_eq!((marketing.is_given, marketing.version), (false, 2));
    let mut owner = database.owner().await;
    let rows: Vec<(String, bool, i32)> =
        sqlx::query_as("select purpose, given, version from consent order by id")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let row = |purpose: &str, given, version| (purpose.to_owned(), given, version);
    assert_eq!(
        rows,
        [
            row("membership", true, 1),
            row("marketing", true, 1),
            row("marketing", false, 2)
        ]
    );
    for change in [
        "update consent set given = true",
        "update consent set about = ''",
        "delete from consent",
        "truncate consent",
    ] {
        let refused = owner.execute(change).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    // MB4: a word of either of two merged members counts.
    let other = till.enrol("13900001390").await;
    let stamp = Stamp {
        operator_id: MANAGER,
        ..till.stamp()
    };
    let (from_id, to_id) = (her.id, other.id);
    let what = What::Merge { from_id, to_id };
    let merge = Query::Transfer(TransferRequest { stamp, what });
    till.db.answer(merge).await.unwrap();
    let all = consents(&till, other.id).await;
    assert!(
        all.iter()
            .any(|it| it.purpose == Purpose::Marketing && !it.is_given)
    );
}

/// PV1, PV2: everything there is about her, for her, in a file that nobody else on the machine reads; kept first.
#[tokio::test]
async fn all_of_it_is_exported() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = enrol(&till).await;
    till.top_up(&her, 500).await.unwrap();
    let export = |staff_id, reason: &str| Query::ExportMember {
        member_id: her.id,
        by: By {
            staff_id,
            till_id: 1,
        },
        reason: reason.to_owned(),
    };
    for (staff, reason, hint) in [
        (CASHIER, "本人要求", "staff.no_right"),
        (MANAGER, " ", "disclosure.reason_missing"),
    ] {
        let refused = till.db.answer(export(staff, reason)).await.unwrap_err();
        assert_eq!(refused.hint, hint);
    }
    let Reply::Exported(path) = till.db.answer(export(MANAGER, "本人要求")).await.unwrap()
    else {
        panic!()
    };
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    for known in [
        "欧阳晓明",
        "13800001380",
        "0088001",
        "对氨水过敏",
        "\"top_up\"",
        "membership",
        "本人要求",
    ] {
        assert!(text.contains(known), "{known}");
    }
    let kept: Vec<(String, i64, String)> =
        sqlx::query_as("select kind::text, member_id, reason from disclosure")
            .fetch_all(&mut database.owner().await)
            .await
            .unwrap();
    assert_eq!(kept, [("export".to_owned(), her.id, "本人要求".to_owned())]);
}

async fn found(till: &Counter, typed: Typed) -> usize {
    let query = Query::Candidates { typed, limit: 8 };
    let Reply::Candidates(all) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    all.iter()
        .filter(|it| matches!(it, Candidate::Member { .. }))
        .count()
}

async fn erase(till: &Counter, member_id: i64, approver_id: Option<i32>) -> Result<Reply> {
    let query = Query::EraseMember {
        member_id,
        by: BY,
        approver_id,
    };
    till.db.answer(query).await
}

/// RF1: the money goes back by law.
async fn settle(till: &Counter, her: &Member) {
    let query = Query::ReadSettlement { member_id: her.id };
    let Reply::History(history) = till.db.answer(query).await.unwrap() else {
        panic!()
    };
    let stamp = Stamp {
        approver_id: Some(OWNER),
        ..till.stamp()
    };
    let moment = (stamp.at, stamp.business_on);
    let shown = Settlement::of(&history, Scope::All, Reason::Shop, moment);
    let request = SettlementRequest {
        stamp,
        member_id: her.id,
        scope: Scope::All,
        reason: Reason::Shop,
        way: TenderKind::Cash,
        amount: shown.amount,
    };
    till.receipt(Query::Settle(request)).await.unwrap();
}

/// PV1: the person is gone, what happened stays: nothing finds her, no column says who she was, the books hold.
#[tokio::test]
async fn forgotten() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = enrol(&till).await;
    till.top_up(&her, 500).await.unwrap();
    let her = till.member(her.id).await;
    till.sell(Some(&her), 10_000, TenderKind::StoredValue)
        .await
        .unwrap();
    say(&till, her.id, Purpose::Guardian, true).await;
    let look = Query::RevealPhone {
        member_id: her.id,
        staff_id: MANAGER,
        till_id: 1,
        reason: "给欧阳晓明打电话".to_owned(),
    };
    till.db.answer(look).await.unwrap();

    let refused = |answer: Result<Reply>| answer.unwrap_err().hint;
    let early = erase(&till, her.id, Some(OWNER)).await;
    assert_eq!(refused(early), "erase.holds_money");
    settle(&till, &her).await;
    for nobody in [None, Some(CASHIER), Some(MANAGER)] {
        assert_eq!(
            refused(erase(&till, her.id, nobody).await),
            "approval.needed"
        );
    }
    assert_eq!(found(&till, Typed::Letters("oyxm".to_owned())).await, 1);
    erase(&till, her.id, Some(OWNER)).await.unwrap();
    assert_eq!(
        refused(erase(&till, her.id, Some(OWNER)).await),
        "refusal.not_found"
    );

    for typed in [
        Typed::Digits("1380".to_owned()),
        Typed::Digits("13800001380".to_owned()),
        Typed::Digits("0088001".to_owned()),
        Typed::Letters("oyxm".to_owned()),
        Typed::Letters("ouyang".to_owned()),
        Typed::Name {
            name: "欧阳".to_owned(),
            grams: vec!["欧阳".to_owned()],
        },
    ] {
        assert_eq!(found(&till, typed).await, 0);
    }
    for code in ["13800001380", "0088001", "M0SECRET"] {
        let query = Query::Scan {
            codes: vec![code.to_owned()],
            near: Near::default(),
        };
        let Reply::Found(found) = till.db.answer(query).await.unwrap() else {
            panic!()
        };
        assert_eq!(found, Found::Nothing);
    }
    let now = till.member(her.id).await;
    assert_eq!(
        (now.name.as_str(), now.phone, now.birth_day),
        ("", None, None)
    );
    assert_eq!(now.principal, Fen::ZERO);
    holds(&database).await;
    nothing_is_left(&database).await;
    // The same phone is somebody new.
    let again = till.enrol("13800001380").await;
    assert_ne!(again.id, her.id);
    holds(&database).await;
}

/// No row of any table says who she was; and no more than that can be done to a log.
async fn nothing_is_left(database: &Database) {
    let mut owner = database.owner().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r'",
    )
    .fetch_all(&mut owner)
    .await
    .unwrap();
    for table in tables {
        let all: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select x::text from {table} x"
        )))
        .fetch_all(&mut owner)
        .await
        .unwrap();
        for secret in [
            "欧阳",
            "13800001380",
            "0088001",
            "M0SECRET",
            "氨水",
            "小宝",
            "ouyang",
        ] {
            let row = all.iter().find(|row| row.contains(secret));
            assert_eq!(row, None, "{table}");
        }
    }
    for change in [
        "update disclosure set reason = 'x'",
        "update disclosure set staff_id = 1",
        "update disclosure set reason = '-', row_count = 0",
        "delete from disclosure",
        "update erasure set staff_id = 3",
        "update member_edit set changed = '{}'",
        "update operation set spend = 0",
    ] {
        let refused = owner.execute(change).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{change}: {refused}");
    }
}

/// MB5: a new code beside the lost one, for the same member with what she owns.
#[tokio::test]
async fn a_new_code_for_an_old_member() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let her = enrol(&till).await;
    let query = Query::NewCode {
        member_id: her.id,
        code: "M0ANOTHER".to_owned(),
        by: BY,
    };
    let Reply::Credentials(all) = till.db.answer(query.clone()).await.unwrap() else {
        panic!()
    };
    assert_eq!(all.iter().filter(|it| !it.is_card).count(), 2);
    let scan = Query::Scan {
        codes: vec!["M0ANOTHER".to_owned()],
        near: Near::default(),
    };
    let Reply::Found(Found::Member(found)) = till.db.answer(scan).await.unwrap() else {
        panic!()
    };
    assert_eq!(found.id, her.id);
    assert!(till.db.answer(query).await.is_err());
    let log: Vec<String> =
        sqlx::query_scalar("select changed[1] from member_edit order by id desc limit 1")
            .fetch_all(&mut database.owner().await)
            .await
            .unwrap();
    assert_eq!(log, ["code"]);
}
