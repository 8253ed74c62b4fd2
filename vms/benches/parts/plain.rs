//! QEMU with nobody who drives it, to hold the driver against.
//!
//! Flows in: a machine with a backdoor. Flows out: how long its guest takes to open it. Must not: do anything that the driver does.

use std::{
    io::Read as _,
    os::unix::net::UnixListener,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use vms::{
    arguments::{Socket, arguments},
    machine::Machine,
};

/// From the start of QEMU until its guest opens the shell: the driver's arguments, with a thread a socket in place of the driver.
pub(crate) fn boot_plain(program: &Path, machine: &Machine, folders: &Path) -> Duration {
    let folder = tempfile::Builder::new().prefix("plain").tempdir_in(folders).unwrap();
    let began = Instant::now();
    let listeners = Socket::all(machine)
        .into_iter()
        .map(|socket| (socket, UnixListener::bind(folder.path().join(socket.name())).unwrap()));
    let readers: Vec<_> = listeners
        .map(|(socket, listener)| (socket, thread::spawn(move || read(&listener, socket))))
        .collect();
    let mut process = Command::new(program)
        .args(arguments(machine, folder.path()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut took = Duration::ZERO;
    for (socket, reader) in readers.into_iter().rev() {
        if socket == Socket::Shell {
            reader.join().unwrap();
            took = began.elapsed();
            process.kill().unwrap();
        } else {
            reader.join().unwrap();
        }
    }
    process.wait().unwrap();
    took
}

/// To the end, or until the shell is open.
fn read(listener: &UnixListener, socket: Socket) {
    let (mut stream, _) = listener.accept().unwrap();
    let (mut said, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut buffer) {
        said.extend_from_slice(&buffer[..read]);
        if socket == Socket::Shell && String::from_utf8_lossy(&said).contains("backdoor root shell...") {
            return;
        }
    }
}
