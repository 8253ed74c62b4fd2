//! A finding: one thing wrong.

use serde::{Deserialize, Serialize};

use crate::{place::Place, subject::Subject};

/// One thing wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// `<suite>/<check>`
    pub rule: String,
    /// Whom it is about.
    pub subject: Subject,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// Where it is written, as near as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// A JSON pointer into the facts document, or the test's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What was expected, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was found, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Lines of context, such as the evaluator's trace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<String>,
}
