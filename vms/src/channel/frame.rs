//! The answer to one command among whatever else a guest writes to a terminal.
//!
//! Flows in: bytes of the terminal, cut anywhere. Flows out: the answer, once it is whole. Must not: take anything else
//! for it, or grow with it.
//!
//! Each line of an answer begins with a number that is drawn for that one command (`vms` and 16 hexadecimal digits):
//!
//!     <number>?                    where the command now wants its input
//!     <number> <status> <bytes of stdout> <bytes of stderr>
//!     <number>o<base64 of a piece of stdout>
//!     <number>e<base64 of a piece of stderr>
//!     <number>.

use data_encoding::BASE64;

use super::Output;

/// The most that an answer may have, both streams together.
pub(super) const MOST: u64 = 64 * 1024 * 1024;

/// An answer that is being read.
#[derive(Debug)]
pub(super) struct Frame {
    number: String,
    line: Vec<u8>,
    head: Option<Head>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// Whether the command has asked for its input.
    pub(super) asks: bool,
    /// Bytes read, of whatever.
    pub(super) bytes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    status: i32,
    stdout: u64,
    stderr: u64,
}

/// Why an answer is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    /// Its pieces do not make up what was announced.
    Spoilt,
    /// It has this many bytes.
    TooLarge(u64),
}

/// Longer than any line of an answer.
const WIDEST: usize = 4096;
/// Characters of base64 in a line: whole groups of four, so that each line is decoded alone.
pub(super) const PIECE: usize = 960;

impl Frame {
    pub(super) fn new(number: &str) -> Self {
        Self {
            number: number.to_owned(),
            line: Vec::new(),
            head: None,
            stdout: Vec::new(),
            stderr: Vec::new(),
            asks: false,
            bytes: 0,
        }
    }

    /// Reads on; tells the answer when it is whole. Of a bad one nothing more is told.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<Result<Output, Bad>> {
        self.bytes += bytes.len() as u64;
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.extend(&rest[..end]);
            let told = self.end_line();
            if told.is_some() {
                return told;
            }
            rest = &rest[end + 1..];
        }
        self.extend(rest);
        None
    }

    fn extend(&mut self, piece: &[u8]) {
        let room = WIDEST.saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn end_line(&mut self) -> Option<Result<Output, Bad>> {
        let line = std::mem::take(&mut self.line);
        let number = self.number.as_bytes();
        // Somebody may have written to the terminal without an end of line.
        let start = line.windows(number.len()).position(|window| window == number)?;
        let said = line[start + number.len()..].trim_ascii_end();
        match (said.split_first()?, self.head) {
            ((b' ', numbers), None) => self.begin(numbers),
            ((b'?', []), None) => {
                self.asks = true;
                None
            }
            ((b'o', piece), Some(_)) => add(&mut self.stdout, piece),
            ((b'e', piece), Some(_)) => add(&mut self.stderr, piece),
            ((b'.', []), Some(head)) => Some(self.end(head)),
            _ => None,
        }
    }

    fn begin(&mut self, numbers: &[u8]) -> Option<Result<Output, Bad>> {
        let mut numbers = str::from_utf8(numbers).ok()?.split_ascii_whitespace();
        let status = numbers.next()?.parse().ok()?;
        let head =
            Head { status, stdout: numbers.next()?.parse().ok()?, stderr: numbers.next()?.parse().ok()? };
        self.head = Some(head);
        let bytes = head.stdout.saturating_add(head.stderr);
        (bytes > MOST).then_some(Err(Bad::TooLarge(bytes)))
    }

    fn end(&mut self, head: Head) -> Result<Output, Bad> {
        let (stdout, stderr) = (std::mem::take(&mut self.stdout), std::mem::take(&mut self.stderr));
        if (stdout.len() as u64, stderr.len() as u64) != (head.stdout, head.stderr) {
            return Err(Bad::Spoilt);
        }
        Ok(Output { status: head.status, stdout, stderr: Some(stderr) })
    }
}

fn add(to: &mut Vec<u8>, piece: &[u8]) -> Option<Result<Output, Bad>> {
    match BASE64.decode(piece) {
        Ok(bytes) => {
            to.extend(bytes);
            (to.len() as u64 > MOST).then_some(Err(Bad::Spoilt))
        }
        Err(_) => Some(Err(Bad::Spoilt)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BASE64, Bad, Frame, PIECE};
    use crate::channel::Output;

    const NUMBER: &str = "vms0123456789abcdef";

    fn answer(status: i32, stdout: &[u8], stderr: &[u8], stray: &str) -> String {
        let mut text = format!("{stray}{NUMBER} {status} {} {}\r\n", stdout.len(), stderr.len());
        for (stream, bytes) in [('o', stdout), ('e', stderr)] {
            for piece in bytes.chunks(PIECE / 4 * 3) {
                text += &format!("{stray}{NUMBER}{stream}{}\n", BASE64.encode(piece));
            }
        }
        text + &format!("{NUMBER}.\n")
    }

    fn read(text: &[u8]) -> Option<Result<Output, Bad>> {
        Frame::new(NUMBER).read(text)
    }

    #[test]
    fn stray_output_does_no_harm() {
        let stray = "\n[  1.0] kernel: hello\nvmsffffffffffffffff 0 0 0\nno end of line";
        let text = answer(3, b"out\n", b"err\n", stray);
        let expected = Output { status: 3, stdout: b"out\n".into(), stderr: Some(b"err\n".into()) };
        assert_eq!(read(text.as_bytes()), Some(Ok(expected)));
    }

    #[test]
    fn what_was_lost_or_written_over_is_noticed() {
        let text = answer(0, &[b'x'; 3000], b"", "");
        let lost: String =
            text.lines().enumerate().filter(|(n, _)| *n != 2).map(|(_, l)| format!("{l}\n")).collect();
        assert_eq!(read(lost.as_bytes()), Some(Err(Bad::Spoilt)));
        assert_eq!(read(text.replace("eHh4\nvms", "eH[1.0]\nvms").as_bytes()), Some(Err(Bad::Spoilt)));
    }

    #[test]
    fn what_memory_cannot_hold_is_refused_at_its_head() {
        let head = format!("{NUMBER} 0 99999999999 1\n");
        assert_eq!(read(head.as_bytes()), Some(Err(Bad::TooLarge(100_000_000_000))));
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut_the_answer_is_the_same(
            stdout in proptest::collection::vec(any::<u8>(), 0..2000),
            stderr in proptest::collection::vec(any::<u8>(), 0..50),
            stray in "[^v]{0,20}",
            cuts in proptest::collection::vec(1_usize..900, 1..40),
        ) {
            let text = answer(7, &stdout, &stderr, &stray);
            let (mut frame, mut rest, mut told) = (Frame::new(NUMBER), text.as_bytes(), None);
            for cut in cuts.into_iter().chain(std::iter::repeat(500)) {
                if rest.is_empty() { break }
                let (now, later) = rest.split_at(cut.min(rest.len()));
                told = told.or(frame.read(now));
                rest = later;
            }
            prop_assert_eq!(told, Some(Ok(Output { status: 7, stdout, stderr: Some(stderr) })));
        }

        #[test]
        fn no_bytes_are_too_bad(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut frame = Frame::new(NUMBER);
            let mut text = format!("{NUMBER} 0 5 5\n{NUMBER}o").into_bytes();
            text.extend(bytes);
            let _told = frame.read(&text);
        }
    }
}
