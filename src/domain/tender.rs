//! How a bill is paid.

use serde::{Deserialize, Serialize};

use super::ledger::Account;
use super::money::Fen;

/// The ways to pay. All but stored value and cash are recorded tenders: the money moves elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenderKind {
    StoredValue,
    Cash,
    Wechat,
    Alipay,
    BankCard,
    /// What was paid beforehand for an order: nobody chooses it, the order brings it (SV6).
    Deposit,
}

impl TenderKind {
    /// Those a customer can choose.
    pub const ALL: [Self; 5] = [
        Self::StoredValue,
        Self::Cash,
        Self::Wechat,
        Self::Alipay,
        Self::BankCard,
    ];

    /// The till's account that receives it; stored value and deposits have none, they come out of the member's lots and claims.
    #[must_use]
    pub const fn account(self) -> Option<Account> {
        match self {
            Self::StoredValue | Self::Deposit => None,
            Self::Cash => Some(Account::Cash),
            Self::Wechat => Some(Account::Wechat),
            Self::Alipay => Some(Account::Alipay),
            Self::BankCard => Some(Account::BankCard),
        }
    }

    /// The tender an account stands for.
    #[must_use]
    pub fn of(account: Account) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.account() == Some(account))
    }
}

/// One payment: what it covers of the bill, and for cash what was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tender {
    pub kind: TenderKind,
    /// What it covers, fen.
    pub amount: Fen,
    /// What was handed over, fen; more than `amount` only for cash.
    pub given: Fen,
}

impl Tender {
    /// A payment of exactly `amount`.
    #[must_use]
    pub const fn exact(kind: TenderKind, amount: Fen) -> Self {
        Self {
            kind,
            amount,
            given: amount,
        }
    }

    #[must_use]
    pub fn change(&self) -> Fen {
        self.given - self.amount
    }
}

/// The part of a cash payment that is dropped (抹零): none, the fen or the jiao, downwards (PR6).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    #[default]
    None,
    Jiao,
    Yuan,
}

impl Rounding {
    pub const ALL: [Self; 3] = [Self::None, Self::Jiao, Self::Yuan];

    /// What is dropped of `due`, fen.
    #[must_use]
    pub const fn off(self, due: Fen) -> Fen {
        Fen(due.0.rem_euclid(self.step()))
    }

    /// What is added to cash that goes back, fen: up, in the customer's favour.
    #[must_use]
    pub const fn up(self, back: Fen) -> Fen {
        Fen((-back.0).rem_euclid(self.step()))
    }

    const fn step(self) -> i64 {
        match self {
            Self::None => 1,
            Self::Jiao => 10,
            Self::Yuan => 100,
        }
    }
}
