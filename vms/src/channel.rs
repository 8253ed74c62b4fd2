//! A way to run commands in a guest, and to wait for what happens there.
//!
//! Flows in: commands and limits. Flows out: what they came to. Must not: wait without a limit; hang on what a command
//! leaves behind; take a broken guest for a failed command.

pub mod agent;
pub mod backdoor;
mod frame;
pub(crate) mod script;
pub mod ssh;
#[cfg(test)]
mod stand_in;
pub mod terminal;
pub mod wait;

use std::{fmt, time::Duration};

use crate::{console::Console, shell::quote};

/// How long a file may be on its way: a slow guest takes 50 KB a second.
pub(crate) const FILE_LIMIT: Duration = Duration::from_secs(300);

/// What a command came to.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    /// Its exit status, as a shell tells it: 0 to 255, a signal as 128 and its number.
    pub status: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error; `None` where the channel has it in `stdout`.
    pub stderr: Option<Vec<u8>>,
}

impl Output {
    /// Whether it succeeded.
    #[must_use]
    pub fn success(&self) -> bool {
        self.status == 0
    }

    /// Standard output as text, without the last line's end.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_owned()
    }

    /// Standard error as text, without the last line's end.
    #[must_use]
    pub fn complaints(&self) -> String {
        String::from_utf8_lossy(self.stderr.as_deref().unwrap_or_default()).trim_end().to_owned()
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output")
            .field("status", &self.status)
            .field("stdout", &self.text())
            .field("stderr", &self.complaints())
            .finish()
    }
}

/// Why a channel could not tell what a command came to.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The machine has no such channel, or it was taken before.
    #[error("this guest has no {what}, or it was taken before")]
    NotThere {
        /// Its name.
        what: &'static str,
    },
    /// The guest does not open it.
    #[error("the guest did not open its {what} in {} s, and wrote {bytes} bytes to it{}", limit.as_secs_f32(), last_lines(console))]
    Silent {
        /// Its name.
        what: &'static str,
        /// How long it had.
        limit: Duration,
        /// What it wrote instead.
        bytes: u64,
        /// The last lines of the guest's console.
        console: Vec<String>,
    },
    /// The guest is gone, or has closed it.
    #[error("the guest closed its {what}{}", last_lines(console))]
    Closed {
        /// Its name.
        what: &'static str,
        /// The last lines of the guest's console.
        console: Vec<String>,
    },
    /// The command was killed in the guest as its time was up.
    #[error("`{command}` was not done in {} s", limit.as_secs_f32())]
    OutOfTime {
        /// The command.
        command: String,
        /// How long it had.
        limit: Duration,
    },
    /// The guest says nothing of the command, though its time is long up.
    #[error("the guest does not answer: nothing was heard of `{command}` in {} s, but {bytes} bytes of something else", limit.as_secs_f32())]
    Mute {
        /// The command.
        command: String,
        /// How long it was waited for.
        limit: Duration,
        /// What the guest wrote instead.
        bytes: u64,
    },
    /// The answer is too large for memory.
    #[error("the answer to `{command}` has {bytes} bytes, at most {most} are taken: write it to a file")]
    TooLarge {
        /// The command.
        command: String,
        /// What it has.
        bytes: u64,
        /// What is taken.
        most: u64,
    },
    /// The other side does not do it.
    #[error("the guest's {what} does not run `{command}`: {said}")]
    Refused {
        /// The channel's name.
        what: &'static str,
        /// The command.
        command: String,
        /// Why, in the other side's words.
        said: String,
    },
    /// A file cannot be read or written there.
    #[error("cannot {what} {path} in the guest: {said}")]
    File {
        /// Read or write.
        what: &'static str,
        /// Its path in the guest.
        path: String,
        /// Why, in the guest's words.
        said: String,
    },
}

impl ChannelError {
    /// Of a file that a command could not read or write.
    pub(crate) fn of_file(what: &'static str, path: &str, output: &Output) -> Self {
        Self::File { what, path: path.to_owned(), said: output.complaints() }
    }

    /// With the last words of a guest that does not speak.
    pub(crate) fn with_console(mut self, of: &Console) -> Self {
        const LINES: usize = 8;
        if let Self::Silent { console, .. } | Self::Closed { console, .. } = &mut self {
            let last = of.last_lines(LINES).into_iter().map(|line| line.text);
            // A kernel says why it panics first, and then a lot more.
            let panic = of.panic().filter(|panic| !last.clone().any(|line| line == *panic));
            *console = panic.into_iter().chain(last).collect();
        }
        if let Self::Silent { console, .. } = &mut self
            && console.is_empty()
        {
            let serial = crate::arguments::board().1;
            console.push(format!(
                "(none: is it a kernel for this computer, and is `console={serial}` on its command line?)"
            ));
        }
        self
    }
}

fn last_lines(console: &[String]) -> String {
    if console.is_empty() {
        return String::new();
    }
    format!("; its console's last lines:\n  {}", console.join("\n  "))
}

/// A way into a guest, as root. Commands run one at a time, each in a shell of its own (`sh -c`) with nothing to read.
pub trait Channel: Send + Sync {
    /// Runs a command. What it leaves running in the background is not waited for.
    ///
    /// # Errors
    /// It is not done within `limit`, and was killed; or the guest does not tell.
    fn run(
        &self,
        command: &str,
        limit: Duration,
    ) -> impl Future<Output = Result<Output, ChannelError>> + Send;

    /// Writes a file, whole or not at all, with this mode (as in `0o644`). Its folder must be there.
    ///
    /// # Errors
    /// It cannot be written, or the guest does not tell.
    fn put(
        &self,
        path: &str,
        bytes: &[u8],
        mode: u32,
    ) -> impl Future<Output = Result<(), ChannelError>> + Send;

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or the guest does not tell.
    fn get(&self, path: &str) -> impl Future<Output = Result<Vec<u8>, ChannelError>> + Send {
        async move {
            let output = self.run(&format!("cat <{}", quote(path)), FILE_LIMIT).await?;
            if output.success() {
                Ok(output.stdout)
            } else {
                Err(ChannelError::of_file("read", path, &output))
            }
        }
    }
}
