//! `[promotion]`: what it comes to, and what is told of one that could never come to its end.

use std::{collections::BTreeSet, time::Duration};

use insta::assert_snapshot;
use load::{course::course, fleet_toml, lint::promotion::stuck, resolve::resolve};
use model::{course::Course, stage::Stage};

const FLEET: &str = r#"
[inventory.machines]
hub = { tags = ["server"], deploy.targetHost = "hub" }
spare = { tags = ["server"], deploy.targetHost = "spare" }
desk = { tags = ["primary"], deploy.targetHost = "desk" }
[inventory.instances.net]
roles.controller.tags = ["server"]
roles.lead.machines.hub = {}
[inventory.instances.people]
module = { name = "users" }
roles.default.settings.user = "ann"
roles.default.tags = ["all"]
"#;

fn read(policy: &str) -> Course {
    let text = format!("{FLEET}{policy}");
    let (fleet, problems) = fleet_toml::parse("fleet.toml", text.as_bytes());
    assert_eq!(problems, []);
    let fleet = resolve(fleet.expect("a fleet"));
    assert_eq!(stuck(&fleet, Some(&text)), []);
    course(&fleet).expect("a policy")
}

/// All problems, a line each; the policy begins at line 13.
fn told(policy: &str) -> String {
    let text = format!("{FLEET}{policy}");
    let (fleet, mut problems) = fleet_toml::parse("fleet.toml", text.as_bytes());
    problems.extend(fleet.map(|fleet| stuck(&resolve(fleet), Some(&text))).unwrap_or_default());
    let shown =
        |problem: &load::diagnostic::Diagnostic| format!("{problem} <- {:?}", &text[problem.span.clone()]);
    problems.iter().map(shown).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_policy_comes_to_waves_of_machines() {
    let course = read(
        r#"[promotion]
gates = ["build", "boot"]
fresh = "30d"
atOnce = 1
reboots = "allowed"
roles = ["net/controller"]
approvals = { by = ["ann"] }
hours = [{ days = ["sat", "sun"], from = "22:00", until = "04:00" }]
freezes = [{ from = "2026-12-20", until = "2027-01-03", reason = "holidays" }]
primary = { tags = ["primary"], soak = "4w" }
[[promotion.waves]]
name = "hub"
machines = ["hub"]
soak = "1w"
[[promotion.waves]]
name = "spare"
machines = ["spare"]
after = []
soak = "36h"
[[promotion.waves]]
name = "desks"
tags = ["primary"]
after = ["hub", "spare"]
soak = "0s"
"#,
    );
    let waves: Vec<_> = course
        .waves
        .iter()
        .map(|wave| (wave.name.as_str(), &wave.before, wave.soak.as_secs() / 3600))
        .collect();
    let before = [BTreeSet::new(), BTreeSet::new(), BTreeSet::from([0, 1])];
    assert_eq!(waves, [("hub", &before[0], 168), ("spare", &before[1], 36), ("desks", &before[2], 0)]);
    assert_eq!(course.gates, BTreeSet::from([Stage::Build, Stage::Boot]));
    assert!(course.reboots);
    assert_eq!(course.roles["net/controller"], BTreeSet::from(["hub".into(), "spare".into()]));
    assert_eq!(
        (course.primary, course.primary_soak),
        (BTreeSet::from(["desk".into()]), Duration::from_secs(28 * 86400))
    );
    assert!(course.waves.iter().all(|wave| wave.approvals.as_ref().is_some_and(|asked| asked.count == 1)));
    assert_eq!(course.hours.unwrap()[0].days, [false, false, false, false, false, true, true]);
}

#[test]
fn a_wave_waits_for_the_one_before_it_and_all_before_that() {
    let wave = |name: &str| {
        format!("[[promotion.waves]]\nname = \"{name}\"\nmachines = [\"{name}\"]\nsoak = \"1d\"\n")
    };
    let course =
        read(&format!("[promotion]\ngates = [\"boot\"]\n{}{}{}", wave("hub"), wave("spare"), wave("desk")));
    assert_eq!(course.waves[2].before, BTreeSet::from([0, 1]));
    assert!(!course.reboots, "they are only told");
}

#[test]
fn a_file_that_cannot_be_read_is_told_at_its_place() {
    assert_snapshot!(told(
        r#"[promotion]
gates = ["bot"]
fresh = "1month"
atOnce = 0
reboots = "sometimes"
roles = ["controller"]
hours = [{ from = "22:00", until = "22:00" }, { days = [], from = "9", until = "24:01" }]
freezes = [{ from = "2026-12-20", until = "2026-12-01", reason = "x" }, {}]
soak = "1w"
[[promotion.waves]]
name = "hub"
soak = "2y"
"#
    ));
    assert_snapshot!(told("[promotion]\n"));
    for key in ["fresh", "copy", "activation"] {
        let told = told(&format!("[promotion]\n{key} = \"0s\"\n"));
        assert!(told.contains(&format!("error[no-time]: `promotion.{key}`: no ")), "{told}");
    }
}

#[test]
fn what_can_never_start_is_told_at_its_place() {
    assert_snapshot!(told(
        r#"[promotion]
gates = ["boot"]
fresh = "1d"
roles = ["net/lead", "net/pilot"]
approvals = { by = ["ann", "bob"], count = 3 }
hours = []
primary = { machines = ["hub"] }
[[promotion.waves]]
name = "first"
machines = ["hub", "hubb"]
soak = "2d"
[[promotion.waves]]
name = "second"
tags = ["serve", "server"]
soak = "1d"
[[promotion.waves]]
name = "second"
tags = ["none"]
after = ["third"]
soak = "1d"
"#
    ));
}

/// Whoever can set a name must not be able to agree twice.
#[test]
fn who_has_no_key_or_anothers_is_told_at_its_place() {
    let key =
        |letter: &str, name| format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} {name}", letter.repeat(43));
    let keys = [key("A", "ann"), key("A", "bob"), key("B", "eve")];
    assert_snapshot!(told(&format!(
        r#"[promotion]
gates = ["boot"]
approvers = {keys:?}
approvals = {{ by = ["ann", "bob", "dan"], count = 2 }}
[[promotion.waves]]
name = "all"
tags = ["all"]
soak = "1d"
"#
    )));
}

