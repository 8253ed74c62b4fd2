//! What `fleet.toml` may say, and what is told of a file that says something else.

use std::fmt::Write as _;

use insta::assert_snapshot;
use load::{diagnostic::Severity, fleet_toml};
use model::fleet::Fleet;
use serde_json::{Value, json};

/// The problems of a text, a line each, with the bytes that each is about.
fn told(text: &str) -> String {
    let (fleet, diagnostics) = fleet_toml::parse("fleet.toml", text.as_bytes());
    let refused = diagnostics.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(fleet.is_none(), refused, "a fleet comes out exactly if nothing is an error");
    let mut told = String::new();
    for problem in &diagnostics {
        let about: String = text[problem.span.clone()].chars().take(40).collect();
        writeln!(told, "{problem} <- {about:?}").expect("text");
    }
    told
}

#[track_caller]
fn sound(text: &str) -> Fleet {
    assert_eq!(told(text), "");
    fleet_toml::parse("fleet.toml", text.as_bytes()).0.expect("a fleet")
}

#[track_caller]
fn inventory(text: &str) -> Value {
    serde_json::to_value(sound(text).inventory).expect("JSON")
}

#[test]
fn an_empty_file_is_a_fleet_without_machines() {
    let fleet = sound("");
    assert!(fleet.inventory.machines.is_empty());
    assert_eq!((fleet.trees, fleet.waivers), (None, Vec::new()));
}

#[test]
fn the_inventory_is_read_field_for_field() {
    let read = inventory(
        r#"
        [inventory.meta]
        name = "home"
        domain = "home.arpa"
        [inventory.machines.mac]
        machineClass = "darwin"
        tags = ["b", "a"]
        description = "a Mac"
        installedAt = 0x10
        deploy = { targetHost = "me@mac", buildHost = "b", forwardAgent = false }
        [inventory.machines.web]
        [inventory.tags]
        infra = ["web", "mac"]
        [inventory.instances.net]
        module = { name = "zerotier", input = "self" }
        settings.weak = 1
        roles.controller.machines.web.settings.port = 80
        roles.peer = { tags = ["all"], settings = { list = [1, 2.5, { x = true }] } }
        roles.moon.tags.infra.settings.stable = "yes"
        "#,
    );
    assert_eq!(read["meta"], json!({ "name": "home", "domain": "home.arpa" }));
    let deploy = json!({ "targetHost": "me@mac", "buildHost": "b", "forwardAgent": false });
    let mac = json!({
        "machineClass": "darwin", "tags": ["a", "b"], "description": "a Mac", "installedAt": 16, "deploy": deploy,
    });
    assert_eq!(read["machines"]["mac"], mac);
    assert_eq!(read["machines"]["web"], json!({ "machineClass": "nixos", "tags": [], "deploy": {} }));
    assert_eq!(read["tags"], json!({ "infra": ["mac", "web"] }));
    let net = &read["instances"]["net"];
    assert_eq!(net["module"], json!({ "name": "zerotier", "input": "self" }));
    assert_eq!(net["settings"], json!({ "weak": 1 }));
    assert_eq!(net["roles"]["controller"]["machines"], json!({ "web": { "settings": { "port": 80 } } }));
    assert_eq!(net["roles"]["peer"]["tags"], json!({ "all": {} }));
    assert_eq!(net["roles"]["peer"]["settings"], json!({ "list": [1, 2.5, { "x": true }] }));
    assert_eq!(net["roles"]["moon"]["tags"], json!({ "infra": { "settings": { "stable": "yes" } } }));
}

#[test]
fn trees_and_waivers_are_read() {
    let fleet = sound(
        r##"
        [expressions]
        trees = [".#tests", "tests/unit.nix"]
        [[waivers]]
        rule = "host/way-in"
        subject = "web"
        reason = "a lab"
        expires = "2026-12-31"
        [[waivers]]
        rule = "host/way-in"
        subject = "fleet"
        reason = "a lab"
        expires = "2024-02-29"
        [[waivers]]
        rule = "nix-unit/tests"
        test = ".#tests::lib.greets"
        reason = "a lab"
        expires = "2026-12-31"
        "##,
    );
    let trees: Vec<_> = fleet.trees.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(trees, [".#tests", "tests/unit.nix"]);
    let waiver = &fleet.waivers[0];
    let subject = waiver.subject.as_ref().map(ToString::to_string);
    assert_eq!(
        (waiver.rule.as_str(), subject.as_deref(), waiver.reason.as_str()),
        ("host/way-in", Some("web"), "a lab")
    );
    assert_eq!(
        (waiver.expires.to_string().as_str(), waiver.place.to_string().as_str()),
        ("2026-12-31", "fleet.toml:4:9")
    );
    assert_eq!(fleet.waivers[1].subject, Some(model::subject::Subject::Fleet));
    let tests: Vec<_> = fleet.waivers.iter().map(|waiver| waiver.test.as_deref()).collect();
    assert_eq!(tests, [None, None, Some(".#tests::lib.greets")]);
}

