//! How long expression tests take, beside one `nix eval` of the same expressions, which is as fast as nix can be.
//!
//! Prints a table. `cargo bench -p edge --bench expressions`; medians of five runs.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark takes and tells the time, and stops at the first surprise"
)]

use std::{
    collections::BTreeMap,
    ffi::OsString,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use edge::{
    nix::{
        binary::Nix,
        pool::{Evaluators, Limits},
        unit::Outcome,
    },
    process::Spawner,
};
use model::fleet::TreeRef;
use tempfile::TempDir;

/// 2,000 tests that cost nothing.
const TRIVIAL: &str = "builtins.listToAttrs (builtins.genList (i: {
    name = \"test${toString i}\"; value = { expr = i + 1; expected = 1 + i; };
}) 2000)";

/// 60 hosts of 300 options each, merged as a module system does, and five tests a host that share them.
const HEAVY: &str = r#"let
    inherit (builtins) attrNames concatMap elemAt filter foldl' genList hasAttr length listToAttrs mapAttrs sort toString;
    module = host: n: { name = "option${toString n}"; value = { priority = (n * host) - (n * host / 7 * 7); text = "v${toString (n * host)}"; }; };
    merge = a: b: a // mapAttrs (name: value: if hasAttr name a && a.${name}.priority > value.priority then a.${name} else value) b;
    host = h:
        let
            layers = genList (l: listToAttrs (genList (n: module (h + l) n) 300)) 30;
            merged = foldl' merge { } layers;
            names = sort (a: b: merged.${a}.text < merged.${b}.text) (attrNames merged);
        in { inherit merged names; used = filter (name: concatMap (l: [ l.${name}.text ]) layers != [ ]) names; };
    hosts = genList host 60;
    test = expr: { inherit expr; expected = 300; };
in listToAttrs (genList (h: { name = "host${toString h}"; value = let this = elemAt hosts h; in {
    testNames = test (length this.names);
    testUsed = test (length this.used);
    testMerged = test (length (attrNames this.merged));
    testDeep = test (builtins.deepSeq this.merged 300);
    testTexts = test (length (filter (name: this.merged.${name}.text != "") this.names));
}; }) 60)"#;

const RUNS: usize = 5;

#[tokio::main]
async fn main() {
    // Under `cargo test` a benchmark only has to start.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!(
        "| tests | way | median | of one `nix eval` | an evaluator's peak |\n| --- | --- | --- | --- | --- |"
    );
    for (name, tree) in [("2,000 trivial", TRIVIAL), ("300 heavy", HEAVY)] {
        let project = TempDir::with_prefix("seaworthy-bench-").unwrap();
        let flake = format!("{{ outputs = _: {{ tests = {tree}; nothing = 1; }}; }}");
        std::fs::write(project.path().join("flake.nix"), flake).unwrap();
        table(name, project.path()).await;
    }
}

async fn table(name: &str, project: &Path) {
    let row = |way: &str, took: Duration, base: Duration, memory: u64| {
        let ratio = took.as_secs_f64() / base.as_secs_f64();
        let memory = if memory == 0 { String::new() } else { format!("{} MiB", memory >> 20) };
        println!("| {name} | {way} | {:.3} s | {ratio:.2} | {memory} |", took.as_secs_f64());
    };
    let all = "t: let each = v: if v ? expr then v.expr == v.expected else builtins.all each (builtins.attrValues v); in each t";
    let base = median(|| async { (eval(project, ".#tests", all), 0) }).await.0;
    row("start of nix", median(|| async { (eval(project, ".#nothing", "x: x"), 0) }).await.0, base, 0);
    row("one `nix eval`", base, base, 0);
    for (workers, heap) in [(1, None), (2, None), (1, Some("384M")), (1, Some("8M"))] {
        let (took, memory) = median(|| judge(project, workers, heap)).await;
        let heap = heap.map(|heap| format!(", a heap of {heap}")).unwrap_or_default();
        let plural = if workers == 1 { "" } else { "s" };
        row(&format!("{workers} evaluator{plural}{heap}"), took, base, memory);
    }
}

async fn median<F: Future<Output = (Duration, u64)>>(run: impl Fn() -> F) -> (Duration, u64) {
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        runs.push(run().await);
    }
    runs.sort();
    runs[RUNS / 2]
}

fn binary() -> PathBuf {
    let home = PathBuf::from(std::env::var_os("HOME").unwrap());
    std::env::var_os("SEAWORTHY_NIX").map_or(home.join(".cache/seaworthy/bin/nix"), PathBuf::from)
}

fn eval(project: &Path, what: &str, apply: &str) -> Duration {
    let since = Instant::now();
    let mut command = std::process::Command::new(binary());
    command.args(["eval", "--offline", "--json", what, "--apply", apply]).current_dir(project);
    assert!(command.output().unwrap().status.success());
    since.elapsed()
}

/// From nothing to the last verdict: start, walk, judge.
async fn judge(project: &Path, workers: usize, heap: Option<&str>) -> (Duration, u64) {
    let mut environment: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
    environment.extend(heap.map(|heap| ("GC_INITIAL_HEAP_SIZE".into(), heap.into())));
    let nix = Nix::find(&binary(), &environment, &Spawner::new()).await.unwrap();
    let limits = Limits { workers: NonZeroUsize::new(workers).unwrap(), ..Limits::of_machine() };
    let pool = Evaluators::new(nix, project, limits);
    let since = Instant::now();
    let (_, tests) = tokio::join!(pool.warm(), walk(&pool));
    let tests = Arc::new(tests);
    let queue = Arc::new(Mutex::new((0..tests.len()).step_by(32)));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..pool.limits().workers.get() {
        workers.spawn(work(pool.clone(), Arc::clone(&tests), Arc::clone(&queue)));
    }
    let passed: usize = workers.join_all().await.into_iter().sum();
    assert_eq!(passed, tests.len());
    (since.elapsed(), peak())
}

fn tree() -> TreeRef {
    TreeRef::Flake { attribute: vec!["tests".to_owned()] }
}

async fn walk(pool: &Evaluators) -> Vec<Vec<String>> {
    pool.walk(&tree(), Duration::from_secs(60)).await.unwrap().tests
}

async fn work(
    pool: Evaluators,
    tests: Arc<Vec<Vec<String>>>,
    queue: Arc<Mutex<std::iter::StepBy<std::ops::Range<usize>>>>,
) -> usize {
    let mut passed = 0;
    let next = || queue.lock().unwrap().next();
    while let Some(start) = next() {
        let chunk = &tests[start..tests.len().min(start + 32)];
        let mut on = |_, outcome, _| passed += usize::from(outcome == Outcome::Pass);
        pool.judge(&tree(), chunk, Duration::from_secs(60), &mut on).await;
    }
    passed
}

/// The most memory that a child of ours has had in use, in bytes; 0 where the system does not tell.
fn peak() -> u64 {
    // A process is listed with the thread that started it.
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let children = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let children: String = children.collect();
    let of = |child: &str| -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{child}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_ascii_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib << 10)
    };
    children.split_ascii_whitespace().filter_map(of).max().unwrap_or(0)
}
