//! What a guest tells about itself, read from the text that its own tools print.
//!
//! Flows in: text. Flows out: JSON, as `suites/FACTS.md` describes it. Must not: fail: what cannot be read is left out.

use std::net::{Ipv4Addr, Ipv6Addr};

use serde_json::{Map, Value, json};

/// `systemctl show '*'`: blocks of `Key=value`, with a blank line between them.
pub(super) fn units(text: &str) -> Map<String, Value> {
    text.split("\n\n").filter_map(unit).collect()
}

fn unit(block: &str) -> Option<(String, Value)> {
    let get = |key: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
    };
    let (begun, up) = (
        microseconds(get("InactiveExitTimestampMonotonic")),
        microseconds(get("ActiveEnterTimestampMonotonic")),
    );
    let seconds = begun.zip(up).filter(|(begun, up)| up >= begun).map(|(begun, up)| up - begun);
    let told = json!({
        "load": get("LoadState"),
        "active": get("ActiveState"),
        "sub": get("SubState"),
        "result": get("Result"),
        "seconds": seconds,
    });
    Some((get("Id")?.to_owned(), told))
}

fn microseconds(text: Option<&str>) -> Option<f64> {
    let micros: u32 = (text?.parse::<u64>().ok()? / 1000).try_into().ok()?;
    (micros > 0).then(|| f64::from(micros) / 1000.0)
}

/// `/proc/net/tcp`, `tcp6`, `udp` or `udp6`: the sockets that wait for others.
pub(super) fn sockets(protocol: &str, text: &str) -> Vec<Value> {
    let mut sockets: Vec<Value> = text.lines().skip(1).filter_map(|line| socket(protocol, line)).collect();
    sockets.sort_by_key(Value::to_string);
    sockets.dedup();
    sockets
}

/// The states of a listening TCP socket and of a UDP socket that no peer is fixed for.
const LISTENS: &str = "0A";
const UNCONNECTED: &str = "07";

fn socket(protocol: &str, line: &str) -> Option<Value> {
    let mut fields = line.split_ascii_whitespace();
    let (local, remote, state) = (fields.nth(1)?, fields.next()?, fields.next()?);
    let waits =
        if protocol == "tcp" { state == LISTENS } else { state == UNCONNECTED && remote.ends_with(":0000") };
    let (address, port) = local.split_once(':')?;
    let address = address_of(address)?;
    let port = u16::from_str_radix(port, 16).ok()?;
    waits.then(|| json!({"protocol": protocol, "address": address.0, "port": port, "loopback": address.1}))
}

/// The kernel prints addresses as words of the computer's own byte order. Every guest that is booted here is little-endian.
fn address_of(hex: &str) -> Option<(String, bool)> {
    let word = |at: usize| Some(u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok()?.swap_bytes());
    if hex.len() == 8 {
        let address = Ipv4Addr::from(word(0)?);
        return Some((address.to_string(), address.is_loopback()));
    }
    let mut bytes = [0_u8; 16];
    for (part, at) in bytes.chunks_exact_mut(4).zip(0..) {
        part.copy_from_slice(&word(at)?.to_be_bytes());
    }
    let address = Ipv6Addr::from(bytes);
    let mapped = address.to_ipv4_mapped().is_some_and(|address| address.is_loopback());
    Some((address.to_string(), address.is_loopback() || mapped))
}

/// `getent passwd`.
pub(super) fn users(text: &str) -> Map<String, Value> {
    let user = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let (uid, gid) = (fields.nth(1)?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
        let (home, shell) = (fields.nth(1), fields.next());
        Some((name, json!({"uid": uid, "gid": gid, "home": home, "shell": shell})))
    };
    text.lines().filter_map(user).collect()
}

