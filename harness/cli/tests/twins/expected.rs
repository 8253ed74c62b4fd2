//! What a fleet's `expected.json` says, held against a report. `fixtures/README.md` describes the file.

use std::{fs, io, path::Path};

use serde::Deserialize;
use serde_json::Value;

/// How `seaworthy verify` ends in a fleet's folder. A sound fleet has no such file: exit 0, no finding.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    /// The exit code.
    pub(crate) exit: i32,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    diagnostics: Vec<Diagnostic>,
    /// A part of what the harness says of every check, where it can tell nothing.
    #[serde(default)]
    fault: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    rule: String,
    subject: String,
    file: Option<String>,
    line: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Diagnostic {
    file: String,
    line: Option<u64>,
    help: Option<String>,
}

impl Expected {
    /// Reads a fleet's.
    pub(crate) fn of(folder: &Path) -> io::Result<Self> {
        match fs::read(folder.join("expected.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// The first diagnostic that the text does not tell.
    pub(crate) fn missing_in_text(&self, text: &str) -> Option<String> {
        let told = |diagnostic: &Diagnostic| {
            let place = match diagnostic.line {
                Some(line) => format!("{}:{line}", diagnostic.file),
                None => diagnostic.file.clone(),
            };
            text.contains(&place) && diagnostic.help.as_deref().is_none_or(|help| text.contains(help))
        };
        self.diagnostics.iter().find(|diagnostic| !told(diagnostic)).map(|missing| format!("{missing:?}"))
    }

    /// Exactly the expected findings of checks that failed, and of those that warned, each at its place.
    pub(crate) fn compare(&self, report: &Value) -> Result<(), String> {
        let checks = report["checks"].as_array().ok_or("the report has no checks")?;
        let failed = checks.iter().filter(|check| check["result"] == "failed" || check["result"] == "warned");
        let mut found: Vec<&Value> =
            failed.flat_map(|check| check["findings"].as_array().into_iter().flatten()).collect();
        let mut wrong = Vec::new();
        for expected in &self.findings {
            match found.iter().position(|finding| expected.is(finding)) {
                Some(at) => {
                    found.remove(at);
                }
                None => wrong.push(format!("not found: {expected:?}")),
            }
        }
        wrong.extend(found.iter().map(|finding| format!("not expected: {finding}")));
        if let Some(fault) = &self.fault {
            let told = |check: &&Value| {
                let what = check["fault"]["what"].as_str().unwrap_or_default();
                what.contains(fault.as_str()) && check["fault"]["remedy"].is_string()
            };
            wrong.extend(
                checks.iter().filter(|check| !told(check)).map(|check| format!("without {fault}: {check}")),
            );
        }
        if checks.is_empty() {
            wrong.push("nothing was asked".to_owned());
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    }
}

impl Finding {
    fn is(&self, finding: &Value) -> bool {
        let subject = finding["machine"].as_str().unwrap_or("fleet");
        let place = &finding["place"];
        finding["rule"] == self.rule.as_str()
            && subject == self.subject
            && self.file.as_deref().is_none_or(|file| place["file"] == file)
            && self.line.is_none_or(|line| place["line"] == line)
    }
}
