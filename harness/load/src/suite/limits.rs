//! `limits` of a check of kind `probe`: what is good enough on a network.
//!
//! Flows in: one table of `suite.toml`. Flows out: [`Limits`], the usual ones where it says nothing. Must not: know a network.

use std::time::Duration;

use jiff::SignedDuration;
use model::sighting::pair::Limits;
use toml_edit::{Item, TableLike};

use super::Reader;

const KEYS: &[&str] = &["handshake", "latency", "loss", "mtu"];

/// Reads them. `None` where something is wrong; it was said.
pub(super) fn read(reader: &mut Reader<'_>, table: &dyn TableLike) -> Option<Limits> {
    let mut limits = Limits::default();
    let Some(item) = table.get("limits") else { return Some(limits) };
    let Some(table) = item.as_table_like() else {
        let span = item.span().unwrap_or(0..0);
        reader.error("wrong-type", span, "`limits` must be a table".to_owned(), None);
        return None;
    };
    reader.only(table, KEYS);
    if table.get("loss").is_some() {
        limits.loss = number(reader, table, "loss", 0..=100, "echoes lost in a hundred")?;
    }
    if table.get("mtu").is_some() {
        limits.mtu = number(reader, table, "mtu", 576..=65535, "bytes")?;
    }
    if table.get("latency").is_some() {
        limits.latency = Some(time(reader, table, "latency")?);
    }
    if table.get("handshake").is_some() {
        limits.handshake = time(reader, table, "handshake")?;
    }
    Some(limits)
}

fn number(
    reader: &mut Reader<'_>,
    table: &dyn TableLike,
    key: &str,
    fits: std::ops::RangeInclusive<u32>,
    of: &str,
) -> Option<u32> {
    let item = table.get(key)?;
    let said = item.as_integer().and_then(|number| u32::try_from(number).ok());
    let number = said.filter(|number| fits.contains(number));
    if number.is_none() {
        let message = format!("`{key}` is a number of {of}, {} to {}", fits.start(), fits.end());
        reader.error("limits", span(item), message, None);
    }
    number
}

fn time(reader: &mut Reader<'_>, table: &dyn TableLike, key: &str) -> Option<Duration> {
    let said = reader.text(table, key)?;
    let parsed = said.value.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    let time = parsed.filter(|time| !time.is_zero());
    if time.is_none() {
        let message = format!("`{key}` is a time such as \"200ms\", not {:?}", said.value);
        reader.error("limits", said.span, message, None);
    }
    time
}

fn span(item: &Item) -> std::ops::Range<usize> {
    item.span().unwrap_or(0..0)
}
