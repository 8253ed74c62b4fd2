//! What kills a child once its owner is gone, by whatever way.
//!
//! Flows in: the number of a child that leads a process group. Flows out: nothing. Must not: kill anybody once it is
//! dropped.

use std::{
    io,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{self, Stdio},
};

use super::command;

/// A shell that kills the child once the owner is gone, by whatever way: the system then closes the shell's standard
/// input. `PR_SET_PDEATHSIG` would take `unsafe`, and exists on Linux only. A guest that spins in a broken accelerator
/// never ends by itself.
#[derive(Debug)]
pub(super) struct Guard(process::Child);

impl Guard {
    pub(super) fn start(child: u32) -> io::Result<Self> {
        const SCRIPT: &str = "trap '' INT TERM HUP; read -r _; kill -9 \"-$1\"";
        command(Path::new("/bin/sh"))
            .args(["-c", SCRIPT, "sh", &child.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map(Self)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Killed before its input is closed, so that it kills nobody. Then it is gone at once.
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}
