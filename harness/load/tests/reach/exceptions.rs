//! What the fleet's owner states.

use super::sample::{Sample, asked, told};

fn sample() -> Sample {
    Sample::of(&["a", "b", "c", "out"]).zerotier("net", "c", &["a", "b"])
}

#[test]
fn an_exception_tells_its_reason_and_where_it_stands_and_its_direction_alone() {
    let sample = sample().exception("from.machines = [\"a\"]\nto.machines = [\"b\"]\nreach = \"must-not\"");
    let matrix = sample.matrix();
    let stated = told(&matrix, "a", "b");
    assert!(
        stated.starts_with("must not reach: as fleet.toml:") && stated.ends_with(" states: known"),
        "{stated}"
    );
    assert_eq!(told(&matrix, "b", "a"), "must reach: both are members");
    assert_eq!(asked(&matrix, "a", "b"), asked(&self::sample().matrix(), "a", "b"));
}

#[test]
fn tags_stand_for_all_that_carry_them() {
    let matrix =
        sample().exception("from.tags = [\"all\"]\nto.tags = [\"first-b\"]\nreach = \"unknown\"").matrix();
    for from in ["a", "c"] {
        assert!(told(&matrix, from, "b").starts_with("unknown: as fleet.toml:"));
    }
    assert_eq!(told(&matrix, "b", "a"), "must reach: both are members");
    assert_eq!(told(&matrix, "out", "b"), "must not reach: `out` is no member", "not of the overlay");
}

#[test]
fn one_that_names_the_overlay_may_be_about_who_is_not_on_it() {
    let fields = "from.machines = [\"out\"]\nto.machines = [\"b\"]\noverlay = \"net\"\nreach = \"must\"";
    let matrix = sample().exception(fields).matrix();
    assert!(told(&matrix, "out", "b").starts_with("must reach: as fleet.toml:"));
    assert_eq!(asked(&matrix, "out", "b"), asked(&matrix, "a", "b"));
    let elsewhere = sample().zerotier("other", "c", &["a"]).exception(fields).matrix();
    let of_other = elsewhere.meshes.iter().find(|mesh| mesh.overlay.name == "other").unwrap();
    assert!(elsewhere.of(of_other).all(|pair| !pair.why().contains("states")));
}

#[test]
fn what_must_get_through_is_asked_for_what_the_firewall_lets_in() {
    let quiet = sample().fact("b", "firewall", serde_json::json!({"enable": true}));
    let fields = "from.machines = [\"out\"]\nto.machines = [\"b\"]\noverlay = \"net\"\nreach = \"must\"";
    assert_eq!(
        asked(&quiet.exception(fields).matrix(), "out", "b").len(),
        1,
        "a ping, and not the closed port"
    );
}

#[test]
fn of_two_that_speak_of_one_pair_the_first_holds() {
    let fields = |reach: &str| format!("from.machines = [\"a\"]\nto.machines = [\"b\"]\nreach = \"{reach}\"");
    let matrix = sample().exception(&fields("unknown")).exception(&fields("must-not")).matrix();
    assert!(told(&matrix, "a", "b").starts_with("unknown: "));
}
