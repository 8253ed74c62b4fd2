//! nix: there, new enough, and really evaluating and writing its store.
//!
//! Flows in: its path and environment. Flows out: up to five items; only one where there is no nix that works. Must
//! not: build, fetch, or change a setting.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    path::Path,
    time::Duration,
};

use tokio::time::{Instant, timeout};

use super::{
    Inputs,
    item::Item,
    settings::{self, Sandbox, Settings},
    tool::{self, MOST, chain, complaint},
};
use crate::{
    nix::{binary::Nix, version::Version, words},
    process::Spawner,
};

const INSTALL: &str = "install nix (https://nixos.org/download), or say where it is with SEAWORTHY_NIX";
const COSTS: &str =
    "nothing that needs evaluation: only `fleet lint`, and policies about fleet.toml and the sources";
const COSTS_FEATURES: &str = "nothing: seaworthy turns on for itself what it needs";
const COSTS_EVALUATION: &str = "no facts of machines, and no expression tests";
const COSTS_STORE: &str = "no flake can be copied to the store, so none is evaluated, and nothing is built";
const COSTS_SANDBOX: &str =
    "a build sees this machine's files and network, so what builds here may not build elsewhere";
/// What evaluates is slow to start from here on: an evaluator is started for each worker and each retried test.
const SLOW: Duration = Duration::from_secs(2);

pub(super) async fn items(inputs: &Inputs, spawner: &Spawner) -> Vec<Item> {
    let Some(path) = &inputs.nix else {
        return vec![Item::missing("nix", "no nix on PATH", COSTS).remedy(INSTALL)];
    };
    let found = timeout(tool::LIMIT, Nix::find(path, &inputs.environment, spawner)).await;
    let nix = match found {
        Ok(Ok(nix)) => nix,
        Err(_) => {
            let found = format!("{} does not say its version", path.display());
            return vec![Item::missing("nix", found, COSTS).remedy(INSTALL)];
        }
        Ok(Err(fault)) => {
            let found = format!("{}: {}", path.display(), chain(&fault));
            return vec![Item::missing("nix", found, COSTS).remedy(fault.remedy().unwrap_or(INSTALL))];
        }
    };
    let version =
        format!("nix {} at {} ({} or newer is needed)", nix.version(), path.display(), Version::OLDEST);
    let asked = Asked { nix: &nix, spawner };
    let (settings, evaluation, store) = tokio::join!(asked.settings(), asked.evaluation(), asked.store());
    let mut items = vec![Item::good("nix", version, COSTS)];
    items.extend([evaluation, store]);
    items.extend(settings);
    items
}

/// A nix that is asked.
struct Asked<'a> {
    nix: &'a Nix,
    spawner: &'a Spawner,
}

impl Asked<'_> {
    async fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let program = self.nix.program(Path::new("/"), arguments, None);
        let captured = self.spawner.capture(&program, tool::LIMIT, MOST).await;
        let captured = captured.map_err(|error| chain(&error))?;
        if !captured.status.success() {
            return Err(words::reason(&complaint(&captured)));
        }
        Ok(String::from_utf8_lossy(&captured.stdout).trim().to_owned())
    }

    async fn evaluate(&self, expression: &str) -> Result<String, String> {
        let [flag, features] = self.nix.features();
        self.run(&[flag, features, "eval", "--offline", "--raw", "--expr", expression]).await
    }

    async fn evaluation(&self) -> Item {
        const NAME: &str = "nix-evaluation";
        let sum = "toString (builtins.foldl' (a: b: a + b) 0 (builtins.genList (n: n) 1000))";
        let began = Instant::now();
        let sum = self.evaluate(sum).await;
        judge_evaluation(NAME, sum, began.elapsed())
    }

    /// Writes a file that nobody has written yet; of one that is there already, nix would write nothing.
    async fn store(&self) -> Item {
        const NAME: &str = "nix-store";
        let number = RandomState::new().build_hasher().finish();
        let expression =
            format!("builtins.toFile \"seaworthy-doctor\" \"written by seaworthy doctor: {number}\"");
        match self.evaluate(&expression).await {
            Ok(path) => Item::good(NAME, format!("wrote {path}"), COSTS_STORE),
            Err(why) => Item::missing(NAME, format!("cannot be written: {why}"), COSTS_STORE)
                .remedy("see what `nix store info` says; with several users, the nix daemon must run"),
        }
    }

    async fn settings(&self) -> [Item; 2] {
        // Without the feature, so that nix itself says whether the user has turned it on.
        let plain = self.shown(&[]).await;
        let enabled = plain.is_ok();
        let [flag, features] = self.nix.features();
        let shown = match plain {
            Ok(shown) => Ok(shown),
            Err(_) => self.shown(&[flag, features]).await,
        };
        let settings = shown.and_then(|shown| settings::parse(&shown).ok_or("unreadable".to_owned()));
        [features_item(enabled, &settings), sandbox_item(&settings)]
    }

    /// `nix config show`; `nix show-config` until 2.19.
    async fn shown(&self, features: &[&str]) -> Result<String, String> {
        match self.run(&[features, &["config", "show", "--json"]].concat()).await {
            Ok(shown) => Ok(shown),
            Err(_) => self.run(&[features, &["show-config", "--json"]].concat()).await,
        }
    }
}

