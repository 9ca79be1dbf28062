//! Member levels (LV1, LV2).

use serde::{Deserialize, Serialize};

use super::money::Fen;

/// A level. `threshold` is spend in a rolling twelve months, inclusive; `paid` is what the member pays in
/// basis points (9000 is 9 折); `multiplier` is points in basis points (20000 is double).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub id: i32,
    pub rank: i32,
    pub name: String,
    pub threshold: Fen,
    pub paid: i64,
    pub multiplier: i64,
    /// Grows with every edit.
    pub version: i32,
}

/// The level a member moves up to with `spend` in the last twelve months, the current sale counted;
/// `None` when she stays. Never down: that is the review's business (LV1).
#[must_use]
pub fn upgrade(levels: &[Level], current: i32, spend: Fen) -> Option<i32> {
    let rank = levels
        .iter()
        .find(|l| l.id == current)
        .map_or(i32::MIN, |l| l.rank);
    levels
        .iter()
        .filter(|l| l.rank > rank && l.threshold.is_positive() && spend >= l.threshold)
        .max_by_key(|l| l.rank)
        .map(|l| l.id)
}

/// `target` if it is above `current`, for an upgrade that a top-up grants at once.
#[must_use]
pub fn raise(levels: &[Level], current: i32, target: i32) -> Option<i32> {
    let rank = |id: i32| levels.iter().find(|l| l.id == id).map(|l| l.rank);
    (rank(target)? > rank(current)?).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels() -> Vec<Level> {
        [(1, 0), (2, 100_000), (3, 500_000)]
            .map(|(id, threshold)| Level {
                id,
                rank: id,
                name: String::new(),
                threshold: Fen(threshold),
                paid: 10_000,
                multiplier: 10_000,
                version: 1,
            })
            .to_vec()
    }

    #[test]
    fn thresholds_are_inclusive_and_never_lead_down() {
        assert_eq!(upgrade(&levels(), 1, Fen(99_999)), None);
        assert_eq!(upgrade(&levels(), 1, Fen(100_000)), Some(2));
        assert_eq!(upgrade(&levels(), 1, Fen(900_000)), Some(3));
        assert_eq!(upgrade(&levels(), 3, Fen(100_000)), None);
        assert_eq!(raise(&levels(), 2, 1), None);
        assert_eq!(raise(&levels(), 1, 3), Some(3));
    }
}
