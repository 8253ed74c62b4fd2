//! An error of the evaluator, as it is told: in structure by `nix eval`, as coloured text by `nix repl`.
//!
//! Flows in: the message of one error. Flows out: a [`Complaint`].
//! Must not: know what was asked, or which files are the user's.
//!
//! The text's form is that of `showErrorInfo` in Nix `src/libutil/error.cc`: every line but the first is indented by the
//! width of `error: `; with a trace, the frames come first, outermost on top, and the error itself last.

/// An error, without colours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    /// The bare message.
    pub(crate) message: String,
    /// Where it arose, if that is known.
    pub(crate) at: Option<Spot>,
    /// What was being done, innermost first.
    pub(crate) frames: Vec<Frame>,
}

/// One frame of the trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// `while calling the 'throw' builtin`
    pub(crate) text: String,
    /// Where, if that is known.
    pub(crate) at: Option<Spot>,
}

/// A position as the evaluator names it: the file may be in the store, or no file at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    /// `/nix/store/...-source/flake.nix`, `«string»`...
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: u32,
    /// From 1.
    pub(crate) column: u32,
}

/// More frames than this say nothing more; a recursion makes ten thousand.
const MOST_FRAMES: usize = 60;
/// A longer message is cut.
const LONGEST: usize = 64 << 10;

const ERROR: &str = "\u{1b}[31;1merror:\u{1b}[0m";
const AT: &str = "\u{1b}[34;1mat \u{1b}[35;1m";
const INDENT: &str = "       ";

impl Complaint {
    /// An error that is told in words only.
    #[cfg(test)]
    pub(crate) fn plain(message: &str) -> Self {
        Self { message: cut(message), ..Self::default() }
    }

    /// Reads the coloured text of an error. `None` if it is a warning, a trace, or anything else.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(ERROR)?;
        let lines: Vec<&str> =
            rest.split('\n').map(|line| line.strip_prefix(INDENT).unwrap_or(line)).collect();
        // With a trace, the first line is empty and the error itself starts at the next `error:` of its column.
        let with_trace = lines.first().is_some_and(|line| line.trim().is_empty());
        let start = lines.iter().skip(1).position(|line| line.starts_with(ERROR)).filter(|_| with_trace);
        let (above, error) = lines.split_at(start.map_or(0, |position| position + 1));
        let mut complaint = Self::of_lines(error);
        complaint.frames = frames(above);
        Some(complaint)
    }

    fn of_lines(lines: &[&str]) -> Self {
        let end = lines.iter().skip(1).position(|line| line.starts_with(AT)).map_or(lines.len(), |at| at + 1);
        let (message, after) = lines.split_at(end);
        let mut message = message.join("\n");
        if let Some(start) = message.rfind("\nDid you mean ").filter(|_| message.trim_end().ends_with('?')) {
            message.truncate(start);
        }
        let message = message.strip_prefix(ERROR).unwrap_or(&message);
        let message = plain(message.strip_prefix(' ').unwrap_or(message));
        Self {
            message: cut(message.trim_end()),
            at: after.first().and_then(|line| Spot::of_line(line)),
            frames: Vec::new(),
        }
    }

    /// What a repl says that was waiting for the rest of a line and got a nudge instead.
    pub(crate) fn is_nudge(&self) -> bool {
        let at_line = self.at.as_ref().is_none_or(|at| at.file.starts_with("«string»"));
        at_line && ["unexpected 'let'", "unexpected LET"].iter().any(|word| self.message.contains(word))
    }

    /// The error that such a repl was hiding.
    pub(crate) fn unfinished() -> Self {
        Self { message: "syntax error, unexpected end of file".to_owned(), ..Self::default() }
    }

    /// The class of errors that the evaluator lived through but that may be an accident of what ran before it: too deep
    /// a call, or too little memory. The same test may do well by itself.
    pub(crate) fn is_of_resources(&self) -> bool {
        let message = self.message.as_str();
        message.starts_with("stack overflow")
            || message.contains("bad_alloc")
            || message.starts_with("out of memory")
    }
}

/// Keeps the innermost and drops repetitions, innermost first.
fn frames(lines: &[&str]) -> Vec<Frame> {
    let mut frames: Vec<Frame> = Vec::new();
    for (index, line) in lines.iter().enumerate().rev() {
        let Some(text) = line.strip_prefix("… ") else { continue };
        let mut text = plain(text);
        let mut at = None;
        for next in lines.iter().skip(index + 1).take_while(|next| !next.starts_with("… ")) {
            if let Some(found) = Spot::of_line(next.trim_start()) {
                at = Some(found);
                break;
            }
            if !next.trim().is_empty() {
                text.push('\n');
                text.push_str(&plain(next));
            }
        }
        frames.push(Frame { text: cut(&text), at });
        if frames.len() == MOST_FRAMES {
            break;
        }
    }
    frames
}

impl Spot {
    /// Reads the line `at FILE:LINE:COLUMN:` in its colours.
    fn of_line(line: &str) -> Option<Self> {
        let rest = line.strip_prefix(AT)?;
        let (spot, _) = rest.split_once("\u{1b}[0m")?;
        Self::of_name(spot)
    }

    /// Reads `FILE:LINE:COLUMN`.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let (rest, column) = name.rsplit_once(':')?;
        let (file, line) = rest.rsplit_once(':')?;
        Some(Self { file: file.to_owned(), line: line.parse().ok()?, column: column.parse().ok()? })
    }

    /// A position whose parts are told apart. Newer nix repeats line and column in the file's name.
    pub(crate) fn of_parts(file: &str, line: u32, column: u32) -> Self {
        let file = file.strip_suffix(&format!(":{line}:{column}")).unwrap_or(file);
        Self { file: file.to_owned(), line, column }
    }
}

/// Cuts a text that is too long, at a character.
pub(crate) fn cut(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}... ({} bytes more)", text.get(..end).unwrap_or_default(), text.len() - end)
}

/// A text without what is meant for terminals: escape sequences and carriage returns gone, tabs as spaces.
///
/// As `filterANSIEscapes(s, true)` in Nix `src/libutil/terminal.cc`, which nix-unit applies before it matches.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut width = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            '\r' | '\u{7}' => {}
            '\t' => {
                let next = (width / 8 + 1) * 8;
                plain.extend(std::iter::repeat_n(' ', next - width));
                width = next;
            }
            _ => {
                plain.push(c);
                width += 1;
            }
        }
    }
    plain
}

fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.peek() {
        Some('[') => {
            chars.next();
            while chars.next_if(|c| ('0'..='?').contains(c)).is_some() {}
            while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
            chars.next_if(|c| ('@'..='~').contains(c));
        }
        Some(']') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        _ => {
            chars.next_if(|c| ('@'..='_').contains(c));
        }
    }
}

#[cfg(test)]
#[path = "complaint_tests.rs"]
mod tests;
