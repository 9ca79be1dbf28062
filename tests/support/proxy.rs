//! A Unix socket in front of Postgres that counts round trips, adds a delay, and cuts the
//! connection at an exact point. It knows of the protocol only where one message ends.

use std::future::pending;
use std::ops::Deref;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::cluster::{Cluster, Database};

const SOCKET: &str = ".s.PGSQL.5432";

/// Where the connection is cut; counted from the moment the cut is ordered, over all
/// connections, without their log-ins. Each cut happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After so many bytes from the client: the server gets a torn request.
    AfterBytes(usize),
    /// After so many whole messages from the client (Parse, Bind, Execute, Sync, Query …).
    AfterMessages(usize),
    /// The n-th request (from 1) is done by the server; nothing of its reply arrives.
    BeforeReply(usize),
    /// As `BeforeReply`, but half of the reply's bytes arrive.
    MidReply(usize),
}

/// The switches of a proxy, shared with its connections.
struct State {
    trips: AtomicU64,
    /// Requests under way.
    open: AtomicU64,
    /// Requests since somebody began to listen, that one included.
    listening: AtomicU64,
    cut: Mutex<Option<Cut>>,
    /// Told when the ordered cut is reached; the connection is not cut then, the world stops.
    hold: Mutex<Option<Sender<()>>>,
    /// Raised by one to end every connection of now.
    generation: watch::Sender<u64>,
    frozen: watch::Sender<bool>,
    refusing: AtomicBool,
    delay: Duration,
}

impl State {
    /// What to do at the place of the ordered cut.
    fn end(&self) -> End {
        if self.hold.lock().unwrap().is_some() {
            End::Hold
        } else {
            End::Cut
        }
    }
}

pub struct Proxy {
    folder: PathBuf,
    /// Where the server's own socket is, and what lies in its place.
    slipped: Option<(PathBuf, u64)>,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// In front of the test cluster, without delay.
    pub async fn new() -> Self {
        Self::with_delay(Duration::ZERO).await
    }

    /// Every byte takes `delay` in each direction.
    pub async fn with_delay(delay: Duration) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let server = Cluster::get().await.folder();
        let folder = server.join(format!("proxy{}", COUNT.fetch_add(1, Ordering::Relaxed)));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .unwrap();
        // The guard of the cluster, another account when the tests run as root, removes it.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        Self::between(folder, server.join(SOCKET), delay)
    }

    /// Takes the place of a server's socket in its own folder, without anybody knowing. A server that starts
    /// again puts its socket back there.
    pub fn slip(folder: &Path) -> Self {
        let aside = folder.join(".s.aside");
        std::fs::rename(folder.join(SOCKET), &aside).unwrap();
        let mut proxy = Self::between(folder.to_owned(), aside.clone(), Duration::ZERO);
        let ours = std::fs::metadata(folder.join(SOCKET)).unwrap().ino();
        proxy.slipped = Some((aside, ours));
        proxy
    }

    fn between(folder: PathBuf, server: PathBuf, delay: Duration) -> Self {
        let listener = UnixListener::bind(folder.join(SOCKET)).unwrap();
        let state = Arc::new(State {
            trips: AtomicU64::new(0),
            open: AtomicU64::new(0),
            listening: AtomicU64::new(0),
            cut: Mutex::new(None),
            hold: Mutex::new(None),
            generation: watch::Sender::new(0),
            frozen: watch::Sender::new(false),
            refusing: AtomicBool::new(false),
            delay,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(listener, server, state.clone()));
        Self {
            folder,
            slipped: None,
            state,
            _tasks: tasks,
        }
    }

    /// How to connect through the proxy.
    pub fn options(&self, database: &Database, role: &str) -> PgConnectOptions {
        database.options(role).socket(&self.folder)
    }

    /// Requests answered since the last call, log-ins not counted.
    pub fn round_trips(&self) -> u64 {
        self.state.trips.swap(0, Ordering::SeqCst)
    }

    /// Whether every request so far has its answer. Of use while no connection breaks.
    pub fn is_quiet(&self) -> bool {
        self.state.open.load(Ordering::SeqCst) == 0
    }

    /// Whether a console has begun to listen, and read again what it may have missed.
    pub fn is_heard(&self) -> bool {
        self.state.listening.load(Ordering::SeqCst) > 1 && self.is_quiet()
    }

    /// Orders a cut.
    pub fn cut(&self, cut: Cut) {
        *self.state.cut.lock().unwrap() = Some(cut);
    }

    /// Orders the world to stop where this cut would be: nothing moves any more on any connection, and the
    /// receiver is told.
    pub fn hold(&self, place: Cut) -> Receiver<()> {
        let (sender, reached) = channel();
        *self.state.hold.lock().unwrap() = Some(sender);
        self.cut(place);
        reached
    }

    /// The world goes on; a connection that was held ends.
    pub fn release(&self) {
        *self.state.cut.lock().unwrap() = None;
        *self.state.hold.lock().unwrap() = None;
        self.state.open.store(0, Ordering::SeqCst);
        self.state.listening.store(0, Ordering::SeqCst);
        self.freeze(false);
    }

    /// The folder of the socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the ordered cut has happened.
    pub fn has_cut(&self) -> bool {
        self.state.cut.lock().unwrap().is_none()
    }

    /// Ends all connections of now.
    pub fn cut_now(&self) {
        self.state
            .generation
            .send_modify(|generation| *generation += 1);
    }

    /// New connections end at once, until called with `false`.
    pub fn refuse(&self, refusing: bool) {
        self.state.refusing.store(refusing, Ordering::SeqCst);
    }

    /// A pulled cable: nothing moves and nobody is told, until called with `false`.
    pub fn freeze(&self, frozen: bool) {
        self.state.frozen.send_replace(frozen);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let Some((aside, ours)) = &self.slipped else {
            let _ = std::fs::remove_dir_all(&self.folder);
            return;
        };
        let place = self.folder.join(SOCKET);
        if std::fs::metadata(&place).is_ok_and(|found| found.ino() == *ours) {
            let _ = std::fs::rename(aside, place);
        }
    }
}

