//! What a policy finds, and what becomes of one that goes wrong.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use model::{
    check::Question,
    digest::Digest,
    machine::MachineName,
    place::Place,
    stage::Stage,
    subject::Subject,
    suite::{Policy, Severity},
};
use run::worker::{Job, JobId, Reporter, Said, Worker};
use serde_json::json;

use super::*;

/// A policy of the package `seaworthy.s.c` with these rules.
fn policy(rules: &str) -> Policy {
    Policy {
        file: "suites/s/c.rego".to_owned(),
        text: format!("package seaworthy.s.c\n\nimport rego.v1\n\n{rules}\n"),
        package: "seaworthy.s.c".to_owned(),
        needs: [].into(),
        commands: Default::default(),
    }
}

fn facts() -> Facts {
    let document =
        json!({"machines": {"a": {"tags": ["x"]}, "b": {"tags": []}}, "resolved": {"machines": {"c": {}}}});
    let mut places = Places::default();
    places.set("/machines/a", Place::new("fleet.toml", 3, 1));
    Facts { digest: Digest::of(document.to_string()), document, places, parts: [].into() }
}

fn check(subject: Subject) -> Check {
    Check {
        id: CheckId(format!("s::c::{subject}")),
        suite: "s".to_owned(),
        rule: "s/c".to_owned(),
        stage: Stage::Invariants,
        subject,
        severity: Severity::Error,
        limit: Duration::from_millis(300),
        question: Question::Policy { package: "seaworthy.s.c".to_owned() },
        key: None,
        reuse: None,
        skip: None,
        blind: None,
    }
}

fn of(machines: &[&str]) -> Vec<Check> {
    machines.iter().map(|name| check(Subject::Machine(MachineName::from(*name)))).collect()
}

/// The verdicts, in the checks' order, each as few words.
fn verdicts(rules: &str, checks: &[Check]) -> Vec<String> {
    let facts = facts();
    let document = Document::new(&facts);
    let module = Module::compile(&policy(rules)).unwrap();
    judge(&module, checks, &Input::new(&document, &facts)).iter().map(|(_, verdict)| words(verdict)).collect()
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Fail { findings } => findings.iter().map(finding_words).collect::<Vec<_>>().join("; "),
        Verdict::Broken { fault } => format!("broken: {}", fault.what),
        other => format!("{other:?}"),
    }
}

fn finding_words(finding: &model::finding::Finding) -> String {
    let place = finding.place.as_ref().map(ToString::to_string).unwrap_or_default();
    let pointer = finding.pointer.clone().unwrap_or_default();
    format!("{} at {place} {pointer}: {}", finding.subject, finding.message)
}

#[track_caller]
fn broken(rules: &str, checks: &[Check], why: &str) {
    let said = verdicts(rules, checks);
    assert!(said.iter().all(|said| said.starts_with("broken: ") && said.contains(why)), "{said:?}");
}

const EACH_TAGGED: &str = r#"deny contains {"subject": name, "path": ["machines", name, "tags", 0], "message": "tagged"} if {
    some name, machine in input.machines
    count(machine.tags) > 0
}"#;

#[test]
fn each_machine_gets_the_findings_about_itself() {
    let said = verdicts(EACH_TAGGED, &of(&["a", "b"]));
    assert_eq!(said, ["a at fleet.toml:3:1 /machines/a/tags/0: tagged", "pass"]);
}

#[test]
fn findings_about_machines_that_were_not_selected_are_dropped() {
    assert_eq!(verdicts(EACH_TAGGED, &of(&["b"])), ["pass"]);
}

#[test]
fn a_check_of_the_fleet_gets_every_finding() {
    let rules =
        r#"deny contains {"message": m, "expected": 1, "actual": {"x": [true]}} if { some m in ["b", "a"] }"#;
    assert_eq!(verdicts(rules, &[check(Subject::Fleet)]), ["fleet at  : a; fleet at  : b"]);
    assert_eq!(
        verdicts(EACH_TAGGED, &[check(Subject::Fleet)]),
        ["a at fleet.toml:3:1 /machines/a/tags/0: tagged"]
    );
}

