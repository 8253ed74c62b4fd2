//! A fleet as the text of a `fleet.toml`, with comments that teach what else can be said.
//!
//! Flows in: a fleet that a flake defines. Flows out: text that reads back as the same inventory. Must not: lose
//! anything without a word: what TOML cannot say is named at the end of the file.
//!
//! In the text, `# words` is for people, and `#key = value` an example that is right once the mark is removed.

use model::{
    fleet::{Fleet, FleetSource},
    inventory::{Instance, Inventory, Member, Meta, Role},
    machine::{Deploy, Machine, MachineClass, MachineName},
};
use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

use super::{
    computed::without_computed,
    toml_value::{LeftOut, fields, shown_key},
};

const OF_CLAN: &str = "\
# Written by `seaworthy init` from clan's inventory. Hand it to clan from here, and take it out of the Nix files,
# so that it is written in one place; what is Nix code (`modules`, a role's `extraModules`) stays there:
#
#   inventory = (builtins.fromTOML (builtins.readFile ./fleet.toml)).inventory;
";
const OF_FLAKE: &str = "\
# Written by `seaworthy init` from the names of the flake's configurations. Nix reads the same file with
#
#   (builtins.fromTOML (builtins.readFile ./fleet.toml)).inventory
";
const OPENING: &str = "\
# The fleet as data: what seaworthy proves before anything is deployed, and what Nix builds it from.
# `seaworthy fleet lint` tells what makes no sense in it, each problem at its line.
#
";
const META: &str = "[inventory.meta]\n";
const UNNAMED: &str = "[inventory.meta]\n#name = \"fleet\"\n";
const MACHINES: &str = "
# One table a machine, by the name of its configuration. Tags are words of your own: roles and checks choose
# machines by them. Every machine carries the tag `all`, and one of its class. `deploy.targetHost` says how it is
# reached.
";
const TAGS: &str = "
# Tags can be given from here as well: a tag, and the machines that get it.
";
const INSTANCES: &str = "
# An instance is one use of a service's module. Its roles choose their machines by tag or by name; the settings of
# a role are for all of its machines, those of a tag or a machine for these alone.
";
const EXPRESSIONS: &str = "
# Where the fleet's nix-unit tests are. While this is not said: the flake's outputs `tests` and `libTests`.
#[expressions]
#trees = [\".#tests\", \"tests/unit.nix\"]
";
const WAIVERS: &str = "
# A finding that you accept, for a reason and until a day, after which it counts again. The day is text, as Nix's
# fromTOML knows no dates. Without a subject the rule is waived for every machine.
#[[waivers]]
#rule = \"host/state-version\"
#subject = \"MACHINE\"
#reason = \"installed anew before that day\"
#expires = \"2027-01-31\"
";

/// The text of `fleet.toml` for a fleet.
#[must_use]
pub fn text(fleet: &Fleet) -> String {
    let mut left_out = LeftOut::default();
    let inventory = &without_computed(fleet.inventory.clone());
    let example = example(inventory);
    let mut root = Table::new();
    root.insert("inventory", Item::Table(inventory_table(inventory, &mut left_out)));
    let mut document = DocumentMut::from(root);
    document.set_trailing(lessons(inventory, example) + &remarks(inventory, &left_out));
    let origin = if fleet.source == FleetSource::Clan { OF_CLAN } else { OF_FLAKE };
    let mut document = document.to_string();
    if inventory.meta.name.is_none() {
        document = document.replacen(META, UNNAMED, 1);
    }
    format!("{OPENING}{origin}\n{document}")
}

/// The machine that examples are about: one whose name needs no quotes.
fn example(inventory: &Inventory) -> &str {
    let names = inventory.machines.iter().filter(|(_, machine)| machine.machine_class != MachineClass::Home);
    let mut names = names.map(|(name, _)| name.as_str());
    names.find(|name| shown_key(name) == *name).unwrap_or("web1")
}

