//! The text of others within Markdown.
//!
//! In: any text. Out: Markdown that shows it and does nothing else. It must not let through markup, a mention of a person
//! or of an issue, or a line break where one would end a list or a table.

use crate::escape;

/// Characters of a text within a line.
const LONGEST: usize = 1_000;

/// Text within a line.
pub(super) fn inline(text: &str) -> String {
    let mut out = String::new();
    for character in flat(text).chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mark of no width keeps these from naming a person or an issue.
            '@' | '#' => out.extend([character, '\u{200b}']),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '|' | '~' | '!' | '$' => {
                out.extend(['\\', character]);
            }
            plain => out.push(plain),
        }
    }
    out
}

/// Text as code within a line. Only what the fence is made of needs care, and `|`, which ends a cell even in code.
pub(super) fn code(text: &str) -> String {
    let text = flat(text).replace('|', "¦");
    let text = if text.is_empty() { "(empty)".to_owned() } else { text };
    let fence = fence(&text, 1);
    let blank = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A block of code, of lines that are escaped already, below a list's item.
pub(super) fn block(language: &str, lines: &[String]) -> String {
    let text: String = lines.iter().map(|line| format!("  {line}\n")).collect();
    let fence = fence(&text, 3);
    format!("  {fence}{language}\n{text}  {fence}\n")
}

fn flat(text: &str) -> String {
    let one_line = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    escape::line(&escape::clip(&one_line, LONGEST)).into_owned()
}

/// More backticks than stand together anywhere in the text.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(least.max(longest + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_mentions_and_breaks_do_nothing() {
        assert_eq!(
            inline("a|b\n<img src=x> *b* [c](d) `e`"),
            r"a\|b &lt;img src=x&gt; \*b\* \[c\]\(d\) \`e\`"
        );
        assert_eq!(inline("@root #1"), "@\u{200b}root #\u{200b}1");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("\n"), "`(empty)`");
        assert_eq!(code("`a``b"), "``` `a``b ```");
        assert_eq!(block("diff", &["````".to_owned()]), "  `````diff\n  ````\n  `````\n");
    }
}
