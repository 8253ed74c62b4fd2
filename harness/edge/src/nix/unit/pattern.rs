//! `expectedError.msg`: an ECMAScript regular expression, as C++ understands it.
//!
//! Flows in: pattern and message. Flows out: whether it matches anywhere. Must not: take longer than [`LIMIT`].
//!
//! nix-unit uses `std::regex`, whose default grammar is ECMAScript's with POSIX classes added
//! (<https://en.cppreference.com/w/cpp/regex/ecmascript>). The crate regress speaks ECMAScript's, back references and
//! lookahead included, which the crate regex does not; POSIX classes are written out first. Like `std::regex` it
//! backtracks, so that a pattern can be made to take exponential time: hence the limit.

use std::{sync::mpsc, time::Duration};

use regress::Regex;

/// Far more than any sensible pattern takes.
const LIMIT: Duration = Duration::from_secs(1);

/// Whether the pattern matches somewhere in the message, or why it cannot be used.
pub(crate) fn matches(pattern: &str, message: &str) -> Result<bool, String> {
    let regex = Regex::new(&without_posix_classes(pattern)).map_err(|error| error.text)?;
    let message = message.to_owned();
    let (sender, answer) = mpsc::channel();
    // A match cannot be stopped. If it takes too long, its thread is left behind, and ends with us at the latest.
    let search = move || {
        // Nobody may be waiting any more.
        let _ = sender.send(regex.find(&message).is_some());
    };
    std::thread::Builder::new().spawn(search).map_err(|error| error.to_string())?;
    answer.recv_timeout(LIMIT).map_err(|_| format!("it takes longer than {} s", LIMIT.as_secs()))
}

const CLASSES: [(&str, &str); 13] = [
    ("[:alnum:]", "0-9A-Za-z"),
    ("[:alpha:]", "A-Za-z"),
    ("[:blank:]", " \\t"),
    ("[:cntrl:]", "\\x00-\\x1f\\x7f"),
    ("[:digit:]", "0-9"),
    ("[:graph:]", "!-~"),
    ("[:lower:]", "a-z"),
    ("[:print:]", " -~"),
    ("[:punct:]", "!-\\/:-@\\[-`{-~"),
    ("[:space:]", "\\s"),
    ("[:upper:]", "A-Z"),
    ("[:xdigit:]", "0-9A-Fa-f"),
    ("[:w:]", "\\w"),
];

/// Writes `[[:digit:]-]` as `[0-9-]`.
fn without_posix_classes(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut inside = false;
    while let Some(c) = rest.chars().next() {
        if inside && let Some((class, plain)) = CLASSES.iter().find(|(class, _)| rest.starts_with(class)) {
            written.push_str(plain);
            rest = rest.get(class.len()..).unwrap_or_default();
            continue;
        }
        let escaped = if c == '\\' { rest.chars().nth(1) } else { None };
        inside = match c {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        written.push(c);
        written.extend(escaped);
        rest = rest.get(c.len_utf8() + escaped.map_or(0, char::len_utf8)..).unwrap_or_default();
    }
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(pattern: &str, message: &str, expected: bool) {
        assert_eq!(matches(pattern, message), Ok(expected), "{pattern} on {message}");
    }

    #[test]
    fn a_pattern_is_not_anchored() {
        check("b+", "abbc", true);
        check("^b", "abbc", false);
        check("^a.*c$", "abbc", true);
        check("", "abbc", true);
    }

    #[test]
    fn a_line_end_is_no_dot_and_no_anchor() {
        check("a.b", "a\nb", false);
        check("^b", "a\nb", false);
        check("a[\\s\\S]b", "a\nb", true);
    }

    #[test]
    fn it_is_the_grammar_of_ecmascript() {
        check(r"(a|b)\1", "xaax", true);
        check(r"a(?=b)", "ab", true);
        check(r"a(?!b)", "ab", false);
        check(r"\bword\b", "a word.", true);
        check(r"\d{2,3}", "x42", true);
    }

    #[test]
    fn posix_classes_are_known_within_brackets() {
        check("^[[:alpha:]]+[[:digit:]_-]$", "abc-", true);
        check("[[:space:]]", "ab", false);
        check(r"[\]]", "]", true);
        check("[:alpha:]", ":", true);
    }

    #[test]
    fn a_pattern_that_would_take_forever_is_given_up() {
        assert!(matches("^(a+)+$", &format!("{}b", "a".repeat(60))).unwrap_err().contains("longer than"));
    }

    #[test]
    fn what_is_no_pattern_says_so() {
        assert!(matches("(", "x").is_err());
        assert!(matches("*", "x").is_err());
    }

    proptest! {
        #[test]
        fn no_pattern_panics(pattern in ".{0,40}", message in ".{0,80}") {
            let _ = matches(&pattern, &message);
        }
    }
}
