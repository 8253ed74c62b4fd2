//! The facts of the machines that stand in a flake's outputs.
//!
//! Flows in: the names of the outputs. Flows out: a [`MachineSurvey`] for each machine.
//! Must not: fail because a machine does.

use std::collections::BTreeMap;

use model::{
    machine::{MachineClass, MachineName},
    survey::MachineSurvey,
};
use serde_json::Value;
use tokio::task::JoinSet;

use super::{OnProgress, Progress};
use crate::nix::{
    answer::{End, Reply},
    fault::NixFault,
    pool::Evaluators,
    quote,
    repl::{Request, Scope},
    unit::subject::output,
};

/// The facts, as `facts.nix` names them. The cheap ones come first, so that they are known whatever the others do.
const FACTS: [&str; 21] = [
    "hostName",
    "system",
    "stateVersion",
    "hostId",
    "supportedFilesystems",
    "fileSystems",
    "bootLoader",
    "users",
    "groups",
    "sshd",
    "firewall",
    "generators",
    "sopsSecrets",
    "zerotier",
    "wireguard",
    "yggdrasil",
    "forwarding",
    "hosts",
    "services",
    "toplevel",
    "boots",
];

type Machines = BTreeMap<MachineName, MachineSurvey>;

impl Evaluators {
    /// The facts of every machine. Of several configurations of one name, the first is the machine: NixOS', then nix-darwin's,
    /// then home-manager's.
    ///
    /// # Errors
    /// When the names of an output's machines cannot be had: then nobody knows what there is to prove.
    pub(super) async fn machines(
        &self,
        outputs: &[String],
        progress: &OnProgress,
    ) -> Result<Machines, NixFault> {
        let mut open = BTreeMap::<String, MachineSurvey>::new();
        for class in [MachineClass::Nixos, MachineClass::Darwin, MachineClass::Home] {
            if outputs.iter().any(|output| output == class.flake_output()) {
                for name in self.names(class).await? {
                    let of_first = || MachineSurvey { class, ..MachineSurvey::default() };
                    open.entry(name).and_modify(|first| first.shadows.push(class)).or_insert_with(of_first);
                }
            }
        }
        let of = open.len();
        let mut asked = JoinSet::new();
        for (name, machine) in open {
            let pool = self.clone();
            asked.spawn(async move { (name.clone(), pool.machine(&name, machine).await) });
        }
        let mut machines = Machines::new();
        while let Some(told) = asked.join_next().await {
            // A task of ours does not panic, and nobody cancels it.
            let Ok((name, machine)) = told else { continue };
            machines.insert(MachineName(name), machine?);
            progress(Progress::Machines { done: machines.len(), of });
        }
        Ok(machines)
    }

    async fn names(&self, class: MachineClass) -> Result<Vec<String>, NixFault> {
        let path = [class.flake_output().to_owned()];
        let answer = self.ask_flake("names", &output(&path), &quote::string(class.flake_output())).await?;
        let json = self.of_flake(Ok(answer)).await?;
        serde_json::from_str(&json).map_err(|_| self.unreadable())
    }

    async fn machine(&self, name: &str, mut machine: MachineSurvey) -> Result<MachineSurvey, NixFault> {
        let project = self.project().await?;
        let limit = self.limits().question;
        let path = [machine.class.flake_output().to_owned(), name.to_owned()];
        let cases = FACTS.map(quote::string).to_vec();
        let request = Request { ask: "fact", subject: output(&path), given: None, cases, limit };
        let mut fault = None;
        let mut hear = |number: usize, Reply { answer, .. }: Reply| {
            let Some(fact) = FACTS.get(number).map(|fact| (*fact).to_owned()) else { return };
            let value = match &answer.end {
                End::Done(_, json) => serde_json::from_str::<Value>(json).ok(),
                _ => None,
            };
            match value.map_or_else(|| project.error_of(&answer, limit).map(Err), |value| Ok(Ok(value))) {
                Ok(Ok(value)) => drop(machine.facts.insert(fact, value)),
                Ok(Err(error)) => drop(machine.errors.insert(fact, error)),
                Err(died) => fault = Some(died),
            }
        };
        self.ask(Scope::Flake, request, &mut hear).await.map_err(|fault| fault.fault(project))?;
        fault.map_or(Ok(machine), Err)
    }
}
