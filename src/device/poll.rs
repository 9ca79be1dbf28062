//! A device file or socket that tells when it can be read or written.

use std::os::fd::{AsRawFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// What waits for it, in both directions.
///
/// # Errors
/// The file itself, when it is none to be waited for: a plain file takes everything at once.
pub(crate) fn pollable<T: AsRawFd + Into<OwnedFd>>(file: T) -> Result<AsyncFd<T>, T> {
    pollable_for(file, Interest::READABLE | Interest::WRITABLE)
}

/// What waits for these changes of it and no others.
///
/// # Errors
/// As [`pollable`].
pub(crate) fn pollable_for<T: AsRawFd + Into<OwnedFd>>(
    file: T,
    changes: Interest,
) -> Result<AsyncFd<T>, T> {
    #[expect(
        deprecated,
        reason = "safe for what owns its descriptor, which stays open and the same; the successor is an unsafe fn"
    )]
    AsyncFd::try_with_interest(file, changes).map_err(|error| error.into_parts().0)
}
