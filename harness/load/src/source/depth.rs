//! Whether a Nix text can be parsed in reasonable time.
//!
//! Flows in: a text. Flows out: where it becomes too deep, if it does. Must not: take more than one look at each byte.
//!
//! rnix's time grows with the square of how deep a tree is, and of how long a word is that may turn out to be a path; and
//! a chain of operators or arguments is a deep tree. No file that people write comes near these limits.

/// How many brackets may be open at once.
const OPEN: usize = 256;

/// How many words and operators may follow one another with neither a bracket nor a `;` or `,` between them.
const CHAIN: u32 = 400;

/// How many bytes a word may have.
const WORD: usize = 4096;

/// What is open.
#[derive(Debug, Clone, Copy)]
enum Open {
    /// Code, after a bracket: words and operators since the last break. In a list, words do not chain.
    Code { list: bool, chain: u32 },
    /// A string between double quotes.
    Text,
    /// A string between pairs of single quotes.
    Indented,
}

/// The offset from which on the text is too deep.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = vec![Open::Code { list: false, chain: 0 }];
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        let step = match open.last() {
            Some(Open::Text) => Some(text_step(rest, &mut open)),
            Some(Open::Indented) => Some(indented_step(rest, &mut open)),
            _ => code_step(rest, &mut open),
        };
        let chained = matches!(open.last(), Some(Open::Code { chain, .. }) if *chain > CHAIN);
        match step {
            Some(step) if open.len() <= OPEN && !chained => at += step.max(1),
            _ => return Some(at),
        }
    }
    None
}

/// The bytes of the next piece of a string.
fn text_step(rest: &[u8], open: &mut Vec<Open>) -> usize {
    match rest {
        [b'\\', ..] => 2,
        [b'$', b'{', ..] => enter(open, Open::Code { list: false, chain: 0 }, 2),
        [b'"', ..] => leave(open, 1),
        _ => {
            rest.iter().skip(1).position(|byte| b"\\$\"".contains(byte)).map_or(rest.len(), |count| count + 1)
        }
    }
}

/// The bytes of the next piece of an indented string: `''$`, `'''` and `''\` escape, any other `''` ends it.
fn indented_step(rest: &[u8], open: &mut Vec<Open>) -> usize {
    match rest {
        [b'\'', b'\'', b'$' | b'\'', ..] => 3,
        [b'\'', b'\'', b'\\', ..] => 4,
        [b'\'', b'\'', ..] => leave(open, 2),
        [b'$', b'{', ..] => enter(open, Open::Code { list: false, chain: 0 }, 2),
        _ => rest.iter().skip(1).position(|byte| b"$'".contains(byte)).map_or(rest.len(), |count| count + 1),
    }
}

/// The bytes of the next piece of code; none where that is too long a word.
fn code_step(rest: &[u8], open: &mut Vec<Open>) -> Option<usize> {
    let step = match rest {
        [b'#', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => {
            rest.windows(2).skip(2).position(|end| end == b"*/").map_or(rest.len(), |count| count + 4)
        }
        [b'"', ..] => chained(open, Some(Open::Text), 1),
        [b'\'', b'\'', ..] => chained(open, Some(Open::Indented), 2),
        [b'[', ..] => chained(open, Some(Open::Code { list: true, chain: 0 }), 1),
        [b'(' | b'{', ..] => chained(open, Some(Open::Code { list: false, chain: 0 }), 1),
        [b']' | b')' | b'}', ..] => leave(open, 1),
        [b';' | b',', ..] => {
            if let Some(Open::Code { chain, .. }) = open.last_mut() {
                *chain = 0;
            }
            1
        }
        [first, ..] if first.is_ascii_whitespace() => 1,
        [first, ..] if is_word(Some(*first)) => {
            let length = rest.iter().position(|byte| !is_word(Some(*byte))).unwrap_or(rest.len());
            if length > WORD {
                return None;
            }
            // `a.b.c` and `a+b` are one word here; what may stand between its parts counts.
            let parts = rest.iter().take(length).filter(|byte| b".+-/".contains(byte)).count();
            chained(open, None, length);
            add(open, u32::try_from(parts).unwrap_or(u32::MAX));
            length
        }
        _ => chained(open, None, 1),
    };
    Some(step)
}

/// What may be part of an identifier, a number or a path.
fn is_word(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_.+-/~".contains(&byte))
}

fn enter(open: &mut Vec<Open>, inner: Open, length: usize) -> usize {
    open.push(inner);
    length
}

/// Takes one more piece into the chain, and enters what it opens.
fn chained(open: &mut Vec<Open>, inner: Option<Open>, length: usize) -> usize {
    add(open, 1);
    open.extend(inner);
    length
}

fn add(open: &mut [Open], pieces: u32) {
    if let Some(Open::Code { list: false, chain }) = open.last_mut() {
        *chain = chain.saturating_add(pieces);
    }
}

/// Closes the innermost that is open; the outermost never closes.
fn leave(open: &mut Vec<Open>, length: usize) -> usize {
    if open.len() > 1 {
        open.pop();
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_too_deep() {
        let long_list = format!("{{ a = [ {} ]; }}", "x.y ".repeat(5000));
        let long_set = format!("{{ {} }}", "a.b = \"c\"; ".repeat(5000));
        let long_text = format!(
            "{{ a = ''{}''; b = \"{}\"; }}",
            "some words ''${ here \n".repeat(2000),
            "a+b ".repeat(2000)
        );
        let long_line = format!("\"{}\"", "QUJD".repeat(5000));
        let long_comment = format!("# {}\n/* {} */ 1", "w ".repeat(5000), "w ".repeat(5000));
        for text in [long_list, long_set, long_text, long_line, long_comment] {
            assert_eq!(too_deep(&text), None, "{}...", &text[..40]);
        }
    }

    #[test]
    fn what_nobody_writes_is() {
        for piece in ["[", "{a=", "(", "!", "a: ", "a+", "a ", "a.", "\"${", "''${", "a ++ ", "if a then "] {
            assert!(too_deep(&piece.repeat(3000)).is_some(), "{piece}");
        }
        assert!(too_deep(&"x".repeat(5000)).is_some());
    }

    #[test]
    fn the_end_of_a_text_ends_everything() {
        for text in ["\"\\", "''$", "''", "'", "/*", "#", "${", "\"", "é\"é", "]]]]", ""] {
            assert_eq!(too_deep(text), None, "{text}");
        }
    }
}
