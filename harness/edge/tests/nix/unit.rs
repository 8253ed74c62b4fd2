//! nix-unit's semantics, each against a real nix.

use std::time::Duration;

use super::fixture::{Project, file, judge, judge_all, tests};
use edge::nix::unit::Outcome;
use model::{subject::Subject, verdict::Verdict};

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

#[tokio::test]
async fn names_decide_what_is_a_test_and_what_is_walked() {
    let pool = Project::tests(
        r#"{
            tests = { expr = 1; expected = 1; };
            testing = { expr = 1; expected = 1; };
            Test = { expr = 1; expected = 2; };
            aTest = { expr = 1; expected = 2; };
            notASet = 1;
            zone = { testZ = { expr = 1; expected = 1; }; };
            area = { deep = { testA = { expr = 1; expected = 1; }; }; };
            "with.dot" = { testD = { expr = 1; expected = 1; }; };
            drv = derivation { name = "x"; system = "x"; builder = "x"; } // { testNo = { expr = 1; expected = 2; }; };
        }"#,
    );
    let walked = pool.pool().await.walk(&tests(), Duration::from_secs(10)).await.unwrap();
    let paths: Vec<String> = walked.tests.iter().map(|path| path.join("/")).collect();
    assert_eq!(paths, ["area/deep/testA", "testing", "tests", "with.dot/testD", "zone/testZ"]);
    assert_eq!(walked.broken, []);
}

#[tokio::test]
async fn expected_wins_and_both_sides_are_forced_deeply() {
    let judged = Project::tests(
        r#"{
            testWins = { expr = 1; expected = 1; expectedError.type = "ThrownError"; };
            testDeepExpr = { expr = { a = [ (throw "deep") ]; }; expected = { a = [ 1 ]; }; };
            testDeepShared = let x = { a = throw "deep"; }; in { expr = [ x ]; expected = [ x ]; };
            testDeepFirst = { expr = { a = 1; b = throw "deep"; }; expected = { a = 2; b = 3; }; };
            testDeepExpected = { expr = 1; expected = { a = throw "deep"; }; };
            testDeepError = { expr = { a = [ (throw "deep") ]; }; expectedError.msg = "deep"; };
        }"#,
    )
    .judge()
    .await;
    judged.passes("testWins");
    judged.passes("testDeepError");
    judged.fails("testDeepExpr", "ThrownError: deep");
    judged.fails("testDeepShared", "ThrownError: deep");
    judged.fails("testDeepFirst", "ThrownError: deep");
    judged.fails("testDeepExpected", "ThrownError: deep");
}

#[tokio::test]
async fn tests_of_the_wrong_shape_fail() {
    let judged = Project::tests(
        r#"{
            testNoSet = 1;
            testNull = null;
            testNoExpr = { expected = 1; };
            testNeither = { expr = 1; };
            testNoErrorSet = { expr = 1; expectedError = 1; };
            testNoType = { expr = 1; expectedError = { type = 1; }; };
            testEmptyError = { expr = throw "x"; expectedError = { }; };
            testThrowing = throw "the test itself";
        }"#,
    )
    .judge()
    .await;
    judged.fails("testNoSet", "the test is no set but an integer");
    judged.fails("testNull", "the test is no set but null");
    judged.fails("testNoExpr", "the test has no `expr`");
    judged.fails("testNeither", "the test has neither `expected` nor `expectedError`");
    judged.fails("testNoErrorSet", "`expectedError` is no set");
    judged.fails("testNoType", "`expectedError.type` is no string");
    judged.fails("testEmptyError", "`expectedError` has neither `type` nor `msg`");
    judged.fails("testThrowing", "ThrownError: the test itself");
}

