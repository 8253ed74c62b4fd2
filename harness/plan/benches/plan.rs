//! How long planning takes, and whether it stays linear: forty rules on ever more machines.
//!
//! `cargo bench -p plan`. Prints for each size the fastest of five, whole and by check.

use std::{
    collections::HashMap,
    hint::black_box,
    time::{Duration, Instant},
};

use model::{
    digest::Digest,
    facts::Facts,
    fleet::{Fleet, FleetSource},
    machine::{MachineClass, MachineName},
    resolved::{ResolvedFleet, ResolvedMachine},
    stage::Stage,
    suite::{CheckDefinition, Kind, Part, Policy, Scope, Severity, Suite, SuiteOrigin},
    survey::Survey,
};
use plan::{Filter, Inputs, Selection, attach, draft};

const RULES: usize = 40;
const SIZES: [usize; 3] = [100, 1_000, 10_000];

fn main() {
    measure("every check", "all()");
    measure("with a filter", "tag(even) & !rule(~rule-7) | check(load::rule-1::host-00001)");
}

#[expect(clippy::print_stdout, reason = "a bench tells what it measured")]
fn measure(name: &str, filter: &str) {
    println!("{name}: {filter}");
    for machines in SIZES {
        let Some((checks, took)) = fastest(machines, filter) else {
            println!("  {machines:>6} machines: no plan");
            continue;
        };
        let each = took.as_nanos() / checks.max(1) as u128;
        println!("  {machines:>6} machines  {checks:>7} checks  {took:>10.2?}  {each:>5} ns a check");
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn fastest(machines: usize, filter: &str) -> Option<(usize, Duration)> {
    let (fleet, facts, suites, survey) = (fleet(machines), facts(), [suite()], Survey::default());
    let selection = Selection { filter: Some(Filter::parse(filter).ok()?), ..Selection::default() };
    let inputs = Inputs {
        fleet: &fleet,
        survey: &survey,
        facts: &facts,
        suites: &suites,
        selection: &selection,
        capabilities: &["nix 2.34.8".to_owned()],
        tool: "0.1.0",
        tree: Digest::of("tree"),
        network: None,
        today: jiff::civil::date(2026, 6, 15),
    };
    let once = || {
        let start = Instant::now();
        let plan = draft(&inputs).lint().ok()?;
        let plan = black_box(attach(plan, &HashMap::new(), false));
        Some((plan.checks.len(), start.elapsed()))
    };
    (0..5).filter_map(|_| once()).min_by_key(|(_, took)| *took)
}

fn fleet(machines: usize) -> ResolvedFleet {
    let machine = |number: usize| {
        let tags = ["all", "nixos", if number.is_multiple_of(2) { "even" } else { "odd" }];
        let tags = tags.map(str::to_owned).into();
        let machine = ResolvedMachine { class: MachineClass::Nixos, tags, roles: Default::default() };
        (MachineName(format!("host-{number:05}")), machine)
    };
    let fleet = Fleet {
        source: FleetSource::FleetToml,
        inventory: Default::default(),
        trees: None,
        boot: Default::default(),
        asks: Vec::new(),
        exceptions: Vec::new(),
        promotion: None,
        waivers: Vec::new(),
        places: Default::default(),
    };
    let machines = (0..machines).map(machine).collect();
    ResolvedFleet { fleet, machines, roles: Default::default(), conflicts: Vec::new() }
}

fn facts() -> Facts {
    Facts {
        document: serde_json::Value::Null,
        places: Default::default(),
        parts: [Part::Inventory].into(),
        digest: Digest::of("facts"),
    }
}

fn suite() -> Suite {
    let check = |number: usize| CheckDefinition {
        name: format!("rule-{number}"),
        description: String::new(),
        scope: Scope::Machine,
        severity: Severity::Error,
        timeout: Duration::from_secs(10),
        kind: Kind::Policy(Policy {
            file: format!("rule-{number}.rego"),
            text: "x".repeat(2_000),
            package: format!("seaworthy.load.rule_{number}"),
            needs: Default::default(),
            commands: Default::default(),
        }),
        digest: Digest::of(number.to_le_bytes()),
    };
    Suite {
        name: "load".to_owned(),
        origin: SuiteOrigin::BuiltIn,
        stage: Stage::Invariants,
        description: String::new(),
        checks: (0..RULES).map(check).collect(),
    }
}
