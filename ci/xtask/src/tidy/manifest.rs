//! The crates of the workspace as data: names, arrows to each other, and the text of their manifests.
//!
//! In: what [`super::gather`] read. Out: the view that the rules look at. It must not read the disk.

use cargo_metadata::DependencyKind;

/// A crate of this workspace.
#[derive(Debug)]
pub(crate) struct Crate {
    /// Its package name.
    pub(crate) name: String,
    /// Path of its `Cargo.toml` from the repository's root.
    pub(crate) manifest: String,
    /// The text of its `Cargo.toml`.
    pub(crate) text: String,
    /// Its dependencies that are crates of this workspace.
    pub(crate) arrows: Vec<Arrow>,
}

/// A dependency of one of our crates on another.
#[derive(Debug)]
pub(crate) struct Arrow {
    /// Package name of the crate pointed at.
    pub(crate) to: String,
    /// The name that the manifest gives it.
    pub(crate) key: String,
    /// Normal, build or development.
    pub(crate) kind: DependencyKind,
}

impl Crate {
    /// The line of a dependency in the manifest; 1 when it is written in a way not known here.
    pub(crate) fn line_of(&self, arrow: &Arrow) -> usize {
        let wanted = match arrow.kind {
            DependencyKind::Development => "dev-dependencies",
            DependencyKind::Build => "build-dependencies",
            _ => "dependencies",
        };
        let mut within = false;
        for (index, line) in self.text.lines().enumerate() {
            if let Some(table) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                // Also `[target.'cfg(..)'.dependencies]` and `[dependencies.name]`.
                within = table.split('.').any(|part| part == wanted);
                if within && table.rsplit('.').next() == Some(&arrow.key) {
                    return index + 1;
                }
            } else if within && line.split(['.', '=', ' ']).next() == Some(&arrow.key) {
                return index + 1;
            }
        }
        1
    }
}

#[cfg(test)]
impl Crate {
    /// A crate with the given manifest's text and no arrows.
    pub(crate) fn of_text(name: &str, text: &str) -> Self {
        let manifest = format!("harness/{name}/Cargo.toml");
        Self { name: name.to_owned(), manifest, text: text.to_owned(), arrows: Vec::new() }
    }

    /// The same, with one more arrow.
    pub(crate) fn with(mut self, kind: DependencyKind, to: &str) -> Self {
        self.arrows.push(Arrow { to: to.to_owned(), key: to.to_owned(), kind });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::{Arrow, Crate};
    use cargo_metadata::DependencyKind::{self, Development, Normal};

    const TEXT: &str = "[package]\nname = \"x\"\n[dependencies]\nmodel.workspace = true\n[dev-dependencies]\nrun.workspace = true\n[dependencies.edge]\npath = \"..\"\n";

    #[track_caller]
    fn check(key: &str, kind: DependencyKind, line: usize) {
        let arrow = Arrow { to: key.to_owned(), key: key.to_owned(), kind };
        assert_eq!(Crate::of_text("x", TEXT).line_of(&arrow), line);
    }

    #[test]
    fn a_dependency_has_its_line() {
        check("model", Normal, 4);
        check("run", Development, 6);
        check("edge", Normal, 7);
    }

    #[test]
    fn a_dependency_of_another_kind_is_not_meant() {
        check("run", Normal, 1);
        check("model", Development, 1);
    }
}
