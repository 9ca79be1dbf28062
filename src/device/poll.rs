//! A device file that tells when it can be read or written.

use std::fs::File;

use tokio::io::unix::AsyncFd;

/// The file, to be waited for.
///
/// # Errors
/// The file itself, when it is none to be waited for: a plain file takes everything at once.
pub(crate) fn pollable(file: File) -> Result<AsyncFd<File>, File> {
    #[expect(
        deprecated,
        reason = "safe for a File, whose descriptor stays open and the same; the successor is an unsafe fn"
    )]
    AsyncFd::try_new(file).map_err(|error| error.into_parts().0)
}
