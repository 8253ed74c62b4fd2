//! What a look at a machine means for how far it is.
//!
//! In: the machine as it is known, and what is there. Out: its phase, and what went wrong. It must not take what is strange for
//! what is known: that is left to a person.

use jiff::Timestamp;
use model::rollout::{Sight, Step};

use super::host::{Host, Phase};

/// What runs or boots.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Old,
    New,
}

pub(super) fn read(host: &mut Host, sight: &Sight, at: Timestamp) {
    let which = |closure: &_| match closure {
        one if *one == host.change.new => Some(Which::New),
        one if *one == host.change.old => Some(Which::Old),
        _ => None,
    };
    let running = sight.running.as_ref().map(which);
    let (false, Some(profile)) = (running == Some(None), which(&sight.profile)) else {
        host.phase = Phase::Strayed;
        return;
    };
    if (running.flatten(), profile, sight.tried) == (Some(Which::New), Which::New, false) {
        host.forgives_refusal();
    }
    let confirmed = host.phase == Phase::Confirmed || host.begun == Some(Step::Confirm);
    host.phase = match (running.flatten(), profile) {
        (Some(Which::Old), Which::Old) if sight.tried => {
            let cleared = !is_half_set(host);
            lose(host, "the machine went back to its old closure");
            if cleared { Phase::Back } else { Phase::Trying }
        }
        (Some(Which::Old), Which::Old) => waiting(host, sight),
        (Some(Which::New), Which::New) if !sight.timer && host.failed.is_none() => settled(host, at),
        (Some(Which::New), Which::New) => Phase::Confirmed,
        (Some(Which::New), Which::Old) if sight.timer => Phase::Trying,
        (Some(Which::New), Which::Old) if confirmed => Phase::Confirmed,
        (Some(Which::New), Which::Old) => {
            lose(host, "the timer that would go back is gone, and nobody confirmed");
            Phase::Trying
        }
        (None, _) => {
            lose(host, "the activation stopped half-way");
            Phase::Trying
        }
        (Some(Which::Old), Which::New) => {
            lose(host, "the old closure runs and the new one boots");
            Phase::Trying
        }
    };
}

/// Whether the new closure may be half set to boot although the old one does: what only a way back that has ended clears away.
fn is_half_set(host: &Host) -> bool {
    match host.phase {
        Phase::Confirmed => true,
        Phase::Trying => host.failed.is_some(),
        _ => false,
    }
}

fn lose(host: &mut Host, why: &str) {
    host.failed.get_or_insert_with(|| why.to_owned());
}

fn settled(host: &Host, at: Timestamp) -> Phase {
    match host.phase {
        Phase::Settled { since } => Phase::Settled { since },
        _ => Phase::Settled { since: at },
    }
}

/// Nothing was activated: what was prepared still counts, so that it is not done again.
fn waiting(host: &Host, sight: &Sight) -> Phase {
    match sight {
        _ if host.failed.is_some() => Phase::Back,
        Sight { copied: true, .. } => Phase::Copied,
        Sight { built: true, .. } => Phase::Built,
        _ => Phase::Waiting,
    }
}
