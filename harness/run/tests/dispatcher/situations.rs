//! Single situations, step by step.

use std::time::Duration;

use model::{
    check::CheckId, digest::Digest, event::What, evidence::RunId, plan::Plan, stage::Stage, verdict::Verdict,
};
use run::{Command, Dispatcher, Input, JobId, Report, Said};
use testkit::{
    clock::moment,
    plan::{fleet_policy, id, machine_policy, plan, test, waiver},
    taken::{artifact, seconds},
    worker::{broken, fail},
};

use crate::simulation::limits;

/// Tells the dispatcher one thing at a time, and shows what follows in short lines.
struct Bench<'p> {
    dispatcher: Dispatcher<'p>,
    at: Duration,
}

fn bench(plan: &Plan, slots: usize) -> Bench<'_> {
    let dispatcher = Dispatcher::new(plan, RunId("run".to_owned()), Digest::of("plan"), limits(slots));
    Bench { dispatcher, at: Duration::ZERO }
}

impl Bench<'_> {
    fn tell(&mut self, input: Input) -> Vec<String> {
        let commands = self.dispatcher.handle(input, moment(self.at));
        commands.iter().filter_map(shown).collect()
    }

    fn report(&mut self, job: usize, check: &str, verdict: Verdict) -> Vec<String> {
        self.say(job, check, Said::Answer { verdict, took: None })
    }

    fn say(&mut self, job: usize, check: &str, said: Said) -> Vec<String> {
        self.tell(Input::CheckReported(Report { job: JobId(job), check: id(check), said }))
    }

    fn end(&mut self, job: usize) -> Vec<String> {
        self.tell(Input::JobEnded { job: JobId(job), panic: None })
    }

    /// Time passes until the deadline.
    fn wait(&mut self) -> Vec<String> {
        self.at = self.dispatcher.deadline().expect("something is due");
        self.tell(Input::Tick)
    }
}

fn shown(command: &Command) -> Option<String> {
    let names = |ids: Vec<&CheckId>| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    Some(match command {
        Command::Start { job, checks } => {
            format!("start {}: {}", job.0, names(checks.iter().map(|c| &c.id).collect()))
        }
        Command::Stop(job) => format!("stop {}", job.0),
        Command::Kill(job) => format!("kill {}", job.0),
        Command::Finish => "finish".to_owned(),
        Command::Emit(What::CheckReused { check, .. }) => format!("reused {check}"),
        Command::Emit(What::CheckFinished { check, verdict, .. }) => format!("{check}: {}", short(verdict)),
        Command::Emit(What::Measured { check, measurements }) => {
            format!("{check}: measured {}", measurements.len())
        }
        Command::Emit(What::Replaced { check, replaced }) => {
            format!("{check}: without {}", replaced.join(", "))
        }
        Command::Emit(What::Kept { check, artifact }) => format!("{check}: kept {}", artifact.path),
        Command::Emit(What::Interrupted) => "interrupted".to_owned(),
        Command::Emit(_) => return None,
    })
}

fn short(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Fail { .. } => "fail".to_owned(),
        Verdict::Broken { fault } => fault.what.clone(),
        Verdict::TimedOut { limit } => format!("no answer in {limit:?}"),
        Verdict::Skipped { reason } => reason.clone(),
    }
}

#[track_caller]
fn expect(lines: Vec<String>, expected: &[&str]) {
    assert_eq!(lines, expected);
}

#[test]
fn an_empty_plan_is_over_at_once() {
    let plan = plan([]);
    expect(bench(&plan, 2).tell(Input::Begin), &["finish"]);
}

#[test]
fn what_is_known_before_is_not_asked() {
    let plan = plan([test("a").reused(), test("b").skipped("not gathered")]);
    expect(
        bench(&plan, 2).tell(Input::Begin),
        &["reused nix-unit::tests::a", "nix-unit::tests::b: not gathered", "finish"],
    );
}

#[test]
fn a_policy_is_asked_once_of_all_that_are_ready() {
    let plan = plan(["amber", "beryl", "coral"].map(|name| machine_policy(Stage::Invariants, "s/r", name)));
    expect(bench(&plan, 2).tell(Input::Begin), &["start 0: s::r::amber s::r::beryl s::r::coral"]);
}

#[test]
fn a_machine_that_fails_is_held_and_the_others_go_on() {
    let climb = |name| {
        [machine_policy(Stage::Invariants, "s/low", name), machine_policy(Stage::Secrets, "s/high", name)]
    };
    let plan = plan(climb("amber").into_iter().chain(climb("beryl")));
    let mut bench = bench(&plan, 1);
    expect(bench.tell(Input::Begin), &["start 0: s::low::amber s::low::beryl"]);
    expect(
        bench.report(0, "s::low::amber", fail("s/low", "wrong")),
        &["s::low::amber: fail", "s::high::amber: held at invariants: s::low::amber"],
    );
    expect(bench.report(0, "s::low::beryl", Verdict::Pass), &["s::low::beryl: pass"]);
    expect(bench.end(0), &["start 1: s::high::beryl"]);
}

