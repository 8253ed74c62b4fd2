//! The checks of what machines see of the network: one for each machine, however many it is asked about.
//!
//! In: a definition, and the network that is to be looked at. Out: checks, and the round of questions that all of them share. It
//! must not connect to anybody.

use std::collections::BTreeSet;

use model::{
    check::Question,
    machine::MachineName,
    matrix::Matrix,
    plan::Note,
    round::{Round, Way},
    sighting::pair::Limits,
    subject::Subject,
    suite::Part,
};

use super::{Context, Drafting};
use crate::{
    round::{Terms, draw},
    sight::View,
};

/// Who must reach whom, and how it is to be seen.
#[derive(Debug, Clone, Copy)]
pub struct Network<'a> {
    /// What is expected.
    pub matrix: &'a Matrix,
    /// Who is asked: the machines, or guests that have their configurations.
    pub channel: Channel,
    /// The overlay that is meant; every one, if it is not said.
    pub overlay: Option<&'a str>,
    /// What chance begins with where not all pairs are asked.
    pub seed: u64,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The machines themselves, where their `deploy.targetHost` leads.
    Ssh,
    /// Guests on a network of their own: nobody else is there.
    Guests,
}

impl Drafting<'_> {
    /// Several definitions share one round.
    pub(super) fn probes(&mut self, context: Context<'_>, limits: Limits) {
        let Some(network) = self.inputs.network else {
            return self.none(context, "`seaworthy mesh probe` asks the machines themselves");
        };
        if network.matrix.meshes.is_empty() {
            return self.none(context, "the fleet has no overlay network");
        }
        if network.channel == Channel::Guests {
            return self.among_guests(context, &network, limits);
        }
        let ways: Vec<_> = self.header.machines.iter().map(|name| (name.clone(), self.way(name))).collect();
        let askers = ways.iter().filter(|(_, way)| way.is_ok()).map(|(name, _)| name.clone()).collect();
        let round = self.round.take().unwrap_or_else(|| drawn(&network, &askers));
        for (machine, way) in ways {
            let (way, skip) = match way {
                Ok(way) => (Some(way), nothing(&round, &machine)),
                Err(why) => (None, Some(why)),
            };
            let mut view = self.sight.view(&[Part::Machines].into(), context.suite.stage, Some(&machine));
            view.skip = view.skip.or(skip);
            self.probe(context, machine, way, limits, view);
        }
        self.round = Some(round);
    }

    pub(super) fn none(&mut self, context: Context<'_>, reason: &str) {
        self.notes.push(Note::EmptySuite { suite: context.suite.name.clone(), reason: reason.to_owned() });
    }

    pub(super) fn probe(
        &mut self,
        context: Context<'_>,
        machine: MachineName,
        way: Option<Way>,
        limits: Limits,
        view: View,
    ) {
        if let Some(id) = self.of_machine(context, &machine) {
            let question = Question::Probe { machine: machine.clone(), way, limits };
            self.add(context, id, Subject::Machine(machine), question, view);
        }
    }

    /// How a machine is asked, or why it is not.
    fn way(&self, machine: &MachineName) -> Result<Way, String> {
        let known = self.inputs.fleet.fleet.inventory.machines.get(machine);
        let target = known.and_then(|machine| machine.deploy.target_host.as_deref());
        target
            .ok_or_else(|| format!("`{machine}` has no `deploy.targetHost`"))
            .and_then(|it| ssh(machine, it))
    }
}

fn drawn(network: &Network<'_>, askers: &BTreeSet<MachineName>) -> Round {
    let usual = Terms::usual(askers, network.seed);
    let terms = Terms { overlay: network.overlay, ..usual };
    draw(network.matrix, &terms)
}

/// Why a machine is not asked although it could be.
fn nothing(round: &Round, machine: &MachineName) -> Option<String> {
    let runs = round.nets.iter().any(|net| net.run.contains(machine));
    let asked = round.pairs(machine).next().is_some();
    (!runs && !asked).then(|| "nothing that is known decides whom it is to reach".to_owned())
}

/// `user@host:port?SSHOPT=V&...`, as clan writes it.
fn ssh(machine: &MachineName, target: &str) -> Result<Way, String> {
    if target.contains('?') {
        return Err(format!(
            "the `deploy.targetHost` of `{machine}` has options that ssh is not given on a command line: they belong into its \
             configuration"
        ));
    }
    let (user, rest) = target.rsplit_once('@').map_or((None, target), |(user, rest)| (Some(user), rest));
    let bracketed = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (host, port) = match (bracketed, rest.split_once(':')) {
        (Some((host, after)), _) => (host, after.strip_prefix(':')),
        // With more than one it is an address of IPv6.
        (None, Some((host, port))) if !port.contains(':') => (host, Some(port)),
        _ => (rest, None),
    };
    let odd = |_| format!("the `deploy.targetHost` of `{machine}` ends in no port: `{target}`");
    let port = port.map(str::parse).transpose().map_err(odd)?;
    let host = user.map_or_else(|| host.to_owned(), |user| format!("{user}@{host}"));
    Ok(Way::Ssh { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_host_is_a_host_and_may_have_a_port() {
        let way = |target: &str| match ssh(&"a".into(), target) {
            Ok(Way::Ssh { host, port }) => (host, port),
            other => panic!("{target}: {other:?}"),
        };
        assert_eq!(way("cinnabar"), ("cinnabar".to_owned(), None));
        assert_eq!(
            way("root@cinnabar.example.org:2222"),
            ("root@cinnabar.example.org".to_owned(), Some(2222))
        );
        assert_eq!(way("root@fd00::1"), ("root@fd00::1".to_owned(), None));
        assert_eq!(way("root@[fd00::1]:22"), ("root@fd00::1".to_owned(), Some(22)));
        for odd in ["root@a:ssh", "a:70000", "a?StrictHostKeyChecking=no"] {
            assert!(ssh(&"a".into(), odd).is_err(), "{odd}");
        }
    }
}
