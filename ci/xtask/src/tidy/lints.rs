//! Every crate inherits the workspace's lints.
//!
//! In: the crates' manifests. Out: a problem for each one without `[lints] workspace = true`.

use super::manifest::Crate;
use super::problem::Problem;
use toml_edit::DocumentMut;

/// Every crate that does not inherit the lints.
pub(crate) fn check(crates: &[Crate]) -> Vec<Problem> {
    let outside = crates.iter().filter(|krate| !inherits(&krate.text));
    outside.map(|krate| Problem::new(&krate.manifest, line_of_lints(&krate.text), refusal(krate))).collect()
}

fn refusal(krate: &Crate) -> String {
    format!(
        "crate `{}` does not inherit the workspace's lints: `[lints]` with `workspace = true`",
        krate.name
    )
}

fn inherits(manifest: &str) -> bool {
    let Ok(manifest) = manifest.parse::<DocumentMut>() else { return false };
    let workspace = manifest.get("lints").and_then(|lints| lints.get("workspace"));
    workspace.and_then(toml_edit::Item::as_bool) == Some(true)
}

fn line_of_lints(manifest: &str) -> usize {
    manifest
        .lines()
        .position(|line| line.starts_with("[lints") || line.starts_with("lints"))
        .map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::manifest::Crate;

    #[track_caller]
    fn check_text(manifest: &str, lines: &[usize]) {
        let found: Vec<_> =
            check(&[Crate::of_text("x", manifest)]).iter().map(|problem| problem.line).collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn either_way_of_writing_it_will_do() {
        check_text("[lints]\nworkspace = true\n", &[]);
        check_text("lints.workspace = true\n", &[]);
    }

    #[test]
    fn absent_false_own_or_unreadable_is_a_problem() {
        check_text("[package]\nname = \"x\"\n", &[1]);
        check_text("[package]\n\n[lints]\nworkspace = false\n", &[3]);
        check_text("[package]\n[lints.rust]\nunsafe_code = \"forbid\"\n", &[2]);
        check_text("[lints", &[1]);
    }
}
