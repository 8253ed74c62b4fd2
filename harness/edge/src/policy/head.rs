//! The values in the heads of a policy's rules, each of which has to be there.
//!
//! Flows in: a Rego module, then its text. Flows out: the text in which such a value is looked at before it counts.
//! Must not: change what a rule says, or the line on which it stands.
//!
//! Where `"actual": x.y` stands in a head and `x.y` is undefined, the interpreter forgets what the rule has found so far:
//! a policy that denied something would pass. So each value that may be undefined is handed to a function, in an array
//! that is empty where the value is undefined; the function hands it back, or breaks the check.

use std::{collections::BTreeSet, error::Error, io, ops::Range};

use regorus::{
    Engine, Value,
    unstable::{AssignOp, Expr, Literal, Module, Ref, Rule, RuleAssign, RuleBody, RuleHead, Span},
};

/// The function's name.
const FUNCTION: &str = "seaworthy.head";

/// Adds the function to an engine.
pub(super) fn add_function(engine: &mut Engine) -> Result<(), Box<dyn Error + Send + Sync>> {
    let hand_back = |mut handed: Vec<Value>| {
        match handed.pop() {
        Some(Value::Array(values)) if values.len() == 1 => Ok(values[0].clone()),
        Some(Value::Array(values)) if values.is_empty() => Err(io::Error::other(
            "something in the head of this rule is undefined: bind it in the rule's body, or use `object.get`",
        )
        .into()),
        _ => Err(io::Error::other("the head of this rule stands for several values: bind one in its body").into()),
    }
    };
    engine.add_extension(FUNCTION.to_owned(), 1, Box::new(hand_back))?;
    Ok(())
}

/// The module's text with the function around each such value; `None` where there is none.
///
/// # Errors
/// What stands in the brackets of a rule's name may be undefined.
pub(super) fn guarded(module: &Module, text: &str) -> Result<Option<String>, String> {
    let names = names(module);
    let unsure = |value: &&Expr| !sure(value, &names);
    if let Some(key) = module.policy.iter().flat_map(|rule| keys(rule)).find(unsure) {
        let wrong = "what stands in the brackets of a rule's name must be bound in its body: `[name]` and `name := ..`";
        return Err(key.span().error(wrong).to_string());
    }
    let mut values: Vec<_> = module.policy.iter().flat_map(|rule| values(rule, text)).collect();
    values.retain(|value| unsure(&value.expression));
    values.sort_by_key(|value| value.at.start);
    if values.is_empty() {
        return Ok(None);
    }
    let mut guarded = String::with_capacity(text.len() + values.len() * 64);
    let mut copied = 0;
    for Held { at, .. } in values {
        let (before, value) = (&text[copied..at.start], &text[at.clone()]);
        guarded.push_str(&format!("{before} {FUNCTION}([value__ | value__ := {value}])"));
        copied = at.end;
    }
    guarded.push_str(&text[copied..]);
    Ok(Some(guarded))
}

/// A value in a head.
struct Held<'a> {
    expression: &'a Expr,
    /// Where it stands in the text, brackets around it and white space before it included.
    at: Range<usize>,
}

/// What the module's rules and imports are called: what is not among them is a variable of the rule that it stands in.
fn names(module: &Module) -> BTreeSet<&str> {
    let rules = module.policy.iter().map(|rule| match &**rule {
        Rule::Spec {
            head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. },
            ..
        }
        | Rule::Default { refr, .. } => root(refr),
    });
    let imports = module.imports.iter().map(|import| match (&import.r#as, &*import.refr) {
        (Some(name), _) => name.text(),
        (None, Expr::RefDot { field, .. }) => field.0.text(),
        (None, other) => other.span().text(),
    });
    rules.chain(imports).chain(["input", "data"]).collect()
}

fn root(mut reference: &Expr) -> &str {
    while let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = reference {
        reference = refr;
    }
    reference.span().text()
}

/// The values in a rule's head without which something that it found before would be forgotten. A rule that has one answer
/// has found nothing before.
fn values<'a>(rule: &'a Rule, text: &str) -> Vec<Held<'a>> {
    let Rule::Spec { head, bodies, .. } = rule else { return Vec::new() };
    let several = bodies.iter().any(has_several_answers);
    let assigned = |first: &'a Option<RuleAssign>| {
        let others = bodies.iter().filter_map(|body| body.assign.as_ref());
        others.chain(first).map(assigned)
    };
    match head {
        _ if bodies.is_empty() => Vec::new(),
        RuleHead::Set { span, refr, key } => key.iter().map(|key| element(span, refr, key, text)).collect(),
        RuleHead::Compr { refr, assign, .. } if several || brackets(refr).next().is_some() => {
            assigned(assign).collect()
        }
        RuleHead::Func { assign, .. } if several => assigned(assign).collect(),
        RuleHead::Compr { .. } | RuleHead::Func { .. } => Vec::new(),
    }
}

/// `contains VALUE`, or `[VALUE]`.
fn element<'a>(head: &Span, name: &Expr, value: &'a Expr, text: &str) -> Held<'a> {
    const CONTAINS: &str = "contains";
    let (from, to) = (name.span().end as usize, head.end as usize);
    let keyword = text.get(from..to).and_then(|rest| rest.find(CONTAINS));
    let at = keyword.map_or(from + 1..to - 1, |keyword| from + keyword + CONTAINS.len()..to);
    Held { expression: value, at }
}

/// `:= VALUE`
fn assigned(assign: &RuleAssign) -> Held<'_> {
    let sign = if assign.op == AssignOp::Eq { 1 } else { 2 };
    Held { expression: &assign.value, at: assign.span.start as usize + sign..assign.span.end as usize }
}

/// What stands in the brackets of a rule's name.
fn keys(rule: &Rule) -> impl Iterator<Item = &Expr> {
    let name = match rule {
        Rule::Spec { head: RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. }, .. } => Some(refr),
        Rule::Spec { .. } | Rule::Default { .. } => None,
    };
    name.into_iter().flat_map(|name| brackets(name))
}

fn brackets(name: &Expr) -> impl Iterator<Item = &Expr> {
    let parts = std::iter::successors(Some(name), |name| match name {
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => Some(refr),
        _ => None,
    });
    parts.filter_map(|part| match part {
        Expr::RefBrack { index, .. } => Some(&**index),
        _ => None,
    })
}

fn has_several_answers(body: &RuleBody) -> bool {
    body.query.stmts.iter().any(|statement| {
        matches!(statement.literal, Literal::SomeIn { .. } | Literal::SomeVars { .. })
            || statement.span.text().contains("[_]")
    })
}

/// Whether an expression cannot be undefined: the rule's body binds its variables, and the engine's functions answer or break
/// the check.
fn sure(expression: &Expr, names: &BTreeSet<&str>) -> bool {
    let all = |items: &[Ref<Expr>]| items.iter().all(|item| sure(item, names));
    match expression {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. } => true,
        Expr::ArrayCompr { .. } | Expr::SetCompr { .. } | Expr::ObjectCompr { .. } => true,
        Expr::Var { span, .. } => !names.contains(span.text()),
        Expr::Array { items, .. } | Expr::Set { items, .. } => all(items),
        Expr::Object { fields, .. } => {
            fields.iter().all(|(_, key, value)| sure(key, names) && sure(value, names))
        }
        Expr::Call { fcn, params, .. } => !names.contains(root(fcn)) && all(params),
        _ => false,
    }
}
