//! Eight tills, a few members in common, and a link that breaks at random: nothing lost, nothing doubled.
//! `make soak` runs it long; the tests run it short.

use std::collections::HashSet;
use std::env;

use futures::future::join_all;
use guitai::db::open::APP;
use guitai::db::verify::verify;
use guitai::domain::money::Fen;
use guitai::domain::refund::RefundRequest;
use guitai::domain::tender::TenderKind::{Cash, StoredValue, Wechat};
use guitai::query::{Backend, Differences, Query, Reply};
use guitai::session::Connection;
use uuid::Uuid;

use crate::support::books::{Counter, TILLS, books};
use crate::support::proxy::{Cut, Proxy};

/// Operations of each till when nobody asks for more with `GUITAI_SOAK`.
const SHORT: u32 = 40;
/// Members all tills share: few, so that plans go stale.
const MEMBERS: usize = 5;
/// One link in so many operations breaks.
const BREAKS: u64 = 3;

struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn cut(&mut self) -> Cut {
        let n = usize::try_from(self.below(9)).unwrap();
        match self.below(4) {
            0 => Cut::AfterMessages(1 + n),
            1 => Cut::AfterBytes(1 + n * 150),
            2 => Cut::BeforeReply(1 + n % 2),
            _ => Cut::MidReply(1 + n % 2),
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    acked: Vec<Uuid>,
    refused: u32,
    resolved: usize,
}

async fn work(
    till: &Counter,
    proxy: &Proxy,
    members: &[i64],
    mut dice: Dice,
    operations: u32,
) -> Tally {
    let mut tally = Tally::default();
    let mut sold: Vec<(Uuid, i64)> = Vec::new();
    for _ in 0..operations {
        let pick = usize::try_from(dice.below(members.len() as u64)).unwrap();
        let her = till.member(members[pick]).await;
        if dice.below(BREAKS) == 0 {
            proxy.cut(dice.cut());
        }
        let member = Some(Box::new(her.clone()));
        let fen = i64::try_from(100 + dice.below(5_000)).unwrap();
        let query = match dice.below(10) {
            0 | 1 => Query::TopUp {
                request: till.top_up_request(&her, 100, Cash),
                member: Box::new(her),
            },
            2 if !sold.is_empty() => {
                let (sale_id, amount) = sold.swap_remove(0);
                Query::Refund(RefundRequest {
                    stamp: till.stamp(),
                    sale_id,
                    member_id: None,
                    lines: vec![(1, 1)],
                    amount: Fen(amount),
                })
            }
            3 => Query::Sell {
                request: till.sale(None, fen, Wechat),
                member: None,
            },
            _ => Query::Sell {
                request: till.sale(Some(&her), fen, StoredValue),
                member,
            },
        };
        match till.db.answer(query).await {
            Ok(Reply::Receipt(receipt)) => {
                if !receipt.lines.is_empty() && receipt.document.sale_seq.is_none() {
                    sold.push((receipt.id, receipt.net().0));
                }
                tally.acked.push(receipt.id);
            }
            Ok(other) => panic!("{other:?}"),
            Err(refusal) => {
                assert!(
                    ["stored_value.short", "ledger.stale"].contains(&refusal.hint),
                    "{refusal}"
                );
                tally.refused += 1;
            }
        }
        proxy.cut(Cut::AfterMessages(usize::MAX));
    }
    tally.resolved = till
        .told
        .borrow()
        .windows(2)
        .filter(|w| matches!(w, [Connection::Unknown { .. }, Connection::Online]))
        .count();
    tally
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "make soak asks for the figures")]
async fn eight_tills_under_random_faults() {
    let operations = env::var("GUITAI_SOAK")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(SHORT);
    let database = books().await;
    let (mut tills, mut proxies) = (Vec::new(), Vec::new());
    for number in 1..=TILLS {
        let proxy = Proxy::new().await;
        tills.push(Counter::open(proxy.options(&database, APP), number).await);
        proxies.push(proxy);
    }
    let mut members = Vec::new();
    for n in 0..MEMBERS {
        let her = tills[0].enrol(&format!("1380000{n:04}")).await;
        tills[0].top_up(&her, 1_000).await.unwrap();
        members.push(her.id);
    }
    let runs = tills
        .iter()
        .zip(&proxies)
        .zip(1..)
        .map(|((till, proxy), seed)| work(till, proxy, &members, Dice(seed), operations));
    let tallies = join_all(runs).await;

    let mut owner = database.owner().await;
    let ledger: Vec<Uuid> =
        sqlx::query_scalar("select id from operation where kind in ('sale', 'top_up', 'refund')")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    let ledger: HashSet<Uuid> = ledger.into_iter().collect();
    let acked: HashSet<Uuid> = tallies
        .iter()
        .flat_map(|t| t.acked.iter().copied())
        .collect();
    let lost = acked.difference(&ledger).count();
    let doubled = ledger.len() - MEMBERS - acked.intersection(&ledger).count();
    let resolved: usize = tallies.iter().map(|t| t.resolved).sum();
    let refused: u32 = tallies.iter().map(|t| t.refused).sum();
    let line = format!(
        "acked {}, unknown then resolved {resolved}, refused {refused}, lost {lost}, doubled {doubled}",
        acked.len()
    );
    if env::var("GUITAI_SOAK").is_ok() {
        println!("{line}");
    }
    assert!(lost == 0 && doubled == 0, "{line}");
    assert!(
        resolved > 0,
        "the link never broke in the right places: {line}"
    );
    for till in &tills {
        let Reply::Sheet(_, differences) = till
            .db
            .answer(Query::Sheet {
                shift_id: till.shift.id,
            })
            .await
            .unwrap()
        else {
            panic!()
        };
        assert_eq!(differences, Differences::default());
    }
    let verdict = verify(&mut owner).await.unwrap();
    assert!(verdict.holds(), "{verdict:?}");
}
