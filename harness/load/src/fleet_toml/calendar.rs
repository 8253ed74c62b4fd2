//! Maintenance hours and freezes of a promotion.
//!
//! Flows in: a table. Flows out: [`Hours`] or a [`Freeze`]. Must not: know what day it is.

use model::promotion::{Freeze, Hours};
use toml::de::DeTable;

use super::{
    at::At,
    reader::{Reader, Value},
    waivers::date,
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads one of `[[promotion.hours]]`.
pub(super) fn hours<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    entry: &Value<'t>,
    fields: &DeTable<'t>,
) -> Option<Hours> {
    reader.only(at, fields, &["days", "from", "until"]);
    for key in ["from", "until"].into_iter().filter(|key| !fields.contains_key(*key)) {
        reader.error("missing-field", format!("maintenance hours must state `{key}`"), entry.span(), None);
    }
    let days = match reader.field(at, fields, "days") {
        Some(value) => days(reader, &at.child("days"), value),
        None => [true; 7],
    };
    let from = minute(reader, at, fields, "from");
    let until = minute(reader, at, fields, "until");
    let (from, until) = (from?, until?);
    if from == until || from == 24 * 60 {
        let message = "these hours are empty".to_owned();
        let help = Some("the whole day is from \"00:00\" until \"24:00\"".to_owned());
        reader.error("empty-hours", message, entry.span(), help);
    }
    Some(Hours { days, from, until })
}

fn days<'t>(reader: &mut Reader<'t>, at: &At<'_>, value: &Value<'t>) -> [bool; 7] {
    let mut days = [false; 7];
    for (text, span) in reader.texts(at, value) {
        match DAYS.iter().zip(&mut days).find(|(name, _)| **name == text) {
            Some((_, day)) => *day = true,
            None => {
                let help = Some(format!("the days are {}", DAYS.join(", ")));
                reader.error("bad-value", format!("no day is called {text:?}"), span, help);
            }
        }
    }
    if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
        let help = Some("take it out to mean every day".to_owned());
        reader.error("empty-hours", format!("`{}` names no day", at.path()), value.span(), help);
    }
    days
}

fn minute<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>, key: &str) -> Option<u16> {
    let said = reader.text(at, fields, key)?;
    let minute = parse(&said);
    if minute.is_none() {
        let span = fields.get(key).map(toml::Spanned::span).unwrap_or_default();
        let message =
            format!("`{}` is a time of day in UTC such as \"22:00\", not {said:?}", at.child(key).path());
        reader.error("bad-value", message, span, None);
    }
    minute
}

fn parse(said: &str) -> Option<u16> {
    let (hour, minute) = said.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<u16>().ok()).flatten();
    let (hour, minute) = (two(hour)?, two(minute)?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
}

/// Reads one of `[[promotion.freezes]]`.
pub(super) fn freeze<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    entry: &Value<'t>,
    fields: &DeTable<'t>,
) -> Option<Freeze> {
    reader.only(at, fields, &["from", "reason", "until"]);
    for key in ["from", "reason", "until"].into_iter().filter(|key| !fields.contains_key(*key)) {
        reader.error("missing-field", format!("a freeze must state `{key}`"), entry.span(), None);
    }
    let mut day = |key: &str| {
        let value = reader.field(at, fields, key)?;
        date(reader, &at.child(key), value)
    };
    let (from, until) = (day("from"), day("until"));
    let reason = reader.text_like(at, fields, "reason", ("a reason", |text| !text.trim().is_empty()));
    let (from, until) = (from?, until?);
    if until < from {
        let message = format!("the freeze ends on {until}, before it begins on {from}");
        reader.error("empty-freeze", message, entry.span(), None);
    }
    Some(Freeze { from, until, reason: reason? })
}
