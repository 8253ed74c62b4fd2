//! What is given to boot to a machine that does not exist, or that never boots as a guest.
//!
//! Flows in: the resolved fleet. Flows out: an error for each name of those. Must not: doubt what is given.

use model::{facts::pointer, machine::MachineClass, place::Place, resolved::ResolvedFleet};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    nearest::Nearest,
    spans,
};

/// All of them. Where no machine is known, nothing can be said. `text` is what `fleet.toml` holds, for the spans.
#[must_use]
pub fn unknown(fleet: &ResolvedFleet, text: Option<&str>) -> Vec<Diagnostic> {
    if fleet.machines.is_empty() {
        return Vec::new();
    }
    let mut nearest = Nearest::default();
    let mut problems = Diagnostics::default();
    for name in fleet.fleet.boot.given.keys() {
        let at = pointer(["boot", "given", name.as_str()]);
        let place = fleet.fleet.places.find(&at).cloned().unwrap_or_else(|| Place::file("fleet.toml"));
        let problem = match fleet.machines.get(name) {
            Some(machine) if machine.class == MachineClass::Nixos => continue,
            Some(_) => {
                let message = format!("`{name}` is no NixOS machine: only they boot as guests");
                Diagnostic::error("given-to-nobody", message, place)
            }
            None => {
                let known = fleet.machines.keys().map(|name| name.as_str());
                let help = nearest.question(name.as_str(), known);
                let message = format!("no machine is called `{name}`");
                Diagnostic::error("unknown-machine", message, place).with_help(help)
            }
        };
        problems.push(problem);
    }
    let mut problems = problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fleet_toml::parse, resolve::resolve};

    #[test]
    fn a_name_of_nobody_and_one_that_never_boots_here_are_told_at_their_places() {
        let machines = "[inventory.machines]\ncinnabar = {}\nmac.machineClass = \"darwin\"\n";
        let given =
            ["cinabar", "cinnabar", "mac"].map(|name| format!("[boot.given.{name}]\nkernel = \".#k\"\n"));
        let text = machines.to_owned() + &given.concat();
        let (fleet, problems) = parse("fleet.toml", text.as_bytes());
        let fleet = resolve(fleet.unwrap_or_else(|| panic!("{problems:?}")));
        let told: Vec<String> = unknown(&fleet, Some(&text)).iter().map(ToString::to_string).collect();
        let expected = [
            "fleet.toml:4:13: error[unknown-machine]: no machine is called `cinabar` (did you mean `cinnabar`?)",
            "fleet.toml:8:13: error[given-to-nobody]: `mac` is no NixOS machine: only they boot as guests",
        ];
        assert_eq!(told, expected);
    }
}
