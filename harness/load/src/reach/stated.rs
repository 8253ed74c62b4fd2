//! What the fleet's owner states, put in the place of what was derived.
//!
//! Flows in: exceptions, and the derived expectations of one overlay. Flows out: the same with the exceptions in it.
//! Must not: touch a pair that no exception speaks of, or judge an exception: `lint::exceptions` does.

use std::sync::Arc;

use model::{
    exception::{Exception, Party},
    matrix::place,
    reach::{Expectation, Reach},
    reason::Reason,
    resolved::ResolvedFleet,
};

use super::seat::Seat;

/// Of two exceptions that speak of one pair, the first in the file holds.
pub(super) fn put(expectations: &mut [Expectation], fleet: &ResolvedFleet, overlay: &str, seats: &[Seat]) {
    for exception in fleet.fleet.exceptions.iter().filter(|exception| exception.is_over(overlay)) {
        let shared = Arc::new(exception.clone());
        for (from, to) in pairs(fleet, exception, seats) {
            let at = place(seats.len(), from, to);
            let (Some(expectation), Some(target)) =
                (at.and_then(|at| expectations.get_mut(at)), seats.get(to))
            else {
                continue;
            };
            if !matches!(expectation.reason, Reason::Stated(..)) {
                state(expectation, &shared, target);
            }
        }
    }
}

/// Every two whom an exception is about. Where it names no overlay, that is only over those that both are on.
fn pairs(
    fleet: &ResolvedFleet,
    exception: &Exception,
    seats: &[Seat],
) -> impl Iterator<Item = (usize, usize)> + use<> {
    let named = exception.overlay.is_some();
    let those = |party: &Party| -> Vec<usize> {
        let machines = fleet.machines.iter().zip(seats).enumerate();
        let held = machines
            .filter(|(_, ((name, machine), seat))| (named || seat.member) && party.holds(name, machine));
        held.map(|(index, _)| index).collect()
    };
    let (from, to) = (those(&exception.from), those(&exception.to));
    from.into_iter().flat_map(move |from| to.clone().into_iter().map(move |to| (from, to)))
}

fn state(expectation: &mut Expectation, exception: &Arc<Exception>, target: &Seat) {
    if exception.reach != expectation.reach() {
        expectation.probe = match exception.reach {
            Reach::Must => target.wanted(),
            Reach::MustNot | Reach::Unknown => target.everything.clone(),
        };
    }
    let derived = Box::new(expectation.reason.clone());
    expectation.reason = Reason::Stated(Arc::clone(exception), derived);
}
