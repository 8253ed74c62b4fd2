//! The executor against a scripted worker, in fake time: one small test for each thing that it is told to do.

use std::{io, num::NonZeroUsize, sync::Arc, time::Duration};

use model::{
    digest::Digest,
    event::{Event, What},
    evidence::RunId,
    plan::Plan,
    record::Record,
    stage::Stage,
    verdict::Verdict,
};
use run::{Dispatcher, Limits, Ports, Sink, SinkFailed, execute};
use testkit::{
    assert::{complete, passed, skipped, verdict},
    clock::FakeClock,
    plan::{fleet_policy, id, machine_policy, plan, test},
    taken::{artifact, seconds},
    worker::{Act, ScriptedWorker, fail},
};
use tokio::sync::mpsc;

struct Course {
    result: Result<Record, SinkFailed>,
    worker: Arc<ScriptedWorker>,
    took: Duration,
}

impl Course {
    #[track_caller]
    fn record(&self) -> &Record {
        self.result.as_ref().expect("a record")
    }
}

async fn run(plan: &Plan, worker: ScriptedWorker, sink: &mut dyn Sink, interrupts_at: &[u64]) -> Course {
    let limits = Limits::of_slots(NonZeroUsize::MIN.saturating_add(1));
    let dispatcher = Dispatcher::new(plan, RunId("run".to_owned()), Digest::of("plan"), limits);
    let worker = Arc::new(worker);
    let clock = FakeClock::start();
    let (user, interrupts) = mpsc::channel(2);
    let times = interrupts_at.to_vec();
    let start = tokio::time::Instant::now();
    tokio::spawn(async move {
        for at in times {
            tokio::time::sleep_until(start + Duration::from_secs(at)).await;
            user.send(()).await.ok();
        }
    });
    let ports = Ports { worker: Arc::<ScriptedWorker>::clone(&worker), clock: &clock, sink, interrupts };
    let result = execute(dispatcher, ports).await;
    Course { result, worker, took: start.elapsed() }
}

async fn run_quietly(plan: &Plan, worker: ScriptedWorker) -> Course {
    run(plan, worker, &mut Vec::new(), &[]).await
}

#[tokio::test(start_paused = true)]
async fn every_check_is_answered_and_the_record_is_the_fold_of_the_events() {
    let machines = ["amber", "beryl"].map(|name| machine_policy(Stage::Invariants, "s/r", name));
    let plan = plan((0..50).map(|n| test(&n.to_string())).chain(machines));
    let worker = ScriptedWorker::new()
        .on("s::r::beryl", Act::Answer(fail("s/r", "wrong")))
        .on("s::r::amber", Act::Take(vec![seconds("boot/time", 12)], artifact("console/amber.log")))
        .on("nix-unit::tests::7", Act::After(Duration::from_secs(1), Verdict::Pass));
    let mut events: Vec<Event> = Vec::new();
    let course = run(&plan, worker, &mut events, &[]).await;
    complete(&plan, course.record());
    passed(course.record(), "s::r::amber");
    assert_eq!(verdict(course.record(), "s::r::beryl"), &fail("s/r", "wrong"));
    assert_eq!(course.record(), &Record::of(&events));
    let amber = id("s::r::amber");
    assert_eq!(course.record().measurements(&amber), [seconds("boot/time", 12)]);
    assert_eq!(course.record().artifacts(&amber), [artifact("console/amber.log")]);
    assert_eq!(course.worker.most_at_a_time(), 2);
}

