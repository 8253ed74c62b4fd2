//! Whoever builds a machine's closure: this computer, or another one that is reached over SSH, the machine itself among them.
//!
//! Flows in: a closure, its derivation, where it is built. Flows out: that it is built or on the machine, or why not.
//! Must not: take another closure for the one that was proven; keep what another computer built on this one.

use model::{machine::MachineName, rollout::End};

use super::{
    Target, answer,
    closure::SystemPath,
    limits::Limits,
    script::quoted,
    store::{Store, failed},
};
use crate::ssh::{Destination, Ssh};

/// Who builds for one machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Builder<'a> {
    pub(super) store: &'a Store,
    pub(super) ssh: &'a Ssh,
    pub(super) target: &'a Target,
    pub(super) limits: &'a Limits,
}

impl Builder<'_> {
    /// Whether it is built, and whole.
    pub(super) async fn has(self, closure: &SystemPath) -> bool {
        let Some(on) = &self.target.build_on else { return self.store.has(closure).await };
        let script = format!(
            "{}\nnix-store --check-validity {}",
            super::script::SEARCH_PATH,
            quoted(closure.as_str())
        );
        answer::end(self.ssh.ask(on, &script, super::STANDING_LIMIT).await) == End::Done
    }

    /// Builds it, or takes it from a cache.
    pub(super) async fn build(self, machine: &MachineName, closure: &SystemPath) -> End {
        let derivation = self.target.derivation.as_deref();
        let Some(on) = &self.target.build_on else {
            return self.store.build(machine, derivation, closure, self.limits.build).await;
        };
        let Some(derivation) = derivation else {
            return failed(format!("nobody told what {on} is to build"));
        };
        let options = self.ssh.options_for_nix(on);
        if let Err(why) = self.store.copy_derivation(derivation, on, options, self.limits.copy).await {
            return failed(format!("{on} was not told what to build: {why}"));
        }
        let words = [("derivation", derivation), ("machine", machine.as_str())];
        let words: String = words.iter().map(|(name, word)| format!("{name}={}\n", quoted(word))).collect();
        let script = format!("{words}{}", include_str!("build.sh"));
        let answered = match self.ssh.ask(on, &script, self.limits.build).await {
            Ok(answer) if answer.code == 0 => answer,
            other => return of_builder(on, answer::end(other)),
        };
        match answer::field(&answered, "built") {
            Some(path) if path == closure.as_str() => End::Done,
            path => failed(format!(
                "what {on} built is {}, not the closure that was proven",
                path.unwrap_or("not told")
            )),
        }
    }

    /// Brings it from where it was built to the machine, where root takes it if whoever is let in may not.
    pub(super) async fn copy(self, closure: &SystemPath, by_sudo: bool) -> Result<(), String> {
        let (to, from) = (&self.target.to, self.target.build_on.as_ref());
        // It was built where it is to be.
        if from == Some(to) {
            return Ok(());
        }
        // nix has one list of options for both.
        if let Some(from) = from.filter(|from| from.port != to.port) {
            return Err(format!(
                "{from} and {to} are reached at ports of their own: give these in ssh_config(5) instead"
            ));
        }
        self.store.copy(closure, from, (to, by_sudo), self.ssh.options_for_nix(to), self.limits.copy).await
    }

    /// What a closure is made of, by a script that asks a store.
    pub(super) async fn tell(self, script: &str) -> Result<String, String> {
        let Some(on) = &self.target.build_on else {
            return self.store.tell(script, super::STANDING_LIMIT).await;
        };
        let told =
            self.ssh.ask(on, script, super::STANDING_LIMIT).await.map_err(|unasked| unasked.to_string())?;
        if told.code == 0 { Ok(told.out) } else { Err(format!("{on} could not tell what it is made of")) }
    }
}

/// A machine that is out of reach waits; a computer that builds for it is somebody's to put right.
fn of_builder(on: &Destination, end: End) -> End {
    match end {
        End::Unreachable => failed(format!("{on}, which builds for it, is out of reach")),
        End::Failed { why } => failed(format!("{on}: {why}")),
        End::Done | End::Skipped { .. } | End::Held { .. } => end,
    }
}
