//! One boot of one kernel with one accelerator, until the kernel is up or its time is.
//!
//! Flows in: QEMU, a kernel, an accelerator, a limit. Flows out: a [`Boot`]. Must not: write a file, open a port, or
//! leave QEMU running.

use std::{ffi::OsString, io, time::Duration};

use super::{Accelerator, console::Console, kernel::Kernel};
use crate::{
    arguments::board,
    child::{Child, Next, Stream},
    qemu::Qemu,
};

/// What a boot came to.
#[derive(Debug)]
pub enum Boot {
    /// The kernel came up.
    Up {
        /// Since QEMU was started.
        took: Duration,
    },
    /// QEMU ended itself with an error: it started no machine, or gave it up.
    Refused {
        /// What it wrote.
        said: Vec<String>,
    },
    /// The machine was reset or switched off before the kernel was up.
    Reset {
        /// The last lines of console and QEMU.
        last_lines: Vec<String>,
    },
    /// The kernel was not up in time.
    OutOfTime {
        /// How long it had.
        limit: Duration,
        /// How many lines it wrote.
        lines: usize,
        /// The last lines of console and QEMU.
        last_lines: Vec<String>,
    },
}

impl Boot {
    /// Whether the next boot would come to the same. A kernel that was still talking when its time was up may only
    /// have met a busy computer.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Up { .. } | Self::OutOfTime { lines: 0, .. })
    }
}

/// Boots the kernel with nothing else: no disk, no network, no root. So it panics as soon as it is up, which ends QEMU.
///
/// # Errors
/// QEMU cannot be started.
pub fn boot(qemu: &Qemu, kernel: &Kernel, accelerator: Accelerator, limit: Duration) -> io::Result<Boot> {
    let mut child = Child::start(&qemu.program, &arguments(kernel, accelerator), limit)?;
    let (mut console, mut complaints) = (Console::default(), Console::default());
    loop {
        match child.await_next()? {
            Next::Chunk(chunk) if chunk.stream == Stream::Err => complaints.read(&chunk.bytes),
            Next::Chunk(chunk) => console.read(&chunk.bytes),
            Next::Ended(status) if status.success() => {
                return Ok(Boot::Reset { last_lines: both(console, complaints) });
            }
            Next::Ended(_) => return Ok(Boot::Refused { said: both(console, complaints) }),
            Next::OutOfTime => {
                let lines = console.lines();
                return Ok(Boot::OutOfTime { limit, lines, last_lines: both(console, complaints) });
            }
        }
        if console.up() {
            return Ok(Boot::Up { took: child.took() });
        }
    }
}

/// The last lines of both, QEMU's own last; at most eight.
fn both(console: Console, complaints: Console) -> Vec<String> {
    const MOST: usize = 8;
    let mut lines = console.into_last_lines();
    lines.extend(complaints.into_last_lines());
    lines.split_off(lines.len().saturating_sub(MOST))
}

/// A lean machine of this computer's own architecture. `-cpu max` is the host's processor where there is an
/// accelerator, which guests of tests use as well. One processor, as QEMU 7.2 emulates two unsteadily.
fn arguments(kernel: &Kernel, accelerator: Accelerator) -> Vec<OsString> {
    let (machine, console) = board();
    let append = format!("console={console} panic=-1");
    let words: [&str; 18] = [
        "-no-user-config",
        "-nodefaults",
        "-no-reboot",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-machine",
        machine,
        "-accel",
        accelerator.as_str(),
        "-cpu",
        "max",
        "-m",
        "256",
        "-smp",
        "1",
        "-kernel",
    ];
    let words = words.into_iter().map(OsString::from);
    words.chain([kernel.path.clone().into(), "-append".into(), append.into()]).collect()
}
