//! `[[waivers]]`: findings that the fleet's owner accepts.
//!
//! Flows in: the tables. Flows out: [`Waiver`]s, each with a reason and a last day.
//! Must not: know which rules exist, or what day it is.

use std::collections::BTreeSet;

use jiff::civil::Date;
use model::{machine::MachineName, subject::Subject, waiver::Waiver};
use toml::de::{DeTable, DeValue};

use super::{
    at::At,
    reader::{Reader, Value},
};

/// Reads all waivers, in the order of the file.
pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &DeTable<'t>) -> Vec<Waiver> {
    let Some(value) = reader.field(&At::ROOT, root, "waivers") else {
        return Vec::new();
    };
    let at = At::ROOT.child("waivers");
    let Some(entries) = value.get_ref().as_array() else {
        reader.wrong_type(&at, value, "a list of tables", Some("write `[[waivers]]`".to_owned()));
        return Vec::new();
    };
    let mut known = BTreeSet::new();
    let mut waivers = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(waiver) = waiver(reader, &at.child(&index.to_string()), entry) {
            if !known.insert((waiver.rule.clone(), waiver.subject.clone(), waiver.test.clone())) {
                let message = format!("`{}` is waived twice for the same subject", waiver.rule);
                reader.error("duplicate-waiver", message, entry.span(), None);
            }
            waivers.push(waiver);
        }
    }
    waivers
}

fn waiver<'t>(reader: &mut Reader<'t>, at: &At<'_>, entry: &Value<'t>) -> Option<Waiver> {
    reader.mark(at, &entry.span());
    let fields = reader.as_table(at, entry)?;
    reader.only(at, fields, &["expires", "reason", "rule", "subject", "test"]);
    for key in ["expires", "reason", "rule"].into_iter().filter(|key| !fields.contains_key(*key)) {
        reader.error("missing-field", format!("a waiver must state `{key}`"), entry.span(), None);
    }
    let place = reader.place(&entry.span());
    let rule = reader.text_like(at, fields, "rule", ("`<suite>/<check>`", is_rule));
    let subject = reader.text(at, fields, "subject").map(subject);
    let test = reader.text(at, fields, "test");
    let reason = reader.text_like(at, fields, "reason", ("a reason", |text| !text.trim().is_empty()));
    let expires =
        reader.field(at, fields, "expires").and_then(|value| date(reader, &at.child("expires"), value));
    Some(Waiver { rule: rule?, subject, test, reason: reason?, expires: expires?, place })
}

fn subject(text: String) -> Subject {
    if text == "fleet" { Subject::Fleet } else { Subject::Machine(MachineName(text)) }
}

fn is_rule(text: &str) -> bool {
    text.split_once('/').is_some_and(|(suite, check)| is_kebab(suite) && is_kebab(check))
}

fn is_kebab(text: &str) -> bool {
    let word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    text.split('-').all(|part| !part.is_empty() && word(part))
}

/// A day as text (`"2026-12-31"`) or as TOML's local date, which Nix's `fromTOML` refuses with the whole file.
pub(super) fn date<'t>(reader: &mut Reader<'t>, at: &At<'_>, value: &Value<'t>) -> Option<Date> {
    let date = match value.get_ref() {
        DeValue::String(text) => day(text),
        DeValue::Datetime(moment) if moment.time.is_none() => moment.date.and_then(|date| {
            Date::new(
                i16::try_from(date.year).ok()?,
                i8::try_from(date.month).ok()?,
                i8::try_from(date.day).ok()?,
            )
            .ok()
        }),
        DeValue::Datetime(_) => None,
        _ => {
            reader.wrong_type(at, value, "a date", Some("write it as text: \"2026-12-31\"".to_owned()));
            return None;
        }
    };
    if date.is_none() {
        let message = format!("`{}` is not a day of the calendar", at.path());
        reader.error("bad-date", message, value.span(), Some("write a day as \"2026-12-31\"".to_owned()));
    }
    if let (Some(date), DeValue::Datetime(_)) = (date, value.get_ref()) {
        let message = "Nix cannot read a file with a date in it: `builtins.fromTOML` knows none".to_owned();
        reader.warning("date-not-text", message, value.span(), Some(format!("write it as text: \"{date}\"")));
    }
    date
}

fn day(text: &str) -> Option<Date> {
    let form = |(index, byte): (usize, u8)| {
        if index == 4 || index == 7 { byte == b'-' } else { byte.is_ascii_digit() }
    };
    let is_day = text.len() == 10 && text.bytes().enumerate().all(form);
    is_day.then(|| text.parse().ok()).flatten()
}
