//! Waivers that hide nothing: of what does not exist, and after their last day.
//!
//! Flows in: a fleet, the suites, and the machines where all of them are known; or the day. Flows out: an error for each name
//! that is nobody's; a warning for each waiver that is over.
//! Must not: doubt a waiver that merely waives nothing today.

use std::collections::BTreeSet;

use jiff::civil::Date;
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
    let of_suite =
        |suite: &Suite| suite.checks.iter().flat_map(|check| check.rules(&suite.name)).collect::<Vec<_>>();
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

/// Every waiver whose last day is over, as the invariants find it.
#[must_use]
pub fn expired(fleet: &Fleet, today: Date, text: Option<&str>) -> Vec<Diagnostic> {
    let mut problems = Diagnostics::default();
    for (index, waiver) in fleet.waivers.iter().enumerate().filter(|(_, waiver)| waiver.expired(today)) {
        let message = format!("the waiver of `{}` expired on {}", waiver.rule, waiver.expires);
        let place = fleet.places.find(&pointer(["waivers", &index.to_string(), "expires"]));
        let place = place.cloned().unwrap_or_else(|| waiver.place.clone());
        let help = "mend what it waived and take it out, or give it a new last day and say why".to_owned();
        problems.push(Diagnostic::warning("waivers/expired", message, place).with_help(Some(help)));
    }
    let mut problems = problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}