#[tokio::test]
async fn an_error_has_its_most_specific_class() {
    let judged = Project::tests(
        r#"let error = type: expr: { inherit expr; expectedError = { inherit type; }; }; in {
            testThrow = error "ThrownError" (throw "x");
            testAssert = error "AssertionError" (assert 1 == 2; 1);
            testAssertPlain = error "AssertionError" (assert false; 1);
            testAbort = error "Abort" (abort "x");
            testType = error "TypeError" ("a" + { });
            testCall = error "TypeError" (1 2);
            testArgument = error "TypeError" (({ a }: a) { });
            testGetAttr = error "TypeError" (builtins.getAttr "a" { });
            testSelect = error "EvalError" ({ }.a);
            testParse = error "ParseError" (import ./broken.nix);
            testUndefined = error "UndefinedVarError" (import ./undefined.nix);
            testRestricted = error "RestrictedPathError" (builtins.readFile /etc/passwd);
            testRecursion = error "EvalError" (let x = x; in x);
            testAdd = error "EvalError" (1 + "a");
            testDivide = error "EvalError" (1 / 0);
            testCompare = error "EvalError" (1 < "a");
            testThrowWithinThrow = error "ThrownError" (throw (throw "inner"));
            testTypeWithinThrow = error "TypeError" (throw { });
            testNotEval = error "EvalError" ("a" + { });
        }"#,
    )
    .with_file("broken.nix", "{ a = ")
    .with_file("undefined.nix", "{ }: nowhere")
    .judge()
    .await;
    for (path, outcome) in &judged.0 {
        if path != "testNotEval" {
            assert_eq!(outcome, &Outcome::Pass, "{path}");
        }
    }
    judged.fails("testNotEval", "an error of type EvalError was expected, but it is TypeError");
}

#[tokio::test]
async fn a_message_is_searched_for_the_pattern_without_colours_or_trace() {
    let judged = Project::tests(
        r#"let error = msg: expr: { inherit expr; expectedError = { inherit msg; }; }; in {
            testSearch = error "b+" (throw "abbc");
            testAnchors = error "^a.*c$" (throw "abbc");
            testValue = error "attribute 'gone' missing$" ({ }.gone);
            testLines = error "two\nthree" (throw "one\ntwo\nthree");
            testClass = error "[[:digit:]]{2}" (throw "x42");
            testBackReference = error "(a|b)\\1" (throw "xaa");
            testTrace = error "while calling" (throw "abbc");
            testPrefix = error "error:" (throw "abbc");
            testSuggestion = error "Did you mean" ({ abc = 1; }.abd);
            testBoth = { expr = throw "abbc"; expectedError = { type = "ThrownError"; msg = "bb"; }; };
            testEither = { expr = throw "abbc"; expectedError = { type = "ThrownError"; msg = "cc"; }; };
            testInvalid = error "(" (throw "abbc");
            testCalm = error "x" { a = 1; };
        }"#,
    )
    .judge()
    .await;
    for path in
        ["testSearch", "testAnchors", "testValue", "testLines", "testClass", "testBackReference", "testBoth"]
    {
        judged.passes(path);
    }
    for path in ["testTrace", "testPrefix", "testSuggestion", "testEither"] {
        judged.fails(path, "the error's message does not match");
    }
    judged.fails("testInvalid", "`expectedError.msg` cannot be used as a regular expression");
    let failure = judged.fails("testCalm", "an error was expected, but there was none");
    assert_eq!(failure.actual.as_deref(), Some("{\n  a = 1;\n}"));
}

#[tokio::test]
async fn values_are_shown_safely() {
    let judged = Project::tests(
        r#"{
            testAll = { expected = 0; expr = {
                path = ./flake.nix; function = x: x; drv = derivation { name = "thing"; system = "x"; builder = "x"; };
                float = 1.5; null = null; list = [ true [ ] { } ]; "odd name" = "a\"b\\c\${d}\t";
                lines = "one\ntwo ''\n";
            }; };
            testFunctions = { expr = x: x; expected = x: x; };
            testHuge = { expr = builtins.genList (x: x) 100000; expected = builtins.genList (x: if x == 77777 then -1 else x) 100000; };
            testLong = { expr = builtins.concatStringsSep "" (builtins.genList toString 20000) + "x"; expected = builtins.concatStringsSep "" (builtins.genList toString 20000) + "y"; };
            testCycle = { expr = let a = { inherit a; }; in a; expected = 1; };
        }"#,
    )
    .judge()
    .await;
    let shown = judged.failure("testAll").actual.clone().unwrap();
    for line in [
        "  function = «function»;",
        "  drv = «derivation thing»;",
        "  float = 1.5;",
        "  null = null;",
        r#"  "odd name" = "a\"b\\c\${d}\t";"#,
        "  lines = ''\n    one\n    two '''\n    '';",
        "  list = [\n    true\n    [ ]\n    { }\n  ];",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert!(shown.contains("/flake.nix;") && !shown.contains('\u{1b}'));
    assert!(judged.failure("testFunctions").help.is_some());
    let huge = judged.failure("testHuge");
    assert_eq!(huge.actual.as_deref(), Some("[\n  77777\n  # 99999 more, equal on both sides\n]"));
    assert_eq!(huge.expected.as_deref(), Some("[\n  -1\n  # 99999 more, equal on both sides\n]"));
    let long = judged.failure("testLong").actual.clone().unwrap();
    assert!(long.len() < 7000 && long.ends_with("19999x\""), "{}", long.len());
    assert!(judged.failure("testCycle").actual.as_ref().unwrap().len() < 10_000);
}

