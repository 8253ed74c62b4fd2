//! What walking a tree told: its tests, and where it is broken.
//!
//! Flows in: the answers to `walk` and `names`. Flows out: paths. Must not: ask anything.

use serde::Deserialize;

use super::Failure;

/// An entry of the answer to `walk`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Entry {
    kind: Kind,
    path: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Test,
    Throws,
    Endless,
}

/// What is found below a set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    /// Tests.
    pub(crate) tests: Vec<Vec<String>>,
    /// Attributes that throw; why has to be asked of each.
    pub(crate) throws: Vec<Vec<String>>,
    /// Where the tree is deeper or wider than any tree is.
    pub(crate) endless: Vec<Vec<String>>,
}

impl Walk {
    /// Reads the answer to `walk`, asked at `base`.
    pub(crate) fn read(base: &[String], json: &str) -> Option<Self> {
        let entries: Vec<Entry> = serde_json::from_str(json).ok()?;
        let mut walk = Self::default();
        for Entry { kind, path } in entries {
            let list = match kind {
                Kind::Test => &mut walk.tests,
                Kind::Throws => &mut walk.throws,
                Kind::Endless => &mut walk.endless,
            };
            list.push(base.iter().cloned().chain(path).collect());
        }
        Some(walk)
    }
}

/// Whether an attribute of this name is a test, whatever it holds.
pub(crate) fn is_test(name: &str) -> bool {
    name.starts_with("test")
}

/// A path as nix-unit prints it: joined by dots, a segment that has one in quotes.
pub(crate) fn join(path: &[String]) -> String {
    let quoted = |name: &String| if name.contains('.') { format!("\"{name}\"") } else { name.clone() };
    path.iter().map(quoted).collect::<Vec<_>>().join(".")
}

/// A tree in which nothing is tested proves nothing. nix-unit lets it pass.
pub(crate) fn empty_tree(tree: &str) -> Failure {
    Failure {
        help: Some(
            "names of tests begin with `test`; what is no test and no set is not looked into".to_owned(),
        ),
        ..Failure::new(format!("there is no test in {tree}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_walk_is_read_below_its_base() {
        let json = r#"[{"kind":"test","path":["testA"]},{"kind":"throws","path":["b"]},{"kind":"endless","path":["c","d"]}]"#;
        let walk = Walk::read(&path(&["base"]), json).unwrap();
        assert_eq!(walk.tests, [path(&["base", "testA"])]);
        assert_eq!(walk.throws, [path(&["base", "b"])]);
        assert_eq!(walk.endless, [path(&["base", "c", "d"])]);
        assert_eq!(Walk::read(&[], "[{}]"), None);
    }

    #[test]
    fn paths_are_joined_as_nix_unit_does() {
        assert_eq!(join(&path(&["a", "b.c", "testD"])), r#"a."b.c".testD"#);
        assert_eq!(join(&[]), "");
    }

    #[test]
    fn a_test_is_known_by_the_start_of_its_name() {
        assert!(["test", "tests", "testing", "testA", "test-a"].into_iter().all(is_test));
        assert!(!["Test", "aTest", "tes", ""].into_iter().any(is_test));
    }
}
