//! Why a machine does not get its new closure now.
//!
//! In: nothing. Out: the reasons, each with what it lets through. It must not hold advice.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use model::{decision::GateState, machine::MachineName, rollout::Closure, stage::Stage};

use super::lasting::lasting;

const MINUTE: Duration = Duration::from_secs(60);

/// A reason.
#[expect(missing_docs, reason = "what each field is stands in the sentence that the reason is shown as")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The policy never lets it go.
    NoWave,
    /// Others were asked for.
    NotAsked,
    /// It went wrong here.
    Failed { why: String },
    /// It went wrong elsewhere.
    Halted { by: MachineName },
    /// The step that was begun may or may not have been taken.
    Doubt,
    /// Nobody reached it.
    Away,
    /// Somebody else is at work with it.
    Held { by: String },
    /// Something else than the old and the new closure is there.
    Strayed,
    /// There is evidence, of another closure.
    ProofOfAnother { closure: Closure },
    /// There is no evidence.
    NotProven { stage: Stage },
    /// It is refuted.
    GateClosed { stage: Stage },
    /// Nobody could tell.
    GateUndecided { stage: Stage },
    /// The evidence is too old.
    Stale { stage: Stage, at: Timestamp },
    /// The evidence is younger than now: a clock is wrong.
    FromTheFuture { stage: Stage },
    /// People have to agree first.
    Unapproved { wave: String, have: usize, need: usize, refused: Vec<String> },
    /// Somebody stopped everything.
    Frozen { by: String, reason: String },
    /// The policy stops everything on this day.
    Freeze { reason: String },
    /// It is not the time of day.
    OutOfHours,
    /// An earlier wave is not through.
    Behind { wave: String, machine: MachineName },
    /// An earlier wave soaks.
    Soaks { wave: String, left: Duration },
    /// It has its new closure, and soaks.
    Soaking { left: Duration },
    /// It has soaked, and is not examined yet.
    Unexamined,
    /// Everything before it has not soaked for long enough together.
    SoaksTogether { left: Duration },
    /// So many are under way already.
    Full { at_once: usize },
    /// No other member of the role would be left.
    LastOfRole { role: String },
}

/// What may take a reason away. Of several for one machine the last has the say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mends {
    /// Time: not before this moment.
    At(Timestamp),
    /// Somebody's word in the journal.
    People,
    /// Neither; it may be a matter of another machine.
    Never,
}

impl Why {
    /// What may take it away.
    pub(super) fn mends(&self, now: Timestamp) -> Mends {
        let later = |left: Duration| now.checked_add(left).map_or(Mends::Never, Mends::At);
        match self {
            Self::Soaks { left, .. } | Self::Soaking { left } | Self::SoaksTogether { left } => later(*left),
            // These are told by the minute.
            Self::OutOfHours | Self::Freeze { .. } | Self::Held { .. } => later(MINUTE),
            Self::Unapproved { .. } | Self::Frozen { .. } => Mends::People,
            _ => Mends::Never,
        }
    }

    /// What this lets the machine's state be at best.
    #[must_use]
    pub fn allows(&self) -> GateState {
        match self {
            Self::Doubt | Self::Away | Self::Held { .. } | Self::Strayed | Self::GateUndecided { .. } => {
                GateState::Undecided
            }
            // It goes on.
            Self::Soaking { .. } | Self::Unexamined => GateState::Open,
            _ => GateState::Closed,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWave => f.write_str("it is in no wave"),
            Self::NotAsked => f.write_str("it was not asked for"),
            Self::Failed { why } => f.write_str(why),
            Self::Halted { by } => write!(f, "{by} failed"),
            Self::Doubt => f.write_str("a step was cut off, and nobody has looked how far it came"),
            Self::Away => f.write_str("it could not be reached"),
            Self::Held { by } => write!(f, "it is held by {by}"),
            Self::Strayed => f.write_str("neither its old nor its new closure is there"),
            Self::ProofOfAnother { closure } => write!(f, "what is proven is {closure}"),
            Self::NotProven { stage } => write!(f, "{stage}: not proven"),
            Self::GateClosed { stage } => write!(f, "{stage}: closed"),
            Self::GateUndecided { stage } => write!(f, "{stage}: undecided"),
            Self::Stale { stage, at } => write!(f, "{stage}: proven too long ago, on {at}"),
            Self::FromTheFuture { stage } => write!(f, "{stage}: proven later than now; a clock is wrong"),
            Self::Unapproved { wave, have, need, refused } => {
                write!(f, "{have} of {need} agreed to wave {wave}")?;
                refused.iter().try_for_each(|word| write!(f, "; {word}"))
            }
            Self::Frozen { by, reason } => write!(f, "frozen by {by}: {reason}"),
            Self::Freeze { reason } => write!(f, "frozen: {reason}"),
            Self::OutOfHours => f.write_str("out of maintenance hours"),
            Self::Behind { wave, machine } => write!(f, "wave {wave} waits for {machine}"),
            Self::Soaks { wave, left } => write!(f, "wave {wave} soaks for {} more", lasting(*left)),
            Self::Soaking { left } => write!(f, "it soaks for {} more", lasting(*left)),
            Self::Unexamined => f.write_str("it has soaked, and is to be examined"),
            Self::SoaksTogether { left } => {
                write!(f, "all before it soak together for {} more", lasting(*left))
            }
            Self::Full { at_once } => write!(f, "{at_once} are under way already"),
            Self::LastOfRole { role } => write!(f, "nobody else of {role} would be left"),
        }
    }
}
