//! What loads as a suite, and everything that does not, each problem at its line.

use model::suite::{Part, SuiteOrigin};

use super::*;

const MANIFEST: &str = r#"stage = "invariants"
description = "Names are names."

[[checks]]
name = "host-name"
file = "host-name.rego"
description = "A deploy reaches another host."
scope = "machine"
severity = "warning"
timeout = "1m 30s"
needs = ["machines"]
"#;
const REGO: &str = "# Why.\npackage seaworthy.names.host_name\n\nimport rego.v1\n";
const FINDINGS: &str = r#"[{"rule": "names/host-name", "subject": "a", "pointer": "/machines/a"}]"#;

/// The files of a suite that loads.
fn files() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        ("suite.toml", MANIFEST),
        ("host-name.rego", REGO),
        ("README.md", "# Names"),
        ("cases/good-one/facts.json", "{}"),
        ("cases/bad-other/facts.json", "{}"),
        ("cases/bad-other/findings.json", FINDINGS),
    ])
}

fn load_files(files: &BTreeMap<&str, &str>) -> Result<(Suite, Vec<Case>), Vec<Diagnostic>> {
    let files: Vec<_> = files.iter().map(|(path, text)| (*path, *text)).collect();
    load_with_cases("names", SuiteOrigin::User, &files)
}

