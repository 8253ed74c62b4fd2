//! The fleet's folder: found from where the command was started, as git and cargo find theirs.

use std::path::{Path, PathBuf};

/// The folder that holds the fleet's `fleet.toml` or `flake.nix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Absolute.
    pub folder: PathBuf,
    /// `fleet.toml`, where there is one.
    pub fleet_toml: Option<PathBuf>,
    /// `flake.nix`, where there is one.
    pub flake: Option<PathBuf>,
}

/// There is no fleet.
#[derive(Debug, thiserror::Error)]
pub enum NoProject {
    /// Neither file in the folder or any folder above it.
    #[error("no fleet.toml and no flake.nix in {} or any folder above it", .0.display())]
    NotFound(PathBuf),
    /// The folder that was named cannot be entered.
    #[error("cannot use {} as the fleet's folder", path.display())]
    Folder {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Project {
    /// The nearest folder upwards of `start` with a `fleet.toml` or a `flake.nix`.
    ///
    /// # Errors
    /// There is none, or `start` cannot be entered.
    pub fn find(start: &Path) -> Result<Self, NoProject> {
        let entered = |source| NoProject::Folder { path: start.to_owned(), source };
        let start = start.canonicalize().map_err(entered)?;
        start.ancestors().find_map(Self::at).ok_or(NoProject::NotFound(start))
    }

    /// The fleet of exactly this folder.
    fn at(folder: &Path) -> Option<Self> {
        let present = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        let project = Self {
            folder: folder.to_owned(),
            fleet_toml: present("fleet.toml"),
            flake: present("flake.nix"),
        };
        (project.fleet_toml.is_some() || project.flake.is_some()).then_some(project)
    }
}
