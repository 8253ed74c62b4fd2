//! The worker of the Nix edge, as the engine uses it.

use std::{collections::BTreeMap, time::Duration};

use model::{
    check::{Check, CheckId, Question},
    fleet::TreeRef,
    stage::Stage,
    subject::Subject,
    suite::Severity,
    verdict::Verdict,
};
use run::worker::{Job, JobId, Reporter, Said, Worker as _};

use super::fixture::{Project, file, tests};

fn check(tree: &TreeRef, path: &str, limit: Duration) -> Check {
    Check {
        id: CheckId(format!("nix-unit::tests::{path}")),
        suite: "nix-unit".to_owned(),
        rule: "nix-unit/tests".to_owned(),
        stage: Stage::Expressions,
        subject: Subject::Fleet,
        severity: Severity::Error,
        limit,
        question: Question::Expression {
            tree: tree.clone(),
            path: path.split('.').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        },
        key: None,
        reuse: None,
        skip: None,
        blind: None,
    }
}

async fn run(project: &Project, job: Job) -> BTreeMap<String, (Verdict, Option<Duration>)> {
    let (reporter, mut reports) = Reporter::pair(job.id);
    project.pool().await.run(job, reporter).await;
    let mut told = BTreeMap::new();
    while let Some(report) = reports.recv().await {
        let Said::Answer { verdict, took } = report.said else { panic!("no answer: {:?}", report.said) };
        assert_eq!(told.insert(report.check.0, (verdict, took)), None, "reported once");
    }
    told
}

#[tokio::test]
async fn each_check_of_a_job_is_reported_once() {
    let project = Project::tests(
        "{ testA = { expr = 1; expected = 1; }; testB = { expr = 1; expected = 2; }; c.testC = { expr = let f = n: f (n + 1); in f 0; expected = 1; }; }",
    );
    let (limit, short) = (Duration::from_secs(20), Duration::from_secs(1));
    let checks = vec![
        check(&tests(), "", limit),
        check(&tests(), "testA", limit),
        check(&tests(), "testB", limit),
        check(&tests(), "c.testC", short),
        check(&tests(), "testGone", limit),
    ];
    let told = run(&project, Job::new(JobId(3), checks)).await;
    let verdict = |path: &str| &told[&format!("nix-unit::tests::{path}")].0;
    assert_eq!(told.len(), 5);
    assert_eq!((verdict(""), verdict("testA")), (&Verdict::Pass, &Verdict::Pass));
    let [finding] = verdict("testB").findings() else { panic!("{told:?}") };
    assert_eq!((finding.rule.as_str(), finding.pointer.as_deref()), ("nix-unit/tests", Some("testB")));
    assert_eq!((finding.expected.as_deref(), finding.actual.as_deref()), (Some("2"), Some("1")));
    assert!(!verdict("c.testC").passed() && !verdict("testGone").passed());
    assert!(told.values().all(|(_, took)| took.is_some_and(|took| took < limit)));
}

#[tokio::test]
async fn a_job_that_is_told_to_stop_ends_soon() {
    let endless = "builtins.foldl' (a: x: builtins.foldl' (a: y: a + y) 0 (builtins.genList (y: y) 1000)) 0 (builtins.genList (x: x) 10000000)";
    let project =
        Project::with("tests.nix", &format!("{{ testA = {{ expr = {endless}; expected = 1; }}; }}"));
    let job = Job::new(JobId(0), vec![check(&file("tests.nix"), "testA", Duration::from_secs(600))]);
    let stop = job.stop.clone();
    let told = tokio::time::timeout(Duration::from_secs(10), async {
        let ((), told) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_millis(1500)).await;
                stop.cancel();
            },
            run(&project, job),
        );
        told
    });
    assert!(told.await.expect("it ends soon").is_empty());
}
