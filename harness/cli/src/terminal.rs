//! A guest's shell on the user's own terminal.
//!
//! Flows in: a guest that waits. Flows out: nothing; the user has seen it. Must not: leave the terminal other than it was.

use std::{
    ffi::OsStr,
    io::{self, IsTerminal as _, Read as _},
    os::fd::AsFd as _,
    thread,
};

use edge::vm::afloat::Afloat;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::{
    io::{AsyncRead, AsyncWriteExt as _, DuplexStream, duplex},
    sync::mpsc,
};
use vms::channel::terminal::{Left, Size};

use crate::{desk::Desk, stop::Stop};

/// Whoever wants a shell needs a terminal.
///
/// # Errors
/// There is none.
pub fn is_there(option: &str) -> Result<(), Stop> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    let help = "`seaworthy boot MACHINE --print` prints the command that boots it";
    Err(Stop::input(format!("--{option} opens a shell, and this is no terminal")).help(help))
}

/// Opens a root shell in a guest, and ends the guest with it, or when this process is told to end: a key never tells it so.
///
/// # Errors
/// The terminal cannot be made raw, or the guest is gone before it begins.
pub async fn open(desk: &Desk, guest: Afloat, interrupts: &mut mpsc::Receiver<()>) -> Result<(), Stop> {
    let name = guest.machine.clone();
    // A terminal over a serial line knows its size as little.
    let size = tcgetwinsize(io::stdout())
        .ok()
        .filter(|size| size.ws_row > 0 && size.ws_col > 0)
        .map_or(Size { rows: 24, columns: 80 }, |size| Size { rows: size.ws_row, columns: size.ws_col });
    let kind = desk.environment.all.get(OsStr::new("TERM")).and_then(|kind| kind.to_str()).unwrap_or("dumb");
    let gone =
        |error: &dyn std::error::Error| Stop::broken(format!("the guest of {name} has no shell: {error}"));
    let (terminal, _guest) = guest.terminal(size, kind).await.map_err(|error| gone(&error))?;
    let left = {
        let _raw =
            Raw::make().map_err(|error| Stop::broken("the terminal cannot be made raw").because(error))?;
        tokio::select! {
            biased;
            Some(()) = interrupts.recv() => Ok(Left::Away),
            left = terminal.join(keyboard(), tokio::io::stdout()) => left,
        }
    };
    desk.screen.note(match left {
        Ok(Left::Gone) => "the guest is gone",
        Ok(Left::Ended(_) | Left::Away) => "the guest is ended",
        Err(_) => "the terminal is gone",
    });
    Ok(())
}

/// What is typed, byte by byte. A thread of its own reads it, since nothing can wake who reads a terminal: it ends with the
/// process.
fn keyboard() -> impl AsyncRead + Unpin {
    let (typed, input): (DuplexStream, DuplexStream) = duplex(4096);
    let runtime = tokio::runtime::Handle::current();
    thread::spawn(move || {
        let (mut typed, mut buffer, mut stdin) = (typed, [0; 1024], io::stdin().lock());
        while let Ok(read @ 1..) = stdin.read(&mut buffer) {
            if runtime.block_on(typed.write_all(&buffer[..read])).is_err() {
                break;
            }
        }
    });
    input
}

/// The terminal while each key goes to the guest as it is. Dropping it makes it as it was.
struct Raw {
    before: Termios,
}

impl Raw {
    fn make() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(stdin.as_fd())?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin.as_fd(), OptionalActions::Now, &raw)?;
        Ok(Self { before })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that is gone needs no mending.
        let _gone = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.before);
    }
}
