//! Which ports of this computer lead into a guest, as QEMU tells people.
//!
//! Flows in: the words of the monitor's `info usernet`. Flows out: pairs of ports. Must not: fail on words that are new.

use std::collections::BTreeMap;

/// Guest's port to this computer's. A line of interest, of QEMU 7.2:
/// `  TCP[HOST_FORWARD]  12       127.0.0.1 34567       10.0.2.15    22     0     0`.
pub(super) fn forwarded(said: &str) -> BTreeMap<u16, u16> {
    said.lines().filter_map(pair).collect()
}

fn pair(line: &str) -> Option<(u16, u16)> {
    let mut words = line.trim_start().strip_prefix("TCP[HOST_FORWARD]")?.split_whitespace();
    let host = words.nth(2)?.parse().ok()?;
    let guest = words.nth(1)?.parse().ok()?;
    Some((guest, host))
}

#[cfg(test)]
mod tests {
    use super::forwarded;

    #[test]
    fn forwards_are_read_and_all_else_is_passed_over() {
        let said = "Hub -1 (user):\r\n\
            \x20 Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ\r\n\
            \x20 TCP[HOST_FORWARD]  13       127.0.0.1 46231       10.0.2.15    80     0     0\r\n\
            \x20 TCP[HOST_FORWARD]  12       127.0.0.1 34567       10.0.2.15    22     0     0\r\n\
            \x20 TCP[ESTABLISHED]   14       127.0.0.1 34567       10.0.2.15    23     0     0\r\n\
            \x20 TCP[HOST_FORWARD]  cut\r\n";
        assert_eq!(forwarded(said).into_iter().collect::<Vec<_>>(), [(22, 34567), (80, 46231)]);
    }
}
