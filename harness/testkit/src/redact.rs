//! Texts without what differs from run to run: times, run names, digests.
//!
//! Flows in: a text, such as the lines of a journal or a rendered report. Flows out: the same with `<time>`, `<run>`,
//! `<digest>` and `<took>` in their places. Must not: touch anything else.

use std::sync::LazyLock;

use regex::{Captures, Regex};

static VARYING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let parts = [
        r"(?<run>\b\d{8}T\d{6}Z-[0-9a-f]{6}\b)",
        r"(?<time>\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?)",
        r"(?<digest>\bsha256:[0-9a-f]{64}\b)",
        r#"(?<took>\{"secs":\d+,"nanos":\d+\})"#,
        r"(?<spent>\b\d+(?:\.\d+)?(?:ms|µs|ns|s)\b)",
    ];
    Regex::new(&parts.join("|")).ok()
});

/// The text without times, run names, digests and durations.
#[must_use]
pub fn redact(text: &str) -> String {
    let Some(varying) = VARYING.as_ref() else { return text.to_owned() };
    varying.replace_all(text, |found: &Captures<'_>| placeholder(found)).into_owned()
}

fn placeholder(found: &Captures<'_>) -> &'static str {
    let kinds = [("run", "<run>"), ("time", "<time>"), ("digest", "<digest>"), ("took", "<took>")];
    kinds.iter().find(|(name, _)| found.name(name).is_some()).map_or("<took>", |(_, shown)| shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_named_instead() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let text = format!("run 20261120T110812Z-0a1b2c at 2026-11-20T11:08:12.5Z, {digest}, took 1.25s");
        assert_eq!(redact(&text), "run <run> at <time>, <digest>, took <took>");
        assert_eq!(redact(r#""took":{"secs":1,"nanos":20}"#), r#""took":<took>"#);
    }

    #[test]
    fn the_rest_stays() {
        let text = "3 machines, 12 checks; fleet.toml:12:5: version 2.34.8; s";
        assert_eq!(redact(text), text);
    }
}
