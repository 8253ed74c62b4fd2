//! Asking machines what they see of the network: one script, one process a machine, nothing installed.
//!
//! ```text
//! Questions ──script──▶ text ──ssh──▶ lines ──model::sighting──▶ Sighting ─┐
//!                               └──▶ Unasked ──────────────────────────────┴──▶ Outlook
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

use crate::ssh::{Answer, Destination, Line, Ssh, Unasked};

/// What all but the echoes may take: to connect, to start, to ask daemons, each of which has five seconds of its own.
const BESIDE: Duration = Duration::from_secs(40);

/// Asks by a connection of its own.
pub async fn ask(ssh: &Ssh, to: &Destination, questions: &Questions, means: Means) -> Outlook {
    outlook(ssh.ask(to, &script(questions, means), questions.limit + BESIDE).await)
}

/// Asks over a line.
pub async fn ask_over(line: &Line, questions: &Questions, means: Means) -> Outlook {
    outlook(line.ask(&script(questions, means), questions.limit + BESIDE).await)
}

/// Reads an answer, by whatever way it came.
fn outlook(answered: Result<Answer, Unasked>) -> Outlook {
    let answer = match answered {
        Ok(answer) => answer,
        Err(unasked) => return unasked.into(),
    };
    match lines::read(&answer.out) {
        Ok(seen) => Outlook::Seen(Box::new(seen)),
        Err(unread) => {
            let detail = answer.err.lines().take(20).map(str::to_owned).collect();
            Outlook::Broken(Fault { what: unread.to_string(), remedy: None, detail })
        }
    }
}
