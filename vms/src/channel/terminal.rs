//! A guest's shell for a person at a terminal.
//!
//! Flows in: what is typed, byte by byte. Flows out: what the shell writes, and in the end its status. Must not: touch the
//! terminal that the person sits at: who calls this makes it raw, and mends it again.

use std::io::{self, Cursor};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::UnixStream,
};

use super::{backdoor::unwritten_is_left, script::number};
use crate::shell::quote;

/// How large a terminal is, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// How high.
    pub rows: u16,
    /// How wide.
    pub columns: u16,
}

/// A root shell that is open.
#[derive(Debug)]
pub struct Terminal {
    stream: UnixStream,
    farewell: Farewell,
}

/// How a shell was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// It ended, with this status.
    Ended(i32),
    /// The person left it by Ctrl-A X.
    Away,
    /// The guest is gone.
    Gone,
}

/// Ctrl-A, as QEMU has it on its own consoles: with X it leaves, with itself it is itself.
const ESCAPE: u8 = 1;

/// Ctrl-D.
const END_OF_INPUT: u8 = 4;

impl Terminal {
    /// Starts a shell on the guest's end of the stream, where a shell without a prompt waits for a line. The terminal is raw
    /// there: it becomes one for people, and raw again when they are done. `kind` is what the person's terminal is called.
    pub(super) async fn open(mut stream: UnixStream, size: Size, kind: &str) -> io::Result<Self> {
        let farewell = Farewell::new(number());
        let Size { rows, columns } = size;
        let shell = "if command -v bash >/dev/null; then bash -il; else sh -i; fi";
        // In two halves, since a shell that edits lines repeats what it is told.
        let (half, other) = farewell.halves();
        let line = format!(
            "n={half}''{other}; stty sane rows {rows} cols {columns}; cd; echo $n; \
             ( export TERM={}; exec 2>&1; {shell} ); s=$?; stty raw -echo; echo; echo $n $s.\n",
            quote(kind),
        );
        stream.write_all(line.as_bytes()).await?;
        Ok(Self { stream, farewell })
    }

    /// Joins it with a person: `input` is what they type, `output` what they see. When there is no more input, the shell is
    /// told by Ctrl-D.
    ///
    /// # Errors
    /// Nothing can be read from them, or written to them.
    pub async fn join(
        mut self,
        mut input: impl AsyncRead + Unpin,
        mut output: impl AsyncWrite + Unpin,
    ) -> io::Result<Left> {
        let (mut reading, mut writing) = self.stream.split();
        let (mut said, mut typed) = (vec![0; 64 * 1024], vec![0; 4096]);
        let (mut keys, mut listens) = (Keys::default(), true);
        let mut passed = Cursor::default();
        loop {
            // What was typed is written while the guest is read: one that repeats a large paste writes before it reads on. And
            // not before the shell has begun: the one that starts it takes all that is there.
            let hears = listens && self.farewell.begun && !unwritten_is_left(&passed);
            tokio::select! {
                read = reading.read(&mut said) => {
                    let read = read.unwrap_or_default();
                    let (shown, left) = self.farewell.read(&said[..read]);
                    output.write_all(&shown).await?;
                    output.flush().await?;
                    if let Some(left) = left {
                        return Ok(left);
                    }
                }
                written = writing.write_buf(&mut passed), if unwritten_is_left(&passed) => {
                    // A guest that is gone is seen by the other side.
                    if written.is_err() {
                        passed = Cursor::default();
                    }
                }
                read = input.read(&mut typed), if hears => {
                    let read = read?;
                    listens = read > 0;
                    let (more, leaves) = if listens { keys.read(&typed[..read]) } else { (vec![END_OF_INPUT], false) };
                    if leaves {
                        return Ok(Left::Away);
                    }
                    passed = Cursor::new(more);
                }
            }
        }
    }
}

/// The keys that a person types.
#[derive(Debug, Default)]
struct Keys {
    escaped: bool,
}

impl Keys {
    /// What the guest is to be told, and whether the person leaves.
    fn read(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(typed.len() + 1);
        for key in typed {
            match (std::mem::take(&mut self.escaped), *key) {
                (false, ESCAPE) => self.escaped = true,
                (true, b'x' | b'X') => return (passed, true),
                (true, ESCAPE) | (false, _) => passed.push(*key),
                (true, _) => passed.extend([ESCAPE, *key]),
            }
        }
        (passed, false)
    }
}

