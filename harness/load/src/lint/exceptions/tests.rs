//! Exceptions of the mesh, as `lint` takes them.

use super::*;
use crate::resolve::resolve;

const FLEET: &str = r#"[inventory.machines]
web.tags = ["vps"]
db.tags = ["vps"]
desk.tags = ["home"]
far.tags = ["home"]
[inventory.instances.net]
module.name = "zerotier"
roles.controller.machines.web = {}
roles.peer.tags.vps = {}
[inventory.instances.users]
roles.default.tags.all = {}
"#;

/// Of exceptions that begin in line 12, each told as its fields but the reason.
fn problems(exceptions: &[&str]) -> Vec<String> {
    let entry = |fields: &&str| format!("[[mesh.exceptions]]\nreason = \"x\"\n{fields}\n");
    let text = FLEET.to_owned() + &exceptions.iter().map(entry).collect::<String>();
    let (fleet, problems) = crate::fleet_toml::parse("fleet.toml", text.as_bytes());
    let fleet = resolve(fleet.unwrap_or_else(|| panic!("{problems:?}")));
    unmatched(&fleet, Some(&text)).iter().map(ToString::to_string).collect()
}

#[test]
fn an_exception_of_two_is_fine() {
    let exceptions = [
        "from = { tags = [\"vps\"] }\nto = { tags = [\"vps\"] }\nreach = \"must-not\"",
        "from = { machines = [\"desk\"] }\nto = { tags = [\"all\"] }\noverlay = \"net\"\nreach = \"unknown\"",
    ];
    assert_eq!(problems(&exceptions), [""; 0]);
}

#[test]
fn names_that_are_nobodys_are_told_with_the_nearest() {
    let exception = "from = { machines = [\"web\", \"bd\"] }\nto = { tags = [\"vsp\"] }\noverlay = \"users\"\nreach = \"must\"";
    let expected = [
        "fleet.toml:14:29: error[unknown-machine]: no machine is called `bd` (did you mean `db`?)",
        "fleet.toml:15:16: error[unknown-tag]: no machine carries the tag `vsp` (did you mean `vps`?)",
        "fleet.toml:16:1: error[unknown-overlay]: no overlay network is called `users` (it has `net`)",
    ];
    assert_eq!(problems(&[exception]), expected);
}

#[test]
fn an_exception_of_no_two_machines_concerns_nobody() {
    let exceptions = [
        "from = { machines = [\"db\"] }\nto = { machines = [\"db\"] }\nreach = \"must\"",
        "from = { tags = [\"home\"] }\nto = { tags = [\"vps\"] }\nreach = \"must\"",
    ];
    let expected = [
        "fleet.toml:12:1: error[concerns-nobody]: `from` and `to` are one machine alone",
        "fleet.toml:17:1: error[concerns-nobody]: no two of these machines are on one overlay network",
    ];
    assert_eq!(problems(&exceptions), expected);
}

#[test]
fn two_that_contradict_each_other_are_told() {
    let exception = |from: &str, to: &str, reach: &str| {
        format!("from = {{ machines = [\"{from}\"] }}\nto = {{ machines = [\"{to}\"] }}\nreach = \"{reach}\"")
    };
    let told = |second: &str| problems(&[&exception("web", "db", "must"), second]);
    assert_eq!(told(&exception("web", "db", "must")), [""; 0]);
    assert_eq!(told(&exception("db", "web", "must-not")), [""; 0], "the other direction");
    let expected = "fleet.toml:21:1: error[exceptions-differ]: fleet.toml:12:1 states something else of some of these machines \
                    (that one would hold, as the first: say of which machines each is)";
    assert_eq!(told(&exception("web", "db", "unknown")), [expected]);
}
