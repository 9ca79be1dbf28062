//! New ids from an event's time and a seed: unique in the shop, the same in every test run.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// Makes `UUIDv7`: milliseconds of the event, then 74 bits of a hash over seed and count.
#[derive(Debug)]
pub struct Ids {
    seed: u128,
    count: u64,
}

impl Ids {
    /// `seed` is random in the shop and fixed in a test.
    #[must_use]
    pub const fn new(seed: u128) -> Self {
        Self { seed, count: 0 }
    }

    /// The next id.
    pub fn next(&mut self, at: DateTime<Utc>) -> Uuid {
        self.count += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(self.count.to_be_bytes());
        let mut random = [0; 10];
        for (to, from) in random.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let (mut a, mut b, mut other) = (Ids::new(7), Ids::new(7), Ids::new(8));
        let first = a.next(at);
        assert_eq!(first, b.next(at));
        assert_ne!(first, a.next(at));
        assert_ne!(first, other.next(at));
        assert_eq!(first.get_version_num(), 7);
    }
}
