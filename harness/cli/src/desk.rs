//! What every command works with: the environment, the screen, and the fleet's folder.

use std::{
    ffi::OsStr,
    io::{self, Write},
    path::PathBuf,
};

use serde::Serialize;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use run::HostClock;

use crate::{
    args::Everywhere,
    environment::Environment,
    project::{NoProject, Project},
    screen::Screen,
    stop::Stop,
};

/// A command's place of work.
#[derive(Debug, Clone)]
pub struct Desk {
    /// What the process was given.
    pub environment: Environment,
    /// Where it prints.
    pub screen: Screen,
    /// The fleet's folder.
    pub project: Project,
    /// When the command was started.
    pub now: Timestamp,
    /// The time since then.
    pub clock: HostClock,
    /// Where it writes reports: these files are no part of the fleet, wherever they are.
    pub outputs: Vec<PathBuf>,
}

impl Desk {
    /// Finds the fleet's folder.
    ///
    /// # Errors
    /// There is none.
    pub fn at(everywhere: &Everywhere, environment: Environment, screen: Screen) -> Result<Self, Stop> {
        let start = everywhere.project.clone().unwrap_or_else(|| environment.folder.clone());
        let project = Project::find(&start).map_err(no_project)?;
        Ok(Self {
            environment,
            screen,
            project,
            now: Timestamp::now(),
            clock: HostClock::start(),
            outputs: Vec::new(),
        })
    }

    /// Who sits here, by the environment.
    ///
    /// # Errors
    /// It does not say.
    pub fn user(&self) -> Result<String, Stop> {
        let set = |name: &str| {
            let value = self.environment.all.get(OsStr::new(name))?.to_str()?;
            (!value.is_empty()).then(|| value.to_owned())
        };
        set("USER").or_else(|| set("LOGNAME")).ok_or_else(|| {
            Stop::input("the environment does not say who you are").help("set USER: it stands in the journal")
        })
    }

    /// Prints on stdout.
    ///
    /// # Errors
    /// Stdout cannot be written: a full disk, for one.
    pub fn out(&self, text: &str) -> Result<(), Stop> {
        self.screen.out(text).map_err(unwritten)
    }

    /// Prints on stdout, and says whether there is still somebody who reads it.
    ///
    /// # Errors
    /// Stdout cannot be written.
    pub fn tell(&self, text: &str) -> Result<bool, Stop> {
        self.screen.tell(text).map_err(unwritten)
    }

    /// Lets somebody print on stdout what may be too long for one text.
    ///
    /// # Errors
    /// Stdout cannot be written.
    pub fn stream(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Stop> {
        self.screen.stream(write).map_err(unwritten)
    }

    /// A value as a JSON document, ending in a line break.
    ///
    /// # Errors
    /// Never with the values that there are; a map whose keys are no text would be one.
    pub fn json(&self, value: &impl Serialize) -> Result<String, Stop> {
        let text = serde_json::to_string_pretty(value);
        text.map(|text| text + "\n")
            .map_err(|error| Stop::broken("no JSON can be made of this").because(error))
    }

    /// The day in UTC, by which waivers expire.
    #[must_use]
    pub fn today(&self) -> Date {
        self.now.to_zoned(TimeZone::UTC).date()
    }

    /// The nix to use.
    ///
    /// # Errors
    /// There is none.
    pub fn nix(&self) -> Result<PathBuf, Stop> {
        self.environment.nix().ok_or_else(|| {
            Stop::input("nix is not on PATH, and this fleet has to be evaluated").help(
                "install nix (https://nixos.org/download), or say where it is with SEAWORTHY_NIX; \
                 `seaworthy doctor` shows what else is missing",
            )
        })
    }
}

fn unwritten(error: io::Error) -> Stop {
    Stop::broken("stdout cannot be written").because(error)
}

fn no_project(error: NoProject) -> Stop {
    let help = match &error {
        NoProject::NotFound(_) => {
            "run seaworthy in the folder of your fleet's flake, or name it with --project"
        }
        NoProject::Folder { .. } => "name a folder that exists with --project",
    };
    let what = error.to_string();
    let stop = Stop::input(what).help(help);
    match error {
        NoProject::Folder { source, .. } => stop.because(source),
        NoProject::NotFound(_) => stop,
    }
}
