//! What filters mean, and what is said about those that mean nothing.

use std::collections::BTreeSet;

use model::{
    fleet::{Fleet, FleetSource},
    machine::{MachineClass, MachineName},
    resolved::{ResolvedFleet, ResolvedMachine},
    stage::Stage,
    survey::Survey,
};
use proptest::prelude::*;

use super::{
    matcher::{How, Matcher},
    predicate::{Field, Predicate},
    *,
};
use crate::names::Names;

/// A nixos machine `magnetite` with tags `all`, `cloud`, `nixos`, and a darwin machine `stibnite` with `all`, `darwin`.
fn fleet() -> ResolvedFleet {
    let machine = |class: MachineClass, tags: &[&str]| ResolvedMachine {
        class,
        tags: tags.iter().map(ToString::to_string).collect(),
        roles: Default::default(),
    };
    ResolvedFleet {
        fleet: Fleet {
            source: FleetSource::FleetToml,
            inventory: Default::default(),
            trees: None,
            boot: Default::default(),
            asks: Vec::new(),
            exceptions: Vec::new(),
            promotion: None,
            waivers: Vec::new(),
            places: Default::default(),
        },
        machines: [
            ("magnetite".into(), machine(MachineClass::Nixos, &["all", "cloud", "nixos"])),
            ("stibnite".into(), machine(MachineClass::Darwin, &["all", "darwin"])),
        ]
        .into(),
        roles: Default::default(),
        conflicts: Vec::new(),
    }
}

/// The names of the candidates of a small plan that a filter keeps: `m`agnetite's and `s`tibnite's host names, the
/// `f`leet's roles, an expression `t`est.
fn kept(filter: &Filter) -> String {
    let (fleet, survey) = (fleet(), Survey::default());
    let names = Names::of(&fleet, &survey, &[]);
    let of = |name: &str| {
        names
            .machines()
            .get_key_value(&MachineName::from(name))
            .map(|(name, traits)| (name.as_str(), *traits))
    };
    let host = |id, name| Candidate {
        id,
        rule: "host/host-name",
        suite: "host",
        stage: Stage::Invariants,
        machine: of(name),
        test: None,
    };
    let whole = |id, rule, suite, stage, test| Candidate { id, rule, suite, stage, machine: None, test };
    let candidates = [
        ('m', host("host::host-name::magnetite", "magnetite")),
        ('s', host("host::host-name::stibnite", "stibnite")),
        ('f', whole("inventory::roles", "inventory/roles", "inventory", Stage::Invariants, None)),
        (
            't',
            whole(
                "nix-unit::.#tests::net.a",
                "nix-unit/tests",
                "nix-unit",
                Stage::Expressions,
                Some("net.a"),
            ),
        ),
    ];
    candidates.iter().filter(|(_, check)| filter.keeps(check)).map(|(letter, _)| *letter).collect()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let filter = Filter::parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    assert_eq!(kept(&filter), expected, "{text}");
}

/// Each error as `<the text that it is about>: <message>`.
#[track_caller]
fn check_errors(text: &str, expected: &[&str]) {
    let errors = Filter::parse(text).expect_err(text);
    assert_eq!(shown(text, &errors), expected, "{text}");
}

fn shown(text: &str, errors: &[FilterError]) -> Vec<String> {
    errors.iter().map(|error| format!("{}: {error}", &text[error.span.clone()])).collect()
}

#[test]
fn predicates_on_machines_keep_no_check_of_the_fleet() {
    check("machine(magnetite)", "m");
    check("tag(cloud)", "m");
    check("tag(all)", "ms");
    check("class(darwin)", "s");
}

#[test]
fn predicates_on_checks() {
    check("stage(expressions)", "t");
    check("suite(host)", "ms");
    check("rule(inventory/roles)", "f");
    check("check(inventory::roles)", "f");
    check("test(net.a)", "t");
    check("test(nix-unit::.#tests::net.a)", "t");
    check("all()", "msft");
    check("none( )", "");
}

#[test]
fn names_are_exact_unless_they_say_otherwise() {
    check("machine(magnet)", "");
    check("machine( magnetite )", "m");
    check("machine(=magnetite)", "m");
    check("machine(~nit)", "s");
    check("machine(*nit*)", "s");
    check("machine(#magnetit?)", "m");
    check("machine(=*nit*)", "");
    check("machine(/^.{8}$/)", "s");
    check("check(nix-unit::*)", "t");
    check("rule(/host\\/host/)", "ms");
    check(r"machine(\u{6d}agnetite)", "m");
}

