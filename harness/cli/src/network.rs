//! The network of the fleet as a plan looks at it, and the names of what is in it.

use model::{
    matrix::Matrix,
    suite::{Kind, Suite},
};
use plan::{Channel, Network};

use crate::{desk::Desk, stop::Stop, wish::Probing};

/// The network, as a plan looks at it: the machines' own where they are probed, and one among guests where not.
///
/// # Errors
/// The machines are probed, and there is no overlay, or none has the name that is meant.
pub fn network<'a>(
    desk: &Desk,
    probing: Option<&'a Probing>,
    matrix: &'a Matrix,
) -> Result<Network<'a>, Stop> {
    let Some(probing) = probing else {
        return Ok(Network { matrix, channel: Channel::Guests, overlay: None, seed: 0 });
    };
    if matrix.meshes.is_empty() {
        return Err(Stop::input("the fleet has no overlay network").help(
            "one is an instance of clan's services zerotier, wireguard or yggdrasil; `seaworthy mesh matrix` shows them",
        ));
    }
    let overlay = probing.overlay.as_deref();
    overlay.map_or(Ok(()), |name| named_overlay(matrix, name))?;
    // Each run asks others, where it cannot ask all.
    let seed = desk.now.as_second().unsigned_abs();
    Ok(Network { matrix, channel: Channel::Ssh, overlay, seed })
}

/// A suite as far as it is asked: where machines are asked themselves, nothing is but what they see of the network.
#[must_use]
pub fn part(suite: &Suite, probing: bool) -> Option<Suite> {
    let mut suite = suite.clone();
    if probing {
        suite.checks.retain(|check| matches!(check.kind, Kind::Probe(_)));
    }
    (!suite.checks.is_empty()).then_some(suite)
}

/// Whether an overlay has this name.
///
/// # Errors
/// None has.
pub fn named_overlay(matrix: &Matrix, name: &str) -> Result<(), Stop> {
    let all = || matrix.meshes.iter().map(|mesh| mesh.overlay.name.as_str());
    if all().any(|known| known == name) {
        return Ok(());
    }
    Err(nobody(&format!("no overlay network is called `{name}`"), name, all()))
}

/// A name that is nobody's, with the one that was meant, or all there are.
#[must_use]
pub fn nobody<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Stop {
    let listed = || {
        let some: Vec<&str> = known.clone().take(20).collect();
        if some.is_empty() { "there is none".to_owned() } else { format!("there are {}", some.join(", ")) }
    };
    let help = plan::nearest(name, known.clone()).map_or_else(listed, |near| format!("did you mean {near}?"));
    Stop::input(what).help(help)
}
