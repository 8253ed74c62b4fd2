//! Processors and memory.
//!
//! Flows in: what the system says of itself. Flows out: two items. Must not: measure.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    thread,
};

use super::{item::Item, tool};
use crate::process::Spawner;

const COSTS_PROCESSORS: &str = "checks wait for each other";
/// One heavy machine took 4.5 GB to evaluate (`nix eval` of its toplevel, as published by its owner).
const COSTS_MEMORY: &str =
    "evaluating one heavy machine can take over 4 GiB; without them it is killed half-way";
const WANTED: u64 = 4 << 30;

pub(super) async fn items(spawner: &Spawner) -> [Item; 2] {
    [processors(thread::available_parallelism().ok().map(usize::from)), memory(available(spawner).await)]
}

fn processors(count: Option<usize>) -> Item {
    const NAME: &str = "processors";
    match count {
        None => Item::degraded(NAME, "cannot tell how many", COSTS_PROCESSORS),
        Some(1) => Item::degraded(NAME, "1", COSTS_PROCESSORS).remedy("give seaworthy a second processor"),
        Some(count) => Item::good(NAME, count.to_string(), COSTS_PROCESSORS),
    }
}

fn memory(available: Option<u64>) -> Item {
    const NAME: &str = "memory";
    let Some(bytes) = available else { return Item::degraded(NAME, "cannot tell how much", COSTS_MEMORY) };
    let found = format!("{} MiB available", bytes >> 20);
    if bytes >= WANTED {
        return Item::good(NAME, found, COSTS_MEMORY);
    }
    Item::degraded(NAME, found, COSTS_MEMORY)
        .remedy("run fewer checks at once (`--jobs`), or add memory or swap")
}

/// The memory that processes may still take, in bytes; `None` where the system does not tell.
pub(crate) async fn available(spawner: &Spawner) -> Option<u64> {
    match read("/proc/meminfo").await {
        Some(meminfo) => {
            let left = left_in_groups().await;
            Some(meminfo_available(&meminfo)?.min(left.unwrap_or(u64::MAX)))
        }
        // macOS says what there is, and not what is free.
        None => {
            let sysctl = Path::new("/usr/sbin/sysctl");
            tool::ask(spawner, &BTreeMap::new(), sysctl, &["-n", "hw.memsize"])
                .await
                .ok()?
                .trim()
                .parse()
                .ok()
        }
    }
}

/// What the control groups (version 2) around this process still allow. In a container the limit is one of these.
async fn left_in_groups() -> Option<u64> {
    let group = own_group(&read("/proc/self/cgroup").await?)?;
    let mut least = None;
    for group in group.ancestors() {
        let group = Path::new("/sys/fs/cgroup").join(group.strip_prefix("/").unwrap_or(group));
        let (max, current) = (read(group.join("memory.max")).await, read(group.join("memory.current")).await);
        if let Some(left) = max.zip(current).and_then(|(max, current)| left_in_group(&max, &current)) {
            least = Some(least.map_or(left, |least: u64| least.min(left)));
        }
    }
    least
}

/// Source: Linux `Documentation/admin-guide/cgroup-v2.rst`: the line `0::/path`.
fn own_group(said: &str) -> Option<PathBuf> {
    said.lines().find_map(|line| line.strip_prefix("0::")).map(PathBuf::from)
}

/// `memory.max` is a number of bytes, or `max`.
fn left_in_group(max: &str, current: &str) -> Option<u64> {
    let (max, current): (u64, u64) = (max.trim().parse().ok()?, current.trim().parse().ok()?);
    Some(max.saturating_sub(current))
}

/// Source: Linux `Documentation/filesystems/proc.rst`: `MemAvailable:   23260104 kB`.
fn meminfo_available(meminfo: &str) -> Option<u64> {
    let words = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    words.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

async fn read(path: impl AsRef<Path>) -> Option<String> {
    tokio::fs::read_to_string(path).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    const MEMINFO: &str =
        "MemTotal:       24684092 kB\nMemFree:        18291292 kB\nMemAvailable:   23260104 kB\n";

    #[test]
    fn what_linux_says_of_its_memory_is_read() {
        assert_eq!(meminfo_available(MEMINFO), Some(23_260_104 * 1024));
        for text in ["", "MemTotal: 1 kB", "MemAvailable: x kB", "MemAvailable: 99999999999999999999 kB"] {
            assert_eq!(meminfo_available(text), None, "{text}");
        }
        assert_eq!(meminfo_available(&format!("MemAvailable: {} kB", u64::MAX)), None);
    }

    #[test]
    fn a_groups_limit_counts_what_is_used() {
        assert_eq!(left_in_group("1000\n", "400\n"), Some(600));
        assert_eq!(left_in_group("1000", "4000"), Some(0));
        assert_eq!(left_in_group("max\n", "400\n"), None);
    }

    #[test]
    fn the_own_group_is_the_one_of_version_2() {
        let said = "12:memory:/old\n0::/system.slice/x.service\n";
        assert_eq!(own_group(said), Some(PathBuf::from("/system.slice/x.service")));
        assert_eq!(own_group("12:memory:/old\n"), None);
    }

    #[test]
    fn little_memory_and_one_processor_are_degraded() {
        assert_eq!(memory(Some(WANTED)).state, State::Good);
        assert_eq!(memory(Some(WANTED - 1)).state, State::Degraded);
        assert_eq!(memory(None).state, State::Degraded);
        assert_eq!(processors(Some(2)).state, State::Good);
        assert_eq!(processors(Some(1)).state, State::Degraded);
    }

    #[tokio::test]
    async fn this_computer_has_memory() {
        assert!(available(&Spawner::new()).await.is_some_and(|bytes| bytes > 1 << 20));
    }
}