/// One who is in no fleet may hold a key, or be called so where it is promoted.
#[test]
fn who_agrees_need_not_be_a_user_of_the_fleet() {
    let key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} bob", "A".repeat(43));
    let policy = |keys: &str| {
        let wave = "[[promotion.waves]]\nname = \"all\"\ntags = [\"all\"]\nsoak = \"1d\"\n";
        format!("[promotion]\ngates = [\"boot\"]\n{keys}approvals = {{ by = [\"bob\"] }}\n{wave}")
    };
    assert_eq!(told(&policy(&format!("approvers = [\"{key}\"]\n"))), "");
    let told = told(&policy(""));
    assert!(told.contains("warning[unknown-user]") && !told.contains("error"), "{told}");
}

#[test]
fn who_is_nowhere_is_told_and_a_wave_of_those_that_others_wait_for_never_starts() {
    let text =
        FLEET.replace(", deploy.targetHost = \"spare\"", "").replace(", deploy.targetHost = \"desk\"", "");
    let wave = |name: &str, machines: &str| {
        format!("[[promotion.waves]]\nname = \"{name}\"\nmachines = [{machines}]\nsoak = \"1d\"\n")
    };
    let told = |waves: &[String]| {
        let text = format!("{text}[promotion]\ngates = [\"boot\"]\n{}", waves.concat());
        let fleet = resolve(fleet_toml::parse("fleet.toml", text.as_bytes()).0.expect("a fleet"));
        stuck(&fleet, None).iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
    };
    let left = |name: &str, wave: &str| {
        format!("`{name}` has no `deploy.targetHost`, and is left out of wave `{wave}`")
    };
    let (with, last) = (wave("one", "\"hub\", \"spare\""), wave("two", "\"desk\""));
    assert_eq!(told(&[with, last]), [left("spare", "one"), left("desk", "two")]);
    let (alone, last) = (wave("one", "\"spare\""), wave("two", "\"hub\", \"desk\""));
    let never = "no machine of wave `one` has a `deploy.targetHost`, so that none that waits for it starts";
    assert_eq!(told(&[alone, last]), [never.to_owned(), left("desk", "two")]);
}

/// Evidence is as old as all that soaks before a primary machine, which may be longer than the waves' own soaks.
#[test]
fn evidence_that_is_too_old_for_a_primary_machine_is_told() {
    let policy = |fresh: &str| {
        format!(
            r#"[promotion]
gates = ["boot"]
fresh = "{fresh}"
primary = {{ tags = ["primary"], soak = "14d" }}
[[promotion.waves]]
name = "servers"
tags = ["server"]
soak = "1d"
[[promotion.waves]]
name = "desk"
machines = ["desk"]
soak = "1d"
"#
        )
    };
    assert_eq!(told(&policy("14d")), "");
    assert!(told(&policy("13d")).contains("warning[stale-by-then]"), "{}", told(&policy("13d")));
}

#[test]
fn waves_in_a_circle_are_told_each() {
    assert_snapshot!(told(
        r#"[promotion]
gates = ["boot"]
[[promotion.waves]]
name = "one"
machines = ["hub", "desk"]
after = ["two"]
soak = "1d"
[[promotion.waves]]
name = "two"
machines = ["spare"]
soak = "1d"
"#
    ));
}

#[test]
fn the_sample_fleets_primary_goes_last() {
    let text = include_str!("../../../../fixtures/fleets/eight/fleet.toml");
    let fleet = resolve(fleet_toml::parse("fleet.toml", text.as_bytes()).0.expect("a fleet"));
    assert_eq!(stuck(&fleet, Some(text)), []);
    let course = course(&fleet).expect("a policy");
    let last = course.waves.last().expect("waves");
    assert_eq!((&last.machines, last.before.len()), (&BTreeSet::from(["stibnite".into()]), 5));
    assert_eq!(course.primary, last.machines);
}
