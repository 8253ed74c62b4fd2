//! Why one machine is to reach another over an overlay, or not, or why nobody can tell.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{exception::Exception, machine::MachineName, overlay::OverlayKind, reach::Reach};

/// Whom a reason is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The machine that reaches.
    From,
    /// The machine that is reached.
    To,
    /// One on the way between them.
    Hop(Arc<MachineName>),
}

/// Why something is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Both are members, and nothing is between them.
    Members,
    /// Both are members, and this one forwards.
    Through(Arc<MachineName>),
    /// One is no member.
    Outsider(Who),
    /// Neither is a member.
    Outsiders,
    /// The configuration does not run the overlay's service.
    NotRunning(Who),
    /// The configuration runs the service, and does not join this network.
    NotJoined(Who),
    /// No peer's allowed IPs hold the address that is to be reached.
    NoRoute(Who),
    /// It takes nothing of the sender's address from the one before it.
    Refused(Who),
    /// It forwards nothing.
    NotForwarding(Who),
    /// It and the one before it know no endpoint of each other.
    NoEndpoint(Who),
    /// Its firewall keeps out those who call it, and it calls nobody.
    Unheard(Who),
    /// The packets come back to where they were.
    Circle,
    /// The firewall of the machine to be reached lets nothing in that is asked.
    Closed,
    /// Answers do not come back, for a reason that is told in the other direction.
    NoWayBack(Arc<Reason>),
    /// It was not evaluated, or does not evaluate.
    NotEvaluated(Who),
    /// Its configuration says nothing of the overlay.
    NotTold(Who),
    /// No address of it is known.
    NoAddress(Who),
    /// No public key of it is known.
    NoKey(Who),
    /// It joins, and is in no role.
    Uninvited(Who),
    /// No controller in the fleet lets anybody into the network.
    NoController,
    /// It hands the packets to a key that is nobody's in the fleet.
    StrangeKey(Who),
    /// Whether it forwards is not in its configuration.
    ForwardingNotTold(Who),
    /// No chain of peerings joins the two.
    NoPeering,
    /// The fleet's owner says so; without that, it would be this.
    Stated(Arc<Exception>, Box<Reason>),
}

impl Reason {
    /// What follows from it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match self {
            Self::Members | Self::Through(_) => Reach::Must,
            Self::Outsider(_)
            | Self::Outsiders
            | Self::NotRunning(_)
            | Self::NotJoined(_)
            | Self::NoRoute(_)
            | Self::Refused(_)
            | Self::NotForwarding(_)
            | Self::NoEndpoint(_)
            | Self::Unheard(_)
            | Self::Circle
            | Self::Closed => Reach::MustNot,
            Self::NotEvaluated(_)
            | Self::NotTold(_)
            | Self::NoAddress(_)
            | Self::NoKey(_)
            | Self::Uninvited(_)
            | Self::NoController
            | Self::StrangeKey(_)
            | Self::ForwardingNotTold(_)
            | Self::NoPeering => Reach::Unknown,
            Self::NoWayBack(why) => why.reach(),
            Self::Stated(exception, _) => exception.reach,
        }
    }

    /// Whether it is that one of the two is on the overlay no more than any machine elsewhere.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Outsider(_) | Self::Outsiders)
    }

    /// In a sentence without a full stop, of a machine towards another.
    #[must_use]
    pub fn told(&self, kind: OverlayKind, from: &MachineName, to: &MachineName) -> String {
        let the = |who: &Who| match who {
            Who::From => format!("`{from}`"),
            Who::To => format!("`{to}`"),
            Who::Hop(name) => format!("`{name}`"),
        };
        match self {
            Self::Members => "both are members".to_owned(),
            Self::Through(hop) => format!("both are members, and `{hop}` forwards between them"),
            Self::Outsider(who) => format!("{} is no member", the(who)),
            Self::Outsiders => "neither is a member".to_owned(),
            Self::NotRunning(who) => format!("{} does not run {kind}", the(who)),
            Self::NotJoined(who) => format!("{} runs {kind}, but does not join this network", the(who)),
            Self::NoRoute(who) => format!("no allowed IPs of {} hold the address of `{to}`", the(who)),
            Self::Refused(who) => {
                format!(
                    "the allowed IPs of {} do not take `{from}`'s address from who hands it over",
                    the(who)
                )
            }
            Self::NotForwarding(who) => format!("{} stands between them and forwards nothing", the(who)),
            Self::NoEndpoint(who) => {
                format!("{} and the machine before it know no endpoint of each other", the(who))
            }
            Self::Unheard(who) => format!("the firewall of {} keeps {kind}'s packets out", the(who)),
            Self::Circle => format!("the allowed IPs lead packets for `{to}` in a circle"),
            Self::Closed => format!("the firewall of `{to}` lets nobody in on the overlay"),
            Self::NoWayBack(why) => format!("answers do not come back: {}", why.told(kind, to, from)),
            Self::NotEvaluated(who) => format!("{} was not evaluated, or does not evaluate", the(who)),
            Self::NotTold(who) => {
                format!("the configuration of {} does not tell how it runs {kind}", the(who))
            }
            Self::NoAddress(who) => format!("no address of {} on the overlay is known", the(who)),
            Self::NoKey(who) => format!("no public key of {} is known", the(who)),
            Self::Uninvited(who) => format!("{} joins the network, but has no role in it", the(who)),
            Self::NoController => "no machine of this fleet runs the controller of the network".to_owned(),
            Self::StrangeKey(who) => {
                format!("{} hands packets for `{to}` to a key that is nobody's in the fleet", the(who))
            }
            Self::ForwardingNotTold(who) => {
                format!(
                    "{} stands between them, and its configuration does not tell whether it forwards",
                    the(who)
                )
            }
            Self::NoPeering => "no chain of peerings that is known joins them".to_owned(),
            Self::Stated(exception, _) => format!("as {} states: {}", exception.place, exception.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_answers_do_not_come_back_is_told_the_other_way_round() {
        let why = Reason::NoWayBack(Arc::new(Reason::NoRoute(Who::From)));
        let told = why.told(OverlayKind::Wireguard, &"a".into(), &"b".into());
        assert_eq!(told, "answers do not come back: no allowed IPs of `b` hold the address of `a`");
        assert_eq!(why.reach(), Reach::MustNot);
    }
}
