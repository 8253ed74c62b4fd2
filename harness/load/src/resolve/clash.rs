//! An option of one member that is given different values.
//!
//! Flows in: definitions of equal priority. Flows out: the option and where each definition is written.
//! Must not: know whose settings they are.

use super::definition::Definition;

/// How many are kept of one member's settings in one role. One is enough to refuse them; a fleet in which everything
/// conflicts must not take more memory than it is worth.
pub(super) const MOST: usize = 16;

/// Definitions of equal priority that differ, or that are of different types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clash {
    /// The option's path within the settings.
    pub(super) option: Vec<String>,
    /// Pointers to the definitions, in the order in which they merge.
    pub(super) definitions: Vec<String>,
}

impl Clash {
    pub(super) fn of(option: &[&str], definitions: &[Definition<'_, '_>]) -> Self {
        Self {
            option: option.iter().map(|key| (*key).to_owned()).collect(),
            definitions: definitions.iter().map(|definition| definition.trail.pointer()).collect(),
        }
    }
}
