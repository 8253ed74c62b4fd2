//! How long the built-in policies take over fleets of growing size: `cargo bench -p suites`.
//!
//! Flows in: the policies that ship, and made-up fleets. Flows out: a table. A line whose time grows faster than its fleet
//! is a rule that compares machines with machines.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::{
    thread,
    time::{Duration, Instant},
};

use edge::policy::{Document, Input, Module, judge};
use model::{
    check::{Check, CheckId, Question},
    digest::Digest,
    facts::{Facts, Places},
    machine::MachineName,
    subject::Subject,
    suite::{CheckDefinition, Kind, Scope, Suite, SuiteOrigin},
    verdict::Verdict,
};
use serde_json::{Map, Value, json};

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() {
    let suites = load();
    let policies = suites
        .iter()
        .flat_map(|suite| &suite.checks)
        .filter(|check| matches!(check.kind, Kind::Policy(_)))
        .count();
    println!("{policies} policies; times in ms; `cores` is the evaluation shared by {} threads", cores());
    println!(
        "{:>8} {:>9} {:>8} {:>8} {:>8}  slowest rules",
        "machines", "document", "convert", "one", "cores"
    );
    for machines in SIZES {
        let facts = facts(machines);
        let since = Instant::now();
        let document = Document::new(&facts);
        let converted = since.elapsed();
        let jobs: Vec<_> = suites
            .iter()
            .flat_map(|suite| suite.checks.iter().filter_map(|check| Job::of(suite, check, machines)))
            .collect();
        let (times, one) = timed(|| jobs.iter().map(|job| job.time(&document, &facts)).collect::<Vec<_>>());
        let ((), all) = timed(|| shared(&jobs, &document, &facts));
        println!(
            "{machines:>8} {:>6} kB {:>8} {:>8} {:>8}  {}",
            facts.document.to_string().len() / 1000,
            ms(converted),
            ms(one),
            ms(all),
            slowest(times)
        );
    }
}

fn load() -> Vec<Suite> {
    let suites = suites::built_in().into_iter();
    suites.filter_map(|(name, files)| load::suite::load(name, SuiteOrigin::BuiltIn, &files).ok()).collect()
}

/// The checks of one policy, of all of its subjects.
struct Job {
    rule: String,
    module: Module,
    checks: Vec<Check>,
}

impl Job {
    fn of(suite: &Suite, definition: &CheckDefinition, machines: usize) -> Option<Self> {
        let Kind::Policy(policy) = &definition.kind else { return None };
        let subjects: Vec<_> = match definition.scope {
            Scope::Fleet => vec![Subject::Fleet],
            Scope::Machine => {
                (0..machines).map(|number| Subject::Machine(MachineName(name(number)))).collect()
            }
        };
        let rule = format!("{}/{}", suite.name, definition.name);
        let check = |subject: Subject| Check {
            id: CheckId(format!("{rule}::{subject}")),
            suite: suite.name.clone(),
            rule: rule.clone(),
            stage: suite.stage,
            subject,
            severity: definition.severity,
            limit: Duration::from_secs(600),
            question: Question::Policy { package: policy.package.clone() },
            key: None,
            reuse: None,
            skip: None,
            blind: None,
        };
        let checks = subjects.into_iter().map(check).collect();
        Some(Self { rule, module: Module::compile(policy).ok()?, checks })
    }

    fn time(&self, document: &Document, facts: &Facts) -> (Duration, String) {
        let (verdicts, time) = timed(|| judge(&self.module, &self.checks, &Input::new(document, facts)));
        let wrong = verdicts.iter().find(|(_, verdict)| *verdict != Verdict::Pass);
        let note = wrong.map(|(_, verdict)| format!(" ({})", first(verdict))).unwrap_or_default();
        (time, format!("{}{note}", self.rule))
    }
}

fn first(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Fail { findings } => {
            findings.first().map(|finding| finding.message.clone()).unwrap_or_default()
        }
        other => format!("{other:?}"),
    }
}

fn shared(jobs: &[Job], document: &Document, facts: &Facts) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    job.time(document, facts);
                }
            });
        }
    });
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let since = Instant::now();
    let done = work();
    (done, since.elapsed())
}

fn ms(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}

