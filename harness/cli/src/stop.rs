//! What ends a command before it has a verdict: the user's input, or the harness; with a place and a remedy.
//!
//! Library errors hold facts; the advice is added here, and the whole chain is printed once, by `main`.

use std::{error::Error, fmt};

use miette::Diagnostic;

use crate::exit::Exit;

/// A command that cannot go on.
#[derive(Debug)]
pub struct Stop {
    /// How the process ends.
    pub exit: Exit,
    what: String,
    help: Option<String>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Stop {
    /// The user's input is wrong.
    #[must_use]
    pub fn input(what: impl Into<String>) -> Self {
        Self { exit: Exit::Input, what: what.into(), help: None, source: None }
    }

    /// The harness could not tell.
    #[must_use]
    pub fn broken(what: impl Into<String>) -> Self {
        Self { exit: Exit::Broken, ..Self::input(what) }
    }

    /// The user asked to stop.
    #[must_use]
    pub fn undecided(what: impl Into<String>) -> Self {
        Self { exit: Exit::Undecided, ..Self::input(what) }
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With the error underneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Stop {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn Error + 'static))
    }
}

impl Diagnostic for Stop {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}
