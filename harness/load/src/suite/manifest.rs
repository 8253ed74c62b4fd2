//! `suite.toml`: the suite's stage and its checks.
//!
//! Flows in: the suite's files. Flows out: the suite as far as it could be read, and where its checks are written.
//! Must not: read cases.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    time::Duration,
};

use jiff::SignedDuration;
use model::{
    digest::Digest,
    place::Place,
    sighting::pair::Limits,
    stage::Stage,
    suite::{CheckDefinition, Kind, Part, Policy, Scope, Severity, Suite, SuiteOrigin},
};
use toml_edit::{Item, TableLike};

use super::{Files, Reader, limits, policy, reader::Spanned};
use crate::diagnostic::{Diagnostic, Diagnostics};

const SUITE_KEYS: &[&str] = &["stage", "description", "checks"];
const CHECK_KEYS: &[&str] =
    &["name", "kind", "file", "description", "scope", "severity", "timeout", "needs", "commands", "limits"];
const SCOPES: &[(&str, Scope)] = &[("fleet", Scope::Fleet), ("machine", Scope::Machine)];
const SEVERITIES: &[(&str, Severity)] = &[("error", Severity::Error), ("warning", Severity::Warning)];
const PARTS: &[(&str, Part)] = &[
    ("inventory", Part::Inventory),
    ("machines", Part::Machines),
    ("modules", Part::Modules),
    ("source", Part::Source),
    ("vars", Part::Vars),
    ("guest", Part::Guest),
    ("asks", Part::Asks),
];
const OF_GUESTS: [Part; 2] = [Part::Guest, Part::Asks];
const FORMS: &[(&str, Form)] = &[
    ("policy", Form::Policy),
    ("expression", Form::Expression),
    ("vm", Form::Guest),
    ("probe", Form::Probe),
];
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

/// A suite as its `suite.toml` says, and where each check's name is written.
pub(super) struct Manifest {
    pub(super) suite: Suite,
    pub(super) checks: BTreeMap<String, (Place, Range<usize>)>,
}

/// What a check's `kind` says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Policy,
    Guest,
    Expression,
    Probe,
}

/// Reads `suite.toml`. `None` where there is nothing to go on with; the problems say why.
pub(super) fn read(
    name: &str,
    origin: SuiteOrigin,
    files: &Files<'_>,
    problems: &mut Diagnostics,
) -> Option<Manifest> {
    let file = files.shown("suite.toml");
    if !is_kebab(name) {
        let message = format!("{name:?} cannot name a suite: lower-case letters, digits and hyphens only");
        problems.push(Diagnostic::error("suite-name", message, Place::file(&file)));
    }
    let Some(text) = files.texts.get("suite.toml") else {
        problems.push(Diagnostic::error("no-suite-toml", "the suite has no suite.toml", Place::file(&file)));
        return None;
    };
    let mut reader = Reader::new(file, text, problems);
    let document = reader.document()?;
    let table = document.as_table();
    reader.only(table, SUITE_KEYS);
    let stage = stage(&mut reader, table);
    let description = reader.required(table, "description", &(0..0));
    let (checks, places) = checks(name, &mut reader, table, files);
    let suite =
        Suite { name: name.to_owned(), origin, stage: stage?, description: description?.value, checks };
    Some(Manifest { suite, checks: places })
}

fn stage(reader: &mut Reader<'_>, table: &dyn TableLike) -> Option<Stage> {
    let said = reader.required(table, "stage", &(0..0))?;
    let stage = said.value.parse().ok();
    if stage.is_none() {
        let known = Stage::ALL.map(Stage::as_str);
        reader.unknown_word("stage", &said.value, said.span, &known);
    }
    stage
}

type Places = BTreeMap<String, (Place, Range<usize>)>;

fn checks(
    suite: &str,
    reader: &mut Reader<'_>,
    table: &dyn TableLike,
    files: &Files<'_>,
) -> (Vec<CheckDefinition>, Places) {
    let mut checks = Vec::new();
    let mut places = Places::new();
    let entries = reader.tables(table, "checks");
    if entries.is_empty() {
        reader.error("no-checks", 0..0, "the suite has no [[checks]]".to_owned(), None);
    }
    for entry in &entries {
        let Some((check, named)) = check(suite, reader, entry, files) else { continue };
        let at = reader.place(named.start);
        if places.insert(check.name.clone(), (at, named.clone())).is_some() {
            reader.error("duplicate-check", named, format!("two checks are called `{}`", check.name), None);
        }
        checks.push(check);
    }
    (checks, places)
}

