//! The files that checks leave behind in the folder of their run.
//!
//! Flows in: bytes, or lines as they come, and whose they are. Flows out: files below the run's folder, and an [`Artifact`]
//! for each that is whole. Must not: know what a file says; write anywhere else, whatever a machine is called.
//!
//! ```text
//! runs/<run>/
//!   artifacts/<sha256>      files that were written at once, each by its digest
//!   <name>/<of whom>.lines  what somebody said, written at once, such as `sighting/cinnabar.lines`
//!   <name>/<of whom>.log    logs that were written line by line, such as `console/cinnabar.log`
//! ```

use std::{
    fs::{self, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use model::{artifact::Artifact, digest::Digest};

use super::log::{Bounds, Log};
use crate::state::{StateError, write_atomically};

/// Where the files of a run that goes on are put. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Artifacts {
    folder: PathBuf,
}

/// Files of which each holds what was written at once.
const WHOLE: &str = "artifacts";

/// How many logs of one name a run has at most: a machine may be booted more than once.
const MOST: usize = 1_000;

impl Artifacts {
    /// Those of the run with this folder.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Writes a file, which is there as a whole or not at all. The same bytes are kept once.
    ///
    /// # Errors
    /// It can not be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<Artifact, StateError> {
        self.whole(name, WHOLE, &Digest::of(bytes).hex(), bytes)
    }

    /// Writes what somebody said, as it was said, to a file of theirs: `<name>/<whose>.lines`. It is there as a whole or not at
    /// all; what was there of theirs before is gone. `name` is one plain word of ours; `whose` may be any text.
    ///
    /// # Errors
    /// It can not be written.
    pub fn lines(&self, name: &str, whose: &str, text: &str) -> Result<Artifact, StateError> {
        self.whole(name, name, &format!("{}.lines", file_name(whose)), text.as_bytes())
    }

    fn whole(&self, name: &str, folder: &str, file: &str, bytes: &[u8]) -> Result<Artifact, StateError> {
        let path = format!("{folder}/{file}");
        let (folder, file) = (self.folder.join(folder), self.folder.join(&path));
        fs::create_dir_all(&folder).map_err(StateError::at("create", &folder))?;
        write_atomically(&file, bytes).map_err(StateError::at("write", &file))?;
        Ok(Artifact { name: name.to_owned(), path, digest: Digest::of(bytes), bytes: bytes.len() as u64 })
    }

    /// A log that is written line by line: `<name>/<whose>.log`, or with a number behind it where there is one already. `name`
    /// is one plain word of ours; `whose` may be any text.
    ///
    /// # Errors
    /// It can not be created.
    pub fn log(&self, name: &str, whose: &str) -> Result<Log, StateError> {
        self.bounded_log(name, whose, Bounds::USUAL)
    }

    pub(super) fn bounded_log(&self, name: &str, whose: &str, bounds: Bounds) -> Result<Log, StateError> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).map_err(StateError::at("create", &folder))?;
        let whose = file_name(whose);
        for number in 1..=MOST {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            let path = format!("{name}/{whose}{number}.log");
            let file = self.folder.join(&path);
            match OpenOptions::new().append(true).create_new(true).open(&file) {
                Ok(opened) => return Ok(Log::new(name, path, file, opened, bounds)),
                // Also where a file system takes two names for one.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(StateError::at("create", &file)(error)),
            }
        }
        Err(StateError::at("create", &folder.join(whose))(io::ErrorKind::AlreadyExists.into()))
    }
}

/// Bytes of a name that is used as it is; a longer one is cut and told apart by its digest. File systems take 255.
const LONGEST: usize = 100;

