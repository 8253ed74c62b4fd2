//! Where in the user's files a thing is written.

use std::{fmt, iter::once};

use serde::{Deserialize, Serialize};

/// A spot in a file of the user's: `fleet.toml:12:5`.
///
/// Lines and columns count from 1; a column counts characters, not bytes. A line of 0 means the whole file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Path relative to the project's folder, with `/` between segments.
    pub file: String,
    /// Line, from 1; 0 for the whole file.
    pub line: u32,
    /// Column in characters, from 1; 0 for the whole line.
    pub column: u32,
}

impl Place {
    /// A spot in a file.
    #[must_use]
    pub fn new(file: impl Into<String>, line: u32, column: u32) -> Self {
        Self { file: file.into(), line, column }
    }

    /// A file as a whole.
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self::new(file, 0, 0)
    }

    /// The spot that a byte offset falls on. An offset past the end is the end; one within a character is its start.
    #[must_use]
    pub fn at_offset(file: impl Into<String>, text: &str, offset: usize) -> Self {
        Lines::of(text).place(file, text, offset)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}", self.file),
            (line, 0) => write!(f, "{}:{line}", self.file),
            (line, column) => write!(f, "{}:{line}:{column}", self.file),
        }
    }
}

/// Where the lines of a text start, so that many offsets of one text are each found in logarithmic time.
///
/// Characters are counted once for every `STRIDE` bytes: a text of one long line is no slower than one of many lines.
#[derive(Debug, Clone)]
pub struct Lines {
    starts: Vec<usize>,
    characters: Vec<usize>,
}

const STRIDE: usize = 256;

impl Lines {
    /// Reads the text once.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let after_strides = text.as_bytes().chunks(STRIDE).scan(0, |characters, stride| {
            *characters += characters_in(stride);
            Some(*characters)
        });
        Self {
            starts: once(0).chain(after_breaks).collect(),
            characters: once(0).chain(after_strides).collect(),
        }
    }

    /// The spot of a byte offset in `text`, which must be the text that these lines were read from.
    #[must_use]
    pub fn place(&self, file: impl Into<String>, text: &str, offset: usize) -> Place {
        let offset = floor_char_boundary(text, offset.min(text.len()));
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column =
            self.characters_before(text, offset).saturating_sub(self.characters_before(text, start)) + 1;
        Place::new(file, clamp(line), clamp(column))
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let counted = offset / STRIDE;
        let rest = text.as_bytes().get(counted * STRIDE..offset).map_or(0, characters_in);
        self.characters.get(counted).copied().unwrap_or(0) + rest
    }
}

/// Bytes that begin a character; those that go on with one are `10xxxxxx`.
fn characters_in(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0b1100_0000 != 0b1000_0000).count()
}

fn floor_char_boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_become_lines_and_columns() {
        let text = "äb\ncd\n";
        for (offset, shown) in
            [(0, "f:1:1"), (1, "f:1:1"), (2, "f:1:2"), (4, "f:2:1"), (7, "f:3:1"), (99, "f:3:1")]
        {
            assert_eq!(Place::at_offset("f", text, offset).to_string(), shown);
        }
    }

    #[test]
    fn columns_of_a_long_line_count_characters() {
        let text = format!("x\n{}", "aä€".repeat(1000));
        let lines = Lines::of(&text);
        for (index, (offset, _)) in text.char_indices().enumerate().skip(2) {
            assert_eq!(lines.place("f", &text, offset), Place::new("f", 2, clamp(index - 1)));
        }
        assert_eq!(lines.place("f", &text, usize::MAX), Place::new("f", 2, 3001));
    }

    #[test]
    fn a_text_of_whole_strides_has_an_end() {
        let text = "a".repeat(STRIDE * 2);
        assert_eq!(Place::at_offset("f", &text, text.len()), Place::new("f", 1, clamp(STRIDE * 2 + 1)));
    }

    #[test]
    fn a_whole_file_shows_no_line() {
        assert_eq!(Place::file("flake.nix").to_string(), "flake.nix");
        assert_eq!(Place::new("flake.nix", 3, 0).to_string(), "flake.nix:3");
    }
}
