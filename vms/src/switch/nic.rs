//! A network card in this process, for those who want to speak on a network without a guest.
//!
//! Flows in: frames to send. Flows out: frames that came. Must not: need a switch of ours, or root.

use std::{collections::VecDeque, io, path::Path};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::frame::{Decoder, Frame};

/// A card at a switch, as QEMU's would be.
#[derive(Debug)]
pub struct Nic {
    /// What it sends.
    pub sending: Sending,
    /// What it gets.
    pub receiving: Receiving,
}

/// The half of a card that sends. When both halves are dropped, the card is gone.
#[derive(Debug)]
pub struct Sending(OwnedWriteHalf);

/// The half of a card that receives.
#[derive(Debug)]
pub struct Receiving {
    stream: OwnedReadHalf,
    piece: Vec<u8>,
    decoder: Decoder,
    there: VecDeque<Frame>,
}

impl Nic {
    /// Connects to the socket of a link.
    ///
    /// # Errors
    /// Nobody listens there.
    pub async fn connect(socket: &Path) -> io::Result<Self> {
        let (stream, sending) = UnixStream::connect(socket).await?.into_split();
        let piece = vec![0; 64 * 1024];
        let receiving = Receiving { stream, piece, decoder: Decoder::default(), there: VecDeque::new() };
        Ok(Self { sending: Sending(sending), receiving })
    }
}

impl Sending {
    /// Sends frames, in this order.
    ///
    /// # Errors
    /// The other side is gone.
    pub async fn send(&mut self, frames: &[Frame]) -> io::Result<()> {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| frame.encode(&mut bytes));
        self.send_bytes(&bytes).await
    }

    /// Sends bytes that need not be frames.
    ///
    /// # Errors
    /// The other side is gone.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }
}

impl Receiving {
    /// The next frame, or `None` when the other side has closed the connection. A caller that goes away loses none.
    ///
    /// # Errors
    /// What came is no frame.
    pub async fn receive(&mut self) -> io::Result<Option<Frame>> {
        while self.there.is_empty() {
            let read = self.stream.read(&mut self.piece).await?;
            if read == 0 {
                self.decoder.finish().map_err(io::Error::other)?;
                return Ok(None);
            }
            let mut frames = Ok(());
            let read = self.decoder.read(&self.piece[..read], |bytes| match Frame::new(bytes) {
                Ok(frame) => self.there.push_back(frame),
                Err(none) => frames = Err(none),
            });
            read.map_err(io::Error::other)?;
            frames.map_err(io::Error::other)?;
        }
        Ok(self.there.pop_front())
    }
}
