//! What happens to machines while a configuration is promoted to them. The journal of a promotion is a list of these.
//!
//! A step is noted before it is taken and again when it has ended, so that after a crash it is known what may have been done.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::machine::MachineName;

/// The store path of a whole system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Closure(pub String);

impl fmt::Display for Closure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Names one promotion, forever: `<UTC time>-<6 hex digits>`, so that names sort by start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromotionId(pub String);

impl fmt::Display for PromotionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What is there when a machine is asked, promotion or none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// What runs.
    pub running: Closure,
    /// What boots.
    pub profile: Closure,
}

/// What a promotion does to one machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// What ran before, the exact path: what is gone back to.
    pub old: Closure,
    /// What shall run.
    pub new: Closure,
}

/// A thing that is done with one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Ask what is there. It changes nothing.
    Look,
    /// Build the new closure.
    Build,
    /// Bring it to the machine.
    Copy,
    /// Run it, under a timer on the machine that goes back to the old one unless it is stopped.
    Activate,
    /// Stop that timer, over a connection of its own.
    Confirm,
    /// Compare how it does with how it did before anything was activated. It changes nothing.
    Examine,
    /// Boot the new closure once, if what only a boot brings into use is not in use; the old one boots after that.
    Reboot,
    /// Make the new closure what boots.
    SetProfile,
    /// Run and boot the old closure.
    RollBack,
}

impl Step {
    /// Whether it is on the way to a new closure, rather than one that ends what was begun.
    #[must_use]
    pub fn sets_out(self) -> bool {
        matches!(self, Self::Build | Self::Copy | Self::Activate)
    }

    /// Whether it may change what runs or boots.
    #[must_use]
    pub fn switches(self) -> bool {
        matches!(self, Self::Activate | Self::Confirm | Self::Reboot | Self::SetProfile | Self::RollBack)
    }
}

/// How a step came out.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum End {
    /// As it should.
    Done,
    /// It did not work; of an examination: the machine does worse than before.
    Failed {
        /// Why, in a sentence without a full stop.
        why: String,
    },
    /// A reboot: the machine cannot boot something only once. Nothing was changed, and it goes on without.
    Skipped {
        /// Why, in a sentence without a full stop.
        why: String,
    },
    /// Somebody else is at work with the machine: it was not begun, and can be later.
    Held {
        /// Who, with what they do there.
        by: String,
    },
    /// The machine could not be reached, or the link was lost: nobody knows how far the step came.
    Unreachable,
}

/// What a look at a machine found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sight {
    /// Whether the new closure is built.
    pub built: bool,
    /// Whether it is on the machine.
    pub copied: bool,
    /// What runs; `None` where an activation stopped half-way.
    pub running: Option<Closure>,
    /// What boots.
    pub profile: Closure,
    /// Whether this promotion's timer runs there.
    pub timer: bool,
    /// Whether this promotion ever began to activate there.
    pub tried: bool,
}

/// Something that happened, and when, by the host's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub what: Happened,
}

/// What happened in a promotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "happened", rename_all = "kebab-case")]
pub enum Happened {
    /// It began. Always the first, and there is one: other closures are another promotion.
    Started {
        /// Each machine that is to change.
        changes: BTreeMap<MachineName, Change>,
        /// Whether it is somebody's way back: what it brings ran there before.
        #[serde(default, skip_serializing_if = "is_no")]
        back: bool,
    },
    /// Machines came to it of which nobody knew what they would go back to.
    Joined {
        /// What is to change on each.
        changes: BTreeMap<MachineName, Change>,
    },
    /// Another process took over. Whatever was begun and has not ended is in doubt.
    Resumed,
    /// Somebody agreed to a wave.
    Approved {
        /// Who.
        by: String,
        /// The wave's name.
        wave: String,
        /// The same, in an envelope that they signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signed: Option<String>,
        /// What came of holding it against the keys of those who may agree: for which machines it counts, or why it does not, in a
        /// sentence without a full stop. It is found out by whoever reads, and never written. Where no keys are named it counts for
        /// all that the promotion has by then.
        #[serde(skip)]
        held: Option<Result<BTreeSet<MachineName>, String>>,
    },
    /// Somebody stopped all further activations.
    Frozen {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// Somebody allowed them again.
    Thawed {
        /// Who.
        by: String,
    },
    /// A step is about to be taken.
    Begun {
        /// With whom.
        machine: MachineName,
        /// What.
        step: Step,
    },
    /// A step has ended. Of [`Step::Look`] only if it did not work: else there is [`Happened::Saw`].
    Ended {
        /// With whom.
        machine: MachineName,
        /// What.
        step: Step,
        /// How.
        #[serde(flatten)]
        end: End,
    },
    /// A look has ended.
    Saw {
        /// At whom.
        machine: MachineName,
        /// What was found.
        sight: Sight,
    },
    /// Somebody says that a machine does worse under its new closure than it did before; an examination says so by its end.
    Ailing {
        /// Who.
        machine: MachineName,
        /// How that is known.
        why: String,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes every field so")]
fn is_no(it: &bool) -> bool {
    !it
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Look => "look",
            Self::Build => "build",
            Self::Copy => "copy",
            Self::Activate => "activate",
            Self::Confirm => "confirm",
            Self::Examine => "examine",
            Self::Reboot => "reboot",
            Self::SetProfile => "set the profile",
            Self::RollBack => "roll back",
        })
    }
}
