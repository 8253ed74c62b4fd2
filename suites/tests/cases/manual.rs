//! The parts of the manual that are made from data: the reference of the facts document, and the list of rules.
//!
//! Flows in: the schema and the suites. Flows out: a test each that the manual says the same. With `UPDATE_MANUAL=1` the
//! manual is written anew instead. Must not: touch what people wrote around those parts.

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use libtest_mimic::{Failed, Trial};
use load::suite::load;
use model::{
    sighting::rules,
    suite::{Kind, Scope, Severity, SuiteOrigin},
};
use serde_json::Value;

/// Makes the derived part of a manual page.
type Part = fn() -> Result<String, Failed>;

const START: &str = "<!-- What follows is made from the data beside this file. -->\n";

/// A test for each part.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    let parts: [(&str, Part); 2] = [("FACTS.md", reference), ("README.md", listed)];
    parts
        .into_iter()
        .map(|(file, part)| Trial::test(format!("manual::{file}"), move || agrees(file, part()?)))
}

#[expect(clippy::disallowed_methods, reason = "the test reads and, when told to, writes the manual")]
fn agrees(file: &str, part: String) -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = fs::read_to_string(&path)?;
    let (written, _) = text.split_once(START).ok_or_else(|| format!("{file} has no line {START}"))?;
    let made = format!("{written}{START}\n{part}");
    if env::var_os("UPDATE_MANUAL").is_some() {
        return Ok(fs::write(&path, made)?);
    }
    if text == made {
        Ok(())
    } else {
        Err(format!("{file} says something else; run with UPDATE_MANUAL=1").into())
    }
}

/// Every rule of every suite, by suite.
fn listed() -> Result<String, Failed> {
    let mut out = String::new();
    for (name, files) in suites::built_in() {
        let suite = load(name, SuiteOrigin::BuiltIn, &files).map_err(|_| format!("{name} does not load"))?;
        write!(
            out,
            "### {name}\n{} Stage `{}`.\n\n| rule | of | prevents |\n| --- | --- | --- |\n",
            suite.description, suite.stage
        )?;
        for check in &suite.checks {
            let of = if check.scope == Scope::Machine { "each machine" } else { "the fleet" };
            let warning = if check.severity == Severity::Warning { " (warning)" } else { "" };
            writeln!(out, "| `{name}/{}`{warning} | {of} | {} |", check.name, check.description)?;
            if matches!(check.kind, Kind::Probe(_)) {
                let mut all = rules::ALL.iter();
                all.try_for_each(|(rule, prevents)| writeln!(out, "| `{rule}` | {of} | {prevents} |"))?;
            }
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// Every key of the facts document.
fn reference() -> Result<String, Failed> {
    let schema: Value = serde_json::from_str(suites::FACTS_SCHEMA)?;
    let mut out = String::from("### The document\n");
    keys(&mut out, &schema, 0)?;
    for (name, definition) in sorted(&schema["$defs"]) {
        write!(out, "\n### {name}\n{}\n", text(definition))?;
        match definition["oneOf"].as_array() {
            Some(forms) => forms.iter().try_for_each(|form| {
                let kind = form["properties"]["kind"]["const"].as_str().unwrap_or_default();
                writeln!(out, "\nA {kind}:\n")?;
                keys(&mut out, form, 0)
            })?,
            None => keys(&mut out, definition, 0)?,
        }
    }
    Ok(out)
}

fn sorted(set: &Value) -> BTreeMap<&String, &Value> {
    set.as_object().into_iter().flatten().collect()
}

fn text(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn keys(out: &mut String, schema: &Value, depth: usize) -> Result<(), Failed> {
    for (name, inner) in sorted(&schema["properties"]) {
        let (kind, below) = kind(inner);
        let told = [text(inner), text(below)].into_iter().find(|told| !told.is_empty());
        let told = told.map(|told| format!(": {told}")).unwrap_or_default();
        writeln!(out, "{}- `{name}` ({kind}){told}", "  ".repeat(depth))?;
        keys(out, below, depth + 1)?;
    }
    Ok(())
}

/// What kind of value it is, in words, and the schema of the objects in it.
fn kind(schema: &Value) -> (String, &Value) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return (format!("[{name}](#{name})"), &Value::Null);
    }
    if let Some(forms) = schema["anyOf"].as_array() {
        let (kind, below) = forms.first().map_or((String::new(), &Value::Null), kind);
        return (format!("{kind} or null"), below);
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<_> =
            words.iter().map(|word| format!("`{}`", word.as_str().unwrap_or_default())).collect();
        return (words.join(", "), &Value::Null);
    }
    if let Some(only) = schema.get("const") {
        return (format!("`{only}`"), &Value::Null);
    }
    if schema["items"].is_object() {
        let (kind, below) = kind(&schema["items"]);
        return (format!("list of {kind}"), below);
    }
    if schema["additionalProperties"].is_object() {
        let (kind, below) = kind(&schema["additionalProperties"]);
        return (format!("by name: {kind}"), below);
    }
    match &schema["type"] {
        Value::String(one) => (one.clone(), schema),
        Value::Array(several) => {
            let several: Vec<_> = several.iter().filter_map(Value::as_str).collect();
            (several.join(" or "), schema)
        }
        _ => ("anything".to_owned(), &Value::Null),
    }
}
