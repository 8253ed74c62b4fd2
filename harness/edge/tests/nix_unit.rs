//! nix-unit's semantics, each against a real nix.

mod nix_fixture;

use nix_fixture::{Project, file, judge_all, tests};
use std::time::Duration;

#[tokio::test]
async fn equal_values_pass_and_others_are_shown() {
    let judged = Project::tests(
        r#"{
            testPass = { expr = { a = [ 1 2 ]; b = "x"; }; expected = { b = "x"; a = [ 1 2 ]; }; };
            testFail = { expr = { a = 1; b = "two"; }; expected = { a = 1; b = "too"; }; };
            testKind = { expr = 1; expected = "1"; };
            testFloat = { expr = 1; expected = 1.0; };
        }"#,
    )
    .judge()
    .await;
    judged.passes("testPass");
    judged.passes("testFloat");
    judged.fails("testKind", "the value is not the expected one");
    let failure = judged.fails("testFail", "the value is not the expected one");
    assert_eq!(failure.expected.as_deref(), Some("{\n  a = 1;\n  b = \"too\";\n}"));
    assert_eq!(failure.actual.as_deref(), Some("{\n  a = 1;\n  b = \"two\";\n}"));
    assert_eq!(failure.place.as_ref().unwrap().to_string(), "flake.nix:4:13");
}
