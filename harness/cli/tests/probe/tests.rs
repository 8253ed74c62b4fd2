//! What is seen of a lab, as specifications.

use libtest_mimic::Failed;
use serde_json::{Value, json};

use super::fleet::Fleet;

pub(crate) fn same<T: PartialEq + std::fmt::Debug>(one: &T, other: &T) -> Result<(), Failed> {
    if one == other { Ok(()) } else { Err(format!("{one:#?}\nis not\n{other:#?}").into()) }
}

pub(crate) fn all_is_well(fleet: &Fleet) -> Result<(), Failed> {
    let told = ["all 6 pairs asked; 6 as expected, 0 not, 0 untold", "open as far as selected: 3 of 3 gates"];
    let ended = fleet.probe(&[], 0, &told)?;
    same(&ended.out.contains("1 a . + +"), &true)?;
    let report: Value = serde_json::from_str(&fleet.probe(&["--format", "json"], 0, &[])?.out)?;
    let overlay = &report["mesh"]["overlays"][0];
    same(&overlay["counts"], &json!({"as_expected": 6, "differ": 0, "untold": 0}))?;
    let metrics = report["checks"][0]["measurements"].as_array().ok_or("nothing was measured")?;
    for metric in ["mesh/latency", "mesh/latency-worst", "mesh/loss", "mesh/mtu", "mesh/handshake"] {
        same(&metrics.iter().any(|one| one["metric"] == metric), &true)?;
    }
    // What each machine printed is kept, and no key that is secret is in it.
    let artifact = &report["checks"][0]["artifacts"][0];
    let path = artifact["path"].as_str().ok_or("no path")?;
    same(&path.ends_with("/sighting/a.lines"), &true)?;
    let said = fleet.read(path)?;
    let secret = fleet.run(&["lab", "ssh", "a", "--", "wg", "show", "overlay", "private-key"])?.out;
    let has = |part: &str| said.contains(part);
    let kept = (has("\nname b.overlay fd5e:a000::3\n"), has("\nwireguard peer "), has(secret.trim()));
    same(&(&artifact["name"], kept), &(&json!("sighting"), (true, true, false)))?;
    // The run is one like any other.
    let again = fleet.run(&["report"])?;
    same(&(again.code, again.out.contains("6 as expected, 0 not, 0 untold")), &(Some(0), true))
}

pub(crate) fn cut(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["cut", "a", "b"])?;
    let told = [
        "a -> b must reach: `a` does not reach `b` at fd5e:",
        "`b` hears nothing of it",
        "FAIL mesh/unreached: 2 findings",
        "closed: 2 of 3 gates",
    ];
    fleet.probe(&[], 1, &told)?;
    let report: Value = serde_json::from_str(&fleet.probe(&["--format", "json"], 1, &[])?.out)?;
    let pairs = report["mesh"]["overlays"][0]["pairs"].as_array().ok_or("no pairs")?;
    let wrong: Vec<Value> = pairs
        .iter()
        .take_while(|pair| pair["as_expected"] == false)
        .map(|pair| json!([pair["from"], pair["to"]]))
        .collect();
    same(&wrong, &vec![json!(["a", "b"]), json!(["b", "a"])])?;
    // What the owner accepts holds nobody.
    let accepted = "[[waivers]]\nrule = \"mesh/unreached\"\nreason = \"the line is mended on Monday\"\nexpires = \"2999-01-01\"\n";
    fleet.put("fleet.toml", &(fleet.read("fleet.toml")? + accepted))?;
    fleet.probe(&[], 0, &["open as far as selected: 3 of 3 gates"])?;
    Ok(())
}

pub(crate) fn one_way(fleet: &Fleet) -> Result<(), Failed> {
    fleet.lab(&["cut", "a", "b", "--one-way"])?;
    fleet.probe(
        &["b"],
        0,
        &["1 as expected, 0 not, 1 untold", "`a` was not asked, and answers nobody else"],
    )?;
    fleet.probe(
        &[],
        1,
        &["FAIL mesh/one-way: 1 finding", "what it sends arrives, and what `a` sends back does not"],
    )?;
    Ok(())
}

pub(crate) fn offline(fleet: &Fleet) -> Result<(), Failed> {
    for other in ["a", "b", "operator"] {
        fleet.lab(&["cut", other, "c"])?;
    }
    let told = [
        "untold: `c` is offline: ",
        "4 pairs",
        "mesh c: mesh::reach::c (not asked: `c` is offline: ",
        "undecided: 1 of 3 gates",
    ];
    fleet.probe(&[], 4, &told)?;
    Ok(())
}

pub(crate) fn distrusted(fleet: &Fleet) -> Result<(), Failed> {
    let hosts = fleet.of_lab("known_hosts")?;
    let (_, key) = hosts
        .lines()
        .find(|line| line.starts_with("c "))
        .and_then(|line| line.split_once(' '))
        .ok_or("no key")?;
    let others = || {
        hosts
            .lines()
            .filter(|line| !line.starts_with("c ") && !line.starts_with("@cert"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let config = fleet.of_lab("ssh_config")?;
    for (name, line, told) in [
        ("unknown", String::new(), "its host key is not known"),
        ("revoked", format!("@revoked * {key}\n"), "its host key is revoked"),
    ] {
        let known = fleet.put(&format!("ssh/{name}"), &format!("{}\n{line}", others()))?;
        let lines = config.lines().map(|line| match line.trim_start().starts_with("UserKnownHostsFile") {
            true => format!("  UserKnownHostsFile \"{known}\""),
            false => line.to_owned(),
        });
        let config = fleet.put(&format!("ssh/{name}.config"), &lines.collect::<Vec<_>>().join("\n"))?;
        let ended = fleet.run(&["mesh", "probe", "-F", &config])?;
        let words = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = words.contains("FAIL mesh/host-key: 1 finding")
            && words.contains(told)
            && words.contains("4 as expected, 0 not, 2 untold");
        same(&(ended.code, found), &(Some(1), true)).map_err(|_| Failed::from(ended.out))?;
    }
    Ok(())
}

pub(crate) fn no_way(fleet: &Fleet) -> Result<(), Failed> {
    fleet.write(&["a", "b"])?;
    let told = [
        "`c` has no `deploy.targetHost`",
        "4 of 6 pairs asked, the other 2 begin at machines that are not",
        "open as far as selected: 2 of 2 gates",
    ];
    fleet.probe(&[], 0, &told)?;
    fleet.write(&[])?;
    fleet.probe(&[], 4, &["`a` has no `deploy.targetHost`", "nothing was answered"])?;
    Ok(())
}

pub(crate) fn refused(fleet: &Fleet) -> Result<(), Failed> {
    fleet.probe(&["d"], 2, &["no machine is called d"])?;
    fleet.probe(
        &["--overlay", "overlap"],
        2,
        &["no overlay network is called `overlap`", "did you mean overlay?"],
    )?;
    let ended = fleet.run(&["mesh", "probe", "-F", "nowhere"])?;
    same(&(ended.code, ended.err.contains("there is no configuration of ssh at")), &(Some(2), true))?;
    fleet.put("fleet.toml", "[inventory.machines]\na = {}\n")?;
    fleet.probe(&[], 2, &["the fleet has no overlay network"])?;
    Ok(())
}
