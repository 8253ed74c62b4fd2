//! What is asked of a lab that is up, and what it answers: a line of JSON each, by a socket in its folder.
//!
//! Flows in: a folder and a question. Flows out: the answer. Must not: wait without end.

use std::{
    io,
    net::{IpAddr, Ipv6Addr},
    path::{Path, PathBuf},
    time::Duration,
};

use lab::{fault::Fault, topology::Overlay};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// What it is like.
    Show,
    /// Something is to go wrong.
    Begin(Fault),
    /// All that went wrong is to be well again.
    Mend,
    /// It is to end.
    Down,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// What it is like.
    Shown(Shown),
    /// It is done.
    Done,
    /// It is not done; why.
    Refused(String),
}

/// What a lab is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// What joins the hosts besides the plain network.
    pub overlay: Overlay,
    /// The hosts, by name.
    pub hosts: Vec<ShownHost>,
    /// What is wrong with it, in words, in the order in which it began.
    pub faults: Vec<String>,
    /// Who does not reach whom.
    pub unreached: Planes,
}

/// Ordered pairs of hosts, from whom to whom, on either network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planes {
    /// On the plain network.
    pub plain: Vec<[String; 2]>,
    /// On the overlay, of its members.
    pub overlay: Vec<[String; 2]>,
}

/// A host of a lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownHost {
    /// Its name.
    pub name: String,
    /// Its addresses on the plain network.
    pub plain: [IpAddr; 2],
    /// Its address on the overlay.
    pub overlay: Option<Ipv6Addr>,
    /// The port of this computer's loopback that leads to its sshd.
    pub port: Option<u16>,
    /// Whether the overlay's members do not accept it.
    pub outsider: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is there.
    #[error("no lab is up")]
    NoLab,
    /// It went away, or something else answered.
    #[error("the lab did not answer")]
    NoAnswer(#[source] io::Error),
}

/// How long an answer may take: each fault of two hundred hosts' overlays takes seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// Where a lab listens.
pub(super) fn socket(folder: &Path) -> PathBuf {
    folder.join("control")
}

/// Asks the lab of a folder.
///
/// # Errors
/// No lab is up there, or it does not answer within a minute.
pub async fn ask(folder: &Path, question: &Ask) -> Result<Answer, AskError> {
    let mut stream = UnixStream::connect(socket(folder)).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NoLab,
        _ => AskError::NoAnswer(error),
    })?;
    let answer = async {
        stream.write_all(&serde_json::to_vec(question)?).await?;
        stream.shutdown().await?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text).await?;
        Ok(serde_json::from_slice(&text)?)
    };
    timeout(LIMIT, answer).await.map_err(io::Error::from).flatten().map_err(AskError::NoAnswer)
}
