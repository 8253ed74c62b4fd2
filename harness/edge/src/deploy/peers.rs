//! Whom a machine reaches over its overlay networks, before it is activated and after.
//!
//! Flows in: for each peer what shows that it is reached, as the matrix has it. Flows out: who is reached, by the machine's own
//! prober. Must not: ask about anybody who is not named, or blame a machine for a peer that is not there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use model::{
    machine::MachineName,
    reach::Probe,
    rollout::End,
    sighting::{Knock, Sighting, outlook::Outlook, questions::Questions},
};
use tokio::time::sleep;

use super::{Deploy, STANDING_LIMIT, Target, answer, script};
use crate::probe::{Means, ask};

/// By peer, what shows that a machine reaches it.
pub type Peers = BTreeMap<Peer, Probe>;

/// A machine that another is to reach over an overlay network.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer {
    /// Who.
    pub machine: MachineName,
    /// The overlay's name.
    pub overlay: String,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} over {}", self.machine, self.overlay)
    }
}

/// Those who were reached, as they are taken down on the machine.
pub(super) type Reached = BTreeSet<String>;

/// A peer that does not answer is asked again so often in the time that a machine has to settle.
const PAUSE: Duration = Duration::from_secs(3);

impl Deploy {
    /// Those of its peers whom a machine reaches now.
    pub(super) async fn reached(&self, target: &Target, peers: &Peers) -> Result<Reached, End> {
        if peers.is_empty() {
            return Ok(Reached::new());
        }
        match ask(&self.ssh, &target.to, &questions(peers), Means::Best).await.outlook {
            Outlook::Seen(seen) => Ok(answering(peers, &seen)),
            Outlook::Offline(_) | Outlook::TimedOut(_) => Err(End::Unreachable),
            Outlook::Distrusted(_, why) | Outlook::Denied(why) => Err(failed(&why)),
            Outlook::Broken(fault) => Err(failed(&fault.what)),
        }
    }

    /// Of those whom a machine reached before, the ones whom it does not reach any more though they are there. Tunnels come up
    /// by and by: who does not answer is asked again for as long as a machine may take to settle.
    pub(super) async fn lost(&self, target: &Target, before: &Reached) -> Result<Vec<Peer>, End> {
        let of_before = target.peers.iter().filter(|(peer, _)| before.contains(&peer.to_string()));
        let mut lost: Peers = of_before.map(|(peer, probe)| (peer.clone(), probe.clone())).collect();
        let times = self.limits.settle.as_secs() / PAUSE.as_secs();
        for time in 0..=times {
            // An examination in which nobody could look has not found anything.
            let reached = self.reached(target, &lost).await.map_err(|_| End::Unreachable)?;
            lost.retain(|peer, _| !reached.contains(&peer.to_string()));
            if lost.is_empty() {
                break;
            }
            if time < times {
                sleep(PAUSE).await;
            }
        }
        let mut there = Vec::new();
        for peer in lost.into_keys() {
            if self.is_there(&peer.machine).await {
                there.push(peer);
            }
        }
        Ok(there)
    }

    /// Whether a machine can be met from here: one that sleeps is lost by nobody.
    async fn is_there(&self, name: &MachineName) -> bool {
        let Some(target) = self.targets.get(name) else { return false };
        self.ssh.ask(&target.to, script::STANDING, STANDING_LIMIT).await.is_ok()
    }
}

/// Echoes and connections alone, and few: this is no measurement.
fn questions(peers: &Peers) -> Questions {
    let mut questions =
        Questions { count: 3, mtu: false, wait: Duration::from_secs(1), ..Questions::default() };
    peers.values().for_each(|probe| questions.add(probe));
    questions
}

/// Who answers on any of the ways on which they are to be reached.
fn answering(peers: &Peers, seen: &Sighting) -> Reached {
    let answers = |probe: &Probe| {
        let echoes = probe.ping.iter().filter_map(|address| seen.echoes.get(address));
        let mut knocks = probe.tcp.iter().filter_map(|place| seen.knocks.get(place));
        echoes.into_iter().any(|echoes| echoes.answered())
            || knocks.any(|knock| matches!(knock, Knock::Open(_)))
    };
    peers.iter().filter(|(_, probe)| answers(probe)).map(|(peer, _)| peer.to_string()).collect()
}

fn failed(why: &str) -> End {
    End::Failed { why: format!("whom it reaches cannot be told: {}", answer::listed(&[why])) }
}

#[cfg(test)]
mod tests {
    use model::sighting::echoes::Echoes;

    use super::*;

    #[test]
    fn who_answers_in_any_way_is_reached() {
        let probe = |ping: &str, tcp: &str| Probe {
            ping: vec![ping.parse().unwrap()],
            tcp: vec![tcp.parse().unwrap()],
        };
        let peer = |name: &str| Peer { machine: name.into(), overlay: "net".to_owned() };
        let peers: Peers = [
            (peer("b"), probe("fd00::2", "[fd00::2]:22")),
            (peer("c"), probe("fd00::3", "[fd00::3]:22")),
            (peer("d"), probe("fd00::4", "[fd00::4]:22")),
        ]
        .into();
        let mut seen = Sighting::default();
        let echo = |answer| Echoes { answers: vec![answer], unsent: None };
        seen.echoes.insert("fd00::2".parse().unwrap(), echo(Some(Duration::ZERO)));
        seen.echoes.insert("fd00::3".parse().unwrap(), echo(None));
        seen.knocks.insert("[fd00::3]:22".parse().unwrap(), Knock::Open(None));
        seen.knocks.insert("[fd00::4]:22".parse().unwrap(), Knock::Refused);
        assert_eq!(answering(&peers, &seen), ["b over net".to_owned(), "c over net".to_owned()].into());
    }
}
