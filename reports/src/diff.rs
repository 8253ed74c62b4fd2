//! What was expected beside what was found.
//!
//! In: two texts. Out: lines, each with which side it belongs to. It must not colour them.

use similar::{ChangeTag, TextDiff};

use crate::escape;

/// Lines of either text that are compared, which bounds the work.
const COMPARED: usize = 200;

/// Lines of the same around a difference.
const AROUND: usize = 3;

/// Which text a line is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Both,
    Expected,
    Actual,
    /// A remark of ours.
    Remark,
}

/// The lines that show how two texts differ, at most `most`, escaped and without line breaks.
pub(crate) fn diff(expected: &str, actual: &str, most: usize) -> Vec<(Side, String)> {
    let ((old, old_more), (new, new_more)) =
        (escape::lines(expected, COMPARED), escape::lines(actual, COMPARED));
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) =
        (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
    let compared = TextDiff::from_slices(&old_lines, &new_lines);
    let mut lines: Vec<(Side, String)> = compared
        .grouped_ops(AROUND)
        .iter()
        .flatten()
        .flat_map(|operation| compared.iter_changes(operation))
        .map(|change| (side(change.tag()), change.value().to_owned()))
        .collect();
    let more = lines.len().saturating_sub(most) + old_more + new_more;
    lines.truncate(most);
    if more > 0 {
        lines.push((Side::Remark, format!("[{more} more lines]")));
    }
    lines
}

fn side(tag: ChangeTag) -> Side {
    match tag {
        ChangeTag::Equal => Side::Both,
        ChangeTag::Delete => Side::Expected,
        ChangeTag::Insert => Side::Actual,
    }
}

impl Side {
    /// What stands before a line of it in a unified diff.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Both => "  ",
            Self::Expected => "- ",
            Self::Actual => "+ ",
            Self::Remark => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &str, actual: &str, most: usize) -> Vec<String> {
        diff(expected, actual, most)
            .into_iter()
            .map(|(side, line)| format!("{}{line}", side.sign()))
            .collect()
    }

    #[test]
    fn lines_that_differ_stand_among_those_around_them() {
        assert_eq!(
            shown("a\nb\nc\nd\ne\nf", "a\nb\nc\nd\nE\nf", 99),
            ["  b", "  c", "  d", "- e", "+ E", "  f"]
        );
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        assert_eq!(shown("a\nb\nc", "x", 2), ["- a", "- b", "[2 more lines]"]);
        assert_eq!(shown("0", &"0\n".repeat(500), 1), ["  0", "[499 more lines]"]);
        let long: String = (0..500).map(|number| format!("{number}\n")).collect();
        assert_eq!(shown(&long, "0", 1), ["  0", "[499 more lines]"]);
    }
}
