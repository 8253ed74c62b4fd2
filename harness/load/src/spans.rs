//! From places back to bytes: what a place points at, as a range of the text.
//!
//! Flows in: problems with a line and a column. Flows out: the same with the bytes of the word that stands there.
//! Must not: read the text more than once, however many problems there are.

use std::ops::Range;

use crate::diagnostic::Diagnostic;

/// Says which bytes each problem is about. A problem that has no line stays as it is.
pub fn fill(diagnostics: &mut [Diagnostic], text: &str) {
    let mut wanted: Vec<&mut Diagnostic> =
        diagnostics.iter_mut().filter(|problem| problem.place.line > 0).collect();
    wanted.sort_by_key(|problem| (problem.place.line, problem.place.column));
    let mut wanted = wanted.into_iter().peekable();
    let (mut line, mut column) = (1, 1);
    for (offset, character) in text.char_indices() {
        while let Some(problem) =
            wanted.next_if(|problem| (problem.place.line, problem.place.column) <= (line, column))
        {
            problem.span = word(text, offset);
        }
        if wanted.peek().is_none() {
            break;
        }
        (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
}

/// A key or a text in quotes, or one character.
fn word(text: &str, start: usize) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let length = match quote {
        Some(quote) => rest.char_indices().skip(1).find(|(_, next)| *next == quote).map(|(end, _)| end + 1),
        None => rest.find(|next: char| !(next.is_alphanumeric() || next == '_' || next == '-')),
    };
    let first = rest.chars().next().map_or(0, char::len_utf8);
    start..start + length.unwrap_or(rest.len()).max(first)
}

#[cfg(test)]
mod tests {
    use model::place::Place;

    use super::*;

    #[track_caller]
    fn check(text: &str, (line, column): (u32, u32), word: &str) {
        let mut problems = vec![Diagnostic::warning("odd", "odd", Place::new("f", line, column))];
        fill(&mut problems, text);
        assert_eq!(text.get(problems[0].span.clone()), Some(word));
    }

    #[test]
    fn the_word_at_a_place_is_found() {
        check("[a.b]\nkey = 1", (2, 1), "key");
        check("[a.b-c]", (1, 4), "b-c");
        check("t = [\"ä b\", 'c']", (1, 6), "\"ä b\"");
        check("t = [\"ä\", 'c']", (1, 11), "'c'");
        check("[[x]]", (1, 1), "[");
    }
}
