//! Any plan, any answers, any course of events.

use model::{
    check::{Check, CheckId},
    plan::Plan,
    stage::Stage,
    subject::Subject,
    verdict::Verdict,
    waiver::Waiver,
};
use proptest::{collection::vec, prelude::*, sample::select};
use testkit::{
    plan::{self, CheckBuilder},
    worker::{broken, fail},
};

use crate::simulation::Deed;

const MACHINES: [&str; 4] = ["amber", "beryl", "coral", "dune"];

/// What each machine's guest is given: one is larger than the computer.
const SIZES: [(u32, u16); 4] = [(1024, 1), (1536, 1), (512, 2), (4096, 8)];

const RULES: [&str; 4] = ["nix-unit/tests", "suite/rule-1", "suite/rule-2", LOOK];
/// What machines that look at the network together find.
const LOOK: &str = "mesh/leak";
/// In an answer's finding: the rule and the subject of the check that is answered.
const OWN: &str = "own";

/// Plans of up to `most` checks on all stages about the fleet and four machines, with waivers, and with an answer for each
/// check.
pub(crate) fn any_plan(most: usize) -> impl Strategy<Value = (Plan, Vec<Verdict>)> {
    (vec((any_check(), any_answer()), 0..most), vec(any_waiver(), 0..4)).prop_map(|(pairs, waivers)| {
        let (builders, mut answers): (Vec<CheckBuilder>, Vec<Verdict>) = pairs.into_iter().unzip();
        let mut plan = Plan { waivers, ..plan::plan(builders) };
        for (number, (check, answer)) in plan.checks.iter_mut().zip(&mut answers).enumerate() {
            check.id = CheckId(format!("{}::{number}", check.suite));
            make_own(check, answer);
        }
        (plan, answers)
    })
}

fn make_own(check: &Check, answer: &mut Verdict) {
    let Verdict::Fail { findings } = answer else { return };
    for finding in findings.iter_mut().filter(|finding| finding.rule == OWN) {
        (finding.rule, finding.subject) = (check.rule.clone(), check.subject.clone());
    }
}

fn any_waiver() -> impl Strategy<Value = Waiver> {
    let subject = prop_oneof![
        2 => Just(None),
        1 => Just(Some(Subject::Fleet)),
        2 => select(&MACHINES[..]).prop_map(|name| Some(Subject::Machine(name.into()))),
    ];
    let test = prop_oneof![3 => Just(None), 1 => (0..40usize).prop_map(|number| Some(number.to_string()))];
    (select(&RULES[..]), subject, test).prop_map(|(rule, subject, test)| Waiver {
        subject,
        test,
        ..plan::waiver(rule)
    })
}

fn any_check() -> impl Strategy<Value = CheckBuilder> {
    let subject = prop_oneof![1 => Just(None), 3 => select(&MACHINES[..]).prop_map(Some)];
    (select(&Stage::ALL[..]), subject, 0..10u8, 0..10u8, 0..5u8).prop_map(
        |(stage, subject, severity, before, kind)| {
            let check = match (kind, subject) {
                (0, None) => plan::test("t").on(stage),
                (0, Some(machine)) => plan::test("t").on(stage).about(machine),
                (3, Some(machine)) => {
                    let at = MACHINES.iter().position(|name| *name == machine).unwrap_or_default();
                    let (memory, processors) = SIZES[at];
                    plan::guest(stage, "suite/rule-3", machine, memory, processors)
                }
                (4, Some(machine)) => plan::probe(LOOK, machine).on(stage),
                (_, None) => plan::fleet_policy(stage, &format!("suite/rule-{kind}")),
                (_, Some(machine)) => plan::machine_policy(stage, &format!("suite/rule-{kind}"), machine),
            };
            let check = if severity < 3 { check.warning() } else { check };
            match before {
                0 => check.reused(),
                1 => check.skipped("not gathered"),
                _ => check,
            }
        },
    )
}

fn any_answer() -> impl Strategy<Value = Verdict> {
    let limit = std::time::Duration::from_secs(10);
    prop_oneof![
        20 => Just(Verdict::Pass),
        2 => vec(prop_oneof![5 => Just(OWN), 1 => select(&RULES[..])], 0..3).prop_map(findings),
        1 => Just(broken("lost")),
        1 => Just(Verdict::TimedOut { limit }),
        1 => Just(Verdict::Skipped { reason: "no KVM".to_owned() }),
    ]
}

fn findings(rules: Vec<&str>) -> Verdict {
    let findings = rules.iter().flat_map(|rule| fail(rule, "wrong").findings().to_vec());
    Verdict::Fail { findings: findings.collect() }
}

/// Orders in which jobs answer and return, with nothing going wrong.
pub(crate) fn any_order(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        6 => (any::<usize>(), any::<usize>()).prop_map(|(job, check)| Deed::Answer(job, check)),
        1 => (any::<usize>(), any::<usize>()).prop_map(|(job, check)| Deed::Take(job, check)),
        1 => (any::<usize>(), 0..40usize).prop_map(|(job, check)| Deed::Meddle(job, check)),
    ];
    vec(deed, 0..most)
}

/// Everything that may happen: jobs that return too early or never, answers that nobody asked for, interrupts.
pub(crate) fn any_course(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        12 => (any::<usize>(), any::<usize>()).prop_map(|(job, check)| Deed::Answer(job, check)),
        3 => (any::<usize>(), any::<usize>()).prop_map(|(job, check)| Deed::Take(job, check)),
        3 => any::<usize>().prop_map(Deed::Return),
        2 => (any::<usize>(), 0..40usize).prop_map(|(job, check)| Deed::Meddle(job, check)),
        2 => Just(Deed::Wait),
        1 => Just(Deed::Interrupt),
    ];
    vec(deed, 0..most)
}
