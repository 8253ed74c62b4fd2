//! One question to an evaluator of its own, which ends with it.
//!
//! Flows in: an expression. Flows out: its [`Answer`], errors in structure.
//! Must not: share anything with another question; that is what it is for.
//!
//! The evaluator caches failures in values that several tests share: a call that was too deep for one can fail another that
//! passes alone. So a test is asked again here before it is called failed.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{
    answer::{Answer, Death, End, LastWords},
    binary::Nix,
    log::Said,
    prelude,
    project::Project,
    quote,
    repl::{COMMON, Heard, Hearing, LONGEST_LINE, NoStart, PRELUDE, nonce},
};
use crate::process::{Line, Lines, Streams};

/// What the question is about.
#[derive(Debug, Clone)]
pub(crate) enum About {
    /// A value in the flake's outputs, by path.
    Output(Vec<String>),
    /// An expression that reads files.
    Expression(String),
}

/// One question with one case.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) about: About,
    /// A function of the prelude.
    pub(crate) ask: &'static str,
    /// An expression that can stand in a list.
    pub(crate) case: String,
}

impl Question {
    fn body(&self, subject: &str) -> String {
        format!("{PRELUDE}.run {PRELUDE}.{} ({subject}) [ [ 0 {} ] ]", self.ask, self.case)
    }

    fn arguments(&self, nix: &Nix, project: &Project, nonce: &str) -> Vec<String> {
        let bound = |body: String| format!("let {PRELUDE} = {}; in {body}", prelude::expression(nonce));
        let mut arguments = vec!["eval".to_owned()];
        arguments
            .extend(nix.features().iter().chain(&COMMON).chain(&["--json"]).map(|flag| (*flag).to_owned()));
        arguments.extend(match &self.about {
            About::Output(path) => {
                let (reference, rest) = reference(nix, project, path);
                let apply = format!("o: {}", bound(self.body(&format!("o{}", quote::select(rest)))));
                [reference, "--apply".to_owned(), apply].to_vec()
            }
            About::Expression(subject) => {
                ["--impure".to_owned(), "--expr".to_owned(), bound(self.body(subject))].to_vec()
            }
        });
        arguments
    }

    /// Asks it.
    pub(crate) async fn ask(
        &self,
        nix: &Nix,
        project: &Project,
        memory: Option<u64>,
        limit: Duration,
    ) -> Result<Answer, NoStart> {
        let nonce = nonce();
        let program = nix.program(project.folder(), self.arguments(nix, project, &nonce), memory);
        let mut running = nix.spawner().spawn(&program, Streams::default()).map_err(NoStart::Io)?;
        let Some(stderr) = running.stderr.take() else { return Err(NoStart::Late(limit)) };
        let mut lines = Lines::new(stderr, LONGEST_LINE);
        let (mut hearing, mut words) = (Hearing::default(), LastWords::default());
        let deadline = Instant::now() + limit;
        loop {
            let line = match timeout_at(deadline, lines.next()).await {
                Err(_) => {
                    running.kill().await;
                    return Ok(hearing.close(End::Late));
                }
                Ok(None) => break,
                Ok(Some(Line::Whole(line) | Line::Cut(line))) => line,
            };
            let said = Said::read(&line, &nonce);
            if said == Said::Garbage {
                words.add(&line);
            }
            if let Heard::Answer(_, answer) = hearing.hear(said, 1) {
                running.kill().await;
                return Ok(answer);
            }
        }
        let status = timeout_at(deadline, running.wait()).await;
        let death = Death::new(status.ok().and_then(Result::ok), words.take());
        Ok(hearing.close_ended(death))
    }
}

/// How `nix eval` names the outputs, and what is left of the path. Before 2.19 the outputs as a whole had no name.
fn reference<'a>(nix: &Nix, project: &Project, path: &'a [String]) -> (String, &'a [String]) {
    match path.split_first() {
        Some((first, rest)) if !nix.names_outputs() => (format!("{}#\"{first}\"", project.reference()), rest),
        _ => (format!("{}#.", project.reference()), path),
    }
}
