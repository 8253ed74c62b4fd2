//! What a change would make different, told before anything is done, and held to what nix itself says of the two closures.

use libtest_mimic::Trial;
use model::{
    manifest::{Becomes, Difference},
    rollout::{Closure, Step},
};
use run::rollout::Lookout as _;

use crate::rig::{Rig, done, nix, system, system_of, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("difference::it_is_told_before_anything_is_done", &["a"], before_anything)]
}

async fn before_anything(rig: Rig) {
    let new = system_of(&[("version", "2.0"), ("kernel", "6.6"), ("ballast", "20000")]);
    let (deploy, change) = (rig.deploy("p1"), rig.to(&new));
    let tell = async || deploy.difference("a".into(), change.clone()).await.unwrap();
    let told = tell().await.unwrap();
    let packages: Vec<_> =
        told.packages.iter().map(|it| (it.name.as_str(), it.before.join(","), it.after.join(","))).collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        packages,
        [
            ("ballast", text(""), text("2.0")),
            ("box-system", text(""), text("2.0")),
            ("box-system-old", text(""), text("")),
        ]
    );
    // To nix the last word of `box-system-old` names an output, version or none.
    assert_eq!(names(&nix_says(&rig.old, &new)), ["ballast", "box-system"]);
    let units: Vec<_> = told.units.iter().map(|it| (it.name.as_str(), it.becomes)).collect();
    assert_eq!(units, [("version@.service", Becomes::Changed)]);
    assert_eq!(told.reboot, ["kernel"]);
    deploy.build("a".into(), new.clone()).await.unwrap();
    // Where it does not stand here any more, the machine tells.
    done(&deploy, "a", &change, &[Step::Build, Step::Copy]).await;
    rig.forget(&new);
    assert_eq!(tell().await, Some(told));
    rig.on("a", &format!("nix-store --delete --ignore-liveness {new}")).await;
    assert_eq!(tell().await, None::<Difference>);
    let same = deploy.difference("a".into(), rig.to(&rig.old.clone())).await.unwrap();
    assert_eq!(same, Some(Difference::default()));
    let absent = system("gone", "", "");
    rig.forget(&absent);
    deploy.build("a".into(), absent.clone()).await.unwrap_err();
    assert_eq!(deploy.difference("a".into(), rig.to(&absent)).await, Ok(None));
    rig.lab.down().await;
}

fn nix_says(old: &Closure, new: &Closure) -> String {
    let output = nix(["store", "diff-closures", &old.0, &new.0]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// `name: 1.0 → 2.0, +3.0 KiB`, as nix prints it.
fn names(said: &str) -> Vec<&str> {
    said.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect()
}