#[tokio::test]
async fn a_tree_is_a_check_of_its_own() {
    let whole = [Vec::new()];
    let limit = Duration::from_secs(10);
    let good = Project::tests("{ testA = { expr = 1; expected = 1; }; }");
    judge(&good.pool().await, &tests(), &whole, limit).await.passes("");
    let empty = Project::tests("{ a = 1; b = { }; }");
    judge(&empty.pool().await, &tests(), &whole, limit).await.fails("", "there is no test in .#tests");
    let broken = Project::tests("{ testA = { expr = 1; expected = 1; }; b = throw \"no\"; }");
    let judged = judge(&broken.pool().await, &tests(), &whole, limit).await;
    let failure = judged.fails("", "ThrownError: no");
    assert_eq!(failure.place.as_ref().unwrap().to_string(), "flake.nix:2:76");
    let verdict = judged.outcome("").clone().verdict("nix-unit/tests", &Subject::Fleet, &[]);
    let Verdict::Fail { findings } = verdict else { panic!("{verdict:?}") };
    assert_eq!(findings[0].pointer.as_deref(), Some("b"));
    let absent = Project::flake("{ other = 1; }");
    judge(&absent.pool().await, &tests(), &whole, limit)
        .await
        .fails("", "UndefinedVarError: undefined variable 'tests'");
}

#[tokio::test]
async fn files_are_called_and_may_be_impure() {
    let project = Project::with("tests/unit.nix", "{ lib ? import ./lib.nix }: { testLib = { expr = lib.one; expected = 1; }; testImpure = { expr = builtins ? currentSystem; expected = true; }; testFails = { expr = 1; expected = 2; }; }")
        .with_file("tests/lib.nix", "{ one = 1; }");
    let judged = judge_all(&project.pool().await, &file("tests/unit.nix"), Duration::from_secs(10)).await;
    judged.passes("testLib");
    judged.passes("testImpure");
    assert_eq!(judged.failure("testFails").place.as_ref().unwrap().to_string(), "tests/unit.nix:1:144");
}

#[tokio::test]
async fn files_of_run_tests_are_read_too() {
    let lib = "{ runTests = tests: builtins.filter (x: x != null) (builtins.attrValues (builtins.mapAttrs (name: test: if test.expr == test.expected then null else { inherit name; }) tests)); }";
    let body = "{ testGood = { expr = 1; expected = 1; }; testBad = { expr = 1; expected = 2; }; }";
    for (name, head) in [
        ("inherit", "let lib = import ./lib.nix; inherit (lib) runTests; in runTests"),
        ("select", "let lib = import ./lib.nix; in lib.runTests"),
        ("with", "with import ./lib.nix; runTests"),
        ("argument", "{ lib ? import ./lib.nix }: lib.runTests"),
    ] {
        let project = Project::with("tests.nix", &format!("{head} {body}")).with_file("lib.nix", lib);
        let judged = judge_all(&project.pool().await, &file("tests.nix"), Duration::from_secs(10)).await;
        assert_eq!(judged.0.len(), 2, "{name}");
        judged.passes("testGood");
        judged.fails("testBad", "the value is not");
    }
}