fn slowest(mut times: Vec<(Duration, String)>) -> String {
    times.sort_by(|a, b| b.cmp(a));
    let told = times.into_iter().take(4).map(|(time, rule)| format!("{rule} {}", ms(time)));
    told.collect::<Vec<_>>().join(", ")
}

fn name(number: usize) -> String {
    format!("machine-{number}")
}

/// The facts of a fleet in which nothing is wrong, of so many machines.
fn facts(machines: usize) -> Facts {
    let names: Vec<String> = (0..machines).map(name).collect();
    let each = |value: &dyn Fn(usize, &str) -> Value| -> Value {
        names
            .iter()
            .enumerate()
            .map(|(number, name)| (name.clone(), value(number, name)))
            .collect::<Map<_, _>>()
            .into()
    };
    let document = json!({
        "version": 1,
        "fleet": {"name": "bench", "source": "fleet-toml"},
        "inventory": {
            "meta": {"name": "bench"},
            "machines": each(&|_, name| json!({"machineClass": "nixos", "tags": ["cloud", "rack"], "deploy": {"targetHost": format!("root@{name}.example.net")}})),
            "instances": {
                "overlay": instance("zerotier", json!({
                    "controller": {"machines": {"machine-0": {}}, "tags": {}},
                    "peer": {"machines": {}, "tags": {"all": {"settings": {"port": 9993}}}},
                })),
                "sshd": instance("sshd", json!({"server": {"machines": each(&|_, _| json!({})), "tags": {}}})),
                "users": instance("users", json!({"default": {"machines": {}, "tags": {"all": {}}}})),
            },
            "tags": {"listed": names.iter().step_by(2).collect::<Vec<_>>()},
        },
        "resolved": {
            "machines": each(&|number, _| resolved(number)),
            "instances": {
                "overlay": {"module": "zerotier", "input": "clan-core"},
                "sshd": {"module": "sshd", "input": "clan-core"},
                "users": {"module": "users", "input": "clan-core"},
            },
            "roles": {"overlay": {"controller": ["machine-0"], "peer": names}, "sshd": {"server": names}, "users": {"default": names}},
            "conflicts": [],
        },
        "machines": each(&|number, name| json!({"class": "nixos", "facts": evaluated(number, name), "errors": {}})),
        "modules": {"clan-core": {"zerotier": interface(&["controller", "peer"]), "sshd": interface(&["server"]), "users": interface(&["default"])}},
        "source": {"dendritic": true, "files": names.iter().flat_map(|name| files(name)).collect::<Vec<_>>()},
        "vars": {"vars": names.iter().enumerate().flat_map(|(number, name)| vars(number, name)).collect::<Vec<_>>(), "hashes": [], "strays": []},
        "sops": sops(&names),
        "waivers": [],
    });
    Facts { digest: Digest::of(""), document, places: Places::default(), parts: [].into() }
}

fn instance(module: &str, roles: Value) -> Value {
    json!({"module": {"name": module, "input": "clan-core"}, "roles": roles})
}

fn interface(roles: &[&str]) -> Value {
    let schema = json!({"$defs": {"Input": {"type": "object", "properties": {"port": {"type": "integer"}}, "additionalProperties": false}}});
    let roles: Map<_, _> = roles.iter().map(|role| ((*role).to_owned(), json!({"schema": schema}))).collect();
    json!({"roles": roles})
}

fn resolved(number: usize) -> Value {
    let mut overlay = json!({"peer": {"port": 9993}});
    if number == 0 {
        overlay["controller"] = json!({});
    }
    json!({"class": "nixos", "tags": ["all", "cloud", "listed", "nixos", "rack"], "roles": {"overlay": overlay, "sshd": {"server": {}}, "users": {"default": {}}}})
}

