//! How much memory there is, and how much was used: from Linux' /proc, where there is one.

/// Bytes that this process can still get, where the system says so.
pub fn available_bytes() -> Option<u64> {
    let free = kib_field("/proc/meminfo", "MemAvailable:")?;
    Some(cgroup_limit().map_or(free, |limit| limit.min(free)))
}

/// Bytes that this machine has, or that this process may have of them, where the system says so.
pub fn total_bytes() -> Option<u64> {
    let all = kib_field("/proc/meminfo", "MemTotal:")?;
    Some(cgroup_limit().map_or(all, |limit| limit.min(all)))
}

fn cgroup_limit() -> Option<u64> {
    std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?.trim().parse().ok()
}

/// The most memory that this process ever held, in bytes; 0 where the system doesn't say.
pub fn peak_rss_bytes() -> u64 {
    kib_field("/proc/self/status", "VmHWM:").unwrap_or(0)
}

/// The memory that this process holds now, in bytes; 0 where the system doesn't say.
pub fn rss_bytes() -> u64 {
    kib_field("/proc/self/status", "VmRSS:").unwrap_or(0)
}

/// A line such as `VmHWM:     1234 kB`, in bytes.
fn kib_field(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}
