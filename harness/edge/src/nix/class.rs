//! The class of an error, which the evaluator never tells.
//!
//! Flows in: a [`Complaint`] and whether `tryEval` [caught](Caught) it. Flows out: nix-unit's name of the class.
//! Must not: read messages for anything else.
//!
//! Source: the `MakeError` lines and the messages in Nix `src/libexpr` at 2.18 and 2.34, and `errorToString` in nix-unit
//! `src/nix-unit.cc`. The name is that of the most specific class that nix-unit knows; a `TypeError` is no `EvalError`.

use super::complaint::Complaint;

/// Whether `tryEval` caught an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caught {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// It was not tried.
    Untried,
}

/// The class of an error.
pub(crate) fn class(complaint: &Complaint, caught: Caught) -> &'static str {
    // tryEval catches these two only, and `throw` leaves its own frame, as the innermost.
    let thrown =
        complaint.frames.first().is_some_and(|frame| frame.text == "while calling the 'throw' builtin");
    match caught {
        Caught::Yes if thrown => "ThrownError",
        Caught::Yes => "AssertionError",
        // An error while the message is put together may look the same, but has a position of its own.
        Caught::Untried if thrown && complaint.at.is_none() => "ThrownError",
        Caught::Untried if is_assertion(&complaint.message) => "AssertionError",
        Caught::No | Caught::Untried => class_by_message(complaint),
    }
}

fn is_assertion(message: &str) -> bool {
    message.starts_with("assertion '") && message.ends_with("' failed")
}

fn class_by_message(complaint: &Complaint) -> &'static str {
    let message = complaint.message.as_str();
    let starts = |starts: &[&str]| starts.iter().any(|start| message.starts_with(start));
    if starts(&["evaluation aborted with the following error message: '"]) {
        "Abort"
    } else if starts(&["undefined variable '"]) {
        "UndefinedVarError"
    } else if starts(&["cannot evaluate a function that has an argument without a value ("]) {
        "MissingArgumentError"
    } else if message.starts_with("out of memory") || message.contains("std::bad_alloc") {
        // The evaluator has no class for it: it is C++'s own.
        "OutOfMemory"
    } else if is_restricted_path(message) {
        "RestrictedPathError"
    } else if is_type_error(message) || is_missing_in_builtin(complaint) {
        "TypeError"
    } else if starts(PARSE_ERRORS) || is_redefinition(message) {
        "ParseError"
    } else if starts(OTHER_ERRORS) {
        "Error"
    } else {
        "EvalError"
    }
}

fn is_restricted_path(message: &str) -> bool {
    let mode = ["pure evaluation mode", "restricted mode"].iter().any(|mode| message.contains(mode));
    message.starts_with("access to ") && message.contains("is forbidden") && mode
}

fn is_type_error(message: &str) -> bool {
    let one_of = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let starts = |start| message.starts_with(start);
    (starts("expected a") && message.contains(" but found "))
        || (starts("value is ") && message.contains(" while ") && message.contains(" was expected"))
        || (starts("function '")
            && one_of(&["' called without required argument", "' called with unexpected argument"]))
        || starts("attempt to call something which is not a function but ")
        || (starts("cannot coerce ") && message.contains(" to a string"))
        || (starts("cannot convert ") && message.contains(" to JSON"))
        || starts("`__toString` should return a string")
        || starts("`__toString` must return a string")
        || starts("'functionArgs' requires a function")
        || starts("derivation name missing")
        || (message.contains("argument '")
            && message.ends_with(" while a string, Boolean or integer is expected"))
}

/// A selection `a.b` that fails is an `EvalError` and has a position; `builtins.getAttr` and the like give none.
fn is_missing_in_builtin(complaint: &Complaint) -> bool {
    let message = complaint.message.as_str();
    complaint.at.is_none() && message.starts_with("attribute '") && message.ends_with("' missing")
}

/// `ParseError`s of the parser.
const PARSE_ERRORS: &[&str] = &[
    "syntax error, ",
    "dynamic attributes not allowed in ",
    "duplicate formal function argument '",
    "path has a trailing slash",
    "URL literals are disabled",
    "invalid integer '",
    "invalid float '",
    "unterminated ",
];

fn is_redefinition(message: &str) -> bool {
    message.starts_with("attribute '") && message.contains("' already defined at ")
}

/// Errors that are no `EvalError`, because they depend on the world.
const OTHER_ERRORS: &[&str] = &[
    "stack overflow",
    "opening file '",
    "getting status of ",
    "path '/",
    "cannot import '",
    "cannot build '",
    "build of '",
    "reading directory ",
    "unable to download ",
    "cannot fetch ",
    "hash mismatch ",
];

#[cfg(test)]
mod tests {
    use super::{
        super::complaint::{Frame, Spot},
        *,
    };

    #[track_caller]
    fn check(message: &str, expected: &str) {
        assert_eq!(class(&Complaint::plain(message), Caught::No), expected, "{message}");
    }

    #[test]
    fn messages_of_either_age_have_their_class() {
        check("expected a set but found an integer: 1", "TypeError");
        check("expected an integer but found a string: \"a\"", "TypeError");
        check("value is a string while a set was expected", "TypeError");
        check("function 'f' called without required argument 'x'", "TypeError");
        check("attempt to call something which is not a function but a set", "TypeError");
        check("cannot coerce a function to a string: «lambda»", "TypeError");
        check("evaluation aborted with the following error message: 'x'", "Abort");
        check("undefined variable 'x'", "UndefinedVarError");
        check(
            "access to absolute path '/etc' is forbidden in pure evaluation mode (use '--impure' to override)",
            "RestrictedPathError",
        );
        check("syntax error, unexpected end of file", "ParseError");
        check("attribute 'x' already defined at /f.nix:1:2", "ParseError");
    }

    #[test]
    fn the_rest_are_eval_errors() {
        check("infinite recursion encountered", "EvalError");
        check("cannot add a string to an integer", "EvalError");
        check("division by zero", "EvalError");
        check("cannot compare a string with an integer; values of that type are incomparable", "EvalError");
    }

    #[test]
    fn a_missing_attribute_is_an_eval_error_where_it_was_selected() {
        let mut complaint = Complaint::plain("attribute 'x' missing");
        assert_eq!(class(&complaint, Caught::No), "TypeError");
        complaint.at = Spot::of_name("/f.nix:1:2");
        assert_eq!(class(&complaint, Caught::No), "EvalError");
    }

    #[test]
    fn errors_of_the_world_are_no_eval_errors() {
        check("stack overflow; max-call-depth exceeded", "Error");
        check("path '/nix/store/x' does not exist", "Error");
        check("out of memory", "OutOfMemory");
    }

    #[test]
    fn what_is_caught_was_thrown_or_asserted() {
        let frame = |text: &str| Frame { text: text.to_owned(), at: None };
        let thrown =
            Complaint { frames: vec![frame("while calling the 'throw' builtin")], ..Complaint::plain("x") };
        assert_eq!(class(&thrown, Caught::Yes), "ThrownError");
        assert_eq!(class(&thrown, Caught::No), "EvalError");
        assert_eq!(class(&thrown, Caught::Untried), "ThrownError");
        assert_eq!(class(&Complaint::plain("assertion 'x' failed"), Caught::Untried), "AssertionError");
        let asserted = Complaint {
            frames: vec![frame("while evaluating"), frame("while calling the 'throw' builtin")],
            ..Complaint::plain("assertion 'x' failed")
        };
        assert_eq!(class(&asserted, Caught::Yes), "AssertionError");
    }
}
