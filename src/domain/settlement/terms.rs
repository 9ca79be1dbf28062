//! What the shop gives back beyond the law (RF5), in its versions.

use serde::{Deserialize, Serialize};

/// The shop's own terms (RF5): a fee of what would go back, in basis points, and whether the bonus that is left is paid
/// out as well. They count only where they are better for her.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTerms {
    pub fee: i64,
    pub pays_bonus: bool,
}

/// The terms of one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnVersion {
    pub version: i32,
    pub own: OwnTerms,
}

/// All versions that had terms of the shop's own, and which is in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    pub version: i32,
    pub own: Vec<OwnVersion>,
}

impl Terms {
    /// Those in force; none where the shop goes by the law alone.
    #[must_use]
    pub fn in_force(&self) -> Option<OwnTerms> {
        self.of(Some(self.version))
    }

    /// Those of a version. What was paid without a version named goes by those in force.
    #[must_use]
    pub fn of(&self, version: Option<i32>) -> Option<OwnTerms> {
        let version = version.unwrap_or(self.version);
        let known = self.own.iter().find(|it| it.version == version);
        known.map(|it| it.own)
    }
}
