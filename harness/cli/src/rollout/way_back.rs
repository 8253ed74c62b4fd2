//! How a machine comes back to what ran there before.
//!
//! Flows in: the journals of promotions. Flows out: a way back, or that it is back. Must not: change anything, or take somebody's way
//! back for a thing to go back from.

use edge::{promotions::PromotionJournal, state::State as Folder};
use judge::promote::{Host, Phase, State};
use model::{
    machine::MachineName,
    rollout::{Change, Closure, PromotionId},
};

use crate::{stop::Stop, trouble};

/// A way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WayBack {
    /// It is back: this runs there.
    There(Closure),
    /// A way back that was begun goes on.
    GoOn(PromotionId, Closure),
    /// The promotion that changed it takes it back itself.
    Within(PromotionId, Closure),
    /// By a promotion of its own, once another has ended what it has half-way.
    Begin(Change, Option<PromotionId>),
}

impl WayBack {
    /// Finds it in the last promotion that changed the machine.
    ///
    /// # Errors
    /// There is none, or a journal cannot be read.
    pub(super) fn find(folder: &Folder, machine: &MachineName) -> Result<Self, Stop> {
        let mut journal = PromotionJournal::latest(folder).map_err(trouble::promotion)?;
        let mut last = None;
        while let Some(mut one) = journal {
            let state = State::of(&one.entries().map_err(trouble::promotion)?);
            let promotion = one.promotion();
            let (last, ends) = last.get_or_insert_with(|| (promotion.clone(), state.ends()));
            let changed = state.machines().get(machine).filter(|host| host.change.old != host.change.new);
            let half_way = (!*ends).then(|| last.clone());
            let of = Of { promotion, is_last: promotion == last, is_way_back: state.is_way_back(), half_way };
            if let Some(way) = changed.and_then(|host| of.host(host)) {
                return Ok(way);
            }
            // What another promotion changed was not changed back by one that has nothing to do with the machine.
            journal = PromotionJournal::before(folder, promotion).map_err(trouble::promotion)?;
        }
        Err(Stop::input(format!("no promotion brought `{machine}` a closure that could be taken back")).help(
            "`seaworthy history --list` shows them all, `seaworthy history PROMOTION` what one changed",
        ))
    }

    /// What is gone back to.
    pub(super) fn to(&self) -> &Closure {
        match self {
            Self::There(to) | Self::GoOn(_, to) | Self::Within(_, to) => to,
            Self::Begin(change, _) => &change.new,
        }
    }
}

/// A promotion that would change the machine.
struct Of<'a> {
    promotion: &'a PromotionId,
    is_last: bool,
    is_way_back: bool,
    /// The last promotion, if it has something to end.
    half_way: Option<PromotionId>,
}

impl Of<'_> {
    /// None where it did not change the machine: who changed it before is to be found.
    fn host(self, host: &Host) -> Option<WayBack> {
        let Self { promotion, is_last, is_way_back, half_way } = self;
        let (Change { old, new }, promotion) = (&host.change, promotion.clone());
        let is_half_way = host.is_under_way() || host.doubt || host.begun.is_some();
        Some(match host.phase {
            _ if is_half_way && is_way_back => WayBack::GoOn(promotion, new.clone()),
            _ if is_half_way => WayBack::Within(promotion, old.clone()),
            Phase::Settled { .. } if is_way_back => WayBack::There(new.clone()),
            // Another promotion would leave half-way for ever what this one has so.
            Phase::Settled { .. } if is_last && (half_way.is_some() || host.failed.is_some()) => {
                WayBack::Within(promotion, old.clone())
            }
            Phase::Settled { .. } => WayBack::Begin(Change { old: new.clone(), new: old.clone() }, half_way),
            Phase::Back if !is_way_back => WayBack::There(old.clone()),
            _ if is_way_back && is_last && host.failed.is_none() => WayBack::GoOn(promotion, new.clone()),
            _ if is_way_back => WayBack::Begin(host.change.clone(), half_way),
            _ => return None,
        })
    }
}