#[tokio::test(start_paused = true)]
async fn slow_answers_take_their_time_and_no_more() {
    let plan = plan([test("a"), fleet_policy(Stage::Invariants, "s/r")]);
    let slow = || Act::After(Duration::from_secs(7), Verdict::Pass);
    let worker = ScriptedWorker::new().on("nix-unit::tests::a", slow()).on("s::r::fleet", slow());
    let course = run_quietly(&plan, worker).await;
    complete(&plan, course.record());
    assert_eq!(course.took.as_secs(), 7);
    let outcome = &course.record().outcomes[&plan.checks[0].id];
    assert_eq!(outcome.took.as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_workers_own() {
    let plan = plan([test("a"), fleet_policy(Stage::Invariants, "s/r")]);
    let course = run_quietly(&plan, ScriptedWorker::new().on("nix-unit::tests::a", Act::Panic)).await;
    complete(&plan, course.record());
    let Verdict::Broken { fault } = verdict(course.record(), "nix-unit::tests::a") else {
        panic!("not broken")
    };
    assert_eq!(fault.detail, ["scripted panic at nix-unit::tests::a"]);
    passed(course.record(), "s::r::fleet");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_hears_nothing_is_dropped() {
    let plan = plan([test("a").limit(Duration::from_secs(1))]);
    let course = run_quietly(&plan, ScriptedWorker::new().on("nix-unit::tests::a", Act::Ignore)).await;
    let limit = Duration::from_secs(1);
    assert_eq!(verdict(course.record(), "nix-unit::tests::a"), &Verdict::TimedOut { limit });
    assert_eq!(course.took.as_secs(), 1 + 10 + 5);
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_stops_workers_that_listen_after_the_grace() {
    let plan = plan([test("a"), fleet_policy(Stage::Invariants, "s/r"), fleet_policy(Stage::Mesh, "s/m")]);
    let worker = ScriptedWorker::new()
        .on("nix-unit::tests::a", Act::Hang)
        .on("s::r::fleet", Act::After(Duration::from_secs(3), Verdict::Pass));
    let course = run(&plan, worker, &mut Vec::new(), &[1]).await;
    complete(&plan, course.record());
    assert!(course.record().interrupted);
    skipped(course.record(), "nix-unit::tests::a", "interrupted");
    passed(course.record(), "s::r::fleet");
    skipped(course.record(), "s::m::fleet", "interrupted");
    assert_eq!(course.took.as_secs(), 1 + 3);
}

#[tokio::test(start_paused = true)]
async fn a_second_interrupt_waits_for_nobody() {
    let plan = plan([test("a")]);
    let worker = ScriptedWorker::new().on("nix-unit::tests::a", Act::Ignore);
    let course = run(&plan, worker, &mut Vec::new(), &[1, 2]).await;
    skipped(course.record(), "nix-unit::tests::a", "interrupted");
    assert_eq!(course.took.as_secs(), 2);
}

/// Takes so many events, then has no room.
struct FullDisk(usize);

impl Sink for FullDisk {
    fn emit(&mut self, _: &Event) -> io::Result<()> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_the_run() {
    let plan = plan((0..50).map(|n| test(&n.to_string())));
    let mut asked = 0;
    for room in 0..20 {
        let worker = ScriptedWorker::new().on("nix-unit::tests::7", Act::Hang);
        let course = run(&plan, worker, &mut FullDisk(room), &[]).await;
        let failed = course.result.expect_err("no room");
        assert_eq!(failed.source.kind(), io::ErrorKind::StorageFull);
        assert_eq!(course.took, Duration::ZERO, "with room for {room} events");
        asked = asked.max(course.worker.asked().len());
    }
    assert_eq!(asked, 2, "no job was started after the disk was full");
}

/// Answers and returns at once, on another thread than the executor's.
struct Hasty;

impl run::Worker for Hasty {
    fn run(&self, job: run::Job, report: run::Reporter) -> run::BoxFuture<'_, ()> {
        Box::pin(async move { job.checks.iter().for_each(|check| report.report(&check.id, Verdict::Pass)) })
    }
}

/// An answer and the end of its job race each other; the answer wins. Many small jobs, so that a race that is lost once
/// in thousands is seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn answers_arrive_before_their_jobs_end() {
    let rules = (0..30_000).map(|number| format!("s/r{number}"));
    let plan = plan(rules.map(|rule| fleet_policy(Stage::Invariants, &rule)));
    let limits = Limits::of_slots(NonZeroUsize::MIN.saturating_add(3));
    let dispatcher = Dispatcher::new(&plan, RunId("run".to_owned()), Digest::of("plan"), limits);
    let (_user, interrupts) = mpsc::channel(1);
    let clock = run::HostClock::start();
    let ports = Ports { worker: Arc::new(Hasty), clock: &clock, sink: &mut Vec::new(), interrupts };
    let record = execute(dispatcher, ports).await.expect("a record");
    let lost = record.outcomes.values().filter(|outcome| !outcome.verdict.passed()).count();
    assert_eq!((record.outcomes.len(), lost), (30_000, 0), "answers, and lost answers");
}

#[tokio::test(start_paused = true)]
async fn what_came_before_the_first_check_counts_too() {
    let (plan, clock) = (plan([]), FakeClock::start());
    tokio::time::advance(Duration::from_secs(2)).await;
    let limits = Limits::of_slots(NonZeroUsize::MIN);
    let dispatcher = Dispatcher::new(&plan, RunId("run".to_owned()), Digest::of("plan"), limits);
    let (_user, interrupts) = mpsc::channel(1);
    let worker = Arc::new(ScriptedWorker::new());
    let ports = Ports { worker, clock: &clock, sink: &mut Vec::new(), interrupts };
    let record = execute(dispatcher, ports).await.expect("a record");
    assert_eq!(record.took, Some(Duration::from_secs(2)));
}

#[test]
fn what_is_run_is_the_plan_that_was_started() {
    let (plan, mut events) = (plan([]), Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(run(&plan, ScriptedWorker::new(), &mut events, &[]));
    let started = What::RunStarted { run: RunId("run".to_owned()), plan: Digest::of("plan"), checks: 0 };
    assert_eq!(events[0].what, started);
    assert_eq!(events.len(), 2);
}
