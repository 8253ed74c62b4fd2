//! What the files of a lab say.
//!
//! Flows in: seats, ports, keys. Flows out: text. Must not: write it.

use std::{ffi::OsStr, fmt::Write as _, net::Ipv6Addr, path::Path};

use crate::addresses::Seat;

/// A host's users: root alone, with a shell that is everywhere. No password opens anything.
pub(crate) const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\n\
    sshd:x:74:74:sshd:/run/sshd:/usr/sbin/nologin\n\
    nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
/// Their passwords.
pub(crate) const SHADOW: &str = "root:*:20000:0:99999:7:::\nsshd:!*:20000::::::\n";
/// Their groups.
pub(crate) const GROUP: &str = "root:x:0:\ntty:x:5:\nsshd:x:74:\nnogroup:x:65534:\n";

/// What a host's sshd reads.
pub(crate) fn sshd_config(certificate: bool, search_path: &OsStr) -> String {
    let certified = if certificate { "HostCertificate /run/host/key-cert.pub\n" } else { "" };
    format!(
        "HostKey /run/host/key\n{certified}\
         AuthorizedKeysFile /run/host/authorized_keys\nPermitRootLogin prohibit-password\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nUseDNS no\n\
         PidFile /run/sshd.pid\nMaxStartups 200\nPrintMotd no\nSubsystem sftp internal-sftp\n\
         SetEnv PATH=\"{}\"\n",
        search_path.display()
    )
}

/// What the operator's ssh reads: each host by its name, by its door.
pub(crate) fn ssh_config<'a>(folder: &Path, doors: impl Iterator<Item = (&'a str, u16)>) -> String {
    let mut text = String::new();
    for (name, port) in doors {
        let _infallible =
            writeln!(text, "Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  HostKeyAlias {name}");
    }
    // ssh takes quotes around a path with spaces, and percent signs are its own.
    let path = |name: &str| folder.join(name).display().to_string().replace('%', "%%");
    let _infallible = write!(
        text,
        "Host *\n  User root\n  IdentityFile \"{}\"\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
         UserKnownHostsFile \"{}\"\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  \
         PasswordAuthentication no\n  KexAlgorithms curve25519-sha256\n  ServerAliveInterval 5\n  LogLevel ERROR\n",
        path("operator"),
        path("known_hosts"),
    );
    text
}

/// Names for addresses, on every host: `b` in the plain network, `b.overlay` in the overlay.
pub(crate) fn hosts<'a>(seats: impl Iterator<Item = (&'a Seat, Option<Ipv6Addr>)>) -> String {
    let mut text = String::from("127.0.0.1 localhost\n::1 localhost\n");
    for (seat, overlay) in seats {
        let _infallible = writeln!(text, "{} {}\n{} {}", seat.v4, seat.name, seat.v6, seat.name);
        if let Some(address) = overlay {
            let _infallible = writeln!(text, "{address} {}.overlay", seat.name);
        }
    }
    text
}
