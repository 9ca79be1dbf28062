//! The memory and the processor time of processes.

use std::fs;

/// A line of `/proc/…/status` or `smaps_rollup`: the number behind `name`, kB where it has a unit.
fn number(path: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Resident memory, kB: now, and the most so far.
pub fn resident(process: i32) -> (u64, u64) {
    let path = format!("/proc/{process}/status");
    (
        number(&path, "VmRSS:").unwrap(),
        number(&path, "VmHWM:").unwrap(),
    )
}

/// Proportional memory of a process and all it started, kB, and how many processes that are.
pub fn family(parent: u32) -> (u64, usize) {
    let mut processes = vec![parent];
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        if number(&format!("/proc/{process}/status"), "PPid:") == Some(parent.into()) {
            processes.push(process);
        }
    }
    let memory = processes
        .iter()
        .filter_map(|process| number(&format!("/proc/{process}/smaps_rollup"), "Pss:"));
    (memory.sum(), processes.len())
}

/// Processor time a server and its ended children have used so far, seconds. A child that just lost its
/// connection is waited for.
pub fn spent(server: u32) -> f64 {
    std::thread::sleep(std::time::Duration::from_millis(200));
    let text = fs::read_to_string(format!("/proc/{server}/stat")).unwrap();
    let figures = text.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u64 = figures
        .skip(11)
        .take(4)
        .map(|n| n.parse::<u64>().unwrap())
        .sum();
    ticks as f64 / 100.0
}
