//! A promotion policy resolved against its fleet: which machines each wave has, and what each wave waits for.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::{
    machine::MachineName,
    promotion::{Approvals, Freeze, Hours},
    stage::Stage,
};

/// What a promotion keeps to. Made by `load::course` of a policy that was linted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Course {
    /// Each wave, in the order of the file.
    pub waves: Vec<Leg>,
    /// The stages whose gates have to be open.
    pub gates: BTreeSet<Stage>,
    /// How old evidence may be; `None`: as old as it likes.
    pub fresh: Option<Duration>,
    /// When machines may be activated; `None`: at any time.
    pub hours: Option<Vec<Hours>>,
    /// Days on which nothing is activated.
    pub freezes: Vec<Freeze>,
    /// How many machines may be under way at once; `None`: any number.
    pub at_once: Option<usize>,
    /// Whether machines are rebooted where their new closure is not all in use without.
    pub reboots: bool,
    /// By `<instance>/<role>`: machines of which never all are under way at once.
    pub roles: BTreeMap<String, BTreeSet<MachineName>>,
    /// Machines that wait for all the soaks before them together.
    pub primary: BTreeSet<MachineName>,
    /// How long that is at least.
    pub primary_soak: Duration,
    /// Machines that never answered. They are in no promotion yet; who else is in their wave goes on without them.
    pub absent: BTreeSet<MachineName>,
    /// Machines that did not answer when they were last asked, be they in a promotion or not: they serve no role.
    pub silent: BTreeSet<MachineName>,
    /// The machines that may set out now, by somebody's choice; `None`: all.
    pub only: Option<BTreeSet<MachineName>>,
    /// Whether it is somebody's way back, which no freeze holds.
    pub back: bool,
}

/// A wave with its machines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leg {
    /// Its name.
    pub name: String,
    /// Its machines; no two waves share one.
    pub machines: BTreeSet<MachineName>,
    /// Every wave that has to have soaked first, near and far, by its index; never itself.
    pub before: BTreeSet<usize>,
    /// How long its machines run their new closure before a later wave may start.
    pub soak: Duration,
    /// Who has to agree; `None`: nobody.
    pub approvals: Option<Approvals>,
}
