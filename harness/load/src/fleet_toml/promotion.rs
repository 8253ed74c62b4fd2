//! `[promotion]`: how what is proven may reach the machines.
//!
//! Flows in: the table. Flows out: a [`Promotion`], with the place of each of its parts. Must not: know which machines, tags,
//! roles and people there are; [`crate::lint::promotion`] does.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use model::{
    machine::MachineName,
    promotion::{Approvals, Primary, Promotion, RoleName, Signer, Wave},
};
use toml::de::DeTable;

use super::{
    at::At,
    calendar,
    reader::{Reader, Value},
};

/// A promotion that takes longer than this is a slip of the pen.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

const FIELDS: [&str; 14] = [
    "activation",
    "approvals",
    "approvers",
    "atOnce",
    "copy",
    "freezes",
    "fresh",
    "gates",
    "hours",
    "primary",
    "reboots",
    "roles",
    "signers",
    "waves",
];

/// Reads `[promotion]`; `None` where there is none.
pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &DeTable<'t>) -> Option<Promotion> {
    let fields = reader.table(&At::ROOT, root, "promotion")?;
    let at = &At::ROOT.child("promotion");
    reader.only(at, fields, &FIELDS);
    for key in ["gates", "waves"].into_iter().filter(|key| !fields.contains_key(*key)) {
        let span = root.get("promotion").map(toml::Spanned::span).unwrap_or_default();
        reader.error("missing-field", format!("a promotion must state `{key}`"), span, None);
    }
    Some(Promotion {
        waves: entries(reader, at, fields, "waves", wave),
        gates: gates(reader, at, fields),
        fresh: lasting(reader, at, fields, ("fresh", "no evidence is as young as that")),
        approvals: approvals(reader, at, fields),
        hours: fields.contains_key("hours").then(|| entries(reader, at, fields, "hours", calendar::hours)),
        freezes: entries(reader, at, fields, "freezes", calendar::freeze),
        at_once: number(reader, at, fields, "atOnce"),
        reboots: reboots(reader, at, fields),
        copy: lasting(reader, at, fields, ("copy", "no copy is as fast as that")),
        activation: lasting(reader, at, fields, ("activation", "no activation is as fast as that")),
        roles: roles(reader, at, fields),
        primary: primary(reader, at, fields),
        signers: keys(reader, at, fields, "signers"),
        approvers: keys(reader, at, fields, "approvers"),
    })
}

/// A list of tables.
fn entries<'t, T>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
    key: &str,
    read: fn(&mut Reader<'t>, &At<'_>, &Value<'t>, &DeTable<'t>) -> Option<T>,
) -> Vec<T> {
    let Some(value) = reader.field(at, fields, key) else { return Vec::new() };
    let at = at.child(key);
    let Some(entries) = value.get_ref().as_array() else {
        reader.wrong_type(&at, value, "a list of tables", Some(format!("write `[[promotion.{key}]]`")));
        return Vec::new();
    };
    let mut all = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let index = index.to_string();
        let at = at.child(&index);
        reader.mark(&at, &entry.span());
        let fields = reader.as_table(&at, entry);
        all.extend(fields.and_then(|fields| read(reader, &at, entry, fields)));
    }
    all
}

fn wave<'t>(reader: &mut Reader<'t>, at: &At<'_>, entry: &Value<'t>, fields: &DeTable<'t>) -> Option<Wave> {
    reader.only(at, fields, &["after", "approvals", "machines", "name", "soak", "tags"]);
    for key in ["name", "soak"].into_iter().filter(|key| !fields.contains_key(*key)) {
        reader.error("missing-field", format!("a wave must state `{key}`"), entry.span(), None);
    }
    let machines = texts(reader, at, fields, "machines").unwrap_or_default();
    let tags = texts(reader, at, fields, "tags").unwrap_or_default();
    if machines.is_empty() && tags.is_empty() {
        let help = Some("name its `machines`, or their `tags`".to_owned());
        reader.error("wave-of-nobody", "this wave names nobody".to_owned(), entry.span(), help);
    }
    let name = reader.text_like(at, fields, "name", ("a name", |text| !text.trim().is_empty()));
    let after = texts(reader, at, fields, "after");
    let soak = time(reader, at, fields, "soak");
    let approvals = approvals(reader, at, fields);
    Some(Wave { name: name?, machines: named(machines), tags, after, soak: soak?, approvals })
}

fn gates<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
) -> std::collections::BTreeSet<model::stage::Stage> {
    let words = texts(reader, at, fields, "gates").unwrap_or_default();
    let span = fields.get("gates").map(toml::Spanned::span).unwrap_or_default();
    if words.is_empty() && fields.contains_key("gates") {
        let message = "`promotion.gates` asks for no proof at all".to_owned();
        reader.error("no-gates", message, span.clone(), Some("name at least one stage".to_owned()));
    }
    let mut stages = std::collections::BTreeSet::new();
    for word in words {
        match word.parse() {
            Ok(stage) => {
                stages.insert(stage);
            }
            Err(_) => {
                let known = model::stage::Stage::ALL.map(model::stage::Stage::as_str);
                let help = Some(format!("the stages are {}", known.join(", ")));
                reader.error("unknown-stage", format!("no stage is called {word:?}"), span.clone(), help);
            }
        }
    }
    stages
}

