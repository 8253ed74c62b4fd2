//! How the reader's screen looks.
//!
//! In: what the command line found out. Out: widths and colours. It must not look at a terminal itself.

use anstyle::{AnsiColor, Style};

/// How a screen looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns; no line is longer, if there are at least 20.
    pub width: usize,
    /// Whether it takes colours; if not, no terminal codes at all are written.
    pub color: bool,
    /// How many findings are shown; the rest is counted.
    pub findings: usize,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 100, color: false, findings: 50 }
    }
}

/// What a piece of text is for, from which its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Title,
    Good,
    Bad,
    Warning,
    Unknown,
    Quiet,
}

impl Look {
    /// A text in its colour. It must be one line without terminal codes.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let style = style(ink);
        format!("{style}{text}{style:#}")
    }
}

fn style(ink: Ink) -> Style {
    match ink {
        Ink::Plain => Style::new(),
        Ink::Title => Style::new().bold(),
        Ink::Good => AnsiColor::Green.on_default().bold(),
        Ink::Bad => AnsiColor::Red.on_default().bold(),
        Ink::Warning => AnsiColor::Yellow.on_default().bold(),
        Ink::Unknown => AnsiColor::Magenta.on_default().bold(),
        Ink::Quiet => Style::new().dimmed(),
    }
}
