//! The environment, read once: everything else takes what it needs from here as values.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use crate::screen::Wishes;

/// What the process was given.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Where it was started.
    pub folder: PathBuf,
    /// `SEAWORTHY_NIX`: the nix to use.
    pub nix: Option<PathBuf>,
    /// `SEAWORTHY_KERNEL`: the kernel to try accelerators with.
    pub kernel: Option<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// All of it, for programs that are given a part of it.
    pub all: BTreeMap<OsString, OsString>,
    /// `XDG_CACHE_HOME/seaworthy`, or `~/.cache/seaworthy`.
    pub cache: Option<PathBuf>,
    /// What it says about the screen.
    pub wishes: Wishes,
}

impl Environment {
    /// Reads it.
    ///
    /// # Errors
    /// The working folder is gone.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> io::Result<Self> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        let home = set("HOME").map(|home| PathBuf::from(home).join(".cache"));
        Ok(Self {
            folder: env::current_dir()?,
            nix: set("SEAWORTHY_NIX").map(PathBuf::from),
            kernel: set("SEAWORTHY_KERNEL").map(PathBuf::from),
            path: set("PATH"),
            all: env::vars_os().collect(),
            cache: set("XDG_CACHE_HOME").map(PathBuf::from).or(home).map(|cache| cache.join("seaworthy")),
            wishes: Wishes {
                no_color: set("NO_COLOR").is_some(),
                force_color: set("CLICOLOR_FORCE").is_some_and(|value| value != "0"),
                dumb: set("TERM").is_some_and(|value| value == "dumb"),
                ci: set("CI").is_some(),
                columns: set("COLUMNS").and_then(|value| value.to_str()?.parse().ok()),
            },
        })
    }

    /// The nix to use: the one that was named, the first on `PATH`, or the one that this project's own setup put into
    /// the cache.
    #[must_use]
    pub fn nix(&self) -> Option<PathBuf> {
        let cached = self.cache.as_ref().map(|cache| cache.join("bin/nix")).filter(|nix| nix.is_file());
        self.nix.clone().or_else(|| self.on_path("nix")).or(cached)
    }

    /// The first file of that name on `PATH`.
    #[must_use]
    pub fn on_path(&self, name: &str) -> Option<PathBuf> {
        let folders = env::split_paths(self.path.as_ref()?);
        folders.map(|folder: PathBuf| folder.join(name)).find(|file: &PathBuf| is_program(file))
    }
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