#[test]
fn blanks_around_a_name_count_only_where_they_are_escaped() {
    let text = |written: &str| {
        let filter = Filter::parse(written).expect(written);
        let Node::Is(predicate) = filter.node else { panic!("{written} is one predicate") };
        predicate.matcher.text
    };
    assert_eq!(text("tag( a b )"), "a b");
    assert_eq!(text(r"tag(a\ )"), "a ");
    assert_eq!(text(r"tag(a\   )"), "a ");
    assert_eq!(text(r"tag(a\\  )"), r"a\");
    assert_eq!(text(r"tag(a\\\ \   )"), r"a\  ");
    assert_eq!(text("tag(~ a )"), "a");
}

#[test]
fn not_binds_more_than_and_which_binds_more_than_or() {
    check("machine(magnetite) | suite(host) & class(darwin)", "ms");
    check("(machine(magnetite) | suite(host)) & class(darwin)", "s");
    check("!class(darwin) & suite(host)", "m");
    check("suite(host) - machine(magnetite)", "s");
    check("all() - suite(host) - test(net.a)", "f");
    check("not suite(host) and not stage(expressions) or tag(cloud)", "mf");
    check("not(suite(host)) + none()", "ft");
    check("!!suite(inventory)", "f");
}

#[test]
fn every_error_is_told_with_its_place() {
    check_errors(
        "machin(a) & tag() | class(/(/) stage(x",
        &[
            "machin: no predicate is called machin; did you mean machine?",
            "tag(): tag() needs a name between its parentheses",
            "/(/: not a regular expression: unclosed group",
            "stage(x: this parenthesis is never closed",
            "stage(x: expected an operator: &, |, - or the end",
        ],
    );
}

#[test]
fn errors_by_kind() {
    check_errors("", &[": expected an expression such as machine(name)"]);
    check_errors("tag(a) &", &[": expected an expression such as machine(name)"]);
    check_errors("(tag(a)", &["(: this parenthesis is never closed"]);
    check_errors("tag(a))", &["): this parenthesis closes nothing"]);
    let closes_nothing = "): this parenthesis closes nothing";
    check_errors("tag(a)) & )", &[closes_nothing, closes_nothing]);
    let no_name = "tag(): tag() needs a name between its parentheses";
    check_errors("tag(a)) tag()", &[closes_nothing, no_name]);
    check_errors("tag(a)) & tag() ) | tag()", &[closes_nothing, no_name, closes_nothing, no_name]);
    check_errors("cloud", &["cloud: expected an expression such as machine(name), found a bare word"]);
    check_errors("tags", &["tags: expected an expression such as tag(name), found a bare word"]);
    check_errors("tag(a) && tag(b)", &["&&: no operator &&; write &"]);
    check_errors("tag(a) || tag(b)", &["||: no operator ||; write |"]);
    check_errors("all(x)", &["x: all() takes nothing between its parentheses"]);
    check_errors("tag(~)", &["tag(~): tag() needs a name between its parentheses"]);
    check_errors("tag(/a/b)", &["/a/b: a regular expression ends with / right before the parenthesis"]);
    check_errors(r"tag(a\qb)", &[r"\q: no such escape; known are \) \\ \( \/ \= \~ \# \n \r \t and \u{..}"]);
    check_errors(
        r"tag(~  a\qb)",
        &[r"\q: no such escape; known are \) \\ \( \/ \= \~ \# \n \r \t and \u{..}"],
    );
    check_errors(
        "tag(a) ; tag(b)",
        &[";: unexpected character ';'", "tag(b): expected an operator: &, |, - or the end"],
    );
}

#[test]
fn depth_length_and_patterns_are_bounded() {
    let nested = |depth: usize| format!("{}all(){}", "(".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(&nested(64)).is_ok());
    check_errors(&nested(65), &["(: nested deeper than 64 levels"]);
    check_errors(&format!("{}all()", "!".repeat(65)), &["!: nested deeper than 64 levels"]);
    let patterns = |count: usize| vec!["tag(a*)"; count].join("|");
    assert!(Filter::parse(&patterns(64)).is_ok());
    check_errors(&patterns(65), &["tag(a*): more than 64 regular expressions and globs"]);
    let long = |bytes: usize| format!("{}all()", " ".repeat(bytes - 5));
    assert!(Filter::parse(&long(16 * 1024)).is_ok());
    let errors = Filter::parse(&long(16 * 1024 + 1)).expect_err("too long");
    assert_eq!(errors[0].kind, FilterErrorKind::TooLong(16 * 1024));
    assert_eq!(Filter::parse("tag(/\\w{999}{999}/)").expect_err("too large").len(), 1);
}

#[test]
fn names_that_nothing_has_are_errors() {
    let (fleet, survey) = (fleet(), Survey::default());
    let names = Names::of(&fleet, &survey, &[]);
    let text = "machine(magnetit) | tag(/^x/) & !class(windows) | stage(boots) | suite(a*) | rule(x/y) | check(later)";
    let filter = Filter::parse(text).expect("well formed");
    assert_eq!(
        shown(text, &filter.unknown(&names)),
        [
            "machine(magnetit): no machine is called magnetit; did you mean magnetite?",
            "tag(/^x/): matches no tag",
            "class(windows): no class is called windows",
            "stage(boots): no stage is called boots; did you mean boot?",
            "suite(a*): matches no suite",
            "rule(x/y): no rule is called x/y",
        ]
    );
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let how = prop_oneof![Just(How::Exact), Just(How::Contains), Just(How::Glob), Just(How::Regex)];
    (how, r#"[ -~\t\nä\u{a0}]{1,8}"#).prop_map(|(how, text)| {
        let text = if how == How::Regex { regex::escape(&text) } else { text };
        Matcher::new(how, text).expect("small")
    })
}

