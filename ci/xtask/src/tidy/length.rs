//! A Rust file has at most 400 lines: a longer one holds more than one noun.
//!
//! In: the sources. Out: a problem for each file that is too long, at its first line too many.

use super::problem::Problem;
use super::tree::Tree;

const MOST: usize = 400;

/// Every source that is too long.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let counted = tree.sources().map(|(path, text)| (path, text.lines().count()));
    let long = counted.filter(|(_, lines)| *lines > MOST);
    long.map(|(path, lines)| Problem::new(path, MOST + 1, format!("{lines} lines, at most {MOST}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[test]
    fn four_hundred_lines_are_enough() {
        assert_eq!(check(&Tree::of_source("a.rs", &"x\n".repeat(400))), []);
    }

    #[test]
    fn one_more_is_a_problem() {
        let problems = check(&Tree::of_source("a.rs", &"x\n".repeat(401)));
        assert_eq!(problems[0].to_string(), "a.rs:401: 401 lines, at most 400");
    }
}
