//! What a survey tells of what boots of a machine, against a real nix.

use std::sync::Arc;

use model::machine::MachineName;
use serde_json::{Value, json};

use super::fixture::Project;

#[tokio::test]
async fn what_can_be_extended_is_booted_and_else_the_virtual_machine_that_is_offered() {
    let project = Project::flake(
        r#"{ nixosConfigurations = let vm = derivation { name = "vm"; system = "x86_64-linux"; builder = "/bin/sh"; }; in {
            whole = { extendModules = _: { }; config.system.build = { toplevel = null; vm = throw "nobody asks"; }; };
            offers.config.system.build = { toplevel = null; inherit vm; };
            nothing.config.system.build.toplevel = null;
        }; }"#,
    );
    let survey = project.pool().await.survey(None, Arc::new(|_| ())).await.unwrap();
    let boots = |name: &str| survey.machines[&MachineName::from(name)].facts["boots"].clone();
    assert_eq!((boots("whole"), boots("nothing")), (json!("configuration"), Value::Null));
    assert!(boots("offers").as_str().unwrap().ends_with("-vm.drv"));
}
