//! Every Rust file opens with `//!` lines that say what it is for.
//!
//! In: the sources. Out: a problem for each file whose first words are anything else. What the lines say is for a
//! reviewer; that they are there and not empty is for this rule.

use super::problem::Problem;
use super::tree::Tree;

/// Every source without an opening.
pub(crate) fn check(tree: &Tree) -> Vec<Problem> {
    let silent = tree.sources().filter(|(_, text)| !opens(text));
    silent
        .map(|(path, _)| {
            Problem::new(path, 1, "does not open with `//!`: what it is for, what flows in and out")
        })
        .collect()
}

/// Attributes of the whole file (`#![..]`) may stand before the opening.
fn opens(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("#!["));
    lines.next().and_then(|line| line.strip_prefix("//!")).is_some_and(|words| !words.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[track_caller]
    fn check_text(text: &str, problems: usize) {
        assert_eq!(check(&Tree::of_source("a.rs", text)).len(), problems, "{text:?}");
    }

    #[test]
    fn an_opening_may_follow_attributes() {
        check_text("//! Words.\nfn f() {}\n", 0);
        check_text("#![cfg(unix)]\n\n//! Words.\n", 0);
    }

    #[test]
    fn anything_else_is_a_problem() {
        check_text("", 1);
        check_text("//!\n//!\n", 1);
        check_text("/// Words.\nfn f() {}\n", 1);
        check_text("use std::fs;\n//! Words.\n", 1);
    }
}
