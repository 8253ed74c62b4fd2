//! A shell of this computer in place of a guest's, for tests.

use std::{os::fd::OwnedFd, path::Path, process, time::Duration};

use tokio::net::UnixStream;

use super::backdoor::Backdoor;
use crate::child::command;

pub(super) const LIMIT: Duration = Duration::from_secs(20);

/// It ends with its owner, as its input is closed then, or when it is dropped.
pub(super) struct StandIn(process::Child);

impl StandIn {
    /// `shell` opens the backdoor as nixpkgs' test-instrumentation.nix does, with these programs before the others.
    pub(super) fn start(shell: &str, programs: &Path) -> (Self, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let theirs = theirs.into_std().unwrap();
        theirs.set_nonblocking(false).unwrap();
        let (input, output) = (OwnedFd::from(theirs.try_clone().unwrap()), OwnedFd::from(theirs));
        let script = format!("echo noise; echo 'Spawning backdoor root shell...'; exec {shell}");
        let child = command(Path::new("/bin/sh"))
            .args(["-c", &script])
            .env("PATH", format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", programs.display()))
            .stdin(input)
            .stdout(output)
            .stderr(process::Stdio::null())
            .spawn();
        (Self(child.unwrap()), ours)
    }

    pub(super) async fn open(shell: &str, programs: &Path) -> (Self, Backdoor) {
        let (stand_in, stream) = Self::start(shell, programs);
        (stand_in, Backdoor::open(stream, LIMIT).await.unwrap())
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}
