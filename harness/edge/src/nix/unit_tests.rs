//! What each kind of answer says about a test.

use std::path::Path;

use super::{super::complaint::Frame, *};

fn answer(notes: &[(&str, &str)], end: End) -> Answer {
    let notes = notes.iter().map(|(kind, text)| ((*kind).to_owned(), (*text).to_owned())).collect();
    Answer { notes, end }
}

fn done(kind: &str) -> End {
    End::Done(kind.to_owned(), "words".to_owned())
}

fn thrown(message: &str) -> End {
    let frame = Frame { text: "while calling the 'throw' builtin".to_owned(), at: None };
    End::Error(Complaint { frames: vec![frame], ..Complaint::plain(message) })
}

fn judged(answer: &Answer) -> Outcome {
    let project = Project::open(Path::new("/")).unwrap();
    outcome(answer, &project, Duration::from_secs(1))
}

#[track_caller]
fn failure(answer: &Answer) -> Failure {
    match judged(answer) {
        Outcome::Fail(failures) => failures.into_iter().next().unwrap(),
        other => panic!("no failure but {other:?}"),
    }
}

#[test]
fn a_pass_is_a_pass_and_a_late_answer_none() {
    assert_eq!(judged(&answer(&[], done("pass"))), Outcome::Pass);
    assert_eq!(judged(&answer(&[], End::Late)), Outcome::TimedOut(Duration::from_secs(1)));
    assert!(matches!(judged(&answer(&[], done("odd"))), Outcome::Broken(_)));
}

#[test]
fn values_that_differ_are_shown() {
    let failure =
        failure(&answer(&[("at", "3 5 /f.nix"), ("expected", "1"), ("actual", "2")], done("differ")));
    assert_eq!((failure.expected.as_deref(), failure.actual.as_deref()), (Some("1"), Some("2")));
    assert_eq!(failure.place, Some(Place::new("f.nix", 3, 5)));
    assert_eq!(failure.help, None);
}

#[test]
fn values_that_look_alike_are_explained() {
    let failure = failure(&answer(&[("expected", "«function»"), ("actual", "«function»")], done("differ")));
    assert!(failure.help.is_some());
}

#[test]
fn an_error_that_nobody_expected_fails() {
    let failure = failure(&answer(&[("caught", "")], thrown("no")));
    assert_eq!(failure.message, "ThrownError: no");
}

#[test]
fn an_expected_error_passes_only_with_its_type_and_message() {
    let with =
        |class, pattern| answer(&[("type", class), ("msg", pattern), ("caught", "")], thrown("a message"));
    assert_eq!(judged(&with("ThrownError", "mess")), Outcome::Pass);
    assert_eq!(judged(&with("ThrownError", "")), Outcome::Pass);
    assert_eq!(judged(&with("", "^a.*e$")), Outcome::Pass);
    assert!(
        failure(&with("EvalError", "mess"))
            .message
            .contains("type EvalError was expected, but it is ThrownError")
    );
    assert_eq!(failure(&with("", "massage")).message, "the error's message does not match");
    assert_eq!(failure(&with("", "massage")).actual.as_deref(), Some("ThrownError: a message"));
    assert!(failure(&with("", "(")).message.contains("regular expression"));
}

#[test]
fn calm_where_an_error_was_expected_fails() {
    let failure = failure(&answer(&[("type", "Abort"), ("msg", "x"), ("actual", "1")], done("calm")));
    assert_eq!(
        (failure.expected.as_deref(), failure.actual.as_deref()),
        (Some("Abort matching /x/"), Some("1"))
    );
}

#[test]
fn an_evaluator_that_the_test_kills_fails_and_one_that_another_kills_is_broken() {
    let death = |signal, words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        answer(&[], End::Died(Death { code: None, signal, words }))
    };
    let message = |answer| failure(&answer).message;
    assert!(message(death(Some(11), &["error: stack overflow"])).starts_with("StackOverflow: "));
    assert!(message(death(Some(6), &["Out of Memory"])).starts_with("OutOfMemory: "));
    assert!(message(death(Some(6), &[])).starts_with("Crash: "));
    assert!(matches!(judged(&death(Some(9), &[])), Outcome::Broken(_)));
    assert!(matches!(judged(&death(None, &[])), Outcome::Broken(_)));
}

#[test]
fn a_finding_names_the_tests_path() {
    let path = ["a".to_owned(), "b.c".to_owned()];
    let verdict = Outcome::Fail(vec![Failure::new("no")]).verdict("nix-unit/tests", &Subject::Fleet, &path);
    let findings = verdict.findings();
    assert_eq!(findings[0].pointer.as_deref(), Some("a.\"b.c\""));
    assert_eq!((findings[0].rule.as_str(), &findings[0].subject), ("nix-unit/tests", &Subject::Fleet));
}