#[test]
fn unknown_fields_are_told_everywhere_at_once() {
    let text = r#"
inventroy = 1
[inventory]
service = 1
[inventory.meta]
nam = "x"
[inventory.machines.web]
machineclass = "nixos"
deploy.target = "web"
[inventory.instances.net]
modul = {}
module.inputs = "self"
roles.peer.machine.web = {}
roles.peer.machines.web.setting = {}
roles.peer.extraModules = []
[expressions]
tree = []
[[waivers]]
rule = "a/b"
reason = "r"
expires = "2026-12-31"
until = 1
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:2:1: error[unknown-field]: nobody reads `inventroy` (did you mean `inventory`?) <- "inventroy"
    fleet.toml:4:1: error[unknown-field]: nobody reads `inventory.service` (known here: meta, machines, instances, tags) <- "service"
    fleet.toml:6:1: error[unknown-field]: nobody reads `inventory.meta.nam` (did you mean `name`?) <- "nam"
    fleet.toml:8:1: error[unknown-field]: nobody reads `inventory.machines.web.machineclass` (did you mean `machineClass`?) <- "machineclass"
    fleet.toml:9:8: error[unknown-field]: nobody reads `inventory.machines.web.deploy.target` (known here: buildHost, forwardAgent, targetHost) <- "target"
    fleet.toml:11:1: error[unknown-field]: nobody reads `inventory.instances.net.modul` (did you mean `module`?) <- "modul"
    fleet.toml:12:8: error[unknown-field]: nobody reads `inventory.instances.net.module.inputs` (did you mean `input`?) <- "inputs"
    fleet.toml:13:12: error[unknown-field]: nobody reads `inventory.instances.net.roles.peer.machine` (did you mean `machines`?) <- "machine"
    fleet.toml:14:25: error[unknown-field]: nobody reads `inventory.instances.net.roles.peer.machines.web.setting` (did you mean `settings`?) <- "setting"
    fleet.toml:15:12: error[unknown-field]: nobody reads `inventory.instances.net.roles.peer.extraModules` (known here: machines, settings, tags) <- "extraModules"
    fleet.toml:17:1: error[unknown-field]: nobody reads `expressions.tree` (did you mean `trees`?) <- "tree"
    fleet.toml:22:1: error[unknown-field]: nobody reads `waivers.0.until` (known here: expires, reason, rule, subject, test) <- "until"
    "#);
}

#[test]
fn values_of_another_type_are_told_with_what_they_must_be() {
    let text = r#"
waivers = {}
[inventory]
tags.a = "web"
tags.b = ["web", 1]
[inventory.meta]
name = 1
[inventory.machines]
a = 1
b.tags = "web"
c.machineClass = true
d.installedAt = 1.5
e.installedAt = 9223372036854775808
f.deploy.forwardAgent = "yes"
g.description = 2026-01-01
[inventory.instances]
a.roles = []
b.roles.r.machines = ["a"]
c.roles.r.tags = 1
d.roles.r.settings = [1]
[expressions]
trees = ".#tests"
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:2:11: error[wrong-type]: `waivers` must be a list of tables, not a table (write `[[waivers]]`) <- "{}"
    fleet.toml:4:10: error[wrong-type]: `inventory.tags.a` must be a list, not text <- "\"web\""
    fleet.toml:5:18: error[wrong-type]: `inventory.tags.b` must be a list of texts, not a whole number <- "1"
    fleet.toml:7:8: error[wrong-type]: `inventory.meta.name` must be text, not a whole number <- "1"
    fleet.toml:9:5: error[wrong-type]: `inventory.machines.a` must be a table, not a whole number <- "1"
    fleet.toml:10:10: error[wrong-type]: `inventory.machines.b.tags` must be a list, not text <- "\"web\""
    fleet.toml:11:18: error[wrong-type]: `inventory.machines.c.machineClass` must be "nixos" or "darwin", not true <- "true"
    fleet.toml:12:17: error[wrong-type]: `inventory.machines.d.installedAt` must be a whole number of 64 bits, not a number <- "1.5"
    fleet.toml:13:17: error[wrong-type]: `inventory.machines.e.installedAt` must be a whole number of 64 bits, not a number of more than 64 bits <- "9223372036854775808"
    fleet.toml:14:25: error[wrong-type]: `inventory.machines.f.deploy.forwardAgent` must be true or false, not text <- "\"yes\""
    fleet.toml:15:17: error[wrong-type]: `inventory.machines.g.description` must be text, not a date or time <- "2026-01-01"
    fleet.toml:17:11: error[wrong-type]: `inventory.instances.a.roles` must be a table, not a list <- "[]"
    fleet.toml:18:22: error[wrong-type]: `inventory.instances.b.roles.r.machines` must be a table, not a list <- "[\"a\"]"
    fleet.toml:19:18: error[wrong-type]: `inventory.instances.c.roles.r.tags` must be a table, not a whole number <- "1"
    fleet.toml:20:22: error[wrong-type]: `inventory.instances.d.roles.r.settings` must be a table, not a list <- "[1]"
    fleet.toml:22:9: error[wrong-type]: `expressions.trees` must be a list, not text <- "\".#tests\""
    "#);
}

