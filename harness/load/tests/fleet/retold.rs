//! clan's rules, told again as plainly as they can be: values are copied, nothing is shared, order is found by sorting.
//!
//! Sources: clan-core `modules/inventoryClass/inventory.nix`, `modules/clan/{computed-tags,distributed-services}.nix`;
//! nixpkgs `lib/modules.nix`.

use std::collections::{BTreeMap, BTreeSet};

use model::{facts::pointer, inventory::Inventory, machine::MachineName};
use serde_json::{Map, Value, json};

pub(crate) struct Retold {
    pub(crate) machines: Value,
    pub(crate) roles: Value,
    pub(crate) conflicts: Vec<Value>,
}

pub(crate) fn fleet(inventory: &Inventory) -> Retold {
    let mut machines = Map::new();
    for (name, machine) in &inventory.machines {
        let entry = json!({ "class": machine.machine_class, "tags": tags(inventory, name), "roles": {} });
        machines.insert(name.to_string(), entry);
    }
    let mut roles = Map::new();
    let mut conflicts = Vec::new();
    for (instance_name, instance) in &inventory.instances {
        let mut members_of = Map::new();
        for role_name in instance.roles.keys() {
            let members = members(inventory, instance_name, role_name);
            for member in &members {
                let (settings, clashes) = settings(inventory, instance_name, role_name, member);
                conflicts.extend(clashes.into_iter().take(16).map(|(option, definitions)| {
                    json!({ "machine": member, "instance": instance_name, "role": role_name,
                            "option": option, "definitions": definitions })
                }));
                if let Some(machine) = machines.get_mut(member.as_str()) {
                    machine["roles"][instance_name][role_name] = settings;
                }
            }
            members_of.insert(role_name.clone(), json!(members));
        }
        roles.insert(instance_name.clone(), Value::Object(members_of));
    }
    Retold { machines: Value::Object(machines), roles: Value::Object(roles), conflicts }
}

fn tags(inventory: &Inventory, name: &MachineName) -> BTreeSet<String> {
    let machine = &inventory.machines[name];
    let mut tags = machine.tags.clone();
    for computed in ["all", machine.machine_class.as_str()] {
        if !inventory.tags.contains_key(computed) {
            tags.insert(computed.to_owned());
        }
    }
    tags.extend(
        inventory.tags.iter().filter(|(_, members)| members.contains(name)).map(|(tag, _)| tag.clone()),
    );
    tags
}

fn members(inventory: &Inventory, instance: &str, role: &str) -> BTreeSet<MachineName> {
    let role = &inventory.instances[instance].roles[role];
    let tagged = inventory
        .machines
        .keys()
        .filter(|name| tags(inventory, name).iter().any(|tag| role.tags.contains_key(tag)));
    role.machines.keys().chain(tagged).cloned().collect()
}

/// A value that is written, and the pointer to it: none for what stands within a list or a property.
#[derive(Clone)]
struct Written {
    value: Value,
    pointer: String,
    within: bool,
}

impl Written {
    fn child(&self, key: &str, value: &Value) -> Self {
        let key = if self.within { String::new() } else { pointer([key]) };
        Self { value: value.clone(), pointer: format!("{}{key}", self.pointer), within: self.within }
    }

    fn inside(&self, value: &Value) -> Self {
        Self { value: value.clone(), pointer: self.pointer.clone(), within: true }
    }
}

type Clashes = Vec<(Vec<String>, Vec<String>)>;

fn settings(inventory: &Inventory, instance: &str, role: &str, member: &MachineName) -> (Value, Clashes) {
    let at = |keys: &[&str]| {
        pointer(["inventory", "instances", instance, "roles", role].into_iter().chain(keys.iter().copied()))
    };
    let (instance, mut written) = (&inventory.instances[instance], Vec::new());
    let role = &instance.roles[role];
    let carried =
        if inventory.machines.contains_key(member) { tags(inventory, member) } else { BTreeSet::new() };
    for (tag, of_tag) in role.tags.iter().rev().filter(|(tag, _)| carried.contains(*tag)) {
        written.push((&of_tag.settings, at(&["tags", tag, "settings"])));
    }
    if let Some(of_machine) = role.machines.get(member) {
        written.push((&of_machine.settings, at(&["machines", member.as_str(), "settings"])));
    }
    written.push((&role.settings, at(&["settings"])));
    let written =
        written.into_iter().map(|(value, pointer)| Written { value: value.clone(), pointer, within: false });
    let mut clashes = Vec::new();
    let strong = modules(written.collect(), &mut clashes);
    let weak = Written { value: instance.settings.clone(), pointer: String::new(), within: false };
    (filled(strong, &modules(vec![weak], &mut Vec::new())), clashes)
}

