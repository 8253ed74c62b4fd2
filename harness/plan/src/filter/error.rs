//! What can be wrong with a filter, each with the bytes of the filter that it is about.
//!
//! In: nothing. Out: errors that the command line shows under the user's text. They must not hold advice about flags.

use std::ops::Range;

/// Something wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct FilterError {
    /// The bytes of the filter that it is about; on character boundaries, and empty at the end of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub kind: FilterErrorKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterErrorKind {
    /// A place where an expression has to stand has none.
    #[error("expected an expression such as machine(name)")]
    ExpectedExpression,
    /// Two expressions stand beside each other.
    #[error("expected an operator: &, |, - or the end")]
    ExpectedOperator,
    /// A word that is neither an operator nor followed by `(`.
    #[error("expected an expression such as {word}(name), found a bare word", word = .suggestion.as_deref().unwrap_or("machine"))]
    BareWord {
        /// The predicate that may be meant.
        suggestion: Option<String>,
    },
    /// Characters that mean nothing here.
    #[error("unexpected character {0:?}")]
    Unexpected(char),
    /// An operator of other languages.
    #[error("no operator {found}; write {instead}")]
    ForeignOperator {
        /// As written.
        found: &'static str,
        /// What this language calls it.
        instead: &'static str,
    },
    /// A `(` without its `)`.
    #[error("this parenthesis is never closed")]
    Unclosed,
    /// A `)` without its `(`.
    #[error("this parenthesis closes nothing")]
    ClosesNothing,
    /// A predicate that does not exist.
    #[error("no predicate is called {name}{}", did_you_mean(.suggestion.as_deref()))]
    UnknownPredicate {
        /// As written.
        name: String,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// `all()` and `none()` with something between the parentheses.
    #[error("{0}() takes nothing between its parentheses")]
    TakesNothing(&'static str),
    /// `machine()` with nothing to look for.
    #[error("{0}() needs a name between its parentheses")]
    NeedsName(&'static str),
    /// A `\` before a character that needs none, or a malformed `\u{..}`.
    #[error(r"no such escape; known are \) \\ \( \/ \= \~ \# \n \r \t and \u{{..}}")]
    Escape,
    /// A `/` that opens a regular expression without the one that ends it, or with text behind that.
    #[error("a regular expression ends with / right before the parenthesis")]
    RegexEnd,
    /// The regular expression is not one, or too large.
    #[error("not a regular expression: {0}")]
    Regex(String),
    /// More parentheses and negations in each other than are allowed.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// A longer filter than is allowed.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// More regular expressions and globs than are allowed.
    #[error("more than {0} regular expressions and globs")]
    TooManyPatterns(usize),
    /// An exact name that nothing has.
    #[error("no {what} is called {name}{}", did_you_mean(.suggestion.as_deref()))]
    UnknownName {
        /// What it would be a name of: `machine`, `tag`...
        what: &'static str,
        /// The name.
        name: String,
        /// The one that may be meant.
        suggestion: Option<String>,
    },
    /// A pattern that no name matches.
    #[error("matches no {what}{}", did_you_mean(.suggestion.as_deref()))]
    MatchesNothing {
        /// What it would match: `machine`, `tag`...
        what: &'static str,
        /// The pattern that may be meant.
        suggestion: Option<String>,
    },
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}
