//! A check's Rego file: found, and of the package that the check's name asks for.
//!
//! Flows in: what the check says. Flows out: the policy. Must not: parse Rego beyond its package line.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use model::suite::{Part, Policy};

use super::{Files, Reader, reader::Spanned};

/// The package that a check's policy must declare, as `data.<package>` without the `data`.
pub(super) fn package(suite: &str, check: &str) -> String {
    format!("seaworthy.{}.{}", suite.replace('-', "_"), check.replace('-', "_"))
}

pub(super) fn read(
    suite: &str,
    check: &str,
    reader: &mut Reader<'_>,
    around: &Range<usize>,
    file: Option<Spanned<String>>,
    needs: BTreeSet<Part>,
    files: &Files<'_>,
) -> Option<Policy> {
    let Some(file) = file else {
        reader.error(
            "missing-key",
            around.clone(),
            "`file` is missing: the check's Rego file".to_owned(),
            None,
        );
        return None;
    };
    let Some(text) = files.texts.get(file.value.as_str()) else {
        reader.error("no-such-file", file.span, format!("the suite has no file {}", file.value), None);
        return None;
    };
    let package = package(suite, check);
    if declared(text) != Some(package.as_str()) {
        let message = format!("{} must declare `package {package}`", file.value);
        reader.error("package", file.span, message, None);
        return None;
    }
    Some(Policy {
        file: files.shown(&file.value),
        text: (*text).to_owned(),
        package,
        needs,
        commands: BTreeMap::new(),
    })
}

/// The package that a Rego text declares: its first line that is neither blank nor a comment.
fn declared(text: &str) -> Option<&str> {
    let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.find(|line| !line.is_empty())?.strip_prefix("package ").map(str::trim)
}