/// A proxy with a thread of its own, for tests whose own thread waits for a program.
pub struct Aside {
    proxy: Proxy,
    _end: tokio::sync::oneshot::Sender<()>,
}

impl Aside {
    pub async fn new() -> Self {
        Cluster::get().await;
        let (sender, proxy) = tokio::sync::oneshot::channel();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let _ = sender.send(Proxy::new().await);
                let _ = ended.await;
            });
        });
        Self {
            proxy: proxy.await.unwrap(),
            _end: end,
        }
    }
}

impl Deref for Aside {
    type Target = Proxy;

    fn deref(&self) -> &Proxy {
        &self.proxy
    }
}

async fn listen(listener: UnixListener, server: PathBuf, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if !state.refusing.load(Ordering::SeqCst) {
            connections.spawn(serve(client, server.clone(), state.clone()));
        }
    }
}

/// One connection, until either side or a cut ends it. Dropping both sockets is the cut.
async fn serve(client: UnixStream, server: PathBuf, state: Arc<State>) {
    let Ok(server) = UnixStream::connect(Path::new(&server)).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (up, up_queue) = mpsc::unbounded_channel();
    let (down, down_queue) = mpsc::unbounded_channel();
    let mut generation = state.generation.subscribe();
    tokio::select! {
        () = requests(from_client, up, &state) => {}
        () = replies(from_server, down, &state) => {}
        () = deliver(up_queue, to_server, &state) => {}
        () = deliver(down_queue, to_client, &state) => {}
        _ = generation.changed() => {}
    }
}

type Parcel = (Instant, Vec<u8>, End);

/// What follows a parcel.
#[derive(Clone, Copy, PartialEq)]
enum End {
    GoOn,
    Cut,
    Hold,
}

/// From the client. Bytes go on as they come; only an ordered cut looks closer.
async fn requests(
    mut from: impl AsyncRead + Unpin,
    queue: mpsc::UnboundedSender<Parcel>,
    state: &State,
) {
    let mut buffer = [0; 8192];
    let mut frames = Frames::new(false);
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else {
            return hang_up(&queue).await;
        };
        let mut bytes = buffer[..count].to_vec();
        let starting = frames.starting;
        let ends = frames.take(&bytes);
        let asks = ends.iter().filter(|(kind, _)| b"QS".contains(kind)).count();
        state.open.fetch_add(asks as u64, Ordering::SeqCst);
        let listens = bytes.windows(6).any(|word| word == b"LISTEN");
        if listens || state.listening.load(Ordering::SeqCst) > 0 {
            state.listening.fetch_add(asks as u64, Ordering::SeqCst);
        }
        let mut end = End::GoOn;
        if !starting {
            let mut ordered = state.cut.lock().unwrap();
            *ordered = match *ordered {
                Some(Cut::AfterBytes(limit)) if limit <= count => {
                    bytes.truncate(limit);
                    end = state.end();
                    None
                }
                Some(Cut::AfterBytes(limit)) => Some(Cut::AfterBytes(limit - count)),
                Some(Cut::AfterMessages(limit)) if limit <= ends.len() => {
                    bytes.truncate(if limit == 0 { 0 } else { ends[limit - 1].1 });
                    end = state.end();
                    None
                }
                Some(Cut::AfterMessages(limit)) => Some(Cut::AfterMessages(limit - ends.len())),
                other => other,
            };
        }
        if queue
            .send((Instant::now() + state.delay, bytes, end))
            .is_err()
            || end != End::GoOn
        {
            return pending().await;
        }
    }
}