/// Comments on what the fleet does not say yet.
fn lessons(inventory: &Inventory, example: &str) -> String {
    let mut lessons = String::new();
    if inventory.machines.is_empty() {
        lessons += MACHINES;
        lessons += &format!("#[inventory.machines.{example}]\n#tags = [\"server\"]\n");
    }
    if inventory.tags.is_empty() {
        lessons += TAGS;
        lessons += &format!("#[inventory.tags]\n#backup = [\"{example}\"]\n");
    }
    if inventory.instances.is_empty() {
        lessons += INSTANCES;
        lessons +=
            "#[inventory.instances.backup]\n#module = { name = \"borgbackup\", input = \"clan-core\" }\n#\n";
        lessons += &format!("#[inventory.instances.backup.roles.server]\n#machines.{example} = {{}}\n#\n");
        lessons += "#[inventory.instances.backup.roles.client]\n#tags = [\"all\"]\n";
    }
    lessons + EXPRESSIONS + &WAIVERS.replace("MACHINE", example)
}

/// What could not be written.
fn remarks(inventory: &Inventory, left_out: &LeftOut) -> String {
    let homes = inventory.machines.iter().filter(|(_, machine)| machine.machine_class == MachineClass::Home);
    let homes: Vec<_> = homes.map(|(name, _)| shown_key(name.as_str())).collect();
    let mut remarks = String::new();
    if !homes.is_empty() {
        remarks +=
            &format!("\n# Left out, as an inventory has no home configurations: {}\n", homes.join(", "));
    }
    if !left_out.0.is_empty() {
        remarks += "\n# Left out, as TOML cannot say it:\n";
        remarks.extend(left_out.0.iter().map(|what| format!("#   {what}\n")));
    }
    remarks
}

fn inventory_table(inventory: &Inventory, left_out: &mut LeftOut) -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table.insert("meta", Item::Table(meta(&inventory.meta)));
    let machines = inventory.machines.iter();
    let machines = machines.filter(|(_, machine)| machine.machine_class != MachineClass::Home);
    let machines = machines.map(|(name, written)| (name.as_str(), machine(written)));
    insert_named(&mut table, "machines", MACHINES, machines);
    if !inventory.tags.is_empty() {
        let mut tags = Table::new();
        tags.decor_mut().set_prefix(TAGS);
        for (tag, members) in &inventory.tags {
            tags.insert(tag, value(list(members.iter().map(MachineName::as_str))));
        }
        table.insert("tags", Item::Table(tags));
    }
    let instances = inventory.instances.iter();
    let instances: Vec<_> =
        instances.map(|(name, written)| (name.as_str(), instance(name, written, left_out))).collect();
    insert_named(&mut table, "instances", INSTANCES, instances.into_iter());
    table
}

/// A table of tables, with a comment before the first.
fn insert_named<'a>(
    table: &mut Table,
    key: &str,
    comment: &str,
    entries: impl Iterator<Item = (&'a str, Table)>,
) {
    let mut named = Table::new();
    named.set_implicit(true);
    for (index, (name, mut entry)) in entries.enumerate() {
        if index == 0 {
            entry.decor_mut().set_prefix(comment);
        }
        named.insert(name, Item::Table(entry));
    }
    if !named.is_empty() {
        table.insert(key, Item::Table(named));
    }
}

fn meta(meta: &Meta) -> Table {
    let mut table = Table::new();
    set(&mut table, "name", meta.name.as_deref());
    set(&mut table, "description", meta.description.as_deref());
    set(&mut table, "domain", meta.domain.as_deref());
    set(&mut table, "icon", meta.icon.as_deref());
    set(&mut table, "tld", meta.tld.as_deref());
    table
}

