//! Who builds: another computer, or the machine itself; nothing of it comes through this computer's store.

use std::sync::Arc;

use edge::deploy::{Deploy, Means, Target};
use libtest_mimic::Trial;
use model::rollout::{Change, Closure, PromotionId, Step};
use run::rollout::Lookout as _;

use crate::rig::{LIMITS, Rig, done, look, nix, system, take, target, to, trial, why};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("builders::another_computer_builds", &["a", "b"], another),
        trial("builders::the_machine_itself_builds", &["a"], itself),
        trial("builders::what_the_machine_has_nobody_has_to_build", &["a"], nobody),
    ]
}

impl Rig {
    /// A deployer to a box whose closures another builds, and a change that nobody here has built.
    async fn built_by(&self, builder: &str, version: &str) -> (Deploy, Change) {
        // A box cannot make sandboxes.
        self.on(builder, "mkdir -p ~/.config/nix; echo sandbox = false >~/.config/nix/nix.conf").await;
        let new = system(version, "", "");
        let derivation = self.derivation(&new);
        self.forget(&new);
        let build_on = Some(to(builder));
        let target = Target { derivation: Some(derivation), build_on, ..target("a") };
        let means = Means {
            ssh: Arc::clone(&self.ssh),
            nix: self.nix(),
            roots: self.path("roots"),
            who: "us".to_owned(),
            limits: LIMITS,
        };
        let deploy = Deploy::new(PromotionId("p1".to_owned()), [("a".into(), target)].into(), means).unwrap();
        (deploy, self.to(&new))
    }

    fn derivation(&self, closure: &Closure) -> String {
        let output = nix(["path-info", "--derivation", &closure.0]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

fn is_here(closure: &Closure) -> bool {
    nix(["path-info", &closure.0]).output().unwrap().status.success()
}

async fn another(rig: Rig) {
    let (deploy, change) = rig.built_by("b", "by-another").await;
    let new = change.new.clone();
    assert!(!look(&deploy, "a", &change).await.built);
    assert_eq!(deploy.difference("a".into(), change.clone()).await, Ok(None));
    done(&deploy, "a", &change, &[Step::Build]).await;
    let there = format!("nix-store --check-validity {new} && readlink ~/.local/state/seaworthy/roots/a");
    assert_eq!(rig.on("b", &there).await, new.0);
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.built, seen.copied), (true, false));
    let differs = deploy.difference("a".into(), change.clone()).await.unwrap().unwrap();
    assert!(differs.units.iter().any(|unit| unit.name == "version@.service"), "{differs:?}");
    done(&deploy, "a", &change, &[Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile]).await;
    assert_eq!(
        (rig.answers("a").await.as_str(), rig.truth("a").await),
        ("by-another", (new.clone(), new.clone()))
    );
    assert!(!is_here(&new), "it came through this computer's store");
    // Who builds is no machine of the promotion: it is not waited for.
    rig.on("b", "systemctl stop sshd").await;
    assert!(!look(&deploy, "a", &change).await.built);
    assert_eq!(
        why(take(&deploy, "a", &change, Step::Build).await),
        "b was not told what to build: failed to start SSH connection to 'b'"
    );
    rig.lab.down().await;
}

async fn itself(rig: Rig) {
    let (deploy, change) = rig.built_by("a", "by-itself").await;
    done(&deploy, "a", &change, &[Step::Build]).await;
    let seen = look(&deploy, "a", &change).await;
    assert_eq!((seen.built, seen.copied), (true, true));
    done(&deploy, "a", &change, &[Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile]).await;
    assert_eq!(rig.answers("a").await, "by-itself");
    assert!(!is_here(&change.new), "it came through this computer's store");
    rig.lab.down().await;
}

/// A person's way back evaluates nothing, and what ran there before may be collected everywhere else.
async fn nobody(rig: Rig) {
    let new = system("before", "", "");
    rig.copy("a", &new).await;
    rig.forget(&new);
    let change = rig.to(&new);
    for build_on in [Some(to("nowhere")), None] {
        let targets = [("a".into(), Target { build_on, ..target("a") })].into();
        let means = Means {
            ssh: Arc::clone(&rig.ssh),
            nix: rig.nix(),
            roots: rig.path("roots"),
            who: "us".to_owned(),
            limits: LIMITS,
        };
        let deploy = Deploy::new(PromotionId("p1".to_owned()), targets, means).unwrap();
        done(&deploy, "a", &change, &[Step::Build, Step::Copy]).await;
    }
    let deploy = rig.deploy("p2");
    done(&deploy, "a", &change, &[Step::Build, Step::Copy, Step::Activate, Step::Confirm, Step::SetProfile])
        .await;
    assert_eq!(rig.answers("a").await, "before");
    assert!(!is_here(&new), "it came from there");
    rig.lab.down().await;
}
