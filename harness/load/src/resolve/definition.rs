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

/// The definitions behind all properties, whatever their priority, in the order in which they are written.
pub(super) fn discharged<'d, 't>(definitions: &'t [Definition<'d, 't>]) -> Vec<Weighed<'d, 't>> {
    let mut all = Vec::with_capacity(definitions.len());
    for definition in definitions {
        discharge(definition, definition.value, (None, None), &mut all);
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

fn discharge<'d, 't>(
    written: &'t Definition<'d, 't>,
    value: &'d Value,
    (priority, order): (Option<f64>, Option<f64>),
    into: &mut Vec<Weighed<'d, 't>>,
) {
    let number = |key: &str| value.get(key).and_then(Value::as_f64);
    match (property(value), value.get("content"), value.get("contents").and_then(Value::as_array)) {
        (Some("if"), Some(content), _) => {
            if value.get("condition") == Some(&Value::Bool(true)) {
                discharge(written, content, (priority, order), into);
            }
        }
        (Some("merge"), _, Some(contents)) => {
            contents.iter().for_each(|content| discharge(written, content, (priority, order), into));
        }
        (Some("override"), Some(content), _) => {
            discharge(written, content, (priority.or(number("priority")), order), into);
        }
        (Some("order"), Some(content), _) => {
            discharge(written, content, (priority, order.or(number("priority"))), into);
        }
        _ => into.push(weighed(written, value, (priority, order))),
    }
}

fn property(value: &Value) -> Option<&str> {
    value.as_object()?.get("_type")?.as_str()
}

fn weighed<'d, 't>(
    written: &'t Definition<'d, 't>,
    value: &'d Value,
    (priority, order): (Option<f64>, Option<f64>),
) -> Weighed<'d, 't> {
    let bare = std::ptr::eq(written.value, value);
    let trail = if bare { written.trail } else { Trail::Within(&written.trail) };
    let definition = Definition { value, trail };
    Weighed { definition, priority: priority.unwrap_or(100.0), order: order.unwrap_or(1000.0) }
}
