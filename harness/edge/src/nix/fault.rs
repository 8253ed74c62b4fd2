//! Why nothing could be learnt from nix.
//!
//! Flows in: what went wrong at the edge. Flows out: a [`NixFault`], which says what, where and what to do.
//! Must not: be used for a test or a machine that fails by itself; those are findings.

use std::{fmt, io, path::PathBuf, time::Duration};

use model::{place::Place, survey::NixError, verdict::Fault};

use super::{
    answer::Death,
    class::{Caught, class},
    complaint::Complaint,
    project::Project,
    version::Version,
};
use crate::process::CaptureError;

/// Why nothing could be learnt.
#[derive(Debug, thiserror::Error)]
pub enum NixFault {
    /// There is no nix where it should be.
    #[error("nix was not found at {}", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// What stands there cannot be run, or does not end.
    #[error("nix could not be asked for its version")]
    NotRunnable(#[source] CaptureError),
    /// What stands there is no nix.
    #[error("`{} --version` did not print a version of nix", path.display())]
    NoNix {
        /// The path.
        path: PathBuf,
        /// What it printed.
        said: String,
    },
    /// It is older than what seaworthy works with.
    #[error("nix {found} is too old: {} is the oldest that works", Version::OLDEST)]
    TooOld {
        /// Its version.
        found: Version,
    },
    /// A private folder for nix could not be made.
    #[error("no temporary folder could be made for nix")]
    NoFolder(#[source] io::Error),
    /// There is no flake in the folder.
    #[error("there is no flake.nix in {}", folder.display())]
    NoFlake {
        /// The folder.
        folder: PathBuf,
    },
    /// The flake could not be evaluated at all.
    #[error("{kind}: {}", error.message)]
    Flake {
        /// What about it.
        kind: FlakeFault,
        /// The evaluator's error, in the user's file where that is known.
        error: Box<NixError>,
    },
    /// nix ended without an answer.
    #[error("nix ended without an answer")]
    Died {
        /// How it ended.
        how: String,
        /// Its last words.
        words: Vec<String>,
    },
    /// nix gave no answer in time, and was killed.
    #[error("nix gave no answer within {} s", limit.as_secs())]
    Late {
        /// The limit.
        limit: Duration,
    },
    /// nix could not be started.
    #[error("nix could not be started")]
    NotStarted(#[source] io::Error),
}

/// What is wrong with a flake as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlakeFault {
    /// It is not Nix, or not a flake.
    Syntax,
    /// The lock file is missing, or does not fit the inputs.
    Lock,
    /// An input could not be fetched.
    Input,
    /// Evaluating it fails before anything can be asked of it.
    Evaluation,
}

impl fmt::Display for FlakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "the flake cannot be read",
            Self::Lock => "the flake's lock file is missing or out of date",
            Self::Input => "an input of the flake could not be fetched",
            Self::Evaluation => "the flake cannot be evaluated",
        })
    }
}

impl FlakeFault {
    /// What kind of trouble an error of the whole flake is.
    pub(crate) fn of(error: &NixError) -> Self {
        let message = error.message.as_str();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        // An input without a lock is looked up, which cannot be done offline.
        let unlocked = error.trace.iter().any(|frame| frame.starts_with("while updating the flake input '"));
        if unlocked || message.contains("lock file") {
            Self::Lock
        } else if error.class == "ParseError"
            || says(&[
                "must be an attribute set",
                "lacks attribute 'outputs'",
                "unsupported attribute '",
                "is not part of a flake",
            ])
        {
            Self::Syntax
        } else if error.trace.iter().any(|frame| frame.starts_with("while fetching the input '"))
            || says(&[
                "unable to download",
                "cannot fetch",
                "Could not resolve host",
                "could not fetch",
                "unable to fetch",
                "Failed to fetch",
                "program 'git' failed",
                "error running git",
                "HTTP error",
                "hash mismatch in",
                "offline",
            ])
        {
            Self::Input
        } else {
            Self::Evaluation
        }
    }
}

impl NixFault {
    /// An evaluator that died, and not over what it was asked.
    pub(crate) fn of_death(death: &Death) -> Self {
        let how = match (death.signal, death.code) {
            (Some(signal), _) => format!("it was killed from outside, by signal {signal}"),
            (None, Some(code)) => format!("it ended with exit code {code}"),
            (None, None) => "it gave no answer".to_owned(),
        };
        Self::Died { how, words: death.words.clone() }
    }

    /// An error that keeps all of the flake from being evaluated.
    pub(crate) fn of_flake(complaint: &Complaint, project: &Project) -> Self {
        let error = project.error(complaint, class(complaint, Caught::Untried));
        Self::Flake { kind: FlakeFault::of(&error), error: Box::new(error) }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::Missing { .. } => {
                "install nix (https://nixos.org/download), or say where it is with SEAWORTHY_NIX"
            }
            Self::NotRunnable(_) | Self::NoNix { .. } | Self::NotStarted(_) => {
                "see what `nix --version` prints, or say where a working nix is with SEAWORTHY_NIX"
            }
            Self::TooOld { .. } => "upgrade nix, or say where a newer one is with SEAWORTHY_NIX",
            Self::NoFolder(_) => "see that TMPDIR, or /tmp, can be written to",
            Self::NoFlake { .. } => "run seaworthy in a folder with a flake.nix",
            Self::Flake { kind: FlakeFault::Lock, .. } => "run `nix flake lock`, and look at what it changes",
            Self::Flake { kind: FlakeFault::Input, .. } => {
                "see that the network and the input's address work: `nix flake archive` fetches them all"
            }
            Self::Flake { .. } => return None,
            Self::Died { .. } => {
                "see whether the machine ran out of memory, and what `nix eval .#.` says in the same folder"
            }
            Self::Late { .. } => "give it more time, or see what `nix eval .#.` does in the same folder",
        })
    }

    /// Where it is written in the user's files.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Flake { error, .. } => place_of(error),
            _ => None,
        }
    }

    /// Whether the user's own files are at fault, and not the harness.
    #[must_use]
    pub fn is_of_input(&self) -> bool {
        matches!(self, Self::NoFlake { .. } | Self::Flake { .. })
    }

    /// The same for a verdict.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let mut detail: Vec<String> =
            std::iter::successors(std::error::Error::source(self), |error| error.source())
                .map(ToString::to_string)
                .collect();
        match self {
            Self::NoNix { said, .. } => detail.push(said.clone()),
            Self::Flake { error, .. } => detail.extend(error.trace.iter().cloned()),
            Self::Died { how, words } => detail.extend(std::iter::once(how).chain(words).cloned()),
            _ => {}
        }
        Fault { what: self.to_string(), remedy: self.remedy().map(str::to_owned), detail }
    }
}

/// Where an error of the evaluator is written in the user's files.
#[must_use]
pub fn place_of(error: &NixError) -> Option<Place> {
    let file = error.file.as_deref().filter(|file| !file.starts_with(['/', '«']))?;
    Some(Place::new(file, error.line.unwrap_or(0), error.column.unwrap_or(0)))
}
