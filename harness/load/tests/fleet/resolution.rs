//! Resolution, against a plain retelling of clan's rules that takes no care of time or memory.

use load::resolve::resolve;
use proptest::prelude::*;
use serde_json::json;

use super::{fleets, retold};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn resolution_is_what_clans_rules_say(inventory in fleets::inventory()) {
        let resolved = resolve(fleets::of_inventory(inventory.clone()));
        let retold = retold::fleet(&inventory);
        prop_assert_eq!(serde_json::to_value(&resolved.machines).unwrap(), retold.machines);
        prop_assert_eq!(serde_json::to_value(&resolved.roles).unwrap(), retold.roles);
        let conflicts = serde_json::to_value(&resolved.conflicts).unwrap();
        prop_assert_eq!(sorted(conflicts), sorted(retold.conflicts.into()));
    }

    #[test]
    fn every_definition_of_a_conflict_is_in_the_facts_document(inventory in fleets::inventory()) {
        let document = json!({ "inventory": serde_json::to_value(&inventory).unwrap() });
        for conflict in resolve(fleets::of_inventory(inventory)).conflicts {
            prop_assert!(conflict.definitions.len() > 1);
            for definition in conflict.definitions {
                prop_assert!(document.pointer(&definition).is_some(), "{definition}");
            }
        }
    }
}

fn sorted(list: serde_json::Value) -> Vec<String> {
    let mut list: Vec<_> = list.as_array().into_iter().flatten().map(ToString::to_string).collect();
    list.sort();
    list
}
