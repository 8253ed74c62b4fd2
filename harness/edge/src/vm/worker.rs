//! The worker that answers what is asked of guests: one boot answers everything that is asked of a machine.
//!
//! Flows in: jobs, each the checks of one machine. Flows out: their verdicts, and before them what was measured of the guest
//! and what it left behind. Must not: boot a machine twice for one job, or let a check pass that nobody could ask.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use model::{
    ask::Asked,
    check::{Check, CheckId, GuestSize, Question},
    digest::Digest,
    facts::Facts,
    fleet::BootSource,
    machine::MachineName,
    suite::Policy,
    verdict::{Fault, Verdict},
};
use run::worker::{BoxFuture, Job, Reporter, Worker};
use serde_json::{Map, Value, json};
use tokio::{task::spawn_blocking, time::Instant};

use super::{
    Yard,
    afloat::{Afloat, Berth},
    boot::{Start, Told, boot},
    inspect::Wanted,
    log::ConsoleLog,
    measure::{measurements, measuring},
    ready::{Unready, ready},
    standin::StandIns,
};
use crate::{
    journal::Artifacts,
    nix::pool::Evaluators,
    policy::{Document, Input, Module, judge, uncompiled},
};

/// Boots the machines of one run.
#[derive(Debug, Clone)]
pub struct GuestWorker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    nix: Evaluators,
    yard: Yard,
    policies: BTreeMap<String, Policy>,
    facts: Arc<Facts>,
    artifacts: Artifacts,
    berth: Option<Berth>,
}

/// One machine's checks.
struct Questions<'a> {
    machine: &'a MachineName,
    size: GuestSize,
    limit: Duration,
    source: &'a BootSource,
    /// Each with its policy.
    checks: Vec<(&'a Check, &'a Policy)>,
}

impl GuestWorker {
    /// A worker for the machines of a flake, the policies of a plan, and the facts and the folder of its run. Where there is a
    /// berth, the first guest of which something is wrong stays there.
    #[must_use]
    pub fn new(
        nix: Evaluators,
        yard: Yard,
        policies: BTreeMap<String, Policy>,
        facts: Arc<Facts>,
        artifacts: Artifacts,
        berth: Option<Berth>,
    ) -> Self {
        Self { shared: Arc::new(Shared { nix, yard, policies, facts, artifacts, berth }) }
    }
}

impl Worker for GuestWorker {
    fn run(&self, job: Job, report: Reporter) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            tokio::select! {
                () = job.stop.cancelled() => {}
                () = self.shared.answer(&job, &report) => {}
            }
        })
    }
}

impl Shared {
    async fn answer(&self, job: &Job, report: &Reporter) {
        let Some(asked) = self.asked(&job.checks) else {
            let what = "a check that is not asked of a guest came to those who boot guests".to_owned();
            let fault = Fault { what, remedy: None, detail: Vec::new() };
            return job
                .checks
                .iter()
                .for_each(|check| report.report(&check.id, Verdict::Broken { fault: fault.clone() }));
        };
        let began = Instant::now();
        let log = ConsoleLog::of(&self.artifacts, asked.machine);
        let (booted, afloat) = match self.boot(&asked, &log).await {
            Ok((told, afloat)) => (Ok(told), afloat),
            Err(verdict) => (Err(verdict), None),
        };
        let took = began.elapsed();
        // It has told everything. Where nobody is to look at it, nobody waits until it has shut itself down.
        let afloat = afloat.filter(|_| self.berth.is_some());
        if afloat.is_some() {
            log.stop();
        }
        // Whoever reads of a verdict finds what it rests on.
        self.leave(&asked, &booted, &log, report).await;
        match booted {
            Ok(told) => {
                let sound = self.judge(&asked, told, took, report).await;
                if let (false, Some(berth), Some(afloat)) = (sound, &self.berth, afloat) {
                    drop(berth.keep(afloat));
                }
            }
            Err(verdict) => {
                for (check, _) in &asked.checks {
                    report.report(&check.id, verdict.clone());
                }
            }
        }
    }

