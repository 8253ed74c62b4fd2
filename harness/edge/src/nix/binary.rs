//! A nix binary: found, asked for its version, and described as programs to run.
//!
//! Flows in: its path and the environment that the command line read. Flows out: a [`Nix`].
//! Must not: read the environment, or take a nix that is too old.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use vms::folder::Folder;

use super::{fault::NixFault, version::Version};
use crate::{
    private,
    process::{Program, Spawner},
};

/// A nix that works.
#[derive(Debug, Clone)]
pub struct Nix {
    path: PathBuf,
    version: Version,
    environment: BTreeMap<OsString, OsString>,
    spawner: Spawner,
    // Nix's own scratch, such as the repl's history. Removed with the last clone.
    _scratch: Arc<Folder>,
}

/// Variables of the caller's environment that nix needs: to find its store, its settings and caches, and to fetch inputs.
/// Everything else is the user's, and has no business in an answer that is to be the same everywhere.
const PASSED: &[&str] = &[
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_STATE_HOME",
    "SSH_AUTH_SOCK",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "LOCALE_ARCHIVE",
];
/// And these by the start of their names.
const PASSED_BY_PREFIX: &[&str] = &["NIX_", "_NIX_", "GIT_", "GC_"];

/// With which heap the collector of garbage starts, unless the caller says.
const HEAP: &str = "GC_INITIAL_HEAP_SIZE";

/// `nix --version` takes a few milliseconds; a wrapper may have to start first.
const VERSION_LIMIT: Duration = Duration::from_secs(10);

impl Nix {
    /// Takes the nix at a path, which must be absolute.
    ///
    /// Of `environment` only what nix needs is kept. The collector of garbage starts with a small heap, which takes a
    /// sixth of the memory on a fleet of 60 machines, and no more time.
    ///
    /// # Errors
    /// When there is none, it does not answer, or it is too old.
    pub async fn find(
        path: &Path,
        environment: &BTreeMap<OsString, OsString>,
        spawner: &Spawner,
    ) -> Result<Self, NixFault> {
        if !path.is_file() {
            return Err(NixFault::Missing { path: path.to_owned() });
        }
        let scratch = private_folder()?;
        let environment = environment_of_nix(environment, scratch.path());
        let mut nix = Self {
            path: path.to_owned(),
            version: Version::OLDEST,
            environment,
            spawner: spawner.clone(),
            _scratch: Arc::new(scratch),
        };
        nix.version = nix.ask_version().await?;
        Ok(nix)
    }

    async fn ask_version(&self) -> Result<Version, NixFault> {
        let program = self.program(Path::new("/"), ["--version"], None);
        let captured =
            self.spawner.capture(&program, VERSION_LIMIT, 4096).await.map_err(NixFault::NotRunnable)?;
        let said = String::from_utf8_lossy(&captured.stdout).into_owned();
        let found = Version::parse(&said).ok_or_else(|| {
            let complained = String::from_utf8_lossy(&captured.stderr);
            NixFault::NoNix { path: self.path.clone(), said: format!("{said}{complained}").trim().to_owned() }
        })?;
        if found < Version::OLDEST { Err(NixFault::TooOld { found }) } else { Ok(found) }
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether `nix eval` has a name for a flake's outputs as a whole.
    pub(crate) fn names_outputs(&self) -> bool {
        self.version >= Version::WHOLE_OUTPUTS
    }

    /// Whether a repl waits for more when a file that is read ends too early.
    pub(crate) fn repl_waits(&self) -> bool {
        self.version < Version::REPL_TELLS_FILES
    }

    pub(crate) fn spawner(&self) -> &Spawner {
        &self.spawner
    }

    /// This nix with arguments, in a folder.
    pub(crate) fn program<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        arguments: impl IntoIterator<Item = S>,
        memory: Option<u64>,
    ) -> Program {
        Program {
            path: self.path.clone(),
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            environment: self.environment.clone(),
            folder: folder.to_owned(),
            memory,
        }
    }

    /// The features that every command of ours needs, whatever the user's settings say.
    pub(crate) fn features(&self) -> [&'static str; 2] {
        let features = if self.version < Version::REPL_FLAKE {
            "nix-command flakes repl-flake"
        } else {
            "nix-command flakes"
        };
        ["--extra-experimental-features", features]
    }
}

/// A folder that goes with its owner; where that was killed, the next one sweeps it.
pub(super) fn private_folder() -> Result<Folder, NixFault> {
    private::for_files(&std::env::temp_dir())
        .map_err(|error| NixFault::NoFolder(std::io::Error::other(error)))
}

fn environment_of_nix(given: &BTreeMap<OsString, OsString>, scratch: &Path) -> BTreeMap<OsString, OsString> {
    let passed = |name: &OsStr| {
        let name = name.to_str().unwrap_or_default();
        PASSED.contains(&name) || PASSED_BY_PREFIX.iter().any(|prefix| name.starts_with(prefix))
    };
    let mut environment: BTreeMap<OsString, OsString> = given
        .iter()
        .filter(|(name, _)| passed(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let scratch = scratch.as_os_str();
    // The repl keeps a history, under one name or the other, and reads key bindings.
    let ours: [(&str, &OsStr); 4] = [
        ("NIX_DATA_HOME", scratch),
        ("XDG_DATA_HOME", scratch),
        ("INPUTRC", OsStr::new("/dev/null")),
        ("TERM", OsStr::new("dumb")),
    ];
    for (name, value) in ours {
        environment.insert(name.into(), value.to_owned());
    }
    environment.entry(HEAP.into()).or_insert_with(|| "32M".into());
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nix_needs_is_passed() {
        let given = ["HOME", "NIX_PATH", "SECRET_TOKEN", "TERM", "GIT_SSH_COMMAND"];
        let given = given.iter().map(|name| (OsString::from(name), OsString::from("x"))).collect();
        let names: Vec<OsString> = environment_of_nix(&given, Path::new("/s")).into_keys().collect();
        assert_eq!(
            names,
            [
                "GC_INITIAL_HEAP_SIZE",
                "GIT_SSH_COMMAND",
                "HOME",
                "INPUTRC",
                "NIX_DATA_HOME",
                "NIX_PATH",
                "TERM",
                "XDG_DATA_HOME"
            ]
        );
    }
}
