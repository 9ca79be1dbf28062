//! Chance that can be repeated: the same seed throws the same.

/// `SplitMix64`: small, even enough for a play, no secret.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for the `no`-th of many, in any order.
    pub const fn of(seed: u64, no: u64) -> Self {
        let mut of_seed = Self::new(seed);
        let mut mixed = Self::new(of_seed.throw() ^ no);
        Self::new(mixed.throw())
    }

    pub const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both possible.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high.saturating_sub(low)).unwrap_or(0) + 1;
        low + i64::try_from(self.throw() % span).unwrap_or(0)
    }

    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of several, evenly.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let place = self.between(0, i64::try_from(of.len()).unwrap_or(1) - 1);
        of.get(usize::try_from(place).unwrap_or(0)).copied()
    }

    /// One of several, each with its weight.
    pub fn weigh<T: Copy>(&mut self, of: &[(i64, T)]) -> Option<T> {
        let all = of.iter().map(|(weight, _)| weight).sum::<i64>();
        let mut left = self.between(1, all.max(1));
        of.iter()
            .find(|(weight, _)| {
                left -= weight;
                left <= 0
            })
            .map(|(_, value)| *value)
    }

    pub fn bytes(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let (head, tail) = (self.throw().to_le_bytes(), self.throw().to_le_bytes());
        for (to, from) in bytes.iter_mut().zip(head.into_iter().chain(tail)) {
            *to = from;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn stays_within_and_repeats() {
        let (mut one, mut two) = (Dice::new(7), Dice::new(7));
        for _ in 0..1000 {
            let n = one.between(-3, 5);
            assert!((-3..=5).contains(&n));
            assert_eq!(n, two.between(-3, 5));
        }
        assert_eq!(one.weigh(&[(0, 'a'), (5, 'b')]), Some('b'));
        assert_eq!(one.pick::<u8>(&[]), None);
        let often = (0..1000).filter(|_| one.chance(30)).count();
        assert!((250..350).contains(&often), "{often}");
    }
}
