//! What a promotion would change on each machine, shown before anybody agrees to it.
//!
//! Flows in: what is known, the promotion's state, a crew. Flows out: a text for people.
//! Must not: change anything, or hold a promotion up: what cannot be told is said to be so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use judge::promote::{Host, State};
use model::{
    check::CheckId,
    machine::{MachineClass, MachineName},
    manifest::{Becomes, Difference, Package, Unit},
    rollout::{Change, Step},
};
use run::rollout::{Lookout, Unseen};
use tokio::sync::mpsc;

use super::{
    Crew,
    board::Row,
    prospect::{Prospect, at_once},
    told::short,
};
use crate::{desk::Desk, settings, stop::Stop};

/// What is told of a machine.
type Differs = Result<Option<Difference>, Unseen>;

/// Shows each machine that nobody activated yet, and what becomes of it. Empty where there is none. What may set out now is built
/// first, here: before that nobody can tell.
///
/// # Errors
/// Nobody can be sent to machines, or the user does not want to wait.
pub(super) async fn preview(
    desk: &Desk,
    prospect: &Prospect,
    state: &State,
    rows: &[Row],
    crew: &dyn Crew,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<String, Stop> {
    let untouched = |(_, host): &(_, &Host)| host.is_untouched() && host.change.old != host.change.new;
    let changes: BTreeMap<_, _> = state.machines().iter().filter(untouched).collect();
    let sets_out: BTreeSet<_> =
        rows.iter().filter(|row| row.next == Some(Step::Build)).map(|row| &row.machine).collect();
    if changes.keys().any(|name| sets_out.contains(name)) {
        desk.screen.note("building what may set out now, to show what it changes");
    }
    let lookout = crew.lookout(&prospect.fleet, &prospect.derivations)?;
    let questions = changes.iter().map(|(name, host)| {
        let (name, change, built) = ((*name).clone(), host.change.clone(), sets_out.contains(name));
        (name.clone(), differs(Arc::clone(&lookout), name, change, built))
    });
    let told = tokio::select! {
        biased;
        Some(()) = interrupts.recv() => return Err(settings::interrupted()),
        told = at_once(questions) => told,
    };
    let of = |(name, differs): (&MachineName, &Differs)| {
        let made = prospect.course.reboots;
        let mut out = machine(name, &changes.get(name)?.change, differs, (made, &way_in(prospect, name)));
        let is_mac = prospect.fleet.machines.get(name).is_some_and(|it| it.class == MachineClass::Darwin);
        out.push_str(if is_mac { OF_A_MAC } else { "" });
        Some(out)
    };
    Ok(told.iter().filter_map(of).collect())
}

async fn differs(lookout: Arc<dyn Lookout>, name: MachineName, change: Change, built: bool) -> Differs {
    if built {
        lookout.build(name.clone(), change.new.clone()).await?;
    }
    lookout.difference(name, change).await
}

/// What going back to the old closure does not undo: nix-darwin's activation changes it, and nothing of it is in a closure.
const OF_A_MAC: &str =
    "  way back  leaves what was done to Homebrew's packages, `defaults`, users and groups\n";

/// How many packages, and how many units of a kind, are named.
const NAMED: usize = 12;

/// Also: whether reboots are made, and what becomes of the way in.
fn machine(name: &MachineName, change: &Change, differs: &Differs, (made, way_in): (bool, &str)) -> String {
    let mut out = format!("{name}: {} -> {}\n", short(&change.old.0), short(&change.new.0));
    let mut line = |title: &str, text: &str| {
        let _infallible = writeln!(out, "  {title:9} {text}");
    };
    match differs {
        Ok(Some(it)) => {
            line("packages", &packages(&it.packages, it.bytes));
            line("units", &units(&it.units));
            line("reboot", &reboot(&it.reboot, made));
        }
        Ok(None) => {
            line("changes", "not known before it is built, which is when it may set out");
        }
        Err(unseen) => line("changes", &format!("not known: {unseen}")),
    }
    line("way in", way_in);
    out
}

fn packages(packages: &[Package], bytes: i64) -> String {
    if packages.is_empty() {
        return "the same".to_owned();
    }
    let one = |package: &Package| {
        let versions = |all: &[String]| all.iter().filter(|it| !it.is_empty()).cloned().collect::<Vec<_>>();
        let [before, after] = [&package.before, &package.after].map(|all| versions(all).join(", "));
        let name = &package.name;
        match (package.before.is_empty(), package.after.is_empty()) {
            (true, _) => format!("{name} {after} added").replace("  ", " "),
            (_, true) => format!("{name} {before} removed").replace("  ", " "),
            _ if before == after => format!("{name} {}", size(package.bytes)),
            _ => format!("{name} {before} -> {after}"),
        }
    };
    let listed = listed(packages.iter().map(one), packages.len());
    format!("{listed}; {} in all", size(bytes))
}

fn units(units: &[Unit]) -> String {
    let of = |kind: Becomes, word: &str| {
        let names: Vec<_> = units.iter().filter(|unit| unit.becomes == kind).collect();
        let listed = listed(names.iter().map(|unit| unit.name.clone()), names.len());
        (!names.is_empty()).then(|| format!("{word} {listed}"))
    };
    let kinds = [(Becomes::Changed, "changed:"), (Becomes::Added, "added:"), (Becomes::Removed, "removed:")];
    let told: Vec<_> = kinds.into_iter().filter_map(|(kind, word)| of(kind, word)).collect();
    if told.is_empty() { "the same".to_owned() } else { told.join("; ") }
}

fn reboot(parts: &[String], made: bool) -> String {
    if parts.is_empty() {
        return "not needed".to_owned();
    }
    let made = if made { "; it is booted once, and by default when that went well" } else { "" };
    format!("needed before all of it is in use: not what was booted: {}{made}", parts.join(", "))
}

fn listed(all: impl Iterator<Item = String>, number: usize) -> String {
    let mut named: Vec<_> = all.take(NAMED).collect();
    named.extend((number > NAMED).then(|| format!("{} more", number - NAMED)));
    named.join(", ")
}

/// Bytes, as `+1.5 MiB`.
fn size(bytes: i64) -> String {
    let sign = if bytes < 0 { '-' } else { '+' };
    let bytes = bytes.unsigned_abs();
    let unit = [(30, "GiB"), (20, "MiB"), (10, "KiB")].into_iter().find(|(power, _)| bytes >> power > 0);
    match unit {
        Some((power, unit)) => {
            let tenths = ((bytes >> (power - 10)) * 10) >> 10;
            format!("{sign}{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{sign}{bytes} B"),
    }
}

/// Whether the new configuration still lets in whoever deploys: what the check of that name came to.
fn way_in(prospect: &Prospect, name: &MachineName) -> String {
    let check = CheckId(format!("host::way-in::{name}"));
    let mut gates = prospect.proved.decision.gates.iter().filter(|gate| gate.subject.machine() == Some(name));
    let against = gates.clone().flat_map(|gate| &gate.reasons).find(|(id, _)| *id == check);
    match against {
        Some((_, why)) => format!("MAY CLOSE: {check}: {why}"),
        None if gates.any(|gate| gate.stage == model::stage::Stage::Invariants) => "stays open".to_owned(),
        None => format!("not known: nothing asks {check}"),
    }
}

#[cfg(test)]
mod tests {
    use model::rollout::Closure;

    use super::*;

    fn shown(differs: &Differs) -> String {
        let closure = |hash: &str| Closure(format!("/nix/store/{hash}-nixos-system-web"));
        let change = Change { old: closure("0a1b2c3d4e5f"), new: closure("9f8e7d6c5b4a") };
        machine(&"web".into(), &change, differs, (false, "stays open"))
    }

    #[test]
    fn a_reboot_that_is_made_is_told() {
        let kernel = ["kernel".to_owned()];
        assert!(
            reboot(&kernel, true).ends_with("kernel; it is booted once, and by default when that went well")
        );
        assert_eq!((reboot(&[], true).as_str(), reboot(&[], false).as_str()), ("not needed", "not needed"));
    }

    fn package(name: &str, before: &[&str], after: &[&str], bytes: i64) -> Package {
        let owned = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect();
        Package { name: name.to_owned(), before: owned(before), after: owned(after), bytes }
    }

    #[test]
    fn what_changes_is_told_in_a_few_lines() {
        let unit = |name: &str, becomes| Unit { name: name.to_owned(), becomes };
        let it = Difference {
            packages: vec![
                package("blob", &["1"], &["1"], 3 << 20),
                package("curl", &["8.0"], &["8.0", "8.1"], 12),
                package("new", &[], &[""], 1),
                package("old", &["2"], &[], -1),
            ],
            units: vec![
                unit("a.service", Becomes::Added),
                unit("b.service", Becomes::Changed),
                unit("c.timer", Becomes::Changed),
            ],
            reboot: vec!["kernel".to_owned()],
            bytes: -1536,
        };
        assert_eq!(
            shown(&Ok(Some(it))),
            "web: 0a1b2c3d-nixos-system-web -> 9f8e7d6c-nixos-system-web\n\
             \x20 packages  blob +3.0 MiB, curl 8.0 -> 8.0, 8.1, new added, old 2 removed; -1.5 KiB in all\n\
             \x20 units     changed: b.service, c.timer; added: a.service\n\
             \x20 reboot    needed before all of it is in use: not what was booted: kernel\n\
             \x20 way in    stays open\n"
        );
    }

    #[test]
    fn what_is_not_known_is_said_to_be_so() {
        let unbuilt = shown(&Ok(None));
        assert!(unbuilt.contains("not known before it is built"), "{unbuilt}");
        let unseen = shown(&Err(Unseen { why: "offline: no route".to_owned() }));
        assert!(unseen.contains("changes   not known: offline: no route"), "{unseen}");
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let many: Vec<_> = (0..NAMED + 3).map(|it| package(&format!("p{it}"), &["1"], &["2"], 0)).collect();
        let text = packages(&many, 0);
        assert!(text.contains("p11 1 -> 2, 3 more; +0 B in all"), "{text}");
    }
}
