//! in-toto statements of passes: Statement v1 with the predicate test-result v0.1.
//!
//! Flows in: passes. Flows out: a document, and the same read back. Must not: know who signs.
//!
//! A subject is what a pass is about: the key that evidence is filed under, a SHA-256 over everything that the answer depends on.
//! Its name is the check's. When it was answered, and in which run, stands in its annotations.
//! <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>

use std::collections::BTreeMap;

use jiff::Timestamp;
use model::{check::CheckId, digest::Digest, evidence::RunId};
use serde::{Deserialize, Serialize};

const STATEMENT: &str = "https://in-toto.io/Statement/v1";
const PREDICATE: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// Passes that one computer has on record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attested {
    /// The version of seaworthy that asked.
    pub tool: String,
    /// What the computer could do, as a plan says it: a part of every key.
    pub capabilities: Vec<String>,
    /// In the order of the plan.
    pub passes: Vec<Pass>,
}

/// A pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// What it is filed under.
    pub key: Digest,
    /// Which check it was.
    pub check: CheckId,
    /// The run that asked.
    pub run: RunId,
    /// When it was answered.
    pub at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
    annotations: Annotations,
}

#[derive(Serialize, Deserialize)]
struct Annotations {
    at: Timestamp,
    run: RunId,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    result: String,
    configuration: Vec<Configuration>,
    passed_tests: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Configuration {
    name: String,
    uri: String,
    annotations: Asker,
}

#[derive(Serialize, Deserialize)]
struct Asker {
    capabilities: Vec<String>,
}

const ASKER: &str = "seaworthy";
const PACKAGE: &str = "pkg:cargo/seaworthy@";

impl Attested {
    /// The statement, as JSON.
    ///
    /// # Errors
    /// Never with what there is.
    pub(super) fn write(&self) -> serde_json::Result<Vec<u8>> {
        let subject = |pass: &Pass| Subject {
            name: pass.check.0.clone(),
            digest: BTreeMap::from([("sha256".to_owned(), pass.key.hex())]),
            annotations: Annotations { at: pass.at, run: pass.run.clone() },
        };
        let asker = Configuration {
            name: ASKER.to_owned(),
            uri: format!("{PACKAGE}{}", self.tool),
            annotations: Asker { capabilities: self.capabilities.clone() },
        };
        let predicate = Predicate {
            result: "PASSED".to_owned(),
            configuration: vec![asker],
            passed_tests: self.passes.iter().map(|pass| pass.check.0.clone()).collect(),
        };
        serde_json::to_vec(&Statement {
            kind: STATEMENT.to_owned(),
            subject: self.passes.iter().map(subject).collect(),
            predicate_type: PREDICATE.to_owned(),
            predicate,
        })
    }

    /// Reads a statement. Anything but passes that seaworthy attests is refused, in a sentence without a full stop.
    pub(super) fn read(payload: &[u8]) -> Result<Self, String> {
        let statement: Statement = serde_json::from_slice(payload)
            .map_err(|error| format!("it is no statement of test results: {error}"))?;
        let Statement { kind, predicate_type, predicate, subject } = statement;
        if kind != STATEMENT || predicate_type != PREDICATE {
            return Err(format!("it is a statement of another kind: {predicate_type}"));
        }
        if predicate.result != "PASSED" {
            return Err(format!("it says {}, and only what passed is evidence", predicate.result));
        }
        let asker = predicate.configuration.into_iter().find(|asker| asker.name == ASKER);
        let asker = asker.ok_or("it does not say that seaworthy asked")?;
        let tool = asker.uri.strip_prefix(PACKAGE).ok_or("it does not say which seaworthy asked")?.to_owned();
        let passes = subject.into_iter().map(pass).collect::<Result<_, _>>()?;
        Ok(Self { tool, capabilities: asker.annotations.capabilities, passes })
    }
}

fn pass(Subject { name, digest, annotations }: Subject) -> Result<Pass, String> {
    let hex = digest.get("sha256").ok_or_else(|| format!("the subject {name} has no SHA-256"))?;
    let key = Digest::try_from(format!("sha256:{hex}")).map_err(|error| error.to_string())?;
    Ok(Pass { key, check: CheckId(name), run: annotations.run, at: annotations.at })
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn attested() -> Attested {
        let pass = |name: &str| Pass {
            key: Digest::of(name),
            check: CheckId(format!("s::{name}")),
            run: RunId("20261120T110812Z-000000".to_owned()),
            at: "2026-11-20T11:08:12Z".parse().unwrap(),
        };
        Attested {
            tool: "0.1.0".to_owned(),
            capabilities: vec!["nix 2.34.8".to_owned(), "x86_64-linux".to_owned()],
            passes: vec![pass("a"), pass("b")],
        }
    }

    #[test]
    fn the_format_is_public() {
        let text = String::from_utf8(attested().write().unwrap()).unwrap();
        let key = Digest::of("a").hex();
        let expected = [
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"s::a","digest":{"sha256":""#,
            &key,
            r#""},"annotations":{"at":"2026-11-20T11:08:12Z","run":"20261120T110812Z-000000"}}"#,
        ];
        assert!(text.starts_with(&expected.concat()), "{text}");
        let end = concat!(
            r#""predicateType":"https://in-toto.io/attestation/test-result/v0.1","predicate":{"result":"PASSED","#,
            r#""configuration":[{"name":"seaworthy","uri":"pkg:cargo/seaworthy@0.1.0","annotations":{"capabilities":"#,
            r#"["nix 2.34.8","x86_64-linux"]}}],"passedTests":["s::a","s::b"]}}"#
        );
        assert!(text.ends_with(end), "{text}");
        assert_eq!(Attested::read(text.as_bytes()), Ok(attested()));
    }

    #[test]
    fn what_is_no_pass_is_refused() {
        let text = String::from_utf8(attested().write().unwrap()).unwrap();
        for (from, to, why) in [
            ("PASSED", "FAILED", "it says FAILED, and only what passed is evidence"),
            (
                "test-result/v0.1",
                "vuln/v0.1",
                "it is a statement of another kind: https://in-toto.io/attestation/vuln/v0.1",
            ),
            ("pkg:cargo/seaworthy@", "pkg:cargo/other@", "it does not say which seaworthy asked"),
            ("\"sha256\"", "\"md5\"", "the subject s::a has no SHA-256"),
        ] {
            assert_eq!(Attested::read(text.replace(from, to).as_bytes()), Err(why.to_owned()));
        }
        assert!(Attested::read(b"{}").is_err());
    }
}
