//! Asking machines what they see of the network: one script, one process a machine, nothing installed.
//!
//! ```text
//! Questions ──script──▶ text ──ssh, or a guest's shell──▶ lines ──model::sighting──▶ Sighting ─┐
//!                               └──▶ Unasked ──────────────────────────────────────────────────┴──▶ Outlook
//! ```
//!
//! Flows in: questions, a way to a machine. Flows out: its outlook. Must not: judge it, change anything on the machine, or
//! ask anybody whom the questions do not name.

pub mod cases;
pub mod lookout;
pub mod remote;
mod script;
pub mod worker;

use std::time::Duration;

use model::{
    sighting::{lines, outlook::Outlook, questions::Questions},
    verdict::Fault,
};

pub use script::{Means, script};

use vms::channel::{Channel, ChannelError};

use crate::ssh::{Answer, Destination, Line, Ssh, Unasked};

/// What all but the echoes may take: to connect, to start, to ask daemons, each of which has five seconds of its own.
const BESIDE: Duration = Duration::from_secs(40);

/// What became of asking a machine.
#[derive(Debug, Clone)]
pub struct Look {
    /// As it was read.
    pub outlook: Outlook,
    /// The lines that were read, as the machine printed them; empty where it printed none.
    pub said: String,
}

impl From<Outlook> for Look {
    /// One for which nothing was printed.
    fn from(outlook: Outlook) -> Self {
        Self { outlook, said: String::new() }
    }
}

/// Asks by a connection of its own.
pub async fn ask(ssh: &Ssh, to: &Destination, questions: &Questions, means: Means) -> Look {
    look(ssh.ask(to, &script(questions, means), questions.limit + BESIDE).await)
}

/// Asks over a line.
pub async fn ask_over(line: &Line, questions: &Questions, means: Means) -> Look {
    look(line.ask(&script(questions, means), questions.limit + BESIDE).await)
}

/// Asks a guest in its own shell. The script is some 20 KB, which a guest's terminal takes in a moment.
pub async fn ask_in(shell: &impl Channel, questions: &Questions, means: Means) -> Look {
    let limit = questions.limit + BESIDE;
    match shell.run(&script(questions, means), limit).await {
        Ok(output) => read(String::from_utf8_lossy(&output.stdout).into_owned(), &output.complaints()),
        Err(ChannelError::OutOfTime { .. }) => Outlook::TimedOut(limit).into(),
        Err(error) => {
            let remedy = Some("run this again, with fewer --jobs".to_owned());
            Outlook::Broken(Fault { what: error.to_string(), remedy, detail: Vec::new() }).into()
        }
    }
}

/// Reads an answer that came by ssh.
fn look(answered: Result<Answer, Unasked>) -> Look {
    answered.map_or_else(|unasked| Outlook::from(unasked).into(), |answer| read(answer.out, &answer.err))
}

fn read(said: String, complaints: &str) -> Look {
    let outlook = match lines::read(&said) {
        Ok(seen) => Outlook::Seen(Box::new(seen)),
        Err(unread) => {
            let detail = complaints.lines().take(20).map(str::to_owned).collect();
            Outlook::Broken(Fault { what: unread.to_string(), remedy: None, detail })
        }
    };
    Look { outlook, said }
}
