//! The lines of a journal, be it of a run or of a promotion.
//!
//! Flows in: what happened, and the line before it. Flows out: a line of text, and the same read back.
//! Must not: touch files, or know what happened.

use model::digest::Digest;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::damage::Damage;

/// Where a chain of lines stands: what the next line has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The next line's number, from 0.
    pub(crate) seq: u64,
    /// The digest of the line before it, without its line break; at first, of what the journal belongs to.
    pub(crate) prev: Digest,
}

#[derive(Serialize)]
struct Written<'e, T> {
    seq: u64,
    prev: Digest,
    #[serde(flatten)]
    event: &'e T,
}

#[derive(Deserialize)]
struct Link {
    seq: u64,
    prev: Digest,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said<T> {
    /// Something happened.
    Event(T),
    /// It ended in order, and no line follows.
    Seal,
}

impl Chain {
    /// A chain that starts at what the journal belongs to: the plan of a run, the name of a promotion.
    pub(crate) fn start(owner: Digest) -> Self {
        Self { seq: 0, prev: owner }
    }

    /// Appends an event as a line, with its line break, and moves on.
    ///
    /// # Errors
    /// The event can not be written as JSON.
    pub(crate) fn write<T: Serialize>(&mut self, event: &T, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let start = out.len();
        serde_json::to_writer(&mut *out, &Written { seq: self.seq, prev: self.prev, event })?;
        self.advance(&out[start..]);
        out.push(b'\n');
        Ok(())
    }

    /// The line that seals the journal here, with its line break. Nothing in it is free, so that a change is seen.
    pub(crate) fn seal(&self) -> String {
        format!("{{\"seq\":{},\"prev\":\"{}\",\"sealed\":true}}\n", self.seq, self.prev)
    }

    /// Reads the next line, given without its line break, and moves on.
    ///
    /// # Errors
    /// It is not what has to follow here.
    pub(crate) fn read<T: DeserializeOwned>(&mut self, line: &[u8]) -> Result<Said<T>, Damage> {
        if self.seal().trim_end().as_bytes() == line {
            return Ok(Said::Seal);
        }
        let link: Link = serde_json::from_slice(line).map_err(Damage::NotALine)?;
        if link.seq != self.seq {
            return Err(Damage::OutOfOrder { expected: self.seq, found: link.seq });
        }
        if link.prev != self.prev {
            return Err(if self.seq == 0 { Damage::OtherOwner } else { Damage::BrokenChain });
        }
        let event = serde_json::from_slice(line).map_err(Damage::NotALine)?;
        self.advance(line);
        Ok(Said::Event(event))
    }

    fn advance(&mut self, line: &[u8]) {
        self.seq += 1;
        self.prev = Digest::of(line);
    }
}
