//! The evaluators: a few that stay, shared by the survey and the tests, so that what one has evaluated stays warm.
//!
//! Flows in: requests. Flows out: answers, whatever becomes of an evaluator.
//! Must not: judge answers, or run more evaluators at a time than there are workers.

mod limits;
mod shelf;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::Semaphore;

pub use limits::Limits;
use shelf::Shelf;

use super::{
    answer::{Answer, Death, OnReply, Reply},
    binary::Nix,
    fault::NixFault,
    fresh::Question,
    project::{self, Project},
    repl::{NoStart, Repl, Request, Scope},
};

/// A pool of evaluators of one project. Cheap to clone; all clones share the evaluators.
#[derive(Debug, Clone)]
pub struct Evaluators {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    nix: Nix,
    folder: std::path::PathBuf,
    project: tokio::sync::OnceCell<Project>,
    limits: Limits,
    turns: Semaphore,
    confirmations: AtomicUsize,
    flake: Shelf,
    files: Shelf,
}

impl Evaluators {
    /// A pool for the project in `folder`. Nothing is started yet.
    #[must_use]
    pub fn new(nix: Nix, folder: &Path, limits: Limits) -> Self {
        let inner = Inner {
            nix,
            folder: folder.to_owned(),
            project: tokio::sync::OnceCell::new(),
            turns: Semaphore::new(limits.workers.get()),
            confirmations: AtomicUsize::new(limits.confirmations),
            limits,
            flake: Shelf::default(),
            files: Shelf::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The nix that is asked.
    #[must_use]
    pub fn nix(&self) -> &Nix {
        &self.inner.nix
    }

    /// The limits that it keeps.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// The project, with where nix has its copy of it.
    pub(crate) async fn project(&self) -> Result<&Project, NixFault> {
        self.inner.project.get_or_try_init(|| project::locate(&self.inner.nix, &self.inner.folder)).await
    }

    /// The project's folder, as it was given.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    fn shelf(&self, scope: Scope) -> &Shelf {
        match scope {
            Scope::Flake => &self.inner.flake,
            Scope::Files => &self.inner.files,
        }
    }

    /// Asks every case of a request, in order. An evaluator that dies over a case is replaced for those after it.
    ///
    /// # Errors
    /// When no evaluator can be started; cases that were not answered until then have no answer.
    pub(crate) async fn ask(&self, scope: Scope, request: Request, on: OnReply<'_>) -> Result<(), NoStart> {
        // It is never closed.
        let _turn = self.inner.turns.acquire().await;
        let mut request = request;
        let mut first = 0;
        while !request.cases.is_empty() {
            let mut repl = match self.shelf(scope).take() {
                Some(repl) => repl,
                None => self.start(scope).await?,
            };
            let mut answered = 0;
            let mut hear = |number: usize, reply: Reply| {
                answered = number + 1;
                on(first + number, reply);
            };
            let alive = repl.run(&request, &mut hear).await;
            if alive && !self.is_too_big(&repl).await {
                self.shelf(scope).put(repl);
            }
            first += answered;
            request.cases.drain(..answered.min(request.cases.len()));
        }
        Ok(())
    }

    /// Asks the one case of a request.
    ///
    /// # Errors
    /// When no evaluator can be started.
    pub(crate) async fn ask_one(&self, scope: Scope, request: Request) -> Result<Answer, NoStart> {
        let mut answer = None;
        self.ask(scope, request, &mut |_, reply| answer = Some(reply.answer)).await?;
        answer.ok_or_else(|| NoStart::Died(Death::new(None, None)))
    }

    async fn start(&self, scope: Scope) -> Result<Repl, NoStart> {
        let Inner { nix, limits, .. } = &*self.inner;
        let project = self.project().await.map_err(NoStart::Fault)?;
        Repl::start(nix, project, scope, limits.memory, limits.start).await
    }

    /// What an evaluator has evaluated stays with it. One that has grown makes way for a new one.
    async fn is_too_big(&self, repl: &Repl) -> bool {
        let Some(most) = self.inner.limits.resident else { return false };
        repl.memory().await.is_some_and(|memory| memory > most)
    }

    /// Asks one question of an evaluator of its own.
    pub(crate) async fn ask_fresh(&self, question: &Question, limit: Duration) -> Result<Answer, NoStart> {
        let _turn = self.inner.turns.acquire().await;
        let project = self.project().await.map_err(NoStart::Fault)?;
        question.ask(&self.inner.nix, project, self.inner.limits.memory, limit).await
    }

    /// Takes one of the confirmations that a run can afford, if there is one left.
    pub(crate) fn may_confirm(&self) -> bool {
        let left = |left: usize| left.checked_sub(1);
        self.inner.confirmations.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
    }

    /// Starts all evaluators of the flake at once, so that the first requests find them ready. Failing to is no fault
    /// yet: whoever asks will be told.
    pub async fn warm(&self) {
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..self.inner.limits.workers.get() {
            let pool = self.clone();
            starts.spawn(async move {
                let _turn = pool.inner.turns.acquire().await;
                if let Ok(repl) = pool.start(Scope::Flake).await {
                    pool.inner.flake.put(repl);
                }
            });
        }
        while starts.join_next().await.is_some() {}
    }
}
