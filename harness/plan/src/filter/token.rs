//! A filter's text as tokens.
//!
//! In: the text. Out: its tokens and where each stands, and an error for everything that is no token. It must not know
//! which predicates there are, or look into their arguments further than to find where they end.

use std::ops::Range;

use winnow::{
    LocatingSlice, Parser,
    ascii::multispace0,
    combinator::{alt, opt, peek, preceded, repeat, terminated},
    error::EmptyError,
    stream::Location,
    token::{any, none_of, one_of, take_while},
};

use super::error::{FilterError, FilterErrorKind};

type Input<'a> = LocatingSlice<&'a str>;

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `&` or `and`
    And,
    /// `|`, `+` or `or`
    Or,
    /// `-`
    Minus,
    /// `!` or `not`
    Not,
    /// `name(argument)`
    Call(Call<'a>),
    /// A word alone.
    Word(&'a str),
}

/// `name(argument)`, the argument as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    pub(super) argument: &'a str,
    /// Where the argument starts.
    pub(super) argument_at: usize,
    pub(super) closed: bool,
}

/// A token and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spanned<'a> {
    pub(super) token: Token<'a>,
    pub(super) span: Range<usize>,
}

/// Reads all of the text, whatever is wrong with it.
pub(super) fn tokens<'a>(text: &'a str, errors: &mut Vec<FilterError>) -> Vec<Spanned<'a>> {
    let mut input = LocatingSlice::new(text);
    let mut found = Vec::new();
    loop {
        skip_blank(&mut input);
        let start = input.current_token_start();
        if let Ok(token) = token(&mut input) {
            let span = start..input.current_token_start();
            errors.extend(complaint(&token, text, &span));
            found.push(Spanned { token, span });
        } else if let Ok(character) = any::<_, EmptyError>.parse_next(&mut input) {
            let span = start..input.current_token_start();
            errors.push(FilterError { span, kind: FilterErrorKind::Unexpected(character) });
        } else {
            return found;
        }
    }
}

fn skip_blank(input: &mut Input<'_>) {
    let _blank: Result<&str, EmptyError> = multispace0.parse_next(input);
}

/// What is wrong with a token by itself.
fn complaint(token: &Token<'_>, text: &str, span: &Range<usize>) -> Option<FilterError> {
    let kind = match (token, text.get(span.clone())) {
        (Token::Call(call), _) if !call.closed => FilterErrorKind::Unclosed,
        (_, Some("&&")) => foreign("&&", "&"),
        (_, Some("||")) => foreign("||", "|"),
        _ => return None,
    };
    Some(FilterError { span: span.clone(), kind })
}

fn foreign(found: &'static str, instead: &'static str) -> FilterErrorKind {
    FilterErrorKind::ForeignOperator { found, instead }
}

fn token<'a>(input: &mut Input<'a>) -> Result<Token<'a>, EmptyError> {
    alt((
        '('.value(Token::Open),
        ')'.value(Token::Close),
        alt(("&&", "&")).value(Token::And),
        alt(("||", "|", "+")).value(Token::Or),
        '-'.value(Token::Minus),
        '!'.value(Token::Not),
        named,
    ))
    .parse_next(input)
}

fn named<'a>(input: &mut Input<'a>) -> Result<Token<'a>, EmptyError> {
    let name = take_while(1.., |c: char| c.is_alphanumeric() || c == '_').parse_next(input)?;
    match name {
        "and" => Ok(Token::And),
        "or" => Ok(Token::Or),
        "not" => Ok(Token::Not),
        _ => match opt(preceded((multispace0, '('), argument)).parse_next(input)? {
            Some((argument_at, argument, closed)) => {
                Ok(Token::Call(Call { name, argument, argument_at, closed }))
            }
            None => Ok(Token::Word(name)),
        },
    }
}

fn argument<'a>(input: &mut Input<'a>) -> Result<(usize, &'a str, bool), EmptyError> {
    let at = input.current_token_start();
    let argument = alt((terminated(regex, peek(')')), plain)).parse_next(input)?;
    let closed = opt(')').parse_next(input)?.is_some();
    Ok((at, argument, closed))
}

/// `/../` with blanks around it; a `)` within does not end the argument.
fn regex<'a>(input: &mut Input<'a>) -> Result<&'a str, EmptyError> {
    (multispace0, '/', until('/'), '/', multispace0).take().parse_next(input)
}

fn plain<'a>(input: &mut Input<'a>) -> Result<&'a str, EmptyError> {
    until(')').parse_next(input)
}

/// Everything before a character that no `\` stands before, or before the end.
fn until<'a>(end: char) -> impl Parser<Input<'a>, &'a str, EmptyError> {
    let escaped = (one_of('\\'), opt(any)).void();
    repeat::<_, _, (), _, _>(0.., alt((escaped, none_of([end, '\\']).void()))).take()
}
