//! What holds of every report, whatever the run.

use model::{
    artifact::Artifact,
    check::CheckId,
    finding::Finding,
    measurement::{Measurement, Unit},
    verdict::Verdict,
};
use proptest::prelude::*;
use reports::{Look, markdown, plan, terminal};
use unicode_width::UnicodeWidthStr;

use crate::story::{Story, check, console, finding, measurement, story, warning};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{0,60}",
        r"[ -~\t\n]{0,200}",
        "(漢字|ä|🚢|\u{1b}\\[31m|\u{202e}|\u{0}|\r|\n|`{1,5}|\\||<b>| ){0,30}",
        "x{150}",
    ]
}

fn a_finding() -> impl Strategy<Value = Finding> {
    let optional = || prop::option::of(text());
    (text(), optional(), optional(), optional(), prop::collection::vec(text(), 0..3)).prop_map(
        |(message, expected, actual, help, trace)| {
            let base = finding(&check("x/y", "a"), &message);
            Finding { expected, actual, help, trace, ..base }
        },
    )
}

fn a_story() -> impl Strategy<Value = Story> {
    let taken = prop::option::of((prop_oneof![-1e3..1e3_f64, Just(f64::MAX)], 0..3_usize, text()));
    let told = (text(), prop::collection::vec(a_finding(), 0..4), any::<bool>(), taken);
    prop::collection::vec(told, 0..6).prop_map(|told| {
        told.into_iter().enumerate().fold(story(), |mut story, (at, (name, findings, taste, taken))| {
            let mut check = check("x/y", &name);
            check.id = CheckId(format!("{}{at}", check.id));
            if let Some((value, unit, of)) = taken {
                let unit = [Unit::Seconds, Unit::Bytes, Unit::Count][unit];
                let part = Measurement { of: Some(of.clone()), ..measurement("x/part", value, unit) };
                story = story.measured(&check, vec![measurement("x/whole", value, unit), part]);
                story = story.kept(&check, Artifact { name: of.clone(), path: of, ..console("") });
            }
            story.told(if taste { warning(check) } else { check }, Verdict::Fail { findings })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_line_is_wider_than_the_screen_and_none_holds_a_terminal_code(story in a_story(), width in 0..130_usize) {
        let look = Look { width, ..Look::default() };
        let pages = [
            story.render(|report| terminal::render(report, look)),
            plan::render(&story.plan, look, true),
            plan::render(&story.plan, look, false),
        ];
        for line in pages.iter().flat_map(|page| page.lines()) {
            prop_assert!(line.width() <= width.max(20), "{} columns of {width}: {line:?}", line.width());
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }

    #[test]
    fn markdown_keeps_its_limit_and_closes_what_it_opens(story in a_story(), limit in 0..80_000_usize) {
        let text = story.render(|report| markdown::render(report, limit));
        prop_assert!(text.len() <= limit.max(32 * 1024));
        prop_assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        prop_assert!(fences_close(&text), "{text}");
    }
}

/// Whether every block of code ends, by the rule that only a fence at least as long as the first ends one.
fn fences_close(text: &str) -> bool {
    let mut open = None;
    for line in text.lines().map(str::trim) {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match open {
            None if ticks >= 3 => open = Some(ticks),
            Some(least) if ticks >= least && ticks == line.len() => open = None,
            _ => {}
        }
    }
    open.is_none()
}

/// A run with this many large findings.
fn large(findings: usize) -> Story {
    let of = |number: usize| check("host/way-in", &format!("machine-{number:05}"));
    (0..findings).fold(story(), |story, number| {
        story.failed(of(number), |finding| {
            finding.message = format!("{number} {}", "wide ".repeat(100));
            finding.trace = vec!["frame ".repeat(20); 20];
        })
    })
}

#[test]
fn markdown_of_a_large_run_fits_and_says_what_is_missing() {
    let story = large(2_000);
    for limit in [markdown::LIMIT, markdown::COMMENT] {
        let text = story.render(|report| markdown::render(report, limit));
        assert!(text.len() <= limit && text.len() > limit / 2, "{} of {limit}", text.len());
        let shown = text.matches("<details>").count();
        let remark = format!("_{} findings more did not fit here: see the JSON report._", 2_000 - shown);
        assert!(text.contains(&remark), "{shown} shown");
        assert!(text.contains("### Gates"), "what stands below the findings is there");
        assert!(text.contains("and 1980 gates more"));
    }
}

#[test]
fn a_small_run_fits_whole() {
    let text = large(3).render(|report| markdown::render(report, markdown::COMMENT));
    assert!(!text.contains("did not fit"));
}

#[test]
fn the_terminal_s_summary_of_a_large_run_stays_short() {
    let text = large(2_000).render(|report| terminal::render(report, Look::default()));
    assert!(text.lines().count() < 50 * 35 + 100, "{} lines", text.lines().count());
    assert!(text.contains("and 1950 findings more"), "the rest is counted");
}
