//! The answer to one command among whatever else a guest writes to a terminal.
//!
//! Flows in: bytes of the terminal, cut anywhere. Flows out: the answer, once it is whole, or which pieces are missing.
//! Must not: take anything else for it, or grow with it.
//!
//! Each line of an answer begins with a number that is drawn for that one command (`vms` and 16 hexadecimal digits):
//!
//! ```text
//! <number>?                    where the command now wants its input
//! <number> <status> <bytes of stdout> <bytes of stderr>
//! <number>o<n>:<base64 of the n-th piece of stdout>
//! <number>e<n>:<base64 of the n-th piece of stderr>
//! <number>.<round>
//! ```
//!
//! Pieces get lost: QEMU drops what a console writes while its socket is full (`hw/char/virtio-console.c`), which a loaded
//! computer reads too late. Those that are missing, or were written over, are asked for again, in a further round.

use std::ops::RangeInclusive;

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
    /// Whether the command has asked for its input.
    pub(super) asks: bool,
    /// The round at whose end missing pieces are told; those of an earlier one may still be on their way.
    round: u32,
    /// Bytes read, of whatever.
    pub(super) bytes: u64,
}

#[derive(Debug)]
struct Head {
    status: i32,
    stdout: Stream,
    stderr: Stream,
}

/// The pieces of a stream, as they come in.
#[derive(Debug)]
struct Stream {
    bytes: u64,
    pieces: Vec<Option<Vec<u8>>>,
}

/// What the end of an answer comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It is whole.
    Whole(Output),
    /// These pieces are missing, of each stream, counted from 1.
    Missing([Vec<RangeInclusive<usize>>; 2]),
    /// It has this many bytes, and none of them is sent.
    TooLarge(u64),
}

/// Longer than any line of an answer.
const WIDEST: usize = 4096;
/// Characters of base64 in a line: whole groups of four, so that each line is decoded alone.
pub(super) const PIECE: usize = 960;
/// Ranges of pieces that are asked for again at once, of each stream.
const AGAIN: usize = 50;

impl Frame {
    pub(super) fn new(number: &str) -> Self {
        Self { number: number.to_owned(), line: Vec::new(), head: None, asks: false, round: 0, bytes: 0 }
    }

    /// Reads on; tells what the answer comes to whenever its end is read.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<Told> {
        self.bytes += bytes.len() as u64;
        let (mut rest, mut told) = (bytes, None);
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.extend(&rest[..end]);
            match self.end_line() {
                // Its end may come twice, and there is nothing left to take then.
                whole @ Some(Told::Whole(_) | Told::TooLarge(_)) => return whole,
                missing => told = missing.or(told),
            }
            rest = &rest[end + 1..];
        }
        self.extend(rest);
        told
    }

    /// Begins a further round.
    pub(super) fn next_round(&mut self) -> u32 {
        self.round += 1;
        self.round
    }

    fn extend(&mut self, piece: &[u8]) {
        let room = WIDEST.saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn end_line(&mut self) -> Option<Told> {
        let line = std::mem::take(&mut self.line);
        let number = self.number.as_bytes();
        // Somebody may have written to the terminal without an end of line.
        let start = line.windows(number.len()).position(|window| window == number)?;
        let said = line[start + number.len()..].trim_ascii_end();
        match (said.split_first()?, &mut self.head) {
            ((b' ', numbers), None) => self.head = Some(Head::parse(numbers)?),
            ((b'?', []), None) => self.asks = true,
            ((b'o', piece), Some(head)) => head.stdout.add(piece)?,
            ((b'e', piece), Some(head)) => head.stderr.add(piece)?,
            ((b'.', round), Some(head)) => {
                let latest = round == self.round.to_string().as_bytes();
                return Some(head.end()).filter(|told| latest || !matches!(told, Told::Missing(_)));
            }
            _ => {}
        }
        None
    }
}

impl Head {
    fn parse(numbers: &[u8]) -> Option<Self> {
        let mut numbers = str::from_utf8(numbers).ok()?.split_ascii_whitespace();
        let status = numbers.next()?.parse().ok()?;
        let sizes: [u64; 2] = [numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?];
        let fits = sizes[0].saturating_add(sizes[1]) <= MOST;
        let [stdout, stderr] = sizes.map(|bytes| Stream::new(bytes, fits));
        Some(Self { status, stdout, stderr })
    }

    fn end(&mut self) -> Told {
        let bytes = self.stdout.bytes.saturating_add(self.stderr.bytes);
        if bytes > MOST {
            return Told::TooLarge(bytes);
        }
        let missing = [self.stdout.missing(), self.stderr.missing()];
        if missing.iter().any(|pieces| !pieces.is_empty()) {
            return Told::Missing(missing);
        }
        let [stdout, stderr] = [self.stdout.take(), self.stderr.take()];
        Told::Whole(Output { status: self.status, stdout, stderr: Some(stderr) })
    }
}

