//! What a survey of a flake tells, against a real nix.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use super::fixture::{Project, judge, limits, tests};
use edge::nix::{
    fault::{FlakeFault, NixFault},
    pool::Limits,
    survey::Progress,
};
use model::{
    fleet::TreeRef,
    machine::{MachineClass, MachineName},
    survey::{MachineSurvey, Survey},
};
use serde_json::json;

async fn try_survey(project: &Project) -> Result<Survey, NixFault> {
    project.pool().await.survey(None, Arc::new(|_| ())).await
}

pub(crate) async fn survey(project: &Project) -> Survey {
    try_survey(project).await.unwrap()
}

#[track_caller]
pub(crate) fn machine<'a>(survey: &'a Survey, name: &str) -> &'a MachineSurvey {
    survey.machines.get(&MachineName::from(name)).unwrap()
}

#[tokio::test]
async fn of_one_name_in_several_outputs_one_is_asked_and_none_is_lost() {
    let output = |class: &str, names: &[&str]| -> String {
        let name = |name: &&str| format!("{name}.config.networking.hostName = \"{name} of {class}\";");
        format!("{class}Configurations = {{ {} }};", names.iter().map(name).collect::<String>())
    };
    let survey = survey(&Project::flake(&format!(
        "{{ {} {} {} }}",
        output("home", &["all", "mac", "desk", "me"]),
        output("darwin", &["all", "both", "mac"]),
        output("nixos", &["all", "both", "desk"]),
    )))
    .await;
    let told: Vec<_> = survey
        .machines
        .iter()
        .map(|(name, told)| {
            assert_eq!(told.facts["hostName"], format!("{name} of {}", told.class));
            (name.as_str(), told.class, told.shadows.as_slice())
        })
        .collect();
    use MachineClass::{Darwin, Home, Nixos};
    assert_eq!(
        told,
        [
            ("all", Nixos, [Darwin, Home].as_slice()),
            ("both", Nixos, &[Darwin]),
            ("desk", Nixos, &[Home]),
            ("mac", Darwin, &[Home]),
            ("me", Home, &[]),
        ]
    );
}

#[tokio::test]
async fn trees_are_found_or_named() {
    let test = "{ testA = { expr = 1; expected = 1; }; }";
    let project = Project::flake(&format!(
        "{{ tests.systems = {{ x86_64-linux.unit = {test}; aarch64-linux.unit = {test}; aarch64-darwin.unit = {test}; x86_64-darwin.unit = {test}; }}; libTests = {test} // {{ bad = throw \"no\"; }}; other = {test}; }}"
    ))
    .with_file("unit.nix", test);
    let told = survey(&project).await;
    let shown = |survey: &Survey| -> Vec<String> {
        survey.trees.iter().map(|tree| format!("{} {}", tree.origin, tree.tests.len())).collect()
    };
    assert_eq!(shown(&told), [format!(".#tests.systems.{} 1", told.system), ".#libTests 1".to_owned()]);
    let broken = &told.trees[1].broken;
    assert_eq!((broken[0].0.as_slice(), broken[0].1.message.as_str()), (["bad".to_owned()].as_slice(), "no"));
    let named = vec![
        TreeRef::File { path: "unit.nix".to_owned() },
        TreeRef::Flake { attribute: vec!["other".to_owned()] },
        TreeRef::Flake { attribute: vec!["gone".to_owned()] },
        TreeRef::File { path: "gone.nix".to_owned() },
    ];
    let told = project.pool().await.survey(Some(named), Arc::new(|_| ())).await.unwrap();
    assert_eq!(shown(&told), ["unit.nix 1", ".#other 1", ".#gone 0", "gone.nix 0"]);
    let broken = |index: usize| &told.trees[index].broken;
    assert!(broken(0).is_empty() && broken(1).is_empty());
    assert!(broken(2)[0].0.is_empty() && broken(2)[0].1.message.contains("gone"), "{:?}", broken(2));
    assert!(broken(3)[0].0.is_empty() && broken(3)[0].1.message.contains("gone.nix"), "{:?}", broken(3));
}