fn approvals<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Option<Approvals> {
    let table = reader.table(at, fields, "approvals")?;
    let at = at.child("approvals");
    reader.only(&at, table, &["by", "count"]);
    let by = texts(reader, &at, table, "by").unwrap_or_default();
    let count = number(reader, &at, table, "count").unwrap_or(1);
    Some(Approvals { by: by.into_iter().collect(), count })
}

/// Only told, unless they are allowed.
fn reboots<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> bool {
    let form = "\"allowed\" or \"told\"";
    let said = reader.text_like(at, fields, "reboots", (form, |text| matches!(text, "allowed" | "told")));
    said.is_some_and(|word| word == "allowed")
}

fn roles<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Vec<RoleName> {
    let span = fields.get("roles").map(toml::Spanned::span).unwrap_or_default();
    let mut roles = Vec::new();
    for text in texts(reader, at, fields, "roles").unwrap_or_default() {
        // An instance's name may hold a slash; a role's is an attribute that hardly does.
        match text.rsplit_once('/').filter(|(instance, role)| !instance.is_empty() && !role.is_empty()) {
            Some((instance, role)) => {
                roles.push(RoleName { instance: instance.to_owned(), role: role.to_owned() });
            }
            None => {
                let message = format!("a role is written `<instance>/<role>`, not {text:?}");
                reader.error("bad-value", message, span.clone(), None);
            }
        }
    }
    roles
}

fn primary<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Option<Primary> {
    let table = reader.table(at, fields, "primary")?;
    let at = at.child("primary");
    reader.only(&at, table, &["machines", "soak", "tags"]);
    let machines = named(texts(reader, &at, table, "machines").unwrap_or_default());
    let tags = texts(reader, &at, table, "tags").unwrap_or_default();
    let soak = time(reader, &at, table, "soak").unwrap_or_default();
    Some(Primary { machines, tags, soak })
}

/// Keys with the names of those who have them.
fn keys<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Vec<Signer> {
    let span = fields.get(key).map(toml::Spanned::span).unwrap_or_default();
    let mut signers = Vec::new();
    for line in texts(reader, at, fields, key).unwrap_or_default() {
        match Signer::parse(&line) {
            Some(signer) => signers.push(signer),
            None => {
                let message = format!("a key is written `ssh-ed25519 AAAA.. name`, not {line:?}");
                let help = Some("it is the line of the key's .pub file, with a name behind it".to_owned());
                reader.error("bad-value", message, span.clone(), help);
            }
        }
    }
    signers
}

fn named(names: Vec<String>) -> Vec<MachineName> {
    names.into_iter().map(MachineName).collect()
}

/// A list of texts, each with its place noted.
fn texts<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<Vec<String>> {
    let value = reader.field(at, fields, key)?;
    let at = at.child(key);
    let texts = reader.texts(&at, value);
    for (index, (_, span)) in texts.iter().enumerate() {
        reader.mark(&at.child(&index.to_string()), span);
    }
    Some(texts.into_iter().map(|(text, _)| text).collect())
}

/// A time that nothing keeps to if it is none at all.
fn lasting<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
    (key, nothing): (&str, &str),
) -> Option<Duration> {
    let time = time(reader, at, fields, key)?;
    if time.is_zero() {
        let span = fields.get(key).map(toml::Spanned::span).unwrap_or_default();
        let help = Some("leave it out for the usual".to_owned());
        reader.error("no-time", format!("`{}`: {nothing}", at.child(key).path()), span, help);
    }
    Some(time)
}

/// A time such as `"7d"`. A day has 24 hours, a week seven days; months and years have no one length.
fn time<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<Duration> {
    let said = reader.text(at, fields, key)?;
    let time = parse_time(&said).filter(|time| *time <= LONGEST);
    if time.is_none() {
        let span = fields.get(key).map(toml::Spanned::span).unwrap_or_default();
        let path = at.child(key).path();
        let message = format!("`{path}` is a time of up to a year such as \"7d\" or \"12h\", not {said:?}");
        reader.error("bad-value", message, span, None);
    }
    time
}

fn parse_time(said: &str) -> Option<Duration> {
    let span: Span = said.parse().ok()?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(time).ok()
}

fn number<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<usize> {
    let said = reader.integer(at, fields, key)?;
    let number = usize::try_from(said).ok().filter(|number| *number > 0);
    if number.is_none() {
        let span = fields.get(key).map(toml::Spanned::span).unwrap_or_default();
        reader.error(
            "bad-value",
            format!("`{}` is at least 1, not {said}", at.child(key).path()),
            span,
            None,
        );
    }
    number
}
