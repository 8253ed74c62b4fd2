//! Exit codes: part of the interface, listed in the manual and in `--help`. Never a count.

use std::process::ExitCode;

use model::decision::Outcome;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every gate is open, or the command did what it was asked.
    Open,
    /// A gate is closed.
    Closed,
    /// The user's input is wrong; nothing was written.
    Input,
    /// The harness could not tell.
    Broken,
    /// Something was not asked: interrupted, or held back.
    Undecided,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Closed => 1,
            Self::Input => 2,
            Self::Broken => 3,
            Self::Undecided => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Open => Self::Open,
            Outcome::Undecided => Self::Undecided,
            Outcome::Broken => Self::Broken,
            Outcome::Closed => Self::Closed,
        }
    }
}
