//! Where in the user's files a thing is written.

use std::fmt;

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
#[derive(Debug, Clone)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Reads the text once.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The spot of a byte offset in `text`, which must be the text that these lines were read from.
    #[must_use]
    pub fn place(&self, file: impl Into<String>, text: &str, offset: usize) -> Place {
        let offset = floor_char_boundary(text, offset.min(text.len()));
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = text.get(start..offset).map_or(0, |before| before.chars().count()) + 1;
        Place::new(file, clamp(line), clamp(column))
    }
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
    fn a_whole_file_shows_no_line() {
        assert_eq!(Place::file("flake.nix").to_string(), "flake.nix");
        assert_eq!(Place::new("flake.nix", 3, 0).to_string(), "flake.nix:3");
    }
}
