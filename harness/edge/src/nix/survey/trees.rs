//! The trees of tests that a survey walks.
//!
//! Flows in: the trees that the fleet names, or the outputs. Flows out: a [`TestTree`] for each.
//! Must not: leave out a tree that was named.

use model::{
    fleet::TreeRef,
    survey::{Survey, TEST_OUTPUTS, TestTree},
};
use tokio::task::JoinSet;

use super::{OnProgress, Progress};
use crate::nix::{answer::End, fault::NixFault, pool::Evaluators, quote, unit::subject::output};

impl Evaluators {
    /// The trees of a flake that names none. Where an output is laid out by system, as nix-unit's module for
    /// flake-parts does, only the tree of this system counts.
    pub(super) async fn default_trees(&self, survey: &Survey) -> Result<Vec<TreeRef>, NixFault> {
        let mut trees = Vec::new();
        for name in TEST_OUTPUTS {
            if !survey.outputs.iter().any(|output| output == name) {
                continue;
            }
            let answer =
                self.ask_flake("layout", &output(&[name.to_owned()]), &quote::string(&survey.system)).await?;
            let attribute = match &answer.end {
                End::Done(_, layout) if layout == "none" => continue,
                End::Done(_, layout) if layout == "systems" => {
                    vec![name.to_owned(), "systems".to_owned(), survey.system.clone()]
                }
                // Where it fails, walking it says why.
                _ => vec![name.to_owned()],
            };
            trees.push(TreeRef::Flake { attribute });
        }
        Ok(trees)
    }

    /// Walks the trees.
    pub(super) async fn trees(
        &self,
        trees: Vec<TreeRef>,
        progress: &OnProgress,
    ) -> Result<Vec<TestTree>, NixFault> {
        let of = trees.len();
        let mut asked = JoinSet::new();
        for (index, tree) in trees.into_iter().enumerate() {
            let pool = self.clone();
            asked.spawn(async move { (index, pool.walk(&tree, pool.limits().question).await) });
        }
        let mut walked = Vec::new();
        while let Some(told) = asked.join_next().await {
            // A task of ours does not panic, and nobody cancels it.
            let Ok((index, tree)) = told else { continue };
            walked.push((index, tree?));
            progress(Progress::Trees { done: walked.len(), of });
        }
        walked.sort_by_key(|(index, _)| *index);
        Ok(walked.into_iter().map(|(_, tree)| tree).collect())
    }
}
