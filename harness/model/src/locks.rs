//! How far a flake's lock file says what its inputs are.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What the lock file of a flake tells of the inputs that were evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Locks {
    /// The content of each of them, or the flake has none: the source tree says all that an evaluation depends on.
    #[default]
    Complete,
    /// Not the content of these: what they hold may change although the source tree does not. An input of an input is named
    /// after it: `lib/nixpkgs`.
    Missing(BTreeSet<String>),
    /// Nobody can say: nix did not tell what it took for the inputs.
    Unknown,
}

impl Locks {
    /// Whether an evaluation of the same source tree gives the same answers.
    #[must_use]
    pub fn complete(&self) -> bool {
        *self == Self::Complete
    }
}
