//! What a check measured of its subject: numbers beside its verdict, which open and close nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One number. Its subject is that of the check that took it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// What was measured.
    pub metric: Metric,
    /// Of which part of the subject, where it is not the whole: for `boot/unit-time`, the name of a unit. Any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How much.
    pub value: Finite,
    /// Of what.
    pub unit: Unit,
}

/// What a value counts. A closed list: whoever reads a report can show, compare and add up every one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Time.
    Seconds,
    /// Memory, or room on a disk.
    Bytes,
    /// Things.
    Count,
    /// Parts of a hundred.
    Percent,
}

impl Unit {
    /// As reports and journals have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Bytes => "bytes",
            Self::Count => "count",
            Self::Percent => "percent",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The name of what is measured, `<group>/<name>`: `boot/time`. Each part is of small letters, digits and hyphens, so that
/// it can be a column, a key and an option as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Metric(String);

/// A text is no name of a metric.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a metric, such as boot/time: {0:?}")]
pub struct NotAMetric(pub String);

impl Metric {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Metric {
    type Error = NotAMetric;

    fn try_from(text: String) -> Result<Self, NotAMetric> {
        let mut parts = text.split('/');
        let well_formed =
            parts.next().is_some_and(is_word) && parts.next().is_some_and(is_word) && parts.next().is_none();
        if well_formed { Ok(Self(text)) } else { Err(NotAMetric(text)) }
    }
}

impl TryFrom<&str> for Metric {
    type Error = NotAMetric;

    fn try_from(text: &str) -> Result<Self, NotAMetric> {
        text.to_owned().try_into()
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.0
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// `unit-time`
fn is_word(text: &str) -> bool {
    text.split('-').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// A number that is one: neither infinite nor `NaN`, so that it survives JSON and equals itself.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Finite(f64);

impl Eq for Finite {}

/// A value is no number that can be measured.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("not a finite number: {0}")]
pub struct NotFinite(pub f64);

impl Finite {
    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Finite {
    type Error = NotFinite;

    fn try_from(value: f64) -> Result<Self, NotFinite> {
        if value.is_finite() { Ok(Self(value)) } else { Err(NotFinite(value)) }
    }
}

impl From<Finite> for f64 {
    fn from(value: Finite) -> Self {
        value.0
    }
}

impl From<u32> for Finite {
    fn from(value: u32) -> Self {
        Self(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_two_words() {
        for name in ["boot/time", "boot/unit-time", "mesh/p99"] {
            assert_eq!(Metric::try_from(name).map(String::from), Ok(name.to_owned()));
        }
        for name in
            ["", "time", "boot/", "/time", "boot/time/x", "Boot/time", "boot/unit time", "b/-a", "ä/b"]
        {
            assert_eq!(Metric::try_from(name), Err(NotAMetric(name.to_owned())));
        }
    }

    #[test]
    fn only_a_finite_number_is_a_value() {
        assert_eq!(Finite::try_from(0.1).map(Finite::get), Ok(0.1));
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Finite::try_from(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_measurement_survives_json_to_the_last_digit() {
        let one = |of: Option<&str>, value: f64| Measurement {
            metric: "boot/time".try_into().unwrap(),
            of: of.map(str::to_owned),
            value: value.try_into().unwrap(),
            unit: Unit::Seconds,
        };
        for value in [0.0, 12.345, 1.0 / 3.0, 5e-324, 187_691_008.0, 122.416_000_000_000_01] {
            for measurement in [one(None, value), one(Some("sshd.service"), value)] {
                let text = serde_json::to_string(&measurement).unwrap();
                assert_eq!(serde_json::from_str::<Measurement>(&text).unwrap(), measurement, "{text}");
            }
        }
    }

    #[test]
    fn a_document_that_says_anything_else_is_refused() {
        let text = r#"{"metric":"boot/time","value":1,"unit":"seconds"}"#;
        assert!(serde_json::from_str::<Measurement>(text).is_ok());
        for (from, to) in [("boot/time", "Boot time"), ("1", "null"), ("1", "1e999"), ("seconds", "minutes")]
        {
            let text = text.replacen(from, to, 1);
            assert!(serde_json::from_str::<Measurement>(&text).is_err(), "{text}");
        }
    }
}
