//! A fleet with suites as a test tells it, and the plan that comes of it.

use std::time::Duration;

use jiff::civil::{Date, date};
use model::{
    digest::Digest,
    facts::Facts,
    fleet::{Fleet, FleetSource, TreeRef},
    machine::MachineClass,
    matrix::Matrix,
    plan::Plan,
    resolved::{ResolvedFleet, ResolvedMachine},
    stage::Stage,
    suite::{CheckDefinition, Kind, Part, Policy, Scope, Severity, Suite, SuiteOrigin},
    survey::{MachineSurvey, NixError, Survey, TestTree},
};
use plan::{Channel, Filter, Inputs, Network, PlanProblem, Selection, draft};

/// Everything that a plan is made from, owned.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) fleet: ResolvedFleet,
    pub(crate) survey: Survey,
    pub(crate) facts: Facts,
    pub(crate) suites: Vec<Suite>,
    pub(crate) selection: Selection,
    pub(crate) capabilities: Vec<String>,
    pub(crate) tool: String,
    pub(crate) tree: Digest,
    /// What guests are to see of each other.
    pub(crate) matrix: Option<Matrix>,
}

/// The day of every plan.
pub(crate) const TODAY: Date = date(2026, 6, 15);

/// An empty fleet called `harbour` and no suites; its inventory was gathered, and its flake was evaluated.
pub(crate) fn sample() -> Sample {
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
    Sample {
        fleet: ResolvedFleet {
            fleet,
            machines: Default::default(),
            roles: Default::default(),
            conflicts: Vec::new(),
        },
        survey: Survey { nix: "2.34.8".to_owned(), ..Survey::default() },
        facts: Facts {
            document: serde_json::json!({"version": 1, "fleet": {"name": "harbour"}}),
            places: Default::default(),
            parts: [Part::Inventory].into(),
            digest: Digest::of("facts"),
        },
        suites: Vec::new(),
        selection: Selection::default(),
        capabilities: vec!["nix 2.34.8".to_owned()],
        tool: "0.1.0".to_owned(),
        tree: Digest::of("tree"),
        matrix: None,
    }
}

/// A suite of the stage `invariants`.
pub(crate) fn suite(name: &str, checks: impl Into<Vec<CheckDefinition>>) -> Suite {
    Suite {
        name: name.to_owned(),
        origin: SuiteOrigin::BuiltIn,
        stage: Stage::Invariants,
        description: "so that it does not happen".to_owned(),
        checks: checks.into(),
    }
}

/// The suite of expression tests.
pub(crate) fn nix_unit() -> Suite {
    let tests = CheckDefinition { kind: Kind::Expression, ..policy("tests", Scope::Fleet, &[]) };
    Suite { stage: Stage::Expressions, ..suite("nix-unit", [tests]) }
}

/// A policy that needs these parts; its package is its name.
pub(crate) fn policy(name: &str, scope: Scope, needs: &[Part]) -> CheckDefinition {
    CheckDefinition {
        name: name.to_owned(),
        description: "so that it does not happen".to_owned(),
        scope,
        severity: Severity::Error,
        timeout: Duration::from_secs(10),
        kind: Kind::Policy(Policy {
            file: format!("{name}.rego"),
            text: format!("package {name}"),
            package: name.to_owned(),
            needs: needs.iter().copied().collect(),
            commands: Default::default(),
        }),
        digest: Digest::of(name),
    }
}

pub(crate) fn of_fleet(name: &str) -> CheckDefinition {
    policy(name, Scope::Fleet, &[])
}

pub(crate) fn of_machine(name: &str) -> CheckDefinition {
    policy(name, Scope::Machine, &[])
}

/// A tree at an output of the flake, with tests at these dotted paths.
pub(crate) fn tree(output: &str, tests: &[&str]) -> TestTree {
    let path = |dotted: &&str| dotted.split('.').map(str::to_owned).collect();
    TestTree {
        origin: TreeRef::Flake { attribute: vec![output.to_owned()] },
        tests: tests.iter().map(path).collect(),
        broken: Vec::new(),
    }
}

impl Sample {
    /// A machine of the inventory with the tag `all` and these.
    pub(crate) fn machine(mut self, name: &str, tags: &[&str]) -> Self {
        let tags = tags.iter().copied().chain(["all"]).map(str::to_owned).collect();
        let machine = ResolvedMachine { class: MachineClass::Nixos, tags, roles: Default::default() };
        self.fleet.machines.insert(name.into(), machine);
        self
    }

    /// A machine that only the flake's outputs have.
    pub(crate) fn surveyed(mut self, name: &str, class: MachineClass) -> Self {
        self.survey.machines.insert(name.into(), MachineSurvey { class, ..MachineSurvey::default() });
        self
    }

    pub(crate) fn suite(mut self, suite: Suite) -> Self {
        self.suites.push(suite);
        self
    }

    pub(crate) fn tree(mut self, tree: TestTree) -> Self {
        self.survey.trees.push(tree);
        self
    }

    /// The last tree cannot be walked here.
    pub(crate) fn broken(mut self, path: &[&str]) -> Self {
        let path = path.iter().map(ToString::to_string).collect();
        self.survey.trees.last_mut().expect("a tree").broken.push((path, NixError::default()));
        self
    }

    pub(crate) fn select(mut self, change: impl FnOnce(&mut Selection)) -> Self {
        change(&mut self.selection);
        self
    }

    pub(crate) fn filter(self, text: &str) -> Self {
        let filter = Filter::parse(text).expect("a filter");
        self.select(|selection| selection.filter = Some(filter))
    }

    pub(crate) fn lint(&self) -> Result<Plan, Vec<PlanProblem>> {
        let among = |matrix| Network { matrix, channel: Channel::Guests, overlay: None, seed: 0 };
        let network = self.matrix.as_ref().map(among);
        let inputs = Inputs {
            fleet: &self.fleet,
            survey: &self.survey,
            facts: &self.facts,
            suites: &self.suites,
            selection: &self.selection,
            capabilities: &self.capabilities,
            tool: &self.tool,
            tree: self.tree,
            network,
            today: TODAY,
        };
        draft(&inputs).lint()
    }

    #[track_caller]
    pub(crate) fn plan(&self) -> Plan {
        self.lint().expect("a plan")
    }

    /// The ids of the plan's checks, in order.
    #[track_caller]
    pub(crate) fn asks(&self, expected: &[&str]) {
        let plan = self.plan();
        let ids: Vec<&str> = plan.checks.iter().map(|check| check.id.0.as_str()).collect();
        assert_eq!(ids, expected);
    }

    /// The problems of the draft.
    #[track_caller]
    pub(crate) fn refused(&self, expected: &[&str]) {
        let problems = self.lint().expect_err("no plan");
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }
}