fn judge_evaluation(name: &'static str, sum: Result<String, String>, took: Duration) -> Item {
    let seconds = format!("{:.2} s", took.as_secs_f32());
    match sum {
        Ok(sum) if sum != "499500" => {
            Item::missing(name, format!("gave a wrong sum: {sum}"), COSTS_EVALUATION)
        }
        Ok(_) if took >= SLOW => Item::degraded(
            name,
            format!("works, and takes {seconds} to start"),
            "every evaluator that is started costs this time; a run starts several",
        ),
        Ok(_) => Item::good(name, format!("works, in {seconds}"), COSTS_EVALUATION),
        Err(why) => Item::missing(name, format!("fails: {why}"), COSTS_EVALUATION)
            .remedy("see what `nix eval --expr 1` says"),
    }
}

fn features_item(enabled: bool, settings: &Result<Settings, String>) -> Item {
    const NAME: &str = "nix-features";
    let settings = match settings {
        Ok(settings) => settings,
        Err(why) => return Item::degraded(NAME, format!("cannot tell: {why}"), COSTS_FEATURES),
    };
    let flakes = settings.features.iter().any(|feature| feature == "flakes");
    let found = match (enabled, flakes) {
        (true, true) => "nix-command and flakes are on",
        (true, false) => "nix-command is on, flakes is off; seaworthy turns it on for itself",
        (false, _) => "nix-command is off; seaworthy turns it on for itself, and flakes",
    };
    Item::good(NAME, found, COSTS_FEATURES)
}

fn sandbox_item(settings: &Result<Settings, String>) -> Item {
    const NAME: &str = "nix-sandbox";
    let remedy = "set `sandbox = true` in nix.conf";
    let settings = match settings {
        Ok(settings) => settings,
        Err(why) => return Item::degraded(NAME, format!("cannot tell: {why}"), COSTS_SANDBOX),
    };
    match (settings.sandbox, settings.fallback) {
        (Sandbox::On, false) => Item::good(NAME, "on", COSTS_SANDBOX),
        (Sandbox::On, true) => Item::good(NAME, "on, except where the machine allows none", COSTS_SANDBOX),
        (Sandbox::Relaxed, _) => {
            Item::degraded(NAME, "relaxed: a derivation may ask to be let out", COSTS_SANDBOX).remedy(remedy)
        }
        (Sandbox::Off, _) => Item::degraded(NAME, "off", COSTS_SANDBOX).remedy(remedy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    fn settings(features: &[&str], sandbox: Sandbox) -> Result<Settings, String> {
        let features = features.iter().map(|feature| (*feature).to_owned()).collect();
        Ok(Settings { features, sandbox, fallback: false })
    }

    #[test]
    fn an_evaluation_is_right_and_quick_or_not() {
        let judge = |sum: Result<&str, &str>, seconds| {
            let sum = sum.map(str::to_owned).map_err(str::to_owned);
            judge_evaluation("x", sum, Duration::from_millis(seconds))
        };
        assert_eq!(judge(Ok("499500"), 30), Item::good("x", "works, in 0.03 s", COSTS_EVALUATION));
        assert_eq!(judge(Ok("499500"), 2500).state, State::Degraded);
        assert_eq!(judge(Ok("1"), 30).state, State::Missing);
        assert_eq!(judge(Err("boom"), 30).found, "fails: boom");
    }

    #[test]
    fn features_that_are_off_cost_nothing_and_are_said() {
        let found =
            |enabled, features: &[&str]| features_item(enabled, &settings(features, Sandbox::On)).found;
        assert_eq!(found(true, &["flakes", "nix-command"]), "nix-command and flakes are on");
        assert!(found(true, &["nix-command"]).starts_with("nix-command is on, flakes is off"));
        // What was passed to be able to ask does not count.
        assert!(found(false, &["flakes", "nix-command"]).starts_with("nix-command is off"));
    }

    #[test]
    fn a_sandbox_that_is_not_on_is_degraded() {
        let state = |sandbox| sandbox_item(&settings(&[], sandbox)).state;
        assert_eq!(state(Sandbox::On), State::Good);
        assert_eq!(state(Sandbox::Relaxed), State::Degraded);
        assert_eq!(state(Sandbox::Off), State::Degraded);
        assert_eq!(sandbox_item(&Err("x".to_owned())).state, State::Degraded);
    }
}