/// From the server. While a reply is to be cut it is held back until it is complete.
async fn replies(
    mut from: impl AsyncRead + Unpin,
    queue: mpsc::UnboundedSender<Parcel>,
    state: &State,
) {
    let mut buffer = [0; 8192];
    let mut frames = Frames::new(true);
    let mut held: Vec<u8> = Vec::new();
    let mut logged_in = false;
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else {
            return hang_up(&queue).await;
        };
        held.extend_from_slice(&buffer[..count]);
        let mut ready = frames
            .take(&buffer[..count])
            .iter()
            .filter(|(kind, _)| *kind == b'Z')
            .count();
        let logging_in = !logged_in;
        if ready > 0 && logging_in {
            logged_in = true;
            ready -= 1;
        }
        state.trips.fetch_add(ready as u64, Ordering::SeqCst);
        let open = |open: u64| Some(open.saturating_sub(ready as u64));
        let _ = state
            .open
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, open);
        let mut end = End::GoOn;
        if !logging_in {
            let mut ordered = state.cut.lock().unwrap();
            let (left, half) = match *ordered {
                Some(Cut::BeforeReply(left)) => (left, false),
                Some(Cut::MidReply(left)) => (left, true),
                _ => (usize::MAX, false),
            };
            if left <= ready {
                held.truncate(if half { held.len() / 2 } else { 0 });
                end = state.end();
                *ordered = None;
            } else if left == 1 {
                continue;
            } else if left != usize::MAX {
                let left = left - ready;
                *ordered = Some(if half {
                    Cut::MidReply(left)
                } else {
                    Cut::BeforeReply(left)
                });
            }
        }
        let bytes = std::mem::take(&mut held);
        if queue
            .send((Instant::now() + state.delay, bytes, end))
            .is_err()
            || end != End::GoOn
        {
            return pending().await;
        }
    }
}

/// The other side is told after everything before has arrived.
async fn hang_up(queue: &mpsc::UnboundedSender<Parcel>) {
    let _ = queue.send((Instant::now(), Vec::new(), End::Cut));
    pending::<()>().await;
}

async fn deliver(
    mut queue: mpsc::UnboundedReceiver<Parcel>,
    mut to: impl AsyncWrite + Unpin,
    state: &State,
) {
    let mut frozen = state.frozen.subscribe();
    while let Some((due, bytes, end)) = queue.recv().await {
        sleep_until(due).await;
        if frozen.wait_for(|frozen| !frozen).await.is_err() || to.write_all(&bytes).await.is_err() {
            return;
        }
        if end == End::Hold {
            // Nothing waits between these: no other parcel moves once this one has arrived.
            state.frozen.send_replace(true);
            if let Some(hold) = state.hold.lock().unwrap().take() {
                let _ = hold.send(());
            }
            let _ = frozen.wait_for(|frozen| !frozen).await;
        }
        if end != End::GoOn {
            return;
        }
    }
}

/// Finds the ends of messages in a stream.
struct Frames {
    /// The client's first message has no kind, only a length.
    starting: bool,
    head: Vec<u8>,
    skip: usize,
}

impl Frames {
    const fn new(server: bool) -> Self {
        Self {
            starting: !server,
            head: Vec::new(),
            skip: 0,
        }
    }

    /// The kinds of the messages that end in `bytes`, each with the offset behind it.
    fn take(&mut self, bytes: &[u8]) -> Vec<(u8, usize)> {
        let mut ends = Vec::new();
        let mut offset = 0;
        while offset < bytes.len() || (self.skip == 0 && self.complete()) {
            if self.complete() {
                let step = self.skip.min(bytes.len() - offset);
                self.skip -= step;
                offset += step;
            } else {
                self.head.push(bytes[offset]);
                offset += 1;
                if self.complete() {
                    let length =
                        u32::from_be_bytes(self.head[self.head.len() - 4..].try_into().unwrap());
                    self.skip = length as usize - 4;
                }
            }
            if self.complete() && self.skip == 0 {
                ends.push((self.head[0], offset));
                self.head.clear();
                self.starting = false;
            }
        }
        ends
    }

    fn complete(&self) -> bool {
        self.head.len() == if self.starting { 4 } else { 5 }
    }
}

#[test]
fn frames_in_any_pieces() {
    let stream = [
        b"\0\0\0\x08abcd".as_slice(),
        b"Q\0\0\0\x06hi",
        b"S\0\0\0\x04",
        b"X\0\0\0\x05!",
    ]
    .concat();
    for piece in 1..=stream.len() {
        let mut frames = Frames::new(false);
        let kinds: Vec<u8> = stream
            .chunks(piece)
            .flat_map(|bytes| frames.take(bytes))
            .map(|(kind, _)| kind)
            .collect();
        assert_eq!(kinds, *b"\0QSX", "in pieces of {piece}");
    }
    assert_eq!(
        Frames::new(false)
            .take(&stream)
            .iter()
            .map(|end| end.1)
            .collect::<Vec<_>>(),
        [8, 15, 20, 26]
    );
}
