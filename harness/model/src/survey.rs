//! What evaluating the user's flake told: asked for once a run, each question failing alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    fleet::TreeRef,
    locks::Locks,
    machine::{MachineClass, MachineName},
};

/// Outputs that hold trees of tests, where the fleet does not say.
pub const TEST_OUTPUTS: [&str; 2] = ["tests", "libTests"];

/// The answers of one evaluation of a flake.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// `nix --version`'s number: `2.34.8`.
    pub nix: String,
    /// The system that it ran on: `x86_64-linux`.
    pub system: String,
    /// The names of the flake's outputs.
    pub outputs: Vec<String>,
    /// clan's serialised inventory (`machines`, `instances`, `meta`, `tags`; settings unwrapped), where there is one.
    pub inventory: Option<Value>,
    /// Why the inventory could not be had although there is one.
    pub inventory_error: Option<NixError>,
    /// clan's service modules, where clan tells them.
    pub modules: Option<Modules>,
    /// What stands in the configurations' outputs, by name.
    pub machines: BTreeMap<MachineName, MachineSurvey>,
    /// Trees of expression tests.
    pub trees: Vec<TestTree>,
    /// Whether the same source tree will always tell the same.
    pub locks: Locks,
}

/// What evaluation told of one machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MachineSurvey {
    /// By the output that it stands in.
    pub class: MachineClass,
    /// By the other outputs that have a configuration of its name, of which nothing was asked.
    pub shadows: Vec<MachineClass>,
    /// By the fact's name, as documented in `suites/FACTS.md`: `hostName`, `toplevel`, `system`, `users`...
    /// A fact that the configuration does not have is null.
    pub facts: BTreeMap<String, Value>,
    /// The facts that failed, each with why.
    pub errors: BTreeMap<String, NixError>,
}

/// Service modules by input of the flake and by name; `None` for an input whose names could not be had.
pub type Modules = BTreeMap<String, Option<BTreeMap<String, ModuleSurvey>>>;

/// What clan told of a service module. What failed is not there: the module is, whatever its interface.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModuleSurvey {
    /// By role, the JSON schema of its settings.
    pub schemas: Option<Value>,
    /// The limits that its manifest states.
    pub constraints: Option<Value>,
}

/// A tree of nix-unit tests, as far as it could be walked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestTree {
    /// Where it stands.
    pub origin: TreeRef,
    /// The paths of its tests, in nix-unit's order.
    pub tests: Vec<Vec<String>>,
    /// Paths at which walking failed, each with why. The root is the empty path.
    pub broken: Vec<(Vec<String>, NixError)>,
}

/// An error of the evaluator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NixError {
    /// nix-unit's name of its class: `ThrownError`, `TypeError`, `EvalError`...; `Timeout` and `OutOfMemory` are ours.
    pub class: String,
    /// The bare message, without colours.
    pub message: String,
    /// The user's file, relative to the project's folder where it is inside.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
    /// From 1.
    pub column: Option<u32>,
    /// The frames of the trace, innermost last, without colours.
    pub trace: Vec<String>,
}