#[test]
fn values_of_another_form_are_told() {
    let text = r#"
[inventory.meta]
name = "my home"
domain = "Home"
tld = ""
[inventory.machines.web]
machineClass = "nixo"
tags = ["a", "b", "a"]
[expressions]
trees = ["github:a/b#c", "../x.nix", ".#a", ".#a"]
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:3:8: error[bad-value]: `inventory.meta.name` must be letters, digits, `_` and `-`, not "my home" <- "\"my home\""
    fleet.toml:4:10: error[bad-value]: `inventory.meta.domain` must be a domain in lower case, not "Home" <- "\"Home\""
    fleet.toml:5:7: error[bad-value]: `inventory.meta.tld` must be lower-case letters, not "" <- "\"\""
    fleet.toml:7:16: error[bad-value]: `inventory.machines.web.machineClass` must be "nixos" or "darwin", not "nixo" (did you mean `nixos`?) <- "\"nixo\""
    fleet.toml:8:19: warning[duplicate-member]: "a" stands twice in `inventory.machines.web.tags` <- "\"a\""
    fleet.toml:10:10: error[bad-value]: "github:a/b#c" names no tree (write `.#<attribute>` for an output of the flake, or the path of a `.nix` file below this folder) <- "\"github:a/b#c\""
    fleet.toml:10:26: error[bad-value]: "../x.nix" names no tree (write `.#<attribute>` for an output of the flake, or the path of a `.nix` file below this folder) <- "\"../x.nix\""
    fleet.toml:10:45: warning[duplicate-member]: the tree ".#a" is named twice <- "\".#a\""
    "#);
}

