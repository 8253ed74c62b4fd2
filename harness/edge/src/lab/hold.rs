//! The process that holds a lab: it brings it up, answers until it is told to end, and takes it down.
//!
//! Flows in: a topology and a folder, then questions, one after the other. Flows out: answers. Must not: end without taking the
//! lab down, or let a question that is wrong end it.

use std::{error::Error, ffi::OsStr, io, path::Path, time::Duration};

use lab::{
    lab::{Lab, LabError, UpError},
    probe::Plane,
    tools::{Missing, Tools},
    topology::{Overlay, Topology},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::mpsc,
    time::{sleep, timeout},
};

use super::ask::{Answer, Ask, Planes, Shown, ShownHost, socket};

/// A lab that is held by this process.
#[derive(Debug)]
pub struct Held {
    lab: Lab,
    listener: UnixListener,
}

/// Why there is no lab.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// This computer lacks something, or this user may not.
    #[error("there can be no lab here")]
    Missing(#[from] Missing),
    /// It did not come up.
    #[error("the lab did not come up")]
    Up(#[from] UpError),
    /// Nobody could ask it.
    #[error("the lab's socket cannot be made")]
    Socket(#[source] io::Error),
}

/// How long a question may take to arrive.
const QUESTION: Duration = Duration::from_secs(5);
/// How long nobody is taken in after that failed.
const PATIENCE: Duration = Duration::from_millis(100);
/// The longest question, in bytes.
const MOST: u64 = 64 * 1024;
/// How long a host may take to be reached that should be. Loss is made up for by asking again within it.
const REACH: Duration = Duration::from_millis(1500);

impl Held {
    /// Brings a lab up.
    ///
    /// # Errors
    /// It cannot be, here or with this topology, or one is up in the folder.
    pub async fn up(topology: Topology, folder: &Path, search_path: &OsStr) -> Result<Self, HoldError> {
        let tools = Tools::find(search_path, topology.overlay)?;
        let lab = Lab::up(topology, folder, tools).await?;
        let listener = UnixListener::bind(socket(folder)).map_err(HoldError::Socket)?;
        Ok(Self { lab, listener })
    }

    /// Answers until it is told to end, by a question or by a signal. The lab is down then.
    pub async fn answer(mut self, interrupts: &mut mpsc::Receiver<()>) {
        loop {
            let accepted = tokio::select! {
                biased;
                Some(()) = interrupts.recv() => break,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((mut stream, _)) = accepted else {
                // With no descriptor left it fails again at once, until one is given back.
                sleep(PATIENCE).await;
                continue;
            };
            match timeout(QUESTION, read(&mut stream)).await {
                Ok(Ok(Ask::Down)) => {
                    self.lab.down().await;
                    return say(&mut stream, &Answer::Done).await;
                }
                Ok(Ok(question)) => say(&mut stream, &of(&mut self.lab, question).await).await,
                Ok(Err(error)) => say(&mut stream, &Answer::Refused(error.to_string())).await,
                Err(_too_late) => {}
            }
        }
        self.lab.down().await;
    }
}

async fn read(stream: &mut UnixStream) -> io::Result<Ask> {
    let mut text = Vec::new();
    stream.take(MOST).read_to_end(&mut text).await?;
    Ok(serde_json::from_slice(&text)?)
}

async fn say(stream: &mut UnixStream, answer: &Answer) {
    // Who does not wait for an answer misses it.
    if let Ok(text) = serde_json::to_vec(answer) {
        let _gone = stream.write_all(&text).await;
    }
}

async fn of(lab: &mut Lab, question: Ask) -> Answer {
    let done = match question {
        Ask::Show => return shown(lab).await.map_or_else(refused, Answer::Shown),
        Ask::Begin(fault) => lab.begin(fault).await,
        Ask::Mend => lab.restore().await,
        Ask::Down => Ok(()),
    };
    done.map_or_else(refused, |()| Answer::Done)
}

fn refused(error: LabError) -> Answer {
    Answer::Refused(whole(&error))
}

/// An error with its causes, on one line.
#[must_use]
pub fn whole(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}

async fn shown(lab: &Lab) -> Result<Shown, LabError> {
    let overlay = lab.topology().overlay;
    let mut unreached = Planes { plain: missing(lab, Plane::Plain).await?, overlay: Vec::new() };
    if overlay != Overlay::None {
        unreached.overlay = missing(lab, Plane::Overlay).await?;
    }
    let members = lab.topology().members();
    let hosts = lab.hosts().map(|host| ShownHost {
        name: host.name().to_owned(),
        plain: host.seat().plain(),
        overlay: host.overlay_address(),
        port: lab.port(host.name()),
        outsider: !members.contains(host.name()),
    });
    let faults = lab.faults().iter().map(ToString::to_string).collect();
    Ok(Shown { overlay, hosts: hosts.collect(), faults, unreached })
}

async fn missing(lab: &Lab, plane: Plane) -> Result<Vec<[String; 2]>, LabError> {
    let reach = lab.reach(&[], plane, REACH).await?;
    Ok(reach.missing().into_iter().map(|(from, to)| [from.to_owned(), to.to_owned()]).collect())
}
