//! A Postgres in another room: TLS with a certificate of its own, passwords, and nothing else over TCP.
//!
//! 127.0.0.2 and 127.0.0.3 are this machine too, but no name that guitai exempts from TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Child;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::sync::{Mutex, OnceCell};

use super::cluster::{Cluster, OWNER, SETTINGS, serve};
use super::folder::Folder;

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
             log_statement = all
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

    /// Everything it was asked, and more.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).unwrap()
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

/// Something that says yes when TLS is asked for, as Postgres does, and then shows a certificate that is no good,
/// or none. It lives as long as this process.
pub struct Answers {
    folder: Folder,
    port: u16,
}

impl Answers {
    pub fn expired() -> Self {
        Self::with_certificate(2020, 2021)
    }

    pub fn not_yet_valid() -> Self {
        Self::with_certificate(2999, 3000)
    }

    fn with_certificate(from: i32, until: i32) -> Self {
        let (ca, issuer) = authority("The shop's CA");
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .unwrap();
        let config = Arc::new(config);
        Self::serve(&ca, move |mut client| {
            let mut server = ServerConnection::new(Arc::clone(&config)).unwrap();
            // The client hangs up when it sees the certificate.
            while server.is_handshaking() && server.complete_io(&mut client).is_ok() {}
        })
    }

    pub fn nonsense() -> Self {
        Self::serve("", |mut client| {
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        })
    }

    fn serve(ca: &str, answer: impl Fn(TcpStream) + Send + 'static) -> Self {
        let folder = Folder::new("answers");
        fs::write(folder.path().join("ca.pem"), ca).unwrap();
        let listener = TcpListener::bind((HOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let mut asks_for_tls = [0; 8];
                if client.read_exact(&mut asks_for_tls).is_ok() && client.write_all(b"S").is_ok() {
                    answer(client);
                }
            }
        });
        Self { folder, port }
    }

    pub fn url(&self) -> String {
        let ca = self.folder.path().join("ca.pem");
        let url = format!("postgres://shop@{HOST}:{}/shop", self.port);
        match fs::metadata(&ca).unwrap().len() {
            0 => format!("{url}?sslmode=require"),
            _ => format!("{url}?sslrootcert={}", ca.display()),
        }
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
