//! What machines saw of each other, as people and programs are told it.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use model::{
    check::{Check, Question},
    event::{Event, What},
    overlay::{Overlay, OverlayKind},
    reach::Expectation,
    reason::{Reason, Who},
    round::{Coverage, Net, Round, Sample, Target, Way},
    sighting::{
        pair::Limits,
        seen::{Seen, Sight},
    },
    verdict::Verdict,
};
use reports::{Look, json, mesh, terminal};
use serde_json::Value;

use crate::{
    formats::collect,
    story::{Story, check, console, finding, story},
};

/// Whom the machines of the story are asked about: `a` to `c` must meet, and `d` must meet nobody.
fn round() -> Round {
    let expected = |from: &str, to: &str| match (from, to) {
        ("d", _) => Reason::Outsider(Who::From),
        (_, "d") => Reason::Outsider(Who::To),
        _ => Reason::Members,
    };
    let names = ["a", "b", "c", "d"];
    let targets = |from: &str| -> Vec<Target> {
        let others = names.into_iter().filter(|to| *to != from);
        let target = |to: &str| Expectation { reason: expected(from, to), probe: None };
        others.map(|to| Target { to: to.into(), expectation: target(to) }).collect()
    };
    let net = Net {
        overlay: Overlay { name: "net".to_owned(), kind: OverlayKind::Zerotier, members: BTreeMap::new() },
        run: BTreeSet::new(),
        coverage: Coverage {
            asked: 12,
            of: 9000,
            unasked: 0,
            unjudged: 0,
            sample: Some(Sample { each: 3, seed: 7 }),
        },
        targets: names.map(|from| (from.into(), targets(from))).into(),
    };
    Round { machines: names.map(Into::into).into(), nets: vec![net], guests: None }
}

fn looks(machine: &str) -> Check {
    let way = Some(Way::Ssh { host: machine.to_owned(), port: None });
    let question = Question::Probe { machine: machine.into(), way, limits: Limits::default() };
    Check { question, ..check("mesh/reach", machine) }
}

fn saw(story: &mut Story, machine: &str, sights: [(&str, Sight, Option<&str>); 3]) {
    let seen = sights.map(|(to, sight, why)| Seen {
        overlay: "net".to_owned(),
        to: to.into(),
        sight,
        why: why.map(str::to_owned),
    });
    let what = What::Sighted { check: looks(machine).id, seen: seen.into() };
    let at = story.events[0].at;
    story.events.push(Event { at, what });
}

fn failed(rule: &str, machine: &str, message: &str) -> Verdict {
    let mut finding = finding(&looks(machine), message);
    (finding.rule, finding.place) = (rule.to_owned(), None);
    Verdict::Fail { findings: vec![finding] }
}

/// All signs: one is not reached, one not well, one reached that must not be, and one cannot be asked.
fn seen() -> Story {
    let mut story = story();
    story.plan.round = Some(round());
    saw(
        &mut story,
        "a",
        [
            ("b", Sight::Apart, Some("`a` does not reach `b`")),
            ("c", Sight::Poor, Some("half is lost")),
            ("d", Sight::Apart, None),
        ],
    );
    saw(
        &mut story,
        "b",
        [("a", Sight::Reached, None), ("c", Sight::Reached, None), ("d", Sight::Apart, None)],
    );
    saw(
        &mut story,
        "d",
        [
            ("a", Sight::Reached, Some("`d` reaches `a`")),
            ("b", Sight::Apart, None),
            ("c", Sight::Apart, None),
        ],
    );
    let offline = Verdict::Skipped { reason: "`c` is offline".to_owned() };
    story
        .told(looks("a"), failed("mesh/unreached", "a", "`a` does not reach `b`"))
        .passed(looks("b"))
        .told(looks("c"), offline)
        .told(looks("d"), failed("mesh/leak", "d", "`d` reaches `a`"))
}