fn check(
    suite: &str,
    reader: &mut Reader<'_>,
    entry: &Spanned<&dyn TableLike>,
    files: &Files<'_>,
) -> Option<(CheckDefinition, Range<usize>)> {
    let table = entry.value;
    reader.only(table, CHECK_KEYS);
    let name = reader.required(table, "name", &entry.span);
    if let Some(name) = name.as_ref().filter(|name| !is_kebab(&name.value)) {
        let message = "a check's name is lower-case letters, digits and hyphens".to_owned();
        reader.error("check-name", name.span.clone(), message, None);
    }
    let description = reader.required(table, "description", &entry.span);
    let form = reader.word(table, "kind", FORMS);
    let scope = reader.word(table, "scope", SCOPES);
    let severity = reader.word(table, "severity", SEVERITIES);
    let timeout = timeout(reader, table);
    let mut needs = needs(reader, table);
    let commands = commands(reader, table);
    let limits = limits::read(reader, table);
    if let Some(span) =
        table.get("limits").and_then(Item::span).filter(|_| form.is_some_and(|form| form != Form::Probe))
    {
        reader.error("no-limits", span, "only a check of kind `probe` has limits".to_owned(), None);
    }
    let file = reader.text(table, "file");
    let name = name?;
    let kind = match form? {
        Form::Expression => expression(reader, file, scope?),
        Form::Probe => probe(reader, file, limits),
        Form::Policy if needs.iter().any(|part| OF_GUESTS.contains(part)) || !commands.is_empty() => {
            let message = "only a check of kind `vm` has a guest, asks and commands".to_owned();
            reader.error("no-guest", entry.span.clone(), message, Some("say `kind = \"vm\"`".to_owned()));
            None
        }
        Form::Policy => {
            policy::read(suite, &name.value, reader, &entry.span, file, needs, files).map(Kind::Policy)
        }
        Form::Guest => {
            needs.insert(Part::Boot);
            let policy = policy::read(suite, &name.value, reader, &entry.span, file, needs, files);
            policy.map(|policy| Kind::Guest(Policy { commands, ..policy }))
        }
    }?;
    // Nobody but a machine has a guest, or looks around.
    let of_machine = matches!(kind, Kind::Guest(_) | Kind::Probe(_));
    let scope = if of_machine { Some(Scope::Machine) } else { scope };
    let check = CheckDefinition {
        digest: digest(suite, &name.value, &kind, scope?),
        name: name.value,
        description: description?.value,
        scope: scope?,
        severity: severity?,
        timeout: timeout?,
        kind,
    };
    Some((check, name.span))
}

fn expression(reader: &mut Reader<'_>, file: Option<Spanned<String>>, scope: Scope) -> Option<Kind> {
    if let Some(file) = file {
        let message = "an expression check has no file: it asks every test of the fleet's trees".to_owned();
        reader.error("unknown-key", file.span, message, None);
        return None;
    }
    (scope == Scope::Fleet).then_some(Kind::Expression)
}

/// What it asks follows from the fleet; how good it has to be, it says itself.
fn probe(reader: &mut Reader<'_>, file: Option<Spanned<String>>, limits: Option<Limits>) -> Option<Kind> {
    if let Some(file) = file {
        let message =
            "a check of kind `probe` has no file: who must reach whom follows from the fleet".to_owned();
        reader.error("unknown-key", file.span, message, None);
        return None;
    }
    limits.map(Kind::Probe)
}

fn timeout(reader: &mut Reader<'_>, table: &dyn TableLike) -> Option<Duration> {
    let Some(said) = reader.text(table, "timeout") else {
        return table.get("timeout").is_none().then_some(DEFAULT_TIMEOUT);
    };
    let parsed = said.value.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    let timeout = parsed.filter(|time| !time.is_zero() && *time <= LONGEST_TIMEOUT);
    if timeout.is_none() {
        let message = format!("`timeout` is a time of up to an hour such as \"10s\", not {:?}", said.value);
        reader.error("timeout", said.span, message, None);
    }
    timeout
}

fn needs(reader: &mut Reader<'_>, table: &dyn TableLike) -> BTreeSet<Part> {
    let mut parts = BTreeSet::new();
    for said in reader.texts(table, "needs") {
        match PARTS.iter().find(|(word, _)| *word == said.value) {
            Some((_, part)) => _ = parts.insert(*part),
            None => {
                let known: Vec<&str> = PARTS.iter().map(|(word, _)| *word).collect();
                reader.unknown_word("needs", &said.value, said.span, &known);
            }
        }
    }
    parts
}

/// What is run in a guest, by name: `commands = { http = "curl --fail http://localhost" }`.
fn commands(reader: &mut Reader<'_>, table: &dyn TableLike) -> BTreeMap<String, String> {
    let Some(item) = table.get("commands") else { return BTreeMap::new() };
    let span = item.span().unwrap_or(0..0);
    let Some(entries) = item.as_table_like() else {
        let message = "`commands` is a table of commands by name".to_owned();
        reader.error("commands", span, message, None);
        return BTreeMap::new();
    };
    let names: Vec<String> = entries.iter().map(|(name, _)| name.to_owned()).collect();
    names.into_iter().filter_map(|name| reader.text(entries, &name).map(|said| (name, said.value))).collect()
}

/// Over what decides the answer: not the description, the severity or the timeout.
fn digest(suite: &str, check: &str, kind: &Kind, scope: Scope) -> Digest {
    let scope = format!("{scope:?}");
    let (form, text, needs) = match kind {
        Kind::Expression => ("expression", "", String::new()),
        Kind::Policy(policy) => ("policy", policy.text.as_str(), format!("{:?}", policy.needs)),
        Kind::Guest(policy) => {
            ("vm", policy.text.as_str(), format!("{:?} {:?}", policy.needs, policy.commands))
        }
        Kind::Probe(limits) => ("probe", "", format!("{limits:?}")),
    };
    Digest::of_parts([suite, check, &scope, form, text, &needs].map(str::as_bytes))
}

fn is_kebab(name: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !name.is_empty() && name.chars().all(allowed) && !name.starts_with('-') && !name.ends_with('-')
}
