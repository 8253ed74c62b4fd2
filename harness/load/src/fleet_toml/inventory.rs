//! `[inventory]`: clan's inventory, field for field.
//!
//! Flows in: the table. Flows out: [`Inventory`], as it is written.
//! Must not: resolve a tag or a role, or look whether a machine that is named exists.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use model::{
    inventory::{Inventory, Meta},
    machine::{Deploy, Machine, MachineClass, MachineName},
};
use toml::de::DeTable;

use super::{
    at::At,
    instance,
    reader::{Reader, Value},
};

/// Reads `[inventory]`; a file without one defines no machine.
pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &DeTable<'t>) -> Inventory {
    let Some(fields) = reader.table(&At::ROOT, root, "inventory") else {
        return Inventory::default();
    };
    let at = At::ROOT.child("inventory");
    reader.only(&at, fields, &["meta", "machines", "instances", "tags"]);
    Inventory {
        meta: reader
            .table(&at, fields, "meta")
            .map(|fields| meta(reader, &at.child("meta"), fields))
            .unwrap_or_default(),
        machines: named(reader, &at, fields, "machines", machine),
        instances: named(reader, &at, fields, "instances", instance::read),
        tags: tags(reader, &at, fields),
    }
}

/// A table whose keys are names that the user chose, each of a table.
pub(super) fn named<'t, Name: Ord + for<'n> From<&'n str>, T>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
    key: &str,
    read: impl Fn(&mut Reader<'t>, &At<'_>, &DeTable<'t>) -> T,
) -> BTreeMap<Name, T> {
    let mut all = BTreeMap::new();
    let Some(entries) = reader.table(at, fields, key) else {
        return all;
    };
    let at = at.child(key);
    for (name, value) in entries {
        let here = at.child(name.get_ref());
        reader.mark(&here, &name.span());
        if let Some(fields) = reader.as_table(&here, value) {
            all.insert(Name::from(name.get_ref()), read(reader, &here, fields));
        }
    }
    all
}

/// Sources of the forms: clan-core `modules/inventoryClass/meta.nix` and `lib/types/default.nix`.
fn meta<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Meta {
    reader.only(at, fields, &["name", "description", "icon", "domain", "tld"]);
    let name = ("letters, digits, `_` and `-`", (|text| text.bytes().all(is_name_byte)) as fn(&str) -> bool);
    let tld = ("lower-case letters", (|text| is_letters(text)) as fn(&str) -> bool);
    Meta {
        name: reader.text_like(at, fields, "name", name),
        description: reader.text(at, fields, "description"),
        icon: reader.text(at, fields, "icon"),
        domain: reader.text_like(
            at,
            fields,
            "domain",
            ("a domain in lower case", |text| text.split('.').all(is_label)),
        ),
        tld: reader.text_like(at, fields, "tld", tld),
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn is_letters(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn is_label(text: &str) -> bool {
    let edge =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = text.as_bytes();
    let inner = |byte: &u8| edge(Some(byte)) || *byte == b'-';
    bytes.len() <= 63 && edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner)
}

fn machine<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Machine {
    const FIELDS: &[&str] = &["deploy", "description", "icon", "installedAt", "machineClass", "tags"];
    const CLASSES: &[(&str, MachineClass)] =
        &[("nixos", MachineClass::Nixos), ("darwin", MachineClass::Darwin)];
    reader.only(at, fields, FIELDS);
    let deploy_at = at.child("deploy");
    Machine {
        description: reader.text(at, fields, "description"),
        icon: reader.text(at, fields, "icon"),
        machine_class: reader.choice(at, fields, "machineClass", CLASSES).unwrap_or_default(),
        installed_at: reader.integer(at, fields, "installedAt"),
        tags: match reader.field(at, fields, "tags") {
            Some(value) => names(reader, &at.child("tags"), value),
            None => BTreeSet::new(),
        },
        deploy: reader
            .table(at, fields, "deploy")
            .map(|fields| deploy(reader, &deploy_at, fields))
            .unwrap_or_default(),
    }
}

fn deploy<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Deploy {
    reader.only(at, fields, &["buildHost", "forwardAgent", "targetHost"]);
    Deploy {
        target_host: reader.text(at, fields, "targetHost"),
        build_host: reader.text(at, fields, "buildHost"),
        forward_agent: reader.flag(at, fields, "forwardAgent"),
    }
}

fn tags<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
) -> BTreeMap<String, BTreeSet<MachineName>> {
    let mut tags = BTreeMap::new();
    let Some(entries) = reader.table(at, fields, "tags") else {
        return tags;
    };
    let at = at.child("tags");
    for (tag, value) in entries {
        let here = at.child(tag.get_ref());
        reader.mark(&here, &tag.span());
        let members = names(reader, &here, value).into_iter().map(MachineName).collect();
        tags.insert(tag.get_ref().to_string(), members);
    }
    tags
}

/// A list of names as a set. The place of each is noted under its index in the *sorted* set, which is how the facts
/// document shows it.
fn names<'t>(reader: &mut Reader<'t>, at: &At<'_>, value: &Value<'t>) -> BTreeSet<String> {
    let mut names = BTreeMap::new();
    for (name, span) in reader.texts(at, value) {
        match names.entry(name) {
            Entry::Vacant(free) => drop(free.insert(span)),
            Entry::Occupied(taken) => {
                let message = format!("{:?} stands twice in `{}`", taken.key(), at.path());
                reader.warning("duplicate-member", message, span, None);
            }
        }
    }
    for (index, span) in names.values().enumerate() {
        reader.mark(&at.child(&index.to_string()), span);
    }
    names.into_keys().collect()
}
