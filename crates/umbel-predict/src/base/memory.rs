//! How much memory there is, and how much was used: from Linux' /proc, where there is one.

/// Bytes that this process can still get, where the system says so.
pub fn available_bytes() -> Option<u64> {
    let free = kib_field("/proc/meminfo", "MemAvailable:");
    let addresses = address_limit().map(|limit| limit.saturating_sub(kib_field(STATUS, "VmSize:").unwrap_or(0)));
    [free, free.and(cgroup_limit()), addresses].into_iter().flatten().min()
}

/// Bytes that this machine has, or that this process may have of them, where the system says so.
pub fn total_bytes() -> Option<u64> {
    let all = kib_field("/proc/meminfo", "MemTotal:");
    [all, all.and(cgroup_limit()), address_limit()].into_iter().flatten().min()
}

const STATUS: &str = "/proc/self/status";

fn cgroup_limit() -> Option<u64> {
    std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok()?.trim().parse().ok()
}

/// What `ulimit -v` sets: asking for an address beyond it ends the program.
fn address_limit() -> Option<u64> {
    soft_limit(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

/// The soft limit in a line such as `Max address space  1048576  unlimited  bytes`; `None` where it is unlimited.
fn soft_limit(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The most memory that this process ever held, in bytes; 0 where the system doesn't say.
pub fn peak_rss_bytes() -> u64 {
    kib_field(STATUS, "VmHWM:").unwrap_or(0)
}

/// The memory that this process holds now, in bytes; 0 where the system doesn't say.
pub fn rss_bytes() -> u64 {
    kib_field(STATUS, "VmRSS:").unwrap_or(0)
}

/// A line such as `VmHWM:     1234 kB`, in bytes.
fn kib_field(path: &str, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_on_addresses_is_a_bound_on_memory() {
        let limits = "Max file locks            unlimited            unlimited            locks     \n\
                      Max address space         3000000000           unlimited            bytes     \n";
        assert_eq!(soft_limit(limits), Some(3_000_000_000));
        assert_eq!(soft_limit("Max address space         unlimited            unlimited            bytes"), None);
        assert_eq!(soft_limit(""), None);
    }
}
