//! Merges settings as Nix's module system merges them, for options whose types nobody told.
//!
//! Flows in: the definitions of one member's settings, in the order in which they merge. Flows out: one JSON object, and
//! the options whose definitions clash.
//! Must not: know the interface of a service: attribute sets merge, lists concatenate, all else must be equal.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    clash::{Clash, MOST},
    definition::{Definition, Trail, discharged, strongest},
};

/// Names that the module system takes out of a module before the options see it.
/// Source: nixpkgs `lib/modules.nix`, `unifyModuleSyntax`.
pub(crate) const RESERVED: [&str; 7] =
    ["_class", "_file", "disabledModules", "freeformType", "imports", "key", "require"];

/// What some settings come to together.
pub(super) fn merge(settings: &[Definition<'_, '_>]) -> (Value, Vec<Clash>) {
    let mut merge = Merge { option: Vec::new(), clashes: Vec::new() };
    let modules: Vec<_> = discharged(settings).into_iter().map(|weighed| weighed.definition).collect();
    let bodies: Vec<_> = modules.iter().map(body).collect();
    let mut options = Options::new();
    for (body, without) in &bodies {
        collect(body.value, &body.trail, without, &mut options);
    }
    let merged = merge.options(&options);
    (Value::Object(merged), merge.clashes)
}

/// The options that a module sets: all that it holds but some names or, where it is written in full, its `config`.
fn body<'d, 't>(module: &'t Definition<'d, 't>) -> (Definition<'d, 't>, &'static [&'static str]) {
    match module.value.get("config") {
        Some(value) => (Definition { value, trail: Trail::Key(&module.trail, "config") }, &[]),
        None => (*module, &RESERVED),
    }
}

/// What some settings come to by themselves.
pub(super) fn alone(settings: &Value) -> Value {
    merge(&[Definition { value: settings, trail: Trail::Root("") }]).0
}

/// Settings over weaker ones, which count where the strong ones say nothing.
pub(super) fn over(strong: Value, weak: &Value) -> Value {
    match (strong, weak) {
        (Value::Object(mut strong), Value::Object(weak)) => {
            for (key, weak) in weak {
                let value = strong.remove(key).map_or_else(|| weak.clone(), |strong| over(strong, weak));
                strong.insert(key.clone(), value);
            }
            Value::Object(strong)
        }
        (strong, _) => strong,
    }
}

type Options<'d, 't> = BTreeMap<&'d str, Vec<Definition<'d, 't>>>;

fn collect<'d, 't>(value: &'d Value, trail: &'t Trail<'t>, without: &[&str], options: &mut Options<'d, 't>)
where
    'd: 't,
{
    for (key, value) in value.as_object().into_iter().flatten() {
        if !without.contains(&key.as_str()) {
            options.entry(key).or_default().push(Definition { value, trail: Trail::Key(trail, key) });
        }
    }
}

struct Merge<'d> {
    option: Vec<&'d str>,
    clashes: Vec<Clash>,
}

impl<'d> Merge<'d> {
    fn options(&mut self, options: &Options<'d, '_>) -> Map<String, Value> {
        let mut merged = Map::new();
        for (name, definitions) in options {
            self.option.push(name);
            if let Some(value) = self.option(definitions) {
                merged.insert((*name).to_owned(), value);
            }
            self.option.pop();
        }
        merged
    }

    /// The value of an option; none where every definition is under a condition that does not hold.
    fn option(&mut self, definitions: &[Definition<'d, '_>]) -> Option<Value> {
        if let [
            Definition { value: Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), .. },
        ] = definitions
        {
            return definitions.first().map(|definition| definition.value.clone());
        }
        let definitions = strongest(definitions);
        let first = definitions.first()?.value;
        let all = |is: fn(&Value) -> bool| definitions.iter().all(|definition| is(definition.value));
        if all(Value::is_object) {
            return Some(self.object(&definitions));
        }
        if all(Value::is_array) {
            return Some(self.list(&definitions));
        }
        if !first.is_object() && !first.is_array() && all_equal(first, &definitions) {
            return Some(first.clone());
        }
        if self.clashes.len() < MOST {
            self.clashes.push(Clash::of(&self.option, &definitions));
        }
        self.option(definitions.get(..1)?)
    }

    fn object(&mut self, definitions: &[Definition<'d, '_>]) -> Value {
        let mut options = Options::new();
        for definition in definitions {
            collect(definition.value, &definition.trail, &[], &mut options);
        }
        Value::Object(self.options(&options))
    }

    fn list(&mut self, definitions: &[Definition<'d, '_>]) -> Value {
        let mut list = Vec::new();
        for definition in definitions {
            for value in definition.value.as_array().into_iter().flatten() {
                list.extend(self.option(&[Definition { value, trail: Trail::Within(&definition.trail) }]));
            }
        }
        Value::Array(list)
    }
}

fn all_equal(first: &Value, definitions: &[Definition<'_, '_>]) -> bool {
    definitions.iter().all(|definition| equal(first, definition.value))
}

/// Equality as Nix has it: `1 == 1.0`.
fn equal(a: &Value, b: &Value) -> bool {
    a == b || (a.is_f64() || b.is_f64()) && a.as_f64().is_some() && a.as_f64() == b.as_f64()
}
