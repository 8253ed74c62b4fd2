//! Names of machines and tags in a promotion that are nobody's.
//!
//! Flows in: a resolved fleet and its policy. Flows out: for each such name where it stands and what may have been meant.
//! Must not: know what the names are for.

use std::collections::BTreeSet;

use model::{machine::MachineName, promotion::Promotion, resolved::ResolvedFleet};

use crate::nearest::Nearest;

/// What is known.
pub(super) struct Names<'f> {
    machines: BTreeSet<&'f str>,
    tags: BTreeSet<&'f str>,
    nearest: Nearest,
}

/// Where, code, message, help.
type Unknown = (Vec<String>, &'static str, String, Option<String>);

impl<'f> Names<'f> {
    pub(super) fn of(fleet: &'f ResolvedFleet) -> Self {
        let machines = fleet.machines.keys().map(MachineName::as_str).collect();
        let tags =
            fleet.machines.values().flat_map(|machine| machine.tags.iter().map(String::as_str)).collect();
        Self { machines, tags, nearest: Nearest::default() }
    }

    /// Each name of the policy that is not known.
    pub(super) fn unknown(mut self, policy: &Promotion) -> Vec<Unknown> {
        let mut unknown = Vec::new();
        for (index, wave) in policy.waves.iter().enumerate() {
            let at = ["waves".to_owned(), index.to_string()];
            unknown.extend(self.among(&at, &wave.machines, &wave.tags));
        }
        if let Some(primary) = &policy.primary {
            unknown.extend(self.among(&["primary".to_owned()], &primary.machines, &primary.tags));
        }
        unknown
    }

    fn among(&mut self, at: &[String], machines: &[MachineName], tags: &[String]) -> Vec<Unknown> {
        let place = |key: &str, index: usize| [at, &[key.to_owned(), index.to_string()]].concat();
        let mut unknown = Vec::new();
        for (index, name) in
            machines.iter().enumerate().filter(|(_, name)| !self.machines.contains(name.as_str()))
        {
            let help = self.nearest.question(name.as_str(), self.machines.iter().copied());
            let message = format!("no machine is called `{name}`");
            unknown.push((place("machines", index), "unknown-machine", message, help));
        }
        for (index, tag) in tags.iter().enumerate().filter(|(_, tag)| !self.tags.contains(tag.as_str())) {
            let help = self.nearest.question(tag, self.tags.iter().copied());
            let message = format!("no machine carries the tag `{tag}`");
            unknown.push((place("tags", index), "unknown-tag", message, help));
        }
        unknown
    }
}

/// Names for a sentence.
pub(super) fn named<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
