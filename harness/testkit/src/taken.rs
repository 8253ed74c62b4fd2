//! What workers bring back beside verdicts.
//!
//! Flows in: a name and a number. Flows out: measurements and artifacts. Must not: measure, or write a file.

use model::{
    artifact::Artifact,
    digest::Digest,
    measurement::{Measurement, Unit},
};

/// So many seconds.
///
/// # Panics
/// The metric's name is none.
#[must_use]
#[expect(clippy::panic, reason = "a test names a metric wrongly")]
pub fn seconds(metric: &str, value: u32) -> Measurement {
    let Ok(metric) = metric.try_into() else { panic!("{metric} is no metric") };
    Measurement { metric, of: None, value: value.into(), unit: Unit::Seconds }
}

/// An empty file.
#[must_use]
pub fn artifact(path: &str) -> Artifact {
    Artifact { name: "console".to_owned(), path: path.to_owned(), digest: Digest::of(""), bytes: 0 }
}
