//! ssh's arguments: the user's configuration holds, but for what would ask, teach, forward or share.

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

/// What holds whatever the user's configuration says; the first value that ssh meets counts.
///
/// No question is asked, no host key is learnt, nothing is forwarded, and errors are told, as they tell what went wrong.
const ALWAYS: [&str; 15] = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ConnectionAttempts=1",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "LogLevel=ERROR",
    "RequestTTY=no",
    "RemoteCommand=none",
    "SessionType=default",
    "StdinNull=no",
    "ForkAfterAuthentication=no",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
];

impl Settings {
    /// One connection for one script; of the user's masters none is used and none is made.
    pub(super) fn fresh(&self, to: &Destination) -> Program {
        let options = ["ControlMaster=no".into(), "ControlPath=none".into()];
        self.program(to, options, &["sh", "-s"])
    }

    /// A master that stays. It prints `word` when it is connected and listens.
    pub(super) fn master(&self, to: &Destination, socket: &Path, word: &str) -> Program {
        let options = [
            "ControlMaster=yes".into(),
            "ControlPersist=no".into(),
            control_path(socket),
            "PermitLocalCommand=yes".into(),
            format!("LocalCommand=echo {word}").into(),
        ];
        let mut program = self.program(to, options, &[]);
        program.arguments.insert(0, "-N".into());
        program
    }

    /// A script over a master that is there; without it nothing is connected.
    pub(super) fn through(&self, to: &Destination, socket: &Path) -> Program {
        let options = ["ControlMaster=no".into(), control_path(socket), "ProxyCommand=false".into()];
        self.program(to, options, &["sh", "-s"])
    }

    /// All that is before the host, for nix. It learns by a local command of its own that ssh is connected.
    pub(super) fn for_nix(&self, to: &Destination) -> OsString {
        self.before_host(to, ["ControlMaster=no".into(), "ControlPath=none".into()]).join(OsStr::new(" "))
    }

    fn before_host<const N: usize>(&self, to: &Destination, options: [OsString; N]) -> Vec<OsString> {
        let connect = OsString::from(format!("ConnectTimeout={}", self.connect.as_secs().max(1)));
        let mut arguments: Vec<OsString> = vec!["-T".into()];
        if let Some(config) = &self.config {
            arguments.extend(["-F".into(), config.clone().into()]);
        }
        let always = ALWAYS.map(OsString::from).into_iter();
        for option in always.chain([connect]).chain(options) {
            arguments.extend(["-o".into(), option]);
        }
        if let Some(port) = to.port {
            arguments.extend(["-p".into(), port.to_string().into()]);
        }
        arguments
    }

    fn program<const N: usize>(&self, to: &Destination, options: [OsString; N], remote: &[&str]) -> Program {
        let mut arguments = self.before_host(to, options);
        // Unless it was permitted just before: the first word counts.
        arguments.extend(["-o".into(), "PermitLocalCommand=no".into()]);
        arguments.extend(["--".into(), to.as_str().into()]);
        arguments.extend(remote.iter().map(OsString::from));
        let mut environment = self.environment.clone();
        environment.extend([("LC_ALL".into(), "C".into()), ("SSH_ASKPASS_REQUIRE".into(), "never".into())]);
        let path = self.program.clone();
        Program { path, arguments, environment, folder: PathBuf::from("/"), memory: None }
    }
}

/// In ssh's own writing: quotes around blanks, and a percent sign twice.
fn control_path(socket: &Path) -> OsString {
    format!("ControlPath=\"{}\"", socket.display().to_string().replace('%', "%%")).into()
}
