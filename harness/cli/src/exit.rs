//! Exit codes: part of the interface, listed in the manual and, from here, in `--help`. Never a count.

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
    /// Every one, by its number.
    pub const ALL: [Self; 5] = [Self::Open, Self::Closed, Self::Input, Self::Broken, Self::Undecided];

    /// What it means to the user.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Open => {
                "every gate is open, or with a selection every gate of what was selected: the report says which"
            }
            Self::Closed => "a gate is closed: something is wrong with the fleet; a machine failed",
            Self::Input => {
                "the input is wrong: a file, a flake, an argument, or no nix that works; nothing was run"
            }
            Self::Broken => {
                "the harness could not tell: a tool died, an input could not be fetched, a disk is full"
            }
            Self::Undecided => {
                "undecided: interrupted, or something to prove could not be asked, or there is nothing to prove; a promotion waits"
            }
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_says_what_the_help_says() {
        let manual = include_str!("../../../README.md");
        let table = manual.split("### Exit codes\n").nth(1).unwrap().lines().skip(2);
        let rows: Vec<_> = table.take_while(|line| line.starts_with('|')).collect();
        let expected: Vec<_> =
            Exit::ALL.iter().map(|exit| format!("| {} | {} |", exit.code(), exit.meaning())).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn the_workflow_names_the_codes_that_there_are() {
        let workflow = include_str!("../../../ci/workflows/verify.yml");
        assert!(workflow.contains(&format!("1 to {} say why not", Exit::ALL.len() - 1)), "{workflow}");
        assert!(Exit::ALL.iter().map(|exit| usize::from(exit.code())).eq(0..Exit::ALL.len()));
    }
}
