//! A person at a terminal: what they type, and what they see.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt},
    termios::{LocalModes, tcgetattr},
};

/// Somebody who started seaworthy on a terminal of its own.
pub(crate) struct Person {
    child: Child,
    ours: File,
    theirs: OwnedFd,
    written: Receiver<Vec<u8>>,
    screen: String,
}

/// What a command left behind.
pub(crate) struct Seen {
    /// What stood on the screen, standard error with it.
    pub(crate) screen: String,
    /// The exit status.
    pub(crate) status: Option<i32>,
    /// Whether the terminal repeats again what is typed, line by line.
    pub(crate) mended: bool,
}

/// Longer than a guest takes to come up.
const PATIENCE: Duration = Duration::from_secs(200);

impl Person {
    /// Starts it.
    pub(crate) fn starts(folder: &Path, arguments: &[&str]) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
        let ours = openpt(flags)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let theirs = ioctl_tiocgptpeer(&ours, flags)?;
        let child = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args(arguments)
            .args(["--color", "never"])
            .current_dir(folder)
            .env("TERM", "dumb")
            .stdin(Stdio::from(theirs.try_clone()?))
            .stdout(Stdio::from(theirs.try_clone()?))
            .stderr(Stdio::from(theirs.try_clone()?))
            .spawn()?;
        let ours = File::from(ours);
        let mut reading = ours.try_clone()?;
        let (writes, written) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Linux tells of the end by an error.
            while let Ok(read @ 1..) = reading.read(&mut buffer) {
                if writes.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, ours, theirs, written, screen: String::new() })
    }

    /// Types, whether or not somebody reads it yet.
    pub(crate) fn types(&mut self, text: &str) -> io::Result<()> {
        self.ours.write_all(text.as_bytes())
    }

    /// Waits until this stands on the screen.
    pub(crate) fn sees(&mut self, text: &str) -> io::Result<()> {
        while !self.screen.contains(text) {
            let more = self.written.recv_timeout(PATIENCE);
            let more = more.map_err(|_| io::Error::other(format!("no {text:?} in:\n{}", self.screen)))?;
            self.screen.push_str(&String::from_utf8_lossy(&more));
        }
        Ok(())
    }

    /// Has the system tell it to end.
    pub(crate) fn ends_it(&self) -> io::Result<()> {
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        process.map_or(Ok(()), |process| Ok(kill_process(process, Signal::TERM)?))
    }

    /// Waits for its end.
    pub(crate) fn waits(mut self) -> io::Result<Seen> {
        let status = self.child.wait()?.code();
        let modes = tcgetattr(&self.theirs)?.local_modes;
        drop(self.theirs);
        for more in self.written {
            self.screen.push_str(&String::from_utf8_lossy(&more));
        }
        let mended = modes.contains(LocalModes::ICANON | LocalModes::ECHO);
        Ok(Seen { screen: self.screen, status, mended })
    }
}
