//! Whoever reads what is printed, while nothing is printed.
//!
//! Flows in: stdout. Flows out: the moment from which on nobody reads it. Must not: write, or take anything else for that moment.

use std::{future::pending, io, os::fd::AsFd, thread};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::retry_on_intr,
};
use tokio::sync::oneshot;

/// Comes back when nobody reads stdout any more, as after `| head -1`. A file is read for ever.
///
/// A thread of its own waits for that, and ends with the process.
pub async fn gone() {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        if outlives_its_reader(io::stdout()) {
            // Who does not wait any more needs no word.
            let _over = tell.send(());
        }
    });
    if told.await.is_err() {
        pending().await
    }
}

/// Waits until the other end of a pipe, a socket or a terminal is gone. `false` where that cannot be waited for.
fn outlives_its_reader(output: impl AsFd) -> bool {
    // That an end is gone is told unasked, but by macOS and illumos only to who asks for something: this never comes.
    let mut asked = [PollFd::new(&output, PollFlags::RDBAND)];
    let told = retry_on_intr(|| poll(&mut asked, None));
    told.is_ok() && asked.iter().any(|one| one.revents().intersects(PollFlags::ERR | PollFlags::HUP))
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[test]
    fn a_pipe_is_read_until_its_other_end_is_closed() {
        let (reader, writer) = io::pipe().expect("a pipe");
        let (tell, told) = mpsc::channel();
        thread::spawn(move || tell.send(outlives_its_reader(writer)));
        assert_eq!(told.recv_timeout(Duration::from_millis(100)), Err(mpsc::RecvTimeoutError::Timeout));
        drop(reader);
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(true));
    }
}
