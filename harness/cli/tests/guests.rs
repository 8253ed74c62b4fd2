//! The fleet of `fixtures/tunnels` as guests side by side, with in-kernel WireGuard between them: nix, QEMU, and no double of either.
//! The sound one is green; of each that has a flaw, just what is wrong is found, between whom it is wrong.
//!
//! Where the parts that guests are made of are not on this machine, the tests are ignored, and say so; `ci/run guests` makes them.
#![expect(clippy::disallowed_methods, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what the tests stand on may fail them")]

#[path = "twins/binary.rs"]
#[expect(dead_code, reason = "nothing but the mesh is asked here")]
mod binary;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use binary::report;
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// What makes a fleet in which something is wrong, and what is found.
struct Flaw {
    name: &'static str,
    changes: &'static [Change<'static>],
    found: &'static [&'static str],
}

/// A file, a text in it, and what stands in its place.
type Change<'a> = (&'a str, &'a str, &'a str);

/// The end of the file of a host.
const END: &str = "\n}\n";

const FLAWS: [Flaw; 3] = [
    Flaw {
        name: "allowed_ips_too_narrow_and_ssh_shut_behind_the_tunnel",
        changes: &[
            (
                "fleet.toml",
                r#"network = "fd5e:a0::/64" }
roles.peer.machines.sloop"#,
                r#"network = "fd5e:a0::1/128" }
roles.peer.machines.sloop"#,
            ),
            (
                "hosts/nixos/sloop.nix",
                END,
                // Of this rule no fact tells.
                "\n  systemd.services.shut = {\n    wantedBy = [ \"multi-user.target\" ];\n    after = [ \"firewall.service\" ];\n    \
                  script = \"nft insert rule inet nixos-fw input iifname harbour tcp dport 22 drop\";\n    serviceConfig.Type = \"oneshot\";\n  };\n}\n",
            ),
        ],
        found: &[
            "ferry mesh/allowed-ips: on `ferry` no allowed IPs hold fd5e:a0::3 of `sloop`",
            "ferry mesh/unreached: `ferry` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "quay mesh/port-silent: `sloop` answers `quay` at fd5e:a0::3, but not at [fd5e:a0::3]:22",
            "sloop mesh/unreached: `sloop` does not reach `ferry` at fd5e:a0::2: `ferry` hears nothing of it",
        ],
    },
    Flaw {
        name: "hub_hears_nobody_and_an_outsider_gets_in",
        changes: &[
            (
                "hosts/nixos/quay.nix",
                END,
                "\n  networking.firewall.allowedUDPPorts = { _type = \"override\"; priority = 50; content = [ ]; };\n}\n",
            ),
            (
                "hosts/nixos/buoy.nix",
                END,
                // Linux answers at each of its addresses on each of its cards.
                "\n  systemd.services.creep = {\n    wantedBy = [ \"multi-user.target\" ];\n    \
                  script = \"until ip -6 route add fd5e:a0::1/128 via 2001:2::3; do sleep 1; done\";\n  };\n}\n",
            ),
        ],
        found: &[
            "buoy mesh/leak: `buoy` reaches `quay` at fd5e:a0::1, and must not reach it",
            "buoy mesh/leak: `buoy` reaches `quay` at [fd5e:a0::1]:22, and must not reach it",
            "ferry mesh/handshake: between `ferry` and `quay` there never was a handshake",
            "ferry mesh/unreached: `ferry` does not reach `quay` at fd5e:a0::1: `quay` hears nothing of it",
            "ferry mesh/unreached: `ferry` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "quay mesh/handshake: between `quay` and `ferry` there never was a handshake",
            "quay mesh/handshake: between `quay` and `sloop` there never was a handshake",
            "quay mesh/unreached: `quay` does not reach `ferry` at fd5e:a0::2: `ferry` hears nothing of it",
            "quay mesh/unreached: `quay` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "sloop mesh/handshake: between `sloop` and `quay` there never was a handshake",
            "sloop mesh/unreached: `sloop` does not reach `ferry` at fd5e:a0::2: `ferry` hears nothing of it",
            "sloop mesh/unreached: `sloop` does not reach `quay` at fd5e:a0::1: `quay` hears nothing of it",
        ],
    },
    Flaw {
        name: "a_tunnel_not_set_up_is_not_a_pair_that_does_not_meet",
        changes: &[(
            "hosts/nixos/ferry.nix",
            END,
            "\n  systemd.services.wireguard-harbour.unitConfig.ConditionPathExists = \"/nowhere\";\n}\n",
        )],
        found: &[
            "ferry mesh/no-address: `ferry` does not have its address fd5e:a0::2",
            "ferry mesh/wireguard: no interface of WireGuard is up on `ferry`",
            "ferry mesh/unreached: `ferry` does not reach `quay` at fd5e:a0::1: `ferry` does not have its own address",
            "ferry mesh/unreached: `ferry` does not reach `sloop` at fd5e:a0::3: `ferry` does not have its own address",
            "quay mesh/handshake: between `quay` and `ferry` there never was a handshake",
            "quay mesh/unreached: `quay` does not reach `ferry` at fd5e:a0::2: `ferry` does not have this address",
            "sloop mesh/unreached: `sloop` does not reach `ferry` at fd5e:a0::2: `ferry` does not have this address",
        ],
    },
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let there = has_parts();
    let flaws = FLAWS.iter().map(|flaw| Trial::test(flaw.name, || broken(flaw)));
    let others = [
        Trial::test("a_sound_fleet_is_green", sound),
        Trial::test("a_guest_that_dies_is_offline", dies),
        Trial::test("two_that_are_called_at_one_address", clash),
    ];
    let trials = others.into_iter().chain(flaws).map(|trial| trial.with_ignored_flag(!there)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Whether `ci/run guests` was run on this machine.
fn has_parts() -> bool {
    let said = std::env::var("NIX_CONFIG").unwrap_or_default();
    let parts = said.split_whitespace().find_map(|word| word.strip_prefix("/guest-parts="));
    parts.is_some_and(|path| Path::new(path.trim_end_matches('?')).exists())
}

/// The fleet, with other texts in its files.
fn fleet(changes: &[Change<'_>]) -> tempfile::TempDir {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let folder = tempfile::tempdir().unwrap();
    for name in ["tunnels", "fleets"] {
        let (from, to) = (fixtures.join(name), folder.path().join(name));
        assert!(Command::new("cp").arg("-rT").args([from, to]).status().unwrap().success());
    }
    for (file, text, instead) in changes {
        let file = folder.path().join("tunnels").join(file);
        let said = fs::read_to_string(&file).unwrap();
        assert_eq!(said.matches(text).count(), 1, "{said}");
        fs::write(file, said.replace(text, instead)).unwrap();
    }
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["add", "--all", "--force"]);
    folder
}

fn git(folder: &Path, arguments: &[&str]) {
    let said = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
    assert!(said.status.success(), "{said:?}");
}

/// What the stage `mesh` comes to.
fn verify(folder: &Path, arguments: &[&str]) -> Value {
    report(&folder.join("tunnels"), &[&["--stage", "mesh"], arguments].concat())
}

fn checks(report: &Value) -> impl Iterator<Item = &Value> {
    report["checks"].as_array().into_iter().flatten()
}

/// What is wrong, by the machine that saw it.
fn found(report: &Value) -> Vec<String> {
    let findings = checks(report).flat_map(|check| {
        let findings = check["findings"].as_array().into_iter().flatten();
        findings.map(|it| {
            let [machine, rule, message] =
                ["machine", "rule", "message"].map(|key| it[key].as_str().unwrap());
            format!("{machine} {rule}: {message}")
        })
    });
    findings.collect()
}

fn sound() -> Result<(), Failed> {
    let folder = fleet(&[]);
    let first = verify(folder.path(), &["--fresh"]);
    same(&found(&first), &[])?;
    let told = |report: &Value| {
        let overlay = &report["mesh"]["overlays"][0];
        (
            report["outcome"].clone(),
            report["counts"]["passed"].clone(),
            overlay["counts"]["as_expected"].clone(),
        )
    };
    equal(&told(&first), &("open".into(), 4.into(), 9.into()))?;
    // What nothing has changed of is not met again.
    let again = verify(folder.path(), &[]);
    equal(&again["counts"]["reused"], &4.into())
}

fn broken(flaw: &Flaw) -> Result<(), Failed> {
    let folder = fleet(flaw.changes);
    let report = verify(folder.path(), &[]);
    same(&found(&report), flaw.found)?;
    equal(&report["outcome"], &"closed".into())
}

/// The others meet; of those who are to meet this one, nobody can tell.
fn dies() -> Result<(), Failed> {
    let dies = "\n  systemd.services.dies = {\n    wantedBy = [ \"multi-user.target\" ];\n    script = \"echo o >/proc/sysrq-trigger; sleep 60\";\n  };\n}\n";
    let report = verify(fleet(&[("hosts/nixos/sloop.nix", END, dies)]).path(), &[]);
    same(&found(&report), &[])?;
    let results: Vec<_> = checks(&report).map(|check| check["result"].as_str().unwrap()).collect();
    equal(&results, &vec!["passed", "passed", "passed", "unasked"])?;
    let sloop = checks(&report).last().unwrap();
    let why = sloop["why"].as_str().unwrap_or_default();
    if !why.starts_with("`sloop` is offline: its guest did not come up (switched-off)") {
        return Err(sloop.to_string().into());
    }
    equal(&report["outcome"], &"undecided".into())
}

/// Two that are called at one address cannot both be there.
fn clash() -> Result<(), Failed> {
    let calls = "settings = { address = \"fd5e:a0::1\", endpoint = \"quay.example.net\" }\n";
    let more = format!(
        "{calls}roles.controller.machines.buoy.settings = {{ address = \"fd5e:a0::9\", endpoint = \"203.0.113.7\" }}\n"
    );
    let folder = fleet(&[("fleet.toml", calls, &more)]);
    let key = folder.path().join("tunnels/vars/per-machine/buoy/wireguard-keys-harbour/publickey");
    fs::create_dir_all(&key).unwrap();
    fs::write(key.join("value"), "7dTBIVBQ5gt5LCDsNVYPxJ5rlBLGtRqLxNBBfvzr+D8=\n").unwrap();
    git(folder.path(), &["add", "--all", "--force"]);
    let report = verify(folder.path(), &[]);
    let told = checks(&report).all(|check| {
        check["result"] == "broken" && check.to_string().contains("are both called at 203.0.113.7")
    });
    if told { Ok(()) } else { Err(report["checks"].to_string().into()) }
}

fn same(found: &[String], expected: &[&str]) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found:#?}\nexpected {expected:#?}").into()) }
}

fn equal<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found:?}, expected {expected:?}").into()) }
}