fn evaluated(number: usize, name: &str) -> Value {
    let user = |uid: u32| json!({"uid": uid, "isNormalUser": uid >= 1000, "isSystemUser": false, "group": "users", "extraGroups": ["wheel"], "authorizedKeys": 1});
    let file = |secret: bool| json!({"secret": secret, "deploy": true, "owner": "root", "group": "root", "mode": "0400", "neededFor": "services", "path": "/run/secrets/x"});
    let generators: Map<_, _> = GENERATORS
        .iter()
        .map(|generator| {
            let files = json!({"key": file(true), "key.pub": file(false)});
            ((*generator).to_owned(), json!({"share": false, "dependencies": [], "validationHash": null, "files": files, "prompts": {}}))
        })
        .collect();
    json!({
        "hostName": name,
        "system": "x86_64-linux",
        "toplevel": format!("/nix/store/{number:032}-system.drv"),
        "stateVersion": "25.11",
        "hostId": format!("{number:08x}"),
        "supportedFilesystems": ["ext4", "vfat"],
        "fileSystems": {
            "/": {"device": "/dev/disk/by-id/a-part2", "fsType": "ext4", "neededForBoot": true},
            "/boot": {"device": "/dev/disk/by-id/a-part1", "fsType": "vfat", "neededForBoot": false},
        },
        "bootLoader": {"grub": true, "systemdBoot": false, "other": false},
        "users": {"root": user(0), "alice": user(1000), "bob": user(1001), "nobody": user(65534)},
        "groups": {"root": {"gid": 0}, "users": {"gid": 100}, "wheel": {"gid": 1}},
        "sshd": {"enable": true, "ports": [22], "permitRootLogin": "prohibit-password"},
        "firewall": {"enable": true, "allowedTCPPorts": [22, 80], "allowedTCPPortRanges": [], "trustedInterfaces": [], "interfaces": {}},
        "generators": generators,
        "zerotier": null,
        "services": {"openssh": true},
    })
}

const GENERATORS: &[&str] = &["backup", "openssh", "root-password", "zerotier"];

fn files(name: &str) -> [Value; 2] {
    let nix = json!({"shape": "function", "arguments": ["config", "lib"], "keys": ["flake"], "defines": {"flake.modules.nixos.x": 2, "flake.modules.nixos.x.networking.hostName": 3}});
    [
        json!({"path": format!("modules/hosts/{name}.nix"), "kind": "file", "size": 100, "read": true, "nix": nix}),
        json!({"path": format!("sops/machines/{name}/key.json"), "kind": "file", "size": 100, "read": true}),
    ]
}

/// A key that no other machine has.
fn key(number: usize) -> String {
    format!("age1{number:058}")
}

fn link(name: &str) -> Value {
    json!({"name": name, "path": "p", "kind": "link", "target": "t", "resolves": true, "member": name, "sound": true})
}

fn links(machine: &str) -> Value {
    json!({"users": [], "machines": [link(machine)], "groups": [link("admins")]})
}

fn envelope(number: usize) -> Value {
    json!({"sound": true, "faults": [], "recipients": [key(number), "age1alice", "age1bob"]})
}

fn vars(number: usize, name: &str) -> Vec<Value> {
    let var = |generator: &str, file: &str, secret: bool| {
        let mut var = json!({
            "placement": "per-machine", "machine": name, "generator": generator, "file": file,
            "path": format!("vars/per-machine/{name}/{generator}/{file}"), "value": !secret, "secret": secret,
            "entries": if secret { json!(["groups", "machines", "secret"]) } else { json!(["value"]) },
            "links": if secret { links(name) } else { json!({"users": [], "machines": [], "groups": []}) },
        });
        if secret {
            var["envelope"] = envelope(number);
        }
        var
    };
    GENERATORS
        .iter()
        .flat_map(|generator| [var(generator, "key", true), var(generator, "key.pub", false)])
        .collect()
}

fn sops(names: &[String]) -> Value {
    let holder = |key: String| json!({"path": "p", "keys": [{"publickey": key, "type": "age"}]});
    let machines: Map<_, _> =
        names.iter().enumerate().map(|(number, name)| (name.clone(), holder(key(number)))).collect();
    let admins = json!({"sound": true, "faults": [], "recipients": ["age1alice", "age1bob"]});
    let secret = |name: &String| {
        let links = json!({"users": [], "machines": [], "groups": [link("admins")]});
        (
            format!("{name}-age.key"),
            json!({"path": "p", "machine": name, "entries": ["groups", "secret"], "secret": true, "links": links, "envelope": admins}),
        )
    };
    json!({
        "users": {"alice": holder("age1alice".to_owned()), "bob": holder("age1bob".to_owned())},
        "machines": machines,
        "groups": {"admins": {"path": "p", "users": [link("alice"), link("bob")], "machines": []}},
        "secrets": names.iter().map(secret).collect::<Map<_, _>>(),
        "strays": [],
    })
}
