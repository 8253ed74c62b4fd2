//! Hosts that lack something, say too much, or are not met: each is asked all the same, or told as what it is.

use libtest_mimic::Failed;

use super::fleet::Fleet;

fn on(fleet: &Fleet, host: &str, line: &str) -> Result<(), Failed> {
    fleet.lab(&["ssh", host, "--", line])
}

/// Puts another program in the place of one, on this host alone.
fn replaced(fleet: &Fleet, host: &str, program: &str, by: &str) -> Result<(), Failed> {
    on(fleet, host, &format!("mount --bind {by} \"$(readlink -f \"$(command -v {program})\")\""))
}

/// Whoever logs in as root gets another shell.
fn shell(fleet: &Fleet, host: &str, shell: &str) -> Result<(), Failed> {
    let line = format!(
        "sed 's|:/root:/bin/sh|:/root:{shell}|' /etc/passwd >/tmp/passwd; cat /tmp/passwd >/etc/passwd"
    );
    on(fleet, host, &line)
}

/// What is said before an answer is no part of it, and who has neither ping nor perl is asked by its ports.
pub(crate) fn asked_all_the_same(fleet: &Fleet) -> Result<(), Failed> {
    on(
        fleet,
        "a",
        "echo \"exec 2>&1; echo 'Welcome! sighting 1 end'; echo 'Permission denied (publickey).' >&2\" >/root/.bashrc",
    )?;
    shell(fleet, "a", "/bin/bash")?;
    if !fleet.run(&["lab", "ssh", "a", "--", "true"])?.out.contains("Welcome!") {
        return Err("there is no banner".into());
    }
    replaced(fleet, "b", "perl", "/dev/null")?;
    replaced(fleet, "b", "ping", "/dev/null")?;
    let told = ["6 as expected, 0 not, 0 untold", "open as far as selected: 3 of 3 gates"];
    fleet.probe(&[], 0, &told).map(drop)
}

pub(crate) fn answers_no_echo(fleet: &Fleet) -> Result<(), Failed> {
    on(fleet, "b", "echo 1 >/proc/sys/net/ipv6/icmp/echo_ignore_all")?;
    let told = [
        "FAIL mesh/no-echo: 2 findings",
        "`b` answers `a` no echo at fd5e:a000::3, but other questions there",
        "4 as expected, 2 not, 0 untold",
    ];
    fleet.probe(&[], 1, &told).map(drop)
}

pub(crate) fn without_ipv6(fleet: &Fleet) -> Result<(), Failed> {
    on(fleet, "b", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6")?;
    let told = [
        "FAIL mesh/no-ipv6: 4 findings",
        "`a` does not reach `b` at fd5e:a000::3: `b` has no IPv6",
        "FAIL mesh/no-address: 1 finding b `b` does not have its address fd5e:a000::3",
        "2 as expected, 4 not, 0 untold",
    ];
    fleet.probe(&[], 1, &told).map(drop)
}

pub(crate) fn loses_everything(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["lose", "a", "b", "100"])?;
    let told = [
        "FAIL mesh/unreached: 2 findings",
        "`a` does not reach `b` at fd5e:a000::3: `b` hears nothing of it",
        "`b` does not reach `a` at fd5e:a000::2: `a` hears nothing of it",
        "4 as expected, 2 not, 0 untold",
    ];
    fleet.probe(&[], 1, &told).map(drop)
}

/// One that says something else than is known here is neither good nor bad; so is one that may not be asked. One that is not
/// there is bad. All three let their pairs be told.
pub(crate) fn daemons(fleet: &Fleet) -> Result<(), Failed> {
    let unprivileged =
        "#!/bin/sh\nexec setpriv --reuid 65534 --clear-groups --bounding-set -net_admin /bin/sh \"$@\"";
    on(fleet, "b", &format!("printf '%s\\n' '{unprivileged}' >/run/host/shell; chmod 755 /run/host/shell"))?;
    shell(fleet, "b", "/run/host/shell")?;
    let denied = "BROKEN 1 check: WireGuard on `b` tells nothing to this user";
    fleet.probe(&[], 3, &[denied, "help: ask as root", "6 as expected, 0 not, 0 untold"])?;
    let odd = "printf '%s\\n' '#!/bin/sh' 'echo of another form' >/tmp/odd; chmod 755 /tmp/odd";
    on(fleet, "c", odd)?;
    replaced(fleet, "c", "wg", "/tmp/odd")?;
    fleet.probe(&[], 3, &[denied, "BROKEN 1 check: what WireGuard on `c` says cannot be read"])?;
    replaced(fleet, "a", "wg", "/dev/null")?;
    let absent = "FAIL mesh/wireguard: 1 finding a WireGuard is not there on `a`";
    fleet.probe(&[], 1, &[absent, denied, "6 as expected, 0 not, 0 untold"]).map(drop)
}

pub(crate) fn another_version(fleet: &Fleet) -> Result<(), Failed> {
    let odd = "printf '%s\\n' '#!/bin/sh' \"echo '{\\\"node\\\":{\\\"publicKey\\\":\\\"ab\\\"}}'\" >/tmp/odd; chmod 755 /tmp/odd";
    on(fleet, "b", odd)?;
    replaced(fleet, "b", "yggdrasilctl", "/tmp/odd")?;
    let told = [
        "BROKEN 1 check: what Yggdrasil on `b` says cannot be read",
        "getSelf of another form",
        "help: its version is not known here",
        "6 as expected, 0 not, 0 untold",
    ];
    fleet.probe(&[], 3, &told).map(drop)
}

/// `a` lets nobody in, which is ours to mend; `b` is not itself; `c` is not there.
pub(crate) fn not_met(fleet: &Fleet) -> Result<(), Failed> {
    fleet.change_of_lab("hosts/a/authorized_keys", |_| String::new())?;
    fleet.change_of_lab("known_hosts", |known| {
        let key = known.lines().find_map(|line| line.strip_prefix("c ")).unwrap_or_default().to_owned();
        let others = known.lines().filter(|line| !line.starts_with("b "));
        others.chain([format!("b {key}").as_str()]).map(|line| format!("{line}\n")).collect()
    })?;
    fleet.lab(&["cut", "operator", "c"])?;
    let told = [
        "BROKEN 1 check: `a` lets nobody in that could ask it",
        "FAIL mesh/host-key: 1 finding b `b` does not prove to be itself: its host key is not the one that is known",
        "mesh c: mesh::reach::c (not asked: `c` is offline: ",
        "0 as expected, 0 not, 6 untold",
        "closed: 1 of 3 gates",
    ];
    fleet.probe(&[], 1, &told).map(drop)
}
