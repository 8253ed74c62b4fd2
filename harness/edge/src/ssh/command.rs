//! ssh's arguments: a file that holds for every client that takes part, and what is one connection's alone.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

use super::Destination;
use crate::process::Program;

/// What the command line states.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The path of `ssh`.
    pub program: PathBuf,
    /// A configuration in place of the user's own and the system's.
    pub config: Option<PathBuf>,
    /// All that ssh sees: `SSH_AUTH_SOCK`, `PATH` and `HOME` matter.
    pub environment: BTreeMap<OsString, OsString>,
    /// Below which sockets are put: short.
    pub sockets: PathBuf,
    /// How long a host may take to say who it is.
    pub connect: Duration,
}

impl Settings {
    /// One connection for one script. It prints `word` when the host has let us in.
    pub(super) fn fresh(&self, to: &Destination, word: &str) -> Program {
        self.program(to, local_command(word), &["sh", "-s"])
    }

    /// A master that stays. It prints `word` when it is connected and listens.
    pub(super) fn master(&self, to: &Destination, socket: &Path, word: &str) -> Program {
        let [permitted, command] = local_command(word);
        let options = ["ControlMaster=yes".into(), control_path(socket), permitted, command];
        let mut program = self.program(to, options, &[]);
        program.arguments.insert(0, "-N".into());
        program
    }

    /// A script over a master that is there; without it nothing is connected.
    pub(super) fn through(&self, to: &Destination, socket: &Path) -> Program {
        let options = [control_path(socket), "ProxyCommand=false".into()];
        self.program(to, options, &["sh", "-s"])
    }

    /// All that is before the host, for nix. It learns by a local command of its own that ssh is connected.
    pub(super) fn for_nix(&self, to: &Destination) -> OsString {
        self.before_host(to, []).join(OsStr::new(" "))
    }

    fn before_host<const N: usize>(&self, to: &Destination, options: [OsString; N]) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["-T".into()];
        if let Some(config) = &self.config {
            arguments.extend(["-F".into(), config.clone().into()]);
        }
        for option in options {
            arguments.extend(["-o".into(), option]);
        }
        if let Some(port) = to.port {
            arguments.extend(["-p".into(), port.to_string().into()]);
        }
        arguments
    }

    fn program<const N: usize>(&self, to: &Destination, options: [OsString; N], remote: &[&str]) -> Program {
        let mut arguments = self.before_host(to, options);
        arguments.extend(["--".into(), to.as_str().into()]);
        arguments.extend(remote.iter().map(OsString::from));
        let mut environment = self.environment.clone();
        environment.extend([("LC_ALL".into(), "C".into()), ("SSH_ASKPASS_REQUIRE".into(), "never".into())]);
        let path = self.program.clone();
        Program { path, arguments, environment, folder: PathBuf::from("/"), memory: None }
    }
}

/// Says a word by ssh's standard output, once the host has let us in.
fn local_command(word: &str) -> [OsString; 2] {
    ["PermitLocalCommand=yes".into(), format!("LocalCommand=echo {word}").into()]
}

/// In ssh's own writing: quotes around blanks, and a percent sign twice.
fn control_path(socket: &Path) -> OsString {
    format!("ControlPath=\"{}\"", socket.display().to_string().replace('%', "%%")).into()
}
