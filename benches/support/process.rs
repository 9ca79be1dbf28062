//! The memory of processes.

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
