//! Families: kept, edited, forgotten, through the real back end and by keys (MB6, PIPL art. 28).

use guitai::db::open::APP;
use guitai::domain::beneficiary::{Born, Calendar, Relation};
use guitai::domain::member::Member;
use guitai::error::Result;
use guitai::query::{Backend, BeneficiaryEdit, Query, Reply};
use guitai::ui::screens::member::family::Family;
use insta::assert_snapshot;
use sqlx::Row;

use crate::support::books::{CASHIER, Counter, books};
use crate::support::console::{Console, parts};
use crate::support::shop::{cashier, opening};

fn child(name: &str, guardian: &str) -> BeneficiaryEdit {
    BeneficiaryEdit {
        id: 0,
        version: 0,
        name: name.to_owned(),
        relation: Relation::Child,
        born: Some(Born {
            year: Some(2020),
            month: 4,
            day: 10,
            calendar: Calendar::LunarLeap,
        }),
        guardian: guardian.to_owned(),
    }
}

async fn send(till: &Counter, query: Query) -> Result<Member> {
    match till.db.answer(query).await? {
        Reply::Member(member) => Ok(*member),
        other => panic!("{other:?}"),
    }
}

async fn save(till: &Counter, member_id: i64, edit: BeneficiaryEdit) -> Result<Member> {
    let by = till.session.by();
    send(
        till,
        Query::SaveBeneficiary {
            member_id,
            by: guitai::query::By {
                staff_id: CASHIER,
                ..by
            },
            edit,
        },
    )
    .await
}

#[tokio::test]
async fn kept_edited_and_forgotten() {
    let database = books().await;
    let till = Counter::open(database.options(APP), 1).await;
    let id = till.enrol("13800001380").await.id;
    let alone = save(&till, id, child("小宝", "")).await.unwrap_err();
    assert_eq!(alone.hint, "family.needs_guardian");
    let her = save(&till, id, child("小宝", "王晓明")).await.unwrap();
    let [one] = her.family.as_slice() else {
        panic!("{:?}", her.family)
    };
    assert_eq!((one.id, one.name.as_str(), one.version), (1, "小宝", 1));
    assert_eq!(one.born, child("", "").born);
    let consent = one.guardian.clone().unwrap();
    assert_eq!(
        (
            consent.name.as_str(),
            consent.version,
            consent.channel.as_str(),
            consent.staff_id
        ),
        ("王晓明", 1, "counter", CASHIER)
    );
    // An edit of another thing keeps the consent as it was taken down; an old form is refused.
    let edit = BeneficiaryEdit {
        id: 1,
        version: 1,
        ..child("大宝", "王晓明")
    };
    let her = save(&till, id, edit.clone()).await.unwrap();
    assert_eq!(her.family[0].guardian, Some(consent));
    assert_eq!(
        save(&till, id, edit).await.unwrap_err().hint,
        "manage.changed"
    );
    for n in 2..=12 {
        save(&till, id, child(&format!("孩子{n}"), "王晓明"))
            .await
            .unwrap();
    }
    let many = save(&till, id, child("又一个", "王晓明"))
        .await
        .unwrap_err();
    assert_eq!(many.hint, "family.too_many");
    let by = till.session.by();
    let by = guitai::query::By {
        staff_id: CASHIER,
        ..by
    };
    let remove = |id: i32| Query::RemoveBeneficiary {
        member_id: her.id,
        id,
        by,
    };
    let her = send(&till, remove(1)).await.unwrap();
    assert!(her.family.iter().all(|it| it.name != "大宝"));
    // Nothing of her is left anywhere; that something was changed is.
    let mut owner = database.owner().await;
    let left: i64 = sqlx::query_scalar("select count(*) from beneficiary where name = '大宝'")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let row = sqlx::query("select count(*), min(changed[1]) from member_edit")
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(
        (row.get::<i64, _>(0), row.get::<&str, _>(1)),
        (14, "beneficiary")
    );
}

/// Answers as the back end would: what is saved is there.
struct Shop;

impl Backend for &Shop {
    async fn answer(&self, query: Query) -> Result<Reply> {
        let mut member = crate::support::member::member();
        match query {
            Query::SaveBeneficiary { edit, .. } => {
                member.family = vec![guitai::domain::beneficiary::Beneficiary {
                    id: 1,
                    name: edit.name,
                    relation: edit.relation,
                    born: edit.born,
                    guardian: Some(guitai::domain::beneficiary::Guardian {
                        name: edit.guardian,
                        version: 1,
                        at: crate::support::console::morning(),
                        channel: "counter".to_owned(),
                        staff_id: 1,
                    }),
                    version: 1,
                }];
                Ok(Reply::Member(Box::new(member)))
            }
            _ => Ok(Reply::Member(Box::new(member))),
        }
    }
}

#[tokio::test]
async fn by_keys() {
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(cashier());
    let member = crate::support::member::member();
    let shop = Shop;
    let mut console = Console::with(&shop, parts, Family::new(&member));
    console.size(80, 24).settle().await;
    assert_snapshot!("empty", console.screen());
    console.keys("<F3>小宝<Down><Down><Right><Right><Down>2021-04-10<F2>");
    assert!(console.screen().contains("没有这一天"));
    console.keys("<Ctrl-u>2020-04-10<F2>");
    assert!(console.screen().contains("须监护人同意"));
    assert_snapshot!("form", console.screen());
    assert_snapshot!("form_45", console.size(45, 30).screen());
    console.size(80, 24);
    console.keys("王晓明<F2>").settle().await;
    assert_snapshot!("list", console.screen());
    assert_snapshot!("list_45", console.size(45, 30).screen());
    console.size(80, 24);
    console.keys("<F8>");
    assert!(console.screen().contains("删除这位家人"));
    console.keys("<Down><Enter>").settle().await;
}

/// A birthday that is near stands at the counter and on the card: 小宝 3天后生日.
#[tokio::test]
async fn near_birthdays_are_said() {
    use guitai::domain::beneficiary::Beneficiary;
    use guitai::ui::screens::member::MemberCard;
    struct Near;
    impl Backend for &Near {
        async fn answer(&self, _query: Query) -> Result<Reply> {
            let mut member = crate::support::member::member();
            let one = |id, name: &str, month, day| Beneficiary {
                id,
                name: name.to_owned(),
                relation: Relation::Child,
                born: Some(Born {
                    year: None,
                    month,
                    day,
                    calendar: Calendar::Solar,
                }),
                guardian: None,
                version: 1,
            };
            member.family = vec![one(1, "大宝", 12, 1), one(2, "小宝", 3, 12)];
            Ok(Reply::Member(Box::new(member)))
        }
    }
    let mut parts = parts();
    parts.session.open(opening());
    parts.session.staff = Some(cashier());
    let mut console = Console::with(&Near, parts, MemberCard::new(7));
    console.size(80, 24).settle().await;
    let screen = console.screen();
    assert!(screen.contains("家人 小宝 3天后生日, 大宝"), "{screen}");
    console.keys("<Ctrl-f>");
    assert!(console.screen().contains("王晓明 的家人"));
}
