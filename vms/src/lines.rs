//! Bytes of a console as lines: the last of them kept, all of them counted, whatever is written.
//!
//! Flows in: bytes, cut anywhere. Flows out: [`Line`]s, each once. Must not: grow with what is written; pass a control
//! character on.

use std::{collections::VecDeque, time::Duration};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Lines.
    pub kept: usize,
    /// Bytes of a line; the rest of a longer one is only counted.
    pub widest: usize,
}

/// One line that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How many came before it; a gap says that lines were lost on the way to a reader.
    pub number: u64,
    /// When its end was read, since the reading began.
    pub at: Duration,
    /// What it says: UTF-8, with `\u{fffd}` for what is not, without escape sequences and control characters.
    pub text: String,
    /// Bytes that were cut off its end.
    pub cut: u64,
}

/// What has been read.
#[derive(Debug)]
pub struct Lines {
    shape: Shape,
    unfinished: Vec<u8>,
    cut: u64,
    kept: VecDeque<Line>,
    lines: u64,
    bytes: u64,
    panic: Option<String>,
}

impl Lines {
    /// Nothing as yet.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self { shape, unfinished: Vec::new(), cut: 0, kept: VecDeque::new(), lines: 0, bytes: 0, panic: None }
    }

    /// Reads on, and hands each line that ends here to `each`.
    pub fn read(&mut self, bytes: &[u8], at: Duration, mut each: impl FnMut(&Line)) {
        self.bytes += bytes.len() as u64;
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.extend(&rest[..end]);
            self.finish(at, &mut each);
            rest = &rest[end + 1..];
        }
        self.extend(rest);
    }

    /// Ends the line that is being read, as at the end of everything.
    pub fn finish(&mut self, at: Duration, each: impl FnOnce(&Line)) {
        let text = printable(&self.unfinished);
        let cut = std::mem::take(&mut self.cut);
        self.unfinished.clear();
        if text.is_empty() && cut == 0 {
            return;
        }
        if self.panic.is_none() && text.contains(PANIC) {
            self.panic = Some(text.clone());
        }
        let line = Line { number: self.lines, at, text, cut };
        each(&line);
        self.lines += 1;
        if self.kept.len() >= self.shape.kept {
            self.kept.pop_front();
        }
        self.kept.push_back(line);
    }

    /// The last lines, oldest first.
    pub fn kept(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.kept.iter()
    }

    /// The line that has not ended as yet, as far as it is kept: a prompt waits in it.
    #[must_use]
    pub fn unfinished(&self) -> String {
        printable(&self.unfinished)
    }

    /// How many lines have ended.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.lines
    }

    /// How many bytes were read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The first line in which a kernel said that it panics.
    #[must_use]
    pub fn panic(&self) -> Option<&str> {
        self.panic.as_deref()
    }

    fn extend(&mut self, piece: &[u8]) {
        let taken = piece.len().min(self.shape.widest.saturating_sub(self.unfinished.len()));
        self.unfinished.extend_from_slice(&piece[..taken]);
        self.cut += (piece.len() - taken) as u64;
    }
}

/// Linux `kernel/panic.c`.
const PANIC: &str = "Kernel panic - not syncing";

/// What is left of a line on paper; a tab is one space.
#[must_use]
pub fn printable(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    let line = String::from_utf8_lossy(line);
    let mut rest = &*line;
    while let Some(start) = rest.find(char::is_control) {
        text.push_str(&rest[..start]);
        if rest[start..].starts_with('\t') {
            text.push(' ');
        }
        rest = after_control(&rest[start..]);
    }
    text.push_str(rest);
    text.truncate(text.trim_end().len());
    text
}