/// Modules in shorthand (only configuration) or in full (`config`).
fn modules(written: Vec<Written>, clashes: &mut Clashes) -> Value {
    let bodies = written.iter().flat_map(discharged).map(|(module, ..)| {
        let reserved = ["_class", "_file", "disabledModules", "freeformType", "imports", "key", "require"];
        match module.value.get("config") {
            Some(config) => module.child("config", config),
            None => {
                let object = module.value.as_object().cloned().unwrap_or_default();
                let kept = object.into_iter().filter(|(key, _)| !reserved.contains(&key.as_str()));
                Written { value: Value::Object(kept.collect()), ..module }
            }
        }
    });
    object(&bodies.collect::<Vec<_>>(), &[], clashes)
}

fn object(definitions: &[Written], path: &[String], clashes: &mut Clashes) -> Value {
    let mut options: BTreeMap<String, Vec<Written>> = BTreeMap::new();
    for definition in definitions {
        for (key, value) in definition.value.as_object().into_iter().flatten() {
            options.entry(key.clone()).or_default().push(definition.child(key, value));
        }
    }
    let mut merged = Map::new();
    for (key, definitions) in options {
        let path = [path, std::slice::from_ref(&key)].concat();
        if let Some(value) = option(&definitions, &path, clashes) {
            merged.insert(key, value);
        }
    }
    Value::Object(merged)
}

fn option(definitions: &[Written], path: &[String], clashes: &mut Clashes) -> Option<Value> {
    let all: Vec<_> = definitions.iter().flat_map(discharged).collect();
    let strongest = all.iter().map(|(_, priority, _)| *priority).min()?;
    let mut left: Vec<_> = all.into_iter().filter(|(_, priority, _)| *priority == strongest).collect();
    left.sort_by_key(|(.., order)| *order);
    let left: Vec<_> = left.into_iter().map(|(definition, ..)| definition).collect();
    if left.iter().all(|definition| definition.value.is_object()) {
        return Some(object(&left, path, clashes));
    }
    if left.iter().all(|definition| definition.value.is_array()) {
        let elements = left
            .iter()
            .flat_map(|list| list.value.as_array().expect("a list").iter().map(|value| list.inside(value)));
        return Some(elements.filter_map(|element| option(&[element], path, clashes)).collect());
    }
    let first = &left[0].value;
    let scalar = !first.is_object() && !first.is_array();
    let same = |other: &Written| {
        first == &other.value || first.is_number() && first.as_f64() == other.value.as_f64()
    };
    if !(scalar && left.iter().all(same)) {
        clashes.push((path.to_vec(), left.iter().map(|definition| definition.pointer.clone()).collect()));
        return option(&left[..1], path, clashes);
    }
    Some(first.clone())
}

/// What stands behind properties, with priority and order.
fn discharged(written: &Written) -> Vec<(Written, i64, i64)> {
    let list = || written.value["contents"].as_array().expect("a list");
    match kind(written) {
        Some("if") if written.value["condition"] == json!(false) => Vec::new(),
        Some("if") => discharged(&written.inside(&written.value["content"])),
        Some("merge") => list().iter().flat_map(|content| discharged(&written.inside(content))).collect(),
        _ => {
            let (written, priority) = without("override", written, 100);
            let (written, order) = without("order", &written, 1000);
            vec![(written, priority, order)]
        }
    }
}

fn without(property: &str, written: &Written, default: i64) -> (Written, i64) {
    if kind(written) != Some(property) {
        return (written.clone(), default);
    }
    (written.inside(&written.value["content"]), written.value["priority"].as_i64().expect("a number"))
}

fn kind(written: &Written) -> Option<&str> {
    written.value.get("_type")?.as_str()
}

fn filled(strong: Value, weak: &Value) -> Value {
    let (Value::Object(mut fields), Value::Object(weak)) = (strong.clone(), weak) else {
        return strong;
    };
    for (key, weak) in weak {
        let value = fields.get(key).map_or_else(|| weak.clone(), |strong| filled(strong.clone(), weak));
        fields.insert(key.clone(), value);
    }
    Value::Object(fields)
}
