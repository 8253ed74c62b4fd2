//! Guests that are saved, and their clones.

use std::{
    fs::{self, OpenOptions},
    io::{BufRead as _, BufReader},
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use vms::{
    accelerator::Accelerator,
    channel::{Channel as _, backdoor::Backdoor},
    folder::Folder,
    guest::Guest,
    machine::{Disk, Format, Machine},
    snapshot::{
        RestoreError, SaveError, Snapshot,
        store::{Key, Store},
    },
};

use super::rig::{BACKDOOR, LIMIT, Rig, qemu};

const PLENTY: u64 = 1 << 40;

fn key(digit: char) -> Key {
    digit.to_string().repeat(32).parse().unwrap()
}

fn folder(rig: &Rig) -> Folder {
    Folder::create(&rig.folders()).unwrap()
}

fn store(rig: &Rig, limit: u64) -> Store {
    Store::open(&rig.path("store"), limit).unwrap()
}

async fn boot(rig: &Rig, machine: &Machine) -> (Guest, Backdoor) {
    let guest = Guest::start_to_be_saved(&qemu(), machine, folder(rig)).await.unwrap();
    let shell = guest.backdoor(LIMIT).await.unwrap();
    (guest, shell)
}

async fn save(rig: &Rig, store: &Store, machine: &Machine, key: &Key) -> Snapshot {
    let (guest, shell) = boot(rig, machine).await;
    store.save(key, guest, shell, Value::Null).await.unwrap()
}

async fn try_restore(
    rig: &Rig,
    snapshot: &Snapshot,
    machine: &Machine,
) -> Result<(Guest, Backdoor), RestoreError> {
    snapshot.restore(&qemu(), machine, folder(rig), LIMIT).await
}

async fn restore(rig: &Rig, snapshot: &Snapshot, machine: &Machine) -> (Guest, Backdoor) {
    try_restore(rig, snapshot, machine).await.unwrap()
}

async fn refusal(rig: &Rig, snapshot: &Snapshot, machine: &Machine) -> String {
    match try_restore(rig, snapshot, machine).await {
        Ok(_) => panic!("it is restored"),
        Err(error) => error.to_string(),
    }
}

async fn say(shell: &Backdoor, command: &str) -> String {
    let output = shell.run(command, LIMIT).await.unwrap();
    assert!(output.success(), "{command}: {output:?}");
    output.text()
}

/// Of a snapshot that is being saved.
fn nameless(store: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(store).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("vm-")).collect()
}

#[tokio::test]
async fn clones_remember_and_are_guests_of_their_own() {
    let rig = Rig::new();
    let (machine, store) = (rig.machine(BACKDOOR), store(&rig, PLENTY));
    assert!(store.find(&key('a')).unwrap().is_none());
    let (guest, shell) = boot(&rig, &machine).await;
    say(&shell, "echo before >/tmp/said; head -c 20000000 /dev/urandom >/tmp/much").await;
    let digest = say(&shell, "sha256sum /tmp/much").await;
    let began = Instant::now();
    let note = json!({"seconds": 2});
    drop(store.save(&key('a'), guest, shell, note.clone()).await.unwrap());
    println!("saved in {:?}", began.elapsed());
    rig.assert_no_qemu();

    // Long enough for a clock that was not set to be seen.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let snapshot = store.find(&key('a')).unwrap().unwrap();
    assert_eq!(*snapshot.note(), note);
    let began = Instant::now();
    let (_one, first) = restore(&rig, &snapshot, &machine).await;
    println!("restored in {:?}", began.elapsed());
    let other_name = Machine { name: "another".into(), ..machine.clone() };
    let (_two, second) = restore(&rig, &snapshot, &other_name).await;
    let took = began.elapsed().as_secs_f64();

    let random = "head -c 32 /dev/urandom | base64; cat /proc/sys/kernel/random/uuid";
    assert_ne!(say(&first, random).await, say(&second, random).await);
    for shell in [&first, &second] {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let there: f64 = say(shell, "date +%s").await.parse().unwrap();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        // `date` cuts off what is less than a second. On a busy computer the time is late by what the restore took; a
        // clock that was not set would be late by the sleep as well.
        assert!((before - took - 1.0..after + 1.0).contains(&there), "{before} {there} {after}, {took}");
    }
    assert_eq!(say(&first, "cat /tmp/said; echo one >/tmp/said; cat /tmp/said").await, "before\none");
    assert_eq!(say(&second, "cat /tmp/said; sha256sum /tmp/much").await, format!("before\n{digest}"));
    say(&second, "head -c 20000000 /dev/zero >/tmp/much").await;

    let (_three, third) = restore(&rig, &snapshot, &machine).await;
    let there = say(&third, "cat /tmp/said; sha256sum /tmp/much").await;
    assert_eq!(there, format!("before\n{digest}"), "no clone writes to the snapshot");
}

