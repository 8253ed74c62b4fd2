//! What makes no sense as a whole, and what is told of it.

use std::fmt::Write as _;

use insta::assert_snapshot;
use load::{fleet_toml, lint::lint, resolve::resolve};

/// The warnings of a sound text, a line each, with the bytes that each is about.
fn told(text: &str) -> String {
    let (fleet, problems) = fleet_toml::parse("fleet.toml", text.as_bytes());
    assert_eq!(problems, []);
    let mut told = String::new();
    for problem in lint(&resolve(fleet.expect("a fleet")), Some(text)) {
        writeln!(told, "{problem} <- {:?}", &text[problem.span.clone()]).expect("text");
    }
    told
}

#[test]
fn a_fleet_that_makes_sense_gets_no_warning() {
    let text = r#"
[inventory.machines.web]
tags = ["front"]
[inventory.machines.db]
[inventory.tags]
back = ["db"]
nixos = []
[inventory.instances.net.roles]
server.machines.web.settings = { port = 80, list = [1], deep.a = 1 }
server.settings = { port = 80, list = [2], deep.b = 1 }
client.tags = ["front", "back", "all"]
[[waivers]]
rule = "host/way-in"
subject = "web"
reason = "a lab"
expires = "2030-01-01"
"#;
    assert_snapshot!(told(text), @"");
}

#[test]
fn names_of_nobody_are_told_with_what_may_have_been_meant() {
    let text = r#"
[inventory.machines.cinnabar]
[inventory.tags]
infra = ["vermilion", "cinabar"]
[inventory.instances.net.roles.peer]
machines.cinabar = {}
tags = ["infa", "darwin", "al"]
[[waivers]]
rule = "host/way-in"
subject = "cinnabat"
reason = "a lab"
expires = "2030-01-01"
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:4:10: warning[inventory/tag-member-exists]: tag `infra` lists machine `vermilion`, which does not exist <- "\"vermilion\""
    fleet.toml:4:23: warning[inventory/tag-member-exists]: tag `infra` lists machine `cinabar`, which does not exist (did you mean `cinnabar`?) <- "\"cinabar\""
    fleet.toml:6:10: warning[inventory/role-machine-exists]: role `peer` of instance `net` names machine `cinabar`, which does not exist (did you mean `cinnabar`?) <- "cinabar"
    fleet.toml:7:9: warning[inventory/role-tag-matches]: role `peer` of instance `net` asks for tag `infa`, which no machine carries <- "\"infa\""
    fleet.toml:7:17: warning[inventory/role-tag-matches]: role `peer` of instance `net` asks for tag `darwin`, which no machine carries <- "\"darwin\""
    fleet.toml:7:27: warning[inventory/role-tag-matches]: role `peer` of instance `net` asks for tag `al`, which no machine carries (did you mean `all`?) <- "\"al\""
    fleet.toml:10:1: warning[waiver-subject-exists]: `host/way-in` is waived for machine `cinnabat`, which the inventory does not define (did you mean `cinnabar`?) <- "subject"
    "#);
}

#[test]
fn settings_that_conflict_are_told_where_they_are_first_given() {
    let text = r#"
[inventory.machines.web]
tags = ["front"]
[inventory.instances.net.roles.peer]
machines.web.settings.port = 80
machines.web.settings.deep.x = 1
tags.front.settings.port = 81
settings.deep = "x"
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:6:23: warning[inventory/settings-conflict]: setting `deep` of role `peer` of instance `net` has several values for `web` (given at fleet.toml:6:23 and fleet.toml:8:10) <- "deep"
    fleet.toml:7:21: warning[inventory/settings-conflict]: setting `port` of role `peer` of instance `net` has several values for `web` (given at fleet.toml:7:21 and fleet.toml:5:23) <- "port"
    "#);
}

#[test]
fn settings_that_the_module_system_takes_for_itself_are_told() {
    let text = r#"
[inventory.machines.web]
[inventory.instances.net]
settings.imports = []
roles.peer.machines.web.settings.key = "a"
roles.peer.tags.all.settings._file = "a"
roles.peer.settings.config = {}
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:4:10: warning[reserved-setting]: Nix's module system takes `imports` of settings for itself; the service never sees it <- "imports"
    fleet.toml:5:34: warning[reserved-setting]: Nix's module system takes `key` of settings for itself; the service never sees it <- "key"
    fleet.toml:6:30: warning[reserved-setting]: Nix's module system takes `_file` of settings for itself; the service never sees it <- "_file"
    fleet.toml:7:21: warning[reserved-setting]: Nix's module system takes `config` of settings for itself; the service never sees it <- "config"
    "#);
}