    fn asked<'a>(&'a self, checks: &'a [Check]) -> Option<Questions<'a>> {
        let Question::Guest { machine, size, limit, source, .. } = &checks.first()?.question else {
            return None;
        };
        let of = |check: &'a Check| match &check.question {
            Question::Guest { package, .. } => Some((check, self.policies.get(package)?)),
            _ => None,
        };
        let checks = checks.iter().map(of).collect::<Option<Vec<_>>>()?;
        Some(Questions { machine, size: *size, limit: *limit, source, checks })
    }

    /// What the guest told, or the one verdict on everything that was to be asked of it.
    async fn boot(&self, asked: &Questions<'_>, log: &ConsoleLog) -> Result<(Told, Option<Afloat>), Verdict> {
        let limit = asked.checks.iter().map(|(check, _)| check.limit).max().unwrap_or_default();
        let stand_ins = StandIns::of(&self.facts.document, asked.machine);
        let ready = match ready(&self.nix, &self.yard, asked.machine, asked.source, &stand_ins, limit).await {
            Ok(ready) => ready,
            Err(Unready::Machine(end, said)) => return Ok((unbuilt(end, asked.source, said), None)),
            Err(Unready::Fault(fault)) => return Err(Verdict::Broken { fault }),
        };
        let mut wanted = self.wanted(asked);
        wanted.files.extend(stand_ins.sops.paths());
        let (size, limit) = (asked.size, asked.limit);
        let Yard { folders, snapshots, .. } = &self.yard;
        let start = Start { ready: &ready, size, limit, folders, snapshots, wanted, log: Some(log) };
        boot(&start).await.map_err(|fault| Verdict::Broken { fault })
    }

    /// Reports the guest's numbers, what of the machine it did not have, its console and all that it told.
    async fn leave(
        &self,
        asked: &Questions<'_>,
        booted: &Result<Told, Verdict>,
        log: &ConsoleLog,
        report: &Reporter,
    ) {
        let Some(check) = measuring(asked.checks.iter().map(|(check, _)| *check)) else { return };
        if let Ok(told) = booted {
            report.measured(check, measurements(told));
            report.replaced(check, told.replaced());
        }
        let guest = booted.as_ref().ok().and_then(|told| told.guest.as_ref());
        // What cannot be written is not kept: the verdict rests on what was told, not on the file.
        let guest = guest.and_then(|guest| self.artifacts.write("guest", guest.to_string().as_bytes()).ok());
        for artifact in log.ended().await.into_iter().chain(guest) {
            report.kept(check, artifact);
        }
    }

    /// What rules and the fleet want to know of a guest beyond what is asked of all.
    fn wanted(&self, asked: &Questions<'_>) -> Wanted {
        let commands = asked.checks.iter().flat_map(|(check, policy)| {
            policy.commands.values().map(|command| (command.clone(), check.limit))
        });
        let secrets = secret_paths(&self.facts.document, asked.machine);
        let mut wanted = Wanted { secrets, commands: commands.collect(), ..Wanted::default() };
        let limit = asked.checks.iter().map(|(check, _)| check.limit).max().unwrap_or_default();
        asks(&self.facts.document, asked.machine).for_each(|ask| wanted.add(ask, limit));
        wanted
    }

    /// The boot took as long as it did once: the first check has its time, the others none. Whether all of them pass is told.
    async fn judge(&self, asked: &Questions<'_>, told: Told, took: Duration, report: &Reporter) -> bool {
        let has_guest = told.guest.is_some();
        let reason = if told.boot["end"] == "up" {
            "the guest came up, and has no shell that could be asked"
        } else {
            "the guest did not come up"
        };
        let facts = about(&self.facts, asked.machine, told);
        let (skipped, rest): (Vec<_>, Vec<_>) =
            asked.checks.iter().partition(|(_, policy)| policy.needs_guest() && !has_guest);
        for (check, _) in skipped {
            let reason = reason.to_owned();
            report.report_timed(&check.id, Verdict::Skipped { reason }, Duration::ZERO);
        }
        let rest: Vec<(Check, Policy)> =
            rest.into_iter().map(|(check, policy)| ((*check).clone(), (*policy).clone())).collect();
        let judged = spawn_blocking(move || {
            rest.iter().flat_map(|(check, policy)| verdict(check, policy, &facts)).collect::<Vec<_>>()
        });
        // One that panicked leaves its checks out, and the engine says so.
        let times = std::iter::once(took).chain(std::iter::repeat(Duration::ZERO));
        let mut sound = has_guest;
        for ((check, verdict), took) in judged.await.unwrap_or_default().into_iter().zip(times) {
            sound &= matches!(verdict, Verdict::Pass);
            report.report_timed(&check, verdict, took);
        }
        sound
    }
}

fn verdict(check: &Check, policy: &Policy, facts: &Facts) -> Vec<(CheckId, Verdict)> {
    let mut facts = facts.clone();
    name_commands(&mut facts.document, &policy.commands);
    let document = Document::new(&facts);
    match Module::compile(policy) {
        Ok(module) => judge(&module, std::slice::from_ref(check), &Input::new(&document, &facts)),
        Err(error) => vec![(check.id.clone(), uncompiled(&error))],
    }
}

/// What a check's own commands came to, by its own names for them.
fn name_commands(document: &mut Value, commands: &BTreeMap<String, String>) {
    let Some(told) = document.pointer_mut("/guest/commands") else { return };
    let named =
        commands.iter().filter_map(|(name, command)| Some((name.clone(), told.get(command)?.clone())));
    *told = Value::Object(named.collect());
}

