//! Asks that nobody answers: of what does not exist, or of machines that do not boot as guests.
//!
//! Flows in: the resolved fleet. Flows out: an error for each name that is nobody's, and for each ask that reaches nobody.
//! Must not: doubt what is asked.

use std::collections::BTreeSet;

use model::{ask::Ask, facts::pointer, place::Place, resolved::ResolvedFleet};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    nearest::Nearest,
    spans,
};

/// All of them. Where no machine is known, nothing can be said. `text` is what `fleet.toml` holds, for the spans.
#[must_use]
pub fn unanswered(fleet: &ResolvedFleet, text: Option<&str>) -> Vec<Diagnostic> {
    if fleet.machines.is_empty() {
        return Vec::new();
    }
    let machines: BTreeSet<&str> = fleet.machines.keys().map(|name| name.as_str()).collect();
    let tags: BTreeSet<&str> =
        fleet.machines.values().flat_map(|machine| machine.tags.iter().map(String::as_str)).collect();
    let mut problems = Diagnostics::default();
    for (index, ask) in fleet.fleet.asks.iter().enumerate() {
        let place = |rest: &[&str]| {
            let at = pointer(["boot", "asks", &index.to_string()].iter().chain(rest).copied());
            fleet.fleet.places.find(&at).cloned().unwrap_or_else(|| Place::file("fleet.toml"))
        };
        let named = ask.machines.iter().flatten().map(|name| name.as_str());
        let carried = ask.tags.iter().flatten().map(String::as_str);
        let mut unknown = absent("machine", "machines", named, &machines, &place);
        unknown.extend(absent("tag", "tags", carried, &tags, &place));
        if unknown.is_empty() && !fleet.machines.iter().any(|(name, machine)| ask.is_of(name, machine)) {
            unknown.push(reaches_nobody(ask, place(&[])));
        }
        unknown.into_iter().for_each(|problem| problems.push(problem));
    }
    let mut problems = problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}

fn absent<'f>(
    noun: &str,
    key: &str,
    names: impl Iterator<Item = &'f str>,
    known: &BTreeSet<&str>,
    place: &dyn Fn(&[&str]) -> Place,
) -> Vec<Diagnostic> {
    let mut nearest = Nearest::default();
    let mut problem = |(index, name): (usize, &str)| {
        let message = match noun {
            "tag" => format!("no machine carries the tag `{name}`"),
            _ => format!("no {noun} is called `{name}`"),
        };
        let help = nearest.question(name, known.iter().copied());
        Diagnostic::error(&format!("unknown-{noun}"), message, place(&[key, &index.to_string()]))
            .with_help(help)
    };
    names.enumerate().filter(|(_, name)| !known.contains(name)).map(&mut problem).collect()
}

fn reaches_nobody(ask: &Ask, place: Place) -> Diagnostic {
    let message = match (&ask.machines, &ask.tags) {
        (None, None) => "the fleet has no NixOS machine that this could be asked of",
        _ => "none of those whom this names is a NixOS machine: only they boot as guests",
    };
    Diagnostic::error("asks-nobody", message.to_owned(), place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolve;

    fn problems(asks: &str) -> Vec<String> {
        let text = format!(
            "[inventory.machines]\nweb.tags = [\"vps\"]\nmac = {{ machineClass = \"darwin\", tags = [\"desk\"] }}\n{asks}"
        );
        let (fleet, problems) = crate::fleet_toml::parse("fleet.toml", text.as_bytes());
        let fleet = resolve(fleet.unwrap_or_else(|| panic!("{problems:?}")));
        unanswered(&fleet, Some(&text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_ask_of_somebody_is_fine() {
        let asks = "[[boot.asks]]\nunit = \"x\"\n[[boot.asks]]\ntags = [\"vps\", \"desk\"]\nunit = \"x\"\n";
        assert_eq!(problems(asks), [""; 0]);
    }

    #[test]
    fn names_that_are_nobodys_are_told_with_the_nearest() {
        let asks = "[[boot.asks]]\nmachines = [\"web\", \"wbe\"]\nunit = \"x\"\n[[boot.asks]]\ntags = [\"vsp\"]\nunit = \"x\"\n";
        let expected = [
            "fleet.toml:5:20: error[unknown-machine]: no machine is called `wbe` (did you mean `web`?)",
            "fleet.toml:8:9: error[unknown-tag]: no machine carries the tag `vsp` (did you mean `vps`?)",
        ];
        assert_eq!(problems(asks), expected);
    }

    #[test]
    fn an_ask_of_macs_alone_reaches_nobody() {
        let expected = "fleet.toml:4:1: error[asks-nobody]: none of those whom this names is a NixOS machine: only they \
                        boot as guests";
        assert_eq!(problems("[[boot.asks]]\ntags = [\"desk\"]\nunit = \"x\"\n"), [expected]);
    }
}
