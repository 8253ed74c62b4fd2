//! A suite has at least one case that must fail: a check that has never failed proves nothing.
//!
//! In: the paths of all files. Out: a problem for each folder under `suites/` that has a `suite.toml` and no file below
//! `cases/bad-*/`. That the case does fail is for the suites' own tests.

use super::problem::Problem;
use super::tree::Tree;

/// Every suite without a bad case.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let suites = tree.paths().filter(|path| path.starts_with("suites/") && path.ends_with("/suite.toml"));
    let unproven = suites.filter(|suite| !has_bad_case(tree, suite));
    unproven
        .map(|suite| Problem::new(suite, 1, "this suite has no case that must fail: add `cases/bad-<why>/`"))
        .collect()
}

fn has_bad_case(tree: &Tree, suite: &str) -> bool {
    let cases = format!("{}cases/bad-", suite.trim_end_matches("suite.toml"));
    tree.paths().filter_map(|path| path.strip_prefix(&cases)).any(|rest| rest.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[track_caller]
    fn check_paths(paths: &[&str], problems: usize) {
        assert_eq!(check(&Tree::of_paths(paths)).len(), problems, "{paths:?}");
    }

    #[test]
    fn a_suite_with_a_bad_case_passes() {
        check_paths(&["suites/tags/suite.toml", "suites/tags/cases/bad-empty/fleet.toml"], 0);
        check_paths(&["fixtures/suite.toml", "suites/README.md"], 0);
    }

    #[test]
    fn a_suite_without_one_is_a_problem() {
        check_paths(&["suites/tags/suite.toml"], 1);
        check_paths(&["suites/tags/suite.toml", "suites/tags/cases/good-a/fleet.toml"], 1);
        check_paths(&["suites/tags/suite.toml", "suites/tags/cases/bad-note.md"], 1);
    }

    #[test]
    fn a_bad_case_serves_its_own_suite_only() {
        check_paths(&["suites/a/suite.toml", "suites/b/suite.toml", "suites/b/cases/bad-x/fleet.toml"], 1);
    }
}
