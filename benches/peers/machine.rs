//! What the results depend on besides the code, as far as Linux tells; elsewhere it stays unsaid.

use std::fs::read_to_string;

/// The most memory this process has held at once, in bytes.
pub(crate) fn peak_bytes() -> Option<u64> {
    kib_of(&read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// Processor time of all threads of this process so far, in seconds.
pub(crate) fn cpu_seconds() -> Option<f64> {
    let text = read_to_string("/proc/self/stat").ok()?;
    // Behind the program's name, which may hold anything but is closed by the last parenthesis: user and system time are the
    // 12th and 13th fields, in hundredths of a second.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// Processor, cores, memory, in a line.
pub(crate) fn description() -> String {
    let processor = read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let memory = read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| kib_of(&text, "MemTotal:"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut parts = vec![
        processor.unwrap_or_else(|| "unknown processor".to_owned()),
        format!("{cores} cores seen"),
    ];
    if let Some(bytes) = memory {
        parts.push(format!("{} GiB", bytes >> 30));
    }
    parts.push(std::env::consts::OS.to_owned());
    parts.join(", ")
}

/// The value behind `key` in lines like `VmHWM:  1234 kB`, in bytes.
fn kib_of(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    let kib: u64 = line[key.len()..]
        .trim()
        .trim_end_matches("kB")
        .trim()
        .parse()
        .ok()?;
    Some(kib * 1024)
}
