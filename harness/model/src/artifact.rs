//! A file that a check leaves behind: what was seen, as it was seen.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// A file in a run's folder, and what it has to be to count: whoever relies on it later compares the digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// What it is, in a word: `console`.
    pub name: String,
    /// Where it is, from the run's folder on, with `/` between the parts.
    pub path: String,
    /// Over its bytes.
    pub digest: Digest,
    /// How many these are.
    pub bytes: u64,
}
