//! The words of a shell's command, as far as they can be told without a shell.
//!
//! Flows in: a command's text. Flows out: [`Word`]s. Must not: run anything, or know what a word is for.

use std::path::Path;

/// One word: what quotes held together, without them. Substitutions stand in it as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
}

/// What a person may set to say more, and usually is not.
const UNSET: [&str; 3] = ["QEMU_KERNEL_PARAMS", "QEMU_OPTS", "QEMU_NET_OPTS"];

/// Splits a command, which may go on over ends of lines that follow a backslash, and ends with the first other one.
pub(super) fn words(command: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote = None;
    let mut depth = 0_usize;
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        let text = |word: &mut Option<Word>, c| word.get_or_insert_default().text.push(c);
        match (c, quote) {
            ('\\', None | Some('"')) => match rest.next() {
                Some('\n') | None => {}
                Some(escaped) => text(&mut word, escaped),
            },
            ('$', None | Some('"')) if matches!(rest.peek(), Some('(' | '{')) => {
                depth += 1;
                text(&mut word, c);
                rest.next().into_iter().for_each(|open| text(&mut word, open));
            }
            (')' | '}', _) if depth > 0 => {
                depth -= 1;
                text(&mut word, c);
            }
            (_, Some(open)) if c == open && depth == 0 => quote = None,
            ('"' | '\'', None) if depth == 0 => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            ('\n', None) if depth == 0 => break,
            (' ' | '\t', None) if depth == 0 => words.extend(word.take()),
            _ => text(&mut word, c),
        }
    }
    words.extend(word);
    words
}

impl Word {
    /// What a shell would make of it: `${NAME:-text}` is its text, `$(cat FILE)` what `read` gives, and what a person may set
    /// is unset. None where more than that is asked of the shell.
    pub(super) fn known(&self, read: &impl Fn(&Path) -> Option<String>) -> Option<String> {
        let mut known = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once('$') {
            known.push_str(before);
            let (value, left) = substitution(after, read)?;
            known.push_str(&value);
            rest = left;
        }
        Some(known + rest)
    }
}

/// What a substitution comes to, and what follows it. `after` begins after the `$`.
fn substitution<'a>(after: &'a str, read: &impl Fn(&Path) -> Option<String>) -> Option<(String, &'a str)> {
    let simple = |text: &str| !text.contains(['$', '`', '(', '{']);
    if let Some(command) = after.strip_prefix('(') {
        let (command, left) = command.split_once(')')?;
        let file = command.strip_prefix("cat ").map(str::trim).filter(|file| simple(file))?;
        return Some((read(Path::new(file))?.trim_end().to_owned(), left));
    }
    if let Some(inner) = after.strip_prefix('{') {
        let (inner, left) = inner.split_once('}')?;
        let value = match inner.split_once(":-") {
            Some((_, value)) => Some(value).filter(|value| simple(value))?,
            None => Some("").filter(|_| UNSET.contains(&inner))?,
        };
        return Some((value.to_owned(), left));
    }
    let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
    let (name, left) = after.split_at(end);
    UNSET.contains(&name).then(|| (String::new(), left))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(command: &str) -> Vec<String> {
        words(command).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn quotes_and_substitutions_hold_words_together() {
        assert_eq!(texts("a 'b c' \"d $(e f) g\"h \\\n  i\nj"), ["a", "b c", "d $(e f) gh", "i"]);
        assert_eq!(texts("${A:-b c} '' \\\" x=\"$Y\"/z"), ["${A:-b c}", "", "\"", "x=$Y/z"]);
    }

    #[test]
    fn what_only_a_shell_can_tell_is_not_known() {
        let read = |file: &Path| (file == Path::new("/s/params")).then(|| "loglevel=4\n".to_owned());
        let known = |text: &str| Word { text: text.to_owned() }.known(&read);
        assert_eq!(known("$(cat /s/params) a $QEMU_KERNEL_PARAMS").as_deref(), Some("loglevel=4 a "));
        assert_eq!(known("${KERNEL:-/s/kernel}").as_deref(), Some("/s/kernel"));
        for text in ["$HOME", "$(cat /etc/passwd)", "$(id)", "${A}", "${A:-$B}", "a$", "$(cat /s/params"] {
            assert_eq!(known(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_words(text in "(?s).*") {
            for word in words(&text) {
                let _known_or_not = word.known(&|_| None);
            }
        }
    }
}
