//! The real binary in a real terminal.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{
    Child, CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system,
};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::LocalModes;

/// No wait in these tests is longer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The end of every frame.
const FRAME_END: &[u8] = b"\x1b[?2026l";

pub struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    /// Kept open, because the last close resets the modes a test wants to see.
    _slave: Box<dyn SlavePty + Send>,
    writer: Option<Box<dyn Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    chunks: Receiver<Vec<u8>>,
    closing: Arc<AtomicBool>,
    name: PathBuf,
    parser: vt100::Parser,
    /// Bytes since [`Pty::mark`].
    pub bytes: Vec<u8>,
}

/// Pasted, because typed in one breath it would be a scanner's.
pub fn typed(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        ..PtySize::default()
    }
}

impl Pty {
    /// Starts the console without a database; what it writes goes to a folder of this test.
    pub fn start(test: &str, columns: u16, rows: u16) -> Self {
        Self::start_at(
            "postgres://guitai_app@localhost/none?host=/nowhere",
            test,
            columns,
            rows,
        )
    }

    /// Starts the console over the database at `url`.
    pub fn start_at(url: &str, test: &str, columns: u16, rows: u16) -> Self {
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
        Self::start_with(&home, &[("GUITAI_DATABASE_URL", url)], columns, rows)
    }

    /// Starts the console with its home in `home` and these variables more.
    pub fn start_with(home: &Path, variables: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        Self::run(&[], home, variables, (columns, rows))
    }

    /// Starts guitai with these arguments.
    pub fn run(
        arguments: &[&str],
        home: &Path,
        variables: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        std::fs::create_dir_all(home).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_guitai"));
        command.args(arguments);
        command.env_clear();
        command.env("HOME", home);
        command.env("GUITAI_DATA", home.join("data"));
        command.env("TERM", "xterm-256color");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, chunks) = channel();
        let closing = Arc::new(AtomicBool::new(false));
        let asked_to_close = Arc::clone(&closing);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let gone = sender.send(buffer[..length].to_vec()).is_err();
                if gone || asked_to_close.load(Ordering::SeqCst) {
                    return;
                }
            }
        });
        Self {
            writer: Some(pair.master.take_writer().unwrap()),
            name: pair.master.tty_name().unwrap(),
            master: Some(pair.master),
            _slave: pair.slave,
            child,
            chunks,
            closing,
            parser: vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0),
            bytes: Vec::new(),
        }
    }

    pub fn send(&mut self, keys: &str) {
        let writer = self.writer.as_mut().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let (height, width) = (rows.try_into().unwrap(), columns.try_into().unwrap());
        self.parser.screen_mut().set_size(height, width);
        self.master
            .as_ref()
            .unwrap()
            .resize(size(columns, rows))
            .unwrap();
    }

    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    pub fn is_alternate(&self) -> bool {
        self.parser.screen().alternate_screen()
    }

    pub fn mark(&mut self) {
        self.bytes.clear();
    }

    fn take(&mut self, chunk: &[u8]) {
        self.parser.process(chunk);
        self.bytes.extend_from_slice(chunk);
    }

    /// Reads whole frames until the screen shows `text`.
    pub fn until(&mut self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !(self.bytes.ends_with(FRAME_END) && self.screen().contains(text)) {
            match self.chunks.recv_timeout(end - Instant::now()) {
                Ok(chunk) => self.take(&chunk),
                Err(error) => panic!("{error} waiting for {text}:\n{}", self.screen()),
            }
        }
    }

    /// Reads until these bytes have come since [`Self::mark`].
    pub fn until_bytes(&mut self, wanted: &[u8]) {
        let end = Instant::now() + PATIENCE;
        while !self.bytes.windows(wanted.len()).any(|some| some == wanted) {
            match self.chunks.recv_timeout(end - Instant::now()) {
                Ok(chunk) => self.take(&chunk),
                Err(error) => panic!("{error} waiting for {wanted:?}:\n{}", self.screen()),
            }
        }
    }

    /// Reads until a whole frame shows `text` or `other` says yes; returns whether it was `other`.
    pub fn until_or(&mut self, text: &str, mut other: impl FnMut() -> bool) -> bool {
        let end = Instant::now() + PATIENCE;
        while !(self.bytes.ends_with(FRAME_END) && self.screen().contains(text)) {
            if other() {
                return true;
            }
            assert!(
                Instant::now() < end,
                "waiting for {text}:\n{}",
                self.screen()
            );
            if let Ok(chunk) = self.chunks.recv_timeout(Duration::from_millis(5)) {
                self.take(&chunk);
            }
        }
        false
    }

    /// Bytes that arrive within `span`.
    pub fn listen(&mut self, span: Duration) -> usize {
        let end = Instant::now() + span;
        self.mark();
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        self.bytes.len()
    }

    /// How often any thread of the console has gone to sleep so far.
    pub fn switches(&self) -> u64 {
        let id = self.id();
        let threads = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
        let of = |folder: PathBuf| {
            let status = std::fs::read_to_string(folder.join("status")).unwrap_or_default();
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            line.and_then(|count| count.trim().parse().ok())
                .unwrap_or(0)
        };
        threads.map(|thread| of(thread.unwrap().path())).sum()
    }

    /// The number of its process.
    pub fn id(&self) -> i32 {
        i32::try_from(self.child.process_id().unwrap()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let id = self.id();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    /// Takes the terminal away, as a dropped connection does.
    pub fn close(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        self.send("1");
        while let Ok(chunk) = self.chunks.recv_timeout(PATIENCE) {
            self.take(&chunk);
        }
        self.writer = None;
        self.master = None;
    }

    /// The end of the program, and whatever it still said.
    pub fn exit(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                while let Ok(chunk) = self.chunks.recv_timeout(Duration::from_millis(50)) {
                    self.take(&chunk);
                }
                return status;
            }
            assert!(Instant::now() < end, "still running:\n{}", self.screen());
            if let Ok(chunk) = self.chunks.recv_timeout(Duration::from_millis(5)) {
                self.take(&chunk);
            }
        }
    }

    /// Whether the terminal reads lines and echoes, as a shell expects it.
    pub fn is_cooked(&self) -> bool {
        let terminal = std::fs::File::open(&self.name).unwrap();
        let modes = rustix::termios::tcgetattr(&terminal).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
