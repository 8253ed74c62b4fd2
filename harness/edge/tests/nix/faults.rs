//! Every way that a test can go wrong, all in one tree: each is told apart, and the others are still judged.

use std::time::Duration;

use proptest::{
    strategy::{Strategy as _, ValueTree as _},
    test_runner::TestRunner,
};

use super::fixture::{Project, judge, judge_all, limits, tests};
use edge::nix::{pool::Limits, unit::Outcome};

/// Attribute, its value, and how the failure begins. The last may take the evaluator's life.
const FAULTS: &[(&str, &str, &str)] = &[
    ("testA00", "{ expr = 1; expected = 2; }", "the value is not the expected one"),
    ("testA01", "{ expr = throw \"x\"; expected = 1; }", "ThrownError: x"),
    ("testA02", "{ expr = assert 1 == 2; 1; expected = 1; }", "AssertionError: "),
    ("testA03", "{ expr = abort \"x\"; expected = 1; }", "Abort: evaluation aborted"),
    ("testA04", "{ expr = 1 + \"a\"; expected = 1; }", "EvalError: cannot add a string to an integer"),
    ("testA05", "{ expr = { }.missing; expected = 1; }", "EvalError: attribute 'missing' missing"),
    ("testA06", "{ expr = { }.a.b.c; expected = 1; }", "EvalError: attribute 'a' missing"),
    ("testA07", "{ expr = (x: x.y) 1; expected = 1; }", "TypeError: expected a set but found an integer: 1"),
    ("testA08", "{ expr = let x = x; in x; expected = 1; }", "EvalError: infinite recursion encountered"),
    (
        "testA09",
        "{ expr = let x = { a = x.a; }; in x; expected = 1; }",
        "EvalError: infinite recursion encountered",
    ),
    (
        "testA10",
        "{ expr = 1 2; expected = 1; }",
        "TypeError: attempt to call something which is not a function",
    ),
    (
        "testA11",
        "{ expr = ({ a }: a) { }; expected = 1; }",
        "TypeError: function 'anonymous lambda' called without",
    ),
    (
        "testA12",
        "{ expr = ({ }: 1) { b = 1; }; expected = 1; }",
        "TypeError: function 'anonymous lambda' called with",
    ),
    ("testA13", "{ expr = 1 / 0; expected = 1; }", "EvalError: division by zero"),
    ("testA14", "{ expr = builtins.head [ ]; expected = 1; }", "EvalError: "),
    ("testA15", "{ expr = builtins.elemAt [ 1 ] 5; expected = 1; }", "EvalError: "),
    (
        "testA16",
        "{ expr = if 1 then 1 else 2; expected = 1; }",
        "TypeError: expected a Boolean but found an integer",
    ),
    ("testA17", "{ expr = \"${1}\"; expected = 1; }", "TypeError: cannot coerce an integer to a string"),
    ("testA18", "{ expr = builtins.fromJSON \"{\"; expected = 1; }", ""),
    ("testA19", "{ expr = builtins.fromTOML \"=\"; expected = 1; }", ""),
    ("testA20", "{ expr = builtins.readFile ./absent; expected = 1; }", ""),
    ("testA21", "{ expr = import ./broken.nix; expected = 1; }", "ParseError: syntax error"),
    ("testA22", "{ expr = import ./absent.nix; expected = 1; }", ""),
    (
        "testA23",
        "{ expr = builtins.readFile /etc/passwd; expected = 1; }",
        "RestrictedPathError: access to absolute path",
    ),
    (
        "testA24",
        "{ expr = builtins.match \"(\" \"x\"; expected = 1; }",
        "EvalError: invalid regular expression",
    ),
    (
        "testA25",
        "{ expr = builtins.toJSON (x: x); expected = 1; }",
        "TypeError: cannot convert a function to JSON",
    ),
    ("testA26", "{ expr = (derivation { }).drvPath; expected = 1; }", ""),
    ("testA27", "{ expr = builtins.fetchTarball \"http://127.0.0.1:9/x\"; expected = 1; }", ""),
    ("testA28", "1", "the test is no set"),
    ("testA29", "throw \"the test itself\"", "ThrownError: the test itself"),
    ("testA30", "{ expr = let f = x: 1 + f (x + 1); in f 0; expected = 1; }", "Error: stack overflow"),
    (
        "testA31",
        "{ expr = builtins.foldl' (a: b: [ a b ]) [ ] (builtins.genList (x: x) 1000000); expected = 1; }",
        "",
    ),
    (
        "testA32",
        "{ expr = builtins.genList (x: 0) (-1); expected = 1; }",
        "EvalError: cannot create list of size -1",
    ),
    (
        "testA33",
        "{ expr = builtins.substring (-1) 1 \"a\"; expected = 1; }",
        "EvalError: negative start position",
    ),
    (
        "testZ0",
        "{ expr = builtins.length (builtins.genList (x: x) 1000000000); expected = 1; }",
        "OutOfMemory: ",
    ),
    (
        "testZ1",
        "{ expr = builtins.genList (x: builtins.genList (y: x + y) 10000) 100000; expected = 1; }",
        "OutOfMemory: ",
    ),
];