/// Bytes of a whole piece.
const WHOLE: usize = PIECE / 4 * 3;

impl Stream {
    fn new(bytes: u64, fits: bool) -> Self {
        let pieces = if fits { usize::try_from(bytes.div_ceil(WHOLE as u64)).unwrap_or_default() } else { 0 };
        Self { bytes, pieces: vec![None; pieces] }
    }

    /// Takes a piece, `<n>:<base64>`, if it is sound.
    fn add(&mut self, piece: &[u8]) -> Option<()> {
        let colon = piece.iter().position(|byte| *byte == b':')?;
        let index = str::from_utf8(&piece[..colon]).ok()?.parse::<usize>().ok()?.checked_sub(1)?;
        let bytes = BASE64.decode(&piece[colon + 1..]).ok()?;
        let last = self.pieces.len().checked_sub(1)?;
        let expected = if index == last { self.bytes - (last * WHOLE) as u64 } else { WHOLE as u64 };
        if bytes.len() as u64 == expected {
            *self.pieces.get_mut(index)? = Some(bytes);
        }
        Some(())
    }

    fn missing(&self) -> Vec<RangeInclusive<usize>> {
        let mut ranges: Vec<RangeInclusive<usize>> = Vec::new();
        for (_, number) in self.pieces.iter().zip(1..).filter(|(piece, _)| piece.is_none()) {
            match ranges.last_mut() {
                Some(range) if *range.end() + 1 == number => *range = *range.start()..=number,
                _ => ranges.push(number..=number),
            }
        }
        ranges.truncate(AGAIN);
        ranges
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pieces).into_iter().flatten().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BASE64, Frame, Told, WHOLE};
    use crate::channel::Output;

    const NUMBER: &str = "vms0123456789abcdef";

    fn answer(status: i32, stdout: &[u8], stderr: &[u8], stray: &str) -> String {
        let mut text = format!("{stray}{NUMBER} {status} {} {}\r\n", stdout.len(), stderr.len());
        for (stream, bytes) in [('o', stdout), ('e', stderr)] {
            for (piece, number) in bytes.chunks(WHOLE).zip(1..) {
                text += &format!("{stray}{NUMBER}{stream}{number}:{}\n", BASE64.encode(piece));
            }
        }
        text + &format!("{NUMBER}.0\n")
    }

    fn read(text: &[u8]) -> Option<Told> {
        Frame::new(NUMBER).read(text)
    }

    fn whole(status: i32, stdout: &[u8], stderr: &[u8]) -> Option<Told> {
        Some(Told::Whole(Output { status, stdout: stdout.into(), stderr: Some(stderr.into()) }))
    }

    #[test]
    fn stray_output_does_no_harm() {
        let stray = "\n[  1.0] kernel: hello\nvmsffffffffffffffff 0 0 0\nno end of line";
        assert_eq!(read(answer(3, b"out\n", b"err\n", stray).as_bytes()), whole(3, b"out\n", b"err\n"));
    }

    #[test]
    fn what_was_lost_or_written_over_is_asked_for_again() {
        let (stdout, stderr) = ([b'x'; 3000], [b'y'; 10]);
        let text = answer(0, &stdout, &stderr, "");
        let damaged: String = text
            .lines()
            .zip(0..)
            .filter(|(_, line)| *line != 2 && *line != 6)
            .map(
                |(text, line)| {
                    if line == 4 { format!("{}[1.0]\n", &text[..500]) } else { format!("{text}\n") }
                },
            )
            .collect();
        let mut frame = Frame::new(NUMBER);
        assert_eq!(frame.read(damaged.as_bytes()), Some(Told::Missing([vec![2..=2, 4..=4], vec![1..=1]])));
        assert_eq!(frame.read(text.as_bytes()), whole(0, &stdout, &stderr));
    }

    /// Its ends were asked for again, and the answer came after all: both are read in one go on a busy computer.
    #[test]
    fn an_answer_that_ends_twice_is_whole() {
        let text = answer(0, b"out", b"err", "") + &format!("\n{NUMBER} 0 3 3\n{NUMBER}.1\n");
        assert_eq!(read(text.as_bytes()), whole(0, b"out", b"err"));
    }

    #[test]
    fn what_memory_cannot_hold_is_refused() {
        let text = format!("{NUMBER} 0 99999999999 1\n{NUMBER}o1:eHh4\n{NUMBER}.0\n");
        assert_eq!(read(text.as_bytes()), Some(Told::TooLarge(100_000_000_000)));
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
            prop_assert_eq!(told, whole(7, &stdout, &stderr));
        }

        #[test]
        fn no_bytes_are_too_bad(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
            let mut frame = Frame::new(NUMBER);
            let mut text = format!("{NUMBER} 0 5 5\n{NUMBER}o1:").into_bytes();
            text.extend(bytes);
            let _told = frame.read(&text);
        }
    }
}
