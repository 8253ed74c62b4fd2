//! Exceptions of the mesh that change nothing: about names that are nobody's, or about no two machines; and those that
//! contradict each other.
//!
//! Flows in: the resolved fleet. Flows out: an error for each. Must not: know what would be expected without them.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    exception::{Exception, Party},
    facts::pointer,
    machine::MachineName,
    overlay::OverlayKind,
    place::Place,
    resolved::ResolvedFleet,
};

use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    nearest::Nearest,
    spans,
};

/// All of them. Where no machine is known, nothing can be said. `text` is what `fleet.toml` holds, for the spans.
#[must_use]
pub fn unmatched(fleet: &ResolvedFleet, text: Option<&str>) -> Vec<Diagnostic> {
    if fleet.machines.is_empty() || fleet.fleet.exceptions.is_empty() {
        return Vec::new();
    }
    let lint = Lint::of(fleet);
    let mut problems = Diagnostics::default();
    for index in 0..fleet.fleet.exceptions.len() {
        lint.exception(index).into_iter().for_each(|problem| problems.push(problem));
    }
    let mut problems = problems.into_vec();
    if let Some(text) = text {
        spans::fill(&mut problems, text);
    }
    problems
}

type Machines<'f> = BTreeSet<&'f MachineName>;

struct Lint<'f> {
    fleet: &'f ResolvedFleet,
    machines: BTreeSet<&'f str>,
    tags: BTreeSet<&'f str>,
    /// By overlay, who is on it.
    overlays: BTreeMap<&'f str, Machines<'f>>,
    /// By exception, who it is from and to.
    parties: Vec<[Machines<'f>; 2]>,
}

impl<'f> Lint<'f> {
    fn of(fleet: &'f ResolvedFleet) -> Self {
        let instances = &fleet.fleet.inventory.instances;
        let is_overlay = |name: &str| {
            let instance = instances.get(name);
            instance.is_some_and(|instance| OverlayKind::of_instance(name, &instance.module).is_some())
        };
        let members = |name: &String| {
            fleet.roles.get(name).into_iter().flat_map(|roles| roles.values().flatten()).collect()
        };
        let overlays = instances.keys().filter(|name| is_overlay(name));
        let held = |party: &Party| {
            fleet
                .machines
                .iter()
                .filter(|(name, machine)| party.holds(name, machine))
                .map(|(name, _)| name)
                .collect()
        };
        Self {
            fleet,
            machines: fleet.machines.keys().map(|name| name.as_str()).collect(),
            tags: fleet
                .machines
                .values()
                .flat_map(|machine| machine.tags.iter().map(String::as_str))
                .collect(),
            overlays: overlays.map(|name| (name.as_str(), members(name))).collect(),
            parties: fleet.fleet.exceptions.iter().map(|one| [held(&one.from), held(&one.to)]).collect(),
        }
    }

    fn place(&self, index: usize, rest: &[&str]) -> Place {
        let at = pointer(["mesh", "exceptions", &index.to_string()].iter().chain(rest).copied());
        self.fleet.fleet.places.find(&at).cloned().unwrap_or_else(|| Place::file("fleet.toml"))
    }

    fn exception(&self, index: usize) -> Vec<Diagnostic> {
        let Some(exception) = self.fleet.fleet.exceptions.get(index) else { return Vec::new() };
        let mut problems = self.absent(index, "from", &exception.from);
        problems.extend(self.absent(index, "to", &exception.to));
        problems.extend(self.no_overlay(index, exception));
        if problems.is_empty() {
            problems.extend(self.about_nobody(index, exception));
            problems.extend(self.contradicted(index, exception));
        }
        problems
    }

    fn absent(&self, index: usize, key: &str, party: &Party) -> Vec<Diagnostic> {
        let mut nearest = Nearest::default();
        let machines =
            party.machines.iter().enumerate().filter(|(_, name)| !self.machines.contains(name.as_str()));
        let machines = machines.map(|(at, name)| ("machine", "machines", at, name.as_str(), &self.machines));
        let tags = party.tags.iter().enumerate().filter(|(_, tag)| !self.tags.contains(tag.as_str()));
        let tags = tags.map(|(at, tag)| ("tag", "tags", at, tag.as_str(), &self.tags));
        let problem = |(noun, list, at, name, known): (&str, &str, usize, &str, &BTreeSet<&str>)| {
            let message = match noun {
                "tag" => format!("no machine carries the tag `{name}`"),
                _ => format!("no machine is called `{name}`"),
            };
            let place = self.place(index, &[key, list, &at.to_string()]);
            let help = nearest.question(name, known.iter().copied());
            Diagnostic::error(&format!("unknown-{noun}"), message, place).with_help(help)
        };
        machines.chain(tags).map(problem).collect()
    }

    fn no_overlay(&self, index: usize, exception: &Exception) -> Option<Diagnostic> {
        let name = exception.overlay.as_deref().filter(|name| !self.overlays.contains_key(name))?;
        let message = format!("no overlay network is called `{name}`");
        let known = || self.overlays.keys().copied();
        let listed =
            || format!("it has {}", known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "));
        let near = Nearest::default().question(name, known());
        let help = near.or_else(|| (!self.overlays.is_empty()).then(listed));
        Some(Diagnostic::error("unknown-overlay", message, self.place(index, &["overlay"])).with_help(help))
    }

    /// Over one overlay it may speak of machines that are not on it; over every one, of those that are.
    fn about_nobody(&self, index: usize, exception: &Exception) -> Option<Diagnostic> {
        let [from, to] = self.parties.get(index)?;
        let shares = |on: &Machines<'_>| is_pair(&(from & on), &(to & on));
        let message = if !is_pair(from, to) {
            "`from` and `to` are one machine alone"
        } else if exception.overlay.is_none() && !self.overlays.values().any(shares) {
            "no two of these machines are on one overlay network"
        } else {
            return None;
        };
        Some(Diagnostic::error("concerns-nobody", message.to_owned(), self.place(index, &[])))
    }

    /// Whether one before it says something else of the same two.
    fn contradicted(&self, index: usize, exception: &Exception) -> Option<Diagnostic> {
        let [from, to] = self.parties.get(index)?;
        let differs = |other: &Exception| {
            let apart = exception
                .overlay
                .as_ref()
                .zip(other.overlay.as_ref())
                .is_some_and(|(own, other)| own != other);
            other.reach != exception.reach && !apart
        };
        let mut earlier = self.fleet.fleet.exceptions.iter().zip(&self.parties).take(index);
        let (other, _) = earlier
            .find(|(other, [others, theirs])| differs(other) && is_pair(&(from & others), &(to & theirs)))?;
        let message = format!("{} states something else of some of these machines", other.place);
        let help = "that one would hold, as the first: say of which machines each is".to_owned();
        Some(
            Diagnostic::error("exceptions-differ", message, self.place(index, &["reach"]))
                .with_help(Some(help)),
        )
    }
}

/// Whether somebody of the one reaches somebody else of the other.
fn is_pair(from: &Machines<'_>, to: &Machines<'_>) -> bool {
    let alone = from.len() == 1 && from == to;
    !(from.is_empty() || to.is_empty() || alone)
}

#[cfg(test)]
mod tests;
