//! What programs and web pages are given.

use std::collections::BTreeSet;

use insta::{assert_json_snapshot, assert_snapshot};
use model::verdict::Verdict;
use reports::{json, junit, markdown};

use crate::story::{Story, check, everything, finding, story};

fn json(story: &Story) -> serde_json::Value {
    let mut bytes = Vec::new();
    story.render(|report| json::write(report, &mut bytes)).expect("memory");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn junit(story: &Story) -> String {
    let mut bytes = Vec::new();
    story.render(|report| junit::write(report, &mut bytes)).expect("memory");
    String::from_utf8(bytes).expect("text")
}

fn markdown(story: &Story) -> String {
    story.render(|report| markdown::render(report, markdown::LIMIT))
}

#[test]
fn json_is_one_line_that_says_everything() {
    let mut document = json(&everything());
    assert_eq!(document["checks"].as_array().map(Vec::len), Some(13));
    // The snapshot shows one check of each shape.
    document["checks"].as_array_mut().expect("a list").retain(|check| {
        let id = check["id"].as_str().expect("text");
        [
            "inventory::role-machine-exists",
            "host::way-in::magnetite",
            "nix-unit::.#tests::net.slow",
            "host::host-name::cinnabar",
            "vars::orphan",
            "boot::comes-up::cinnabar",
        ]
        .contains(&id)
    });
    assert_json_snapshot!(document);
}

#[test]
fn why_a_check_was_held_is_told() {
    let held = Verdict::Skipped { reason: "held at build".to_owned() };
    let story = story().told(check("boots/boots", "a"), held);
    let document = json(&story);
    let check = &document["checks"][0];
    assert_eq!((check["result"].as_str(), check["why"].as_str()), (Some("unasked"), Some("held at build")));
    assert!(junit(&story).contains(r#"<skipped message="held at build"/>"#));
}

#[test]
fn every_key_of_the_json_report_is_documented() {
    let page = include_str!("../../JSON.md");
    let mut keys = BTreeSet::new();
    collect(&json(&everything()), &mut keys);
    assert!(keys.len() > 40, "{keys:?}");
    let silent: Vec<&String> = keys.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert_eq!(silent, Vec::<&String>::new(), "JSON.md says nothing of these keys");
}

fn collect(value: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
            keys.insert(key.clone());
            collect(value, keys);
        }),
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}

#[test]
fn junit_has_a_suite_for_each_suite_and_tells_failures_from_errors() {
    assert_snapshot!(junit(&everything()));
}

#[test]
fn junit_survives_what_xml_cannot_hold() {
    let hostile = check("host/way-in", "a\u{1b}<b>&\"");
    let findings = vec![finding(&hostile, "]]> \u{0} \u{1b}[31m <failure>")];
    let text = junit(&story().told(hostile, Verdict::Fail { findings }));
    let read = quick_junit::Report::deserialize_from_str(&text).expect("XML");
    assert_eq!((read.tests, read.failures, read.errors), (1, 1, 0));
}

#[test]
fn markdown_is_a_summary_of_the_same() {
    assert_snapshot!(markdown(&everything()));
}

#[test]
fn markdown_lets_no_markup_of_others_through() {
    let hostile = check("host/way-in", "`|<b>|`");
    let findings = vec![finding(&hostile, "<script>alert(1)</script> | @root #1\n# heading")];
    let text = markdown(&story().told(hostile, Verdict::Fail { findings }));
    assert!(!text.contains("<script") && !text.contains("@root") && !text.contains("\n# heading"), "{text}");
}
