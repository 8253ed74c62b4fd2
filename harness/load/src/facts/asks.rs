//! What the fleet asks of its guests, with the machines that each is asked of.
//!
//! Flows in: the resolved fleet. Flows out: the part `asks` of the document, and where each stands. Must not: judge names that
//! are nobody's: `lint` does.

use model::{
    ask::Ask,
    facts::{Places, pointer},
    resolved::ResolvedFleet,
};
use serde_json::{Value, json};

/// In the order of the file.
pub(super) fn facts(fleet: &ResolvedFleet) -> Value {
    fleet.fleet.asks.iter().map(|ask| fact(fleet, ask)).collect()
}

fn fact(fleet: &ResolvedFleet, ask: &Ask) -> Value {
    let asked = fleet.machines.iter().filter(|(name, machine)| ask.is_of(name, machine));
    let mut fact = super::value(&ask.what);
    fact["machines"] = asked.map(|(name, _)| json!(name)).collect();
    fact
}

/// `[[boot.asks]]` in the file is `asks` in the document.
pub(super) fn places(fleet: &ResolvedFleet, places: &mut Places) {
    for index in 0..fleet.fleet.asks.len() {
        let index = index.to_string();
        if let Some(place) = fleet.fleet.places.find(&pointer(["boot", "asks", &index])) {
            places.set(pointer(["asks", &index]), place.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use model::ask::Asked;
    use serde_json::json;

    use super::*;
    use crate::resolve::resolve;

    #[test]
    fn an_ask_reaches_who_is_named_and_who_carries_the_tag() {
        let text = "[inventory.machines]\na.tags = [\"web\"]\nb = {}\nc = {}\nmac = { machineClass = \"darwin\", tags = [\"web\"] }\n\
                    [[boot.asks]]\nunit = \"x\"\n[[boot.asks]]\ntags = [\"web\"]\nmachines = [\"c\"]\nunit = \"y\"\n";
        let (fleet, problems) = crate::fleet_toml::parse("fleet.toml", text.as_bytes());
        let fleet = resolve(fleet.unwrap_or_else(|| panic!("{problems:?}")));
        assert_eq!(fleet.fleet.asks[0].what, Asked::Unit { unit: "x".to_owned() });
        let told = facts(&fleet);
        let expected =
            [json!({"unit": "x", "machines": ["a", "b", "c"]}), json!({"unit": "y", "machines": ["a", "c"]})];
        assert_eq!(told, json!(expected));
        let mut found = Places::default();
        places(&fleet, &mut found);
        assert_eq!(found.find("/asks/1/unit").map(|place| place.line), Some(8));
    }
}
