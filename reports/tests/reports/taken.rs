//! What was measured and left behind, in every report.

use model::{
    check::{Check, GuestSize, Question},
    fleet::{BootSource, Given},
    measurement::Unit,
    round::Way,
    sighting::pair::Limits,
    verdict::Verdict,
};
use reports::{Look, json, junit, markdown, terminal};

use crate::story::{Story, boot, broken, check, console, measured_boot, measurement, story};

fn screen(story: &Story, width: usize) -> String {
    story.render(|report| terminal::render(report, Look { width, ..Look::default() }))
}

fn page(story: &Story) -> String {
    story.render(|report| markdown::render(report, markdown::LIMIT))
}

fn comes_up(machine: &str) -> Check {
    boot("boot/comes-up", machine)
}

/// A machine that was booted in this run, and one whose boot of an earlier run stands.
fn booted() -> Story {
    let earlier = measured_boot(754.0);
    story().measured(&comes_up("cinnabar"), measured_boot(15.093)).passed(comes_up("cinnabar")).reused_with(
        "20260527-9",
        180,
        earlier,
        &[],
        comes_up("magnetite"),
    )
}

#[test]
fn numbers_stand_in_a_table_with_the_run_they_are_of() {
    let expected = "\n\nmeasured   boot/memory  boot/time\n\
                    cinnabar       160 MiB     15.09s\n\
                    magnetite      160 MiB    12m 34s  in run 20260527-9\n\n";
    let told = screen(&booted(), 100);
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_narrow_screen_has_the_numbers_in_words() {
    let told = screen(&booted(), 40);
    let expected = "\ncinnabar: boot/memory 160 MiB, boot/time\n  15.09s\n";
    assert!(told.contains(expected), "{told}");
    assert!(told.contains("boot/time 12m 34s, in run 20260527-9\n"), "{told}");
}

#[test]
fn where_nothing_was_measured_there_is_no_table() {
    let story = story().passed(comes_up("cinnabar"));
    assert!(!screen(&story, 100).contains("measured"));
    assert!(!page(&story).contains("Measured"));
}

#[test]
fn a_number_of_this_run_wins_over_an_earlier_one() {
    let mine = boot("mine/answers", "magnetite");
    let story = booted().measured(&mine, measured_boot(3.0)[..1].to_vec()).passed(mine);
    let told = screen(&story, 100);
    assert!(told.contains("\nmagnetite      160 MiB         3s  in run 20260527-9\n"), "{told}");
}

#[test]
fn of_a_large_fleet_some_are_shown_and_the_rest_is_counted() {
    let story = (0..70).fold(story(), |story, number| {
        let check = comes_up(&format!("m{number:02}"));
        story.measured(&check, measured_boot(1.0)).passed(check)
    });
    let told = screen(&story, 100);
    assert!(told.contains("\nm19 ") && !told.contains("\nm20 "), "{told}");
    assert!(told.contains("\nand 50 machines more (see report --format json)\n"), "{told}");
    assert_eq!(screen(&story, 20).matches("boot/time").count(), 20);
    let told = page(&story);
    assert!(told.contains("| `m49` |") && !told.contains("| `m50` |"), "{told}");
    assert!(told.contains("\n_and 20 machines more_\n"), "{told}");
}

#[test]
fn markdown_has_the_same_table() {
    let told = page(&booted());
    let expected = "### Measured\n\n| of | boot/memory | boot/time |\n| --- | --: | --: |\n\
                    | `cinnabar` | 160 MiB | 15.09s |\n\
                    | `magnetite` (run `20260527-9`) | 160 MiB | 12m 34s |\n\n";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn under_a_boot_that_failed_stands_where_its_console_is() {
    let file = ".seaworthy/runs/20260528-1/console/magnetite.log";
    let comes_up = comes_up("magnetite");
    let failed = boot("boot/no-failed-unit", "magnetite");
    let kept = || story().kept(&comes_up, console("magnetite"));
    let told_by = |story: &Story| (screen(story, 100), page(story));
    for story in [
        kept().failed(comes_up.clone(), |_| {}),
        kept().told(comes_up.clone(), broken("QEMU died")),
        kept().told(comes_up.clone(), Verdict::TimedOut { limit: std::time::Duration::from_secs(1) }),
        // It came up, and something else is wrong with it.
        kept().passed(comes_up.clone()).failed(failed.clone(), |_| {}),
        kept().failed(comes_up.clone(), |_| {}).failed(failed.clone(), |_| {}),
    ] {
        let (on_screen, on_page) = told_by(&story);
        assert_eq!(on_screen.matches(&format!("    console: {file}\n")).count(), 1, "{on_screen}");
        assert_eq!(on_page.matches(&format!("  - console: `{file}`\n")).count(), 1, "{on_page}");
    }
    for story in [
        kept().passed(comes_up.clone()),
        // What is wrong has nothing to do with the boot, or with this machine's.
        kept().passed(comes_up.clone()).failed(check("host/host-name", "magnetite"), |_| {}),
        kept().passed(comes_up.clone()).failed(boot("boot/comes-up", "cinnabar"), |_| {}),
    ] {
        let (on_screen, on_page) = told_by(&story);
        assert!(!on_screen.contains("console") && !on_page.contains("console"), "{on_screen}");
    }
}

#[test]
fn programs_are_given_every_number_and_every_file() {
    let comes_up = comes_up("magnetite");
    let story = booted().kept(&comes_up, console("magnetite"));
    let mut bytes = Vec::new();
    story.render(|report| json::write(report, &mut bytes)).expect("memory");
    let document: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let checks = document["checks"].as_array().expect("a list");
    let of = |key: &str| &checks.iter().find(|check| check["machine"] == "magnetite").expect("a check")[key];
    assert_eq!(
        of("measurements")[2],
        serde_json::json!({"metric": "boot/unit-time", "of": "sshd.service", "value": 1.25, "unit": "seconds"})
    );
    assert_eq!(of("artifacts")[0]["path"], ".seaworthy/runs/20260528-1/console/magnetite.log");
    assert_eq!(of("reused").as_object().map(serde_json::Map::len), Some(2));
    let mut bytes = Vec::new();
    story.render(|report| junit::write(report, &mut bytes)).expect("memory");
    let text = String::from_utf8(bytes).expect("text");
    for property in [
        r#"<property name="boot/time" value="15.093 seconds"/>"#,
        r#"<property name="boot/unit-time sshd.service" value="1.25 seconds"/>"#,
        r#"<property name="artifact/console" value=".seaworthy/runs/20260528-1/console/magnetite.log"/>"#,
    ] {
        assert!(text.contains(property), "{text}");
    }
}

#[test]
fn a_count_is_a_number_too() {
    let check = check("x/y", "fleet");
    let story = story().measured(&check, vec![measurement("mesh/peers", 7.0, Unit::Count)]).passed(check);
    assert!(
        screen(&story, 80).contains("\nmeasured  mesh/peers\nfleet              7\n"),
        "{}",
        screen(&story, 80)
    );
}

/// One machine of each source, the first two alike.
fn replaced() -> Story {
    let of = |machine: &str, source: BootSource| {
        let mut check = comes_up(machine);
        if let Question::Guest { source: of, .. } = &mut check.question {
            *of = source;
        }
        check
    };
    let given = Given { kernel: ".#k".to_owned(), initrd: None, root: None, append: String::new() };
    let [vm, given] = [of("vm", BootSource::VmBuild), of("given", BootSource::Given(given))];
    let disks = ["the disks of /", "the network"];
    story()
        .without(&comes_up("amber"), &disks)
        .passed(comes_up("amber"))
        .reused_with("20260527-9", 180, Vec::new(), &disks, comes_up("beryl"))
        .without(&vm, &["the TPM"])
        .failed(vm, |_| {})
        .without(&given, &["all"])
        .passed(given)
        .passed(comes_up("silent"))
}

#[test]
fn what_was_booted_and_replaced_is_told_and_of_those_alike_together() {
    let expected = "\n\nbooted\n  \
                    amber, beryl: its own configuration, without the disks of /; the network\n  \
                    vm: the virtual machine that its flake offers, without the TPM\n  \
                    given: what fleet.toml gives, without all\n\n";
    let told = screen(&replaced(), 100);
    assert!(told.contains(expected), "{told}");
    let told = page(&replaced());
    let expected = "### Booted\n\n- `amber`, `beryl`: its own configuration, without the disks of /; the network\n- `vm`: ";
    assert!(told.contains(expected), "{told}");
}

/// What was not there alone is not said again of the guest that met others.
#[test]
fn of_a_guest_among_others_what_is_said_of_it_besides_is_told() {
    let way = Some(Way::Guest { together: GuestSize { memory: 2048, processors: 1 } });
    let question = Question::Probe { machine: "amber".into(), way, limits: Limits::default() };
    let meets = Check { question, ..check("mesh/reach", "amber") };
    let story = story()
        .without(&comes_up("amber"), &["the disks of /", "any network"])
        .passed(comes_up("amber"))
        .without(&meets, &["the disks of /", "any network but one among the guests"])
        .passed(meets);
    let expected = "\n\nbooted\n  \
                    amber: its own configuration, without the disks of /; any network\n  \
                    amber: among the others, its own configuration, without any network but one among the guests\n\n";
    let told = screen(&story, 100);
    assert!(told.contains(expected), "{told}");
}

#[test]
fn of_many_machines_that_were_booted_alike_some_are_named() {
    let story = (0..30).fold(story(), |story, number| {
        let check = comes_up(&format!("m{number:02}"));
        story.without(&check, &["the network"]).passed(check)
    });
    let told = screen(&story, 100);
    assert!(told.contains(" m19\n    and 10 machines more: its own configuration, without"), "{told}");
}

#[test]
fn programs_are_told_what_was_booted_and_replaced() {
    let told = replaced().render(|report| {
        let mut out = Vec::new();
        json::write(report, &mut out).expect("written");
        serde_json::from_slice::<serde_json::Value>(&out).expect("JSON")
    });
    let booted: Vec<_> =
        told["checks"].as_array().expect("checks").iter().map(|check| &check["booted"]).collect();
    let disks = serde_json::json!({"source": "configuration", "replaced": ["the disks of /", "the network"]});
    assert_eq!([booted[0], booted[1]], [&disks, &disks]);
    assert_eq!(booted[2]["source"], "vm-build");
    assert_eq!(booted[4], &serde_json::Value::Null);
    let told = replaced().render(|report| {
        let mut out = Vec::new();
        junit::write(report, &mut out).expect("written");
        String::from_utf8(out).expect("text")
    });
    assert!(told.contains(r#"<property name="replaced" value="the TPM"/>"#), "{told}");
    assert!(told.contains(r#"<property name="booted-from" value="given"/>"#), "{told}");
}
