//! Machines asked over SSH: by a connection each, or over lines that stay up between rounds.
//!
//! Flows in: destinations, as the plan has them. Flows out: outlooks. Must not: connect to anybody whom the plan does not name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use model::{
    machine::MachineName,
    round::Way,
    sighting::{outlook::Outlook, questions::Questions},
    verdict::Fault,
};
use run::worker::BoxFuture;
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

use super::{
    Look, Means, ask, ask_over,
    lookout::{Asked, Lookout, Tell},
};
use crate::ssh::{Destination, Line, Ssh};

/// Machines that are asked at a time. Of more, those that wait are not there to hear the first.
const AT_A_TIME: usize = 64;
/// How long a line may take to come up.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an answer is waited for over a line of which nobody knows whether it is still there.
const HELD: Duration = Duration::from_secs(10);

/// Asks over SSH.
#[derive(Debug)]
pub struct Remote {
    ssh: Arc<Ssh>,
    /// Lines that are up, where they are kept.
    lines: Option<Arc<Lines>>,
}

type Lines = Mutex<HashMap<MachineName, Arc<Line>>>;

impl Remote {
    /// A connection for each question.
    #[must_use]
    pub fn once(ssh: Ssh) -> Self {
        Self { ssh: Arc::new(ssh), lines: None }
    }

    /// Lines that stay up from one round to the next.
    #[must_use]
    pub fn kept(ssh: Ssh) -> Self {
        Self { ssh: Arc::new(ssh), lines: Some(Arc::default()) }
    }
}

impl Lookout for Remote {
    fn look(&self, asked: Asked, tell: Tell) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let room = Arc::new(Semaphore::new(AT_A_TIME));
            let mut looks = JoinSet::new();
            for (name, (way, questions)) in asked {
                let (ssh, lines, tell) = (Arc::clone(&self.ssh), self.lines.clone(), tell.clone());
                let room = Arc::clone(&room);
                looks.spawn(async move {
                    // It is never closed.
                    let _room = room.acquire().await;
                    let look = match destination(&way) {
                        Err(fault) => Outlook::Broken(fault).into(),
                        Ok(to) => match lines {
                            None => ask(&ssh, &to, &questions, Means::Best).await,
                            Some(lines) => over(&ssh, &lines, &name, &to, &questions).await,
                        },
                    };
                    // Nobody waits any more when the round is over.
                    let _over = tell.send((name, look));
                });
            }
            while looks.join_next().await.is_some() {}
        })
    }
}

fn destination(way: &Way) -> Result<Destination, Fault> {
    let fault = |what: String| Fault { what, remedy: None, detail: Vec::new() };
    match way {
        Way::Ssh { host, port } => Destination::new(host, *port).map_err(|error| fault(error.to_string())),
        Way::Guest { .. } => Err(fault("a guest is not asked over ssh".to_owned())),
    }
}

/// A line that was up before may be gone since: then there is a new one, once.
async fn over(ssh: &Ssh, lines: &Lines, name: &MachineName, to: &Destination, questions: &Questions) -> Look {
    let held = lines.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    if let Some(line) = held {
        if let Ok(look @ Look { outlook: Outlook::Seen(_), .. }) =
            timeout(HELD, ask_over(&line, questions, Means::Best)).await
        {
            return look;
        }
        lines.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
    let line = match ssh.line(to, CONNECT).await {
        Ok(line) => Arc::new(line),
        Err(unasked) => return Outlook::from(unasked).into(),
    };
    let look = ask_over(&line, questions, Means::Best).await;
    if matches!(look.outlook, Outlook::Seen(_)) {
        lines.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), line);
    }
    look
}