/// Behind the control character, or the escape sequence, with which it begins: `ESC [`, parameters and a final character,
/// or `ESC` and one character. Source: ECMA-48, 5.4.
fn after_control(text: &str) -> &str {
    let (sequence, is_end): (&str, fn(char) -> bool) = match text.strip_prefix('\u{1b}') {
        None => (text, |_| true),
        Some(rest) => match rest.strip_prefix('[') {
            Some(parameters) => (parameters, |c| !matches!(c, ' '..='?')),
            None => (rest, |_| true),
        },
    };
    let Some(end) = sequence.find(is_end) else { return "" };
    let is_single = sequence.len() == text.len();
    let last = sequence[end..].chars().next().filter(|c| is_single || matches!(c, '@'..='~'));
    &sequence[end + last.map_or(0, char::len_utf8)..]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::{Lines, Shape, printable};

    const SMALL: Shape = Shape { kept: 3, widest: 10 };

    fn read(chunks: &[&[u8]]) -> (Lines, Vec<(u64, String, u64)>) {
        let (mut lines, mut seen) = (Lines::new(SMALL), Vec::new());
        for chunk in chunks {
            lines.read(chunk, Duration::ZERO, |line| seen.push((line.number, line.text.clone(), line.cut)));
        }
        lines.finish(Duration::ZERO, |line| seen.push((line.number, line.text.clone(), line.cut)));
        (lines, seen)
    }

    #[track_caller]
    fn check(line: &[u8], text: &str) {
        assert_eq!(printable(line), text);
    }

    #[test]
    fn what_paper_cannot_show_is_left_out() {
        check(b"plain \xc3\xa4\r", "plain ä");
        check(b"\x1b[1;31mred\x1b[0m\x1b[2K \x1bcreset", "red reset");
        check(b"a\0b\x07c\x7f", "abc");
        check(b"a\tb", "a b");
        check(b"\xff\xfe", "\u{fffd}\u{fffd}");
        check(b"cut \x1b[", "cut");
        check(b"cut \x1b", "cut");
        check("\u{1b}[ä".as_bytes(), "ä");
    }

    #[test]
    fn the_last_are_kept_and_all_are_counted() {
        let (lines, seen) = read(&[b"one\ntw", b"o\n\n\r\nthree\nfour\nfive"]);
        let texts: Vec<_> = seen.iter().map(|(number, text, _)| (*number, text.as_str())).collect();
        assert_eq!(texts, [(0, "one"), (1, "two"), (2, "three"), (3, "four"), (4, "five")]);
        let kept: Vec<_> = lines.kept().map(|line| line.number).collect();
        assert_eq!((kept, lines.count(), lines.bytes()), (vec![2, 3, 4], 5, 26));
    }

    #[test]
    fn an_endless_line_is_cut_and_what_was_cut_is_counted() {
        let (lines, seen) = read(&[&[b'x'; 8], &[b'y'; 8], &[b'z'; 1000], b"\nnext"]);
        assert_eq!(seen, [(0, "xxxxxxxxyy".to_owned(), 1006), (1, "next".to_owned(), 0)]);
        assert_eq!(lines.bytes(), 1021);
    }

    #[test]
    fn the_first_panic_is_remembered() {
        let mut lines = Lines::new(Shape { kept: 1, widest: 100 });
        let said = b"[1.0] Kernel panic - not syncing: one\n[1.1] Kernel panic - not syncing: two\nlast\n";
        lines.read(said, Duration::ZERO, |_| ());
        assert_eq!(lines.panic(), Some("[1.0] Kernel panic - not syncing: one"));
    }

    proptest! {
        #[test]
        fn wherever_any_bytes_are_cut_the_lines_are_the_same(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(0x1b), Just(b'[')], 0..300),
            cuts in proptest::collection::vec(1_usize..40, 1..60),
        ) {
            let mut pieces = Vec::new();
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (piece, later) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = later;
            }
            pieces.push(rest);
            let (lines, seen) = read(&pieces);
            prop_assert_eq!(&seen, &read(&[&bytes]).1);
            prop_assert!(seen.iter().all(|(_, text, _)| !text.contains(char::is_control)));
            prop_assert!(lines.kept().len() <= SMALL.kept);
        }
    }
}
