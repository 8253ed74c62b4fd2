//! What `seaworthy init` is to write, and what it leaves alone.
//!
//! Flows in: the fleet, and which paths are taken. Flows out: one [`Planned`] a file. Must not: read or write.

use model::fleet::Fleet;

use super::fleet_toml;

/// The fleet's definition.
pub const FLEET_TOML: &str = "fleet.toml";
/// The workflow that proves the fleet on each pull request.
pub const WORKFLOW: &str = ".github/workflows/seaworthy.yml";
const GITIGNORE: &str = ".gitignore";
/// The names by which just finds its recipes; the first is the one that is written.
const JUSTFILES: [&str; 3] = ["justfile", ".justfile", "Justfile"];

const RECIPE: &str = "\
# prove the fleet before it is deployed
verify *arguments:
    seaworthy verify {{arguments}}
";
const IGNORED: &str = "\
# What seaworthy records of its runs.
.seaworthy/
";
/// The same file that users may copy by hand, and that this project's own tests run.
const WORKFLOW_TEXT: &str = include_str!("../../../../ci/workflows/verify.yml");

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Below the project's folder, with `/`.
    pub path: String,
    /// The whole file that is to be written; of one that is there, what its owner may add, which can be nothing.
    pub content: String,
    /// What becomes of it.
    pub action: Action,
}

impl Planned {
    /// Leaves nothing to add to a file whose text has every line of it already, remarks aside.
    #[must_use]
    pub fn without_what_is_there(mut self, text: &str) -> Self {
        let has = |line: &str| text.lines().any(|own| own.trim_end() == line);
        let lines = self.content.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        if self.action == Action::AlreadyThere && lines.into_iter().all(has) {
            self.content.clear();
        }
        self
    }
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It is not there, and is written.
    Write,
    /// It is there, and stays as it is.
    AlreadyThere,
}

/// The files for a fleet. `existing` says whether a path below the project's folder is taken, by whatever.
#[must_use]
pub fn files(fleet: &Fleet, existing: &dyn Fn(&str) -> bool) -> Vec<Planned> {
    vec![
        whole(FLEET_TOML, existing, || fleet_toml::text(fleet)),
        justfile(existing),
        whole(WORKFLOW, existing, || WORKFLOW_TEXT.to_owned()),
        lines(GITIGNORE, IGNORED, existing(GITIGNORE)),
    ]
}

/// A file of which nothing can be said once there is another.
fn whole(path: &str, existing: &dyn Fn(&str) -> bool, content: impl FnOnce() -> String) -> Planned {
    if existing(path) {
        Planned { path: path.to_owned(), content: String::new(), action: Action::AlreadyThere }
    } else {
        Planned { path: path.to_owned(), content: content(), action: Action::Write }
    }
}

/// A file to which its owner may add some lines.
fn lines(path: &str, content: &str, existing: bool) -> Planned {
    let action = if existing { Action::AlreadyThere } else { Action::Write };
    Planned { path: path.to_owned(), content: content.to_owned(), action }
}

fn justfile(existing: &dyn Fn(&str) -> bool) -> Planned {
    match JUSTFILES.into_iter().find(|name| existing(name)) {
        Some(name) => lines(name, RECIPE, true),
        None => lines(JUSTFILES[0], RECIPE, false),
    }
}

#[cfg(test)]
mod tests {
    use model::{
        facts::Places,
        fleet::{Fleet, FleetSource},
        inventory::Inventory,
    };

    use super::*;

    fn fleet() -> Fleet {
        Fleet {
            source: FleetSource::Flake,
            inventory: Inventory::default(),
            trees: None,
            boot: Default::default(),
            asks: Vec::new(),
            exceptions: Vec::new(),
            promotion: None,
            waivers: Vec::new(),
            places: Places::default(),
        }
    }

    #[track_caller]
    fn check(there: &[&str], expected: &[(&str, Action)]) -> Vec<Planned> {
        let planned = files(&fleet(), &|path| there.contains(&path));
        let shown: Vec<_> = planned.iter().map(|file| (file.path.as_str(), file.action)).collect();
        assert_eq!(shown, expected);
        planned
    }

    use Action::{AlreadyThere, Write};

    #[test]
    fn where_nothing_is_everything_is_written() {
        let all = [(FLEET_TOML, Write), ("justfile", Write), (WORKFLOW, Write), (GITIGNORE, Write)];
        let planned = check(&[], &all);
        assert!(planned.iter().all(|file| file.content.ends_with('\n')));
    }

    #[test]
    fn what_is_there_stays_and_its_owner_is_told_what_to_add() {
        let there = [FLEET_TOML, ".justfile", WORKFLOW, GITIGNORE];
        let planned = check(&there, &there.map(|path| (path, AlreadyThere)));
        let to_add: Vec<_> = planned.iter().map(|file| file.content.as_str()).collect();
        assert_eq!(to_add, ["", RECIPE, "", IGNORED]);
    }

    #[test]
    fn what_a_file_has_already_is_not_to_be_added() {
        let planned = files(&fleet(), &|_| true);
        let ignored = planned.into_iter().find(|file| file.path == GITIGNORE).unwrap();
        let left = |text: &str| ignored.clone().without_what_is_there(text).content;
        assert_eq!(left("target\n.seaworthy/\n"), "");
        assert_eq!(left("target\nold.seaworthy/\n"), IGNORED);
        let fresh = Planned { action: Write, ..ignored.clone() };
        assert_eq!(fresh.without_what_is_there(IGNORED).content, IGNORED);
    }

    #[test]
    fn a_justfile_of_any_name_is_one() {
        for name in JUSTFILES {
            check(
                &[name],
                &[(FLEET_TOML, Write), (name, AlreadyThere), (WORKFLOW, Write), (GITIGNORE, Write)],
            );
        }
    }

    #[test]
    fn the_workflow_runs_nothing_that_others_can_change() {
        let uses: Vec<_> = WORKFLOW_TEXT.lines().filter_map(|line| line.split_once("uses: ")).collect();
        assert!(uses.len() >= 3, "{uses:?}");
        for (_, action) in uses {
            let revision = action.split_once('@').and_then(|(_, rest)| rest.split_once(" # v"));
            let pinned = |(revision, _): (&str, _)| {
                revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
            };
            assert!(
                revision.is_some_and(pinned),
                "{action} is not pinned to a commit, with its version beside it"
            );
        }
    }

    #[test]
    fn the_workflow_puts_no_expression_into_a_shell() {
        let in_shell =
            WORKFLOW_TEXT.split("run: |").skip(1).map(|rest| rest.split("\n\n").next().unwrap_or(""));
        for script in in_shell {
            assert!(!script.contains("${{"), "{script}");
        }
        assert!(WORKFLOW_TEXT.contains("--junit") && WORKFLOW_TEXT.contains("$GITHUB_STEP_SUMMARY"));
    }

    #[test]
    fn the_workflow_does_not_claim_where_seaworthy_comes_from() {
        let stated: Vec<_> =
            WORKFLOW_TEXT.lines().filter_map(|line| line.trim().strip_prefix("SEAWORTHY: ")).collect();
        assert_eq!(stated, ["github:OWNER/seaworthy/REVISION"]);
    }
}
