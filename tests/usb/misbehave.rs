//! A USB scanner in user space on this machine's own vhci-hcd (USB/IP over a pair of sockets), that
//! does what real ones do on their bad days. Orders on standard input, one a line:
//! plug, unplug, code AIM TEXT, short, stall, half (a report that promises another, then removal),
//! hell (plugged in with a hostile descriptor), deaf (answers no control request any more).
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::thread;

const DEVICE: [u8; 18] = [18, 1, 0, 2, 0, 0, 0, 64, 0x09, 0x12, 0x04, 0, 0, 1, 1, 2, 3, 1];
const BROKEN_PIPE: i32 = -32;
const RESET: i32 = -104;

fn configuration(report: usize) -> Vec<u8> {
    let [low, high] = (report as u16).to_le_bytes();
    let mut all = vec![9, 2, 34, 0, 1, 1, 0, 0x80, 50];
    all.extend([9, 4, 0, 0, 1, 3, 0, 0, 0]);
    all.extend([9, 0x21, 0x11, 1, 0, 1, 0x22, low, high]);
    all.extend([7, 5, 0x81, 3, 64, 0, 4]);
    all
}

fn text(words: &str) -> Vec<u8> {
    let mut all = vec![0, 3];
    all.extend(words.encode_utf16().flat_map(u16::to_le_bytes));
    all[0] = all.len() as u8;
    all
}

#[derive(Default)]
struct State {
    /// Reads that wait, and what they will get.
    waiting: VecDeque<u32>,
    ready: VecDeque<Result<Vec<u8>, i32>>,
    is_deaf: bool,
}

struct Answer<'a> {
    number: u32,
    status: i32,
    data: &'a [u8],
    /// Bytes the host sent.
    taken: u32,
}

fn answer(line: &mut UnixStream, one: &Answer) {
    let length = if one.taken > 0 { one.taken } else { one.data.len() as u32 };
    let head = [3, one.number, 0, 0, 0, one.status as u32, length, 0, 0, 0, 0, 0];
    let mut all: Vec<u8> = head.iter().flat_map(|word| word.to_be_bytes()).collect();
    all.extend(one.data);
    let _ = line.write_all(&all);
}

fn deliver(state: &mut State, line: &mut UnixStream) {
    while !state.waiting.is_empty() && !state.ready.is_empty() {
        let (number, ready) = (state.waiting.pop_front().unwrap(), state.ready.pop_front().unwrap());
        let (status, data) = match ready {
            Ok(data) => (0, data),
            Err(status) => (status, Vec::new()),
        };
        answer(line, &Answer { number, status, data: &data, taken: 0 });
    }
}

fn serve(mut line: UnixStream, report: Vec<u8>, state: Arc<Mutex<State>>) {
    let mut head = [0u8; 48];
    while line.read_exact(&mut head).is_ok() {
        let word = |at: usize| u32::from_be_bytes(head[at * 4..at * 4 + 4].try_into().unwrap());
        let (command, number, is_in, endpoint, length) = (word(0), word(1), word(3) == 1, word(4), word(6));
        if command == 2 {
            let mut state = state.lock().unwrap();
            let place = state.waiting.iter().position(|one| *one == word(5));
            let status = place.map_or(0, |place| {
                state.waiting.remove(place);
                RESET
            });
            let all = [4, number, 0, 0, 0, status as u32, 0, 0, 0, 0, 0, 0];
            let all: Vec<u8> = all.iter().flat_map(|word: &u32| word.to_be_bytes()).collect();
            let _ = line.write_all(&all);
            continue;
        }
        let mut sent = vec![0; if is_in { 0 } else { length as usize }];
        if line.read_exact(&mut sent).is_err() {
            return;
        }
        if endpoint != 0 {
            let mut state = state.lock().unwrap();
            state.waiting.push_back(number);
            deliver(&mut state, &mut line);
            continue;
        }
        if state.lock().unwrap().is_deaf {
            continue;
        }
        let wanted = u16::from_le_bytes([head[46], head[47]]) as usize;
        let data = match (head[40], head[41], head[43], head[42]) {
            (0x80, 6, 1, _) => Some(DEVICE.to_vec()),
            (0x80, 6, 2, _) => Some(configuration(report.len())),
            (0x80, 6, 3, 0) => Some(vec![4, 3, 9, 4]),
            (0x80, 6, 3, 1) => Some(text("Nobody")),
            (0x80, 6, 3, 2) => Some(text("Misbehaving Scanner")),
            (0x80, 6, 3, 3) => Some(text("MB0001")),
            (0x81, 6, 0x22, _) => Some(report.clone()),
            (0x80..=0x82, 0, ..) => Some(vec![0, 0]),
            (kind, ..) if kind & 0x80 == 0 => Some(Vec::new()),
            _ => None,
        };
        let status = if data.is_some() { 0 } else { BROKEN_PIPE };
        let mut data = data.unwrap_or_default();
        data.truncate(wanted);
        let taken = if is_in { 0 } else { length };
        answer(&mut line, &Answer { number, status, data: &data, taken });
    }
}