#[tokio::test]
async fn clans_inventory_is_read_with_its_settings_unwrapped() {
    let wrapped =
        "imports = [ { _file = \"x\"; imports = [ { ports = [ 1 ]; nested.a = 1; } ]; } { nested.b = 2; } ];";
    let project = Project::flake(&format!(
        r#"{{ clanInternals.inventoryClass = {{
            inventorySerialization = {{
                machines.a = {{ machineClass = "nixos"; tags = [ "x" ]; }};
                instances.ssh = {{ module = {{ name = "sshd"; input = null; }}; roles.server = {{
                    settings = {{ {wrapped} }};
                    machines.a.settings = {{ {wrapped} }};
                    tags.x.settings = {{ imports = [ ]; }};
                    extraModules = [ (x: x) ];
                }}; }};
                meta = {{ name = "fleet"; }};
                tags = {{ x = [ "a" ]; }};
            }};
            moduleSchemas = {{
                self = {{ good.server = {{ type = "object"; }}; bad.server = throw "no"; old.server = true; odd = {{ }}; }};
                gone = throw "no modules";
            }};
            modulesPerSource.self = {{
                good.manifest.constraints = {{ maxInstances = null; later = x: x; roles.server = {{ maxMachines = 4; later = 1; }}; }};
                bad.manifest.constraints.maxInstances = 1;
                old.manifest.name = "before clan knew limits";
                odd.manifest = throw "no";
            }};
        }}; }}"#
    ));
    let told = survey(&project).await;
    assert_eq!(told.inventory_error, None);
    let settings = json!({"ports": [1], "nested": {"a": 1, "b": 2}});
    let expected = json!({
        "machines": {"a": {"machineClass": "nixos", "tags": ["x"]}},
        "instances": {"ssh": {"module": {"name": "sshd", "input": null}, "roles": {"server": {
            "settings": settings, "machines": {"a": {"settings": settings}}, "tags": {"x": {"settings": {}}},
        }}}},
        "meta": {"name": "fleet"},
        "tags": {"x": ["a"]},
    });
    assert_eq!(told.inventory, Some(expected));
    // Each question fails alone, and a module whose interface fails is a module.
    let limits = json!({"maxInstances": null, "roles": {"server": {"minMachines": null, "maxMachines": 4}}});
    let expected = json!({
        "self": {
            "good": {"schemas": {"server": {"type": "object"}}, "constraints": limits},
            "bad": {"schemas": null, "constraints": {"maxInstances": 1, "roles": {}}},
            "old": {"schemas": {"server": true}, "constraints": null},
            "odd": {"schemas": {}, "constraints": null},
        },
        "gone": null,
    });
    assert_eq!(serde_json::to_value(&told.modules).unwrap(), expected);
    let broken = Project::flake("{ clan.inventory = throw \"no inventory\"; }");
    let told = survey(&broken).await;
    assert_eq!((told.inventory, told.inventory_error.unwrap().message.as_str()), (None, "no inventory"));
}

#[track_caller]
fn check(fault: &NixFault, kind: FlakeFault, place: Option<&str>, message: &str) {
    let NixFault::Flake { kind: found, error } = fault else { panic!("{fault:?}") };
    assert_eq!(*found, kind, "{error:?}");
    assert_eq!(fault.place().map(|place| place.to_string()).as_deref(), place, "{error:?}");
    assert!(error.message.contains(message), "{error:?}");
}

#[tokio::test]
async fn a_flake_that_cannot_be_evaluated_says_where() {
    let fault =
        |text: &'static str| async move { try_survey(&Project::with("flake.nix", text)).await.unwrap_err() };
    check(
        &fault("{ outputs = _: {\n  a = ; }; }").await,
        FlakeFault::Syntax,
        Some("flake.nix:2:7"),
        "syntax error",
    );
    check(&fault("\u{0}\u{1}garbage").await, FlakeFault::Syntax, Some("flake.nix:1:2"), "syntax error");
    check(&fault("{ }").await, FlakeFault::Syntax, None, "outputs");
    check(
        &fault("{ outputs = _: {\n a = 1;\n} // throw \"no\"; }").await,
        FlakeFault::Evaluation,
        Some("flake.nix:3:6"),
        "no",
    );
    check(&fault("{ outputs = _: 1; }").await, FlakeFault::Evaluation, None, "expected a set");
    check(
        &fault("{ inputs.x.url = \"git+file:///nowhere/x\"; outputs = _: { }; }").await,
        FlakeFault::Lock,
        None,
        // Its words differ from version to version.
        "",
    );
    check(
        &fault("{ outputs = { absent }: { }; }").await,
        FlakeFault::Lock,
        None,
        "cannot find flake 'flake:absent'",
    );
    let fault = try_survey(&Project::with("README", "no flake")).await.unwrap_err();
    assert!(matches!(fault, NixFault::NoFlake { .. }));
}

