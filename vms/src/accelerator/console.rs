//! A booting kernel's console, read as it comes: how far the kernel got, and its last words.
//!
//! Flows in: bytes, cut anywhere. Flows out: whether the kernel is up, and a few last lines. Must not: keep more than
//! those, whatever the guest writes.

use std::collections::VecDeque;

/// Lines that are kept.
const KEPT: usize = 8;
/// Bytes of a line that are kept; the rest of a longer one is dropped.
const WIDEST: usize = 400;

/// Words that only a kernel writes whose processor, memory and timers all work: it has started its drivers and now
/// wants its root file system or its first program. Sources: Linux `init/do_mounts.c`, `init/main.c`,
/// `kernel/exit.c`. An earlier panic (a timer that does not tick, for one) has none of them.
const UP: [&str; 5] = [
    "not syncing: VFS: ",
    "VFS: Cannot open root device",
    " as init process",
    "No working init found",
    "Attempted to kill init!",
];

/// What has been read of a console.
#[derive(Debug, Default)]
pub struct Console {
    line: Vec<u8>,
    last_lines: VecDeque<String>,
    lines: usize,
    up: bool,
}

impl Console {
    /// Reads on.
    pub fn read(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.split(|byte| *byte == b'\n');
        if let Some(first) = pieces.next() {
            self.extend(first);
        }
        for piece in pieces {
            self.end_line();
            self.extend(piece);
        }
        self.up = self.up || says_up(&self.line);
    }

    /// Whether the kernel is up.
    #[must_use]
    pub fn up(&self) -> bool {
        self.up
    }

    /// How many lines that are not blank were written.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.lines + usize::from(!cleaned(&self.line).is_empty())
    }

    /// The last lines, at most eight, without control characters.
    #[must_use]
    pub fn into_last_lines(mut self) -> Vec<String> {
        self.end_line();
        self.last_lines.into()
    }

    fn extend(&mut self, piece: &[u8]) {
        let room = WIDEST.saturating_sub(self.line.len());
        self.line.extend(piece.iter().take(room));
    }

    fn end_line(&mut self) {
        self.up = self.up || says_up(&self.line);
        let line = cleaned(&self.line);
        self.line.clear();
        if line.is_empty() {
            return;
        }
        self.lines += 1;
        if self.last_lines.len() == KEPT {
            self.last_lines.pop_front();
        }
        self.last_lines.push_back(line);
    }
}

fn says_up(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    UP.iter().any(|words| line.contains(words))
}

fn cleaned(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Console, KEPT, WIDEST};

    /// What Debian's kernel 6.1 wrote on QEMU 7.2, shortened.
    const PANIC: &str = "[    2.549790] /dev/root: Can't open blockdev\r\n\
        [    2.550254] VFS: Cannot open root device \"(null)\" or unknown-block(0,0): error -6\r\n\
        [    2.551221] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n";

    fn read(text: &str) -> Console {
        let mut console = Console::default();
        console.read(text.as_bytes());
        console
    }

    #[test]
    fn a_kernel_that_wants_its_root_is_up() {
        for line in PANIC.lines().skip(1) {
            assert!(read(line).up(), "{line}");
        }
        assert!(read("[    1.2] Run /sbin/init as init process\n").up());
        assert!(read("[    1.2] Kernel panic - not syncing: No working init found.  Try\n").up());
    }

    #[test]
    fn an_earlier_panic_and_mere_noise_are_not_up() {
        for text in [
            "",
            "SeaBIOS (version 1.16.2)\r\nBooting from ROM...",
            "[    0.0] Kernel command line: console=ttyS0 panic=-1\n",
            "[    0.1] Kernel panic - not syncing: IO-APIC + timer doesn't work!\n",
            "[    0.1] Kernel panic - not syncing: Attempted to kill the idle task!\n",
        ] {
            assert!(!read(text).up(), "{text}");
        }
    }

    #[test]
    fn the_last_lines_are_kept_without_blanks_and_controls() {
        let text: String = (0..20).map(|n| format!("\x1b[2mline {n}\r\n\r\n")).collect();
        let console = read(&text);
        assert_eq!(console.lines(), 20);
        let lines = console.into_last_lines();
        assert_eq!((lines.len(), lines[0].as_str(), lines[7].as_str()), (KEPT, "[2mline 12", "[2mline 19"));
    }

    #[test]
    fn an_unfinished_line_counts() {
        let console = read("a\nb");
        assert_eq!((console.lines(), console.into_last_lines()), (2, vec!["a".to_owned(), "b".to_owned()]));
    }

    proptest! {
        #[test]
        fn wherever_the_bytes_are_cut_the_answer_is_the_same(cuts in proptest::collection::vec(1_usize..40, 1..60)) {
            let mut console = Console::default();
            let mut rest = PANIC.as_bytes();
            for cut in cuts.into_iter().chain(std::iter::repeat(7)) {
                if rest.is_empty() { break }
                let (now, later) = rest.split_at(cut.min(rest.len()));
                console.read(now);
                rest = later;
            }
            prop_assert!(console.up());
            prop_assert_eq!(console.lines(), 3);
            prop_assert_eq!(console.into_last_lines(), read(PANIC).into_last_lines());
        }

        #[test]
        fn any_bytes_are_bounded(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..3000), 0..8)) {
            let mut console = Console::default();
            for chunk in &chunks {
                console.read(chunk);
            }
            let lines = console.into_last_lines();
            prop_assert!(lines.len() <= KEPT);
            prop_assert!(lines.iter().all(|line| line.chars().count() <= WIDEST));
        }
    }
}
