//! Which gates are open.

use model::{stage::Stage, verdict::Verdict::Pass};

use crate::story::{Story, broken, check, fail, skipped, story, timed_out, unanswered};

#[track_caller]
fn says(story: Story, expected: &[&str]) {
    assert_eq!(story.told().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn each_stage_and_subject_has_its_own_gate() {
    says(
        story([
            check("host/host-name", "b", Pass),
            check("host/way-in", "b", Pass),
            check("inventory/roles", "fleet", Pass),
            check("host/host-name", "a", Pass),
            check("evaluation/evaluates", "b", Pass).on(Stage::Expressions),
        ]),
        &["Open", "expressions b Open", "invariants fleet Open", "invariants a Open", "invariants b Open"],
    );
}

#[test]
fn a_failure_closes_its_own_gate_only() {
    says(
        story([
            check("host/host-name", "a", fail(&[("host/host-name", "a"), ("host/host-name", "a")])),
            check("host/host-name", "b", Pass),
        ]),
        &["Closed", "invariants a Closed (host::host-name::a: 2 findings)", "invariants b Open"],
    );
}

#[test]
fn a_failure_without_findings_closes_too() {
    says(
        story([check("x/y", "fleet", fail(&[]))]),
        &["Closed", "invariants fleet Closed (x::y::fleet: 0 findings)"],
    );
}

#[test]
fn a_check_over_its_limit_closes() {
    says(
        story([check("x/y", "a", timed_out()), check("x/z", "a", Pass)]),
        &["Closed", "invariants a Closed (x::y::a: no answer within its limit)"],
    );
}

#[test]
fn what_the_harness_could_not_tell_opens_nothing_and_closes_nothing() {
    says(
        story([check("x/y", "a", broken()), check("x/y", "b", Pass)]),
        &[
            "Broken",
            "invariants a Undecided (x::y::a: the harness could not tell: nix died)",
            "invariants b Open",
        ],
    );
}

#[test]
fn closed_wins_over_broken_and_broken_over_undecided() {
    let failed = check("x/fails", "a", fail(&[("x/fails", "a")]));
    let breaks = check("x/breaks", "b", broken());
    let unasked = unanswered("x/waits", "c");
    assert!(story([failed, breaks.clone(), unasked.clone()]).told().starts_with("Closed\n"));
    assert!(story([breaks, unasked.clone()]).told().starts_with("Broken\n"));
    assert!(story([unasked]).told().starts_with("Undecided\n"));
}

#[test]
fn what_was_not_asked_leaves_its_gate_undecided() {
    says(
        story([
            check("x/y", "a", Pass),
            unanswered("x/z", "a"),
            check("x/y", "b", skipped("interrupted")),
            check("x/y", "c", Pass),
        ]),
        &[
            "Undecided",
            "invariants a Undecided (x::z::a: not asked: the run ended first)",
            "invariants b Undecided (x::y::b: not asked: interrupted)",
            "invariants c Open",
        ],
    );
}

#[test]
fn what_the_fleet_does_not_have_is_named_beside_what_passed() {
    says(
        story([check("x/y", "a", Pass), check("vars/z", "a", skipped("no vars")).absent()]),
        &["Open", "invariants a Open (vars::z::a: skipped: the fleet has no vars)"],
    );
}

#[test]
fn where_there_was_nothing_to_ask_about_there_is_no_gate() {
    says(
        story([
            check("x/y", "a", Pass),
            check("vars/z", "b", skipped("no vars")).absent(),
            unanswered("vars/z", "c").absent(),
        ]),
        &["Open", "invariants a Open"],
    );
}

#[test]
fn a_run_without_an_answer_is_never_open() {
    says(story([]), &["Undecided"]);
    says(story([check("vars/z", "a", skipped("no vars")).absent()]), &["Undecided"]);
    says(
        story([unanswered("x/y", "a").warning()]),
        &["Undecided", "invariants a Undecided (x::y::a: not asked: the run ended first)"],
    );
}

#[test]
fn an_interrupted_run_is_not_open_even_if_every_answer_came() {
    says(story([check("x/y", "a", Pass)]).interrupted(), &["Undecided", "invariants a Open"]);
}

#[test]
fn a_warning_closes_no_gate_whatever_comes_of_it() {
    let findings = fail(&[("x/taste", "a")]);
    let told = story([check("x/y", "a", Pass), check("x/taste", "a", findings).warning()]);
    assert_eq!(told.decide().warnings.len(), 1);
    says(told, &["Open", "invariants a Open"]);
    says(
        story([check("x/y", "a", Pass), check("x/taste", "a", broken()).warning()]),
        &["Open", "invariants a Open (x::taste::a: the harness could not tell: nix died)"],
    );
}

#[test]
fn only_what_holds_a_gate_is_named() {
    let skips = check("vars/z", "a", skipped("no vars")).absent();
    let waits = unanswered("x/waits", "a");
    let fails = check("x/fails", "a", fail(&[("x/fails", "a")]));
    says(
        story([skips.clone(), waits.clone(), fails]),
        &["Closed", "invariants a Closed (x::fails::a: 1 finding)"],
    );
    says(
        story([skips.clone(), waits]),
        &["Undecided", "invariants a Undecided (x::waits::a: not asked: the run ended first)"],
    );
    says(
        story([skips, check("x/y", "a", Pass)]),
        &["Open", "invariants a Open (vars::z::a: skipped: the fleet has no vars)"],
    );
}

#[test]
fn what_could_not_be_seen_opens_nothing_though_it_passed_or_the_plan_skipped_it() {
    let unseen = story([
        check("x/sees", "fleet", Pass),
        check("x/blind", "fleet", Pass).blind(),
        check("x/y", "b", skipped("`b` does not evaluate")).absent().blind(),
        check("x/z", "b", Pass),
    ]);
    says(
        unseen,
        &[
            "Undecided",
            "invariants fleet Undecided (x::blind::fleet: a pass that proves nothing: `b` does not evaluate)",
            "invariants b Undecided (x::y::b: not asked: `b` does not evaluate)",
        ],
    );
    let fails = story([check("x/blind", "fleet", fail(&[("x/blind", "fleet")])).blind()]);
    says(fails, &["Closed", "invariants fleet Closed (x::blind::fleet: 1 finding)"]);
}

#[test]
fn a_fleet_that_has_nothing_to_prove_is_never_open() {
    let idle = |verdict| story([check("x/y", "fleet", verdict)]).idle();
    says(idle(Pass), &["Undecided", "invariants fleet Open"]);
    assert!(idle(fail(&[("x/y", "fleet")])).told().starts_with("Closed\n"));
    assert!(idle(broken()).told().starts_with("Broken\n"));
}