#[test]
fn settings_that_json_cannot_hold_are_told() {
    let text = r#"
[inventory.instances.net]
settings.a = nan
settings.b = [-inf]
settings.c = 07:32:00
settings.d = 170141183460469231731687303715884105727
settings.e = 1e999
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:3:14: error[wrong-type]: `inventory.instances.net.settings.a` must be a value that JSON has, not a number <- "nan"
    fleet.toml:4:15: error[wrong-type]: `inventory.instances.net.settings.b.0` must be a value that JSON has, not a number <- "-inf"
    fleet.toml:5:14: error[wrong-type]: `inventory.instances.net.settings.c` must be a value that JSON has, not a date or time (write it as text: Nix's fromTOML knows no dates either) <- "07:32:00"
    fleet.toml:6:14: error[wrong-type]: `inventory.instances.net.settings.d` must be a value that JSON has, not a number of more than 64 bits <- "170141183460469231731687303715884105727"
    fleet.toml:7:14: error[wrong-type]: `inventory.instances.net.settings.e` must be a value that JSON has, not a number <- "1e999"
    "#);
}

/// Other programs that read the facts document stop at a depth of 128.
#[test]
fn settings_nest_to_a_bound() {
    let nested =
        |levels: usize| format!("[inventory.instances.net.settings]\n{}a = 1\n", "a.".repeat(levels - 1));
    sound(&nested(64));
    assert_snapshot!(told(&nested(65)), @r#"fleet.toml:2:133: error[too-deep]: settings are nested more than 64 deep <- "1""#);
}

#[test]
fn a_waiver_without_a_reason_or_a_day_is_no_waiver() {
    let text = r#"
[[waivers]]
[[waivers]]
rule = "way-in"
reason = "  "
expires = "2026-02-30"
[[waivers]]
rule = "Host/way-in"
reason = "r"
expires = 2026-12-31T00:00:00Z
[[waivers]]
rule = "host/way-in"
reason = "r"
expires = "2026-12-31T00:00"
[[waivers]]
rule = "host/way-in"
reason = "r"
expires = 20261231
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:2:1: error[missing-field]: a waiver must state `expires` <- "[[waivers]]"
    fleet.toml:2:1: error[missing-field]: a waiver must state `reason` <- "[[waivers]]"
    fleet.toml:2:1: error[missing-field]: a waiver must state `rule` <- "[[waivers]]"
    fleet.toml:4:8: error[bad-value]: `waivers.1.rule` must be `<suite>/<check>`, not "way-in" <- "\"way-in\""
    fleet.toml:5:10: error[bad-value]: `waivers.1.reason` must be a reason, not "  " <- "\"  \""
    fleet.toml:6:11: error[bad-date]: `waivers.1.expires` is not a day of the calendar (write a day as "2026-12-31") <- "\"2026-02-30\""
    fleet.toml:8:8: error[bad-value]: `waivers.2.rule` must be `<suite>/<check>`, not "Host/way-in" <- "\"Host/way-in\""
    fleet.toml:10:11: error[bad-date]: `waivers.2.expires` is not a day of the calendar (write a day as "2026-12-31") <- "2026-12-31T00:00:00Z"
    fleet.toml:14:11: error[bad-date]: `waivers.3.expires` is not a day of the calendar (write a day as "2026-12-31") <- "\"2026-12-31T00:00\""
    fleet.toml:18:11: error[wrong-type]: `waivers.4.expires` must be a date, not a whole number (write it as text: "2026-12-31") <- "20261231"
    "#);
}

#[test]
fn a_waiver_is_stated_once() {
    let one = "[[waivers]]\nrule = \"a/b\"\nreason = \"r\"\nexpires = \"2026-12-31\"\n";
    assert_snapshot!(told(&format!("{one}{one}{one}subject = \"web\"\n")), @r#"fleet.toml:5:1: error[duplicate-waiver]: `a/b` is waived twice for the same subject <- "[[waivers]]""#);
}

/// `builtins.fromTOML` throws at a date, and the flake reads the same file.
#[test]
fn a_date_that_is_no_text_is_taken_with_a_warning() {
    let text = "[[waivers]]\nrule = \"a/b\"\nreason = \"r\"\nexpires = 2026-12-31\n";
    assert_snapshot!(told(text), @r#"fleet.toml:4:11: warning[date-not-text]: Nix cannot read a file with a date in it: `builtins.fromTOML` knows none (write it as text: "2026-12-31") <- "2026-12-31""#);
}

#[test]
fn each_error_of_syntax_is_told_and_the_other_lines_are_read() {
    let text = r#"
[inventory.machines.web]
tags = [a]
deploy.targetHost =
deploy.targethost = "x"
description = "no end
= 1
[inventory.machines.db
tags = ["b"]
"#;
    assert_snapshot!(told(text), @r#"
    fleet.toml:3:9: error[toml-syntax]: string values must be quoted, expected literal string <- "a"
    fleet.toml:4:20: error[toml-syntax]: string values must be quoted, expected literal string <- ""
    fleet.toml:5:8: error[unknown-field]: nobody reads `inventory.machines.web.deploy.targethost` (did you mean `targetHost`?) <- "targethost"
    fleet.toml:6:22: error[toml-syntax]: invalid basic string, expected `"` <- ""
    fleet.toml:7:1: error[toml-syntax]: unquoted keys cannot be empty, expected letters, numbers, `-`, `_` <- ""
    fleet.toml:8:23: error[toml-syntax]: unclosed table, expected `]` <- ""
    fleet.toml:9:1: error[unknown-field]: nobody reads `tags` (known here: boot, expressions, inventory, mesh, promotion, waivers) <- "tags"
    "#);
}

#[test]
fn a_bracket_that_is_never_closed_is_told_once() {
    let text = "x = [1\n[inventory.machines.web]\ntags = [\"a\"]\n[inventory.machines.db]\n";
    assert_snapshot!(told(text), @r#"
    fleet.toml:1:1: error[unknown-field]: nobody reads `x` (known here: boot, expressions, inventory, mesh, promotion, waivers) <- "x"
    fleet.toml:2:1: error[toml-syntax]: missing comma between array elements, expected `,` <- ""
    fleet.toml:4:24: error[toml-syntax]: unclosed array, expected `]` <- ""
    "#);
}

#[test]
fn a_key_that_stands_twice_is_told() {
    let text =
        "[inventory.machines.web]\ndescription = \"a\"\ndescription = \"b\"\n[inventory.machines.web]\n";
    assert_snapshot!(told(text), @r#"
    fleet.toml:3:1: error[duplicate-key]: the key `description` stands twice <- "description"
    fleet.toml:4:21: error[duplicate-key]: the key `web` stands twice <- "web"
    "#);
}

#[test]
fn bytes_that_are_no_text_are_told_where_they_begin() {
    let (fleet, diagnostics) = fleet_toml::parse("fleet.toml", b"# \xc3\xa4\n[inventory]\nx = \"\xff\"");
    assert!(fleet.is_none());
    assert_snapshot!(diagnostics[0], @"fleet.toml:3:6: error[not-utf8]: the file is not UTF-8: byte 22 begins no character");
}
