//! A name that says nothing cannot refuse code: no `util`, `helpers`, `common`, `misc` or `imp`.
//!
//! In: the paths of all files. Out: a problem for each file and folder of such a name; a folder is listed once.

use super::problem::Problem;
use super::tree::Tree;
use std::collections::BTreeSet;

const EMPTY_NAMES: &[&str] = &["common", "helper", "helpers", "imp", "misc", "util", "utils"];

/// Every file and folder whose name says nothing.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let places: BTreeSet<&str> = tree.paths().flat_map(empty_named).collect();
    places
        .into_iter()
        .map(|place| Problem::new(place, 1, "a name that says nothing: name the noun that it holds"))
        .collect()
}

/// The path itself and the folders above it, as far as their last part is one of the names.
fn empty_named(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('/').map(|(index, _)| index).chain([path.len()]);
    ends.map(|end| &path[..end]).filter(|place| {
        let name = place.rsplit('/').next().unwrap_or(place);
        let stem = name.split('.').next().unwrap_or(name);
        EMPTY_NAMES.contains(&stem.to_ascii_lowercase().as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[track_caller]
    fn check_paths(paths: &[&str], places: &[&str]) {
        let found: Vec<_> = check(&Tree::of_paths(paths)).into_iter().map(|problem| problem.file).collect();
        assert_eq!(found, places);
    }

    #[test]
    fn speaking_names_pass() {
        check_paths(&["a/utility_bill.rs", "a/commons.md", "a/important.rs"], &[]);
    }

    #[test]
    fn each_empty_name_is_a_problem() {
        for name in ["util", "utils", "helpers", "common", "misc", "imp"] {
            let file = format!("a/{name}.rs");
            check_paths(&[&file], &[&file]);
        }
        check_paths(&["common.test.nix", "Misc.md"], &["Misc.md", "common.test.nix"]);
    }

    #[test]
    fn a_folder_is_listed_once() {
        check_paths(&["a/util/x.rs", "a/util/y.rs", "a/util/misc/z.rs"], &["a/util", "a/util/misc"]);
    }
}
