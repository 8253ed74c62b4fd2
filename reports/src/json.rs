//! The report for programs: one JSON document, versioned. `reports/JSON.md` describes it, and a test holds the two
//! together.
//!
//! In: a report. Out: JSON, in one line. It must not change a name or a
//! meaning without changing [`VERSION`].

mod document;
mod mesh;

use std::io;

use crate::report::Report;

/// The version of the document's format. New keys may come without a new version; what is there stays as it is.
pub const VERSION: u32 = 1;

/// Writes the document and a line break.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report<'_>, mut writer: impl io::Write) -> io::Result<()> {
    serde_json::to_writer(&mut writer, &document::Document::of(report))?;
    writer.write_all(b"\n")
}
