//! A Postgres in another room: TLS with a certificate of its own, passwords, and nothing else over TCP.
//!
//! 127.0.0.2 and 127.0.0.3 are this machine too, but no name that guitai exempts from TLS.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::sync::{Mutex, OnceCell};

use super::cluster::{Cluster, OWNER, SETTINGS, serve};

/// The name and address in its certificate, besides `localhost`.
pub const HOST: &str = "127.0.0.2";
/// It listens here too, but the certificate does not say so.
pub const MISNAMED: &str = "127.0.0.3";
/// Owns every database of it; neither superuser nor anything else.
pub const SHOP_OWNER: &str = "shop_owner";
pub const OWNER_PASSWORD: &str = "owner-of-the-shop";

pub struct TlsServer {
    folder: PathBuf,
    pub port: u16,
    /// Who signed its certificate.
    pub ca: PathBuf,
    /// Who did not.
    pub other_ca: PathBuf,
    /// Roles are shared by all databases: one migration at a time.
    pub migrating: Mutex<()>,
    _guard: Child,
}

static SERVER: OnceCell<TlsServer> = OnceCell::const_new();

impl TlsServer {
    /// The one of this process, started by the first test that asks.
    pub async fn get() -> &'static Self {
        SERVER.get_or_init(Self::start).await
    }

    async fn start() -> Self {
        let folder = Cluster::get().await.folder().join("tls");
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        let (ca, issuer) = authority("The shop's CA");
        let (other_ca, _) = authority("Somebody else");
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), HOST.to_owned()];
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &issuer)
            .unwrap();
        for (name, text) in [
            ("ca.pem", &ca),
            ("other.pem", &other_ca),
            ("server.crt", &certificate.pem()),
            ("server.key", &key.serialize_pem()),
            ("hba", &HBA.to_owned()),
        ] {
            fs::write(folder.join(name), text).unwrap();
        }
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(folder.join("server.key"), private).unwrap();
        let port = free_port();
        let settings = format!(
            "{SETTINGS}
             port = {port}
             listen_addresses = '{HOST}, {MISNAMED}, 127.0.0.1'
             hba_file = '{0}/hba'
             ssl = on
             ssl_cert_file = '{0}/server.crt'
             ssl_key_file = '{0}/server.key'",
            folder.display()
        );
        let guard = serve(&folder, &settings).await;
        let server = Self {
            ca: folder.join("ca.pem"),
            other_ca: folder.join("other.pem"),
            folder,
            port,
            migrating: Mutex::new(()),
            _guard: guard,
        };
        let role = format!("create role {SHOP_OWNER} login createrole password '{OWNER_PASSWORD}'");
        let mut owner = server.owner("postgres").await;
        owner.execute(AssertSqlSafe(role)).await.unwrap();
        server
    }

    /// The superuser, beside TLS.
    pub async fn owner(&self, database: &str) -> PgConnection {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(&self.folder)
            .port(self.port)
            .username(OWNER)
            .database(database)
            .ssl_mode(PgSslMode::Disable);
        PgConnection::connect_with(&options).await.unwrap()
    }

    /// An empty database of the shop's owner.
    pub async fn database(&self, name: &str) {
        let statement = format!("create database {name} owner {SHOP_OWNER}");
        let mut owner = self.owner("postgres").await;
        owner.execute(AssertSqlSafe(statement)).await.unwrap();
    }

    /// `postgres://user:password@host/database`.
    pub fn url(&self, user: &str, password: &str, host: &str, database: &str) -> String {
        format!(
            "postgres://{user}:{password}@{host}:{}/{database}",
            self.port
        )
    }

    /// As [`Self::url`] for the certificate's name, with the right CA.
    pub fn trusted(&self, user: &str, password: &str, database: &str) -> String {
        let url = self.url(user, password, HOST, database);
        format!("{url}?sslrootcert={}", self.ca.display())
    }
}

const HBA: &str = "
local all all trust
hostssl all all 127.0.0.0/8 scram-sha-256
";

/// The certificate of somebody who issues them.
fn authority(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), Issuer::new(params, key))
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((HOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
