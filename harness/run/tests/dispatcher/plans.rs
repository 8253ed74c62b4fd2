//! Any plan, any answers, any course of events.

use model::{check::CheckId, plan::Plan, stage::Stage, verdict::Verdict};
use proptest::{collection::vec, prelude::*, sample::select};
use testkit::{
    plan::{self, CheckBuilder},
    worker::{broken, fail},
};

use crate::simulation::Deed;

const MACHINES: [&str; 4] = ["amber", "beryl", "coral", "dune"];

/// Plans of up to `most` checks on all stages about the fleet and four machines, with an answer for each check.
pub(crate) fn any_plan(most: usize) -> impl Strategy<Value = (Plan, Vec<Verdict>)> {
    vec((any_check(), any_answer()), 0..most).prop_map(|pairs| {
        let (builders, answers): (Vec<CheckBuilder>, Vec<Verdict>) = pairs.into_iter().unzip();
        let mut plan = plan::plan(builders);
        for (number, check) in plan.checks.iter_mut().enumerate() {
            check.id = CheckId(format!("{}::{number}", check.rule));
        }
        (plan, answers)
    })
}

fn any_check() -> impl Strategy<Value = CheckBuilder> {
    let subject = prop_oneof![1 => Just(None), 3 => select(&MACHINES[..]).prop_map(Some)];
    (select(&Stage::ALL[..]), subject, 0..10u8, 0..10u8, 0..3u8).prop_map(
        |(stage, subject, severity, before, kind)| {
            let check = match (kind, subject) {
                (0, None) => plan::test("t").on(stage),
                (0, Some(machine)) => plan::test("t").on(stage).about(machine),
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
        1 => Just(fail("suite/rule", "wrong")),
        1 => Just(broken("lost")),
        1 => Just(Verdict::TimedOut { limit }),
        1 => Just(Verdict::Skipped { reason: "no KVM".to_owned() }),
    ]
}

/// Orders in which jobs answer and return, with nothing going wrong.
pub(crate) fn any_order(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        6 => (any::<usize>(), any::<usize>()).prop_map(|(job, check)| Deed::Answer(job, check)),
        1 => (any::<usize>(), 0..40usize).prop_map(|(job, check)| Deed::Meddle(job, check)),
    ];
    vec(deed, 0..most)
}

/// Everything that may happen: jobs that return too early or never, answers that nobody asked for, interrupts.
pub(crate) fn any_course(most: usize) -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        12 => (any::<usize>(), any::<usize>()).prop_map(|(job, check)| Deed::Answer(job, check)),
        3 => any::<usize>().prop_map(Deed::Return),
        2 => (any::<usize>(), 0..40usize).prop_map(|(job, check)| Deed::Meddle(job, check)),
        2 => Just(Deed::Wait),
        1 => Just(Deed::Interrupt),
    ];
    vec(deed, 0..most)
}
