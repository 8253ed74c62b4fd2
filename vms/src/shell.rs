//! Words for a POSIX shell, quoted in this one place.
//!
//! Flows in: any text. Flows out: one word that a shell reads as exactly that text. Must not: run anything.

/// The text as one word. Source: POSIX.1-2024, Shell Command Language, 2.2.2 Single-Quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::{path::Path, time::Duration};

    use proptest::prelude::*;

    use super::quote;
    use crate::child::ask;

    #[test]
    fn plain_words_stay_plain() {
        assert_eq!(quote("-drive=/a,b=c"), "-drive=/a,b=c");
        assert_eq!(
            (quote(""), quote("a b"), quote("it's")),
            ("''".into(), "'a b'".into(), r"'it'\''s'".into())
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]
        #[test]
        fn a_shell_reads_the_same_text(text in "[^\\x00\\r]{0,40}") {
            let script = format!("printf %s. {}", quote(&text));
            let said = ask(Path::new("/bin/sh"), &["-c".into(), script.into()], Duration::from_secs(10)).unwrap();
            prop_assert_eq!(said.text, format!("{text}."));
        }
    }
}
