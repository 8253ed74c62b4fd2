//! Ctrl-C and its like, as messages.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

/// One message for each time that the user (SIGINT) or the system (SIGTERM, SIGHUP) asks to stop.
///
/// From the first call on, these signals no longer end the process by themselves.
#[must_use]
pub fn listen() -> mpsc::Receiver<()> {
    let (told, tell) = mpsc::channel(4);
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        // A system that refuses a handler keeps its own: the process ends at once, as it would without us.
        let Ok(mut signal) = signal(kind) else { continue };
        let told = told.clone();
        tokio::spawn(async move { while signal.recv().await.is_some() && told.send(()).await.is_ok() {} });
    }
    tell
}