/// A name for a file, of any text: one plain segment of a path that is not hidden. Letters and digits stay, of whatever
/// script; what else could mean something to a shell or a file system is written as `%` and its bytes.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars() {
        let plain = character.is_alphanumeric()
            || matches!(character, '-' | '_')
            || (character == '.' && !name.is_empty());
        if plain {
            name.push(character);
        } else {
            let mut bytes = [0; 4];
            character.encode_utf8(&mut bytes).bytes().for_each(|byte| name.push_str(&format!("%{byte:02X}")));
        }
    }
    if name.is_empty() {
        name.push('%');
    }
    if name.len() > LONGEST {
        name.truncate(name.floor_char_boundary(LONGEST));
        name.push_str(&format!("-{}", &Digest::of(text).hex()[..16]));
    }
    name
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests look at what was written")]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn run() -> (tempfile::TempDir, Artifacts) {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::of(folder.path());
        (folder, artifacts)
    }

    #[test]
    fn a_file_is_found_by_its_digest_and_is_the_only_one() {
        let (folder, artifacts) = run();
        for _ in 0..2 {
            let artifact = artifacts.write("guest", b"{}").unwrap();
            let digest = Digest::of("{}");
            let path = format!("artifacts/{}", digest.hex());
            assert_eq!(fs::read(folder.path().join(&path)).unwrap(), b"{}");
            assert_eq!(artifact, Artifact { name: "guest".to_owned(), path, digest, bytes: 2 });
        }
        assert_eq!(fs::read_dir(folder.path().join("artifacts")).unwrap().count(), 1, "and no rest of one");
    }

    #[test]
    fn what_somebody_said_is_found_by_who_said_it() {
        let (folder, artifacts) = run();
        artifacts.lines("sighting", "a", "before\n").unwrap();
        let [a, odd] = ["a", "../a"].map(|whose| artifacts.lines("sighting", whose, whose).unwrap());
        assert_eq!((a.name.as_str(), a.path.as_str(), a.bytes), ("sighting", "sighting/a.lines", 1));
        assert_eq!((odd.path.as_str(), odd.digest), ("sighting/%2E.%2Fa.lines", Digest::of("../a")));
        assert_eq!(fs::read(folder.path().join(a.path)).unwrap(), b"a");
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error_that_says_where() {
        let (folder, artifacts) = run();
        fs::write(folder.path().join("console"), "").unwrap();
        let error = artifacts.log("console", "a").unwrap_err();
        let place = folder.path().join("console");
        assert_eq!(error.to_string(), format!("cannot create {}", place.display()));
    }

    #[test]
    fn a_second_log_of_the_same_machine_stands_beside_the_first() {
        let (folder, artifacts) = run();
        let paths = [(); 3].map(|()| artifacts.log("console", "a").unwrap().end().unwrap().path);
        assert_eq!(paths, ["console/a.log", "console/a-2.log", "console/a-3.log"]);
        assert_eq!(fs::read_dir(folder.path().join("console")).unwrap().count(), 3);
    }

    #[test]
    fn names_become_names_of_files() {
        for (text, name) in [
            ("cinnabar", "cinnabar"),
            ("a.b-c_1", "a.b-c_1"),
            ("ämber", "ämber"),
            ("", "%"),
            ("%", "%25"),
            ("..", "%2E."),
            (".hidden", "%2Ehidden"),
            ("a/../b c", "a%2F..%2Fb%20c"),
            ("a\u{202e}b\0", "a%E2%80%AEb%00"),
        ] {
            assert_eq!(file_name(text), name);
        }
        let long = file_name(&"ä".repeat(300));
        assert_eq!(long.len(), 117);
        assert_ne!(long, file_name(&"ä".repeat(301)));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_machines_are_called_each_has_a_log_in_the_run_s_folder(
            names in prop::collection::vec(r"(?s).{0,6}|[./a%-]{0,4}|(ab|/|漢|\PC){0,120}", 1..6),
        ) {
            let (folder, artifacts) = run();
            let mut paths = BTreeSet::new();
            for name in &names {
                let artifact = artifacts.log("console", name).unwrap().end().unwrap();
                let place = folder.path().join(&artifact.path);
                prop_assert_eq!(place.parent().unwrap(), folder.path().join("console"));
                prop_assert!(fs::symlink_metadata(&place).unwrap().is_file());
                prop_assert!(!artifact.path.chars().any(char::is_control));
                paths.insert(artifact.path);
            }
            prop_assert_eq!(paths.len(), names.len());
            prop_assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }
}