#[test]
fn the_first_failure_of_the_plan_is_named_whichever_came_first() {
    let lower = ["s/one", "s/two"].map(|rule| machine_policy(Stage::Invariants, rule, "amber"));
    let plan = plan(lower.into_iter().chain([machine_policy(Stage::Secrets, "s/high", "amber")]));
    let mut bench = bench(&plan, 2);
    bench.tell(Input::Begin);
    expect(bench.report(1, "s::two::amber", fail("s/two", "wrong")), &["s::two::amber: fail"]);
    expect(
        bench.report(0, "s::one::amber", fail("s/one", "wrong")),
        &["s::one::amber: fail", "s::high::amber: held at invariants: s::one::amber"],
    );
}

#[test]
fn a_policy_has_the_time_of_one_answer_for_all_of_its_subjects() {
    let plan = plan(["amber", "beryl", "coral"].map(|name| machine_policy(Stage::Invariants, "s/r", name)));
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    expect(bench.wait(), &["stop 0"]);
    assert_eq!(bench.at, Duration::from_secs(10 + 10));
}

#[test]
fn a_failure_that_is_waived_holds_nobody_but_a_fault_does() {
    let plan = Plan {
        waivers: vec![waiver("s/low")],
        ..plan(["amber", "beryl"].into_iter().flat_map(|name| {
            [machine_policy(Stage::Invariants, "s/low", name), machine_policy(Stage::Secrets, "s/high", name)]
        }))
    };
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    expect(bench.report(0, "s::low::amber", fail("s/low", "wrong")), &["s::low::amber: fail"]);
    expect(
        bench.report(0, "s::low::beryl", broken("lost")),
        &["s::low::beryl: lost", "s::high::beryl: held at invariants: s::low::beryl"],
    );
    expect(bench.end(0), &["start 1: s::high::amber"]);
}

