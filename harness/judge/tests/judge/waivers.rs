//! What a waiver accepts, and what it does not.

use jiff::ToSpan;
use model::{
    check::{CheckId, Question},
    decision::Outcome,
    fleet::TreeRef,
    verdict::Verdict,
    waiver::Waiver,
};

use crate::story::{Story, TODAY, broken, check, fail, story, timed_out, waiver};

/// What a run comes to in which `x/y` of machine `a` came out like this, with these waivers.
#[track_caller]
fn comes_to(verdict: Verdict, waivers: Vec<Waiver>, expected: Outcome) {
    let mut story = story([check("x/y", "a", verdict)]);
    story.waivers = waivers;
    assert_eq!(story.decide().outcome, expected);
}

fn one() -> Verdict {
    fail(&[("x/y", "a")])
}

#[test]
fn a_waiver_of_the_rule_and_subject_opens() {
    comes_to(one(), vec![], Outcome::Closed);
    comes_to(one(), vec![waiver("x/y", Some("a"))], Outcome::Open);
    comes_to(one(), vec![waiver("x/y", None)], Outcome::Open);
}

#[test]
fn a_waiver_of_another_rule_or_subject_does_not() {
    comes_to(one(), vec![waiver("x/z", Some("a"))], Outcome::Closed);
    comes_to(one(), vec![waiver("x/y", Some("b"))], Outcome::Closed);
    comes_to(one(), vec![waiver("x/y", Some("fleet"))], Outcome::Closed);
    comes_to(fail(&[("x/z", "a")]), vec![waiver("x/z", None), waiver("x/y", None)], Outcome::Closed);
}

#[test]
fn a_waiver_of_one_test_opens_no_other() {
    let tree = TreeRef::Flake { attribute: vec!["tests".to_owned()] };
    let test = |name: &str| {
        let mut told = check("nix-unit/tests", "fleet", fail(&[("nix-unit/tests", "fleet")]));
        told.check.id = CheckId(format!("nix-unit::.#tests::{name}"));
        told.check.question = Question::Expression { tree: tree.clone(), path: vec![name.to_owned()] };
        told
    };
    let of = |name: &str| Waiver { test: Some(name.to_owned()), ..waiver("nix-unit/tests", None) };
    let outcome = |waivers: &[&str]| {
        let mut story = story([test("a"), test("b")]);
        story.waivers = waivers.iter().copied().map(of).collect();
        story.decide().outcome
    };
    assert_eq!(outcome(&[".#tests::a"]), Outcome::Closed);
    assert_eq!(outcome(&[".#tests::a", "b"]), Outcome::Closed);
    assert_eq!(outcome(&[".#tests::a", ".#tests::b"]), Outcome::Open);
    // A check that is no test has no test's name.
    comes_to(one(), vec![Waiver { test: Some("y::a".to_owned()), ..waiver("x/y", None) }], Outcome::Closed);
}

#[test]
fn a_waiver_counts_through_its_last_day() {
    let until = |day| Waiver { expires: day, ..waiver("x/y", None) };
    comes_to(one(), vec![until(TODAY)], Outcome::Open);
    comes_to(one(), vec![until(TODAY.saturating_sub(1.day()))], Outcome::Closed);
}

#[test]
fn every_finding_needs_its_own_waiver() {
    let two = fail(&[("x/y", "a"), ("x/y", "b")]);
    comes_to(two.clone(), vec![waiver("x/y", Some("a"))], Outcome::Closed);
    comes_to(two, vec![waiver("x/y", Some("a")), waiver("x/y", Some("b"))], Outcome::Open);
}

#[test]
fn only_findings_can_be_waived() {
    comes_to(timed_out(), vec![waiver("x/y", None)], Outcome::Closed);
    comes_to(broken(), vec![waiver("x/y", None)], Outcome::Broken);
    comes_to(fail(&[]), vec![waiver("x/y", None)], Outcome::Closed);
}

#[test]
fn what_is_waived_is_told_with_its_waiver() {
    let told = story([check("x/y", "a", one()), check("x/taste", "a", fail(&[("x/taste", "a")])).warning()])
        .waived(waiver("x/y", None))
        .waived(waiver("x/taste", None));
    let decision = told.decide();
    let waived: Vec<_> =
        decision.waived.iter().map(|(finding, by)| (finding.rule.as_str(), by.rule.as_str())).collect();
    assert_eq!(waived, [("x/y", "x/y"), ("x/taste", "x/taste")]);
    assert_eq!(decision.warnings, []);
}

#[test]
fn a_waiver_that_nothing_needed_is_told_where_everything_was_asked() {
    let idle = |story: Story, waivers: &[&Waiver]| {
        let story = waivers.iter().copied().cloned().fold(story, Story::waived);
        story.decide().idle.into_iter().map(|waiver| waiver.rule).collect::<Vec<_>>()
    };
    let passed = || story([check("x/y", "a", Verdict::Pass), check("x/all", "fleet", Verdict::Pass)]);
    let (of_a, of_b) = (waiver("x/y", Some("a")), waiver("x/y", Some("b")));
    assert_eq!(idle(passed(), &[&of_a]), ["x/y"]);
    assert_eq!(idle(passed(), &[&of_b, &waiver("x/all", Some("a"))]), ["x/y", "x/all"]);
    assert_eq!(idle(story([check("x/y", "a", one())]), &[&of_a]), [""; 0]);
    // One that was over anyway, or of which nobody knows what it would have waived.
    let over = Waiver { expires: TODAY - 1.day(), ..of_a.clone() };
    assert_eq!(idle(passed(), &[&over]), [""; 0]);
    assert_eq!(idle(passed().interrupted(), &[&of_a]), [""; 0]);
    assert_eq!(idle(passed().partial(), &[&of_a]), [""; 0]);
    let unasked = || story([check("x/y", "a", broken()), check("x/all", "fleet", Verdict::Pass).blind()]);
    assert_eq!(idle(unasked(), &[&of_a, &waiver("x/all", Some("b"))]), [""; 0]);
    assert_eq!(idle(unasked(), &[&of_b]), ["x/y"]);
}