fn node() -> impl Strategy<Value = Node> {
    let field = (0..Field::ALL.len()).prop_map(|at| Field::ALL[at]);
    let is =
        (field, matcher()).prop_map(|(field, matcher)| Node::Is(Predicate { field, matcher, span: 0..0 }));
    let leaf = prop_oneof![1 => Just(Node::All), 1 => Just(Node::None), 6 => is];
    leaf.prop_recursive(6, 32, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|node| Node::Not(Box::new(node))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Node::Both),
            prop::collection::vec(inner, 2..4).prop_map(Node::Either),
        ]
    })
}

/// Where a predicate stood is no part of what it means.
fn without_spans(node: Node) -> Node {
    let all = |nodes: Vec<Node>| nodes.into_iter().map(without_spans).collect();
    match node {
        Node::Is(predicate) => Node::Is(Predicate { span: 0..0, ..predicate }),
        Node::Not(node) => Node::Not(Box::new(without_spans(*node))),
        Node::Both(nodes) => Node::Both(all(nodes)),
        Node::Either(nodes) => Node::Either(all(nodes)),
        constant => constant,
    }
}

proptest! {
    #[test]
    fn what_is_shown_reads_as_the_same_filter(node in node()) {
        let text = Filter { node: node.clone() }.to_string();
        let read = Filter::parse(&text).map_err(|errors| TestCaseError::fail(format!("{text}: {errors:?}")))?;
        prop_assert_eq!(without_spans(read.node), node, "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused_with_places_in_it(text in r#"([ -~ä\\]|tag\(|not |all\(\)|/|\(|\)){0,40}"#) {
        match Filter::parse(&text) {
            Ok(filter) => {
                kept(&filter);
                let again = Filter::parse(&filter.to_string());
                prop_assert_eq!(again.map(|again| without_spans(again.node)), Ok(without_spans(filter.node)));
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|error| text.get(error.span.clone()).is_some()));
                let starts: Vec<usize> = errors.iter().map(|error| error.span.start).collect();
                prop_assert!(starts.is_sorted());
            }
        }
    }

    #[test]
    fn not_keeps_exactly_what_is_left_out(node in node()) {
        let kept_by = |node| kept(&Filter { node }).chars().collect::<BTreeSet<char>>();
        let (kept, left) = (kept_by(node.clone()), kept_by(Node::Not(Box::new(node))));
        prop_assert!(kept.is_disjoint(&left));
        prop_assert_eq!(kept.len() + left.len(), 4);
    }
}
