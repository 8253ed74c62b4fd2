//! clan's inventory as its flakes serialise it: `clanInternals.inventoryClass.inventorySerialization`, settings unwrapped.
//!
//! Flows in: the JSON. Flows out: [`Inventory`].
//! Must not: stop at what it does not know.
//!
//! Source: clan-core `modules/inventoryClass/default.nix`, `inventorySerialization`.

use std::collections::BTreeMap;

use model::{
    inventory::{Instance, Inventory, Member, Meta, Module, Role},
    machine::{Deploy, Machine, MachineClass, MachineName},
};
use serde_json::Value;

use super::reader::{Fields, Reader};
use crate::diagnostic::Diagnostics;

/// Reads the whole of it.
pub(super) fn inventory(value: &Value, diagnostics: &mut Diagnostics) -> Inventory {
    let mut reader = Reader::new(diagnostics);
    let fields = reader.object("inventory", value);
    reader.only("inventory", &fields, &["instances", "machines", "meta", "tags"]);
    Inventory {
        meta: meta(&mut reader, &fields),
        machines: named(&mut reader, &fields, "machines", machine),
        instances: named(&mut reader, &fields, "instances", instance),
        tags: tags(&mut reader, &fields),
    }
}

/// An object whose keys are names, each of an object.
fn named<Name: Ord + for<'n> From<&'n str>, T>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    read: impl Fn(&mut Reader<'_>, &Fields<'_>) -> T,
) -> BTreeMap<Name, T> {
    let all = reader.inner(fields, key);
    let entry = |(name, value): (&String, &Value)| {
        let fields = reader.object(&all.path_of(name), value);
        (Name::from(name.as_str()), read(reader, &fields))
    };
    all.iter().map(entry).collect()
}

fn meta(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Meta {
    let fields = reader.inner(fields, "meta");
    reader.only("inventory.meta", &fields, &["description", "domain", "icon", "name", "tld"]);
    Meta {
        name: reader.text(&fields, "name"),
        description: reader.text(&fields, "description"),
        icon: reader.text(&fields, "icon"),
        domain: reader.text(&fields, "domain"),
        tld: reader.text(&fields, "tld"),
    }
}

fn machine(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Machine {
    const KNOWN: &[&str] = &["deploy", "description", "icon", "installedAt", "machineClass", "name", "tags"];
    reader.only("inventory.machines.*", fields, KNOWN);
    Machine {
        description: reader.text(fields, "description"),
        icon: reader.text(fields, "icon"),
        machine_class: reader.typed(fields, "machineClass", "`nixos` or `darwin`", class).unwrap_or_default(),
        installed_at: reader.integer(fields, "installedAt"),
        tags: reader.texts(fields, "tags"),
        deploy: deploy(reader, fields),
    }
}

fn class(value: &Value) -> Option<MachineClass> {
    [MachineClass::Nixos, MachineClass::Darwin]
        .into_iter()
        .find(|class| value.as_str() == Some(class.as_str()))
}

fn deploy(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Deploy {
    let fields = reader.inner(fields, "deploy");
    reader.only("inventory.machines.*.deploy", &fields, &["buildHost", "forwardAgent", "targetHost"]);
    Deploy {
        target_host: reader.text(&fields, "targetHost"),
        build_host: reader.text(&fields, "buildHost"),
        forward_agent: reader.flag(&fields, "forwardAgent"),
    }
}

fn instance(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Instance {
    reader.only("inventory.instances.*", fields, &["module", "roles"]);
    let module = reader.inner(fields, "module");
    reader.only("inventory.instances.*.module", &module, &["input", "name"]);
    Instance {
        module: Module { name: reader.text(&module, "name"), input: reader.text(&module, "input") },
        roles: named(reader, fields, "roles", role),
        settings: Value::Null,
    }
}

fn role(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Role {
    reader.only("inventory.instances.*.roles.*", fields, &["extraModules", "machines", "settings", "tags"]);
    Role {
        machines: named(reader, fields, "machines", member),
        tags: named(reader, fields, "tags", member),
        settings: settings(reader, fields),
    }
}

fn member(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Member {
    reader.only("inventory.instances.*.roles.*.{machines,tags}.*", fields, &["settings"]);
    Member { settings: settings(reader, fields) }
}

fn settings(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Value {
    let object = |value: &Value| value.is_object().then(|| value.clone());
    reader.typed(fields, "settings", "an object", object).unwrap_or_default()
}

fn tags(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
) -> BTreeMap<String, std::collections::BTreeSet<MachineName>> {
    let tags = reader.inner(fields, "tags");
    let members = |(tag, _): (&String, &Value)| {
        (tag.clone(), reader.texts(&tags, tag).into_iter().map(MachineName).collect())
    };
    tags.iter().map(members).collect()
}
