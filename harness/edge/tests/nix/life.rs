//! A nix that is not there, is too old, hangs, babbles or is killed; and what is left behind when we end.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use super::fixture::{Fake, Project, environment, judge, judge_all, limits, tests};
use edge::{
    nix::{
        binary::Nix,
        fault::NixFault,
        pool::{Evaluators, Limits},
        unit::Outcome,
    },
    process::Spawner,
};

const TWO: &str = "{ testA = { expr = 1; expected = 1; }; testB = { expr = 1; expected = 2; }; }";
const REAL: &str = "exec \"$NIX\" \"$@\"";

fn paths() -> Vec<Vec<String>> {
    vec![vec!["testA".to_owned()], vec!["testB".to_owned()]]
}

fn quick() -> Limits {
    Limits {
        workers: NonZeroUsize::MIN,
        start: Duration::from_secs(2),
        question: Duration::from_secs(2),
        ..limits()
    }
}

#[tokio::test]
async fn a_nix_that_is_no_good_is_told_apart() {
    let missing = Nix::find(Path::new("/nowhere/nix"), &environment(Path::new("/")), &Spawner::new())
        .await
        .unwrap_err();
    assert!(matches!(missing, NixFault::Missing { .. }));
    assert!(missing.remedy().unwrap().contains("install nix"));
    let old = Fake::new("echo 'nix (Nix) 2.8.0'").find().await.unwrap_err();
    assert_eq!(old.to_string(), "nix 2.8.0 is too old: 2.18.0 is the oldest that works");
    let other = Fake::new("echo 'I am a teapot'; echo 'and proud of it' >&2").find().await.unwrap_err();
    assert!(other.fault().detail.join(" ").contains("teapot"), "{other:?}");
    let failing = Fake::new("exit 1").find().await.unwrap_err();
    assert!(matches!(failing, NixFault::NoNix { .. }));
}