#[tokio::test]
async fn what_is_not_what_was_saved_is_refused() {
    let rig = Rig::new();
    let (machine, store) = (rig.machine(BACKDOOR), store(&rig, PLENTY));
    let snapshot = save(&rig, &store, &machine, &key('a')).await;

    let mut other = qemu();
    other.version.micro += 1;
    let error = snapshot.restore(&other, &machine, folder(&rig), LIMIT).await.unwrap_err().to_string();
    assert!(error.starts_with("the snapshot was made by QEMU "), "{error}");
    let kvm = Machine { accelerator: Accelerator::Kvm, ..machine.clone() };
    let error = refusal(&rig, &snapshot, &kvm).await;
    assert!(error.starts_with("the snapshot was made with tcg, and kvm is wanted"), "{error}");
    let larger = Machine { memory: 512, ..machine.clone() };
    let error = refusal(&rig, &snapshot, &larger).await;
    assert!(error.starts_with("the snapshot is of another machine than `busybox` is now"), "{error}");

    // A file at a time is damaged, and put right again.
    let path = |name: &str| snapshot.folder().join(name);
    let devices = fs::read(path("devices")).unwrap();
    let mut flipped = devices.clone();
    flipped[devices.len() / 2] ^= 1;
    for damaged in [&flipped[..], &devices[..devices.len() / 2], &[]] {
        fs::write(path("devices"), damaged).unwrap();
        let error = refusal(&rig, &snapshot, &machine).await;
        assert!(error.contains("/devices is damaged (it has not the digest"), "{error}");
    }
    fs::write(path("devices"), &devices).unwrap();
    restore(&rig, &snapshot, &machine).await;

    let record = fs::read_to_string(path("record.json")).unwrap();
    fs::write(path("record.json"), record.replace("\"vms", "\"VMS")).unwrap();
    let strange = store.find(&key('a')).unwrap().unwrap();
    let error = refusal(&rig, &strange, &machine).await;
    assert!(error.contains("VMS") && error.contains("vms"), "{error}");
    drop(strange);
    fs::write(path("record.json"), record).unwrap();

    let memory = OpenOptions::new().write(true).open(path("memory")).unwrap();
    memory.write_all_at(b"x", 1 << 20).unwrap();
    let error = refusal(&rig, &snapshot, &machine).await;
    assert!(error.contains("/memory is damaged (written to since it was saved)"), "{error}");
    memory.set_len(100 << 20).unwrap();
    let error = refusal(&rig, &snapshot, &machine).await;
    assert!(error.contains("/memory is damaged (104857600 bytes instead of 268435456)"), "{error}");
    fs::remove_file(path("memory")).unwrap();
    assert!(refusal(&rig, &snapshot, &machine).await.contains("/memory is damaged (No such file"));
    fs::write(path("record.json"), "{").unwrap();
    let error = store.find(&key('a')).unwrap_err().to_string();
    assert!(error.contains("record.json is damaged"), "{error}");

    // It is replaced once nobody uses it.
    let (guest, shell) = boot(&rig, &machine).await;
    let error = store.save(&key('a'), guest, shell, Value::Null).await.unwrap_err();
    assert!(matches!(error, SaveError::InUse(_)), "{error:?}");
    drop(snapshot);
    let snapshot = save(&rig, &store, &machine, &key('a')).await;
    restore(&rig, &snapshot, &machine).await;
    drop((snapshot, store));
    assert!(nameless(&rig.path("store")).is_empty());
}

