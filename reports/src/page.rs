//! A page of text for a screen: wrapped to its width, escaped, coloured.
//!
//! In: pieces of text, ours and those of others. Out: lines, none of them longer than the screen is wide. It must not
//! know what the text says.

use textwrap::{Options, WordSeparator, WordSplitter};
use unicode_width::UnicodeWidthStr;

use crate::{
    escape,
    look::{Ink, Look},
};

/// Columns below which no line gets narrower.
const NARROWEST: usize = 20;

/// A page as far as it is written.
#[derive(Debug)]
pub(crate) struct Page {
    look: Look,
    text: String,
}

impl Page {
    pub(crate) fn new(look: Look) -> Self {
        Self { look, text: String::new() }
    }

    pub(crate) fn width(&self) -> usize {
        self.look.width.max(NARROWEST)
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// An empty line, unless the page is empty or has just got one.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// One wrapped paragraph.
    pub(crate) fn say(&mut self, indent: usize, ink: Ink, text: &str) {
        self.label(indent, ink, text, "");
    }

    /// A paragraph that begins with a coloured label.
    pub(crate) fn label(&mut self, indent: usize, ink: Ink, label: &str, text: &str) {
        let label = escape::line(label);
        let whole = format!("{label}{}", escape::line(text));
        for (at, line) in self.wrap(indent, &whole).into_iter().enumerate() {
            // All of the label is coloured where nothing else is said, else only what of it fits on the first line.
            let (painted, rest) = if text.is_empty() {
                (line.as_str(), "")
            } else if at == 0 && line.starts_with(&*label) {
                line.split_at(label.len())
            } else {
                ("", line.as_str())
            };
            let line = format!("{}{}{rest}", " ".repeat(indent), self.look.paint(ink, painted));
            self.push(&line);
        }
    }

    /// The user's text as it is: each of its lines is wrapped by itself, and at most `most` are shown.
    pub(crate) fn quote(&mut self, indent: usize, ink: Ink, text: &str, most: usize) {
        let (lines, more) = escape::lines(text, most);
        lines.iter().for_each(|line| self.say(indent, ink, line));
        if more > 0 {
            self.say(indent, Ink::Quiet, &format!("[{more} more lines]"));
        }
    }

    /// A line that is known to be narrow enough, from painted cells.
    pub(crate) fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub(crate) fn paint(&self, ink: Ink, text: &str) -> String {
        self.look.paint(ink, text)
    }

    fn wrap(&self, indent: usize, text: &str) -> Vec<String> {
        let width = self.width().saturating_sub(indent).max(NARROWEST / 2);
        if text.width() <= width {
            return vec![text.to_owned()];
        }
        // Both are said, for textwrap's own choice hangs on what other crates of the build ask of it. At blanks alone, a path stays whole.
        let options = Options::new(width)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::wrap(text, options.subsequent_indent("  "))
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect()
    }
}

/// A cell of a table: the text, then blanks up to the width; or the other way round for numbers.
pub(crate) fn cell(text: &str, width: usize, number: bool) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    if number { format!("{blanks}{text}") } else { format!("{text}{blanks}") }
}