/// The suite does not load, for exactly these reasons.
#[track_caller]
fn refused(change: impl FnOnce(&mut BTreeMap<&'static str, &'static str>), expected: &[&str]) {
    let mut files = files();
    change(&mut files);
    let problems = load_files(&files).expect_err("a suite with a problem must not load");
    let shown: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_whole_suite_loads() {
    let (suite, cases) = load_files(&files()).unwrap();
    assert_eq!((suite.name.as_str(), suite.stage), ("names", model::stage::Stage::Invariants));
    let check = &suite.checks[0];
    assert_eq!(check.timeout, std::time::Duration::from_secs(90));
    assert_eq!(check.severity, model::suite::Severity::Warning);
    let model::suite::Kind::Policy(policy) = &check.kind else { panic!("a policy") };
    assert_eq!(policy.file, "seaworthy/suites/names/host-name.rego");
    assert_eq!(policy.package, "seaworthy.names.host_name");
    assert_eq!(policy.needs, [Part::Machines].into());
    let names: Vec<_> = cases.iter().map(|case| (case.name.as_str(), case.findings.len())).collect();
    assert_eq!(names, [("bad-other", 1), ("good-one", 0)]);
}

#[test]
fn a_check_of_a_guest_is_asked_of_each_machine_and_may_run_commands() {
    let manifest = MANIFEST
        .replace("scope = \"machine\"", "kind = \"vm\"")
        .replace("needs = [\"machines\"]", "needs = [\"guest\"]\ncommands = { http = \"curl localhost\" }");
    let mut files = files();
    let manifest: &'static str = manifest.leak();
    files.insert("suite.toml", manifest);
    let check = load_files(&files).unwrap().0.checks.remove(0);
    assert_eq!(check.scope, model::suite::Scope::Machine);
    let model::suite::Kind::Guest(policy) = check.kind else { panic!("a policy of a guest") };
    assert_eq!(policy.needs, [Part::Boot, Part::Guest].into());
    assert_eq!(policy.commands, [("http".to_owned(), "curl localhost".to_owned())].into());
}

#[test]
fn only_a_check_of_a_guest_has_one() {
    let place = "seaworthy/suites/names/suite.toml:4:1";
    let refuses = |needs: &str| {
        let manifest: &'static str = MANIFEST.replace("needs = [\"machines\"]", needs).leak();
        refused(
            |files| _ = files.insert("suite.toml", manifest),
            &[&format!(
                "{place}: error[no-guest]: only a check of kind `vm` has a guest, asks and commands (say `kind = \"vm\"`)"
            )],
        );
    };
    refuses("needs = [\"guest\"]");
    refuses("commands = { http = \"curl localhost\" }");
}

#[test]
fn the_digest_follows_the_policy_and_not_the_words_around_it() {
    let digest = |change: fn(&mut BTreeMap<&'static str, &'static str>)| {
        let mut files = files();
        change(&mut files);
        load_files(&files).unwrap().0.checks[0].digest
    };
    let as_it_is = digest(|_| ());
    assert_ne!(
        as_it_is,
        digest(|files| _ = files.insert("host-name.rego", "package seaworthy.names.host_name\n"))
    );
    assert_eq!(as_it_is, digest(|files| _ = files.insert("README.md", "other")));
}

#[test]
fn a_check_without_a_bad_case_is_refused() {
    refused(
        |files| files.retain(|path, _| !path.starts_with("cases/bad-")),
        &[
            "seaworthy/suites/names/suite.toml:5:8: error[no-bad-case]: no bad case turns `host-name` red: a check that \
           has never failed proves nothing (add cases/bad-.../findings.json with \"rule\": \"names/host-name\")",
        ],
    );
}

#[test]
fn a_case_that_proves_nothing_is_refused() {
    refused(
        |files| {
            files.insert("cases/bad-other/findings.json", "[]");
            files.insert("cases/good-one/findings.json", FINDINGS);
            files.insert("cases/odd/facts.json", "{\n 1}");
            files.insert("cases/good-one/notes.txt", "");
            files.insert("cases/good-none/findings.json", "[]");
        },
        &[
            "seaworthy/suites/names/cases/bad-other/findings.json: error[case-findings]: a bad case must give findings",
            "seaworthy/suites/names/cases/good-none/: error[case-input]: a case has either facts.json, tests.nix or round.json",
            "seaworthy/suites/names/cases/good-one/findings.json: error[case-findings]: a good case gives no findings",
            "seaworthy/suites/names/cases/good-one/notes.txt: error[stray-file]: a case has facts.json, tests.nix or round.json, \
             and findings.json; nothing reads this file",
            "seaworthy/suites/names/cases/odd/: error[case-name]: \"odd\" cannot name a case: it starts with `good-` \
             or `bad-`",
            "seaworthy/suites/names/cases/odd/facts.json:2:2: error[syntax]: key must be a string at line 2 column 2",
        ],
    );
}

#[test]
fn every_problem_of_the_manifest_is_told_at_once() {
    const BROKEN: &str = r#"stage = "invariant"
descriptoin = "Names are names."
description = 3

[[checks]]
name = "host-name"
file = "host-name.rego"
description = "  "
scope = "machines"
timeout = "-1s"
needs = ["machine"]

[[checks]]
name = "Other"
description = "d"
file = "other.rego"
"#;
    refused(
        |files| _ = files.insert("suite.toml", BROKEN),
        &[
            "seaworthy/suites/names/suite.toml:1:9: error[unknown-word]: `stage` is one of expressions, invariants, \
             secrets, build, boot, activation, mesh, budgets, not \"invariant\" (did you mean `invariants`?)",
            "seaworthy/suites/names/suite.toml:2:1: error[unknown-key]: no key is called `descriptoin` here (did you \
             mean `description`?)",
            "seaworthy/suites/names/suite.toml:3:15: error[wrong-type]: `description` must be a text",
            "seaworthy/suites/names/suite.toml:8:15: error[wrong-type]: `description` must be a text that says \
             something",
            "seaworthy/suites/names/suite.toml:9:9: error[unknown-word]: `scope` is one of fleet, machine, not \
             \"machines\" (did you mean `machine`?)",
            "seaworthy/suites/names/suite.toml:10:11: error[timeout]: `timeout` is a time of up to an hour such as \
             \"10s\", not \"-1s\"",
            "seaworthy/suites/names/suite.toml:11:10: error[unknown-word]: `needs` is one of inventory, machines, \
             modules, source, vars, guest, asks, not \"machine\" (did you mean `machines`?)",
            "seaworthy/suites/names/suite.toml:14:8: error[check-name]: a check's name is lower-case letters, digits \
             and hyphens",
            "seaworthy/suites/names/suite.toml:16:8: error[no-such-file]: the suite has no file other.rego",
        ],
    );
}

#[test]
fn a_policy_of_another_package_is_refused() {
    refused(
        |files| _ = files.insert("host-name.rego", "package main\n"),
        &["seaworthy/suites/names/suite.toml:6:8: error[package]: host-name.rego must declare `package \
           seaworthy.names.host_name`"],
    );
}

#[test]
fn what_is_no_toml_says_where() {
    refused(
        |files| _ = files.insert("suite.toml", "stage = \n"),
        &[
            "seaworthy/suites/names/suite.toml:1:9: error[syntax]: this is not TOML: string values must be quoted, \
           expected literal string",
        ],
    );
    refused(
        |files| _ = files.remove("suite.toml"),
        &["seaworthy/suites/names/suite.toml: error[no-suite-toml]: the suite has no suite.toml"],
    );
}