fn plug(report: &[u8], state: &Arc<Mutex<State>>) -> Option<UnixStream> {
    let (ours, theirs) = UnixStream::pair().ok()?;
    // Port 0, a number, full speed.
    let words = format!("0 {} 65538 2", theirs.as_raw_fd());
    for _ in 0..100 {
        if fs::write("/sys/devices/platform/vhci_hcd.0/attach", &words).is_ok() {
            *state.lock().unwrap() = State::default();
            let (line, report, state) = (ours.try_clone().ok()?, report.to_vec(), Arc::clone(state));
            thread::spawn(move || serve(line, report, state));
            return Some(ours);
        }
        // The port is not free yet.
        thread::sleep(std::time::Duration::from_millis(20));
    }
    println!("cannot be plugged in");
    None
}

fn code(aim: &str, text: &str, more: u8) -> Vec<u8> {
    let mut all = vec![2, text.len() as u8];
    all.extend(aim.bytes().chain(text.bytes()));
    all.resize(64, 0);
    all[63] = more;
    all
}

fn main() {
    let hex = fs::read_to_string(std::env::args().nth(1).unwrap()).unwrap();
    let hex = hex.trim();
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let report: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    // Collections without end, reports without end, and a scanner somewhere among them.
    let mut hell = vec![0x05, 0x8C, 0x09, 0x02];
    hell.extend([0xA1, 0x01, 0xA1, 0x02, 0x95, 0xFF, 0x75, 0xFF, 0x81, 0x02].repeat(200));
    let state = Arc::new(Mutex::new(State::default()));
    let mut line: Option<UnixStream> = None;
    let detach = |line: &mut Option<UnixStream>| {
        *line = None;
        let _ = fs::write("/sys/devices/platform/vhci_hcd.0/detach", "0");
    };
    for order in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = order.split(' ').collect();
        let ready = match words.as_slice() {
            ["plug"] => {
                line = plug(&report, &state);
                continue;
            }
            ["hell"] => {
                line = plug(&hell, &state);
                println!("hell");
                continue;
            }
            ["unplug"] => {
                detach(&mut line);
                continue;
            }
            ["deaf"] => {
                state.lock().unwrap().is_deaf = true;
                continue;
            }
            ["code", aim, text] => Ok(code(aim, text, 0)),
            ["half"] => Ok(code("]Q1", "the first half", 1)),
            ["short"] => Ok(vec![2, 13, b']']),
            _ => Err(BROKEN_PIPE),
        };
        let mut state = state.lock().unwrap();
        state.ready.push_back(ready);
        if let Some(line) = &mut line {
            deliver(&mut state, line);
        }
        drop(state);
        if words == ["half"] {
            thread::sleep(std::time::Duration::from_millis(50));
            detach(&mut line);
        }
    }
}
