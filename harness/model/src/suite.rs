//! A suite: a named set of checks of one stage, as its `suite.toml` defines it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    sighting::{pair::Limits, rules},
    stage::Stage,
};

/// A loaded suite. It has at least one check, and each check has a case that must fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// The folder's name.
    pub name: String,
    /// Where it comes from.
    pub origin: SuiteOrigin,
    /// The rung that its checks stand on.
    pub stage: Stage,
    /// The failure in production that it prevents, in a sentence.
    pub description: String,
    /// In the order of the file.
    pub checks: Vec<CheckDefinition>,
}

/// Where a suite comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuiteOrigin {
    /// It ships with seaworthy.
    BuiltIn,
    /// It stands in the user's repository, in `seaworthy/suites/<name>/`.
    User,
}

/// One `[[checks]]` entry of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckDefinition {
    /// The check's name; the rule is `<suite>/<name>`.
    pub name: String,
    /// The failure that it prevents, in a sentence.
    pub description: String,
    /// Whether it is asked once of the fleet or once of each machine.
    pub scope: Scope,
    /// Whether its failure closes a gate.
    pub severity: Severity,
    /// Wall time after which it counts as timed out.
    pub timeout: Duration,
    /// How it is answered.
    pub kind: Kind,
    /// Over the definition and every file that it uses: part of the evidence's key.
    pub digest: Digest,
}

impl CheckDefinition {
    /// The rules that its findings name, as waivers and filters do: `<suite>/<name>`, and of a look at the network those too
    /// by which it finds.
    pub fn rules(&self, suite: &str) -> impl Iterator<Item = String> {
        let more = if matches!(self.kind, Kind::Probe(_)) { rules::ALL.as_slice() } else { &[] };
        let own = format!("{suite}/{}", self.name);
        [own].into_iter().chain(more.iter().map(|(rule, _)| (*rule).to_owned()))
    }
}

/// Of whom a check is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Once.
    Fleet,
    /// Once of each machine.
    Machine,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Told, and no gate closes.
    Warning,
    /// The gate closes.
    Error,
}

/// How a check is answered. A new kind is one variant here and one folder at the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// nix-unit's test trees; each test found becomes a check of its own.
    Expression,
    /// A Rego policy over the fleet's facts.
    Policy(Policy),
    /// A Rego policy over what one machine told after it was booted as a guest.
    Guest(Policy),
    /// What one machine sees of the fleet's overlay networks, held against what is expected of it.
    Probe(Limits),
}

/// A Rego module and the rule in it that is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// File name, for messages.
    pub file: String,
    /// The module's text. Its package is `data.<package>`, and it defines the set `deny`.
    pub text: String,
    /// The package that it declares.
    pub package: String,
    /// The parts of the facts document that it cannot do without; it is skipped where one was not gathered.
    pub needs: BTreeSet<Part>,
    /// Of a guest's policy: what is run in the guest by a shell before the policy is asked, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub commands: BTreeMap<String, String>,
}

impl Policy {
    /// Whether it is asked of a guest that came up only, and not of one that did not, too.
    #[must_use]
    pub fn needs_guest(&self) -> bool {
        self.needs.contains(&Part::Guest)
    }
}

/// A part of the facts document that may not have been gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// clan's inventory, from `fleet.toml` or from the flake.
    Inventory,
    /// What evaluation told about each machine.
    Machines,
    /// The interfaces of the service modules.
    Modules,
    /// The source tree.
    Source,
    /// The vars and sops trees.
    Vars,
    /// How booting the machine as a guest went.
    Boot,
    /// What the guest told once it was up.
    Guest,
    /// What the fleet asks of its guests.
    Asks,
}