#[tokio::test]
async fn a_nix_that_hangs_is_given_up() {
    let since = Instant::now();
    let fault = Fake::new("sleep 1000").find().await.unwrap_err();
    assert!(matches!(fault, NixFault::NotRunnable(_)), "{fault:?}");
    assert!(since.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn an_evaluator_that_never_starts_breaks_the_tests() {
    let project = Project::tests(TWO);
    let fake = Fake::new(&format!("case $1 in repl) echo 'hello?' >&2; sleep 1000;; *) {REAL};; esac"));
    let judged = judge(&fake.pool(&project, quick()).await, &tests(), &paths(), Duration::from_secs(2)).await;
    for path in ["testA", "testB"] {
        let Outcome::Broken(fault) = judged.outcome(path) else { panic!("{judged:?}") };
        assert_eq!(fault.what, "nix gave no answer within 2 s");
    }
}

#[tokio::test]
async fn an_evaluator_that_leaves_at_once_breaks_the_tests() {
    let project = Project::tests(TWO);
    let fake = Fake::new(&format!("case $1 in repl) echo 'no such thing' >&2; exit 7;; *) {REAL};; esac"));
    let judged = judge(&fake.pool(&project, quick()).await, &tests(), &paths(), Duration::from_secs(2)).await;
    let Outcome::Broken(fault) = judged.outcome("testA") else { panic!("{judged:?}") };
    assert_eq!(fault.what, "nix ended without an answer");
    assert_eq!(fault.detail, ["it ended with exit code 7", "no such thing"]);
}

#[tokio::test]
async fn babble_on_standard_error_changes_nothing() {
    let project = Project::tests(TWO);
    let babble =
        "for i in 1 2 3; do printf 'warning: %s\\377\\n@nix {\\n@nix {\"action\":7}\\n\\n' $i >&2; done";
    let fake = Fake::new(&format!(
        "{babble}; (while sleep 0.01; do echo babble >&2; done) & trap 'kill $!' EXIT; \"$NIX\" \"$@\""
    ));
    let judged = judge_all(&fake.pool(&project, limits()).await, &tests(), Duration::from_secs(10)).await;
    judged.passes("testA");
    judged.fails("testB", "the value is not");
}

/// Kills nix and itself as soon as nix has begun with the first test.
const KILLED: &str = r#"
"$NIX" "$@" 2>&1 >/dev/null | while IFS= read -r line; do
    printf '%s\n' "$line" >&2
    case $line in *' note 0 at '*) touch "$MARK"; kill -9 -$$ ;; esac
done
"#;

#[tokio::test]
async fn a_test_whose_evaluator_was_killed_is_asked_again() {
    let project = Project::tests(TWO);
    let fake = Fake::new(&format!("if test $1 = repl && ! test -e \"$MARK\"; then {KILLED} else {REAL}; fi"));
    let pool = fake.pool(&project, Limits { confirmations: 0, ..limits() }).await;
    let judged = judge(&pool, &tests(), &paths(), Duration::from_secs(30)).await;
    assert!(fake.mark().is_some());
    judged.passes("testA");
    judged.fails("testB", "the value is not");
}

#[tokio::test]
async fn a_test_whose_every_evaluator_is_killed_is_broken() {
    let project = Project::tests(TWO);
    let fake = Fake::new(&format!("case $1 in repl|eval) {KILLED} ;; *) {REAL};; esac"));
    let judged =
        judge(&fake.pool(&project, limits()).await, &tests(), &paths()[..1], Duration::from_secs(30)).await;
    let Outcome::Broken(fault) = judged.outcome("testA") else { panic!("{judged:?}") };
    assert!(fault.detail[0].contains("by signal 9"), "{fault:?}");
}

/// An evaluator that has grown makes way for another.
#[tokio::test]
async fn a_big_evaluator_is_replaced() {
    let project = Project::tests(TWO);
    let fake = Fake::new(&format!("case $1 in repl) echo >> \"$MARK\";; esac; {REAL}"));
    let started = |fake: &Fake| fake.mark().unwrap_or_default().len();
    for (resident, expected) in [(None, 1), (Some(1), 3)] {
        let before = started(&fake);
        let pool = fake.pool(&project, Limits { workers: NonZeroUsize::MIN, resident, ..limits() }).await;
        for _ in 0..3 {
            judge(&pool, &tests(), &paths()[..1], Duration::from_secs(10)).await.passes("testA");
        }
        assert_eq!(started(&fake) - before, expected);
    }
}

fn is_alive(process: &str) -> bool {
    Path::new(&format!("/proc/{}/exe", process.trim())).exists()
}

async fn gone(process: &str) {
    let since = Instant::now();
    while is_alive(process) {
        assert!(since.elapsed() < Duration::from_secs(10), "process {process} is still there");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The script is the parent of nix, as a wrapper may be.
#[tokio::test]
async fn an_evaluator_behind_a_wrapper_ends_too() {
    let (project, _) = forever();
    let wrapper =
        "exec 3<&0; \"$NIX\" \"$@\" <&3 & echo $! > \"$MARK.new\"; mv \"$MARK.new\" \"$MARK\"; wait";
    let fake = Fake::new(&format!("case $1 in repl) {wrapper};; *) {REAL};; esac"));
    let pool = fake.pool(&project, limits()).await;
    judge_for(&pool, Duration::from_secs(2)).await;
    gone(&fake.mark().expect("an evaluator was started")).await;
}

fn forever() -> (Project, Fake) {
    let endless = "builtins.foldl' (a: x: builtins.foldl' (a: y: a + y) 0 (builtins.genList (y: y) 1000)) 0 (builtins.genList (x: x) 10000000)";
    let project = Project::tests(&format!("{{ testA = {{ expr = {endless}; expected = 1; }}; }}"));
    (
        project,
        Fake::new(&format!(
            "case $1 in repl) echo $$ > \"$MARK.new\"; mv \"$MARK.new\" \"$MARK\";; esac; {REAL}"
        )),
    )
}

async fn judge_for(pool: &Evaluators, time: Duration) {
    let (tree, paths) = (tests(), &paths()[..1]);
    let mut on = |_, outcome, _| panic!("it ended: {outcome:?}");
    let judged = pool.judge(&tree, paths, Duration::from_secs(600), &mut on);
    assert!(tokio::time::timeout(time, judged).await.is_err());
}

#[tokio::test]
async fn an_evaluator_ends_when_nobody_waits_for_it() {
    let (project, fake) = forever();
    let pool = fake.pool(&project, limits()).await;
    judge_for(&pool, Duration::from_secs(2)).await;
    gone(&fake.mark().expect("an evaluator was started")).await;
}

/// Started by the test below, and killed.
#[tokio::test]
#[ignore = "not a test by itself: it is killed by the next one"]
async fn victim() {
    let Some(fake) = std::env::var_os("VICTIM_NIX") else { return };
    let project = std::env::var_os("VICTIM_PROJECT").unwrap();
    let fake = Path::new(&fake);
    let nix = Nix::find(fake, &environment(fake.parent().unwrap()), &Spawner::new()).await.unwrap();
    let pool = Evaluators::new(nix, Path::new(&project), limits());
    judge_for(&pool, Duration::from_secs(60)).await;
}

#[tokio::test]
async fn an_evaluator_ends_even_when_we_are_killed() {
    let (project, fake) = forever();
    let mut us = tokio::process::Command::from(std::process::Command::new(std::env::current_exe().unwrap()));
    us.args(["--ignored", "--exact", "life::victim"])
        .env("VICTIM_NIX", fake.path())
        .env("VICTIM_PROJECT", project.path())
        // What it leaves behind goes with the script.
        .env("TMPDIR", fake.path().parent().unwrap());
    let mut us = us.kill_on_drop(true).spawn().unwrap();
    let since = Instant::now();
    while fake.mark().is_none() {
        assert!(since.elapsed() < Duration::from_secs(20), "no evaluator was started");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let process = fake.mark().unwrap();
    assert!(is_alive(&process));
    us.kill().await.unwrap();
    gone(&process).await;
    // The next one sweeps what is left of nix's private folder.
    let folders =
        fake.path().parent().unwrap().join(format!("seaworthy-{}", rustix::process::getuid().as_raw()));
    let left = || {
        std::fs::read_dir(&folders).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
    };
    assert_eq!(left(), 1);
    drop(vms::folder::Folder::create_of_any_length(&folders).unwrap());
    assert_eq!(left(), 0);
}

#[tokio::test]
async fn a_survey_says_what_kept_it_from_starting() {
    let project = Project::tests(TWO);
    let fake = Fake::new(&format!("case $1 in eval) sleep 1000;; *) {REAL};; esac"));
    let fault = fake.pool(&project, quick()).await.survey(None, Arc::new(|_| ())).await.unwrap_err();
    assert!(matches!(fault, NixFault::Late { .. }), "{fault:?}");
}
