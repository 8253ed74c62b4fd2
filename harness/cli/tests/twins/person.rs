//! A person at a terminal: what they type, and what they see.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
};

use rustix::{
    pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt},
    termios::{LocalModes, tcgetattr},
};

/// What a command left behind that was started on a terminal.
pub(crate) struct Seen {
    /// What stood on the screen, standard error with it.
    pub(crate) screen: String,
    /// The exit status.
    pub(crate) status: Option<i32>,
    /// Whether the terminal repeats again what is typed, line by line.
    pub(crate) mended: bool,
}

/// Starts seaworthy on a terminal of its own, where everything was typed ahead.
pub(crate) fn at_a_terminal(folder: &Path, arguments: &[&str], typed: &str) -> io::Result<Seen> {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let ours = openpt(flags)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let theirs = ioctl_tiocgptpeer(&ours, flags)?;
    let mut child = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(arguments)
        .args(["--color", "never"])
        .current_dir(folder)
        .env("TERM", "dumb")
        .stdin(Stdio::from(theirs.try_clone()?))
        .stdout(Stdio::from(theirs.try_clone()?))
        .stderr(Stdio::from(theirs.try_clone()?))
        .spawn()?;
    let mut ours = File::from(ours);
    ours.write_all(typed.as_bytes())?;
    let mut reading = ours.try_clone()?;
    let screen = std::thread::spawn(move || {
        let mut screen = Vec::new();
        // Linux tells of the end by an error.
        let _end = reading.read_to_end(&mut screen);
        String::from_utf8_lossy(&screen).into_owned()
    });
    let status = child.wait()?.code();
    let modes = tcgetattr(&theirs)?.local_modes;
    drop(theirs);
    let screen = screen.join().map_err(|_| io::Error::other("the screen was not read"))?;
    Ok(Seen { screen, status, mended: modes.contains(LocalModes::ICANON | LocalModes::ECHO) })
}
