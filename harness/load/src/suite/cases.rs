//! `cases/`: the inputs on which a suite is proven, and what it must find in each.
//!
//! Flows in: the suite's files. Flows out: its cases, and a problem for each check that no bad case turns red.
//! Must not: run a case.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    case::{Case, CaseInput, Expected},
    place::{Lines, Place},
    round::Round,
    sighting::{lines, outlook::Outlook, pair::Outlooks},
    suite::Kind,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Files, manifest::Manifest};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// `findings.json`, one entry.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    subject: String,
    pointer: Option<String>,
}

/// Reads every case, in the order of their names.
pub(super) fn read(files: &Files<'_>, problems: &mut Diagnostics) -> Vec<Case> {
    let mut folders: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (path, text) in &files.texts {
        let Some((case, file)) = path.strip_prefix("cases/").and_then(|rest| rest.split_once('/')) else {
            continue;
        };
        folders.entry(case).or_default().insert(file, text);
    }
    folders.into_iter().filter_map(|(name, texts)| case(name, &texts, files, problems)).collect()
}

fn case(
    name: &str,
    texts: &BTreeMap<&str, &str>,
    files: &Files<'_>,
    problems: &mut Diagnostics,
) -> Option<Case> {
    let shown = |file: &str| files.shown(&format!("cases/{name}/{file}"));
    let must_fail = name.starts_with("bad-");
    if !must_fail && !name.starts_with("good-") {
        let message = format!("{name:?} cannot name a case: it starts with `good-` or `bad-`");
        problems.push(Diagnostic::error("case-name", message, Place::file(shown(""))));
    }
    for file in texts.keys().filter(|file| !is_read(file, texts)) {
        let message =
            "a case has facts.json, tests.nix or round.json, and findings.json; nothing reads this file";
        problems.push(Diagnostic::error("stray-file", message, Place::file(shown(file))));
    }
    let findings = match texts.get("findings.json") {
        Some(text) => json::<Vec<Entry>>(&shown("findings.json"), text, problems)?,
        None => Vec::new(),
    };
    if findings.is_empty() == must_fail {
        let message = match (must_fail, texts.contains_key("findings.json")) {
            (true, false) => "the file is missing: it names what a bad case must give",
            (true, true) => "a bad case must give findings",
            (false, _) => "a good case gives no findings",
        };
        problems.push(Diagnostic::error("case-findings", message, Place::file(shown("findings.json"))));
    }
    let input = match [texts.get("facts.json"), texts.get("tests.nix"), texts.get("round.json")] {
        [Some(text), None, None] => CaseInput::Facts(json::<Value>(&shown("facts.json"), text, problems)?),
        [None, Some(text), None] => CaseInput::Tests((*text).to_owned()),
        [None, None, Some(text)] => sightings(&shown, text, texts, problems)?,
        _ => {
            let message = "a case has either facts.json, tests.nix or round.json";
            problems.push(Diagnostic::error("case-input", message, Place::file(shown(""))));
            return None;
        }
    };
    Some(Case { name: name.to_owned(), input, findings: findings.into_iter().map(expected).collect() })
}

/// Beside a round of questions, what each machine saw, or why it was not asked.
fn is_read(file: &str, texts: &BTreeMap<&str, &str>) -> bool {
    let of_round = texts.contains_key("round.json") && (file.ends_with(LINES) || file == UNASKED);
    of_round || ["facts.json", "tests.nix", "round.json", "findings.json"].contains(&file)
}

/// What a machine's prober printed.
const LINES: &str = ".lines";
/// By machine, why there is nothing that it saw.
const UNASKED: &str = "unasked.json";

fn sightings(
    shown: &dyn Fn(&str) -> String,
    round: &str,
    texts: &BTreeMap<&str, &str>,
    problems: &mut Diagnostics,
) -> Option<CaseInput> {
    let round = json::<Round>(&shown("round.json"), round, problems)?;
    let mut outlooks = match texts.get(UNASKED) {
        Some(text) => json::<Outlooks>(&shown(UNASKED), text, problems)?,
        None => Outlooks::new(),
    };
    for (file, text) in texts {
        let Some(name) = file.strip_suffix(LINES) else { continue };
        let known = round.machines.iter().any(|machine| machine.as_str() == name);
        match lines::read(text) {
            Ok(seen) if known => _ = outlooks.insert(name.into(), Outlook::Seen(Box::new(seen))),
            Ok(_) => {
                let message = format!("round.json has no machine `{name}`");
                problems.push(Diagnostic::error("stray-file", message, Place::file(shown(file))));
            }
            Err(error) => {
                problems.push(Diagnostic::error("lines", error.to_string(), Place::file(shown(file))));
            }
        }
    }
    Some(CaseInput::Sightings(Box::new(round), outlooks))
}

fn expected(entry: Entry) -> Expected {
    Expected { rule: entry.rule, subject: entry.subject, pointer: entry.pointer }
}

fn json<'a, T: Deserialize<'a>>(file: &str, text: &'a str, problems: &mut Diagnostics) -> Option<T> {
    serde_json::from_str(text).map_err(|error| problems.push(misread(file, text, &error))).ok()
}

fn misread(file: &str, text: &str, error: &serde_json::Error) -> Diagnostic {
    let start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = start + error.column().saturating_sub(1);
    let place = Lines::of(text).place(file, text, offset);
    Diagnostic::error("syntax", error.to_string(), place).with_span(offset..offset)
}

/// Refuses a suite with a check that no bad case names, a case that names a check which is not there, and a case whose
/// input none of the checks reads.
pub(super) fn cover(manifest: &Manifest, cases: &[Case], problems: &mut Diagnostics) {
    let suite = &manifest.suite;
    let red: BTreeSet<&str> =
        cases.iter().flat_map(|case| &case.findings).map(|finding| finding.rule.as_str()).collect();
    for check in &suite.checks {
        let rule = format!("{}/{}", suite.name, check.name);
        let is_red = check.rules(&suite.name).any(|rule| red.contains(rule.as_str()));
        if let (false, Some((place, span))) = (is_red, manifest.checks.get(&check.name)) {
            let message = format!(
                "no bad case turns `{}` red: a check that has never failed proves nothing",
                check.name
            );
            let help = format!("add cases/bad-.../findings.json with \"rule\": \"{rule}\"");
            problems.push(
                Diagnostic::error("no-bad-case", message, place.clone())
                    .with_span(span.clone())
                    .with_help(help),
            );
        }
    }
    let folder = super::folder(&suite.name, suite.origin);
    let known: BTreeSet<String> = suite.checks.iter().flat_map(|check| check.rules(&suite.name)).collect();
    for case in cases {
        let place = || Place::file(format!("{folder}/cases/{}/findings.json", case.name));
        for finding in case.findings.iter().filter(|finding| !known.contains(&finding.rule)) {
            let message = format!("the suite has no rule {:?}", finding.rule);
            problems.push(Diagnostic::error("unknown-rule", message, place()));
        }
        if !suite.checks.is_empty() && !suite.checks.iter().any(|check| reads(&check.kind, &case.input)) {
            let message = "no check of the suite reads this case's input";
            problems.push(Diagnostic::error("case-input", message, place()));
        }
    }
}

fn reads(kind: &Kind, input: &CaseInput) -> bool {
    matches!(
        (kind, input),
        (Kind::Policy(_) | Kind::Guest(_), CaseInput::Facts(_))
            | (Kind::Expression, CaseInput::Tests(_))
            | (Kind::Probe(_), CaseInput::Sightings(..))
    )
}