#[test]
fn a_warning_holds_nobody() {
    let low = machine_policy(Stage::Invariants, "s/low", "amber").warning();
    let plan = plan([low, machine_policy(Stage::Secrets, "s/high", "amber")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    bench.report(0, "s::low::amber", fail("s/low", "wrong"));
    expect(bench.end(0), &["start 1: s::high::amber"]);
}

#[test]
fn the_fleet_holds_machines_from_build_on_only() {
    let plan = plan([
        fleet_policy(Stage::Expressions, "s/fleet"),
        machine_policy(Stage::Secrets, "s/secrets", "amber"),
        machine_policy(Stage::Build, "s/build", "amber"),
    ]);
    let mut bench = bench(&plan, 2);
    expect(bench.tell(Input::Begin), &["start 0: s::fleet::fleet", "start 1: s::secrets::amber"]);
    expect(bench.report(1, "s::secrets::amber", Verdict::Pass), &["s::secrets::amber: pass"]);
    expect(bench.end(1), &[]);
    expect(
        bench.report(0, "s::fleet::fleet", fail("s/fleet", "wrong")),
        &["s::fleet::fleet: fail", "s::build::amber: held at expressions: s::fleet::fleet"],
    );
    expect(bench.end(0), &["finish"]);
}

#[test]
fn checks_that_become_ready_wait_a_moment_for_others_of_their_batch() {
    let climb = |name| {
        [machine_policy(Stage::Invariants, "s/low", name), machine_policy(Stage::Secrets, "s/high", name)]
    };
    let plan = plan(climb("amber").into_iter().chain(climb("beryl")));
    let mut bench = bench(&plan, 2);
    bench.tell(Input::Begin);
    expect(bench.report(0, "s::low::amber", Verdict::Pass), &["s::low::amber: pass"]);
    assert_eq!(bench.dispatcher.deadline(), Some(Duration::from_millis(20)));
    expect(bench.wait(), &["start 1: s::high::amber"]);
}

#[test]
fn a_worker_that_leaves_a_check_out_is_at_fault() {
    let plan = plan([test("a"), test("b")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    bench.report(0, "nix-unit::tests::a", Verdict::Pass);
    expect(bench.end(0), &["nix-unit::tests::b: the worker ended without an answer", "finish"]);
}

#[test]
fn a_job_that_overruns_is_stopped_then_dropped() {
    let plan = plan([test("a").limit(Duration::from_secs(3)), test("b").limit(Duration::from_secs(4))]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    bench.report(0, "nix-unit::tests::a", Verdict::Pass);
    expect(bench.wait(), &["stop 0"]);
    assert_eq!(bench.at, Duration::from_secs(3 + 4 + 10));
    expect(bench.wait(), &["kill 0", "nix-unit::tests::b: no answer in 4s", "finish"]);
}

#[test]
fn the_time_of_a_job_that_answers_nothing_is_counted_once() {
    let plan = plan([test("a"), test("b")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    bench.at = Duration::from_secs(7);
    let ended = bench.dispatcher.handle(Input::JobEnded { job: JobId(0), panic: None }, moment(bench.at));
    let took = ended.iter().filter_map(|command| match command {
        Command::Emit(What::CheckFinished { took, .. }) => Some(took.as_secs()),
        _ => None,
    });
    assert_eq!(took.collect::<Vec<_>>(), [7, 0]);
}

#[test]
fn a_worker_that_answers_and_does_not_return_gives_its_slot_back() {
    let plan = plan([test("a"), fleet_policy(Stage::Invariants, "s/r")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    bench.report(0, "nix-unit::tests::a", Verdict::Pass);
    expect(bench.wait(), &["stop 0"]);
    assert_eq!(bench.at, Duration::from_secs(5));
    expect(bench.wait(), &["kill 0", "start 1: s::r::fleet"]);
}

#[test]
fn the_first_interrupt_gives_grace() {
    let plan = plan([test("a"), fleet_policy(Stage::Invariants, "s/r")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    expect(bench.tell(Input::Interrupt), &["interrupted", "s::r::fleet: interrupted"]);
    expect(bench.report(0, "nix-unit::tests::a", Verdict::Pass), &["nix-unit::tests::a: pass"]);
    expect(bench.end(0), &["finish"]);
}

#[test]
fn grace_ends() {
    let plan = plan([test("a")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    bench.tell(Input::Interrupt);
    expect(bench.wait(), &["stop 0"]);
    assert_eq!(bench.at, Duration::from_secs(3));
    expect(bench.end(0), &["nix-unit::tests::a: interrupted", "finish"]);
}

#[test]
fn the_second_interrupt_ends_everything_at_once() {
    let plan = plan([test("a"), fleet_policy(Stage::Invariants, "s/r")]);
    let mut bench = bench(&plan, 2);
    bench.tell(Input::Begin);
    bench.tell(Input::Interrupt);
    expect(
        bench.tell(Input::Interrupt),
        &["kill 0", "nix-unit::tests::a: interrupted", "kill 1", "s::r::fleet: interrupted", "finish"],
    );
}

#[test]
fn only_a_pass_carries_its_key() {
    let plan = plan([test("a").key("k"), test("b").key("k")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    let mut keys = Vec::new();
    for (check, verdict) in [("a", Verdict::Pass), ("b", fail("nix-unit/tests", "wrong"))] {
        let check = id(&format!("nix-unit::tests::{check}"));
        let report = Report { job: JobId(0), check, said: Said::Answer { verdict, took: None } };
        for command in bench.dispatcher.handle(Input::CheckReported(report), moment(bench.at)) {
            if let Command::Emit(What::CheckFinished { key, .. }) = command {
                keys.push(key);
            }
        }
    }
    assert_eq!(keys, [Some(Digest::of("k")), None]);
}

#[test]
fn what_was_measured_and_kept_is_told_until_the_check_is_answered() {
    let plan = plan([test("a"), test("b")]);
    let mut bench = bench(&plan, 1);
    bench.tell(Input::Begin);
    let a = "nix-unit::tests::a";
    let measured = || Said::Measured(vec![seconds("boot/time", 1), seconds("boot/time", 2)]);
    expect(bench.say(0, a, measured()), &["nix-unit::tests::a: measured 2"]);
    expect(bench.say(0, a, Said::Kept(artifact("x.log"))), &["nix-unit::tests::a: kept x.log"]);
    let replaced = |what: &[&str]| Said::Replaced(what.iter().map(|what| (*what).to_owned()).collect());
    expect(bench.say(0, a, replaced(&["disks", "cards"])), &["nix-unit::tests::a: without disks, cards"]);
    expect(bench.say(0, a, Said::Measured(Vec::new())), &[]);
    expect(bench.say(0, a, replaced(&[])), &[]);
    expect(bench.report(0, a, Verdict::Pass), &["nix-unit::tests::a: pass"]);
    expect(bench.say(0, a, measured()), &[]);
    expect(bench.say(0, a, Said::Kept(artifact("y.log"))), &[]);
    expect(bench.say(0, a, replaced(&["disks"])), &[]);
    expect(bench.say(7, "nix-unit::tests::b", measured()), &[]);
    expect(bench.say(0, "nobody::asked::this", measured()), &[]);
    // Only an answer counts as one.
    expect(bench.report(0, "nix-unit::tests::b", Verdict::Pass), &["nix-unit::tests::b: pass"]);
    expect(bench.end(0), &["finish"]);
}
