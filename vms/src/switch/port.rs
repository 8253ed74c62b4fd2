//! One port: its socket, and the guest that is at it.
//!
//! Flows in: bytes of the guest's stream, to the fabric. Flows out: the fabric's frames for this port, to the stream. Must
//! not: let the guest's reading wait for its writing, or either for another port.

use std::{convert::Infallible, fmt, io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        UnixListener, UnixStream,
        unix::{ReadHalf, WriteHalf},
    },
    task::yield_now,
    time::{sleep, sleep_until},
};

use super::{
    frame::{Decoder, Malformed},
    wires::Wires,
};

/// Whether a guest is at a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attachment {
    /// None has come as yet.
    Awaited,
    /// One is there.
    There,
    /// The last one has gone; the next may come.
    Gone(Gone),
}

/// Why a guest is no longer at its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gone {
    /// It closed its connection: it has ended.
    Left,
    /// What it wrote cannot be read, so its connection was closed.
    Malformed(Malformed),
    /// The system says so.
    Broken(String),
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("it closed its connection"),
            Self::Malformed(malformed) => write!(f, "its connection was closed, for {malformed}"),
            Self::Broken(said) => write!(f, "its connection broke: {said}"),
        }
    }
}

/// Serves one guest after the other.
pub(super) async fn serve(listener: UnixListener, wires: &Wires, port: usize) -> Infallible {
    /// As when this process has too many open files, which pass.
    const AGAIN: Duration = Duration::from_millis(100);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                wires.attach(port);
                let gone = carry(stream, wires, port).await;
                wires.detach(port, gone);
            }
            Err(_) => sleep(AGAIN).await,
        }
    }
}

async fn carry(mut stream: UnixStream, wires: &Wires, port: usize) -> Gone {
    let (reading, writing) = stream.split();
    tokio::select! {
        gone = receive(reading, wires, port) => gone,
        never = deliver(writing, wires, port) => match never {},
    }
}

async fn receive(mut reading: ReadHalf<'_>, wires: &Wires, port: usize) -> Gone {
    let (mut decoder, mut piece) = (Decoder::default(), vec![0; 64 * 1024]);
    loop {
        let read = match reading.read(&mut piece).await {
            Ok(0) => return decoder.finish().map_or_else(Gone::Malformed, |()| Gone::Left),
            // It has ended without reading all that there was for it.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return decoder.finish().map_or_else(Gone::Malformed, |()| Gone::Left);
            }
            Err(error) => return Gone::Broken(error.to_string()),
            Ok(read) => read,
        };
        if let Err(malformed) = wires.receive(port, &mut decoder, &piece[..read]) {
            return Gone::Malformed(malformed);
        }
        // Others empty their queues before this one fills them again: a guest on another processor writes as fast as is
        // read here, and tokio would let it go on for 128 pieces, eight times what a queue holds.
        yield_now().await;
    }
}

/// Ends with the reading only: what a guest sent before it left is still read when nothing can be written any more.
async fn deliver(mut writing: WriteHalf<'_>, wires: &Wires, port: usize) -> Infallible {
    let mut batch = Vec::new();
    loop {
        batch.clear();
        let next = wires.take(port, &mut batch);
        if !batch.is_empty() {
            if writing.write_all(&batch).await.is_err() {
                return std::future::pending().await;
            }
            continue;
        }
        let news = wires.news(port);
        match next {
            None => news.await,
            Some(due) => tokio::select! {
                () = sleep_until(due) => {}
                () = news => {}
            },
        }
    }
}