/// The lines by which a shell's beginning and its end are known: a number that nobody guesses, and then that with the status.
#[derive(Debug)]
struct Farewell {
    /// What begins them.
    number: Vec<u8>,
    /// Whether the shell has begun.
    begun: bool,
    /// What was read, and may be the beginning of one.
    held: Vec<u8>,
}

impl Farewell {
    fn new(number: String) -> Self {
        Self { number: number.into_bytes(), begun: false, held: Vec::new() }
    }

    fn halves(&self) -> (String, String) {
        let (half, other) = self.number.split_at(self.number.len() / 2);
        (String::from_utf8_lossy(half).into_owned(), String::from_utf8_lossy(other).into_owned())
    }

    /// What is for the person, and how the shell was left once it was. No bytes are the end of the guest.
    fn read(&mut self, bytes: &[u8]) -> (Vec<u8>, Option<Left>) {
        if bytes.is_empty() {
            return (std::mem::take(&mut self.held), Some(Left::Gone));
        }
        self.held.extend_from_slice(bytes);
        if !self.begins() {
            return (Vec::new(), None);
        }
        let Some(at) = find(&self.held, &self.number) else {
            let held = self.may_begin();
            return (self.held.drain(..self.held.len() - held).collect(), None);
        };
        let shown: Vec<u8> = self.held.drain(..at).collect();
        let rest = String::from_utf8_lossy(&self.held[self.number.len()..]).into_owned();
        let status = rest.split_once('.').and_then(|(status, _)| status.trim().parse().ok());
        (shown, status.map(Left::Ended))
    }

    /// Whether the shell has begun. What came before is nobody's.
    fn begins(&mut self) -> bool {
        if self.begun {
            return true;
        }
        let Some(at) = find(&self.held, &self.number) else {
            let held = self.may_begin();
            self.held.drain(..self.held.len() - held);
            return false;
        };
        self.held.drain(..at);
        if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
            self.held.drain(..=end);
            self.begun = true;
        }
        self.begun
    }

    /// So many of the last bytes may be its beginning.
    fn may_begin(&self) -> usize {
        let most = self.held.len().min(self.number.len() - 1);
        (1..=most).rev().find(|length| self.held.ends_with(&self.number[..*length])).unwrap_or(0)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Farewell, Keys, Left};

    #[test]
    fn ctrl_a_x_leaves_and_all_other_keys_are_the_shells() {
        let mut keys = Keys::default();
        assert_eq!(keys.read(b"ls\r"), (b"ls\r".to_vec(), false));
        assert_eq!(keys.read(b"\x01"), (Vec::new(), false));
        assert_eq!(keys.read(b"\x01a"), (b"\x01a".to_vec(), false), "twice it is itself");
        assert_eq!(keys.read(b"\x01b"), (b"\x01b".to_vec(), false));
        assert_eq!(keys.read(b"y\x01"), (b"y".to_vec(), false));
        assert_eq!(keys.read(b"x"), (Vec::new(), true));
    }

    #[test]
    fn of_a_guest_that_is_gone_the_last_bytes_are_shown() {
        let mut farewell = Farewell::new("n7c3".to_owned());
        assert_eq!(farewell.read(b"boot noise n7c3\r\nout of n7"), (b"out of ".to_vec(), None));
        assert_eq!(farewell.read(b""), (b"n7".to_vec(), Some(Left::Gone)));
    }

    proptest! {
        #[test]
        fn the_end_is_found_however_it_comes(
            said in "[a-m0-6\n]{0,40}", status in 0..256_i32, cuts in prop::collection::vec(1..9_usize, 0..40),
        ) {
            let mut farewell = Farewell::new("n7c3".to_owned());
            let whole = format!("n=n7''c3; echo\r\nn7c3\r\n{said}\r\nn7c3 {status}.\n").into_bytes();
            let (mut shown, mut told, mut rest) = (Vec::new(), None, whole.as_slice());
            for cut in cuts.into_iter().chain([100]) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                if piece.is_empty() {
                    break;
                }
                let (more, left) = farewell.read(piece);
                shown.extend(more);
                told = told.or(left);
                rest = after;
            }
            prop_assert_eq!(told, Some(Left::Ended(status)));
            let shown = String::from_utf8(shown).unwrap();
            prop_assert_eq!(shown, format!("{said}\r\n"));
        }
    }
}
