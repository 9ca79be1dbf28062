//! What a scanner read.

/// One code, read whole: by a scanner device or as a burst of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    pub text: String,
}
