//! Waivers of what does not exist: they would hide nothing, and nobody would be told.
//!
//! Flows in: a fleet, the suites, and the machines where all of them are known. Flows out: an error for each name that is
//! nobody's.
//! Must not: doubt a waiver that merely waives nothing today.

use std::collections::BTreeSet;

use model::{
    facts::pointer, fleet::Fleet, machine::MachineName, place::Place, subject::Subject, suite::Suite,
};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    nearest::Nearest,
    spans,
};

/// Every waiver of a rule or of a machine that does not exist. `machines` are those of the inventory and of the flake's
/// outputs; `None` where not all of them are known. `text` is what `fleet.toml` holds, for the spans.
#[must_use]
pub fn unknown(
    fleet: &Fleet,
    suites: &[Suite],
    machines: Option<&BTreeSet<&MachineName>>,
    text: Option<&str>,
) -> Vec<Diagnostic> {
    let of_suite = |suite: &Suite| {
        suite.checks.iter().map(|check| format!("{}/{}", suite.name, check.name)).collect::<Vec<_>>()
    };
    let rules: BTreeSet<String> = suites.iter().flat_map(of_suite).collect();
    let mut nearest = Nearest::default();
    let mut problems = Diagnostics::default();
    for (index, waiver) in fleet.waivers.iter().enumerate() {
        let mut refuse = |code: &str, field: &str, message: String, help: Option<String>| {
            let place = fleet.places.find(&pointer(["waivers", &index.to_string(), field]));
            let place = place.cloned().unwrap_or_else(|| Place::file("fleet.toml"));
            problems.push(Diagnostic::error(code, message, place).with_help(help));
        };
        if !rules.contains(&waiver.rule) {
            let message = format!("no rule is called `{}`: the waiver would hide nothing", waiver.rule);
            let near = nearest.question(&waiver.rule, rules.iter().map(String::as_str));
            let help = near.or_else(|| Some("`seaworthy suites list` shows the rules".to_owned()));
            refuse("unknown-rule", "rule", message, help);
        }
        if let (Some(Subject::Machine(name)), Some(machines)) = (&waiver.subject, machines)
            && !machines.contains(name)
        {
            let message = format!("no machine is called `{name}`: the waiver would hide nothing");
            let help = nearest.question(name.as_str(), machines.iter().map(|machine| machine.as_str()));
            refuse("unknown-subject", "subject", message, help);
        }
    }
    let mut problems = problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}
