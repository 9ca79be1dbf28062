//! `Refusal`: everything a person can act on, with what to do next.

use std::fmt;
use std::sync::Arc;

/// Who can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The person at the counter: wrong input, a missing right, too little money.
    User,
    /// Somebody else was faster: read again and decide again.
    Conflict,
    /// The database did not answer. Nothing is known to be lost.
    Offline,
    /// A scanner, printer or drawer.
    Device,
    /// Our fault. The log has the chain, the screen has a short code.
    Internal,
}

/// A refusal: who can mend it and a key of `assets/text.toml` that says what to do next.
///
/// `with` fills the named places of that text, for example `{short}`.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub kind: Kind,
    /// A key of `assets/text.toml`.
    pub hint: &'static str,
    pub with: Vec<(&'static str, String)>,
    /// The chain behind it, for the log only.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Refusal {
    #[must_use]
    pub const fn new(kind: Kind, hint: &'static str) -> Self {
        Self {
            kind,
            hint,
            with: Vec::new(),
            source: None,
        }
    }

    #[must_use]
    pub const fn user(hint: &'static str) -> Self {
        Self::new(Kind::User, hint)
    }

    #[must_use]
    pub const fn conflict(hint: &'static str) -> Self {
        Self::new(Kind::Conflict, hint)
    }

    #[must_use]
    pub const fn offline() -> Self {
        Self::new(Kind::Offline, "refusal.offline")
    }

    /// A failure that is ours: keeps the cause for the log.
    #[must_use]
    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        let mut refusal = Self::new(Kind::Internal, "refusal.internal");
        refusal.source = Some(Arc::new(source));
        refusal
    }

    /// Fills the place `{name}` of the text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.with.push((name, value.to_string()));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.kind, self.hint)?;
        for (name, value) in &self.with {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e.as_ref() as _)
    }
}

/// The result of anything that may be refused.
pub type Result<T> = std::result::Result<T, Refusal>;
