//! How lines of the log become answers, and cases lines.

use proptest::prelude::*;

use super::*;

fn note(number: usize, kind: &str) -> Said {
    Said::Note { number, kind: kind.to_owned(), text: "t".to_owned() }
}

fn done(number: usize) -> Said {
    Said::Done { number, kind: "pass".to_owned(), text: String::new() }
}

fn error(message: &str) -> Said {
    Said::Error(Complaint::plain(message))
}

fn answers(said: Vec<Said>, upto: usize) -> (Vec<(usize, End)>, bool) {
    let mut hearing = Hearing::default();
    let mut answers = Vec::new();
    for said in said {
        match hearing.hear(said, upto) {
            Heard::Nothing => {}
            Heard::Answer(number, answer) => answers.push((number, answer.end)),
            Heard::Over(failed) => {
                answers.extend(failed.map(|(number, answer)| (number, answer.end)));
                return (answers, true);
            }
        }
    }
    (answers, false)
}

fn passed() -> End {
    End::Done("pass".to_owned(), String::new())
}

#[test]
fn a_line_without_errors_answers_all_of_its_cases() {
    let (answers, over) = answers(vec![note(0, "at"), done(0), note(1, "at"), done(1), Said::End], 2);
    assert_eq!(answers, [(0, passed()), (1, passed())]);
    assert!(over);
}

#[test]
fn an_error_belongs_to_the_case_that_was_open() {
    let (answers, _) = answers(vec![done(0), note(1, "at"), error("no"), Said::End], 3);
    assert_eq!(answers, [(0, passed()), (1, End::Error(Complaint::plain("no")))]);
}

#[test]
fn of_several_errors_the_last_one_ended_the_line() {
    let (answers, _) = answers(vec![error("a build failed"), error("no"), Said::End], 1);
    assert_eq!(answers, [(0, End::Error(Complaint::plain("no")))]);
}

#[test]
fn an_error_that_is_only_logged_ends_nothing() {
    let (answers, _) = answers(vec![error("logged"), done(0), done(1), Said::End], 2);
    assert_eq!(answers, [(0, passed()), (1, passed())]);
}

#[test]
fn a_line_that_ends_without_a_word_is_no_answer() {
    let (answers, _) = answers(vec![Said::End], 1);
    assert!(matches!(answers.as_slice(), [(0, End::Died(_))]), "{answers:?}");
}

#[test]
fn notes_belong_to_their_case() {
    let mut hearing = Hearing::default();
    hearing.hear(note(0, "at"), 2);
    hearing.hear(note(7, "stray"), 2);
    let Heard::Answer(0, first) = hearing.hear(done(0), 2) else { panic!("no answer") };
    assert_eq!((first.note("at"), first.note("stray")), (Some("t"), None));
    let Heard::Answer(1, second) = hearing.hear(done(1), 2) else { panic!("no answer") };
    assert_eq!(second.notes, []);
}

fn request(cases: Vec<String>) -> Request {
    Request { ask: "judge", subject: "s".to_owned(), given: None, cases, limit: Duration::from_secs(1) }
}

#[test]
fn a_line_holds_as_many_cases_as_fit() {
    let request = request(vec!["\"a\"".to_owned(), "\"b\"".to_owned()]);
    let expected = "__seaworthy.run __seaworthy.judge (s) [ [ 0 \"a\" ] [ 1 \"b\" ] ]";
    assert_eq!(line(&request, 0), (expected.to_owned(), 2));
    assert_eq!(line(&request, 1).1, 2);
}

#[test]
fn nonces_differ() {
    assert_ne!(nonce(), nonce());
}

proptest! {
    #[test]
    fn every_case_gets_on_a_line(lengths in proptest::collection::vec(0_usize..9000, 1..50)) {
        let request = request(lengths.iter().map(|length| "x".repeat(*length)).collect());
        let mut open = 0;
        while open < request.cases.len() {
            let (line, upto) = line(&request, open);
            prop_assert!(upto > open);
            prop_assert!(line.len() < LONGEST_REQUEST + 100 || upto == open + 1);
            open = upto;
        }
        prop_assert_eq!(open, request.cases.len());
    }

    #[test]
    fn whatever_is_said_no_case_is_answered_twice(said in proptest::collection::vec((0_usize..4, 0_usize..5), 0..40)) {
        let mut hearing = Hearing::default();
        let mut answered = Vec::new();
        for (verb, number) in said {
            let said = match verb { 0 => note(number, "x"), 1 => done(number), 2 => error("e"), _ => Said::End };
            match hearing.hear(said, 4) {
                Heard::Answer(number, _) | Heard::Over(Some((number, _))) => answered.push(number),
                Heard::Nothing | Heard::Over(None) => {}
            }
        }
        prop_assert_eq!(&answered, &(0..answered.len()).collect::<Vec<_>>());
    }
}