#[tokio::test]
async fn a_store_cleans_itself_of_what_nobody_uses() {
    let rig = Rig::new();
    let (machine, plenty) = (rig.machine(BACKDOOR), store(&rig, PLENTY));
    drop(save(&rig, &plenty, &machine, &key('a')).await);
    let used = save(&rig, &plenty, &machine, &key('b')).await;
    // Of two that saved the same, the first is taken.
    let same = save(&rig, &plenty, &machine, &key('b')).await;
    restore(&rig, &same, &machine).await;
    drop(same);
    drop(save(&rig, &plenty, &machine, &key('c')).await);
    drop(plenty.find(&key('a')).unwrap().unwrap());
    let found = || ['a', 'b', 'c', 'd'].map(|digit| plenty.find(&key(digit)).unwrap().is_some());
    let size: u64 = fs::read_dir(used.folder()).unwrap().map(|file| blocks(&file.unwrap().path())).sum();
    // Room for three: `b` is the eldest, and used; `c` was used before `a` was.
    drop(save(&rig, &store(&rig, size * 7 / 2), &machine, &key('d')).await);
    assert_eq!(found(), [true, true, false, true]);
    // There is room for none, and two are used: `b`, and the one that is saved.
    drop(save(&rig, &store(&rig, 0), &machine, &key('c')).await);
    assert_eq!(found(), [false, true, true, false]);
    restore(&rig, &used, &machine).await;
}

fn blocks(file: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(file).unwrap().blocks() * 512
}

#[tokio::test]
async fn guests_that_cannot_be_saved_are_told() {
    let rig = Rig::new();
    let store = store(&rig, PLENTY);
    let (guest, shell) = rig.shell().await;
    let error = store.save(&key('a'), guest, shell, Value::Null).await.unwrap_err().to_string();
    assert!(error.ends_with("its memory is no file; start it with `start_to_be_saved`"), "{error}");
    fs::write(rig.path("disk"), vec![0; 1 << 20]).unwrap();
    let disk = Disk {
        path: rig.path("disk"),
        format: Format::Raw,
        read_only: false,
        scratch: false,
        serial: "data".into(),
    };
    let (guest, shell) = boot(&rig, &Machine { disks: vec![disk], ..rig.machine(BACKDOOR) }).await;
    let error = store.save(&key('a'), guest, shell, Value::Null).await.unwrap_err().to_string();
    assert!(error.ends_with("it has a disk that it can write to; give it read-only ones"), "{error}");
    assert!(store.find(&key('a')).unwrap().is_none());
    rig.assert_no_qemu();
    for bad in ["", "changing", "vm-0123456789abcdef", "../0123456789abcdef", "0123456789ABCDEF"] {
        assert!(bad.parse::<Key>().is_err(), "{bad}");
    }
}

/// Set for the owner: this same test, started again as a process of its own that can be killed.
const OWNER: &str = "VMS_TEST_SAVES_A_GUEST";

#[tokio::test]
async fn an_owner_that_is_killed_while_it_saves_leaves_nothing() {
    let rig = Rig::new();
    if let Some(place) = std::env::var_os(OWNER) {
        let place = PathBuf::from(place);
        let folder = Folder::create(&place.join("g")).unwrap();
        let guest = Guest::start_to_be_saved(&qemu(), &rig.machine(BACKDOOR), folder).await.unwrap();
        let shell = guest.backdoor(LIMIT).await.unwrap();
        println!("\nready");
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).unwrap();
        let saved = Store::open(&place.join("store"), PLENTY)
            .unwrap()
            .save(&key('a'), guest, shell, Value::Null)
            .await;
        panic!("saved: {saved:?}");
    }
    let name = "snapshots::an_owner_that_is_killed_while_it_saves_leaves_nothing";
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(OWNER, rig.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "ready"));
    // QEMU stands still, so that the owner is surely in the middle when it is killed.
    let qemus = rig.qemus();
    assert_eq!(qemus.len(), 1);
    Command::new("kill").arg("-STOP").args(qemus.iter().map(u32::to_string)).status().unwrap();
    drop(owner.stdin.take());
    let began = Instant::now();
    while nameless(&rig.path("store")).is_empty() {
        assert!(began.elapsed() < LIMIT, "it saves");
        std::thread::sleep(Duration::from_millis(10));
    }
    owner.kill().unwrap();
    owner.wait().unwrap();
    rig.assert_no_qemu();
    assert_eq!(nameless(&rig.path("store")).len(), 1, "nobody was there to remove it");
    let store = store(&rig, PLENTY);
    assert!(nameless(&rig.path("store")).is_empty());
    assert!(store.find(&key('a')).unwrap().is_none());
}
