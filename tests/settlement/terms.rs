//! The shop's own terms in their versions (RF5): what was agreed to can be shown, and what goes back never falls below the law.

use guitai::domain::money::Fen;
use guitai::domain::settlement::{OwnTerms, Reason, Rule};
use sqlx::{Executor, Row};

use super::{begun, holds, read, send, settle, till};
use crate::support::books::books;

/// The owner promises more; a settlement goes by it and names the version. All texts stay, and nobody can change one.
#[tokio::test]
async fn a_better_promise_is_kept_and_named() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = begun(&till).await;
    let good = OwnTerms {
        fee: 0,
        pays_bonus: true,
    };
    let shop = till.edit_terms(|shop| shop.own_refund = Some(good)).await;
    assert_eq!((shop.terms_version, shop.own_refund), (2, Some(good)));
    // Another setting is no new version; another text is.
    till.edit_terms(|shop| shop.dormancy_days = 31).await;
    let shop = till
        .edit_terms(|shop| shop.terms = "新条款".to_owned())
        .await;
    assert_eq!(shop.terms_version, 3);
    let history = read(&till, &her).await;
    assert_eq!(history.terms.version, 3);
    let request = settle(&till, &history, Reason::Consumer);
    // All that is left, bonus too, but no more than was paid.
    assert_eq!(
        request.amount,
        (her.principal + her.bonus).min(Fen::yuan(500))
    );
    let receipt = send(&till, &request).await.unwrap();
    let settlement = receipt.document.settlement.unwrap();
    assert_eq!(settlement.applied().unwrap().rule, Rule::Own);
    assert_eq!(settlement.terms_version, Some(3));
    assert_eq!(settlement.prepaid[0].terms_version, Some(1));
    let mut owner = database.owner().await;
    let rows =
        sqlx::query("select version, text, own_refund is not null from terms order by version")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let kept: Vec<(i32, String, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    assert_eq!(kept.len(), 3);
    assert_eq!(
        (kept[0].1.as_str(), kept[0].2),
        (till.shop.terms.as_str(), false)
    );
    assert_eq!(kept[1].1, kept[0].1);
    assert_eq!((kept[2].1.as_str(), kept[2].2), ("新条款", true));
    assert!(owner.execute("update terms set text = 'x'").await.is_err());
    holds(&database).await;
}

/// The terms change between the screen and the posting: what was shown is not what would go back.
#[tokio::test]
async fn changed_terms_are_noticed() {
    let database = books().await;
    let till = till(&database, 1).await;
    let her = begun(&till).await;
    let request = settle(&till, &read(&till, &her).await, Reason::Consumer);
    till.edit_terms(|shop| {
        shop.own_refund = Some(OwnTerms {
            fee: 100,
            pays_bonus: true,
        });
    })
    .await;
    let refused = send(&till, &request).await.unwrap_err();
    assert_eq!(refused.hint, "settlement.changed");
    let request = settle(&till, &read(&till, &her).await, Reason::Consumer);
    send(&till, &request).await.unwrap();
    holds(&database).await;
}
