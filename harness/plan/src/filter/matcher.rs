//! What a name is held against: the text between a predicate's parentheses.
//!
//! In: that text as it is written. Out: a matcher, or every error in it. It must not know what kind of name it is for.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::error::{FilterError, FilterErrorKind};

/// Bytes that a compiled pattern may take; those of users take a few thousand.
const PATTERN_BYTES: usize = 1 << 20;

/// Groups within groups in a pattern.
const PATTERN_DEPTH: u32 = 64;

/// Holds names against a text.
#[derive(Debug, Clone)]
pub(super) struct Matcher {
    pub(super) how: How,
    /// Without the sign that says how, and without escapes.
    pub(super) text: String,
    /// Compiled, where `how` needs it.
    pattern: Option<Regex>,
}

/// How a name is held against a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// The name is the text. Written bare or with `=`.
    Exact,
    /// The text is somewhere in the name. Written with `~`.
    Contains,
    /// `*` is any run of characters, `?` is one. Written bare or with `#`.
    Glob,
    /// A regular expression finds something in the name. Written between `/`.
    Regex,
}

impl Matcher {
    /// # Errors
    /// The pattern is not one, or too large; says why.
    pub(super) fn new(how: How, text: String) -> Result<Self, String> {
        let pattern = match how {
            How::Exact | How::Contains => None,
            How::Glob => Some(compile(&glob(&text))?),
            How::Regex => Some(compile(&text)?),
        };
        Ok(Self { how, text, pattern })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match (&self.pattern, self.how) {
            (Some(pattern), _) => pattern.is_match(name),
            (None, How::Contains) => name.contains(&self.text),
            (None, _) => name == self.text,
        }
    }

    pub(super) fn compiled(&self) -> bool {
        self.pattern.is_some()
    }
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.how == other.how && self.text == other.text
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(PATTERN_BYTES).nest_limit(PATTERN_DEPTH);
    builder.build().map_err(|error| reason(&error))
}

/// The last line of regex's message; the ones before it show the pattern again, which the caller does better.
fn reason(error: &regex::Error) -> String {
    let message = error.to_string();
    let last = message.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

fn glob(text: &str) -> String {
    let mut pattern = r"(?s)\A".to_owned();
    let mut literal = [0; 4];
    for character in text.chars() {
        match character {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            other => pattern.push_str(&regex::escape(other.encode_utf8(&mut literal))),
        }
    }
    pattern.push_str(r"\z");
    pattern
}

/// Reads what stands between the parentheses; `at` is where it starts. `None` if there is nothing.
pub(super) fn read(argument: &str, at: usize) -> Result<Option<Matcher>, FilterError> {
    let start = argument.len() - argument.trim_start().len();
    let body = trim_end(&argument[start..]);
    let at = at + start;
    let span = at..at + body.len();
    let (how, text) = match body.chars().next() {
        None => return Ok(None),
        Some('/') => (How::Regex, regex_body(body).ok_or_else(|| error(&span, FilterErrorKind::RegexEnd))?),
        Some('=') => (How::Exact, signed(body, at)?),
        Some('~') => (How::Contains, signed(body, at)?),
        Some('#') => (How::Glob, signed(body, at)?),
        Some(_) => {
            let how = if body.contains(['*', '?']) { How::Glob } else { How::Exact };
            (how, unescape(body, at)?)
        }
    };
    if text.is_empty() {
        return Ok(None);
    }
    Matcher::new(how, text).map(Some).map_err(|why| error(&span, FilterErrorKind::Regex(why)))
}

fn error(span: &std::ops::Range<usize>, kind: FilterErrorKind) -> FilterError {
    FilterError { span: span.clone(), kind }
}

/// Without blanks at the end, but with one that a `\` stands before.
fn trim_end(text: &str) -> &str {
    let trimmed = text.trim_end();
    let slashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
    let kept =
        if slashes % 2 == 1 { text[trimmed.len()..].chars().next().map_or(0, char::len_utf8) } else { 0 };
    &text[..trimmed.len() + kept]
}

/// `/../` without the slashes, and with `\/` as `/`; every other escape is the regular expression's own.
fn regex_body(body: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = body.strip_prefix('/')?.chars();
    loop {
        match rest.next()? {
            '/' => return rest.as_str().is_empty().then_some(text),
            '\\' => match rest.next()? {
                '/' => text.push('/'),
                other => text.extend(['\\', other]),
            },
            other => text.push(other),
        }
    }
}

/// The text behind a one-byte sign and the blanks after it.
fn signed(body: &str, at: usize) -> Result<String, FilterError> {
    let text = body[1..].trim_start();
    unescape(text, at + body.len() - text.len())
}

/// The text that is meant.
fn unescape(written: &str, at: usize) -> Result<String, FilterError> {
    let mut text = String::new();
    let mut rest = written.chars();
    while let Some(character) = rest.next() {
        let here = at + written.len() - rest.as_str().len() - character.len_utf8();
        if character == '\\' {
            let meant = escape(&mut rest);
            let span = here..at + written.len() - rest.as_str().len();
            text.push(meant.ok_or_else(|| error(&span, FilterErrorKind::Escape))?);
        } else {
            text.push(character);
        }
    }
    Ok(text)
}

/// What stands behind a `\`.
fn escape(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'u' => code_point(rest),
        same if r"()\/=~# ".contains(same) => Some(same),
        _ => None,
    }
}

/// `{..}` of a `\u{..}`: up to six hexadecimal digits.
fn code_point(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let (digits, behind) = rest.as_str().strip_prefix('{')?.split_once('}')?;
    if digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    *rest = behind.chars();
    u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)
}

impl fmt::Display for Matcher {
    /// So that reading it gives the same matcher again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            How::Regex => return write!(f, "/{}/", self.text.replace('/', r"\/")),
            How::Exact if self.text.contains(['*', '?']) || self.text.starts_with(['=', '~', '#', '/']) => {
                f.write_str("=")?;
            }
            How::Exact => {}
            How::Contains => f.write_str("~")?,
            How::Glob => f.write_str("#")?,
        }
        let last = self.text.chars().count().saturating_sub(1);
        self.text.chars().enumerate().try_for_each(|(at, character)| match character {
            ')' | '\\' => write!(f, "\\{character}"),
            edge if edge.is_whitespace() && (at == 0 || at == last) => write!(f, "{}", edge.escape_unicode()),
            control if control.is_control() => write!(f, "{}", control.escape_unicode()),
            plain => write!(f, "{plain}"),
        })
    }
}
