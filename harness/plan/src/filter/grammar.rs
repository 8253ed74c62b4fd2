//! Tokens as an expression.
//!
//! In: tokens. Out: the expression, and every error on the way: after one, reading goes on with what most likely was
//! meant. It must not know which names exist.
//!
//! ```text
//! either = both   { ("|" | "+" | "or") both }
//! both   = negated { ("&" | "and" | "-") negated }      a - b is a & !b
//! negated = { "!" | "not" } single
//! single = "(" either ")" | predicate "(" matcher ")" | "all()" | "none()"
//! ```

use std::ops::Range;

use super::{
    error::{FilterError, FilterErrorKind},
    matcher,
    predicate::{Field, Predicate},
    token::{Call, Spanned, Token},
};
use crate::nearest::nearest;

/// Parentheses and negations within each other.
pub(super) const DEPTH: usize = 64;

/// Regular expressions and globs of one filter, each of which takes memory.
pub(super) const PATTERNS: usize = 64;

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    All,
    None,
    Is(Predicate),
    Not(Box<Node>),
    /// Two or more.
    Both(Vec<Node>),
    /// Two or more.
    Either(Vec<Node>),
}

/// Reads all of the tokens. The node means nothing if there are errors.
pub(super) fn expression(tokens: &[Spanned<'_>], end: usize, errors: &mut Vec<FilterError>) -> Node {
    let mut reader = Reader { tokens, end, errors, patterns: 0, gave_up: false };
    let node = reader.either(DEPTH);
    while let Some(extra) = reader.next() {
        // Only a closing parenthesis ends an expression early.
        reader.complain(extra.span.clone(), FilterErrorKind::ClosesNothing);
        reader.operator();
        if reader.tokens.first().is_some_and(|next| next.token != Token::Close) {
            reader.either(DEPTH);
        }
    }
    node
}

struct Reader<'t, 'a> {
    /// What is left.
    tokens: &'t [Spanned<'a>],
    /// Where the text ends.
    end: usize,
    errors: &'t mut Vec<FilterError>,
    patterns: usize,
    gave_up: bool,
}

impl<'t, 'a> Reader<'t, 'a> {
    fn next(&mut self) -> Option<&'t Spanned<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn take(&mut self, wanted: impl Fn(&Token<'a>) -> bool) -> Option<&'t Spanned<'a>> {
        if wanted(&self.tokens.first()?.token) { self.next() } else { None }
    }

    /// Skips a token that joins two expressions.
    fn operator(&mut self) -> Option<&'t Spanned<'a>> {
        self.take(|token| matches!(token, Token::And | Token::Or | Token::Minus))
    }

    fn here(&self) -> Range<usize> {
        self.tokens.first().map_or(self.end..self.end, |token| token.span.clone())
    }

    fn complain(&mut self, span: Range<usize>, kind: FilterErrorKind) {
        if !self.gave_up {
            self.errors.push(FilterError { span, kind });
        }
    }

    fn either(&mut self, depth: usize) -> Node {
        let mut nodes = vec![self.both(depth)];
        while self.take(|token| *token == Token::Or).is_some() {
            nodes.push(self.both(depth));
        }
        joined(nodes, Node::Either)
    }

    fn both(&mut self, depth: usize) -> Node {
        let mut nodes = vec![self.negated(depth)];
        while let Some(next) = self.tokens.first() {
            match next.token {
                Token::Or | Token::Close => break,
                Token::And => {
                    self.next();
                    nodes.push(self.negated(depth));
                }
                Token::Minus => {
                    self.next();
                    nodes.push(Node::Not(Box::new(self.negated(depth))));
                }
                Token::Open | Token::Not | Token::Call(_) | Token::Word(_) => {
                    self.complain(next.span.clone(), FilterErrorKind::ExpectedOperator);
                    nodes.push(self.negated(depth));
                }
            }
        }
        joined(nodes, Node::Both)
    }

    fn negated(&mut self, depth: usize) -> Node {
        let mut depth = depth;
        let mut negations = 0;
        while let Some(not) = self.take(|token| *token == Token::Not) {
            if depth == 0 {
                return self.too_deep(not.span.clone());
            }
            depth -= 1;
            negations += 1;
        }
        let single = self.single(depth);
        (0..negations).fold(single, |node, _| Node::Not(Box::new(node)))
    }

    fn single(&mut self, depth: usize) -> Node {
        let Some(token) = self.take(|token| matches!(token, Token::Open | Token::Call(_) | Token::Word(_)))
        else {
            self.complain(self.here(), FilterErrorKind::ExpectedExpression);
            return Node::All;
        };
        match &token.token {
            Token::Open if depth == 0 => self.too_deep(token.span.clone()),
            Token::Open => {
                let inner = self.either(depth - 1);
                if self.take(|token| *token == Token::Close).is_none() {
                    self.complain(token.span.clone(), FilterErrorKind::Unclosed);
                }
                inner
            }
            Token::Call(call) => self.call(call, token.span.clone()),
            Token::Word(word) => {
                let suggestion = nearest(word, Field::ALL.map(Field::as_str));
                self.complain(token.span.clone(), FilterErrorKind::BareWord { suggestion });
                Node::All
            }
            _ => Node::All,
        }
    }

    /// Gives up on the rest: what is nested too deep cannot be told apart from what follows.
    fn too_deep(&mut self, span: Range<usize>) -> Node {
        self.complain(span, FilterErrorKind::TooDeep(DEPTH));
        self.tokens = &[];
        self.gave_up = true;
        Node::All
    }

    fn call(&mut self, call: &Call<'_>, span: Range<usize>) -> Node {
        match call.name {
            "all" => self.constant(call, "all", Node::All),
            "none" => self.constant(call, "none", Node::None),
            name => match Field::ALL.into_iter().find(|field| field.as_str() == name) {
                Some(field) => self.predicate(field, call, span),
                None => self.unknown(name, span.start),
            },
        }
    }

    fn constant(&mut self, call: &Call<'_>, name: &'static str, node: Node) -> Node {
        if !call.argument.trim().is_empty() {
            let span = call.argument_at..call.argument_at + call.argument.len();
            self.complain(span, FilterErrorKind::TakesNothing(name));
        }
        node
    }

    fn unknown(&mut self, name: &str, at: usize) -> Node {
        let known = Field::ALL.map(Field::as_str).into_iter().chain(["all", "none"]);
        let suggestion = nearest(name, known);
        let kind = FilterErrorKind::UnknownPredicate { name: name.to_owned(), suggestion };
        self.complain(at..at + name.len(), kind);
        Node::All
    }

    fn predicate(&mut self, field: Field, call: &Call<'_>, span: Range<usize>) -> Node {
        match matcher::read(call.argument, call.argument_at) {
            Ok(Some(matcher)) => {
                self.patterns += usize::from(matcher.compiled());
                if matcher.compiled() && self.patterns > PATTERNS {
                    self.complain(span.clone(), FilterErrorKind::TooManyPatterns(PATTERNS));
                    return Node::All;
                }
                return Node::Is(Predicate { field, matcher, span });
            }
            Ok(None) => self.complain(span, FilterErrorKind::NeedsName(field.as_str())),
            Err(error) => self.errors.push(error),
        }
        Node::All
    }
}

/// The only node, or all of them under a new one.
fn joined(mut nodes: Vec<Node>, join: fn(Vec<Node>) -> Node) -> Node {
    match nodes.pop() {
        Some(only) if nodes.is_empty() => only,
        Some(last) => {
            nodes.push(last);
            join(nodes)
        }
        None => Node::All,
    }
}
