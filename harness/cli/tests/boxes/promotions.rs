//! What becomes of a change to a fleet: waves and people, a machine that fails, a person's way back, one that was asleep.

use crate::harbour::{Harbour, MACHINES};

pub(crate) fn carried(harbour: Harbour) {
    MACHINES.iter().for_each(|machine| harbour.change(machine, "2", ""));
    let told = [
        "expressions: undecided evaluation::",
        "invariants: undecided",
        "`seaworthy verify` asks what is not",
    ];
    harbour.says("seaworthy status", 4, &told);
    harbour.says("seaworthy verify", 0, &["open: 10 of 10 gates"]);
    waves_and_people(&harbour);
    one_fails(&harbour);
    a_person_wants_one_back(&harbour);
    nothing_can_be_written(&harbour);
}

fn waves_and_people(harbour: &Harbour) {
    let asks = "wave desk needs the word of 1 more of crs58: `seaworthy approve desk`";
    let before = [
        "a promotion would begin",
        "next: build",
        "wave servers waits for cinnabar",
        "`seaworthy promote` begins",
    ];
    harbour.says("seaworthy status", 4, &before);
    harbour.says("seaworthy promote --dry-run", 4, &before);
    harbour.says("seaworthy history", 2, &["nothing was promoted here"]);
    harbour.says("seaworthy promote", 2, &["`--yes` begins without asking"]);

    let mut promotes = harbour.start("seaworthy promote --wait --yes");
    promotes.until("waits: wave servers soaks until 2");
    promotes.until(&format!("waits: {asks}"));
    harbour.says("seaworthy promote --yes", 2, &["crs58 on ", "promotes this fleet"]);
    assert_eq!(harbour.versions(), ["2", "2", "1", "1"]);
    harbour.says("seaworthy status", 4, &["0 of 1 agreed to wave desk", asks]);
    harbour.says("USER=eve seaworthy approve desk", 2, &["eve has no say in wave `desk`", "crs58 may"]);
    harbour.says("seaworthy approve desk", 0, &["noted in promotion"]);
    let (code, said) = promotes.ends();
    assert!(
        code == Some(0) && said.contains("every machine that was asked for is through"),
        "{code:?} {said}"
    );
    assert_eq!(harbour.versions(), ["2"; 4]);
    harbour.says("seaworthy status", 0, &["nothing is to be promoted", "the same through"]);
    harbour.says("seaworthy history", 0, &["began: 4 machines to change", "crs58 agreed to wave desk"]);
}

fn one_fails(harbour: &Harbour) {
    let before = harbour.version("galena").1;
    MACHINES.iter().for_each(|machine| harbour.change(machine, "3", ""));
    harbour.change("galena", "3", "echo the disk is on fire >&2; exit 4");
    harbour.says("seaworthy verify", 0, &[]);
    let told = [
        "galena: activate: failed: switch-to-configuration ended with 4: the disk is on fire",
        "nixos-system-galena-2 again activate: switch-to-configuration ended with 4: the disk is on fire",
        "scheelite not activated galena failed",
        "galena failed: mend its configuration, `seaworthy verify`, and `seaworthy promote` begins again",
    ];
    harbour.says("seaworthy promote --wait --yes", 1, &told);
    assert_eq!(harbour.version("galena").1, before, "back on the very path that it ran before");
    assert_eq!(harbour.versions()[2..], ["2", "2"], "later waves were not touched");
    assert_eq!(harbour.on("galena", "systemctl is-system-running"), "running");
    let listed = ["4 of 4 machines on the new closure", "of 4 machines on the new closure, galena failed"];
    harbour.says("seaworthy history --list", 0, &listed);
}

fn a_person_wants_one_back(harbour: &Harbour) {
    let before = harbour.version("galena").1;
    harbour.change("galena", "4", "");
    harbour.says("seaworthy verify", 0, &[]);
    harbour.says(
        "seaworthy promote galena --wait --yes",
        0,
        &["every machine that was asked for is through"],
    );
    assert_eq!(harbour.version("galena").0, "4");
    let told = [
        "galena goes back to",
        "`seaworthy promote` brings galena what the fleet wants of it: change that first, if it was the fault",
    ];
    harbour.says("seaworthy rollback galena --yes", 0, &told);
    harbour.says("seaworthy rollback galena --yes", 0, &["galena runs", "as before: nothing is to be done"]);
    assert_eq!(harbour.version("galena").1, before);
    // What it gets back is not what the last promotion had to do with: that was galena's alone.
    assert_eq!(harbour.version("cinnabar").0, "3");
    harbour.says(
        "seaworthy rollback cinnabar --yes",
        0,
        &["cinnabar goes back to", "nixos-system-cinnabar-2"],
    );
    assert_eq!(harbour.version("cinnabar").0, "2");
    let told =
        ["no promotion brought `titanic` a closure that could be taken back", "`seaworthy history --list`"];
    harbour.says("seaworthy rollback titanic --yes", 2, &told);
}

fn nothing_can_be_written(harbour: &Harbour) {
    let within = |mount: &str, line: &str| format!("unshare --mount sh -c '{mount} && {line}'");
    let read_only = "mount --bind .seaworthy .seaworthy && mount -o remount,ro,bind .seaworthy";
    harbour.says(&within(read_only, "seaworthy history"), 0, &["began: 1 machine to change"]);
    harbour.says(&within(read_only, "seaworthy status"), 4, &["galena"]);
    harbour.says(
        &within(read_only, "seaworthy freeze it"),
        2,
        &["cannot write", "the file system is read-only"],
    );
    let full = "mount -t tmpfs -o size=64k none .seaworthy && ! head -c 1m /dev/zero >.seaworthy/full";
    harbour.says(
        &within(full, "seaworthy verify"),
        3,
        &["the run cannot be recorded", "make room on the disk"],
    );
}

pub(crate) fn caught_up(mut harbour: Harbour) {
    MACHINES.iter().for_each(|machine| harbour.change(machine, "2", ""));
    harbour.silence("galena");
    harbour.says("seaworthy verify", 0, &[]);
    let told = "galena never answered, and what it would go back to is not known: `seaworthy promote` takes it along once it answers";
    harbour.says("seaworthy status", 4, &["galena servers no answer", "it never answered", told]);
    // It holds nobody: the next wave waits for its soak, and for a word.
    let waits = "wave desk needs the word of 1 more of crs58";
    harbour.says("seaworthy promote --yes", 4, &[told, waits, "`seaworthy promote` goes on then"]);
    harbour.says("seaworthy approve desk", 0, &[]);
    let ended = "every other machine that was asked for is through";
    harbour.says("seaworthy promote --wait --yes", 4, &[told, ended]);
    harbour.wake("galena");
    assert_eq!(harbour.versions(), ["2", "1", "2", "2"]);
    // In the same promotion: what has soaked has soaked, and nobody is asked again.
    harbour.says("seaworthy status", 0, &["galena servers", "next: build"]);
    let joins = "joined: 1 machine to change galena: from";
    harbour.says(
        "seaworthy promote --wait --yes",
        0,
        &[joins, "every machine that was asked for is through"],
    );
    assert_eq!(harbour.versions(), ["2"; 4]);
    let listed = harbour.says("seaworthy history --list", 0, &["4 of 4 machines on the new closure"]);
    assert_eq!(listed.lines().count(), 1, "{listed}");
    harbour.says("seaworthy status", 0, &["nothing is to be promoted"]);
}