#[tokio::test]
async fn a_machine_output_that_fails_is_not_taken_for_no_machine() {
    let fault =
        try_survey(&Project::flake("{ nixosConfigurations = throw \"no machines\"; }")).await.unwrap_err();
    check(&fault, FlakeFault::Evaluation, Some("flake.nix:2:47"), "no machines");
    let fault = try_survey(&Project::flake("{ nixosConfigurations = [ 1 ]; }")).await.unwrap_err();
    assert!(fault.to_string().contains("`nixosConfigurations` must be a set, not a list"), "{fault}");
    let survey = survey(&Project::flake("{ nixosConfigurations.a = { }; }")).await;
    let toplevel = &machine(&survey, "a").errors["toplevel"].message;
    assert!(toplevel.starts_with("it is no configuration: it has no `config`"), "{toplevel}");
}

/// In a folder that is no repository, all is evaluated from one copy.
#[tokio::test]
async fn what_is_written_meanwhile_changes_nothing() {
    let project =
        Project::tests("{\n testA = { expr = 1; expected = 1; };\n testB = { expr = 1; expected = 2; }; }");
    let pool = project.pool().await;
    let told = pool.survey(None, Arc::new(|_| ())).await.unwrap();
    project.write("flake.nix", "{ outputs = _: { tests = { testA = 1; testB = 1; }; }; }");
    project.write("more", "of anything");
    // Several at a time, so that more than one evaluator is asked.
    let judged = judge(&pool, &tests(), &told.trees[0].tests, Duration::from_secs(10)).await;
    judged.passes("testA");
    assert_eq!(
        judged.fails("testB", "the value is not").place.as_ref().unwrap().to_string(),
        "flake.nix:4:2"
    );
}

const LOCK: &str = r#"{"nodes":{"root":{"inputs":{"x":"x"}},"x":{"flake":false,"locked":{"lastModified":1,"narHash":"sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","type":"tarball","url":"http://127.0.0.1:9/x.tar.gz"},"original":{"type":"tarball","url":"http://127.0.0.1:9/x.tar.gz"}}},"root":"root","version":7}"#;

#[tokio::test]
async fn an_input_that_cannot_be_fetched_is_missed_only_where_it_is_used() {
    let inputs = "inputs.x = { url = \"http://127.0.0.1:9/x.tar.gz\"; flake = false; };";
    let project = Project::with(
        "flake.nix",
        &format!("{{ {inputs} outputs = {{ x, ... }}: {{ tests = import x; other = 1; }}; }}"),
    )
    .with_file("flake.lock", LOCK);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let progress = Arc::clone(&seen);
    let limits = Limits { fetch: Duration::from_secs(20), ..limits() };
    let told = project
        .pool_with(limits)
        .await
        .survey(None, Arc::new(move |step| progress.lock().unwrap().push(step)))
        .await;
    assert!(seen.lock().unwrap().contains(&Progress::Fetching));
    match told {
        Ok(told) => assert!(told.trees[0].broken[0].1.message.contains("127.0.0.1"), "{told:?}"),
        Err(fault) => check(&fault, FlakeFault::Input, None, "127.0.0.1"),
    }
}

#[tokio::test]
async fn a_flake_with_no_machines_and_no_tests_has_a_survey() {
    let told = survey(&Project::flake("{ packages = { }; }")).await;
    assert_eq!(told.outputs, ["packages"]);
    assert!(told.machines.is_empty() && told.trees.is_empty() && told.inventory.is_none());
}
