//! `[inventory.instances.<name>]`: one use of a service's module.
//!
//! Flows in: the table. Flows out: [`Instance`], as it is written.
//! Must not: know any module, or which roles it has.

use std::collections::BTreeMap;

use model::inventory::{Instance, Member, Module, Role};
use toml::de::{DeTable, DeValue};

use super::{
    at::At,
    inventory::named,
    reader::{Reader, Value},
    settings,
};

/// Reads one instance.
pub(super) fn read<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Instance {
    reader.only(at, fields, &["module", "roles", "settings"]);
    let module_at = at.child("module");
    Instance {
        module: reader
            .table(at, fields, "module")
            .map(|fields| module(reader, &module_at, fields))
            .unwrap_or_default(),
        roles: named(reader, at, fields, "roles", role),
        settings: settings::read(reader, at, fields),
    }
}

fn module<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Module {
    reader.only(at, fields, &["input", "name"]);
    Module { name: reader.text(at, fields, "name"), input: reader.text(at, fields, "input") }
}

fn role<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Role {
    reader.only(at, fields, &["machines", "settings", "tags"]);
    Role {
        machines: named(reader, at, fields, "machines", member),
        tags: reader
            .field(at, fields, "tags")
            .map(|value| tags(reader, at, fields, value))
            .unwrap_or_default(),
        settings: settings::read(reader, at, fields),
    }
}

/// `tags = ["infra"]` is short for `tags.infra = {}`.
fn tags<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
    value: &Value<'t>,
) -> BTreeMap<String, Member> {
    if !matches!(value.get_ref(), DeValue::Array(_)) {
        return named(reader, at, fields, "tags", member);
    }
    let at = at.child("tags");
    let mut tags = BTreeMap::new();
    for (tag, span) in reader.texts(&at, value) {
        reader.mark(&at.child(&tag), &span);
        tags.insert(tag, Member::default());
    }
    tags
}

fn member<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Member {
    reader.only(at, fields, &["settings"]);
    Member { settings: settings::read(reader, at, fields) }
}
