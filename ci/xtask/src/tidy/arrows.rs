//! The arrows between our crates: which may know which. ARCHITECTURE.md gives the reasons.
//!
//! In: the crates with their arrows. Out: a problem for each arrow that is not on the list, and for each crate that the
//! list does not know. Dependencies from outside are no concern of this rule.

use super::manifest::{Arrow, Crate};
use super::problem::Problem;
use cargo_metadata::DependencyKind;

/// What a crate may know.
struct Room {
    name: &'static str,
    /// As a normal, build or development dependency.
    knows: &'static [&'static str],
    /// In its tests only, besides `knows`.
    tests_know: &'static [&'static str],
}

/// The crate for tests: never in a product's normal dependencies.
const TESTS_ONLY: &str = "testkit";

const ROOMS: &[Room] = &[
    Room { name: "hardhash", knows: &[], tests_know: &[] },
    Room { name: "model", knows: &["hardhash"], tests_know: &[TESTS_ONLY] },
    Room { name: "load", knows: &["model"], tests_know: &[TESTS_ONLY] },
    Room { name: "plan", knows: &["model"], tests_know: &[TESTS_ONLY] },
    Room { name: "judge", knows: &["model"], tests_know: &[TESTS_ONLY] },
    Room { name: "run", knows: &["judge", "model"], tests_know: &[TESTS_ONLY] },
    Room { name: "reports", knows: &["model"], tests_know: &[TESTS_ONLY] },
    Room { name: "testkit", knows: &["judge", "model", "run"], tests_know: &[] },
    Room { name: "vms", knows: &[], tests_know: &[] },
    Room { name: "lab", knows: &[], tests_know: &[] },
    Room { name: "edge", knows: &["judge", "lab", "model", "run", "vms"], tests_know: &[TESTS_ONLY] },
    // The suites are data; their test targets run every case through the product.
    Room {
        name: "suites",
        knows: &[],
        tests_know: &["cli", "edge", "load", "model", "plan", "run", TESTS_ONLY],
    },
    Room {
        name: "cli",
        knows: &["edge", "judge", "lab", "load", "model", "plan", "reports", "run", "suites", "vms"],
        tests_know: &[TESTS_ONLY],
    },
    Room { name: "xtask", knows: &[], tests_know: &[] },
];

/// Every arrow that is not allowed.
pub(crate) fn check(crates: &[Crate]) -> Vec<Problem> {
    crates.iter().flat_map(check_crate).collect()
}

fn check_crate(krate: &Crate) -> Vec<Problem> {
    let Some(room) = ROOMS.iter().find(|room| room.name == krate.name) else {
        let message = format!("crate `{}` has no place in the list of arrows: add it to ROOMS", krate.name);
        return vec![Problem::new(&krate.manifest, 1, message)];
    };
    let refused = krate.arrows.iter().filter(|arrow| !allows(room, arrow));
    refused.map(|arrow| Problem::new(&krate.manifest, krate.line_of(arrow), refusal(room, arrow))).collect()
}

fn allows(room: &Room, arrow: &Arrow) -> bool {
    let to = arrow.to.as_str();
    room.knows.contains(&to) || (arrow.kind == DependencyKind::Development && room.tests_know.contains(&to))
}

fn refusal(room: &Room, arrow: &Arrow) -> String {
    let in_tests = if arrow.kind == DependencyKind::Development { " in tests" } else { "" };
    let allowed = if room.knows.is_empty() { "nothing of ours".to_owned() } else { room.knows.join(", ") };
    format!("new arrow: `{}` must not know `{}`{in_tests}; it may know {allowed}", room.name, arrow.to)
}

#[cfg(test)]
mod tests {
    use super::{ROOMS, check};
    use crate::tidy::manifest::Crate;
    use cargo_metadata::DependencyKind::{self, Build, Development, Normal};

    #[track_caller]
    fn red(from: &str, kind: DependencyKind, to: &str) {
        let problems = check(&[Crate::of_text(from, "").with(kind, to)]);
        assert_eq!(problems.len(), 1, "{from} -> {to} ({kind:?}) must be refused: {problems:?}");
    }

    #[track_caller]
    fn green(from: &str, kind: DependencyKind, to: &str) {
        let problems = check(&[Crate::of_text(from, "").with(kind, to)]);
        assert_eq!(problems, [], "{from} -> {to} ({kind:?}) is allowed");
    }

    #[test]
    fn the_pure_crates_know_the_model_only() {
        for from in ["load", "plan", "judge", "run", "reports"] {
            green(from, Normal, "model");
            red(from, Normal, "edge");
            red(from, Development, "load");
        }
        red("model", Normal, "load");
        green("model", Normal, "hardhash");
        red("hardhash", Normal, "model");
    }

    #[test]
    fn who_carries_out_a_promotion_knows_who_permits_it_and_not_the_other_way() {
        for from in ["run", "edge", "testkit"] {
            green(from, Normal, "judge");
            red("judge", Normal, from);
        }
        for from in ["load", "plan", "reports", "vms"] {
            red(from, Normal, "judge");
        }
    }

    #[test]
    fn the_edge_knows_the_ports_and_the_machines() {
        green("edge", Normal, "run");
        green("edge", Normal, "vms");
        green("edge", Normal, "lab");
        red("edge", Normal, "load");
        red("edge", Build, "plan");
    }

    #[test]
    fn the_command_line_knows_all_but_the_testkit() {
        let others = ["cli", "hardhash", "testkit", "xtask"];
        for room in ROOMS.iter().filter(|room| !others.contains(&room.name)) {
            green("cli", Normal, room.name);
        }
        red("cli", Normal, "testkit");
        green("cli", Development, "testkit");
    }

    #[test]
    fn the_testkit_is_for_tests() {
        red("edge", Normal, "testkit");
        red("edge", Build, "testkit");
        green("edge", Development, "testkit");
        green("testkit", Normal, "run");
        red("testkit", Normal, "edge");
    }

    #[test]
    fn the_suites_run_the_product_in_tests_only() {
        for to in ["load", "plan", "edge", "model", "run", "cli"] {
            green("suites", Development, to);
            red("suites", Normal, to);
        }
        red("suites", Development, "judge");
    }

    #[test]
    fn machines_and_chores_know_nothing_of_ours() {
        red("vms", Normal, "model");
        red("vms", Development, "testkit");
        red("lab", Normal, "vms");
        red("xtask", Normal, "model");
    }

    #[test]
    fn an_unknown_crate_is_a_problem_and_every_problem_is_listed() {
        let problems = check(&[
            Crate::of_text("newcomer", ""),
            Crate::of_text("load", "[dependencies]\nedge = {}\nrun = {}\n")
                .with(Normal, "edge")
                .with(Normal, "run"),
        ]);
        let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "harness/newcomer/Cargo.toml:1: crate `newcomer` has no place in the list of arrows: add it to ROOMS",
                "harness/load/Cargo.toml:2: new arrow: `load` must not know `edge`; it may know model",
                "harness/load/Cargo.toml:3: new arrow: `load` must not know `run`; it may know model",
            ]
        );
    }
}
