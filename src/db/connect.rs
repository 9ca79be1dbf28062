//! A connection to Postgres: within a limit, and when there is none, what to do about it.

use std::io;
use std::time::Duration;

use rustls::{CertificateError, Error as TlsError};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Error, PgConnection};
use tokio::time::timeout;

use crate::db::refuse::refuse;
use crate::error::{Kind, Refusal, Result};

/// To get a connection, TLS and password included.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// Connects.
///
/// # Errors
/// Offline, whatever the reason: nothing was asked, so nothing is known. The hint says what to do. Too many
/// connections is a conflict.
pub async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    timeout(CONNECT_WITHIN, PgConnection::connect_with(options))
        .await
        .map_err(|_elapsed| Refusal::offline())?
        .map_err(|error| explain(error, options))
}

fn explain(error: Error, options: &PgConnectOptions) -> Refusal {
    let hint = match &error {
        Error::Io(cause) => io_hint(cause, options),
        Error::Tls(cause) if cause.to_string().contains("does not support TLS") => "link.no_tls",
        Error::Tls(cause) if cause.to_string().contains("certificate") => "link.ca_file",
        Error::Tls(_) => "link.tls",
        Error::Configuration(_) => "link.bad_url",
        Error::Database(database) => match database.code().as_deref() {
            Some("28P01") => "link.password",
            Some("28000" | "42501") => "link.not_allowed",
            Some("3D000") => "link.no_database",
            _ => "",
        },
        _ => "",
    };
    if hint.is_empty() {
        let mut refusal = refuse(error);
        if refusal.kind == Kind::Internal {
            refusal = Refusal {
                source: refusal.source,
                ..Refusal::offline()
            };
        }
        return refusal;
    }
    let cause = error.to_string();
    let mut refusal = Refusal::new(Kind::Offline, hint)
        .with("host", options.get_host())
        .with("user", options.get_username())
        .with("database", options.get_database().unwrap_or_default())
        .with("cause", cause);
    refusal.source = Some(std::sync::Arc::new(error));
    refusal
}

/// What a failed handshake means, or a file that is not there: over TCP that is the one of `sslrootcert`.
fn io_hint(error: &io::Error, options: &PgConnectOptions) -> &'static str {
    let tls = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<TlsError>());
    match tls {
        Some(TlsError::InvalidCertificate(wrong)) => match wrong {
            CertificateError::UnknownIssuer => "link.unknown_ca",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "link.wrong_name"
            }
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => "link.expired",
            _ => "link.tls",
        },
        Some(_) => "link.tls",
        None if options.get_socket().is_none()
            && matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
            ) =>
        {
            "link.ca_file"
        }
        None => "",
    }
}