/// `getent group`.
pub(super) fn groups(text: &str) -> Map<String, Value> {
    let group = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let gid = fields.nth(1)?.parse::<u32>().ok()?;
        let members: Vec<&str> = fields.next()?.split(',').filter(|member| !member.is_empty()).collect();
        Some((name, json!({"gid": gid, "members": members})))
    };
    text.lines().filter_map(group).collect()
}

/// `stat -c '%F|%U|%G|%a|%s|%n'`
pub(super) fn files(text: &str) -> Map<String, Value> {
    let file = |line: &str| {
        let mut fields = line.splitn(6, '|');
        let (kind, owner, group) = (fields.next()?, fields.next()?, fields.next()?);
        let (mode, size, path) = (fields.next()?, fields.next()?.parse::<u64>().ok()?, fields.next()?);
        let told = json!({"kind": kind, "owner": owner, "group": group, "mode": format!("{mode:0>4}"), "size": size});
        Some((path.to_owned(), told))
    };
    text.lines().filter_map(file).collect()
}

/// `/proc/meminfo`, in MiB.
pub(super) fn memory(text: &str) -> Value {
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_ascii_whitespace().next()?.parse::<u64>().ok()? / 1024)
    };
    json!({"total": of("MemTotal"), "available": of("MemAvailable")})
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_read_block_by_block() {
        let text = "Id=sshd.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n\
                    InactiveExitTimestampMonotonic=3000000\nActiveEnterTimestampMonotonic=3250000\n\n\
                    Id=a.mount\nActiveState=failed\nResult=exit-code\n";
        let units = units(text);
        assert_eq!(units["sshd.service"]["seconds"], json!(0.25));
        assert_eq!(units["sshd.service"]["sub"], json!("running"));
        assert_eq!(units["a.mount"]["active"], json!("failed"));
        assert_eq!(units["a.mount"]["seconds"], Value::Null);
    }

    #[test]
    fn only_sockets_that_wait_for_others_are_told() {
        let tcp = "  sl  local_address rem_address   st\n\
                   0: 0100007F:0016 00000000:0000 0A 00000000:00000000\n\
                   1: 00000000:0050 00000000:0000 0A 0\n\
                   2: 0F02000A:0016 0202000A:D1B2 01 0\n";
        assert_eq!(
            sockets("tcp", tcp),
            [
                json!({"protocol": "tcp", "address": "0.0.0.0", "port": 80, "loopback": false}),
                json!({"protocol": "tcp", "address": "127.0.0.1", "port": 22, "loopback": true}),
            ]
        );
        let tcp6 =
            "head\n0: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A\n";
        assert_eq!(
            sockets("tcp", tcp6),
            [json!({"protocol": "tcp", "address": "::1", "port": 631, "loopback": true})]
        );
        let udp = "head\n0: 00000000:0044 00000000:0000 07\n1: 00000000:0045 0100007F:0001 01\n";
        assert_eq!(sockets("udp", udp).len(), 1);
    }

    #[test]
    fn accounts_and_files_are_read() {
        let users = users("root:x:0:0:System:/root:/bin/sh\nbroken\n");
        assert_eq!(users["root"], json!({"uid": 0, "gid": 0, "home": "/root", "shell": "/bin/sh"}));
        assert_eq!(groups("wheel:x:1:a,b\n")["wheel"], json!({"gid": 1, "members": ["a", "b"]}));
        let files = files("regular file|root|keys|400|12|/run/a|b\n");
        assert_eq!(files["/run/a|b"]["mode"], json!("0400"));
        assert_eq!(memory("MemTotal: 2048 kB\nMemAvailable: 1024 kB\n"), json!({"total": 2, "available": 1}));
    }

    proptest! {
        #[test]
        fn nothing_that_a_guest_prints_panics(text in "(?s).*", line in "[0-9A-F: ]{0,80}") {
            units(&text);
            users(&text);
            groups(&text);
            files(&text);
            memory(&text);
            sockets("tcp", &text);
            sockets("udp", &format!("\n{line}\n"));
        }
    }
}