/// What is told of a machine that could not be booted, since there is nothing to boot.
fn unbuilt(end: &str, source: &BootSource, said: Vec<String>) -> Told {
    let boot = json!({
        "end": end, "at": null, "limit": 0, "seconds": null, "console": said, "waiting": [], "source": source.as_str(),
        "replaced": [],
    });
    Told { boot, guest: None }
}

/// The facts of one machine, with what its guest told.
fn about(facts: &Facts, machine: &MachineName, told: Told) -> Facts {
    let mut document = Map::new();
    for key in ["version", "fleet"] {
        document.extend(facts.document.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    let of_machine = |part: &Value| part.get(machine.as_str()).map(|value| json!({machine.as_str(): value}));
    // Of a machine that is in no output nothing is known but that it was booted.
    let known = facts.document.get("machines").and_then(of_machine);
    document.insert("machines".to_owned(), known.unwrap_or_else(|| json!({machine.as_str(): {}})));
    for part in ["inventory", "resolved"] {
        let one = facts.document.get(part).and_then(|part| part.get("machines")).and_then(of_machine);
        document.extend(one.map(|one| (part.to_owned(), json!({"machines": one}))));
    }
    document.extend(facts.document.get("asks").map(|asks| ("asks".to_owned(), asks.clone())));
    document.insert("boot".to_owned(), told.boot);
    document.extend(told.guest.map(|guest| ("guest".to_owned(), guest)));
    let document = Value::Object(document);
    let digest = Digest::of(document.to_string());
    Facts { document, places: facts.places.clone(), parts: facts.parts.clone(), digest }
}

/// What the fleet asks of a machine's guest.
fn asks<'a>(document: &'a Value, machine: &'a MachineName) -> impl Iterator<Item = Asked> + 'a {
    let asks = document.get("asks").and_then(Value::as_array).into_iter().flatten();
    let is_of = |ask: &&Value| {
        let machines = ask.get("machines").and_then(Value::as_array);
        machines.is_some_and(|names| names.iter().any(|name| name == machine.as_str()))
    };
    asks.filter(is_of).filter_map(|ask| serde_json::from_value(ask.clone()).ok())
}

/// Where the machine's secrets should arrive.
pub(super) fn secret_paths(document: &Value, machine: &MachineName) -> Vec<String> {
    let facts = || document.get("machines")?.get(machine.as_str())?.pointer("/facts/generators")?.as_object();
    let files =
        facts().into_iter().flat_map(Map::values).filter_map(|generator| generator.get("files")?.as_object());
    let deployed =
        files.flat_map(Map::values).filter(|file| file["secret"] == true && file["deploy"] == true);
    deployed.filter_map(|file| Some(file.get("path")?.as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::facts::Places;

    use super::*;

    #[test]
    fn checks_that_call_their_commands_alike_each_get_their_own() {
        let told = json!({"guest": {"commands": {"curl a": {"status": 0}, "curl b": {"status": 7}}}});
        let of = |command: &str| {
            let mut document = told.clone();
            name_commands(&mut document, &[("health".to_owned(), command.to_owned())].into());
            document["guest"]["commands"].clone()
        };
        assert_eq!(of("curl a"), json!({"health": {"status": 0}}));
        assert_eq!(of("curl b"), json!({"health": {"status": 7}}));
    }

    /// Else a rule about machines would find nothing wrong with one that does not come up.
    #[test]
    fn a_machine_that_is_in_no_output_is_a_machine_all_the_same() {
        let facts = |document: Value| Facts {
            document,
            places: Places::default(),
            parts: BTreeSet::new(),
            digest: Digest::of(""),
        };
        let told = || Told { boot: json!({"end": "ended"}), guest: None };
        let machines = |document| about(&facts(document), &"a".into(), told()).document["machines"].clone();
        assert_eq!(machines(json!({"version": 1})), json!({"a": {}}));
        let known = json!({"a": {"class": "nixos"}, "b": {}});
        assert_eq!(machines(json!({"machines": known})), json!({"a": {"class": "nixos"}}));
    }

    #[test]
    fn only_deployed_secrets_are_looked_for() {
        let file = |secret, deploy, path: &str| json!({"secret": secret, "deploy": deploy, "path": path});
        let document = json!({"machines": {"a": {"facts": {"generators": {"g": {"files": {
            "key": file(true, true, "/run/key"),
            "pub": file(false, true, "/run/pub"),
            "ca": file(true, false, "/run/ca"),
        }}, "odd": {"files": null}}}}}});
        assert_eq!(secret_paths(&document, &"a".into()), ["/run/key"]);
        assert_eq!(secret_paths(&document, &"b".into()), Vec::<String>::new());
    }
}
