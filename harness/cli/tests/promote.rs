//! A promotion from `verify` to machines that run it: the binary for all that is read and said, machines in memory for all that
//! is changed. No connection is made: `ssh` is a script that refuses.
#![expect(clippy::disallowed_methods, reason = "a test of the binary spawns it and writes files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test needs and does not find ends it")]

#[path = "carried/approvals.rs"]
mod approvals;
#[expect(dead_code, reason = "reports are read elsewhere")]
#[path = "twins/binary.rs"]
mod binary;
#[path = "carried/evidence.rs"]
mod evidence;
#[path = "carried/flake_inventory.rs"]
mod flake_inventory;
#[path = "twins/harbour.rs"]
mod harbour;
#[path = "carried/in_memory.rs"]
mod in_memory;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Output,
    sync::Arc,
};

use binary::{exits, text, verify};
use cli::{
    args::{Color, Everywhere, Promote, Rollback},
    desk::Desk,
    environment::Environment,
    exit::Exit,
    rollout::{promote::promote, rollback::roll_back},
    screen::{Screen, Wishes},
};
use edge::{
    promotions::{FleetLock, Holder, PromotionJournal},
    state::State,
};
use harbour::Harbour;
use in_memory::InMemory;
use model::{
    machine::MachineName,
    rollout::{Change, Closure, Entry, Happened, Step},
};
use serde_json::Value;
use testkit::rollout::{Mishap, ScriptedDeployer};
use tokio::sync::mpsc;

const POLICY: &str = r#"
[promotion]
gates = ["expressions", "invariants"]

[[promotion.waves]]
name = "first"
machines = ["cinnabar"]
soak = "1h"

[[promotion.waves]]
name = "desk"
machines = ["stibnite"]
soak = "1h"
approvals = { by = ["crs58"] }
"#;

struct Port {
    folder: PathBuf,
    bin: tempfile::TempDir,
    _harbour: Option<Harbour>,
}

impl Port {
    fn open() -> Self {
        let harbour = Harbour::open().unwrap();
        let folder = harbour.folder("two");
        let fleet = folder.join("fleet.toml");
        fs::write(&fleet, fs::read_to_string(&fleet).unwrap() + POLICY).unwrap();
        Self { _harbour: Some(harbour), ..Self::at(folder) }
    }

    fn at(folder: PathBuf) -> Self {
        let bin = tempfile::tempdir().unwrap();
        let ssh = bin.path().join("ssh");
        fs::write(&ssh, "#!/bin/sh\necho 'ssh: connect to host: Connection refused' >&2\nexit 255\n")
            .unwrap();
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, bin, _harbour: None }
    }

    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    fn seaworthy(&self, arguments: &[&str]) -> Output {
        let path = format!("{}:{}", self.bin.path().display(), std::env::var("PATH").unwrap());
        let mut command = binary::seaworthy(&self.folder());
        command.env("PATH", path).env("USER", "crs58").args(arguments).output().unwrap()
    }

    fn status(&self) -> Value {
        let output = self.seaworthy(&["status", "--format", "json"]);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}", text(&output.stderr)))
    }

    /// Machines in memory, on a closure of their own, that are to get what evaluation says.
    fn machines(&self) -> ScriptedDeployer {
        self.machines_but(None)
    }

    /// The same, but for one that has it.
    fn machines_but(&self, has_it: Option<&str>) -> ScriptedDeployer {
        let wanted = |row: &Value| {
            let name = row["machine"].as_str().unwrap();
            let new = Closure(row["wanted"].as_str().expect("a closure").to_owned());
            let old = Closure(format!("/nix/store/{name}-old"));
            let old = if has_it == Some(name) { new.clone() } else { old };
            (MachineName::from(name), Change { old, new })
        };
        let changes: BTreeMap<_, _> =
            self.status()["machines"].as_array().unwrap().iter().map(wanted).collect();
        ScriptedDeployer::new(&changes).quick()
    }

    fn desk(&self) -> Desk {
        let everywhere = Everywhere { project: Some(self.folder()), color: Color::Never };
        let screen = Screen::detect(Color::Never, Wishes::default());
        let mut environment = Environment::read().unwrap();
        environment.all.insert("USER".into(), "crs58".into());
        Desk::at(&everywhere, environment, screen).unwrap()
    }
}

