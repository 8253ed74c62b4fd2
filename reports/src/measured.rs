//! What was measured, as people read it.
//!
//! In: a report's rows. Out: a line for each subject with a number for each metric, and numbers with units that fit them. It
//! must not judge a number, and shows none of a part of a subject: a JSON report has all.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use model::{
    measurement::{Measurement, Metric, Unit},
    subject::Subject,
};

use crate::{age, answers::Row};

/// Numbers of all subjects.
pub(crate) struct Measured<'a> {
    /// By name.
    pub(crate) metrics: Vec<&'a Metric>,
    /// The fleet, then the machines by name.
    pub(crate) lines: Vec<Line<'a>>,
}

/// Numbers of one subject.
pub(crate) struct Line<'a> {
    pub(crate) subject: &'a Subject,
    /// One for each metric, if there is one.
    pub(crate) numbers: Vec<Option<String>>,
    /// The earlier run in which they were measured, unless it was this one.
    pub(crate) run: Option<&'a str>,
}

#[derive(Default)]
struct Known<'a> {
    numbers: BTreeMap<&'a Metric, &'a Measurement>,
    run: Option<&'a str>,
}

/// The numbers that are of whole subjects. Where several checks measured the same, the first of this run counts, and an
/// earlier run's only if there is none.
pub(crate) fn measured<'a>(rows: &[Row<'a>]) -> Measured<'a> {
    let mut known: BTreeMap<&Subject, Known<'a>> = BTreeMap::new();
    let of = |reused| rows.iter().filter(move |row| row.reused() == reused);
    for row in of(false).chain(of(true)) {
        for one in row.measurements.iter().filter(|one| one.of.is_none()) {
            let known = known.entry(&row.check.subject).or_default();
            if !known.numbers.contains_key(&one.metric) {
                known.numbers.insert(&one.metric, one);
                known.run = known.run.or(row.reused_from());
            }
        }
    }
    let metrics: BTreeSet<&Metric> = known.values().flat_map(|known| known.numbers.keys().copied()).collect();
    let metrics = Vec::from_iter(metrics);
    let line = |(subject, known): (&'a Subject, Known<'a>)| {
        let numbers = metrics.iter().map(|metric| known.numbers.get(metric).map(|one| number(one)));
        Line { subject, numbers: numbers.collect(), run: known.run }
    };
    let lines = known.into_iter().map(line).collect();
    Measured { metrics, lines }
}

/// A number with its unit: `15.09s`, `160 MiB`, `7`.
pub(crate) fn number(measurement: &Measurement) -> String {
    let value = measurement.value.get();
    match measurement.unit {
        Unit::Seconds => {
            Duration::try_from_secs_f64(value).map_or_else(|_| format!("{}s", plain(value)), age::took)
        }
        Unit::Bytes => bytes(value),
        Unit::Count => plain(value),
        Unit::Percent => format!("{} %", plain(value)),
    }
}

/// Beyond this, digits say nothing any more.
const MOST: f64 = 1e12;

fn plain(value: f64) -> String {
    match value {
        _ if value.abs() >= MOST => format!("{value:.2e}"),
        _ if value.fract() == 0.0 => format!("{value}"),
        _ => format!("{value:.2}"),
    }
}

fn bytes(value: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    // Of few, as of a packet's, each is told.
    if value.abs() < 10_000.0 {
        return format!("{value:.0} B");
    }
    let (mut rest, mut units) = (value, UNITS.iter());
    let mut unit = units.next();
    while rest.abs() >= 1024.0
        && let Some(next) = units.next()
    {
        (rest, unit) = (rest / 1024.0, Some(next));
    }
    let unit = unit.copied().unwrap_or_default();
    match rest {
        _ if rest.abs() >= MOST => format!("{rest:.2e} {unit}"),
        _ if rest.fract() == 0.0 || rest.abs() >= 10.0 => format!("{rest:.0} {unit}"),
        _ => format!("{rest:.1} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(unit: Unit, value: f64) -> String {
        let metric = "boot/time".try_into().expect("a metric");
        number(&Measurement { metric, of: None, value: value.try_into().expect("a number"), unit })
    }

    #[test]
    fn numbers_have_units_that_fit_them() {
        let seconds = [0.25, 15.093, 754.0, -1.5].map(|value| shown(Unit::Seconds, value));
        assert_eq!(seconds, ["250ms", "15.09s", "12m 34s", "-1.50s"]);
        let bytes = [0.0, 1023.0, 1420.0, 15_360.0, 167_772_160.0, 1_610_612_736.0, 1e300];
        assert_eq!(
            bytes.map(|value| shown(Unit::Bytes, value)),
            ["0 B", "1023 B", "1420 B", "15 KiB", "160 MiB", "1.5 GiB", "9.09e287 TiB"]
        );
        let counts = [7.0, 0.125, -3.0, 1e20].map(|value| shown(Unit::Count, value));
        assert_eq!(counts, ["7", "0.12", "-3", "1.00e20"]);
        assert_eq!([0.0, 45.0].map(|value| shown(Unit::Percent, value)), ["0 %", "45 %"]);
    }
}
