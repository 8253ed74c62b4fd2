//! What only evaluation knows: asked of nix once, or recalled where nothing has changed since.

use std::sync::Arc;

use edge::{
    memo,
    nix::{
        binary::Nix,
        fault::{FlakeFault, NixFault},
        pool::{Evaluators, Limits},
        survey::{OnProgress, Progress},
    },
    state::State,
};
use model::{
    digest::Digest,
    fleet::TreeRef,
    locks::Locks,
    survey::{NixError, Survey},
    tree::{Node, Tree},
    verdict::Fault,
};
use tokio::sync::mpsc;

use crate::{desk::Desk, progress::Spinner, settings, sources::Sources, stop::Stop};

/// What evaluation told, and who was asked.
#[derive(Debug)]
pub struct Evaluated {
    /// The answers.
    pub survey: Survey,
    /// The evaluators, warm where the survey was not recalled.
    pub evaluators: Option<Evaluators>,
    /// Why the flake could not be evaluated although nothing is wrong with it; then the survey is empty.
    pub fault: Option<Fault>,
    /// What the survey may be recalled by; `None` where it may not, or was.
    memo: Option<Digest>,
}

impl Evaluated {
    /// Keeps the survey for the next time. That it cannot be kept costs time only; where the disk is full, the journal
    /// will say so.
    pub fn keep(&self, state: &State) {
        let _kept = self.memo.map(|key| memo::keep(state, MEMO, key, &self.survey));
    }

    fn without_flake(fault: Option<Fault>) -> Self {
        Self { survey: Survey::default(), evaluators: None, fault, memo: None }
    }
}

/// The memo's name.
const MEMO: &str = "survey";

/// Evaluates, or recalls what was evaluated from the same files by the same nix.
///
/// # Errors
/// There is no nix that works, or the flake is wrong; interrupted.
pub async fn survey(
    desk: &Desk,
    sources: &Sources,
    recall: bool,
    interrupts: &mut mpsc::Receiver<()>,
) -> Result<Evaluated, Stop> {
    if desk.project.flake.is_none() {
        let folder = desk.project.folder.display();
        desk.screen
            .note(&format!("there is no flake.nix in {folder}: no machine is evaluated and no test run"));
        return Ok(Evaluated::without_flake(None));
    }
    let nix = settings::nix(desk).await?;
    let trees = sources.fleet.as_ref().and_then(|fleet| fleet.trees.as_deref());
    let key = key(&nix, sources.digest, trees);
    let evaluators = Evaluators::new(nix, &desk.project.folder, Limits::of_machine());
    if recall && let Some(survey) = recalled(desk, key, trees) {
        return Ok(Evaluated { survey, evaluators: Some(evaluators), fault: None, memo: None });
    }
    let asked = {
        let spinner = Arc::new(Spinner::start(desk.screen, "evaluating the flake"));
        let say = Arc::clone(&spinner);
        let on_progress: OnProgress = Arc::new(move |step| say.say(&told(&step)));
        tokio::select! {
            biased;
            Some(()) = interrupts.recv() => return Err(settings::interrupted()),
            asked = evaluators.survey(trees.map(<[_]>::to_vec), on_progress) => asked,
        }
    };
    match asked {
        Ok(mut survey) => {
            survey.locks = evaluators.locks(lock_file(&sources.tree)).await;
            tell_locks(desk, &survey.locks);
            let memo = (is_pure(trees) && is_final(&survey) && survey.locks.complete()).then_some(key);
            Ok(Evaluated { survey, evaluators: Some(evaluators), fault: None, memo })
        }
        // Nothing is wrong with the files: what can be said without evaluation is still worth saying.
        Err(fault @ NixFault::Flake { kind: FlakeFault::Input, .. }) => {
            Ok(Evaluated::without_flake(Some(fault.fault())))
        }
        Err(fault) => Err(settings::nix_stop(fault)),
    }
}

fn told(step: &Progress) -> String {
    match step {
        Progress::Fetching => "fetching the inputs of the flake".to_owned(),
        Progress::Evaluating => "evaluating the flake".to_owned(),
        Progress::Machines { done, of } => format!("evaluating machines: {done} of {of}"),
        Progress::Trees { done, of } => format!("looking for tests: {done} of {of} trees"),
    }
}

/// The lock file as nix sees it.
fn lock_file(tree: &Tree) -> Option<&str> {
    match &tree.get("flake.lock")?.node {
        Node::File { text, .. } => text.as_deref(),
        _ => None,
    }
}

/// Says why nothing of this evaluation stands for a later run, where that is so.
fn tell_locks(desk: &Desk, locks: &Locks) {
    let (why, help) = match locks {
        Locks::Complete => return,
        Locks::Missing(inputs) => {
            let names: Vec<_> = inputs.iter().map(|name| format!("`{name}`")).collect();
            let names = names.join(", ");
            match inputs.len() {
                1 => (format!("the input {names} is not locked"), "; `nix flake lock` locks it"),
                _ => (format!("the inputs {names} are not locked"), "; `nix flake lock` locks them"),
            }
        }
        Locks::Unknown => ("nix does not tell what the flake's inputs are".to_owned(), ""),
    };
    desk.screen.note(&format!("{why}: nothing stands for a later run{help}"));
}

fn key(nix: &Nix, tree: Digest, trees: Option<&[TreeRef]>) -> Digest {
    let trees = format!("{trees:?}");
    let version = nix.version().to_string();
    Digest::of_parts([
        env!("CARGO_PKG_VERSION").as_bytes(),
        edge::nix::questions().as_bytes(),
        version.as_bytes(),
        tree.bytes(),
        trees.as_bytes(),
    ])
}

fn recalled(desk: &Desk, key: Digest, trees: Option<&[TreeRef]>) -> Option<Survey> {
    is_pure(trees).then(|| memo::recall(&State::find(&desk.project.folder)?, MEMO, key)).flatten()
}

/// Files are evaluated impurely: what they come to may change though no file has.
fn is_pure(trees: Option<&[TreeRef]>) -> bool {
    !trees.into_iter().flatten().any(|tree| matches!(tree, TreeRef::File { .. }))
}

/// Whether asking again would give the same: a question that ran into a limit may be answered another time.
fn is_final(survey: &Survey) -> bool {
    let of_machines = survey.machines.values().flat_map(|machine| machine.errors.values());
    let of_trees = survey.trees.iter().flat_map(|tree| tree.broken.iter().map(|(_, error)| error));
    let mut errors = of_machines.chain(of_trees).chain(&survey.inventory_error);
    !errors.any(|error: &NixError| matches!(error.class.as_str(), "Timeout" | "OutOfMemory"))
}
