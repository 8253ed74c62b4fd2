//! The suites that ship with seaworthy, as data.
//!
//! Flows in: nothing; the files are part of the program. Flows out: the paths and texts of each suite's files.
//! Must not: read the files at run time, or know what they mean: `load::suite` does.

use include_dir::{Dir, DirEntry, include_dir};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR");

/// A suite's name, and its files: paths relative to its folder, with `/` between segments, and texts.
pub type Files = (&'static str, Vec<(&'static str, &'static str)>);

/// Every suite, by name.
#[must_use]
pub fn built_in() -> Vec<Files> {
    let mut suites: Vec<Files> = FILES.dirs().filter_map(suite).collect();
    suites.sort();
    suites
}

/// A folder is a suite if it has a `suite.toml`.
fn suite(folder: &'static Dir<'static>) -> Option<Files> {
    let name = folder.path().to_str()?;
    folder.get_file(folder.path().join("suite.toml"))?;
    let mut files = Vec::new();
    collect(folder, name, &mut files);
    files.sort_unstable();
    Some((name, files))
}

fn collect(folder: &'static Dir<'static>, suite: &str, files: &mut Vec<(&'static str, &'static str)>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(inner, suite, files),
            DirEntry::File(file) => {
                let path = file.path().strip_prefix(suite).ok().and_then(|path| path.to_str());
                files.extend(path.zip(file.contents_utf8()));
            }
        }
    }
}

/// The schema of the facts document, as JSON Schema 2020-12: what policies may rely on.
pub const FACTS_SCHEMA: &str = include_str!("../facts.schema.json");