fn tree() -> String {
    let mut tree = "{\n".to_owned();
    for (index, (name, value, _)) in FAULTS.iter().enumerate() {
        tree.push_str(&format!(
            "{name} = {value};\n{name}After = {{ expr = {index}; expected = {index}; }};\n"
        ));
    }
    tree + "}"
}

#[tokio::test]
async fn each_fault_is_told_apart_and_ends_no_other_test() {
    let project = Project::tests(&tree()).with_file("broken.nix", "{ a = ");
    let pool = project.pool_with(Limits { memory: Some(400 << 20), ..limits() }).await;
    let judged = judge_all(&pool, &tests(), Duration::from_secs(30)).await;
    assert_eq!(judged.0.len(), 2 * FAULTS.len());
    for (name, _, message) in FAULTS {
        let failure = judged.fails(name, message);
        assert!(
            failure.place.as_ref().is_some_and(|place| place.file.ends_with(".nix")),
            "{name}: {failure:?}"
        );
        judged.passes(&format!("{name}After"));
    }
}

#[tokio::test]
async fn a_sibling_that_fails_breaks_its_own_path_only() {
    for (value, class) in [
        ("throw \"no\"", "ThrownError"),
        ("abort \"no\"", "Abort"),
        ("1 + \"a\"", "EvalError"),
        ("let x = x; in x", "EvalError"),
        ("let f = x: 1 + f (x + 1); in f 0", "Error"),
        ("let a = { inherit a; }; in a", "EvalError"),
        ("let a = { x = a; y = a; }; in a", "EvalError"),
    ] {
        let project = Project::tests(&format!(
            "{{ testA = {{ expr = 1; expected = 1; }}; b = {{ c = {value}; testB = testC; }}; d.testD = testC; testC = {{ expr = 1; expected = 1; }}; }}"
        ).replace("= testC;", "= { expr = 1; expected = 1; };"));
        let walked = project.pool().await.walk(&tests(), Duration::from_secs(10)).await.unwrap();
        let tests: Vec<String> = walked.tests.iter().map(|path| path.join(".")).collect();
        assert_eq!(tests, ["b.testB", "d.testD", "testA", "testC"], "{value}");
        assert!(!walked.broken.is_empty(), "{value}");
        for (path, error) in &walked.broken {
            assert_eq!(path[..2], ["b".to_owned(), "c".to_owned()], "{value}");
            assert_eq!(error.class, class, "{value}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_test_that_takes_too_long_is_timed_out_and_the_rest_judged() {
    let forever = "builtins.foldl' (a: x: builtins.foldl' (a: y: a + y) 0 (builtins.genList (y: y) 1000)) 0 (builtins.genList (x: x) 10000000)";
    let project = Project::tests(&format!(
        "{{ testA = {{ expr = 1; expected = 1; }}; testB = {{ expr = {forever}; expected = 1; }}; testC = {{ expr = 1; expected = 1; }}; }}"
    ));
    let limit = Duration::from_millis(1500);
    let judged = judge_all(&project.pool().await, &tests(), limit).await;
    judged.passes("testA");
    judged.passes("testC");
    assert_eq!(judged.outcome("testB"), &Outcome::TimedOut(limit));
}

/// The value `deep` is too deep only when it is reached from deep within; the failure sticks to it.
#[tokio::test]
async fn a_failure_that_stuck_to_a_shared_value_is_not_blamed_on_another_test() {
    let project = Project::tests(
        r#"let
            count = n: if n == 0 then 0 else 1 + count (n - 1);
            shared = count 6000;
            far = n: if n == 0 then shared else 1 + far (n - 1);
        in {
            testA = { expr = far 6000; expected = 12000; };
            testB = { expr = shared; expected = 6000; };
        }"#,
    );
    let pool = project.pool_with(Limits { confirmations: 0, ..limits() }).await;
    let judged = judge_all(&pool, &tests(), Duration::from_secs(10)).await;
    judged.fails("testA", "Error: stack overflow");
    judged.passes("testB");
}

#[tokio::test]
async fn names_may_hold_anything() {
    let names = [
        "plain",
        "dot.ted",
        "qu\\\"ote",
        "new\\nline",
        "tab\\t",
        "dollar\\${x}",
        "back\\\\slash",
        "ünïcode-λ",
        "in",
        "",
    ];
    let mut tree = "{\n".to_owned();
    for name in names {
        tree.push_str(&format!("\"{name}\".\"test{name}\" = {{ expr = 1; expected = 1; }};\n"));
    }
    tree.push_str("${builtins.fromJSON ''\"\\u0001\"''}.testControl = { expr = 1; expected = 1; }; }");
    let judged = Project::tests(&tree).judge().await;
    assert_eq!(judged.0.len(), names.len() + 1);
    assert!(judged.0.values().all(|outcome| *outcome == Outcome::Pass), "{judged:?}");
    let odd = Project::flake("{ \"my tests\".\"let\".testA = { expr = 1; expected = 2; }; }");
    let tree = model::fleet::TreeRef::Flake { attribute: vec!["my tests".to_owned(), "let".to_owned()] };
    judge_all(&odd.pool().await, &tree, Duration::from_secs(10)).await.fails("testA", "the value is not");
}

/// Names that nobody thought of, given to Nix by another way than ours.
#[tokio::test]
async fn any_name_is_reached() {
    let mut runner = TestRunner::deterministic();
    let names = proptest::collection::btree_set("[^\0]{0,12}", 80).new_tree(&mut runner).unwrap().current();
    let project = Project::tests(
        "let test = name: { inherit name; value.\"test${name}\" = { expr = name; expected = name; }; };
         in builtins.listToAttrs (map test (builtins.fromJSON (builtins.readFile ./names.json)))",
    )
    .with_file("names.json", &serde_json::to_string(&names).unwrap());
    let judged = project.judge().await;
    // What is called `test...` is a test itself, and of no good shape.
    let tests = names.iter().filter(|name| !name.starts_with("test"));
    assert_eq!(judged.0.len(), names.len());
    for name in tests {
        judged.passes(&format!("{name}.test{name}"));
    }
}

#[tokio::test]
async fn what_a_test_prints_is_not_taken_for_an_answer() {
    let judged = Project::tests(
        r#"{
            testA = { expr = builtins.trace "N0 done 0 pass " 1; expected = 2; };
            testB = { expr = builtins.trace (builtins.concatStringsSep "" (builtins.genList (x: "0123456789") 1000000)) 1; expected = 1; };
            testC = { expr = builtins.trace "error: \n@nix {\"action\":\"msg\"}" 1; expected = 1; };
            testD = { expr = throw "@nix {}\n${builtins.concatStringsSep "\n" (builtins.genList (x: "line") 10000)}"; expected = 1; };
        }"#,
    )
    .judge()
    .await;
    judged.fails("testA", "the value is not the expected one");
    judged.passes("testB");
    judged.passes("testC");
    judged.fails("testD", "ThrownError: @nix {}\nline");
}

#[tokio::test]
async fn paths_that_are_not_there_fail_by_themselves() {
    let project = Project::tests("{ a.testA = { expr = 1; expected = 1; }; }");
    let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let paths = [
        path(&["a", "testGone"]),
        path(&["a", "testA"]),
        path(&["gone", "testA"]),
        path(&["a", "testA", "testB"]),
    ];
    let judged = judge(&project.pool().await, &tests(), &paths, Duration::from_secs(10)).await;
    judged.fails("a.testGone", "EvalError: attribute 'testGone' missing");
    judged.passes("a.testA");
    judged.fails("gone.testA", "EvalError: attribute 'gone' missing");
    judged.fails("a.testA.testB", "EvalError: attribute 'testB' missing");
}
