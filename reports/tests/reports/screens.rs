//! What a person sees at a terminal.

use insta::assert_snapshot;
use model::{check::Check, decision::Outcome, plan::Note, stage::Stage, verdict::Verdict, waiver::Waiver};
use reports::{Look, plan, terminal};

use crate::story::{Story, absent, broken, check, everything, finding, story, test};

fn at(width: usize) -> Look {
    Look { width, ..Look::default() }
}

fn summary(story: &Story, look: Look) -> String {
    story.render(|report| terminal::render(report, look))
}

#[test]
fn a_summary_names_everything_that_is_not_proven() {
    assert_snapshot!(summary(&everything(), at(100)));
}

#[test]
fn a_narrow_summary_wraps_and_says_the_same() {
    assert_snapshot!(summary(&everything(), at(40)));
}

#[test]
fn a_run_in_which_all_is_well_is_short() {
    let story = story().passed(test("net.open")).passed(check("host/host-name", "cinnabar"));
    assert_snapshot!(summary(&story, at(80)));
}

#[test]
fn what_was_selected_is_never_plainly_open() {
    let mut story = story().passed(test("net.open")).noted(Note::Unselected { stage: Stage::Invariants });
    story.plan.header.partial = true;
    let told = summary(&story, at(80));
    assert!(told.contains("\n  invariants: not selected\n"), "{told}");
    assert!(told.contains("\nopen as far as selected: 1 of 1 gate"), "{told}");
    let told = story.render(|report| reports::markdown::render(report, reports::markdown::LIMIT));
    assert!(told.contains("seaworthy: open as far as selected\n"), "{told}");
    let failed = story.failed(check("host/host-name", "cinnabar"), |_| {});
    assert!(summary(&failed, at(80)).contains("\nclosed: 1 of 2 gates"));
}

#[test]
fn a_waiver_that_nothing_needed_is_named() {
    let mut story = story().waived(check("host/disks-distinct", "cinnabar"));
    let needed = story.decision.waived[0].1.clone();
    story.decision.idle = vec![Waiver { rule: "host/way-in".to_owned(), ..needed }];
    let told = summary(&story, at(100));
    assert!(told.contains("\nwaivers that waive nothing\n  host/way-in until "), "{told}");
    let told = story.render(|report| reports::markdown::render(report, reports::markdown::LIMIT));
    assert!(told.contains("### Waivers that waive nothing\n\n- host/way-in until "), "{told}");
}

#[test]
fn a_run_without_an_answer_says_so() {
    assert_snapshot!(summary(&story().unanswered(absent(check("vars/orphan", "fleet"))), at(80)));
}

#[test]
fn colours_add_nothing_but_colours() {
    let plain = summary(&everything(), at(80));
    let colored = summary(&everything(), Look { color: true, ..at(80) });
    assert!(!plain.contains('\u{1b}'));
    assert!(
        colored.contains("\u{1b}[1m\u{1b}[31mFAIL inventory/role-machine-exists\u{1b}[0m: 1 finding"),
        "{colored:?}"
    );
    let parts: Vec<&str> = colored.split('\u{1b}').collect();
    assert!(
        !parts
            .windows(2)
            .any(|pair| pair[0].ends_with('m') && pair[0].len() < 4 && pair[1].starts_with("[0m"))
    );
    let mut stripped = String::new();
    colored.split('\u{1b}').enumerate().for_each(|(at, part)| {
        stripped.push_str(if at == 0 { part } else { part.split_once('m').expect("a colour").1 });
    });
    assert_eq!(stripped, plain);
}

#[test]
fn the_findings_beyond_the_limit_are_counted() {
    let of = |number: usize| check("host/way-in", &format!("m{number}"));
    let story = (0..5).fold(story(), |story, number| {
        story.failed(of(number), |finding| finding.message = format!("no way into m{number}"))
    });
    let story = story.failed(check("zebra/stripes", "fleet"), |_| {});
    let text = summary(&story, Look { findings: 2, ..at(80) });
    assert_eq!(text.matches("at fleet.toml").count(), 2);
    assert!(text.contains("\nand 4 findings more (see report --format json)\n"), "{text}");
    assert!(text.contains("\nFAIL host/way-in: 5 findings\n"), "{text}");
    let all = summary(&story, at(80));
    assert_eq!(all.matches("at fleet.toml").count(), 6);
    assert!(!all.contains("json"));
}

