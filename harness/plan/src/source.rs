//! What is booted in a machine's place: the first that there is of its own configuration, the virtual machine that it
//! offers, and what fleet.toml gives it.
//!
//! In: the facts, and what fleet.toml gives. Out: the source. It must not look whether it boots.

use model::{
    fleet::{BootSource, BootTerms},
    machine::MachineName,
};
use serde_json::Value;

/// What `facts.boots` says of a configuration that can be extended.
const EXTENSIBLE: &str = "configuration";

/// The source of a machine, if there is one. `document` is the facts document.
#[must_use]
pub fn boot_source(document: &Value, terms: &BootTerms, machine: &MachineName) -> Option<BootSource> {
    let facts = document.get("machines").and_then(|machines| machines.get(machine.as_str()));
    match facts.and_then(|machine| machine.pointer("/facts/boots")?.as_str()) {
        Some(EXTENSIBLE) => Some(BootSource::Configuration),
        Some(_) => Some(BootSource::VmBuild),
        None => terms.given.get(machine).cloned().map(BootSource::Given),
    }
}

#[cfg(test)]
mod tests {
    use model::fleet::Given;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_nearest_to_the_machine_is_booted() {
        let given = Given { kernel: ".#k".to_owned(), initrd: None, root: None, append: String::new() };
        let terms = BootTerms { given: [("a".into(), given.clone())].into(), ..BootTerms::default() };
        let of = |boots: Value, terms| {
            boot_source(&json!({"machines": {"a": {"facts": {"boots": boots}}}}), terms, &"a".into())
        };
        assert_eq!(of(json!("configuration"), &terms), Some(BootSource::Configuration));
        assert_eq!(of(json!("/nix/store/a-vm.drv"), &terms), Some(BootSource::VmBuild));
        assert_eq!(of(json!(null), &terms), Some(BootSource::Given(given.clone())));
        assert_eq!(of(json!(null), &BootTerms::default()), None);
        assert_eq!(boot_source(&json!({}), &terms, &"a".into()), Some(BootSource::Given(given)));
    }
}
