//! `[boot]`: what machines are given when they are booted as guests, and what is asked of them.
//!
//! Flows in: the table. Flows out: [`BootTerms`], the usual ones where nothing is said, and [`Ask`]s. Must not: look at the computer.

use std::{ops::RangeInclusive, time::Duration};

use jiff::SignedDuration;
use model::{ask::Ask, fleet::BootTerms};
use toml::de::DeTable;

use super::{asks, at::At, given, reader::Reader};

const LONGEST: Duration = Duration::from_secs(3600);
/// In MiB: less boots no NixOS, and more no computer has.
const MEMORY: RangeInclusive<i64> = 128..=1_048_576;
const CORES: RangeInclusive<i64> = 1..=256;

/// Reads `[boot]`. Memory and processors go by the names that nixpkgs gives them for its virtual machines.
pub(super) fn read<'t>(reader: &mut Reader<'t>, root: &DeTable<'t>) -> (BootTerms, Vec<Ask>) {
    let mut terms = BootTerms::default();
    let Some(fields) = reader.table(&At::ROOT, root, "boot") else { return (terms, Vec::new()) };
    let at = At::ROOT.child("boot");
    reader.only(&at, fields, &["asks", "cores", "given", "limit", "memorySize"]);
    if let Some(limit) = limit(reader, &at, fields) {
        terms.limit = limit;
    }
    if let Some(memory) =
        number(reader, &at, fields, "memorySize", &MEMORY).and_then(|number| number.try_into().ok())
    {
        terms.size.memory = memory;
    }
    if let Some(cores) =
        number(reader, &at, fields, "cores", &CORES).and_then(|number| number.try_into().ok())
    {
        terms.size.processors = cores;
    }
    terms.given = given::read(reader, &at, fields);
    (terms, asks::read(reader, &at, fields))
}

fn limit<'t>(reader: &mut Reader<'t>, at: &At<'_>, fields: &DeTable<'t>) -> Option<Duration> {
    let said = reader.text(at, fields, "limit")?;
    let parsed = said.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    let limit = parsed.filter(|time| *time >= Duration::from_secs(1) && *time <= LONGEST);
    if limit.is_none() {
        refuse(
            reader,
            fields,
            "limit",
            format!("`limit` is a time of up to an hour such as \"5m\", not {said:?}"),
        );
    }
    limit
}

fn number<'t>(
    reader: &mut Reader<'t>,
    at: &At<'_>,
    fields: &DeTable<'t>,
    key: &str,
    range: &RangeInclusive<i64>,
) -> Option<i64> {
    let said = reader.integer(at, fields, key)?;
    if !range.contains(&said) {
        let (least, most) = (range.start(), range.end());
        refuse(reader, fields, key, format!("`{key}` is between {least} and {most}, not {said}"));
        return None;
    }
    Some(said)
}

fn refuse<'t>(reader: &mut Reader<'t>, fields: &DeTable<'t>, key: &str, message: String) {
    let span = fields.get(key).map_or(0..0, toml::Spanned::span);
    reader.error("bad-value", message, span, None);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<BootTerms, Vec<String>> {
        let (fleet, problems) = super::super::parse("fleet.toml", text.as_bytes());
        fleet.map(|fleet| fleet.boot).ok_or_else(|| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(read("").unwrap(), BootTerms::default());
        let terms = read("[boot]\nlimit = \"2m\"\nmemorySize = 4096\n").unwrap();
        assert_eq!(
            (terms.limit, terms.size.memory, terms.size.processors),
            (Duration::from_secs(120), 4096, 1)
        );
    }

    #[test]
    fn what_no_computer_has_is_refused_at_its_place() {
        let problems = read("[boot]\nlimit = \"2h\"\nmemorySize = 1\ncores = 0\nram = 1\n").unwrap_err();
        let places: Vec<&str> =
            problems.iter().filter_map(|problem| problem.split(": error").next()).collect();
        assert_eq!(places, ["fleet.toml:2:9", "fleet.toml:3:14", "fleet.toml:4:9", "fleet.toml:5:1"]);
    }
}
