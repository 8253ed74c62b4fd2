//! What a survey tells of the secrets that sops-nix puts in place, against a real nix.

use std::sync::Arc;

use model::machine::MachineName;
use serde_json::json;

use super::fixture::Project;

const FLEET: &str = r#"{
    nixosConfigurations.a.config.sops.secrets = {
        token = {
            path = "/run/secrets/token"; owner = "admin"; uid = 0; group = "users"; gid = 0; mode = "0440";
            format = "yaml"; key = "web/token"; sopsFile = ./flake.nix; neededForUsers = false;
        };
        hash = {
            path = "/run/secrets-for-users/hash"; owner = null; uid = 0; group = null; gid = 5; mode = "0400";
            format = "yaml"; key = "hash"; sopsFile = throw "no default"; neededForUsers = true;
        };
        number = {
            path = "/run/secrets/number"; owner = null; uid = 5; group = null; gid = 0; mode = "0400";
            format = "binary"; key = ""; sopsFile = throw "no default"; neededForUsers = false;
        };
    };
}"#;

#[tokio::test]
async fn each_secret_is_told_as_sops_nix_puts_it_in_place() {
    let project = Project::flake(FLEET);
    let survey = project.pool().await.survey(None, Arc::new(|_| ())).await.unwrap();
    let mut told = survey.machines[&MachineName::from("a")].facts["sopsSecrets"].clone();
    let file = told.pointer_mut("/token/sopsFile").unwrap();
    assert!(file.as_str().unwrap().starts_with("/nix/store/"), "{file}");
    *file = json!("/nix/store/...");
    let expected = json!({
        "token": {
            "path": "/run/secrets/token", "owner": "admin", "group": "users", "mode": "0440",
            "format": "yaml", "key": "web/token", "sopsFile": "/nix/store/...", "neededForUsers": false,
        },
        "hash": {
            "path": "/run/secrets-for-users/hash", "owner": "root", "group": "root", "mode": "0400",
            "format": "yaml", "key": "hash", "sopsFile": null, "neededForUsers": true,
        },
        "number": {
            "path": "/run/secrets/number", "owner": null, "group": "root", "mode": "0400",
            "format": "binary", "key": "", "sopsFile": null, "neededForUsers": false,
        },
    });
    assert_eq!(told, expected);
}