#[test]
fn one_place_that_fails_many_checks_is_told_once() {
    let tests = (0..6).fold(story(), |story, number| {
        story.failed(test(&format!("t{number}")), |finding| finding.trace = vec!["in lib".to_owned()])
    });
    let text = summary(&tests.failed(test("other"), |finding| finding.place = None), at(80));
    assert_eq!(text.matches("in lib").count(), 1, "{text}");
    assert!(text.contains(": 7 findings\n") && text.contains(" and 2 more\n"), "{text}");
    assert_eq!(text.matches("the machine ghost").count(), 2, "{text}");
}

#[test]
fn one_fault_that_breaks_many_checks_is_told_once() {
    let of = |number: usize| check("host/way-in", &format!("m{number}"));
    let story = (0..7).fold(story(), |story, number| story.told(of(number), broken("nix died")));
    let text = summary(&story.outcome(Outcome::Broken), at(80));
    assert_eq!(text.matches("BROKEN").count(), 1);
    assert!(text.contains("BROKEN 7 checks: nix died\n  host::way-in::m0\n"), "{text}");
    assert!(text.contains("  and 4 more\n"), "{text}");
    assert!(text.ends_with("broken: 7 of 7 gates; 7 checks broken; 1.50s\n"), "{text}");
}

#[test]
fn gates_that_are_undecided_for_one_reason_are_one_line_of_their_machine() {
    let build = |check: Check| Check { stage: Stage::Build, ..check };
    let story = story()
        .unanswered(check("host/host-name", "a"))
        .unanswered(check("host/way-in", "a"))
        .unanswered(build(check("builds/builds", "a")))
        .unanswered(check("host/way-in", "b"))
        .told(check("host/way-in", "c"), broken("nix died"))
        .unanswered(check("host/host-name", "c"));
    let told = "  invariants, build a: not asked: the run ended first (3 checks)\n  \
                invariants b: host::way-in::b (not asked: the run ended first)\n  \
                invariants c: host::way-in::c (the harness could not tell: nix died);\n";
    let text = summary(&story, at(80));
    assert!(text.contains(told), "{text}");
    let page = story.render(|report| reports::markdown::render(report, usize::MAX));
    assert!(
        page.contains("- undecided `a`, invariants, build: not asked: the run ended first \\(3 checks\\)\n"),
        "{page}"
    );
    assert!(page.contains("- undecided `b`, invariants: "), "{page}");
}

#[test]
fn text_of_others_cannot_leave_its_line() {
    let hostile = check("host/way-in", "a\u{1b}[2Jb\r\nc\u{202e}");
    let findings = vec![finding(&hostile, "two\nlines\u{7}")];
    let text = summary(&story().told(hostile, Verdict::Fail { findings }), at(100));
    assert!(
        text.contains("  a\\u{1b}[2Jb\\r\\nc\\u{202e} at fleet.toml:12:5\n    two\n    lines\\u{7}\n"),
        "{text}"
    );
}

#[test]
fn answers_of_several_runs_are_told_with_the_oldest() {
    let story = story()
        .reused(check("host/host-name", "a"))
        .reused_from("20260501-1", 9_000, check("host/way-in", "a"))
        .passed(check("host/way-in", "b"));
    let text = summary(&story, at(100));
    let sentence = "2 of 3 answers stand from 2 runs, the oldest 2 h ago; --fresh asks again";
    assert!(text.contains(&format!("\n{sentence}\n")), "{text}");
}

fn planned() -> Story {
    let never = |check: Check| Check { key: None, ..check };
    everything().unanswered(never(test("in.a.file")))
}

#[test]
fn a_plan_says_what_will_be_asked_and_why_not() {
    assert_snapshot!(plan::render(&planned().plan, at(80), false));
}

#[test]
fn a_verbose_plan_names_every_check() {
    assert_snapshot!(plan::render(&planned().plan, at(80), true));
}

#[test]
fn a_plan_on_a_narrow_screen() {
    assert_snapshot!(plan::render(&planned().plan, at(30), false));
}
