//! A report in the form that was asked for.

use reports::{Look, Report};

use crate::{args::Format, screen::Screen};

/// The report as text.
#[must_use]
pub fn print(report: &Report<'_>, format: Format, screen: Screen) -> String {
    match format {
        Format::Human => reports::terminal::render(report, look(screen)),
        Format::Markdown => reports::markdown::render(report, reports::markdown::LIMIT),
        Format::Json => written(|bytes| reports::json::write(report, bytes)),
        Format::Junit => written(|bytes| reports::junit::write(report, bytes)),
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    match write(&mut bytes) {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => format!("{error}\n"),
    }
}

/// How the screen looks to a renderer.
#[must_use]
pub fn look(screen: Screen) -> Look {
    Look { width: screen.width, color: screen.color, ..Look::default() }
}
