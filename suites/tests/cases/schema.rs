//! The schema of the facts document.
//!
//! Flows in: a case's document. Flows out: where it is not of the schema: a misspelt key in a good case would let it pass
//! for the wrong reason.

use std::sync::LazyLock;

use jsonschema::Validator;
use libtest_mimic::Failed;
use serde_json::Value;

static SCHEMA: LazyLock<Result<Validator, String>> = LazyLock::new(|| {
    let schema = serde_json::from_str(suites::FACTS_SCHEMA).map_err(|error| error.to_string())?;
    jsonschema::validator_for(&schema).map_err(|error| error.to_string())
});

/// Whether a document is of the schema.
pub(crate) fn holds(document: &Value) -> Result<(), Failed> {
    let schema = SCHEMA.as_ref().map_err(|error| format!("facts.schema.json is no schema: {error}"))?;
    let errors = schema.iter_errors(document).take(20);
    let told: Vec<_> = errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
    if told.is_empty() { Ok(()) } else { Err(told.join("\n").into()) }
}