fn promotes() -> Promote {
    Promote { machine: None, next: false, dry_run: false, yes: true, wait: false, break_lock: false }
}

async fn carried(port: &Port, machines: &Arc<ScriptedDeployer>, options: &Promote) -> Exit {
    let crew = InMemory::of(machines);
    promote(&port.desk(), options, &crew, &mut mpsc::channel(1).1).await.unwrap()
}

fn row<'v>(status: &'v Value, machine: &str) -> &'v Value {
    status["machines"].as_array().unwrap().iter().find(|row| row["machine"] == machine).unwrap()
}

fn is_in(path: &Path, what: &str) -> bool {
    path.join(".seaworthy").join(what).exists()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_proof_to_machines_and_back() {
    let port = Port::open();
    // Nothing is proven: nothing goes anywhere.
    let machines = Arc::new(port.machines());
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Undecided, "nobody refuted anything");
    assert_eq!(machines.effects(), []);
    assert!(!is_in(&port.folder(), "promotions"));
    let unproven = port.status();
    assert_eq!(row(&unproven, "stibnite")["state"], "undecided");
    let gate = &row(&unproven, "cinnabar")["gates"][0];
    assert_eq!((&gate["state"], &gate["stage"]), (&"undecided".into(), &"expressions".into()));
    assert!(gate["reasons"][0].as_str().unwrap().ends_with("not asked: no evidence is on record"), "{gate}");

    exits(&verify(&port.folder()).output().unwrap(), 0);
    let proven = port.status();
    assert_eq!(row(&proven, "cinnabar")["gates"][1]["state"], "open");
    assert_eq!(row(&proven, "cinnabar")["offline"], "offline: ssh: connect to host: Connection refused");

    // The first wave goes; the second waits.
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Undecided);
    assert_eq!(machines.whole(), (vec!["cinnabar".to_owned()], vec!["stibnite".to_owned()]));
    let steps: Vec<_> = machines.effects().into_iter().map(|(_, step)| step).collect();
    assert_eq!(steps, [Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile]);
    let status = port.status();
    assert!(row(&status, "cinnabar")["soak_left"].as_u64().unwrap() > 3500, "{status}");
    assert!(row(&status, "cinnabar")["examined"].is_string(), "{status}");
    let board = text(&port.seaworthy(&["status"]).stdout);
    assert!(board.contains("soaks for ") && board.contains(", examined "), "{board}");
    let reasons = row(&status, "stibnite")["reasons"].to_string();
    assert!(reasons.contains("wave first soaks for") && reasons.contains("0 of 1 agreed"), "{reasons}");

    // People.
    exits(&port.seaworthy(&["approve", "desk"]), 0);
    let nobody = port.seaworthy(&["approve", "first"]);
    exits(&nobody, 2);
    assert!(text(&nobody.stderr).contains("it needs nobody's word"), "{}", text(&nobody.stderr));
    exits(&port.seaworthy(&["freeze", "an outage"]), 0);
    assert_eq!(port.status()["frozen"]["reason"], "an outage");
    exits(&port.seaworthy(&["thaw"]), 0);
    let history = text(&port.seaworthy(&["history"]).stdout);
    for line in
        ["began: 2 machines to change", "cinnabar: confirm: done", "crs58 agreed to wave desk", "an outage"]
    {
        assert!(history.contains(line), "{line}: {history}");
    }

    // Back, as a promotion of its own: no freeze holds it, and it lifts none.
    exits(&port.seaworthy(&["freeze", "an outage"]), 0);
    let crew = InMemory::of(&machines);
    let options = Rollback { machine: "cinnabar".to_owned(), yes: true, break_lock: false };
    let exit = roll_back(&port.desk(), &options, &crew, &mut mpsc::channel(1).1).await.unwrap();
    assert_eq!(exit, Exit::Open);
    let frozen = port.status();
    assert_eq!(frozen["frozen"]["reason"], "an outage", "{frozen}");
    assert!(row(&frozen, "cinnabar")["reasons"].to_string().contains("frozen by crs58"), "{frozen}");
    let board = text(&port.seaworthy(&["status"]).stdout);
    assert!(
        board.contains("`seaworthy thaw` allows them again\n`seaworthy promote` begins, and waits\n"),
        "{board}"
    );
    assert_eq!(text(&port.seaworthy(&["history", "--list"]).stdout).lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_goes_back_and_the_exit_says_so() {
    let port = Port::open();
    exits(&verify(&port.folder()).output().unwrap(), 0);
    let machines = Arc::new(port.machines().on("cinnabar", Step::Confirm, [Mishap::Fails]));
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Closed);
    assert_eq!(machines.whole().1, ["cinnabar", "stibnite"]);
    // No word is lost: another promotion would not hear it. A freeze holds the next one too, and is seen before that begins.
    let late = port.seaworthy(&["approve", "desk"]);
    exits(&late, 2);
    assert!(
        text(&late.stderr).contains("is over: nothing waits for anybody's word"),
        "{}",
        text(&late.stderr)
    );
    exits(&port.seaworthy(&["freeze", "an outage"]), 0);
    let frozen = port.status();
    assert_eq!(frozen["frozen"]["reason"], "an outage");
    assert!(row(&frozen, "cinnabar")["reasons"].to_string().contains("frozen by crs58"), "{frozen}");
    exits(&port.seaworthy(&["thaw"]), 0);
    let again = port.seaworthy(&["thaw"]);
    exits(&again, 0);
    assert!(text(&again.stderr).contains("nobody stopped anything"), "{}", text(&again.stderr));
    // Whoever promotes again begins again.
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Undecided);
    assert_eq!(machines.whole().0, ["cinnabar"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_time_and_people_begins_so_that_soaks_count_and_words_are_heard() {
    let port = Port::open();
    exits(&verify(&port.folder()).output().unwrap(), 0);
    // The first wave has what is wanted already: only the second changes, and waits for the first one's soak.
    let machines = Arc::new(port.machines_but(Some("cinnabar")));
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Undecided);
    assert_eq!(machines.effects(), []);
    exits(&port.seaworthy(&["approve", "desk"]), 0);
    let history = text(&port.seaworthy(&["history"]).stdout);
    assert!(history.contains("began: 1 machine to change"), "{history}");
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Undecided);
    assert_eq!(text(&port.seaworthy(&["history", "--list"]).stdout).lines().count(), 1, "it goes on");
    let status = port.status();
    assert_eq!(status["goesOn"], true);
    assert_eq!(
        row(&status, "cinnabar")["soak_left"],
        Value::Null,
        "what had its closure already soaks no more"
    );
    let reasons = row(&status, "stibnite")["reasons"].to_string();
    assert!(reasons.contains("wave first soaks") && !reasons.contains("agreed"), "{reasons}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_that_is_gone_had_begun_is_in_doubt_and_what_one_that_lives_has_is_told() {
    let port = Port::open();
    exits(&verify(&port.folder()).output().unwrap(), 0);
    let machines = Arc::new(port.machines());
    assert_eq!(carried(&port, &machines, &promotes()).await, Exit::Undecided);
    let state = State::open(&port.folder()).unwrap();
    let begun = Happened::Begun { machine: "stibnite".into(), step: Step::Activate };
    PromotionJournal::latest(&state).unwrap().unwrap().note(jiff::Timestamp::now(), begun).unwrap();
    let stands = || row(&port.status(), "stibnite").clone();

    let gone = stands();
    assert_eq!((&gone["state"], &gone["taken"]), (&"undecided".into(), &Value::Null), "{gone}");
    assert!(gone["reasons"].to_string().contains("nobody has looked how far it came"), "{gone}");

    let holder = Holder::here("ann".to_owned(), jiff::Timestamp::now());
    let lock = FleetLock::take(&state, &holder, true).unwrap();
    assert_eq!(stands()["taken"], "activate");
    assert!(text(&port.seaworthy(&["status"]).stdout).contains("at: activate"));
    drop(lock);
    assert_eq!(stands()["taken"], Value::Null);
}

#[test]
fn a_dry_run_and_a_lock_leave_everything_as_it_is() {
    let port = Port::open();
    let dry = port.seaworthy(&["promote", "--dry-run"]);
    exits(&dry, 4);
    let out = text(&dry.stdout);
    assert!(
        out.contains("cinnabar") && out.contains("offline") && out.contains("no evidence is on record"),
        "{out}"
    );
    assert!(!is_in(&port.folder(), "promotions"));
    let unknown = port.seaworthy(&["promote", "cinabar", "--dry-run"]);
    exits(&unknown, 2);
    assert!(text(&unknown.stderr).contains("did you mean cinnabar?"), "{}", text(&unknown.stderr));
    for command in ["freeze x", "thaw", "history", "approve desk", "rollback cinnabar --yes"] {
        let output = port.seaworthy(&command.split(' ').collect::<Vec<_>>());
        exits(&output, 2);
        assert!(text(&output.stderr).contains("nothing was promoted here"), "{}", text(&output.stderr));
        assert_eq!(text(&output.stderr).contains("[promotion] freezes"), command == "freeze x");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_operators_are_kept_apart() {
    let port = Port::open();
    exits(&verify(&port.folder()).output().unwrap(), 0);
    let state = State::open(&port.folder()).unwrap();
    let holder = Holder::here("raquel".to_owned(), jiff::Timestamp::UNIX_EPOCH);
    let _lock = FleetLock::take(&state, &holder, false).unwrap();
    let crew = InMemory::of(&Arc::new(port.machines()));
    let refused = promote(&port.desk(), &promotes(), &crew, &mut mpsc::channel(1).1).await.unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.starts_with("raquel on ") && why.contains("promotes this fleet"), "{why}");
    assert!(!is_in(&port.folder(), "promotions"));
}

/// Whoever sits at the question whether to begin may do so for hours.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_writes_before_it_begins_is_not_overlooked() {
    let port = Port::open();
    exits(&verify(&port.folder()).output().unwrap(), 0);
    let machines = Arc::new(port.machines());
    let state = State::open(&port.folder()).unwrap();
    let other = serde_json::json!({ "happened": "started", "changes": {
        "cinnabar": { "old": "/nix/store/cinnabar-old", "new": "/nix/store/cinnabar-other" },
    } });
    let first = Entry { at: jiff::Timestamp::now(), what: serde_json::from_value(other).unwrap() };
    PromotionJournal::create(&state, &first, None).unwrap();
    let folder = port.folder();
    let freezes = move || {
        let state = State::find(&folder).unwrap();
        let frozen = Happened::Frozen { by: "eve".to_owned(), reason: "an outage".to_owned() };
        PromotionJournal::latest(&state).unwrap().unwrap().note(jiff::Timestamp::now(), frozen).unwrap();
    };
    let crew = InMemory::beside(&machines, freezes);
    let refused = promote(&port.desk(), &promotes(), &crew, &mut mpsc::channel(1).1).await;
    assert_eq!(machines.effects(), [], "everything was stopped before it began");
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("meanwhile"), "{refused}");
}

#[test]
fn a_policy_whose_gate_never_opens_is_found_before_anything_runs() {
    let port = Port::open();
    let fleet = port.folder().join("fleet.toml");
    let text_of = fs::read_to_string(&fleet).unwrap();
    fs::write(&fleet, text_of.replace(r#""expressions", "invariants"]"#, r#""expressions", "budgets"]"#))
        .unwrap();
    for (arguments, code) in [(vec!["fleet", "lint"], 1), (vec!["status"], 2)] {
        let output = port.seaworthy(&arguments);
        exits(&output, code);
        let err = text(&output.stderr);
        assert!(err.contains("no suite has a check of the stage `budgets`: its gate never opens"), "{err}");
    }
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = std::process::Command::new("git");
    command.args(["-c", "user.name=test", "-c", "user.email=test@example.org"]).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null").current_dir(folder);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
}

fn first_gates(status: &Value) -> (String, String) {
    let gates = &row(status, "cinnabar")["gates"];
    (gates[0]["state"].to_string(), gates[0]["reasons"][0].to_string())
}
