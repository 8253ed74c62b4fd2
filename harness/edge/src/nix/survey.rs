//! What evaluating the user's flake tells: asked for once a run, each question failing alone.
//!
//! Flows in: a pool of evaluators, and the trees that the fleet names. Flows out: a [`Survey`].
//! Must not: build, judge, or take the failure of one machine for that of another.
//!
//! The facts of a machine are `facts.nix`; where an option does not exist the fact is null.

mod clan;
mod inputs;
mod machines;
mod trees;

use std::{path::Path, sync::Arc};

use model::{fleet::TreeRef, survey::Survey};

use super::{
    answer::{Answer, End},
    fault::NixFault,
    fresh::{About, Question},
    pool::Evaluators,
    quote,
    repl::{NoStart, Request, Scope},
};

/// What the survey is doing, for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Inputs that are not on this machine are being fetched.
    Fetching,
    /// The flake is being evaluated as far as the names of its outputs.
    Evaluating,
    /// So many machines of all have told their facts.
    Machines {
        /// How many have.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// So many trees of tests of all have been walked.
    Trees {
        /// How many have.
        done: usize,
        /// How many there are.
        of: usize,
    },
}

/// Takes what the survey is doing.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

impl Evaluators {
    /// Asks the flake for everything that evaluation knows about the fleet.
    ///
    /// `trees` are those that the fleet names; `None` means: look in the outputs `tests` and `libTests`.
    ///
    /// # Errors
    /// When there is no flake, it cannot be evaluated at all, or nix does not work. What fails beyond that is part of
    /// the survey.
    pub async fn survey(
        &self,
        trees: Option<Vec<TreeRef>>,
        progress: OnProgress,
    ) -> Result<Survey, NixFault> {
        if !self.folder().join("flake.nix").is_file() {
            return Err(NixFault::NoFlake { folder: self.folder().to_owned() });
        }
        self.fetch_inputs(&progress).await?;
        progress(Progress::Evaluating);
        let (outputs, system, ()) = tokio::join!(self.outputs(), self.system(), self.warm());
        let mut survey = Survey {
            nix: self.nix().version().to_string(),
            system: system?,
            outputs: outputs?,
            ..Survey::default()
        };
        let trees = match trees {
            Some(trees) => trees,
            None => self.default_trees(&survey).await?,
        };
        let (machines, clan, trees) = tokio::join!(
            self.machines(&survey.outputs, &progress),
            self.clan(&survey.outputs),
            self.trees(trees, &progress),
        );
        survey.machines = machines?;
        (survey.inventory, survey.inventory_error, survey.modules) = clan?;
        survey.trees = trees?;
        Ok(survey)
    }

    /// The names of all outputs.
    async fn outputs(&self) -> Result<Vec<String>, NixFault> {
        let about =
            if self.nix().names_outputs() { About::Output(Vec::new()) } else { whole_flake(self.folder()) };
        let question = Question { about, ask: "names", case: "null".to_owned() };
        let answer = self.ask_fresh(&question, self.limits().start).await;
        let json = self.of_flake(answer).await?;
        serde_json::from_str(&json).map_err(|_| self.unreadable())
    }

    /// The system that nix evaluates for: `x86_64-linux`.
    async fn system(&self) -> Result<String, NixFault> {
        let about = About::Expression("null".to_owned());
        let question = Question { about, ask: "system", case: "null".to_owned() };
        let answer = self.ask_fresh(&question, self.limits().start).await;
        self.of_flake(answer).await
    }

    /// The answer to a question that the flake as a whole has to answer.
    async fn of_flake(&self, answer: Result<Answer, NoStart>) -> Result<String, NixFault> {
        let project = self.project().await?;
        match answer.map_err(|fault| fault.fault(project))?.end {
            End::Done(_, text) => Ok(text),
            End::Error(complaint) => Err(NixFault::of_flake(&complaint, project)),
            End::Died(death) => Err(NixFault::of_death(&death)),
            End::Late => Err(NixFault::Late { limit: self.limits().start }),
        }
    }

    fn unreadable(&self) -> NixFault {
        NixFault::Died { how: "its answer could not be read".to_owned(), words: Vec::new() }
    }

    /// What the evaluators of the flake tell as JSON, or why they cannot.
    pub(crate) async fn json(
        &self,
        ask: &'static str,
        subject: &str,
        case: &str,
    ) -> Result<Result<serde_json::Value, model::survey::NixError>, NixFault> {
        let answer = self.ask_flake(ask, subject, case).await?;
        if let End::Done(_, json) = &answer.end
            && let Ok(value) = serde_json::from_str(json)
        {
            return Ok(Ok(value));
        }
        self.project().await?.error_of(&answer, self.limits().question).map(Err)
    }

    /// Asks the evaluators of the flake one question: `ask` of `subject`, with one argument.
    async fn ask_flake(&self, ask: &'static str, subject: &str, case: &str) -> Result<Answer, NixFault> {
        let request = Request {
            ask,
            subject: subject.to_owned(),
            given: None,
            cases: vec![case.to_owned()],
            limit: self.limits().question,
        };
        let project = self.project().await?;
        self.ask_one(Scope::Flake, request).await.map_err(|fault| fault.fault(project))
    }
}

/// The outputs, for a nix that has no name for them as a whole. Impure in nothing that their names could depend on but
/// the current system.
fn whole_flake(folder: &Path) -> About {
    About::Expression(format!("(builtins.getFlake {}).outputs", quote::string(&folder.to_string_lossy())))
}
