//! No text is too large, too deep or too wrong to be answered soon.
//!
//! Times are not asserted, sizes are: what takes the square of the time of its size does not end within a test's limit.

use load::{diagnostic::Diagnostics, fleet_toml, lint::lint, resolve::resolve};
use model::fleet::Fleet;

fn parse(text: &str) -> (Option<Fleet>, Vec<String>) {
    let (fleet, problems) = fleet_toml::parse("fleet.toml", text.as_bytes());
    (fleet, problems.iter().map(ToString::to_string).collect())
}

#[test]
fn a_text_of_more_than_16_mib_is_not_read() {
    let (fleet, problems) = parse(&"#".repeat(fleet_toml::LARGEST + 1));
    assert!(fleet.is_none());
    assert_eq!(
        problems,
        ["fleet.toml: error[too-large]: the file has 16777217 bytes; at most 16777216 are read"]
    );
    assert!(parse(&"#".repeat(fleet_toml::LARGEST)).0.is_some());
}

#[test]
fn machines_by_the_ten_thousand_on_one_line_are_read() {
    let machines: String = (0..20_000).map(|n| format!("\"ü{n}\" = {{}}, ")).collect();
    let members: String = (0..20_000).map(|n| format!("\"ü{n}\", ")).collect();
    let text = format!("inventory = {{ machines = {{ {machines} }}, tags = {{ all = [ {members} ] }} }}");
    let fleet = parse(&text).0.expect("a fleet");
    let last = fleet.places.find("/inventory/machines/ü19999").expect("a place");
    assert_eq!(text.chars().skip(last.column as usize - 1).take(8).collect::<String>(), "\"ü19999\"");
    assert_eq!(resolve(fleet).machines.len(), 20_000);
}

#[test]
fn names_of_nobody_by_the_ten_thousand_are_counted() {
    let machines: String = (0..20_000).map(|n| format!("[inventory.machines.machine-{n}]\n")).collect();
    let members: String = (0..20_000).map(|n| format!("\"machina-{n}\", ")).collect();
    let text = format!("{machines}[inventory.tags]\nweb = [{members}]");
    let warnings = lint(&resolve(parse(&text).0.expect("a fleet")), Some(&text));
    assert_eq!(warnings.len(), Diagnostics::LIMIT + 1);
    assert!(warnings[0].help.as_deref().is_some_and(|help| help.starts_with("did you mean `machine-")));
    let closing = "19000 more problems of this severity are not shown";
    assert_eq!(warnings.last().map(|last| last.message.as_str()), Some(closing));
}

#[test]
fn settings_in_conflict_on_every_machine_are_kept_for_each_to_a_bound() {
    let machines: String = (0..1000).map(|n| format!("[inventory.machines.m{n}]\n")).collect();
    let options = |value| (0..1000).map(|n| format!("o{n} = {value}, ")).collect::<String>();
    let role = format!("tags.all.settings = {{ {} }}\nsettings = {{ {} }}\n", options(1), options(2));
    let fleet = parse(&format!("{machines}[inventory.instances.net.roles.peer]\n{role}")).0.expect("a fleet");
    let conflicts = resolve(fleet).conflicts;
    assert_eq!(conflicts.len(), 16 * 1000);
    assert_eq!(conflicts.iter().filter(|conflict| conflict.machine.as_str() == "m999").count(), 16);
}

#[test]
fn elements_of_long_lists_have_the_place_of_the_list() {
    let text = |length| format!("[inventory.instances.i]\nsettings.x = [{}]", "1, ".repeat(length));
    let place = |length| {
        let fleet = parse(&text(length)).0.expect("a fleet");
        fleet.places.find("/inventory/instances/i/settings/x/999").map(ToString::to_string)
    };
    assert_eq!(place(1000).as_deref(), Some("fleet.toml:2:3012"));
    assert_eq!(place(1001).as_deref(), Some("fleet.toml:2:10"));
}

#[test]
fn depth_is_refused() {
    let deep = "a.".repeat(79);
    let texts = [
        format!("x = {}", "[".repeat(1_000_000)),
        format!("x = {}", "{a=".repeat(300_000)),
        format!("{}a = 1", "a.".repeat(1_000_000)),
        format!("[{}a]", "a.".repeat(1_000_000)),
        format!("[inventory.instances.i.settings]\n{}", format!("{deep}a = {{").repeat(60)),
        format!(
            "[inventory.instances.i.settings]\n{deep}a = {}1{}",
            format!("{{{deep}a = ").repeat(60),
            "}".repeat(60)
        ),
    ];
    for text in texts {
        let (fleet, problems) = parse(&text);
        assert!(fleet.is_none());
        assert!((1..=100).contains(&problems.len()), "{problems:?}");
    }
}

#[test]
fn a_large_text_in_which_everything_is_wrong_takes_one_problem_or_the_limit() {
    assert_eq!(parse(&"= \n".repeat(100_000)).1.len(), 1);
    assert_eq!(parse(&"= \n".repeat(50_000)).1.len(), Diagnostics::LIMIT + 1);
    assert_eq!(
        parse(&(0..50_000).map(|n| format!("a{n} = 1\n")).collect::<String>()).1.len(),
        Diagnostics::LIMIT + 1
    );
}