fn document(story: &Story) -> Value {
    let mut bytes = Vec::new();
    story.render(|report| json::write(report, &mut bytes)).expect("memory");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn what_differs_is_told_first_and_then_everything_as_a_table() {
    let text = seen().render(|report| terminal::render(report, Look::default()));
    let (_, rest) = text.split_once("\nnet: ").expect("the overlay");
    let (section, findings) = rest.split_once("\n\nFAIL ").expect("findings");
    assert_snapshot!(section, @r"
    ZeroTier, 0 members; 12 of 9000 pairs asked: spanning, and 3 of each machine by chance (seed
      7); 6 as expected, 3 not, 3 untold
      a -> b must reach: `a` does not reach `b`
      a -> c must reach: half is lost
      d -> a must not reach: `d` reaches `a`
      untold: `c` is offline: 3 pairs

        1 2 3 4
    1 a . X ~ -
    2 b + . + -
    3 c ? ? . ?
    4 d ! - - .
    + reached   - kept out   X not reached   ~ not well   ! not kept out   ? untold
    ");
    assert!(
        findings.starts_with("mesh/leak: 1 finding") && findings.contains("FAIL mesh/unreached"),
        "{findings}"
    );
}

/// Machines that must all meet, and what each saw of each other.
fn seen_of(names: &[&str], sight: impl Fn(&str, &str) -> Sight) -> Story {
    let mut story = story();
    let mut round = round();
    let others = |from: &str| names.iter().copied().filter(move |to| *to != from).collect::<Vec<_>>();
    let target = |to: &str| Target {
        to: to.into(),
        expectation: Expectation { reason: Reason::Members, probe: None },
    };
    let targets = |from: &&str| ((*from).into(), others(from).into_iter().map(target).collect());
    round.nets[0].targets = names.iter().map(targets).collect();
    story.plan.round = Some(round);
    for from in names {
        let what = |to: &str| match sight(from, to) {
            Sight::Apart => Some(format!("`{from}` does not reach `{to}`")),
            Sight::Poor => Some(format!("much is lost from `{from}` to `{to}`")),
            _ => None,
        };
        let seen = others(from).into_iter().map(|to| Seen {
            overlay: "net".to_owned(),
            to: to.into(),
            sight: sight(from, to),
            why: what(to),
        });
        let what = What::Sighted { check: looks(from).id, seen: seen.collect() };
        let at = story.events[0].at;
        story.events.push(Event { at, what });
    }
    let verdict = |from: &str| {
        let wrong = others(from).into_iter().filter(|to| sight(from, to) != Sight::Reached);
        let findings: Vec<_> =
            wrong.map(|to| failed("mesh/unreached", from, to).findings()[0].clone()).collect();
        if findings.is_empty() { Verdict::Pass } else { Verdict::Fail { findings } }
    };
    names.iter().fold(story, |story, from| story.told(looks(from), verdict(from)))
}

#[test]
fn what_one_machine_is_to_blame_for_is_told_once() {
    // `e` meets nobody; from `a` much is lost to all; and one line is cut.
    let story = seen_of(&["a", "b", "c", "d", "e", "f"], |from, to| match (from, to) {
        ("e", _) | (_, "e") | ("c", "d") => Sight::Apart,
        ("a", _) => Sight::Poor,
        _ => Sight::Reached,
    });
    let text = story.render(|report| terminal::render(report, Look::default()));
    let (_, rest) = text.split_once(" untold\n").expect("the overlay");
    let (pairs, rest) = rest.split_once("\n\n").expect("a table");
    assert_snapshot!(pairs, @r"
      e: reaches nobody, and nobody reaches it; `a` does not reach `e`
      a -> b, c, d and 1 more machine must reach: much is lost from `a` to `b`; and so on
      c -> d must reach: `c` does not reach `d`
    ");
    let (_, findings) = rest.split_once("\n\nFAIL ").expect("findings");
    let (findings, _) = findings.split_once("\n\n").expect("gates");
    assert_snapshot!(findings, @r"
    mesh/unreached: 15 findings
      a 5, e 5, c 2, b 1, d 1, f 1; the pairs stand above, with their overlay
    ");
}

#[test]
fn of_few_machines_every_pair_is_told() {
    let story = seen_of(&["a", "b", "c"], |from, to| match (from, to) {
        ("c", _) | (_, "c") => Sight::Apart,
        _ => Sight::Reached,
    });
    let text = story.render(|report| terminal::render(report, Look::default()));
    assert_eq!(text.matches(" must reach: ").count(), 4, "{text}");
}

/// What is wrong with a machine comes before whom it does not reach.
#[test]
fn causes_come_before_what_follows_from_them() {
    let one = |rule: &str| failed(rule, "a", rule).findings()[0].clone();
    let findings = ["mesh/unreached", "mesh/latency", "mesh/zerotier"].map(one).into();
    let told = story().told(looks("a"), Verdict::Fail { findings });
    let text = told.render(|report| terminal::render(report, Look::default()));
    let rules: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("FAIL ")?.split(':').next()).collect();
    assert_eq!(rules, ["mesh/zerotier", "mesh/latency", "mesh/unreached"]);
}

/// What a machine printed is one file, however much is wrong with the machine.
#[test]
fn where_the_lines_of_a_machine_are_is_told_once() {
    let one = |rule: &str| failed(rule, "a", rule).findings()[0].clone();
    let findings = ["mesh/unreached", "mesh/unreached", "mesh/latency", "mesh/zerotier"].map(one).into();
    let (lines, all) = (console("a"), looks("a"));
    let told = story().kept(&all, lines).told(all, Verdict::Fail { findings });
    let text = told.render(|report| terminal::render(report, Look::default()));
    assert_eq!(text.matches("    console: .seaworthy/runs/").count(), 1, "{text}");
    assert_eq!(text.matches("\nFAIL ").count(), 3, "{text}");
}

#[test]
fn the_json_report_has_every_pair_and_its_keys_are_documented() {
    let document = document(&seen());
    let overlay = &document["mesh"]["overlays"][0];
    let counts = serde_json::json!({"as_expected": 6, "differ": 3, "untold": 3});
    assert_eq!((&overlay["counts"], overlay["pairs"].as_array().map(Vec::len)), (&counts, Some(12)));
    let told = |at: usize| {
        let pair = &overlay["pairs"][at];
        let text = |key: &str| pair[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}: {}", text("from"), text("to"), text("reach"), text("seen"), text("why"))
    };
    assert_eq!(told(0), "a b must apart: `a` does not reach `b`");
    assert_eq!(told(2), "d a must-not reached: `d` reaches `a`");
    assert_eq!(told(3), "c a must untold: `c` is offline");
    let mut keys = BTreeSet::new();
    collect(&document["mesh"], &mut keys);
    let page = include_str!("../../JSON.md");
    let silent: Vec<&String> = keys.iter().filter(|key| !page.contains(&format!("`{key}`"))).collect();
    assert_eq!(silent, Vec::<&String>::new(), "JSON.md says nothing of these keys");
    let nobody = self::document(&story());
    assert!(nobody.get("mesh").is_none());
}

#[test]
fn a_watch_tells_what_changed_and_nothing_twice() {
    let before = seen();
    let record = |story: &Story| model::record::Record::of(&story.events);
    let (plan, first) = (&before.plan, record(&before));
    let told = mesh::changes(plan, None, &first);
    assert_eq!(told[0], "12 pairs: 6 as expected, 3 not, 3 untold");
    assert!(told.contains(&"a -> b over net not reached: `a` does not reach `b`".to_owned()), "{told:#?}");
    assert!(told.contains(&"c is not asked: `c` is offline".to_owned()), "{told:#?}");
    assert_eq!(told.len(), 1 + 3 + 3 + 1, "the pairs, and the machine: {told:#?}");
    assert_eq!(mesh::changes(plan, Some(&first), &first), Vec::<String>::new());
    let mut after = story();
    after.plan.round = Some(round());
    saw(
        &mut after,
        "a",
        [("b", Sight::Reached, None), ("c", Sight::Poor, Some("a third is lost")), ("d", Sight::Apart, None)],
    );
    saw(
        &mut after,
        "b",
        [("a", Sight::Reached, None), ("c", Sight::Reached, None), ("d", Sight::Apart, None)],
    );
    saw(
        &mut after,
        "c",
        [("a", Sight::Reached, None), ("b", Sight::Reached, None), ("d", Sight::Apart, None)],
    );
    saw(&mut after, "d", [("a", Sight::Apart, None), ("b", Sight::Apart, None), ("c", Sight::Apart, None)]);
    let after = ["a", "b", "c", "d"].into_iter().fold(after, |story, name| story.passed(looks(name)));
    let expected = [
        "a -> b over net reached",
        "c is well",
        "c -> a over net reached",
        "c -> b over net reached",
        "c -> d over net kept out",
        "d -> a over net kept out",
    ];
    assert_eq!(mesh::changes(plan, Some(&first), &record(&after)), expected);
}
