//! People's words and ways back where the inventory stands in the flake, and `fleet.toml` holds the policy alone.

use std::{fs, sync::Arc};

use cli::{args::Rollback, exit::Exit, rollout::rollback::roll_back};
use edge::{promotions::PromotionJournal, state::State};
use jiff::Timestamp;
use model::{
    machine::MachineName,
    rollout::{Change, Closure, End, Entry, Happened, Step},
};
use testkit::rollout::ScriptedDeployer;
use tokio::sync::mpsc;

use crate::{
    POLICY, Port,
    approvals::key,
    binary::{exits, text},
    in_memory::InMemory,
};

#[tokio::test(flavor = "multi_thread")]
async fn where_the_inventory_stands_in_the_flake_people_find_their_machines_all_the_same() {
    let (port, keys) = (Port::open(), tempfile::tempdir().unwrap());
    let (own, line) = key(keys.path(), "crs58");
    let fleet = port.folder().join("fleet.toml");
    let inventory = fs::read_to_string(&fleet).unwrap().replace(POLICY, "");
    let policy = format!("[promotion]\napprovers = [\"{line}\"]\n");
    fs::write(&fleet, POLICY.replace("[promotion]\n", &policy)).unwrap();
    let flake = format!(
        "{{ outputs = _: {{ clanInternals.inventoryClass.inventorySerialization = (builtins.fromTOML ''{inventory}'').inventory; }}; }}"
    );
    fs::write(port.folder().join("flake.nix"), flake).unwrap();

    let closure = |machine: &str, which: &str| Closure(format!("/nix/store/{machine}-{which}"));
    let change = |machine: &str| Change { old: closure(machine, "good"), new: closure(machine, "bad") };
    let machine = MachineName::from("cinnabar");
    let changes = ["cinnabar", "stibnite"].map(|name| (MachineName::from(name), change(name))).into();
    let state = State::open(&port.folder()).unwrap();
    let first = Entry { at: Timestamp::now(), what: Happened::Started { changes, back: false } };
    let mut journal = PromotionJournal::create(&state, &first, None).unwrap();
    let step = Step::SetProfile;
    let begun = Happened::Begun { machine: machine.clone(), step };
    let ended = Happened::Ended { machine: machine.clone(), step, end: End::Done };
    [begun, ended].into_iter().for_each(|what| journal.note(Timestamp::now(), what).unwrap());

    let signed = port.seaworthy(&["approve", "desk", "--key", &own.to_string_lossy()]);
    exits(&signed, 0);
    assert!(text(&signed.stderr).contains("stibnite gets /nix/store/"), "{}", text(&signed.stderr));

    let back = Change { old: closure("cinnabar", "bad"), new: closure("cinnabar", "good") };
    let machines = Arc::new(ScriptedDeployer::new(&[(machine, back)].into()).quick());
    let options = Rollback { machine: "cinnabar".to_owned(), yes: true, break_lock: false };
    let crew = InMemory::of(&machines);
    let exit = roll_back(&port.desk(), &options, &crew, &mut mpsc::channel(1).1).await.unwrap();
    assert_eq!((exit, machines.whole().0), (Exit::Open, vec!["cinnabar".to_owned()]));
}
