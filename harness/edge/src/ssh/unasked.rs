//! Why a host gave no answer.

use std::{io, time::Duration};

use model::{
    sighting::outlook::{Distrust, Outlook},
    verdict::Fault,
};

/// Why there is no answer. Words are ssh's own.
#[derive(Debug, thiserror::Error)]
pub enum Unasked {
    /// No handshake came about: no route, refused, no answer in time, an unknown name.
    #[error("offline: {0}")]
    Offline(String),
    /// Whoever answered did not prove to be the host.
    #[error("{}: {said}", what.as_str())]
    Distrusted {
        /// In which way.
        what: Distrust,
        /// ssh's words.
        said: String,
    },
    /// The host lets this user do nothing.
    #[error("no way in: {0}")]
    Denied(String),
    /// The host was met, and the connection ended before its answer did.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The connection stood, and the script ended in the middle.
    #[error("the script there ended before its answer did: {0}")]
    CutShort(String),
    /// The host was met, and its answer did not end in time.
    #[error("no whole answer within {:.1} s", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The user's shell there ran no script.
    #[error("the login shell there runs no script: {0}")]
    NoShell(String),
    /// It said more than anybody reads.
    #[error("an answer of more than {0} bytes")]
    TooLong(usize),
    /// ssh refuses what it was told: an option or the user's configuration.
    #[error("ssh does not start: {0}; see that `ssh -G` takes your configuration")]
    Refused(String),
    /// ssh cannot be run.
    #[error("ssh cannot be run: see that OpenSSH's client is installed")]
    System(#[from] io::Error),
}

impl From<Unasked> for Outlook {
    fn from(unasked: Unasked) -> Self {
        let what = unasked.to_string();
        match unasked {
            Unasked::Offline(why) => Self::Offline(why),
            Unasked::Distrusted { what, said } => Self::Distrusted(what, said),
            Unasked::Denied(why) => Self::Denied(why),
            Unasked::TimedOut(limit) => Self::TimedOut(limit),
            // Who can no more be met has told nothing, good or bad.
            Unasked::Lost(_) => Self::Offline(what),
            Unasked::CutShort(_)
            | Unasked::NoShell(_)
            | Unasked::TooLong(_)
            | Unasked::Refused(_)
            | Unasked::System(_) => Self::Broken(Fault { what, remedy: None, detail: Vec::new() }),
        }
    }
}
