//! From the checks that a fleet asks for now, and what was ever answered to them, to what is proven of each machine's closure.
//!
//! In: the plan of now, answers on record, waivers, what each machine's closure is now. Out: the proofs and the gates behind them.
//! It must not take an answer to another question for one to these: the answers were looked up by the checks' keys, which hold
//! everything that an answer depends on.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date};
use model::{
    check::Check,
    decision::{Decision, Gate},
    machine::MachineName,
    plan::Plan,
    rollout::Closure,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    verdict::Verdict,
    waiver::Waiver,
};

use super::proof::{Proof, Proofs, Proven};
use crate::decide::weigh;

/// What is known of a check that nobody ever answered.
const NOTHING: &str = "no evidence is on record";

/// What is proven, and why the rest is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Of each machine whose closure is known.
    pub proofs: Proofs,
    /// The gates behind them, with reasons.
    pub decision: Decision,
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// When it was given.
    pub at: Timestamp,
    /// What it was.
    pub verdict: Verdict,
}

/// Proves from answers that were given before; where there is none to a check, nobody ever asked it. Linear in the checks.
#[must_use]
pub fn prove(
    plan: &Plan,
    answer: impl Fn(&Check) -> Option<Answer>,
    waivers: &[Waiver],
    today: Date,
    closures: &BTreeMap<MachineName, Closure>,
) -> Proved {
    let answers: Vec<_> = plan.checks.iter().map(|check| (check, answer(check))).collect();
    let nothing = Verdict::Skipped { reason: NOTHING.to_owned() };
    let answered: Vec<_> = answers
        .iter()
        .map(|(check, answer)| match answer {
            Some(answer) => (*check, Some(&answer.verdict)),
            None => (*check, check.skip.is_none().then_some(&nothing)),
        })
        .collect();
    let decision = weigh(plan, &answered, false, waivers, today);
    let oldest = oldest(&answers);
    let gates = Gates::of(&decision.gates);
    let proofs = closures.iter().map(|(name, closure)| {
        (name.clone(), Proof { closure: closure.clone(), stages: gates.stages(&oldest, name) })
    });
    let proofs = proofs.collect();
    Proved { proofs, decision }
}

/// When the oldest answer of each gate was given that can hold it. That something was not asked is no answer.
fn oldest<'p>(answers: &[(&'p Check, Option<Answer>)]) -> HashMap<(Stage, &'p Subject), Timestamp> {
    let mut oldest = HashMap::new();
    for (check, answer) in answers.iter().filter(|(check, _)| check.severity == Severity::Error) {
        let Some(Answer { at, verdict: Verdict::Pass | Verdict::Fail { .. } }) = answer else { continue };
        let known = oldest.entry((check.stage, &check.subject)).or_insert(*at);
        *known = (*known).min(*at);
    }
    oldest
}

/// The gates, by whose they are.
struct Gates<'g> {
    shared: Vec<&'g Gate>,
    own: BTreeMap<&'g MachineName, Vec<&'g Gate>>,
    /// The stages at which any machine has a gate of its own.
    of_machines: BTreeSet<Stage>,
}

impl<'g> Gates<'g> {
    fn of(gates: &'g [Gate]) -> Self {
        let mut it = Self { shared: Vec::new(), own: BTreeMap::new(), of_machines: BTreeSet::new() };
        for gate in gates {
            match gate.subject.machine() {
                Some(name) => it.own.entry(name).or_default().push(gate),
                None => it.shared.push(gate),
            }
            if gate.subject != Subject::Fleet {
                it.of_machines.insert(gate.stage);
            }
        }
        it
    }

    /// What each stage comes to for a machine: the worse of its own gate and the fleet's. Where other machines have a gate and this
    /// one has none, nothing is proven of it, whatever the fleet's says.
    fn stages(
        &self,
        oldest: &HashMap<(Stage, &Subject), Timestamp>,
        name: &MachineName,
    ) -> BTreeMap<Stage, Proven> {
        let own = self.own.get(name).map(Vec::as_slice).unwrap_or_default();
        let has_own = |stage| own.iter().any(|gate| gate.stage == stage);
        let mut stages = BTreeMap::<Stage, Proven>::new();
        for gate in own.iter().chain(&self.shared) {
            if self.of_machines.contains(&gate.stage) && !has_own(gate.stage) {
                continue;
            }
            let at = oldest.get(&(gate.stage, &gate.subject)).copied();
            let proven = Proven { state: gate.state, at: at.unwrap_or(Timestamp::MAX) };
            let known = stages.entry(gate.stage).or_insert(proven);
            *known = Proven { state: known.state.max(proven.state), at: known.at.min(proven.at) };
        }
        stages
    }
}
