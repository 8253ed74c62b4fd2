//! The text of others made safe to show: names, messages and traces come from the user's files and from tools.
//!
//! In: any text. Out: the same without anything that could move a cursor, change a colour or reorder what is read, and no
//! longer than a reader can use. It must not know what the text is shown on.

use std::borrow::Cow;

/// One line of text: line breaks are shown as such.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if text.chars().any(hostile) {
        Cow::Owned(text.chars().fold(String::new(), shown))
    } else {
        Cow::Borrowed(text)
    }
}

fn shown(mut text: String, character: char) -> String {
    match character {
        '\t' => text.push_str("    "),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        other if hostile(other) => text.extend(other.escape_unicode()),
        other => text.push(other),
    }
    text
}

/// Control characters, line and paragraph separators, and the marks that change the direction of text.
fn hostile(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The first `most` characters, with a mark where more were left out.
pub(crate) fn clip(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => Cow::Owned(format!("{} [...]", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// The first `most` lines, each clipped, and how many more there were.
pub(crate) fn lines(text: &str, most: usize) -> (Vec<String>, usize) {
    let all = text.lines().count();
    let kept = text.lines().take(most).map(|text| line(&clip(text, LONGEST_LINE)).into_owned());
    (kept.collect(), all.saturating_sub(most))
}

/// The lines of a text, each clipped: all of them, or some of its beginning, how many come between, and some more of its end, where
/// logs have what counts.
pub(crate) fn ends(text: &str, most: usize) -> (Vec<String>, usize, Vec<String>) {
    let all = text.lines().count();
    if all <= most {
        return (lines(text, most).0, 0, Vec::new());
    }
    let first = most / 3;
    let between = all - most;
    let last: Vec<&str> = text.lines().skip(first + between).collect();
    (lines(text, first).0, between, lines(&last.join("\n"), most).0)
}

/// Characters of one line of a user's text.
const LONGEST_LINE: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_cursors_or_turns_text_around_is_shown_and_not_done() {
        assert_eq!(line("a\u{1b}[31mb\u{7f}\u{9b}c"), "a\\u{1b}[31mb\\u{7f}\\u{9b}c");
        assert_eq!(line("a\r\nb\tc\u{202e}d"), "a\\r\\nb    c\\u{202e}d");
        assert_eq!(line("änders 漢字 🚢"), "änders 漢字 🚢");
    }

    #[test]
    fn long_text_is_clipped_and_says_so() {
        assert_eq!(clip("äbc", 3), "äbc");
        assert_eq!(clip("äbcd", 3), "äbc [...]");
        assert_eq!(lines("a\nb\nc", 2), (vec!["a".to_owned(), "b".to_owned()], 1));
        assert_eq!(lines(&"x".repeat(2_000), 1).0[0].len(), 1_006);
    }

    #[test]
    fn of_a_long_text_both_ends_are_kept() {
        let strings = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(ends("a\nb\nc\n", 3), (strings(&["a", "b", "c"]), 0, Vec::new()));
        assert_eq!(ends("a\nb\nc\nd\ne", 3), (strings(&["a"]), 2, strings(&["d", "e"])));
        assert_eq!(ends("a\nb\nc", 1), (Vec::new(), 2, strings(&["c"])));
    }
}
