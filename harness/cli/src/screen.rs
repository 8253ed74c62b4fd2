//! The terminal as it is: width, colours, and whether anybody watches. The one place where bytes leave for stdout.

use std::io::{self, IsTerminal, Write};

use crate::args::Color;

/// What the command line knows of its terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Whether stdout takes colours.
    pub color: bool,
    /// Whether stderr takes colours.
    pub stderr_color: bool,
    /// Columns of stdout's terminal, or what COLUMNS says; 100 where there is neither.
    pub width: usize,
    /// Rows of stdout's terminal; none where it is no terminal.
    pub height: Option<usize>,
    /// COLUMNS, where it is a number.
    columns: Option<usize>,
    /// Whether stderr is a terminal that a moving progress line may be drawn on.
    pub live: bool,
    /// Whether stdout is a terminal on which a picture may be drawn anew.
    pub redraws: bool,
}

/// The environment's say about colours and liveliness, read once by `main`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// NO_COLOR is set and not empty.
    pub no_color: bool,
    /// CLICOLOR_FORCE is set and not 0.
    pub force_color: bool,
    /// TERM is `dumb`.
    pub dumb: bool,
    /// CI is set.
    pub ci: bool,
    /// COLUMNS, where it is a number.
    pub columns: Option<usize>,
}

impl Screen {
    /// Looks at stdout and stderr.
    #[must_use]
    pub fn detect(choice: Color, wishes: Wishes) -> Self {
        let (out, err) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let colored = |terminal: bool| match choice {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if wishes.no_color => false,
            Color::Auto => wishes.force_color || (terminal && !wishes.dumb),
        };
        Self {
            color: colored(out),
            stderr_color: colored(err),
            width: 100,
            height: None,
            columns: wishes.columns,
            live: err && !wishes.dumb && !wishes.ci,
            redraws: out && !wishes.dumb,
        }
        .measured()
    }

    /// As large as the terminal is now: windows are resized.
    #[must_use]
    pub fn measured(self) -> Self {
        let size = terminal_size();
        let columns = || size.map(|(columns, _)| columns);
        let width = self.columns.or_else(columns).unwrap_or(self.width);
        Self { width, height: size.map(|(_, rows)| rows), ..self }
    }

    /// Writes to stdout. A reader that went away (`| head`) is not an error.
    ///
    /// # Errors
    /// Stdout cannot be written for any other reason, a full disk for one.
    pub fn out(self, text: &str) -> io::Result<()> {
        self.tell(text).map(drop)
    }

    /// Writes to stdout, and says whether there is still somebody who reads it.
    ///
    /// # Errors
    /// Those of [`Self::out`].
    pub fn tell(self, text: &str) -> io::Result<bool> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Lets somebody write to stdout what may be too long for one text.
    ///
    /// # Errors
    /// Those of [`Self::out`].
    pub fn stream(self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut stdout = io::BufWriter::new(io::stdout().lock());
        match write(&mut stdout).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Writes a line to stderr; where even that fails there is nobody left to tell.
    pub fn note(self, line: &str) {
        let _gone = writeln!(io::stderr().lock(), "{line}");
    }
}

/// Columns and rows.
fn terminal_size() -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some((usize::from(size.ws_col), usize::from(size.ws_row))).filter(|(columns, _)| *columns > 0)
}
