//! The checks of a policy: one for the fleet, or one for each machine.
//!
//! In: a definition and its policy. Out: checks, and the policy itself, once. It must not read the policy's text.

use model::{
    check::Question,
    machine::MachineName,
    subject::Subject,
    suite::{Policy, Scope},
};

use super::{Context, Drafting};
use crate::{filter::Candidate, lint::PlanProblem};

impl Drafting<'_> {
    pub(super) fn policy(&mut self, context: Context<'_>, policy: &Policy) {
        let before = self.checks.len();
        match context.definition.scope {
            Scope::Fleet => self.ask(context, policy, None),
            Scope::Machine => {
                let machines = self.header.machines.clone();
                machines.iter().for_each(|machine| self.ask(context, policy, Some(machine)));
            }
        }
        if self.checks.len() > before {
            self.hold(context, policy);
        }
    }

    fn ask(&mut self, context: Context<'_>, policy: &Policy, machine: Option<&MachineName>) {
        let Context { suite, definition, rule } = context;
        let machine = machine.and_then(|name| self.names.machines().get_key_value(name));
        let id = match machine {
            None => format!("{}::{}", suite.name, definition.name),
            Some((name, _)) => format!("{}::{}::{name}", suite.name, definition.name),
        };
        let candidate = Candidate {
            id: &id,
            rule,
            suite: &suite.name,
            stage: suite.stage,
            machine: machine.map(|(name, traits)| (name.as_str(), *traits)),
            test: None,
        };
        if self.keeps(&candidate) {
            let subject = machine.map_or(Subject::Fleet, |(name, _)| Subject::Machine((*name).clone()));
            let question = Question::Policy { package: policy.package.clone() };
            let view = self.sight.view(&policy.needs, suite.stage, subject.machine());
            self.add(context, id, subject, question, view);
        }
    }

    /// Takes the policy into the plan. Another one of its package would be asked in its stead.
    pub(super) fn hold(&mut self, context: Context<'_>, policy: &Policy) {
        let rule = context.rule.to_owned();
        match self.policies.get(&policy.package) {
            Some((first, held)) if held != policy => self.problems.push(PlanProblem::DuplicatePackage {
                package: policy.package.clone(),
                first: first.clone(),
                second: rule,
            }),
            Some(_) => {}
            None => {
                self.policies.insert(policy.package.clone(), (rule, policy.clone()));
            }
        }
    }
}
