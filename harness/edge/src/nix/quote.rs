//! Names of the user's as Nix expressions of one line.
//!
//! Flows in: any text. Flows out: printable ASCII without a line's end, because the evaluator's line editor takes
//! everything else for keys.
//! Must not: let a name become anything but a name.

/// A string as an expression that can stand in a list.
pub(crate) fn string(text: &str) -> String {
    if is_plain(text) { format!("\"{}\"", escape(text)) } else { format!("({})", from_json(text)) }
}

/// The attributes to select, inwards: `."a"."b"`. Nothing for an empty path.
pub(crate) fn select<'a>(path: impl IntoIterator<Item = &'a String>) -> String {
    path.into_iter()
        .map(|name| {
            if is_plain(name) {
                format!(".\"{}\"", escape(name))
            } else {
                format!(".${{{}}}", from_json(name))
            }
        })
        .collect()
}

/// An output of the flake, by name. In the scope of `nix repl FLAKE` the outputs are variables, and `inherit` takes a
/// quoted name, so that any of them can be had, be it called `in` or `my tests`.
pub(crate) fn variable(name: &str) -> String {
    let name = escape(name);
    format!("{{ inherit \"{name}\"; }}.\"{name}\"")
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            // `$` too, so that no `${` can come about.
            '\\' | '"' | '$' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Nix has no escapes for other characters; JSON has.
fn from_json(text: &str) -> String {
    let mut json = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ (b' '..=b'~')) if byte != b'"' && byte != b'\\' => json.push(char::from(byte)),
            _ => json.push_str(&format!("\\u{unit:04x}")),
        }
    }
    json.push('"');
    format!("builtins.fromJSON \"{}\"", escape(&json))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_quoted() {
        assert_eq!(string("a"), r#""a""#);
        assert_eq!(string("a\"b\\c${d}\n"), r#""a\"b\\c\${d}\n""#);
        assert_eq!(string("ä"), r#"(builtins.fromJSON "\"\\u00e4\"")"#);
        assert_eq!(select(&["a.b".to_owned(), "c".to_owned()]), r#"."a.b"."c""#);
        assert_eq!(select(&["\u{1}".to_owned()]), r#".${builtins.fromJSON "\"\\u0001\""}"#);
        assert_eq!(select(&[]), "");
        assert_eq!(variable("let"), r#"{ inherit "let"; }."let""#);
    }

    proptest! {
        #[test]
        fn any_name_becomes_printable_ascii(name in ".*") {
            for text in [string(&name), select([&name])] {
                prop_assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{text}");
            }
        }

        #[test]
        fn a_plain_name_can_be_read_back(name in "[ -~\n\r\t]*") {
            let quoted = string(&name);
            let inner = &quoted[1..quoted.len() - 1];
            let mut read = String::new();
            let mut chars = inner.chars();
            while let Some(c) = chars.next() {
                prop_assert!(c != '"' && c != '$', "{quoted}");
                match c {
                    '\\' => match chars.next() {
                        Some('n') => read.push('\n'),
                        Some('r') => read.push('\r'),
                        Some('t') => read.push('\t'),
                        Some(other) => read.push(other),
                        None => prop_assert!(false, "{quoted}"),
                    },
                    other => read.push(other),
                }
            }
            prop_assert_eq!(read, name);
        }
    }
}
