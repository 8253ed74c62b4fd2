//! What is asked for on the command line, ready to be planned and run.

use std::{num::NonZeroUsize, path::PathBuf};

use edge::vm::afloat::Berth;
use plan::Selection;

/// What is asked for on the command line.
#[derive(Debug, Default)]
pub struct Wish {
    /// Which checks.
    pub selection: Selection,
    /// The filter among it, as it was typed.
    pub filter: Option<String>,
    /// Whether earlier answers do not count.
    pub fresh: bool,
    /// How many jobs at once; one a processor where it is not said.
    pub jobs: Option<NonZeroUsize>,
    /// Where the first guest that fails is kept.
    pub keep: Option<Berth>,
    /// What the machines themselves are asked; without it nobody connects to any.
    pub probing: Option<Probing>,
}

/// What the machines themselves are asked: what they see of the network, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct Probing {
    /// The overlay that is meant; every one, if it is not said.
    pub overlay: Option<String>,
    /// A configuration for ssh in the place of the user's own.
    pub ssh_config: Option<PathBuf>,
}
