//! What of a flake becomes a fleet, and what is said on the way.

use model::machine::MachineClass;
use model::survey::NixError;
use serde_json::json;

use super::*;

fn clan(inventory: serde_json::Value) -> Survey {
    Survey { inventory: Some(inventory), ..Survey::default() }
}

#[track_caller]
fn check(survey: &Survey, problems: &[&str]) -> Fleet {
    let (fleet, diagnostics) = from_survey(survey);
    let told: Vec<_> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(told, problems);
    fleet
}

#[test]
fn clans_inventory_is_the_fleet() {
    let survey = clan(json!({
        "meta": { "name": "five", "description": null, "icon": null, "domain": "clan", "tld": null },
        "machines": { "cinnabar": {
            "name": "cinnabar", "description": null, "icon": null, "machineClass": "darwin", "installedAt": 7,
            "tags": ["darwin", "all"],
            "deploy": { "targetHost": "root@cinnabar", "buildHost": null, "forwardAgent": true },
        } },
        "instances": { "net": { "module": { "name": "zerotier", "input": null }, "roles": { "peer": {
            "machines": { "cinnabar": { "settings": { "a": [1, null] } } }, "tags": { "all": { "settings": {} } },
            "settings": { "b": {} }, "extraModules": [],
        } } } },
        "tags": { "all": ["cinnabar"], "nixos": [] },
    }));
    let fleet = check(&survey, &[]);
    assert_eq!(fleet.source, FleetSource::Clan);
    let read = serde_json::to_value(&fleet.inventory).unwrap();
    assert_eq!(read["meta"], json!({ "name": "five", "domain": "clan" }));
    let deploy = json!({ "targetHost": "root@cinnabar", "forwardAgent": true });
    let machine =
        json!({ "machineClass": "darwin", "installedAt": 7, "tags": ["all", "darwin"], "deploy": deploy });
    assert_eq!(read["machines"], json!({ "cinnabar": machine }));
    let members = json!({ "cinnabar": { "settings": { "a": [1, null] } } });
    let peer = json!({ "machines": members, "tags": { "all": {} }, "settings": { "b": {} } });
    let module = json!({ "name": "zerotier", "input": null });
    assert_eq!(read["instances"], json!({ "net": { "module": module, "roles": { "peer": peer } } }));
    assert_eq!(read["tags"], json!({ "all": ["cinnabar"], "nixos": [] }));
}

#[test]
fn fields_that_clan_adds_are_told_once_and_passed_over() {
    let machine = json!({ "colour": "red", "tags": ["web"] });
    let survey = clan(json!({ "machines": { "a": machine, "b": machine }, "exports": {} }));
    let fleet = check(
        &survey,
        &[
            "flake.nix: warning[unknown-field]: clan's `inventory.exports` is not known here, and not looked at",
            "flake.nix: warning[unknown-field]: clan's `inventory.machines.*.colour` is not known here, and not looked at",
        ],
    );
    assert_eq!(fleet.inventory.machines.len(), 2);
    assert!(fleet.inventory.machines["b"].tags.contains("web"));
}

#[test]
fn a_value_of_another_type_is_an_error_and_the_rest_is_read() {
    let survey = clan(json!({
        "machines": { "a": { "machineClass": "freebsd" }, "b": 3, "c": {} },
        "instances": [],
        "tags": { "web": ["a", 1] },
    }));
    let fleet = check(
        &survey,
        &[
            "flake.nix: error[wrong-type]: `inventory.machines.a.machineClass` of clan's inventory is not `nixos` or `darwin`",
            "flake.nix: error[wrong-type]: `inventory.machines.b` of clan's inventory is not an object",
            "flake.nix: error[wrong-type]: `inventory.instances` of clan's inventory is not an object",
            "flake.nix: error[wrong-type]: `inventory.tags.web` of clan's inventory is not a list of texts",
        ],
    );
    assert_eq!(fleet.inventory.machines.len(), 3);
}

#[test]
fn without_clan_the_outputs_are_the_fleet() {
    let fleet = check(&outputs_of(&[("web", MachineClass::Nixos), ("me@desk", MachineClass::Home)]), &[]);
    assert_eq!(fleet.source, FleetSource::Flake);
    let classes: Vec<_> = fleet.inventory.machines.values().map(|machine| machine.machine_class).collect();
    assert_eq!(classes, [MachineClass::Home, MachineClass::Nixos]);
    assert_eq!(fleet.places.find("/inventory/machines/web"), Some(&Place::file("flake.nix")));
}

#[test]
fn an_inventory_that_does_not_evaluate_is_told() {
    let error = NixError {
        message: "boom".into(),
        file: Some("clan.nix".into()),
        line: Some(3),
        ..NixError::default()
    };
    let survey = Survey { inventory_error: Some(error), ..outputs_of(&[("web", MachineClass::Nixos)]) };
    let told = "clan.nix:3: warning[inventory-does-not-evaluate]: clan's inventory does not evaluate: boom";
    assert_eq!(check(&survey, &[told]).source, FleetSource::Flake);
}

#[test]
fn a_fleet_toml_of_waivers_alone_keeps_them_and_takes_the_flakes_machines() {
    let text = "[[waivers]]\nrule = \"host/way-in\"\nreason = \"a lab\"\nexpires = \"2030-01-01\"\n";
    let survey = outputs_of(&[("web", MachineClass::Nixos)]);
    let completed =
        |text: &str| complete(crate::fleet_toml::parse("fleet.toml", text.as_bytes()).0.unwrap(), &survey).0;
    let fleet = completed(text);
    assert_eq!(
        (fleet.source, fleet.waivers.len(), fleet.inventory.machines.len()),
        (FleetSource::Flake, 1, 1)
    );
    assert_eq!(fleet.places.find("/waivers/0").map(ToString::to_string).as_deref(), Some("fleet.toml:1:1"));
    let own = completed("[inventory.machines.a]");
    assert_eq!((own.source, own.inventory.machines.len()), (FleetSource::FleetToml, 1));
    assert!(own.inventory.machines.contains_key("a"));
}

fn outputs_of(machines: &[(&str, MachineClass)]) -> Survey {
    let machine = |(name, class): &(&str, MachineClass)| {
        (MachineName::from(*name), MachineSurvey { class: *class, ..MachineSurvey::default() })
    };
    Survey { machines: machines.iter().map(machine).collect(), ..Survey::default() }
}
