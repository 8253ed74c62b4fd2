//! The fleet of `fixtures/tunnels` as guests side by side, with in-kernel WireGuard between them: nix, QEMU, and no double of either.
//! The sound one is green; of each that has a flaw, just what is wrong is found, between whom it is wrong.
//!
//! Where the parts that guests are made of are not on this machine, the tests are ignored, and say so; `ci/run guests` makes them.
#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "these tests meet the real computer")]
#![expect(clippy::unwrap_used, reason = "what the tests stand on may fail them")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use cli::{
    args::{Color, Everywhere},
    desk::Desk,
    environment::Environment,
    interrupts, pipeline,
    screen::Screen,
    settings,
};
use edge::vm::mesh::{Mesh, Seen};
use libtest_mimic::{Arguments, Failed, Trial};
use model::{
    fleet::BootSource,
    machine::MachineName,
    matrix::{Matrix, Pair},
    overlay::OverlayKind,
    sighting::{
        outlook::Outlook,
        pair::{self, Limits},
        questions::Questions,
    },
    verdict::Verdict,
};

/// What makes a fleet in which something is wrong: a text of a file, what stands in its place, and what is found.
struct Flaw {
    name: &'static str,
    file: &'static str,
    text: &'static str,
    instead: &'static str,
    found: &'static [&'static str],
}

/// The end of the file of a host.
const END: &str = "\n}\n";

