//! How deep a text nests its values, found before anything is built of it.
//!
//! Flows in: the text. Flows out: where it nests too deep, if it does.
//! Must not: recurse. The parser bounds brackets and the keys of one path, but not the two together, and a tree of
//! thousands of levels takes the stack with it when it is dropped.

use toml_parser::{Source, lexer::TokenKind};

/// A few times what any fleet has need of.
const DEEPEST: usize = 256;

/// The offset at which brackets and dotted keys together nest deeper than they may.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let mut outer: Vec<usize> = Vec::new();
    let (mut below, mut here) = (0, 0);
    for token in Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => here += 1,
            TokenKind::Comma | TokenKind::Newline => here = 0,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                outer.push(here + 1);
                below += here + 1;
                here = 0;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                here = outer.pop().map_or(0, |level| level - 1);
                below -= (here + 1).min(below);
            }
            _ => {}
        }
        if below + here > DEEPEST {
            return Some(token.span().start());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_and_keys_count_together() {
        let text = |levels| format!("x = {}1{}", "{a.b.c = ".repeat(levels), "}".repeat(levels));
        assert_eq!(too_deep(&text(85)), None);
        assert!(too_deep(&text(86)).is_some());
        assert_eq!(too_deep(&format!("{}a = 1", "a.".repeat(257))), Some(513));
    }

    #[test]
    fn what_stands_side_by_side_does_not_count_together() {
        let list = "[a.b.c]\nx = [[1.5], [2.5], { a.b = 1 }, \"...\", '[[['] # [[[\n".repeat(1000);
        assert_eq!(too_deep(&list), None);
        assert_eq!(too_deep("]]]}}}"), None);
    }
}
