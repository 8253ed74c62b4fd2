//! The repository's own rules, checked by a machine: `cargo xtask tidy`.
//!
//! In: the folder of the repository. Out: every problem, sorted by place. [`gather`] alone reads the disk and cargo's
//! metadata; each rule is a pure function over what it gathered, in a file of its own with the case that turns it red.
//! A rule must not stop at its first problem.

mod arrows;
mod bad_cases;
mod gather;
mod length;
mod lints;
mod manifest;
mod names;
mod opening;
mod problem;
mod tree;

use std::path::Path;

pub(crate) use gather::GatherError;
pub(crate) use problem::Problem;

/// Applies every rule to the repository at `root`.
///
/// # Errors
/// When the tree or the workspace's metadata cannot be read.
pub(crate) fn check(root: &Path) -> Result<Vec<Problem>, GatherError> {
    let tree = gather::tree(root)?;
    let crates = gather::crates(root)?;
    let mut problems = [
        arrows::check(&crates),
        lints::check(&crates),
        length::check(&tree),
        opening::check(&tree),
        names::check(&tree),
        bad_cases::check(&tree),
    ]
    .concat();
    problems.sort();
    Ok(problems)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test lays a small repository on the disk")]
mod tests {
    use super::check;
    use std::fs;
    use std::path::Path;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// A repository that breaks every rule once, and hides as many faults where nobody looks.
    fn faulty(root: &Path) {
        let package = |name: &str| format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        let inherits = "[lints]\nworkspace = true\n";
        write(
            root,
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"load\", \"edge\"]\n[workspace.lints]\n",
        );
        write(root, "edge/Cargo.toml", &package("edge"));
        write(root, "edge/src/lib.rs", "//! Words.\n");
        let arrow = "[dependencies]\nthe-edge = { path = \"../edge\", package = \"edge\" }\n";
        write(root, "load/Cargo.toml", &[&package("load"), inherits, arrow].concat());
        write(root, "load/src/lib.rs", "fn f() {}\n");
        write(root, "load/src/misc.rs", &format!("//! Words.\n{}", "\n".repeat(400)));
        write(root, "suites/tags/suite.toml", "");
        write(root, "target/debug/util.rs", "");
        write(root, ".git/hooks/util.rs", "");
    }

    #[test]
    fn every_problem_of_a_repository_is_listed_at_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        faulty(&root);
        let shown: Vec<_> = check(&root).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "edge/Cargo.toml:1: crate `edge` does not inherit the workspace's lints: `[lints]` with `workspace = true`",
                "load/Cargo.toml:7: new arrow: `load` must not know `edge`; it may know model",
                "load/src/lib.rs:1: does not open with `//!`: what it is for, what flows in and out",
                "load/src/misc.rs:1: a name that says nothing: name the noun that it holds",
                "load/src/misc.rs:401: 401 lines, at most 400",
                "suites/tags/suite.toml:1: this suite has no case that must fail: add `cases/bad-<why>/`",
            ]
        );
    }

    #[test]
    fn a_folder_that_is_no_workspace_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_err());
    }
}
