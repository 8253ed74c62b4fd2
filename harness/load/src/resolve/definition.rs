//! One definition of an option: its value, and where it is written.
//!
//! Flows in: values as they are written. Flows out: what of them counts: the module system's properties (`mkForce`,
//! `mkDefault`, `mkIf`, `mkMerge`, `mkBefore`...) are plain attribute sets with a `_type`, so that they are in settings too.
//! Must not: merge anything.
//!
//! Source: nixpkgs `lib/modules.nix`, `dischargeProperties`, `filterOverrides'` and `sortProperties`.

use model::facts::pointer;
use serde_json::Value;

/// A value of an option.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition<'d, 't> {
    pub(super) value: &'d Value,
    pub(super) trail: Trail<'t>,
}

/// Where a definition is written, from the inside outwards.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trail<'t> {
    /// The pointer to the settings as a whole.
    Root(&'t str),
    /// What stands by a key.
    Key(&'t Trail<'t>, &'t str),
    /// Something within a list or a property. It has no pointer of its own, and its insides have none.
    Within(&'t Trail<'t>),
}

impl Trail<'_> {
    /// The pointer into the facts document.
    pub(super) fn pointer(&self) -> String {
        let mut keys = Vec::new();
        let mut here = self;
        loop {
            match here {
                Trail::Root(root) => {
                    keys.reverse();
                    return format!("{root}{}", pointer(keys));
                }
                Trail::Key(parent, key) => {
                    keys.push(*key);
                    here = parent;
                }
                Trail::Within(parent) => {
                    keys.clear();
                    here = parent;
                }
            }
        }
    }
}

/// A definition that counts, with its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighed<'d, 't> {
    pub(super) definition: Definition<'d, 't>,
    /// The lower one wins. `mkForce` is 50, nothing is 100, `mkDefault` is 1000.
    priority: f64,
    /// The lower one comes first. `mkBefore` is 500, nothing is 1000, `mkAfter` is 1500.
    order: f64,
}

/// What counts of some definitions, whatever their priority, in the order in which they are written. As in nixpkgs, the
/// properties are taken off in turn: conditions and unions wherever they are nested, then one priority, then one order.
/// What is left is a value, even if it has a `_type`.
pub(super) fn discharged<'d, 't>(definitions: &'t [Definition<'d, 't>]) -> Vec<Weighed<'d, 't>> {
    let mut all = Vec::with_capacity(definitions.len());
    for definition in definitions {
        discharge(definition, definition.value, &mut all);
    }
    all
}

/// Those of the strongest priority, in the order in which they merge.
pub(super) fn strongest<'d, 't>(definitions: &'t [Definition<'d, 't>]) -> Vec<Definition<'d, 't>> {
    let mut all = discharged(definitions);
    let priority = all.iter().map(|weighed| weighed.priority).fold(f64::INFINITY, f64::min);
    all.retain(|weighed| weighed.priority <= priority);
    all.sort_by(|a, b| a.order.total_cmp(&b.order));
    all.into_iter().map(|weighed| weighed.definition).collect()
}

fn discharge<'d, 't>(written: &'t Definition<'d, 't>, value: &'d Value, into: &mut Vec<Weighed<'d, 't>>) {
    match (property(value), value.get("content"), value.get("contents").and_then(Value::as_array)) {
        (Some("if"), Some(content), _) => {
            if value.get("condition") == Some(&Value::Bool(true)) {
                discharge(written, content, into);
            }
        }
        (Some("merge"), _, Some(contents)) => {
            contents.iter().for_each(|content| discharge(written, content, into));
        }
        _ => into.push(weighed(written, value)),
    }
}

fn weighed<'d, 't>(written: &'t Definition<'d, 't>, value: &'d Value) -> Weighed<'d, 't> {
    let (priority, value) = unwrapped("override", value).unwrap_or((100.0, value));
    let (order, value) = unwrapped("order", value).unwrap_or((1000.0, value));
    let bare = std::ptr::eq(written.value, value);
    let trail = if bare { written.trail } else { Trail::Within(&written.trail) };
    Weighed { definition: Definition { value, trail }, priority, order }
}

fn unwrapped<'d>(wanted: &str, value: &'d Value) -> Option<(f64, &'d Value)> {
    let number = value.get("priority").and_then(Value::as_f64);
    number.zip(value.get("content")).filter(|_| property(value) == Some(wanted))
}

fn property(value: &Value) -> Option<&str> {
    value.as_object()?.get("_type")?.as_str()
}
