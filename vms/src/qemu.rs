//! QEMU itself: which program serves this computer, and its version.
//!
//! Flows in: the folders of PATH. Flows out: a [`Qemu`]. Must not: read the environment.

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::child;

/// The oldest QEMU that guests are known to work with.
pub const OLDEST: Version = Version { major: 7, minor: 2, micro: 0 };

/// A QEMU that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qemu {
    /// The program.
    pub program: PathBuf,
    /// What it says of itself.
    pub version: Version,
}

/// QEMU's version, as in `7.2.22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second.
    pub minor: u32,
    /// The third; 0 where there is none.
    pub micro: u32,
}

/// Why there is no QEMU to work with.
#[derive(Debug, thiserror::Error)]
pub enum NoQemu {
    /// No folder of PATH has it.
    #[error("no {name} on PATH: install QEMU, or put its folder on PATH")]
    NotFound {
        /// The program's name, `qemu-system-x86_64`.
        name: String,
    },
    /// It is there and does not start.
    #[error("cannot start {}: install a QEMU that is built for this computer", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It did not answer `--version` in time.
    #[error("{} --version gave no answer in {} s", program.display(), limit.as_secs_f32())]
    Hangs {
        /// The program.
        program: PathBuf,
        /// How long it had.
        limit: Duration,
    },
    /// What it said is no version.
    #[error("{} --version ({status}) said: {said}", program.display())]
    Unclear {
        /// The program.
        program: PathBuf,
        /// How it ended.
        status: ExitStatus,
        /// The first line of it.
        said: String,
    },
}

impl Qemu {
    /// The QEMU for guests of this computer's own architecture, from `search_path`, a value of PATH.
    ///
    /// # Errors
    /// There is none, or it does not say its version within `limit`.
    pub fn find(search_path: &OsStr, limit: Duration) -> Result<Self, NoQemu> {
        let name = program_name();
        let program = std::env::split_paths(search_path)
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(&name))
            .find(|program| is_program(program))
            .ok_or(NoQemu::NotFound { name })?;
        Self::at(program, limit)
    }

    /// The QEMU that stands at this path.
    ///
    /// # Errors
    /// It does not say its version within `limit`.
    pub fn at(program: PathBuf, limit: Duration) -> Result<Self, NoQemu> {
        let said = match child::ask(&program, &[OsString::from("--version")], limit) {
            Ok(said) => said,
            Err(source) => return Err(NoQemu::Start { program, source }),
        };
        let Some(status) = said.status else { return Err(NoQemu::Hangs { program, limit }) };
        match Version::parse(&said.text).filter(|_| status.success()) {
            Some(version) => Ok(Self { program, version }),
            None => {
                let said = said.text.lines().next().unwrap_or_default().to_owned();
                Err(NoQemu::Unclear { program, status, said })
            }
        }
    }
}

/// `qemu-system-<architecture>`, of this computer.
#[must_use]
pub fn program_name() -> String {
    format!("qemu-system-{}", std::env::consts::ARCH)
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

impl Version {
    /// Reads what `qemu-system-* --version` prints: `QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)`,
    /// with warnings of the loader before it or not.
    #[must_use]
    pub fn parse(said: &str) -> Option<Self> {
        let words = said.lines().find_map(|line| line.trim().strip_prefix("QEMU emulator version "))?;
        let dotted = words.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
        let mut numbers = dotted.split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.parse().ok()?;
        let micro = numbers.next().filter(|micro| !micro.is_empty()).map_or(Ok(0), str::parse).ok()?;
        Some(Self { major, minor, micro })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.micro)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests lay out folders of their own")]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

    use proptest::prelude::*;

    use super::{NoQemu, OLDEST, Qemu, Version, program_name};

    #[track_caller]
    fn check(said: &str, version: Option<(u32, u32, u32)>) {
        let expected = version.map(|(major, minor, micro)| Version { major, minor, micro });
        assert_eq!(Version::parse(said), expected, "{said:?}");
    }

    #[test]
    fn versions_as_distributions_print_them() {
        check(
            "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c)",
            Some((7, 2, 22)),
        );
        check("QEMU emulator version 10.0.2\nCopyright (c) 2003-2025", Some((10, 0, 2)));
        check("QEMU emulator version 9.2.0-rc1 (v9.2.0-rc1-dirty)", Some((9, 2, 0)));
        check("qemu: warning: of the loader\nQEMU emulator version 8.2 (x)", Some((8, 2, 0)));
    }

    #[test]
    fn what_is_no_version_is_none() {
        for said in
            ["", "QEMU", "QEMU emulator version ", "QEMU emulator version 7", "QEMU emulator version 7.x"]
        {
            check(said, None);
        }
        check("QEMU emulator version 99999999999.0.0", None);
    }

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(Version { major: 10, minor: 0, micro: 0 } > Version { major: 9, minor: 2, micro: 9 });
        assert!(OLDEST <= Version { major: 7, minor: 2, micro: 0 });
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_undoes_display(text in ".*", major: u32, minor: u32, micro: u32) {
            let _any = Version::parse(&text);
            let version = Version { major, minor, micro };
            prop_assert_eq!(Version::parse(&format!("QEMU emulator version {version} (x)\n")), Some(version));
        }
    }

    /// A folder with a stand-in for QEMU in it.
    fn stand_in(script: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(program_name());
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    fn find(folder: &Path) -> Result<Qemu, NoQemu> {
        Qemu::find(folder.as_os_str(), Duration::from_millis(500))
    }

    #[test]
    fn what_stands_on_path_is_asked() {
        let folder = stand_in("echo 'QEMU emulator version 8.1.3'");
        let found = find(folder.path()).unwrap();
        assert_eq!(
            (found.version.to_string().as_str(), found.program),
            ("8.1.3", folder.path().join(program_name()))
        );
    }

    #[test]
    fn every_way_of_not_answering_has_its_name() {
        assert!(matches!(find(Path::new("/nonexistent")), Err(NoQemu::NotFound { .. })));
        assert!(matches!(find(stand_in("sleep 1000").path()), Err(NoQemu::Hangs { .. })));
        let failed = find(stand_in("echo 'error while loading'; exit 127").path());
        assert!(
            matches!(&failed, Err(NoQemu::Unclear { said, .. }) if said == "error while loading"),
            "{failed:?}"
        );
        let crashed = find(stand_in("echo 'QEMU emulator version 8.1.3'; exit 1").path());
        assert!(matches!(crashed, Err(NoQemu::Unclear { .. })));
    }

    #[test]
    fn a_folder_and_a_file_that_cannot_be_run_are_passed_over() {
        let (folder, file, good) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir().unwrap(),
            stand_in("echo 'QEMU emulator version 8.1.3'"),
        );
        fs::create_dir(folder.path().join(program_name())).unwrap();
        fs::write(file.path().join(program_name()), "").unwrap();
        let path = std::env::join_paths([folder.path(), file.path(), good.path()]).unwrap();
        let found = Qemu::find(&path, Duration::from_secs(5)).unwrap();
        assert_eq!(found.program, good.path().join(program_name()));
    }

    #[test]
    fn folders_relative_to_where_one_happens_to_be_are_not_searched() {
        let folder = stand_in("echo 'QEMU emulator version 8.1.3'");
        let to_root = "../".repeat(64);
        let relative = format!("{to_root}{}", folder.path().strip_prefix("/").unwrap().display());
        assert!(Path::new(&relative).join(program_name()).is_file());
        assert!(matches!(find(Path::new(&relative)), Err(NoQemu::NotFound { .. })));
        assert!(matches!(find(Path::new("")), Err(NoQemu::NotFound { .. })));
    }
}