#[test]
fn the_fleet_may_be_named_as_a_subject() {
    let rules = r#"deny contains {"message": "m", "subject": "fleet"}"#;
    assert_eq!(verdicts(rules, &[check(Subject::Fleet)]), ["fleet at  : m"]);
    broken(rules, &of(&["a"]), "has no `subject`");
}

#[test]
fn expected_and_actual_become_texts() {
    let facts = facts();
    let document = Document::new(&facts);
    let rules = r#"deny contains {"message": "m", "expected": "as it is", "actual": {"x": [true, null]}, "help": "h"}"#;
    let module = Module::compile(&policy(rules)).unwrap();
    let answers = judge(&module, &[check(Subject::Fleet)], &Input::new(&document, &facts));
    let finding = &answers[0].1.findings()[0];
    assert_eq!(finding.expected.as_deref(), Some("as it is"));
    assert_eq!(finding.actual.as_deref(), Some(r#"{"x":[true,null]}"#));
    assert_eq!(finding.help.as_deref(), Some("h"));
}

#[test]
fn a_denial_that_no_machine_would_get_breaks_the_check() {
    broken(r#"deny contains {"message": "m"}"#, &of(&["a"]), "has no `subject`");
    broken(
        r#"deny contains {"message": "m", "subject": "ghost"}"#,
        &of(&["a", "b"]),
        "\"ghost\" is no machine",
    );
    let of_the_inventory = r#"deny contains {"message": "m", "subject": "c"}"#;
    assert_eq!(verdicts(of_the_inventory, &of(&["c"])), ["c at  : m"]);
}

#[test]
fn a_denial_of_the_wrong_form_breaks_the_check() {
    let checks = [check(Subject::Fleet)];
    broken(r#"deny contains "text""#, &checks, "must be an object");
    broken(r#"deny contains {"msg": "m"}"#, &checks, "no key \"msg\"");
    broken(r#"deny contains {"path": []}"#, &checks, "must have a `message`");
    broken(r#"deny contains {"message": 3}"#, &checks, "`message` of a denial");
    broken(r#"deny contains {"message": "m", "path": "x"}"#, &checks, "`path` of a denial");
    broken("deny := true", &checks, "must be a set");
}

#[test]
fn a_policy_that_fails_while_it_runs_breaks_the_check() {
    broken(
        r#"deny contains {"message": "m"} if { to_number("x") }"#,
        &[check(Subject::Fleet)],
        "could not parse",
    );
}

#[test]
fn a_machine_of_any_name_gets_its_own_findings() {
    let long = "x".repeat(5_000);
    let names = ["", "fleet", "a b\n", &long];
    let machines: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
    let facts = Facts { document: json!({"machines": machines}), ..facts() };
    let document = Document::new(&facts);
    let module = Module::compile(&policy(
        r#"deny contains {"subject": name, "message": "odd"} if some name, _ in input.machines"#,
    ))
    .unwrap();
    for (_, verdict) in judge(&module, &of(&names), &Input::new(&document, &facts)) {
        assert!(matches!(&verdict, Verdict::Fail { findings } if findings.len() == 1), "{verdict:?}");
    }
}

#[test]
fn nobody_is_told_to_mend_a_policy_that_is_not_theirs() {
    let remedy = |file: &str| {
        let error = RegoError { file: file.to_owned(), line: 3, column: 1, message: "m".to_owned() };
        let Verdict::Broken { fault } = uncompiled(&error) else { panic!("{error}") };
        fault.remedy.unwrap()
    };
    assert!(remedy("suites/host/way-in.rego").contains("mistake in seaworthy itself"));
    assert!(remedy("seaworthy/suites/own/rule.rego").starts_with("mend seaworthy/suites/own/rule.rego:3"));
}

#[test]
fn an_undefined_value_in_a_head_breaks_the_check_and_forgets_nothing() {
    let undefined = |rules: &str| broken(rules, &of(&["a", "b"]), "in the head of this rule is undefined");
    // `a` has a tag and is denied first; `b` has none.
    undefined(
        r#"deny contains {"subject": name, "message": "m", "actual": machine.tags[0]} if {
    some name, machine in input.machines
}"#,
    );
    undefined(
        r#"first(machine) := machine.tags[0]
deny contains {"subject": name, "message": first(machine)} if some name, machine in input.machines"#,
    );
    undefined(
        r#"tagged contains machine.tags[0] if some name, machine in input.machines
deny contains {"subject": "a", "message": "m"} if "x" in tagged"#,
    );
    undefined(
        r#"tag[name] := machine.tags[0] if some name, machine in input.machines
deny contains {"subject": name, "message": "m"} if tag[name]"#,
    );
    undefined(
        r#"tag := machine.tags[0] if { machine := input.machines[_] } else := "y"
deny contains {"subject": "a", "message": tag}"#,
    );
    undefined(
        r#"tag(machines) := machines[name].tags[0] if some name in ["a", "b"]
deny contains {"subject": "a", "message": tag(input.machines)} if true"#,
    );
}

#[test]
fn a_value_in_a_head_that_is_there_is_what_it_was() {
    let rules = r#"
has_tags[name] := count(machine.tags) > 0 if some name, machine in input.machines
deny contains {
    "subject": name,
    "message": concat(" ", ["tagged", input.machines[name].tags[0]]), # the first
    "actual": [tag | some tag in input.machines[name].tags],
} if {
    some name, true in has_tags
}"#;
    assert_eq!(verdicts(rules, &of(&["a", "b"])), ["a at  : tagged x", "pass"]);
    let several = r#"deny contains {"subject": "a", "message": ["x", "y"][_]} if true"#;
    broken(several, &of(&["a", "b"]), "stands for several values");
}

#[test]
fn a_policy_that_takes_too_long_is_stopped() {
    let rules = r#"deny contains {"message": "m"} if {
    some i in numbers.range(1, 3000)
    some j in numbers.range(1, 3000)
    i * j == 7919 * 7919
}"#;
    let said = verdicts(rules, &of(&["a", "b"]));
    assert!(said.iter().all(|said| said.starts_with("TimedOut")), "{said:?}");
}

#[test]
fn findings_are_bounded() {
    let rules = r#"deny contains {"message": sprintf("%v", [i])} if { some i in numbers.range(1, 1200) }"#;
    let said = verdicts(rules, &[check(Subject::Fleet)]);
    assert_eq!(said[0].matches("; ").count(), 1000);
    assert!(said[0].ends_with("and 200 more of the same rule"), "{said:?}");
}

#[test]
fn what_does_not_compile_says_where() {
    let error = |text: &str| {
        let error = Module::compile(&Policy { text: text.to_owned(), ..policy("") }).unwrap_err();
        format!("{}:{}:{}: {}", error.file, error.line, error.column, error.message)
    };
    let head = "package seaworthy.s.c\nimport rego.v1\n";
    assert_eq!(
        error(&format!("{head}deny contains x if {{\n  x := \n}}")),
        "suites/s/c.rego:4:5: expecting `}` while parsing set"
    );
    let unbound = format!("{head}by[input.x] := y if {{\n  some y in [1]\n}}\ndeny := set()");
    assert_eq!(
        error(&unbound),
        "suites/s/c.rego:3:9: what stands in the brackets of a rule's name must be bound in its body: `[name]` and `name := ..`"
    );
    let out_of_reach =
        |call: &str| error(&format!("{head}deny contains x if {{\n  false\n  x := {call}\n}}"));
    assert_eq!(out_of_reach("nobody"), "suites/s/c.rego:5:8: Undefined variable: 'nobody'");
    assert_eq!(out_of_reach("f(1)"), "suites/s/c.rego:5:9: Unknown function: 'f'");
    // A tab is one character, and so is one of several bytes.
    let after = |before: &str| error(&format!("{head}deny contains x if {{\n{before}x := nobody }}"));
    assert_eq!(after("\t\t"), "suites/s/c.rego:4:8: Undefined variable: 'nobody'");
    assert_eq!(after("\"ä€\" != \"\"; "), "suites/s/c.rego:4:18: Undefined variable: 'nobody'");
    let other = error(&format!("{head}allow := 3"));
    assert_eq!(other, "suites/s/c.rego:0:0: the policy defines no rule `deny`");
    let odd = error(&"[".repeat(100_000));
    assert!(!odd.is_empty());
}

#[test]
fn a_suite_tells_what_does_not_compile_before_it_runs() {
    use model::suite::{CheckDefinition, Kind, Scope, Suite, SuiteOrigin};
    let check = |name: &str, kind| CheckDefinition {
        name: name.to_owned(),
        description: "d".to_owned(),
        scope: Scope::Fleet,
        severity: Severity::Error,
        timeout: Duration::from_secs(1),
        kind,
        digest: Digest::of(name),
    };
    let suite = Suite {
        name: "s".to_owned(),
        origin: SuiteOrigin::User,
        stage: Stage::Invariants,
        description: "d".to_owned(),
        checks: vec![
            check("tests", Kind::Expression),
            check("good", Kind::Policy(policy("deny := set()"))),
            check("bad", Kind::Policy(policy("deny contains x if { x := }"))),
        ],
    };
    let told: Vec<_> =
        broken_policies(&suite).iter().map(|error| format!("{}:{}", error.file, error.line)).collect();
    assert_eq!(told, ["suites/s/c.rego:5"]);
}

#[test]
fn nothing_in_a_policy_can_look_at_the_world() {
    for call in ["http.send({})", "opa.runtime()", "time.now_ns()", "uuid.rfc4122(\"\")"] {
        let compiled = Module::compile(&policy(&format!("deny contains {{\"message\": {call}}}")));
        let error = compiled.expect_err(call).message;
        assert!(error.starts_with("Unknown function"), "{call}: {error}");
    }
}

#[test]
fn nothing_in_a_policy_is_left_to_chance() {
    let chance = r#"deny contains {"message": "m"} if rand.intn("x", 10) < 11"#;
    broken(chance, &[check(Subject::Fleet)], "`rand.intn` is not there");
}

/// What the worker reports for these checks.
fn reports(rules: &str, checks: Vec<Check>) -> Vec<String> {
    let policies = BTreeMap::from([("seaworthy.s.c".to_owned(), policy(rules))]);
    let worker = PolicyWorker::new(policies, Arc::new(facts()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (reporter, mut reports) = Reporter::pair(JobId(0));
        worker.run(Job::new(JobId(0), checks), reporter).await;
        let mut said = Vec::new();
        while let Some(report) = reports.recv().await {
            let Said::Answer { verdict, .. } = &report.said else { panic!("no answer: {report:?}") };
            said.push(format!("{}: {}", report.check, words(verdict)));
        }
        said
    })
}

#[test]
fn findings_about_many_machines_take_linear_time() {
    let names: Vec<String> = (0..5_000).map(|number| format!("m{number}")).collect();
    let machines: serde_json::Map<_, _> =
        names.iter().map(|name| (name.clone(), json!({"tags": ["x"]}))).collect();
    let facts = Facts { document: json!({"machines": machines}), ..facts() };
    let document = Document::new(&facts);
    let checks = of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let checks: Vec<_> =
        checks.into_iter().map(|check| Check { limit: Duration::from_secs(60), ..check }).collect();
    let module = Module::compile(&policy(EACH_TAGGED)).unwrap();
    let verdicts = judge(&module, &checks, &Input::new(&document, &facts));
    assert_eq!(verdicts.len(), 5_000);
    for ((check, verdict), name) in verdicts.iter().zip(&names) {
        assert_eq!(check.0, format!("s::c::{name}"));
        assert_eq!(words(verdict), format!("{name} at  /machines/{name}/tags/0: tagged"));
    }
}

#[test]
fn the_worker_reports_each_check_once() {
    let said = reports(EACH_TAGGED, of(&["a", "b"]));
    assert_eq!(said, ["s::c::a: a at fleet.toml:3:1 /machines/a/tags/0: tagged", "s::c::b: pass"]);
}

#[test]
fn the_worker_breaks_what_it_cannot_ask() {
    let said = reports("deny contains x if {", of(&["a"]));
    assert!(said[0].starts_with("s::c::a: broken: the policy suites/s/c.rego went wrong"), "{said:?}");
    let mut check = check(Subject::Fleet);
    check.question = Question::Policy { package: "seaworthy.s.other".to_owned() };
    assert_eq!(reports("", vec![check]), ["s::c::fleet: broken: the plan holds no policy seaworthy.s.other"]);
}