fn machine(machine: &Machine) -> Table {
    let mut table = Table::new();
    set(&mut table, "description", machine.description.as_deref());
    set(&mut table, "machineClass", Some(machine.machine_class.as_str()));
    table.insert("tags", value(list(machine.tags.iter().map(String::as_str))));
    set(&mut table, "icon", machine.icon.as_deref());
    set(&mut table, "installedAt", machine.installed_at);
    let deploy = deploy(&machine.deploy);
    if !deploy.is_empty() {
        table.insert("deploy", Item::Table(deploy));
    }
    table
}

fn deploy(deploy: &Deploy) -> Table {
    let mut table = Table::new();
    table.set_dotted(true);
    set(&mut table, "targetHost", deploy.target_host.as_deref());
    set(&mut table, "buildHost", deploy.build_host.as_deref());
    set(&mut table, "forwardAgent", deploy.forward_agent);
    table
}

fn instance(name: &str, instance: &Instance, left_out: &mut LeftOut) -> Table {
    let mut table = Table::new();
    let mut module = InlineTable::new();
    for (key, named) in [("name", &instance.module.name), ("input", &instance.module.input)] {
        if let Some(named) = named {
            module.insert(key, named.as_str().into());
        }
    }
    if !module.is_empty() {
        table.insert("module", value(module));
    }
    let path = ["inventory", "instances", name];
    insert_settings(&mut table, &instance.settings, &path, left_out);
    let roles = instance.roles.iter();
    let roles: Vec<_> = roles
        .map(|(role, written)| {
            (role.as_str(), self::role(written, &[&path[..], &["roles", role]].concat(), left_out))
        })
        .collect();
    insert_named(&mut table, "roles", "\n", roles.into_iter());
    table
}

fn role(role: &Role, path: &[&str], left_out: &mut LeftOut) -> Table {
    let mut table = Table::new();
    let machines = role.machines.iter().map(|(name, member)| (name.as_str(), member));
    insert_members(&mut table, "machines", machines, path, left_out);
    if role.tags.values().all(|member| is_empty(&member.settings)) {
        if !role.tags.is_empty() {
            table.insert("tags", value(list(role.tags.keys().map(String::as_str))));
        }
    } else {
        let tags = role.tags.iter().map(|(name, member)| (name.as_str(), member));
        insert_members(&mut table, "tags", tags, path, left_out);
    }
    insert_settings(&mut table, &role.settings, path, left_out);
    table
}

fn insert_members<'a>(
    table: &mut Table,
    key: &str,
    members: impl Iterator<Item = (&'a str, &'a Member)>,
    path: &[&str],
    left_out: &mut LeftOut,
) {
    let mut named = Table::new();
    named.set_dotted(true);
    for (name, member) in members {
        let mut written = InlineTable::new();
        if let Some(settings) = settings(&member.settings, &[path, &[key, name]].concat(), left_out) {
            written.insert("settings", settings.into_iter().collect::<InlineTable>().into());
        }
        named.insert(name, value(written));
    }
    if !named.is_empty() {
        table.insert(key, Item::Table(named));
    }
}

fn insert_settings(table: &mut Table, written: &Json, path: &[&str], left_out: &mut LeftOut) {
    if let Some(fields) = settings(written, path, left_out) {
        let fields = fields.into_iter().map(|(key, field)| (key, value(field)));
        table.insert("settings", Item::Table(fields.collect()));
    }
}

/// The fields of settings; none where there are no settings.
fn settings(settings: &Json, path: &[&str], left_out: &mut LeftOut) -> Option<Vec<(String, Value)>> {
    let object = settings.as_object().filter(|object| !object.is_empty())?;
    let mut path = [path, &["settings"]].concat();
    let fields = fields(object, &mut path, left_out);
    Some(fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn is_empty(settings: &Json) -> bool {
    settings.as_object().is_none_or(serde_json::Map::is_empty)
}

fn set(table: &mut Table, key: &str, written: Option<impl Into<Value>>) {
    if let Some(written) = written {
        table.insert(key, value(written));
    }
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Array {
    texts.collect()
}