const FLAWS: [Flaw; 6] = [
    Flaw {
        name: "allowed_ips_too_narrow",
        file: "fleet.toml",
        text: r#"network = "fd5e:a0::/64" }
roles.peer.machines.sloop"#,
        instead: r#"network = "fd5e:a0::1/128" }
roles.peer.machines.sloop"#,
        found: &[
            "ferry -> sloop mesh/unreached: `ferry` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "sloop -> ferry mesh/unreached: `sloop` does not reach `ferry` at fd5e:a0::2: `ferry` hears nothing of it",
        ],
    },
    Flaw {
        name: "hub_not_forwarding",
        file: "hosts/nixos/quay.nix",
        text: END,
        instead: "\n  boot.kernel.sysctl = { _type = \"override\"; priority = 50; content = { }; };\n}\n",
        found: &[
            "ferry -> sloop mesh/unreached: `ferry` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "sloop -> ferry mesh/unreached: `sloop` does not reach `ferry` at fd5e:a0::2: `ferry` hears nothing of it",
        ],
    },
    Flaw {
        name: "ssh_shut_behind_the_tunnel",
        file: "hosts/nixos/sloop.nix",
        text: END,
        // Of this rule no fact tells.
        instead: "\n  systemd.services.shut = {\n    wantedBy = [ \"multi-user.target\" ];\n    after = [ \"firewall.service\" ];\n    \
                  script = \"nft insert rule inet nixos-fw input iifname harbour tcp dport 22 drop\";\n    serviceConfig.Type = \"oneshot\";\n  };\n}\n",
        found: &[
            "ferry -> sloop mesh/port-silent: `sloop` answers `ferry` at fd5e:a0::3, but not at [fd5e:a0::3]:22",
            "quay -> sloop mesh/port-silent: `sloop` answers `quay` at fd5e:a0::3, but not at [fd5e:a0::3]:22",
        ],
    },
    Flaw {
        name: "an_outsider_gets_in",
        file: "hosts/nixos/buoy.nix",
        text: END,
        // Linux answers at each of its addresses on each of its cards.
        instead: "\n  systemd.services.creep = {\n    wantedBy = [ \"multi-user.target\" ];\n    \
                  script = \"until ip -6 route add fd5e:a0::1/128 via 2001:2::3; do sleep 1; done\";\n  };\n}\n",
        found: &[
            "buoy -> quay mesh/leak: `buoy` reaches `quay` at fd5e:a0::1, and must not reach it",
            "buoy -> quay mesh/leak: `buoy` reaches `quay` at [fd5e:a0::1]:22, and must not reach it",
        ],
    },
    Flaw {
        name: "hub_hears_nobody",
        file: "hosts/nixos/quay.nix",
        text: END,
        instead: "\n  networking.firewall.allowedUDPPorts = { _type = \"override\"; priority = 50; content = [ ]; };\n}\n",
        found: &[
            "ferry -> quay mesh/unreached: `ferry` does not reach `quay` at fd5e:a0::1: `quay` hears nothing of it",
            "ferry -> sloop mesh/unreached: `ferry` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "quay -> ferry mesh/unreached: `quay` does not reach `ferry` at fd5e:a0::2: `ferry` hears nothing of it",
            "quay -> sloop mesh/unreached: `quay` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "sloop -> ferry mesh/unreached: `sloop` does not reach `ferry` at fd5e:a0::2: `ferry` hears nothing of it",
            "sloop -> quay mesh/unreached: `sloop` does not reach `quay` at fd5e:a0::1: `quay` hears nothing of it",
        ],
    },
    Flaw {
        name: "a_tunnel_not_set_up_is_not_a_pair_that_does_not_meet",
        file: "hosts/nixos/ferry.nix",
        text: END,
        instead: "\n  systemd.services.wireguard-harbour.unitConfig.ConditionPathExists = \"/nowhere\";\n}\n",
        found: &[
            "ferry -> quay mesh/unreached: `ferry` does not reach `quay` at fd5e:a0::1: `quay` hears nothing of it",
            "ferry -> sloop mesh/unreached: `ferry` does not reach `sloop` at fd5e:a0::3: `sloop` hears nothing of it",
            "quay -> ferry mesh/unreached: `quay` does not reach `ferry` at fd5e:a0::2: `ferry` does not have this address",
            "sloop -> ferry mesh/unreached: `sloop` does not reach `ferry` at fd5e:a0::2: `ferry` does not have this address",
        ],
    },
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let there = has_parts();
    let flaws = FLAWS.iter().map(|flaw| Trial::test(flaw.name, || broken(flaw)));
    let others =
        [Trial::test("a_sound_fleet_is_green", sound), Trial::test("a_guest_that_dies_is_offline", dies)];
    let trials = others.into_iter().chain(flaws).map(|trial| trial.with_ignored_flag(!there)).collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Whether `ci/run guests` was run on this machine.
fn has_parts() -> bool {
    let said = std::env::var("NIX_CONFIG").unwrap_or_default();
    let parts = said.split_whitespace().find_map(|word| word.strip_prefix("/guest-parts="));
    parts.is_some_and(|path| Path::new(path.trim_end_matches('?')).exists())
}

/// What became of a fleet.
struct Met {
    matrix: Matrix,
    seen: Seen,
}

/// The fleet, with another text in one of its files.
fn fleet(file: &str, text: &str, instead: &str) -> tempfile::TempDir {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let folder = tempfile::tempdir().unwrap();
    for name in ["tunnels", "fleets"] {
        let (from, to) = (fixtures.join(name), folder.path().join(name));
        assert!(Command::new("cp").arg("-rT").args([from, to]).status().unwrap().success());
    }
    let file = folder.path().join("tunnels").join(file);
    let said = fs::read_to_string(&file).unwrap();
    assert_eq!(said.matches(text).count(), 1, "{said}");
    fs::write(file, said.replace(text, instead)).unwrap();
    let git = |arguments: &[&str]| {
        let git = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
        let said = Command::new("git").args(git).args(arguments).current_dir(folder.path()).output().unwrap();
        assert!(said.status.success(), "{said:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all", "--force"]);
    git(&["commit", "--quiet", "--message", "fleet"]);
    folder
}

#[tokio::main]
async fn meet(folder: &Path) -> Met {
    let environment = Environment::read().unwrap();
    let everywhere = Everywhere { project: Some(folder.join("tunnels")), color: Color::Never };
    let screen = Screen::detect(Color::Never, environment.wishes);
    let desk = Desk::at(&everywhere, environment, screen).unwrap();
    let mut interrupts = interrupts::listen();
    let known = pipeline::know(&desk, false, &mut interrupts).await.unwrap();
    let matrix = load::reach::derive(&known.fleet, &known.facts.document);
    let mut asked = BTreeMap::<MachineName, (BootSource, Questions)>::new();
    for pair in matrix.pairs() {
        let (_, questions) = asked.entry(pair.from.clone()).or_default();
        questions.daemons.insert(OverlayKind::Wireguard);
        pair.expectation.probe.iter().for_each(|probe| questions.add(probe));
    }
    let terms = &known.fleet.fleet.boot;
    let mesh = Mesh {
        nix: known.evaluated.evaluators.unwrap(),
        yard: settings::yard(&desk),
        facts: known.facts,
        size: terms.size,
        building: Duration::from_secs(600),
        limit: terms.limit,
    };
    let began = Instant::now();
    let seen = mesh.look(&asked).await;
    eprintln!("{} guests: {:.1} s", asked.len(), began.elapsed().as_secs_f64());
    Met { matrix, seen }
}

impl Met {
    fn verdicts(&self) -> impl Iterator<Item = (Pair<'_>, Verdict)> {
        let limits = Limits::default();
        self.matrix.pairs().map(move |pair| {
            let verdict = pair::verdict(&pair, &self.seen.outlooks, &limits);
            (pair, verdict)
        })
    }

    /// What is wrong, between whom. A pair that nobody can tell of is one that nobody can ask.
    fn found(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (pair, verdict) in self.verdicts() {
            let way = format!("{} -> {}", pair.from, pair.to);
            match verdict {
                Verdict::Pass => {}
                Verdict::Fail { findings } => {
                    found.extend(findings.iter().map(|it| format!("{way} {}: {}", it.rule, it.message)));
                }
                Verdict::Skipped { .. } if pair.expectation.probe.is_none() => {}
                other => found.push(format!("{way} {other:?}")),
            }
        }
        found
    }
}

fn sound() -> Result<(), Failed> {
    let met = meet(fleet("flake.nix", "outputs", "outputs").path());
    same(&met.found(), &[])?;
    let passes = met.verdicts().filter(|(_, verdict)| *verdict == Verdict::Pass).count();
    if passes != 9 {
        return Err(format!("{passes} pairs were told to be well, of 9").into());
    }
    let replaced = &met.seen.replaced[&MachineName::from("ferry")];
    let told = ["the keys of WireGuard's harbour", "any network but one among the guests"];
    if told.iter().any(|what| !replaced.iter().any(|told| told == what)) {
        return Err(format!("{replaced:?}").into());
    }
    let handshakes = met.seen.outlooks.values().filter_map(|outlook| match outlook {
        Outlook::Seen(seen) => seen.wireguard.said(),
        _ => None,
    });
    let greeted = handshakes.flat_map(|said| &said.peers).filter(|peer| peer.handshake.is_some()).count();
    if greeted == 4 { Ok(()) } else { Err(format!("{greeted} peers have greeted, of 4").into()) }
}

fn broken(flaw: &Flaw) -> Result<(), Failed> {
    same(&meet(fleet(flaw.file, flaw.text, flaw.instead).path()).found(), flaw.found)
}

fn dies() -> Result<(), Failed> {
    let dies = "\n  systemd.services.dies = {\n    wantedBy = [ \"multi-user.target\" ];\n    script = \"echo o >/proc/sysrq-trigger; sleep 60\";\n  };\n}\n";
    let met = meet(fleet("hosts/nixos/sloop.nix", END, dies).path());
    let Some(Outlook::Offline(why)) = met.seen.outlooks.get(&MachineName::from("sloop")) else {
        return Err(format!("{:?}", met.seen.outlooks.get(&MachineName::from("sloop"))).into());
    };
    if !why.starts_with("its guest did not come up (switched-off)") {
        return Err(why.as_str().into());
    }
    let found = met.found();
    let of_sloop = found.iter().all(|found| found.contains("`sloop`"));
    if of_sloop && found.len() == 4 { Ok(()) } else { Err(format!("{found:#?}").into()) }
}

fn same(found: &[String], expected: &[&str]) -> Result<(), Failed> {
    if found == expected { Ok(()) } else { Err(format!("{found:#?}\nexpected {expected:#?}").into()) }
}
